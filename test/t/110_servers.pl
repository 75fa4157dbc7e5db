# A table on three servers: postgres_fdw sends each of them the order by distance, their indexes
# answer, and what comes together is what one server with all rows would answer.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my ($shards, $rows, $dims) = (3, 3000, 24);

my $node = vdb_node('coordinator');
$node->start;
plan skip_all => 'this server has no postgres_fdw'
  if $node->safe_psql('postgres',
	"SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") eq '0';
vdb_create($node);
$node->safe_psql(
	'postgres', qq{
CREATE EXTENSION postgres_fdw;
CREATE TABLE items (id bigint, v vector($dims)) PARTITION BY HASH (id);
CREATE TABLE local (id bigint PRIMARY KEY, v vector($dims));});
vdb_make_queries($node, 'queries', rows => 20, dims => $dims);

# The other ends avoid sorts, as sql/docs/growing.md says: to sort all of their rows would seem
# dearer there than to fetch them.
# Each server has a third of the rows; one row in ten has no vector, in the local copy too.
my @servers;
for my $shard (0 .. $shards - 1)
{
	my $server = vdb_node("shard$shard");
	my ($host, $port) = ($server->host, $server->port);
	my $first = 1 + $shard * $rows;
	my $last = $first + $rows - 1;
	my $vector = "CASE WHEN id % 10 <> 0 THEN " . vdb_vector('id', $dims) . ' END';

	$server->start;
	vdb_create($server);
	$server->safe_psql(
		'postgres', qq{
CREATE TABLE items (id bigint PRIMARY KEY, v vector($dims));
INSERT INTO items SELECT id, $vector FROM generate_series($first, $last) id;});
	$server->safe_psql('postgres',
		"CREATE INDEX items_$_->{name} ON items USING ivfkm (v $_->{opclass})")
	  for @vdb_metrics;
	$server->safe_psql('postgres', 'ANALYZE items');
	$node->safe_psql(
		'postgres', qq{
CREATE SERVER shard$shard FOREIGN DATA WRAPPER postgres_fdw
	OPTIONS (host '$host', port '$port', dbname 'postgres', extensions 'vdb',
		options '-c enable_sort=off');
CREATE USER MAPPING FOR CURRENT_USER SERVER shard$shard;
CREATE FOREIGN TABLE items_$shard PARTITION OF items
	FOR VALUES WITH (MODULUS $shards, REMAINDER $shard)
	SERVER shard$shard OPTIONS (table_name 'items', use_remote_estimate 'true');
INSERT INTO local SELECT id, $vector FROM generate_series($first, $last) id;});
	push @servers, $server;
}

# one that may sort, for a search of this server alone
$node->safe_psql(
	'postgres', qq{
CREATE SERVER alone FOREIGN DATA WRAPPER postgres_fdw
	OPTIONS (host '@{[$servers[0]->host]}', port '@{[$servers[0]->port]}', dbname 'postgres',
		extensions 'vdb');
CREATE USER MAPPING FOR CURRENT_USER SERVER alone;
CREATE FOREIGN TABLE alone (id bigint, v vector($dims))
	SERVER alone OPTIONS (table_name 'items', use_remote_estimate 'true');});
my $total = $shards * $rows;

for my $metric (@vdb_metrics)
{
	my ($name, $op) = @$metric{qw(name op)};
	my $query = vdb_vector(1000000001, $dims);
	my $plan = $node->safe_psql('postgres',
		"EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM items ORDER BY v $op $query LIMIT 10");

	like(
		$plan, qr/Merge Append.*(?:Remote SQL: SELECT [^\n]* ORDER BY \(v OPERATOR.*){$shards}/s,
		"$name: each server is asked in order of distance");
	like(
		$node->safe_psql('postgres',
			"EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM alone ORDER BY v $op $query LIMIT 10"),
		qr/Remote SQL: SELECT [^\n]* ORDER BY [^\n]* LIMIT 10/,
		"$name: and one alone is told the limit");
	like(
		$servers[0]->safe_psql('postgres',
			"EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY v $op $query LIMIT 10"),
		qr/Index Scan using items_$name/,
		"$name: where the index answers");

	# by distance, as rows of equal distance count alike
	my ($recall, $fewest) = split /\|/, $node->safe_psql(
		'postgres', qq{
SET enable_indexscan = off;
WITH exact AS (SELECT q.id, max(d) AS farthest FROM queries q, LATERAL (
		SELECT v $op q.v AS d FROM local WHERE v IS NOT NULL ORDER BY v $op q.v LIMIT 10) e
			GROUP BY q.id),
found AS (SELECT q.id, d FROM queries q, LATERAL (
		SELECT v $op q.v AS d FROM items ORDER BY v $op q.v LIMIT 10) f)
SELECT avg(hits) / 10, min(rows) FROM (
	SELECT count(*) FILTER (WHERE d <= farthest + 1e-9 * abs(farthest)) AS hits, count(*) AS rows
		FROM exact JOIN found USING (id) GROUP BY id) a});

	cmp_ok($recall, '>=', 0.95, "$name: recall\@10 over $shards servers");
	is($fewest, 10, "$name: LIMIT is met");

	# all rows within a distance: the servers are told the condition, and count
	my $radius = $node->safe_psql('postgres',
		"SELECT v $op $query FROM local WHERE v IS NOT NULL ORDER BY 1 OFFSET 50 LIMIT 1");
	my $within = "v $op $query < '$radius'";
	like(
		$node->safe_psql('postgres',
			"EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM items_0 WHERE $within"),
		qr/Remote SQL: SELECT count\(\*\) FROM [^\n]* WHERE [^\n]*OPERATOR\(public\.[^\n]* </,
		"$name: a server counts what is within a distance");
	like(
		$servers[0]->safe_psql('postgres',
			'SET enable_seqscan = off; '
			  . "EXPLAIN (COSTS OFF) SELECT count(*) FROM items WHERE $within"),
		qr/Index Scan using items_$name.*Filter/s,
		"$name: by the index");
	is($node->safe_psql('postgres', "SELECT count(*) FROM items WHERE $within"),
		$node->safe_psql('postgres', "SELECT count(*) FROM local WHERE $within"),
		"$name: as many as in one table");

	# without a limit every row comes, those without a vector last
	for my $sql (
		"SELECT count(*), count(v) FROM (SELECT v FROM items ORDER BY v $op $query OFFSET 0) a",
		"SELECT count(*), count(v) "
		  . "FROM (SELECT v, rank() OVER (ORDER BY v $op $query) FROM items) a")
	{
		is($node->safe_psql('postgres', $sql), $total . '|' . $total * 9 / 10,
			"$name: all rows: $sql");
	}
	$node->safe_psql('postgres',
		"CREATE TABLE copied AS SELECT id FROM items ORDER BY v $op $query");
	is($node->safe_psql('postgres',
		'SELECT count(*), count(DISTINCT id) FROM copied; DROP TABLE copied'),
		"$total|$total", "$name: all rows, copied");
}

vdb_check_all($_, 'at the end, ' . $_->name) for @servers;
$_->stop for @servers, $node;
done_testing();
