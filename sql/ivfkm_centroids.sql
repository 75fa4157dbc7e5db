--
-- Option "centroids": lists around the user's centroids
--
SET client_min_messages = notice;
SET max_parallel_maintenance_workers = 0;
CREATE SCHEMA cen;
SET search_path = cen, public;

-- 24 clusters of 100 rows, in the corners of a grid
CREATE TABLE items (id int, v vector(3));
INSERT INTO items SELECT i, ARRAY[i % 24 * 10 + sin(i), i % 4 * 7 + cos(i), sin(i * 3)]::vector
FROM generate_series(1, 2400) i;
CREATE TABLE centres (cluster int, v vector(3));
INSERT INTO centres SELECT id % 24, avg(v) FROM items GROUP BY 1 ORDER BY 1;
CREATE INDEX items_idx ON items USING ivfkm (v) WITH (centroids = 'cen.centres');
SELECT lists, rows FROM ivfkm_info('items_idx');
-- each has the rows of its cluster
SELECT min(rows), max(rows), count(*) FROM ivfkm_lists('items_idx');
SELECT vdb_index_check('items_idx');
SELECT reloptions FROM pg_class WHERE oid = 'items_idx'::regclass;
SELECT pg_get_indexdef('items_idx'::regclass);

-- the rows that are found
CREATE FUNCTION misses(k int) RETURNS bigint LANGUAGE sql SET enable_seqscan = off AS $$
	SELECT count(*) FROM (SELECT v FROM items WHERE id % 100 = 0) q, LATERAL (
		SELECT max(d) AS found FROM (SELECT v <-> q.v AS d FROM items
			ORDER BY v <-> q.v LIMIT k) s) a,
		LATERAL (SELECT max(d) AS least FROM (SELECT v <-> q.v AS d FROM items
			ORDER BY (v <-> q.v) + 0 LIMIT k) s) b
	WHERE found > least $$;
SELECT misses(10);

-- inserts go into them, and a renewal reads the table again
INSERT INTO items SELECT i, ARRAY[i % 24 * 10 + sin(i), i % 4 * 7 + cos(i), sin(i * 3)]::vector
FROM generate_series(2401, 4800) i;
SELECT min(rows), max(rows), count(*) FROM ivfkm_lists('items_idx');
DELETE FROM centres WHERE cluster >= 12;
SELECT lists FROM ivfkm_maintain('items_idx');
SELECT lists, rows FROM ivfkm_info('items_idx');
SELECT vdb_index_check('items_idx');
-- in a renewal, what is wrong is a warning
INSERT INTO centres VALUES (99, NULL);
SELECT lists FROM ivfkm_maintain('items_idx');
SELECT lists, rows FROM ivfkm_info('items_idx');
REINDEX INDEX items_idx;
DELETE FROM centres WHERE v IS NULL;
REINDEX INDEX items_idx;
SELECT lists, rows FROM ivfkm_info('items_idx');
REINDEX INDEX CONCURRENTLY items_idx;
SELECT lists, rows FROM ivfkm_info('items_idx');
SELECT misses(10);

-- a table that is gone
ALTER TABLE centres RENAME TO others;
REINDEX INDEX items_idx;
SELECT lists, rows FROM ivfkm_info('items_idx');
ALTER TABLE others RENAME TO centres;
-- the other way round: the option of an index that has trained its own
ALTER INDEX items_idx RESET (centroids);
REINDEX INDEX items_idx;
SELECT lists FROM ivfkm_info('items_idx');
ALTER INDEX items_idx SET (centroids = 'cen.centres');
REINDEX INDEX items_idx;
SELECT lists FROM ivfkm_info('items_idx');
DROP INDEX items_idx;

-- centroids go before "lists"
CREATE INDEX items_idx ON items USING ivfkm (v) WITH (lists = 3, centroids = 'cen.centres');
SELECT lists FROM ivfkm_info('items_idx');
DROP INDEX items_idx;

-- workers make the same index
INSERT INTO centres SELECT id % 24, avg(v) FROM items WHERE id % 24 >= 12 GROUP BY 1 ORDER BY 1;
CREATE INDEX items_idx ON items USING ivfkm (v) WITH (centroids = 'cen.centres');
CREATE TABLE before AS SELECT * FROM ivfkm_lists('items_idx');
SET max_parallel_maintenance_workers = 2;
ALTER TABLE items SET (parallel_workers = 2);
REINDEX INDEX items_idx;
SELECT count(*) FROM ((SELECT * FROM before EXCEPT SELECT * FROM ivfkm_lists('items_idx'))
	UNION ALL (SELECT * FROM ivfkm_lists('items_idx') EXCEPT SELECT * FROM before)) d;
DROP INDEX items_idx;
RESET max_parallel_maintenance_workers;

-- three heights: nodes are trained above the user's lists
SET ivfkm.debug_node_children = 3;
CREATE INDEX items_idx ON items USING ivfkm (v) WITH (centroids = 'cen.centres');
SELECT lists, rows, height FROM ivfkm_info('items_idx');
SELECT vdb_index_check('items_idx');
SELECT misses(10);
DROP INDEX items_idx;
RESET ivfkm.debug_node_children;

-- duplicates, also of +0 and -0, are left out; empty lists are not
INSERT INTO centres SELECT 100 + cluster, v FROM centres WHERE cluster < 2;
INSERT INTO centres VALUES (200, '[0,500,500]'), (201, '[-0,500,500]');
CREATE INDEX items_idx ON items USING ivfkm (v) WITH (centroids = 'cen.centres');
SELECT min(rows), max(rows), count(*) FROM ivfkm_lists('items_idx');
SELECT vdb_index_check('items_idx');
SELECT misses(10);
DROP INDEX items_idx;
DELETE FROM centres WHERE cluster >= 100;

-- a table without rows: its space is that of the centroids
CREATE TABLE later (LIKE items);
CREATE INDEX later_idx ON later USING ivfkm (v) WITH (centroids = 'cen.centres');
SELECT min(rows), max(rows), count(*) FROM ivfkm_lists('later_idx');
INSERT INTO later SELECT * FROM items WHERE id <= 2400;
SELECT min(rows), max(rows), count(*) FROM ivfkm_lists('later_idx');
SELECT vdb_index_check('later_idx');
-- after a crash an unlogged index is as empty as any other
CREATE UNLOGGED TABLE gone (LIKE items);
CREATE INDEX ON gone USING ivfkm (v) WITH (centroids = 'cen.centres');
-- fewer rows than centroids
CREATE TABLE few AS SELECT * FROM items WHERE id <= 5;
CREATE INDEX few_idx ON few USING ivfkm (v) WITH (centroids = 'cen.centres');
SELECT lists, rows FROM ivfkm_info('few_idx');
SELECT vdb_index_check('few_idx');

-- the other distances; cosine takes directions, so lengths do not matter
CREATE INDEX items_cosine ON items USING ivfkm (v vector_cosine_ops)
	WITH (centroids = 'cen.centres');
SELECT lists, rows FROM ivfkm_info('items_cosine');
SELECT vdb_index_check('items_cosine');
CREATE TABLE longer AS SELECT cluster, v * '[8,8,8]' AS v FROM centres ORDER BY cluster;
CREATE TABLE lists AS SELECT * FROM ivfkm_lists('items_cosine');
ALTER INDEX items_cosine SET (centroids = 'cen.longer');
REINDEX INDEX items_cosine;
SELECT count(*) FROM (SELECT * FROM lists EXCEPT SELECT * FROM ivfkm_lists('items_cosine')) d;
CREATE INDEX items_ip ON items USING ivfkm (v vector_ip_ops) WITH (centroids = 'cen.centres');
CREATE INDEX items_l1 ON items USING ivfkm (v vector_l1_ops) WITH (centroids = 'cen.centres');
SELECT lists, rows, vdb_index_check(i::regclass) AS checked
FROM unnest('{items_ip,items_l1}'::text[]) i, ivfkm_info(i::regclass);

-- the other types, by the only column of the type
CREATE TABLE halves AS SELECT cluster, v AS unused, v::halfvec(3) AS h FROM centres;
CREATE INDEX items_half ON items USING ivfkm ((v::halfvec(3)) halfvec_l2_ops)
	WITH (centroids = 'cen.halves');
SELECT lists, rows FROM ivfkm_info('items_half');
CREATE TABLE sparse AS SELECT v::sparsevec(3) AS s FROM items WHERE id <= 10;
CREATE INDEX items_sparse ON items USING ivfkm ((v::sparsevec(3)) sparsevec_l2_ops)
	WITH (centroids = 'cen.sparse');
SELECT lists, rows FROM ivfkm_info('items_sparse');
CREATE TABLE bits AS SELECT binary_quantize(v)::bit(3) AS b FROM items GROUP BY 1 ORDER BY 1;
CREATE INDEX items_bits ON items USING ivfkm ((binary_quantize(v)::bit(3)) bit_hamming_ops)
	WITH (centroids = 'cen.bits');
SELECT lists = (SELECT count(*) FROM bits) AS lists, rows FROM ivfkm_info('items_bits');

-- each partition has lists around the same centroids
CREATE TABLE parts (id int, v vector(3)) PARTITION BY HASH (id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT * FROM items;
CREATE INDEX parts_idx ON parts USING ivfkm (v) WITH (centroids = 'cen.centres');
SELECT lists FROM ivfkm_info('parts_idx');

-- names that it refuses
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'centres');
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'regression.cen.centres');
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = '');
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.');
CREATE INDEX ON items USING ivfkm (v) WITH (centroids);
-- a name that has to be quoted, and one that there is not (a dump may be restored in part)
CREATE TABLE "Centres, new" AS SELECT v FROM centres;
CREATE INDEX quoted ON items USING ivfkm (v) WITH (centroids = 'cen."Centres, new"');
SELECT lists FROM ivfkm_info('quoted');
CREATE INDEX missing ON items USING ivfkm (v) WITH (centroids = 'nowhere.centres');
SELECT lists FROM ivfkm_info('missing');

-- things that it refuses
CREATE VIEW looks AS SELECT * FROM centres;
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.looks');
CREATE MATERIALIZED VIEW mat AS SELECT * FROM centres;
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.mat');
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.parts');
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.items_half');
CREATE TEMPORARY TABLE temporary AS SELECT * FROM centres;
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'pg_temp.temporary');

-- columns and rows that it refuses
CREATE TABLE bad (id int, v vector);
CREATE INDEX empty ON items USING ivfkm (v) WITH (centroids = 'cen.bad');
DROP INDEX empty;
INSERT INTO bad VALUES (1, '[1,2,3]'), (2, NULL);
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.bad');
UPDATE bad SET v = '[1,2]' WHERE id = 2;
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.bad');
UPDATE bad SET v = '[0,0,0]' WHERE id = 2;
CREATE INDEX ON items USING ivfkm (v vector_cosine_ops) WITH (centroids = 'cen.bad');
CREATE INDEX zero ON items USING ivfkm (v) WITH (centroids = 'cen.bad');
SELECT lists FROM ivfkm_info('zero');
ALTER TABLE bad ADD w vector(3);
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.bad');
ALTER TABLE bad DROP v, DROP w;
CREATE INDEX ON items USING ivfkm (v) WITH (centroids = 'cen.bad');
-- more than fit into memory
CREATE TABLE wide (v vector(2000));
CREATE TABLE many AS
SELECT array_fill(i, ARRAY[2000])::vector(2000) AS v FROM generate_series(1, 200) i;
SET maintenance_work_mem = '1MB';
CREATE INDEX ON wide USING ivfkm (v) WITH (centroids = 'cen.many');
DELETE FROM many WHERE v[1] > 100;
CREATE INDEX ON wide USING ivfkm (v) WITH (centroids = 'cen.many');
SET maintenance_work_mem = '8MB';
CREATE INDEX wide_idx ON wide USING ivfkm (v) WITH (centroids = 'cen.many');
SELECT lists FROM ivfkm_info('wide_idx');
RESET maintenance_work_mem;

SET client_min_messages = warning;
DROP SCHEMA cen CASCADE;
