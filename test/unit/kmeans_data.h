/*-------------------------------------------------------------------------
 *
 * kmeans_data.h
 *	  What the tests of src/cluster share: points and plain searches.
 *
 * NOTES
 *	  Pure C.  Included once by a program, after test_main.h.
 *
 * IDENTIFICATION
 *	  test/unit/kmeans_data.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef KMEANS_DATA_H
#define KMEANS_DATA_H

#include "cluster/gemm_bf16.h"
#include "cluster/kmeans.h"

/*
 * Runs the statement after it once for each level, having made that level the active one; twice
 * where a level also has bfloat16 kernels, which small dimensions do not use.  volatile: a case
 * may come back by longjmp.
 */
#define FOR_EACH_LEVEL                                                                             \
	for (int level = 0; level < VDB_SIMD_COUNT; level++)                                           \
		for (volatile int rounded = 0;                                                             \
			 rounded <= (level == VDB_SIMD_AVX512 && gemm_bf16_best() != NULL); rounded++)         \
			if (test_simd((VdbSimd) level) && (kmeans_select((VdbSimd) level), true) &&            \
				(gemm_bf16_use(rounded ? gemm_bf16_best() : NULL), true))

/* n points of dims normal numbers. */
static inline float *
normal_points(size_t n, int dims)
{
	float *points = exact_alloc(n * (size_t) dims * sizeof(float));

	for (size_t i = 0; i < n * (size_t) dims; i++)
		points[i] = test_random_normal();
	return points;
}

/* n points around "clusters" random centres, with the given spread; centres are normal. */
static inline float *
mixture(size_t n, int dims, int clusters, float spread)
{
	float *centres = normal_points((size_t) clusters, dims);
	float *points = exact_alloc(n * (size_t) dims * sizeof(float));

	for (size_t i = 0; i < n; i++)
	{
		const float *centre = centres + (size_t) test_random_below((uint32_t) clusters) * dims;

		for (int k = 0; k < dims; k++)
			points[i * (size_t) dims + (size_t) k] = centre[k] + spread * test_random_normal();
	}
	free(centres);
	return points;
}

/* Squared distance in float64. */
static inline double
distance2(const float *a, const float *b, int dims)
{
	double sum = 0.0;

	for (int k = 0; k < dims; k++)
		sum += ((double) a[k] - b[k]) * ((double) a[k] - b[k]);
	return sum;
}

/* Nearest of n centroids, the first of equals. */
static inline uint32_t
nearest(const float *x, const float *centroids, int n, int dims, double *dist2)
{
	uint32_t best = 0;

	*dist2 = INFINITY;
	for (int j = 0; j < n; j++)
	{
		double d = distance2(x, centroids + (size_t) j * (size_t) dims, dims);

		if (d < *dist2)
		{
			*dist2 = d;
			best = (uint32_t) j;
		}
	}
	return best;
}

/* Assigns all points in blocks; memory of the index and the workspace is exact. */
static inline void
assign_all(const float *points, size_t n, int dims, const float *centroids, int nlists,
		   uint32_t *list, float *dist2)
{
	void *memory = aligned_bytes(kmeans_index_bytes(dims, nlists));
	void *workspace = aligned_bytes(kmeans_assign_bytes(dims, nlists));
	KmeansIndex *index = kmeans_index_init(memory, dims, nlists, centroids, 1, NULL, NULL);
	size_t most = (size_t) kmeans_assign_points(dims);
	size_t block = most;

	for (size_t i = 0; i < n; i += block, block = block == most ? 37 : most)
		kmeans_assign(index, points + i * (size_t) dims, n - i < block ? n - i : block, list + i,
					  dist2 + i, workspace);
	free(memory);
	free(workspace);
}

#endif /* KMEANS_DATA_H */
