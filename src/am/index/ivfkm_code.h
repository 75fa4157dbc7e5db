/*-------------------------------------------------------------------------
 *
 * ivfkm_code.h
 *	  A row's codes.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_code.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_CODE_H
#define IVFKM_CODE_H

#include "am/ivfkm.h"

/* The codes of one row. */
typedef struct IvfkmCode
{
	uint8 *bits; /* 1-bit code, row-major, ivfkm_code_bytes() */
	int bytes;	 /* of it */
	int head;	 /* chunks of the head before the bits of a value; 0: none */
	QuantFactors factors;
	uint8 *refine; /* NULL without a refine tier */
	QuantRefineFactors refine_factors;
} IvfkmCode;

extern void ivfkm_code_forced(int dims, int refine_bits, IvfkmCode *code);
extern void ivfkm_code_init(IvfkmCode *code, const IvfkmGeometry *geometry);
extern void ivfkm_code_place(IvfkmCode *code, const IvfkmGeometry *geometry, uint8 *memory);
extern float ivfkm_code_make(QuantMetric metric, int dims, int refine_bits, const float *x,
							 bool ordinary, const float *centroid, const float *offset,
							 IvfkmCode *code);
extern void ivfkm_code_make_taxicab(int dims, int refine_bits, const float *x, bool ordinary,
									const float *dither, IvfkmCode *code);
extern void ivfkm_code_entry(const IvfkmCode *code, const IvfkmAttributes *attributes,
							 const ItemPointerData *tid, IvfkmEntry *entry);

#endif /* IVFKM_CODE_H */
