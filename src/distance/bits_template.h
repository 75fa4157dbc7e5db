/*-------------------------------------------------------------------------
 *
 * bits_template.h
 *	  The bodies of the bit kernels, written once for every SIMD level.
 *
 * NOTES
 *	  Pure C.  Included once by each bits_<level>.c, which defines before it
 *
 *		VDB_TARGET, VDB_FN(name), VDB_SIMD	as for dist_template.h
 *		VB_POPCOUNT64(x)					number of bits set in a uint64_t
 *
 *	  and, unless the level works word by word only,
 *
 *		VB_BYTES			bytes of a vector "vbits"
 *		VB_SHORT			strings below this many bytes go word by word
 *		vb_zero(), vb_load(p), vb_and(a, b), vb_or(a, b), vb_xor(a, b)
 *		vb_load_tail(p, n)	the n < VB_BYTES bytes at p, 0 elsewhere; may read the
 *							VB_BYTES - n bytes before p if VB_SHORT >= VB_BYTES
 *		vb_count(a)			number of bits set, by small lane
 *		vb_sum4(a, b, c, d)	adds counts of four vectors, by small lane
 *		vb_add(sum, counts)	adds counts, of up to four vectors, to 64-bit lanes
 *		vb_total(sum)		sum of the 64-bit lanes
 *
 *	  Defines the table bits_table_<level>; all else is static.
 *
 * IDENTIFICATION
 *	  src/distance/bits_template.h
 *
 *-------------------------------------------------------------------------
 */
#if !defined(VDB_TARGET) || !defined(VDB_FN) || !defined(VDB_SIMD) || !defined(VB_POPCOUNT64)
#error "define the level before bits_template.h"
#endif

#include <stdbool.h>
#include <string.h>
#include "distance/bits.h"

/* Eight bytes at p. */
VDB_INLINE VDB_TARGET uint64_t
VDB_FN(load_word)(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/*
 * The n < 8 bytes at p in one word, whose other bits are 0.  From loads that overlap, whose
 * doubled bits fall on each other; in which order the bytes stand makes no difference.
 */
VDB_INLINE VDB_TARGET uint64_t
VDB_FN(load_short)(const uint8_t *p, size_t n)
{
	uint32_t low4;
	uint32_t high4;
	uint16_t low2;

	if (n >= 4)
	{
		memcpy(&low4, p, sizeof(low4));
		memcpy(&high4, p + n - sizeof(high4), sizeof(high4));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		return low4 | (uint64_t) high4 << (8 * (n - 4));
#else
		return (uint64_t) low4 << (8 * (n - 4)) | high4;
#endif
	}
	if (n >= 2)
	{
		memcpy(&low2, p, sizeof(low2));
		return low2 | (n > 2 ? (uint64_t) p[2] << 16 : 0);
	}
	return n > 0 ? p[0] : 0;
}

/* Adds the counts of one pair of words to the sums. */
VDB_INLINE VDB_TARGET void
VDB_FN(add_word)(bool overlap, uint64_t a, uint64_t b, uint64_t sums[2])
{
	sums[0] += VB_POPCOUNT64(overlap ? a & b : a ^ b);
	if (overlap)
		sums[1] += VB_POPCOUNT64(a | b);
}

/*
 * Counts bits of a[n] and b[n] word by word: sums[0] those in both and sums[1] those in
 * either if "overlap", a constant, else sums[0] those that differ.
 */
VDB_INLINE VDB_TARGET void
VDB_FN(count_words)(bool overlap, const uint8_t *a, const uint8_t *b, size_t n, uint64_t sums[2])
{
	sums[0] = sums[1] = 0;
	for (; n >= 8; n -= 8, a += 8, b += 8)
		VDB_FN(add_word)(overlap, VDB_FN(load_word)(a), VDB_FN(load_word)(b), sums);
	if (n > 0)
		VDB_FN(add_word)(overlap, VDB_FN(load_short)(a, n), VDB_FN(load_short)(b, n), sums);
}

#ifdef VB_BYTES

/* The counts of one term of a pair of vectors: in both or in either, or different bits. */
VDB_INLINE VDB_TARGET vbits
VDB_FN(count_term)(bool overlap, int term, vbits a, vbits b)
{
	if (!overlap)
		return vb_count(vb_xor(a, b));
	return vb_count(term == 0 ? vb_and(a, b) : vb_or(a, b));
}

/* count_words() by vectors; n >= VB_SHORT. */
VDB_INLINE VDB_TARGET void
VDB_FN(count_vectors)(bool overlap, const uint8_t *a, const uint8_t *b, size_t n, uint64_t sums[2])
{
	const int terms = overlap ? 2 : 1;
	vbits acc[2];

	acc[0] = acc[1] = vb_zero();
	for (; n >= 4 * VB_BYTES; n -= 4 * VB_BYTES, a += 4 * VB_BYTES, b += 4 * VB_BYTES)
	{
		vbits va[4];
		vbits vb[4];

		VDB_UNROLL
		for (int u = 0; u < 4; u++)
		{
			va[u] = vb_load(a + u * VB_BYTES);
			vb[u] = vb_load(b + u * VB_BYTES);
		}
		VDB_UNROLL
		for (int t = 0; t < terms; t++)
			acc[t] = vb_add(acc[t], vb_sum4(VDB_FN(count_term)(overlap, t, va[0], vb[0]),
											VDB_FN(count_term)(overlap, t, va[1], vb[1]),
											VDB_FN(count_term)(overlap, t, va[2], vb[2]),
											VDB_FN(count_term)(overlap, t, va[3], vb[3])));
	}
	for (; n >= VB_BYTES; n -= VB_BYTES, a += VB_BYTES, b += VB_BYTES)
	{
		vbits va = vb_load(a);
		vbits vb = vb_load(b);

		VDB_UNROLL
		for (int t = 0; t < terms; t++)
			acc[t] = vb_add(acc[t], VDB_FN(count_term)(overlap, t, va, vb));
	}
	if (n > 0)
	{
		vbits va = vb_load_tail(a, n);
		vbits vb = vb_load_tail(b, n);

		VDB_UNROLL
		for (int t = 0; t < terms; t++)
			acc[t] = vb_add(acc[t], VDB_FN(count_term)(overlap, t, va, vb));
	}
	sums[0] = vb_total(acc[0]);
	sums[1] = overlap ? vb_total(acc[1]) : 0;
}

#endif /* VB_BYTES */

/* count_words() in the way that is fastest for n. */
VDB_INLINE VDB_TARGET void
VDB_FN(count)(bool overlap, const uint8_t *a, const uint8_t *b, size_t n, uint64_t sums[2])
{
#ifdef VB_BYTES
	if (n >= VB_SHORT)
	{
		VDB_FN(count_vectors)(overlap, a, b, n, sums);
		return;
	}
#endif
	VDB_FN(count_words)(overlap, a, b, n, sums);
}

/* Number of bits that differ between a[n] and b[n]. */
static VDB_TARGET uint64_t
VDB_FN(hamming)(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t sums[2];

	VDB_FN(count)(false, a, b, n, sums);
	return sums[0];
}

/* Numbers of bits set in both and in either of a[n] and b[n]. */
static VDB_TARGET BitsOverlap
VDB_FN(overlap)(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t sums[2];

	VDB_FN(count)(true, a, b, n, sums);
	return (BitsOverlap){.both = sums[0], .either = sums[1]};
}

/* Declared here too, because only dist_kernels.c uses it otherwise. */
extern const BitsKernels VDB_FN(bits_table);
const BitsKernels VDB_FN(bits_table) = {
	.simd = VDB_SIMD,
	.hamming = VDB_FN(hamming),
	.overlap = VDB_FN(overlap),
};
