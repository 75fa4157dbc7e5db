--
-- Distances, norms and the other functions of vectors
--
-- The values are small whole numbers, or rounded, so that they do not depend
-- on the order in which a SIMD kernel adds.
--

-- Euclidean distance
SELECT l2_distance('[0,0]'::vector, '[3,4]'), '[0,0]'::vector <-> '[3,4]' AS op;
SELECT l2_distance('[0,0]'::vector, '[0,1]'), l2_distance('[1,2]'::vector, '[1,2]'),
	l2_distance('[-3]'::vector, '[4]');
SELECT l2_distance('[1,1,1,1,1,1,1,1,1]'::vector, '[1,1,1,1,1,1,1,4,5]');
SELECT l2_distance('[3e38]'::vector, '[-3e38]'), l2_distance('[1e-30]'::vector, '[0]');
-- the square root of a float is taken in double
SELECT l2_distance('[0,0,0]'::vector, '[1,1,1]') = sqrt(3::float8);
SELECT l2_distance('[1,2]'::vector, '[3]');
SELECT '[1,2]'::vector <-> '[1,2,3]';

-- squared Euclidean distance
SELECT l2_squared_distance('[0,0]'::vector, '[3,4]'),
	vector_l2_squared_distance('[0,0]'::vector, '[3,4]');
SELECT l2_squared_distance('[3e38]'::vector, '[-3e38]');
SELECT l2_squared_distance('[1,2]'::vector, '[3]');
SELECT vector_l2_squared_distance('[1,2]'::vector, '[3]');

-- inner product
SELECT inner_product('[1,2]'::vector, '[3,4]'), '[1,2]'::vector <#> '[3,4]' AS op,
	vector_negative_inner_product('[1,2]', '[3,4]');
SELECT inner_product('[1,1,1,1,1,1,1,1,1]'::vector, '[1,2,3,4,5,6,7,8,9]');
SELECT inner_product('[1,0]'::vector, '[0,1]'), inner_product('[3e38]'::vector, '[3e38]'),
	'[3e38]'::vector <#> '[3e38]' AS op;
SELECT inner_product('[1,2]'::vector, '[3]');
SELECT '[1,2]'::vector <#> '[3]';

-- cosine distance
SELECT cosine_distance('[1,2]'::vector, '[2,4]'), '[1,2]'::vector <=> '[2,4]' AS op;
SELECT cosine_distance('[1,0]'::vector, '[0,2]'), cosine_distance('[1,1]'::vector, '[-1,-1]'),
	cosine_distance('[3,4]'::vector, '[3,-4]');
-- clamped: never below 0, nor above 2
SELECT round(cosine_distance('[1,1]'::vector, '[1.1,1.1]')::numeric, 6),
	round(cosine_distance('[1,1]'::vector, '[-1.1,-1.1]')::numeric, 6);
SELECT cosine_distance('[1,2,3,4,5,6,7,8,9]'::vector, '[1,2,3,4,5,6,7,8,9]'),
	cosine_distance('[1,2,3,4,5,6,7,8,9]'::vector, '[-1,-2,-3,-4,-5,-6,-7,-8,-9]');
SELECT count(*) FROM generate_series(1, 500) i, generate_series(1, 3) j,
	LATERAL (SELECT array_agg(sin(i * j * k)) AS x FROM generate_series(1, 20) k) s
WHERE cosine_distance(x::vector, x::vector) NOT BETWEEN 0 AND 1e-6;
-- no direction: a norm is zero, or overflows
SELECT cosine_distance('[1,2]'::vector, '[0,0]'), cosine_distance('[0,0]'::vector, '[0,0]'),
	cosine_distance('[3e38]'::vector, '[3e38]');
SELECT cosine_distance('[1,2]'::vector, '[3]');
SELECT '[1,2]'::vector <=> '[3]';

-- taxicab distance
SELECT l1_distance('[0,0]'::vector, '[3,4]'), '[0,0]'::vector <+> '[3,4]' AS op;
SELECT l1_distance('[1,2,3,4,5,6,7,8,9]'::vector, '[0,3,2,5,4,7,6,9,8]'),
	l1_distance('[1,-2]'::vector, '[1,-2]');
SELECT l1_distance('[3e38]'::vector, '[-3e38]');
SELECT l1_distance('[1,2]'::vector, '[3]');
SELECT '[1,2]'::vector <+> '[3]';

-- every number of elements up to some widths of a register and a bit
SELECT count(*) AS lengths,
	bool_and(a <-> b = sqrt(n * 4)) AS l2,
	bool_and(a <#> b = -3 * n) AS ip,
	bool_and(a <+> b = 2 * n) AS l1,
	bool_and(round((a <=> b)::numeric, 6) = 0) AS cosine
FROM generate_series(1, 100) n,
	LATERAL (SELECT array_fill(1, ARRAY[n])::vector AS a, array_fill(3, ARRAY[n])::vector AS b) v;

-- ordering
SELECT v FROM unnest(ARRAY['[0,0]', '[3,4]', '[1,0]', NULL]::vector[]) v ORDER BY v <-> '[1,1]', v;
SELECT v FROM unnest(ARRAY['[0,0]', '[3,4]', '[1,0]', NULL]::vector[]) v ORDER BY v <#> '[1,1]', v;
SELECT v FROM unnest(ARRAY['[0,0]', '[3,4]', '[1,0]', NULL]::vector[]) v ORDER BY v <=> '[1,1]', v;
SELECT v FROM unnest(ARRAY['[0,0]', '[3,4]', '[1,0]', NULL]::vector[]) v ORDER BY v <+> '[1,1]', v;

-- strict: NULL in, NULL out
SELECT l2_distance(NULL::vector, '[1]') IS NULL AND '[1]'::vector <#> NULL IS NULL
	AND vector_norm(NULL) IS NULL
	AND subvector('[1]'::vector, NULL, 1) IS NULL;

-- dimensions
SELECT vector_dims('[1,2,3]'::vector), vector_dims('[1]'::vector),
	vector_dims(array_fill(1, ARRAY[16000])::vector);

-- norm, summed in double
SELECT vector_norm('[3,4]'), vector_norm('[0,1]'), vector_norm('[0,0]'), vector_norm('[-2]');
SELECT vector_norm('[1,1]') = sqrt(2::float8), vector_norm('[3e37,4e37]')::real,
	vector_norm('[1e-30]')::real;

-- normalize; zero stays zero
SELECT l2_normalize('[3,4]'::vector), l2_normalize('[3,0]'::vector),
	l2_normalize('[0,-0.1]'::vector), l2_normalize('[0,0]'::vector);
SELECT l2_normalize('[3e38]'::vector), l2_normalize('[3e38,-3e38]'::vector),
	l2_normalize('[1e-45]'::vector);
SELECT round(vector_norm(l2_normalize('[1,2,3,4,5,6,7]'::vector))::numeric, 6);
SELECT count(*) AS lengths,
	bool_and(vector_norm(v) = 2 * sqrt(n) AND u = array_fill(1, ARRAY[n])::vector) AS right
FROM unnest(ARRAY[255, 256, 257, 511, 512, 513, 1024]) n,
	LATERAL (SELECT array_fill(2, ARRAY[n])::vector AS v) w,
	LATERAL (SELECT l2_normalize(v) AS one) o,
		LATERAL (SELECT array_agg(round((x * sqrt(n))::numeric, 3))::vector AS u
		FROM unnest(one::real[]) x) r;

-- subvector
SELECT subvector('[1,2,3,4,5]'::vector, 1, 3), subvector('[1,2,3,4,5]'::vector, 3, 2),
	subvector('[1,2,3,4,5]'::vector, 1, 5);
-- clamped like substring()
SELECT subvector('[1,2,3,4,5]'::vector, -1, 3), subvector('[1,2,3,4,5]'::vector, 3, 9),
	subvector('[1,2,3,4,5]'::vector, 0, 2);
SELECT subvector('[1,2,3,4,5]'::vector, 3, 2147483647),
	subvector('[1,2,3,4,5]'::vector, -2147483644, 2147483647),
	subvector('[1,2,3,4,5]'::vector, 5, 2147483647);
-- nothing is left
SELECT subvector('[1,2,3,4,5]'::vector, 1, 0);
SELECT subvector('[1,2,3,4,5]'::vector, 3, -1);
SELECT subvector('[1,2,3,4,5]'::vector, -1, 2);
SELECT subvector('[1,2,3,4,5]'::vector, 6, 1);
SELECT subvector('[1,2,3,4,5]'::vector, 2147483647, 10);
SELECT subvector('[1,2,3,4,5]'::vector, -2147483648, 2147483647);
SELECT subvector('[1,2,3,4,5]'::vector, 1, -2147483648);

-- values with a short header, in line and out of line
CREATE TABLE ops (id integer, v vector);
INSERT INTO ops VALUES (1, '[1,2,3]'), (2, array_fill(1, ARRAY[400])::vector),
	(3, array_fill(1, ARRAY[3000])::vector);
SELECT id, vector_dims(v), round((vector_norm(v) ^ 2)::numeric, 6) AS norm2, v <-> v AS l2,
	v <#> v AS ip, v <+> v AS l1,
	vector_dims(l2_normalize(v)), subvector(v, 1, 3), v = v AS eq
FROM ops ORDER BY id;
SELECT pg_relation_size(reltoastrelid) > 12000 AS out_of_line FROM pg_class
	WHERE oid = 'ops'::regclass;
DROP TABLE ops;

-- error codes
\set VERBOSITY sqlstate
SELECT '[1,2]'::vector <-> '[3]';
SELECT '[1,2]'::vector <#> '[3]';
SELECT '[1,2]'::vector <=> '[3]';
SELECT '[1,2]'::vector <+> '[3]';
SELECT l2_squared_distance('[1,2]'::vector, '[3]');
SELECT subvector('[1,2]'::vector, 3, 1);
\set VERBOSITY default

-- the operators
SELECT oprname, oprcode::regprocedure, oprresult::regtype,
	oprcom::regoper = oid::regoper AS own_commutator
FROM pg_operator WHERE oprleft = 'vector'::regtype AND oprresult = 'float8'::regtype
ORDER BY oprname COLLATE "C";
