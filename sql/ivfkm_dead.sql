--
-- ivfkm: rows that are dead and not vacuumed yet
--

-- a number between 0 and 1
CREATE FUNCTION uniform(seed integer, d integer) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT (hashint8(seed * 20000::bigint + d) & 65535) / 65536.0::float8';

CREATE FUNCTION vec(seed integer) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT array_agg(uniform(seed, d) ORDER BY d)::vector FROM generate_series(1, 12) d';

-- pages with room, in which dead rows stay until VACUUM
CREATE TABLE t (id integer, part integer, v vector(12))
	WITH (autovacuum_enabled = off, fillfactor = 50);
INSERT INTO t SELECT i, i % 4, vec(i) FROM generate_series(1, 12000) i;
ALTER TABLE t RESET (fillfactor);
CREATE INDEX t_idx ON t USING ivfkm (v, part);
VACUUM ANALYZE t;
SET jit = off;
SET enable_seqscan = off;
SET enable_sort = off;

-- what 40 searches see, and how many of the nearest rows they find, in order
CREATE FUNCTION seen(k integer, filter text = 'true', OUT lists bigint, OUT rows bigint,
	OUT reranked bigint, OUT given bigint, OUT hits bigint, OUT ordered boolean)
LANGUAGE plpgsql AS $$
DECLARE
	s record;
	got float8[];
	far float8;
BEGIN
	lists := 0; rows := 0; reranked := 0; given := 0; hits := 0; ordered := true;
	FOR q IN 1 .. 40 LOOP
		EXECUTE format('SELECT array_agg(d ORDER BY n) FROM (
			SELECT v <-> $1 AS d, row_number() OVER () AS n FROM (
				SELECT v FROM t WHERE %s ORDER BY v <-> $1 LIMIT $2) a) b', filter)
			USING vec(-q), k INTO got;
		SELECT * INTO s FROM ivfkm_last_scan();
		lists := lists + s.lists;
		rows := rows + s.rows;
		reranked := reranked + s.reranked;
		given := given + s.given;
		SET LOCAL enable_indexscan = off;
		SET LOCAL enable_sort = on;
		EXECUTE format('SELECT v <-> $1 FROM t WHERE %s ORDER BY 1 LIMIT 1 OFFSET $2 - 1', filter)
			USING vec(-q), k INTO far;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_sort = off;
		hits := hits + (SELECT count(*) FROM unnest(got) d WHERE d <= far);
		ordered := ordered AND cardinality(got) = k AND
			got = (SELECT array_agg(d ORDER BY d) FROM unnest(got) d);
	END LOOP;
END $$;
CREATE TABLE fresh AS SELECT k, filter, s.*
	FROM unnest(ARRAY[1, 10, 100]) k, unnest(ARRAY['true', 'part = 1']) filter, seen(k, filter) s;
SELECT k, filter, hits >= 39 * k AS found, ordered FROM fresh ORDER BY k, filter;

-- A third of the rows nearest to the queries is deleted.  Searches that meet them go on to what a
-- search for a few more rows would have scanned; they went on to twice as many lists.
CREATE FUNCTION delete_near(share integer) RETURNS void LANGUAGE sql AS $$
	DELETE FROM t WHERE ctid = ANY (ARRAY(SELECT near.ctid FROM generate_series(1, 40) q,
		LATERAL (SELECT ctid, row_number() OVER () AS n
			FROM (SELECT ctid FROM t ORDER BY v <-> vec(-q) LIMIT 150) a) near
		WHERE n * 100 / 150 % 12 < share)) $$;
SELECT delete_near(4);
CREATE TABLE dead AS SELECT k, filter, s.*
	FROM unnest(ARRAY[1, 10, 100]) k, unnest(ARRAY['true', 'part = 1']) filter, seen(k, filter) s;
SELECT k, filter, d.given > f.given AS met, d.lists < 1.5 * f.lists AS few_lists,
	d.rows < 1.5 * f.rows AS few_rows, d.hits >= 39 * k AS found, d.ordered
	FROM dead d JOIN fresh f USING (k, filter) ORDER BY k, filter;
-- the same where the scan is told of FETCH, and rows behind it, each once
CREATE FUNCTION fetched(k integer, OUT restarts bigint, OUT rows bigint, OUT ids bigint)
LANGUAGE plpgsql AS $$
DECLARE
	c refcursor;
	s record;
	got integer;
	id integer[] := '{}';
BEGIN
	restarts := 0;
	FOR q IN 1 .. 40 LOOP
		OPEN c FOR EXECUTE 'SELECT id FROM t ORDER BY v <-> $1' USING vec(-q);
		MOVE FORWARD k FROM c;
		CLOSE c;
		SELECT * INTO s FROM ivfkm_last_scan();
		restarts := restarts + s.restarts;
	END LOOP;
	OPEN c FOR EXECUTE 'SELECT id FROM t ORDER BY v <-> $1' USING vec(-1);
	LOOP
		FETCH c INTO got;
		EXIT WHEN NOT FOUND;
		id := id || got;
	END LOOP;
	rows := cardinality(id);
	ids := (SELECT count(DISTINCT i) FROM unnest(id) i);
END $$;
SELECT f.restarts = 0 AS once, f.rows = f.ids AND f.ids = (SELECT count(*) FROM t) AS all_of_them
	FROM fetched(10) f;
-- whatever settings say of how scans go on
SET ivfkm.iterative_scan = off;
SELECT s.hits >= 390 AS found, s.ordered FROM seen(10) s;
SET ivfkm.iterative_scan = relaxed_order;
SELECT s.hits >= 390 AS found FROM seen(10) s;
RESET ivfkm.iterative_scan;
SET ivfkm.probes = 30;
SELECT s.lists = 40 * 30 AS as_many, s.hits >= 390 AS found, s.ordered FROM seen(10) s;
RESET ivfkm.probes;

-- A slot without a code is looked at by each search of its list: none is made of a dead row.
SELECT forced FROM ivfkm_maintain('t_idx');
SELECT s.reranked < 5 * f.reranked AS few_looks, s.hits >= 390 AS found, s.ordered
	FROM seen(10) s, fresh f WHERE f.k = 10 AND f.filter = 'true';
SELECT vdb_index_check('t_idx') AS entries;

-- where most of the nearest rows are dead
SELECT delete_near(11);
SELECT k, s.hits >= 39 * k AS found, s.ordered FROM unnest(ARRAY[1, 10, 100]) k, seen(k) s;
SELECT f.rows = f.ids AND f.ids = (SELECT count(*) FROM t) AS all_of_them FROM fetched(10) f;
VACUUM t;
SELECT k, s.given = 40 * k AS none_in_vain, s.hits >= 39 * k AS found, s.ordered
	FROM unnest(ARRAY[1, 10, 100]) k, seen(k) s;
DROP TABLE t, fresh, dead;
DROP FUNCTION seen, delete_near, fetched, vec, uniform;
