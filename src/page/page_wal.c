/*-------------------------------------------------------------------------
 *
 * page_wal.c
 *	  Generic WAL records behind the interface of page_wal.h.
 *
 * IDENTIFICATION
 *	  src/page/page_wal.c
 *
 *-------------------------------------------------------------------------
 */
#include "page/page_seal.h"
#include "page/page_wal.h"

/* Starts a change; nothing is visible or logged before page_wal_finish(). */
void
page_wal_begin(PageWal *wal, Relation index)
{
	wal->index = index;
	wal->state = GenericXLogStart(index);
	wal->npages = 0;
}

/*
 * Adds a pinned, exclusively locked buffer (at most PAGE_WAL_MAX, in the order in which
 * they were locked) and returns the copy of its page to change.  Bytes between pd_lower and
 * pd_upper of that page are not logged.  A page whose seal does not hold is damaged, and is not
 * changed.
 */
Page
page_wal_register(PageWal *wal, Buffer buffer)
{
	Page page = GenericXLogRegisterBuffer(wal->state, buffer, 0);

	page_seal_check(wal->index, BufferGetBlockNumber(buffer), page);
	return wal->pages[wal->npages++] = page;
}

/* The same for a page that is written anew: the record holds its full image. */
Page
page_wal_register_new(PageWal *wal, Buffer buffer)
{
	Page page = GenericXLogRegisterBuffer(wal->state, buffer, GENERIC_XLOG_FULL_IMAGE);

	return wal->pages[wal->npages++] = page;
}

/* Seals the pages, applies the change to the buffers, logs it as one record, marks them dirty. */
void
page_wal_finish(PageWal *wal)
{
	for (int i = 0; i < wal->npages; i++)
		page_seal(wal->pages[i]);
	GenericXLogFinish(wal->state);
	wal->state = NULL;
}
