/*-------------------------------------------------------------------------
 *
 * vf_lanes.h
 *	  Sixteen lanes in the vectors of a level: the operations that all levels have in common.
 *
 * NOTES
 *	  Pure C, a template: include it after a vf_<level>.h, once in a source file.  A lanes_* type
 *	  is an array of the level's vectors, lane 0 first; loops over it are unrolled, so that it
 *	  lives in registers.  Plain C keeps the loops, which the compiler vectorises itself.
 *
 *	  What only adds, subtracts, multiplies, chooses or converts lanes gives the same bits on every
 *	  level; lanes_fma() and lanes_fnma() do not.  lanes_sum() and lanes_f64_sum() add lane i + 8
 *	  to lane i, then i + 4, i + 2 and i + 1.
 *
 * IDENTIFICATION
 *	  src/simd/vf_lanes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VF_WIDTH
#error "include a vf_<level>.h before vf_lanes.h"
#endif

#include <string.h>

#define LANES		  16
#define LANES_VECTORS (LANES / VF_WIDTH)
#define LANES_DOUBLES (LANES_VECTORS * VD_PARTS)

/* Before a loop over the vectors of the lanes. */
#if VF_WIDTH > 1
#define LANES_UNROLL VDB_UNROLL
#else
#define LANES_UNROLL
#endif

typedef struct
{
	vf32 v[LANES_VECTORS];
} lanes_f32;

typedef struct
{
	vu32 v[LANES_VECTORS];
} lanes_u32;

typedef struct
{
	vset v[LANES_VECTORS];
} lanes_set;

typedef struct
{
	vd64 v[LANES_DOUBLES];
} lanes_f64;

/* 32 words. */
typedef struct
{
	vi16 v[LANES_VECTORS];
} lanes_i16;

/* ----- float lanes ----- */

VDB_INLINE VDB_TARGET lanes_f32
lanes_set1(float value)
{
	lanes_f32 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vf_set1(value);
	return r;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_load(const float *p)
{
	lanes_f32 r;

#if VF_WIDTH > 1
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vf_load(p + i * VF_WIDTH);
#else
	memcpy(&r, p, sizeof(r));
#endif
	return r;
}

VDB_INLINE VDB_TARGET void
lanes_store(float *p, lanes_f32 a)
{
#if VF_WIDTH > 1
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		vf_store(p + i * VF_WIDTH, a.v[i]);
#else
	memcpy(p, &a, sizeof(a));
#endif
}

/* The first n < 16 elements, zeros in the other lanes; touches only those n. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_load_partial(const float *p, int n)
{
#ifdef VF_MASKED
	lanes_f32 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vf_load_first(p + i * VF_WIDTH, n - i * VF_WIDTH);
	return r;
#else
	float elements[LANES] = {0};

	for (int i = 0; i < n; i++)
		elements[i] = p[i];
	return lanes_load(elements);
#endif
}

/* Stores the first n < 16 lanes. */
VDB_INLINE VDB_TARGET void
lanes_store_partial(float *p, lanes_f32 a, int n)
{
#ifdef VF_MASKED
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		vf_store_first(p + i * VF_WIDTH, a.v[i], n - i * VF_WIDTH);
#else
	float elements[LANES];

	lanes_store(elements, a);
	for (int i = 0; i < n; i++)
		p[i] = elements[i];
#endif
}

/* Sixteen binary16, widened exactly. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_load_half(const uint16_t *p)
{
	lanes_f32 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vf_load_f16(p + i * VF_WIDTH);
	return r;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_add(lanes_f32 a, lanes_f32 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_add(a.v[i], b.v[i]);
	return a;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_sub(lanes_f32 a, lanes_f32 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_sub(a.v[i], b.v[i]);
	return a;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_mul(lanes_f32 a, lanes_f32 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_mul(a.v[i], b.v[i]);
	return a;
}

/* a * b + c; one rounding or two, as the level has it. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_fma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_fma(a.v[i], b.v[i], c.v[i]);
	return a;
}

/* c - a * b; one rounding or two, as the level has it. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_fnma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_fnma(a.v[i], b.v[i], c.v[i]);
	return a;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_abs(lanes_f32 a)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_abs(a.v[i]);
	return a;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_max(lanes_f32 a, lanes_f32 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_max(a.v[i], b.v[i]);
	return a;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_min(lanes_f32 a, lanes_f32 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_min(a.v[i], b.v[i]);
	return a;
}

/* One level of the Hadamard transform between vectors that are h apart, h a constant. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_hadamard_level(lanes_f32 a, int h)
{
	LANES_UNROLL
	for (int start = 0; start < LANES_VECTORS; start += 2 * h)
	{
		LANES_UNROLL
		for (int i = 0; i < h; i++)
		{
			vf32 sum = vf_add(a.v[start + i], a.v[start + i + h]);

			a.v[start + i + h] = vf_sub(a.v[start + i], a.v[start + i + h]);
			a.v[start + i] = sum;
		}
	}
	return a;
}

/* The levels 1, 2, 4 and 8 of the transform: of each pair the sum, then the difference. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_hadamard(lanes_f32 a)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_hadamard(a.v[i]);
	if (LANES_VECTORS > 1)
		a = lanes_hadamard_level(a, 1);
	if (LANES_VECTORS > 2)
		a = lanes_hadamard_level(a, 2);
	if (LANES_VECTORS > 4)
		a = lanes_hadamard_level(a, 4);
	if (LANES_VECTORS > 8)
		a = lanes_hadamard_level(a, 8);
	return a;
}

/* (a0 + a1) + (a2 + a3) of every four lanes, in all four. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_segment_sums(lanes_f32 a)
{
#if VF_WIDTH > 1
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_segment_sums(a.v[i]);
#else
	for (int i = 0; i < LANES; i += 4)
	{
		float sum = (a.v[i] + a.v[i + 1]) + (a.v[i + 2] + a.v[i + 3]);

		a.v[i] = a.v[i + 1] = a.v[i + 2] = a.v[i + 3] = sum;
	}
#endif
	return a;
}

VDB_INLINE VDB_TARGET float
lanes_sum(lanes_f32 a)
{
	LANES_UNROLL
	for (int h = LANES_VECTORS / 2; h > 0; h /= 2)
	{
		LANES_UNROLL
		for (int i = 0; i < h; i++)
			a.v[i] = vf_add(a.v[i], a.v[i + h]);
	}
	return vf_fold(a.v[0]);
}

/* ----- double lanes ----- */

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_zero(void)
{
	lanes_f64 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_DOUBLES; i++)
		r.v[i] = vd_zero();
	return r;
}

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_from(lanes_f32 a)
{
	lanes_f64 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_DOUBLES; i++)
		r.v[i] = vd_from(a.v[i / VD_PARTS], i % VD_PARTS);
	return r;
}

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_sub(lanes_f64 a, lanes_f64 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_DOUBLES; i++)
		a.v[i] = vd_sub(a.v[i], b.v[i]);
	return a;
}

/* sum + a * b, each operation rounded. */
VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_add_product(lanes_f64 sum, lanes_f64 a, lanes_f64 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_DOUBLES; i++)
		sum.v[i] = vd_add(sum.v[i], vd_mul(a.v[i], b.v[i]));
	return sum;
}

/* Multiplies in double and rounds back. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_mul_f64(lanes_f32 a, double factor)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
	{
		vd64 wide[VD_PARTS];

		VDB_UNROLL
		for (int part = 0; part < VD_PARTS; part++)
			wide[part] = vd_mul(vd_from(a.v[i], part), vd_set1(factor));
		a.v[i] = vd_narrow(wide);
	}
	return a;
}

VDB_INLINE VDB_TARGET double
lanes_f64_sum(lanes_f64 a)
{
	LANES_UNROLL
	for (int h = LANES_DOUBLES / 2; h > 0; h /= 2)
	{
		LANES_UNROLL
		for (int i = 0; i < h; i++)
			a.v[i] = vd_add(a.v[i], a.v[i + h]);
	}
	return vd_fold(a.v[0]);
}

/* ----- sets of lanes ----- */

VDB_INLINE VDB_TARGET lanes_set
lanes_less(lanes_f32 a, lanes_f32 b)
{
	lanes_set r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vf_less(a.v[i], b.v[i]);
	return r;
}

VDB_INLINE VDB_TARGET lanes_set
lanes_less_equal(lanes_f32 a, lanes_f32 b)
{
	lanes_set r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vf_less_equal(a.v[i], b.v[i]);
	return r;
}

/* Bit i is set where lane i is in the set. */
VDB_INLINE VDB_TARGET uint32_t
lanes_bits(lanes_set set)
{
	return vset_bits(set.v);
}

/* a with the other sign in the lanes of the set. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_negate(lanes_set set, lanes_f32 a)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_negate(set.v[i], a.v[i]);
	return a;
}

/* a in the lanes of the set, b in the others. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_choose(lanes_set set, lanes_f32 a, lanes_f32 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vf_choose(set.v[i], a.v[i], b.v[i]);
	return a;
}

/* ----- integer lanes ----- */

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_zero(void)
{
	lanes_u32 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vu_zero();
	return r;
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_load(const uint32_t *p)
{
	lanes_u32 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vu_load(p + i * VF_WIDTH);
	return r;
}

VDB_INLINE VDB_TARGET void
lanes_u32_store(uint32_t *p, lanes_u32 a)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		vu_store(p + i * VF_WIDTH, a.v[i]);
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_add(lanes_u32 a, lanes_u32 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vu_add(a.v[i], b.v[i]);
	return a;
}

/* The nearest floats of numbers below 2^31. */
VDB_INLINE VDB_TARGET lanes_f32
lanes_from_u32(lanes_u32 a)
{
	lanes_f32 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vf_from_u32(a.v[i]);
	return r;
}

/* Truncates numbers in [0, 2^31). */
VDB_INLINE VDB_TARGET lanes_u32
lanes_to_u32(lanes_f32 a)
{
	lanes_u32 r;

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		r.v[i] = vf_to_u32(a.v[i]);
	return r;
}

/* The sum of all lanes, modulo 2^32. */
VDB_INLINE VDB_TARGET uint32_t
lanes_u32_sum(lanes_u32 a)
{
	vu32 sum = vu_zero();

	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		sum = vu_add(sum, a.v[i]);
	return vu_sum(sum);
}

/* Sixteen bytes, of numbers below 256. */
VDB_INLINE VDB_TARGET void
lanes_u32_store_bytes(uint8_t *p, lanes_u32 a)
{
	vu_store_bytes(p, a.v);
}

/* Sixteen bytes as numbers. */
VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_load_bytes(const uint8_t *p)
{
	lanes_u32 r;

	vu_load_bytes(r.v, p);
	return r;
}

/* ----- 16-bit lanes ----- */

/* Sixteen words, truncated, of numbers that fit. */
VDB_INLINE VDB_TARGET void
lanes_store_i16(int16_t *p, lanes_f32 a)
{
	vf_store_words(p, a.v);
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_load(const int16_t *p)
{
	lanes_i16 r;

	vi_load(r.v, p, 2 * LANES);
	return r;
}

/* Sixteen words, then zeros. */
VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_load_half(const int16_t *p)
{
	lanes_i16 r;

	vi_load(r.v, p, LANES);
	return r;
}

/* 32 bytes as words. */
VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_bytes(const uint8_t *p)
{
	lanes_i16 r;

	vi_load_bytes(r.v, p, 2 * LANES);
	return r;
}

/* Sixteen bytes as words, then zeros. */
VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_bytes_half(const uint8_t *p)
{
	lanes_i16 r;

	vi_load_bytes(r.v, p, LANES);
	return r;
}

/* Words below 256, modulo 16. */
VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_low_nibbles(lanes_i16 a)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vi_low_nibbles(a.v[i]);
	return a;
}

/* Words below 256, divided by 16. */
VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_high_nibbles(lanes_i16 a)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		a.v[i] = vi_high_nibbles(a.v[i]);
	return a;
}

/* Adds all products of two words to any lanes of the sum, modulo 2^32. */
VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_add_products(lanes_u32 sum, lanes_i16 a, lanes_i16 b)
{
	LANES_UNROLL
	for (int i = 0; i < LANES_VECTORS; i++)
		sum.v[i] = vu_add_products(sum.v[i], a.v[i], b.v[i]);
	return sum;
}
