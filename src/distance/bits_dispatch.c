/*-------------------------------------------------------------------------
 *
 * bits_dispatch.c
 *	  The table of bit kernels in use and the choice among the levels.
 *
 * NOTES
 *	  Pure C.  As dist_dispatch.c.
 *
 * IDENTIFICATION
 *	  src/distance/bits_dispatch.c
 *
 *-------------------------------------------------------------------------
 */
#include "distance/bits.h"

#include "port/vdb_target.h"

/* The tables that bits_template.h defines, one per level. */
extern const BitsKernels bits_table_scalar;
#ifdef VDB_ARCH_X86
extern const BitsKernels bits_table_avx2;
extern const BitsKernels bits_table_avx512;
#endif
#ifdef VDB_ARCH_NEON
extern const BitsKernels bits_table_neon;
#endif

const BitsKernels *vdb_bits = &bits_table_scalar;

/*
 * The kernels to run at a level on this CPU, or NULL when the level is not compiled in.
 * Byte shuffles in 512 bits were measured no faster than in 256, so without VPOPCNTDQ the
 * avx2 kernels serve avx512 too.
 */
const BitsKernels *
bits_kernels(VdbSimd simd)
{
	switch (simd)
	{
		case VDB_SIMD_SCALAR:
			return &bits_table_scalar;
#ifdef VDB_ARCH_X86
		case VDB_SIMD_AVX2:
			return &bits_table_avx2;
		case VDB_SIMD_AVX512:
			return vdb_cpu_has(VDB_CPU_VPOPCNTDQ) ? &bits_table_avx512 : &bits_table_avx2;
#endif
#ifdef VDB_ARCH_NEON
		case VDB_SIMD_NEON:
			return &bits_table_neon;
#endif
		default:
			return NULL;
	}
}

/* Makes a level the active one; a level that cannot run here changes nothing. */
void
bits_select(VdbSimd simd)
{
	if (vdb_simd_supported(simd))
		vdb_bits = bits_kernels(simd);
}
