/*-------------------------------------------------------------------------
 *
 * page_meta.h
 *	  The metapage.
 *
 * NOTES
 *	  Everybody reads it through page_meta_read(), which checks it.  Who writes which field:
 *
 *	  all fields		page_meta_write(), once, by the build
 *	  all of the tree, and the counts since	page_meta_replace_tree(), by a renewal
 *	  root, nlists, descents, far rows	page_meta_set_nodes(), by who has written other nodes
 *	  used_blocks, next_id, and the ranges behind the fields		page_free.c
 *	  tree_first, tree_end	page_free_shrink(), where the file becomes shorter
 *	  pending_block, throttle	page_pending.c, page_meta_set_throttle(), page_free_abandoned()
 *	  retired_block		page_retired.c
 *	  retired_xid		page_free_retired(), when the ranges are free
 *	  appended			page_list.c
 *	  removed, made_removed	page_meta_count_removed(), by VACUUM
 *	  strays			page_meta_count_strays(), by inserts
 *	  made_rewritten	page_meta_count_rewritten(), by inserts
 *	  retry				page_meta_set_retry(), by whoever asks for a renewal
 *	  build_rows, retry, appended, removed, strays	page_meta_set_rows(), by who has counted rows
 *	  the list of far rows	page_meta_widen(), by inserts, under the tree lock
 *	  the calibration	page_meta_calibrate(), by ivfkm_calibrate() and by maintenance
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
#include "page/page_free.h"
#include "page/page_writer.h"

extern void page_meta_read(Relation index, IvfkmMetaPageData *meta);
extern void page_meta_root(const IvfkmMetaPageData *meta, IvfkmChildData *root);
extern void page_meta_nulls(const IvfkmMetaPageData *meta, IvfkmChildData *nulls);
extern void page_meta_write(IvfkmWriter *writer, const IvfkmMetaPageData *meta);
extern uint64 page_meta_version(Relation index, BlockNumber *pending_block, uint32 *throttle);
extern void page_meta_set_throttle(Relation index, uint32 throttle);
extern void page_meta_set_far(IvfkmMetaPageData *meta, uint32 list, const ItemPointerData *record,
							  float radius);
extern bool page_meta_widen(Relation index, uint32 list, const ItemPointerData *record,
							float radius);
extern void page_meta_count_removed(Relation index, uint64 removed);
extern void page_meta_count_strays(Relation index, uint64 strays);
extern void page_meta_count_rewritten(Relation index, uint64 rewritten);
extern void page_meta_set_retry(Relation index, uint64 retry);
extern void page_meta_calibrate(Relation index, const IvfkmCalibration *calibration, uint32 nk,
								double rows, int64 when, bool by_queries);
extern void page_meta_replace_tree(Relation index, const IvfkmMetaPageData *next,
								   const IvfkmReserve *reserve);
extern void page_meta_set_nodes(IvfkmMetaPage meta, const IvfkmMetaPageData *next);
extern void page_meta_set_rows(Relation index, const IvfkmMetaPageData *seen, double rows,
							   uint64 retry);

#endif /* IVFKM_PAGE_META_H */
