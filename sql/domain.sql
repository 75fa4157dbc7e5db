--
-- Domains over the types: their type modifier is that of the type below
--

CREATE DOMAIN emb AS vector(3);
CREATE DOMAIN emb_checked AS emb CHECK (vector_norm(VALUE) > 0);
CREATE DOMAIN emb_half AS halfvec(3) NOT NULL;
CREATE DOMAIN emb_bit AS bit(8);
CREATE DOMAIN emb_free AS vector;
CREATE DOMAIN emb_varbit AS bit varying(8);

CREATE TABLE d (id integer, e emb, c emb_checked, h emb_half, b emb_bit, f emb_free, r emb_varbit);
INSERT INTO d SELECT i, x, x, x, i::bit(8), x, i::bit(8)::varbit FROM generate_series(1, 100) i,
	LATERAL (SELECT ARRAY[i, i * i % 17, 1]::vector) a (x);
INSERT INTO d VALUES (101, '[1,2]', '[1,2,3]', '[1,2,3]', B'00000000', '[1]', B'0');
INSERT INTO d VALUES (101, '[1,2,3]', '[0,0,0]', '[1,2,3]', B'00000000', '[1]', B'0');

-- indexes find their dimensions, and refuse domains that have none
CREATE INDEX d_e ON d USING ivfkm (e);
CREATE INDEX d_c ON d USING ivfkm (c vector_cosine_ops);
CREATE INDEX d_h ON d USING ivfkm (h halfvec_ip_ops);
CREATE INDEX d_b ON d USING ivfkm (b bit_hamming_ops);
CREATE INDEX ON d USING ivfkm (f);
CREATE INDEX ON d USING ivfkm (r bit_hamming_ops);
CREATE INDEX d_x ON d USING ivfkm ((f::emb));

-- and are used
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM d ORDER BY e <-> '[7,15,1]' LIMIT 1;
SELECT id FROM d ORDER BY e <-> '[7,15,1]' LIMIT 1;
EXPLAIN (COSTS OFF) SELECT id FROM d ORDER BY c <=> '[7,15,1]' LIMIT 1;
SELECT id FROM d ORDER BY c <=> '[7,15,1]' LIMIT 1;
EXPLAIN (COSTS OFF) SELECT id FROM d ORDER BY h <#> '[7,15,1]' LIMIT 1;
SELECT id FROM d ORDER BY h <#> '[7,15,1]' LIMIT 1;
EXPLAIN (COSTS OFF) SELECT id FROM d ORDER BY b <~> B'00000111' LIMIT 1;
SELECT id FROM d ORDER BY b <~> B'00000111' LIMIT 1;
EXPLAIN (COSTS OFF) SELECT id FROM d ORDER BY f::emb <-> '[7,15,1]' LIMIT 1;
SELECT id FROM d ORDER BY f::emb <-> '[7,15,1]' LIMIT 1;
RESET enable_seqscan;
SELECT count(*) FROM (SELECT vdb_index_check(i)
	FROM unnest(ARRAY['d_e', 'd_c', 'd_h', 'd_b', 'd_x']::regclass[]) i) c;

-- casts to a domain check its dimensions, from whatever type
SELECT '[1,2]'::emb;
SELECT '[1,2]'::vector::emb;
SELECT ARRAY[1,2]::emb;
SELECT '[1,2]'::halfvec::vector::emb;
SELECT '{1:1}/2'::sparsevec::vector::emb;
SELECT '[1,2]'::vector::emb_half;
SELECT ARRAY[1,2,3]::emb, '[1,2,3]'::halfvec::vector::emb, '[1,2,3]'::emb::halfvec::emb_half,
	'[1,2,3]'::emb::real[], '{1:1}/3'::sparsevec::vector::emb;

DROP TABLE d;
DROP DOMAIN emb_checked, emb, emb_half, emb_bit, emb_free, emb_varbit;
