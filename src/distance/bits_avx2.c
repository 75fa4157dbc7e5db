/*-------------------------------------------------------------------------
 *
 * bits_avx2.c
 *	  Bit kernels in AVX2 and POPCNT.
 *
 * IDENTIFICATION
 *	  src/distance/bits_avx2.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_X86

#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>

#define VDB_TARGET		 VDB_TARGET_AVX2
#define VDB_FN(name)	 name##_avx2
#define VDB_SIMD		 VDB_SIMD_AVX2
#define VB_POPCOUNT64(x) ((uint64_t) __builtin_popcountll(x))
#define VB_BYTES		 32
#define VB_SHORT		 64 /* up to here POPCNT is as fast */

typedef __m256i vbits;

/* From n on, 32 bytes whose last n are set. */
static const uint8_t tail_mask[64] = {[32] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
									  0xff,		   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
									  0xff,		   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
									  0xff,		   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

VDB_INLINE VDB_TARGET vbits
vb_zero(void)
{
	return _mm256_setzero_si256();
}

VDB_INLINE VDB_TARGET vbits
vb_load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *) p);
}

VDB_INLINE VDB_TARGET vbits
vb_load_tail(const uint8_t *p, size_t n)
{
	return _mm256_and_si256(vb_load(p + n - VB_BYTES), vb_load(tail_mask + n));
}

VDB_INLINE VDB_TARGET vbits
vb_and(vbits a, vbits b)
{
	return _mm256_and_si256(a, b);
}

VDB_INLINE VDB_TARGET vbits
vb_or(vbits a, vbits b)
{
	return _mm256_or_si256(a, b);
}

VDB_INLINE VDB_TARGET vbits
vb_xor(vbits a, vbits b)
{
	return _mm256_xor_si256(a, b);
}

/* By byte: two look-ups of four bits each (Mula, Kurz and Lemire 2017). */
VDB_INLINE VDB_TARGET vbits
vb_count(vbits a)
{
	const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
											2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
	const __m256i low = _mm256_set1_epi8(0x0f);

	return _mm256_add_epi8(
		_mm256_shuffle_epi8(counts, _mm256_and_si256(a, low)),
		_mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(a, 4), low)));
}

VDB_INLINE VDB_TARGET vbits
vb_sum4(vbits a, vbits b, vbits c, vbits d)
{
	return _mm256_add_epi8(_mm256_add_epi8(a, b), _mm256_add_epi8(c, d));
}

VDB_INLINE VDB_TARGET vbits
vb_add(vbits sum, vbits counts)
{
	return _mm256_add_epi64(sum, _mm256_sad_epu8(counts, _mm256_setzero_si256()));
}

VDB_INLINE VDB_TARGET uint64_t
vb_total(vbits sum)
{
	__m128i half = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));

	return (uint64_t) _mm_cvtsi128_si64(half) + (uint64_t) _mm_extract_epi64(half, 1);
}

#include "distance/bits_template.h"
#endif
