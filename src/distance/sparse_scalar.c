/*-------------------------------------------------------------------------
 *
 * sparse_scalar.c
 *	  Sparse kernels in plain C: a merge without branches that depend on the data.
 *
 * NOTES
 *	  Pure C.  Which list comes next is a coin toss for real data, so an if-else merge
 *	  mispredicts about every second step.  Here the order of two indices is the sign of
 *	  a difference, which masks values and advances positions.  Shifts and masks are
 *	  spelled out because compilers turn comparisons back into branches.
 *
 * IDENTIFICATION
 *	  src/distance/sparse_scalar.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "distance/sparse.h"
#include "port/vdb_target.h"

/* What a kernel sums; always a constant, so that no test remains. */
typedef enum SparseTerm
{
	TERM_DOT,
	TERM_L2SQ,
	TERM_L1
} SparseTerm;

/* The number itself if keep is 1, zero if it is 0. */
VDB_INLINE float
keep_if(float value, uint32_t keep)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits &= 0u - keep;
	memcpy(&value, &bits, sizeof(bits));
	return value;
}

/* The term of a difference. */
VDB_INLINE float
term_of(SparseTerm term, float diff)
{
	return term == TERM_L2SQ ? diff * diff : fabsf(diff);
}

/* The sum of a term over all indices, in ascending order. */
VDB_INLINE float
merge(SparseTerm term, SparseRow a, SparseRow b)
{
	float sum = 0.0f;
	size_t i = 0;
	size_t j = 0;

	while (i < a.n && j < b.n)
	{
		int64_t diff = (int64_t) a.indices[i] - b.indices[j];
		uint32_t use_a = (uint32_t) ((uint64_t) (diff - 1) >> 63); /* a's index <= b's */
		uint32_t use_b = (uint32_t) ((uint64_t) (-diff - 1) >> 63);

		if (term == TERM_DOT)
			sum += keep_if(a.values[i] * b.values[j], use_a & use_b);
		else
			sum += term_of(term, keep_if(a.values[i], use_a) - keep_if(b.values[j], use_b));
		i += use_a;
		j += use_b;
	}
	if (term == TERM_DOT)
		return sum;
	for (; i < a.n; i++)
		sum += term_of(term, a.values[i]);
	for (; j < b.n; j++)
		sum += term_of(term, b.values[j]);
	return sum;
}

/* Inner product. */
static float
dot_scalar(SparseRow a, SparseRow b)
{
	return merge(TERM_DOT, a, b);
}

/* Squared L2 distance. */
static float
l2sq_scalar(SparseRow a, SparseRow b)
{
	return merge(TERM_L2SQ, a, b);
}

/* L1 distance. */
static float
l1_scalar(SparseRow a, SparseRow b)
{
	return merge(TERM_L1, a, b);
}

extern const SparseKernels sparse_table_scalar;

const SparseKernels sparse_table_scalar = {
	.simd = VDB_SIMD_SCALAR,
	.dot = dot_scalar,
	.l2sq = l2sq_scalar,
	.l1 = l1_scalar,
};
