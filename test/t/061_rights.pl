# With whose rights the functions of an index run: the table's owner must not get at those of
# who checks, builds or searches his index, nor they at his, and a search shows no function the
# rows that policies hide.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main');
$node->start;
vdb_create($node);

# The owner's function goes on only as its owner, and becomes superuser where it may.  What it
# calls is volatile, or it could not change a role.
$node->safe_psql(
	'postgres', q{
CREATE ROLE owner LOGIN;
CREATE ROLE reader LOGIN;
GRANT CREATE ON SCHEMA public TO owner;
SET ROLE owner;
CREATE FUNCTION take() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'owner' THEN
		BEGIN
			ALTER ROLE owner SUPERUSER;
		EXCEPTION WHEN OTHERS THEN
			NULL;
		END;
		RAISE WARNING 'runs as %', current_user;
	END IF;
END $$;
CREATE FUNCTION f(v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	PERFORM public.take();
	RETURN v;
END $$;
CREATE FUNCTION p(id integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	PERFORM public.take();
	RETURN id > 10;
END $$;
CREATE TABLE mt (id integer, v vector(3)) WITH (parallel_workers = 2);
INSERT INTO mt SELECT i, ARRAY[i, i % 7, i % 5]::vector FROM generate_series(1, 2000) i;
CREATE INDEX mt_f ON mt USING ivfkm ((f(v)::vector(3)));
CREATE INDEX mt_p ON mt USING ivfkm (v) WHERE p(id);
GRANT SELECT ON mt TO reader;});

# Runs SQL as a superuser, who keeps being one alone.
sub runs_as_owner
{
	my ($sql, $name) = @_;
	my $result = vdb_try($node, $sql);

	ok($result->{ok}, "$name: works");
	unlike($result->{error}, qr/ERROR|runs as/, "$name: runs as the owner of the table");
	is($node->safe_psql('postgres', "SELECT rolsuper FROM pg_roles WHERE rolname = 'owner'"),
		'f', "$name: the owner does not become superuser");
	$node->safe_psql('postgres', 'ALTER ROLE owner NOSUPERUSER');
	return;
}

runs_as_owner("SELECT vdb_index_check('mt_f')", 'check, expression');
runs_as_owner("SELECT vdb_index_check('mt_p')", 'check, predicate');
runs_as_owner("SET ROLE reader; SELECT vdb_index_check('mt_f'), vdb_index_check('mt_p')",
	'check by who may only read');
runs_as_owner("SELECT $_('mt_f'), $_('mt_p')", $_)
  for ('ivfkm_info', 'ivfkm_lists', 'ivfkm_condition', 'ivfkm_recall', 'ivfkm_calibrate');
runs_as_owner('SELECT * FROM ivfkm_stats()', 'ivfkm_stats');
runs_as_owner("SET ROLE reader; SELECT ivfkm_recall('mt_f', 5, 20, 'SELECT v FROM mt')",
	'recall by who may only read');
runs_as_owner(
	"SET ROLE reader; SELECT ivfkm_knn(i::regclass, (SELECT array_agg(v) FROM mt), 3) "
	  . "FROM unnest('{mt_f,mt_p}'::text[]) i",
	'knn by who may only read');
runs_as_owner("SELECT ivfkm_prewarm('mt_f', 'all'), ivfkm_prewarm('mt_p')", 'ivfkm_prewarm');
runs_as_owner("REINDEX INDEX $_", "REINDEX of $_") for ('mt_f', 'mt_p');
runs_as_owner("REINDEX INDEX CONCURRENTLY $_", "REINDEX CONCURRENTLY of $_") for ('mt_f', 'mt_p');
runs_as_owner('SET max_parallel_maintenance_workers = 0; REINDEX INDEX mt_f',
	'REINDEX without workers');
runs_as_owner('CREATE INDEX mt_c ON mt USING ivfkm ((f(v)::vector(3))) WHERE p(id)',
	'CREATE INDEX');
runs_as_owner('CREATE INDEX CONCURRENTLY mt_d ON mt USING ivfkm ((f(v)::vector(3))) WHERE p(id)',
	'CREATE INDEX CONCURRENTLY');
runs_as_owner('DELETE FROM mt WHERE id % 3 = 0; VACUUM ANALYZE mt', 'VACUUM and ANALYZE');

# A check returns to its caller's rights and settings, also after an error.
my $as = $node->safe_psql(
	'postgres', q{
SET search_path = vt, public;
SELECT vdb_index_check('mt_f') > 0;
CREATE TEMPORARY TABLE after_a_check (i integer);
SHOW search_path;
SELECT current_user = session_user;
CREATE TABLE broken (v vector(3));
CREATE FUNCTION public.breaks(v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN IF current_setting('application_name') = 'break' THEN RAISE 'broken'; END IF;
	RETURN v; END $$;
INSERT INTO broken VALUES ('[1,2,3]');
CREATE INDEX broken_v ON broken USING ivfkm ((public.breaks(v)::vector(3)));
ALTER TABLE broken OWNER TO owner;
SET application_name = 'break';
DO $$ BEGIN PERFORM vdb_index_check('vt.broken_v');
	EXCEPTION WHEN raise_exception THEN RAISE NOTICE 'caught'; END $$;
CREATE TEMPORARY TABLE after_an_error (i integer);
SHOW search_path;
SELECT current_user = session_user;
DROP TABLE vt.broken;});
is($as, "t\nvt, public\nt\nvt, public\nt",
	'the check gives rights and settings back');

# The caller must not get at the owner's rights either: the owner's function calls another one by a
# name that the caller's search_path leads elsewhere.  It is expanded in place when the table is
# planned for, and stays so in the relation cache.
$node->safe_psql(
	'postgres', q{
CREATE SCHEMA evil AUTHORIZATION reader;
CREATE TABLE loot (who name, what text);
GRANT INSERT ON loot TO PUBLIC;
SET ROLE owner;
CREATE FUNCTION g(v vector) RETURNS vector LANGUAGE sql IMMUTABLE AS
	$$ SELECT CASE WHEN length(v::text) > 0 THEN v END $$;
CREATE TABLE et (id integer, v vector(3));
INSERT INTO et SELECT i, ARRAY[i, i % 7, i % 5]::vector FROM generate_series(1, 500) i;
CREATE INDEX et_v ON et USING ivfkm ((g(v)::vector(3))) WITH (lists = 2, refine_bits = 0);
CREATE INDEX et_plain ON et USING ivfkm (v);
CREATE INDEX et_cast ON et USING ivfkm ((v::halfvec(3)) halfvec_l2_ops);
GRANT SELECT ON et TO reader;
RESET ROLE;
SET ROLE reader;
CREATE FUNCTION evil.note(what text) RETURNS void LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO public.loot VALUES (current_user, what); END $$;
CREATE FUNCTION evil.length(t text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN PERFORM evil.note(t); RETURN pg_catalog.length(t); END $$;});
my $evil =
	q{SET ROLE reader; SET search_path = evil, pg_catalog, public; SET enable_seqscan = off;};
my $search = q{SELECT id FROM et ORDER BY g(v)::vector(3) <-> '[400,3,3]' LIMIT 3};
my $explain = "EXPLAIN (COSTS OFF) $search";
is($node->safe_psql('postgres', "$evil SELECT vdb_index_check('et_v')"),
	500, 'a check along a search_path of the caller');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loot'), 0, 'runs nothing of his');
like($node->safe_psql('postgres', "$evil $explain; SELECT vdb_index_check('et_v')"),
	qr/Index Scan using et_v.*\n500$/s, 'a check after a plan along it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM loot'), 0, 'runs nothing of his');

# A query runs the functions that it says, with its own rights.
$node->safe_psql('postgres', "$evil $search");
is($node->safe_psql('postgres', 'SELECT string_agg(DISTINCT who, chr(32)) FROM loot'),
	'reader', 'a search runs functions as who searches');
my $revoke = 'REVOKE EXECUTE ON FUNCTION g FROM PUBLIC';
my $result = vdb_try($node, "$revoke; SET ROLE reader; SET enable_seqscan = off; $search");
is($result->{sqlstate}, '42501', 'who may not run the function may not search by it');
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION g TO PUBLIC');

# Row security: rows that a policy hides are shown to no function that may call others.
$node->safe_psql(
	'postgres', q{
TRUNCATE loot;
ALTER TABLE et ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON et FOR SELECT TO reader USING (id <= 100);});
is($node->safe_psql('postgres', "$evil $search"), "100\n99\n98", 'a search below a policy');
is(
	$node->safe_psql('postgres',
		q{SELECT count(*) FROM loot WHERE (what::vector::real[])[1] > 100}),
	0, 'shows the functions of who searches no hidden row');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM loot'), '>', 0, 'but those that he sees');
my %indexes = (
	'v' => 'et_plain',
	'(v::halfvec(3))' => 'et_cast');
for my $key (sort keys %indexes)
{
	my $query = "SELECT id FROM et ORDER BY $key <-> '[400,3,3]' LIMIT 3";

	like($node->safe_psql('postgres', "$evil EXPLAIN (COSTS OFF) $query"),
		qr/Index Scan using $indexes{$key} on et/, "an index on $key is used below a policy");
	is($node->safe_psql('postgres', "$evil $query"), "100\n99\n98", 'and finds what it shows');
}
like($node->safe_psql('postgres', "SET ROLE owner; SET enable_seqscan = off; $explain"),
	qr/Index Scan using et_v on et/,
		'nobody is kept from an index on a function who sees all rows');

# The policies of a partitioned table, and of a parent, hold for what is below it.
$node->safe_psql(
	'postgres', q{
TRUNCATE loot;
SET ROLE owner;
CREATE TABLE pt (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE pt_1 PARTITION OF pt FOR VALUES FROM (0) TO (250);
CREATE TABLE pt_2 PARTITION OF pt FOR VALUES FROM (250) TO (1000);
INSERT INTO pt SELECT i, ARRAY[i, i % 7, i % 5]::vector FROM generate_series(1, 500) i;
CREATE INDEX ON pt USING ivfkm ((g(v)::vector(3))) WITH (lists = 2, refine_bits = 0);
CREATE TABLE parent (id integer, v vector(3));
CREATE TABLE child () INHERITS (parent);
INSERT INTO child SELECT i, ARRAY[i, i % 7, i % 5]::vector FROM generate_series(1, 500) i;
CREATE INDEX ON child USING ivfkm ((g(v)::vector(3))) WITH (lists = 2, refine_bits = 0);
GRANT SELECT ON pt, parent TO reader;
RESET ROLE;});
for my $table ('pt', 'parent')
{
	my $query = $search =~ s/\bet\b/$table/r;

	like($node->safe_psql('postgres', "$evil EXPLAIN (COSTS OFF) $query"),
		qr/Index Scan using (pt_1|child)_g_idx/, "$table: its index is used without policies");
	$node->safe_psql(
		'postgres', qq{
ALTER TABLE $table ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON $table FOR SELECT TO reader USING (id <= 100);
TRUNCATE loot;});
	is($node->safe_psql('postgres', "$evil $query"), "100\n99\n98",
		"$table: a search below a policy");
	is(
		$node->safe_psql('postgres',
			q{SELECT count(*) FROM loot WHERE (what::vector::real[])[1] > 100}),
		0, 'shows no hidden row');
}

# Centroids are read with the rights of the table's owner, whoever builds.
$node->safe_psql(
	'postgres', q{
CREATE SCHEMA hidden;
CREATE TABLE hidden.centres AS SELECT i AS secret, ARRAY[i, i % 7, i % 5]::vector(3) AS v
	FROM generate_series(100, 400, 100) i;
CREATE TABLE open_centres AS SELECT * FROM hidden.centres;
SET ROLE owner;
CREATE TABLE ct AS SELECT * FROM mt;});

# Whoever builds the index of the owner's table, the centroids are refused.
sub centroids_refused
{
	my ($table, $error, $name) = @_;
	my $create = "CREATE INDEX ON ct USING ivfkm (v) WITH (centroids = '$table')";

	for my $who ('superuser', 'owner')
	{
		my $role = $who eq 'owner' ? $who : 'NONE';
		my $refused = vdb_try($node, "SET ROLE $role; $create");

		is($refused->{sqlstate}, '42501', "$name: no centroids for $who");
		like($refused->{error}, $error, "$name: $who is told");
	}
	return;
}

# A superuser builds the index with them.
sub centroids_taken
{
	my ($table, $name) = @_;

	is(
		$node->safe_psql(
			'postgres', qq{
CREATE INDEX taken ON ct USING ivfkm (v) WITH (centroids = '$table');
SELECT lists FROM ivfkm_info('taken');
REINDEX INDEX CONCURRENTLY taken;
SELECT lists FROM ivfkm_info('taken');
DROP INDEX taken;}),
		"4\n4", $name);
	return;
}
centroids_refused('hidden.centres', qr/permission denied for schema hidden/, 'no schema');
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA hidden TO owner');
centroids_refused('hidden.centres', qr/permission denied for table "hidden.centres"/, 'no grant');
$node->safe_psql('postgres', 'GRANT SELECT (secret) ON hidden.centres TO owner');
centroids_refused('hidden.centres', qr/GRANT SELECT ON hidden.centres TO owner/, 'another column');
$node->safe_psql('postgres', 'GRANT SELECT (v) ON hidden.centres TO owner');
centroids_taken('hidden.centres', 'a grant of the column is enough');

# A renewal goes on without what it may not read.
$node->safe_psql('postgres',
	q{CREATE INDEX renewed ON ct USING ivfkm (v) WITH (centroids = 'hidden.centres')});
my %revoked = (
	'USAGE ON SCHEMA hidden' => qr/WARNING:  permission denied for schema hidden\n.*trains its own/,
	'SELECT (v) ON hidden.centres' => qr/WARNING:  permission denied for table "hidden.centres"/);
for my $right (sort keys %revoked)
{
	my ($status, $rows, $warning) = $node->psql('postgres', qq{
REVOKE $right FROM owner;
SELECT rows = (SELECT count(*) FROM ct) FROM ivfkm_maintain('renewed');
GRANT $right TO owner;});

	is($status, 0, "$right: a renewal goes on without it");
	is($rows, 't', "$right: with all rows");
	like($warning, $revoked{$right}, "$right: there is a warning");
}
is(
	$node->safe_psql('postgres',
		q{SELECT lists FROM ivfkm_maintain('renewed'); DROP INDEX renewed;}),
	4, 'the next renewal reads the centroids');
$node->safe_psql('postgres', 'ALTER TABLE hidden.centres ENABLE ROW LEVEL SECURITY');
centroids_refused('hidden.centres', qr/row security may hide rows/, 'policies');
$node->safe_psql('postgres', 'GRANT SELECT ON open_centres TO owner');
centroids_taken('public.open_centres', 'a table of somebody else');

# No code of the centroids' owner runs as the owner of the index.
$node->safe_psql(
	'postgres', q{
CREATE FUNCTION taken_in(v vector) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN RAISE 'runs as %', current_user; END $$;
CREATE DOMAIN trap AS vector(3);
ALTER TABLE open_centres ALTER v TYPE trap;
ALTER DOMAIN trap ADD CHECK (taken_in(VALUE)) NOT VALID;
CREATE RULE other AS ON UPDATE TO open_centres DO ALSO SELECT taken_in('[1,2,3]');});
centroids_taken('public.open_centres', 'a domain of somebody else');

vdb_check_all($node, 'at the end');
$node->stop;
done_testing();
