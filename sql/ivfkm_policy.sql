--
-- Row-level security: the index answers a policy's own condition, and the query's below it
--
CREATE TABLE t (id integer, tenant_id integer, name text, price numeric, v vector(2));
INSERT INTO t SELECT i, i % 10, 'n' || i % 7, i % 5, ARRAY[i % 37, i % 41]::real[]::vector(2)
	FROM generate_series(1, 1000) i;
CREATE INDEX t_idx ON t USING ivfkm (v, tenant_id, name, price);
ANALYZE t;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON t USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
CREATE ROLE regress_vdb_tenant;
GRANT SELECT ON t TO regress_vdb_tenant;

-- tells if it sees a row of others
CREATE FUNCTION spy(tenant_id integer) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN
	IF tenant_id <> 3 THEN
		RAISE NOTICE 'seen: a row of %', tenant_id;
	END IF;
	RETURN true;
END $$;

SET ROLE regress_vdb_tenant;
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;

SET app.tenant = 3;
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY v <-> '[5,5]' LIMIT 3;
SELECT id, tenant_id FROM t ORDER BY v <-> '[5,5]', id LIMIT 3;
SELECT count(*), min(tenant_id), max(tenant_id) FROM (SELECT tenant_id FROM t
	ORDER BY v <-> '[5,5]' LIMIT 1000) s;
SET app.tenant = 4;
SELECT count(*), min(tenant_id), max(tenant_id) FROM (SELECT tenant_id FROM t
	ORDER BY v <-> '[5,5]' LIMIT 1000) s;
-- without a tenant there are no rows
RESET app.tenant;
SELECT count(*) FROM (SELECT FROM t ORDER BY v <-> '[5,5]' LIMIT 1000) s;

-- leakproof operators of the query join the policy's; others stay filters, after it
SET app.tenant = 3;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE name = 'n1' AND tenant_id < 5
	ORDER BY v <-> '[5,5]' LIMIT 3;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE price = 3 ORDER BY v <-> '[5,5]' LIMIT 3;
SELECT count(*), min(tenant_id), max(tenant_id) FROM (SELECT tenant_id FROM t
	WHERE name = 'n1' AND price = 3 ORDER BY v <-> '[5,5]' LIMIT 1000) s;
SELECT count(*) FROM (SELECT FROM t WHERE tenant_id = 4 ORDER BY v <-> '[5,5]' LIMIT 1000) s;

-- a function that would tell sees rows of the tenant alone
SELECT count(*) FROM (SELECT FROM t WHERE spy(tenant_id) ORDER BY v <-> '[5,5]' LIMIT 1000) s;
SELECT count(*) FROM (SELECT FROM t WHERE spy(tenant_id) AND name = 'n1' AND price = 3 ORDER BY
	v <-> '[5,5]' LIMIT 1000) s;

-- without order
EXPLAIN (COSTS OFF) SELECT count(*) FROM t;
SELECT count(*), min(tenant_id), max(tenant_id) FROM t;

-- the owner is not restricted
RESET ROLE;
SELECT count(*), min(tenant_id), max(tenant_id) FROM (SELECT tenant_id FROM t
	ORDER BY v <-> '[5,5]' LIMIT 1000) s;

-- prepared, for one tenant after another
SET ROLE regress_vdb_tenant;
SET plan_cache_mode = force_generic_plan;
PREPARE nearest AS SELECT count(*), min(tenant_id), max(tenant_id)
	FROM (SELECT tenant_id FROM t ORDER BY v <-> '[5,5]' LIMIT 20) s;
SET app.tenant = 1;
EXECUTE nearest;
SET app.tenant = 2;
EXECUTE nearest;
RESET ROLE;

DEALLOCATE nearest;
DROP TABLE t;
DROP FUNCTION spy;
DROP ROLE regress_vdb_tenant;
