/*-------------------------------------------------------------------------
 *
 * quant_lanes_scalar.h
 *	  Sixteen lanes and table sums: plain C, the definition of all others.
 *
 * NOTES
 *	  Pure C.  The contract of every quant_lanes_*.h stands in README.md, "Lanes".
 *
 * IDENTIFICATION
 *	  src/quant/quant_lanes_scalar.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_LANES_SCALAR_H
#define QUANT_LANES_SCALAR_H

#include <math.h>
#include <string.h>
#include "port/vdb_half.h"
#include "quant/quant_impl.h"

#define VDB_TARGET		 VDB_TARGET_SCALAR
#define VDB_FN(name)	 name##_scalar
#define VDB_SIMD		 VDB_SIMD_SCALAR
#define LANES_ACC_CHUNKS 4096 /* sums are 32 bits wide already */

typedef struct
{
	float f[QUANT_LANES];
} lanes_f32;

typedef struct
{
	uint32_t u[QUANT_LANES];
} lanes_u32;

typedef struct
{
	double d[QUANT_LANES];
} lanes_f64;

typedef struct
{
	int16_t w[2 * QUANT_LANES];
} lanes_i16;

typedef uint32_t lanes_set; /* bit i: lane i is in the set */
typedef lanes_u32 lanes_acc;

/* ----- float lanes ----- */

VDB_INLINE lanes_f32
lanes_set1(float value)
{
	lanes_f32 r;

	for (int i = 0; i < QUANT_LANES; i++)
		r.f[i] = value;
	return r;
}

VDB_INLINE lanes_f32
lanes_load(const float *p)
{
	lanes_f32 r;

	memcpy(&r, p, sizeof(r));
	return r;
}

VDB_INLINE lanes_f32
lanes_load_partial(const float *p, int n)
{
	lanes_f32 r = lanes_set1(0.0f);

	for (int i = 0; i < n; i++)
		r.f[i] = p[i];
	return r;
}

VDB_INLINE lanes_f32
lanes_load_half(const uint16_t *p)
{
	lanes_f32 r;

	for (int i = 0; i < QUANT_LANES; i++)
		r.f[i] = vdb_half_to_float(p[i]);
	return r;
}

VDB_INLINE void
lanes_store(float *p, lanes_f32 a)
{
	memcpy(p, &a, sizeof(a));
}

VDB_INLINE void
lanes_store_partial(float *p, lanes_f32 a, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = a.f[i];
}

VDB_INLINE lanes_f32
lanes_add(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = a.f[i] + b.f[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_sub(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = a.f[i] - b.f[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_mul(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = a.f[i] * b.f[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_fma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = a.f[i] * b.f[i] + c.f[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_fnma(lanes_f32 a, lanes_f32 b, lanes_f32 c)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = c.f[i] - a.f[i] * b.f[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_abs(lanes_f32 a)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = fabsf(a.f[i]);
	return a;
}

VDB_INLINE lanes_f32
lanes_max(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = a.f[i] > b.f[i] ? a.f[i] : b.f[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_min(lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = a.f[i] < b.f[i] ? a.f[i] : b.f[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_hadamard(lanes_f32 a)
{
	for (int h = 1; h < QUANT_LANES; h *= 2)
	{
		for (int start = 0; start < QUANT_LANES; start += 2 * h)
		{
			for (int i = start; i < start + h; i++)
			{
				float sum = a.f[i] + a.f[i + h];

				a.f[i + h] = a.f[i] - a.f[i + h];
				a.f[i] = sum;
			}
		}
	}
	return a;
}

VDB_INLINE lanes_f32
lanes_segment_sums(lanes_f32 a)
{
	for (int i = 0; i < QUANT_LANES; i += 4)
	{
		float sum = (a.f[i] + a.f[i + 1]) + (a.f[i + 2] + a.f[i + 3]);

		a.f[i] = a.f[i + 1] = a.f[i + 2] = a.f[i + 3] = sum;
	}
	return a;
}

VDB_INLINE float
lanes_sum(lanes_f32 a)
{
	for (int h = QUANT_LANES / 2; h > 0; h /= 2)
	{
		for (int i = 0; i < h; i++)
			a.f[i] = a.f[i] + a.f[i + h];
	}
	return a.f[0];
}

/* ----- double lanes ----- */

VDB_INLINE lanes_f64
lanes_f64_zero(void)
{
	lanes_f64 r;

	for (int i = 0; i < QUANT_LANES; i++)
		r.d[i] = 0.0;
	return r;
}

VDB_INLINE lanes_f64
lanes_f64_from(lanes_f32 a)
{
	lanes_f64 r;

	for (int i = 0; i < QUANT_LANES; i++)
		r.d[i] = (double) a.f[i];
	return r;
}

VDB_INLINE lanes_f64
lanes_f64_sub(lanes_f64 a, lanes_f64 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.d[i] = a.d[i] - b.d[i];
	return a;
}

VDB_INLINE lanes_f64
lanes_f64_add_product(lanes_f64 sum, lanes_f64 a, lanes_f64 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
	{
		double product = a.d[i] * b.d[i];

		sum.d[i] = sum.d[i] + product;
	}
	return sum;
}

VDB_INLINE lanes_f32
lanes_mul_f64(lanes_f32 a, double factor)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = (float) (a.f[i] * factor);
	return a;
}

VDB_INLINE double
lanes_f64_sum(lanes_f64 a)
{
	for (int h = QUANT_LANES / 2; h > 0; h /= 2)
	{
		for (int i = 0; i < h; i++)
			a.d[i] = a.d[i] + a.d[i + h];
	}
	return a.d[0];
}

/* ----- sets of lanes ----- */

VDB_INLINE lanes_set
lanes_less(lanes_f32 a, lanes_f32 b)
{
	lanes_set set = 0;

	for (int i = 0; i < QUANT_LANES; i++)
		set |= (lanes_set) (a.f[i] < b.f[i]) << i;
	return set;
}

VDB_INLINE lanes_set
lanes_less_equal(lanes_f32 a, lanes_f32 b)
{
	lanes_set set = 0;

	for (int i = 0; i < QUANT_LANES; i++)
		set |= (lanes_set) (a.f[i] <= b.f[i]) << i;
	return set;
}

VDB_INLINE uint32_t
lanes_bits(lanes_set set)
{
	return set;
}

VDB_INLINE lanes_f32
lanes_negate(lanes_set set, lanes_f32 a)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = (set >> i) & 1 ? -a.f[i] : a.f[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_choose(lanes_set set, lanes_f32 a, lanes_f32 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.f[i] = (set >> i) & 1 ? a.f[i] : b.f[i];
	return a;
}

/* ----- integer lanes ----- */

VDB_INLINE lanes_u32
lanes_u32_zero(void)
{
	lanes_u32 r;

	memset(&r, 0, sizeof(r));
	return r;
}

VDB_INLINE lanes_u32
lanes_u32_load(const uint32_t *p)
{
	lanes_u32 r;

	memcpy(&r, p, sizeof(r));
	return r;
}

VDB_INLINE void
lanes_u32_store(uint32_t *p, lanes_u32 a)
{
	memcpy(p, &a, sizeof(a));
}

VDB_INLINE lanes_u32
lanes_u32_add(lanes_u32 a, lanes_u32 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		a.u[i] += b.u[i];
	return a;
}

VDB_INLINE lanes_f32
lanes_from_u32(lanes_u32 a)
{
	lanes_f32 r;

	for (int i = 0; i < QUANT_LANES; i++)
		r.f[i] = (float) a.u[i];
	return r;
}

VDB_INLINE lanes_u32
lanes_to_u32(lanes_f32 a)
{
	lanes_u32 r;

	for (int i = 0; i < QUANT_LANES; i++)
		r.u[i] = (uint32_t) a.f[i];
	return r;
}

VDB_INLINE uint32_t
lanes_u32_sum(lanes_u32 a)
{
	uint32_t sum = 0;

	for (int i = 0; i < QUANT_LANES; i++)
		sum += a.u[i];
	return sum;
}

VDB_INLINE void
lanes_u32_store_bytes(uint8_t *p, lanes_u32 a)
{
	for (int i = 0; i < QUANT_LANES; i++)
		p[i] = (uint8_t) a.u[i];
}

/* ----- 16-bit lanes ----- */

VDB_INLINE void
lanes_store_i16(int16_t *p, lanes_f32 a)
{
	for (int i = 0; i < QUANT_LANES; i++)
		p[i] = (int16_t) a.f[i];
}

VDB_INLINE lanes_i16
lanes_i16_load(const int16_t *p)
{
	lanes_i16 r;

	memcpy(&r, p, sizeof(r));
	return r;
}

VDB_INLINE lanes_i16
lanes_i16_load_half(const int16_t *p)
{
	lanes_i16 r;

	memset(&r, 0, sizeof(r));
	memcpy(&r, p, sizeof(r) / 2);
	return r;
}

VDB_INLINE lanes_i16
lanes_i16_bytes(const uint8_t *p)
{
	lanes_i16 r;

	for (int i = 0; i < 2 * QUANT_LANES; i++)
		r.w[i] = p[i];
	return r;
}

VDB_INLINE lanes_i16
lanes_i16_bytes_half(const uint8_t *p)
{
	lanes_i16 r;

	memset(&r, 0, sizeof(r));
	for (int i = 0; i < QUANT_LANES; i++)
		r.w[i] = p[i];
	return r;
}

VDB_INLINE lanes_i16
lanes_i16_low_nibbles(lanes_i16 a)
{
	for (int i = 0; i < 2 * QUANT_LANES; i++)
		a.w[i] &= 15;
	return a;
}

VDB_INLINE lanes_i16
lanes_i16_high_nibbles(lanes_i16 a)
{
	for (int i = 0; i < 2 * QUANT_LANES; i++)
		a.w[i] = (int16_t) (a.w[i] >> 4);
	return a;
}

VDB_INLINE lanes_u32
lanes_u32_add_products(lanes_u32 sum, lanes_i16 a, lanes_i16 b)
{
	for (int i = 0; i < QUANT_LANES; i++)
		sum.u[i] += (uint32_t) (a.w[2 * i] * b.w[2 * i] + a.w[2 * i + 1] * b.w[2 * i + 1]);
	return sum;
}

/* ----- tables ----- */

VDB_INLINE void
lanes_table_chunk(lanes_f32 q0, lanes_f32 q1, float scale, uint8_t *table)
{
	for (int t = 0; t < QUANT_CHUNK_DIMS / 4; t++)
	{
		const float *q = t < 4 ? q0.f + 4 * t : q1.f + 4 * (t - 4);
		uint8_t *entries = table + (t % 2) * QUANT_CHUNK + (t / 2) * 16;
		int sums[16];

		sums[0] = 128; /* half a step, for rounding */
		for (int j = 0; j < 4; j++)
		{
			int weight = (int) (fabsf(q[j]) * scale + 0.5f);
			int signed_weight = q[j] < 0.0f ? -weight : weight;

			if (q[j] < 0.0f)
			{
				for (int n = 0; n < 1 << j; n++)
					sums[n] += weight;
			}
			for (int n = 0; n < 1 << j; n++)
				sums[n | 1 << j] = sums[n] + signed_weight;
		}
		for (int n = 0; n < 16; n++)
			entries[n] = (uint8_t) (sums[n] >> 8);
	}
}

VDB_INLINE lanes_acc
lanes_acc_zero(void)
{
	return lanes_u32_zero();
}

VDB_INLINE lanes_acc
lanes_acc_step(lanes_acc acc, const uint8_t *table, const uint8_t *chunk)
{
	for (int v = 0; v < QUANT_UNIT; v++)
	{
		uint32_t sum = 0;

		for (int g = 0; g < QUANT_CHUNK_CODE; g++)
		{
			uint32_t byte = chunk[g * QUANT_UNIT + v];

			sum += table[g * 16 + (byte & 15)];
			sum += table[QUANT_CHUNK + g * 16 + (byte >> 4)];
		}
		acc.u[v] += sum;
	}
	return acc;
}

VDB_INLINE lanes_acc
lanes_acc_coarse(lanes_acc acc, const uint8_t *table, const uint8_t *chunks)
{
	acc = lanes_acc_step(acc, table, chunks);
	return lanes_acc_step(acc, table + QUANT_CHUNK_TABLE, chunks + QUANT_CHUNK);
}

VDB_INLINE lanes_u32
lanes_acc_drain(lanes_acc acc)
{
	return acc;
}

#endif /* QUANT_LANES_SCALAR_H */
