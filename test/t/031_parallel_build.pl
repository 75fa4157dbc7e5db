# Parallel workers build the same index, byte for byte, as one process; they are used where they
# may be, and what goes wrong in one of them ends the build.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main',
	conf => "wal_level = replica\nmax_worker_processes = 8\nmax_parallel_workers = 8\n"
		  . "max_parallel_maintenance_workers = 4\n"
);
$node->start;
vdb_create($node);

# Contents of an index, without what tells when its pages were written: LSN and checksum.
sub contents
{
	my ($index) = @_;

	$node->safe_psql('postgres', 'CHECKPOINT');
	my $bytes = vdb_read_file(vdb_index_path($node, $index));
	vdb_poke(\$bytes, $_, 0, "\0" x 10) for 0 .. length($bytes) / 8192 - 1;
	return $bytes;
}

# Runs a statement that builds an index; returns how many workers it started.
sub workers_of
{
	my ($sql) = @_;
	my $result = vdb_try($node, "SET client_min_messages = debug1; $sql");

	ok($result->{ok}, $sql) or diag($result->{error});
	return $result->{error} =~ /is built with (\d+) of \d+ parallel workers/ ? $1 : 0;
}

# The same file for any number of workers: one level of lists and two, long vectors, every metric.
my @cases = (
	{ table => 'short', dims => 48, rows => 9000, lists => 100, metrics => [qw(l2 ip cosine)] },
	{ table => 'many', dims => 70, rows => 12000, lists => 1200, metrics => [qw(l2)] },
	{ table => 'long', dims => 3000, rows => 300, lists => 7, metrics => [qw(l2 ip)] });

for my $case (@cases)
{
	my $table = $case->{table};

	vdb_make_table($node, $table, rows => $case->{rows}, dims => $case->{dims});
	$node->safe_psql('postgres',
		"INSERT INTO $table SELECT id, NULL FROM generate_series(1000001, 1000050) id; "
		  . "DELETE FROM $table WHERE id % 13 = 0"
	);
	my $rows = $node->safe_psql('postgres', "SELECT count(*) FROM $table");

	for my $metric (grep { my $m = $_; grep { $m->{name} eq $_ } @{ $case->{metrics} } }
		@vdb_metrics)
	{
		my $index = "${table}_$metric->{name}";
		my $create =
		  "CREATE INDEX $index ON $table USING ivfkm (v $metric->{opclass}) "
		    . "WITH (lists = $case->{lists})";
		my $alone;

		for my $workers (0, 1, 3)
		{
			my $name = "$index with $workers workers";
			my $used = workers_of(
				"SET maintenance_work_mem = '64MB'; "
				  . "ALTER TABLE $table SET (parallel_workers = $workers); $create");
			my $bytes = contents($index);

			is($used, $workers, "$name: they were started");
			is(vdb_check($node, $index, $name), $rows, "$name: all rows are there");
			$alone //= $bytes;
			ok($bytes eq $alone, "$name: the same bytes");
			$node->safe_psql('postgres', "DROP INDEX $index");
		}
	}
}

# The same when the sample and the sort do not fit into memory, and without a free worker.
my %memory;
for my $case (
	{ name => 'alone', workers => 0 },
	{ name => 'two', workers => 2 },
	{ name => 'none', workers => 2, set => 'SET max_parallel_workers = 0' })
{
	my $set = $case->{set} // 'SELECT';
	my $used =
		workers_of("SET client_min_messages = debug1; SET maintenance_work_mem = '4MB'; $set;"
		  . " ALTER TABLE short SET (parallel_workers = $case->{workers}); "
		  . "CREATE INDEX memory_l2 ON short USING ivfkm (v) WITH (lists = 20)"
	);

	is($used, $case->{name} eq 'two' ? 2 : 0, "4 MB, $case->{name}: workers");
	$memory{ $case->{name} } = contents('memory_l2');
	vdb_check($node, 'memory_l2', "4 MB, $case->{name}");
	$node->safe_psql('postgres', 'DROP INDEX memory_l2');
}

ok($memory{two} eq $memory{none},
	'4 MB: the same bytes with the workers that were planned and without');

# Who may have workers.
sub build_and_drop
{
	my ($index, $sql, $expected, $name) = @_;

	is(workers_of($sql), $expected, "$name: $expected workers");
	$node->safe_psql('postgres', "DROP INDEX $index");
}

$node->safe_psql(
	'postgres', q{
ALTER TABLE short RESET (parallel_workers);
CREATE FUNCTION unsafe_half(vector) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL UNSAFE
	AS 'SELECT public.subvector($1, 1, 24)';
CREATE FUNCTION safe_half(vector) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT public.subvector($1, 1, 24)';
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM short;
CREATE TABLE tiny AS SELECT * FROM short LIMIT 10;});
my $create = 'CREATE INDEX a ON short USING ivfkm';
build_and_drop('a', "$create (v)", 0, 'a small table');
build_and_drop('a',
	"SET min_parallel_table_scan_size = '200kB'; SET maintenance_work_mem = '1GB'; $create (v)",
	3, 'a table that is large enough for three');
build_and_drop('a',
	"SET min_parallel_table_scan_size = '200kB'; SET maintenance_work_mem = '64MB'; $create (v)",
	1, 'with memory for one');
build_and_drop('a',
	"SET min_parallel_table_scan_size = '200kB'; SET maintenance_work_mem = '63MB'; $create (v)",
	0, 'with memory for none');
build_and_drop('a',
	"SET max_parallel_maintenance_workers = 0; SET min_parallel_table_scan_size = 0; $create (v)",
	0, 'max_parallel_maintenance_workers = 0');
$node->safe_psql('postgres', 'ALTER TABLE long RESET (parallel_workers)');
build_and_drop(
	'a',
	"SET min_parallel_table_scan_size = '2MB'; SET maintenance_work_mem = '1GB'; "
	  . "CREATE INDEX a ON long USING ivfkm (v)",
	1,
	'long values, which are stored elsewhere, count');
$node->safe_psql('postgres', 'ALTER TABLE short SET (parallel_workers = 2)');
build_and_drop('a', "SET max_parallel_maintenance_workers = 1; $create (v)", 1,
	'max_parallel_maintenance_workers = 1');
build_and_drop('a', "$create ((safe_half(v)::vector(24)))", 2, 'a parallel safe expression');
build_and_drop('a', "$create ((unsafe_half(v)::vector(24)))", 0, 'an unsafe expression');
build_and_drop('a', "$create (v) WHERE id % 3 = 0", 2, 'a partial index');
build_and_drop('a', "$create (v) WHERE vector_norm(unsafe_half(v)) > 0", 0, 'an unsafe predicate');
build_and_drop('b',
	'ALTER TABLE unlogged SET (parallel_workers = 2); CREATE INDEX b ON unlogged USING ivfkm (v)',
	2, 'an unlogged table');
build_and_drop('b',
	'ALTER TABLE tiny SET (parallel_workers = 2); CREATE INDEX b ON tiny USING ivfkm (v)',
	2, 'ten rows');
is(
	workers_of(
		'CREATE TEMP TABLE t AS SELECT * FROM short LIMIT 3000; '
		  . 'ALTER TABLE t SET (parallel_workers = 2); CREATE INDEX ON t USING ivfkm (v)'
	),
	0,
	'a temporary table: no workers');

# Partial indexes and expressions have the right rows.
workers_of("CREATE INDEX short_partial ON short USING ivfkm (v) WHERE id % 3 = 0 AND id < 2000");
is(
	vdb_check($node, 'short_partial', 'a partial index'),
	$node->safe_psql('postgres', 'SELECT count(*) FROM short WHERE id % 3 = 0 AND id < 2000'),
	'a partial index has the rows of its predicate');
workers_of('CREATE INDEX short_half ON short USING ivfkm ((safe_half(v)::vector(24)))');
is(
	vdb_check($node, 'short_half', 'an index on an expression'),
	$node->safe_psql('postgres', 'SELECT count(*) FROM short'),
	'an index on an expression has all rows');
is(workers_of('REINDEX INDEX short_half'), 2, 'REINDEX has workers');
is(workers_of('REINDEX INDEX CONCURRENTLY short_half'), 2, 'REINDEX CONCURRENTLY has workers');
vdb_check($node, 'short_half', 'after REINDEX');

# The kernels of the session are those of its workers.
{
	my @bytes;

	for my $workers (0, 2)
	{
		workers_of(
			"SET vdb.simd = scalar; ALTER TABLE short SET (parallel_workers = $workers); "
			  . "CREATE INDEX plain ON short USING ivfkm (v) WITH (lists = 30)"
		);
		push @bytes, contents('plain');
		$node->safe_psql('postgres', 'DROP INDEX plain');
	}
	ok($bytes[0] eq $bytes[1], 'workers use the kernels that the session has chosen');
}

# A build writes about as much WAL as the index is large, and the workers' share is counted.
for my $table (qw(short long))
{
	$node->safe_psql('postgres', "ALTER TABLE $table SET (parallel_workers = 2); CHECKPOINT");
	my $before = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
	$node->safe_psql('postgres', "CREATE INDEX wal_l2 ON $table USING ivfkm (v)");
	my ($size, $wal) = split /\|/, $node->safe_psql(
		'postgres', qq{
SELECT pg_relation_size('wal_l2'), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$before')});

	# catalogs take some pages, which are logged in full after the checkpoint
	cmp_ok($wal, '<=', 1.02 * $size + 512 * 1024,
		"$table: an index of $size bytes takes $wal bytes of WAL");
	$node->safe_psql('postgres', 'DROP INDEX wal_l2');
}

# What goes wrong in any process ends the build.
sub leftovers
{
	$node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'")
	  or die 'workers do not leave';
	return $node->safe_psql('postgres',
		"SELECT (SELECT count(*) FROM pg_class WHERE relname = 'broken') + (SELECT count(*) "
		  . "FROM pg_ls_tmpdir())");
}

$node->safe_psql('postgres', 'ALTER TABLE short SET (parallel_workers = 3)');
for my $id (1, 4000, 8999)
{
	my $result = vdb_try($node,
		"CREATE INDEX broken ON short "
		  . "USING ivfkm ((CASE WHEN id = $id THEN '[1,2]' ELSE v END::vector(48)))");

	is($result->{sqlstate}, '22000', "row $id of other dimensions ends the build")
		or diag($result->{error});
	is(leftovers(), 0, "row $id: nothing is left behind");
}

# A worker waits in an expression, the leader for the worker.
$node->safe_psql(
	'postgres', q{
CREATE FUNCTION slow(v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	PERFORM pg_sleep(300) FROM pg_stat_activity
		WHERE pid = pg_backend_pid() AND backend_type = 'parallel worker';
	RETURN v;
END $$;
ALTER TABLE short SET (parallel_workers = 1);});
my $waiting = "backend_type = 'parallel worker' AND wait_event = 'PgSleep'";
for my $case (
	{ name => 'a worker is terminated',
		end => "pg_terminate_backend(pid) FROM pg_stat_activity WHERE $waiting" },
	{ name => 'a worker is cancelled',
		end => "pg_cancel_backend(pid) FROM pg_stat_activity WHERE $waiting" },
	{ name => 'the leader is cancelled',
		end => "pg_cancel_backend(leader_pid) FROM pg_stat_activity WHERE $waiting" },
	{ name => 'the leader is terminated',
		end => "pg_terminate_backend(leader_pid) FROM pg_stat_activity WHERE $waiting" })
{
	my $build =
	  vdb_background($node, 'CREATE INDEX broken ON short USING ivfkm ((slow(v)::vector(48)))');

	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE $waiting")
	  or die 'no worker';
	is($node->safe_psql('postgres', "SELECT $case->{end}"), 't', $case->{name});
	my $result = vdb_finish($build);

	ok(!$result->{ok}, "$case->{name}: the build ends");
	like($result->{error}, qr/(?:ERROR|FATAL):  57(?:P01|014):/, "$case->{name}: with the error");
	is(leftovers(), 0, "$case->{name}: nothing is left behind");
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
