# What a build takes of memory, in all of its processes, stays within maintenance_work_mem and a
# fixed allowance for each process.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Vdb::Test;

plan skip_all => 'memory of a process is read from /proc' unless -r "/proc/$$/status";

# For the table scan, the catalogs and the code of the server, in kB: of the process that runs the
# statement, and of a worker, whose catalog caches are not counted before.
my $allowance = 16 * 1024;
my $worker_allowance = 12 * 1024;

my %shape = (wide => { dims => 256, rows => 20000 }, long => { dims => 4000, rows => 1000 });
my $node = vdb_node('main', conf => "wal_level = replica\n");
$node->start;
vdb_create($node);

# Dynamic shared memory that a process has mapped and used, in kB.
sub dynamic_memory
{
	my ($pid) = @_;
	my $total = 0;
	my $counted = 0;

	open(my $file, '<', "/proc/$pid/smaps") or return 0;
	while (<$file>)
	{
		$counted = m{/dev/shm/PostgreSQL\.|/pg_dynshmem/} if /^[0-9a-f]+-[0-9a-f]+ /;
		$total += $1 if $counted && /^Rss:\s+(\d+) kB/;
	}
	return $total;
}

# The workers of a process.
sub workers_of
{
	my ($leader) = @_;
	my @workers;

	for my $path (glob '/proc/[0-9]*/cmdline')
	{
		open(my $file, '<', $path) or next;
		my $title = do { local $/; <$file> } // '';
		push @workers, $path =~ m{/(\d+)/} if $title =~ /parallel worker for PID $leader\b/;
	}
	return @workers;
}

# Private memory of a process, without shared buffers and code, in kB.
sub private_memory
{
	my ($pid) = @_;

	open(my $file, '<', "/proc/$pid/status") or return 0;
	my ($anonymous) = (do { local $/; <$file> } // '') =~ /^RssAnon:\s+(\d+) kB/m;
	return $anonymous // 0;
}

plan skip_all => 'the kernel does not tell RssAnon' unless private_memory($$);

# A session that tells its process, waits until it was measured, and builds.  With workers, their
# memory and the shared memory of all count too.  Returns the growth in kB, the number of
# measurements, the warnings and errors, the most workers seen, and how many the server says there
# were, if it sends debug messages.
sub build_memory
{
	my ($sql, $with_workers) = @_;
	my ($in, $out, $error) = ('', '', '');
	my $session = IPC::Run::start(
		[ $node->installed_command('psql'), '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
			$node->connstr('postgres') ],
		'<', \$in, '>', \$out, '2>', \$error,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default * 2));

	# the extension is loaded, and the catalogs are read, before the measurement starts
	$in = "SELECT count(*) FROM ivfkm_info('warm_l2');\nSELECT 'process ' || pg_backend_pid();\n";
	$session->pump until $out =~ /process (\d+)\n/;
	my ($pid) = $out =~ /process (\d+)/;
	my $before = private_memory($pid);
	my $peak = $before;
	my $samples = 0;
	my $most_workers = 0;

	$in .= "$sql\n\\echo finished\n\\q\n";
	while ($session->pumpable && $out !~ /finished/)
	{
		my $now;

		$session->pump_nb;
		$now = private_memory($pid);
		if ($with_workers)
		{
			my @workers = workers_of($pid);

			$now += dynamic_memory($pid);
			$now += private_memory($_) for @workers;
			$most_workers = @workers if @workers > $most_workers;
		}
		$peak = $now if $now > $peak;
		$samples++;
		usleep(500);
	}
	$session->finish;
	my $started = $error =~ /is built with (\d+) of \d+ parallel workers/ ? $1 : 0;
	my $wrong = join '', $error =~ /^.*(?:warning|error|fatal|panic):.*\n/mgi;
	return ($peak - $before, $samples, $wrong, $most_workers, $started);
}

$node->safe_psql(
	'postgres', q{
CREATE TABLE warm AS SELECT id, vt.vector(id, 8, 1)::vector(8) AS v FROM generate_series(1, 100) id;
CREATE INDEX warm_l2 ON warm USING ivfkm (v);});
for my $table (sort keys %shape)
{
	my ($dims, $rows) = @{ $shape{$table} }{qw(dims rows)};

	vdb_make_table($node, $table, rows => $rows, dims => $dims);
	for my $work_mem (1, 4, 64)
	{
		my $name = "$rows rows of $dims dimensions, $work_mem MB";
		my ($grown, $samples, $error) = build_memory(
			"SET client_min_messages = warning; SET maintenance_work_mem = '${work_mem}MB'; "
			  . "CREATE INDEX ${table}_$work_mem ON $table USING ivfkm (v) WITH (lists = 500);"
		);

		is($error, '', "$name: the build finishes");
		cmp_ok($samples, '>', 5, "$name: memory was measured $samples times");
		cmp_ok($grown, '<=', $work_mem * 1024 + $allowance,
			"$name: it takes $grown kB, maintenance_work_mem and the allowance at most");
		is(vdb_check($node, "${table}_$work_mem", $name), $rows, "$name: all rows are there");
	}
}

# The same with workers: all processes together.  A build that could not have its lists and workers
# has fewer workers, so that they are not started at every size of memory.  One whose workers were
# not seen, on a busy machine, is made again.
for my $table (sort keys %shape)
{
	my ($dims, $rows) = @{ $shape{$table} }{qw(dims rows)};

	my $most_started = 0;

	$node->safe_psql('postgres', "ALTER TABLE $table SET (parallel_workers = 2)");
	for my $work_mem (4, 64)
	{
		my $name = "$rows rows of $dims dimensions, $work_mem MB, workers";
		my $index = "${table}_workers_$work_mem";
		my ($grown, $samples, $error, $seen, $started);

		for (1 .. 20)
		{
			($grown, $samples, $error, $seen, $started) = build_memory(
				"SET client_min_messages = debug1; SET maintenance_work_mem = '${work_mem}MB'; "
				  . "CREATE INDEX $index ON $table USING ivfkm (v) WITH (lists = 500);",
				1);
			last if $error ne '' || $seen > 0 || $started == 0;
			$node->safe_psql('postgres', "DROP INDEX $index");
		}
		is($error, '', "$name: the build finishes");
		is($seen > 0, $started > 0, "$name: $started workers were started, $seen seen");
		$most_started = $started if $started > $most_started;
		cmp_ok($grown, '<=', $work_mem * 1024 + $allowance + 2 * $worker_allowance,
			"$name: they take $grown kB, maintenance_work_mem and the allowances at most");
		is(vdb_check($node, $index, $name), $rows, "$name: all rows are there");
	}
	cmp_ok($most_started, '>=', 1, "$rows rows of $dims dimensions: workers were started");
}

# Memory does not grow with the rows inserted by a statement, either.
my ($grown, $samples,
	$error) = build_memory('INSERT INTO wide SELECT id + 1000000, v FROM wide LIMIT 10000;');
is($error, '', 'a long INSERT finishes');
cmp_ok($grown, '<=', $allowance, "an INSERT of 10000 rows takes $grown kB");

# Nor with the rows that a search goes through.
($grown, $samples, $error) = build_memory(
	"SET enable_seqscan = off; SET enable_sort = off; "
	  . "SELECT count(*) "
	  . "FROM (SELECT id FROM wide ORDER BY v <-> (SELECT v FROM wide LIMIT 1)) a;");
is($error, '', 'a search for all rows finishes');
cmp_ok($grown, '<=', $allowance, "a search for all rows takes $grown kB");

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
