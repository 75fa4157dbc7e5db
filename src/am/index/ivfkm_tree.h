/*-------------------------------------------------------------------------
 *
 * ivfkm_tree.h
 *	  Best-first search for the nearest posting lists.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_tree.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_TREE_H
#define IVFKM_TREE_H

#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_summary.h"

#define IVFKM_NODE_CHILDREN 100 /* that a node below the root has on average */

/* A posting list that a search has reached, in the order of its centroid's distance. */
typedef struct IvfkmProbe
{
	IvfkmChildData child;
	ItemPointerData pointer; /* the child's record */
	float key;				 /* what lists are ordered by */
	float target_dist2;		 /* squared distance of the search's target to the centroid */
	float dist2;			 /* ||q - c||^2, index space */
	float dot;				 /* <q, c>, index space */
	uint64 groups;			 /* in which rows may match the search's filter, a bit for each as in
							  * IvfkmSummaryData.late; IVFKM_ALL_GROUPS: all */
	uint32 left_out;		 /* lists before it and behind the one before, about, that were left
							  * out: no row of them can match the search's filter */
} IvfkmProbe;

typedef struct IvfkmTreeEntry IvfkmTreeEntry;

/* A best-first search for the lists nearest to a point. */
typedef struct IvfkmTree
{
	Relation index;
	int dims;
	float epsilon;
	float lean;							/* see ivfkm_tree.c */
	float list_lean;					/* likewise */
	bool by_dot;						/* order lists by -<target, c>, not by
											   * ||target - c||^2 */
	int wanted;							/* lists that the caller is sure to take */
	int measured;						/* lists that the next numbers were measured for */
	uint32 nodes[IVFKM_MAX_HEIGHT - 1]; /* of each level, to open for them */
	uint32 opened[IVFKM_MAX_HEIGHT];	/* so far */
	int returned;						/* lists so far */
	uint32 far_id;						/* the list of far rows, or 0 */
	float far_radius;
	ItemPointerData far; /* its record */
	IvfkmGeometry geometry;
	const float *target; /* point that the lists are ordered around */
	const float *query;	 /* point that dist2 and dot are for */
	QuantQuery quant;	 /* of the target */
	float target_norm;	 /* ||target|| */
	float query_norm2;	 /* ||query||^2 */
	uint16 *centroid;	 /* scratch: one binary16 centroid */
	float *wide;		 /* scratch: the same as floats; NULL: see ivfkm_tree_pin() */
	IvfkmTreeEntry *heap;
	int nheap;
	int heap_size;
	IvfkmTreeEntry *later; /* for when more lists than "wanted" are wanted */
	int nlater;
	int later_size;
	float *bounds; /* the lowest upper bounds of lists' keys, a heap; NULL: all are wanted */
	int nbounds;
	float horizon;	   /* the highest of them once there are "wanted" */
	IvfkmProbe *exact; /* resolved children waiting in the heap */
	int nexact;
	int exact_size;

	/* of an index with attributes */
	int nattributes;
	IvfkmChildData *parents; /* the nodes above lists that were opened */
	int nparents;
	int parents_size;

	/* of a search for rows that match a filter */
	const IvfkmSummaryFilter *filter; /* NULL: all rows are wanted */
	uint64 *matches;				  /* of the lists of the node being opened: IvfkmProbe.groups */
	uint32 nmatches;
	uint32 matches_size;
	uint64 *parts; /* the same of those of them that are parts of a list */
	int nparts;
	int parts_size;
	float *left_out; /* heap: about the keys of the lists that were left out */
	int nleft_out;
	int left_out_size;
} IvfkmTree;

extern void ivfkm_tree_begin(IvfkmTree *tree, Relation index, const IvfkmMetaPageData *meta,
							 IvfkmDescentKind kind, const float *target, const QuantQuery *tables,
							 const float *query, float epsilon, int wanted,
							 const IvfkmSummaryFilter *filter);
extern bool ivfkm_tree_summary(const IvfkmTree *tree, const ItemPointerData *record,
							   IvfkmSummaries *summaries, uint32 *ordinal);
extern float ivfkm_tree_list_key(const IvfkmTree *tree, float key, float radius);
extern float ivfkm_tree_key(const IvfkmTree *tree, float key, float radius);
extern void ivfkm_tree_pin(IvfkmTree *tree);
extern float ivfkm_tree_distance2(const IvfkmTree *tree, const float *point);
extern bool ivfkm_tree_next(IvfkmTree *tree, IvfkmProbe *probe);

#endif /* IVFKM_TREE_H */
