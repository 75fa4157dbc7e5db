--
-- What the planner is told about distances: dimensions and values in TOAST tables count
--

-- how the best plan for a query reads its table: the name of an index, or the kind of scan
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	plan := plan->0->'Plan';
	WHILE plan->'Plans' IS NOT NULL LOOP
		plan := plan->'Plans'->0;
	END LOOP;
	RETURN coalesce(plan->>'Index Name', plan->>'Node Type');
END $$;

-- what a row of a query costs, in units of cpu_operator_cost
CREATE FUNCTION row_cost(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	plan := plan->0->'Plan';
	RETURN round((plan->>'Total Cost')::numeric / (plan->>'Plan Rows')::numeric / 0.0025, 1);
END $$;

-- a vector of elements between 0 and 1 that depend on i alone
CREATE FUNCTION vector_of(i integer, dims integer) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg((hashint4(i * 4096 + j)::bigint & 1023) / 1024.0)::vector
		FROM generate_series(1, dims) j
$$;
SET max_parallel_workers_per_gather = 0;
SELECT name, setting FROM pg_settings
	WHERE name IN ('cpu_operator_cost', 'cpu_tuple_cost', 'jit_above_cost') ORDER BY name;

-- long vectors, out of line: an index is used for few of them too
CREATE TABLE long (id integer, v vector(1536)) WITH (autovacuum_enabled = off);
INSERT INTO long SELECT i, vector_of(i % 300, 1536) FROM generate_series(1, 3000) i;
CREATE INDEX long_v ON long USING ivfkm (v);
VACUUM ANALYZE long;
SELECT plan_of(format('SELECT id FROM long ORDER BY v <-> %L LIMIT 10', vector_of(-1, 1536))) AS l2,
	plan_of(format('SELECT id FROM long WHERE id > 0 ORDER BY v <-> %L LIMIT 10',
	vector_of(-1, 1536))) AS filtered;
CREATE TABLE part (id integer, v vector(512)) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (550);
INSERT INTO part SELECT i, vector_of(i % 100, 512) FROM generate_series(1, 549) i;
CREATE INDEX ON part USING ivfkm (v);
VACUUM ANALYZE part;
SELECT plan_of(format('SELECT id FROM part ORDER BY v <-> %L LIMIT 10', vector_of(-1, 512))) AS
	partition;

-- rows of one value without pages: a call costs 1, and 0.0004 a byte
SELECT dims,
	row_cost(format('SELECT v <-> %L FROM (SELECT a::text::vector(%s) AS v FROM generate_series(1, '
	'1000000) a OFFSET 0) s', vector_of(0, dims), dims))
		-
		row_cost(format('SELECT v IS NULL FROM (SELECT a::text::vector(%s) AS v '
		'FROM generate_series(1, 1000000) a OFFSET 0) s', dims)) AS cost
FROM unnest(ARRAY[1, 512, 1536]) dims;

-- where a value is out of line, fetching it counts: known by ANALYZE, else by storage and size
CREATE TABLE near (v vector(384)) WITH (autovacuum_enabled = off);
CREATE TABLE far (v vector(768)) WITH (autovacuum_enabled = off);
CREATE TABLE plain (v vector(768)) WITH (autovacuum_enabled = off);
ALTER TABLE plain ALTER v SET STORAGE plain;
INSERT INTO near SELECT vector_of(1, 384) FROM generate_series(1, 100);
INSERT INTO far SELECT vector_of(1, 768) FROM generate_series(1, 100);
INSERT INTO plain SELECT v FROM far;
CREATE FUNCTION distance_cost(relation text) RETURNS numeric LANGUAGE sql AS $$
	SELECT row_cost(format('SELECT v <-> v FROM %I', relation)) -
		row_cost(format('SELECT v FROM %I', relation))
$$;
SELECT distance_cost('near') AS near, distance_cost('far') AS far, distance_cost('plain') AS plain;
VACUUM ANALYZE near, far, plain;
SELECT distance_cost('near') AS near, distance_cost('far') AS far, distance_cost('plain') AS plain;

-- other types and distances, without a modifier and with a constant
CREATE TABLE kinds (h halfvec(768), s sparsevec(1000000), b bit(4096), u vector)
	WITH (autovacuum_enabled = off);
SELECT expression, row_cost(format('SELECT %s FROM kinds', expression)) -
	row_cost('SELECT 1 FROM kinds') AS cost
FROM unnest(ARRAY['h <=> h', 'h <#> h', 'h <+> h', 's <-> s', 's <=> ''{1:1}/1000000''', 'b <~> b',
	'b <%> b', 'u <-> u', 'u <-> ''[1]''',
	'inner_product(h, h)', 'l2_squared_distance(u, u)']) expression;

-- filters are asked for without a query, and with parameters
PREPARE within (vector, float8) AS SELECT id FROM long WHERE v <-> $1 < $2;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE within('[1]', 1);
DEALLOCATE within;
RESET plan_cache_mode;
CREATE INDEX ON long ((v <-> v));
DROP TABLE long, part, near, far, plain, kinds;


DROP FUNCTION plan_of, row_cost, vector_of, distance_cost;
RESET ALL;
