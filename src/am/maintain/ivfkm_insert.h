/*-------------------------------------------------------------------------
 *
 * ivfkm_insert.h
 *	  Adding one row.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_insert.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_INSERT_H
#define IVFKM_INSERT_H

#include "access/genam.h"
#include "nodes/execnodes.h"

#include "am/index/ivfkm_row.h"

extern bool ivfkminsert(Relation relation, Datum *values, bool *isnull, ItemPointer heap_tid,
						Relation heap, IndexUniqueCheck check_unique, bool index_unchanged,
						IndexInfo *index_info);

extern int ivfkm_insert_unreached(IvfkmIndex *index, IvfkmReserve *reserve, const Datum *values,
								  const bool *isnull, bool is_null, const IvfkmChildData *any_list,
								  const IvfkmSummaries *any_summaries, const ItemPointerData *tid);
extern void ivfkm_insert_listed(const IvfkmIndex *index, IvfkmReserve *reserve, const IvfkmRow *row,
								const float *centroid, const IvfkmChildData *list,
								const ItemPointerData *tid);

#endif /* IVFKM_INSERT_H */
