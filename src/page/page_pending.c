/*-------------------------------------------------------------------------
 *
 * page_pending.c
 *	  The pending list: addresses of rows that a tree in the making has to catch up with.
 *
 * NOTES
 *	  While a tree is in the making, an insert notes the address of its row here before it
 *	  writes it into the current tree.  Pages hold addresses in the order in which they were
 *	  noted; a full page gets a successor, which leads back to it and is the one that the
 *	  metapage leads to.  The tree that takes the current one's place retires these pages too.
 *
 * IDENTIFICATION
 *	  src/page/page_pending.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_free.h"
#include "page/page_layout.h"
#include "page/page_pending.h"
#include "page/page_point.h"
#include "page/page_ranges.h"
#include "page/page_wal.h"

/* The addresses on a page. */
static inline ItemPointerData *
pending_slots(Page page)
{
	return (ItemPointerData *) IvfkmPageGetPayload(page);
}

/* Reads a page of the list, checked. */
static Buffer
pending_page_read(Relation index, BlockNumber block, int lockmode)
{
	Buffer buffer = page_read(index, block, lockmode);

	page_check(index, buffer, IVFKM_PAGE_PENDING);
	if (IvfkmPageGetGroupHeader(BufferGetPage(buffer))->nused > IVFKM_PENDING_SLOTS)
		page_corrupted(index, block, "%u of %d addresses are in use.",
					   IvfkmPageGetGroupHeader(BufferGetPage(buffer))->nused, IVFKM_PENDING_SLOTS);
	return buffer;
}

/* The last page of the list by the metapage, or invalid.  Takes and releases a share lock. */
static BlockNumber
pending_last(Relation index)
{
	Buffer buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	BlockNumber block;

	page_check(index, buffer, IVFKM_PAGE_META);
	block = IvfkmPageGetMeta(BufferGetPage(buffer))->pending_block;
	UnlockReleaseBuffer(buffer);
	return block;
}

/*
 * Adds an empty page behind page "seen" of the list (invalid: it is the first one), unless
 * somebody else has done so.  The caller holds no buffer lock.  Takes the extension lock.
 */
static void
pending_extend(Relation index, BlockNumber seen)
{
	IvfkmFreeBlocks blocks;
	BlockNumber block;
	Buffer buffer;
	PageWal wal;
	Page page;

	page_free_begin(index, NULL, 1);
	if (pending_last(index) == seen)
	{
		/* the new page, not reachable yet */
		block = page_free_take(&blocks, index, NULL, 1, &buffer);
		page_wal_begin(&wal, index);
		page = page_wal_register_new(&wal, buffer);
		page_init(page, IVFKM_PAGE_PENDING, 0, 0);
		IvfkmPageGetOpaque(page)->next = seen;
		page_wal_finish(&wal);
		UnlockReleaseBuffer(buffer);
		page_point("pending-unlinked");

		/* link it and account for it */
		page_free_lock_meta(&blocks);
		page_wal_begin(&wal, index);
		IvfkmPageGetMeta(page_free_account(&blocks, &wal))->pending_block = block;
		page_wal_finish(&wal);
		page_free_release(&blocks);
	}
	page_free_end(index);
}

/* Starts a list.  There is none, and the caller keeps inserts away. */
void
page_pending_begin(Relation index)
{
	pending_extend(index, InvalidBlockNumber);
}

/*
 * Notes the address of a row, whose value is NULL or not.  There is a list, and the caller keeps it
 * from being taken away.
 */
void
page_pending_add(Relation index, const ItemPointerData *tid, bool is_null)
{
	ItemPointerData noted = is_null ? page_pending_mark(tid) : *tid;

	for (;;)
	{
		BlockNumber block = pending_last(index);
		Buffer buffer;
		int nused;

		CHECK_FOR_INTERRUPTS();
		if (!BlockNumberIsValid(block))
			elog(ERROR, "index \"%s\" has no pending list", RelationGetRelationName(index));
		buffer = pending_page_read(index, block, BUFFER_LOCK_EXCLUSIVE);
		nused = IvfkmPageGetGroupHeader(BufferGetPage(buffer))->nused;
		if (nused < IVFKM_PENDING_SLOTS)
		{
			PageWal wal;
			Page page;

			page_wal_begin(&wal, index);
			page = page_wal_register(&wal, buffer);
			pending_slots(page)[nused] = noted;
			IvfkmPageGetGroupHeader(page)->nused++;
			page_wal_finish(&wal);
			UnlockReleaseBuffer(buffer);
			return;
		}
		UnlockReleaseBuffer(buffer);
		pending_extend(index, block);
	}
}

/*
 * The addresses behind *position, those of NULLs marked, in no certain order: a palloc'd array of
 * *count; moves the position behind them.  Takes and releases share locks.
 */
ItemPointerData *
page_pending_read(Relation index, IvfkmPendingPosition *position, Size *count)
{
	BlockNumber last = pending_last(index);
	BlockNumber block = last;
	int last_count = 0;
	Size size = IVFKM_PENDING_SLOTS;
	ItemPointerData *tids = palloc(sizeof(ItemPointerData) * size);
	BlockNumber nvisited = 0;
	bool done = false;

	*count = 0;
	while (BlockNumberIsValid(block) && !done)
	{
		Buffer buffer;
		int from = 0;
		int nused;

		CHECK_FOR_INTERRUPTS();
		if (++nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
			page_corrupted(index, block, "The pending list is circular.");
		buffer = pending_page_read(index, block, BUFFER_LOCK_SHARE);
		nused = IvfkmPageGetGroupHeader(BufferGetPage(buffer))->nused;
		if (block == last)
			last_count = nused;
		if (block == position->block)
		{
			from = position->count;
			done = true;
		}
		if (*count + IVFKM_PENDING_SLOTS > size)
		{
			size *= 2;
			tids = repalloc_huge(tids, sizeof(ItemPointerData) * size);
		}
		if (nused > from)
		{
			memcpy(tids + *count, pending_slots(BufferGetPage(buffer)) + from,
				   sizeof(ItemPointerData) * (nused - from));
			*count += nused - from;
		}
		block = IvfkmPageGetOpaque(BufferGetPage(buffer))->next;
		UnlockReleaseBuffer(buffer);
	}
	position->block = last;
	position->count = last_count;
	return tids;
}

/*
 * Adds the pages of the list to "ranges".  "free", if not NULL, receives the ranges of the metapage
 * as they are at the same time.  The metapage is locked meanwhile, so the list stays as it is.
 */
void
page_pending_ranges(Relation index, IvfkmFreeData *free, IvfkmRanges *ranges)
{
	Buffer meta_buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	BlockNumber nvisited = 0;
	BlockNumber block;

	page_check(index, meta_buffer, IVFKM_PAGE_META);
	page_free_check(index, BufferGetPage(meta_buffer));
	if (free != NULL)
		memcpy(free, IvfkmPageGetFree(BufferGetPage(meta_buffer)), sizeof(IvfkmFreeData));
	block = IvfkmPageGetMeta(BufferGetPage(meta_buffer))->pending_block;
	while (BlockNumberIsValid(block))
	{
		Buffer buffer;

		if (++nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
			page_corrupted(index, block, "The pending list is circular.");
		(void) page_ranges_add(ranges, block, block + 1);
		buffer = pending_page_read(index, block, BUFFER_LOCK_SHARE);
		block = IvfkmPageGetOpaque(BufferGetPage(buffer))->next;
		UnlockReleaseBuffer(buffer);
	}
	UnlockReleaseBuffer(meta_buffer);
}
