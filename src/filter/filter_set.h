/*-------------------------------------------------------------------------
 *
 * filter_set.h
 *	  The hash of a set's values.
 *
 * NOTES
 *	  Pure C.  Private to src/filter.  In memory only: no byte on disk depends on it.
 *
 * IDENTIFICATION
 *	  src/filter/filter_set.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef FILTER_SET_H
#define FILTER_SET_H

#include "filter/filter.h"
#include "port/vdb_target.h"

/* Odd numbers with bits in no order, from the golden ratio and the square root of 3. */
#define FILTER_HASH_LOW	 UINT32_C(0x9e3779b1)
#define FILTER_HASH_HIGH UINT32_C(0xbb67ae85)

/* Both, as vectors of 32-bit products want them. */
#define FILTER_HASH_BOTH ((int64_t) ((uint64_t) FILTER_HASH_HIGH << 32 | FILTER_HASH_LOW))

/*
 * 32 bits, of which the upper ones are the better.  After multiply-shift hashing (Dietzfelbinger,
 * Hagerup, Katajainen and Penttonen 1997) of both halves, which vectors of 32-bit products can do.
 */
VDB_INLINE uint32_t
filter_hash(int64_t value)
{
	uint64_t bits = (uint64_t) value;

	return (uint32_t) bits * FILTER_HASH_LOW + (uint32_t) (bits >> 32) * FILTER_HASH_HIGH;
}

/* True when a set with buckets contains a value of that hash. */
VDB_INLINE bool
filter_set_contains(const FilterSet *set, int64_t value, uint32_t hash)
{
	const uint32_t *start = set->starts + (hash >> set->bucket_shift);

	for (uint32_t i = start[0]; i < start[1]; i++)
	{
		if (set->buckets[i] == value)
			return true;
	}
	return false;
}

/* True when a value of that hash may be in a set with buckets. */
VDB_INLINE bool
filter_set_present(const FilterSet *set, uint32_t hash)
{
	uint32_t bit = hash >> set->present_shift;

	return (set->present[bit / 32] >> (bit % 32) & 1) != 0;
}

#endif /* FILTER_SET_H */
