/*-------------------------------------------------------------------------
 *
 * kmeans_lloyd.c
 *	  Lloyd iterations: nearest centroid of every point, means of every list.
 *
 * NOTES
 *	  Pure C.  S. Lloyd 1982, with the nearest centroid found by a blocked matrix product
 *	  (gemm.h) and the repair of kmeans_split.c between the two steps.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_lloyd.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "cluster/kmeans_internal.h"

/* Iterations end early when fewer than 1 in so many points changed their list. */
#define KMEANS_SETTLED 1000

/* Lays out the scratch memory for clusterings of up to npoints into up to nlists. */
void
kmeans_space_carve(KmeansSpace *space, KmeansArena *arena, size_t dims, size_t npoints,
				   size_t nlists)
{
	space->table_size = 16;
	while (space->table_size < 2 * nlists)
		space->table_size *= 2;
	space->panels = kmeans_carve(arena, gemm_cols_floats(nlists, dims) * sizeof(float));
	space->norms = kmeans_carve(arena, gemm_round_cols(nlists) * sizeof(float));
	kmeans_scratch_carve(&space->scratch, arena, dims);
	space->dist = kmeans_carve(arena, npoints * sizeof(float));
	space->table = kmeans_carve(arena, space->table_size * sizeof(uint64_t));
	space->heap = kmeans_carve(arena, nlists * sizeof(uint32_t));
	space->sum = kmeans_carve(arena, dims * sizeof(double));
}

/*
 * Sorts rows[npoints] (0, 1, 2, ... when NULL) by lists->list into order, start and count;
 * points of a list keep their order.
 */
void
kmeans_group(const uint32_t *rows, size_t npoints, KmeansLists *lists)
{
	uint32_t sum = 0;

	memset(lists->count, 0, (size_t) lists->nlists * sizeof(uint32_t));
	for (size_t i = 0; i < npoints; i++)
		lists->count[lists->list[i]]++;
	for (int j = 0; j < lists->nlists; j++)
	{
		lists->start[j] = sum;
		sum += lists->count[j];
	}
	for (size_t i = 0; i < npoints; i++)
		lists->order[lists->start[lists->list[i]]++] = rows ? rows[i] : (uint32_t) i;
	for (int j = 0; j < lists->nlists; j++)
		lists->start[j] -= lists->count[j];
}

/*
 * Makes the centroid of lists first .. end - 1, if it has members, their mean, summed in float64.
 */
void
kmeans_means(KmeansRun *run, const KmeansLists *lists, int first, int end)
{
	size_t dims = run->dims;
	double *sum = run->space.sum;

	for (int j = first; j < end; j++)
	{
		const uint32_t *members = lists->order + lists->start[j];
		float *centroid = lists->centroids + (size_t) j * dims;
		uint32_t count = lists->count[j];

		if (count == 0)
			continue;
		memset(sum, 0, dims * sizeof(double));
		for (uint32_t i = 0; i < count; i += 256)
		{
			uint32_t n = count - i < 256 ? count - i : 256;

			run->ops->sum_rows(run->points, members + i, n, dims, run->scale, sum);
			kmeans_work(run->progress, KMEANS_WORK_TOUCH * (double) n * (double) dims);
		}
		for (size_t k = 0; k < dims; k++)
			centroid[k] = (float) (sum[k] / (double) count);
	}
}

/*
 * Up to "iterations" Lloyd iterations from lists->centroids over the points of
 * rows[npoints], which are those of the workspace if the run shares its steps.  Afterwards the
 * lists are those of the last assignment, repaired, and each centroid is the mean of its list; a
 * list is empty only when nothing could be split.
 */
void
kmeans_lloyd(KmeansRun *run, const uint32_t *rows, size_t npoints, KmeansLists *lists,
			 int iterations)
{
	KmeansSpace *space = &run->space;
	size_t nlists = (size_t) lists->nlists;
	KmeansPoints points = kmeans_points(run);
	KmeansColumns columns = {.panels = space->panels,
							 .norms = space->norms,
							 .ncols = nlists,
							 .centroids = lists->centroids};

	for (int iteration = 0; iteration < iterations; iteration++)
	{
		uint32_t *nearest = lists->order; /* free until the points are grouped */
		size_t changed = 0;
		bool last;

		kmeans_pack_cols(run->ops, run->bf16, lists->centroids, NULL, nlists, run->dims,
						 space->panels, space->norms);
		if (run->steps != NULL)
			run->steps->nearest(run, npoints, lists);
		else
			kmeans_nearest(&points, rows, npoints, &columns, &space->scratch, nearest,
						   run->progress);
		for (size_t i = 0; i < npoints; i++)
		{
			if (iteration == 0 || lists->list[i] != nearest[i])
				changed++;
			lists->list[i] = nearest[i];
		}
		kmeans_group(rows, npoints, lists);
		last = iteration + 1 >= iterations || changed * KMEANS_SETTLED < npoints;
		(void) kmeans_repair(run, lists, npoints, !last);
		if (run->steps != NULL)
			run->steps->means(run, lists);
		else
			kmeans_means(run, lists, 0, lists->nlists);
		run->iterations++;
		if (last)
			break;
	}
}
