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
#include <stdbool.h>
#include "cluster/gemm_bf16.h"
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

/* Set by gemm_bf16_use(). */
static const GemmBf16 *gemm_bf16_chosen;
static bool gemm_bf16_is_chosen;

/* The kernels of a level, or NULL when they are not compiled in. */
const GemmOps *
gemm_ops(VdbSimd simd)
{
	if ((int) simd < 0 || (int) simd >= VDB_SIMD_COUNT)
		return NULL;
	return gemm_compiled[simd];
}

/* See gemm_bf16.h.  AMX is asked for here first, so by processes that cluster. */
const GemmBf16 *
gemm_bf16_best(void)
{
#ifdef VDB_ARCH_X86
	if (vdb_cpu_has(VDB_CPU_AMX_BF16))
		return &gemm_bf16_amx;
	if (vdb_cpu_has(VDB_CPU_AVX512_BF16))
		return &gemm_bf16_avx512;
#endif
	return NULL;
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
