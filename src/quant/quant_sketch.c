/*-------------------------------------------------------------------------
 *
 * quant_sketch.c
 *	  Sketches of sparse and of very long vectors.
 *
 * NOTES
 *	  Pure C.  See quant_sketch.h.
 *
 * IDENTIFICATION
 *	  src/quant/quant_sketch.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "quant/quant_sketch.h"

#define HASH_BITS 16 /* of the hash that each block takes: a place of 15 bits, and a sign */

/* 64 bits that are as good as random, from a number (splitmix64; S. Vigna). */
static uint64_t
mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Adds an element to a sketch; see quant_sketch.h.  The norm of an element stays as it is. */
void
quant_sketch_add(int dims, uint64_t key, float value, float *out)
{
	uint32_t block = (uint32_t) dims / QUANT_SKETCH_HASHES;
	uint64_t hash = mix(key);
	float share = value * 0.5f; /* 1 / sqrt(QUANT_SKETCH_HASHES) */

	for (int i = 0; i < QUANT_SKETCH_HASHES; i++)
	{
		uint32_t place = (uint32_t) (hash >> 1 & 0x7fff) * block >> (HASH_BITS - 1);

		out[(uint32_t) i * block + place] += hash & 1 ? share : -share;
		hash >>= HASH_BITS;
	}
}

/* Relative deviation of squared distances; see quant_sketch.h. */
double
quant_sketch_deviation(int dims)
{
	return sqrt(2.0 / dims);
}
