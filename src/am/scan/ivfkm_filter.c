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
		filter->recheck |=
			ivfkm_attribute_term(columns->attributes[attribute].ops, attribute, &keys[i], &term);
		filter_add(&filter->terms, &term);
	}
	if (filter_is_empty(&filter->terms))
		filter->values = filter->nulls = false;
}

/* Notes the upper bound of a row that does not match and is not above the horizon. */
void
ivfkm_filter_note_near(IvfkmFilter *filter, float ub)
{
	if (filter->nnear == filter->near_size)
	{
		Size size = Max(256, filter->near_size * 2);

		filter->near = filter->near == NULL ? palloc(sizeof(float) * size)
											: repalloc_huge(filter->near, sizeof(float) * size);
		filter->near_size = size;
	}
	filter->near[filter->nnear++] = ub;
}

/*
 * Of the rows that do not match, the share whose upper bounds are not above the horizon.  Forgets
 * the others, as the horizon only falls.
 */
double
ivfkm_filter_share_near(IvfkmFilter *filter, float horizon)
{
	Size kept = 0;

	for (Size i = 0; i < filter->nnear; i++)
	{
		if (filter->near[i] <= horizon)
			filter->near[kept++] = filter->near[i];
	}
	filter->nnear = kept;
	return filter->nothers > 0 ? (double) kept / (double) filter->nothers : 0.0;
}
