--
-- MaxSim: the similarity of arrays of vectors
--

-- each vector of the second array takes its best one of the first
SELECT max_sim('{"[1,0]","[0,1]","[3,3]"}'::vector[], '{"[1,0]","[0,-1]"}'::vector[]);
SELECT '{"[1,0]","[0,1]","[3,3]"}'::vector[] @# '{"[1,0]","[0,-1]"}'::vector[];
SELECT '{"[1,0]","[0,-1]"}'::vector[] @# '{"[1,0]","[0,1]","[3,3]"}'::vector[];
SELECT max_sim('{"[1,0]","[0,1]","[3,3]"}'::halfvec[], '{"[1,0]","[0,-1]"}'::halfvec[]);
SELECT '{"[1,0]","[0,1]","[3,3]"}'::halfvec[] @# '{"[1,0]","[0,-1]"}'::halfvec[];
SELECT ARRAY['[1,2,3]'::vector] @# ARRAY['[4,5,6]'::vector];
SELECT ARRAY['[1,2,3]'::halfvec(3)] @# ARRAY['[4,5,6]'::halfvec(3)];
SELECT ARRAY['[1,2]', '[3,4]']::vector(2)[] @# (ARRAY['[9,9]', '[1,1]', '[0,1]']::vector[])[2:3];

-- arrays built in other ways
SELECT array_append(array_agg(v), '[7,7]') @# array_agg(v)
FROM (VALUES ('[1,2]'::vector), ('[2,1]')) t (v);
DO $$
DECLARE
	a vector[] := '{}';
BEGIN
	FOR i IN 1 .. 3 LOOP
		a[i] := format('[%s,1]', i);
	END LOOP;
	RAISE NOTICE '%', a @# '{"[1,1]"}';
END
$$;

-- no vectors in the row: farther than any; none in the query: 0, whatever the row
SELECT '{}'::vector[] @# '{"[1,2]"}'::vector[], max_sim('{}'::vector[], '{"[1,2]"}'::vector[]);
SELECT '{"[1,2]"}'::vector[] @# '{}'::vector[], max_sim('{"[1,2]"}'::vector[], '{}'::vector[]);
SELECT '{}'::halfvec[] @# '{}'::halfvec[];

-- NULL
SELECT NULL::vector[] @# '{"[1]"}' IS NULL, '{"[1]"}'::vector[] @# NULL IS NULL,
	max_sim(NULL::halfvec[], NULL) IS NULL;

-- more vectors than are taken at a time, of many dimensions, from a TOAST table
CREATE TABLE t (id int, a vector(33)[], h halfvec(33)[]);
INSERT INTO t
SELECT n, array_agg(v ORDER BY i), array_agg(v::halfvec ORDER BY i)
FROM generate_series(1, 4) n, generate_series(1, n * 60) i,
	LATERAL (SELECT array_agg((i * 7 + d * d * n) % 17 - 8 ORDER BY d)::vector v
		FROM generate_series(1, 33) d) s
GROUP BY n;
ALTER TABLE t ALTER a SET STORAGE EXTERNAL;
UPDATE t SET id = id WHERE id < 3;
SELECT r.id, q.id AS query, r.a @# q.a AS distance, r.a @# q.a = r.h @# q.h AS same,
	-(r.a @# q.a) = (SELECT sum(best) FROM (SELECT max(-(x <#> y)) best
		FROM unnest(r.a) x, unnest(q.a) WITH ORDINALITY y (y, n) GROUP BY n) s) AS right
FROM t r, t q ORDER BY 1, 2;
SELECT id FROM t ORDER BY a @# (SELECT a[1:3] FROM t WHERE id = 2), id LIMIT 2;
DROP TABLE t;

-- sums that overflow
SELECT '{"[3e38,3e38]"}'::vector[] @# '{"[1,1]","[1,1]"}';
SELECT '{"[3e38,3e38]","[1,-1]"}'::vector[] @# '{"[3e38,-3e38]"}';

-- bad input
SELECT '{"[1,2]",NULL}'::vector[] @# '{"[1,2]"}';
SELECT '{"[1,2]"}'::vector[] @# '{NULL}';
SELECT '{{"[1,2]"},{"[1,2]"}}'::vector[] @# '{"[1,2]"}';
SELECT max_sim('{{"[1,2]"},{"[1,2]","[1,2]"}}'::vector[], '{"[1,2]"}');
SELECT '{"[1,2]","[1,2,3]"}'::vector[] @# '{"[1,2]"}';
SELECT '{"[1,2]"}'::vector[] @# '{"[1,2,3]"}';
SELECT '{}'::vector[] @# '{"[1,2]","[1,2,3]"}';
SELECT '{"[1,2]",NULL}'::halfvec[] @# '{"[1,2]"}';
SELECT '{{"[1,2]"},{"[1,2]"}}'::halfvec[] @# '{"[1,2]"}';
SELECT '{"[1,2]"}'::halfvec[] @# '{"[1,2]","[1,2,3]"}';
SELECT max_sim('{"[1,2]"}'::halfvec[], '{"[1,2,3]"}');
SELECT ARRAY['[1,2]'::vector, '[1,2,3]']::vector(2)[];

-- a comparison costs in proportion to the vectors of both, so that it is done once where it can be
CREATE FUNCTION cost(expression text, out cost float8) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json, VERBOSE) SELECT ' || expression || ' FROM c' INTO plan;
	cost := plan->0->'Plan'->'Total Cost';
END
$$;
CREATE TABLE c (a vector(512)[], h halfvec(512)[], b vector[]);
INSERT INTO c
SELECT array_fill(array_fill(1, ARRAY[512])::vector, ARRAY[4]), NULL, NULL
FROM generate_series(1, 10);
ANALYZE c;
SELECT cost('a @# array_fill(array_fill(1, ARRAY[512])::vector, ARRAY[64])') >
	cost('a @# array_fill(array_fill(1, ARRAY[512])::vector, ARRAY[8])') AS by_query,
	cost('max_sim(a, a)') > cost('a <> a') AS by_row,
	cost('h @# h') > 0 AS half, cost('b @# ARRAY[''[1]''::vector, ''[2]'']') > 0 AS unknown;
DROP TABLE c;
DROP FUNCTION cost(text);

\set VERBOSITY sqlstate
SELECT '{"[1,2]",NULL}'::vector[] @# '{"[1,2]"}';
SELECT '{{"[1,2]"},{"[1,2]"}}'::vector[] @# '{"[1,2]"}';
SELECT '{"[1,2]"}'::vector[] @# '{"[1,2,3]"}';
\set VERBOSITY default
