-- Rows whose values are long: in the row, in the TOAST table, compressed or not.
SET enable_seqscan = off;
SET ivfkm.probes = 1000;
SET ivfkm.epsilon = 10;

CREATE TABLE long_values (id integer, kind text, v vector(1500));
-- 1,500 coordinates, of which the last "n" are not zero: the fewer, the better they compress
CREATE FUNCTION long_value(i integer, n integer) RETURNS vector
LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(CASE WHEN j > 1500 - n THEN sin(i * j) ELSE 0 END ORDER BY j)::vector
	FROM generate_series(1, 1500) j
$$;
ALTER TABLE long_values ALTER v SET STORAGE EXTERNAL;
INSERT INTO long_values
SELECT i, 'external', long_value(i, 1500) FROM generate_series(1, 150) i;
ALTER TABLE long_values ALTER v SET STORAGE EXTENDED;
INSERT INTO long_values
SELECT i, 'compressed in the row', long_value(i, 40) FROM generate_series(151, 300) i;
INSERT INTO long_values
SELECT i, 'compressed and external', long_value(i, 900) FROM generate_series(301, 450) i;
ALTER TABLE long_values ALTER v SET STORAGE PLAIN;
INSERT INTO long_values
SELECT i, 'in the row', long_value(i, 1500) FROM generate_series(451, 600) i;
SELECT kind, pg_column_compression(v) IS NOT NULL AS compressed, min(pg_column_size(v)) < 2000
	   AS short, count(*)
FROM long_values GROUP BY 1, 2 ORDER BY 1;

CREATE INDEX long_values_v ON long_values USING ivfkm (v) WITH (lists = 8);

-- Queries, of 20, whose nearest rows by the index are not those of a sort of all rows: none.
CREATE FUNCTION differing(of_rows integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	query vector;
	found float8[];
	nearest float8[];
	n bigint := 0;
BEGIN
	FOR i IN 1..20 LOOP
		query := (SELECT v FROM long_values ORDER BY id OFFSET i * 29 LIMIT 1);
		found := ARRAY(SELECT v <-> query FROM long_values ORDER BY v <-> query LIMIT of_rows);
		nearest := ARRAY(SELECT l2_distance(v, query) + 0 FROM long_values ORDER BY 1
						 LIMIT of_rows);
		IF found <> nearest THEN
			n := n + 1;
		END IF;
	END LOOP;
	RETURN n;
END $$;
SELECT differing(100);

-- The same once the TOAST table is another, once its index is, and after updates.
VACUUM FULL long_values;
SELECT differing(100);
REINDEX TABLE CONCURRENTLY long_values;
SELECT differing(100);
ALTER TABLE long_values ALTER v SET STORAGE EXTERNAL;
UPDATE long_values SET v = long_value(id + 1000, 1500) WHERE id % 3 = 0;
SELECT differing(100);

-- A cursor that a subtransaction reads first, after rows were deleted, and goes on behind it.
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM long_values ORDER BY v <-> long_value(7, 1500) LIMIT 30;
SAVEPOINT s;
DELETE FROM long_values WHERE id < 300;
FETCH 1 FROM c;
MOVE 9 FROM c;
ROLLBACK TO s;
MOVE 100 FROM c;
COMMIT;

-- Values above a megabyte, of which there are copies: arrays.
CREATE TABLE long_arrays (id integer, vs vector(1500)[]);
ALTER TABLE long_arrays ALTER vs SET STORAGE EXTERNAL;
INSERT INTO long_arrays
SELECT i, array_agg(long_value(i * 1000 + n, 1500))
FROM generate_series(1, 4) i, LATERAL generate_series(1, CASE WHEN i = 2 THEN 400 ELSE 3 END) n
GROUP BY i;
SELECT id, pg_column_size(vs) > 1024 * 1024 AS long FROM long_arrays ORDER BY id;
CREATE INDEX ON long_arrays USING ivfkm (vs);
SELECT id, round((vs @# ARRAY[long_value(2001, 1500)])::numeric, 2) AS distance
FROM long_arrays ORDER BY vs @# ARRAY[long_value(2001, 1500)];
DROP TABLE long_values, long_arrays;
DROP FUNCTION long_value, differing;
