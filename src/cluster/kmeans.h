/*-------------------------------------------------------------------------
 *
 * kmeans.h
 *	  k-means training and nearest-centroid assignment by blocked matrix products.
 *
 * NOTES
 *	  Pure C.  All memory is the caller's: workspace sizes are computed by functions
 *	  and nothing is allocated here, so that a caller may leave by longjmp from the
 *	  interrupt callback.  Deterministic for a given seed and SIMD level.  Coordinates
 *	  may have any finite magnitude: they are scaled inside by a power of two.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef KMEANS_H
#define KMEANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "port/vdb_cpu.h"

/*
 * Called at least every few milliseconds of work with the fraction done (0..1).  May not
 * return (longjmp).
 */
typedef void (*KmeansCallback)(void *arg, double done);

typedef struct KmeansParams
{
	int dims;
	size_t npoints;			 /* rows of the sample, 1 .. 2^32 - 1 */
	int nlists;				 /* centroids wanted, >= 1 */
	uint64_t seed;			 /* the only source of randomness */
	int coarse_iterations;	 /* Lloyd iterations over the coarse cells */
	int fine_iterations;	 /* Lloyd iterations inside a coarse cell, or flat */
	int refine_iterations;	 /* passes over all points with neighbouring cells' centroids */
	KmeansCallback callback; /* may be NULL */
	void *callback_arg;
} KmeansParams;

/*
 * Fills in the defaults for everything but dims, npoints and nlists.  fine_iterations depends
 * on nlists: 10 for flat training, up to KMEANS_FLAT_MAX lists, else 6.
 */
extern void kmeans_params_init(KmeansParams *params, int dims, size_t npoints, int nlists);

/* Result of a training run. */
typedef struct KmeansStats
{
	int nlists;		   /* centroids made: fewer than wanted if there are fewer distinct points */
	int iterations;	   /* Lloyd iterations done in all */
	double mean_dist2; /* mean squared distance of a sample point to its centroid */
	size_t min_points; /* smallest and largest list of the sample */
	size_t max_points;
} KmeansStats;

/* Bytes of workspace for kmeans_train(), points and centroids not counted. */
extern size_t kmeans_train_bytes(const KmeansParams *params);

/*
 * Trains centroids[nlists * dims] on points[npoints * dims] (row-major, not changed).
 * Every centroid returned is the mean of at least one point; duplicates of a point
 * never make two equal centroids.  workspace: kmeans_train_bytes(), 64-byte aligned.
 */
extern void kmeans_train(const KmeansParams *params, const float *points, float *centroids,
						 void *workspace, KmeansStats *stats);

/*
 * Nearest-centroid search prepared for many points: packed centroids and, for many
 * lists, a coarse level above them (the nearest KMEANS_BEAM cells are searched).
 */
typedef struct KmeansIndex KmeansIndex;

#define KMEANS_BEAM		8
#define KMEANS_FLAT_MAX 1024 /* up to this many lists every centroid is compared */
#define KMEANS_BLOCK	256	 /* points that kmeans_assign() handles per call at best speed */

/* Bytes for kmeans_index_init(). */
extern size_t kmeans_index_bytes(int dims, int nlists);

/*
 * Prepares centroids[nlists * dims] in "memory" (64-byte aligned).  The centroids are copied.
 * Deterministic; callback as in KmeansParams or NULL.
 */
extern KmeansIndex *kmeans_index_init(void *memory, int dims, int nlists, const float *centroids,
									  uint64_t seed, KmeansCallback callback, void *callback_arg);

/* Bytes of workspace for kmeans_assign() of up to KMEANS_BLOCK points. */
extern size_t kmeans_assign_bytes(int dims, int nlists);

/*
 * Nearest list of each of npoints <= KMEANS_BLOCK points (row-major) and the squared
 * distance to its centroid (never negative, at most FLT_MAX).  Ties go to the lower list
 * number.
 */
extern void kmeans_assign(const KmeansIndex *index, const float *points, size_t npoints,
						  uint32_t *list, float *dist2, void *workspace);

/* Makes a supported level the active one for the matrix kernels (default scalar). */
extern void kmeans_select(VdbSimd simd);

#endif /* KMEANS_H */
