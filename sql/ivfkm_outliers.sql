--
-- ivfkm indexes with rows that are far longer than all others
--

-- vectors of whole numbers from -99 to 99, times a length
CREATE FUNCTION hash_vector(seed integer, dims integer, length float8) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT array_agg(length * (hashint8(seed * 20000::bigint + d) % 100) ORDER BY d)::vector
		FROM generate_series(1, dims) d';

-- Share of the 10 nearest rows of table t that searches of 20 queries of this length find, by
-- distance; and the rows that they look at.
CREATE FUNCTION search(op text, length float8, OUT recall numeric, OUT looked bigint)
	LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT array_agg(d) FROM
		(SELECT v %1$s $1 AS d FROM t ORDER BY v %1$s $1 LIMIT 10) s', op);
	sorted float8[];
	found float8[];
	hits integer := 0;
BEGIN
	looked := 0;
	FOR i IN 1..20 LOOP
		SET LOCAL enable_indexscan = off;
		EXECUTE query USING hash_vector(-i, 12, length), 10 INTO sorted;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		EXECUTE query USING hash_vector(-i, 12, length), 10 INTO found;
		RESET enable_seqscan;
		hits := hits + (SELECT count(*) FROM unnest(found) d WHERE d <= sorted[10]);
		looked := looked + (SELECT s.refined FROM ivfkm_last_scan() s);
	END LOOP;
	recall := hits / 200.0;
END $$;

-- 5 of 5,000 rows, at build
CREATE TABLE base AS SELECT i AS id, hash_vector(i, 12, 1) AS v FROM generate_series(1, 5000) i;
CREATE TEMP TABLE t (id integer, v vector(12));
CREATE TEMP TABLE plain (op text, recall numeric, looked bigint);
INSERT INTO t SELECT id, v FROM base;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 40);
INSERT INTO plain SELECT '<->', * FROM search('<->', 1);
DROP INDEX t_l2;
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 40);
INSERT INTO plain SELECT '<=>', * FROM search('<=>', 1);
DROP INDEX t_cos;
-- whether searches are as good and as cheap as without outliers
CREATE FUNCTION try(OUT op text, OUT recall boolean, OUT looked boolean)
	RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	was plain;
	now record;
BEGIN
	FOR was IN SELECT * FROM plain ORDER BY plain.op LOOP
		op := was.op;
		now := search(op, 1);
		recall := now.recall >= was.recall - 0.01;
		looked := now.looked <= was.looked * 1.3 + 100;
		RETURN NEXT;
	END LOOP;
END $$;

INSERT INTO t SELECT i, hash_vector(i, 12, 1e6) FROM generate_series(6001, 6005) i;
CREATE INDEX t_l2 ON t USING ivfkm (v) WITH (lists = 40);
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 40);
CREATE INDEX t_cos ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 40);
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT * FROM try();
-- an outlier is found, too, by a query that is one
SELECT id FROM t ORDER BY v <-> hash_vector(6003, 12, 1e6) LIMIT 1;

UPDATE t SET v = hash_vector(id, 12, 1e9) WHERE id > 6000;
REINDEX TABLE t;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT * FROM try();

UPDATE t SET v = hash_vector(id, 12, 1e30) WHERE id > 6000;
REINDEX TABLE t;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT * FROM try();

-- inserted later, and kept by a renewal
DELETE FROM t WHERE id > 6000;
VACUUM t;
REINDEX TABLE t;
INSERT INTO t SELECT i, hash_vector(i, 12, 10 ^ (i % 5 * 6)) FROM generate_series(6001, 6005) i;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT * FROM try();
SELECT rows, forced FROM ivfkm_maintain('t_l2');
SELECT vdb_index_check('t_l2');
SELECT * FROM try();

-- rows of which a tenth is long are of two kinds, and both are trained on
DELETE FROM t WHERE id > 4000;
INSERT INTO t SELECT i, hash_vector(i, 12, 1e6) FROM generate_series(6001, 6500) i;
REINDEX TABLE t;
SELECT vdb_index_check('t_l2'), vdb_index_check('t_ip'), vdb_index_check('t_cos');
SELECT recall >= 0.95 AS recall FROM search('<->', 1);
SELECT count(*) > 20 AS lists_of_long_rows FROM ivfkm_lists('t_l2') WHERE rows BETWEEN 1 AND 100;
DROP TABLE t, plain, base;
DROP FUNCTION search, hash_vector, try;
