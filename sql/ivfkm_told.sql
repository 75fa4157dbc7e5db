--
-- ivfkm: what scans are told of their query, by LIMIT, FETCH, filters and the nodes above
--

CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';

CREATE TABLE t (id integer, category integer, v vector(8)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, i % 50, hash_vector(i, 8) FROM generate_series(1, 6000) i;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 60);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 60);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 60);
ANALYZE t;
SET enable_seqscan = off;
SET enable_sort = off;

-- a plan in one line
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	result text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ '(->|^)' AND line !~
			'(Order By|Sort Key|Filter|Cond|Presorted Key|Group Key|Output|Window):' THEN
			result := concat_ws(' > ', result,
				trim(regexp_replace(line, ' *-> *| using.*| on .*', '', 'g')));
		END IF;
	END LOOP;
	RETURN result;
END $$;

-- Whoever wants all rows gets all, once, in exact order, with few and narrow first lists too.
SET ivfkm.probes = 1;
SET ivfkm.epsilon = 0.5;
CREATE FUNCTION falls(d float8[]) RETURNS bigint LANGUAGE sql IMMUTABLE
	AS 'SELECT count(*) FROM generate_series(2, array_length(d, 1)) i WHERE d[i] < d[i - 1]';
SELECT falls(ARRAY(SELECT v <-> hash_vector(0, 8) FROM t ORDER BY 1)), count(*), count(DISTINCT id)
FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) OFFSET 0) s;
SET ivfkm.iterative_scan = relaxed_order;
SELECT falls(ARRAY(SELECT v <-> hash_vector(0, 8) FROM t ORDER BY 1)), count(*), count(DISTINCT id)
FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) OFFSET 0) s;
SELECT falls(ARRAY(SELECT v <#> hash_vector(0, 8) FROM t ORDER BY 1)), count(*), count(DISTINCT id)
FROM (SELECT id FROM t ORDER BY v <#> hash_vector(0, 8) OFFSET 0) s;
SELECT falls(ARRAY(SELECT v <=> hash_vector(0, 8) FROM t ORDER BY 1)), count(*), count(DISTINCT id)
FROM (SELECT id FROM t ORDER BY v <=> hash_vector(0, 8) OFFSET 0) s;
-- nodes that rely on the order
SELECT plan_of('SELECT id, rank() OVER (ORDER BY v <-> hash_vector(0, 8)) FROM t');
SELECT count(*), max(r), count(DISTINCT id)
	FROM (SELECT id, rank() OVER (ORDER BY v <-> hash_vector(0, 8)) AS r FROM t) s;
SELECT
	plan_of('SELECT DISTINCT ON (v <-> hash_vector(0, 8)) id FROM t ORDER BY v <-> hash_vector(0, '
	'8) LIMIT 3000');
SELECT falls(array_agg(d)), count(DISTINCT d)
	FROM (SELECT DISTINCT ON (v <-> hash_vector(0, 8)) v <-> hash_vector(0, 8) AS d FROM t
	ORDER BY v <-> hash_vector(0, 8) LIMIT 3000) s;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT
	plan_of('SELECT count(*) FROM (SELECT v <-> hash_vector(0, 8) AS d FROM t '
	'ORDER BY 1 OFFSET 0) a JOIN (SELECT v <-> hash_vector(0, 8) AS d FROM t '
	'ORDER BY 1 OFFSET 0) b USING (d)');
SELECT count(*) >= 6000 AS merged
	FROM (SELECT v <-> hash_vector(0, 8) AS d FROM t ORDER BY 1 OFFSET 0) a
	JOIN (SELECT v <-> hash_vector(0, 8) AS d FROM t ORDER BY 1 OFFSET 0) b USING (d);
RESET enable_hashjoin;
RESET enable_nestloop;
-- statements that store the rows
CREATE TABLE stored AS SELECT id FROM t ORDER BY v <-> hash_vector(0, 8);
INSERT INTO stored SELECT id FROM t ORDER BY v <-> hash_vector(0, 8);
SELECT count(*), count(DISTINCT id) FROM stored;
TRUNCATE stored;
-- Cursors: rows are fetched in parts; what is late comes at the end, once
CREATE FUNCTION fetched(part integer) RETURNS TABLE (rows bigint, ids bigint) LANGUAGE plpgsql AS $$
DECLARE
	c refcursor;
	n bigint;
BEGIN
	TRUNCATE stored;
	OPEN c FOR SELECT id FROM t ORDER BY v <-> hash_vector(0, 8);
	LOOP
		EXECUTE format('INSERT INTO stored SELECT * FROM fetch_ids(%L, %s)', c, part);
		GET DIAGNOSTICS n = ROW_COUNT;
		EXIT WHEN n = 0;
	END LOOP;
	CLOSE c;
	RETURN QUERY SELECT count(*), count(DISTINCT id) FROM stored;
END $$;
CREATE FUNCTION fetch_ids(c refcursor, part integer) RETURNS SETOF integer LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR i IN 1..part LOOP
		FETCH c INTO r;
		EXIT WHEN NOT FOUND;
		RETURN NEXT r.id;
	END LOOP;
END $$;
SELECT order_setting, part, f.*
FROM unnest(ARRAY['strict_order', 'relaxed_order']) order_setting, unnest(ARRAY[1, 100, 2500]) part,
	set_config('ivfkm.iterative_scan', order_setting, false) s,
	LATERAL (SELECT * FROM fetched(part) WHERE s IS NOT NULL) f;
DROP FUNCTION fetched, fetch_ids;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> hash_vector(0, 8);
MOVE 10 IN c;
MOVE ALL IN c;
COMMIT;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM t ORDER BY v <-> hash_vector(0, 8);
COMMIT;
MOVE ALL IN c;
CLOSE c;
DO $$
DECLARE
	r record;
BEGIN
	TRUNCATE stored;
	FOR r IN SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) LOOP
		INSERT INTO stored VALUES (r.id);
	END LOOP;
END $$;
SELECT count(*), count(DISTINCT id) FROM stored;
DROP TABLE stored;
RESET ivfkm.iterative_scan;
RESET ivfkm.epsilon;
RESET ivfkm.probes;

-- LIMIT: one pass for all of its rows, with OFFSET, as a parameter, and for each partition
CREATE FUNCTION passes() RETURNS text
	LANGUAGE sql
	AS
	'SELECT format(''%s search(es), %s pass(es), %s restart(s)'', searches, passes, restarts) '
	'FROM ivfkm_last_scan()';
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) LIMIT 1000) s;
SELECT passes();
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) LIMIT 10 OFFSET 900) s;
SELECT passes();
PREPARE near (integer, integer) AS SELECT count(*)
	FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) LIMIT $1 OFFSET $2) s;
SET plan_cache_mode = force_generic_plan;
EXECUTE near(500, 100);
SELECT passes();
EXECUTE near(NULL, NULL);
SELECT passes();
EXECUTE near(NULL, 5000);
EXECUTE near(0, NULL);
SELECT count(*)
	FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) LIMIT 9223372036854775807 OFFSET 9) s;
SELECT passes();
RESET plan_cache_mode;
SELECT count(*) >= 500
	FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) FETCH FIRST 500 ROWS WITH TIES) s;
SELECT passes();
SELECT count(*) FROM generate_series(1, 10) i,
	LATERAL (SELECT id FROM t ORDER BY v <-> hash_vector(i, 8) LIMIT i * 50) s;
SELECT passes();
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> hash_vector(0, 8);
MOVE 700 IN c;
CLOSE c;
SELECT passes();
COMMIT;
CREATE TABLE p (id integer, v vector(8)) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (3000);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (3000) TO (10000);
INSERT INTO p SELECT id, v FROM t;
CREATE INDEX p_l2 ON p USING ivfkm (v);
ANALYZE p;
SELECT plan_of('SELECT id FROM p ORDER BY v <-> hash_vector(0, 8) LIMIT 600');
SELECT count(*) FROM (SELECT id FROM p ORDER BY v <-> hash_vector(0, 8) LIMIT 600) s;
SELECT passes();
SELECT count(*), falls(array_agg(d))
	FROM (SELECT v <-> hash_vector(0, 8) AS d FROM p ORDER BY 1 OFFSET 0) s;
DROP TABLE p;
-- a filter: rows are dropped, so there are further passes, and all its rows are found
SELECT c, count(*), count(DISTINCT id) FROM generate_series(0, 40, 8) c,
	LATERAL (SELECT id FROM t WHERE category = c ORDER BY v <-> hash_vector(c, 8) LIMIT 100) s
		GROUP BY c ORDER BY c;
-- an error in between, and a query within a query
CREATE FUNCTION failing(n integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(1 / (id - n))
		FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) LIMIT 300) s;
	RETURN false;
EXCEPTION WHEN division_by_zero THEN
	RETURN true;
END $$;
SELECT count(*), count(*) FILTER (WHERE failing(id))
	FROM (SELECT id FROM t ORDER BY v <-> hash_vector(0, 8) LIMIT 5) s;
DROP FUNCTION failing;

-- Bounds of the distance: the scan stops at them.  As many rows as by a sort, few of them read
CREATE TABLE bounds (op text, q vector, r float8);
INSERT INTO bounds SELECT '<->', hash_vector(-i, 8), 60 + 20 * i FROM generate_series(1, 4) i;
INSERT INTO bounds SELECT '<#>', hash_vector(-i, 8), -15000 - 2000 * i FROM generate_series(1, 4) i;
INSERT INTO bounds SELECT '<=>', hash_vector(-i, 8), 0.15 + 0.03 * i FROM generate_series(1, 4) i;
CREATE FUNCTION within(op text, form text, q vector, r float8, n integer, OUT nfound bigint,
	OUT stopped boolean) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT id FROM t WHERE ' || form ||
		' ORDER BY v %1$s $1 LIMIT %2$s) s', op, n)
		USING q, r INTO nfound;
	stopped := (SELECT s.given <= nfound + 1 AND s.restarts <= 1 FROM ivfkm_last_scan() s);
END $$;
SELECT op, form, count(*) FILTER (WHERE w.nfound = e.n) AS right_number,
	bool_and(w.stopped) AS stopped, sum(e.n) AS n
FROM bounds b,
	unnest(ARRAY['v %1$s $1 < $2', 'v %1$s $1 <= $2', '$2 > v %1$s $1', '$2 >= $1 %1$s v',
	'v %1$s $1 < $2::real', 'v %1$s $1 < (SELECT $2 + 0)']) form,
	LATERAL (SELECT count(*) AS n FROM t
		WHERE (CASE op WHEN '<->' THEN v <-> q WHEN '<#>' THEN v <#> q ELSE v <=> q END) < r) e,
	within(op, form, q, r, 5000) w
GROUP BY op, form ORDER BY op, form;
-- a bound that nothing is within, or everything, or that is unknown
SELECT r, w.* FROM unnest(ARRAY[-1, 0, 'infinity', 'nan', NULL, '-infinity']::float8[]) r,
	within('<->', 'v <-> $1 <= (SELECT $2 + 0)', hash_vector(17, 8), r, 100) w;
SELECT id, v <-> hash_vector(17, 8) AS d FROM t WHERE v <-> hash_vector(17, 8) <= 0
	ORDER BY v <-> hash_vector(17, 8) LIMIT 5;
-- the lower of two; and one of another distance, which is a filter like any other
SELECT count(*) FROM (SELECT id FROM t WHERE v <-> hash_vector(17, 8) < 100
	AND v <-> hash_vector(17, 8) < 90 ORDER BY v <-> hash_vector(17, 8) LIMIT 5000) s;
SELECT count(*) FROM t WHERE (v <-> hash_vector(17, 8)) + 0 < 90;
SELECT count(*) FROM (SELECT id FROM t WHERE v <-> hash_vector(18, 8) < 90
	ORDER BY v <-> hash_vector(17, 8) LIMIT 5000) s;
SELECT count(*) FROM t WHERE (v <-> hash_vector(18, 8)) + 0 < 90;
-- a bound and another filter
SELECT count(*) FROM (SELECT id FROM t WHERE category < 10 AND v <-> hash_vector(17, 8) < 120
	ORDER BY v <-> hash_vector(17, 8) LIMIT 50) s;
SELECT least(count(*), 50) FROM t WHERE category < 10 AND (v <-> hash_vector(17, 8)) + 0 < 120;
-- from another table
SELECT q.id, q.r, count(n.id), count(n.id) = (SELECT count(*) FROM t
	WHERE (v <-> q.v) + 0 < q.r) AS right_number
FROM (SELECT id, v, id * 40 AS r FROM t WHERE id <= 3) q,
	LATERAL (SELECT id FROM t WHERE v <-> q.v < q.r ORDER BY v <-> q.v LIMIT 5000) n
GROUP BY q.id, q.r, q.v ORDER BY q.id;
-- what the distance is from as a subselect, written twice: bounds if both give the same
SELECT b.id, count(*) FILTER (WHERE w.nfound = e.n) AS right_number, bool_and(w.stopped)
	AS stopped, sum(e.n) AS n
FROM (VALUES (17, 17), (17, 18), (18, NULL)) b (id, id2), LATERAL (SELECT count(*) AS n FROM t x
	WHERE (x.v <-> (SELECT v FROM t WHERE t.id = b.id2)) + 0 < 80) e,
	within('<->', format('(v <-> (SELECT v FROM t WHERE id = %s)) < 80', coalesce(b.id2::text,
		'NULL')), hash_vector(b.id, 8), 80, 5000) w
GROUP BY b.id, b.id2 ORDER BY b.id, b.id2;
SELECT count(*) FROM (SELECT id FROM t WHERE v <-> (SELECT v FROM t WHERE id = 17) < 80
	ORDER BY v <-> (SELECT v FROM t WHERE id = 17) LIMIT 5000) s;
SELECT l.given <= n + 1 AND l.restarts <= 1 AS stopped FROM ivfkm_last_scan() l, (SELECT count(*)
	AS n FROM t WHERE (v <-> hash_vector(17, 8)) + 0 < 80) e;
DROP FUNCTION within;
DROP TABLE bounds;

-- two distances: the second one decides where the first one is equal
CREATE TABLE ties (id integer, v vector(2)) WITH (autovacuum_enabled = off);
INSERT INTO ties SELECT i, ARRAY[i % 5, i / 5] FROM generate_series(0, 199) i;
CREATE INDEX ties_idx ON ties USING ivfkm (v) WITH (lists = 4);
CREATE TABLE ties_bits (id integer, b bit(16)) WITH (autovacuum_enabled = off);
INSERT INTO ties_bits SELECT i, hashint4(i)::bit(16) FROM generate_series(1, 500) i;
CREATE INDEX ties_bits_idx ON ties_bits USING ivfkm (b bit_hamming_ops);
SELECT array_agg(d) = (SELECT array_agg(d) FROM (SELECT ARRAY[v <-> '[2,20]', v <-> '[0,20]'] AS d
	FROM ties ORDER BY d LIMIT 60) s) AS equal
FROM (SELECT ARRAY[v <-> '[2,20]', v <-> '[0,20]'] AS d FROM ties
	ORDER BY v <-> '[2,20]', v <-> '[0,20]' LIMIT 60) s;
SELECT array_agg(d) = (SELECT array_agg(d)
	FROM (SELECT ARRAY[b <~> B'1010101010101010', b <~> B'1111111100000000'] AS d FROM ties_bits
	ORDER BY d LIMIT 100) s) AS equal
FROM (SELECT ARRAY[b <~> B'1010101010101010', b <~> B'1111111100000000'] AS d FROM ties_bits
	ORDER BY b <~> B'1010101010101010', b <~> B'1111111100000000' LIMIT 100) s;
DROP TABLE ties, ties_bits;

-- too few rows: a filter of 2 % in 3 dimensions
CREATE TABLE few (c integer, v vector(3)) WITH (autovacuum_enabled = off);
INSERT INTO few SELECT i % 50, ARRAY[i % 97, i % 43, i % 61] FROM generate_series(1, 10000) i;
CREATE INDEX few_idx ON few USING ivfkm (v);
SELECT count(*) FROM (SELECT c FROM few WHERE c = 13 ORDER BY v <-> '[1,2,3]' LIMIT 20) s;
-- "off" gives visible rows while there are some, deleted and perhaps vacuumed ones being nearer
SET ivfkm.iterative_scan = off;
DELETE FROM few WHERE v <-> '[0,0,0]' < 80;
SELECT count(*) FROM (SELECT c FROM few ORDER BY v <-> '[0,0,0]' LIMIT 10) s;
VACUUM few;
SELECT count(*) FROM (SELECT c FROM few ORDER BY v <-> '[0,0,0]' LIMIT 10) s;
SELECT count(*) >= 40 AS enough FROM (SELECT c FROM few ORDER BY v <-> '[0,0,0]') s;
RESET ivfkm.iterative_scan;
DROP TABLE few;

DROP TABLE t;
DROP FUNCTION plan_of, falls, passes, hash_vector;
