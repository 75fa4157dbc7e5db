/*-------------------------------------------------------------------------
 *
 * quant_table_avx512.h
 *	  Query tables and their sums: AVX-512.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_X86 is defined.  The contract of every
 *	  quant_table_<level>.h stands in README.md, "Lanes".
 *
 * IDENTIFICATION
 *	  src/quant/quant_table_avx512.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_TABLE_AVX512_H
#define QUANT_TABLE_AVX512_H

#include "quant/quant_impl.h"
#include "simd/vf_avx512.h"
#include "simd/vf_lanes.h"

#define LANES_ACC_CHUNKS 128 /* a 16-bit sum grows by 2 * 255 per chunk */

/*
 * Sums of the bytes at odd positions, and of all bytes with the odd ones in the high half;
 * the even ones are recovered at the end.  Both are modulo 2^16.
 */
typedef struct
{
	__m512i all;
	__m512i odd;
} lanes_acc;

/*
 * Weights of 16 dimensions as 16-bit integers: signed in *weights; the sum of a segment's
 * negative dimensions' weights plus half a step, in each of its four lanes, in *bases.
 */
VDB_INLINE VDB_TARGET void
lanes_table_weights(lanes_f32 q, float scale, __m256i *weights, __m256i *bases)
{
	__mmask16 negative = _mm512_cmp_ps_mask(q.v[0], _mm512_setzero_ps(), _CMP_LT_OQ);
	__m512 scaled = _mm512_mul_ps(_mm512_abs_ps(q.v[0]), _mm512_set1_ps(scale));
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

/* Bits that a chunk has in common with the query, by byte. */
VDB_INLINE VDB_TARGET __m512i
lanes_common_bits(const uint8_t *bytes, const uint8_t *chunk)
{
	const __m512i nibble = _mm512_set1_epi8(0x0f);
	const __m512i counts =
		_mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
	__m512i common = _mm512_and_si512(_mm512_loadu_si512(bytes), _mm512_loadu_si512(chunk));
	__m512i high = _mm512_and_si512(_mm512_srli_epi16(common, 4), nibble);

	return _mm512_add_epi8(_mm512_shuffle_epi8(counts, _mm512_and_si512(common, nibble)),
						   _mm512_shuffle_epi8(counts, high));
}

VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_common(lanes_acc acc, const uint8_t *bytes, const uint8_t *chunks, int n)
{
	__m512i sums = lanes_common_bits(bytes, chunks);

	if (n == 2)
		sums = _mm512_add_epi8(sums, lanes_common_bits(bytes + QUANT_CHUNK, chunks + QUANT_CHUNK));
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

	return (lanes_u32){{_mm512_inserti64x4(_mm512_castsi256_si512(first), last, 1)}};
}

#endif /* QUANT_TABLE_AVX512_H */
