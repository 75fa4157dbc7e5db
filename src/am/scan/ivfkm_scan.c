/*-------------------------------------------------------------------------
 *
 * ivfkm_scan.c
 *	  Scans: the executor's callbacks.
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

#include <float.h>
#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_bitutils.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"
#include "am/scan/ivfkm_maxsim.h"
#include "am/scan/ivfkm_pass.h"
#include "am/scan/ivfkm_resolve.h"
#include "am/scan/ivfkm_scan.h"
#include "am/scan/ivfkm_unordered.h"
#include "page/page_ahead.h"
#include "page/page_point.h"

/*
 * Candidates that are kept at least and at most, by work_mem; the rest is left to a later sweep.
 * Powers of two.
 */
#define LEAST_CANDIDATES 1024
#define MOST_CANDIDATES	 (1 << 24)

/* Rows that are looked at before the first one is given, if they overlap and are wanted. */
#define FIRST_LOOKS 64

/* The scan of this process that ended last. */
static Oid last_index = InvalidOid;
static IvfkmScanCounts last_counts;

/* Candidates that fit into work_mem, as a power of two. */
static Size
candidates_limit(void)
{
	Size limit = (Size) work_mem * 1024 / sizeof(IvfkmCandidate);

	limit = (Size) pg_prevpower2_64(Max(limit, 1));
	return Min(Max(limit, LEAST_CANDIDATES), MOST_CANDIDATES);
}

/*
 * Prepares the search; called by the first gettuple after a rescan, in the scan's memory context.
 * A scan without an order gives all rows, or those within a distance if it is told of one.
 */
static void
scan_begin(IndexScanDesc scan, IvfkmScan *so)
{
	Relation index = scan->indexRelation;
	bool exact = scan->numberOfOrderBys > 1;
	bool isnull = true;
	Datum value = (Datum) 0;
	double bound = get_float8_infinity();
	IvfkmFilter *filter = NULL;

	so->started = true;
	so->counts.searches++;
	ivfkm_told_get(scan, &so->told_cache, &so->told);
	so->none = (so->told.bounded && so->told.bound < -DBL_MAX && !so->told.or_nan) ||
			   (so->told.range && so->told.query_null);
	if (so->none)
		return;
	ivfkm_index_open(&so->index, index);
	ivfkm_filter_init(&so->filter, scan->numberOfKeys + so->told.nkeys);
	ivfkm_filter_add(&so->filter, &so->index.columns, scan->keyData, scan->numberOfKeys);
	ivfkm_filter_add(&so->filter, &so->index.columns, so->told.keys, so->told.nkeys);
	so->none = !so->filter.values && !so->filter.nulls;
	if (so->none)
		return;
	ivfkm_settings_get(index, &so->index.meta, &so->settings);
	if (so->measure != NULL)
		ivfkm_measure_apply(so);
	if (scan->numberOfOrderBys > 0)
	{
		isnull = (scan->orderByData[0].sk_flags & SK_ISNULL) != 0;
		value = scan->orderByData[0].sk_argument;
	}
	else if (so->told.range)
	{
		isnull = false;
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(so->told.query));
	}
	so->unordered = scan->numberOfOrderBys == 0;
	so->exhaustive = so->told.exhaustive && !so->unordered;
	if (so->index.ops->array != NULL)
	{
		ivfkm_maxsim_begin(scan, so, value, isnull || so->unordered);
		so->unordered = !so->maxsim->ordered;
	}
	else
		ivfkm_query_init(&so->query, &so->index, value, isnull, exact);
	so->told.bounded &= so->query.ordered;
	if (so->told.bounded)
		bound = ivfkm_query_distance(&so->query, so->told.bound);
	so->none = bound < -DBL_MAX && !so->told.or_nan;
	ivfkm_given_init(&so->given, ivfkm_scan_resize);
	ivfkm_candidates_init(&so->candidates, candidates_limit(), ivfkm_scan_resize);
	ivfkm_order_init(&so->order, bound, ivfkm_scan_resize);
	if (ivfkm_filter_has_terms(&so->filter))
		filter = &so->filter;
	ivfkm_nulls_begin(&so->nulls, &so->index, filter);
	if (so->maxsim != NULL && so->maxsim->ordered)
		return; /* its query vectors have lists of their own */
	ivfkm_lists_begin(&so->lists, &so->index, scan->xs_snapshot, &so->query, filter,
					  (float) so->settings.epsilon,
					  so->unordered ? (int) so->index.meta.nlists : ivfkm_pass_first(so));
	if (so->told.bounded && so->told.or_nan && so->index.ops->metric == IVFKM_METRIC_COSINE)
		ivfkm_lists_want_zero(&so->lists, &so->index);
	if (so->measure != NULL && so->measure->met != NULL)
		ivfkm_lists_note(&so->lists);
	if (so->unordered)
		ivfkm_unordered_begin(so);
}

/* ambeginscan */
IndexScanDesc
ivfkmbeginscan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	IvfkmScan *so = palloc0(sizeof(IvfkmScan));

	so->context = AllocSetContextCreate(CurrentMemoryContext, "ivfkm scan", ALLOCSET_SMALL_SIZES);
	scan->opaque = so;
	return scan;
}

/* What a scan has done so far. */
void
ivfkm_scan_counts(const IvfkmScan *so, IvfkmScanCounts *counts)
{
	*counts = so->counts;
	counts->passes += so->pass;
	counts->sweeps += so->sweep;
	counts->lists += so->lists.nscanned;
	counts->rows += (int64) so->lists.rows;
	if (so->maxsim != NULL)
	{
		counts->lists += so->maxsim->nlists;
		counts->rows += (int64) so->maxsim->seen;
	}
	counts->given += so->ngiven;
}

/* What the scan did that ended last in this process, and its index; false if there is none. */
bool
ivfkm_scan_last(Oid *index, IvfkmScanCounts *counts)
{
	*index = last_index;
	*counts = last_counts;
	return OidIsValid(last_index);
}

/* amrescan: forgets the search.  Keys are conditions on columns of the index. */
void
ivfkmrescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys)
{
	IvfkmScan *so = scan->opaque;
	IvfkmScan fresh;

	if (so->rerank != NULL)
		ivfkm_rerank_reset(so->rerank);
	memset(&fresh, 0, sizeof(fresh));
	fresh.context = so->context;
	fresh.rerank = so->rerank;
	fresh.told_cache = so->told_cache;
	fresh.measure = so->measure;
	ivfkm_scan_counts(so, &fresh.counts); /* before what it counts in is freed */
	MemoryContextReset(so->context);
	*so = fresh;

	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));
	if (orderbys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys, scan->numberOfOrderBys * sizeof(ScanKeyData));
}

/* Refuses snapshots that cannot be used, and sets up access to the table. */
static void
scan_open(IndexScanDesc scan, IvfkmScan *so)
{
	Relation index = scan->indexRelation;

	/* pins are not kept, see ivfkm_vacuum.c */
	if (!IsMVCCSnapshot(scan->xs_snapshot))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("non-MVCC snapshots are not supported by %s index \"%s\"",
							   ivfkm_ops_method(index), RelationGetRelationName(index))));
	pgstat_count_index_scan(index);
#if PG18_GE
	if (scan->instrument)
		scan->instrument->nsearches++;
#endif
	if (so->rerank == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(MemoryContextGetParent(so->context));

		so->rerank = palloc(sizeof(IvfkmRerank));
		ivfkm_rerank_begin(so->rerank, scan->heapRelation, index, ivfkm_ops_get(index));
		if (scan->numberOfOrderBys > 1)
		{
			scan->xs_orderbyvals = palloc0(sizeof(Datum) * scan->numberOfOrderBys);
			scan->xs_orderbynulls = palloc0(sizeof(bool) * scan->numberOfOrderBys);
		}
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
	so->counts.looked_at += so->query.ordered;
	if (!so->query.ordered)
		known.distance = -get_float8_infinity(); /* no reason to look, and none to wait */
	else if (ivfkm_rerank_distance(so->rerank, scan->xs_snapshot, so->query.value,
								   so->query.column_dims, &tid, &known.distance))
		known.distance *= so->query.distance_scale;
	else
		return;
	ivfkm_order_add_known(&so->order, &known);
}

/*
 * Takes the best candidate and refines it, or looks at it exactly if there is no such tier.  Where
 * codes are bits, its distance is known, and no look is needed.
 */
static void
resolve_candidate(IndexScanDesc scan, IvfkmScan *so)
{
	IvfkmCandidate candidate = ivfkm_candidates_take(&so->candidates);

	if (!ivfkm_resolve_note(so, &candidate))
		return;
	if (so->query.bits != NULL && candidate.refine != 0)
	{
		IvfkmKnownRow known = {.row = candidate.at.row};

		known.distance =
			quant_bits_distance(so->query.bits, (double) (candidate.refine >> 32) - 1.0,
								(double) (candidate.refine & PG_UINT32_MAX));
		ivfkm_order_add_known(&so->order, &known);
		return;
	}
	if (so->query.refine)
		ivfkm_resolve_one(so, &candidate);
	else
		look_exactly(scan, so, candidate.at.row);
}

/* Rows to be looked at, in the order of the table. */
typedef struct RowsToSee
{
	IvfkmAddress *rows;
	Size n;
	Size asked; /* how many the operating system was asked for */
} RowsToSee;

/* The table's block with the next one. */
static BlockNumber
next_table_block(void *arg)
{
	RowsToSee *see = arg;

	return see->asked < see->n ? (BlockNumber) (see->rows[see->asked++] >> 16) : InvalidBlockNumber;
}

/*
 * Looks at all rows at once that have to be before the next "wanted" ones are given.  Their pages
 * are asked for ahead, of the operating system if the scan reads from disk, else of the CPU.
 */
static void
look_at_many(IndexScanDesc scan, IvfkmScan *so, int64 wanted)
{
	RowsToSee see = {0};
	IvfkmAhead from_disk;
	IvfkmRowsAhead ahead = {.stride = sizeof(IvfkmAddress)};
	bool cold = ivfkm_lists_read_from_disk(&so->lists);

	see.n = ivfkm_resolve_looks(so, wanted, &see.rows);
	ahead.addresses = (const char *) see.rows;
	ahead.n = see.n;
	if (cold)
		page_ahead_begin(&from_disk, scan->heapRelation, next_table_block, &see);
	for (Size i = 0; i < see.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (cold)
			page_ahead_ask(&from_disk);
		else
			ivfkm_rerank_ask(so->rerank, &ahead, i);
		look_exactly(scan, so, see.rows[i]);
	}
	if (see.rows != NULL)
		pfree(see.rows);
}

/*
 * Looks at rows before the next one is decided on, if more are wanted than were looked at: at
 * first so many, then three times as many as were given.  Whoever wants them may end sooner.
 */
static void
look_ahead(IndexScanDesc scan, IvfkmScan *so)
{
	int64 wanted = Min(so->told.limit - so->ngiven, Max(so->ngiven * 3, FIRST_LOOKS));

	if (so->ngiven < so->looked_until || wanted <= 0)
		return;
	so->looked_until = so->ngiven + wanted;
	look_at_many(scan, so, wanted);
}

/*
 * Notes that a row is given.  One that was not looked at may turn out to be invisible: none was
 * whose distance is not known, nor, where codes are bits, one whose distance is.
 */
static void
note_given(IvfkmScan *so, IvfkmAddress row, bool known)
{
	if (known && so->query.bits == NULL)
	{
		so->nvisible++;
		return;
	}
	if (so->settings.iterative_scan != IVFKM_ITERATIVE_OFF)
		return;
	if (so->nunlooked == so->unlooked_size)
	{
		so->unlooked_size = Max(64, so->unlooked_size * 2);
		so->unlooked = ivfkm_scan_resize(so->unlooked, sizeof(IvfkmAddress) * so->unlooked_size);
	}
	so->unlooked[so->nunlooked++] = row;
}

/*
 * The next row whose value is NULL; false if there are no more, or none is wanted, or rows with a
 * value that are wanted and come before it were left out.
 */
static bool
next_null(IndexScanDesc scan, IvfkmScan *so, IvfkmKnownRow *next)
{
	ItemPointerData tid;

	if (so->told.bounded || !so->filter.nulls || (so->filter.values && !ivfkm_pass_has_all(so)) ||
		!ivfkm_nulls_next(&so->nulls, scan->xs_snapshot, &tid))
		return false;
	next->row = ivfkm_lists_address(&tid);
	next->distance = get_float8_infinity();
	return true;
}

/*
 * Behind the last row within a bound: the next one whose distance is NaN, if these are wanted;
 * false if there is none.  Nothing is known of such rows but by a look, which all of them have had:
 * their lower bounds are -infinity.
 */
static bool
next_nan(IvfkmScan *so, IvfkmNextRow *next)
{
	IvfkmOrder *order = &so->order;

	while (so->told.bounded && so->told.or_nan && order->nknown > 0)
	{
		IvfkmKnownRow known = ivfkm_order_take_known(order);

		if (!isinf(known.distance))
			continue; /* it is beyond the bound */
		next->row = known.row;
		next->distance = next->ub = known.distance;
		next->known = true;
		return true;
	}
	return false;
}

/*
 * Decides which row is next in order; false if there are no more, or, if the scan is "settling",
 * none is left of the lists scanned so far.  In the scan's memory context.
 */
static bool
decide_next(IndexScanDesc scan, IvfkmScan *so, bool settling, IvfkmNextRow *next)
{
	IvfkmOrder *order = &so->order;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (!settling && ivfkm_pass_due(so))
			(void) ivfkm_pass_next(so, true);
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
				next->row = known.row;
				next->distance = next->ub = known.distance;
				next->known = true;
				return true;
			}
			case IVFKM_STEP_GIVE_REFINED:
			{
				IvfkmRefinedRow refined = ivfkm_order_take_refined(order);

				if (!so->query.narrow) /* its upper bound says nothing */
				{
					look_exactly(scan, so, refined.row);
					break;
				}
				order->last = refined.ub;
				next->row = refined.row;
				next->distance = refined.lb;
				next->ub = refined.ub;
				next->known = false;
				return true;
			}
			case IVFKM_STEP_LOOK:
				look_exactly(scan, so, ivfkm_order_take_refined(order).row);
				break;
			case IVFKM_STEP_RESOLVE:
				resolve_candidate(scan, so);
				break;
			case IVFKM_STEP_SCAN:
				if (settling)
					return false;
				if (!ivfkm_pass_next(so, false))
					return next_nan(so, next);
				break;
			case IVFKM_STEP_END:
				return !settling && next_nan(so, next);
		}
	}
}

/* Takes back what was decided on before any row was given. */
static void
unsettle(IvfkmScan *so)
{
	IvfkmOrder *order = &so->order;

	for (int64 i = 0; i < so->nsettled; i++)
	{
		const IvfkmNextRow *next = &so->settled[i];
		IvfkmRefinedRow refined = {(float) next->distance, (float) next->ub, next->row};
		IvfkmKnownRow known = {next->distance, next->row};

		if (next->known)
			ivfkm_order_add_known(order, &known);
		else
			ivfkm_order_add_refined(order, &refined);
	}
	while (order->nlate > 0)
	{
		IvfkmKnownRow known = ivfkm_order_take_late(order);

		ivfkm_order_add_known(order, &known);
	}
	order->last = -get_float8_infinity();
	so->nsettled = 0;
}

/*
 * Behind the first pass: decides on the rows that the LIMIT wants, and scans further lists as long
 * as the next one is near enough to the last of these rows.
 */
static void
settle(IndexScanDesc scan, IvfkmScan *so)
{
	int64 wanted;
	IvfkmReach reach;

	if (!ivfkm_pass_reach_begin(so, &reach, &wanted))
		return;
	so->settled = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(IvfkmNextRow) * wanted);
	for (;;)
	{
		look_at_many(scan, so, wanted);
		while (so->nsettled < wanted && decide_next(scan, so, true, &so->settled[so->nsettled]))
			so->nsettled++;
		if (so->nsettled < wanted ||
			!ivfkm_pass_reach(so, &reach, so->settled[so->nsettled - 1].ub))
			return;
		unsettle(so);
	}
}

/*
 * Finds the next row in order; false if there are no more.  *row has its distance, or the lower
 * bound of it.  In the scan's memory context.
 */
static bool
next_ordered(IndexScanDesc scan, IvfkmScan *so, IvfkmKnownRow *row)
{
	IvfkmNextRow next;

	if (so->pass == 0 && ivfkm_pass_next(so, false))
		settle(scan, so);
	if (so->settled_given == so->nsettled && !so->decided_all)
		look_ahead(scan, so);
	if (so->settled_given < so->nsettled)
		next = so->settled[so->settled_given++];
	else if (!so->decided_all && decide_next(scan, so, false, &next))
		;
	else
	{
		so->decided_all = true;
		if (so->order.nlate == 0)
			return next_null(scan, so, row);
		*row = ivfkm_order_take_late(&so->order);
		note_given(so, row->row, true);
		return true;
	}
	row->row = next.row;
	row->distance = next.distance;
	note_given(so, next.row, next.known);
	return true;
}

/*
 * Tells the executor lower bounds of all distances that a query orders by: the first one
 * is nearly exact, of the others nothing is known.  The executor computes and sorts.
 */
static void
give_distances(IndexScanDesc scan, const IvfkmScan *so, double distance)
{
	scan->xs_recheckorderby = true;
	for (int i = 0; i < scan->numberOfOrderBys; i++)
	{
		double lower = -get_float8_infinity();

		if (i == 0 && so->maxsim != NULL && so->maxsim->ordered)
			lower = distance;
		else if (i == 0 && so->query.ordered)
			lower = ivfkm_query_operator_distance(&so->query, distance);
		scan->xs_orderbyvals[i] = Float8GetDatum(lower);
	}
}

/* amgettuple: the next nearest row. */
bool
ivfkmgettuple(IndexScanDesc scan, ScanDirection dir)
{
	IvfkmScan *so = scan->opaque;
	MemoryContext old_context;
	IvfkmKnownRow next;
	bool found;

	Assert(ScanDirectionIsForward(dir));
	if (!so->started)
		scan_open(scan, so);
	old_context = MemoryContextSwitchTo(so->context);
	if (!so->started)
		scan_begin(scan, so);
	if (so->none)
		found = false;
	else if (!so->filter.values)
		found = next_null(scan, so, &next);
	else if (so->maxsim != NULL && so->maxsim->ordered)
		found = ivfkm_maxsim_next(scan, so, &next);
	else if (so->unordered)
		found = ivfkm_unordered_next(so, scan->indexRelation, scan->xs_snapshot, &next.row);
	else
		found = next_ordered(scan, so, &next);
	MemoryContextSwitchTo(old_context);
	if (!found)
		return false;
	so->ngiven++;
	scan->xs_heaptid = ivfkm_lists_tid(next.row);
	if (scan->xs_heapfetch != NULL)
		ivfkm_rerank_pin(scan->xs_heapfetch, &scan->xs_heaptid);
	scan->xs_recheck = so->filter.recheck;
	scan->xs_recheckorderby = false;
	if (scan->numberOfOrderBys > 1)
		give_distances(scan, so, next.distance);
	return true;
}

/* amendscan */
void
ivfkmendscan(IndexScanDesc scan)
{
	IvfkmScan *so = scan->opaque;

	last_index = RelationGetRelid(scan->indexRelation);
	ivfkm_scan_counts(so, &last_counts);
	if (so->rerank != NULL)
	{
		ivfkm_rerank_end(so->rerank);
		pfree(so->rerank);
	}
	MemoryContextDelete(so->context);
	pfree(so);
	scan->opaque = NULL;
}
