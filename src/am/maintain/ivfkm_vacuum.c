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
#include "access/table.h"
#include "catalog/index.h"
#include "commands/vacuum.h"

#include "am/index/ivfkm_all_lists.h"
#include "am/index/ivfkm_index.h"
#include "am/maintain/ivfkm_renew.h"
#include "am/maintain/ivfkm_request.h"
#include "am/maintain/ivfkm_vacuum.h"
#include "page/page_point.h"

/*
 * Empties the slots of dead rows in a group whose last page is locked exclusively, as one WAL
 * record, and counts in "stats".  Returns the number removed; the caller unlocks the group.
 */
static int
vacuum_group(IvfkmGroup *group, IndexBulkDeleteResult *stats, IndexBulkDeleteCallback callback,
			 void *callback_state)
{
	const IvfkmGeometry *geometry = group->geometry;
	Page page = page_group_last(group);
	int *dead = palloc(sizeof(int) * geometry->slots);
	int ndead = 0;

	for (int slot = 0; slot < geometry->slots; slot++)
	{
		int lane = slot % QUANT_UNIT;
		IvfkmUnit unit;

		if (!page_slot_used(page, geometry, slot))
			continue;
		page_unit_get(page, geometry, slot / QUANT_UNIT, &unit);
		if (!ItemPointerIsValid(&unit.tid[lane]))
			page_corrupted(group->index, group->block, "Slot %d points to no row.", slot);
		if (callback(&unit.tid[lane], callback_state))
			dead[ndead++] = slot;
		else
			stats->num_index_tuples++;
	}
	if (ndead > 0)
		page_group_clear(group, dead, ndead);
	stats->tuples_removed += ndead;
	pfree(dead);
	return ndead;
}

/* ambulkdelete: asks "callback" about every row of the index and removes the dead ones. */
IndexBulkDeleteResult *
ivfkmbulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
				IndexBulkDeleteCallback callback, void *callback_state)
{
	Relation index = info->index;
	IvfkmIndex handle;
	IvfkmMetaPageData *meta = &handle.meta;
	IvfkmOwners owners;
	const IvfkmGeometry *geometries[] = {&handle.lists, &handle.nulls};
	double removed_before;

	if (stats == NULL)
		stats = palloc0(sizeof(IndexBulkDeleteResult));
	removed_before = stats->tuples_removed;
	stats->num_index_tuples = 0;
	stats->estimated_count = false;
	ivfkm_index_open(&handle, index);
	/* these stay: the table's lock keeps others out */
	ivfkm_collect_owners(index, meta, &owners);

	for (BlockNumber block = IVFKM_META_BLOCK + 1; block < meta->used_blocks; block++)
	{
		IvfkmGroup group;
		BlockNumber head;
		int removed;

		vacuum_delay_point_compat();
		if (page_group_lock_found(&group, index, meta, &owners, geometries, lengthof(geometries),
								  block, info->strategy))
		{
			head = page_group_head(page_group_last(&group));
			removed = vacuum_group(&group, stats, callback, callback_state);
			page_group_unlock(&group);
			if (removed > 0)
			{
				page_point("bulkdelete-hint");
				page_list_reset_hint(index, group.geometry, group.owner, group.generation, head);
			}
		}

		/* groups may have been added: their rows are live, but they are to be counted */
		if (block + 1 == meta->used_blocks)
			page_meta_read(index, meta);
	}
	if (stats->tuples_removed > removed_before)
		page_meta_count_removed(index, (uint64) (stats->tuples_removed - removed_before));
	pfree(owners.ids);
	return stats;
}

/*
 * amvacuumcleanup: takes back blocks of trees that nobody reads any more, and asks for a renewal if
 * one is due; statistics for VACUUM without dead rows.  Nothing to do for ANALYZE.  Reads no values
 * of the table.
 */
IndexBulkDeleteResult *
ivfkmvacuumcleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	IvfkmFreeData *data;
	Relation heap;

	if (info->analyze_only)
		return stats;
	if (stats == NULL)
	{
		stats = palloc0(sizeof(IndexBulkDeleteResult));
		stats->num_index_tuples = info->num_heap_tuples;
		stats->estimated_count = true;
	}
	heap = table_open(IndexGetRelation(RelationGetRelid(info->index), false), NoLock);
	(void) ivfkm_renewal_tidy(heap, info->index);
	table_close(heap, NoLock);
	data = palloc(sizeof(IvfkmFreeData));
	page_free_read(info->index, data);
	ivfkm_renewal_consider(info->index, data);
	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	stats->pages_free = page_ranges_total(&data->free);
	pfree(data);
	return stats;
}
