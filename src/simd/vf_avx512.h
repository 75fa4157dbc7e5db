/*-------------------------------------------------------------------------
 *
 * vf_avx512.h
 *	  Vector operations of width 16: AVX-512 F, BW, DQ, VL.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_X86 is defined; contract in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/simd/vf_avx512.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VF_AVX512_H
#define VF_AVX512_H

#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>
#include "port/vdb_target.h"

#define VDB_TARGET	 VDB_TARGET_AVX512
#define VDB_FN(name) name##_avx512
#define VDB_SIMD	 VDB_SIMD_AVX512
#define VF_WIDTH	 16
#define VD_PARTS	 2
#define VF_MASKED	 1
#define VF_UNROLL	 4
#define VF_ROWS		 4

typedef __m512 vf32;
typedef __m512d vd64;
typedef __m512i vu32;
typedef __m512i vi16;
typedef __mmask16 vset;

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

VDB_INLINE VDB_TARGET vf32
vf_fnma(vf32 a, vf32 b, vf32 c)
{
	return _mm512_fnmadd_ps(a, b, c);
}

VDB_INLINE VDB_TARGET vf32
vf_max(vf32 a, vf32 b)
{
	return _mm512_max_ps(a, b);
}

VDB_INLINE VDB_TARGET vf32
vf_min(vf32 a, vf32 b)
{
	return _mm512_min_ps(a, b);
}

VDB_INLINE VDB_TARGET float
vf_min_lane(vf32 a)
{
	return _mm512_reduce_min_ps(a);
}

VDB_INLINE VDB_TARGET float
vf_fold(vf32 a)
{
	return vf_sum(a);
}

VDB_INLINE VDB_TARGET vf32
vf_load_first(const float *p, int n)
{
	return vf_load_partial(p, (size_t) n);
}

VDB_INLINE VDB_TARGET void
vf_store_first(float *p, vf32 a, int n)
{
	_mm512_mask_storeu_ps(p, vf_first((size_t) n), a);
}

VDB_INLINE VDB_TARGET vf32
vf_hadamard(vf32 a)
{
	__m512 t;

	t = _mm512_permute_ps(a, 0xb1);
	a = _mm512_mask_sub_ps(_mm512_add_ps(a, t), 0xaaaa, t, a);
	t = _mm512_permute_ps(a, 0x4e);
	a = _mm512_mask_sub_ps(_mm512_add_ps(a, t), 0xcccc, t, a);
	t = _mm512_shuffle_f32x4(a, a, 0xb1);
	a = _mm512_mask_sub_ps(_mm512_add_ps(a, t), 0xf0f0, t, a);
	t = _mm512_shuffle_f32x4(a, a, 0x4e);
	return _mm512_mask_sub_ps(_mm512_add_ps(a, t), 0xff00, t, a);
}

VDB_INLINE VDB_TARGET vf32
vf_segment_sums(vf32 a)
{
	a = _mm512_add_ps(a, _mm512_permute_ps(a, 0xb1));
	return _mm512_add_ps(a, _mm512_permute_ps(a, 0x4e));
}

/* ----- sets ----- */

VDB_INLINE VDB_TARGET vset
vf_less(vf32 a, vf32 b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

VDB_INLINE VDB_TARGET vset
vf_less_equal(vf32 a, vf32 b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}

VDB_INLINE VDB_TARGET vf32
vf_negate(vset set, vf32 a)
{
	return _mm512_mask_xor_ps(a, set, a, _mm512_set1_ps(-0.0f));
}

VDB_INLINE VDB_TARGET vf32
vf_choose(vset set, vf32 a, vf32 b)
{
	return _mm512_mask_blend_ps(set, b, a);
}

VDB_INLINE VDB_TARGET uint32_t
vset_bits(const vset set[1])
{
	return (uint32_t) set[0];
}

/* ----- doubles ----- */

VDB_INLINE VDB_TARGET vd64
vd_zero(void)
{
	return _mm512_setzero_pd();
}

VDB_INLINE VDB_TARGET vd64
vd_set1(double x)
{
	return _mm512_set1_pd(x);
}

VDB_INLINE VDB_TARGET vd64
vd_from(vf32 a, int part)
{
	return _mm512_cvtps_pd(part == 0 ? _mm512_castps512_ps256(a) : _mm512_extractf32x8_ps(a, 1));
}

VDB_INLINE VDB_TARGET vf32
vd_narrow(const vd64 *a)
{
	return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(a[0])), _mm512_cvtpd_ps(a[1]),
							  1);
}

VDB_INLINE VDB_TARGET vd64
vd_add(vd64 a, vd64 b)
{
	return _mm512_add_pd(a, b);
}

VDB_INLINE VDB_TARGET vd64
vd_sub(vd64 a, vd64 b)
{
	return _mm512_sub_pd(a, b);
}

VDB_INLINE VDB_TARGET vd64
vd_mul(vd64 a, vd64 b)
{
	return _mm512_mul_pd(a, b);
}

VDB_INLINE VDB_TARGET double
vd_fold(vd64 a)
{
	__m256d b = _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
	__m128d c = _mm_add_pd(_mm256_castpd256_pd128(b), _mm256_extractf128_pd(b, 1));

	return _mm_cvtsd_f64(_mm_add_sd(c, _mm_unpackhi_pd(c, c)));
}

/* ----- integers ----- */

VDB_INLINE VDB_TARGET vu32
vu_zero(void)
{
	return _mm512_setzero_si512();
}

VDB_INLINE VDB_TARGET vu32
vu_load(const uint32_t *p)
{
	return _mm512_loadu_si512(p);
}

VDB_INLINE VDB_TARGET void
vu_store(uint32_t *p, vu32 a)
{
	_mm512_storeu_si512(p, a);
}

VDB_INLINE VDB_TARGET vu32
vu_add(vu32 a, vu32 b)
{
	return _mm512_add_epi32(a, b);
}

VDB_INLINE VDB_TARGET uint32_t
vu_sum(vu32 a)
{
	__m256i b = _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
	__m128i c = _mm_add_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));

	c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0x4e));
	c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0xb1));
	return (uint32_t) _mm_cvtsi128_si32(c);
}

VDB_INLINE VDB_TARGET vf32
vf_from_u32(vu32 a)
{
	return _mm512_cvtepi32_ps(a);
}

VDB_INLINE VDB_TARGET vu32
vf_to_u32(vf32 a)
{
	return _mm512_cvttps_epi32(a);
}

VDB_INLINE VDB_TARGET void
vu_store_bytes(uint8_t *p, const vu32 a[1])
{
	_mm_storeu_si128((__m128i *) p, _mm512_cvtepi32_epi8(a[0]));
}

/* Sixteen bytes as numbers. */
VDB_INLINE VDB_TARGET void
vu_load_bytes(vu32 a[1], const uint8_t *p)
{
	a[0] = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *) p));
}

/* ----- words ----- */

VDB_INLINE VDB_TARGET void
vf_store_words(int16_t *p, const vf32 a[1])
{
	_mm256_storeu_si256((__m256i *) p, _mm512_cvtepi32_epi16(_mm512_cvttps_epi32(a[0])));
}

VDB_INLINE VDB_TARGET void
vi_load(vi16 a[1], const int16_t *p, int n)
{
	a[0] = n > 16 ? _mm512_loadu_si512(p)
				  : _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *) p));
}

VDB_INLINE VDB_TARGET void
vi_load_bytes(vi16 a[1], const uint8_t *p, int n)
{
	if (n > 16)
		a[0] = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *) p));
	else
		a[0] = _mm512_zextsi256_si512(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) p)));
}

VDB_INLINE VDB_TARGET vi16
vi_low_nibbles(vi16 a)
{
	return _mm512_and_si512(a, _mm512_set1_epi16(15));
}

VDB_INLINE VDB_TARGET vi16
vi_high_nibbles(vi16 a)
{
	return _mm512_srli_epi16(a, 4);
}

VDB_INLINE VDB_TARGET vu32
vu_add_products(vu32 sum, vi16 a, vi16 b)
{
	return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}

#endif /* VF_AVX512_H */
