/*-------------------------------------------------------------------------
 *
 * vec_avx2.h
 *	  Vector primitives of width 8: AVX2, FMA, F16C.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_X86 is defined; contract in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/distance/vec_avx2.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VEC_AVX2_H
#define VEC_AVX2_H

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
#define VF_UNROLL	 4
#define VF_ROWS		 3

typedef __m256 vf32;

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

#endif /* VEC_AVX2_H */
