--
-- Text input and output of sparsevecs, type modifier, send format
--

-- output is the shortest decimal that reads back as the same float; indices count from 1
SELECT '{1:1.5,3:3.5}/5'::sparsevec;
SELECT '{1:-2,3:-4.50}/5'::sparsevec;
SELECT '{1:1.,2:.5,3:+1e1,4:1E-1,5:0x10}/5'::sparsevec;
SELECT '{1:1.23456,2:0.1,3:16777217,4:1.5e38,5:-1.5e-38}/5'::sparsevec;
SELECT '{}/5'::sparsevec, '{}/1'::sparsevec;

-- limits of float; rounded once, straight to float
SELECT '{1:3.4028235e38,2:-3.4028235e38,3:1e-45}/3'::sparsevec;
SELECT '{1:1.00000005960464477540}/1'::sparsevec;

-- zeros are left out, and elements are sorted
SELECT '{1:0,2:1,3:-0,4:0e5}/4'::sparsevec;
SELECT '{3:3,1:1,2:2}/3'::sparsevec, '{1000000000:1,7:2}/1000000000'::sparsevec;
-- the index of a zero does not matter
SELECT '{9:0,1:1,1:0,0:0,-3:0}/2'::sparsevec;

-- white space
SELECT ' { 1 : 1.5 ,  3  :  3.5  } / 5 '::sparsevec;
SELECT E'\t\n\r\x0b\f{\t1\n:\r1\x0b,\f2\t:\n2\r}\x0b/\f3\t\n'::sparsevec;
SELECT '{ }/1'::sparsevec;

-- signs and leading zeros of integers
SELECT '{+1:1,002:2}/+03'::sparsevec;

-- NULL and text that the type never sees
SELECT NULL::sparsevec IS NULL;
SELECT sparsevec_out('{1:1}/2'), '{1:1}/2'::sparsevec::text;

-- arrays of sparsevecs
SELECT unnest('{"{1:1}/3","{}/2"}'::sparsevec[]);
SELECT '{"{1:1}/3"}'::sparsevec(3)[];
SELECT '{"{1:1}/3"}'::sparsevec(2)[];

-- syntax errors
SELECT ''::sparsevec;
SELECT ' '::sparsevec;
SELECT '1:1}/1'::sparsevec;
SELECT '[1]'::sparsevec;
SELECT '{'::sparsevec;
SELECT '{ '::sparsevec;
SELECT '{:'::sparsevec;
SELECT '{,'::sparsevec;
SELECT '{1'::sparsevec;
SELECT '{1:'::sparsevec;
SELECT '{1:1'::sparsevec;
SELECT '{1:1,'::sparsevec;
SELECT '{1:1,2'::sparsevec;
SELECT '{1:1 2:2}/2'::sparsevec;
SELECT '{:}/1'::sparsevec;
SELECT '{,}/1'::sparsevec;
SELECT '{1,}/1'::sparsevec;
SELECT '{:1}/1'::sparsevec;
SELECT '{1:}/1'::sparsevec;
SELECT '{1a:1}/1'::sparsevec;
SELECT '{1:1a}/1'::sparsevec;
SELECT '{1:1,}/1'::sparsevec;
SELECT '{a:1}/1'::sparsevec;
SELECT '{+:1}/1'::sparsevec;
SELECT '{- 1:1}/1'::sparsevec;
SELECT '{0x1:1}/1'::sparsevec;
SELECT '{1.5:1}/1'::sparsevec;
SELECT '{1:hello,2:1}/2'::sparsevec;
SELECT '{1:1]/1'::sparsevec;
SELECT E'{1:\u00a01}/1'::sparsevec;
SELECT '{}'::sparsevec;
SELECT '{} 1'::sparsevec;
SELECT '{1:1}'::sparsevec;
SELECT '{}/'::sparsevec;
SELECT '{}/a'::sparsevec;
SELECT '{}/-'::sparsevec;
SELECT '{}/1a'::sparsevec;
SELECT '{}/1 1'::sparsevec;
SELECT '{}/1.5'::sparsevec;
SELECT '{1:1}/1}'::sparsevec;

-- values that no sparsevec holds
SELECT '{1:NaN,2:1}/2'::sparsevec;
SELECT '{1:1,2:nan(7)}/2'::sparsevec;
SELECT '{1:Infinity,2:1}/2'::sparsevec;
SELECT '{1:-inf}/2'::sparsevec;
SELECT '{1:4e38,2:1}/2'::sparsevec;
SELECT '{1:-4e38,2:1}/2'::sparsevec;
-- here, unlike in vectors, a number that would become zero is out of range
SELECT '{1:1e-46,2:1}/2'::sparsevec;
SELECT '{1: -1e-46 ,2:1}/2'::sparsevec;

-- indices
SELECT '{0:1}/1'::sparsevec;
SELECT '{2:1}/1'::sparsevec;
SELECT '{-1:1}/1'::sparsevec;
SELECT '{2147483647:1}/1'::sparsevec;
SELECT '{2147483648:1}/1'::sparsevec;
SELECT '{-2147483648:1}/1'::sparsevec;
SELECT '{-2147483649:1}/1'::sparsevec;
SELECT '{99999999999999999999:1}/1'::sparsevec;
SELECT '{1:1,1:1}/2'::sparsevec;
SELECT '{1:1,2:1,1:2}/2'::sparsevec;
-- whichever comes first in the order of indices
SELECT '{9:1,1:1,1:1}/2'::sparsevec;
SELECT '{1:1,1:1,0:1}/2'::sparsevec;

-- dimensions
SELECT '{}/0'::sparsevec;
SELECT '{}/-1'::sparsevec;
SELECT '{}/1000000000'::sparsevec;
SELECT '{}/1000000001'::sparsevec;
SELECT '{}/2147483648'::sparsevec;
SELECT '{}/-2147483649'::sparsevec;
SELECT '{}/9223372036854775808'::sparsevec;
SELECT '{}/-9223372036854775809'::sparsevec;
-- dimensions are checked before indices
SELECT '{5:1}/0'::sparsevec;

-- type modifier
SELECT '{1:1}/3'::sparsevec(3);
SELECT '{1:1}/3'::sparsevec(2);
SELECT '{1:1}/3'::sparsevec(3,2);
SELECT '{1:1}/3'::sparsevec('a');
SELECT '{1:1}/3'::sparsevec(0);
SELECT '{1:1}/3'::sparsevec(-1);
SELECT '{1:1}/3'::sparsevec(1000000000);
SELECT '{1:1}/3'::sparsevec(1000000001);
SELECT '{1:1}/3'::sparsevec(99999999999);
CREATE TABLE io (id serial, free sparsevec, three sparsevec(3));
SELECT attname, format_type(atttypid, atttypmod), attstorage
FROM pg_attribute WHERE attrelid = 'io'::regclass AND attnum > 1 ORDER BY attnum;
INSERT INTO io (free, three) VALUES ('{}/1', '{2:2}/3'), ('{2:2}/2', NULL);
INSERT INTO io (three) VALUES ('{}/2');
INSERT INTO io (three) SELECT '{}/4'::sparsevec;
UPDATE io SET three = free;
SELECT free, three FROM io ORDER BY id;
DROP TABLE io;

-- binary form: int32 dimensions, elements, zero; int32 indices from 0; float4 values
SELECT sparsevec_send('{1:1,3:-2}/5');
SELECT sparsevec_send('{}/7');
SELECT octet_length(sparsevec_send('{1:1,3:-2}/5')), pg_column_size('{1:1,3:-2}/5'::sparsevec),
	pg_column_size('{}/5'::sparsevec);

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
FROM (VALUES ('{1:1}/2', 'sparsevec'), ('{1:1}/2', 'sparsevec(2)'), ('{1:1}/2', 'sparsevec(3)'),
	('1:1}/2', 'sparsevec'),
	('{1:1/2', 'sparsevec'), ('{1:1}', 'sparsevec'), ('{1:1}/2x', 'sparsevec'),
	('{1:nan}/2', 'sparsevec'),
	('{1:inf}/2', 'sparsevec'), ('{1:4e38}/2', 'sparsevec'), ('{3:1}/2', 'sparsevec'),
	('{1:1,1:1}/2', 'sparsevec'),
	('{}/0', 'sparsevec'), ('{}/1000000001', 'sparsevec')) AS t (value, type);
SELECT n, input_is_valid('{1:1' || repeat(',2:0', n) || '}/2', 'sparsevec')
	FROM unnest(ARRAY[15999, 16000]) AS n;
DROP FUNCTION input_is_valid(text, text);

-- error codes
\set VERBOSITY sqlstate
SELECT '1:1}/1'::sparsevec;
SELECT '{1:x}/1'::sparsevec;
SELECT '{1:1}'::sparsevec;
SELECT '{1:1}/1x'::sparsevec;
SELECT '{1:nan}/1'::sparsevec;
SELECT '{1:inf}/1'::sparsevec;
SELECT '{1:4e38}/1'::sparsevec;
SELECT '{1:1e-46}/1'::sparsevec;
SELECT '{2:1}/1'::sparsevec;
SELECT '{1:1,1:1}/1'::sparsevec;
SELECT '{}/0'::sparsevec;
SELECT '{}/1000000001'::sparsevec;
SELECT '{1:1}/3'::sparsevec(2);
SELECT '{1:1}/3'::sparsevec(3,2);
SELECT '{1:1}/3'::sparsevec(0);
SELECT '{1:1}/3'::sparsevec(1000000001);
\set VERBOSITY default
