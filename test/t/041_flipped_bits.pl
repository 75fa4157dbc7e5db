# Flipped bits: whatever bit of a page of an index flips, vdb_index_check() finds it; searches and
# inserts that meet it work or report damage, and do no harm: once the bit is back the index is
# whole.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $module = vdb_test_module();
my $node = vdb_node('main');
$node->start;
vdb_create($node);

# Every kind of page, groups and records of one page and of several, free slots that have records.
my %shapes = (
	tree => { dims => 8, rows => 300, lists => 40, set => 'SET ivfkm.debug_node_children = 4;' },
	small => { dims => 64, rows => 300, lists => 2 },
	plain => { dims => 64, rows => 300, lists => 2, with => ', refine_bits = 0' },
	long => { dims => 5000, rows => 30, lists => 1 });

$node->safe_psql(
	'postgres', qq{
CREATE FUNCTION test_vdb_flip(index regclass, block bigint, flipped bigint) RETURNS void
	AS '$module' LANGUAGE C STRICT;

-- Statements with a flipped bit; returns what was wrong, or nothing.  All that they changed but
-- the index is rolled back.
CREATE FUNCTION flip(tab text, block bigint, flipped bigint, all_statements boolean)
	RETURNS text AS \$\$
DECLARE
	index text := tab || '_i';
	statements text[] := ARRAY[format('SELECT vdb_index_check(%L)', index)];
	wrong text := NULL;
	i integer;
BEGIN
	IF all_statements THEN
		statements := statements ||
			format('SELECT count(*) FROM (SELECT id FROM %s
			ORDER BY v <-> (SELECT v FROM %s WHERE id = 7) LIMIT 1000) a', tab, tab) ||
			format('INSERT INTO %s SELECT id + 1000, v FROM %s WHERE id %% 10 = 3', tab, tab);
	END IF;
	PERFORM test_vdb_flip(index, block, flipped);
	FOR i IN 1 .. array_length(statements, 1) LOOP
		BEGIN
			EXECUTE statements[i];
			IF i = 1 THEN
				wrong := 'not found';
			END IF;
			RAISE EXCEPTION 'roll back' USING ERRCODE = 'P0001';
		EXCEPTION
			WHEN index_corrupted THEN
				NULL;
			WHEN raise_exception THEN
				NULL;
			WHEN OTHERS THEN
				wrong := format('%s: %s %s', statements[i], SQLSTATE, SQLERRM);
		END;
	END LOOP;
	PERFORM test_vdb_flip(index, block, flipped);
	IF all_statements THEN
		BEGIN
			EXECUTE statements[1];
		EXCEPTION WHEN OTHERS THEN
			wrong := 'harm was done: ' || SQLERRM;
		END;
	END IF;
	RETURN wrong;
END
\$\$ LANGUAGE plpgsql;});

srand($vdb_seed);
for my $name (sort keys %shapes)
{
	my $shape = $shapes{$name};

	vdb_make_table($node, $name, rows => $shape->{rows}, dims => $shape->{dims});
	my $more = vdb_vector('id', $shape->{dims});
	$node->safe_psql(
		'postgres', qq{
SET maintenance_work_mem = '64MB';
$shape->{set}
CREATE INDEX ${name}_i ON $name USING ivfkm (v)
	WITH (lists = $shape->{lists}@{[$shape->{with} // '']});
INSERT INTO $name SELECT id, $more FROM generate_series(400, 500) id;
INSERT INTO $name SELECT id, NULL FROM generate_series(600, 620) id;
DELETE FROM $name WHERE id % 7 = 1;}
		  =~ s/^\n//r);
	$node->safe_psql('postgres', "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) $name");
	is(vdb_check($node, "${name}_i", "$name before"),
		$node->safe_psql('postgres', "SELECT count(*) FROM $name"), "$name: all rows are there");
}
$node->safe_psql('postgres', 'CHECKPOINT');

for my $name (sort keys %shapes)
{
	my $bytes = vdb_read_file(vdb_index_path($node, "${name}_i"));
	my $used = unpack('L', substr($bytes, 120, 4));
	my %seen;
	my @flips;

	for my $block (0 .. $used - 1)
	{
		my $kind = unpack('S', substr($bytes, $block * 8192 + 8188, 2));

		next if $seen{$kind}++ >= 2 && $block != $used - 1;
		# the LSN and the checksum are the server's; headers, the fields of the metapage, the
		# special area and, of the rest, what chance takes
		my @offsets = (10 .. 63, 8064 .. 8191, $kind == 1 ? (64 .. 320) : (64 .. 100));
		push @offsets, 64 + int(rand(8000)) for 1 .. 60;
		my $n = 0;
		for my $offset (@offsets)
		{
			my $all = $n++ % 8 == 0 ? 'true' : 'false';
			push @flips, "($block, " . ($offset * 8 + int(rand(8))) . ", $all)";
		}
	}
	# the refine addresses of empty slots: an insert would write over another row's record
	if ($name eq 'small')
	{
		for my $block (0 .. $used - 1)
		{
			next if unpack('S', substr($bytes, $block * 8192 + 8188, 2)) != 5;
			for my $slot (0 .. 15)
			{
				my $arrays = 64 + 128;
				next if unpack('L',
					substr($bytes, $block * 8192 + $arrays + 4 * $slot, 4)) != 0x7F800000;
				push @flips, "($block, " . (($arrays + 192 + 6 * $slot + 4) * 8 + $_) . ', true)'
					for 0 .. 3;
			}
		}
	}
	my $sql = 'SELECT block, flipped, flip(' . "'$name'"
		. ', block, flipped, everything) FROM (VALUES '
	  . join(', ', @flips)
	  . ') f (block, flipped, everything)';
	my $result = vdb_try($node,
		"SET enable_seqscan = off; SET enable_sort = off; SET ivfkm.probes = 1000; "
		  . "SELECT string_agg(block || '/' || flipped || ': ' || flip, E'\\n') FROM ($sql) a "
		  . "WHERE flip IS NOT NULL");

	ok($result->{ok}, "$name: " . scalar(@flips) . ' flipped bits') or diag($result->{error});
	is($result->{out} // '', '', "$name: each is found, and none does harm");
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
