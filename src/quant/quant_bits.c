/*-------------------------------------------------------------------------
 *
 * quant_bits.c
 *	  Codes that are bit strings, and their distances.
 *
 * NOTES
 *	  Pure C.  Common bits are counted by the kernels "common" and "bits_within"; the loops are in
 *	  quant_scan_template.h.
 *
 * IDENTIFICATION
 *	  src/quant/quant_bits.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "quant/quant_bits.h"
#include "quant/quant_impl.h"

/* Number of bits set in n bytes. */
static uint32_t
count_bits(const uint8_t *bytes, int n)
{
	uint32_t count = 0;

	for (int i = 0; i < n; i++)
		count += (uint32_t) __builtin_popcount(bytes[i]);
	return count;
}

/*
 * See quant_bits.h.  Kernels exclude a row if narrow_scale times what differs is above the
 * threshold, in float32: the factor makes up for the roundings of that, so that no row is lost.
 */
void
quant_bits_query_init(QuantBitsQuery *query, int nbits, const uint8_t *bits, bool dice,
					  double scale, uint8_t *bytes)
{
	int nbytes = (nbits + 7) / 8;

	query->nchunks = quant_chunks(nbits);
	query->dice = dice;
	query->count = (float) count_bits(bits, nbytes);
	query->scale = scale;
	query->narrow_scale = (float) (scale * (1.0 - 0x1p-20));
	query->bytes = bytes;
	query->used = (uint16_t *) (bytes + (size_t) query->nchunks * QUANT_CHUNK);
	query->nused = 0;
	memset(bytes, 0, (size_t) query->nchunks * QUANT_CHUNK);
	for (int i = 0; i < nbytes; i++)
	{
		uint16_t chunk = (uint16_t) (i / QUANT_CHUNK_CODE);

		memset(bytes + (size_t) i * QUANT_UNIT, bits[i], QUANT_UNIT);
		if (bits[i] != 0 && (query->nused == 0 || query->used[query->nused - 1] != chunk))
			query->used[query->nused++] = chunk;
	}
}

void
quant_bits_encode(int nbits, const uint8_t *bits, int head, const uint8_t *rotated, uint8_t *code,
				  QuantFactors *factors)
{
	int nbytes = (nbits + 7) / 8;
	int start = head * QUANT_CHUNK_CODE;
	uint32_t count = count_bits(bits, nbytes);

	memset(code, 0, (size_t) quant_bits_chunks(nbits, head) * QUANT_CHUNK_CODE);
	memcpy(code + start, bits, (size_t) nbytes);
	if (head == 0)
	{
		factors->add = (float) count;
		factors->mul = 0;
		return;
	}
	memcpy(code, rotated, (size_t) start);
	code += start + quant_code_bytes(nbits);
	code[0] = (uint8_t) (count & 0xff);
	code[1] = (uint8_t) (count >> 8);
}

void
quant_bits_counts(int nbits, int head, const uint8_t *chunks, const float *add,
				  float counts[QUANT_UNIT])
{
	memcpy(counts, add, sizeof(float) * QUANT_UNIT);
	if (head == 0)
		return;
	chunks += (size_t) (head + quant_chunks(nbits)) * QUANT_CHUNK;
	for (int v = 0; v < QUANT_UNIT; v++)
	{
		if (add[v] > -FLT_MAX && add[v] <= FLT_MAX)
			counts[v] = (float) (chunks[v] | chunks[QUANT_UNIT + v] << 8);
	}
}

void
quant_bits_bounds(const QuantBitsQuery *query, float count, uint32_t common, float *lower,
				  float *upper)
{
	double distance;
	float rounded;

	if (count < 0.0f)
	{
		*lower = -FLT_MAX;
		*upper = INFINITY;
		return;
	}
	distance = quant_bits_distance(query, (double) count, (double) common);
	rounded = (float) distance;
	*lower = (double) rounded > distance ? nextafterf(rounded, -INFINITY) : rounded;
	*upper = (double) rounded < distance ? nextafterf(rounded, INFINITY) : rounded;
}
