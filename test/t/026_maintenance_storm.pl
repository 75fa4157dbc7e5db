# Clients that insert, update, delete and VACUUM while lists and whole trees are made anew, by the
# worker and by hand, and others compare what the index holds with the table: a scan of all of it,
# with pauses, against a sort under the same snapshot.  The lists are below one node at first, then
# below nodes of few children.  VDB_TEST_LONG=1: five times as many changes.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $clients = 8;
my $per_client = $ENV{VDB_TEST_LONG} ? 1500 : 300;
my $rows = 3000;
my $node = vdb_node('main', conf => "wal_level = replica\nmax_worker_processes = 12\n");
$node->start;
vdb_create($node);

vdb_make_table($node, 'origin', rows => $rows, dims => 16);
vdb_make_table($node, 'spare', rows => $rows, dims => 16, first => 100001);
$node->safe_psql(
	'postgres', q{
CREATE SEQUENCE ids START 1000001;
INSERT INTO origin SELECT nextval('ids'), NULL FROM generate_series(1, 50);
CREATE TABLE renewals (made bigint);

-- all rows by the index, nearest first, with pauses in which trees come and go
CREATE FUNCTION by_index(q vector) RETURNS bigint[] LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_sort = off SET ivfkm.probes = 1000000
	SET ivfkm.iterative_scan = relaxed_order AS $$
DECLARE
	c refcursor;
	ids bigint[];
	one bigint;
	n integer := 0;
BEGIN
	OPEN c FOR SELECT id FROM kept ORDER BY v <-> q LIMIT 10000000;
	LOOP
		FETCH c INTO one;
		EXIT WHEN NOT FOUND;
		ids := ids || one;
		n := n + 1;
		IF n IN (1, 40, 1000) THEN
			PERFORM pg_sleep(0.05);
		END IF;
	END LOOP;
	RETURN (SELECT array_agg(i ORDER BY i) FROM unnest(ids) i);
END $$;

CREATE FUNCTION compare(q vector) RETURNS void LANGUAGE plpgsql
	SET enable_indexscan = on AS $$
DECLARE
	a bigint[] := by_index(q);
	b bigint[];
BEGIN
	SET LOCAL enable_indexscan = off;
	b := (SELECT array_agg(id ORDER BY id) FROM kept);
	IF a IS DISTINCT FROM b THEN
		RAISE EXCEPTION 'the index has % rows, the table %: % are missing, % are not there',
			cardinality(a), cardinality(b),
			(SELECT array_agg(x) FROM (SELECT unnest(b) x EXCEPT ALL SELECT unnest(a)) s),
			(SELECT array_agg(x) FROM (SELECT unnest(a) x EXCEPT ALL SELECT unnest(b)) s);
	END IF;
END $$;});

my $spare = "\\set spare random(100001, 100000 + $rows)\n";
my $victim = "\\set victim random(1, $rows)\n";
my %scripts = (
	'026_insert@30' => $spare
	  . "INSERT INTO kept SELECT nextval('ids'), v FROM spare WHERE id BETWEEN :spare "
	  . "AND :spare + 20;\n",
	'026_update@10' => $spare . $victim
	  . "UPDATE kept SET v = s.v FROM spare s WHERE s.id = :spare AND kept.id = :victim;\n",
	'026_null@3' => $victim . "UPDATE kept SET v = NULL WHERE id = :victim;\n",
	'026_delete@25' => "\\set from random(1, 1100000)\n"
	  . "DELETE FROM kept WHERE id IN (SELECT id FROM kept WHERE id >= :from ORDER BY id "
	  . "LIMIT 20);\n",
	'026_rollback@3' => $spare
	  . "BEGIN;\nINSERT INTO kept SELECT nextval('ids'), v FROM spare WHERE id = :spare;\n"
	  . "ROLLBACK;\n",
	'026_compare@10' => $spare
	  . "BEGIN ISOLATION LEVEL REPEATABLE READ;\n"
	  . "SELECT compare((SELECT v FROM spare WHERE id = :spare));\nCOMMIT;\n",
	'026_vacuum@3' => "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) kept;\n",
	'026_maintain@4' => "SELECT ivfkm_maintain('kept_l2', false);\n",
	'026_renew@1' => "INSERT INTO renewals SELECT rows FROM ivfkm_maintain('kept_l2');\n");

# How often workers have replaced lists or the tree since a place in the log: their lines have no
# name of an application.
sub by_workers
{
	my ($from) = @_;
	my $log = slurp_file($node->logfile, $from);
	my $times = () = $log =~ /\[\d+\] LOG:  (?:renewed|maintained) index "kept_l2"/g;

	return $times;
}

# Waits until no worker is left.
sub workers_leave
{
	return $node->poll_query_until('postgres',
		"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'vdb maintenance')");
}

# children of a node, 0: all lists are the root's; and the least height
for my $shape ([ 0, 1 ], [ 3, 2 ])
{
	my ($children, $height) = @$shape;
	my $log_from = -s $node->logfile;
	my %left = %scripts;

	$node->safe_psql('postgres', $_)
	  for (
		"ALTER DATABASE postgres SET ivfkm.debug_node_children = $children",
		'CREATE TABLE kept AS SELECT * FROM origin; TRUNCATE renewals',
		'CREATE INDEX kept_l2 ON kept USING ivfkm (v, id)',
		'ALTER DATABASE postgres SET ivfkm.maintenance = on');
	like(
		$node->safe_psql('postgres', q{
SET enable_seqscan = off;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT id FROM kept ORDER BY v <-> (SELECT v FROM spare LIMIT 1)
LIMIT 10000000}),
		qr/Index Scan using kept_l2/,
		'what is compared comes from the index');

	# The first time with all scripts.  Those that keep workers from the table are left out when it
	# is repeated, until one of the workers that inserts call for has come to an end: perhaps behind
	# the clients, when nobody is in its way any more.
	for my $round (1 .. 20)
	{
		last if $round > 1 && by_workers($log_from) > 0;

		# the name of a script is that of a file, which must be a new one
		my %named = map { s/@/_${children}_$round@/r => $left{$_} } keys %left;
		$node->pgbench(
			"--no-vacuum --client=$clients --jobs=2 --transactions=$per_client "
			  . "--random-seed=$vdb_seed",
			0, [qr/actually processed/], [qr{^(pgbench: setting random seed to \d+\n)?$}],
			"$clients clients, $per_client transactions each, without an error or a difference",
			\%named);
		ok(workers_leave(), 'then the workers leave');
		delete @left{qw(026_vacuum@3 026_maintain@4 026_renew@1)};
	}
	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM renewals WHERE made > 0'),
		'>', 0, 'trees were replaced by hand meanwhile');
	cmp_ok(by_workers($log_from), '>', 0, 'and trees or lists by workers');

	my $live = $node->safe_psql('postgres', 'SELECT count(*) FROM kept');
	cmp_ok(vdb_check($node, 'kept_l2', 'after the changes'), '>=', $live, "at least $live entries");
	vdb_same_rows($node, 'kept', '<->', 'SELECT v FROM spare LIMIT 1', 'after the changes');
	$node->safe_psql('postgres', 'ALTER DATABASE postgres SET ivfkm.maintenance = off');
	ok(workers_leave(), 'workers leave');
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) kept');
	is(vdb_check($node, 'kept_l2', 'after VACUUM'), $live, "$live entries after VACUUM");
	vdb_check_all($node, 'at the end');

	# The same after a crash.  VACUUM's records are not flushed before a transaction that writes has
	# committed.
	$node->safe_psql('postgres', 'INSERT INTO renewals VALUES (0)');
	$node->stop('immediate');
	$node->start;
	is(vdb_check($node, 'kept_l2', 'after a crash'), $live, "$live entries after a crash");
	vdb_same_rows($node, 'kept', '<->', 'SELECT v FROM spare LIMIT 1', 'after a crash');
	cmp_ok($node->safe_psql('postgres', "SELECT height FROM ivfkm_info('kept_l2')"),
		'>=', $height, "nodes of $children children: height $height");
	$node->safe_psql('postgres', 'DROP TABLE kept');
}
$node->stop;
done_testing();
