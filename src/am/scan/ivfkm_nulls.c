/*-------------------------------------------------------------------------
 *
 * ivfkm_nulls.c
 *	  The rows whose value is NULL, which come last.
 *
 * NOTES
 *	  Their addresses are copied group by group: no pin and no lock is kept between rows.  A slot
 *	  that is filled or emptied meanwhile holds a row that the scan's snapshot does not see.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_nulls.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"

#include "am/scan/ivfkm_nulls.h"

/*
 * Prepares to read the list of NULLs, from its beginning: rows that may match the filter (NULL: all
 * rows do).  "index" and "filter" must stay.
 */
void
ivfkm_nulls_begin(IvfkmNulls *nulls, const IvfkmIndex *index, IvfkmFilter *filter)
{
	memset(nulls, 0, sizeof(*nulls));
	nulls->index = index;
	nulls->filter = filter;
	page_meta_nulls(&index->meta, &nulls->list);
	nulls->next = nulls->list.first_block;
}

/* Copies the addresses of the next group.  Takes a share lock on its page. */
static void
read_group(IvfkmNulls *nulls, Snapshot snapshot)
{
	const IvfkmGeometry *geometry = &nulls->index->nulls;
	Relation index = nulls->index->relation;
	uint32 wanted = 0; /* rows of the current unit */
	IvfkmGroup group;

	if (nulls->rows == NULL)
		nulls->rows = palloc(sizeof(ItemPointerData) * geometry->slots);
	if (++nulls->nvisited % 1024 == 0 && nulls->nvisited > RelationGetNumberOfBlocks(index))
		page_corrupted(index, nulls->next, "The chain of list %u is circular.", nulls->list.id);
	nulls->nrows = 0;
	nulls->ngiven = 0;
	page_group_lock(&group, index, geometry, nulls->list.id, nulls->list.generation, nulls->next,
					BUFFER_LOCK_SHARE);
	test_old_snapshot_compat(snapshot, index, page_group_last(&group));
	for (int slot = 0; slot < geometry->slots; slot++)
	{
		IvfkmUnit unit;

		page_unit_get(page_group_last(&group), geometry, slot / QUANT_UNIT, &unit);
		if (slot % QUANT_UNIT == 0)
		{
			wanted = page_unit_used(&unit);
			if (nulls->filter != NULL)
				wanted &= ivfkm_filter_unit(nulls->filter, &unit);
		}
		if ((wanted & (1U << slot % QUANT_UNIT)) == 0)
			continue;
		page_check_row(index, nulls->next, slot, &unit.tid[slot % QUANT_UNIT], &nulls->heap_blocks);
		nulls->rows[nulls->nrows++] = unit.tid[slot % QUANT_UNIT];
	}
	nulls->next = page_group_next(page_group_last(&group));
	page_group_unlock(&group);
}

/*
 * The next row; false if there are no more.  Memory comes from the current context.  Errors: a
 * snapshot that is too old for what it would read.
 */
bool
ivfkm_nulls_next(IvfkmNulls *nulls, Snapshot snapshot, ItemPointerData *row)
{
	while (nulls->ngiven == nulls->nrows)
	{
		CHECK_FOR_INTERRUPTS();
		if (!BlockNumberIsValid(nulls->next))
			return false;
		read_group(nulls, snapshot);
	}
	*row = nulls->rows[nulls->ngiven++];
	return true;
}
