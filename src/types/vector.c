/*-------------------------------------------------------------------------
 *
 * vector.c
 *	  The "vector" type, made from the dense_*.h templates.
 *
 * NOTES
 *	  What the DENSE_ macros mean is in dense_check.h.  Functions that SQL
 *	  calls by names of no type, such as l2_distance(), begin with "vector_" here.
 *
 * IDENTIFICATION
 *	  src/types/vector.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/vector.h"

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
#include "types/dense.h"
#include "types/vector_parse.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/varbit.h"

PG_FUNCTION_INFO_V1(vector_in);
PG_FUNCTION_INFO_V1(vector_out);
PG_FUNCTION_INFO_V1(vector_typmod_in);
PG_FUNCTION_INFO_V1(vector_recv);
PG_FUNCTION_INFO_V1(vector_send);
PG_FUNCTION_INFO_V1(vector_subscript);
PG_FUNCTION_INFO_V1(vector_cast);
PG_FUNCTION_INFO_V1(vector_from_jsonb);
PG_FUNCTION_INFO_V1(vector_from_array);
PG_FUNCTION_INFO_V1(vector_to_float4);
PG_FUNCTION_INFO_V1(vector_lt);
PG_FUNCTION_INFO_V1(vector_le);
PG_FUNCTION_INFO_V1(vector_eq);
PG_FUNCTION_INFO_V1(vector_ne);
PG_FUNCTION_INFO_V1(vector_ge);
PG_FUNCTION_INFO_V1(vector_gt);
PG_FUNCTION_INFO_V1(vector_cmp);
PG_FUNCTION_INFO_V1(vector_hash);
PG_FUNCTION_INFO_V1(vector_hash_extended);
PG_FUNCTION_INFO_V1(vector_l2_distance);
PG_FUNCTION_INFO_V1(vector_l2_squared_distance);
PG_FUNCTION_INFO_V1(vector_inner_product);
PG_FUNCTION_INFO_V1(vector_negative_inner_product);
PG_FUNCTION_INFO_V1(vector_cosine_distance);
PG_FUNCTION_INFO_V1(vector_l1_distance);
PG_FUNCTION_INFO_V1(vector_spherical_distance);
PG_FUNCTION_INFO_V1(vector_max_sim);
PG_FUNCTION_INFO_V1(vector_negative_max_sim);
PG_FUNCTION_INFO_V1(vector_l2_norm);
PG_FUNCTION_INFO_V1(vector_l2_normalize);
PG_FUNCTION_INFO_V1(vector_add);
PG_FUNCTION_INFO_V1(vector_sub);
PG_FUNCTION_INFO_V1(vector_mul);
PG_FUNCTION_INFO_V1(vector_concat);
PG_FUNCTION_INFO_V1(vector_dims);
PG_FUNCTION_INFO_V1(vector_subvector);
PG_FUNCTION_INFO_V1(vector_binary_quantize);
PG_FUNCTION_INFO_V1(vector_text_binary_quantize);
PG_FUNCTION_INFO_V1(vector_accum);
PG_FUNCTION_INFO_V1(vector_avg);

/* clang-format off */
#define DENSE				Vector
#define DENSE_NAME			"vector"
#define DENSE_FN(name)		vector_##name
#define DENSE_ARG(n)		PG_GETARG_VECTOR_P(n)
#define DENSE_ELEMENT		float
#define DENSE_TO_FLOAT(x)	(x)
#define DENSE_LEAST			0x1p-149f
#define DENSE_LIMIT			INFINITY
#define DENSE_KERNEL(name)	vdb_dist->name
#define DENSE_BITS			uint32
#define DENSE_WRITE			pq_writeint32
/* clang-format on */

/* x itself, whose elements are floats. */
static inline const float *
vector_as_floats(const float *x, int dim, float *buffer)
{
	return x;
}

/* Copies values[dim]. */
static inline void
vector_round(const float *values, int dim, float *x)
{
	memcpy(x, values, sizeof(float) * (Size) dim);
}

/* The same: a float is never out of range. */
static void
vector_from_floats(const float *values, int dim, float *x)
{
	vector_round(values, dim, x);
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
 * binary_quantize(text): of a vector in its text form.  A literal of no type is one: it could be
 * a vector as well as a halfvec, and the server then takes it for a text.
 */
Datum
vector_text_binary_quantize(PG_FUNCTION_ARGS)
{
	char *input = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Datum vector = DirectFunctionCall3(vector_in, CStringGetDatum(input),
									   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));

	return DirectFunctionCall1(vector_binary_quantize, vector);
}
