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
	uint32 count; /* that there is room for: as many as the node has slots */
} IvfkmSummaries;

/* Called with a summary, of which only the index's attributes may be looked at. */
typedef void (*IvfkmSummaryVisit)(uint32 ordinal, const IvfkmSummaryData *summary, void *arg);

/* Changes a summary; false if it is fine as it is. */
typedef bool (*IvfkmSummaryChange)(IvfkmSummaryData *summary, void *arg);

extern Size page_summary_bytes(int nattributes);
extern BlockNumber page_summary_blocks(const IvfkmGeometry *nodes, int nattributes, int level,
									   BlockNumber nblocks);
extern void page_summary_of(IvfkmSummaries *summaries, const IvfkmGeometry *nodes, int nattributes,
							const IvfkmChildData *node);
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
