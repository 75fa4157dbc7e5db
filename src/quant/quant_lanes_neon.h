/*-------------------------------------------------------------------------
 *
 * quant_lanes_neon.h
 *	  Sixteen lanes and table sums: AArch64 Advanced SIMD; four registers.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_NEON is defined.  The contract of every quant_lanes_*.h
 *	  stands in README.md, "Lanes".
 *
 * IDENTIFICATION
 *	  src/quant/quant_lanes_neon.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_LANES_NEON_H
#define QUANT_LANES_NEON_H

#include <arm_neon.h>
#include "quant/quant_impl.h"

#define VDB_TARGET		 VDB_TARGET_NEON
#define VDB_FN(name)	 name##_neon
#define VDB_SIMD		 VDB_SIMD_NEON
#define LANES_ACC_CHUNKS 32 /* a 16-bit sum grows by 8 * 255 per chunk */

typedef struct
{
	float32x4_t f[4];
} lanes_f32;

typedef struct
{
	uint32x4_t u[4];
} lanes_u32;

typedef struct
{
	float64x2_t d[8];
} lanes_f64;

typedef struct
{
	int16x8_t w[4];
} lanes_i16;

typedef lanes_u32 lanes_set; /* all bits of a lane are set where it is in the set */

/* 16-bit sums of vectors 0..7 and 8..15. */
typedef struct
{
	uint16x8_t first;
	uint16x8_t last;
} lanes_acc;

/* ----- float lanes ----- */

VDB_INLINE lanes_f32
lanes_set1(float value)
{
	lanes_f32 r;

	for (int i = 0; i < 4; i++)
		r.f[i] = vdupq_n_f32(value);
	return r;
}

VDB_INLINE lanes_f32
lanes_load(const float *p)
{
	lanes_f32 r;

	for (int i = 0; i < 4; i++)
		r.f[i] = vld1q_f32(p + 4 * i);
	return r;
}

VDB_INLINE lanes_f32
lanes_load_partial(const float *p, int n)
{
	float lanes[QUANT_LANES] = {0};

	for (int i = 0; i < n && i < QUANT_LANES; i++)
		lanes[i] = p[i];
	return lanes_load(lanes);
}

VDB_INLINE lanes_f32
lanes_load_half(const uint16_t *p)
{
	lanes_f32 r;

	for (int i = 0; i < 4; i++)
		r.f[i] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i)));
	return r;
}

VDB_INLINE void
lanes_store(float *p, lanes_f32 a)
{
	for (int i = 0; i < 4; i++)
		vst1q_f32(p + 4 * i, a.f[i]);
}

VDB_INLINE void
lanes_store_partial(float *p, lanes_f32 a, int n)
{
	float lanes[QUANT_LANES];

	lanes_store(lanes, a);
	for (int i = 0; i < n && i < QUANT_LANES; i++)
		p[i] = lanes[i];
}

VDB_INLINE lanes_f32
lanes_add(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vaddq_f32(a.f[i], b.f[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_sub(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vsubq_f32(a.f[i], b.f[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_mul(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vmulq_f32(a.f[i], b.f[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_fma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vfmaq_f32(c.f[i], a.f[i], b.f[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_fnma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vfmsq_f32(c.f[i], a.f[i], b.f[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_abs(lanes_f32 a)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vabsq_f32(a.f[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_max(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vmaxq_f32(a.f[i], b.f[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_min(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vminq_f32(a.f[i], b.f[i]);
	return a;
}

VDB_INLINE float32x4_t
lanes_flip_signs(float32x4_t a, uint32x4_t signs)
{
	return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a), signs));
}

VDB_INLINE lanes_f32
lanes_hadamard(lanes_f32 a)
{
	const uint32x4_t sign1 = {0, 0x80000000u, 0, 0x80000000u};
	const uint32x4_t sign2 = {0, 0, 0x80000000u, 0x80000000u};
	float32x4_t b[4];

	/* levels 1 and 2 within a register: t - a as t + (-a) */
	for (int i = 0; i < 4; i++)
	{
		float32x4_t t = a.f[i];

		t = vaddq_f32(vrev64q_f32(t), lanes_flip_signs(t, sign1));
		a.f[i] = vaddq_f32(vextq_f32(t, t, 2), lanes_flip_signs(t, sign2));
	}
	b[0] = vaddq_f32(a.f[0], a.f[1]);
	b[1] = vsubq_f32(a.f[0], a.f[1]);
	b[2] = vaddq_f32(a.f[2], a.f[3]);
	b[3] = vsubq_f32(a.f[2], a.f[3]);
	a.f[0] = vaddq_f32(b[0], b[2]);
	a.f[1] = vaddq_f32(b[1], b[3]);
	a.f[2] = vsubq_f32(b[0], b[2]);
	a.f[3] = vsubq_f32(b[1], b[3]);
	return a;
}

VDB_INLINE lanes_f32
lanes_segment_sums(lanes_f32 a)
{
	for (int i = 0; i < 4; i++)
	{
		float32x4_t t = vaddq_f32(a.f[i], vrev64q_f32(a.f[i]));

		a.f[i] = vaddq_f32(t, vextq_f32(t, t, 2));
	}
	return a;
}

VDB_INLINE float
lanes_sum(lanes_f32 a)
{
	float32x4_t quad = vaddq_f32(vaddq_f32(a.f[0], a.f[2]), vaddq_f32(a.f[1], a.f[3]));
	float32x2_t pair = vadd_f32(vget_low_f32(quad), vget_high_f32(quad));

	return vget_lane_f32(pair, 0) + vget_lane_f32(pair, 1);
}

/* ----- double lanes ----- */

VDB_INLINE lanes_f64
lanes_f64_zero(void)
{
	lanes_f64 r;

	VDB_UNROLL
	for (int i = 0; i < 8; i++)
		r.d[i] = vdupq_n_f64(0.0);
	return r;
}

VDB_INLINE lanes_f64
lanes_f64_from(lanes_f32 a)
{
	lanes_f64 r;

	VDB_UNROLL
	for (int i = 0; i < 4; i++)
	{
		r.d[2 * i] = vcvt_f64_f32(vget_low_f32(a.f[i]));
		r.d[2 * i + 1] = vcvt_high_f64_f32(a.f[i]);
	}
	return r;
}

VDB_INLINE lanes_f64
lanes_f64_sub(lanes_f64 a, lanes_f64 b)
{
	VDB_UNROLL
	for (int i = 0; i < 8; i++)
		a.d[i] = vsubq_f64(a.d[i], b.d[i]);
	return a;
}

VDB_INLINE lanes_f64
lanes_f64_add_product(lanes_f64 sum, lanes_f64 a, lanes_f64 b)
{
	VDB_UNROLL
	for (int i = 0; i < 8; i++)
		sum.d[i] = vaddq_f64(sum.d[i], vmulq_f64(a.d[i], b.d[i]));
	return sum;
}

VDB_INLINE lanes_f32
lanes_mul_f64(lanes_f32 a, double factor)
{
	lanes_f64 wide = lanes_f64_from(a);

	VDB_UNROLL
	for (int i = 0; i < 4; i++)
		a.f[i] = vcvt_high_f32_f64(vcvt_f32_f64(vmulq_n_f64(wide.d[2 * i], factor)),
								   vmulq_n_f64(wide.d[2 * i + 1], factor));
	return a;
}

VDB_INLINE double
lanes_f64_sum(lanes_f64 a)
{
	float64x2_t b;

	VDB_UNROLL
	for (int i = 0; i < 4; i++)
		a.d[i] = vaddq_f64(a.d[i], a.d[i + 4]);
	b = vaddq_f64(vaddq_f64(a.d[0], a.d[2]), vaddq_f64(a.d[1], a.d[3]));
	return vgetq_lane_f64(b, 0) + vgetq_lane_f64(b, 1);
}

/* ----- sets of lanes ----- */

VDB_INLINE lanes_set
lanes_less(lanes_f32 a, lanes_f32 b)
{
	lanes_set r;

	for (int i = 0; i < 4; i++)
		r.u[i] = vcltq_f32(a.f[i], b.f[i]);
	return r;
}

VDB_INLINE lanes_set
lanes_less_equal(lanes_f32 a, lanes_f32 b)
{
	lanes_set r;

	for (int i = 0; i < 4; i++)
		r.u[i] = vcleq_f32(a.f[i], b.f[i]);
	return r;
}

VDB_INLINE uint32_t
lanes_bits(lanes_set set)
{
	const uint16x8_t weights = {1, 2, 4, 8, 16, 32, 64, 128};
	uint16x8_t first = vcombine_u16(vmovn_u32(set.u[0]), vmovn_u32(set.u[1]));
	uint16x8_t last = vcombine_u16(vmovn_u32(set.u[2]), vmovn_u32(set.u[3]));

	return (uint32_t) vaddvq_u16(vandq_u16(first, weights)) |
		   (uint32_t) vaddvq_u16(vandq_u16(last, weights)) << 8;
}

VDB_INLINE lanes_f32
lanes_negate(lanes_set set, lanes_f32 a)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = lanes_flip_signs(a.f[i], vandq_u32(set.u[i], vdupq_n_u32(0x80000000u)));
	return a;
}

VDB_INLINE lanes_f32
lanes_choose(lanes_set set, lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < 4; i++)
		a.f[i] = vbslq_f32(set.u[i], a.f[i], b.f[i]);
	return a;
}

/* ----- integer lanes ----- */

VDB_INLINE lanes_u32
lanes_u32_zero(void)
{
	lanes_u32 r;

	for (int i = 0; i < 4; i++)
		r.u[i] = vdupq_n_u32(0);
	return r;
}

VDB_INLINE lanes_u32
lanes_u32_load(const uint32_t *p)
{
	lanes_u32 r;

	for (int i = 0; i < 4; i++)
		r.u[i] = vld1q_u32(p + 4 * i);
	return r;
}

VDB_INLINE void
lanes_u32_store(uint32_t *p, lanes_u32 a)
{
	for (int i = 0; i < 4; i++)
		vst1q_u32(p + 4 * i, a.u[i]);
}

VDB_INLINE lanes_u32
lanes_u32_add(lanes_u32 a, lanes_u32 b)
{
	for (int i = 0; i < 4; i++)
		a.u[i] = vaddq_u32(a.u[i], b.u[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_from_u32(lanes_u32 a)
{
	lanes_f32 r;

	for (int i = 0; i < 4; i++)
		r.f[i] = vcvtq_f32_u32(a.u[i]);
	return r;
}

VDB_INLINE lanes_u32
lanes_to_u32(lanes_f32 a)
{
	lanes_u32 r;

	for (int i = 0; i < 4; i++)
		r.u[i] = vcvtq_u32_f32(a.f[i]);
	return r;
}

VDB_INLINE uint32_t
lanes_u32_sum(lanes_u32 a)
{
	return vaddvq_u32(vaddq_u32(vaddq_u32(a.u[0], a.u[1]), vaddq_u32(a.u[2], a.u[3])));
}

VDB_INLINE void
lanes_u32_store_bytes(uint8_t *p, lanes_u32 a)
{
	uint16x8_t first = vcombine_u16(vmovn_u32(a.u[0]), vmovn_u32(a.u[1]));
	uint16x8_t last = vcombine_u16(vmovn_u32(a.u[2]), vmovn_u32(a.u[3]));

	vst1q_u8(p, vcombine_u8(vmovn_u16(first), vmovn_u16(last)));
}

/* ----- 16-bit lanes ----- */

VDB_INLINE void
lanes_store_i16(int16_t *p, lanes_f32 a)
{
	for (int i = 0; i < 4; i++)
		vst1_s16(p + 4 * i, vmovn_s32(vcvtq_s32_f32(a.f[i])));
}

VDB_INLINE lanes_i16
lanes_i16_load(const int16_t *p)
{
	lanes_i16 r;

	for (int i = 0; i < 4; i++)
		r.w[i] = vld1q_s16(p + 8 * i);
	return r;
}

VDB_INLINE lanes_i16
lanes_i16_load_half(const int16_t *p)
{
	return (lanes_i16){{vld1q_s16(p), vld1q_s16(p + 8), vdupq_n_s16(0), vdupq_n_s16(0)}};
}

/* Sixteen bytes as words 8i..8i+15. */
VDB_INLINE void
lanes_i16_widen(lanes_i16 *words, int i, const uint8_t *p)
{
	uint8x16_t bytes = vld1q_u8(p);

	words->w[i] = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes)));
	words->w[i + 1] = vreinterpretq_s16_u16(vmovl_high_u8(bytes));
}

VDB_INLINE lanes_i16
lanes_i16_bytes(const uint8_t *p)
{
	lanes_i16 r;

	lanes_i16_widen(&r, 0, p);
	lanes_i16_widen(&r, 2, p + 16);
	return r;
}

VDB_INLINE lanes_i16
lanes_i16_bytes_half(const uint8_t *p)
{
	lanes_i16 r;

	lanes_i16_widen(&r, 0, p);
	r.w[2] = r.w[3] = vdupq_n_s16(0);
	return r;
}

VDB_INLINE lanes_i16
lanes_i16_low_nibbles(lanes_i16 a)
{
	for (int i = 0; i < 4; i++)
		a.w[i] = vandq_s16(a.w[i], vdupq_n_s16(15));
	return a;
}

VDB_INLINE lanes_i16
lanes_i16_high_nibbles(lanes_i16 a)
{
	for (int i = 0; i < 4; i++)
		a.w[i] = vshrq_n_s16(a.w[i], 4);
	return a;
}

VDB_INLINE lanes_u32
lanes_u32_add_products(lanes_u32 sum, lanes_i16 a, lanes_i16 b)
{
	for (int i = 0; i < 4; i++)
	{
		int32x4_t s = vreinterpretq_s32_u32(sum.u[i]);

		s = vmlal_s16(s, vget_low_s16(a.w[i]), vget_low_s16(b.w[i]));
		sum.u[i] = vreinterpretq_u32_s32(vmlal_high_s16(s, a.w[i], b.w[i]));
	}
	return sum;
}

/* ----- tables ----- */

/*
 * The 16 entries of one segment, dimensions q[0..3].  Weights are 16-bit integers modulo
 * 2^16, negative for negative dimensions, whose sum, with half a step, is the base.
 */
VDB_INLINE void
lanes_table_segment(float32x4_t q, float scale, uint8_t *entries)
{
	/* word n of the result: word j of the weights where bit j of n is set, else zero */
	const uint8x16_t bit0 = {255, 255, 0, 1, 255, 255, 0, 1, 255, 255, 0, 1, 255, 255, 0, 1};
	const uint8x16_t bit1 = {255, 255, 255, 255, 2, 3, 2, 3, 255, 255, 255, 255, 2, 3, 2, 3};
	const uint8x16_t bit2 = {255, 255, 255, 255, 255, 255, 255, 255, 4, 5, 4, 5, 4, 5, 4, 5};
	float32x4_t scaled = vmulq_n_f32(vabsq_f32(q), scale);
	int32x4_t weight = vcvtq_s32_f32(vaddq_f32(scaled, vdupq_n_f32(0.5f)));
	int32x4_t negative = vreinterpretq_s32_u32(vcltzq_f32(q));
	uint16_t base = (uint16_t) (128 + vaddvq_s32(vandq_s32(weight, negative)));
	int16x4_t narrow = vmovn_s32(vsubq_s32(veorq_s32(weight, negative), negative));
	uint8x16_t weights = vreinterpretq_u8_s16(vcombine_s16(narrow, narrow));
	uint16x8_t lower = vdupq_n_u16(base);
	uint16x8_t upper;

	lower = vaddq_u16(lower, vreinterpretq_u16_u8(vqtbl1q_u8(weights, bit0)));
	lower = vaddq_u16(lower, vreinterpretq_u16_u8(vqtbl1q_u8(weights, bit1)));
	lower = vaddq_u16(lower, vreinterpretq_u16_u8(vqtbl1q_u8(weights, bit2)));
	upper = vaddq_u16(lower, vdupq_laneq_u16(vreinterpretq_u16_u8(weights), 3));
	vst1q_u8(entries, vcombine_u8(vshrn_n_u16(lower, 8), vshrn_n_u16(upper, 8)));
}

VDB_INLINE void
lanes_table_chunk(lanes_f32 q0, lanes_f32 q1, float scale, uint8_t *table)
{
	for (int i = 0; i < 4; i++)
	{
		uint8_t *entries = table + (i % 2) * QUANT_CHUNK + (i / 2) * 16;

		lanes_table_segment(q0.f[i], scale, entries);
		lanes_table_segment(q1.f[i], scale, entries + 2 * 16);
	}
}

VDB_INLINE lanes_acc
lanes_acc_zero(void)
{
	lanes_acc acc;

	acc.first = vdupq_n_u16(0);
	acc.last = vdupq_n_u16(0);
	return acc;
}

VDB_INLINE lanes_acc
lanes_acc_step(lanes_acc acc, const uint8_t *table, const uint8_t *chunk)
{
	for (int g = 0; g < QUANT_CHUNK_CODE; g++)
	{
		uint8x16_t bytes = vld1q_u8(chunk + g * QUANT_UNIT);
		uint8x16_t low = vqtbl1q_u8(vld1q_u8(table + g * 16), vandq_u8(bytes, vdupq_n_u8(15)));
		uint8x16_t high = vqtbl1q_u8(vld1q_u8(table + QUANT_CHUNK + g * 16), vshrq_n_u8(bytes, 4));

		acc.first = vaddq_u16(acc.first, vaddl_u8(vget_low_u8(low), vget_low_u8(high)));
		acc.last = vaddq_u16(acc.last, vaddl_high_u8(low, high));
	}
	return acc;
}

/* Coarse entries of one byte of all codes, low plus high nibble: at most 126. */
VDB_INLINE uint8x16_t
lanes_coarse_entries(const uint8_t *table, const uint8_t *group)
{
	uint8x16_t bytes = vld1q_u8(group);

	return vaddq_u8(vqtbl1q_u8(vld1q_u8(table), vandq_u8(bytes, vdupq_n_u8(15))),
					vqtbl1q_u8(vld1q_u8(table + QUANT_CHUNK), vshrq_n_u8(bytes, 4)));
}

VDB_INLINE lanes_acc
lanes_acc_coarse(lanes_acc acc, const uint8_t *table, const uint8_t *chunks)
{
	for (int i = 0; i < 2; i++)
	{
		for (int g = 0; g < QUANT_CHUNK; g += 2 * QUANT_UNIT)
		{
			uint8x16_t sums =
				vaddq_u8(lanes_coarse_entries(table + g, chunks + g),
						 lanes_coarse_entries(table + g + 16, chunks + g + QUANT_UNIT));

			acc.first = vaddw_u8(acc.first, vget_low_u8(sums));
			acc.last = vaddw_high_u8(acc.last, sums);
		}
		table += QUANT_CHUNK_TABLE;
		chunks += QUANT_CHUNK;
	}
	return acc;
}

VDB_INLINE lanes_u32
lanes_acc_drain(lanes_acc acc)
{
	lanes_u32 r;

	r.u[0] = vmovl_u16(vget_low_u16(acc.first));
	r.u[1] = vmovl_high_u16(acc.first);
	r.u[2] = vmovl_u16(vget_low_u16(acc.last));
	r.u[3] = vmovl_high_u16(acc.last);
	return r;
}

#endif /* QUANT_LANES_NEON_H */
