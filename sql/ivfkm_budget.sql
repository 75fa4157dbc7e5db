--
-- How many rows a search of an ivfkm index sees: its budget
--

-- vectors of whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector
		FROM generate_series(1, dims) d';

-- share of the k nearest rows of table t that searches of 20 queries find, by distance
CREATE FUNCTION recall(k integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	query text := 'SELECT array_agg(d) FROM
		(SELECT v <-> $1 AS d FROM t ORDER BY v <-> $1 LIMIT $2) s';
	sorted float8[];
	found float8[];
	hits integer := 0;
BEGIN
	FOR i IN 1..20 LOOP
		SET LOCAL enable_indexscan = off;
		EXECUTE query USING hash_vector(-i, 8), k INTO sorted;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		EXECUTE query USING hash_vector(-i, 8), k INTO found;
		RESET enable_seqscan;
		hits := hits + (SELECT count(*) FROM unnest(found) d WHERE d <= sorted[k]);
	END LOOP;
	RETURN hits / (20.0 * k);
END $$;

-- what the last search scanned: lists, and rows in them
CREATE FUNCTION scanned(k integer, OUT lists bigint, OUT rows bigint) LANGUAGE plpgsql
	SET enable_seqscan = off AS $$
BEGIN
	PERFORM FROM (SELECT FROM t ORDER BY v <-> hash_vector(-1, 8) LIMIT k) s;
	SELECT s.lists, s.rows INTO lists, rows FROM ivfkm_last_scan() s;
END $$;

CREATE TEMP TABLE t (id integer, v vector(8));
INSERT INTO t SELECT i, hash_vector(i, 8) FROM generate_series(1, 6000) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 60);

-- more rows are wanted for more of them, and for more certainty
SELECT b.rows >= a.rows AS k_10, c.rows > b.rows AS k_100, d.rows >= c.rows AS k_1000
FROM scanned(1) a, scanned(10) b, scanned(100) c, scanned(1000) d;
SET ivfkm.target_recall = 0.8;
SELECT rows AS rows_80 FROM scanned(100) \gset
SET ivfkm.target_recall = 0.95;
SELECT rows > :rows_80 AS more, rows AS rows_95 FROM scanned(100) \gset
SELECT :'more' AS more;
SET ivfkm.target_recall = 0.995;
SELECT rows > :rows_95 AS more FROM scanned(100);
-- all
SET ivfkm.target_recall = 1;
SELECT * FROM scanned(10);
SELECT recall(10), recall(100);
RESET ivfkm.target_recall;
-- an index has a target of its own, unless who searches has one
SELECT rows AS rows_98 FROM scanned(100) \gset
ALTER INDEX t_idx SET (target_recall = 0.8);
SELECT rows = :rows_80 AS of_the_index FROM scanned(100);
SET ivfkm.target_recall = 0.95;
SELECT rows = :rows_95 AS of_the_session FROM scanned(100);
SET ivfkm.target_recall = 0.98;
SELECT rows = :rows_98 AS of_the_session FROM scanned(100);
RESET ivfkm.target_recall;
SELECT rows = :rows_80 AS of_the_index FROM scanned(100);
BEGIN;
SET LOCAL ivfkm.target_recall = 0.95;
SAVEPOINT s;
SET LOCAL ivfkm.target_recall = 1;
ROLLBACK TO s;
SELECT rows = :rows_95 AS of_the_transaction FROM scanned(100);
ROLLBACK;
SELECT rows = :rows_80 AS of_the_index FROM scanned(100);
ALTER FUNCTION scanned SET ivfkm.target_recall = 0.95;
SELECT rows = :rows_95 AS of_the_function FROM scanned(100);
ALTER FUNCTION scanned RESET ivfkm.target_recall;
-- what is set for a database is not of who searches, what is for a role is
DO $$ BEGIN
	EXECUTE format('ALTER DATABASE %I SET ivfkm.target_recall = 0.95', current_database());
END $$;
\c -
SHOW ivfkm.target_recall;
SET enable_seqscan = off;
CREATE TEMP TABLE t (id integer, v vector(8));
INSERT INTO t SELECT i, hash_vector(i, 8) FROM generate_series(1, 6000) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 60, target_recall = 0.8);
SELECT rows = :rows_80 AS of_the_index FROM scanned(100);
ALTER INDEX t_idx RESET (target_recall);
SELECT rows = :rows_95 AS of_the_database FROM scanned(100);
ALTER INDEX t_idx SET (target_recall = 0.8);
DO $$ BEGIN
	EXECUTE format('ALTER DATABASE %I RESET ivfkm.target_recall', current_database());
	EXECUTE format('ALTER ROLE %I IN DATABASE %I SET ivfkm.target_recall = 0.95', current_user,
		current_database());
END $$;
\c -
CREATE TEMP TABLE t (id integer, v vector(8));
INSERT INTO t SELECT i, hash_vector(i, 8) FROM generate_series(1, 6000) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 60, target_recall = 0.8);
SELECT rows = :rows_95 AS of_the_role FROM scanned(100);
DO $$ BEGIN
	EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET ivfkm.target_recall', current_user,
		current_database());
END $$;
\c -
CREATE TEMP TABLE t (id integer, v vector(8));
INSERT INTO t SELECT i, hash_vector(i, 8) FROM generate_series(1, 6000) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 60);
-- its range
ALTER INDEX t_idx SET (target_recall = 0.79);
ALTER INDEX t_idx SET (target_recall = 1.01);
ALTER INDEX t_idx SET (target_recall = 'NaN');
-- a number of lists overrides the budget
SET ivfkm.probes = 7;
SELECT lists FROM scanned(10);
RESET ivfkm.probes;
-- as found
SELECT recall(10) >= 0.97 AS recall_10, recall(100) >= 0.97 AS recall_100;
SELECT lists AS lists_before, rows AS rows_before FROM scanned(10) \gset

-- half of the rows are gone, then nine of ten: a search goes on until it has seen as many
DELETE FROM t WHERE id % 10 < 5;
VACUUM t;
SELECT lists > 1.4 * :lists_before AS more_lists, rows >= 0.9 * :rows_before AS rows
FROM scanned(10);
SELECT recall(10) >= 0.97 AS recall_10, recall(100) >= 0.97 AS recall_100;
DELETE FROM t WHERE id % 10 <> 9;
VACUUM t;
SELECT * FROM scanned(10);
SELECT recall(10) >= 0.97 AS recall_10, recall(100) >= 0.97 AS recall_100;
SELECT vdb_index_check('t_idx');

-- rows that are added to lists do not take the place of those that were there
INSERT INTO t SELECT i, hash_vector(i, 8) FROM generate_series(10000, 22000) i;
SELECT lists <= :lists_before + 10 AS lists, rows > 1.5 * :rows_before AS rows FROM scanned(10);
SELECT recall(10) >= 0.97 AS recall_10, recall(100) >= 0.97 AS recall_100;

-- all rows are gone, and a few come back
DELETE FROM t;
VACUUM t;
SELECT * FROM scanned(10);
INSERT INTO t SELECT i, hash_vector(i, 8) FROM generate_series(1, 15) i;
SELECT * FROM scanned(10);
SELECT recall(10) >= 0.97 AS recall;
DROP TABLE t;

-- rows of few lists that are each a cluster: one list holds the neighbours of each, but queries
-- between the clusters look into several
CREATE TEMP TABLE t (id integer, v vector(8));
INSERT INTO t SELECT i, hash_vector(-100 - i % 11, 8) + hash_vector(i, 8) * array_fill(0.02,
	ARRAY[8])::vector FROM generate_series(1, 2890) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 11);
SELECT lists >= 4 AS lists, rows >= 1024 AS rows FROM scanned(10);
SELECT recall(10) >= 0.97 AS recall_10, recall(100) >= 0.97 AS recall_100;
DROP TABLE t;

-- without rows nothing was measured
CREATE TEMP TABLE t (id integer, v vector(8));
CREATE INDEX t_idx ON t USING ivfkm (v);
SELECT * FROM scanned(10);
INSERT INTO t SELECT i, hash_vector(i, 8) FROM generate_series(1, 500) i;
SELECT * FROM scanned(10);
SELECT recall(10);
DROP TABLE t;

-- a filter that all rows meet changes nothing, however many rows the first list has
CREATE TEMP TABLE t (id integer, c integer, v vector(8));
INSERT INTO t SELECT i, i % 7, hash_vector(i, 8) FROM generate_series(1, 6000) i;
CREATE INDEX t_idx ON t USING ivfkm (v, c) WITH (lists = 20);
ANALYZE t;
SELECT rows FROM scanned(10) \gset
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT FROM t WHERE c >= 0 ORDER BY v <-> hash_vector(-1, 8) LIMIT 10) s;
SELECT rows = :rows AS the_same FROM ivfkm_last_scan();
DROP TABLE t;

-- codes of bit strings are exact, so lists may lose all that a search may miss: it sees fewer rows
-- than one for the same points as numbers, of which the bounds of codes lose some, too
CREATE FUNCTION hash_bits(seed bigint, n integer) RETURNS varbit
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT substring(string_agg(hashint8extended(i, seed)::bit(64)::text, '''' ORDER BY i), 1,
		n)::varbit FROM generate_series(1, (n + 63) / 64) i';
CREATE TEMP TABLE bits AS SELECT i AS id, (hash_bits(i % 200, 128) #
	(hash_bits(100000 + i, 128) & hash_bits(200000 + i, 128)))::bit(128) AS v
FROM generate_series(1, 10000) i;
CREATE TEMP TABLE numbers AS
SELECT id, ('[' || rtrim(regexp_replace(v::text, '(.)', '\1,', 'g'), ',') || ']')::vector(128) AS v
FROM bits;
CREATE INDEX bits_v ON bits USING ivfkm (v bit_hamming_ops) WITH (lists = 100);
CREATE INDEX numbers_v ON numbers USING ivfkm (v vector_l2_ops) WITH (lists = 100);
CREATE TEMP VIEW fewer AS
SELECT b.rows_10 < 0.95 * n.rows_10 AS ten, b.rows_100 < 0.96 * n.rows_100 AS hundred
FROM ivfkm_stats() b, ivfkm_stats() n
WHERE b.index_name = 'bits_v'::regclass AND n.index_name = 'numbers_v'::regclass;
-- as the build measures
SELECT * FROM fewer;
-- and as maintenance does
SELECT count(*) FROM ivfkm_calibrate('bits_v') b, ivfkm_calibrate('numbers_v') n;
SELECT * FROM fewer;
DROP VIEW fewer;
DROP TABLE bits, numbers;

-- rows of one length: inner products order them as angles do, and see about as many
CREATE TEMP TABLE even AS
SELECT l2_normalize(hash_vector(i, 16))::vector(16) AS v FROM generate_series(1, 12000) i;
CREATE INDEX even_ip ON even USING ivfkm (v vector_ip_ops) WITH (lists = 120);
CREATE INDEX even_cosine ON even USING ivfkm (v vector_cosine_ops) WITH (lists = 120);
CREATE TEMP VIEW as_many AS
SELECT ip.rows_10 <= 1.1 * cosine.rows_10 AS ten, ip.rows_100 <= 1.1 * cosine.rows_100 AS hundred
FROM ivfkm_stats() ip, ivfkm_stats() cosine
WHERE ip.index_name = 'even_ip'::regclass AND cosine.index_name = 'even_cosine'::regclass;
-- as the build measures
SELECT * FROM as_many;
-- and as maintenance does
SELECT count(*) FROM ivfkm_calibrate('even_ip') ip, ivfkm_calibrate('even_cosine') cosine;
SELECT * FROM as_many;
DROP VIEW as_many;
DROP TABLE even;
DROP FUNCTION hash_vector, recall, scanned, hash_bits;
