--
-- Arithmetic and aggregates of halfvecs, concatenation, binary quantization
--

-- element by element
SELECT '[1,2,3]'::halfvec + '[4,5,6]' AS add, '[1,2,3]'::halfvec - '[4,5,6]' AS sub,
	'[1,2,3]'::halfvec * '[4,5,6]' AS mul;
SELECT halfvec_add('[1]', '[2]'), halfvec_sub('[1]', '[2]'), halfvec_mul('[3]', '[2]'),
	halfvec_concat('[1]', '[2]');
SELECT count(*) AS lengths, bool_and(a + b = c AND c - b = a AND a * b = b) AS right
FROM (SELECT generate_series(1, 40) UNION SELECT unnest(ARRAY[255, 256, 257, 511, 512, 513, 1000]))
	s (n),
	LATERAL (SELECT array_fill(1, ARRAY[n])::halfvec AS a, array_agg(i)::halfvec AS b,
		array_agg(i + 1)::halfvec AS c
		FROM generate_series(1, n) i) v;
-- rounded to binary16, once
SELECT '[2048,2048]'::halfvec + '[1,3]' AS add, '[0.1]'::halfvec + '[0.2]' AS three_tenths,
	'[1,-1]'::halfvec * '[0,0]' AS zeros;
-- a product of zero is no underflow, nor is a sum or difference
SELECT '[0,1e-7]'::halfvec * '[1e-7,0]' AS mul, '[6e-8]'::halfvec - '[6e-8]' AS sub,
	'[6e-8]'::halfvec + '[-6e-8]' AS add;
-- a product may become a subnormal
SELECT '[1e-3]'::halfvec * '[1e-4]' AS mul;

-- beyond the range of binary16
SELECT '[65504]'::halfvec + '[16]';
SELECT '[65504,-65504]'::halfvec + '[15,-15]' AS rounds;
SELECT '[1,-65504]'::halfvec + '[1,-65504]';
SELECT '[-65504]'::halfvec - '[65504]';
SELECT '[65504]'::halfvec * '[2]';
SELECT '[1,-300]'::halfvec * '[1,300]';
SELECT '[1e-4]'::halfvec * '[1e-4]';
SELECT '[1,1e-4]'::halfvec * '[1,-1e-4]';

-- different dimensions
SELECT '[1,2]'::halfvec + '[1]';
SELECT '[1,2]'::halfvec - '[1,2,3]';
SELECT '[1]'::halfvec * '[1,2]';

-- concatenation
SELECT '[1,2]'::halfvec || '[3]' AS two, '[1]'::halfvec || '[2]' || '[3,4]' AS three;
SELECT vector_dims(array_fill(1, ARRAY[15999])::halfvec || '[2]'),
	subvector(array_fill(1, ARRAY[15999])::halfvec || '[2]', 15999, 2);
SELECT array_fill(1, ARRAY[16000])::halfvec || '[2]';

-- binary quantization: 1 for elements above 0
SELECT binary_quantize('[1,0,-1]'::halfvec),
	binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::halfvec);
SELECT binary_quantize('[-0,6e-8,-6e-8]'::halfvec), pg_typeof(binary_quantize('[1]'::halfvec));
SELECT count(*) AS lengths,
	bool_and(length(bits) = n AND bit_length = n AND ones = (n + 1) / 2) AS right
FROM (SELECT generate_series(1, 100) UNION SELECT unnest(ARRAY[255, 256, 257, 511, 512, 513, 1000]))
	s (n),
	LATERAL (SELECT binary_quantize(array_agg(i % 2 - 0.5)::halfvec) AS bits
		FROM generate_series(1, n) i) v,
	LATERAL (SELECT bit_length(bits), bit_count(bits) AS ones) b;
SELECT length(binary_quantize(array_fill(1, ARRAY[16000])::halfvec)),
	binary_quantize('[1,-1,1]'::halfvec)::bit(3) & B'110' AS both;

-- spherical distance: the angle between unit halfvecs over pi
SELECT halfvec_spherical_distance('[1,0]', '[0,1]'), halfvec_spherical_distance('[1,0]', '[1,0]'),
	halfvec_spherical_distance('[1,0]', '[-1,0]');
-- clamped, as rounding makes the product of unit halfvecs a bit more than 1
SELECT halfvec_spherical_distance('[1,1]', '[1,1]'), halfvec_spherical_distance('[2]', '[-2]');
SELECT halfvec_spherical_distance('[1,2]', '[1]');

-- avg and sum
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]']::halfvec[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', NULL, '[3,5,7]', NULL]::halfvec[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2]']::halfvec[]) v;
SELECT avg(v) IS NULL AS avg, sum(v) IS NULL AS sum FROM unnest(ARRAY[]::halfvec[]) v;
SELECT avg(v) IS NULL AS avg, sum(v) IS NULL AS sum FROM unnest(ARRAY[NULL]::halfvec[]) v;
-- the mean is summed in double: it neither overflows nor loses small elements
SELECT avg(v) FROM unnest(ARRAY['[65504,2048]', '[65504,1]', '[65504,1]', '[65504,2]']::halfvec[])
	v;
SELECT sum(v) FROM unnest(ARRAY['[65504]', '[65504]']::halfvec[]) v;
SELECT avg(v) FROM unnest(ARRAY['[1,2]', '[3]']::halfvec[]) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2]', '[3]']::halfvec[]) v;
-- by group, over windows, with values out of line
CREATE TABLE agg (g integer, v halfvec);
INSERT INTO agg SELECT i % 3, array_fill(i, ARRAY[1000])::halfvec FROM generate_series(1, 30) i;
SELECT g, subvector(avg(v), 1, 2), subvector(sum(v), 999, 2),
	avg(v) * (array_fill(10, ARRAY[1000])::halfvec) = sum(v) AS equal
FROM agg GROUP BY g ORDER BY g;
SELECT i, avg(v) OVER w, sum(v) OVER w
FROM (SELECT i, ARRAY[i, 2 * i]::halfvec AS v FROM generate_series(1, 5) i) s
WINDOW w AS (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY i;
SELECT i, avg(v) OVER w, sum(v) OVER w
FROM (SELECT i, ARRAY[i, 2 * i]::halfvec AS v FROM generate_series(1, 5) i) s
WINDOW w AS (ORDER BY i) ORDER BY i;
-- by parallel workers, which combine their states
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
ALTER TABLE agg SET (parallel_workers = 2);
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
SELECT halfvec_accum('{0}', '[1,2]'), halfvec_accum('{2,10,20}', '[1,2]');
SELECT halfvec_avg('{4,10,-1}'), halfvec_avg('{0}'), halfvec_avg('{0,1}');
SELECT halfvec_combine('{0}', '{0}'), halfvec_combine('{2,1,2}', '{0}'),
	halfvec_combine('{0}', '{2,1,2}'), halfvec_combine('{2,1,2}', '{3,4,5}');
-- an argument that is no aggregate's state is not changed
SELECT state, halfvec_accum(state, '[1]'), state AS again
	FROM (SELECT ARRAY[1, 2]::float8[] AS state) s;
SELECT halfvec_accum('{1,2,3}', '[1]');
SELECT halfvec_accum('{1,1.7e308}', '[65504]') = '{2,1.7e308}' AS lost;
SELECT halfvec_accum('{1,Infinity}', '[1]');
SELECT halfvec_accum('{}', '[1]');
SELECT halfvec_accum('{NULL}', '[1]');
SELECT halfvec_accum('{{1,2}}', '[1]');
SELECT halfvec_avg('{}');
SELECT halfvec_avg('{1}');
SELECT halfvec_avg('{1,65520}');
SELECT halfvec_avg('{2,65520}');
SELECT halfvec_avg('{1,4e38}');
SELECT halfvec_avg('{1,NaN}');
SELECT halfvec_avg(array_fill(1, ARRAY[16002])::float8[]);
SELECT halfvec_combine('{}', '{0}');
SELECT halfvec_combine('{1,2}', '{1,2,3}');
SELECT halfvec_combine('{1,1e308}', '{1,1e308}');
SELECT halfvec_combine(array_fill(1, ARRAY[16002])::float8[], '{0}');

-- the operators and aggregates
SELECT oprname, oprcode::regprocedure, oprresult::regtype, oprcom::regoperator
FROM pg_operator WHERE oprleft = 'halfvec'::regtype AND oprresult = 'halfvec'::regtype
ORDER BY oprname COLLATE "C";
SELECT aggfnoid::regprocedure, aggtransfn, aggfinalfn, aggcombinefn, aggtranstype::regtype,
	agginitval, proparallel
FROM pg_aggregate JOIN pg_proc p ON p.oid = aggfnoid WHERE 'halfvec'::regtype = ANY (proargtypes)
ORDER BY proname;

-- error codes
\set VERBOSITY sqlstate
SELECT '[65504]'::halfvec + '[16]';
SELECT '[-65504]'::halfvec - '[65504]';
SELECT '[65504]'::halfvec * '[2]';
SELECT '[1e-4]'::halfvec * '[1e-4]';
SELECT '[1,2]'::halfvec + '[1]';
SELECT '[1,2]'::halfvec - '[1]';
SELECT '[1,2]'::halfvec * '[1]';
SELECT array_fill(1, ARRAY[16000])::halfvec || '[2]';
SELECT halfvec_spherical_distance('[1,2]', '[1]');
SELECT avg(v) FROM unnest(ARRAY['[1,2]', '[3]']::halfvec[]) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2]', '[3]']::halfvec[]) v;
SELECT halfvec_accum('{}', '[1]');
SELECT halfvec_accum('{1,Infinity}', '[1]');
SELECT halfvec_avg('{1}');
SELECT halfvec_avg('{1,65520}');
SELECT halfvec_avg('{2,65520}');
SELECT halfvec_avg('{1,4e38}');
SELECT halfvec_combine('{1,2}', '{1,2,3}');
SELECT halfvec_combine('{1,1e308}', '{1,1e308}');
\set VERBOSITY default
