--
-- Distances, norms and the other functions of sparsevecs
--
-- The values are small whole numbers, or rounded, so that they do not depend
-- on the order in which a SIMD kernel adds.
--

-- Euclidean distance: elements of one, of the other, of both
SELECT l2_distance('{}/2'::sparsevec, '{1:3,2:4}/2'), '{}/2'::sparsevec <-> '{1:3,2:4}/2' AS op;
SELECT l2_distance('{1:3}/2'::sparsevec, '{2:4}/2'), l2_distance('{2:4}/2'::sparsevec, '{1:3}/2'),
	l2_distance('{1:3,2:4}/2'::sparsevec, '{}/2');
SELECT l2_distance('{}/2'::sparsevec, '{}/2'), l2_distance('{2:7}/9'::sparsevec, '{2:7}/9'),
	l2_distance('{1:1,5:2}/5'::sparsevec, '{1:4,5:-2}/5');
SELECT l2_distance('{1:3e38}/1'::sparsevec, '{1:-3e38}/1'),
	l2_distance('{1:1e-30}/1'::sparsevec, '{}/1');
SELECT l2_distance('{}/3'::sparsevec, '{1:1,2:1,3:1}/3') = sqrt(3::float8);
SELECT l2_distance('{1:1}/2'::sparsevec, '{1:3}/1');
SELECT '{1:1}/2'::sparsevec <-> '{1:3}/1';

-- squared Euclidean distance
SELECT sparsevec_l2_squared_distance('{}/2', '{1:3,2:4}/2'),
	sparsevec_l2_squared_distance('{1:3e38}/1', '{1:-3e38}/1');
SELECT sparsevec_l2_squared_distance('{1:1}/2', '{1:3}/1');

-- inner product
SELECT inner_product('{1:1,2:2}/2'::sparsevec, '{1:2,2:4}/2'),
	'{1:1,2:2}/2'::sparsevec <#> '{1:3,2:4}/2' AS op,
	sparsevec_negative_inner_product('{1:1,2:2}/2', '{1:3,2:4}/2');
SELECT inner_product('{1:1,3:3}/4'::sparsevec, '{2:2,4:4}/4'),
	inner_product('{2:2,4:4}/4'::sparsevec, '{1:1,3:3}/4'),
	inner_product('{1:1,3:3,5:5}/5'::sparsevec, '{2:4,3:6,4:8}/5'),
	inner_product('{1:1}/2'::sparsevec, '{}/2');
SELECT inner_product('{1:3e38}/1'::sparsevec, '{1:3e38}/1'),
	'{1:3e38}/1'::sparsevec <#> '{1:3e38}/1' AS op;
SELECT inner_product('{1:1}/2'::sparsevec, '{1:3}/1');
SELECT '{1:1}/2'::sparsevec <#> '{1:3}/1';

-- cosine distance
SELECT cosine_distance('{1:1,2:2}/2'::sparsevec, '{1:2,2:4}/2'),
	'{1:1,2:2}/2'::sparsevec <=> '{1:2,2:4}/2' AS op;
SELECT cosine_distance('{1:1}/2'::sparsevec, '{2:2}/2'),
	cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:-1,2:-1}/2'),
	cosine_distance('{1:3,9:4}/9'::sparsevec, '{1:3,5:4}/9');
-- clamped: never below 0, nor above 2
SELECT round(cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:1.1,2:1.1}/2')::numeric, 6),
	round(cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:-1.1,2:-1.1}/2')::numeric, 6);
SELECT count(*) FROM generate_series(1, 500) i,
	LATERAL (SELECT array_agg(sin(i * k) * (k % 3)) AS x FROM generate_series(1, 40) k) s
WHERE cosine_distance(x::sparsevec, x::sparsevec) NOT BETWEEN 0 AND 1e-6;
-- no direction: a norm is zero, or overflows
SELECT cosine_distance('{1:1}/2'::sparsevec, '{}/2'), cosine_distance('{}/2'::sparsevec, '{}/2'),
	cosine_distance('{1:3e38}/1'::sparsevec, '{1:3e38}/1');
SELECT cosine_distance('{1:1}/2'::sparsevec, '{1:3}/1');
SELECT '{1:1}/2'::sparsevec <=> '{1:3}/1';

-- taxicab distance
SELECT l1_distance('{}/2'::sparsevec, '{1:3,2:4}/2'), '{}/2'::sparsevec <+> '{1:3,2:4}/2' AS op;
SELECT l1_distance('{1:1,3:3,5:5,7:7}/8'::sparsevec, '{2:2,4:4,6:6,8:8}/8'),
	l1_distance('{1:1,3:3,5:5,7:7,9:9}/9'::sparsevec, '{2:2,4:4,6:6,8:8}/9'),
	l1_distance('{1:1,2:-2}/2'::sparsevec, '{1:1,2:-2}/2'),
	l1_distance('{1:3e38}/1'::sparsevec, '{1:-3e38}/1');
SELECT l1_distance('{1:1}/2'::sparsevec, '{1:3}/1');
SELECT '{1:1}/2'::sparsevec <+> '{1:3}/1';

-- as the distances of the vectors that they stand for, for many shapes
CREATE TABLE shapes AS
SELECT n, m, array_agg(CASE WHEN k * 7 % n < m THEN k % 5 - 2 ELSE 0 END ORDER BY k) AS a,
	array_agg(CASE WHEN k * 5 % (m + 2) < 2 THEN k % 7 - 3 ELSE 0 END ORDER BY k) AS b
FROM generate_series(1, 60) n, generate_series(0, 30, 3) m, generate_series(1, n) k
GROUP BY n, m;
SELECT count(*),
	bool_and(a::sparsevec <-> b::sparsevec = a::vector <-> b::vector) AS l2,
	bool_and(a::sparsevec <#> b::sparsevec = a::vector <#> b::vector) AS ip,
	bool_and(a::sparsevec <+> b::sparsevec = a::vector <+> b::vector) AS l1,
	bool_and(a::sparsevec <=> b::sparsevec IS NOT DISTINCT FROM a::vector <=> b::vector) AS cosine,
	bool_and(b::sparsevec <-> a::sparsevec = a::vector <-> b::vector) AS l2_turned,
	bool_and(l2_norm(a::sparsevec) = vector_norm(a::vector)) AS norm,
	bool_and(l2_normalize(a::sparsevec)::vector = l2_normalize(a::vector)) AS normalize
FROM shapes;
DROP TABLE shapes;

-- ordering
SELECT v FROM unnest(ARRAY['{}/2', '{1:3,2:4}/2', '{1:1}/2', NULL]::sparsevec[]) v
	ORDER BY v <-> '{1:1,2:1}/2', v;
SELECT v FROM unnest(ARRAY['{}/2', '{1:3,2:4}/2', '{1:1}/2', NULL]::sparsevec[]) v
	ORDER BY v <#> '{1:1,2:1}/2', v;
SELECT v FROM unnest(ARRAY['{}/2', '{1:3,2:4}/2', '{1:1}/2', NULL]::sparsevec[]) v
	ORDER BY v <=> '{1:1,2:1}/2', v;
SELECT v FROM unnest(ARRAY['{}/2', '{1:3,2:4}/2', '{1:1}/2', NULL]::sparsevec[]) v
	ORDER BY v <+> '{1:1,2:1}/2', v;

-- strict: NULL in, NULL out
SELECT l2_distance(NULL::sparsevec, '{}/1') IS NULL AND '{}/1'::sparsevec <#> NULL IS NULL
	AND l2_norm(NULL::sparsevec) IS NULL;

-- norm, summed in double
SELECT l2_norm('{1:3,2:4}/2'::sparsevec), l2_norm('{2:1}/2'::sparsevec), l2_norm('{}/2'::sparsevec),
	l2_norm('{9:-2}/9'::sparsevec);
SELECT l2_norm('{1:1,2:1}/2'::sparsevec) = sqrt(2::float8),
	l2_norm('{1:3e37,2:4e37}/2'::sparsevec)::real, l2_norm('{1:1e-30}/1'::sparsevec)::real;

-- normalize; zero stays zero, and what becomes zero is left out
SELECT l2_normalize('{1:3,2:4}/2'::sparsevec), l2_normalize('{1:3}/2'::sparsevec),
	l2_normalize('{2:-0.1}/2'::sparsevec), l2_normalize('{}/2'::sparsevec);
SELECT l2_normalize('{1:3e38}/1'::sparsevec), l2_normalize('{1:3e38,2:1e-37}/2'::sparsevec),
	l2_normalize('{1:1e-45}/1'::sparsevec);
SELECT l2_normalize('{2:3e37,4:3e-37,6:4e37,8:4e-37}/9'::sparsevec);

-- values with a short header, in line and out of line
CREATE TABLE ops (id integer, v sparsevec);
INSERT INTO ops VALUES (1, '{1:1,2:2}/4'), (2, array_fill(1, ARRAY[200])::sparsevec),
	(3, array_fill(1, ARRAY[3000])::sparsevec);
SELECT id, round((l2_norm(v) ^ 2)::numeric, 6) AS norm2, v <-> v AS l2, v <#> v AS ip,
	v <+> v AS l1,
	round((l2_norm(l2_normalize(v)))::numeric, 6) AS unit, v = v AS eq
FROM ops ORDER BY id;
SELECT pg_relation_size(reltoastrelid) > 24000 AS out_of_line FROM pg_class
	WHERE oid = 'ops'::regclass;
DROP TABLE ops;

-- error codes
\set VERBOSITY sqlstate
SELECT '{1:1}/2'::sparsevec <-> '{1:3}/1';
SELECT '{1:1}/2'::sparsevec <#> '{1:3}/1';
SELECT '{1:1}/2'::sparsevec <=> '{1:3}/1';
SELECT '{1:1}/2'::sparsevec <+> '{1:3}/1';
SELECT sparsevec_l2_squared_distance('{1:1}/2', '{1:3}/1');
\set VERBOSITY default
