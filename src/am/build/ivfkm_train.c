/*-------------------------------------------------------------------------
 *
 * ivfkm_train.c
 *	  Training the centroids of a new index.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_train.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "commands/progress.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"

#include "am/build/ivfkm_bands.h"
#include "am/build/ivfkm_nodes.h"
#include "am/build/ivfkm_supplied.h"
#include "am/build/ivfkm_team.h"
#include "am/build/ivfkm_train.h"
#include "port/vdb_half.h"

/* Share of the training phase that is the training proper; the rest prepares the lists. */
#define TRAINING_SHARE 0.97

/* Slots of nodes have spreads of lists as binary16 numbers. */
#define MAX_SPREAD 65504.0

/*
 * The edge of a list is so many times as far from its centroid as this share of its rows.  Rows of
 * the training are a little nearer than others of their kind.
 */
#define EDGE_MARGIN 1.02f
#define EDGE_SHARE	0.8

/* Interrupt and progress callback of the clustering; arg: IvfkmBuild. */
static void
report_training(void *arg, double done)
{
	const IvfkmBuild *build = arg;

	CHECK_FOR_INTERRUPTS();
	if (build->check != NULL)
		build->check();
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
	if (build->check != NULL)
		build->check();
	pgstat_progress_update_param(
		PROGRESS_CREATEIDX_TUPLES_DONE,
		(int64) ((TRAINING_SHARE + (1.0 - TRAINING_SHARE) * done) * build->shared->nrows));
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

/* The same without progress: further bands have few rows. */
static void
check_training(void *arg, double done)
{
	const IvfkmBuild *build = arg;

	CHECK_FOR_INTERRUPTS();
	if (build->check != NULL)
		build->check();
}

/* Parameters of the training of a band, with the callbacks of this process. */
static void
training_params(IvfkmBuild *build, int band, KmeansParams *params)
{
	const IvfkmBands *bands = &build->shared->bands;

	kmeans_params_init(params, build->dims, bands->rows[band], bands->wanted[band]);
	params->seed = IVFKM_CLUSTERING_SEED;
	params->callback = band == 0 ? report_training : check_training;
	params->callback_arg = build;
}

/* Job: blocks of a task of the training, that of the first band. */
void
ivfkm_train_job(IvfkmBuild *build)
{
	KmeansTask task = build->shared->task;
	uint64 block;

	if (build->trainer == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(build->training_context);
		KmeansParams params;

		training_params(build, 0, &params);
		build->trainer =
			kmeans_join(ivfkm_build_alloc(kmeans_join_bytes(&params)), &params,
						build->training.rows, build->training.centroids, build->training.workspace);
		MemoryContextSwitchTo(old_context);
	}
	while (ivfkm_team_next(build, &block))
		kmeans_train_block(build->trainer, &task, block);
}

/* Trains centroids on the sample, or takes those of the user; returns how many there are. */
static int
train(IvfkmBuild *build)
{
	IvfkmTraining *training = &build->training;
	const IvfkmBands *bands = &build->shared->bands;
	int dims = build->dims;
	int row = 0;
	int nlists = 0;

	ivfkm_bands_make(build);
	if (build->nsupplied > 0)
		return ivfkm_supplied_take(build);
	if (build->shared->nrows == 0)
	{
		memset(training->centroids, 0, sizeof(float) * dims);
		return 1;
	}
	for (int band = 0; band < bands->count; band++)
	{
		uint32 *lists = training->lists + row;
		KmeansParams params;
		KmeansStats stats;

		training_params(build, band, &params);
		if (band == 0)
			params.share = share_task;
		params.share_arg = build;
		params.list = lists;
		kmeans_train(&params, training->rows + (Size) row * dims,
					 training->centroids + (Size) nlists * dims, training->workspace, &stats);
		for (int i = 0; i < bands->rows[band]; i++)
			lists[i] += nlists;
		row += bands->rows[band];
		nlists += stats.nlists;
	}
	return nlists;
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
	level->edges = palloc0(sizeof(uint16) * count);
	level->counts = palloc0(sizeof(uint32) * count);
	level->made = NULL;
	level->summaries = NULL;
	if (number == 0 && build->list_summaries != NULL)
	{
		Size bytes = page_summary_bytes(build->index.columns.nattributes) * count;

		level->summaries = MemoryContextAllocExtended(CurrentMemoryContext, bytes,
													  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		memset(build->list_summaries, 0, bytes);
	}
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

/* The radii of lists that are searched by distance. */
static void
measure_spread(IvfkmBuild *build)
{
	const IvfkmTraining *training = &build->training;
	const IvfkmBuildShared *shared = build->shared;
	double *sums = palloc0(sizeof(double) * shared->nlists);
	uint32 *counts = palloc0(sizeof(uint32) * shared->nlists);

	for (int row = 0; row < shared->nrows; row++)
	{
		uint32 list = training->lists[row];
		double distance =
			ivfkm_space_distance(training->rows + (Size) row * build->dims,
								 build->centroids + (Size) list * build->dims, build->dims);

		CHECK_FOR_INTERRUPTS();
		sums[list] += distance * distance;
		counts[list]++;
	}
	for (uint32 list = 0; list < shared->nlists; list++)
	{
		if (counts[list] > 0)
			build->list_radii[list] = (float) Min(sqrt(sums[list] / counts[list]), MAX_SPREAD);
	}
	memcpy(build->plan.levels[0].radii, build->list_radii, sizeof(float) * shared->nlists);
	pfree(sums);
	pfree(counts);
}

/* Ascending binary16 numbers, none of which is negative. */
static int
compare_halves(const void *a, const void *b)
{
	return (int) *(const uint16 *) a - (int) *(const uint16 *) b;
}

/*
 * The edges of all lists, from the rows of the sample: rows of the kind that a list was trained
 * with hardly ever lie beyond.
 */
static void
measure_edges(IvfkmBuild *build)
{
	const IvfkmTraining *training = &build->training;
	const IvfkmBuildShared *shared = build->shared;
	uint16 *edges = build->plan.levels[0].edges;
	uint32 *ends = palloc0(sizeof(uint32) * (shared->nlists + 1));
	uint16 *factors =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint16) * (Size) (shared->nrows + 1));
	uint8 *code = palloc(quant_code_bytes(build->dims));

	/* those of a list one behind the other */
	for (int row = 0; row < shared->nrows; row++)
		ends[training->lists[row] + 1]++;
	for (uint32 list = 0; list < shared->nlists; list++)
		ends[list + 1] += ends[list];
	for (int row = 0; row < shared->nrows; row++)
	{
		uint32 list = training->lists[row];
		QuantFactors made;

		CHECK_FOR_INTERRUPTS();
		(void) quant_encode(QUANT_L2, build->dims, training->rows + (Size) row * build->dims,
							build->centroids + (Size) list * build->dims, NULL, code, &made);
		factors[ends[list]++] = made.mul;
	}
	for (uint32 list = 0, first = 0; list < shared->nlists; first = ends[list++])
	{
		uint32 n = ends[list] - first;
		float edge;

		if (n == 0)
			continue;
		qsort(factors + first, n, sizeof(uint16), compare_halves);
		edge =
			EDGE_MARGIN * vdb_half_to_float(factors[first + (uint32) ceil((n - 1) * EDGE_SHARE)]);
		edges[list] = Max(1, vdb_half_from_float(Min(edge, 65504.0f)));
	}
	pfree(ends);
	pfree(factors);
	pfree(code);
}

/* Sets the radii of all lists to 0: their order does not depend on them. */
void
ivfkm_train_forget_radii(IvfkmBuild *build)
{
	memset(build->list_radii, 0, sizeof(float) * build->shared->nlists);
	memset(build->plan.levels[0].radii, 0, sizeof(float) * build->shared->nlists);
}

/*
 * The edges and radii of all lists, from the rows of the sample; centroids are as stored by now.
 * Of inner products, the largest distance of a row.  Else, if there are no nodes but the root, the
 * root of the mean square of distances: lists below nodes are in the order of their distance alone.
 */
static void
measure_lists(IvfkmBuild *build)
{
	IvfkmTraining *training = &build->training;
	const IvfkmBuildShared *shared = build->shared;

	measure_edges(build);
	memset(build->list_radii, 0, sizeof(float) * shared->nlists);
	if (build->index.ops->metric != IVFKM_METRIC_IP)
	{
		if (shared->nlevels == 0)
			measure_spread(build);
		return;
	}
	for (int row = 0; row < shared->nrows; row++)
	{
		uint32 list = training->lists[row];
		float distance =
			ivfkm_space_distance(training->rows + (Size) row * build->dims,
								 build->centroids + (Size) list * build->dims, build->dims);

		CHECK_FOR_INTERRUPTS();
		build->list_radii[list] = Max(build->list_radii[list], Min(distance, FLT_MAX));
	}
	memcpy(build->plan.levels[0].radii, build->list_radii, sizeof(float) * shared->nlists);
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
	plan->meta.next_id = plan->meta.root_id + 1;
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
	measure_lists(build);
	ivfkm_nodes_measure(build, 0.0f);
}

/* Prepares the index of centroids that rows are assigned by: those of the first band. */
static void
prepare_lists(IvfkmBuild *build)
{
	const IvfkmBands *bands = &build->shared->bands;
	Size row_bytes = sizeof(float) * build->dims;
	int count = (int) build->plan.levels[0].count;
	float *centroids = build->centroids;

	if (bands->count > 1)
	{
		ivfkm_bands_list(build);
		count = (int) bands->first[1];
		centroids = MemoryContextAllocHuge(build->training_context, row_bytes * count);
		for (int i = 0; i < count; i++)
			memcpy(centroids + (Size) i * build->dims,
				   build->centroids + (Size) build->band_lists[i] * build->dims, row_bytes);
	}
	build->lists = kmeans_index_init(build->lists, build->dims, count, centroids,
									 IVFKM_CLUSTERING_SEED, report_preparing, build);
	if (centroids != build->centroids)
		pfree(centroids);
}

/*
 * Trains the centroids on the sample in index space, builds the tree above them, and fills in
 * the levels of the plan and the index of centroids that rows are assigned by.
 */
void
ivfkm_train(IvfkmBuild *build)
{
	store_tree(build, train(build));
	prepare_lists(build);
}

/*
 * The same for lists without nodes of their own: fills in the lowest level of the plan.  Owner ids
 * are taken from the plan's next one on.
 */
void
ivfkm_train_lists(IvfkmBuild *build)
{
	uint32 nlists = (uint32) train(build);

	build->shared->nlevels = 0;
	build->shared->nlists = nlists;
	memset(build->counts, 0, sizeof(uint32) * nlists);
	store_level(build, 0, nlists, build->training.centroids, build->centroids);
	measure_lists(build);
	prepare_lists(build);
}

/*
 * The same for lists that keep their centroids, nlists of them in the memory of the training, as
 * they are stored, their radii and edges: nothing is trained, and there is no sample.
 */
void
ivfkm_train_keep(IvfkmBuild *build, uint32 nlists, const float *radii, const uint16 *edges)
{
	build->shared->nrows = 0;
	ivfkm_bands_make(build);
	build->shared->nlevels = 0;
	build->shared->nlists = nlists;
	memset(build->counts, 0, sizeof(uint32) * nlists);
	store_level(build, 0, nlists, build->training.centroids, build->centroids);
	memcpy(build->list_radii, radii, sizeof(float) * nlists);
	memcpy(build->plan.levels[0].radii, radii, sizeof(float) * nlists);
	memcpy(build->plan.levels[0].edges, edges, sizeof(uint16) * nlists);
	prepare_lists(build);
}
