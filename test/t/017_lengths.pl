# Inner products of rows of very different length: one in a hundred is 10 to 100 times as long, and
# these are what searches want.  In the sample of a build or not, added later or not, below one
# level of nodes or three, they are found.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $rows = 20000;
my $dims = 64;
my $wanted = 0.97;    # the default target is 0.98
my $node = vdb_node('main');
$node->start;
vdb_create($node);

vdb_make_table($node, 'all_rows', rows => $rows, dims => $dims);
vdb_make_queries($node, 'queries', rows => 100, dims => $dims);
$node->safe_psql(
	'postgres', qq{
UPDATE all_rows
	SET v = v * array_fill((10 + id / 100 * 37 % 91)::real, ARRAY[$dims])::real[]::vector
	WHERE id % 100 = 0;
CREATE TABLE items (id bigint PRIMARY KEY, v vector($dims)) WITH (autovacuum_enabled = off);});

# recall of the index, and that it is whole
sub found
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	for my $k (1, 10, 100)
	{
		my $result = vdb_recall(
			$node,
			table => 'items',
			queries => 'queries',
			op => '<#>',
			truth => 'truth',
			k => $k);

		cmp_ok($result->{recall}, '>=', $wanted, "$name: recall\@$k");
		is($result->{unordered}, 0, "$name: $k rows come in order");
	}
	is(vdb_check($node, 'items_v', $name), $rows, "$name: entries");
	return;
}

# node children, height
for my $tree ([ 0, 1 ], [ 5, 3 ])
{
	my ($children, $height) = @$tree;
	my $name = "height $height";
	my $create =
		"SET ivfkm.debug_node_children = $children; "
	  . 'CREATE INDEX items_v ON items USING ivfkm (v vector_ip_ops) WITH (maintenance = off)';

	$node->safe_psql('postgres', "INSERT INTO items SELECT * FROM all_rows; $create");
	is($node->safe_psql('postgres', q{SELECT height FROM ivfkm_info('items_v')}),
		$height, "$name: levels");
	found("$name, built");

	# every other long row is new
	$node->safe_psql(
		'postgres', q{
DROP INDEX items_v;
DELETE FROM items WHERE id % 200 = 0;
VACUUM items;});
	$node->safe_psql('postgres',
		"$create; INSERT INTO items SELECT * FROM all_rows WHERE id % 200 = 0");
	found("$name, half of the long rows inserted");

	# all of them are: no radius of a list reaches to them
	$node->safe_psql(
		'postgres', q{
DROP INDEX items_v;
DELETE FROM items WHERE id % 100 = 0;
VACUUM items;});
	$node->safe_psql('postgres',
		"$create; INSERT INTO items SELECT * FROM all_rows WHERE id % 100 = 0 ORDER BY id");
	found("$name, all long rows inserted");

	# lists with many rows are made anew, then all of the tree
	$node->safe_psql('postgres', q{SELECT ivfkm_maintain('items_v', false)});
	found("$name, some lists made anew");
	$node->safe_psql(
		'postgres', qq{
SET ivfkm.debug_node_children = $children;
SELECT ivfkm_maintain('items_v')});
	found("$name, renewed");
	$node->safe_psql('postgres', 'DROP INDEX items_v; TRUNCATE items');
}

# longer and longer rows, one by one; a few are outliers of the sample
$node->safe_psql(
	'postgres', qq{
INSERT INTO items SELECT * FROM all_rows WHERE id % 100 <> 0;
CREATE INDEX items_v ON items USING ivfkm (v vector_ip_ops) WITH (maintenance = off);
INSERT INTO items
	SELECT id, v * array_fill((id / 10)::real, ARRAY[$dims])::real[]::vector
	FROM all_rows WHERE id % 100 = 0 ORDER BY id;
DROP TABLE truth;});
found('longer and longer');
$node->safe_psql('postgres', 'REINDEX INDEX items_v');
found('outliers');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
