/*-------------------------------------------------------------------------
 *
 * sparse.h
 *	  Distance kernels on sparse vectors: merges of two sorted lists.
 *
 * NOTES
 *	  Pure C.  Sums are float32; the variants add in different orders, so results may
 *	  differ within the tolerance given in README.md.  Overflow gives infinity.
 *
 * IDENTIFICATION
 *	  src/distance/sparse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef SPARSE_H
#define SPARSE_H

#include <stddef.h>
#include <stdint.h>
#include "port/vdb_cpu.h"

/*
 * The elements of a sparse vector that are stored; all others are 0.  Not one byte past
 * n elements is read.  Pointers need the alignment of their elements only.
 */
typedef struct SparseRow
{
	const int32_t *indices; /* strictly ascending, 0 .. SPARSE_MAX_INDEX */
	const float *values;	/* finite */
	size_t n;				/* may be 0 */
} SparseRow;

#define SPARSE_MAX_INDEX (INT32_MAX - 2)

typedef struct SparseKernels
{
	VdbSimd simd; /* instructions used: may be a lower level than asked for */
	float (*dot)(SparseRow a, SparseRow b);	 /* sum a*b */
	float (*l2sq)(SparseRow a, SparseRow b); /* sum (a-b)^2 */
	float (*l1)(SparseRow a, SparseRow b);	 /* sum |a-b| */
} SparseKernels;

/* The active kernels.  Valid before any call to sparse_select() (scalar). */
extern const SparseKernels *vdb_sparse;

/*
 * The kernels to run at a level, or NULL when the level is not compiled in.  At avx512
 * they are those of avx2, at neon those of plain C.
 */
extern const SparseKernels *sparse_kernels(VdbSimd simd);

/* Makes a level the active one; a level that cannot run here changes nothing. */
extern void sparse_select(VdbSimd simd);

#endif /* SPARSE_H */
