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

/* The coarse cells are trained on so many points per cell. */
#define KMEANS_COARSE_POINTS 256

/* The lists of all points and, for the hierarchical way, the coarse cells. */
typedef struct KmeansTrainSpace
{
	uint32_t *rows; /* [npoints] all row numbers, rearranged as needed */
	KmeansLists lists;
	KmeansLists coarse; /* shares list and order with lists */
	uint32_t *seats;	/* [coarse cells] lists to make in a cell */
	double *remainder;	/* [coarse cells] */
	void *index;		/* index and assignment for the refinement; shares */
	void *assign;		/* memory with the scratch of Lloyd iterations */
} KmeansTrainSpace;

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

/* Lists that can be made at all. */
static size_t
kmeans_lists_wanted(const KmeansParams *params)
{
	size_t wanted = params->nlists > 1 ? (size_t) params->nlists : 1;

	return wanted < params->npoints ? wanted : params->npoints;
}

/* Coarse cells of the hierarchical way; 0 for the flat one. */
static size_t
kmeans_coarse_cells(size_t nlists)
{
	return nlists > KMEANS_FLAT_MAX ? (size_t) lround(sqrt((double) nlists)) : 0;
}

/* Lays out the workspace of kmeans_train(). */
static void
kmeans_train_carve(const KmeansParams *params, KmeansArena *arena, KmeansTrainSpace *train,
				   KmeansSpace *space)
{
	size_t dims = (size_t) params->dims;
	size_t npoints = params->npoints;
	size_t nlists = kmeans_lists_wanted(params);
	size_t ncells = kmeans_coarse_cells(nlists);
	KmeansArena refine;

	train->rows = kmeans_carve(arena, npoints * sizeof(uint32_t));
	train->lists.nlists = (int) nlists;
	train->lists.list = kmeans_carve(arena, npoints * sizeof(uint32_t));
	train->lists.order = kmeans_carve(arena, npoints * sizeof(uint32_t));
	train->lists.start = kmeans_carve(arena, nlists * sizeof(uint32_t));
	train->lists.count = kmeans_carve(arena, nlists * sizeof(uint32_t));
	if (ncells > 0)
	{
		train->coarse = train->lists;
		train->coarse.nlists = (int) ncells;
		train->coarse.start = kmeans_carve(arena, ncells * sizeof(uint32_t));
		train->coarse.count = kmeans_carve(arena, ncells * sizeof(uint32_t));
		train->coarse.centroids = kmeans_carve(arena, ncells * dims * sizeof(float));
		train->seats = kmeans_carve(arena, ncells * sizeof(uint32_t));
		train->remainder = kmeans_carve(arena, ncells * sizeof(double));
	}

	refine = *arena;
	kmeans_space_carve(space, arena, dims, npoints, nlists);
	if (ncells > 0)
	{
		train->index = kmeans_carve(&refine, kmeans_index_bytes((int) dims, (int) nlists));
		train->assign = kmeans_carve(&refine, kmeans_assign_bytes((int) dims, (int) nlists));
		if (refine.used > arena->used)
			arena->used = refine.used;
	}
}

/* See kmeans.h. */
size_t
kmeans_train_bytes(const KmeansParams *params)
{
	KmeansArena arena = {NULL, 0};
	KmeansTrainSpace train;
	KmeansSpace space;

	kmeans_train_carve(params, &arena, &train, &space);
	return arena.used;
}

/* Multiply-adds that the training will take if no iteration ends early. */
static double
kmeans_expected_work(const KmeansParams *params)
{
	size_t nlists = kmeans_lists_wanted(params);
	double ncells = (double) kmeans_coarse_cells(nlists);
	double coordinates = (double) params->npoints * (double) params->dims;
	double sample = ncells * KMEANS_COARSE_POINTS;
	double work = 2.0 * KMEANS_WORK_TOUCH;

	if (ncells > 0)
	{
		double cell = (double) nlists / ncells;

		if (sample > (double) params->npoints)
			sample = (double) params->npoints;
		work += params->coarse_iterations * sample / (double) params->npoints *
					(ncells + KMEANS_WORK_TOUCH) +
				ncells;
		work += params->fine_iterations * (cell + KMEANS_WORK_TOUCH);
		work += params->refine_iterations * (ncells + KMEANS_BEAM * cell + KMEANS_WORK_TOUCH);
	}
	else
		work += params->fine_iterations * ((double) nlists + KMEANS_WORK_TOUCH);
	return work * coordinates;
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
kmeans_train_coarse(KmeansRun *run, const KmeansParams *params, KmeansTrainSpace *train)
{
	KmeansLists *coarse = &train->coarse;
	KmeansSpace *space = &run->space;
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

	run->ops->pack_cols(coarse->centroids, NULL, (size_t) coarse->nlists, run->dims, space->panels,
						space->norms);
	kmeans_nearest(run->ops, run->points, train->rows, npoints, run->dims, run->scale,
				   space->panels, space->norms, (size_t) coarse->nlists, space->rows, space->tiles,
				   space->dist, coarse->list, run->progress);
	kmeans_group(train->rows, npoints, coarse);
	memcpy(train->rows, coarse->order, npoints * sizeof(uint32_t));
}

/* Fine lists: an independent clustering inside each coarse cell. */
static void
kmeans_train_fine(KmeansRun *run, const KmeansParams *params, KmeansTrainSpace *train)
{
	KmeansLists *lists = &train->lists;
	int iterations = params->fine_iterations > 1 ? params->fine_iterations : 1;
	size_t made = 0;
	int done = run->iterations;

	for (int cell = 0; cell < train->coarse.nlists; cell++)
	{
		size_t start = train->coarse.start[cell];
		size_t count = train->coarse.count[cell];
		KmeansLists part = {.nlists = (int) train->seats[cell],
							.centroids = lists->centroids + made * run->dims,
							.list = lists->list + start,
							.order = lists->order + start,
							.start = lists->start + made,
							.count = lists->count + made};

		if (count == 0)
			continue;
		part.nlists =
			kmeans_seed(run, train->rows + start, count, part.nlists, part.centroids, part.list);
		kmeans_lloyd(run, train->rows + start, count, &part, iterations);
		for (int j = 0; j < part.nlists; j++)
			part.start[j] += (uint32_t) start;
		made += (size_t) part.nlists;
	}
	run->iterations = done + iterations;

	/* seats that a cell could not fill go to the largest lists of all */
	for (size_t j = made; j < (size_t) lists->nlists; j++)
	{
		lists->start[j] = 0;
		lists->count[j] = 0;
	}
	if (kmeans_repair(run, lists, params->npoints, false) > 0)
		kmeans_means(run, lists);
}

/*
 * Passes over all points that see the centroids of neighbouring cells too, and so move the
 * borders that the coarse cells drew.
 */
static void
kmeans_refine(KmeansRun *run, const KmeansParams *params, KmeansTrainSpace *train)
{
	KmeansLists *lists = &train->lists;
	size_t npoints = params->npoints;

	for (int pass = 0; pass < params->refine_iterations; pass++)
	{
		size_t used = (size_t) kmeans_compact(lists, run->dims);
		KmeansIndex *index;

		/* in the order of the lists, points of a block have the same cells for neighbours */
		memcpy(train->rows, lists->order, npoints * sizeof(uint32_t));
		index = kmeans_index_build(train->index, run->ops, run->dims, used, lists->centroids, 1.0f,
								   run->rng, run->progress);
		kmeans_assign_rows(index, run->points, train->rows, npoints, run->scale, lists->list,
						   train->assign, run->progress);
		kmeans_group(train->rows, npoints, lists);
		(void) kmeans_repair(run, lists, npoints, pass + 1 < params->refine_iterations);
		kmeans_means(run, lists);
		run->iterations++;
	}
}

/*
 * Drops empty lists, takes off the scale, merges lists whose centroids have become equal by
 * rounding, and fills in the statistics.
 */
static void
kmeans_finish(KmeansRun *run, const KmeansParams *params, KmeansLists *lists, KmeansStats *stats)
{
	size_t dims = run->dims;
	double scale = run->scale;
	double sum = 0.0;
	int made = 0;
	int used = kmeans_compact(lists, dims);

	kmeans_table_clear(&run->space);
	for (int j = 0; j < used; j++)
	{
		float *centroid = lists->centroids + (size_t) j * dims;
		const uint32_t *members = lists->order + lists->start[j];
		int equal;

		for (uint32_t i = 0; i < lists->count[j]; i++)
		{
			sum += run->ops->dist2(run->points + (size_t) members[i] * dims, run->scale, centroid,
								   dims);
			kmeans_work(run->progress, KMEANS_WORK_TOUCH * (double) dims);
		}
		for (size_t k = 0; k < dims; k++)
			centroid[k] = (float) (centroid[k] / scale);
		equal = kmeans_table_find(&run->space, centroid, 1.0f, lists->centroids, dims, made);
		if (equal >= 0)
			lists->count[equal] += lists->count[j];
		else
		{
			lists->count[made] = lists->count[j];
			memmove(lists->centroids + (size_t) made * dims, centroid, dims * sizeof(float));
			made++;
		}
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
	KmeansProgress progress = {.callback = params->callback,
							   .arg = params->callback_arg,
							   .total = kmeans_expected_work(params)};
	KmeansRun run = {.ops = vdb_gemm,
					 .dims = (size_t) params->dims,
					 .points = points,
					 .rng = params->seed,
					 .progress = &progress};
	KmeansTrainSpace train = {0};
	KmeansLists *lists = &train.lists;
	int found;

	kmeans_train_carve(params, &arena, &train, &run.space);
	lists->centroids = centroids;
	run.scale = kmeans_scale(points, params->npoints, run.dims, &progress);
	for (size_t i = 0; i < params->npoints; i++)
		train.rows[i] = (uint32_t) i;

	found = kmeans_seed(&run, train.rows, params->npoints, lists->nlists, centroids, lists->list);
	if (found < lists->nlists)
	{
		lists->nlists = found;
		kmeans_group(train.rows, params->npoints, lists);
	}
	else if (train.coarse.nlists == 0)
		kmeans_lloyd(&run, train.rows, params->npoints, lists,
					 params->fine_iterations > 1 ? params->fine_iterations : 1);
	else
	{
		kmeans_train_coarse(&run, params, &train);
		kmeans_distribute_seats(&train, params->npoints);
		kmeans_train_fine(&run, params, &train);
		kmeans_refine(&run, params, &train);
	}
	kmeans_finish(&run, params, lists, stats);
	if (params->callback)
		params->callback(params->callback_arg, 1.0);
}
