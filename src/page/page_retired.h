/*-------------------------------------------------------------------------
 *
 * page_retired.h
 *	  Blocks of nodes and lists whose place others took, until they are free.
 *
 * IDENTIFICATION
 *	  src/page/page_retired.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_RETIRED_H
#define IVFKM_PAGE_RETIRED_H

#include "compat.h"

#include "access/transam.h"
#include "utils/rel.h"

#include "page/page_format.h"
#include "page/page_free.h"

/* Blocks in memory, in any order. */
typedef struct IvfkmBlocks
{
	BlockNumber *blocks;
	Size count;
	Size size;
} IvfkmBlocks;

/* What page_retired_walk() calls: for a page of the chain, and then for each range on it. */
typedef void (*IvfkmRetiredVisit)(void *arg, BlockNumber block, BlockNumber from, bool chain,
								  const IvfkmRange *range);

/* True if nobody can reach what was retired at that transaction id any more. */
typedef bool (*IvfkmRetiredIsFree)(void *arg, FullTransactionId xid);

extern void page_blocks_add(IvfkmBlocks *blocks, BlockNumber first, BlockNumber count);
extern BlockNumber page_retired_pages(Size nblocks);
extern void page_retired_replace(Relation index, const IvfkmMetaPageData *next,
								 IvfkmReserve *reserve, IvfkmBlocks *retired);
extern BlockNumber page_retired_release(Relation index, IvfkmRetiredIsFree is_free, void *arg);
extern BlockNumber page_retired_kept(Relation index);
extern bool page_retired_is_sparse(Relation index, const IvfkmFreeData *data,
								   BlockNumber used_blocks, BlockNumber *waiting);
extern void page_retired_walk(Relation index, IvfkmRetiredVisit visit, void *arg);

#endif /* IVFKM_PAGE_RETIRED_H */
