/*-------------------------------------------------------------------------
 *
 * page_meta.h
 *	  The metapage.
 *
 * NOTES
 *	  Everybody reads it through page_meta_read(), which checks it.  Who writes which field:
 *
 *	  all fields		page_meta_write(), once, by the build
 *	  used_blocks		page_meta_set_used_blocks(), when page_free.c hands out blocks
 *
 * IDENTIFICATION
 *	  src/page/page_meta.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_META_H
#define IVFKM_PAGE_META_H

#include "compat.h"

#include "storage/bufpage.h"
#include "utils/rel.h"

#include "page/page_format.h"
#include "page/page_writer.h"

extern void page_meta_read(Relation index, IvfkmMetaPageData *meta);
extern void page_meta_root(const IvfkmMetaPageData *meta, IvfkmChildData *root);
extern void page_meta_nulls(const IvfkmMetaPageData *meta, IvfkmChildData *nulls);
extern void page_meta_write(IvfkmWriter *writer, const IvfkmMetaPageData *meta);
extern void page_meta_set_used_blocks(Page meta_page, BlockNumber used_blocks);

#endif /* IVFKM_PAGE_META_H */
