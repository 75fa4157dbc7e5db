/*-------------------------------------------------------------------------
 *
 * quant_taxicab.h
 *	  Codes of 4 or 8 bits per dimension, for bounds of taxicab distances.
 *
 * NOTES
 *	  Pure C.  A taxicab distance is not that of rotated vectors, so these are codes of
 *	  coordinates before the rotation (quant_unrotate()), without a centroid.  They have the
 *	  layout and the factors of refine codes (quant_refine.h) and are as long.  NOTES.md,
 *	  "Taxicab codes", derives the bounds.
 *
 * IDENTIFICATION
 *	  src/quant/quant_taxicab.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_TAXICAB_H
#define QUANT_TAXICAB_H

#include "quant/quant_refine.h"

/* Fills dither[dims] with numbers in [-1/2, 1/2) from the seed.  Frozen, as rotations are. */
extern void quant_taxicab_dither(int dims, uint64_t seed, float *dither);

/*
 * Encodes x[dims]; code[quant_refine_bytes(dims, bits)].  Factors: with F = mul, the code stands
 * for F (U_i - (2^B - 1) / 2 + dither_i), at most F / 2 from x_i; sigma is the standard deviation
 * of the sum of these errors with any signs; add is 0.  What does not fit is as in quant_refine.h.
 */
extern void quant_taxicab_encode(int dims, int bits, const float *x, const float *dither,
								 uint8_t *code, QuantRefineFactors *factors);

/* A query.  q and dither have dims floats and must outlive the struct. */
typedef struct QuantTaxicabQuery
{
	int dims;
	int bits;
	const float *q;
	const float *dither;
	float norm; /* sqrt(dims) ||q||, at least the sum of its magnitudes */
} QuantTaxicabQuery;

/* Prepares q[dims], not rotated, for codes of "bits" bits. */
extern void quant_taxicab_query_init(QuantTaxicabQuery *query, int dims, int bits, const float *q,
									 const float *dither);

/*
 * Bounds of the taxicab distance between the query and the vector of a code, "epsilon" standard
 * deviations wide but never beyond what is certain; at least 0.  Where nothing is known, *lb is
 * -FLT_MAX and *ub is +Inf; never NaN.
 */
extern void quant_taxicab_bounds(const QuantTaxicabQuery *query, const QuantRefineFactors *factors,
								 const uint8_t *code, float epsilon, float *lb, float *ub);

#endif /* QUANT_TAXICAB_H */
