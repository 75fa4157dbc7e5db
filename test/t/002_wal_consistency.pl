# wal_consistency_checking: every page that a standby has replayed is byte by byte the
# primary's.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $primary = vdb_node(
	'primary',
	streaming => 1,
	conf => "wal_consistency_checking = 'all'\nwal_keep_size = 512MB\n");
$primary->start;
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

my $wal = $primary->safe_psql('postgres', 'SELECT pg_current_wal_lsn()');
vdb_create($primary);
vdb_make_replicated($primary);
for my $cycle (1 .. 3)
{
	# checkpoints in between: full images, then changes without them
	$primary->safe_psql('postgres', 'CHECKPOINT') if $cycle == 2;
	vdb_churn($primary, $cycle);
}

# an unlogged index logs its empty form
vdb_make_table($primary, 'forgotten', rows => 50, dims => 8, persistence => 'UNLOGGED');
$primary->safe_psql('postgres', 'CREATE INDEX ON forgotten USING ivfkm (v)');

vdb_wait_for_replay($primary, $standby);
is(vdb_answers($standby), vdb_answers($primary), 'the standby answers as the primary');
unlike(
	slurp_file($standby->logfile),
	qr/inconsistent page|PANIC/,
	'the standby found every replayed page to be that of the primary');

# that the pages to compare with were there
my $end = $primary->safe_psql('postgres', 'SELECT pg_current_wal_lsn()');
my ($out, $err) = run_command(
	[
		'pg_waldump', '--bkp-details', '--rmgr=Generic',
		'--path', $primary->data_dir . '/pg_wal',
		'--start', $wal, '--end', $end
	]);
my $compared = () = $out =~ /for WAL verification/g;
cmp_ok($compared, '>', 500, 'changes of index pages were logged with pages to compare');

vdb_check_all($standby, 'standby');
vdb_check_all($primary, 'at the end');
$standby->stop;
$primary->stop;
done_testing();
