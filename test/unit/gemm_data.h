/*-------------------------------------------------------------------------
 *
 * gemm_data.h
 *	  What the tests of the matrix kernels share: the memory of a product.
 *
 * NOTES
 *	  Pure C.  Included once by a program, after test_main.h.  A program fills and packs a
 *	  product itself: numbers and packed forms are what it tests.
 *
 * IDENTIFICATION
 *	  test/unit/gemm_data.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GEMM_DATA_H
#define GEMM_DATA_H

#include "cluster/gemm.h"
#include "cluster/gemm_bf16.h"

/* Points and centroids, unpacked and packed, and what kernels report of them. */
typedef struct Product
{
	size_t npoints;
	size_t ncols;
	size_t dims;
	float *points; /* ends at a guard page, as do the centroids */
	float *centroids;
	float *rows;
	float *panels;
	float *norms;
	float *tiles;

	/* of the float32 kernels; NULL where a program does not allocate them */
	float *best;
	uint32_t *arg;

	/* of the bfloat16 kernels, likewise */
	float *limit;
	GemmHit *hits;
} Product;

/*
 * Makes a product of npoints points and ncols centroids, without numbers in it and without
 * memory for results.  The packed points take rows_floats floats.
 */
static inline void
product_alloc(Product *p, size_t npoints, size_t ncols, size_t dims, size_t rows_floats)
{
	memset(p, 0, sizeof(*p));
	p->npoints = npoints;
	p->ncols = ncols;
	p->dims = dims;
	p->points = guard_alloc(npoints * dims * sizeof(float));
	p->centroids = guard_alloc(ncols * dims * sizeof(float));
	p->rows = aligned_bytes(rows_floats * sizeof(float));
	p->panels = aligned_bytes(gemm_cols_floats(ncols, dims) * sizeof(float));
	p->norms = aligned_bytes(gemm_round_cols(ncols) * sizeof(float));
	p->tiles = aligned_bytes(gemm_tiles_floats(npoints) * sizeof(float));
}

/* Releases a product and its results. */
static inline void
product_free(Product *p)
{
	guard_free(p->points, p->npoints * p->dims * sizeof(float));
	guard_free(p->centroids, p->ncols * p->dims * sizeof(float));
	free(p->rows);
	free(p->panels);
	free(p->norms);
	free(p->tiles);
	free(p->best);
	free(p->arg);
	free(p->limit);
	free(p->hits);
}

#endif /* GEMM_DATA_H */
