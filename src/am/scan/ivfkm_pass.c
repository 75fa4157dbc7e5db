/*-------------------------------------------------------------------------
 *
 * ivfkm_pass.c
 *	  A pass of a scan: which lists to probe, which of their rows are candidates.
 *
 * NOTES
 *	  See ivfkm_scan.h.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_pass.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/relscan.h"
#include "executor/instrument.h"
#include "lib/qunique.h"
#include "port/pg_bitutils.h"
#include "utils/float.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_list.h"
#include "am/scan/ivfkm_scan.h"
#include "page/page_point.h"

/* Added to ivfkm.epsilon after the first pass: rows are then worth more than bounds. */
#define LATER_EPSILON 1.5f

/* Lists that cost about as much to scan as one row to fetch from the heap. */
#define LISTS_PER_ROW 4

/* Rows that a pass prepares for at most, and candidates that it keeps at most. */
#define MAX_PASS_K			16384
#define MAX_PASS_CANDIDATES (8 * MAX_PASS_K)

/* Makes a floor that every candidate is above, one bounded by -infinity included. */
static inline void
candidate_set_lowest(IvfkmCandidate *candidate)
{
	candidate->lb = -get_float4_infinity();
	ItemPointerSet(&candidate->tid, 0, InvalidOffsetNumber);
	ItemPointerSetInvalid(&candidate->refine);
	candidate->list = -1;
}

/* Makes a horizon that no candidate with a bound of "lb" or less is above. */
static inline void
candidate_set_highest(IvfkmCandidate *candidate, float lb)
{
	candidate->lb = lb;
	ItemPointerSet(&candidate->tid, MaxBlockNumber, PG_UINT16_MAX);
	ItemPointerSetInvalid(&candidate->refine);
	candidate->list = -1;
}

#define HEAP_PREFIX		candidate_heap
#define HEAP_TYPE		IvfkmCandidate
#define HEAP_LESS(a, b) candidate_less(a, b)
#include "am/index/ivfkm_heap.h"

/* the k smallest upper bounds, largest on top */
#define HEAP_PREFIX		bound_heap
#define HEAP_TYPE		float
#define HEAP_LESS(a, b) (*(a) > *(b))
#include "am/index/ivfkm_heap.h"

/* ----- candidates ----- */

/* Drops the candidates behind the horizon. */
static void
prune_candidates(IvfkmScan *so)
{
	Size kept = 0;

	for (Size i = 0; i < so->ncandidates; i++)
	{
		if (!candidate_less(&so->horizon, &so->candidates[i]))
			so->candidates[kept++] = so->candidates[i];
	}
	so->ncandidates = kept;
}

/* Order of candidates for qsort. */
static int
candidate_compare(const void *a, const void *b)
{
	if (candidate_less(a, b))
		return -1;
	return candidate_less(b, a) ? 1 : 0;
}

/*
 * Makes room for one unit's candidates.  When there are too many, as with many equal
 * vectors, the farther half is left to a later pass.
 */
static void
reserve_candidates(IvfkmScan *so)
{
	if (so->ncandidates + QUANT_UNIT <= so->candidates_size)
		return;
	prune_candidates(so);
	if (so->ncandidates >= MAX_PASS_CANDIDATES)
	{
		Size keep = MAX_PASS_CANDIDATES / 2;

		qsort(so->candidates, so->ncandidates, sizeof(IvfkmCandidate), candidate_compare);
		so->ncandidates = keep;
		so->horizon = so->candidates[keep - 1];
		so->truncated = true;
	}
	else if (so->ncandidates * 2 > so->candidates_size)
	{
		so->candidates_size *= 2;
		so->candidates =
			repalloc_huge(so->candidates, so->candidates_size * sizeof(IvfkmCandidate));
	}
}

/* Accounts for an upper bound; the k-th smallest one is the horizon. */
static void
add_upper_bound(IvfkmScan *so, float ub)
{
	if (so->nbounds < (Size) so->k)
	{
		so->bounds[so->nbounds++] = ub;
		bound_heap_up(so->bounds, so->nbounds);
		if (so->nbounds < (Size) so->k)
			return;
	}
	else if (ub < so->bounds[0])
	{
		so->bounds[0] = ub;
		bound_heap_down(so->bounds, so->nbounds, 0);
	}
	else
		return;
	if (so->bounds[0] < so->horizon.lb)
	{
		candidate_set_highest(&so->horizon, so->bounds[0]);
		so->truncated = true;
	}
}

/*
 * What the distances to the rows of a list have in common, for quant_bound_init() and
 * quant_refine_bounds(): ||q - c||^2, or for inner products -<q, c> and the scan's constant.
 */
float
ivfkm_pass_list_constant(const IvfkmScan *so, const IvfkmProbe *probe)
{
	return so->metric == QUANT_IP ? so->ip_constant - probe->dot : probe->dist2;
}

/*
 * Scans one posting list and collects its candidates above the list's floor.  With "ahead",
 * the list is read through it, and further lists may be reached meanwhile.
 */
static void
scan_list(IndexScanDesc scan, IvfkmScan *so, int number, bool first_time, IvfkmAhead *ahead)
{
	const IvfkmProbe probe = so->probes[number];
	const IvfkmCandidate floor = so->floors[number];
	bool use_seen = so->pass > 1 && so->seen->members > 0;
	IvfkmReader reader;
	QuantBound bound;

	page_point("scan-list");
	/* with NaN every row survives */
	quant_bound_init(&bound, so->metric, so->quant,
					 so->arbitrary_order ? get_float4_nan() : ivfkm_pass_list_constant(so, &probe),
					 probe.dist2, so->epsilon);

	ivfkm_reader_begin(&reader, scan->indexRelation, &so->geometry, &probe.child, so->quant);
	reader.ahead = ahead;
	while (ivfkm_reader_next(&reader))
	{
		if (first_time)
			so->scanned += IvfkmPageGetGroupHeader(reader.page)->nused;
		for (int u = 0; u < so->geometry.units; u++)
		{
			float lb[QUANT_UNIT];
			float ub[QUANT_UNIT];
			IvfkmUnit unit;
			uint32 mask = ivfkm_reader_scan(&reader, u, &bound, so->horizon.lb, lb, ub, &unit);

			if (mask == 0)
				continue;
			reserve_candidates(so);
			while (mask != 0)
			{
				int lane = pg_rightmost_one_pos32(mask);
				IvfkmCandidate *candidate = &so->candidates[so->ncandidates];

				mask &= mask - 1;
				candidate->lb = lb[lane];
				candidate->tid = unit.tid[lane];
				if (unit.refine != NULL)
					candidate->refine = unit.refine[lane];
				candidate->list = number;
				if (unlikely(!ItemPointerIsValid(&candidate->tid)))
					page_corrupted(scan->indexRelation, BufferGetBlockNumber(reader.buffer),
								   "Slot %d points to no row.", u * QUANT_UNIT + lane);
				if (candidate_less(&so->horizon, candidate) || !candidate_less(&floor, candidate) ||
					(use_seen && tidhash_lookup(so->seen, candidate->tid) != NULL))
					continue;
				so->ncandidates++;
				add_upper_bound(so, ub[lane]);
			}
		}
	}
}

/* ----- passes ----- */

/* How many lists a pass with "total_k" rows to give in all is to have scanned in all. */
int
ivfkm_pass_probes(const IvfkmScan *so, int pass, int64 total_k)
{
	double probes;

	if (pass == 1)
		probes =
			so->settings.probes > 0 ? so->settings.probes : ivfkm_budget_probes(&so->meta, total_k);
	else if (so->tree_done || so->settings.iterative_scan == IVFKM_ITERATIVE_OFF ||
			 (so->settings.max_scan_tuples > 0 && so->scanned >= so->settings.max_scan_tuples))
		return so->nprobes;
	else
	{
		probes = Max(so->nprobes * 2.0, ivfkm_budget_probes(&so->meta, total_k));
		if (pass > 2) /* a filter is at work */
			probes = Max(probes, (double) LISTS_PER_ROW * total_k);
	}
	if (so->settings.max_probes > 0)
		probes = Min(probes, so->settings.max_probes);
	return (int) Max(so->nprobes, Min(probes, so->meta.nlists));
}

/* k of the pass after the current one. */
static int64
next_k(const IvfkmScan *so)
{
	return so->pass == 0 ? IVFKM_FIRST_K : Min(so->k * 4, MAX_PASS_K);
}

/* True when the next pass would scan lists that were not scanned yet. */
bool
ivfkm_pass_more_lists(const IvfkmScan *so)
{
	return ivfkm_pass_probes(so, so->pass + 1, so->total_k + next_k(so)) > so->nprobes;
}

/* Adds the next nearest list to those to scan; false if there is none. */
static bool
reach_list(IvfkmScan *so)
{
	if (so->nreached == so->probes_size)
	{
		so->probes_size *= 2;
		so->probes = repalloc_huge(so->probes, sizeof(IvfkmProbe) * (Size) so->probes_size);
		so->floors = repalloc_huge(so->floors, sizeof(IvfkmCandidate) * (Size) so->probes_size);
	}
	if (!ivfkm_tree_next(&so->tree, &so->probes[so->nreached]))
	{
		so->tree_done = true;
		return false;
	}
	candidate_set_lowest(&so->floors[so->nreached]);
	so->nreached++;
	return true;
}

/*
 * Notes, at the end of a pass, what of each list has been looked at.  Candidates are looked
 * at in their order, so it is everything up to the last one, or up to the horizon if
 * none is left.  After the first pass, whose bounds were narrower, addresses in "seen"
 * take the place of floors.
 */
static void
raise_floors(IvfkmScan *so)
{
	IvfkmCandidate limit = so->ncandidates > 0 ? so->consumed : so->horizon;

	if (so->ncandidates == 0 && !so->truncated)
		limit.lb = get_float4_infinity();
	if (so->pass == 1 && limit.lb < get_float4_infinity())
		return;
	for (int i = 0; i < so->nprobes; i++)
	{
		if (candidate_less(&so->floors[i], &limit))
			so->floors[i] = limit;
	}
}

/* True if this scan has met blocks that were not in shared buffers: there may be more. */
static bool
reads_from_disk(const IvfkmScan *so)
{
	return pgBufferUsage.shared_blks_read != so->reads_before;
}

/* True when the pass may not go on to further lists. */
static bool
rows_used_up(const IvfkmScan *so)
{
	return so->pass > 1 && so->settings.max_scan_tuples > 0 &&
		   so->scanned >= so->settings.max_scan_tuples;
}

/*
 * The next page to be read ahead: those of each list that were written together, list by list.
 * Reaches further lists, and so reads pages of the tree.
 */
static BlockNumber
next_list_page(void *arg)
{
	IvfkmScan *so = arg;

	while (so->ahead_list < so->nreached ||
		   (so->nreached < so->target && !rows_used_up(so) && reach_list(so)))
	{
		const IvfkmChildData *list = &so->probes[so->ahead_list].child;
		BlockNumber block = list->first_block + so->ahead_page;
		BlockNumber nblocks;

		if (so->ahead_page++ < list->nblocks && page_in_file(so->tree.index, block, &nblocks))
			return block;
		so->ahead_list++;
		so->ahead_page = 0;
	}
	return InvalidBlockNumber;
}

/* Pages to be read, in ascending order. */
typedef struct BlockList
{
	BlockNumber *blocks;
	Size nblocks;
	Size next;
} BlockList;

/* The next page of a BlockList. */
static BlockNumber
next_listed_page(void *arg)
{
	BlockList *list = arg;

	return list->next < list->nblocks ? list->blocks[list->next++] : InvalidBlockNumber;
}

/* Order of block numbers for qsort. */
static int
block_compare(const void *a, const void *b)
{
	BlockNumber x = *(const BlockNumber *) a;
	BlockNumber y = *(const BlockNumber *) b;

	return x < y ? -1 : x > y;
}

/* Reads the refine pages of the best candidates, more than one at a time. */
static void
read_refine_pages(Relation index, const IvfkmScan *so)
{
	Size count = Min(so->ncandidates, (Size) so->k);
	BlockList list = {.blocks = palloc(sizeof(BlockNumber) * Max(count, 1))};
	IvfkmAhead ahead;
	BlockNumber nblocks;

	for (Size i = 0; i < count; i++)
	{
		BlockNumber block = ItemPointerGetBlockNumberNoCheck(&so->candidates[i].refine);

		if (page_in_file(index, block, &nblocks))
			list.blocks[list.nblocks++] = block;
	}
	qsort(list.blocks, list.nblocks, sizeof(BlockNumber), block_compare);
	list.nblocks = qunique(list.blocks, list.nblocks, sizeof(BlockNumber), block_compare);
	page_ahead_begin(&ahead, index, next_listed_page, &list);
	for (Size i = 0; i < list.nblocks; i++)
		UnlockReleaseBuffer(page_ahead_read(&ahead, list.blocks[i], BUFFER_LOCK_SHARE));
	pfree(list.blocks);
}

/*
 * True when the lists of the first pass hold fewer rows than it is to give, and it may take
 * more.  What is found later would come too late for strict order if it is nearer: with many
 * equal rows that would be nearly all there is.
 */
static bool
few_rows(const IvfkmScan *so)
{
	return so->pass == 1 && so->nbounds < (Size) so->k && !so->tree_done &&
		   so->settings.iterative_scan != IVFKM_ITERATIVE_OFF &&
		   (so->settings.max_probes == 0 || so->nprobes < so->settings.max_probes) &&
		   (so->settings.max_scan_tuples == 0 || so->scanned < so->settings.max_scan_tuples);
}

/* Scans the lists of the next pass; false if there is nothing left to scan. */
bool
ivfkm_pass_next(IndexScanDesc scan, IvfkmScan *so)
{
	IvfkmAhead ahead;
	bool reading_ahead = false;

	page_point("scan-pass");
	if (so->pass > 0)
	{
		if (so->ncandidates == 0 && !so->truncated && !ivfkm_pass_more_lists(so))
			return false;
		raise_floors(so);
	}
	so->k = next_k(so);
	so->total_k += so->k;
	so->pass++;
	so->target = ivfkm_pass_probes(so, so->pass, so->total_k);
	so->epsilon = (float) so->settings.epsilon + (so->pass > 1 ? LATER_EPSILON : 0.0f);
	candidate_set_highest(&so->horizon, get_float4_infinity());
	candidate_set_lowest(&so->consumed);
	so->truncated = false;
	so->ncandidates = 0;
	so->nbounds = 0;
	if (so->pass > 1)
		so->bounds = repalloc(so->bounds, sizeof(float) * so->k);

	for (int i = 0; i < so->nprobes; i++)
	{
		if (so->floors[i].lb < get_float4_infinity())
			scan_list(scan, so, i, false, NULL);
	}
	for (;;)
	{
		int next = so->nprobes;

		if (next == so->target && few_rows(so))
			so->target++;
		if (next >= so->target || rows_used_up(so))
			break;
		/* the list behind the next one is reached, too, to be asked for */
		while (so->nreached < so->target && so->nreached < next + 2 && reach_list(so))
			;
		if (next == so->nreached)
			break;
		if (!reading_ahead && reads_from_disk(so))
		{
			so->ahead_list = next;
			so->ahead_page = 0;
			page_ahead_begin(&ahead, scan->indexRelation, next_list_page, so);
			reading_ahead = true;
		}
		if (next + 1 < so->nreached)
			ivfkm_list_prefetch(scan->indexRelation, &so->geometry, &so->probes[next + 1].child);
		scan_list(scan, so, next, true, reading_ahead ? &ahead : NULL);
		so->nprobes++;
	}
	prune_candidates(so);
	candidate_heap_build(so->candidates, so->ncandidates);
	if (so->refine && reads_from_disk(so))
		read_refine_pages(scan->indexRelation, so);
	return true;
}
