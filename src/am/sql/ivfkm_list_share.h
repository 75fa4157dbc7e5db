/*-------------------------------------------------------------------------
 *
 * ivfkm_list_share.h
 *	  Which share of the lists may have rows that meet a path's conditions.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_list_share.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_LIST_SHARE_H
#define IVFKM_LIST_SHARE_H

#include "nodes/pathnodes.h"

#include "am/ivfkm.h"

extern double ivfkm_list_share(PlannerInfo *root, const IndexPath *path, List *told,
							   const List *unknowns, int draw, Relation index,
							   const IvfkmMetaPageData *meta);

#endif /* IVFKM_LIST_SHARE_H */
