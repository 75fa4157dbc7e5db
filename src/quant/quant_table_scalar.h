/*-------------------------------------------------------------------------
 *
 * quant_table_scalar.h
 *	  Query tables and their sums: plain C.
 *
 * NOTES
 *	  Pure C.  The contract of every
 *	  quant_table_<level>.h stands in README.md, "Lanes".
 *
 * IDENTIFICATION
 *	  src/quant/quant_table_scalar.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_TABLE_SCALAR_H
#define QUANT_TABLE_SCALAR_H

#include <math.h>
#include "quant/quant_impl.h"
#include "simd/vf_scalar.h"
#include "simd/vf_lanes.h"

#define LANES_ACC_CHUNKS 4096 /* sums are 32 bits wide already */

typedef lanes_u32 lanes_acc;

VDB_INLINE void
lanes_table_chunk(lanes_f32 q0, lanes_f32 q1, float scale, uint8_t *table)
{
	for (int t = 0; t < QUANT_CHUNK_DIMS / 4; t++)
	{
		const float *q = t < 4 ? q0.v + 4 * t : q1.v + 4 * (t - 4);
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
		acc.v[v] += sum;
	}
	return acc;
}

VDB_INLINE lanes_acc
lanes_acc_coarse(lanes_acc acc, const uint8_t *table, const uint8_t *chunks)
{
	acc = lanes_acc_step(acc, table, chunks);
	return lanes_acc_step(acc, table + QUANT_CHUNK_TABLE, chunks + QUANT_CHUNK);
}

VDB_INLINE lanes_acc
lanes_acc_common(lanes_acc acc, const uint8_t *bytes, const uint8_t *chunks, int n)
{
	for (int i = 0; i < n * QUANT_CHUNK; i += QUANT_UNIT)
	{
		for (int v = 0; v < QUANT_UNIT; v++)
			acc.v[v] += (uint32_t) __builtin_popcount(bytes[i + v] & chunks[i + v]);
	}
	return acc;
}

VDB_INLINE lanes_u32
lanes_acc_drain(lanes_acc acc)
{
	return acc;
}

#endif /* QUANT_TABLE_SCALAR_H */
