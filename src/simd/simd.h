/*-------------------------------------------------------------------------
 *
 * simd.h
 *	  The choice among the kernels of the SIMD levels.
 *
 * NOTES
 *	  Pure C.  A family of kernels (distances, bit counts, codes, products) is a table of functions
 *	  for each level that has its own.  The owner of the family lists these tables once, as
 *	  SimdVariants; which of them serves a level on this CPU is decided here, for all families.
 *
 *	  An owner keeps the active table in a pointer of its own, so that a call goes through that
 *	  one pointer.  It is set when the extension is loaded or vdb.simd is changed, by one thread.
 *
 * IDENTIFICATION
 *	  src/simd/simd.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef SIMD_H
#define SIMD_H

#include "port/vdb_cpu.h"
#include "port/vdb_target.h"

/* Of a variant that needs nothing beyond its level. */
#define SIMD_NO_FEATURE (-1)

/* A family's kernels for a level, and for the levels above that have none. */
typedef struct SimdVariant
{
	VdbSimd simd;		 /* the level whose instructions they use */
	int feature;		 /* the VdbCpuFeature that they need too, or SIMD_NO_FEATURE */
	const void *kernels; /* NULL ends the list */
} SimdVariant;

/* The variants NAME_<level> of a family that has one for each level, and the end of the list. */
#if defined(VDB_ARCH_X86)
#define SIMD_VARIANTS(name)                                                                        \
	{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, &name##_scalar},                                            \
		{VDB_SIMD_AVX2, SIMD_NO_FEATURE, &name##_avx2},                                            \
		{VDB_SIMD_AVX512, SIMD_NO_FEATURE, &name##_avx512},                                        \
	{                                                                                              \
		VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL                                                     \
	}
#elif defined(VDB_ARCH_NEON)
#define SIMD_VARIANTS(name)                                                                        \
	{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, &name##_scalar},                                            \
		{VDB_SIMD_NEON, SIMD_NO_FEATURE, &name##_neon},                                            \
	{                                                                                              \
		VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL                                                     \
	}
#else
#define SIMD_VARIANTS(name)                                                                        \
	{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, &name##_scalar},                                            \
	{                                                                                              \
		VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL                                                     \
	}
#endif

/*
 * The last of the variants, which rise, that serves a level: it belongs to that level or one
 * below, and this CPU has the feature that it needs.  NULL when the level is not compiled in or
 * has no variant.  Says nothing about the level itself: ask vdb_simd_supported() before a call.
 */
extern const void *simd_kernels(const SimdVariant *variants, VdbSimd simd);

/* The same if this CPU runs the level, else "active", so that nothing changes. */
extern const void *simd_select(const SimdVariant *variants, VdbSimd simd, const void *active);

#endif /* SIMD_H */
