/*-------------------------------------------------------------------------
 *
 * filter_scalar.c
 *	  Tests of filters in plain C.
 *
 * NOTES
 *	  Pure C.
 *
 * IDENTIFICATION
 *	  src/filter/filter_scalar.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"

#include <stddef.h>
#include <stdint.h>

#define VDB_TARGET	 VDB_TARGET_SCALAR
#define VDB_FN(name) name##_scalar
#define VDB_SIMD	 VDB_SIMD_SCALAR
#define VQ_LANES	 1
#define VQ_VECTORS	 16

typedef int64_t vq64;
typedef uint32_t vqset; /* 1 or 0 */

VDB_INLINE vq64
vq_load(const int64_t *p)
{
	return *p;
}

VDB_INLINE void
vq_store(int64_t *p, vq64 a)
{
	*p = a;
}

VDB_INLINE vq64
vq_widen(const int32_t *p)
{
	return *p;
}

VDB_INLINE vq64
vq_set1(int64_t x)
{
	return x;
}

/* Modulo 2^64. */
VDB_INLINE vq64
vq_add(vq64 a, vq64 b)
{
	return (int64_t) ((uint64_t) a + (uint64_t) b);
}

VDB_INLINE vq64
vq_and(vq64 a, vq64 b)
{
	return a & b;
}

VDB_INLINE vqset
vq_greater(vq64 a, vq64 b)
{
	return a > b;
}

VDB_INLINE vqset
vq_equal(vq64 a, vq64 b)
{
	return a == b;
}

VDB_INLINE vqset
vq_either(vqset a, vqset b)
{
	return a | b;
}

VDB_INLINE vqset
vq_none(void)
{
	return 0;
}

VDB_INLINE uint32_t
vq_bits(const vqset sets[VQ_VECTORS])
{
	uint32_t bits = 0;

	for (int i = 0; i < VQ_VECTORS; i++)
		bits |= sets[i] << i;
	return bits;
}

#include "filter/filter_template.h"
