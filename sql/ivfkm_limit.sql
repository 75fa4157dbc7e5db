--
-- ivfkm: searches for many rows, which are refined and looked at many at a time
--

-- a number between 0 and 1
CREATE FUNCTION uniform(seed integer, d integer) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT (hashint8(seed * 20000::bigint + d) & 65535) / 65536.0::float8';

CREATE FUNCTION vec(seed integer) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT array_agg(uniform(seed, d) ORDER BY d)::vector FROM generate_series(1, 32) d';

CREATE TABLE t (id integer, part integer, v vector(32)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, i % 4, vec(i) FROM generate_series(1, 10000) i;
CREATE INDEX t_idx ON t USING ivfkm (v);
VACUUM ANALYZE t;
SET enable_seqscan = off;
SET enable_sort = off;

-- what EXPLAIN tells of a search: blocks that its scan read
CREATE FUNCTION blocks(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	RETURN (plan->0->'Plan'->>'Shared Hit Blocks')::integer +
		(plan->0->'Plan'->>'Shared Read Blocks')::integer;
END $$;

-- A page of refine codes is locked once for many of its rows: far fewer blocks than rows.
SELECT blocks('SELECT id FROM t ORDER BY v <-> vec(0) LIMIT 500') AS blocks \gset
SELECT refined > 2000 AS many, :blocks - reranked - given < refined / 3 AS few_blocks
	FROM ivfkm_last_scan();

-- the distance of the k-th nearest row
CREATE FUNCTION farthest(query vector, k integer, filter text = 'true')
RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	result float8;
BEGIN
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_sort = on;
	EXECUTE format('SELECT v <-> $1 FROM t WHERE %s ORDER BY 1 LIMIT 1 OFFSET $2 - 1', filter)
		USING query, k INTO result;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_sort = off;
	RETURN result;
END $$;
-- of 16 searches: rows and distinct ones, the fewest; whether they are in order, and all together
-- find what they are to
CREATE FUNCTION search(k integer, filter text = 'true')
RETURNS TABLE (rows bigint, ids bigint, in_order boolean, found boolean) LANGUAGE plpgsql AS $$
DECLARE
	query vector;
	hits bigint = 0;
	one record;
BEGIN
	in_order := true;
	FOR i IN 0..15 LOOP
		query := vec(-i);
		EXECUTE format('SELECT count(*) AS rows, count(DISTINCT id) AS ids,
			bool_and(d >= before) IS NOT false AS in_order, count(*) FILTER (WHERE d <= $3) AS hits
			FROM (SELECT id, d, lag(d) OVER (ORDER BY n) AS before FROM (
				SELECT id, v <-> $1 AS d, row_number() OVER () AS n FROM (
					SELECT id, v FROM t WHERE %s ORDER BY v <-> $1 LIMIT $2) a) b) c', filter)
			INTO one USING query, k, farthest(query, k, filter);
		rows := least(rows, one.rows);
		ids := least(ids, one.ids);
		in_order := in_order AND one.in_order;
		hits := hits + one.hits;
	END LOOP;
	RETURN QUERY SELECT rows, ids, in_order, hits >= 16 * (0.96 * k - 0.3);
END $$;
SELECT s.* FROM unnest(ARRAY[1, 10, 64, 65, 500, 3000]) k, search(k) s;
SELECT s.* FROM unnest(ARRAY[10, 100, 500]) k, search(k, 'part = 1') s;
-- rows that a snapshot does not see are not counted; some are looked at, some are not
DELETE FROM t WHERE part = 2;
SELECT s.* FROM unnest(ARRAY[10, 100, 500]) k, search(k) s;
-- rows at equal distances, and more than are wanted
INSERT INTO t SELECT 20000 + i, 5, vec(0) FROM generate_series(1, 700) i;
SELECT s.* FROM unnest(ARRAY[10, 100, 500, 800]) k, search(k) s;
-- whoever wants fewer rows than LIMIT says ends sooner
SET ivfkm.probes = 20;
SELECT count(*) FROM (SELECT id FROM t, generate_series(1, 100) ORDER BY v <-> vec(3)
	LIMIT 500) s;
SELECT given < 10 AND reranked <= 64 AS few FROM ivfkm_last_scan();
RESET ivfkm.probes;
-- a cursor that asks for more and more
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> vec(5);
MOVE 100 FROM c;
MOVE 1000 FROM c;
MOVE ALL FROM c;
COMMIT;
-- within a distance
SELECT count(*) / (SELECT count(*) FROM t WHERE (v <-> vec(5)) + 0 < 2)::float8 > 0.97 AS found
	FROM (SELECT id FROM t WHERE v <-> vec(5) < 2 ORDER BY v <-> vec(5) LIMIT 3000) s;
-- by inner product and cosine, and with 4 bits
DROP INDEX t_idx;
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (refine_bits = 4);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (refine_bits = 0);
SELECT count(*), bool_and(d >= before) IS NOT false AS in_order
	FROM (SELECT d, lag(d) OVER (ORDER BY n) AS before FROM (
		SELECT v <#> vec(7) AS d, row_number() OVER () AS n
		FROM (SELECT v FROM t ORDER BY v <#> vec(7) LIMIT 500) a) b) c;
SELECT count(*), bool_and(d >= before) IS NOT false AS in_order
	FROM (SELECT d, lag(d) OVER (ORDER BY n) AS before FROM (
		SELECT v <=> vec(7) AS d, row_number() OVER () AS n
		FROM (SELECT v FROM t ORDER BY v <=> vec(7) LIMIT 500) a) b) c;
DROP TABLE t;
DROP FUNCTION search, farthest, blocks, vec, uniform;
