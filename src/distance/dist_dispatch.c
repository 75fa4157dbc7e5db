/*-------------------------------------------------------------------------
 *
 * dist_dispatch.c
 *	  The table of kernels in use and the choice among the levels.
 *
 * NOTES
 *	  Pure C.  No arithmetic here.  The choice is made once, when the extension is
 *	  loaded or vdb.simd is set; a call goes through one pointer.
 *
 * IDENTIFICATION
 *	  src/distance/dist_dispatch.c
 *
 *-------------------------------------------------------------------------
 */
#include "distance/dist.h"

#include "port/vdb_target.h"

/* The tables that dist_template.h defines, one per level. */
extern const DistKernels dist_table_scalar;
#ifdef VDB_ARCH_X86
extern const DistKernels dist_table_avx2;
extern const DistKernels dist_table_avx512;
#endif
#ifdef VDB_ARCH_NEON
extern const DistKernels dist_table_neon;
#endif

const DistKernels *vdb_dist = &dist_table_scalar;

/* The kernels of one level, or NULL when they are not compiled in. */
const DistKernels *
dist_kernels(VdbSimd simd)
{
	switch (simd)
	{
		case VDB_SIMD_SCALAR:
			return &dist_table_scalar;
#ifdef VDB_ARCH_X86
		case VDB_SIMD_AVX2:
			return &dist_table_avx2;
		case VDB_SIMD_AVX512:
			return &dist_table_avx512;
#endif
#ifdef VDB_ARCH_NEON
		case VDB_SIMD_NEON:
			return &dist_table_neon;
#endif
		default:
			return NULL;
	}
}

/* Makes a level the active one; a level that cannot run here changes nothing. */
void
dist_select(VdbSimd simd)
{
	if (vdb_simd_supported(simd))
		vdb_dist = dist_kernels(simd);
}
