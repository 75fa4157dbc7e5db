# One index, whatever instruction set wrote it: codes are the same bytes, and searches give the
# same rows.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main');
$node->start;
vdb_create($node);
my @levels = split /\n/,
  $node->safe_psql('postgres', 'SELECT name FROM vdb_simd_variants() WHERE supported');
is($levels[0], 'scalar', 'there is always the scalar level');
note("levels: @levels");
is($node->safe_psql('postgres',
	"SET vdb.simd = $_; SELECT name FROM vdb_simd_variants() WHERE active"),
	$_, "vdb.simd = $_ is obeyed")
  for @levels;

# Pages of an index without what the log writes into them: position and checksum.
sub pages_of
{
	my ($index) = @_;
	my $bytes;

	$node->safe_psql('postgres', 'CHECKPOINT');
	$bytes = vdb_read_file(vdb_index_path($node, $index));
	substr($bytes, $_ * 8192, 12) = "\0" x 12 for 0 .. length($bytes) / 8192 - 1;
	return $bytes;
}

my $scan = 'SET enable_seqscan = off; SET enable_sort = off;';

for my $dims (3, 100, 1000, 5000)
{
	my $rows = $dims > 1000 ? 60 : 1500;
	my $vector = vdb_vector('id', $dims);

	vdb_make_table($node, "source_$dims", rows => $rows, dims => $dims);
	vdb_make_queries($node, "queries_$dims", rows => 10, dims => $dims);
	for my $metric (@vdb_metrics)
	{
		my ($op, $opclass) = @$metric{qw(op opclass)};
		my $name = "$metric->{name}, $dims dimensions";
		my (%filled, %grown, %answers);

		for my $level (@levels)
		{
			my $table = "t_${dims}_$metric->{name}_$level";

			# "filled": every row comes by insert, into one list around the origin.
			# "grown": the scalar level trains the centroids, the others only insert.
			# "built": everything by one level.
			for my $kind ('filled', 'grown', 'built')
			{
				my $half = $kind eq 'filled' ? 0 : $kind eq 'grown' ? $rows / 2 : $rows;
				my $builder = $kind eq 'built' ? $level : 'scalar';

				$node->safe_psql(
					'postgres', qq{
CREATE TABLE ${table}_$kind (id bigint PRIMARY KEY, v vector($dims));
INSERT INTO ${table}_$kind SELECT * FROM source_$dims WHERE id <= $half ORDER BY id;
SET vdb.simd = $builder;
CREATE INDEX ${table}_${kind}_index ON ${table}_$kind USING ivfkm (v $opclass) WITH (lists = 8);
SET vdb.simd = $level;
INSERT INTO ${table}_$kind SELECT * FROM source_$dims WHERE id > $half ORDER BY id;});
			}
			$filled{$level} = pages_of("${table}_filled_index");
			$grown{$level} = pages_of("${table}_grown_index");
			ok($filled{$level} eq $filled{scalar},
				"$name: $level inserts the bytes that scalar inserts");
			ok($grown{$level} eq $grown{scalar},
				"$name: and with centroids, $level inserts the bytes that scalar inserts");

			# the check encodes every row anew
			for my $checker (@levels)
			{
				my $result = vdb_try($node,
					"SET vdb.simd = $checker; SELECT vdb_index_check('${table}_built_index')");

				is($result->{out}, $rows, "$name: $checker finds the codes right that $level built")
				  or diag($result->{error});
			}

			# answers: all lists and wide bounds, so that only exact distances count; ties by number
			$answers{$level} = $node->safe_psql(
				'postgres', qq{$scan
SET vdb.simd = $level;
SET ivfkm.probes = 1000000;
SET ivfkm.epsilon = 10;
SELECT q.id, string_agg(r.id::text, ' ' ORDER BY round(r.d::numeric, 5), r.id)
	FROM queries_$dims q, LATERAL (
	SELECT t.id, t.v $op q.v AS d FROM ${table}_built t ORDER BY t.v $op q.v LIMIT 20) r
	GROUP BY q.id ORDER BY q.id});
			is($answers{$level}, $answers{scalar}, "$name: $level answers as scalar");

			# the same index searched by every level, as it is by default
			my $by_scalar;
			for my $searcher (@levels)
			{
				my $found = $node->safe_psql(
					'postgres', qq{$scan
SET vdb.simd = $searcher;
SELECT q.id, string_agg(r.id::text, ' ' ORDER BY round(r.d::numeric, 5), r.id)
	FROM queries_$dims q, LATERAL (
	SELECT t.id, t.v $op q.v AS d FROM ${table}_built t ORDER BY t.v $op q.v LIMIT 20) r
	GROUP BY q.id ORDER BY q.id});
				$by_scalar //= $found;
				is($found, $by_scalar, "$name, built by $level: $searcher finds what scalar finds");
			}
		}
		$node->safe_psql('postgres', "DROP TABLE t_${dims}_$metric->{name}_${_}_filled")
			for @levels;
	}
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
