/*-------------------------------------------------------------------------
 *
 * ivfkm_lists.h
 *	  The posting lists of a scan, in the order in which it reaches them.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_lists.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_LISTS_H
#define IVFKM_LISTS_H

#include "am/index/ivfkm_list.h"
#include "am/scan/ivfkm_candidates.h"
#include "am/scan/ivfkm_filter.h"
#include "am/scan/ivfkm_given.h"
#include "am/scan/ivfkm_query.h"

/* How far a pass is going to scan. */
typedef struct IvfkmListsPlan
{
	int least;		  /* lists at least, in all */
	int most;		  /* and at most */
	double budget;	  /* rows at least: IvfkmLists.counted */
	double most_rows; /* after so many rows, of any kind, no further list is scanned */
} IvfkmListsPlan;

typedef struct IvfkmLists
{
	Relation index;
	Snapshot snapshot; /* that must not be too old for a page of a list */
	const IvfkmQuery *query;
	const IvfkmGeometry *geometry;
	IvfkmFilter *filter;			   /* NULL: every row matches */
	IvfkmSummaryFilter summary_filter; /* that the tree leaves out lists by */
	double mean_rows;				   /* of a list, when it was made */
	IvfkmTree tree;
	IvfkmHeads heads;  /* of codes, that the first sweep looks at first */
	IvfkmProbe *items; /* in the order of their centroids' distance */
	int nscanned;
	bool sparse;  /* with a filter: few units of the group that was read last have matches */
	int nreached; /* those behind the scanned ones are next */
	int size;
	BlockNumber heap_blocks; /* of the table, when it was looked at last */
	bool complete;			 /* all lists of the index were reached */
	double rows;			 /* in the lists scanned, living or not */
	double left_out;		 /* in lists that were left out: what lists have on average */
	double *before;			 /* of each list scanned: "counted" before it; NULL if not noted */
	double counted;			 /* both, of each list scanned no more than it had when it was made */
	double expected;		 /* in the lists reached and not scanned yet, when they were made */

	/* where all zero vectors are wanted (else NULL): one in index space, and for its codes */
	const IvfkmIndex *zero_index;
	float *zero;

	/* reading from disk */
	int64 reads_before;	 /* blocks that this process had read from disk when the scan began */
	IvfkmListsPlan plan; /* so far as is known; may be widened during the pass */
	IvfkmAhead ahead;
	bool reading_ahead;
	int ahead_list; /* list and page of it that is read ahead next */
	uint32 ahead_page;
} IvfkmLists;

/*
 * True when a scan that has scanned so many lists, in which it counted so many rows, wants no
 * further one for its plan.
 */
static inline bool
ivfkm_lists_enough(const IvfkmListsPlan *plan, int nlists, double counted)
{
	return nlists >= plan->most || (nlists >= plan->least && counted >= plan->budget);
}

extern void ivfkm_lists_begin(IvfkmLists *lists, const IvfkmIndex *index, Snapshot snapshot,
							  const IvfkmQuery *query, IvfkmFilter *filter, float epsilon,
							  int wanted);
extern void ivfkm_lists_note(IvfkmLists *lists);
extern void ivfkm_lists_want_zero(IvfkmLists *lists, const IvfkmIndex *index);
extern bool ivfkm_lists_scan_next(IvfkmLists *lists, float epsilon, const IvfkmGiven *given,
								  IvfkmCandidates *candidates);
extern const IvfkmProbe *ivfkm_lists_next(IvfkmLists *lists);
extern void ivfkm_lists_scan_again(IvfkmLists *lists, int first, float epsilon,
								   const IvfkmGiven *given, IvfkmCandidates *candidates);
extern bool ivfkm_lists_read_from_disk(const IvfkmLists *lists);
extern void ivfkm_lists_read_refine(const IvfkmLists *lists, const IvfkmCandidates *candidates,
									float lb);
extern void ivfkm_lists_end_pass(IvfkmLists *lists, const IvfkmCandidates *candidates, Size count);

/* A heap address, or that of a refine record, as a number; and back. */
static inline IvfkmAddress
ivfkm_lists_address(const ItemPointerData *tid)
{
	return ((IvfkmAddress) ItemPointerGetBlockNumberNoCheck(tid) << 16) |
		   ItemPointerGetOffsetNumberNoCheck(tid);
}

static inline ItemPointerData
ivfkm_lists_tid(IvfkmAddress row)
{
	ItemPointerData tid;

	ItemPointerSet(&tid, (BlockNumber) (row >> 16), (OffsetNumber) (row & 0xFFFF));
	return tid;
}

#endif /* IVFKM_LISTS_H */
