# Recall against exact search of indexes on halfvec columns and on expressions: half precision
# of a vector, and its first dimensions.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $rows = 3000;
my $node = vdb_node('main');
$node->start;
vdb_create($node);

# A column or expression of table t, the same of a query q, the type of its operator classes.
sub shapes
{
	my ($dims) = @_;
	my $part = int($dims / 4);

	return (
		{ name => 'column', row => 't.h', query => "q.v::halfvec($dims)", type => 'halfvec' },
		{
			name => 'cast',
			row => "t.v::halfvec($dims)",
			query => "q.v::halfvec($dims)",
			type => 'halfvec'
		},
		{
			name => 'subvector',
			row => "subvector(t.v, 1, $part)::vector($part)",
			query => "subvector(q.v, 1, $part)",
			type => 'vector'
		});
}

for my $dims (64, 128)
{
	my $table = "items_$dims";
	my $queries = "queries_$dims";

	vdb_make_table($node, $table, rows => $rows, dims => $dims);
	vdb_make_queries($node, $queries, rows => 30, dims => $dims);
	$node->safe_psql(
		'postgres', qq{
ALTER TABLE $table ADD h halfvec($dims);
UPDATE $table SET h = v;
VACUUM FULL $table;
ANALYZE $table;});

	for my $shape (shapes($dims))
	{
		for my $metric (@vdb_metrics)
		{
			my ($op, $metric_name) = @$metric{qw(op name)};
			my $name = "$shape->{name}, $metric_name, $dims dimensions";
			my $index = "${table}_$shape->{name}_$metric_name";
			my %scan = (
				table => $table,
				queries => $queries,
				op => $op,
				row => $shape->{row},
				query => $shape->{query},
				truth => "truth_$index");
			my ($key) = $shape->{row} =~ s/\bt\.//gr;
			my $result;

			$node->safe_psql('postgres',
				"CREATE INDEX $index ON $table "
				  . "USING ivfkm (($key) $shape->{type}_${metric_name}_ops); ANALYZE $table");
			vdb_uses_index(
				$node, $table, $op, "SELECT $shape->{query} FROM $queries q WHERE id = 1",
				10, "$name: the plan is a scan of the index",
				row => $shape->{row},
				index => $index);

			$result = vdb_recall($node, %scan);
			cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@10");
			note("recall\@10 $result->{recall}");
			is($result->{rows}, 10, "$name: rows of LIMIT 10");
			is($result->{unordered}, 0, "$name: rows come in order of distance");
			is($result->{duplicates}, 0, "$name: no row comes twice");

			$result = vdb_recall($node, %scan, k => 100);
			cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@100");
			is($result->{unordered}, 0, "$name: 100 rows come in order of distance");

			$result = vdb_recall($node, %scan,
				set => 'SET LOCAL ivfkm.probes = 1000000; SET LOCAL ivfkm.epsilon = 10');
			is($result->{recall}, 1, "$name: all lists and wide bounds find all");
			is(vdb_check($node, $index, $name), $rows, "$name: every row has an entry");
			$node->safe_psql('postgres', "DROP INDEX $index");
		}
	}
}

# the same after changes, with all the indexes there
my $dims = 64;
my $table = "items_$dims";
my $vector = vdb_vector('id', $dims);
my $changed = vdb_vector('id + 1000000', $dims);

for my $shape (shapes($dims))
{
	my ($key) = $shape->{row} =~ s/\bt\.//gr;

	$node->safe_psql('postgres',
		"CREATE INDEX ${table}_$shape->{name}_$_->{name} ON $table "
		  . "USING ivfkm (($key) $shape->{type}_$_->{name}_ops)")
	  for @vdb_metrics;
}
$node->safe_psql(
	'postgres', qq{
DELETE FROM $table WHERE id % 5 = 0;
INSERT INTO $table SELECT id, $vector, $vector FROM generate_series($rows + 1, $rows + 2000) id;
UPDATE $table SET v = $changed, h = $changed WHERE id % 7 = 0;
VACUUM (ANALYZE, INDEX_CLEANUP ON) $table;});
for my $shape (shapes($dims))
{
	for my $metric (@vdb_metrics)
	{
		my $name = "$shape->{name}, $metric->{name}, changed";
		my $result = vdb_recall(
			$node,
			table => $table,
			queries => "queries_$dims",
			op => $metric->{op},
			row => $shape->{row},
			query => $shape->{query});

		cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@10");
		is($result->{unordered}, 0, "$name: rows come in order of distance");
		is(vdb_check($node, "${table}_$shape->{name}_$metric->{name}", $name),
			$node->safe_psql('postgres', "SELECT count(*) FROM $table"),
			"$name: every row has an entry");
	}
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
