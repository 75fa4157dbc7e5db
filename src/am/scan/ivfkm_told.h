/*-------------------------------------------------------------------------
 *
 * ivfkm_told.h
 *	  What a scan is told of the query that it is part of.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_told.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_TOLD_H
#define IVFKM_TOLD_H

#include "access/amapi.h"
#include "access/genam.h"
#include "nodes/primnodes.h"

#include "am/ivfkm.h"

typedef struct IvfkmTold
{
	bool exhaustive; /* whoever takes the rows wants all of them, or their exact order */
	bool bounded;	 /* rows whose distance is above "bound" are not wanted */
	bool range;		 /* there is no order: rows within "bound" of "query" are wanted */
	bool query_null; /* range: the query is NULL, so that no row is within anything of it */
	int64 limit;	 /* rows wanted, 0: not known; may rise from call to call (FETCH) */
	int64 received;	 /* of these, those that have come; set when "limit" is known */
	double bound;	 /* in the unit of the operator; -infinity: no row is so near */
	bool or_nan;	 /* bounded: rows whose distance is NaN are wanted as well */
	int nkeys;		 /* conditions of the filter on other columns of the index */
	ScanKey keys;	 /* they stay in the filter */
	Datum query;	 /* range: of the indexed type, in the memory of one row */
} IvfkmTold;

struct IvfkmToldScan;

extern void ivfkm_told_init(amgettuple_function gettuple);
extern void ivfkm_told_get(IndexScanDesc scan, struct IvfkmToldScan **cache, IvfkmTold *told);
extern Expr *ivfkm_told_exchanged(Expr *expr);
extern void ivfkm_told_limit(const struct IvfkmToldScan *scan, IvfkmTold *told);

#endif /* IVFKM_TOLD_H */
