/*-------------------------------------------------------------------------
 *
 * test_quant_scan.c
 *	  Query tables, scan kernels and bounds of 1-bit codes, at every SIMD level.
 *
 * NOTES
 *	  Integer sums are compared exactly, bounds within a tolerance.  The last cases are
 *	  statistical: they check that the error bound of README.md (src/quant) is what it
 *	  claims to be.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_scan.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include "test_main.h"
#include "port/vdb_half.h"
#include "quant/quant.h"

#define HALF_ONE 0x3c00

/* Among them: tails of a chunk, and sums beyond the 16 bits of each level's accumulators. */
static const int some_dims[] = {1,	 2,	  3,   4,	 5,	   31,	 32,   33,	 63,   64,	 100,  128,
								255, 384, 784, 1024, 1056, 2048, 2080, 4096, 4128, 8200, 16000};

#define NSOME ((int) (sizeof(some_dims) / sizeof(some_dims[0])))

/* Fills x[n] with standard normal numbers. */
static void
fill_normal(float *x, int n)
{
	for (int i = 0; i < n; i++)
		x[i] = test_random_normal();
}

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
		int nchunks = quant_chunks(some_dims[k]);
		uint8_t *chunks = guard_alloc((size_t) nchunks * QUANT_CHUNK);
		uint8_t *table = guard_alloc((size_t) nchunks * QUANT_CHUNK_TABLE);

		for (int fill = 0; fill < 3; fill++)
		{
			uint32_t expected[QUANT_UNIT] = {0};

			/* random; the largest table; the largest entries in one half only */
			for (int i = 0; i < nchunks * QUANT_CHUNK; i++)
				chunks[i] = (uint8_t) test_random_u64();
			for (int i = 0; i < nchunks * QUANT_CHUNK_TABLE; i++)
				table[i] = fill == 0   ? (uint8_t) test_random_u64()
						   : fill == 1 ? 255
									   : (i / QUANT_CHUNK % 2 ? 255 : 0);
			for (int c = 0; c < nchunks; c++)
				for (int i = 0; i < QUANT_CHUNK; i++)
				{
					const uint8_t *entries = table + c * QUANT_CHUNK_TABLE + i / 16 * 16;
					uint8_t byte = chunks[c * QUANT_CHUNK + i];

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
					kernels->accumulate(table, chunks, nchunks, whole);
					for (int c = 0, n; c < nchunks; c += n)
					{
						n = 1 + (int) test_random_below(70);
						n = n < nchunks - c ? n : nchunks - c;
						kernels->accumulate(table + c * QUANT_CHUNK_TABLE, chunks + c * QUANT_CHUNK,
											n, pieces);
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
		guard_free(chunks, (size_t) nchunks * QUANT_CHUNK);
		guard_free(table, (size_t) nchunks * QUANT_CHUNK_TABLE);
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
		int dims = some_dims[k];
		int nchunks = quant_chunks(dims);
		float *q = exact_alloc((size_t) dims * sizeof(float));
		uint8_t *table = exact_alloc(quant_query_table_bytes(dims));
		uint8_t *chunks = exact_alloc((size_t) nchunks * QUANT_CHUNK + 1);
		float *add = exact_alloc(QUANT_UNIT * sizeof(float));
		uint16_t *mul = exact_alloc(QUANT_UNIT * sizeof(uint16_t));
		QuantQuery query;
		QuantBound bound;

		fill_normal(q, dims);
		for (int i = 0; i < nchunks * QUANT_CHUNK + 1; i++)
			chunks[i] = (uint8_t) test_random_u64();
		for (int v = 0; v < QUANT_UNIT; v++)
		{
			add[v] = test_random_float(0.0f, 2.0f);
			mul[v] = vdb_half_from_float(test_random_float(0.0f, 0.1f));
		}
		quant_query_init(&query, dims, q, table);
		quant_bound_init(&bound, QUANT_L2, &query, 1.0f, 1.0f, 1.5f);
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
					kernels->accumulate(coarse ? query.coarse_table : table, chunks + 1, nchunks,
										acc);
					mask[0] = kernels->bounds(coarse ? &parts : &bound, acc, add, mul, 2.0f, lb[0],
											  ub[0]);
					mask[1] = kernels->scan_unit(&query, &bound, chunks + 1, add, mul, 2.0f, lb[1],
												 ub[1]);
					CHECK(mask[0] == mask[1] && memcmp(lb[0], lb[1], sizeof(lb[0])) == 0 &&
							  memcmp(ub[0], ub[1], sizeof(ub[0])) == 0,
						  "%s at %d dimensions, coarse %d", vdb_simd_name(s), dims, coarse);
				}
		free(q);
		free(table);
		free(chunks);
		free(add);
		free(mul);
	}
}

/* Heads are found to exclude a unit exactly where a plain look at each of them says so. */
static void
heads_match_reference(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		int dims = some_dims[k];
		int nchunks = quant_chunks(dims);
		float *q = exact_alloc((size_t) dims * sizeof(float));
		uint8_t *table = exact_alloc(quant_query_table_bytes(dims));
		uint8_t *chunks = guard_alloc((size_t) nchunks * QUANT_CHUNK);
		float *add = exact_alloc(QUANT_UNIT * sizeof(float));
		uint16_t *mul = exact_alloc(QUANT_UNIT * sizeof(uint16_t));
		QuantQuery query;
		QuantHeads heads;

		fill_normal(q, dims);
		for (int i = 0; i < nchunks * QUANT_CHUNK; i++)
			chunks[i] = (uint8_t) test_random_u64();
		quant_query_init(&query, dims, q, table);
		CHECK(query.nheads == (dims > 31 * QUANT_CHUNK_DIMS ? QUANT_HEADS : 0), "dims %d: %d heads",
			  dims, query.nheads);
		quant_heads_init(&heads, QUANT_L2, &query, 1.0f, 1.0f, 1.5f);
		CHECK(heads.n == query.nheads, "dims %d: %d heads", dims, heads.n);
		for (int h = 0; h < heads.n; h++)
			CHECK(heads.heads[h].nchunks % 2 == 0 &&
					  heads.heads[h].nchunks > (h == 0 ? 0 : heads.heads[h - 1].nchunks) &&
					  heads.heads[h].nchunks <= nchunks / 2,
				  "dims %d, head %d: %d chunks", dims, h, heads.heads[h].nchunks);
		for (int round = 0; round < 50 && heads.n > 0; round++)
		{
			float threshold = test_random_float(-1000.0f, 1000.0f);

			for (int v = 0; v < QUANT_UNIT; v++)
			{
				add[v] = round % 5 == 0 && v % 3 == 0 ? INFINITY : 1000.0f;
				mul[v] = vdb_half_from_float(test_random_float(0.0f, 1.0f));
			}
			if (round % 7 == 0) /* a forced slot is never excluded */
			{
				add[5] = -FLT_MAX;
				mul[5] = 0;
			}
			for (int s = 0; s < VDB_SIMD_COUNT; s++)
				if (test_simd(s))
				{
					const QuantKernels *kernels = quant_kernels(s);
					int expected = 0;
					int found = kernels->scan_heads(&query, &heads, chunks, add, mul, threshold);

					for (int h = heads.n - 1; h >= 0; h--)
					{
						const QuantHead *head = &heads.heads[h];
						QuantBound bound = make_bound(heads.g, head->slope, head->base, 0.0f);
						uint32_t acc[QUANT_UNIT] = {0};
						float lb[QUANT_UNIT];
						float ub[QUANT_UNIT];

						kernels->accumulate(query.coarse_table, chunks, head->nchunks, acc);
						if (kernels->bounds(&bound, acc, add, mul, threshold, lb, ub) == 0)
							expected = h + 1;
					}
					CHECK(found == expected, "%s at %d dimensions: %d heads, not %d",
						  vdb_simd_name(s), dims, found, expected);
					CHECK(round % 7 != 0 || found == 0, "%s: a forced slot is excluded",
						  vdb_simd_name(s));
				}
		}
		/* nothing is known of such a query or list */
		quant_heads_init(&heads, QUANT_L2, &query, INFINITY, 1.0f, 1.5f);
		CHECK(heads.n == 0, "dims %d: heads at infinity", dims);
		quant_heads_init(&heads, QUANT_IP, &query, 1.0f, NAN, 1.5f);
		CHECK(heads.n == 0, "dims %d: heads without a distance", dims);
		memset(q, 0, (size_t) dims / 2 * sizeof(float));
		quant_query_init(&query, dims, q, table);
		quant_heads_init(&heads, QUANT_L2, &query, 1.0f, 1.0f, 1.5f);
		CHECK(heads.n == 0, "dims %d: heads of zeros", dims);
		free(q);
		free(table);
		guard_free(chunks, (size_t) nchunks * QUANT_CHUNK);
		free(add);
		free(mul);
	}
}

/* Sums of the largest coarse entries do not overflow; chunks and tables are not over-read. */
static void
coarse_sums_are_exact(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		int nchunks = quant_chunks(some_dims[k]);
		uint8_t *chunks = guard_alloc((size_t) nchunks * QUANT_CHUNK);
		uint8_t *table = guard_alloc((size_t) nchunks * QUANT_CHUNK_TABLE);
		QuantQuery query = {
			.dims = some_dims[k], .nchunks = nchunks, .table = NULL, .coarse_table = table};
		QuantBound bound = {.coarse = true, .coarse_slope = -1.0f}; /* lb is the sum */
		float add[QUANT_UNIT] = {0.0f};
		uint16_t mul[QUANT_UNIT];

		for (int i = 0; i < nchunks * QUANT_CHUNK; i++)
			chunks[i] = (uint8_t) test_random_u64();
		for (int v = 0; v < QUANT_UNIT; v++)
			mul[v] = HALF_ONE;
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
					entries[chunks[i] & 15] + entries[QUANT_CHUNK + (chunks[i] >> 4)];
			}
			for (int s = 0; s < VDB_SIMD_COUNT; s++)
				if (test_simd(s))
				{
					float lb[QUANT_UNIT];
					float ub[QUANT_UNIT];

					quant_kernels(s)->scan_unit(&query, &bound, chunks, add, mul, 0.0f, lb, ub);
					for (int v = 0; v < QUANT_UNIT; v++)
						CHECK(lb[v] == (float) expected[v],
							  "%s, %d chunks, fill %d, vector %d: %g, not %u", vdb_simd_name(s),
							  nchunks, fill, v, lb[v], expected[v]);
				}
		}
		guard_free(chunks, (size_t) nchunks * QUANT_CHUNK);
		guard_free(table, (size_t) nchunks * QUANT_CHUNK_TABLE);
	}
}

/* Bounds have the width of both errors; the coarse table serves where it adds little. */
static void
bound_init_widths(void)
{
	enum
	{
		DIMS = 256
	};
	static const float ratios[] = {0.0f, 0.1f, 1.0f, 10.0f, 30.0f, 45.0f, 100.0f, 1e4f};
	float q[DIMS];
	uint8_t table[2 * DIMS / QUANT_CHUNK_DIMS * QUANT_CHUNK_TABLE];
	QuantQuery query;

	fill_normal(q, DIMS);
	quant_query_init(&query, DIMS, q, table);
	for (size_t k = 0; k < sizeof(ratios) / sizeof(ratios[0]); k++)
		for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
		{
			double m = metric == QUANT_IP ? 1.0 : 2.0;
			double code = ratios[k] * query.lut_sigma;
			double coarse = 255.0 / 63.0 * query.lut_sigma;
			double kappa = m * 1.5 * hypot(code, query.lut_sigma);
			double coarse_kappa = m * 1.5 * hypot(code, coarse);
			QuantBound bound;

			quant_bound_init(&bound, metric, &query, 5.0f,
							 (float) (code / QUANT_SIGMA * (code / QUANT_SIGMA)), 1.5f);
			CHECK(bound.g == 5.0f, "g %g", bound.g);
			CHECK(fabs(bound.width - 2.0 * kappa) <= 1e-5 * kappa, "ratio %g: width %g, not %g",
				  ratios[k], bound.width, 2.0 * kappa);
			CHECK(fabs(bound.base - (m * query.beta + kappa)) <= 1e-5 * fabs(m * query.beta),
				  "ratio %g: base %g", ratios[k], bound.base);
			CHECK(bound.slope == (float) m * query.delta, "slope %g", bound.slope);
			CHECK(fabs(bound.coarse_width - 2.0 * coarse_kappa) <= 1e-5 * coarse_kappa,
				  "ratio %g: coarse width %g, not %g", ratios[k], bound.coarse_width,
				  2.0 * coarse_kappa);
			CHECK(fabs(bound.coarse_base - (m * query.beta + coarse_kappa)) <=
					  1e-5 * fabs(m * query.beta),
				  "ratio %g: coarse base %g", ratios[k], bound.coarse_base);
			CHECK(fabs(bound.coarse_slope - m * QUANT_COARSE * query.delta) <=
					  1e-6 * bound.coarse_slope,
				  "coarse slope %g", bound.coarse_slope);
			CHECK(bound.coarse == (coarse_kappa <= 1.02 * kappa), "ratio %g: coarse %d", ratios[k],
				  bound.coarse);
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

/* ----- statistics ----- */

/* Numbers that the error of many estimates is summed up in. */
typedef struct ErrorStats
{
	int n;
	double sum;
	double squares;
	int outside;				  /* true distances outside of the bounds */
	double head_sum[QUANT_HEADS]; /* of heads' estimates, the same */
	double head_squares[QUANT_HEADS];
} ErrorStats;

/* The error of each head's estimate of the distance of a unit's row, in standard deviations. */
static void
note_head_errors(const QuantQuery *query, QuantMetric metric, double g, double dist2,
				 const uint8_t *chunks, int v, float add, uint16_t mul, double true_distance,
				 ErrorStats *stats)
{
	QuantHeads plain;
	QuantHeads wide;

	quant_heads_init(&plain, metric, query, (float) g, (float) dist2, 0.0f);
	quant_heads_init(&wide, metric, query, (float) g, (float) dist2, 1.0f);
	for (int h = 0; h < plain.n; h++)
	{
		const QuantHead *head = &plain.heads[h];
		double f = vdb_half_to_float(mul);
		uint32_t acc[QUANT_UNIT] = {0};
		double z;

		vdb_quant->accumulate(query->coarse_table, chunks, head->nchunks, acc);
		z = add + g - f * ((double) head->slope * acc[v] + head->base) - true_distance;
		z /= f * ((double) wide.heads[h].base - head->base);
		stats->head_sum[h] += z;
		stats->head_squares[h] += z * z;
	}
}

/*
 * Estimates and bounds of "nunits" units of random vectors, each unit for another query,
 * through the whole module: rotation, encoding, packing, table, kernel.
 */
static void
measure_errors(QuantMetric metric, int dims, int nunits, float epsilon, ErrorStats *stats)
{
	size_t row = (size_t) dims * sizeof(float);
	int nbytes = quant_code_bytes(dims);
	QuantRotation rotation;
	float *flips = exact_alloc(quant_rotation_floats(dims) * sizeof(float));
	float *q = exact_alloc(row);
	float *c = exact_alloc(row);
	float *mu = exact_alloc(row);
	float *x = exact_alloc(row * QUANT_UNIT);
	uint8_t *table = exact_alloc(quant_query_table_bytes(dims));
	uint8_t *rows = exact_alloc((size_t) nbytes * QUANT_UNIT);
	uint8_t *chunks = exact_alloc((size_t) nbytes * QUANT_UNIT);

	memset(stats, 0, sizeof(*stats));
	quant_rotation_init(&rotation, dims, 42, flips);
	for (int unit = 0; unit < nunits; unit++)
	{
		const uint8_t *codes[QUANT_UNIT];
		float add[QUANT_UNIT];
		uint16_t mul[QUANT_UNIT];
		float lb[QUANT_UNIT];
		float ub[QUANT_UNIT];
		QuantQuery query;
		QuantBound bound;
		double g = 0.0;
		double dist2 = 0.0;

		for (int i = 0; i < dims; i++)
		{
			c[i] = 0.7f * test_random_normal();
			mu[i] = 0.3f * test_random_normal();
			q[i] = c[i] + 1.3f * test_random_normal();
		}
		quant_rotate(&rotation, c);
		quant_rotate(&rotation, mu);
		quant_rotate(&rotation, q);
		for (int v = 0; v < QUANT_UNIT; v++)
		{
			QuantFactors factors;
			float *o = x + v * dims;
			float spread = test_random_float(0.2f, 2.0f);

			/* far from normal before the rotation: one coordinate in ten differs */
			for (int i = 0; i < dims; i++)
				o[i] = test_random_below(10) == 0 ? spread * test_random_normal() : 0.0f;
			o[0] += 0.5f; /* not the centroid itself */
			quant_rotate(&rotation, o);
			for (int i = 0; i < dims; i++)
				o[i] += c[i];
			codes[v] = rows + v * nbytes;
			quant_encode(metric, dims, o, c, mu, rows + v * nbytes, &factors);
			add[v] = factors.add;
			mul[v] = factors.mul;
		}
		for (int i = 0; i < dims; i++)
		{
			double d = (double) q[i] - c[i];

			dist2 += d * d;
			g += metric == QUANT_IP ? -(double) q[i] * c[i] : d * d;
		}
		quant_pack_unit(chunks, quant_chunks(dims), codes);
		quant_query_init(&query, dims, q, table);
		quant_bound_init(&bound, metric, &query, (float) g, (float) dist2, epsilon);
		vdb_quant->scan_unit(&query, &bound, chunks, add, mul, INFINITY, lb, ub);

		for (int v = 0; v < QUANT_UNIT; v++)
		{
			const float *o = x + v * dims;
			double m = metric == QUANT_IP ? 1.0 : 2.0;
			double sigma = m * QUANT_SIGMA * vdb_half_to_float(mul[v]) * sqrt(dist2);
			double true_distance = 0.0;
			double z;

			/* for QUANT_IP the caller adds -<mu,q> - <mu,mu> to g; here to neither side */
			for (int i = 0; i < dims; i++)
				true_distance += metric == QUANT_IP
									 ? -(double) o[i] * ((double) q[i] + mu[i])
									 : ((double) o[i] - q[i]) * ((double) o[i] - q[i]);
			z = (((double) lb[v] + ub[v]) / 2.0 - true_distance) / sigma;
			note_head_errors(&query, metric, g, dist2, chunks, v, add[v], mul[v], true_distance,
							 stats);
			stats->n++;
			stats->sum += z;
			stats->squares += z * z;
			if (true_distance < lb[v] || true_distance > ub[v])
				stats->outside++;
		}
	}
	free(flips);
	free(q);
	free(c);
	free(mu);
	free(x);
	free(table);
	free(rows);
	free(chunks);
}

/* So have those of heads, whose errors are less independent: all of a query have much in common. */
static void
head_bound_holds(void)
{
	static const int dims[] = {1024, 1500, 2048};

	quant_select(vdb_simd_best());
	for (size_t k = 0; k < sizeof(dims) / sizeof(dims[0]); k++)
		for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
		{
			ErrorStats stats;

			measure_errors(metric, dims[k], 150, 4.0f, &stats);
			for (int h = 0; h < QUANT_HEADS; h++)
			{
				double mean = stats.head_sum[h] / stats.n;
				double deviation = sqrt(stats.head_squares[h] / stats.n - mean * mean);

				CHECK(fabs(mean) < 0.15, "dims %d, metric %d, head %d: mean %g", dims[k], metric, h,
					  mean);
				CHECK(deviation > 0.9 && deviation < 1.1,
					  "dims %d, metric %d, head %d: deviation %g", dims[k], metric, h, deviation);
			}
		}
	quant_select(VDB_SIMD_SCALAR);
}

/* Estimates have no bias and the claimed deviation; bounds of 4 deviations hold. */
static void
error_bound_holds(void)
{
	static const int dims[] = {64, 100, 200, 384, 784};

	quant_select(vdb_simd_best());
	for (size_t k = 0; k < sizeof(dims) / sizeof(dims[0]); k++)
		for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
		{
			ErrorStats stats;
			double mean;
			double deviation;

			measure_errors(metric, dims[k], 250, 4.0f, &stats);
			mean = stats.sum / stats.n;
			deviation = sqrt(stats.squares / stats.n - mean * mean);
			CHECK(fabs(mean) < 5.0 / sqrt(stats.n), "dims %d, metric %d: mean %g", dims[k], metric,
				  mean);
			CHECK(deviation > 0.9 && deviation < 1.1, "dims %d, metric %d: deviation %g", dims[k],
				  metric, deviation);
			CHECK(stats.outside <= stats.n / 1000, "dims %d, metric %d: %d of %d outside", dims[k],
				  metric, stats.outside, stats.n);
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
	TEST_RUN(bound_init_widths);
	TEST_RUN(bounds_special_slots);
	TEST_RUN(error_bound_holds);
	TEST_RUN(head_bound_holds);
	return test_end();
}
