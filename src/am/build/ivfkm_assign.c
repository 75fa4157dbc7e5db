/*-------------------------------------------------------------------------
 *
 * ivfkm_assign.c
 *	  The rows of the table: to their lists, into the sort, into the file.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_assign.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "commands/progress.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/guc.h"

#include "am/build/ivfkm_assign.h"
#include "am/build/ivfkm_bands.h"
#include "am/build/ivfkm_centre.h"
#include "am/build/ivfkm_nodes.h"
#include "am/build/ivfkm_progress.h"
#include "am/build/ivfkm_sizes.h"
#include "am/build/ivfkm_team.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_summary.h"

/*
 * Squared residuals are summed as multiples of this, so that the sum does not depend on the
 * order; larger ones than RESIDUAL_MOST for each dimension, of outliers, count as much as that.  In
 * index space coordinates are about 1.
 */
#define RESIDUAL_QUANTUM 0x1p-24
#define RESIDUAL_MOST	 100.0

/* What the sort carries for each row behind its list and address. */
typedef struct SortedCode
{
	int32 vl_len_; /* varlena header (do not touch directly!) */
	QuantFactors factors;
	QuantRefineFactors refine_factors; /* zero without a refine tier */
	uint8 code[FLEXIBLE_ARRAY_MEMBER]; /* and behind it the refine code */
} SortedCode;

/* Bytes of an IvfkmAttributes with the images that the index has. */
static Size
attributes_bytes(const IvfkmBuild *build)
{
	return offsetof(IvfkmAttributes, images) + sizeof(int64) * build->index.columns.nattributes;
}

/* Bytes of a SortedCode with its codes. */
static Size
sorted_bytes(const IvfkmBuild *build)
{
	int refine_bits = build->plan.meta.refine_bits;

	return offsetof(SortedCode, code) + ivfkm_code_bytes(&build->index.lists) +
		   (refine_bits > 0 ? quant_refine_bytes(build->dims, refine_bits) : 0);
}

/*
 * Sets up a sort of encoded rows by list, first attribute and heap address, and by the place of a
 * vector in its array, with "memory" kB.  Rows that are alike in the first attribute come into the
 * same units, so that a filter of it is met in few of them.
 */
static void
begin_sort(IvfkmBuild *build, int memory, SortCoordinate coordinate)
{
	AttrNumber columns[4] = {1, 5, 2, 6};
	Oid operators[4] = {Int4LessOperator, Int8LessOperator, TIDLessOperator, Int4LessOperator};
	Oid collations[4] = {InvalidOid, InvalidOid, InvalidOid, InvalidOid};
	bool nulls_first[4] = {false, false, false, false};
	/* several entries of a row in a list */
	int nkeys = build->index.ops->array != NULL ? 4 : 3;

	if (build->sort_slot == NULL)
	{
		TupleDesc desc = CreateTemplateTupleDesc(6);
		Size code_bytes = sorted_bytes(build);
		Size attribute_bytes = VARHDRSZ + attributes_bytes(build);

		TupleDescInitEntry(desc, (AttrNumber) 1, "list", INT4OID, -1, 0);
		TupleDescInitEntry(desc, (AttrNumber) 2, "tid", TIDOID, -1, 0);
		TupleDescInitEntry(desc, (AttrNumber) 3, "code", BYTEAOID, -1, 0);
		TupleDescInitEntry(desc, (AttrNumber) 4, "attributes", BYTEAOID, -1, 0);
		TupleDescInitEntry(desc, (AttrNumber) 5, "first", INT8OID, -1, 0);
		TupleDescInitEntry(desc, (AttrNumber) 6, "vector", INT4OID, -1, 0);
		build->sort_slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
		build->sorted_code = palloc0(code_bytes);
		SET_VARSIZE(build->sorted_code, code_bytes);
		build->sorted_attributes = palloc0(attribute_bytes);
		SET_VARSIZE(build->sorted_attributes, attribute_bytes);
	}
	build->sort =
		tuplesort_begin_heap(build->sort_slot->tts_tupleDescriptor, nkeys, columns, operators,
							 collations, nulls_first, memory, coordinate, TUPLESORT_NONE);
}

/* Adds a squared residual to the sum. */
static void
add_residual(IvfkmBuild *build, float residual2)
{
	double most = RESIDUAL_MOST * build->dims;
	double clamped = residual2 < most ? residual2 : most;
	uint64 units = (uint64) (clamped / RESIDUAL_QUANTUM);

	build->residual_low += units & 0xffffffff;
	build->residual_high += units >> 32;
}

/*
 * Hands a row, or number "vector" of its vectors, to the sort: its list, address, codes and
 * attributes.  Rows without a value have no codes, and come behind all lists.
 */
static void
put_row(IvfkmBuild *build, int32 list, const ItemPointerData *tid, int vector,
		struct SortedCode *sorted, const IvfkmAttributes *attributes)
{
	TupleTableSlot *slot = build->sort_slot;
	bool has_attributes = build->index.columns.nattributes > 0;

	if (has_attributes)
		memcpy(VARDATA(build->sorted_attributes), attributes, attributes_bytes(build));

	ExecClearTuple(slot);
	slot->tts_values[0] = Int32GetDatum(list);
	slot->tts_values[1] = PointerGetDatum(tid);
	slot->tts_values[2] = PointerGetDatum(sorted);
	slot->tts_isnull[0] = false;
	slot->tts_isnull[1] = false;
	slot->tts_isnull[2] = sorted == NULL;
	slot->tts_values[3] = PointerGetDatum(build->sorted_attributes);
	slot->tts_isnull[3] = !has_attributes;
	slot->tts_values[4] = Int64GetDatum(has_attributes ? attributes->images[0] : 0);
	slot->tts_isnull[4] = !has_attributes;
	slot->tts_values[5] = Int32GetDatum(vector);
	slot->tts_isnull[5] = build->index.ops->array == NULL;
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(build->sort, slot);
}

/* The lists of the first n rows of build->batch. */
void
ivfkm_assign_lists(IvfkmBuild *build, int n, uint32 *lists)
{
	float dist2[KMEANS_BLOCK];

	kmeans_assign(build->lists, build->batch, n, lists, dist2, build->workspace);
	if (build->shared->bands.count > 1)
		ivfkm_bands_assign(build, n, lists);
}

/* Adds a row to what this process says of its list. */
static void
summarise(IvfkmBuild *build, uint32 list, const IvfkmAttributes *attributes)
{
	IvfkmSummaryData *summaries = build->plan.levels[0].summaries;

	if (summaries != NULL)
		ivfkm_summary_add(&build->index.columns,
						  page_summary_in(summaries, build->index.columns.nattributes, list),
						  attributes);
}

/* Assigns, encodes and hands to the sort the rows of the batch. */
static void
flush_batch(IvfkmBuild *build)
{
	IvfkmPlan *plan = &build->plan;
	int dims = build->dims;
	uint32 lists[KMEANS_BLOCK];
	uint64 assigned;

	CHECK_FOR_INTERRUPTS();
	if (build->row_list != NULL)
		memcpy(lists, build->batch_lists, sizeof(uint32) * build->nbatch);
	else
		ivfkm_assign_lists(build, build->nbatch, lists);
	for (int i = 0; i < build->nbatch; i++)
	{
		SortedCode *sorted = build->sorted_code;
		const float *centroid = build->centroids + (Size) lists[i] * dims;
		IvfkmCode code;
		float residual;

		ivfkm_code_place(&code, &build->index.lists, sorted->code);
		residual = ivfkm_row_encode(plan->space, plan->meta.refine_bits, &build->batch_rows[i],
									centroid, &code);
		add_residual(build, residual);
		sorted->factors = code.factors;
		sorted->refine_factors = code.refine_factors;
		plan->levels[0].counts[lists[i]]++;
		if (build->index.ops->metric == IVFKM_METRIC_IP)
			plan->levels[0].radii[lists[i]] =
				Max(plan->levels[0].radii[lists[i]], sqrtf(Min(residual, FLT_MAX)));

		summarise(build, lists[i], &build->batch_rows[i].attributes);
		put_row(build, (int32) lists[i], &build->batch_tids[i], build->batch_vectors[i], sorted,
				&build->batch_rows[i].attributes);
	}
	build->rows += build->nbatch;
	assigned = pg_atomic_add_fetch_u64(&build->shared->assigned, build->nbatch);
	if (build->leader)
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, (int64) assigned);
	build->nbatch = 0;
}

/* Adds the vectors of one row to the batch, or, if it has none, the row to the sort. */
void
ivfkm_assign_row(IvfkmBuild *build, const ItemPointerData *tid, const Datum *values,
				 const bool *isnull)
{
	MemoryContext old_context = MemoryContextSwitchTo(build->row_context);
	IvfkmAttributes attributes;
	IvfkmValue value;

	ivfkm_columns_read(&build->index.columns, values, isnull, &attributes);
	(void) ivfkm_row_open(&build->index, values, isnull, &value);
	for (int i = 0; i < value.count; i++)
	{
		IvfkmRow *row = &build->batch_rows[build->nbatch];

		row->x = build->batch + (Size) build->nbatch * build->dims;
		row->attributes = attributes;
		ivfkm_row_take(&build->index, &value, i, row);
		ivfkm_row_map(build->plan.space, row);
		if (row->bits != NULL)
		{
			uint8 *bits = build->batch_bits + (Size) build->nbatch * quant_code_bytes(build->dims);

			memcpy(bits, row->bits, (build->dims + BITS_PER_BYTE - 1) / BITS_PER_BYTE);
			row->bits = bits;
		}
		build->batch_vectors[build->nbatch] = i;
		if (build->row_list != NULL)
			build->batch_lists[build->nbatch] = *build->row_list;
		build->batch_tids[build->nbatch++] = *tid;
		if (build->nbatch == build->batch_size)
		{
			MemoryContextSwitchTo(build->context);
			flush_batch(build);
			MemoryContextSwitchTo(build->row_context);
		}
	}
	if (value.count == 0)
	{
		MemoryContextSwitchTo(build->context);
		put_row(build, (int32) build->shared->nlists, tid, 0, NULL, &attributes);
		build->nulls++;
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(build->row_context);
}

/* Callback of the table scan. */
static void
build_row(Relation index, ItemPointer tid, Datum *values, bool *isnull, bool tuple_is_alive,
		  void *arg)
{
	ivfkm_assign_row(arg, tid, values, isnull);
}

/*
 * Adds a row whose value is not known to its list, or one chosen by its address: nothing excludes
 * it, so searches of that list look at the row itself.
 */
void
ivfkm_assign_forced(IvfkmBuild *build, const ItemPointerData *tid)
{
	SortedCode *sorted = build->sorted_code;
	IvfkmCode code;
	uint32 list;

	if (build->row_list != NULL)
		list = *build->row_list;
	else
		list = (ItemPointerGetBlockNumberNoCheck(tid) + ItemPointerGetOffsetNumberNoCheck(tid)) %
			   build->shared->nlists;

	ivfkm_code_place(&code, &build->index.lists, sorted->code);
	ivfkm_code_forced(build->dims, build->plan.meta.refine_bits, &code);
	sorted->factors = code.factors;
	sorted->refine_factors = code.refine_factors;
	build->plan.levels[0].counts[list]++;
	summarise(build, list, &ivfkm_row_unknown);
	put_row(build, (int32) list, tid, 0, sorted, &ivfkm_row_unknown);
	build->rows++;
}

/* Adds a row of which is known that its value is NULL, and nothing else. */
void
ivfkm_assign_null(IvfkmBuild *build, const ItemPointerData *tid)
{
	put_row(build, (int32) build->shared->nlists, tid, 0, NULL, &ivfkm_row_unknown);
	build->nulls++;
}

/* Prepares for rows: memory, and a sort in which this process is one of several if coordinated. */
static void
assign_begin(IvfkmBuild *build, SortCoordinate coordinate)
{
	IvfkmBuildShared *shared = build->shared;

	ivfkm_centre_space(build);
	if (build->plan.levels[0].counts == NULL)
	{
		build->plan.levels[0].counts = palloc0(sizeof(uint32) * shared->nlists);
		build->plan.levels[0].radii = palloc0(sizeof(float) * shared->nlists);
		if (build->list_summaries != NULL)
			build->plan.levels[0].summaries = MemoryContextAllocExtended(
				CurrentMemoryContext,
				page_summary_bytes(build->index.columns.nattributes) * shared->nlists,
				MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	}
	build->workspace = ivfkm_build_alloc(kmeans_assign_bytes(build->dims, (int) shared->nlists));
	build->batch_size = kmeans_assign_points(build->dims);
	build->batch = ivfkm_build_alloc(sizeof(float) * (Size) build->batch_size * build->dims);
	build->batch_tids = palloc(sizeof(ItemPointerData) * build->batch_size);
	build->batch_vectors = palloc(sizeof(int) * build->batch_size);
	build->batch_lists = palloc(sizeof(uint32) * build->batch_size);
	build->batch_rows = palloc(sizeof(IvfkmRow) * build->batch_size);
	build->batch_bits = ivfkm_build_alloc((Size) build->batch_size * quant_code_bytes(build->dims));
	begin_sort(build, shared->sort_memory, coordinate);
}

/* Ends what assign_begin() began: the last rows into the sort, the results to the leader. */
static void
assign_end(IvfkmBuild *build)
{
	IvfkmBuildShared *shared = build->shared;
	int nattributes = build->index.columns.nattributes;

	if (build->nbatch > 0)
		flush_batch(build);
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	for (uint32 list = 0; list < shared->nlists; list++)
	{
		build->counts[list] += build->plan.levels[0].counts[list];
		build->list_radii[list] = Max(build->list_radii[list], build->plan.levels[0].radii[list]);
		if (build->list_summaries != NULL)
			ivfkm_summary_unite(
				&build->index.columns, page_summary_in(build->list_summaries, nattributes, list),
				page_summary_in(build->plan.levels[0].summaries, nattributes, list));
	}
	shared->rows += build->rows;
	shared->nulls += build->nulls;
	shared->residual_low += build->residual_low;
	shared->residual_high += build->residual_high;
	LWLockRelease(&shared->lock);
}

/*
 * Job: the rows of the table, or of the part of it that falls to this process, into the
 * sort, and the results into shared memory.  With workers everybody ends with a sorted run
 * on disk.
 */
void
ivfkm_assign_job(IvfkmBuild *build)
{
	IvfkmBuildShared *shared = build->shared;
	SortCoordinateData coordinate = {.isWorker = true, .nParticipants = -1};
	TableScanDesc scan = NULL;
	double scanned;

	coordinate.sharedsort = build->shared_sort;
	assign_begin(build, build->scan != NULL ? &coordinate : NULL);
	if (build->scan != NULL)
		scan = table_beginscan_parallel(build->heap, build->scan);
	scanned = table_index_build_scan(build->heap, build->index.relation, build->index_info, true,
									 build->leader, build_row, build, scan);
	assign_end(build);
	if (build->scan != NULL)
	{
		tuplesort_performsort(build->sort);
		tuplesort_end(build->sort);
		build->sort = NULL;
	}

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->scanned += scanned;
	if (build->index_info->ii_BrokenHotChain)
		shared->broken_hot_chain = true;
	shared->nsorted++;
	LWLockRelease(&shared->lock);
}

/* Sets what the plan says of the rows, when all have been assigned. */
static void
count_rows(IvfkmBuild *build)
{
	IvfkmBuildShared *shared = build->shared;
	IvfkmMetaPageData *meta = &build->plan.meta;

	memcpy(build->plan.levels[0].counts, build->counts, sizeof(uint32) * shared->nlists);
	memcpy(build->plan.levels[0].radii, build->list_radii, sizeof(float) * shared->nlists);
	if (build->list_summaries != NULL)
		memcpy(build->plan.levels[0].summaries, build->list_summaries,
			   page_summary_bytes(build->index.columns.nattributes) * shared->nlists);
	if (meta->metric == IVFKM_METRIC_IP)
		ivfkm_nodes_widen(&build->plan);
	build->plan.nulls = (uint32) shared->nulls;
	meta->build_rows = (double) shared->rows;
	meta->made_rows = (double) shared->rows;
	meta->calibrated_rows = (double) shared->rows;
	if (shared->rows > 0)
		meta->build_residual2 =
			((double) shared->residual_high * 0x1p32 + (double) shared->residual_low) *
			RESIDUAL_QUANTUM / (double) shared->rows;
}

/*
 * Prepares for the rows of a renewal, which are handed over one by one, by ivfkm_assign_row() and
 * ivfkm_assign_forced().
 */
void
ivfkm_assign_begin(IvfkmBuild *build)
{
	build->shared->sort_memory = ivfkm_sizes_sort_memory(build);
	assign_begin(build, NULL);
}

/* Sorts the rows of a renewal. */
void
ivfkm_assign_end(IvfkmBuild *build)
{
	assign_end(build);
	count_rows(build);
	tuplesort_performsort(build->sort);
}

/* Has the table scanned, and leaves its encoded rows in the sort of the leader, sorted. */
void
ivfkm_assign(IvfkmBuild *build)
{
	IvfkmBuildShared *shared = build->shared;

	ivfkm_progress_phase(IVFKM_PHASE_ASSIGN, 0, (int64) build->table_rows);
	shared->sort_memory = ivfkm_sizes_sort_memory(build);
	ivfkm_team_run(build, IVFKM_JOB_ASSIGN, 0);

	count_rows(build);
	if (shared->broken_hot_chain)
		build->index_info->ii_BrokenHotChain = true;

	ivfkm_progress_phase(IVFKM_PHASE_SORT, 0, (int64) (shared->rows + shared->nulls));
	if (build->parallel != NULL)
	{
		SortCoordinateData coordinate = {
			.isWorker = false, .nParticipants = shared->nsorted, .sharedsort = build->shared_sort};

		/* the processes have ended their sorts, so the leader may take all of the memory */
		begin_sort(build,
				   (int) Min((Size) shared->sort_memory * shared->nparticipants, MAX_KILOBYTES),
				   &coordinate);
	}
	tuplesort_performsort(build->sort);
}

/*
 * Takes the next row from the sort, of list number "list"; *tid is in "slot", and so are the codes
 * (NULL if it has none).
 */
static SortedCode *
next_row(IvfkmBuild *build, TupleTableSlot *slot, uint32 list, ItemPointer *tid,
		 IvfkmAttributes *attributes)
{
	bool isnull;
	Datum code;
	Datum attribute;

	if (!tuplesort_gettupleslot(build->sort, true, false, slot, NULL))
		elog(ERROR, "sort of index \"%s\" ended early",
			 RelationGetRelationName(build->index.relation));
	Assert(DatumGetInt32(slot_getattr(slot, 1, &isnull)) == (int32) list);
	*tid = (ItemPointer) DatumGetPointer(slot_getattr(slot, 2, &isnull));
	memset(attributes, 0, sizeof(*attributes));
	attribute = slot_getattr(slot, 4, &isnull);
	if (!isnull)
		memcpy(attributes, VARDATA_ANY(DatumGetPointer(attribute)), attributes_bytes(build));
	code = slot_getattr(slot, 3, &isnull);
	return isnull ? NULL : (SortedCode *) DatumGetPointer(code);
}

/* Reads the sorted rows of a list and writes it. */
static void
write_list(IvfkmBuild *build, IvfkmWriter *writer, TupleTableSlot *slot, uint32 list)
{
	const IvfkmPlanLevel *lists = &build->plan.levels[0];
	IvfkmExtent extent;

	page_writer_seek(writer, lists->first_blocks[list]);
	page_extent_begin(&extent, writer, &build->index.lists, lists->first_id + list,
					  build->plan.meta.root_generation, lists->first_blocks[list],
					  lists->counts[list]);
	for (uint32 i = 0; i < lists->counts[list]; i++)
	{
		ItemPointer tid;
		IvfkmAttributes attributes;
		SortedCode *found = next_row(build, slot, list, &tid, &attributes);
		SortedCode *sorted = (SortedCode *) PG_DETOAST_DATUM(PointerGetDatum(found));
		IvfkmEntry entry;
		IvfkmCode code;

		ivfkm_code_place(&code, &build->index.lists, sorted->code);
		code.factors = sorted->factors;
		code.refine_factors = sorted->refine_factors;
		ivfkm_code_entry(&code, &attributes, tid, &entry);
		page_extent_add(&extent, &entry);
		if (sorted != found)
			pfree(sorted);
	}
	page_extent_end(&extent);
}

/* The same for the list of the rows whose value is NULL. */
static void
write_nulls(IvfkmBuild *build, IvfkmWriter *writer, TupleTableSlot *slot)
{
	const IvfkmMetaPageData *meta = &build->plan.meta;
	IvfkmExtent extent;

	page_writer_seek(writer, meta->null_block);
	page_extent_begin(&extent, writer, &build->index.nulls, meta->null_id, meta->null_generation,
					  meta->null_block, build->plan.nulls);
	for (uint32 i = 0; i < build->plan.nulls; i++)
	{
		ItemPointer tid;
		IvfkmAttributes attributes;
		IvfkmEntry entry;

		(void) next_row(build, slot, meta->nlists, &tid, &attributes);
		ivfkm_row_null_entry(&attributes, tid, &entry);
		page_extent_add(&extent, &entry);
	}
	page_extent_end(&extent);
}

/* Reads the sorted rows, writes all lists, and the list of NULLs if there is one; ends the sort. */
static void
write_sorted(IvfkmBuild *build, IvfkmWriter *writer, bool with_nulls)
{
	TupleTableSlot *slot =
		MakeSingleTupleTableSlot(build->sort_slot->tts_tupleDescriptor, &TTSOpsMinimalTuple);
	int64 done = 0;

	for (uint32 list = 0; list < build->plan.levels[0].count; list++)
	{
		write_list(build, writer, slot, list);
		done += build->plan.levels[0].counts[list];
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, done);
	}
	if (with_nulls)
		write_nulls(build, writer, slot);
	ExecDropSingleTupleTableSlot(slot);
	ExecDropSingleTupleTableSlot(build->sort_slot);
	tuplesort_end(build->sort);
}

/* Writes all lists where the plan has placed them, and ends the sort. */
void
ivfkm_assign_write(IvfkmBuild *build, IvfkmWriter *writer)
{
	write_sorted(build, writer, true);
}

/* The same for the lists of a region, which has no list of NULLs. */
void
ivfkm_assign_write_lists(IvfkmBuild *build, IvfkmWriter *writer)
{
	write_sorted(build, writer, false);
}
