# What can wait until no more rows come, waits: splitting lists that are not very long, making the
# file shorter, as they will take what is free, and measuring the budgets of a small index again.
# A worker stays for it.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Vdb::Test;

my $node = vdb_node('main',
	conf => "autovacuum = off\nlog_min_messages = debug1\nivfkm.maintenance = on\n");
$node->start;
vdb_create($node);

my $vanished =
	"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'vdb maintenance')";

# Waits until workers have left the index, and returns what they have logged of it since.
sub maintained
{
	my ($index, $log_from) = @_;

	ok($node->wait_for_log(qr/index "$index" is at rest/, $log_from), "$index comes to rest");
	ok($node->poll_query_until('postgres', $vanished), 'workers leave');
	return grep { /index "$index"/ } split /\n/, slurp_file($node->logfile, $log_from);
}

# The number of the first line that matches, or -1.
sub first_of
{
	my ($pattern, @lines) = @_;
	my ($number) = grep { $lines[$_] =~ $pattern } 0 .. $#lines;

	return $number // -1;
}

my $shorter = qr/moved \d+ lists to the front|renewed .* for space/;

# 300 rows around each of some places
$node->safe_psql(
	'postgres', <<'SQL');
CREATE FUNCTION around(id bigint, place bigint) RETURNS vector LANGUAGE sql AS $$
	SELECT array_agg(3 * sin(hashint8(place * 64 + j))
		+ 0.7 * sin(hashint8(1000000 + id * 64 + j)) ORDER BY j)::real[]::vector
	FROM generate_series(1, 32) j $$;
SQL

# more than half as many rows again, in the same places: no list gets very long
{
	$node->safe_psql(
		'postgres', <<'SQL');
CREATE TABLE loaded (id bigint, v vector(32));
INSERT INTO loaded SELECT i, around(i, i % 10) FROM generate_series(1, 3000) i;
CREATE INDEX loaded_l2 ON loaded USING ivfkm (v);
SQL
	my $log_from = -s $node->logfile;
	$node->safe_psql('postgres',
		'INSERT INTO loaded SELECT i, around(i, i % 10) FROM generate_series(3001, 7500) i');
	my @lines = maintained('loaded_l2', $log_from);
	my $rest = first_of(qr/is at rest/, @lines);
	my $moved = first_of($shorter, @lines);
	my @after = @lines[$rest + 1 .. $#lines];

	cmp_ok(first_of(qr/region of index|renewed index .* for misplaced/, @after),
		'>=', 0, 'lists are split when none have come for a while');
	ok($moved < 0 || $moved > $rest, 'and the file is made shorter');
	is( $node->safe_psql(
			'postgres', "SELECT bytes_unused <= bytes_total / 4 FROM ivfkm_info('loaded_l2')"),
		't', 'it has not much room left');
	cmp_ok($node->safe_psql('postgres', "SELECT largest_list FROM ivfkm_condition('loaded_l2')"),
		'<=', 768, 'nor long lists');
	vdb_check($node, 'loaded_l2', 'a loaded index');
}

# some rows more each moment: no worker is asked for, the one that was stays until none come
{
	$node->safe_psql(
		'postgres', <<'SQL');
CREATE TABLE slowly (id bigint, v vector(32));
INSERT INTO slowly SELECT i, around(i, i % 10) FROM generate_series(1, 3000) i;
CREATE INDEX slowly_l2 ON slowly USING ivfkm (v);
SQL
	my $log_from = -s $node->logfile;
	$node->safe_psql('postgres',
		'INSERT INTO slowly SELECT i, around(i, i % 10) FROM generate_series(3001, 7500) i');
	for my $step (0 .. 7)
	{
		$node->safe_psql('postgres', 'INSERT INTO slowly SELECT i, around(i, i % 10) '
				. "FROM generate_series(7501 + 100 * $step, 7600 + 100 * $step) i");
		usleep(500_000);
	}
	my @lines = maintained('slowly_l2', $log_from);

	cmp_ok(first_of(qr/calibrated index .* at rest|renewed .* for misplaced/, @lines),
		'>=', 0, 'budgets are measured at rest');
	vdb_check($node, 'slowly_l2', 'an index that was loaded slowly');
}

# eight times the rows: renewed at once, measured with all queries at rest
{
	$node->safe_psql(
		'postgres', <<'SQL');
CREATE TABLE large (id bigint, v vector(32));
INSERT INTO large SELECT i, around(i, i % 10) FROM generate_series(1, 2000) i;
CREATE INDEX large_l2 ON large USING ivfkm (v);
SQL
	my $log_from = -s $node->logfile;
	$node->safe_psql('postgres',
		'INSERT INTO large SELECT i, around(i, i % 10) FROM generate_series(2001, 17000) i');
	my @lines = maintained('large_l2', $log_from);
	my $rest = first_of(qr/is at rest/, @lines);
	my $renewed = first_of(qr/renewed index "large_l2": /, @lines);

	cmp_ok($renewed, '>=', 0, 'the tree is renewed');
	cmp_ok($renewed, '<', $rest, 'while rows may be coming');
	cmp_ok(first_of(qr/calibrated index .* at rest/, @lines), '>', $rest,
		'budgets are measured with all queries at rest');
	vdb_check($node, 'large_l2', 'an index of eight times the rows');
}

# one place gets more rows: the region for it is most of the index
{
	$node->safe_psql(
		'postgres', <<'SQL');
CREATE TABLE small (id bigint, v vector(32));
INSERT INTO small SELECT i, around(i, i % 10) FROM generate_series(1, 3000) i;
CREATE INDEX small_l2 ON small USING ivfkm (v);
SQL
	my $log_from = -s $node->logfile;
	$node->safe_psql('postgres',
		'INSERT INTO small SELECT i, around(i, 3) FROM generate_series(3001, 4400) i');
	my @lines = maintained('small_l2', $log_from);

	my $region = first_of(qr/region of index/, @lines);

	cmp_ok($region, '>=', 0, 'a list is split');
	cmp_ok($region, '<', first_of(qr/is at rest/, @lines), 'as it is very long');
	is(first_of(qr/calibrated index .* for /, grep { !/at rest/ } @lines),
		-1, 'budgets are not measured again for one region');
	cmp_ok(first_of(qr/calibrated index .* at rest/, @lines), '>=', 0, 'but at rest');
	vdb_check($node, 'small_l2', 'a small index');
}

$node->stop;
done_testing();
