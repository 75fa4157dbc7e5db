# What can wait until no more rows come, waits: making the file shorter, as they will take what is
# free, and measuring the budgets of a small index again.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
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

# more than half as many rows again, in the same places: all lists are made anew
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
	my $region = first_of(qr/region of index/, @lines);
	my $moved = first_of($shorter, @lines);

	cmp_ok($region, '>=', 0, 'lists are split');
	cmp_ok($region, '<', $rest, 'while rows may be coming');
	cmp_ok($moved, '>', $rest, 'the file is made shorter when none have come for a while');
	is( $node->safe_psql(
			'postgres', "SELECT bytes_unused <= bytes_total / 4 FROM ivfkm_info('loaded_l2')"),
		't', 'and has not much room left');
	vdb_check($node, 'loaded_l2', 'a loaded index');
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

	cmp_ok(first_of(qr/region of index/, @lines), '>=', 0, 'a list is split');
	is(first_of(qr/calibrated index .* for /, grep { !/at rest/ } @lines),
		-1, 'budgets are not measured again for one region');
	cmp_ok(first_of(qr/calibrated index .* at rest/, @lines), '>=', 0, 'but at rest');
	vdb_check($node, 'small_l2', 'a small index');
}

$node->stop;
done_testing();
