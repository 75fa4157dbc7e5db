/*-------------------------------------------------------------------------
 *
 * ivfkm_write.h
 *	  Writing a new index: metapage, mean, root node, centroids, lists.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_write.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_WRITE_H
#define IVFKM_WRITE_H

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_space.h"

/* One level of a trained tree: the lists, or the nodes of a level below the root. */
typedef struct IvfkmPlanLevel
{
	uint32 count;				 /* lists or nodes */
	uint32 first_id;			 /* owner id of the first one */
	uint16 *centroids;			 /* count * dims binary16 */
	float *norms;				 /* squared norm of each centroid as stored */
	float *radii;				 /* see IvfkmChildData */
	uint16 *edges;				 /* of lists, likewise */
	uint32 *counts;				 /* rows of each list; children of each node */
	uint32 *made;				 /* rows that lists had when they were made; NULL: "counts" */
	BlockNumber *first_blocks;	 /* first block of each */
	IvfkmSummaryData *summaries; /* of each list; NULL without attributes, and of nodes */
} IvfkmPlanLevel;

/*
 * A trained index before its lists are written.  The children of a node are adjacent, in the
 * order of the nodes; those of the root are the whole highest level.
 */
typedef struct IvfkmPlan
{
	IvfkmMetaPageData meta; /* addresses are filled in by ivfkm_write_*() */
	IvfkmSpace *space;
	IvfkmPlanLevel levels[IVFKM_MAX_HEIGHT]; /* meta.height levels, the lists first */
	uint32 nulls;							 /* rows whose value is NULL */
} IvfkmPlan;

#define IVFKM_ROOT_ID 1 /* owner id of the root node of a new index; those of lists follow */

/* A node to be written: its groups, and behind them the records of its children. */
typedef struct IvfkmNode
{
	uint32 id;
	uint32 generation;
	BlockNumber block;	   /* first one */
	const float *centroid; /* dims floats as stored, or NULL for the root: the origin */
	int level;
	uint32 count; /* children */
	const IvfkmChildData *children;
	const uint16 *centroids;		   /* of the children, count * dims binary16 */
	const IvfkmSummaryData *summaries; /* of lists with attributes */
} IvfkmNode;

extern BlockNumber ivfkm_node_blocks(int dims, int nattributes, int level, uint32 count);
extern void ivfkm_write_summaries_of(IvfkmSummaries *summaries, int dims, int nattributes,
									 const IvfkmNode *node);
extern void ivfkm_write_node(IvfkmWriter *writer, int dims, int nattributes, const IvfkmNode *node);
extern void ivfkm_write_first_summaries(const IvfkmPlan *plan, IvfkmSummaries *summaries);
extern void ivfkm_write_place(IvfkmPlan *plan, BlockNumber mean, BlockNumber first,
							  BlockNumber nulls);
extern void ivfkm_write_meta(IvfkmWriter *writer, IvfkmPlan *plan);
extern void ivfkm_write_head(IvfkmWriter *writer, const IvfkmPlan *plan);

#endif /* IVFKM_WRITE_H */
