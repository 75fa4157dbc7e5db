--
-- vdb_index_check(), ivfkm_info() and ivfkm_lists()
--
-- What they say of damaged pages is tested where pages are damaged, in test/t.
--

-- vectors of whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';

-- what is true of every index
CREATE FUNCTION consistent(index regclass)
	RETURNS TABLE (index regclass, entries bigint, metric text, dimensions integer, info boolean,
	bytes boolean, lists boolean)
	LANGUAGE sql AS $$
	SELECT index, vdb_index_check(index), metric, dimensions,
		format_version = 2 AND height >= 1 AND probes BETWEEN 1 AND i.lists
			AND i.rows + nulls = vdb_index_check(index) AND i.dead >= 0,
		bytes_total = pg_relation_size(index)
			AND bytes_total = bytes_meta + bytes_nodes + bytes_centroids + bytes_lists +
				bytes_refine + bytes_nulls + bytes_unused
			AND (bytes_refine > 0) = (refine_bits > 0 AND i.rows + i.dead > 0)
			AND least(bytes_meta, bytes_nodes, bytes_centroids, bytes_lists, bytes_nulls) >=
				current_setting('block_size')::integer AND bytes_unused >= 0,
		(SELECT count(*) = i.lists AND count(DISTINCT list) = i.lists AND sum(l.rows) = i.rows
		AND sum(l.dead) <= i.dead
				AND sum(pages) * current_setting('block_size')::integer = bytes_lists
					AND min(pages) >= 1
				AND bool_and((mean_residual IS NULL) = (l.rows = 0))
					AND bool_and(mean_residual IS NULL OR mean_residual >= 0)
			FROM ivfkm_lists(index) l)
	FROM ivfkm_info(index) i;
$$;

CREATE TABLE t (id integer, v vector(10), w vector) WITH (autovacuum_enabled = off);
CREATE INDEX t_empty ON t USING ivfkm (v) WHERE id < 0;
SELECT * FROM consistent('t_empty');
SELECT rows, dead, pages, mean_residual FROM ivfkm_lists('t_empty');
INSERT INTO t SELECT i, hash_vector(i, 10), hash_vector(i, 5) FROM generate_series(1, 1000) i;
INSERT INTO t VALUES (1001, NULL, NULL);
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 12);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 12);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 12);
CREATE INDEX t_partial ON t USING ivfkm (v) WITH (lists = 3) WHERE id <= 300;
CREATE INDEX t_expr ON t USING ivfkm ((w::vector(5))) WITH (lists = 6);
CREATE INDEX t_both ON t USING ivfkm ((subvector(w, 2, 3)::vector(3)) vector_cosine_ops)
	WITH (lists = 6) WHERE id > 500;
SELECT c.*
	FROM unnest(ARRAY['t_l2', 't_ip', 't_cos', 't_empty', 't_partial', 't_expr',
	't_both']::regclass[]) i, consistent(i) c;
INSERT INTO t SELECT i, hash_vector(i, 10), hash_vector(i, 5) FROM generate_series(1002, 3000) i;
SELECT c.*
	FROM unnest(ARRAY['t_l2', 't_ip', 't_cos', 't_empty', 't_partial', 't_expr',
	't_both']::regclass[]) i, consistent(i) c;
DELETE FROM t WHERE id % 2 = 0;
VACUUM t;
SELECT bool_and(info) AS info, bool_and(bytes) AS bytes, bool_and(lists) AS lists
FROM unnest(ARRAY['t_l2', 't_ip', 't_cos', 't_empty', 't_partial', 't_expr', 't_both']::regclass[])
	i, consistent(i) c;
-- in a transaction that has changed the table
BEGIN;
DELETE FROM t WHERE id % 3 = 0;
INSERT INTO t SELECT i, hash_vector(i, 10), hash_vector(i, 5) FROM generate_series(4001, 4100) i;
UPDATE t SET v = hash_vector(id + 1, 10) WHERE id BETWEEN 4001 AND 4050;
SELECT bool_and(info) AS info, bool_and(bytes) AS bytes, bool_and(lists) AS lists
FROM unnest(ARRAY['t_l2', 't_ip', 't_cos', 't_empty', 't_partial', 't_expr', 't_both']::regclass[])
	i, consistent(i) c;
ROLLBACK;
SELECT bool_and(info) AS info, bool_and(bytes) AS bytes, bool_and(lists) AS lists
FROM unnest(ARRAY['t_l2', 't_ip', 't_cos', 't_empty', 't_partial', 't_expr', 't_both']::regclass[])
	i, consistent(i) c;
-- prewarm: as many blocks as the parts have
SELECT i, ivfkm_prewarm(i, 'tree') * s = bytes_meta + bytes_nodes + bytes_centroids AS tree,
	ivfkm_prewarm(i) * s = bytes_meta + bytes_nodes + bytes_centroids + bytes_lists AS codes,
	ivfkm_prewarm(i, 'all') * s = bytes_total - bytes_unused AS all
FROM unnest(ARRAY['t_l2', 't_ip', 't_cos', 't_empty', 't_partial', 't_expr', 't_both']::regclass[])
	i, ivfkm_info(i), CAST(current_setting('block_size') AS integer) s;
SELECT ivfkm_prewarm('t_l2', 'some');
SELECT ivfkm_prewarm('t_l2', NULL);
SELECT ivfkm_prewarm('t');
-- NULL
SELECT vdb_index_check(NULL);
SELECT count(*) FROM ivfkm_info(NULL);
SELECT count(*) FROM ivfkm_lists(NULL);

-- a row lies as far from its list's centroid as the lists say
CREATE TABLE centred (v vector(64)) WITH (autovacuum_enabled = off);
INSERT INTO centred SELECT hash_vector(i, 64) FROM generate_series(1, 500) i;
CREATE INDEX centred_idx ON centred USING ivfkm (v) WITH (lists = 1);
SELECT abs(mean_residual / (SELECT avg(v <-> m)
	FROM centred, (SELECT array_agg(x ORDER BY n)::vector AS m
	FROM (SELECT n, avg(x) AS x FROM centred, unnest(v::real[]) WITH ORDINALITY u (x, n) GROUP BY n)
		s) s) - 1) < 0.05 AS right
FROM ivfkm_lists('centred_idx');
DROP TABLE centred;

-- other kinds of tables
CREATE UNLOGGED TABLE u (v vector(4));
CREATE INDEX u_idx ON u USING ivfkm (v vector_ip_ops) WITH (lists = 3);
SELECT * FROM consistent('u_idx');
INSERT INTO u SELECT hash_vector(i, 4) FROM generate_series(1, 300) i;
SELECT * FROM consistent('u_idx');
CREATE TEMP TABLE temp (v vector(4));
CREATE INDEX temp_idx ON temp USING ivfkm (v vector_cosine_ops) WITH (lists = 3);
SELECT * FROM consistent('temp_idx');
INSERT INTO temp SELECT hash_vector(i, 4) FROM generate_series(1, 300) i;
SELECT * FROM consistent('temp_idx');
CREATE TABLE striped (v vector(9000)) WITH (autovacuum_enabled = off);
CREATE INDEX striped_idx ON striped USING ivfkm (v) WITH (lists = 2);
SELECT * FROM consistent('striped_idx');
INSERT INTO striped SELECT hash_vector(i, 9000) FROM generate_series(1, 40) i;
SELECT * FROM consistent('striped_idx');
REINDEX INDEX striped_idx;
SELECT * FROM consistent('striped_idx');
CREATE MATERIALIZED VIEW mv AS SELECT id, v FROM t WHERE id <= 200;
CREATE INDEX mv_idx ON mv USING ivfkm (v);
SELECT * FROM consistent('mv_idx');
REFRESH MATERIALIZED VIEW mv;
SELECT * FROM consistent('mv_idx');
DROP TABLE u, temp, striped;
DROP MATERIALIZED VIEW mv;

-- what is not an ivfkm index
CREATE INDEX t_btree ON t (id);
CREATE TABLE p (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE INDEX p_idx ON p USING ivfkm (v);
CREATE INDEX p_btree ON p (id);
SELECT vdb_index_check('t');
SELECT * FROM ivfkm_info('t');
SELECT * FROM ivfkm_lists('t');
SELECT vdb_index_check('t_btree');
SELECT * FROM ivfkm_info('t_btree');
SELECT * FROM ivfkm_lists('t_btree');
SELECT vdb_index_check('p_btree');
SELECT * FROM ivfkm_info('p_btree');
SELECT * FROM ivfkm_lists('p_btree');
SELECT ivfkm_prewarm('p_btree');
SELECT vdb_index_check('nonexistent');
SELECT vdb_index_check(4294967295);
SELECT * FROM ivfkm_info(4294967295);
SELECT * FROM ivfkm_lists(0);
-- an index whose build failed
CREATE INDEX CONCURRENTLY t_failed ON t USING ivfkm ((w::vector(3)));
SELECT vdb_index_check('t_failed');
SELECT * FROM ivfkm_info('t_failed');
SELECT * FROM ivfkm_lists('t_failed');

-- a partitioned index stands for those of its partitions, at every depth
SELECT vdb_index_check('p_idx'), ivfkm_prewarm('p_idx', 'all'), (SELECT count(*)
	FROM ivfkm_info('p_idx')) AS info, (SELECT count(*) FROM ivfkm_lists('p_idx')) AS lists;
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (id);
CREATE TABLE p21 PARTITION OF p2 FOR VALUES FROM (100) TO (500);
CREATE TABLE p22 PARTITION OF p2 FOR VALUES FROM (500) TO (1000);
INSERT INTO p SELECT i, ARRAY[i, i % 7, 0] FROM generate_series(0, 999) i;
REINDEX TABLE p;
SELECT vdb_index_check('p_idx'), vdb_index_check('p2_v_idx'), vdb_index_check('p21_v_idx');
SELECT index_name, dimensions, lists, rows FROM ivfkm_info('p_idx') ORDER BY rows;
SELECT i.index_name, i.lists = count(*) AS lists, i.rows = sum(l.rows) AS rows, min(l.list),
	i.lists = max(l.list) AS max
FROM ivfkm_info('p_idx') i JOIN ivfkm_lists('p_idx') l USING (index_name) GROUP BY i.index_name,
	i.lists, i.rows ORDER BY i.index_name::text;
SELECT ivfkm_prewarm('p_idx', 'all') = sum(ivfkm_prewarm(index_name, 'all')) AS prewarmed
	FROM ivfkm_info('p_idx');
SELECT index_name FROM ivfkm_info('t_l2');

-- who may look: whoever may read the table
CREATE ROLE regress_vdb_reader;
GRANT USAGE ON SCHEMA public TO regress_vdb_reader;
SET ROLE regress_vdb_reader;
SELECT vdb_index_check('t_l2');
SELECT * FROM ivfkm_info('t_l2');
SELECT * FROM ivfkm_lists('t_l2');
SELECT ivfkm_prewarm('t_l2');
SELECT vdb_index_check('p_idx');
SELECT vdb_index_check('p1_v_idx');
RESET ROLE;
GRANT SELECT ON t, p TO regress_vdb_reader;
SET ROLE regress_vdb_reader;
SELECT vdb_index_check('t_l2') > 0 AS checked, (SELECT count(*) FROM ivfkm_info('t_l2')) AS info,
	(SELECT count(*) FROM ivfkm_lists('t_l2')) AS lists;
-- the right to read a partitioned table holds for the partitions, through it
SELECT vdb_index_check('p_idx'), (SELECT count(*) FROM ivfkm_info('p_idx')) AS info,
	ivfkm_prewarm('p_idx', 'tree') > 0 AS prewarmed;
SELECT vdb_index_check('p1_v_idx');
RESET ROLE;

-- error codes
\set VERBOSITY sqlstate
SELECT vdb_index_check('t');
SELECT vdb_index_check('t_btree');
SELECT vdb_index_check('p_btree');
SELECT vdb_index_check('t_failed');
SELECT vdb_index_check(4294967295);
REVOKE SELECT ON t FROM regress_vdb_reader;
SET ROLE regress_vdb_reader;
SELECT vdb_index_check('t_l2');
RESET ROLE;
\set VERBOSITY default

DROP TABLE t, p;
REVOKE USAGE ON SCHEMA public FROM regress_vdb_reader;
DROP ROLE regress_vdb_reader;
DROP FUNCTION consistent, hash_vector;
