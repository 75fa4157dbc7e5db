/*-------------------------------------------------------------------------
 *
 * vf_scalar.h
 *	  Vector operations of width 1: the reference for all others.
 *
 * NOTES
 *	  Pure C.  The contract of every vf_<level>.h stands in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/simd/vf_scalar.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VF_SCALAR_H
#define VF_SCALAR_H

#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include "port/vdb_half.h"
#include "port/vdb_target.h"

#define VDB_TARGET	 VDB_TARGET_SCALAR
#define VDB_FN(name) name##_scalar
#define VDB_SIMD	 VDB_SIMD_SCALAR
#define VF_WIDTH	 1
#define VD_PARTS	 1
#define VF_UNROLL	 1 /* one sequential sum: the definition the variants are measured against */
#define VF_ROWS		 4

typedef float vf32;
typedef double vd64;
typedef uint32_t vu32;
typedef uint32_t vset; /* all bits set or none */

typedef struct
{
	int16_t w[2];
} vi16;

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

VDB_INLINE vf32
vf_fnma(vf32 a, vf32 b, vf32 c)
{
	return c - a * b;
}

VDB_INLINE vf32
vf_max(vf32 a, vf32 b)
{
	return a > b ? a : b;
}

VDB_INLINE vf32
vf_min(vf32 a, vf32 b)
{
	return a < b ? a : b;
}

VDB_INLINE float
vf_min_lane(vf32 a)
{
	return a;
}

VDB_INLINE float
vf_fold(vf32 a)
{
	return a;
}

VDB_INLINE vf32
vf_hadamard(vf32 a)
{
	return a;
}

/* ----- sets ----- */

VDB_INLINE vset
vf_less(vf32 a, vf32 b)
{
	return 0u - (vset) (a < b);
}

VDB_INLINE vset
vf_less_equal(vf32 a, vf32 b)
{
	return 0u - (vset) (a <= b);
}

VDB_INLINE vf32
vf_negate(vset set, vf32 a)
{
	return set != 0 ? -a : a;
}

VDB_INLINE vf32
vf_choose(vset set, vf32 a, vf32 b)
{
	return set != 0 ? a : b;
}

VDB_INLINE uint32_t
vset_bits(const vset set[16])
{
	uint32_t bits = 0;

	for (int i = 0; i < 16; i++)
		bits |= (set[i] & 1) << i;
	return bits;
}

/* ----- doubles ----- */

VDB_INLINE vd64
vd_zero(void)
{
	return 0.0;
}

VDB_INLINE vd64
vd_set1(double x)
{
	return x;
}

VDB_INLINE vd64
vd_from(vf32 a, int part)
{
	(void) part;
	return (double) a;
}

VDB_INLINE vf32
vd_narrow(const vd64 *a)
{
	return (float) *a;
}

VDB_INLINE vd64
vd_add(vd64 a, vd64 b)
{
	return a + b;
}

VDB_INLINE vd64
vd_sub(vd64 a, vd64 b)
{
	return a - b;
}

VDB_INLINE vd64
vd_mul(vd64 a, vd64 b)
{
	return a * b;
}

VDB_INLINE double
vd_fold(vd64 a)
{
	return a;
}

/* ----- integers ----- */

VDB_INLINE vu32
vu_zero(void)
{
	return 0;
}

VDB_INLINE vu32
vu_load(const uint32_t *p)
{
	return *p;
}

VDB_INLINE void
vu_store(uint32_t *p, vu32 a)
{
	*p = a;
}

VDB_INLINE vu32
vu_add(vu32 a, vu32 b)
{
	return a + b;
}

VDB_INLINE uint32_t
vu_sum(vu32 a)
{
	return a;
}

VDB_INLINE vf32
vf_from_u32(vu32 a)
{
	return (float) a;
}

VDB_INLINE vu32
vf_to_u32(vf32 a)
{
	return (uint32_t) a;
}

VDB_INLINE void
vu_store_bytes(uint8_t *p, const vu32 a[16])
{
	for (int i = 0; i < 16; i++)
		p[i] = (uint8_t) a[i];
}

/* Sixteen bytes as numbers. */
VDB_INLINE void
vu_load_bytes(vu32 a[16], const uint8_t *p)
{
	for (int i = 0; i < 16; i++)
		a[i] = p[i];
}

/* ----- words ----- */

VDB_INLINE void
vf_store_words(int16_t *p, const vf32 a[16])
{
	for (int i = 0; i < 16; i++)
		p[i] = (int16_t) a[i];
}

VDB_INLINE void
vi_load(vi16 a[16], const int16_t *p, int n)
{
	if (n < 32)
		memset(a, 0, 16 * sizeof(vi16));
	memcpy(a, p, (size_t) n * sizeof(int16_t));
}

VDB_INLINE void
vi_load_bytes(vi16 a[16], const uint8_t *p, int n)
{
	int16_t *words = (int16_t *) a;

	if (n < 32)
		memset(a, 0, 16 * sizeof(vi16));
	for (int i = 0; i < n; i++)
		words[i] = p[i];
}

VDB_INLINE vi16
vi_low_nibbles(vi16 a)
{
	a.w[0] &= 15;
	a.w[1] &= 15;
	return a;
}

VDB_INLINE vi16
vi_high_nibbles(vi16 a)
{
	a.w[0] = (int16_t) (a.w[0] >> 4);
	a.w[1] = (int16_t) (a.w[1] >> 4);
	return a;
}

VDB_INLINE vu32
vu_add_products(vu32 sum, vi16 a, vi16 b)
{
	sum += (uint32_t) (a.w[0] * b.w[0] + a.w[1] * b.w[1]);
	return sum;
}

#endif /* VF_SCALAR_H */
