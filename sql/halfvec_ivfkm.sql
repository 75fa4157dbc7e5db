--
-- ivfkm indexes on halfvec columns and on expressions
--

-- whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';

-- plans of the query, without costs
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;

-- true when the index has as many entries as there are rows, and the n nearest rows by an
-- exhaustive search through an index are as far as by sort, in the same order; "expression" is of
-- table t, "q" an expression too
CREATE FUNCTION exact(index regclass, expression text, op text, q text, n integer) RETURNS boolean
	LANGUAGE plpgsql
	SET ivfkm.probes = 1000000 SET ivfkm.epsilon = 100 SET ivfkm.iterative_scan = strict_order
	SET enable_seqscan = on SET enable_indexscan = on SET jit = off AS $$
DECLARE
	query text :=
		format('SELECT array_agg(d) FROM (SELECT %s %s %s AS d FROM t '
		'ORDER BY %1$s %2$s %3$s LIMIT %4$s) s', expression, op, q, n);
	expected bigint;
	sorted float8[];
	found float8[];
BEGIN
	SELECT count(*) FROM t INTO expected;
	SET enable_indexscan = off;
	EXECUTE query INTO sorted;
	SET enable_indexscan = on;
	SET enable_seqscan = off;
	EXECUTE query INTO found;
	IF (SELECT string_agg(line, '') !~ 'Index Scan' FROM plan(query) line) THEN
		RAISE 'no plan by index: %', query;
	END IF;
	RETURN vdb_index_check(index) = expected AND found IS NOT DISTINCT FROM sorted
		AND array_length(found, 1) = least(n, expected);
END $$;

-- columns: each operator has its class, the first is the default
CREATE TABLE t (id integer, h halfvec(8)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, CASE WHEN i % 20 > 0 THEN hash_vector(i, 8) END
	FROM generate_series(1, 800) i;
CREATE INDEX t_l2 ON t USING ivfkm (h) WITH (lists = 12);
CREATE INDEX t_ip ON t USING ivfkm (h halfvec_ip_ops) WITH (lists = 12);
CREATE INDEX t_cos ON t USING ivfkm (h halfvec_cosine_ops) WITH (lists = 12, refine_bits = 8);
SELECT plan(format('SELECT id FROM t ORDER BY h %s ''[1,2,3,4,5,6,7,8]'' LIMIT 3', op))
	FROM unnest(ARRAY['<->', '<#>', '<=>']) op;
SELECT relname, metric, dimensions, lists, rows FROM pg_class, ivfkm_info(oid)
	WHERE relname IN ('t_l2', 't_ip', 't_cos') ORDER BY relname;
SELECT i, op, n, exact(i, 'h', op, q, n)
	FROM (VALUES ('t_l2'::regclass, '<->'), ('t_ip', '<#>'), ('t_cos', '<=>')) o (i, op),
	unnest(ARRAY[1, 10, 2000]) n, unnest(ARRAY[$$'[1,2,3,4,5,6,7,8]'$$]) q ORDER BY op, n;
-- with default settings, the nearest of a row is itself, and order is exact
SET enable_seqscan = off;
SELECT count(*) FROM t a WHERE id <= 60 AND id = (SELECT id FROM t ORDER BY h <-> a.h LIMIT 1);
SELECT op, bool_and(d = (SELECT array_agg(x ORDER BY x) FROM unnest(d) x)) AS ordered,
	min(array_length(d, 1)) AS rows
FROM (SELECT '<->' AS op, ARRAY(SELECT h <-> q.h FROM t ORDER BY h <-> q.h LIMIT 100) AS d FROM t q
	WHERE id < 20
	UNION ALL SELECT '<#>', ARRAY(SELECT h <#> q.h FROM t ORDER BY h <#> q.h LIMIT 100) FROM t q
	WHERE id < 20
	UNION ALL SELECT '<=>', ARRAY(SELECT h <=> q.h FROM t ORDER BY h <=> q.h LIMIT 100) FROM t q
	WHERE id < 20) s
GROUP BY op ORDER BY op;
RESET enable_seqscan;
-- the query may be a vector, which is cast to halfvec, but no literal of other dimensions
SELECT plan('SELECT id FROM t ORDER BY h <-> ''[1,2,3,4,5,6,7,8]''::vector LIMIT 3');
SET enable_seqscan = off;
SELECT id FROM t ORDER BY h <-> '[1,2,3]' LIMIT 3;
RESET enable_seqscan;
-- changes
INSERT INTO t SELECT i, hash_vector(i, 8) FROM generate_series(2001, 2200) i;
UPDATE t SET h = hash_vector(-id, 8) WHERE id % 7 = 0;
DELETE FROM t WHERE id % 5 = 0;
SELECT exact('t_l2', 'h', '<->', $$'[8,7,6,5,4,3,2,1]'$$, 3000) IS NOT NULL AS checked;
VACUUM t;
SELECT i, exact(i, 'h', op, $$'[8,7,6,5,4,3,2,1]'$$, 3000)
	FROM (VALUES ('t_l2'::regclass, '<->'), ('t_ip', '<#>'), ('t_cos', '<=>')) o (i, op)
	ORDER BY op;
REINDEX TABLE t;
SELECT i, exact(i, 'h', op, $$'[8,7,6,5,4,3,2,1]'$$, 3000)
	FROM (VALUES ('t_l2'::regclass, '<->'), ('t_ip', '<#>'), ('t_cos', '<=>')) o (i, op)
	ORDER BY op;
DROP TABLE t;

-- the largest and smallest elements, zeros, equal rows; an empty index
CREATE TABLE t (h halfvec(4)) WITH (autovacuum_enabled = off);
CREATE INDEX t_l2 ON t USING ivfkm (h halfvec_l2_ops);
CREATE INDEX t_ip ON t USING ivfkm (h halfvec_ip_ops);
CREATE INDEX t_cos ON t USING ivfkm (h halfvec_cosine_ops);
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
INSERT INTO t SELECT ('[' || 65504 - 32 * (i % 50) || ',' || -65504 + 32 * (i % 7) ||
	',65504,-65504]')::halfvec FROM generate_series(1, 200) i;
INSERT INTO t SELECT ('[' || 6e-8 * (i % 50) || ',' || -6e-8 * (i % 7) || ',6e-8,-6e-8]')::halfvec
	FROM generate_series(1, 200) i;
INSERT INTO t SELECT '[0,-0,0,0]' FROM generate_series(1, 20) i;
SELECT i, q, exact(i, 'h', op, q, 500)
	FROM (VALUES ('t_l2'::regclass, '<->'), ('t_ip', '<#>'), ('t_cos', '<=>')) o (i, op),
	unnest(ARRAY[$$'[1,2,3,4]'$$, $$'[65504,-65504,65504,-65504]'$$, $$'[6e-8,0,0,-6e-8]'$$]) q
	ORDER BY op, q;
REINDEX TABLE t;
SELECT i, q, exact(i, 'h', op, q, 500)
	FROM (VALUES ('t_l2'::regclass, '<->'), ('t_ip', '<#>'), ('t_cos', '<=>')) o (i, op),
	unnest(ARRAY[$$'[1,2,3,4]'$$, $$'[65504,-65504,65504,-65504]'$$, $$'[6e-8,0,0,-6e-8]'$$]) q
	ORDER BY op, q;
DROP TABLE t;

-- dimensions
CREATE FUNCTION try_dims(dims integer, opclass text, op text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	ok boolean;
	nrows integer := CASE WHEN dims < 100 THEN 100 WHEN dims < 4000 THEN 30 ELSE 5 END;
BEGIN
	EXECUTE format('CREATE TABLE t (h halfvec(%s))', dims);
	INSERT INTO t SELECT hash_vector(i, dims) FROM generate_series(1, nrows) i;
	EXECUTE format('CREATE INDEX t_idx ON t USING ivfkm (h %s) WITH (lists = 3)', opclass);
	INSERT INTO t SELECT hash_vector(i, dims) FROM generate_series(-5, 0) i;
	ok := exact('t_idx', 'h', op, format('hash_vector(1000, %s)::halfvec', dims), 20);
	DROP TABLE t;
	RETURN ok;
END $$;
SELECT dims, try_dims(dims, 'halfvec_l2_ops', '<->') AS l2, try_dims(dims, 'halfvec_ip_ops',
	'<#>') AS ip, try_dims(dims, 'halfvec_cosine_ops', '<=>') AS cosine
FROM unnest(ARRAY[1, 7, 8, 9, 17, 33, 65, 784, 4000, 16000]) dims;
DROP FUNCTION try_dims;

-- expressions of vectors: half precision, the first dimensions, a part of a halfvec
CREATE TABLE t (id integer, v vector(24), h halfvec(24), loose vector)
	WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, x, x, x FROM generate_series(1, 400) i, hash_vector(i, 24) x;
INSERT INTO t (id) SELECT generate_series(1001, 1010);
CREATE TABLE expressions (name text, expression text, q text);
INSERT INTO expressions VALUES
	('half', '(v::halfvec(24))', '(hash_vector(-1, 24)::halfvec(24))'),
	('first', '(subvector(v, 1, 8)::vector(8))',
	'(subvector(hash_vector(-2, 24), 1, 8)::vector(8))'),
	('part', '(subvector(h, 9, 16)::halfvec(16))', '(hash_vector(-3, 16)::halfvec(16))'),
	('loose', '(loose::vector(24))', '(hash_vector(-4, 24)::vector(24))'),
	('unit', '(l2_normalize(h)::halfvec(24))', '(hash_vector(-5, 24)::halfvec(24))');
CREATE FUNCTION create_indexes() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	command text;
BEGIN
	FOR command IN
	SELECT format('CREATE INDEX %s_%s ON t USING ivfkm (%s %s_%2$s_ops) WITH (lists = 6)', name,
	opclass, expression,
			CASE WHEN expression LIKE '%halfvec%' THEN 'halfvec' ELSE 'vector' END)
		FROM expressions, unnest(ARRAY['l2', 'ip', 'cosine']) opclass LOOP
		EXECUTE command;
	END LOOP;
END $$;
CREATE VIEW answers AS
	SELECT name, exact((name || '_l2')::regclass, expression, '<->', q, 1000) AS l2,
		exact((name || '_ip')::regclass, expression, '<#>', q, 1000) AS ip,
		exact((name || '_cosine')::regclass, expression, '<=>', q, 1000) AS cosine
	FROM expressions ORDER BY name;
SELECT create_indexes();
\d half_l2
SELECT
	plan('SELECT id FROM t ORDER BY v::halfvec(24) <-> hash_vector(-1, 24)::halfvec(24) LIMIT 3');
SELECT
	plan('SELECT id FROM t ORDER BY subvector(v, 1, 8)::vector(8) <=> subvector(hash_vector(-2, '
	'24), 1, 8) LIMIT 3');
SELECT
	plan('SELECT id FROM t ORDER BY subvector(h, 9, '
	'16)::halfvec(16) <#> ''[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]'' LIMIT 3');
SELECT * FROM answers;
INSERT INTO t SELECT i, x, x, x FROM generate_series(2001, 2100) i, hash_vector(i, 24) x;
UPDATE t SET v = hash_vector(-id, 24), loose = NULL WHERE id % 6 = 0;
DELETE FROM t WHERE id % 9 = 0;
VACUUM t;
SELECT * FROM answers;
-- reranked in the form that the index has: distances of an index scan are those of the expression
SET enable_seqscan = off;
SET ivfkm.probes = 6;
SELECT bool_and(d = v::halfvec(24) <->
	'[24,23,22,21,20,19,18,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2,1]') AS same, count(*)
FROM (SELECT v, v::halfvec(24) <->
	'[24,23,22,21,20,19,18,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2,1]' AS d FROM t
	ORDER BY v::halfvec(24) <-> '[24,23,22,21,20,19,18,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2,1]'
		LIMIT 50) s;
RESET enable_seqscan;
RESET ivfkm.probes;
-- partial, and built beside writers
CREATE INDEX CONCURRENTLY some_l2 ON t USING ivfkm ((v::halfvec(24)) halfvec_l2_ops)
	WHERE id % 2 = 0;
SELECT vdb_index_check('some_l2') = (SELECT count(*) FROM t WHERE id % 2 = 0) AS complete;
-- rows that the expression is not defined for
INSERT INTO t (id, v) VALUES (1, array_fill(1e6, ARRAY[24])::vector);
INSERT INTO t (id, loose) VALUES (1, '[1,2,3]');
DROP VIEW answers;
DROP TABLE t, expressions;
CREATE TABLE t (v vector(2));
INSERT INTO t VALUES ('[1,2]'), ('[70000,1]');
CREATE INDEX ON t USING ivfkm ((v::halfvec(2)));
DROP TABLE t;

-- columns and expressions without dimensions, operator classes of other types
CREATE TABLE t (h halfvec, h3 halfvec(3), v3 vector(3));
CREATE INDEX ON t USING ivfkm (h);
CREATE INDEX ON t USING ivfkm ((h3 || h3));
CREATE INDEX ON t USING ivfkm ((v3::halfvec));
CREATE INDEX ON t USING ivfkm ((subvector(v3, 1, 2)));
CREATE INDEX ON t USING ivfkm (h3 vector_l2_ops);
CREATE INDEX ON t USING ivfkm (v3 halfvec_l2_ops);
CREATE INDEX ON t USING ivfkm (h3 halfvec_l3_ops);
CREATE INDEX ON t USING ivfkm (((h3 || h3)::halfvec(6)));
INSERT INTO t (h3) SELECT hash_vector(i, 3)::halfvec FROM generate_series(1, 100) i;
SELECT exact('t_halfvec_idx', '((h3 || h3)::halfvec(6))', '<->', $$'[1,2,3,4,5,6]'$$, 100);
\set VERBOSITY sqlstate
CREATE INDEX ON t USING ivfkm (h);
CREATE INDEX ON t USING ivfkm (h3 vector_l2_ops);
INSERT INTO t (h3) SELECT '[1,2]';
SET enable_seqscan = off;
SELECT FROM t ORDER BY (h3 || h3)::halfvec(6) <-> '[1,2,3]' LIMIT 1;
RESET enable_seqscan;
\set VERBOSITY default
DROP TABLE t;

DROP FUNCTION create_indexes, exact, plan, hash_vector;
