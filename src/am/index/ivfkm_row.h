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

#include "am/ivfkm.h"

extern bool ivfkm_row_load(const IvfkmOps *ops, const void *value, int dims, float *x,
						   bool *ordinary);

#endif /* IVFKM_ROW_H */
