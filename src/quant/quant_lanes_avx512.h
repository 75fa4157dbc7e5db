/*-------------------------------------------------------------------------
 *
 * quant_lanes_avx512.h
 *	  Sixteen lanes and table sums: AVX-512 F, BW, DQ, VL.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_X86 is defined.  The contract of every quant_lanes_*.h
 *	  stands in README.md, "Lanes".
 *
 * IDENTIFICATION
 *	  src/quant/quant_lanes_avx512.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_LANES_AVX512_H
#define QUANT_LANES_AVX512_H

#include <immintrin.h>
#include "quant/quant_impl.h"

#define VDB_TARGET		 VDB_TARGET_AVX512
#define VDB_FN(name)	 name##_avx512
#define VDB_SIMD		 VDB_SIMD_AVX512
#define LANES_ACC_CHUNKS 128 /* a 16-bit sum grows by 2 * 255 per chunk */

typedef __m512 lanes_f32;
typedef __m512i lanes_u32;
typedef __m512i lanes_i16; /* 32 words */
typedef __mmask16 lanes_set;

typedef struct
{
	__m512d lo; /* lanes 0..7 */
	__m512d hi; /* lanes 8..15 */
} lanes_f64;

/*
 * Sums of the bytes at odd positions, and of all bytes with the odd ones in the high half;
 * the even ones are recovered at the end.  Both are modulo 2^16.
 */
typedef struct
{
	__m512i all;
	__m512i odd;
} lanes_acc;

/* ----- float lanes ----- */

VDB_INLINE VDB_TARGET lanes_f32
lanes_set1(float value)
{
	return _mm512_set1_ps(value);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_load(const float *p)
{
	return _mm512_loadu_ps(p);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_load_partial(const float *p, int n)
{
	return _mm512_maskz_loadu_ps((__mmask16) ((1u << n) - 1u), p);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_load_half(const uint16_t *p)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) p));
}

VDB_INLINE VDB_TARGET void
lanes_store(float *p, lanes_f32 a)
{
	_mm512_storeu_ps(p, a);
}

VDB_INLINE VDB_TARGET void
lanes_store_partial(float *p, lanes_f32 a, int n)
{
	_mm512_mask_storeu_ps(p, (__mmask16) ((1u << n) - 1u), a);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_add(lanes_f32 a, lanes_f32 b)
{
	return _mm512_add_ps(a, b);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_sub(lanes_f32 a, lanes_f32 b)
{
	return _mm512_sub_ps(a, b);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_mul(lanes_f32 a, lanes_f32 b)
{
	return _mm512_mul_ps(a, b);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_fma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	return _mm512_fmadd_ps(a, b, c);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_fnma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	return _mm512_fnmadd_ps(a, b, c);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_abs(lanes_f32 a)
{
	return _mm512_abs_ps(a);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_max(lanes_f32 a, lanes_f32 b)
{
	return _mm512_max_ps(a, b);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_min(lanes_f32 a, lanes_f32 b)
{
	return _mm512_min_ps(a, b);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_hadamard(lanes_f32 a)
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

VDB_INLINE VDB_TARGET lanes_f32
lanes_segment_sums(lanes_f32 a)
{
	a = _mm512_add_ps(a, _mm512_permute_ps(a, 0xb1));
	return _mm512_add_ps(a, _mm512_permute_ps(a, 0x4e));
}

VDB_INLINE VDB_TARGET float
lanes_sum(lanes_f32 a)
{
	__m256 b = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
	__m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));

	c = _mm_add_ps(c, _mm_movehl_ps(c, c));
	c = _mm_add_ss(c, _mm_shuffle_ps(c, c, 1));
	return _mm_cvtss_f32(c);
}

/* ----- double lanes ----- */

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_zero(void)
{
	return (lanes_f64){_mm512_setzero_pd(), _mm512_setzero_pd()};
}

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_from(lanes_f32 a)
{
	return (lanes_f64){_mm512_cvtps_pd(_mm512_castps512_ps256(a)),
					   _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1))};
}

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_sub(lanes_f64 a, lanes_f64 b)
{
	return (lanes_f64){_mm512_sub_pd(a.lo, b.lo), _mm512_sub_pd(a.hi, b.hi)};
}

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_add_product(lanes_f64 sum, lanes_f64 a, lanes_f64 b)
{
	return (lanes_f64){_mm512_add_pd(sum.lo, _mm512_mul_pd(a.lo, b.lo)),
					   _mm512_add_pd(sum.hi, _mm512_mul_pd(a.hi, b.hi))};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_mul_f64(lanes_f32 a, double factor)
{
	lanes_f64 wide = lanes_f64_from(a);
	__m256 lo = _mm512_cvtpd_ps(_mm512_mul_pd(wide.lo, _mm512_set1_pd(factor)));
	__m256 hi = _mm512_cvtpd_ps(_mm512_mul_pd(wide.hi, _mm512_set1_pd(factor)));

	return _mm512_insertf32x8(_mm512_castps256_ps512(lo), hi, 1);
}

VDB_INLINE VDB_TARGET double
lanes_f64_sum(lanes_f64 a)
{
	__m512d b = _mm512_add_pd(a.lo, a.hi);
	__m256d c = _mm256_add_pd(_mm512_castpd512_pd256(b), _mm512_extractf64x4_pd(b, 1));
	__m128d d = _mm_add_pd(_mm256_castpd256_pd128(c), _mm256_extractf128_pd(c, 1));

	return _mm_cvtsd_f64(_mm_add_sd(d, _mm_unpackhi_pd(d, d)));
}

/* ----- sets of lanes ----- */

VDB_INLINE VDB_TARGET lanes_set
lanes_less(lanes_f32 a, lanes_f32 b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

VDB_INLINE VDB_TARGET lanes_set
lanes_less_equal(lanes_f32 a, lanes_f32 b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}

VDB_INLINE VDB_TARGET uint32_t
lanes_bits(lanes_set set)
{
	return (uint32_t) set;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_negate(lanes_set set, lanes_f32 a)
{
	return _mm512_mask_xor_ps(a, set, a, _mm512_set1_ps(-0.0f));
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_choose(lanes_set set, lanes_f32 a, lanes_f32 b)
{
	return _mm512_mask_blend_ps(set, b, a);
}

/* ----- integer lanes ----- */

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_zero(void)
{
	return _mm512_setzero_si512();
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_load(const uint32_t *p)
{
	return _mm512_loadu_si512(p);
}

VDB_INLINE VDB_TARGET void
lanes_u32_store(uint32_t *p, lanes_u32 a)
{
	_mm512_storeu_si512(p, a);
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_add(lanes_u32 a, lanes_u32 b)
{
	return _mm512_add_epi32(a, b);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_from_u32(lanes_u32 a)
{
	return _mm512_cvtepi32_ps(a);
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_to_u32(lanes_f32 a)
{
	return _mm512_cvttps_epi32(a);
}

VDB_INLINE VDB_TARGET uint32_t
lanes_u32_sum(lanes_u32 a)
{
	__m256i b = _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
	__m128i c = _mm_add_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));

	c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0x4e));
	c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0xb1));
	return (uint32_t) _mm_cvtsi128_si32(c);
}

VDB_INLINE VDB_TARGET void
lanes_u32_store_bytes(uint8_t *p, lanes_u32 a)
{
	_mm_storeu_si128((__m128i *) p, _mm512_cvtepi32_epi8(a));
}

/* ----- 16-bit lanes ----- */

VDB_INLINE VDB_TARGET void
lanes_store_i16(int16_t *p, lanes_f32 a)
{
	_mm256_storeu_si256((__m256i *) p, _mm512_cvtepi32_epi16(_mm512_cvttps_epi32(a)));
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_load(const int16_t *p)
{
	return _mm512_loadu_si512(p);
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_load_half(const int16_t *p)
{
	return _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *) p));
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_bytes(const uint8_t *p)
{
	return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *) p));
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_bytes_half(const uint8_t *p)
{
	return _mm512_zextsi256_si512(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) p)));
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_low_nibbles(lanes_i16 a)
{
	return _mm512_and_si512(a, _mm512_set1_epi16(15));
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_high_nibbles(lanes_i16 a)
{
	return _mm512_srli_epi16(a, 4);
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_add_products(lanes_u32 sum, lanes_i16 a, lanes_i16 b)
{
	return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
}

/* ----- tables ----- */

/*
 * Weights of 16 dimensions as 16-bit integers: signed in *weights; the sum of a segment's
 * negative dimensions' weights plus half a step, in each of its four lanes, in *bases.
 */
VDB_INLINE VDB_TARGET void
lanes_table_weights(lanes_f32 q, float scale, __m256i *weights, __m256i *bases)
{
	__mmask16 negative = _mm512_cmp_ps_mask(q, _mm512_setzero_ps(), _CMP_LT_OQ);
	__m512 scaled = _mm512_mul_ps(_mm512_abs_ps(q), _mm512_set1_ps(scale));
	__m512i weight = _mm512_cvttps_epi32(_mm512_add_ps(scaled, _mm512_set1_ps(0.5f)));
	__m512i base = _mm512_maskz_mov_epi32(negative, weight);

	weight = _mm512_mask_sub_epi32(weight, negative, _mm512_setzero_si512(), weight);
	base = _mm512_add_epi32(base, _mm512_shuffle_epi32(base, _MM_PERM_CDAB));
	base = _mm512_add_epi32(base, _mm512_shuffle_epi32(base, _MM_PERM_BADC));
	*weights = _mm512_cvtepi32_epi16(weight);
	*bases = _mm512_cvtepi32_epi16(_mm512_add_epi32(base, _mm512_set1_epi32(128)));
}

/* The 16 entries of four segments; a segment has its weights and bases in a 128-bit lane. */
VDB_INLINE VDB_TARGET __m512i
lanes_table_entries(__m512i weights, __m512i bases)
{
	/* word n of the result: word j of the weights where bit j of n is set, else zero */
	const __m512i bit0 = _mm512_broadcast_i32x4(
		_mm_setr_epi8(-1, -1, 0, 1, -1, -1, 0, 1, -1, -1, 0, 1, -1, -1, 0, 1));
	const __m512i bit1 = _mm512_broadcast_i32x4(
		_mm_setr_epi8(-1, -1, -1, -1, 2, 3, 2, 3, -1, -1, -1, -1, 2, 3, 2, 3));
	const __m512i bit2 = _mm512_broadcast_i32x4(
		_mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 4, 5, 4, 5, 4, 5, 4, 5));
	const __m512i bit3 = _mm512_set1_epi16(0x0706);
	__m512i lower = _mm512_add_epi16(
		_mm512_add_epi16(bases, _mm512_shuffle_epi8(weights, bit0)),
		_mm512_add_epi16(_mm512_shuffle_epi8(weights, bit1), _mm512_shuffle_epi8(weights, bit2)));
	__m512i upper = _mm512_add_epi16(lower, _mm512_shuffle_epi8(weights, bit3));

	return _mm512_packus_epi16(_mm512_srli_epi16(lower, 8), _mm512_srli_epi16(upper, 8));
}

VDB_INLINE VDB_TARGET void
lanes_table_chunk(lanes_f32 q0, lanes_f32 q1, float scale, uint8_t *table)
{
	const __m512i even = _mm512_setr_epi64(0, 0, 2, 2, 4, 4, 6, 6);
	const __m512i odd = _mm512_setr_epi64(1, 1, 3, 3, 5, 5, 7, 7);
	__m256i weights0;
	__m256i weights1;
	__m256i bases0;
	__m256i bases1;
	__m512i weights;
	__m512i bases;

	lanes_table_weights(q0, scale, &weights0, &bases0);
	lanes_table_weights(q1, scale, &weights1, &bases1);
	weights = _mm512_inserti64x4(_mm512_castsi256_si512(weights0), weights1, 1);
	bases = _mm512_inserti64x4(_mm512_castsi256_si512(bases0), bases1, 1);

	_mm512_storeu_si512(table, lanes_table_entries(_mm512_permutexvar_epi64(even, weights),
												   _mm512_permutexvar_epi64(even, bases)));
	_mm512_storeu_si512(table + QUANT_CHUNK,
						lanes_table_entries(_mm512_permutexvar_epi64(odd, weights),
											_mm512_permutexvar_epi64(odd, bases)));
}

VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_zero(void)
{
	lanes_acc acc;

	acc.all = _mm512_setzero_si512();
	acc.odd = _mm512_setzero_si512();
	return acc;
}

VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_step(lanes_acc acc, const uint8_t *table, const uint8_t *chunk)
{
	const __m512i nibble = _mm512_set1_epi8(0x0f);
	__m512i bytes = _mm512_loadu_si512(chunk);
	__m512i low;
	__m512i high;

	VDB_IN_REGISTER(bytes);
	low = _mm512_and_si512(bytes, nibble);
	high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble);
	low = _mm512_shuffle_epi8(_mm512_loadu_si512(table), low);
	high = _mm512_shuffle_epi8(_mm512_loadu_si512(table + QUANT_CHUNK), high);
	acc.all = _mm512_add_epi16(acc.all, _mm512_add_epi16(low, high));
	acc.odd = _mm512_add_epi16(
		acc.odd, _mm512_add_epi16(_mm512_srli_epi16(low, 8), _mm512_srli_epi16(high, 8)));
	return acc;
}

/* Coarse entries of a chunk, low plus high nibble: at most 126 per byte. */
VDB_INLINE VDB_TARGET __m512i
lanes_coarse_entries(const uint8_t *table, const uint8_t *chunk)
{
	const __m512i nibble = _mm512_set1_epi8(0x0f);
	__m512i bytes = _mm512_loadu_si512(chunk);
	__m512i low;
	__m512i high;

	VDB_IN_REGISTER(bytes);
	low = _mm512_and_si512(bytes, nibble);
	high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble);

	return _mm512_add_epi8(_mm512_shuffle_epi8(_mm512_loadu_si512(table), low),
						   _mm512_shuffle_epi8(_mm512_loadu_si512(table + QUANT_CHUNK), high));
}

VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_coarse(lanes_acc acc, const uint8_t *table, const uint8_t *chunks)
{
	__m512i sums =
		_mm512_add_epi8(lanes_coarse_entries(table, chunks),
						lanes_coarse_entries(table + QUANT_CHUNK_TABLE, chunks + QUANT_CHUNK));

	acc.all = _mm512_add_epi16(acc.all, sums);
	acc.odd = _mm512_add_epi16(acc.odd, _mm512_srli_epi16(sums, 8));
	return acc;
}

/* Adds the four 128-bit lanes of 16-bit sums of eight vectors, as 32-bit integers. */
VDB_INLINE VDB_TARGET __m256i
lanes_acc_fold(__m512i a)
{
	__m512i wide = _mm512_add_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(a)),
									_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(a, 1)));

	return _mm256_add_epi32(_mm512_castsi512_si256(wide), _mm512_extracti64x4_epi64(wide, 1));
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_acc_drain(lanes_acc acc)
{
	__m512i even = _mm512_sub_epi16(acc.all, _mm512_slli_epi16(acc.odd, 8));
	__m256i first = lanes_acc_fold(_mm512_unpacklo_epi16(even, acc.odd));
	__m256i last = lanes_acc_fold(_mm512_unpackhi_epi16(even, acc.odd));

	return _mm512_inserti64x4(_mm512_castsi256_si512(first), last, 1);
}

#endif /* QUANT_LANES_AVX512_H */
