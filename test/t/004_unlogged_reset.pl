# Unlogged and temporary tables: an unlogged index is empty after a crash, kept by a clean
# shutdown, and usable in both cases; temporary indexes live with their session.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my %dims = (small => 16, large => 5000);
my $node = vdb_node('main');
$node->start;
vdb_create($node);

for my $table (sort keys %dims)
{
	vdb_make_table($node, $table, rows => 60, dims => $dims{$table}, persistence => 'UNLOGGED');
	$node->safe_psql('postgres', "CREATE INDEX ${table}_l2 ON $table USING ivfkm (v)");
	$node->safe_psql('postgres',
		"CREATE INDEX ${table}_cosine ON $table USING ivfkm (v vector_cosine_ops)");
	is(vdb_check($node, "${table}_l2", "$table, built"), 60, "$table: 60 entries");
}

$node->restart;
for my $table (sort keys %dims)
{
	is(vdb_check($node, "${table}_l2", "$table, after a clean restart"),
		60, "$table: 60 entries after a clean restart");
}

for my $round (1, 2)
{
	$node->stop('immediate');
	$node->start;
	for my $table (sort keys %dims)
	{
		my $name = "$table, after crash $round";
		my $vector = vdb_vector('id', $dims{$table});
		my $query = vdb_vector(7, $dims{$table});
		my $nearest = qq{
SET enable_seqscan = off;
SET enable_sort = off;
SELECT id FROM $table ORDER BY v <-> $query LIMIT 1};

		is($node->safe_psql('postgres', "SELECT count(*) FROM $table"), 0, "$name: no rows");
		is(vdb_check($node, "${table}_l2", $name), 0, "$name: no entries in the index");
		is($node->safe_psql('postgres', $nearest), '', "$name: a search finds nothing");
		$node->safe_psql('postgres',
			"INSERT INTO $table SELECT id, $vector FROM generate_series(1, 100) id");
		is($node->safe_psql('postgres', $nearest), 7, "$name: a search finds the row inserted");
		is(vdb_check($node, "${table}_l2", "$name, filled"), 100, "$name: 100 entries");
		is(vdb_check($node, "${table}_cosine", "$name, filled, cosine"),
			100, "$name: 100 entries for cosine");
		$node->safe_psql('postgres',
			"DELETE FROM $table WHERE id % 2 = 0; VACUUM (INDEX_CLEANUP ON) $table;");
		is(vdb_check($node, "${table}_l2", "$name, vacuumed"), 50, "$name: 50 entries left");
	}
}

# To logged and back: the index is written anew each time.
$node->safe_psql('postgres', 'ALTER TABLE small SET LOGGED');
$node->stop('immediate');
$node->start;
is(vdb_check($node, 'small_l2', 'made logged, after a crash'), 50, 'logged rows survive a crash');
$node->safe_psql('postgres', 'ALTER TABLE small SET UNLOGGED');
$node->stop('immediate');
$node->start;
is(vdb_check($node, 'small_l2', 'made unlogged again, after a crash'),
	0, 'unlogged rows do not');

# Temporary tables, on local buffers; truncated at commit, too.
for my $dims (16, 5000)
{
	my $vector = vdb_vector('id', $dims);
	my $query = vdb_vector(7, $dims);
	my $result = vdb_try(
		$node, qq{
SET temp_buffers = '1MB';
CREATE TEMP TABLE fleeting (id bigint, v vector($dims));
CREATE INDEX fleeting_v ON fleeting USING ivfkm (v);
INSERT INTO fleeting SELECT id, $vector FROM generate_series(1, 60) id;
DELETE FROM fleeting WHERE id % 3 = 0;
VACUUM (INDEX_CLEANUP ON) fleeting;
REINDEX INDEX fleeting_v;
INSERT INTO fleeting SELECT id, $vector FROM generate_series(61, 80) id;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT id FROM fleeting ORDER BY v <-> $query LIMIT 1;
SELECT vdb_index_check('fleeting_v');
CREATE TEMP TABLE brief (id bigint, v vector($dims)) ON COMMIT DELETE ROWS;
CREATE INDEX brief_v ON brief USING ivfkm (v);
BEGIN;
INSERT INTO brief SELECT id, $vector FROM generate_series(1, 20) id;
SELECT id FROM brief ORDER BY v <-> $query LIMIT 1;
COMMIT;
SELECT vdb_index_check('brief_v');
INSERT INTO brief SELECT id, $vector FROM generate_series(1, 20) id;});

	ok($result->{ok}, "temporary tables with $dims dimensions") or diag($result->{error});
	is($result->{out}, "7\n60\n7\n0", 'searches and checks of their indexes');
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
