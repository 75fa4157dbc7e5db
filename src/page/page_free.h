/*-------------------------------------------------------------------------
 *
 * page_free.h
 *	  Blocks that belong to nothing, and handing them out.
 *
 * IDENTIFICATION
 *	  src/page/page_free.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_FREE_H
#define IVFKM_PAGE_FREE_H

#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "page/page_wal.h"

/* Consecutive blocks that are being handed out; the relation extension lock is held meanwhile. */
typedef struct IvfkmFreeBlocks
{
	Relation index;
	BlockNumber first;
	int count;
	Buffer meta_buffer; /* pinned; locked from page_free_lock_meta() on */
} IvfkmFreeBlocks;

extern void page_free_begin(Relation index);
extern BlockNumber page_free_take(IvfkmFreeBlocks *blocks, Relation index, int count,
								  Buffer *buffers);
extern void page_free_lock_meta(IvfkmFreeBlocks *blocks);
extern void page_free_account(IvfkmFreeBlocks *blocks, PageWal *wal);
extern void page_free_release(IvfkmFreeBlocks *blocks);
extern void page_free_end(Relation index);

#endif /* IVFKM_PAGE_FREE_H */
