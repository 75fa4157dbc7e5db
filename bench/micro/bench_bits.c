/*-------------------------------------------------------------------------
 *
 * bench_bits.c
 *	  Times the bit kernels at every SIMD level.
 *
 * NOTES
 *	  The dimensions are bits.  Both strings stay in the first-level cache.  One operation is
 *	  one distance; its bytes are those of both strings.
 *
 * IDENTIFICATION
 *	  bench/micro/bench_bits.c
 *
 *-------------------------------------------------------------------------
 */
#include "bench_main.h"
#include "distance/bits.h"

typedef struct BitsBench
{
	size_t bytes;
	uint8_t *a;
	uint8_t *b;
} BitsBench;

static void
bench_hamming(VdbSimd simd, void *arg, long rounds)
{
	const BitsKernels *k = bits_kernels(simd);
	const BitsBench *b = arg;

	for (long i = 0; i < rounds; i++)
		bench_sink = (float) k->hamming(b->a, b->b, b->bytes);
}

static void
bench_overlap(VdbSimd simd, void *arg, long rounds)
{
	const BitsKernels *k = bits_kernels(simd);
	const BitsBench *b = arg;

	for (long i = 0; i < rounds; i++)
		bench_sink = (float) k->overlap(b->a, b->b, b->bytes).both;
}

/* All kernels at one number of bits. */
static void
bench_dims(int dims)
{
	BitsBench b = {.bytes = ((size_t) dims + 7) / 8};
	size_t floats = (b.bytes + sizeof(float) - 1) / sizeof(float);

	/* the low mantissa bits of arbitrary floats are as good as any */
	b.a = bench_alloc(floats * sizeof(float));
	b.b = bench_alloc(floats * sizeof(float));
	bench_fill((float *) b.a, floats, 1);
	bench_fill((float *) b.b, floats, 2);

	bench_compare("hamming", dims, 1, 2.0 * (double) b.bytes, bench_hamming, &b);
	bench_compare("overlap", dims, 1, 2.0 * (double) b.bytes, bench_overlap, &b);

	free(b.a);
	free(b.b);
}

int
main(int argc, char **argv)
{
	static const int dims[] = {8,	16,	 24,  32,  64,	 96,   128,	 192,  256,	 384,
							   448, 512, 520, 768, 1024, 1536, 2048, 3072, 4096, 16000};

	bench_begin(argc, argv, dims, (int) (sizeof(dims) / sizeof(dims[0])));
	for (int i = 0; i < bench_state.ndims; i++)
		bench_dims(bench_state.dims[i]);
	return 0;
}
