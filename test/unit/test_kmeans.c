/*-------------------------------------------------------------------------
 *
 * test_kmeans.c
 *	  Tests of k-means training, on every level.
 *
 * NOTES
 *	  All workspaces have exactly the size that the size functions return, so that
 *	  AddressSanitizer sees an overrun.
 *
 * IDENTIFICATION
 *	  test/unit/test_kmeans.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include <float.h>
#include <setjmp.h>
#include "kmeans_data.h"
#include "cluster/gemm.h"

/* A finished training. */
typedef struct Trained
{
	KmeansParams params;
	KmeansStats stats;
	float *centroids;
} Trained;

/* Mean squared distance of points to their nearest centroids. */
static double
inertia(const float *points, size_t n, const float *centroids, int nlists, int dims)
{
	double sum = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		double d;

		(void) nearest(points + i * (size_t) dims, centroids, nlists, dims, &d);
		sum += d;
	}
	return sum / (double) n;
}

/* Trains with given parameters in exactly sized memory. */
static Trained
train_with(const KmeansParams *params, const float *points)
{
	Trained t = {.params = *params};
	void *workspace = aligned_bytes(kmeans_train_bytes(params));

	t.centroids = exact_alloc((size_t) params->nlists * (size_t) params->dims * sizeof(float));
	kmeans_train(params, points, t.centroids, workspace, &t.stats);
	free(workspace);
	return t;
}

/* Trains with the defaults and a seed from the test's random numbers. */
static Trained
train(const float *points, size_t n, int dims, int nlists)
{
	KmeansParams params;

	kmeans_params_init(&params, dims, n, nlists);
	params.seed = test_random_u64();
	return train_with(&params, points);
}

/* What holds for every result: finite and distinct centroids, sane statistics. */
static void
check_sane(const Trained *t, const char *what)
{
	int dims = t->params.dims;
	size_t wanted = (size_t) t->params.nlists;

	CHECK(t->stats.nlists >= 1 && (size_t) t->stats.nlists <= wanted, "%s: %d lists of %zu", what,
		  t->stats.nlists, wanted);
	CHECK(t->stats.min_points >= 1 && t->stats.min_points <= t->stats.max_points &&
			  t->stats.max_points <= t->params.npoints,
		  "%s: lists of %zu to %zu points", what, t->stats.min_points, t->stats.max_points);
	CHECK(t->stats.mean_dist2 >= 0.0, "%s: mean squared distance %g", what, t->stats.mean_dist2);
	for (int i = 0; i < t->stats.nlists * dims; i++)
		CHECK(isfinite(t->centroids[i]), "%s: coordinate %d is %g", what, i, t->centroids[i]);
	for (int i = 0; i < t->stats.nlists; i++)
		for (int j = i + 1; j < t->stats.nlists; j++)
		{
			int k = 0;

			while (k < dims && t->centroids[i * dims + k] == t->centroids[j * dims + k])
				k++;
			CHECK(k < dims, "%s: centroids %d and %d are equal", what, i, j);
		}
}

/* Well separated blobs get one centroid each, their mean. */
static void
blobs_are_recovered(void)
{
	enum
	{
		BLOBS = 20,
		DIMS = 24,
		N = 2000
	};
	float *points = exact_alloc(N * DIMS * sizeof(float));
	double mean[BLOBS][DIMS] = {{0}};
	int count[BLOBS] = {0};
	float *centres = normal_points(BLOBS, DIMS);

	for (int i = 0; i < N; i++)
	{
		int blob = (int) test_random_below(BLOBS);

		count[blob]++;
		for (int k = 0; k < DIMS; k++)
		{
			points[i * DIMS + k] = centres[blob * DIMS + k] + 0.01f * test_random_normal();
			mean[blob][k] += points[i * DIMS + k];
		}
	}
	FOR_EACH_LEVEL
	{
		Trained t = train(points, N, DIMS, BLOBS);

		check_sane(&t, "blobs");
		CHECK(t.stats.nlists == BLOBS, "%d lists", t.stats.nlists);
		for (int b = 0; b < BLOBS; b++)
		{
			float exact[DIMS];
			double d;

			for (int k = 0; k < DIMS; k++)
				exact[k] = (float) (mean[b][k] / count[b]);
			(void) nearest(exact, t.centroids, t.stats.nlists, DIMS, &d);
			CHECK(d < 1e-10, "%s: blob %d is %g away", vdb_simd_name(level), b, sqrt(d));
		}
		free(t.centroids);
	}
	free(points);
	free(centres);
}

/* Lloyd's algorithm as plainly as possible, from random points: 10 iterations. */
static double
naive_lloyd(const float *points, size_t n, int dims, int nlists)
{
	size_t d = (size_t) dims;
	float *centroids = exact_alloc((size_t) nlists * d * sizeof(float));
	double *sums = exact_alloc((size_t) nlists * d * sizeof(double));
	size_t *counts = exact_alloc((size_t) nlists * sizeof(size_t));
	double result;

	for (int j = 0; j < nlists; j++)
		memcpy(centroids + (size_t) j * d, points + test_random_below((uint32_t) n) * d,
			   d * sizeof(float));
	for (int iteration = 0; iteration < 10; iteration++)
	{
		memset(sums, 0, (size_t) nlists * d * sizeof(double));
		memset(counts, 0, (size_t) nlists * sizeof(size_t));
		for (size_t i = 0; i < n; i++)
		{
			double dist2;
			size_t j = nearest(points + i * d, centroids, nlists, dims, &dist2);

			counts[j]++;
			for (size_t k = 0; k < d; k++)
				sums[j * d + k] += points[i * d + k];
		}
		for (size_t j = 0; j < (size_t) nlists; j++)
			for (size_t k = 0; k < d && counts[j] > 0; k++)
				centroids[j * d + k] = (float) (sums[j * d + k] / (double) counts[j]);
	}
	result = inertia(points, n, centroids, nlists, dims);
	free(centroids);
	free(sums);
	free(counts);
	return result;
}

/* The inertia is not more than 3 % above that of a plain Lloyd, and statistics report it. */
static void
inertia_like_naive_lloyd(void)
{
	static const struct
	{
		int dims;
		int nlists;
		int clusters;
		float spread;
	} cases[] = {{24, 40, 200, 0.3f}, {9, 45, 1, 1.0f}, {33, 20, 60, 0.5f}};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
	{
		enum
		{
			N = 1500,
			RUNS = 5 /* single runs differ by up to 2 % */
		};
		int dims = cases[c].dims;
		float *points = mixture(N, dims, cases[c].clusters, cases[c].spread);
		double naive = 0.0;

		for (int i = 0; i < RUNS; i++)
			naive += naive_lloyd(points, N, dims, cases[c].nlists) / RUNS;
		FOR_EACH_LEVEL
		{
			double ours = 0.0;

			for (int i = 0; i < RUNS; i++)
			{
				Trained t = train(points, N, dims, cases[c].nlists);
				double exact = inertia(points, N, t.centroids, t.stats.nlists, dims);

				check_sane(&t, "mixture");
				CHECK(t.stats.nlists == cases[c].nlists, "%d lists", t.stats.nlists);
				CHECK(exact <= t.stats.mean_dist2 * (1.0 + 1e-5) &&
						  exact >= t.stats.mean_dist2 * 0.97,
					  "%s case %zu: %g reported, %g found", vdb_simd_name(level), c,
					  t.stats.mean_dist2, exact);
				ours += exact / RUNS;
				free(t.centroids);
			}
			CHECK(ours <= 1.03 * naive, "%s case %zu: %g, a plain Lloyd gives %g",
				  vdb_simd_name(level), c, ours, naive);
		}
		free(points);
	}
}

/* With more iterations from the same seed, the inertia falls or stays. */
static void
inertia_falls(void)
{
	float *points = mixture(2000, 20, 50, 0.4f);

	FOR_EACH_LEVEL
	{
		double previous = INFINITY;

		for (int iterations = 1; iterations <= 12; iterations++)
		{
			KmeansParams params;
			Trained t;

			kmeans_params_init(&params, 20, 2000, 70);
			params.fine_iterations = iterations;
			t = train_with(&params, points);
			CHECK(t.stats.mean_dist2 <= previous * 1.01, "%s: %g after %d iterations, %g before",
				  vdb_simd_name(level), t.stats.mean_dist2, iterations, previous);
			CHECK(t.stats.iterations <= iterations, "%d iterations", t.stats.iterations);
			previous = t.stats.mean_dist2;
			free(t.centroids);
		}
	}
	free(points);
}

/* The same seed gives the same bits, in dirty memory too, and leaves the points alone. */
static void
same_seed_same_result(void)
{
	static const int nlists[] = {1, 7, 33, 200, 1100};

	for (size_t c = 0; c < sizeof(nlists) / sizeof(nlists[0]); c++)
	{
		size_t n = 3000;
		int dims = 13;
		float *points = mixture(n, dims, 30, 0.5f);
		float *before = exact_copy(points, n * (size_t) dims * sizeof(float));
		KmeansParams params;

		kmeans_params_init(&params, dims, n, nlists[c]);
		params.seed = test_random_u64();
		FOR_EACH_LEVEL
		{
			Trained first = train_with(&params, points);
			Trained second = {.params = params};
			size_t bytes = kmeans_train_bytes(&params);
			void *workspace = aligned_bytes(bytes);

			second.centroids = exact_alloc((size_t) nlists[c] * (size_t) dims * sizeof(float));
			memset(workspace, 0xff, bytes);
			kmeans_train(&params, points, second.centroids, workspace, &second.stats);
			CHECK(first.stats.nlists == second.stats.nlists &&
					  first.stats.mean_dist2 == second.stats.mean_dist2,
				  "%s: statistics differ", vdb_simd_name(level));
			CHECK(memcmp(first.centroids, second.centroids,
						 (size_t) first.stats.nlists * (size_t) dims * sizeof(float)) == 0,
				  "%s, %d lists: centroids differ", vdb_simd_name(level), nlists[c]);
			free(workspace);
			free(first.centroids);
			free(second.centroids);
		}
		CHECK(memcmp(points, before, n * (size_t) dims * sizeof(float)) == 0, "points changed");
		free(points);
		free(before);
	}
}

/* Tiny and degenerate inputs. */
static void
degenerate_inputs(void)
{
	FOR_EACH_LEVEL
	{
		static const int dims_of[] = {1, 2, 50};

		for (size_t c = 0; c < sizeof(dims_of) / sizeof(dims_of[0]); c++)
		{
			int dims = dims_of[c];
			size_t d = (size_t) dims;
			float *points = normal_points(500, dims);
			Trained t;

			/* one point, one list; one point, many lists */
			for (int k = 1; k <= 2000; k = k * 7 + 3)
			{
				t = train(points, 1, dims, k);
				check_sane(&t, "one point");
				CHECK(t.stats.nlists == 1, "%d lists", t.stats.nlists);
				CHECK(memcmp(t.centroids, points, d * sizeof(float)) == 0, "not the point");
				free(t.centroids);
			}

			/* one list: the mean */
			t = train(points, 500, dims, 1);
			check_sane(&t, "one list");
			for (size_t k = 0; k < d; k++)
			{
				double mean = 0.0;

				for (size_t i = 0; i < 500; i++)
					mean += points[i * d + k] / 500.0;
				CHECK(fabs(mean - t.centroids[k]) < 1e-6, "%g, not %g", t.centroids[k], mean);
			}
			CHECK(t.stats.min_points == 500 && t.stats.max_points == 500, "all points in it");
			free(t.centroids);

			/* as many lists as points, and more: the points themselves */
			for (int k = 500; k <= 1500; k += 500)
			{
				t = train(points, 500, dims, k);
				check_sane(&t, "a list each");
				CHECK(t.stats.nlists == 500 || dims == 1, "%d lists", t.stats.nlists);
				CHECK(k == 500 || t.stats.mean_dist2 == 0.0, "distance %g", t.stats.mean_dist2);
				free(t.centroids);
			}

			/* all equal */
			for (size_t i = 1; i < 500; i++)
				memcpy(points + i * d, points, d * sizeof(float));
			for (int k = 1; k <= 2000; k = k * 7 + 3)
			{
				t = train(points, 500, dims, k);
				check_sane(&t, "all equal");
				CHECK(t.stats.nlists == 1 && t.stats.mean_dist2 == 0.0, "%d lists", t.stats.nlists);
				CHECK(memcmp(t.centroids, points, d * sizeof(float)) == 0, "not the point");
				CHECK(t.stats.max_points == 500, "%zu points", t.stats.max_points);
				free(t.centroids);
			}

			/* all zero, with both signs */
			for (size_t i = 0; i < 500 * d; i++)
				points[i] = i % 3 ? 0.0f : -0.0f;
			t = train(points, 500, dims, 5);
			check_sane(&t, "zero");
			CHECK(t.stats.nlists == 1 && t.stats.mean_dist2 == 0.0, "%d lists", t.stats.nlists);
			free(t.centroids);
			free(points);
		}
	}
}

/* Few distinct points, each many times: never two equal centroids, all found if asked for. */
static void
duplicates(void)
{
	FOR_EACH_LEVEL
	{
		static const int lists[] = {10, 36, 37, 38, 200, 1200};

		for (size_t c = 0; c < sizeof(lists) / sizeof(lists[0]); c++)
		{
			enum
			{
				DISTINCT = 37,
				DIMS = 21,
				N = 3000
			};
			float *values = normal_points(DISTINCT, DIMS);
			float *points = exact_alloc(N * DIMS * sizeof(float));
			Trained t;

			/* half of the points are the first value */
			for (int i = 0; i < N; i++)
			{
				uint32_t value = i % 2 ? 0 : test_random_below(DISTINCT);

				memcpy(points + i * DIMS, values + value * DIMS, DIMS * sizeof(float));
			}
			t = train(points, N, DIMS, lists[c]);
			check_sane(&t, "duplicates");
			CHECK(t.stats.nlists == (lists[c] < DISTINCT ? lists[c] : DISTINCT),
				  "%s: %d of %d lists", vdb_simd_name(level), t.stats.nlists, lists[c]);
			CHECK(lists[c] < DISTINCT || t.stats.mean_dist2 < 1e-12, "distance %g",
				  t.stats.mean_dist2);
			free(t.centroids);
			free(values);
			free(points);
		}
	}
}

/* Half of the points are copies of five: enough distinct ones for two levels remain. */
static void
duplicates_on_two_levels(void)
{
	enum
	{
		DIMS = 6,
		N = 8000
	};
	float *points = normal_points(N, DIMS);

	for (int i = 0; i < N; i += 2)
		memcpy(points + i * DIMS, points + (1 + 2 * (i / 2 % 5)) * DIMS, DIMS * sizeof(float));
	FOR_EACH_LEVEL
	{
		for (int refine = 0; refine <= 2; refine += 2)
		{
			KmeansParams params;
			Trained t;

			kmeans_params_init(&params, DIMS, N, 1500);
			params.refine_iterations = refine;
			t = train_with(&params, points);
			check_sane(&t, "duplicates on two levels");
			CHECK(t.stats.nlists == 1500, "%s: %d lists", vdb_simd_name(level), t.stats.nlists);
			CHECK(t.stats.max_points >= N / 10, "copies stay together: %zu", t.stats.max_points);
			free(t.centroids);
		}
	}
	free(points);
}

/*
 * Half of the points in a dense cluster, which gets few seeds: every list has points, and the
 * cluster is divided among several.
 */
static void
oversized_lists_are_split(void)
{
	enum
	{
		DIMS = 3,
		N = 6000
	};
	float *points = normal_points(N, DIMS);

	for (int i = 0; i < N; i++)
		for (int k = 0; k < DIMS; k++)
			points[i * DIMS + k] *= i % 2 == 0 ? 10.0f : 0.02f;
	FOR_EACH_LEVEL
	{
		for (int nlists = 30; nlists <= 90; nlists += 60)
		{
			Trained t = train(points, N, DIMS, nlists);

			check_sane(&t, "oversized");
			CHECK(t.stats.nlists == nlists, "%d lists", t.stats.nlists);
			CHECK(t.stats.max_points <= N / 3, "%s: a list of %zu, the mean is %d",
				  vdb_simd_name(level), t.stats.max_points, N / nlists);
			free(t.centroids);
		}
	}
	free(points);
}

/* Multiplying by a power of two changes nothing else; extreme magnitudes stay finite. */
static void
magnitudes(void)
{
	static const int exponents[] = {-100, -60, 60, 100, 120};
	size_t n = 1500;
	int dims = 18;
	size_t values = n * (size_t) dims;
	float *points = mixture(n, dims, 20, 0.3f);
	float *scaled = exact_alloc(values * sizeof(float));

	FOR_EACH_LEVEL
	{
		KmeansParams params;
		Trained plain;
		Trained t;

		kmeans_params_init(&params, dims, n, 50);
		plain = train_with(&params, points);
		for (size_t e = 0; e < sizeof(exponents) / sizeof(exponents[0]); e++)
		{
			bool equal = true;

			for (size_t i = 0; i < values; i++)
				scaled[i] = ldexpf(points[i], exponents[e]);
			t = train_with(&params, scaled);
			check_sane(&t, "power of two");
			CHECK(t.stats.nlists == plain.stats.nlists, "%d lists", t.stats.nlists);
			for (int i = 0; i < plain.stats.nlists * dims; i++)
				equal = equal && t.centroids[i] == ldexpf(plain.centroids[i], exponents[e]);
			CHECK(equal, "%s: 2^%d gives other centroids", vdb_simd_name(level), exponents[e]);
			CHECK(t.stats.mean_dist2 == ldexp(plain.stats.mean_dist2, 2 * exponents[e]),
				  "%s: 2^%d gives %g", vdb_simd_name(level), exponents[e], t.stats.mean_dist2);
			free(t.centroids);
		}

		/* every magnitude at once */
		for (size_t i = 0; i < values; i++)
			scaled[i] = points[i] * powf(10.0f, (float) (i % 61) - 30.0f);
		t = train_with(&params, scaled);
		check_sane(&t, "mixed magnitudes");
		free(t.centroids);
		for (size_t i = 0; i < values; i++)
			scaled[i] = i % 2 ? FLT_MAX : i % 3 ? -FLT_MAX : points[i];
		t = train_with(&params, scaled);
		check_sane(&t, "largest floats");
		free(t.centroids);
		for (size_t i = 0; i < values; i++)
			scaled[i] = (float) (int) (test_random_below(9) - 4) * FLT_TRUE_MIN;
		t = train_with(&params, scaled);
		check_sane(&t, "smallest floats");
		free(t.centroids);

		/* neighbouring floats, which the products cannot tell apart: means may round to one */
		for (int range = 4; range <= 64; range += 4)
		{
			for (size_t i = 0; i < n; i++)
				scaled[i] = 1.0f + (float) test_random_below((uint32_t) range) * FLT_EPSILON;
			t = train(scaled, n / 2, 2, 2 + range / 2);
			check_sane(&t, "neighbouring floats");
			free(t.centroids);
		}
		free(plain.centroids);
	}
	free(points);
	free(scaled);
}

/* Flat Lloyd over more lists than kmeans_train() does flat: 6 iterations, best level. */
static double
flat_lloyd(const float *points, size_t n, int dims, int nlists)
{
	const GemmOps *ops = gemm_ops(vdb_simd_best());
	size_t d = (size_t) dims;
	size_t k = (size_t) nlists;
	float *centroids = exact_alloc(k * d * sizeof(float));
	double *sums = exact_alloc(k * d * sizeof(double));
	size_t *counts = exact_alloc(k * sizeof(size_t));
	float *rows = aligned_bytes(gemm_rows_floats(n, d) * sizeof(float));
	float *tiles = aligned_bytes(gemm_tiles_floats(n) * sizeof(float));
	float *panels = aligned_bytes(gemm_cols_floats(k, d) * sizeof(float));
	float *norms = aligned_bytes(gemm_round_cols(k) * sizeof(float));
	float *best = exact_alloc(n * sizeof(float));
	uint32_t *arg = exact_alloc(n * sizeof(uint32_t));
	double result = 0.0;

	for (size_t j = 0; j < k; j++)
		memcpy(centroids + j * d, points + j * (n / k) * d, d * sizeof(float));
	ops->pack_rows(points, NULL, n, d, 1.0f, rows);
	for (int iteration = 0; iteration < 6; iteration++)
	{
		memset(sums, 0, k * d * sizeof(double));
		memset(counts, 0, k * sizeof(size_t));
		ops->pack_cols(centroids, NULL, k, d, panels, norms);
		for (size_t i = 0; i < n; i++)
			best[i] = INFINITY;
		ops->argmin(rows, n, panels, norms, k, d, 0, tiles, best, arg);
		for (size_t i = 0; i < n; i++)
		{
			counts[arg[i]]++;
			for (size_t l = 0; l < d; l++)
				sums[arg[i] * d + l] += points[i * d + l];
		}
		for (size_t j = 0; j < k; j++)
			for (size_t l = 0; l < d && counts[j] > 0; l++)
				centroids[j * d + l] = (float) (sums[j * d + l] / (double) counts[j]);
	}
	for (size_t i = 0; i < n; i++)
		result += distance2(points + i * d, centroids + arg[i] * d, dims) / (double) n;
	free(centroids);
	free(sums);
	free(counts);
	free(rows);
	free(tiles);
	free(panels);
	free(norms);
	free(best);
	free(arg);
	return result;
}

/* 1,500 lists go through coarse cells: nearly as good as flat, and assignment finds the nearest. */
static void
two_levels(void)
{
	enum
	{
		DIMS = 8,
		N = 20000,
		LISTS = 1500
	};
	float *points = mixture(N, DIMS, 200, 0.4f);
	uint32_t *list = exact_alloc(N * sizeof(uint32_t));
	float *dist2 = exact_alloc(N * sizeof(float));
	double flat = flat_lloyd(points, N, DIMS, LISTS);

	FOR_EACH_LEVEL
	{
		Trained t = train(points, N, DIMS, LISTS);
		int agree = 0;

		check_sane(&t, "two levels");
		CHECK(t.stats.nlists == LISTS, "%d lists", t.stats.nlists);
		CHECK(t.stats.mean_dist2 <= 1.15 * flat, "%s: %g, flat %g", vdb_simd_name(level),
			  t.stats.mean_dist2, flat);
		assign_all(points, N, DIMS, t.centroids, LISTS, list, dist2);
		for (int i = 0; i < N; i += 20)
		{
			double best;
			const float *x = points + i * DIMS;
			uint32_t exact = nearest(x, t.centroids, LISTS, DIMS, &best);
			double d;

			REQUIRE(list[i] < LISTS, "list %u", list[i]);
			d = distance2(x, t.centroids + list[i] * DIMS, DIMS);
			agree += list[i] == exact || d <= best * (1.0 + 1e-5);
			CHECK(fabs(d - dist2[i]) <= 1e-5 * d, "%g, not %g", dist2[i], d);
		}
		CHECK(agree >= N / 20 * 98 / 100, "%s: %d of %d agree", vdb_simd_name(level), agree,
			  N / 20);
		free(t.centroids);
	}

	/* the refinement is what makes it so good */
	{
		KmeansParams params;
		Trained plain;
		Trained refined;

		kmeans_select(vdb_simd_best());
		kmeans_params_init(&params, DIMS, N, LISTS);
		refined = train_with(&params, points);
		params.refine_iterations = 0;
		plain = train_with(&params, points);
		CHECK(refined.stats.mean_dist2 < 0.98 * plain.stats.mean_dist2, "%g refined, %g without",
			  refined.stats.mean_dist2, plain.stats.mean_dist2);
		free(plain.centroids);
		free(refined.centroids);
	}
	free(points);
	free(list);
	free(dist2);
}

/* What the callback saw. */
typedef struct Watch
{
	long calls;
	long leave_at; /* leaves by longjmp at this call; 0 never */
	double last;
	bool ordered; /* fractions within 0..1 and never falling */
	jmp_buf back;
} Watch;

/* A KmeansCallback. */
static void
watch_callback(void *arg, double done)
{
	Watch *watch = arg;

	watch->calls++;
	if (!(done >= watch->last && done <= 1.0))
		watch->ordered = false;
	watch->last = done;
	if (watch->calls == watch->leave_at)
		longjmp(watch->back, 1);
}

/* The callback is called often, with a rising fraction that ends at 1, and may not return. */
static void
callback_reports_progress(void)
{
	static const int lists_of[] = {400, 1200};
	size_t n = 4000;
	int dims = 32;
	float *points = mixture(n, dims, 100, 0.5f);

	kmeans_select(vdb_simd_best());
	for (int l = 0; l < 2; l++)
	{
		KmeansParams params;
		Watch watch = {.ordered = true};
		Trained t;
		void *workspace;
		float *centroids = exact_alloc((size_t) lists_of[l] * (size_t) dims * sizeof(float));

		kmeans_params_init(&params, dims, n, lists_of[l]);
		params.callback = watch_callback;
		params.callback_arg = &watch;
		t = train_with(&params, points);
		CHECK(watch.calls >= 10, "%ld calls", watch.calls);
		CHECK(watch.ordered && watch.last == 1.0, "last fraction %g", watch.last);
		free(t.centroids);

		workspace = aligned_bytes(kmeans_train_bytes(&params));
		watch = (Watch){.ordered = true, .leave_at = 5};
		if (setjmp(watch.back) == 0)
		{
			kmeans_train(&params, points, centroids, workspace, &t.stats);
			CHECK(false, "training went on");
		}
		CHECK(watch.calls == 5, "%ld calls", watch.calls);
		free(workspace);
		free(centroids);
	}

	/* the index of many lists too */
	{
		Watch watch = {.ordered = true};
		void *memory = aligned_bytes(kmeans_index_bytes(dims, (int) n));

		(void) kmeans_index_init(memory, dims, (int) n, points, 1, watch_callback, &watch);
		CHECK(watch.calls >= 3 && watch.ordered, "%ld calls", watch.calls);
		free(memory);
	}
	free(points);
}

/* Parameters out of the ordinary: no iterations, the largest number of dimensions. */
static void
odd_parameters(void)
{
	FOR_EACH_LEVEL
	{
		float *points = normal_points(2500, 7);
		float *wide = normal_points(40, 16000);
		Trained t;
		KmeansParams params;

		for (int nlists = 10; nlists <= 1200; nlists += 1190)
		{
			kmeans_params_init(&params, 7, 2500, nlists);
			params.coarse_iterations = 0;
			params.fine_iterations = 0;
			params.refine_iterations = 0;
			t = train_with(&params, points);
			check_sane(&t, "no iterations");
			CHECK(t.stats.nlists == nlists, "%d lists", t.stats.nlists);
			free(t.centroids);
		}
		t = train(wide, 40, 16000, 6);
		check_sane(&t, "16,000 dimensions");
		CHECK(t.stats.nlists == 6, "%d lists", t.stats.nlists);
		free(t.centroids);
		free(points);
		free(wide);
	}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(blobs_are_recovered);
	TEST_RUN(inertia_like_naive_lloyd);
	TEST_RUN(inertia_falls);
	TEST_RUN(same_seed_same_result);
	TEST_RUN(degenerate_inputs);
	TEST_RUN(duplicates);
	TEST_RUN(duplicates_on_two_levels);
	TEST_RUN(oversized_lists_are_split);
	TEST_RUN(magnitudes);
	TEST_RUN(two_levels);
	TEST_RUN(callback_reports_progress);
	TEST_RUN(odd_parameters);
	return test_end();
}
