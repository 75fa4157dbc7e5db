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

extern void ivfkmcostestimate(PlannerInfo *root, IndexPath *path, double loop_count,
							  Cost *startup_cost, Cost *total_cost, Selectivity *selectivity,
							  double *correlation, double *pages);

#endif /* IVFKM_COST_H */
