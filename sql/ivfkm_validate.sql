--
-- Operator classes of ivfkm, and what amvalidate() says of broken ones
--

SELECT opcname, opcintype::regtype, opcdefault, amvalidate(o.oid)
FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod WHERE amname = 'ivfkm'
	ORDER BY opcname COLLATE "C";
SELECT opfname, amopopr::regoperator, amopstrategy, amoppurpose, amopsortfamily = (SELECT oid
	FROM pg_opfamily
	WHERE opfname = 'float_ops' AND opfmethod = (SELECT oid FROM pg_am WHERE amname = 'btree')) AS
		float_ops
FROM pg_amop JOIN pg_opfamily f ON f.oid = amopfamily JOIN pg_am a ON a.oid = opfmethod
WHERE amname = 'ivfkm' ORDER BY opfname COLLATE "C", amopopr::regoperator::text COLLATE "C";
SELECT opfname, amprocnum, amproc FROM pg_amproc JOIN pg_opfamily f ON f.oid = amprocfamily
	JOIN pg_am a ON a.oid = opfmethod
WHERE amname = 'ivfkm' ORDER BY opfname COLLATE "C", amproc::text COLLATE "C";

CREATE FUNCTION is_valid(opclass text) RETURNS boolean LANGUAGE sql
	AS
	'SELECT amvalidate(o.oid) FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod '
	'WHERE opcname = opclass AND amname = ''ivfkm''';

-- a sound one
CREATE OPERATOR CLASS own_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_l2_support(internal);
SELECT is_valid('own_ops');
-- no support function
CREATE OPERATOR CLASS no_function_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops;
SELECT is_valid('no_function_ops');
-- no operator
CREATE OPERATOR CLASS no_operator_ops FOR TYPE vector USING ivfkm AS
	FUNCTION 1 ivfkm_vector_l2_support(internal);
SELECT is_valid('no_operator_ops');
-- nothing
CREATE OPERATOR CLASS nothing_ops FOR TYPE vector USING ivfkm AS
	STORAGE vector;
SELECT is_valid('nothing_ops');
-- support functions of another signature
CREATE OPERATOR CLASS argument_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_dims(vector);
SELECT is_valid('argument_ops');
CREATE OPERATOR CLASS result_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkmhandler(internal);
SELECT is_valid('result_ops');
-- a search operator
CREATE OPERATOR CLASS search_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 = (vector, vector),
	FUNCTION 1 ivfkm_vector_l2_support(internal);
SELECT is_valid('search_ops');
-- a distance as a search operator
CREATE OPERATOR CLASS purpose_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector),
	FUNCTION 1 ivfkm_vector_l2_support(internal);
-- a comparison as a distance
CREATE OPERATOR CLASS comparison_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 < (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_l2_support(internal);
SELECT is_valid('comparison_ops');
-- another strategy number
CREATE OPERATOR CLASS strategy_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 2 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_l2_support(internal);
SELECT is_valid('strategy_ops');
-- an order in which the distance cannot be sorted
CREATE OPERATOR CLASS sort_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY integer_ops,
	FUNCTION 1 ivfkm_vector_l2_support(internal);
SELECT is_valid('sort_ops');
-- another type
CREATE FUNCTION distance_to_array(vector, real[]) RETURNS float8
	LANGUAGE sql IMMUTABLE AS 'SELECT $1 <-> $2::vector';
CREATE OPERATOR <<->> (LEFTARG = vector, RIGHTARG = real[], FUNCTION = distance_to_array);
ALTER OPERATOR FAMILY own_ops USING ivfkm ADD OPERATOR 1 <<->> (vector, real[]) FOR
	ORDER BY float_ops;
SELECT is_valid('own_ops');
ALTER OPERATOR FAMILY own_ops USING ivfkm DROP OPERATOR 1 (vector, real[]);
SELECT is_valid('own_ops');

-- attributes: a sound one, and one with an operator of the family's other types
CREATE OPERATOR CLASS attribute_ops FOR TYPE integer USING ivfkm AS
	OPERATOR 3 = (integer, integer), OPERATOR 1 < (integer, bigint),
	OPERATOR 5 > (integer, integer),
	FUNCTION 2 ivfkm_int4_support(internal);
SELECT is_valid('attribute_ops');
-- no equality, another strategy, no boolean, an order
CREATE OPERATOR CLASS no_equality_ops FOR TYPE integer USING ivfkm AS
	OPERATOR 1 < (integer, integer),
	FUNCTION 2 ivfkm_int4_support(internal);
SELECT is_valid('no_equality_ops');
CREATE OPERATOR CLASS eight_ops FOR TYPE integer USING ivfkm AS
	OPERATOR 3 = (integer, integer), OPERATOR 8 < (integer, integer),
	FUNCTION 2 ivfkm_int4_support(internal);
SELECT is_valid('eight_ops');
CREATE OPERATOR CLASS order_ops FOR TYPE integer USING ivfkm AS
	OPERATOR 3 = (integer, integer), OPERATOR 1 - (integer, integer) FOR ORDER BY integer_ops,
	FUNCTION 2 ivfkm_int4_support(internal);
SELECT is_valid('order_ops');
-- no function, and both of them
CREATE OPERATOR CLASS no_image_ops FOR TYPE integer USING ivfkm AS
	OPERATOR 3 = (integer, integer);
SELECT is_valid('no_image_ops');
CREATE OPERATOR CLASS both_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_l2_support(internal),
	FUNCTION 2 ivfkm_int4_support(internal);
SELECT is_valid('both_ops');
-- a function between types
ALTER OPERATOR FAMILY attribute_ops
	USING ivfkm ADD FUNCTION 2 (integer, bigint) ivfkm_int4_support(internal);
SELECT is_valid('attribute_ops');

-- what the server refuses by itself
CREATE OPERATOR CLASS number_ops FOR TYPE vector USING ivfkm AS
	FUNCTION 3 ivfkm_vector_l2_support(internal);
CREATE OPERATOR CLASS zero_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 0 <-> (vector, vector) FOR ORDER BY float_ops;
CREATE OPERATOR CLASS storage_ops FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_l2_support(internal),
	STORAGE real[];
CREATE OPERATOR CLASS default_ops DEFAULT FOR TYPE vector USING ivfkm AS
	FUNCTION 1 ivfkm_vector_l2_support(internal);

-- an index of a sound one works, of one without support function does not
CREATE TABLE t (v vector(2));
INSERT INTO t VALUES ('[1,2]'), ('[3,4]');
CREATE INDEX t_idx ON t USING ivfkm (v own_ops);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <-> '[3,3]' LIMIT 1;
SELECT v FROM t ORDER BY v <-> '[3,3]' LIMIT 1;
RESET enable_seqscan;
SELECT vdb_index_check('t_idx');
\set VERBOSITY sqlstate
CREATE INDEX ON t USING ivfkm (v no_function_ops);
\set VERBOSITY default
DROP TABLE t;

DROP OPERATOR FAMILY own_ops USING ivfkm;
DROP OPERATOR FAMILY no_function_ops USING ivfkm;
DROP OPERATOR FAMILY no_operator_ops USING ivfkm;
DROP OPERATOR FAMILY nothing_ops USING ivfkm;
DROP OPERATOR FAMILY argument_ops USING ivfkm;
DROP OPERATOR FAMILY result_ops USING ivfkm;
DROP OPERATOR FAMILY search_ops USING ivfkm;
DROP OPERATOR FAMILY comparison_ops USING ivfkm;
DROP OPERATOR FAMILY strategy_ops USING ivfkm;
DROP OPERATOR FAMILY sort_ops USING ivfkm;
DROP OPERATOR FAMILY attribute_ops USING ivfkm;
DROP OPERATOR FAMILY no_equality_ops USING ivfkm;
DROP OPERATOR FAMILY eight_ops USING ivfkm;
DROP OPERATOR FAMILY order_ops USING ivfkm;
DROP OPERATOR FAMILY no_image_ops USING ivfkm;
DROP OPERATOR FAMILY both_ops USING ivfkm;
DROP OPERATOR <<->> (vector, real[]);
DROP FUNCTION distance_to_array, is_valid;
SELECT count(*) FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod WHERE amname = 'ivfkm';

-- properties that core asks the access method for
CREATE TABLE property (v vector(2), id integer);
CREATE INDEX property_idx ON property USING ivfkm (v, id);
SELECT p, pg_index_column_has_property('property_idx', 1, p)
FROM unnest(ARRAY['asc', 'desc', 'orderable', 'distance_orderable', 'returnable', 'search_array',
	'search_nulls']) p;
SELECT pg_index_column_has_property('property_idx', 2, 'distance_orderable');
SELECT p, pg_indexam_has_property(oid, p) FROM pg_am,
	unnest(ARRAY['can_order', 'can_unique', 'can_multi_col', 'can_exclude', 'can_include']) p
WHERE amname = 'ivfkm';
DROP TABLE property;
