/*-------------------------------------------------------------------------
 *
 * gemm_bf16.h
 *	  Matrix kernels of bfloat16 products, which leave near ties to float32.
 *
 * NOTES
 *	  Pure C; for this folder and am/scan/ivfkm_centroids.c.  Points and centroids are
 *	  rounded to bfloat16 and multiplied with float32 sums, at twice the rate of float32 or
 *	  more.  For each point the kernels report the columns that may be the nearest one, given
 *	  all rounding errors; the caller compares these in float32 (kmeans_contest.c).
 *
 *	  All kernels share one packed form.  They differ in the order of their sums, which the
 *	  bound allows for, so that the nearest column does not depend on the kernel.
 *
 *	  Bound.  With u = 2^-24, g = (dims / 32 + 16) u, and x~ the rounded x, each float32
 *	  operation rounded by u at most:
 *
 *	  (1) x.c - x~.c~ = (x - x~).c + x~.(c - c~), at most |x - x~||c| + |x~||c - c~| by
 *		  Cauchy's inequality.  These norms are computed from the data, and rounded up.
 *	  (2) A sum of dims products is wrong by less than 2.02 dims u |x||c|, were every
 *		  addition off by 2 u; forming |c|^2 - 2 x~.c~ adds less than 3 u (|c|^2 + 2 |x||c|).
 *	  (3) |c|^2 itself is wrong by less than g |c|^2.
 *	  (4) dist2() of gemm.h, which decides, is wrong by less than g |x - c|^2, that is
 *		  2 g (|x|^2 + |c|^2); it is |x|^2 larger than the score.
 *
 *	  So the score of column j is within
 *
 *		  a C + b E + z,	a = 2 |x - x~| + 5 dims u |x|,	C = |c|,
 *							b = 2 (|x| + |x - x~|),			E = |c - c~|,
 *							z = (dims / 8 + 64) u |c|^2
 *
 *	  of what decides, but for 2 g |x|^2, which is the same for all columns.  A column whose
 *	  score less this is above the least score plus this, by more than r = 4 g |x|^2, is not the
 *	  nearest.  Norms are raised by 2^-12 of themselves, for the rounding of their own sums, and
 *	  by 2^-50, for what underflows: these kernels take subnormal numbers for zero.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_bf16.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GEMM_BF16_H
#define GEMM_BF16_H

#include "cluster/gemm.h"

/*
 * Fewer dimensions are left to float32: a product would cost no more than looking through
 * its results, and the panels would not hold the terms of the bound.
 */
#define GEMM_BF16_DIMS 64

/* Points of a tile, centroids of a panel. */
#define GEMM_BF16_ROWS 14
#define GEMM_BF16_COLS 32

/* A column that may be the nearest to a point. */
typedef struct GemmHit
{
	uint32_t row; /* number of the packed point */
	uint32_t column;
	float lowest; /* what decides is not below this, but for |x|^2 */
} GemmHit;

/*
 * The products of all packed points with a panel of ncols <= GEMM_BF16_COLS centroids into
 * tiles; pairs of dimensions, "depth" pairs at a time.  Layout in gemm_tile.h, where a value is a
 * pair of bfloat16 numbers.
 */
typedef void (*GemmBf16Product)(const float *rows, size_t nrows, const float *panel, size_t ncols,
								size_t pairs, size_t depth, float *tiles);

typedef struct GemmBf16
{
	const char *name;
	GemmBf16Product product;

	/* As pack_rows and pack_cols of GemmOps, with the memory they take. */
	void (*pack_rows)(const float *points, const uint32_t *index, size_t nrows, size_t dims,
					  float scale, float *packed);
	void (*pack_cols)(const float *centroids, const uint32_t *index, size_t ncols, size_t dims,
					  float *panels, float *norms);

	/* Makes packed points out of the points index[nrows] among packed ones. */
	void (*gather_rows)(const float *packed, const uint32_t *index, size_t nrows, size_t dims,
						float *to);

	/*
	 * Compares nrows packed points with a panel of ncols <= GEMM_BF16_COLS centroids, the first
	 * of which is column "first".  limit[i], infinite to begin with, is lowered to the largest
	 * value that the least score of point i may have; the columns that are not above it are
	 * appended to hits.  Returns how many, up to nrows * ncols.  tiles: gemm_tiles_floats(nrows).
	 */
	size_t (*contenders)(GemmBf16Product product, const float *rows, size_t nrows,
						 const float *panel, const float *norms, size_t ncols, size_t dims,
						 uint32_t first, float *tiles, float *limit, GemmHit *hits);

	/* As scores of GemmOps; columns from ncols on are undefined. */
	void (*scores)(GemmBf16Product product, const float *rows, size_t nrows, const float *panels,
				   const float *norms, size_t ncols, size_t dims, float *tiles, float *out,
				   size_t stride);
} GemmBf16;

/* The best kernels that this CPU runs and that its operating system permits, or NULL. */
extern const GemmBf16 *gemm_bf16_best(void);

/* Overrides that choice, for tests and measurements; NULL: float32 only. */
extern void gemm_bf16_use(const GemmBf16 *kernels);

/*
 * The kernels to use beside those of float32 for points of so many dimensions, or NULL.
 * They belong to the level avx512.
 */
extern const GemmBf16 *gemm_bf16_for(const GemmOps *ops, size_t dims);

/* Pairs of dimensions, filled up to whole tiles of the matrix unit (16 pairs). */
static inline size_t
gemm_bf16_pairs(size_t dims)
{
	return (dims + 31) / 32 * 16;
}

/* Pairs of every slice but the last, which may be shorter; a multiple of 16. */
static inline size_t
gemm_bf16_depth(size_t pairs)
{
	return (gemm_slice_depth(pairs) + 15) / 16 * 16;
}

/* Floats of nrows packed points; no more than gemm_rows_floats(). */
static inline size_t
gemm_bf16_rows_floats(size_t nrows, size_t dims)
{
	size_t tiles = (nrows + GEMM_BF16_ROWS - 1) / GEMM_BF16_ROWS;

	return tiles * GEMM_BF16_ROWS * gemm_slices(gemm_bf16_pairs(dims)) * GEMM_DEPTH_STRIDE;
}

/* x86 only.  All but the product are the same functions in every table. */
extern const GemmBf16 gemm_bf16_avx512;
extern const GemmBf16 gemm_bf16_amx;
extern void gemm_panel_amx(const float *rows, size_t nrows, const float *panel, size_t ncols,
						   size_t pairs, size_t depth, float *tiles);

#endif /* GEMM_BF16_H */
