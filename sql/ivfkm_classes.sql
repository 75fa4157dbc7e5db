--
-- ivfkm indexes by distances that are not those of index space: taxicab, Jaccard, and those of
-- sparse vectors and of long bit strings, which are sketched
--

SET jit = off; -- many statements that are planned once each

-- a number of 0 .. n - 1 that depends on the two others only
CREATE FUNCTION pick(i bigint, seed bigint, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
	PARALLEL SAFE AS
$$ SELECT ((hashint8extended(i, seed) % n + n) % n)::integer $$;

-- rows of 30 clusters, as arrays and as sparse vectors with 20 to 40 elements of many
CREATE FUNCTION dense(id integer, n integer) RETURNS real[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_agg((pick(id % 30, i, 201) - 100 + (pick(id, i + 1000, 41) - 20)) / 50.0 ORDER BY
	i)::real[] FROM generate_series(1, n) i $$;
CREATE FUNCTION sparse(id integer, n integer) RETURNS sparsevec LANGUAGE sql IMMUTABLE PARALLEL
	SAFE AS
$$
	SELECT format('{%s}/%s', string_agg(key || ':' || value, ','), n)::sparsevec
	FROM (SELECT DISTINCT ON (key) key, value
		FROM generate_series(1, 20 + pick(id, 7, 20)) i,
			LATERAL (SELECT pick(CASE WHEN i <= 15 THEN id % 30 ELSE 1000 + id END, i, n) + 1 AS
				key, (1 + pick(id, i, 8)) / 4.0 AS value) e
		ORDER BY key, value) elements
$$;
CREATE FUNCTION bits(id integer, n integer) RETURNS varbit LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
	SELECT string_agg(CASE WHEN pick(CASE WHEN pick(i, id, 6) = 0 THEN id + 100 ELSE id % 30 END,
		i, 8) = 0 THEN '1' ELSE '0' END, '' ORDER BY i)::varbit
	FROM generate_series(1, n) i
$$;

-- distances of the k nearest rows, through an index or by sorting
CREATE FUNCTION nearest(tab text, op text, q text, k integer, indexed boolean) RETURNS float8[]
	LANGUAGE plpgsql AS $$
DECLARE
	result float8[];
BEGIN
	PERFORM set_config('enable_seqscan', (NOT indexed)::text, true),
		set_config('enable_indexscan', indexed::text, true);
	EXECUTE format('SELECT array_agg(d) FROM (
			SELECT v %1$s %2$L AS d FROM %3$I ORDER BY v %1$s %2$L LIMIT %4$s) s', op, q, tab, k)
		INTO result;
	RETURN result;
END $$;

CREATE TABLE dense_items AS SELECT i AS id, dense(i, 24)::vector(24) AS v FROM generate_series(1,
	3000) i;
CREATE TABLE half_items AS SELECT id, v::halfvec(24) AS v FROM dense_items;
CREATE TABLE bit_items AS SELECT i AS id, bits(i, 200)::bit(200) AS v FROM generate_series(1,
	1500) i;
CREATE TABLE long_items AS SELECT i AS id, repeat(bits(i, 400)::text, 100)::bit(40000) AS v FROM
	generate_series(1, 200) i;
CREATE TABLE few_items AS SELECT i AS id, sparse(i, 100)::sparsevec(100) AS v FROM
	generate_series(1, 1500) i;
CREATE TABLE many_items AS SELECT i AS id, sparse(i, 1000000000)::sparsevec(1000000000) AS v FROM
	generate_series(1, 1500) i;

CREATE TABLE indexes (name text, tab text, class text, op text);
INSERT INTO indexes VALUES
	('dense_l1', 'dense_items', 'vector_l1_ops', '<+>'),
	('half_l1', 'half_items', 'halfvec_l1_ops', '<+>'),
	('bit_jaccard', 'bit_items', 'bit_jaccard_ops', '<%>'),
	('long_hamming', 'long_items', 'bit_hamming_ops', '<~>'),
	('long_jaccard', 'long_items', 'bit_jaccard_ops', '<%>'),
	('few_l2', 'few_items', 'sparsevec_l2_ops', '<->'),
	('few_ip', 'few_items', 'sparsevec_ip_ops', '<#>'),
	('few_cosine', 'few_items', 'sparsevec_cosine_ops', '<=>'),
	('few_l1', 'few_items', 'sparsevec_l1_ops', '<+>'),
	('many_l2', 'many_items', 'sparsevec_l2_ops', '<->'),
	('many_ip', 'many_items', 'sparsevec_ip_ops', '<#>'),
	('many_cosine', 'many_items', 'sparsevec_cosine_ops', '<=>'),
	('many_l1', 'many_items', 'sparsevec_l1_ops', '<+>');
SELECT format('CREATE INDEX %I ON %I USING ivfkm (v %s) WITH (lists = %s)', name, tab, class,
	CASE tab WHEN 'long_items' THEN 5 ELSE 20 END) FROM indexes \gexec

-- the operator classes are sound, the indexes too
SELECT opcname, amvalidate(oid) FROM pg_opclass
WHERE opcname = ANY (SELECT class FROM indexes) AND opcmethod = (SELECT oid FROM pg_am WHERE
	amname = 'ivfkm') ORDER BY opcname::text COLLATE "C";
SELECT name, vdb_index_check(name::regclass) FROM indexes ORDER BY name;
SELECT name, metric, dimensions FROM indexes, ivfkm_info(name::regclass) ORDER BY name;

-- their recall is measured, and their budgets, in whatever space the codes are
SELECT name, queries, recall >= 0.9 AS found FROM indexes, ivfkm_recall(name::regclass, 10, 20)
ORDER BY name;
SELECT name, queries FROM indexes, ivfkm_calibrate(name::regclass, n => 20) ORDER BY name;

-- rows come in the exact order of distance, as many as wanted, and nearly all of the nearest
CREATE TABLE queries AS
SELECT name, tab, op, k, q FROM indexes, unnest(ARRAY[1, 10, 50]) k, generate_series(1, 5) i,
	LATERAL (SELECT CASE tab WHEN 'dense_items' THEN dense(10000 + i, 24)::vector::text WHEN
		'half_items' THEN dense(10000 + i, 24)::vector::text
		WHEN 'bit_items' THEN bits(10000 + i, 200)::text WHEN 'long_items' THEN repeat(bits(10000
			+ i, 400)::text, 100)
		WHEN 'few_items' THEN sparse(10000 + i, 100)::text ELSE sparse(10000 + i,
			1000000000)::text END AS q) r;
CREATE TABLE answers AS SELECT name, k, nearest(tab, op, q, k, true) AS found, nearest(tab, op,
	q, k, false) AS sorted FROM queries;
SELECT name, bool_and(found = (SELECT array_agg(d ORDER BY d) FROM unnest(found) d)) AS ordered,
	bool_and(array_length(found, 1) = k) AS complete,
	avg((SELECT count(*) FROM unnest(found) d WHERE d <= sorted[k])::float8 / k) >= 0.9 AS recall
FROM answers GROUP BY name ORDER BY name;

-- a search that looks at everything equals a sort
SET ivfkm.probes = 1000;
SET ivfkm.epsilon = 100;
SELECT name, bool_and(nearest(tab, op, q, 40, true) = nearest(tab, op, q, 40, false)) AS equal
	FROM queries WHERE k = 50 GROUP BY name ORDER BY name;
RESET ivfkm.probes;
RESET ivfkm.epsilon;
DROP TABLE answers, queries;

-- the index is used; all rows come, once each; so do those within a distance
SET enable_seqscan = off;
SET enable_sort = off;
-- the index scans of a plan
CREATE FUNCTION index_scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Index Scan' THEN
			RETURN NEXT substring(line FROM 'Index.*');
		END IF;
	END LOOP;
END $$;
SELECT * FROM index_scans('SELECT id FROM dense_items
	ORDER BY v <+> (SELECT v FROM dense_items WHERE id = 1) LIMIT 5');
EXPLAIN (COSTS OFF) SELECT id FROM many_items ORDER BY v <=> '{7:1}/1000000000' LIMIT 5;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM dense_items ORDER BY v <+> array_fill(0,
	ARRAY[24])::vector) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM bit_items ORDER BY v <%> bits(3,
	200)::bit(200)) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM many_items ORDER BY v <#> sparse(3,
	1000000000)) s;
CREATE FUNCTION within(tab text, op text, q text, r float8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	indexed integer;
	counted integer;
BEGIN
	EXECUTE format('SELECT count(*) FROM (
			SELECT 1 FROM %1$I WHERE v %2$s %3$L <= $1 ORDER BY v %2$s %3$L) s', tab, op, q)
		USING r INTO indexed;
	PERFORM set_config('enable_indexscan', 'off', true);
	EXECUTE format('SELECT count(*) FROM %1$I WHERE v %2$s %3$L <= $1', tab, op, q) USING r INTO
		counted;
	PERFORM set_config('enable_indexscan', 'on', true);
	RETURN CASE WHEN indexed = counted THEN 'equal' ELSE format('%s of %s', indexed, counted) END
		|| CASE WHEN counted > 0 THEN ', some' ELSE ', none' END;
END $$;
SELECT r, within('dense_items', '<+>', dense(5, 24)::vector::text, r) FROM unnest(ARRAY[-1, 0, 5,
	10, 1000]) r;
SELECT r, within('bit_items', '<%>', bits(5, 200)::text, r) FROM unnest(ARRAY[-0.1, 0, 0.5, 0.9,
	1]) r;
SELECT r, within('many_items', '<->', sparse(5, 1000000000)::text, r) FROM unnest(ARRAY[-1, 0, 5,
	10]) r;
SELECT r, within('many_items', '<=>', sparse(5, 1000000000)::text, r) FROM unnest(ARRAY[-1, 1e-6,
	0.5, 1, 2]) r;
SELECT r, within('many_items', '<#>', sparse(5, 1000000000)::text, r) FROM unnest(ARRAY[-1000,
	-30, -10, 0]) r;
SELECT r, within('many_items', '<+>', sparse(5, 1000000000)::text, r) FROM unnest(ARRAY[-1, 0,
	20, 40, 1000]) r;

-- the index is asked what share of the rows they are, of sketches too; how many there are in all is
-- what ANALYZE found: from 18 on, CREATE INDEX notes it only if there is autovacuum
ANALYZE many_items, long_items;
CREATE FUNCTION estimate(tab text, op text, q text, r float8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
	counted integer;
	total integer;
	ratio float8;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT json) SELECT 1 FROM %1$I WHERE v %2$s %3$L <= %4$L::float8',
		tab, op, q, r) INTO plan;
	EXECUTE format('SELECT count(*), sum((v %2$s %3$L <= %4$L::float8)::integer) FROM %1$I',
		tab, op, q, r) INTO total, counted;
	ratio := (plan->0->'Plan'->>'Plan Rows')::float8 / counted;
	RETURN CASE WHEN counted > total / 10 THEN 'many' ELSE 'few' END
		|| CASE WHEN ratio BETWEEN 0.5 AND 2 THEN ', as expected' ELSE ', not ' || ratio END;
END $$;
SELECT estimate('many_items', '<->', sparse(5, 1000000000)::text, 7),
	estimate('many_items', '<=>', sparse(5, 1000000000)::text, 0.6),
	estimate('long_items', '<~>', (SELECT v FROM long_items WHERE id = 5)::text, 5000);
DROP FUNCTION estimate;

-- empty and zero values: a place in the order, or none
INSERT INTO many_items VALUES (0, '{}/1000000000'), (-1, NULL);
INSERT INTO bit_items VALUES (0, repeat('0', 200)::bit(200)), (-1, NULL);
INSERT INTO dense_items VALUES (0, array_fill(0, ARRAY[24])::vector), (-1, NULL);
SELECT name, vdb_index_check(name::regclass) FROM indexes WHERE tab IN ('many_items',
	'bit_items', 'dense_items') ORDER BY name;
SELECT id FROM many_items ORDER BY v <-> '{}/1000000000' LIMIT 1;
SELECT id FROM many_items ORDER BY v <+> '{}/1000000000' LIMIT 1;
SELECT id FROM dense_items ORDER BY v <+> array_fill(0, ARRAY[24])::vector LIMIT 1;
SELECT count(*), count(DISTINCT id), min(id) FROM (SELECT id FROM many_items ORDER BY v <=>
	'{}/1000000000') s;
SELECT count(*), count(DISTINCT id), min(id) FROM (SELECT id FROM bit_items ORDER BY v <%>
	repeat('0', 200)::bit(200)) s;
SELECT array_agg(id) FROM (SELECT id FROM many_items ORDER BY v <=> sparse(1, 1000000000) OFFSET
	1500) s;
SELECT bool_and(v <%> bits(1, 200)::bit(200) = 1 OR id = -1) FROM (SELECT id, v FROM bit_items
	ORDER BY v <%> bits(1, 200)::bit(200) OFFSET 1500) s;

-- negative elements, and values that overflow
INSERT INTO many_items SELECT 10000 + i, format('{1:%s,%s:-2}/1000000000', -i, i + 2)::sparsevec
	FROM generate_series(1, 5) i;
SELECT id, v <+> '{1:-3}/1000000000' AS d FROM many_items ORDER BY v <+> '{1:-3}/1000000000'
	LIMIT 3;
SELECT id, v <#> '{1:-3}/1000000000' AS d FROM many_items WHERE id > 10000 ORDER BY v <#>
	'{1:-3}/1000000000' LIMIT 2;
INSERT INTO many_items VALUES (20000, '{5:3e38,6:3e38}/1000000000'), (20001,
	'{5:1e-40}/1000000000');
INSERT INTO dense_items VALUES (20000, array_fill(3e38, ARRAY[24])::vector);
SELECT id FROM many_items ORDER BY v <+> '{5:3e38,6:3e38}/1000000000' LIMIT 1;
SELECT count(*) FROM (SELECT id FROM many_items ORDER BY v <#> '{5:3e38}/1000000000') s;
SELECT count(*) FROM (SELECT id FROM dense_items ORDER BY v <+> array_fill(3e38,
	ARRAY[24])::vector) s;
SELECT name, vdb_index_check(name::regclass) FROM indexes WHERE tab IN ('many_items',
	'dense_items') ORDER BY name;

-- changes
DELETE FROM few_items WHERE id % 3 = 0;
VACUUM few_items;
INSERT INTO few_items SELECT i, sparse(i, 100)::sparsevec(100) FROM generate_series(1501, 2000) i;
SELECT name, vdb_index_check(name::regclass) FROM indexes WHERE tab = 'few_items' ORDER BY name;
SELECT ivfkm_maintain('few_l1') IS NOT NULL AS maintained;
SELECT vdb_index_check('few_l1');
SELECT id FROM few_items ORDER BY v <+> sparse(1777, 100) LIMIT 1;

-- refine codes, if they are asked for
CREATE INDEX few_refined ON few_items USING ivfkm (v sparsevec_cosine_ops) WITH (lists = 20,
	refine_bits = 8);
CREATE INDEX dense_plain ON dense_items USING ivfkm (v vector_l1_ops) WITH (lists = 20,
	refine_bits = 0);
SELECT vdb_index_check('few_refined'), vdb_index_check('dense_plain');
DROP INDEX few_cosine, dense_l1;
SELECT avg((nearest('few_items', '<=>', sparse(i, 100)::text, 10, true))[10] /
	(nearest('few_items', '<=>', sparse(i, 100)::text, 10, false))[10]) < 1.01 AS near
FROM generate_series(20001, 20010) i;
SELECT avg((nearest('dense_items', '<+>', dense(i, 24)::vector::text, 10, true))[10] /
	(nearest('dense_items', '<+>', dense(i, 24)::vector::text, 10, false))[10]) < 1.01 AS near
FROM generate_series(20001, 20010) i;

-- codes for taxicab distances bound them so well that hardly a row is looked at besides
DROP INDEX dense_plain;
CREATE INDEX dense_four ON dense_items USING ivfkm (v vector_l1_ops) WITH (lists = 20,
	refine_bits = 4);
SELECT vdb_index_check('dense_four');
SET ivfkm.probes = 1000;
SET ivfkm.epsilon = 100;
SELECT bool_and(nearest('dense_items', '<+>', dense(i, 24)::vector::text, 40, true) =
	nearest('dense_items', '<+>', dense(i, 24)::vector::text, 40, false)) AS equal
FROM generate_series(20001, 20005) i;
RESET ivfkm.probes;
RESET ivfkm.epsilon;
CREATE FUNCTION looked_at(tab text, id integer) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %I ORDER BY v <+> %L LIMIT 10) s', tab,
		dense(id, 24)::vector);
	RETURN (SELECT reranked FROM ivfkm_last_scan());
END $$;
SELECT avg(looked_at('half_items', i)) < 15 AS few FROM generate_series(20001, 20020) i;
DROP FUNCTION looked_at;

-- the functions of the operators use the index, too
EXPLAIN (COSTS OFF) SELECT id FROM dense_items ORDER BY l1_distance(v, '[1,2]'::vector(2)) LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM few_items ORDER BY cosine_distance('{1:1}/100', v) LIMIT 5;
SELECT * FROM index_scans('SELECT id FROM bit_items
	ORDER BY jaccard_distance(v, (SELECT v FROM bit_items WHERE id = 1)) LIMIT 5');
PREPARE by_function AS SELECT id FROM few_items ORDER BY l2_distance(v, $1) LIMIT 3;
PREPARE by_operator AS SELECT id FROM few_items ORDER BY v <-> $1 LIMIT 3;
EXECUTE by_function (sparse(1777, 100));
EXECUTE by_operator (sparse(1777, 100));
DEALLOCATE by_function;
DEALLOCATE by_operator;
-- an operator of another schema for the same function is left alone, and so are its results
CREATE SCHEMA other;
CREATE OPERATOR other.<-> (LEFTARG = bit, RIGHTARG = bit, FUNCTION = hamming_distance);
SELECT B'101' OPERATOR(other.<->) B'110' AS d;
DROP SCHEMA other CASCADE;

-- other dimensions, and limits
SELECT id FROM many_items ORDER BY v <=> '{1:1}/5' LIMIT 1;
SELECT id FROM long_items ORDER BY v <%> B'101' LIMIT 1;
INSERT INTO few_items VALUES (1, '{1:1}/5');
CREATE TABLE t (s sparsevec, v sparsevec(7), b bit(64000), c bit(64001), d bit(64000));
CREATE INDEX ON t USING ivfkm (s sparsevec_l2_ops);
CREATE INDEX ON t USING ivfkm (v vector_l1_ops);
CREATE INDEX ON t USING ivfkm (c bit_jaccard_ops);
CREATE INDEX ON t USING ivfkm (c bit_hamming_ops);
CREATE INDEX ON t USING ivfkm (v);
CREATE INDEX ON t USING ivfkm (b bit_hamming_ops);
CREATE INDEX ON t USING ivfkm (d bit_jaccard_ops);
INSERT INTO t (v, b, d) SELECT format('{%s:1}/7', i)::sparsevec, repeat(i::bit(4)::text,
	16000)::bit(64000), repeat(i::bit(4)::text, 16000)::bit(64000) FROM generate_series(1, 7) i;
SELECT v FROM t ORDER BY v <-> '{3:1}/7' LIMIT 1;
SELECT substring(b, 1, 4) FROM t ORDER BY b <~> repeat('0101', 16000)::bit(64000) LIMIT 1;
SELECT substring(d, 1, 4) FROM t ORDER BY d <%> repeat('0110', 16000)::bit(64000) LIMIT 1;
\set VERBOSITY sqlstate
SELECT id FROM many_items ORDER BY v <=> '{1:1}/5' LIMIT 1;
CREATE INDEX ON t USING ivfkm (s sparsevec_l2_ops);
CREATE INDEX ON t USING ivfkm (c bit_jaccard_ops);
\set VERBOSITY default
DROP TABLE t;

RESET enable_seqscan;
RESET enable_sort;

-- lists whose rows spread differently: tight ones first, so far fewer rows are seen (3,302 of 4,000
-- if lists are in the order of their centroids alone); also after changes, and of lists made anew
CREATE FUNCTION words(id integer) RETURNS bit(256) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
	SELECT string_agg(CASE WHEN w.word IS NULL THEN '0' ELSE '1' END, '' ORDER BY b)::bit(256)
	FROM generate_series(0, 255) b LEFT JOIN (
		SELECT DISTINCT (255 * power(pick(id, i, 1000) / 1000.0, 3))::integer AS word
		FROM generate_series(1, 3 + pick(id, 0, 10) * pick(id, -1, 10)) i) w ON w.word = b
$$;
CREATE TABLE word_items (id integer, v bit(256));
INSERT INTO word_items SELECT i, words(i) FROM generate_series(1, 4000) i;
CREATE INDEX word_hamming ON word_items USING ivfkm (v bit_hamming_ops) WITH (lists = 40,
	maintenance = off);
SELECT recall > 0.97 AS found, rows < 2800 AS few FROM ivfkm_recall('word_hamming', 10, 200);
SELECT sum((k.distance <= (SELECT v <~> q FROM word_items ORDER BY v <~> q OFFSET 9 LIMIT
	1))::integer) >= 195 AS found
FROM (SELECT array_agg(words(i) ORDER BY i) AS queries FROM generate_series(5001, 5020) i) a,
	LATERAL ivfkm_knn('word_hamming', queries, 10) k, LATERAL (SELECT queries[k.query] AS q) q;
INSERT INTO word_items SELECT i, words(i) FROM generate_series(6001, 12000) i;
SELECT rows > 0 AS made_anew FROM ivfkm_maintain('word_hamming', false);
SELECT vdb_index_check('word_hamming');
SELECT recall > 0.97 AS found, rows < 7000 AS few FROM ivfkm_recall('word_hamming', 10, 200);
DROP TABLE word_items;
DROP FUNCTION words;

-- What the rows that an index was made of have in common says nothing of others: two rows, rows
-- along an axis, sparse vectors whose elements come together; with refine codes and without.
-- Rows in the wrong order, and rows within a distance that are not found, of 20 queries.
CREATE FUNCTION misplaced(relation text, type text, OUT misplaced bigint, OUT missing bigint)
	LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
	found float8[];
	sorted float8[];
	query text;
	within bigint;
BEGIN
	misplaced := 0;
	missing := 0;
	FOR i IN 1 .. 20 LOOP
		query := format('v <+> %L', (SELECT array_agg(pick(i, 7000 + d, 100) / 7.0 - 7)::vector
			FROM generate_series(1, 12) d)::text::vector::sparsevec);
		IF type = 'vector' THEN
			query := query || '::sparsevec::vector';
		END IF;
		EXECUTE format('SELECT array_agg(d) FROM (SELECT %2$s AS d FROM %1$s ORDER BY %2$s) s',
			relation, query) INTO found;
		SELECT array_agg(d ORDER BY d) INTO sorted FROM unnest(found) d;
		misplaced := misplaced + (SELECT count(*) FROM generate_subscripts(found, 1) j
			WHERE abs(found[j] - sorted[j]) > 1e-5 * sorted[j]);
		EXECUTE format('SELECT count(*) FROM %s WHERE %s <= %s', relation, query,
			sorted[cardinality(sorted) / 3 + 1]) INTO within;
		missing := missing + (SELECT count(*) FROM unnest(sorted) d
			WHERE d <= sorted[cardinality(sorted) / 3 + 1]) - within;
	END LOOP;
END $$;
CREATE TABLE few (v vector(12));
CREATE TABLE sparse_few (v sparsevec(12));
CREATE TABLE made (bits integer, first text, late integer, relation text, misplaced bigint,
	missing bigint);
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT bits, first FROM unnest(ARRAY[0, 4, 8]) bits,
			unnest(ARRAY['two', 'axis', 'all']) first LOOP
		TRUNCATE few, sparse_few;
		INSERT INTO few SELECT (SELECT array_agg(CASE WHEN c.first = 'axis' AND d > 1 THEN 1
				ELSE pick(i, d, 100) / 7.0 - 7 END ORDER BY d)
				FROM generate_series(1, 12) d)::vector
			FROM generate_series(1, CASE c.first WHEN 'two' THEN 2 ELSE 300 END) i;
		INSERT INTO sparse_few SELECT v::sparsevec FROM few;
		EXECUTE format('CREATE INDEX few_v ON few USING ivfkm (v vector_l1_ops)
			WITH (refine_bits = %s)', c.bits);
		EXECUTE format('CREATE INDEX sparse_few_v ON sparse_few USING ivfkm (v sparsevec_l1_ops)
			WITH (refine_bits = %s)', c.bits);
		INSERT INTO made SELECT c.bits, c.first, 0, 'few', (misplaced('few', 'vector')).*;
		INSERT INTO made SELECT c.bits, c.first, 0, 'sparse_few',
			(misplaced('sparse_few', 'sparsevec')).*;
		INSERT INTO few SELECT (SELECT array_agg(pick(i, d, 100) / 7.0 - 7 ORDER BY d)
			FROM generate_series(1, 12) d)::vector FROM generate_series(1001, 1300) i;
		INSERT INTO sparse_few SELECT v::sparsevec FROM few OFFSET 2;
		INSERT INTO made SELECT c.bits, c.first, 300, 'few', (misplaced('few', 'vector')).*;
		INSERT INTO made SELECT c.bits, c.first, 300, 'sparse_few',
			(misplaced('sparse_few', 'sparsevec')).*;
		DROP INDEX few_v, sparse_few_v;
	END LOOP;
END $$;
SELECT relation, bits, first, sum(misplaced) AS misplaced, sum(missing) AS missing
FROM made GROUP BY 1, 2, 3 ORDER BY relation COLLATE "C", bits, first COLLATE "C";
DROP TABLE few, sparse_few, made;
DROP FUNCTION misplaced;
-- a query that differs from one of two rows in one element, where these differ in all
CREATE TABLE two (v vector(40));
INSERT INTO two SELECT array_agg(sin(i * d) ORDER BY d)::vector
FROM generate_series(1, 2) i, generate_series(1, 40) d GROUP BY i;
CREATE INDEX two_v ON two USING ivfkm (v vector_l1_ops);
SET enable_seqscan = off;
SELECT round((v <+> q)::numeric, 4) AS distance,
	(SELECT count(*) FROM two WHERE v <+> q < 5.1) AS within,
	(SELECT count(*) FROM (SELECT FROM two WHERE v <+> q < 5.1 ORDER BY v <+> q) s) AS in_order
FROM (SELECT v, array_cat(ARRAY[5 + v[1]]::real[], (v::real[])[2:40])::vector AS q
	FROM two OFFSET 0) s;
RESET enable_seqscan;
DROP TABLE two;

DROP TABLE dense_items, half_items, bit_items, long_items, few_items, many_items, indexes;
DROP FUNCTION within, nearest, bits, sparse, dense, pick, index_scans;
