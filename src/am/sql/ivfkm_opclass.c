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

#include "catalog/pg_type.h"
#include "fmgr.h"

#include "am/ivfkm.h"
#include "distance/dist.h"
#include "types/bit_ops.h"
#include "types/halfvec.h"
#include "types/vector.h"

PG_FUNCTION_INFO_V1(ivfkm_vector_l2_support);
PG_FUNCTION_INFO_V1(ivfkm_vector_ip_support);
PG_FUNCTION_INFO_V1(ivfkm_vector_cosine_support);
PG_FUNCTION_INFO_V1(ivfkm_halfvec_l2_support);
PG_FUNCTION_INFO_V1(ivfkm_halfvec_ip_support);
PG_FUNCTION_INFO_V1(ivfkm_halfvec_cosine_support);
PG_FUNCTION_INFO_V1(ivfkm_bit_hamming_support);

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

/* SQL: ivfkm_vector_l2_support(internal) returns internal. */
Datum
ivfkm_vector_l2_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {"vector",		  IVFKM_METRIC_L2, VDB_MAX_DIM, vector_ops_dims,
								 vector_ops_load, vector_ops_l2,   false,		false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_vector_ip_support(internal) returns internal. */
Datum
ivfkm_vector_ip_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {"vector",		  IVFKM_METRIC_IP, VDB_MAX_DIM, vector_ops_dims,
								 vector_ops_load, vector_ops_ip,   false,		false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_vector_cosine_support(internal) returns internal. */
Datum
ivfkm_vector_cosine_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {"vector",		  IVFKM_METRIC_COSINE, VDB_MAX_DIM, vector_ops_dims,
								 vector_ops_load, vector_ops_cosine,   false,		false};

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

/* SQL: ivfkm_halfvec_l2_support(internal) returns internal. */
Datum
ivfkm_halfvec_l2_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {"halfvec",		   IVFKM_METRIC_L2, VDB_MAX_DIM, halfvec_ops_dims,
								 halfvec_ops_load, halfvec_ops_l2,	false,		 false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_halfvec_ip_support(internal) returns internal. */
Datum
ivfkm_halfvec_ip_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {"halfvec",		   IVFKM_METRIC_IP, VDB_MAX_DIM, halfvec_ops_dims,
								 halfvec_ops_load, halfvec_ops_ip,	false,		 false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_halfvec_cosine_support(internal) returns internal. */
Datum
ivfkm_halfvec_cosine_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {
		"halfvec",		  IVFKM_METRIC_COSINE, VDB_MAX_DIM, halfvec_ops_dims,
		halfvec_ops_load, halfvec_ops_cosine,  false,		false};

	PG_RETURN_POINTER(&ops);
}

/* ----- bit ----- */

/* Bits of a bit string. */
static int
bit_ops_dims(const void *value)
{
	return VARBITLEN((const VarBit *) value);
}

/* Bits as 0 and 1: the squared L2 distance of such vectors is the number of different bits. */
static void
bit_ops_load(const void *value, int dims, float *out)
{
	const uint8 *bits = VARBITS((const VarBit *) value);

	for (int i = 0; i < dims; i++)
		out[i] = (float) (bits[i / BITS_PER_BYTE] >> (BITS_PER_BYTE - 1 - i % BITS_PER_BYTE) & 1);
}

/* Hamming distance: <~>. */
static double
bit_ops_hamming(const void *a, const void *b)
{
	return bit_hamming_distance_value(a, b);
}

/* SQL: ivfkm_bit_hamming_support(internal) returns internal. */
Datum
ivfkm_bit_hamming_support(PG_FUNCTION_ARGS)
{
	static const IvfkmOps ops = {"bit",		   IVFKM_METRIC_L2, VDB_MAX_DIM, bit_ops_dims,
								 bit_ops_load, bit_ops_hamming, true,		 true};

	PG_RETURN_POINTER(&ops);
}
