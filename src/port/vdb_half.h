/*-------------------------------------------------------------------------
 *
 * vdb_half.h
 *	  IEEE 754 binary16 <-> binary32 in plain integer arithmetic.
 *
 * NOTES
 *	  Pure C.  Used where the result reaches disk, so it must be the same on every
 *	  CPU: round to nearest even, overflow to infinity, subnormals kept.  The
 *	  hardware conversions (F16C, NEON) give the same bits.
 *
 * IDENTIFICATION
 *	  src/port/vdb_half.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VDB_HALF_H
#define VDB_HALF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The binary16 nearest to "value", ties to even; NaN stays a quiet NaN. */
static inline uint16_t
vdb_half_from_float(float value)
{
	uint32_t bits;
	uint32_t sign;
	uint32_t abs;

	memcpy(&bits, &value, sizeof(bits));
	sign = (bits >> 16) & 0x8000u;
	abs = bits & 0x7fffffffu;

	if (abs >= 0x7f800000u) /* infinity or NaN */
		return (uint16_t) (sign | 0x7c00u |
						   (abs > 0x7f800000u ? 0x0200u | ((abs >> 13) & 0x3ffu) : 0));
	if (abs >= 0x477ff000u) /* rounds to 65536 or more */
		return (uint16_t) (sign | 0x7c00u);
	if (abs < 0x38800000u) /* subnormal or zero in binary16 */
	{
		uint32_t shift;
		uint32_t mantissa;
		uint32_t result;
		uint32_t rest;
		uint32_t half;

		if (abs < 0x33000000u) /* below half of the smallest subnormal */
			return (uint16_t) sign;
		shift = 126u - (abs >> 23); /* 14..24 */
		mantissa = (abs & 0x007fffffu) | 0x00800000u;
		result = mantissa >> shift;
		rest = mantissa & ((1u << shift) - 1u);
		half = 1u << (shift - 1u);
		if (rest > half || (rest == half && (result & 1u)))
			result++;
		return (uint16_t) (sign | result);
	}
	/* normal: rebias the exponent, round the 13 dropped bits to nearest even */
	abs += ((abs >> 13) & 1u) + 0x0fffu - 0x38000000u;
	return (uint16_t) (sign | (abs >> 13));
}

/* The exact binary32 value of a binary16. */
static inline float
vdb_half_to_float(uint16_t half)
{
	uint32_t sign = (uint32_t) (half & 0x8000u) << 16;
	uint32_t exponent = (half >> 10) & 0x1fu;
	uint32_t mantissa = half & 0x3ffu;
	uint32_t bits;
	float value;

	if (exponent == 0x1fu)
		bits = sign | 0x7f800000u | (mantissa << 13);
	else if (exponent != 0)
		bits = sign | ((exponent + 112u) << 23) | (mantissa << 13);
	else
	{
		/* zero or subnormal: mantissa * 2^-24, exact in binary32 */
		value = (float) mantissa * (1.0f / 16777216.0f);
		memcpy(&bits, &value, sizeof(bits));
		bits |= sign;
	}
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/*
 * The first n binary16 of p, at most four, in the low bits of a word, p[0] lowest; zeros
 * above.  Reads nothing past p[n - 1].  For little-endian vector registers.
 */
static inline uint64_t
vdb_half_gather(const uint16_t *p, size_t n)
{
	uint64_t word = 0;

	if (n >= 4)
	{
		memcpy(&word, p, sizeof(word));
		return word;
	}
	if (n > 0)
		word = p[0];
	if (n > 1)
		word |= (uint64_t) p[1] << 16;
	if (n > 2)
		word |= (uint64_t) p[2] << 32;
	return word;
}

#endif /* VDB_HALF_H */
