--
-- Order of vectors: comparison operators and the btree operator class
--

-- element by element, then the number of dimensions
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt,
	vector_cmp(a, b)
FROM (VALUES ('[1,2,3]'::vector, '[1,2,3]'::vector), ('[1,2,3]', '[1,2,4]'), ('[1,3,0]', '[1,2,9]'),
	('[1,2]', '[1,2,3]'), ('[1,2,3]', '[1,2]'), ('[1,2]', '[2,3,4]'), ('[2,3]', '[1,2,3]'),
	('[0]', '[-0]'), ('[-1]', '[1]'), ('[1e-45]', '[0]')) AS t (a, b);
SELECT '[1]'::vector != '[2]';

-- sorting, grouping, joining, min and max by order
CREATE TABLE t (id integer, v vector);
INSERT INTO t VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL), (5, '[1,2]'),
	(6, '[1,2,3]'), (7, '[-1]');
SELECT id, v FROM t ORDER BY v, id;
SELECT id, v FROM t ORDER BY v DESC NULLS LAST, id;
SELECT v, count(*) FROM t GROUP BY v ORDER BY v;
SELECT count(DISTINCT v) FROM t;
SELECT a.id, b.id FROM t a JOIN t b USING (v) WHERE a.id < b.id;

-- index searches, of every operator
CREATE INDEX t_v_idx ON t (v);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE v = '[1,2,3]';
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v;
SELECT id FROM t WHERE v = '[1,2,3]' ORDER BY id;
SELECT id FROM t WHERE v < '[1,2,3]' ORDER BY v, id;
SELECT id FROM t WHERE v <= '[1,2,3]' ORDER BY v, id;
SELECT id FROM t WHERE v >= '[1,2]' ORDER BY v, id;
SELECT id FROM t WHERE v > '[1,2]' ORDER BY v, id;
SELECT id FROM t WHERE v IS NULL;
SELECT v FROM t ORDER BY v DESC LIMIT 2;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- unique: -0 equals 0
CREATE TABLE u (v vector(2) PRIMARY KEY);
INSERT INTO u VALUES ('[0,1]'), ('[1,0]');
INSERT INTO u VALUES ('[-0,1]');
INSERT INTO u VALUES ('[-0,1]') ON CONFLICT (v) DO NOTHING;
SELECT * FROM u ORDER BY v;

-- values stored out of line
CREATE TABLE big (i integer, v vector(600));
INSERT INTO big SELECT (i * 7) % 50, (array_fill(0, ARRAY[599]) || (i * 7) % 50)::vector
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
WHERE opcname = 'vector_ops' AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree');

DROP TABLE t, u, big;
