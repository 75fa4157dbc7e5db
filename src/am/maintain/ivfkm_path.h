/*-------------------------------------------------------------------------
 *
 * ivfkm_path.h
 *	  The nodes above some lists, written anew.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_path.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PATH_H
#define IVFKM_PATH_H

#include "am/build/ivfkm_write.h"
#include "am/index/ivfkm_all_lists.h"

/* Children of a node in the making. */
typedef struct IvfkmMembers
{
	uint32 count;
	int nattributes;
	IvfkmChildData *children;
	uint16 *centroids; /* count * dims binary16 */
	int *made; /* of each: number of the list or node made now that it is, or -1: as it was */
	IvfkmSummaryData *summaries; /* of lists with attributes */
	ItemPointerData *records;	 /* of those that were there: their records so far */
} IvfkmMembers;

/* A node in the making. */
typedef struct IvfkmPathNode
{
	IvfkmMembers members;
	IvfkmChildData record; /* what its parent will say of it, but for its block */
	uint16 *stored;		   /* its centroid; NULL for the root */
	float *centroid;	   /* what that stands for; NULL for the root */
} IvfkmPathNode;

/* The nodes that take the place of one, on one level. */
typedef struct IvfkmPathLevel
{
	IvfkmPathNode *nodes;
	int count;
} IvfkmPathLevel;

/* From the node above the lists up to the root. */
typedef struct IvfkmPath
{
	const IvfkmIndex *index; /* with the metapage from before */
	int dims;
	int height;
	float list_share; /* of a list's radius, that those of nodes are widened by */
	IvfkmPathLevel levels[IVFKM_MAX_HEIGHT]; /* [0]: the nodes above the lists */
} IvfkmPath;

extern void ivfkm_path_make(IvfkmPath *path, const IvfkmIndex *index, const IvfkmWholeTree *tree,
							int parent, const bool *replaced, IvfkmPlan *plan);
extern int ivfkm_path_nodes(const IvfkmPath *path);
extern void ivfkm_path_sizes(const IvfkmPath *path, BlockNumber *sizes);
extern void ivfkm_path_place(IvfkmPath *path, const BlockNumber *list_firsts,
							 const BlockNumber *node_firsts);
extern void ivfkm_path_write(const IvfkmPath *path, IvfkmWriter *writer);
extern void ivfkm_path_summarise(const IvfkmPath *path, const IvfkmWholeTree *tree, int parent,
								 const IvfkmPlan *plan);
extern void ivfkm_path_root(const IvfkmPath *path, IvfkmMetaPageData *meta);
extern void ivfkm_path_descents(const IvfkmPath *path, const IvfkmWholeTree *tree,
								IvfkmMetaPageData *meta);
extern bool ivfkm_path_find(const IvfkmPath *path, uint32 list, ItemPointerData *record);
extern void ivfkm_path_old_blocks(const IvfkmPath *path, const IvfkmWholeTree *tree, int parent,
								  IvfkmBlocks *blocks);

#endif /* IVFKM_PATH_H */
