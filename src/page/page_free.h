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

#include "page/page_format.h"
#include "page/page_wal.h"

/* Blocks in the making that a renewal hands out to its tree before anything leads to it. */
typedef struct IvfkmReserve
{
	BlockNumber next; /* to be handed out next */
	BlockNumber end;
	BlockNumber chunk;	/* blocks that were reserved last */
	IvfkmRanges unused; /* reserved, and too few to be handed out */
} IvfkmReserve;

/* Consecutive blocks that are being handed out; the relation extension lock is held meanwhile. */
typedef struct IvfkmFreeBlocks
{
	Relation index;
	IvfkmReserve *reserve; /* that they are from, or NULL */
	BlockNumber first;
	int count;
	Buffer meta_buffer; /* pinned; locked from page_free_lock_meta() on */
} IvfkmFreeBlocks;

extern void page_free_prepare(Relation index, IvfkmReserve *reserve, BlockNumber npages);
extern void page_free_begin(Relation index, IvfkmReserve *reserve, int count);
extern BlockNumber page_free_take(IvfkmFreeBlocks *blocks, Relation index, IvfkmReserve *reserve,
								  int count, Buffer *buffers);
extern void page_free_lock_meta(IvfkmFreeBlocks *blocks);
extern Page page_free_account(IvfkmFreeBlocks *blocks, PageWal *wal);
extern void page_free_release(IvfkmFreeBlocks *blocks);
extern void page_free_end(Relation index);
extern void page_free_read(Relation index, IvfkmFreeData *data);
extern void page_free_check(Relation index, Page meta_page);
extern Buffer page_free_lock(Relation index);
extern void page_free_unlock(Relation index, Buffer meta_buffer);
extern Buffer page_free_buffer(Relation index, BlockNumber block);
extern void page_free_reserve_many(Relation index, const BlockNumber *sizes, int n, uint32 next_id,
								   BlockNumber *firsts);
extern BlockNumber page_free_from_reserve(Relation index, IvfkmReserve *reserve,
										  BlockNumber npages);
extern bool page_free_fits(const IvfkmRanges *free, const BlockNumber *sizes, int n,
						   BlockNumber below);
extern bool page_free_is_sparse(BlockNumber nfree, BlockNumber used_blocks);
extern void page_free_keep_built(Page meta_page, const IvfkmReserve *reserve);
extern bool page_free_is_tail(Relation index, BlockNumber least);
extern BlockNumber page_free_shrink(Relation index, BlockNumber least);
extern void page_free_retire(Page meta_page, const IvfkmReserve *reserve);
extern bool page_free_abandoned(Relation index, const IvfkmRanges *more);
extern void page_free_retired(Relation index);

#endif /* IVFKM_PAGE_FREE_H */
