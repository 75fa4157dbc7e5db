/*-------------------------------------------------------------------------
 *
 * bench_main.h
 *	  Frame of the micro-benchmarks: clock, medians, variants in turn, CSV.
 *
 * NOTES
 *	  Pure C.  Each bench_*.c is one program that includes this file once.  A benchmark
 *	  is a function that does its work "rounds" times; bench_compare() times it for
 *	  every SIMD level that runs here, in turns, so that a disturbance hits all alike,
 *	  and prints one CSV row per level:
 *
 *		kernel,variant,dims,ns,GB/s,ratio_to_scalar
 *
 *	  "ns" is the median time of one operation, GB/s the bytes of an operation over
 *	  that time, the last column the scalar level's median over this level's.
 *
 *	  Arguments of a program: names select the kernels whose name contains one of them,
 *	  numbers replace the dimensions.
 *
 * IDENTIFICATION
 *	  bench/micro/bench_main.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_MAIN_H
#define BENCH_MAIN_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "port/vdb_cpu.h"

#define BENCH_SAMPLES	101		  /* samples per level, odd */
#define BENCH_SAMPLE_NS 40000.0	  /* length aimed at for one sample */
#define BENCH_WARM_NS	1000000.0 /* each try of a number of rounds goes on for so long */
#define BENCH_MAX_DIMS	32

/*
 * One benchmark: repeats its operation "rounds" times at the level.  "arg" is what the
 * caller of bench_compare() gave.
 */
typedef void (*BenchFunction)(VdbSimd simd, void *arg, long rounds);

/* Arguments of the program. */
typedef struct BenchState
{
	int argc;
	char **argv;
	int ndims;
	int dims[BENCH_MAX_DIMS];
} BenchState;

static BenchState bench_state;

/* Results go here, so that the compiler cannot drop the work. */
static volatile float bench_sink;

/* Monotonic time in nanoseconds. */
static inline double
bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

/* Order of doubles for qsort(). */
static inline int
bench_compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* The median of values[n], n odd; sorts them. */
static inline double
bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(double), bench_compare_doubles);
	return values[n / 2];
}

/* 64-byte aligned memory; exits when there is none.  Release with free(). */
static inline void *
bench_alloc(size_t bytes)
{
	void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);

	if (p == NULL)
	{
		fprintf(stderr, "out of memory (%zu bytes)\n", bytes);
		exit(2);
	}
	return p;
}

/* Fills x[n] with numbers in [-1, 1) that depend on the seed only. */
static inline void
bench_fill(float *x, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
	{
		/* Knuth's 64-bit linear congruential generator; the high bits are good enough */
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		x[i] = (float) (int32_t) (seed >> 32) * (1.0f / 2147483648.0f);
	}
}

/* Starts a program: keeps the arguments, sets the dimensions, prints the CSV header. */
static inline void
bench_begin(int argc, char **argv, const int *dims, int ndims)
{
	bench_state.argc = argc;
	bench_state.argv = argv;
	for (int i = 1; i < argc; i++)
		if (isdigit((unsigned char) argv[i][0]) && bench_state.ndims < BENCH_MAX_DIMS)
			bench_state.dims[bench_state.ndims++] = atoi(argv[i]);
	if (bench_state.ndims == 0)
		for (int i = 0; i < ndims && i < BENCH_MAX_DIMS; i++)
			bench_state.dims[bench_state.ndims++] = dims[i];
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("kernel,variant,dims,ns,GB/s,ratio_to_scalar\n");
}

/* True when the arguments select the kernel. */
static inline bool
bench_selected(const char *kernel)
{
	bool names = false;

	for (int i = 1; i < bench_state.argc; i++)
	{
		if (isdigit((unsigned char) bench_state.argv[i][0]))
			continue;
		if (strstr(kernel, bench_state.argv[i]) != NULL)
			return true;
		names = true;
	}
	return !names;
}

/* Prints one CSV row; bytes = 0 leaves the GB/s column empty. */
static inline void
bench_row(const char *kernel, const char *variant, int dims, double ns, double bytes, double ratio)
{
	if (bytes > 0)
		printf("%s,%s,%d,%.2f,%.1f,%.2f\n", kernel, variant, dims, ns, bytes / ns, ratio);
	else
		printf("%s,%s,%d,%.2f,,%.2f\n", kernel, variant, dims, ns, ratio);
}

/* The shortest time of "rounds" rounds, in nanoseconds: without interruptions. */
static inline double
bench_shortest(BenchFunction function, VdbSimd simd, void *arg, long rounds)
{
	double shortest = BENCH_SAMPLE_NS;
	double begin;
	double start;

	/* the first call of a process can take longer than a sample */
	function(simd, arg, rounds);
	begin = bench_now();
	while ((start = bench_now()) - begin < BENCH_WARM_NS)
	{
		double elapsed;

		function(simd, arg, rounds);
		elapsed = bench_now() - start;
		if (elapsed < shortest)
			shortest = elapsed;
	}
	return shortest;
}

/*
 * Times "function" at every level that runs here and prints the rows.  One round of it
 * is "operations" operations that each touch "bytes" bytes.
 */
static inline void
bench_compare(const char *kernel, int dims, double operations, double bytes, BenchFunction function,
			  void *arg)
{
	static double samples[VDB_SIMD_COUNT][BENCH_SAMPLES];
	long rounds[VDB_SIMD_COUNT];
	double scalar = 0.0;

	if (!bench_selected(kernel))
		return;

	/* find how many rounds make a sample; this also warms the caches */
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		rounds[s] = 1;
		while (vdb_simd_supported((VdbSimd) s) &&
			   bench_shortest(function, (VdbSimd) s, arg, rounds[s]) < BENCH_SAMPLE_NS / 2)
			rounds[s] *= 2;
	}
	for (int i = 0; i < BENCH_SAMPLES; i++)
		for (int s = 0; s < VDB_SIMD_COUNT; s++)
			if (vdb_simd_supported((VdbSimd) s))
			{
				double start = bench_now();

				function((VdbSimd) s, arg, rounds[s]);
				samples[s][i] = (bench_now() - start) / (double) rounds[s] / operations;
			}
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		if (vdb_simd_supported((VdbSimd) s))
		{
			double ns = bench_median(samples[s], BENCH_SAMPLES);

			if (s == VDB_SIMD_SCALAR)
				scalar = ns;
			bench_row(kernel, vdb_simd_name((VdbSimd) s), dims, ns, bytes, scalar / ns);
		}
}

#endif /* BENCH_MAIN_H */
