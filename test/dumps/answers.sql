-- Asked of the database that the dump was made of and of every one it is restored into.  Each
-- answer is exact, and rounded where single precision may differ.
SET enable_indexscan = off;
SELECT id, category, v, h, b, s, loose, parts FROM items ORDER BY id;
SELECT id, round((v <-> '[1,2,3,-1]')::numeric, 3) FROM items WHERE id < 61 ORDER BY 2, 1 LIMIT 8;
SELECT id, round((v <#> '[1,2,3,-1]')::numeric, 3) FROM items WHERE id < 61 ORDER BY 2, 1 LIMIT 8;
SELECT id, round((v <=> '[1,2,3,-1]')::numeric, 3) FROM items WHERE id < 61 ORDER BY 2, 1 LIMIT 8;
SELECT id, round((v <+> '[1,2,3,-1]')::numeric, 3) FROM items WHERE id < 61 ORDER BY 2, 1 LIMIT 8;
SELECT id, round((h <-> '[1,2,3,-1]')::numeric, 3) FROM items WHERE id < 61 ORDER BY 2, 1 LIMIT 8;
SELECT id, round((h <=> '[1,2,3,-1]')::numeric, 3) FROM items WHERE id < 61 ORDER BY 2, 1 LIMIT 8;
SELECT id, b <~> '1010101010101010', round((b <%> '1010101010101010')::numeric, 3) FROM items
	WHERE id < 61 ORDER BY 2, 3, 1 LIMIT 8;
SELECT id, round((s <-> '{1:1,2:2,12:-3}/20')::numeric, 3) FROM items WHERE id < 61
	ORDER BY 2, 1 LIMIT 8;
SELECT id, round((s <#> '{1:1,2:2,12:-3}/20')::numeric, 3) FROM items WHERE id < 61
	ORDER BY 2, 1 LIMIT 8;
SELECT id FROM items ORDER BY v, id LIMIT 8;
SELECT * FROM app.units ORDER BY u;
SELECT id, md5(note), v FROM app.parts ORDER BY id;
SELECT id, round(distance::numeric, 3) FROM app.near;
SELECT category, vector_dims(v), round(vector_norm(v)::numeric, 2), h FROM app.averages
	WHERE category < 'd' ORDER BY category;
SELECT * FROM app.search('[1,2,3,-1]');
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'short';
SELECT obj_description('items_v_hnsw_l2'::regclass);
