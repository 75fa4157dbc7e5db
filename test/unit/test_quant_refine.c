/*-------------------------------------------------------------------------
 *
 * test_quant_refine.c
 *	  Codes of 4 and 8 bits: encoding, queries, sums and bounds, at every SIMD level.
 *
 * NOTES
 *	  What must be the same bits everywhere is compared with the scalar level by memcmp,
 *	  and with a reference in double precision.  bounds_cover_rounding uses vectors whose
 *	  codes are exact, so that only rounding is left; the last cases are statistical.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_refine.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include "test_main.h"
#include "quant/quant.h"
#include "quant/quant_refine.h"

#define MAX_DIMS 16000

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

/* U_i of a code. */
static int
code_level(const uint8_t *code, int dims, int bits, int i)
{
	int bytes = quant_refine_bytes(dims, bits);

	return bits == 8 ? code[i] : (code[i % bytes] >> (i / bytes * 4)) & 15;
}

/* ----- codes ----- */

/* What one encoding gives. */
typedef struct Encoded
{
	QuantRefineFactors factors;
	uint8_t code[MAX_DIMS];
} Encoded;

static void
encode(Encoded *e, VdbSimd simd, QuantMetric metric, int dims, int bits, const float *x,
	   const float *c, const float *o)
{
	size_t bytes = (size_t) quant_refine_bytes(dims, bits);
	uint8_t *code = guard_alloc(bytes);

	memset(e, 0, sizeof(*e));
	memset(code, 0xa5, bytes);
	quant_select(simd);
	quant_refine_encode(metric, dims, bits, x, c, o, code, &e->factors);
	quant_select(VDB_SIMD_SCALAR);
	memcpy(e->code, code, bytes);
	guard_free(code, bytes);
}

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

/* ----- bounds ----- */

/* A pair of bounds. */
typedef struct Bounds
{
	float lb;
	float ub;
} Bounds;

/* Bounds of one encoded vector on one level. */
static Bounds
bounds_below(VdbSimd simd, QuantMetric metric, const QuantRefineQuery *query, const Encoded *e,
			 float g, float dist2, float epsilon, float threshold)
{
	Bounds b;

	quant_select(simd);
	quant_refine_bounds(metric, query, &e->factors, e->code, g, dist2, epsilon, threshold, &b.lb,
						&b.ub);
	quant_select(VDB_SIMD_SCALAR);
	return b;
}

/* The same, as narrow as they are. */
static Bounds
bounds_of(VdbSimd simd, QuantMetric metric, const QuantRefineQuery *query, const Encoded *e,
		  float g, float dist2, float epsilon)
{
	return bounds_below(simd, metric, query, e, g, dist2, epsilon, INFINITY);
}

/*
 * A threshold changes no bounds but those above it, which stay above it, and hold the others.
 */
static void
bounds_above_threshold(void)
{
	enum
	{
		DIMS = 100
	};
	Encoded *e = exact_alloc(sizeof(Encoded));
	int16_t values[2 * DIMS];
	float q[DIMS];
	float x[DIMS];
	float c[DIMS];
	int nwider = 0;

	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		for (int n = 0; test_simd(s) && n < 400; n++)
		{
			QuantMetric metric = n % 2 == 0 ? QUANT_L2 : QUANT_IP;
			float near = n % 3 == 0 ? 0.1f : 1.0f;
			QuantRefineQuery query;
			Bounds narrow;
			float dist2;
			float g;

			for (int i = 0; i < DIMS; i++)
			{
				c[i] = test_random_normal();
				x[i] = c[i] + test_random_normal();
				q[i] = x[i] + near * test_random_normal();
			}
			quant_refine_query_init(&query, DIMS, n % 4 < 2 ? 4 : 8, q, values);
			encode(e, s, metric, DIMS, query.bits, x, c, NULL);
			dist2 = quant_distance2(DIMS, q, c);
			g = metric == QUANT_L2 ? dist2 : 1.5f;
			narrow = bounds_of(s, metric, &query, e, g, dist2, 6.0f);
			for (int i = -4; i <= 4; i++)
			{
				float threshold = narrow.lb + (float) i * 0.2f * (fabsf(narrow.lb) + 1.0f);
				Bounds b = bounds_below(s, metric, &query, e, g, dist2, 6.0f, threshold);

				if (narrow.lb <= threshold)
					CHECK(b.lb == narrow.lb && b.ub == narrow.ub,
						  "%s, threshold %g: %g, %g instead of %g, %g", vdb_simd_name(s), threshold,
						  b.lb, b.ub, narrow.lb, narrow.ub);
				else
					CHECK(b.lb >= threshold && b.lb <= narrow.lb && b.ub >= narrow.ub,
						  "%s, threshold %g: %g, %g instead of %g, %g", vdb_simd_name(s), threshold,
						  b.lb, b.ub, narrow.lb, narrow.ub);
				nwider += b.ub > narrow.ub;
			}
		}
	CHECK(nwider > 0, "no bounds are wider");
	free(e);
}

/* Where nothing is known, bounds say so; they are never NaN, and the centroid's are tight. */
static void
bounds_special_values(void)
{
	enum
	{
		DIMS = 64
	};
	static const struct
	{
		float g;
		float dist2;
		float epsilon;
		bool usable;
	} cases[] = {
		{1.0f, 1.0f, 6.0f, true},	  {-0x1.fp99f, 1.0f, 6.0f, true}, {0x1.fp99f, 1e30f, 9, true},
		{1.0f, 1.0f, 0.0f, true},	  {INFINITY, 1.0f, 6.0f, false},  {NAN, 1.0f, 6.0f, false},
		{-INFINITY, 1.0f, 6, false},  {1.0f, INFINITY, 6.0f, false},  {1.0f, NAN, 6.0f, false},
		{FLT_MAX, 1.0f, 6.0f, false}, {1.0f, 1.0f, INFINITY, false},  {1.0f, -1.0f, 6.0f, false},
	};
	Encoded *e = exact_alloc(sizeof(Encoded));
	int16_t values[DIMS];
	float q[DIMS];
	float x[DIMS];
	float c[DIMS];

	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		for (int bits = 4; test_simd(s) && bits <= 8; bits += 4)
			for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
			{
				QuantRefineQuery query;
				Bounds b;

				for (int i = 0; i < DIMS; i++)
				{
					q[i] = test_random_normal();
					c[i] = test_random_normal();
					x[i] = c[i] + test_random_normal();
				}
				quant_refine_query_init(&query, DIMS, bits, q, values);
				for (int forced = 0; forced < 2; forced++)
				{
					x[3] = forced ? NAN : x[3];
					encode(e, s, metric, DIMS, bits, x, c, NULL);
					for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
					{
						b = bounds_of(s, metric, &query, e, cases[k].g, cases[k].dist2,
									  cases[k].epsilon);
						if (cases[k].usable && !forced)
							CHECK(b.lb > -0x1p126f && b.lb <= b.ub && b.ub < 0x1p126f,
								  "%s, case %zu: bounds %g, %g", vdb_simd_name(s), k, b.lb, b.ub);
						else
							CHECK(b.lb == -FLT_MAX && b.ub == INFINITY,
								  "%s, case %zu, forced %d: bounds %g, %g", vdb_simd_name(s), k,
								  forced, b.lb, b.ub);
					}
				}

				/* a query that is not finite */
				encode(e, s, metric, DIMS, bits, q, c, NULL);
				q[9] = INFINITY;
				quant_refine_query_init(&query, DIMS, bits, q, values);
				b = bounds_of(s, metric, &query, e, 1.0f, 1.0f, 6.0f);
				CHECK(b.lb == -FLT_MAX && b.ub == INFINITY, "infinite query: %g, %g", b.lb, b.ub);

				/* the centroid itself: bounds around g, however large epsilon is */
				q[9] = 0.0f;
				quant_refine_query_init(&query, DIMS, bits, q, values);
				encode(e, s, metric, DIMS, bits, c, c, NULL);
				b = bounds_of(s, metric, &query, e, 7.0f, 7.0f, 1e6f);
				CHECK(b.lb <= 7.0f && b.ub >= 7.0f && b.ub - b.lb < 2e-4f, "centroid: %g, %g", b.lb,
					  b.ub);
			}
	free(e);
}

/*
 * With epsilon = 0 bounds cover what float32 numbers lack, and little more.  Residuals are
 * codes times a power of two and queries are values times one, so codes and values are
 * exact; g is not, and centroids, offsets and constants are up to 2^20 times larger than residuals.
 */
static void
bounds_cover_rounding(void)
{
	enum
	{
		MOST = 130
	};
	Encoded *e = exact_alloc(sizeof(Encoded));
	float x[MOST];
	float c[MOST];
	float o[MOST];
	float q[MOST];
	int16_t values[2 * MOST + 32];

	for (int round = 0; round < 2000; round++)
	{
		int dims = 2 + (int) test_random_below(MOST - 1);
		int bits = test_random_below(2) ? 8 : 4;
		QuantMetric metric = test_random_below(2) ? QUANT_IP : QUANT_L2;
		int top = (1 << bits) - 1;
		double unit = ldexp(1.0, -(int) test_random_below(20)); /* of residuals */
		double far = ldexp(unit, (int) test_random_below(22 - bits));
		double query_unit = ldexp(1.0, -(int) test_random_below(24));
		double offset_unit = ldexp(1.0, (int) test_random_below(12));
		double constant = metric == QUANT_IP && round % 3 == 0 ? 1e6 * test_random_double() : 0.0;
		double g = constant;
		double dist2 = 0.0;
		double norm = 0.0;
		double norm_x = 0.0;
		double distance = constant;
		double scale;
		QuantRefineQuery query;

		for (int i = 0; i < dims; i++)
		{
			double level = i == 0 ? top : (double) test_random_below((uint32_t) top + 1);
			double value = i == 1 ? 32767 : (double) test_random_below(65535) - 32767.0;

			c[i] = (float) (far * ((double) test_random_below(3) - 1.0) +
							unit * (double) test_random_below(256));
			x[i] = (float) (c[i] + (level - top / 2.0) * unit);
			q[i] = (float) (value * query_unit);
			o[i] = (float) (offset_unit * test_random_double());
		}
		for (int i = 0; i < dims; i++)
		{
			double v = (double) q[i] - c[i];

			dist2 += v * v;
			norm += (double) q[i] * q[i];
			norm_x += (double) x[i] * x[i];
			if (metric == QUANT_IP)
			{
				g -= (double) q[i] * c[i];
				distance -= (double) x[i] * ((double) q[i] + o[i]);
			}
			else
				distance += ((double) x[i] - q[i]) * ((double) x[i] - q[i]);
		}
		if (metric == QUANT_L2)
			g = dist2;
		quant_refine_query_init(&query, dims, bits, q, values);
		CHECK(query.delta == (float) query_unit, "values are not exact");
		encode(e, VDB_SIMD_SCALAR, metric, dims, bits, x, c, o);
		CHECK(e->factors.sigma <= 1e-6f * e->factors.mul, "round %d: code is not exact", round);
		scale = fabs(e->factors.add) + fabs(g) + norm + norm_x + dist2;
		for (int s = 0; s < VDB_SIMD_COUNT; s++)
			if (test_simd(s))
			{
				/* g is as wrong as it may be */
				float given = (float) (g * (1.0 + 0x1.ep-21 * (test_random_below(3) - 1.0)));
				Bounds b = bounds_of(s, metric, &query, e, given, (float) dist2, 0.0f);

				CHECK(b.lb <= distance && distance <= b.ub,
					  "%s, round %d, dims %d, bits %d, metric %d: %.9g not in %.9g, %.9g",
					  vdb_simd_name(s), round, dims, bits, metric, distance, b.lb, b.ub);
				CHECK(b.ub - b.lb <= 2e-5 * scale, "%s, round %d: width %g, scale %g",
					  vdb_simd_name(s), round, b.ub - b.lb, scale);
			}
	}
	free(e);
}

/* ----- statistics ----- */

#define NEPSILONS 4

/* Numbers that the error of many estimates is summed up in. */
typedef struct ErrorStats
{
	int n;
	double sum;
	double squares;
	double sigma2;			/* sum of (sigma / ||r||)^2 * (D - 1) */
	int outside[NEPSILONS]; /* true distances outside of the bounds */
} ErrorStats;

static const float epsilons[NEPSILONS] = {1.0f, 2.0f, 3.0f, 6.0f};

/*
 * Estimates and bounds of n random pairs.  From 64 dimensions on, residuals are uneven
 * before the rotation; below, they are normal.
 */
static void
measure_errors(QuantMetric metric, int dims, int bits, int n, ErrorStats *stats)
{
	size_t row = (size_t) dims * sizeof(float);
	QuantRotation rotation;
	Encoded *e = exact_alloc(sizeof(Encoded));
	float *flips = exact_alloc(quant_rotation_floats(dims) * sizeof(float));
	float *q = exact_alloc(row);
	float *c = exact_alloc(row);
	float *mu = exact_alloc(row);
	float *x = exact_alloc(row);
	int16_t *values = exact_alloc(quant_refine_query_values(dims, bits) * sizeof(int16_t));

	memset(stats, 0, sizeof(*stats));
	quant_rotation_init(&rotation, dims, 42, flips);
	for (int k = 0; k < n; k++)
	{
		QuantRefineQuery query;
		float spread = test_random_float(0.2f, 2.0f);
		float nearness = test_random_float(0.1f, 2.0f);
		double m = metric == QUANT_IP ? 1.0 : 2.0;
		double r2 = 0.0;
		double rv = 0.0;
		double g = 0.0;
		double dist2 = 0.0;
		double distance = 0.0;
		double gg = 0.0;
		double noise2;
		double z;
		Bounds b;

		for (int i = 0; i < dims; i++)
		{
			c[i] = 0.7f * test_random_normal();
			mu[i] = 0.3f * test_random_normal();
			x[i] = dims < 64 || i == 0 || test_random_below(10) == 0 ? spread * test_random_normal()
																	 : 0.0f;
			q[i] = x[i] + nearness * test_random_normal();
		}
		if (dims >= 64)
		{
			quant_rotate(&rotation, c);
			quant_rotate(&rotation, mu);
			quant_rotate(&rotation, x);
			quant_rotate(&rotation, q);
		}
		for (int i = 0; i < dims; i++)
		{
			x[i] += c[i];
			q[i] += c[i];
		}
		for (int i = 0; i < dims; i++)
		{
			double v = (double) q[i] - c[i];
			double r = (double) x[i] - c[i];

			dist2 += v * v;
			r2 += r * r;
			rv += r * v;
			g += metric == QUANT_IP ? -(double) q[i] * c[i] : v * v;
			distance += metric == QUANT_IP ? -(double) x[i] * ((double) q[i] + mu[i])
										   : ((double) x[i] - q[i]) * ((double) x[i] - q[i]);
		}
		quant_refine_query_init(&query, dims, bits, q, values);
		quant_refine_encode(metric, dims, bits, x, c, mu, e->code, &e->factors);
		for (int j = 0; j < NEPSILONS; j++)
		{
			b = bounds_of(vdb_simd_best(), metric, &query, e, (float) g, (float) dist2,
						  epsilons[j]);
			if (distance < b.lb || distance > b.ub)
				stats->outside[j]++;
		}

		/* the code's error is that of the part of v across r; the query's is added */
		for (int i = 0; i < dims; i++)
		{
			double level = code_level(e->code, dims, bits, i) - ((1 << bits) - 1) / 2.0;

			gg += level * level;
		}
		noise2 = (double) query.delta * query.delta / 12.0 * gg * e->factors.mul * e->factors.mul;
		z = (((double) b.lb + b.ub) / 2.0 - distance) /
			(m *
			 sqrt((double) e->factors.sigma * e->factors.sigma * (dist2 - rv * rv / r2) + noise2));
		stats->n++;
		stats->sum += z;
		stats->squares += z * z;
		stats->sigma2 += (double) e->factors.sigma * e->factors.sigma * (dims - 1) / r2;
	}
	free(e);
	free(flips);
	free(q);
	free(c);
	free(mu);
	free(x);
	free(values);
}

/*
 * Estimates have no bias and the claimed deviation, bounds miss no more often than a
 * normal variable, and the deviation is that of README.md (src/quant).
 */
static void
error_bound_holds(void)
{
	static const struct
	{
		int dims;
		double sigma4; /* expected sigma / ||r|| * sqrt(D - 1) */
		double sigma8;
	} cases[] = {{3, 0.0364, 0.0025},	{8, 0.0609, 0.0038},   {64, 0.0957, 0.0059},
				 {100, 0.1005, 0.0063}, {384, 0.1056, 0.0073}, {784, 0.1066, 0.0077},
				 {1536, 0.1075, 0.0081}};
	/* of a normal variable: outside of epsilon deviations */
	static const double tail[NEPSILONS] = {0.3173, 0.0455, 0.0027, 2e-9};

	quant_select(vdb_simd_best());
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		for (int bits = 4; bits <= 8; bits += 4)
			for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
			{
				int dims = cases[k].dims;
				double expected = bits == 4 ? cases[k].sigma4 : cases[k].sigma8;
				ErrorStats stats;
				double mean;
				double deviation;
				double sigma;

				measure_errors(metric, dims, bits, dims <= 100 ? 2000 : 400, &stats);
				mean = stats.sum / stats.n;
				deviation = sqrt(stats.squares / stats.n - mean * mean);
				sigma = sqrt(stats.sigma2 / stats.n);
				CHECK(fabs(mean) < 5.0 / sqrt(stats.n), "dims %d, bits %d, metric %d: mean %g",
					  dims, bits, metric, mean);
				CHECK(deviation > 0.9 && deviation < 1.1,
					  "dims %d, bits %d, metric %d: deviation %g", dims, bits, metric, deviation);
				CHECK(sigma < 1.05 * expected && sigma > 0.9 * expected,
					  "dims %d, bits %d: sigma %.5f, expected %.5f", dims, bits, sigma, expected);
				for (int j = 0; j < NEPSILONS; j++)
					CHECK(stats.outside[j] <=
							  stats.n * tail[j] + 4.0 * sqrt(stats.n * tail[j]) + 0.01,
						  "dims %d, bits %d, metric %d: %d of %d outside of %g deviations", dims,
						  bits, metric, stats.outside[j], stats.n, epsilons[j]);
			}
	quant_select(VDB_SIMD_SCALAR);
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
	TEST_RUN(bounds_above_threshold);
	TEST_RUN(bounds_special_values);
	TEST_RUN(bounds_cover_rounding);
	TEST_RUN(error_bound_holds);
	return test_end();
}
