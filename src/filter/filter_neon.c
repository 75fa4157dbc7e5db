/*-------------------------------------------------------------------------
 *
 * filter_neon.c
 *	  Tests of filters in AArch64 Advanced SIMD.
 *
 * NOTES
 *	  Pure C.
 *
 * IDENTIFICATION
 *	  src/filter/filter_neon.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_NEON

#include <stddef.h>
#include <stdint.h>
#include <arm_neon.h>

#define VDB_TARGET	 VDB_TARGET_NEON
#define VDB_FN(name) name##_neon
#define VDB_SIMD	 VDB_SIMD_NEON
#define VQ_LANES	 2
#define VQ_VECTORS	 8

typedef int64x2_t vq64;
typedef uint64x2_t vqset; /* all bits of a lane are set where it is in the set */

VDB_INLINE vq64
vq_load(const int64_t *p)
{
	return vld1q_s64(p);
}

VDB_INLINE void
vq_store(int64_t *p, vq64 a)
{
	vst1q_s64(p, a);
}

VDB_INLINE vq64
vq_widen(const int32_t *p)
{
	return vmovl_s32(vld1_s32(p));
}

VDB_INLINE vq64
vq_set1(int64_t x)
{
	return vdupq_n_s64(x);
}

VDB_INLINE vq64
vq_add(vq64 a, vq64 b)
{
	return vaddq_s64(a, b);
}

VDB_INLINE vq64
vq_and(vq64 a, vq64 b)
{
	return vandq_s64(a, b);
}

VDB_INLINE vqset
vq_greater(vq64 a, vq64 b)
{
	return vcgtq_s64(a, b);
}

VDB_INLINE vqset
vq_equal(vq64 a, vq64 b)
{
	return vceqq_s64(a, b);
}

VDB_INLINE vqset
vq_either(vqset a, vqset b)
{
	return vorrq_u64(a, b);
}

VDB_INLINE vqset
vq_none(void)
{
	return vdupq_n_u64(0);
}

/* Eight lanes of four sets, narrowed to bytes of 0 or 255. */
VDB_INLINE uint8x8_t
vq_bytes(const vqset sets[4])
{
	uint32x4_t low = vcombine_u32(vmovn_u64(sets[0]), vmovn_u64(sets[1]));
	uint32x4_t high = vcombine_u32(vmovn_u64(sets[2]), vmovn_u64(sets[3]));

	return vmovn_u16(vcombine_u16(vmovn_u32(low), vmovn_u32(high)));
}

VDB_INLINE uint32_t
vq_bits(const vqset sets[VQ_VECTORS])
{
	static const uint8_t lanes[8] = {1, 2, 4, 8, 16, 32, 64, 128};
	const uint8x8_t lane = vld1_u8(lanes);

	return (uint32_t) vaddv_u8(vand_u8(vq_bytes(sets), lane)) |
		   (uint32_t) vaddv_u8(vand_u8(vq_bytes(sets + 4), lane)) << 8;
}

#include "filter/filter_template.h"
#endif
