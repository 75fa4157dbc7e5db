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
/* avx512 with VDB_CPU_VPOPCNTDQ */
#define VDB_TARGET_AVX512_VPOPCNTDQ                                                                \
	__attribute__((                                                                                \
		target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx2,fma,f16c,popcnt")))
/* avx512 with VDB_CPU_AVX512_BF16 */
#define VDB_TARGET_AVX512_BF16                                                                     \
	__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,popcnt")))
/* VDB_CPU_AMX_BF16 */
#define VDB_TARGET_AMX_BF16 __attribute__((target("amx-tile,amx-bf16")))
#define VDB_TARGET_NEON

#define VDB_INLINE		static inline __attribute__((always_inline))
#define VDB_RESTRICT	__restrict__
#define VDB_UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * Before a for loop of a small constant number of turns: unroll it completely, at -O2
 * too, so that an array indexed by the loop variable lives in registers.  Not with
 * clang's AddressSanitizer, whose checks in unrolled kernels take long to compile.
 */
#if !defined(__clang__)
#define VDB_UNROLL _Pragma("GCC unroll 16")
#elif __has_feature(address_sanitizer)
#define VDB_UNROLL
#else
#define VDB_UNROLL _Pragma("clang loop unroll(full)")
#endif

/* Before a for loop: two turns in one, at -O2 too. */
#if !defined(__clang__)
#define VDB_UNROLL_TWICE _Pragma("GCC unroll 2")
#else
#define VDB_UNROLL_TWICE _Pragma("clang loop unroll_count(2)")
#endif

/*
 * Keeps a loaded float or vector variable in a register.  Without it gcc 12 loads it
 * again for every use as a memory operand, and kernels that use each load two or three
 * times become bound by loads.
 */
#if defined(VDB_ARCH_X86)
#define VDB_IN_REGISTER(x) __asm__("" : "+v"(x))
#elif defined(VDB_ARCH_NEON)
#define VDB_IN_REGISTER(x) __asm__("" : "+w"(x))
#else
#define VDB_IN_REGISTER(x) ((void) 0)
#endif

#endif /* VDB_TARGET_H */
