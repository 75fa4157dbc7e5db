/*-------------------------------------------------------------------------
 *
 * ivfkm_build.c
 *	  Building an index: plan, train, assign and encode, sort, write.
 *
 * NOTES
 *	  The steps, and what bounds their memory, are described in README.md of this folder.
 *	  Everything is allocated in one context that an error drops; nothing is visible
 *	  before the transaction commits.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm_build.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/tableam.h"
#include "access/xloginsert.h"
#include "catalog/index.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "commands/progress.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

#include "cluster/kmeans.h"
#include "port/vdb_half.h"

#include "am/ivfkm.h"

#define POINTS_PER_LIST		64 /* sample rows per list wanted, and the fewest accepted */
#define MIN_POINTS_PER_LIST 16

/* Seeds of a build: fixed, so that the same table gives the same index. */
#define ROTATION_SEED	0x7664622D50524F54ULL
#define CLUSTERING_SEED 0x7664622D4B4D4E53ULL

/* What the sort carries for each row behind its list and address. */
typedef struct SortedCode
{
	int32 vl_len_; /* varlena header (do not touch directly!) */
	QuantFactors factors;
	QuantRefineFactors refine_factors; /* zero without a refine tier */
	uint8 code[FLEXIBLE_ARRAY_MEMBER]; /* and behind it the refine code */
} SortedCode;

typedef struct BuildState
{
	Relation heap;
	Relation index;
	IndexInfo *index_info;
	const IvfkmOps *ops;
	int dims;
	MemoryContext context;
	MemoryContext row_context;
	Size budget; /* bytes of maintenance_work_mem */

	IvfkmPlan plan;
	float *centroids; /* nlists * dims, as stored, in float32 */
	KmeansIndex *lists;
	void *workspace; /* of kmeans_assign() */

	/* rows waiting to be assigned */
	float *batch;
	ItemPointerData *batch_tids;
	bool *batch_ordinary;
	int nbatch;

	Tuplesortstate *sort;
	TupleTableSlot *sort_slot;
	SortedCode *sorted_code;
	double residual2; /* sum over all rows */
	double rows;
} BuildState;

/* Memory of "size" bytes aligned for the SIMD kernels; freed with its context. */
static void *
alloc_aligned(Size size)
{
	char *memory = MemoryContextAllocHuge(CurrentMemoryContext, size + 64);

	return (void *) TYPEALIGN(64, memory);
}

/* Interrupt and progress callback of the clustering; arg: the sample's rows. */
static void
report_training(void *arg, double done)
{
	CHECK_FOR_INTERRUPTS();
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE,
								 (int64) (done * *(const int *) arg));
}

/* Rows a list is meant to have: enough to fill a page where vectors are short. */
static int
list_target(int dims)
{
	return dims < 256 ? 256 : 128;
}

/* Bytes of the centroids, as trained and as stored, and of what goes with a list. */
static Size
centroid_bytes(int dims, int nlists)
{
	return (Size) nlists * (dims * (sizeof(float) + sizeof(uint16)) + 64);
}

/* Bytes that planning takes at its peak with nrows sample rows. */
static Size
planning_bytes(int dims, int nrows, int nlists)
{
	KmeansParams params;

	kmeans_params_init(&params, dims, nrows, nlists);
	return sizeof(float) * (Size) nrows * dims + centroid_bytes(dims, nlists) +
		   Max(kmeans_train_bytes(&params), kmeans_index_bytes(dims, nlists) +
												kmeans_assign_bytes(dims, nlists) +
												ivfkm_calibrate_bytes(dims, nrows, nlists));
}

/*
 * Chooses the number of lists and the size of the sample so that training stays within
 * the budget.  *nlists holds the number wanted and is reduced only if a list would get
 * fewer than MIN_POINTS_PER_LIST sample rows although the table has more.
 */
static void
choose_sizes(const BuildState *build, double total_rows, int *nlists, int *nrows)
{
	int lists = *nlists;
	double rows = Min(total_rows * 1.1 + 16, (double) lists * POINTS_PER_LIST);

	rows = Max(1.0, Min(rows, INT_MAX / 2));
	while (planning_bytes(build->dims, (int) rows, lists) > build->budget &&
		   (rows > 1.0 || lists > 1))
	{
		rows = Max(1.0, floor(rows * 0.95));
		if (rows < (double) lists * MIN_POINTS_PER_LIST && rows < total_rows)
			lists = Max(1, (int) (rows / MIN_POINTS_PER_LIST));
	}
	*nlists = lists;
	*nrows = (int) rows;
}

/* Mean and scale of the sample, and from them the index space; maps the sample into it. */
static void
make_space(BuildState *build, IvfkmSample *sample)
{
	int dims = build->dims;
	double *sums = palloc0(sizeof(double) * dims);
	float *mean = palloc(sizeof(float) * dims);
	double spread = 0.0;
	int exponent = 0;

	for (int row = 0; row < sample->nrows; row++)
	{
		const float *x = sample->rows + (Size) row * dims;

		for (int i = 0; i < dims; i++)
			sums[i] += x[i];
	}
	for (int i = 0; i < dims; i++)
		mean[i] = (float) (sums[i] / Max(sample->nrows, 1));
	for (int row = 0; row < sample->nrows; row++)
	{
		const float *x = sample->rows + (Size) row * dims;

		for (int i = 0; i < dims; i++)
			spread += ((double) x[i] - mean[i]) * ((double) x[i] - mean[i]);
	}
	if (spread > 0.0)
		(void) frexp(sqrt(spread / ((double) sample->nrows * dims)), &exponent);
	build->plan.meta.scale_exponent = Max(-126, Min(exponent, 126));
	build->plan.space = ivfkm_space_init(palloc(ivfkm_space_bytes(dims)), dims, build->ops->metric,
										 ROTATION_SEED, build->plan.meta.scale_exponent, mean);
	for (int row = 0; row < sample->nrows; row++)
	{
		if (row % 256 == 0)
			CHECK_FOR_INTERRUPTS();
		ivfkm_space_apply(build->plan.space, sample->rows + (Size) row * dims);
	}
	pfree(sums);
	pfree(mean);
}

/* Rounds the trained centroids to what is stored, and keeps both forms and the norms. */
static void
store_centroids(BuildState *build, uint32 nlists)
{
	IvfkmPlan *plan = &build->plan;
	int dims = build->dims;

	plan->meta.nlists = nlists;
	plan->centroids = MemoryContextAllocHuge(build->context, sizeof(uint16) * (Size) nlists * dims);
	plan->norms = palloc(sizeof(float) * nlists);
	plan->counts = palloc0(sizeof(uint32) * nlists);
	plan->first_blocks = palloc(sizeof(BlockNumber) * nlists);
	for (uint32 list = 0; list < nlists; list++)
	{
		float *centroid = build->centroids + (Size) list * dims;
		uint16 *stored = plan->centroids + (Size) list * dims;
		double norm2 = 0.0;

		for (int i = 0; i < dims; i++)
		{
			/* index space has coordinates of about 1; an outlier's are clamped */
			float value = Max(-65504.0f, Min(centroid[i], 65504.0f));

			stored[i] = vdb_half_from_float(value);
			centroid[i] = vdb_half_to_float(stored[i]);
			norm2 += (double) centroid[i] * centroid[i];
		}
		plan->norms[list] = (float) norm2;
	}
	plan->meta.next_id = IVFKM_FIRST_LIST_ID + nlists;
}

/* Prepares the search for the nearest of the stored centroids. */
static void
prepare_lists(BuildState *build, KmeansCallback callback, void *callback_arg)
{
	int nlists = (int) build->plan.meta.nlists;

	build->lists =
		kmeans_index_init(alloc_aligned(kmeans_index_bytes(build->dims, nlists)), build->dims,
						  nlists, build->centroids, CLUSTERING_SEED, callback, callback_arg);
	build->workspace = alloc_aligned(kmeans_assign_bytes(build->dims, nlists));
}

/* Measures probes against k on the sample, which is in index space. */
static void
calibrate(BuildState *build, const IvfkmSample *sample)
{
	uint32 *lists =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * (Size) Max(sample->nrows, 1));
	float *dist2 = palloc(sizeof(float) * KMEANS_BLOCK);
	double fraction = sample->nrows / Max(sample->total_rows, (double) Max(sample->nrows, 1));

	for (int row = 0; row < sample->nrows; row += KMEANS_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		kmeans_assign(build->lists, sample->rows + (Size) row * build->dims,
					  Min(KMEANS_BLOCK, sample->nrows - row), lists + row, dist2, build->workspace);
	}
	ivfkm_calibrate(&build->plan.meta, sample, build->centroids, lists, build->plan.space->offset,
					fraction);
	pfree(lists);
	pfree(dist2);
}

/* Samples the table, trains the centroids and calibrates: fills in the plan. */
static void
plan_index(BuildState *build)
{
	IvfkmMetaPageData *meta = &build->plan.meta;
	int dims = build->dims;
	IvfkmSample sample;
	MemoryContext sample_context;
	MemoryContext old_context;
	KmeansParams params;
	KmeansStats stats;
	int wanted;
	int nlists;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVFKM_PHASE_SAMPLE);
	memset(&sample, 0, sizeof(sample));
	sample.dims = dims;
	if (build->heap != NULL)
		sample.total_rows = ivfkm_sample_count(build->heap, build->index, build->index_info);
	wanted = ivfkm_option_lists(build->index);
	if (wanted == 0)
		wanted = (int) Max(1.0, Min(rint(sample.total_rows / list_target(dims)), IVFKM_MAX_LISTS));
	nlists = (int) Max(1.0, Min(wanted, sample.total_rows));
	wanted = nlists;
	choose_sizes(build, sample.total_rows, &nlists, &sample.max_rows);
	if (nlists < wanted)
		ereport(NOTICE, (errmsg_plural("index \"%s\" gets %d list instead of %d",
									   "index \"%s\" gets %d lists instead of %d", nlists,
									   RelationGetRelationName(build->index), nlists, wanted),
						 errdetail("Training them takes a larger sample than fits into "
								   "maintenance_work_mem."),
						 errhint("Increase maintenance_work_mem to speed up searches.")));

	sample_context = AllocSetContextCreate(build->context, "ivfkm sample", ALLOCSET_DEFAULT_SIZES);
	old_context = MemoryContextSwitchTo(sample_context);
	sample.rows = alloc_aligned(sizeof(float) * (Size) sample.max_rows * dims);
	if (build->heap != NULL)
		ivfkm_sample_rows(build->heap, build->index, build->index_info, build->ops, &sample);
	MemoryContextSwitchTo(build->context);
	make_space(build, &sample);

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVFKM_PHASE_TRAIN);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, sample.nrows);
	if (sample.nrows > 0)
	{
		MemoryContext training_context =
			AllocSetContextCreate(build->context, "ivfkm training", ALLOCSET_DEFAULT_SIZES);
		void *workspace;

		build->centroids =
			MemoryContextAllocHuge(build->context, sizeof(float) * (Size) nlists * dims);
		kmeans_params_init(&params, dims, sample.nrows, nlists);
		params.seed = CLUSTERING_SEED;
		params.callback = report_training;
		params.callback_arg = &sample.nrows;
		MemoryContextSwitchTo(training_context);
		workspace = alloc_aligned(kmeans_train_bytes(&params));
		kmeans_train(&params, sample.rows, build->centroids, workspace, &stats);
		MemoryContextSwitchTo(build->context);
		MemoryContextDelete(training_context);
	}
	else
	{
		build->centroids = palloc0(sizeof(float) * dims);
		stats.nlists = 1;
	}
	store_centroids(build, stats.nlists);
	meta->list_target = list_target(dims);
	meta->build_sample_rows = sample.nrows;
	if (sample.nrows > 0)
	{
		prepare_lists(build, report_training, &sample.nrows);
		calibrate(build, &sample);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(sample_context);
}

/* Bytes of a SortedCode with its codes. */
static Size
sorted_bytes(const BuildState *build)
{
	int refine_bits = build->plan.meta.refine_bits;

	return offsetof(SortedCode, code) + quant_code_bytes(build->dims) +
		   (refine_bits > 0 ? quant_refine_bytes(build->dims, refine_bits) : 0);
}

/* Sets up the sort of encoded rows by list and heap address. */
static void
begin_sort(BuildState *build)
{
	AttrNumber columns[2] = {1, 2};
	Oid operators[2] = {Int4LessOperator, TIDLessOperator};
	Oid collations[2] = {InvalidOid, InvalidOid};
	bool nulls_first[2] = {false, false};
	TupleDesc desc = CreateTemplateTupleDesc(3);
	Size code_bytes = sorted_bytes(build);
	int nlists = (int) build->plan.meta.nlists;
	Size fixed = centroid_bytes(build->dims, nlists) + kmeans_index_bytes(build->dims, nlists) +
				 kmeans_assign_bytes(build->dims, nlists) +
				 sizeof(float) * (Size) KMEANS_BLOCK * build->dims;
	Size left = build->budget > fixed ? build->budget - fixed : 0;

	TupleDescInitEntry(desc, (AttrNumber) 1, "list", INT4OID, -1, 0);
	TupleDescInitEntry(desc, (AttrNumber) 2, "tid", TIDOID, -1, 0);
	TupleDescInitEntry(desc, (AttrNumber) 3, "code", BYTEAOID, -1, 0);
	build->sort =
		tuplesort_begin_heap(desc, 2, columns, operators, collations, nulls_first,
							 (int) Max(64, Min(left / 1024, MAX_KILOBYTES)), NULL, TUPLESORT_NONE);
	build->sort_slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	build->sorted_code = palloc0(code_bytes);
	SET_VARSIZE(build->sorted_code, code_bytes);
}

/* Assigns, encodes and hands to the sort the rows of the batch. */
static void
flush_batch(BuildState *build)
{
	IvfkmPlan *plan = &build->plan;
	int dims = build->dims;
	uint32 lists[KMEANS_BLOCK];
	float dist2[KMEANS_BLOCK];

	CHECK_FOR_INTERRUPTS();
	kmeans_assign(build->lists, build->batch, build->nbatch, lists, dist2, build->workspace);
	for (int i = 0; i < build->nbatch; i++)
	{
		SortedCode *sorted = build->sorted_code;
		TupleTableSlot *slot = build->sort_slot;
		IvfkmCode code;

		code.bits = sorted->code;
		code.refine = sorted->code + quant_code_bytes(dims);
		memset(&code.refine_factors, 0, sizeof(code.refine_factors));
		build->residual2 +=
			ivfkm_encode(plan->space->quant_metric, dims, plan->meta.refine_bits,
						 build->batch + (Size) i * dims, build->batch_ordinary[i],
						 build->centroids + (Size) lists[i] * dims, plan->space->offset, &code);
		sorted->factors = code.factors;
		sorted->refine_factors = code.refine_factors;
		plan->counts[lists[i]]++;

		ExecClearTuple(slot);
		slot->tts_values[0] = Int32GetDatum((int32) lists[i]);
		slot->tts_values[1] = PointerGetDatum(&build->batch_tids[i]);
		slot->tts_values[2] = PointerGetDatum(sorted);
		memset(slot->tts_isnull, 0, sizeof(bool) * 3);
		ExecStoreVirtualTuple(slot);
		tuplesort_puttupleslot(build->sort, slot);
	}
	build->rows += build->nbatch;
	build->nbatch = 0;
}

/* Callback of the table scan: adds one row to the batch. */
static void
build_row(Relation index, ItemPointer tid, Datum *values, bool *isnull, bool tuple_is_alive,
		  void *arg)
{
	BuildState *build = arg;
	float *x = build->batch + (Size) build->nbatch * build->dims;
	MemoryContext old_context;
	void *value;

	if (isnull[0])
		return;
	old_context = MemoryContextSwitchTo(build->row_context);
	value = PG_DETOAST_DATUM(values[0]);
	ivfkm_check_dims(build->ops, index, value, build->dims);
	(void) ivfkm_load(build->ops, value, build->dims, x, &build->batch_ordinary[build->nbatch]);
	ivfkm_space_apply(build->plan.space, x);
	MemoryContextSwitchTo(build->context);
	build->batch_tids[build->nbatch++] = *tid;
	if (build->nbatch == KMEANS_BLOCK)
		flush_batch(build);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(build->row_context);
}

/* Scans the table and leaves its encoded rows in the sort, sorted; returns rows scanned. */
static double
assign_rows(BuildState *build)
{
	double scanned = 0.0;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVFKM_PHASE_ASSIGN);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, 0);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, 0);
	begin_sort(build);
	if (build->lists == NULL)
		prepare_lists(build, NULL, NULL);
	build->batch = alloc_aligned(sizeof(float) * (Size) KMEANS_BLOCK * build->dims);
	build->batch_ordinary = palloc(sizeof(bool) * KMEANS_BLOCK);
	build->batch_tids = palloc(sizeof(ItemPointerData) * KMEANS_BLOCK);
	scanned = table_index_build_scan(build->heap, build->index, build->index_info, true, true,
									 build_row, build, NULL);
	if (build->nbatch > 0)
		flush_batch(build);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVFKM_PHASE_SORT);
	tuplesort_performsort(build->sort);
	return scanned;
}

/* Reads the sorted rows and writes all lists, in order. */
static void
write_lists(BuildState *build)
{
	IvfkmPlan *plan = &build->plan;
	TupleTableSlot *slot =
		MakeSingleTupleTableSlot(build->sort_slot->tts_tupleDescriptor, &TTSOpsMinimalTuple);
	IvfkmGeometry geometry;
	int64 done = 0;

	page_list_geometry(&geometry, build->dims, build->plan.meta.refine_bits);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, (int64) build->rows);
	for (uint32 list = 0; list < plan->meta.nlists; list++)
	{
		IvfkmExtent extent;

		CHECK_FOR_INTERRUPTS();
		ivfkm_extent_begin(&extent, build->index, MAIN_FORKNUM, &geometry,
						   IVFKM_FIRST_LIST_ID + list, plan->first_blocks[list],
						   plan->counts[list]);
		for (uint32 i = 0; i < plan->counts[list]; i++)
		{
			IvfkmCode code;
			SortedCode *sorted;
			bool isnull;

			if (!tuplesort_gettupleslot(build->sort, true, false, slot, NULL))
				elog(ERROR, "sort of index \"%s\" ended early",
					 RelationGetRelationName(build->index));
			Assert(DatumGetInt32(slot_getattr(slot, 1, &isnull)) == (int32) list);
			sorted = (SortedCode *) PG_DETOAST_DATUM(slot_getattr(slot, 3, &isnull));
			code.bits = sorted->code;
			code.factors = sorted->factors;
			code.refine = sorted->code + quant_code_bytes(build->dims);
			code.refine_factors = sorted->refine_factors;
			ivfkm_extent_add(&extent, &code,
							 (ItemPointer) DatumGetPointer(slot_getattr(slot, 2, &isnull)), 0.0f);
			if ((Pointer) sorted != DatumGetPointer(slot_getattr(slot, 3, &isnull)))
				pfree(sorted);
		}
		ivfkm_extent_end(&extent);
		done += plan->counts[list];
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, done);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* What a build and an empty index have in common. */
static void
build_begin(BuildState *build, Relation heap, Relation index, IndexInfo *index_info)
{
	IvfkmMetaPageData *meta = &build->plan.meta;

	memset(build, 0, sizeof(*build));
	build->heap = heap;
	build->index = index;
	build->index_info = index_info;
	build->ops = ivfkm_ops(index);
	build->dims = ivfkm_column_dims(index, build->ops);
	build->context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm build", ALLOCSET_DEFAULT_SIZES);
	build->row_context =
		AllocSetContextCreate(build->context, "ivfkm build row", ALLOCSET_DEFAULT_SIZES);
	build->budget = (Size) maintenance_work_mem * 1024;

	meta->magic = IVFKM_MAGIC;
	meta->version = IVFKM_FORMAT_VERSION;
	meta->dimensions = build->dims;
	meta->metric = build->ops->metric;
	meta->seed = ROTATION_SEED;
	meta->height = 1;
	meta->root_id = IVFKM_ROOT_ID;
	meta->root_generation = 1;
	meta->refine_bits = (uint16) ivfkm_option_refine_bits(index, build->ops, build->dims);
}

/* ambuild */
IndexBuildResult *
ivfkmbuild(Relation heap, Relation index, IndexInfo *index_info)
{
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	BuildState build;
	MemoryContext old_context;

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));

	build_begin(&build, heap, index, index_info);
	old_context = MemoryContextSwitchTo(build.context);
	plan_index(&build);
	result->heap_tuples = assign_rows(&build);
	result->index_tuples = build.rows;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVFKM_PHASE_WRITE);
	build.plan.meta.build_rows = build.rows;
	build.plan.meta.build_residual2 = build.rows > 0 ? build.residual2 / build.rows : 0.0;
	ivfkm_write_head(index, MAIN_FORKNUM, &build.plan);
	write_lists(&build);
	if (RelationNeedsWAL(index))
		log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);

	ExecDropSingleTupleTableSlot(build.sort_slot);
	tuplesort_end(build.sort);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(build.context);
	return result;
}

/* ambuildempty: the init fork of an unlogged index, one empty list. */
void
ivfkmbuildempty(Relation index)
{
	BuildState build;
	MemoryContext old_context;
	IvfkmGeometry geometry;
	IvfkmExtent extent;

	build_begin(&build, NULL, index, NULL);
	old_context = MemoryContextSwitchTo(build.context);
	plan_index(&build);
	ivfkm_write_head(index, INIT_FORKNUM, &build.plan);
	page_list_geometry(&geometry, build.dims, build.plan.meta.refine_bits);
	ivfkm_extent_begin(&extent, index, INIT_FORKNUM, &geometry, IVFKM_FIRST_LIST_ID,
					   build.plan.first_blocks[0], 0);
	ivfkm_extent_end(&extent);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(build.context);
}
