/*-------------------------------------------------------------------------
 *
 * vf_avx2.h
 *	  Vector operations of width 8: AVX2, FMA, F16C.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_X86 is defined; contract in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/simd/vf_avx2.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VF_AVX2_H
#define VF_AVX2_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <immintrin.h>
#include "port/vdb_half.h"
#include "port/vdb_target.h"

#define VDB_TARGET	 VDB_TARGET_AVX2
#define VDB_FN(name) name##_avx2
#define VDB_SIMD	 VDB_SIMD_AVX2
#define VF_WIDTH	 8
#define VD_PARTS	 2
#define VF_MASKED	 1
#define VF_UNROLL	 4
#define VF_ROWS		 3

typedef __m256 vf32;
typedef __m256d vd64;
typedef __m256i vu32;
typedef __m256i vi16;
typedef __m256 vset; /* all bits of a lane are set where it is in the set */

VDB_INLINE VDB_TARGET vf32
vf_zero(void)
{
	return _mm256_setzero_ps();
}

VDB_INLINE VDB_TARGET vf32
vf_set1(float x)
{
	return _mm256_set1_ps(x);
}

VDB_INLINE VDB_TARGET vf32
vf_load(const float *p)
{
	return _mm256_loadu_ps(p);
}

VDB_INLINE VDB_TARGET vf32
vf_load_partial(const float *p, size_t n)
{
	static const int32_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

	return _mm256_maskload_ps(p, _mm256_loadu_si256((const __m256i *) (lanes + 8 - n)));
}

/* a with zeros in all but the last n lanes, n <= 8. */
VDB_INLINE VDB_TARGET vf32
vf_keep_last(vf32 a, size_t n)
{
	static const int32_t lanes[16] = {0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1};

	return _mm256_and_ps(a, _mm256_loadu_ps((const float *) (lanes + n)));
}

VDB_INLINE VDB_TARGET vf32
vf_load_tail(const float *p, size_t n)
{
	return vf_keep_last(vf_load(p + n - 8), n);
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16(const uint16_t *p)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) p));
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16_partial(const uint16_t *p, size_t n)
{
	/* through registers: a store of single halves and a wide load would stall */
	uint64_t low = vdb_half_gather(p, n);
	uint64_t high = n > 4 ? vdb_half_gather(p + 4, n - 4) : 0;

	return _mm256_cvtph_ps(_mm_set_epi64x((long long) high, (long long) low));
}

VDB_INLINE VDB_TARGET void
vf_store_f16(uint16_t *p, vf32 a)
{
	_mm_storeu_si128((__m128i *) p, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16_tail(const uint16_t *p, size_t n)
{
	return vf_keep_last(vf_load_f16(p + n - 8), n);
}

VDB_INLINE VDB_TARGET void
vf_store(float *p, vf32 a)
{
	_mm256_storeu_ps(p, a);
}

VDB_INLINE VDB_TARGET vf32
vf_add(vf32 a, vf32 b)
{
	return _mm256_add_ps(a, b);
}

VDB_INLINE VDB_TARGET vf32
vf_sub(vf32 a, vf32 b)
{
	return _mm256_sub_ps(a, b);
}

VDB_INLINE VDB_TARGET vf32
vf_mul(vf32 a, vf32 b)
{
	return _mm256_mul_ps(a, b);
}

VDB_INLINE VDB_TARGET vf32
vf_fma(vf32 a, vf32 b, vf32 c)
{
	return _mm256_fmadd_ps(a, b, c);
}

VDB_INLINE VDB_TARGET vf32
vf_abs(vf32 a)
{
	return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

/* Four lanes: the low half of a plus the high half. */
VDB_INLINE VDB_TARGET __m128
vf_sum_to_quad(vf32 a)
{
	return _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
}

VDB_INLINE VDB_TARGET float
vf_sum(vf32 a)
{
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
	return _mm256_fnmadd_ps(a, b, c);
}

VDB_INLINE VDB_TARGET vf32
vf_max(vf32 a, vf32 b)
{
	return _mm256_max_ps(a, b);
}

VDB_INLINE VDB_TARGET vf32
vf_min(vf32 a, vf32 b)
{
	return _mm256_min_ps(a, b);
}

VDB_INLINE VDB_TARGET float
vf_min_lane(vf32 a)
{
	__m128 m = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

	m = _mm_min_ps(m, _mm_movehl_ps(m, m));
	m = _mm_min_ss(m, _mm_shuffle_ps(m, m, 1));
	return _mm_cvtss_f32(m);
}

VDB_INLINE VDB_TARGET float
vf_fold(vf32 a)
{
	return vf_sum(a);
}

/* The mask of the lanes below n; n may be negative or more than 8. */
VDB_INLINE VDB_TARGET __m256i
vf_first(int n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

VDB_INLINE VDB_TARGET vf32
vf_load_first(const float *p, int n)
{
	return _mm256_maskload_ps(p, vf_first(n));
}

VDB_INLINE VDB_TARGET void
vf_store_first(float *p, vf32 a, int n)
{
	_mm256_maskstore_ps(p, vf_first(n), a);
}

VDB_INLINE VDB_TARGET vf32
vf_hadamard(vf32 a)
{
	const __m256 sign1 = _mm256_setr_ps(0.0f, -0.0f, 0.0f, -0.0f, 0.0f, -0.0f, 0.0f, -0.0f);
	const __m256 sign2 = _mm256_setr_ps(0.0f, 0.0f, -0.0f, -0.0f, 0.0f, 0.0f, -0.0f, -0.0f);
	const __m256 sign4 = _mm256_setr_ps(0.0f, 0.0f, 0.0f, 0.0f, -0.0f, -0.0f, -0.0f, -0.0f);

	/* t - a as t + (-a) */
	a = _mm256_add_ps(_mm256_permute_ps(a, 0xb1), _mm256_xor_ps(a, sign1));
	a = _mm256_add_ps(_mm256_permute_ps(a, 0x4e), _mm256_xor_ps(a, sign2));
	return _mm256_add_ps(_mm256_permute2f128_ps(a, a, 0x01), _mm256_xor_ps(a, sign4));
}

VDB_INLINE VDB_TARGET vf32
vf_segment_sums(vf32 a)
{
	a = _mm256_add_ps(a, _mm256_permute_ps(a, 0xb1));
	return _mm256_add_ps(a, _mm256_permute_ps(a, 0x4e));
}

/* ----- sets ----- */

VDB_INLINE VDB_TARGET vset
vf_less(vf32 a, vf32 b)
{
	return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}

VDB_INLINE VDB_TARGET vset
vf_less_equal(vf32 a, vf32 b)
{
	return _mm256_cmp_ps(a, b, _CMP_LE_OQ);
}

VDB_INLINE VDB_TARGET vf32
vf_negate(vset set, vf32 a)
{
	return _mm256_xor_ps(a, _mm256_and_ps(set, _mm256_set1_ps(-0.0f)));
}

VDB_INLINE VDB_TARGET vf32
vf_choose(vset set, vf32 a, vf32 b)
{
	return _mm256_blendv_ps(b, a, set);
}

VDB_INLINE VDB_TARGET uint32_t
vset_bits(const vset set[2])
{
	return (uint32_t) _mm256_movemask_ps(set[0]) | (uint32_t) _mm256_movemask_ps(set[1]) << 8;
}

/* ----- doubles ----- */

VDB_INLINE VDB_TARGET vd64
vd_zero(void)
{
	return _mm256_setzero_pd();
}

VDB_INLINE VDB_TARGET vd64
vd_set1(double x)
{
	return _mm256_set1_pd(x);
}

VDB_INLINE VDB_TARGET vd64
vd_from(vf32 a, int part)
{
	return _mm256_cvtps_pd(part == 0 ? _mm256_castps256_ps128(a) : _mm256_extractf128_ps(a, 1));
}

VDB_INLINE VDB_TARGET vf32
vd_narrow(const vd64 *a)
{
	return _mm256_set_m128(_mm256_cvtpd_ps(a[1]), _mm256_cvtpd_ps(a[0]));
}

VDB_INLINE VDB_TARGET vd64
vd_add(vd64 a, vd64 b)
{
	return _mm256_add_pd(a, b);
}

VDB_INLINE VDB_TARGET vd64
vd_sub(vd64 a, vd64 b)
{
	return _mm256_sub_pd(a, b);
}

VDB_INLINE VDB_TARGET vd64
vd_mul(vd64 a, vd64 b)
{
	return _mm256_mul_pd(a, b);
}

VDB_INLINE VDB_TARGET double
vd_fold(vd64 a)
{
	__m128d b = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));

	return _mm_cvtsd_f64(_mm_add_sd(b, _mm_unpackhi_pd(b, b)));
}

/* ----- integers ----- */

VDB_INLINE VDB_TARGET vu32
vu_zero(void)
{
	return _mm256_setzero_si256();
}

VDB_INLINE VDB_TARGET vu32
vu_load(const uint32_t *p)
{
	return _mm256_loadu_si256((const __m256i *) p);
}

VDB_INLINE VDB_TARGET void
vu_store(uint32_t *p, vu32 a)
{
	_mm256_storeu_si256((__m256i *) p, a);
}

VDB_INLINE VDB_TARGET vu32
vu_add(vu32 a, vu32 b)
{
	return _mm256_add_epi32(a, b);
}

VDB_INLINE VDB_TARGET uint32_t
vu_sum(vu32 a)
{
	__m128i b = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));

	b = _mm_add_epi32(b, _mm_shuffle_epi32(b, 0x4e));
	b = _mm_add_epi32(b, _mm_shuffle_epi32(b, 0xb1));
	return (uint32_t) _mm_cvtsi128_si32(b);
}

VDB_INLINE VDB_TARGET vf32
vf_from_u32(vu32 a)
{
	return _mm256_cvtepi32_ps(a);
}

VDB_INLINE VDB_TARGET vu32
vf_to_u32(vf32 a)
{
	return _mm256_cvttps_epi32(a);
}

VDB_INLINE VDB_TARGET void
vu_store_bytes(uint8_t *p, const vu32 a[2])
{
	__m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(a[0], a[1]), 0xd8);

	_mm_storeu_si128((__m128i *) p, _mm_packus_epi16(_mm256_castsi256_si128(words),
													 _mm256_extracti128_si256(words, 1)));
}

/* Sixteen bytes as numbers. */
VDB_INLINE VDB_TARGET void
vu_load_bytes(vu32 a[2], const uint8_t *p)
{
	a[0] = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *) p));
	a[1] = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *) (p + 8)));
}

/* ----- words ----- */

VDB_INLINE VDB_TARGET void
vf_store_words(int16_t *p, const vf32 a[2])
{
	__m256i words = _mm256_packs_epi32(_mm256_cvttps_epi32(a[0]), _mm256_cvttps_epi32(a[1]));

	_mm256_storeu_si256((__m256i *) p, _mm256_permute4x64_epi64(words, 0xd8));
}

VDB_INLINE VDB_TARGET void
vi_load(vi16 a[2], const int16_t *p, int n)
{
	a[0] = _mm256_loadu_si256((const __m256i *) p);
	a[1] = n > 16 ? _mm256_loadu_si256((const __m256i *) (p + 16)) : _mm256_setzero_si256();
}

VDB_INLINE VDB_TARGET void
vi_load_bytes(vi16 a[2], const uint8_t *p, int n)
{
	a[0] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) p));
	a[1] = n > 16 ? _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) (p + 16)))
				  : _mm256_setzero_si256();
}

VDB_INLINE VDB_TARGET vi16
vi_low_nibbles(vi16 a)
{
	return _mm256_and_si256(a, _mm256_set1_epi16(15));
}

VDB_INLINE VDB_TARGET vi16
vi_high_nibbles(vi16 a)
{
	return _mm256_srli_epi16(a, 4);
}

VDB_INLINE VDB_TARGET vu32
vu_add_products(vu32 sum, vi16 a, vi16 b)
{
	return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}

#endif /* VF_AVX2_H */
