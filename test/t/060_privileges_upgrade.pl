# The extension in the catalogs: who may create it, what dropping it takes along, dump and
# restore, and that a named version is the default one.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main');
$node->start;
vdb_create($node);

# Everything the extension owns, as text.
sub objects
{
	my ($database) = @_;

	return $node->safe_psql(
		$database, q{
SELECT string_agg(pg_describe_object(classid, objid, objsubid), E'\n'
		ORDER BY pg_describe_object(classid, objid, objsubid))
	FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vdb')});
}

# Versions: created as such and updated, the objects are those of the default.
my @versions = split /\n/,
  $node->safe_psql('postgres',
	"SELECT version FROM pg_available_extension_versions WHERE name = 'vdb' ORDER BY version");
my $default = $node->safe_psql('postgres',
	"SELECT extversion FROM pg_extension WHERE extname = 'vdb'");
ok((grep { $_ eq '0.1.0' } @versions), 'version 0.1.0 is there');
for my $version (@versions)
{
	my $database = "version_$version";

	$node->safe_psql('postgres', "CREATE DATABASE \"$database\"");
	$node->safe_psql($database, "CREATE EXTENSION vdb VERSION '$version'");
	is($node->safe_psql($database, "SELECT extversion FROM pg_extension WHERE extname = 'vdb'"),
		$version, "version $version is created by its name");
	$node->safe_psql($database, 'SET client_min_messages = warning; ALTER EXTENSION vdb UPDATE');
	is($node->safe_psql($database, "SELECT extversion FROM pg_extension WHERE extname = 'vdb'"),
		$default, "version $version is updated to $default");
	is(objects($database), objects('postgres'),
		"version $version: the objects are those of the default");
}
cmp_ok(scalar(my @list = split /\n/, objects('postgres')), '>', 50, 'which are many');
is(
	$node->safe_psql('postgres',
		"SELECT count(*) FROM pg_opclass WHERE opcmethod = (SELECT oid FROM pg_am "
		  . "WHERE amname = 'ivfkm') AND NOT amvalidate(oid)"
	),
	0,
	'every operator class of the access method is valid');

# Schemas: it can be put into any, and moved.
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql(
	'elsewhere', q{
CREATE SCHEMA a; CREATE SCHEMA b;
CREATE EXTENSION vdb SCHEMA a;
CREATE TABLE public.t (v a.vector(3));
INSERT INTO t SELECT ARRAY[i, i % 7, i % 5]::a.vector FROM generate_series(1, 200) i;
CREATE INDEX t_v ON t USING ivfkm (v a.vector_cosine_ops);
ALTER EXTENSION vdb SET SCHEMA b;
SET search_path = public;
INSERT INTO t VALUES ('[1,2,3]');});
is($node->safe_psql('elsewhere', "SELECT b.vdb_index_check('t_v')"),
	201, 'an index works on when the extension is moved to another schema');
is(
	$node->safe_psql('elsewhere',
		"SET enable_seqscan = off; SELECT v FROM t ORDER BY v OPERATOR(b.<=>) '[1,2,3]' LIMIT 1"),
	'[1,2,3]',
	'and is searched');

# Owners: C functions need a superuser, unless one marks the extension as trusted.
$node->safe_psql(
	'postgres', q{
CREATE ROLE owner LOGIN;
CREATE ROLE reader LOGIN;
CREATE DATABASE owned OWNER owner;});
my $result = vdb_try($node, 'SET ROLE owner; CREATE EXTENSION vdb', database => 'owned');
is($result->{sqlstate}, '42501', 'the owner of a database may not create it');
like($result->{error}, qr/permission denied to create extension "vdb"/, 'and is told');
$node->safe_psql('owned', 'CREATE EXTENSION vdb');
$node->safe_psql(
	'owned', q{
GRANT CREATE ON SCHEMA public TO owner;
SET ROLE owner;
CREATE TABLE mine (id integer, v vector(3));
INSERT INTO mine SELECT i, ARRAY[i, i % 7, i % 5]::vector FROM generate_series(1, 200) i;
CREATE INDEX mine_v ON mine USING ivfkm (v);
SELECT vdb_index_check('mine_v');});
$result = vdb_try($node, "SET ROLE reader; SELECT vdb_index_check('mine_v')", database => 'owned');
is($result->{sqlstate}, '42501', 'who may not read a table may not check its index');
for my $function ('ivfkm_info', 'ivfkm_lists', 'ivfkm_condition', 'ivfkm_recall')
{
	$result = vdb_try($node, "SET ROLE reader; SELECT * FROM $function('mine_v')",
		database => 'owned');
	is($result->{sqlstate}, '42501', "nor look at it with $function");
}
$result = vdb_try($node,
	"SET ROLE reader; SELECT ivfkm_knn('mine_v', '{\"[1,2,3]\"}'::vector[], 1)",
	database => 'owned');
is($result->{sqlstate}, '42501', 'nor search it with ivfkm_knn');
$node->safe_psql('owned', 'GRANT SELECT ON mine TO reader');
is($node->safe_psql('owned', "SET ROLE reader; SELECT vdb_index_check('mine_v')"),
	200, 'who may read the table may check');

# Row security: a search shows nobody what a policy hides.
$node->safe_psql(
	'owned', q{
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON mine FOR SELECT TO reader USING (id % 20 = 0);});
is(
	$node->safe_psql('owned',
		"SET ROLE reader; SET enable_seqscan = off; SELECT count(*), bool_and(id % 20 = 0) "
		  . "FROM (SELECT id FROM mine ORDER BY v <-> '[5,5,5]' LIMIT 10) a"
	),
	'10|t',
	'policies hold in searches');

# Dump and restore, of data and of the index.
$node->safe_psql(
	'postgres', q{
CREATE TABLE items (id integer PRIMARY KEY, v vector(16), w vector);
INSERT INTO items SELECT id, vt.vector(id, 16, 1), vt.vector(id, 5, 1)
	FROM generate_series(1, 500) id;
INSERT INTO items VALUES (501, NULL, NULL);
CREATE INDEX items_l2 ON items USING ivfkm (v) WITH (lists = 5);
CREATE INDEX items_ip ON items USING ivfkm (v vector_ip_ops) WHERE id > 100;
CREATE INDEX items_cosine ON items USING ivfkm ((w::vector(5)) vector_cosine_ops);
CREATE SCHEMA zz;
CREATE TABLE zz.centres AS SELECT v FROM items WHERE id % 50 = 0;
CREATE INDEX items_centres ON items USING ivfkm (v) WITH (centroids = 'zz.centres');});
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
my $contents =
  "SELECT md5(string_agg(items::text, ' ' ORDER BY id)) FROM items";
my $definitions =
  "SELECT string_agg(indexdef, ' ' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'items'";
for my $format ('plain', 'custom')
{
	my $database = "restored_$format";

	$node->command_ok([ 'pg_dump', '--format', $format, '--file', "$dump.$format",
		$node->connstr('postgres') ],
		"pg_dump, $format");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok(
		$format eq 'plain'
		? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dump.$format",
			$node->connstr($database) ]
		: [ 'pg_restore', '--exit-on-error', '--jobs=2', '--dbname', $node->connstr($database),
			"$dump.$format" ],
		"restore, $format");
	is($node->safe_psql($database, $contents), $node->safe_psql('postgres', $contents),
		"$format: the rows");
	is($node->safe_psql($database, $definitions),
		$node->safe_psql('postgres', $definitions), "$format: the indexes");
	vdb_check_all($node, "$format, restored", database => $database);
	is(vdb_check($node, 'items_l2', "$format, restored", database => $database), 501,
		"$format: all entries");
	# with two jobs the table of centroids may be filled after the index has been made
	$node->safe_psql($database, 'REINDEX INDEX items_centres') if $format eq 'custom';
	is($node->safe_psql($database, "SELECT lists FROM ivfkm_info('items_centres')"),
		10, "$format: lists around the user's centroids");
	is(objects($database), objects('postgres'), "$format: the extension");
}

# A table restored without that of its centroids.
$node->safe_psql('postgres', 'CREATE DATABASE restored_part');
$node->safe_psql('restored_part', 'CREATE EXTENSION vdb');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--table=items', '--index=items_centres',
	'--dbname', $node->connstr('restored_part'), "$dump.custom" ],
	'restore without the centroids');
is($node->safe_psql('restored_part', "SELECT lists FROM ivfkm_info('items_centres')"),
	2, 'the index trains its own');
is(vdb_check($node, 'items_centres', 'restored in part', database => 'restored_part'), 501,
	'and has all entries');

# Binary copies.
$node->safe_psql(
	'postgres', qq{
COPY items TO '$dump.copy' (FORMAT binary);
CREATE TABLE copied (LIKE items INCLUDING INDEXES);
COPY copied FROM '$dump.copy' (FORMAT binary);});
is(
	$node->safe_psql('postgres',
		"SELECT md5(string_agg(copied::text, ' ' ORDER BY id)) FROM copied"),
	$node->safe_psql('postgres', $contents),
	'COPY in binary gives the same rows');
vdb_check_all($node, 'after COPY into indexes');

# Dropping.
$result = vdb_try($node, 'DROP EXTENSION vdb', database => 'restored_plain');
is($result->{sqlstate}, '2BP01', 'it is not dropped from under a table');
$node->safe_psql('restored_plain', 'SET client_min_messages = warning; DROP EXTENSION vdb CASCADE');
is(
	$node->safe_psql('restored_plain',
		"SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute "
		  . "WHERE attrelid = 'items'::regclass AND attnum > 0 AND NOT attisdropped"
	),
	'id',
	'CASCADE drops the columns');
is(
	$node->safe_psql('restored_plain',
		"SELECT count(*) FROM pg_class WHERE relname ~ '^items_(l2|ip|cosine)'"),
	0,
	'and their indexes');
is($node->safe_psql('restored_plain', "SELECT count(*) FROM pg_am WHERE amname = 'ivfkm'"),
	0, 'and the access method');
$node->safe_psql('restored_plain', 'CREATE EXTENSION vdb');
is(objects('restored_plain'), objects('postgres'), 'it can be created again');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
