# Recall against exact search of indexes on bits: a column, and the signs of vectors as an
# expression.  Most distances are shared by several rows: all rows of the farthest distance
# count as right.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $rows = 5000;
my $node = vdb_node('main');
$node->start;
vdb_create($node);

for my $dims (16, 64, 768)
{
	my $table = "items_$dims";
	my $queries = "queries_$dims";
	my $signs = "binary_quantize(t.v)::bit($dims)";

	vdb_make_table($node, $table, rows => $rows, dims => $dims);
	vdb_make_queries($node, $queries, rows => 50, dims => $dims);
	$node->safe_psql(
		'postgres', qq{
ALTER TABLE $table ADD b bit($dims);
UPDATE $table SET b = binary_quantize(v);
VACUUM FULL $table;
ANALYZE $table;});

	for my $shape ({ name => 'column', row => 't.b' }, { name => 'expression', row => $signs })
	{
		my $name = "$shape->{name}, $dims bits";
		my $index = "${table}_$shape->{name}";
		my ($key) = $shape->{row} =~ s/\bt\.//gr;
		my %scan = (
			table => $table,
			queries => $queries,
			op => '<~>',
			row => $shape->{row},
			query => 'binary_quantize(q.v)',
			truth => "truth_$dims");
		my $result;

		$node->safe_psql('postgres',
			"CREATE INDEX $index ON $table USING ivfkm (($key) bit_hamming_ops); ANALYZE $table");
		vdb_uses_index(
			$node, $table, '<~>', "SELECT binary_quantize(q.v) FROM $queries q WHERE id = 1",
			10, "$name: the plan is a scan of the index",
			row => $shape->{row},
			index => $index);

		for my $k (10, 100)
		{
			$result = vdb_recall($node, %scan, k => $k);
			cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@$k");
			note("$name: recall\@$k $result->{recall}");
			is($result->{rows}, $k, "$name: rows of LIMIT $k");
			is($result->{unordered}, 0, "$name: $k rows come in order of distance");
			is($result->{duplicates}, 0, "$name: none of $k rows comes twice");
		}
		$result = vdb_recall($node, %scan,
			set => 'SET LOCAL ivfkm.probes = 1000000; SET LOCAL ivfkm.epsilon = 10');
		is($result->{recall}, 1, "$name: all lists and wide bounds find all");
		is($result->{unordered}, 0, "$name: and in order");
		is(vdb_check($node, $index, $name), $rows, "$name: every row has an entry");
	}

	# after changes; both indexes are there
	my $vector = vdb_vector('id', $dims);
	my $changed = vdb_vector('id + 1000000', $dims);

	$node->safe_psql(
		'postgres', qq{
DELETE FROM $table WHERE id % 5 = 0;
INSERT INTO $table SELECT id, v, binary_quantize(v) FROM (
	SELECT id, $vector AS v FROM generate_series($rows + 1, $rows + 2000) id) new;
UPDATE $table SET v = new.v, b = binary_quantize(new.v)
	FROM (SELECT id AS changed, $changed AS v FROM $table WHERE id % 7 = 0) new WHERE id = changed;
VACUUM (ANALYZE, INDEX_CLEANUP ON) $table;});
	for my $shape ({ name => 'column', row => 't.b' }, { name => 'expression', row => $signs })
	{
		my $name = "$shape->{name}, $dims bits, changed";
		my $result = vdb_recall(
			$node,
			table => $table,
			queries => $queries,
			op => '<~>',
			row => $shape->{row},
			query => 'binary_quantize(q.v)');

		cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@10");
		is($result->{unordered}, 0, "$name: rows come in order of distance");
		is(vdb_check($node, "${table}_$shape->{name}", $name),
			$node->safe_psql('postgres', "SELECT count(*) FROM $table"),
			"$name: every row has an entry");
	}
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
