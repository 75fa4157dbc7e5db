/*-------------------------------------------------------------------------
 *
 * bench_filter.c
 *	  Times the tests of filters at every SIMD level.
 *
 * NOTES
 *	  One operation is the test of a unit of 16 rows by one term on one attribute; its bytes are
 *	  those of the images.  The units of a round, 256 kB, stay in the second-level cache.  The
 *	  dimensions are the values of a set; ranges and bits have 1.  One image in a hundred meets the
 *	  term, "set_near" has a tenth of its images between the set's values.
 *
 * IDENTIFICATION
 *	  bench/micro/bench_filter.c
 *
 *-------------------------------------------------------------------------
 */
#include "bench_main.h"
#include "filter/filter.h"

#define UNITS 2048

typedef struct FilterBench
{
	Filter filter;
	void *images; /* int64_t or, if the filter's attribute is narrow, int32_t */
	uint16_t nulls;
} FilterBench;

/* The next of a sequence of pseudo-random numbers, 31 bits. */
static int64_t
next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int64_t) (*seed >> 33);
}

/* Bytes of an image. */
static size_t
image_bytes(const FilterBench *b)
{
	return b->filter.narrow ? sizeof(int32_t) : sizeof(int64_t);
}

/* Tests every unit. */
static void
bench_units(VdbSimd simd, void *arg, long rounds)
{
	const FilterKernels *k = filter_kernels(simd);
	const FilterBench *b = arg;
	uint32_t rows = 0;

	for (long i = 0; i < rounds; i++)
		for (int u = 0; u < UNITS; u++)
			rows += k->unit(&b->filter,
							(const char *) b->images + (size_t) u * FILTER_ROWS * image_bytes(b),
							&b->nulls);
	bench_sink = (float) rows;
}

/* One kind of term over images of 0 .. range - 1, which are narrow or not. */
static void
bench_term(const char *name, int dims, FilterTerm *term, int64_t range, bool narrow)
{
	FilterBench b = {.filter = {1, term, narrow}};
	uint64_t seed = 1;

	b.images = bench_alloc((size_t) UNITS * FILTER_ROWS * image_bytes(&b));
	for (int i = 0; i < UNITS * FILTER_ROWS; i++)
	{
		int64_t image = next_random(&seed) % range;

		if (narrow)
			((int32_t *) b.images)[i] = (int32_t) image;
		else
			((int64_t *) b.images)[i] = image;
	}
	bench_compare(name, dims, UNITS, (double) (FILTER_ROWS * image_bytes(&b)), bench_units, &b);
	free(b.images);
}

/* A set of n numbers, "gap" apart, in images of 0 .. range - 1. */
static void
bench_set(const char *name, int n, int64_t gap, int64_t range)
{
	FilterTerm term = {.kind = FILTER_SET};
	int64_t *values = bench_alloc((size_t) n * sizeof(int64_t));
	void *memory = bench_alloc(filter_set_bytes(n) + 8);

	for (int i = 0; i < n; i++)
		values[i] = i * gap;
	filter_set_init(&term, values, n, memory);
	bench_term(name, n, &term, range, false);
	free(values);
	free(memory);
}

int
main(int argc, char **argv)
{
	static const int dims[] = {1, 2, 4, 8, 9, 16, 100, 1000, 10000};

	bench_begin(argc, argv, dims, (int) (sizeof(dims) / sizeof(dims[0])));
	for (int i = 0; i < bench_state.ndims; i++)
	{
		int n = bench_state.dims[i];
		FilterTerm range = {.kind = FILTER_RANGE, .low = 5000, .high = 5999};
		FilterTerm bits = {.kind = FILTER_ANY_BIT, .bits = 1 << 20};

		if (n == 1)
		{
			bench_term("range", n, &range, 100000, false);
			bench_term("range_narrow", n, &range, 100000, true);
			bench_term("any_bit", n, &bits, 100000, false);
		}
		/* few images are between the values; a tenth of them; all, of which 1 % are in the set */
		bench_set("set", n, 1, (int64_t) n * 100);
		bench_set("set_near", n, 10, (int64_t) n * 100);
		bench_set("set_among", n, 100, (int64_t) n * 100);
	}
	return 0;
}
