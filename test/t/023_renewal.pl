# Indexes are renewed while clients insert, update, delete, search and VACUUM: every scan returns
# each row that its snapshot sees exactly once, and nothing is left of trees that came to no end.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Vdb::Test;

my $clients = 6;
my $operations = $ENV{VDB_TEST_LONG} ? 30_000 : 3_000;
my %shape = (
	items => { dims => 16, rows => 2000, operations => 0.85 * $operations },
	long => { dims => 4500, rows => 50, operations => 0.15 * $operations });
my $node = vdb_node('main', conf => "wal_level = replica\nwal_consistency_checking = 'all'\n");
$node->start;
vdb_create($node);
vdb_renewal_functions($node);

# Each part of a table, through the attribute "part" of its index and through the table.
sub same_parts
{
	my ($table, $name) = @_;
	my $count = "SELECT string_agg(format('%s: %s %s', part, n, sum), ', ') FROM "
	  . "generate_series(0, 9) part, LATERAL (SELECT count(*) AS n, sum(id) FROM $table t "
	  . 'WHERE t.part = part.part AND t.id > 0) s';
	my ($by_index, $by_table) = split(
		/\n/,
		$node->safe_psql(
			'postgres', qq{
SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SET enable_seqscan = off; $count;
SET enable_seqscan = on; SET enable_indexscan = off; $count;}));

	is($by_index, $by_table, "$name: every part is complete");
	return;
}

# SQL that makes a function slow(vector), which takes $seconds a row in a worker.  A session says
# that it wants it quick, as this one does.
sub slow
{
	my ($seconds) = @_;

	return <<"SQL";
SET test.quick = 'yes';
CREATE FUNCTION slow(v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS \$\$
BEGIN
	IF current_setting('test.quick', true) IS NULL THEN
		PERFORM pg_sleep($seconds);
	END IF;
	RETURN v;
END \$\$;
SQL
}

# ----- beside writers -----

for my $table (sort keys %shape)
{
	my ($dims, $rows) = @{ $shape{$table} }{qw(dims rows)};
	my $per_client = int($shape{$table}{operations} / $clients);
	my $spare = "\\set spare random(100001, 100000 + $rows)\n";
	my $victim = "\\set victim random(1, $rows)\n";
	my $index = "${table}_l2";
	my %scripts;

	vdb_make_table($node, "${table}_spare", rows => $rows, dims => $dims, first => 100001);
	vdb_make_queries($node, "${table}_queries", rows => 20, dims => $dims);
	$node->safe_psql('postgres', <<"SQL");
CREATE TABLE $table (id bigint PRIMARY KEY, v vector($dims),
	part integer DEFAULT (10 * random())::integer);
CREATE INDEX $index ON $table USING ivfkm (part, v);
CREATE SEQUENCE ${table}_ids START 1;
SQL
	$scripts{"023_${table}_insert\@45"} = $spare
	  . "INSERT INTO $table SELECT nextval('${table}_ids'), v FROM ${table}_spare "
	  . "WHERE id = :spare;\n";
	$scripts{"023_${table}_insert_many\@5"} =
	    "INSERT INTO $table SELECT nextval('${table}_ids'), v FROM ${table}_spare "
	      . "ORDER BY random() LIMIT 20;\n";
	$scripts{"023_${table}_update\@10"} = $spare . $victim
	  . "UPDATE $table SET v = s.v, part = part + 1 FROM ${table}_spare s "
	  . "WHERE s.id = :spare AND $table.id = :victim;\n";
	$scripts{"023_${table}_null\@5"} = $spare . $victim
	  . "UPDATE $table SET v = NULL, part = 1 WHERE id = :victim;\n";
	$scripts{"023_${table}_hot\@5"} = $victim . "UPDATE $table SET v = v WHERE id = :victim;\n";
	$scripts{"023_${table}_delete\@15"} = $victim
	  . "DELETE FROM $table "
	  . "WHERE id = (SELECT id FROM $table WHERE id >= :victim ORDER BY id LIMIT 1);\n";
	$scripts{"023_${table}_rollback\@5"} = $spare
	  . "BEGIN;\nINSERT INTO $table SELECT nextval('${table}_ids'), v FROM ${table}_spare "
	  . "WHERE id = :spare;\n"
	  . "SAVEPOINT s;\nINSERT INTO $table SELECT nextval('${table}_ids'), v FROM ${table}_spare "
	  . "WHERE id = :spare;\n"
	  . "ROLLBACK TO s;\nROLLBACK;\n";
	$scripts{"023_${table}_scan\@10"} =
		"\\set query random(1, 20)\nBEGIN ISOLATION LEVEL REPEATABLE READ;\n"
	  . "SELECT vt.compare('$table', (SELECT v FROM ${table}_queries WHERE id = :query), "
	  . "0.2);\nCOMMIT;\n";
	$scripts{"023_${table}_renew\@3"} = "SELECT rows FROM ivfkm_maintain('$index');\n";
	$scripts{"023_${table}_region\@6"} = "SELECT rows FROM ivfkm_maintain('$index', false);\n";
	$scripts{"023_${table}_check\@1"} = "SELECT vdb_index_check('$index');\n";
	$scripts{"023_${table}_vacuum\@1"} = "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) $table;\n";

	$node->pgbench(
		"--no-vacuum --client=$clients --jobs=2 --transactions=$per_client --random-seed=$vdb_seed",
		0, [qr/actually processed/], [qr{^(pgbench: setting random seed to \d+\n)?$}],
		"$table: $clients clients, $per_client transactions each, without an error", \%scripts);

	vdb_check($node, $index, "$index after the changes");
	vdb_same_rows($node, $table, '<->', "SELECT v FROM ${table}_queries WHERE id = 1",
		"$index after the changes");
	same_parts($table, "$index after the changes");
	$node->safe_psql('postgres', "VACUUM (INDEX_CLEANUP ON) $table");
	my $live = $node->safe_psql('postgres', "SELECT count(*) FROM $table");
	is(vdb_check($node, $index, "$index after VACUUM"), $live,
		"$index: $live entries after VACUUM");
	is($node->safe_psql('postgres', "SELECT rows FROM ivfkm_maintain('$index')"),
		$live, "$index: as many after a renewal");
	is(vdb_check($node, $index, "$index after a renewal"), $live, "$index: and all of them there");
	same_parts($table, "$index after a renewal");
}

# ----- a scan that is open while its tree is replaced -----

{
	my $rows = 3000;
	my $query = vdb_vector(7, 8);
	my $bytes = "SELECT bytes_unused FROM ivfkm_info('old_l2')";

	vdb_make_table($node, 'old', rows => $rows, dims => 8);
	$node->safe_psql('postgres', 'CREATE INDEX old_l2 ON old USING ivfkm (v)');
	my $session = $node->background_psql('postgres', on_error_stop => 1);
	$session->query_safe(<<"SQL");
BEGIN ISOLATION LEVEL REPEATABLE READ;
SET LOCAL enable_seqscan = off;
SET LOCAL ivfkm.iterative_scan = relaxed_order;
DECLARE c CURSOR FOR SELECT id FROM old ORDER BY v <-> $query;
SQL
	my @ids = split(/\n/, $session->query_safe('FETCH 40 FROM c'));
	for my $round (1 .. 3)
	{
		$node->safe_psql('postgres', <<"SQL");
SELECT ivfkm_maintain('old_l2');
DELETE FROM old WHERE id % 7 = $round;
INSERT INTO old SELECT 1000000 * $round + id, v FROM old WHERE id < 400;
VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) old;
SQL
		push @ids, split(/\n/, $session->query_safe('FETCH 40 FROM c'));
	}
	push @ids, split(/\n/, $session->query_safe('FETCH ALL FROM c'));
	is(join(' ', sort { $a <=> $b } @ids), join(' ', 1 .. $rows),
		'a scan over three renewals returns each row of its snapshot once');
	cmp_ok($node->safe_psql('postgres', $bytes), '>', 0, 'the trees that it may read are kept');
	$session->query_safe('COMMIT');
	$session->quit;
	my @sizes;
	for my $round (1 .. 6)
	{
		push @sizes, $node->safe_psql('postgres',
			"VACUUM old; SELECT ivfkm_maintain('old_l2') IS NULL; "
			  . "SELECT pg_relation_size('old_l2')");
	}
	is($sizes[5], $sizes[1], 'then renewals use their blocks again');
	vdb_check($node, 'old_l2', 'old_l2');
}

# ----- whose rows there are -----

{
	# rows that no snapshot sees yet, in a transaction that ends either way
	for my $end (qw(COMMIT ROLLBACK))
	{
		my $table = lc("open_$end");
		my $session = $node->background_psql('postgres', on_error_stop => 1);

		vdb_make_table($node, $table, rows => 300, dims => 8);
		$node->safe_psql('postgres',
			"ALTER TABLE $table ALTER v SET STORAGE EXTERNAL; "
			  . "ALTER TABLE $table ADD part integer DEFAULT 3; "
			  . "CREATE INDEX ${table}_l2 ON $table USING ivfkm (v, part)");
		$session->query_safe("BEGIN; INSERT INTO $table SELECT 1000 + id, v FROM $table; "
			  . "DELETE FROM $table WHERE id < 50");
		is($node->safe_psql('postgres', "SELECT rows, forced FROM ivfkm_maintain('${table}_l2')"),
			'600|0', "$end: rows of an open transaction get codes");
		$session->query_safe($end);
		$session->quit;
		vdb_check($node, "${table}_l2", $end);
		vdb_same_rows($node, $table, '<->', vdb_vector(7, 8), "$table");
		same_parts($table, $table);
		$node->safe_psql('postgres', "SELECT ivfkm_maintain('${table}_l2')");
		vdb_check($node, "${table}_l2", "$end, renewed again");
		vdb_same_rows($node, $table, '<->', vdb_vector(7, 8), "$table, renewed again");
	}

	# in the transaction that made the index, with a cursor on it
	is($node->safe_psql('postgres', <<'SQL'), "t\n500\n500", 'in the transaction of CREATE INDEX');
SET enable_seqscan = off;
BEGIN;
CREATE TABLE own (id bigint, v vector);
INSERT INTO own SELECT id, v FROM old WHERE id < 100000 ORDER BY id LIMIT 400;
CREATE TEMP TABLE temporary (id bigint, v vector(8));
CREATE INDEX temporary_l2 ON temporary USING ivfkm (v);
INSERT INTO temporary SELECT id, v FROM old ORDER BY id LIMIT 500;
ALTER TABLE own ALTER v TYPE vector(8);
CREATE INDEX own_l2 ON own USING ivfkm (v);
INSERT INTO own SELECT id, v FROM old WHERE id < 100000 ORDER BY id DESC LIMIT 100;
DECLARE c CURSOR FOR SELECT id FROM temporary ORDER BY v <-> '[0,0,0,0,0,0,0,0]';
MOVE 10 FROM c;
SELECT rows = 500 FROM ivfkm_maintain('own_l2');
DO $$ BEGIN PERFORM ivfkm_maintain('temporary_l2'), ivfkm_maintain('temporary_l2'); END $$;
DO $$ BEGIN PERFORM ivfkm_maintain('temporary_l2'); END $$;
MOVE ALL FROM c;
CLOSE c;
SELECT vdb_index_check('own_l2');
SELECT vdb_index_check('temporary_l2');
COMMIT;
SQL
	vdb_check($node, 'own_l2', 'after its end');

	# unlogged, partial, on an expression that reads a table
	$node->safe_psql('postgres', <<'SQL');
CREATE UNLOGGED TABLE plain (id bigint, v vector(8));
CREATE FUNCTION half(v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE
	AS 'BEGIN RETURN v OPERATOR(public.*) ''[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5]''::public.vector;
	END';
CREATE INDEX plain_l2 ON plain USING ivfkm ((half(v)::vector(8)) vector_l2_ops) WHERE id % 2 = 0;
INSERT INTO plain SELECT id, v FROM old;
INSERT INTO plain SELECT id, NULL FROM old WHERE id < 20;
SELECT ivfkm_maintain('plain_l2');
SQL
	vdb_check($node, 'plain_l2', 'of an unlogged table, partial, on an expression');
}

# ----- who may -----

{
	my $refused = sub {
		my ($sql, $state, $name) = @_;
		my $result = vdb_try($node, $sql);

		is($result->{sqlstate}, $state, $name);
	};
	$node->safe_psql('postgres',
		'CREATE ROLE reader; GRANT SELECT ON old TO reader; CREATE INDEX old_btree ON old (id)');
	$refused->("SET ROLE reader; SELECT ivfkm_maintain('old_l2')", '42501',
		'not who may read the table');
	$refused->("SELECT ivfkm_maintain('old_btree')", '42809', 'no index of another kind');
	$refused->("SELECT ivfkm_maintain('old')", '42809', 'no table');
	$refused->('SELECT ivfkm_maintain(1)', '42P01', 'nothing that does not exist');
}

# ----- by itself -----

{
	my $lists = "SELECT lists > 3 FROM ivfkm_info('grown_l2')";

	$node->safe_psql('postgres', 'ALTER DATABASE postgres SET ivfkm.maintenance = on');
	$node->safe_psql('postgres',
		'CREATE TABLE grown (id bigint, v vector(8)); '
		  . 'CREATE INDEX grown_l2 ON grown USING ivfkm (v)');
	$node->safe_psql('postgres',
		'INSERT INTO grown SELECT id, v FROM old WHERE id < 1000000 ORDER BY id LIMIT 2500; '
		  . 'INSERT INTO grown SELECT id, v FROM old LIMIT 1500');
	ok($node->poll_query_until('postgres', $lists),
		'an index made empty is renewed when it has rows');
	$node->safe_psql('postgres',
		'DELETE FROM grown WHERE id % 10 > 0; VACUUM (INDEX_CLEANUP ON) grown');
	ok($node->poll_query_until('postgres', "SELECT lists < 4 FROM ivfkm_info('grown_l2')"),
		'and when most of them were removed');
	vdb_check($node, 'grown_l2', 'grown_l2');
	$node->safe_psql('postgres', 'ALTER INDEX grown_l2 SET (maintenance = off)');

	# rows that are replaced by as many others: those that had gone when a worker looked count on
	vdb_make_table($node, 'worn', rows => 4000, dims => 8);
	$node->safe_psql('postgres', 'CREATE INDEX worn_l2 ON worn USING ivfkm (v)');
	my $renewed = qr/renewed index "worn_l2":/;
	my $log_from = -s $node->logfile;
	my $replace = sub {
		my ($first, $last, $by) = @_;

		$node->safe_psql('postgres', $_)
		  for (
			'ALTER INDEX worn_l2 SET (maintenance = off)',
			"INSERT INTO worn SELECT id + 10000, $by FROM worn WHERE id BETWEEN $first AND $last",
			"DELETE FROM worn WHERE id BETWEEN $first AND $last",
			'ALTER INDEX worn_l2 SET (maintenance = on)',
			'VACUUM (INDEX_CLEANUP ON) worn');
	};
	my $looked = "SELECT rows_removed = 0 FROM ivfkm_condition('worn_l2')";
	$replace->(1, 1600, 'v');
	ok($node->poll_query_until('postgres', $looked),
		'a worker looks at an index of which more than a third of the rows have come again');
	unlike(slurp_file($node->logfile, $log_from), $renewed, 'and does not renew it');
	my $other = '((v::real[])[2:8] || 2 * (v::real[])[1])::vector';
	$replace->(1601, 2600, $other);
	ok($node->poll_query_until('postgres', $looked),
		'a worker looks at an index of which a quarter of the rows have been replaced by others');
	unlike(slurp_file($node->logfile, $log_from), $renewed, 'and does not renew it');
	$replace->(2601, 3600, $other);
	ok($node->wait_for_log($renewed, $log_from), 'but does when it is a third');
	vdb_check($node, 'worn_l2', 'worn_l2');
	vdb_same_rows($node, 'worn', '<->', vdb_vector(7, 8), 'worn_l2');

	# what lies at the end of the file is moved to the front, with lists of the user's number too
	for my $shape (
		[ 'auto', '', "SELECT ivfkm_maintain('long_l2')" ],
		[ 'auto', '', 'DELETE FROM long WHERE id % 10 > 0; VACUUM (INDEX_CLEANUP ON) long' ],
		[ 'auto', '', 'DELETE FROM long WHERE id % 10 < 4; VACUUM (INDEX_CLEANUP ON) long' ],
		[ 'chosen', 'WITH (lists = 20)', "SELECT ivfkm_maintain('long_l2')" ],
		[ 'pieces', '', join(';',
			map { "INSERT INTO long SELECT id + $_ * 9999, v FROM long WHERE id < 1500" } 1 .. 8) ],
		[ 'NULLs', '', 'UPDATE long SET v = NULL WHERE id % 8 > 0; VACUUM long' ])
	{
		my ($name, $with, $change) = @$shape;
		my $size = "pg_relation_size('long_l2')";

		$node->safe_psql('postgres', <<"SQL");
DROP TABLE IF EXISTS long;
CREATE TABLE long (id bigint, v vector(128)) WITH (autovacuum_enabled = off);
CREATE INDEX long_l2 ON long USING ivfkm (v) $with;
INSERT INTO long SELECT i, array_agg(sin(i * j) ORDER BY j)::real[]::vector
	FROM generate_series(1, 6000) i, generate_series(1, 128) j GROUP BY i ORDER BY i;
SQL
		$node->safe_psql('postgres', $change);
		my $fresh = $node->safe_psql('postgres', <<"SQL");
CREATE INDEX fresh_l2 ON long USING ivfkm (v) $with;
SELECT pg_relation_size('fresh_l2');
DROP INDEX fresh_l2;
SQL
		$node->safe_psql('postgres', 'VACUUM long'); # a worker was perhaps kept out
		ok($node->poll_query_until('postgres', "SELECT $size <= 1.5 * $fresh"),
			"$name, $change: the file has 1.5 of $fresh bytes at most")
		  or diag($node->safe_psql('postgres', "SELECT $size"));
		vdb_check($node, 'long_l2', "$name, $change");
		vdb_same_rows($node, 'long', '<->', vdb_vector(7, 128), "$name, $change");
	}
	$node->safe_psql('postgres', 'DROP TABLE long');

	# lists that were moved are as good as those of a build: one of them finds the same rows; by
	# hand, where no worker comes, VACUUM and ivfkm_maintain() do it in turns
	for my $case ([ 900, 'on' ], [ 6000, 'on' ], [ 900, 'off' ], [ 6000, 'off' ])
	{
		my ($rows, $maintenance) = @$case;
		my $name = "$rows random rows, maintenance $maintenance";
		my $search = <<'SQL';
SET enable_seqscan = off; SET ivfkm.probes = 1;
CREATE TABLE found_%s AS SELECT q.id AS query, found.id FROM
	(SELECT * FROM far WHERE id %% 30 = 0) q,
	LATERAL (SELECT id FROM far ORDER BY far.v <-> q.v LIMIT 10) found;
SQL
		$node->safe_psql('postgres', <<"SQL");
CREATE TABLE far (id bigint, v vector(128)) WITH (autovacuum_enabled = off);
INSERT INTO far SELECT i, array_agg(hashint4(i * 128 + j) % 1000 ORDER BY j)::real[]::vector
	FROM generate_series(1, $rows) i, generate_series(1, 128) j GROUP BY i ORDER BY i;
CREATE INDEX far_l2 ON far USING ivfkm (v) WITH (maintenance = $maintenance);
SQL
		my $built = $node->safe_psql('postgres', "SELECT pg_relation_size('far_l2')");
		my $short = "SELECT pg_relation_size('far_l2') <= 1.5 * $built";
		$node->safe_psql('postgres', sprintf($search, 'built'));
		$node->safe_psql('postgres', "SELECT ivfkm_maintain('far_l2')");
		if ($maintenance eq 'on')
		{
			$node->safe_psql('postgres', 'VACUUM far');
			ok($node->poll_query_until('postgres', $short), "$name: the file becomes short");
		}
		else
		{
			my $tries = 0;

			# A transaction of another table's worker may hold back the horizon.  Each try that is
			# not needed takes a tenth of a second at least: a minute, on a busy machine more.
			while ($node->safe_psql('postgres', $short) eq 'f' && ++$tries < 600)
			{
				$node->safe_psql('postgres', $_)
				  for ('VACUUM far', "SELECT ivfkm_maintain('far_l2', false)", 'VACUUM far');
				usleep(100_000) if $tries > 5;
			}
			is($node->safe_psql('postgres', $short), 't', "$name: the file becomes short");
		}
		vdb_check($node, 'far_l2', $name);
		$node->safe_psql('postgres', sprintf($search, 'moved'));
		cmp_ok(
			$node->safe_psql(
				'postgres', 'SELECT count(*) FROM found_built NATURAL JOIN found_moved'),
			'>=', 0.95 * 10 * int($rows / 30), "$name: moved lists find what they found");
		$node->safe_psql('postgres', 'DROP TABLE far, found_built, found_moved');
	}
	$node->safe_psql('postgres', 'INSERT INTO grown SELECT id, v FROM old');
	$node->safe_psql('postgres', 'ALTER DATABASE postgres SET ivfkm.maintenance = off');
}

# ----- a worker that gives way -----

{
	# The expression takes its time in a worker, so that VACUUM meets it at work and waits.  What
	# the worker puts off is asked for by nobody else.
	$node->safe_psql('postgres', 'ALTER DATABASE postgres SET ivfkm.maintenance = on');
	$node->safe_psql('postgres', slow(0.001) . <<'SQL');
CREATE TABLE way (id bigint, v vector(8));
CREATE INDEX way_l2 ON way USING ivfkm ((slow(v)::vector(8)) vector_l2_ops);
SQL
	vdb_make_table($node, 'way_rows', rows => 2000, dims => 8);
	my $log_from = -s $node->logfile;
	$node->safe_psql('postgres',
		"SET test.quick = 'yes'; INSERT INTO way SELECT * FROM way_rows");
	ok( $node->poll_query_until(
			'postgres',
			"SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE "
			  . "relation = 'way'::regclass AND mode = 'ShareUpdateExclusiveLock' AND granted "
			  . "AND query = 'maintaining an index')"),
		'a worker is at work');
	$node->safe_psql('postgres', 'VACUUM way');
	ok( $node->wait_for_log(
			qr/maintenance of index "way_l2" gives way to another command/, $log_from),
		'it gives way to VACUUM');
	ok($node->wait_for_log(qr/renewed index "way_l2":/, $log_from), 'comes back, and finishes');
	$node->safe_psql('postgres', 'SET test.quick = 1; SELECT vdb_index_check($$way_l2$$)');
	$node->safe_psql('postgres', 'DROP TABLE way');
	$node->safe_psql('postgres', 'ALTER DATABASE postgres SET ivfkm.maintenance = off');
}

# ----- attempts that fail -----

{
	my $vanished =
		"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'vdb maintenance')";

	for my $after (5, 20, 50, 100, 200)
	{
		vdb_try($node, "SET statement_timeout = $after; SELECT ivfkm_maintain('items_l2')");
		$node->safe_psql('postgres',
			"INSERT INTO items SELECT nextval('items_ids'), v FROM items_spare LIMIT 50");
	}
	vdb_check($node, 'items_l2', 'after attempts that were cancelled');
	ok($node->poll_query_until('postgres', $vanished), 'workers tidy up and leave');
	$node->safe_psql('postgres', 'VACUUM items');
	vdb_check($node, 'items_l2', 'and tidied up');
}

# ----- a database that is dropped while a worker works in it -----

{
	# the expression takes its time in the worker, longer than DROP DATABASE waits
	$node->safe_psql('postgres',
		'CREATE DATABASE gone; ALTER DATABASE gone SET ivfkm.maintenance = on');
	$node->safe_psql('gone', 'CREATE EXTENSION vdb');
	is($node->safe_psql('gone', slow(0.02) . <<'SQL'), 't', 'a worker works in another database');
CREATE TABLE t (id bigint, v vector(8));
CREATE INDEX t_v ON t USING ivfkm ((slow(v)::vector(8)) vector_l2_ops);
INSERT INTO t SELECT i, array_agg(sin(i * j) ORDER BY j)::real[]::vector
	FROM generate_series(1, 3000) i, generate_series(1, 8) j GROUP BY i;
DO $$
BEGIN
	FOR i IN 1 .. 6000 LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN EXISTS (SELECT FROM pg_stat_activity
			WHERE backend_type = 'vdb maintenance' AND datname = current_database());
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
SELECT EXISTS (SELECT FROM pg_stat_activity
	WHERE backend_type = 'vdb maintenance' AND datname = current_database());
SQL
	my $result = vdb_try($node, 'DROP DATABASE gone');
	ok($result->{ok}, 'DROP DATABASE waits for no worker') or diag($result->{error});
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
