# Recall, order and plans on clustered data: every operator class, short and long vectors,
# chosen and automatic numbers of lists, and an index that has doubled by inserts.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $rows = 5000;
my $node = vdb_node('main');
$node->start;
vdb_create($node);

for my $dims (3, 64, 384, 1000)
{
	my $table = "items_$dims";
	my $queries = "queries_$dims";

	vdb_make_table($node, $table, rows => $rows, dims => $dims);
	vdb_make_queries($node, $queries, rows => 50, dims => $dims);

	for my $metric (@vdb_metrics)
	{
		my ($op, $opclass) = @$metric{qw(op opclass)};
		my %scan = (
			table => $table,
			queries => $queries,
			op => $op,
			truth => "truth_${dims}_$metric->{name}");
		my $result;

		for my $lists (0, 25)
		{
			my $name = "$metric->{name}, $dims dimensions, "
			  . ($lists ? "$lists lists" : 'automatic lists');
			my $index = "${table}_$metric->{name}_$lists";

			$node->safe_psql('postgres',
				"CREATE INDEX $index ON $table USING ivfkm (v $opclass) WITH (lists = $lists)");
			vdb_uses_index($node, $table, $op, "SELECT v FROM $queries WHERE id = 1",
				10, "$name: the plan is a scan of the index");

			$result = vdb_recall($node, %scan);
			cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@10");
			is($result->{rows}, 10, "$name: rows of LIMIT 10");
			is($result->{unordered}, 0, "$name: rows come in order of distance");
			is($result->{duplicates}, 0, "$name: no row comes twice");

			$result = vdb_recall($node, %scan, k => 100);
			cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@100");
			note("recall\@100 $result->{recall}");
			is($result->{rows}, 100, "$name: rows of LIMIT 100");
			is($result->{unordered}, 0, "$name: 100 rows come in order of distance");

			$result = vdb_recall($node, %scan,
				set => 'SET LOCAL ivfkm.probes = 1000000; SET LOCAL ivfkm.epsilon = 10');
			is($result->{recall}, 1, "$name: all lists and wide bounds find all");
			is($result->{unordered}, 0, "$name: and in order");

			vdb_check($node, $index, $name);
			$node->safe_psql('postgres', "DROP INDEX $index");
		}
	}
}

# Indexes that took as many rows by inserts as they were built with.  The fresh index has as many
# lists and probes as many: what a build measures as the lists to probe differs from build to
# build, and its effect on recall is not that of the inserts.
for my $dims (3, 64, 384)
{
	my $table = "items_$dims";
	my $vector = vdb_vector('id', $dims);
	my ($from, $to) = ($rows + 1, 2 * $rows);

	for my $metric (@vdb_metrics)
	{
		$node->safe_psql('postgres',
			"CREATE INDEX ${table}_$metric->{name} ON $table USING ivfkm (v $metric->{opclass}) "
			  . "WITH (lists = 25)");
	}
	$node->safe_psql('postgres',
		"INSERT INTO $table SELECT id, $vector FROM generate_series($from, $to) id; "
		  . "ANALYZE $table");
	for my $metric (@vdb_metrics)
	{
		my %scan = (
			table => $table,
			queries => "queries_$dims",
			op => $metric->{op},
			truth => "truth_${dims}_$metric->{name}_doubled");
		my $name = "$metric->{name}, $dims dimensions, doubled";
		my $index = "${table}_$metric->{name}";
		my $probes = 'SET LOCAL ivfkm.probes = 8';
		my $result = vdb_recall($node, %scan);

		is(vdb_check($node, $index, $name), 2 * $rows, "$name: every row has an entry");
		cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@10");
		is($result->{unordered}, 0, "$name: rows come in order of distance");

		my $grown = vdb_recall($node, %scan, set => $probes)->{recall};
		$node->safe_psql('postgres', "REINDEX INDEX $index");
		my $fresh = vdb_recall($node, %scan, set => $probes)->{recall};
		cmp_ok($grown, '>=', $fresh - 0.02, "$name: 8 probes find as much as in a fresh index");
		note("$name: recall $result->{recall}; 8 probes: $grown, fresh $fresh");
	}
}

# Clusters so tight that one list holds a row's neighbours say nothing of queries that are unlike
# the rows: a small index probes more lists than were measured to be enough.
$node->safe_psql(
	'postgres', q{
SELECT setseed(0.1);
CREATE TABLE tight AS
	SELECT i AS id, (SELECT array_agg((i % 11 * 7 + d * 3) % 11 + random() * 0.3
		ORDER BY d)::real[]::vector(16) FROM generate_series(1, 16) d) AS v
	FROM generate_series(1, 2890) i;
CREATE TABLE unlike AS
	SELECT i AS id, (SELECT array_agg(random() * 11 ORDER BY d)::real[]::vector(16)
		FROM generate_series(1, 16) d WHERE i > 0) AS v
	FROM generate_series(1, 100) i;
CREATE INDEX tight_idx ON tight USING ivfkm (v vector_l2_ops);});
cmp_ok(
	vdb_recall($node, table => 'tight', queries => 'unlike', op => '<->',
		truth => 'truth_tight')->{recall},
	'>=', 0.95, 'queries unlike the rows of a small clustered table');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
