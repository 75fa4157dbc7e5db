# Damaged files: whatever bytes an index file holds, statements end with SQLSTATE XX002 and the
# advice to REINDEX, or vdb_index_check() finds the damage; the server never crashes or hangs;
# and REINDEX repairs.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

# Numbers of page_format.h: the special area, the header of a group, the metapage, a child's record.
my $block_size = 8192;
my %special = (owner => 8176, generation => 8180, next => 8184, kind => 8188, page_id => 8190);
my %group = (stripe => 24, nused => 26, head => 28, insert_block => 32, refine_block => 36,
	entered => 44, strays => 46, reserved => 48);
my %meta = (
	magic => 64,
	version => 68,
	dimensions => 72,
	metric => 76,
	seed => 80,
	scale_exponent => 88,
	height => 92,
	mean_block => 96,
	root_block => 100,
	nlists => 112,
	used_blocks => 120,
	root_nblocks => 124,
	refine_bits => 128,
	calibration => 136,
	lean => 736,
	nodes => 744,
	images => 936);
my %child =
  (id => 64, generation => 68, first_block => 72, nblocks => 76, norm2 => 80, level => 84,
  	radius => 92, centroid => 96);
my %kinds = (meta => 1, mean => 2, centroid => 3, node => 4, posting => 5, refine => 6,
	summary => 11);
my $beyond = 0x00FFFFFF;
my $nowhere = 0xFFFFFFFF;
my $zeros = "\0" x $block_size;

# "small": two lists of more than one page.  "long": one list, groups of two pages, and a
# centroid of more than one page.  "tree": three levels of nodes.  "columns": "small", with an
# attribute.
my %shapes = (
	tree => { dims => 8, rows => 600, lists => 40, set => 'SET ivfkm.debug_node_children = 4' },
	small => { dims => 64, rows => 1000, lists => 2, arrays => 16 * 8 },
	columns => { dims => 64, rows => 1000, lists => 2, columns => 'v, id' },
	long => { dims => 5000, rows => 40, lists => 1 });

# One case: a table of its own, the file's bytes changed by "edit", and which statements must
# report damage.  vdb_index_check() always must; the others may succeed, and VACUUM may repair.
my @cases;

sub damage
{
	my ($name, $shape, $must, $edit, %more) = @_;

	push @cases,
	  {
		name => $name,
		shape => $shape,
		must => { map { $_ => 1 } @$must, 'check' },
		edit => $edit,
		table => 'case' . @cases,
		%more
	  };
}

# Blocks of the pages of a kind.
sub pages
{
	my ($bytes, $kind) = @_;

	return grep {
		unpack('S', substr($$bytes, $_ * $block_size + $special{kind}, 2)) == $kinds{$kind}
	} 0 .. length($$bytes) / $block_size - 1;
}

sub get
{
	my ($bytes, $block, $offset, $format) = @_;

	return unpack($format, substr($$bytes, $block * $block_size + $offset, 8));
}

# Changes a number of the "nth" page of a kind: put(kind, nth, offset, format, new), where new is
# a number or a function of the old one and the block.
sub put
{
	my ($kind, $nth, $offset, $format, $new) = @_;

	return sub {
		my ($bytes) = @_;
		my $block = (pages($bytes, $kind))[$nth];
		my $value = ref($new) ? $new->(get($bytes, $block, $offset, $format), $block) : $new;

		vdb_poke($bytes, $block, $offset, pack($format, $value));
	};
}

# Which refine page holds the first slot's record: to be sure that searches and inserts meet it,
# damage is done to all of a kind.
sub put_all
{
	my ($kind, $offset, $format, $new) = @_;

	return sub {
		my ($bytes) = @_;
		put($kind, $_, $offset, $format, $new)->($bytes) for 0 .. scalar(pages($bytes, $kind)) - 1;
	};
}

# Overwrites the start of a page.
sub overwrite
{
	my ($kind, $nth, $new) = @_;

	return sub {
		my ($bytes) = @_;
		vdb_poke($bytes, (pages($bytes, $kind))[$nth], 0, $new);
	};
}

# Cuts the file.
sub cut
{
	my ($to) = @_;

	return sub {
		my ($bytes) = @_;
		my $blocks = length($$bytes) / $block_size;
		substr($$bytes, $to->($blocks) * $block_size) = '';
	};
}

my $all = [qw(select insert vacuum)];
my $reads = [qw(select insert)];

for my $shape ('small', 'long')
{
	# which of its pages an insert meets: the last one of the first group
	my $last = $shape eq 'long' ? 1 : 0;
	my $first_page = $shape eq 'long' ? ['select'] : $reads;

	damage('meta: root nowhere', $shape, $all, put('meta', 0, $meta{root_block}, 'L', $nowhere));
	damage('centroid: list nowhere', $shape, ['select'],
		put('centroid', 0, $child{first_block}, 'L', $nowhere));

	# metapage: what does not depend on the shape is tried once
	if ($shape eq 'small')
	{
		damage('meta: magic', $shape, $all, put('meta', 0, $meta{magic}, 'L', 0x12345678));
		damage('meta: format version', $shape, $all, put('meta', 0, $meta{version}, 'L', 99));
		damage('meta: no dimensions', $shape, $all, put('meta', 0, $meta{dimensions}, 'L', 0));
		damage('meta: unknown metric', $shape, $all, put('meta', 0, $meta{metric}, 'L', 77));
		damage('meta: metric of another operator class',
			$shape, ['select'], put('meta', 0, $meta{metric}, 'L', 3));
		damage('meta: height', $shape, $all, put('meta', 0, $meta{height}, 'L', 0));
		damage('meta: seed', $shape, [], put('meta', 0, $meta{seed}, 'Q', 42));
		damage('meta: scale', $shape, [], put('meta', 0, $meta{scale_exponent}, 'l', 99));
		damage('meta: root beyond the end', $shape, $reads,
			put('meta', 0, $meta{root_block}, 'L', $beyond));
		damage('meta: root is the metapage', $shape, $reads,
			put('meta', 0, $meta{root_block}, 'L', 0));
		damage('meta: mean beyond the end', $shape, $reads,
			put('meta', 0, $meta{mean_block}, 'L', $beyond));
		damage('meta: mean is the metapage', $shape, $reads,
			put('meta', 0, $meta{mean_block}, 'L', 0));
		damage('meta: more lists', $shape, [], put('meta', 0, $meta{nlists}, 'L', 1000));
		damage('meta: more blocks than the file',
			$shape, $all, put('meta', 0, $meta{used_blocks}, 'L', sub { $_[0] + 1 }));
	}
	damage('meta: one dimension more',
		$shape, [], put('meta', 0, $meta{dimensions}, 'L', sub { $_[0] + 1 }),
		also => '22000');
	damage('meta: 16000 dimensions',
		$shape, [], put('meta', 0, $meta{dimensions}, 'L', 16000),
		also => '22000');

	# every kind of page
	for my $kind ('meta', 'mean', 'node', 'centroid', 'posting')
	{
		my $must = $kind eq 'posting' ? [ @$first_page, 'vacuum' ] : $all;

		damage("$kind: page id", $shape, $must, put($kind, 0, $special{page_id}, 'S', 0xFFFF));
		damage("$kind: unknown kind", $shape, $must, put($kind, 0, $special{kind}, 'S', 99));
		damage("$kind: kind of another page",
			$shape, $kind eq 'posting' ? $first_page : $kind eq 'meta' ? $all : $reads,
			put($kind, 0, $special{kind}, 'S', sub { $_[0] == 3 ? 2 : 3 }));
		# VACUUM takes a page that was never written for one that belongs to nobody yet
		damage("$kind: zeros", $shape, $kind eq 'mean' ? $reads : $must,
			overwrite($kind, 0, $zeros));
	}

	# what belongs to a list or node
	for my $kind ('node', 'posting')
	{
		damage("$kind: owner", $shape, $kind eq 'posting' ? $first_page : $reads,
			put($kind, 0, $special{owner}, 'L', 4711));
		damage("$kind: generation", $shape, $kind eq 'posting' ? $first_page : $reads,
			put($kind, 0, $special{generation}, 'L', 4711));
		damage("$kind: stripe", $shape, $kind eq 'posting' ? $first_page : $reads,
			put($kind, 0, $group{stripe}, 'S', 9));
		damage("$kind: too many slots in use",
			$shape, $reads, put($kind, $last, $group{nused}, 'S', 60000));
		damage("$kind: head", $shape, [], put($kind, 0, $group{head}, 'L', sub { $_[0] + 1 }));
		damage("$kind: unused bytes", $shape, [], put($kind, 0, $group{reserved}, 'L', 1));

		# the last page of a group carries its links
		damage("$kind: next beyond the end", $shape, ['select'],
			put($kind, $last, $special{next}, 'L', $beyond));
		damage("$kind: next is the metapage", $shape, ['select'],
			put($kind, $last, $special{next}, 'L', 0));
		damage("$kind: next is itself",
			$shape, ['select'], put($kind, $last, $special{next}, 'L', sub { $_[1] - $last }));
	}
	damage('node: rows that entered', $shape, [], put('node', $last, $group{entered}, 'S', 1));
	damage('posting: more strays than rows that entered', $shape, [],
		put('posting', $last, $group{strays}, 'S', 60000));
	damage('posting: fewer slots in use', $shape, [],
		put('posting', $last, $group{nused}, 'S', sub { $_[0] - 1 }));
	damage('posting: no slots in use', $shape, [], put('posting', $last, $group{nused}, 'S', 0));
	damage('posting: insert position beyond the end',
		$shape, ['insert'], put('posting', $last, $group{insert_block}, 'L', $beyond));
	damage('posting: insert position is the metapage',
		$shape, ['insert'], put('posting', $last, $group{insert_block}, 'L', 0));
	damage('posting: last refine page beyond the end',
		$shape, ['insert'], put('posting', $last, $group{refine_block}, 'L', $beyond));
	damage('posting: last refine page is the metapage',
		$shape, ['insert'], put('posting', $last, $group{refine_block}, 'L', 0));
	damage('posting: no refine page', $shape, [],
		put('posting', $last, $group{refine_block}, 'L', $nowhere));

	# refine pages, which VACUUM does not look into
	damage('refine: page id', $shape, $reads, put_all('refine', $special{page_id}, 'S', 0xFFFF));
	damage('refine: kind of another page', $shape, $reads,
		put_all('refine', $special{kind}, 'S', 5));
	damage('refine: owner', $shape, $reads, put_all('refine', $special{owner}, 'L', 4711));
	damage('refine: generation', $shape, $reads,
		put_all('refine', $special{generation}, 'L', 4711));
	damage('refine: head', $shape, [], put('refine', 0, $group{head}, 'L', sub { $_[0] + 1 }));
	damage('refine: too many records', $shape, $reads,
		put_all('refine', $group{nused}, 'S', 60000));
	damage('refine: no records', $shape, ['select'], put_all('refine', $group{nused}, 'S', 0));
	damage('refine: unused bytes', $shape, [], put('refine', 0, $group{reserved}, 'L', 1));
	damage('refine: the page before is beyond the end', $shape, [],
		put('refine', 1, $special{next}, 'L', $beyond));
	damage('refine: the page before is itself', $shape, [],
		put('refine', 1, $special{next}, 'L', sub { $_[1] }));
	damage('refine: no page before', $shape, [], put('refine', 1, $special{next}, 'L', $nowhere));
	damage('refine: term', $shape, [], put('refine', 0, 64, 'f', sub { $_[0] + 1 }));
	damage('refine: term that is not a number', $shape, [], put('refine', 0, 64, 'L', 0x7FC00000));
	damage('refine: factor', $shape, [], put('refine', 0, 64 + 4, 'L', 0x7F800000));
	damage('refine: width', $shape, [], put('refine', 0, 64 + 8, 'f', -1));
	damage('refine: another row', $shape, [], put('refine', 0, 64 + 16, 'S', sub { $_[0] + 1 }));
	damage('refine: no row', $shape, [], put('refine', 0, 64 + 16, 'S', 0));
	damage('refine: bits of a code', $shape, [],
		put('refine', 0, 64 + 20, 'C', sub { $_[0] ^ 0x55 }));
	damage('refine: zeros', $shape, [], overwrite('refine', 0, $zeros));

	damage('posting: bits of a code', $shape, [],
		put('posting', 0, 64 + 5, 'C', sub { $_[0] ^ 0x55 }));

	# centroids
	damage('centroid: list', $shape, $reads, put('centroid', 0, $child{id}, 'L', 4711));
	damage('centroid: no list', $shape, $reads, put('centroid', 0, $child{id}, 'L', 0));
	damage('centroid: generation', $shape, $reads,
		put('centroid', 0, $child{generation}, 'L', 4711));
	damage('centroid: list beyond the end',
		$shape, $reads, put('centroid', 0, $child{first_block}, 'L', $beyond));
	damage('centroid: list at another block',
		$shape, $shape eq 'long' ? $reads : [],
			put('centroid', 0, $child{first_block}, 'L', sub { $_[0] + 1 }));
	damage('centroid: length of the extent', $shape, $reads,
		put('centroid', 0, $child{nblocks}, 'L', 1000));
	damage('centroid: owner', $shape, [], put('centroid', 0, $special{owner}, 'L', 4711));
	damage('centroid: generation of the page', $shape, [],
		put('centroid', 0, $special{generation}, 'L', 4711));
	damage('centroid: next', $shape, [], put('centroid', 0, $special{next}, 'L', 1));
	damage('centroid: extent beyond the file', $shape, $reads,
		put('centroid', 0, $child{nblocks}, 'L', $nowhere));
	damage('centroid: level', $shape, $reads, put('centroid', 0, $child{level}, 'S', 1));
	damage('centroid: a number', $shape, [], put('centroid', 0, $child{centroid} + 8, 'S', 0x5000));
	damage('centroid: not a number', $shape, [],
		put('centroid', 0, $child{centroid} + 8, 'S', 0x7E00));

	# mean
	damage('mean: a number', $shape, [], put('mean', 0, 64 + 8, 'f', 1e6));
	damage('mean: not a number', $shape, [], put('mean', 0, 64 + 8, 'L', 0x7FC00000));
	damage('mean: infinity', $shape, [], put('mean', 0, 64 + 8, 'L', 0x7F800000));

	# the file
	damage('file: half of it', $shape, $all, cut(sub { int($_[0] / 2) }));
	damage('file: one page', $shape, $all, cut(sub { 1 }));
	damage('file: nothing', $shape, $all, cut(sub { 0 }));
	damage('file: the last page is missing', $shape, $all, cut(sub { $_[0] - 1 }));
}

# Numbers that no page refers to, but inserts and searches rely on.
damage('meta: fewer blocks in use', 'small', [],
	put('meta', 0, $meta{used_blocks}, 'L', sub { $_[0] - 1 }));
damage('meta: hardly a block in use', 'small', [], put('meta', 0, $meta{used_blocks}, 'L', 3));
damage('meta: higher than it is', 'small', [], put('meta', 0, $meta{height}, 'L', 5));
damage('meta: calibration', 'small', [], put('meta', 0, $meta{calibration}, 'Q', ~0));
damage('meta: no rows to begin with', 'small', $all,
	put('meta', 0, $meta{calibration} + 24, 'L', 0x7FC00000));
damage('meta: begins behind the budget', 'small', $all,
	put('meta', 0, $meta{calibration} + 24, 'f', 1e9));
damage('meta: no gap', 'small', $all, put('meta', 0, $meta{calibration} + 48, 'L', 0x7FC00000));
damage('meta: fewer rows than to begin with', 'small', $all,
	put('meta', 0, $meta{calibration} + 72, 'f', 0.1));
damage('centroid: norm', 'small', [], put('centroid', 0, $child{norm2}, 'f', 77));

# Levels of nodes: the first centroid page holds the records of the highest nodes, the second node
# page is the first of those.
damage('meta: no blocks of the root', 'tree', $all, put('meta', 0, $meta{root_nblocks}, 'L', 0));
damage('meta: more blocks of the root', 'tree', [], put('meta', 0, $meta{root_nblocks}, 'L', 77));
damage('meta: no lean', 'tree', $all, put('meta', 0, $meta{lean}, 'L', 0x7FC00000));
damage('meta: no nodes to open', 'tree', $all, put('meta', 0, $meta{nodes}, 'L', 0));
damage('node: owner', 'tree', ['select'], put('node', 1, $special{owner}, 'L', 4711));
damage('node: zeros', 'tree', ['select'], overwrite('node', 1, $zeros));
damage('node: radius of a slot', 'tree', [], put('node', 0, 64 + 64 + 192 + 32, 'S', 1));
damage('node: bits of a code', 'tree', [], put('node', 1, 64 + 5, 'C', sub { $_[0] ^ 0x55 }));
damage('centroid: level', 'tree', $reads, put('centroid', 0, $child{level}, 'S', 1));
damage('centroid: radius', 'tree', [], put('centroid', 0, $child{radius}, 'f', sub { $_[0] / 2 }));
damage('centroid: radius that is not a number', 'tree', ['select'],
	put('centroid', 0, $child{radius}, 'L', 0x7FC00000));
damage('centroid: radius of a list', 'small', [],
	put('centroid', 0, $child{radius}, 'f', 1));
damage('centroid: node beyond the end', 'tree', ['select'],
	put('centroid', 0, $child{first_block}, 'L', $beyond));
damage('centroid: length of a node', 'tree', ['select'],
	put('centroid', 0, $child{nblocks}, 'L', 1000));

# A tree that leads back to its root.
damage(
	'node: the root is its own child',
	'small',
	[],
	sub {
		my ($bytes) = @_;
		my ($centroids) = pages($bytes, 'centroid');
		my ($root) = pages($bytes, 'node');

		vdb_poke($bytes, $centroids, $child{id}, pack('L', 1));
		vdb_poke($bytes, $centroids, $child{generation}, pack('L', 1));
		vdb_poke($bytes, $centroids, $child{first_block}, pack('L', $root));
		vdb_poke($bytes, $centroids, $child{level}, pack('S', 1));
	});

# The root's units: which child, and its code.
damage('node: term of a slot', 'small', [], put('node', 0, 64 + 128, 'f', 1234));
damage('node: factor of a slot', 'small', [], put('node', 0, 64 + 128 + 64, 'S', 0x3333));
damage('node: norm of a slot', 'small', [], put('node', 0, 64 + 128 + 192, 'f', 77));
damage('node: bits of a code', 'small', [], put('node', 0, 64 + 5, 'C', sub { $_[0] ^ 0x55 }));
damage('node: child of another slot', 'small', [], put('node', 0, 64 + 128 + 96 + 4, 'S', 2));
damage('node: child beyond', 'small', [], put('node', 0, 64 + 128 + 96 + 4, 'S', 2000));

# Arrays behind the codes of the first unit, short vectors: add float4[16], factor binary16[16],
# address[16].
my $arrays = 64 + $shapes{small}{arrays};
damage('posting: a slot that is not a number', 'small', [],
	put('posting', 0, $arrays, 'L', 0x7FC00000));
damage('posting: a slot that vanished', 'small', [], put('posting', 0, $arrays, 'L', 0x7F800000));
damage('posting: term of a slot', 'small', [], put('posting', 0, $arrays, 'f', sub { $_[0] + 1 }));
damage('posting: factor of a slot', 'small', [],
	put('posting', 0, $arrays + 64, 'S', sub { $_[0] ^ 0x11 }));
damage('posting: factor that is not a number', 'small', [],
	put('posting', 0, $arrays + 64, 'S', 0x7E00));
damage('posting: the row of another slot',
	'small', [], put('posting', 0, $arrays + 96 + 4, 'S', sub { $_[0] + 1 }));
damage('posting: a row beyond the table', 'small', ['select'],
	put('posting', 0, $arrays + 96, 'S', 7));
damage('posting: no row', 'small', [], put('posting', 0, $arrays + 96 + 4, 'S', 0));

damage('posting: the refine record of another row',
	'small', [], put('posting', 0, $arrays + 192 + 4, 'S', sub { $_[0] + 1 }));
damage('posting: refine record beyond the page',
	'small', ['select'], put('posting', 0, $arrays + 192 + 4, 'S', 2000));
damage('posting: no refine record', 'small', ['select'],
	put('posting', 0, $arrays + 192, 'L', $nowhere));
damage('posting: refine record in another kind of page', 'small', ['select'],
	put('posting', 0, $arrays + 192, 'L', 0));

# Attributes: behind two chunks of codes and the arrays are masks and images.
my $masks = $arrays + 192 + 96;
my $images = $arrays + 192 + 128;
damage('posting: an attribute', 'columns', [], put('posting', 0, $images, 'q', sub { $_[0] ^ 64 }));
damage('posting: an attribute of the last slot', 'columns', [],
	put('posting', 0, $images + 15 * 8, 'q', sub { $_[0] + 1 }));
damage('posting: an attribute that is NULL', 'columns', [],
	put('posting', 0, $masks, 'S', sub { $_[0] ^ 2 }));
damage('posting: attributes that are unknown', 'columns', [],
	put('posting', 0, $masks + 2, 'S', sub { $_[0] ^ 4 }));
damage('posting: behind the masks', 'columns', [], put('posting', 0, $masks + 4, 'S', 1));

# Summaries, of which the first is that of the first list: flags, then the lowest and the highest
# value, and marks.
damage('summary: lowest value', 'columns', [], put('summary', 0, 64 + 8, 'q', sub { $_[0] + 1 }));
damage('summary: highest value', 'columns', [],
	put('summary', 0, 64 + 16, 'q', sub { $_[0] - 1 }));
damage('summary: no values', 'columns', [], put('summary', 0, 64 + 2, 'C', 0));
damage('summary: values of an attribute there is not', 'columns', [],
	put('summary', 0, 64 + 2, 'C', 3));
damage('summary: flag', 'columns', [], put('summary', 0, 64, 'C', 2));
damage('summary: marks', 'columns', [], put('summary', 0, 64 + 24, 'a256', "\0" x 256));
damage('summary: values of a list there is not', 'columns', [],
	put('summary', 0, 64 + 280 * 2 + 2, 'C', 1));
damage('summary: late group of a list there is not', 'columns', [],
	put('summary', 0, 64 + 280 * 2 + 3, 'C', 1));
damage('summary: page id', 'columns', [qw(filtered insert vacuum)],
	put('summary', 0, $special{page_id}, 'S', 0xFFFF));
damage('summary: kind of another page', 'columns', [qw(filtered insert)],
	put('summary', 0, $special{kind}, 'S', 3));
damage('summary: owner', 'columns', [qw(filtered insert)],
	put('summary', 0, $special{owner}, 'L', 4711));
damage('summary: generation', 'columns', [qw(filtered insert)],
	put('summary', 0, $special{generation}, 'L', 4711));
damage('summary: next', 'columns', [], put('summary', 0, $special{next}, 'L', 1));
damage('summary: zeros', 'columns', [qw(filtered insert vacuum)],
	overwrite('summary', 0, $zeros));
damage('meta: bits as codes', 'columns', $all, put('meta', 0, $meta{refine_bits} + 1, 'C', 1));
damage('meta: no attributes', 'columns', $all, put('meta', 0, $meta{refine_bits} + 2, 'S', 0));
damage('meta: bits of an attribute', 'columns', $all,
	put('meta', 0, $meta{refine_bits} + 3, 'C', sub { $_[0] ^ 1 }));
damage('meta: bits of an attribute there is not', 'columns', $all,
	put('meta', 0, $meta{refine_bits} + 3, 'C', 2));
damage('meta: another base of images', 'columns', [], put('meta', 0, $meta{images}, 'Q', 1));
damage('meta: longer steps of images', 'columns', [], put('meta', 0, $meta{images} + 8, 'L', 1));
damage('meta: base of an attribute there is not', 'columns', $all,
	put('meta', 0, $meta{images} + 16, 'Q', 1));
damage('meta: steps of an attribute there is not', 'columns', $all,
	put('meta', 0, $meta{images} + 16 + 8, 'L', 1));
damage('meta: longer steps than images have', 'columns', $all,
	put('meta', 0, $meta{images} + 8, 'L', 35));
damage('meta: shift of marks', 'columns', $all, put('meta', 0, $meta{images} + 12, 'L', 54));
damage('meta: another shift of marks', 'columns', [],
	put('meta', 0, $meta{images} + 12, 'L', sub { $_[0] + 1 }));

# A table for each case, and deleted rows, so that VACUUM has something to remove.
my $node = vdb_node('main', conf => "restart_after_crash = on\nwal_level = replica\n");
$node->start;
vdb_create($node);
for my $shape (sort keys %shapes)
{
	vdb_make_table($node, $shape, rows => $shapes{$shape}{rows}, dims => $shapes{$shape}{dims});
}
for my $case (@cases)
{
	my $shape = $shapes{ $case->{shape} };
	my $table = $case->{table};

	$case->{name} = "$case->{shape}, $case->{name}";
	$case->{index} = "${table}_l2";
	my $set = $shape->{set} // '';
	my $columns = $shape->{columns} // 'v';
	$node->safe_psql(
		'postgres', qq{
CREATE TABLE $table (id bigint, v vector($shape->{dims}));
INSERT INTO $table SELECT * FROM $case->{shape};
$set;
CREATE INDEX $case->{index} ON $table USING ivfkm ($columns) WITH (lists = $shape->{lists});
DELETE FROM $table WHERE id % 30 = 29;});
	$case->{path} = vdb_index_path($node, $case->{index});
}
vdb_check_all($node, 'before the damage');

$node->stop;
for my $case (@cases)
{
	my $bytes = vdb_read_file($case->{path});
	my $before = $bytes;

	$case->{edit}->(\$bytes);
	die "$case->{name}: nothing has changed" if $bytes eq $before;
	# as if the damage had been done before the page was written
	for my $block (0 .. length($bytes) / $block_size - 1)
	{
		my $page = substr($bytes, $block * $block_size, $block_size);

		vdb_seal(\$bytes, $block)
		  if $page ne $zeros && $page ne substr($before, $block * $block_size, $block_size);
	}
	vdb_write_file($case->{path}, $bytes);
}
$node->start;

for my $case (@cases)
{
	my ($name, $table, $index) = @$case{qw(name table index)};
	my $scan = 'SET enable_seqscan = off; SET enable_sort = off; '
		  . 'SET ivfkm.iterative_scan = relaxed_order;';
	my $query = "(SELECT v FROM $case->{shape} WHERE id = 5)";
	my @statements = (
		[ table => "SET enable_indexscan = off; "
			  . "SELECT id FROM $table ORDER BY v <-> $query LIMIT 1" ],
		[ check => "SELECT vdb_index_check('$index')" ],
		[ info => "SELECT count(*) FROM ivfkm_info('$index'), ivfkm_lists('$index')" ],
		[ select => "$scan SET ivfkm.probes = 1000; "
			  . "SELECT count(*) "
			  . "FROM (SELECT id FROM $table ORDER BY v <-> $query LIMIT 100000) a" ],
		[ filtered => "$scan SELECT id FROM $table WHERE id > 0 ORDER BY v <-> $query LIMIT 1" ],
		[ nearest => "$scan SELECT id FROM $table ORDER BY v <-> $query LIMIT 1" ],
		[ prewarm => "SELECT ivfkm_prewarm('$index', 'codes'), ivfkm_prewarm('$index', 'all')" ],
		[ insert => "INSERT INTO $table SELECT id + 1000000, v FROM $case->{shape}" ],
		[ vacuum => "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) $table" ],
		[ later => "SELECT vdb_index_check('$index')" ]);
	my @wrong;

	for my $statement (@statements)
	{
		my ($what, $sql) = @$statement;
		my $result = vdb_try($node, $sql);
		my $reported = vdb_is_damage($result, $index);

		# a plan that does not use the index has nothing to do with its damage
		next if $reported && $what ne 'table';
		next if $result->{ok} && !$case->{must}{$what};
		next if $case->{also} && $result->{sqlstate} eq $case->{also};
		push @wrong, "$what: "
		  . (
			$result->{hung} ? 'hangs'
			: $result->{crashed} ? "crash: $result->{error}"
			: $result->{ok} ? 'damage is not reported'
			: "not reported as damage: $result->{error}");
		if ($result->{hung} || $result->{crashed})
		{
			$node->stop('immediate', fail_ok => 1);
			$node->start(fail_ok => 1);
			last;
		}
	}
	ok(!@wrong, $name) or diag(join("\n", @wrong));

	my $result = vdb_try($node, "REINDEX INDEX $index; SELECT vdb_index_check('$index')");
	ok($result->{ok}, "$name: REINDEX repairs") or diag($result->{error});
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
