/*-------------------------------------------------------------------------
 *
 * vf_neon.h
 *	  Vector operations of width 4: AArch64 Advanced SIMD.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_NEON is defined; contract in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/simd/vf_neon.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VF_NEON_H
#define VF_NEON_H

#include <stddef.h>
#include <stdint.h>
#include <arm_neon.h>
#include "port/vdb_half.h"
#include "port/vdb_target.h"

#define VDB_TARGET	 VDB_TARGET_NEON
#define VDB_FN(name) name##_neon
#define VDB_SIMD	 VDB_SIMD_NEON
#define VF_WIDTH	 4
#define VD_PARTS	 2
#define VF_UNROLL	 4
#define VF_ROWS		 4

typedef float32x4_t vf32;
typedef float64x2_t vd64;
typedef uint32x4_t vu32;
typedef int16x8_t vi16;
typedef uint32x4_t vset; /* all bits of a lane are set where it is in the set */

VDB_INLINE vf32
vf_zero(void)
{
	return vdupq_n_f32(0.0f);
}

VDB_INLINE vf32
vf_set1(float x)
{
	return vdupq_n_f32(x);
}

VDB_INLINE vf32
vf_load(const float *p)
{
	return vld1q_f32(p);
}

VDB_INLINE vf32
vf_load_partial(const float *p, size_t n)
{
	float32x2_t zero = vdup_n_f32(0.0f);

	switch (n)
	{
		case 0:
			return vcombine_f32(zero, zero);
		case 1:
			return vcombine_f32(vld1_lane_f32(p, zero, 0), zero);
		case 2:
			return vcombine_f32(vld1_f32(p), zero);
		case 3:
			return vcombine_f32(vld1_f32(p), vld1_lane_f32(p + 2, zero, 0));
		default:
			return vld1q_f32(p);
	}
}

/* a with zeros in all but the last n lanes, n <= 4. */
VDB_INLINE vf32
vf_keep_last(vf32 a, size_t n)
{
	static const uint32_t lanes[8] = {0, 0, 0, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};

	return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), vld1q_u32(lanes + n)));
}

VDB_INLINE vf32
vf_load_tail(const float *p, size_t n)
{
	return vf_keep_last(vf_load(p + n - 4), n);
}

VDB_INLINE vf32
vf_load_f16(const uint16_t *p)
{
	return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}

VDB_INLINE vf32
vf_load_f16_partial(const uint16_t *p, size_t n)
{
	return vcvt_f32_f16(vreinterpret_f16_u64(vcreate_u64(vdb_half_gather(p, n))));
}

VDB_INLINE void
vf_store_f16(uint16_t *p, vf32 a)
{
	vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(a)));
}

VDB_INLINE vf32
vf_load_f16_tail(const uint16_t *p, size_t n)
{
	return vf_keep_last(vf_load_f16(p + n - 4), n);
}

VDB_INLINE void
vf_store(float *p, vf32 a)
{
	vst1q_f32(p, a);
}

VDB_INLINE vf32
vf_add(vf32 a, vf32 b)
{
	return vaddq_f32(a, b);
}

VDB_INLINE vf32
vf_sub(vf32 a, vf32 b)
{
	return vsubq_f32(a, b);
}

VDB_INLINE vf32
vf_mul(vf32 a, vf32 b)
{
	return vmulq_f32(a, b);
}

VDB_INLINE vf32
vf_fma(vf32 a, vf32 b, vf32 c)
{
	return vfmaq_f32(c, a, b);
}

VDB_INLINE vf32
vf_abs(vf32 a)
{
	return vabsq_f32(a);
}

VDB_INLINE float
vf_sum(vf32 a)
{
	return vaddvq_f32(a);
}

VDB_INLINE void
vf_sum4(vf32 a, vf32 b, vf32 c, vf32 d, float out[4])
{
	vst1q_f32(out, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
}

VDB_INLINE vf32
vf_fnma(vf32 a, vf32 b, vf32 c)
{
	return vfmsq_f32(c, a, b);
}

VDB_INLINE vf32
vf_max(vf32 a, vf32 b)
{
	return vmaxq_f32(a, b);
}

VDB_INLINE vf32
vf_min(vf32 a, vf32 b)
{
	return vminq_f32(a, b);
}

VDB_INLINE float
vf_min_lane(vf32 a)
{
	return vminvq_f32(a);
}

/* Unlike vf_sum(), whose one instruction adds neighbours first. */
VDB_INLINE float
vf_fold(vf32 a)
{
	float32x2_t pair = vadd_f32(vget_low_f32(a), vget_high_f32(a));

	return vget_lane_f32(pair, 0) + vget_lane_f32(pair, 1);
}

/* a with the signs of some lanes changed. */
VDB_INLINE vf32
vf_flip_signs(vf32 a, uint32x4_t signs)
{
	return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a), signs));
}

VDB_INLINE vf32
vf_hadamard(vf32 a)
{
	const uint32x4_t sign1 = {0, 0x80000000u, 0, 0x80000000u};
	const uint32x4_t sign2 = {0, 0, 0x80000000u, 0x80000000u};

	/* t - a as t + (-a) */
	a = vaddq_f32(vrev64q_f32(a), vf_flip_signs(a, sign1));
	return vaddq_f32(vextq_f32(a, a, 2), vf_flip_signs(a, sign2));
}

VDB_INLINE vf32
vf_segment_sums(vf32 a)
{
	a = vaddq_f32(a, vrev64q_f32(a));
	return vaddq_f32(a, vextq_f32(a, a, 2));
}

/* ----- sets ----- */

VDB_INLINE vset
vf_less(vf32 a, vf32 b)
{
	return vcltq_f32(a, b);
}

VDB_INLINE vset
vf_less_equal(vf32 a, vf32 b)
{
	return vcleq_f32(a, b);
}

VDB_INLINE vf32
vf_negate(vset set, vf32 a)
{
	return vf_flip_signs(a, vandq_u32(set, vdupq_n_u32(0x80000000u)));
}

VDB_INLINE vf32
vf_choose(vset set, vf32 a, vf32 b)
{
	return vbslq_f32(set, a, b);
}

VDB_INLINE uint32_t
vset_bits(const vset set[4])
{
	const uint16x8_t weights = {1, 2, 4, 8, 16, 32, 64, 128};
	uint16x8_t first = vcombine_u16(vmovn_u32(set[0]), vmovn_u32(set[1]));
	uint16x8_t last = vcombine_u16(vmovn_u32(set[2]), vmovn_u32(set[3]));

	return (uint32_t) vaddvq_u16(vandq_u16(first, weights)) |
		   (uint32_t) vaddvq_u16(vandq_u16(last, weights)) << 8;
}

/* ----- doubles ----- */

VDB_INLINE vd64
vd_zero(void)
{
	return vdupq_n_f64(0.0);
}

VDB_INLINE vd64
vd_set1(double x)
{
	return vdupq_n_f64(x);
}

VDB_INLINE vd64
vd_from(vf32 a, int part)
{
	return part == 0 ? vcvt_f64_f32(vget_low_f32(a)) : vcvt_high_f64_f32(a);
}

VDB_INLINE vf32
vd_narrow(const vd64 *a)
{
	return vcvt_high_f32_f64(vcvt_f32_f64(a[0]), a[1]);
}

VDB_INLINE vd64
vd_add(vd64 a, vd64 b)
{
	return vaddq_f64(a, b);
}

VDB_INLINE vd64
vd_sub(vd64 a, vd64 b)
{
	return vsubq_f64(a, b);
}

VDB_INLINE vd64
vd_mul(vd64 a, vd64 b)
{
	return vmulq_f64(a, b);
}

VDB_INLINE double
vd_fold(vd64 a)
{
	return vgetq_lane_f64(a, 0) + vgetq_lane_f64(a, 1);
}

/* ----- integers ----- */

VDB_INLINE vu32
vu_zero(void)
{
	return vdupq_n_u32(0);
}

VDB_INLINE vu32
vu_load(const uint32_t *p)
{
	return vld1q_u32(p);
}

VDB_INLINE void
vu_store(uint32_t *p, vu32 a)
{
	vst1q_u32(p, a);
}

VDB_INLINE vu32
vu_add(vu32 a, vu32 b)
{
	return vaddq_u32(a, b);
}

VDB_INLINE uint32_t
vu_sum(vu32 a)
{
	return vaddvq_u32(a);
}

VDB_INLINE vf32
vf_from_u32(vu32 a)
{
	return vcvtq_f32_u32(a);
}

VDB_INLINE vu32
vf_to_u32(vf32 a)
{
	return vcvtq_u32_f32(a);
}

VDB_INLINE void
vu_store_bytes(uint8_t *p, const vu32 a[4])
{
	uint16x8_t first = vcombine_u16(vmovn_u32(a[0]), vmovn_u32(a[1]));
	uint16x8_t last = vcombine_u16(vmovn_u32(a[2]), vmovn_u32(a[3]));

	vst1q_u8(p, vcombine_u8(vmovn_u16(first), vmovn_u16(last)));
}

/* Sixteen bytes as numbers. */
VDB_INLINE void
vu_load_bytes(vu32 a[4], const uint8_t *p)
{
	uint8x16_t bytes = vld1q_u8(p);
	uint16x8_t low = vmovl_u8(vget_low_u8(bytes));
	uint16x8_t high = vmovl_high_u8(bytes);

	a[0] = vmovl_u16(vget_low_u16(low));
	a[1] = vmovl_high_u16(low);
	a[2] = vmovl_u16(vget_low_u16(high));
	a[3] = vmovl_high_u16(high);
}

/* ----- words ----- */

VDB_INLINE void
vf_store_words(int16_t *p, const vf32 a[4])
{
	VDB_UNROLL
	for (int i = 0; i < 4; i++)
		vst1_s16(p + 4 * i, vmovn_s32(vcvtq_s32_f32(a[i])));
}

VDB_INLINE void
vi_load(vi16 a[4], const int16_t *p, int n)
{
	VDB_UNROLL
	for (int i = 0; i < 4; i++)
		a[i] = 8 * i < n ? vld1q_s16(p + 8 * i) : vdupq_n_s16(0);
}

VDB_INLINE void
vi_load_bytes(vi16 a[4], const uint8_t *p, int n)
{
	VDB_UNROLL
	for (int i = 0; i < 4; i += 2)
	{
		uint8x16_t bytes = 8 * i < n ? vld1q_u8(p + 8 * i) : vdupq_n_u8(0);

		a[i] = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes)));
		a[i + 1] = vreinterpretq_s16_u16(vmovl_high_u8(bytes));
	}
}

VDB_INLINE vi16
vi_low_nibbles(vi16 a)
{
	return vandq_s16(a, vdupq_n_s16(15));
}

VDB_INLINE vi16
vi_high_nibbles(vi16 a)
{
	return vshrq_n_s16(a, 4);
}

VDB_INLINE vu32
vu_add_products(vu32 sum, vi16 a, vi16 b)
{
	int32x4_t s = vreinterpretq_s32_u32(sum);

	s = vmlal_s16(s, vget_low_s16(a), vget_low_s16(b));
	return vreinterpretq_u32_s32(vmlal_high_s16(s, a, b));
}

#endif /* VF_NEON_H */
