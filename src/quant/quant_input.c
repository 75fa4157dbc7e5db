/*-------------------------------------------------------------------------
 *
 * quant_input.c
 *	  Input vectors on their way to the rotation: length, scale, centre; and their distances.
 *
 * NOTES
 *	  Pure C.  What comes out reaches disk by way of the codes: nothing here may change for
 *	  an existing index.  The arithmetic is in quant_exact_template.h.
 *
 * IDENTIFICATION
 *	  src/quant/quant_input.c
 *
 *-------------------------------------------------------------------------
 */
#include "quant/quant_impl.h"

/* Largest coordinate and squared length of x[dims]; bit-exact on all CPUs. */
void
quant_input_stats(int dims, const float *x, QuantInputStats *stats)
{
	quant_routines->input_stats(dims, x, stats);
}

/* Multiplies x[dims] by a factor, in float64 with one rounding to float32 at the end. */
void
quant_input_scale(int dims, double factor, float *x)
{
	quant_routines->input_scale(dims, factor, x);
}

/* x[dims] becomes (x - mean) * scale, with coordinates beyond +-limit put there. */
void
quant_input_centre(int dims, const float *mean, float scale, float limit, float *x)
{
	quant_routines->input_centre(dims, mean, scale, limit, x);
}

/* ||x - y||^2 of dims floats, for choices that reach disk; infinite or NaN if it overflows. */
float
quant_distance2(int dims, const float *x, const float *y)
{
	return quant_routines->distance2(dims, x, y);
}
