/*-------------------------------------------------------------------------
 *
 * gemm_dispatch.c
 *	  Which matrix kernels are compiled in, and which are active.
 *
 * NOTES
 *	  Pure C.  No arithmetic here.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_dispatch.c
 *
 *-------------------------------------------------------------------------
 */
#include "cluster/gemm.h"
#include "cluster/kmeans.h"
#include "port/vdb_target.h"

const GemmOps *vdb_gemm = &gemm_ops_scalar;

static const GemmOps *const gemm_compiled[VDB_SIMD_COUNT] = {
	[VDB_SIMD_SCALAR] = &gemm_ops_scalar,
#ifdef VDB_ARCH_X86
	[VDB_SIMD_AVX2] = &gemm_ops_avx2,
	[VDB_SIMD_AVX512] = &gemm_ops_avx512,
#endif
#ifdef VDB_ARCH_NEON
	[VDB_SIMD_NEON] = &gemm_ops_neon,
#endif
};

/* The kernels of a level, or NULL when they are not compiled in. */
const GemmOps *
gemm_ops(VdbSimd simd)
{
	if ((int) simd < 0 || (int) simd >= VDB_SIMD_COUNT)
		return NULL;
	return gemm_compiled[simd];
}

/*
 * Makes a level that the CPU supports the active one; a level that is not compiled in
 * leaves the choice as it is.
 */
void
kmeans_select(VdbSimd simd)
{
	const GemmOps *ops = gemm_ops(simd);

	if (ops != NULL)
		vdb_gemm = ops;
}
