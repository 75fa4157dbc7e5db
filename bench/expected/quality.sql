-- Recall and size of every metric and width of refine codes on two small sets, as CSV.
--
-- Run by quality.sh on a server of its own, after the tables packages and queries of bench/data
-- were loaded.  Scalar kernels, one process and fixed seeds make the figures repeatable.
SET vdb.simd = scalar;
SET maintenance_work_mem = '64MB';
SET max_parallel_maintenance_workers = 0;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET client_min_messages = warning;

-- hash of a number, uniform in -1..1: no random(), no function that differs between C libraries
CREATE FUNCTION noise(key bigint, seed bigint) RETURNS float8
	LANGUAGE sql IMMUTABLE
	AS 'SELECT hashint8extended(key, seed) / 9223372036854775808.0::float8';

-- points between 40 centres, with noise around them; lengths vary, so that the metrics differ
CREATE FUNCTION point(id bigint, dims integer) RETURNS vector
	LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	a bigint := abs(hashint8extended(id, 1) % 40) * 100000;
	b bigint := abs(hashint8extended(id, 2) % 40) * 100000;
	share float8 := 0.5 * abs(noise(id, 3));
	size float8 := 0.7 + 0.3 * noise(id, 4);
BEGIN
	RETURN ARRAY(
		SELECT (size * ((1 - share) * noise(a + d, 5) + share * noise(b + d, 5)
				+ 0.3 * noise(id * 32768 + d, 6)))::real
		FROM generate_series(1, dims) d)::vector;
END
$$;

CREATE TABLE sample AS SELECT id, embedding AS v FROM packages ORDER BY id;
CREATE TABLE sample_queries AS SELECT id, embedding AS v FROM queries WHERE id % 2 = 0 ORDER BY id;
ALTER TABLE sample ALTER v TYPE vector(384);
CREATE TABLE synthetic AS SELECT id, point(id, 96)::vector(96) AS v
	FROM generate_series(1, 8000) id;
CREATE TABLE synthetic_queries AS
	SELECT id, point(1000000 + id, 96) AS v FROM generate_series(1, 100) id;
VACUUM ANALYZE sample, sample_queries, synthetic, synthetic_queries;

CREATE TABLE quality (
	set_name text, metric text, refine_bits integer, lists integer, probes integer, bytes bigint,
	recall_10 float8, recall_100 float8, recall_10_of_4_lists float8);

-- The distances of the k nearest rows of every query, as the settings of the session find them.
CREATE FUNCTION nearest(set_name text, operator text, k integer)
RETURNS TABLE (query integer, n bigint, d float8)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT q.id::integer, row_number() OVER (PARTITION BY q.id ORDER BY r.d), r.d
		FROM %1$I q, LATERAL (
			SELECT t.v %2$s q.v AS d FROM %3$I t ORDER BY t.v %2$s q.v LIMIT %4$s) r',
		set_name || '_queries', operator, set_name, k);
END
$$;

-- exact answers for one set and metric
CREATE TABLE truth (query integer, n bigint, d float8);

-- Share of the k nearest rows that are found; by distance, so that ties count alike.
CREATE FUNCTION recall(set_name text, operator text, k integer) RETURNS float8
LANGUAGE sql AS $$
	WITH farthest AS (
		SELECT query, max(d) + 1e-9 * abs(max(d)) AS d FROM truth WHERE n <= k GROUP BY query)
	SELECT count(*)::float8 / (k * (SELECT count(*) FROM farthest))
	FROM nearest(set_name, operator, k) f JOIN farthest USING (query) WHERE f.d <= farthest.d
$$;

DO $$
DECLARE
	set_name text;
	metric text;
	bits integer;
	operator text;
	shape record;
	found float8[];
BEGIN
	FOREACH set_name IN ARRAY ARRAY['sample', 'synthetic'] LOOP
		FOREACH metric IN ARRAY ARRAY['l2', 'ip', 'cosine'] LOOP
			operator := CASE metric WHEN 'l2' THEN '<->' WHEN 'ip' THEN '<#>' ELSE '<=>' END;
			TRUNCATE truth;
			INSERT INTO truth SELECT * FROM nearest(set_name, operator, 100);
			FOREACH bits IN ARRAY ARRAY[8, 4, 0] LOOP
				EXECUTE
					format('CREATE INDEX tested ON %I USING ivfkm (v vector_%s_ops) '
					'WITH (refine_bits = %s)',
					set_name, metric, bits);
				PERFORM set_config('enable_seqscan', 'off', true);
				found := NULL;
				found := found || recall(set_name, operator, 10) || recall(set_name, operator, 100);
				PERFORM set_config('ivfkm.probes', '4', true);
				found := found || recall(set_name, operator, 10);
				PERFORM set_config('ivfkm.probes', '0', true);
				PERFORM set_config('enable_seqscan', 'on', true);
				SELECT * INTO shape FROM ivfkm_info('tested');
				INSERT INTO quality VALUES (set_name, metric, bits, shape.lists, shape.probes,
					shape.bytes_total, found[1], found[2], found[3]);
				DROP INDEX tested;
			END LOOP;
		END LOOP;
	END LOOP;
END
$$;

COPY (
	SELECT set_name AS set, metric, refine_bits, lists, probes, bytes,
		round(recall_10::numeric, 4) AS recall_10,
		round(recall_100::numeric, 4) AS recall_100,
		round(recall_10_of_4_lists::numeric, 4) AS recall_10_of_4_lists
	FROM quality ORDER BY set_name, metric, refine_bits)
TO STDOUT WITH (FORMAT csv, HEADER);
