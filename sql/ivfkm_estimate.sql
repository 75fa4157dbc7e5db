--
-- ivfkm_estimate(): sizes before a build, beside those of what is built
--

CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector
		FROM generate_series(1, dims) d';

CREATE TABLE t (id integer, v vector(24), w vector(600), h halfvec(24), b bit(96),
	s sparsevec(50000), n vector, x text)
	WITH (autovacuum_enabled = off);
SELECT lists, bits, bytes_lists > 0 AS lists_have_pages, bytes_refine > 0 AS refine
	FROM ivfkm_estimate('t', 'v');
INSERT INTO t SELECT i, hash_vector(i, 24), hash_vector(i, 600), hash_vector(i, 24)::halfvec(24),
	binary_quantize(hash_vector(i, 96)),
	format('{%s:1,%s:2}/50000', i % 300 + 1, 301 + i)::sparsevec FROM generate_series(1, 3000) i;
ANALYZE t;
SELECT relation, rows, dimensions, lists, bits, bytes_total > bytes_lists + bytes_refine AS more,
	bytes_memory > 100000 AS memory
	FROM unnest(ARRAY['v', 'w', 'h', 'b', 's']) c, ivfkm_estimate('t', c);
-- time, for those who may read the rows, if there are some
SELECT c, build_time > '0'::interval AND build_time < '1 hour' AS time
	FROM unnest(ARRAY['v', 'w', 'h', 'b', 's']) c, ivfkm_estimate('t', c);
CREATE TABLE none (v vector(3));
SELECT build_time FROM ivfkm_estimate('none', 'v');
INSERT INTO none SELECT NULL FROM generate_series(1, 100);
SELECT build_time FROM ivfkm_estimate('none', 'v');
INSERT INTO none VALUES ('[1,2,3]'), ('[1,2,3]');
SELECT build_time > '0'::interval AS time FROM ivfkm_estimate('none', 'v');
CREATE ROLE regress_estimate;
SET ROLE regress_estimate;
SELECT rows, build_time FROM ivfkm_estimate('t', 'v');
RESET ROLE;
GRANT SELECT (v) ON t TO regress_estimate;
SET ROLE regress_estimate;
SELECT c, build_time IS NOT NULL AS time
	FROM unnest(ARRAY['v', 'w']) c, ivfkm_estimate('t', c);
RESET ROLE;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
SET ROLE regress_estimate;
SELECT build_time FROM ivfkm_estimate('t', 'v');
RESET ROLE;
ALTER TABLE t DISABLE ROW LEVEL SECURITY;
REVOKE SELECT (v) ON t FROM regress_estimate;
DROP ROLE regress_estimate;
DROP TABLE none;
SELECT bits FROM ivfkm_estimate('t', 'v', 4);
SELECT bits, bytes_refine FROM ivfkm_estimate('t', 'v', 0);
SELECT a.bytes_lists < b.bytes_lists AS wider
	FROM ivfkm_estimate('t', 'v') a, ivfkm_estimate('t', 'v', NULL, 3) b;

-- within a tenth of what is built
CREATE FUNCTION beside(built regclass, expected bigint) RETURNS boolean LANGUAGE sql AS
	$$ SELECT pg_relation_size(built) BETWEEN 0.9 * expected AND 1.1 * expected $$;
CREATE INDEX t_v ON t USING ivfkm (v);
CREATE INDEX t_v0 ON t USING ivfkm (v) WITH (refine_bits = 0);
CREATE INDEX t_w ON t USING ivfkm (w);
CREATE INDEX t_w4 ON t USING ivfkm (w) WITH (refine_bits = 4);
CREATE INDEX t_h ON t USING ivfkm (h);
CREATE INDEX t_b ON t USING ivfkm (b bit_hamming_ops);
CREATE INDEX t_s ON t USING ivfkm (s sparsevec_l2_ops);
SELECT i, beside(i, bytes_total) AS beside FROM
	(VALUES ('t_v'::regclass, 'v', NULL), ('t_v0', 'v', 0), ('t_w', 'w', NULL), ('t_w4', 'w', 4),
		('t_h', 'h', NULL), ('t_b', 'b', NULL), ('t_s', 's', NULL)) s (i, c, r),
	ivfkm_estimate('t', c, r);
SELECT e.lists = i.lists AS same_lists, e.bits = i.refine_bits AS same_bits
	FROM ivfkm_estimate('t', 'w') e, ivfkm_info('t_w') i;

-- with the memory it names, a build makes all lists; the sample takes most of it
SELECT set_config('maintenance_work_mem',
		greatest(1024, bytes_memory / 1024 + 1)::text, false) <> '' AS set
	FROM ivfkm_estimate('t', 'w');
CREATE INDEX t_w_memory ON t USING ivfkm (w);
SELECT lists FROM ivfkm_info('t_w_memory');
RESET maintenance_work_mem;

-- a row for each partition
CREATE TABLE p (id integer, v vector(24)) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (2000);
INSERT INTO p SELECT id, v FROM t WHERE id < 1500;
ANALYZE p;
SELECT relation, rows, lists FROM ivfkm_estimate('p', 'v') ORDER BY 1;

-- columns of a domain
CREATE DOMAIN embedding AS vector(24);
CREATE TABLE d (v embedding);
SELECT dimensions FROM ivfkm_estimate('d', 'v');

-- errors
CREATE VIEW w AS SELECT * FROM t;
SELECT * FROM ivfkm_estimate('t', 'nothing');
SELECT * FROM ivfkm_estimate('t', 'x');
SELECT * FROM ivfkm_estimate('t', 'n');
SELECT * FROM ivfkm_estimate('t', 'v', 5);
SELECT * FROM ivfkm_estimate('t', 'v', 8, 9);
SELECT * FROM ivfkm_estimate('w', 'v');
SELECT * FROM ivfkm_estimate('t_v', 'v');
SELECT * FROM ivfkm_estimate(NULL, 'v');
\set VERBOSITY sqlstate
SELECT * FROM ivfkm_estimate('t', 'nothing');
SELECT * FROM ivfkm_estimate('t', 'x');
SELECT * FROM ivfkm_estimate('t', 'n');
SELECT * FROM ivfkm_estimate('t', 'v', 5);
SELECT * FROM ivfkm_estimate('t', 'v', 8, 9);
SELECT * FROM ivfkm_estimate('w', 'v');
SELECT * FROM ivfkm_estimate(NULL, 'v');
\set VERBOSITY default

DROP TABLE t, p, d CASCADE;
DROP DOMAIN embedding;
DROP FUNCTION hash_vector, beside;
