/*-------------------------------------------------------------------------
 *
 * filter_kernels.c
 *	  The kernels in use.
 *
 * NOTES
 *	  Pure C.  Contract in filter.h; simd.h chooses.
 *
 * IDENTIFICATION
 *	  src/filter/filter_kernels.c
 *
 *-------------------------------------------------------------------------
 */
#include "filter/filter.h"
#include "simd/simd.h"

/* The tables that the template defines. */
extern const FilterKernels filter_table_scalar;
#ifdef VDB_ARCH_X86
extern const FilterKernels filter_table_avx2;
extern const FilterKernels filter_table_avx512;
#endif
#ifdef VDB_ARCH_NEON
extern const FilterKernels filter_table_neon;
#endif

const FilterKernels *vdb_filter = &filter_table_scalar;

static const SimdVariant variants[] = {SIMD_VARIANTS(filter_table)};

/* See filter.h. */
const FilterKernels *
filter_kernels(VdbSimd simd)
{
	return simd_kernels(variants, simd);
}

/* See filter.h. */
void
filter_select(VdbSimd simd)
{
	vdb_filter = simd_select(variants, simd, vdb_filter);
}
