# Recall under filters that the index knows: from half of the rows down to ten of them, near the
# query, far from it and all over; equality, ranges, lists of values and two columns.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $rows = 20000;
my $dims = 64;
my $least = 0.94;
my $node = vdb_node('main');
$node->start;
vdb_create($node);
vdb_make_table($node, 'source', rows => $rows, dims => $dims);
vdb_make_queries($node, 'independent', rows => 30, dims => $dims);
vdb_make_queries($node, 'many', rows => 500, dims => $dims);

# near: rank by the distance to one row, the anchor; spread: a rank that says nothing of vectors;
# part: 100 parts of 200 rows that are neighbours in the order of near.  Queries are aligned with a
# filter for low ranks if they are near the anchor, and opposed to it if they are far away.
for my $metric ($vdb_metrics[0], $vdb_metrics[1])
{
	my ($name, $op, $opclass) = @$metric{qw(name op opclass)};

	$node->safe_psql(
		'postgres', qq{
CREATE TABLE items_$name AS
	SELECT id, v,
		(row_number() OVER (ORDER BY v $op (SELECT v FROM source WHERE id = 1), id)
			- 1)::integer AS near,
		(row_number() OVER (ORDER BY hashint8extended(id, 5), id) - 1)::integer AS spread
	FROM source;
ALTER TABLE items_$name ADD part integer;
UPDATE items_$name SET part = near / 200;
VACUUM (ANALYZE) items_$name;
CREATE INDEX ON items_$name USING ivfkm (part, v $opclass, near, spread);
CREATE TABLE aligned_$name AS
	SELECT id, v FROM many ORDER BY v $op (SELECT v FROM source WHERE id = 1) LIMIT 30;
CREATE TABLE opposed_$name AS
	SELECT id, v FROM many ORDER BY v $op (SELECT v FROM source WHERE id = 1) DESC LIMIT 30;
CREATE TABLE independent_$name AS SELECT * FROM independent;});

	my $number = 0;
	my $try = sub {
		my ($kind, $where, $matching) = @_;

		for my $k (10, 100)
		{
			my $wanted = $k < $matching ? $k : $matching;
			my $result = vdb_recall(
				$node,
				table => "items_$name",
				queries => "${kind}_$name",
				op => $op,
				where => $where,
				k => $k,
				set => 'SET LOCAL enable_bitmapscan = off',
				truth => "truth_${name}_$number");
			my $test = "$name, $kind, $where, LIMIT $k";

			cmp_ok($result->{recall}, '>=', $least, "$test: recall");
			is($result->{rows}, $wanted, "$test: every query gets $wanted rows");
			is($result->{unordered}, 0, "$test: in order of distance") if $matching > 2 * $k;
			is($result->{duplicates}, 0, "$test: none twice");
			note("$test: $result->{recall}");
		}
		$number++;
		return;
	};

	for my $kind (qw(aligned independent opposed))
	{
		my $plan = $node->safe_psql(
			'postgres', qq{
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM items_$name WHERE near < 10
	ORDER BY v $op (SELECT v FROM source WHERE id = 1) LIMIT 10;});

		like($plan, qr/Index Cond: \(near < 10\)/, "$name: the index answers the condition");
		for my $matching (10000, 1000, 100, 10)
		{
			$try->($kind, ($kind eq 'independent' ? 't.spread' : 't.near') . " < $matching",
				$matching);
		}
		$try->($kind, 't.part = 0', 200);
		$try->($kind, "t.part = ANY ('{0,1,50,51,98}')", 1000);
		$try->(
			$kind,
			't.near >= 1000 AND t.spread < 2000',
			$node->safe_psql('postgres',
				"SELECT count(*) FROM items_$name WHERE near >= 1000 AND spread < 2000"));
	}
}

# A parameter of another query: each tenant's own neighbours.
is( $node->safe_psql(
		'postgres', q{
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;
SELECT count(*) FROM generate_series(0, 99) tenant,
	LATERAL (SELECT part FROM items_l2 WHERE part = tenant
		ORDER BY v <-> (SELECT v FROM source WHERE id = 1) LIMIT 150) found WHERE part = tenant;}),
	15000,
	'a condition that changes from scan to scan');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
