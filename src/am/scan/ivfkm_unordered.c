/*-------------------------------------------------------------------------
 *
 * ivfkm_unordered.c
 *	  Scans without an order: all rows, or all within a bound.
 *
 * NOTES
 *	  Such a scan goes through the lists once.  Rows of some lists are collected, then given in
 *	  whichever order, then those of the next lists.  No exact distance is computed: the filter of
 *	  the query does that, once for each row.  It is exact: no setting limits what it reads.
 *
 *	  If the rows of the lists that were just read are more than there is room for, the farther
 *	  ones are left out and these lists are read again, from their floor on (ivfkm_given.h).
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_unordered.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "utils/float.h"

#include "am/scan/ivfkm_pass.h"
#include "am/scan/ivfkm_unordered.h"
#include "page/page_point.h"

/* Lists are read until there are so many rows to give. */
#define ENOUGH_ROWS 1024

/* Half-width of the bounds of refine codes: one row in 10^11 within the bound would be missed. */
#define REFINE_EPSILON 7.0f

/* Prepares for the first row, after ivfkm_lists_begin() for all lists. */
void
ivfkm_unordered_begin(IvfkmScan *so)
{
	so->pass = so->sweep = 1;
	so->epsilon = (float) Max(so->settings.epsilon, IVFKM_EXACT_EPSILON);
	so->lists.plan = (IvfkmListsPlan){.least = (int) so->index.meta.nlists,
									  .most = (int) so->index.meta.nlists,
									  .most_rows = get_float8_infinity()};
	ivfkm_candidates_begin(&so->candidates, 0, ivfkm_pass_highest_bound(so));
}

/* Collects rows of further lists; false if there are none. */
static bool
collect(IvfkmScan *so)
{
	IvfkmCandidates *candidates = &so->candidates;
	IvfkmLists *lists = &so->lists;
	bool again = candidates->truncated;

	page_point("scan-pass");
	if (lists->nscanned > 0)
		ivfkm_given_raise(&so->given,
						  again ? candidates->horizon : ivfkm_position_last(get_float4_infinity()),
						  lists->nscanned);
	ivfkm_candidates_begin(candidates, 0, ivfkm_pass_highest_bound(so));
	if (again)
		ivfkm_lists_scan_again(lists, so->collected_from, so->epsilon, &so->given, candidates);
	else
	{
		so->collected_from = lists->nscanned;
		while (candidates->n < ENOUGH_ROWS && !candidates->truncated &&
			   ivfkm_lists_scan_next(lists, so->epsilon, &so->given, candidates))
			CHECK_FOR_INTERRUPTS();
	}
	ivfkm_lists_end_pass(lists, candidates, candidates->n);
	return candidates->n > 0;
}

/*
 * The next row with a value; false if there are no more.  Rows beyond the bound may be among them,
 * and one that has several entries comes as often.  In the scan's memory context.
 */
bool
ivfkm_unordered_next_value(IvfkmScan *so, Relation index, IvfkmAddress *row)
{
	IvfkmCandidates *candidates = &so->candidates;
	ItemPointerData tid;

	while (candidates->n > 0 || collect(so))
	{
		const IvfkmCandidate candidate = candidates->items[--candidates->n];
		ItemPointerData record = ivfkm_lists_tid(candidate.refine);
		float lb = -get_float4_infinity();
		float ub;

		CHECK_FOR_INTERRUPTS();
		tid = ivfkm_lists_tid(candidate.at.row);
		so->counts.candidates++;
		if (so->told.bounded && so->query.refine)
		{
			so->counts.refined++;
			if (candidates->n > 0)
			{
				ItemPointerData next = ivfkm_lists_tid(candidates->items[candidates->n - 1].refine);

				page_refine_prefetch(index, so->query.refiner.geometry, &next);
			}
			if (!ivfkm_query_refine(&so->query, &so->lists.items[candidate.list], &record, &tid,
									REFINE_EPSILON, get_float4_infinity(), &lb, &ub))
				continue;
		}
		if (lb > so->order.bound)
			continue;
		*row = candidate.at.row;
		return true;
	}
	return false;
}

/*
 * The next row; false if there are no more.  Rows beyond the bound may be among them.  In the
 * scan's memory context.
 */
bool
ivfkm_unordered_next(IvfkmScan *so, Relation index, Snapshot snapshot, IvfkmAddress *row)
{
	bool arrays = so->index.ops->array != NULL;
	ItemPointerData tid;

	while (ivfkm_unordered_next_value(so, index, row))
	{
		if (!arrays || ivfkm_given_add(&so->given, *row))
			return true;
	}
	/* those whose value is NULL are not within anything */
	if (so->told.bounded || !so->filter.nulls || !ivfkm_nulls_next(&so->nulls, snapshot, &tid))
		return false;
	*row = ivfkm_lists_address(&tid);
	return true;
}
