--
-- Every operation of the access method at every page layout, distance and SIMD level.
-- A wrong answer is an error; the server's sanitizers find the rest.
--
\set ON_ERROR_STOP on
\set VERBOSITY terse
SET client_min_messages = warning;
SET maintenance_work_mem = '16MB';

-- vectors of whole numbers from -99 to 99; every 40th is zero and every 7th a duplicate
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT array_agg(CASE WHEN seed % 40 = 0 THEN 0
		ELSE hashint8((seed - seed % 7 / 6) * 20000::bigint + d) % 100 END ORDER BY d)::vector
	FROM generate_series(1, dims) d
$$;

-- the n nearest rows by index must be as far as by sort, in the same order
CREATE FUNCTION agree(tab regclass, op text, q vector, n integer) RETURNS void LANGUAGE plpgsql
	SET ivfkm.probes = 1000000 SET ivfkm.epsilon = 100 AS $$
DECLARE
	query text :=
		format('SELECT array_agg(d) FROM (SELECT v %s $1 AS d FROM %s '
		'ORDER BY v %1$s $1 LIMIT $2) s', op, tab);
	sorted float8[];
	found float8[];
	plan text := '';
	line text;
BEGIN
	SET LOCAL enable_indexscan = off;
	EXECUTE query USING q, n INTO sorted;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_seqscan = off;
	EXECUTE query USING q, n INTO found;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query USING q, n LOOP
		plan := plan || line;
	END LOOP;
	IF plan !~ 'Index Scan' THEN
		RAISE '% %: %', tab, op, plan;
	END IF;
	IF found IS DISTINCT FROM sorted THEN
		RAISE '% % % rows near %: % instead of %', tab, op, n, left(q::text, 200), found, sorted;
	END IF;
END $$;

CREATE TABLE shape (n serial, dims integer, rows integer, lists integer);
INSERT INTO shape (dims, rows, lists) VALUES (1, 600, 0), (3, 900, 100), (33, 400, 10),
	(384, 200, 3),
	(2000, 80, 4), (4000, 60, 2), (8000, 50, 3), (16000, 40, 2);
CREATE TABLE metric (n integer, opclass text, op text);
INSERT INTO metric VALUES (0, 'vector_l2_ops', '<->'), (1, 'vector_ip_ops', '<#>'),
	(2, 'vector_cosine_ops', '<=>');

SELECT format('CREATE TABLE t%s (id serial PRIMARY KEY, kind integer, v vector(%1$s));
	ALTER TABLE t%1$s SET (autovacuum_enabled = off);
	INSERT INTO t%1$s (kind, v) SELECT i %% 5, hash_vector(i, %1$s) FROM generate_series(1, %s) i',
	dims, rows) FROM shape ORDER BY dims \gexec

-- every layout with every SIMD level, and with every distance where there are three levels
SELECT format('SET vdb.simd = %s', s.name),
	format('CREATE INDEX i ON t%s USING ivfkm (v %s) WITH (lists = %s)', dims, opclass, lists),
	'SELECT vdb_index_check(''i'')',
	format('SELECT agree(''t%s'', %L, v, n) FROM t%1$s, (VALUES (1), (10), (100000)) w(n) '
	'WHERE id = 18', dims, op),
	-- with the settings that users have: a filter, a join that scans again, a cursor
	'SET enable_seqscan = off',
	format('SELECT id FROM t%s WHERE kind = 3 ORDER BY v %s hash_vector(9, %1$s) LIMIT 20', dims,
	op),
	format('SELECT q.id, n.id FROM (SELECT id, v FROM t%s WHERE id %% 17 = 0 ORDER BY id LIMIT 4) q,
		LATERAL (SELECT id FROM t%1$s ORDER BY v %s q.v LIMIT 5) n', dims, op),
	format('SELECT id FROM t%s ORDER BY v %s (SELECT NULL::vector) LIMIT 5', dims, op),
	'BEGIN',
	format('DECLARE c CURSOR FOR SELECT id FROM t%s ORDER BY v %s hash_vector(77, %1$s)', dims, op),
	'FETCH 5 FROM c', 'SAVEPOINT s', 'MOVE 60 FROM c', 'ROLLBACK TO s', 'FETCH 30 FROM c',
	format('DELETE FROM t%s WHERE id %% 11 = 2', dims),
	'FETCH ALL FROM c', 'ROLLBACK',
	'RESET enable_seqscan',
	format('INSERT INTO t%s (kind, v) SELECT kind, v FROM t%1$s ORDER BY id DESC LIMIT %s', dims,
	rows / 4),
	format('UPDATE t%s SET v = hash_vector(id + 5000, %1$s) WHERE id %% 9 = 4', dims),
	format('DELETE FROM t%s WHERE id %% 5 = %s', dims, ascii(s.name) % 5),
	format('VACUUM t%s', dims),
	format('INSERT INTO t%s (kind, v) SELECT i %% 5, hash_vector(i, %1$s) FROM generate_series(1, '
	'%s) i', dims, rows / 5),
	'SELECT vdb_index_check(''i'')',
	format('SELECT agree(''t%s'', %L, hash_vector(5, %1$s), 50)', dims, op),
	format('VACUUM FULL t%s', dims),
	'SELECT vdb_index_check(''i'')', 'SELECT * FROM ivfkm_info(''i'')',
	'SELECT * FROM ivfkm_lists(''i'')',
	'DROP INDEX i'
FROM shape, metric, (SELECT row_number() OVER (ORDER BY name) AS n, name FROM vdb_simd_variants()
	WHERE supported) s
	WHERE (shape.n + s.n) % 3 = metric.n ORDER BY dims, s.name \gexec
RESET vdb.simd;

-- built beside writers; rebuilt; on an expression; partial; of an unlogged and a temporary table
CREATE INDEX CONCURRENTLY i ON t33 USING ivfkm (v vector_l2_ops) WITH (lists = 7);
REINDEX INDEX CONCURRENTLY i;
SELECT vdb_index_check('i'), agree('t33', '<->', hash_vector(5, 33), 50);
DROP INDEX i;
CREATE INDEX i ON t33 USING ivfkm ((subvector(v, 2, 20)::vector(20)) vector_cosine_ops)
	WHERE kind < 3;
INSERT INTO t33 (kind, v) SELECT i % 5, hash_vector(i, 33) FROM generate_series(1, 200) i;
SET enable_seqscan = off;
SELECT id FROM t33 WHERE kind < 3 ORDER BY subvector(v, 2, 20)::vector(20) <=> hash_vector(3, 20)
	LIMIT 20;
RESET enable_seqscan;
SELECT vdb_index_check('i');
DROP INDEX i;
CREATE UNLOGGED TABLE u (v vector(33));
CREATE INDEX u_i ON u USING ivfkm (v vector_l2_ops);
INSERT INTO u SELECT v FROM t33;
SELECT vdb_index_check('u_i');
BEGIN;
CREATE TEMPORARY TABLE gone (v vector(33)) ON COMMIT DELETE ROWS;
CREATE INDEX gone_i ON gone USING ivfkm (v vector_ip_ops);
INSERT INTO gone SELECT v FROM t33;
TRUNCATE gone;
INSERT INTO gone SELECT subvector(v, 1, 33) FROM t33 WHERE kind = 1;
SELECT vdb_index_check('gone_i');
COMMIT;
INSERT INTO gone SELECT v FROM t33;
SELECT vdb_index_check('gone_i');

-- interrupted at many points of a build, a scan and a VACUUM
\set ON_ERROR_STOP off
SELECT format('SET statement_timeout = %s', 2 * 1.6 ^ n),
	'CREATE INDEX cut ON t3 USING ivfkm (v vector_l2_ops) WITH (lists = 300)',
	'DROP INDEX IF EXISTS cut',
	'CREATE INDEX cut ON t2000 USING ivfkm (v vector_cosine_ops) WITH (lists = 10)',
	'DROP INDEX IF EXISTS cut'
FROM generate_series(0, 14) n ORDER BY n \gexec
RESET statement_timeout;
\set ON_ERROR_STOP on
DROP INDEX IF EXISTS cut;

-- nothing cached survives: the relation cache is emptied wherever it could be
CREATE INDEX i ON t33 USING ivfkm (v vector_ip_ops) WITH (lists = 4);
CREATE INDEX i_part ON t3 USING ivfkm ((subvector(v, 1, 2)::vector(2)) vector_l2_ops)
	WITH (lists = 4) WHERE kind = 1;
SET debug_discard_caches = 1;
SET enable_seqscan = off;
SELECT id FROM t33
	ORDER BY v <#>
	'[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]'
	LIMIT 70;
SELECT id FROM t3 WHERE kind = 1 ORDER BY subvector(v, 1, 2)::vector(2) <-> '[1,2]' LIMIT 5;
INSERT INTO t33 (kind, v) SELECT kind, v FROM t33 LIMIT 20;
INSERT INTO t3 (kind, v) SELECT 1, v FROM t3 LIMIT 20;
DELETE FROM t33 WHERE id % 10 = 3;
VACUUM t33;
REINDEX INDEX i;
SELECT vdb_index_check('i'), vdb_index_check('i_part');
RESET debug_discard_caches;
RESET enable_seqscan;
DROP INDEX i, i_part;

-- what the tier checks again after a crash
SELECT format('CREATE INDEX t%s_i ON t%1$s USING ivfkm (v %s) WITH (lists = %s)', dims,
	opclass, lists)
FROM shape JOIN metric ON metric.n = dims % 3 ORDER BY dims \gexec
CHECKPOINT;
SELECT format('INSERT INTO t%s (kind, v) SELECT kind, v FROM t%1$s', dims),
	format('DELETE FROM t%s WHERE id %% 3 = 1', dims), format('VACUUM t%s', dims),
	format('INSERT INTO t%s (kind, v) SELECT kind, v FROM t%1$s LIMIT 30', dims)
FROM shape ORDER BY dims \gexec
