-- Elements by subscript, JSON arrays as vectors, and untyped literals.

SELECT v[1], v[2], v[3], pg_typeof(v[1]), v[0] AS before, v[4] AS behind, v[-1] AS negative,
	v[NULL] AS none
FROM (SELECT '[1.5,-2,3e38]'::vector AS v) t;
SELECT v[1], v[2], v[3], pg_typeof(v[1]), v[0] AS before, v[4] AS behind, v[NULL] AS none
FROM (SELECT '[1.5,-2,65504]'::halfvec AS v) t;
SELECT (NULL::vector)[1] AS none, ('[1,2]'::vector || '[3]')[3] AS computed,
	('[1,2]'::vector)['2'] AS literal, ('[1,2]'::vector)[2::bigint] AS wider,
	('[1,2]'::vector)[2147483647] AS far;
-- out of line, in a filter, in an expression index
CREATE TABLE t (id integer, v vector(3000), h halfvec(3));
INSERT INTO t SELECT i, array_fill(i, ARRAY[2999])::vector || ARRAY[-i]::vector, ARRAY[i, 0, -i]
	FROM generate_series(1, 20) i;
SELECT id, v[1], v[2999], v[3000], v[3001], h[3] FROM t WHERE v[3000] < -18 ORDER BY id;
CREATE INDEX t_first ON t ((v[1]));
SELECT sum(v[n]) FROM t, generate_series(2999, 3000) n WHERE id = 7;
-- errors
SELECT ('[1,2,3]'::vector)[1:2];
SELECT ('[1,2,3]'::halfvec)[:];
SELECT ('[1,2,3]'::vector)[1][1];
SELECT ('[1,2,3]'::vector)[1.5::text];
SELECT ('[1,2,3]'::vector)['x'];
SELECT ('[1,2,3]'::vector)['[1]'::vector];
SELECT ('[1,2,3]'::vector)[3000000000];
UPDATE t SET v[1] = 2;
INSERT INTO t (h[2]) VALUES (1);
DO $$ DECLARE v vector := '[1,2]'; BEGIN v[1] := 3; END $$;
DO $$ DECLARE v vector := '[1,2]'; BEGIN ASSERT v[2] = 2; END $$;
DROP TABLE t;

-- jsonb
SELECT '[1, 2.5, -3e-2]'::jsonb::vector, '[1, 2.5]'::jsonb::vector(2), '[1, 0.1]'::jsonb::halfvec,
	'{"e": [1, 2]}'::jsonb -> 'e' AS json, ('{"e": [1, 2]}'::jsonb -> 'e')::vector;
CREATE TABLE j (v vector(2), h halfvec(2));
INSERT INTO j SELECT d, d FROM (VALUES ('[1, 2]'::jsonb), ('[0.1, 1e2]'), (NULL)) x (d);
SELECT * FROM j;
SELECT vector_dims(jsonb_agg(i)::vector) FROM generate_series(1, 16000) i;
-- errors
INSERT INTO j (v) VALUES ('[1, 2, 3]'::jsonb);
INSERT INTO j (h) VALUES ('[1, 70000]'::jsonb);
SELECT '[]'::jsonb::vector;
SELECT jsonb_agg(i)::vector FROM generate_series(1, 16001) i;
SELECT '{"0": 1}'::jsonb::vector;
SELECT '1'::jsonb::vector;
SELECT 'null'::jsonb::halfvec;
SELECT '"[1,2]"'::jsonb::vector;
SELECT '[1, null]'::jsonb::vector;
SELECT '[1, "2"]'::jsonb::vector;
SELECT '[1, [2]]'::jsonb::vector;
SELECT '[1, true]'::jsonb::halfvec;
SELECT '[1, 1e39]'::jsonb::vector;
SELECT '[1, 1e400]'::jsonb::halfvec;
DROP TABLE j;

-- a literal of no type is a vector
SELECT binary_quantize('[1,0,-1,2]'), binary_quantize('[1,-1]'::text),
	binary_quantize('[1,-1]') = binary_quantize('[1,-1]'::vector) AS same,
	binary_quantize(NULL) AS none;
SELECT binary_quantize('[1,');
SELECT binary_quantize('1');
