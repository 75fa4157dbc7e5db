/*-------------------------------------------------------------------------
 *
 * quant_table_neon.h
 *	  Query tables and their sums: AArch64 Advanced SIMD.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_NEON is defined.  The contract of every
 *	  quant_table_<level>.h stands in README.md, "Lanes".
 *
 * IDENTIFICATION
 *	  src/quant/quant_table_neon.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_TABLE_NEON_H
#define QUANT_TABLE_NEON_H

#include "quant/quant_impl.h"
#include "simd/vf_neon.h"
#include "simd/vf_lanes.h"

#define LANES_ACC_CHUNKS 32 /* a 16-bit sum grows by 8 * 255 per chunk */

/* 16-bit sums of vectors 0..7 and 8..15. */
typedef struct
{
	uint16x8_t first;
	uint16x8_t last;
} lanes_acc;

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
	VDB_UNROLL
	for (int i = 0; i < 4; i++)
	{
		uint8_t *entries = table + (i % 2) * QUANT_CHUNK + (i / 2) * 16;

		lanes_table_segment(q0.v[i], scale, entries);
		lanes_table_segment(q1.v[i], scale, entries + 2 * 16);
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
	VDB_UNROLL
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
	VDB_UNROLL
	for (int i = 0; i < 2; i++)
	{
		VDB_UNROLL
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

VDB_INLINE lanes_acc
lanes_acc_common(lanes_acc acc, const uint8_t *bytes, const uint8_t *chunks, int n)
{
	uint8x16_t sums = vdupq_n_u8(0);

	VDB_UNROLL
	for (int i = 0; i < n * QUANT_CHUNK; i += QUANT_UNIT)
		sums = vaddq_u8(sums, vcntq_u8(vandq_u8(vld1q_u8(bytes + i), vld1q_u8(chunks + i))));
	acc.first = vaddw_u8(acc.first, vget_low_u8(sums));
	acc.last = vaddw_high_u8(acc.last, sums);
	return acc;
}

VDB_INLINE lanes_u32
lanes_acc_drain(lanes_acc acc)
{
	lanes_u32 r;

	r.v[0] = vmovl_u16(vget_low_u16(acc.first));
	r.v[1] = vmovl_high_u16(acc.first);
	r.v[2] = vmovl_u16(vget_low_u16(acc.last));
	r.v[3] = vmovl_high_u16(acc.last);
	return r;
}

#endif /* QUANT_TABLE_NEON_H */
