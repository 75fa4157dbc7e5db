# The file of an index: what its build writes to the log, that its pages have checksums, that it
# is there after a crash, logged or not; and that searches which read it from disk answer as
# those which find it in shared buffers.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

# "striped": units of more than a page
my %shape = (
	paged => { dims => 200, rows => 3000, metrics => [qw(l2 ip)] },
	striped => { dims => 8000, rows => 200, metrics => [qw(l2)] });
my $node = vdb_node(
	'main',
	checksums => 1,
	conf => "wal_level = replica\nwal_compression = off\nfull_page_writes = on\n");
$node->start;
vdb_create($node);
for my $table (sort keys %shape)
{
	vdb_make_table($node, $table, rows => $shape{$table}{rows}, dims => $shape{$table}{dims});
	vdb_make_queries($node, "${table}_queries", rows => 5, dims => $shape{$table}{dims});
}
# pages of the catalogs have their full images in the log before anything is measured
$node->safe_psql('postgres', 'CREATE INDEX first ON paged USING ivfkm (v); DROP INDEX first;');

# Bytes of log that a statement writes.
sub log_bytes
{
	my ($sql) = @_;
	my $before = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');

	$node->safe_psql('postgres', $sql);
	return $node->safe_psql('postgres',
		"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$before')");
}

for my $table (sort keys %shape)
{
	for my $metric (@{ $shape{$table}{metrics} })
	{
		my $index = "${table}_$metric";
		my $bytes =
		  log_bytes("CREATE INDEX $index ON $table USING ivfkm (v vector_${metric}_ops)");
		my $size = $node->safe_psql('postgres', "SELECT pg_relation_size('$index')");

		cmp_ok($size, '>', 800_000, "$index: $size bytes");
		cmp_ok($bytes, '>=', $size, "$index: each of its pages is logged");
		cmp_ok($bytes, '<=', 1.1 * $size, "$index: no more than once, in $bytes bytes");
	}
}
$node->safe_psql('postgres', 'CREATE UNLOGGED TABLE brief AS SELECT * FROM paged');
my $bytes = log_bytes('CREATE INDEX brief_l2 ON brief USING ivfkm (v)');
cmp_ok($bytes, '<', 200_000, "an unlogged index logs its empty form alone, in $bytes bytes");

# What searches of all indexes answer; "settings" are made before.
sub answers
{
	my ($settings) = @_;
	return vdb_answers($node, tables => \%shape, limits => [ 1, 20, 400 ], set => $settings);
}

# groups and refine pages that inserts add lie behind those of the build, and some slots are empty
for my $table (sort keys %shape)
{
	my $first = $shape{$table}{rows} + 1;
	my $last = $shape{$table}{rows} * 2;
	my $vector = vdb_vector('id', $shape{$table}{dims});

	$node->safe_psql(
		'postgres', qq{
INSERT INTO $table SELECT id, $vector FROM generate_series($first, $last) id;
DELETE FROM $table WHERE id % 7 = 3;
VACUUM (INDEX_CLEANUP ON, ANALYZE) $table;});
}

my $warm = answers('SET ivfkm.probes = 0');
is(answers('SET ivfkm.probes = 0'), $warm, 'the same searches answer alike');
for my $concurrency (0, 1, 16, 1000)
{
	$node->restart;
	is(answers("SET effective_io_concurrency = $concurrency"),
		$warm, "and when they read from disk, effective_io_concurrency = $concurrency");
}

# Searches that end early, are rescanned or cancelled while they read leave no buffer pinned: the
# server would warn.
$node->restart;
my $result = vdb_try(
	$node, q{
SET enable_seqscan = off;
SET enable_sort = off;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM paged ORDER BY v <-> (SELECT v FROM paged_queries WHERE id = 1);
FETCH 1 FROM c;
CLOSE c;
COMMIT;
DO $$
BEGIN
	PERFORM id, 1 / (id - id) FROM paged
		ORDER BY v <-> (SELECT v FROM paged_queries WHERE id = 2) LIMIT 1;
EXCEPTION WHEN division_by_zero THEN
	NULL;
END
$$;
SELECT 'done';});
ok($result->{ok}, 'searches that end early') or diag($result->{error});
unlike(
	slurp_file($node->logfile),
	qr/refcount leak|resource was not closed|PANIC/,
	'no buffer was left pinned');

$node->stop;
command_ok(
	[ 'pg_checksums', '--check', '--pgdata', $node->data_dir ],
	'the checksums of all pages are right');

# A crash right after a build, with and without the log of its pages.
for my $level ('replica', 'minimal')
{
	$node->append_conf('postgresql.conf', "wal_level = $level\nmax_wal_senders = 0\n");
	$node->start;
	for my $threshold ('0', '1GB')
	{
		$node->safe_psql(
			'postgres', qq{
SET wal_skip_threshold = '$threshold';
DROP TABLE IF EXISTS late;
BEGIN;
CREATE TABLE late AS SELECT * FROM paged;
CREATE INDEX late_l2 ON late USING ivfkm (v);
COMMIT;});
		my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM late');

		$node->stop('immediate');
		$node->start;
		is(vdb_check($node, 'late_l2', "wal_level $level, threshold $threshold"),
			$rows, "wal_level $level, wal_skip_threshold $threshold: all rows survive a crash");
	}
	$node->stop;
}
$node->start;
is(vdb_check($node, 'brief_l2', 'unlogged, after crashes'), 0, 'the unlogged index is empty');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
