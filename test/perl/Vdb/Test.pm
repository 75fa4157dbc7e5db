
=pod

=head1 NAME

Vdb::Test - helpers of the server tests of vdb

=head1 SYNOPSIS

  use Vdb::Test;

  my $node = vdb_node('main');
  $node->start;
  vdb_create($node);
  vdb_make_table($node, 'items', rows => 1000, dims => 64);
  $node->safe_psql('postgres', 'CREATE INDEX ON items USING ivfkm (v)');
  vdb_check_all($node, 'at the end');
  done_testing();

=head1 DESCRIPTION

Everything here works on the database "postgres" unless told otherwise.  Data come from
hashes of row number, dimension and seed; the seed is VDB_TEST_SEED, fixed by default,
and is printed when a test fails.

=cut

package Vdb::Test;

use strict;
use warnings;

use Cwd;
use Exporter 'import';
use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT = qw(
  $vdb_seed
  @vdb_metrics
  vdb_node
  vdb_create
  vdb_test_module
  vdb_renewal_functions
  vdb_vector
  vdb_make_table
  vdb_make_queries
  vdb_make_replicated
  vdb_churn
  vdb_answers
  vdb_try
  vdb_is_damage
  vdb_check
  vdb_check_all
  vdb_recall
  vdb_same_rows
  vdb_uses_index
  vdb_background
  vdb_finish
  vdb_kill_and_start
  vdb_kill_backend
  vdb_wait_for_replay
  vdb_index_path
  vdb_read_file
  vdb_write_file
  vdb_poke
  vdb_seal
);

our $vdb_seed = $ENV{VDB_TEST_SEED} || 20240607;
die "VDB_TEST_SEED must be a number\n" unless $vdb_seed =~ /^\d+$/;

# Operator classes of the type vector, with the operator that each one orders by.
our @vdb_metrics = (
	{ name => 'l2', opclass => 'vector_l2_ops', op => '<->' },
	{ name => 'ip', opclass => 'vector_ip_ops', op => '<#>' },
	{ name => 'cosine', opclass => 'vector_cosine_ops', op => '<=>' });

END
{
	diag("VDB_TEST_SEED=$vdb_seed") unless Test::More->builder->is_passing;
}

=pod

=head1 SERVERS

=head2 vdb_node(NAME, streaming => 0, checksums => 0, conf => '')

A new cluster, initialised but not started: without data checksums unless asked for, on
every server version.  Nothing happens in it by the clock: no autovacuum, no renewal of an index
that is not asked for, and no timed checkpoint, after which pages are logged in full again.

=cut

sub vdb_node
{
	my ($name, %params) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	my @extra = ('--locale=C', '--encoding=UTF8');

	if ($params{checksums})
	{
		push @extra, '--data-checksums';
	}
	elsif ($node->pg_version >= 18)
	{
		push @extra, '--no-data-checksums';
	}
	$node->init(
		allows_streaming => $params{streaming} ? 1 : 0,
		extra => \@extra);
	$node->append_conf('postgresql.conf', <<'CONF');
autovacuum = off
checkpoint_timeout = 1d
log_statement = none
jit = off
shared_buffers = 32MB
max_connections = 40
ivfkm.maintenance = off
CONF
	$node->append_conf('postgresql.conf', $params{conf}) if $params{conf};
	return $node;
}

=pod

=head2 vdb_create(NODE, DATABASE, extension => 'vdb')

The extension (or "vector", which has pgvector's names too), and the generator of data in the schema
"vt".

=cut

sub vdb_create
{
	my ($node, $database, %params) = @_;

	$node->safe_psql($database // 'postgres', 'CREATE EXTENSION ' . ($params{extension} // 'vdb'));
	$node->safe_psql($database // 'postgres', <<'SQL');
CREATE SCHEMA vt;

-- uniform in -1..1
CREATE FUNCTION vt.noise(key bigint, seed bigint) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT hashint8extended(key, seed) / 9223372036854775808.0::float8';

-- A point on the way from one of 30 centres to another, and noise around it: clusters
-- that run into each other.
CREATE FUNCTION vt.vector(id bigint, dims integer, seed bigint) RETURNS vector
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	a bigint := abs(hashint8extended(id, seed + 1) % 30) * 100000;
	b bigint := abs(hashint8extended(id, seed + 2) % 30) * 100000;
	w float8 := 0.5 * abs(vt.noise(id, seed + 3));
	size float8 := 0.6 + 0.4 * vt.noise(id, seed + 5);
BEGIN
	RETURN ARRAY(
		SELECT (size * ((1 - w) * vt.noise(a + d, seed) + w * vt.noise(b + d, seed)
				+ 0.3 * vt.noise(id * 32768 + d, seed + 4)))::real
		FROM generate_series(1, dims) d)::vector;
END
$$;
SQL
	return;
}

=pod

=head2 vdb_test_module(NAME)

Compiles test/modules/NAME (by default test_vdb), which is a test, and returns the path of its
library as CREATE FUNCTION takes it.  Without the library no test goes on.

=cut

sub vdb_test_module
{
	my $name = shift // 'test_vdb';
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $module = Cwd::abs_path(dirname(__FILE__) . "/../../modules/$name");
	my ($out, $error) = run_command(
		[ 'make', '-C', $module, 'PG_CONFIG=' . ($ENV{PG_CONFIG} // 'pg_config'), 'with_llvm=no',
			"$name.so" ]);

	ok(-f "$module/$name.so", 'the test module compiles') or BAIL_OUT("$out\n$error");
	return "$module/$name";
}

=pod

=head2 vdb_renewal_functions(NODE)

vt.compare(table, query, seconds): raises an error unless a scan of the table's index, which pauses
for so long after some rows, returns the rows that a scan of the table does, each once.  To be
called in a transaction with one snapshot.

=cut

sub vdb_renewal_functions
{
	my ($node) = @_;

	$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION vt.compare(name text, query vector, seconds float8) RETURNS bigint
	LANGUAGE plpgsql AS $$
DECLARE
	scan refcursor;
	found_id bigint;
	ids bigint[] := '{}';
	missing bigint[];
	extra bigint[];
	n bigint := 0;
BEGIN
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_sort = off;
	SET LOCAL ivfkm.iterative_scan = relaxed_order;
	OPEN scan FOR EXECUTE format('SELECT id FROM %I ORDER BY v <-> $1', name) USING query;
	LOOP
		FETCH scan INTO found_id;
		EXIT WHEN NOT FOUND;
		ids := ids || found_id;
		n := n + 1;
		IF n = 20 THEN
			PERFORM pg_sleep(seconds * random());
		END IF;
	END LOOP;
	CLOSE scan;
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_sort = on;
	SET LOCAL enable_indexscan = off;
	EXECUTE format('SELECT array_agg(id ORDER BY id)
		FROM (SELECT id FROM %I EXCEPT ALL SELECT unnest($1)) d', name)
		INTO missing USING ids;
	EXECUTE format('SELECT array_agg(id ORDER BY id)
		FROM (SELECT unnest($1) AS id EXCEPT ALL SELECT id FROM %I) d', name)
		INTO extra USING ids;
	IF missing IS NOT NULL OR extra IS NOT NULL THEN
		RAISE EXCEPTION 'scan of % rows: missing %, extra %', n, missing, extra;
	END IF;
	SET LOCAL enable_indexscan = on;
	RETURN n;
END
$$;
SQL
	return;
}

=pod

=head1 DATA

=head2 vdb_vector(ID, DIMS)

SQL of the generated vector number ID (SQL or a number).

=cut

sub vdb_vector
{
	my ($id, $dims) = @_;
	return "vt.vector($id, $dims, $vdb_seed)";
}

=pod

=head2 vdb_make_table(NODE, TABLE, rows => N, dims => N, first => 1, persistence => '')

Creates a table of (id bigint, v vector(dims)) with rows number first and following.

=cut

sub vdb_make_table
{
	my ($node, $table, %params) = @_;
	my $first = $params{first} // 1;
	my $last = $first + $params{rows} - 1;
	my $persistence = $params{persistence} // '';
	my $vector = vdb_vector('id', $params{dims});

	$node->safe_psql(
		$params{database} // 'postgres', qq{
CREATE $persistence TABLE $table (id bigint PRIMARY KEY, v vector($params{dims}));
INSERT INTO $table SELECT id, $vector FROM generate_series($first, $last) id;
ANALYZE $table;});
	return;
}

=pod

=head2 vdb_make_queries(NODE, TABLE, rows => N, dims => N)

A table of (id, v) with points of the same distribution that are not in any table made
by vdb_make_table().

=cut

sub vdb_make_queries
{
	my ($node, $table, %params) = @_;
	my $vector = vdb_vector('1000000000 + id', $params{dims});

	$node->safe_psql(
		$params{database} // 'postgres', qq{
CREATE TABLE $table AS
	SELECT id, $vector AS v FROM generate_series(1, $params{rows}) id;});
	return;
}

=pod

=head2 vdb_make_replicated(NODE) and vdb_churn(NODE, CYCLE)

Two tables with indexes, "short" (64 dimensions, three operator classes) and "long" (8000
dimensions: units of more than a page), with tables of queries; and a round of deletes,
inserts, updates and VACUUM on both, numbered from 1.

=cut

our %replicated = (
	short => { dims => 64, rows => 1500, more => 300, metrics => [qw(l2 ip cosine)] },
	long => { dims => 8000, rows => 70, more => 20, metrics => [qw(l2 cosine)] });

sub vdb_make_replicated
{
	my ($node) = @_;

	for my $table (sort keys %replicated)
	{
		my $shape = $replicated{$table};

		vdb_make_table($node, $table, rows => $shape->{rows}, dims => $shape->{dims});
		vdb_make_queries($node, "${table}_queries", rows => 10, dims => $shape->{dims});
		$node->safe_psql('postgres',
			"CREATE INDEX ${table}_$_ ON $table USING ivfkm (v vector_${_}_ops, id, (id % 7))")
		  for @{ $shape->{metrics} };
	}
	return;
}

sub vdb_churn
{
	my ($node, $cycle) = @_;

	for my $table (sort keys %replicated)
	{
		my $shape = $replicated{$table};
		my $first = $shape->{rows} + ($cycle - 1) * $shape->{more} + 1;
		my $last = $first + $shape->{more} - 1;
		my $new = vdb_vector('id', $shape->{dims});
		my $changed = vdb_vector("id + 1000000 * $cycle", $shape->{dims});

		$node->safe_psql(
			'postgres', qq{
DELETE FROM $table WHERE id % 5 = $cycle % 5;
INSERT INTO $table SELECT id, $new FROM generate_series($first, $last) id;
UPDATE $table SET v = $changed WHERE id % 40 = $cycle;
VACUUM (INDEX_CLEANUP ON) $table;});
	}
	return;
}

=pod

=head2 vdb_answers(NODE, tables => {...}, limits => [50], set => '')

What indexes answer to the queries of their tables, as text: the rows, in their order, for each
limit, of all rows and of those with id % 7 = 3.  "tables" has for each name of a table the names of
the "metrics" it has an index for; its queries are in the table with "_queries" behind its name.
Without it, those of vdb_make_replicated().  "set" are statements to run before.

=cut

sub vdb_answers
{
	my ($node, %params) = @_;
	my $tables = $params{tables} // \%replicated;
	my $limits = $params{limits} // [50];
	my $set = $params{set} // '';
	my $answers = '';

	for my $table (sort keys %$tables)
	{
		for my $metric
			(grep { my $m = $_; grep { $m->{name} eq $_ } @{ $tables->{$table}{metrics} } }
			@vdb_metrics)
		{
			for my $search (map { my $limit = $_; map { [ $limit, $_ ] } ('true', 'id % 7 = 3') }
				@$limits)
			{
				my ($limit, $where) = @$search;

				$answers .= $node->safe_psql(
					'postgres', qq{
SET enable_seqscan = off;
SET enable_sort = off;
$set;
SELECT '$table $metric->{name} $where $limit', q.id, string_agg(r.id::text, ' ' ORDER BY r.n)
	FROM ${table}_queries q, LATERAL (
	SELECT id, row_number() OVER () AS n FROM (
		SELECT id FROM $table t WHERE $where
			ORDER BY t.v $metric->{op} q.v LIMIT $limit) nearest) r
	GROUP BY q.id ORDER BY q.id}) . "\n";
			}
		}
	}
	return $answers;
}

=pod

=head1 STATEMENTS

=head2 vdb_try(NODE, SQL, timeout => 300)

Runs statements in a session of their own and returns what became of them: a hash of
ok, out, sqlstate, error (all that psql wrote), crashed (the server closed the
connection) and hung (no answer within "timeout" seconds).

=cut

sub vdb_try
{
	my ($node, $sql, %params) = @_;
	my ($out, $err, $timed_out) = ('', '', 0);
	my $ret = $node->psql(
		$params{database} // 'postgres',
		$sql,
		stdout => \$out,
		stderr => \$err,
		timeout => $params{timeout} // 300,
		timed_out => \$timed_out,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	my %result = (
		ok => (!$timed_out && $ret == 0) ? 1 : 0,
		out => $out,
		error => $err,
		sqlstate => $err =~ /(?:ERROR|FATAL|PANIC):  ([0-9A-Z]{5}):/ ? $1 : '',
		hung => $timed_out ? 1 : 0,
		crashed => 0);

	$result{crashed} = 1
	  if $err =~ /server closed the connection|connection to server|terminating connection/;
	return \%result;
}

=pod

=head2 vdb_is_damage(RESULT, INDEX)

True if a result of vdb_try() is the report of a damaged index: SQLSTATE XX002, the name
of the index, and the advice to REINDEX.

=cut

sub vdb_is_damage
{
	my ($result, $index) = @_;

	return
		 !$result->{ok}
	  && !$result->{crashed}
	  && !$result->{hung}
	  && $result->{sqlstate} eq 'XX002'
	  && $result->{error} =~ /index "\Q$index\E"/
	  && $result->{error} =~ /HINT:.*REINDEX/;
}

=pod

=head2 vdb_background(NODE, SQL) and vdb_finish(SESSION)

Runs statements in a session beside the test, which is connected when vdb_background() returns; the
"pid" of what that returns is the session's process.  vdb_finish() waits for their end and returns a
hash of ok, out and error.

=cut

sub vdb_background
{
	my ($node, $sql, %params) = @_;
	my %session = (out => '', error => '');
	my $file = PostgreSQL::Test::Utils::tempdir() . '/statements.sql';

	append_to_file($file, "SELECT pg_backend_pid();\n$sql");
	$session{run} = IPC::Run::start(
		[
			$node->installed_command('psql'), '-XAtq',
			'-v', 'ON_ERROR_STOP=1',
			'-v', 'VERBOSITY=verbose',
			'-d', $node->connstr($params{database} // 'postgres'),
			'-f', $file
		],
		'>', \$session{out},
		'2>', \$session{error},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default * 2));
	$session{run}->pump while $session{out} !~ /\n/ && $session{run}->pumpable;
	($session{pid}) = $session{out} =~ /^(\d+)\n/ or die "no session: $session{error}";
	return \%session;
}

sub vdb_finish
{
	my ($session) = @_;

	$session->{run}->finish;
	$session->{out} =~ s/^\d+\n//;
	chomp $session->{out};
	return {
		ok => $session->{run}->result(0) ? 0 : 1,
		out => $session->{out},
		error => $session->{error} };
}

=pod

=head2 vdb_kill_and_start(NODE)

Kills the postmaster with signal 9 and starts the cluster again: its children may take a
moment to notice.

=cut

sub vdb_kill_and_start
{
	my ($node) = @_;
	my ($pid) = vdb_read_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;

	$node->kill9;
	usleep(10_000) while kill(0, $pid);
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if $node->start(fail_ok => 1);
		usleep(100_000);
	}
	BAIL_OUT('the server does not start after its postmaster was killed');
}

=pod

=head2 vdb_kill_backend(NODE, PID)

Kills a backend with signal 9 and waits until the server has noticed and has started again: until
its checkpointer is another one.  Returns false if the backend had ended before.

=cut

sub vdb_kill_backend
{
	my ($node, $pid) = @_;
	my $checkpointer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
	my $before = $node->safe_psql('postgres', $checkpointer);

	return 0 unless kill(9, $pid);
	$node->poll_query_until('postgres', "SELECT pid <> $before FROM ($checkpointer) c")
	  or BAIL_OUT('the server does not restart after a crash of a backend');
	return 1;
}

=pod

=head2 vdb_wait_for_replay(PRIMARY, STANDBY)

Waits until the standby has replayed all that the primary has logged.  The standby is asked, because
what the primary tells of it may be older than the standby's last restart.  A message and its commit
make the primary flush its log up to there.

=cut

sub vdb_wait_for_replay
{
	my ($primary, $standby) = @_;
	my $lsn = $primary->safe_psql('postgres', "SELECT pg_logical_emit_message(true, 'vdb', 'now')");

	$standby->poll_query_until('postgres', "SELECT pg_last_wal_replay_lsn() >= '$lsn'")
	  or BAIL_OUT("the standby does not replay up to $lsn");
	return;
}

=pod

=head1 CHECKS

=head2 vdb_check(NODE, INDEX, NAME)

vdb_index_check() passes; returns the number of entries.

=cut

sub vdb_check
{
	my ($node, $index, $name, %params) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $result =
	  vdb_try($node, "SELECT vdb_index_check('$index')", timeout => 300, %params);

	ok($result->{ok}, "vdb_index_check: $name") or diag($result->{error});
	return $result->{ok} ? $result->{out} : undef;
}

=pod

=head2 vdb_check_all(NODE, NAME)

The same for every valid ivfkm index of the database, in one test; to be called at the
end of every test.

=cut

sub vdb_check_all
{
	my ($node, $name, %params) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $result = vdb_try(
		$node, q{
SELECT format('%s %s', indexrelid::regclass, vdb_index_check(indexrelid))
	FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
	WHERE amname IN ('ivfkm', 'hnsw', 'ivfflat') AND relkind = 'i' AND indisvalid
		AND relpersistence <> 't'
		AND (relpersistence = 'p' OR NOT pg_is_in_recovery())},
		%params);

	ok($result->{ok}, "vdb_index_check of all indexes: $name")
	  or diag($result->{error});
	return;
}

=pod

=head2 vdb_uses_index(NODE, TABLE, OP, QUERY, LIMIT, NAME, row => 't.v', index => '')

The planner chooses an ivfkm index, with default costs: "index", if it is given, or any.  "row"
is what is compared with the query, an expression of the table, "t".

=cut

sub vdb_uses_index
{
	my ($node, $table, $op, $query, $limit, $name, %params) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $row = $params{row} // 't.v';
	my $index = $params{index} // '\S+';

	like(
		$node->safe_psql(
			'postgres',
				"EXPLAIN (COSTS OFF) SELECT id FROM $table t "
			  . "ORDER BY $row $op ($query) LIMIT $limit"),
		qr/Index Scan using $index on $table\b.*Order By/s,
		$name);
	return;
}

=pod

=head2 vdb_recall(NODE, table => , queries => , op => , ...)

Arguments after "op": k => 10, set => '', where => 'true', truth => '', row => 't.v',
query => 'q.v'.

Asks every query for its k nearest rows through the index and compares with an exact
scan, by distance, so that rows of equal distance count alike.  Returns a hash of recall
(mean over the queries), rows (smallest number of rows that a query got), unordered (rows
nearer than their predecessor) and duplicates.  "set" are statements to run before, "row" and
"query" what is compared: expressions of the table, "t", and of the queries, "q".

The exact answers are kept in the table "truth", if it is given, and taken from there the next
time: 100 rows of each query.

=cut

sub vdb_recall
{
	my ($node, %params) = @_;
	my ($table, $queries, $op) = @params{qw(table queries op)};
	my $k = $params{k} // 10;
	my $set = $params{set} // '';
	my $where = $params{where} // 'true';
	my $truth = $params{truth} // 'pg_temp.exact';
	my ($row, $query) = ($params{row} // 't.v', $params{query} // 'q.v');
	my $answer = sub {
		my ($limit) = @_;
		return qq{
	SELECT q.id AS query, r.id, r.d, r.n FROM $queries q, LATERAL (
		SELECT id, d, row_number() OVER () AS n FROM (
			SELECT t.id, $row $op $query AS d FROM $table t WHERE $where
			ORDER BY $row $op $query LIMIT $limit) nearest) r;};
	};
	my $out = $node->safe_psql(
		$params{database} // 'postgres', qq{
SET client_min_messages = warning;
BEGIN;
SET LOCAL enable_indexscan = off;
CREATE TABLE IF NOT EXISTS $truth AS } . $answer->($k > 100 ? $k : 100) . qq{
COMMIT;
BEGIN;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
$set;
CREATE TEMP TABLE found AS } . $answer->($k) . qq{
COMMIT;
WITH per_query AS (
	SELECT query, count(*) AS wanted, max(d) + 1e-9 * abs(max(d)) AS farthest
		FROM $truth WHERE n <= $k GROUP BY query),
answers AS (
	SELECT query, wanted, count(f.id) AS rows,
		count(DISTINCT f.id) FILTER (WHERE f.d <= farthest) AS hits
		FROM per_query LEFT JOIN found f USING (query) GROUP BY query, wanted)
SELECT avg(least(hits, wanted)::float8 / wanted), min(rows),
	(SELECT count(*) FROM (
		SELECT d < lag(d) OVER (PARTITION BY query ORDER BY n) AS nearer FROM found) a
			WHERE nearer),
	(SELECT count(*) FROM (SELECT FROM found GROUP BY query, id HAVING count(*) > 1) twice)
	FROM answers;});
	my %result;

	@result{qw(recall rows unordered duplicates)} = split /\|/, $out;
	return \%result;
}

=pod

=head2 vdb_same_rows(NODE, TABLE, OP, QUERY, NAME)

A scan of the whole index, in relaxed order, returns each row of the table exactly once.

=cut

sub vdb_same_rows
{
	my ($node, $table, $op, $query, $name, %params) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $out = $node->safe_psql(
		$params{database} // 'postgres', qq{
SET enable_seqscan = off;
SET enable_sort = off;
SET ivfkm.probes = 1000000;
SET ivfkm.iterative_scan = relaxed_order;
CREATE TEMP TABLE through_index AS
	SELECT id FROM $table ORDER BY v $op ($query) LIMIT 10000000;
SET enable_seqscan = on;
SET enable_indexscan = off;
SELECT
	(SELECT count(*) FROM (SELECT id FROM $table EXCEPT ALL SELECT id FROM through_index) a),
	(SELECT count(*) FROM (SELECT id FROM through_index EXCEPT ALL SELECT id FROM $table) b);});

	is($out, '0|0', "$name: no row is missing, none is given twice");
	return;
}

=pod

=head1 FILES

=head2 vdb_index_path(NODE, INDEX)

Absolute path of the first file of an index.

=head2 vdb_read_file(PATH) and vdb_write_file(PATH, BYTES)

The bytes of a file.  Write only while the server is stopped.

=head2 vdb_poke(BYTES, BLOCK, OFFSET, NEW)

Overwrites bytes of a block in the contents of a file, given by reference.

=cut

sub vdb_index_path
{
	my ($node, $index, %params) = @_;

	return $node->data_dir . '/'
	  . $node->safe_psql($params{database} // 'postgres', "SELECT pg_relation_filepath('$index')");
}

sub vdb_read_file
{
	my ($path) = @_;

	open(my $file, '<:raw', $path) or die "$path: $!";
	my $bytes = do { local $/; <$file> };
	close($file);
	return $bytes // '';
}

sub vdb_write_file
{
	my ($path, $bytes) = @_;

	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file $bytes;
	close($file) or die "$path: $!";
	return;
}

sub vdb_poke
{
	my ($bytes, $block, $offset, $new) = @_;

	die "block $block is behind the end of the file"
	  if ($block + 1) * 8192 > length($$bytes);
	substr($$bytes, $block * 8192 + $offset, length($new)) = $new;
	return;
}

=pod

=head2 vdb_seal(REF, BLOCK)

Gives a block in the contents of a file the seal of its bytes (src/page/page_seal.c), so that what
was changed there is not found by its seal.

=cut

my @crc_table = map {
	my $crc = $_;
	$crc = $crc & 1 ? ($crc >> 1) ^ 0x82F63B78 : $crc >> 1 for 1 .. 8;
	$crc;
} 0 .. 255;

sub vdb_seal
{
	my ($bytes, $block) = @_;
	my $seal = 40;
	my $page = substr($$bytes, $block * 8192, 8192);
	my $crc = 0xFFFFFFFF;

	for my $byte (unpack('C*', substr($page, 10, $seal - 10) . substr($page, $seal + 4)))
	{
		$crc = $crc_table[ ($crc ^ $byte) & 0xFF ] ^ ($crc >> 8);
	}
	vdb_poke($bytes, $block, $seal, pack('L', $crc ^ 0xFFFFFFFF));
	return;
}

1;
