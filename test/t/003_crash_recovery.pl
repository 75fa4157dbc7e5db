# Crashes in the middle of builds, inserts and VACUUM: what recovery leaves passes the check,
# holds every committed row, and goes on being usable.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Vdb::Test;

my %dims = (short => 48, long => 5000);
my %rows = (short => 2000, long => 50);
my $node = vdb_node('main', conf => <<'CONF');
wal_level = replica
restart_after_crash = on
max_wal_size = 64MB
synchronous_commit = on
CONF
$node->start;
vdb_create($node);
for my $table (sort keys %dims)
{
	vdb_make_table($node, $table, rows => $rows{$table}, dims => $dims{$table});
	$node->safe_psql('postgres', "CREATE INDEX ${table}_l2 ON $table USING ivfkm (v, id)");
	$node->safe_psql('postgres', "CREATE SEQUENCE ${table}_ids START 100000");
}

# Clients of pgbench that go on until the server dies.
sub start_writers
{
	my (@tables) = @_;
	my @files;

	for my $table (@tables)
	{
		my $file = PostgreSQL::Test::Utils::tempdir() . '/script';
		my $vector = vdb_vector('id', $dims{$table});

		append_to_file($file, <<"SQL");
\\set victim random(1, $rows{$table})
INSERT INTO $table SELECT id, $vector FROM nextval('${table}_ids') id;
DELETE FROM $table WHERE id = :victim;
SQL
		push @files, '-f', $file;
	}
	my %run = (out => '', error => '');
	$run{run} = IPC::Run::start(
		[
			$node->installed_command('pgbench'), '-n', '-c', '3', '-T', '180', @files, '-h',
			$node->host, '-p', $node->port, 'postgres'
		],
		'>', \$run{out}, '2>', \$run{error},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default * 2));
	return \%run;
}

# Everything is as committed.
sub check_all
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	for my $table (sort keys %dims)
	{
		vdb_check($node, "${table}_l2", "$name, $table");
		vdb_same_rows($node, $table, '<->', vdb_vector(5, $dims{$table}), "$name, $table");
	}
}

# A crash of the whole server, or of one backend (the postmaster then restarts all).
sub crash
{
	my ($kind, $pid) = @_;

	if ($kind eq 'immediate')
	{
		$node->stop('immediate');
		$node->start;
	}
	elsif ($kind eq 'postmaster')
	{
		vdb_kill_and_start($node);
	}
	else
	{
		vdb_kill_backend($node, $pid) or note("backend $pid was gone");
	}
}

# The server's process that runs a statement like this.
sub pid_of
{
	my ($pattern) = @_;

	my $pid = '';
	for (1 .. 100 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$pid = $node->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity "
			  . "WHERE query ~ '$pattern' AND pid <> pg_backend_pid() LIMIT 1");
		last if $pid ne '';
		usleep(2000);
	}
	die "nothing runs '$pattern'" if $pid eq '';
	return $pid;
}

my @kinds = ('immediate', 'postmaster', 'backend');

# Inserts and deletes.
for my $round (0 .. 4)
{
	my $kind = $kinds[ $round % @kinds ];
	my $writers = start_writers(sort keys %dims);
	my $pid = pid_of('^INSERT INTO short');

	usleep(200_000 + 150_000 * $round);
	crash($kind, $pid);
	eval { $writers->{run}->finish };
	check_all("crash $round ($kind) of inserts");
}

# VACUUM beside inserts.
for my $round (0 .. 2)
{
	my $kind = $kinds[ $round % @kinds ];
	my $table = $round % 2 ? 'long' : 'short';

	$node->safe_psql('postgres', "DELETE FROM short WHERE id % 3 = $round");
	$node->safe_psql('postgres', "DELETE FROM long WHERE id % 3 = $round");
	my $writers = start_writers($table);
	pid_of("^INSERT INTO $table");
	# many times, so that the crash comes in one of them however slow this test is
	my $vacuum = vdb_background($node,
		"SET vacuum_cost_delay = '1ms'; SET vacuum_cost_limit = 20;\n"
		  . "VACUUM (INDEX_CLEANUP ON) short, long;\n" x 50);

	usleep(100_000 + 200_000 * $round);
	crash($kind, $vacuum->{pid});
	eval { $writers->{run}->finish };
	eval { vdb_finish($vacuum) };
	check_all("crash $round ($kind) of VACUUM");
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) short, long');
	check_all("VACUUM after crash $round of VACUUM");
}

# CREATE INDEX, which must leave no trace in the catalogs.
vdb_make_table($node, 'fresh', rows => 12000, dims => 64);
for my $round (0 .. 3)
{
	my $kind = $kinds[ $round % @kinds ];
	my $build = vdb_background($node,
		"CREATE INDEX fresh_l2 ON fresh USING ivfkm (v) WITH (lists = 1000)");

	usleep(50_000 + 250_000 * $round);
	crash($kind, $build->{pid});
	my $result = eval { vdb_finish($build) };
	if ($result && $result->{ok})
	{
		note("the build of round $round was faster than the crash");
		vdb_check($node, 'fresh_l2', "build before crash $round");
		$node->safe_psql('postgres', 'DROP INDEX fresh_l2');
	}
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relname = 'fresh_l2'"),
		0, "crash $round ($kind) of CREATE INDEX leaves no index");
}
$node->safe_psql('postgres', 'CREATE INDEX fresh_l2 ON fresh USING ivfkm (v) WITH (lists = 100)');
is(vdb_check($node, 'fresh_l2', 'built after the crashes'), 12000, 'the next build has all rows');

# A build that has just committed, with and without its pages in the log.
for my $level ('replica', 'minimal')
{
	$node->append_conf('postgresql.conf', "wal_level = $level\nmax_wal_senders = 0\nfsync = on\n");
	$node->restart;
	my $vector = vdb_vector('id', 128);
	my $long = vdb_vector('id', 5000);

	$node->safe_psql(
		'postgres', qq{
DROP INDEX IF EXISTS fresh_l2;
CREATE INDEX fresh_l2 ON fresh USING ivfkm (v);
BEGIN;
CREATE TABLE young_$level (id bigint PRIMARY KEY, v vector(128));
INSERT INTO young_$level SELECT id, $vector FROM generate_series(1, 500) id;
CREATE INDEX young_${level}_l2 ON young_$level USING ivfkm (v);
INSERT INTO young_$level SELECT id, $vector FROM generate_series(501, 1000) id;
CREATE TABLE young_long_$level (id bigint PRIMARY KEY, v vector(5000));
INSERT INTO young_long_$level SELECT id, $long FROM generate_series(1, 20) id;
CREATE INDEX young_long_${level}_l2 ON young_long_$level USING ivfkm (v);
INSERT INTO young_long_$level SELECT id, $long FROM generate_series(21, 60) id;
COMMIT;});
	$node->stop('immediate');
	$node->start;
	is(vdb_check($node, 'fresh_l2', "wal_level $level, built"), 12000,
		"wal_level $level: all rows");
	is(vdb_check($node, "young_${level}_l2", "wal_level $level, new table"),
		1000, "wal_level $level: all rows of a new table");
	is(vdb_check($node, "young_long_${level}_l2", "wal_level $level, new table with long vectors"),
		60, "wal_level $level: all rows of a new table with long vectors");
}

check_all('at the end');
vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
