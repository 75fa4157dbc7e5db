/*-------------------------------------------------------------------------
 *
 * ivfkm_scan.c
 *	  Ordered scans: the executor's callbacks.
 *
 * NOTES
 *	  README.md of this folder says how a query goes.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_scan.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "executor/instrument.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"
#include "am/scan/ivfkm_pass.h"
#include "am/scan/ivfkm_scan.h"
#include "page/page_point.h"

/* Candidates that are kept at most; the rest is left to a later sweep. */
#define MAX_CANDIDATES 131072

/* IvfkmResize in the current memory context. */
static void *
resize_memory(void *memory, size_t bytes)
{
	if (bytes == 0)
	{
		pfree(memory);
		return NULL;
	}
	if (memory == NULL)
		return MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	return repalloc_huge(memory, bytes);
}

/* Prepares the search; called by the first gettuple after a rescan. */
static void
scan_begin(IndexScanDesc scan, IvfkmScan *so)
{
	Relation index = scan->indexRelation;
	ScanKey orderby = &scan->orderByData[0];

	page_meta_read(index, &so->meta);
	if (so->meta.metric != (uint32) so->ops->metric)
		page_corrupted(index, IVFKM_META_BLOCK, "Metric %u is not that of the operator class.",
					   so->meta.metric);
	ivfkm_settings_get(index, &so->meta, &so->settings);
	page_list_geometry(&so->geometry, (int) so->meta.dimensions, so->meta.refine_bits);
	ivfkm_query_init(&so->query, index, &so->meta, &so->geometry, so->ops, orderby->sk_argument,
					 (orderby->sk_flags & SK_ISNULL) != 0);
	ivfkm_given_init(&so->given, resize_memory);
	ivfkm_candidates_init(&so->candidates, MAX_CANDIDATES, resize_memory);
	ivfkm_order_init(&so->order, resize_memory);
	ivfkm_nulls_begin(&so->nulls, &so->meta);
	ivfkm_lists_begin(&so->lists, index, scan->xs_snapshot, &so->meta, &so->query, &so->geometry,
					  (float) so->settings.epsilon, ivfkm_pass_lists(so, 1, IVFKM_FIRST_K));
	so->started = true;
}

/* ambeginscan */
IndexScanDesc
ivfkmbeginscan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	IvfkmScan *so = palloc0(sizeof(IvfkmScan));

	so->ops = ivfkm_ops_get(index);
	so->context = AllocSetContextCreate(CurrentMemoryContext, "ivfkm scan", ALLOCSET_DEFAULT_SIZES);
	scan->opaque = so;
	return scan;
}

/* amrescan: forgets the search; keys other than the order-by operator do not exist. */
void
ivfkmrescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys)
{
	IvfkmScan *so = scan->opaque;
	IvfkmScan fresh;

	if (so->rerank != NULL)
		ivfkm_rerank_reset(so->rerank);
	MemoryContextReset(so->context);
	memset(&fresh, 0, sizeof(fresh));
	fresh.ops = so->ops;
	fresh.context = so->context;
	fresh.rerank = so->rerank;
	*so = fresh;

	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));
	if (orderbys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys, scan->numberOfOrderBys * sizeof(ScanKeyData));
}

/* Refuses scans that cannot be answered, and sets up access to the table. */
static void
scan_open(IndexScanDesc scan, IvfkmScan *so)
{
	Relation index = scan->indexRelation;

	if (scan->numberOfOrderBys == 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot scan %s index \"%s\" without order",
							   ivfkm_index_method(index), RelationGetRelationName(index))));
	/* pins are not kept, see ivfkm_vacuum.c */
	if (!IsMVCCSnapshot(scan->xs_snapshot))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("non-MVCC snapshots are not supported by %s index \"%s\"",
							   ivfkm_index_method(index), RelationGetRelationName(index))));
	pgstat_count_index_scan(index);
#if PG18_GE
	if (scan->instrument)
		scan->instrument->nsearches++;
#endif
	if (so->rerank == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(MemoryContextGetParent(so->context));

		so->rerank = palloc(sizeof(IvfkmRerank));
		ivfkm_rerank_begin(so->rerank, scan->heapRelation, index, so->ops);
		MemoryContextSwitchTo(old_context);
	}
}

/* Looks at a row exactly and, if the snapshot sees it, adds it to the known ones. */
static void
look_exactly(IndexScanDesc scan, IvfkmScan *so, IvfkmAddress row)
{
	IvfkmKnownRow known = {.row = row};
	ItemPointerData tid = ivfkm_lists_tid(row);

	page_point("scan-look");
	if (!so->query.ordered)
		known.distance = -get_float8_infinity(); /* no reason to look, and none to wait */
	else if (ivfkm_rerank_distance(so->rerank, scan->xs_snapshot, so->query.value, so->query.dims,
								   &tid, &known.distance))
		known.distance *= so->query.distance_scale;
	else
		return;
	ivfkm_order_add_known(&so->order, &known);
}

/* Takes the best candidate and refines it, or looks at it exactly if there is no such tier. */
static void
resolve_candidate(IndexScanDesc scan, IvfkmScan *so)
{
	IvfkmCandidates *candidates = &so->candidates;
	IvfkmCandidate candidate = ivfkm_candidates_take(candidates);
	ItemPointerData record = ivfkm_lists_tid(candidate.refine);
	ItemPointerData tid = ivfkm_lists_tid(candidate.at.row);
	IvfkmRefinedRow refined = {.row = candidate.at.row};

	if (so->sweep == 1 && !ivfkm_given_add(&so->given, candidate.at.row))
		return; /* twice in the index; vdb_index_check() reports it */
	if (!so->query.refine)
	{
		look_exactly(scan, so, candidate.at.row);
		return;
	}
	/* the children of the root of the heap are likely the next ones */
	for (Size i = 0; i < Min(candidates->n, 3); i++)
	{
		ItemPointerData next = ivfkm_lists_tid(candidates->items[i].refine);

		page_refine_prefetch(so->query.refiner.index, so->query.refiner.geometry, &next);
	}
	if (ivfkm_query_refine(&so->query, &so->lists.items[candidate.list], &record, &tid, &refined.lb,
						   &refined.ub))
		ivfkm_order_add_refined(&so->order, &refined);
}

/*
 * The next row whose value is NULL; false if there are no more, or if rows with a value that come
 * before it were left out.
 */
static bool
next_null(IndexScanDesc scan, IvfkmScan *so, IvfkmAddress *row)
{
	ItemPointerData tid;

	if (!ivfkm_pass_has_all(so) ||
		!ivfkm_nulls_next(&so->nulls, scan->indexRelation, scan->xs_snapshot, &tid))
		return false;
	*row = ivfkm_lists_address(&tid);
	return true;
}

/* Finds the next row; false if there are no more.  In the scan's memory context. */
static bool
next_row(IndexScanDesc scan, IvfkmScan *so, IvfkmAddress *row)
{
	IvfkmOrder *order = &so->order;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		/* this many rows want more lists than were scanned */
		if (so->pass > 0 && so->ngiven >= so->total_k && ivfkm_pass_has_lists(so))
			(void) ivfkm_pass_next(so);
		switch (ivfkm_order_step(order, ivfkm_candidates_lowest(&so->candidates),
								 ivfkm_candidates_horizon(&so->candidates)))
		{
			case IVFKM_STEP_GIVE_KNOWN:
			{
				IvfkmKnownRow known = ivfkm_order_take_known(order);

				if (known.distance < order->last &&
					so->settings.iterative_scan != IVFKM_ITERATIVE_RELAXED)
				{
					ivfkm_order_add_late(order, &known);
					break;
				}
				order->last = Max(order->last, known.distance);
				*row = known.row;
				return true;
			}
			case IVFKM_STEP_GIVE_REFINED:
			{
				IvfkmRefinedRow refined = ivfkm_order_take_refined(order);

				order->last = refined.ub;
				*row = refined.row;
				return true;
			}
			case IVFKM_STEP_LOOK:
				look_exactly(scan, so, ivfkm_order_take_refined(order).row);
				break;
			case IVFKM_STEP_RESOLVE:
				resolve_candidate(scan, so);
				break;
			case IVFKM_STEP_SCAN:
				if (ivfkm_pass_next(so))
					break;
				if (order->nlate == 0)
					return next_null(scan, so, row);
				*row = ivfkm_order_take_late(order).row;
				return true;
		}
	}
}

/* amgettuple: the next nearest row. */
bool
ivfkmgettuple(IndexScanDesc scan, ScanDirection dir)
{
	IvfkmScan *so = scan->opaque;
	MemoryContext old_context;
	IvfkmAddress row;
	bool found;

	Assert(ScanDirectionIsForward(dir));
	if (!so->started)
		scan_open(scan, so);
	old_context = MemoryContextSwitchTo(so->context);
	if (!so->started)
		scan_begin(scan, so);
	found = next_row(scan, so, &row);
	MemoryContextSwitchTo(old_context);
	if (!found)
		return false;
	so->ngiven++;
	scan->xs_heaptid = ivfkm_lists_tid(row);
	scan->xs_recheck = false;
	scan->xs_recheckorderby = false;
	return true;
}

/* amendscan */
void
ivfkmendscan(IndexScanDesc scan)
{
	IvfkmScan *so = scan->opaque;

	if (so->rerank != NULL)
	{
		ivfkm_rerank_end(so->rerank);
		pfree(so->rerank);
	}
	MemoryContextDelete(so->context);
	pfree(so);
	scan->opaque = NULL;
}
