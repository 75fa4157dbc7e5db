/*-------------------------------------------------------------------------
 *
 * test_gemm_bf16.c
 *	  Tests of the bfloat16 products: the bound, the contenders, and who wins in float32.
 *
 * NOTES
 *	  Every kernel of this CPU, and that of AMX on tile registers in plain C.  The packing
 *	  needs AVX512_BF16; without it all cases are skipped.
 *
 *	  The bound is sound if the score of a column in float64 lies between what is reported for
 *	  it alone: its lowest value and the limit.
 *
 * IDENTIFICATION
 *	  test/unit/test_gemm_bf16.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "gemm_data.h"
#include "kmeans_data.h"
#include "cluster/kmeans_internal.h"
#include "port/vdb_target.h"

#ifdef VDB_ARCH_X86

#include "amx_emulation.h"
#include "cluster/gemm_amx_template.h"

static GemmBf16 kernels_of[3];
static int nkernels;

/* What there is to test. */
static void
find_kernels(void)
{
	if (!vdb_cpu_has(VDB_CPU_AVX512_BF16))
		return;
	kernels_of[nkernels++] = gemm_bf16_avx512;
	kernels_of[nkernels] = gemm_bf16_amx;
	kernels_of[nkernels].name = "amx in plain C";
	kernels_of[nkernels++].product = amx_product;
	if (vdb_cpu_has(VDB_CPU_AMX_BF16))
		kernels_of[nkernels++] = gemm_bf16_amx;
	else
		printf("# SKIP amx_bf16: not supported by this CPU, or not permitted\n");
}

#define NEEDS_KERNELS                                                                              \
	if (nkernels == 0)                                                                             \
	TEST_SKIP("this CPU has no AVX512_BF16")

/* Numbers to fill points and centroids with. */
typedef enum Fill
{
	FILL_NORMAL,
	FILL_WHOLE, /* -2 .. 2 */
	FILL_FAR,	/* far from the origin compared with their spread */
	FILL_LOST,	/* all lose nearly half a unit of bfloat16 in the same direction */
	FILL_MIXED, /* magnitudes from 2^-40 to 1 */
	FILL_TINY,	/* products underflow, some numbers are subnormal */
	FILL_EXACT, /* numbers of bfloat16: nothing is lost but in the sums */
	FILL_CLOSE, /* centroids differ in their last bits; see product_make() */
	FILL_COUNT
} Fill;

/* One number. */
static float
number(Fill fill)
{
	switch (fill)
	{
		case FILL_WHOLE:
			return (float) test_random_below(5) - 2.0f;
		case FILL_FAR:
			return 1.0f + 1e-3f * test_random_normal();
		case FILL_LOST:
			return (1.0f + 0x1p-8f - 0x1p-20f) * (float) (1 + test_random_below(2));
		case FILL_MIXED:
			return ldexpf(test_random_normal(), -(int) test_random_below(41));
		case FILL_TINY:
			return ldexpf(test_random_normal(), -60 - (int) test_random_below(85));
		case FILL_EXACT:
			return ldexpf((float) ((int) test_random_below(511) - 255),
						  -(int) test_random_below(24));
		default:
			return test_random_normal();
	}
}

/*
 * Shapes: tiles, panels and slices, one more or less; dimensions that fill no pair and no vector.
 */
static const struct
{
	size_t npoints;
	size_t ncols;
	size_t dims;
} shapes[] = {
	{1, 1, 64},		{7, 15, 65},   {8, 16, 66},	   {14, 17, 95},   {15, 32, 96},  {28, 33, 97},
	{29, 31, 127},	{13, 64, 128}, {43, 65, 129},  {100, 20, 511}, {30, 40, 512}, {29, 10, 513},
	{31, 50, 1023}, {9, 96, 1024}, {16, 100, 784}, {5, 3, 1537},   {3, 2, 4097},  {1, 2, 16000},
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* Fills and packs a product. */
static void
product_make(Product *p, size_t shape, Fill fill)
{
	size_t d = shapes[shape].dims;

	product_alloc(p, shapes[shape].npoints, shapes[shape].ncols, d,
				  gemm_bf16_rows_floats(shapes[shape].npoints, d));
	for (size_t i = 0; i < p->npoints * d; i++)
		p->points[i] = number(fill);
	for (size_t i = 0; i < p->ncols * d; i++)
		p->centroids[i] = fill == FILL_CLOSE && i >= d
							  ? p->centroids[i - d] * (1.0f + 0x1p-20f * test_random_normal())
							  : number(fill);
	p->limit = aligned_bytes(p->npoints * sizeof(float));
	p->hits = exact_alloc(p->npoints * GEMM_BF16_COLS * sizeof(GemmHit));
	kernels_of[0].pack_rows(p->points, NULL, p->npoints, d, 1.0f, p->rows);
	kernels_of[0].pack_cols(p->centroids, NULL, p->ncols, d, p->panels, p->norms);
}

/* |c|^2 - 2 x.c in float64 */
static double
exact_score(const Product *p, size_t i, size_t j)
{
	double score = 0.0;

	for (size_t k = 0; k < p->dims; k++)
	{
		double x = p->points[i * p->dims + k];
		double c = p->centroids[j * p->dims + k];

		score += c * c - 2.0 * x * c;
	}
	return score;
}

/* Runs the kernels over a panel of the product. */
static size_t
panel_hits(const Product *p, const GemmBf16 *kernels, size_t first)
{
	size_t cols = p->ncols - first < GEMM_BF16_COLS ? p->ncols - first : GEMM_BF16_COLS;

	return kernels->contenders(kernels->product, p->rows, p->npoints, p->panels + first * p->dims,
							   p->norms + first, cols, p->dims, (uint32_t) first, p->tiles,
							   p->limit, p->hits);
}

/* The exact score of a column that stands alone lies between its lowest value and the limit. */
static void
bound_is_sound(void)
{
	NEEDS_KERNELS;
	for (int fill = 0; fill < FILL_COUNT; fill++)
		for (size_t s = 0; s < SHAPES; s++)
		{
			Product p;
			float *panels;
			float *norms;

			product_make(&p, s, (Fill) fill);
			panels = aligned_bytes(gemm_cols_floats(1, p.dims) * sizeof(float));
			norms = aligned_bytes(gemm_round_cols(1) * sizeof(float));
			for (int kernel = 0; kernel < nkernels; kernel++)
				for (uint32_t j = 0; j < p.ncols; j += 7)
				{
					const GemmBf16 *k = &kernels_of[kernel];
					size_t n;

					k->pack_cols(p.centroids, &j, 1, p.dims, panels, norms);
					for (size_t i = 0; i < p.npoints; i++)
						p.limit[i] = INFINITY;
					n = k->contenders(k->product, p.rows, p.npoints, panels, norms, 1, p.dims, j,
									  p.tiles, p.limit, p.hits);
					REQUIRE(n == p.npoints, "%s: %zu hits of %zu points", k->name, n, p.npoints);
					for (size_t i = 0; i < n; i++)
					{
						double score = exact_score(&p, i, j);

						CHECK(p.hits[i].row == i && p.hits[i].column == j, "%s: hit %u %u", k->name,
							  p.hits[i].row, p.hits[i].column);
						CHECK(p.hits[i].lowest <= score && score <= p.limit[i],
							  "%s fill %d dims %zu: %g not in %g .. %g", k->name, fill, p.dims,
							  score, p.hits[i].lowest, p.limit[i]);
					}
				}
			free(panels);
			free(norms);
			product_free(&p);
		}
}

/*
 * Normal data leave few contenders: the interval around a score is no wider than 1 % of the
 * norms.  A bound that is sound but useless would pass the other cases.
 */
static void
bound_is_tight(void)
{
	NEEDS_KERNELS;
	for (size_t s = 0; s + 2 < SHAPES; s++)
	{
		Product p;

		product_make(&p, s, FILL_NORMAL);
		for (size_t i = 0; i < p.npoints; i++)
			p.limit[i] = INFINITY;
		p.ncols = 1;
		(void) panel_hits(&p, &kernels_of[0], 0);
		p.ncols = shapes[s].ncols;
		for (size_t i = 0; i < p.npoints; i++)
		{
			double xx = 0.0;
			double cc = 0.0;

			for (size_t k = 0; k < p.dims; k++)
			{
				xx += (double) p.points[i * p.dims + k] * p.points[i * p.dims + k];
				cc += (double) p.centroids[k] * p.centroids[k];
			}
			CHECK(p.limit[i] - p.hits[i].lowest <= 0.02 * sqrt(xx * cc), "dims %zu: %g of %g",
				  p.dims, p.limit[i] - p.hits[i].lowest, sqrt(xx * cc));
		}
		product_free(&p);
	}
}

/* The nearest centroid by dist2(), the first of equals. */
static uint32_t
nearest_by_dist2(const Product *p, size_t i)
{
	uint32_t nearest = 0;
	float best = INFINITY;

	for (uint32_t j = 0; j < p->ncols; j++)
	{
		float d = gemm_ops_avx512.dist2(p->points + i * p->dims, 1.0f, p->centroids + j * p->dims,
										p->dims);

		if (d < best)
		{
			best = d;
			nearest = j;
		}
	}
	return nearest;
}

/* The winner is the centroid of the smallest squared distance, whatever the kernel. */
static void
winner_has_the_smallest_distance(void)
{
	NEEDS_KERNELS;
	for (int fill = 0; fill < FILL_COUNT; fill++)
		for (size_t s = 0; s < SHAPES; s++)
		{
			Product p;
			KmeansScratch scratch;
			KmeansArena arena = {NULL, 0};
			KmeansProgress progress = {0};
			uint32_t *list;
			uint32_t *index;
			float *scaled;
			void *memory;

			product_make(&p, s, (Fill) fill);
			kmeans_scratch_carve(&scratch, &arena, p.dims);
			memory = aligned_bytes(arena.used);
			arena = (KmeansArena){memory, 0};
			kmeans_scratch_carve(&scratch, &arena, p.dims);
			list = exact_alloc(p.npoints * sizeof(uint32_t));
			index = exact_alloc(p.npoints * sizeof(uint32_t));
			scaled = exact_alloc(p.npoints * p.dims * sizeof(float));
			for (size_t i = 0; i < p.npoints; i++)
				index[i] = (uint32_t) (p.npoints - 1 - i);
			for (size_t i = 0; i < p.npoints * p.dims; i++)
				scaled[i] = p.points[i] * 4.0f;
			for (int kernel = 0; kernel < nkernels; kernel++)
			{
				KmeansPoints points = {.ops = &gemm_ops_avx512,
									   .bf16 = &kernels_of[kernel],
									   .dims = p.dims,
									   .points = p.points,
									   .scale = 1.0f};
				KmeansColumns columns = {.panels = p.panels,
										 .norms = p.norms,
										 .ncols = p.ncols,
										 .centroids = p.centroids};

				kmeans_nearest(&points, NULL, p.npoints, &columns, &scratch, list, &progress);
				for (size_t i = 0; i < p.npoints; i++)
				{
					uint32_t expected = nearest_by_dist2(&p, i);

					CHECK(list[i] == expected,
						  "%s fill %d n %zu k %zu dims %zu point %zu: %u, not %u",
						  points.bf16->name, fill, p.npoints, p.ncols, p.dims, i, list[i],
						  expected);
				}

				/* by index and scaled: the same, where scaling is exact */
				if (fill == FILL_TINY)
					continue;
				points.points = scaled;
				points.scale = 0.25f;
				kmeans_nearest(&points, index, p.npoints, &columns, &scratch, list, &progress);
				for (size_t i = 0; i < p.npoints; i++)
					CHECK(list[i] == nearest_by_dist2(&p, index[i]),
						  "%s by index, fill %d dims %zu", points.bf16->name, fill, p.dims);
			}
			free(memory);
			free(list);
			free(index);
			free(scaled);
			product_free(&p);
		}
}

/* The score of the float32 kernel's column and that of the winner differ by rounding only. */
static void
winner_is_that_of_float32(void)
{
	NEEDS_KERNELS;
	for (int fill = 0; fill < FILL_COUNT; fill++)
		for (size_t s = 0; s < SHAPES; s++)
		{
			Product p;
			float *rows;
			float *panels;
			float *norms;
			float *best;
			uint32_t *arg;

			product_make(&p, s, (Fill) fill);
			rows = aligned_bytes(gemm_rows_floats(p.npoints, p.dims) * sizeof(float));
			panels = aligned_bytes(gemm_cols_floats(p.ncols, p.dims) * sizeof(float));
			norms = aligned_bytes(gemm_round_cols(p.ncols) * sizeof(float));
			best = exact_alloc(p.npoints * sizeof(float));
			arg = exact_alloc(p.npoints * sizeof(uint32_t));
			for (size_t i = 0; i < p.npoints; i++)
				best[i] = INFINITY;
			gemm_ops_avx512.pack_rows(p.points, NULL, p.npoints, p.dims, 1.0f, rows);
			gemm_ops_avx512.pack_cols(p.centroids, NULL, p.ncols, p.dims, panels, norms);
			gemm_ops_avx512.argmin(rows, p.npoints, panels, norms, p.ncols, p.dims, 0, p.tiles,
								   best, arg);
			for (size_t i = 0; i < p.npoints; i++)
			{
				uint32_t winner = nearest_by_dist2(&p, i);
				double tolerance = 0.0;

				for (size_t k = 0; k < p.dims; k++)
				{
					double x = fabs(p.points[i * p.dims + k]);
					double c = fabs(p.centroids[winner * p.dims + k]);
					double c2 = fabs(p.centroids[arg[i] * p.dims + k]);

					tolerance += (x + c) * (x + c) + (x + c2) * (x + c2);
				}
				tolerance *= (double) (p.dims + 4) * 0x1p-23;
				CHECK(fabs(exact_score(&p, i, winner) - exact_score(&p, i, arg[i])) <=
						  tolerance + 0x1p-126,
					  "fill %d dims %zu: %u has %g, %u has %g", fill, p.dims, winner,
					  exact_score(&p, i, winner), arg[i], exact_score(&p, i, arg[i]));
			}
			free(rows);
			free(panels);
			free(norms);
			free(best);
			free(arg);
			product_free(&p);
		}
}

/* Gathered points are those packed anew, terms of the bound included. */
static void
gathered_points_are_packed_points(void)
{
	NEEDS_KERNELS;
	for (size_t s = 0; s < SHAPES; s++)
	{
		Product p;
		float *gathered;
		float *packed;
		uint32_t *index;
		size_t n;

		product_make(&p, s, FILL_NORMAL);
		n = p.npoints + 3;
		gathered = aligned_bytes(gemm_bf16_rows_floats(n, p.dims) * sizeof(float));
		packed = aligned_bytes(gemm_bf16_rows_floats(n, p.dims) * sizeof(float));
		index = exact_alloc(n * sizeof(uint32_t));
		memset(gathered, 0, gemm_bf16_rows_floats(n, p.dims) * sizeof(float));
		memset(packed, 0, gemm_bf16_rows_floats(n, p.dims) * sizeof(float));
		for (size_t i = 0; i < n; i++)
			index[i] = test_random_below((uint32_t) p.npoints);
		kernels_of[0].gather_rows(p.rows, index, n, p.dims, gathered);
		kernels_of[0].pack_rows(p.points, index, n, p.dims, 1.0f, packed);
		CHECK(memcmp(gathered, packed, gemm_bf16_rows_floats(n, p.dims) * sizeof(float)) == 0,
			  "n %zu dims %zu", n, p.dims);
		free(gathered);
		free(packed);
		free(index);
		product_free(&p);
	}
}

/* Scores are within 2 % of the norms of the exact ones, for all kernels. */
static void
scores_are_near(void)
{
	NEEDS_KERNELS;
	for (size_t s = 0; s < SHAPES; s++)
		for (int kernel = 0; kernel < nkernels; kernel++)
		{
			const GemmBf16 *k = &kernels_of[kernel];
			size_t stride;
			float *scores;
			Product p;

			product_make(&p, s, FILL_NORMAL);
			stride = gemm_round_cols(p.ncols);
			scores = exact_alloc(p.npoints * stride * sizeof(float));
			k->scores(k->product, p.rows, p.npoints, p.panels, p.norms, p.ncols, p.dims, p.tiles,
					  scores, stride);
			for (size_t i = 0; i < p.npoints; i++)
				for (size_t j = 0; j < p.ncols; j++)
					CHECK(fabs(scores[i * stride + j] - exact_score(&p, i, j)) <=
							  0.02 * (double) p.dims,
						  "%s dims %zu: %g, not %g", k->name, p.dims, scores[i * stride + j],
						  exact_score(&p, i, j));
			free(scores);
			product_free(&p);
		}
}

/* An index packed for one kernel is searched by another, with the same lists: flat and in cells. */
static void
kernels_share_an_index(void)
{
	static const int lists_of[] = {300, 1100};

	NEEDS_KERNELS;
	kmeans_select(VDB_SIMD_AVX512);
	for (size_t l = 0; l < 2; l++)
	{
		enum
		{
			DIMS = 70,
			N = 500
		};
		int nlists = lists_of[l];
		float *points = mixture(N, DIMS, 40, 0.3f);
		float *centroids = mixture((size_t) nlists, DIMS, 40, 0.3f);
		void *memory = aligned_bytes(kmeans_index_bytes(DIMS, nlists));
		void *workspace = aligned_bytes(kmeans_assign_bytes(DIMS, nlists));
		uint32_t list[2][N];
		float dist2[2][N];
		KmeansIndex *index;

		gemm_bf16_use(&kernels_of[0]);
		index = kmeans_index_init(memory, DIMS, nlists, centroids, 1, NULL, NULL);
		kmeans_assign(index, points, N, list[0], dist2[0], workspace);
		for (int kernel = 1; kernel < nkernels; kernel++)
		{
			uint64_t before = amx_state.products;

			gemm_bf16_use(&kernels_of[kernel]);
			kmeans_assign(index, points, N, list[1], dist2[1], workspace);
			CHECK(memcmp(list[0], list[1], sizeof(list[0])) == 0 &&
					  memcmp(dist2[0], dist2[1], sizeof(dist2[0])) == 0,
				  "%s and %s differ with %d lists", kernels_of[0].name, kernels_of[kernel].name,
				  nlists);
			CHECK(kernel != 1 || amx_state.products > before, "%s was not asked",
				  kernels_of[kernel].name);
		}
		gemm_bf16_use(gemm_bf16_best());
		free(points);
		free(centroids);
		free(memory);
		free(workspace);
	}
}

/* Which kernels are used: at level avx512 only, and not for few dimensions. */
static void
choice(void)
{
	CHECK(gemm_bf16_for(&gemm_ops_scalar, 1000) == NULL, "scalar");
	CHECK(gemm_bf16_for(&gemm_ops_avx2, 1000) == NULL, "avx2");
	CHECK(gemm_bf16_for(&gemm_ops_avx512, GEMM_BF16_DIMS - 1) == NULL, "few dimensions");
	CHECK(gemm_bf16_for(&gemm_ops_avx512, GEMM_BF16_DIMS) == gemm_bf16_best(), "avx512");
	CHECK((gemm_bf16_best() != NULL) == vdb_cpu_has(VDB_CPU_AVX512_BF16), "best");
	CHECK((gemm_bf16_best() == &gemm_bf16_amx) == vdb_cpu_has(VDB_CPU_AMX_BF16), "AMX");
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	find_kernels();
	TEST_RUN(choice);
	TEST_RUN(bound_is_sound);
	TEST_RUN(bound_is_tight);
	TEST_RUN(winner_has_the_smallest_distance);
	TEST_RUN(winner_is_that_of_float32);
	TEST_RUN(gathered_points_are_packed_points);
	TEST_RUN(scores_are_near);
	TEST_RUN(kernels_share_an_index);
	return test_end();
}

#else

/* No kernels of this architecture: float32 alone. */
static void
choice(void)
{
	for (int level = 0; level < VDB_SIMD_COUNT; level++)
		CHECK(gemm_ops((VdbSimd) level) == NULL ||
				  gemm_bf16_for(gemm_ops((VdbSimd) level), 1000) == NULL,
			  "%s", vdb_simd_name((VdbSimd) level));
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(choice);
	return test_end();
}

#endif
