/*-------------------------------------------------------------------------
 *
 * bits.h
 *	  Kernels that count bits of two bit strings: one table of functions per SIMD level.
 *
 * NOTES
 *	  Pure C.  A bit string is n >= 0 bytes at any alignment, unused bits of the last byte
 *	  zero.  Not one byte past them is read.  Counts are whole numbers and equal at every
 *	  level.
 *
 * IDENTIFICATION
 *	  src/distance/bits.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef BITS_H
#define BITS_H

#include <stddef.h>
#include <stdint.h>
#include "port/vdb_cpu.h"

/* What a Jaccard distance needs, from one pass over both strings. */
typedef struct BitsOverlap
{
	uint64_t both;	 /* bits set in a and b */
	uint64_t either; /* bits set in a or b */
} BitsOverlap;

typedef struct BitsKernels
{
	VdbSimd simd; /* instructions used: may be a lower level than asked for */

	/* number of bits that differ */
	uint64_t (*hamming)(const uint8_t *a, const uint8_t *b, size_t n);

	BitsOverlap (*overlap)(const uint8_t *a, const uint8_t *b, size_t n);
} BitsKernels;

/* The active kernels.  Valid before any call to bits_select() (scalar). */
extern const BitsKernels *vdb_bits;

/*
 * The kernels to run at a level on this CPU, or NULL when the level is not compiled in.
 * At avx512 without VPOPCNTDQ they are those of avx2.
 */
extern const BitsKernels *bits_kernels(VdbSimd simd);

/* Makes a level the active one; a level that cannot run here changes nothing. */
extern void bits_select(VdbSimd simd);

#endif /* BITS_H */
