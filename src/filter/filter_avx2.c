/*-------------------------------------------------------------------------
 *
 * filter_avx2.c
 *	  Tests of filters in AVX2.
 *
 * NOTES
 *	  Pure C.
 *
 * IDENTIFICATION
 *	  src/filter/filter_avx2.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_X86

#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>
#include "filter/filter_set.h"

#define VDB_TARGET	 VDB_TARGET_AVX2
#define VDB_FN(name) name##_avx2
#define VDB_SIMD	 VDB_SIMD_AVX2
#define VQ_LANES	 4
#define VQ_VECTORS	 4
#define VQ_GATHER	 1

typedef __m256i vq64;
typedef __m256i vqset; /* all bits of a lane are set where it is in the set */

VDB_INLINE VDB_TARGET vq64
vq_load(const int64_t *p)
{
	return _mm256_loadu_si256((const __m256i *) p);
}

VDB_INLINE VDB_TARGET void
vq_store(int64_t *p, vq64 a)
{
	_mm256_storeu_si256((__m256i *) p, a);
}

VDB_INLINE VDB_TARGET vq64
vq_widen(const int32_t *p)
{
	return _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *) p));
}

VDB_INLINE VDB_TARGET vq64
vq_set1(int64_t x)
{
	return _mm256_set1_epi64x(x);
}

VDB_INLINE VDB_TARGET vq64
vq_add(vq64 a, vq64 b)
{
	return _mm256_add_epi64(a, b);
}

VDB_INLINE VDB_TARGET vq64
vq_and(vq64 a, vq64 b)
{
	return _mm256_and_si256(a, b);
}

VDB_INLINE VDB_TARGET vqset
vq_greater(vq64 a, vq64 b)
{
	return _mm256_cmpgt_epi64(a, b);
}

VDB_INLINE VDB_TARGET vqset
vq_equal(vq64 a, vq64 b)
{
	return _mm256_cmpeq_epi64(a, b);
}

VDB_INLINE VDB_TARGET vqset
vq_either(vqset a, vqset b)
{
	return _mm256_or_si256(a, b);
}

VDB_INLINE VDB_TARGET vqset
vq_none(void)
{
	return _mm256_setzero_si256();
}

VDB_INLINE VDB_TARGET uint32_t
vq_bits(const vqset sets[VQ_VECTORS])
{
	uint32_t bits = 0;

	VDB_UNROLL
	for (int i = 0; i < VQ_VECTORS; i++)
		bits |= (uint32_t) _mm256_movemask_pd(_mm256_castsi256_pd(sets[i])) << (i * VQ_LANES);
	return bits;
}

VDB_INLINE VDB_TARGET vqset
vq_present(vq64 a, const uint32_t *present, int shift)
{
	__m256i products = _mm256_mullo_epi32(a, _mm256_set1_epi64x(FILTER_HASH_BOTH));
	__m256i hash = _mm256_add_epi32(products, _mm256_srli_epi64(products, 32));
	__m256i bit = _mm256_srl_epi64(_mm256_and_si256(hash, _mm256_set1_epi64x(0xffffffff)),
								   _mm_cvtsi32_si128(shift));
	__m128i words =
		_mm256_i64gather_epi32((const int *) present, _mm256_srli_epi64(bit, 5), sizeof(uint32_t));
	__m256i wanted =
		_mm256_sllv_epi64(_mm256_set1_epi64x(1), _mm256_and_si256(bit, _mm256_set1_epi64x(31)));

	return _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_cvtepu32_epi64(words), wanted), wanted);
}

#include "filter/filter_template.h"
#endif
