/*-------------------------------------------------------------------------
 *
 * dense_distance.h
 *	  Distances of a dense type and what belongs to them: norm, normalisation.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c; its macros are in dense_check.h.
 *
 *	  Distances add up in float in the active SIMD kernels (distance/dist.h) and are
 *	  widened to double once at the end; an overflow of the sum gives infinity.  Norms
 *	  add up in double.
 *
 * IDENTIFICATION
 *	  src/types/dense_distance.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_distance.h"
#endif

/* ----- values, for C callers; the dimensions must be equal ----- */

/* The square of the Euclidean distance. */
double
DENSE_FN(l2_squared_value)(const DENSE *a, const DENSE *b)
{
	return (double) DENSE_KERNEL(l2sq)(a->x, b->x, (size_t) a->dim);
}

/* The inner product. */
double
DENSE_FN(inner_product_value)(const DENSE *a, const DENSE *b)
{
	return (double) DENSE_KERNEL(dot)(a->x, b->x, (size_t) a->dim);
}

/* A number limited to [-1, 1], which rounding could leave.  NaN stays. */
static inline double
DENSE_FN(clamp)(double x)
{
	if (x > 1.0)
		return 1.0;
	if (x < -1.0)
		return -1.0;
	return x;
}

/*
 * The cosine distance, 1 - <a, b> / (|a| |b|), in [0, 2].  NaN if a norm is zero or
 * overflows.
 */
double
DENSE_FN(cosine_distance_value)(const DENSE *a, const DENSE *b)
{
	DistCosineParts parts = DENSE_KERNEL(cosine)(a->x, b->x, (size_t) a->dim);

	/* One square root of the product rounds once less than a product of two. */
	return 1.0 - DENSE_FN(clamp)((double) parts.dot /
								 sqrt((double) parts.norm2a * (double) parts.norm2b));
}

/* The taxicab distance. */
double
DENSE_FN(l1_distance_value)(const DENSE *a, const DENSE *b)
{
	return (double) DENSE_KERNEL(l1)(a->x, b->x, (size_t) a->dim);
}

/* The Euclidean norm, summed in double: no finite vector overflows or underflows it. */
static double
DENSE_FN(norm_value)(const DENSE *vector)
{
	float buffer[DENSE_CHUNK];
	double sum = 0.0;

	for (int i = 0; i < vector->dim; i += DENSE_CHUNK)
	{
		int n = dense_chunk(vector->dim - i);
		const float *x = DENSE_FN(as_floats)(vector->x + i, n, buffer);

		for (int j = 0; j < n; j++)
			sum += (double) x[j] * (double) x[j];
	}
	return sqrt(sum);
}

/* ----- distances in SQL; all raise ERRCODE_DATA_EXCEPTION for unequal dimensions ----- */

/* l2_distance(type, type), operator <->: the Euclidean distance. */
Datum
DENSE_FN(l2_distance)(PG_FUNCTION_ARGS)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);

	DENSE_FN(check_same_dims)(a, b);

	PG_RETURN_FLOAT8(sqrt(DENSE_FN(l2_squared_value)(a, b)));
}

/* l2_squared_distance(type, type): the square of the Euclidean distance. */
Datum
DENSE_FN(l2_squared_distance)(PG_FUNCTION_ARGS)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);

	DENSE_FN(check_same_dims)(a, b);

	PG_RETURN_FLOAT8(DENSE_FN(l2_squared_value)(a, b));
}

/* inner_product(type, type): the inner product. */
Datum
DENSE_FN(inner_product)(PG_FUNCTION_ARGS)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);

	DENSE_FN(check_same_dims)(a, b);

	PG_RETURN_FLOAT8(DENSE_FN(inner_product_value)(a, b));
}

/*
 * negative_inner_product(type, type), operator <#>: the inner product with its sign
 * changed, so that the nearest come first in ascending order.
 */
Datum
DENSE_FN(negative_inner_product)(PG_FUNCTION_ARGS)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);

	DENSE_FN(check_same_dims)(a, b);

	PG_RETURN_FLOAT8(-DENSE_FN(inner_product_value)(a, b));
}

/* cosine_distance(type, type), operator <=>: the cosine distance. */
Datum
DENSE_FN(cosine_distance)(PG_FUNCTION_ARGS)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);

	DENSE_FN(check_same_dims)(a, b);

	PG_RETURN_FLOAT8(DENSE_FN(cosine_distance_value)(a, b));
}

/* l1_distance(type, type), operator <+>: the taxicab distance. */
Datum
DENSE_FN(l1_distance)(PG_FUNCTION_ARGS)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);

	DENSE_FN(check_same_dims)(a, b);

	PG_RETURN_FLOAT8(DENSE_FN(l1_distance_value)(a, b));
}

/*
 * spherical_distance(type, type): the angle between two unit vectors over pi, in [0, 1].
 * Divides by no norm: other vectors give a number without meaning.
 */
Datum
DENSE_FN(spherical_distance)(PG_FUNCTION_ARGS)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);

	DENSE_FN(check_same_dims)(a, b);

	PG_RETURN_FLOAT8(acos(DENSE_FN(clamp)(DENSE_FN(inner_product_value)(a, b))) / M_PI);
}

/* ----- norm ----- */

/* l2_norm(type): the Euclidean norm. */
Datum
DENSE_FN(l2_norm)(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(DENSE_FN(norm_value)(DENSE_ARG(0)));
}

/* l2_normalize(type): the vector divided by its Euclidean norm; zero stays zero. */
Datum
DENSE_FN(l2_normalize)(PG_FUNCTION_ARGS)
{
	DENSE *vector = DENSE_ARG(0);
	DENSE *result = DENSE_FN(make)(vector->dim);
	double norm = DENSE_FN(norm_value)(vector);
	float buffer[DENSE_CHUNK];
	float quotients[DENSE_CHUNK];

	if (norm == 0.0)
		PG_RETURN_POINTER(result);

	for (int i = 0; i < vector->dim; i += DENSE_CHUNK)
	{
		int n = dense_chunk(vector->dim - i);
		const float *x = DENSE_FN(as_floats)(vector->x + i, n, buffer);

		/* no element is larger than the norm, so they are finite */
		for (int j = 0; j < n; j++)
			quotients[j] = (float) ((double) x[j] / norm);
		DENSE_FN(round)(quotients, n, result->x + i);
	}

	PG_RETURN_POINTER(result);
}
