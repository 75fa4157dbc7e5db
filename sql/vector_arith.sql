--
-- Arithmetic and aggregates of vectors, concatenation, binary quantization
--

-- element by element
SELECT '[1,2,3]'::vector + '[4,5,6]' AS add, '[1,2,3]'::vector - '[4,5,6]' AS sub,
	'[1,2,3]'::vector * '[4,5,6]' AS mul;
SELECT vector_add('[1]', '[2]'), vector_sub('[1]', '[2]'), vector_mul('[3]', '[2]'),
	vector_concat('[1]', '[2]');
SELECT count(*) AS lengths, bool_and(a + b = c AND c - b = a AND a * b = b) AS right
FROM (SELECT generate_series(1, 40) UNION SELECT unnest(ARRAY[255, 256, 257, 511, 512, 513, 1000]))
	s (n),
	LATERAL (SELECT array_fill(1, ARRAY[n])::vector AS a, array_agg(i)::vector AS b,
		array_agg(i + 1)::vector AS c
		FROM generate_series(1, n) i) v;
-- computed in float
SELECT '[16777216]'::vector + '[1]' AS add, '[0.1]'::vector + '[0.2]' AS three_tenths,
	'[1,-1]'::vector * '[0,0]' AS zeros;
-- a product of zero is no underflow, nor is a sum or difference
SELECT '[0,1e-38]'::vector * '[1e-38,0]' AS mul, '[1e-45]'::vector - '[1e-45]' AS sub,
	'[1e-45]'::vector + '[-1e-45]' AS add;
-- a product may become a subnormal
SELECT '[1e-23]'::vector * '[1e-22]' AS mul;

-- beyond the range of float
SELECT '[3e38]'::vector + '[3e38]';
SELECT '[1,-3e38]'::vector + '[1,-3e38]';
SELECT '[-3e38]'::vector - '[3e38]';
SELECT '[1e20]'::vector * '[1e20]';
SELECT '[1,-1e20]'::vector * '[1,1e20]';
SELECT '[1e-37]'::vector * '[1e-37]';
SELECT '[1,1e-37]'::vector * '[1,-1e-37]';

-- different dimensions
SELECT '[1,2]'::vector + '[1]';
SELECT '[1,2]'::vector - '[1,2,3]';
SELECT '[1]'::vector * '[1,2]';

-- concatenation
SELECT '[1,2]'::vector || '[3]' AS two, '[1]'::vector || '[2]' || '[3,4]' AS three;
SELECT vector_dims(array_fill(1, ARRAY[15999])::vector || '[2]'),
	subvector(array_fill(1, ARRAY[15999])::vector || '[2]', 15999, 2);
SELECT array_fill(1, ARRAY[16000])::vector || '[2]';

-- binary quantization: 1 for elements above 0
SELECT binary_quantize('[1,0,-1]'::vector),
	binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::vector);
SELECT binary_quantize('[-0,1e-45]'::vector), pg_typeof(binary_quantize('[1]'::vector));
SELECT count(*) AS lengths,
	bool_and(length(bits) = n AND bit_length = n AND ones = (n + 1) / 2) AS right
FROM (SELECT generate_series(1, 100) UNION SELECT unnest(ARRAY[255, 256, 257, 511, 512, 513, 1000]))
	s (n),
	LATERAL (SELECT binary_quantize(array_agg(i % 2 - 0.5)::vector) AS bits
		FROM generate_series(1, n) i) v,
	LATERAL (SELECT bit_length(bits), bit_count(bits) AS ones) b;
SELECT length(binary_quantize(array_fill(1, ARRAY[16000])::vector)),
	binary_quantize('[1,-1,1]'::vector)::bit(3) & B'110' AS both;

-- spherical distance: the angle between unit vectors over pi
SELECT vector_spherical_distance('[1,0]', '[0,1]'), vector_spherical_distance('[1,0]', '[1,0]'),
	vector_spherical_distance('[1,0]', '[-1,0]');
-- clamped, as rounding makes the product of unit vectors a bit more than 1
SELECT vector_spherical_distance('[1,1]', '[1,1]'), vector_spherical_distance('[2]', '[-2]');
SELECT vector_spherical_distance('[1,2]', '[1]');

-- avg and sum
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]']::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', NULL, '[3,5,7]', NULL]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2]']::vector[]) v;
SELECT avg(v) IS NULL AS avg, sum(v) IS NULL AS sum FROM unnest(ARRAY[]::vector[]) v;
SELECT avg(v) IS NULL AS avg, sum(v) IS NULL AS sum FROM unnest(ARRAY[NULL]::vector[]) v;
-- the mean is summed in double: it neither overflows nor loses small elements
SELECT avg(v) FROM unnest(ARRAY['[3e38,16777216]', '[3e38,1]', '[3e38,1]']::vector[]) v;
SELECT sum(v) FROM unnest(ARRAY['[3e38]', '[3e38]']::vector[]) v;
SELECT avg(v) FROM unnest(ARRAY['[1,2]', '[3]']::vector[]) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2]', '[3]']::vector[]) v;
-- by group, over windows, with values out of line
CREATE TABLE agg (g integer, v vector);
INSERT INTO agg SELECT i % 3, array_fill(i, ARRAY[1000])::vector FROM generate_series(1, 30) i;
SELECT g, subvector(avg(v), 1, 2), subvector(sum(v), 999, 2),
	avg(v) * (array_fill(10, ARRAY[1000])::vector) = sum(v) AS equal
FROM agg GROUP BY g ORDER BY g;
SELECT i, avg(v) OVER w, sum(v) OVER w
FROM (SELECT i, ARRAY[i, 2 * i]::vector AS v FROM generate_series(1, 5) i) s
WINDOW w AS (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY i;
SELECT i, avg(v) OVER w, sum(v) OVER w
FROM (SELECT i, ARRAY[i, 2 * i]::vector AS v FROM generate_series(1, 5) i) s
WINDOW w AS (ORDER BY i) ORDER BY i;
-- by parallel workers, which combine their states
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
ALTER TABLE agg SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT avg(v), sum(v) FROM agg;
SELECT subvector(avg(v), 1, 2), subvector(sum(v), 1, 2) FROM agg;
-- groups that some workers do not see
SELECT g, subvector(avg(v), 1, 1) FROM agg GROUP BY g ORDER BY g;
SELECT avg(v) FROM agg WHERE g > 5;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
DROP TABLE agg;

-- states of avg: number, then sums
SELECT vector_accum('{0}', '[1,2]'), vector_accum('{2,10,20}', '[1,2]');
SELECT vector_avg('{4,10,-1}'), vector_avg('{0}'), vector_avg('{0,1}');
SELECT vector_combine('{0}', '{0}'), vector_combine('{2,1,2}', '{0}'),
	vector_combine('{0}', '{2,1,2}'), vector_combine('{2,1,2}', '{3,4,5}');
-- an argument that is no aggregate's state is not changed
SELECT state, vector_accum(state, '[1]'), state AS again
	FROM (SELECT ARRAY[1, 2]::float8[] AS state) s;
SELECT vector_accum('{1,2,3}', '[1]');
SELECT vector_accum('{1,1.7e308}', '[3e38]') = '{2,1.7e308}' AS lost;
SELECT vector_accum('{1,Infinity}', '[1]');
SELECT vector_accum('{}', '[1]');
SELECT vector_accum('{NULL}', '[1]');
SELECT vector_accum('{{1,2}}', '[1]');
SELECT vector_avg('{}');
SELECT vector_avg('{1}');
SELECT vector_avg('{1,4e38}');
SELECT vector_avg('{1,NaN}');
SELECT vector_avg(array_fill(1, ARRAY[16002])::float8[]);
SELECT vector_combine('{}', '{0}');
SELECT vector_combine('{1,2}', '{1,2,3}');
SELECT vector_combine('{1,1e308}', '{1,1e308}');
SELECT vector_combine(array_fill(1, ARRAY[16002])::float8[], '{0}');

-- the operators and aggregates
SELECT oprname, oprcode::regprocedure, oprresult::regtype, oprcom::regoperator
FROM pg_operator WHERE oprleft = 'vector'::regtype AND oprresult = 'vector'::regtype
ORDER BY oprname COLLATE "C";
SELECT aggfnoid::regprocedure, aggtransfn, aggfinalfn, aggcombinefn, aggtranstype::regtype,
	agginitval, proparallel
FROM pg_aggregate JOIN pg_proc p ON p.oid = aggfnoid WHERE 'vector'::regtype = ANY (proargtypes)
ORDER BY proname;

-- error codes
\set VERBOSITY sqlstate
SELECT '[3e38]'::vector + '[3e38]';
SELECT '[-3e38]'::vector - '[3e38]';
SELECT '[1e20]'::vector * '[1e20]';
SELECT '[1e-37]'::vector * '[1e-37]';
SELECT '[1,2]'::vector + '[1]';
SELECT '[1,2]'::vector - '[1]';
SELECT '[1,2]'::vector * '[1]';
SELECT array_fill(1, ARRAY[16000])::vector || '[2]';
SELECT vector_spherical_distance('[1,2]', '[1]');
SELECT avg(v) FROM unnest(ARRAY['[1,2]', '[3]']::vector[]) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2]', '[3]']::vector[]) v;
SELECT vector_accum('{}', '[1]');
SELECT vector_accum('{1,Infinity}', '[1]');
SELECT vector_avg('{1}');
SELECT vector_avg('{1,4e38}');
SELECT vector_combine('{1,2}', '{1,2,3}');
SELECT vector_combine('{1,1e308}', '{1,1e308}');
\set VERBOSITY default
