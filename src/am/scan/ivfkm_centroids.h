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

#define IVFKM_CENTROIDS_BLOCK 64 /* queries that are compared at once */

typedef struct IvfkmCentroidEntry IvfkmCentroidEntry;

typedef struct IvfkmCentroids
{
	int dims;
	int nlists;
	bool by_dot;
	float list_lean;
	IvfkmProbe *lists;
	uint16 *centroids; /* binary16, dims of each list */
	float *panels;	   /* the same for matrix products */
	float *norms;	   /* squared, of each */

	/* the queries being compared */
	float *targets; /* row-major */
	float *rows;	/* packed */
	float *tiles;
	float *scores; /* of each query, "stride" of them */
	size_t stride;

	/* the query whose lists are being taken */
	const IvfkmQuery *query;
	float query_norm2;
	float *keys;			 /* room for twice as many as there are lists */
	const float *query_keys; /* of each list */
	float near_key;			 /* lists with larger keys come later */
	bool far;				 /* these are in the heap */
	IvfkmCentroidEntry *heap;
	int nheap;
} IvfkmCentroids;

extern Size ivfkm_centroids_bytes(const IvfkmMetaPageData *meta);
extern void ivfkm_centroids_read(IvfkmCentroids *centroids, Relation index,
								 const IvfkmMetaPageData *meta);
extern void ivfkm_centroids_compare(IvfkmCentroids *centroids, const IvfkmQuery *const *queries,
									int n);
extern void ivfkm_centroids_begin(IvfkmCentroids *centroids, const IvfkmQuery *query, int number,
								  int wanted);
extern int ivfkm_centroids_next(IvfkmCentroids *centroids, IvfkmProbe *probe);

#endif /* IVFKM_CENTROIDS_H */
