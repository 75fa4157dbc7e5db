/*-------------------------------------------------------------------------
 *
 * kmeans_init.c
 *	  Where k-means starts: random numbers, scale, distinct seeds.
 *
 * NOTES
 *	  Pure C.  Seeds are distinct random points.  For few lists they are then chosen
 *	  again by k-means++ (D. Arthur, S. Vassilvitskii 2007): each next seed is drawn
 *	  with probability proportional to its squared distance to the nearest seed so
 *	  far, over a random subset of the points.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_init.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "cluster/kmeans_internal.h"

/* Up to this many lists are seeded by k-means++, over so many points per list. */
#define KMEANS_PLUSPLUS_MAX	   32
#define KMEANS_PLUSPLUS_POINTS 32

/* 64 random bits: splitmix64 (G. Steele, D. Lea, C. Flood 2014). */
uint64_t
kmeans_random64(KmeansRun *run)
{
	uint64_t z = (run->rng += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A random number in 0 .. bound - 1; bound >= 1. */
uint32_t
kmeans_random(KmeansRun *run, uint32_t bound)
{
	return (uint32_t) (((kmeans_random64(run) >> 32) * bound) >> 32);
}

/* A random number in [0, 1). */
double
kmeans_uniform(KmeansRun *run)
{
	return (double) (kmeans_random64(run) >> 11) * 0x1p-53;
}

/* The largest magnitude among points[npoints * dims]. */
float
kmeans_largest(const float *points, size_t npoints, size_t dims, KmeansProgress *progress)
{
	float largest = 0.0f;

	for (size_t i = 0; i < npoints; i++)
	{
		const float *x = points + i * dims;
		float max[8] = {0, 0, 0, 0, 0, 0, 0, 0};
		size_t k = 0;

		for (; k + 8 <= dims; k += 8)
		{
			for (size_t l = 0; l < 8; l++)
				max[l] = fabsf(x[k + l]) > max[l] ? fabsf(x[k + l]) : max[l];
		}
		for (; k < dims; k++)
			max[0] = fabsf(x[k]) > max[0] ? fabsf(x[k]) : max[0];
		for (size_t l = 0; l < 8; l++)
			largest = max[l] > largest ? max[l] : largest;
		kmeans_work(progress, (double) dims);
	}
	return largest;
}

/*
 * The power of two that brings the largest magnitude into [0.5, 1), as far as float32 allows;
 * 1 when it is zero.
 */
float
kmeans_scale_for(float largest)
{
	int exponent;

	if (!(largest > 0.0f) || !isfinite(largest))
		return 1.0f;
	(void) frexpf(largest, &exponent);
	if (exponent > 126)
		exponent = 126;
	if (exponent < -126)
		exponent = -126;
	return ldexpf(1.0f, -exponent);
}

/* Empties the hash table. */
void
kmeans_table_clear(KmeansSpace *space)
{
	memset(space->table, 0, space->table_size * sizeof(uint64_t));
}

/*
 * The number of the centroid that equals scale * x, or -1.  When there is none and
 * candidate >= 0, remembers that centroid "candidate" will be it; the caller copies it.
 */
int
kmeans_table_find(KmeansSpace *space, const float *x, float scale, const float *centroids,
				  size_t dims, int candidate)
{
	uint64_t hash = UINT64_C(0x2545f4914f6cdd1d);
	uint64_t tag;
	size_t slot;

	for (size_t k = 0; k < dims; k++)
	{
		float value = x[k] * scale + 0.0f; /* + 0: minus zero hashes like zero */
		uint32_t bits;

		memcpy(&bits, &value, sizeof(bits));
		hash = (hash ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	tag = hash >> 32;
	for (slot = hash & (space->table_size - 1); space->table[slot] != 0;
		 slot = (slot + 1) & (space->table_size - 1))
	{
		uint64_t entry = space->table[slot];
		const float *c;
		size_t k = 0;

		if (entry >> 32 != tag)
			continue;
		c = centroids + (size_t) ((uint32_t) entry - 1) * dims;
		while (k < dims && x[k] * scale == c[k])
			k++;
		if (k == dims)
			return (int) ((uint32_t) entry - 1);
	}
	if (candidate >= 0)
		space->table[slot] = tag << 32 | ((uint32_t) candidate + 1);
	return -1;
}

/* Makes rows[from .. to - 1] a random draw from rows[from .. npoints - 1], by exchanges. */
void
kmeans_shuffle(KmeansRun *run, uint32_t *rows, size_t npoints, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
	{
		size_t j = i + kmeans_random(run, (uint32_t) (npoints - i));
		uint32_t row = rows[i];

		rows[i] = rows[j];
		rows[j] = row;
	}
}

/* centroid[dims] = scale * point "row" */
void
kmeans_copy_point(const KmeansRun *run, uint32_t row, float *centroid)
{
	const float *x = run->points + (size_t) row * run->dims;

	for (size_t k = 0; k < run->dims; k++)
		centroid[k] = x[k] * run->scale;
}

/*
 * Chooses nlists seeds among rows[npoints] by k-means++.  False, with the seeds
 * overwritten in part, when the points have fewer distinct values.
 */
static bool
kmeans_plusplus(KmeansRun *run, const uint32_t *rows, size_t npoints, int nlists, float *centroids)
{
	size_t dims = run->dims;
	float *dist = run->space.dist;

	kmeans_copy_point(run, rows[0], centroids);
	for (size_t i = 0; i < npoints; i++)
		dist[i] = INFINITY;
	for (int j = 1; j < nlists; j++)
	{
		const float *seed = centroids + (size_t) (j - 1) * dims;
		double total = 0.0;
		size_t chosen = npoints;
		double target;

		for (size_t i = 0; i < npoints; i++)
		{
			float d =
				run->ops->dist2(run->points + (size_t) rows[i] * dims, run->scale, seed, dims);

			if (d < dist[i])
				dist[i] = d;
			total += dist[i];
			kmeans_work(run->progress, KMEANS_WORK_TOUCH * (double) dims);
		}
		target = kmeans_uniform(run) * total;
		for (size_t i = 0; i < npoints; i++)
		{
			if (dist[i] > 0.0f)
			{
				chosen = i; /* the last one stands in when rounding leaves a rest */
				target -= dist[i];
				if (target < 0.0)
					break;
			}
		}
		if (chosen == npoints)
			return false;
		kmeans_copy_point(run, rows[chosen], centroids + (size_t) j * dims);
	}
	return true;
}

/*
 * Walks through rows[npoints] in random order, which rearranges it, and makes a centroid
 * of every new value until there are nlists.  list[i] is the centroid that equals rows[i],
 * for the points walked over.  Returns the number of centroids, and of points in *walked.
 */
static int
kmeans_distinct(KmeansRun *run, uint32_t *rows, size_t npoints, int nlists, float *centroids,
				uint32_t *list, size_t *walked)
{
	size_t dims = run->dims;
	size_t i;
	int found = 0;

	kmeans_table_clear(&run->space);
	for (i = 0; i < npoints && found < nlists; i++)
	{
		int equal;

		kmeans_shuffle(run, rows, npoints, i, i + 1);
		equal = kmeans_table_find(&run->space, run->points + (size_t) rows[i] * dims, run->scale,
								  centroids, dims, found);
		if (equal < 0)
		{
			equal = found++;
			kmeans_copy_point(run, rows[i], centroids + (size_t) equal * dims);
		}
		list[i] = (uint32_t) equal;
		kmeans_work(run->progress, KMEANS_WORK_TOUCH * (double) dims);
	}
	*walked = i;
	return found;
}

/*
 * Chooses nlists distinct points of rows[npoints] as centroids and returns nlists.  When
 * there are fewer distinct points, all of them become centroids, their number is returned,
 * and list[i] is set to the centroid that equals rows[i].  rows is rearranged.
 */
int
kmeans_seed(KmeansRun *run, uint32_t *rows, size_t npoints, int nlists, float *centroids,
			uint32_t *list)
{
	size_t subset;
	size_t walked;
	int found = kmeans_distinct(run, rows, npoints, nlists, centroids, list, &walked);

	if (found < nlists || nlists == 1 || nlists > KMEANS_PLUSPLUS_MAX)
		return found;
	subset = (size_t) nlists * KMEANS_PLUSPLUS_POINTS;
	if (subset > npoints)
		subset = npoints;
	if (subset < walked)
		subset = walked;
	kmeans_shuffle(run, rows, npoints, walked, subset);
	if (!kmeans_plusplus(run, rows, subset, nlists, centroids))
		(void) kmeans_distinct(run, rows, npoints, nlists, centroids, list, &walked);
	return nlists;
}
