-- Indexes on arrays of vectors, in the order of MaxSim.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vdb;
RESET client_min_messages;
SET jit = off; -- many statements that are planned once each

-- some vector for a row and a place, and as many of them as the row's number says
CREATE FUNCTION vector_of(i int, j int) RETURNS vector(8) LANGUAGE SQL IMMUTABLE AS $$
	SELECT l2_normalize(array_agg(sin(i % 40 * (d + 1) * 1.7 + d) +
		0.8 * sin(i * 12.9898 + j * 78.233 + d * 37.719))::vector(8))
	FROM generate_series(1, 8) d
$$;
CREATE FUNCTION vectors_of(i int, n int) RETURNS vector(8)[] LANGUAGE SQL IMMUTABLE AS $$
	SELECT coalesce(array_agg(vector_of(i, j)), '{}') FROM generate_series(1, n) j
$$;

CREATE TABLE docs (id int PRIMARY KEY, part int, tokens vector(8)[]);
ALTER TABLE docs SET (autovacuum_enabled = off);
INSERT INTO docs SELECT i, i % 7, vectors_of(i, 1 + i % 9) FROM generate_series(1, 700) i;
INSERT INTO docs VALUES (5001, 1, NULL), (5002, 2, '{}'), (5003, 3, NULL), (5004, 3, '{}');
CREATE INDEX docs_tokens ON docs USING ivfkm (tokens vector_maxsim_ops);
ANALYZE docs;
SELECT rows = (SELECT sum(cardinality(tokens)) FROM docs) AS an_entry_per_vector, nulls
FROM ivfkm_info('docs_tokens');
SELECT vdb_index_check('docs_tokens') = rows + nulls AS checked FROM ivfkm_info('docs_tokens');

CREATE TABLE queries (id int PRIMARY KEY, q vector(8)[]);
INSERT INTO queries SELECT i, vectors_of(i * 37, 6) FROM generate_series(1, 12) i;

SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;
SET plan_cache_mode = force_generic_plan;
PREPARE nearest (vector[]) AS SELECT id FROM docs ORDER BY tokens @# $1 LIMIT 3;
EXPLAIN (COSTS OFF) EXECUTE nearest(NULL);
RESET plan_cache_mode;

-- recall against the distances of all rows; "condition" is part of both
CREATE FUNCTION recall(k int, condition text DEFAULT 'true') RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
	query record;
	farthest float8;
	own int;
	hits int := 0;
	wanted int := 0;
BEGIN
	FOR query IN SELECT q FROM queries LOOP
		EXECUTE format('SELECT max(d), count(*) FROM (SELECT (tokens @# $1) + 0.0 AS d FROM docs '
			'WHERE tokens <> ''{}'' AND %s ORDER BY 1 LIMIT %s) x', condition, k)
			INTO farthest, own USING query.q;
		wanted := wanted + own;
		EXECUTE format('SELECT count(*) FROM (SELECT tokens @# $1 AS d FROM docs WHERE %s '
			'ORDER BY tokens @# $1 LIMIT %s) x WHERE d <= $2', condition, k)
			INTO own USING query.q, farthest + 1e-9;
		hits := hits + own;
	END LOOP;
	RETURN hits::float8 / wanted;
END $$;
SELECT recall(1) >= 0.95 AS one, recall(10) >= 0.95 AS ten, recall(100) >= 0.95 AS hundred;

-- each row once, in exact order, to the end: arrays without vectors, then NULLs
CREATE FUNCTION all_rows(q vector[], OUT n bigint, OUT ids bigint, OUT in_order boolean,
	OUT last text) LANGUAGE SQL AS $$
	SELECT count(*), count(DISTINCT id), bool_and(d >= coalesce(before, d)),
		string_agg(CASE WHEN tokens IS NULL THEN 'NULL' WHEN tokens = '{}' THEN 'empty' END, ' '
			ORDER BY place)
	FROM (SELECT *, row_number() OVER () AS place, lag(d) OVER () AS before
		FROM (SELECT id, tokens, tokens @# q AS d FROM docs ORDER BY tokens @# q LIMIT 100000) x) y
$$;
SELECT * FROM all_rows(vectors_of(5, 4));
SELECT * FROM all_rows(vectors_of(6, 1));
-- without a LIMIT the order is exact
SELECT count(*), count(DISTINCT id), bool_and(d >= coalesce(before, d)) FROM (
	SELECT id, d, lag(d) OVER () AS before FROM (
		SELECT id, tokens @# vectors_of(9, 3) AS d FROM docs
		ORDER BY tokens @# vectors_of(9, 3)) x) y;
-- a cursor takes more and more
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM docs ORDER BY tokens @# vectors_of(11, 5);
CREATE TEMP TABLE fetched (id int) ON COMMIT DROP;
DO $$
DECLARE
	c refcursor := 'c';
	one int;
BEGIN
	LOOP
		FETCH c INTO one;
		EXIT WHEN NOT FOUND;
		INSERT INTO fetched VALUES (one);
	END LOOP;
END $$;
SELECT count(*), count(DISTINCT id) FROM fetched;
COMMIT;

-- a query without vectors, a NULL, and one that is wrong
SELECT count(*), count(DISTINCT id)
FROM (SELECT id FROM docs ORDER BY tokens @# '{}' LIMIT 5000) x;
SELECT count(*), count(DISTINCT id)
FROM (SELECT id FROM docs ORDER BY tokens @# NULL LIMIT 5000) x;
SELECT id FROM docs ORDER BY tokens @# '{"[1,2]"}' LIMIT 1;
SELECT id FROM docs ORDER BY tokens @# '{NULL}' LIMIT 1;
SELECT id FROM docs ORDER BY tokens @# '{{"[1,2,3,4,5,6,7,8]"}}' LIMIT 1;

-- settings
SET ivfkm.iterative_scan = off;
SELECT count(*) BETWEEN 40 AND 699 AS some FROM
	(SELECT id FROM docs ORDER BY tokens @# vectors_of(5, 4) LIMIT 2000) x;
SET ivfkm.iterative_scan = relaxed_order;
SELECT n, ids FROM all_rows(vectors_of(7, 3));
RESET ivfkm.iterative_scan;
SET ivfkm.max_probes = 1;
SELECT count(*) BETWEEN 1 AND 699 AS some, count(*) = count(DISTINCT id) AS once FROM
	(SELECT id FROM docs ORDER BY tokens @# vectors_of(5, 1) LIMIT 2000) x;
RESET ivfkm.max_probes;
SET ivfkm.probes = 3;
SELECT recall(10) > 0.5 AS probes;
RESET ivfkm.probes;
SET ivfkm.target_recall = 0.8;
SELECT recall(10) >= 0.8 AS lower;
RESET ivfkm.target_recall;

-- a target of 1 looks at all rows, unless probes say otherwise
SET ivfkm.target_recall = 1;
SELECT count(*) FROM (SELECT id FROM docs ORDER BY tokens @# vectors_of(5, 4) LIMIT 3) x;
SELECT reranked >= 700 AS everything FROM ivfkm_last_scan();
SET ivfkm.probes = 1;
SELECT count(*) FROM (SELECT id FROM docs ORDER BY tokens @# vectors_of(5, 4) LIMIT 3) x;
SELECT reranked >= 700 AS everything FROM ivfkm_last_scan();
RESET ivfkm.probes;
RESET ivfkm.target_recall;

SELECT recall >= 0.95 AS measured, queries FROM ivfkm_recall('docs_tokens', 10, 20);
SELECT ivfkm_calibrate('docs_tokens');
SELECT * FROM ivfkm_knn('docs_tokens', ARRAY[vector_of(1, 1)], 3);
SELECT * FROM ivfkm_estimate('docs', 'tokens');

-- conditions on the distance, before and beside the order
SELECT count(*) AS within, count(*) FILTER (WHERE d >= -2) AS beyond FROM (
	SELECT tokens @# vectors_of(5, 4) AS d FROM docs WHERE tokens @# vectors_of(5, 4) < -2
	ORDER BY tokens @# vectors_of(5, 4) LIMIT 5) x;
RESET enable_seqscan;
SET plan_cache_mode = force_generic_plan;
PREPARE within (vector[]) AS SELECT id FROM docs WHERE tokens @# $1 < -2;
EXPLAIN (COSTS OFF) EXECUTE within(NULL);
RESET plan_cache_mode;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM docs WHERE tokens @# vectors_of(5, 4) < -1e6
	ORDER BY tokens @# vectors_of(5, 4) LIMIT 5) x;
SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM docs WHERE tokens IS NULL
	ORDER BY tokens @# vectors_of(5, 4) LIMIT 9) x;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM docs WHERE tokens IS NOT NULL
	ORDER BY tokens @# vectors_of(5, 4) LIMIT 9000) x;
-- a second order
SELECT array_agg(id) = (SELECT array_agg(id) FROM (SELECT id FROM docs WHERE part >= 0
	ORDER BY (tokens @# vectors_of(8, 2)) + 0.0, id LIMIT 7) y) AS same
FROM (SELECT id FROM docs ORDER BY tokens @# vectors_of(8, 2), id LIMIT 7) x;

-- changes
INSERT INTO docs SELECT i, i % 7, vectors_of(i, 1 + i % 9) FROM generate_series(2001, 2200) i;
INSERT INTO docs VALUES (5005, 1, NULL), (5006, 2, '{}');
INSERT INTO docs
VALUES (5007, 1, (SELECT array_agg(vector_of(1, j)) FROM generate_series(1, 300) j));
INSERT INTO docs SELECT 5008, 1, array_agg(ARRAY[sin(j), cos(j * 0.7), sin(j * 0.3), 0.1, 0.2, 0.3,
	sin(j * 0.001), j * 1e-4]::vector(8) ORDER BY j)
FROM generate_series(1, 4000) j; -- the check must not compare each vector with each entry
UPDATE docs SET tokens = tokens || vector_of(id, 50) WHERE id % 20 = 0 AND id < 700;
SELECT recall(10) >= 0.95 AS inserted;
SELECT vdb_index_check('docs_tokens') > 0 AS checked;
DELETE FROM docs WHERE id % 3 = 0 OR id = 5008;
SELECT recall(10) >= 0.95 AS deleted;
VACUUM docs;
SELECT rows = (SELECT sum(cardinality(tokens)) FROM docs) AS an_entry_per_vector,
	nulls = (SELECT count(*) FROM docs WHERE tokens IS NULL OR tokens = '{}') AS nulls
FROM ivfkm_info('docs_tokens');
SELECT vdb_index_check('docs_tokens') > 0 AS checked;
SELECT recall(10) >= 0.95 AS vacuumed;
INSERT INTO docs SELECT i, i % 7, vectors_of(i, 3) FROM generate_series(3001, 3100) i;
SELECT m.rows = i.rows + i.nulls AS all_of_them, late, forced
FROM ivfkm_maintain('docs_tokens') m, ivfkm_info('docs_tokens') i;
SELECT vdb_index_check('docs_tokens') > 0 AS checked, recall(10) >= 0.95 AS made_anew;
SELECT n = ids, in_order FROM all_rows(vectors_of(5, 4));
-- grown, but not by as much as calls for a renewal: the budgets are scaled
CREATE TABLE more (id int PRIMARY KEY, tokens vector(8)[]);
INSERT INTO more SELECT i, vectors_of(i, 1 + i % 9) FROM generate_series(1, 500) i;
CREATE INDEX more_tokens ON more USING ivfkm (tokens) WITH (maintenance = off);
SELECT rows_100 AS rows_before, rows AS entries_before FROM ivfkm_condition('more_tokens') \gset
INSERT INTO more SELECT i, vectors_of(i, 1 + i % 9) FROM generate_series(501, 800) i;
SELECT rows AS moved FROM ivfkm_maintain('more_tokens', false);
SELECT rows >= :entries_before * 1.5 AS grown, calibrated_at, calibrated_by_queries,
	rows_100 > :rows_before AS scaled FROM ivfkm_condition('more_tokens');
SELECT vdb_index_check('more_tokens') = (SELECT sum(cardinality(tokens)) FROM more) AS checked;
DROP TABLE more;
-- what cannot be indexed
INSERT INTO docs VALUES (6001, 1, ARRAY[vector_of(1, 1), NULL]);
INSERT INTO docs VALUES (6001, 1, ARRAY[ARRAY[vector_of(1, 1)], ARRAY[vector_of(1, 2)]]);
INSERT INTO docs VALUES (6001, 1, '{"[1,2]"}');
CREATE TABLE loose (tokens vector[]);
CREATE INDEX ON loose USING ivfkm (tokens vector_maxsim_ops);
INSERT INTO loose VALUES ('{"[1,2]"}'), ('{"[1,2,3]"}');
CREATE INDEX ON loose USING ivfkm ((tokens::vector(2)[]) vector_maxsim_ops);
DELETE FROM loose WHERE vector_dims(tokens[1]) = 3;
INSERT INTO loose VALUES (ARRAY['[1,2]'::vector, NULL]);
CREATE INDEX ON loose USING ivfkm ((tokens::vector(2)[]) vector_maxsim_ops);
DROP TABLE loose;

-- other columns
CREATE INDEX docs_part ON docs USING ivfkm (tokens, part);
DROP INDEX docs_tokens;
SELECT recall(5, 'part = 3') >= 0.95 AS one_part, recall(5, 'part IN (1, 5)') >= 0.95 AS two,
	recall(5, 'part = 99 OR part = 3') >= 0.95 AS filtered;
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE part = 3;
SELECT count(*) = (SELECT count(*) FROM docs WHERE part + 0 = 3) AS unordered
FROM docs WHERE part = 3;
SELECT count(*) = (SELECT count(*) FROM docs WHERE part + 0 = 3 AND tokens IS NOT NULL) AS not_null
FROM docs WHERE part = 3 AND tokens IS NOT NULL;
SELECT count(*) FROM docs WHERE part = 3 AND tokens IS NULL;
SELECT vdb_index_check('docs_part') > 0 AS checked;

-- halfvec, without refine codes, in several heights
CREATE TABLE halves AS SELECT id, tokens::halfvec(8)[] AS tokens FROM docs;
ALTER TABLE halves ALTER tokens TYPE halfvec(8)[];
SET ivfkm.debug_node_children = 4;
CREATE INDEX halves_tokens ON halves USING ivfkm (tokens) WITH (refine_bits = 0);
RESET ivfkm.debug_node_children;
ANALYZE halves;
SELECT count(*) FILTER (WHERE d <= farthest + 1e-9)::float8 / count(*) >= 0.9 AS halves
FROM queries,
	LATERAL (SELECT tokens @# q::halfvec(8)[] AS d FROM halves
		ORDER BY tokens @# q::halfvec(8)[] LIMIT 5) x,
	LATERAL (SELECT max(d) AS farthest FROM (SELECT (tokens @# q::halfvec(8)[]) + 0.0 AS d
		FROM halves ORDER BY 1 LIMIT 5) y) z;
SELECT vdb_index_check('halves_tokens') > 0 AS checked;

-- vectors of a row that are too far from the others for a code: it is checked which is which
CREATE TABLE far (tokens vector(2)[]);
INSERT INTO far SELECT ARRAY[ARRAY[sin(i), cos(i)]::vector] FROM generate_series(1, 500) i;
CREATE INDEX far_tokens ON far USING ivfkm (tokens);
CREATE INDEX far_coarse ON far USING ivfkm (tokens) WITH (refine_bits = 0);
INSERT INTO far SELECT array_agg(ARRAY[1e9 * sin(i), 1e9 * cos(i)]::vector ORDER BY i)
FROM generate_series(1, 16) i;
SELECT vdb_index_check('far_tokens') AS far;
SELECT vdb_index_check('far_coarse') AS far;
DROP TABLE far;
-- vectors of a row that are near each other, beside longer ones, have one code for all
CREATE TABLE near (tokens halfvec(3)[]);
INSERT INTO near VALUES
	('{"[1.6510487e-05,4.0352345e-05,-2.4437904e-06]","[-0.01356506,0.003032684,-0.00295639]"}'),
	('{"[-3.8146973e-06,1.0550022e-05,-5.364418e-07]","[1795,-909.5,1798]",
		"[-0.020141602,0.019012451,-0.019470215]","[-0.4440918,0.3449707,-0.2866211]",
		"[0.00040316582,0.0001591444,0.00059223175]"}'),
	('{"[64992,-64992,-64992]","[4.7683716e-07,-1.4305115e-06,1.3709068e-06]",
		"[0.00028133392,0.00012767315,-8.034706e-05]"}');
CREATE INDEX near_tokens ON near USING ivfkm (tokens) WITH (lists = 1);
SELECT vdb_index_check('near_tokens') AS near;
DROP TABLE near;

-- Bounds of the distance: all rows within them are found, however many vectors have to be looked
-- for, and from a query without vectors all rows are 0 away
CREATE TABLE within (id integer, tokens vector(8)[]);
INSERT INTO within
SELECT i, CASE WHEN i % 50 = 0 THEN '{}' WHEN i % 60 = 0 THEN NULL ELSE ARRAY(
	SELECT ARRAY[sin(i * j), cos(i + j), sin(i * 3), cos(j * 5), sin(i * i), cos(i * 7 * j), sin(i),
		cos(j)]::vector FROM generate_series(1, 1 + i % 4) j) END
FROM generate_series(1, 2000) i;
CREATE INDEX within_tokens ON within USING ivfkm (tokens);
SET enable_seqscan = off;
SET enable_sort = off;
SET work_mem = '64kB';
SELECT bound, (SELECT count(*) FROM (SELECT id FROM within
		WHERE tokens @# '{"[1,0,0,1,0,0,0,0]"}'::vector[] < bound
		ORDER BY tokens @# '{"[1,0,0,1,0,0,0,0]"}'::vector[] LIMIT 1000) s) AS found,
	(SELECT least(count(*), 1000) FROM within
		WHERE (tokens @# '{"[1,0,0,1,0,0,0,0]"}'::vector[]) + 0 < bound) AS rows
FROM unnest(ARRAY[5, 0.5, -1]) bound;
SELECT bound, (SELECT count(*) FROM (SELECT id FROM within WHERE tokens @# '{}'::vector[] < bound
		ORDER BY tokens @# '{}'::vector[]) s) AS found,
	(SELECT count(*) FROM within WHERE (tokens @# '{}'::vector[]) + 0 < bound) AS rows
FROM unnest(ARRAY[5, 0, -1]) bound;
RESET work_mem;
RESET enable_sort;
DROP TABLE within;

-- Many rows that are about as near: of a query vector's nearest vectors none may be theirs.  Then
-- query vectors look for more.
CREATE FUNCTION words_of(i int, n int) RETURNS vector(8)[] LANGUAGE SQL IMMUTABLE AS $$
	SELECT array_agg(v ORDER BY j) FROM (
		SELECT j, l2_normalize(array_agg((
			hashint4((hashint4(i * 10 + j) & 65535) % 12 * 100 + d) +
			0.3 * hashint4(i * 1000 + j * 10 + d + 7000000)) / 2147483648.0 ORDER BY d)::vector(8)
			) v
		FROM generate_series(1, n) j, generate_series(1, 8) d GROUP BY j) x
$$;
CREATE TABLE alike (id int PRIMARY KEY, tokens vector(8)[]);
INSERT INTO alike SELECT i, words_of(i, 4) FROM generate_series(1, 1200) i;
CREATE INDEX alike_tokens ON alike USING ivfkm (tokens);
SELECT count(*) FILTER (WHERE d <= farthest + 1e-9)::float8 / count(*) >= 0.95 AS alike
FROM (SELECT words_of(i, 6) AS q FROM generate_series(5001, 5020) i OFFSET 0) queries,
	LATERAL (SELECT max(d) AS farthest FROM (SELECT (tokens @# q) + 0.0 AS d
		FROM alike ORDER BY 1 LIMIT 10) y) z,
	LATERAL (SELECT tokens @# q AS d FROM alike ORDER BY tokens @# q LIMIT 10) x;
DROP TABLE alike;
DROP FUNCTION words_of;

DROP TABLE docs, queries, halves;
DROP FUNCTION recall, all_rows, vectors_of, vector_of;
