/*-------------------------------------------------------------------------
 *
 * test_gemm.c
 *	  Tests of the matrix kernels: every level, odd shapes, against doubles.
 *
 * NOTES
 *	  Tolerance of a score |c|^2 - 2 x.c of d dimensions, each sum a chain of d terms:
 *	  (d + 4) * 2^-24 * (|c|^2 + 2 |x| |c|), a bound.  With small whole numbers all sums are
 *	  exact, and the column must be the one that the oracle finds, ties included.
 *
 * IDENTIFICATION
 *	  test/unit/test_gemm.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "gemm_data.h"

/* Calls "body" for each level that runs here; ops is its table. */
#define FOR_EACH_LEVEL(ops)                                                                        \
	for (int level = 0; level < VDB_SIMD_COUNT; level++)                                           \
		for (const GemmOps *ops = test_simd((VdbSimd) level) ? gemm_ops((VdbSimd) level) : NULL;   \
			 ops != NULL; ops = NULL)

/* Shapes beyond 1..70: blocks, tiles, panels and slices of every level, and one more or less. */
static const struct
{
	size_t npoints;
	size_t ncols;
	size_t dims;
} large_shapes[] = {
	{1, 1, 16000}, {5, 3, 4097},	{28, 64, 256}, {29, 65, 257}, {27, 63, 255},  {15, 33, 513},
	{13, 31, 511}, {113, 200, 129}, {257, 97, 40}, {84, 96, 784}, {31, 129, 769}, {12, 500, 100},
};

#define SHAPES_SHORT 210
#define SHAPES		 (SHAPES_SHORT + sizeof(large_shapes) / sizeof(large_shapes[0]))

/* The i-th shape: each of n, k, dims goes through 1..70 with the others random. */
static void
shape(size_t i, size_t *npoints, size_t *ncols, size_t *dims)
{
	if (i >= SHAPES_SHORT)
	{
		*npoints = large_shapes[i - SHAPES_SHORT].npoints;
		*ncols = large_shapes[i - SHAPES_SHORT].ncols;
		*dims = large_shapes[i - SHAPES_SHORT].dims;
		return;
	}
	*npoints = i < 70 ? i + 1 : 1 + test_random_below(70);
	*ncols = i >= 70 && i < 140 ? i - 69 : 1 + test_random_below(70);
	*dims = i >= 140 ? i - 139 : 1 + test_random_below(70);
}

/* Makes a product of random normal numbers, or of whole numbers -2..2. */
static void
product_make(Product *p, size_t npoints, size_t ncols, size_t dims, bool whole)
{
	product_alloc(p, npoints, ncols, dims, gemm_rows_floats(npoints, dims));
	for (size_t i = 0; i < npoints * dims; i++)
		p->points[i] = whole ? (float) test_random_below(5) - 2.0f : test_random_normal();
	for (size_t i = 0; i < ncols * dims; i++)
		p->centroids[i] = whole ? (float) test_random_below(5) - 2.0f : test_random_normal();
	p->best = exact_alloc(npoints * sizeof(float));
	p->arg = exact_alloc(npoints * sizeof(uint32_t));
}

/* Packs and finds the best column of each point. */
static void
product_argmin(Product *p, const GemmOps *ops)
{
	ops->pack_rows(p->points, NULL, p->npoints, p->dims, 1.0f, p->rows);
	ops->pack_cols(p->centroids, NULL, p->ncols, p->dims, p->panels, p->norms);
	for (size_t i = 0; i < p->npoints; i++)
	{
		p->best[i] = INFINITY;
		p->arg[i] = UINT32_MAX;
	}
	ops->argmin(p->rows, p->npoints, p->panels, p->norms, p->ncols, p->dims, 0, p->tiles, p->best,
				p->arg);
}

/* Score of point i and column j in float64, and the tolerance of float32 results. */
static double
oracle_score(const Product *p, size_t i, size_t j, double *tolerance)
{
	double dot = 0.0;
	double norm = 0.0;
	double norm_x = 0.0;

	for (size_t k = 0; k < p->dims; k++)
	{
		double x = p->points[i * p->dims + k];
		double c = p->centroids[j * p->dims + k];

		dot += x * c;
		norm += c * c;
		norm_x += x * x;
	}
	*tolerance = (double) (p->dims + 4) * 0x1p-24 * (norm + 2.0 * sqrt(norm * norm_x));
	return norm - 2.0 * dot;
}

/* The best column is the oracle's within the tolerance, and its score is right. */
static void
argmin_is_nearest(void)
{
	FOR_EACH_LEVEL(ops)
	{
		for (size_t s = 0; s < SHAPES; s++)
		{
			size_t n;
			size_t k;
			size_t d;
			Product p;

			shape(s, &n, &k, &d);
			product_make(&p, n, k, d, false);
			product_argmin(&p, ops);
			for (size_t i = 0; i < n; i++)
			{
				double tolerance;
				double chosen;

				REQUIRE(p.arg[i] < k, "%s n %zu k %zu dims %zu: column %u", vdb_simd_name(level), n,
						k, d, p.arg[i]);
				chosen = oracle_score(&p, i, p.arg[i], &tolerance);
				CHECK(fabs(chosen - p.best[i]) <= tolerance, "%s n %zu k %zu dims %zu: %g, not %g",
					  vdb_simd_name(level), n, k, d, p.best[i], chosen);
				for (size_t j = 0; j < k; j++)
				{
					double other_tolerance;
					double score = oracle_score(&p, i, j, &other_tolerance);

					CHECK(chosen - tolerance <= score + other_tolerance,
						  "%s n %zu k %zu dims %zu point %zu: column %u has %g, %zu has %g",
						  vdb_simd_name(level), n, k, d, i, p.arg[i], chosen, j, score);
				}
			}
			product_free(&p);
		}
	}
}

/* With whole numbers the column is exactly the first one with the lowest score. */
static void
argmin_is_exact_on_whole_numbers(void)
{
	FOR_EACH_LEVEL(ops)
	{
		for (size_t s = 0; s < SHAPES; s++)
		{
			size_t n;
			size_t k;
			size_t d;
			Product p;

			shape(s, &n, &k, &d);
			product_make(&p, n, k, d, true);
			product_argmin(&p, ops);
			for (size_t i = 0; i < n; i++)
			{
				double lowest = INFINITY;
				double tolerance;
				uint32_t column = 0;

				for (size_t j = 0; j < k; j++)
				{
					double score = oracle_score(&p, i, j, &tolerance);

					if (score < lowest)
					{
						lowest = score;
						column = (uint32_t) j;
					}
				}
				CHECK(p.arg[i] == column && p.best[i] == lowest,
					  "%s n %zu k %zu dims %zu point %zu: column %u (%g), not %u (%g)",
					  vdb_simd_name(level), n, k, d, i, p.arg[i], p.best[i], column, lowest);
			}
			product_free(&p);
		}
	}
}

/* Points and centroids taken by index, a scale, and columns in two calls give the same bits. */
static void
argmin_by_index_and_in_parts(void)
{
	FOR_EACH_LEVEL(ops)
	{
		for (size_t s = 0; s < SHAPES; s += 3)
		{
			size_t n;
			size_t k;
			size_t d;
			size_t half;
			Product p;
			uint32_t *index;
			uint32_t *columns;
			float *best;
			uint32_t *arg;

			shape(s, &n, &k, &d);
			product_make(&p, n, k, d, false);
			product_argmin(&p, ops);
			best = exact_copy(p.best, n * sizeof(float));
			arg = exact_copy(p.arg, n * sizeof(uint32_t));

			/* points in reverse, four times as large and scaled back; identity for columns */
			index = exact_alloc(n * sizeof(uint32_t));
			columns = exact_alloc(k * sizeof(uint32_t));
			for (size_t i = 0; i < n; i++)
				index[i] = (uint32_t) (n - 1 - i);
			for (size_t j = 0; j < k; j++)
				columns[j] = (uint32_t) j;
			for (size_t i = 0; i < n * d; i++)
				p.points[i] *= 4.0f;
			ops->pack_rows(p.points, index, n, d, 0.25f, p.rows);
			ops->pack_cols(p.centroids, columns, k, d, p.panels, p.norms);
			for (size_t i = 0; i < n; i++)
				p.best[i] = INFINITY;
			half = k / 2 / (size_t) ops->cols * (size_t) ops->cols;
			if (half > 0)
				ops->argmin(p.rows, n, p.panels, p.norms, half, d, 0, p.tiles, p.best, p.arg);
			ops->argmin(p.rows, n, p.panels + half * d, p.norms + half, k - half, d,
						(uint32_t) half, p.tiles, p.best, p.arg);
			for (size_t i = 0; i < n; i++)
				CHECK(p.arg[i] == arg[n - 1 - i] && p.best[i] == best[n - 1 - i],
					  "%s n %zu k %zu dims %zu point %zu", vdb_simd_name(level), n, k, d, i);
			free(index);
			free(columns);
			free(best);
			free(arg);
			product_free(&p);
		}
	}
}

/* scores() has the bits of argmin(), and its padding never wins. */
static void
scores_agree_with_argmin(void)
{
	FOR_EACH_LEVEL(ops)
	{
		for (size_t s = 0; s < SHAPES; s += 3)
		{
			size_t n;
			size_t k;
			size_t d;
			size_t stride;
			float *scores;
			Product p;

			shape(s, &n, &k, &d);
			product_make(&p, n, k, d, false);
			product_argmin(&p, ops);
			stride = gemm_round_cols(k);
			scores = exact_alloc(n * stride * sizeof(float));
			ops->scores(p.rows, n, p.panels, p.norms, k, d, p.tiles, scores, stride);
			for (size_t i = 0; i < n; i++)
			{
				size_t lowest = 0;

				for (size_t j = 1; j < k; j++)
					if (scores[i * stride + j] < scores[i * stride + lowest])
						lowest = j;
				CHECK(lowest == p.arg[i] && scores[i * stride + lowest] == p.best[i],
					  "%s n %zu k %zu dims %zu point %zu", vdb_simd_name(level), n, k, d, i);
			}
			free(scores);
			product_free(&p);
		}
	}
}

/* The minima of groups against a loop, among them infinite scores. */
static void
group_minima_are_least(void)
{
	FOR_EACH_LEVEL(ops)
	{
		for (size_t steps = 1; steps <= 5; steps++)
		{
			size_t n = steps * GEMM_SCORES_STEP;
			float *scores = exact_alloc(n * sizeof(float));
			float *minima = exact_alloc(gemm_ngroups(n) * sizeof(float));

			for (size_t i = 0; i < n; i++)
				scores[i] = i % 7 == 0 || i % 16 == 5 ? INFINITY : test_random_normal();
			ops->group_minima(scores, n, minima);
			for (size_t group = 0; group < gemm_ngroups(n); group++)
			{
				size_t first = group / GEMM_GROUPS * GEMM_SCORES_STEP + group % GEMM_GROUPS;
				float least = INFINITY;

				for (size_t i = first; i < first + GEMM_SCORES_STEP; i += GEMM_GROUPS)
					least = scores[i] < least ? scores[i] : least;
				CHECK(minima[group] == least, "%s n %zu group %zu", vdb_simd_name(level), n, group);
			}
			free(minima);
			free(scores);
		}
	}
}

/* Squared distances and sums of rows against doubles, up to guard pages. */
static void
distance_and_sums(void)
{
	FOR_EACH_LEVEL(ops)
	{
		for (size_t s = 0; s < SHAPES; s++)
		{
			size_t n;
			size_t k;
			size_t d;
			double *sum;
			uint32_t *index;
			Product p;

			shape(s, &n, &k, &d);
			product_make(&p, n, 1, d, false);
			sum = exact_alloc(d * sizeof(double));
			index = exact_alloc(n * sizeof(uint32_t));
			memset(sum, 0, d * sizeof(double));
			for (size_t i = 0; i < n; i++)
			{
				double exact = 0.0;
				float got = ops->dist2(p.points + i * d, 0.5f, p.centroids, d);

				index[i] = (uint32_t) (n - 1 - i);
				for (size_t j = 0; j < d; j++)
				{
					double diff = 0.5 * p.points[i * d + j] - p.centroids[j];

					exact += diff * diff;
				}
				CHECK(fabs(got - exact) <= (double) (d + 4) * 0x1p-24 * exact,
					  "%s dims %zu: %.9g, not %.9g", vdb_simd_name(level), d, got, exact);
			}
			ops->sum_rows(p.points, index, n, d, 0.5f, sum);
			for (size_t j = 0; j < d; j++)
			{
				double exact = 0.0;
				double magnitude = 0.0;

				for (size_t i = 0; i < n; i++)
				{
					exact += 0.5 * p.points[i * d + j];
					magnitude += 0.5 * fabs(p.points[i * d + j]);
				}
				CHECK(fabs(sum[j] - exact) <= 4 * 0x1p-24 * magnitude,
					  "%s n %zu dims %zu: %g, not %g", vdb_simd_name(level), n, d, sum[j], exact);
			}
			free(sum);
			free(index);
			product_free(&p);
		}
	}
}

/* The sum of equal rows is exact, so that the mean of duplicates is the point itself. */
static void
sums_of_equal_rows_are_exact(void)
{
	FOR_EACH_LEVEL(ops)
	{
		float x[19];
		uint32_t zeros[70] = {0};

		for (size_t j = 0; j < 19; j++)
			x[j] = test_random_normal();
		for (size_t n = 1; n <= 70; n++)
		{
			double sum[19] = {0};

			ops->sum_rows(x, zeros, n, 19, 1.0f, sum);
			for (size_t j = 0; j < 19; j++)
				CHECK((float) (sum[j] / (double) n) == x[j], "%s n %zu", vdb_simd_name(level), n);
		}
	}
}

/* The bounds of gemm.h hold for the level. */
static void
tiles_within_bounds(void)
{
	FOR_EACH_LEVEL(ops)
	{
		CHECK(ops->simd == (VdbSimd) level, "level %d", level);
		CHECK(ops->rows <= GEMM_MAX_ROWS && ops->rows >= 2, "%d rows", ops->rows);
		CHECK(GEMM_MAX_COLS % ops->cols == 0, "%d columns", ops->cols);
	}
	CHECK(gemm_ops((VdbSimd) -1) == NULL && gemm_ops(VDB_SIMD_COUNT) == NULL,
		  "levels that are none");
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(tiles_within_bounds);
	TEST_RUN(argmin_is_nearest);
	TEST_RUN(argmin_is_exact_on_whole_numbers);
	TEST_RUN(argmin_by_index_and_in_parts);
	TEST_RUN(scores_agree_with_argmin);
	TEST_RUN(group_minima_are_least);
	TEST_RUN(distance_and_sums);
	TEST_RUN(sums_of_equal_rows_are_exact);
	return test_end();
}
