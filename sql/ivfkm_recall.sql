--
-- ivfkm_recall(), ivfkm_calibrate(), ivfkm_condition() and ivfkm_stats()
--

-- vectors of whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector
		FROM generate_series(1, dims) d';

CREATE TABLE t (id integer, v vector(12));
INSERT INTO t SELECT i, hash_vector(i, 12) FROM generate_series(1, 5000) i;
CREATE TABLE q AS SELECT i AS id, hash_vector(-i, 12) AS v FROM generate_series(1, 50) i;
CREATE INDEX t_v ON t USING ivfkm (v) WITH (lists = 50);
CREATE INDEX t_id ON t (id);

-- with rows as queries, and with others
SELECT index_name, queries, recall > 0.96 AS found, lists < 50 AS few, rows < 5000 AS some
FROM ivfkm_recall('t_v');
SELECT index_name, queries, recall > 0.96 AS found FROM ivfkm_recall('t_v', 100, 20);
SELECT index_name, queries, recall > 0.9 AS found
FROM ivfkm_recall('t_v', 10, 100, 'SELECT v FROM q');
-- it is of searches as the settings are
SET ivfkm.probes = 1;
SELECT recall < 0.9 AS missed, lists FROM ivfkm_recall('t_v', 10, 30, 'SELECT v FROM q');
RESET ivfkm.probes;
SET ivfkm.target_recall = 1;
SELECT recall, lists, rows FROM ivfkm_recall('t_v', 10, 30, 'SELECT v FROM q');
RESET ivfkm.target_recall;

-- what the build has measured
SELECT index_name, rows, lists, dead, largest_list BETWEEN 100 AND 1000 AS largest_list,
	rows_counted, rows_added, rows_removed, residual_ratio BETWEEN 0.9 AND 1.1 AS residual_ratio,
	rows_10 < rows_100 AND rows_100 < 5000 AS budgets, calibrated_at, calibrated_by_queries,
	bytes = pg_relation_size('t_v') AS bytes, wants
FROM ivfkm_stats() WHERE index_name = 't_v'::regclass;
-- measured anew, with rows and with queries
SELECT index_name, queries, rows_10 < rows_100 AS budgets FROM ivfkm_calibrate('t_v', n => 100);
SELECT calibrated_at IS NOT NULL AS calibrated_at, calibrated_by_queries
FROM ivfkm_condition('t_v');
SELECT index_name, queries, rows_10 < rows_100 AS budgets
FROM ivfkm_calibrate('t_v', 'SELECT v FROM q WHERE id <= 40');
SELECT calibrated_by_queries FROM ivfkm_condition('t_v');
SELECT recall >= 0.97 AS found FROM ivfkm_recall('t_v', 10, 50, 'SELECT v FROM q');
-- a renewal keeps what was measured with queries, by the number of rows
SELECT rows_10 AS rows_before FROM ivfkm_condition('t_v') \gset
SELECT rows FROM ivfkm_maintain('t_v');
SELECT calibrated_by_queries, rows_10 BETWEEN :rows_before * 0.95 AND :rows_before * 1.05 AS kept
FROM ivfkm_condition('t_v');
INSERT INTO t SELECT i, hash_vector(i, 12) FROM generate_series(5001, 10000) i;
SELECT rows, rows_added FROM ivfkm_condition('t_v');
SELECT rows FROM ivfkm_maintain('t_v');
SELECT calibrated_by_queries, rows_10 > :rows_before AS scaled, rows_added
FROM ivfkm_condition('t_v');
SELECT recall >= 0.96 AS found FROM ivfkm_recall('t_v', 10, 50, 'SELECT v FROM q');
SELECT vdb_index_check('t_v');
-- REINDEX measures with rows
REINDEX INDEX t_v;
SELECT calibrated_at, calibrated_by_queries FROM ivfkm_condition('t_v');
-- after deletes (VACUUM removes rows of a temporary table whatever other sessions do)
CREATE TEMP TABLE d AS SELECT * FROM t;
CREATE INDEX d_v ON d USING ivfkm (v);
DELETE FROM d WHERE id % 2 = 0;
VACUUM d;
SELECT rows, dead > 4500 AS dead, rows_added, rows_removed FROM ivfkm_condition('d_v');
SELECT recall >= 0.96 AS found FROM ivfkm_recall('d_v', 10, 50, 'SELECT v FROM q');
SELECT queries FROM ivfkm_calibrate('d_v', n => 50);
SELECT recall >= 0.96 AS found FROM ivfkm_recall('d_v', 10, 50, 'SELECT v FROM q');
DROP TABLE d;

-- an index that has grown by regions is measured again, from half as many rows more on
CREATE TABLE g (id integer, v vector(12));
INSERT INTO g SELECT i, hash_vector(i, 12) FROM generate_series(1, 2000) i;
CREATE INDEX g_v ON g USING ivfkm (v);
CREATE INDEX g_ip ON g USING ivfkm (v vector_ip_ops);
INSERT INTO g SELECT i, hash_vector(i, 12) FROM generate_series(2001, 2800) i;
SELECT rows FROM ivfkm_maintain('g_v', false);
SELECT calibrated_at FROM ivfkm_condition('g_v');
SELECT rows_100 AS rows_before FROM ivfkm_condition('g_v') \gset
INSERT INTO g SELECT i, hash_vector(i, 12) FROM generate_series(2801, 6000) i;
SELECT lists > 10 AS lists FROM ivfkm_maintain('g_v', false);
SELECT lists > 10 AS lists FROM ivfkm_maintain('g_ip', false);
SELECT calibrated_at IS NOT NULL AS now, calibrated_by_queries, rows_100 > :rows_before AS more
FROM ivfkm_condition('g_v');
SELECT calibrated_at FROM ivfkm_condition('g_v') \gset
SELECT calibrated_at IS NOT NULL AS now FROM ivfkm_condition('g_ip');
SELECT recall >= 0.97 AS found FROM ivfkm_recall('g_v', 100, 50, 'SELECT v FROM q');
SELECT recall >= 0.97 AS found FROM ivfkm_recall('g_ip', 100, 50, 'SELECT v FROM q');
SELECT lists IS NOT NULL AS maintained FROM ivfkm_maintain('g_v', false);
SELECT calibrated_at = :'calibrated_at' AS kept FROM ivfkm_condition('g_v');
-- what queries have shown is kept, for the number of rows
SELECT queries FROM ivfkm_calibrate('g_v', 'SELECT v FROM q');
SELECT rows_100 AS rows_before FROM ivfkm_condition('g_v') \gset
INSERT INTO g SELECT i, hash_vector(i, 12) FROM generate_series(6001, 10000) i;
SELECT lists IS NOT NULL AS maintained FROM ivfkm_maintain('g_v', false);
SELECT calibrated_by_queries, rows_100 BETWEEN :rows_before * 1.1 AND :rows_before * 1.8 AS scaled
FROM ivfkm_condition('g_v');
SELECT recall >= 0.97 AS found FROM ivfkm_recall('g_v', 100, 50, 'SELECT v FROM q');
SELECT vdb_index_check('g_v'), vdb_index_check('g_ip');
DROP TABLE g;
-- inner products, of an index that was made without rows: the lists of regions have radii
CREATE TABLE h (id integer, v vector(12));
CREATE INDEX h_ip ON h USING ivfkm (v vector_ip_ops) WITH (maintenance = off);
INSERT INTO h SELECT i, hash_vector(i, 12) FROM generate_series(1, 900) i;
SELECT rows, lists > 1 AS lists FROM ivfkm_maintain('h_ip', false);
INSERT INTO h SELECT i, hash_vector(i, 12) FROM generate_series(901, 950) i;
SELECT vdb_index_check('h_ip');
SELECT recall >= 0.97 AS found FROM ivfkm_recall('h_ip', 10, 50, 'SELECT v FROM q');
DROP TABLE h;

-- partitions
CREATE TABLE p (id integer, v vector(12)) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (1000) TO (2000);
INSERT INTO p SELECT i, hash_vector(i, 12) FROM generate_series(1, 1500) i;
CREATE INDEX p_v ON p USING ivfkm (v vector_cosine_ops);
SELECT index_name, queries FROM ivfkm_recall('p_v', n => 10);
SELECT index_name, queries FROM ivfkm_calibrate('p_v', 'SELECT v FROM q');
SELECT index_name, rows, calibrated_by_queries FROM ivfkm_condition('p_v');

-- expressions, empty tables, one row
CREATE TABLE e (v real[]);
CREATE INDEX e_v ON e USING ivfkm ((v::vector(3)));
SELECT * FROM ivfkm_recall('e_v');
SELECT * FROM ivfkm_calibrate('e_v');
INSERT INTO e VALUES ('{1,2,3}');
SELECT * FROM ivfkm_recall('e_v');
INSERT INTO e SELECT ARRAY[i, i % 7, i % 11] FROM generate_series(1, 2000) i;
REINDEX INDEX e_v;
SELECT queries, recall FROM ivfkm_recall('e_v', 3, 20);
SELECT queries FROM ivfkm_calibrate('e_v', n => 20);

-- errors
SELECT * FROM ivfkm_recall('t_id');
SELECT * FROM ivfkm_recall('t');
SELECT * FROM ivfkm_recall('t_v', 0);
SELECT * FROM ivfkm_recall('t_v', 10, 0);
SELECT * FROM ivfkm_recall('t_v', NULL);
SELECT * FROM ivfkm_recall('t_v', 10, 10, 'SELECT id FROM q');
SELECT * FROM ivfkm_recall('t_v', 10, 10, 'DELETE FROM q RETURNING v');
SELECT * FROM ivfkm_recall('t_v', 10, 10, 'VALUES (''[1,2]''::vector)');
SELECT * FROM ivfkm_recall('t_v', 10, 10, 'no statement');
SELECT count(*) FROM q;

-- rights: SELECT on the table to measure, and that of maintenance to calibrate; the query runs
-- with the caller's own
CREATE ROLE regress_vdb_recall;
SET ROLE regress_vdb_recall;
SELECT * FROM ivfkm_recall('t_v');
SELECT count(*) FROM ivfkm_stats();
RESET ROLE;
GRANT SELECT ON t TO regress_vdb_recall;
SET ROLE regress_vdb_recall;
SELECT queries FROM ivfkm_recall('t_v', n => 10);
SELECT queries FROM ivfkm_recall('t_v', 10, 10, 'SELECT v FROM q');
SELECT * FROM ivfkm_calibrate('t_v');
SELECT index_name FROM ivfkm_stats();
RESET ROLE;
-- nothing is measured with rows that policies hide
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
SET ROLE regress_vdb_recall;
SELECT * FROM ivfkm_recall('t_v');
RESET ROLE;
SELECT queries FROM ivfkm_recall('t_v', n => 10);

DROP TABLE t, q, p, e;
DROP ROLE regress_vdb_recall;
DROP FUNCTION hash_vector;
