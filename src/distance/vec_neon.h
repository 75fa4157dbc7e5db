/*-------------------------------------------------------------------------
 *
 * vec_neon.h
 *	  Vector primitives of width 4: AArch64 Advanced SIMD.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_NEON is defined; contract in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/distance/vec_neon.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VEC_NEON_H
#define VEC_NEON_H

#include <stddef.h>
#include <stdint.h>
#include <arm_neon.h>
#include "port/vdb_half.h"
#include "port/vdb_target.h"

#define VDB_TARGET	 VDB_TARGET_NEON
#define VDB_FN(name) name##_neon
#define VDB_SIMD	 VDB_SIMD_NEON
#define VF_WIDTH	 4
#define VF_UNROLL	 4
#define VF_ROWS		 4

typedef float32x4_t vf32;

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

#endif /* VEC_NEON_H */
