/*-------------------------------------------------------------------------
 *
 * bits_scalar.c
 *	  Bit kernels in plain C.
 *
 * IDENTIFICATION
 *	  src/distance/bits_scalar.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"

#include <stddef.h>
#include <stdint.h>

#define VDB_TARGET		 VDB_TARGET_SCALAR
#define VDB_FN(name)	 name##_scalar
#define VDB_SIMD		 VDB_SIMD_SCALAR
#define VB_POPCOUNT64(x) popcount64(x)

/*
 * Bits set in a word, summed in pairs, nibbles and bytes (Warren, Hacker's Delight, 5-1).
 * The compilers' builtin calls a function with a table where the target has no instruction,
 * which took up to 1.6 times as long.
 */
VDB_INLINE uint64_t
popcount64(uint64_t x)
{
	x -= (x >> 1) & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) + ((x >> 2) & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (x * UINT64_C(0x0101010101010101)) >> 56;
}

#include "distance/bits_template.h"
