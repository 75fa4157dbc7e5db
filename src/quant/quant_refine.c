/*-------------------------------------------------------------------------
 *
 * quant_refine.c
 *	  Encoding, queries and bounds of codes of 4 or 8 bits per dimension.
 *
 * NOTES
 *	  Pure C.  Codes and factors go to disk and are the same bits on every CPU: single
 *	  float32 and float64 operations in one order, no contraction.
 *
 * IDENTIFICATION
 *	  src/quant/quant_refine.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "quant/quant_impl.h"
#include "quant/quant_refine.h"

/*
 * Steps of the uniform quantisers of 16 and 256 levels with the least mean squared error
 * for a standard normal variable (Max, "Quantizing for minimum distortion", 1960).
 */
#define STEP4 0.3352f
#define STEP8 0.0308f

#define VALUE_MAX 32767

/* Queries whose largest coordinate is below this are zero for our purposes. */
#define VALUE_MIN 1e-30f

/*
 * Code and factors of x; see quant_refine.h for the arguments.  With r = x - centroid,
 * g_i = U_i - (2^B - 1) / 2 and S_c = sum g_i c_i:
 *
 *	mul = F = ||r||^2 / <r, g>
 *	add = ||r||^2 + 2 F S_c					for QUANT_L2
 *	add = -<r,c> + F S_c - <x,offset>		for QUANT_IP
 *	sigma = ||r|| sqrt((1 / x0^2 - 1) / (D - 1)), x0 = <r,g> / (||r|| ||g||)
 *
 * U_i is the interval of a uniform quantiser that r_i sqrt(D) / ||r|| falls into.
 */
void
quant_refine_encode(QuantMetric metric, int dims, int bits, const float *x, const float *centroid,
					const float *offset, uint8_t *code, QuantRefineFactors *factors)
{
	int bytes = quant_refine_bytes(dims, bits);
	int half = 1 << (bits - 1);
	double a2 = 0.0;
	double rg = 0.0;
	double gg = 0.0;
	double gc = 0.0;
	double rc = 0.0;
	double xo = 0.0;
	double add;
	double mul = 0.0;
	double sigma = 0.0;
	float scale;

	memset(code, 0, (size_t) bytes);
	for (int i = 0; i < dims; i++)
	{
		double r = (double) x[i] - (double) centroid[i];

		a2 += r * r;
	}
	scale =
		a2 > 0.0 ? (float) (sqrt((double) dims) / (sqrt(a2) * (bits == 4 ? STEP4 : STEP8))) : 0.0f;

	for (int i = 0; scale >= 0.0f && scale <= FLT_MAX && i < dims; i++)
	{
		double r = (double) x[i] - (double) centroid[i];
		float level = (x[i] - centroid[i]) * scale + (float) half;
		float top = (float) (2 * half - 1);
		int u;
		double g;

		level = level > 0.0f ? level : 0.0f;
		u = (int) (level < top ? level : top);
		if (bits == 8)
			code[i] = (uint8_t) u;
		else
			code[i % bytes] |= (uint8_t) (u << (i / bytes * 4));

		g = (double) (2 * u - (2 * half - 1)) * 0.5;
		rg += r * g;
		gg += g * g;
		gc += g * (double) centroid[i];
		if (metric == QUANT_IP)
		{
			rc += r * (double) centroid[i];
			if (offset != NULL)
				xo += (double) x[i] * (double) offset[i];
		}
	}

	if (a2 > 0.0)
	{
		double rest = a2 * gg - rg * rg;

		mul = (double) (float) (a2 / rg);
		if (dims > 1 && rest > 0.0)
			sigma = sqrt(a2) * sqrt(rest / (double) (dims - 1)) / rg;
	}
	add = metric == QUANT_IP ? (mul * gc - rc) - xo : a2 + (2.0 * mul) * gc;

	if (!(a2 >= 0.0 && (a2 == 0.0 || mul >= (double) FLT_MIN) && mul < (double) QUANT_HUGE &&
		  sigma < (double) QUANT_HUGE && fabs(add) < (double) QUANT_HUGE))
	{
		memset(code, 0, (size_t) bytes);
		factors->add = -FLT_MAX;
		factors->mul = 0.0f;
		factors->sigma = INFINITY;
		return;
	}
	factors->add = (float) add;
	factors->mul = (float) mul;
	factors->sigma = (float) sigma;
}

/*
 * Prepares q[dims] for codes of "bits" bits; values has quant_refine_query_values()
 * numbers.  The largest coordinate becomes L = floor((2^31 - 1) / ((2^B - 1) * dims)), at
 * most 32767, so that sums with codes fit into 32 bits.  A query that is not finite has
 * noise = +Inf, which makes quant_refine_bounds() give up on bounds.
 */
void
quant_refine_query_init(QuantRefineQuery *query, int dims, int bits, const float *q,
						int16_t *values)
{
	size_t nvalues = quant_refine_query_values(dims, bits);
	int top = (1 << bits) - 1;
	int limit = INT32_MAX / (top * dims);
	float step = bits == 4 ? STEP4 : STEP8;
	float largest = 0.0f;
	float scale;
	int32_t sum = 0;
	bool finite = true;

	if (limit > VALUE_MAX)
		limit = VALUE_MAX;
	for (int i = 0; i < dims; i++)
	{
		float abs = fabsf(q[i]);

		finite = finite && abs < QUANT_HUGE;
		largest = abs > largest ? abs : largest;
	}

	query->dims = dims;
	query->bits = bits;
	query->bytes = quant_refine_bytes(dims, bits);
	query->centre = 0;
	query->delta = 0.0f;
	query->noise = 0.0f;
	query->norm = sqrtf((float) dims) * (1.0f / step + 0.5f);
	query->q = q;
	query->values = values;
	memset(values, 0, nvalues * sizeof(int16_t));
	if (!finite || largest < VALUE_MIN)
	{
		query->noise = finite ? sqrtf((float) dims) * largest * query->norm : INFINITY;
		return;
	}

	scale = (float) limit / largest;
	for (int i = 0; i < dims; i++)
	{
		int value = (int) (fabsf(q[i]) * scale + 0.5f);

		value = value < limit ? value : limit;
		values[i] = (int16_t) (q[i] < 0.0f ? -value : value);
		sum += values[i];
	}
	query->centre = top * sum;
	query->delta = largest / (float) limit;
	query->noise = query->delta * query->norm * 0.288675135f; /* 1/sqrt(12) */
}

/*
 * sum U_i values[i] over a code of 8 bits.
 */
static int32_t
refine_dot8(const int16_t *values, const uint8_t *code, int bytes)
{
	int32_t sum = 0;

	for (int i = 0; i < bytes; i++)
		sum += values[i] * code[i];
	return sum;
}

/*
 * sum U_i values[i] over a code of 4 bits.
 */
static int32_t
refine_dot4(const int16_t *values, const uint8_t *code, int bytes)
{
	int32_t sum = 0;

	for (int i = 0; i < bytes; i++)
		sum += values[i] * (code[i] & 15) + values[bytes + i] * (code[i] >> 4);
	return sum;
}

/*
 * Bounds of one code; see quant_refine.h.  The estimate is wrong by the deviation of the
 * code, sigma * ||q-c||, and that of the query, mul * noise, both times m; epsilon counts
 * them.  To this comes the rounding to float32: of add and the result, of mul, of the
 * residual when it was encoded, and of g, which is taken to be within 2^-20 of itself.
 */
void
quant_refine_bounds(QuantMetric metric, const QuantRefineQuery *query,
					const QuantRefineFactors *factors, const uint8_t *code, float g, float dist2,
					float epsilon, float *lb, float *ub)
{
	int32_t dot = query->bits == 4 ? refine_dot4(query->values, code, query->bytes)
								   : refine_dot8(query->values, code, query->bytes);
	double m = metric == QUANT_IP ? 1.0 : 2.0;
	double mul = (double) factors->mul;
	double s = 0.5 * (double) query->delta * (double) (2 * (int64_t) dot - query->centre);
	double estimate = (double) factors->add + (double) g - m * mul * s;
	double code_variance = (double) factors->sigma * (double) factors->sigma * (double) dist2;
	double query_sigma = mul * (double) query->noise;
	double width = m * (double) epsilon * sqrt(code_variance + query_sigma * query_sigma);

	width += 0x1p-22 * (fabs((double) factors->add) + fabs(estimate)) + 0x1p-20 * fabs((double) g) +
			 0x1p-22 * m * mul * (double) query->norm * sqrt((double) dist2) + (double) FLT_MIN;
	if (!(fabs(estimate) + width < 0x1p126))
	{
		*lb = -FLT_MAX;
		*ub = INFINITY;
		return;
	}
	*lb = (float) (estimate - width);
	*ub = (float) (estimate + width);
}
