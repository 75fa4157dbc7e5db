# Rows of other kinds than those that lists were trained with, in slots that VACUUM has freed: their
# lists do not grow, but are made anew.  Rows that are written again as they were change nothing.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main', conf => "autovacuum = off\n");
$node->start;
vdb_create($node);

# 150 clusters of 40 rows, as far from each other as from the origin
$node->safe_psql(
	'postgres', <<'SQL');
CREATE FUNCTION place(id bigint, cluster bigint) RETURNS vector LANGUAGE sql AS $$
	SELECT array_agg(3 * sin(hashint8(cluster * 64 + j))
		+ 0.7 * sin(hashint8(1000000 + id * 64 + j)) ORDER BY j)::real[]::vector
	FROM generate_series(1, 48) j $$;
CREATE TABLE kinds (id bigint, other integer, v vector(48));
INSERT INTO kinds SELECT i, 0, place(i, i % 150) FROM generate_series(1, 6000) i;
CREATE INDEX kinds_other ON kinds (other);
CREATE INDEX kinds_l2 ON kinds USING ivfkm (v) WITH (maintenance = off);
SQL

my $maintain = "SELECT lists FROM ivfkm_maintain('kinds_l2', false)";

# with another index on what is updated, every update writes to this one, too; whole clusters, of
# which one may be the farthest of its list
foreach my $round (0 .. 2)
{
	$node->safe_psql('postgres', "UPDATE kinds SET other = $round + 1 WHERE id % 10 = $round");
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) kinds');
}
is($node->safe_psql('postgres', $maintain), 0, 'rows written again call for nothing');

# nor do as many as there are, whether or not the statement says that vectors stay as they are,
# though a third of the rows replaced by others makes all lists anew
$node->safe_psql(
	'postgres', <<'SQL');
CREATE TABLE again AS TABLE kinds;
CREATE INDEX again_other ON again (other);
CREATE INDEX again_l2 ON again USING ivfkm (v) WITH (maintenance = off);
SQL
foreach my $part (0 .. 9)
{
	$node->safe_psql('postgres', "UPDATE again SET other = 10 WHERE id % 10 = $part");
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) again');
}
is($node->safe_psql('postgres', "SELECT lists FROM ivfkm_maintain('again_l2', false)"),
	0, 'all rows written again call for nothing');
my $half = sub {
	my ($part, $v) = @_;

	$node->safe_psql('postgres', "UPDATE again SET v = $v, other = 11 WHERE id / 150 % 2 = $part");
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) again');
	return $node->safe_psql('postgres', "SELECT lists FROM ivfkm_maintain('again_l2', false)");
};
cmp_ok($half->(0, 'v'), '<', 8, 'nor do half of them with vectors that are set');
cmp_ok($half->(1, 'v'), '<', 8, 'nor the other half');
cmp_ok($half->(0, 'place(id + 50000, abs(hashint8(id)) % 100)'),
	'>', 16, 'but half of them with others do');
vdb_check($node, 'again_l2', 'again');
$node->safe_psql('postgres', 'DROP TABLE again');

# rows of a minority, after regions for many others, are in the lists that are nearest to them
$node->safe_psql(
	'postgres', <<'SQL');
CREATE TABLE grown (id bigint, v vector(48));
INSERT INTO grown SELECT i, place(i, i % 300) FROM generate_series(1, 6000) i;
CREATE INDEX grown_l2 ON grown USING ivfkm (v) WITH (maintenance = off);
INSERT INTO grown SELECT i, place(i, 1000 + i % 100) FROM generate_series(10001, 18000) i;
SELECT FROM ivfkm_maintain('grown_l2', false);
SQL
is( $node->safe_psql('postgres', <<'SQL'), 0, 'no row is in another list than its nearest');
SET enable_seqscan = off; SET ivfkm.probes = 1; SET ivfkm.iterative_scan = off;
SELECT count(*) FROM grown q WHERE id <= 6000 AND id % 6 = 0
	AND id <> (SELECT id FROM grown g ORDER BY g.v <-> q.v LIMIT 1);
SQL
vdb_check($node, 'grown_l2', 'grown');
$node->safe_psql('postgres', 'DROP TABLE grown');

# a tenth of the clusters goes, twice as many others come, with half of the rows each
$node->safe_psql('postgres', 'REINDEX INDEX kinds_l2');
$node->safe_psql('postgres', 'DELETE FROM kinds WHERE id % 150 < 15');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) kinds');
is($node->safe_psql('postgres', $maintain), 0, 'rows that go, neither');
$node->safe_psql(
	'postgres', <<'SQL');
INSERT INTO kinds SELECT 10000 + i, 0, place(10000 + i, 1000 + i % 30)
	FROM generate_series(1, 600) i;
SQL
my $found = <<'SQL';
SET enable_seqscan = off; SET ivfkm.probes = 1;
SELECT count(*) FROM (SELECT id, place(id + 20000, 1000 + (id - 10000) % 30) AS v
		FROM generate_series(10001, 10150) id) q,
	LATERAL (SELECT id FROM kinds ORDER BY kinds.v <-> q.v LIMIT 10) k
	WHERE k.id > 10000 AND (k.id - 10000) % 30 = (q.id - 10000) % 30;
SQL
my $before = $node->safe_psql('postgres', $found);
cmp_ok($node->safe_psql('postgres', $maintain), '>', 0, 'rows of other clusters do');
my $after = $node->safe_psql('postgres', $found);
vdb_check($node, 'kinds_l2', 'strays');
vdb_same_rows($node, 'kinds', '<->', 'place(7, 1007)', 'strays');
$node->safe_psql('postgres', "SELECT ivfkm_maintain('kinds_l2')");
my $fresh = $node->safe_psql('postgres', $found);
cmp_ok($after, '>=', 0.97 * $fresh,
	"new rows are found in one list: $after; $before before, $fresh in a fresh index");

# one of 12 places gets many strays, 8 others get 4: the region is of all nine, not of four lists
$node->safe_psql(
	'postgres', <<'SQL');
CREATE FUNCTION around(id bigint, place bigint, spread real) RETURNS vector LANGUAGE sql AS $$
	SELECT array_agg(3 * sin(hashint8(place * 64 + j))
		+ spread * sin(hashint8(1000000 + id * 64 + j)) ORDER BY j)::real[]::vector
	FROM generate_series(1, 48) j $$;
CREATE TABLE few (id bigint, v vector(48));
INSERT INTO few SELECT i, around(i, i % 12, 0.7) FROM generate_series(1, 3000) i;
CREATE INDEX few_l2 ON few USING ivfkm (v) WITH (maintenance = off);
INSERT INTO few SELECT i, around(i, 0, 1.5) FROM generate_series(10001, 10060) i;
INSERT INTO few SELECT i, around(i, 1 + i % 8, 1.5) FROM generate_series(20001, 20032) i;
SQL
cmp_ok($node->safe_psql('postgres', "SELECT rows FROM ivfkm_maintain('few_l2', false)"),
	'>', 2000, 'lists with few strays are made anew with one that has many');
vdb_check($node, 'few_l2', 'few strays');

$node->stop;
done_testing();
