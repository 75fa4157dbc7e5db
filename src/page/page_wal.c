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
#include "compat.h"

#include "access/nbtxlog.h"
#include "access/transam.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "utils/rel.h"

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

/*
 * Logs that pages of the index are about to be used for something else, which whoever has a
 * snapshot from before the transaction id "horizon" may still read.  On the primary nobody is left;
 * a replica that replays the record ends the queries that are.  Of all resource managers only that
 * of b-trees has a record that does this and nothing else.
 */
void
page_wal_log_reuse(Relation index, Relation heap, FullTransactionId horizon)
{
	xl_btree_reuse_page record;

	if (!RelationNeedsWAL(index) || !XLogStandbyInfoActive())
		return;
	memset(&record, 0, sizeof(record));
	record.block = 0;
#if PG16_GE
	record.locator = index->rd_locator;
	record.snapshotConflictHorizon = horizon;
	record.isCatalogRel = RelationIsAccessibleInLogicalDecoding(heap);
#else
	record.node = index->rd_node;
	record.latestRemovedFullXid = horizon;
#endif
	XLogBeginInsert();
	XLogRegisterData((char *) &record, SizeOfBtreeReusePage);
	(void) XLogInsert(RM_BTREE_ID, XLOG_BTREE_REUSE_PAGE);
}
