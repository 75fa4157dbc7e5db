/*-------------------------------------------------------------------------
 *
 * vdb_cpu.h
 *	  What this CPU can do: the SIMD levels that vdb has kernels for.
 *
 * NOTES
 *	  Pure C.  The only place that looks at cpuid, xgetbv or HWCAP.  The levels:
 *
 *	  scalar	plain C, every machine; the reference the others are tested against
 *	  avx2		AVX2 + FMA + F16C + POPCNT, with YMM state enabled by the OS
 *	  avx512	AVX-512 F, BW, DQ, VL on top of avx2, with ZMM state enabled
 *	  neon		AArch64 Advanced SIMD
 *
 *	  A feature is an instruction set beyond a level that some of its CPUs have.  A level's
 *	  kernels may use it after asking for it; it has no name in vdb.simd.
 *
 * IDENTIFICATION
 *	  src/port/vdb_cpu.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VDB_CPU_H
#define VDB_CPU_H

#include <stdbool.h>

typedef enum VdbSimd
{
	VDB_SIMD_SCALAR = 0,
	VDB_SIMD_AVX2,
	VDB_SIMD_AVX512,
	VDB_SIMD_NEON
} VdbSimd;

#define VDB_SIMD_COUNT (VDB_SIMD_NEON + 1)

typedef enum VdbCpuFeature
{
	VDB_CPU_VPOPCNTDQ = 0, /* AVX512_VPOPCNTDQ, on top of avx512 */
	VDB_CPU_AVX512_BF16,   /* AVX512_BF16, on top of avx512 */
	VDB_CPU_AMX_BF16 /* AMX-TILE and AMX-BF16, on top of AVX512_BF16; Linux lets this process */
} VdbCpuFeature;

/* Name of a level as users write it in vdb.simd. */
extern const char *vdb_simd_name(VdbSimd simd);

/* True when this build holds kernels of the level (depends on the target architecture only). */
extern bool vdb_simd_compiled(VdbSimd simd);

/* True when the level is compiled in and this CPU and OS can run it. */
extern bool vdb_simd_supported(VdbSimd simd);

/* The best supported level. */
extern VdbSimd vdb_simd_best(void);

/*
 * True when this CPU and OS can run a feature and the level that it belongs to.  The first question
 * about AMX asks the operating system for permission, which lasts as long as the process.
 */
extern bool vdb_cpu_has(VdbCpuFeature feature);

#endif /* VDB_CPU_H */
