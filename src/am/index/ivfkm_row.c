/*-------------------------------------------------------------------------
 *
 * ivfkm_row.c
 *	  From the values of a row to what the index keeps of it.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_row.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "am/index/ivfkm_row.h"

/*
 * Numbers beyond these overflow or underflow when a float32 kernel squares and sums them, so
 * that exact distances are not what the codes foresee.
 */
#define ORDINARY_MAX	  1e15f
#define ORDINARY_MIN_NORM 1e-15f

/*
 * True if the metric's exact distances to a vector with this largest coordinate (input space)
 * are close to the true ones: it is not huge, and for cosine the vector has a length to divide
 * by.
 */
static bool
is_ordinary(IvfkmMetric metric, float largest)
{
	return largest <= ORDINARY_MAX &&
		   (metric != IVFKM_METRIC_COSINE || largest >= ORDINARY_MIN_NORM);
}

/*
 * Loads a detoasted value of "dims" dimensions into x[dims], normalised for cosine.
 * *ordinary: see is_ordinary().  False if the metric gives the value no distance to
 * anything (cosine: a zero vector).
 */
bool
ivfkm_row_load(const IvfkmOps *ops, const void *value, int dims, float *x, bool *ordinary)
{
	QuantInputStats stats;

	ops->load(value, dims, x);
	quant_input_stats(dims, x, &stats);
	*ordinary = is_ordinary(ops->metric, stats.largest);
	if (ops->metric != IVFKM_METRIC_COSINE)
		return true;
	if (stats.norm2 == 0.0)
		return false;
	quant_input_scale(dims, 1.0 / sqrt(stats.norm2), x);
	return true;
}
