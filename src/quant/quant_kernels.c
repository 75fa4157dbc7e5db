/*-------------------------------------------------------------------------
 *
 * quant_kernels.c
 *	  The kernels and the bit-exact routines in use.
 *
 * NOTES
 *	  Pure C.  No arithmetic here; simd.h chooses.
 *
 * IDENTIFICATION
 *	  src/quant/quant_kernels.c
 *
 *-------------------------------------------------------------------------
 */
#include "quant/quant_impl.h"
#include "simd/simd.h"

const QuantKernels *vdb_quant = &quant_kernels_scalar;
const QuantRoutines *quant_routines = &quant_routines_scalar;

static const SimdVariant kernels_variants[] = {SIMD_VARIANTS(quant_kernels)};
static const SimdVariant routines_variants[] = {SIMD_VARIANTS(quant_routines)};

/*
 * The scan kernels of a level, or NULL when this architecture has none.  Says nothing
 * about the CPU: ask vdb_simd_supported() before calling them.
 */
const QuantKernels *
quant_kernels(VdbSimd simd)
{
	return simd_kernels(kernels_variants, simd);
}

/*
 * Makes a level the active one for scanning, rotating, encoding and query tables; a level that
 * cannot run here changes nothing.
 */
void
quant_select(VdbSimd simd)
{
	vdb_quant = simd_select(kernels_variants, simd, vdb_quant);
	quant_routines = simd_select(routines_variants, simd, quant_routines);
}
