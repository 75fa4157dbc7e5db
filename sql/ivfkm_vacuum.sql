--
-- VACUUM of ivfkm indexes
--
-- Most tables are temporary: then no other session, such as an autovacuum of the catalogs, can
-- keep VACUUM from removing rows.
--

-- vectors of whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';

-- true when the n nearest rows of table t by index are as far as by sort, in the same order
CREATE FUNCTION exact(op text, q vector, n integer) RETURNS boolean LANGUAGE plpgsql
	SET ivfkm.probes = 1000000 SET ivfkm.epsilon = 100 SET ivfkm.iterative_scan = strict_order AS $$
DECLARE
	query text :=
		format('SELECT array_agg(d) FROM (SELECT v %s $1 AS d FROM t '
		'ORDER BY v %1$s $1 LIMIT $2) s', op);
	sorted float8[];
	found float8[];
BEGIN
	SET LOCAL enable_indexscan = off;
	EXECUTE query USING q, n INTO sorted;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_seqscan = off;
	EXECUTE query USING q, n INTO found;
	RESET enable_seqscan;
	RETURN found IS NOT DISTINCT FROM sorted;
END $$;

CREATE TEMP TABLE t (id integer, v vector(12));
INSERT INTO t SELECT i, hash_vector(i, 12) FROM generate_series(1, 3000) i;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 2);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 2);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 2);
-- nothing to do
VACUUM t;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT rows, dead FROM ivfkm_info('t_l2');

-- dead rows stay in the index until VACUUM, and no search gives them
DELETE FROM t WHERE id % 3 = 0;
SELECT rows, dead FROM ivfkm_info('t_l2');
SELECT op, exact(op, hash_vector(0, 12), 3000) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
SELECT pg_relation_size('t_l2') AS size \gset
VACUUM t;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT rows, dead > 900 AND dead <= 1000 AS dead FROM ivfkm_info('t_l2');
SELECT sum(rows) AS rows, sum(dead) = (SELECT dead FROM ivfkm_info('t_l2')) AS dead
	FROM ivfkm_lists('t_l2');
SELECT op, exact(op, hash_vector(0, 12), 3000) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
SELECT reltuples, relpages = pg_relation_size('t_l2') /
	current_setting('block_size')::integer AS relpages FROM pg_class WHERE oid = 't_l2'::regclass;
-- new rows take the place of the old ones
INSERT INTO t SELECT i, hash_vector(i, 12) FROM generate_series(3, 3000, 3) i;
SELECT vdb_index_check('t_l2'), pg_relation_size('t_l2') = :size AS same_size, dead
	FROM ivfkm_info('t_l2');

-- with options
DELETE FROM t WHERE id <= 100;
VACUUM (INDEX_CLEANUP off) t;
SELECT vdb_index_check('t_l2');
SELECT exact('<->', hash_vector(0, 12), 3000);
VACUUM (INDEX_CLEANUP on) t;
SELECT vdb_index_check('t_l2');
DELETE FROM t WHERE id <= 200;
VACUUM (FREEZE, ANALYZE, PARALLEL 0) t;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT exact('<->', hash_vector(0, 12), 3000);
ANALYZE t;
SELECT reltuples FROM pg_class WHERE oid = 't_l2'::regclass;
DELETE FROM t WHERE id <= 300;
ANALYZE t;
SELECT vdb_index_check('t_l2');

-- all rows
DELETE FROM t;
VACUUM t;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT lists, rows FROM ivfkm_info('t_l2');
SELECT op, exact(op, hash_vector(0, 12), 3000) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
INSERT INTO t SELECT i, hash_vector(i, 12) FROM generate_series(1, 3000) i;
SELECT vdb_index_check('t_l2'), pg_relation_size('t_l2') = :size AS same_size
	FROM ivfkm_info('t_l2');
SELECT op, exact(op, hash_vector(0, 12), 3000) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;

-- VACUUM FULL builds anew
DELETE FROM t WHERE id > 100;
VACUUM FULL t;
SELECT vdb_index_check('t_l2'), pg_relation_size('t_l2') < :size AS smaller, rows, dead
	FROM ivfkm_info('t_l2');
SELECT op, exact(op, hash_vector(0, 12), 3000) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
DROP TABLE t;

-- the same volume again and again: neither table nor index grows, for short vectors and for
-- units that are longer than a page
CREATE FUNCTION fill(first integer, last integer) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO t SELECT i, hash_vector(i, 12) FROM generate_series(first, last) i;
	RETURN vdb_index_check('t_idx');
END $$;
CREATE TEMP TABLE t (id integer, v vector(12));
INSERT INTO t SELECT i, hash_vector(i, 12) FROM generate_series(1, 4000) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 2);
SELECT pg_relation_size('t_idx') AS size,
	pg_relation_size('t_idx') > 10 * current_setting('block_size')::integer AS many_pages \gset
SELECT :'many_pages' AS many_pages;
DELETE FROM t WHERE id <= 2000;
VACUUM t;
SELECT fill(1, 2000);
DELETE FROM t WHERE id BETWEEN 1001 AND 3000;
VACUUM t;
SELECT fill(1001, 3000);
DELETE FROM t WHERE id > 2000;
VACUUM t;
SELECT fill(2001, 4000);
DELETE FROM t WHERE id % 2 = 0;
VACUUM t;
INSERT INTO t SELECT i, hash_vector(i, 12) FROM generate_series(2, 4000, 2) i;
DELETE FROM t;
VACUUM t;
SELECT fill(1, 4000);
SELECT vdb_index_check('t_idx'), pg_relation_size('t_idx') = :size AS same_size, dead
	FROM ivfkm_info('t_idx');
SELECT exact('<->', hash_vector(0, 12), 4000);
-- other rows of the same volume do not make it grow without end
DELETE FROM t;
VACUUM t;
SELECT fill(4001, 8000);
DELETE FROM t;
VACUUM t;
SELECT fill(8001, 12000);
DELETE FROM t;
VACUUM t;
SELECT fill(12001, 16000);
DELETE FROM t;
VACUUM t;
SELECT fill(16001, 20000);
DELETE FROM t;
VACUUM t;
SELECT fill(20001, 24000);
SELECT pg_relation_size('t_idx') < 1.5 * :size AS bounded;
SELECT exact('<->', hash_vector(0, 12), 4000);
DROP TABLE t;

CREATE TEMP TABLE t (id integer, v vector(8000));
INSERT INTO t SELECT i, hash_vector(i, 8000) FROM generate_series(1, 50) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 2);
SELECT pg_relation_size('t_idx') AS size \gset
DELETE FROM t WHERE id <= 20;
VACUUM t;
SELECT vdb_index_check('t_idx');
INSERT INTO t SELECT i, hash_vector(i, 8000) FROM generate_series(1, 20) i;
DELETE FROM t WHERE id % 2 = 1;
VACUUM t;
INSERT INTO t SELECT i, hash_vector(i, 8000) FROM generate_series(1, 50, 2) i;
DELETE FROM t;
VACUUM t;
SELECT vdb_index_check('t_idx');
INSERT INTO t SELECT i, hash_vector(i, 8000) FROM generate_series(1, 50) i;
SELECT vdb_index_check('t_idx'), pg_relation_size('t_idx') = :size AS same_size;
SELECT exact('<->', hash_vector(0, 8000), 50);
DROP TABLE t;
DROP FUNCTION fill;

-- a permanent and an unlogged table, in parallel with another index, within little memory
SET maintenance_work_mem = '1MB';
SET min_parallel_index_scan_size = 0;
CREATE TABLE t (id integer, v vector(3)) WITH (autovacuum_enabled = off);
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 20);
INSERT INTO t SELECT i, hash_vector(i, 3) FROM generate_series(1, 3000) i;
CREATE INDEX t_btree ON t (id);
DELETE FROM t WHERE id % 5 > 0;
VACUUM (PARALLEL 2) t;
SELECT vdb_index_check('t_idx') >= 600 AS complete;
SELECT exact('<->', '[1,2,3]', 600);
DELETE FROM t;
VACUUM t;
-- the table is truncated, the index is not
SELECT vdb_index_check('t_idx') >= 0 AS complete;
INSERT INTO t SELECT i, hash_vector(i, 3) FROM generate_series(1, 500) i;
SELECT vdb_index_check('t_idx') >= 500 AS complete;
SELECT exact('<->', '[1,2,3]', 600);
ALTER TABLE t SET UNLOGGED;
DELETE FROM t WHERE id % 2 = 0;
VACUUM t;
SELECT vdb_index_check('t_idx') >= 250 AS complete;
SELECT exact('<->', '[1,2,3]', 600);
RESET maintenance_work_mem;
RESET min_parallel_index_scan_size;
DROP TABLE t;

DROP FUNCTION exact, hash_vector;
