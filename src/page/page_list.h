/*-------------------------------------------------------------------------
 *
 * page_list.h
 *	  Posting lists as a whole: adding rows, groups and refine pages.
 *
 * IDENTIFICATION
 *	  src/page/page_list.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_LIST_H
#define IVFKM_PAGE_LIST_H

#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "page/page_free.h"
#include "page/page_layout.h"
#include "page/page_retired.h"

/* True if a row's factor, binary16, says that it lies beyond the edge of its list. */
static inline bool
page_list_is_stray(const IvfkmChildData *list, uint16 factor)
{
	return list->edge != 0 && factor > list->edge;
}

#define PAGE_LIST_ANY_GROUP (~UINT64CONST(0))

extern int page_list_insert(Relation index, IvfkmReserve *reserve, const IvfkmGeometry *geometry,
							const IvfkmChildData *list, const IvfkmEntry *entry, uint64 groups,
							bool *grown);
extern void page_list_reset_hint(Relation index, const IvfkmGeometry *geometry, uint32 owner,
								 uint32 generation, BlockNumber head);
extern void page_list_blocks(Relation index, const IvfkmGeometry *geometry,
							 const IvfkmChildData *list, IvfkmBlocks *blocks);
extern BlockNumber page_list_refine_block(Page head_page);
extern BlockNumber page_list_insert_block(Page head_page);

#endif /* IVFKM_PAGE_LIST_H */
