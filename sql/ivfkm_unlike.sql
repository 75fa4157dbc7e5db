--
-- Queries that are unlike the rows: where the budget of rows as queries says too little
--

-- a number between 0 and 1
CREATE FUNCTION uniform(seed integer, d integer) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT (hashint8(seed * 20000::bigint + d) & 65535) / 65536.0::float8';

-- rows are dense near zero, queries are uniform
CREATE TABLE t (id integer, part integer, v vector(10));
INSERT INTO t
SELECT i, i % 4, array_agg(2 * uniform(i, d) * uniform(-i, d) ORDER BY d)::vector
FROM generate_series(1, 10000) i, generate_series(1, 10) d GROUP BY i ORDER BY i;
CREATE TABLE q (id integer, v vector(10));
INSERT INTO q
SELECT i, array_agg(uniform(i, d) ORDER BY d)::vector
FROM generate_series(20001, 20100) i, generate_series(1, 10) d GROUP BY i;
ANALYZE t, q;

-- share of the k nearest rows, of those of a part or of all, that searches of all queries find
CREATE FUNCTION recall(operator text, k integer, filter text = 'true')
RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT array_agg(d) FROM
		(SELECT v %1$s $1 AS d FROM t WHERE %2$s ORDER BY v %1$s $1 LIMIT $2) s',
		operator, filter);
	sorted float8[];
	found float8[];
	hits integer := 0;
	v vector;
BEGIN
	FOR v IN SELECT q.v FROM q LOOP
		SET LOCAL enable_indexscan = off;
		EXECUTE query USING v, k INTO sorted;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		EXECUTE query USING v, k INTO found;
		SET LOCAL enable_seqscan = on;
		hits := hits + (SELECT count(*) FROM unnest(found) d WHERE d <= sorted[k]);
	END LOOP;
	RETURN hits / (100.0 * k);
END $$;

CREATE INDEX t_idx ON t USING ivfkm (v);

-- rows that searches of rows as queries, or of all queries, see on average
CREATE FUNCTION seen(queries text = NULL) RETURNS float8 LANGUAGE sql
	AS $$ SELECT rows FROM ivfkm_recall('t_idx', 10, 100, queries) $$;

SELECT recall('<->', 10) > 0.95 AS k_10, recall('<->', 40) > 0.95 AS k_40,
	recall('<->', 200) > 0.96 AS k_200;
-- they see more rows than rows as queries do, but no more than a few times as many
SELECT seen('SELECT v FROM q') / seen() BETWEEN 1.2 AND 4 AS more;
-- the planner reckons with what searches see, where none has to see all of its budget
CREATE FUNCTION cost_of(most text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	PERFORM set_config('ivfkm.max_scan_tuples', most, true);
	EXECUTE 'EXPLAIN (FORMAT json) SELECT FROM t ORDER BY v <-> (SELECT v FROM q LIMIT 1) LIMIT 10'
		INTO plan;
	RETURN plan #>> '{0,Plan,Startup Cost}';
END $$;
SET ivfkm.target_recall = 0.99;
SELECT cost_of('0') < 0.97 * cost_of('1000000') AS less;
RESET ivfkm.target_recall;
DROP FUNCTION cost_of;
-- many a query has seen enough before its budget; all together find what the target promises
CREATE FUNCTION scanned(query vector) RETURNS bigint LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
	PERFORM FROM (SELECT FROM t ORDER BY v <-> query LIMIT 10) s;
	RETURN (SELECT rows FROM ivfkm_last_scan());
END $$;
SELECT count(*) > 25 AS easy
FROM (SELECT scanned(v) AS rows FROM t WHERE id <= 100 OFFSET 0) s, ivfkm_condition('t_idx') c
WHERE s.rows < 0.95 * c.rows_10;
SELECT recall >= 0.97 AS recall FROM ivfkm_recall('t_idx', 10, 200);
DROP FUNCTION scanned;
-- many queries at once, those that go on too
SET enable_indexscan = off;
CREATE TABLE truth AS
SELECT q.id, (SELECT max(d) FROM (SELECT t.v <-> q.v AS d FROM t ORDER BY 1 LIMIT 10 OFFSET 0) s)
	AS farthest
FROM q;
RESET enable_indexscan;
SET client_min_messages = debug1;
SELECT count(*) > 950 AS found
FROM (SELECT array_agg(v ORDER BY id) AS all FROM q) s, ivfkm_knn('t_idx', s.all, 10) n
	JOIN truth ON truth.id = n.query + 20000
WHERE n.distance <= truth.farthest;
RESET client_min_messages;
-- a number of lists is what it says
SET ivfkm.probes = 3;
SELECT lists FROM ivfkm_recall('t_idx', 10, 100, 'SELECT v FROM q');
RESET ivfkm.probes;
-- where queries like these were measured, few go on
SELECT queries FROM ivfkm_calibrate('t_idx', 'SELECT v FROM q WHERE id % 2 = 0');
SELECT recall('<->', 10) > 0.97 AS k_10;
SELECT seen('SELECT v FROM q WHERE id % 2 = 1') / rows < 1.2 AS few
FROM (SELECT rows_10 AS rows FROM ivfkm_calibrate('t_idx', 'SELECT v FROM q WHERE id % 2 = 0')) s;
SELECT count(*) FROM vdb_index_check('t_idx');
DROP INDEX t_idx;

-- other distances, and filters
CREATE INDEX t_idx ON t USING ivfkm (v vector_cosine_ops);
SELECT recall('<=>', 10) > 0.94 AS cosine;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING ivfkm (v vector_ip_ops);
SELECT recall('<#>', 10) > 0.975 AS product;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING ivfkm (v vector_l1_ops);
SELECT recall('<+>', 10) > 0.97 AS l1;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING ivfkm (v, part);
SELECT recall('<->', 10, 'part = 1') > 0.95 AS filter;

-- twenty copies of each row: a query that is no row has none
CREATE TABLE copies (v vector(64));
INSERT INTO copies
SELECT v FROM (SELECT array_agg(uniform(i, d) + uniform(-i, d) ORDER BY d)::vector AS v
	FROM generate_series(1, 500) i, generate_series(1, 64) d GROUP BY i ORDER BY i) s,
	generate_series(1, 20);
CREATE TABLE others AS
SELECT array_agg(uniform(i, d) + uniform(-i, d) ORDER BY d)::vector AS v
FROM generate_series(20001, 20100) i, generate_series(1, 64) d GROUP BY i;
CREATE INDEX copies_idx ON copies USING ivfkm (v);
SELECT recall >= 0.95 AS nearest FROM ivfkm_recall('copies_idx', 1, 100, 'SELECT v FROM others');
-- all rows are copies
UPDATE copies SET v = (SELECT v FROM others LIMIT 1);
REINDEX INDEX copies_idx;
SELECT recall FROM ivfkm_recall('copies_idx', 10, 100, 'SELECT v FROM others');

-- clusters, and queries around centres that have no rows: their neighbours are in many lists
CREATE TABLE clusters AS
SELECT i AS id, array_agg(3 * uniform(-1 - i % 100, d) + uniform(i, d) + uniform(-100000 - i, d)
	ORDER BY d)::vector(64) AS v
FROM generate_series(1, 20000) i, generate_series(1, 64) d GROUP BY i;
CREATE TABLE holes AS
SELECT array_agg(3 * uniform(-201 - i, d) + uniform(i, d) + uniform(-100000 - i, d)
	ORDER BY d)::vector(64) AS v
FROM generate_series(1, 60) i, generate_series(1, 64) d GROUP BY i;
CREATE INDEX clusters_idx ON clusters USING ivfkm (v);
SELECT recall >= 0.98 AS recall FROM ivfkm_recall('clusters_idx', 10, 60, 'SELECT v FROM holes');
-- others go on no farther for that
SELECT recall >= 0.98 AS recall, rows < 2000 AS few FROM ivfkm_recall('clusters_idx', 10, 60);

-- products with queries much longer or shorter than rows
CREATE TABLE far AS
SELECT i AS id, array_agg(6 * uniform(-1 - i % 20, d) + uniform(i, d) ORDER BY d)::vector(64) AS v
FROM generate_series(1, 4000) i, generate_series(1, 64) d GROUP BY i;
CREATE INDEX far_idx ON far USING ivfkm (v vector_ip_ops) WITH (lists = 40);
CREATE FUNCTION found(length float8) RETURNS numeric LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	hits integer := 0;
	farthest float8;
	query vector;
BEGIN
	FOR i IN 1 .. 40 LOOP
		query := (SELECT array_agg(length * (uniform(9000 + i, d) - 0.5))::vector
			FROM generate_series(1, 64) d);
		SELECT max(p) INTO farthest
		FROM (SELECT (v <#> query) + 0 AS p FROM far ORDER BY p LIMIT 10) s;
		hits := hits + (SELECT count(*) FROM (SELECT v <#> query AS p FROM far
			ORDER BY v <#> query LIMIT 10) s WHERE p <= farthest);
	END LOOP;
	RETURN hits / 400.0;
END $$;
SELECT length, found(length) >= 0.96 AS found
FROM unnest(ARRAY[1, 1e3, 3e6, 1e10, 1e14, 1e-3, 1e-6, 1e-8, 1e-20]) length;
-- and all rows within a bound
SELECT length, (SELECT count(*) FROM (SELECT FROM far WHERE v <#> q <= bound ORDER BY v <#> q) s)
FROM unnest(ARRAY[1, 1e6, 3e6, 7e6, 1e9, 1e15, 1e-6, 1e-8, 1e-20]) length,
	LATERAL (SELECT array_fill(length::real, ARRAY[64])::vector AS q OFFSET 0) a,
	LATERAL (SELECT (v <#> q) + 0 AS bound FROM far ORDER BY bound OFFSET 299 LIMIT 1) b;
DROP TABLE far;
DROP FUNCTION found;

DROP TABLE t, q, truth, copies, others, clusters, holes;
DROP FUNCTION recall, seen, uniform;
