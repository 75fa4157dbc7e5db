/*-------------------------------------------------------------------------
 *
 * quant_scan_template.h
 *	  Scan kernels, written once for every level.
 *
 * NOTES
 *	  Pure C.  Included by quant_<level>.c after quant_table_<level>.h.  Table sums are
 *	  exact integers on every level; bounds use lanes_fma, which rounds once on most
 *	  levels and twice on scalar, so they may differ in the last bits.
 *
 * IDENTIFICATION
 *	  src/quant/quant_scan_template.h
 *
 *-------------------------------------------------------------------------
 */

/*
 * Table sums of "nchunks" chunks for 16 vectors.  The 16-bit sums are emptied into 32 bits
 * before they can overflow, every LANES_ACC_CHUNKS chunks.
 */
VDB_INLINE VDB_TARGET lanes_u32
scan_sums(const uint8_t *table, const uint8_t *chunks, int nchunks)
{
	lanes_u32 total = lanes_u32_zero();

	while (nchunks > 0)
	{
		int n = nchunks < LANES_ACC_CHUNKS ? nchunks : LANES_ACC_CHUNKS;
		lanes_acc acc = lanes_acc_zero();

		for (int c = 0; c < n; c++)
		{
			acc = lanes_acc_step(acc, table, chunks);
			table += QUANT_CHUNK_TABLE;
			chunks += QUANT_CHUNK;
		}
		total = lanes_u32_add(total, lanes_acc_drain(acc));
		nchunks -= n;
	}
	return total;
}

/*
 * The same with a coarse table, whose entries are added as bytes, two chunks at a time.
 */
VDB_INLINE VDB_TARGET lanes_u32
scan_sums_coarse(const uint8_t *table, const uint8_t *chunks, int nchunks)
{
	lanes_u32 total = lanes_u32_zero();

	while (nchunks > 0)
	{
		int n = nchunks < LANES_ACC_CHUNKS ? nchunks : LANES_ACC_CHUNKS;
		lanes_acc acc = lanes_acc_zero();

		VDB_UNROLL_TWICE
		for (int c = 0; c + 1 < n; c += 2)
		{
			acc = lanes_acc_coarse(acc, table, chunks);
			table += 2 * QUANT_CHUNK_TABLE;
			chunks += 2 * QUANT_CHUNK;
		}
		if (n % 2 == 1)
			acc = lanes_acc_step(acc, table, chunks);
		total = lanes_u32_add(total, lanes_acc_drain(acc));
		nchunks -= n;
	}
	return total;
}

/*
 * Bounds from sums; see QuantKernels.bounds.  quant_bound_init() keeps every constant so
 * small that no product overflows: an empty slot gives lb = ub = +Inf and never NaN, a
 * forced one lb <= -FLT_MAX and, as nothing is known about it, ub = +Inf.
 */
VDB_INLINE VDB_TARGET uint32_t
scan_bounds(const QuantBound *bound, lanes_u32 acc, const float *add, const uint16_t *mul,
			float threshold, float *lb, float *ub)
{
	lanes_f32 infinity = lanes_set1(INFINITY);
	lanes_f32 adds = lanes_load(add);
	lanes_f32 muls = lanes_load_half(mul);
	lanes_f32 sum =
		lanes_fma(lanes_from_u32(acc), lanes_set1(bound->slope), lanes_set1(bound->base));
	lanes_f32 lower = lanes_fnma(muls, sum, lanes_add(adds, lanes_set1(bound->g)));
	lanes_f32 upper = lanes_fma(muls, lanes_set1(bound->width), lower);

	upper = lanes_choose(lanes_less(lower, lanes_set1(QUANT_FORCED)), infinity, upper);
	lanes_store(lb, lower);
	lanes_store(ub, upper);
	return lanes_bits(lanes_less_equal(lower, lanes_set1(threshold))) &
		   lanes_bits(lanes_less(adds, infinity));
}

static VDB_TARGET void
VDB_FN(accumulate)(const uint8_t *table, const uint8_t *chunks, int nchunks,
				   uint32_t acc[QUANT_UNIT])
{
	lanes_u32_store(acc, lanes_u32_add(lanes_u32_load(acc), scan_sums(table, chunks, nchunks)));
}

static VDB_TARGET uint32_t
VDB_FN(bounds)(const QuantBound *bound, const uint32_t acc[QUANT_UNIT], const float *add,
			   const uint16_t *mul, float threshold, float lb[QUANT_UNIT], float ub[QUANT_UNIT])
{
	return scan_bounds(bound, lanes_u32_load(acc), add, mul, threshold, lb, ub);
}

static VDB_TARGET uint32_t
VDB_FN(scan_unit)(const QuantQuery *query, const QuantBound *bound, const uint8_t *chunks,
				  const float *add, const uint16_t *mul, float threshold, float lb[QUANT_UNIT],
				  float ub[QUANT_UNIT])
{
	lanes_u32 acc;

	if (bound->coarse)
	{
		QuantBound coarse = {.g = bound->g,
							 .slope = bound->coarse_slope,
							 .base = bound->coarse_base,
							 .width = bound->coarse_width};

		acc = scan_sums_coarse(query->coarse_table, chunks, query->nchunks);
		return scan_bounds(&coarse, acc, add, mul, threshold, lb, ub);
	}
	acc = scan_sums(query->table, chunks, query->nchunks);
	return scan_bounds(bound, acc, add, mul, threshold, lb, ub);
}

static VDB_TARGET int
VDB_FN(scan_heads)(const QuantQuery *query, const QuantHeads *heads, const uint8_t *chunks,
				   const float *add, const uint16_t *mul, float threshold)
{
	lanes_u32 acc = lanes_u32_zero();
	int done = 0;

	for (int h = 0; h < heads->n; h++)
	{
		const QuantHead *head = &heads->heads[h];
		QuantBound bound = {.g = heads->g, .slope = head->slope, .base = head->base};
		float lb[QUANT_UNIT];
		float ub[QUANT_UNIT];

		acc =
			lanes_u32_add(acc, scan_sums_coarse(query->coarse_table + done * QUANT_CHUNK_TABLE,
												chunks + done * QUANT_CHUNK, head->nchunks - done));
		done = head->nchunks;
		if (scan_bounds(&bound, acc, add, mul, threshold, lb, ub) == 0)
			return h + 1;
	}
	return 0;
}

static VDB_TARGET void
VDB_FN(common)(const uint8_t *bytes, const uint8_t *chunks, int nchunks, uint32_t acc[QUANT_UNIT])
{
	lanes_u32 total = lanes_u32_load(acc);

	while (nchunks > 0)
	{
		int n = nchunks < LANES_ACC_CHUNKS ? nchunks : LANES_ACC_CHUNKS;
		lanes_acc sums = lanes_acc_zero();

		VDB_UNROLL_TWICE
		for (int c = 0; c + 1 < n; c += 2)
		{
			sums = lanes_acc_common(sums, bytes, chunks, 2);
			bytes += 2 * QUANT_CHUNK;
			chunks += 2 * QUANT_CHUNK;
		}
		if (n % 2 == 1)
		{
			sums = lanes_acc_common(sums, bytes, chunks, 1);
			bytes += QUANT_CHUNK;
			chunks += QUANT_CHUNK;
		}
		total = lanes_u32_add(total, lanes_acc_drain(sums));
		nchunks -= n;
	}
	lanes_u32_store(acc, total);
}

static VDB_TARGET void
VDB_FN(common_of)(const uint8_t *bytes, const uint8_t *chunks, const uint16_t *which, int n,
				  uint32_t acc[QUANT_UNIT])
{
	lanes_u32 total = lanes_u32_load(acc);

	while (n > 0)
	{
		int most = n < LANES_ACC_CHUNKS ? n : LANES_ACC_CHUNKS;
		lanes_acc sums = lanes_acc_zero();

		for (int i = 0; i < most; i++)
		{
			size_t at = (size_t) which[i] * QUANT_CHUNK;

			sums = lanes_acc_common(sums, bytes + at, chunks + at, 1);
		}
		total = lanes_u32_add(total, lanes_acc_drain(sums));
		which += most;
		n -= most;
	}
	lanes_u32_store(acc, total);
}

/* Numbers of bits are exact in float32, and so are their sums. */
static VDB_TARGET uint32_t
VDB_FN(bits_within)(const QuantBitsQuery *query, const uint32_t acc[QUANT_UNIT], const float *add,
					float threshold)
{
	lanes_f32 adds = lanes_load(add);
	lanes_f32 common = lanes_from_u32(lanes_u32_load(acc));
	lanes_f32 both = lanes_add(adds, lanes_set1(query->count));
	lanes_f32 differ = lanes_sub(both, lanes_add(common, common));
	lanes_f32 limit = lanes_set1(threshold);
	uint32_t within;

	if (query->dice)
		limit = lanes_mul(limit, both);
	within =
		lanes_bits(lanes_less_equal(lanes_mul(differ, lanes_set1(query->narrow_scale)), limit));
	if (threshold >= -FLT_MAX)
		within |= lanes_bits(lanes_less(adds, lanes_set1(0.0f)));
	return within & lanes_bits(lanes_less(adds, lanes_set1(INFINITY)));
}

const QuantKernels VDB_FN(quant_kernels) = {
	.simd = VDB_SIMD,
	.accumulate = VDB_FN(accumulate),
	.bounds = VDB_FN(bounds),
	.scan_unit = VDB_FN(scan_unit),
	.scan_heads = VDB_FN(scan_heads),
	.common = VDB_FN(common),
	.common_of = VDB_FN(common_of),
	.bits_within = VDB_FN(bits_within),
	.refine_dot4 = VDB_FN(refine_dot4),
	.refine_dot8 = VDB_FN(refine_dot8),
};
