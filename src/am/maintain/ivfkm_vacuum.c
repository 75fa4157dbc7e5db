/*-------------------------------------------------------------------------
 *
 * ivfkm_vacuum.c
 *	  Removing dead rows from posting lists.
 *
 * NOTES
 *	  Bulk deletion walks the file block by block, not list by list.  It needs no cleanup
 *	  lock: scans keep no pins on index pages and use MVCC snapshots only, so a heap
 *	  slot that VACUUM frees and somebody refills is invisible to them.  Pages that
 *	  are added behind the walk hold live rows only.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_vacuum.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/genam.h"
#include "commands/vacuum.h"
#include "miscadmin.h"

#include "am/maintain/ivfkm_vacuum.h"
#include "page/page_point.h"
#include "page/page_wal.h"

/* Lets inserts into the list that starts at "head" look for free slots from its beginning. */
static void
reset_insert_block(Relation index, const IvfkmGeometry *geometry, BlockNumber head)
{
	Buffer buffer = page_read(index, head + geometry->stripes - 1, BUFFER_LOCK_EXCLUSIVE);

	page_check(index, buffer, IVFKM_PAGE_POSTING);
	if (BlockNumberIsValid(IvfkmPageGetGroupHeader(BufferGetPage(buffer))->insert_block))
	{
		PageWal wal;

		page_wal_begin(&wal, index);
		IvfkmPageGetGroupHeader(page_wal_register(&wal, buffer))->insert_block = InvalidBlockNumber;
		page_wal_finish(&wal);
	}
	UnlockReleaseBuffer(buffer);
}

/*
 * Empties the slots of dead rows in the group whose last page is in "buffer" (pinned, not
 * locked), as one WAL record, and counts in "stats".  Returns the number removed.
 */
static int
vacuum_group(Relation index, const IvfkmGeometry *geometry, Buffer buffer,
			 IndexBulkDeleteResult *stats, IndexBulkDeleteCallback callback, void *callback_state)
{
	int last = geometry->stripes - 1;
	BlockNumber block = BufferGetBlockNumber(buffer) - last;
	int *dead = palloc(sizeof(int) * geometry->slots);
	int ndead = 0;
	Page page;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	page = BufferGetPage(buffer);
	for (int u = 0; u < geometry->units; u++)
	{
		IvfkmUnit unit;

		page_unit_get(page, geometry, u, &unit);
		for (int lane = 0; lane < QUANT_UNIT; lane++)
		{
			int slot = u * QUANT_UNIT + lane;

			if (!page_slot_used(page, geometry, slot))
				continue;
			if (!ItemPointerIsValid(&unit.tid[lane]))
				page_corrupted(index, BufferGetBlockNumber(buffer), "Slot %d points to no row.",
							   slot);
			if (callback(&unit.tid[lane], callback_state))
				dead[ndead++] = slot;
			else
				stats->num_index_tuples++;
		}
	}
	if (ndead > 0)
	{
		Buffer buffers[IVFKM_MAX_STRIPES];
		Page pages[IVFKM_MAX_STRIPES];
		PageWal wal;

		buffers[last] = buffer;
		for (int i = 0; i < last; i++)
		{
			buffers[i] = page_read(index, block + i, BUFFER_LOCK_EXCLUSIVE);
			page_check(index, buffers[i], IVFKM_PAGE_POSTING);
		}
		page_wal_begin(&wal, index);
		for (int i = 0; i <= last; i++)
			pages[i] = page_wal_register(&wal, buffers[i]);
		for (int i = 0; i < ndead; i++)
			page_slot_clear(pages, geometry, dead[i]);
		page_wal_finish(&wal);
		for (int i = 0; i < last; i++)
			UnlockReleaseBuffer(buffers[i]);
		stats->tuples_removed += ndead;
	}
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	pfree(dead);
	return ndead;
}

/* ambulkdelete: asks "callback" about every row of the index and removes the dead ones. */
IndexBulkDeleteResult *
ivfkmbulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
				IndexBulkDeleteCallback callback, void *callback_state)
{
	Relation index = info->index;
	BufferAccessStrategy strategy = info->strategy;
	IvfkmMetaPageData meta;
	IvfkmGeometry geometry;

	if (stats == NULL)
		stats = palloc0(sizeof(IndexBulkDeleteResult));
	stats->num_index_tuples = 0;
	stats->estimated_count = false;
	page_meta_read(index, &meta);
	page_list_geometry(&geometry, (int) meta.dimensions, meta.refine_bits);

	for (BlockNumber block = IVFKM_META_BLOCK + 1; block < meta.used_blocks; block++)
	{
		Buffer buffer;
		BlockNumber head = InvalidBlockNumber;

		vacuum_delay_point_compat();
		buffer = ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		if (page_check_any(index, buffer) == IVFKM_PAGE_POSTING)
		{
			IvfkmGroupHeader header = IvfkmPageGetGroupHeader(BufferGetPage(buffer));

			if (header->stripe == geometry.stripes - 1)
				head = header->head;
		}
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		if (BlockNumberIsValid(head))
			page_point("bulkdelete-group");

		if (BlockNumberIsValid(head) &&
			vacuum_group(index, &geometry, buffer, stats, callback, callback_state) > 0)
		{
			ReleaseBuffer(buffer);
			page_point("bulkdelete-hint");
			reset_insert_block(index, &geometry, head);
		}
		else
			ReleaseBuffer(buffer);

		/* groups may have been added: their rows are live, but they are to be counted */
		if (block + 1 == meta.used_blocks)
			page_meta_read(index, &meta);
	}
	return stats;
}

/* amvacuumcleanup: statistics for VACUUM without dead rows; nothing to do for ANALYZE. */
IndexBulkDeleteResult *
ivfkmvacuumcleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	if (info->analyze_only)
		return stats;
	if (stats == NULL)
	{
		stats = palloc0(sizeof(IndexBulkDeleteResult));
		stats->num_index_tuples = info->num_heap_tuples;
		stats->estimated_count = true;
	}
	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	return stats;
}
