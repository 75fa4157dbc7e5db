/*-------------------------------------------------------------------------
 *
 * dense_compare.h
 *	  Total order of a dense type: comparison operators, btree and hash support.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c; its macros are in dense_check.h.
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

/*
 * The elements of a vector as bytes that are equal for equal vectors: those of the vector itself,
 * or of a copy in which each -0 is 0.
 */
static const unsigned char *
DENSE_FN(hash_bytes)(const DENSE *vector)
{
	DENSE *copy = NULL;

	for (int i = 0; i < vector->dim; i++)
	{
		DENSE_BITS bits;

		memcpy(&bits, &vector->x[i], sizeof(bits));
		if (likely(bits != (DENSE_BITS) (1u << (8 * sizeof(bits) - 1))))
			continue;
		if (copy == NULL)
		{
			copy = DENSE_FN(make)(vector->dim);
			memcpy(copy->x, vector->x, sizeof(DENSE_ELEMENT) * (Size) vector->dim);
		}
		memset(&copy->x[i], 0, sizeof(bits));
	}
	return (const unsigned char *) (copy == NULL ? vector : copy)->x;
}

/* hash(type): hash support function 1. */
Datum
DENSE_FN(hash)(PG_FUNCTION_ARGS)
{
	DENSE *vector = DENSE_ARG(0);
	const unsigned char *bytes = DENSE_FN(hash_bytes)(vector);
	Datum result = hash_any(bytes, (int) sizeof(DENSE_ELEMENT) * vector->dim);

	if (bytes != (const unsigned char *) vector->x)
		pfree((char *) bytes - offsetof(DENSE, x));
	PG_FREE_IF_COPY(vector, 0);
	return result;
}

/* hash_extended(type, bigint): hash support function 2, with a seed. */
Datum
DENSE_FN(hash_extended)(PG_FUNCTION_ARGS)
{
	DENSE *vector = DENSE_ARG(0);
	const unsigned char *bytes = DENSE_FN(hash_bytes)(vector);
	Datum result = hash_any_extended(bytes, (int) sizeof(DENSE_ELEMENT) * vector->dim,
									 (uint64) PG_GETARG_INT64(1));

	if (bytes != (const unsigned char *) vector->x)
		pfree((char *) bytes - offsetof(DENSE, x));
	PG_FREE_IF_COPY(vector, 0);
	return result;
}
