/*-------------------------------------------------------------------------
 *
 * test_half.c
 *	  Tests of the binary16 conversions.
 *
 * IDENTIFICATION
 *	  test/unit/test_half.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "port/vdb_half.h"
#include "port/vdb_target.h"

#ifdef VDB_ARCH_X86
#include <immintrin.h>
#endif

#define HALF_COUNT 0x10000u

/* True for the bits of a binary16 NaN. */
static bool
half_is_nan(uint16_t half)
{
	return (half & 0x7c00u) == 0x7c00u && (half & 0x3ffu) != 0;
}

/* The bits of a float. */
static uint32_t
float_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* The float of given bits. */
static float
float_from_bits(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Every binary16 widens to the value that its fields define. */
static void
widen_all(void)
{
	for (uint32_t h = 0; h < HALF_COUNT; h++)
	{
		int exponent = (int) (h >> 10) & 0x1f;
		int mantissa = (int) h & 0x3ff;
		float value = vdb_half_to_float((uint16_t) h);
		double expected;

		CHECK((float_bits(value) >> 31) == (h >> 15), "0x%04x lost its sign", h);
		if (exponent == 0x1f)
		{
			CHECK(mantissa == 0 ? isinf(value) : isnan(value), "0x%04x gives %g", h, value);
			continue;
		}
		expected = exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
		CHECK(fabs((double) value) == expected, "0x%04x gives %g, not %g", h, value, expected);
	}
}

/* Every binary16 comes back from binary32 unchanged; a NaN comes back quiet. */
static void
round_trip_all(void)
{
	for (uint32_t h = 0; h < HALF_COUNT; h++)
	{
		uint16_t expected = (uint16_t) (half_is_nan((uint16_t) h) ? h | 0x200u : h);
		uint16_t back = vdb_half_from_float(vdb_half_to_float((uint16_t) h));

		CHECK(back == expected, "0x%04x came back as 0x%04x", h, back);
	}
}

/*
 * Between two neighbouring binary16 the nearer one is chosen, and in the middle the even
 * one; above the largest finite one the neighbour is 65536, which is infinity.
 */
static void
round_to_nearest_even(void)
{
	for (uint32_t h = 0; h < 0x7c00u; h++)
	{
		double low = (double) vdb_half_to_float((uint16_t) h);
		double high = h == 0x7bffu ? 65536.0 : (double) vdb_half_to_float((uint16_t) (h + 1));
		float middle = (float) ((low + high) / 2);
		uint16_t even = (uint16_t) (h + (h & 1u));

		CHECK((double) middle == (low + high) / 2, "middle above 0x%04x is not exact", h);
		CHECK(vdb_half_from_float(middle) == even, "middle above 0x%04x", h);
		CHECK(vdb_half_from_float(nextafterf(middle, 0.0f)) == h, "below middle above 0x%04x", h);
		CHECK(vdb_half_from_float(nextafterf(middle, INFINITY)) == h + 1,
			  "above middle above 0x%04x", h);
		CHECK(vdb_half_from_float(-middle) == (0x8000u | even), "minus middle above 0x%04x", h);
	}
}

/* Values outside the range, zeros, NaN. */
static void
special_values(void)
{
	CHECK(vdb_half_from_float(0.0f) == 0x0000u, "zero");
	CHECK(vdb_half_from_float(-0.0f) == 0x8000u, "minus zero");
	CHECK(vdb_half_from_float(INFINITY) == 0x7c00u, "infinity");
	CHECK(vdb_half_from_float(-INFINITY) == 0xfc00u, "minus infinity");
	CHECK(vdb_half_from_float(3.4e38f) == 0x7c00u, "largest float");
	CHECK(vdb_half_from_float(float_from_bits(1)) == 0, "smallest float");
	CHECK(half_is_nan(vdb_half_from_float(NAN)), "NaN");
	CHECK(vdb_half_from_float(float_from_bits(0x7f800001u)) == 0x7e00u, "signalling NaN");
	CHECK(vdb_half_from_float(float_from_bits(0xffffffffu)) == 0xffffu, "NaN, all bits");
}

#ifdef VDB_ARCH_X86
/* The conversions of the CPU (F16C), round to nearest even. */
static VDB_TARGET_AVX2 uint16_t
hardware_from_float(float value)
{
	return (uint16_t) _mm_extract_epi16(
		_mm_cvtps_ph(_mm_set_ss(value), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), 0);
}

static VDB_TARGET_AVX2 float
hardware_to_float(uint16_t half)
{
	return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(half)));
}
#elif defined(VDB_ARCH_NEON)
/* The conversions of the CPU (FCVT). */
static uint16_t
hardware_from_float(float value)
{
	__fp16 half = (__fp16) value;
	uint16_t bits;

	memcpy(&bits, &half, sizeof(bits));
	return bits;
}

static float
hardware_to_float(uint16_t half)
{
	__fp16 value;

	memcpy(&value, &half, sizeof(value));
	return (float) value;
}
#endif

/* The CPU's conversions give the same bits: all halves, and floats over the whole range. */
static void
hardware_agrees(void)
{
#if defined(VDB_ARCH_X86) || defined(VDB_ARCH_NEON)
	uint64_t first = test_random_u64() % 1021;

#ifdef VDB_ARCH_X86
	if (!test_simd(VDB_SIMD_AVX2))
		TEST_SKIP("no F16C");
#endif
	for (uint32_t h = 0; h < HALF_COUNT; h++)
	{
		uint32_t soft = float_bits(vdb_half_to_float((uint16_t) h));
		uint32_t hard = float_bits(hardware_to_float((uint16_t) h));

		/* hardware makes a NaN quiet */
		if (half_is_nan((uint16_t) h))
			soft |= 0x00400000u;
		CHECK(soft == hard, "0x%04x widens to 0x%08x, in hardware 0x%08x", h, soft, hard);
	}
	for (uint64_t bits = first; bits <= UINT32_MAX; bits += 1021)
	{
		float value = float_from_bits((uint32_t) bits);
		uint16_t soft = vdb_half_from_float(value);
		uint16_t hard = hardware_from_float(value);

		CHECK(soft == hard, "0x%08x narrows to 0x%04x, in hardware 0x%04x", (uint32_t) bits, soft,
			  hard);
	}
#else
	TEST_SKIP("no hardware conversion known for this architecture");
#endif
}

/* vdb_half_gather() reads exactly what it is told to. */
static void
gather(void)
{
	static const uint16_t source[] = {0x1111, 0x8222, 0xf333, 0xffff};

	for (size_t n = 0; n <= 4; n++)
	{
		uint16_t *p = guard_alloc(n * sizeof(uint16_t));
		uint64_t expected = 0;

		memcpy(p, source, n * sizeof(uint16_t));
		for (size_t i = 0; i < n; i++)
			expected |= (uint64_t) source[i] << (16 * i);
		CHECK(vdb_half_gather(p, n) == expected, "%zu halves", n);
		guard_free(p, n * sizeof(uint16_t));
	}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(widen_all);
	TEST_RUN(round_trip_all);
	TEST_RUN(round_to_nearest_even);
	TEST_RUN(special_values);
	TEST_RUN(hardware_agrees);
	TEST_RUN(gather);
	return test_end();
}
