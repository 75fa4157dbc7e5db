--
-- ivfkm: refine codes of each width
--

CREATE FUNCTION hash_vector(seed integer, dims integer) RETURNS vector
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS
	'SELECT array_agg(hashint8(seed * 20000::bigint + d) % 100 ORDER BY d)::vector '
	'FROM generate_series(1, dims) d';

-- distances in the order in which an exhaustive search through the index gives them
CREATE FUNCTION by_index(relation regclass, op text, q vector, n integer) RETURNS float8[]
	LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_sort = off SET ivfkm.probes = 1000 SET ivfkm.epsilon = 100
	AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE
		format('SELECT array_agg(d) FROM (SELECT v %s $1 AS d FROM %s '
		'ORDER BY v %1$s $1 LIMIT $2) s', op, relation) INTO result USING q, n;
	RETURN result;
END $$;

CREATE FUNCTION by_sort(relation regclass, op text, q vector, n integer) RETURNS float8[]
	LANGUAGE plpgsql
	SET enable_indexscan = off AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE format('SELECT array_agg(d) FROM (SELECT v %s $1 AS d FROM %s ORDER BY 1 LIMIT $2) s',
		op, relation) INTO result USING q, n;
	RETURN result;
END $$;

-- the option
CREATE TABLE t (id integer, v vector(24)) WITH (autovacuum_enabled = off);
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (refine_bits = 5);
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (refine_bits = -1);
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (refine_bits = 'none');
CREATE INDEX t_idx ON t USING ivfkm (v) WITH (refine_bits = auto);
SELECT refine_bits, bytes_refine FROM ivfkm_info('t_idx');
ALTER INDEX t_idx SET (refine_bits = 4);
SELECT refine_bits FROM ivfkm_info('t_idx');
REINDEX INDEX t_idx;
SELECT refine_bits FROM ivfkm_info('t_idx');
DROP TABLE t;
-- where records of that width do not fit on a page, or units not on their pages
CREATE TABLE t (a vector(999), b vector(1000));
CREATE INDEX t_a ON t USING ivfkm (a);
CREATE INDEX t_b ON t USING ivfkm (b);
SELECT i, refine_bits FROM unnest(ARRAY['t_a', 't_b']) i, ivfkm_info(i::regclass);
DROP TABLE t;
CREATE TABLE wide (a vector(8080), b vector(8081), c vector(15968), d vector(15969));
CREATE INDEX wide_a ON wide USING ivfkm (a) WITH (refine_bits = 8);
CREATE INDEX wide_b ON wide USING ivfkm (b) WITH (refine_bits = 8);
CREATE INDEX wide_c ON wide USING ivfkm (c);
CREATE INDEX wide_d ON wide USING ivfkm (d) WITH (refine_bits = 4);
SELECT i, refine_bits FROM unnest(ARRAY['wide_a', 'wide_b', 'wide_c', 'wide_d']) i,
	ivfkm_info(i::regclass);
INSERT INTO wide SELECT hash_vector(i, 8080), hash_vector(i, 8081), hash_vector(i, 15968),
	hash_vector(i, 15969) FROM generate_series(1, 20) i;
SELECT i, vdb_index_check(i::regclass) FROM unnest(ARRAY['wide_a', 'wide_b', 'wide_c', 'wide_d']) i;
REINDEX TABLE wide;
SELECT i, vdb_index_check(i::regclass) FROM unnest(ARRAY['wide_a', 'wide_b', 'wide_c', 'wide_d']) i;
DROP TABLE wide;

-- each width and operator: build, insert, delete, reuse of the records, REINDEX
CREATE FUNCTION try(bits integer, opclass text, op text)
	RETURNS TABLE (step text, checked boolean, equal boolean) LANGUAGE plpgsql AS $$
BEGIN
	CREATE TABLE t (id integer, v vector(24)) WITH (autovacuum_enabled = off);
	INSERT INTO t SELECT i, hash_vector(i, 24) FROM generate_series(1, 600) i;
	-- equal vectors, a zero vector, one of another order of magnitude
	INSERT INTO t SELECT 1000 + i, hash_vector(7, 24) FROM generate_series(1, 40) i;
	INSERT INTO t VALUES (2000, array_fill(0, ARRAY[24])), (2001, array_fill(1e25, ARRAY[24])),
		(2002, NULL);
	EXECUTE format('CREATE INDEX t_idx ON t USING ivfkm (v %s) WITH (lists = 5, refine_bits = %s)',
		opclass, bits);
	step := 'built';
	checked := vdb_index_check('t_idx') = 643;
	equal := by_index('t', op, hash_vector(7, 24), 700) = by_sort('t', op, hash_vector(7, 24), 700);
	RETURN NEXT;
	INSERT INTO t SELECT i, hash_vector(i, 24) FROM generate_series(3001, 4000) i;
	step := 'inserted';
	checked := vdb_index_check('t_idx') = 1643;
	equal := by_index('t', op, hash_vector(0, 24), 1700) = by_sort('t', op, hash_vector(0, 24),
		1700);
	RETURN NEXT;
	DELETE FROM t WHERE id % 3 = 0;
	step := 'deleted';
	checked := vdb_index_check('t_idx') = 1643;
	equal := by_index('t', op, hash_vector(1, 24), 1700) = by_sort('t', op, hash_vector(1, 24),
		1700);
	RETURN NEXT;
END $$;
CREATE FUNCTION try_again(op text) RETURNS TABLE (step text, checked boolean, equal boolean)
	LANGUAGE plpgsql AS $$
BEGIN
	step := 'vacuumed';
	checked := vdb_index_check('t_idx') = (SELECT count(*) FROM t);
	equal := by_index('t', op, hash_vector(2, 24), 1700) = by_sort('t', op, hash_vector(2, 24),
		1700);
	RETURN NEXT;
	INSERT INTO t SELECT i, hash_vector(i, 24) FROM generate_series(5001, 5500) i;
	step := 'refilled';
	checked := vdb_index_check('t_idx') = (SELECT count(*) FROM t);
	equal := by_index('t', op, hash_vector(3, 24), 1700) = by_sort('t', op, hash_vector(3, 24),
		1700);
	RETURN NEXT;
	REINDEX INDEX t_idx;
	step := 'rebuilt';
	checked := vdb_index_check('t_idx') = (SELECT count(*) FROM t);
	equal := by_index('t', op, hash_vector(4, 24), 1700) = by_sort('t', op, hash_vector(4, 24),
		1700);
	RETURN NEXT;
	DROP TABLE t;
END $$;
SELECT * FROM try(0, 'vector_l2_ops', '<->');
VACUUM t;
SELECT * FROM try_again('<->');
SELECT * FROM try(4, 'vector_l2_ops', '<->');
VACUUM t;
-- freed slots keep their records
SELECT bytes_refine AS before FROM ivfkm_info('t_idx') \gset
INSERT INTO t SELECT i, hash_vector(i, 24) FROM generate_series(7001, 7100) i;
SELECT bytes_refine = :before AS reused FROM ivfkm_info('t_idx');
SELECT * FROM try_again('<->');
SELECT * FROM try(8, 'vector_l2_ops', '<->');
VACUUM t;
SELECT * FROM try_again('<->');
SELECT * FROM try(4, 'vector_ip_ops', '<#>');
VACUUM t;
SELECT * FROM try_again('<#>');
SELECT * FROM try(8, 'vector_ip_ops', '<#>');
VACUUM t;
SELECT * FROM try_again('<#>');
SELECT * FROM try(4, 'vector_cosine_ops', '<=>');
VACUUM t;
SELECT * FROM try_again('<=>');
SELECT * FROM try(8, 'vector_cosine_ops', '<=>');
VACUUM t;
SELECT * FROM try_again('<=>');

-- a list with more refine pages than are kept in memory while it is written
CREATE TABLE long (v vector(8000)) WITH (autovacuum_enabled = off);
ALTER TABLE long ALTER v SET STORAGE EXTENDED;
INSERT INTO long SELECT array_fill(i, ARRAY[8000]) FROM generate_series(1, 600) i;
CREATE INDEX long_idx ON long USING ivfkm (v) WITH (lists = 1, refine_bits = 8);
SELECT vdb_index_check('long_idx'), bytes_refine / current_setting('block_size')::integer AS pages
	FROM ivfkm_info('long_idx');
SELECT by_index('long', '<->', array_fill(100, ARRAY[8000])::vector, 20) = by_sort('long', '<->',
	array_fill(100, ARRAY[8000])::vector, 20) AS equal;
DROP TABLE long;

DROP FUNCTION hash_vector, by_index, by_sort, try, try_again;
