/*-------------------------------------------------------------------------
 *
 * dense_agg.h
 *	  Transition and final function of avg() over a dense type.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c; its macros are in dense_check.h.
 *
 *	  The state is an array of float8, {n, sum of element 1, ..., sum of element dim}, and
 *	  {0} before the first vector; see dense.h.  sum() needs no functions beside add().
 *
 * IDENTIFICATION
 *	  src/types/dense_agg.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_agg.h"
#endif

/*
 * accum(double precision[], type): adds a vector to the state, in place when called as an
 * aggregate.  Raises ERRCODE_DATA_EXCEPTION for a vector of other dimensions than those
 * before, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE on overflow.
 */
Datum
DENSE_FN(accum)(PG_FUNCTION_ARGS)
{
	ArrayType *state = PG_GETARG_ARRAYTYPE_P(0);
	DENSE *value = DENSE_ARG(1);
	float8 *sums = dense_state_values(state, DENSE_NAME "_accum");
	int dim = dense_state_dim(state);
	float buffer[DENSE_CHUNK];

	if (dim != 0)
		(void) DENSE_FN(check_typmod)(dim, value->dim, NULL);
	if (dim == 0 || !AggCheckCallContext(fcinfo, NULL))
	{
		ArrayType *copy = dense_state_make(value->dim);
		float8 *to = dense_state_values(copy, DENSE_NAME "_accum");

		memcpy(to, sums, sizeof(float8) * (Size) (dim + 1));
		state = copy;
		sums = to;
	}

	sums[0] += 1.0;
	for (int i = 0; i < value->dim; i += DENSE_CHUNK)
	{
		int n = dense_chunk(value->dim - i);
		const float *x = DENSE_FN(as_floats)(value->x + i, n, buffer);
		double *to = sums + 1 + i;

		for (int j = 0; j < n; j++)
		{
			to[j] += (double) x[j];
			if (unlikely(isinf(to[j])))
				float_overflow_error();
		}
	}
	PG_FREE_IF_COPY(value, 1);

	PG_RETURN_ARRAYTYPE_P(state);
}

/*
 * avg(double precision[]): the mean of the vectors added, rounded to the type; null if
 * there were none.  Raises errors when the mean is no value of the type, which sums of
 * its values never give.
 */
Datum
DENSE_FN(avg)(PG_FUNCTION_ARGS)
{
	ArrayType *state = PG_GETARG_ARRAYTYPE_P(0);
	float8 *sums = dense_state_values(state, DENSE_NAME "_avg");
	int dim = dense_state_dim(state);
	float *means;
	DENSE *result;

	if (sums[0] == 0.0)
		PG_RETURN_NULL();

	(void) DENSE_FN(check_dim)(dim, NULL);
	means = palloc(sizeof(float) * (Size) dim);
	for (int i = 0; i < dim; i++)
		means[i] = (float) (sums[i + 1] / sums[0]);
	result = DENSE_FN(make)(dim);
	DENSE_FN(from_floats)(means, dim, result->x);
	(void) DENSE_FN(check_elements)(result->x, dim, NULL);
	pfree(means);

	PG_RETURN_POINTER(result);
}
