/*-------------------------------------------------------------------------
 *
 * quant_exact_template.h
 *	  Rotation, residual sums and query tables, written once for every level.
 *
 * NOTES
 *	  Pure C.  Included by quant_<level>.c after quant_table_<level>.h.  Everything
 *	  here gives the same bits on every level: lanes are only added, subtracted and
 *	  multiplied, one rounding at a time, and sums run in the canonical order
 *	  (element i in lane i % 16, in ascending order, folded by lanes_sum).  Never
 *	  lanes_fma here, and the whole tree is compiled with -ffp-contract=off.
 *
 * IDENTIFICATION
 *	  src/quant/quant_exact_template.h
 *
 *-------------------------------------------------------------------------
 */

/* ----- input ----- */

/* x[i] and the 15 behind it, zeros from x[dims] on. */
VDB_INLINE VDB_TARGET lanes_f32
load_up_to(const float *x, int i, int dims)
{
	return VDB_UNLIKELY(i + LANES > dims) ? lanes_load_partial(x + i, dims - i) : lanes_load(x + i);
}

/* Stores sixteen elements to x[i] and following, none from x[dims] on. */
VDB_INLINE VDB_TARGET void
store_up_to(float *x, int i, int dims, lanes_f32 a)
{
	if (i + LANES <= dims)
		lanes_store(x + i, a);
	else
		lanes_store_partial(x + i, a, dims - i);
}

/* The largest of sixteen elements that are not negative. */
VDB_INLINE VDB_TARGET float
largest_of(lanes_f32 a)
{
	float elements[LANES];
	float largest = 0.0f;

	lanes_store(elements, a);
	for (int i = 0; i < LANES; i++)
	{
		if (elements[i] > largest)
			largest = elements[i];
	}
	return largest;
}

/*
 * Largest coordinate and squared length of x[dims].
 */
static VDB_TARGET void
VDB_FN(input_stats)(int dims, const float *x, QuantInputStats *stats)
{
	lanes_f32 largest = lanes_set1(0.0f);
	lanes_f64 norm2 = lanes_f64_zero();

	for (int i = 0; i < dims; i += LANES)
	{
		lanes_f32 a = load_up_to(x, i, dims);
		lanes_f64 wide = lanes_f64_from(a);

		largest = lanes_max(largest, lanes_abs(a));
		norm2 = lanes_f64_add_product(norm2, wide, wide);
	}
	stats->largest = largest_of(largest);
	stats->norm2 = lanes_f64_sum(norm2);
}

/*
 * Multiplies x[dims] by factor.
 */
static VDB_TARGET void
VDB_FN(input_scale)(int dims, double factor, float *x)
{
	for (int i = 0; i < dims; i += LANES)
		store_up_to(x, i, dims, lanes_mul_f64(load_up_to(x, i, dims), factor));
}

/*
 * x[dims] becomes (x - mean) * scale, at most limit away from zero.
 */
static VDB_TARGET void
VDB_FN(input_centre)(int dims, const float *mean, float scale, float limit, float *x)
{
	lanes_f32 scales = lanes_set1(scale);
	lanes_f32 highest = lanes_set1(limit);
	lanes_f32 lowest = lanes_set1(-limit);

	for (int i = 0; i < dims; i += LANES)
	{
		lanes_f32 a =
			lanes_mul(lanes_sub(load_up_to(x, i, dims), load_up_to(mean, i, dims)), scales);

		store_up_to(x, i, dims, lanes_max(lanes_min(a, highest), lowest));
	}
}

/*
 * ||x - y||^2 of dims floats, summed as residual_step() does.
 */
static VDB_TARGET float
VDB_FN(distance2)(int dims, const float *x, const float *y)
{
	lanes_f32 sum = lanes_set1(0.0f);

	for (int i = 0; i < dims; i += LANES)
	{
		lanes_f32 r = lanes_sub(load_up_to(x, i, dims), load_up_to(y, i, dims));

		sum = lanes_add(sum, lanes_mul(r, r));
	}
	return lanes_sum(sum);
}

/* ----- rotation ----- */

/*
 * Multiplies x[n] by flips[n].
 */
VDB_INLINE VDB_TARGET void
flip(float *x, const float *flips, int n)
{
	int i;

	for (i = 0; i + LANES <= n; i += LANES)
		lanes_store(x + i, lanes_mul(lanes_load(x + i), lanes_load(flips + i)));
	if (i < n)
		lanes_store_partial(
			x + i,
			lanes_mul(lanes_load_partial(x + i, n - i), lanes_load_partial(flips + i, n - i)),
			n - i);
}

/*
 * One level of the transform: (x[i], x[i+h]) becomes their sum and difference.  h is a
 * multiple of 16 and n of 2h.
 */
VDB_INLINE VDB_TARGET void
fht_level(float *x, int n, int h)
{
	for (int start = 0; start < n; start += 2 * h)
	{
		for (int i = start; i < start + h; i += LANES)
		{
			lanes_f32 a = lanes_load(x + i);
			lanes_f32 b = lanes_load(x + i + h);

			lanes_store(x + i, lanes_add(a, b));
			lanes_store(x + i + h, lanes_sub(a, b));
		}
	}
}

/*
 * Levels h and 2h in one pass over memory; n is a multiple of 4h.
 */
VDB_INLINE VDB_TARGET void
fht_two_levels(float *x, int n, int h)
{
	for (int start = 0; start < n; start += 4 * h)
	{
		for (int i = start; i < start + h; i += LANES)
		{
			lanes_f32 a = lanes_load(x + i);
			lanes_f32 b = lanes_load(x + i + h);
			lanes_f32 c = lanes_load(x + i + 2 * h);
			lanes_f32 d = lanes_load(x + i + 3 * h);
			lanes_f32 ab = lanes_add(a, b);
			lanes_f32 cd = lanes_add(c, d);

			b = lanes_sub(a, b);
			d = lanes_sub(c, d);
			lanes_store(x + i, lanes_add(ab, cd));
			lanes_store(x + i + h, lanes_add(b, d));
			lanes_store(x + i + 2 * h, lanes_sub(ab, cd));
			lanes_store(x + i + 3 * h, lanes_sub(b, d));
		}
	}
}

/*
 * Sixteen scaled elements from x[i] on, flipped if with_flips, with the levels 1 to 8 done.
 */
VDB_INLINE VDB_TARGET lanes_f32
fht_load(bool with_flips, const float *x, const float *flips, int i, lanes_f32 scale)
{
	if (with_flips)
		scale = lanes_mul(lanes_load(flips + i), scale);
	return lanes_hadamard(lanes_mul(lanes_load(x + i), scale));
}

/*
 * Flip and orthonormal fast Hadamard transform of x[n], n a power of two: element i is
 * first multiplied by flips[i] / sqrt(n), then the levels 1, 2, 4 ... n/2 follow.  with_flips is a
 * constant; without it no sign changes and flips is not read.
 */
VDB_INLINE VDB_TARGET void
fht(bool with_flips, float *x, const float *flips, int n)
{
	float scale = 1.0f; /* 1/sqrt(n), exact but for the rounding of 1/sqrt(2) */
	lanes_f32 scales;
	int h;

	for (h = n; h >= 4; h /= 4)
		scale *= 0.5f;
	if (h == 2)
		scale *= QUANT_SQRT_HALF;

	if (n < LANES)
	{
		for (int i = 0; i < n; i++)
			x[i] = x[i] * (with_flips ? flips[i] * scale : scale);
		for (h = 1; h < n; h *= 2)
		{
			for (int i = 0; i < n; i++)
			{
				if ((i & h) == 0)
				{
					float a = x[i];
					float b = x[i + h];

					x[i] = a + b;
					x[i + h] = a - b;
				}
			}
		}
		return;
	}

	scales = lanes_set1(scale);
	if (n < 4 * LANES)
	{
		for (int i = 0; i < n; i += LANES)
			lanes_store(x + i, fht_load(with_flips, x, flips, i, scales));
		h = LANES;
	}
	else
	{
		/* six levels per pass: 64 elements fit into the registers */
		for (int i = 0; i < n; i += 4 * LANES)
		{
			float *p = x + i;
			lanes_f32 a = fht_load(with_flips, x, flips, i, scales);
			lanes_f32 b = fht_load(with_flips, x, flips, i + LANES, scales);
			lanes_f32 ab = lanes_add(a, b);
			lanes_f32 c;
			lanes_f32 d;
			lanes_f32 cd;

			b = lanes_sub(a, b);
			c = fht_load(with_flips, x, flips, i + 2 * LANES, scales);
			d = fht_load(with_flips, x, flips, i + 3 * LANES, scales);
			cd = lanes_add(c, d);
			d = lanes_sub(c, d);
			lanes_store(p, lanes_add(ab, cd));
			lanes_store(p + LANES, lanes_add(b, d));
			lanes_store(p + 2 * LANES, lanes_sub(ab, cd));
			lanes_store(p + 3 * LANES, lanes_sub(b, d));
		}
		h = 4 * LANES;
	}

	for (; 4 * h <= n; h *= 4)
		fht_two_levels(x, n, h);
	if (h < n)
		fht_level(x, n, h);
}

/*
 * The Kac step: coordinates i and dims - dims/2 + i, for i < dims/2, are turned by 45
 * degrees.  An odd dims leaves the middle coordinate.
 */
VDB_INLINE VDB_TARGET void
kac(float *x, int dims)
{
	int half = dims / 2;
	float *y = x + (dims - half);
	lanes_f32 scale = lanes_set1(QUANT_SQRT_HALF);
	int i;

	for (i = 0; i + LANES <= half; i += LANES)
	{
		lanes_f32 a = lanes_load(x + i);
		lanes_f32 b = lanes_load(y + i);

		lanes_store(x + i, lanes_mul(lanes_add(a, b), scale));
		lanes_store(y + i, lanes_mul(lanes_sub(a, b), scale));
	}
	if (i < half)
	{
		lanes_f32 a = lanes_load_partial(x + i, half - i);
		lanes_f32 b = lanes_load_partial(y + i, half - i);

		lanes_store_partial(x + i, lanes_mul(lanes_add(a, b), scale), half - i);
		lanes_store_partial(y + i, lanes_mul(lanes_sub(a, b), scale), half - i);
	}
}

/*
 * FHT-Kac rotation of x in place (NOTES.md, "Rotation").
 */
static VDB_TARGET void
VDB_FN(rotate)(const QuantRotation *rotation, float *x)
{
	int dims = rotation->dims;
	int pow2 = rotation->pow2;

	for (int round = 0; round < QUANT_ROUNDS; round++)
	{
		const float *flips = rotation->flips + (size_t) round * dims;
		int start = round % 2 == 0 ? 0 : dims - pow2;

		fht(true, x + start, flips + start, pow2);
		if (pow2 != dims)
		{
			int other = round % 2 == 0 ? pow2 : 0;

			flip(x + other, flips + other, dims - pow2);
			if (round % 2 == 1)
				kac(x, dims);
		}
	}
}

/*
 * The inverse of rotate(): its steps backwards, each of which is its own inverse but for the
 * flips, which come after the transform.
 */
static VDB_TARGET void
VDB_FN(unrotate)(const QuantRotation *rotation, float *x)
{
	int dims = rotation->dims;
	int pow2 = rotation->pow2;

	for (int round = QUANT_ROUNDS - 1; round >= 0; round--)
	{
		const float *flips = rotation->flips + (size_t) round * dims;
		int start = round % 2 == 0 ? 0 : dims - pow2;

		if (pow2 != dims && round % 2 == 1)
			kac(x, dims);
		fht(false, x + start, NULL, pow2);
		flip(x, flips, dims);
	}
}

/* ----- residuals ----- */

/* Sums of a residual in progress. */
typedef struct
{
	lanes_f32 a2;
	lanes_f32 a1;
	lanes_f32 sc;
	lanes_f32 rc;
	lanes_f32 xo;
} residual_lanes;

/*
 * Adds 16 elements of the vector x, the centroid c and the offset o to the sums; returns
 * their code bits.  Elements past the end are zeros, which leave every sum as it is.
 */
VDB_INLINE VDB_TARGET uint32_t
residual_step(residual_lanes *sums, bool with_rc, bool with_xo, lanes_f32 x, lanes_f32 c,
			  lanes_f32 o)
{
	lanes_f32 r = lanes_sub(x, c);
	lanes_set negative = lanes_less(r, lanes_set1(0.0f));

	sums->a2 = lanes_add(sums->a2, lanes_mul(r, r));
	sums->a1 = lanes_add(sums->a1, lanes_abs(r));
	sums->sc = lanes_add(sums->sc, lanes_negate(negative, c));
	if (with_rc)
		sums->rc = lanes_add(sums->rc, lanes_mul(r, c));
	if (with_xo)
		sums->xo = lanes_add(sums->xo, lanes_mul(x, o));
	return ~lanes_bits(negative) & 0xffff;
}

/*
 * The loop of residual() for one combination of sums; with_rc and with_xo are constants.
 */
VDB_INLINE VDB_TARGET void
residual_loop(bool with_rc, bool with_xo, int dims, const float *x, const float *centroid,
			  const float *offset, uint8_t *code, QuantSums *out)
{
	lanes_f32 zero = lanes_set1(0.0f);
	residual_lanes sums = {zero, zero, zero, zero, zero};
	int nbytes = quant_code_bytes(dims);
	uint32_t bits;
	int i;

	for (i = 0; i + LANES <= dims; i += LANES)
	{
		bits = residual_step(&sums, with_rc, with_xo, lanes_load(x + i), lanes_load(centroid + i),
							 with_xo ? lanes_load(offset + i) : zero);
		code[i / 8] = (uint8_t) bits;
		code[i / 8 + 1] = (uint8_t) (bits >> 8);
	}
	if (i < dims)
	{
		int n = dims - i;

		bits = residual_step(&sums, with_rc, with_xo, lanes_load_partial(x + i, n),
							 lanes_load_partial(centroid + i, n),
							 with_xo ? lanes_load_partial(offset + i, n) : zero);
		bits &= (1u << n) - 1u;
		code[i / 8] = (uint8_t) bits;
		code[i / 8 + 1] = (uint8_t) (bits >> 8);
		i += LANES;
	}
	for (i /= 8; i < nbytes; i++)
		code[i] = 0;

	out->a2 = lanes_sum(sums.a2);
	out->a1 = lanes_sum(sums.a1);
	out->sc = lanes_sum(sums.sc);
	out->rc = lanes_sum(sums.rc);
	out->xo = lanes_sum(sums.xo);
}

/*
 * Code and sums of the residual x - centroid; see QuantRoutines and QuantSums.
 */
static VDB_TARGET void
VDB_FN(residual)(QuantMetric metric, int dims, const float *x, const float *centroid,
				 const float *offset, uint8_t *code, QuantSums *sums)
{
	if (metric != QUANT_IP)
		residual_loop(false, false, dims, x, centroid, NULL, code, sums);
	else if (offset == NULL)
		residual_loop(true, false, dims, x, centroid, NULL, code, sums);
	else
		residual_loop(true, true, dims, x, centroid, offset, code, sums);
}

/* ----- queries ----- */

/*
 * Norm, absolute sum, largest coordinate and widest segment of q[dims].
 */
static VDB_TARGET void
VDB_FN(query_stats)(int dims, const float *q, QuantQueryStats *stats)
{
	lanes_f32 norm2 = lanes_set1(0.0f);
	lanes_f32 sum = lanes_set1(0.0f);
	lanes_f32 widest = lanes_set1(0.0f);
	lanes_f32 largest = lanes_set1(0.0f);
	float widths[LANES];

	for (int i = 0; i < dims; i += LANES)
	{
		lanes_f32 a = load_up_to(q, i, dims);
		lanes_f32 abs = lanes_abs(a);

		norm2 = lanes_add(norm2, lanes_mul(a, a));
		sum = lanes_add(sum, abs);
		widest = lanes_max(widest, lanes_segment_sums(abs));
		largest = lanes_max(largest, abs);
	}
	stats->norm2 = lanes_sum(norm2);
	stats->abs = lanes_sum(sum);

	stats->largest = largest_of(largest);
	lanes_store(widths, widest);
	stats->range = 0.0f;
	for (int i = 0; i < LANES; i += 4)
	{
		if (2.0f * widths[i] > stats->range)
			stats->range = 2.0f * widths[i];
	}
}

/*
 * The table of q[dims]: 16 entries for each nibble of a code, chunk by chunk, low nibbles'
 * tables before high nibbles'.  |q_i| * scale is at most 255 * 256.
 */
static VDB_TARGET void
VDB_FN(query_table)(int dims, const float *q, float scale, uint8_t *table)
{
	int i;

	for (i = 0; i + QUANT_CHUNK_DIMS <= dims; i += QUANT_CHUNK_DIMS)
	{
		lanes_table_chunk(lanes_load(q + i), lanes_load(q + i + LANES), scale, table);
		table += QUANT_CHUNK_TABLE;
	}
	if (i < dims)
	{
		float last[QUANT_CHUNK_DIMS] = {0.0f};

		for (int j = 0; i + j < dims; j++)
			last[j] = q[i + j];
		lanes_table_chunk(lanes_load(last), lanes_load(last + LANES), scale, table);
	}
}

const QuantRoutines VDB_FN(quant_routines) = {
	.input_stats = VDB_FN(input_stats),
	.input_scale = VDB_FN(input_scale),
	.input_centre = VDB_FN(input_centre),
	.distance2 = VDB_FN(distance2),
	.rotate = VDB_FN(rotate),
	.unrotate = VDB_FN(unrotate),
	.residual = VDB_FN(residual),
	.query_stats = VDB_FN(query_stats),
	.query_table = VDB_FN(query_table),
	.refine_residual = VDB_FN(refine_residual),
	.refine_fit = VDB_FN(refine_fit),
	.refine_code = VDB_FN(refine_code),
	.refine_values = VDB_FN(refine_values),
	.taxicab_code = VDB_FN(taxicab_code),
	.taxicab_sums = VDB_FN(taxicab_sums),
};
