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
	size_t half_nrows;		/* twice nrows: as many bytes */
	uint16_t *half_query;	/* dims */
	uint16_t *half_rows;	/* half_nrows * dims */
	float *out;				/* half_nrows */
	DistCosineParts *parts; /* half_nrows */
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

/* Defines a benchmark of a one-to-one cosine, whose result is a struct. */
#define BENCH_COSINE(kernel, ...)                                                                  \
	static void bench_##kernel(VdbSimd simd, void *arg, long rounds)                               \
	{                                                                                              \
		const DistKernels *k = dist_kernels(simd);                                                 \
		const DistBench *b = arg;                                                                  \
                                                                                                   \
		for (long i = 0; i < rounds; i++)                                                          \
			bench_sink = k->kernel(__VA_ARGS__, b->dims).dot;                                      \
	}

/* Defines a benchmark of a batch kernel on rows of one type ("" or half_). */
#define BENCH_BATCH(kernel, type, result)                                                          \
	static void bench_##type##kernel(VdbSimd simd, void *arg, long rounds)                         \
	{                                                                                              \
		const DistKernels *k = dist_kernels(simd);                                                 \
		const DistBench *b = arg;                                                                  \
                                                                                                   \
		for (long i = 0; i < rounds; i++)                                                          \
			k->type##kernel(b->type##query, b->type##rows, b->dims, b->type##nrows, b->dims,       \
							b->result);                                                            \
	}

BENCH_PAIR(l2sq, b->query, b->rows)
BENCH_PAIR(dot, b->query, b->rows)
BENCH_PAIR(l1, b->query, b->rows)
BENCH_PAIR(norm2, b->query)
BENCH_PAIR(l2sq_f16, b->query, b->half_rows)
BENCH_PAIR(half_l2sq, b->half_query, b->half_rows)
BENCH_PAIR(half_dot, b->half_query, b->half_rows)
BENCH_PAIR(half_l1, b->half_query, b->half_rows)
BENCH_PAIR(half_norm2, b->half_query)
BENCH_COSINE(cosine, b->query, b->rows)
BENCH_COSINE(half_cosine, b->half_query, b->half_rows)
BENCH_BATCH(l2sq_batch, , out)
BENCH_BATCH(dot_batch, , out)
BENCH_BATCH(l1_batch, , out)
BENCH_BATCH(cosine_batch, , parts)
BENCH_BATCH(l2sq_batch, half_, out)
BENCH_BATCH(dot_batch, half_, out)
BENCH_BATCH(l1_batch, half_, out)
BENCH_BATCH(cosine_batch, half_, parts)

/* Widening of one vector. */
static void
bench_half_to_float(VdbSimd simd, void *arg, long rounds)
{
	const DistKernels *k = dist_kernels(simd);
	const DistBench *b = arg;

	for (long i = 0; i < rounds; i++)
	{
		k->half_to_float(b->half_query, b->dims, b->query);
		bench_sink = b->query[0];
	}
}

/* Narrowing of one vector. */
static void
bench_half_from_float(VdbSimd simd, void *arg, long rounds)
{
	const DistKernels *k = dist_kernels(simd);
	const DistBench *b = arg;

	for (long i = 0; i < rounds; i++)
	{
		k->half_from_float(b->query, b->dims, b->half_query);
		bench_sink = b->half_query[0];
	}
}

/* All kernels at one number of dimensions. */
static void
bench_dims(int dims)
{
	double row = dims * (double) sizeof(float);
	double half = dims * (double) sizeof(uint16_t);
	DistBench b = {.dims = (size_t) dims, .nrows = BATCH_BYTES / ((size_t) dims * sizeof(float))};

	b.half_nrows = 2 * b.nrows;
	b.query = bench_alloc((size_t) row);
	b.rows = bench_alloc((size_t) row * b.nrows);
	b.half_query = bench_alloc((size_t) half);
	b.half_rows = bench_alloc((size_t) half * b.half_nrows);
	b.out = bench_alloc(b.half_nrows * sizeof(float));
	b.parts = bench_alloc(b.half_nrows * sizeof(DistCosineParts));
	bench_fill(b.query, b.dims, 1);
	bench_fill(b.rows, b.dims * b.nrows, 2);
	for (size_t i = 0; i < b.dims; i++)
		b.half_query[i] = vdb_half_from_float(b.query[i]);
	for (size_t i = 0; i < b.dims * b.half_nrows; i++)
		b.half_rows[i] = vdb_half_from_float(b.rows[i % (b.dims * b.nrows)]);

	bench_compare("l2sq", dims, 1, 2 * row, bench_l2sq, &b);
	bench_compare("dot", dims, 1, 2 * row, bench_dot, &b);
	bench_compare("l1", dims, 1, 2 * row, bench_l1, &b);
	bench_compare("norm2", dims, 1, row, bench_norm2, &b);
	bench_compare("cosine", dims, 1, 2 * row, bench_cosine, &b);
	bench_compare("l2sq_batch", dims, (double) b.nrows, row, bench_l2sq_batch, &b);
	bench_compare("dot_batch", dims, (double) b.nrows, row, bench_dot_batch, &b);
	bench_compare("l1_batch", dims, (double) b.nrows, row, bench_l1_batch, &b);
	bench_compare("cosine_batch", dims, (double) b.nrows, row, bench_cosine_batch, &b);

	bench_compare("l2sq_f16", dims, 1, row + half, bench_l2sq_f16, &b);
	bench_compare("half_l2sq", dims, 1, 2 * half, bench_half_l2sq, &b);
	bench_compare("half_dot", dims, 1, 2 * half, bench_half_dot, &b);
	bench_compare("half_l1", dims, 1, 2 * half, bench_half_l1, &b);
	bench_compare("half_norm2", dims, 1, half, bench_half_norm2, &b);
	bench_compare("half_cosine", dims, 1, 2 * half, bench_half_cosine, &b);
	bench_compare("half_l2sq_batch", dims, (double) b.half_nrows, half, bench_half_l2sq_batch, &b);
	bench_compare("half_dot_batch", dims, (double) b.half_nrows, half, bench_half_dot_batch, &b);
	bench_compare("half_l1_batch", dims, (double) b.half_nrows, half, bench_half_l1_batch, &b);
	bench_compare("half_cosine_batch", dims, (double) b.half_nrows, half, bench_half_cosine_batch,
				  &b);
	bench_compare("half_to_float", dims, 1, row + half, bench_half_to_float, &b);
	bench_compare("half_from_float", dims, 1, row + half, bench_half_from_float, &b);

	free(b.query);
	free(b.rows);
	free(b.half_query);
	free(b.half_rows);
	free(b.out);
	free(b.parts);
}

int
main(int argc, char **argv)
{
	static const int dims[] = {8,  9,  12,	15,	 16,  17,  24,	31,	  32,	33,	 48,
							   64, 65, 128, 256, 384, 512, 768, 1024, 1536, 2048};

	bench_begin(argc, argv, dims, (int) (sizeof(dims) / sizeof(dims[0])));
	for (int i = 0; i < bench_state.ndims; i++)
		bench_dims(bench_state.dims[i]);
	return 0;
}
