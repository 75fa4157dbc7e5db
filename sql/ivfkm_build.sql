--
-- Building ivfkm indexes: every shape of table, vector and index
--

-- vectors of whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';

-- true when the index has an entry for each row, and nothing else
CREATE FUNCTION complete(index regclass) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	entries bigint := vdb_index_check(index);
	expected bigint;
	expected_rows bigint;
BEGIN
	EXECUTE format('SELECT count(*), count(%I) FROM %s', a.attname, i.indrelid::regclass)
		FROM pg_index i JOIN pg_attribute a ON attrelid = indrelid AND attnum = indkey[0]
		WHERE indexrelid = index INTO expected, expected_rows;
	RETURN entries = expected
		AND (SELECT rows = expected_rows AND nulls = expected - expected_rows AND dead = 0
			FROM ivfkm_info(index));
END $$;

-- true when the n nearest rows by index are as far as by sort, in the same order
CREATE FUNCTION exact(tab regclass, op text, q vector, n integer) RETURNS boolean LANGUAGE plpgsql
	SET ivfkm.probes = 1000000 SET ivfkm.epsilon = 100 SET ivfkm.iterative_scan = strict_order AS $$
DECLARE
	query text :=
		format('SELECT array_agg(d) FROM (SELECT v %s $1 AS d FROM %s '
		'ORDER BY v %1$s $1 LIMIT $2) s', op, tab);
	sorted float8[];
	found float8[];
	plan text := '';
	line text;
BEGIN
	SET LOCAL enable_indexscan = off;
	EXECUTE query USING q, n INTO sorted;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_seqscan = off;
	EXECUTE query USING q, n INTO found;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query USING q, n LOOP
		plan := plan || line;
	END LOOP;
	RESET enable_seqscan;
	RETURN plan ~ 'Index Scan' AND found IS NOT DISTINCT FROM sorted;
END $$;

-- empty
CREATE TABLE t (id serial, v vector(3));
CREATE INDEX t_idx ON t USING ivfkm (v);
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 10);
SELECT lists, rows, dead, probes FROM ivfkm_info('t_idx');
-- without rows there is no mean to subtract: the page behind the metapage holds zeros
CHECKPOINT;
SELECT encode(pg_read_binary_file(pg_relation_filepath('t_idx'),
	current_setting('block_size')::integer + 64, 3 * 4), 'hex') AS mean;
INSERT INTO t (v) VALUES ('[1,2,3]');
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 10);

-- one row; fewer rows than lists; none but NULL
REINDEX INDEX t_idx;
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 10), lists FROM ivfkm_info('t_idx');
INSERT INTO t (v) SELECT hash_vector(i, 3) FROM generate_series(1, 6) i;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 100);
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 10), lists <= 7 AS few
	FROM ivfkm_info('t_idx');
UPDATE t SET v = NULL;
VACUUM FULL t;
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 10), lists FROM ivfkm_info('t_idx');
INSERT INTO t (v) SELECT CASE WHEN i % 3 > 0 THEN hash_vector(i, 3) END
	FROM generate_series(1, 600) i;
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 10), count(*) - count(v) AS nulls FROM t;
REINDEX INDEX t_idx;
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 500), lists FROM ivfkm_info('t_idx');

-- one list, and as many as rows
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 1);
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 500), lists FROM ivfkm_info('t_idx');
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 400);
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 500), lists <= 400 AND lists > 200 AS many
	FROM ivfkm_info('t_idx');
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 1000000);
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 500), lists <= 400 AND lists > 200 AS many
	FROM ivfkm_info('t_idx');
DROP TABLE t;

-- all rows equal, and all but a few
CREATE TABLE t (v vector(20));
INSERT INTO t SELECT array_fill(7, ARRAY[20]) FROM generate_series(1, 500);
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 10);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 10);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 10);
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
SELECT op, exact('t', op, hash_vector(1, 20), 500) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
INSERT INTO t SELECT hash_vector(i, 20) FROM generate_series(1, 10) i;
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
REINDEX TABLE t;
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
SELECT op, exact('t', op, hash_vector(1, 20), 510) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
DROP TABLE t;

-- zero vectors have no direction: they are in a cosine index, behind all others
CREATE TABLE t (v vector(3));
INSERT INTO t SELECT CASE WHEN i % 5 = 0 THEN '[0,0,0]' ELSE hash_vector(i, 3) END
	FROM generate_series(1, 300) i;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 4);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 4);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 4);
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
SELECT op, exact('t', op, '[1,2,3]', 300) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
-- nothing but zero vectors
DELETE FROM t WHERE v <> '[0,0,0]';
VACUUM FULL t;
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
SELECT op, exact('t', op, '[1,2,3]', 300) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
DROP TABLE t;

-- huge and tiny elements, alone, together, and among ordinary ones
CREATE TABLE t (kind text, v vector(4));
INSERT INTO t SELECT 'huge', (SELECT array_agg((x * 1e28)::real)::vector
	FROM unnest(hash_vector(i, 4)::real[]) x) FROM generate_series(1, 200) i;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 5);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 5);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 5);
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
SELECT exact('t', '<=>', '[1,2,3,4]', 200), exact('t', '<=>', '[1e30,2e30,3e30,4e30]', 200);
INSERT INTO t SELECT 'tiny', (SELECT array_agg((x * 1e-32)::real)::vector
	FROM unnest(hash_vector(i, 4)::real[]) x) FROM generate_series(1, 200) i;
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
INSERT INTO t SELECT 'ordinary', hash_vector(i, 4) FROM generate_series(1, 200) i;
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
REINDEX TABLE t;
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
SELECT op, exact('t', op, '[1,2,3,4]', 600) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
DELETE FROM t WHERE kind <> 'tiny';
VACUUM FULL t;
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
SELECT op, exact('t', op, '[1e-30,2e-30,3e-30,4e-30]', 200)
	FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
INSERT INTO t VALUES ('largest', '[3e38,-3e38,3e38,-3e38]'), ('smallest', '[1e-45,0,-1e-45,0]');
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
REINDEX TABLE t;
SELECT complete('t_l2'), complete('t_ip'), complete('t_cos');
DROP TABLE t;

-- dimensions: around the widths of registers, chunks, units and pages.  From 3,937 on a
-- unit is longer than a page.
CREATE FUNCTION try_dims(dims integer, opclass text, op text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	ok boolean;
	nrows integer := CASE WHEN dims < 100 THEN 200 ELSE 40 END;
BEGIN
	EXECUTE format('CREATE TABLE d (v vector(%s))', dims);
	INSERT INTO d SELECT hash_vector(i, dims) FROM generate_series(1, nrows) i;
	INSERT INTO d VALUES (NULL);
	EXECUTE format('CREATE INDEX d_idx ON d USING ivfkm (v %s) WITH (lists = 3)', opclass);
	ok := complete('d_idx');
	INSERT INTO d SELECT hash_vector(i, dims) FROM generate_series(-20, 0) i;
	ok := ok AND complete('d_idx') AND exact('d', op, hash_vector(1000, dims), 20);
	DROP TABLE d;
	RETURN ok;
END $$;
SELECT dims, try_dims(dims, 'vector_l2_ops', '<->') AS l2, try_dims(dims, 'vector_ip_ops',
	'<#>') AS ip, try_dims(dims, 'vector_cosine_ops', '<=>') AS cosine
FROM unnest(ARRAY[1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 784, 3936, 3937, 8000,
	16000]) dims;
SELECT count(*) FROM generate_series(1984, 2000) dims WHERE try_dims(dims, 'vector_l2_ops', '<->');
DROP FUNCTION try_dims;

-- unlogged
CREATE UNLOGGED TABLE t (v vector(5));
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 3);
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 300) i;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
REINDEX INDEX t_idx;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
-- a metapage, a mean page, a node, a centroid page and a list are what a crash leaves
SELECT pg_relation_size('t_idx', 'init') / current_setting('block_size')::integer AS init_pages;
TRUNCATE t;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 300) i;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
ALTER TABLE t SET LOGGED;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
ALTER TABLE t SET UNLOGGED;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
DROP TABLE t;
CREATE UNLOGGED TABLE t (v vector(8000));
CREATE INDEX t_idx ON t USING ivfkm (v);
INSERT INTO t SELECT hash_vector(i, 8000) FROM generate_series(1, 20) i;
SELECT complete('t_idx');
DROP TABLE t;

-- temporary, with what happens at commit
CREATE TEMP TABLE t (v vector(5));
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 3);
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 300) i;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
TRUNCATE t;
SELECT complete('t_idx');
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 300) i;
REINDEX TABLE t;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
DROP TABLE t;
CREATE TEMP TABLE t (v vector(5)) ON COMMIT DELETE ROWS;
CREATE INDEX t_idx ON t USING ivfkm (v);
BEGIN;
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 300) i;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 300);
COMMIT;
SELECT complete('t_idx');
BEGIN;
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 30) i;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 30);
ROLLBACK;
VACUUM t;
SELECT complete('t_idx');
DROP TABLE t;

-- TRUNCATE and new rows in the transaction that made the table, and in a later one
BEGIN;
CREATE TABLE t (v vector(5));
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 3);
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 100) i;
TRUNCATE t;
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 200) i;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 200);
COMMIT;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 200);
BEGIN;
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(201, 300) i;
TRUNCATE t;
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 50) i;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 50);
SAVEPOINT s;
TRUNCATE t;
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 30) i;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 30);
ROLLBACK TO s;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 50);
COMMIT;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 50);
BEGIN;
TRUNCATE t;
INSERT INTO t SELECT hash_vector(i, 5) FROM generate_series(1, 5) i;
ROLLBACK;
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 5), 50);

-- a build that fails leaves nothing, and a rolled back one either
BEGIN;
CREATE INDEX t_idx2 ON t USING ivfkm (v vector_ip_ops);
SELECT complete('t_idx2');
ROLLBACK;
SELECT count(*) FROM pg_class WHERE relname = 't_idx2';

-- concurrently
CREATE INDEX CONCURRENTLY t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 4);
SELECT indisvalid, complete('t_ip'), exact('t', '<#>', hash_vector(0, 5), 50) FROM pg_index
	WHERE indexrelid = 't_ip'::regclass;
REINDEX INDEX CONCURRENTLY t_ip;
SELECT indisvalid, complete('t_ip'), exact('t', '<#>', hash_vector(0, 5), 50) FROM pg_index
	WHERE indexrelid = 't_ip'::regclass;
REINDEX TABLE CONCURRENTLY t;
SELECT complete('t_idx'), complete('t_ip');
DROP INDEX CONCURRENTLY t_ip;
-- rows whose index entries are wanted twice: HOT chains
ALTER TABLE t ADD COLUMN n integer DEFAULT 0;
UPDATE t SET n = 1;
CREATE INDEX CONCURRENTLY t_cos ON t USING ivfkm (v vector_cosine_ops);
SELECT vdb_index_check('t_cos'), exact('t', '<=>', hash_vector(0, 5), 50);
DROP TABLE t;

-- partitions
CREATE TABLE t (k integer, v vector(4)) PARTITION BY LIST (k);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2);
INSERT INTO t SELECT i % 2 + 1, hash_vector(i, 4) FROM generate_series(1, 400) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 3);
CREATE TABLE t3 PARTITION OF t FOR VALUES IN (3);
INSERT INTO t SELECT 3, hash_vector(i, 4) FROM generate_series(401, 500) i;
SELECT relid, isleaf, CASE WHEN isleaf THEN complete(relid) END AS complete
	FROM pg_partition_tree('t_idx') ORDER BY relid::text COLLATE "C";
SELECT exact('t', '<->', '[1,2,3,4]', 500);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT k FROM t ORDER BY v <-> '[1,2,3,4]' LIMIT 5;
RESET enable_seqscan;
ALTER TABLE t DETACH PARTITION t2;
SELECT complete('t2_v_idx'), exact('t2', '<->', '[1,2,3,4]', 500),
	exact('t', '<->', '[1,2,3,4]', 500);
DROP TABLE t, t2;

-- expression
CREATE TABLE t (id integer, v vector);
INSERT INTO t SELECT i, hash_vector(i, 20) FROM generate_series(1, 300) i;
INSERT INTO t VALUES (301, NULL);
CREATE INDEX t_idx ON t USING ivfkm ((subvector(v, 1, 3)::vector(3))) WITH (lists = 4);
SELECT vdb_index_check('t_idx'), dimensions FROM ivfkm_info('t_idx');
INSERT INTO t SELECT i, hash_vector(i, 30) FROM generate_series(302, 400) i;
SELECT vdb_index_check('t_idx');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY subvector(v, 1, 3)::vector(3) <-> '[1,2,3]' LIMIT 5;
SELECT (SELECT array_agg(d) FROM (SELECT subvector(v, 1, 3) <-> '[1,2,3]' AS d FROM t
	ORDER BY subvector(v, 1, 3)::vector(3) <-> '[1,2,3]' LIMIT 10) s) =
	(SELECT array_agg(d)
	FROM (SELECT subvector(v, 1, 3) <-> '[1,2,3]' AS d FROM t ORDER BY 1 LIMIT 10) s) AS equal;
RESET enable_seqscan;
-- the expression fails for a row
INSERT INTO t VALUES (401, '[1,2]');
DROP INDEX t_idx;
INSERT INTO t VALUES (401, '[1,2]');
CREATE INDEX t_idx ON t USING ivfkm ((subvector(v, 1, 3)::vector(3)));
CREATE INDEX t_idx ON t USING ivfkm ((subvector(v, 1, 3)));
-- a cast that only gives the dimensions, for the rows that have them
CREATE INDEX t_idx ON t USING ivfkm ((v::vector(20))) WHERE vector_dims(v) = 20;
SELECT vdb_index_check('t_idx');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE vector_dims(v) = 20
	ORDER BY v::vector(20) <-> array_fill(1, ARRAY[20])::vector LIMIT 5;
RESET enable_seqscan;
DROP TABLE t;

-- partial
CREATE TABLE t (id integer, v vector(4));
INSERT INTO t SELECT i, hash_vector(i, 4) FROM generate_series(1, 500) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 3) WHERE id > 400;
SELECT vdb_index_check('t_idx');
INSERT INTO t SELECT i, hash_vector(i, 4) FROM generate_series(391, 410) i;
SELECT vdb_index_check('t_idx');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE id > 400 ORDER BY v <-> '[1,2,3,4]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE id > 450 ORDER BY v <-> '[1,2,3,4]' LIMIT 5;
SELECT count(*), min(id) > 400 AS ok
	FROM (SELECT id FROM t WHERE id > 400 ORDER BY v <-> '[1,2,3,4]' LIMIT 50) s;
-- not a way to find the rows of the predicate without order
SELECT count(*) FROM t WHERE id > 400;
RESET enable_seqscan;
UPDATE t SET id = id + 400 WHERE id <= 10;
SELECT vdb_index_check('t_idx') = count(*) FROM t WHERE id > 400;
CREATE INDEX t_none ON t USING ivfkm (v) WHERE id < 0;
SELECT vdb_index_check('t_none');
DROP TABLE t;

-- values stored in line, compressed, and out of line
CREATE TABLE t (v vector(1500));
INSERT INTO t SELECT hash_vector(i, 1500) FROM generate_series(1, 20) i;
ALTER TABLE t ALTER COLUMN v SET STORAGE main;
INSERT INTO t SELECT array_fill(i, ARRAY[1500]) FROM generate_series(1, 20) i;
ALTER TABLE t ALTER COLUMN v SET STORAGE extended;
INSERT INTO t SELECT array_fill(-i, ARRAY[1500]) FROM generate_series(1, 20) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 4);
SELECT complete('t_idx'), exact('t', '<->', hash_vector(0, 1500), 60);
-- changing the type builds anew
ALTER TABLE t ALTER COLUMN v TYPE vector(3) USING subvector(v, 1, 3);
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 60), dimensions FROM ivfkm_info('t_idx');
ALTER TABLE t ALTER COLUMN v TYPE vector(4);
ALTER TABLE t ALTER COLUMN v TYPE vector(3) USING v;
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 60), dimensions FROM ivfkm_info('t_idx');
-- CLUSTER by another index, and not by this one
CREATE INDEX t_btree ON t (v);
CLUSTER t USING t_btree;
DROP INDEX t_btree;
SELECT complete('t_idx'), exact('t', '<->', '[1,2,3]', 60);
CLUSTER t USING t_idx;
DROP TABLE t;

-- little memory: fewer lists, and a build that goes on
CREATE TABLE t (v vector(8000));
INSERT INTO t SELECT hash_vector(i, 8000) FROM generate_series(1, 40) i;
SET maintenance_work_mem = '1MB';
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 2);
SELECT complete('t_idx'), lists FROM ivfkm_info('t_idx');
\set VERBOSITY terse
REINDEX INDEX t_idx;
\set VERBOSITY default
RESET maintenance_work_mem;
REINDEX INDEX t_idx;
SELECT complete('t_idx'), lists FROM ivfkm_info('t_idx');
DROP TABLE t;

-- little memory and many workers: fewer workers, before fewer lists
CREATE TABLE t (v vector(64));
INSERT INTO t SELECT hash_vector(i, 64) FROM generate_series(1, 5000) i;
SET maintenance_work_mem = '1MB';
SET max_parallel_maintenance_workers = 4;
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE INDEX t_idx ON t USING ivfkm (v);
SELECT lists > 1 AS lists, lists AS alone FROM ivfkm_info('t_idx') \gset
ALTER TABLE t SET (parallel_workers = 4);
REINDEX INDEX t_idx;
RESET client_min_messages;
\set VERBOSITY default
SELECT :'lists' AS lists, complete('t_idx'), lists = :alone AS same FROM ivfkm_info('t_idx');
RESET maintenance_work_mem;
RESET max_parallel_maintenance_workers;
DROP TABLE t;

-- the same table gives the same index
CREATE TABLE t (v vector(6));
INSERT INTO t SELECT hash_vector(i, 6) FROM generate_series(1, 500) i;
CREATE INDEX t_a ON t USING ivfkm (v) WITH (lists = 7);
CREATE INDEX t_b ON t USING ivfkm (v) WITH (lists = 7);
SELECT count(*) AS different FROM (SELECT list, rows, pages, mean_residual FROM ivfkm_lists('t_a')
	EXCEPT SELECT list, rows, pages, mean_residual FROM ivfkm_lists('t_b')) s;
DROP TABLE t;

-- what cannot be indexed
CREATE TABLE t (id integer, r real[], v vector, w vector(3));
CREATE INDEX ON t USING ivfkm (v);
CREATE INDEX ON t USING ivfkm (id);
CREATE INDEX ON t USING ivfkm (r);
CREATE INDEX ON t USING ivfkm (w vector_ops);
CREATE INDEX ON t USING ivfkm (w vector_l3_ops);
CREATE INDEX ON t USING ivfkm (id vector_l2_ops);
CREATE INDEX ON t USING ivfkm (w, w);
CREATE INDEX ON t USING ivfkm (w) INCLUDE (id);
CREATE UNIQUE INDEX ON t USING ivfkm (w);
CREATE INDEX ON t USING ivfkm (w DESC);
CREATE INDEX ON t USING ivfkm (w ASC);
CREATE INDEX ON t USING ivfkm (w NULLS FIRST);
-- (the wording of these two differs between server versions)
\set VERBOSITY sqlstate
CREATE INDEX ON t USING ivfkm (w COLLATE "C");
ALTER TABLE t ADD EXCLUDE USING ivfkm (w WITH =);
\set VERBOSITY default
CREATE INDEX ON t USING ivfkm (((random() * id)::integer));
INSERT INTO t (v) VALUES ('[1,2,3]'), ('[1,2]');
CREATE INDEX ON t USING ivfkm ((v::vector(3)));
SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass;

-- error codes
\set VERBOSITY sqlstate
CREATE INDEX ON t USING ivfkm (v);
CREATE INDEX ON t USING ivfkm ((v::vector(3)));
\set VERBOSITY default
DROP TABLE t;

-- what the access method says of itself
SELECT prop, pg_indexam_has_property(oid, prop) FROM pg_am,
	unnest(ARRAY['can_order', 'can_unique', 'can_multi_col', 'can_include']) prop
WHERE amname = 'ivfkm';
CREATE TABLE t (v vector(3));
CREATE INDEX t_idx ON t USING ivfkm (v);
SELECT prop, pg_index_has_property('t_idx', prop)
	FROM unnest(ARRAY['clusterable', 'index_scan', 'bitmap_scan', 'backward_scan']) prop;
SELECT prop, pg_index_column_has_property('t_idx', 1, prop)
FROM unnest(ARRAY['asc', 'desc', 'orderable', 'returnable', 'search_array', 'search_nulls']) prop;
DROP TABLE t;

DROP FUNCTION complete, exact, hash_vector;
