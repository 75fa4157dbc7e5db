/*-------------------------------------------------------------------------
 *
 * ivfkm_centroids.c
 *	  The centroids of all lists in memory, compared with many queries at once.
 *
 * NOTES
 *	  What ivfkm_tree.c does for one query, in the same order of lists, without nodes: a product of
 *	  matrices compares every centroid with a block of queries.  Its rounding may swap lists that
 *	  are about as far away.  The distances that bounds are made of are computed as the tree does.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_centroids.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "am/index/ivfkm_all_lists.h"
#include "am/scan/ivfkm_centroids.h"
#include "cluster/gemm.h"
#include "distance/dist.h"
#include "port/vdb_half.h"

/* A list by the key of the query. */
struct IvfkmCentroidEntry
{
	float key;
	int list;
};

#define HEAP_PREFIX		centroid_heap
#define HEAP_TYPE		IvfkmCentroidEntry
#define HEAP_LESS(a, b) ((a)->key < (b)->key)
#include "am/index/ivfkm_heap.h"

/* Memory that the centroids of an index take. */
Size
ivfkm_centroids_bytes(const IvfkmMetaPageData *meta)
{
	Size nlists = meta->nlists;
	Size dims = meta->dimensions;
	Size stride = gemm_round_cols(nlists);

	return nlists * (sizeof(IvfkmProbe) + dims * sizeof(uint16) + sizeof(IvfkmCentroidEntry)) +
		   sizeof(float) *
			   (2 * gemm_cols_floats(nlists, dims) + (IVFKM_CENTROIDS_BLOCK + 1) * stride +
				IVFKM_CENTROIDS_BLOCK * dims + gemm_rows_floats(IVFKM_CENTROIDS_BLOCK, dims));
}

/* Floats of the current memory context, aligned for the kernels. */
static float *
take_floats(size_t n)
{
	char *memory = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(float) + 64);

	return (float *) TYPEALIGN(64, memory);
}

/* Reads the centroids of the lists of the tree "meta" into the current memory context. */
void
ivfkm_centroids_read(IvfkmCentroids *centroids, Relation index, const IvfkmMetaPageData *meta)
{
	int dims = (int) meta->dimensions;
	float *floats;

	memset(centroids, 0, sizeof(*centroids));
	centroids->dims = dims;
	centroids->by_dot = meta->metric == IVFKM_METRIC_IP;
	centroids->list_lean = meta->descents[IVFKM_DESCENT_SEARCH].list_lean;
	centroids->lists = ivfkm_collect_lists(index, meta, &centroids->nlists, NULL);
	centroids->centroids = MemoryContextAllocHuge(
		CurrentMemoryContext, sizeof(uint16) * (Size) dims * Max(centroids->nlists, 1));
	floats = take_floats((size_t) dims * Max(centroids->nlists, 1));
	for (int i = 0; i < centroids->nlists; i++)
	{
		IvfkmProbe *list = &centroids->lists[i];
		uint16 *centroid = centroids->centroids + (Size) i * dims;
		float *to = floats + (Size) i * dims;

		CHECK_FOR_INTERRUPTS();
		page_child_read(index, dims, &list->pointer, &list->child, centroid);
		for (int j = 0; j < dims; j++)
			to[j] = vdb_half_to_float(centroid[j]);
	}
	centroids->stride = gemm_round_cols(centroids->nlists);
	centroids->panels = take_floats(gemm_cols_floats(centroids->nlists, dims));
	centroids->norms = take_floats(centroids->stride);
	vdb_gemm->pack_cols(floats, NULL, centroids->nlists, dims, centroids->panels, centroids->norms);
	centroids->targets = take_floats((size_t) IVFKM_CENTROIDS_BLOCK * dims);
	centroids->rows = take_floats(gemm_rows_floats(IVFKM_CENTROIDS_BLOCK, dims));
	centroids->tiles = take_floats(gemm_tiles_floats(IVFKM_CENTROIDS_BLOCK));
	centroids->scores = take_floats(IVFKM_CENTROIDS_BLOCK * centroids->stride);
	centroids->heap = MemoryContextAllocHuge(
		CurrentMemoryContext, sizeof(IvfkmCentroidEntry) * (Size) Max(centroids->nlists, 1));
}

/* Compares n queries, at most IVFKM_CENTROIDS_BLOCK, with all centroids. */
void
ivfkm_centroids_compare(IvfkmCentroids *centroids, const IvfkmQuery *const *queries, int n)
{
	size_t dims = (size_t) centroids->dims;

	for (int i = 0; i < n; i++)
		memcpy(centroids->targets + i * dims, queries[i]->target, sizeof(float) * dims);
	vdb_gemm->pack_rows(centroids->targets, NULL, n, dims, 1.0f, centroids->rows);
	vdb_gemm->scores(centroids->rows, n, centroids->panels, centroids->norms, centroids->nlists,
					 dims, centroids->tiles, centroids->scores, centroids->stride);
}

/* Goes on with the lists of number "number" of the queries that were compared. */
void
ivfkm_centroids_begin(IvfkmCentroids *centroids, const IvfkmQuery *query, int number)
{
	const float *scores = centroids->scores + (size_t) number * centroids->stride;
	float along = 0.0f;

	centroids->query = query;
	centroids->query_norm2 = query->quant.norm2;
	centroids->nheap = centroids->nlists;
	if (centroids->by_dot)
		along =
			centroids->list_lean * sqrtf(vdb_dist->norm2(query->target, (size_t) centroids->dims));
	for (int i = 0; i < centroids->nlists; i++)
	{
		IvfkmCentroidEntry *entry = &centroids->heap[i];

		entry->list = i;
		entry->key = scores[i];
		/* the keys of ivfkm_tree_list_key() */
		if (!centroids->by_dot && centroids->list_lean > 0.0f)
			entry->key += centroids->list_lean * centroids->lists[i].child.radius *
						  centroids->lists[i].child.radius;
		if (centroids->by_dot)
			entry->key =
				0.5f * (scores[i] - centroids->norms[i]) - along * centroids->lists[i].child.radius;
	}
	centroid_heap_build(centroids->heap, centroids->nheap);
}

/* The next nearest list, of which it returns the number; -1 when there are no more. */
int
ivfkm_centroids_next(IvfkmCentroids *centroids, IvfkmProbe *probe)
{
	int list;

	if (centroids->nheap == 0)
		return -1;
	list = centroids->heap[0].list;
	centroid_heap_pop(centroids->heap, centroids->nheap);
	centroids->nheap--;
	*probe = centroids->lists[list];
	probe->dist2 =
		vdb_dist->l2sq_f16(centroids->query->point,
						   centroids->centroids + (Size) list * centroids->dims, centroids->dims);
	probe->dot = 0.5f * (centroids->query_norm2 + probe->child.norm2 - probe->dist2);
	return list;
}
