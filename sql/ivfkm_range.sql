--
-- ivfkm: rows within a distance, without an order
--

-- a vector of elements between -1 and 1 that depend on i alone
CREATE FUNCTION vector_of(i integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT array_agg((hashint4(i * 4096 + j)::bigint & 1023) / 512.0 - 1 ORDER BY j)::vector
		FROM generate_series(1, dims) j
$$;

-- every 50th vector is NULL, every 70th is zero, and some are equal
CREATE TABLE t (id integer PRIMARY KEY, category integer, v vector(12))
	WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, i % 7, CASE WHEN i % 50 = 0 THEN NULL
	WHEN i % 70 = 0 THEN array_fill(0, ARRAY[12])::vector ELSE vector_of(i % 4000, 12) END
	FROM generate_series(1, 5000) i;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 50);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 50);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 50);
CREATE TABLE q (n integer, v vector(12), r float8);
INSERT INTO q SELECT i, vector_of(-i, 12), 1.2 + i * 0.1 FROM generate_series(1, 5) i;
INSERT INTO q VALUES (6, NULL, 1), (7, vector_of(-1, 12), NULL), (8, vector_of(-1, 12), 'NaN'),
	(9, vector_of(-1, 12), 'Infinity'), (10, vector_of(-1, 12), -1);
ANALYZE t;
ANALYZE q;

-- the indexes that a plan uses
CREATE FUNCTION indexes_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	result text[];
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		result := result || substring(line FROM 'Index Scan using (\w+)');
	END LOOP;
	RETURN array_to_string(ARRAY(SELECT DISTINCT unnest(result) ORDER BY 1), ' ');
END $$;
-- rows of which every 20th is zero, with an index with refine codes of so many bits
CREATE FUNCTION make_z(bits integer) RETURNS void LANGUAGE plpgsql
	SET client_min_messages = warning AS $$
BEGIN
	DROP TABLE IF EXISTS z;
	CREATE TABLE z AS SELECT i AS id, CASE WHEN i % 20 = 0 THEN array_fill(0, ARRAY[96])::vector
		ELSE vector_of(i % 50, 96) + vector_of(i, 96) * array_fill(0.2::real, ARRAY[96])::vector
		END::vector(96) AS v FROM generate_series(1, 1000) i;
	EXECUTE format('CREATE INDEX z_v ON z USING ivfkm (v vector_cosine_ops)
		WITH (lists = 10, refine_bits = %s)', bits);
END $$;
-- a query by the indexes and by sequential scans: what was used, how many rows, whether they are
-- the same
CREATE FUNCTION compare(query text, OUT used text, OUT rows bigint, OUT same boolean)
	LANGUAGE plpgsql AS $$
DECLARE
	by_index text;
	by_table text;
	counted text := 'SELECT count(*), md5(string_agg(s::text, '','' ORDER BY s::text)) FROM ('
		|| query || ') s';
BEGIN
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_indexscan = off;
	EXECUTE counted INTO rows, by_table;
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_bitmapscan = off;
	SET LOCAL enable_hashjoin = off;
	SET LOCAL enable_mergejoin = off;
	EXECUTE counted INTO rows, by_index;
	used := indexes_of(query);
	same := by_index IS NOT DISTINCT FROM by_table;
END $$;

-- every metric, strict or not, either side, shifted and scaled
SELECT vector_of(0, 12) AS q \gset
SELECT condition, c.* FROM unnest(ARRAY[
	'v <-> %1$L < 1.5', 'v <-> %1$L <= 1.5', '1.5 > v <-> %1$L', '1.5 >= %1$L <-> v',
		'v <-> %1$L < 1.5::float4',
	'v <-> %1$L < 0', 'v <-> %1$L < 100', 'v <-> %1$L < ''NaN''',
		'v <-> %1$L < 1.7 AND v <-> %1$L < 1.5 AND category = 3',
	'v <-> %1$L < 2 AND v <-> %1$L >= 1.5',
		'v <-> %1$L < 2 AND v <-> ''[1,1,1,1,1,1,1,1,1,1,1,1]'' < 3',
	'v <#> %1$L < -1.5', '- (v <#> %1$L) > 1.5', '(v <#> %1$L) * -1 >= 1.5', '-1.5 > v <#> %1$L',
		'v <#> %1$L < 1',
	'v <=> %1$L < 0.5', '1 - (v <=> %1$L) > 0.5', '0.5 < 1 - (%1$L <=> v)',
		'2 * (1 - (v <=> %1$L)) - 1 >= 0', '(v <=> %1$L) + 1 < 1.5',
	'v <=> %1$L < 1', 'v <=> ''[0,0,0,0,0,0,0,0,0,0,0,0]'' < 1',
		'v <-> (SELECT v FROM q WHERE n = 1) < (SELECT r FROM q WHERE n = 2)',
	'v <-> %1$L < 1.5 OR id = 4']) WITH ORDINALITY w (condition, n),
	compare(format('SELECT id, category FROM t WHERE ' || condition, :'q')) c ORDER BY w.n;
-- not bounds from above, not of the column, not known before the scan
SELECT condition, c.used FROM unnest(ARRAY['v <-> %1$L > 1.5', 'v <-> %1$L = 1.5',
	'- (v <-> %1$L) < 1.5', 'v <-> v < 1', 'v <-> %1$L < id',
	'v <-> %1$L < random()', 'v <+> %1$L < 3', 'v <-> %1$L < 1.5 IS NOT FALSE']) condition,
		compare(format('SELECT id FROM t WHERE ' || condition, :'q')) c;
-- settings of approximate searches do not make it less exact
SET ivfkm.iterative_scan = off;
SET ivfkm.probes = 1;
SET ivfkm.max_probes = 1;
SET ivfkm.max_scan_tuples = 1;
SET ivfkm.epsilon = 0;
SELECT * FROM compare(format('SELECT id FROM t WHERE v <-> %L < 2', :'q'));
RESET ALL;
-- one list with more rows than there is room for
CREATE INDEX t_one ON t USING ivfkm (v) WITH (lists = 1);
ALTER TABLE t DROP CONSTRAINT t_pkey;
DROP INDEX t_l2;
SET work_mem = '64kB';
SELECT r, c.* FROM unnest(ARRAY[1.5, 3, 100]) r,
	compare(format('SELECT id FROM t WHERE v <-> %L < %s', :'q', r)) c ORDER BY r;
RESET work_mem;
DROP INDEX t_one;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 50);
ALTER TABLE t ADD PRIMARY KEY (id);
-- what it says, what it did, and what is expected of it
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM t WHERE v <-> '[1,1,1,1,1,1,1,1,1,1,1,1]' < 1.9;
SELECT count(*) FROM t WHERE v <-> '[1,1,1,1,1,1,1,1,1,1,1,1]' < 1.9;
SELECT index, passes, restarts, lists, rows, reranked FROM ivfkm_last_scan();
RESET enable_seqscan;
CREATE FUNCTION estimated(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END $$;
-- the index is asked once for each question, whatever a plan needs the answer for
CREATE FUNCTION planning_hits(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (BUFFERS, FORMAT JSON) ' || query INTO plan;
	EXECUTE 'EXPLAIN (BUFFERS, FORMAT JSON) ' || query INTO plan;
	RETURN plan->0->'Planning'->>'Shared Hit Blocks';
END $$;
SELECT planning_hits(one) > 0 AS asked,
	planning_hits(one || ' UNION ALL ' || one) < 1.5 * planning_hits(one) AS once,
	planning_hits(one || ' UNION ALL ' || another) > 1.5 * planning_hits(one) AS another
FROM (SELECT format('SELECT id FROM t WHERE v <-> %L < 1.9', :'q') AS one,
	format('SELECT id FROM t WHERE v <-> %L < 1.8', :'q') AS another) s;
DROP FUNCTION planning_hits;
SELECT r, estimated(format('SELECT id FROM t WHERE v <-> %L < %s', :'q', r)) BETWEEN n / 3.0 - 5
	AND n * 3.0 + 10 AS estimated
FROM (VALUES (0.1), (1), (1.5), (2), (2.5), (3), (10)) x (r), LATERAL (SELECT count(*) AS n
	FROM t WHERE v <-> :'q' < r) c;
SELECT r, estimated(format('SELECT id FROM t WHERE v <=> %L < %s', :'q', r)) BETWEEN n / 3.0 - 5
	AND n * 3.0 + 10 AS estimated
FROM (VALUES (0.1), (0.3), (0.5), (1), (1.5), (2)) x (r), LATERAL (SELECT count(*) AS n FROM t
	WHERE v <=> :'q' < r) c;
SELECT r, estimated(format('SELECT id FROM t WHERE v <#> %L < %s', :'q', r)) BETWEEN n / 3.0 - 5
	AND n * 3.0 + 10 AS estimated
FROM (VALUES (-3), (-2), (-1), (0), (1)) x (r), LATERAL (SELECT count(*) AS n FROM t
	WHERE v <#> :'q' < r) c;

-- parameters, in plans for any value
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
PREPARE within (vector, float8) AS SELECT count(*) FROM t WHERE v <-> $1 < $2;
EXPLAIN (COSTS OFF) EXECUTE within (NULL, NULL);
SELECT count(*) FROM t WHERE (v <-> :'q') + 0 * id < 1.5;
EXECUTE within (:'q', 1.5);
EXECUTE within (:'q', 0);
EXECUTE within (NULL, 1.5);
EXECUTE within (:'q', NULL);
EXECUTE within (:'q', 'NaN');
EXECUTE within (:'q', 'Infinity');
EXECUTE within ('[1]', 1);
DEALLOCATE within;
RESET enable_seqscan;
RESET plan_cache_mode;
-- joins: the index is searched for each row
SELECT query, c.* FROM unnest(ARRAY[
	'SELECT n, t.id FROM q, t WHERE t.v <-> q.v < q.r AND n <> 9',
	'SELECT n, t.id FROM q JOIN t ON q.v <-> t.v <= 1.5 AND t.category = q.n % 7',
	'SELECT n, t.id FROM q LEFT JOIN t ON t.v <-> q.v < q.r AND t.category = 2',
	'SELECT n, c FROM q, LATERAL (SELECT count(*) AS c FROM t WHERE t.v <-> q.v < q.r) s',
	'SELECT n, s.* FROM q, LATERAL (SELECT max(id) FROM t WHERE 1 - (t.v <=> q.v) > 0.4) s',
	'SELECT n FROM q WHERE EXISTS (SELECT FROM t WHERE t.v <-> q.v < q.r)',
	'SELECT n FROM q WHERE NOT EXISTS (SELECT FROM t WHERE t.v <-> q.v < q.r)',
	'SELECT n, (SELECT count(*) FROM t WHERE t.v <#> q.v < -2) FROM q',
	'SELECT a.id, b.id FROM t a JOIN t b ON a.v <-> b.v < 0.7 WHERE a.id < 40'])
		WITH ORDINALITY w (query, n), compare(query) c ORDER BY w.n;
-- both words for it at once: in order, and ended by the bound
SELECT query, c.* FROM unnest(ARRAY[
	'SELECT id FROM t WHERE v <-> %1$L < 1.6 ORDER BY v <-> %1$L LIMIT 10',
	'SELECT id FROM t WHERE 1 - (v <=> %1$L) > 0.6 ORDER BY v <=> %1$L LIMIT 10',
	'SELECT id FROM t, (SELECT v AS w FROM q WHERE n = 1 OFFSET 0) s WHERE v <-> w < 1.6',
	'SELECT id, v <-> %1$L AS d FROM t WHERE v <-> %1$L < 2 ORDER BY d'])
		WITH ORDINALITY w (query, n), compare(format(query, :'q')) c ORDER BY w.n;
-- a similarity to a zero vector is NaN, which is above every number
SET enable_sort = off;
SELECT refine, query, c.rows, c.same FROM unnest(ARRAY[0, 4, 8]) refine, unnest(ARRAY[
	'SELECT id FROM z WHERE 1 - (v <=> %1$L) > 0.9',
	'SELECT id FROM z WHERE 1 - (v <=> %1$L) > 0.9 ORDER BY v <=> %1$L',
	'SELECT id FROM z WHERE -0.1 <= - (v <=> %1$L) AND 2 - (v <=> %1$L) >= 1 ORDER BY v <=> %1$L',
	'SELECT id FROM z WHERE 1 - (v <=> %1$L) > 0.9 AND v <=> %1$L < 1 ORDER BY v <=> %1$L',
	'SELECT id FROM z WHERE 1 - (v <=> %1$L) > ''Infinity''',
	'SELECT id FROM z WHERE 1 - (v <=> %1$L) > ''Infinity'' ORDER BY v <=> %1$L',
	'SELECT id FROM z WHERE 1 - (v <=> %1$L) > 0.9 AND v <=> %1$L <= ''NaN'' ORDER BY v <=> %1$L',
	'SELECT id FROM z WHERE 1 - (v <=> %1$L) > NULL::float8 ORDER BY v <=> %1$L'])
		WITH ORDINALITY w (query, n),
	LATERAL make_z(refine) made, compare(format(query, vector_of(7, 96))) c ORDER BY refine, w.n;
RESET enable_sort;
-- squares of short vectors vanish
CREATE TABLE tiny (id integer, v vector(12));
INSERT INTO tiny SELECT i, (SELECT array_agg(x * 1e-25) FROM unnest(vector_of(i, 12)::real[]) x)
	::vector FROM generate_series(1, 500) i;
CREATE INDEX tiny_v ON tiny USING ivfkm (v) WITH (lists = 5);
CREATE INDEX tiny_ip ON tiny USING ivfkm (v vector_ip_ops) WITH (lists = 5, refine_bits = 0);
SELECT query, c.rows, c.same FROM unnest(ARRAY['SELECT id FROM tiny WHERE v <-> %1$L <= 0',
	'SELECT id FROM tiny WHERE v <-> %1$L <= 0 ORDER BY v <-> %1$L',
	'SELECT id FROM tiny WHERE v <#> %1$L <= 0',
	'SELECT id FROM tiny WHERE v <#> %1$L <= 0 ORDER BY v <#> %1$L']) query,
	(SELECT v AS w FROM tiny WHERE id = 7) t7, compare(format(query, w)) c;
DROP TABLE tiny, z;
DROP FUNCTION make_z;

-- indexes of some rows, of expressions and of other types
CREATE INDEX t_part ON t USING ivfkm (v) WHERE category < 3;
CREATE INDEX t_expr ON t USING ivfkm ((v::halfvec(12)) halfvec_l2_ops);
CREATE INDEX t_near ON t USING ivfkm (v) WHERE v <-> '[0,0,0,0,0,0,0,0,0,0,0,1]' < 1.8;
ANALYZE t;
SELECT condition, c.* FROM unnest(ARRAY['v <-> %1$L < 1.6 AND category < 2',
	'v <-> %1$L < 1.6 AND category < 4', 'v::halfvec(12) <-> %1$L < 1.6',
	'v <-> ''[0,0,0,0,0,0,0,0,0,0,0,1]'' < 1.8',
		'v <-> ''[0,0,0,0,0,0,0,0,0,0,0,1]'' < 1.8 AND id < 2500',
		'v <-> ''[0,0,0,0,0,0,0,0,0,0,0,1]'' < 1.5'])
	WITH ORDINALITY w (condition, n), compare(format('SELECT id FROM t WHERE ' || condition,
		:'q')) c ORDER BY w.n;
-- an index that is not valid is not used
DROP INDEX t_part, t_near, t_ip, t_cos;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_l2'::regclass;
SELECT * FROM compare(format('SELECT id FROM t WHERE v <-> %L < 1.6', :'q'));
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 't_l2'::regclass;
SELECT * FROM compare(format('SELECT id FROM t WHERE v <-> %L < 1.6', :'q'));
-- rows that come later, go, and change
INSERT INTO t SELECT i, 1, vector_of(i % 100, 12) FROM generate_series(10001, 10300) i;
DELETE FROM t WHERE id % 3 = 0;
UPDATE t SET v = vector_of(id + 1, 12) WHERE id % 5 = 0;
SELECT * FROM compare(format('SELECT id FROM t WHERE v <-> %L < 1.6', :'q'));
VACUUM t;
SELECT * FROM compare(format('SELECT id FROM t WHERE v <-> %L < 1.6', :'q'));
-- rows are found to be changed, deleted and locked
SET enable_seqscan = off;
SELECT id FROM t WHERE v <-> :'q' < 1.3 ORDER BY id FOR UPDATE;
UPDATE t SET category = -1 WHERE v <-> :'q' < 1.3;
SELECT count(*) FROM t WHERE category = -1;
DELETE FROM t WHERE v <-> :'q' < 1.3;
SELECT count(*) FROM t WHERE category = -1;
RESET enable_seqscan;

-- partitions and inheritance
CREATE TABLE p (id integer, v vector(12)) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (2000);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (2000) TO (20000) PARTITION BY RANGE (id);
CREATE TABLE p3 PARTITION OF p2 FOR VALUES FROM (2000) TO (20000);
INSERT INTO p SELECT id, v FROM t;
CREATE INDEX p_v ON p USING ivfkm (v);
CREATE TABLE a (id integer, v vector(12));
CREATE TABLE b () INHERITS (a);
INSERT INTO a SELECT id, v FROM t WHERE id % 2 = 0;
INSERT INTO b SELECT id, v FROM t WHERE id % 2 = 1;
CREATE INDEX a_v ON a USING ivfkm (v);
CREATE INDEX b_v ON b USING ivfkm (v);
ANALYZE p, a, b;
SELECT query, c.* FROM unnest(ARRAY['SELECT id FROM p WHERE v <-> %1$L < 1.6',
	'SELECT id FROM p WHERE v <-> %1$L < 1.6 AND id > 3000',
		'SELECT id FROM a WHERE v <-> %1$L < 1.6']) WITH ORDINALITY w (query, n),
		compare(format(query, :'q')) c ORDER BY w.n;
-- which indexes a join is worth depends on the version
SELECT used <> '' AS by_index, rows, same FROM
	compare('SELECT n, id FROM q JOIN p ON p.v <-> q.v < 1.5');
SELECT estimated(format('SELECT id FROM p WHERE v <-> %L < 1.9', :'q')) BETWEEN n / 3.0 - 5
	AND n * 3.0 + 10 AS estimated
FROM (SELECT count(*) AS n FROM p WHERE v <-> :'q' < 1.9) c;
-- parallel queries
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT * FROM compare('SELECT n, t.id FROM q, t WHERE t.v <-> q.v < q.r AND n <> 9');
RESET ALL;

-- Row security: a condition of the query does not go before a policy.  One of the policy may.
CREATE ROLE regress_range_reader;
GRANT SELECT ON t, q TO regress_range_reader;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY part ON t USING (category < 3);
SET ROLE regress_range_reader;
SELECT * FROM compare(format('SELECT id FROM t WHERE v <-> %L < 2', :'q'));
SELECT estimated(format('SELECT id FROM t WHERE v <-> %L < 0.001', :'q')) > 1 AS not_asked;
RESET ROLE;
DROP POLICY part ON t;
CREATE POLICY near ON t USING (v <-> '[0,0,0,0,0,0,0,0,0,0,0,0]' < 1.9);
SET ROLE regress_range_reader;
SELECT * FROM compare('SELECT id FROM t');
RESET ROLE;
DROP TABLE p, a, b, q, t;
DROP ROLE regress_range_reader;
DROP FUNCTION compare, indexes_of, estimated, vector_of;
