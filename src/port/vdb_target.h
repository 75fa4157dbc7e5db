/*-------------------------------------------------------------------------
 *
 * vdb_target.h
 *	  Compiler support: function-level instruction sets, inlining, alignment.
 *
 * NOTES
 *	  Instruction sets are chosen per function with a target attribute, never
 *	  per file with -m options: PGXS also compiles each file to LLVM bitcode
 *	  without per-object flags, and one shared library must load everywhere.
 *	  A kernel file defines VDB_TARGET before it includes a template.
 *
 * IDENTIFICATION
 *	  src/port/vdb_target.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VDB_TARGET_H
#define VDB_TARGET_H

#if defined(__x86_64__) || defined(__amd64__)
#define VDB_ARCH_X86 1
#endif
#if defined(__aarch64__)
#define VDB_ARCH_NEON 1
#endif

#define VDB_TARGET_SCALAR
#define VDB_TARGET_AVX2 __attribute__((target("avx2,fma,f16c,popcnt")))
#define VDB_TARGET_AVX512                                                                          \
	__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,popcnt")))
#define VDB_TARGET_NEON

#define VDB_INLINE		static inline __attribute__((always_inline))
#define VDB_RESTRICT	__restrict__
#define VDB_UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * Before a for loop of a small constant number of turns: unroll it completely, at -O2
 * too, so that an array indexed by the loop variable lives in registers.
 */
#if defined(__clang__)
#define VDB_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VDB_UNROLL _Pragma("GCC unroll 16")
#endif

#endif /* VDB_TARGET_H */
