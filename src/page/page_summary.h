/*-------------------------------------------------------------------------
 *
 * page_summary.h
 *	  Summaries of the attributes of lists, on pages beside the node above the lists.
 *
 * IDENTIFICATION
 *	  src/page/page_summary.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_SUMMARY_H
#define IVFKM_PAGE_SUMMARY_H

#include "compat.h"

#include "utils/rel.h"

#include "page/page_geometry.h"
#include "page/page_writer.h"

/* Where the summaries of a node's children are. */
typedef struct IvfkmSummaries
{
	int nattributes;
	uint32 owner; /* the node */
	uint32 generation;
	BlockNumber first; /* first page */
	BlockNumber npages;
	uint32 count; /* of them: one for each child */
} IvfkmSummaries;

/* Called with a summary, of which only the index's attributes may be looked at. */
typedef void (*IvfkmSummaryVisit)(uint32 ordinal, const IvfkmSummaryData *summary, void *arg);

/* Changes a summary; false if it is fine as it is. */
typedef bool (*IvfkmSummaryChange)(IvfkmSummaryData *summary, void *arg);

extern Size page_summary_bytes(int nattributes);

/* The groups of a list whose marks are missing, a bit for each: see IvfkmSummaryData. */
static inline uint64
page_summary_late(const IvfkmSummaryData *summary)
{
	uint64 late = 0;

	for (int i = 0; i < IVFKM_LATE_BYTES; i++)
		late |= (uint64) summary->late[i] << (8 * i);
	return late;
}

/* The bit that a group has there, which starts at "block", of a list. */
static inline int
page_summary_group(const IvfkmChildData *list, int stripes, BlockNumber block)
{
	if (block < list->first_block || block - list->first_block >= list->nblocks)
		return IVFKM_LATE_LAST;
	return (int) Min((block - list->first_block) / (BlockNumber) stripes, IVFKM_LATE_LAST);
}

/* Number i of an array of summaries of so many attributes, page_summary_bytes() each. */
static inline IvfkmSummaryData *
page_summary_in(const IvfkmSummaryData *array, int nattributes, Size i)
{
	return (IvfkmSummaryData *) ((char *) array + i * page_summary_bytes(nattributes));
}

extern BlockNumber page_summary_blocks(int nattributes, int level, uint32 count);
extern void page_summary_of(IvfkmSummaries *summaries, int nattributes, const IvfkmChildData *node);
extern void page_summary_write(IvfkmWriter *writer, const IvfkmSummaries *summaries,
							   const IvfkmSummaryData *records, uint32 n);
extern void page_summary_visit(Relation index, const IvfkmSummaries *summaries,
							   IvfkmSummaryVisit visit, void *arg);
extern void page_summary_read(Relation index, const IvfkmSummaries *summaries, uint32 ordinal,
							  IvfkmSummaryData *summary);
extern bool page_summary_change(Relation index, const IvfkmSummaries *summaries, uint32 ordinal,
								IvfkmSummaryChange change, void *arg);
extern void page_summary_verify(Relation index, const IvfkmSummaries *summaries, BlockNumber block,
								uint32 nlists);

#endif /* IVFKM_PAGE_SUMMARY_H */
