/*-------------------------------------------------------------------------
 *
 * test_quant_refine_bounds.c
 *	  Bounds of codes of 4 and 8 bits, at every SIMD level.
 *
 * NOTES
 *	  bounds_cover_rounding uses vectors whose codes are exact, so that only rounding is left; the
 *	  last cases are statistical.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_refine_bounds.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include "test_main.h"
#include "refine_data.h"

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
	TEST_RUN(bounds_above_threshold);
	TEST_RUN(bounds_special_values);
	TEST_RUN(bounds_cover_rounding);
	TEST_RUN(error_bound_holds);
	return test_end();
}
