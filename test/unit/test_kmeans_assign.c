/*-------------------------------------------------------------------------
 *
 * test_kmeans_assign.c
 *	  Tests of nearest-centroid assignment, on every level.
 *
 * NOTES
 *	  All workspaces have exactly the size that the size functions return, so that
 *	  AddressSanitizer sees an overrun.
 *
 * IDENTIFICATION
 *	  test/unit/test_kmeans_assign.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include <float.h>
#include "kmeans_data.h"

/* Flat assignment finds the nearest centroid and its distance, at odd shapes. */
static void
assignment_is_nearest(void)
{
	static const int dims_of[] = {1, 3, 16, 31, 100, 257, 600};
	static const int lists_of[] = {1, 2, 13, 33, 100, 1024};

	FOR_EACH_LEVEL
	{
		for (size_t c = 0; c < sizeof(dims_of) / sizeof(dims_of[0]); c++)
			for (size_t l = 0; l < sizeof(lists_of) / sizeof(lists_of[0]); l++)
			{
				int dims = dims_of[c];
				int nlists = lists_of[l];
				size_t n = 1 + test_random_below(nlists > 100 ? 20 : 600);
				float *points = normal_points(n, dims);
				float *centroids = normal_points((size_t) nlists, dims);
				uint32_t *list = exact_alloc(n * sizeof(uint32_t));
				float *dist2 = exact_alloc(n * sizeof(float));

				assign_all(points, n, dims, centroids, nlists, list, dist2);
				for (size_t i = 0; i < n; i++)
				{
					const float *x = points + i * (size_t) dims;
					double best;
					double d;

					(void) nearest(x, centroids, nlists, dims, &best);
					REQUIRE(list[i] < (uint32_t) nlists, "list %u", list[i]);
					d = distance2(x, centroids + list[i] * (size_t) dims, dims);
					CHECK(d <= best + 1e-5 * (best + dims), "%s dims %d lists %d: %g, not %g",
						  vdb_simd_name(level), dims, nlists, d, best);
					CHECK(dist2[i] >= 0.0f && fabs(d - dist2[i]) <= 1e-5 * d,
						  "%s dims %d: distance %g, not %g", vdb_simd_name(level), dims, dist2[i],
						  d);
				}
				free(points);
				free(centroids);
				free(list);
				free(dist2);
			}
	}
}

/* Of equal centroids the first one is found, on one and on two levels. */
static void
ties_go_to_the_lower_list(void)
{
	static const int lists_of[] = {64, 1000, 3000};

	FOR_EACH_LEVEL
	{
		for (size_t l = 0; l < sizeof(lists_of) / sizeof(lists_of[0]); l++)
		{
			enum
			{
				DIMS = 70, /* enough for every kernel */
				N = 300
			};
			int nlists = lists_of[l];
			int distinct = nlists / 4;
			float *centroids = normal_points((size_t) nlists, DIMS);
			float *points = normal_points(N, DIMS);
			uint32_t list[N];
			float dist2[N];

			for (int j = distinct; j < nlists; j++)
				memcpy(centroids + j * DIMS, centroids + j % distinct * DIMS, DIMS * sizeof(float));
			assign_all(points, N, DIMS, centroids, nlists, list, dist2);
			for (int i = 0; i < N; i++)
				CHECK(list[i] < (uint32_t) distinct, "%s: list %u of %d", vdb_simd_name(level),
					  list[i], nlists);

			/* nothing but one value: a single cell */
			for (int j = 1; j < nlists; j++)
				memcpy(centroids + j * DIMS, centroids, DIMS * sizeof(float));
			assign_all(points, N, DIMS, centroids, nlists, list, dist2);
			for (int i = 0; i < N; i++)
				CHECK(list[i] == 0, "%s: list %u of %d", vdb_simd_name(level), list[i], nlists);
			free(centroids);
			free(points);
		}
	}
}

/*
 * Points halfway between two centroids of a grid, which may be in different cells, go to the
 * lower of the two; whole numbers make the tie exact.
 */
static void
ties_between_cells(void)
{
	enum
	{
		DIMS = 64, /* enough for every kernel; only two are used */
		SIDE = 40,
		LISTS = SIDE * SIDE
	};
	uint32_t number[LISTS]; /* list at each place of the grid */
	float *centroids = exact_alloc(LISTS * DIMS * sizeof(float));
	float *points = exact_alloc(LISTS * DIMS * sizeof(float));
	uint32_t *list = exact_alloc(LISTS * sizeof(uint32_t));
	float *dist2 = exact_alloc(LISTS * sizeof(float));

	for (uint32_t i = 0; i < LISTS; i++)
		number[i] = i;
	for (uint32_t i = LISTS - 1; i > 0; i--)
	{
		uint32_t j = test_random_below(i + 1);
		uint32_t other = number[j];

		number[j] = number[i];
		number[i] = other;
	}
	memset(centroids, 0, LISTS * DIMS * sizeof(float));
	memset(points, 0, LISTS * DIMS * sizeof(float));
	for (int i = 0; i < LISTS; i++)
	{
		centroids[number[i] * DIMS] = (float) (2 * (i % SIDE));
		centroids[number[i] * DIMS + 1] = (float) (2 * (i / SIDE));
		points[i * DIMS] = (float) (2 * (i % SIDE) + (i % SIDE < SIDE - 1));
		points[i * DIMS + 1] = (float) (2 * (i / SIDE));
	}
	FOR_EACH_LEVEL
	{
		assign_all(points, LISTS, DIMS, centroids, LISTS, list, dist2);
		for (int i = 0; i < LISTS; i++)
		{
			uint32_t lower = number[i];

			if (i % SIDE < SIDE - 1 && number[i + 1] < lower)
				lower = number[i + 1];
			CHECK(list[i] == lower, "%s: point %d has list %u, not %u", vdb_simd_name(level), i,
				  list[i], lower);
		}
	}
	free(centroids);
	free(points);
	free(list);
	free(dist2);
}

/* Points that are far larger or smaller than the centroids: right list, no NaN. */
static void
assignment_of_far_points(void)
{
	static const float centroid_scales[] = {1e-30f, 1e-10f, 1.0f, 1e10f, 1e30f};
	static const float point_scales[] = {0.0f, 1e-38f, 1e-20f, 1.0f, 1e18f, 1e38f};
	static const int lists_of[] = {40, 1100};

	FOR_EACH_LEVEL
	{
		for (int c = 0; c < 5; c++)
			for (int p = 0; p < 6; p++)
				for (int l = 0; l < 2; l++)
				{
					enum
					{
						DIMS = 67, /* enough for every kernel */
						N = 40
					};
					int nlists = lists_of[l];
					float *centroids = normal_points((size_t) nlists, DIMS);
					float *points = normal_points(N, DIMS);
					uint32_t list[N];
					float dist2[N];

					for (int i = 0; i < nlists * DIMS; i++)
						centroids[i] *= centroid_scales[c];
					for (int i = 0; i < N * DIMS; i++)
						points[i] = fmaxf(-3.0f, fminf(3.0f, points[i])) * point_scales[p];
					assign_all(points, N, DIMS, centroids, nlists, list, dist2);
					for (int i = 0; i < N; i++)
					{
						double best;
						double d;

						(void) nearest(points + i * DIMS, centroids, nlists, DIMS, &best);
						REQUIRE(list[i] < (uint32_t) nlists, "list %u", list[i]);
						d = distance2(points + i * DIMS, centroids + list[i] * DIMS, DIMS);

						/* on two levels only the nearest cells are searched */
						CHECK(l == 1 || d <= best * (1.0 + 1e-4), "%s %g %g: %g, not %g",
							  vdb_simd_name(level), (double) centroid_scales[c],
							  (double) point_scales[p], d, best);
						if (d > FLT_MAX)
							d = FLT_MAX;
						CHECK(fabs(d - dist2[i]) <= 1e-5 * d + FLT_TRUE_MIN, "%s %g %g: %g, not %g",
							  vdb_simd_name(level), (double) centroid_scales[c],
							  (double) point_scales[p], dist2[i], d);
					}
					free(centroids);
					free(points);
				}
	}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(assignment_is_nearest);
	TEST_RUN(ties_go_to_the_lower_list);
	TEST_RUN(ties_between_cells);
	TEST_RUN(assignment_of_far_points);
	return test_end();
}
