/*-------------------------------------------------------------------------
 *
 * quant.h
 *	  1-bit RaBitQ codes: rotation, encoding, packed units, query tables, bounds.
 *
 * NOTES
 *	  Pure C.  Gao and Long, "RaBitQ" (arXiv 2405.12497); the shared per-query table
 *	  and the factors are derived in NOTES.md.  Everything that reaches disk
 *	  (rotation, codes, factors, packed bytes) is bit-exact on every CPU and SIMD
 *	  level and pinned by test/golden; bounds may differ within rounding.
 *
 *	  Vectors handed to this module are in *index space*: P(x - mu) * scale, that is
 *	  centred by the index's mean, rotated and scaled by a power of two.
 *
 *	  A unit holds the codes of QUANT_UNIT vectors.  Its code bytes are cut into
 *	  chunks of 64 bytes that cover 32 dimensions of all 16 vectors:
 *
 *	  chunk c, byte g * 16 + v  =  byte 4c + g of the row-major code of vector v
 *
 *	  so that a unit may be striped over pages at chunk boundaries.
 *
 * IDENTIFICATION
 *	  src/quant/quant.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_H
#define QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "port/vdb_cpu.h"

#define QUANT_UNIT				 16	 /* vectors in a unit */
#define QUANT_CHUNK				 64	 /* bytes in a chunk */
#define QUANT_CHUNK_DIMS		 32	 /* dimensions that a chunk covers */
#define QUANT_CHUNK_CODE		 4	 /* bytes of one row-major code that a chunk holds */
#define QUANT_HEADS_LEAST_CHUNKS 32	 /* codes have heads from so many chunks on */
#define QUANT_CHUNK_TABLE		 128 /* bytes of query table per chunk: 8 nibbles x 16 entries */

/*
 * Standard deviation of the estimate of <r, u>, u a unit vector, in units of the
 * factor "mul": sqrt(1 - 2/pi).  See "Error bound" in NOTES.md.
 */
#define QUANT_SIGMA 0.6028102749890869f

/* Distance that estimates and bounds stand for; smaller is nearer. */
typedef enum QuantMetric
{
	QUANT_L2 = 0, /* squared Euclidean distance */
	QUANT_IP	  /* negative inner product */
} QuantMetric;

/* ----- input (quant_input.c) ----- */

typedef struct QuantInputStats
{
	float largest; /* largest |x_i| */
	double norm2;  /* sum x_i^2, in float64: no float32 vector overflows it */
} QuantInputStats;

extern void quant_input_stats(int dims, const float *x, QuantInputStats *stats);
extern void quant_input_scale(int dims, double factor, float *x);
extern void quant_input_centre(int dims, const float *mean, float scale, float limit, float *x);

/* ||x - y||^2 of dims floats: the bits that quant_encode() returns for a row and its centroid. */
extern float quant_distance2(int dims, const float *x, const float *y);

/* ----- rotation (quant_rotate.c) ----- */

/* FHT-Kac rotation of "dims" dimensions, made from a seed; flips are +1/-1 per round and dim. */
typedef struct QuantRotation
{
	int dims;
	int pow2;	  /* largest power of two <= dims */
	float *flips; /* QUANT_ROUNDS * dims */
} QuantRotation;

#define QUANT_ROUNDS 4

/* Floats that the caller must provide as "flips". */
static inline size_t
quant_rotation_floats(int dims)
{
	return (size_t) QUANT_ROUNDS * (size_t) dims;
}

/* Fills "flips" from the seed.  Frozen: the same seed gives the same rotation forever. */
extern void quant_rotation_init(QuantRotation *rotation, int dims, uint64_t seed, float *flips);

/* Rotates x[dims] in place; bit-exact on all CPUs. */
extern void quant_rotate(const QuantRotation *rotation, float *x);

/* Takes a rotation back, but for rounding; in place and bit-exact as well. */
extern void quant_unrotate(const QuantRotation *rotation, float *x);

/* ----- codes (quant_encode.c, quant_pack.c) ----- */

/* Chunks of one unit for "dims" dimensions; dims are padded to a multiple of 32. */
static inline int
quant_chunks(int dims)
{
	return (dims + QUANT_CHUNK_DIMS - 1) / QUANT_CHUNK_DIMS;
}

/* Bytes of one row-major code; its bit i, bit i%8 of byte i/8, is 0 where r_i < 0 and else 1. */
static inline int
quant_code_bytes(int dims)
{
	return quant_chunks(dims) * QUANT_CHUNK_CODE;
}

/*
 * Factors stored beside a code.  An empty or dead slot has add = +Inf.  A vector whose
 * factors do not fit (NaN, mul overflows, |add| >= 2^100) has add = -FLT_MAX and mul = 0,
 * a "forced" slot: its lower bound is below everything, so it is always looked at exactly.
 */
typedef struct QuantFactors
{
	float add;	  /* f_add */
	uint16_t mul; /* f, IEEE binary16 */
} QuantFactors;

/*
 * Encodes x relative to its centroid (both dims floats in index space).  "offset" is the
 * rotated and scaled mean P(mu) * scale; it is used for QUANT_IP only, NULL stands for
 * zero.  code[quant_code_bytes(dims)], padding bits are zero.  Returns ||x - centroid||^2.
 */
extern float quant_encode(QuantMetric metric, int dims, const float *x, const float *centroid,
						  const float *offset, uint8_t *code, QuantFactors *factors);

/* Writes or reads one vector's code in "nchunks" consecutive chunks; code has 4 * nchunks bytes. */
extern void quant_pack_set(uint8_t *chunks, int nchunks, int slot, const uint8_t *code);
extern void quant_pack_get(const uint8_t *chunks, int nchunks, int slot, uint8_t *code);

/* Packs 16 row-major codes at once; codes[slot] may be NULL for an empty slot (zero bytes). */
extern void quant_pack_unit(uint8_t *chunks, int nchunks, const uint8_t *const codes[QUANT_UNIT]);

/* ----- queries (quant_query.c) ----- */

/*
 * The first chunks of a unit, its codes' heads, tell enough of most rows that are far: an eighth, a
 * quarter or half of all.
 */
#define QUANT_HEADS 3

/* What the dimensions of a head have of a query. */
typedef struct QuantQueryHead
{
	int nchunks; /* even */
	float norm2;
	float beta; /* part of the query's */
} QuantQueryHead;

/*
 * A query prepared for scanning: two tables for all lists.  Entries of the first have 8
 * bits; those of the coarse table 6, which scan_unit() adds up faster.
 */
typedef struct QuantQuery
{
	int dims;
	int nchunks;
	float norm2;		   /* ||q||^2 */
	float delta;		   /* one step of the 8-bit table */
	float beta;			   /* sum of the table's minima: S_q = delta * acc + beta */
	float lut_sigma;	   /* standard deviation of S_q due to the table's rounding */
	const float *q;		   /* the caller's dims floats, index space; must outlive the struct */
	uint8_t *table;		   /* nchunks * QUANT_CHUNK_TABLE bytes */
	uint8_t *coarse_table; /* as many; one step is QUANT_COARSE * delta */
	int nheads;			   /* QUANT_HEADS, or 0 if codes are too short for that */
	QuantQueryHead heads[QUANT_HEADS];
} QuantQuery;

/* Steps of the 8-bit table in one of the coarse table: 255 / 63. */
#define QUANT_COARSE (255.0f / 63.0f)

/* Bytes that the caller must provide as "table", for both. */
static inline size_t
quant_query_table_bytes(int dims)
{
	return 2 * (size_t) quant_chunks(dims) * QUANT_CHUNK_TABLE;
}

/* Builds the tables of q in caller-provided memory (any alignment). */
extern void quant_query_init(QuantQuery *query, int dims, const float *q, uint8_t *table);

/*
 * Constants of one (query, centroid) pair: lb = add + g - mul * (slope * acc + base).  Where
 * they overflow or are NaN, quant_bound_init() makes constants that treat every occupied
 * slot like a forced one.
 */
typedef struct QuantBound
{
	float g;	 /* distance between query and centroid in the metric */
	float slope; /* m * delta */
	float base;	 /* m * beta + kappa */
	float width; /* 2 * kappa: ub = lb + mul * width */
	bool coarse; /* scan_unit() is to use the coarse table, with these constants: */
	float coarse_slope;
	float coarse_base;
	float coarse_width;
} QuantBound;

/*
 * Makes the constants.  "g": ||q-c||^2 for QUANT_L2, -<q,c> plus the caller's query
 * constants for QUANT_IP; "dist2": ||q-c||^2 in both cases; "epsilon": half-width of
 * the bounds in standard deviations.
 */
extern void quant_bound_init(QuantBound *bound, QuantMetric metric, const QuantQuery *query,
							 float g, float dist2, float epsilon);

/* Makes constants that treat every occupied slot like a forced one: nothing is known. */
extern void quant_bound_none(QuantBound *bound);

/*
 * The constants of lower bounds from heads: g + add - mul * (slope * acc + base), acc the sum of
 * the coarse table over the first nchunks chunks.
 */
typedef struct QuantHead
{
	int nchunks; /* even, ascending */
	float slope;
	float base;
} QuantHead;

typedef struct QuantHeads
{
	int n; /* 0: there are no such bounds */
	float g;
	QuantHead heads[QUANT_HEADS];
} QuantHeads;

/* Makes the constants; arguments as of quant_bound_init(). */
extern void quant_heads_init(QuantHeads *heads, QuantMetric metric, const QuantQuery *query,
							 float g, float dist2, float epsilon);

/* ----- scan kernels (quant_scan_*.c) ----- */

typedef struct QuantBitsQuery QuantBitsQuery; /* quant_bits.h */

typedef struct QuantKernels
{
	VdbSimd simd;

	/* acc[v] += table sums of "nchunks" chunks for the 16 vectors; exact integers */
	void (*accumulate)(const uint8_t *table, const uint8_t *chunks, int nchunks,
					   uint32_t acc[QUANT_UNIT]);

	/*
	 * Bounds from finished sums: lb[v], ub[v] for all 16 slots; returns the bit mask of
	 * slots with lb <= threshold.  Slots with add = +Inf have lb = ub = +Inf and are never
	 * in the mask, not even for threshold = +Inf.  Forced slots have lb <= -FLT_MAX and are
	 * in the mask for every threshold >= -FLT_MAX; their ub is +Inf, as nothing is known.
	 */
	uint32_t (*bounds)(const QuantBound *bound, const uint32_t acc[QUANT_UNIT], const float *add,
					   const uint16_t *mul, float threshold, float lb[QUANT_UNIT],
					   float ub[QUANT_UNIT]);

	/*
	 * Both at once for a unit whose chunks are contiguous; acc does not leave the registers.
	 * Where bound->coarse, sums are of the coarse table, and bounds hold for them.
	 */
	uint32_t (*scan_unit)(const QuantQuery *query, const QuantBound *bound, const uint8_t *chunks,
						  const float *add, const uint16_t *mul, float threshold,
						  float lb[QUANT_UNIT], float ub[QUANT_UNIT]);

	/*
	 * How many heads of such a unit it takes to know that no slot has a bound at or below the
	 * threshold; 0 if they do not tell.  Empty and forced slots are as in scan_unit.
	 */
	int (*scan_heads)(const QuantQuery *query, const QuantHeads *heads, const uint8_t *chunks,
					  const float *add, const uint16_t *mul, float threshold);

	/*
	 * acc[v] += bits set both in the query and in "nchunks" chunks of the 16 bit strings; "bytes"
	 * are those of the query for these chunks (quant_bits.h)
	 */
	void (*common)(const uint8_t *bytes, const uint8_t *chunks, int nchunks,
				   uint32_t acc[QUANT_UNIT]);

	/* the same for n of the chunks alone, in any order; of both */
	void (*common_of)(const uint8_t *bytes, const uint8_t *chunks, const uint16_t *which, int n,
					  uint32_t acc[QUANT_UNIT]);

	/*
	 * From such sums, the bit mask of slots whose distance may be at most the threshold: all that
	 * are, and none that is farther by more than a millionth.  Empty and forced slots are as in
	 * "bounds".
	 */
	uint32_t (*bits_within)(const QuantBitsQuery *query, const uint32_t acc[QUANT_UNIT],
							const float *add, float threshold);

	/*
	 * sum U_i values[i] over a refine code of 4 or 8 bits (quant_refine.h), exact where
	 * (2^B - 1) * sum |values[i]| < 2^31; bytes is quant_refine_bytes()
	 */
	int32_t (*refine_dot4)(const int16_t *values, const uint8_t *code, int bytes);
	int32_t (*refine_dot8)(const int16_t *values, const uint8_t *code, int bytes);
} QuantKernels;

/*
 * The active kernels.  Valid before any call to quant_select() (scalar).  Rotation, encoding
 * and query tables run at the active level too, with the same results at every level.
 */
extern const QuantKernels *vdb_quant;

/* The kernels of one level, or NULL when they are not compiled in. */
extern const QuantKernels *quant_kernels(VdbSimd simd);

/* Makes a supported level the active one. */
extern void quant_select(VdbSimd simd);

#endif /* QUANT_H */
