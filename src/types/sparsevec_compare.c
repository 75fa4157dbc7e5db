/*-------------------------------------------------------------------------
 *
 * sparsevec_compare.c
 *	  Total order of sparsevecs: comparison operators, btree and hash support.
 *
 * NOTES
 *	  The order of the vectors that they stand for: lexicographic by element, zeros
 *	  counted, then by number of dimensions.
 *
 *	  Index builds and searches call these functions many times in one memory context,
 *	  so detoasted copies are freed at once.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_compare.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/sparsevec.h"

#include "common/hashfn.h"

PG_FUNCTION_INFO_V1(sparsevec_lt);
PG_FUNCTION_INFO_V1(sparsevec_le);
PG_FUNCTION_INFO_V1(sparsevec_eq);
PG_FUNCTION_INFO_V1(sparsevec_ne);
PG_FUNCTION_INFO_V1(sparsevec_ge);
PG_FUNCTION_INFO_V1(sparsevec_gt);
PG_FUNCTION_INFO_V1(sparsevec_cmp);
PG_FUNCTION_INFO_V1(sparsevec_hash);
PG_FUNCTION_INFO_V1(sparsevec_hash_extended);

/* The index of stored element i, or that of an end no vector reaches. */
static inline int32
index_or_end(const SparseVector *v, int i)
{
	return i < v->nnz ? v->indices[i] : PG_INT32_MAX;
}

/* -1, 0 or 1 as a sorts before, with or after b; the dimensions may differ. */
int
sparsevec_compare(const SparseVector *a, const SparseVector *b)
{
	const float *x = SPARSEVEC_VALUES(a);
	const float *y = SPARSEVEC_VALUES(b);
	int32 shared = Min(a->dim, b->dim);

	/* up to the first difference the i-th elements stand at the same indices */
	for (int i = 0;; i++)
	{
		int32 at_a = index_or_end(a, i);
		int32 at_b = index_or_end(b, i);

		if (Min(at_a, at_b) >= shared)
			break;
		if (at_a < at_b)
			return x[i] < 0.0f ? -1 : 1;
		if (at_a > at_b)
			return y[i] < 0.0f ? 1 : -1;
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return (a->dim > b->dim) - (a->dim < b->dim);
}

/* Compares the two arguments of an SQL function and frees their detoasted copies. */
static int
sparsevec_compare_args(FunctionCallInfo fcinfo)
{
	SparseVector *a = PG_GETARG_SPARSEVEC_P(0);
	SparseVector *b = PG_GETARG_SPARSEVEC_P(1);
	int result = sparsevec_compare(a, b);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

/* sparsevec_lt(sparsevec, sparsevec), operator <. */
Datum
sparsevec_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sparsevec_compare_args(fcinfo) < 0);
}

/* sparsevec_le(sparsevec, sparsevec), operator <=. */
Datum
sparsevec_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sparsevec_compare_args(fcinfo) <= 0);
}

/* sparsevec_eq(sparsevec, sparsevec), operator =. */
Datum
sparsevec_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sparsevec_compare_args(fcinfo) == 0);
}

/* sparsevec_ne(sparsevec, sparsevec), operator <>. */
Datum
sparsevec_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sparsevec_compare_args(fcinfo) != 0);
}

/* sparsevec_ge(sparsevec, sparsevec), operator >=. */
Datum
sparsevec_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sparsevec_compare_args(fcinfo) >= 0);
}

/* sparsevec_gt(sparsevec, sparsevec), operator >. */
Datum
sparsevec_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sparsevec_compare_args(fcinfo) > 0);
}

/* sparsevec_cmp(sparsevec, sparsevec): btree support function 1; -1, 0 or 1. */
Datum
sparsevec_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(sparsevec_compare_args(fcinfo));
}

/*
 * All that makes a sparsevec, after its header.  No stored element is zero and indices ascend, so
 * equal ones have equal bytes.
 */
static const unsigned char *
sparsevec_hash_bytes(const SparseVector *vector, int *size)
{
	*size = (int) (VARSIZE(vector) - VARHDRSZ);
	return (const unsigned char *) VARDATA(vector);
}

/* sparsevec_hash(sparsevec): hash support function 1. */
Datum
sparsevec_hash(PG_FUNCTION_ARGS)
{
	SparseVector *vector = PG_GETARG_SPARSEVEC_P(0);
	int size;
	const unsigned char *bytes = sparsevec_hash_bytes(vector, &size);
	Datum result = hash_any(bytes, size);

	PG_FREE_IF_COPY(vector, 0);
	return result;
}

/* sparsevec_hash_extended(sparsevec, bigint): hash support function 2, with a seed. */
Datum
sparsevec_hash_extended(PG_FUNCTION_ARGS)
{
	SparseVector *vector = PG_GETARG_SPARSEVEC_P(0);
	int size;
	const unsigned char *bytes = sparsevec_hash_bytes(vector, &size);
	Datum result = hash_any_extended(bytes, size, (uint64) PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(vector, 0);
	return result;
}
