--
-- Text input and output of halfvecs, type modifier, send format
--

-- output is the shortest decimal that reads back as the same float, of the rounded value
SELECT '[1,2,3]'::halfvec;
SELECT '[-1,-2.50,+3]'::halfvec;
SELECT '[1.,.5,0.25,1e1,1E1,1e+1,1e-1]'::halfvec;
SELECT '[1.23456,0.1,2049,2051,65504,-65519]'::halfvec;
SELECT '[5e4,-5e4,1.5e-5,1e-7]'::halfvec;
SELECT '[0,-0,00]'::halfvec;
SELECT '[0x10,0x1p-2]'::halfvec;

-- limits of binary16: the largest value, the least normal and subnormal, underflow to zero
SELECT '[65504,-65504]'::halfvec;
SELECT '[6.1035156e-05,-6.1035156e-05]'::halfvec;
SELECT '[6e-8,-6e-8,3e-8]'::halfvec;
SELECT '[2.9e-8,-2.9e-8,1e-46]'::halfvec;
-- ties to even, by float: the last is 1 + 2^-11 as a float, and goes to 1
SELECT '[1.00048828125,1.00146484375,1.000488281251]'::halfvec;

-- white space
SELECT ' [ 1,  2 ,    3  ] '::halfvec;
SELECT E'\t\n\r\x0b\f[\t1\n,\r2\x0b,\f3\t]\n\x0b\f'::halfvec;

-- NULL and text that the type never sees
SELECT NULL::halfvec IS NULL;
SELECT halfvec_out('[1,2]'), '[1,2]'::halfvec::text;

-- arrays of halfvecs
SELECT unnest('{"[1,2,3]","[4,5]"}'::halfvec[]);
SELECT '{"[1,2,3]"}'::halfvec(3)[];
SELECT '{"[1,2,3]"}'::halfvec(2)[];

-- syntax errors
SELECT ''::halfvec;
SELECT ' '::halfvec;
SELECT '1,2,3'::halfvec;
SELECT '{1,2,3}'::halfvec;
SELECT '['::halfvec;
SELECT '[ '::halfvec;
SELECT '[,'::halfvec;
SELECT '[1'::halfvec;
SELECT '[1,'::halfvec;
SELECT '[1, '::halfvec;
SELECT '[1,2,3'::halfvec;
SELECT '[,]'::halfvec;
SELECT '[1,]'::halfvec;
SELECT '[1,,3]'::halfvec;
SELECT '[1, ,3]'::halfvec;
SELECT '[1 2]'::halfvec;
SELECT '[1a]'::halfvec;
SELECT '[1;2]'::halfvec;
SELECT '[hello,1]'::halfvec;
SELECT '[[1]]'::halfvec;
SELECT '[1}'::halfvec;
SELECT '[1e]'::halfvec;
SELECT '[--1]'::halfvec;
SELECT E'[1,\u00a02]'::halfvec;
SELECT '[1,2,3]9'::halfvec;
SELECT '[1,2,3]]'::halfvec;
SELECT '[1,2,3],[4,5,6]'::halfvec;

-- values that no halfvec holds
SELECT '[]'::halfvec;
SELECT '[ ]'::halfvec;
SELECT '[NaN,1]'::halfvec;
SELECT '[1,nan(7)]'::halfvec;
SELECT '[inf,1]'::halfvec;
SELECT '[Infinity,1]'::halfvec;
SELECT '[1,-Infinity]'::halfvec;
SELECT '[65520,1]'::halfvec;
SELECT '[1,-65520]'::halfvec;
SELECT '[1,1e30,x'::halfvec;
SELECT '[1,4e38]'::halfvec;
SELECT '[ 1e1000 ]'::halfvec;
SELECT '[65519.999]'::halfvec;

-- type modifier
SELECT '[1,2,3]'::halfvec(3);
SELECT '[1,2,3]'::halfvec(2);
SELECT '[1,2,3]'::halfvec(3,2);
SELECT '[1,2,3]'::halfvec('a');
SELECT '[1,2,3]'::halfvec(0);
SELECT '[1,2,3]'::halfvec(-1);
SELECT '[1,2,3]'::halfvec(16001);
SELECT '[1,2,3]'::halfvec(99999999999);
CREATE TABLE io (id serial, free halfvec, three halfvec(3));
SELECT attname, format_type(atttypid, atttypmod), attstorage
FROM pg_attribute WHERE attrelid = 'io'::regclass AND attnum > 1 ORDER BY attnum;
INSERT INTO io (free, three) VALUES ('[1]', '[1,2,3]'), ('[1,2]', NULL);
INSERT INTO io (three) VALUES ('[1,2]');
INSERT INTO io (three) SELECT '[1,2,3,4]'::halfvec;
UPDATE io SET three = free;
SELECT free, three FROM io ORDER BY id;
DROP TABLE io;

-- binary form: int16 dimensions, int16 zero, int16 with the bits of each, in network byte order
SELECT halfvec_send('[1,-2,0.5]');
SELECT octet_length(halfvec_send('[1]')), pg_column_size('[1,2,3]'::halfvec);

-- errors of the input function are soft where the server has soft errors (16 and newer)
SELECT current_setting('server_version_num')::integer >= 160000 AS soft \gset
\if :soft
CREATE FUNCTION input_is_valid(value text, type text) RETURNS boolean LANGUAGE sql
	RETURN pg_input_is_valid(value, type);
\else
CREATE FUNCTION input_is_valid(value text, type text) RETURNS boolean LANGUAGE plpgsql AS
$$
BEGIN
	EXECUTE format('SELECT %L::%s', value, type);
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END
$$;
\endif
SELECT value, type, input_is_valid(value, type)
FROM (VALUES ('[1,2]', 'halfvec'), ('[1,2]', 'halfvec(2)'), ('[1,2]', 'halfvec(3)'),
	('1,2', 'halfvec'), ('[1,2', 'halfvec'),
	('[1,2]]', 'halfvec'), ('[]', 'halfvec'), ('[nan]', 'halfvec'), ('[inf]', 'halfvec'),
	('[1,65520]', 'halfvec')) AS t (value, type);
SELECT input_is_valid('[1' || repeat(',1', n) || ']', 'halfvec')
	FROM unnest(ARRAY[15999, 16000]) AS n;
DROP FUNCTION input_is_valid(text, text);

-- error codes
\set VERBOSITY sqlstate
SELECT '1,2,3'::halfvec;
SELECT '[1,2,3]9'::halfvec;
SELECT '[1,x]'::halfvec;
SELECT '[]'::halfvec;
SELECT '[nan]'::halfvec;
SELECT '[inf]'::halfvec;
SELECT '[65520]'::halfvec;
SELECT '[1,2,3]'::halfvec(2);
SELECT '[1,2,3]'::halfvec(3,2);
SELECT '[1,2,3]'::halfvec(0);
SELECT '[1,2,3]'::halfvec(16001);
\set VERBOSITY default
