/*-------------------------------------------------------------------------
 *
 * ivfkm_range_rows.h
 *	  How many rows are within a distance.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_range_rows.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RANGE_ROWS_H
#define IVFKM_RANGE_ROWS_H

#include "access/amapi.h"
#include "nodes/pathnodes.h"

#include "am/index/ivfkm_range.h"
#include "am/sql/ivfkm_plan_cache.h"

/* A condition on the distance of an index, in a query that is being planned. */
typedef struct IvfkmRangeMatch
{
	const IndexOptInfo *index;
	RestrictInfo *rinfo;
	IvfkmRangeBound range;
	Expr *origin; /* what the distance is from */
} IvfkmRangeMatch;

extern void ivfkm_range_rows_init(amcostestimate_function costestimate);
extern bool ivfkm_range_is_ours(const IndexOptInfo *index);
extern bool ivfkm_range_index_origin(const IndexOptInfo *index, Expr *distance, Expr **origin);
extern bool ivfkm_range_match(PlannerInfo *root, const IndexOptInfo *index, RestrictInfo *rinfo,
							  IvfkmRangeMatch *match);
extern bool ivfkm_range_shares(PlannerInfo *root, const IvfkmRangeMatch *match,
							   IvfkmRangeShares *shares);
extern void ivfkm_range_recount(PlannerInfo *root, RelOptInfo *rel);
extern void ivfkm_range_correct(PlannerInfo *root, RelOptInfo *rel);

#endif /* IVFKM_RANGE_ROWS_H */
