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

/* the smallest keys, largest on top */
#define HEAP_PREFIX		key_heap
#define HEAP_TYPE		float
#define HEAP_LESS(a, b) (*(a) > *(b))
#include "am/index/ivfkm_heap.h"

/*
 * Groups of lists for each one wanted, and the fewest lists of a group with which it pays to look
 * at groups first.
 */
#define GROUPS_PER_LIST 4
#define LEAST_OF_GROUP	4

/* Lists that a search may take, for each one that it is sure to take. */
#define MORE_LISTS 2

/* Memory that the centroids of an index take. */
Size
ivfkm_centroids_bytes(const IvfkmMetaPageData *meta)
{
	Size nlists = meta->nlists;
	Size dims = meta->dimensions;
	Size stride = gemm_round_cols(nlists);

	return nlists * (sizeof(IvfkmProbe) + dims * sizeof(uint16) + sizeof(IvfkmCentroidEntry) +
					 2 * sizeof(float)) +
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
	centroids->keys = take_floats(2 * (Size) Max(centroids->nlists, 1));
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

/*
 * A key that at least "wanted" of the n keys do not exceed, and few others: the wanted-th smallest
 * one of the least keys of as many groups as are worth it.  Infinity if none is.  "scratch" has
 * room for n floats.
 */
static float
near_key(const float *keys, int n, int wanted, float *scratch)
{
	int ngroups = GROUPS_PER_LIST * wanted;
	float *nearest = scratch + ngroups;

	if (wanted < 1 || wanted > n / (GROUPS_PER_LIST * LEAST_OF_GROUP))
		return INFINITY;
	memcpy(scratch, keys, sizeof(float) * ngroups);
	for (int first = ngroups; first < n; first += ngroups)
	{
		int end = Min(ngroups, n - first);

		for (int i = 0; i < end; i++)
			scratch[i] = Min(scratch[i], keys[first + i]);
	}
	memcpy(nearest, scratch, sizeof(float) * wanted);
	key_heap_build(nearest, (size_t) wanted);
	for (int i = wanted; i < ngroups; i++)
	{
		if (scratch[i] >= nearest[0])
			continue;
		nearest[0] = scratch[i];
		key_heap_down(nearest, (size_t) wanted, 0);
	}
	return nearest[0];
}

/* Makes a heap of the lists whose keys are at most the near key or, with "far", of the others. */
static void
fill_heap(IvfkmCentroids *centroids, bool far)
{
	const float *keys = centroids->query_keys;
	float limit = centroids->near_key;
	int n = 0;

	for (int i = 0; i < centroids->nlists; i++)
	{
		if ((keys[i] <= limit) == far)
			continue;
		centroids->heap[n].key = keys[i];
		centroids->heap[n++].list = i;
	}
	centroid_heap_build(centroids->heap, (size_t) n);
	centroids->nheap = n;
	centroids->far = far;
}

/*
 * Goes on with the lists of number "number" of the queries that were compared, of which about
 * "wanted" will be taken.
 */
void
ivfkm_centroids_begin(IvfkmCentroids *centroids, const IvfkmQuery *query, int number, int wanted)
{
	const float *scores = centroids->scores + (size_t) number * centroids->stride;
	int n = centroids->nlists;

	centroids->query = query;
	centroids->query_norm2 = query->quant.norm2;
	centroids->query_keys = scores;
	/* the keys of ivfkm_tree_list_key() */
	if (centroids->by_dot)
	{
		float along =
			centroids->list_lean * sqrtf(vdb_dist->norm2(query->target, (size_t) centroids->dims));

		for (int i = 0; i < n; i++)
			centroids->keys[i] =
				0.5f * (scores[i] - centroids->norms[i]) - along * centroids->lists[i].child.radius;
		centroids->query_keys = centroids->keys;
	}
	else if (centroids->list_lean > 0.0f)
	{
		for (int i = 0; i < n; i++)
		{
			float radius = centroids->lists[i].child.radius;

			centroids->keys[i] = scores[i] + centroids->list_lean * radius * radius;
		}
		centroids->query_keys = centroids->keys;
	}
	/* where lists hold fewer rows than others, a few more are taken */
	centroids->near_key =
		near_key(centroids->query_keys, n, MORE_LISTS * wanted, centroids->keys + n);
	fill_heap(centroids, false);
}

/* The next nearest list, of which it returns the number; -1 when there are no more. */
int
ivfkm_centroids_next(IvfkmCentroids *centroids, IvfkmProbe *probe)
{
	int list;

	if (centroids->nheap == 0 && !centroids->far)
		fill_heap(centroids, true);
	if (centroids->nheap == 0)
		return -1;
	list = centroids->heap[0].list;
	centroid_heap_pop(centroids->heap, centroids->nheap);
	centroids->nheap--;
	*probe = centroids->lists[list];
	probe->dist2 =
		vdb_dist->l2sq_f16(centroids->query->point,
						   centroids->centroids + (Size) list * centroids->dims, centroids->dims);
	if (centroids->by_dot)
		probe->key = centroids->query_keys[list];
	else
		probe->key =
			probe->dist2 + centroids->list_lean * probe->child.radius * probe->child.radius;
	probe->dot = 0.5f * (centroids->query_norm2 + probe->child.norm2 - probe->dist2);
	return list;
}
