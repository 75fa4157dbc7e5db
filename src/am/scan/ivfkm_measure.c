/*-------------------------------------------------------------------------
 *
 * ivfkm_measure.c
 *	  Searches that are made to measure an index.
 *
 * NOTES
 *	  They are scans like those of queries, without an executor: they are told the LIMIT and,
 *	  to find what is true, a target, and note in which list they met each row.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_measure.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/relscan.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_gap.h"
#include "am/index/ivfkm_ops.h"
#include "am/scan/ivfkm_maxsim.h"
#include "am/scan/ivfkm_measure.h"
#include "am/scan/ivfkm_scan.h"

/*
 * Prepares to search an index, which the caller has open, as its table, under an active snapshot
 * and with the rights that its expression is to run with.
 */
void
ivfkm_measuring_begin(IvfkmMeasuring *measuring, Relation heap, Relation index, Snapshot snapshot)
{
	IvfkmMetaPageData meta;
	Oid type;
	Oid operator;

	memset(measuring, 0, sizeof(*measuring));
	page_meta_read(index, &meta);
	measuring->index = index;
	measuring->snapshot = snapshot;
	measuring->column = ivfkm_columns_vector(index);
	measuring->column_dims = (int) meta.column_dimensions;
	type = index->rd_opcintype[measuring->column];
	operator= get_opfamily_member(index->rd_opfamily[measuring->column], type, type, 1);
	if (!OidIsValid(operator))
		elog(ERROR, "operator class of index \"%s\" has no distance",
			 RelationGetRelationName(index));
	measuring->distance = get_opcode(operator);
	ivfkm_rerank_begin(&measuring->rerank, heap, index, ivfkm_ops_get(index));
	measuring->scan = index_beginscan_compat(heap, index, snapshot, 0, 1);
	((IvfkmScan *) measuring->scan->opaque)->measure = &measuring->measure;
}

/* From the next search on, notes the lists of the rows: ivfkm_measuring_search() needs "before". */
void
ivfkm_measuring_note(IvfkmMeasuring *measuring)
{
	measuring->measure.size = 1024;
	measuring->measure.met = palloc(sizeof(IvfkmMetRow) * measuring->measure.size);
}

/* Frees everything. */
void
ivfkm_measuring_end(IvfkmMeasuring *measuring)
{
	index_endscan(measuring->scan);
	ivfkm_rerank_end(&measuring->rerank);
	if (measuring->measure.met != NULL)
		pfree(measuring->measure.met);
}

/* Order of rows met, for qsort. */
static int
compare_met(const void *a, const void *b)
{
	uint64 x = ((const IvfkmMetRow *) a)->row;
	uint64 y = ((const IvfkmMetRow *) b)->row;

	return x < y ? -1 : x > y;
}

/* Order of rows found, for qsort. */
static int
compare_distances(const void *a, const void *b)
{
	double x = ((const IvfkmMeasuredRow *) a)->distance;
	double y = ((const IvfkmMeasuredRow *) b)->distance;

	return x < y ? -1 : x > y;
}

/* Rows that the scan counted before it scanned the list of the row at "tid". */
static double
rows_before(const IvfkmMeasuring *measuring, const ItemPointerData *tid)
{
	const IvfkmMeasure *measure = &measuring->measure;
	const IvfkmScan *so = measuring->scan->opaque;
	IvfkmMetRow key = {.row = ivfkm_lists_address(tid)};
	IvfkmMetRow *met = bsearch(&key, measure->met, measure->nmet, sizeof(key), compare_met);

	return met != NULL ? so->lists.before[met->list] : so->lists.counted;
}

/* Makes the key of a search for rows in the order of their distance to "query". */
void
ivfkm_measuring_key(const IvfkmMeasuring *measuring, Datum query, ScanKey key)
{
	ScanKeyEntryInitialize(key, SK_ORDER_BY, (AttrNumber) (measuring->column + 1), 1, InvalidOid,
						   InvalidOid, measuring->distance, query);
}

/*
 * Searches the k nearest rows of "query", a detoasted value, as measuring->measure says, without
 * the row at "self" if that is not NULL.  Returns how many there are, and fills in "rows", the
 * nearest first.
 */
int
ivfkm_measuring_search(IvfkmMeasuring *measuring, Datum query, int k, const ItemPointerData *self,
					   IvfkmMeasuredRow *rows)
{
	IvfkmMeasure *measure = &measuring->measure;
	IvfkmScan *so = measuring->scan->opaque;
	ItemPointerData *tids = palloc(sizeof(ItemPointerData) * Max(k, 1));
	ScanKeyData key;
	ItemPointer tid;
	int n = 0;

	measure->limit = k + (self != NULL);
	measure->nmet = 0;
	ivfkm_measuring_key(measuring, query, &key);
	index_rescan(measuring->scan, NULL, 0, &key, 1);
	while (n < k && (tid = index_getnext_tid(measuring->scan, ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (self != NULL && ItemPointerEquals(tid, unconstify(ItemPointerData *, self)))
			so->told.received++;
		else if (ivfkm_rerank_distance(&measuring->rerank, measuring->snapshot,
									   DatumGetPointer(query), measuring->column_dims, tid,
									   &rows[n].distance))
		{
			so->told.received++;
			tids[n++] = *tid;
		}
	}
	if (measure->met != NULL)
	{
		qsort(measure->met, measure->nmet, sizeof(IvfkmMetRow), compare_met);
		for (int i = 0; i < n; i++)
			rows[i].before = rows_before(measuring, &tids[i]);
	}
	qsort(rows, n, sizeof(IvfkmMeasuredRow), compare_distances);
	pfree(tids);
	return n;
}

/*
 * Notes the curve and the neighbours of the last search, which has found n rows, the nearest first,
 * and noted its lists: see index/ivfkm_gap.h.  rows: of the index; least: that searches see.
 */
void
ivfkm_measuring_gap(const IvfkmMeasuring *measuring, const IvfkmMeasuredRow *found, int n,
					double rows, double least, IvfkmGapQuery *gap)
{
	const IvfkmScan *so = measuring->scan->opaque;
	const IvfkmLists *lists = &so->lists;
	int list = 0;

	memset(gap->found, 0, sizeof(gap->found));
	for (int point = 0; point < IVFKM_GAP_POINTS; point++)
	{
		double seen = ivfkm_gap_seen(point, rows, least);

		if (point == IVFKM_GAP_POINTS - 1) /* whatever was counted */
			seen = get_float8_infinity();
		while (list < lists->nscanned && lists->before[list] < seen)
			list++;
		gap->lists[point] =
			list < lists->nscanned
				? (float) ivfkm_query_gap_of_list(&so->query, lists->items[list].key)
				: get_float4_infinity();
		for (int level = 0; level < IVFKM_CALIBRATION_KS; level++)
		{
			for (int i = 0; i < Min(n, (int) ivfkm_budget_k[level]); i++)
				gap->found[level][point] += found[i].before < seen;
		}
	}
	for (int level = 0; level < IVFKM_CALIBRATION_KS; level++)
	{
		int k = (int) ivfkm_budget_k[level];

		gap->rows[level] = get_float4_infinity();
		if (k <= n && so->query.ordered)
			gap->rows[level] = (float) ivfkm_query_gap_to_row(
				&so->query, found[k - 1].distance * so->query.distance_scale);
	}
}

/* Lists that the last search scanned, and rows in them. */
void
ivfkm_measuring_seen(const IvfkmMeasuring *measuring, double *lists, double *rows)
{
	const IvfkmScan *so = measuring->scan->opaque;

	*lists = so->lists.nscanned;
	*rows = so->lists.rows;
	if (so->maxsim != NULL)
	{
		*lists += (double) so->maxsim->nlists;
		*rows += so->maxsim->seen;
	}
}

/* Tells a scan that begins what its measurement asks, in the place of its query and settings. */
void
ivfkm_measure_apply(IvfkmScan *so)
{
	const IvfkmMeasure *measure = so->measure;
	IvfkmSettings *settings = &so->settings;

	memset(&so->told, 0, sizeof(so->told));
	so->told.limit = measure->limit;
	if (measure->target <= 0.0)
		return;
	settings->probes = 0;
	settings->target = measure->target;
	settings->least = 1;
	settings->k = 0;
	settings->scale = measure->scale;
	settings->epsilon = ivfkm_budget_epsilon(measure->target);
	settings->max_probes = 0;
	settings->max_scan_tuples = 0;
	settings->iterative_scan = IVFKM_ITERATIVE_STRICT;
}

/* Notes in which list a scan met a row. */
void
ivfkm_measure_note(IvfkmMeasure *measure, uint64 row, int list)
{
	if (measure->nmet == measure->size)
	{
		measure->size *= 2;
		measure->met = repalloc_huge(measure->met, sizeof(IvfkmMetRow) * measure->size);
	}
	measure->met[measure->nmet].row = row;
	measure->met[measure->nmet++].list = list;
}
