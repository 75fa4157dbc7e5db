/*-------------------------------------------------------------------------
 *
 * page_free.c
 *	  Blocks that belong to nothing, and handing them out.
 *
 * NOTES
 *	  Free are the blocks from the metapage's used_blocks on.  The relation extension lock
 *	  serialises who takes some, and is held over these steps:
 *
 *	  1. page_free_begin()		takes the extension lock; the caller looks again whether it
 *								still needs pages
 *	  2. page_free_take()		finds or makes the blocks and locks them
 *	  3.						the caller writes and logs the new pages and unlocks them
 *	  4. page_free_lock_meta()	locks the metapage; the caller locks the page that is to
 *								lead to the new ones
 *	  5. page_free_account()	adds the metapage to the record that links the new pages
 *	  6. page_free_release(), page_free_end()
 *
 *	  A crash before the record of step 5 leaves pages that nothing leads to behind
 *	  used_blocks, where they are the next to be handed out: no page is ever lost.
 *
 * IDENTIFICATION
 *	  src/page/page_free.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "storage/lmgr.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_free.h"
#include "page/page_meta.h"

/* Starts to hand out blocks: takes the relation extension lock.  The caller holds no buffer lock. */
void
page_free_begin(Relation index)
{
	LockRelationForExtension(index, ExclusiveLock);
}

/* Ends what page_free_begin() started. */
void
page_free_end(Relation index)
{
	UnlockRelationForExtension(index, ExclusiveLock);
}

/* Pins and exclusively locks block "block", which may lie one behind the end of the file. */
static Buffer
read_or_extend(Relation index, BlockNumber block)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(index);
	Buffer buffer;

	if (block < nblocks)
		buffer = ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_ZERO_AND_LOCK, NULL);
	else
	{
		buffer = ReadBufferExtended(index, MAIN_FORKNUM, P_NEW, RBM_NORMAL, NULL);
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		if (BufferGetBlockNumber(buffer) != block)
			page_corrupted(index, BufferGetBlockNumber(buffer), "Expected to extend to block %u.",
						   block);
	}
	return buffer;
}

/*
 * Takes "count" consecutive free blocks, pinned and exclusively locked in buffers[], and returns
 * the first.  They stay free until page_free_account().
 */
BlockNumber
page_free_take(IvfkmFreeBlocks *blocks, Relation index, int count, Buffer *buffers)
{
	Buffer meta_buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	BlockNumber first;

	page_check(index, meta_buffer, IVFKM_PAGE_META);
	first = IvfkmPageGetMeta(BufferGetPage(meta_buffer))->used_blocks;
	LockBuffer(meta_buffer, BUFFER_LOCK_UNLOCK);
	if (first > MaxBlockNumber - count)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("cannot extend index \"%s\" beyond %u blocks",
							   RelationGetRelationName(index), MaxBlockNumber)));
	blocks->index = index;
	blocks->first = first;
	blocks->count = count;
	blocks->meta_buffer = meta_buffer;
	for (int i = 0; i < count; i++)
		buffers[i] = read_or_extend(index, first + i);
	return first;
}

/* Locks the metapage exclusively; pages of lists are locked after it. */
void
page_free_lock_meta(IvfkmFreeBlocks *blocks)
{
	LockBuffer(blocks->meta_buffer, BUFFER_LOCK_EXCLUSIVE);
}

/* Adds to a change, as its first page, that the blocks are in use. */
void
page_free_account(IvfkmFreeBlocks *blocks, PageWal *wal)
{
	page_meta_set_used_blocks(page_wal_register(wal, blocks->meta_buffer),
							  blocks->first + blocks->count);
}

/* Unlocks and unpins the metapage. */
void
page_free_release(IvfkmFreeBlocks *blocks)
{
	UnlockReleaseBuffer(blocks->meta_buffer);
}
