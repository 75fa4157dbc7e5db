/*-------------------------------------------------------------------------
 *
 * kmeans_split.c
 *	  Empty and oversized lists: splits by 2-means.
 *
 * NOTES
 *	  Pure C.  The policy stands in NOTES.md.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_split.c
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include "cluster/kmeans_internal.h"

#define KMEANS_SPLIT_ITERATIONS 4

/*
 * A list of more than OVERSIZED times the mean size takes the place of one that has less
 * than the DISSOLVED-th part of its points.
 */
#define KMEANS_OVERSIZED 4
#define KMEANS_DISSOLVED 16

/* mean[dims] = mean of the members, scaled */
static void
kmeans_mean(KmeansRun *run, const uint32_t *members, size_t count, float *mean)
{
	double *sum = run->space.sum;

	memset(sum, 0, run->dims * sizeof(double));
	run->ops->sum_rows(run->points, members, count, run->dims, run->scale, sum);
	for (size_t k = 0; k < run->dims; k++)
		mean[k] = (float) (sum[k] / (double) count);
}

/*
 * Rearranges members[count], count >= 1, into two non-empty parts by 2-means, seeded by a
 * random member and one drawn by squared distance from it.  Returns the size of the first
 * part, with the means of the parts in a and b, or 0 with the mean of all in a (b is
 * undefined) when all members are equal.
 */
size_t
kmeans_split(KmeansRun *run, uint32_t *members, size_t count, float *a, float *b)
{
	float *dist = run->space.dist;
	size_t dims = run->dims;
	double work = KMEANS_WORK_TOUCH * (double) dims;
	size_t chosen = count;
	size_t left = 0;
	double total = 0.0;
	double target;

	kmeans_copy_point(run, members[kmeans_random(run, (uint32_t) count)], a);
	for (size_t i = 0; i < count; i++)
	{
		dist[i] = run->ops->dist2(run->points + (size_t) members[i] * dims, run->scale, a, dims);
		total += dist[i];
		kmeans_work(run->progress, work);
	}
	target = kmeans_uniform(run) * total;
	for (size_t i = 0; i < count && target >= 0.0; i++)
	{
		if (dist[i] > 0.0f)
		{
			chosen = i;
			target -= dist[i];
		}
	}
	if (chosen < count)
	{
		kmeans_copy_point(run, members[chosen], b);
		for (int iteration = 0; iteration < KMEANS_SPLIT_ITERATIONS; iteration++)
		{
			size_t right = count;

			left = 0;
			while (left < right)
			{
				uint32_t row = members[left];
				const float *x = run->points + (size_t) row * dims;

				if (run->ops->dist2(x, run->scale, a, dims) <=
					run->ops->dist2(x, run->scale, b, dims))
					left++;
				else
				{
					members[left] = members[--right];
					members[right] = row;
				}
				kmeans_work(run->progress, 2.0 * work);
			}
			if (left == 0 || left == count)
				break;
			kmeans_mean(run, members, left, a);
			kmeans_mean(run, members + left, count - left, b);
			kmeans_work(run->progress, work * (double) count);
		}
	}
	if (left == 0 || left == count)
	{
		kmeans_mean(run, members, count, a);
		return 0;
	}
	return left;
}

/* Restores the heap (largest list first) below position i. */
static void
kmeans_heap_down(uint32_t *heap, size_t size, size_t i, const uint32_t *count)
{
	for (;;)
	{
		size_t child = 2 * i + 1;
		uint32_t list = heap[i];

		if (child >= size)
			return;
		if (child + 1 < size && count[heap[child + 1]] > count[heap[child]])
			child++;
		if (count[list] >= count[heap[child]])
			return;
		heap[i] = heap[child];
		heap[child] = list;
		i = child;
	}
}

/* Adds a list to the heap. */
static void
kmeans_heap_push(uint32_t *heap, size_t *size, uint32_t list, const uint32_t *count)
{
	size_t i = (*size)++;

	while (i > 0 && count[heap[(i - 1) / 2]] < count[list])
	{
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = list;
}

/*
 * Splits the largest list that can be split into itself and the list "spare", which is not
 * in the heap.  Only lists of more than "above" members are in it, and those of equal
 * points leave it.
 */
static bool
kmeans_split_largest(KmeansRun *run, KmeansLists *lists, size_t *heap_size, uint32_t spare,
					 uint32_t above)
{
	uint32_t *heap = run->space.heap;
	uint32_t *count = lists->count;

	while (*heap_size > 0)
	{
		uint32_t list = heap[0];
		size_t left = kmeans_split(run, lists->order + lists->start[list], count[list],
								   lists->centroids + (size_t) list * run->dims,
								   lists->centroids + (size_t) spare * run->dims);

		if (left > 0)
		{
			lists->start[spare] = lists->start[list] + (uint32_t) left;
			count[spare] = count[list] - (uint32_t) left;
			count[list] = (uint32_t) left;
		}
		if (left == 0 || count[list] <= above)
			heap[0] = heap[--*heap_size];
		kmeans_heap_down(heap, *heap_size, 0, count);
		if (left > 0)
		{
			if (count[spare] > above)
				kmeans_heap_push(heap, heap_size, spare, count);
			return true;
		}
	}
	return false;
}

/*
 * Fills empty lists with halves of the largest ones.  With "balance", then dissolves small
 * lists for the sake of oversized ones; the points of a dissolved list belong to no list
 * until the next assignment, so this is for all iterations but the last.  Returns the
 * number of splits.  The caller computes the means afterwards.
 */
int
kmeans_repair(KmeansRun *run, KmeansLists *lists, size_t npoints, bool balance)
{
	uint32_t *heap = run->space.heap;
	uint32_t *count = lists->count;
	uint32_t nlists = (uint32_t) lists->nlists;
	size_t oversized = npoints / nlists * KMEANS_OVERSIZED;
	uint32_t limit = oversized < UINT32_MAX ? (uint32_t) oversized : UINT32_MAX;
	size_t heap_size = 0;
	int splits = 0;

	for (uint32_t j = 0; j < nlists; j++)
	{
		if (count[j] > 1)
			kmeans_heap_push(heap, &heap_size, j, count);
	}
	for (uint32_t spare = 0; spare < nlists; spare++)
	{
		if (count[spare] > 0)
			continue;
		if (!kmeans_split_largest(run, lists, &heap_size, spare, 1))
			return splits;
		splits++;
	}
	if (!balance)
		return splits;

	heap_size = 0;
	for (uint32_t j = 0; j < nlists; j++)
	{
		if (count[j] > limit)
			kmeans_heap_push(heap, &heap_size, j, count);
	}
	for (uint32_t spare = 0; spare < nlists && heap_size > 0; spare++)
	{
		if (count[spare] > limit || count[spare] >= count[heap[0]] / KMEANS_DISSOLVED)
			continue;
		if (!kmeans_split_largest(run, lists, &heap_size, spare, limit))
			break;
		splits++;
	}
	return splits;
}
