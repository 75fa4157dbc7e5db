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
	__m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	__m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int) n), lanes);

	return _mm256_maskload_ps(p, mask);
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16(const uint16_t *p)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) p));
}

VDB_INLINE VDB_TARGET vf32
vf_load_f16_partial(const uint16_t *p, size_t n)
{
	uint64_t low;
	uint64_t high = 0;

	/* through registers: a store of single halves and a wide load would stall */
	if (n >= 4)
	{
		memcpy(&low, p, sizeof(low));
		high = vdb_half_gather(p + 4, n - 4);
	}
	else
		low = vdb_half_gather(p, n);
	return _mm256_cvtph_ps(_mm_set_epi64x((long long) high, (long long) low));
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

VDB_INLINE VDB_TARGET float
vf_sum(vf32 a)
{
	__m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	s = _mm_add_ss(s, _mm_shuffle_ps(s, s, 1));
	return _mm_cvtss_f32(s);
}

#endif /* VEC_AVX2_H */
