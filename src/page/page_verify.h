/*-------------------------------------------------------------------------
 *
 * page_verify.h
 *	  What vdb_index_check() asks of the bytes of each page.
 *
 * IDENTIFICATION
 *	  src/page/page_verify.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_VERIFY_H
#define IVFKM_PAGE_VERIFY_H

#include "compat.h"

#include "utils/rel.h"

#include "page/page_layout.h"

extern void page_verify_frame(Relation index, BlockNumber block, Page page);
extern void page_verify_group(Relation index, const IvfkmGeometry *geometry,
							  const IvfkmChildData *owner, BlockNumber block, Page *pages);
extern void page_verify_refine(Relation index, const IvfkmGeometry *geometry,
							   const IvfkmChildData *list, BlockNumber block, Page page);

#endif /* IVFKM_PAGE_VERIFY_H */
