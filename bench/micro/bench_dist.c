/*-------------------------------------------------------------------------
 *
 * bench_dist.c
 *	  Times the distance kernels at every SIMD level.
 *
 * NOTES
 *	  One-to-one kernels work on two vectors that stay in the first-level cache, batches on
 *	  BATCH_BYTES of rows that stay in the second-level cache.  One operation is one
 *	  distance; its bytes are those of both vectors, in a batch those of the row.
 *
 * IDENTIFICATION
 *	  bench/micro/bench_dist.c
 *
 *-------------------------------------------------------------------------
 */
#include "bench_main.h"
#include "distance/dist.h"
#include "port/vdb_half.h"

#define BATCH_BYTES (512 * 1024)

typedef struct DistBench
{
	size_t dims;
	size_t nrows;
	float *query;
	float *rows;			/* nrows * dims */
	uint16_t *half;			/* dims */
	float *out;				/* nrows */
	DistCosineParts *parts; /* nrows */
} DistBench;

/* Defines a benchmark of a one-to-one kernel whose result is a number. */
#define BENCH_PAIR(kernel, ...)                                                                    \
	static void bench_##kernel(VdbSimd simd, void *arg, long rounds)                               \
	{                                                                                              \
		const DistKernels *k = dist_kernels(simd);                                                 \
		const DistBench *b = arg;                                                                  \
                                                                                                   \
		for (long i = 0; i < rounds; i++)                                                          \
			bench_sink = k->kernel(__VA_ARGS__, b->dims);                                          \
	}

/* Defines a benchmark of a batch kernel. */
#define BENCH_BATCH(kernel, result)                                                                \
	static void bench_##kernel(VdbSimd simd, void *arg, long rounds)                               \
	{                                                                                              \
		const DistKernels *k = dist_kernels(simd);                                                 \
		const DistBench *b = arg;                                                                  \
                                                                                                   \
		for (long i = 0; i < rounds; i++)                                                          \
			k->kernel(b->query, b->rows, b->dims, b->nrows, b->dims, b->result);                   \
	}

BENCH_PAIR(l2sq, b->query, b->rows)
BENCH_PAIR(dot, b->query, b->rows)
BENCH_PAIR(l1, b->query, b->rows)
BENCH_PAIR(norm2, b->query)
BENCH_PAIR(l2sq_f16, b->query, b->half)
BENCH_BATCH(l2sq_batch, out)
BENCH_BATCH(dot_batch, out)
BENCH_BATCH(l1_batch, out)
BENCH_BATCH(cosine_batch, parts)

/* The one-to-one cosine, whose result is a struct. */
static void
bench_cosine(VdbSimd simd, void *arg, long rounds)
{
	const DistKernels *k = dist_kernels(simd);
	const DistBench *b = arg;

	for (long i = 0; i < rounds; i++)
		bench_sink = k->cosine(b->query, b->rows, b->dims).dot;
}

/* All kernels at one number of dimensions. */
static void
bench_dims(int dims)
{
	double row = dims * (double) sizeof(float);
	DistBench b = {.dims = (size_t) dims, .nrows = BATCH_BYTES / ((size_t) dims * sizeof(float))};

	b.query = bench_alloc((size_t) row);
	b.rows = bench_alloc((size_t) row * b.nrows);
	b.half = bench_alloc((size_t) dims * sizeof(uint16_t));
	b.out = bench_alloc(b.nrows * sizeof(float));
	b.parts = bench_alloc(b.nrows * sizeof(DistCosineParts));
	bench_fill(b.query, b.dims, 1);
	bench_fill(b.rows, b.dims * b.nrows, 2);
	for (int i = 0; i < dims; i++)
		b.half[i] = vdb_half_from_float(b.rows[i]);

	bench_compare("l2sq", dims, 1, 2 * row, bench_l2sq, &b);
	bench_compare("dot", dims, 1, 2 * row, bench_dot, &b);
	bench_compare("l1", dims, 1, 2 * row, bench_l1, &b);
	bench_compare("norm2", dims, 1, row, bench_norm2, &b);
	bench_compare("cosine", dims, 1, 2 * row, bench_cosine, &b);
	bench_compare("l2sq_f16", dims, 1, 1.5 * row, bench_l2sq_f16, &b);
	bench_compare("l2sq_batch", dims, (double) b.nrows, row, bench_l2sq_batch, &b);
	bench_compare("dot_batch", dims, (double) b.nrows, row, bench_dot_batch, &b);
	bench_compare("l1_batch", dims, (double) b.nrows, row, bench_l1_batch, &b);
	bench_compare("cosine_batch", dims, (double) b.nrows, row, bench_cosine_batch, &b);

	free(b.query);
	free(b.rows);
	free(b.half);
	free(b.out);
	free(b.parts);
}

int
main(int argc, char **argv)
{
	static const int dims[] = {128, 256, 384, 512, 768, 1024, 1536, 2048};

	bench_begin(argc, argv, dims, (int) (sizeof(dims) / sizeof(dims[0])));
	for (int i = 0; i < bench_state.ndims; i++)
		bench_dims(bench_state.dims[i]);
	return 0;
}
