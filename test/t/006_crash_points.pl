# The server goes down half way through an insert or VACUUM, at each point where what it has
# logged is not reachable yet: what is left is a whole index, which goes on to be used.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Vdb::Test;

my $node = vdb_node('main', conf => "restart_after_crash = off\nfsync = off\n");
$node->start;
vdb_create($node);
my $module = vdb_test_module();

# Groups hold 16 rows of 2,000 dimensions, refine pages 7 records.
$node->safe_psql(
	'postgres', qq{
CREATE FUNCTION fail(point text, arrivals integer, panic boolean)
	RETURNS void AS '$module', 'test_vdb_fail' LANGUAGE C STRICT;
CREATE FUNCTION vec(i integer) RETURNS vector LANGUAGE sql IMMUTABLE
	AS \$\$ SELECT array_prepend(i::real, array_fill(0::real, ARRAY[1999]))::vector \$\$;
CREATE TABLE t (id integer, v vector(2000));
INSERT INTO t SELECT i, vec(i) FROM generate_series(1, 48) i;
CREATE INDEX t_v ON t USING ivfkm (v, id) WITH (lists = 1, refine_bits = 4);});

my $rows = 48;
my $next = 1000;
for my $point ('insert-descended', 'insert-summarised', 'insert-refined', 'insert-hint',
	'append-unlinked', 'refine-append-unlinked',
	'bulkdelete-group', 'bulkdelete-hint')
{
	my $statement = "INSERT INTO t SELECT i, vec(i) FROM generate_series($next, $next + 39) i";

	$next += 100;
	if ($point =~ /bulkdelete/)
	{
		$rows -= $node->safe_psql('postgres',
			'WITH d AS (DELETE FROM t WHERE id % 3 = 0 RETURNING 1) SELECT count(*) FROM d');
		$statement = 'VACUUM t';
	}
	my ($pid) = vdb_read_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my $result = vdb_try($node, "SELECT fail('$point', 1, true); $statement");
	ok(!$result->{ok}, "$point: the server goes down");
	like($result->{error}, qr/stopped at point "$point"|server closed the connection/,
		"$point: there");
	usleep(10_000) while kill(0, $pid);
	$node->kill9;    # it is gone: forget it
	$node->start;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM t'), $rows, "$point: the table's rows");
	vdb_check($node, 't_v', "$point: the index");
	$node->safe_psql('postgres',
		"INSERT INTO t SELECT i, vec(i) FROM generate_series($next, $next + 19) i; VACUUM t");
	$next += 100;
	$rows += 20;
	is(vdb_check($node, 't_v', "$point: the index after more inserts"), $rows,
		"$point: all entries");
	vdb_same_rows($node, 't', '<->', 'vec(0)', "$point: the order");
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
