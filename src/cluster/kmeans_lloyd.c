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

/* Packed points of a block should stay in the second-level cache next to a panel. */
#define KMEANS_BLOCK_BYTES	  (384 * 1024)
#define KMEANS_BLOCK_ROWS_MIN 64

/* Iterations end early when fewer than 1 in so many points changed their list. */
#define KMEANS_SETTLED 1000

/* Adds the pending work and calls the callback, which may not return. */
void
kmeans_report(KmeansProgress *progress)
{
	progress->done += progress->pending;
	progress->pending = 0.0;
	if (progress->callback)
		progress->callback(progress->arg, progress->done < progress->total
											  ? progress->done / progress->total
											  : 1.0);
}

/* Points that are packed at once, for any level. */
size_t
kmeans_block_rows(size_t dims)
{
	size_t rows = KMEANS_BLOCK_BYTES / (gemm_slices(dims) * GEMM_DEPTH_STRIDE * sizeof(float));

	if (rows < KMEANS_BLOCK_ROWS_MIN)
		rows = KMEANS_BLOCK_ROWS_MIN;
	return rows < KMEANS_BLOCK ? rows : KMEANS_BLOCK;
}

/* Lays out the scratch memory for clusterings of up to npoints into up to nlists. */
void
kmeans_space_carve(KmeansSpace *space, KmeansArena *arena, size_t dims, size_t npoints,
				   size_t nlists)
{
	size_t block = kmeans_block_rows(dims);

	space->table_size = 16;
	while (space->table_size < 2 * nlists)
		space->table_size *= 2;
	space->panels = kmeans_carve(arena, gemm_cols_floats(nlists, dims) * sizeof(float));
	space->norms = kmeans_carve(arena, gemm_round_cols(nlists) * sizeof(float));
	space->rows = kmeans_carve(arena, gemm_rows_floats(block, dims) * sizeof(float));
	space->tiles = kmeans_carve(arena, gemm_tiles_floats(block) * sizeof(float));
	space->dist = kmeans_carve(arena, npoints * sizeof(float));
	space->table = kmeans_carve(arena, space->table_size * sizeof(uint64_t));
	space->heap = kmeans_carve(arena, nlists * sizeof(uint32_t));
	space->sum = kmeans_carve(arena, dims * sizeof(double));
}

/*
 * For each of npoints points (those of rows, or the first ones when rows is NULL): best[i],
 * the smallest score |c|^2 - 2 x.c over ncols packed centroids, and arg[i], its column.
 * packed and tiles have room for kmeans_block_rows(dims) points.
 */
void
kmeans_nearest(const GemmOps *ops, const float *points, const uint32_t *rows, size_t npoints,
			   size_t dims, float scale, const float *panels, const float *norms, size_t ncols,
			   float *packed, float *tiles, float *best, uint32_t *arg, KmeansProgress *progress)
{
	size_t block = kmeans_block_rows(dims);
	size_t step;

	block -= block % (size_t) ops->rows;

	/* so many columns at a time that the callback is due about once for each call */
	step = (size_t) (KMEANS_WORK_QUANTUM / ((double) block * (double) dims));
	step -= step % (size_t) ops->cols;
	if (step < (size_t) ops->cols)
		step = (size_t) ops->cols;

	for (size_t i = 0; i < npoints; i += block)
	{
		size_t n = npoints - i < block ? npoints - i : block;

		if (rows)
			ops->pack_rows(points, rows + i, n, dims, scale, packed);
		else
			ops->pack_rows(points + i * dims, NULL, n, dims, scale, packed);
		for (size_t r = i; r < i + n; r++)
		{
			best[r] = INFINITY;
			arg[r] = 0;
		}
		for (size_t j = 0; j < ncols; j += step)
		{
			size_t cols = ncols - j < step ? ncols - j : step;

			ops->argmin(packed, n, panels + j * dims, norms + j, cols, dims, (uint32_t) j, tiles,
						best + i, arg + i);
			kmeans_work(progress, (double) n * (double) cols * (double) dims);
		}
	}
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

/* Makes the centroid of lists first .. end - 1, if it has members, their mean, summed in float64. */
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
 * rows[npoints], which are those of the workspace if the run has a trainer.  Afterwards the lists are those of the last assignment, repaired, and each
 * centroid is the mean of its list; a list is empty only when nothing could be split.
 */
void
kmeans_lloyd(KmeansRun *run, const uint32_t *rows, size_t npoints, KmeansLists *lists,
			 int iterations)
{
	KmeansSpace *space = &run->space;
	size_t nlists = (size_t) lists->nlists;

	for (int iteration = 0; iteration < iterations; iteration++)
	{
		uint32_t *nearest = lists->order; /* free until the points are grouped */
		size_t changed = 0;
		bool last;

		run->ops->pack_cols(lists->centroids, NULL, nlists, run->dims, space->panels, space->norms);
		if (run->trainer != NULL)
			kmeans_share_nearest(run->trainer, KMEANS_TASK_NEAREST, npoints, lists);
		else
			kmeans_nearest(run->ops, run->points, rows, npoints, run->dims, run->scale,
						   space->panels, space->norms, nlists, space->rows, space->tiles,
						   space->dist, nearest, run->progress);
		for (size_t i = 0; i < npoints; i++)
		{
			if (iteration == 0 || lists->list[i] != nearest[i])
				changed++;
			lists->list[i] = nearest[i];
		}
		kmeans_group(rows, npoints, lists);
		last = iteration + 1 >= iterations || changed * KMEANS_SETTLED < npoints;
		(void) kmeans_repair(run, lists, npoints, !last);
		if (run->trainer != NULL)
			kmeans_share_means(run->trainer, lists);
		else
			kmeans_means(run, lists, 0, lists->nlists);
		run->iterations++;
		if (last)
			break;
	}
}
