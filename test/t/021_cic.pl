# CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY while clients write.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main', conf => "wal_level = replica\n");
$node->start;
vdb_create($node);

my %shape = (short => { dims => 32, rows => 4000 }, long => { dims => 4500, rows => 60 });

for my $table (sort keys %shape)
{
	my ($dims, $rows) = @{ $shape{$table} }{qw(dims rows)};
	my $query = vdb_vector(5, $dims);
	my $file = PostgreSQL::Test::Utils::tempdir() . '/script';
	my ($out, $error) = ('', '');

	vdb_make_table($node, $table, rows => $rows, dims => $dims);
	vdb_make_table($node, "${table}_spare", rows => $rows, dims => $dims, first => 100001);
	$node->safe_psql('postgres', "CREATE SEQUENCE ${table}_ids START 1000001");

	# one of the tables with workers
	$node->safe_psql('postgres',
		"ALTER TABLE $table SET (parallel_workers = " . ($table eq 'short' ? 2 : 0) . ')');

	# HOT updates of another column too: their rows are found through the root of the chain
	$node->safe_psql('postgres', "ALTER TABLE $table ADD COLUMN touched integer DEFAULT 0");
	append_to_file($file, <<"SQL");
\\set spare random(100001, 100000 + $rows)
\\set victim random(1, $rows)
\\set touched random(1, $rows)
INSERT INTO $table SELECT nextval('${table}_ids'), v FROM ${table}_spare WHERE id = :spare;
UPDATE $table SET v = s.v FROM ${table}_spare s WHERE s.id = :spare AND $table.id = :victim;
UPDATE $table SET touched = touched + 1 WHERE id = :touched;
DELETE FROM $table WHERE id = (SELECT id FROM $table WHERE id >= 1000000
	ORDER BY id LIMIT 1 OFFSET 5 FOR UPDATE SKIP LOCKED);
SQL
	my $writers = IPC::Run::start(
		[
			$node->installed_command('pgbench'), '-n', '-c', '3', '-T', '600', '-f', $file,
			'-h', $node->host, '-p', $node->port, 'postgres'
		],
		'>', \$out, '2>', \$error,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default * 2));
	$node->poll_query_until('postgres', "SELECT last_value > 1000020 FROM ${table}_ids")
	  or die 'no client writes';

	for my $metric (@vdb_metrics)
	{
		my $index = "${table}_$metric->{name}";
		my $written = "SELECT last_value FROM ${table}_ids";
		my $before = $node->safe_psql('postgres', $written);
		my $result;

		$result = vdb_try($node,
			"CREATE INDEX CONCURRENTLY $index ON $table USING ivfkm (v $metric->{opclass}, id)");
		ok($result->{ok}, "CREATE INDEX CONCURRENTLY $index") or diag($result->{error});
		vdb_check($node, $index, "$index beside writers");
		$result = vdb_try($node, "REINDEX INDEX CONCURRENTLY $index");
		ok($result->{ok}, "REINDEX CONCURRENTLY $index") or diag($result->{error});
		vdb_check($node, $index, "$index, built again beside writers");
		cmp_ok($node->safe_psql('postgres', $written), '>', $before,
			"$index: clients wrote meanwhile");
	}
	$node->safe_psql('postgres', "VACUUM (INDEX_CLEANUP ON) $table");
	vdb_check($node, "${table}_$_->{name}", "${table}_$_->{name} after VACUUM beside writers")
		for @vdb_metrics;

	$writers->signal('TERM');
	$writers->finish;
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'client backend'")
	  or die 'the clients do not leave';
	is($error, '', "$table: the clients met no error");

	$node->safe_psql('postgres', "VACUUM (INDEX_CLEANUP ON) $table");
	for my $metric (@vdb_metrics)
	{
		my $index = "${table}_$metric->{name}";

		is(
			vdb_check($node, $index, "$index after all writes"),
			$node->safe_psql('postgres', "SELECT count(*) FROM $table"),
			"$index: an entry for each row");
		vdb_same_rows($node, $table, $metric->{op}, $query, $index);
	}
	is(
		$node->safe_psql('postgres',
			"SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready"),
		0,
		"$table: no index is left invalid");
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
