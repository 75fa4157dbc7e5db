--
-- COPY of halfvecs as text and binary, with damaged binary files
--
CREATE TABLE src (id integer, v halfvec(3));
INSERT INTO src VALUES (1, '[0,-0,0]'), (2, '[1,2,3]'), (3, '[0.1,-6e-8,65504]'), (4, NULL);
CREATE TABLE dst (LIKE src);

-- text
COPY src TO STDOUT;
\copy src TO 'results/halfvec_copy.txt'
\copy dst FROM 'results/halfvec_copy.txt'
SELECT count(*) FROM src JOIN dst USING (id) WHERE halfvec_send(src.v) IS NOT DISTINCT
	FROM halfvec_send(dst.v);
TRUNCATE dst;
COPY dst FROM STDIN;
1	[1,2]
\.
COPY dst FROM STDIN (FORMAT csv);
1,"[1,2,oops]"
\.
COPY dst FROM STDIN (FORMAT csv);
1,"[1,2,3]"
2,
\.
SELECT * FROM dst ORDER BY id;

-- binary
TRUNCATE dst;
\copy src TO 'results/halfvec_copy.bin' (FORMAT binary)
\copy dst FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT count(*) FROM src JOIN dst USING (id) WHERE halfvec_send(src.v) IS NOT DISTINCT
	FROM halfvec_send(dst.v);

-- A file of one row with one field, which holds the bytes given.
CREATE FUNCTION copy_file(field bytea) RETURNS oid LANGUAGE sql AS
$$
	SELECT lo_from_bytea(0, '\x5047434f50590aff0d0a00'::bytea || int4send(0) || int4send(0)
		|| int2send(1::smallint) || int4send(octet_length(field)) || field ||
		int2send(-1::smallint))
$$;
CREATE TABLE bin (v halfvec);
CREATE TABLE bin2 (v halfvec(2));

-- as it should be: two dimensions, 1 and 2
SELECT copy_file('\x00020000 3c00 4000') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
\copy bin2 FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT * FROM bin;
SELECT * FROM bin2;

-- no dimensions
SELECT copy_file('\x00000000') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)

-- 16,001 dimensions
SELECT copy_file('\x3e810000'::bytea || decode(repeat('3c00', 16001), 'hex')) AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)

-- -1 dimensions
SELECT copy_file('\xffff0000 3c00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)

-- one dimension, for halfvec(2)
SELECT copy_file('\x00010000 3c00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin2 FROM 'results/halfvec_copy.bin' (FORMAT binary)

-- the reserved field is not zero
SELECT copy_file('\x00010001 3c00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)

-- NaN, infinity, minus infinity
SELECT copy_file('\x00020000 3c00 7e00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00020000 7c00 3c00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00020000 fc00 3c00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)

-- too short: in the header, without elements, inside the last element
SELECT copy_file('') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x000200') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x3e800000') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00020000 3c00 40') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)

-- too long
SELECT copy_file('\x00010000 3c00 00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)

-- error codes: no dimensions, too many, another type modifier, reserved field, NaN,
-- infinity, too short, too long
\set VERBOSITY sqlstate
SELECT copy_file('\x00000000') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x3e810000') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00010000 3c00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin2 FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00010001 3c00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00010000 7d01') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00010000 7c00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00010000') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
SELECT copy_file('\x00010000 3c00 00') AS lo \gset
\lo_export :lo results/halfvec_copy.bin
\copy bin FROM 'results/halfvec_copy.bin' (FORMAT binary)
\set VERBOSITY default

-- none of the damaged files left a row
SELECT count(*) FROM bin;
SELECT count(*) FROM bin2;

SELECT count(lo_unlink(loid)) > 0 AS unlinked FROM (SELECT DISTINCT loid FROM pg_largeobject) l;
DROP FUNCTION copy_file(bytea);
DROP TABLE src, dst, bin, bin2;
