/*-------------------------------------------------------------------------
 *
 * bits_avx512.c
 *	  Bit kernels in AVX-512 with VPOPCNTDQ.
 *
 * IDENTIFICATION
 *	  src/distance/bits_avx512.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_X86

#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>

#define VDB_TARGET		 VDB_TARGET_AVX512_VPOPCNTDQ
#define VDB_FN(name)	 name##_avx512
#define VDB_SIMD		 VDB_SIMD_AVX512
#define VB_POPCOUNT64(x) ((uint64_t) __builtin_popcountll(x))
#define VB_BYTES		 64
#define VB_SHORT		 9 /* one masked vector beats two words */

typedef __m512i vbits;

VDB_INLINE VDB_TARGET vbits
vb_zero(void)
{
	return _mm512_setzero_si512();
}

VDB_INLINE VDB_TARGET vbits
vb_load(const uint8_t *p)
{
	return _mm512_loadu_si512(p);
}

VDB_INLINE VDB_TARGET vbits
vb_load_tail(const uint8_t *p, size_t n)
{
	return _mm512_maskz_loadu_epi8(((__mmask64) 1 << n) - 1, p);
}

VDB_INLINE VDB_TARGET vbits
vb_and(vbits a, vbits b)
{
	return _mm512_and_si512(a, b);
}

VDB_INLINE VDB_TARGET vbits
vb_or(vbits a, vbits b)
{
	return _mm512_or_si512(a, b);
}

VDB_INLINE VDB_TARGET vbits
vb_xor(vbits a, vbits b)
{
	return _mm512_xor_si512(a, b);
}

VDB_INLINE VDB_TARGET vbits
vb_count(vbits a)
{
	return _mm512_popcnt_epi64(a);
}

VDB_INLINE VDB_TARGET vbits
vb_sum4(vbits a, vbits b, vbits c, vbits d)
{
	return _mm512_add_epi64(_mm512_add_epi64(a, b), _mm512_add_epi64(c, d));
}

VDB_INLINE VDB_TARGET vbits
vb_add(vbits sum, vbits counts)
{
	return _mm512_add_epi64(sum, counts);
}

VDB_INLINE VDB_TARGET uint64_t
vb_total(vbits sum)
{
	return (uint64_t) _mm512_reduce_add_epi64(sum);
}

#include "distance/bits_template.h"
#endif
