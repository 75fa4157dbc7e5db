/*-------------------------------------------------------------------------
 *
 * dense_compare.h
 *	  Total order of a dense type: comparison operators and btree support.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c; its macros are in README.md.
 *
 *	  Lexicographic by element, then by number of dimensions, like arrays.  -0 equals 0, so
 *	  equal vectors need not have equal bytes.
 *
 *	  Index builds and searches call these functions many times in one memory context,
 *	  so detoasted copies are freed at once.
 *
 * IDENTIFICATION
 *	  src/types/dense_compare.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_compare.h"
#endif

/* -1, 0 or 1 as a sorts before, with or after b; the dimensions may differ. */
int
DENSE_FN(compare)(const DENSE *a, const DENSE *b)
{
	int shared = Min(a->dim, b->dim);

	for (int i = 0; i < shared; i++)
	{
		float x;
		float y;

		if (likely(a->x[i] == b->x[i]))
			continue;
		x = DENSE_TO_FLOAT(a->x[i]);
		y = DENSE_TO_FLOAT(b->x[i]);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a->dim > b->dim) - (a->dim < b->dim);
}

/* Compares the two arguments of an SQL function and frees their detoasted copies. */
static int
DENSE_FN(compare_args)(FunctionCallInfo fcinfo)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);
	int result = DENSE_FN(compare)(a, b);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

/* lt(type, type), operator <. */
Datum
DENSE_FN(lt)(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(DENSE_FN(compare_args)(fcinfo) < 0);
}

/* le(type, type), operator <=. */
Datum
DENSE_FN(le)(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(DENSE_FN(compare_args)(fcinfo) <= 0);
}

/* eq(type, type), operator =. */
Datum
DENSE_FN(eq)(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(DENSE_FN(compare_args)(fcinfo) == 0);
}

/* ne(type, type), operator <>. */
Datum
DENSE_FN(ne)(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(DENSE_FN(compare_args)(fcinfo) != 0);
}

/* ge(type, type), operator >=. */
Datum
DENSE_FN(ge)(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(DENSE_FN(compare_args)(fcinfo) >= 0);
}

/* gt(type, type), operator >. */
Datum
DENSE_FN(gt)(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(DENSE_FN(compare_args)(fcinfo) > 0);
}

/* cmp(type, type): btree support function 1; -1, 0 or 1. */
Datum
DENSE_FN(cmp)(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(DENSE_FN(compare_args)(fcinfo));
}
