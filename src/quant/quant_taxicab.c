/*-------------------------------------------------------------------------
 *
 * quant_taxicab.c
 *	  Encoding and bounds of codes for taxicab distances.
 *
 * NOTES
 *	  Pure C.  Codes and factors go to disk and are the same bits on every CPU.  The sums are in
 *	  quant_taxicab_template.h; NOTES.md, "Taxicab codes", says what is computed.
 *
 * IDENTIFICATION
 *	  src/quant/quant_taxicab.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "quant/quant_impl.h"

/*
 * Range of the largest |x_i| of vectors that get a code; beyond, float32 sums might overflow,
 * below, the scale.
 */
#define TAXICAB_MIN 0x1p-100f
#define TAXICAB_MAX 0x1p100f

/* Dither and flips come from one seed: this makes them independent. */
#define DITHER_SEED UINT64_C(0xd1b54a32d192ed03)

/* Highest level above the middle of codes of "bits" bits. */
static float
levels_half(int bits)
{
	return bits == 8 ? 127.5f : 7.5f;
}

/* Number i of dither is the upper half of the i-th output of splitmix64, 24 bits of it. */
void
quant_taxicab_dither(int dims, uint64_t seed, float *dither)
{
	uint64_t state = seed ^ DITHER_SEED;

	for (int i = 0; i < dims; i++)
		dither[i] = (float) (quant_splitmix64(&state) >> 40) * 0x1p-24f - 0.5f;
}

/*
 * The largest coordinate lies half an interval below the end of the range, because dither moves it
 * by as much: nothing is clipped.
 */
void
quant_taxicab_encode(int dims, int bits, const float *x, const float *dither, uint8_t *code,
					 QuantRefineFactors *factors)
{
	QuantInputStats stats;
	float range = levels_half(bits) - 0.5f;

	quant_input_stats(dims, x, &stats);
	memset(code, 0, (size_t) quant_refine_bytes(dims, bits));
	factors->add = 0.0f;
	factors->mul = 0.0f;
	factors->sigma = 0.0f;
	if (stats.norm2 == 0.0)
		return;
	if (!(stats.norm2 <= DBL_MAX) || stats.largest < TAXICAB_MIN || stats.largest > TAXICAB_MAX)
	{
		factors->add = -FLT_MAX;
		factors->sigma = INFINITY;
		return;
	}
	factors->mul = stats.largest / range;
	factors->sigma = factors->mul * (float) sqrt((double) dims / 12.0);
	quant_routines->taxicab_code(dims, bits, x, dither, range / stats.largest, code);
}

void
quant_taxicab_query_init(QuantTaxicabQuery *query, int dims, int bits, const float *q,
						 const float *dither)
{
	QuantInputStats stats;

	quant_input_stats(dims, q, &stats);
	query->dims = dims;
	query->bits = bits;
	query->q = q;
	query->dither = dither;
	query->norm = (float) sqrt((double) dims * stats.norm2);
}

/*
 * See quant_taxicab.h.  "slack" is for float32: the rotations of both vectors and back, the code's
 * factor, and the sums, each of dims / 16 terms and 4 levels in a row.
 */
void
quant_taxicab_bounds(const QuantTaxicabQuery *query, const QuantRefineFactors *factors,
					 const uint8_t *code, float epsilon, float *lb, float *ub)
{
	double dims = query->dims;
	double mul = (double) factors->mul;
	double width = (double) epsilon * (double) factors->sigma;
	double slack;
	float lower;
	float upper;

	if (!(factors->sigma <= FLT_MAX) || !(query->norm <= FLT_MAX))
	{
		*lb = -FLT_MAX;
		*ub = INFINITY;
		return;
	}
	quant_routines->taxicab_sums(query->dims, query->bits, query->q, query->dither, factors->mul,
								 code, &lower, &upper);
	if (width > 0.5 * dims * mul)
		width = 0.5 * dims * mul;
	slack = 0x1p-20 * (dims * mul * (double) levels_half(query->bits) + (double) query->norm) +
			0x1p-23 * (dims / 16.0 + 16.0) * (double) upper + dims * (double) FLT_MIN;
	width += slack;
	if (!((double) upper + width < 0x1p126))
	{
		*lb = -FLT_MAX;
		*ub = INFINITY;
		return;
	}
	*lb = (double) lower > width ? (float) ((double) lower - width) : 0.0f;
	*ub = (float) ((double) upper + width);
}
