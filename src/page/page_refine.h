/*-------------------------------------------------------------------------
 *
 * page_refine.h
 *	  Refine pages: records with a more precise code of each row.
 *
 * IDENTIFICATION
 *	  src/page/page_refine.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_REFINE_H
#define IVFKM_PAGE_REFINE_H

#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "page/page_layout.h"

extern void page_refine_init(Page page, uint32 owner, uint32 generation, BlockNumber head,
							 BlockNumber previous);
extern IvfkmRefine page_refine_record(Page page, const IvfkmGeometry *geometry, int index);
extern int page_refine_count(Page page);
extern BlockNumber page_refine_previous(Page page);
extern void page_refine_set(Page page, const IvfkmGeometry *geometry, int index,
							const IvfkmEntry *entry);
extern void page_check_refine(Relation index, Buffer buffer, const IvfkmGeometry *geometry,
							  uint32 owner, uint32 generation);
extern IvfkmRefine page_refine_get(Relation index, const IvfkmGeometry *geometry, Page page,
								   const ItemPointerData *address);
extern void page_refine_copy(Relation index, const IvfkmGeometry *geometry, uint32 owner,
							 uint32 generation, BlockNumber block, Page copy);
extern IvfkmRefine page_refine_lock(Relation index, const IvfkmGeometry *geometry, uint32 owner,
									uint32 generation, const ItemPointerData *address, int lockmode,
									Buffer *buffer);
extern void page_refine_prefetch(Relation index, const IvfkmGeometry *geometry,
								 const ItemPointerData *address);

#endif /* IVFKM_PAGE_REFINE_H */
