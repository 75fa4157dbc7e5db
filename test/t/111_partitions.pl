# Partitioned tables: a search merges the indexes of the partitions, gives every row that is asked
# for, and stays small when there are very many of them.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my ($partitions, $rows, $dims) = (12, 6000, 24);
my $node = vdb_node('main');
$node->start;
vdb_create($node);

# A partitioned table of (id, v) with one index for each metric, filled before or after.
sub make_partitioned
{
	my ($table, $count, $vectors) = @_;

	$node->safe_psql(
		'postgres', qq{
CREATE TABLE $table (id bigint, v vector($dims)) PARTITION BY HASH (id);
SELECT
	format('CREATE TABLE ${table}_%s PARTITION OF $table FOR VALUES
	WITH (MODULUS $count, REMAINDER %s)', i, i)
	FROM generate_series(0, $count - 1) i \\gexec
INSERT INTO $table $vectors;
ANALYZE $table;});
	return;
}

# ----- twelve partitions

my $vector = vdb_vector('id', $dims);
make_partitioned('items', $partitions,
	"SELECT id, CASE WHEN id % 10 <> 0 THEN $vector END FROM generate_series(1, $rows) id");
vdb_make_queries($node, 'queries', rows => 30, dims => $dims);
my $query = vdb_vector(1000000001, $dims);

for my $metric (@vdb_metrics)
{
	my ($name, $op) = @$metric{qw(name op)};
	my %scan = (table => 'items', queries => 'queries', op => $op, truth => "truth_$name");
	my $result;

	$node->safe_psql('postgres',
		"CREATE INDEX items_$name ON items USING ivfkm (v $metric->{opclass}); ANALYZE items");
	is(
		$node->safe_psql(
			'postgres', qq{
SELECT count(*), sum(vdb_index_check(relid)) FROM pg_partition_tree('items_$name') WHERE isleaf}),
		"$partitions|$rows",
		"$name: an index of each partition, and an entry of each row");
	my $plan = $node->safe_psql('postgres',
		"SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT id FROM items "
		  . "ORDER BY v $op $query LIMIT 10");
	like($plan, qr/Merge Append/, "$name: partitions are merged");
	is(() = $plan =~ /Index Scan using/g, $partitions, "$name: each by its index");

	$result = vdb_recall($node, %scan);
	cmp_ok($result->{recall}, '>=', 0.95, "$name: recall\@10");
	is($result->{rows}, 10, "$name: rows of LIMIT 10");
	is($result->{unordered}, 0, "$name: rows come in order of distance");
	is($result->{duplicates}, 0, "$name: no row comes twice");
	$result = vdb_recall($node, %scan, k => 100);
	is($result->{rows}, 100, "$name: rows of LIMIT 100");
	$result = vdb_recall($node, %scan, where => 't.id % 97 = 3', truth => "truth_few_$name");
	is($result->{rows}, 10, "$name: rows of LIMIT 10 under a filter");

	# every row comes, by the plan that the planner chooses and by the indexes
	for my $set ('SELECT', 'SET enable_seqscan = off; SET enable_sort = off')
	{
		is(
			$node->safe_psql('postgres',
				"$set; SELECT count(*), count(v), count(DISTINCT id) "
				  . "FROM (SELECT id, v FROM items ORDER BY v $op $query OFFSET 0) a"
			),
			"$rows|" . $rows * 9 / 10 . "|$rows",
			"$name: without a limit, all rows ($set)");
		for my $table ('items', 'items_3')
		{
			my %copied;
			my $count = $node->safe_psql('postgres', "SELECT count(*) FROM $table");

			my $answer = $node->safe_psql('postgres',
				"$set; COPY (SELECT id FROM $table ORDER BY v $op $query) TO STDOUT");
			$copied{$_}++ for grep { length } split /\n/, $answer;
			is(scalar(keys %copied), $count, "$name: every row of $table is copied ($set)");
			is(scalar(grep { $_ > 1 } values %copied), 0, 'and once');
		}
	}
	$node->safe_psql('postgres', "DROP INDEX items_$name");
}

# Partitions come and go: those that are attached get an index, or bring theirs.
$node->safe_psql(
	'postgres', qq{
CREATE TABLE times (t int, id bigint, v vector($dims)) PARTITION BY RANGE (t);
CREATE TABLE times_1 PARTITION OF times FOR VALUES FROM (1) TO (2);
INSERT INTO times SELECT 1, id, $vector FROM generate_series(1, 500) id;
CREATE INDEX times_l2 ON times USING ivfkm (v);
CREATE TABLE times_2 AS SELECT 2 AS t, id::bigint, ($vector)::vector($dims) AS v
	FROM generate_series(501, 1000) id;
CREATE INDEX times_2_own ON times_2 USING ivfkm (v);
CREATE TABLE times_3 AS SELECT 3 AS t, id::bigint, ($vector)::vector($dims) AS v
	FROM generate_series(1001, 1500) id;
ALTER TABLE times ATTACH PARTITION times_2 FOR VALUES FROM (2) TO (3);
ALTER TABLE times ATTACH PARTITION times_3 FOR VALUES FROM (3) TO (4);
INSERT INTO times SELECT 1 + id % 3, id, $vector FROM generate_series(1501, 1800) id;
ANALYZE times;});
is(
	$node->safe_psql(
		'postgres', q{
SELECT string_agg(relid::regclass::text, ' ' ORDER BY relid::regclass::text),
	sum(vdb_index_check(relid))
	FROM pg_partition_tree('times_l2') WHERE isleaf}),
	'times_1_v_idx times_2_own times_3_v_idx|1800',
	'a partition that is attached brings its index or gets one');
for my $id (5, 505, 1005, 1505)
{
	my $own = vdb_vector($id, $dims);
	is(
		$node->safe_psql('postgres',
			"SET enable_seqscan = off; SELECT id FROM times ORDER BY v <-> $own LIMIT 1"),
		$id, "row $id is found in its partition");
}
$node->safe_psql('postgres', 'ALTER TABLE times DETACH PARTITION times_1; DROP TABLE times_1');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_partition_tree('times_l2') WHERE isleaf"),
	2, 'and takes it along');

# ----- a thousand partitions, twenty rows each

make_partitioned('many', 1000, "SELECT id, $vector FROM generate_series(1, 20000) id");
$node->safe_psql('postgres', 'CREATE INDEX many_l2 ON many USING ivfkm (v); ANALYZE many');
is(
	$node->safe_psql(
		'postgres',
		"SELECT count(*), sum(vdb_index_check(relid)) FROM pg_partition_tree('many_l2') "
		  . "WHERE isleaf"),
	'1000|20000',
	'a thousand partitions have their indexes');
my $search = "SELECT id FROM many ORDER BY v <-> $query LIMIT 10";
like($node->safe_psql('postgres', "EXPLAIN (COSTS OFF) $search"), qr/Limit/, 'a search is planned');
is(
	$node->safe_psql('postgres', "SET enable_seqscan = off; SET enable_sort = off; $search"),
	$node->safe_psql('postgres', "SET enable_indexscan = off; $search"),
	'and answers as a sort does');

# What one more scan takes of memory: that of a cursor which has all of them open, against one of a
# sort, in the same session, after both were planned before.
my ($with, $without) = map { my ($line) = /memory (\d+)/; $line } split /\n/, $node->safe_psql(
	'postgres', join ' ',
	map {
		qq{
BEGIN;
SET LOCAL enable_seqscan = $_->[0]; SET LOCAL enable_indexscan = $_->[1];
	SET LOCAL enable_sort = $_->[0];
DECLARE c CURSOR FOR $search;
FETCH 1 FROM c \\g /dev/null
SELECT 'memory ' || sum(used_bytes) FROM pg_backend_memory_contexts;
COMMIT;}
	} ([ 'off', 'on' ], [ 'on', 'off' ]));
my $each = ($with - $without) / 1000;
note("each scan takes $each bytes");
cmp_ok($each, '<=', 50_000, 'a scan of a small partition takes little memory');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
