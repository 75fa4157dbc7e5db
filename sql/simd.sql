--
-- SIMD levels: which there are, and that they agree
--

-- one line for each level, whatever the CPU: scalar is always there, what is supported is
-- compiled, and one supported level is active
SELECT count(*), count(DISTINCT name),
	bool_and(name IN ('scalar', 'avx2', 'avx512', 'neon')) AS known,
	bool_or(name = 'scalar' AND compiled AND supported) AS scalar,
	bool_and(compiled OR NOT supported) AS compiled,
	count(*) FILTER (WHERE active) AS active, bool_and(supported OR NOT active) AS active_supported
FROM vdb_simd_variants();
-- no machine has the levels of both architectures
SELECT count(*) FILTER (WHERE supported AND name = 'neon') * count(*) FILTER (WHERE supported
	AND name LIKE 'avx%') AS both FROM vdb_simd_variants();

-- each supported level can be chosen, by its name only
CREATE FUNCTION choose(level text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('vdb.simd', level, false);
	RETURN (SELECT name FROM vdb_simd_variants() WHERE active);
END $$;
SELECT count(*) FILTER (WHERE choose(name) <> name OR current_setting('vdb.simd') <> name) AS wrong
	FROM vdb_simd_variants() WHERE supported;
SET vdb.simd = scalar;
SELECT name FROM vdb_simd_variants() WHERE active;
SET vdb.simd = 'SCALAR';
SHOW vdb.simd;
-- auto takes the best
SET vdb.simd = auto;
SELECT name = coalesce((SELECT name FROM vdb_simd_variants() WHERE supported AND name <> 'scalar'
	ORDER BY name = 'avx512' DESC LIMIT 1), 'scalar') AS best
FROM vdb_simd_variants() WHERE active;
-- a level that is not supported, or does not exist, changes nothing
SELECT name AS missing FROM vdb_simd_variants() WHERE NOT supported
	ORDER BY name = 'neon' DESC LIMIT 1 \gset
SET vdb.simd = scalar;
\set VERBOSITY sqlstate
SET vdb.simd = :missing;
SET vdb.simd = sse2;
SET vdb.simd = '';
\set VERBOSITY default
SET vdb.simd = sse2;
SHOW vdb.simd;
SELECT name FROM vdb_simd_variants() WHERE active;
-- RESET, SET LOCAL and a rollback choose the kernels again
BEGIN;
SET LOCAL vdb.simd = auto;
SELECT current_setting('vdb.simd');
ROLLBACK;
SELECT name FROM vdb_simd_variants() WHERE active;
RESET vdb.simd;
SHOW vdb.simd;

-- the distances of all levels agree to 1e-5, at every number of elements around the widths
-- of registers and blocks
CREATE TABLE lengths AS
	SELECT n, array_agg(sin(n * 37 + i) * 10 ORDER BY i)::vector AS a,
		array_agg(cos(n * 11 + i * 3) * 10 + 1 ORDER BY i)::vector AS b
	FROM (SELECT generate_series(1, 300)
		UNION SELECT unnest(ARRAY[511, 512, 513, 768, 1023, 1024, 1536, 2000, 4097, 16000])) s (n),
		generate_series(1, n) i GROUP BY n;
CREATE FUNCTION distances(level text) RETURNS TABLE (n integer, l2 float8, ip float8, cosine float8,
	l1 float8, norm float8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('vdb.simd', level, false);
	RETURN QUERY SELECT l.n, a <-> b, a <#> b, a <=> b, a <+> b, vector_norm(a) FROM lengths l;
END $$;
CREATE TABLE reference AS SELECT * FROM distances('scalar');
SELECT count(*) FROM reference;
-- inner products cancel out: they are compared with the product of the norms
SELECT count(*) AS different
FROM vdb_simd_variants() v, distances(v.name) d JOIN reference r USING (n) JOIN lengths USING (n)
WHERE supported AND NOT (abs(d.l2 - r.l2) <= 1e-5 * r.l2
	AND abs(d.ip - r.ip) <= 1e-5 * vector_norm(a) * vector_norm(b)
	AND abs(d.cosine - r.cosine) <= 1e-5 AND abs(d.l1 - r.l1) <= 1e-5 * r.l1
		AND abs(d.norm - r.norm) <= 1e-5 * r.norm);
-- bits are counted alike, and the distances of sparse vectors agree
SELECT count(*) AS different
FROM vdb_simd_variants() v, set_config('vdb.simd', v.name, false) s, LATERAL (
	SELECT *, length(replace((x # y)::text, '0', '')) AS hamming,
		length(replace((x & y)::text, '0', '')) AS shared,
		length(replace((x | y)::text, '0', '')) AS total
	FROM (SELECT binary_quantize(a)::varbit AS x, binary_quantize(b)::varbit AS y, a, b FROM lengths
		WHERE s IS NOT NULL) q) bits
WHERE supported AND (x <~> y <> hamming OR x <%> y <> CASE shared WHEN 0 THEN 1
	ELSE 1 - shared::float8 / total END);
SELECT count(*) AS different
FROM vdb_simd_variants() v, set_config('vdb.simd', v.name, false) s, LATERAL (
	SELECT array_agg(CASE WHEN i * 7 % (n % 11 + 1) = 0 THEN i % 5 - 2 ELSE 0 END ORDER BY i) AS a,
		array_agg(CASE WHEN i * 5 % (n % 7 + 1) = 0 THEN i % 9 - 4 ELSE 0 END ORDER BY i) AS b
	FROM generate_series(1, 200) n, generate_series(1, n) i WHERE s IS NOT NULL GROUP BY n) x
WHERE supported AND (a::sparsevec <-> b::sparsevec <> a::vector <-> b::vector
	OR a::sparsevec <#> b::sparsevec <> a::vector <#> b::vector
	OR a::sparsevec <+> b::sparsevec <> a::vector <+> b::vector);
-- whole numbers are exact on all levels
SELECT count(*) AS different FROM vdb_simd_variants() v, generate_series(1, 200) n,
	set_config('vdb.simd', v.name, false) s,
	LATERAL (SELECT array_agg(i % 7 - 3 ORDER BY i)::vector AS a,
		array_agg(i % 5 ORDER BY i)::vector AS b, sum((i % 7 - 3) * (i % 5)) AS dot
		FROM generate_series(1, n) i WHERE s IS NOT NULL) x
WHERE supported AND inner_product(a, b) <> dot;
-- so are the special cases: overflow, and no direction
SELECT count(DISTINCT d::text) FROM vdb_simd_variants() v, set_config('vdb.simd', v.name, false) s,
	LATERAL (SELECT array_agg(ARRAY[a <-> b, a <#> b, a <=> b, a <+> b]) AS d
		FROM (VALUES (0.0), (3e38), (-3e38)) x (x), (VALUES (0.0), (3e38)) y (y),
		LATERAL (SELECT array_fill(x::real, ARRAY[33])::vector AS a,
			array_fill(y::real, ARRAY[33])::vector AS b WHERE s IS NOT NULL) z) w
WHERE supported;
-- halfvecs give the bits of the same values in vectors, and are rounded alike, on each level
CREATE TABLE halves AS SELECT n, a AS v, a::halfvec AS a, b::halfvec AS b FROM lengths;
SELECT count(*) AS different FROM vdb_simd_variants() s, set_config('vdb.simd', s.name, false) c,
	halves,
	LATERAL (SELECT a::vector AS x, b::vector AS y, v::halfvec AS h WHERE c IS NOT NULL) w
WHERE supported AND NOT (a <-> b = x <-> y AND a <#> b = x <#> y AND a <=> b = x <=> y
	AND a <+> b = x <+> y AND h = a);
RESET vdb.simd;
DROP TABLE lengths, reference, halves;
DROP FUNCTION distances;

-- codes have the same bits on all levels: an index that is built and filled with one is
-- sound to every other
CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg((hashint8(seed * 20000::bigint + d) % 10000) / 1000.0 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';
CREATE FUNCTION cross_check(dims integer, nrows integer, opclass text, OUT pairs integer,
	OUT sound integer) LANGUAGE plpgsql AS $$
DECLARE
	builder text;
	reader text;
BEGIN
	pairs := 0;
	sound := 0;
	FOR builder IN SELECT name FROM vdb_simd_variants() WHERE supported LOOP
		PERFORM choose(builder);
		EXECUTE format('CREATE TABLE t (v vector(%s))', dims);
		INSERT INTO t SELECT hash_vector(i, dims) FROM generate_series(1, nrows / 2) i;
		EXECUTE format('CREATE INDEX t_idx ON t USING ivfkm (v %s) WITH (lists = 4)', opclass);
		INSERT INTO t SELECT hash_vector(i, dims) FROM generate_series(nrows / 2 + 1, nrows) i;
		FOR reader IN SELECT name FROM vdb_simd_variants() WHERE supported LOOP
			PERFORM choose(reader);
			pairs := pairs + 1;
			IF vdb_index_check('t_idx') = nrows THEN
				sound := sound + 1;
			END IF;
		END LOOP;
		DROP TABLE t;
	END LOOP;
	PERFORM choose('auto');
END $$;
SELECT dims, opclass, pairs = (SELECT count(*) ^ 2 FROM vdb_simd_variants()
	WHERE supported) AS all_pairs, pairs = sound AS sound
FROM unnest(ARRAY[1, 7, 32, 100, 384, 2000, 4000]) dims,
	unnest(ARRAY['vector_l2_ops', 'vector_ip_ops', 'vector_cosine_ops']) opclass,
	cross_check(dims, CASE WHEN dims <= 100 THEN 300 ELSE 40 END, opclass)
ORDER BY dims, opclass;
DROP FUNCTION cross_check, hash_vector, choose;
RESET vdb.simd;
