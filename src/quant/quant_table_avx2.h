/*-------------------------------------------------------------------------
 *
 * quant_table_avx2.h
 *	  Query tables and their sums: AVX2.
 *
 * NOTES
 *	  Pure C.  Include only where VDB_ARCH_X86 is defined.  The contract of every
 *	  quant_table_<level>.h stands in README.md, "Lanes".
 *
 * IDENTIFICATION
 *	  src/quant/quant_table_avx2.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_TABLE_AVX2_H
#define QUANT_TABLE_AVX2_H

#include "quant/quant_impl.h"
#include "simd/vf_avx2.h"
#include "simd/vf_lanes.h"

#define LANES_ACC_CHUNKS 64 /* a 16-bit sum grows by 4 * 255 per chunk */

/*
 * Sums of the bytes at odd positions, and of all bytes with the odd ones in the high half;
 * the even ones are recovered at the end.  Both are modulo 2^16.
 */
typedef struct
{
	__m256i all;
	__m256i odd;
} lanes_acc;

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

	lanes_table_weights(q.v[0], scale, &weights_lo, &bases_lo);
	lanes_table_weights(q.v[1], scale, &weights_hi, &bases_hi);

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

/* Bits that half a chunk has in common with the query, by byte. */
VDB_INLINE VDB_TARGET __m256i
lanes_common_bits(const uint8_t *bytes, const uint8_t *chunk)
{
	const __m256i nibble = _mm256_set1_epi8(0x0f);
	const __m256i counts =
		_mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
	__m256i common = _mm256_and_si256(_mm256_loadu_si256((const __m256i *) bytes),
									  _mm256_loadu_si256((const __m256i *) chunk));
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(common, 4), nibble);

	return _mm256_add_epi8(_mm256_shuffle_epi8(counts, _mm256_and_si256(common, nibble)),
						   _mm256_shuffle_epi8(counts, high));
}

VDB_INLINE VDB_TARGET lanes_acc
lanes_acc_common(lanes_acc acc, const uint8_t *bytes, const uint8_t *chunks, int n)
{
	__m256i sums = _mm256_setzero_si256();

	VDB_UNROLL
	for (int i = 0; i < n * QUANT_CHUNK; i += QUANT_CHUNK / 2)
		sums = _mm256_add_epi8(sums, lanes_common_bits(bytes + i, chunks + i));
	acc.all = _mm256_add_epi16(acc.all, sums);
	acc.odd = _mm256_add_epi16(acc.odd, _mm256_srli_epi16(sums, 8));
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

	return (lanes_u32){{lanes_acc_fold(_mm256_unpacklo_epi16(even, acc.odd)),
						lanes_acc_fold(_mm256_unpackhi_epi16(even, acc.odd))}};
}

#endif /* QUANT_TABLE_AVX2_H */
