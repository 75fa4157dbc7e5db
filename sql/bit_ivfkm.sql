--
-- ivfkm indexes on bit strings, by Hamming distance
--

-- n bits that depend on the seed only
CREATE FUNCTION hash_bits(seed bigint, n integer) RETURNS varbit
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
	SELECT substring(string_agg(hashint8extended(i, seed)::bit(64)::text, '' ORDER BY i), 1,
		n)::varbit
	FROM generate_series(1, (n + 63) / 64) i
$$;

-- 30 clusters: some bits of a centre flipped
CREATE FUNCTION cluster_bits(id integer, n integer) RETURNS varbit
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
	SELECT hash_bits(id % 30, n) #
		(hash_bits(100000 + id, n) & hash_bits(200000 + id, n) & hash_bits(300000 + id, n))
$$;

-- distances of the k nearest rows, through an index or by sorting
CREATE FUNCTION by_sort(tab regclass, q varbit, k integer) RETURNS float8[]
	LANGUAGE plpgsql SET enable_indexscan = off AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE format('SELECT array_agg(d) FROM (SELECT v <~> $1 AS d FROM %s ORDER BY 1 LIMIT $2) s',
		tab)
		USING q, k INTO result;
	RETURN result;
END $$;
CREATE FUNCTION by_index(tab regclass, q varbit, k integer) RETURNS float8[]
	LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE
		format('SELECT array_agg(d) FROM (SELECT v <~> $1 AS d FROM %s '
		'ORDER BY v <~> $1 LIMIT $2) s', tab)
		USING q, k INTO result;
	RETURN result;
END $$;

-- few rows, NULL, inserts, and what the access method stores
CREATE TABLE t (v bit(3));
INSERT INTO t VALUES (B'000'), (B'100'), (B'111'), (NULL);
CREATE INDEX t_v_idx ON t USING ivfkm (v bit_hamming_ops);
INSERT INTO t VALUES (B'110');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY v <~> B'111' LIMIT 2;
SELECT v, v <~> B'111' AS d FROM t ORDER BY v <~> B'111';
SELECT count(*) FROM (SELECT * FROM t ORDER BY v <~> (SELECT NULL::bit)) t2;
SELECT v FROM t ORDER BY v <~> B'11';
SELECT v FROM t ORDER BY v <~> '111'::varbit LIMIT 1;
INSERT INTO t VALUES (B'1111');
SELECT metric, dimensions, rows FROM ivfkm_info('t_v_idx');
SELECT vdb_index_check('t_v_idx');
RESET enable_seqscan;
DROP TABLE t;

-- what cannot be indexed
CREATE TABLE t (v bit(3), w varbit(3), x bit(16000), y bit(64001), z varbit);
CREATE INDEX ON t USING ivfkm (v);
CREATE INDEX ON t USING ivfkm (v vector_l2_ops);
CREATE INDEX ON t USING ivfkm (w bit_hamming_ops);
CREATE INDEX ON t USING ivfkm (z bit_hamming_ops);
CREATE INDEX ON t USING ivfkm (y bit_hamming_ops);
CREATE INDEX ON t USING ivfkm ((~v) bit_hamming_ops);
CREATE INDEX ON t USING ivfkm (x bit_hamming_ops);
CREATE INDEX ON t USING ivfkm ((w::bit(3)) bit_hamming_ops);
CREATE INDEX ON t USING ivfkm ((w::bit(64001)) bit_hamming_ops);
\set VERBOSITY sqlstate
CREATE INDEX ON t USING ivfkm (w bit_hamming_ops);
CREATE INDEX ON t USING ivfkm (y bit_hamming_ops);
CREATE INDEX ON t USING ivfkm ((~v) bit_hamming_ops);
\set VERBOSITY default
DROP TABLE t;

-- the operator class is sound
SELECT amvalidate(oid) FROM pg_opclass
WHERE opcname = 'bit_hamming_ops' AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'ivfkm');

-- lengths that are and are not multiples of a byte and a word
CREATE TABLE items_1 AS SELECT i AS id, cluster_bits(i, 1)::bit(1) AS v
	FROM generate_series(1, 300) i;
CREATE TABLE items_8 AS SELECT i AS id, cluster_bits(i, 8)::bit(8) AS v
	FROM generate_series(1, 3000) i;
CREATE TABLE items_67 AS SELECT i AS id, cluster_bits(i, 67)::bit(67) AS v
	FROM generate_series(1, 3000) i;
CREATE TABLE items_512 AS SELECT i AS id, cluster_bits(i, 512)::bit(512) AS v
	FROM generate_series(1, 3000) i;
CREATE TABLE items_16000 AS SELECT i AS id, cluster_bits(i, 16000)::bit(16000) AS v
	FROM generate_series(1, 150) i;
CREATE INDEX ON items_1 USING ivfkm (v bit_hamming_ops) WITH (lists = 25);
CREATE INDEX ON items_8 USING ivfkm (v bit_hamming_ops) WITH (lists = 25);
CREATE INDEX ON items_67 USING ivfkm (v bit_hamming_ops) WITH (lists = 25);
CREATE INDEX ON items_512 USING ivfkm (v bit_hamming_ops) WITH (lists = 25);
CREATE INDEX ON items_16000 USING ivfkm (v bit_hamming_ops) WITH (lists = 5);
CREATE TABLE sizes (n integer, tab regclass, index regclass);
INSERT INTO sizes SELECT n, 'items_' || n, 'items_' || n || '_v_idx'
	FROM unnest(ARRAY[1, 8, 67, 512, 16000]) n;
SELECT n, vdb_index_check(index) FROM sizes ORDER BY n;

-- rows come in the exact order of distance, as many as wanted, and nearly all of the nearest
CREATE TABLE answers AS
SELECT n, k, i, by_index(tab, cluster_bits(1000000 + i, n), k) AS found,
	by_sort(tab, cluster_bits(1000000 + i, n), k) AS sorted
FROM sizes, unnest(ARRAY[1, 10, 100]) k, generate_series(1, 10) i;
SELECT n, bool_and(found = (SELECT array_agg(d ORDER BY d) FROM unnest(found) d)) AS ordered,
	bool_and(array_length(found, 1) = array_length(sorted, 1)) AS complete,
	avg((SELECT count(*) FROM unnest(found) d WHERE d <= sorted[array_upper(sorted, 1)])::float8 /
	array_length(sorted, 1)) >= 0.9 AS recall
FROM answers GROUP BY n ORDER BY n;
DROP TABLE answers;

-- exhaustive: equal to sorting
SET ivfkm.probes = 25;
SET ivfkm.epsilon = 100;
SELECT n, bool_and(by_index(tab, q, k) = by_sort(tab, q, k)) AS equal
FROM sizes, unnest(ARRAY[1, 10, 33, 500, 5000]) k,
	LATERAL (VALUES (cluster_bits(7, n)), (cluster_bits(1000007, n)), (repeat('0', n)::varbit),
		(repeat('1', n)::varbit)) AS queries (q)
GROUP BY n ORDER BY n;

-- the same at every SIMD level
SELECT name,
	bool_and(by_index(tab, cluster_bits(1000005, n), 20) = by_sort(tab, cluster_bits(1000005, n),
	20)) AS equal
FROM (SELECT 'scalar' AS name UNION ALL SELECT 'auto') levels,
	set_config('vdb.simd', name, false) s,
	LATERAL (SELECT * FROM sizes WHERE s IS NOT NULL AND n IN (67, 512)) r
GROUP BY name ORDER BY name;
RESET vdb.simd;
RESET ivfkm.probes;
RESET ivfkm.epsilon;
DROP TABLE items_1, items_67, items_16000;

-- changes
DELETE FROM items_512 WHERE id % 3 = 0;
VACUUM items_512;
INSERT INTO items_512 SELECT i, cluster_bits(i, 512)::bit(512) FROM generate_series(3001, 4000) i;
UPDATE items_512 SET v = ~v WHERE id % 10 = 1;
SELECT vdb_index_check('items_512_v_idx');
SELECT count(*) FROM generate_series(1, 40) i
	WHERE (by_index('items_512', ~cluster_bits(i * 10 + 1, 512), 1))[1] = 0
	AND (i * 10 + 1) % 3 > 0;
DROP TABLE items_512;

-- Ties: 256 different values in 3,000 rows.  All rows of a distance come, once each.
SET enable_seqscan = off;
SET ivfkm.iterative_scan = relaxed_order;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM items_8 ORDER BY v <~> B'10101010') s;
SET ivfkm.iterative_scan = strict_order;
SET ivfkm.probes = 25;
SET ivfkm.epsilon = 100;
SELECT d, count(*), count(*) = (SELECT count(*) FROM items_8
	WHERE v <~> B'10101010' = d) AS complete
FROM (SELECT v <~> B'10101010' AS d FROM items_8 ORDER BY v <~> B'10101010') s GROUP BY d
	ORDER BY d;
RESET ivfkm.probes;
RESET ivfkm.epsilon;
DROP TABLE items_8;
-- nearly all rows equal: the list nearest to a query may hold only a few of the others
CREATE TABLE same AS SELECT i AS id, (CASE WHEN i % 100 = 0 THEN hash_bits(i, 64)
	ELSE hash_bits(7, 64) END)::bit(64) AS v FROM generate_series(1, 5000) i;
CREATE INDEX ON same USING ivfkm (v bit_hamming_ops) WITH (lists = 20);
SELECT k, count(*),
	bool_and(array_length(by_index('same', hash_bits(i, 64), k), 1) = k) AS complete,
	bool_and((by_index('same', hash_bits(i, 64), k))[1] = 0) AS itself
FROM unnest(ARRAY[10, 30]) k, unnest(ARRAY[7, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]) i
	GROUP BY k ORDER BY k;
-- all rows equal
UPDATE same SET v = hash_bits(7, 64)::bit(64);
REINDEX INDEX same_v_idx;
SELECT count(*), count(DISTINCT id), min(d), max(d)
FROM (SELECT id, v <~> hash_bits(1, 64)::bit(64) AS d FROM same
	ORDER BY v <~> hash_bits(1, 64)::bit(64)) s;
SELECT vdb_index_check('same_v_idx');
RESET enable_seqscan;
DROP TABLE same;

-- an index on an expression: the signs of vectors, ordered again by exact distance
CREATE TABLE items (id integer, embedding vector(96));
INSERT INTO items SELECT i,
	ARRAY(SELECT hashint4(i % 20 * 1000 + d) % 100 + hashint4(i * 1000 + d) % 40
	FROM generate_series(1, 96) d)::vector
FROM generate_series(1, 2000) i;
CREATE INDEX items_signs ON items
	USING ivfkm ((binary_quantize(embedding)::bit(96)) bit_hamming_ops) WITH (lists = 20);
ANALYZE items;
EXPLAIN (COSTS OFF) SELECT id FROM items
	ORDER BY binary_quantize(embedding)::bit(96) <~> repeat('10', 48)::bit(96) LIMIT 10;
SELECT count(*) FROM items q, LATERAL (SELECT id FROM (
	SELECT id, embedding FROM items ORDER BY binary_quantize(embedding)::bit(96) <~>
		binary_quantize(q.embedding) LIMIT 20) nearest
	ORDER BY embedding <-> q.embedding LIMIT 1) r
WHERE q.id % 20 = 3 AND q.id <= 1000 AND r.id = q.id;
UPDATE items SET embedding = embedding WHERE id <= 100;
SELECT vdb_index_check('items_signs');
DROP TABLE items, sizes;

-- codes are the bits: distances are exact, and no row is looked at; with heads of codes, without
-- them, and striped; for the nearest rows and for all, also such as were inserted or deleted
CREATE TABLE kept (id integer, n integer, v varbit);
INSERT INTO kept SELECT i, n, cluster_bits(i, n)
FROM unnest('{100,1024,1500,2048,4100}'::integer[]) n, generate_series(1, 400) i;
INSERT INTO kept SELECT 0, n, repeat('0', n)::varbit
FROM unnest('{100,1024,1500,2048,4100}'::integer[]) n;
CREATE FUNCTION try_kept(n integer, op text, class text, OUT same boolean, OUT looked bigint,
	OUT all_rows boolean, OUT within boolean, OUT checked boolean) LANGUAGE plpgsql AS $$
DECLARE
	q varbit;
	found float8[];
	expected float8[];
	looks bigint;
BEGIN
	EXECUTE format('CREATE TEMP TABLE kept_bits AS SELECT id, v::bit(%s) AS v FROM kept '
		'WHERE n = %1$s AND id %% 4 > 0', n);
	EXECUTE format('CREATE INDEX kept_bits_v ON kept_bits USING ivfkm (v %s) '
		'WITH (lists = 8)', class);
	EXECUTE format('INSERT INTO kept_bits SELECT id, v::bit(%s) FROM kept WHERE n = %1$s AND '
		'id %% 4 = 0', n);
	DELETE FROM kept_bits WHERE id % 7 = 0 AND id > 0;
	PERFORM set_config('ivfkm.probes', '8', true); -- all lists
	same := true;
	looked := 0;
	FOR id IN 1001 .. 1006 LOOP
		q := cluster_bits(id, n);
		PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
		EXECUTE format('SELECT array_agg(d) FROM (SELECT v %s %L AS d FROM kept_bits '
			'ORDER BY v %1$s %2$L LIMIT 10) x', op, q) INTO found;
		SELECT reranked INTO looks FROM ivfkm_last_scan();
		looked := looked + looks;
		PERFORM set_config('enable_indexscan', 'off', true),
			set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true);
		EXECUTE format('SELECT array_agg(d) FROM (SELECT v %s %L AS d FROM kept_bits ORDER BY 1 '
			'LIMIT 10) x', op, q) INTO expected;
		PERFORM set_config('enable_indexscan', 'on', true);
		same := same AND found = expected;
	END LOOP;
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
	EXECUTE format('SELECT count(*) = count(DISTINCT id) AND count(*) = '
		'(SELECT count(*) FROM kept_bits) AND bool_and(d >= before) FROM (SELECT id, d, '
		'lag(d, 1, 0) OVER () AS before FROM (SELECT id, v %s %L AS d FROM kept_bits '
		'ORDER BY v %1$s %2$L LIMIT 100000) x) y', op, q) INTO all_rows;
	EXECUTE format('SELECT count(*) FROM kept_bits WHERE v %s %L <= $1', op, q) INTO looks
		USING expected[5];
	within := looks >= 5 AND looks <= 400;
	EXECUTE 'SELECT vdb_index_check(''kept_bits_v'') > 0' INTO checked;
	DROP TABLE kept_bits;
END $$;
SELECT n, t.* FROM unnest('{100,1024,1500,2048,4100}'::integer[]) n,
	try_kept(n, '<~>', 'bit_hamming_ops') t;
SELECT n, t.* FROM unnest('{100,1024,1500,2048,4100}'::integer[]) n,
	try_kept(n, '<%>', 'bit_jaccard_ops') t;
-- refine codes would tell nothing more
CREATE TABLE refined AS SELECT id, v::bit(100) AS v FROM kept WHERE n = 100;
CREATE INDEX refined_v ON refined USING ivfkm (v bit_jaccard_ops) WITH (refine_bits = 8);
SELECT refine_bits FROM ivfkm_info('refined_v');
DROP TABLE refined, kept;
DROP FUNCTION try_kept;

DROP FUNCTION by_index(regclass, varbit, integer), by_sort(regclass, varbit, integer);
DROP FUNCTION cluster_bits(integer, integer), hash_bits(bigint, integer);
