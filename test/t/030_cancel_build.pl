# A cancelled build, in any of its phases, alone or with workers, leaves nothing behind, and the
# next one works.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $rows = 12000;
my @phases = (
	'sampling rows',
	'training centroids',
	'measuring probes',
	'assigning rows to lists',
	'sorting rows by list',
	'writing lists');
my $node = vdb_node('main', conf => "wal_level = replica\nstatement_timeout = 0\n");
$node->start;
vdb_create($node);
vdb_make_table($node, 'items', rows => $rows, dims => 64);

# What there is: relations in the catalog, and files of the database.
sub inventory
{
	$node->safe_psql('postgres', 'CHECKPOINT');
	my $relations = $node->safe_psql('postgres',
		"SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class");
	my $files = $node->safe_psql(
		'postgres', q{
SELECT string_agg(f, ' ' ORDER BY f) FROM pg_ls_dir(
	(SELECT 'base/' || oid FROM pg_database WHERE datname = current_database())) f
	WHERE f !~ '(_fsm|_vm)$' AND f <> 'pg_internal.init'});
	my $temporary = $node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()');
	return "$relations\n$files\n$temporary";
}

my $create = 'CREATE INDEX items_l2 ON items USING ivfkm (v) WITH (lists = 500)';
my $drop = 'DROP INDEX IF EXISTS items_l2';
$node->safe_psql('postgres', "$create; $drop; VACUUM ANALYZE");
my $before = inventory();

# Workers are gone a moment after the leader.
sub wait_for_workers
{
	$node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'")
	  or die 'workers do not leave';
}

# Cancels the build as soon as it says to be in a phase; the loop runs in the server, so that
# short phases are seen too.  Returns the number of times it was sent.
sub cancel_in_phase
{
	my ($phase) = @_;

	return qq{
DO \$\$
DECLARE
	victim integer;
	seen text;
BEGIN
	FOR i IN 1 .. 3000000 LOOP
		PERFORM pg_stat_clear_snapshot();
		SELECT pid, pg_stat_progress_create_index.phase INTO victim, seen
			FROM pg_stat_progress_create_index;
		IF seen = 'building index: $phase' THEN
			PERFORM pg_cancel_backend(victim);
			RETURN;
		END IF;
		EXIT WHEN victim IS NULL AND i > 1000 AND EXISTS (
			SELECT FROM pg_class WHERE relname = 'items_l2');
	END LOOP;
	RAISE EXCEPTION 'phase not seen';
END
\$\$;};
}

# A short phase may pass unseen while the machine is busy, hence the attempts.
for my $workers (0, 2)
{
	$node->safe_psql('postgres', "ALTER TABLE items SET (parallel_workers = $workers)");
	for my $phase (@phases)
	{
		my $name = "$phase, $workers workers";
		my $cancelled = 0;

		for my $attempt (1 .. 40)
		{
			my $watch = vdb_background($node, cancel_in_phase($phase));
			my $result = vdb_try($node, "SET maintenance_work_mem = '8MB'; $create");
			my $watched = vdb_finish($watch);

			if ($result->{ok})
			{
				$node->safe_psql('postgres', $drop);
				next;
			}
			is($result->{sqlstate}, '57014', "$name: the build was cancelled");
			like($result->{error}, qr/canceling statement due to user request/,
				"$name: and says so");
			ok($watched->{ok}, "$name: it was seen in this phase") or diag($watched->{error});
			$cancelled = 1;
			last;
		}
		ok($cancelled, "$name: a build was cancelled in it");
		wait_for_workers();
		is(inventory(), $before, "$name: nothing is left behind");
	}
}

# By timeout, wherever the build then is.
for my $timeout (1, 3, 10, 30, 70, 150, 300, 500, 800)
{
	my $result = vdb_try($node, "SET statement_timeout = $timeout; $create");

	ok(
		$result->{ok}
		  || ($result->{sqlstate} eq '57014'
			&& $result->{error} =~ /canceling statement due to statement timeout/),
		"a timeout of $timeout ms") or diag($result->{error});
	$node->safe_psql('postgres', $drop);
}
wait_for_workers();
is(inventory(), $before, 'timeouts leave nothing behind');

# An error from the data themselves, in the middle of the scan.
my $result = vdb_try($node,
	"CREATE INDEX items_l2 ON items "
	  . "USING ivfkm ((CASE WHEN id < $rows THEN v ELSE '[1,2]' END::vector(64)))");
ok(!$result->{ok}, 'a row of other dimensions ends the build');
is($result->{sqlstate}, '22000', 'with the error of the type');
wait_for_workers();
is(inventory(), $before, 'a failed build leaves nothing behind');

# Rolled back after it was finished.
$node->safe_psql('postgres', "BEGIN; $create; ROLLBACK");
is(inventory(), $before, 'a build that is rolled back leaves nothing behind');

# REINDEX keeps the old index.
$node->safe_psql('postgres', $create);
$before = inventory();
$result = vdb_try($node, "SET statement_timeout = '50ms'; REINDEX INDEX items_l2");
is($result->{sqlstate}, '57014', 'REINDEX was cancelled');
wait_for_workers();
is(inventory(), $before, 'and leaves the old index and nothing else');
is(vdb_check($node, 'items_l2', 'after a cancelled REINDEX'), $rows, 'which has all rows');
$node->safe_psql('postgres', 'REINDEX INDEX items_l2');

# Searches can be cancelled as well.
$result = vdb_try(
	$node, q{
SET enable_seqscan = off; SET ivfkm.epsilon = 100; SET statement_timeout = '30ms';
SELECT count(*) FROM items a,
	LATERAL (SELECT b.id FROM items b ORDER BY b.v <-> a.v LIMIT 100) c;});
is($result->{sqlstate}, '57014', 'searches are cancelled');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
