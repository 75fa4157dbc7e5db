/*-------------------------------------------------------------------------
 *
 * ivfkm_all_lists.h
 *	  All lists of an index.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_all_lists.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_ALL_LISTS_H
#define IVFKM_ALL_LISTS_H

#include "am/index/ivfkm_tree.h"

/* Pages above the lists. */
typedef struct IvfkmTreePages
{
	int64 nodes;
	int64 centroids;
} IvfkmTreePages;

extern IvfkmProbe *ivfkm_collect_lists(Relation index, const IvfkmMetaPageData *meta, int *count,
									   IvfkmTreePages *pages);

#endif /* IVFKM_ALL_LISTS_H */
