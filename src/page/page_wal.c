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
#include "page/page_wal.h"

/* Starts a change; nothing is visible or logged before page_wal_finish(). */
void
page_wal_begin(PageWal *wal, Relation index)
{
	wal->state = GenericXLogStart(index);
}

/*
 * Adds a pinned, exclusively locked buffer (at most PAGE_WAL_MAX, in the order in which
 * they were locked) and returns the copy of its page to change.  Bytes between pd_lower and
 * pd_upper of that page are not logged.
 */
Page
page_wal_register(PageWal *wal, Buffer buffer)
{
	return GenericXLogRegisterBuffer(wal->state, buffer, 0);
}

/* The same for a page that is written anew: the record holds its full image. */
Page
page_wal_register_new(PageWal *wal, Buffer buffer)
{
	return GenericXLogRegisterBuffer(wal->state, buffer, GENERIC_XLOG_FULL_IMAGE);
}

/* Applies the change to the buffers and logs it as one record; marks them dirty. */
void
page_wal_finish(PageWal *wal)
{
	GenericXLogFinish(wal->state);
	wal->state = NULL;
}
