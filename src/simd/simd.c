/*-------------------------------------------------------------------------
 *
 * simd.c
 *	  The choice among the kernels of the SIMD levels.
 *
 * NOTES
 *	  Pure C.  Contract in simd.h.
 *
 * IDENTIFICATION
 *	  src/simd/simd.c
 *
 *-------------------------------------------------------------------------
 */
#include "simd/simd.h"

#include <stddef.h>

/* See simd.h. */
const void *
simd_kernels(const SimdVariant *variants, VdbSimd simd)
{
	const void *kernels = NULL;

	if (!vdb_simd_compiled(simd))
		return NULL;
	for (const SimdVariant *v = variants; v->kernels != NULL; v++)
	{
		if (v->simd > simd)
			break;
		if (v->feature == SIMD_NO_FEATURE || vdb_cpu_has((VdbCpuFeature) v->feature))
			kernels = v->kernels;
	}
	return kernels;
}

/* See simd.h. */
const void *
simd_select(const SimdVariant *variants, VdbSimd simd, const void *active)
{
	return vdb_simd_supported(simd) ? simd_kernels(variants, simd) : active;
}
