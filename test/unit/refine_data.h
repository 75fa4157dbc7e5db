/*-------------------------------------------------------------------------
 *
 * refine_data.h
 *	  What the tests of codes of 4 and 8 bits share: encoding on a level, and elements of a code.
 *
 * NOTES
 *	  Pure C.  Included once by a program, after test_main.h.
 *
 * IDENTIFICATION
 *	  test/unit/refine_data.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef REFINE_DATA_H
#define REFINE_DATA_H

#include "quant/quant.h"
#include "quant/quant_refine.h"

#define MAX_DIMS 16000

/* U_i of a code. */
static inline int
code_level(const uint8_t *code, int dims, int bits, int i)
{
	int bytes = quant_refine_bytes(dims, bits);

	return bits == 8 ? code[i] : (code[i % bytes] >> (i / bytes * 4)) & 15;
}

/* What one encoding gives. */
typedef struct Encoded
{
	QuantRefineFactors factors;
	uint8_t code[MAX_DIMS];
} Encoded;

/* Encodes x on a level; c and o as in quant_refine_encode(). */
static inline void
encode(Encoded *e, VdbSimd simd, QuantMetric metric, int dims, int bits, const float *x,
	   const float *c, const float *o)
{
	size_t bytes = (size_t) quant_refine_bytes(dims, bits);
	uint8_t *code = guard_alloc(bytes);

	memset(e, 0, sizeof(*e));
	memset(code, 0xa5, bytes);
	quant_select(simd);
	quant_refine_encode(metric, dims, bits, x, c, o, code, &e->factors);
	quant_select(VDB_SIMD_SCALAR);
	memcpy(e->code, code, bytes);
	guard_free(code, bytes);
}

#endif /* REFINE_DATA_H */
