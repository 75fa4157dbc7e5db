/*-------------------------------------------------------------------------
 *
 * halfvec.c
 *	  The "halfvec" type, made from the dense_*.h templates; casts to and from vector.
 *
 * NOTES
 *	  What the DENSE_ macros mean is in dense_check.h.
 *
 * IDENTIFICATION
 *	  src/types/halfvec.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/halfvec.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "distance/dist.h"
#include "executor/execExpr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/subscripting.h"
#include "parser/parse_coerce.h"
#include "parser/parse_expr.h"
#include "port/vdb_half.h"
#include "types/dense.h"
#include "types/vector.h"
#include "types/vector_parse.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/varbit.h"

PG_FUNCTION_INFO_V1(halfvec_in);
PG_FUNCTION_INFO_V1(halfvec_out);
PG_FUNCTION_INFO_V1(halfvec_typmod_in);
PG_FUNCTION_INFO_V1(halfvec_recv);
PG_FUNCTION_INFO_V1(halfvec_send);
PG_FUNCTION_INFO_V1(halfvec_subscript);
PG_FUNCTION_INFO_V1(halfvec_cast);
PG_FUNCTION_INFO_V1(halfvec_from_jsonb);
PG_FUNCTION_INFO_V1(halfvec_from_array);
PG_FUNCTION_INFO_V1(halfvec_to_float4);
PG_FUNCTION_INFO_V1(halfvec_lt);
PG_FUNCTION_INFO_V1(halfvec_le);
PG_FUNCTION_INFO_V1(halfvec_eq);
PG_FUNCTION_INFO_V1(halfvec_ne);
PG_FUNCTION_INFO_V1(halfvec_ge);
PG_FUNCTION_INFO_V1(halfvec_gt);
PG_FUNCTION_INFO_V1(halfvec_cmp);
PG_FUNCTION_INFO_V1(halfvec_hash);
PG_FUNCTION_INFO_V1(halfvec_hash_extended);
PG_FUNCTION_INFO_V1(halfvec_l2_distance);
PG_FUNCTION_INFO_V1(halfvec_l2_squared_distance);
PG_FUNCTION_INFO_V1(halfvec_inner_product);
PG_FUNCTION_INFO_V1(halfvec_negative_inner_product);
PG_FUNCTION_INFO_V1(halfvec_cosine_distance);
PG_FUNCTION_INFO_V1(halfvec_l1_distance);
PG_FUNCTION_INFO_V1(halfvec_spherical_distance);
PG_FUNCTION_INFO_V1(halfvec_max_sim);
PG_FUNCTION_INFO_V1(halfvec_negative_max_sim);
PG_FUNCTION_INFO_V1(halfvec_l2_norm);
PG_FUNCTION_INFO_V1(halfvec_l2_normalize);
PG_FUNCTION_INFO_V1(halfvec_add);
PG_FUNCTION_INFO_V1(halfvec_sub);
PG_FUNCTION_INFO_V1(halfvec_mul);
PG_FUNCTION_INFO_V1(halfvec_concat);
PG_FUNCTION_INFO_V1(halfvec_dims);
PG_FUNCTION_INFO_V1(halfvec_subvector);
PG_FUNCTION_INFO_V1(halfvec_binary_quantize);
PG_FUNCTION_INFO_V1(halfvec_accum);
PG_FUNCTION_INFO_V1(halfvec_avg);
PG_FUNCTION_INFO_V1(halfvec_to_vector);
PG_FUNCTION_INFO_V1(vector_to_halfvec);

/* The smallest float that rounds to infinity: half way from 65504 to 2^16. */
#define HALF_LIMIT 65520.0f

/* clang-format off */
#define DENSE				HalfVector
#define DENSE_NAME			"halfvec"
#define DENSE_FN(name)		halfvec_##name
#define DENSE_ARG(n)		PG_GETARG_HALFVEC_P(n)
#define DENSE_ELEMENT		uint16
#define DENSE_TO_FLOAT(x)	vdb_half_to_float(x)
#define DENSE_LEAST			0x1p-24f
#define DENSE_LIMIT			HALF_LIMIT
#define DENSE_KERNEL(name)	vdb_dist->half_##name
#define DENSE_BITS			uint16
#define DENSE_WRITE			pq_writeint16
/* clang-format on */

/* Raises ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE if a float is finite and rounds to infinity. */
static inline void
halfvec_check_range(float value)
{
	if (unlikely(fabsf(value) >= HALF_LIMIT) && !isinf(value))
	{
		char text[FLOAT_SHORTEST_DECIMAL_LEN];

		float_to_shortest_decimal_buf(value, text);
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("\"%s\" is out of range for type halfvec", text)));
	}
}

/*
 * The binary16 nearest to a float, ties to even.  Raises
 * ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE if that is infinity and the float is not.  NaN and
 * infinity stay.
 */
uint16
halfvec_element_from_float(float value)
{
	halfvec_check_range(value);
	return vdb_half_from_float(value);
}

/* The exact values of x[dim], in the buffer. */
static inline const float *
halfvec_as_floats(const uint16 *x, int dim, float *buffer)
{
	vdb_dist->half_to_float(x, (size_t) dim, buffer);
	return buffer;
}

/* The binary16 nearest to values[dim]; infinity for those out of range. */
static inline void
halfvec_round(const float *values, int dim, uint16 *x)
{
	vdb_dist->half_from_float(values, (size_t) dim, x);
}

/* halfvec_element_from_float() of values[dim]. */
static void
halfvec_from_floats(const float *values, int dim, uint16 *x)
{
	for (int i = 0; i < dim; i++)
		halfvec_check_range(values[i]);
	halfvec_round(values, dim, x);
}

#include "types/dense_check.h"
#include "types/dense_io.h"
#include "types/dense_cast.h"
#include "types/dense_subscript.h"
#include "types/dense_compare.h"
#include "types/dense_distance.h"
#include "types/dense_max_sim.h"
#include "types/dense_arith.h"
#include "types/dense_agg.h"

/*
 * halfvec_to_vector(halfvec, integer, boolean): the vector of the same elements.  Raises
 * ERRCODE_DATA_EXCEPTION unless it fits the type modifier.
 */
Datum
halfvec_to_vector(PG_FUNCTION_ARGS)
{
	HalfVector *halfvec = PG_GETARG_HALFVEC_P(0);
	Vector *result;

	(void) vector_check_typmod(PG_GETARG_INT32(1), halfvec->dim, NULL);

	result = vector_make(halfvec->dim);
	vdb_dist->half_to_float(halfvec->x, (size_t) halfvec->dim, result->x);

	PG_RETURN_VECTOR_P(result);
}

/*
 * vector_to_halfvec(vector, integer, boolean): a halfvec of the vector's elements, each
 * rounded.  Raises ERRCODE_DATA_EXCEPTION unless it fits the type modifier,
 * ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE for an element that rounds to infinity.
 */
Datum
vector_to_halfvec(PG_FUNCTION_ARGS)
{
	Vector *vector = PG_GETARG_VECTOR_P(0);
	HalfVector *result;

	(void) halfvec_check_typmod(PG_GETARG_INT32(1), vector->dim, NULL);

	result = halfvec_make(vector->dim);
	halfvec_from_floats(vector->x, vector->dim, result->x);

	PG_RETURN_HALFVEC_P(result);
}
