# An unlogged index has no file on a standby: plans and functions say so as PostgreSQL does.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $primary = vdb_node('primary', streaming => 1);
$primary->start;
vdb_create($primary);
vdb_make_table($primary, 'unlogged', rows => 100, dims => 16, persistence => 'UNLOGGED');
vdb_make_table($primary, 'logged', rows => 100, dims => 16);
$primary->safe_psql(
	'postgres', q{
CREATE INDEX unlogged_v ON unlogged USING ivfkm (v);
CREATE INDEX logged_v ON logged USING ivfkm (v);
CREATE TABLE parted (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE INDEX parted_v ON parted USING ivfkm (v);
CREATE UNLOGGED TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10);});
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));

my $query = vdb_vector(3, 16);
my $set = 'SET enable_seqscan = off;';
for my $sql (
	"$set SELECT id FROM unlogged ORDER BY v <-> ($query) LIMIT 3",
	"$set EXPLAIN SELECT id FROM unlogged ORDER BY v <-> ($query) LIMIT 3",
	"$set SELECT id FROM parted ORDER BY v <-> '[1,2,3]' LIMIT 3",
	"SELECT vdb_index_check('unlogged_v')",
	"SELECT * FROM ivfkm_info('unlogged_v')",
	"SELECT * FROM ivfkm_lists('unlogged_v')",
	"SELECT ivfkm_prewarm('unlogged_v', 'all')",
	"SELECT vdb_index_check('parted_v')")
{
	my $result = vdb_try($standby, $sql);

	is($result->{sqlstate}, '0A000', "$sql: is refused") or diag($result->{error});
	like(
		$result->{error},
		qr/cannot access temporary or unlogged relations during recovery/,
		'in the words of PostgreSQL');
}
is($standby->safe_psql('postgres', "SELECT vdb_index_check('logged_v')"), 100,
	'a logged index is checked there');
is(
	$standby->safe_psql('postgres', "$set SELECT id FROM logged ORDER BY v <-> ($query) LIMIT 1"),
	$primary->safe_psql('postgres', "$set SELECT id FROM logged ORDER BY v <-> ($query) LIMIT 1"),
	'and searched');

$standby->promote;
is($standby->safe_psql('postgres', "SELECT vdb_index_check('unlogged_v')"), 0,
	'promoted: the index is empty');
vdb_check_all($standby, 'at the end');
$standby->stop;
$primary->stop;
done_testing();
