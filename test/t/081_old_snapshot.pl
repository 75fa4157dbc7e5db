# old_snapshot_threshold, which left PostgreSQL with version 17: a search under a snapshot whose
# rows VACUUM may have removed says so, as other indexes do, and never gives fewer rows.  With a
# threshold of 0 a snapshot is too old after five seconds where pages have changed since, but VACUUM
# removes nothing; VDB_TEST_LONG=1 takes a minute, after which it does.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Vdb::Test;

my $threshold = $ENV{VDB_TEST_LONG} ? "'1min'" : '0';
my $node = vdb_node('main');
plan skip_all => 'snapshots do not get too old from PostgreSQL 17 on' if $node->pg_version >= 17;
$node->append_conf('postgresql.conf', "old_snapshot_threshold = $threshold\n");
$node->start;
vdb_create($node);
vdb_make_table($node, 'items', rows => 3000, dims => 16);
$node->safe_psql(
	'postgres', q{
ALTER TABLE items SET (autovacuum_enabled = off);
CREATE TABLE other (id integer);
CREATE INDEX items_id ON items (id);
CREATE INDEX items_v ON items USING ivfkm (v);
CREATE INDEX items_plain ON items USING ivfkm (v) WITH (refine_bits = 0) WHERE id < 100000;});
my $query = vdb_vector(3, 16);
my $nearest = "SELECT id FROM items ORDER BY v <-> ($query) LIMIT 20";

# Every session takes its snapshot, waits, and searches.
my $set = "SET enable_seqscan = off; SET enable_sort = off;";
my $wait = q{
DO $$
BEGIN
	WHILE pg_stat_file('go', true) IS NULL LOOP
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;};
my %search = (
	'btree' => 'SELECT count(*) '
	  . 'FROM (SELECT id FROM items WHERE id BETWEEN 1 AND 500 ORDER BY id) s',
	'ivfkm' => "SELECT count(*) FROM ($nearest) s",
	'ivfkm without refine codes' =>
	  "SELECT count(*) "
	    . "FROM (SELECT id FROM items WHERE id < 100000 ORDER BY v <-> ($query) LIMIT 20) s",
	'ivfkm, all rows' => "SELECT count(*) "
	  . "FROM (SELECT id FROM items ORDER BY v <-> ($query) LIMIT 3000) s");
my %session;
for my $name (sort keys %search)
{
	$session{$name} = vdb_background($node, <<SQL);
$set
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM other;
SELECT 'ready';
$wait
$search{$name};
COMMIT;
SQL
	$session{$name}{run}->pump while $session{$name}{out} !~ /ready/
		&& $session{$name}{run}->pumpable;
}
$node->safe_psql('postgres',
	'WITH gone AS (DELETE FROM items RETURNING *) INSERT INTO items SELECT * FROM gone');
if ($ENV{VDB_TEST_LONG})
{
	my $removed = 0;

	for (1 .. 300)
	{
		my ($out, $error);

		$node->safe_psql('postgres', 'INSERT INTO other VALUES (1)');
		$node->psql('postgres', 'VACUUM (VERBOSE) items', stdout => \$out, stderr => \$error);
		last if $removed = $error =~ /tuples: 3000 removed/;
		usleep(1_000_000);
	}
	ok($removed, 'VACUUM removes the rows');
}
else
{
	usleep(6_000_000);
}
append_to_file($node->data_dir . '/go', '');
for my $name (sort keys %search)
{
	vdb_finish($session{$name});
	like($session{$name}{error}, qr/ERROR:  72000: snapshot too old/,
		"$name: the snapshot is too old");
	is($session{$name}{out} =~ /ready\n(\d+)/ ? $1 : '', '', "$name: no number of rows");
}
is($node->safe_psql('postgres', "$set SELECT count(*) FROM ($nearest) s"),
	20, 'a new snapshot is not too old');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
