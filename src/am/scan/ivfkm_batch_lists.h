/*-------------------------------------------------------------------------
 *
 * ivfkm_batch_lists.h
 *	  The lists that the searches of a batch share.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_batch_lists.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_BATCH_LISTS_H
#define IVFKM_BATCH_LISTS_H

#include "utils/hsearch.h"
#include "utils/snapshot.h"

#include "am/scan/ivfkm_batch_pages.h"
#include "am/scan/ivfkm_candidates.h"
#include "am/scan/ivfkm_centroids.h"
#include "am/scan/ivfkm_lists.h"
#include "am/scan/ivfkm_pass.h"
#include "am/scan/ivfkm_query.h"

/* Rounds in which the lists of a query are scanned, the nearest ones first. */
#define IVFKM_BATCH_ROUNDS 3

/* A row that was found. */
typedef struct IvfkmFoundRow
{
	double distance;	 /* as the operator class orders; may be NaN, which comes last */
	ItemPointerData tid; /* of the version that the snapshot sees */
} IvfkmFoundRow;

/* The nearest lists of a query, by their centroids, the nearest first; none: not known. */
typedef struct IvfkmBatchNearest
{
	int *lists; /* numbers of centroids */
	int n;
} IvfkmBatchNearest;

/* A query of a batch. */
typedef struct IvfkmBatchQuery
{
	IvfkmQuery query;
	IvfkmCandidates near; /* rows whose bounds are not above the k-th smallest upper bound */
	int nlists;			  /* that it scans */
	double counted;		  /* rows of these: see IvfkmBatchList */
	bool complete;		  /* these are all there are */
	float next_key;		  /* of the list behind these, if they are not */
	IvfkmBatchNearest nearest;
	bool alone; /* it has to be searched for by itself */
	IvfkmFoundRow *found;
	int nfound;
} IvfkmBatchQuery;

/* A list that some query scans. */
typedef struct IvfkmBatchList
{
	struct
	{
		uint32 id;
		uint32 generation;
	} key;
	IvfkmChildData child;
	double counted; /* rows in it, at most as many as it had when it was made */
	bool scanned;	/* at least once */
	int number;		/* in the order in which lists are reached, then in that of their blocks */
} IvfkmBatchList;

/* A query that scans a list. */
typedef struct IvfkmBatchPair
{
	int query;
	int list;
	int round;
	float dist2; /* see IvfkmProbe */
	float dot;
} IvfkmBatchPair;

/* A unit of a part of a list in memory. */
typedef struct IvfkmBatchUnit
{
	IvfkmUnit unit;
	Page *pages; /* of its group */
	BlockNumber block;
	int number;	 /* in the group */
	uint32 rows; /* that may be found: bit i is row i */
} IvfkmBatchUnit;

typedef struct IvfkmBatchLists
{
	MemoryContext context;
	Relation relation;
	Snapshot snapshot;
	const IvfkmIndex *index;
	float epsilon;
	int k; /* rows that a search prepares for */
	IvfkmBatchQuery *queries;
	Size near_left;				/* bytes that the queries' "near" may still take, all together */
	IvfkmCentroids *centroids;	/* of all lists, or NULL: they are reached through the tree */
	IvfkmBatchList **met;		/* then of each of them: the list, or NULL */
	IvfkmTree tree;				/* else of one query */
	MemoryContext tree_context; /* else what one search of the tree takes */
	HTAB *table;				/* of IvfkmBatchList */
	IvfkmBatchList **lists;		/* by number */
	int nlists;
	int lists_size;
	IvfkmBatchPair *pairs;
	Size npairs;
	Size pairs_size;
	BlockNumber heap_blocks; /* of the table, when it was looked at last */
	IvfkmFilter *filter;	 /* conditions on the rows; NULL: there are none */
	double rows;			 /* in the lists scanned, living or not, each list once */
	double rows_met;		 /* of them, those that may meet the conditions */
	int wanted;				 /* lists that a search of the tree is begun for */
	int most;				 /* lists that a query may scan */
	bool next_wanted;		 /* the keys of the lists behind those of the queries are wanted */

	/* the part of a list that is in memory */
	Page *pages; /* copies */
	int ngroups; /* that there is room for */
	IvfkmBatchUnit *units;
	int nunits;
	IvfkmCandidates codes; /* rows of that by the bounds of their 1-bit codes */
	IvfkmBatchPages refine_pages;
	QuantRefineBound refine_bound; /* of the list and the query that looks at it */
	bool copies_pay;			   /* so many queries scan the part */
	bool reads;					   /* blocks were met that were not in shared buffers */
} IvfkmBatchLists;

extern void ivfkm_batch_lists_begin(IvfkmBatchLists *lists, const IvfkmIndex *index,
									Snapshot snapshot, float epsilon, int k,
									IvfkmBatchQuery *queries, int n);
extern void ivfkm_batch_lists_reach(IvfkmBatchLists *lists, int first, int n,
									const IvfkmListsPlan *plan, int wanted);
extern void ivfkm_batch_lists_go_on(IvfkmBatchLists *lists, int n, const IvfkmReach *reach);
extern void ivfkm_batch_lists_nearest(IvfkmBatchLists *lists, IvfkmBatchQuery *queries, int n,
									  int wanted);
extern void ivfkm_batch_lists_places(IvfkmBatchLists *lists, IvfkmBatchQuery *queries, int n,
									 BlockNumber *places);
extern void ivfkm_batch_lists_scan(IvfkmBatchLists *lists);

#endif /* IVFKM_BATCH_LISTS_H */
