# A standby replays renewals under searches: each scan returns the rows of its snapshot once, or
# ends by a conflict with recovery when the blocks that it reads are given away.  Then it is
# promoted.  Nodes have few children: a region writes those above it anew.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $primary = vdb_node('primary', streaming => 1, conf => "wal_consistency_checking = 'all'\n");
$primary->start;
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->append_conf('postgresql.conf',
	"max_standby_streaming_delay = 100ms\nhot_standby_feedback = off\n");
$standby->start;
vdb_create($primary);
vdb_renewal_functions($primary);

my $dims = 8;
my $query = vdb_vector(7, $dims);
vdb_make_table($primary, 't', rows => 3000, dims => $dims);
$primary->safe_psql('postgres',
	'ALTER DATABASE postgres SET ivfkm.debug_node_children = 3; SET ivfkm.debug_node_children = 3; '
	  . 'CREATE INDEX t_v ON t USING ivfkm (v)');
is($primary->safe_psql('postgres', "SELECT height FROM ivfkm_info('t_v')"), 3, 'three heights');
vdb_wait_for_replay($primary, $standby);

# searches that last longer than renewals
my $compare =
	"BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT vt.compare('t', $query, 0.3);\nCOMMIT;\n";
my ($right, $ended, $regions) = (0, 0, 0);
for my $round (1 .. 6)
{
	my $statements = '';

	for my $change (1 .. 4)
	{
		# rows of one place make a list too long: it and the nodes above are made anew; else all is
		my $region = $round % 2;
		my $place = 'ORDER BY v <-> ' . vdb_vector(10 * $round + $change, $dims) . ' LIMIT 4';

		$statements .= "INSERT INTO t SELECT 100000 * $round + 10000 * $change + 100 * i + n, v "
		  . "FROM generate_series(1, 60) i, (SELECT row_number() OVER () AS n, v FROM "
		  . "(SELECT v FROM t $place) f) near;\n"
		  if $region;
		$statements .= "INSERT INTO t SELECT 100000 * $round + 1000 * $change + id, v FROM t "
		  . "WHERE id <= 100;\n"
		  if !$region;
		$statements .= "DELETE FROM t WHERE id % 11 = $change;\nSELECT lists FROM ivfkm_maintain("
		  . ($region ? "'t_v', false" : "'t_v'")
		  . ");\nVACUUM (INDEX_CLEANUP ON) t;\n";
	}
	my $renewals = vdb_background($primary, $statements);

	for my $search (1 .. 4)
	{
		my $result = vdb_try($standby, $compare);

		if ($result->{ok}) { $right++ }
		elsif ($result->{error} =~ /conflict with recovery/) { $ended++ }
		else { fail("round $round: $result->{error}") }
	}
	my $finished = vdb_finish($renewals);
	ok($finished->{ok}, "round $round: renewals") or diag($finished->{error});
	$regions += () = $finished->{out} =~ /^[1-9]\d*$/mg if $round % 2;
	vdb_wait_for_replay($primary, $standby);
	vdb_check($standby, 't_v', "round $round: standby");
}
note("$right searches were right, $ended ended by a conflict");
cmp_ok($right, '>', 0, 'searches on the standby are right');
cmp_ok($regions, '>', 0, "lists that are too long were made anew $regions times");
is(vdb_try($standby, "SELECT ivfkm_maintain('t_v')")->{sqlstate}, '55000',
	'no renewal during recovery');

# a renewal that comes to no end is left to the standby
vdb_try($primary, "SET statement_timeout = 15; SELECT ivfkm_maintain('t_v')");
$primary->stop('immediate');
$standby->promote;
$standby->safe_psql('postgres',
	"INSERT INTO t SELECT 5000000 + id, v FROM t WHERE id < 500; "
	  . "SELECT ivfkm_maintain('t_v'); VACUUM t");
vdb_check($standby, 't_v', 'promoted');
vdb_same_rows($standby, 't', '<->', $query, 'promoted');
vdb_check_all($standby, 'at the end');
$standby->stop;
done_testing();
