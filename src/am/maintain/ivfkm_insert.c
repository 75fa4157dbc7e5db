/*-------------------------------------------------------------------------
 *
 * ivfkm_insert.c
 *	  Adding one row: find the nearest list, encode, write one slot.
 *
 * NOTES
 *	  A list is filled from its insert_block on, a hint in its first group that inserts
 *	  move forward past full groups and VACUUM moves back.  One slot is one WAL record,
 *	  its refine record another before it; a crash in between leaves a record that no
 *	  slot leads to.  See page_alloc.c for what happens when a list is full.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_insert.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "port/vdb_half.h"

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_space.h"
#include "am/index/ivfkm_tree.h"
#include "am/maintain/ivfkm_insert.h"
#include "page/page_point.h"
#include "page/page_wal.h"

/* Width of the bounds when looking for the nearest centroid: practically exact. */
#define INSERT_EPSILON 4.0f

/* Kept in IndexInfo.ii_AmCache for the rows of one statement. */
typedef struct InsertState
{
	const IvfkmOps *ops;
	MemoryContext row_context; /* reset after every row */
} InsertState;

/*
 * Writes the row's refine record, into the one that the empty slot has or else into a new
 * one of the list's last refine page, "refine_block", and notes its address in the entry.
 * False if the list needs another refine page.  The caller holds the slot's page
 * exclusively, so nobody else can use the slot's record.
 */
static bool
insert_refine_record(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
					 const ItemPointerData *slot_record, BlockNumber refine_block,
					 const IvfkmCode *code, IvfkmEntry *entry)
{
	bool reuse = ItemPointerIsValid(slot_record);
	Buffer buffer;
	IvfkmGroupHeader header;
	PageWal wal;
	int record;

	if (reuse)
		refine_block = ItemPointerGetBlockNumberNoCheck(slot_record);
	else if (!BlockNumberIsValid(refine_block))
		return false;
	buffer = page_read(index, refine_block, BUFFER_LOCK_EXCLUSIVE);
	page_check_refine(index, buffer, geometry, list->id, list->generation);
	header = IvfkmPageGetGroupHeader(BufferGetPage(buffer));
	record = reuse ? ItemPointerGetOffsetNumberNoCheck(slot_record) - 1 : header->nused;
	if (reuse && (record < 0 || record >= header->nused))
		page_corrupted(index, refine_block, "Record %d is not in use, but a slot leads to it.",
					   record + 1);
	if (record == geometry->refine_slots)
	{
		UnlockReleaseBuffer(buffer);
		return false;
	}
	page_wal_begin(&wal, index);
	page_refine_set(page_wal_register(&wal, buffer), geometry, record, &code->refine_factors,
					code->refine, &entry->tid);
	page_wal_finish(&wal);
	UnlockReleaseBuffer(buffer);
	ItemPointerSet(&entry->refine, refine_block, (OffsetNumber) (record + 1));
	return true;
}

typedef enum InsertResult
{
	INSERT_DONE,
	INSERT_FULL,	  /* no free slot in the group */
	INSERT_NEEDS_PAGE /* no free record on the list's last refine page */
} InsertResult;

/*
 * Tries to put the row into the group at "block".  If the group is full, *next is the group
 * after it.
 */
static InsertResult
insert_into_group(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
				  BlockNumber block, BlockNumber refine_block, const IvfkmCode *code,
				  const ItemPointerData *tid, BlockNumber *next)
{
	int last = geometry->stripes - 1;
	Buffer buffers[IVFKM_MAX_STRIPES];
	Page pages[IVFKM_MAX_STRIPES];
	IvfkmEntry entry;
	PageWal wal;
	int slot;

	buffers[last] = page_read(index, block + last, BUFFER_LOCK_EXCLUSIVE);
	page_check_group(index, buffers[last], geometry, last, list->id, list->generation);
	slot = page_slot_find_free(BufferGetPage(buffers[last]), geometry);
	if (slot < 0)
	{
		*next = IvfkmPageGetOpaque(BufferGetPage(buffers[last]))->next;
		UnlockReleaseBuffer(buffers[last]);
		return INSERT_FULL;
	}
	entry.code = code->bits;
	entry.factors = code->factors;
	entry.tid = *tid;
	entry.norm2 = 0.0f;
	entry.radius = 0.0f;
	ItemPointerSetInvalid(&entry.refine);
	if (geometry->refine_bits > 0)
	{
		IvfkmUnit unit;

		page_unit_get(BufferGetPage(buffers[last]), geometry, slot / QUANT_UNIT, &unit);
		if (!insert_refine_record(index, geometry, list, &unit.refine[slot % QUANT_UNIT],
								  refine_block, code, &entry))
		{
			UnlockReleaseBuffer(buffers[last]);
			return INSERT_NEEDS_PAGE;
		}
		page_point("insert-refined");
	}
	for (int i = 0; i < last; i++)
	{
		buffers[i] = page_read(index, block + i, BUFFER_LOCK_EXCLUSIVE);
		page_check_group(index, buffers[i], geometry, i, list->id, list->generation);
	}
	page_wal_begin(&wal, index);
	for (int i = 0; i <= last; i++)
		pages[i] = page_wal_register(&wal, buffers[i]);
	page_slot_set(pages, geometry, slot, &entry);
	page_wal_finish(&wal);
	for (int i = 0; i <= last; i++)
		UnlockReleaseBuffer(buffers[i]);
	return INSERT_DONE;
}

/* Writes a row into the first free slot of a list, extending the list if it is full. */
static void
insert_into_list(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
				 const IvfkmCode *code, const ItemPointerData *tid)
{
	BlockNumber head = list->first_block + geometry->stripes - 1;
	BlockNumber hint;
	BlockNumber start;
	BlockNumber refine_block;
	BlockNumber block;
	BlockNumber nvisited = 0;
	Buffer buffer;
	bool done = false;

	buffer = page_read(index, head, BUFFER_LOCK_SHARE);
	page_check_group(index, buffer, geometry, geometry->stripes - 1, list->id, list->generation);
	hint = IvfkmPageGetGroupHeader(BufferGetPage(buffer))->insert_block;
	refine_block = IvfkmPageGetGroupHeader(BufferGetPage(buffer))->refine_block;
	UnlockReleaseBuffer(buffer);
	start = BlockNumberIsValid(hint) ? hint : list->first_block;

	block = start;
	while (!done)
	{
		BlockNumber next;

		CHECK_FOR_INTERRUPTS();
		switch (insert_into_group(index, geometry, list, block, refine_block, code, tid, &next))
		{
			case INSERT_DONE:
				done = true;
				break;
			case INSERT_FULL:
				if (!BlockNumberIsValid(next))
					page_group_append(index, geometry, list->id, list->generation, block, &next);
				block = next;
				if (++nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
					page_corrupted(index, block, "The chain of list %u is circular.", list->id);
				break;
			case INSERT_NEEDS_PAGE:
				refine_block = page_refine_append(index, geometry, list->id, list->generation,
												  list->first_block, refine_block);
				break;
		}
	}

	if (block != start)
	{
		page_point("insert-hint");
		buffer = page_read(index, head, BUFFER_LOCK_EXCLUSIVE);
		/* not if VACUUM has freed slots meanwhile, or another insert has moved it */
		if (IvfkmPageGetGroupHeader(BufferGetPage(buffer))->insert_block == hint)
		{
			PageWal wal;

			page_wal_begin(&wal, index);
			IvfkmPageGetGroupHeader(page_wal_register(&wal, buffer))->insert_block = block;
			page_wal_finish(&wal);
		}
		UnlockReleaseBuffer(buffer);
	}
}

/* Encodes and stores one value (detoasted, checked). */
static void
insert_value(Relation index, const IvfkmOps *ops, const IvfkmMetaPageData *meta, const void *value,
			 const ItemPointerData *tid)
{
	int dims = (int) meta->dimensions;
	const IvfkmSpace *space;
	IvfkmGeometry geometry;
	IvfkmTree tree;
	IvfkmProbe probe;
	IvfkmCode code;
	bool ordinary;
	QuantMetric metric;
	float *x = palloc(sizeof(float) * dims);
	float *offset = palloc(sizeof(float) * dims);
	float *centroid = palloc(sizeof(float) * dims);

	space = ivfkm_space_cached(index, meta);
	(void) ivfkm_row_load(ops, value, dims, x, &ordinary);
	ivfkm_space_apply(space, x);
	metric = space->quant_metric;
	memcpy(offset, space->offset, sizeof(float) * dims);

	ivfkm_tree_begin(&tree, index, meta, IVFKM_DESCENT_INSERT, x, NULL, x, INSERT_EPSILON, 1);
	if (!ivfkm_tree_next(&tree, &probe))
		page_corrupted(index, meta->root_block, "The root has no children.");
	page_centroid_read(index, dims, &probe.pointer, &probe.child, tree.centroid);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(tree.centroid[i]);
	ivfkm_code_init(&code, dims, meta->refine_bits);
	(void) ivfkm_code_make(metric, dims, meta->refine_bits, x, ordinary, centroid, offset, &code);

	page_list_geometry(&geometry, dims, meta->refine_bits);
	page_point("insert-descended");
	insert_into_list(index, &geometry, &probe.child, &code, tid);
}

/* aminsert: NULLs are not indexed; always returns false (no uniqueness). */
bool
ivfkminsert(Relation index, Datum *values, bool *isnull, ItemPointer heap_tid, Relation heap,
			IndexUniqueCheck check_unique, bool index_unchanged, IndexInfo *index_info)
{
	InsertState *state = index_info->ii_AmCache;
	IvfkmMetaPageData meta;
	MemoryContext old_context;
	void *value;

	if (isnull[0])
		return false;
	if (state == NULL)
	{
		state = MemoryContextAlloc(index_info->ii_Context, sizeof(InsertState));
		state->ops = ivfkm_ops_get(index);
		state->row_context = AllocSetContextCreate(index_info->ii_Context, "ivfkm insert row",
												   ALLOCSET_DEFAULT_SIZES);
		index_info->ii_AmCache = state;
	}

	old_context = MemoryContextSwitchTo(state->row_context);
	page_meta_read(index, &meta);
	value = PG_DETOAST_DATUM(values[0]);
	ivfkm_ops_check_value(state->ops, index, value, (int) meta.dimensions);
	insert_value(index, state->ops, &meta, value, heap_tid);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(state->row_context);
	return false;
}
