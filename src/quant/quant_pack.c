/*-------------------------------------------------------------------------
 *
 * quant_pack.c
 *	  Row-major codes into the chunks of a unit, and back.
 *
 * NOTES
 *	  Pure C, bytes only: no arithmetic, no byte order.  Chunk c, byte g * 16 + v is
 *	  byte 4c + g of the code of vector v.
 *
 * IDENTIFICATION
 *	  src/quant/quant_pack.c
 *
 *-------------------------------------------------------------------------
 */
#include "quant/quant_impl.h"

/*
 * Writes the code of vector "slot", 4 * nchunks bytes, into nchunks consecutive chunks.
 * The other 15 vectors' bytes are left alone.
 */
void
quant_pack_set(uint8_t *chunks, int nchunks, int slot, const uint8_t *code)
{
	for (int i = 0; i < nchunks * QUANT_CHUNK_CODE; i++)
		chunks[i * QUANT_UNIT + slot] = code[i];
}

/*
 * Reads the code of vector "slot", 4 * nchunks bytes, from nchunks consecutive chunks.
 */
void
quant_pack_get(const uint8_t *chunks, int nchunks, int slot, uint8_t *code)
{
	for (int i = 0; i < nchunks * QUANT_CHUNK_CODE; i++)
		code[i] = chunks[i * QUANT_UNIT + slot];
}

/*
 * Writes all bytes of nchunks chunks from 16 codes of 4 * nchunks bytes; a NULL code
 * gives zero bytes.
 */
void
quant_pack_unit(uint8_t *chunks, int nchunks, const uint8_t *const codes[QUANT_UNIT])
{
	for (int v = 0; v < QUANT_UNIT; v++)
	{
		if (codes[v] != NULL)
			quant_pack_set(chunks, nchunks, v, codes[v]);
		else
		{
			for (int i = 0; i < nchunks * QUANT_CHUNK_CODE; i++)
				chunks[i * QUANT_UNIT + v] = 0;
		}
	}
}
