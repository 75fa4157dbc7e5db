/*-------------------------------------------------------------------------
 *
 * vector_ops.c
 *	  Distances and other functions of vectors that SQL can call.
 *
 * NOTES
 *	  Distances add up in float in the active SIMD kernels (distance/dist.h) and are
 *	  widened to double once at the end; an overflow of the sum gives infinity.  Norms
 *	  add up in double.
 *
 * IDENTIFICATION
 *	  src/types/vector_ops.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/vector.h"

#include <math.h>

#include "distance/dist.h"

PG_FUNCTION_INFO_V1(l2_distance);
PG_FUNCTION_INFO_V1(vector_l2_squared_distance);
PG_FUNCTION_INFO_V1(inner_product);
PG_FUNCTION_INFO_V1(vector_negative_inner_product);
PG_FUNCTION_INFO_V1(cosine_distance);
PG_FUNCTION_INFO_V1(l1_distance);
PG_FUNCTION_INFO_V1(vector_dims);
PG_FUNCTION_INFO_V1(vector_norm);
PG_FUNCTION_INFO_V1(l2_normalize);
PG_FUNCTION_INFO_V1(subvector);

/* ----- values, for C callers; the dimensions must be equal ----- */

/* The square of the Euclidean distance. */
double
vector_l2_squared_value(const Vector *a, const Vector *b)
{
	return (double) vdb_dist->l2sq(a->x, b->x, (size_t) a->dim);
}

/* The inner product. */
double
vector_inner_product_value(const Vector *a, const Vector *b)
{
	return (double) vdb_dist->dot(a->x, b->x, (size_t) a->dim);
}

/*
 * The cosine distance, 1 - <a, b> / (|a| |b|), in [0, 2].  The quotient is clamped to
 * [-1, 1], which rounding could leave.  NaN if a norm is zero or overflows.
 */
double
vector_cosine_distance_value(const Vector *a, const Vector *b)
{
	DistCosineParts parts = vdb_dist->cosine(a->x, b->x, (size_t) a->dim);

	/* One square root of the product rounds once less than a product of two. */
	double similarity = (double) parts.dot / sqrt((double) parts.norm2a * (double) parts.norm2b);

	/* Comparisons with NaN are false: it stays NaN. */
	if (similarity > 1.0)
		similarity = 1.0;
	else if (similarity < -1.0)
		similarity = -1.0;
	return 1.0 - similarity;
}

/* The taxicab distance. */
double
vector_l1_distance_value(const Vector *a, const Vector *b)
{
	return (double) vdb_dist->l1(a->x, b->x, (size_t) a->dim);
}

/* ----- distances in SQL; all raise ERRCODE_DATA_EXCEPTION for unequal dimensions ----- */

/* l2_distance(vector, vector), operator <->: the Euclidean distance. */
Datum
l2_distance(PG_FUNCTION_ARGS)
{
	Vector *a = PG_GETARG_VECTOR_P(0);
	Vector *b = PG_GETARG_VECTOR_P(1);

	vector_check_same_dims(a, b);

	PG_RETURN_FLOAT8(sqrt(vector_l2_squared_value(a, b)));
}

/*
 * vector_l2_squared_distance(vector, vector), also under the name l2_squared_distance:
 * the square of the Euclidean distance.
 */
Datum
vector_l2_squared_distance(PG_FUNCTION_ARGS)
{
	Vector *a = PG_GETARG_VECTOR_P(0);
	Vector *b = PG_GETARG_VECTOR_P(1);

	vector_check_same_dims(a, b);

	PG_RETURN_FLOAT8(vector_l2_squared_value(a, b));
}

/* inner_product(vector, vector): the inner product. */
Datum
inner_product(PG_FUNCTION_ARGS)
{
	Vector *a = PG_GETARG_VECTOR_P(0);
	Vector *b = PG_GETARG_VECTOR_P(1);

	vector_check_same_dims(a, b);

	PG_RETURN_FLOAT8(vector_inner_product_value(a, b));
}

/*
 * vector_negative_inner_product(vector, vector), operator <#>: the inner product with its
 * sign changed, so that the nearest come first in ascending order.
 */
Datum
vector_negative_inner_product(PG_FUNCTION_ARGS)
{
	Vector *a = PG_GETARG_VECTOR_P(0);
	Vector *b = PG_GETARG_VECTOR_P(1);

	vector_check_same_dims(a, b);

	PG_RETURN_FLOAT8(-vector_inner_product_value(a, b));
}

/* cosine_distance(vector, vector), operator <=>: the cosine distance. */
Datum
cosine_distance(PG_FUNCTION_ARGS)
{
	Vector *a = PG_GETARG_VECTOR_P(0);
	Vector *b = PG_GETARG_VECTOR_P(1);

	vector_check_same_dims(a, b);

	PG_RETURN_FLOAT8(vector_cosine_distance_value(a, b));
}

/* l1_distance(vector, vector), operator <+>: the taxicab distance. */
Datum
l1_distance(PG_FUNCTION_ARGS)
{
	Vector *a = PG_GETARG_VECTOR_P(0);
	Vector *b = PG_GETARG_VECTOR_P(1);

	vector_check_same_dims(a, b);

	PG_RETURN_FLOAT8(vector_l1_distance_value(a, b));
}

/* ----- functions of one vector ----- */

/* vector_dims(vector): the number of dimensions. */
Datum
vector_dims(PG_FUNCTION_ARGS)
{
	/* The header is enough: a value out of line is read no further. */
	Vector *vector =
		(Vector *) PG_DETOAST_DATUM_SLICE(PG_GETARG_DATUM(0), 0, offsetof(Vector, x) - VARHDRSZ);

	PG_RETURN_INT32(vector->dim);
}

/* The Euclidean norm, summed in double: no finite vector overflows or underflows it. */
static double
vector_norm_value(const Vector *vector)
{
	double sum = 0.0;

	for (int i = 0; i < vector->dim; i++)
		sum += (double) vector->x[i] * (double) vector->x[i];
	return sqrt(sum);
}

/* vector_norm(vector): the Euclidean norm. */
Datum
vector_norm(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(vector_norm_value(PG_GETARG_VECTOR_P(0)));
}

/* l2_normalize(vector): the vector divided by its Euclidean norm; zero stays zero. */
Datum
l2_normalize(PG_FUNCTION_ARGS)
{
	Vector *vector = PG_GETARG_VECTOR_P(0);
	Vector *result = vector_make(vector->dim);
	double norm = vector_norm_value(vector);

	/* No element is larger than the norm, so the quotients are finite. */
	if (norm > 0.0)
		for (int i = 0; i < vector->dim; i++)
			result->x[i] = (float) ((double) vector->x[i] / norm);

	PG_RETURN_VECTOR_P(result);
}

/*
 * subvector(vector, integer start, integer count): the "count" elements from number
 * "start" on, counted from 1.  As with substring(), elements before the first or after
 * the last are left out.  Raises ERRCODE_DATA_EXCEPTION when none remains.
 */
Datum
subvector(PG_FUNCTION_ARGS)
{
	Vector *vector = PG_GETARG_VECTOR_P(0);
	int64 start = PG_GETARG_INT32(1);
	int64 end = start + PG_GETARG_INT32(2); /* first element left out */
	Vector *result;

	start = Max(start, 1);
	end = Min(end, vector->dim + 1);
	(void) vector_check_dim(end > start ? (int) (end - start) : 0, NULL);

	result = vector_make((int) (end - start));
	memcpy(result->x, vector->x + (start - 1), sizeof(float) * (Size) result->dim);

	PG_RETURN_VECTOR_P(result);
}
