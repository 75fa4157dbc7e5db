/*-------------------------------------------------------------------------
 *
 * vector_compare.c
 *	  Total order of vectors: comparison operators and btree support.
 *
 * NOTES
 *	  Lexicographic by element, then by number of dimensions, like arrays.  -0 equals 0, so
 *	  equal vectors need not have equal bytes.
 *
 *	  Index builds and searches call these functions many times in one memory context,
 *	  so detoasted copies are freed at once.
 *
 * IDENTIFICATION
 *	  src/types/vector_compare.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/vector.h"

PG_FUNCTION_INFO_V1(vector_lt);
PG_FUNCTION_INFO_V1(vector_le);
PG_FUNCTION_INFO_V1(vector_eq);
PG_FUNCTION_INFO_V1(vector_ne);
PG_FUNCTION_INFO_V1(vector_ge);
PG_FUNCTION_INFO_V1(vector_gt);
PG_FUNCTION_INFO_V1(vector_cmp);

/* -1, 0 or 1 as a sorts before, with or after b; the dimensions may differ. */
int
vector_compare(const Vector *a, const Vector *b)
{
	int shared = Min(a->dim, b->dim);

	for (int i = 0; i < shared; i++)
		if (a->x[i] != b->x[i])
			return a->x[i] < b->x[i] ? -1 : 1;
	return (a->dim > b->dim) - (a->dim < b->dim);
}

/* Compares the two arguments of an SQL function and frees their detoasted copies. */
static int
vector_compare_args(FunctionCallInfo fcinfo)
{
	Vector *a = PG_GETARG_VECTOR_P(0);
	Vector *b = PG_GETARG_VECTOR_P(1);
	int result = vector_compare(a, b);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

/* vector_lt(vector, vector), operator <. */
Datum
vector_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(vector_compare_args(fcinfo) < 0);
}

/* vector_le(vector, vector), operator <=. */
Datum
vector_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(vector_compare_args(fcinfo) <= 0);
}

/* vector_eq(vector, vector), operator =. */
Datum
vector_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(vector_compare_args(fcinfo) == 0);
}

/* vector_ne(vector, vector), operator <>. */
Datum
vector_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(vector_compare_args(fcinfo) != 0);
}

/* vector_ge(vector, vector), operator >=. */
Datum
vector_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(vector_compare_args(fcinfo) >= 0);
}

/* vector_gt(vector, vector), operator >. */
Datum
vector_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(vector_compare_args(fcinfo) > 0);
}

/* vector_cmp(vector, vector): btree support function 1; -1, 0 or 1. */
Datum
vector_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(vector_compare_args(fcinfo));
}
