--
-- COPY of sparsevecs as text and binary, with damaged binary files
--
CREATE TABLE src (id integer, v sparsevec(5));
INSERT INTO src VALUES (1, '{}/5'), (2, '{1:1,3:-2}/5'), (3, '{2:0.1,4:-1e-45,5:3.4028235e38}/5'),
	(4, NULL);
CREATE TABLE dst (LIKE src);

-- text
COPY src TO STDOUT;
\copy src TO 'results/sparsevec_copy.txt'
\copy dst FROM 'results/sparsevec_copy.txt'
SELECT count(*) FROM src JOIN dst USING (id) WHERE sparsevec_send(src.v) IS NOT DISTINCT
	FROM sparsevec_send(dst.v);
TRUNCATE dst;
COPY dst FROM STDIN;
1	{}/4
\.
COPY dst FROM STDIN (FORMAT csv);
1,"{1:1,2:oops}/5"
\.
COPY dst FROM STDIN (FORMAT csv);
1,"{1:1,2:2}/5"
2,
\.
SELECT * FROM dst ORDER BY id;

-- binary
TRUNCATE dst;
\copy src TO 'results/sparsevec_copy.bin' (FORMAT binary)
\copy dst FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT count(*) FROM src JOIN dst USING (id) WHERE sparsevec_send(src.v) IS NOT DISTINCT
	FROM sparsevec_send(dst.v);

-- A file of one row with one field, which holds the bytes given.
CREATE FUNCTION copy_file(field bytea) RETURNS oid LANGUAGE sql AS
$$
	SELECT lo_from_bytea(0, '\x5047434f50590aff0d0a00'::bytea || int4send(0) || int4send(0)
		|| int2send(1::smallint) || int4send(octet_length(field)) || field ||
		int2send(-1::smallint))
$$;
CREATE TABLE bin (v sparsevec);
CREATE TABLE bin2 (v sparsevec(2));

-- as it should be: two dimensions, the second is 1
SELECT copy_file('\x00000002 00000001 00000000 00000001 3f800000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
\copy bin2 FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT * FROM bin;
SELECT * FROM bin2;

-- no elements
SELECT copy_file('\x00000003 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT * FROM bin WHERE l2_norm(v) = 0;

-- no dimensions
SELECT copy_file('\x00000000 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
-- -1 dimensions
SELECT copy_file('\xffffffff 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
-- 1,000,000,001 dimensions
SELECT copy_file('\x3b9aca01 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)

-- -1 elements
SELECT copy_file('\x00000002 ffffffff 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
-- more elements than dimensions
SELECT copy_file('\x00000001 00000002 00000000 00000000 00000001 3f800000 3f800000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
-- 16,001 elements
SELECT copy_file('\x00004e20 00003e81 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
-- as many elements as an int can tell
SELECT copy_file('\x3b9aca00 7fffffff 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)

-- three dimensions, for sparsevec(2)
SELECT copy_file('\x00000003 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin2 FROM 'results/sparsevec_copy.bin' (FORMAT binary)
-- the reserved field is not zero
SELECT copy_file('\x00000002 00000000 00000001') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)

-- an index of -1, and one equal to the number of dimensions
SELECT copy_file('\x00000002 00000001 00000000 ffffffff 3f800000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 00000001 00000000 00000002 3f800000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
-- indices that descend, and one twice
SELECT copy_file('\x00000003 00000002 00000000 00000001 00000000 3f800000 40000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000002 00000000 00000001 00000001 3f800000 40000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)

-- NaN, infinity, minus infinity, zero, minus zero
SELECT copy_file('\x00000003 00000002 00000000 00000000 00000001 3f800000 7fc00000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000002 00000000 00000000 00000001 3f800000 7f800000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000002 00000000 00000000 00000001 3f800000 ff800000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000002 00000000 00000000 00000001 3f800000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000002 00000000 00000000 00000001 3f800000 80000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)

-- too short: in the header, without elements, inside the last element
SELECT copy_file('') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 00000001 000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 00000002 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 00000002 00000000 00000000 00000001 3f800000 400000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
-- too long
SELECT copy_file('\x00000002 00000001 00000000 00000000 3f800000 00') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)

-- error codes: dimensions, too many, elements, too many, more than dimensions, another type
-- modifier, reserved field, index, order, twice, NaN, infinity, zero, too short, too long
\set VERBOSITY sqlstate
SELECT copy_file('\x00000000 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x3b9aca01 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 ffffffff 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00004e20 00003e81 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000001 00000002 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin2 FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 00000000 00000001') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 00000001 00000000 00000002 3f800000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000002 00000000 00000001 00000000 3f800000 40000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000002 00000000 00000001 00000001 3f800000 40000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000001 00000000 00000000 7fc00000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000001 00000000 00000000 7f800000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000003 00000001 00000000 00000000 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 00000002 00000000') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00000002 00000001 00000000 00000000 3f800000 00') AS lo \gset
\lo_export :lo results/sparsevec_copy.bin
\copy bin FROM 'results/sparsevec_copy.bin' (FORMAT binary)
\set VERBOSITY default

-- none of the damaged files left a row
SELECT count(*) FROM bin;
SELECT count(*) FROM bin2;

-- the largest, by text and binary
CREATE TABLE lim (v sparsevec(1000000000));
INSERT INTO lim
	SELECT ('{' || string_agg((i * 62500)::text || ':' || i, ',') || '}/1000000000')::sparsevec
	FROM generate_series(1, 16000) i;
SELECT octet_length(sparsevec_send(v)), v::text::sparsevec = v AS same FROM lim;
CREATE TABLE lim2 (LIKE lim);
\copy lim TO 'results/sparsevec_copy.bin' (FORMAT binary)
\copy lim2 FROM 'results/sparsevec_copy.bin' (FORMAT binary)
SELECT count(*) FROM lim JOIN lim2 USING (v);
INSERT INTO lim SELECT ('{' || string_agg(i || ':1', ',') || '}/1000000000')::sparsevec
	FROM generate_series(1, 16001) i;

SELECT count(lo_unlink(loid)) > 0 AS unlinked FROM (SELECT DISTINCT loid FROM pg_largeobject) l;
DROP FUNCTION copy_file(bytea);
DROP TABLE src, dst, bin, bin2, lim, lim2;
