--
-- Searching with ivfkm indexes
--

-- vectors of whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';

-- true when the planner answers the query with an ivfkm index
CREATE FUNCTION uses_index(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Index Scan using t_(l2|ip|cos)' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;

-- distances of the n nearest rows in the order in which they come
CREATE FUNCTION by_sort(op text, q vector, n integer) RETURNS float8[] LANGUAGE plpgsql
	SET enable_indexscan = off SET enable_seqscan = on AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE format('SELECT array_agg(d) FROM (SELECT v %s $1 AS d FROM t ORDER BY 1 LIMIT $2) s',
		op)
		USING q, n INTO result;
	RETURN result;
END $$;
CREATE FUNCTION by_index(op text, q vector, n integer) RETURNS float8[] LANGUAGE plpgsql
	SET enable_seqscan = off AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE
		format('SELECT array_agg(d) FROM (SELECT v %s $1 AS d FROM t '
		'ORDER BY v %1$s $1 LIMIT $2) s', op)
		USING q, n INTO result;
	RETURN result;
END $$;

CREATE TABLE t (id integer, category integer, v vector(8)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, i % 50, hash_vector(i, 8) FROM generate_series(1, 3000) i;
INSERT INTO t SELECT i, i % 50, NULL FROM generate_series(3001, 3020) i;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 25);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 25);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 25);
ANALYZE t;

-- when an index is used
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY v <#> '[1,2,3,4,5,6,7,8]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE category = 7 ORDER BY '[1,2,3,4,5,6,7,8]' <-> v LIMIT 5;
-- from PostgreSQL 17 on, as the input of an incremental sort
SELECT uses_index('SELECT id FROM t ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'', id LIMIT 5') =
	(current_setting('server_version_num')::int >= 170000) AS as_expected;
SELECT uses_index('SELECT id FROM t ORDER BY v <-> ''[1,2,3,4,5,6,7,8]''') AS no_limit,
	uses_index('SELECT id FROM t ORDER BY v <-> (SELECT v FROM t WHERE id = 1) LIMIT 5') AS
	subquery,
	uses_index('SELECT id FROM t ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' ASC NULLS LAST LIMIT 5') AS
	nulls_last;
-- and when not
SELECT query, uses_index('SELECT id FROM t ' || query) FROM unnest(ARRAY[
	'ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' DESC LIMIT 5',
	'ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' NULLS FIRST LIMIT 5',
	'ORDER BY v <+> ''[1,2,3,4,5,6,7,8]'' LIMIT 5',
	'ORDER BY l2_distance(v, ''[1,2,3,4,5,6,7,8]'') LIMIT 5',
	'ORDER BY 1 - (v <=> ''[1,2,3,4,5,6,7,8]'') LIMIT 5',
	'ORDER BY v <-> v LIMIT 5',
	'ORDER BY v LIMIT 5',
	'ORDER BY id, v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 5',
	'LIMIT 5',
	'WHERE v <-> ''[1,2,3,4,5,6,7,8]'' > 10',
	'WHERE v = ''[1,2,3,4,5,6,7,8]''',
	'WHERE v IS NULL']) query;
SELECT uses_index('SELECT count(*) FROM t') AS count,
	uses_index('SELECT min(v <-> ''[1,2,3,4,5,6,7,8]'') FROM t') AS min;
RESET enable_seqscan;

-- what the planner prefers by itself: the index for the first rows of a large table, the
-- sort for a small table and for all rows
CREATE TABLE large (id integer, v vector(64)) WITH (autovacuum_enabled = off);
INSERT INTO large SELECT i, hash_vector(i, 64) FROM generate_series(1, 8000) i;
CREATE INDEX t_l2_large ON large USING ivfkm (v);
ANALYZE large;
CREATE TABLE small (id integer, v vector(64)) WITH (autovacuum_enabled = off);
INSERT INTO small SELECT * FROM large WHERE id <= 50;
CREATE INDEX t_l2_small ON small USING ivfkm (v);
ANALYZE small;
SELECT uses_index('SELECT id FROM large ORDER BY v <-> (SELECT v FROM small WHERE id = 1) LIMIT 10')
	AS large,
	uses_index('SELECT id FROM large ORDER BY v <-> (SELECT v FROM small WHERE id = 1)') AS
	large_all,
	uses_index('SELECT id FROM small ORDER BY v <-> (SELECT v FROM small WHERE id = 1) LIMIT 10') AS
	small;
SELECT
	uses_index('SELECT id FROM large WHERE id = 5 ORDER BY v <-> (SELECT v FROM small '
	'WHERE id = 1) LIMIT 10') AS one_row;
DROP TABLE large, small;

-- the nearest row of a row is itself, with default settings
SET enable_seqscan = off;
SELECT count(*) FROM t q WHERE id <= 200 AND id = (SELECT id FROM t ORDER BY v <-> q.v LIMIT 1);
-- rows come in the exact order of distance, whatever is missing
SELECT op, count(*) FROM unnest(ARRAY['<->', '<#>', '<=>']) op, generate_series(1, 20) i,
	by_index(op, hash_vector(-i, 8), 500) d
WHERE d = (SELECT array_agg(x ORDER BY x) FROM unnest(d) x) AND array_length(d, 1) = 500 GROUP BY op
	ORDER BY op;
-- and the first ten are nearly all there
SELECT op, avg((SELECT count(*) FROM unnest(found) x WHERE x <= sorted[10])) > 8 AS recall
FROM unnest(ARRAY['<->', '<#>', '<=>']) op, generate_series(1, 20) i,
	by_index(op, hash_vector(-i, 8), 10) found, by_sort(op, hash_vector(-i, 8), 10) sorted
GROUP BY op ORDER BY op;

-- exhaustive: equal to sorting, for one pass and for many
SET ivfkm.probes = 25;
SET ivfkm.epsilon = 100;
SELECT op, n, bool_and(by_index(op, q, n) = by_sort(op, q, n)) AS equal
FROM unnest(ARRAY['<->', '<#>', '<=>']) op,
	unnest(ARRAY[1, 10, 31, 32, 33, 127, 128, 129, 500, 512, 513, 2048, 5000]) n,
	unnest(ARRAY[hash_vector(0, 8), hash_vector(17, 8), '[0,0,0,0,0,0,0,1]',
	'[1e5,-1e5,1e5,0,0,0,0,0]', '[1e-30,0,0,0,0,0,0,0]']) q
GROUP BY op, n ORDER BY op, n;
-- extreme queries; squared distances are infinite in float4
SELECT op, q, array_length(by_index(op, q, 5000), 1),
	by_index(op, q, 5000) = by_sort(op, q, 5000) AS equal
FROM unnest(ARRAY['<->', '<#>', '<=>']) op,
	unnest(ARRAY['[1e30,-1e30,1e30,1,1,1,1,1]', '[1e-45,0,0,0,0,0,0,0]',
	'[3e38,-3e38,3e38,3e38,3e38,3e38,3e38,3e38]']::vector[]) q
WHERE NOT (op = '<#>' AND vector_norm(q) > 1e38);
RESET ivfkm.epsilon;

-- the whole table: every row once, however few lists come first
SET ivfkm.iterative_scan = relaxed_order;
SELECT probes, count(*), count(DISTINCT id)
FROM unnest(ARRAY[0, 1, 3, 24, 25, 1000]) probes, set_config('ivfkm.probes', probes::text, false) s,
	LATERAL (SELECT id FROM t WHERE s IS NOT NULL ORDER BY v <-> hash_vector(probes, 8)) r
GROUP BY probes ORDER BY probes;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <#> '[1,2,3,4,5,6,7,8]') s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <=> '[1,2,3,4,5,6,7,8]') s;
SET ivfkm.iterative_scan = strict_order;
SET ivfkm.epsilon = 100;
SET ivfkm.probes = 25;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s;
-- strict order: rows that are found too late come at the end, once, in an order of their own
SET ivfkm.probes = 1;
RESET ivfkm.epsilon;
SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE d < before) <= 1 AS ordered
FROM (SELECT id, d, lag(d, 1, d) OVER () AS before
	FROM (SELECT id, v <-> '[1,2,3,4,5,6,7,8]' AS d FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s) s;

-- Lists near the query are nearly empty, full lists are far away, and some rows that are
-- farther still are in near lists: the second pass runs out of lists before it has enough
-- rows, the third stops early.  No row comes twice.
CREATE FUNCTION shifted_vector(seed integer, by real) RETURNS vector LANGUAGE sql IMMUTABLE
	AS 'SELECT array_agg(x + by)::vector FROM unnest(hash_vector(seed, 8)::real[]) x';
CREATE TABLE sparse (id integer, v vector(8)) WITH (autovacuum_enabled = off);
INSERT INTO sparse SELECT i, hash_vector(i, 8) FROM generate_series(1, 3000) i;
INSERT INTO sparse SELECT i, shifted_vector(i, 300) FROM generate_series(3001, 4000) i;
CREATE INDEX sparse_idx ON sparse USING ivfkm (v) WITH (lists = 2000);
DELETE FROM sparse WHERE id <= 3000 AND id % 40 <> 0;
VACUUM sparse;
INSERT INTO sparse SELECT i, shifted_vector(i, -1000) FROM generate_series(4001, 4020) i;
SET ivfkm.probes = 1;
SET ivfkm.iterative_scan = relaxed_order;
SELECT x, count(*), count(DISTINCT id) FROM generate_series(-90, 30, 30) x,
	LATERAL (SELECT id FROM sparse ORDER BY v <-> array_fill(x, ARRAY[8])::vector) r
GROUP BY x ORDER BY x;
SET ivfkm.iterative_scan = strict_order;
SELECT x, count(*), count(DISTINCT id) FROM generate_series(-90, 30, 30) x,
	LATERAL (SELECT id FROM sparse ORDER BY v <-> array_fill(x, ARRAY[8])::vector) r
GROUP BY x ORDER BY x;
DROP TABLE sparse;
DROP FUNCTION shifted_vector;
RESET ivfkm.iterative_scan;

-- the limits of a scan: rows of the first list, and no more
SET ivfkm.epsilon = 100;
SET ivfkm.probes = 1;
SET ivfkm.iterative_scan = off;
SELECT count(*) AS nrows FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s \gset
SELECT :nrows > 0 AND EXISTS (SELECT FROM ivfkm_lists('t_l2') WHERE rows = :nrows) AS off;
SET ivfkm.iterative_scan = relaxed_order;
SET ivfkm.max_probes = 1;
SELECT count(*) = :nrows AS max_probes FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s;
-- also when more are asked for at first, by number or automatically
SET ivfkm.probes = 10;
SELECT count(*) = :nrows AS max_probes FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s;
SET ivfkm.probes = 0;
SELECT count(*) = :nrows AS max_probes FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s;
SET ivfkm.max_probes = 7;
SELECT count(*) > :nrows AND count(*) < 3000 AS max_probes
	FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s;
RESET ivfkm.max_probes;
SET ivfkm.probes = 1;
SET ivfkm.max_scan_tuples = 1;
SELECT count(*) = :nrows AS max_scan_tuples
	FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s;
SET ivfkm.max_scan_tuples = 1000;
SELECT count(*) >= 1000 AND count(*) < 2000 AS max_scan_tuples
	FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s;
SET ivfkm.max_scan_tuples = 100000;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]') s;
RESET ivfkm.max_scan_tuples;
RESET ivfkm.probes;
RESET ivfkm.epsilon;
RESET ivfkm.iterative_scan;

-- off ends with the lists of the first pass if 40 visible rows were given, whether or not they had
-- to be looked at, and although more rows of these lists are left
CREATE TABLE line (id integer, v vector(3));
INSERT INTO line SELECT i, ARRAY[i, 0, 0]::vector FROM generate_series(1, 6000) i;
CREATE INDEX line_v ON line USING ivfkm (v) WITH (lists = 60);
SET ivfkm.iterative_scan = off;
SET ivfkm.probes = 1;
SET ivfkm.epsilon = 10;
CREATE FUNCTION fetched(first integer) RETURNS bigint LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
	c CURSOR FOR SELECT id FROM line ORDER BY v <-> '[0,0,0]';
	given integer;
	total bigint := 0;
BEGIN
	OPEN c;
	MOVE FORWARD first FROM c;
	GET DIAGNOSTICS total = ROW_COUNT;
	LOOP
		MOVE FORWARD 1000 FROM c;
		GET DIAGNOSTICS given = ROW_COUNT;
		EXIT WHEN given = 0;
		total := total + given;
	END LOOP;
	CLOSE c;
	RETURN total;
END $$;
SELECT fetched(1000) AS nrows \gset
SELECT passes, lists, given = :nrows AS given, rows = :nrows AS all_of_the_list
	FROM ivfkm_last_scan();
SELECT fetched(42) = :nrows AS same;
SELECT passes, lists, given = :nrows AS given, reranked < 40 AS few_looked_at
	FROM ivfkm_last_scan();
-- further passes do not scan more lists than are wanted: 1 % of the rows match, LIMIT 1
RESET ivfkm.probes;
RESET ivfkm.epsilon;
RESET ivfkm.iterative_scan;
SET enable_sort = off;
SELECT id FROM line WHERE id % 100 = 0 ORDER BY v <-> '[0,0,0]' LIMIT 1;
SELECT passes > 2 AS passes, lists < 60 AS not_all FROM ivfkm_last_scan();
RESET enable_sort;
DROP TABLE line;
DROP FUNCTION fetched;

-- filters get their rows: each category has 60
CREATE FUNCTION filtered(c integer, n integer)
	RETURNS TABLE (id integer, category integer, d float8)
	LANGUAGE sql STABLE
	AS
	'SELECT id, category, v <-> hash_vector(c, 8) FROM t WHERE category = c '
	'ORDER BY v <-> hash_vector(c, 8) LIMIT n';
SELECT c, count(*), count(DISTINCT id), bool_and(category = c) AS right_ones
FROM generate_series(0, 40, 8) c, filtered(c, 10) GROUP BY c ORDER BY c;
SET ivfkm.probes = 1;
SELECT c, count(*), count(DISTINCT id), bool_and(category = c) AS right_ones
FROM generate_series(0, 40, 8) c, filtered(c, 10) GROUP BY c ORDER BY c;
SET ivfkm.iterative_scan = relaxed_order;
SELECT c, count(*), count(DISTINCT id), bool_and(category = c) AS right_ones
FROM generate_series(0, 40, 8) c, filtered(c, 100) GROUP BY c ORDER BY c;
SET ivfkm.iterative_scan = off;
SELECT count(*) < 600 AS fewer FROM generate_series(0, 45, 5) c, filtered(c, 100);
SET ivfkm.iterative_scan = strict_order;
SET ivfkm.probes = 25;
SET ivfkm.epsilon = 100;
SELECT count(*) FROM generate_series(0, 49) c
WHERE (SELECT array_agg(d) FROM filtered(c, 20)) = (SELECT array_agg(d)
	FROM (SELECT v <-> hash_vector(c, 8) AS d FROM t WHERE category = c ORDER BY 1 LIMIT 20) s);
-- a filter that no row passes, and that all fail by an error
SELECT count(*)
	FROM (SELECT id FROM t WHERE category = 99 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10) s;
SELECT id FROM t WHERE 1 / (category - category) = 0 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
DROP FUNCTION filtered;
RESET ivfkm.probes;
RESET ivfkm.epsilon;
RESET ivfkm.iterative_scan;

-- no query: all rows that have a vector, in any order
SELECT uses_index('SELECT id FROM t ORDER BY v <-> (SELECT NULL::vector) LIMIT 5');
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <-> (SELECT NULL::vector)) s;
SELECT count(*), count(DISTINCT id)
	FROM (SELECT id FROM t ORDER BY v <-> (SELECT NULL::vector) LIMIT 700) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <#> (SELECT NULL::vector)) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <=> (SELECT NULL::vector)) s;
SELECT uses_index('SELECT id FROM t ORDER BY v <-> NULL LIMIT 5') AS null_constant;
-- a zero vector has no direction: the same, as all cosine distances are NaN
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <=> '[0,0,0,0,0,0,0,0]') s;
-- it is a query like any other for the other operators
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <#> '[0,0,0,0,0,0,0,0]') s;
SET ivfkm.probes = 25;
SET ivfkm.epsilon = 100;
SELECT by_index('<->', '[0,0,0,0,0,0,0,0]', 5000) = by_sort('<->', '[0,0,0,0,0,0,0,0]',
	5000) AS equal;
RESET ivfkm.probes;
RESET ivfkm.epsilon;

-- wrong dimensions
SELECT id FROM t ORDER BY v <-> '[1,2,3]' LIMIT 5;
SELECT id FROM t ORDER BY v <-> (SELECT '[1,2,3,4,5,6,7,8,9]'::vector) LIMIT 5;
SELECT id FROM t ORDER BY v <#> '[1,2,3]' LIMIT 5;
SELECT id FROM t ORDER BY v <=> '[1,2,3]' LIMIT 5;
\set VERBOSITY sqlstate
SELECT id FROM t ORDER BY v <-> '[1,2,3]' LIMIT 5;
\set VERBOSITY default

-- rescans: nested loops, with queries that change, repeat and are NULL
SELECT
	uses_index('SELECT q.id, n.id FROM (SELECT id, v FROM t WHERE id BETWEEN 1 AND 40) q, '
	'LATERAL (SELECT id FROM t ORDER BY v <-> q.v LIMIT 3) n') AS inner_side;
SELECT count(*), count(*) FILTER (WHERE q.id = n.id) AS own
FROM (SELECT id, v FROM t WHERE id BETWEEN 1 AND 40) q,
	LATERAL (SELECT id FROM t ORDER BY v <-> q.v LIMIT 3) n;
SELECT count(*), count(*) FILTER (WHERE q.id = n.id) AS own
FROM (SELECT id, v FROM t WHERE id BETWEEN 2990 AND 3010) q,
	LATERAL (SELECT id FROM t ORDER BY v <=> q.v LIMIT 200) n;
SELECT count(DISTINCT ids) FROM generate_series(1, 30) i,
	LATERAL (SELECT array_agg(id) AS ids
		FROM (SELECT id FROM t ORDER BY v <-> hash_vector(i % 2, 8) LIMIT 40) s) n;
-- two scans of one index at the same time
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 100) a
	JOIN (SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 100) b USING (id);
-- memory does not grow with the number of scans
CREATE FUNCTION memory_used() RETURNS bigint LANGUAGE sql VOLATILE
	AS 'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts';
SELECT max(used) FILTER (WHERE i = 3000) - max(used) FILTER (WHERE i = 1000) < 100000 AS bounded
FROM (SELECT i, CASE WHEN i IN (1000, 3000) AND s.id > 0 THEN memory_used() END AS used
	FROM generate_series(1, 3000) i,
		LATERAL (SELECT id FROM t
		ORDER BY v <-> (ARRAY['[1,2,3,4,5,6,7,8]', '[9,8,7,6,5,4,3,2]']::vector[])[i % 2 + 1]
		LIMIT 1) s) s;
DROP FUNCTION memory_used;

-- cursors
BEGIN;
DECLARE c CURSOR FOR SELECT v <-> '[1,2,3,4,5,6,7,8]' AS d FROM t
	ORDER BY v <-> '[1,2,3,4,5,6,7,8]';
CREATE TEMP TABLE fetched (n serial, d float8);
CREATE FUNCTION fetch_some(n integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	c refcursor := 'c';
	distance float8;
	i integer := 0;
BEGIN
	WHILE i < n LOOP
		FETCH c INTO distance;
		EXIT WHEN NOT FOUND;
		INSERT INTO fetched (d) VALUES (distance);
		i := i + 1;
	END LOOP;
	RETURN i;
END $$;
SET LOCAL ivfkm.probes = 25;
SET LOCAL ivfkm.epsilon = 100;
SELECT fetch_some(3), fetch_some(40), fetch_some(300);
SELECT array_agg(d ORDER BY n) = by_sort('<->', '[1,2,3,4,5,6,7,8]', 343) AS exact FROM fetched;
MOVE 57 IN c;
SELECT fetch_some(1), fetch_some(0);
SELECT d = (by_sort('<->', '[1,2,3,4,5,6,7,8]', 401))[401] AS exact FROM fetched
	ORDER BY n DESC LIMIT 1;
MOVE ALL IN c;
SELECT fetch_some(1);
CLOSE c;
-- closed early, never read, and left to the end of the transaction
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]';
CLOSE c;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]';
MOVE 5 IN c;
CLOSE c;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]';
MOVE 5 IN c;
COMMIT;
DROP TABLE fetched;
DROP FUNCTION fetch_some;
-- backwards only with SCROLL, which keeps the rows
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[1,2,3,4,5,6,7,8]';
MOVE 5 IN c;
MOVE BACKWARD 1 IN c;
ROLLBACK;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM t ORDER BY v <-> hash_vector(7, 8);
FETCH FIRST FROM c;
MOVE 200 IN c;
FETCH ABSOLUTE 1 FROM c;
COMMIT;
-- beyond its transaction
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM t ORDER BY v <-> hash_vector(7, 8) LIMIT 100;
COMMIT;
FETCH c;
MOVE ALL IN c;
CLOSE c;
-- a cursor sees what was there when it was opened
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> hash_vector(7, 8);
UPDATE t SET id = -7 WHERE id = 7;
DELETE FROM t WHERE id = 8;
FETCH c;
CLOSE c;
SELECT id FROM t ORDER BY v <-> hash_vector(7, 8) LIMIT 1;
SELECT id = 8 FROM t ORDER BY v <-> hash_vector(8, 8) LIMIT 1;
ROLLBACK;
SELECT id FROM t ORDER BY v <-> hash_vector(7, 8) LIMIT 1;

-- prepared statements with generic plans, and PL/pgSQL
SET plan_cache_mode = force_generic_plan;
PREPARE nearest(vector, integer) AS SELECT id FROM t ORDER BY v <-> $1 LIMIT $2;
EXPLAIN (COSTS OFF) EXECUTE nearest(hash_vector(7, 8), 1);
EXECUTE nearest(hash_vector(7, 8), 1);
EXECUTE nearest(hash_vector(8, 8), 1);
EXECUTE nearest('[1,2]', 1);
EXECUTE nearest(hash_vector(9, 8), 1);
DEALLOCATE nearest;
RESET plan_cache_mode;
CREATE FUNCTION nearest(q vector) RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE
	r record;
	n integer := 0;
	closest integer;
BEGIN
	FOR r IN SELECT id, v <-> q AS d FROM t ORDER BY v <-> q LOOP
		closest := coalesce(closest, r.id);
		n := n + 1;
		EXIT WHEN n = 40;
	END LOOP;
	RETURN closest;
EXCEPTION WHEN data_exception THEN
	RETURN -1;
END $$;
SELECT count(*) FROM generate_series(1, 50) i WHERE nearest(hash_vector(i, 8)) = i;
SELECT nearest('[1,2,3]'), nearest(hash_vector(5, 8));
DROP FUNCTION nearest;

SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');

-- in joins, CTEs, unions and DML
WITH a AS MATERIALIZED (SELECT id FROM t ORDER BY v <-> hash_vector(1, 8) LIMIT 10),
	b AS MATERIALIZED (SELECT id FROM t ORDER BY v <#> hash_vector(1, 8) LIMIT 10)
SELECT count(*) FROM (SELECT * FROM a UNION ALL SELECT * FROM b) s;
BEGIN;
UPDATE t SET category = -1 WHERE id IN (SELECT id FROM t ORDER BY v <-> hash_vector(1, 8) LIMIT 10);
SELECT count(*) FROM (SELECT category FROM t ORDER BY v <-> hash_vector(1, 8) LIMIT 10) s
	WHERE category = -1;
DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY v <-> hash_vector(1, 8) LIMIT 10);
SELECT count(*), count(*) FILTER (WHERE category = -1)
	FROM (SELECT category FROM t ORDER BY v <-> hash_vector(1, 8) LIMIT 10) s;
ROLLBACK;
BEGIN;
SELECT id FROM t ORDER BY v <-> hash_vector(1, 8) LIMIT 1 FOR UPDATE;
ROLLBACK;

-- equal distances: all of them come, once
CREATE TABLE ties (id integer, v vector(3)) WITH (autovacuum_enabled = off);
INSERT INTO ties SELECT i, ARRAY[i % 3, i / 3 % 3, 0] FROM generate_series(0, 899) i;
CREATE INDEX ties_idx ON ties USING ivfkm (v) WITH (lists = 6);
SELECT count(*), count(DISTINCT id), max(d)
	FROM (SELECT id, v <-> '[1,1,0]' AS d FROM ties ORDER BY v <-> '[1,1,0]' LIMIT 100) s;
SET ivfkm.probes = 6;
SELECT round((d * d)::numeric, 6) AS d2, count(*), count(DISTINCT id)
	FROM (SELECT id, v <-> '[1,1,0]' AS d FROM ties ORDER BY v <-> '[1,1,0]') s GROUP BY d2
	ORDER BY d2;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM ties ORDER BY v <-> '[1,1,50]') s;
RESET ivfkm.probes;
DROP TABLE ties;

-- every set of SIMD kernels gives the same rows
CREATE FUNCTION rows_at(level text) RETURNS integer[] LANGUAGE plpgsql
	SET ivfkm.probes = 25 SET ivfkm.epsilon = 100 AS $$
DECLARE
	result integer[];
BEGIN
	PERFORM set_config('vdb.simd', level, true);
	SELECT array_agg(ids) INTO result
	FROM generate_series(1, 10) i,
		LATERAL (SELECT array_agg(id) AS ids
			FROM (SELECT id FROM t ORDER BY v <-> hash_vector(i, 8), id LIMIT 100) s) s;
	RETURN result;
END $$;
SELECT count(DISTINCT rows_at(name)) FROM vdb_simd_variants() WHERE supported;
RESET vdb.simd;
DROP FUNCTION rows_at;

-- rows that are too far away for a code, with ordinary, extreme and no queries
BEGIN;
INSERT INTO t SELECT 10000 + i, 0, ARRAY[1e30, i * 1e28, 0, 0, 0, 0, 0, 0]
	FROM generate_series(1, 20) i;
SET LOCAL ivfkm.probes = 25;
SET LOCAL ivfkm.epsilon = 100;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <-> (SELECT NULL::vector)) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <#> (SELECT NULL::vector)) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <=> (SELECT NULL::vector)) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <=> '[0,0,0,0,0,0,0,0]') s;
SELECT op, q, array_length(by_index(op, q, 5000), 1),
	by_index(op, q, 5000) = by_sort(op, q, 5000) AS equal
FROM unnest(ARRAY['<->', '<#>', '<=>']) op,
	unnest(ARRAY['[1,2,3,4,5,6,7,8]', '[1e30,1e30,1,1,1,1,1,1]',
	'[1e-40,1e-42,0,0,0,0,0,0]']::vector[]) q;
ROLLBACK;

SELECT vdb_index_check('t_l2') >= 3000 AS complete;
DROP TABLE t;
DROP FUNCTION uses_index, by_sort, by_index, hash_vector;
