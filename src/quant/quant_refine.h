/*-------------------------------------------------------------------------
 *
 * quant_refine.h
 *	  Codes of 4 or 8 bits per dimension, for bounds close to the exact distance.
 *
 * NOTES
 *	  Pure C.  Gao et al., "Practical and Asymptotically Optimal Quantization of
 *	  High-Dimensional Vectors in Euclidean Space for Approximate Nearest Neighbor
 *	  Search" (arXiv 2409.09913), with a quantiser that is chosen quickly; NOTES.md,
 *	  "Refine codes", derives the factors and the bounds.  A code stands for itself: it
 *	  needs no 1-bit code.  Codes and factors reach disk and are the same bits on every
 *	  CPU and SIMD level; so are a query's values.
 *
 *	  Code of B bits, U_i in [0, 2^B) for dimension i:
 *
 *	  8 bits	byte i is U_i
 *	  4 bits	with H = quant_refine_bytes(dims, 4): the low nibble of byte j is U_j,
 *				the high nibble is U_{H+j}
 *
 *	  Padding is zero.
 *
 * IDENTIFICATION
 *	  src/quant/quant_refine.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_REFINE_H
#define QUANT_REFINE_H

#include "quant/quant.h"

/* Codes have a multiple of this many bytes. */
#define QUANT_REFINE_ALIGN 16

/*
 * Factors stored beside a code.  With S = sum (U_i - (2^B - 1) / 2) q_i, the estimated
 * distance is add + g - m * mul * S; m is 2 for QUANT_L2 and 1 for QUANT_IP.
 *
 * The centroid itself has mul = sigma = 0.  A vector whose factors do not fit (NaN, an
 * infinity, |add| >= 2^100) has add = -FLT_MAX, mul = 0 and sigma = +Inf: nothing is
 * known about it but that it must be looked at exactly.
 */
typedef struct QuantRefineFactors
{
	float add;
	float mul;
	float sigma; /* standard deviation of the estimate of <r, u>, u a unit vector */
} QuantRefineFactors;

/* Bytes of one code of "bits" (4 or 8) bits per dimension. */
static inline int
quant_refine_bytes(int dims, int bits)
{
	int used = bits == 4 ? (dims + 1) / 2 : dims;

	return (used + QUANT_REFINE_ALIGN - 1) / QUANT_REFINE_ALIGN * QUANT_REFINE_ALIGN;
}

/*
 * Encodes x relative to its centroid (both dims floats in index space); "offset" as in
 * quant_encode().  code[quant_refine_bytes(dims, bits)].
 */
extern void quant_refine_encode(QuantMetric metric, int dims, int bits, const float *x,
								const float *centroid, const float *offset, uint8_t *code,
								QuantRefineFactors *factors);

/*
 * A query prepared for codes of one width.  q_i is about delta * values[i], and
 * S = delta * (sum U_i values[i] - centre / 2).
 */
typedef struct QuantRefineQuery
{
	int dims;
	int bits;
	int bytes;		  /* of one code */
	int32_t centre;	  /* (2^B - 1) * sum values[i] */
	float delta;	  /* one step of values */
	float noise;	  /* standard deviation, at most, of S due to the rounding of values */
	float query_norm; /* ||q|| */
	float norm;		  /* largest possible norm of U_i - (2^B - 1) / 2 */
	const float *q;	  /* the caller's dims floats, index space; must outlive the struct */
	int16_t *values;  /* quant_refine_query_values() numbers, zero from dims on */
} QuantRefineQuery;

/* int16 numbers that the caller must provide as "values". */
static inline size_t
quant_refine_query_values(int dims, int bits)
{
	return (size_t) quant_refine_bytes(dims, bits) * (bits == 4 ? 2 : 1);
}

/* Quantises q[dims] in caller-provided memory. */
extern void quant_refine_query_init(QuantRefineQuery *query, int dims, int bits, const float *q,
									int16_t *values);

/* What the bounds of all codes of a centroid have in common for a query. */
typedef struct QuantRefineBound
{
	double m; /* 2 for QUANT_L2, 1 for QUANT_IP */
	double g;
	double dist2;
	double dist;
	double epsilon; /* times m */
	double slack;	/* the part that does not depend on the code */
	double mul;		/* that in proportion to its "mul" */
	bool tight;		/* a near vector has narrower bounds */
} QuantRefineBound;

/* Prepares for the codes of a centroid; arguments as in quant_refine_bounds(). */
extern void quant_refine_bound_init(QuantRefineBound *bound, QuantMetric metric,
									const QuantRefineQuery *query, float g, float dist2,
									float epsilon);

/* quant_refine_bounds() for one of them. */
extern void quant_refine_code_bounds(const QuantRefineBound *bound, const QuantRefineQuery *query,
									 const QuantRefineFactors *factors, const uint8_t *code,
									 float threshold, float *lb, float *ub);

/*
 * Bounds of the distance between the query and the vector of a code.  "g", "dist2" and
 * "epsilon" as in quant_bound_init(); g may be wrong by 2^-20 of itself, and by what float32
 * dot products of q and the centroid lack (NOTES.md, "Refine codes").  With epsilon = 6
 * the distance is as good as never outside.  Bounds above "threshold" may be wider than they need
 * be, which takes less time.  Where nothing is known, *lb is -FLT_MAX and *ub is +Inf; never NaN.
 */
extern void quant_refine_bounds(QuantMetric metric, const QuantRefineQuery *query,
								const QuantRefineFactors *factors, const uint8_t *code, float g,
								float dist2, float epsilon, float threshold, float *lb, float *ub);

#endif /* QUANT_REFINE_H */
