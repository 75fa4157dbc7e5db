/*-------------------------------------------------------------------------
 *
 * ivfkm_filter.c
 *	  The conditions of a scan on the columns of its index.
 *
 * NOTES
 *	  Every key becomes a term, or says whether rows with a vector, or without, are wanted.  What a
 *	  term cannot tell is left to the executor (xs_recheck); no key is ignored.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_filter.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/index/ivfkm_attribute.h"
#include "am/scan/ivfkm_filter.h"

/* The number of the attribute in a column of the index. */
static int
attribute_of(const IvfkmColumns *columns, int column)
{
	return column < columns->vector ? column : column - 1;
}

/* Makes a filter that lets all rows through, with room for "most" keys in the current context. */
void
ivfkm_filter_init(IvfkmFilter *filter, int most)
{
	memset(filter, 0, sizeof(*filter));
	filter->values = true;
	filter->nulls = true;
	filter->terms.terms = palloc(sizeof(FilterTerm) * Max(most, 1));
}

/*
 * Adds keys to a filter that has room for them.  Allocates in the current memory context.  Errors:
 * those of operator classes for arguments.
 */
void
ivfkm_filter_add(IvfkmFilter *filter, const IvfkmColumns *columns, ScanKey keys, int nkeys)
{
	filter->terms.narrow = columns->narrow;
	for (int i = 0; i < nkeys; i++)
	{
		int column = keys[i].sk_attno - 1;
		int attribute = attribute_of(columns, column);
		FilterTerm term;

		if (column == columns->vector)
		{
			/* nothing but IS NULL and IS NOT NULL searches for vectors */
			Assert(keys[i].sk_flags & (SK_SEARCHNULL | SK_SEARCHNOTNULL));
			if (keys[i].sk_flags & SK_SEARCHNULL)
				filter->values = false;
			else
				filter->nulls = false;
			continue;
		}
		filter->recheck |= ivfkm_attribute_term(columns, attribute, &keys[i], &term);
		filter_add(&filter->terms, &term);
	}
	if (filter_is_empty(&filter->terms))
		filter->values = filter->nulls = false;
}

/* Notes the upper bound of a row that does not match and is not above the horizon. */
void
ivfkm_filter_note_near(IvfkmFilterOthers *others, float ub)
{
	if (others->nnear == others->size)
	{
		others->size = Max(256, others->size * 2);
		others->near = others->near == NULL
						   ? palloc(sizeof(float) * others->size)
						   : repalloc_huge(others->near, sizeof(float) * others->size);
	}
	others->near[others->nnear++] = ub;
}

/* Ascending numbers. */
static int
compare_floats(const void *a, const void *b)
{
	float x = *(const float *) a;
	float y = *(const float *) b;

	return (x > y) - (x < y);
}

/* Of n ascending numbers, those that are not below x: without branches, which x would decide. */
static inline Size
count_from(const float *numbers, Size n, float x)
{
	const float *first = numbers;
	Size left = n;

	if (n == 0)
		return 0;
	while (left > 1)
	{
		Size half = left / 2;

		first += first[half - 1] < x ? half : 0;
		left -= half;
	}
	return n - (Size) (first - numbers) - (*first < x ? 1 : 0);
}

/*
 * Pairs of a row that was looked at and one of k that match, of which the first is nearer, for each
 * row that was looked at.  bounds: ascending upper bounds of n <= k of the k; the others are at the
 * horizon.  Forgets rows above the horizon, which only falls.
 */
static double
nearer_pairs(IvfkmFilterOthers *others, const float *bounds, Size n, Size k, float horizon)
{
	double pairs = 0.0;
	Size kept = 0;

	for (Size i = 0; i < others->nnear; i++)
	{
		float ub = others->near[i];

		if (!(ub <= horizon))
			continue;
		others->near[kept++] = ub;
		pairs += (double) (k - n + count_from(bounds, n, ub));
	}
	others->nnear = kept;
	return others->rows > 0 ? pairs / (double) others->rows : 0.0;
}

/*
 * About which mean rank the k nearest rows that match have among all of the so many rows that were
 * passed by.  bounds: the upper bounds of n <= k of them, in any order; no others are above the
 * horizon.  Allocates in the current memory context.
 */
double
ivfkm_filter_mean_rank(IvfkmFilter *filter, const float *bounds, Size n, Size k, float horizon,
					   double rows)
{
	double beside = (double) filter->beside.rows;
	double apart = Max(rows - (double) filter->nmet - beside, 0.0);
	float *sorted = palloc(sizeof(float) * Max(n, 1));
	double pairs;

	if (n > 0)
		memcpy(sorted, bounds, sizeof(float) * n);
	qsort(sorted, n, sizeof(float), compare_floats);
	pairs = nearer_pairs(&filter->beside, sorted, n, k, horizon) * beside +
			nearer_pairs(&filter->apart, sorted, n, k, horizon) * apart;
	pfree(sorted);
	return pairs / (double) k + ((double) k + 1.0) / 2.0;
}
