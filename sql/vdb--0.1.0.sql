-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION vdb" to load this file. \quit

-- An access method has no schema: one extension of a database can have it, "vdb" or, where
-- pgvector's names are offered too, "vector".
DO $$
DECLARE
	owner name := (
		SELECT extname FROM pg_am a
			JOIN pg_depend d ON d.classid = 'pg_am'::regclass AND d.objid = a.oid
				AND d.deptype = 'e'
			JOIN pg_extension e ON e.oid = d.refobjid
		WHERE amname = 'ivfkm');
BEGIN
	IF owner IS NOT NULL THEN
		RAISE EXCEPTION 'access method ivfkm already belongs to extension "%"', owner
			USING ERRCODE = 'duplicate_object',
				DETAIL =
					'Extensions "vdb" and "vector", as installed here, '
					'have the same types and functions.',
				HINT = 'Use the extension that is there, or drop it first.';
	END IF;
END
$$;

-- What the planner is told about the distances of all types

CREATE FUNCTION distance_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION distance_support(internal) IS 'planner support for distances';

CREATE FUNCTION max_sim_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION max_sim_support(internal) IS 'planner support for MaxSim';

---------------------------------------------------------------------------
-- Type vector
--
-- Names, signatures and texts follow pgvector, so that clients, dumps and
-- queries written for it work unchanged.
---------------------------------------------------------------------------

-- Type

CREATE TYPE vector;

CREATE FUNCTION vector_in(cstring, oid, integer) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_in(cstring, oid, integer) IS 'I/O';

CREATE FUNCTION vector_out(vector) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_out(vector) IS 'I/O';

CREATE FUNCTION vector_typmod_in(cstring[]) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_typmod_in(cstring[]) IS 'I/O typmod';

CREATE FUNCTION vector_recv(internal, oid, integer) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_recv(internal, oid, integer) IS 'I/O';

CREATE FUNCTION vector_send(vector) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_send(vector) IS 'I/O';

CREATE FUNCTION vector_subscript(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_subscript(internal) IS 'subscripting support';

CREATE TYPE vector (
	INPUT = vector_in,
	OUTPUT = vector_out,
	TYPMOD_IN = vector_typmod_in,
	RECEIVE = vector_recv,
	SEND = vector_send,
	SUBSCRIPT = vector_subscript,
	STORAGE = external
);
COMMENT ON TYPE vector IS 'single-precision vector';

-- Functions

CREATE FUNCTION l2_distance(vector, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vector_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION l2_distance(vector, vector) IS 'Euclidean distance';

CREATE FUNCTION l2_squared_distance(vector, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vector_l2_squared_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION l2_squared_distance(vector, vector) IS 'squared Euclidean distance';

CREATE FUNCTION inner_product(vector, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vector_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION inner_product(vector, vector) IS 'inner product';

CREATE FUNCTION cosine_distance(vector, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vector_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION cosine_distance(vector, vector) IS 'cosine distance';

CREATE FUNCTION l1_distance(vector, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vector_l1_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION l1_distance(vector, vector) IS 'taxicab distance';

CREATE FUNCTION max_sim(vector[], vector[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'vector_max_sim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT max_sim_support;
COMMENT ON FUNCTION max_sim(vector[], vector[])
	IS 'sum of the largest inner product of each of the second array''s vectors';

CREATE FUNCTION vector_dims(vector) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_dims(vector) IS 'number of dimensions';

CREATE FUNCTION vector_norm(vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vector_l2_norm' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_norm(vector) IS 'Euclidean norm';

CREATE FUNCTION l2_normalize(vector) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_l2_normalize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION l2_normalize(vector) IS 'vector divided by its Euclidean norm';

CREATE FUNCTION binary_quantize(vector) RETURNS bit
	AS 'MODULE_PATHNAME', 'vector_binary_quantize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION binary_quantize(vector) IS 'bit string with 1 for every element above 0';

CREATE FUNCTION binary_quantize(text) RETURNS bit
	AS 'MODULE_PATHNAME', 'vector_text_binary_quantize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION binary_quantize(text) IS 'bits of a vector in text form, as of a vector';

CREATE FUNCTION subvector(vector, integer, integer) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_subvector' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION subvector(vector, integer, integer) IS 'elements of vector from a position on';

-- Functions behind operators and operator classes

CREATE FUNCTION vector_l2_squared_distance(vector, vector) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION vector_l2_squared_distance(vector, vector) IS 'squared Euclidean distance';

CREATE FUNCTION vector_negative_max_sim(vector[], vector[]) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT max_sim_support;
COMMENT ON FUNCTION vector_negative_max_sim(vector[], vector[]) IS 'implementation of @# operator';

CREATE FUNCTION vector_negative_inner_product(vector, vector) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION vector_negative_inner_product(vector, vector)
	IS 'implementation of <#> operator';

CREATE FUNCTION vector_spherical_distance(vector, vector) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION vector_spherical_distance(vector, vector)
	IS 'angle between unit vectors over pi';

CREATE FUNCTION vector_add(vector, vector) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_add(vector, vector) IS 'implementation of + operator';

CREATE FUNCTION vector_sub(vector, vector) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_sub(vector, vector) IS 'implementation of - operator';

CREATE FUNCTION vector_mul(vector, vector) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_mul(vector, vector) IS 'implementation of * operator';

CREATE FUNCTION vector_concat(vector, vector) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_concat(vector, vector) IS 'implementation of || operator';

CREATE FUNCTION vector_lt(vector, vector) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_lt(vector, vector) IS 'implementation of < operator';

CREATE FUNCTION vector_le(vector, vector) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_le(vector, vector) IS 'implementation of <= operator';

CREATE FUNCTION vector_eq(vector, vector) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_eq(vector, vector) IS 'implementation of = operator';

CREATE FUNCTION vector_ne(vector, vector) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_ne(vector, vector) IS 'implementation of <> operator';

CREATE FUNCTION vector_ge(vector, vector) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_ge(vector, vector) IS 'implementation of >= operator';

CREATE FUNCTION vector_gt(vector, vector) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_gt(vector, vector) IS 'implementation of > operator';

CREATE FUNCTION vector_cmp(vector, vector) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_cmp(vector, vector) IS 'less-equal-greater';

CREATE FUNCTION vector_hash(vector) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_hash(vector) IS 'hash';

CREATE FUNCTION vector_hash_extended(vector, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_hash_extended(vector, bigint) IS 'hash with a seed';

-- Aggregates

CREATE FUNCTION vector_accum(double precision[], vector) RETURNS double precision[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_accum(double precision[], vector) IS 'aggregate transition function';

CREATE FUNCTION vector_avg(double precision[]) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_avg(double precision[]) IS 'aggregate final function';

CREATE FUNCTION vector_combine(double precision[], double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'dense_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_combine(double precision[], double precision[])
	IS 'aggregate combine function';

CREATE AGGREGATE avg(vector) (
	SFUNC = vector_accum,
	STYPE = double precision[],
	FINALFUNC = vector_avg,
	COMBINEFUNC = vector_combine,
	INITCOND = '{0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE avg(vector) IS 'mean of all vectors';

CREATE AGGREGATE sum(vector) (
	SFUNC = vector_add,
	STYPE = vector,
	COMBINEFUNC = vector_add,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sum(vector) IS 'sum of all vectors';

-- Casts

CREATE FUNCTION vector(vector, integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_cast' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector(vector, integer, boolean) IS 'check vector against type modifier';

CREATE FUNCTION jsonb_to_vector(jsonb, integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_to_vector(jsonb, integer, boolean) IS 'convert JSON array to vector';

CREATE FUNCTION array_to_vector(integer[], integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_vector(integer[], integer, boolean)
	IS 'convert integer array to vector';

CREATE FUNCTION array_to_vector(real[], integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_vector(real[], integer, boolean) IS 'convert real array to vector';

CREATE FUNCTION array_to_vector(double precision[], integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_vector(double precision[], integer, boolean)
	IS 'convert double precision array to vector';

CREATE FUNCTION array_to_vector(numeric[], integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_vector(numeric[], integer, boolean)
	IS 'convert numeric array to vector';

CREATE FUNCTION vector_to_float4(vector, integer, boolean) RETURNS real[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_to_float4(vector, integer, boolean) IS 'convert vector to real array';

CREATE CAST (vector AS vector)
	WITH FUNCTION vector(vector, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (vector AS vector) IS 'check against type modifier';

CREATE CAST (vector AS real[])
	WITH FUNCTION vector_to_float4(vector, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (vector AS real[]) IS 'elements as array';

CREATE CAST (jsonb AS vector)
	WITH FUNCTION jsonb_to_vector(jsonb, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS vector) IS 'elements of a JSON array as vector';

CREATE CAST (integer[] AS vector)
	WITH FUNCTION array_to_vector(integer[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (integer[] AS vector) IS 'array elements as vector';

CREATE CAST (real[] AS vector)
	WITH FUNCTION array_to_vector(real[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (real[] AS vector) IS 'array elements as vector';

CREATE CAST (double precision[] AS vector)
	WITH FUNCTION array_to_vector(double precision[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (double precision[] AS vector) IS 'array elements as vector';

CREATE CAST (numeric[] AS vector)
	WITH FUNCTION array_to_vector(numeric[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (numeric[] AS vector) IS 'array elements as vector';

-- Operators

CREATE OPERATOR <-> (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = l2_distance,
	COMMUTATOR = <->
);
COMMENT ON OPERATOR <-> (vector, vector) IS 'Euclidean distance';

CREATE OPERATOR <#> (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_negative_inner_product,
	COMMUTATOR = <#>
);
COMMENT ON OPERATOR <#> (vector, vector) IS 'negative inner product';

CREATE OPERATOR @# (
	LEFTARG = vector[], RIGHTARG = vector[], FUNCTION = vector_negative_max_sim
);
COMMENT ON OPERATOR @# (vector[], vector[]) IS 'negative MaxSim';

CREATE OPERATOR <=> (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = cosine_distance,
	COMMUTATOR = <=>
);
COMMENT ON OPERATOR <=> (vector, vector) IS 'cosine distance';

CREATE OPERATOR <+> (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = l1_distance,
	COMMUTATOR = <+>
);
COMMENT ON OPERATOR <+> (vector, vector) IS 'taxicab distance';

CREATE OPERATOR + (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_add,
	COMMUTATOR = +
);
COMMENT ON OPERATOR + (vector, vector) IS 'add element by element';

CREATE OPERATOR - (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_sub
);
COMMENT ON OPERATOR - (vector, vector) IS 'subtract element by element';

CREATE OPERATOR * (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_mul,
	COMMUTATOR = *
);
COMMENT ON OPERATOR * (vector, vector) IS 'multiply element by element';

CREATE OPERATOR || (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_concat
);
COMMENT ON OPERATOR || (vector, vector) IS 'concatenate';

CREATE OPERATOR < (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (vector, vector) IS 'less than';

CREATE OPERATOR <= (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (vector, vector) IS 'less than or equal';

CREATE OPERATOR = (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel,
	HASHES
);
COMMENT ON OPERATOR = (vector, vector) IS 'equal';

CREATE OPERATOR <> (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (vector, vector) IS 'not equal';

CREATE OPERATOR >= (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (vector, vector) IS 'greater than or equal';

CREATE OPERATOR > (
	LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (vector, vector) IS 'greater than';

-- Btree operator class

CREATE OPERATOR FAMILY vector_ops USING btree;
COMMENT ON OPERATOR FAMILY vector_ops USING btree IS 'order of vectors, element by element';

CREATE OPERATOR CLASS vector_ops
	DEFAULT FOR TYPE vector USING btree FAMILY vector_ops AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 vector_cmp(vector, vector);
COMMENT ON OPERATOR CLASS vector_ops USING btree IS 'order of vectors, element by element';

-- Hash operator class

CREATE OPERATOR FAMILY vector_ops USING hash;
COMMENT ON OPERATOR FAMILY vector_ops USING hash IS 'equality of vectors';

CREATE OPERATOR CLASS vector_ops
	DEFAULT FOR TYPE vector USING hash FAMILY vector_ops AS
	OPERATOR 1 =,
	FUNCTION 1 vector_hash(vector),
	FUNCTION 2 vector_hash_extended(vector, bigint);
COMMENT ON OPERATOR CLASS vector_ops USING hash IS 'equality of vectors';

---------------------------------------------------------------------------
-- Type halfvec
---------------------------------------------------------------------------

-- Type

CREATE TYPE halfvec;

CREATE FUNCTION halfvec_in(cstring, oid, integer) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_in(cstring, oid, integer) IS 'I/O';

CREATE FUNCTION halfvec_out(halfvec) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_out(halfvec) IS 'I/O';

CREATE FUNCTION halfvec_typmod_in(cstring[]) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_typmod_in(cstring[]) IS 'I/O typmod';

CREATE FUNCTION halfvec_recv(internal, oid, integer) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_recv(internal, oid, integer) IS 'I/O';

CREATE FUNCTION halfvec_send(halfvec) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_send(halfvec) IS 'I/O';

CREATE FUNCTION halfvec_subscript(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_subscript(internal) IS 'subscripting support';

CREATE TYPE halfvec (
	INPUT = halfvec_in,
	OUTPUT = halfvec_out,
	TYPMOD_IN = halfvec_typmod_in,
	RECEIVE = halfvec_recv,
	SEND = halfvec_send,
	SUBSCRIPT = halfvec_subscript,
	STORAGE = external
);
COMMENT ON TYPE halfvec IS 'half-precision vector';

-- Functions

CREATE FUNCTION l2_distance(halfvec, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'halfvec_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION l2_distance(halfvec, halfvec) IS 'Euclidean distance';

CREATE FUNCTION inner_product(halfvec, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'halfvec_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION inner_product(halfvec, halfvec) IS 'inner product';

CREATE FUNCTION cosine_distance(halfvec, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'halfvec_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION cosine_distance(halfvec, halfvec) IS 'cosine distance';

CREATE FUNCTION l1_distance(halfvec, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'halfvec_l1_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION l1_distance(halfvec, halfvec) IS 'taxicab distance';

CREATE FUNCTION max_sim(halfvec[], halfvec[]) RETURNS float8
	AS 'MODULE_PATHNAME', 'halfvec_max_sim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT max_sim_support;
COMMENT ON FUNCTION max_sim(halfvec[], halfvec[])
	IS 'sum of the largest inner product of each of the second array''s vectors';

CREATE FUNCTION vector_dims(halfvec) RETURNS integer
	AS 'MODULE_PATHNAME', 'halfvec_dims' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_dims(halfvec) IS 'number of dimensions';

CREATE FUNCTION l2_norm(halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'halfvec_l2_norm' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION l2_norm(halfvec) IS 'Euclidean norm';

CREATE FUNCTION l2_normalize(halfvec) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'halfvec_l2_normalize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION l2_normalize(halfvec) IS 'halfvec divided by its Euclidean norm';

CREATE FUNCTION binary_quantize(halfvec) RETURNS bit
	AS 'MODULE_PATHNAME', 'halfvec_binary_quantize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION binary_quantize(halfvec) IS 'bit string with 1 for every element above 0';

CREATE FUNCTION subvector(halfvec, integer, integer) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'halfvec_subvector' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION subvector(halfvec, integer, integer)
	IS 'elements of halfvec from a position on';

-- Functions behind operators and operator classes

CREATE FUNCTION halfvec_l2_squared_distance(halfvec, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION halfvec_l2_squared_distance(halfvec, halfvec) IS 'squared Euclidean distance';

CREATE FUNCTION halfvec_negative_max_sim(halfvec[], halfvec[]) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT max_sim_support;
COMMENT ON FUNCTION halfvec_negative_max_sim(halfvec[], halfvec[])
	IS 'implementation of @# operator';

CREATE FUNCTION halfvec_negative_inner_product(halfvec, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION halfvec_negative_inner_product(halfvec, halfvec)
	IS 'implementation of <#> operator';

CREATE FUNCTION halfvec_spherical_distance(halfvec, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION halfvec_spherical_distance(halfvec, halfvec)
	IS 'angle between unit halfvecs over pi';

CREATE FUNCTION halfvec_add(halfvec, halfvec) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_add(halfvec, halfvec) IS 'implementation of + operator';

CREATE FUNCTION halfvec_sub(halfvec, halfvec) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_sub(halfvec, halfvec) IS 'implementation of - operator';

CREATE FUNCTION halfvec_mul(halfvec, halfvec) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_mul(halfvec, halfvec) IS 'implementation of * operator';

CREATE FUNCTION halfvec_concat(halfvec, halfvec) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_concat(halfvec, halfvec) IS 'implementation of || operator';

CREATE FUNCTION halfvec_lt(halfvec, halfvec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_lt(halfvec, halfvec) IS 'implementation of < operator';

CREATE FUNCTION halfvec_le(halfvec, halfvec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_le(halfvec, halfvec) IS 'implementation of <= operator';

CREATE FUNCTION halfvec_eq(halfvec, halfvec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_eq(halfvec, halfvec) IS 'implementation of = operator';

CREATE FUNCTION halfvec_ne(halfvec, halfvec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_ne(halfvec, halfvec) IS 'implementation of <> operator';

CREATE FUNCTION halfvec_ge(halfvec, halfvec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_ge(halfvec, halfvec) IS 'implementation of >= operator';

CREATE FUNCTION halfvec_gt(halfvec, halfvec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_gt(halfvec, halfvec) IS 'implementation of > operator';

CREATE FUNCTION halfvec_cmp(halfvec, halfvec) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_cmp(halfvec, halfvec) IS 'less-equal-greater';

CREATE FUNCTION halfvec_hash(halfvec) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_hash(halfvec) IS 'hash';

CREATE FUNCTION halfvec_hash_extended(halfvec, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_hash_extended(halfvec, bigint) IS 'hash with a seed';

-- Aggregates

CREATE FUNCTION halfvec_accum(double precision[], halfvec) RETURNS double precision[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_accum(double precision[], halfvec) IS 'aggregate transition function';

CREATE FUNCTION halfvec_avg(double precision[]) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_avg(double precision[]) IS 'aggregate final function';

CREATE FUNCTION halfvec_combine(double precision[], double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'dense_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_combine(double precision[], double precision[])
	IS 'aggregate combine function';

CREATE AGGREGATE avg(halfvec) (
	SFUNC = halfvec_accum,
	STYPE = double precision[],
	FINALFUNC = halfvec_avg,
	COMBINEFUNC = halfvec_combine,
	INITCOND = '{0}',
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE avg(halfvec) IS 'mean of all halfvecs';

CREATE AGGREGATE sum(halfvec) (
	SFUNC = halfvec_add,
	STYPE = halfvec,
	COMBINEFUNC = halfvec_add,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sum(halfvec) IS 'sum of all halfvecs';

-- Casts

CREATE FUNCTION halfvec(halfvec, integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'halfvec_cast' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec(halfvec, integer, boolean) IS 'check halfvec against type modifier';

CREATE FUNCTION halfvec_to_vector(halfvec, integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_to_vector(halfvec, integer, boolean) IS 'convert halfvec to vector';

CREATE FUNCTION vector_to_halfvec(vector, integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_to_halfvec(vector, integer, boolean) IS 'convert vector to halfvec';

CREATE FUNCTION jsonb_to_halfvec(jsonb, integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'halfvec_from_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_to_halfvec(jsonb, integer, boolean) IS 'convert JSON array to halfvec';

CREATE FUNCTION array_to_halfvec(integer[], integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'halfvec_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_halfvec(integer[], integer, boolean)
	IS 'convert integer array to halfvec';

CREATE FUNCTION array_to_halfvec(real[], integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'halfvec_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_halfvec(real[], integer, boolean) IS 'convert real array to halfvec';

CREATE FUNCTION array_to_halfvec(double precision[], integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'halfvec_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_halfvec(double precision[], integer, boolean)
	IS 'convert double precision array to halfvec';

CREATE FUNCTION array_to_halfvec(numeric[], integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'halfvec_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_halfvec(numeric[], integer, boolean)
	IS 'convert numeric array to halfvec';

CREATE FUNCTION halfvec_to_float4(halfvec, integer, boolean) RETURNS real[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_to_float4(halfvec, integer, boolean) IS 'convert halfvec to real array';

CREATE CAST (halfvec AS halfvec)
	WITH FUNCTION halfvec(halfvec, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (halfvec AS halfvec) IS 'check against type modifier';

CREATE CAST (halfvec AS vector)
	WITH FUNCTION halfvec_to_vector(halfvec, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (halfvec AS vector) IS 'elements widened';

CREATE CAST (vector AS halfvec)
	WITH FUNCTION vector_to_halfvec(vector, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (vector AS halfvec) IS 'elements rounded';

CREATE CAST (halfvec AS real[])
	WITH FUNCTION halfvec_to_float4(halfvec, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (halfvec AS real[]) IS 'elements as array';

CREATE CAST (jsonb AS halfvec)
	WITH FUNCTION jsonb_to_halfvec(jsonb, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS halfvec) IS 'elements of a JSON array as halfvec';

CREATE CAST (integer[] AS halfvec)
	WITH FUNCTION array_to_halfvec(integer[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (integer[] AS halfvec) IS 'array elements as halfvec';

CREATE CAST (real[] AS halfvec)
	WITH FUNCTION array_to_halfvec(real[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (real[] AS halfvec) IS 'array elements as halfvec';

CREATE CAST (double precision[] AS halfvec)
	WITH FUNCTION array_to_halfvec(double precision[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (double precision[] AS halfvec) IS 'array elements as halfvec';

CREATE CAST (numeric[] AS halfvec)
	WITH FUNCTION array_to_halfvec(numeric[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (numeric[] AS halfvec) IS 'array elements as halfvec';

-- Operators

CREATE OPERATOR <-> (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = l2_distance,
	COMMUTATOR = <->
);
COMMENT ON OPERATOR <-> (halfvec, halfvec) IS 'Euclidean distance';

CREATE OPERATOR <#> (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_negative_inner_product,
	COMMUTATOR = <#>
);
COMMENT ON OPERATOR <#> (halfvec, halfvec) IS 'negative inner product';

CREATE OPERATOR @# (
	LEFTARG = halfvec[], RIGHTARG = halfvec[], FUNCTION = halfvec_negative_max_sim
);
COMMENT ON OPERATOR @# (halfvec[], halfvec[]) IS 'negative MaxSim';

CREATE OPERATOR <=> (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = cosine_distance,
	COMMUTATOR = <=>
);
COMMENT ON OPERATOR <=> (halfvec, halfvec) IS 'cosine distance';

CREATE OPERATOR <+> (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = l1_distance,
	COMMUTATOR = <+>
);
COMMENT ON OPERATOR <+> (halfvec, halfvec) IS 'taxicab distance';

CREATE OPERATOR + (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_add,
	COMMUTATOR = +
);
COMMENT ON OPERATOR + (halfvec, halfvec) IS 'add element by element';

CREATE OPERATOR - (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_sub
);
COMMENT ON OPERATOR - (halfvec, halfvec) IS 'subtract element by element';

CREATE OPERATOR * (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_mul,
	COMMUTATOR = *
);
COMMENT ON OPERATOR * (halfvec, halfvec) IS 'multiply element by element';

CREATE OPERATOR || (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_concat
);
COMMENT ON OPERATOR || (halfvec, halfvec) IS 'concatenate';

CREATE OPERATOR < (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (halfvec, halfvec) IS 'less than';

CREATE OPERATOR <= (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (halfvec, halfvec) IS 'less than or equal';

CREATE OPERATOR = (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel,
	HASHES
);
COMMENT ON OPERATOR = (halfvec, halfvec) IS 'equal';

CREATE OPERATOR <> (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (halfvec, halfvec) IS 'not equal';

CREATE OPERATOR >= (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (halfvec, halfvec) IS 'greater than or equal';

CREATE OPERATOR > (
	LEFTARG = halfvec, RIGHTARG = halfvec, FUNCTION = halfvec_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (halfvec, halfvec) IS 'greater than';

-- Btree operator class

CREATE OPERATOR FAMILY halfvec_ops USING btree;
COMMENT ON OPERATOR FAMILY halfvec_ops USING btree IS 'order of halfvecs, element by element';

CREATE OPERATOR CLASS halfvec_ops
	DEFAULT FOR TYPE halfvec USING btree FAMILY halfvec_ops AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 halfvec_cmp(halfvec, halfvec);
COMMENT ON OPERATOR CLASS halfvec_ops USING btree IS 'order of halfvecs, element by element';

-- Hash operator class

CREATE OPERATOR FAMILY halfvec_ops USING hash;
COMMENT ON OPERATOR FAMILY halfvec_ops USING hash IS 'equality of half-precision vectors';

CREATE OPERATOR CLASS halfvec_ops
	DEFAULT FOR TYPE halfvec USING hash FAMILY halfvec_ops AS
	OPERATOR 1 =,
	FUNCTION 1 halfvec_hash(halfvec),
	FUNCTION 2 halfvec_hash_extended(halfvec, bigint);
COMMENT ON OPERATOR CLASS halfvec_ops USING hash IS 'equality of half-precision vectors';

-- ---------------------------------------------------------------------------
-- ivfkm: index access method
-- ---------------------------------------------------------------------------

CREATE FUNCTION ivfkmhandler(internal) RETURNS index_am_handler
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkmhandler(internal) IS 'ivfkm index access method handler';

CREATE ACCESS METHOD ivfkm TYPE INDEX HANDLER ivfkmhandler;
COMMENT ON ACCESS METHOD ivfkm
	IS 'k-means posting lists with 1-bit codes for nearest neighbour search';

CREATE FUNCTION ivfkm_vector_l2_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_vector_l2_support(internal) IS 'ivfkm support';

CREATE FUNCTION ivfkm_vector_ip_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_vector_ip_support(internal) IS 'ivfkm support';

CREATE FUNCTION ivfkm_vector_cosine_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_vector_cosine_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS vector_l2_ops
	DEFAULT FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_l2_support(internal);
COMMENT ON OPERATOR CLASS vector_l2_ops USING ivfkm IS 'Euclidean distance: <->';
COMMENT ON OPERATOR FAMILY vector_l2_ops USING ivfkm IS 'Euclidean distance: <->';

CREATE OPERATOR CLASS vector_ip_ops
	FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <#> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_ip_support(internal);
COMMENT ON OPERATOR CLASS vector_ip_ops USING ivfkm IS 'negative inner product: <#>';
COMMENT ON OPERATOR FAMILY vector_ip_ops USING ivfkm IS 'negative inner product: <#>';

CREATE OPERATOR CLASS vector_cosine_ops
	FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <=> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_cosine_support(internal);
COMMENT ON OPERATOR CLASS vector_cosine_ops USING ivfkm IS 'cosine distance: <=>';
COMMENT ON OPERATOR FAMILY vector_cosine_ops USING ivfkm IS 'cosine distance: <=>';

CREATE FUNCTION ivfkm_vector_l1_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_vector_l1_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS vector_l1_ops
	FOR TYPE vector USING ivfkm AS
	OPERATOR 1 <+> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_l1_support(internal);
COMMENT ON OPERATOR CLASS vector_l1_ops USING ivfkm IS 'taxicab distance: <+>';
COMMENT ON OPERATOR FAMILY vector_l1_ops USING ivfkm IS 'taxicab distance: <+>';

CREATE FUNCTION ivfkm_vector_maxsim_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_vector_maxsim_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS vector_maxsim_ops
	DEFAULT FOR TYPE vector[] USING ivfkm AS
	OPERATOR 1 @# (vector[], vector[]) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_vector_maxsim_support(internal);
COMMENT ON OPERATOR CLASS vector_maxsim_ops USING ivfkm IS 'arrays, MaxSim: @#';
COMMENT ON OPERATOR FAMILY vector_maxsim_ops USING ivfkm IS 'arrays, MaxSim: @#';

CREATE FUNCTION ivfkm_halfvec_l2_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_halfvec_l2_support(internal) IS 'ivfkm support';

CREATE FUNCTION ivfkm_halfvec_ip_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_halfvec_ip_support(internal) IS 'ivfkm support';

CREATE FUNCTION ivfkm_halfvec_cosine_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_halfvec_cosine_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS halfvec_l2_ops
	DEFAULT FOR TYPE halfvec USING ivfkm AS
	OPERATOR 1 <-> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_halfvec_l2_support(internal);
COMMENT ON OPERATOR CLASS halfvec_l2_ops USING ivfkm IS 'Euclidean distance: <->';
COMMENT ON OPERATOR FAMILY halfvec_l2_ops USING ivfkm IS 'Euclidean distance: <->';

CREATE OPERATOR CLASS halfvec_ip_ops
	FOR TYPE halfvec USING ivfkm AS
	OPERATOR 1 <#> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_halfvec_ip_support(internal);
COMMENT ON OPERATOR CLASS halfvec_ip_ops USING ivfkm IS 'negative inner product: <#>';
COMMENT ON OPERATOR FAMILY halfvec_ip_ops USING ivfkm IS 'negative inner product: <#>';

CREATE OPERATOR CLASS halfvec_cosine_ops
	FOR TYPE halfvec USING ivfkm AS
	OPERATOR 1 <=> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_halfvec_cosine_support(internal);
COMMENT ON OPERATOR CLASS halfvec_cosine_ops USING ivfkm IS 'cosine distance: <=>';
COMMENT ON OPERATOR FAMILY halfvec_cosine_ops USING ivfkm IS 'cosine distance: <=>';

CREATE FUNCTION ivfkm_halfvec_l1_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_halfvec_l1_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS halfvec_l1_ops
	FOR TYPE halfvec USING ivfkm AS
	OPERATOR 1 <+> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_halfvec_l1_support(internal);
COMMENT ON OPERATOR CLASS halfvec_l1_ops USING ivfkm IS 'taxicab distance: <+>';
COMMENT ON OPERATOR FAMILY halfvec_l1_ops USING ivfkm IS 'taxicab distance: <+>';

CREATE FUNCTION ivfkm_halfvec_maxsim_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_halfvec_maxsim_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS halfvec_maxsim_ops
	DEFAULT FOR TYPE halfvec[] USING ivfkm AS
	OPERATOR 1 @# (halfvec[], halfvec[]) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_halfvec_maxsim_support(internal);
COMMENT ON OPERATOR CLASS halfvec_maxsim_ops USING ivfkm IS 'arrays, MaxSim: @#';
COMMENT ON OPERATOR FAMILY halfvec_maxsim_ops USING ivfkm IS 'arrays, MaxSim: @#';

-- Attributes: what else than the vector an ivfkm index can have as a column.  Strategies 1 to 5 are
-- those of btree, 6 and 7 are && and @> of arrays.

CREATE OPERATOR FAMILY integer_ops USING ivfkm;
COMMENT ON OPERATOR FAMILY integer_ops USING ivfkm IS 'attributes: integers';

CREATE FUNCTION ivfkm_int2_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_int2_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS int2_ops
	DEFAULT FOR TYPE smallint USING ivfkm FAMILY integer_ops AS
	OPERATOR 1 < (smallint, smallint),
	OPERATOR 2 <= (smallint, smallint),
	OPERATOR 3 = (smallint, smallint),
	OPERATOR 4 >= (smallint, smallint),
	OPERATOR 5 > (smallint, smallint),
	FUNCTION 2 ivfkm_int2_support(internal);
COMMENT ON OPERATOR CLASS int2_ops USING ivfkm IS 'attributes of type smallint';

CREATE FUNCTION ivfkm_int4_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_int4_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS int4_ops
	DEFAULT FOR TYPE integer USING ivfkm FAMILY integer_ops AS
	OPERATOR 1 < (integer, integer),
	OPERATOR 2 <= (integer, integer),
	OPERATOR 3 = (integer, integer),
	OPERATOR 4 >= (integer, integer),
	OPERATOR 5 > (integer, integer),
	FUNCTION 2 ivfkm_int4_support(internal);
COMMENT ON OPERATOR CLASS int4_ops USING ivfkm IS 'attributes of type integer';

CREATE FUNCTION ivfkm_int8_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_int8_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS int8_ops
	DEFAULT FOR TYPE bigint USING ivfkm FAMILY integer_ops AS
	OPERATOR 1 < (bigint, bigint),
	OPERATOR 2 <= (bigint, bigint),
	OPERATOR 3 = (bigint, bigint),
	OPERATOR 4 >= (bigint, bigint),
	OPERATOR 5 > (bigint, bigint),
	FUNCTION 2 ivfkm_int8_support(internal);
COMMENT ON OPERATOR CLASS int8_ops USING ivfkm IS 'attributes of type bigint';

ALTER OPERATOR FAMILY integer_ops USING ivfkm ADD
	OPERATOR 1 < (smallint, integer),
	OPERATOR 2 <= (smallint, integer),
	OPERATOR 3 = (smallint, integer),
	OPERATOR 4 >= (smallint, integer),
	OPERATOR 5 > (smallint, integer),
	OPERATOR 1 < (smallint, bigint),
	OPERATOR 2 <= (smallint, bigint),
	OPERATOR 3 = (smallint, bigint),
	OPERATOR 4 >= (smallint, bigint),
	OPERATOR 5 > (smallint, bigint),
	OPERATOR 1 < (integer, smallint),
	OPERATOR 2 <= (integer, smallint),
	OPERATOR 3 = (integer, smallint),
	OPERATOR 4 >= (integer, smallint),
	OPERATOR 5 > (integer, smallint),
	OPERATOR 1 < (integer, bigint),
	OPERATOR 2 <= (integer, bigint),
	OPERATOR 3 = (integer, bigint),
	OPERATOR 4 >= (integer, bigint),
	OPERATOR 5 > (integer, bigint),
	OPERATOR 1 < (bigint, smallint),
	OPERATOR 2 <= (bigint, smallint),
	OPERATOR 3 = (bigint, smallint),
	OPERATOR 4 >= (bigint, smallint),
	OPERATOR 5 > (bigint, smallint),
	OPERATOR 1 < (bigint, integer),
	OPERATOR 2 <= (bigint, integer),
	OPERATOR 3 = (bigint, integer),
	OPERATOR 4 >= (bigint, integer),
	OPERATOR 5 > (bigint, integer);

CREATE OPERATOR FAMILY float_ops USING ivfkm;
COMMENT ON OPERATOR FAMILY float_ops USING ivfkm IS 'attributes: floating-point numbers';

CREATE FUNCTION ivfkm_float4_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_float4_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS float4_ops
	DEFAULT FOR TYPE real USING ivfkm FAMILY float_ops AS
	OPERATOR 1 < (real, real),
	OPERATOR 2 <= (real, real),
	OPERATOR 3 = (real, real),
	OPERATOR 4 >= (real, real),
	OPERATOR 5 > (real, real),
	FUNCTION 2 ivfkm_float4_support(internal);
COMMENT ON OPERATOR CLASS float4_ops USING ivfkm IS 'attributes of type real';

CREATE FUNCTION ivfkm_float8_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_float8_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS float8_ops
	DEFAULT FOR TYPE double precision USING ivfkm FAMILY float_ops AS
	OPERATOR 1 < (double precision, double precision),
	OPERATOR 2 <= (double precision, double precision),
	OPERATOR 3 = (double precision, double precision),
	OPERATOR 4 >= (double precision, double precision),
	OPERATOR 5 > (double precision, double precision),
	FUNCTION 2 ivfkm_float8_support(internal);
COMMENT ON OPERATOR CLASS float8_ops USING ivfkm IS 'attributes of type double precision';

ALTER OPERATOR FAMILY float_ops USING ivfkm ADD
	OPERATOR 1 < (real, double precision),
	OPERATOR 2 <= (real, double precision),
	OPERATOR 3 = (real, double precision),
	OPERATOR 4 >= (real, double precision),
	OPERATOR 5 > (real, double precision),
	OPERATOR 1 < (double precision, real),
	OPERATOR 2 <= (double precision, real),
	OPERATOR 3 = (double precision, real),
	OPERATOR 4 >= (double precision, real),
	OPERATOR 5 > (double precision, real);

CREATE OPERATOR FAMILY datetime_ops USING ivfkm;
COMMENT ON OPERATOR FAMILY datetime_ops USING ivfkm IS 'attributes: dates and timestamps';

CREATE FUNCTION ivfkm_date_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_date_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS date_ops
	DEFAULT FOR TYPE date USING ivfkm FAMILY datetime_ops AS
	OPERATOR 1 < (date, date),
	OPERATOR 2 <= (date, date),
	OPERATOR 3 = (date, date),
	OPERATOR 4 >= (date, date),
	OPERATOR 5 > (date, date),
	FUNCTION 2 ivfkm_date_support(internal);
COMMENT ON OPERATOR CLASS date_ops USING ivfkm IS 'attributes of type date';

CREATE FUNCTION ivfkm_timestamp_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_timestamp_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS timestamp_ops
	DEFAULT FOR TYPE timestamp without time zone USING ivfkm FAMILY datetime_ops AS
	OPERATOR 1 < (timestamp without time zone, timestamp without time zone),
	OPERATOR 2 <= (timestamp without time zone, timestamp without time zone),
	OPERATOR 3 = (timestamp without time zone, timestamp without time zone),
	OPERATOR 4 >= (timestamp without time zone, timestamp without time zone),
	OPERATOR 5 > (timestamp without time zone, timestamp without time zone),
	FUNCTION 2 ivfkm_timestamp_support(internal);
COMMENT ON OPERATOR CLASS timestamp_ops USING ivfkm
	IS 'attributes of type timestamp without time zone';

CREATE FUNCTION ivfkm_timestamptz_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_timestamptz_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS timestamptz_ops
	DEFAULT FOR TYPE timestamp with time zone USING ivfkm FAMILY datetime_ops AS
	OPERATOR 1 < (timestamp with time zone, timestamp with time zone),
	OPERATOR 2 <= (timestamp with time zone, timestamp with time zone),
	OPERATOR 3 = (timestamp with time zone, timestamp with time zone),
	OPERATOR 4 >= (timestamp with time zone, timestamp with time zone),
	OPERATOR 5 > (timestamp with time zone, timestamp with time zone),
	FUNCTION 2 ivfkm_timestamptz_support(internal);
COMMENT ON OPERATOR CLASS timestamptz_ops USING ivfkm
	IS 'attributes of type timestamp with time zone';

ALTER OPERATOR FAMILY datetime_ops USING ivfkm ADD
	OPERATOR 1 < (date, timestamp without time zone),
	OPERATOR 2 <= (date, timestamp without time zone),
	OPERATOR 3 = (date, timestamp without time zone),
	OPERATOR 4 >= (date, timestamp without time zone),
	OPERATOR 5 > (date, timestamp without time zone),
	OPERATOR 1 < (date, timestamp with time zone),
	OPERATOR 2 <= (date, timestamp with time zone),
	OPERATOR 3 = (date, timestamp with time zone),
	OPERATOR 4 >= (date, timestamp with time zone),
	OPERATOR 5 > (date, timestamp with time zone),
	OPERATOR 1 < (timestamp without time zone, date),
	OPERATOR 2 <= (timestamp without time zone, date),
	OPERATOR 3 = (timestamp without time zone, date),
	OPERATOR 4 >= (timestamp without time zone, date),
	OPERATOR 5 > (timestamp without time zone, date),
	OPERATOR 1 < (timestamp without time zone, timestamp with time zone),
	OPERATOR 2 <= (timestamp without time zone, timestamp with time zone),
	OPERATOR 3 = (timestamp without time zone, timestamp with time zone),
	OPERATOR 4 >= (timestamp without time zone, timestamp with time zone),
	OPERATOR 5 > (timestamp without time zone, timestamp with time zone),
	OPERATOR 1 < (timestamp with time zone, date),
	OPERATOR 2 <= (timestamp with time zone, date),
	OPERATOR 3 = (timestamp with time zone, date),
	OPERATOR 4 >= (timestamp with time zone, date),
	OPERATOR 5 > (timestamp with time zone, date),
	OPERATOR 1 < (timestamp with time zone, timestamp without time zone),
	OPERATOR 2 <= (timestamp with time zone, timestamp without time zone),
	OPERATOR 3 = (timestamp with time zone, timestamp without time zone),
	OPERATOR 4 >= (timestamp with time zone, timestamp without time zone),
	OPERATOR 5 > (timestamp with time zone, timestamp without time zone);

CREATE FUNCTION ivfkm_numeric_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_numeric_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS numeric_ops
	DEFAULT FOR TYPE numeric USING ivfkm AS
	OPERATOR 1 < (numeric, numeric),
	OPERATOR 2 <= (numeric, numeric),
	OPERATOR 3 = (numeric, numeric),
	OPERATOR 4 >= (numeric, numeric),
	OPERATOR 5 > (numeric, numeric),
	FUNCTION 2 ivfkm_numeric_support(internal);
COMMENT ON OPERATOR CLASS numeric_ops USING ivfkm IS 'attributes of type numeric';
COMMENT ON OPERATOR FAMILY numeric_ops USING ivfkm IS 'attributes of type numeric';

CREATE FUNCTION ivfkm_bool_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_bool_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS bool_ops
	DEFAULT FOR TYPE boolean USING ivfkm AS
	OPERATOR 1 < (boolean, boolean),
	OPERATOR 2 <= (boolean, boolean),
	OPERATOR 3 = (boolean, boolean),
	OPERATOR 4 >= (boolean, boolean),
	OPERATOR 5 > (boolean, boolean),
	FUNCTION 2 ivfkm_bool_support(internal);
COMMENT ON OPERATOR CLASS bool_ops USING ivfkm IS 'attributes of type boolean';
COMMENT ON OPERATOR FAMILY bool_ops USING ivfkm IS 'attributes of type boolean';

CREATE FUNCTION ivfkm_oid_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_oid_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS oid_ops
	DEFAULT FOR TYPE oid USING ivfkm AS
	OPERATOR 1 < (oid, oid),
	OPERATOR 2 <= (oid, oid),
	OPERATOR 3 = (oid, oid),
	OPERATOR 4 >= (oid, oid),
	OPERATOR 5 > (oid, oid),
	FUNCTION 2 ivfkm_oid_support(internal);
COMMENT ON OPERATOR CLASS oid_ops USING ivfkm IS 'attributes of type oid';
COMMENT ON OPERATOR FAMILY oid_ops USING ivfkm IS 'attributes of type oid';

CREATE FUNCTION ivfkm_enum_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_enum_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS enum_ops
	DEFAULT FOR TYPE anyenum USING ivfkm AS
	OPERATOR 3 = (anyenum, anyenum),
	FUNCTION 2 ivfkm_enum_support(internal);
COMMENT ON OPERATOR CLASS enum_ops USING ivfkm IS 'attributes of type anyenum, by equality';
COMMENT ON OPERATOR FAMILY enum_ops USING ivfkm IS 'attributes of type anyenum, by equality';

CREATE FUNCTION ivfkm_text_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_text_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS text_ops
	DEFAULT FOR TYPE text USING ivfkm AS
	OPERATOR 3 = (text, text),
	FUNCTION 2 ivfkm_text_support(internal);
COMMENT ON OPERATOR CLASS text_ops USING ivfkm IS 'attributes of type text, by equality';
COMMENT ON OPERATOR FAMILY text_ops USING ivfkm IS 'attributes of type text, by equality';

CREATE FUNCTION ivfkm_bpchar_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_bpchar_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS bpchar_ops
	DEFAULT FOR TYPE character USING ivfkm AS
	OPERATOR 3 = (character, character),
	FUNCTION 2 ivfkm_bpchar_support(internal);
COMMENT ON OPERATOR CLASS bpchar_ops USING ivfkm IS 'attributes of type character, by equality';
COMMENT ON OPERATOR FAMILY bpchar_ops USING ivfkm IS 'attributes of type character, by equality';

CREATE FUNCTION ivfkm_uuid_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_uuid_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS uuid_ops
	DEFAULT FOR TYPE uuid USING ivfkm AS
	OPERATOR 3 = (uuid, uuid),
	FUNCTION 2 ivfkm_uuid_support(internal);
COMMENT ON OPERATOR CLASS uuid_ops USING ivfkm IS 'attributes of type uuid, by equality';
COMMENT ON OPERATOR FAMILY uuid_ops USING ivfkm IS 'attributes of type uuid, by equality';

CREATE FUNCTION ivfkm_bytea_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_bytea_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS bytea_ops
	DEFAULT FOR TYPE bytea USING ivfkm AS
	OPERATOR 3 = (bytea, bytea),
	FUNCTION 2 ivfkm_bytea_support(internal);
COMMENT ON OPERATOR CLASS bytea_ops USING ivfkm IS 'attributes of type bytea, by equality';
COMMENT ON OPERATOR FAMILY bytea_ops USING ivfkm IS 'attributes of type bytea, by equality';

CREATE FUNCTION ivfkm_array_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_array_support(internal) IS 'ivfkm support of attributes';

CREATE OPERATOR CLASS array_ops
	DEFAULT FOR TYPE anyarray USING ivfkm AS
	OPERATOR 3 = (anyarray, anyarray),
	OPERATOR 6 && (anyarray, anyarray),
	OPERATOR 7 @> (anyarray, anyarray),
	FUNCTION 2 ivfkm_array_support(internal);
COMMENT ON OPERATOR CLASS array_ops USING ivfkm IS 'attributes that are arrays, by their elements';
COMMENT ON OPERATOR FAMILY array_ops USING ivfkm IS 'attributes that are arrays, by their elements';

-- Inspection and checks

CREATE FUNCTION ivfkm_info(index regclass,
	OUT index_name regclass,
	OUT format_version integer,
	OUT metric text,
	OUT dimensions integer,
	OUT height integer,
	OUT lists integer,
	OUT rows bigint,
	OUT nulls bigint,
	OUT dead bigint,
	OUT probes integer,
	OUT refine_bits integer,
	OUT bytes_meta bigint,
	OUT bytes_nodes bigint,
	OUT bytes_centroids bigint,
	OUT bytes_lists bigint,
	OUT bytes_refine bigint,
	OUT bytes_nulls bigint,
	OUT bytes_unused bigint,
	OUT bytes_total bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION ivfkm_info(regclass)
	IS 'shape and size of an ivfkm index, or of the indexes of all partitions';

CREATE FUNCTION ivfkm_estimate(table_name regclass, column_name name,
	refine_bits integer DEFAULT NULL,
	other_columns integer DEFAULT 0,
	OUT relation regclass,
	OUT rows bigint,
	OUT dimensions integer,
	OUT lists integer,
	OUT bits integer,
	OUT bytes_lists bigint,
	OUT bytes_refine bigint,
	OUT bytes_total bigint,
	OUT bytes_memory bigint,
	OUT build_time interval)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ivfkm_estimate(regclass, name, integer, integer)
	IS 'size that an ivfkm index would have, memory for all its lists, time of CREATE INDEX now';

CREATE FUNCTION ivfkm_maintain(index regclass, whole boolean DEFAULT true,
	OUT rows bigint, OUT lists integer, OUT late bigint, OUT forced bigint, OUT dropped bigint,
	OUT freed_bytes bigint, OUT lock_ms float8)
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION ivfkm_maintain(regclass, boolean)
	IS 'make an ivfkm index anew beside reads and writes, or those parts that call for it';

CREATE FUNCTION ivfkm_recall(index regclass, k integer DEFAULT 10, n integer DEFAULT 100,
	query text DEFAULT NULL,
	OUT index_name regclass, OUT queries integer, OUT recall float8, OUT lists float8,
	OUT rows float8)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION ivfkm_recall(regclass, integer, integer, text)
	IS 'share of the k nearest rows that searches find now, by rows or a query''s vectors';

CREATE FUNCTION ivfkm_knn(index regclass, queries anyarray, k integer DEFAULT 10,
	OUT query integer, OUT relation regclass, OUT tid tid, OUT distance float8)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION ivfkm_knn(regclass, anyarray, integer)
	IS 'the k nearest rows of each query of an array, by an index whose lists they share';

CREATE FUNCTION ivfkm_calibrate(index regclass, query text DEFAULT NULL, n integer DEFAULT 256,
	OUT index_name regclass, OUT queries integer, OUT rows_10 float8, OUT rows_100 float8)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'ivfkm_calibrate_index' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION ivfkm_calibrate(regclass, text, integer)
	IS 'measure how many rows searches have to see, by rows or a query''s vectors, and store it';

CREATE FUNCTION ivfkm_condition(index regclass,
	OUT index_name regclass,
	OUT rows bigint,
	OUT lists integer,
	OUT dead bigint,
	OUT largest_list bigint,
	OUT rows_counted bigint,
	OUT rows_added bigint,
	OUT rows_removed bigint,
	OUT residual_ratio float8,
	OUT rows_10 float8,
	OUT rows_100 float8,
	OUT calibrated_at timestamptz,
	OUT calibrated_by_queries boolean,
	OUT bytes bigint,
	OUT wants text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION ivfkm_condition(regclass)
	IS 'how an ivfkm index has fared since it was made, or the indexes of all partitions';

-- A function, not a view: tools that compare a schema with an application's (drizzle-kit push)
-- drop the views that they do not know.  OFFSET 0: ivfkm_condition() is called for our indexes
-- only.
CREATE FUNCTION ivfkm_stats(
	OUT index_name regclass,
	OUT rows bigint,
	OUT lists integer,
	OUT dead bigint,
	OUT largest_list bigint,
	OUT rows_counted bigint,
	OUT rows_added bigint,
	OUT rows_removed bigint,
	OUT residual_ratio float8,
	OUT rows_10 float8,
	OUT rows_100 float8,
	OUT calibrated_at timestamptz,
	OUT calibrated_by_queries boolean,
	OUT bytes bigint,
	OUT wants text)
	RETURNS SETOF record
	LANGUAGE SQL VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT c.* FROM (
		SELECT i.indexrelid FROM pg_catalog.pg_index i
		JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indexrelid
		JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) r.relam
		JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) a.amhandler
		WHERE r.relkind OPERATOR(pg_catalog.=) 'i' AND i.indisvalid
			AND p.probin OPERATOR(pg_catalog.~) '(^|/)vdb$'
			AND pg_catalog.has_table_privilege(i.indrelid, 'SELECT')
			AND (r.relpersistence OPERATOR(pg_catalog.<>) 't'
				OR r.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())
			AND (r.relpersistence OPERATOR(pg_catalog.=) 'p'
				OR NOT pg_catalog.pg_is_in_recovery())
		OFFSET 0) own, LATERAL ivfkm_condition(own.indexrelid) c;
END;
COMMENT ON FUNCTION ivfkm_stats()
	IS 'ivfkm_condition() of every ivfkm index whose table you may read';

CREATE FUNCTION ivfkm_prewarm(index regclass, what text DEFAULT 'codes') RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ivfkm_prewarm(regclass, text)
	IS 'read an ivfkm index into shared buffers: its tree, the codes of its lists as well, or all';

CREATE FUNCTION ivfkm_last_scan(OUT index regclass,
	OUT searches bigint,
	OUT passes bigint,
	OUT restarts bigint,
	OUT lists bigint,
	OUT rows bigint,
	OUT candidates bigint,
	OUT refined bigint,
	OUT reranked bigint,
	OUT given bigint)
	RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ivfkm_last_scan()
	IS 'what the scan of an ivfkm index did that ended last in this session';

CREATE FUNCTION ivfkm_lists(index regclass,
	OUT index_name regclass,
	OUT list bigint,
	OUT rows bigint,
	OUT dead bigint,
	OUT pages bigint,
	OUT mean_residual double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION ivfkm_lists(regclass)
	IS 'posting lists of an ivfkm index, or of the indexes of all partitions';

CREATE FUNCTION vdb_index_check(index regclass) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vdb_index_check(regclass)
	IS 'verifies an ivfkm index against its format and its table; returns its number of entries';

CREATE FUNCTION vdb_simd_variants(
	OUT name text,
	OUT compiled boolean,
	OUT supported boolean,
	OUT active boolean)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION vdb_simd_variants() IS 'instruction sets of the distance kernels';

-- ---------------------------------------------------------------------------
-- Type sparsevec
-- ---------------------------------------------------------------------------

-- Type

CREATE TYPE sparsevec;

CREATE FUNCTION sparsevec_in(cstring, oid, integer) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_in(cstring, oid, integer) IS 'I/O';

CREATE FUNCTION sparsevec_out(sparsevec) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_out(sparsevec) IS 'I/O';

CREATE FUNCTION sparsevec_typmod_in(cstring[]) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_typmod_in(cstring[]) IS 'I/O typmod';

CREATE FUNCTION sparsevec_recv(internal, oid, integer) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_recv(internal, oid, integer) IS 'I/O';

CREATE FUNCTION sparsevec_send(sparsevec) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_send(sparsevec) IS 'I/O';

CREATE TYPE sparsevec (
	INPUT = sparsevec_in,
	OUTPUT = sparsevec_out,
	TYPMOD_IN = sparsevec_typmod_in,
	RECEIVE = sparsevec_recv,
	SEND = sparsevec_send,
	STORAGE = external
);
COMMENT ON TYPE sparsevec IS 'single-precision sparse vector';

-- Functions

CREATE FUNCTION l2_distance(sparsevec, sparsevec) RETURNS float8
	AS 'MODULE_PATHNAME', 'sparsevec_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION l2_distance(sparsevec, sparsevec) IS 'Euclidean distance';

CREATE FUNCTION inner_product(sparsevec, sparsevec) RETURNS float8
	AS 'MODULE_PATHNAME', 'sparsevec_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION inner_product(sparsevec, sparsevec) IS 'inner product';

CREATE FUNCTION cosine_distance(sparsevec, sparsevec) RETURNS float8
	AS 'MODULE_PATHNAME', 'sparsevec_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION cosine_distance(sparsevec, sparsevec) IS 'cosine distance';

CREATE FUNCTION l1_distance(sparsevec, sparsevec) RETURNS float8
	AS 'MODULE_PATHNAME', 'sparsevec_l1_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION l1_distance(sparsevec, sparsevec) IS 'taxicab distance';

CREATE FUNCTION l2_norm(sparsevec) RETURNS float8
	AS 'MODULE_PATHNAME', 'sparsevec_l2_norm' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION l2_norm(sparsevec) IS 'Euclidean norm';

CREATE FUNCTION l2_normalize(sparsevec) RETURNS sparsevec
	AS 'MODULE_PATHNAME', 'sparsevec_l2_normalize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION l2_normalize(sparsevec) IS 'sparsevec divided by its Euclidean norm';

-- Functions behind operators and operator classes

CREATE FUNCTION sparsevec_l2_squared_distance(sparsevec, sparsevec) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION sparsevec_l2_squared_distance(sparsevec, sparsevec)
	IS 'squared Euclidean distance';

CREATE FUNCTION sparsevec_negative_inner_product(sparsevec, sparsevec) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION sparsevec_negative_inner_product(sparsevec, sparsevec)
	IS 'implementation of <#> operator';

CREATE FUNCTION sparsevec_lt(sparsevec, sparsevec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_lt(sparsevec, sparsevec) IS 'implementation of < operator';

CREATE FUNCTION sparsevec_le(sparsevec, sparsevec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_le(sparsevec, sparsevec) IS 'implementation of <= operator';

CREATE FUNCTION sparsevec_eq(sparsevec, sparsevec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_eq(sparsevec, sparsevec) IS 'implementation of = operator';

CREATE FUNCTION sparsevec_ne(sparsevec, sparsevec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_ne(sparsevec, sparsevec) IS 'implementation of <> operator';

CREATE FUNCTION sparsevec_ge(sparsevec, sparsevec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_ge(sparsevec, sparsevec) IS 'implementation of >= operator';

CREATE FUNCTION sparsevec_gt(sparsevec, sparsevec) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_gt(sparsevec, sparsevec) IS 'implementation of > operator';

CREATE FUNCTION sparsevec_cmp(sparsevec, sparsevec) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_cmp(sparsevec, sparsevec) IS 'less-equal-greater';

CREATE FUNCTION sparsevec_hash(sparsevec) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_hash(sparsevec) IS 'hash';

CREATE FUNCTION sparsevec_hash_extended(sparsevec, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_hash_extended(sparsevec, bigint) IS 'hash with a seed';

-- Casts

CREATE FUNCTION sparsevec(sparsevec, integer, boolean) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec(sparsevec, integer, boolean)
	IS 'check sparsevec against type modifier';

CREATE FUNCTION vector_to_sparsevec(vector, integer, boolean) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_to_sparsevec(vector, integer, boolean) IS 'convert vector to sparsevec';

CREATE FUNCTION sparsevec_to_vector(sparsevec, integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_to_vector(sparsevec, integer, boolean)
	IS 'convert sparsevec to vector';

CREATE FUNCTION halfvec_to_sparsevec(halfvec, integer, boolean) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_to_sparsevec(halfvec, integer, boolean)
	IS 'convert halfvec to sparsevec';

CREATE FUNCTION sparsevec_to_halfvec(sparsevec, integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sparsevec_to_halfvec(sparsevec, integer, boolean)
	IS 'convert sparsevec to halfvec';

CREATE FUNCTION array_to_sparsevec(integer[], integer, boolean) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_sparsevec(integer[], integer, boolean)
	IS 'convert integer array to sparsevec';

CREATE FUNCTION array_to_sparsevec(real[], integer, boolean) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_sparsevec(real[], integer, boolean)
	IS 'convert real array to sparsevec';

CREATE FUNCTION array_to_sparsevec(double precision[], integer, boolean) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_sparsevec(double precision[], integer, boolean)
	IS 'convert double precision array to sparsevec';

CREATE FUNCTION array_to_sparsevec(numeric[], integer, boolean) RETURNS sparsevec
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_sparsevec(numeric[], integer, boolean)
	IS 'convert numeric array to sparsevec';

CREATE CAST (sparsevec AS sparsevec)
	WITH FUNCTION sparsevec(sparsevec, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (sparsevec AS sparsevec) IS 'check against type modifier';

CREATE CAST (sparsevec AS vector)
	WITH FUNCTION sparsevec_to_vector(sparsevec, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (sparsevec AS vector) IS 'all elements, with the zeros';

CREATE CAST (vector AS sparsevec)
	WITH FUNCTION vector_to_sparsevec(vector, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (vector AS sparsevec) IS 'elements that are not zero';

CREATE CAST (sparsevec AS halfvec)
	WITH FUNCTION sparsevec_to_halfvec(sparsevec, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (sparsevec AS halfvec) IS 'all elements, with the zeros, in half precision';

CREATE CAST (halfvec AS sparsevec)
	WITH FUNCTION halfvec_to_sparsevec(halfvec, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (halfvec AS sparsevec) IS 'elements that are not zero';

CREATE CAST (integer[] AS sparsevec)
	WITH FUNCTION array_to_sparsevec(integer[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (integer[] AS sparsevec) IS 'array elements that are not zero';

CREATE CAST (real[] AS sparsevec)
	WITH FUNCTION array_to_sparsevec(real[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (real[] AS sparsevec) IS 'array elements that are not zero';

CREATE CAST (double precision[] AS sparsevec)
	WITH FUNCTION array_to_sparsevec(double precision[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (double precision[] AS sparsevec) IS 'array elements that are not zero';

CREATE CAST (numeric[] AS sparsevec)
	WITH FUNCTION array_to_sparsevec(numeric[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (numeric[] AS sparsevec) IS 'array elements that are not zero';

-- Operators

CREATE OPERATOR <-> (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = l2_distance,
	COMMUTATOR = <->
);
COMMENT ON OPERATOR <-> (sparsevec, sparsevec) IS 'Euclidean distance';

CREATE OPERATOR <#> (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = sparsevec_negative_inner_product,
	COMMUTATOR = <#>
);
COMMENT ON OPERATOR <#> (sparsevec, sparsevec) IS 'negative inner product';

CREATE OPERATOR <=> (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = cosine_distance,
	COMMUTATOR = <=>
);
COMMENT ON OPERATOR <=> (sparsevec, sparsevec) IS 'cosine distance';

CREATE OPERATOR <+> (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = l1_distance,
	COMMUTATOR = <+>
);
COMMENT ON OPERATOR <+> (sparsevec, sparsevec) IS 'taxicab distance';

CREATE OPERATOR < (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = sparsevec_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (sparsevec, sparsevec) IS 'less than';

CREATE OPERATOR <= (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = sparsevec_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (sparsevec, sparsevec) IS 'less than or equal';

CREATE OPERATOR = (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = sparsevec_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel,
	HASHES
);
COMMENT ON OPERATOR = (sparsevec, sparsevec) IS 'equal';

CREATE OPERATOR <> (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = sparsevec_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (sparsevec, sparsevec) IS 'not equal';

CREATE OPERATOR >= (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = sparsevec_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (sparsevec, sparsevec) IS 'greater than or equal';

CREATE OPERATOR > (
	LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = sparsevec_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (sparsevec, sparsevec) IS 'greater than';

-- Btree operator class

CREATE OPERATOR FAMILY sparsevec_ops USING btree;
COMMENT ON OPERATOR FAMILY sparsevec_ops USING btree IS 'order of sparsevecs, element by element';

CREATE OPERATOR CLASS sparsevec_ops
	DEFAULT FOR TYPE sparsevec USING btree FAMILY sparsevec_ops AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 sparsevec_cmp(sparsevec, sparsevec);
COMMENT ON OPERATOR CLASS sparsevec_ops USING btree IS 'order of sparsevecs, element by element';

-- Hash operator class

CREATE OPERATOR FAMILY sparsevec_ops USING hash;
COMMENT ON OPERATOR FAMILY sparsevec_ops USING hash IS 'equality of sparse vectors';

CREATE OPERATOR CLASS sparsevec_ops
	DEFAULT FOR TYPE sparsevec USING hash FAMILY sparsevec_ops AS
	OPERATOR 1 =,
	FUNCTION 1 sparsevec_hash(sparsevec),
	FUNCTION 2 sparsevec_hash_extended(sparsevec, bigint);
COMMENT ON OPERATOR CLASS sparsevec_ops USING hash IS 'equality of sparse vectors';

-- ivfkm operator classes

CREATE FUNCTION ivfkm_sparsevec_l2_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_sparsevec_l2_support(internal) IS 'ivfkm support';

CREATE FUNCTION ivfkm_sparsevec_ip_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_sparsevec_ip_support(internal) IS 'ivfkm support';

CREATE FUNCTION ivfkm_sparsevec_cosine_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_sparsevec_cosine_support(internal) IS 'ivfkm support';

CREATE FUNCTION ivfkm_sparsevec_l1_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_sparsevec_l1_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS sparsevec_l2_ops
	DEFAULT FOR TYPE sparsevec USING ivfkm AS
	OPERATOR 1 <-> (sparsevec, sparsevec) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_sparsevec_l2_support(internal);
COMMENT ON OPERATOR CLASS sparsevec_l2_ops USING ivfkm IS 'Euclidean distance: <->';
COMMENT ON OPERATOR FAMILY sparsevec_l2_ops USING ivfkm IS 'Euclidean distance: <->';

CREATE OPERATOR CLASS sparsevec_ip_ops
	FOR TYPE sparsevec USING ivfkm AS
	OPERATOR 1 <#> (sparsevec, sparsevec) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_sparsevec_ip_support(internal);
COMMENT ON OPERATOR CLASS sparsevec_ip_ops USING ivfkm IS 'negative inner product: <#>';
COMMENT ON OPERATOR FAMILY sparsevec_ip_ops USING ivfkm IS 'negative inner product: <#>';

CREATE OPERATOR CLASS sparsevec_cosine_ops
	FOR TYPE sparsevec USING ivfkm AS
	OPERATOR 1 <=> (sparsevec, sparsevec) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_sparsevec_cosine_support(internal);
COMMENT ON OPERATOR CLASS sparsevec_cosine_ops USING ivfkm IS 'cosine distance: <=>';
COMMENT ON OPERATOR FAMILY sparsevec_cosine_ops USING ivfkm IS 'cosine distance: <=>';

CREATE OPERATOR CLASS sparsevec_l1_ops
	FOR TYPE sparsevec USING ivfkm AS
	OPERATOR 1 <+> (sparsevec, sparsevec) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_sparsevec_l1_support(internal);
COMMENT ON OPERATOR CLASS sparsevec_l1_ops USING ivfkm IS 'taxicab distance: <+>';
COMMENT ON OPERATOR FAMILY sparsevec_l1_ops USING ivfkm IS 'taxicab distance: <+>';

-- ---------------------------------------------------------------------------
-- Type bit of the server
-- ---------------------------------------------------------------------------

-- Functions

CREATE FUNCTION hamming_distance(bit, bit) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION hamming_distance(bit, bit) IS 'number of different bits';

CREATE FUNCTION jaccard_distance(bit, bit) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
	SUPPORT distance_support;
COMMENT ON FUNCTION jaccard_distance(bit, bit)
	IS 'part of the bits set in either that is not set in both';

-- Operators

CREATE OPERATOR <~> (
	LEFTARG = bit, RIGHTARG = bit, FUNCTION = hamming_distance,
	COMMUTATOR = <~>
);
COMMENT ON OPERATOR <~> (bit, bit) IS 'number of different bits';

CREATE OPERATOR <%> (
	LEFTARG = bit, RIGHTARG = bit, FUNCTION = jaccard_distance,
	COMMUTATOR = <%>
);
COMMENT ON OPERATOR <%> (bit, bit) IS 'part of the bits set in either that is not set in both';

-- ivfkm operator classes

CREATE FUNCTION ivfkm_bit_hamming_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_bit_hamming_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS bit_hamming_ops
	FOR TYPE bit USING ivfkm AS
	OPERATOR 1 <~> (bit, bit) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_bit_hamming_support(internal);
COMMENT ON OPERATOR CLASS bit_hamming_ops USING ivfkm IS 'number of different bits: <~>';
COMMENT ON OPERATOR FAMILY bit_hamming_ops USING ivfkm IS 'number of different bits: <~>';

CREATE FUNCTION ivfkm_bit_jaccard_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION ivfkm_bit_jaccard_support(internal) IS 'ivfkm support';

CREATE OPERATOR CLASS bit_jaccard_ops
	FOR TYPE bit USING ivfkm AS
	OPERATOR 1 <%> (bit, bit) FOR ORDER BY float_ops,
	FUNCTION 1 ivfkm_bit_jaccard_support(internal);
COMMENT ON OPERATOR CLASS bit_jaccard_ops USING ivfkm IS 'Jaccard distance: <%>';
COMMENT ON OPERATOR FAMILY bit_jaccard_ops USING ivfkm IS 'Jaccard distance: <%>';
