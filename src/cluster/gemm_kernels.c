/*-------------------------------------------------------------------------
 *
 * gemm_kernels.c
 *	  The matrix kernels in use.
 *
 * NOTES
 *	  Pure C.  No arithmetic here; simd.h chooses.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_kernels.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include "cluster/gemm_bf16.h"
#include "cluster/kmeans.h"
#include "simd/simd.h"

const GemmOps *vdb_gemm = &gemm_ops_scalar;

static const SimdVariant gemm_variants[] = {SIMD_VARIANTS(gemm_ops)};

static const SimdVariant bf16_variants[] = {
#ifdef VDB_ARCH_X86
	{VDB_SIMD_AVX512, VDB_CPU_AVX512_BF16, &gemm_bf16_avx512},
	{VDB_SIMD_AVX512, VDB_CPU_AMX_BF16, &gemm_bf16_amx},
#endif
	{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL}};

/* Set by gemm_bf16_use(). */
static const GemmBf16 *gemm_bf16_chosen;
static bool gemm_bf16_is_chosen;

/* The kernels of a level, or NULL when they are not compiled in. */
const GemmOps *
gemm_ops(VdbSimd simd)
{
	return simd_kernels(gemm_variants, simd);
}

/* See gemm_bf16.h.  AMX is asked for here first, so by processes that cluster. */
const GemmBf16 *
gemm_bf16_best(void)
{
	return simd_kernels(bf16_variants, VDB_SIMD_AVX512);
}

/* See gemm_bf16.h. */
void
gemm_bf16_use(const GemmBf16 *kernels)
{
	gemm_bf16_chosen = kernels;
	gemm_bf16_is_chosen = true;
}

/* See gemm_bf16.h. */
const GemmBf16 *
gemm_bf16_for(const GemmOps *ops, size_t dims)
{
	if (ops->simd != VDB_SIMD_AVX512 || dims < GEMM_BF16_DIMS)
		return NULL;
	return gemm_bf16_is_chosen ? gemm_bf16_chosen : gemm_bf16_best();
}

/* Makes a level the active one; a level that cannot run here changes nothing. */
void
kmeans_select(VdbSimd simd)
{
	vdb_gemm = simd_select(gemm_variants, simd, vdb_gemm);
}
