/*-------------------------------------------------------------------------
 *
 * dense_combine.c
 *	  Combine function of avg(), which vector and halfvec share.
 *
 * IDENTIFICATION
 *	  src/types/dense_combine.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/dense.h"

#include <math.h>

#include "types/vector.h"
#include "utils/float.h"

PG_FUNCTION_INFO_V1(dense_combine);

/*
 * vector_combine(double precision[], double precision[]) and halfvec_combine(): the state
 * of the vectors of both.  Raises ERRCODE_DATA_EXCEPTION for vectors of different
 * dimensions, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE on overflow.
 */
Datum
dense_combine(PG_FUNCTION_ARGS)
{
	ArrayType *a = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType *b = PG_GETARG_ARRAYTYPE_P(1);
	float8 *x = dense_state_values(a, "vector_combine");
	float8 *y = dense_state_values(b, "vector_combine");
	int dim_a = dense_state_dim(a);
	int dim_b = dense_state_dim(b);
	int dim = dim_a != 0 ? dim_a : dim_b;
	ArrayType *result;
	float8 *sums;

	if (dim != 0)
		(void) vector_check_dim(dim, NULL);
	if (dim_a != 0 && dim_b != 0)
		(void) vector_check_typmod(dim_a, dim_b, NULL);

	result = dense_state_make(dim);
	sums = dense_state_values(result, "vector_combine");
	for (int i = 0; i <= dim; i++)
	{
		sums[i] = (i <= dim_a ? x[i] : 0.0) + (i <= dim_b ? y[i] : 0.0);
		if (unlikely(isinf(sums[i])))
			float_overflow_error();
	}

	PG_RETURN_ARRAYTYPE_P(result);
}
