/*-------------------------------------------------------------------------
 *
 * test_main.h
 *	  Frame of the unit tests: cases, checks, random numbers, guarded memory.
 *
 * NOTES
 *	  Pure C, no dependency but libc and the pure-C core.  Each test_*.c is one
 *	  program that includes this file once and whose main() reads
 *
 *		test_begin(argc, argv);
 *		TEST_RUN(my_case);			a static void my_case(void)
 *		return test_end();
 *
 *	  The output is TAP.  Arguments select the cases whose name contains one of them.
 *	  Environment: VDB_TEST_SEED (a number), VDB_REQUIRE_SIMD (levels that must run,
 *	  separated by commas; "all" for every level that the build holds).
 *
 * IDENTIFICATION
 *	  test/unit/test_main.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEST_MAIN_H
#define TEST_MAIN_H

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "port/vdb_cpu.h"

#define TEST_DEFAULT_SEED	UINT64_C(20240229)
#define TEST_FAILURES_SHOWN 10 /* failed checks printed per case; the rest are counted */

/* State of the running program. */
typedef struct TestState
{
	uint64_t seed;
	uint64_t rng[4]; /* xoshiro256** state, set anew for every case */
	int argc;
	char **argv;
	const char *name;				/* running case */
	const char *skip;				/* reason given by TEST_SKIP, or NULL */
	uint64_t checks;				/* checks of the running case */
	uint64_t failures;				/* failed checks of the running case */
	int cases;						/* cases run so far */
	int failed_cases;				/* cases with a failed check */
	bool simd_told[VDB_SIMD_COUNT]; /* level already reported as skipped */
} TestState;

static TestState test_state;

/* ----- checks ----- */

/* Counts a failed check and prints where and why it failed. */
static inline void __attribute__((format(printf, 4, 5)))
test_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	va_list args;

	test_state.failures++;
	if (test_state.failures > TEST_FAILURES_SHOWN)
		return;
	printf("# %s:%d: CHECK(%s) failed: ", file, line, condition);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

/* Checks a condition; the message is a printf format with its arguments. */
#define CHECK(condition, ...)                                                                      \
	do                                                                                             \
	{                                                                                              \
		test_state.checks++;                                                                       \
		if (!(condition))                                                                          \
			test_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                                \
	} while (0)

/* Like CHECK, but leaves the (void) function when the condition does not hold. */
#define REQUIRE(condition, ...)                                                                    \
	do                                                                                             \
	{                                                                                              \
		test_state.checks++;                                                                       \
		if (!(condition))                                                                          \
		{                                                                                          \
			test_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                                \
			return;                                                                                \
		}                                                                                          \
	} while (0)

/* Leaves the case (a void function) and reports it as skipped. */
#define TEST_SKIP(reason)                                                                          \
	do                                                                                             \
	{                                                                                              \
		test_state.skip = (reason);                                                                \
		return;                                                                                    \
	} while (0)

/* ----- random numbers: xoshiro256** (Blackman and Vigna), seeded by splitmix64 ----- */

/* One step of splitmix64. */
static inline uint64_t
test_splitmix64(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Sets the generator's state from one number. */
static inline void
test_random_seed(uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		test_state.rng[i] = test_splitmix64(&seed);
}

/* 64 random bits. */
static inline uint64_t
test_random_u64(void)
{
	uint64_t *s = test_state.rng;
	uint64_t x = s[1] * 5;
	uint64_t result = ((x << 7) | (x >> 57)) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return result;
}

/* A whole number in [0, n), n >= 1. */
static inline uint32_t
test_random_below(uint32_t n)
{
	return (uint32_t) (((test_random_u64() >> 32) * n) >> 32);
}

/* A double in [0, 1). */
static inline double
test_random_double(void)
{
	return (double) (test_random_u64() >> 11) * 0x1p-53;
}

/* A float in [low, high). */
static inline float
test_random_float(float low, float high)
{
	float value = low + (float) (test_random_double() * ((double) high - (double) low));

	return value < high ? value : low;
}

/* A standard normal number (Box and Muller). */
static inline float
test_random_normal(void)
{
	double u = 1.0 - test_random_double();
	double v = test_random_double();

	return (float) (sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}

/* ----- memory that catches reads and writes outside ----- */

/*
 * malloc() of exactly n bytes (AddressSanitizer finds the first byte past them);
 * exits when memory runs out.  Release with free().
 */
static inline void *
exact_alloc(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	if (p == NULL)
	{
		printf("Bail out! out of memory (%zu bytes)\n", n);
		exit(2);
	}
	return p;
}

/* exact_alloc() filled with n bytes from "source". */
static inline void *
exact_copy(const void *source, size_t n)
{
	void *p = exact_alloc(n);

	if (n > 0)
		memcpy(p, source, n);
	return p;
}

/* 64-byte aligned memory of exactly n bytes; released with free(). */
static inline void *
aligned_bytes(size_t n)
{
	void *p;

	if (posix_memalign(&p, 64, n) != 0)
		exit(2);
	return p;
}

/*
 * Memory of n bytes that ends where an inaccessible page begins, so that reading past
 * it is a fault without AddressSanitizer too, and also in masked loads, which it does
 * not see.  The alignment is what n leaves.  Release with guard_free(p, n).
 */
static inline void *
guard_alloc(size_t n)
{
	size_t page = (size_t) sysconf(_SC_PAGESIZE);
	size_t body = (n + page - 1) / page * page;
	char *base =
		mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED || mprotect(base + body, page, PROT_NONE) != 0)
	{
		printf("Bail out! could not map %zu guarded bytes\n", n);
		exit(2);
	}
	return base + (body - n);
}

/* Releases memory of guard_alloc(n). */
static inline void
guard_free(void *p, size_t n)
{
	size_t page = (size_t) sysconf(_SC_PAGESIZE);
	size_t body = (n + page - 1) / page * page;

	munmap((char *) p - (body - n), body + page);
}

/* ----- SIMD levels ----- */

/* True when VDB_REQUIRE_SIMD names the level. */
static inline bool
test_simd_required(VdbSimd simd)
{
	const char *list = getenv("VDB_REQUIRE_SIMD");
	const char *name = vdb_simd_name(simd);

	while (list != NULL && *list != '\0')
	{
		size_t length = strcspn(list, ",");

		if (length == strlen(name) && strncmp(list, name, length) == 0)
			return true;
		if (length == 3 && strncmp(list, "all", 3) == 0 && vdb_simd_compiled(simd))
			return true;
		list += length;
		list += *list == ',';
	}
	return false;
}

/*
 * True when tests of the level can run here.  Otherwise prints a SKIP line (once per
 * program), and fails the running case if VDB_REQUIRE_SIMD names the level.  Use:
 *
 *		for (int s = 0; s < VDB_SIMD_COUNT; s++)
 *			if (test_simd(s)) ...
 */
static inline bool
test_simd(VdbSimd simd)
{
	const char *reason;

	if (vdb_simd_supported(simd))
		return true;
	reason = vdb_simd_compiled(simd) ? "not supported by this CPU" : "not compiled in";
	CHECK(!test_simd_required(simd), "VDB_REQUIRE_SIMD names %s: %s", vdb_simd_name(simd), reason);
	if (!test_state.simd_told[simd])
		printf("# SKIP %s: %s\n", vdb_simd_name(simd), reason);
	test_state.simd_told[simd] = true;
	return false;
}

/* ----- running ----- */

/* Starts the program: reads the environment and keeps the arguments. */
static inline void
test_begin(int argc, char **argv)
{
	const char *seed = getenv("VDB_TEST_SEED");

	test_state.seed = seed != NULL && *seed != '\0' ? strtoull(seed, NULL, 0) : TEST_DEFAULT_SEED;
	test_state.argc = argc;
	test_state.argv = argv;
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* True when the arguments select the case. */
static inline bool
test_selected(const char *name)
{
	for (int i = 1; i < test_state.argc; i++)
		if (strstr(name, test_state.argv[i]) != NULL)
			return true;
	return test_state.argc <= 1;
}

/* Runs one case, with random numbers that depend on the seed and its name only. */
static inline void
test_run(const char *name, void (*function)(void))
{
	uint64_t seed = test_state.seed;

	if (!test_selected(name))
		return;
	for (const char *p = name; *p != '\0'; p++)
		seed = (seed ^ (unsigned char) *p) * UINT64_C(0x100000001b3);
	test_random_seed(seed);
	test_state.name = name;
	test_state.skip = NULL;
	test_state.checks = 0;
	test_state.failures = 0;
	test_state.cases++;
	function();
	if (test_state.failures > 0)
	{
		test_state.failed_cases++;
		printf("# %" PRIu64 " of %" PRIu64 " checks failed; VDB_TEST_SEED=%" PRIu64 "\n",
			   test_state.failures, test_state.checks, test_state.seed);
		printf("not ok %d - %s\n", test_state.cases, name);
	}
	else if (test_state.skip != NULL)
		printf("ok %d - %s # SKIP %s\n", test_state.cases, name, test_state.skip);
	else
		printf("ok %d - %s\n", test_state.cases, name);
}

#define TEST_RUN(function) test_run(#function, function)

/* Prints the plan; returns the exit status of main(). */
static inline int
test_end(void)
{
	printf("1..%d\n", test_state.cases);
	return test_state.failed_cases > 0 ? 1 : 0;
}

#endif /* TEST_MAIN_H */
