/*-------------------------------------------------------------------------
 *
 * bits_neon.c
 *	  Bit kernels in AArch64 Advanced SIMD.
 *
 * IDENTIFICATION
 *	  src/distance/bits_neon.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_NEON

#include <stddef.h>
#include <stdint.h>
#include <arm_neon.h>

#define VDB_TARGET		 VDB_TARGET_NEON
#define VDB_FN(name)	 name##_neon
#define VDB_SIMD		 VDB_SIMD_NEON
#define VB_POPCOUNT64(x) ((uint64_t) vaddv_u8(vcnt_u8(vcreate_u8(x))))
#define VB_BYTES		 16
#define VB_SHORT		 16

typedef uint8x16_t vbits;

/* From n on, 16 bytes whose last n are set. */
static const uint8_t tail_mask[32] = {[16] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
									  0xff,		   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

VDB_INLINE vbits
vb_zero(void)
{
	return vdupq_n_u8(0);
}

VDB_INLINE vbits
vb_load(const uint8_t *p)
{
	return vld1q_u8(p);
}

VDB_INLINE vbits
vb_load_tail(const uint8_t *p, size_t n)
{
	return vandq_u8(vb_load(p + n - VB_BYTES), vb_load(tail_mask + n));
}

VDB_INLINE vbits
vb_and(vbits a, vbits b)
{
	return vandq_u8(a, b);
}

VDB_INLINE vbits
vb_or(vbits a, vbits b)
{
	return vorrq_u8(a, b);
}

VDB_INLINE vbits
vb_xor(vbits a, vbits b)
{
	return veorq_u8(a, b);
}

VDB_INLINE vbits
vb_count(vbits a)
{
	return vcntq_u8(a);
}

VDB_INLINE vbits
vb_sum4(vbits a, vbits b, vbits c, vbits d)
{
	return vaddq_u8(vaddq_u8(a, b), vaddq_u8(c, d));
}

VDB_INLINE vbits
vb_add(vbits sum, vbits counts)
{
	uint64x2_t wide = vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(counts)));

	return vreinterpretq_u8_u64(vaddq_u64(vreinterpretq_u64_u8(sum), wide));
}

VDB_INLINE uint64_t
vb_total(vbits sum)
{
	return vaddvq_u64(vreinterpretq_u64_u8(sum));
}

#include "distance/bits_template.h"
#endif
