/*-------------------------------------------------------------------------
 *
 * page_refine.c
 *	  Refine pages: records with a more precise code of each row.
 *
 * NOTES
 *	  A slot of a posting list points to its record and keeps it for its next row when
 *	  VACUUM empties it, so records are never freed.  A record is written before the slot
 *	  that leads to it; the address of the row in it tells a reader who comes late that
 *	  the slot was given to another row.
 *
 * IDENTIFICATION
 *	  src/page/page_refine.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_hint.h"
#include "page/page_refine.h"

/* Makes an empty refine page of the list whose first group is at "head". */
void
page_refine_init(Page page, uint32 owner, uint32 generation, BlockNumber head, BlockNumber previous)
{
	IvfkmGroupHeader header;

	page_init(page, IVFKM_PAGE_REFINE, owner, generation);
	IvfkmPageGetOpaque(page)->next = previous;
	header = IvfkmPageGetGroupHeader(page);
	header->head = head;
	header->insert_block = InvalidBlockNumber;
	header->refine_block = InvalidBlockNumber;
}

/* Record "index" of a page; its code follows the struct. */
IvfkmRefine
page_refine_record(Page page, const IvfkmGeometry *geometry, int index)
{
	Assert(index >= 0 && index < geometry->refine_slots);
	return (IvfkmRefine) (IvfkmPageGetPayload(page) + index * geometry->refine_bytes);
}

/* Records in use on a page; they are the first ones. */
int
page_refine_count(Page page)
{
	return IvfkmPageGetGroupHeader(page)->nused;
}

/* The list's refine page before this one, or invalid. */
BlockNumber
page_refine_previous(Page page)
{
	return IvfkmPageGetOpaque(page)->next;
}

/* Writes the record of an entry as number "index", which is in use or the first that is not. */
void
page_refine_set(Page page, const IvfkmGeometry *geometry, int index, const IvfkmEntry *entry)
{
	IvfkmRefine record = page_refine_record(page, geometry, index);
	IvfkmGroupHeader header = IvfkmPageGetGroupHeader(page);

	Assert(index <= header->nused);
	record->factors = entry->refine_factors;
	record->tid = entry->tid;
	record->reserved = 0;
	memcpy(record + 1, entry->refine_code, geometry->refine_bytes - sizeof(IvfkmRefineData));
	if (index == header->nused)
		header->nused++;
}

/* Checks that a locked page is a refine page of the owner. */
void
page_check_refine(Relation index, Buffer buffer, const IvfkmGeometry *geometry, uint32 owner,
				  uint32 generation)
{
	IvfkmGroupHeader header;

	page_check_owner(index, buffer, IVFKM_PAGE_REFINE, owner, generation);
	header = IvfkmPageGetGroupHeader(BufferGetPage(buffer));
	if (header->nused > geometry->refine_slots)
		page_corrupted(index, BufferGetBlockNumber(buffer), "%u of %d records are in use.",
					   header->nused, geometry->refine_slots);
}

/* The record that a slot leads to, on its page, which has been checked. */
IvfkmRefine
page_refine_get(Relation index, const IvfkmGeometry *geometry, Page page,
				const ItemPointerData *address)
{
	int number = ItemPointerGetOffsetNumberNoCheck(address) - 1;

	if (number < 0 || number >= page_refine_count(page))
		page_corrupted(index, ItemPointerGetBlockNumberNoCheck(address),
					   "Record %d is not in use, but a slot leads to it.", number + 1);
	return page_refine_record(page, geometry, number);
}

/* Copies a refine page of the owner's list to "copy", under a share lock. */
void
page_refine_copy(Relation index, const IvfkmGeometry *geometry, uint32 owner, uint32 generation,
				 BlockNumber block, Page copy)
{
	Buffer buffer = page_read(index, block, BUFFER_LOCK_SHARE);

	page_check_refine(index, buffer, geometry, owner, generation);
	memcpy(copy, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
}

/*
 * Locks the page of the record that a slot of the owner's list leads to, and returns the record;
 * the caller unlocks and unpins *buffer.
 */
IvfkmRefine
page_refine_lock(Relation index, const IvfkmGeometry *geometry, uint32 owner, uint32 generation,
				 const ItemPointerData *address, int lockmode, Buffer *buffer)
{
	*buffer = page_read(index, ItemPointerGetBlockNumberNoCheck(address), lockmode);
	page_check_refine(index, *buffer, geometry, owner, generation);
	return page_refine_get(index, geometry, BufferGetPage(*buffer), address);
}

/* Prefetches a record that will be read soon into the CPU's cache. */
void
page_refine_prefetch(Relation index, const IvfkmGeometry *geometry, const ItemPointerData *address)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(address);
	int number = ItemPointerGetOffsetNumberNoCheck(address) - 1;

	if (number < 0 || number >= geometry->refine_slots)
		return; /* damaged; found when it is read */
	page_prefetch(index, block, 0, IVFKM_PAYLOAD_OFFSET);
	page_prefetch(index, block, IVFKM_PAYLOAD_OFFSET + number * geometry->refine_bytes,
				  geometry->refine_bytes);
	/* what is checked as it is locked */
	page_prefetch(index, block, IVFKM_PAYLOAD_END, sizeof(IvfkmPageOpaqueData));
}
