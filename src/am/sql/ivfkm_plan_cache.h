/*-------------------------------------------------------------------------
 *
 * ivfkm_plan_cache.h
 *	  What the planner knows of indexes.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_plan_cache.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PLAN_CACHE_H
#define IVFKM_PLAN_CACHE_H

#include "am/ivfkm.h"

extern bool ivfkm_plan_cache_try(Relation index, void (*read)(Relation index, void *arg),
								 void *arg);
extern bool ivfkm_plan_cache_get(Relation index, BlockNumber npages, IvfkmMetaPageData *meta);

#endif /* IVFKM_PLAN_CACHE_H */
