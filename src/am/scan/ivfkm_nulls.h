/*-------------------------------------------------------------------------
 *
 * ivfkm_nulls.h
 *	  The rows whose value is NULL, which come last.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_nulls.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_NULLS_H
#define IVFKM_NULLS_H

#include "utils/snapshot.h"

#include "am/scan/ivfkm_filter.h"

typedef struct IvfkmNulls
{
	const IvfkmIndex *index;
	IvfkmFilter *filter; /* NULL: every row is wanted */
	IvfkmChildData list;
	BlockNumber heap_blocks; /* of the table, when it was looked at last */
	BlockNumber next;		 /* group to be read next, or invalid */
	BlockNumber nvisited;
	ItemPointerData *rows; /* of the group read last; NULL before the first */
	int nrows;
	int ngiven;
} IvfkmNulls;

extern void ivfkm_nulls_begin(IvfkmNulls *nulls, const IvfkmIndex *index, IvfkmFilter *filter);
extern bool ivfkm_nulls_next(IvfkmNulls *nulls, Snapshot snapshot, ItemPointerData *row);

#endif /* IVFKM_NULLS_H */
