--
-- ivfkm: plans for values of columns that are not known when the query is planned
--

-- how the best plan for a query reads its table: the name of an index, or the kind of scan
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN substring(plan::text FROM '"Index Name": "([^"]*)"');
END $$;
-- the rows that it expects of its table, before the LIMIT
CREATE FUNCTION rows_of(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	plan := plan->0->'Plan';
	WHILE plan->>'Relation Name' IS NULL LOOP
		plan := plan->'Plans'->0;
	END LOOP;
	RETURN plan->>'Plan Rows';
END $$;
-- a vector of elements between 0 and 1 that depend on i alone
CREATE FUNCTION vector_of(i integer, dims integer) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg((hashint4(i * 4096 + j)::bigint & 1023) / 1024.0)::vector
		FROM generate_series(1, dims) j
$$;

-- tenants of which few have most of the rows (the n-th one about 1 / n of the first one's), and
-- pages of 10 rows each
SET max_parallel_workers_per_gather = 0;
CREATE TABLE t (id integer, tenant integer, page integer, name text, v vector(32))
	WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, tenant, i / 10, 'n' || tenant, vector_of(i, 32)
	FROM generate_series(1, 20000) i, floor(exp(i * 7919 % 20000 / 20000.0 * ln(1000))) tenant;
CREATE INDEX t_tenant ON t (tenant);
CREATE INDEX t_v ON t USING ivfkm (v, tenant, page, name);
CREATE INDEX t_page ON t (page);
CREATE INDEX t_name ON t (name);
VACUUM ANALYZE t;

-- a value is asked for as often as it occurs: large tenants come from the index, pages from a sort
SELECT vector_of(-1, 32) AS q \gset
SET plan_cache_mode = force_generic_plan;
PREPARE by_tenant (integer) AS SELECT id FROM t WHERE tenant = $1 ORDER BY v <-> :'q' LIMIT 10;
PREPARE by_bigint (bigint) AS SELECT id FROM t WHERE $1 = tenant ORDER BY v <-> :'q' LIMIT 10;
PREPARE by_name (text) AS SELECT id FROM t WHERE name = $1 ORDER BY v <-> :'q' LIMIT 10;
PREPARE by_page (integer) AS SELECT id FROM t WHERE page = $1 ORDER BY v <-> :'q' LIMIT 10;
PREPARE by_both (integer, text) AS SELECT id FROM t WHERE tenant = $1 AND name = $2
	ORDER BY v <-> :'q' LIMIT 10;
SELECT query, plan_of(format('EXECUTE %s', query)) FROM unnest(ARRAY['by_tenant(1)', 'by_bigint(1)',
	'by_name(''n1'')', 'by_page(1)', 'by_both(1, ''n1'')']) query;

-- so with one of several values
PREPARE by_any (integer[]) AS SELECT id FROM t WHERE tenant = ANY ($1) ORDER BY v <-> :'q' LIMIT 10;
PREPARE by_in (integer, integer) AS SELECT id FROM t WHERE tenant IN ($1, $2)
	ORDER BY v <-> :'q' LIMIT 10;
PREPARE by_names (text[]) AS SELECT id FROM t WHERE name = ANY ($1) ORDER BY v <-> :'q' LIMIT 10;
PREPARE by_pages (integer, integer) AS SELECT id FROM t WHERE page IN ($1, $2)
	ORDER BY v <-> :'q' LIMIT 10;
SELECT query, plan_of(format('EXECUTE %s', query)) FROM unnest(ARRAY['by_any(''{1}'')',
	'by_in(1, 2)', 'by_names(''{n1}'')', 'by_pages(1, 2)']) query;

-- it is that whichever index was made last
DROP INDEX t_tenant;
CREATE INDEX t_tenant ON t (tenant);
SELECT plan_of('EXECUTE by_tenant(1)');

-- rows that are expected: the mean of what tenants have, each as often as it has rows
SELECT rows_of('EXECUTE by_tenant(1)') BETWEEN 0.9 * mean AND 1.1 * mean AS right,
	rows_of('EXECUTE by_bigint(1)') BETWEEN 0.9 * mean AND 1.1 * mean AS bigint,
	rows_of('EXECUTE by_in(1, 2)') BETWEEN 1.8 * mean AND 2.2 * mean AS two,
	rows_of('EXECUTE by_any(NULL)') BETWEEN 9 * mean AND 11 * mean AS ten
FROM (SELECT sum(n * n) / sum(n) AS mean FROM (SELECT count(*) AS n FROM t GROUP BY tenant) s) m;
SET enable_indexscan = off;
SELECT rows_of('EXECUTE by_tenant(1)') BETWEEN 0.9 * mean AND 1.1 * mean AS sorted
FROM (SELECT sum(n * n) / sum(n) AS mean FROM (SELECT count(*) AS n FROM t GROUP BY tenant) s) m;
RESET enable_indexscan;
-- elsewhere PostgreSQL's guess stays
PREPARE rows_of_tenant (integer) AS SELECT id FROM t WHERE tenant = $1;
SELECT rows_of('EXECUTE rows_of_tenant(1)') < 200 AS guess;

-- a range lets a few rows through as likely as many: so many on average, whichever way it is
-- written, and for as long as no end of it is known
PREPARE above (integer) AS SELECT id FROM t WHERE tenant > $1 ORDER BY v <-> :'q' LIMIT 10;
PREPARE below (integer) AS SELECT id FROM t WHERE $1 >= tenant ORDER BY v <-> :'q' LIMIT 10;
PREPARE between_two (integer, integer) AS SELECT id FROM t WHERE tenant BETWEEN $1 AND $2
	ORDER BY v <-> :'q' LIMIT 10;
PREPARE known_end (integer) AS SELECT id FROM t WHERE tenant >= $1 AND tenant < 100
	ORDER BY v <-> :'q' LIMIT 10;
SELECT query, rows_of(format('EXECUTE %s', query)) BETWEEN 0.95 * mean AND 1.05 * mean AS right
FROM unnest(ARRAY['above(1)', 'below(1)', 'between_two(1, 2)']) query,
	(SELECT avg(exp(-(n + 0.5) / 8 * ln(20000))) * 20000 AS mean FROM generate_series(0, 7) n) m;
SELECT rows_of('EXECUTE known_end(1)') = 20000 * 0.005 AS guess;
-- the column is one of the index
SELECT plan_of('EXECUTE above(1)') AS above, plan_of('EXECUTE between_two(1, 2)') AS between_two;

-- the inner side of a join
SELECT plan_of(format('SELECT s.id FROM (VALUES (1), (2)) o (tenant), LATERAL (SELECT id FROM t '
	'WHERE t.%s = o.tenant ORDER BY v <-> %L LIMIT 5) s', c, :'q')), c
FROM unnest(ARRAY['tenant', 'page']) c;

-- where values differ much, each gets a plan of its own
CREATE FUNCTION plans_of_tenants(OUT generic bigint, OUT custom bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('EXPLAIN EXECUTE by_tenant(%s)', 1 + i % 2 * 700);
	END LOOP;
	SELECT generic_plans, custom_plans INTO generic, custom
		FROM pg_prepared_statements WHERE name = 'by_tenant';
END $$;
RESET plan_cache_mode;
DEALLOCATE by_tenant;
PREPARE by_tenant (integer) AS SELECT id FROM t WHERE tenant = $1 ORDER BY v <-> :'q' LIMIT 10;
SELECT * FROM plans_of_tenants();
SELECT plan_of('EXECUTE by_tenant(1)') AS large, plan_of('EXECUTE by_tenant(701)') AS small;

-- the same for a filter on rows, with an index on the vector alone
DROP INDEX t_v;
CREATE INDEX t_v ON t USING ivfkm (v);
DEALLOCATE by_tenant;
PREPARE by_tenant (integer) AS SELECT id FROM t WHERE tenant = $1 ORDER BY v <-> :'q' LIMIT 1;
SELECT * FROM plans_of_tenants();
SELECT plan_of('EXECUTE by_tenant(1)') AS large, plan_of('EXECUTE by_tenant(701)') AS small;

-- a range that lets few rows through costs too much there: the sort is the better way on average,
-- and each range gets a plan of its own
SET plan_cache_mode = force_generic_plan;
SELECT plan_of('EXECUTE above(1)') AS above, plan_of('EXECUTE below(1)') AS below;
RESET plan_cache_mode;
DEALLOCATE above;
PREPARE above (integer) AS SELECT id FROM t WHERE tenant > $1 ORDER BY v <-> :'q' LIMIT 10;
CREATE FUNCTION plans_of_ranges(OUT generic bigint, OUT custom bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('EXPLAIN EXECUTE above(%s)', (ARRAY[1, 100, 900, 990])[1 + i % 4]);
	END LOOP;
	SELECT generic_plans, custom_plans INTO generic, custom
		FROM pg_prepared_statements WHERE name = 'above';
END $$;
SELECT * FROM plans_of_ranges();
SELECT plan_of('EXECUTE above(1)') AS large, plan_of('EXECUTE above(990)') AS small;

DROP TABLE t;
DROP FUNCTION plan_of, plans_of_ranges, plans_of_tenants, rows_of, vector_of;
RESET ALL;
