--
-- Casts between vectors and arrays
--

-- array to vector
SELECT ARRAY[1,-2,3]::vector;
SELECT ARRAY[1.5,2.0,3.25]::vector;
SELECT ARRAY[1,2,3]::real[]::vector;
SELECT ARRAY[1,2,3]::double precision[]::vector;
SELECT ARRAY[1,2,3]::numeric[]::vector;
SELECT '{0.1,16777217}'::real[]::vector, '{0.1,16777217}'::double precision[]::vector,
	'{0.1,16777217}'::numeric[]::vector, '{16777217,2147483647}'::integer[]::vector;
-- other lower bounds, and a null bitmap without nulls
SELECT '[5:7]={1,2,3}'::real[]::vector;
SELECT (ARRAY[NULL,2,3]::real[])[2:3]::vector, (ARRAY[1,2,NULL]::float8[])[1:2]::vector;

-- type modifier
SELECT '{1,2,3}'::real[]::vector(3);
SELECT '{1,2,3}'::real[]::vector(2);
SELECT '{1,2,3}'::numeric[]::vector(4);
SELECT '[1,2,3]'::vector::vector(3);
SELECT '[1,2,3]'::vector::vector(2);
SELECT vector('[1,2,3]'::vector, -1, true), vector('[1,2,3]'::vector, 3, false);

-- rounding: underflow gives zero, overflow is an error
SELECT '{1e-46,-1e-46}'::double precision[]::vector;
SELECT '{4e38}'::double precision[]::vector;
SELECT '{-4e38}'::double precision[]::vector;
SELECT '{4e38}'::numeric[]::vector;
SELECT '{1e-50}'::numeric[]::vector;

-- arrays that are no vectors
SELECT '{1,NULL}'::integer[]::vector;
SELECT '{NULL}'::real[]::vector;
SELECT '{NULL}'::numeric[]::vector;
SELECT '{1,NaN}'::real[]::vector;
SELECT '{NaN}'::double precision[]::vector;
SELECT '{NaN}'::numeric[]::vector;
SELECT '{Infinity}'::real[]::vector;
SELECT '{-Infinity}'::double precision[]::vector;
SELECT '{Infinity}'::numeric[]::vector;
SELECT '{}'::real[]::vector;
SELECT '{}'::integer[]::vector;
SELECT '{{1}}'::real[]::vector;
SELECT '{{1,2},{3,4}}'::numeric[]::vector;
SELECT '{1,2}'::smallint[]::vector;
SELECT '{1,2}'::text[]::vector;

-- vector to array
SELECT '[1,2.5,-0.1]'::vector::real[];
SELECT array_dims('[1,2,3]'::vector::real[]), ('[1,2,3]'::vector::real[])[2];
SELECT '[0.1,1e-45,3.4028235e38]'::vector::real[]::vector;
SELECT pg_typeof(vector_to_float4('[1]', -1, false)),
	vector_to_float4('[1]', -1, false) = ARRAY[1::real];

-- the casts to vector happen in assignments, not in expressions
CREATE TABLE casts (v vector(2));
INSERT INTO casts VALUES (ARRAY[1,2]), ('{3,4}'::real[]), ('{5,6}'::float8[]), ('{7,8}'::numeric[]);
INSERT INTO casts SELECT ARRAY[1,2,3];
SELECT * FROM casts ORDER BY v;
SELECT '[1,2]'::vector <-> ARRAY[1,2];
-- the cast from vector to real[] is implicit
CREATE FUNCTION total(real[]) RETURNS real LANGUAGE sql AS 'SELECT sum(x) FROM unnest($1) AS x';
SELECT v, total(v) FROM casts ORDER BY v;
DROP FUNCTION total(real[]);
DROP TABLE casts;
-- and makes no operator of arrays ambiguous
SELECT ARRAY[1,2,3] = ARRAY[1,2,3];

-- "a": in assignments too; "i": everywhere; those of other types of the extension are in their
-- tests
SELECT castsource::regtype AS source, casttarget::regtype AS target, castcontext,
	castfunc::regprocedure
FROM pg_cast
WHERE (castsource = 'vector'::regtype OR casttarget = 'vector'::regtype)
	AND format_type(castsource, NULL) NOT IN ('halfvec', 'sparsevec')
		AND format_type(casttarget, NULL) NOT IN ('halfvec', 'sparsevec')
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

-- error codes
\set VERBOSITY sqlstate
SELECT '[1,2,3]'::vector::vector(2);
SELECT '{1,2,3}'::real[]::vector(2);
SELECT '{NULL}'::real[]::vector;
SELECT '{{1}}'::real[]::vector;
SELECT '{}'::real[]::vector;
SELECT '{NaN}'::real[]::vector;
SELECT '{Infinity}'::real[]::vector;
SELECT '{4e38}'::double precision[]::vector;
SELECT '{4e38}'::numeric[]::vector;
\set VERBOSITY default
