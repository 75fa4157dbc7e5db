--
-- Casts between sparsevecs, arrays and dense vectors
--

-- array to sparsevec
SELECT ARRAY[1,0,-2,0,3,0]::sparsevec;
SELECT ARRAY[1.5,0.0,2.0,0.0]::sparsevec;
SELECT ARRAY[1,0,2]::real[]::sparsevec;
SELECT ARRAY[1,0,2]::double precision[]::sparsevec;
SELECT ARRAY[1,0,2]::numeric[]::sparsevec;
SELECT '{0,-0,0}'::real[]::sparsevec, '{0}'::integer[]::sparsevec;
SELECT '{0.1,16777217}'::real[]::sparsevec, '{0.1,16777217}'::double precision[]::sparsevec,
	'{0.1,16777217}'::numeric[]::sparsevec, '{16777217,2147483647}'::integer[]::sparsevec;
-- other lower bounds, and a null bitmap without nulls
SELECT '[5:7]={1,0,3}'::real[]::sparsevec;
SELECT (ARRAY[NULL,0,3]::real[])[2:3]::sparsevec, (ARRAY[1,0,NULL]::float8[])[1:2]::sparsevec;

-- type modifier
SELECT '{1,0,3}'::real[]::sparsevec(3);
SELECT '{1,0,3}'::real[]::sparsevec(2);
SELECT '{1,0,3}'::numeric[]::sparsevec(4);
SELECT '{1:1}/3'::sparsevec::sparsevec(3);
SELECT '{1:1}/3'::sparsevec::sparsevec(2);
SELECT sparsevec('{1:1}/3'::sparsevec, -1, true), sparsevec('{1:1}/3'::sparsevec, 3, false);

-- rounding: what becomes zero is left out, overflow is an error
SELECT '{1e-46,-1e-46,1}'::double precision[]::sparsevec;
SELECT '{4e38}'::double precision[]::sparsevec;
SELECT '{0,-4e38}'::double precision[]::sparsevec;
SELECT '{4e38}'::numeric[]::sparsevec;
SELECT '{1e-50,1}'::numeric[]::sparsevec;

-- arrays that are no sparsevecs
SELECT '{1,NULL}'::integer[]::sparsevec;
SELECT '{NULL}'::real[]::sparsevec;
SELECT '{NULL}'::numeric[]::sparsevec;
SELECT '{0,NaN}'::real[]::sparsevec;
SELECT '{NaN}'::double precision[]::sparsevec;
SELECT '{NaN}'::numeric[]::sparsevec;
SELECT '{Infinity}'::real[]::sparsevec;
SELECT '{-Infinity}'::double precision[]::sparsevec;
SELECT '{Infinity}'::numeric[]::sparsevec;
SELECT '{}'::real[]::sparsevec;
SELECT '{}'::integer[]::sparsevec;
SELECT '{{1}}'::real[]::sparsevec;
SELECT '{{1,2},{3,4}}'::numeric[]::sparsevec;
SELECT '{1,2}'::smallint[]::sparsevec;
SELECT '{1,2}'::text[]::sparsevec;

-- arrays with more elements than a dense vector; only those that are not zero count
SELECT (array_fill(0, ARRAY[100000]) || 7)::sparsevec;
SELECT (array_fill(0, ARRAY[100000]) || array_fill(1, ARRAY[16000]))::sparsevec <+> '{}/116000';
SELECT array_fill(1, ARRAY[16001])::sparsevec;
SELECT array_fill(1, ARRAY[16001])::real[]::sparsevec;

-- vector to sparsevec and back
SELECT '[0,1.5,0,3.5,0]'::vector::sparsevec, '[0,-0]'::vector::sparsevec, '[1]'::vector::sparsevec;
SELECT '[0,1.5,0,3.5,0]'::vector::sparsevec(5);
SELECT '[0,1.5,0,3.5,0]'::vector::sparsevec(4);
SELECT '{2:1.5,4:3.5}/5'::sparsevec::vector, '{}/3'::sparsevec::vector;
SELECT '{2:1.5,4:3.5}/5'::sparsevec::vector(5);
SELECT '{2:1.5,4:3.5}/5'::sparsevec::vector(4);
SELECT vector_norm('{16000:2}/16000'::sparsevec::vector);
SELECT '{}/16001'::sparsevec::vector;
SELECT array_fill(1, ARRAY[16000])::vector::sparsevec::vector = array_fill(1, ARRAY[16000])::vector;

-- halfvec to sparsevec and back
SELECT '[0,1.5,0,3.5,-0,0.1]'::halfvec::sparsevec, '[0]'::halfvec::sparsevec;
SELECT '[0,1.5,0,3.5,0]'::halfvec::sparsevec(5);
SELECT '[0,1.5,0,3.5,0]'::halfvec::sparsevec(4);
SELECT '{2:1.5,4:3.5,5:0.1}/5'::sparsevec::halfvec, '{}/3'::sparsevec::halfvec,
	'{1:65504,2:-65504}/2'::sparsevec::halfvec;
SELECT '{2:1.5,4:3.5}/5'::sparsevec::halfvec(5);
SELECT '{2:1.5,4:3.5}/5'::sparsevec::halfvec(4);
SELECT '{}/16001'::sparsevec::halfvec;
SELECT '{1:65520}/1'::sparsevec::halfvec;
SELECT '{1:-1e20}/1'::sparsevec::halfvec;
SELECT '{1:1e-8}/1'::sparsevec::halfvec;

-- implicit and assignment casts
CREATE TABLE casts (v sparsevec(2));
INSERT INTO casts VALUES (ARRAY[1,2]), ('{0,4}'::real[]), ('{5,0}'::float8[]), ('{7,8}'::numeric[]),
	('[9,0]'::vector), ('[0,10]'::halfvec);
INSERT INTO casts SELECT ARRAY[1,2,3];
SELECT * FROM casts ORDER BY v;
SELECT '{1:1}/2'::sparsevec <-> ARRAY[1,2];
SELECT '{1:1}/2'::sparsevec <-> '[1,2]'::vector AS vector,
	'{1:1}/2'::sparsevec <-> '[1,2]'::halfvec AS halfvec;
CREATE TABLE dense (v vector(2), h halfvec(2));
INSERT INTO dense SELECT v, v FROM casts;
SELECT * FROM dense ORDER BY v;
DROP TABLE casts, dense;

-- "a": in assignments too; "i": everywhere
SELECT castsource::regtype AS source, casttarget::regtype AS target, castcontext,
	castfunc::regprocedure
FROM pg_cast
WHERE castsource = 'sparsevec'::regtype OR casttarget = 'sparsevec'::regtype
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

-- error codes
\set VERBOSITY sqlstate
SELECT '{1:1}/3'::sparsevec::sparsevec(2);
SELECT '{1,2,3}'::real[]::sparsevec(2);
SELECT '{NULL}'::real[]::sparsevec;
SELECT '{{1}}'::real[]::sparsevec;
SELECT '{}'::real[]::sparsevec;
SELECT '{NaN}'::real[]::sparsevec;
SELECT '{Infinity}'::real[]::sparsevec;
SELECT '{4e38}'::double precision[]::sparsevec;
SELECT '{4e38}'::numeric[]::sparsevec;
SELECT array_fill(1, ARRAY[16001])::sparsevec;
SELECT '[1,2]'::vector::sparsevec(3);
SELECT '[1,2]'::halfvec::sparsevec(3);
SELECT '{}/16001'::sparsevec::vector;
SELECT '{}/16001'::sparsevec::halfvec;
SELECT '{1:65520}/1'::sparsevec::halfvec;
\set VERBOSITY default
