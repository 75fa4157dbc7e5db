/*-------------------------------------------------------------------------
 *
 * vec_scalar.h
 *	  Vector primitives of width 1: the reference for all others.
 *
 * NOTES
 *	  Pure C.  The contract of every vec_*.h stands in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/distance/vec_scalar.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VEC_SCALAR_H
#define VEC_SCALAR_H

#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include "port/vdb_half.h"
#include "port/vdb_target.h"

#define VDB_TARGET	 VDB_TARGET_SCALAR
#define VDB_FN(name) name##_scalar
#define VDB_SIMD	 VDB_SIMD_SCALAR
#define VF_WIDTH	 1
#define VF_UNROLL	 1 /* one sequential sum: the definition the variants are measured against */
#define VF_ROWS		 4

typedef float vf32;

VDB_INLINE vf32
vf_zero(void)
{
	return 0.0f;
}

VDB_INLINE vf32
vf_set1(float x)
{
	return x;
}

VDB_INLINE vf32
vf_load(const float *p)
{
	return *p;
}

VDB_INLINE vf32
vf_load_partial(const float *p, size_t n)
{
	return n > 0 ? *p : 0.0f;
}

VDB_INLINE vf32
vf_load_tail(const float *p, size_t n)
{
	return vf_load_partial(p, n);
}

VDB_INLINE vf32
vf_load_f16(const uint16_t *p)
{
	return vdb_half_to_float(*p);
}

VDB_INLINE vf32
vf_load_f16_partial(const uint16_t *p, size_t n)
{
	return n > 0 ? vdb_half_to_float(*p) : 0.0f;
}

VDB_INLINE vf32
vf_load_f16_tail(const uint16_t *p, size_t n)
{
	return vf_load_f16_partial(p, n);
}

VDB_INLINE void
vf_store_f16(uint16_t *p, vf32 a)
{
	*p = vdb_half_from_float(a);
}

VDB_INLINE void
vf_store(float *p, vf32 a)
{
	*p = a;
}

VDB_INLINE vf32
vf_add(vf32 a, vf32 b)
{
	return a + b;
}

VDB_INLINE vf32
vf_sub(vf32 a, vf32 b)
{
	return a - b;
}

VDB_INLINE vf32
vf_mul(vf32 a, vf32 b)
{
	return a * b;
}

VDB_INLINE vf32
vf_fma(vf32 a, vf32 b, vf32 c)
{
	return a * b + c;
}

VDB_INLINE vf32
vf_abs(vf32 a)
{
	return fabsf(a);
}

VDB_INLINE float
vf_sum(vf32 a)
{
	return a;
}

VDB_INLINE void
vf_sum4(vf32 a, vf32 b, vf32 c, vf32 d, float out[4])
{
	out[0] = a;
	out[1] = b;
	out[2] = c;
	out[3] = d;
}

#endif /* VEC_SCALAR_H */
