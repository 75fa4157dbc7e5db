--
-- Attributes of ivfkm indexes: each type and operator finds by the index what the table has
--
-- Fills table t, whose column c has a type, with rows of the values (as text, NULL too), several
-- of each, and indexes c and v.  The index is made when the table has the values "before", and has
-- to take the others as they come.  (Servers before 17 do not look for ANY in other columns than
-- the first.)
CREATE TABLE t ();
CREATE FUNCTION fill(type text, value text[], before text[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE t;
	EXECUTE format('CREATE TABLE t (id integer, v vector(2), c %s)', type);
	IF before IS NOT NULL THEN
		EXECUTE format('INSERT INTO t SELECT 10000 + i, ARRAY[3, i]::real[]::vector(2),
			(($1)[i])::%s FROM generate_series(1, array_length($1, 1)) i', type) USING before;
		CREATE INDEX t_idx ON t USING ivfkm (c, v) WITH (lists = 3);
	END IF;
	EXECUTE format('INSERT INTO t SELECT i * 5 + j, ARRAY[i, j]::real[]::vector(2), (($1)[i])::%s
		FROM generate_series(1, array_length($1, 1)) i, generate_series(0, 4) j', type) USING value;
	-- some have no vector
	INSERT INTO t SELECT id + 1000, NULL, c FROM t WHERE id % 5 = 0;
	IF before IS NULL THEN
		CREATE INDEX t_idx ON t USING ivfkm (c, v);
	END IF;
	ANALYZE t;
	PERFORM vdb_index_check('t_idx');
END $$;

-- How many conditions "c operator argument" there are, and of those not to be found in the index's
-- condition, or answered otherwise by the index than by the table, which they are.  "type" is that
-- of the arguments; with any_of, each is compared with ANY of all arguments from it on.
CREATE FUNCTION compare(operators text[], type text, argument text[], any_of boolean DEFAULT false,
	OUT conditions bigint, OUT matches bigint, OUT wrong text[]) LANGUAGE plpgsql AS $$
DECLARE
	condition text;
	plan text;
	line text;
	found integer[];
	expected integer[];
BEGIN
	conditions := 0;
	matches := 0;
	FOR condition IN SELECT CASE WHEN any_of THEN format('c %s ANY (%L::%s[])', operator,
		argument[i:], type)
			ELSE format('c %s %L::%s', operator, argument[i], type) END
		FROM unnest(operators) operator, generate_series(1, array_length(argument, 1)) i LOOP
		PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off',
			true);
		EXECUTE format('SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM t WHERE %s',
			condition) INTO expected;
		PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on',
			true);
		plan := '';
		FOR line IN EXECUTE
			format('EXPLAIN (COSTS OFF) SELECT id FROM t WHERE %s ORDER BY v <-> ''[3,2]''',
			condition) LOOP
			plan := plan || line;
		END LOOP;
		EXECUTE format('SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM
			(SELECT id FROM t WHERE %s ORDER BY v <-> ''[3,2]'' LIMIT 1000000)
				s', condition) INTO found;
		conditions := conditions + 1;
		matches := matches + cardinality(expected);
		IF plan !~ 'Index Cond: \(+c\M' OR found <> expected THEN
			wrong := wrong || condition;
		END IF;
	END LOOP;
END $$;

\set btree 'ARRAY[''<'',''<='',''='',''>='',''>'']'

-- integers, of other sizes too
SELECT fill('smallint', ARRAY['-32768','-1','0','1','7','32767',NULL]);
SELECT * FROM compare(:btree, 'smallint', ARRAY['-32768','-1','0','7','8','32767']);
SELECT * FROM compare(:btree, 'integer', ARRAY['-32769','-32768','0','7','32767','32768','65543']);
SELECT * FROM compare(:btree, 'bigint', ARRAY['-9223372036854775808','-32768','7','32767',
	'4294967303','9223372036854775807']);
SELECT fill('integer', ARRAY['-2147483648','-1','0','1','7','2147483647',NULL]);
SELECT * FROM compare(:btree, 'smallint', ARRAY['-32768','-1','0','7','32767']);
SELECT * FROM compare(:btree, 'integer', ARRAY['-2147483648','-1','0','7','2147483647']);
SELECT * FROM compare(:btree, 'bigint', ARRAY['-2147483649','-2147483648','7','2147483647',
	'2147483648','4294967303']);
SELECT fill('bigint', ARRAY['-9223372036854775808','-9223372036854775807','-1','0','7',
	'9223372036854775806','9223372036854775807',NULL]);
SELECT * FROM compare(:btree, 'smallint', ARRAY['-1','0','7']);
SELECT * FROM compare(:btree, 'integer', ARRAY['-1','0','7']);
SELECT * FROM compare(:btree, 'bigint', ARRAY['-9223372036854775808','-9223372036854775807','-1',
	'8','9223372036854775806','9223372036854775807']);

-- lists of values, of which some are NULL
SELECT * FROM compare(:btree, 'bigint', ARRAY['9223372036854775807','8','-1',NULL,
	'-9223372036854775808','-1',NULL], true);
SELECT * FROM compare(ARRAY['='], 'integer', ARRAY['7','100','-1','0','1','2','3','4','5','6',
	'-1','9','10','11'], true);
SELECT count(*) FROM (SELECT FROM t WHERE c = ANY ('{}'::bigint[])
	ORDER BY v <-> '[3,2]' LIMIT 100) s;
-- thousands of them
SELECT fill('integer', (SELECT array_agg(i::text) FROM generate_series(1, 300) i));
SELECT * FROM compare(ARRAY['='], 'integer', (SELECT array_agg((i * 7)::text)
	FROM generate_series(30, 44) i), true);
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT FROM t WHERE c = ANY (ARRAY(SELECT i * 3
	FROM generate_series(-5000, 5000) i)) ORDER BY v <-> '[3,2]' LIMIT 1000000) s;
RESET enable_seqscan;

-- floating point: negative zero, NaN, infinity, the smallest numbers
SELECT fill('real', ARRAY['-Infinity','-3.4e38','-1.5','-1e-45','-0','0','1e-45','0.1','1.5',
	'3.4e38','Infinity','NaN',NULL]);
SELECT * FROM compare(:btree, 'real', ARRAY['-Infinity','-1.5','-0','0','1e-45','0.1','3.4e38',
	'Infinity','NaN']);
SELECT * FROM compare(:btree, 'double precision', ARRAY['-Infinity','-1e300','-1.5','-0',
	'4.9e-324','0.1','0.10000000149011612','1e39','Infinity','NaN']);
SELECT fill('double precision', ARRAY['-Infinity','-1e300','-1.5','-0','0','4.9e-324','0.1',
	'0.10000000149011612','1e300','Infinity','NaN',NULL]);
SELECT * FROM compare(:btree, 'real', ARRAY['-Infinity','-1.5','-0','0','0.1','3.4e38',
	'Infinity','NaN']);
SELECT * FROM compare(:btree, 'double precision', ARRAY['-Infinity','-1.5','-0','0','0.1',
	'1e300','Infinity','NaN']);
SELECT * FROM compare(:btree, 'double precision', ARRAY['NaN','0',NULL,'1.5'], true);

-- numeric, finer and larger than doubles
SELECT fill('numeric', ARRAY['-Infinity','-1e400','-1','0.1','0.10000000000000000000001',
	'0.1000','9007199254740993','9007199254740992','1e400','2e400','Infinity','NaN',NULL]);
SELECT * FROM compare(:btree, 'numeric', ARRAY['-Infinity','-1e400','0.1',
	'0.10000000000000000000001','0.10000000000000000000002','9007199254740993',
	'9007199254740994','1e400','1.5e400','Infinity','NaN']);
SELECT * FROM compare(:btree, 'numeric', ARRAY['0.1','9007199254740993','1e400',NULL], true);

-- boolean, oid
SELECT fill('boolean', ARRAY['t','f',NULL]);
SELECT * FROM compare(ARRAY['<','<=','>=','>'], 'boolean', ARRAY['t','f']);
SELECT fill('oid', ARRAY['0','1','2147483648','4294967295',NULL]);
SELECT * FROM compare(:btree, 'oid', ARRAY['0','1','2147483647','2147483648','4294967295']);

-- dates and timestamps, from summer to winter time and back: 2024-03-10 and 2024-11-03
SET timezone = 'America/New_York';
SELECT fill('date', ARRAY['-infinity','4713-01-01 BC','1999-12-31','2000-01-01','2024-03-09',
	'2024-03-10','2024-03-11','2024-11-03','294276-12-31','5874897-12-31','infinity',NULL]);
\set dates_1 'ARRAY[''-infinity'',''4713-01-01 BC'',''1999-12-31'',''2024-03-10'','''
\set dates_2 '2024-03-11'',''2024-11-03'',''294276-12-31'',''infinity'']'
\set dates :dates_1 :dates_2
\set times_1 'ARRAY[''-infinity'',''4713-01-01 00:00:00 BC'','''
\set times_2 '1999-12-31 23:59:59.999999'',''2000-01-01 00:00:00'','''
\set times_3 '2024-03-10 00:00'',''2024-03-10 02:30'',''2024-03-10 03:15'','''
\set times_4 '2024-11-03 00:00'',''2024-11-03 01:30'',''294276-12-31 12:00'','''
\set times_5 'infinity'']'
\set times :times_1 :times_2 :times_3 :times_4 :times_5
\set moments_1 'ARRAY[''-infinity'',''1999-12-31 19:00-05'','''
\set moments_2 '2000-01-01 00:00:00-05'',''2024-03-10 00:00-05'','''
\set moments_3 '2024-03-10 04:00-05'',''2024-03-10 02:15-05'','''
\set moments_4 '2024-03-10 03:15-04'',''2024-11-03 00:00-04'','''
\set moments_5 '2024-11-03 01:30-04'',''2024-11-03 01:30-05'','''
\set moments_6 '294276-12-31 12:00+00'',''infinity'']'
\set moments :moments_1 :moments_2 :moments_3 :moments_4 :moments_5 :moments_6
SELECT * FROM compare(:btree, 'date', :dates || ARRAY['5874897-12-31']);
SELECT * FROM compare(:btree, 'timestamp', :times);
SELECT * FROM compare(:btree, 'timestamptz', :moments);
SELECT fill('timestamp', :times || ARRAY['2024-07-01 12:00',NULL]);
SELECT * FROM compare(:btree, 'date', :dates || ARRAY['5874897-12-31']);
SELECT * FROM compare(:btree, 'timestamp', :times);
SELECT * FROM compare(:btree, 'timestamptz', :moments);
SELECT * FROM compare(:btree, 'timestamptz', :moments, true);
SELECT fill('timestamptz', :moments || ARRAY['2024-07-01 12:00+00',NULL]);
SELECT * FROM compare(:btree, 'date', :dates || ARRAY['5874897-12-31']);
SELECT * FROM compare(:btree, 'timestamp', :times);
SELECT * FROM compare(:btree, 'timestamptz', :moments);
-- a zone that changed its day, and one without changes
SET timezone = 'Pacific/Apia';
SELECT fill('timestamp', ARRAY['2011-12-29 12:00','2011-12-30 12:00','2011-12-31 00:00',
	'2011-12-31 12:00',NULL]);
SELECT * FROM compare(:btree, 'timestamptz', ARRAY['2011-12-29 22:00+00','2011-12-30 10:00+00',
	'2011-12-30 22:00+00','2011-12-31 22:00+00']);
SET timezone = 'UTC';
SELECT * FROM compare(:btree, 'timestamptz', ARRAY['2011-12-29 12:00+00',
	'2011-12-30 12:00:00.000001+00','2011-12-31 00:00+00']);
-- the first and last days of timestamps, where clocks are ahead of UTC and behind it; a day that
-- begins later than every timestamp does so also where the clock shows it before the last one
\set moments_1 'ARRAY[''4714-11-24 00:00+00 BC'',''4714-11-24 11:00+00 BC'','''
\set moments_2 '4714-11-25 11:00+00 BC'',''294276-12-31 09:00+00'','''
\set moments_3 '294276-12-31 10:00+00'',''294276-12-31 23:59:59.999999+00'']'
\set moments :moments_1 :moments_2 :moments_3
SET timezone = 'Pacific/Apia';
SELECT fill('date', ARRAY['4714-11-24 BC','4714-11-25 BC','4714-11-26 BC','294276-12-30',
	'294276-12-31','294277-01-01','294277-01-02',NULL]);
SELECT * FROM compare(:btree, 'timestamptz', :moments);
SET timezone = 'Pacific/Midway';
SELECT * FROM compare(:btree, 'timestamptz', :moments);
RESET timezone;

-- strings; blanks at the end count in text and not in character
SELECT fill('text', ARRAY['','a','a ','A','ä','long ' || repeat('x', 5000),NULL]);
SELECT * FROM compare(ARRAY['='], 'text', ARRAY['','a','a ','A','ä','b','long ' || repeat('x',
	5000)]);
SELECT * FROM compare(ARRAY['='], 'text', ARRAY['b','a','ä',NULL], true);
SELECT fill('varchar(20)', ARRAY['','a','a ','A',NULL]);
SELECT * FROM compare(ARRAY['='], 'varchar', ARRAY['','a','a ','b']);
SELECT fill('character(5)', ARRAY['','a','a ','A',NULL]);
SELECT * FROM compare(ARRAY['='], 'character(3)', ARRAY['','a','A','b']);
SELECT fill('uuid', ARRAY['00000000-0000-0000-0000-000000000000',
	'ffffffff-ffff-ffff-ffff-ffffffffffff','a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',NULL]);
SELECT * FROM compare(ARRAY['='], 'uuid', ARRAY['00000000-0000-0000-0000-000000000000',
	'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11','a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12']);
SELECT fill('bytea', ARRAY['','\x00','\x0000','abc',NULL]);
SELECT * FROM compare(ARRAY['='], 'bytea', ARRAY['','\x00','\x0000','abc','abd']);

-- enums and domains
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
ALTER TYPE mood ADD VALUE 'angry' BEFORE 'sad';
SELECT fill('mood', ARRAY['sad','ok','angry',NULL]);
SELECT * FROM compare(ARRAY['='], 'mood', ARRAY['sad','ok','happy','angry']);
SELECT * FROM compare(ARRAY['='], 'mood', ARRAY['sad','happy','angry',NULL], true);
CREATE DOMAIN small AS integer CHECK (VALUE < 100);
CREATE DOMAIN word AS text;
SELECT fill('small', ARRAY['1','5','99',NULL]);
SELECT * FROM compare(:btree, 'integer', ARRAY['1','6','99']);
SELECT fill('word', ARRAY['a','b',NULL]);
SELECT * FROM compare(ARRAY['='], 'text', ARRAY['a','c']);

-- arrays: NULL elements, empty ones, several dimensions
SELECT fill('integer[]', ARRAY['{}','{1}','{1,2}','{2,1}','{3,NULL}','{NULL}','{{1,2},{3,4}}',
	'{5,6,7,8,9,10}',NULL]);
\set lists_1 'ARRAY[''{}'',''{1}'',''{2,1}'',''{3}'',''{NULL}'',''{1,NULL}'','''
\set lists_2 '{{1,2},{3,4}}'',''{4,2}'',''{11}'',''{9,5}'']'
\set lists :lists_1 :lists_2
SELECT * FROM compare(ARRAY['=','&&','@>'], 'integer[]', :lists);
SELECT fill('bigint[]', ARRAY['{}','{1}','{1,2}','{2,1}','{3,NULL}','{NULL}','{5000000000,6,7}',
	NULL]);
SELECT * FROM compare(ARRAY['=','&&','@>'], 'bigint[]', :lists || ARRAY['{5000000000}']);
SELECT fill('text[]', ARRAY['{}','{1}','{1,2}','{2,1}','{3,NULL}','{NULL}','{red,green}',NULL]);
SELECT * FROM compare(ARRAY['=','&&','@>'], 'text[]', :lists || ARRAY['{green}','{GREEN}']);

-- IS NULL and IS NOT NULL, also of the vector; a NULL argument matches nothing
SELECT fill('integer', ARRAY['1','2',NULL]);
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT FROM t WHERE c IS NULL ORDER BY v <-> '[3,2]' LIMIT 100) s;
SELECT count(*) FROM (SELECT FROM t WHERE c IS NOT NULL ORDER BY v <-> '[3,2]' LIMIT 100) s;
SELECT count(*) FROM (SELECT FROM t WHERE c IS NULL AND v IS NULL
	ORDER BY v <-> '[3,2]' LIMIT 100) s;
SELECT count(*) FROM (SELECT FROM t WHERE c = 2 AND v IS NOT NULL
	ORDER BY v <-> '[3,2]' LIMIT 100) s;
PREPARE find(integer) AS SELECT count(*) FROM (SELECT FROM t WHERE c = $1
	ORDER BY v <-> '[3,2]' LIMIT 100) s;
SET plan_cache_mode = force_generic_plan;
EXECUTE find(1);
EXECUTE find(NULL);
RESET plan_cache_mode;
DEALLOCATE find;
-- several conditions on one column, and ones that exclude each other
SELECT count(*) FROM (SELECT FROM t WHERE c > 1 AND c < 3 AND c = ANY ('{1,2,3}') ORDER BY v <->
	'[3,2]' LIMIT 100) s;
SELECT count(*) FROM (SELECT FROM t WHERE c > 1 AND c < 2 ORDER BY v <-> '[3,2]' LIMIT 100) s;
RESET enable_seqscan;

-- what 32 bits are enough for takes less space than what needs 64: numbers that are close to
-- each other in two places far apart
SELECT fill('integer', (SELECT array_agg(i::text) FROM generate_series(1, 1000) i));
ALTER TABLE t ADD a date DEFAULT '2024-01-01', ADD b text DEFAULT 'x', ADD x bigint,
	ADD y timestamp, ADD z float8, ADD n numeric;
UPDATE t SET x = id % 2 * 1000000000000000000 + id,
	y = '2024-01-01'::timestamp + id * interval '1 us' + id % 2 * interval '9000 years',
	z = 1 + id * 2.3e-16::float8 + id % 2 * 1e300::float8;
CREATE INDEX t_narrow ON t USING ivfkm (v, c, a, b) WITH (lists = 1);
CREATE INDEX t_wide ON t USING ivfkm (v, x, y, z) WITH (lists = 1);
SELECT pg_relation_size('t_narrow') < pg_relation_size('t_wide') AS narrow,
	vdb_index_check('t_narrow') IS NOT NULL AS sound;

-- so do others, if those that the table has when the index is made are told apart by them
UPDATE t SET x = id - 2^30, y = '2024-01-01'::timestamp + id * interval '1 day', z = sin(id),
	n = id * 0.01;
CREATE INDEX t_squeezed ON t USING ivfkm (v, x, y, z) WITH (lists = 1);
CREATE INDEX t_large ON t USING ivfkm (v, (x * 1073741824), (y + interval '9000 years'),
	(z::real)) WITH (lists = 1);
CREATE INDEX t_close ON t USING ivfkm (v, (x + 1e18::bigint),
	('epoch'::timestamp + id * interval '1 us'), n) WITH (lists = 1);
-- also where a few are far away
CREATE INDEX t_far ON t USING ivfkm (v, (CASE WHEN id % 500 = 0 THEN 1e18::bigint ELSE x END),
	(CASE WHEN id % 500 = 1 THEN 'infinity' ELSE y END),
	(CASE WHEN id % 500 = 2 THEN 'NaN' WHEN id % 500 = 3 THEN 0 ELSE 1 + n END)) WITH (lists = 1);
REINDEX INDEX t_narrow;
SELECT relname, pg_relation_size(oid) = pg_relation_size('t_narrow') AS narrow,
	vdb_index_check(oid) IS NOT NULL AS sound
FROM pg_class WHERE relname IN ('t_squeezed', 't_large', 't_close', 't_far') ORDER BY 1;

-- Rows that the executor has to leave out: those that have another value, but the same 32 bits
CREATE FUNCTION rechecked(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	SET LOCAL enable_seqscan = off;
	FOR line IN EXECUTE format('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
		SELECT id FROM t WHERE %s ORDER BY v <-> ''[3,2]'' LIMIT 1000', condition) LOOP
		IF line ~ 'Removed by Index Recheck' THEN
			RETURN regexp_replace(line, '.*: ', '');
		END IF;
	END LOOP;
	RETURN 'none';
END $$;
-- Whether the index is sound when it has got other lists
CREATE FUNCTION renewed() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM ivfkm_maintain('t_idx');
	PERFORM vdb_index_check('t_idx');
	RETURN true;
END $$;
\set some '(SELECT array_agg((i * 10)::text) FROM generate_series(-50, 60) i)'
\set ints_1 'ARRAY[''-9223372036854775808'',''-9223372036854775807'',''-1099511627777'','''
\set ints_2 '-1099511627776'',''-1073741826'',''-1073741825'',''-1073741824'',''-1'','''
\set ints_3 '0'',''7'',''1073741823'',''1073741824'',''1073741825'',''1073741887'','''
\set ints_4 '1073741888'',''2147483647'',''2147483648'',''1099511627776'','''
\set ints_5 '1099511627777'',''9223372036854775806'',''9223372036854775807'']'
\set ints :ints_1 :ints_2 :ints_3 :ints_4 :ints_5
SELECT fill('bigint', :ints || ARRAY[NULL], :some);
SELECT * FROM compare(:btree, 'smallint', ARRAY['-32768','-1','0','7','32767']);
SELECT * FROM compare(:btree, 'integer', ARRAY['-2147483648','-1','0','7','2147483647']);
SELECT * FROM compare(:btree, 'bigint', :ints || ARRAY['1099511627778','1073741860']);
SELECT * FROM compare(:btree, 'bigint', :ints || ARRAY[NULL,'1099511627778','8'], true);
SELECT rechecked('c = 7'), rechecked('c <= 1073741823'), rechecked('c < 1073741825'),
	rechecked('c = 1099511627777'), rechecked('c IN (0, 1099511627777)'), rechecked('c > 0');
SELECT renewed();
SELECT * FROM compare(:btree, 'bigint', :ints || ARRAY['1099511627778','1073741860']);
SELECT rechecked('c = 7'), rechecked('c = 1099511627777');
\set days '(SELECT array_agg((''2024-01-01''::timestamp + i * interval ''1 hour'')::text) FROM '
\set some :days 'generate_series(1, 200) i)'
\set near_1 'ARRAY[''1928-01-01 00:00'',''1928-12-11 21:04:44.582911'','''
\set near_2 '1928-12-11 21:04:44.582912'',''1999-12-31 23:59:59.999999'','''
\set near_3 '2000-01-01 00:00:00'',''2000-01-01 00:00:00.000001'','''
\set near_4 '2000-01-01 00:00:01.048575'',''2000-01-01 00:00:01.048576'','''
\set near_5 '2024-01-02 05:00:00'',''2024-01-02 05:00:00.3'','''
\set near_6 '2071-01-20 02:55:15.417087'',''2071-01-20 02:55:15.417088'','''
\set near_7 '2500-01-01 00:00'']'
\set near :near_1 :near_2 :near_3 :near_4 :near_5 :near_6 :near_7
SELECT fill('timestamp', :times || :near || ARRAY[NULL], :some);
SELECT * FROM compare(:btree, 'date', :dates || ARRAY['5874897-12-31']);
SELECT * FROM compare(:btree, 'timestamp', :times || :near);
SELECT * FROM compare(:btree, 'timestamptz', :times || :near);
SELECT * FROM compare(:btree, 'timestamp', :near, true);
SELECT rechecked('c = ''2000-01-01 00:00'''), rechecked('c <= ''2024-01-02 05:00:00.1'''),
	rechecked('c IS NOT NULL');
SELECT fill('timestamptz', :moments || :near || ARRAY[NULL], :some);
SELECT * FROM compare(:btree, 'date', :dates || ARRAY['5874897-12-31']);
SELECT * FROM compare(:btree, 'timestamp', :times || :near);
SELECT * FROM compare(:btree, 'timestamptz', :moments || :near);
SELECT rechecked('c = ''2000-01-01 00:00''');
SELECT renewed();
SELECT * FROM compare(:btree, 'timestamptz', :moments || :near);
SELECT rechecked('c = ''2000-01-01 00:00''');
-- large numbers that follow each other; what lies far from them
\set some '(SELECT array_agg((100000000000000000 + i)::text) FROM generate_series(1, 200) i)'
\set ids_1 'ARRAY[''100000000000000000'',''100000000000000007'',''100000000000000008'','''
\set ids_2 '100000001073741924'',''100000001073741925'',''100000002147483749'','''
\set ids_3 '100000002147483750'',''99999998926258276'',''99999998926258277'','''
\set ids_4 '-1'',''0'',''7'']'
\set ids :ids_1 :ids_2 :ids_3 :ids_4
SELECT fill('bigint', :ids || :ints || ARRAY[NULL], :some);
SELECT * FROM compare(:btree, 'bigint', :ids || :ints);
SELECT * FROM compare(:btree, 'bigint', :ids || ARRAY[NULL,'100000000000000009'], true);
SELECT rechecked('c = 100000000000000007'), rechecked('c <= 100000000000000150'),
	rechecked('c = 100000002147483749'), rechecked('c = 7');
SELECT renewed();
SELECT * FROM compare(:btree, 'bigint', :ids || :ints);
-- numbers that are not whole
\set some '(SELECT array_agg((i * 0.37)::text) FROM generate_series(-99, 200) i)'
\set reals_1 'ARRAY[''-Infinity'',''-1.7e308'',''-36.63'',''-36.6300000001'',''-1e-323'',''0'','''
\set reals_2 '1e-323'',''1e-300'',''0.37'',''0.3700000000000001'',''0.37000001'',''74'','''
\set reals_3 '1e300'',''Infinity'',''NaN'']'
\set reals :reals_1 :reals_2 :reals_3
SELECT fill('float8', :reals || ARRAY['-0',NULL], :some);
SELECT * FROM compare(:btree, 'float8', :reals || ARRAY['-0','0.371','5']);
SELECT * FROM compare(:btree, 'real', ARRAY['-Infinity','-0','0','0.37','1e-45','3e38','NaN']);
SELECT * FROM compare(:btree, 'float8', :reals || ARRAY[NULL,'0.371'], true);
SELECT rechecked('c = 0.37'), rechecked('c < 74'), rechecked('c = 0.74'), rechecked('c IS NULL');
SELECT renewed();
SELECT * FROM compare(:btree, 'float8', :reals || ARRAY['-0','0.371','5']);
SELECT fill('real', ARRAY['-Infinity','-3.4e38','-1e-45','-0','0','1e-45','0.37','0.36999997',
	'3.4e38','Infinity','NaN',NULL], :some);
SELECT * FROM compare(:btree, 'real', ARRAY['-Infinity','-0','0','0.37','0.36999997','1e-45','3e38',
	'NaN']);
SELECT * FROM compare(:btree, 'float8', ARRAY['-1.7e308','0.37','1e-300','NaN']);
SELECT rechecked('c = 0.37::real'), rechecked('c < 0.74::real');
SELECT fill('numeric', ARRAY['-36.63','-36.6300000000000000001','0','1e-400','0.37','NaN','1e400',
	'0.370000000000000000000001','74',NULL], :some);
SELECT * FROM compare(:btree, 'numeric', ARRAY['-36.63','-36.6300000000000000001','0','1e-400',
	'0.37','NaN','1e400','74','5']);
SELECT rechecked('c = 0.37'), rechecked('c < 74');
SELECT renewed();
SELECT * FROM compare(:btree, 'numeric', ARRAY['0.37','0.370000000000000000000001','NaN','1e400']);

-- a column whose own = is not the one that the operator class knows
SET client_min_messages = warning;
CREATE SCHEMA elsewhere;
SET search_path = elsewhere, public;
CREATE TYPE loose;
CREATE FUNCTION loose_in(cstring) RETURNS loose LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION loose_out(loose) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE loose (INPUT = loose_in, OUTPUT = loose_out, LIKE = text, COLLATABLE = true);
CREATE CAST (loose AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE FUNCTION loose_eq(loose, loose) RETURNS boolean LANGUAGE sql IMMUTABLE
	AS 'SELECT lower($1::text) = lower($2::text)';
CREATE FUNCTION loose_cmp(loose, loose) RETURNS integer LANGUAGE sql IMMUTABLE
	AS 'SELECT bttextcmp(lower($1::text), lower($2::text))';
CREATE OPERATOR = (LEFTARG = loose, RIGHTARG = loose, FUNCTION = loose_eq);
CREATE OPERATOR CLASS loose_ops DEFAULT FOR TYPE loose USING btree AS
	OPERATOR 3 =, FUNCTION 1 loose_cmp(loose, loose);
RESET search_path;
RESET client_min_messages;
SELECT fill('elsewhere.loose', ARRAY['a','A',NULL]);
-- found all the same, by a filter on the rows
SELECT count(*) FROM t WHERE c OPERATOR(elsewhere.=) 'a';

-- elements without a hash
SELECT fill('point[]', ARRAY['{"(1,2)"}']);

DROP TABLE t;
\set VERBOSITY terse
DROP SCHEMA elsewhere CASCADE;
\set VERBOSITY default
DROP DOMAIN small;
DROP DOMAIN word;
DROP TYPE mood;
DROP FUNCTION fill, compare;
