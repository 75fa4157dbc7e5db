/*-------------------------------------------------------------------------
 *
 * ivfkm_summary.h
 *	  Summaries of the attributes of a list: what its rows may have.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_summary.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SUMMARY_H
#define IVFKM_SUMMARY_H

#include "am/ivfkm.h"
#include "filter/filter.h"

#define IVFKM_ALL_GROUPS (~UINT64CONST(0)) /* of a list */

/* Which lists of a node may have rows that match a filter. */
typedef struct IvfkmSummaryFilter
{
	const IvfkmColumns *columns;
	const Filter *terms;
} IvfkmSummaryFilter;

extern uint8 ivfkm_summary_shift(int64 low, int64 high);
extern void ivfkm_summary_add(const IvfkmColumns *columns, IvfkmSummaryData *summary,
							  const IvfkmAttributes *row);
extern void ivfkm_summary_unite(const IvfkmColumns *columns, IvfkmSummaryData *summary,
								const IvfkmSummaryData *other);
extern bool ivfkm_summary_holds(const IvfkmColumns *columns, const IvfkmSummaryData *summary,
								const IvfkmSummaryData *other);
extern uint64 ivfkm_summary_matches(const IvfkmSummaryFilter *filter,
									const IvfkmSummaryData *summary);
extern void ivfkm_summary_note_late(const IvfkmIndex *index, const IvfkmSummaries *summaries,
									uint32 ordinal, int group);
extern void ivfkm_summary_add_late(const IvfkmColumns *columns, IvfkmSummaryData *summary,
								   const IvfkmAttributes *row);
extern uint64 ivfkm_summary_widen(const IvfkmIndex *index, const IvfkmSummaries *summaries,
								  uint32 ordinal, const IvfkmAttributes *row);
extern void ivfkm_summary_extend(const IvfkmIndex *index, const IvfkmSummaries *summaries,
								 uint32 ordinal, const IvfkmSummaryData *other);
extern bool ivfkm_summary_find(const IvfkmGeometry *nodes, int nattributes,
							   const IvfkmChildData *node, const ItemPointerData *record,
							   IvfkmSummaries *summaries, uint32 *ordinal);

#endif /* IVFKM_SUMMARY_H */
