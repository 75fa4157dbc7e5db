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

/* Summaries of some lists of an index. */
typedef struct IvfkmSummarySample
{
	int count;	  /* 0: there are none, or they could not be read */
	char *images; /* back to back, as on pages; a summary has "bytes" bytes */
	Size bytes;
} IvfkmSummarySample;

extern bool ivfkm_plan_cache_try(Relation index, void (*read)(Relation index, void *arg),
								 void *arg);
extern bool ivfkm_plan_cache_get(Relation index, BlockNumber npages, IvfkmMetaPageData *meta);
extern const IvfkmSummarySample *ivfkm_plan_cache_summaries(Relation index,
															const IvfkmMetaPageData *meta);

#endif /* IVFKM_PLAN_CACHE_H */
