/*-------------------------------------------------------------------------
 *
 * dist_kernels.c
 *	  The kernels in use: of dense vectors, of bit strings and of sparse vectors.
 *
 * NOTES
 *	  Pure C.  No arithmetic here; simd.h chooses.
 *
 * IDENTIFICATION
 *	  src/distance/dist_kernels.c
 *
 *-------------------------------------------------------------------------
 */
#include <stddef.h>
#include "distance/bits.h"
#include "distance/dist.h"
#include "distance/sparse.h"
#include "simd/simd.h"

/* The tables that the templates and sparse_<level>.c define. */
extern const DistKernels dist_table_scalar;
extern const BitsKernels bits_table_scalar;
extern const SparseKernels sparse_table_scalar;
#ifdef VDB_ARCH_X86
extern const DistKernels dist_table_avx2;
extern const DistKernels dist_table_avx512;
extern const BitsKernels bits_table_avx2;
extern const BitsKernels bits_table_avx512;
extern const SparseKernels sparse_table_avx2;
#endif
#ifdef VDB_ARCH_NEON
extern const DistKernels dist_table_neon;
extern const BitsKernels bits_table_neon;
#endif

const DistKernels *vdb_dist = &dist_table_scalar;
const BitsKernels *vdb_bits = &bits_table_scalar;
const SparseKernels *vdb_sparse = &sparse_table_scalar;

static const SimdVariant dist_variants[] = {SIMD_VARIANTS(dist_table)};

/*
 * Byte shuffles in 512 bits were measured no faster than in 256, so without VPOPCNTDQ the avx2
 * kernels serve avx512 too.
 */
static const SimdVariant bits_variants[] = {
	{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, &bits_table_scalar},
#ifdef VDB_ARCH_X86
	{VDB_SIMD_AVX2, SIMD_NO_FEATURE, &bits_table_avx2},
	{VDB_SIMD_AVX512, VDB_CPU_VPOPCNTDQ, &bits_table_avx512},
#endif
#ifdef VDB_ARCH_NEON
	{VDB_SIMD_NEON, SIMD_NO_FEATURE, &bits_table_neon},
#endif
	{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL}};

/*
 * Comparing 16 by 16 indices in AVX-512 was measured slower than 8 by 8 in AVX2 up to some 100
 * elements, so the avx2 kernels serve avx512 too, and those in plain C serve neon.
 */
static const SimdVariant sparse_variants[] = {
	{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, &sparse_table_scalar},
#ifdef VDB_ARCH_X86
	{VDB_SIMD_AVX2, SIMD_NO_FEATURE, &sparse_table_avx2},
#endif
	{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL}};

/* The kernels of one level, or NULL when they are not compiled in. */
const DistKernels *
dist_kernels(VdbSimd simd)
{
	return simd_kernels(dist_variants, simd);
}

/* Makes a level the active one; a level that cannot run here changes nothing. */
void
dist_select(VdbSimd simd)
{
	vdb_dist = simd_select(dist_variants, simd, vdb_dist);
}

/* The kernels to run at a level on this CPU, or NULL when the level is not compiled in. */
const BitsKernels *
bits_kernels(VdbSimd simd)
{
	return simd_kernels(bits_variants, simd);
}

/* As dist_select(). */
void
bits_select(VdbSimd simd)
{
	vdb_bits = simd_select(bits_variants, simd, vdb_bits);
}

/* The kernels to run at a level, or NULL when the level is not compiled in. */
const SparseKernels *
sparse_kernels(VdbSimd simd)
{
	return simd_kernels(sparse_variants, simd);
}

/* As dist_select(). */
void
sparse_select(VdbSimd simd)
{
	vdb_sparse = simd_select(sparse_variants, simd, vdb_sparse);
}
