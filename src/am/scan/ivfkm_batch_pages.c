/*-------------------------------------------------------------------------
 *
 * ivfkm_batch_pages.c
 *	  Copies of the refine pages of a list that many queries want.
 *
 * NOTES
 *	  A record is written before the slot that leads to it.  So a page that is copied after the
 *	  slots has the records of all of them: copies are forgotten when further slots are read.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_batch_pages.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/scan/ivfkm_batch_pages.h"

/*
 * Rows of a list that there are for each one that a query refines there, about.  If a page is used
 * more than COPY_USES times, a copy takes less time than the locks.
 */
#define ROWS_PER_REFINED 16
#define COPY_USES		 3

/* Sets up for the refine pages of an index, in the current memory context. */
void
ivfkm_batch_pages_begin(IvfkmBatchPages *pages, Relation relation, const IvfkmGeometry *geometry)
{
	memset(pages, 0, sizeof(*pages));
	pages->relation = relation;
	pages->geometry = geometry;
	ivfkm_batch_pages_forget(pages);
}

/* True if so many queries of a list use its refine pages often enough. */
bool
ivfkm_batch_pages_pay(const IvfkmBatchPages *pages, Size nqueries)
{
	return nqueries * (Size) pages->geometry->refine_slots >= ROWS_PER_REFINED * COPY_USES;
}

/* Forgets all copies. */
void
ivfkm_batch_pages_forget(IvfkmBatchPages *pages)
{
	for (int i = 0; i < IVFKM_BATCH_PAGES; i++)
		pages->blocks[i] = InvalidBlockNumber;
}

/*
 * The record that a slot of the list leads to, in a copy of its page; valid until the next call.
 * Takes a share lock while it copies.
 */
IvfkmRefine
ivfkm_batch_pages_record(IvfkmBatchPages *pages, const IvfkmChildData *list,
						 const ItemPointerData *address)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(address);
	int i = (int) (block % IVFKM_BATCH_PAGES);

	if (pages->blocks[i] != block)
	{
		if (pages->pages[i] == NULL)
			pages->pages[i] = palloc(BLCKSZ);
		pages->blocks[i] = InvalidBlockNumber;
		page_refine_copy(pages->relation, pages->geometry, list->id, list->generation, block,
						 pages->pages[i]);
		pages->blocks[i] = block;
	}
	return page_refine_get(pages->relation, pages->geometry, pages->pages[i], address);
}
