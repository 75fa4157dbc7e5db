/*-------------------------------------------------------------------------
 *
 * ivfkm_range_drawn.h
 *	  Rows of an index in the place of queries that are not known.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_range_drawn.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RANGE_DRAWN_H
#define IVFKM_RANGE_DRAWN_H

#include "am/ivfkm.h"

/* A row that was drawn. */
typedef struct IvfkmDrawnRow
{
	Datum value;   /* its vector, of the indexed type, detoasted */
	double weight; /* rows that it stands for */
} IvfkmDrawnRow;

extern int ivfkm_drawn_rows(const IvfkmIndex *index, int most, IvfkmDrawnRow *rows);

#endif /* IVFKM_RANGE_DRAWN_H */
