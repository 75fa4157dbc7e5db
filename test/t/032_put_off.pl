# Maintenance that has to wait or that fails: what called for it stays counted, and is done later.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main', conf => "log_min_messages = debug1\nivfkm.maintenance = on\n");
$node->start;
vdb_create($node);

my $vanished =
	"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'vdb maintenance')";

# What an index wants next, as ivfkm_condition() says.
sub wants
{
	my ($index) = @_;

	return $node->safe_psql('postgres', "SELECT wants FROM ivfkm_condition('$index')");
}

# Runs SQL with maintenance off, and turns it on for what comes then.
sub unmaintained
{
	my ($index, @sql) = @_;

	$node->safe_psql('postgres', $_)
	  for ("ALTER INDEX $index SET (maintenance = off)",
		@sql, "ALTER INDEX $index SET (maintenance = on)");
	return;
}

# ----- a transaction keeps too much of the file -----

{
	vdb_make_table($node, 'kept', rows => 4000, dims => 32);
	$node->safe_psql('postgres', 'CREATE INDEX kept_l2 ON kept USING ivfkm (v)');
	my $session = $node->background_psql('postgres', on_error_stop => 1);
	$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM kept');
	# renewals retire blocks that the transaction may read
	unmaintained('kept_l2', ("SELECT ivfkm_maintain('kept_l2')") x 3);
	my $log_from = -s $node->logfile;
	$node->safe_psql('postgres',
		'INSERT INTO kept SELECT id + 10000 * n, v FROM kept, generate_series(1, 2) n');
	ok( $node->wait_for_log(
			qr/maintenance of index "kept_l2" waits: a transaction keeps too much/, $log_from),
		'a worker does not make lists anew while a transaction keeps much of the file');
	like(slurp_file($node->logfile, $log_from),
		qr/calibrated index "kept_l2"/, 'but measures budgets again');
	is(wants('kept_l2'), 'renewal', 'rows that have come stay counted');
	$session->query_safe('COMMIT');
	$session->quit;
	ok($node->poll_query_until('postgres', "SELECT lists > 32 FROM ivfkm_info('kept_l2')"),
		'when the transaction has ended, the worker makes the lists anew');
	ok($node->poll_query_until('postgres', $vanished), 'and leaves');
	is(wants('kept_l2'), '', 'nothing is left to do');
	vdb_check($node, 'kept_l2', 'kept_l2');
	vdb_same_rows($node, 'kept', '<->', vdb_vector(7, 32), 'kept_l2');
	$node->safe_psql('postgres', 'DROP TABLE kept');
}

# ----- attempts that fail -----

# regions of an index that has doubled, and a renewal of one that is four times as large
for my $grown (3000, 9000)
{
	my $index = "faulty_${grown}_l2";
	my $table = "faulty_$grown";
	my $insert = sub {
		my ($rows) = @_;

		$node->safe_psql('postgres',
			"SET test.sound = 'yes'; INSERT INTO $table SELECT * FROM other_rows LIMIT $rows");
	};

	vdb_make_table($node, 'other_rows', rows => 9000, dims => 32);
	$node->safe_psql('postgres', <<"SQL");
SET test.sound = 'yes';
CREATE OR REPLACE FUNCTION faulty(v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS \$\$
BEGIN
	IF current_setting('test.sound', true) IS NULL THEN
		RAISE 'a faulty expression';
	END IF;
	RETURN v;
END \$\$;
CREATE TABLE $table (id bigint, v vector(32));
INSERT INTO $table SELECT * FROM other_rows LIMIT 2000;
CREATE INDEX $index ON $table USING ivfkm ((faulty(v)::vector(32)) vector_l2_ops)
	WITH (maintenance = on);
SQL
	my $log_from = -s $node->logfile;
	$insert->($grown);
	ok($node->wait_for_log(qr/a faulty expression/, $log_from), "$grown more rows: a try fails");
	ok($node->poll_query_until('postgres', $vanished), 'the worker leaves');
	is(wants($index), '', 'the next try is put off');
	$log_from = -s $node->logfile;
	$insert->(10);
	is(wants($index), '', 'by few rows more, too');
	ok($node->poll_query_until('postgres', $vanished), 'no worker is there');
	unlike(slurp_file($node->logfile, $log_from), qr/a faulty expression/, 'none has tried');
	$insert->(1000 + $grown / 2);
	ok($node->wait_for_log(qr/a faulty expression/, $log_from), 'by many, one does');
	ok($node->poll_query_until('postgres', $vanished), 'and leaves, too');

	$node->safe_psql('postgres', <<'SQL');
CREATE OR REPLACE FUNCTION faulty(v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE
	AS 'BEGIN RETURN v; END';
SQL
	$insert->(9000);
	my $rows = $node->safe_psql('postgres', "SELECT count(*) FROM $table");
	my $counted = "SELECT rows_counted = %d FROM ivfkm_condition('$index')";
	ok($node->poll_query_until('postgres', sprintf($counted, $rows)),
		'it is worked on when the fault has gone');
	$insert->(2500);
	ok($node->poll_query_until('postgres', sprintf($counted, $rows + 2500)),
		'and the tries after that are not put off');
	ok($node->poll_query_until('postgres', $vanished), 'the last worker leaves');
	vdb_check($node, $index, $index);
	$node->safe_psql('postgres', "DROP TABLE $table, other_rows");
}

# ----- rows in few blocks of the table -----

# wherever these are
for my $first (500, 2000, 4500, 6200)
{
	my $last = $first + 30;

	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE sparse (id bigint, pad text, v vector(8));
INSERT INTO sparse SELECT i, repeat('x', 400),
	array_agg(sin(i * j) ORDER BY j)::real[]::vector
	FROM generate_series(1, 6400) i, generate_series(1, 8) j GROUP BY i ORDER BY i;
CREATE INDEX sparse_l2 ON sparse USING ivfkm (v);
SQL
	unmaintained('sparse_l2', "DELETE FROM sparse WHERE id NOT BETWEEN $first AND $last");
	my $log_from = -s $node->logfile;
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) sparse');
	ok($node->wait_for_log(qr/renewed index "sparse_l2": 31 rows/, $log_from),
		"rows $first to $last are left: the worker sees that they are there");
	ok($node->poll_query_until('postgres', $vanished), 'and leaves');
	vdb_check($node, 'sparse_l2', 'sparse_l2');
	$node->safe_psql('postgres', 'DROP TABLE sparse');
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
