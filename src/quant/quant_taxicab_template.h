/*-------------------------------------------------------------------------
 *
 * quant_taxicab_template.h
 *	  Codes for taxicab distances and their sums, written once for every level.
 *
 * NOTES
 *	  Pure C.  Included by quant_<level>.c after quant_refine_template.h.  Everything here gives
 *	  the same bits on every level; see quant_exact_template.h.
 *
 * IDENTIFICATION
 *	  src/quant/quant_taxicab_template.h
 *
 *-------------------------------------------------------------------------
 */

/* Where element i of "dims" begins, or, if there is none, where they end. */
VDB_INLINE VDB_TARGET int
taxicab_start(int i, int dims)
{
	return i < dims ? i : dims;
}

/* Levels of n <= 0 (none), up to 15, or sixteen elements, as floats; zero past the end. */
VDB_INLINE VDB_TARGET lanes_f32
taxicab_levels(const float *x, const float *dither, int n, float scale, float half)
{
	lanes_f32 shifted;

	if (n <= 0)
		return lanes_set1(0.0f);
	shifted = lanes_sub(lanes_mul(refine_load(x, n), lanes_set1(scale)), refine_load(dither, n));
	return refine_first(refine_levels(shifted, 1.0f, half), n);
}

/* Writes the code of x[dims] whose intervals are 1 / scale wide, padding included. */
static VDB_TARGET void
VDB_FN(taxicab_code)(int dims, int bits, const float *x, const float *dither, float scale,
					 uint8_t *code)
{
	int bytes = quant_refine_bytes(dims, bits);

	for (int i = 0; i < bytes; i += LANES)
	{
		int k = taxicab_start(i, dims);
		lanes_f32 levels;

		if (bits == 8)
			levels = taxicab_levels(x + k, dither + k, dims - k, scale, 128.0f);
		else
		{
			int j = taxicab_start(bytes + i, dims);
			lanes_f32 high = taxicab_levels(x + j, dither + j, dims - j, scale, 8.0f);

			levels = taxicab_levels(x + k, dither + k, dims - k, scale, 8.0f);
			levels = lanes_add(levels, lanes_mul(high, lanes_set1(16.0f)));
		}
		lanes_u32_store_bytes(code + i, lanes_to_u32(levels));
	}
}

/* Sums of distances along single dimensions, in progress. */
typedef struct
{
	lanes_f32 lower;
	lanes_f32 upper;
} taxicab_lanes;

/* Adds n <= 0 (nothing), up to 15, or sixteen elements with their levels. */
VDB_INLINE VDB_TARGET void
taxicab_step(taxicab_lanes *sums, const float *q, const float *dither, int n, lanes_f32 levels,
			 float step, float middle)
{
	lanes_f32 half = lanes_set1(0.5f * step);
	lanes_f32 distance;
	lanes_set near;

	if (n <= 0)
		return;
	levels = lanes_add(lanes_sub(levels, lanes_set1(middle)), refine_load(dither, n));
	distance = lanes_abs(lanes_sub(refine_load(q, n), lanes_mul(levels, lanes_set1(step))));
	near = lanes_less(distance, half);
	sums->lower =
		lanes_add(sums->lower, refine_first(lanes_choose(near, lanes_set1(0.0f), distance), n));
	sums->upper = lanes_add(
		sums->upper, refine_first(lanes_choose(near, lanes_add(distance, half), distance), n));
}

/*
 * Sums of |q_i - y_i|, y what the code stands for.  Where that is less than half a step, 0 is
 * added to *lower and half a step more to *upper.
 */
static VDB_TARGET void
VDB_FN(taxicab_sums)(int dims, int bits, const float *q, const float *dither, float step,
					 const uint8_t *code, float *lower, float *upper)
{
	int bytes = quant_refine_bytes(dims, bits);
	taxicab_lanes sums = {lanes_set1(0.0f), lanes_set1(0.0f)};

	for (int i = 0; i < bytes; i += LANES)
	{
		int k = taxicab_start(i, dims);
		lanes_f32 levels = lanes_from_u32(lanes_u32_load_bytes(code + i));

		if (bits == 8)
			taxicab_step(&sums, q + k, dither + k, dims - k, levels, step, 127.5f);
		else
		{
			int j = taxicab_start(bytes + i, dims);
			lanes_f32 high = lanes_from_u32(lanes_to_u32(lanes_mul(levels, lanes_set1(0.0625f))));

			levels = lanes_sub(levels, lanes_mul(high, lanes_set1(16.0f)));
			taxicab_step(&sums, q + k, dither + k, dims - k, levels, step, 7.5f);
			taxicab_step(&sums, q + j, dither + j, dims - j, high, step, 7.5f);
		}
	}
	*lower = lanes_sum(sums.lower);
	*upper = lanes_sum(sums.upper);
}
