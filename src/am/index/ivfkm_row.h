/*-------------------------------------------------------------------------
 *
 * ivfkm_row.h
 *	  From the values of a row to what the index keeps of it.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_row.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_ROW_H
#define IVFKM_ROW_H

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_space.h"

/* One row on its way into the index. */
typedef struct IvfkmRow
{
	float *x;		   /* the caller's room for "dims" coordinates */
	const uint8 *bits; /* of a value that its code is to be, part of that value; else NULL */
	bool ordinary;	   /* exact distances to it are close to the true ones */
	bool has_distance; /* to anything: it is not a zero vector under cosine */
	IvfkmAttributes attributes;
} IvfkmRow;

/* What a row has in the column of the vector: one, or those of an array. */
typedef struct IvfkmValue
{
	const void *vector; /* detoasted; unless it is an array */
	DenseArray array;
	int count; /* vectors: 0 for NULL and for an empty array */
} IvfkmValue;

/* Of a row of which nothing but the address is known. */
extern const IvfkmAttributes ivfkm_row_unknown;

extern void ivfkm_row_null_entry(const IvfkmAttributes *attributes, const ItemPointerData *tid,
								 IvfkmEntry *entry);
extern int ivfkm_row_open(const IvfkmIndex *index, const Datum *values, const bool *isnull,
						  IvfkmValue *value);
extern void ivfkm_row_take(const IvfkmIndex *index, const IvfkmValue *value, int i, IvfkmRow *row);
extern bool ivfkm_row_has_value(const IvfkmIndex *index, const bool *isnull);
extern bool ivfkm_row_read_vector(const IvfkmIndex *index, const Datum *values, const bool *isnull,
								  IvfkmRow *row);
extern bool ivfkm_row_read(const IvfkmIndex *index, const Datum *values, const bool *isnull,
						   IvfkmRow *row);
extern void ivfkm_row_load(const IvfkmOps *ops, const void *value, int dims, IvfkmRow *row);
extern void ivfkm_row_map(const IvfkmSpace *space, IvfkmRow *row);
extern float ivfkm_row_encode(const IvfkmSpace *space, int refine_bits, const IvfkmRow *row,
							  const float *centroid, IvfkmCode *code);

#endif /* IVFKM_ROW_H */
