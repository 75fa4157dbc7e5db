# Space that VACUUM frees is used by later inserts: an index does not grow while its table
# does not.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main');
$node->start;
vdb_create($node);

for my $shape (
	{ name => 'short', dims => 32, rows => 4000, vectors => 4000 },
	{ name => 'long', dims => 5000, rows => 80, vectors => 80 })
{
	my ($table, $rows, $dims) = @$shape{qw(name rows dims)};
	my $index = "${table}_l2";
	my @sizes;

	vdb_make_table($node, $table, rows => $rows, dims => $dims);
	$node->safe_psql(
		'postgres', qq{
CREATE TABLE ${table}_source AS SELECT * FROM $table;
CREATE INDEX $index ON $table USING ivfkm (v);});

	# a third goes and comes back, each time another third, and once everything
	for my $cycle (0 .. 8)
	{
		my $which = $cycle == 5 ? 'true' : "id % 3 = $cycle % 3";

		$node->safe_psql(
			'postgres', qq{
DELETE FROM $table WHERE $which;
VACUUM (INDEX_CLEANUP ON) $table;
INSERT INTO $table SELECT * FROM ${table}_source s WHERE $which;});
		push @sizes, $node->safe_psql('postgres', "SELECT pg_relation_size('$index')");
		is(vdb_check($node, $index, "$table, cycle $cycle"), $rows,
			"$table, cycle $cycle: $rows entries");
	}
	cmp_ok($sizes[-1], '<=', $sizes[0],
		"$table: size after all cycles is that after the first (@sizes)");

	# updates leave dead entries behind, VACUUM removes them
	my $before = $node->safe_psql('postgres', "SELECT pg_relation_size('$index')");
	for my $cycle (1 .. 6)
	{
		$node->safe_psql(
			'postgres', qq{
UPDATE $table SET v = v WHERE id % 6 = $cycle % 6;
VACUUM (INDEX_CLEANUP ON) $table;});
	}
	is(vdb_check($node, $index, "$table, updated"), $rows, "$table, updated: $rows entries");
	cmp_ok($node->safe_psql('postgres', "SELECT pg_relation_size('$index')"),
		'<=', $before * 1.3, "$table: updates of a sixth at a time grow it by no more than that");

	# statistics of an empty table
	$node->safe_psql('postgres',
		"DELETE FROM $table; VACUUM (INDEX_CLEANUP ON) $table; ANALYZE $table");
	is(vdb_check($node, $index, "$table, empty"), 0, "$table, empty: no entries");
	is($node->safe_psql('postgres', "SELECT reltuples FROM pg_class WHERE relname = '$index'"),
		0, "$table, empty: VACUUM counts no entries");
	$node->safe_psql('postgres', "INSERT INTO $table SELECT * FROM ${table}_source");
	is($node->safe_psql('postgres', "SELECT rows FROM ivfkm_info('$index')"),
		$rows, "$table: ivfkm_info counts the rows");
	cmp_ok($node->safe_psql('postgres', "SELECT pg_relation_size('$index')"),
		'<=', $before * 1.3, "$table: emptied and filled, it has not grown");
	vdb_same_rows($node, $table, '<->', vdb_vector(5, $dims), $table);
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
