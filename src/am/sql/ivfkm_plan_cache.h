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

/* Shares of the rows of an index. */
typedef struct IvfkmRangeShares
{
	double within;	   /* some distance */
	double candidates; /* by their 1-bit codes, for a scan without order */
} IvfkmRangeShares;

extern bool ivfkm_plan_cache_try(Relation index, void (*read)(Relation index, void *arg),
								 void *arg);
extern bool ivfkm_plan_cache_get(Relation index, BlockNumber npages, IvfkmMetaPageData *meta);
extern const IvfkmSummarySample *ivfkm_plan_cache_summaries(Relation index,
															const IvfkmMetaPageData *meta);
extern bool ivfkm_plan_cache_find_shares(Oid index, double bound, IvfkmRangeShares *shares);
extern void ivfkm_plan_cache_keep_shares(Oid index, double bound, const IvfkmRangeShares *shares);

#endif /* IVFKM_PLAN_CACHE_H */
