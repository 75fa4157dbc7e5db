# Searches that want more rows than the first lists have: filters, offsets, cursors, and the
# settings that say how far a scan goes.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $rows = 6000;
my $dims = 48;
my $node = vdb_node('main');
$node->start;
vdb_create($node);
vdb_make_table($node, 'items', rows => $rows, dims => $dims);
vdb_make_queries($node, 'queries', rows => 20, dims => $dims);

# How often a scan of the index gives fewer than "wanted" rows, by query.
sub short_answers
{
	my ($op, $where, $limit, $wanted, $set) = @_;

	return $node->safe_psql(
		'postgres', qq{
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;
$set;
SELECT count(*) FROM queries q WHERE $wanted > (
	SELECT count(*)
		FROM (SELECT FROM items t WHERE $where ORDER BY t.v $op q.v LIMIT $limit) found);});
}

for my $metric (@vdb_metrics)
{
	my ($name, $op) = @$metric{qw(name op)};

	$node->safe_psql('postgres',
		"CREATE INDEX items_$name ON items USING ivfkm (v $metric->{opclass})");

	for my $one_in (10, 100, 1000)
	{
		my $where = "t.id % $one_in = 3";
		my $matching = $rows / $one_in;
		my $limit = $matching >= 50 ? 10 : 3;
		my %scan = (
			table => 'items',
			queries => 'queries',
			op => $op,
			where => $where,
			k => $limit,
			truth => "truth_${name}_$one_in");

		for my $order ('strict_order', 'relaxed_order')
		{
			my $set = "SET LOCAL ivfkm.iterative_scan = $order";
			my $result = vdb_recall($node, %scan, set => $set);

			is($result->{rows}, $limit, "$name, one row in $one_in, $order: LIMIT $limit is met");
			is($result->{duplicates}, 0, "$name, one row in $one_in, $order: no row comes twice");
			is($result->{unordered}, 0, "$name, one row in $one_in, $order: order")
			  if $order eq 'strict_order';
			note("recall $result->{recall}");
		}
		is(short_answers($op, $where, 10000, $matching, 'SET ivfkm.iterative_scan = relaxed_order'),
			0, "$name, one row in $one_in: relaxed order finds all $matching");
		is(
			short_answers(
				$op, $where, 10000, $matching,
				'SET ivfkm.iterative_scan = strict_order; SET ivfkm.probes = 1000000; '
				  . 'SET ivfkm.epsilon = 10'
			),
			0,
			"$name, one row in $one_in: strict order finds all $matching with all lists and wide "
			  . "bounds");
	}
	is(short_answers($op, 't.id < 0', 10, 1, 'RESET ivfkm.probes'),
		20, "$name: a filter that nothing passes gives no row to any query");

	# The settings limit how far it goes; fewer rows are no error.
	my $few = 't.id % 1000 = 3';
	my $off =
	  short_answers($op, $few, 6, 6, 'SET ivfkm.iterative_scan = off; SET ivfkm.probes = 1');
	cmp_ok($off, '>', 10, "$name: iterative_scan = off stops");
	my $probes = short_answers($op, $few, 6, 6, 'SET ivfkm.max_probes = 1');
	cmp_ok($probes, '>', 10, "$name: max_probes stops");
	my $tuples = short_answers($op, $few, 6, 6, 'SET ivfkm.max_scan_tuples = 100');
	cmp_ok($tuples, '>', 10, "$name: max_scan_tuples stops");
	$node->safe_psql('postgres', "DROP INDEX items_$name");
}

# Offsets, cursors and repeated scans.
$node->safe_psql('postgres', 'CREATE INDEX items_l2 ON items USING ivfkm (v)');
# Wide bounds: with narrow ones, rows that a pass misses depend on how many it prepares for.
my $scan = "SET enable_seqscan = off; SET enable_sort = off; SET ivfkm.epsilon = 6;";
my $query = vdb_vector(1000000001, $dims);
my $all = $node->safe_psql('postgres',
	"$scan SET ivfkm.probes = 1000000; SELECT id FROM items ORDER BY v <-> $query LIMIT 400");
my $pages = $node->safe_psql(
	'postgres', qq{$scan SET ivfkm.probes = 1000000;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM items ORDER BY v <-> $query;
FETCH 1 FROM c; FETCH 32 FROM c; FETCH 67 FROM c; FETCH 300 FROM c;
COMMIT;});
is($pages, $all, 'a cursor gives what LIMIT gives');
is(
	$node->safe_psql('postgres',
		"$scan SET ivfkm.probes = 1000000; "
		  . "SELECT id FROM items ORDER BY v <-> $query OFFSET 390 LIMIT 10"),
	join("\n", (split /\n/, $all)[ 390 .. 399 ]),
	'OFFSET skips rows of the same order');
my $fetched = $node->safe_psql(
	'postgres', qq{$scan SET ivfkm.iterative_scan = relaxed_order;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM items ORDER BY v <-> $query;
MOVE FORWARD ALL FROM c;
FETCH NEXT FROM c;
COMMIT;});
is($fetched, '', 'a cursor at the end stays there');
vdb_same_rows($node, 'items', '<->', $query, 'the whole table');

# What a scan did is told afterwards, and by EXPLAIN (ANALYZE) from version 18 on.
my $did = $node->safe_psql('postgres',
	"$scan EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) "
	  . "SELECT id FROM items ORDER BY v <-> $query LIMIT 10; "
	  . "SELECT passes, lists, rows, candidates, refined, reranked FROM ivfkm_last_scan()");
my ($counts) = $did =~ /^(\d+(?:\|\d+){5})$/m;
my @told = map { $did =~ /^\s*$_: (\d+)$/m ? $1 : () }
  ('Passes', 'Lists Scanned', 'Rows Scanned', 'Candidates', 'Rows Refined', 'Rows Reranked');
like($counts, qr/^1\|[1-9]\d*\|[1-9]\d+\|[1-9]\d+\|/, 'one pass, some lists, rows, candidates');
is(join('|', @told), $node->pg_version >= 18 ? $counts : '', 'EXPLAIN tells the same, if any');

# Rows that all have one distance, more of them than a pass keeps.
$node->safe_psql(
	'postgres', qq{
CREATE TABLE equals (id bigint PRIMARY KEY, v vector(4));
INSERT INTO equals SELECT id, CASE WHEN id % 10 = 0 THEN vt.vector(id, 4, 1) ELSE '[1,2,3,4]' END
	FROM generate_series(1, 30000) id;
CREATE INDEX equals_l2 ON equals USING ivfkm (v);});
vdb_same_rows($node, 'equals', '<->', "'[1,2,3,4]'", '27000 equal rows');
vdb_same_rows($node, 'equals', '<->', "'[-1,0,0,0]'", '27000 equal rows, from elsewhere');
is(
	$node->safe_psql('postgres',
		"$scan SELECT count(*), min(d), max(d) "
		  . "FROM (SELECT v <-> '[1,2,3,4]' AS d FROM equals ORDER BY 1 LIMIT 20000) e"),
	'20000|0|0',
	'20000 of 27000 equal rows');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
