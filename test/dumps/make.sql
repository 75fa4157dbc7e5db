-- The database that pgvector_0.8.6.sql is the dump of: every type, operator class and kind of
-- object that an application has.  Made with pgvector; see README.md.
CREATE EXTENSION vector;

CREATE TABLE items (
	id integer PRIMARY KEY,
	category text NOT NULL,
	v vector(4) NOT NULL,
	h halfvec(4),
	b bit(16),
	s sparsevec(20),
	loose vector,
	parts vector(2)[],
	CONSTRAINT short CHECK (vector_norm(v) < 1000)
);
INSERT INTO items
SELECT i, 'c' || i % 4,
	ARRAY[i % 13, i % 7 - 3, (i * i) % 11 / 4.0, -i / 100.0]::vector,
	ARRAY[i % 5 - 2, i % 9, i % 3, 0.5]::halfvec,
	(i * 2654435761 % 65536)::integer::bit(16),
	format('{%s:%s,%s:%s}/20', i % 9 + 1, i % 10 + 1, i % 10 + 11, -i / 16.0)::sparsevec,
	CASE WHEN i % 3 > 0 THEN (SELECT array_agg(n)::integer[]::vector
		FROM generate_series(1, i % 3 + 1) n) END,
	ARRAY[ARRAY[i, 1]::vector(2), ARRAY[1, i]::vector(2)]
FROM generate_series(1, 60) i;
INSERT INTO items VALUES (61, 'E''x', '[1e-20,-3.4e+38,0.1,-0]'::vector(4) * '[1,1e-37,1,1]',
	'[65504,-6e-08,0.1,1]', NULL,
	'{}/20', '[1]', '{}');

-- one index of every operator class, options and settings of every kind
CREATE INDEX items_v_hnsw_l2 ON items USING hnsw (v vector_l2_ops);
CREATE INDEX items_v_hnsw_ip ON items USING hnsw (v vector_ip_ops) WITH (m = 8);
CREATE INDEX items_v_hnsw_cosine ON items USING hnsw (v vector_cosine_ops)
	WITH (m = 16, ef_construction = 64);
CREATE INDEX items_v_hnsw_l1 ON items USING hnsw (v vector_l1_ops);
CREATE INDEX items_h_hnsw_l2 ON items USING hnsw (h halfvec_l2_ops);
CREATE INDEX items_h_hnsw_ip ON items USING hnsw (h halfvec_ip_ops);
CREATE INDEX items_h_hnsw_cosine ON items USING hnsw (h halfvec_cosine_ops);
CREATE INDEX items_h_hnsw_l1 ON items USING hnsw (h halfvec_l1_ops);
CREATE INDEX items_b_hnsw_hamming ON items USING hnsw (b bit_hamming_ops);
CREATE INDEX items_b_hnsw_jaccard ON items USING hnsw (b bit_jaccard_ops);
CREATE INDEX items_s_hnsw_l2 ON items USING hnsw (s sparsevec_l2_ops);
CREATE INDEX items_s_hnsw_ip ON items USING hnsw (s sparsevec_ip_ops);
CREATE INDEX items_s_hnsw_cosine ON items USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX items_s_hnsw_l1 ON items USING hnsw (s sparsevec_l1_ops) WITH (ef_construction = 100);
CREATE INDEX items_v_ivfflat_l2 ON items USING ivfflat (v) WITH (lists = 4);
CREATE INDEX items_v_ivfflat_ip ON items USING ivfflat (v vector_ip_ops) WITH (lists = 4);
CREATE INDEX items_v_ivfflat_cosine ON items USING ivfflat (v vector_cosine_ops) WITH (lists = 4)
	WHERE category = 'c1';
CREATE INDEX items_h_ivfflat_l2 ON items USING ivfflat (h halfvec_l2_ops) WITH (lists = 4);
CREATE INDEX items_h_ivfflat_ip ON items USING ivfflat (h halfvec_ip_ops);
CREATE INDEX items_h_ivfflat_cosine ON items USING ivfflat (h halfvec_cosine_ops);
CREATE INDEX items_b_ivfflat_hamming ON items USING ivfflat (b bit_hamming_ops) WITH (lists = 1);
CREATE INDEX items_half ON items USING hnsw ((v::halfvec(4)) halfvec_l2_ops);
CREATE INDEX items_loose ON items USING hnsw ((loose::vector(2)) vector_l2_ops)
	WHERE vector_dims(loose) = 2;
CREATE INDEX items_binary ON items USING hnsw ((binary_quantize(v)::bit(4)) bit_hamming_ops);
CREATE INDEX items_btree ON items (v);
COMMENT ON INDEX items_v_hnsw_l2 IS 'nearest by <->; USING hnsw (v) in a comment';

-- what else may name the types, functions and settings
CREATE SCHEMA app;
CREATE DOMAIN app.unit AS vector(2) CHECK (vector_norm(VALUE) < 1.001);
CREATE TABLE app.units (u app.unit DEFAULT '[0,1]',
	doubled vector(2) GENERATED ALWAYS AS ((u::vector) + (u::vector)) STORED);
INSERT INTO app.units VALUES ('[1,0]'), (DEFAULT);
CREATE TABLE app.parts (id integer, note text, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES FROM (0) TO (10);
CREATE TABLE app.parts_2 PARTITION OF app.parts FOR VALUES FROM (10) TO (20);
CREATE INDEX parts_v ON app.parts USING hnsw (v vector_ip_ops);
CREATE INDEX parts_v_l1 ON app.parts USING hnsw (v vector_l1_ops);
INSERT INTO app.parts SELECT i,
	E'USING hnsw (v vector_l1_ops) WITH (m=''16'');\nCREATE EXTENSION vector;',
	ARRAY[i, 1, -i]::vector
	FROM generate_series(1, 19) i;
CREATE VIEW app.near AS SELECT id, v <-> '[1,2,3]' AS distance FROM app.parts
	ORDER BY v <-> '[1,2,3]' LIMIT 3;
CREATE MATERIALIZED VIEW app.averages AS SELECT category, avg(v) AS v, sum(h) AS h
	FROM items GROUP BY category;
CREATE FUNCTION app.search(query vector) RETURNS SETOF integer
	LANGUAGE sql STABLE SET hnsw.ef_search TO '100'
	AS 'SELECT id FROM public.items ORDER BY v <=> query, id LIMIT 5';
