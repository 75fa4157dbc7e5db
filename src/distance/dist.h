/*-------------------------------------------------------------------------
 *
 * dist.h
 *	  Distance kernels on binary32 and binary16 vectors: one table of functions per SIMD level.
 *
 * NOTES
 *	  Pure C.  Every kernel takes pointers of any alignment, n >= 1 elements, and
 *	  reads not one byte past them.  Sums are binary32; the variants add in different
 *	  orders, so results may differ within the tolerance given in README.md.
 *	  Overflow gives infinity, as in plain C.
 *
 * IDENTIFICATION
 *	  src/distance/dist.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DIST_H
#define DIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "port/vdb_cpu.h"

/* What a cosine distance needs, from one pass over both vectors. */
typedef struct DistCosineParts
{
	float dot;	  /* <a, b> */
	float norm2a; /* <a, a> */
	float norm2b; /* <b, b> */
} DistCosineParts;

typedef struct DistKernels
{
	VdbSimd simd;

	/* one to one, n elements each */
	float (*l2sq)(const float *a, const float *b, size_t n); /* sum (a-b)^2 */
	float (*dot)(const float *a, const float *b, size_t n);	 /* sum a*b */
	float (*l1)(const float *a, const float *b, size_t n);	 /* sum |a-b| */
	float (*norm2)(const float *a, size_t n);				 /* sum a*a */
	DistCosineParts (*cosine)(const float *a, const float *b, size_t n);

	/* squared L2 between a float32 vector and a binary16 one */
	float (*l2sq_f16)(const float *a, const uint16_t *b, size_t n);

	/* one to many: row i starts at rows + i * stride; out[nrows] */
	void (*l2sq_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
					   float *out);
	void (*dot_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
					  float *out);
	void (*l1_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
					 float *out);
	void (*cosine_batch)(const float *query, const float *rows, size_t stride, size_t nrows,
						 size_t n, DistCosineParts *out);

	/* the same between binary16 vectors, widened exactly before they are used */
	float (*half_l2sq)(const uint16_t *a, const uint16_t *b, size_t n);
	float (*half_dot)(const uint16_t *a, const uint16_t *b, size_t n);
	float (*half_l1)(const uint16_t *a, const uint16_t *b, size_t n);
	float (*half_norm2)(const uint16_t *a, size_t n);
	DistCosineParts (*half_cosine)(const uint16_t *a, const uint16_t *b, size_t n);
	void (*half_l2sq_batch)(const uint16_t *query, const uint16_t *rows, size_t stride,
							size_t nrows, size_t n, float *out);
	void (*half_dot_batch)(const uint16_t *query, const uint16_t *rows, size_t stride, size_t nrows,
						   size_t n, float *out);
	void (*half_l1_batch)(const uint16_t *query, const uint16_t *rows, size_t stride, size_t nrows,
						  size_t n, float *out);
	void (*half_cosine_batch)(const uint16_t *query, const uint16_t *rows, size_t stride,
							  size_t nrows, size_t n, DistCosineParts *out);

	/* conversion of n elements, n >= 0: exact, and to the nearest with ties to even */
	void (*half_to_float)(const uint16_t *x, size_t n, float *out);
	void (*half_from_float)(const float *x, size_t n, uint16_t *out);
} DistKernels;

/* The active kernels.  Valid before any call to dist_select() (scalar). */
extern const DistKernels *vdb_dist;

/* The kernels of one level, or NULL when they are not compiled in. */
extern const DistKernels *dist_kernels(VdbSimd simd);

/* Makes a level the active one; a level that cannot run here changes nothing. */
extern void dist_select(VdbSimd simd);

#endif /* DIST_H */
