--
-- Text input and output of vectors, type modifier, send format
--

-- output is the shortest decimal that reads back as the same float
SELECT '[1,2,3]'::vector;
SELECT '[-1,-2.50,+3]'::vector;
SELECT '[1.,.5,0.25,1e1,1E1,1e+1,1e-1]'::vector;
SELECT '[1.23456,0.1,16777217,123456789]'::vector;
SELECT '[1.5e38,-1.5e38,1.5e-38,1e6,1e15]'::vector;
SELECT '[0,-0,00]'::vector;
SELECT '[0x10,0x1p-2]'::vector;

-- limits of float: the largest value, the least subnormal, underflow to zero
SELECT '[3.4028235e38,-3.4028235e38]'::vector;
SELECT '[1e-45,-1e-45]'::vector;
SELECT '[1e-46,-1e-46]'::vector;
-- rounded once, straight to float: reading a double first would give 1
SELECT '[1.00000005960464477540]'::vector;

-- white space
SELECT ' [ 1,  2 ,    3  ] '::vector;
SELECT E'\t\n\r\x0b\f[\t1\n,\r2\x0b,\f3\t]\n\x0b\f'::vector;

-- NULL and text that the type never sees
SELECT NULL::vector IS NULL;
SELECT vector_out('[1,2]'), '[1,2]'::vector::text;

-- arrays of vectors
SELECT unnest('{"[1,2,3]","[4,5]"}'::vector[]);
SELECT '{"[1,2,3]"}'::vector(3)[];
SELECT '{"[1,2,3]"}'::vector(2)[];

-- syntax errors
SELECT ''::vector;
SELECT ' '::vector;
SELECT '1,2,3'::vector;
SELECT '{1,2,3}'::vector;
SELECT '['::vector;
SELECT '[ '::vector;
SELECT '[,'::vector;
SELECT '[1'::vector;
SELECT '[1,'::vector;
SELECT '[1, '::vector;
SELECT '[1,2,3'::vector;
SELECT '[,]'::vector;
SELECT '[1,]'::vector;
SELECT '[1,,3]'::vector;
SELECT '[1, ,3]'::vector;
SELECT '[1 2]'::vector;
SELECT '[1a]'::vector;
SELECT '[1;2]'::vector;
SELECT '[hello,1]'::vector;
SELECT '[[1]]'::vector;
SELECT '[1}'::vector;
SELECT '[1e]'::vector;
SELECT '[--1]'::vector;
SELECT E'[1,\u00a02]'::vector;
SELECT '[1,2,3]9'::vector;
SELECT '[1,2,3]]'::vector;
SELECT '[1,2,3],[4,5,6]'::vector;

-- values that no vector holds
SELECT '[]'::vector;
SELECT '[ ]'::vector;
SELECT '[NaN,1]'::vector;
SELECT '[1,nan(7)]'::vector;
SELECT '[inf,1]'::vector;
SELECT '[Infinity,1]'::vector;
SELECT '[1,-Infinity]'::vector;
SELECT '[4e38,1]'::vector;
SELECT '[1,-4e38]'::vector;
SELECT '[ 1e1000 ]'::vector;
SELECT '[3.4028236e38]'::vector;

-- type modifier
SELECT '[1,2,3]'::vector(3);
SELECT '[1,2,3]'::vector(2);
SELECT '[1,2,3]'::vector(3,2);
SELECT '[1,2,3]'::vector('a');
SELECT '[1,2,3]'::vector(0);
SELECT '[1,2,3]'::vector(-1);
SELECT '[1,2,3]'::vector(16001);
SELECT '[1,2,3]'::vector(99999999999);
CREATE TABLE io (id serial, free vector, three vector(3));
SELECT attname, format_type(atttypid, atttypmod), attstorage
FROM pg_attribute WHERE attrelid = 'io'::regclass AND attnum > 1 ORDER BY attnum;
INSERT INTO io (free, three) VALUES ('[1]', '[1,2,3]'), ('[1,2]', NULL);
INSERT INTO io (three) VALUES ('[1,2]');
INSERT INTO io (three) SELECT '[1,2,3,4]'::vector;
UPDATE io SET three = free;
SELECT free, three FROM io ORDER BY id;
DROP TABLE io;

-- binary form: int16 dimensions, int16 zero, float4 each, in network byte order
SELECT vector_send('[1,-2,0.5]');
SELECT octet_length(vector_send('[1]')), pg_column_size('[1,2,3]'::vector);

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
FROM (VALUES ('[1,2]', 'vector'), ('[1,2]', 'vector(2)'), ('[1,2]', 'vector(3)'), ('1,2', 'vector'),
	('[1,2', 'vector'),
	('[1,2]]', 'vector'), ('[]', 'vector'), ('[nan]', 'vector'), ('[inf]', 'vector'),
	('[1,4e38]', 'vector')) AS t (value, type);
SELECT input_is_valid('[1' || repeat(',1', n) || ']', 'vector')
	FROM unnest(ARRAY[15999, 16000]) AS n;
DROP FUNCTION input_is_valid(text, text);

-- error codes
\set VERBOSITY sqlstate
SELECT '1,2,3'::vector;
SELECT '[1,2,3]9'::vector;
SELECT '[1,x]'::vector;
SELECT '[]'::vector;
SELECT '[nan]'::vector;
SELECT '[inf]'::vector;
SELECT '[4e38]'::vector;
SELECT '[1,2,3]'::vector(2);
SELECT '[1,2,3]'::vector(3,2);
SELECT '[1,2,3]'::vector(0);
SELECT '[1,2,3]'::vector(16001);
\set VERBOSITY default
