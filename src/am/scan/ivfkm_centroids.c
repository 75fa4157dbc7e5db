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

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "am/index/ivfkm_all_lists.h"
#include "am/scan/ivfkm_centroids.h"
#include "cluster/gemm_bf16.h"
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
 * Lists that are found for a query, for each one that it is sure to take: where lists hold fewer
 * rows than others a few more are taken, and a query may go on.
 */
#define MORE_LISTS	2
#define LEAST_FOUND 8

/*
 * Standard deviations of a bfloat16 product's error that are allowed for.  A product of two rounded
 * vectors that are spread evenly by a rotation has one of at most 2^-8 sqrt(2 / dims) of their
 * norms: a number of 8 bits is rounded by at most 2^-8 of itself, that is by a variance of a third
 * of its square, and the squares of products of coordinates add up to at most about three times
 * their mean.
 */
#define BF16_DEVIATIONS 5.0f
#define BF16_ROUNDING	0x1p-8f

/* The same of float32, at most, as a share of the square of the norms' sum. */
#define FLOAT_ERROR (4.0f * FLT_EPSILON)

/* Keys of a query: those of all lists, and infinite ones that fill the last step. */
static inline Size
keys_stride(Size nlists)
{
	return TYPEALIGN(GEMM_SCORES_STEP, gemm_round_cols(nlists));
}

/* Memory that the centroids of an index take. */
Size
ivfkm_centroids_bytes(const IvfkmMetaPageData *meta)
{
	Size nlists = meta->nlists;
	Size dims = meta->dimensions;
	Size stride = keys_stride(nlists);

	return nlists * (sizeof(IvfkmProbe) + dims * sizeof(uint16) + 2 * sizeof(IvfkmCentroidEntry)) +
		   sizeof(float) *
			   (3 * gemm_cols_floats(nlists, dims) + (IVFKM_CENTROIDS_BLOCK + 2) * stride +
				IVFKM_CENTROIDS_BLOCK * dims + gemm_rows_floats(IVFKM_CENTROIDS_BLOCK, dims));
}

/* How many lists of so many are found for a query that is sure to take "wanted". */
int
ivfkm_centroids_most(uint32 nlists, int wanted)
{
	return (int) Min(Max((int64) wanted * MORE_LISTS, LEAST_FOUND), (int64) nlists);
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
	centroids->keys.by_dot = meta->metric == IVFKM_METRIC_IP;
	centroids->keys.list_lean = meta->descents[IVFKM_DESCENT_SEARCH].list_lean;
	if (centroids->keys.by_dot && meta->far_id != 0 && centroids->keys.list_lean == 0.0f)
		centroids->keys.list_lean = 1.0f; /* as the tree has it */
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
		if (centroids->keys.by_dot && meta->far_id != 0 && list->child.id == meta->far_id)
			list->child.radius = Max(list->child.radius, meta->far_radius);
	}
	centroids->stride = keys_stride(centroids->nlists);
	centroids->minima = take_floats(2 * gemm_ngroups(centroids->stride));
	centroids->panels = take_floats(gemm_cols_floats(centroids->nlists, dims));
	centroids->norms = take_floats(centroids->stride);
	vdb_gemm->pack_cols(floats, NULL, centroids->nlists, dims, centroids->panels, centroids->norms);
	for (int i = 0; i < centroids->nlists; i++)
		centroids->longest = Max(centroids->longest, centroids->norms[i]);
	centroids->longest = sqrtf(centroids->longest);
	centroids->bf16 = gemm_bf16_for(vdb_gemm, (size_t) dims);
	if (centroids->bf16 != NULL)
	{
		centroids->bf16_panels = take_floats(gemm_cols_floats(centroids->nlists, dims));
		centroids->bf16_norms = take_floats(centroids->stride);
		centroids->bf16->pack_cols(floats, NULL, centroids->nlists, dims, centroids->bf16_panels,
								   centroids->bf16_norms);
	}
	centroids->targets = take_floats((size_t) IVFKM_CENTROIDS_BLOCK * dims);
	centroids->rows = take_floats(gemm_rows_floats(IVFKM_CENTROIDS_BLOCK, dims));
	centroids->tiles = take_floats(gemm_tiles_floats(IVFKM_CENTROIDS_BLOCK));
	centroids->scores = take_floats(IVFKM_CENTROIDS_BLOCK * centroids->stride);
	centroids->heap = MemoryContextAllocHuge(
		CurrentMemoryContext, sizeof(IvfkmCentroidEntry) * (Size) Max(centroids->nlists, 1));
	centroids->near = MemoryContextAllocHuge(
		CurrentMemoryContext, sizeof(IvfkmCentroidEntry) * (Size) Max(centroids->nlists, 1));
}

/* The squared norm of what lists are ordered around for a query. */
static inline float
target_norm2(const IvfkmQuery *query)
{
	if (query->target == query->point)
		return query->quant.norm2;
	return vdb_dist->norm2(query->target, (size_t) query->dims);
}

/* Makes the scores of n queries, at most IVFKM_CENTROIDS_BLOCK, with all centroids. */
static void
score(IvfkmCentroids *centroids, const IvfkmQuery *const *queries, int n, const GemmBf16 *bf16)
{
	size_t dims = (size_t) centroids->dims;

	for (int i = 0; i < n; i++)
		memcpy(centroids->targets + i * dims, queries[i]->target, sizeof(float) * dims);
	if (bf16 != NULL)
	{
		bf16->pack_rows(centroids->targets, NULL, n, dims, 1.0f, centroids->rows);
		bf16->scores(bf16->product, centroids->rows, n, centroids->bf16_panels,
					 centroids->bf16_norms, centroids->nlists, dims, centroids->tiles,
					 centroids->scores, centroids->stride);
		return;
	}
	vdb_gemm->pack_rows(centroids->targets, NULL, n, dims, 1.0f, centroids->rows);
	vdb_gemm->scores(centroids->rows, n, centroids->panels, centroids->norms, centroids->nlists,
					 dims, centroids->tiles, centroids->scores, centroids->stride);
}

/* The key of a list from the squared distance of the query's target to its centroid. */
static inline float
exact_key(const IvfkmTree *keys, const IvfkmChildData *list, float dist2, float norm2)
{
	if (keys->by_dot)
		dist2 = 0.5f * (dist2 - norm2 - list->norm2);
	/* the list is often not in the CPU's cache */
	return keys->list_lean == 0.0f ? dist2 : ivfkm_tree_list_key(keys, dist2, list->radius);
}

/*
 * Makes keys of the scores that the product gave a query: see ivfkm_tree_list_key().  Those of
 * distances alone lack the query's squared norm.
 */
static float *
list_keys(IvfkmCentroids *centroids, const IvfkmQuery *query, int number)
{
	float *keys = centroids->scores + (size_t) number * centroids->stride;
	bool by_dot = centroids->keys.by_dot;

	for (size_t i = (size_t) centroids->nlists; i < centroids->stride; i++)
		keys[i] = INFINITY;
	if (!by_dot && centroids->keys.list_lean == 0.0f)
		return keys;
	centroids->keys.target_norm = sqrtf(target_norm2(query));
	for (int i = 0; i < centroids->nlists; i++)
		keys[i] = ivfkm_tree_list_key(&centroids->keys,
									  by_dot ? 0.5f * (keys[i] - centroids->norms[i]) : keys[i],
									  centroids->lists[i].child.radius);
	return keys;
}

/* Order of lists by their keys. */
static inline int
compare_entries(const IvfkmCentroidEntry *x, const IvfkmCentroidEntry *y)
{
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->list < y->list ? -1 : x->list > y->list;
}

/* A sort of lists. */
#define ST_SORT			 sort_entries
#define ST_ELEMENT_TYPE	 IvfkmCentroidEntry
#define ST_COMPARE(a, b) compare_entries(a, b)
#define ST_SCOPE		 static
#define ST_DEFINE
#include "lib/sort_template.h"

/* The n-th smallest of "count" keys, at least n.  "scratch" has room for n. */
static float
nth_key(const float *keys, size_t count, size_t n, float *scratch)
{
	memcpy(scratch, keys, sizeof(float) * n);
	key_heap_build(scratch, n);
	for (size_t i = n; i < count; i++)
	{
		if (keys[i] >= scratch[0])
			continue;
		scratch[0] = keys[i];
		key_heap_down(scratch, n, 0);
	}
	return scratch[0];
}

/*
 * Puts the n lists with the smallest keys into centroids->near, in order.  The n-th smallest
 * minimum of a group of keys is not less than the n-th smallest key, and few keys are less.
 */
static void
select_nearest(IvfkmCentroids *centroids, const float *keys, int n)
{
	IvfkmCentroidEntry *near = centroids->near;
	size_t ngroups = gemm_ngroups(centroids->stride);
	float *minima = centroids->minima;
	float highest = INFINITY;
	int nnear = 0;

	vdb_gemm->group_minima(keys, centroids->stride, minima);
	if ((size_t) n <= ngroups)
		highest = nth_key(minima, ngroups, (size_t) n, minima + ngroups);
	for (size_t group = 0; group < ngroups; group++)
	{
		int first = (int) (group / GEMM_GROUPS * GEMM_SCORES_STEP + group % GEMM_GROUPS);

		/* not so of a number that is none */
		if (minima[group] > highest)
			continue;
		for (int i = first; i < Min(first + GEMM_SCORES_STEP, centroids->nlists); i += GEMM_GROUPS)
		{
			if (keys[i] > highest)
				continue;
			near[nnear].key = keys[i];
			near[nnear++].list = i;
		}
	}
	sort_entries(near, (size_t) nnear);
}

/*
 * Finds the n nearest lists by the keys of all lists, whose errors are "error" at most, and by
 * exact distances among these: the nearest first.  Returns how many are certain to be the nearest.
 */
static int
find_nearest(IvfkmCentroids *centroids, const IvfkmQuery *query, const float *keys, float error,
			 int n, int *nearest)
{
	size_t dims = (size_t) centroids->dims;
	IvfkmCentroidEntry *near = centroids->near;
	float norm2 = target_norm2(query);
	float highest;
	int certain = 0;

	select_nearest(centroids, keys, n);
	highest = near[n - 1].key - error + (centroids->keys.by_dot ? 0.0f : norm2);
	if (n == centroids->nlists || error == 0.0f)
		highest = INFINITY;
	centroids->keys.target_norm = sqrtf(norm2);
	for (int i = 0; i < n; i++)
	{
		const uint16 *centroid = centroids->centroids + (Size) near[i].list * dims;

		near[i].key = exact_key(&centroids->keys, &centroids->lists[near[i].list].child,
								vdb_dist->l2sq_f16(query->target, centroid, dims), norm2);
	}
	sort_entries(near, (size_t) n);
	for (int i = 0; i < n; i++)
	{
		nearest[i] = near[i].list;
		certain += near[i].key <= highest;
	}
	return certain;
}

/* The error of keys that bfloat16 or float32 products made. */
static float
key_error(const IvfkmCentroids *centroids, const IvfkmQuery *query, bool bf16)
{
	float norm = sqrtf(target_norm2(query));
	float sum = norm + centroids->longest;
	float error = FLOAT_ERROR * sum * sum;

	if (bf16)
		error += 2.0f * BF16_DEVIATIONS * BF16_ROUNDING * sqrtf(2.0f / (float) centroids->dims) *
				 norm * centroids->longest;
	return centroids->keys.by_dot ? 0.5f * error : error;
}

/* The keys of all lists by their exact distances to a query, as list_keys() has them. */
static const float *
exact_keys(IvfkmCentroids *centroids, const IvfkmQuery *query)
{
	size_t dims = (size_t) centroids->dims;
	float norm2 = target_norm2(query);
	float *keys = centroids->scores;

	centroids->keys.target_norm = sqrtf(norm2);
	for (int i = 0; i < centroids->nlists; i++)
	{
		float dist2 =
			vdb_dist->l2sq_f16(query->target, centroids->centroids + (Size) i * dims, dims);

		keys[i] = exact_key(&centroids->keys, &centroids->lists[i].child, dist2, norm2) -
				  (centroids->keys.by_dot ? 0.0f : norm2);
	}
	return keys;
}

/*
 * Finds the nearest lists of n queries, at most IVFKM_CENTROIDS_BLOCK, each of which is sure to
 * take "wanted": ivfkm_centroids_most() or, where rounding leaves open which ones these are,
 * somewhat fewer.  Those of number i, nnearest[i], begin at nearest[i * ivfkm_centroids_most()],
 * the nearest first.  Where bfloat16 leaves too much open, float32 decides, then the distances
 * themselves.
 */
void
ivfkm_centroids_compare(IvfkmCentroids *centroids, const IvfkmQuery *const *queries, int n,
						int wanted, int *nearest, int *nnearest)
{
	int most = ivfkm_centroids_most((uint32) centroids->nlists, wanted);
	const IvfkmQuery *left[IVFKM_CENTROIDS_BLOCK];
	int numbers[IVFKM_CENTROIDS_BLOCK];
	int nleft = n;

	for (int i = 0; i < n; i++)
	{
		left[i] = queries[i];
		numbers[i] = i;
	}
	for (int bf16 = centroids->bf16 != NULL; bf16 >= 0 && nleft > 0; bf16--)
	{
		int compared = nleft;

		score(centroids, left, compared, bf16 ? centroids->bf16 : NULL);
		nleft = 0;
		for (int i = 0; i < compared; i++)
		{
			int number = numbers[i];

			CHECK_FOR_INTERRUPTS();
			nnearest[number] = find_nearest(centroids, left[i], list_keys(centroids, left[i], i),
											key_error(centroids, left[i], bf16 != 0), most,
											nearest + (Size) number * most);
			if (nnearest[number] >= Min(wanted, most))
				continue;
			left[nleft] = left[i];
			numbers[nleft++] = number;
		}
		if (bf16 && nleft > compared / 4)
			centroids->bf16 = NULL; /* it does not pay here */
	}
	for (int i = 0; i < nleft; i++)
	{
		CHECK_FOR_INTERRUPTS();
		nnearest[numbers[i]] = find_nearest(centroids, left[i], exact_keys(centroids, left[i]),
											0.0f, most, nearest + (Size) numbers[i] * most);
	}
}

/*
 * Begins with the lists of a query, of which the n nearest ones are known: "nearest", which
 * must stay.
 */
void
ivfkm_centroids_begin(IvfkmCentroids *centroids, const IvfkmQuery *query, const int *nearest, int n)
{
	centroids->query = query;
	centroids->nearest = nearest;
	centroids->nnearest = n;
	centroids->taken = 0;
	centroids->far = false;
	centroids->nheap = 0;
}

/* Order of list numbers. */
static int
compare_numbers(const void *a, const void *b)
{
	int x = *(const int *) a;
	int y = *(const int *) b;

	return x < y ? -1 : x > y;
}

/* Makes a heap of the lists that are not among the nearest ones. */
static void
fill_heap(IvfkmCentroids *centroids)
{
	const IvfkmQuery *query = centroids->query;
	int *known = palloc(sizeof(int) * Max(centroids->nnearest, 1));
	const float *keys;
	int nknown = 0;
	int n = 0;

	for (int i = 0; i < centroids->nnearest; i++)
		known[i] = centroids->nearest[i];
	qsort(known, centroids->nnearest, sizeof(int), compare_numbers);
	keys = exact_keys(centroids, query);
	for (int i = 0; i < centroids->nlists; i++)
	{
		if (nknown < centroids->nnearest && known[nknown] == i)
		{
			nknown++;
			continue;
		}
		centroids->heap[n].key = keys[i];
		centroids->heap[n++].list = i;
	}
	centroid_heap_build(centroids->heap, (size_t) n);
	centroids->nheap = n;
	centroids->far = true;
	pfree(known);
}

/* A list as the tree gives it. */
static void
make_probe(const IvfkmCentroids *centroids, int list, IvfkmProbe *probe)
{
	const uint16 *centroid = centroids->centroids + (Size) list * centroids->dims;
	const IvfkmQuery *query = centroids->query;
	size_t dims = (size_t) centroids->dims;
	IvfkmTree keys = {.by_dot = centroids->keys.by_dot, .list_lean = centroids->keys.list_lean};
	float norm2 = target_norm2(query);

	*probe = centroids->lists[list];
	keys.target_norm = sqrtf(norm2);
	probe->target_dist2 = vdb_dist->l2sq_f16(query->target, centroid, dims);
	probe->dist2 = probe->target_dist2;
	if (query->target != query->point)
		probe->dist2 = vdb_dist->l2sq_f16(query->point, centroid, dims);
	probe->key = exact_key(&keys, &probe->child, probe->target_dist2, norm2);
	probe->dot = 0.5f * (query->quant.norm2 + probe->child.norm2 - probe->dist2);
}

/* The next nearest list, of which it returns the number; -1 when there are no more. */
int
ivfkm_centroids_next(IvfkmCentroids *centroids, IvfkmProbe *probe)
{
	int list;

	if (centroids->taken < centroids->nnearest)
		list = centroids->nearest[centroids->taken++];
	else
	{
		if (!centroids->far)
			fill_heap(centroids);
		if (centroids->nheap == 0)
			return -1;
		list = centroids->heap[0].list;
		centroid_heap_pop(centroids->heap, (size_t) centroids->nheap);
		centroids->nheap--;
	}
	make_probe(centroids, list, probe);
	return list;
}
