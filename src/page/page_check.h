/*-------------------------------------------------------------------------
 *
 * page_check.h
 *	  Reading pages, and reporting damage.
 *
 * IDENTIFICATION
 *	  src/page/page_check.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_CHECK_H
#define IVFKM_PAGE_CHECK_H

#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "page/page_geometry.h"

VDB_NORETURN extern void page_corrupted(Relation index, BlockNumber block, const char *fmt, ...)
	pg_attribute_printf(3, 4);
extern IvfkmPageKind page_check_any(Relation index, Buffer buffer);
extern void page_check(Relation index, Buffer buffer, IvfkmPageKind kind);
extern void page_check_owner(Relation index, Buffer buffer, IvfkmPageKind kind, uint32 owner,
							 uint32 generation);
extern void page_check_group(Relation index, Buffer buffer, const IvfkmGeometry *geometry,
							 int stripe, uint32 owner, uint32 generation);
extern void page_check_row(Relation index, BlockNumber block, int slot, const ItemPointerData *tid,
						   BlockNumber *heap_blocks);
extern bool page_in_file(Relation index, BlockNumber block, BlockNumber *nblocks);
extern Buffer page_read(Relation index, BlockNumber block, int lockmode);

/* True if an address may be that of a row of a table of so many blocks. */
static inline bool
page_row_in_table(const ItemPointerData *tid, BlockNumber heap_blocks)
{
	return ItemPointerGetBlockNumberNoCheck(tid) < heap_blocks && ItemPointerIsValid(tid);
}

#endif /* IVFKM_PAGE_CHECK_H */
