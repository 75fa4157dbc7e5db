/*-------------------------------------------------------------------------
 *
 * quant_refine_template.h
 *	  Codes of 4 and 8 bits and their sums, written once for every level.
 *
 * NOTES
 *	  Pure C.  Included by quant_<level>.c after quant_table_<level>.h.  Everything
 *	  here gives the same bits on every level; see quant_exact_template.h.  Sums that
 *	  factors are made from are double lanes, so that their rounding does not matter.
 *
 * IDENTIFICATION
 *	  src/quant/quant_refine_template.h
 *
 *-------------------------------------------------------------------------
 */

/* ----- encoding ----- */

/* n < 16 elements of p, zeros for the rest, or sixteen elements. */
VDB_INLINE VDB_TARGET lanes_f32
refine_load(const float *p, int n)
{
	return VDB_UNLIKELY(n < LANES) ? lanes_load_partial(p, n) : lanes_load(p);
}

/*
 * The loop of refine_residual() for one combination of sums; with_rc and with_xo are
 * constants.
 */
VDB_INLINE VDB_TARGET void
refine_residual_loop(bool with_rc, bool with_xo, int dims, const float *x, const float *centroid,
					 const float *offset, QuantRefineResidual *out)
{
	lanes_f64 a2 = lanes_f64_zero();
	lanes_f64 rc = lanes_f64_zero();
	lanes_f64 xo = lanes_f64_zero();
	lanes_f32 largest = lanes_set1(0.0f);
	float lanes[LANES];

	for (int i = 0; i < dims; i += LANES)
	{
		lanes_f32 xs = refine_load(x + i, dims - i);
		lanes_f32 cs = refine_load(centroid + i, dims - i);
		lanes_f64 cd = lanes_f64_from(cs);
		lanes_f64 xd = lanes_f64_from(xs);
		lanes_f64 r = lanes_f64_sub(xd, cd);

		a2 = lanes_f64_add_product(a2, r, r);
		largest = lanes_max(largest, lanes_abs(lanes_sub(xs, cs)));
		if (with_rc)
			rc = lanes_f64_add_product(rc, r, cd);
		if (with_xo)
			xo = lanes_f64_add_product(xo, xd, lanes_f64_from(refine_load(offset + i, dims - i)));
	}

	out->a2 = lanes_f64_sum(a2);
	out->rc = lanes_f64_sum(rc);
	out->xo = lanes_f64_sum(xo);
	lanes_store(lanes, largest);
	out->largest = 0.0f;
	for (int i = 0; i < LANES; i++)
	{
		if (lanes[i] > out->largest)
			out->largest = lanes[i];
	}
}

/*
 * Sums of the residual x - centroid that do not depend on its code; see QuantRefineResidual.
 */
static VDB_TARGET void
VDB_FN(refine_residual)(QuantMetric metric, int dims, const float *x, const float *centroid,
						const float *offset, QuantRefineResidual *residual)
{
	if (metric != QUANT_IP)
		refine_residual_loop(false, false, dims, x, centroid, NULL, residual);
	else if (offset == NULL)
		refine_residual_loop(true, false, dims, x, centroid, NULL, residual);
	else
		refine_residual_loop(true, true, dims, x, centroid, offset, residual);
}

/*
 * The first n lanes of a, zeros for the rest.
 */
VDB_INLINE VDB_TARGET lanes_f32
refine_first(lanes_f32 a, int n)
{
	const float numbers[LANES] = {0.0f, 1.0f, 2.0f,	 3.0f,	4.0f,  5.0f,  6.0f,	 7.0f,
								  8.0f, 9.0f, 10.0f, 11.0f, 12.0f, 13.0f, 14.0f, 15.0f};

	if (!VDB_UNLIKELY(n < LANES))
		return a;
	return lanes_choose(lanes_less(lanes_load(numbers), lanes_set1((float) n)), a,
						lanes_set1(0.0f));
}

/*
 * Levels U of residuals as floats, whole numbers in [0, 2 * half - 1]: the interval of
 * width 1 / scale that r falls into, where intervals half - 1 and half meet at zero.
 */
VDB_INLINE VDB_TARGET lanes_f32
refine_levels(lanes_f32 r, float scale, float half)
{
	lanes_f32 levels = lanes_add(lanes_mul(r, lanes_set1(scale)), lanes_set1(half));

	levels = lanes_min(lanes_max(levels, lanes_set1(0.0f)), lanes_set1(2.0f * half - 1.0f));
	return lanes_from_u32(lanes_to_u32(levels));
}

/*
 * How well a scale fits: <r, g>^2 / ||g||^2 for the code of "bits" bits that it gives,
 * that is ||r||^2 x0^2, in float32.
 */
static VDB_TARGET float
VDB_FN(refine_fit)(int dims, int bits, const float *x, const float *centroid, float scale)
{
	float half = (float) (1 << (bits - 1));
	lanes_f32 middle = lanes_set1(half - 0.5f);
	lanes_f32 rg = lanes_set1(0.0f);
	lanes_f32 gg = lanes_set1(0.0f);
	float sum;

	for (int i = 0; i < dims; i += LANES)
	{
		int n = dims - i;
		lanes_f32 r = lanes_sub(refine_load(x + i, n), refine_load(centroid + i, n));
		lanes_f32 g = refine_first(lanes_sub(refine_levels(r, scale, half), middle), n);

		rg = lanes_add(rg, lanes_mul(r, g));
		gg = lanes_add(gg, lanes_mul(g, g));
	}
	sum = lanes_sum(rg);
	return sum * (sum / lanes_sum(gg));
}

/* Sums over a code in progress. */
typedef struct
{
	lanes_f64 rg;
	lanes_f64 gg;
	lanes_f64 gc;
} refine_lanes;

/*
 * Adds n <= 0 (nothing), up to 15, or sixteen elements to the sums; returns their levels
 * as floats, zero for elements past the end.
 */
VDB_INLINE VDB_TARGET lanes_f32
refine_step(refine_lanes *sums, const float *x, const float *centroid, int n, float scale,
			float half)
{
	lanes_f32 xs;
	lanes_f32 cs;
	lanes_f32 levels;
	lanes_f64 g;
	lanes_f64 cd;

	if (n <= 0)
		return lanes_set1(0.0f);
	xs = refine_load(x, n);
	cs = refine_load(centroid, n);
	levels = refine_levels(lanes_sub(xs, cs), scale, half);
	g = lanes_f64_from(refine_first(lanes_sub(levels, lanes_set1(half - 0.5f)), n));
	cd = lanes_f64_from(cs);
	sums->rg = lanes_f64_add_product(sums->rg, lanes_f64_sub(lanes_f64_from(xs), cd), g);
	sums->gg = lanes_f64_add_product(sums->gg, g, g);
	sums->gc = lanes_f64_add_product(sums->gc, g, cd);
	return refine_first(levels, n);
}

/*
 * Writes the code that "scale" gives, padding included, and its sums.  Elements are
 * added in the order of the code's bytes, low nibbles before high nibbles of the same 16.
 */
static VDB_TARGET void
VDB_FN(refine_code)(int dims, int bits, const float *x, const float *centroid, float scale,
					uint8_t *code, QuantRefineSums *out)
{
	int bytes = quant_refine_bytes(dims, bits);
	refine_lanes sums = {lanes_f64_zero(), lanes_f64_zero(), lanes_f64_zero()};

	for (int i = 0; i < bytes; i += LANES)
	{
		lanes_f32 levels;

		if (bits == 8)
			levels = refine_step(&sums, x + i, centroid + i, dims - i, scale, 128.0f);
		else
		{
			int j = bytes + i < dims ? bytes + i : dims;
			lanes_f32 high;

			levels = refine_step(&sums, x + i, centroid + i, dims - i, scale, 8.0f);
			high = refine_step(&sums, x + j, centroid + j, dims - j, scale, 8.0f);
			levels = lanes_add(levels, lanes_mul(high, lanes_set1(16.0f)));
		}
		lanes_u32_store_bytes(code + i, lanes_to_u32(levels));
	}
	out->rg = lanes_f64_sum(sums.rg);
	out->gg = lanes_f64_sum(sums.gg);
	out->gc = lanes_f64_sum(sums.gc);
}

/* ----- queries ----- */

/*
 * Adding and subtracting this rounds a number below 2^22 to the nearest whole number, ties
 * to even.
 */
#define REFINE_ROUND 0x1.8p23f

/* Sixteen values a * scale, rounded to whole numbers; adds them to the sum. */
VDB_INLINE VDB_TARGET void
refine_values_step(lanes_f32 a, float scale, lanes_f32 *sum, int16_t *values)
{
	lanes_f32 round = lanes_set1(REFINE_ROUND);

	a = lanes_mul(a, lanes_set1(scale));
	a = lanes_sub(lanes_add(a, round), round);
	*sum = lanes_add(*sum, a);
	lanes_store_i16(values, a);
}

/*
 * Writes q[dims] * scale, rounded to whole numbers below 2^15, and zeros up to "nvalues", a
 * multiple of 16.  Returns the sum, exact as long as that of the magnitudes is at most 2^24.
 */
static VDB_TARGET int32_t
VDB_FN(refine_values)(int dims, int nvalues, const float *q, float scale, int16_t *values)
{
	lanes_f32 sum = lanes_set1(0.0f);
	int i;

	for (i = 0; i + LANES <= dims; i += LANES)
		refine_values_step(lanes_load(q + i), scale, &sum, values + i);
	if (i < dims)
	{
		refine_values_step(lanes_load_partial(q + i, dims - i), scale, &sum, values + i);
		i += LANES;
	}
	for (; i < nvalues; i += LANES)
		lanes_store_i16(values + i, lanes_set1(0.0f));
	return (int32_t) lanes_sum(sum);
}

/* ----- sums ----- */

static VDB_TARGET int32_t
VDB_FN(refine_dot8)(const int16_t *values, const uint8_t *code, int bytes)
{
	lanes_u32 sum = lanes_u32_zero();
	int i;

	for (i = 0; i + 2 * LANES <= bytes; i += 2 * LANES)
		sum = lanes_u32_add_products(sum, lanes_i16_bytes(code + i), lanes_i16_load(values + i));
	if (i < bytes)
		sum = lanes_u32_add_products(sum, lanes_i16_bytes_half(code + i),
									 lanes_i16_load_half(values + i));
	return (int32_t) lanes_u32_sum(sum);
}

static VDB_TARGET int32_t
VDB_FN(refine_dot4)(const int16_t *values, const uint8_t *code, int bytes)
{
	const int16_t *high = values + bytes;
	lanes_u32 sum = lanes_u32_zero();
	lanes_i16 words;
	int i;

	for (i = 0; i + 2 * LANES <= bytes; i += 2 * LANES)
	{
		words = lanes_i16_bytes(code + i);
		sum = lanes_u32_add_products(sum, lanes_i16_low_nibbles(words), lanes_i16_load(values + i));
		sum = lanes_u32_add_products(sum, lanes_i16_high_nibbles(words), lanes_i16_load(high + i));
	}
	if (i < bytes)
	{
		words = lanes_i16_bytes_half(code + i);
		sum = lanes_u32_add_products(sum, lanes_i16_low_nibbles(words),
									 lanes_i16_load_half(values + i));
		sum = lanes_u32_add_products(sum, lanes_i16_high_nibbles(words),
									 lanes_i16_load_half(high + i));
	}
	return (int32_t) lanes_u32_sum(sum);
}
