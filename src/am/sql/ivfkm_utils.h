/*-------------------------------------------------------------------------
 *
 * ivfkm_utils.h
 *	  Opening indexes from SQL functions, and listing their lists.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_utils.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_UTILS_H
#define IVFKM_UTILS_H

#include "am/index/ivfkm_tree.h"

/* Pages above the lists. */
typedef struct IvfkmTreePages
{
	int64 nodes;
	int64 centroids;
} IvfkmTreePages;

extern IvfkmProbe *ivfkm_collect_lists(Relation index, const IvfkmMetaPageData *meta, int *count,
									   IvfkmTreePages *pages);

/* What a SQL function does with one index. */
typedef void (*IvfkmIndexWork)(Relation index, Relation heap, void *arg);

extern void ivfkm_each_index(Oid index_oid, IvfkmIndexWork work, void *arg);

#endif /* IVFKM_UTILS_H */
