/*-------------------------------------------------------------------------
 *
 * ivfkm_cost.h
 *	  What the planner is told about a scan.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_cost.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_COST_H
#define IVFKM_COST_H

#include "nodes/pathnodes.h"

#include "am/ivfkm.h"

/*
 * A path that costs this is not chosen while there is another way.  Finite, because
 * cost_index() subtracts; more than nodes that were switched off (disable_cost) together.
 */
#define IVFKM_COST_NEVER 1e15

extern void ivfkmcostestimate(PlannerInfo *root, IndexPath *path, double loop_count,
							  Cost *startup_cost, Cost *total_cost, Selectivity *selectivity,
							  double *correlation, double *pages);

#endif /* IVFKM_COST_H */
