/*-------------------------------------------------------------------------
 *
 * kmeans_plan.c
 *	  What a training will take: lists, cells, blocks, workspace and work.
 *
 * NOTES
 *	  Pure C.  Depends on nothing but the parameters, so that every process that joins a training
 *	  finds the same.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_plan.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include "cluster/kmeans_internal.h"

/* Lists that can be made at all. */
size_t
kmeans_lists_wanted(const KmeansParams *params)
{
	size_t wanted = params->nlists > 1 ? (size_t) params->nlists : 1;

	return wanted < params->npoints ? wanted : params->npoints;
}

/* Coarse cells of the hierarchical way; 0 for the flat one. */
size_t
kmeans_coarse_cells(size_t nlists)
{
	return nlists > KMEANS_FLAT_MAX ? (size_t) lround(sqrt((double) nlists)) : 0;
}

/* Blocks of points of a task. */
size_t
kmeans_point_blocks(size_t npoints)
{
	return (npoints + KMEANS_SHARE_POINTS - 1) / KMEANS_SHARE_POINTS;
}

/* Lays out the workspace of kmeans_train(). */
void
kmeans_train_carve(const KmeansParams *params, KmeansArena *arena, KmeansTrainSpace *train)
{
	size_t dims = (size_t) params->dims;
	size_t npoints = params->npoints;
	size_t nlists = kmeans_lists_wanted(params);
	size_t ncells = kmeans_coarse_cells(nlists);
	size_t blocks = kmeans_point_blocks(npoints);
	KmeansArena refine;

	train->rows = kmeans_carve(arena, npoints * sizeof(uint32_t));
	train->lists.nlists = (int) nlists;
	train->lists.list = kmeans_carve(arena, npoints * sizeof(uint32_t));
	train->lists.order = kmeans_carve(arena, npoints * sizeof(uint32_t));
	train->lists.start = kmeans_carve(arena, nlists * sizeof(uint32_t));
	train->lists.count = kmeans_carve(arena, nlists * sizeof(uint32_t));
	train->partial = kmeans_carve(arena, (nlists > blocks ? nlists : blocks) * sizeof(double));
	if (ncells > 0)
	{
		train->coarse = train->lists;
		train->coarse.nlists = (int) ncells;
		train->coarse.start = kmeans_carve(arena, ncells * sizeof(uint32_t));
		train->coarse.count = kmeans_carve(arena, ncells * sizeof(uint32_t));
		train->coarse.centroids = kmeans_carve(arena, ncells * dims * sizeof(float));
		train->seats = kmeans_carve(arena, ncells * sizeof(uint32_t));
		train->first_seat = kmeans_carve(arena, ncells * sizeof(uint32_t));
		train->by_size = kmeans_carve(arena, ncells * sizeof(uint32_t));
		train->remainder = kmeans_carve(arena, ncells * sizeof(double));
	}

	refine = *arena;
	kmeans_space_carve(&train->scratch, arena, dims, npoints, nlists);
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
	KmeansTrainSpace train = {0};

	kmeans_train_carve(params, &arena, &train);
	return arena.used;
}

/* See kmeans.h. */
double
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

/* See kmeans.h. */
double
kmeans_assign_work(int dims, double npoints, int nlists)
{
	double ncells = (double) kmeans_coarse_cells((size_t) nlists);
	double compared = (double) nlists;

	if (ncells > 0)
		compared = ncells + KMEANS_BEAM * (double) nlists / ncells;
	return npoints * dims * (compared + KMEANS_WORK_TOUCH);
}
