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

/*
 * A step of training that falls into independent blocks.  Plain bytes without addresses:
 * a copy may be handed to another process.
 */
typedef struct KmeansTask
{
	int kind;
	bool coarse;	/* of the coarse cells, not of the lists */
	int nlists;		/* lists or cells at that time */
	size_t npoints; /* points to work on */
	size_t nblocks;
	size_t skip;   /* cells done beforehand */
	uint64_t seed; /* for random numbers */
	float scale;   /* power of two that points are multiplied by */
	double before; /* work done before the step, and its own, in multiply-adds */
	double work;
} KmeansTask;

/* One process's view of a training: that of kmeans_train(), or of a helper. */
typedef struct KmeansTrainer KmeansTrainer;

/*
 * Calls kmeans_train_block() once for each of the task's blocks, in any order, with this trainer
 * or, in other processes, with a copy of the task and a trainer that has joined; returns
 * when all are done.  May not return (longjmp).
 */
typedef void (*KmeansShare)(void *arg, KmeansTrainer *trainer, const KmeansTask *task);

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
	KmeansShare share; /* shares tasks out; NULL: all is done by the caller */
	void *share_arg;
	uint32_t *list; /* [npoints] receives the list of each point; may be NULL */
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
 * Multiply-adds that kmeans_train() takes if no iteration ends early, and kmeans_assign() for so
 * many points of "dims" dimensions; what is done once for each coordinate counts as some.
 */
extern double kmeans_expected_work(const KmeansParams *params);
extern double kmeans_assign_work(int dims, double npoints, int nlists);

/*
 * Trains centroids[nlists * dims] on points[npoints * dims] (row-major, not changed).
 * Every centroid returned is the mean of at least one point; duplicates of a point
 * never make two equal centroids.  workspace: kmeans_train_bytes(), 64-byte aligned.
 */
extern void kmeans_train(const KmeansParams *params, const float *points, float *centroids,
						 void *workspace, KmeansStats *stats);

/*
 * Helpers.  Points, centroids and workspace lie in memory that all processes see, at any
 * address; "memory" is private, of kmeans_join_bytes(), and 64-byte aligned.  dims, npoints,
 * nlists, the numbers of iterations and the SIMD level are those of kmeans_train(); callback
 * is the helper's own.  The result does not depend on who does which block.
 */
extern size_t kmeans_join_bytes(const KmeansParams *params);
extern KmeansTrainer *kmeans_join(void *memory, const KmeansParams *params, const float *points,
								  float *centroids, void *workspace);
extern void kmeans_train_block(KmeansTrainer *trainer, const KmeansTask *task, size_t block);

/*
 * Nearest-centroid search prepared for many points: packed centroids and, for many
 * lists, a coarse level above them (the nearest KMEANS_BEAM cells are searched).  It holds no
 * addresses, so that other processes may use it in memory that they share.
 */
typedef struct KmeansIndex KmeansIndex;

#define KMEANS_BEAM		8
#define KMEANS_FLAT_MAX 1024 /* up to this many lists every centroid is compared */
#define KMEANS_BLOCK	1024 /* the most that kmeans_assign_points() returns */

/* Bytes for kmeans_index_init(). */
extern size_t kmeans_index_bytes(int dims, int nlists);

/*
 * Prepares centroids[nlists * dims] in "memory" (64-byte aligned).  The centroids are copied.
 * Deterministic; callback as in KmeansParams or NULL.
 */
extern KmeansIndex *kmeans_index_init(void *memory, int dims, int nlists, const float *centroids,
									  uint64_t seed, KmeansCallback callback, void *callback_arg);

/* Points that kmeans_assign() takes per call at most, and at best speed. */
extern int kmeans_assign_points(int dims);

/* Bytes of workspace for kmeans_assign(). */
extern size_t kmeans_assign_bytes(int dims, int nlists);

/*
 * Nearest list of each of npoints <= kmeans_assign_points() points (row-major) and the squared
 * distance to its centroid (never negative, at most FLT_MAX).  Ties go to the lower list
 * number.
 */
extern void kmeans_assign(const KmeansIndex *index, const float *points, size_t npoints,
						  uint32_t *list, float *dist2, void *workspace);

/*
 * Targets that many points are compared with.  kmeans_targets_init() copies ntargets <=
 * KMEANS_TARGETS points[ntargets * dims] into memory of kmeans_targets_bytes(), 64-byte aligned.
 * Coordinates are taken as they are: their squares must fit into float32.
 */
typedef struct KmeansTargets KmeansTargets;

#define KMEANS_TARGETS 32

extern size_t kmeans_targets_bytes(int dims);
extern KmeansTargets *kmeans_targets_init(void *memory, int dims, int ntargets, const float *points,
										  bool dot);

/*
 * out[i * KMEANS_TARGETS + t]: squared distance of point i to target t or, with "dot", minus
 * twice their inner product; to be ranked, as it is rounded.  Columns from ntargets on are
 * undefined.  The memory of the targets serves as scratch.
 */
extern void kmeans_compare(const KmeansTargets *targets, const float *points, size_t npoints,
						   float *out);

/* Makes a supported level the active one for the matrix kernels (default scalar). */
extern void kmeans_select(VdbSimd simd);

#endif /* KMEANS_H */
