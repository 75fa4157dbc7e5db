--
-- Rows whose value is NULL: indexed, counted, and the last ones of a scan
--
SET enable_seqscan = off;
SET max_parallel_workers_per_gather = 0;

CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;

SELECT setseed(0.5);
CREATE TABLE b (id int, v vector(24)) WITH (autovacuum_enabled = off);
INSERT INTO b SELECT i, CASE WHEN i % 10 > 0 THEN (SELECT array_agg(random())::real[]::vector(24)
	FROM generate_series(1, 24) WHERE i > 0) END FROM generate_series(1, 30000) i;
CREATE INDEX b_idx ON b USING ivfkm (v vector_l2_ops);
SELECT vdb_index_check('b_idx');
SELECT rows, dead FROM ivfkm_info('b_idx');

-- every row, whoever reads the scan to its end
SELECT plan('SELECT id FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1)') LIMIT 1;
SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE v IS NULL) AS nulls
	FROM (SELECT id, v FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1) OFFSET 0) s;
CREATE TABLE copied AS SELECT id FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1);
SELECT count(DISTINCT id) FROM copied;
TRUNCATE copied;
INSERT INTO copied SELECT id FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1);
SELECT count(DISTINCT id) FROM copied;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1);
MOVE FORWARD ALL IN c;
COMMIT;
CREATE FUNCTION fetched() RETURNS TABLE (rows bigint, ids bigint, nulls bigint)
	LANGUAGE plpgsql AS $$
DECLARE
	c CURSOR FOR SELECT id, v IS NULL AS no_value FROM b
		ORDER BY v <-> (SELECT v FROM b WHERE id = 1);
	r record;
	found_ids int[];
BEGIN
	nulls := 0;
	OPEN c;
	LOOP
		FETCH c INTO r;
		EXIT WHEN NOT FOUND;
		found_ids := found_ids || r.id;
		nulls := nulls + r.no_value::int;
	END LOOP;
	CLOSE c;
	SELECT count(*), count(DISTINCT i) INTO rows, ids FROM unnest(found_ids) i;
	RETURN NEXT;
END $$;
SELECT * FROM fetched();
DROP FUNCTION fetched;
SELECT max(r) FROM (SELECT rank() OVER (ORDER BY v <-> (SELECT v FROM b WHERE id = 1), id) AS r
	FROM b) s;

-- NULLs come last
SELECT bool_and(v IS NULL) AS nulls_last
	FROM (SELECT v FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1) OFFSET 27000) s;
SELECT count(v) AS nulls_first
	FROM (SELECT v FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1) LIMIT 100) s;

-- NULL as a query: all rows, in any order
SELECT count(DISTINCT id) FROM (SELECT id FROM b ORDER BY v <-> NULL::vector(24) OFFSET 0) s;

-- insert, update in both directions, delete, VACUUM
INSERT INTO b SELECT i, NULL FROM generate_series(30001, 31000) i;
UPDATE b SET v = (SELECT v FROM b WHERE id = 1) WHERE id IN (10, 20, 30);
UPDATE b SET v = NULL WHERE id IN (11, 12);
DELETE FROM b WHERE v IS NULL AND id % 100 = 0;
SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE v IS NULL) AS nulls
	FROM (SELECT id, v FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1) OFFSET 0) s;
SELECT count(*), count(v) FROM b;
SELECT vdb_index_check('b_idx') > 30690 AS with_dead_ones;
VACUUM b;
SELECT vdb_index_check('b_idx');
SELECT count(*), count(DISTINCT id)
	FROM (SELECT id FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1) OFFSET 0) s;
-- freed slots are used again
SELECT bytes_total AS before FROM ivfkm_info('b_idx') \gset
INSERT INTO b SELECT i, NULL FROM generate_series(31001, 31300) i;
SELECT bytes_total = :before AS reused FROM ivfkm_info('b_idx');
SELECT vdb_index_check('b_idx');

-- iterative_scan = off ends before rows that lie in lists it has not scanned, so before the NULLs
SET ivfkm.iterative_scan = off;
SELECT count(v) = count(*) AS no_nulls
	FROM (SELECT v FROM b ORDER BY v <-> (SELECT v FROM b WHERE id = 1) LIMIT 100000) s;
RESET ivfkm.iterative_scan;

-- nothing but NULLs; an empty index; an unlogged one; long vectors; a partial index
CREATE TABLE n (id int, v halfvec(4096));
CREATE INDEX n_idx ON n USING ivfkm (v halfvec_cosine_ops);
INSERT INTO n SELECT i, NULL FROM generate_series(1, 2000) i;
SELECT vdb_index_check('n_idx'), rows, lists FROM ivfkm_info('n_idx');
SELECT count(id)
	FROM (SELECT id FROM n ORDER BY v <=> array_fill(1, ARRAY[4096])::halfvec(4096) LIMIT 5000) s;
REINDEX INDEX n_idx;
SELECT vdb_index_check('n_idx'), rows, lists FROM ivfkm_info('n_idx');
SELECT count(id)
	FROM (SELECT id FROM n ORDER BY v <=> array_fill(1, ARRAY[4096])::halfvec(4096) LIMIT 5000) s;
CREATE UNLOGGED TABLE u (v vector(3));
CREATE INDEX u_idx ON u USING ivfkm (v vector_l2_ops);
INSERT INTO u VALUES (NULL), ('[1,2,3]'), (NULL);
SELECT v FROM u ORDER BY v <-> '[1,2,3]' LIMIT 5;
SELECT vdb_index_check('u_idx');
CREATE INDEX u_partial ON u USING ivfkm (v vector_l2_ops) WHERE v IS NOT NULL;
SELECT vdb_index_check('u_partial');

-- zero vectors have no cosine distance: behind the others, before the NULLs
CREATE TABLE z (id int, v vector(3));
INSERT INTO z VALUES (1, NULL), (2, '[0,0,0]'), (3, '[1,0,0]'), (4, NULL), (5, '[0,0,0]'),
	(6, '[0,1,0]');
CREATE INDEX z_idx ON z USING ivfkm (v vector_cosine_ops);
SELECT v, v <=> '[1,0,0]' AS distance FROM z ORDER BY v <=> '[1,0,0]' LIMIT 10;

DROP TABLE b, copied, n, u, z;
DROP FUNCTION plan;
