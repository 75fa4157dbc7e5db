/*-------------------------------------------------------------------------
 *
 * sparse_dispatch.c
 *	  The table of sparse kernels in use and the choice among the levels.
 *
 * NOTES
 *	  Pure C.  As dist_dispatch.c.
 *
 * IDENTIFICATION
 *	  src/distance/sparse_dispatch.c
 *
 *-------------------------------------------------------------------------
 */
#include "distance/sparse.h"

#include "port/vdb_target.h"

extern const SparseKernels sparse_table_scalar;
#ifdef VDB_ARCH_X86
extern const SparseKernels sparse_table_avx2;
#endif

const SparseKernels *vdb_sparse = &sparse_table_scalar;

/*
 * The kernels to run at a level, or NULL when the level is not compiled in.  Comparing 16
 * by 16 indices in AVX-512 was measured slower than 8 by 8 in AVX2 up to some 100 elements.
 */
const SparseKernels *
sparse_kernels(VdbSimd simd)
{
	if (!vdb_simd_compiled(simd))
		return NULL;
	switch (simd)
	{
#ifdef VDB_ARCH_X86
		case VDB_SIMD_AVX2:
		case VDB_SIMD_AVX512:
			return &sparse_table_avx2;
#endif
		default:
			return &sparse_table_scalar;
	}
}

/* Makes a level the active one; a level that cannot run here changes nothing. */
void
sparse_select(VdbSimd simd)
{
	if (vdb_simd_supported(simd))
		vdb_sparse = sparse_kernels(simd);
}
