/*-------------------------------------------------------------------------
 *
 * filter_set.c
 *	  Making filters: sets of values, and terms that join.
 *
 * NOTES
 *	  Pure C.  Contract in filter.h.
 *
 * IDENTIFICATION
 *	  src/filter/filter_set.c
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include "filter/filter_set.h"

/* Bits of a hash that count buckets: two for each value, but at most 2^24. */
#define BUCKETS_PER_VALUE 2
#define MAX_BUCKET_BITS	  24

/* So many bits of "present" for each bucket, as a power of two: one in 16 is set at most. */
#define PRESENT_BITS 3

/* The bits of a hash that tell the bucket in a set of so many values. */
static int
bucket_bits(int nvalues)
{
	int bits = 5 - PRESENT_BITS; /* "present" has a whole word */

	while (bits < MAX_BUCKET_BITS && ((int64_t) 1 << bits) < (int64_t) nvalues * BUCKETS_PER_VALUE)
		bits++;
	return bits;
}

/* See filter.h. */
size_t
filter_set_bytes(int nvalues)
{
	size_t buckets;

	if (nvalues <= FILTER_SMALL_SET)
		return 0;
	buckets = (size_t) 1 << bucket_bits(nvalues);
	return (size_t) nvalues * sizeof(int64_t) + (buckets + 1) * sizeof(uint32_t) +
		   (buckets << PRESENT_BITS) / 8;
}

/* See filter.h. */
void
filter_set_init(FilterTerm *term, const int64_t *values, int nvalues, void *memory)
{
	FilterSet *set = &term->set;
	int bits = bucket_bits(nvalues);
	size_t nbuckets = (size_t) 1 << bits;
	int64_t *buckets = memory;
	uint32_t *starts;
	uint32_t *present;

	memset(set, 0, sizeof(*set));
	term->kind = FILTER_SET;
	term->low = values[0];
	term->high = values[nvalues - 1];
	set->nvalues = nvalues;
	set->values = values;
	if (nvalues <= FILTER_SMALL_SET)
		return;
	starts = (uint32_t *) (buckets + nvalues);
	present = starts + nbuckets + 1;
	set->buckets = buckets;
	set->starts = starts;
	set->present = present;
	set->bucket_shift = 32 - bits;
	set->present_shift = 32 - bits - PRESENT_BITS;

	/* count each bucket, then place the values from its end to its start */
	memset(starts, 0, (nbuckets + 1) * sizeof(uint32_t));
	memset(present, 0, (nbuckets << PRESENT_BITS) / 8);
	for (int i = 0; i < nvalues; i++)
	{
		uint32_t hash = filter_hash(values[i]);
		uint32_t bit = hash >> set->present_shift;

		starts[hash >> set->bucket_shift]++;
		present[bit / 32] |= UINT32_C(1) << (bit % 32);
	}
	for (size_t b = 1; b <= nbuckets; b++)
		starts[b] += starts[b - 1];
	for (int i = nvalues; i-- > 0;)
		buckets[--starts[filter_hash(values[i]) >> set->bucket_shift]] = values[i];
}

/* Makes the filter one that no row can meet. */
static void
match_nothing(Filter *filter)
{
	filter->nterms = 1;
	filter->terms[0] = (FilterTerm){.kind = FILTER_NOTHING};
}

/* Narrows a range or set to a range; true unless none of its values is left. */
static bool
narrow(FilterTerm *term, const FilterTerm *range)
{
	if (range->low > term->low)
		term->low = range->low;
	if (range->high < term->high)
		term->high = range->high;
	return term->low <= term->high;
}

/* See filter.h. */
void
filter_add(Filter *filter, const FilterTerm *term)
{
	if (filter_is_empty(filter))
		return;
	if (term->kind == FILTER_NOTHING)
	{
		match_nothing(filter);
		return;
	}
	for (int i = 0; i < filter->nterms && term->kind == FILTER_RANGE; i++)
	{
		FilterTerm *other = &filter->terms[i];

		if (other->attribute != term->attribute ||
			(other->kind != FILTER_RANGE && other->kind != FILTER_SET))
			continue;
		if (!narrow(other, term))
			match_nothing(filter);
		return;
	}
	filter->terms[filter->nterms++] = *term;
}
