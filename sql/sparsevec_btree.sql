--
-- Order of sparsevecs: comparison operators and the btree operator class
--

-- that of the vectors that they stand for: element by element, zeros counted, then the
-- number of dimensions
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt,
	sparsevec_cmp(a, b)
FROM (VALUES ('{1:1,3:3}/3'::sparsevec, '{1:1,3:3}/3'::sparsevec), ('{1:1,3:3}/3', '{1:1,3:4}/3'),
	('{1:1,2:3}/3', '{1:1,3:9}/3'),
	('{1:1,2:-3}/3', '{1:1,3:9}/3'), ('{1:1}/2', '{1:1}/3'), ('{1:1,3:-1}/3', '{1:1}/2'),
	('{1:1}/2', '{1:2}/3'),
	('{2:1}/2', '{1:1}/3'), ('{}/2', '{2:-1}/2'), ('{}/1', '{}/1000000000'), ('{}/1', '{5:-1}/5'),
	('{1:1e-45}/1', '{}/1'))
	AS t (a, b);
SELECT '{1:1}/1'::sparsevec != '{1:2}/1';

-- the same order as that of the dense vectors, for all pairs of many
CREATE TABLE pairs AS
SELECT row_number() OVER () AS id, v::vector AS v, v::sparsevec AS s
FROM (SELECT ARRAY[a, b, c] FROM generate_series(-1, 1) a, generate_series(-1, 1) b,
	generate_series(-1, 1) c
	UNION ALL SELECT ARRAY[a, b] FROM generate_series(-1, 1) a, generate_series(-1, 1) b
	UNION ALL SELECT ARRAY[a] FROM generate_series(-1, 1) a) t (v);
SELECT count(*), bool_and(vector_cmp(a.v, b.v) = sparsevec_cmp(a.s, b.s)) FROM pairs a, pairs b;
DROP TABLE pairs;

-- sorting, grouping, joining, min and max by order
CREATE TABLE t (id integer, v sparsevec);
INSERT INTO t VALUES (1, '{}/3'), (2, '{1:1,3:3}/3'), (3, '{1:1,2:1}/3'), (4, NULL), (5, '{1:1}/2'),
	(6, '{1:1,3:3}/3'), (7, '{2:-1}/3');
SELECT id, v FROM t ORDER BY v, id;
SELECT id, v FROM t ORDER BY v DESC NULLS LAST, id;
SELECT v, count(*) FROM t GROUP BY v ORDER BY v;
SELECT count(DISTINCT v) FROM t;
SELECT a.id, b.id FROM t a JOIN t b USING (v) WHERE a.id < b.id;

-- index searches, of every operator
CREATE INDEX t_v_idx ON t (v);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE v = '{1:1,3:3}/3';
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v;
SELECT id FROM t WHERE v = '{1:1,3:3}/3' ORDER BY id;
SELECT id FROM t WHERE v < '{1:1,3:3}/3' ORDER BY v, id;
SELECT id FROM t WHERE v <= '{1:1,3:3}/3' ORDER BY v, id;
SELECT id FROM t WHERE v >= '{1:1}/2' ORDER BY v, id;
SELECT id FROM t WHERE v > '{1:1}/2' ORDER BY v, id;
SELECT id FROM t WHERE v IS NULL;
SELECT v FROM t ORDER BY v DESC LIMIT 2;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- unique
CREATE TABLE u (v sparsevec(3) PRIMARY KEY);
INSERT INTO u VALUES ('{1:1}/3'), ('{}/3');
INSERT INTO u VALUES ('{2:0}/3');
INSERT INTO u VALUES ('{}/3') ON CONFLICT (v) DO NOTHING;
SELECT * FROM u ORDER BY v;

-- values stored out of line
CREATE TABLE big (i integer, v sparsevec);
INSERT INTO big SELECT (i * 7) % 50, (array_fill(1, ARRAY[300]) || (i * 7) % 50)::sparsevec
	FROM generate_series(1, 50) i;
SELECT pg_relation_size(reltoastrelid) > 0 AS out_of_line FROM pg_class WHERE oid = 'big'::regclass;
SELECT count(*), bool_and(ordered)
	FROM (SELECT i > coalesce(lag(i) OVER (ORDER BY v), -1) AS ordered FROM big) s;
CREATE INDEX ON big (v);
SET enable_seqscan = off;
SELECT count(*), bool_and(found) FROM
	(SELECT EXISTS (SELECT FROM big b WHERE b.v = a.v AND b.i = a.i) AS found FROM big a) s;
RESET enable_seqscan;

SELECT amvalidate(oid) FROM pg_opclass
WHERE opcname = 'sparsevec_ops' AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree');

DROP TABLE t, u, big;
