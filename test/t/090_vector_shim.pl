# The extension "vector" of "make install-vector-shim": everything of vdb, and the access
# methods hnsw and ivfflat with pgvector's options and settings.

use strict;
use warnings;

use Cwd;
use File::Basename;
use File::Copy;
use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $top = Cwd::abs_path(dirname(__FILE__) . '/../..');

# ----- the files

# Runs the installer on two folders; returns its exit status and all that it wrote.
sub installer
{
	my ($command, $folder) = @_;
	my $output = `'$top/sql/vector_shim.sh' $command '$folder/extension' '$folder/lib' 2>&1`;

	return ($? >> 8, $output);
}

sub folders
{
	my $folder = PostgreSQL::Test::Utils::tempdir();

	mkdir "$folder/extension";
	mkdir "$folder/lib";
	return $folder;
}

my $folder = folders();
my ($status, $output) = installer('check', $folder);
is($status, 0, 'nothing is in the way in empty folders');
($status, $output) = installer('install', $folder);
is($status, 0, 'the files are installed') or diag($output);
is(join(' ', map { basename($_) } sort glob("$folder/extension/*")),
	'vector--0.8.6.sql vector.control', 'which are two');
($status, $output) = installer('check', $folder);
is($status, 0, 'they may be installed again');
my $script = vdb_read_file("$folder/extension/vector--0.8.6.sql");
like($script, qr/^\\echo Use "CREATE EXTENSION vector" to load this file\. \\quit$/m,
	'the script is guarded');
unlike($script, qr/EXTENSION vdb" to load/, 'under its own name');
($status, $output) = installer('uninstall', $folder);
is(join(' ', glob("$folder/extension/*")), '', 'and are removed');

for my $foreign ('extension/vector.control', 'extension/vector--0.8.5--0.8.6.sql', 'lib/vector.so')
{
	my $other = folders();

	append_to_file("$other/$foreign", "-- of pgvector\n");
	($status, $output) = installer('check', $other);
	is($status, 1, "$foreign of somebody else is in the way");
	like($output,
		qr/Extension "vector" is installed here, and is not vdb's:\n\s+\Q$other\/$foreign\E\n/,
		'which is said');
	(undef, undef) = installer('uninstall', $other);
	ok(-f "$other/$foreign", 'it is not removed either');
}

# ----- what is in the extension

my $node = vdb_node('main');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE plain');
vdb_create($node, 'plain');
vdb_create($node, 'postgres', extension => 'vector');

sub value
{
	my ($sql, $database) = @_;
	return $node->safe_psql($database // 'postgres', $sql);
}

is(value("SELECT extversion FROM pg_extension WHERE extname = 'vector'"), '0.8.6', 'version');
is(value("SELECT count(*) FROM pg_extension WHERE extname = 'vdb'"), 0,
	'it needs no other extension');
is(value("SELECT DISTINCT probin FROM pg_proc "
	  . "WHERE probin LIKE '%lib%' AND proname ~ 'vector|hnsw'"),
	'$libdir/vdb', "the library is vdb's");

# Everything the extension owns, as text.
sub objects
{
	my ($database) = @_;
	return split /\n/, value(
		q{
SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
	WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname IN ('vdb', 'vector'))
	ORDER BY 1}, $database);
}

my %vector = map { $_ => 1 } objects('postgres');
my %vdb = map { $_ => 1 } objects('plain');
is(join("\n", grep { !$vector{$_} } sort keys %vdb), '', 'everything of vdb is there');
is(
	join("\n", grep { !/^operator (?:class|family) / } grep { !$vdb{$_} } sort keys %vector),
	"access method hnsw\naccess method ivfflat\nfunction hnswhandler(internal)\nfunction "
	  . "ivfflathandler(internal)",
	'and besides only the access methods');
is(
	value(
		q{
SELECT count(*) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vector')
	AND NOT EXISTS (SELECT FROM pg_description d WHERE d.classoid = classid AND d.objoid = objid
		AND d.objsubid = 0)
	AND NOT (classid = 'pg_type'::regclass AND objid IN (SELECT typarray FROM pg_type))}),
	0,
	'every object has a comment');
is(
	value(
		q{
SELECT count(*) FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
	WHERE amname IN ('hnsw', 'ivfflat', 'ivfkm') AND NOT amvalidate(o.oid)}),
	0,
	'every operator class is valid');

# pgvector's operator classes and those of arrays; ivfflat has those of hnsw, too
my @served;
for my $am ('hnsw', 'ivfflat')
{
	push @served, map { "$am.${_}_ops" } qw(
	  bit_hamming bit_jaccard halfvec_cosine halfvec_ip halfvec_l1 halfvec_l2 halfvec_maxsim
	  sparsevec_cosine sparsevec_ip sparsevec_l1 sparsevec_l2 vector_cosine vector_ip vector_l1
	  vector_l2 vector_maxsim);
}
my $opclasses = q{
SELECT amname || '.' || opcname FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
	WHERE amname IN ('hnsw', 'ivfflat') ORDER BY amname || '.' || opcname COLLATE "C"};
is(
	value($opclasses),
	join("\n", sort @served),
	'operator classes of hnsw and ivfflat');
is(
	value(
		q{
SELECT string_agg(amname || '.' || opcname, ' ') FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
	WHERE amname IN ('hnsw', 'ivfflat') AND opcdefault}),
	'ivfflat.vector_l2_ops',
	'of which one is a default');

vdb_make_table($node, 'items', rows => 3000, dims => 8);
$node->safe_psql(
	'postgres', q{
CREATE TABLE all_types (vector vector(3), halfvec halfvec(3), bit bit(8), sparsevec sparsevec(6),
	vectors vector(3)[], halfvecs halfvec(3)[]);
INSERT INTO all_types SELECT ARRAY[i, 1, -i]::vector, ARRAY[i, 1, -i]::halfvec, i::bit(8),
	format('{%s:1}/6', i % 6 + 1)::sparsevec, ARRAY[ARRAY[i, 1, -i]::vector],
	ARRAY[ARRAY[i, 1, -i]::halfvec]
	FROM generate_series(1, 100) i});
for my $opclass (@served)
{
	my ($am, $class, $type) = $opclass =~ /^(\w+)\.((\w+?)_\w+)$/;

	$type .= 's' if $class =~ /maxsim/; # of arrays
	$node->safe_psql('postgres', "SET client_min_messages = warning; CREATE INDEX served ON
		all_types USING $am ($type $class)");
	is(value("SELECT vdb_index_check('served')"), 100, "$opclass makes an index");
	$node->safe_psql('postgres', 'DROP INDEX served');
}
# ----- one extension of the two

my $result = vdb_try($node, 'CREATE EXTENSION vdb');
is($result->{sqlstate}, '42710', 'vdb cannot be created beside vector');
like($result->{error}, qr/access method ivfkm already belongs to extension "vector"/,
	'and says why');
$result = vdb_try($node, 'CREATE SCHEMA s; CREATE EXTENSION vector SCHEMA s', database => 'plain');
is($result->{sqlstate}, '42710', 'nor vector beside vdb');
like($result->{error}, qr/access method ivfkm already belongs to extension "vdb"/, 'which says so');
$result = vdb_try($node, "ALTER EXTENSION vector UPDATE TO '0.8.7'");
like($result->{error}, qr/has no update path/, 'there is no other version');

# ----- index options

sub refused
{
	my ($sql, $pattern, $sqlstate) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $tried = vdb_try($node, $sql);

	is($tried->{sqlstate}, $sqlstate // '22023', "$sql: SQLSTATE");
	like($tried->{error}, $pattern, "$sql: message");
	unlike($tried->{error}, qr/NOTICE/, "$sql: no notice of what is not built");
	return;
}

refused("CREATE INDEX ON items USING hnsw (v vector_l2_ops) WITH ($_->[0] = $_->[1])",
	qr/value $_->[1] out of bounds for option "$_->[0]"\n.*are between "$_->[2]" and "$_->[3]"/)
  for ([ 'm', 1, 2, 100 ],
	[ 'm', 101, 2, 100 ],
	[ 'ef_construction', 3, 4, 1000 ],
	[ 'ef_construction', 1001, 4, 1000 ]);
refused("CREATE INDEX ON items USING ivfflat (v vector_l2_ops) WITH (lists = $_)",
	qr/value $_ out of bounds for option "lists"\n.*Valid values are between "1" and "32768"/)
  for (0, 32769);
refused('CREATE INDEX ON items USING hnsw (v vector_l2_ops) WITH (lists = 10)',
	qr/unrecognized parameter "lists"/);
refused('CREATE INDEX ON items USING ivfflat (v vector_l2_ops) WITH (m = 10)',
	qr/unrecognized parameter "m"/);
refused("CREATE INDEX ON items USING hnsw (v vector_l2_ops) WITH ($_)",
	qr/ef_construction must be greater than or equal to 2 \* m/)
  for ('m = 33', 'ef_construction = 31', 'm = 20, ef_construction = 39');
refused('CREATE INDEX ON items USING hnsw (v)',
	qr/data type vector has no default operator class for access method "hnsw"/, '42704');
refused(
	'CREATE TABLE loose (v vector); CREATE INDEX ON loose USING hnsw (v vector_l2_ops)',
	qr/column does not have dimensions/);
for my $method ('hnsw', 'ivfflat')
{
	refused(
		"CREATE TABLE long_bits (b bit(64001)); "
		  . "CREATE INDEX ON long_bits USING $method (b bit_hamming_ops)",
		qr/column cannot have more than 64000 dimensions for $method index/, '54000');
	refused(
		"CREATE TABLE loose_bits (b bit varying(10)); "
		  . "CREATE INDEX ON loose_bits USING $method (b bit_hamming_ops)",
		qr/type not supported for $method index/, '0A000');
	$node->safe_psql('postgres', 'DROP TABLE long_bits, loose_bits');
}

# more bits than other types have dimensions are served
$node->safe_psql(
	'postgres', q{
CREATE TABLE wide_bits (id integer, b bit(20000));
INSERT INTO wide_bits SELECT i, rpad(repeat('1', i * 300), 20000, '0')::bit(20000)
	FROM generate_series(1, 60) i;
SET client_min_messages = warning;
CREATE INDEX wide_bits_b ON wide_bits USING hnsw (b bit_hamming_ops);});
my $wide = "b <~> rpad(repeat('1', 9010), 20000, '0')::bit(20000)";
is(value("SET enable_seqscan = off; SELECT id, $wide FROM wide_bits ORDER BY $wide LIMIT 2"),
	"30|10\n31|290", '20,000 bits');
is(value("SELECT vdb_index_check('wide_bits_b')"), 60, 'whose index is whole');
$node->safe_psql('postgres', 'DROP TABLE wide_bits');

# ----- notices: what is built instead, at CREATE INDEX alone; no hint to load before

$result = vdb_try($node,
	'CREATE INDEX items_hnsw ON items USING hnsw (v vector_l2_ops) '
	  . 'WITH (m = 2, ef_construction = 4)');
my $detail = qr/DETAIL:  Options "m" and "ef_construction" have no effect\.  .*/;
like($result->{error},
	qr/NOTICE: .*index "items_hnsw" using hnsw is an ivfkm index\n$detail$/m,
	'the notice of hnsw');
unlike($result->{error}, qr/HINT/, 'which has nothing to warn of');
$result = vdb_try($node,
	'CREATE INDEX items_ivfflat ON items USING ivfflat (v vector_l2_ops) WITH (lists = 4)');
$detail = qr/DETAIL:  The number of rows decides how many lists it has\.  .*/;
like($result->{error},
	qr/NOTICE: .*index "items_ivfflat" using ivfflat is an ivfkm index\n$detail$/m,
	'the notice of ivfflat');
for my $sql ('REINDEX TABLE items', 'VACUUM FULL items')
{
	$result = vdb_try($node, $sql);
	ok($result->{ok}, $sql);
	unlike($result->{error}, qr/NOTICE/, "$sql gives no notice");
}
is(value("SELECT reloptions FROM pg_class WHERE relname = 'items_hnsw'"),
	'{m=2,ef_construction=4}', 'options are kept');
$result = vdb_try($node, 'ALTER INDEX items_hnsw SET (m = 100); REINDEX INDEX items_hnsw');
like($result->{error}, qr/ef_construction must be/, 'and checked again at REINDEX');
value('ALTER INDEX items_hnsw RESET (m, ef_construction); REINDEX INDEX items_hnsw');
$node->safe_psql('postgres', 'CREATE INDEX items_ivfkm ON items USING ivfkm (v)');
is(
	value("SELECT lists, probes FROM ivfkm_info('$_')"),
	value("SELECT lists, probes FROM ivfkm_info('items_ivfkm')"),
	"$_ has the lists of ivfkm")
  for ('items_hnsw', 'items_ivfflat');
my ($lists, $auto) = split /\|/, value("SELECT lists, probes FROM ivfkm_info('items_hnsw')");
cmp_ok($lists, '>=', 8, 'which are some');
cmp_ok($auto * 2, '<', $lists, 'of which searches probe few');

# ----- settings

is(value("SELECT count(*) FROM pg_settings WHERE name ~ '^(hnsw|ivfflat)\\.'"),
	0, 'a session without these indexes has none of their settings');
$result = vdb_try($node, q{
CREATE TABLE t (v vector(3));
CREATE INDEX t_v ON t USING ivfkm (v);
INSERT INTO t VALUES ('[1,2,3]');
SET enable_seqscan = off;
SELECT v FROM t ORDER BY v <-> '[1,2,3]';
SELECT count(*) FROM pg_settings WHERE name ~ '^(hnsw|ivfflat)\.';}, database => 'plain');
is($result->{out}, "[1,2,3]\n0", 'nor has one that only uses ivfkm');

my $touch = "SELECT FROM items ORDER BY v <-> '[1,1,1,1,1,1,1,1]' LIMIT 0";
is(
	value(
		qq{$touch;
SELECT name, setting, vartype, min_val, max_val, enumvals, context FROM pg_settings
	WHERE name ~ '^(hnsw|ivfflat)\\.' ORDER BY name COLLATE "C"}),
	'hnsw.ef_search|40|integer|1|1000||user
hnsw.iterative_scan|off|enum|||{off,relaxed_order,strict_order}|user
hnsw.max_scan_tuples|20000|integer|1|2147483647||user
hnsw.scan_mem_multiplier|1|real|1|1000||user
ivfflat.iterative_scan|off|enum|||{off,relaxed_order}|user
ivfflat.max_probes|32768|integer|1|32768||user
ivfflat.probes|1|integer|1|32768||user',
	'settings are those of pgvector');
refused("$touch; SET $_->[0] = $_->[1]",
	qr/$_->[1] is outside the valid range for parameter "$_->[0]" \($_->[2] \.\. $_->[3]\)/)
  for (
	[ 'hnsw.ef_search', 0, 1, 1000 ],
	[ 'hnsw.ef_search', 1001, 1, 1000 ],
	[ 'hnsw.max_scan_tuples', 0, 1, 2147483647 ],
	[ 'hnsw.scan_mem_multiplier', 0, 1, 1000 ],
	[ 'hnsw.scan_mem_multiplier', 1001, 1, 1000 ],
	[ 'ivfflat.probes', 0, 1, 32768 ],
	[ 'ivfflat.probes', 32769, 1, 32768 ],
	[ 'ivfflat.max_probes', 0, 1, 32768 ],
	[ 'ivfflat.max_probes', 32769, 1, 32768 ]);
refused("$touch; SET hnsw.iterative_scan = on",
	qr/invalid\ value\ for\ parameter\ "hnsw.iterative_scan":\ "on"
		\n.*Available\ values:\ off,\ relaxed_order,\ strict_order/x);
refused("$touch; SET ivfflat.iterative_scan = strict_order",
	qr/invalid\ value\ for\ parameter\ "ivfflat.iterative_scan":\ "strict_order"
		\n.*Available\ values:\ off,\ relaxed_order\./x);
refused("$touch; SET hnsw.ef = 1", qr/invalid configuration parameter name "hnsw.ef"/, '42602');
refused("$touch; SET ivfflat.lists = 1",
	qr/invalid configuration parameter name "ivfflat.lists"/, '42602');

# made before the first handler is called: kept if good, else removed with a warning
is(value("SET hnsw.ef_search = 99; BEGIN; SET LOCAL hnsw.ef_search = 77; $touch; "
	  . "SHOW hnsw.ef_search; COMMIT; SHOW hnsw.ef_search"),
	"77\n99", 'settings made before are kept');
$result = vdb_try($node, "SET hnsw.ef_search = 5000; $touch; SHOW hnsw.ef_search");
like($result->{error}, qr/WARNING: .*5000 is outside the valid range/, 'unless they are wrong');
is($result->{out}, 40, 'then the default holds');
value("ALTER ROLE CURRENT_USER SET ivfflat.probes = 3");
is(value("$touch; SHOW ivfflat.probes"), 3, "a role's setting");
value("ALTER ROLE CURRENT_USER RESET ivfflat.probes");

# ----- what searches make of the settings

# Rows that a scan of the index gives: with iterative_scan off, those of the lists it probes.
sub scanned
{
	my ($index, $set) = @_;
	my @others = grep { $_ ne $index } qw(items_hnsw items_ivfflat items_ivfkm);

	return value(
		join(' ', 'BEGIN;', map { "DROP INDEX IF EXISTS $_;" } @others) . qq{
SET LOCAL enable_seqscan = off;
$set;
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> '[0.1,0.2,0.3,0.1,0.2,0.3,0.1,0.2]'
	LIMIT 100000) a;
ROLLBACK;});
}

# The same of that many lists of ivfkm.
sub probed
{
	my ($probes) = @_;
	return scanned('items_ivfkm',
		"SET LOCAL ivfkm.iterative_scan = off; SET LOCAL ivfkm.probes = $probes");
}

# The same with rows that are found too late for their place.
sub probed_in_any_order
{
	my ($probes) = @_;
	return scanned('items_ivfkm',
		"SET LOCAL ivfkm.iterative_scan = relaxed_order; SET LOCAL ivfkm.max_probes = $probes");
}

use POSIX qw(ceil);

# lists are scanned whole: the rows seen are up to one list more than the budget
my $auto_rows = scanned('items_ivfkm', 'SET LOCAL ivfkm.iterative_scan = off');
my $list_rows = value("SELECT max(rows) FROM ivfkm_lists('items_hnsw')");
is(scanned('items_hnsw', ''), $auto_rows, 'ef_search at its default: the budget that was measured');
for (60, 80, 1000)
{
	my $rows = scanned('items_hnsw', "SET LOCAL hnsw.ef_search = $_");
	my $most = $auto_rows * $_ / 40 + $list_rows;
	my $least = ($auto_rows - $list_rows) * $_ / 40;

	cmp_ok($rows, '>=', $least < 3000 ? $least : 3000, "ef_search $_: as many times the budget");
	cmp_ok($rows, '<=', $most, "ef_search $_: and not more");
}
cmp_ok(scanned('items_hnsw', 'SET LOCAL hnsw.ef_search = 1'),
	'<=', $auto_rows, 'ef_search 1: not more');
is(scanned('items_hnsw', 'SET LOCAL ivfkm.probes = 1'), probed(1), 'ivfkm.probes goes before');
is(
	scanned('items_hnsw', "SET LOCAL hnsw.iterative_scan = $_"),
	3000, "hnsw.iterative_scan $_ goes on")
  for ('relaxed_order');
cmp_ok(scanned('items_hnsw', 'SET LOCAL hnsw.iterative_scan = strict_order'),
	'>', 2900, 'hnsw.iterative_scan strict_order goes on, but for rows found late');
cmp_ok(
	scanned('items_hnsw',
		'SET LOCAL hnsw.iterative_scan = relaxed_order; SET LOCAL hnsw.max_scan_tuples = 1'),
	'<', 3000, 'until hnsw.max_scan_tuples');
my $quarter = probed(ceil($lists / 4));
is(scanned('items_ivfflat', ''), $auto_rows > $quarter ? $auto_rows : $quarter, 'probes 1 of 4');
is(scanned('items_ivfflat', "SET LOCAL ivfflat.probes = $_"), probed(ceil($lists * $_ / 4)),
	"probes $_ of 4")
  for (2, 3);
is(scanned('items_ivfflat', "SET LOCAL ivfflat.probes = $_"), probed($lists),
	"probes $_ of 4: all") for (4, 100);
is(scanned('items_ivfflat', 'SET LOCAL ivfflat.iterative_scan = relaxed_order'), 3000,
	'ivfflat.iterative_scan goes on');
is(
	scanned('items_ivfflat',
		'SET LOCAL ivfflat.iterative_scan = relaxed_order; SET LOCAL ivfflat.max_probes = 3'),
	probed_in_any_order(ceil($lists * 3 / 4)),
	'until ivfflat.max_probes');
is(
	scanned('items_ivfflat',
		'SET LOCAL ivfflat.probes = 2; SET LOCAL ivfflat.iterative_scan = relaxed_order; '
		  . 'SET LOCAL ivfflat.max_probes = 1'),
	probed_in_any_order(ceil($lists * 2 / 4)),
	'which does not reduce ivfflat.probes');
value('DROP INDEX items_ivfkm');

# ----- in parallel workers, which start with the settings of their leader

my $force = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
my $search = q{
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> '[0.1,0.2,0.3,0.1,0.2,0.3,0.1,0.2]'
	LIMIT 100000) a};
$result = vdb_try($node, qq{
DROP INDEX items_ivfflat;
SET enable_seqscan = off;
SET hnsw.ef_search = 80;
$search;
SET $force = on;
$search;});
is($result->{out}, join("\n", (scanned('items_hnsw', 'SET LOCAL hnsw.ef_search = 80')) x 2),
	'a parallel worker searches with the same setting')
  or diag($result->{error});
unlike($result->{error}, qr/WARNING|ERROR/, 'without complaint');

# ----- off ends no search early, and settings that are turned up reach exact results

value(
	q{
CREATE TABLE emptied (v vector(3));
INSERT INTO emptied SELECT ARRAY[i % 977, i % 431, i % 613]::vector(3)
	FROM generate_series(1, 10000) i;
CREATE INDEX emptied_hnsw ON emptied USING hnsw (v vector_l2_ops);
DELETE FROM emptied WHERE v <-> '[0,0,0]' < 900;
VACUUM emptied;});
for my $limit (10, 40)
{
	is(value("SET enable_seqscan = off; SET ivfkm.probes = 1; "
		  . "SELECT count(*) FROM (SELECT FROM emptied ORDER BY v <-> '[0,0,0]' LIMIT $limit) a"),
		$limit, "LIMIT $limit where the nearest lists are empty");
}
value(
	q{
DROP TABLE emptied;
CREATE TABLE turned (id int, v vector(24));
SELECT setseed(0.25);
INSERT INTO turned SELECT i, (SELECT array_agg(random())::real[]::vector(24)
	FROM generate_series(1, 24) WHERE i > 0) FROM generate_series(1, 5000) i;
CREATE FUNCTION missed() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	q vector;
	missed bigint := 0;
	found integer[];
	nearest integer[];
BEGIN
	FOR q IN SELECT v FROM turned WHERE id <= 100
	LOOP
		SET LOCAL enable_seqscan = off;
		SET LOCAL enable_indexscan = on;
		SELECT array_agg(id) INTO found FROM (SELECT id FROM turned ORDER BY v <-> q LIMIT 10) s;
		SET LOCAL enable_seqscan = on;
		SET LOCAL enable_indexscan = off;
		SELECT array_agg(id) INTO nearest FROM (SELECT id FROM turned ORDER BY v <-> q LIMIT 10) s;
		missed := missed + cardinality(ARRAY(SELECT unnest(nearest) EXCEPT SELECT unnest(found)));
	END LOOP;
	RETURN missed;
END $$;
CREATE INDEX turned_hnsw ON turned USING hnsw (v vector_l2_ops);});
cmp_ok(value('SET hnsw.ef_search = 40; SELECT missed()'), '>', 0,
	'ef_search 40 misses some of 1000 neighbours');
is(value('SET hnsw.ef_search = 1000; SELECT missed()'), 0, 'ef_search 1000 misses none');
value('DROP INDEX turned_hnsw; '
	  . 'CREATE INDEX turned_ivfflat ON turned USING ivfflat (v vector_l2_ops) WITH (lists = 50)');
is(value('SET ivfflat.probes = 50; SELECT missed()'), 0, 'as many probes as lists miss none');
is(value("SET enable_seqscan = off; SET ivfflat.probes = 50; "
	  . "SELECT count(DISTINCT id) FROM (SELECT id FROM turned "
	  . "ORDER BY v <-> (SELECT v FROM turned WHERE id = 1) LIMIT 100000) a"),
	5000, 'and give all rows');
value('DROP TABLE turned; DROP FUNCTION missed()');

# ----- beside a library that has settings of these names

my $module = vdb_test_module();
$node->safe_psql(
	$_, qq{
CREATE FUNCTION define(prefix text) RETURNS void AS '$module', 'test_vdb_define_settings'
	LANGUAGE C STRICT})
  for ('postgres', 'plain');
$result = vdb_try($node, qq{
SELECT define('hnsw');
SET enable_seqscan = off;
SET hnsw.ef_search = 80;
SHOW hnsw.probes;
$search;});
is($result->{out}, "\n7\n" . scanned('items_hnsw', 'SET LOCAL hnsw.ef_search = 80'),
	'its settings are read')
  or diag($result->{error});
$result = vdb_try($node, qq{$touch; SELECT define('hnsw')});
like($result->{error}, qr/attempt to redefine parameter "hnsw.ef_search"/,
	'the other way round it is refused');
$result = vdb_try($node,
	"SELECT FROM t ORDER BY v <-> '[1,2,3]'; SELECT define('hnsw'), define('ivfflat')",
	database => 'plain');
ok($result->{ok}, 'a session that uses vdb can load it') or diag($result->{error});

# ----- as a client sees it

value(
	q{
CREATE TABLE documents (id bigserial PRIMARY KEY, embedding vector(3));
CREATE INDEX ON documents USING hnsw (embedding vector_cosine_ops)
	WITH (m = 16, ef_construction = 64);
CREATE INDEX CONCURRENTLY ON documents USING ivfflat (embedding vector_ip_ops) WITH (lists = 100);
CREATE UNLOGGED TABLE fast (embedding vector(3));
CREATE INDEX ON fast USING hnsw (embedding vector_l2_ops);
INSERT INTO documents (embedding) VALUES ('[1,2,3]'), ('[4,5,6]'), (NULL);});
is(value("SET enable_seqscan = off; SET hnsw.ef_search = 100; "
	  . "SELECT id FROM documents ORDER BY embedding <=> '[4,5,7]' LIMIT 5"),
	"2\n1\n3", 'a search, NULL last');
like(
	value("SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT id FROM documents "
		  . "ORDER BY embedding <#> '[4,5,7]' LIMIT 5"),
	qr/Index Scan using documents_embedding_idx1/,
	'through the index');
for my $index ('items_hnsw', 'documents_embedding_idx', 'documents_embedding_idx1',
	'fast_embedding_idx')
{
	vdb_check($node, $index, $index);
}
value('DROP EXTENSION vector CASCADE; CREATE EXTENSION vdb');
is(value("SELECT '[1,2]'::vector <-> '[1,3]'"), 1, 'vdb can take its place');

$node->stop;
done_testing();
