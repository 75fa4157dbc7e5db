# Random conditions on columns of the index, joined by AND and OR: the index finds the rows that the
# table has, each once, with and without LIMIT, and within a distance; before and after changes,
# VACUUM and a renewal.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $node = vdb_node('main');
$node->start;
vdb_create($node);
$node->safe_psql('postgres', <<'SQL');
CREATE TYPE mood AS ENUM ('a', 'b', 'c');

CREATE FUNCTION random_vector() RETURNS vector LANGUAGE sql AS $$
	SELECT array_agg(random())::real[]::vector(8) FROM generate_series(1, 8) $$;

-- One of the conditions that the index can test, and of some that it cannot.
CREATE FUNCTION condition() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	op text := (ARRAY['<', '<=', '=', '>=', '>'])[1 + floor(random() * 5)::int];
	number int := floor(random() * 21)::int;
	word text := 's' || floor(random() * 31)::int;
	moment timestamptz := '2024-01-01'::timestamptz + random() * interval '400 days';
BEGIN
	CASE floor(random() * 15)::int
		WHEN 0 THEN RETURN format('i %s %s', op, number);
		WHEN 1 THEN RETURN format('i = ANY (%L)', (SELECT array_agg(floor(random() * 21)::int)
			FROM generate_series(1, 1 + floor(random() * 12)::int)));
		WHEN 2 THEN RETURN format('at %s %L::timestamptz', op, moment);
		WHEN 3 THEN RETURN format('at %s %L::date', op, moment::date);
		WHEN 4 THEN RETURN format('s = %L', word);
		WHEN 5 THEN RETURN format('s IN (%L, %L)', word, 's' || number);
		WHEN 6 THEN RETURN format('list && ''{%s,%s}''::int[]', number, number * 2);
		WHEN 7 THEN RETURN format('list @> ''{%s}''::int[]', number);
		WHEN 8 THEN RETURN format('n %s %s', op, number / 2.0);
		WHEN 9 THEN RETURN format('m = %L', (ARRAY['a', 'b', 'c'])[1 + number % 3]);
		WHEN 10 THEN RETURN (ARRAY['b', 'NOT b', 'b IS TRUE', 'b IS NULL', 'b IS NOT NULL',
			'i IS NULL', 'i IS NOT NULL', 'v IS NOT NULL', 's IS NULL'])[1 + number % 9];
		WHEN 11 THEN RETURN format('x %s %s', op, random());
		WHEN 12 THEN RETURN format('(i = %s OR s = %L)', number, word);
		WHEN 13 THEN RETURN format('i <> %s', number);
		ELSE RETURN format('id %% 3 = %s', number % 3);
	END CASE;
END $$;

-- Rows that a query returns, in order; by_index tells how.
CREATE FUNCTION rows_of(query text, by_index boolean) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	found int[];
BEGIN
	PERFORM set_config('enable_bitmapscan', 'off', true);
	PERFORM set_config('enable_indexscan', by_index::text, true);
	PERFORM set_config('enable_seqscan', (NOT by_index)::text, true);
	PERFORM set_config('enable_sort', (NOT by_index)::text, true);
	EXECUTE format('SELECT coalesce(array_agg(id), ''{}'') FROM (%s) s', query) INTO found;
	PERFORM set_config('enable_sort', 'on', true);
	RETURN (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM unnest(found) id);
END $$;

-- Conditions, of as many, that the index answers otherwise than the table.
CREATE FUNCTION differences(count int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	wrong text := '';
	expected int[];
	found int[];
	filter text;
	target text;
	wanted int;
BEGIN
	FOR j IN 1 .. count LOOP
		filter := 'SELECT id FROM t WHERE ' || (SELECT string_agg(condition(), ' AND ')
			FROM generate_series(1, 1 + floor(random() * 3)::int));
		target := quote_literal(random_vector());
		expected := rows_of(filter, false);
		IF rows_of(format('%s ORDER BY v <-> %s LIMIT 100000', filter, target), true)
				<> expected THEN
			wrong := wrong || E'\nall: ' || filter;
		END IF;
		wanted := 1 + floor(random() * 30)::int;
		found := rows_of(format('%s ORDER BY v <-> %s LIMIT %s', filter, target, wanted), true);
		IF cardinality(found) <> least(wanted, cardinality(expected)) OR NOT found <@ expected
				OR (SELECT count(DISTINCT id) FROM unnest(found) id) <> cardinality(found) THEN
			wrong := wrong || E'\nLIMIT: ' || filter;
		END IF;
		filter := format('%s AND v <-> %s < 0.7', filter, target);
		IF rows_of(filter, true) <> rows_of(filter, false) THEN
			wrong := wrong || E'\nwithin: ' || filter;
		END IF;
	END LOOP;
	RETURN wrong;
END $$;

-- Three places, each with numbers and words of its own: some conditions leave out lists.
CREATE TABLE t (id serial, v vector(8), i int, at timestamptz, s text, list int[], n numeric,
	m mood, b boolean, x float8);
CREATE FUNCTION fill(count int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO t (v, i, at, s, list, n, m, b, x)
	SELECT CASE WHEN j % 20 > 0
			THEN random_vector() + array_fill(place::real, ARRAY[8])::vector END,
		nullif(place * 7 + floor(random() * 7)::int, 7),
		'2024-01-01'::timestamptz + random() * interval '400 days',
		nullif('s' || place * 10 + floor(random() * 11)::int, 's3'),
		ARRAY[place * 13 + floor(random() * 15)::int, nullif(floor(random() * 41)::int, 9)],
		nullif(floor(random() * 21)::int / 2.0, 5),
		(ARRAY['a', 'b', 'c'])[1 + floor(random() * 3)::int]::mood,
		nullif(floor(random() * 5)::int, 4) % 2 = 0, random() * random()
	FROM (SELECT j, floor(random() * 3)::int AS place FROM generate_series(1, count) j) s $$;
SQL

# What the index says, with random numbers that begin at a seed.
sub is_right
{
	my ($number, $name) = @_;
	my $out = $node->safe_psql(
		'postgres', sprintf(q{
SELECT setseed(%.6f);
SELECT differences(80);}, ($vdb_seed + $number) % 1000 / 1000));

	is($out =~ s/^\s*\n?//r, '', $name);
	return;
}

for my $columns ('i, v, at, s, list, n, m, b, x', 's, at, i, v, list, m, b, n, x')
{
	my $options = $columns =~ /^i/ ? '' : 'WITH (refine_bits = 0, lists = 40)';

	$node->safe_psql(
		'postgres', qq{
TRUNCATE t;
SELECT setseed(0.5), fill(3000);
CREATE INDEX t_idx ON t USING ivfkm ($columns) $options;
ANALYZE t;});
	is_right(1, "($columns): after the build");
	$node->safe_psql('postgres', q{
UPDATE t SET i = floor(random() * 21)::int, s = 's' || floor(random() * 31)::int WHERE id % 3 = 0;
DELETE FROM t WHERE id % 7 = 0;});
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t; SELECT fill(800)');
	is_right(2, "($columns): after changes");
	vdb_check($node, 't_idx', "($columns): after changes");
	$node->safe_psql('postgres', q{SELECT ivfkm_maintain('t_idx')});
	is_right(3, "($columns): after a renewal");
	vdb_check_all($node, "($columns): at the end");
	$node->safe_psql('postgres', 'DROP INDEX t_idx');
}

$node->stop;
done_testing();
