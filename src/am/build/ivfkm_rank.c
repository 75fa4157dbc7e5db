/*-------------------------------------------------------------------------
 *
 * ivfkm_rank.c
 *	  Ranks of keys, and what share of a count the lowest ranks hold.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_rank.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/build/ivfkm_rank.h"

/* A sort of unsigned numbers. */
#define ST_SORT			 sort_uint64
#define ST_ELEMENT_TYPE	 uint64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE		 static
#define ST_DEFINE
#include "lib/sort_template.h"

/* How many of the lowest ranks hold "share" of the total, by the count of each of n ranks. */
uint32
ivfkm_rank_quantile(pg_atomic_uint32 *ranks, uint32 n, double total, double share)
{
	double found = 0.0;

	for (uint32 rank = 0; rank < n; rank++)
	{
		found += pg_atomic_read_u32(&ranks[rank]);
		if (found >= share * total)
			return rank + 1;
	}
	return n;
}

/* A key in the order of unsigned numbers, in the upper half. */
static uint64
rank_place(float key)
{
	uint32 bits;

	memcpy(&bits, &key, sizeof(bits));
	return (uint64) (bits & 0x80000000 ? ~bits : bits | 0x80000000) << 32;
}

/*
 * rank_of[i]: how many of n keys, "stride" floats apart, come before the i-th; equal keys in
 * their order.  order is scratch for n numbers.
 */
void
ivfkm_rank(const float *keys, Size stride, uint32 n, uint64 *order, uint32 *rank_of)
{
	for (uint32 i = 0; i < n; i++)
		order[i] = rank_place(keys[i * stride]) | i; /* with the number behind */
	sort_uint64(order, n);
	for (uint32 rank = 0; rank < n; rank++)
		rank_of[(uint32) order[rank]] = rank;
}
