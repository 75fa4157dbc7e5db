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

#include "page/page.h"

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

/* Writes record "index", which is one in use or the first that is not. */
void
page_refine_set(Page page, const IvfkmGeometry *geometry, int index,
				const QuantRefineFactors *factors, const uint8 *code, const ItemPointerData *tid)
{
	IvfkmRefine record = page_refine_record(page, geometry, index);
	IvfkmGroupHeader header = IvfkmPageGetGroupHeader(page);

	Assert(index <= header->nused);
	record->factors = *factors;
	record->tid = *tid;
	record->reserved = 0;
	memcpy(record + 1, code, geometry->refine_bytes - sizeof(IvfkmRefineData));
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
