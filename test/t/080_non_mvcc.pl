# Scans that no statement makes: without an order, and under snapshots that are not MVCC, which
# could see a row that took a dead one's place.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $module = vdb_test_module();

my $node = vdb_node('main');
$node->start;
vdb_create($node);
vdb_make_table($node, 'items', rows => 300, dims => 16);
$node->safe_psql(
	'postgres', qq{
CREATE FUNCTION test_vdb_scan(index regclass, query vector, snapshot text, ordered boolean)
	RETURNS bigint
	AS '$module' LANGUAGE C STRICT;
CREATE INDEX items_l2 ON items USING ivfkm (v);
CREATE INDEX items_ip ON items USING ivfkm (v vector_ip_ops);
CREATE INDEX items_cosine ON items USING ivfkm (v vector_cosine_ops);});
my $query = vdb_vector(3, 16);

for my $metric (@vdb_metrics)
{
	my $index = "items_$metric->{name}";
	my $result = vdb_try($node,
		"SET ivfkm.iterative_scan = relaxed_order; "
		  . "SELECT test_vdb_scan('$index', $query, 'mvcc', true)");

	is($result->{out}, 300, "$index: a scan with an MVCC snapshot gives all rows")
	  or diag($result->{error});
	for my $snapshot ('any', 'self', 'dirty')
	{
		$result = vdb_try($node, "SELECT test_vdb_scan('$index', $query, '$snapshot', true)");
		is($result->{sqlstate}, '0A000', "$index: snapshot \"$snapshot\" is refused");
		like(
			$result->{error},
			qr/non-MVCC snapshots are not supported by ivfkm index "$index"/,
			"$index: and the error says so");
	}
	$result = vdb_try($node, "SELECT test_vdb_scan('$index', $query, 'mvcc', false)");
	is($result->{out}, 300, "$index: a scan without order gives all rows")
	  or diag($result->{error});
}

# The planner never asks for that, even when all else is discouraged.
for my $sql (
	'SELECT count(*) FROM items',
	'SELECT v FROM items',
	"SELECT id FROM items WHERE v = $query",
	"SELECT id FROM items WHERE v <-> $query > 1",
	"SELECT id FROM items ORDER BY v <-> $query DESC LIMIT 5",
	"SELECT id FROM items ORDER BY v <+> $query LIMIT 5")
{
	my $plan = $node->safe_psql('postgres',
		"SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; "
		  . "EXPLAIN (COSTS OFF) $sql");
	unlike($plan, qr/items_(l2|ip|cosine)/, "no plan with an ivfkm index: $sql");
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
