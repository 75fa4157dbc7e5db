--
-- Casts between halfvecs, vectors and arrays
--

-- array to halfvec
SELECT ARRAY[1,-2,3]::halfvec;
SELECT ARRAY[1.5,2.0,3.25]::halfvec;
SELECT ARRAY[1,2,3]::real[]::halfvec;
SELECT ARRAY[1,2,3]::double precision[]::halfvec;
SELECT ARRAY[1,2,3]::numeric[]::halfvec;
SELECT '{0.1,2049}'::real[]::halfvec, '{0.1,2049}'::double precision[]::halfvec,
	'{0.1,2049}'::numeric[]::halfvec, '{2049,2051,65519}'::integer[]::halfvec;
-- other lower bounds, and a null bitmap without nulls
SELECT '[5:7]={1,2,3}'::real[]::halfvec;
SELECT (ARRAY[NULL,2,3]::real[])[2:3]::halfvec, (ARRAY[1,2,NULL]::float8[])[1:2]::halfvec;

-- type modifier
SELECT '{1,2,3}'::real[]::halfvec(3);
SELECT '{1,2,3}'::real[]::halfvec(2);
SELECT '{1,2,3}'::numeric[]::halfvec(4);
SELECT '[1,2,3]'::halfvec::halfvec(3);
SELECT '[1,2,3]'::halfvec::halfvec(2);
SELECT halfvec('[1,2,3]'::halfvec, -1, true), halfvec('[1,2,3]'::halfvec, 3, false);

-- rounding: underflow gives zero, overflow is an error, of float before that of binary16
SELECT '{2.9e-8,-2.9e-8}'::real[]::halfvec;
SELECT '{1e-46,-1e-46}'::double precision[]::halfvec;
SELECT '{65520}'::integer[]::halfvec;
SELECT '{1,-2147483648}'::integer[]::halfvec;
SELECT '{1,-65520}'::real[]::halfvec;
SELECT '{65519.999}'::double precision[]::halfvec;
SELECT '{1e10,NaN}'::numeric[]::halfvec;
SELECT '{4e38}'::double precision[]::halfvec;
SELECT '{-4e38}'::double precision[]::halfvec;
SELECT '{4e38}'::numeric[]::halfvec;
SELECT '{1e-50}'::numeric[]::halfvec;

-- vector to halfvec, and back
SELECT '[1,-2.5,0.1]'::vector::halfvec, '[1,-2.5,0.1]'::halfvec::vector,
	'[0.1,2049]'::vector::halfvec::vector;
SELECT '[2.9e-8,6e-8]'::vector::halfvec, '[65504,6e-8,-0]'::halfvec::vector;
SELECT '[1,2,3]'::vector::halfvec(3), '[1,2,3]'::halfvec::vector(3);
SELECT '[1,2,3]'::vector::halfvec(2);
SELECT '[1,2,3]'::halfvec::vector(2);
SELECT '[1,65520]'::vector::halfvec;
SELECT '[-1e20]'::vector::halfvec;
-- every binary16 is a vector's element, and comes back
SELECT count(*) FROM generate_series(0, 63487) i,
	LATERAL (SELECT i + CASE WHEN i < 31744 THEN 0 ELSE 1024 END AS bits) b,
	LATERAL (SELECT (CASE WHEN bits < 32768 THEN 1 ELSE -1 END
		* CASE WHEN bits & 31744 = 0 THEN (bits & 1023) * 2::float8 ^ -24
			ELSE (1024 + (bits & 1023)) * 2::float8 ^ ((bits & 31744) / 1024 - 25) END)::real AS x)
				f
WHERE ('[' || x || ']')::halfvec::vector::real[] IS DISTINCT FROM ARRAY[x]
	OR ARRAY[x]::vector::halfvec::real[] IS DISTINCT FROM ARRAY[x];

-- arrays that are no halfvecs
SELECT '{1,NULL}'::integer[]::halfvec;
SELECT '{NULL}'::real[]::halfvec;
SELECT '{NULL}'::numeric[]::halfvec;
SELECT '{1,NaN}'::real[]::halfvec;
SELECT '{NaN}'::double precision[]::halfvec;
SELECT '{NaN}'::numeric[]::halfvec;
SELECT '{Infinity}'::real[]::halfvec;
SELECT '{-Infinity}'::double precision[]::halfvec;
SELECT '{Infinity}'::numeric[]::halfvec;
SELECT '{}'::real[]::halfvec;
SELECT '{}'::integer[]::halfvec;
SELECT '{{1}}'::real[]::halfvec;
SELECT '{{1,2},{3,4}}'::numeric[]::halfvec;
SELECT '{1,2}'::smallint[]::halfvec;
SELECT '{1,2}'::text[]::halfvec;

-- halfvec to array
SELECT '[1,2.5,-0.1]'::halfvec::real[];
SELECT array_dims('[1,2,3]'::halfvec::real[]), ('[1,2,3]'::halfvec::real[])[2];
SELECT '[0.1,6e-8,65504]'::halfvec::real[]::halfvec;
SELECT pg_typeof(halfvec_to_float4('[1]', -1, false)),
	halfvec_to_float4('[1]', -1, false) = ARRAY[1::real];

-- the casts to halfvec happen in assignments, not in expressions
CREATE TABLE casts (v halfvec(2));
INSERT INTO casts VALUES (ARRAY[1,2]), ('{3,4}'::real[]), ('{5,6}'::float8[]), ('{7,8}'::numeric[]);
INSERT INTO casts SELECT ARRAY[1,2,3];
SELECT * FROM casts ORDER BY v;
SELECT '[1,2]'::halfvec <-> ARRAY[1,2];
-- nor is that from halfvec to real[] or vector implicit
CREATE FUNCTION total(real[]) RETURNS real LANGUAGE sql AS 'SELECT sum(x) FROM unnest($1) AS x';
SELECT v, total(v) FROM casts ORDER BY v;
SELECT v, total(v::real[]) FROM casts ORDER BY v;
SELECT vector_norm(v) FROM casts;
DROP FUNCTION total(real[]);
-- the cast from vector to halfvec is implicit
SELECT '[1,2]'::vector <-> v AS l2 FROM casts ORDER BY v;
-- but that to sparsevec is too, so that a function of both cannot choose
SELECT l2_norm('[3,4]'::vector);
INSERT INTO casts VALUES ('[1.5,2]'::vector);
CREATE TABLE casts2 (v vector(2), a real[]);
INSERT INTO casts2 SELECT v, v FROM casts;
SELECT * FROM casts2 ORDER BY v;
DROP TABLE casts, casts2;
-- no cast makes an operator of arrays ambiguous
SELECT ARRAY[1,2,3] = ARRAY[1,2,3];

-- "a": in assignments too; "i": everywhere; those of sparsevec are in its tests
SELECT castsource::regtype AS source, casttarget::regtype AS target, castcontext,
	castfunc::regprocedure
FROM pg_cast
WHERE (castsource = 'halfvec'::regtype OR casttarget = 'halfvec'::regtype)
	AND format_type(castsource, NULL) <> 'sparsevec'
		AND format_type(casttarget, NULL) <> 'sparsevec'
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

-- error codes
\set VERBOSITY sqlstate
SELECT '[1,2,3]'::halfvec::halfvec(2);
SELECT '[1,2,3]'::vector::halfvec(2);
SELECT '[1,2,3]'::halfvec::vector(2);
SELECT '[1,65520]'::vector::halfvec;
SELECT '{65520}'::integer[]::halfvec;
SELECT '{1,2,3}'::real[]::halfvec(2);
SELECT '{NULL}'::real[]::halfvec;
SELECT '{{1}}'::real[]::halfvec;
SELECT '{}'::real[]::halfvec;
SELECT '{NaN}'::real[]::halfvec;
SELECT '{Infinity}'::real[]::halfvec;
SELECT '{4e38}'::double precision[]::halfvec;
SELECT '{4e38}'::numeric[]::halfvec;
\set VERBOSITY default
