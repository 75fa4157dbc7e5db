/*-------------------------------------------------------------------------
 *
 * ivfkm_unordered.h
 *	  Scans without an order: all rows, or all within a bound.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_unordered.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_UNORDERED_H
#define IVFKM_UNORDERED_H

#include "am/scan/ivfkm_scan.h"

extern void ivfkm_unordered_begin(IvfkmScan *so);
extern bool ivfkm_unordered_next_value(IvfkmScan *so, Relation index, IvfkmAddress *row);
extern bool ivfkm_unordered_next(IvfkmScan *so, Relation index, Snapshot snapshot,
								 IvfkmAddress *row);

#endif /* IVFKM_UNORDERED_H */
