# Trees of centroids: indexes with two and three levels of nodes find what those with a single level
# and the same lists find, also after inserts and VACUUM.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $rows = 12000;
my $node = vdb_node('main');
$node->start;
vdb_create($node);

# lists, children of a node, and the levels that gives
my @trees = ([ 1500, 0, 2 ], [ 400, 8, 3 ]);

for my $dims (16, 96)
{
	my $table = "items_$dims";
	my $queries = "queries_$dims";
	my $vector = vdb_vector('id', $dims);

	vdb_make_table($node, $table, rows => $rows, dims => $dims);
	vdb_make_queries($node, $queries, rows => 50, dims => $dims);
	for my $metric (@vdb_metrics)
	{
		for my $tree (@trees)
		{
			my ($op, $opclass) = @$metric{qw(op opclass)};
			my ($lists, $children, $height) = @$tree;
			my $index = "${table}_$metric->{name}_$lists";
			my $name = "$metric->{name}, $dims dimensions, $lists lists";
			my %scan = (
				table => $table,
				queries => $queries,
				op => $op,
				truth => "truth_${dims}_$metric->{name}");
			my $result;

			$node->safe_psql('postgres',
				"SET ivfkm.debug_node_children = 1000000; CREATE INDEX $index ON $table "
				  . "USING ivfkm (v $opclass) WITH (lists = $lists)");
			is($node->safe_psql('postgres', "SELECT height, lists FROM ivfkm_info('$index')"),
				"1|$lists", "$name: one level");
			my $flat = vdb_recall($node, %scan)->{recall} - 0.02;
			$node->safe_psql('postgres', "DROP INDEX $index");

			$node->safe_psql('postgres',
				"SET ivfkm.debug_node_children = $children; CREATE INDEX $index ON $table "
				  . "USING ivfkm (v $opclass) WITH (lists = $lists)");
			is($node->safe_psql('postgres', "SELECT height, lists FROM ivfkm_info('$index')"),
				"$height|$lists", "$name: levels and lists");
			is(vdb_check($node, $index, $name), $rows, "$name: entries");

			$result = vdb_recall($node, %scan);
			cmp_ok($result->{recall}, '>=', $flat, "$name: recall\@10");
			is($result->{unordered}, 0, "$name: rows come in order of distance");
			$result = vdb_recall($node, %scan,
				set => 'SET LOCAL ivfkm.probes = 1000000; SET LOCAL ivfkm.epsilon = 10');
			is($result->{recall}, 1, "$name: all lists and wide bounds find all");

			# the same rows, inserted again, are found as those of the build are
			$node->safe_psql(
				'postgres', qq{
INSERT INTO $table SELECT id + $rows, v FROM $table WHERE id <= 1000;
DELETE FROM $table WHERE id <= 1000;
VACUUM (INDEX_CLEANUP ON) $table;
UPDATE $table SET id = id - $rows WHERE id > $rows;
VACUUM (INDEX_CLEANUP ON) $table;});
			is(vdb_check($node, $index, "$name, inserted"), $rows, "$name, inserted: entries");
			$result = vdb_recall($node, %scan);
			cmp_ok($result->{recall}, '>=', $flat, "$name, inserted: recall\@10");
			$node->safe_psql('postgres', "DROP INDEX $index");
		}
	}
}

$node->stop;
done_testing();
