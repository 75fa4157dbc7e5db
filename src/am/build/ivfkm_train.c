/*-------------------------------------------------------------------------
 *
 * ivfkm_train.c
 *	  Planning an index: sample, index space, centroids, calibration.
 *
 * NOTES
 *	  What is needed only here lies in a segment of its own, which is given back before
 *	  the table is scanned.  The arithmetic of sizes is at the top: all that is allocated
 *	  at once stays within maintenance_work_mem.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_train.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "commands/progress.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"

#include "am/build/ivfkm_build.h"
#include "am/build/ivfkm_progress.h"
#include "am/index/ivfkm_options.h"
#include "port/vdb_half.h"

/*
 * Rows that a list is meant to have.  On 1,000,000 rows of 1,024 dimensions, 256 a list made
 * searches 10 to 20 % faster than 128 at recalls of 0.95 and 0.99, and the build by a third; on 60,000
 * of 784 and 512 dimensions it was equal and up to 17 % faster.
 */
#define ROWS_PER_LIST 256

/*
 * Sample rows per list wanted, with few lists and with many, and the fewest accepted.  On
 * 1,000,000 rows of 1,024 dimensions in 7,813 lists, 64 and 32 gave the same recall at equal probes
 * (0.973 at 30), and the build took 69 and 50 seconds.
 */
#define POINTS_PER_LIST		 64
#define POINTS_PER_MANY_LIST 32
#define MIN_POINTS_PER_LIST	 16

/* Seed of the rotation: the same table gives the same index. */
#define ROTATION_SEED 0x7664622D50524F54ULL

/* Dimensions and rows that a process takes at a time. */
#define SLICE_DIMS 64
#define MAP_ROWS   256

/* Share of the training phase that is the training proper; the rest prepares the lists. */
#define TRAINING_SHARE 0.97

/* Interrupt and progress callback of the clustering; arg: IvfkmBuild. */
static void
report_training(void *arg, double done)
{
	const IvfkmBuild *build = arg;

	CHECK_FOR_INTERRUPTS();
	if (build->leader)
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE,
									 (int64) (TRAINING_SHARE * done * build->shared->nrows));
}

/* The same for what comes after the training. */
static void
report_preparing(void *arg, double done)
{
	const IvfkmBuild *build = arg;

	CHECK_FOR_INTERRUPTS();
	pgstat_progress_update_param(
		PROGRESS_CREATEIDX_TUPLES_DONE,
		(int64) ((TRAINING_SHARE + (1.0 - TRAINING_SHARE) * done) * build->shared->nrows));
}

/* Bytes of the stored form of the centroids, and of what goes with a list, in the leader. */
Size
ivfkm_centroid_bytes(int dims, int nlists)
{
	return ((Size) nlists + ivfkm_nodes_max(nlists)) * (dims * sizeof(uint16) + 64);
}

/*
 * Lays out the segment of the training at "base", for a sample of max_rows in capacity
 * slots, and returns its size; base may be NULL.
 */
static Size
training_carve(char *base, int dims, int max_rows, int capacity, int nlists,
			   IvfkmTraining *training)
{
	KmeansParams params;
	Size used = 0;
	Size sampling;
	Size end;
	int max_nodes = ivfkm_nodes_max(nlists);

#define CARVE(member, bytes)                                                                       \
	(training->member = (void *) (base + used), used += TYPEALIGN(64, (Size) (bytes)))
	CARVE(rows, sizeof(float) * (Size) capacity * dims);
	CARVE(spread, sizeof(double) * (dims / SLICE_DIMS + 1));
	CARVE(centroids, sizeof(float) * (Size) nlists * dims);
	CARVE(lists, sizeof(uint32) * (Size) max_rows);
	CARVE(nodes, sizeof(float) * (Size) max_nodes * dims);
	CARVE(parent, sizeof(uint32) * (Size) nlists);
	CARVE(node_parent, sizeof(uint32) * (Size) max_nodes);
	CARVE(radii, sizeof(float) * (Size) max_nodes);
	CARVE(node_ranks, sizeof(pg_atomic_uint32) * IVFKM_NDESCENTS * (Size) max_nodes);
	CARVE(ranks, sizeof(pg_atomic_uint32) * (Size) nlists * IVFKM_CALIBRATION_SLOTS);
	sampling = used;
	CARVE(hashes, sizeof(uint64) * (Size) capacity);
	CARVE(tids, sizeof(ItemPointerData) * (Size) capacity);
	CARVE(free_slots, sizeof(uint32) * (Size) capacity);
	CARVE(filled, sizeof(bool) * (Size) capacity);
	end = used;
	used = sampling;
	kmeans_params_init(&params, dims, max_rows, nlists);
	CARVE(workspace, Max(kmeans_train_bytes(&params), ivfkm_nodes_workspace_bytes(dims, nlists)));
#undef CARVE
	return Max(end, used);
}

/* Bytes of the segment of the training, with room to align it. */
static Size
training_bytes(int dims, int nrows, int nlists, int nparticipants)
{
	IvfkmTraining training;

	return 64 + training_carve(NULL, dims, nrows, ivfkm_sample_capacity(nrows, nparticipants),
							   nlists, &training);
}

/* Bytes that planning takes at its peak with nrows sample rows, in all processes. */
static Size
planning_bytes(int dims, int nrows, int nlists, int nparticipants)
{
	KmeansParams params;
	Size training;
	Size calibration;

	kmeans_params_init(&params, dims, nrows, nlists);
	training = (nparticipants - 1) * kmeans_join_bytes(&params);
	calibration = nparticipants * ivfkm_calibrate_bytes(dims, nrows, nlists);
	return training_bytes(dims, nrows, nlists, nparticipants) + ivfkm_team_bytes(dims, nlists) +
		   ivfkm_centroid_bytes(dims, nlists) + Max(training, calibration);
}

/*
 * Chooses the number of lists and the size of the sample so that training stays within
 * the budget.  *nlists holds the number wanted and is reduced only if a list would get
 * fewer than MIN_POINTS_PER_LIST sample rows although the table has more.
 */
static void
choose_sizes(const IvfkmBuild *build, double total_rows, int nparticipants, int *nlists, int *nrows)
{
	int lists = *nlists;
	int points = lists > KMEANS_FLAT_MAX ? POINTS_PER_MANY_LIST : POINTS_PER_LIST;
	double rows =
		Min(total_rows * 1.1 + 16,
			Max((double) lists * points, (double) Min(lists, KMEANS_FLAT_MAX) * POINTS_PER_LIST));

	rows = Max(1.0, Min(rows, INT_MAX / 2));
	while (planning_bytes(build->dims, (int) rows, lists, nparticipants) > build->budget &&
		   (rows > 1.0 || lists > 1))
	{
		rows = Max(1.0, floor(rows * 0.95));
		if (rows < (double) lists * MIN_POINTS_PER_LIST && rows < total_rows)
			lists = Max(1, (int) (rows / MIN_POINTS_PER_LIST));
	}
	*nlists = lists;
	*nrows = (int) rows;
}

/* Makes the memory of the training, seen by all processes. */
static void
training_begin(IvfkmBuild *build, int nlists, int max_rows)
{
	IvfkmBuildShared *shared = build->shared;
	IvfkmSampling *sampling = &shared->sampling;
	Size bytes = training_bytes(build->dims, max_rows, nlists, shared->nparticipants);
	char *base;

	sampling->max_rows = max_rows;
	sampling->capacity = ivfkm_sample_capacity(max_rows, shared->nparticipants);
	build->training_context =
		AllocSetContextCreate(build->context, "ivfkm training", ALLOCSET_DEFAULT_SIZES);
	if (build->parallel != NULL)
	{
		build->training_segment = dsm_create(bytes, 0);
		shared->training_segment = dsm_segment_handle(build->training_segment);
		base = dsm_segment_address(build->training_segment);
	}
	else
		base = MemoryContextAllocHuge(build->training_context, bytes);
	(void) training_carve((char *) TYPEALIGN(64, base), build->dims, max_rows, sampling->capacity,
						  nlists, &build->training);
}

/* In a worker: finds the memory of the training, unless it has it already. */
void
ivfkm_train_attach(IvfkmBuild *build)
{
	const IvfkmBuildShared *shared = build->shared;

	if (build->training_context != NULL)
		return;
	build->training_context =
		AllocSetContextCreate(build->context, "ivfkm training", ALLOCSET_DEFAULT_SIZES);
	build->training_segment = dsm_attach(shared->training_segment);
	if (build->training_segment == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("could not map dynamic shared memory segment")));
	(void) training_carve((char *) TYPEALIGN(64, dsm_segment_address(build->training_segment)),
						  build->dims, shared->sampling.max_rows, shared->sampling.capacity,
						  shared->max_lists, &build->training);
}

/* Job: gives the memory of the training back, for a process. */
void
ivfkm_train_forget(IvfkmBuild *build)
{
	if (build->training_segment != NULL)
		dsm_detach(build->training_segment);
	build->training_segment = NULL;
	if (build->training_context != NULL)
		MemoryContextDelete(build->training_context);
	build->training_context = NULL;
	build->trainer = NULL;
}

/*
 * Job: mean of the sample, and its spread around it, in slices of SLICE_DIMS dimensions.  Every
 * dimension is summed by one process, in the order of the rows.
 */
void
ivfkm_centre_job(IvfkmBuild *build)
{
	int dims = build->dims;
	int nrows = build->shared->nrows;
	uint64 slice;

	while (ivfkm_team_next(build, &slice))
	{
		int first = (int) slice * SLICE_DIMS;
		int n = Min(SLICE_DIMS, dims - first);
		const float *from = build->training.rows + first;
		float *mean = build->mean + first;
		double sums[SLICE_DIMS] = {0};
		double spread[SLICE_DIMS] = {0};
		double total = 0.0;

		CHECK_FOR_INTERRUPTS();
		for (int row = 0; row < nrows; row++)
		{
			const float *x = from + (Size) row * dims;

			for (int i = 0; i < n; i++)
				sums[i] += x[i];
		}
		for (int i = 0; i < n; i++)
			mean[i] = (float) (sums[i] / Max(nrows, 1));
		CHECK_FOR_INTERRUPTS();
		for (int row = 0; row < nrows; row++)
		{
			const float *x = from + (Size) row * dims;

			for (int i = 0; i < n; i++)
				spread[i] += ((double) x[i] - mean[i]) * ((double) x[i] - mean[i]);
		}
		for (int i = 0; i < n; i++)
			total += spread[i];
		build->training.spread[slice] = total;
	}
}

/* The index space, from the mean and scale that are shared; in every process. */
void
ivfkm_make_space(IvfkmBuild *build)
{
	if (build->plan.space == NULL)
		build->plan.space = ivfkm_space_init(
			MemoryContextAlloc(build->context, ivfkm_space_bytes(build->dims)), build->dims,
			build->ops->metric, ROTATION_SEED, build->shared->scale_exponent, build->mean);
}

/* Job: maps the sample into index space. */
void
ivfkm_map_job(IvfkmBuild *build)
{
	int nrows = build->shared->nrows;
	uint64 block;

	ivfkm_make_space(build);
	while (ivfkm_team_next(build, &block))
	{
		int first = (int) block * MAP_ROWS;

		CHECK_FOR_INTERRUPTS();
		for (int row = first; row < Min(first + MAP_ROWS, nrows); row++)
			ivfkm_space_apply(build->plan.space, build->training.rows + (Size) row * build->dims);
	}
}

/* Mean and scale of the sample, and from them the index space; maps the sample into it. */
static void
map_sample(IvfkmBuild *build)
{
	IvfkmBuildShared *shared = build->shared;
	int nslices = (build->dims + SLICE_DIMS - 1) / SLICE_DIMS;
	double spread = 0.0;
	int exponent = 0;

	if (shared->nrows > 0)
	{
		ivfkm_team_run(build, IVFKM_JOB_CENTRE, nslices);
		for (int slice = 0; slice < nslices; slice++)
			spread += build->training.spread[slice];
	}
	else
		memset(build->mean, 0, sizeof(float) * build->dims);
	if (spread > 0.0)
		(void) frexp(sqrt(spread / ((double) shared->nrows * build->dims)), &exponent);
	shared->scale_exponent = Max(-126, Min(exponent, 126));
	build->plan.meta.scale_exponent = shared->scale_exponent;
	build->plan.meta.seed = ROTATION_SEED;
	ivfkm_make_space(build);
	if (shared->nrows > 0)
		ivfkm_team_run(build, IVFKM_JOB_MAP, (shared->nrows + MAP_ROWS - 1) / MAP_ROWS);
}

/* A KmeansShare: the task becomes a job of the team. */
static void
share_task(void *arg, KmeansTrainer *trainer, const KmeansTask *task)
{
	IvfkmBuild *build = arg;

	build->trainer = trainer;
	build->shared->task = *task;
	ivfkm_team_run(build, IVFKM_JOB_TRAIN, task->nblocks);
}

/* Parameters of the training, with the callbacks of this process. */
static void
training_params(IvfkmBuild *build, KmeansParams *params)
{
	kmeans_params_init(params, build->dims, build->shared->nrows, build->shared->max_lists);
	params->seed = IVFKM_CLUSTERING_SEED;
	params->callback = report_training;
	params->callback_arg = build;
}

/* Job: blocks of a task of the training. */
void
ivfkm_train_job(IvfkmBuild *build)
{
	KmeansTask task = build->shared->task;
	uint64 block;

	if (build->trainer == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(build->training_context);
		KmeansParams params;

		training_params(build, &params);
		build->trainer =
			kmeans_join(ivfkm_alloc_aligned(kmeans_join_bytes(&params)), &params,
						build->training.rows, build->training.centroids, build->training.workspace);
		MemoryContextSwitchTo(old_context);
	}
	while (ivfkm_team_next(build, &block))
		kmeans_train_block(build->trainer, &task, block);
}

/* Trains centroids on the sample; returns how many there are. */
static int
train(IvfkmBuild *build)
{
	IvfkmTraining *training = &build->training;
	KmeansParams params;
	KmeansStats stats;

	if (build->shared->nrows == 0)
	{
		memset(training->centroids, 0, sizeof(float) * build->dims);
		return 1;
	}
	training_params(build, &params);
	params.share = share_task;
	params.share_arg = build;
	params.list = training->lists;
	kmeans_train(&params, training->rows, training->centroids, training->workspace, &stats);
	return stats.nlists;
}

/*
 * Makes a level of the plan from "count" trained centroids: rounds them to what is stored,
 * and writes what that stands for to "rounded", dims floats each.
 */
static void
store_level(IvfkmBuild *build, int number, uint32 count, const float *trained, float *rounded)
{
	IvfkmPlanLevel *level = &build->plan.levels[number];
	IvfkmMetaPageData *meta = &build->plan.meta;
	int dims = build->dims;

	level->count = count;
	level->first_id = meta->next_id;
	meta->next_id += count;
	level->centroids = MemoryContextAllocHuge(build->context, sizeof(uint16) * (Size) count * dims);
	level->norms = palloc(sizeof(float) * count);
	level->radii = palloc0(sizeof(float) * count);
	level->counts = palloc0(sizeof(uint32) * count);
	level->first_blocks = palloc(sizeof(BlockNumber) * count);
	for (uint32 n = 0; n < count; n++)
	{
		uint16 *stored = level->centroids + (Size) n * dims;
		double norm2 = 0.0;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < dims; i++)
		{
			/* index space has coordinates of about 1; an outlier's are clamped */
			float value = Max(-65504.0f, Min(trained[(Size) n * dims + i], 65504.0f));

			stored[i] = vdb_half_from_float(value);
			value = vdb_half_to_float(stored[i]);
			rounded[(Size) n * dims + i] = value;
			norm2 += (double) value * value;
		}
		level->norms[n] = (float) norm2;
	}
}

/* Builds the tree above the trained centroids, and fills in all levels of the plan. */
static void
store_tree(IvfkmBuild *build, uint32 nlists)
{
	IvfkmBuildShared *shared = build->shared;
	IvfkmTraining *training = &build->training;
	IvfkmPlan *plan = &build->plan;
	const uint32 *parent = training->parent;
	float *nodes = training->nodes;

	ivfkm_nodes_train(build, nlists);
	shared->nlists = nlists;
	plan->meta.nlists = nlists;
	plan->meta.height = shared->nlevels + 1;
	plan->meta.next_id = IVFKM_FIRST_LIST_ID;
	memset(build->counts, 0, sizeof(uint32) * nlists);
	store_level(build, 0, nlists, training->centroids, build->centroids);
	for (int number = 1; number <= shared->nlevels; number++)
	{
		IvfkmPlanLevel *level = &plan->levels[number];

		store_level(build, number, shared->nnodes[number - 1], nodes, nodes);
		for (uint32 i = 0; i < plan->levels[number - 1].count; i++)
			level->counts[parent[i]]++;
		parent = training->node_parent + (nodes - training->nodes) / build->dims;
		nodes += (Size) level->count * build->dims;
	}
	ivfkm_nodes_measure(build);
}

/*
 * Samples the table, trains the centroids and calibrates: fills in the plan, and starts the
 * workers, which stay for the scan of the table.
 */
void
ivfkm_plan(IvfkmBuild *build)
{
	IvfkmMetaPageData *meta = &build->plan.meta;
	int dims = build->dims;
	int nworkers = 0;
	double total_rows = 0.0;
	int max_rows;
	int wanted;
	int nlists;

	ivfkm_progress_phase(IVFKM_PHASE_SAMPLE, 0, 0);
	if (build->heap != NULL)
	{
		total_rows = ivfkm_sample_count(build->heap, build->index, build->index_info);
		nworkers = ivfkm_team_workers(build->heap, build->index_info);
	}
	wanted = ivfkm_options_lists(build->index);
	if (wanted == 0)
		wanted = (int) Max(1.0, Min(rint(total_rows / ROWS_PER_LIST), IVFKM_MAX_LISTS));
	nlists = (int) Max(1.0, Min(wanted, total_rows));
	wanted = nlists;
	choose_sizes(build, total_rows, nworkers + 1, &nlists, &max_rows);
	if (nlists < wanted)
		ereport(NOTICE, (errmsg_plural("index \"%s\" gets %d list instead of %d",
									   "index \"%s\" gets %d lists instead of %d", nlists,
									   RelationGetRelationName(build->index), nlists, wanted),
						 errdetail("Training them takes a larger sample than fits into "
								   "maintenance_work_mem."),
						 errhint("Increase maintenance_work_mem to speed up searches.")));

	ivfkm_team_begin(build, nworkers, nlists, training_bytes(dims, max_rows, nlists, nworkers + 1));
	training_begin(build, nlists, max_rows);
	if (build->heap != NULL)
		total_rows = ivfkm_sample_take(build, total_rows);

	ivfkm_progress_phase(IVFKM_PHASE_TRAIN, 0, build->shared->nrows);
	map_sample(build);
	store_tree(build, train(build));
	build->lists = kmeans_index_init(build->lists, dims, (int) meta->nlists, build->centroids,
									 IVFKM_CLUSTERING_SEED, report_preparing, build);

	meta->list_target = ROWS_PER_LIST;
	meta->build_sample_rows = build->shared->nrows;
	build->shared->sample_fraction =
		build->shared->nrows / Max(total_rows, (double) Max(build->shared->nrows, 1));
	build->table_rows = total_rows;
	ivfkm_calibrate(build);
	ivfkm_team_run(build, IVFKM_JOB_FORGET, 0);
}
