--
-- Hash operator classes of vector, halfvec and sparsevec
--

-- equal values have equal hashes, others (as a rule) do not; a seed of 0 gives the hash itself:
-- no exception is found
SELECT t, a, b, same AS equal, hash_a, hash_b, extended_a, extended_b
FROM (
	SELECT 'vector' AS t, a::text, b::text, a = b, vector_hash(a), vector_hash(b),
		vector_hash_extended(a, 0), vector_hash_extended(b, 0)
	FROM (VALUES ('[0,1,2]'::vector, '[-0,1,2]'::vector), ('[1,2]', '[2,1]'), ('[1]', '[1,0]'),
		('[-0,-0]', '[0,0]'), ('[-1]', '[1]')) v (a, b)
	UNION ALL
	SELECT 'halfvec', a::text, b::text, a = b, halfvec_hash(a), halfvec_hash(b),
		halfvec_hash_extended(a, 0), halfvec_hash_extended(b, 0)
	FROM (VALUES ('[0,1,2]'::halfvec, '[-0,1,2]'::halfvec), ('[1,2]', '[2,1]'), ('[1]', '[1,0]'),
		('[-0,-0]', '[0,0]'), ('[-1]', '[1]')) v (a, b)
	UNION ALL
	SELECT 'sparsevec', a::text, b::text, a = b, sparsevec_hash(a), sparsevec_hash(b),
		sparsevec_hash_extended(a, 0), sparsevec_hash_extended(b, 0)
	FROM (VALUES ('{1:0,2:1}/3'::sparsevec, '{2:1}/3'::sparsevec), ('{1:1}/3', '{2:1}/3'),
		('{1:1}/3', '{1:1}/4'), ('{}/2', '{1:-0}/2'), ('{1:1}/2', '{1:-1}/2')) v (a, b)
) s (t, a, b, same, hash_a, hash_b, extended_a, extended_b)
WHERE same IS DISTINCT FROM (hash_a = hash_b) OR same IS DISTINCT FROM (extended_a = extended_b)
	OR (extended_a & 4294967295) <> (hash_a::bigint & 4294967295);
SELECT vector_hash_extended('[1,2,3]', 1) <> vector_hash_extended('[1,2,3]', 2) AS vector,
	halfvec_hash_extended('[1,2,3]', 1) <> halfvec_hash_extended('[1,2,3]', 2) AS halfvec,
	sparsevec_hash_extended('{1:1}/3', 1) <> sparsevec_hash_extended('{1:1}/3', 2) AS sparsevec;

-- partitions on disk depend on these numbers
SELECT vector_hash('[1,-2,3.5]'), halfvec_hash('[1,-2,3.5]'), sparsevec_hash('{1:1,3:-2}/5');

-- 3,000 values, each many times, with zeros of both signs, one of them out of line
CREATE TABLE h (id integer, v vector, h halfvec, s sparsevec);
INSERT INTO h SELECT i, x::vector, x::halfvec, x::vector::sparsevec
FROM generate_series(1, 9000) i,
	LATERAL (SELECT ARRAY[i % 3000, CASE WHEN i % 2 = 0 THEN '-0'::float4 ELSE 0 END, 1]) a (x);
INSERT INTO h SELECT 0, x::vector, x::halfvec, x::vector::sparsevec
	FROM (SELECT array_agg(i / 1000.0) FROM generate_series(1, 3000) i) a (x),
	generate_series(1, 2);
ANALYZE h;

-- hash aggregates
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT DISTINCT v FROM h;
SELECT count(*) FROM (SELECT DISTINCT v FROM h) d;
SELECT count(*) FROM (SELECT DISTINCT h FROM h) d;
SELECT count(*) FROM (SELECT DISTINCT s FROM h) d;
RESET enable_sort;

-- hash joins
SET enable_mergejoin = off;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM h a JOIN h b USING (v);
SELECT (SELECT count(*) FROM h a JOIN h b USING (v)) AS v, (SELECT count(*)
	FROM h a JOIN h b USING (h)) AS h, (SELECT count(*) FROM h a JOIN h b USING (s)) AS s;
RESET enable_mergejoin;
RESET enable_nestloop;

-- hash indexes
CREATE INDEX h_v ON h USING hash (v);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM h WHERE v = '[7,0,1]';
SELECT id FROM h WHERE v = '[7,0,1]' ORDER BY id;
RESET enable_seqscan;

-- hash partitions
CREATE TABLE hp (id integer, v vector(3)) PARTITION BY HASH (v);
CREATE TABLE hp0 PARTITION OF hp FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hp1 PARTITION OF hp FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hp SELECT id, v FROM h WHERE id > 0;
SELECT count(*) BETWEEN 4000 AND 5000 AS half, count(DISTINCT tableoid) AS partitions FROM hp
	WHERE tableoid = 'hp0'::regclass;
EXPLAIN (COSTS OFF) SELECT id FROM hp WHERE v = '[7,0,1]';
SELECT id FROM hp WHERE v = '[7,0,1]' ORDER BY id;
CREATE TABLE sp (s sparsevec) PARTITION BY HASH (s);
CREATE TABLE sp0 PARTITION OF sp FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE hh (h halfvec) PARTITION BY HASH (h);
CREATE TABLE hh0 PARTITION OF hh FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO sp SELECT s FROM h;
INSERT INTO hh SELECT h FROM h;
SELECT (SELECT count(*) FROM sp) AS sp, (SELECT count(*) FROM hh) AS hh;

-- the operator classes are complete and consistent
SELECT opcname, amvalidate(oid) FROM pg_opclass WHERE opcmethod = (SELECT oid FROM pg_am
	WHERE amname = 'hash') AND opcname ~ 'vec.*_ops$' ORDER BY opcname;

DROP TABLE h, hp, sp, hh;
