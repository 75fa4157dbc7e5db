/*-------------------------------------------------------------------------
 *
 * test_quant_refine.c
 *	  Codes of 4 and 8 bits: encoding, queries and sums, at every SIMD level.
 *
 * NOTES
 *	  What must be the same bits everywhere is compared with the scalar level by memcmp,
 *	  and with a reference in double precision.  Bounds: test_quant_refine_bounds.c.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_refine.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include "test_main.h"
#include "refine_data.h"

/* Every number up to 130, and then some more: all tails of all loops. */
static int
next_dims(int dims)
{
	static const int large[] = {255, 256, 257, 384, 784, 1536, 4100, MAX_DIMS};

	if (dims < 130)
		return dims + 1;
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		if (large[i] > dims)
			return large[i];
	return MAX_DIMS + 1;
}

/* A new vector of exactly n normal numbers that ends at an unreadable page. */
static float *
new_normal(int n, float scale)
{
	float *x = guard_alloc((size_t) n * sizeof(float));

	for (int i = 0; i < n; i++)
		x[i] = scale * test_random_normal();
	return x;
}

static void
release(float *x, int n)
{
	guard_free(x, (size_t) n * sizeof(float));
}

/* ----- codes ----- */

/* The same bits. */
static bool
same(const Encoded *a, const Encoded *b)
{
	return memcmp(&a->factors, &b->factors, sizeof(a->factors)) == 0 &&
		   memcmp(a->code, b->code, sizeof(a->code)) == 0;
}

/* The squared cosine between r = x - c and the code of 4 bits that a scale gives. */
static double
reference_fit(int dims, const float *x, const float *c, double scale)
{
	double a2 = 0.0;
	double rg = 0.0;
	double gg = 0.0;

	for (int i = 0; i < dims; i++)
	{
		double r = (double) x[i] - c[i];
		double g = fmin(fmax(floor(r * scale), -8.0), 7.0) + 0.5;

		a2 += r * r;
		rg += r * g;
		gg += g * g;
	}
	return rg * rg / (a2 * gg);
}

/* Codes are near their residuals; bytes past the end are zero. */
static void
check_code(const Encoded *e, int dims, int bits, const float *x, const float *c)
{
	int bytes = quant_refine_bytes(dims, bits);
	double a2 = 0.0;
	double rg = 0.0;
	double gg = 0.0;
	double largest = 0.0;

	for (int i = 0; i < dims; i++)
	{
		double r = (double) x[i] - c[i];
		double g = code_level(e->code, dims, bits, i) - ((1 << bits) - 1) / 2.0;

		a2 += r * r;
		rg += r * g;
		gg += g * g;
		largest = fmax(largest, fabs(r));
	}
	for (int i = 0; i < dims; i++)
	{
		double r = ((double) x[i] - c[i]) / largest * 127.5;
		double g = code_level(e->code, dims, bits, i) - 127.5;

		if (bits == 8)
			CHECK(fabs(r - g) <= 0.5001, "dims %d, element %d: %g is coded as %g", dims, i, r, g);
	}
	if (bits == 4)
	{
		double scale = fmax(7.5 / largest, sqrt(dims / a2) / 0.3352);
		double best = fmax(reference_fit(dims, x, c, scale),
						   fmax(reference_fit(dims, x, c, scale * 1.09375),
								reference_fit(dims, x, c, scale * 0.90625)));

		/* an element on the border of two intervals may fall either way */
		CHECK(rg * rg / (a2 * gg) >= best - 1e-5, "dims %d: cosine^2 %.7f, best %.7f", dims,
			  rg * rg / (a2 * gg), best);
	}
	for (int i = dims; i < bytes * (bits == 4 ? 2 : 1); i++)
		CHECK(code_level(e->code, dims, bits, i) == 0, "dims %d: padding element %d", dims, i);
}

/* Factors against their definition. */
static void
check_factors(const Encoded *e, QuantMetric metric, int dims, int bits, const float *x,
			  const float *c, const float *o)
{
	double f = e->factors.mul;
	double a2 = 0.0;
	double rg = 0.0;
	double gg = 0.0;
	double gc = 0.0;
	double rc = 0.0;
	double xo = 0.0;
	double magnitude = 0.0;
	double add;
	double sigma;

	for (int i = 0; i < dims; i++)
	{
		double r = (double) x[i] - c[i];
		double g = code_level(e->code, dims, bits, i) - ((1 << bits) - 1) / 2.0;

		a2 += r * r;
		rg += r * g;
		gg += g * g;
		gc += g * c[i];
		rc += r * c[i];
		xo += (double) x[i] * o[i];
		magnitude += fabs(f * g * c[i]) + fabs(r * c[i]) + fabs((double) x[i] * o[i]);
	}
	add = metric == QUANT_IP ? f * gc - rc - xo : a2 + 2.0 * f * gc;
	CHECK(fabs(f - a2 / rg) <= 0x1p-24 * 1.001 * f, "dims %d: mul %g, not %g", dims, f, a2 / rg);
	CHECK(fabs(e->factors.add - add) <= 0x1p-24 * fabs(add) + 1e-13 * magnitude,
		  "dims %d: add %g, not %g", dims, e->factors.add, add);
	sigma = dims == 1 ? 0.0 : sqrt(fmax(0.0, a2 * gg / (rg * rg) - 1.0) * a2 / (dims - 1));
	CHECK(fabs(e->factors.sigma - sigma) <= 1e-6 * sigma + 1e-7 * sqrt(a2),
		  "dims %d: sigma %g, not %g", dims, e->factors.sigma, sigma);
}

/* Code and factors against their definition, and the same on every level. */
static void
encode_matches_reference(void)
{
	Encoded *e = exact_alloc(sizeof(Encoded));
	Encoded *other = exact_alloc(sizeof(Encoded));

	for (int dims = 1; dims <= MAX_DIMS; dims = next_dims(dims))
	{
		float *x = new_normal(dims, 1.0f);
		float *c = new_normal(dims, 0.7f);
		float *o = new_normal(dims, 0.5f);

		for (int bits = 4; bits <= 8; bits += 4)
			for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
			{
				encode(e, VDB_SIMD_SCALAR, metric, dims, bits, x, c, o);
				check_code(e, dims, bits, x, c);
				check_factors(e, metric, dims, bits, x, c, o);
				for (int s = 0; s < VDB_SIMD_COUNT; s++)
					if (test_simd(s))
					{
						encode(other, s, metric, dims, bits, x, c, o);
						CHECK(same(e, other), "%s differs from scalar at %d dimensions, %d bits",
							  vdb_simd_name(s), dims, bits);
					}
			}
		release(x, dims);
		release(c, dims);
		release(o, dims);
	}
	free(e);
	free(other);
}

/* Residuals of zero, of tiny, uneven and huge numbers, and of NaN; no offset. */
static void
encode_special_values(void)
{
	enum
	{
		DIMS = 37
	};
	static const float bad[] = {FLT_MAX, 0x1p101f, INFINITY, -INFINITY, NAN};
	Encoded *e = exact_alloc(sizeof(Encoded));
	Encoded *other = exact_alloc(sizeof(Encoded));
	uint8_t *zero = exact_alloc(sizeof(e->code));
	float x[DIMS];
	float c[DIMS];
	float o[DIMS];

	memset(zero, 0, sizeof(e->code));
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		for (int bits = 4; test_simd(s) && bits <= 8; bits += 4)
		{
			double xo = 0.0;

			/* the centroid itself */
			for (int i = 0; i < DIMS; i++)
			{
				c[i] = x[i] = test_random_normal();
				o[i] = test_random_normal();
				xo += (double) x[i] * o[i];
			}
			encode(e, s, QUANT_L2, DIMS, bits, x, c, o);
			CHECK(e->factors.add == 0.0f && e->factors.mul == 0.0f && e->factors.sigma == 0.0f,
				  "zero residual");
			CHECK(memcmp(e->code, zero, sizeof(e->code)) == 0, "code of a zero residual");
			encode(e, s, QUANT_IP, DIMS, bits, x, c, o);
			CHECK(e->factors.add == (float) -xo && e->factors.mul == 0.0f, "zero residual");

			/* a missing offset counts as zero */
			for (int i = 0; i < DIMS; i++)
			{
				x[i] += test_random_normal();
				o[i] = 0.0f;
			}
			encode(e, s, QUANT_IP, DIMS, bits, x, c, o);
			encode(other, s, QUANT_IP, DIMS, bits, x, c, NULL);
			CHECK(same(e, other), "%s: no offset", vdb_simd_name(s));

			/* one coordinate outweighs all: the end of the range */
			for (int i = 0; i < DIMS; i++)
				x[i] = i == 20 ? -1e6f : c[i] + 0.1f;
			encode(e, s, QUANT_L2, DIMS, bits, x, c, NULL);
			CHECK(code_level(e->code, DIMS, bits, 20) == 0, "large coordinate");
			CHECK(code_level(e->code, DIMS, bits, 0) == 1 << (bits - 1), "small coordinate");

			/* residuals that are small but have a code, and those that have none */
			for (int tiny = 0; tiny < 3; tiny++)
			{
				static const float sizes[] = {0x1p-99f, 0x1p-103f, FLT_TRUE_MIN};

				for (int i = 0; i < DIMS; i++)
				{
					c[i] = 0.0f;
					x[i] = i % 3 ? sizes[tiny] : -sizes[tiny];
				}
				encode(e, s, QUANT_L2, DIMS, bits, x, c, NULL);
				if (tiny == 0)
					CHECK(e->factors.add == 0.0f && e->factors.mul > 0.0f, "small residual: %g, %g",
						  e->factors.add, e->factors.mul);
				else
					CHECK(e->factors.add == -FLT_MAX && e->factors.mul == 0.0f &&
							  e->factors.sigma == INFINITY,
						  "tiny residual");
			}

			/* what does not fit: one element, or only the sums */
			for (size_t k = 0; k <= sizeof(bad) / sizeof(bad[0]); k++)
				for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
				{
					for (int i = 0; i < DIMS; i++)
					{
						c[i] = test_random_normal();
						x[i] = k == 0 ? 0x1p50f : c[i] + test_random_normal();
						o[i] = 0x1p50f;
					}
					if (k > 0)
						x[17] = bad[k - 1];
					encode(e, s, metric, DIMS, bits, x, c, o);
					CHECK(e->factors.add == -FLT_MAX && e->factors.mul == 0.0f &&
							  e->factors.sigma == INFINITY,
						  "case %zu, metric %d: add %g", k, metric, e->factors.add);
					CHECK(memcmp(e->code, zero, sizeof(e->code)) == 0, "code of case %zu", k);
				}
		}
	free(e);
	free(other);
	free(zero);
}

/* ----- queries ----- */

/* Values and constants against their definition, and the same on every level. */
static void
query_matches_reference(void)
{
	for (int dims = 1; dims <= MAX_DIMS; dims = next_dims(dims))
		for (int bits = 4; bits <= 8; bits += 4)
		{
			size_t nvalues = quant_refine_query_values(dims, bits);
			size_t nbytes = nvalues * sizeof(int16_t);
			int top = (1 << bits) - 1;
			float *q = new_normal(dims, 1.0f);
			int16_t *values = exact_alloc(nbytes);
			QuantRefineQuery query;
			double norm2 = 0.0;
			int64_t sum = 0;
			int64_t magnitude = 0;
			int largest = 0;

			quant_select(VDB_SIMD_SCALAR);
			memset(values, 0x55, nbytes);
			quant_refine_query_init(&query, dims, bits, q, values);
			CHECK(query.dims == dims && query.bits == bits &&
					  query.bytes == quant_refine_bytes(dims, bits),
				  "shape");
			CHECK(query.q == q && query.values == values, "pointers");
			for (int i = 0; i < dims; i++)
			{
				norm2 += (double) q[i] * q[i];
				sum += values[i];
				magnitude += abs(values[i]);
				largest = abs(values[i]) > largest ? abs(values[i]) : largest;
				CHECK(fabs(q[i] / (double) query.delta - values[i]) <= 0.51,
					  "dims %d, value %d: %d, not %g", dims, i, values[i],
					  q[i] / (double) query.delta);
			}
			for (size_t i = (size_t) dims; i < nvalues; i++)
				CHECK(values[i] == 0, "dims %d, padding value %zu", dims, i);
			CHECK(query.centre == top * sum, "centre");
			CHECK(fabs(query.query_norm - sqrt(norm2)) <= 1e-5 * query.query_norm, "norm %g",
				  query.query_norm);
			CHECK(255 * magnitude <= INT32_MAX, "dims %d: sum %" PRId64, dims, magnitude);
			CHECK(largest == 32767 || magnitude > 8300000, "dims %d: coarse values", dims);
			CHECK(fabs(query.noise - query.delta / sqrt(12.0) * top / 2.0 * sqrt(dims)) <=
					  1e-6 * query.noise,
				  "noise %g", query.noise);

			for (int s = 0; s < VDB_SIMD_COUNT; s++)
				if (test_simd(s))
				{
					int16_t *other_values = guard_alloc(nbytes);
					QuantRefineQuery other;

					quant_select(s);
					quant_refine_query_init(&other, dims, bits, q, other_values);
					CHECK(memcmp(other_values, values, nbytes) == 0, "%s: values at %d dimensions",
						  vdb_simd_name(s), dims);
					CHECK(other.centre == query.centre && other.delta == query.delta &&
							  other.noise == query.noise && other.query_norm == query.query_norm &&
							  other.norm == query.norm,
						  "%s: constants at %d dimensions", vdb_simd_name(s), dims);
					guard_free(other_values, nbytes);
				}
			quant_select(VDB_SIMD_SCALAR);
			release(q, dims);
			free(values);
		}
}

/* Queries of zero, of tiny, of uneven and of huge numbers. */
static void
query_special_values(void)
{
	enum
	{
		DIMS = 41
	};
	static const float bad[] = {INFINITY, -INFINITY, NAN, FLT_MAX, 1e20f};
	int16_t values[2 * 48];
	int16_t zero[2 * 48] = {0};
	float q[DIMS] = {0.0f};
	QuantRefineQuery query;

	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		for (int bits = 4; test_simd(s) && bits <= 8; bits += 4)
		{
			size_t nbytes = quant_refine_query_values(DIMS, bits) * sizeof(int16_t);

			quant_select(s);
			memset(q, 0, sizeof(q));
			q[1] = -0.0f;
			memset(values, 0xff, sizeof(values));
			quant_refine_query_init(&query, DIMS, bits, q, values);
			CHECK(query.delta == 0.0f && query.noise == 0.0f && query.centre == 0, "zero query");
			CHECK(memcmp(values, zero, nbytes) == 0, "values of a zero query");

			q[3] = -1e-35f;
			memset(values, 0xff, sizeof(values));
			quant_refine_query_init(&query, DIMS, bits, q, values);
			CHECK(query.delta == 0.0f && query.noise >= 1e-35f * query.norm && query.centre == 0,
				  "tiny query");
			CHECK(memcmp(values, zero, nbytes) == 0, "values of a tiny query");

			q[5] = -1e15f;
			quant_refine_query_init(&query, DIMS, bits, q, values);
			CHECK(values[5] == -32767 && values[3] == 0 &&
					  query.centre == -32767 * ((1 << bits) - 1),
				  "one coordinate: %d", values[5]);

			for (int kind = 0; kind < 5; kind++)
			{
				q[5] = bad[kind];
				quant_refine_query_init(&query, DIMS, bits, q, values);
				CHECK(query.delta == 0.0f && query.noise == INFINITY && query.centre == 0,
					  "query with %g", bad[kind]);
				CHECK(memcmp(values, zero, nbytes) == 0, "values of a query with %g", bad[kind]);
			}
		}
	quant_select(VDB_SIMD_SCALAR);
}

/* ----- sums ----- */

/* Sums of all levels are exact, for random numbers and at the limit of 32 bits. */
static void
sums_are_exact(void)
{
	for (int dims = 1; dims <= MAX_DIMS; dims = next_dims(dims))
		for (int bits = 4; bits <= 8; bits += 4)
			for (int fill = 0; fill < 4; fill++)
			{
				int bytes = quant_refine_bytes(dims, bits);
				int nvalues = (int) quant_refine_query_values(dims, bits);
				int top = (1 << bits) - 1;
				int limit = INT32_MAX / top / dims < 32767 ? INT32_MAX / top / dims : 32767;
				uint8_t *code = guard_alloc((size_t) bytes);
				int16_t *values = guard_alloc((size_t) nvalues * sizeof(int16_t));
				int64_t expected = 0;

				/* random; the largest; the least; large ones of both signs */
				memset(values, 0, (size_t) nvalues * sizeof(int16_t));
				for (int i = 0; i < dims; i++)
					values[i] = (int16_t) (fill == 0   ? (int) test_random_below(2 * limit) - limit
										   : fill == 1 ? limit
										   : fill == 2 ? -limit
													   : (i / 5 % 2 ? limit : -limit));
				for (int i = 0; i < bytes; i++)
					code[i] = fill == 0 ? (uint8_t) test_random_u64() : 255;
				for (int i = 0; i < nvalues; i++)
					expected += values[i] * code_level(code, dims, bits, i);
				for (int s = 0; s < VDB_SIMD_COUNT; s++)
					if (test_simd(s))
					{
						const QuantKernels *kernels = quant_kernels(s);
						int32_t sum = bits == 8 ? kernels->refine_dot8(values, code, bytes)
												: kernels->refine_dot4(values, code, bytes);

						CHECK(sum == expected,
							  "%s, %d dimensions, %d bits, fill %d: %d, not %" PRId64,
							  vdb_simd_name(s), dims, bits, fill, sum, expected);
					}
				guard_free(code, (size_t) bytes);
				guard_free(values, (size_t) nvalues * sizeof(int16_t));
			}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(encode_matches_reference);
	TEST_RUN(encode_special_values);
	TEST_RUN(query_matches_reference);
	TEST_RUN(query_special_values);
	TEST_RUN(sums_are_exact);
	return test_end();
}
