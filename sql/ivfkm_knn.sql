--
-- ivfkm_knn(): the nearest rows of many queries
--

-- vectors of whole numbers from -99 to 99
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector
		FROM generate_series(1, dims) d';

CREATE TABLE t (id integer, g integer, v vector(12));
INSERT INTO t SELECT i, i % 3, hash_vector(i, 12) FROM generate_series(1, 5000) i;
CREATE TABLE q AS SELECT i AS id, hash_vector(-i, 12) AS v FROM generate_series(1, 60) i;
CREATE FUNCTION queries() RETURNS vector[] LANGUAGE sql STABLE
	AS 'SELECT array_agg(v ORDER BY id) FROM q';
CREATE INDEX t_v ON t USING ivfkm (v) WITH (lists = 50);

-- what is true: the k nearest distances of each query
CREATE TABLE truth AS
SELECT q.id, n.number, n.distance
FROM q, LATERAL (SELECT row_number() OVER (ORDER BY t.v <-> q.v) AS number,
	t.v <-> q.v AS distance FROM t ORDER BY t.v <-> q.v LIMIT 20) n;
-- share of the true ones, by distance, that are found
CREATE FUNCTION recall(k integer) RETURNS numeric LANGUAGE sql AS $$
	SELECT round(count(*) FILTER (WHERE n.distance <= far.distance)::numeric / (60 * k), 2)
	FROM ivfkm_knn('t_v', queries(), k) n JOIN truth far ON far.id = n.query AND far.number = k
$$;

SELECT count(*), count(DISTINCT query), min(query), max(query), count(DISTINCT relation),
	min(relation::text)
FROM ivfkm_knn('t_v', queries());
-- rows are those that tid says, and distances the operator's
SELECT count(*), bool_and(n.distance = (t.v <-> q.v)) AS same
FROM ivfkm_knn('t_v', queries(), 5) n JOIN t ON t.ctid = n.tid JOIN q ON q.id = n.query;
-- the nearest first, none twice
SELECT bool_and(distance >= before) AS sorted
FROM (SELECT distance, lag(distance) OVER (PARTITION BY query ORDER BY number) AS before
	FROM ivfkm_knn('t_v', queries(), 20)
		WITH ORDINALITY AS n(query, relation, tid, distance, number)) a
WHERE before IS NOT NULL;
SELECT count(*) = count(DISTINCT (query, tid)) AS once FROM ivfkm_knn('t_v', queries(), 100);
SELECT recall(1) > 0.9 AS one, recall(10) > 0.95 AS ten, recall(20) > 0.95 AS twenty;
-- all that there are, if that is asked for
SET ivfkm.target_recall = 1;
SELECT recall(1), recall(10), recall(20);
RESET ivfkm.target_recall;
-- settings of searches hold
SET ivfkm.probes = 1;
SELECT recall(10) < 0.9 AS missed;
SET ivfkm.max_scan_tuples = 100;
SELECT recall(10) < 0.9 AS missed;
RESET ivfkm.max_scan_tuples;
RESET ivfkm.probes;
-- little memory: many batches, of queries that are near each other
CREATE TABLE found AS SELECT query, tid, distance FROM ivfkm_knn('t_v', queries(), 10);
SET work_mem = '64kB';
SELECT count(*), count(*) FILTER (WHERE f.tid IS NULL) AS others
FROM ivfkm_knn('t_v', queries(), 10) n LEFT JOIN found f USING (query, tid, distance);
RESET work_mem;
-- so many rows at the same distance that there is no memory for them, and then there is
CREATE TABLE equal (v vector(12));
INSERT INTO equal SELECT hash_vector(i % 4, 12) FROM generate_series(1, 2400) i;
CREATE INDEX equal_v ON equal USING ivfkm (v) WITH (lists = 4);
CREATE FUNCTION equals() RETURNS TABLE (n bigint, nearest bigint) LANGUAGE sql AS $$
	SELECT count(*), count(*) FILTER (WHERE distance = 0)
	FROM ivfkm_knn('equal_v', (SELECT array_agg(hash_vector(i % 4, 12))
		FROM generate_series(1, 200) i), 7)
$$;
SET work_mem = '64kB';
SELECT * FROM equals();
SET work_mem = '64MB';
SELECT * FROM equals();
RESET work_mem;
DROP FUNCTION equals;
DROP TABLE equal;

-- with the same lists, what a search for each query finds: of many lists, few and many for a query,
-- and more than probes says where they hold fewer rows than are wanted
CREATE TABLE many (v vector(12));
INSERT INTO many SELECT hash_vector(i, 12) FROM generate_series(1, 6000) i;
CREATE INDEX many_l2 ON many USING ivfkm (v) WITH (lists = 200);
CREATE TABLE asked AS SELECT i AS id, hash_vector(-i, 12) AS v FROM generate_series(1, 250) i;
CREATE FUNCTION differ(index regclass, k integer, probes integer) RETURNS bigint
	LANGUAGE plpgsql SET enable_seqscan = off SET ivfkm.epsilon = 8 AS $$
DECLARE
	operator text = CASE WHEN index::text = 'many_l2' THEN '<->' ELSE '<#>' END;
	result bigint;
BEGIN
	PERFORM set_config('ivfkm.probes', probes::text, true);
	EXECUTE format('SELECT count(*) FROM
		(SELECT query AS id, distance, row_number() OVER (PARTITION BY query ORDER BY distance) AS n
			FROM ivfkm_knn($1, (SELECT array_agg(v ORDER BY id) FROM asked), $2)) a
		FULL JOIN (SELECT id, b.distance,
				row_number() OVER (PARTITION BY id ORDER BY b.distance) AS n
			FROM asked, LATERAL (SELECT many.v %1$s asked.v AS distance
				FROM many ORDER BY many.v %1$s asked.v LIMIT $2) b) b USING (id, n)
		WHERE a.distance IS DISTINCT FROM b.distance', operator) INTO result USING index, k;
	RETURN result;
END $$;
SELECT k, probes, differ('many_l2', k, probes)
FROM unnest('{1,10,10,10,100}'::int[], '{1,4,12,60,2}'::int[]) AS p(k, probes);
DROP INDEX many_l2;
CREATE INDEX many_ip ON many USING ivfkm (v vector_ip_ops) WITH (lists = 200);
SELECT k, probes, differ('many_ip', k, probes)
FROM unnest('{1,10,10,10,100}'::int[], '{1,4,12,60,2}'::int[]) AS p(k, probes);
-- long vectors, whose refine codes fill many pages, for few queries and for many
CREATE TABLE long (id integer, v vector(700));
INSERT INTO long SELECT i, hash_vector(i, 700) FROM generate_series(1, 300) i;
CREATE INDEX long_v ON long USING ivfkm (v) WITH (lists = 2, refine_bits = 8);
TRUNCATE asked;
ALTER TABLE asked ALTER v TYPE vector(700) USING NULL;
INSERT INTO asked SELECT i, hash_vector(-i, 700) FROM generate_series(1, 40) i;
SET ivfkm.target_recall = 1;
SELECT n, (SELECT count(*)
	FROM ivfkm_knn('long_v', (SELECT array_agg(v ORDER BY id) FROM asked WHERE id <= n), 1) a
	JOIN asked ON id = query
	WHERE distance = (SELECT min(long.v <-> asked.v) FROM long)) AS found
FROM unnest('{3,40}'::int[]) n;
RESET ivfkm.target_recall;
DROP TABLE many, asked, long;

-- arguments
SELECT * FROM ivfkm_knn('t_v', '{}'::vector[], 3);
SELECT count(*), min(query), max(query)
FROM ivfkm_knn('t_v', ARRAY[NULL, hash_vector(1, 12), NULL, hash_vector(2, 12)], 3);
SELECT query, distance FROM ivfkm_knn('t_v', ARRAY[NULL, NULL]::vector[], 3);
SELECT query, distance FROM ivfkm_knn('t_v', ARRAY[hash_vector(7, 12), hash_vector(7, 12)], 1);
SELECT ivfkm_knn('t_v', queries(), 0);
SELECT ivfkm_knn('t_v', queries(), -1);
SELECT ivfkm_knn('t_v', queries(), 10001);
SELECT ivfkm_knn(NULL, queries(), 1);
SELECT ivfkm_knn('t_v', NULL::vector[], 1);
SELECT ivfkm_knn('t_v', queries(), NULL);
SELECT ivfkm_knn('t_v', ARRAY['[1,2,3]'::vector], 1);
SELECT ivfkm_knn('t_v', ARRAY[hash_vector(1, 12), '[1,2,3]'], 1);
SELECT ivfkm_knn('t_v', ARRAY[hash_vector(1, 12)]::halfvec[], 1);
SELECT ivfkm_knn('t_v', ARRAY[1.5], 1);
SELECT ivfkm_knn('t_v', ARRAY[ARRAY[hash_vector(1, 12)]], 1);
SELECT ivfkm_knn('t', queries(), 1);
-- k is more than there are
CREATE TABLE few (v vector(2));
INSERT INTO few VALUES ('[1,1]'), ('[2,2]'), (NULL), ('[3,3]');
CREATE INDEX few_v ON few USING ivfkm (v);
SELECT query, tid, distance FROM ivfkm_knn('few_v', ARRAY['[0,0]', '[3,2]']::vector[], 10);
CREATE TABLE none (v vector(2));
CREATE INDEX none_v ON none USING ivfkm (v);
SELECT * FROM ivfkm_knn('none_v', ARRAY['[0,0]', '[3,2]']::vector[], 10);

-- rows that the snapshot does not see: those found are the nearest of the others
CREATE TABLE gone AS SELECT DISTINCT tid FROM ivfkm_knn('t_v', queries(), 3);
BEGIN;
DELETE FROM t USING gone WHERE t.ctid = gone.tid;
INSERT INTO t SELECT 10000 + id, 0, v FROM q WHERE id <= 20;
SET LOCAL ivfkm.target_recall = 1;
SELECT count(*), count(*) FILTER (WHERE n.distance = exact.distance) AS exact,
	count(*) FILTER (WHERE n.distance = 0) AS new
FROM q, LATERAL (SELECT row_number() OVER (ORDER BY t.v <-> q.v) AS number,
	t.v <-> q.v AS distance FROM t ORDER BY t.v <-> q.v LIMIT 10) exact,
	ivfkm_knn('t_v', queries(), 10) WITH ORDINALITY AS n(query, relation, tid, distance, place)
WHERE n.query = q.id AND exact.number = (n.place - 1) % 10 + 1;
ROLLBACK;
-- rows that were rolled back are near their queries, which may go on to fewer lists then
SELECT count(*), count(*) FILTER (WHERE f.tid IS NULL) <= 3 AS others
FROM ivfkm_knn('t_v', queries(), 10) n LEFT JOIN found f USING (query, tid, distance);
-- updated rows are found as they are
BEGIN;
UPDATE t SET g = 4 WHERE id % 2 = 0;
SELECT count(*), count(t.id) AS joined
FROM ivfkm_knn('t_v', queries(), 10) n LEFT JOIN t ON t.ctid = n.tid;
ROLLBACK;

-- without refine codes, and with those of 4 bits
CREATE INDEX t_0 ON t USING ivfkm (v) WITH (lists = 50, refine_bits = 0);
CREATE INDEX t_4 ON t USING ivfkm (v) WITH (lists = 50, refine_bits = 4);
SELECT index, count(*), sum(n.distance) < sum(f.distance) * 1.01 AS near
FROM (VALUES ('t_0'::regclass), ('t_4')) i(index),
	ivfkm_knn(index, queries(), 10) n,
	LATERAL (SELECT avg(distance) AS distance FROM found WHERE query = n.query) f
GROUP BY index ORDER BY index::text;
-- other distances: of each, the sums beside those of exact searches
CREATE INDEX t_ip ON t USING ivfkm (v vector_ip_ops) WITH (lists = 50);
CREATE INDEX t_cosine ON t USING ivfkm (v vector_cosine_ops) WITH (lists = 50);
CREATE INDEX t_l1 ON t USING ivfkm (v vector_l1_ops) WITH (lists = 50);
CREATE INDEX t_half ON t USING ivfkm ((v::halfvec(12)) halfvec_l2_ops) WITH (lists = 50);
CREATE INDEX t_bit ON t USING ivfkm ((binary_quantize(v)::bit(12)) bit_hamming_ops);
CREATE INDEX t_sparse ON t USING ivfkm ((v::sparsevec(12)) sparsevec_l2_ops) WITH (lists = 50);
SET ivfkm.target_recall = 1;
SELECT round((SELECT sum(distance) FROM ivfkm_knn('t_ip', queries(), 5))::numeric
	- (SELECT sum(d) FROM q,
		LATERAL (SELECT t.v <#> q.v AS d FROM t ORDER BY 1 LIMIT 5) e)::numeric,
	3) AS ip,
	round((SELECT sum(distance) FROM ivfkm_knn('t_cosine', queries(), 5))::numeric
	- (SELECT sum(d) FROM q,
		LATERAL (SELECT t.v <=> q.v AS d FROM t ORDER BY 1 LIMIT 5) e)::numeric,
	3) AS cosine,
	round((SELECT sum(distance) FROM ivfkm_knn('t_l1', queries(), 5))::numeric
	- (SELECT sum(d) FROM q,
		LATERAL (SELECT t.v <+> q.v AS d FROM t ORDER BY 1 LIMIT 5) e)::numeric,
	3) AS l1,
	round((SELECT sum(distance) FROM ivfkm_knn('t_half', queries()::halfvec[], 5))::numeric
	- (SELECT sum(d) FROM q,
		LATERAL (SELECT t.v <-> q.v AS d FROM t ORDER BY 1 LIMIT 5) e)::numeric,
	3) AS half,
	round((SELECT sum(distance) FROM ivfkm_knn('t_sparse', queries()::sparsevec[], 5))::numeric
	- (SELECT sum(d) FROM q,
		LATERAL (SELECT t.v <-> q.v AS d FROM t ORDER BY 1 LIMIT 5) e)::numeric,
	3) AS sparse,
	(SELECT sum(distance) FROM ivfkm_knn('t_bit',
		(SELECT array_agg(binary_quantize(v)::bit(12) ORDER BY id) FROM q), 5))
	- (SELECT sum(d) FROM q, LATERAL (SELECT binary_quantize(t.v)::bit(12)
		<~> binary_quantize(q.v)::bit(12) AS d FROM t ORDER BY 1 LIMIT 5) e) AS bit;
RESET ivfkm.target_recall;
-- a zero vector has no direction, and is as far from all rows
SELECT query, count(*), min(distance) < 1 AS near, bool_and(distance = 'NaN') AS nan
FROM ivfkm_knn('t_cosine',
	ARRAY[hash_vector(1, 12), (SELECT array_agg(0) FROM generate_series(1, 12))::vector], 4)
GROUP BY query ORDER BY query;
-- a part of the rows
CREATE INDEX t_part ON t USING ivfkm (v) WHERE g = 1;
SELECT count(*), min(t.g), max(t.g)
FROM ivfkm_knn('t_part', queries(), 10) n JOIN t ON t.ctid = n.tid;
-- beside other columns
CREATE INDEX t_g ON t USING ivfkm (v, g) WITH (lists = 50);
SELECT count(*), count(*) FILTER (WHERE f.tid IS NULL) < 30 AS same
FROM ivfkm_knn('t_g', queries(), 10) n LEFT JOIN found f USING (query, tid, distance);
-- long vectors, whose codes are on several pages
CREATE TABLE long AS SELECT i AS id, hash_vector(i, 4500)::vector(4500) AS v
FROM generate_series(1, 60) i;
CREATE INDEX long_v ON long USING ivfkm (v) WITH (lists = 3);
SELECT n.query, long.id, n.distance
FROM ivfkm_knn('long_v', ARRAY[hash_vector(5, 4500), hash_vector(50, 4500)], 1) n
	JOIN long ON long.ctid = n.tid ORDER BY 1;

-- partitions: rows of all, each with its table
CREATE TABLE p (id integer, v vector(12)) PARTITION BY HASH (id);
CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO p SELECT id, v FROM t;
CREATE INDEX p_v ON p USING ivfkm (v);
SET ivfkm.target_recall = 1;
SELECT count(*), count(DISTINCT n.relation) AS tables,
	bool_and(n.distance = (p.v <-> q.v)) AS same,
	sum(n.distance)::numeric(20, 6) =
		(SELECT sum(distance)::numeric(20, 6) FROM truth WHERE number <= 10) AS exact
FROM ivfkm_knn('p_v', queries(), 10) n JOIN p ON p.tableoid = n.relation AND p.ctid = n.tid
	JOIN q ON q.id = n.query;
RESET ivfkm.target_recall;

-- rows far longer than all others that came after the build: they have the largest products
CREATE TABLE far AS SELECT i AS id, hash_vector(i, 12)::vector(12) AS v
FROM generate_series(1, 5000) i;
CREATE INDEX far_v ON far USING ivfkm (v vector_ip_ops) WITH (lists = 50);
INSERT INTO far SELECT i, (SELECT array_agg(x * 1000)
	FROM unnest(hash_vector(i, 12)::real[]) x)::vector FROM generate_series(5001, 5010) i;
SELECT count(*), count(*) FILTER (WHERE far.id > 5000) AS far,
	sum(n.distance)::numeric(30) = (SELECT sum(distance)::numeric(30)
		FROM q, LATERAL (SELECT far.v <#> q.v AS distance FROM far ORDER BY 1 LIMIT 3) f) AS exact
FROM ivfkm_knn('far_v', queries(), 3) n JOIN far ON far.ctid = n.tid;

-- lists much nearer to each other than to the mean of all rows: a product of matrices whose numbers
-- have 8 bits, or even 24, does not tell which are nearer to a query
CREATE FUNCTION near_cluster(seed integer, spread integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT array_agg(hashint8(abs(seed) % 8 * 20000::bigint + d) % 100 * spread +
		hashint8(seed * 20000::bigint + d + 1000) % 100 ORDER BY d)::vector
	FROM generate_series(1, 64) d $$;
CREATE TABLE tight (id integer, v vector(64));
SET ivfkm.probes = 8;
DO $$
DECLARE
	plain numeric;
	batch numeric;
BEGIN
	FOR i IN 2..3 LOOP
		TRUNCATE tight;
		DROP INDEX IF EXISTS tight_v;
		INSERT INTO tight
		SELECT j, near_cluster(j, (10 ^ i)::integer) FROM generate_series(1, 4000) j;
		CREATE INDEX tight_v ON tight USING ivfkm (v) WITH (lists = 200);
		DROP TABLE IF EXISTS asked;
		CREATE TABLE asked AS
		SELECT j AS id, near_cluster(-j, (10 ^ i)::integer) AS v, 0.0::float8 AS farthest
		FROM generate_series(1, 60) j;
		SET LOCAL enable_indexscan = off;
		UPDATE asked SET farthest =
			(SELECT tight.v <-> asked.v FROM tight ORDER BY 1 OFFSET 9 LIMIT 1);
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		SELECT count(*) / 600.0 INTO plain FROM asked, LATERAL
			(SELECT tight.v <-> asked.v AS d FROM tight ORDER BY 1 LIMIT 10) n WHERE d <= farthest;
		SELECT count(*) / 600.0 INTO batch
		FROM ivfkm_knn('tight_v', (SELECT array_agg(v ORDER BY id) FROM asked), 10) n
			JOIN asked ON asked.id = n.query WHERE distance <= farthest;
		RAISE NOTICE 'as good as searches: %', batch >= plain - 0.02;
		IF batch < plain - 0.02 THEN
			RAISE NOTICE '% instead of %', batch, plain;
		END IF;
	END LOOP;
END $$;
RESET ivfkm.probes;

-- rights
CREATE ROLE vdb_knn_user;
SET ROLE vdb_knn_user;
SELECT ivfkm_knn('t_v', ARRAY[]::vector[], 1);
RESET ROLE;
GRANT SELECT (v) ON t TO vdb_knn_user;
SET ROLE vdb_knn_user;
SELECT ivfkm_knn('t_v', ARRAY[]::vector[], 1);
RESET ROLE;
GRANT SELECT ON t TO vdb_knn_user;
GRANT SELECT ON p TO vdb_knn_user;
SET ROLE vdb_knn_user;
SELECT count(*) FROM ivfkm_knn('t_v', ARRAY['[1,2,3,4,5,6,7,8,9,10,11,12]'::vector], 7);
SELECT count(*) FROM ivfkm_knn('p_v', ARRAY['[1,2,3,4,5,6,7,8,9,10,11,12]'::vector], 7);
RESET ROLE;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
ALTER TABLE p1 ENABLE ROW LEVEL SECURITY;
SET ROLE vdb_knn_user;
SELECT ivfkm_knn('t_v', ARRAY[]::vector[], 1);
SELECT ivfkm_knn('p_v', ARRAY['[1,2,3,4,5,6,7,8,9,10,11,12]'::vector], 7);
RESET ROLE;
SELECT count(*) FROM ivfkm_knn('t_v', queries(), 1);

DROP TABLE t, q, truth, found, gone, few, none, long, p, far, tight, asked;
DROP FUNCTION queries(), recall(integer), hash_vector(integer, integer), differ, near_cluster;
DROP ROLE vdb_knn_user;
