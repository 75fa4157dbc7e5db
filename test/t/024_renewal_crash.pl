# A renewal fails, or the server goes down, at each step of it, while other sessions write: the
# index goes on as it was, or as it became, holds every row, and loses no block.  From the first
# crash on its lists are below nodes of few children, in three heights.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Vdb::Test;

# no background workers: they would tidy up what a test leaves
my $node = vdb_node('main',
	conf => "restart_after_crash = off\nmax_wal_size = 64MB\nmax_worker_processes = 0\n");
$node->start;
vdb_create($node);
vdb_renewal_functions($node);
my $module = vdb_test_module();
my $dims = 12;
my $query = vdb_vector(7, $dims);
my $places = 0;
my @points = qw(renew-barrier renew-addresses renew-assigned renew-reserved renew-written
	renew-caught-up
  renew-forced renew-replaced pending-unlinked tidy-abandoned tidy-conflict region-addresses
  region-assigned region-reserved region-written region-caught-up region-forced region-replaced);

vdb_make_table($node, 'spare', rows => 4000, dims => $dims, first => 100001);
$node->safe_psql(
	'postgres', qq{
CREATE FUNCTION fail(point text, arrivals integer, panic boolean)
	RETURNS void AS '$module', 'test_vdb_fail' LANGUAGE C STRICT;
CREATE TABLE t (id bigserial PRIMARY KEY, v vector($dims));
CREATE INDEX t_v ON t USING ivfkm (v, id);
INSERT INTO t (v) SELECT v FROM spare LIMIT 1500;});

# The index holds each row, searches give each once, and no block is missing.
sub check_all
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	vdb_check($node, 't_v', $name);
	vdb_same_rows($node, 't', '<->', $query, $name);
}

# Clients that insert and delete until they are ended, or the server is.
sub start_writers
{
	my $file = PostgreSQL::Test::Utils::tempdir() . '/script';
	my %run = (out => '', error => '');

	append_to_file($file, <<'SQL');
\set spare random(100001, 104000)
\set victim random(1, 100000)
INSERT INTO t (v) SELECT v FROM spare WHERE id = :spare;
DELETE FROM t WHERE id = (SELECT id FROM t WHERE id >= :victim % (SELECT max(id) FROM t)
	ORDER BY id LIMIT 1);
SQL
	$run{run} = IPC::Run::start(
		[
			$node->installed_command('pgbench'), '-n', '-c', '3', '-T', '180', '-f', $file, '-h',
			$node->host, '-p', $node->port, 'postgres'
		],
		'>', \$run{out}, '2>', \$run{error},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default * 2));
	return \%run;
}

# Waits until the server that is about to go down has.
sub wait_for_end
{
	my $file = $node->data_dir . '/postmaster.pid';
	my $text = eval { vdb_read_file($file) } // ''; # it may go at any moment
	my ($pid) = $text =~ /^(\d+)/;

	usleep(10_000) while $pid && kill(0, $pid);
	$node->kill9;    # it is gone: forget it
	return;
}

# ----- an error, then a crash, at each point -----

for my $panic ('false', 'true')
{
	if ($panic eq 'true')
	{
		$node->safe_psql('postgres', $_)
		  for (
			'INSERT INTO t (v) SELECT v FROM spare LIMIT 2000',
			'ALTER DATABASE postgres SET ivfkm.debug_node_children = 3',
			"SELECT ivfkm_maintain('t_v')");
		is($node->safe_psql('postgres', "SELECT height FROM ivfkm_info('t_v')"), 3, 'heights');
	}
	for my $point (@points)
	{
		my $name = "$point, " . ($panic eq 'true' ? 'crash' : 'error');
		my $statement = "SELECT ivfkm_maintain('t_v')";

		$node->safe_psql('postgres',
			'INSERT INTO t (v) SELECT v FROM spare ORDER BY random() LIMIT 150; DELETE FROM t '
			  . 'WHERE id % 20 = 3');
		if ($point =~ /^region/)
		{
			# more rows in one place than three lists may have
			my $place = 100001 + 97 * $places++;

			$statement = "SELECT ivfkm_maintain('t_v', false)";
			$node->safe_psql('postgres', <<"SQL");
INSERT INTO t (v) SELECT s.v FROM generate_series(1, 200), (SELECT v FROM spare
	ORDER BY v <-> (SELECT v FROM spare WHERE id = $place) LIMIT 8) s;
SQL
		}
		if ($point eq 'tidy-abandoned')
		{
			# what an attempt has left behind that nobody could tidy up
			vdb_try($node, "SELECT fail('renew-written', 1, false); $statement");
		}
		elsif ($point eq 'tidy-conflict')
		{
			$node->safe_psql('postgres', $statement);
		}
		my $result = vdb_try($node, "SELECT fail('$point', 1, $panic); $statement");
		like($result->{error},
			qr/stopped at point "$point"|server closed the connection|terminating/, "$name: there");
		if ($panic eq 'true' && !$result->{ok})
		{
			wait_for_end();
			$node->start;
		}
		check_all($name);
		$node->safe_psql('postgres',
			"INSERT INTO t (v) SELECT v FROM spare LIMIT 100; "
			  . "SELECT ivfkm_maintain('t_v'); VACUUM t");
		check_all("$name, renewed");
		is($node->safe_psql('postgres', "SELECT count(*) = vdb_index_check('t_v') FROM t"), 't',
			"$name: all rows");
	}
}

# ----- a crash at any time -----

my $maintenance =
  "SELECT ivfkm_maintain('t_v');\nSELECT ivfkm_maintain('t_v', false);\nVACUUM t;\n";

for my $round (1 .. ($ENV{VDB_TEST_LONG} ? 60 : 6))
{
	my $writers = start_writers();
	my $renewals = vdb_background($node,
		"SELECT pg_sleep(0.1);\n" . $maintenance x 50);

	usleep(200_000 + int(rand(900_000)));
	vdb_kill_and_start($node);
	vdb_finish($renewals);
	$writers->{run}->finish;
	check_all("crash $round");
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t');
	is($node->safe_psql('postgres', "SELECT count(*) = vdb_index_check('t_v') FROM t"), 't',
		"crash $round: all rows");
}

# ----- the renewing process alone is killed: the others are restarted -----

$node->append_conf('postgresql.conf', "restart_after_crash = on\n");
$node->restart;
for my $round (1 .. 3)
{
	my $renewals = vdb_background($node, $maintenance x 50);

	usleep(50_000 + int(rand(400_000)));
	vdb_kill_backend($node, $renewals->{pid});
	vdb_finish($renewals);
	check_all("kill $round");
}

# ----- pages that were used before, again after a crash -----

my @sizes;
for my $round (1 .. 6)
{
	$node->safe_psql('postgres', "VACUUM t; SELECT ivfkm_maintain('t_v')");
	push @sizes, $node->safe_psql('postgres', "SELECT pg_relation_size('t_v')");
}
cmp_ok($sizes[5], '<=', $sizes[2], 'blocks are used again');
vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
