# Moving from pgvector: a dump of a database with pgvector 0.8.6 (test/dumps) is restored into
# databases with extension "vector" and with extension "vdb", as "Coming from pgvector" in README.md
# says.

use strict;
use warnings;

use Cwd;
use File::Basename;
use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $top = Cwd::abs_path(dirname(__FILE__) . '/../..');
my $dumps = "$top/test/dumps";
my $work = PostgreSQL::Test::Utils::tempdir();
my $answers = vdb_read_file("$dumps/pgvector_0.8.6.out");

my $node = vdb_node('main');
$node->start;

# Runs a shell command with the server's programs first in its path and $DB the
# database; returns its exit status, what it wrote and what it said.
sub shell
{
	my ($database, $command) = @_;
	my ($out, $error) = ('', '');

	local $ENV{DB} = $node->connstr($database);
	IPC::Run::run([ 'bash', '-c', "set -o pipefail; $command" ], '<', '/dev/null', '>', \$out,
		'2>', \$error);
	return ($? >> 8, $out, $error);
}

sub create
{
	my ($database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	return;
}

# The database answers as pgvector did, and its indexes are sound and found.
sub check
{
	my ($database, %wanted) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($status, $out, $error) = shell($database,
		"psql -X -q -At -v ON_ERROR_STOP=1 -f $dumps/answers.sql \"\$DB\"");

	is($status, 0, "$database: everything can be asked") or diag($error);
	is($out, $answers, "$database: the answers are those of pgvector");
	my %found = split /[|\n]/, $node->safe_psql(
		$database, q{
SELECT amname, count(*) FROM pg_class c JOIN pg_am a ON a.oid = relam
	WHERE relkind IN ('i', 'I') AND amname IN ('hnsw', 'ivfflat', 'ivfkm') GROUP BY amname});
	is_deeply(\%found, \%wanted, "$database: the indexes");
	is(
		$node->safe_psql($database,
			"SELECT count(*) FROM pg_class JOIN pg_index ON indexrelid = oid WHERE NOT indisvalid"),
		0, "$database: which are valid");
	vdb_check_all($node, $database, database => $database);
	like(
		$node->safe_psql(
			$database, q{
SET enable_seqscan = off; SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY b <~> '1010101010101010' LIMIT 5}),
		qr/Index Scan using items_b_/,
		"$database: and used");
	return;
}

# ----- with extension "vector"

# as it is
create('as_it_is');
my ($status, $out, $error) = shell('as_it_is',
	"psql -X -q -v ON_ERROR_STOP=1 -f $dumps/pgvector_0.8.6.sql "
	  . "\"\$DB\"");
is($status, 0, 'a dump is restored without an error') or diag($error);
check('as_it_is', hnsw => 23, ivfflat => 7);
is($node->safe_psql('as_it_is', "SELECT extversion FROM pg_extension WHERE extname = 'vector'"),
	'0.8.6', 'the extension');

# ----- with extension "vdb"

create('rewritten');
($status, $out, $error) = shell('rewritten',
	"awk -f $top/sql/from_pgvector.awk $dumps/pgvector_0.8.6.sql | psql -X -q -v ON_ERROR_STOP=1 "
	  . "\"\$DB\"");
is($status, 0, 'a rewritten dump is restored into vdb without an error') or diag($error);
check('rewritten', ivfkm => 30);
is($node->safe_psql('rewritten',
	'SELECT string_agg(extname, $$ $$ ORDER BY extname) FROM pg_extension'),
	'plpgsql vdb', 'its extension is vdb');
is(
	$node->safe_psql(
		'rewritten',
			"SELECT count(*) FROM app.parts "
		  . "WHERE note = "
		  . "E'USING hnsw (v vector_l1_ops) WITH (m=''16'');\\nCREATE EXTENSION vector;'"
	),
	19,
	'rows that look like statements are left alone');

# archives: definitions go through the script, rows come straight out of the archive
($status, $out, $error) = shell('as_it_is', "pg_dump -Fc -f $work/custom \"\$DB\"");
is($status, 0, 'an archive') or diag($error);
create('archive');
($status, $out, $error) = shell(
	'archive', qq{
pg_restore -f - --section=pre-data $work/custom | awk -f $top/sql/from_pgvector.awk |
	psql -X -q -v ON_ERROR_STOP=1 "\$DB" &&
pg_restore --section=data --jobs=2 --exit-on-error -d "\$DB" $work/custom &&
pg_restore -f - --section=post-data $work/custom | awk -f $top/sql/from_pgvector.awk |
	psql -X -q -v ON_ERROR_STOP=1 "\$DB"});
is($status, 0, 'an archive is restored into vdb') or diag($error);
check('archive', ivfkm => 30);
create('archive_kept');
($status, $out, $error) = shell('archive_kept',
	qq{pg_restore --jobs=2 --exit-on-error -d "\$DB" $work/custom});
is($status, 0, 'an archive is restored into vector') or diag($error);
check('archive_kept', hnsw => 23, ivfflat => 7);

$node->stop;
done_testing();
