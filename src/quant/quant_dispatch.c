/*-------------------------------------------------------------------------
 *
 * quant_dispatch.c
 *	  Which level's kernels are in use.
 *
 * NOTES
 *	  Pure C.  Only quant_select() changes the active level; it is not thread-safe
 *	  and is meant for start-up and for the vdb.simd setting.
 *
 * IDENTIFICATION
 *	  src/quant/quant_dispatch.c
 *
 *-------------------------------------------------------------------------
 */
#include "quant/quant_impl.h"

const QuantKernels *vdb_quant = &quant_kernels_scalar;

/*
 * The scan kernels of a level, or NULL when this architecture has none.  Says nothing
 * about the CPU: ask vdb_simd_supported() before calling them.
 */
const QuantKernels *
quant_kernels(VdbSimd simd)
{
	switch (simd)
	{
		case VDB_SIMD_SCALAR:
			return &quant_kernels_scalar;
#ifdef VDB_ARCH_X86
		case VDB_SIMD_AVX2:
			return &quant_kernels_avx2;
		case VDB_SIMD_AVX512:
			return &quant_kernels_avx512;
#endif
#ifdef VDB_ARCH_NEON
		case VDB_SIMD_NEON:
			return &quant_kernels_neon;
#endif
		default:
			return NULL;
	}
}

/*
 * The bit-exact routines of a level; the scalar ones where the architecture has none.
 */
const QuantRoutines *
quant_routines(VdbSimd simd)
{
	switch (simd)
	{
#ifdef VDB_ARCH_X86
		case VDB_SIMD_AVX2:
			return &quant_routines_avx2;
		case VDB_SIMD_AVX512:
			return &quant_routines_avx512;
#endif
#ifdef VDB_ARCH_NEON
		case VDB_SIMD_NEON:
			return &quant_routines_neon;
#endif
		default:
			return &quant_routines_scalar;
	}
}

/*
 * Makes "simd" the active level for scanning, rotating, encoding and query tables.
 * The caller has checked that the CPU supports it; a level without kernels is ignored.
 */
void
quant_select(VdbSimd simd)
{
	const QuantKernels *kernels = quant_kernels(simd);

	if (kernels != NULL)
		vdb_quant = kernels;
}
