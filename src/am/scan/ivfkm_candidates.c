/*-------------------------------------------------------------------------
 *
 * ivfkm_candidates.c
 *	  Collecting candidates below a falling horizon.
 *
 * NOTES
 *	  See ivfkm_candidates.h.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_candidates.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "am/scan/ivfkm_candidates.h"

#define FIRST_SIZE 32 /* rows that there is room for at first; a multiple of the step */

#define HEAP_PREFIX		candidate_heap
#define HEAP_TYPE		IvfkmCandidate
#define HEAP_LESS(a, b) ivfkm_position_less(&(a)->at, &(b)->at)
#include "am/index/ivfkm_heap.h"

/* the k smallest upper bounds, largest on top */
#define HEAP_PREFIX		bound_heap
#define HEAP_TYPE		float
#define HEAP_LESS(a, b) (*(a) > *(b))
#include "am/index/ivfkm_heap.h"

/*
 * Sets up an empty collection of at most "limit" rows, a power of two of at least 64; memory is
 * taken when it is needed.
 */
void
ivfkm_candidates_init(IvfkmCandidates *candidates, size_t limit, IvfkmResize resize)
{
	memset(candidates, 0, sizeof(*candidates));
	candidates->resize = resize;
	candidates->limit = limit;
	candidates->horizon = ivfkm_position_last(INFINITY);
}

/*
 * Starts a sweep: forgets all rows.  The horizon will be at most the k-th smallest upper bound
 * (k = 0: whatever the bounds are) and "highest", above which no row is ever wanted.
 */
void
ivfkm_candidates_begin(IvfkmCandidates *candidates, size_t k, float highest)
{
	candidates->n = 0;
	candidates->k = k;
	candidates->nbounds = 0;
	candidates->horizon = ivfkm_position_last(highest);
	candidates->truncated = false;
	candidates->taken = ivfkm_position_first(-INFINITY);
	if (k > candidates->bounds_size)
	{
		candidates->bounds_size = k;
		candidates->bounds = candidates->resize(candidates->bounds, sizeof(float) * k);
	}
}

/* Goes on with a sweep after rows were taken: upper bounds no longer lower the horizon. */
void
ivfkm_candidates_continue(IvfkmCandidates *candidates)
{
	candidates->k = 0;
	candidates->nbounds = 0;
}

/* Drops the rows above the horizon. */
void
ivfkm_candidates_prune(IvfkmCandidates *candidates)
{
	size_t kept = 0;

	for (size_t i = 0; i < candidates->n; i++)
	{
		if (!ivfkm_position_less(&candidates->horizon, &candidates->items[i].at))
			candidates->items[kept++] = candidates->items[i];
	}
	candidates->n = kept;
}

/* Order of candidates for qsort. */
static int
candidate_compare(const void *a, const void *b)
{
	const IvfkmPosition *x = &((const IvfkmCandidate *) a)->at;
	const IvfkmPosition *y = &((const IvfkmCandidate *) b)->at;

	if (ivfkm_position_less(x, y))
		return -1;
	return ivfkm_position_less(y, x) ? 1 : 0;
}

/*
 * Makes room for a step of rows: drops what is above the horizon, takes more memory or, at the
 * limit, lowers the horizon so that the farther half is left to a later sweep.
 */
void
ivfkm_candidates_make_room(IvfkmCandidates *candidates)
{
	ivfkm_candidates_prune(candidates);
	if (candidates->n + IVFKM_CANDIDATES_STEP > candidates->limit)
	{
		size_t keep = candidates->limit / 2;

		qsort(candidates->items, candidates->n, sizeof(IvfkmCandidate), candidate_compare);
		candidates->n = keep;
		candidates->horizon = candidates->items[keep - 1].at;
		candidates->truncated = true;
	}
	else if (candidates->size == 0 || candidates->n * 2 > candidates->size)
	{
		candidates->size = candidates->size == 0 ? FIRST_SIZE : candidates->size * 2;
		candidates->items =
			candidates->resize(candidates->items, candidates->size * sizeof(IvfkmCandidate));
	}
}

/* Accounts for an upper bound; the k-th smallest one is the horizon.  k must not be 0. */
void
ivfkm_candidates_offer(IvfkmCandidates *candidates, float ub)
{
	if (candidates->nbounds < candidates->k)
	{
		candidates->bounds[candidates->nbounds++] = ub;
		bound_heap_up(candidates->bounds, candidates->nbounds);
		if (candidates->nbounds < candidates->k)
			return;
	}
	else
	{
		candidates->bounds[0] = ub;
		bound_heap_down(candidates->bounds, candidates->nbounds, 0);
	}
	if (candidates->bounds[0] < candidates->horizon.lb)
	{
		candidates->horizon = ivfkm_position_last(candidates->bounds[0]);
		candidates->truncated = true;
	}
}

/* Ends the collection for now: drops the rows above the horizon and makes a heap of the rest. */
void
ivfkm_candidates_arrange(IvfkmCandidates *candidates)
{
	ivfkm_candidates_prune(candidates);
	candidate_heap_build(candidates->items, candidates->n);
}

/*
 * The k-th smallest lower bound of the rows, of the k that the sweep began with; infinity if there
 * are fewer.  To be called when all rows are collected: the upper bounds are forgotten.
 */
float
ivfkm_candidates_kth(IvfkmCandidates *candidates)
{
	float *lowest = candidates->bounds;
	size_t k = candidates->k;

	candidates->nbounds = 0;
	if (k == 0 || candidates->n < k)
		return INFINITY;
	for (size_t i = 0; i < k; i++)
		lowest[i] = candidates->items[i].at.lb;
	bound_heap_build(lowest, k);
	for (size_t i = k; i < candidates->n; i++)
	{
		if (candidates->items[i].at.lb >= lowest[0])
			continue;
		lowest[0] = candidates->items[i].at.lb;
		bound_heap_down(lowest, k, 0);
	}
	return lowest[0];
}

/* Removes and returns the row with the lowest position; there must be one. */
IvfkmCandidate
ivfkm_candidates_take(IvfkmCandidates *candidates)
{
	IvfkmCandidate candidate = candidates->items[0];

	candidates->taken = candidate.at;
	candidate_heap_pop(candidates->items, candidates->n);
	candidates->n--;
	return candidate;
}
