/*-------------------------------------------------------------------------
 *
 * vec_avx512.h
 *	  Vector primitives of width 16: AVX-512 F, BW, DQ, VL.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_X86 is defined; contract in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/distance/vec_avx512.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VEC_AVX512_H
#define VEC_AVX512_H

#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>
#include "port/vdb_target.h"

#define VDB_TARGET	 VDB_TARGET_AVX512
#define VDB_FN(name) name##_avx512
#define VDB_SIMD	 VDB_SIMD_AVX512
#define VF_WIDTH	 16
#define VF_UNROLL	 4
#define VF_ROWS		 4

typedef __m512 vf32;

VDB_INLINE VDB_TARGET vf32
vf_zero(void)
{
	return _mm512_setzero_ps();
}

VDB_INLINE VDB_TARGET vf32
vf_set1(float x)
{
	return _mm512_set1_ps(x);
}

VDB_INLINE VDB_TARGET vf32
vf_load(const float *p)
{
	return _mm512_loadu_ps(p);
}

VDB_INLINE VDB_TARGET vf32
vf_load_partial(const float *p, size_t n)
{
	__mmask16 mask = n >= 16 ? (__mmask16) 0xffff : (__mmask16) ((1u << n) - 1u);

	return _mm512_maskz_loadu_ps(mask, p);
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16(const uint16_t *p)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) p));
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16_partial(const uint16_t *p, size_t n)
{
	__mmask16 mask = n >= 16 ? (__mmask16) 0xffff : (__mmask16) ((1u << n) - 1u);

	return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, p));
}

VDB_INLINE VDB_TARGET void
vf_store(float *p, vf32 a)
{
	_mm512_storeu_ps(p, a);
}

VDB_INLINE VDB_TARGET vf32
vf_add(vf32 a, vf32 b)
{
	return _mm512_add_ps(a, b);
}

VDB_INLINE VDB_TARGET vf32
vf_sub(vf32 a, vf32 b)
{
	return _mm512_sub_ps(a, b);
}

VDB_INLINE VDB_TARGET vf32
vf_mul(vf32 a, vf32 b)
{
	return _mm512_mul_ps(a, b);
}

VDB_INLINE VDB_TARGET vf32
vf_fma(vf32 a, vf32 b, vf32 c)
{
	return _mm512_fmadd_ps(a, b, c);
}

VDB_INLINE VDB_TARGET vf32
vf_abs(vf32 a)
{
	return _mm512_abs_ps(a);
}

VDB_INLINE VDB_TARGET float
vf_sum(vf32 a)
{
	/* spelled out, because compilers differ in the order of _mm512_reduce_add_ps() */
	__m256 h = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
	__m128 s = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	s = _mm_add_ss(s, _mm_shuffle_ps(s, s, 1));
	return _mm_cvtss_f32(s);
}

#endif /* VEC_AVX512_H */
