/*-------------------------------------------------------------------------
 *
 * filter_avx512.c
 *	  Tests of filters in AVX-512.
 *
 * NOTES
 *	  Pure C.
 *
 * IDENTIFICATION
 *	  src/filter/filter_avx512.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_X86

#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>
#include "filter/filter_set.h"

#define VDB_TARGET	 VDB_TARGET_AVX512
#define VDB_FN(name) name##_avx512
#define VDB_SIMD	 VDB_SIMD_AVX512
#define VQ_LANES	 8
#define VQ_VECTORS	 2
#define VQ_GATHER	 1

typedef __m512i vq64;
typedef __mmask8 vqset;

VDB_INLINE VDB_TARGET vq64
vq_load(const int64_t *p)
{
	return _mm512_loadu_si512(p);
}

VDB_INLINE VDB_TARGET void
vq_store(int64_t *p, vq64 a)
{
	_mm512_storeu_si512(p, a);
}

VDB_INLINE VDB_TARGET vq64
vq_widen(const int32_t *p)
{
	return _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *) p));
}

VDB_INLINE VDB_TARGET vq64
vq_set1(int64_t x)
{
	return _mm512_set1_epi64(x);
}

VDB_INLINE VDB_TARGET vq64
vq_add(vq64 a, vq64 b)
{
	return _mm512_add_epi64(a, b);
}

VDB_INLINE VDB_TARGET vq64
vq_and(vq64 a, vq64 b)
{
	return _mm512_and_si512(a, b);
}

VDB_INLINE VDB_TARGET vqset
vq_greater(vq64 a, vq64 b)
{
	return _mm512_cmpgt_epi64_mask(a, b);
}

VDB_INLINE VDB_TARGET vqset
vq_equal(vq64 a, vq64 b)
{
	return _mm512_cmpeq_epi64_mask(a, b);
}

VDB_INLINE VDB_TARGET vqset
vq_either(vqset a, vqset b)
{
	return (vqset) (a | b);
}

VDB_INLINE VDB_TARGET vqset
vq_none(void)
{
	return 0;
}

VDB_INLINE VDB_TARGET uint32_t
vq_bits(const vqset sets[VQ_VECTORS])
{
	return (uint32_t) sets[0] | (uint32_t) sets[1] << VQ_LANES;
}

VDB_INLINE VDB_TARGET vqset
vq_present(vq64 a, const uint32_t *present, int shift)
{
	__m512i products = _mm512_mullo_epi32(a, _mm512_set1_epi64(FILTER_HASH_BOTH));
	__m512i hash = _mm512_add_epi32(products, _mm512_srli_epi64(products, 32));
	__m256i bit = _mm256_srl_epi32(_mm512_cvtepi64_epi32(hash), _mm_cvtsi32_si128(shift));
	__m256i words =
		_mm256_i32gather_epi32((const int *) present, _mm256_srli_epi32(bit, 5), sizeof(uint32_t));
	__m256i wanted =
		_mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_and_si256(bit, _mm256_set1_epi32(31)));

	return _mm256_test_epi32_mask(words, wanted);
}

#include "filter/filter_template.h"
#endif
