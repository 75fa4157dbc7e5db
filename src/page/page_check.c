/*-------------------------------------------------------------------------
 *
 * page_check.c
 *	  The only door to a page: reading, locking, and checking what was read.
 *
 * NOTES
 *	  Whatever a disk could cause is reported as ERRCODE_INDEX_CORRUPTED with the
 *	  index and the block; assertions are for programmer errors only.
 *
 * IDENTIFICATION
 *	  src/page/page_check.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_hint.h"

/*
 * Reports damage: "fmt" says what is wrong with the block, as the error's detail.  Buffer
 * locks and pins are released by the error.
 */
void
page_corrupted(Relation index, BlockNumber block, const char *fmt, ...)
{
	StringInfoData detail;

	initStringInfo(&detail);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, fmt);
		needed = appendStringInfoVA(&detail, fmt, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&detail, needed);
	}
	ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
					errmsg("index \"%s\" contains corrupted page at block %u",
						   RelationGetRelationName(index), block),
					errdetail_internal("%s", detail.data), errhint("Please REINDEX it.")));
}

/*
 * Checks what all pages have in common and returns the kind; the buffer is pinned and
 * locked.
 */
IvfkmPageKind
page_check_any(Relation index, Buffer buffer)
{
	Page page = BufferGetPage(buffer);
	BlockNumber block = BufferGetBlockNumber(buffer);
	IvfkmPageOpaque opaque;

	if (PageIsNew(page))
		page_corrupted(index, block, "Page is zero.");
	if (((PageHeader) page)->pd_special != IVFKM_PAYLOAD_END ||
		((PageHeader) page)->pd_lower != IVFKM_PAYLOAD_END)
		page_corrupted(index, block, "Page header is not that of an ivfkm page.");
	opaque = IvfkmPageGetOpaque(page);
	if (opaque->page_id != IVFKM_PAGE_ID)
		page_corrupted(index, block, "Page id is 0x%04X instead of 0x%04X.", opaque->page_id,
					   IVFKM_PAGE_ID);
	if (opaque->kind < IVFKM_PAGE_META || opaque->kind > IVFKM_PAGE_SUMMARY)
		page_corrupted(index, block, "Page kind is %u.", opaque->kind);
	return (IvfkmPageKind) opaque->kind;
}

/* The same, and that the page is of the expected kind. */
void
page_check(Relation index, Buffer buffer, IvfkmPageKind kind)
{
	IvfkmPageKind found = page_check_any(index, buffer);

	if (found != kind)
		page_corrupted(index, BufferGetBlockNumber(buffer), "Page kind is %d instead of %d.",
					   (int) found, (int) kind);
}

/* The same, and that the page belongs to the expected owner in the expected generation. */
void
page_check_owner(Relation index, Buffer buffer, IvfkmPageKind kind, uint32 owner, uint32 generation)
{
	IvfkmPageOpaque opaque;

	page_check(index, buffer, kind);
	opaque = IvfkmPageGetOpaque(BufferGetPage(buffer));
	if (opaque->owner != owner || opaque->generation != generation)
		page_corrupted(index, BufferGetBlockNumber(buffer),
					   "Page belongs to %u/%u instead of %u/%u.", opaque->owner, opaque->generation,
					   owner, generation);
}

/* The same for page "stripe" of a group. */
void
page_check_group(Relation index, Buffer buffer, const IvfkmGeometry *geometry, int stripe,
				 uint32 owner, uint32 generation)
{
	IvfkmGroupHeader header;

	page_check_owner(index, buffer, geometry->kind, owner, generation);
	header = IvfkmPageGetGroupHeader(BufferGetPage(buffer));
	if (header->stripe != stripe)
		page_corrupted(index, BufferGetBlockNumber(buffer), "Stripe number is %u instead of %d.",
					   header->stripe, stripe);
	if (header->nused > geometry->slots)
		page_corrupted(index, BufferGetBlockNumber(buffer), "%u of %d slots are in use.",
					   header->nused, geometry->slots);
}

/*
 * Checks that a used slot of a list's group, whose page is "block", leads to a row within the
 * table.  *heap_blocks is the length of the table seen last, 0 at first; the caller holds
 * a lock on the table.
 */
void
page_check_row(Relation index, BlockNumber block, int slot, const ItemPointerData *tid,
			   BlockNumber *heap_blocks)
{
	if (!ItemPointerIsValid(tid))
		page_corrupted(index, block, "Slot %d points to no row.", slot);
	if (!page_row_in_table(tid, *heap_blocks))
	{
		Relation heap = RelationIdGetRelation(index->rd_index->indrelid);

		if (!RelationIsValid(heap))
			elog(ERROR, "could not open relation with OID %u", index->rd_index->indrelid);
		*heap_blocks = RelationGetNumberOfBlocks(heap);
		RelationClose(heap);
		if (!page_row_in_table(tid, *heap_blocks))
			page_corrupted(index, block,
						   "Slot %d points to row (%u,%u), but the table has %u blocks.", slot,
						   ItemPointerGetBlockNumberNoCheck(tid),
						   ItemPointerGetOffsetNumberNoCheck(tid), *heap_blocks);
	}
}

/*
 * True if the block is inside the file, whose length goes to *nblocks if it is not.  The length
 * is asked for only when a block lies behind the length that smgr saw last: whoever shortens the
 * file holds a lock that keeps the caller out, and makes smgr forget that length here, too.
 */
bool
page_in_file(Relation index, BlockNumber block, BlockNumber *nblocks)
{
	BlockNumber seen = RelationGetSmgr(index)->smgr_cached_nblocks[MAIN_FORKNUM];

	if (BlockNumberIsValid(seen) && block < seen)
		return true;
	*nblocks = RelationGetNumberOfBlocks(index);
	return block < *nblocks;
}

/*
 * Pins and locks a block of the index.  A block behind the end of the file (a truncated
 * file, an overwritten link) is reported as damage, not as a read error.
 */
Buffer
page_read(Relation index, BlockNumber block, int lockmode)
{
	BlockNumber nblocks;
	Buffer buffer;

	if (!page_in_file(index, block, &nblocks))
		page_corrupted(index, block, "The file has only %u blocks.", nblocks);
	buffer = page_pin(index, block);
	LockBuffer(buffer, lockmode);
	return buffer;
}
