/*-------------------------------------------------------------------------
 *
 * kmeans.c
 *	  k-means training, flat or hierarchical.
 *
 * NOTES
 *	  Pure C.  Centroids are kept scaled (gemm.h) until the end.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "cluster/kmeans_internal.h"

#define KMEANS_SEED				 UINT64_C(0x766462)
#define KMEANS_COARSE_ITERATIONS 8
#define KMEANS_FINE_ITERATIONS	 6
#define KMEANS_FLAT_ITERATIONS	 10
#define KMEANS_REFINE_ITERATIONS 2

/* See kmeans.h. */
void
kmeans_params_init(KmeansParams *params, int dims, size_t npoints, int nlists)
{
	memset(params, 0, sizeof(*params));
	params->dims = dims;
	params->npoints = npoints;
	params->nlists = nlists;
	params->seed = KMEANS_SEED;
	params->coarse_iterations = KMEANS_COARSE_ITERATIONS;
	params->fine_iterations =
		nlists <= KMEANS_FLAT_MAX ? KMEANS_FLAT_ITERATIONS : KMEANS_FINE_ITERATIONS;
	params->refine_iterations = KMEANS_REFINE_ITERATIONS;
}

/*
 * Divides the lists among the coarse cells in proportion to their points, by largest
 * remainders; each cell with points gets one list at least, and none more than points.
 */
static void
kmeans_distribute_seats(KmeansTrainSpace *train, size_t npoints)
{
	const uint32_t *count = train->coarse.count;
	size_t ncells = (size_t) train->coarse.nlists;
	size_t rest = (size_t) train->lists.nlists;
	uint32_t first = 0;
	double share;

	for (size_t cell = 0; cell < ncells; cell++)
		rest -= count[cell] > 0;
	share = (double) rest / (double) npoints;
	for (size_t cell = 0; cell < ncells; cell++)
	{
		double quota = share * count[cell];

		train->seats[cell] = (uint32_t) quota;
		train->remainder[cell] = quota - floor(quota);
		rest -= train->seats[cell];
		train->seats[cell] += count[cell] > 0;
	}
	while (rest > 0)
	{
		size_t largest = 0;

		for (size_t cell = 1; cell < ncells; cell++)
		{
			if (train->remainder[cell] > train->remainder[largest])
				largest = cell;
		}
		if (train->remainder[largest] <= 0.0)
			break;
		train->remainder[largest] = 0.0;
		train->seats[largest]++;
		rest--;
	}
	for (size_t cell = 0; cell < ncells; cell++)
	{
		if (train->seats[cell] > count[cell])
			train->seats[cell] = count[cell];
		train->first_seat[cell] = first;
		first += train->seats[cell];
	}
}

/* Moves the empty lists behind the others and returns the number of the others. */
static int
kmeans_compact(KmeansLists *lists, size_t dims)
{
	int used = 0;

	for (int j = 0; j < lists->nlists; j++)
	{
		if (lists->count[j] == 0)
			continue;
		if (used < j)
		{
			lists->start[used] = lists->start[j];
			lists->count[used] = lists->count[j];
			lists->count[j] = 0;
			memcpy(lists->centroids + (size_t) used * dims, lists->centroids + (size_t) j * dims,
				   dims * sizeof(float));
		}
		used++;
	}
	return used;
}

/* Coarse cells: Lloyd iterations on a sample, then one assignment of all points. */
static void
kmeans_train_coarse(KmeansTrainer *trainer, const KmeansParams *params)
{
	KmeansRun *run = &trainer->run;
	KmeansTrainSpace *train = &trainer->train;
	KmeansLists *coarse = &train->coarse;
	size_t npoints = params->npoints;
	size_t sample = (size_t) coarse->nlists * KMEANS_COARSE_POINTS;

	if (sample < npoints)
		kmeans_shuffle(run, train->rows, npoints, 0, sample);
	else
		sample = npoints;
	coarse->nlists =
		kmeans_seed(run, train->rows, sample, coarse->nlists, coarse->centroids, coarse->list);
	kmeans_lloyd(run, train->rows, sample, coarse,
				 params->coarse_iterations > 1 ? params->coarse_iterations : 1);
	coarse->nlists = kmeans_compact(coarse, run->dims);

	kmeans_pack_cols(run->ops, run->bf16, coarse->centroids, NULL, (size_t) coarse->nlists,
					 run->dims, train->scratch.panels, train->scratch.norms);
	kmeans_share_nearest(trainer, KMEANS_TASK_COARSE, npoints, coarse);
	kmeans_group(train->rows, npoints, coarse);
	memcpy(train->rows, coarse->order, npoints * sizeof(uint32_t));
}

/* Fine lists: an independent clustering inside each coarse cell. */
static void
kmeans_train_fine(KmeansTrainer *trainer, const KmeansParams *params)
{
	KmeansLists *lists = &trainer->train.lists;
	const KmeansLists *coarse = &trainer->train.coarse;
	uint32_t last = (uint32_t) coarse->nlists - 1;

	kmeans_share_cells(trainer, params->npoints);
	trainer->run.iterations += trainer->fine_iterations;

	/* seats that a cell could not fill, or get, go to the largest lists of all */
	for (size_t j = trainer->train.first_seat[last] + trainer->train.seats[last];
		 j < (size_t) lists->nlists; j++)
	{
		lists->start[j] = 0;
		lists->count[j] = 0;
	}
	if (kmeans_repair(&trainer->run, lists, params->npoints, false) > 0)
		kmeans_share_means(trainer, lists);
}

/*
 * Passes over all points that see the centroids of neighbouring cells too, and so move the
 * borders that the coarse cells drew.
 */
static void
kmeans_refine(KmeansTrainer *trainer, const KmeansParams *params)
{
	KmeansRun *run = &trainer->run;
	KmeansTrainSpace *train = &trainer->train;
	KmeansLists *lists = &train->lists;
	size_t npoints = params->npoints;

	for (int pass = 0; pass < params->refine_iterations; pass++)
	{
		int used = kmeans_compact(lists, run->dims);

		/* in the order of the lists, points of a block have the same cells for neighbours */
		memcpy(train->rows, lists->order, npoints * sizeof(uint32_t));
		(void) kmeans_index_build(train->index, run->ops, run->bf16, run->dims, (size_t) used,
								  lists->centroids, 1.0f, run->rng, run->progress);
		kmeans_share_assign(trainer, npoints, used);
		kmeans_group(train->rows, npoints, lists);
		(void) kmeans_repair(run, lists, npoints, pass + 1 < params->refine_iterations);
		kmeans_share_means(trainer, lists);
		run->iterations++;
	}
}

/*
 * Drops empty lists, takes off the scale, merges lists whose centroids have become equal by
 * rounding, and fills in the statistics.
 */
static void
kmeans_finish(KmeansTrainer *trainer, const KmeansParams *params, KmeansStats *stats)
{
	KmeansRun *run = &trainer->run;
	KmeansLists *lists = &trainer->train.lists;
	size_t dims = run->dims;
	double scale = run->scale;
	double sum;
	int made = 0;
	int used = kmeans_compact(lists, dims);

	lists->nlists = used;
	sum = kmeans_share_distances(trainer, lists);
	kmeans_table_clear(&run->space);
	for (int j = 0; j < used; j++)
	{
		float *centroid = lists->centroids + (size_t) j * dims;
		const uint32_t *members = lists->order + lists->start[j];
		uint32_t count = lists->count[j];
		int equal;

		for (size_t k = 0; k < dims; k++)
			centroid[k] = (float) (centroid[k] / scale);
		equal = kmeans_table_find(&run->space, centroid, 1.0f, lists->centroids, dims, made);
		if (equal >= 0)
			lists->count[equal] += count;
		else
		{
			equal = made++;
			lists->count[equal] = count;
			memmove(lists->centroids + (size_t) equal * dims, centroid, dims * sizeof(float));
		}
		for (uint32_t i = 0; params->list != NULL && i < count; i++)
			params->list[members[i]] = (uint32_t) equal;
	}

	stats->nlists = made;
	stats->iterations = run->iterations;
	stats->mean_dist2 = sum / (double) params->npoints / (scale * scale);
	stats->min_points = params->npoints;
	stats->max_points = 0;
	for (int j = 0; j < made; j++)
	{
		if (lists->count[j] < stats->min_points)
			stats->min_points = lists->count[j];
		if (lists->count[j] > stats->max_points)
			stats->max_points = lists->count[j];
	}
}

/* See kmeans.h.  With fewer distinct points than lists, the distinct points are the centroids. */
void
kmeans_train(const KmeansParams *params, const float *points, float *centroids, void *workspace,
			 KmeansStats *stats)
{
	KmeansArena arena = {workspace, 0};
	KmeansTrainer trainer = {.share = params->share,
							 .share_arg = params->share_arg,
							 .progress = {.callback = params->callback,
										  .arg = params->callback_arg,
										  .total = kmeans_expected_work(params)},
							 .run = {.ops = vdb_gemm,
									 .bf16 = gemm_bf16_for(vdb_gemm, (size_t) params->dims),
									 .dims = (size_t) params->dims,
									 .points = points,
									 .rng = params->seed}};
	KmeansTrainSpace *train = &trainer.train;
	KmeansRun *run = &trainer.run;
	KmeansLists *lists = &train->lists;
	int found;

	kmeans_train_carve(params, &arena, train);
	lists->centroids = centroids;
	trainer.assign = train->assign;
	trainer.fine_iterations = params->fine_iterations > 1 ? params->fine_iterations : 1;
	run->progress = &trainer.progress;
	run->space = train->scratch;
	run->steps = &kmeans_shared_steps;
	run->trainer = &trainer;
	run->scale = kmeans_share_scale(&trainer, params->npoints);
	for (size_t i = 0; i < params->npoints; i++)
		train->rows[i] = (uint32_t) i;

	found = kmeans_seed(run, train->rows, params->npoints, lists->nlists, centroids, lists->list);
	if (found < lists->nlists)
	{
		lists->nlists = found;
		kmeans_group(train->rows, params->npoints, lists);
	}
	else if (train->coarse.nlists == 0)
		kmeans_lloyd(run, train->rows, params->npoints, lists, trainer.fine_iterations);
	else
	{
		kmeans_train_coarse(&trainer, params);
		kmeans_distribute_seats(train, params->npoints);
		kmeans_train_fine(&trainer, params);
		kmeans_refine(&trainer, params);
	}
	kmeans_finish(&trainer, params, stats);
	if (params->callback)
		params->callback(params->callback_arg, 1.0);
}
