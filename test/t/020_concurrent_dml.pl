# Clients that insert, update, delete, search and VACUUM at the same time.  VDB_TEST_LONG=1
# makes it five times as many operations.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $clients = 6;
my $operations = $ENV{VDB_TEST_LONG} ? 100_000 : 20_000;
my %shape = (
	items => { dims => 32, rows => 4000, lists => 25, operations => 0.9 * $operations },
	long => { dims => 4500, rows => 60, lists => 4, operations => 0.1 * $operations });
my $node = vdb_node('main', conf => "wal_level = replica\n");
$node->start;
vdb_create($node);

for my $table (sort keys %shape)
{
	my ($dims, $rows) = @{ $shape{$table} }{qw(dims rows)};
	my $per_client = int($shape{$table}{operations} / $clients);
	my @metrics = $table eq 'items' ? @vdb_metrics : ($vdb_metrics[0]);
	my $new = vdb_vector('id', $dims);

	# Vectors to insert are made beforehand, so that the clients spend their time in the index.
	vdb_make_table($node, $table, rows => $rows, dims => $dims);
	vdb_make_table($node, "${table}_spare", rows => $rows, dims => $dims, first => 100001);
	vdb_make_queries($node, "${table}_queries", rows => 200, dims => $dims);
	$node->safe_psql('postgres', "CREATE SEQUENCE ${table}_ids START 1000001");
	$node->safe_psql('postgres',
		"CREATE INDEX ${table}_$_->{name} ON $table USING ivfkm (v $_->{opclass}, id) "
		  . "WITH (lists = $shape{$table}{lists})")
	  for @metrics;

	my %scripts;
	my $spare = "\\set spare random(100001, 100000 + $rows)\n";
	my $victim = "\\set victim random(1, $rows)\n";

	$scripts{"020_${table}_insert\@40"} = $spare
	  . "INSERT INTO $table SELECT nextval('${table}_ids'), v FROM ${table}_spare "
	  . "WHERE id = :spare;\n";
	$scripts{"020_${table}_update\@15"} = $spare . $victim
	  . "UPDATE $table SET v = s.v FROM ${table}_spare s "
	  . "WHERE s.id = :spare AND $table.id = :victim;\n";
	$scripts{"020_${table}_delete\@20"} = $victim
	  . "DELETE FROM $table "
	  . "WHERE id = (SELECT id FROM $table WHERE id >= :victim ORDER BY id LIMIT 1);\n";
	$scripts{"020_${table}_rollback\@5"} = $spare
	  . "BEGIN;\nINSERT INTO $table SELECT nextval('${table}_ids'), v FROM ${table}_spare "
	  . "WHERE id = :spare;\nROLLBACK;\n";
	for my $metric (@metrics)
	{
		my $weight = int(20 / @metrics);
		$scripts{"020_${table}_$metric->{name}\@$weight"} =
			"\\set query random(1, 200)\n"
		  . "SET enable_seqscan = off;\n"
		  . "SELECT id FROM $table ORDER BY v $metric->{op} (SELECT v FROM ${table}_queries "
		  . "WHERE id = :query) LIMIT 20;\n";
	}
	$scripts{"020_${table}_vacuum\@1"} = "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) $table;\n";

	$node->pgbench(
		"--no-vacuum --client=$clients --jobs=2 --transactions=$per_client --random-seed=$vdb_seed",
		0, [qr/actually processed/], [qr{^(pgbench: setting random seed to \d+\n)?$}],
		"$table: $clients clients, $per_client transactions each, without an error", \%scripts);

	for my $metric (@metrics)
	{
		my $index = "${table}_$metric->{name}";
		my $live = $node->safe_psql('postgres', "SELECT count(*) FROM $table");
		my %scan = (
			table => $table,
			queries => "${table}_queries",
			op => $metric->{op},
			truth => "truth_$index");

		cmp_ok(vdb_check($node, $index, "$index after the changes"),
			'>=', $live, "$index: at least $live entries");
		vdb_same_rows($node, $table, $metric->{op},
			"SELECT v FROM ${table}_queries WHERE id = 1", "$index after the changes");
		$node->safe_psql('postgres', "VACUUM (INDEX_CLEANUP ON) $table");
		is(vdb_check($node, $index, "$index after VACUUM"), $live,
			"$index: $live entries after VACUUM");

		# as many lists in both, and as many probes: what a build measures as the lists to
		# probe differs from build to build, and is not what the changes do to recall
		my $before = vdb_recall($node, %scan, set => 'SET LOCAL ivfkm.probes = 20');
		$node->safe_psql('postgres', "REINDEX INDEX $index");
		my $after = vdb_recall($node, %scan, set => 'SET LOCAL ivfkm.probes = 20');
		cmp_ok($before->{recall}, '>=', $after->{recall} - 0.01,
			"$index: recall is that of a fresh index");
		note("recall $before->{recall}, fresh $after->{recall}");
		is($before->{duplicates}, 0, "$index: no row comes twice");
		is($before->{unordered}, 0, "$index: rows come in order of distance");
	}
}

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
