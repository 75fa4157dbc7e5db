/*-------------------------------------------------------------------------
 *
 * test_quant_errors.c
 *	  The errors of 1-bit codes: the widths of bounds, and how often these hold.
 *
 * NOTES
 *	  Most cases are statistical: they check that the error bound of README.md (src/quant) is what
 *	  it claims to be.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_errors.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "quant_data.h"

/* ----- widths ----- */

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

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(bound_init_widths);
	TEST_RUN(error_bound_holds);
	TEST_RUN(head_bound_holds);
	return test_end();
}
