/*-------------------------------------------------------------------------
 *
 * quant_encode.c
 *	  From a vector and its centroid to a 1-bit code and two factors.
 *
 * NOTES
 *	  Pure C.  Code and factors go to disk and are the same bits on every CPU.  The
 *	  sums are in quant_exact_template.h; what is computed from them is here, once.
 *
 * IDENTIFICATION
 *	  src/quant/quant_encode.c
 *
 *-------------------------------------------------------------------------
 */
#include "quant/quant_impl.h"
#include "port/vdb_half.h"

#define HALF_INFINITY 0x7c00

/*
 * The factors of a residual with the given sums (NOTES.md, "Codes and factors"):
 *
 *	mul = f = a2 / a1, rounded to binary16
 *	add = a2 + 2 f S_c						for QUANT_L2
 *	add = -<r,c> + f S_c - <x,offset>		for QUANT_IP
 *
 * add uses the rounded f, so that rounding f costs no bias.  A residual that is not zero
 * never has mul = 0, which would claim an exact distance.  Factors that do not fit
 * (NaN, mul infinite, |add| >= QUANT_HUGE) become those of a forced slot.
 */
static void
make_factors(QuantMetric metric, const QuantSums *sums, QuantFactors *factors)
{
	uint16_t mul = 0;
	float f;
	float add;

	if (!(sums->a1 <= 0.0f)) /* not zero, maybe NaN */
	{
		mul = vdb_half_from_float(sums->a2 / sums->a1);
		if (mul == 0)
			mul = 1;
	}
	f = vdb_half_to_float(mul);

	if (metric == QUANT_IP)
		add = (f * sums->sc - sums->rc) - sums->xo;
	else
		add = sums->a2 + (2.0f * f) * sums->sc;

	if (mul >= HALF_INFINITY || !(add > -QUANT_HUGE && add < QUANT_HUGE))
	{
		mul = 0;
		add = -FLT_MAX;
	}

	factors->add = add;
	factors->mul = mul;
}

/*
 * Encodes x relative to centroid; see quant.h for shapes.  Code bit i is 0 where
 * x_i - centroid_i < 0 and 1 elsewhere (zero of either sign and NaN included).
 * Returns ||x - centroid||^2, infinite or NaN if it overflows.
 */
float
quant_encode(QuantMetric metric, int dims, const float *x, const float *centroid,
			 const float *offset, uint8_t *code, QuantFactors *factors)
{
	QuantSums sums;

	quant_routines->residual(metric, dims, x, centroid, offset, code, &sums);
	make_factors(metric, &sums, factors);
	return sums.a2;
}
