# Layout of groups and lists: random sequences of changes give what a plain array says they should.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $module = vdb_test_module('test_page');
my $node = vdb_node('main', conf => "restart_after_crash = on\n");
$node->start;
vdb_create($node);
$node->safe_psql(
	'postgres', qq{
CREATE FUNCTION test_page_group(dims integer, refine_bits integer, node boolean, seed integer,
	steps integer, attributes integer) RETURNS integer
	AS '$module' LANGUAGE C STRICT;
CREATE FUNCTION test_page_list(index regclass, seed integer, steps integer) RETURNS integer
	AS '$module' LANGUAGE C STRICT;
CREATE FUNCTION test_page_retired(index regclass) RETURNS integer
	AS '$module' LANGUAGE C STRICT;
CREATE FUNCTION test_page_in_file(index regclass, block bigint) RETURNS boolean
	AS '$module' LANGUAGE C STRICT;
CREATE TABLE none (v vector);});

# the group of NULLs, groups of many units, of one unit, of two to four pages
for my $dims (0, 1, 33, 128, 1024, 3900, 8000, 12000, 15968)
{
	for my $kind ([ 0, 'false', 0 ], [ 8, 'false', 0 ], [ 0, 'true', 0 ], [ 0, 'false', 3 ],
		[ 8, 'false', 1 ], [ 8, 'false', 8 ])
	{
		my ($bits, $is_node, $attributes) = @$kind;
		next if $dims == 0 && "$bits $is_node" ne '0 false';
		next if $dims > 15000 && $attributes > 0;
		my $steps = $dims > 1000 || $dims == 0 ? 300 : 1500;
		my $result = vdb_try($node,
			"SELECT test_page_group($dims, $bits, $is_node, $vdb_seed, $steps, $attributes)");

		ok($result->{ok} && $result->{out} >= 14,
			"group of $dims dimensions, $bits bits, node $is_node, $attributes attributes")
		  or diag($result->{out} . $result->{error});
	}
}

for my $shape ([ 24, 8, 3000 ], [ 500, 4, 600 ], [ 4000, 0, 150 ], [ 6000, 8, 150 ],
	[ 15968, 4, 120 ])
{
	my ($dims, $bits, $steps) = @$shape;

	$node->safe_psql('postgres',
		"CREATE INDEX list_$dims ON none USING ivfkm ((v::vector($dims))) "
		  . "WITH (refine_bits = $bits)");
	my $result = vdb_try($node, "SELECT test_page_list('list_$dims', $vdb_seed, $steps)");
	ok($result->{ok} && $result->{out} > 0, "list of $dims dimensions, $bits bits")
	  or diag($result->{out} . $result->{error});
}

# more free ranges than the metapage has room for: the longest are there, and none is lost
$node->safe_psql('postgres', 'CREATE INDEX retired_8 ON none USING ivfkm ((v::vector(8)))');
for my $round (1, 2)
{
	my $result = vdb_try($node, "SELECT test_page_retired('retired_8')");
	ok($result->{ok} && $result->{out} > 0, "retired blocks become free, round $round")
	  or diag($result->{out} . $result->{error});
	vdb_check($node, 'retired_8', "round $round");
}

# a file that shrinks in place, in the transaction that made it, is not thought to be as long as
# before
is( $node->safe_psql(
		'postgres', q{
BEGIN;
CREATE TABLE short AS SELECT array_fill(i, ARRAY[200])::vector AS v FROM generate_series(1, 2000) i;
CREATE INDEX short_v ON short USING ivfkm ((v::vector(200)));
SELECT pg_relation_size('short_v') / current_setting('block_size')::integer - 1 AS last \gset
SELECT pg_relation_filenode('short_v') AS file \gset
SELECT test_page_in_file('short_v', :last), test_page_in_file('short_v', :last + 1);
TRUNCATE short;
SELECT pg_relation_filenode('short_v') = :file;
SELECT test_page_in_file('short_v', :last), test_page_in_file('short_v', 0);
COMMIT;}),
	"t|f\nt\nf|t",
	'TRUNCATE of a table that is new shortens what is known of the file');

# what was logged is what is there after a crash
$node->stop('immediate');
$node->start;
my $result = vdb_try($node, "SELECT count(*) FROM ivfkm_lists('list_24')");
is($result->{out}, '1', 'an index that was filled this way can be read after a crash');

$node->stop;
done_testing();
