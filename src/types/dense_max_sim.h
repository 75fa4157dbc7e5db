/*-------------------------------------------------------------------------
 *
 * dense_max_sim.h
 *	  Arrays of a dense type, and the similarity of two of them: MaxSim.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c; its macros are in dense_check.h.
 *
 *	  Late interaction: Khattab and Zaharia, "ColBERT: Efficient and Effective Passage Search via
 *	  Contextualized Late Interaction over BERT", SIGIR 2020.
 *
 * IDENTIFICATION
 *	  src/types/dense_max_sim.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_max_sim.h"
#endif

/* Vectors of a row that are compared with all of the query before the next ones are. */
#define MAX_SIM_BLOCK 64

/* A vector of a view, from 0. */
static inline const DENSE *
DENSE_FN(array_get)(const DenseArray *view, int i)
{
	return dense_array_get(view, i);
}

/*
 * Looks at the vectors of a detoasted array, which must stay.  Raises ERRCODE_DATA_EXCEPTION for
 * an array of more than one dimension and for vectors of different dimensions,
 * ERRCODE_NULL_VALUE_NOT_ALLOWED for nulls.
 */
void
DENSE_FN(array_view)(ArrayType *array, DenseArray *view)
{
	const char *end = (const char *) array + VARSIZE(array);
	const DENSE *first = (const DENSE *) dense_array_data(array);

	memset(view, 0, sizeof(*view));
	view->count = dense_array_count(array);
	if (view->count == 0)
		return;
	view->first = (const char *) first;
	view->dim = first->dim;
	view->step = INTALIGN(VARSIZE(first));
	for (int i = 0; i < view->count; i++)
	{
		const DENSE *vector = DENSE_FN(array_get)(view, i);

		/* the elements of an array are aligned, and their headers never short */
		if (unlikely(
				(Size) (end - (const char *) vector) < offsetof(DENSE, x) ||
				!VARATT_IS_4B_U(vector) || (Size) (end - (const char *) vector) < VARSIZE(vector) ||
				VARSIZE(vector) < offsetof(DENSE, x) + sizeof(DENSE_ELEMENT) * (Size) vector->dim))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED), errmsg("invalid array of type " DENSE_NAME)));
		DENSE_FN(check_same_dims)(first, vector);
	}
}

/*
 * The sum over the query's vectors of the largest inner product with a vector of the row.  Products
 * add up in float, the sum in double.  A row without vectors gives -infinity, a query without
 * vectors 0; a product that is NaN counts as -infinity.  The vectors of both have the same
 * dimensions, unless there are none.
 */
double
DENSE_FN(max_sim_value)(const DenseArray *row, const DenseArray *query)
{
	Size stride = row->step / sizeof(DENSE_ELEMENT);
	float products[MAX_SIM_BLOCK];
	float *largest = palloc(sizeof(float) * (Size) Max(query->count, 1));
	double sum = 0.0;

	for (int i = 0; i < query->count; i++)
		largest[i] = -get_float4_infinity();
	for (int from = 0; from < row->count; from += MAX_SIM_BLOCK)
	{
		int n = Min(row->count - from, MAX_SIM_BLOCK);

		for (int i = 0; i < query->count; i++)
		{
			CHECK_FOR_INTERRUPTS();
			DENSE_KERNEL(dot_batch)
			(DENSE_FN(array_get)(query, i)->x, DENSE_FN(array_get)(row, from)->x, stride,
			 (size_t) n, (size_t) row->dim, products);
			for (int j = 0; j < n; j++)
				largest[i] = products[j] > largest[i] ? products[j] : largest[i];
		}
	}
	for (int i = 0; i < query->count; i++)
		sum += (double) largest[i];
	pfree(largest);
	return sum;
}

/* The similarity of the arrays that an SQL function was called with. */
static double
DENSE_FN(max_sim_args)(FunctionCallInfo fcinfo)
{
	DenseArray row;
	DenseArray query;

	DENSE_FN(array_view)(PG_GETARG_ARRAYTYPE_P(0), &row);
	DENSE_FN(array_view)(PG_GETARG_ARRAYTYPE_P(1), &query);
	if (row.count > 0 && query.count > 0)
		DENSE_FN(check_same_dims)
	(DENSE_FN(array_get)(&row, 0), DENSE_FN(array_get)(&query, 0));
	return DENSE_FN(max_sim_value)(&row, &query);
}

/* max_sim(type[], type[]): the similarity of a row (first) to a query (second). */
Datum
DENSE_FN(max_sim)(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(DENSE_FN(max_sim_args)(fcinfo));
}

/*
 * negative_max_sim(type[], type[]), operator @#: the similarity with its sign changed, so that the
 * most similar come first in ascending order.
 */
Datum
DENSE_FN(negative_max_sim)(PG_FUNCTION_ARGS)
{
	/* 0 and not -0 */
	PG_RETURN_FLOAT8(0.0 - DENSE_FN(max_sim_args)(fcinfo));
}

#undef MAX_SIM_BLOCK
