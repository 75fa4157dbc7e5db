/*-------------------------------------------------------------------------
 *
 * gemm.h
 *	  Matrix kernels under the nearest-centroid search.
 *
 * NOTES
 *	  Pure C; for this folder and am/scan/ivfkm_centroids.c.  The product of a block of
 *	  points with the centroids is computed tile by tile and reduced at once to the best
 *	  centroid of each point.  Both operands are packed first, in a form that is private to the
 *	  level that packed them: a level with another tile shape or another element type
 *	  needs only another GemmOps.
 *
 *	  Points enter multiplied by a "scale", a power of two that brings the largest
 *	  coordinate near 1, so that no finite input overflows or vanishes; centroids
 *	  are held in scaled form.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GEMM_H
#define GEMM_H

#include <stddef.h>
#include <stdint.h>
#include "port/vdb_cpu.h"

/*
 * Bounds that hold for every level, so that sizes of workspaces do not depend on the
 * active one.  GEMM_DEPTH is the number of dimensions that one pass over a tile covers: a
 * tile of points of that depth stays in L1, a panel of centroids in L2.  Rows of a packed
 * slice are GEMM_DEPTH_STRIDE apart, which is no multiple of 4 kB, so that the rows of a
 * tile fall into different cache sets.
 */
#define GEMM_MAX_ROWS	  16
#define GEMM_MAX_COLS	  32
#define GEMM_DEPTH		  256
#define GEMM_DEPTH_STRIDE (GEMM_DEPTH + 16)

/* Scores that group_minima() takes at once, and the groups that they are divided into. */
#define GEMM_SCORES_STEP 256
#define GEMM_GROUPS		 16

typedef struct GemmOps
{
	VdbSimd simd;
	int rows; /* points of a tile, <= GEMM_MAX_ROWS */
	int cols; /* centroids of a panel, <= GEMM_MAX_COLS */

	/*
	 * Packs nrows points, multiplied by scale.  Point i is the row index[i] of points, or
	 * row i when index is NULL.  packed: gemm_rows_floats() floats.
	 */
	void (*pack_rows)(const float *points, const uint32_t *index, size_t nrows, size_t dims,
					  float scale, float *packed);

	/*
	 * Packs ncols centroids chosen likewise, and computes their squared norms.  panels:
	 * gemm_cols_floats(), norms: gemm_round_cols() floats.  Columns that fill the last
	 * panel are zero with an infinite norm, so that they never win.
	 */
	void (*pack_cols)(const float *centroids, const uint32_t *index, size_t ncols, size_t dims,
					  float *panels, float *norms);

	/*
	 * Lowers best[i] to the smallest score |c|^2 - 2 x.c of packed point i and sets
	 * arg[i] to the column, counted from "first", where a score is below best[i]; equal
	 * scores leave the earlier column.  ncols may span several panels.
	 * tiles: gemm_tiles_floats(nrows).
	 */
	void (*argmin)(const float *rows, size_t nrows, const float *panels, const float *norms,
				   size_t ncols, size_t dims, uint32_t first, float *tiles, float *best,
				   uint32_t *arg);

	/*
	 * The scores themselves: out[i * stride + j], stride >= gemm_round_cols(ncols).
	 */
	void (*scores)(const float *rows, size_t nrows, const float *panels, const float *norms,
				   size_t ncols, size_t dims, float *tiles, float *out, size_t stride);

	/*
	 * The smallest of each group of n scores, a multiple of GEMM_SCORES_STEP: of so many that
	 * follow one another, those that are a multiple of GEMM_GROUPS apart are a group.  minima:
	 * gemm_ngroups(n) floats.
	 */
	void (*group_minima)(const float *scores, size_t n, float *minima);

	/* sum (scale * x - c)^2 */
	float (*dist2)(const float *x, float scale, const float *c, size_t dims);

	/* Adds scale * points[index[i]], i < nrows, to sum[dims]. */
	void (*sum_rows)(const float *points, const uint32_t *index, size_t nrows, size_t dims,
					 float scale, double *sum);
} GemmOps;

/* The active kernels; scalar until kmeans_select(). */
extern const GemmOps *vdb_gemm;

/* The kernels of one level, or NULL when they are not compiled in. */
extern const GemmOps *gemm_ops(VdbSimd simd);

/* Slices of at most GEMM_DEPTH dimensions. */
static inline size_t
gemm_slices(size_t dims)
{
	return (dims + GEMM_DEPTH - 1) / GEMM_DEPTH;
}

/* Dimensions of every slice but the last, which may be shorter. */
static inline size_t
gemm_slice_depth(size_t dims)
{
	size_t slices = gemm_slices(dims);

	return (dims + slices - 1) / slices;
}

static inline size_t
gemm_round_rows(size_t nrows)
{
	return (nrows + GEMM_MAX_ROWS - 1) / GEMM_MAX_ROWS * GEMM_MAX_ROWS;
}

static inline size_t
gemm_round_cols(size_t ncols)
{
	return (ncols + GEMM_MAX_COLS - 1) / GEMM_MAX_COLS * GEMM_MAX_COLS;
}

/* Groups of n scores, a multiple of GEMM_SCORES_STEP. */
static inline size_t
gemm_ngroups(size_t n)
{
	return n / (GEMM_SCORES_STEP / GEMM_GROUPS);
}

/* Floats of nrows packed points; the last tile of any level may be partly filled. */
static inline size_t
gemm_rows_floats(size_t nrows, size_t dims)
{
	return (nrows + GEMM_MAX_ROWS) * gemm_slices(dims) * GEMM_DEPTH_STRIDE;
}

/* Floats of the packed panels of ncols centroids. */
static inline size_t
gemm_cols_floats(size_t ncols, size_t dims)
{
	return gemm_round_cols(ncols) * dims;
}

/* Floats of the partial products of nrows points with one panel. */
static inline size_t
gemm_tiles_floats(size_t nrows)
{
	return (nrows + GEMM_MAX_ROWS) * GEMM_MAX_COLS;
}

extern const GemmOps gemm_ops_scalar;
extern const GemmOps gemm_ops_avx2;
extern const GemmOps gemm_ops_avx512;
extern const GemmOps gemm_ops_neon;

#endif /* GEMM_H */
