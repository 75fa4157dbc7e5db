/*-------------------------------------------------------------------------
 *
 * page_alloc.c
 *	  Adding groups and refine pages to a list.
 *
 * NOTES
 *	  Allocation is serialised by the relation extension lock, which is held over:
 *	  finding or making the blocks at the metapage's used_blocks, writing and logging
 *	  the new pages, and one record that links them and advances used_blocks.  A
 *	  crash before that record leaves pages behind used_blocks, which are the next to be
 *	  handed out; there is no state in which a page is lost.
 *
 * IDENTIFICATION
 *	  src/page/page_alloc.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "storage/bufmgr.h"
#include "storage/lmgr.h"

#include "page/page.h"
#include "page/page_point.h"
#include "page/page_wal.h"

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
 * Pins the metapage in *meta_buffer and returns the first of "npages" blocks to hand out.
 * The caller holds the extension lock.
 */
static BlockNumber
find_free_blocks(Relation index, int npages, Buffer *meta_buffer)
{
	BlockNumber first;

	*meta_buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	page_check(index, *meta_buffer, IVFKM_PAGE_META);
	first = IvfkmPageGetMeta(BufferGetPage(*meta_buffer))->used_blocks;
	LockBuffer(*meta_buffer, BUFFER_LOCK_UNLOCK);
	if (first > MaxBlockNumber - npages)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("cannot extend index \"%s\" beyond %u blocks",
							   RelationGetRelationName(index), MaxBlockNumber)));
	return first;
}

/*
 * Appends an empty group to the chain that ends with the group starting at "tail_group",
 * unless somebody else has done so meanwhile.  *next is the group behind it.
 *
 * The caller holds no buffer lock.  Takes the relation extension lock.
 */
void
page_group_append(Relation index, const IvfkmGeometry *geometry, uint32 owner, uint32 generation,
				  BlockNumber tail_group, BlockNumber *next)
{
	IvfkmPageKind kind = geometry->node ? IVFKM_PAGE_NODE : IVFKM_PAGE_POSTING;
	Buffer buffers[IVFKM_MAX_STRIPES];
	Page pages[IVFKM_MAX_STRIPES];
	Buffer meta_buffer;
	Buffer tail_buffer;
	BlockNumber first;
	BlockNumber head;
	PageWal wal;

	StaticAssertStmt(IVFKM_MAX_STRIPES <= PAGE_WAL_MAX, "a group fits into one WAL record");
	Assert(geometry->stripes <= IVFKM_MAX_STRIPES);
	LockRelationForExtension(index, ExclusiveLock);

	tail_buffer = page_read(index, tail_group + geometry->stripes - 1, BUFFER_LOCK_SHARE);
	page_check_group(index, tail_buffer, geometry, geometry->stripes - 1, owner, generation);
	*next = IvfkmPageGetOpaque(BufferGetPage(tail_buffer))->next;
	head = IvfkmPageGetGroupHeader(BufferGetPage(tail_buffer))->head;
	UnlockReleaseBuffer(tail_buffer);
	if (BlockNumberIsValid(*next))
	{
		UnlockRelationForExtension(index, ExclusiveLock);
		return;
	}
	first = find_free_blocks(index, geometry->stripes, &meta_buffer);

	/* the new group, not reachable yet */
	for (int i = 0; i < geometry->stripes; i++)
		buffers[i] = read_or_extend(index, first + i);
	page_wal_begin(&wal, index);
	for (int i = 0; i < geometry->stripes; i++)
		pages[i] = page_wal_register_new(&wal, buffers[i]);
	page_group_init(pages, geometry, kind, owner, generation, head);
	page_wal_finish(&wal);
	for (int i = 0; i < geometry->stripes; i++)
		UnlockReleaseBuffer(buffers[i]);
	page_point("append-unlinked");

	/* link it and account for it; lock order: metapage, then list pages */
	LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
	tail_buffer = page_read(index, tail_group + geometry->stripes - 1, BUFFER_LOCK_EXCLUSIVE);
	page_wal_begin(&wal, index);
	IvfkmPageGetMeta(page_wal_register(&wal, meta_buffer))->used_blocks = first + geometry->stripes;
	IvfkmPageGetOpaque(page_wal_register(&wal, tail_buffer))->next = first;
	page_wal_finish(&wal);
	UnlockReleaseBuffer(tail_buffer);
	UnlockReleaseBuffer(meta_buffer);

	UnlockRelationForExtension(index, ExclusiveLock);
	*next = first;
}

/*
 * Gives the list whose first group starts at "head" an empty refine page, unless its last
 * one is no longer "seen" (invalid: none).  Returns the list's last refine page.
 *
 * The caller holds no buffer lock.  Takes the relation extension lock.
 */
BlockNumber
page_refine_append(Relation index, const IvfkmGeometry *geometry, uint32 owner, uint32 generation,
				   BlockNumber head, BlockNumber seen)
{
	int last = geometry->stripes - 1;
	BlockNumber block;
	Buffer head_buffer;
	Buffer meta_buffer;
	Buffer buffer;
	PageWal wal;

	LockRelationForExtension(index, ExclusiveLock);

	head_buffer = page_read(index, head + last, BUFFER_LOCK_SHARE);
	page_check_group(index, head_buffer, geometry, last, owner, generation);
	block = IvfkmPageGetGroupHeader(BufferGetPage(head_buffer))->refine_block;
	UnlockReleaseBuffer(head_buffer);
	if (block == seen)
	{
		block = find_free_blocks(index, 1, &meta_buffer);

		/* the new page, not reachable yet */
		buffer = read_or_extend(index, block);
		page_wal_begin(&wal, index);
		page_refine_init(page_wal_register_new(&wal, buffer), owner, generation, head, seen);
		page_wal_finish(&wal);
		UnlockReleaseBuffer(buffer);
		page_point("refine-append-unlinked");

		/* link it and account for it */
		LockBuffer(meta_buffer, BUFFER_LOCK_EXCLUSIVE);
		head_buffer = page_read(index, head + last, BUFFER_LOCK_EXCLUSIVE);
		page_wal_begin(&wal, index);
		IvfkmPageGetMeta(page_wal_register(&wal, meta_buffer))->used_blocks = block + 1;
		IvfkmPageGetGroupHeader(page_wal_register(&wal, head_buffer))->refine_block = block;
		page_wal_finish(&wal);
		UnlockReleaseBuffer(head_buffer);
		UnlockReleaseBuffer(meta_buffer);
	}

	UnlockRelationForExtension(index, ExclusiveLock);
	return block;
}
