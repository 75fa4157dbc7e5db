/*-------------------------------------------------------------------------
 *
 * bench_sparse.c
 *	  Times the sparse kernels at every SIMD level.
 *
 * NOTES
 *	  The dimensions are stored elements of either vector.  The kernel's name tells which
 *	  part of the indices is used: "dense" one in two, "text" one in a hundred, as in
 *	  vectors of words; "_skew" is against a vector of a tenth of the elements.
 *
 *	  One operation is one distance; its bytes are those of both vectors' elements.  A
 *	  round goes over PAIR_BYTES of different pairs, which stay in the second-level cache:
 *	  of a single pair the CPU would learn the branches by heart.
 *
 * IDENTIFICATION
 *	  bench/micro/bench_sparse.c
 *
 *-------------------------------------------------------------------------
 */
#include "bench_main.h"
#include "distance/sparse.h"

#define PAIR_BYTES (512 * 1024)

typedef struct SparseBench
{
	size_t npairs;
	SparseRow *a; /* npairs */
	SparseRow *b; /* npairs */
} SparseBench;

/* Defines the benchmark of a kernel. */
#define BENCH_KERNEL(kernel)                                                                       \
	static void bench_##kernel(VdbSimd simd, void *arg, long rounds)                               \
	{                                                                                              \
		const SparseKernels *k = sparse_kernels(simd);                                             \
		const SparseBench *b = arg;                                                                \
                                                                                                   \
		for (long i = 0; i < rounds; i++)                                                          \
			for (size_t p = 0; p < b->npairs; p++)                                                 \
				bench_sink = k->kernel(b->a[p], b->b[p]);                                          \
	}

BENCH_KERNEL(dot)
BENCH_KERNEL(l2sq)
BENCH_KERNEL(l1)

/* A row of n elements: each gap between indices is uniform in 1 .. 2 * gap - 1. */
static SparseRow
make_row(size_t n, int gap, uint64_t *seed)
{
	int32_t *indices = bench_alloc(n * sizeof(int32_t));
	float *values = bench_alloc(n * sizeof(float));
	int32_t at = -1;

	for (size_t i = 0; i < n; i++)
	{
		*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		at += 1 + (int32_t) ((*seed >> 33) % (uint64_t) (2 * gap - 1));
		indices[i] = at;
	}
	bench_fill(values, n, *seed);
	return (SparseRow){indices, values, n};
}

/* All kernels on rows of na and nb elements with the same range of indices. */
static void
bench_rows(const char *what, int dims, size_t nb, int gap)
{
	size_t na = (size_t) dims;
	double bytes = (double) ((na + nb) * (sizeof(int32_t) + sizeof(float)));
	SparseBench b = {.npairs = 1 + (size_t) (PAIR_BYTES / bytes)};
	uint64_t seed = 1;
	char name[64];

	b.a = bench_alloc(b.npairs * sizeof(SparseRow));
	b.b = bench_alloc(b.npairs * sizeof(SparseRow));
	for (size_t p = 0; p < b.npairs; p++)
	{
		b.a[p] = make_row(na, gap, &seed);
		b.b[p] = make_row(nb, (int) ((size_t) gap * na / nb), &seed);
	}
	snprintf(name, sizeof(name), "sparse_dot_%s", what);
	bench_compare(name, dims, (double) b.npairs, bytes, bench_dot, &b);
	snprintf(name, sizeof(name), "sparse_l2sq_%s", what);
	bench_compare(name, dims, (double) b.npairs, bytes, bench_l2sq, &b);
	snprintf(name, sizeof(name), "sparse_l1_%s", what);
	bench_compare(name, dims, (double) b.npairs, bytes, bench_l1, &b);
	for (size_t p = 0; p < b.npairs; p++)
	{
		free((void *) b.a[p].indices);
		free((void *) b.a[p].values);
		free((void *) b.b[p].indices);
		free((void *) b.b[p].values);
	}
	free(b.a);
	free(b.b);
}

int
main(int argc, char **argv)
{
	static const int dims[] = {8, 9, 12, 16, 24, 32, 64, 128, 256, 1024, 4096, 16000};

	bench_begin(argc, argv, dims, (int) (sizeof(dims) / sizeof(dims[0])));
	for (int i = 0; i < bench_state.ndims; i++)
	{
		int n = bench_state.dims[i];

		bench_rows("dense", n, (size_t) n, 2);
		bench_rows("text", n, (size_t) n, 100);
		if (n >= 80)
			bench_rows("text_skew", n, (size_t) n / 10, 100);
	}
	return 0;
}
