/*-------------------------------------------------------------------------
 *
 * bench_kmeans.c
 *	  Times the matrix kernels, assignment and k-means training at every SIMD level.
 *
 * NOTES
 *	  gemm: packed points by packed centroids, the best centroid of each.  assign:
 *	  kmeans_assign() of one block after the other, on one and on two levels of
 *	  centroids.  An operation is the comparison of a point with a centroid, with all of them
 *	  on two levels too.  Level avx512 has bfloat16 kernels where the CPU does, which
 *	  gemm_bf16, assign_flat and assign_two_levels show; gemm, and the names that end in f32, keep
 *	  to float32, as the other levels always do.  Its "bytes" are its 2 * dims floating-point
 *	  operations, so that the column GB/s shows GFLOP/s.
 *
 *	  train: "ns" is a whole training, the best of TRAIN_ROUNDS; plain C is left out for its
 *	  length.  The points are uniformly random, so that no iteration ends early.
 *
 * IDENTIFICATION
 *	  bench/micro/bench_kmeans.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include "bench_main.h"
#include "cluster/gemm_bf16.h"
#include "cluster/kmeans.h"

#define GEMM_POINTS	  112
#define GEMM_LISTS	  480
#define ASSIGN_BLOCKS 8
#define ASSIGN_LISTS  469
#define ASSIGN_MANY	  4000
#define TRAIN_ROUNDS  3

typedef struct GemmBench
{
	size_t dims;
	float *points;
	float *centroids;
	float *rows;
	float *panels;
	float *norms;
	float *tiles;
	float *bf16_rows; /* the same for bfloat16 products */
	float *bf16_panels;
	float *bf16_norms;
	GemmHit *hits;
	VdbSimd packed; /* level that packed last */
	bool fresh;		/* nothing packed yet */
} GemmBench;

typedef struct AssignBench
{
	size_t dims;
	int nlists;
	float *points; /* ASSIGN_BLOCKS * rows */
	size_t rows;   /* of a block */
	size_t block;  /* the one that came last */
	float *centroids;
	void *memory[VDB_SIMD_COUNT];
	KmeansIndex *index[VDB_SIMD_COUNT];
	void *workspace;
} AssignBench;

/* One product of all points and centroids; packing is not part of it. */
static void
bench_gemm(VdbSimd simd, void *arg, long rounds)
{
	GemmBench *b = arg;
	const GemmOps *ops = gemm_ops(simd);
	float best[GEMM_POINTS];
	uint32_t list[GEMM_POINTS];

	if (b->fresh || b->packed != simd)
	{
		ops->pack_rows(b->points, NULL, GEMM_POINTS, b->dims, 1.0f, b->rows);
		ops->pack_cols(b->centroids, NULL, GEMM_LISTS, b->dims, b->panels, b->norms);
		b->packed = simd;
		b->fresh = false;
	}
	for (long r = 0; r < rounds; r++)
	{
		for (int i = 0; i < GEMM_POINTS; i++)
			best[i] = INFINITY;
		ops->argmin(b->rows, GEMM_POINTS, b->panels, b->norms, GEMM_LISTS, b->dims, 0, b->tiles,
					best, list);
		bench_sink = best[0];
	}
}

/* The same by bfloat16 products: the columns that may be the best ones. */
static void
bench_gemm_bf16(VdbSimd simd, void *arg, long rounds)
{
	GemmBench *b = arg;
	const GemmBf16 *bf16 = gemm_bf16_for(gemm_ops(simd), b->dims);
	float limit[GEMM_POINTS];

	if (bf16 == NULL)
	{
		bench_gemm(simd, arg, rounds);
		return;
	}
	for (long r = 0; r < rounds; r++)
	{
		for (int i = 0; i < GEMM_POINTS; i++)
			limit[i] = INFINITY;
		for (uint32_t j = 0; j < GEMM_LISTS; j += GEMM_BF16_COLS)
			(void) bf16->contenders(bf16->product, b->bf16_rows, GEMM_POINTS,
									b->bf16_panels + j * b->dims, b->bf16_norms + j, GEMM_BF16_COLS,
									b->dims, j, b->tiles, limit, b->hits);
		bench_sink = limit[0];
	}
}

/* Assigns one block after the other. */
static void
bench_assign(VdbSimd simd, void *arg, long rounds)
{
	AssignBench *b = arg;
	uint32_t list[KMEANS_BLOCK];
	float dist2[KMEANS_BLOCK];

	for (long r = 0; r < rounds; r++)
	{
		b->block = (b->block + 1) % ASSIGN_BLOCKS;
		kmeans_assign(b->index[simd], b->points + b->block * b->rows * b->dims, b->rows, list,
					  dist2, b->workspace);
		bench_sink = dist2[0];
	}
}

/* The product at one number of dimensions. */
static void
run_gemm(int dims)
{
	size_t d = (size_t) dims;
	GemmBench b = {.dims = d, .fresh = true};
	const GemmBf16 *bf16 = gemm_bf16_best();

	b.points = bench_alloc(GEMM_POINTS * d * sizeof(float));
	b.centroids = bench_alloc(GEMM_LISTS * d * sizeof(float));
	b.rows = bench_alloc(gemm_rows_floats(GEMM_POINTS, d) * sizeof(float));
	b.panels = bench_alloc(gemm_cols_floats(GEMM_LISTS, d) * sizeof(float));
	b.norms = bench_alloc(gemm_round_cols(GEMM_LISTS) * sizeof(float));
	b.tiles = bench_alloc(gemm_tiles_floats(GEMM_POINTS) * sizeof(float));
	b.hits = bench_alloc(GEMM_POINTS * GEMM_BF16_COLS * sizeof(GemmHit));
	bench_fill(b.points, GEMM_POINTS * d, 1);
	bench_fill(b.centroids, GEMM_LISTS * d, 2);
	b.bf16_rows = bench_alloc(gemm_rows_floats(GEMM_POINTS, d) * sizeof(float));
	b.bf16_panels = bench_alloc(gemm_cols_floats(GEMM_LISTS, d) * sizeof(float));
	b.bf16_norms = bench_alloc(gemm_round_cols(GEMM_LISTS) * sizeof(float));
	if (bf16 != NULL && dims >= GEMM_BF16_DIMS)
	{
		bf16->pack_rows(b.points, NULL, GEMM_POINTS, d, 1.0f, b.bf16_rows);
		bf16->pack_cols(b.centroids, NULL, GEMM_LISTS, d, b.bf16_panels, b.bf16_norms);
	}
	bench_compare("gemm", dims, (double) GEMM_POINTS * GEMM_LISTS, 2.0 * dims, bench_gemm, &b);
	bench_compare("gemm_bf16", dims, (double) GEMM_POINTS * GEMM_LISTS, 2.0 * dims, bench_gemm_bf16,
				  &b);
	free(b.points);
	free(b.centroids);
	free(b.rows);
	free(b.panels);
	free(b.norms);
	free(b.tiles);
	free(b.bf16_rows);
	free(b.bf16_panels);
	free(b.bf16_norms);
	free(b.hits);
}

/* Assignment to nlists lists at one number of dimensions, by given bfloat16 kernels or NULL. */
static void
run_assign(const char *kernel, int dims, int nlists, const GemmBf16 *bf16)
{
	AssignBench b = {
		.dims = (size_t) dims, .nlists = nlists, .rows = (size_t) kmeans_assign_points(dims)};
	size_t npoints = ASSIGN_BLOCKS * b.rows;

	if (!bench_selected(kernel))
		return;
	b.points = bench_alloc(npoints * b.dims * sizeof(float));
	b.centroids = bench_alloc((size_t) nlists * b.dims * sizeof(float));
	b.workspace = bench_alloc(kmeans_assign_bytes(dims, nlists));
	bench_fill(b.points, npoints * b.dims, 1);
	bench_fill(b.centroids, (size_t) nlists * b.dims, 2);
	gemm_bf16_use(bf16);
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		if (!vdb_simd_supported((VdbSimd) s))
			continue;
		kmeans_select((VdbSimd) s);
		b.memory[s] = bench_alloc(kmeans_index_bytes(dims, nlists));
		b.index[s] = kmeans_index_init(b.memory[s], dims, nlists, b.centroids, 1, NULL, NULL);
	}
	bench_compare(kernel, dims, (double) b.rows * nlists, 2.0 * dims, bench_assign, &b);
	gemm_bf16_use(gemm_bf16_best());
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		free(b.memory[s]);
	free(b.points);
	free(b.centroids);
	free(b.workspace);
}

/* Training of a sample, every level but plain C. */
static void
run_train(const char *kernel, size_t npoints, int dims, int nlists)
{
	KmeansParams params;
	float *points;
	float *centroids;
	void *workspace;

	if (!bench_selected(kernel))
		return;
	kmeans_params_init(&params, dims, npoints, nlists);
	points = bench_alloc(npoints * (size_t) dims * sizeof(float));
	centroids = bench_alloc((size_t) nlists * (size_t) dims * sizeof(float));
	workspace = bench_alloc(kmeans_train_bytes(&params));
	bench_fill(points, npoints * (size_t) dims, 3);
	for (int s = VDB_SIMD_SCALAR + 1; s < VDB_SIMD_COUNT; s++)
	{
		double best = INFINITY;

		if (!vdb_simd_supported((VdbSimd) s))
			continue;
		kmeans_select((VdbSimd) s);
		for (int round = 0; round < TRAIN_ROUNDS; round++)
		{
			KmeansStats stats;
			double start = bench_now();

			kmeans_train(&params, points, centroids, workspace, &stats);
			best = fmin(best, bench_now() - start);
		}
		printf("%s,%s,%d,%.0f,,\n", kernel, vdb_simd_name((VdbSimd) s), dims, best);
	}
	free(points);
	free(centroids);
	free(workspace);
}

int
main(int argc, char **argv)
{
	static const int dims[] = {128, 384, 784, 1024};

	bench_begin(argc, argv, dims, sizeof(dims) / sizeof(dims[0]));
	for (int i = 0; i < bench_state.ndims; i++)
	{
		int d = bench_state.dims[i];

		run_gemm(d);
		run_assign("assign_flat", d, ASSIGN_LISTS, gemm_bf16_best());
		run_assign("assign_flat_f32", d, ASSIGN_LISTS, NULL);
		run_assign("assign_two_levels", d, ASSIGN_MANY, gemm_bf16_best());
		run_assign("assign_two_levels_f32", d, ASSIGN_MANY, NULL);
	}
	run_train("train_30000_points_469_lists", 30000, 784, 469);
	run_train("train_20000_points_300_lists", 20000, 512, 300);
	run_train("train_60000_points_2000_lists", 60000, 512, 2000);
	return 0;
}
