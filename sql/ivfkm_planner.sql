--
-- ivfkm: plans that only order by a distance do not compute it
--

CREATE TABLE t (id integer, v vector(3)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, ARRAY[i % 10, i / 10, i % 7]::vector FROM generate_series(1, 200) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 4);
ANALYZE t;
SET enable_seqscan = off;
SET ivfkm.probes = 4;
SET ivfkm.epsilon = 100;

-- how many nodes of a plan compute a distance, and how many have NULL in its place
CREATE FUNCTION distances(query text, OUT computed integer, OUT left_out integer)
	LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	computed := 0;
	left_out := 0;
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ 'Output: .*[ (]NULL::double precision$' THEN
			left_out := left_out + 1;
		ELSIF line ~ 'Output: .*(<->|l2_distance)' THEN
			computed := computed + 1;
		END IF;
	END LOOP;
END $$;

-- the plan and its rows
CREATE FUNCTION rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(s::text, '' '') FROM (%s) s', query) INTO result;
	RETURN result;
END $$;

-- one plan in full: the index orders, the column is NULL
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM t ORDER BY v <-> '[1.1,2.3,3.6]' LIMIT 3;

-- left out
SELECT d.*, rows_of(query), query FROM unnest(ARRAY[
	'SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 3',
	'SELECT id FROM t ORDER BY ''[1.1,2.3,3.6]'' <-> v LIMIT 3 OFFSET 2',
	'SELECT id, v FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 3',
	'SELECT id + 1 AS next FROM t WHERE id % 2 = 0 ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 3',
	'WITH near AS MATERIALIZED (SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 3) '
	'SELECT * FROM near ORDER BY id',
	'SELECT a.id FROM (SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 3) a JOIN t '
	'USING (id) ORDER BY id',
	'SELECT ARRAY(SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 3)',
	'SELECT (SELECT id FROM t ORDER BY v <-> q LIMIT 1) FROM (VALUES (''[1.1,2.3,3.6]''::vector), '
	'(''[8.9,9.2,6.3]'')) s (q)',
	'SELECT r.id FROM (VALUES (''[1.1,2.3,3.6]''::vector), (''[8.9,9.2,6.3]'')) s (q), '
	'LATERAL (SELECT id FROM t ORDER BY v <-> q LIMIT 2) r',
	'(SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 2) UNION ALL (SELECT id FROM t '
	'ORDER BY v <-> ''[8.9,9.2,6.3]'' LIMIT 2)'
]) query, distances(query) d;
SELECT computed, left_out FROM distances('SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]''');

-- not left out: somebody reads the column
SELECT d.computed > 0 AS computed, d.left_out, rows_of(query), query FROM unnest(ARRAY[
	'SELECT id, round((v <-> ''[1.1,2.3,3.6]'')::numeric, 3) FROM t '
	'ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 3',
	'SELECT id FROM (SELECT id, v <-> ''[1.1,2.3,3.6]'' AS d FROM t ORDER BY d LIMIT 5) s '
	'WHERE d < 1.5',
	'SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' FETCH FIRST 1 ROW WITH TIES',
	'SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' LIMIT 3 FOR UPDATE',
	'SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'' DESC LIMIT 3',
	'SELECT id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'', id LIMIT 3',
	'SELECT id FROM (SELECT * FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'') s '
	'ORDER BY v <-> ''[1.1,2.3,4.2]'' LIMIT 3',
	'SELECT id, row_number() OVER (ORDER BY v <-> ''[1.1,2.3,3.6]'') FROM t LIMIT 3',
	'SELECT DISTINCT ON (v <-> ''[1.1,2.3,3.6]'') id FROM t ORDER BY v <-> ''[1.1,2.3,3.6]'', '
	'id LIMIT 3'
]) query, distances(query) d;

-- partitions are merged by the column
CREATE TABLE p (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000);
CREATE INDEX ON p USING ivfkm (v);
INSERT INTO p SELECT * FROM t;
ANALYZE p;
SELECT computed > 0 AS computed, left_out, rows_of(query)
FROM (VALUES ('SELECT id FROM p ORDER BY v <-> ''[8.9,9.2,6.3]'', id LIMIT 4'),
	('SELECT id FROM p ORDER BY v <-> ''[3.1,9.8,1.3]'' LIMIT 4')) q (query), distances(query);
-- of which one is left: no merge
SELECT computed, left_out
	FROM distances('SELECT id FROM p WHERE id < 50 ORDER BY v <-> ''[8.9,9.2,6.3]'' LIMIT 4');
DROP TABLE p;

-- cursors, prepared statements, and changes of the table under a plan
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[1.1,2.3,3.6]';
FETCH 3 FROM c;
UPDATE t SET id = -id WHERE CURRENT OF c RETURNING id;
ROLLBACK;
PREPARE near (vector) AS SELECT id FROM t ORDER BY v <-> $1 LIMIT 3;
SET plan_cache_mode = force_generic_plan;
EXECUTE near('[1.1,2.3,3.6]');
DROP INDEX t_idx;
EXECUTE near('[1.1,2.3,3.6]');
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 4);
EXECUTE near('[1.1,2.3,3.6]');
SELECT id FROM t ORDER BY v <-> (NULL::vector) LIMIT 0;
DEALLOCATE near;
RESET plan_cache_mode;

-- the right to execute the function is wanted still
CREATE ROLE regress_ivfkm_planner;
GRANT SELECT ON t TO regress_ivfkm_planner;
REVOKE EXECUTE ON FUNCTION l2_distance(vector, vector) FROM PUBLIC;
SET ROLE regress_ivfkm_planner;
SELECT id FROM t ORDER BY v <-> '[1.1,2.3,3.6]' LIMIT 3;
RESET ROLE;
GRANT EXECUTE ON FUNCTION l2_distance(vector, vector) TO PUBLIC;
DROP OWNED BY regress_ivfkm_planner;
DROP ROLE regress_ivfkm_planner;

-- a plan that is kept, in the making when the library was loaded
\c -
SET enable_seqscan = off;
PREPARE first AS SELECT id FROM t ORDER BY v <-> (SELECT v FROM t WHERE id = 7) LIMIT 3;
EXECUTE first;
SELECT * FROM distances('EXECUTE first');
DEALLOCATE first;

DROP TABLE t;
DROP FUNCTION distances, rows_of;
RESET ALL;
