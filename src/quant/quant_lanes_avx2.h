/*-------------------------------------------------------------------------
 *
 * quant_lanes_avx2.h
 *	  Sixteen lanes and table sums: AVX2, FMA, F16C; two registers.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_X86 is defined.  The contract of every quant_lanes_*.h
 *	  stands in README.md, "Lanes".
 *
 * IDENTIFICATION
 *	  src/quant/quant_lanes_avx2.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_LANES_AVX2_H
#define QUANT_LANES_AVX2_H

#include <immintrin.h>
#include "quant/quant_impl.h"

#define VDB_TARGET		 VDB_TARGET_AVX2
#define VDB_FN(name)	 name##_avx2
#define VDB_SIMD		 VDB_SIMD_AVX2
#define LANES_ACC_CHUNKS 64 /* a 16-bit sum grows by 4 * 255 per chunk */

typedef struct
{
	__m256 lo; /* lanes 0..7 */
	__m256 hi; /* lanes 8..15 */
} lanes_f32;

typedef struct
{
	__m256i lo;
	__m256i hi;
} lanes_u32;

typedef struct
{
	__m256d d[4];
} lanes_f64;

typedef struct
{
	__m256i lo; /* words 0..15 */
	__m256i hi; /* words 16..31 */
} lanes_i16;

typedef lanes_f32 lanes_set; /* all bits of a lane are set where it is in the set */

/*
 * Sums of the bytes at odd positions, and of all bytes with the odd ones in the high half;
 * the even ones are recovered at the end.  Both are modulo 2^16.
 */
typedef struct
{
	__m256i all;
	__m256i odd;
} lanes_acc;

/* ----- float lanes ----- */

VDB_INLINE VDB_TARGET lanes_f32
lanes_set1(float value)
{
	return (lanes_f32){_mm256_set1_ps(value), _mm256_set1_ps(value)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_load(const float *p)
{
	return (lanes_f32){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}

/* Mask of the first n of lanes 0..7 and of lanes 8..15. */
VDB_INLINE VDB_TARGET lanes_u32
lanes_first(int n)
{
	const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

	return (lanes_u32){_mm256_cmpgt_epi32(_mm256_set1_epi32(n), index),
					   _mm256_cmpgt_epi32(_mm256_set1_epi32(n - 8), index)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_load_partial(const float *p, int n)
{
	lanes_u32 mask = lanes_first(n);

	return (lanes_f32){_mm256_maskload_ps(p, mask.lo), _mm256_maskload_ps(p + 8, mask.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_load_half(const uint16_t *p)
{
	return (lanes_f32){_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) p)),
					   _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) (p + 8)))};
}

VDB_INLINE VDB_TARGET void
lanes_store(float *p, lanes_f32 a)
{
	_mm256_storeu_ps(p, a.lo);
	_mm256_storeu_ps(p + 8, a.hi);
}

VDB_INLINE VDB_TARGET void
lanes_store_partial(float *p, lanes_f32 a, int n)
{
	lanes_u32 mask = lanes_first(n);

	_mm256_maskstore_ps(p, mask.lo, a.lo);
	_mm256_maskstore_ps(p + 8, mask.hi, a.hi);
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_add(lanes_f32 a, lanes_f32 b)
{
	return (lanes_f32){_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_sub(lanes_f32 a, lanes_f32 b)
{
	return (lanes_f32){_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_mul(lanes_f32 a, lanes_f32 b)
{
	return (lanes_f32){_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_fma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	return (lanes_f32){_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_fnma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	return (lanes_f32){_mm256_fnmadd_ps(a.lo, b.lo, c.lo), _mm256_fnmadd_ps(a.hi, b.hi, c.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_abs(lanes_f32 a)
{
	const __m256 sign = _mm256_set1_ps(-0.0f);

	return (lanes_f32){_mm256_andnot_ps(sign, a.lo), _mm256_andnot_ps(sign, a.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_max(lanes_f32 a, lanes_f32 b)
{
	return (lanes_f32){_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_min(lanes_f32 a, lanes_f32 b)
{
	return (lanes_f32){_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)};
}

/* The levels 1, 2 and 4 of the transform within one register: t - a as t + (-a). */
VDB_INLINE VDB_TARGET __m256
lanes_hadamard8(__m256 a)
{
	const __m256 sign1 = _mm256_setr_ps(0.0f, -0.0f, 0.0f, -0.0f, 0.0f, -0.0f, 0.0f, -0.0f);
	const __m256 sign2 = _mm256_setr_ps(0.0f, 0.0f, -0.0f, -0.0f, 0.0f, 0.0f, -0.0f, -0.0f);
	const __m256 sign4 = _mm256_setr_ps(0.0f, 0.0f, 0.0f, 0.0f, -0.0f, -0.0f, -0.0f, -0.0f);

	a = _mm256_add_ps(_mm256_permute_ps(a, 0xb1), _mm256_xor_ps(a, sign1));
	a = _mm256_add_ps(_mm256_permute_ps(a, 0x4e), _mm256_xor_ps(a, sign2));
	return _mm256_add_ps(_mm256_permute2f128_ps(a, a, 0x01), _mm256_xor_ps(a, sign4));
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_hadamard(lanes_f32 a)
{
	__m256 lo = lanes_hadamard8(a.lo);
	__m256 hi = lanes_hadamard8(a.hi);

	return (lanes_f32){_mm256_add_ps(lo, hi), _mm256_sub_ps(lo, hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_segment_sums(lanes_f32 a)
{
	a.lo = _mm256_add_ps(a.lo, _mm256_permute_ps(a.lo, 0xb1));
	a.hi = _mm256_add_ps(a.hi, _mm256_permute_ps(a.hi, 0xb1));
	return (lanes_f32){_mm256_add_ps(a.lo, _mm256_permute_ps(a.lo, 0x4e)),
					   _mm256_add_ps(a.hi, _mm256_permute_ps(a.hi, 0x4e))};
}

VDB_INLINE VDB_TARGET float
lanes_sum(lanes_f32 a)
{
	__m256 b = _mm256_add_ps(a.lo, a.hi);
	__m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));

	c = _mm_add_ps(c, _mm_movehl_ps(c, c));
	c = _mm_add_ss(c, _mm_shuffle_ps(c, c, 1));
	return _mm_cvtss_f32(c);
}

/* ----- double lanes ----- */

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_zero(void)
{
	return (lanes_f64){
		{_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()}};
}

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_from(lanes_f32 a)
{
	return (lanes_f64){{_mm256_cvtps_pd(_mm256_castps256_ps128(a.lo)),
						_mm256_cvtps_pd(_mm256_extractf128_ps(a.lo, 1)),
						_mm256_cvtps_pd(_mm256_castps256_ps128(a.hi)),
						_mm256_cvtps_pd(_mm256_extractf128_ps(a.hi, 1))}};
}

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_sub(lanes_f64 a, lanes_f64 b)
{
	VDB_UNROLL
	for (int i = 0; i < 4; i++)
		a.d[i] = _mm256_sub_pd(a.d[i], b.d[i]);
	return a;
}

VDB_INLINE VDB_TARGET lanes_f64
lanes_f64_add_product(lanes_f64 sum, lanes_f64 a, lanes_f64 b)
{
	VDB_UNROLL
	for (int i = 0; i < 4; i++)
		sum.d[i] = _mm256_add_pd(sum.d[i], _mm256_mul_pd(a.d[i], b.d[i]));
	return sum;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_mul_f64(lanes_f32 a, double factor)
{
	lanes_f64 wide = lanes_f64_from(a);
	__m128 quarter[4];

	VDB_UNROLL
	for (int i = 0; i < 4; i++)
		quarter[i] = _mm256_cvtpd_ps(_mm256_mul_pd(wide.d[i], _mm256_set1_pd(factor)));
	return (lanes_f32){_mm256_set_m128(quarter[1], quarter[0]),
					   _mm256_set_m128(quarter[3], quarter[2])};
}

VDB_INLINE VDB_TARGET double
lanes_f64_sum(lanes_f64 a)
{
	__m256d b = _mm256_add_pd(_mm256_add_pd(a.d[0], a.d[2]), _mm256_add_pd(a.d[1], a.d[3]));
	__m128d c = _mm_add_pd(_mm256_castpd256_pd128(b), _mm256_extractf128_pd(b, 1));

	return _mm_cvtsd_f64(_mm_add_sd(c, _mm_unpackhi_pd(c, c)));
}

/* ----- sets of lanes ----- */

VDB_INLINE VDB_TARGET lanes_set
lanes_less(lanes_f32 a, lanes_f32 b)
{
	return (lanes_set){_mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ),
					   _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ)};
}

VDB_INLINE VDB_TARGET lanes_set
lanes_less_equal(lanes_f32 a, lanes_f32 b)
{
	return (lanes_set){_mm256_cmp_ps(a.lo, b.lo, _CMP_LE_OQ),
					   _mm256_cmp_ps(a.hi, b.hi, _CMP_LE_OQ)};
}

VDB_INLINE VDB_TARGET uint32_t
lanes_bits(lanes_set set)
{
	return (uint32_t) _mm256_movemask_ps(set.lo) | (uint32_t) _mm256_movemask_ps(set.hi) << 8;
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_negate(lanes_set set, lanes_f32 a)
{
	const __m256 sign = _mm256_set1_ps(-0.0f);

	return (lanes_f32){_mm256_xor_ps(a.lo, _mm256_and_ps(set.lo, sign)),
					   _mm256_xor_ps(a.hi, _mm256_and_ps(set.hi, sign))};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_choose(lanes_set set, lanes_f32 a, lanes_f32 b)
{
	return (lanes_f32){_mm256_blendv_ps(b.lo, a.lo, set.lo), _mm256_blendv_ps(b.hi, a.hi, set.hi)};
}

/* ----- integer lanes ----- */

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_zero(void)
{
	return (lanes_u32){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_load(const uint32_t *p)
{
	return (lanes_u32){_mm256_loadu_si256((const __m256i *) p),
					   _mm256_loadu_si256((const __m256i *) (p + 8))};
}

VDB_INLINE VDB_TARGET void
lanes_u32_store(uint32_t *p, lanes_u32 a)
{
	_mm256_storeu_si256((__m256i *) p, a.lo);
	_mm256_storeu_si256((__m256i *) (p + 8), a.hi);
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_add(lanes_u32 a, lanes_u32 b)
{
	return (lanes_u32){_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)};
}

VDB_INLINE VDB_TARGET lanes_f32
lanes_from_u32(lanes_u32 a)
{
	return (lanes_f32){_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)};
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_to_u32(lanes_f32 a)
{
	return (lanes_u32){_mm256_cvttps_epi32(a.lo), _mm256_cvttps_epi32(a.hi)};
}

VDB_INLINE VDB_TARGET uint32_t
lanes_u32_sum(lanes_u32 a)
{
	__m256i b = _mm256_add_epi32(a.lo, a.hi);
	__m128i c = _mm_add_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));

	c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0x4e));
	c = _mm_add_epi32(c, _mm_shuffle_epi32(c, 0xb1));
	return (uint32_t) _mm_cvtsi128_si32(c);
}

VDB_INLINE VDB_TARGET void
lanes_u32_store_bytes(uint8_t *p, lanes_u32 a)
{
	__m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(a.lo, a.hi), 0xd8);

	_mm_storeu_si128((__m128i *) p, _mm_packus_epi16(_mm256_castsi256_si128(words),
													 _mm256_extracti128_si256(words, 1)));
}

/* ----- 16-bit lanes ----- */

VDB_INLINE VDB_TARGET void
lanes_store_i16(int16_t *p, lanes_f32 a)
{
	__m256i words = _mm256_packs_epi32(_mm256_cvttps_epi32(a.lo), _mm256_cvttps_epi32(a.hi));

	_mm256_storeu_si256((__m256i *) p, _mm256_permute4x64_epi64(words, 0xd8));
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_load(const int16_t *p)
{
	return (lanes_i16){_mm256_loadu_si256((const __m256i *) p),
					   _mm256_loadu_si256((const __m256i *) (p + 16))};
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_load_half(const int16_t *p)
{
	return (lanes_i16){_mm256_loadu_si256((const __m256i *) p), _mm256_setzero_si256()};
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_bytes(const uint8_t *p)
{
	return (lanes_i16){_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) p)),
					   _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) (p + 16)))};
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_bytes_half(const uint8_t *p)
{
	return (lanes_i16){_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *) p)),
					   _mm256_setzero_si256()};
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_low_nibbles(lanes_i16 a)
{
	const __m256i nibble = _mm256_set1_epi16(15);

	return (lanes_i16){_mm256_and_si256(a.lo, nibble), _mm256_and_si256(a.hi, nibble)};
}

VDB_INLINE VDB_TARGET lanes_i16
lanes_i16_high_nibbles(lanes_i16 a)
{
	return (lanes_i16){_mm256_srli_epi16(a.lo, 4), _mm256_srli_epi16(a.hi, 4)};
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_u32_add_products(lanes_u32 sum, lanes_i16 a, lanes_i16 b)
{
	return (lanes_u32){_mm256_add_epi32(sum.lo, _mm256_madd_epi16(a.lo, b.lo)),
					   _mm256_add_epi32(sum.hi, _mm256_madd_epi16(a.hi, b.hi))};
}

/* ----- tables ----- */

/*
 * Weights of 8 dimensions as 32-bit integers modulo 2^16: signed in *weights; the sum of a
 * segment's negative dimensions' weights plus half a step, in each of its four lanes, in *bases.
 */
VDB_INLINE VDB_TARGET void
lanes_table_weights(__m256 q, float scale, __m256i *weights, __m256i *bases)
{
	const __m256i word = _mm256_set1_epi32(0xffff);
	__m256i negative = _mm256_castps_si256(_mm256_cmp_ps(q, _mm256_setzero_ps(), _CMP_LT_OQ));
	__m256 scaled =
		_mm256_mul_ps(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), q), _mm256_set1_ps(scale));
	__m256i weight = _mm256_cvttps_epi32(_mm256_add_ps(scaled, _mm256_set1_ps(0.5f)));
	__m256i base = _mm256_and_si256(weight, negative);

	weight = _mm256_sub_epi32(_mm256_xor_si256(weight, negative), negative);
	base = _mm256_add_epi32(base, _mm256_shuffle_epi32(base, 0xb1));
	base = _mm256_add_epi32(base, _mm256_shuffle_epi32(base, 0x4e));
	*weights = _mm256_and_si256(weight, word);
	*bases = _mm256_add_epi32(base, _mm256_set1_epi32(128));
}

/* The 16 entries of two segments; a segment has its weights and bases in a 128-bit lane. */
VDB_INLINE VDB_TARGET __m256i
lanes_table_entries(__m256i weights, __m256i bases)
{
	/* word n of the result: word j of the weights where bit j of n is set, else zero */
	const __m256i bit0 = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(-1, -1, 0, 1, -1, -1, 0, 1, -1, -1, 0, 1, -1, -1, 0, 1));
	const __m256i bit1 = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(-1, -1, -1, -1, 2, 3, 2, 3, -1, -1, -1, -1, 2, 3, 2, 3));
	const __m256i bit2 = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 4, 5, 4, 5, 4, 5, 4, 5));
	const __m256i bit3 = _mm256_set1_epi16(0x0706);
	__m256i lower = _mm256_add_epi16(
		_mm256_add_epi16(bases, _mm256_shuffle_epi8(weights, bit0)),
		_mm256_add_epi16(_mm256_shuffle_epi8(weights, bit1), _mm256_shuffle_epi8(weights, bit2)));
	__m256i upper = _mm256_add_epi16(lower, _mm256_shuffle_epi8(weights, bit3));

	return _mm256_packus_epi16(_mm256_srli_epi16(lower, 8), _mm256_srli_epi16(upper, 8));
}

/* The tables of 16 dimensions: the low nibbles' segments 0 and 2, the high nibbles' 1 and 3. */
VDB_INLINE VDB_TARGET void
lanes_table_half(lanes_f32 q, float scale, uint8_t *table)
{
	__m256i weights_lo;
	__m256i weights_hi;
	__m256i bases_lo;
	__m256i bases_hi;
	__m256i weights;
	__m256i bases;

	lanes_table_weights(q.lo, scale, &weights_lo, &bases_lo);
	lanes_table_weights(q.hi, scale, &weights_hi, &bases_hi);

	/* 64-bit quarters: segments 0, 2, 1, 3 */
	weights = _mm256_packus_epi32(weights_lo, weights_hi);
	bases = _mm256_packus_epi32(bases_lo, bases_hi);
	_mm256_storeu_si256((__m256i *) table,
						lanes_table_entries(_mm256_permute4x64_epi64(weights, 0x50),
											_mm256_permute4x64_epi64(bases, 0x50)));
	_mm256_storeu_si256((__m256i *) (table + QUANT_CHUNK),
						lanes_table_entries(_mm256_permute4x64_epi64(weights, 0xfa),
											_mm256_permute4x64_epi64(bases, 0xfa)));
}

VDB_INLINE VDB_TARGET void
lanes_table_chunk(lanes_f32 q0, lanes_f32 q1, float scale, uint8_t *table)
{
	lanes_table_half(q0, scale, table);
	lanes_table_half(q1, scale, table + QUANT_CHUNK / 2);
}

VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_zero(void)
{
	return (lanes_acc){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

/* Half a chunk: two bytes of every code. */
VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_half(lanes_acc acc, const uint8_t *table, const uint8_t *chunk)
{
	const __m256i nibble = _mm256_set1_epi8(0x0f);
	__m256i bytes = _mm256_loadu_si256((const __m256i *) chunk);
	__m256i low;
	__m256i high;

	VDB_IN_REGISTER(bytes);
	low = _mm256_and_si256(bytes, nibble);
	high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
	low = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *) table), low);
	high = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *) (table + QUANT_CHUNK)), high);
	acc.all = _mm256_add_epi16(acc.all, _mm256_add_epi16(low, high));
	acc.odd = _mm256_add_epi16(
		acc.odd, _mm256_add_epi16(_mm256_srli_epi16(low, 8), _mm256_srli_epi16(high, 8)));
	return acc;
}

VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_step(lanes_acc acc, const uint8_t *table, const uint8_t *chunk)
{
	acc = lanes_acc_half(acc, table, chunk);
	return lanes_acc_half(acc, table + QUANT_CHUNK / 2, chunk + QUANT_CHUNK / 2);
}

/* Coarse entries of half a chunk, low plus high nibble: at most 126 per byte. */
VDB_INLINE VDB_TARGET __m256i
lanes_coarse_entries(const uint8_t *table, const uint8_t *chunk)
{
	const __m256i nibble = _mm256_set1_epi8(0x0f);
	__m256i bytes = _mm256_loadu_si256((const __m256i *) chunk);
	__m256i low;
	__m256i high;

	VDB_IN_REGISTER(bytes);
	low = _mm256_and_si256(bytes, nibble);
	high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
	low = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *) table), low);
	high = _mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *) (table + QUANT_CHUNK)), high);
	return _mm256_add_epi8(low, high);
}

VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_coarse(lanes_acc acc, const uint8_t *table, const uint8_t *chunks)
{
	VDB_UNROLL
	for (int i = 0; i < 2; i++)
	{
		__m256i sums = _mm256_add_epi8(
			lanes_coarse_entries(table, chunks),
			lanes_coarse_entries(table + QUANT_CHUNK / 2, chunks + QUANT_CHUNK / 2));

		acc.all = _mm256_add_epi16(acc.all, sums);
		acc.odd = _mm256_add_epi16(acc.odd, _mm256_srli_epi16(sums, 8));
		table += QUANT_CHUNK_TABLE;
		chunks += QUANT_CHUNK;
	}
	return acc;
}

/* Adds the two 128-bit lanes of 16-bit sums of eight vectors, as 32-bit integers. */
VDB_INLINE VDB_TARGET __m256i
lanes_acc_fold(__m256i a)
{
	return _mm256_add_epi32(_mm256_cvtepu16_epi32(_mm256_castsi256_si128(a)),
							_mm256_cvtepu16_epi32(_mm256_extracti128_si256(a, 1)));
}

VDB_INLINE VDB_TARGET lanes_u32
lanes_acc_drain(lanes_acc acc)
{
	__m256i even = _mm256_sub_epi16(acc.all, _mm256_slli_epi16(acc.odd, 8));

	return (lanes_u32){lanes_acc_fold(_mm256_unpacklo_epi16(even, acc.odd)),
					   lanes_acc_fold(_mm256_unpackhi_epi16(even, acc.odd))};
}

#endif /* QUANT_LANES_AVX2_H */
