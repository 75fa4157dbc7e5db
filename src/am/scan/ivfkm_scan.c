/*-------------------------------------------------------------------------
 *
 * ivfkm_scan.c
 *	  Ordered scans: refine, look exactly, emit.
 *
 * NOTES
 *	  See ivfkm_scan.h.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_scan.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/relscan.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_row.h"
#include "am/scan/ivfkm_scan.h"
#include "page/page_point.h"

/*
 * Half-width of the bounds of refine codes, in standard deviations.  Two rows whose bounds do
 * not overlap are in order but for one pair in 10^12.
 */
#define REFINE_EPSILON 5.0f

#define HEAP_PREFIX		candidate_heap
#define HEAP_TYPE		IvfkmCandidate
#define HEAP_LESS(a, b) candidate_less(a, b)
#include "am/index/ivfkm_heap.h"

#define HEAP_PREFIX		refined_heap
#define HEAP_TYPE		IvfkmRefinedRow
#define HEAP_LESS(a, b) ((a)->lb < (b)->lb)
#include "am/index/ivfkm_heap.h"

#define HEAP_PREFIX		result_heap
#define HEAP_TYPE		IvfkmKnownRow
#define HEAP_LESS(a, b) ((a)->distance < (b)->distance)
#include "am/index/ivfkm_heap.h"

/*
 * Scales a query for inner products, whose order does not depend on its length, down by a
 * power of two if index space would clamp it.  Returns that power.
 */
static double
shorten_query(float *query, int dims, float scale)
{
	const int max_exponent = 20;
	QuantInputStats stats;
	int exponent;

	quant_input_stats(dims, query, &stats);
	(void) frexp((double) stats.largest * scale, &exponent);
	if (exponent <= max_exponent)
		return 1.0;
	for (int i = 0; i < dims; i++)
		query[i] = ldexpf(query[i], max_exponent - exponent);
	return ldexp(1.0, max_exponent - exponent);
}

/* Prepares the query and the search; called by the first gettuple after a rescan. */
static void
scan_begin(IndexScanDesc scan, IvfkmScan *so)
{
	Relation index = scan->indexRelation;
	ScanKey orderby = &scan->orderByData[0];
	const IvfkmSpace *space;
	float *target;
	int dims;

	so->reads_before = pgBufferUsage.shared_blks_read;
	page_meta_read(index, &so->meta);
	ivfkm_settings_get(index, &so->meta, &so->settings);
	dims = (int) so->meta.dimensions;
	page_list_geometry(&so->geometry, dims, so->meta.refine_bits);
	if (so->meta.metric != (uint32) so->ops->metric)
		page_corrupted(index, IVFKM_META_BLOCK, "Metric %u is not that of the operator class.",
					   so->meta.metric);

	so->query = palloc0(sizeof(float) * dims);
	if (orderby->sk_flags & SK_ISNULL)
		so->arbitrary_order = true;
	else
	{
		so->query_value = PG_DETOAST_DATUM(orderby->sk_argument);
		ivfkm_ops_check_query(so->ops, so->query_value, dims);
		so->arbitrary_order =
			!ivfkm_row_load(so->ops, so->query_value, dims, so->query, &so->refine);
	}
	if (so->arbitrary_order || so->meta.refine_bits == 0)
		so->refine = false;

	space = ivfkm_space_cached(index, &so->meta);
	so->metric = space->quant_metric;
	so->distance_scale = space->distance_scale;
	if (so->metric == QUANT_IP)
		so->distance_scale *= shorten_query(so->query, dims, space->scale);
	ivfkm_space_apply(space, so->query);
	target = so->query;
	if (so->metric == QUANT_IP)
	{
		double sum = 0.0;

		target = palloc(sizeof(float) * dims);
		for (int i = 0; i < dims; i++)
		{
			target[i] = so->query[i] + space->offset[i];
			sum -= (double) space->offset[i] * target[i];
		}
		so->ip_constant = (float) sum;
	}
	if (so->refine)
		ivfkm_refine_query(&so->refiner, index, &so->geometry, space, so->query,
						   so->distance_scale);
	ivfkm_tree_begin(&so->tree, index, &so->meta, IVFKM_DESCENT_SEARCH, target, so->query,
					 (float) so->settings.epsilon, ivfkm_pass_probes(so, 1, IVFKM_FIRST_K));
	so->quant = &so->tree.quant;
	if (so->metric == QUANT_IP)
	{
		quant_query_init(&so->ip_quant, dims, so->query, palloc(quant_query_table_bytes(dims)));
		so->quant = &so->ip_quant;
	}

	so->probes_size = 64;
	so->probes = palloc(sizeof(IvfkmProbe) * so->probes_size);
	so->floors = palloc(sizeof(IvfkmCandidate) * so->probes_size);
	so->candidates_size = 1024;
	so->candidates = palloc(sizeof(IvfkmCandidate) * so->candidates_size);
	so->refined_size = 64;
	so->refined = palloc(sizeof(IvfkmRefinedRow) * so->refined_size);
	so->results_size = 64;
	so->results = palloc(sizeof(IvfkmKnownRow) * so->results_size);
	so->bounds = palloc(sizeof(float) * IVFKM_FIRST_K);
	so->seen = tidhash_create(so->context, 64, NULL);
	so->last_distance = -get_float8_infinity();
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

/* Looks at a row exactly and, if the snapshot sees it, adds it to the results. */
static void
look_exactly(IndexScanDesc scan, IvfkmScan *so, const ItemPointerData *tid)
{
	double distance = 0.0;

	page_point("scan-look");
	if (so->arbitrary_order)
		distance = -get_float8_infinity(); /* no reason to look, and none to wait */
	else if (ivfkm_rerank_distance(so->rerank, scan->xs_snapshot, so->query_value,
								   (int) so->meta.dimensions, tid, &distance))
		distance *= so->distance_scale;
	else
		return;
	if (so->nresults == so->results_size)
	{
		so->results_size *= 2;
		so->results = repalloc_huge(so->results, so->results_size * sizeof(IvfkmKnownRow));
	}
	so->results[so->nresults].distance = distance;
	so->results[so->nresults].tid = *tid;
	so->nresults++;
	result_heap_up(so->results, so->nresults);
}

/* Takes the best candidate and refines it, or looks at it exactly if there is no such tier. */
static void
resolve_candidate(IndexScanDesc scan, IvfkmScan *so)
{
	IvfkmCandidate candidate = so->candidates[0];
	const IvfkmProbe *probe = &so->probes[candidate.list];
	IvfkmRefinedRow *row;

	so->consumed = candidate;
	candidate_heap_pop(so->candidates, so->ncandidates);
	so->ncandidates--;
	if (so->pass == 1)
	{
		bool found;

		(void) tidhash_insert(so->seen, candidate.tid, &found);
		if (found) /* twice in the index; vdb_index_check() reports it */
			return;
	}
	if (!so->refine)
	{
		look_exactly(scan, so, &candidate.tid);
		return;
	}
	if (so->nrefined == so->refined_size)
	{
		so->refined_size *= 2;
		so->refined = repalloc_huge(so->refined, so->refined_size * sizeof(IvfkmRefinedRow));
	}
	/* the children of the root of the heap are likely the next ones */
	for (Size i = 0; i < Min(so->ncandidates, 3); i++)
		ivfkm_refine_prefetch(&so->refiner, &so->candidates[i].refine);
	row = &so->refined[so->nrefined];
	row->tid = candidate.tid;
	if (ivfkm_refine_bounds(&so->refiner, &probe->child, &candidate.refine, &candidate.tid,
							ivfkm_pass_list_constant(so, probe), probe->dist2, REFINE_EPSILON,
							&row->lb, &row->ub))
	{
		so->nrefined++;
		refined_heap_up(so->refined, so->nrefined);
	}
}

/* Removes the best refined row and returns it. */
static IvfkmRefinedRow
pop_refined(IvfkmScan *so)
{
	IvfkmRefinedRow row = so->refined[0];

	refined_heap_pop(so->refined, so->nrefined);
	so->nrefined--;
	return row;
}

typedef enum ScanStep
{
	STEP_EMIT_RESULT,  /* the best result is next */
	STEP_EMIT_REFINED, /* the best refined row is next, its exact distance not needed */
	STEP_LOOK,		   /* look at the best refined row exactly */
	STEP_RESOLVE,	   /* take the best candidate */
	STEP_PASS		   /* scan more */
} ScanStep;

/*
 * Decides what to do next.  A row is next if its distance, or the upper bound of it, is not
 * above the lower bound of anything else, nor above the horizon of what was left out.
 */
static ScanStep
next_step(const IvfkmScan *so)
{
	float candidate = so->ncandidates > 0 ? so->candidates[0].lb : get_float4_infinity();
	float horizon = so->truncated ? so->horizon.lb : get_float4_infinity();
	float waiting = Min(candidate, horizon); /* nothing but refined rows and results is below */
	const IvfkmRefinedRow *row = so->refined;
	float second = get_float4_infinity();

	if (so->nresults > 0 && so->results[0].distance <= waiting &&
		(so->nrefined == 0 || so->results[0].distance <= row->lb))
		return STEP_EMIT_RESULT;
	if (so->ncandidates > 0 && (so->nrefined == 0 || candidate <= row->lb))
		return STEP_RESOLVE;
	if (so->nrefined == 0 || row->lb > horizon)
		return STEP_PASS;

	/* the best refined row is the lowest of all */
	if (so->nrefined > 1)
		second = row[1].lb;
	if (so->nrefined > 2)
		second = Min(second, row[2].lb);
	if (so->nresults > 0)
		second = Min(second, so->results[0].distance);
	if (row->ub > second || row->lb < so->last_distance)
		return STEP_LOOK;
	if (row->ub <= waiting)
		return STEP_EMIT_REFINED;
	return so->ncandidates > 0 && candidate <= horizon ? STEP_RESOLVE : STEP_LOOK;
}

/* amgettuple: the next nearest row. */
bool
ivfkmgettuple(IndexScanDesc scan, ScanDirection dir)
{
	IvfkmScan *so = scan->opaque;
	MemoryContext old_context;
	bool found = false;

	Assert(ScanDirectionIsForward(dir));
	if (!so->started)
	{
		if (scan->numberOfOrderBys == 0)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("cannot scan ivfkm index \"%s\" without order",
								   RelationGetRelationName(scan->indexRelation))));
		/* pins are not kept, see ivfkm_vacuum.c */
		if (!IsMVCCSnapshot(scan->xs_snapshot))
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("non-MVCC snapshots are not supported by ivfkm index \"%s\"",
								   RelationGetRelationName(scan->indexRelation))));
		pgstat_count_index_scan(scan->indexRelation);
#if PG18_GE
		if (scan->instrument)
			scan->instrument->nsearches++;
#endif
		if (so->rerank == NULL)
		{
			old_context = MemoryContextSwitchTo(MemoryContextGetParent(so->context));
			so->rerank = palloc(sizeof(IvfkmRerank));
			ivfkm_rerank_begin(so->rerank, scan->heapRelation, scan->indexRelation, so->ops);
			MemoryContextSwitchTo(old_context);
		}
		old_context = MemoryContextSwitchTo(so->context);
		scan_begin(scan, so);
	}
	else
		old_context = MemoryContextSwitchTo(so->context);

	while (!found)
	{
		CHECK_FOR_INTERRUPTS();
		/* this many rows want more lists than were scanned */
		if (so->pass > 0 && so->nemitted >= so->total_k && ivfkm_pass_more_lists(so))
			(void) ivfkm_pass_next(scan, so);
		switch (next_step(so))
		{
			case STEP_EMIT_RESULT:
			{
				IvfkmKnownRow result = so->results[0];

				result_heap_pop(so->results, so->nresults);
				so->nresults--;
				if (result.distance < so->last_distance &&
					so->settings.iterative_scan != IVFKM_ITERATIVE_RELAXED)
					break; /* found too late to keep the order */
				so->last_distance = Max(so->last_distance, result.distance);
				scan->xs_heaptid = result.tid;
				found = true;
				break;
			}
			case STEP_EMIT_REFINED:
			{
				IvfkmRefinedRow row = pop_refined(so);

				so->last_distance = row.ub;
				scan->xs_heaptid = row.tid;
				found = true;
				break;
			}
			case STEP_LOOK:
			{
				IvfkmRefinedRow row = pop_refined(so);

				look_exactly(scan, so, &row.tid);
				break;
			}
			case STEP_RESOLVE:
				resolve_candidate(scan, so);
				break;
			case STEP_PASS:
				if (!ivfkm_pass_next(scan, so))
				{
					MemoryContextSwitchTo(old_context);
					return false;
				}
				break;
		}
	}
	so->nemitted++;
	scan->xs_recheck = false;
	scan->xs_recheckorderby = false;
	MemoryContextSwitchTo(old_context);
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
