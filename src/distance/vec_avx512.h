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

/* The mask of the first n lanes, n <= 16. */
VDB_INLINE VDB_TARGET __mmask16
vf_first(size_t n)
{
	return (__mmask16) ((1u << n) - 1u);
}

VDB_INLINE VDB_TARGET vf32
vf_load_partial(const float *p, size_t n)
{
	return _mm512_maskz_loadu_ps(vf_first(n), p);
}

VDB_INLINE VDB_TARGET vf32
vf_load_tail(const float *p, size_t n)
{
	return vf_load_partial(p, n);
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16(const uint16_t *p)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) p));
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16_partial(const uint16_t *p, size_t n)
{
	return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(vf_first(n), p));
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16_tail(const uint16_t *p, size_t n)
{
	return vf_load_f16_partial(p, n);
}

VDB_INLINE VDB_TARGET void
vf_store_f16(uint16_t *p, vf32 a)
{
	_mm256_storeu_si256((__m256i *) p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
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

/* Four lanes: the quarters of a, half added to half twice. */
VDB_INLINE VDB_TARGET __m128
vf_sum_to_quad(vf32 a)
{
	__m256 h = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));

	return _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
}

VDB_INLINE VDB_TARGET float
vf_sum(vf32 a)
{
	/* spelled out, because compilers differ in the order of _mm512_reduce_add_ps() */
	__m128 s = vf_sum_to_quad(a);

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	s = _mm_add_ss(s, _mm_shuffle_ps(s, s, 1));
	return _mm_cvtss_f32(s);
}

/* The sums of four vectors of four lanes, added as vf_sum() adds them. */
VDB_INLINE VDB_TARGET void
vf_sum4_quads(__m128 a, __m128 b, __m128 c, __m128 d, float out[4])
{
	/* a0+a2, b0+b2, a1+a3, b1+b3 and the same of c and d */
	__m128 ab = _mm_add_ps(_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
	__m128 cd = _mm_add_ps(_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));

	_mm_storeu_ps(out, _mm_add_ps(_mm_movelh_ps(ab, cd), _mm_movehl_ps(cd, ab)));
}

VDB_INLINE VDB_TARGET void
vf_sum4(vf32 a, vf32 b, vf32 c, vf32 d, float out[4])
{
	vf_sum4_quads(vf_sum_to_quad(a), vf_sum_to_quad(b), vf_sum_to_quad(c), vf_sum_to_quad(d), out);
}

#endif /* VEC_AVX512_H */
