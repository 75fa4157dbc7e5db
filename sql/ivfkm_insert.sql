--
-- Inserts and updates through ivfkm indexes
--

-- vectors of whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';

-- true when the n nearest rows of table t by index are as far as by sort, in the same order
CREATE FUNCTION exact(op text, q vector, n integer) RETURNS boolean LANGUAGE plpgsql
	SET ivfkm.probes = 1000000 SET ivfkm.epsilon = 100 SET ivfkm.iterative_scan = strict_order AS $$
DECLARE
	query text :=
		format('SELECT array_agg(d) FROM (SELECT v %s $1 AS d FROM t '
		'ORDER BY v %1$s $1 LIMIT $2) s', op);
	sorted float8[];
	found float8[];
BEGIN
	SET LOCAL enable_indexscan = off;
	EXECUTE query USING q, n INTO sorted;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_seqscan = off;
	EXECUTE query USING q, n INTO found;
	RESET enable_seqscan;
	RETURN found IS NOT DISTINCT FROM sorted;
END $$;

-- into an empty index: one list that grows to many pages
CREATE TABLE t (id integer, v vector(16)) WITH (autovacuum_enabled = off);
CREATE INDEX t_l2 ON t USING ivfkm (v);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops);
INSERT INTO t VALUES (0, '[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]');
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
INSERT INTO t SELECT i, hash_vector(i, 16) FROM generate_series(1, 2000) i;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT list.rows, pages > 2 AS many_pages, lists FROM ivfkm_lists('t_l2') list, ivfkm_info('t_l2');
SELECT op, bool_and(exact(op, hash_vector(-i, 16), 100)) FROM unnest(ARRAY['<->', '<#>', '<=>']) op,
	generate_series(1, 5) i GROUP BY op ORDER BY op;

-- into a trained index, in one statement and row by row
REINDEX TABLE t;
DO $$
BEGIN
	FOR i IN 2001..2500 LOOP
		INSERT INTO t VALUES (i, hash_vector(i, 16));
	END LOOP;
END $$;
INSERT INTO t SELECT i, hash_vector(i, 16) FROM generate_series(2501, 3500) i;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT op, bool_and(exact(op, hash_vector(-i, 16), 100)) FROM unnest(ARRAY['<->', '<#>', '<=>']) op,
	generate_series(1, 5) i GROUP BY op ORDER BY op;
-- COPY
COPY t FROM stdin;
3501	[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]
3502	\N
3503	[16,15,14,13,12,11,10,9,8,7,6,5,4,3,2,1]
\.
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
-- new rows far from all old ones, all in the same list
INSERT INTO t SELECT i, array_fill(100000 + i % 10, ARRAY[16]) FROM generate_series(4001, 4500) i;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT op, exact(op, array_fill(100000, ARRAY[16])::vector, 1000),
	exact(op, hash_vector(-1, 16), 100) FROM unnest(ARRAY['<->', '<#>', '<=>']) op;

-- NULLs are indexed, too
INSERT INTO t SELECT i, NULL FROM generate_series(5001, 5010) i;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
-- a row that gets its vector later
UPDATE t SET v = hash_vector(id, 16) WHERE id BETWEEN 5001 AND 5005;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT count(*) FROM generate_series(5001, 5005) i WHERE exact('<->', hash_vector(i, 16), 1);

-- wrong dimensions
INSERT INTO t VALUES (6000, '[1,2,3]');
UPDATE t SET v = '[1,2,3]' WHERE id = 1;
-- the column lost its dimensions, but the index has not
ALTER TABLE t ALTER COLUMN v TYPE vector;
INSERT INTO t VALUES (6001, hash_vector(6001, 16));
INSERT INTO t VALUES (6002, '[1,2,3]');
UPDATE t SET v = '[1,2,3]' WHERE id = 1;
\set VERBOSITY sqlstate
INSERT INTO t VALUES (6002, '[1,2,3]');
\set VERBOSITY default
ALTER TABLE t ALTER COLUMN v TYPE vector(16);
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos'), count(v) FROM t;
DROP TABLE t;

-- updates: HOT ones leave the index alone, others add an entry.  VACUUM removes the old ones:
-- the table is temporary, so that no other session can keep it from that.
CREATE TEMP TABLE t (id integer, n integer, v vector(6)) WITH (fillfactor = 40);
INSERT INTO t SELECT i, 0, hash_vector(i, 6) FROM generate_series(1, 400) i;
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (lists = 8);
UPDATE t SET n = n + 1;
SELECT vdb_index_check('t_idx');
SELECT exact('<->', hash_vector(0, 6), 400);
UPDATE t SET v = hash_vector(id + 1000, 6) WHERE id <= 100;
SELECT vdb_index_check('t_idx');
SELECT exact('<->', hash_vector(0, 6), 400);
UPDATE t SET n = n + 1 WHERE id > 50;
UPDATE t SET v = NULL WHERE id BETWEEN 201 AND 210;
SELECT vdb_index_check('t_idx');
SELECT exact('<->', hash_vector(0, 6), 400);
VACUUM t;
SELECT vdb_index_check('t_idx');
SELECT exact('<->', hash_vector(0, 6), 400);
-- the same vector again, and moved from one list to another and back
UPDATE t SET v = v;
UPDATE t SET v = '[1000,0,0,0,0,0]' WHERE id = 1;
UPDATE t SET v = '[0,0,0,0,0,-1000]' WHERE id = 1;
UPDATE t SET v = '[1000,0,0,0,0,0]' WHERE id = 1;
SELECT exact('<->', hash_vector(0, 6), 400), exact('<->', '[1000,0,0,0,0,0]', 10),
	exact('<->', '[0,0,0,0,0,-1000]', 10);
VACUUM t;
SELECT vdb_index_check('t_idx');
SELECT exact('<->', hash_vector(0, 6), 400);

-- rollback, of all and of a part
BEGIN;
INSERT INTO t SELECT i, 0, hash_vector(i, 6) FROM generate_series(401, 1000) i;
SELECT vdb_index_check('t_idx'), exact('<->', hash_vector(0, 6), 1000);
ROLLBACK;
SELECT exact('<->', hash_vector(0, 6), 1000);
BEGIN;
INSERT INTO t SELECT i, 0, hash_vector(i, 6) FROM generate_series(401, 450) i;
SAVEPOINT a;
INSERT INTO t SELECT i, 0, hash_vector(i, 6) FROM generate_series(451, 500) i;
SAVEPOINT b;
DELETE FROM t WHERE id <= 100;
INSERT INTO t SELECT i, 0, hash_vector(i, 6) FROM generate_series(501, 550) i;
SELECT exact('<->', hash_vector(0, 6), 1000);
ROLLBACK TO b;
SELECT exact('<->', hash_vector(0, 6), 1000);
RELEASE a;
INSERT INTO t VALUES (551, 0, '[1,2,3]');
ROLLBACK;
SELECT exact('<->', hash_vector(0, 6), 1000);
BEGIN;
SAVEPOINT a;
INSERT INTO t SELECT i, 0, hash_vector(i, 6) FROM generate_series(401, 450) i;
RELEASE a;
SAVEPOINT b;
INSERT INTO t SELECT i, 0, hash_vector(i, 6) FROM generate_series(451, 500) i;
ROLLBACK TO b;
COMMIT;
SELECT exact('<->', hash_vector(0, 6), 1000);
-- one subtransaction a row, every other one fails
DO $$
BEGIN
	FOR i IN 501..600 LOOP
		BEGIN
			INSERT INTO t VALUES (i, 0, hash_vector(i, 6));
			IF i % 2 = 0 THEN
				RAISE EXCEPTION 'no';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END $$;
SELECT exact('<->', hash_vector(0, 6), 1000);
VACUUM t;
SELECT vdb_index_check('t_idx') = count(*), count(v) FROM t;
DROP TABLE t;

-- ON CONFLICT, MERGE and triggers put rows in as INSERT does
CREATE TABLE t (id integer PRIMARY KEY, v vector(3)) WITH (autovacuum_enabled = off);
CREATE INDEX t_idx ON t USING ivfkm (v);
INSERT INTO t VALUES (1, '[1,1,1]'), (2, '[2,2,2]');
INSERT INTO t VALUES (1, '[9,9,9]') ON CONFLICT (id) DO UPDATE SET v = excluded.v;
INSERT INTO t VALUES (2, '[9,9,9]') ON CONFLICT (id) DO NOTHING;
MERGE INTO t USING (VALUES (2, '[5,5,5]'::vector), (3, '[6,6,6]')) s (id, v) ON t.id = s.id
	WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v);
SET enable_seqscan = off;
SELECT id, v FROM t ORDER BY v <-> '[9,9,9]';
RESET enable_seqscan;
SELECT exact('<->', '[9,9,9]', 10);
DROP TABLE t;

-- units on several pages
CREATE TABLE t (id integer, v vector(8000)) WITH (autovacuum_enabled = off);
CREATE INDEX t_l2 ON t USING ivfkm (v);
INSERT INTO t SELECT i, hash_vector(i, 8000) FROM generate_series(1, 20) i;
SELECT vdb_index_check('t_l2');
SELECT exact('<->', hash_vector(0, 8000), 20);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 2);
INSERT INTO t SELECT i, hash_vector(i, 8000) FROM generate_series(21, 80) i;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_cos');
SELECT exact('<->', hash_vector(0, 8000), 80), exact('<=>', hash_vector(0, 8000), 80);
SELECT list.rows, pages >= 10 AS many_pages FROM ivfkm_lists('t_l2') list;
UPDATE t SET v = hash_vector(id + 100, 8000) WHERE id <= 10;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_cos');
SELECT exact('<->', hash_vector(101, 8000), 80), exact('<=>', hash_vector(101, 8000), 80);
DROP TABLE t;

DROP FUNCTION exact, hash_vector;
