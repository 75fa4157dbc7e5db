/*-------------------------------------------------------------------------
 *
 * test_bits.c
 *	  Tests of the bit kernels: every level, every length, against bit by bit counts.
 *
 * IDENTIFICATION
 *	  test/unit/test_bits.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "distance/bits.h"

#define SHORT_BYTES 600 /* all lengths from 0 to this one */

/* Longer strings: around whole numbers of blocks, and the 16,000 bits of an index. */
static const size_t long_bytes[] = {1023, 1024, 1025, 2000, 4095, 8000, 65537};

#define LENGTHS (SHORT_BYTES + 1 + sizeof(long_bytes) / sizeof(long_bytes[0]))

/* The i-th length. */
static size_t
length_case(size_t i)
{
	return i <= SHORT_BYTES ? i : long_bytes[i - SHORT_BYTES - 1];
}

/* Calls "body" for each level that runs here; k is its table. */
#define FOR_EACH_LEVEL(k)                                                                          \
	for (int level = 0; level < VDB_SIMD_COUNT; level++)                                           \
		for (const BitsKernels *k = test_simd((VdbSimd) level) ? bits_kernels((VdbSimd) level)     \
															   : NULL;                             \
			 k != NULL; k = NULL)

/* Bits set in a byte, one by one. */
static uint64_t
count_byte(uint8_t byte)
{
	uint64_t count = 0;

	for (; byte != 0; byte >>= 1)
		count += byte & 1;
	return count;
}

/* Fills p[n] with bytes in which about one bit in "rarity" is set; 0 sets all. */
static void
fill_bits(uint8_t *p, size_t n, uint32_t rarity)
{
	for (size_t i = 0; i < n; i++)
	{
		p[i] = 0;
		for (int bit = 0; bit < 8; bit++)
			p[i] |= (uint8_t) ((rarity == 0 || test_random_below(rarity) == 0) << bit);
	}
}

/* Runs all kernels on a[n] and b[n] in places of several alignments against the reference. */
static void
check_strings(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t hamming = 0;
	uint64_t both = 0;
	uint64_t either = 0;
	uint8_t *exact_a = exact_copy(a, n);
	uint8_t *odd_b = exact_alloc(n + 3);
	uint8_t *guard_a = guard_alloc(n);
	uint8_t *guard_b = guard_alloc(n);

	for (size_t i = 0; i < n; i++)
	{
		hamming += count_byte(a[i] ^ b[i]);
		both += count_byte(a[i] & b[i]);
		either += count_byte(a[i] | b[i]);
	}
	memcpy(odd_b + 3, b, n);
	memcpy(guard_a, a, n);
	memcpy(guard_b, b, n);
	FOR_EACH_LEVEL(k)
	{
		const char *name = vdb_simd_name((VdbSimd) level);
		BitsOverlap overlap = k->overlap(guard_a, guard_b, n);

		CHECK(k->hamming(guard_a, guard_b, n) == hamming, "%s hamming, %zu bytes", name, n);
		CHECK(k->hamming(exact_a, odd_b + 3, n) == hamming, "%s hamming, %zu odd bytes", name, n);
		CHECK(overlap.both == both && overlap.either == either,
			  "%s overlap, %zu bytes: %" PRIu64 " and %" PRIu64 ", not %" PRIu64 " and %" PRIu64,
			  name, n, overlap.both, overlap.either, both, either);
		overlap = k->overlap(exact_a, odd_b + 3, n);
		CHECK(overlap.both == both && overlap.either == either, "%s overlap, %zu odd bytes", name,
			  n);
	}
	free(exact_a);
	free(odd_b);
	guard_free(guard_a, n);
	guard_free(guard_b, n);
}

/* Every length, with few, half and all bits set. */
static void
lengths(void)
{
	static const uint32_t rarities[] = {0, 2, 30};

	for (size_t c = 0; c < LENGTHS; c++)
	{
		size_t n = length_case(c);
		uint8_t *a = exact_alloc(n);
		uint8_t *b = exact_alloc(n);

		for (size_t r = 0; r < sizeof(rarities) / sizeof(rarities[0]); r++)
		{
			fill_bits(a, n, rarities[r]);
			fill_bits(b, n, 2);
			check_strings(a, b, n);
		}
		free(a);
		free(b);
	}
}

/* A single bit is found wherever it stands. */
static void
single_bits(void)
{
	static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 31, 33, 63, 64, 65, 127, 129, 260};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
	{
		size_t n = sizes[s];
		uint8_t *zero = exact_alloc(n);
		uint8_t *one = exact_alloc(n);

		memset(zero, 0, n);
		memset(one, 0, n);
		for (size_t bit = 0; bit < n * 8; bit++)
		{
			one[bit / 8] = (uint8_t) (0x80 >> bit % 8);
			FOR_EACH_LEVEL(k)
			{
				BitsOverlap overlap = k->overlap(one, zero, n);

				CHECK(k->hamming(zero, one, n) == 1 && overlap.both == 0 && overlap.either == 1 &&
						  k->overlap(one, one, n).both == 1,
					  "%s, bit %zu of %zu bytes", vdb_simd_name((VdbSimd) level), bit, n);
			}
			one[bit / 8] = 0;
		}
		free(zero);
		free(one);
	}
}

/* The choice of a level keeps to what can run, and no table asks for more than its level. */
static void
dispatch(void)
{
	CHECK(vdb_bits == bits_kernels(VDB_SIMD_SCALAR), "scalar is not the first choice");
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		VdbSimd simd = (VdbSimd) s;
		const BitsKernels *k = bits_kernels(simd);
		const BitsKernels *before = vdb_bits;

		CHECK((k != NULL) == vdb_simd_compiled(simd), "table of %s", vdb_simd_name(simd));
		bits_select(simd);
		CHECK(vdb_bits == (vdb_simd_supported(simd) ? k : before), "choice of %s",
			  vdb_simd_name(simd));
		if (k == NULL)
			continue;
		CHECK(k->simd <= simd && k->hamming && k->overlap, "table of %s", vdb_simd_name(simd));
		CHECK((k->simd == simd) == (simd != VDB_SIMD_AVX512 || vdb_cpu_has(VDB_CPU_VPOPCNTDQ)),
			  "table of %s is that of %s", vdb_simd_name(simd), vdb_simd_name(k->simd));
	}
	CHECK(bits_kernels((VdbSimd) VDB_SIMD_COUNT) == NULL, "a table past the last level");
	bits_select(VDB_SIMD_SCALAR);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(dispatch);
	TEST_RUN(lengths);
	TEST_RUN(single_bits);
	return test_end();
}
