/*-------------------------------------------------------------------------
 *
 * gemm_avx2.c
 *	  Matrix kernels in AVX2: a tile of 6 points by 16 centroids: 12 accumulators of 16 registers.
 *
 * NOTES
 *	  Pure C.  Contract in gemm.h, bodies in gemm_template.h.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_avx2.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "cluster/gemm.h"
#include "port/vdb_target.h"

#ifdef VDB_ARCH_X86

#include "distance/vec_avx2.h"

#define GEMM_ROWS		  6
#define GEMM_HALF_LIST(M) M(0) M(1) M(2)
#define GEMM_ROW_LIST(M)  GEMM_HALF_LIST(M) M(3) M(4) M(5)

/* Lane-wise minimum. */
VDB_INLINE VDB_TARGET vf32
vf_min(vf32 a, vf32 b)
{
	return _mm256_min_ps(a, b);
}

/* Smallest lane. */
VDB_INLINE VDB_TARGET float
vf_min_sum(vf32 a)
{
	__m128 m = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

	m = _mm_min_ps(m, _mm_movehl_ps(m, m));
	m = _mm_min_ss(m, _mm_shuffle_ps(m, m, 1));
	return _mm_cvtss_f32(m);
}

#include "cluster/gemm_template.h"

#endif /* VDB_ARCH_X86 */
