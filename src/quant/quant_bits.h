/*-------------------------------------------------------------------------
 *
 * quant_bits.h
 *	  Codes of bit strings that are the bits themselves: their distances are exact.
 *
 * NOTES
 *	  Pure C.  Such codes lie in units as other 1-bit codes do (quant.h).  Which bit of a byte is
 *	  which does not matter, if it is the same for rows and queries.  Bits past the end are zero.
 *	  There are two kinds:
 *
 *	  without a head	the bits.  "add" of a slot is the number of bits set, "mul" is 0.
 *	  with one			the first chunks of the row's code in index space, with the factors of that:
 *						what quant_heads_init() needs; the bits; the number of them that are set, in
 *						a chunk of its own: two bytes, the lower first, and two of zero.
 *
 *	  Empty and forced slots are as in quant.h.
 *
 * IDENTIFICATION
 *	  src/quant/quant_bits.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_BITS_H
#define QUANT_BITS_H

#include "quant/quant.h"

/* A query for such codes. */
struct QuantBitsQuery
{
	int nchunks;
	bool dice;			/* distances are Dice's, (a xor b) / (|a| + |b|); else a xor b */
	float count;		/* bits set; at least 1 for Dice's */
	double scale;		/* that distances are multiplied by, above 0 */
	float narrow_scale; /* the same or a little less: see quant_bits_query_init() */
	uint8_t *bytes;		/* QUANT_CHUNK bytes a chunk: each byte of the query QUANT_UNIT times */
	uint16_t *used;		/* the chunks with bits set, ascending: others have none in common */
	int nused;
};

/* Bytes that the caller must provide, for so many bits. */
static inline size_t
quant_bits_query_bytes(int nbits)
{
	return (size_t) quant_chunks(nbits) * (QUANT_CHUNK + sizeof(uint16_t));
}

/* True if a query has bits in so few of its chunks that only these should be looked at. */
static inline bool
quant_bits_sparse(const QuantBitsQuery *query)
{
	return query->nused * 8 <= query->nchunks * 7;
}

/* Prepares a query of nbits bits in the caller's memory, aligned as numbers are. */
extern void quant_bits_query_init(QuantBitsQuery *query, int nbits, const uint8_t *bits, bool dice,
								  double scale, uint8_t *bytes);

/* Chunks of a code with so many chunks of a head. */
static inline int
quant_bits_chunks(int nbits, int head)
{
	return quant_chunks(nbits) + (head > 0 ? head + 1 : 0);
}

/*
 * Makes the code of nbits bits, the unused ones of the last byte zero: quant_bits_chunks() times
 * QUANT_CHUNK_CODE bytes.  With a head, "rotated" is the code in index space, and *factors, which
 * has its factors, stays.
 */
extern void quant_bits_encode(int nbits, const uint8_t *bits, int head, const uint8_t *rotated,
							  uint8_t *code, QuantFactors *factors);

/* The numbers of bits set of a unit, from all of its chunks; "add" of empty and forced slots. */
extern void quant_bits_counts(int nbits, int head, const uint8_t *chunks, const float *add,
							  float counts[QUANT_UNIT]);

/* The distance to a row with "count" bits set, of which "common" are set in the query too. */
static inline double
quant_bits_distance(const QuantBitsQuery *query, double count, double common)
{
	double both = (double) query->count + count;
	double differ = both - 2.0 * common;

	return (query->dice ? differ / both : differ) * query->scale;
}

/*
 * The same for a slot with such a count, as bounds next to it: lower is at most, upper at least
 * the distance.  Those of forced slots are -FLT_MAX and +Inf.
 */
extern void quant_bits_bounds(const QuantBitsQuery *query, float count, uint32_t common,
							  float *lower, float *upper);

#endif /* QUANT_BITS_H */
