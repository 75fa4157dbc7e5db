/*-------------------------------------------------------------------------
 *
 * quant_refine.c
 *	  Encoding, queries and bounds of codes of 4 or 8 bits per dimension.
 *
 * NOTES
 *	  Pure C.  Codes and factors go to disk and are the same bits on every CPU.  The
 *	  sums are in quant_refine_template.h; what is computed from them is here, once, in
 *	  float64 with correctly rounded operations only.  README.md of this folder says what is
 *	  computed.
 *
 *	  The paper searches the best of all scales for each vector.  Here the scale is chosen in one
 *	  pass.  8 bits: the largest |r_i| becomes 127.5, nothing is clipped.  4 bits: the largest
 *	  becomes 7.5, but intervals are at most 0.3352 ||r|| / sqrt(D) wide, the best for 16 levels
 *	  and a normal variable (Max, "Quantizing for minimum distortion", 1960), and of this scale,
 *	  35/32 and 29/32 of it the one with the greatest x0 is kept.
 *
 *	  A query's coordinate is delta times a 16-bit number; delta = max(max|q_i| / 32767, sum |q_i|
 *	  / (2^23 - 2^14)) keeps the sum of all magnitudes below 2^23, so that sums with codes fit
 *	  into 32 bits in any order.  With c = m * epsilon:
 *
 *	      width = c sqrt(sigma^2 R + (mul * noise)^2) + slack
 *	      noise = delta / sqrt(12) * (2^B - 1) / 2 * sqrt(D)
 *	      R = ||q-c||^2; for L2, if that is less, estimate + c (sigma ||q-c|| + mul * noise) + slack
 *
 *	  The code's error is exactly in proportion to the part of q-c across r.  That is no longer
 *	  than q-c, nor than q-x, whose square is the L2 distance: bounds of near vectors are
 *	  narrower for it. noise takes the longest g there can be.  The slack, with n = ||q|| + ||q-c||:
 *
 *	      slack = 2^-23 (|add| + |estimate| + width)          add and results are float32
 *	            + 2^-23 m mul ||g|| ||q-c||                   so is mul; ||g|| at most as in noise
 *	            + 2^-20 |g per (query, centroid)|             as computed by the caller
 *	            + 2^-21 n ||q-c|| (L2) or 2^-21 n^2 (IP)      rotation; caller's dot products
 *	            + FLT_MIN
 *
 *	  Twice what the first two need.  Inner products of vectors, rotated, were wrong by at most 5.2
 *	  * 2^-24 of their norms.  Over 2,000 pairs each at 64 to 1536 dimensions the normalised error
 *	  had a mean within 0.05 of 0 and a deviation of 0.98 to 1.03, 29 to 34 %, 3.8 to 5.4 % and
 *	  0.05 to 0.4 % of L2 distances were outside of 1, 2 and 3 deviations (normal: 31.7, 4.6,
 *	  0.27), none outside of 6 (error_bound_holds(), test_quant_refine_bounds.c).  Bounds of inner
 *	  products miss less often, as R is not tightened.
 *
 * IDENTIFICATION
 *	  src/quant/quant_refine.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "quant/quant_impl.h"

/*
 * Interval of the uniform quantiser of 16 levels with the least mean squared error for a
 * standard normal variable (Max, "Quantizing for minimum distortion", 1960, table II).
 */
#define STEP4 0.3352

/* Largest |r_i| of residuals that get a code; beyond, float32 sums might overflow. */
#define RESIDUAL_MIN 0x1p-100f
#define RESIDUAL_MAX 0x1p100f

/*
 * Bound of the sum of magnitudes of a query's values: 255 times as much fits into 31 bits,
 * and a float32 holds it exactly.  The margin is for the rounding of each value to a whole
 * number, at most 1/2 in 16000 dimensions, and of the sum itself.
 */
#define VALUES_SUM		  0x1p23f
#define VALUES_SUM_MARGIN 0x1p14f
#define VALUE_MAX		  32767.0f

/* Coordinates below this are zero for our purposes: dividing by them could overflow. */
#define VALUE_MIN 1e-30f

/*
 * The scale that turns residuals into levels.  8 bits: the largest coordinate is half an
 * interval from the end of the range, nothing is clipped.  4 bits: the same or, where that
 * would make intervals wider than those that suit a normal distribution, these; and the
 * best of three near it.  bench/kernels.md says what this costs and brings.
 */
static float
choose_scale(const QuantRoutines *routines, int dims, int bits, const float *x,
			 const float *centroid, const QuantRefineResidual *residual)
{
	static const float nearby[] = {1.09375f, 0.90625f};
	float scale;
	float best;
	float best_fit;

	if (bits == 8)
		return 127.5f / residual->largest;

	scale = (float) (sqrt((double) dims / residual->a2) / STEP4);
	if (scale < 7.5f / residual->largest)
		scale = 7.5f / residual->largest;
	best = scale;
	best_fit = routines->refine_fit(dims, bits, x, centroid, scale);
	for (int i = 0; i < (int) (sizeof(nearby) / sizeof(nearby[0])); i++)
	{
		float other = scale * nearby[i];
		float fit = routines->refine_fit(dims, bits, x, centroid, other);

		if (fit > best_fit)
		{
			best = other;
			best_fit = fit;
		}
	}
	return best;
}

/*
 * Code and factors of x; see quant_refine.h for the arguments.  With r = x - centroid,
 * g_i = U_i - (2^B - 1) / 2 and S_c = sum g_i c_i:
 *
 *	mul = F = ||r||^2 / <r,g>
 *	add = ||r||^2 + 2 F S_c					for QUANT_L2
 *	add = -<r,c> + F S_c - <x,offset>		for QUANT_IP
 *	sigma = ||r|| sqrt((1 / x0^2 - 1) / (D - 1)), x0 = <r,g> / (||r|| ||g||)
 *
 * add uses F as it is stored.  Where a factor does not fit, those of quant_refine.h that
 * say so are made, and a code of zeros.
 */
void
quant_refine_encode(QuantMetric metric, int dims, int bits, const float *x, const float *centroid,
					const float *offset, uint8_t *code, QuantRefineFactors *factors)
{
	const QuantRoutines *routines = quant_routines;
	QuantRefineResidual residual;
	QuantRefineSums sums = {0.0, 0.0, 0.0};
	float mul = 0.0f;
	double sigma = 0.0;
	double add = NAN;

	routines->refine_residual(metric, dims, x, centroid, offset, &residual);
	if (residual.a2 == 0.0)
	{
		memset(code, 0, (size_t) quant_refine_bytes(dims, bits));
		add = 0.0 - residual.xo;
	}
	else if (residual.a2 <= DBL_MAX && residual.largest >= RESIDUAL_MIN &&
			 residual.largest <= RESIDUAL_MAX)
	{
		double rest;

		routines->refine_code(dims, bits, x, centroid,
							  choose_scale(routines, dims, bits, x, centroid, &residual), code,
							  &sums);
		mul = (float) (residual.a2 / sums.rg);
		rest = residual.a2 * sums.gg - sums.rg * sums.rg;
		if (dims > 1 && rest > 0.0)
			sigma = sqrt(residual.a2) * sqrt(rest / (double) (dims - 1)) / sums.rg;
		if (metric == QUANT_IP)
			add = ((double) mul * sums.gc - residual.rc) - residual.xo;
		else
			add = residual.a2 + 2.0 * (double) mul * sums.gc;
	}

	if (!(fabs(add) < (double) QUANT_HUGE))
	{
		memset(code, 0, (size_t) quant_refine_bytes(dims, bits));
		factors->add = -FLT_MAX;
		factors->mul = 0.0f;
		factors->sigma = INFINITY;
		return;
	}
	factors->add = (float) add;
	factors->mul = mul;
	factors->sigma = (float) sigma;
}

/*
 * Prepares q[dims] for codes of "bits" bits; values has quant_refine_query_values()
 * numbers.  delta is as small as 16-bit values and 32-bit sums allow.  A query whose norm
 * overflows has noise = +Inf, which makes quant_refine_bounds() give up on bounds.
 */
void
quant_refine_query_init(QuantRefineQuery *query, int dims, int bits, const float *q,
						int16_t *values)
{
	const QuantRoutines *routines = quant_routines;
	size_t nvalues = quant_refine_query_values(dims, bits);
	int top = (1 << bits) - 1;
	float code_norm = 0.5f * (float) top * sqrtf((float) dims);
	QuantQueryStats stats;

	routines->query_stats(dims, q, &stats);

	query->dims = dims;
	query->bits = bits;
	query->bytes = quant_refine_bytes(dims, bits);
	query->centre = 0;
	query->delta = 0.0f;
	query->noise = 0.0f;
	query->query_norm = sqrtf(stats.norm2);
	query->norm = code_norm;
	query->q = q;
	query->values = values;

	if (!(stats.norm2 <= FLT_MAX) || stats.largest < VALUE_MIN)
	{
		memset(values, 0, nvalues * sizeof(int16_t));
		query->noise = stats.norm2 <= FLT_MAX ? code_norm * stats.abs : INFINITY;
		return;
	}

	query->delta = stats.largest / VALUE_MAX;
	if (query->delta < stats.abs / (VALUES_SUM - VALUES_SUM_MARGIN))
		query->delta = stats.abs / (VALUES_SUM - VALUES_SUM_MARGIN);
	query->centre =
		top * routines->refine_values(dims, (int) nvalues, q, 1.0f / query->delta, values);
	query->noise = query->delta * 0.2886751346f * code_norm; /* 1/sqrt(12) */
}

/* See quant_refine.h. */
void
quant_refine_bound_init(QuantRefineBound *bound, QuantMetric metric, const QuantRefineQuery *query,
						float g, float dist2, float epsilon)
{
	double dist = sqrt((double) dist2);
	double norm = (double) query->query_norm + dist; /* at least those of q and the centroid */

	bound->m = metric == QUANT_IP ? 1.0 : 2.0;
	bound->g = (double) g;
	bound->dist2 = (double) dist2;
	bound->dist = dist;
	bound->epsilon = bound->m * (double) epsilon;
	bound->slack = 0x1p-20 * fabs((double) g) +
				   0x1p-21 * norm * (metric == QUANT_IP ? norm : dist) + (double) FLT_MIN;
	bound->mul = 0x1p-23 * bound->m * (double) query->norm * dist;
	bound->tight = metric != QUANT_IP;
}

/*
 * Bounds of one code; see quant_refine.h.  NOTES.md, "Refine codes", derives the parts of
 * the width: the deviations that epsilon counts, and "slack" for what float32 numbers lack.
 */
void
quant_refine_code_bounds(const QuantRefineBound *bound, const QuantRefineQuery *query,
						 const QuantRefineFactors *factors, const uint8_t *code, float threshold,
						 float *lb, float *ub)
{
	int32_t dot = query->bits == 4 ? vdb_quant->refine_dot4(query->values, code, query->bytes)
								   : vdb_quant->refine_dot8(query->values, code, query->bytes);
	double mul = (double) factors->mul;
	double s = 0.5 * (double) query->delta * (double) (2 * (int64_t) dot - query->centre);
	double estimate = ((double) factors->add + bound->g) - bound->m * mul * s;
	double query_sigma = mul * (double) query->noise;
	double widest = bound->epsilon * ((double) factors->sigma * bound->dist + query_sigma);
	double slack = 0x1p-23 * (fabs((double) factors->add) + fabs(estimate) + widest) +
				   mul * bound->mul + bound->slack;
	double reach2 = bound->dist2; /* at least the square of what sigma is to be multiplied by */
	double upper = estimate + widest + slack;
	double width = widest + slack; /* at least what it is below */

	if (estimate - width > (double) threshold && fabs(estimate) + width < 0x1p126)
	{
		*lb = (float) (estimate - width);
		*ub = (float) upper;
		return;
	}
	if (bound->tight && upper < reach2)
		reach2 = upper > 0.0 ? upper : 0.0;
	width = bound->epsilon * sqrt((double) factors->sigma * (double) factors->sigma * reach2 +
								  query_sigma * query_sigma) +
			slack;
	if (!(fabs(estimate) + width < 0x1p126))
	{
		*lb = -FLT_MAX;
		*ub = INFINITY;
		return;
	}
	*lb = (float) (estimate - width);
	*ub = (float) (estimate + width);
}

/* See quant_refine.h. */
void
quant_refine_bounds(QuantMetric metric, const QuantRefineQuery *query,
					const QuantRefineFactors *factors, const uint8_t *code, float g, float dist2,
					float epsilon, float threshold, float *lb, float *ub)
{
	QuantRefineBound bound;

	quant_refine_bound_init(&bound, metric, query, g, dist2, epsilon);
	quant_refine_code_bounds(&bound, query, factors, code, threshold, lb, ub);
}
