# Rows that go and come back find the lists that they were in; an index that has grown and come to
# rest is measured again; many sessions that ask for a worker do not get one each; and rows of a
# long transaction, at which one has looked in vain, are not forgotten.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Vdb::Test;

my $node = vdb_node('main', conf => "autovacuum = off\nmax_worker_processes = 12\n");
$node->start;
vdb_create($node);

# 15 places, each with 10 clusters of 40 rows
$node->safe_psql(
	'postgres', <<'SQL');
CREATE FUNCTION place(id bigint, cluster bigint) RETURNS vector LANGUAGE sql AS $$
	SELECT array_agg(4 * sin(hashint8(cluster % 15 * 64 + j)) + sin(hashint8(cluster * 64 + j))
		+ 0.5 * sin(hashint8(1000000 + id * 64 + j)) ORDER BY j)::real[]::vector
	FROM generate_series(1, 48) j $$;
CREATE TABLE clusters (id bigint, v vector(48));
INSERT INTO clusters SELECT i, place(i, i % 150) FROM generate_series(1, 6000) i;
CREATE TABLE part AS SELECT * FROM clusters WHERE id % 15 < 2;
CREATE INDEX clusters_l2 ON clusters USING ivfkm (v) WITH (maintenance = off);
SQL

my $found = <<'SQL';
SET enable_seqscan = off; SET ivfkm.probes = 1;
SELECT count(*) FROM (SELECT * FROM part WHERE id % 8 = 0) q,
	LATERAL (SELECT id FROM clusters c ORDER BY c.v <-> q.v LIMIT 10) c
	WHERE c.id % 150 = q.id % 150;
SQL
my $lists = "SELECT count(*) FILTER (WHERE rows < 64), string_agg(list::text, ' ' ORDER BY list)"
  . " FROM ivfkm_lists('clusters_l2')";
my $maintain = "SELECT ivfkm_maintain('clusters_l2', false)";
my $queries = $node->safe_psql('postgres', 'SELECT count(*) FROM part WHERE id % 8 = 0');
my $built = $node->safe_psql('postgres', $found);
cmp_ok($built, '>=', 7 * $queries, 'one list has most rows of a cluster');

my ($few_before, $before) = split /\|/, $node->safe_psql('postgres', $lists);
$node->safe_psql('postgres', 'DELETE FROM clusters WHERE id IN (SELECT id FROM part)');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) clusters');
$node->safe_psql('postgres', $maintain);
my ($few, $kept) = split /\|/, $node->safe_psql('postgres', $lists);
cmp_ok($few, '>', $few_before, 'there are lists without rows');
is($kept, $before, 'they stay where they are');
$node->safe_psql('postgres', 'INSERT INTO clusters SELECT * FROM part');
$node->safe_psql('postgres', $maintain);
my $again = $node->safe_psql('postgres', $found);
cmp_ok($again, '>=', 0.98 * $built, "rows that came back are found: $again, at first $built");
vdb_check($node, 'clusters_l2', 'refilled');

# lists that were long, with rows that no centroid tells apart, give back their pages
$node->safe_psql(
	'postgres', <<'SQL');
INSERT INTO clusters SELECT 10000 + i, place(1, 1) FROM generate_series(1, 3000) i;
REINDEX INDEX clusters_l2;
SQL
my $longest = <<'SQL';
SELECT list, pages FROM ivfkm_lists('clusters_l2') ORDER BY pages DESC, list LIMIT 1
SQL
my ($long, $pages) = split /\|/, $node->safe_psql('postgres', $longest);
my $most = $node->safe_psql('postgres', "SELECT count(*) FROM ivfkm_lists('clusters_l2')");
$node->safe_psql('postgres', 'DELETE FROM clusters WHERE id > 10010');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) clusters');
$node->safe_psql('postgres', $maintain);
my ($other, $left) = split /\|/, $node->safe_psql('postgres', $longest);
cmp_ok($left, '<', $pages / 4, "emptied groups are given back: $pages, $left");
is($node->safe_psql('postgres', "SELECT count(*) FROM ivfkm_lists('clusters_l2')"),
	$most, 'and there are as many lists');
vdb_check($node, 'clusters_l2', 'shrunk');
vdb_same_rows($node, 'clusters', '<->', 'place(7, 7)', 'shrunk');

# where a quarter of the lists has lost its rows, there are fewer afterwards
$node->safe_psql('postgres', 'REINDEX INDEX clusters_l2');
$most = $node->safe_psql('postgres', "SELECT count(*) FROM ivfkm_lists('clusters_l2')");
$node->safe_psql(
	'postgres', <<'SQL');
DELETE FROM clusters WHERE id % 15 < 7;
SQL
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) clusters');
$node->safe_psql('postgres', $maintain);
$left = $node->safe_psql('postgres', "SELECT count(*) FROM ivfkm_lists('clusters_l2')");
cmp_ok($left, '<', $most, "many lists without rows are merged: $most, $left");
vdb_check($node, 'clusters_l2', 'merged');
vdb_same_rows($node, 'clusters', '<->', 'place(7, 7)', 'merged');

# rows that come while all is made anew are no part of what was planned: a worker sees to them
{
	my $module = vdb_test_module();

	$node->safe_psql(
		'postgres', <<"SQL");
CREATE FUNCTION stop(point text, arrivals integer, key bigint)
	RETURNS void AS '$module', 'test_vdb_stop' LANGUAGE C STRICT;
ALTER DATABASE postgres SET ivfkm.maintenance = on;
ALTER INDEX clusters_l2 SET (maintenance = on);
SQL
	my $holder = vdb_background($node, 'SELECT pg_advisory_lock(1); SELECT pg_sleep(600);');
	my $maintainer = vdb_background(
		$node, "SELECT stop('renew-assigned', 1, 1); SELECT late FROM ivfkm_maintain('clusters_l2');
			SELECT max(rows) FROM ivfkm_lists('clusters_l2')");
	ok( $node->poll_query_until(
			'postgres',
			"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'advisory')"),
		'a renewal waits');
	$node->safe_psql(
		'postgres', 'INSERT INTO clusters SELECT i, place(i, 9)
			FROM generate_series(20001, 21500) i');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($holder->{pid})");
	vdb_finish($holder);
	my $result = vdb_finish($maintainer);
	my ($late, $largest) = $result->{out} =~ /(\d+)\n(\d+)$/;
	is($late, 1500, 'rows come late') or diag($result->{error});
	cmp_ok($largest, '>=', 1000, 'into one list');
	ok( $node->poll_query_until(
			'postgres', "SELECT largest_list < 1000 FROM ivfkm_condition('clusters_l2')"),
		'their list is split');
	vdb_check($node, 'clusters_l2', 'late rows');
}

# at rest: not half more rows is less than what a worker measures for under way
$node->safe_psql(
	'postgres', <<'SQL');
TRUNCATE clusters;
INSERT INTO clusters SELECT i, place(i, i % 150) FROM generate_series(1, 6000) i;
REINDEX INDEX clusters_l2;
INSERT INTO clusters SELECT i, place(i, i % 150) FROM generate_series(6001, 8900) i;
SQL
ok( $node->poll_query_until(
		'postgres', "SELECT calibrated_at IS NOT NULL FROM ivfkm_condition('clusters_l2')"),
	'an index at rest is measured again');
vdb_check($node, 'clusters_l2', 'measured');

# while a worker cannot begin, one more may wait with it, however many sessions ask
{
	my $workers =
	  "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'vdb maintenance'";

	ok($node->poll_query_until('postgres', $workers, '0'), 'no worker is there');
	my $holder = vdb_background($node,
		'BEGIN; LOCK TABLE clusters IN SHARE UPDATE EXCLUSIVE MODE; SELECT pg_sleep(600);');
	foreach my $session (1 .. 6)
	{
		$node->safe_psql(
			'postgres', "INSERT INTO clusters SELECT $session * 100000 + i, place(i, 9)
				FROM generate_series(1, 2000) i");
	}
	my $seen = 0;
	foreach (1 .. 100)    # less than the minute for which a worker waits
	{
		$seen = $node->safe_psql('postgres', $workers);
		last if $seen >= 1 && $seen <= 2;
		usleep(100_000);
	}
	ok($seen >= 1 && $seen <= 2, "six sessions have asked, there are $seen workers");
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($holder->{pid})");
	vdb_finish($holder);
	ok( $node->poll_query_until(
			'postgres', "SELECT largest_list < 3000 FROM ivfkm_condition('clusters_l2')"),
		'they see to the rows of all');
	vdb_check($node, 'clusters_l2', 'six sessions');
}

# a worker looks at what a long transaction has inserted before that ends; either way
vdb_make_table($node, 'source', rows => 20000, dims => 8);
foreach my $end (qw(COMMIT ROLLBACK))
{
	my $table = lc("long_$end");
	my $index = "${table}_l2";
	my $workers =
	  "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'vdb maintenance'";
	my $condition = "FROM ivfkm_condition('$index')";
	my $small = 0;
	my $seen = 'f';

	$node->safe_psql(
		'postgres', <<"SQL");
CREATE TABLE $table AS SELECT id, v FROM source WHERE id <= 1000;
CREATE INDEX $index ON $table USING ivfkm (v);
SQL
	ok($node->poll_query_until('postgres', $workers, 'f'), "$end: no worker is there");
	my $session = $node->background_psql('postgres', on_error_stop => 1);
	$session->query_safe("BEGIN; INSERT INTO $table SELECT 100000 + id, v FROM source");
	# what others commit makes it look
	while ($seen eq 'f' && $small++ < 100)
	{
		$node->safe_psql('postgres',
			"INSERT INTO $table SELECT $small * 1000000 + id, v FROM source WHERE id <= 20");
		$seen = $node->safe_psql('postgres', $workers);
	}
	is($seen, 't', "$end: a worker looks");
	ok($node->poll_query_until('postgres', $workers, 'f'), "$end: and leaves");
	cmp_ok($node->safe_psql('postgres', "SELECT lists $condition"),
		'<', 10, "$end: rows that nobody can see call for nothing yet");
	$session->query_safe($end);
	$session->quit;
	if ($end eq 'ROLLBACK')
	{
		$node->safe_psql('postgres', "VACUUM (INDEX_CLEANUP ON) $table");
		ok( $node->poll_query_until(
				'postgres', "SELECT wants IS NULL AND rows < 10000 $condition"),
			"$end: nothing is left to do when the rows are removed");
	}
	else
	{
		ok($node->poll_query_until('postgres', "SELECT lists > 20 $condition"),
			"$end: the rows get their lists");
	}
	ok($node->poll_query_until('postgres', $workers, 'f'), "$end: no worker stays");
	vdb_check($node, $index, $end);
	vdb_same_rows($node, $table, '<->', vdb_vector(7, 8), $end);
}

$node->stop;
done_testing();
