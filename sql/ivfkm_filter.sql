--
-- Indexes with columns beside the vector: what is kept of rows, and searches by it
--
SET client_min_messages = warning;
SET ivfkm.target_recall = 1; -- whatever is found late is compared as well
CREATE TABLE items (id integer PRIMARY KEY, tenant integer, made timestamp, v vector(4));
INSERT INTO items SELECT i, i % 10, '2024-01-01'::timestamp + i * interval '1 hour',
	ARRAY[i % 97, i % 89, i % 83, i % 79]::vector FROM generate_series(1, 3000) i;
-- rows without a vector have the other columns as well
INSERT INTO items SELECT i, i % 10, NULL, NULL FROM generate_series(3001, 3100) i;
INSERT INTO items SELECT i, NULL, '2025-01-01', ARRAY[i % 7, 1, 2, 3]::vector
	FROM generate_series(3101, 3150) i;
CREATE INDEX items_idx ON items USING ivfkm (tenant, v vector_l2_ops, made);
VACUUM ANALYZE items;
SELECT vdb_index_check('items_idx');
SELECT lists, rows, nulls FROM ivfkm_info('items_idx');

-- the index and the table give the same
CREATE FUNCTION agrees(condition text, k integer DEFAULT 20) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT array_agg(d) FROM (SELECT v <-> ''[50,40,30,20]'' AS d
		FROM items WHERE %s ORDER BY v <-> ''[50,40,30,20]'' LIMIT %s) found', condition, k);
	by_index float8[];
	by_table float8[];
	counted bigint;
	by_count bigint;
	line text;
	conditions integer := 0;
BEGIN
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_sort = off;
	SET LOCAL enable_bitmapscan = off;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Index Cond' THEN
			conditions := conditions + 1;
		END IF;
	END LOOP;
	EXECUTE query INTO by_index;
	EXECUTE format('SELECT count(*) FROM items WHERE %s', condition) INTO by_count;
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_sort = on;
	SET LOCAL enable_indexscan = off;
	EXECUTE query INTO by_table;
	EXECUTE format('SELECT count(*) FROM items WHERE %s', condition) INTO counted;
	SET LOCAL enable_indexscan = on;
	RETURN format('%s rows, %s of %s, %s', by_count = counted,
		coalesce(array_length(by_index, 1), 0), counted,
		CASE WHEN by_index IS NOT DISTINCT FROM by_table THEN 'same' ELSE 'other' END)
		|| CASE WHEN conditions = 0 THEN ', filter' ELSE '' END;
END $$;
SELECT condition, agrees(condition) FROM unnest(ARRAY[
	'tenant = 3',
	'tenant = 3 AND made < ''2024-02-01''',
	'made BETWEEN ''2024-02-01'' AND ''2024-02-02''',
	'tenant >= 8',
	'tenant > 1 AND tenant < 3',
	'tenant < 3 AND tenant >= 4',
	'tenant = 99',
	'tenant IS NULL',
	'tenant IS NOT NULL AND made IS NULL',
	'tenant IS NULL AND tenant = 3',
	'v IS NULL',
	'v IS NULL AND tenant = 4',
	'v IS NOT NULL AND tenant = 4',
	'v IS NULL AND v IS NOT NULL',
	'tenant = ANY (''{2,5,NULL,77}'')',
	'tenant < ANY (''{2,1}'')',
	'tenant = ANY (''{}'')',
	'tenant = ANY (NULL::integer[])',
	'made > ''2024-04-01''::date',
	'made > ''2024-04-01''::timestamptz',
	'tenant = 3::bigint',
	'tenant <> 3',
	'tenant = 3 OR made IS NULL',
	'tenant = 3 AND id % 2 = 1']) AS condition;

-- every row of a filter, in order, the NULLs last
SET enable_seqscan = off;
SET enable_sort = off;
SELECT count(*), count(v), count(DISTINCT id),
	bool_and(d >= before OR before IS NULL OR d IS NULL) AS in_order
FROM (SELECT id, v, d, lag(d) OVER (ORDER BY place) AS before FROM (SELECT id, v,
	v <-> '[1,2,3,4]' AS d, row_number() OVER () AS place FROM (SELECT id, v FROM items
		WHERE tenant = 5 ORDER BY v <-> '[1,2,3,4]' LIMIT 1000) s) r) q;

-- a condition that changes from scan to scan, and plans with parameters
EXPLAIN (COSTS OFF) SELECT t.n, s.id FROM generate_series(0, 3) AS t (n),
	LATERAL (SELECT id FROM items WHERE tenant = t.n ORDER BY v <-> '[9,9,9,9]' LIMIT 1) s;
SELECT t.n, count(*), bool_and(s.tenant = t.n) FROM generate_series(0, 3) AS t (n), LATERAL
	(SELECT tenant FROM items WHERE tenant = t.n ORDER BY v <-> '[9,9,9,9]' LIMIT 40) s
	GROUP BY t.n ORDER BY t.n;
SET plan_cache_mode = force_generic_plan;
PREPARE of_tenant(integer) AS SELECT count(*), bool_and(tenant = $1) FROM (SELECT tenant FROM items
	WHERE tenant = $1 ORDER BY v <-> '[9,9,9,9]' LIMIT 10) s;
EXECUTE of_tenant(2);
EXECUTE of_tenant(NULL);
EXECUTE of_tenant(7);
DEALLOCATE of_tenant;
RESET plan_cache_mode;

-- lists of values and booleans, which PostgreSQL before 17 leaves in the filter of ordered scans
CREATE TABLE flags (id integer, kind integer, active boolean, v vector(2));
INSERT INTO flags SELECT i, i % 50, CASE WHEN i % 3 < 2 THEN i % 3 = 0 END, ARRAY[i, 0]::vector
	FROM generate_series(1, 1500) i;
CREATE INDEX ON flags USING ivfkm (v vector_l2_ops, kind, active);
ANALYZE flags;
SELECT array_agg(id) FROM (SELECT id FROM flags WHERE kind IN (3, 4, NULL)
	ORDER BY v <-> '[0,0]' LIMIT 5) s;
SELECT given FROM ivfkm_last_scan();
SELECT array_agg(id) FROM (SELECT id FROM flags WHERE active AND kind = ANY ('{7}')
	ORDER BY v <-> '[0,0]' LIMIT 4) s;
SELECT given FROM ivfkm_last_scan();
SELECT array_agg(id) FROM (SELECT id FROM flags WHERE NOT active AND kind > 47
	ORDER BY v <-> '[0,0]' LIMIT 4) s;
SELECT given FROM ivfkm_last_scan();
SELECT array_agg(id) FROM (SELECT id FROM flags WHERE active IS NOT TRUE AND kind = 1
	ORDER BY v <-> '[0,0]' LIMIT 3) s;
PREPARE of_kinds(integer[]) AS SELECT array_agg(id) FROM (SELECT id FROM flags WHERE kind = ANY ($1)
	ORDER BY v <-> '[0,0]' LIMIT 3) s;
SET plan_cache_mode = force_generic_plan;
EXECUTE of_kinds('{5,6}');
SELECT given FROM ivfkm_last_scan();
EXECUTE of_kinds(NULL);
EXECUTE of_kinds('{}');
RESET plan_cache_mode;
DEALLOCATE of_kinds;
SELECT array_agg(id) FROM (SELECT id FROM flags
	WHERE kind = ANY ((SELECT array_agg(g) FROM generate_series(10, 5000) g)::integer[])
	ORDER BY v <-> '[0,0]' LIMIT 3) s;
SELECT k.a, (SELECT array_agg(id) FROM (SELECT id FROM flags WHERE kind = ANY (k.a)
	ORDER BY v <-> '[0,0]' LIMIT 2) s) FROM (VALUES ('{1,2}'::integer[]), ('{30}')) AS k (a);
DROP TABLE flags;

-- a cursor goes on
BEGIN;
DECLARE c CURSOR FOR SELECT tenant FROM items WHERE tenant = 6 ORDER BY v <-> '[9,9,9,9]';
MOVE 305 IN c;
FETCH 3 FROM c;
MOVE ALL IN c;
COMMIT;

-- changes
INSERT INTO items VALUES (4000, 3, '2030-01-01', '[50,40,30,20]'), (4001, 42, NULL, NULL),
	(4002, NULL, NULL, '[50,40,30,20]');
UPDATE items SET tenant = 43 WHERE id <= 100;
UPDATE items SET made = NULL WHERE id BETWEEN 101 AND 200;
UPDATE items SET v = NULL WHERE id BETWEEN 201 AND 230;
DELETE FROM items WHERE id BETWEEN 231 AND 400;
SELECT condition, agrees(condition) FROM unnest(ARRAY['tenant = 3', 'tenant = 42', 'tenant = 43',
	'made IS NULL', 'v IS NULL AND tenant = 1', 'made > ''2029-01-01''']) AS condition;
SELECT vdb_index_check('items_idx') > 0;
VACUUM items;
SELECT vdb_index_check('items_idx');
INSERT INTO items SELECT i, i % 10, NULL, ARRAY[i % 97, i % 89, i % 83, i % 79]::vector
	FROM generate_series(5001, 5200) i;
SELECT vdb_index_check('items_idx');
SELECT condition, agrees(condition) FROM unnest(ARRAY['tenant = 3', 'tenant = 0 AND made IS NULL'])
	AS condition;
-- an update of another column is HOT, of one of the index not
CREATE TABLE hot (id integer, tenant integer, note integer, v vector(2))
	WITH (fillfactor = 50);
INSERT INTO hot SELECT i, i, 0, ARRAY[i, i]::vector FROM generate_series(1, 20) i;
CREATE INDEX ON hot USING ivfkm (v vector_l2_ops, tenant);
UPDATE hot SET note = 1 WHERE id <= 10;
UPDATE hot SET tenant = tenant + 100 WHERE id > 15;
SELECT vdb_index_check('hot_v_tenant_idx');
SELECT id FROM hot WHERE tenant > 110 ORDER BY v <-> '[0,0]' LIMIT 10;
DROP TABLE hot;

-- renewal takes them along
SELECT rows, forced FROM ivfkm_maintain('items_idx');
SELECT vdb_index_check('items_idx');
SELECT condition, agrees(condition) FROM unnest(ARRAY['tenant = 3', 'tenant = 43', 'made IS NULL',
	'v IS NULL AND tenant = 1']) AS condition;
REINDEX INDEX items_idx;
SELECT vdb_index_check('items_idx');
SELECT condition, agrees(condition) FROM unnest(ARRAY['tenant = 3', 'tenant = 43']) AS condition;

-- no refine codes, and codes on several pages
CREATE TABLE wide (tenant integer, kind integer, v vector(4100));
INSERT INTO wide SELECT i % 3, i % 2, array_fill(i, '{4100}')::vector FROM generate_series(1, 60) i;
CREATE INDEX ON wide USING ivfkm (tenant, kind, v vector_l2_ops);
SELECT vdb_index_check('wide_tenant_kind_v_idx');
SELECT tenant, kind, (v <-> array_fill(0, '{4100}')::vector)::integer AS d FROM wide
	WHERE tenant = 1 AND kind = 0 ORDER BY v <-> array_fill(0, '{4100}')::vector LIMIT 3;
DROP TABLE wide;
CREATE INDEX plain_idx ON items USING ivfkm (v vector_ip_ops, made, tenant) WITH (refine_bits = 0);
SELECT vdb_index_check('plain_idx');
SELECT count(*), bool_and(tenant = 3) FROM (SELECT tenant FROM items WHERE tenant = 3
	ORDER BY v <#> '[1,2,3,4]' LIMIT 25) s;
DROP INDEX plain_idx;

-- expressions, a predicate, a domain, partitions
CREATE DOMAIN amount AS integer CHECK (VALUE >= 0);
CREATE TABLE parts (id integer, tenant amount, name text, v vector(2)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (1000);
CREATE INDEX ON parts USING ivfkm (v vector_l2_ops, tenant, (lower(name)), (id % 5))
	WHERE id % 2 = 0;
INSERT INTO parts SELECT i, i % 7, 'Name ' || i % 3, ARRAY[i, 0]::vector
	FROM generate_series(0, 300) i;
ANALYZE parts;
EXPLAIN (COSTS OFF) SELECT id FROM parts WHERE id % 2 = 0 AND tenant = 4 AND lower(name) = 'name 1'
	AND id % 5 = 0 ORDER BY v <-> '[150,0]' LIMIT 3;
SELECT id FROM parts WHERE id % 2 = 0 AND tenant = 4 AND lower(name) = 'name 1' AND id % 5 = 0
	ORDER BY v <-> '[150,0]' LIMIT 3;
SELECT vdb_index_check('parts_1_v_tenant_lower_expr_idx');
DROP TABLE parts;
DROP DOMAIN amount;

-- unlogged and temporary tables, CONCURRENTLY
CREATE UNLOGGED TABLE u AS SELECT id, tenant, v FROM items;
CREATE INDEX CONCURRENTLY u_idx ON u USING ivfkm (v vector_l2_ops, tenant);
SELECT vdb_index_check('u_idx');
DROP TABLE u;
CREATE TEMPORARY TABLE u AS SELECT id, tenant, v FROM items;
CREATE INDEX u_idx ON u USING ivfkm (v vector_l2_ops, tenant);
INSERT INTO u VALUES (1, 77, '[1,1,1,1]');
SELECT vdb_index_check('u_idx');
SELECT id FROM u WHERE tenant = 77 ORDER BY v <-> '[1,1,1,1]';
DROP TABLE u;

-- what an index cannot have
CREATE TABLE no (a integer, b integer, v vector(3), w vector(3), j json, l vector(15600));
CREATE INDEX ON no USING ivfkm (a, b);
CREATE INDEX ON no USING ivfkm (v, w, a);
CREATE INDEX ON no USING ivfkm (v, j);
CREATE INDEX ON no USING ivfkm (v, a) INCLUDE (b);
CREATE INDEX ON no USING ivfkm (a, b, a, b, a, b, a, b, a, v);
CREATE INDEX ON no USING ivfkm (l, a, b, a, b, a, b, a, b);
CREATE INDEX no_idx ON no USING ivfkm (l, a);
SELECT vdb_index_check('no_idx');
\set VERBOSITY sqlstate
CREATE INDEX ON no USING ivfkm (a, b);
CREATE INDEX ON no USING ivfkm (v, w, a);
CREATE INDEX ON no USING ivfkm (a, b, a, b, a, b, a, b, a, v);
CREATE INDEX ON no USING ivfkm (l, a, b, a, b, a, b, a, b);
\set VERBOSITY default
DROP TABLE no;
DROP FUNCTION agrees;
DROP TABLE items;
