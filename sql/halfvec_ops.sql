--
-- Distances, norms and the other functions of halfvecs
--
-- The values are small whole numbers, or rounded, so that they do not depend
-- on the order in which a SIMD kernel adds.
--

-- Euclidean distance
SELECT l2_distance('[0,0]'::halfvec, '[3,4]'), '[0,0]'::halfvec <-> '[3,4]' AS op;
SELECT l2_distance('[0,0]'::halfvec, '[0,1]'), l2_distance('[1,2]'::halfvec, '[1,2]'),
	l2_distance('[-3]'::halfvec, '[4]');
SELECT l2_distance('[1,1,1,1,1,1,1,1,1]'::halfvec, '[1,1,1,1,1,1,1,4,5]');
SELECT l2_distance('[65504]'::halfvec, '[-65504]'),
	l2_distance('[6e-8]'::halfvec, '[0]') = 2.0::float8 ^ -24 AS least;
-- the square root of a float is taken in double
SELECT l2_distance('[0,0,0]'::halfvec, '[1,1,1]') = sqrt(3::float8);
SELECT l2_distance('[1,2]'::halfvec, '[3]');
SELECT '[1,2]'::halfvec <-> '[1,2,3]';

-- squared Euclidean distance
SELECT halfvec_l2_squared_distance('[0,0]'::halfvec, '[3,4]');
SELECT halfvec_l2_squared_distance('[65504]'::halfvec, '[-65504]');
SELECT halfvec_l2_squared_distance('[1,2]'::halfvec, '[3]');

-- inner product
SELECT inner_product('[1,2]'::halfvec, '[3,4]'), '[1,2]'::halfvec <#> '[3,4]' AS op,
	halfvec_negative_inner_product('[1,2]', '[3,4]');
SELECT inner_product('[1,1,1,1,1,1,1,1,1]'::halfvec, '[1,2,3,4,5,6,7,8,9]');
SELECT inner_product('[1,0]'::halfvec, '[0,1]'), inner_product('[65504]'::halfvec, '[65504]'),
	'[65504]'::halfvec <#> '[65504]' AS op;
SELECT inner_product('[1,2]'::halfvec, '[3]');
SELECT '[1,2]'::halfvec <#> '[3]';

-- cosine distance
SELECT cosine_distance('[1,2]'::halfvec, '[2,4]'), '[1,2]'::halfvec <=> '[2,4]' AS op;
SELECT cosine_distance('[1,0]'::halfvec, '[0,2]'), cosine_distance('[1,1]'::halfvec, '[-1,-1]'),
	cosine_distance('[3,4]'::halfvec, '[3,-4]');
-- clamped: never below 0, nor above 2
SELECT round(cosine_distance('[1,1]'::halfvec, '[1.1,1.1]')::numeric, 6),
	round(cosine_distance('[1,1]'::halfvec, '[-1.1,-1.1]')::numeric, 6);
SELECT cosine_distance('[1,2,3,4,5,6,7,8,9]'::halfvec, '[1,2,3,4,5,6,7,8,9]'),
	cosine_distance('[1,2,3,4,5,6,7,8,9]'::halfvec, '[-1,-2,-3,-4,-5,-6,-7,-8,-9]');
SELECT count(*) FROM generate_series(1, 500) i, generate_series(1, 3) j,
	LATERAL (SELECT array_agg(sin(i * j * k)) AS x FROM generate_series(1, 20) k) s
WHERE cosine_distance(x::halfvec, x::halfvec) NOT BETWEEN 0 AND 1e-6;
-- no direction: a norm is zero; the largest and the least elements have one
SELECT cosine_distance('[1,2]'::halfvec, '[0,0]'), cosine_distance('[0,0]'::halfvec, '[0,0]');
SELECT cosine_distance('[65504,65504]'::halfvec, '[65504,65504]'),
	cosine_distance('[6e-8]'::halfvec, '[6e-8]');
SELECT cosine_distance('[1,2]'::halfvec, '[3]');
SELECT '[1,2]'::halfvec <=> '[3]';

-- taxicab distance
SELECT l1_distance('[0,0]'::halfvec, '[3,4]'), '[0,0]'::halfvec <+> '[3,4]' AS op;
SELECT l1_distance('[1,2,3,4,5,6,7,8,9]'::halfvec, '[0,3,2,5,4,7,6,9,8]'),
	l1_distance('[1,-2]'::halfvec, '[1,-2]');
SELECT l1_distance('[65504]'::halfvec, '[-65504]');
SELECT l1_distance('[1,2]'::halfvec, '[3]');
SELECT '[1,2]'::halfvec <+> '[3]';

-- every number of elements up to some widths of a register and a bit
SELECT count(*) AS lengths,
	bool_and(a <-> b = sqrt(n * 4)) AS l2,
	bool_and(a <#> b = -3 * n) AS ip,
	bool_and(a <+> b = 2 * n) AS l1,
	bool_and(round((a <=> b)::numeric, 6) = 0) AS cosine
FROM generate_series(1, 100) n,
	LATERAL (SELECT array_fill(1, ARRAY[n])::halfvec AS a, array_fill(3, ARRAY[n])::halfvec AS b) v;

-- ordering
SELECT v FROM unnest(ARRAY['[0,0]', '[3,4]', '[1,0]', NULL]::halfvec[]) v ORDER BY v <-> '[1,1]', v;
SELECT v FROM unnest(ARRAY['[0,0]', '[3,4]', '[1,0]', NULL]::halfvec[]) v ORDER BY v <#> '[1,1]', v;
SELECT v FROM unnest(ARRAY['[0,0]', '[3,4]', '[1,0]', NULL]::halfvec[]) v ORDER BY v <=> '[1,1]', v;
SELECT v FROM unnest(ARRAY['[0,0]', '[3,4]', '[1,0]', NULL]::halfvec[]) v ORDER BY v <+> '[1,1]', v;

-- strict: NULL in, NULL out
SELECT l2_distance(NULL::halfvec, '[1]') IS NULL AND '[1]'::halfvec <#> NULL IS NULL
	AND l2_norm(NULL::halfvec) IS NULL
	AND subvector('[1]'::halfvec, NULL, 1) IS NULL;

-- dimensions
SELECT vector_dims('[1,2,3]'::halfvec), vector_dims('[1]'::halfvec),
	vector_dims(array_fill(1, ARRAY[16000])::halfvec);

-- norm, summed in double
SELECT l2_norm('[3,4]'::halfvec), l2_norm('[0,1]'::halfvec), l2_norm('[0,0]'::halfvec),
	l2_norm('[-2]'::halfvec);
SELECT l2_norm('[1,1]'::halfvec) = sqrt(2::float8) AS root, l2_norm('[30000,40000]'::halfvec),
	l2_norm('[6e-8]'::halfvec) = 2.0::float8 ^ -24 AS least;

-- normalize; zero stays zero
SELECT l2_normalize('[3,4]'::halfvec), l2_normalize('[3,0]'::halfvec),
	l2_normalize('[0,-0.1]'::halfvec), l2_normalize('[0,0]'::halfvec);
SELECT l2_normalize('[65504]'::halfvec), l2_normalize('[65504,-65504]'::halfvec),
	l2_normalize('[6e-8]'::halfvec);
SELECT round(l2_norm(l2_normalize('[1,2,3,4,5,6,7]'::halfvec))::numeric, 3);
SELECT count(*) AS lengths,
	bool_and(l2_norm(v) = 2 * sqrt(n) AND u = array_fill(1, ARRAY[n])::halfvec) AS right
FROM unnest(ARRAY[255, 256, 257, 511, 512, 513, 1024]) n,
	LATERAL (SELECT array_fill(2, ARRAY[n])::halfvec AS v) w,
	LATERAL (SELECT l2_normalize(v) AS one) o,
		LATERAL (SELECT array_agg(round((x * sqrt(n))::numeric, 3))::halfvec AS u
		FROM unnest(one::real[]) x) r;

-- subvector
SELECT subvector('[1,2,3,4,5]'::halfvec, 1, 3), subvector('[1,2,3,4,5]'::halfvec, 3, 2),
	subvector('[1,2,3,4,5]'::halfvec, 1, 5);
-- clamped like substring()
SELECT subvector('[1,2,3,4,5]'::halfvec, -1, 3), subvector('[1,2,3,4,5]'::halfvec, 3, 9),
	subvector('[1,2,3,4,5]'::halfvec, 0, 2);
SELECT subvector('[1,2,3,4,5]'::halfvec, 3, 2147483647),
	subvector('[1,2,3,4,5]'::halfvec, -2147483644, 2147483647),
	subvector('[1,2,3,4,5]'::halfvec, 5, 2147483647);
-- nothing is left
SELECT subvector('[1,2,3,4,5]'::halfvec, 1, 0);
SELECT subvector('[1,2,3,4,5]'::halfvec, 3, -1);
SELECT subvector('[1,2,3,4,5]'::halfvec, -1, 2);
SELECT subvector('[1,2,3,4,5]'::halfvec, 6, 1);
SELECT subvector('[1,2,3,4,5]'::halfvec, 2147483647, 10);
SELECT subvector('[1,2,3,4,5]'::halfvec, -2147483648, 2147483647);
SELECT subvector('[1,2,3,4,5]'::halfvec, 1, -2147483648);

-- values with a short header, in line and out of line
CREATE TABLE ops (id integer, v halfvec);
INSERT INTO ops VALUES (1, '[1,2,3]'), (2, array_fill(1, ARRAY[400])::halfvec),
	(3, array_fill(1, ARRAY[8000])::halfvec);
SELECT id, vector_dims(v), round((l2_norm(v) ^ 2)::numeric, 6) AS norm2, v <-> v AS l2,
	v <#> v AS ip, v <+> v AS l1,
	vector_dims(l2_normalize(v)), subvector(v, 1, 3), v = v AS eq
FROM ops ORDER BY id;
SELECT pg_relation_size(reltoastrelid) > 12000 AS out_of_line FROM pg_class
	WHERE oid = 'ops'::regclass;
DROP TABLE ops;

-- error codes
\set VERBOSITY sqlstate
SELECT '[1,2]'::halfvec <-> '[3]';
SELECT '[1,2]'::halfvec <#> '[3]';
SELECT '[1,2]'::halfvec <=> '[3]';
SELECT '[1,2]'::halfvec <+> '[3]';
SELECT halfvec_l2_squared_distance('[1,2]'::halfvec, '[3]');
SELECT subvector('[1,2]'::halfvec, 3, 1);
\set VERBOSITY default

-- the operators
SELECT oprname, oprcode::regprocedure, oprresult::regtype,
	oprcom::regoper = oid::regoper AS own_commutator
FROM pg_operator WHERE oprleft = 'halfvec'::regtype AND oprresult = 'float8'::regtype
ORDER BY oprname COLLATE "C";
