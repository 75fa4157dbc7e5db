/*-------------------------------------------------------------------------
 *
 * sparsevec_ops.c
 *	  Distances and other functions of sparsevecs that SQL can call.
 *
 * NOTES
 *	  Distances add up in float in the active SIMD kernels (distance/sparse.h) and are
 *	  widened to double once at the end; an overflow of the sum gives infinity.  Norms
 *	  add up in double.
 *
 *	  The names of SQL functions that vector has too are overloaded; their C functions
 *	  begin with sparsevec_.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_ops.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/sparsevec.h"

#include <math.h>

#include "distance/dist.h"

PG_FUNCTION_INFO_V1(sparsevec_l2_distance);
PG_FUNCTION_INFO_V1(sparsevec_l2_squared_distance);
PG_FUNCTION_INFO_V1(sparsevec_inner_product);
PG_FUNCTION_INFO_V1(sparsevec_negative_inner_product);
PG_FUNCTION_INFO_V1(sparsevec_cosine_distance);
PG_FUNCTION_INFO_V1(sparsevec_l1_distance);
PG_FUNCTION_INFO_V1(sparsevec_l2_norm);
PG_FUNCTION_INFO_V1(sparsevec_l2_normalize);

/* ----- values, for C callers; the dimensions must be equal ----- */

/* What the kernels take. */
static inline SparseRow
sparsevec_row(const SparseVector *v)
{
	return (SparseRow){v->indices, SPARSEVEC_VALUES(v), (size_t) v->nnz};
}

/* The square of the Euclidean distance. */
double
sparsevec_l2_squared_value(const SparseVector *a, const SparseVector *b)
{
	return (double) vdb_sparse->l2sq(sparsevec_row(a), sparsevec_row(b));
}

/* The inner product. */
double
sparsevec_inner_product_value(const SparseVector *a, const SparseVector *b)
{
	return (double) vdb_sparse->dot(sparsevec_row(a), sparsevec_row(b));
}

/* The square of the Euclidean norm, summed in float. */
static double
sparsevec_norm2_value(const SparseVector *v)
{
	return v->nnz > 0 ? (double) vdb_dist->norm2(SPARSEVEC_VALUES(v), (size_t) v->nnz) : 0.0;
}

/*
 * The cosine distance, 1 - <a, b> / (|a| |b|), in [0, 2].  The quotient is clamped to
 * [-1, 1], which rounding could leave.  NaN if a norm is zero or overflows.
 */
double
sparsevec_cosine_distance_value(const SparseVector *a, const SparseVector *b)
{
	/* One square root of the product rounds once less than a product of two. */
	double norms = sqrt(sparsevec_norm2_value(a) * sparsevec_norm2_value(b));
	double similarity = sparsevec_inner_product_value(a, b) / norms;

	/* Comparisons with NaN are false: it stays NaN. */
	if (similarity > 1.0)
		similarity = 1.0;
	else if (similarity < -1.0)
		similarity = -1.0;
	return 1.0 - similarity;
}

/* The taxicab distance. */
double
sparsevec_l1_distance_value(const SparseVector *a, const SparseVector *b)
{
	return (double) vdb_sparse->l1(sparsevec_row(a), sparsevec_row(b));
}

/* ----- distances in SQL; all raise ERRCODE_DATA_EXCEPTION for unequal dimensions ----- */

/* l2_distance(sparsevec, sparsevec), operator <->: the Euclidean distance. */
Datum
sparsevec_l2_distance(PG_FUNCTION_ARGS)
{
	SparseVector *a = PG_GETARG_SPARSEVEC_P(0);
	SparseVector *b = PG_GETARG_SPARSEVEC_P(1);

	sparsevec_check_same_dims(a, b);

	PG_RETURN_FLOAT8(sqrt(sparsevec_l2_squared_value(a, b)));
}

/* sparsevec_l2_squared_distance(sparsevec, sparsevec): the square of it. */
Datum
sparsevec_l2_squared_distance(PG_FUNCTION_ARGS)
{
	SparseVector *a = PG_GETARG_SPARSEVEC_P(0);
	SparseVector *b = PG_GETARG_SPARSEVEC_P(1);

	sparsevec_check_same_dims(a, b);

	PG_RETURN_FLOAT8(sparsevec_l2_squared_value(a, b));
}

/* inner_product(sparsevec, sparsevec): the inner product. */
Datum
sparsevec_inner_product(PG_FUNCTION_ARGS)
{
	SparseVector *a = PG_GETARG_SPARSEVEC_P(0);
	SparseVector *b = PG_GETARG_SPARSEVEC_P(1);

	sparsevec_check_same_dims(a, b);

	PG_RETURN_FLOAT8(sparsevec_inner_product_value(a, b));
}

/*
 * sparsevec_negative_inner_product(sparsevec, sparsevec), operator <#>: the inner product
 * with its sign changed, so that the nearest come first in ascending order.
 */
Datum
sparsevec_negative_inner_product(PG_FUNCTION_ARGS)
{
	SparseVector *a = PG_GETARG_SPARSEVEC_P(0);
	SparseVector *b = PG_GETARG_SPARSEVEC_P(1);

	sparsevec_check_same_dims(a, b);

	PG_RETURN_FLOAT8(-sparsevec_inner_product_value(a, b));
}

/* cosine_distance(sparsevec, sparsevec), operator <=>: the cosine distance. */
Datum
sparsevec_cosine_distance(PG_FUNCTION_ARGS)
{
	SparseVector *a = PG_GETARG_SPARSEVEC_P(0);
	SparseVector *b = PG_GETARG_SPARSEVEC_P(1);

	sparsevec_check_same_dims(a, b);

	PG_RETURN_FLOAT8(sparsevec_cosine_distance_value(a, b));
}

/* l1_distance(sparsevec, sparsevec), operator <+>: the taxicab distance. */
Datum
sparsevec_l1_distance(PG_FUNCTION_ARGS)
{
	SparseVector *a = PG_GETARG_SPARSEVEC_P(0);
	SparseVector *b = PG_GETARG_SPARSEVEC_P(1);

	sparsevec_check_same_dims(a, b);

	PG_RETURN_FLOAT8(sparsevec_l1_distance_value(a, b));
}

/* ----- functions of one sparsevec ----- */

/* The Euclidean norm, summed in double: no finite vector overflows or underflows it. */
static double
sparsevec_norm_value(const SparseVector *v)
{
	const float *values = SPARSEVEC_VALUES(v);
	double sum = 0.0;

	for (int i = 0; i < v->nnz; i++)
		sum += (double) values[i] * (double) values[i];
	return sqrt(sum);
}

/* l2_norm(sparsevec): the Euclidean norm. */
Datum
sparsevec_l2_norm(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(sparsevec_norm_value(PG_GETARG_SPARSEVEC_P(0)));
}

/*
 * l2_normalize(sparsevec): the vector divided by its Euclidean norm; zero stays zero.
 * Elements that become zero by rounding are stored no longer.
 */
Datum
sparsevec_l2_normalize(PG_FUNCTION_ARGS)
{
	SparseVector *v = PG_GETARG_SPARSEVEC_P(0);
	const float *values = SPARSEVEC_VALUES(v);
	double norm = sparsevec_norm_value(v);
	float *quotients = palloc(sizeof(float) * (Size) Max(v->nnz, 1));
	SparseVector *result;
	int nnz = 0;

	/* Without elements there is no division.  None is larger than the norm. */
	for (int i = 0; i < v->nnz; i++)
	{
		quotients[i] = (float) ((double) values[i] / norm);
		nnz += quotients[i] != 0.0f;
	}
	result = sparsevec_make(v->dim, nnz);
	for (int i = 0, to = 0; to < nnz; i++)
		if (quotients[i] != 0.0f)
		{
			result->indices[to] = v->indices[i];
			SPARSEVEC_VALUES(result)[to++] = quotients[i];
		}
	pfree(quotients);

	PG_RETURN_SPARSEVEC_P(result);
}
