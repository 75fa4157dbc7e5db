--
-- Summaries of attributes: scans leave out lists in which no row can match
--
-- Eight places, each with a tenant, words, labels and days of its own.
CREATE TABLE places (id serial, v vector(4), tenant integer, word text, labels integer[],
	day date, moved boolean);
INSERT INTO places (v, tenant, word, labels, day)
	SELECT ARRAY[100 * p + sin(i), cos(i * 7), sin(i * 3), cos(i)]::vector, p, 'word ' || p,
		ARRAY[p, p + 100], '2024-01-01'::date + 30 * p + i % 30
	FROM generate_series(0, 7) p, generate_series(1, 150) i ORDER BY i, p;
UPDATE places SET moved = true WHERE tenant = 6;
CREATE INDEX places_v ON places USING ivfkm (v, tenant, word, labels, day, moved)
	WITH (lists = 24, maintenance = off);
ANALYZE places;
SET enable_seqscan = off;
SET enable_bitmapscan = off;

-- The rows that match a condition, nearest to the first place, by the index and by a sort; and how
-- many of the 24 lists were scanned.
CREATE FUNCTION search(condition text, OUT matches bigint, OUT same boolean, OUT lists bigint)
	LANGUAGE plpgsql AS $$
DECLARE
	found real[];
	expected real[];
BEGIN
	EXECUTE format('SELECT array_agg(d) FROM (SELECT (v <-> ''[0,0,0,0]'')::real AS d FROM places
		WHERE %s ORDER BY v <-> ''[0,0,0,0]'' LIMIT 10000) s', condition) INTO found;
	lists := (SELECT s.lists FROM ivfkm_last_scan() s);
	PERFORM set_config('enable_indexscan', 'off', true);
	EXECUTE format('SELECT array_agg(d ORDER BY d) FROM (SELECT (v <-> ''[0,0,0,0]'')::real AS d
		FROM places WHERE %s) s', condition) INTO expected;
	PERFORM set_config('enable_indexscan', 'on', true);
	matches := coalesce(cardinality(expected), 0);
	same := found IS NOT DISTINCT FROM expected;
END $$;

-- Of conditions: how many rows meet them, and whether a quarter of the lists were scanned at most.
CREATE FUNCTION searches(conditions text[]) RETURNS TABLE (condition text, matches bigint,
	same boolean, few boolean) LANGUAGE sql AS $$
	SELECT c, s.matches, s.same, s.lists <= 6 FROM unnest(conditions) c, search(c) s $$;
SELECT * FROM searches(ARRAY['tenant = 7', 'tenant > 6', 'tenant < 0', 'tenant < 1',
	'tenant BETWEEN 3 AND 3', 'tenant = 3 AND word = ''word 3''',
	'tenant = 3 AND word = ''word 4''', 'word = ''word 5''', 'word = ''nowhere''',
	'labels @> ''{106}''', 'labels && ''{4,104}''', 'labels @> ''{4,105}''',
	'day >= ''2024-08-01''', 'day = ''2024-01-05''', 'moved', 'moved IS NULL AND tenant = 1']);
SELECT * FROM searches(ARRAY['tenant IS NULL', 'tenant IS NOT NULL', 'moved IS NULL',
	'tenant >= 0', 'labels @> ''{}''', 'id > 100']);

-- Costs know which lists are left out: an eighth of the rows costs less where it is known at
-- planning which ones are meant, as their lists are known then.  In the order of a distance, an
-- unknown value costs what the values of the column do on average; unknown values in an array leave
-- out no list.
CREATE FUNCTION cost(condition text, rest text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT json) SELECT FROM places WHERE %s %s', condition, rest)
		INTO plan;
	RETURN plan #>> '{0,Plan,Total Cost}';
END $$;
SELECT condition, cost(condition, '') < cost('tenant = (SELECT 3)', '') - 1 AS less,
	cost(condition, nearest) / cost('tenant = (SELECT 3)', nearest) BETWEEN 0.9 AND 1.1
		AS same_in_order,
	cost(condition, nearest) < cost('tenant = ANY (ARRAY[(SELECT 3)])', nearest) - 1
		AS less_in_order
	FROM unnest(ARRAY['tenant = 3', 'tenant = ''3''::bigint', 'tenant = ANY (''{3}'')',
		'tenant IN (3, 30)', 'tenant BETWEEN 3 AND 3', 'tenant = (SELECT 4)']) condition,
	(VALUES ('ORDER BY v <-> ''[0,0,0,0]''')) q (nearest);

-- the same without an order
SELECT count(*) FROM places WHERE tenant = 4;
SELECT lists <= 6 AS few FROM ivfkm_last_scan();

-- with LIMIT, from near to far
SELECT tenant, matches FROM (SELECT t AS tenant, (SELECT count(*) FROM (SELECT FROM places
	WHERE tenant = t ORDER BY v <-> '[0,0,0,0]' LIMIT 20) s) AS matches
	FROM generate_series(-1, 8) t) s ORDER BY tenant;

-- Rows that come later are found: at places where their values were not, NULLs, new values.
INSERT INTO places (v, tenant, word, labels, day) VALUES ('[0,0,0,0]', 7, 'word 7', '{7}',
	'2025-01-01'), ('[700,0,0,0]', 0, 'new', '{1000}', '2020-01-01'), ('[300,0,0,0]', NULL, NULL,
	NULL, NULL), (NULL, 2, 'word 2', '{2}', NULL);
SELECT vdb_index_check('places_v');
SELECT * FROM searches(ARRAY['tenant = 7', 'tenant = 0', 'tenant IS NULL', 'word = ''new''',
	'word IS NULL', 'labels && ''{1000}''', 'day > ''2024-12-01''', 'day < ''2024-01-01''',
	'day IS NULL AND v IS NOT NULL']);

-- Numbers that grow widen a summary by more than they must, up to the ends of their range.
CREATE TABLE growing (v vector(2), n bigint);
INSERT INTO growing SELECT ARRAY[i % 10, i]::vector, i FROM generate_series(1, 500) i;
CREATE INDEX growing_v ON growing USING ivfkm (v, n) WITH (lists = 1, maintenance = off);
INSERT INTO growing SELECT '[1,1]', i FROM generate_series(501, 1500) i;
INSERT INTO growing VALUES ('[1,1]', 9223372036854775807), ('[1,1]', -9223372036854775808),
	('[1,1]', 9223372036854775807);
SELECT vdb_index_check('growing_v');
SELECT n FROM growing WHERE n > 1499 ORDER BY v <-> '[1,1]' LIMIT 5;
SELECT n FROM growing WHERE n < 0 ORDER BY v <-> '[1,1]' LIMIT 5;
DROP TABLE growing;

-- New lists have summaries of their rows alone; rows that moved away are forgotten.
DELETE FROM places WHERE tenant = 7 AND v <-> '[0,0,0,0]' > 1;
UPDATE places SET tenant = 9 WHERE tenant = 5;
VACUUM (INDEX_CLEANUP ON) places;
SELECT vdb_index_check('places_v');
SELECT * FROM searches(ARRAY['tenant = 7', 'tenant = 5', 'tenant = 9', 'word = ''word 5''']);
SELECT lists > 1 AS lists FROM ivfkm_maintain('places_v');
SELECT vdb_index_check('places_v');
CREATE FUNCTION scanned(condition text) RETURNS bigint LANGUAGE sql
	AS $$ SELECT lists FROM search(condition) $$;
SELECT scanned('tenant = 5') <= 2 AS of_none, scanned('tenant = 7') <= 2 AS of_one,
	scanned('tenant = 9') < scanned('tenant >= 0') / 2 AS of_place;
-- a list that has grown is split, and its neighbours keep their summaries
INSERT INTO places (v, tenant, word, labels, day)
	SELECT ARRAY[200 + sin(i), cos(i * 7), sin(i * 3), cos(i)]::vector, 2, 'word 2', '{2}',
		'2024-03-01' FROM generate_series(1, 2000) i;
SELECT lists > 1 AS lists FROM ivfkm_maintain('places_v', false);
SELECT vdb_index_check('places_v');
SELECT condition, matches, same FROM searches(ARRAY['tenant = 2', 'tenant = 0', 'tenant = 7',
	'word = ''new''', 'tenant IS NULL AND v IS NOT NULL']);
SELECT scanned('tenant = 5') <= 2 AS of_none, scanned('tenant = 9') < scanned('tenant >= 0') / 2
	AS of_place;
DROP TABLE places;

-- Values that are spread over all lists: those that few rows have leave out most lists, by their
-- marks, wherever in the range they are.  Numbers below and above zero, far apart, squeezed or not,
-- and texts; by themselves and in sets.  Half of the lists are scanned at most.
CREATE TABLE places (id integer, v vector(4), n integer, far bigint, at timestamptz, price float8,
	word text);
INSERT INTO places SELECT i, ARRAY[100 * (i % 8) + sin(i), cos(i * 7), sin(i * 3), cos(i)]::vector,
	k - 1500, (k - 1500) * 4000000000000, '2024-01-01 UTC'::timestamptz + k * interval '1 hour',
	1000 + k, 'word ' || k
	FROM generate_series(1, 3000) i, LATERAL (SELECT i * 7919 % 3000 AS k) s;
CREATE INDEX places_v ON places USING ivfkm (v, n, far, at, price, word)
	WITH (lists = 24, maintenance = off);
ANALYZE places;
CREATE FUNCTION halves(conditions text[]) RETURNS TABLE (condition text, matches bigint,
	same boolean, half boolean) LANGUAGE sql AS $$
	SELECT c, s.matches, s.same, s.lists <= 12 FROM unnest(conditions) c, search(c) s $$;
CREATE TABLE rare AS SELECT unnest(ARRAY['n = 0', 'n BETWEEN -1 AND 1', 'n IN (-700, 3, 900)',
	'n IN (-1499, 1499, 5000)', 'far = 4000000000000',
	'far BETWEEN -4000000000000 AND 4000000000000', 'far IN (0, 400000000000000)',
	'at = ''2024-02-01 UTC''', 'at BETWEEN ''2024-02-01 UTC'' AND ''2024-02-01 02:00 UTC''',
	'price = 2500', 'word = ''word 77''', 'word IN (''word 5'', ''word 2999'')']) AS condition;
SELECT * FROM halves(ARRAY(SELECT condition FROM rare));
-- many rows, and none
SELECT * FROM searches(ARRAY['n BETWEEN -1499 AND 1498', 'far < 0 AND n > -9', 'n > 5000',
	'n BETWEEN 5000 AND 500000', 'n = ANY (ARRAY(SELECT generate_series(-900, 900)))']);
-- what comes later, before the first value and behind the last one, is found; in new lists, too
INSERT INTO places SELECT i, '[0,0,0,0]', 2147483647 - i, 9223372036854775807 - i, '2200-01-01', -i,
	'new' FROM generate_series(0, 3) i;
INSERT INTO places SELECT i, '[700,0,0,0]', -2147483648 + i, -9223372036854775808 + i, '1900-01-01',
	i, 'new' FROM generate_series(0, 3) i;
SELECT vdb_index_check('places_v');
CREATE TABLE later AS SELECT unnest(ARRAY['n = 2147483647', 'n > 2147483640', 'n < -2147483640',
	'n = -2147483646', 'far = 9223372036854775806', 'far < -9223372036854775000',
	'far IN (-9223372036854775808, 0, 9223372036854775807)', 'at > ''2100-01-01''',
	'at < ''1950-01-01''', 'price < 0', 'price BETWEEN 1 AND 3', 'word = ''new''']) AS condition;
SELECT s.condition, s.matches, s.same FROM searches(ARRAY(SELECT condition FROM later)) s;
-- so are rows that take the places of others, in the middle of lists
DELETE FROM places WHERE id % 3 = 0;
VACUUM (INDEX_CLEANUP ON) places;
INSERT INTO places SELECT i, ARRAY[100 * (i % 8), 0, 0, 0]::vector, 100000 + i, i * 4000000000001,
	'2060-01-01'::timestamptz + i * interval '1 day', 1e6 + i, 'late ' || i
	FROM generate_series(1, 900) i;
SELECT vdb_index_check('places_v');
SELECT s.condition, s.matches, s.same FROM searches(ARRAY['n = 100077',
	'n BETWEEN 100500 AND 100502', 'n IN (100001, 100899)', 'far = 4000000000001',
	'at = ''2060-04-01''', 'price = 1000500', 'word = ''late 900''',
	'word IN (''late 5'', ''word 77'')']) s;
SELECT lists > 1 AS lists FROM ivfkm_maintain('places_v');
SELECT vdb_index_check('places_v');
SELECT count(*), count(*) FILTER (WHERE s.same) AS same
	FROM searches(ARRAY(SELECT condition FROM rare UNION ALL SELECT condition FROM later)) s;
-- an index made before its rows has marks of its own when it is made anew
CREATE TABLE loaded (LIKE places);
CREATE INDEX loaded_v ON loaded USING ivfkm (v, far, n) WITH (lists = 24, maintenance = off);
INSERT INTO loaded SELECT * FROM places WHERE n BETWEEN -1500 AND 1500;
DROP TABLE places;
ALTER TABLE loaded RENAME TO places;
SELECT s.condition, s.matches, s.same
	FROM searches(ARRAY(SELECT condition FROM rare WHERE condition ~ '^(n|far)')) s;
SELECT lists > 1 AS lists FROM ivfkm_maintain('loaded_v');
SELECT vdb_index_check('loaded_v');
SELECT * FROM halves(ARRAY(SELECT condition FROM rare WHERE condition ~ '^(n|far)'));
DROP TABLE places, rare, later;
DROP FUNCTION search, searches, scanned, halves;

-- inner products: rows far from all lists, in the list that is scanned whatever it is for
CREATE TABLE far (v vector(4), kind integer);
INSERT INTO far SELECT ARRAY[sin(i), cos(i), sin(i * 3), 1]::vector, i % 3
	FROM generate_series(1, 600) i;
CREATE INDEX far_v ON far USING ivfkm (v vector_ip_ops, kind) WITH (maintenance = off);
INSERT INTO far SELECT ARRAY[sin(i) * 1000, 0, 0, 1000]::vector, 10 + i FROM
	generate_series(1, 20) i;
SELECT vdb_index_check('far_v');
SELECT kind, count(*) FROM (SELECT kind FROM far WHERE kind > 2 ORDER BY v <#> '[0,0,0,1]' LIMIT 30)
	s GROUP BY kind HAVING count(*) <> 1;
SELECT count(*) FROM (SELECT kind FROM far WHERE kind > 2 ORDER BY v <#> '[0,0,0,1]' LIMIT 30) s;
DROP TABLE far;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- Inserts into a tree of several nodes widen the summary of the row's own list: the summaries of a
-- node are as many as its slots, and more than the records of its children.
CREATE FUNCTION place(i int) RETURNS vector(32) LANGUAGE SQL IMMUTABLE AS $$
	SELECT array_agg(sin(i % 97 * (d + 1) * 1.3 + d) + 0.6 * sin(i * 12.98 + d * 37.7))::vector(32)
	FROM generate_series(1, 32) d
$$;
CREATE TABLE places (id int PRIMARY KEY, day int, v vector(32)) WITH (autovacuum_enabled = off);
INSERT INTO places SELECT i, 1, place(i) FROM generate_series(1, 3000) i;
SET ivfkm.debug_node_children = 8;
CREATE INDEX places_v ON places USING ivfkm (v, day) WITH (lists = 300);
RESET ivfkm.debug_node_children;
SELECT height > 1 AS nodes FROM ivfkm_info('places_v');
INSERT INTO places SELECT i, 2, place(i) FROM generate_series(3001, 4000) i;
SELECT vdb_index_check('places_v');
DROP TABLE places;
DROP FUNCTION place;
