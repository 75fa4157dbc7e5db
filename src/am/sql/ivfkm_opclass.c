/*-------------------------------------------------------------------------
 *
 * ivfkm_opclass.c
 *	  What the operator classes tell the access method.
 *
 * NOTES
 *	  Support function 1 of an operator class returns a pointer to a constant IvfkmOps.
 *	  A new type or distance adds one such structure, one function and an operator
 *	  class in SQL.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_opclass.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"

#include "am/ivfkm.h"
#include "distance/dist.h"
#include "quant/quant_sketch.h"
#include "types/bit_ops.h"
#include "types/halfvec.h"
#include "types/sparsevec.h"
#include "types/vector.h"

PG_FUNCTION_INFO_V1(ivfkm_vector_l2_support);
PG_FUNCTION_INFO_V1(ivfkm_vector_ip_support);
PG_FUNCTION_INFO_V1(ivfkm_vector_cosine_support);
PG_FUNCTION_INFO_V1(ivfkm_halfvec_l2_support);
PG_FUNCTION_INFO_V1(ivfkm_halfvec_ip_support);
PG_FUNCTION_INFO_V1(ivfkm_halfvec_cosine_support);
PG_FUNCTION_INFO_V1(ivfkm_vector_l1_support);
PG_FUNCTION_INFO_V1(ivfkm_vector_maxsim_support);
PG_FUNCTION_INFO_V1(ivfkm_halfvec_l1_support);
PG_FUNCTION_INFO_V1(ivfkm_halfvec_maxsim_support);
PG_FUNCTION_INFO_V1(ivfkm_bit_hamming_support);
PG_FUNCTION_INFO_V1(ivfkm_bit_jaccard_support);
PG_FUNCTION_INFO_V1(ivfkm_sparsevec_l2_support);
PG_FUNCTION_INFO_V1(ivfkm_sparsevec_ip_support);
PG_FUNCTION_INFO_V1(ivfkm_sparsevec_cosine_support);
PG_FUNCTION_INFO_V1(ivfkm_sparsevec_l1_support);

/* The most bits that an index takes, as pgvector's. */
#define VDB_MAX_INDEXED_BITS 64000

/*
 * Dimensions of sketches: multiples of QUANT_SKETCH_HASHES.  The error of a distance shrinks with
 * their root, the scan of codes takes time in proportion.  Of 1,920 dimensions, two units of codes
 * fit on a page, as they do of 1,024.
 */
#define BIT_SKETCH_DIMS	   8192
#define SPARSE_SKETCH_DIMS 1920

/* ----- vector ----- */

/* Dimensions of a vector. */
static int
vector_ops_dims(const void *value)
{
	return ((const Vector *) value)->dim;
}

/* Copies the elements of a vector. */
static void
vector_ops_load(const void *value, int dims, float *out)
{
	memcpy(out, ((const Vector *) value)->x, sizeof(float) * dims);
}

/* Squared L2: orders as <-> does. */
static double
vector_ops_l2(const void *a, const void *b)
{
	return vector_l2_squared_value(a, b);
}

/* Negative inner product: <#>. */
static double
vector_ops_ip(const void *a, const void *b)
{
	return -vector_inner_product_value(a, b);
}

/* Cosine distance: <=>; NaN for a zero vector. */
static double
vector_ops_cosine(const void *a, const void *b)
{
	return vector_cosine_distance_value(a, b);
}

/* Squared L1: orders as <+> does. */
static double
vector_ops_l1(const void *a, const void *b)
{
	double distance = vector_l1_distance_value(a, b);

	return distance * distance;
}

/* SQL: ivfkm_vector_l2_support(internal) returns internal. */
Datum
ivfkm_vector_l2_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "vector",
								 .metric = IVFKM_METRIC_L2,
								 .form = IVFKM_FORM_SQUARE,
								 .max_dims = VDB_MAX_DIM,
								 .dims = vector_ops_dims,
								 .load = vector_ops_load,
								 .distance = vector_ops_l2};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_vector_ip_support(internal) returns internal. */
Datum
ivfkm_vector_ip_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "vector",
								 .metric = IVFKM_METRIC_IP,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_DIM,
								 .dims = vector_ops_dims,
								 .load = vector_ops_load,
								 .distance = vector_ops_ip};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_vector_cosine_support(internal) returns internal. */
Datum
ivfkm_vector_cosine_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "vector",
								 .metric = IVFKM_METRIC_COSINE,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_DIM,
								 .dims = vector_ops_dims,
								 .load = vector_ops_load,
								 .distance = vector_ops_cosine};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_vector_l1_support(internal) returns internal. */
Datum
ivfkm_vector_l1_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "vector",
								 .metric = IVFKM_METRIC_L1,
								 .form = IVFKM_FORM_SQUARE,
								 .max_dims = VDB_MAX_DIM,
								 .dims = vector_ops_dims,
								 .load = vector_ops_load,
								 .distance = vector_ops_l1};

	PG_RETURN_POINTER(&ops);
}

/* Negative MaxSim: @#. */
static double
vector_array_ops_distance(const DenseArray *row, const DenseArray *query)
{
	return 0.0 - vector_max_sim_value(row, query);
}

/* SQL: ivfkm_vector_maxsim_support(internal) returns internal. */
Datum
ivfkm_vector_maxsim_support(PG_FUNCTION_ARGS)
{
	static const IvfkmArrayOps array = {.view = vector_array_view,
										.distance = vector_array_ops_distance};
	static const IvfkmOps ops = {.type_name = "vector",
								 .metric = IVFKM_METRIC_IP,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_DIM,
								 .dims = vector_ops_dims,
								 .load = vector_ops_load,
								 .distance = vector_ops_ip,
								 .array = &array};

	PG_RETURN_POINTER(&ops);
}

/* ----- halfvec ----- */

/* Dimensions of a halfvec. */
static int
halfvec_ops_dims(const void *value)
{
	return ((const HalfVector *) value)->dim;
}

/* Widens the elements of a halfvec. */
static void
halfvec_ops_load(const void *value, int dims, float *out)
{
	vdb_dist->half_to_float(((const HalfVector *) value)->x, (size_t) dims, out);
}

/* Squared L2: orders as <-> does. */
static double
halfvec_ops_l2(const void *a, const void *b)
{
	return halfvec_l2_squared_value(a, b);
}

/* Negative inner product: <#>. */
static double
halfvec_ops_ip(const void *a, const void *b)
{
	return -halfvec_inner_product_value(a, b);
}

/* Cosine distance: <=>; NaN for a zero halfvec. */
static double
halfvec_ops_cosine(const void *a, const void *b)
{
	return halfvec_cosine_distance_value(a, b);
}

/* Squared L1: orders as <+> does. */
static double
halfvec_ops_l1(const void *a, const void *b)
{
	double distance = halfvec_l1_distance_value(a, b);

	return distance * distance;
}

/* SQL: ivfkm_halfvec_l2_support(internal) returns internal. */
Datum
ivfkm_halfvec_l2_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "halfvec",
								 .metric = IVFKM_METRIC_L2,
								 .form = IVFKM_FORM_SQUARE,
								 .max_dims = VDB_MAX_DIM,
								 .dims = halfvec_ops_dims,
								 .load = halfvec_ops_load,
								 .distance = halfvec_ops_l2};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_halfvec_ip_support(internal) returns internal. */
Datum
ivfkm_halfvec_ip_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "halfvec",
								 .metric = IVFKM_METRIC_IP,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_DIM,
								 .dims = halfvec_ops_dims,
								 .load = halfvec_ops_load,
								 .distance = halfvec_ops_ip};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_halfvec_cosine_support(internal) returns internal. */
Datum
ivfkm_halfvec_cosine_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "halfvec",
								 .metric = IVFKM_METRIC_COSINE,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_DIM,
								 .dims = halfvec_ops_dims,
								 .load = halfvec_ops_load,
								 .distance = halfvec_ops_cosine};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_halfvec_l1_support(internal) returns internal. */
Datum
ivfkm_halfvec_l1_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "halfvec",
								 .metric = IVFKM_METRIC_L1,
								 .form = IVFKM_FORM_SQUARE,
								 .max_dims = VDB_MAX_DIM,
								 .dims = halfvec_ops_dims,
								 .load = halfvec_ops_load,
								 .distance = halfvec_ops_l1};

	PG_RETURN_POINTER(&ops);
}

/* Negative MaxSim: @#. */
static double
halfvec_array_ops_distance(const DenseArray *row, const DenseArray *query)
{
	return 0.0 - halfvec_max_sim_value(row, query);
}

/* SQL: ivfkm_halfvec_maxsim_support(internal) returns internal. */
Datum
ivfkm_halfvec_maxsim_support(PG_FUNCTION_ARGS)
{
	static const IvfkmArrayOps array = {.view = halfvec_array_view,
										.distance = halfvec_array_ops_distance};
	static const IvfkmOps ops = {.type_name = "halfvec",
								 .metric = IVFKM_METRIC_IP,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_DIM,
								 .dims = halfvec_ops_dims,
								 .load = halfvec_ops_load,
								 .distance = halfvec_ops_ip,
								 .array = &array};

	PG_RETURN_POINTER(&ops);
}

/* ----- bit ----- */

/* Bits of a bit string. */
static int
bit_ops_dims(const void *value)
{
	return VARBITLEN((const VarBit *) value);
}

/* Longer bit strings than vectors may be are sketched. */
static int
bit_ops_input_dims(int dims, bool *sketch)
{
	*sketch = dims > VDB_MAX_DIM;
	return *sketch ? BIT_SKETCH_DIMS : dims;
}

/*
 * Bits as 0 and 1, or the sketch of that: the squared L2 distance of such vectors is the number of
 * different bits.
 */
static void
bit_ops_load(const void *value, int dims, float *out)
{
	const uint8 *bits = VARBITS((const VarBit *) value);
	int nbits = bit_ops_dims(value);

	if (nbits == dims)
	{
		for (int i = 0; i < dims; i++)
			out[i] =
				(float) (bits[i / BITS_PER_BYTE] >> (BITS_PER_BYTE - 1 - i % BITS_PER_BYTE) & 1);
		return;
	}
	memset(out, 0, sizeof(float) * dims);
	for (int i = 0; i < nbits; i++)
	{
		if (bits[i / BITS_PER_BYTE] >> (BITS_PER_BYTE - 1 - i % BITS_PER_BYTE) & 1)
			quant_sketch_add(dims, (uint64) i, 1.0f, out);
	}
}

/* Hamming distance: <~>. */
static double
bit_ops_hamming(const void *a, const void *b)
{
	return bit_hamming_distance_value(a, b);
}

/* Dice distance, which orders as Jaccard's does: <%>. */
static double
bit_ops_jaccard(const void *a, const void *b)
{
	double distance = bit_jaccard_distance_value(a, b);

	return distance / (2.0 - distance);
}

/* SQL: ivfkm_bit_hamming_support(internal) returns internal. */
Datum
ivfkm_bit_hamming_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "bit",
								 .metric = IVFKM_METRIC_L2,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_INDEXED_BITS,
								 .dims = bit_ops_dims,
								 .input_dims = bit_ops_input_dims,
								 .load = bit_ops_load,
								 .distance = bit_ops_hamming,
								 .small_values = true,
								 .bits = true};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_bit_jaccard_support(internal) returns internal. */
Datum
ivfkm_bit_jaccard_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "bit",
								 .metric = IVFKM_METRIC_JACCARD,
								 .form = IVFKM_FORM_DICE,
								 .max_dims = VDB_MAX_INDEXED_BITS,
								 .dims = bit_ops_dims,
								 .input_dims = bit_ops_input_dims,
								 .load = bit_ops_load,
								 .distance = bit_ops_jaccard,
								 .small_values = true,
								 .bits = true};

	PG_RETURN_POINTER(&ops);
}

/* ----- sparsevec ----- */

/* Dimensions of a sparsevec. */
static int
sparsevec_ops_dims(const void *value)
{
	return ((const SparseVector *) value)->dim;
}

/* Sparsevecs of few dimensions are vectors; of others, a sketch is taken. */
static int
sparsevec_ops_input_dims(int dims, bool *sketch)
{
	*sketch = dims > SPARSE_SKETCH_DIMS;
	return *sketch ? SPARSE_SKETCH_DIMS : dims;
}

/* The elements of a sparsevec, or their sketch. */
static void
sparsevec_ops_load(const void *value, int dims, float *out)
{
	const SparseVector *v = value;
	const float *values = SPARSEVEC_VALUES(v);

	memset(out, 0, sizeof(float) * dims);
	for (int i = 0; i < v->nnz; i++)
	{
		if (v->dim == dims)
			out[v->indices[i]] = values[i];
		else
			quant_sketch_add(dims, (uint64) v->indices[i], values[i], out);
	}
}

/* For taxicab distances, positive and negative elements have dimensions of their own. */
static int
sparsevec_ops_signed_dims(int dims, bool *sketch)
{
	*sketch = dims > SPARSE_SKETCH_DIMS / 2;
	return *sketch ? SPARSE_SKETCH_DIMS : dims * 2;
}

/*
 * The roots of the elements' magnitudes, or their sketch.  Where elements are 0 in one of two
 * vectors, as most are, (sqrt x - sqrt y)^2 = |x - y|; elsewhere it is less.  So squared L2
 * distances are taxicab distances or, where elements come together, less.
 */
static void
sparsevec_ops_load_signed(const void *value, int dims, float *out)
{
	const SparseVector *v = value;
	const float *values = SPARSEVEC_VALUES(v);

	memset(out, 0, sizeof(float) * dims);
	for (int i = 0; i < v->nnz; i++)
	{
		uint64 key = (uint64) v->indices[i] * 2 + (values[i] < 0.0f);
		float root = sqrtf(fabsf(values[i]));

		if (v->dim * INT64CONST(2) == dims)
			out[key] = root;
		else
			quant_sketch_add(dims, key, root, out);
	}
}

/* Squared L2: orders as <-> does. */
static double
sparsevec_ops_l2(const void *a, const void *b)
{
	return sparsevec_l2_squared_value(a, b);
}

/* Negative inner product: <#>. */
static double
sparsevec_ops_ip(const void *a, const void *b)
{
	return -sparsevec_inner_product_value(a, b);
}

/* Cosine distance: <=>; NaN for a zero sparsevec. */
static double
sparsevec_ops_cosine(const void *a, const void *b)
{
	return sparsevec_cosine_distance_value(a, b);
}

/* Taxicab distance: <+>. */
static double
sparsevec_ops_l1(const void *a, const void *b)
{
	return sparsevec_l1_distance_value(a, b);
}

/* SQL: ivfkm_sparsevec_l2_support(internal) returns internal. */
Datum
ivfkm_sparsevec_l2_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "sparsevec",
								 .metric = IVFKM_METRIC_L2,
								 .form = IVFKM_FORM_SQUARE,
								 .max_dims = VDB_MAX_SPARSE_DIM,
								 .dims = sparsevec_ops_dims,
								 .input_dims = sparsevec_ops_input_dims,
								 .load = sparsevec_ops_load,
								 .distance = sparsevec_ops_l2,
								 .small_values = true};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_sparsevec_ip_support(internal) returns internal. */
Datum
ivfkm_sparsevec_ip_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "sparsevec",
								 .metric = IVFKM_METRIC_IP,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_SPARSE_DIM,
								 .dims = sparsevec_ops_dims,
								 .input_dims = sparsevec_ops_input_dims,
								 .load = sparsevec_ops_load,
								 .distance = sparsevec_ops_ip,
								 .small_values = true};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_sparsevec_cosine_support(internal) returns internal. */
Datum
ivfkm_sparsevec_cosine_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "sparsevec",
								 .metric = IVFKM_METRIC_COSINE,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_SPARSE_DIM,
								 .dims = sparsevec_ops_dims,
								 .input_dims = sparsevec_ops_input_dims,
								 .load = sparsevec_ops_load,
								 .distance = sparsevec_ops_cosine,
								 .small_values = true};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_sparsevec_l1_support(internal) returns internal. */
Datum
ivfkm_sparsevec_l1_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {.type_name = "sparsevec",
								 .metric = IVFKM_METRIC_L1,
								 .form = IVFKM_FORM_SAME,
								 .max_dims = VDB_MAX_SPARSE_DIM,
								 .dims = sparsevec_ops_dims,
								 .input_dims = sparsevec_ops_signed_dims,
								 .load = sparsevec_ops_load_signed,
								 .distance = sparsevec_ops_l1,
								 .small_values = true};

	PG_RETURN_POINTER(&ops);
}
