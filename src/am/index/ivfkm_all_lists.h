/*-------------------------------------------------------------------------
 *
 * ivfkm_all_lists.h
 *	  All nodes and lists of an index.
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
	int64 summaries;
} IvfkmTreePages;

/* A node, with its record: the root has none, and is nobody's child. */
typedef struct IvfkmTreeNode
{
	IvfkmChildData child;
	ItemPointerData pointer;
	int parent; /* number of the node above, -1 for the root */
} IvfkmTreeNode;

/* All of a tree but what is in its lists. */
typedef struct IvfkmWholeTree
{
	IvfkmProbe *lists;
	int *parents; /* of each list: number of the node above */
	int nlists;
	IvfkmTreeNode *nodes;
	int nnodes;
	IvfkmTreePages pages;
} IvfkmWholeTree;

extern void ivfkm_collect_tree(Relation index, const IvfkmMetaPageData *meta, IvfkmWholeTree *tree);
extern void ivfkm_collect_owners(Relation index, const IvfkmMetaPageData *meta,
								 IvfkmOwners *owners);
extern IvfkmProbe *ivfkm_collect_lists(Relation index, const IvfkmMetaPageData *meta, int *count,
									   IvfkmTreePages *pages);
extern int ivfkm_sample_nodes(Relation index, const IvfkmMetaPageData *meta, int height, int most,
							  IvfkmChildData *nodes);

#endif /* IVFKM_ALL_LISTS_H */
