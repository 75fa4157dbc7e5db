/*-------------------------------------------------------------------------
 *
 * ivfkm_centroids.h
 *	  The centroids of all lists in memory, compared with many queries at once.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_centroids.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_CENTROIDS_H
#define IVFKM_CENTROIDS_H

#include "am/index/ivfkm_tree.h"
#include "am/scan/ivfkm_query.h"

#define IVFKM_CENTROIDS_BLOCK 56 /* queries that are compared at once */

typedef struct IvfkmCentroidEntry IvfkmCentroidEntry;

typedef struct IvfkmCentroids
{
	MemoryContext context;
	int dims;
	int nlists;
	IvfkmTree keys; /* what keys are made of alone: by_dot, list_lean, the query's target_norm */
	IvfkmProbe *lists;
	uint16 *centroids; /* binary16, dims of each list */
	float *panels;	   /* the same for matrix products */
	float *norms;	   /* squared, of each */
	float longest;	   /* norm of the longest one */

	/* the same in bfloat16, or NULL */
	const struct GemmBf16 *bf16;
	float *bf16_panels;
	float *bf16_norms;

	/* the queries being compared */
	float *targets; /* row-major */
	float *rows;	/* packed */
	float *tiles;
	float *scores; /* of each query, "stride" of them */
	size_t stride;
	float *minima;			  /* of groups of these; and scratch */
	IvfkmCentroidEntry *near; /* the nearest lists of one */

	/* the query whose lists are being taken */
	const IvfkmQuery *query;
	const int *nearest; /* numbers of its nearest lists */
	int nnearest;
	int taken; /* of them */
	bool far;  /* the other lists are in the heap */
	IvfkmCentroidEntry *heap;
	int nheap;
} IvfkmCentroids;

extern Size ivfkm_centroids_bytes(const IvfkmMetaPageData *meta);
extern int ivfkm_centroids_most(uint32 nlists, int wanted);
extern void ivfkm_centroids_read(IvfkmCentroids *centroids, Relation index,
								 const IvfkmMetaPageData *meta);
extern void ivfkm_centroids_compare(IvfkmCentroids *centroids, const IvfkmQuery *const *queries,
									int n, int wanted, int *nearest, int *nnearest);
extern void ivfkm_centroids_begin(IvfkmCentroids *centroids, const IvfkmQuery *query,
								  const int *nearest, int n);
extern int ivfkm_centroids_next(IvfkmCentroids *centroids, IvfkmProbe *probe);

#endif /* IVFKM_CENTROIDS_H */
