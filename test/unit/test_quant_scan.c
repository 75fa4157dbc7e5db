/*-------------------------------------------------------------------------
 *
 * test_quant_scan.c
 *	  Query tables, scan kernels and bounds of 1-bit codes, at every SIMD level.
 *
 * NOTES
 *	  Integer sums are compared exactly, bounds within a tolerance.  test_quant_errors.c checks that
 *	  bounds hold.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_scan.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include "test_main.h"
#include "quant_data.h"

#define HALF_ONE 0x3c00

/* Among them: tails of a chunk, and sums beyond the 16 bits of each level's accumulators. */
static const int some_dims[] = {1,	 2,	  3,   4,	 5,	   31,	 32,   33,	 63,   64,	 100,  128,
								255, 384, 784, 1024, 1056, 2048, 2080, 4096, 4128, 8200, 16000};

#define NSOME ((int) (sizeof(some_dims) / sizeof(some_dims[0])))

/* ----- query tables ----- */

/* The sum that entry n of the table of segment t stands for, less the segment's minimum. */
static double
segment_sum(const float *q, int dims, int t, int n)
{
	double sum = 0.0;

	for (int j = 0; j < 4 && 4 * t + j < dims; j++)
		if (((n >> j) & 1) == (q[4 * t + j] >= 0.0f))
			sum += 2.0 * fabs(q[4 * t + j]);
	return sum;
}

/* Tables, delta and beta against their definition, and the same bytes on every level. */
static void
query_matches_reference(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		int dims = some_dims[k];
		size_t nbytes = quant_query_table_bytes(dims);
		float *q = guard_alloc((size_t) dims * sizeof(float));
		uint8_t *table = exact_alloc(nbytes);
		QuantQuery query;
		double norm2 = 0.0;
		double sum = 0.0;
		double range = 0.0;

		fill_normal(q, dims);
		quant_select(VDB_SIMD_SCALAR);
		quant_query_init(&query, dims, q, table);
		CHECK(query.dims == dims && query.nchunks == quant_chunks(dims), "shape");
		CHECK(query.q == q && query.table == table && query.coarse_table == table + nbytes / 2,
			  "pointers");
		for (int i = 0; i < dims; i++)
		{
			norm2 += (double) q[i] * q[i];
			sum += fabs(q[i]);
		}
		for (int t = 0; 4 * t < dims; t++)
			for (int n = 0; n < 16; n++)
				range = fmax(range, segment_sum(q, dims, t, n));
		CHECK(fabs(query.norm2 - norm2) <= 1e-5 * norm2, "norm2 %g, not %g", query.norm2, norm2);
		CHECK(fabs(query.beta + sum) <= 1e-5 * sum, "beta %g, not %g", query.beta, -sum);
		CHECK(fabs(query.delta * 255.0 - range) <= 1e-6 * range, "delta %g, range %g", query.delta,
			  range);
		CHECK(fabs(query.lut_sigma - query.delta * sqrt((dims + 3) / 4 / 12.0)) <=
				  1e-6 * query.lut_sigma,
			  "lut_sigma %g", query.lut_sigma);
		for (int t = 0; t < 8 * query.nchunks; t++)
			for (int n = 0; n < 16; n++)
			{
				/* segment t is nibble t % 2 of byte t / 2 of a code */
				int entries = t / 8 * QUANT_CHUNK_TABLE + t % 2 * QUANT_CHUNK + t % 8 / 2 * 16;
				int entry = table[entries + n];
				double exact = segment_sum(q, dims, t, n) / query.delta;

				CHECK(fabs(entry - exact) <= 0.51, "dims %d, segment %d, entry %d: %d, not %g",
					  dims, t, n, entry, exact);
				entry = query.coarse_table[entries + n];
				CHECK(entry <= 63 && fabs(entry - exact / QUANT_COARSE) <= 0.51,
					  "dims %d, segment %d, coarse entry %d: %d, not %g", dims, t, n, entry,
					  exact / QUANT_COARSE);
			}

		for (int s = 0; s < VDB_SIMD_COUNT; s++)
			if (test_simd(s))
			{
				uint8_t *other_table = exact_alloc(nbytes + 1);
				QuantQuery other;

				quant_select(s);
				quant_query_init(&other, dims, q, other_table + 1); /* any alignment */
				CHECK(memcmp(other_table + 1, table, nbytes) == 0, "%s: table at %d dimensions",
					  vdb_simd_name(s), dims);
				CHECK(other.delta == query.delta && other.beta == query.beta &&
						  other.norm2 == query.norm2 && other.lut_sigma == query.lut_sigma,
					  "%s: constants at %d dimensions", vdb_simd_name(s), dims);
				free(other_table);
			}
		quant_select(VDB_SIMD_SCALAR);
		guard_free(q, (size_t) dims * sizeof(float));
		free(table);
	}
}

/* Queries of zero, of tiny, of mixed and of huge numbers. */
static void
query_special_values(void)
{
	enum
	{
		DIMS = 70
	};
	uint8_t table[6 * QUANT_CHUNK_TABLE];
	uint8_t zero[sizeof(table)] = {0};
	float q[DIMS] = {0.0f};
	QuantQuery query;

	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		static const float bad[] = {INFINITY, -INFINITY, NAN, FLT_MAX, 1e20f};
		QuantBound bound;

		if (!test_simd(s))
			continue;
		quant_select(s);

		memset(q, 0, sizeof(q));
		q[1] = -0.0f;
		memset(table, 0xff, sizeof(table));
		quant_query_init(&query, DIMS, q, table);
		CHECK(query.delta == 0.0f && query.beta == 0.0f && query.lut_sigma == 0.0f, "zero query");
		CHECK(memcmp(table, zero, sizeof(table)) == 0, "table of a zero query");
		quant_bound_init(&bound, QUANT_L2, &query, 3.0f, 3.0f, 1.5f);
		CHECK(bound.g == 3.0f && bound.slope == 0.0f && bound.width > 0.0f, "bound");

		q[3] = FLT_TRUE_MIN;
		memset(table, 0xff, sizeof(table));
		quant_query_init(&query, DIMS, q, table);
		CHECK(query.delta == 0.0f && memcmp(table, zero, sizeof(table)) == 0, "subnormal query");

		/* one dimension outweighs all: its entries are 0 or 255, the others' nothing */
		q[5] = 1e15f;
		quant_query_init(&query, DIMS, q, table);
		for (int n = 0; n < 16; n++)
			CHECK(table[QUANT_CHUNK + n] == (n & 2 ? 255 : 0), "entry %d", n);

		for (int kind = 0; kind < 5; kind++)
		{
			q[5] = bad[kind];
			quant_query_init(&query, DIMS, q, table);
			CHECK(query.delta == 0.0f && query.beta == 0.0f && query.lut_sigma == INFINITY,
				  "query with %g", bad[kind]);
			CHECK(memcmp(table, zero, sizeof(table)) == 0, "table of a query with %g", bad[kind]);
			quant_bound_init(&bound, QUANT_IP, &query, 3.0f, 3.0f, 1.5f);
			CHECK(bound.g == -FLT_MAX && bound.slope == 0.0f && bound.base == 0.0f &&
					  bound.width == 0.0f,
				  "bound of a query with %g", bad[kind]);
		}
	}
	quant_select(VDB_SIMD_SCALAR);
}

/* ----- table sums ----- */

/* Sums of all levels equal the plain definition, whole or in pieces, whatever acc held. */
static void
accumulate_is_exact(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		RandomUnit unit;
		int nchunks = quant_chunks(some_dims[k]);
		uint8_t *table = guard_alloc((size_t) nchunks * QUANT_CHUNK_TABLE);

		random_unit_init(&unit, some_dims[k]);
		for (int fill = 0; fill < 3; fill++)
		{
			uint32_t expected[QUANT_UNIT] = {0};

			/* random; the largest table; the largest entries in one half only */
			fill_bytes(unit.chunks, (size_t) nchunks * QUANT_CHUNK);
			for (int i = 0; i < nchunks * QUANT_CHUNK_TABLE; i++)
				table[i] = fill == 0   ? (uint8_t) test_random_u64()
						   : fill == 1 ? 255
									   : (i / QUANT_CHUNK % 2 ? 255 : 0);
			for (int c = 0; c < nchunks; c++)
				for (int i = 0; i < QUANT_CHUNK; i++)
				{
					const uint8_t *entries = table + c * QUANT_CHUNK_TABLE + i / 16 * 16;
					uint8_t byte = unit.chunks[c * QUANT_CHUNK + i];

					expected[i % 16] += entries[byte & 15] + entries[QUANT_CHUNK + (byte >> 4)];
				}
			for (int s = 0; s < VDB_SIMD_COUNT; s++)
				if (test_simd(s))
				{
					const QuantKernels *kernels = quant_kernels(s);
					uint32_t whole[QUANT_UNIT];
					uint32_t pieces[QUANT_UNIT];

					for (int v = 0; v < QUANT_UNIT; v++)
						whole[v] = pieces[v] = 1000u * (uint32_t) v;
					kernels->accumulate(table, unit.chunks, nchunks, whole);
					for (int c = 0, n; c < nchunks; c += n)
					{
						n = 1 + (int) test_random_below(70);
						n = n < nchunks - c ? n : nchunks - c;
						kernels->accumulate(table + c * QUANT_CHUNK_TABLE,
											unit.chunks + c * QUANT_CHUNK, n, pieces);
					}
					for (int v = 0; v < QUANT_UNIT; v++)
					{
						CHECK(whole[v] == expected[v] + 1000u * (uint32_t) v,
							  "%s, %d chunks, fill %d, vector %d: %u", vdb_simd_name(s), nchunks,
							  fill, v, whole[v]);
						CHECK(pieces[v] == whole[v], "%s, %d chunks, fill %d, vector %d: %u",
							  vdb_simd_name(s), nchunks, fill, v, pieces[v]);
					}
				}
		}
		guard_free(table, (size_t) nchunks * QUANT_CHUNK_TABLE);
		random_unit_free(&unit);
	}
}

/* delta * acc + beta is sum s_i q_i within the rounding of the table. */
static void
accumulate_estimates_sums(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		int dims = some_dims[k];
		int nsegments = (dims + 3) / 4;
		int nbytes = quant_code_bytes(dims);
		float *q = exact_alloc((size_t) dims * sizeof(float));
		uint8_t *table = exact_alloc(quant_query_table_bytes(dims));
		uint8_t *rows = exact_alloc((size_t) nbytes * QUANT_UNIT);
		uint8_t *chunks = exact_alloc((size_t) nbytes * QUANT_UNIT);
		const uint8_t *codes[QUANT_UNIT];
		uint32_t acc[QUANT_UNIT] = {0};
		QuantQuery query;
		double squares = 0.0;

		fill_normal(q, dims);
		quant_query_init(&query, dims, q, table);
		for (int i = 0; i < nbytes * QUANT_UNIT; i++)
			rows[i] = (uint8_t) test_random_u64();
		for (int v = 0; v < QUANT_UNIT; v++)
			codes[v] = rows + v * nbytes;
		quant_pack_unit(chunks, query.nchunks, codes);
		quant_kernels(vdb_simd_best())->accumulate(table, chunks, query.nchunks, acc);
		for (int v = 0; v < QUANT_UNIT; v++)
		{
			double sum = 0.0;
			double error;

			for (int i = 0; i < dims; i++)
				sum += (codes[v][i / 8] >> (i % 8)) & 1 ? q[i] : -q[i];
			error = query.delta * (double) acc[v] + query.beta - sum;
			squares += error * error / 16.0;
			CHECK(fabs(error) <= 0.51 * query.delta * nsegments + 1e-5 * fabs(query.beta),
				  "dims %d, vector %d: off by %g steps", dims, v, error / query.delta);
		}
		if (dims >= 100) /* chi-squared with 16 degrees of freedom: far from its tails */
			CHECK(sqrt(squares) < 2.0 * query.lut_sigma, "dims %d: error %g, lut_sigma %g", dims,
				  sqrt(squares), query.lut_sigma);
		free(q);
		free(table);
		free(rows);
		free(chunks);
	}
}

/* ----- bounds ----- */

/* A bound of plain numbers. */
static QuantBound
make_bound(float g, float slope, float base, float width)
{
	QuantBound bound = {.g = g, .slope = slope, .base = base, .width = width};

	return bound;
}

/* Bounds follow their formula, and the mask the lower bounds. */
static void
bounds_match_reference(void)
{
	for (int round = 0; round < 200; round++)
	{
		QuantBound bound = make_bound(test_random_float(-2.0f, 20.0f), test_random_float(0, 1e-3f),
									  test_random_float(-30.0f, 1.0f), test_random_float(0, 9.0f));
		float threshold = test_random_float(0.0f, 100.0f);
		uint32_t acc[QUANT_UNIT];
		float add[QUANT_UNIT];
		uint16_t mul[QUANT_UNIT];

		for (int v = 0; v < QUANT_UNIT; v++)
		{
			acc[v] = test_random_below(1u << 20);
			add[v] = test_random_float(-10.0f, 100.0f);
			mul[v] = vdb_half_from_float(test_random_float(0.0f, 2.0f));
		}
		for (int s = 0; s < VDB_SIMD_COUNT; s++)
			if (test_simd(s))
			{
				float lb[QUANT_UNIT];
				float ub[QUANT_UNIT];
				uint32_t mask = quant_kernels(s)->bounds(&bound, acc, add, mul, threshold, lb, ub);

				CHECK(mask >> QUANT_UNIT == 0, "%s: mask %x", vdb_simd_name(s), mask);
				for (int v = 0; v < QUANT_UNIT; v++)
				{
					double f = vdb_half_to_float(mul[v]);
					double sum = (double) bound.slope * acc[v] + bound.base;
					double expected = (double) add[v] + bound.g - f * sum;
					double tolerance =
						4e-7 * (fabs(add[v]) + fabs(bound.g) +
								f * (fabs((double) bound.slope * acc[v]) + fabs(bound.base)));

					CHECK(fabs(lb[v] - expected) <= tolerance, "%s: lb %g, not %g",
						  vdb_simd_name(s), lb[v], expected);
					CHECK(fabs(ub[v] - (expected + f * bound.width)) <=
							  tolerance + 2e-7 * f * bound.width,
						  "%s: ub %g, not %g", vdb_simd_name(s), ub[v], expected + f * bound.width);
					CHECK(((mask >> v) & 1) == (lb[v] <= threshold), "%s: mask of %g, threshold %g",
						  vdb_simd_name(s), lb[v], threshold);
				}
			}
	}
}

/* The kernel in one piece gives what its two parts give, with both tables. */
static void
scan_unit_equals_parts(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		RandomUnit unit;
		const QuantQuery *query = &unit.query;
		QuantBound bound;

		random_unit_init(&unit, some_dims[k]);
		quant_bound_init(&bound, QUANT_L2, query, 1.0f, 1.0f, 1.5f);
		for (int coarse = 0; coarse < 2; coarse++)
			for (int s = 0; s < VDB_SIMD_COUNT; s++)
				if (test_simd(s))
				{
					const QuantKernels *kernels = quant_kernels(s);
					QuantBound parts = make_bound(bound.g, bound.coarse_slope, bound.coarse_base,
												  bound.coarse_width);
					uint32_t acc[QUANT_UNIT] = {0};
					float lb[2][QUANT_UNIT];
					float ub[2][QUANT_UNIT];
					uint32_t mask[2];

					bound.coarse = coarse;
					kernels->accumulate(coarse ? query->coarse_table : query->table, unit.memory,
										unit.nchunks, acc);
					mask[0] = kernels->bounds(coarse ? &parts : &bound, acc, unit.add, unit.mul,
											  2.0f, lb[0], ub[0]);
					mask[1] = kernels->scan_unit(query, &bound, unit.memory, unit.add, unit.mul,
												 2.0f, lb[1], ub[1]);
					CHECK(mask[0] == mask[1] && memcmp(lb[0], lb[1], sizeof(lb[0])) == 0 &&
							  memcmp(ub[0], ub[1], sizeof(ub[0])) == 0,
						  "%s at %d dimensions, coarse %d", vdb_simd_name(s), unit.dims, coarse);
				}
		random_unit_free(&unit);
	}
}

/* Heads are found to exclude a unit exactly where a plain look at each of them says so. */
static void
heads_match_reference(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		int dims = some_dims[k];
		RandomUnit unit;
		QuantQuery *query = &unit.query;
		QuantHeads heads;

		random_unit_init(&unit, dims);
		CHECK(query->nheads == (dims > 31 * QUANT_CHUNK_DIMS ? QUANT_HEADS : 0),
			  "dims %d: %d heads", dims, query->nheads);
		quant_heads_init(&heads, QUANT_L2, query, 1.0f, 1.0f, 1.5f);
		CHECK(heads.n == query->nheads, "dims %d: %d heads", dims, heads.n);
		for (int h = 0; h < heads.n; h++)
			CHECK(heads.heads[h].nchunks % 2 == 0 &&
					  heads.heads[h].nchunks > (h == 0 ? 0 : heads.heads[h - 1].nchunks) &&
					  heads.heads[h].nchunks <= unit.nchunks / 2,
				  "dims %d, head %d: %d chunks", dims, h, heads.heads[h].nchunks);
		for (int round = 0; round < 50 && heads.n > 0; round++)
		{
			float threshold = test_random_float(-1000.0f, 1000.0f);

			for (int v = 0; v < QUANT_UNIT; v++)
			{
				unit.add[v] = round % 5 == 0 && v % 3 == 0 ? INFINITY : 1000.0f;
				unit.mul[v] = vdb_half_from_float(test_random_float(0.0f, 1.0f));
			}
			if (round % 7 == 0) /* a forced slot is never excluded */
			{
				unit.add[5] = -FLT_MAX;
				unit.mul[5] = 0;
			}
			for (int s = 0; s < VDB_SIMD_COUNT; s++)
				if (test_simd(s))
				{
					const QuantKernels *kernels = quant_kernels(s);
					int expected = 0;
					int found = kernels->scan_heads(query, &heads, unit.chunks, unit.add, unit.mul,
													threshold);

					for (int h = heads.n - 1; h >= 0; h--)
					{
						const QuantHead *head = &heads.heads[h];
						QuantBound bound = make_bound(heads.g, head->slope, head->base, 0.0f);
						uint32_t acc[QUANT_UNIT] = {0};
						float lb[QUANT_UNIT];
						float ub[QUANT_UNIT];

						kernels->accumulate(query->coarse_table, unit.chunks, head->nchunks, acc);
						if (kernels->bounds(&bound, acc, unit.add, unit.mul, threshold, lb, ub) ==
							0)
							expected = h + 1;
					}
					CHECK(found == expected, "%s at %d dimensions: %d heads, not %d",
						  vdb_simd_name(s), dims, found, expected);
					CHECK(round % 7 != 0 || found == 0, "%s: a forced slot is excluded",
						  vdb_simd_name(s));
				}
		}
		/* nothing is known of such a query or list */
		quant_heads_init(&heads, QUANT_L2, query, INFINITY, 1.0f, 1.5f);
		CHECK(heads.n == 0, "dims %d: heads at infinity", dims);
		quant_heads_init(&heads, QUANT_IP, query, 1.0f, NAN, 1.5f);
		CHECK(heads.n == 0, "dims %d: heads without a distance", dims);
		memset(unit.q, 0, (size_t) dims / 2 * sizeof(float));
		quant_query_init(query, dims, unit.q, unit.table);
		quant_heads_init(&heads, QUANT_L2, query, 1.0f, 1.0f, 1.5f);
		CHECK(heads.n == 0, "dims %d: heads of zeros", dims);
		random_unit_free(&unit);
	}
}

/* Sums of the largest coarse entries do not overflow; chunks and tables are not over-read. */
static void
coarse_sums_are_exact(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		RandomUnit unit;
		int nchunks = quant_chunks(some_dims[k]);
		uint8_t *table = guard_alloc((size_t) nchunks * QUANT_CHUNK_TABLE);
		QuantQuery query = {
			.dims = some_dims[k], .nchunks = nchunks, .table = NULL, .coarse_table = table};
		QuantBound bound = {.coarse = true, .coarse_slope = -1.0f}; /* lb is the sum */

		random_unit_init(&unit, some_dims[k]);
		for (int v = 0; v < QUANT_UNIT; v++)
		{
			unit.add[v] = 0.0f;
			unit.mul[v] = HALF_ONE;
		}
		for (int fill = 0; fill < 2; fill++)
		{
			uint32_t expected[QUANT_UNIT] = {0};

			for (int i = 0; i < nchunks * QUANT_CHUNK_TABLE; i++)
				table[i] = fill == 0 ? 63 : (uint8_t) test_random_below(64);
			for (int i = 0; i < nchunks * QUANT_CHUNK; i++)
			{
				const uint8_t *entries =
					table + i / QUANT_CHUNK * QUANT_CHUNK_TABLE + i % 64 / 16 * 16;

				expected[i % 16] +=
					entries[unit.chunks[i] & 15] + entries[QUANT_CHUNK + (unit.chunks[i] >> 4)];
			}
			for (int s = 0; s < VDB_SIMD_COUNT; s++)
				if (test_simd(s))
				{
					float lb[QUANT_UNIT];
					float ub[QUANT_UNIT];

					quant_kernels(s)->scan_unit(&query, &bound, unit.chunks, unit.add, unit.mul,
												0.0f, lb, ub);
					for (int v = 0; v < QUANT_UNIT; v++)
						CHECK(lb[v] == (float) expected[v],
							  "%s, %d chunks, fill %d, vector %d: %g, not %u", vdb_simd_name(s),
							  nchunks, fill, v, lb[v], expected[v]);
				}
		}
		guard_free(table, (size_t) nchunks * QUANT_CHUNK_TABLE);
		random_unit_free(&unit);
	}
}

/* Empty and forced slots, and queries without usable bounds. */
static void
bounds_special_slots(void)
{
	enum
	{
		DIMS = 64,
		EMPTY = 3,
		FORCED = 9
	};
	static const float thresholds[] = {INFINITY, FLT_MAX, 0.0f, -1e30f, -FLT_MAX};
	float q[DIMS];
	uint8_t table[4 * QUANT_CHUNK_TABLE];
	QuantQuery query;
	uint32_t acc[QUANT_UNIT];
	float add[QUANT_UNIT];
	uint16_t mul[QUANT_UNIT];

	fill_normal(q, DIMS);
	quant_query_init(&query, DIMS, q, table);
	for (int v = 0; v < QUANT_UNIT; v++)
	{
		acc[v] = 16 * 255;
		add[v] = v % 2 ? 0x1.fp99f : -1e4f;
		mul[v] = v == 7 ? 0x7bff : HALF_ONE; /* 65504 */
	}
	add[EMPTY] = INFINITY;
	mul[EMPTY] = 0;
	add[EMPTY + 1] = INFINITY; /* a dead slot that kept its factor */
	add[FORCED] = -FLT_MAX;
	mul[FORCED] = 0;

	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		/* each makes usable bounds, or none */
		static const struct
		{
			float g;
			float dist2;
			float epsilon;
			bool usable;
		} cases[] = {
			{1.0f, 1.0f, 1.5f, true},	   {-0x1.fp99f, 1.0f, 1.5f, true},
			{0x1.fp99f, 1e30f, 9, true},   {1.0f, 0.0f, 1e20f, true},
			{INFINITY, 1.0f, 1.5f, false}, {NAN, 1.0f, 1.5f, false},
			{-INFINITY, 1.0f, 1, false},   {1.0f, INFINITY, 1.5f, false},
			{1.0f, NAN, 1.5f, false},	   {FLT_MAX, 1.0f, 1.5f, false},
			{1.0f, 1.0f, 1e31f, false},	   {1.0f, 0.0f, INFINITY, false},
		};

		if (!test_simd(s))
			continue;
		for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
			for (size_t t = 0; t < sizeof(thresholds) / sizeof(thresholds[0]); t++)
			{
				QuantBound bound;
				float lb[QUANT_UNIT];
				float ub[QUANT_UNIT];
				uint32_t mask;

				quant_bound_init(&bound, t % 2 ? QUANT_IP : QUANT_L2, &query, cases[k].g,
								 cases[k].dist2, cases[k].epsilon);
				CHECK((bound.g > -FLT_MAX) == cases[k].usable, "case %zu", k);
				CHECK(cases[k].usable || !bound.coarse, "case %zu is coarse", k);
				mask = quant_kernels(s)->bounds(&bound, acc, add, mul, thresholds[t], lb, ub);
				for (int v = 0; v < QUANT_UNIT; v++)
				{
					bool found = (mask >> v) & 1;

					CHECK(!isnan(lb[v]) && !isnan(ub[v]), "%s, case %zu, slot %d: NaN",
						  vdb_simd_name(s), k, v);
					CHECK(ub[v] >= lb[v], "%s, case %zu, slot %d: bounds %g, %g", vdb_simd_name(s),
						  k, v, lb[v], ub[v]);
					if (v == EMPTY || v == EMPTY + 1)
						CHECK(!found && lb[v] == INFINITY && ub[v] == INFINITY,
							  "%s, case %zu, empty slot: lb %g, found %d", vdb_simd_name(s), k,
							  lb[v], found);
					else if (v == FORCED || !cases[k].usable)
						CHECK(found && lb[v] <= -FLT_MAX && ub[v] == INFINITY,
							  "%s, case %zu, threshold %g, slot %d: lb %g, ub %g, found %d",
							  vdb_simd_name(s), k, thresholds[t], v, lb[v], ub[v], found);
					else
						CHECK(isfinite(lb[v]) && isfinite(ub[v]) &&
								  found == (lb[v] <= thresholds[t]),
							  "%s, case %zu, slot %d: lb %g, ub %g", vdb_simd_name(s), k, v, lb[v],
							  ub[v]);
				}
			}
	}
}

/* ----- dispatch ----- */

/* Every supported level has kernels that know their name and can be selected. */
static void
dispatch(void)
{
	CHECK(vdb_quant == quant_kernels(VDB_SIMD_SCALAR), "scalar is not the first choice");
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		const QuantKernels *kernels = quant_kernels(s);

		CHECK((kernels != NULL) == vdb_simd_compiled(s), "%s", vdb_simd_name(s));
		if (kernels == NULL || !test_simd(s))
			continue;
		CHECK(kernels->simd == (VdbSimd) s, "%s", vdb_simd_name(s));
		quant_select(s);
		CHECK(vdb_quant == kernels, "%s", vdb_simd_name(s));
	}
	quant_select(VDB_SIMD_SCALAR);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(dispatch);
	TEST_RUN(query_matches_reference);
	TEST_RUN(query_special_values);
	TEST_RUN(accumulate_is_exact);
	TEST_RUN(accumulate_estimates_sums);
	TEST_RUN(bounds_match_reference);
	TEST_RUN(scan_unit_equals_parts);
	TEST_RUN(heads_match_reference);
	TEST_RUN(coarse_sums_are_exact);
	TEST_RUN(bounds_special_slots);
	return test_end();
}
