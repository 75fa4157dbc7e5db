/*-------------------------------------------------------------------------
 *
 * ivfkm_insert.c
 *	  Adding one row: find the nearest list, encode, write one slot.
 *
 * NOTES
 *	  A list is filled from its insert_block on, a hint in its first group that inserts
 *	  move forward past full groups and VACUUM moves back.  One slot is one WAL record;
 *	  see page_alloc.c for what happens when a list is full.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm_insert.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "port/vdb_half.h"

#include "am/ivfkm.h"
#include "page/page_wal.h"

/* Width of the bounds when looking for the nearest centroid: practically exact. */
#define INSERT_EPSILON 4.0f

/* Kept in IndexInfo.ii_AmCache for the rows of one statement. */
typedef struct InsertState
{
	const IvfkmOps *ops;
	MemoryContext row_context; /* reset after every row */
} InsertState;

/* Tries to put the entry into the group at "block".  On failure *next is the group after it. */
static bool
insert_into_group(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
				  BlockNumber block, const uint8 *code, const QuantFactors *factors,
				  const ItemPointerData *tid, BlockNumber *next)
{
	int last = geometry->stripes - 1;
	Buffer buffers[IVFKM_MAX_STRIPES];
	Page pages[IVFKM_MAX_STRIPES];
	PageWal wal;
	int slot;

	buffers[last] = page_read(index, block + last, BUFFER_LOCK_EXCLUSIVE);
	page_check_group(index, buffers[last], geometry, last, list->id, list->generation);
	slot = page_slot_find_free(BufferGetPage(buffers[last]), geometry);
	if (slot < 0)
	{
		*next = IvfkmPageGetOpaque(BufferGetPage(buffers[last]))->next;
		UnlockReleaseBuffer(buffers[last]);
		return false;
	}
	for (int i = 0; i < last; i++)
	{
		buffers[i] = page_read(index, block + i, BUFFER_LOCK_EXCLUSIVE);
		page_check_group(index, buffers[i], geometry, i, list->id, list->generation);
	}
	page_wal_begin(&wal, index);
	for (int i = 0; i <= last; i++)
		pages[i] = page_wal_register(&wal, buffers[i]);
	page_slot_set(pages, geometry, slot, code, factors, tid, 0);
	page_wal_finish(&wal);
	for (int i = 0; i <= last; i++)
		UnlockReleaseBuffer(buffers[i]);
	return true;
}

/* Writes an entry into the first free slot of a list, extending the list if it is full. */
static void
insert_into_list(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
				 const uint8 *code, const QuantFactors *factors, const ItemPointerData *tid)
{
	BlockNumber head = list->first_block + geometry->stripes - 1;
	BlockNumber start;
	BlockNumber block;
	BlockNumber next;
	BlockNumber nvisited = 0;
	Buffer buffer;

	buffer = page_read(index, head, BUFFER_LOCK_SHARE);
	page_check_group(index, buffer, geometry, geometry->stripes - 1, list->id, list->generation);
	start = IvfkmPageGetGroupHeader(BufferGetPage(buffer))->insert_block;
	UnlockReleaseBuffer(buffer);
	if (!BlockNumberIsValid(start))
		start = list->first_block;

	for (block = start; !insert_into_group(index, geometry, list, block, code, factors, tid, &next);
		 block = next)
	{
		if (!BlockNumberIsValid(next))
		{
			page_group_append(index, geometry, list->id, list->generation, block, code, factors,
							  tid, &next);
			if (!BlockNumberIsValid(next))
				break;
		}
		CHECK_FOR_INTERRUPTS();
		if (++nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
			page_corrupted(index, block, "The chain of list %u is circular.", list->id);
	}

	if (block != start)
	{
		PageWal wal;

		buffer = page_read(index, head, BUFFER_LOCK_EXCLUSIVE);
		page_wal_begin(&wal, index);
		IvfkmPageGetGroupHeader(page_wal_register(&wal, buffer))->insert_block = block;
		page_wal_finish(&wal);
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
	QuantFactors factors;
	QuantMetric metric;
	float *x = palloc(sizeof(float) * dims);
	float *offset = palloc(sizeof(float) * dims);
	float *centroid = palloc(sizeof(float) * dims);
	uint8 *code = palloc(quant_code_bytes(dims));

	ops->load(value, dims, x);
	if (ops->metric == IVFKM_METRIC_COSINE)
		(void) ivfkm_normalize(x, dims);
	space = ivfkm_space_get(index, meta);
	ivfkm_space_apply(space, x);
	metric = space->quant_metric;
	memcpy(offset, space->offset, sizeof(float) * dims);

	ivfkm_tree_begin(&tree, index, meta, x, x, false, INSERT_EPSILON);
	if (!ivfkm_tree_next(&tree, &probe))
		page_corrupted(index, meta->root_block, "The root has no children.");
	page_centroid_read(index, dims, &probe.pointer, &probe.child, tree.centroid);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(tree.centroid[i]);
	(void) quant_encode(metric, dims, x, centroid, offset, code, &factors);

	page_geometry_init(&geometry, dims, false);
	insert_into_list(index, &geometry, &probe.child, code, &factors, tid);
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
		state->ops = ivfkm_ops(index);
		state->row_context = AllocSetContextCreate(index_info->ii_Context, "ivfkm insert row",
												   ALLOCSET_DEFAULT_SIZES);
		index_info->ii_AmCache = state;
	}

	old_context = MemoryContextSwitchTo(state->row_context);
	page_meta_read(index, &meta);
	value = PG_DETOAST_DATUM(values[0]);
	ivfkm_check_dims(state->ops, index, value, (int) meta.dimensions);
	insert_value(index, state->ops, &meta, value, heap_tid);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(state->row_context);
	return false;
}
