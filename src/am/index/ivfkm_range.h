/*-------------------------------------------------------------------------
 *
 * ivfkm_range.h
 *	  Conditions that a distance is below a bound.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_range.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RANGE_H
#define IVFKM_RANGE_H

#include "nodes/primnodes.h"

#include "am/ivfkm.h"

/* A condition that is false where the distance is above offset + scale * bound. */
typedef struct IvfkmRangeBound
{
	Expr *distance; /* of type float8 */
	Expr *bound;	/* of type float4 or float8 */
	double offset;
	double scale;
} IvfkmRangeBound;

extern bool ivfkm_range_split(Expr *clause, IvfkmRangeBound *range);
extern bool ivfkm_range_origin(Expr *distance, Expr *column, Oid family, Expr **origin);
extern bool ivfkm_range_lets_nan(const IvfkmRangeBound *range, double bound);
extern double ivfkm_range_bound(const IvfkmRangeBound *range, Datum value, bool isnull);

#endif /* IVFKM_RANGE_H */
