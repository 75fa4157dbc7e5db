--
-- ivfkm: which plan is chosen, by size, LIMIT and filter
--

-- how the best plan for a query reads its table: the name of an index, or the kind of scan
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	plan := plan->0->'Plan';
	WHILE plan->'Plans' IS NOT NULL AND plan->>'Node Type' <> 'Bitmap Heap Scan' LOOP
		plan := plan->'Plans'->0;
	END LOOP;
	RETURN coalesce(plan->>'Index Name', plan->>'Node Type');
END $$;

-- the lines of a plan
CREATE FUNCTION explain_lines(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;

-- a vector of elements between 0 and 1 that depend on i alone
CREATE FUNCTION vector_of(i integer, dims integer) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg((hashint4(i * 4096 + j)::bigint & 1023) / 1024.0)::vector
		FROM generate_series(1, dims) j
$$;

SET max_parallel_workers_per_gather = 0;
CREATE TABLE t (id integer, a integer, b integer, v vector(16)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, i * 7919 % 20000, i * 7919 % 20000, vector_of(i, 16)
	FROM generate_series(1, 20000) i;
CREATE INDEX t_v ON t USING ivfkm (v);
CREATE INDEX t_a ON t (a);
VACUUM ANALYZE t;

-- the first rows come from the index, all rows from a sort; a filter that leaves few rows is
-- used first if it can be
SELECT condition, "limit", plan_of(format('SELECT id FROM t %s ORDER BY v <-> ''%s'' LIMIT %s',
	'WHERE ' || condition, vector_of(0, 16), coalesce("limit", 'ALL')))
FROM unnest(ARRAY['true', 'b < 10000', 'a < 180', 'a < 20', 'b < 2'])
		WITH ORDINALITY c (condition, n),
	(VALUES (1, '1'), (2, '10'), (3, NULL)) l (m, "limit") ORDER BY n, m;

-- a LIMIT that is not known when the plan is made is taken to be small
SET plan_cache_mode = force_generic_plan;
PREPARE near (vector, bigint) AS SELECT id FROM t ORDER BY v <-> $1 LIMIT $2;
SELECT plan_of(format('EXECUTE near(''%s'', 10)', vector_of(0, 16)));
DEALLOCATE near;
RESET plan_cache_mode;

-- few rows within a distance come from the index, all of them or the first ones, though each may be
-- on a page of its own; many come from the table
CREATE TABLE w (id integer, v vector(128)) WITH (autovacuum_enabled = off);
INSERT INTO w SELECT i, vector_of(i, 128) FROM generate_series(1, 5000) i;
CREATE INDEX w_v ON w USING ivfkm (v);
VACUUM ANALYZE w;
SELECT vector_of(0, 128) AS q \gset
SELECT within, "limit", plan_of(format('SELECT id FROM w WHERE v <-> %L < %s ', :'q', r)
	|| CASE WHEN "limit" <> 'none' THEN format('ORDER BY v <-> %L LIMIT ', :'q') || "limit"
	ELSE '' END)
FROM (VALUES (1, 'none'), (2, '10'), (3, '1000')) l (n, "limit"),
	unnest(ARRAY[25, 50, 2500]) within,
	LATERAL (SELECT v <-> :'q' AS r FROM w ORDER BY 1 OFFSET within LIMIT 1) s ORDER BY n, within;

-- where the distance is not known, the nearest rows come in order, until the LIMIT or the distance;
-- all rows, or the first ones by something else, do not
SET plan_cache_mode = force_generic_plan;
PREPARE within (vector, float8) AS SELECT id FROM w WHERE v <-> $1 < $2 ORDER BY v <-> $1 LIMIT 10;
PREPARE within_all (vector, float8) AS SELECT id FROM w WHERE v <-> $1 < $2 ORDER BY v <-> $1;
PREPARE within_by_id (vector, float8) AS SELECT id FROM w WHERE v <-> $1 < $2 ORDER BY id LIMIT 10;
SELECT name, plan_of(query), (SELECT count(*) FROM explain_lines(query) l WHERE l LIKE '%Sort Key%')
	AS sorts
FROM unnest(ARRAY['within', 'within_all', 'within_by_id']) name,
	format('EXECUTE %s(%L, 1)', name, :'q') query;
DEALLOCATE within;
DEALLOCATE within_all;
DEALLOCATE within_by_id;
RESET plan_cache_mode;
DROP TABLE w;

-- a scan that does not go on below a filter ends early, and costs less; planning a search reads no
-- page of the index
CREATE FUNCTION explained(query text, key text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	FOR i IN 1..3 LOOP
		EXECUTE 'EXPLAIN (BUFFERS, FORMAT JSON) ' || query INTO plan;
	END LOOP;
	RETURN coalesce(plan->0->'Planning'->>key, plan->0->'Plan'->>key);
END $$;
SELECT format('SELECT id FROM t WHERE b < 200 ORDER BY v <-> ''%s'' LIMIT 10', vector_of(0, 16))
	AS filtered \gset
SET enable_seqscan = off;
SET enable_sort = off;
SELECT plan_of(:'filtered'), explained(:'filtered', 'Total Cost') AS goes_on,
	explained(:'filtered', 'Shared Hit Blocks') AS pages \gset
SELECT :'plan_of' AS plan, :pages AS pages;
SET ivfkm.iterative_scan = off;
SELECT explained(:'filtered', 'Total Cost') < 0.5 * :goes_on AS less;
RESET ivfkm.iterative_scan;
RESET enable_sort;
RESET enable_seqscan;
DROP FUNCTION explained;

-- every row is counted, by a sort
SELECT plan_of(format('SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> ''%s'' OFFSET 0) s',
	vector_of(0, 16)));
SELECT plan_of(format('SELECT id, rank() OVER (ORDER BY v <-> ''%s'') FROM t', vector_of(0, 16)));
SELECT plan_of(format('CREATE TABLE c AS SELECT id FROM t ORDER BY v <-> ''%s''',
	vector_of(0, 16)));

-- aggregates are exact, whatever is switched off
SELECT vector_of(0, 16) AS q \gset
SET enable_seqscan = off;
SELECT plan_of(format('SELECT %s FROM t', what))
FROM unnest(ARRAY['min(v <-> %1$L)', 'max(- (v <-> %1$L))', 'min(v <-> %1$L), count(*)',
	'min(v <-> %1$L), min(v <=> %1$L)']) f,
	format(f, :'q') what;
SELECT plan_of(format('SELECT id FROM t WHERE v <-> %1$L = (SELECT min(v <-> %1$L) FROM t)', :'q'));
-- the same as a subquery of the user's is no aggregate
SELECT plan_of(format('SELECT (SELECT v <-> %1$L FROM t ORDER BY v <-> %1$L LIMIT 1)', :'q')) AS
	subquery;

-- the index knows one order
SET enable_sort = off;
SELECT plan_of(format('SELECT id FROM t ORDER BY v <-> %1$L, v <-> %2$L LIMIT 12', :'q',
	vector_of(-1, 16))) AS two_keys,
	plan_of(format('SELECT id FROM t ORDER BY v <-> %1$L LIMIT 12', :'q')) AS one_key;
CREATE TABLE bits (id integer, b bit(8));
INSERT INTO bits SELECT i, (i % 256)::bit(8) FROM generate_series(1, 1024) i;
CREATE INDEX bits_b ON bits USING ivfkm (b bit_hamming_ops);
ANALYZE bits;
SELECT b <~> B'00000000' AS first, b <~> B'00001111' AS second FROM bits
	ORDER BY b <~> B'00000000', b <~> B'00001111' LIMIT 12;
RESET enable_sort;
RESET enable_seqscan;

-- partitions: each comes in order
CREATE TABLE p (id integer, v vector(16)) PARTITION BY HASH (id);
CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO p SELECT id, v FROM t;
CREATE INDEX ON p USING ivfkm (v);
VACUUM ANALYZE p;
SELECT plan_of(format('SELECT id FROM p ORDER BY v <-> %L LIMIT 10', :'q')) AS first_rows,
	plan_of(format('SELECT id FROM p ORDER BY v <-> %L', :'q')) AS all_rows;
SET enable_seqscan = off;
SELECT plan_of(format('SELECT min(v <-> %L) FROM p', :'q')) AS min;
RESET enable_seqscan;

-- long vectors are fetched from outside of their rows: few are worth an index
CREATE TABLE long (id integer, v vector(1536));
INSERT INTO long SELECT i, vector_of(i, 1536) FROM generate_series(1, 300) i;
CREATE INDEX long_v ON long USING ivfkm (v);
CREATE TABLE short (id integer, v vector(4));
INSERT INTO short SELECT i, vector_of(i, 4) FROM generate_series(1, 300) i;
CREATE INDEX short_v ON short USING ivfkm (v);
ANALYZE long, short;
SELECT plan_of(format('SELECT id FROM long ORDER BY v <-> %L LIMIT 5', vector_of(0, 1536))) AS long,
	plan_of(format('SELECT id FROM short ORDER BY v <-> %L LIMIT 5', vector_of(0, 4))) AS short;

-- a filter by distance is looked at last
CREATE TABLE halves AS SELECT id, v::halfvec(1536) AS v FROM long;
ANALYZE halves;
SELECT regexp_replace(l, '''\[.*\]''', '''[...]''') AS plan
	FROM (SELECT vector_of(0, 1536)::halfvec AS h) q,
	explain_lines(format('SELECT FROM halves WHERE v <-> %L < 1 AND id > 100', h)) l;

DROP TABLE t, p, bits, long, short, halves;
DROP FUNCTION plan_of, explain_lines, vector_of;
RESET ALL;
