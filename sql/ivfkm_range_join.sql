--
-- ivfkm: plans of joins within a distance, and of distances from what is not known at planning
--

-- a vector of elements between 0 and 1 that depend on i alone
CREATE FUNCTION vector_of(i integer, dims integer) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg((hashint4(i * 4096 + j)::bigint & 1023) / 1024.0 ORDER BY j)::vector
		FROM generate_series(1, dims) j
$$;
-- the index by which the best plan for a query reads t, where the condition is its filter
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN array_to_string(ARRAY(SELECT DISTINCT m[1]
		FROM regexp_matches(plan::text, '"Index Name": "(t_[^"]*)"', 'g') m ORDER BY 1), ' ');
END $$;
-- the rows that the best plan for a query expects of it
CREATE FUNCTION rows_of(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END $$;

-- groups of 8 rows that are close to each other
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE TABLE t (id integer PRIMARY KEY, category integer, v vector(32), b bit(64), w vector(16))
	WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, i % 5, vector_of(i / 8, 32) + vector_of(-i, 32) * array_fill(0.01,
		ARRAY[32])::vector,
	(hashint4(i / 8)::bigint::bit(32) || hashint4(-i / 8)::bigint::bit(32))::bit(64),
	vector_of(i, 16)
	FROM generate_series(1, 6000) i;
CREATE INDEX t_l2 ON t USING ivfkm (v);
CREATE TABLE q (n integer, v vector(32), r float8);
INSERT INTO q SELECT i, vector_of(i, 32), 0.2 + 0.0001 * i FROM generate_series(1, 100) i;
VACUUM ANALYZE t, q;

-- near duplicates, not by the primary key, which the second condition matches
SELECT condition, plan_of('SELECT a.id, b.id FROM t a JOIN t b ON ' || condition) AS plan
FROM unnest(ARRAY['a.v <-> b.v < 0.2', 'a.v <-> b.v < 0.2 AND a.id < b.id',
	'b.v <-> a.v <= 0.2 AND b.id > a.id', '0.2 > a.v <-> b.v AND a.id <> b.id',
	'l2_distance(a.v, b.v) < 0.2 AND a.id < b.id']) WITH ORDINALITY w (condition, n) ORDER BY n;
SELECT plan_of('SELECT count(*) FROM t a JOIN t b ON a.v <-> b.v < 0.2 AND a.id < b.id') AS counted,
	plan_of('SELECT id FROM t a WHERE EXISTS (SELECT FROM t b WHERE a.v <-> b.v < 0.2 AND
		b.id < a.id)') AS exists,
	plan_of('SELECT id FROM t a WHERE NOT EXISTS (SELECT FROM t b WHERE a.v <-> b.v < 0.2 AND
		b.id < a.id)') AS not_exists,
	plan_of('SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.v <-> b.v < 0.2 AND a.id < b.id')
		AS outer,
	plan_of('SELECT id, s.* FROM t a, LATERAL (SELECT count(*) FROM t b WHERE a.v <-> b.v < 0.2 AND
		a.id < b.id) s') AS lateral;
SELECT count(*), sum(a.id), sum(b.id) FROM t a JOIN t b ON a.v <-> b.v < 0.2 AND a.id < b.id;
-- a bound that nearly all rows are within is another thing
SELECT plan_of('SELECT a.id, b.id FROM t a JOIN t b ON a.v <-> b.v < 20 AND a.id < b.id') AS plan;

-- how many rows are expected
SELECT rows_of('SELECT a.id, b.id FROM t a JOIN t b ON a.v <-> b.v < ' || r)
		BETWEEN n / 3.0 AND n * 3.0 AS join,
	rows_of('SELECT id FROM q JOIN t ON t.v <-> q.v < ' || r)
		BETWEEN n / 6000.0 * 100 / 4.0 AND n / 6000.0 * 100 * 4.0 AS other
FROM (VALUES (0.1, 48000), (0.2, 48000)) v (r, n);

-- bounds that are not known either: a parameter, a column with statistics and one without
PREPARE joined (float8) AS SELECT a.id, b.id FROM t a JOIN t b ON a.v <-> b.v < $1 AND a.id < b.id;
PREPARE around (vector) AS SELECT id FROM t WHERE v <-> $1 < 0.2;
PREPARE within (vector, float8) AS SELECT id FROM t WHERE v <-> $1 < $2;
PREPARE known (float8) AS SELECT id FROM t WHERE v <-> (SELECT v FROM q WHERE n = 1) < $1;
SET plan_cache_mode = force_generic_plan;
SELECT plan_of('EXECUTE joined(0.2)') AS joined, plan_of('EXECUTE around(NULL)') AS around,
	plan_of('EXECUTE within(NULL, NULL)') AS within, plan_of('EXECUTE known(NULL)') AS known,
	rows_of('EXECUTE around(NULL)') BETWEEN 3 AND 24 AS rows_around,
	rows_of('EXECUTE within(NULL, NULL)') BETWEEN 1 AND 100 AS rows_within;
RESET plan_cache_mode;
SELECT plan_of('SELECT n, id FROM q JOIN t ON t.v <-> q.v < q.r') AS plan,
	rows_of('SELECT n, id FROM q JOIN t ON t.v <-> q.v < q.r') BETWEEN 200 AND 3200 AS rows;
UPDATE q SET r = 20;
ANALYZE q;
SELECT rows_of('SELECT n, id FROM q JOIN t ON t.v <-> q.v < q.r') > 300000 AS all;

-- partitions
CREATE TABLE p (id integer PRIMARY KEY, v vector(32)) PARTITION BY RANGE (id);
CREATE TABLE t_p1 PARTITION OF p FOR VALUES FROM (0) TO (3000);
CREATE TABLE t_p2 PARTITION OF p FOR VALUES FROM (3000) TO (20000) PARTITION BY RANGE (id);
CREATE TABLE t_p3 PARTITION OF t_p2 FOR VALUES FROM (3000) TO (20000);
INSERT INTO p SELECT id, v FROM t;
CREATE INDEX p_l2 ON p USING ivfkm (v);
ANALYZE p;
SELECT plan_of('SELECT a.id, b.id FROM p a JOIN p b ON a.v <-> b.v < 0.2 AND a.id < b.id') AS plan,
	rows_of('SELECT a.id, b.id FROM p a JOIN p b ON a.v <-> b.v < 0.2') BETWEEN 16000 AND 144000
		AS rows;
DROP TABLE p;

-- other distances and types
DROP INDEX t_l2;
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops);
CREATE INDEX t_cosine ON t USING ivfkm (v vector_cosine_ops);
CREATE INDEX t_l1 ON t USING ivfkm (v vector_l1_ops);
CREATE INDEX t_half ON t USING ivfkm ((v::halfvec(32)) halfvec_l2_ops);
CREATE INDEX t_sparse ON t USING ivfkm ((v::sparsevec(32)) sparsevec_l2_ops);
CREATE INDEX t_hamming ON t USING ivfkm (b bit_hamming_ops);
CREATE INDEX t_jaccard ON t USING ivfkm (b bit_jaccard_ops);
ANALYZE t;
SELECT condition, plan_of('SELECT a.id, b.id FROM t a JOIN t b ON a.id < b.id AND ' || condition)
	AS plan
FROM unnest(ARRAY['a.v <=> b.v < 0.001', '1 - (a.v <=> b.v) > 0.999', 'a.v <#> b.v < -14',
	'a.v <+> b.v < 0.5', 'a.v::halfvec(32) <-> b.v::halfvec(32) < 0.2',
	'a.v::sparsevec(32) <-> b.v::sparsevec(32) < 0.2', 'a.b <~> b.b < 3', 'a.b <%> b.b < 0.1'])
	WITH ORDINALITY w (condition, n) ORDER BY n;
DROP INDEX t_ip, t_cosine, t_l1, t_half, t_sparse, t_hamming, t_jaccard;

-- Planning runs no function of an expression that could do what it likes, and tells of no hidden
-- rows: then few are expected.
CREATE FUNCTION noisy(v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RAISE NOTICE 'noisy';
	RETURN v;
END $$;
SET client_min_messages = warning;
CREATE INDEX t_noisy ON t USING ivfkm ((noisy(w)::vector(16)));
RESET client_min_messages;
ANALYZE t (id);
SELECT rows_of('SELECT a.id, b.id FROM t a JOIN t b ON noisy(a.w)::vector(16) <->
	noisy(b.w)::vector(16) < 20') BETWEEN 6000 AND 600000 AS few;
DROP INDEX t_noisy;
CREATE INDEX t_l2 ON t USING ivfkm (v);
CREATE ROLE regress_range_join;
GRANT SELECT ON t TO regress_range_join;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY first ON t USING (category = 1);
SET ROLE regress_range_join;
SELECT rows_of('SELECT a.id, b.id FROM t a JOIN t b ON a.v <-> b.v < 20') < 1000000 AS not_asked;
RESET ROLE;
DROP TABLE t, q;
DROP ROLE regress_range_join;
DROP FUNCTION plan_of, rows_of, noisy, vector_of;
RESET ALL;
