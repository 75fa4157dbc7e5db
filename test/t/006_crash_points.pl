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
CREATE INDEX t_v ON t USING ivfkm (v, id) WITH (lists = 1, refine_bits = 4);
CREATE FUNCTION vecs(i integer) RETURNS vector[] LANGUAGE sql IMMUTABLE
	AS \$\$ SELECT ARRAY[vec(-i), vec(i), vec(i + 1)] \$\$;
CREATE TABLE s (id integer, v vector(2000)[]);
INSERT INTO s SELECT i, vecs(i) FROM generate_series(1, 48) i;
CREATE INDEX s_v ON s USING ivfkm (v vector_maxsim_ops, id) WITH (lists = 1, refine_bits = 4);});

# Inserts into, or empties a third of, a table with index "$table"_v whose server fails at the
# "arrivals"th time that it comes to the point, and goes on with what is left.
sub crash_at
{
	my ($point, $arrivals, $table, %of) = @_;
	my $value = $of{value};
	my $next = $of{next};
	my $name = "$table, $point";
	my $insert = "INSERT INTO $table SELECT i, $value FROM generate_series";
	my $statement = "$insert($$next, $$next + 39) i";
	my $rows;

	$$next += 100;
	if ($point =~ /bulkdelete/)
	{
		$node->safe_psql('postgres', "DELETE FROM $table WHERE id % 3 = 0");
		$statement = "VACUUM $table";
	}
	$rows = $node->safe_psql('postgres', "SELECT count(*) FROM $table");
	my ($pid) = vdb_read_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my $result = vdb_try($node, "SELECT fail('$point', $arrivals, true); $statement");
	ok(!$result->{ok}, "$name: the server goes down");
	like($result->{error}, qr/stopped at point "$point"|server closed the connection/,
		"$name: there");
	usleep(10_000) while kill(0, $pid);
	$node->kill9;    # it is gone: forget it
	$node->start;
	is($node->safe_psql('postgres', "SELECT count(*) FROM $table"),
		$rows, "$name: the table's rows");
	vdb_check($node, "${table}_v", "$name: the index");
	$node->safe_psql('postgres', "$insert($$next, $$next + 19) i; VACUUM $table");
	$$next += 100;
	$rows += 20;
	is(vdb_check($node, "${table}_v", "$name: the index after more inserts"),
		$rows * $of{entries}, "$name: all entries");
	vdb_same_rows($node, $table, $of{op}, $of{query}, "$name: the order");
}

my $next = 1000;

crash_at(
	$_, 1, 't',
	value => 'vec(i)',
	entries => 1,
	next => \$next,
	op => '<->',
	query => 'vec(0)')
  for qw(insert-descended insert-summarised insert-refined insert-hint
  append-unlinked refine-append-unlinked bulkdelete-group bulkdelete-hint);

# between the entries of one row
crash_at(
	$_, 2, 's',
	value => 'vecs(i)',
	entries => 3,
	next => \$next,
	op => '@#',
	query => 'ARRAY[vec(2), vec(-1)]')
  for qw(insert-descended insert-refined append-unlinked bulkdelete-group);

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
