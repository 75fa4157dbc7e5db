/*-------------------------------------------------------------------------
 *
 * ivfkm_planner.h
 *	  A planner hook: distances that plans leave out.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_planner.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PLANNER_H
#define IVFKM_PLANNER_H

#include "am/ivfkm.h"

extern void ivfkm_planner_init(void);

#endif /* IVFKM_PLANNER_H */
