/*-------------------------------------------------------------------------
 *
 * ivfkm_resolve.c
 *	  Refining candidates, one at a time or many at once.
 *
 * NOTES
 *	  A scan that is told how many rows are wanted refines, behind its first pass, all candidates
 *	  that may be among them, before it decides on any: list by list, so that a page is locked once
 *	  for all of its records that are wanted.  The horizon is the k-th smallest upper bound of what
 *	  was refined, which falls as the best candidates come first.  See "Many rows at once" in
 *	  NOTES.md.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_resolve.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "am/index/ivfkm_refine.h"
#include "am/scan/ivfkm_resolve.h"
#include "page/page_check.h"
#include "page/page_refine.h"

/*
 * With fewer candidates it costs more to choose among them than their pages cost.  But what is
 * taken one by one may come late, more often so where bounds are those of another distance.
 */
#define LEAST_CANDIDATES			 64
#define LEAST_APPROXIMATE_CANDIDATES 16

/* Bins of lower bounds, to find those of the best candidates. */
#define BINS 256

/* Each round of candidates goes on to so many times as many as the one before. */
#define ROUND_GROWTH 3

/* Rows that are looked at exactly are sorted by address if there are so many. */
#define LEAST_LOOKS 8

/* Records that the CPU is asked for ahead. */
#define PREFETCH_RECORDS 4

/* the k smallest upper bounds, largest on top */
#define HEAP_PREFIX		bound_heap
#define HEAP_TYPE		float
#define HEAP_LESS(a, b) (*(a) > *(b))
#include "am/index/ivfkm_heap.h"

#define ST_SORT			 sort_addresses
#define ST_ELEMENT_TYPE	 IvfkmAddress
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE		 static
#define ST_DEFINE
#include "lib/sort_template.h"

/* The smallest k of the upper bounds that were offered. */
typedef struct Nearest
{
	float *bounds;
	Size n;
	Size k;
	float horizon; /* the largest of them; infinity if they are fewer */
} Nearest;

/* Accounts for an upper bound. */
static inline void
offer(Nearest *nearest, float ub)
{
	if (nearest->n < nearest->k)
	{
		nearest->bounds[nearest->n++] = ub;
		bound_heap_up(nearest->bounds, nearest->n);
		if (nearest->n < nearest->k)
			return;
	}
	else if (ub < nearest->horizon)
	{
		nearest->bounds[0] = ub;
		bound_heap_down(nearest->bounds, nearest->n, 0);
	}
	else
		return;
	nearest->horizon = nearest->bounds[0];
}

/*
 * Notes that a candidate is taken; false if it was taken already: it is twice in the index, which
 * vdb_index_check() reports.
 */
bool
ivfkm_resolve_note(IvfkmScan *so, const IvfkmCandidate *candidate)
{
	so->counts.candidates++;
	if (so->measure != NULL && so->measure->met != NULL)
		ivfkm_measure_note(so->measure, candidate->at.row, candidate->list);
	return !so->by_address || ivfkm_given_add(&so->given, candidate->at.row);
}

/* Width of refined bounds: where rows are looked at whatever they are, narrow ones will do. */
static inline float
refine_epsilon(const IvfkmScan *so)
{
	return so->query.narrow ? IVFKM_REFINE_EPSILON : so->epsilon;
}

/* Refines a candidate that was noted. */
void
ivfkm_resolve_one(IvfkmScan *so, const IvfkmCandidate *candidate)
{
	const IvfkmCandidates *candidates = &so->candidates;
	ItemPointerData record = ivfkm_lists_tid(candidate->refine);
	ItemPointerData tid = ivfkm_lists_tid(candidate->at.row);
	IvfkmRefinedRow refined = {.row = candidate->at.row};

	so->counts.refined++;
	/* the children of the root of the heap are likely the next ones */
	for (Size i = 0; i < Min(candidates->n, 3); i++)
	{
		ItemPointerData next = ivfkm_lists_tid(candidates->items[i].refine);

		page_refine_prefetch(so->index.relation, &so->index.lists, &next);
	}
	if (ivfkm_query_refine(&so->query, &so->lists.items[candidate->list], &record, &tid,
						   refine_epsilon(so), get_float4_infinity(), &refined.lb, &refined.ub))
		ivfkm_order_add_refined(&so->order, &refined);
}

/*
 * How many candidates are at or below which lower bound: "counts" has those of each bin and of all
 * bins before it.
 */
typedef struct Histogram
{
	float lowest; /* where the first bin begins */
	float width;  /* of a bin */
	Size counts[BINS];
} Histogram;

/* Counts the candidates.  Bounds that are not finite are in the first and the last bin. */
static void
count_bounds(Histogram *histogram, const IvfkmCandidates *candidates)
{
	float lowest = FLT_MAX;
	float highest = -FLT_MAX;
	float scale;

	memset(histogram, 0, sizeof(*histogram));
	for (Size i = 0; i < candidates->n; i++)
	{
		float lb = candidates->items[i].at.lb;

		if (lb < lowest && lb >= -FLT_MAX)
			lowest = lb;
		if (lb > highest && lb <= FLT_MAX)
			highest = lb;
	}
	histogram->lowest = lowest;
	histogram->width = (highest - lowest) / BINS;
	scale = 1.0f / histogram->width;
	if (!(scale > 0.0f && scale <= FLT_MAX)) /* all are alike */
		histogram->width = scale = 0.0f;
	for (Size i = 0; i < candidates->n; i++)
	{
		float bin = (candidates->items[i].at.lb - lowest) * scale;

		histogram->counts[bin > 0.0f ? (int) Min(bin, (float) (BINS - 1)) : 0]++;
	}
	for (int bin = 1; bin < BINS; bin++)
		histogram->counts[bin] += histogram->counts[bin - 1];
}

/*
 * A lower bound at or below which about "wanted" candidates are, or a few more, of those that were
 * counted; infinity if they are nearly all.
 */
static float
choose_threshold(const Histogram *histogram, Size wanted)
{
	for (int bin = 0; bin < BINS - 1; bin++)
	{
		if (histogram->counts[bin] >= wanted)
			return histogram->lowest + (float) (bin + 1) * histogram->width;
	}
	return get_float4_infinity();
}

/* How many candidates are about at or below a bound, of those that were counted. */
static Size
count_below(const Histogram *histogram, float bound)
{
	float bin = histogram->width > 0.0f ? (bound - histogram->lowest) / histogram->width : BINS;

	return histogram->counts[bin > 0.0f ? (int) Min(bin, (float) (BINS - 1)) : 0];
}

/*
 * Puts those of the first n candidates that are above the horizon behind the others, which keep
 * their order.  Returns how many others there are.
 */
static Size
put_far_last(IvfkmCandidate *items, Size n, float horizon)
{
	Size near = 0;

	for (Size i = 0; i < n; i++)
	{
		IvfkmCandidate candidate = items[i];

		if (candidate.at.lb > horizon)
			continue;
		if (near < i)
		{
			items[i] = items[near];
			items[near] = candidate;
		}
		near++;
	}
	return near;
}

/* The next one of n candidates from number "i" on that is at or below "threshold"; n: none. */
static inline Size
next_below(const IvfkmCandidate *items, Size n, Size i, float threshold)
{
	while (i < n && items[i].at.lb > threshold)
		i++;
	return i;
}

/*
 * Refines those of the first n candidates that are at or below "threshold", in the order that they
 * have, but for those that are above the horizon when it is their turn.  They are removed; the last
 * ones of all candidates take the place behind those that stay.  Returns how many of the n stay.
 */
static Size
refine_below(IvfkmScan *so, Size n, float threshold, Nearest *nearest)
{
	const IvfkmIndex *index = &so->index;
	IvfkmCandidates *candidates = &so->candidates;
	IvfkmCandidate *items = candidates->items;
	float epsilon = refine_epsilon(so);
	QuantRefineBound bound;
	BlockNumber block = InvalidBlockNumber;
	Buffer buffer = InvalidBuffer;
	int list = -1;
	Size kept = 0;
	Size ahead = 0;
	Size moved;

	for (Size i = 0; i < PREFETCH_RECORDS; i++)
		ahead = next_below(items, n, ahead + (i > 0), threshold);
	for (Size i = 0; i < n; i++)
	{
		const IvfkmCandidate candidate = items[i];
		const IvfkmProbe *probe = &so->lists.items[candidate.list];
		ItemPointerData address = ivfkm_lists_tid(candidate.refine);
		ItemPointerData tid = ivfkm_lists_tid(candidate.at.row);
		IvfkmRefinedRow refined = {.row = candidate.at.row};
		IvfkmRefine record;

		if (candidate.at.lb > Min(threshold, nearest->horizon))
		{
			items[kept++] = candidate;
			continue;
		}
		ahead = next_below(items, n, Max(ahead, i) + 1, threshold);
		if (ahead < n)
		{
			ItemPointerData next = ivfkm_lists_tid(items[ahead].refine);

			page_refine_prefetch(index->relation, &index->lists, &next);
			ivfkm_given_prefetch(&so->given, items[ahead].at.row);
		}
		if (!ivfkm_resolve_note(so, &candidate))
			continue;
		if (candidate.list != list || ItemPointerGetBlockNumberNoCheck(&address) != block)
		{
			if (BufferIsValid(buffer))
				UnlockReleaseBuffer(buffer);
			CHECK_FOR_INTERRUPTS();
			if (candidate.list != list)
				ivfkm_query_refine_bound(&so->query, probe, epsilon, &bound);
			list = candidate.list;
			block = ItemPointerGetBlockNumberNoCheck(&address);
			buffer = page_read(index->relation, block, BUFFER_LOCK_SHARE);
			page_check_refine(index->relation, buffer, &index->lists, probe->child.id,
							  probe->child.generation);
		}
		so->counts.refined++;
		record = page_refine_get(index->relation, &index->lists, BufferGetPage(buffer), &address);
		if (!ivfkm_query_refine_of_list(&so->query, probe, &bound, record, &tid, epsilon,
										get_float4_infinity(), &refined.lb, &refined.ub))
			continue;
		ivfkm_order_append_refined(&so->order, &refined);
		offer(nearest, refined.ub);
	}
	if (BufferIsValid(buffer))
		UnlockReleaseBuffer(buffer);
	moved = Min(n - kept, candidates->n - n);
	memcpy(items + kept, items + candidates->n - moved, moved * sizeof(IvfkmCandidate));
	candidates->n -= n - kept;
	return kept;
}

/*
 * Refines the candidates that may be among the rows that the LIMIT wants.  To be called when the
 * candidates of a first pass were collected, and not yet arranged.  False if nothing was done:
 * the LIMIT is not known, or upper bounds say nothing, or candidates are few.
 */
bool
ivfkm_resolve_many(IvfkmScan *so)
{
	IvfkmCandidates *candidates = &so->candidates;
	IvfkmOrder *order = &so->order;
	Nearest nearest = {.horizon = get_float4_infinity()};
	Histogram histogram;
	float threshold;
	Size wanted;
	Size least;
	Size known;
	Size near; /* candidates that may be below the horizon: the first ones */
	bool enough;

	if (!so->widens || !so->by_address || so->told.limit <= 0 || !so->query.narrow)
		return false;
	nearest.k = (Size) Min(so->told.limit - (so->pass > 1 ? so->told.received : 0), so->k);
	ivfkm_candidates_prune(candidates);
	so->farthest = ivfkm_candidates_horizon(candidates);
	least = so->query.approximate ? LEAST_APPROXIMATE_CANDIDATES : LEAST_CANDIDATES;
	if (candidates->n < least && so->pass == 1)
		return false;
	known = candidates->n + order->nrefined + order->nknown;
	if (known == 0)
		return false;
	enough = known >= nearest.k;
	nearest.k = Min(nearest.k, known);
	nearest.bounds = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * nearest.k);
	for (Size i = 0; i < order->nrefined; i++)
		offer(&nearest, order->refined[i].ub);
	for (Size i = 0; i < order->nknown; i++)
		offer(&nearest, (float) order->known[i].distance);
	count_bounds(&histogram, candidates);
	wanted = nearest.k;
	near = candidates->n;
	do
	{
		float highest;

		threshold = choose_threshold(&histogram, wanted);
		highest = Min(threshold, nearest.horizon);
		near = put_far_last(candidates->items, near, nearest.horizon);
		ivfkm_lists_read_refine(&so->lists, candidates, highest);
		if (so->by_address)
			ivfkm_given_reserve(&so->given, Min(count_below(&histogram, highest), near));
		near = refine_below(so, near, threshold, &nearest);
		wanted *= ROUND_GROWTH;
	} while (threshold < nearest.horizon);
	ivfkm_order_arrange(order);
	if (enough)
		so->farthest = Min(so->farthest, nearest.horizon);
	pfree(nearest.bounds);
	return true;
}

/*
 * Takes from the order the refined rows that have to be looked at exactly, whatever turns out,
 * before the next "wanted" rows are given: among the best ones those that overlap with the one
 * behind them.  Returns how many there are; *rows (to be freed, or NULL) is in the order of the
 * table.
 */
Size
ivfkm_resolve_looks(IvfkmScan *so, int64 wanted, IvfkmAddress **rows)
{
	IvfkmOrder *order = &so->order;
	double highest = Min(order->bound, ivfkm_candidates_lowest(&so->candidates));
	IvfkmRefinedRow *kept;
	Size nkept = 0;
	Size n = 0;
	Size most;

	*rows = NULL;
	if (!so->query.narrow || wanted < (int64) order->nknown + LEAST_LOOKS)
		return 0;
	most = Min((Size) wanted - order->nknown, order->nrefined);
	*rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(IvfkmAddress) * Max(most, 1));
	kept = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(IvfkmRefinedRow) * Max(most, 1));
	for (Size i = 0; i < most && order->refined[0].lb <= highest; i++)
	{
		IvfkmRefinedRow row = ivfkm_order_take_refined(order);

		if (row.lb < order->last || (order->nrefined > 0 && row.ub > order->refined[0].lb))
			(*rows)[n++] = row.row;
		else
			kept[nkept++] = row;
	}
	while (nkept > 0)
		ivfkm_order_add_refined(order, &kept[--nkept]);
	pfree(kept);
	sort_addresses(*rows, n);
	return n;
}
