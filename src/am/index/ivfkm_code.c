/*-------------------------------------------------------------------------
 *
 * ivfkm_code.c
 *	  A row's codes.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_code.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "am/index/ivfkm_code.h"
#include "quant/quant_taxicab.h"

/* Allocates the codes of one row or child in the current memory context, all zero. */
void
ivfkm_code_init(IvfkmCode *code, const IvfkmGeometry *geometry)
{
	code->bytes = ivfkm_code_bytes(geometry);
	code->head = geometry->head_chunks;
	code->bits = palloc0(code->bytes);
	code->refine = NULL;
	if (geometry->refine_bits > 0)
		code->refine = palloc0(quant_refine_bytes(geometry->dims, geometry->refine_bits));
	memset(&code->factors, 0, sizeof(code->factors));
	memset(&code->refine_factors, 0, sizeof(code->refine_factors));
}

/* Puts the codes of one row into memory that the caller has, one behind the other. */
void
ivfkm_code_place(IvfkmCode *code, const IvfkmGeometry *geometry, uint8 *memory)
{
	code->bytes = ivfkm_code_bytes(geometry);
	code->head = geometry->head_chunks;
	code->bits = memory;
	code->refine = memory + code->bytes;
	memset(&code->factors, 0, sizeof(code->factors));
	memset(&code->refine_factors, 0, sizeof(code->refine_factors));
}

/* The refine code of a row of which nothing is known. */
static void
forced_refine(int dims, int refine_bits, IvfkmCode *code)
{
	memset(code->refine, 0, quant_refine_bytes(dims, refine_bits));
	code->refine_factors.add = -FLT_MAX;
	code->refine_factors.mul = 0.0f;
	code->refine_factors.sigma = INFINITY;
}

/* Makes the codes of a row of which nothing is known: searches of its list look at the row. */
void
ivfkm_code_forced(int dims, int refine_bits, IvfkmCode *code)
{
	memset(code->bits, 0, code->bytes);
	code->factors.add = -FLT_MAX;
	code->factors.mul = 0;
	if (refine_bits > 0)
		forced_refine(dims, refine_bits, code);
}

/*
 * Encodes a row relative to its list's centroid; x, centroid and offset have dims floats
 * in index space.  The refine record of a row that is not ordinary says that nothing is
 * known about it.  Returns ||x - centroid||^2.
 */
float
ivfkm_code_make(QuantMetric metric, int dims, int refine_bits, const float *x, bool ordinary,
				const float *centroid, const float *offset, IvfkmCode *code)
{
	if (refine_bits > 0)
	{
		if (ordinary)
			quant_refine_encode(metric, dims, refine_bits, x, centroid, offset, code->refine,
								&code->refine_factors);
		else
			forced_refine(dims, refine_bits, code);
	}
	return quant_encode(metric, dims, x, centroid, offset, code->bits, &code->factors);
}

/*
 * Makes the refine code of a row for taxicab distances; x has dims floats in index space before
 * the rotation.  That of a row that is not ordinary says that nothing is known about it.
 */
void
ivfkm_code_make_taxicab(int dims, int refine_bits, const float *x, bool ordinary,
						const float *dither, IvfkmCode *code)
{
	if (ordinary)
		quant_taxicab_encode(dims, refine_bits, x, dither, code->refine, &code->refine_factors);
	else
		forced_refine(dims, refine_bits, code);
}

/*
 * What goes into the index for the row at "tid"; points to the codes and the attributes (NULL in
 * nodes).
 */
void
ivfkm_code_entry(const IvfkmCode *code, const IvfkmAttributes *attributes,
				 const ItemPointerData *tid, IvfkmEntry *entry)
{
	entry->code = code->bits;
	entry->factors = code->factors;
	entry->tid = *tid;
	entry->norm2 = 0.0f;
	entry->radius = 0.0f;
	entry->refine_code = code->refine;
	entry->refine_factors = code->refine_factors;
	entry->attributes = attributes;
}
