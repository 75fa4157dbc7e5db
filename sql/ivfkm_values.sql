--
-- odd values under every operator class of ivfkm: each is refused, or has its place in the order
--

-- rows of each type, odd ones among them, queries beside them, and what is refused
CREATE TABLE kinds (type text, of_column text, rows text[], other_dims text, refused text[]);
INSERT INTO kinds VALUES
	('vector', 'vector(3)', ARRAY['[1,2,3]', '[0,0,0]', '[-1,-2,-3]', '[0,5,0]', '[-0,1e-30,-2]',
		'[1e15,0,-1e15]'], '[1,2]', ARRAY['[]', '[NaN,1,2]', '[1,Infinity,2]', '[1,,2]',
		'[1e39,1,2]', '[1,2,3,4]', '[' || repeat('1,', 16000) || '1]']),
	('halfvec', 'halfvec(3)', ARRAY['[1,2,3]', '[0,0,0]', '[-1,-2,-3]', '[0,5,0]', '[-0,1e-7,-2]',
		'[65504,0,-65504]'], '[1,2]', ARRAY['[]', '[NaN,1,2]', '[1,Infinity,2]', '[1,,2]',
		'[65520,1,2]', '[1,2,3,4]', '[' || repeat('1,', 16000) || '1]']),
	('bit', 'bit(8)', ARRAY['10110000', '00000000', '11111111', '00000001', '01111111'], '101',
		ARRAY['', '1011', '101100001', '1021000']),
	('sparsevec', 'sparsevec(1000000)', ARRAY['{1:1,5:2}/1000000', '{}/1000000',
		'{1:-1,5:-2}/1000000', '{7:0,9:5}/1000000', '{1000000:-1e-30}/1000000',
		'{2:1e15,3:-1e15}/1000000'], '{1:1}/5', ARRAY['{1:NaN}/1000000', '{1:Infinity}/1000000',
		'{0:1}/1000000', '{1000001:1}/1000000', '{1:1,1:2}/1000000', '{1:1}/5', '{1:1}/0', '{1:1}',
		(SELECT '{' || string_agg(i || ':1', ',') || '}/1000000'
			FROM generate_series(1, 16001) i)]),
	('vector[]', 'vector(3)[]', ARRAY['{"[1,2,3]"}', '{"[0,0,0]"}', '{"[-1,-2,-3]","[0,5,0]"}',
		'{}', '{"[1,2,3]","[1,2,3]","[0,0,0]"}'], '{"[1,2]"}', ARRAY['{NULL}', '{"[1,2,3]",NULL}',
		'{"[1,2,3]","[1,2]"}', '{"[1,2]"}', '{{"[1,2,3]"},{"[4,5,6]"}}', '{"[]"}']),
	('halfvec[]', 'halfvec(3)[]', ARRAY['{"[1,2,3]"}', '{"[0,0,0]"}', '{"[-1,-2,-3]","[0,5,0]"}',
		'{}', '{"[1,2,3]","[1,2,3]","[0,0,0]"}'], '{"[1,2]"}', ARRAY['{NULL}', '{"[1,2,3]",NULL}',
		'{"[1,2,3]","[1,2]"}', '{"[1,2]"}', '{{"[1,2,3]"},{"[4,5,6]"}}', '{"[]"}']);

-- what an operator class is for: all those that order by an operator
CREATE TABLE classes AS
SELECT opcname::text AS class,
	CASE WHEN opcname ~ 'maxsim' THEN split_part(opcname::text, '_', 1) || '[]'
		ELSE format_type(opcintype, NULL) END AS type,
	oprname::text AS op
FROM pg_opclass c JOIN pg_amop ON amopfamily = opcfamily AND amoppurpose = 'o'
	JOIN pg_operator o ON o.oid = amopopr
WHERE opcmethod = (SELECT oid FROM pg_am WHERE amname = 'ivfkm');
SELECT class, type, op FROM classes ORDER BY class COLLATE "C";

-- ok, or the error that a command raises
CREATE FUNCTION attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate;
END $$;

-- distances of all rows, in the order of an index or of a sort
CREATE FUNCTION distances(op text, q text, type text, indexed boolean) RETURNS float8[]
	LANGUAGE plpgsql AS $$
DECLARE
	result float8[];
BEGIN
	PERFORM set_config('enable_seqscan', (NOT indexed)::text, true),
		set_config('enable_sort', (NOT indexed)::text, true),
		set_config('enable_indexscan', indexed::text, true);
	EXECUTE format('SELECT array_agg(d) FROM (
			SELECT v %1$s %2$L::%3$s AS d FROM odd ORDER BY v %1$s %2$L::%3$s) s', op, q, type)
		INTO result;
	RETURN result;
END $$;

-- Each class: the values are rows when the index is made, or come later.  Every value is a query.
-- NULL is as far from every row: its rows are counted.
CREATE TABLE findings (class text, what text, result text);
DO $$
DECLARE
	c record;
	value text;
	late boolean;
	found float8[];
	sorted float8[];
BEGIN
	FOR c IN SELECT class, op, CASE type WHEN 'bit' THEN '"bit"' ELSE type END AS type, of_column,
			rows, other_dims, refused
		FROM classes JOIN kinds USING (type) LOOP
		FOREACH late IN ARRAY ARRAY[false, true] LOOP
			EXECUTE format('CREATE TABLE odd (v %s)', c.of_column);
			IF late THEN
				EXECUTE format('INSERT INTO odd SELECT %L::%s FROM generate_series(1, 40)',
					c.rows[1], c.of_column);
			ELSE
				EXECUTE format('INSERT INTO odd SELECT unnest(%L::text[])::%s',
					c.rows || NULL::text, c.of_column);
			END IF;
			EXECUTE format('CREATE INDEX odd_v ON odd USING ivfkm (v %s)', c.class);
			IF late THEN
				EXECUTE format('INSERT INTO odd SELECT unnest(%L::text[])::%s',
					c.rows || NULL::text, c.of_column);
			END IF;
			FOREACH value IN ARRAY c.rows LOOP
				found := distances(c.op, value, c.type, true);
				INSERT INTO findings SELECT c.class, 'index', index::text FROM ivfkm_last_scan();
				sorted := distances(c.op, value, c.type, false);
				INSERT INTO findings VALUES (c.class, 'order', CASE WHEN found = sorted
					THEN 'as sorted' ELSE format('%s, not %s, of %s', found, sorted, value) END);
			END LOOP;
			INSERT INTO findings VALUES (c.class, 'NULL', cardinality(distances(c.op, NULL, c.type,
				true)) - CASE WHEN late THEN 40 ELSE 0 END - cardinality(c.rows));
			INSERT INTO findings VALUES (c.class, 'check', attempt(
				'SELECT vdb_index_check(''odd_v'')'));
			PERFORM set_config('enable_seqscan', 'off', true),
				set_config('enable_sort', 'off', true);
			INSERT INTO findings VALUES (c.class, 'query of other dimensions', attempt(format(
				'SELECT v FROM odd ORDER BY v %s %L::%s LIMIT 1', c.op, c.other_dims, c.type)));
			INSERT INTO findings SELECT c.class, 'row ' || left(r, 25), attempt(format(
				'INSERT INTO odd VALUES (%L)', r)) FROM unnest(c.refused) r;
			INSERT INTO findings VALUES (c.class, 'check', attempt(
				'SELECT vdb_index_check(''odd_v'')'));
			DROP TABLE odd;
		END LOOP;
	END LOOP;
END $$;
SELECT class, string_agg(DISTINCT result, '; ') AS order FROM findings WHERE what = 'order'
GROUP BY class ORDER BY class COLLATE "C";
-- one more row than values: that without a value
SELECT what, result, count(DISTINCT class) AS classes, count(*) FROM findings
WHERE what IN ('NULL', 'check', 'index', 'query of other dimensions') GROUP BY 1, 2
ORDER BY what COLLATE "C", result;
SELECT type, what, string_agg(DISTINCT result, ' ') AS error
FROM findings JOIN classes USING (class) WHERE what ~ '^row' GROUP BY 1, 2
ORDER BY type COLLATE "C", what COLLATE "C";

DROP TABLE findings, classes, kinds;
DROP FUNCTION attempt, distances;

-- numbers that differ by no more than their precision, so that their mean is none of them: an index
-- of such rows is as good as it can be, and is not made anew again and again
CREATE TABLE whole (v vector(4));
INSERT INTO whole SELECT array_fill((16777216 + i % 2 * 2)::real, ARRAY[4])::vector
FROM generate_series(1, 1500) i;
CREATE INDEX whole_v ON whole USING ivfkm (v);
SET statement_timeout = '60s';
SELECT rows FROM ivfkm_maintain('whole_v', false);
INSERT INTO whole SELECT array_fill((16777216 + i % 2 * 2)::real, ARRAY[4])::vector
FROM generate_series(1, 1500) i;
SELECT rows FROM ivfkm_maintain('whole_v', false);
RESET statement_timeout;
DROP TABLE whole;
