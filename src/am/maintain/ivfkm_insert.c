/*-------------------------------------------------------------------------
 *
 * ivfkm_insert.c
 *	  Adding one row: find the nearest list and encode; page/page_list.c writes it.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_insert.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "utils/memutils.h"

#include "port/vdb_half.h"

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_space.h"
#include "am/index/ivfkm_tree.h"
#include "am/maintain/ivfkm_insert.h"
#include "page/page_point.h"

/* Width of the bounds when looking for the nearest centroid: practically exact. */
#define INSERT_EPSILON 4.0f

/* Kept in IndexInfo.ii_AmCache for the rows of one statement. */
typedef struct InsertState
{
	MemoryContext row_context; /* reset after every row */
} InsertState;

/* Stores a row whose value was read into "row": finds its list and encodes it. */
static void
insert_value(IvfkmIndex *index, IvfkmRow *row, const ItemPointerData *tid)
{
	Relation relation = index->relation;
	int dims = index->lists.dims;
	const IvfkmSpace *space = ivfkm_index_space(index);
	IvfkmTree tree;
	IvfkmProbe probe;
	IvfkmCode code;
	IvfkmEntry entry;
	float *centroid = palloc(sizeof(float) * dims);

	ivfkm_row_map(space, row);
	ivfkm_tree_begin(&tree, relation, &index->meta, IVFKM_DESCENT_INSERT, row->x, NULL, row->x,
					 INSERT_EPSILON, 1);
	if (!ivfkm_tree_next(&tree, &probe))
		page_corrupted(relation, index->meta.root_block, "The root has no children.");
	page_child_read(relation, dims, &probe.pointer, &probe.child, tree.centroid);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(tree.centroid[i]);
	ivfkm_code_init(&code, dims, index->lists.refine_bits);
	(void) ivfkm_row_encode(space, index->lists.refine_bits, row, centroid, &code);
	ivfkm_code_entry(&code, tid, &entry);
	page_point("insert-descended");
	page_list_insert(relation, &index->lists, &probe.child, &entry);
}

/* Stores a row whose value is NULL. */
static void
insert_null(const IvfkmIndex *index, const ItemPointerData *tid)
{
	IvfkmChildData nulls;
	IvfkmEntry entry;

	page_meta_nulls(&index->meta, &nulls);
	ivfkm_row_null_entry(tid, &entry);
	page_list_insert(index->relation, &index->nulls, &nulls, &entry);
}

/* aminsert: always returns false (no uniqueness). */
bool
ivfkminsert(Relation relation, Datum *values, bool *isnull, ItemPointer heap_tid, Relation heap,
			IndexUniqueCheck check_unique, bool index_unchanged, IndexInfo *index_info)
{
	InsertState *state = index_info->ii_AmCache;
	IvfkmIndex index;
	MemoryContext old_context;
	IvfkmRow row;

	if (state == NULL)
	{
		state = MemoryContextAlloc(index_info->ii_Context, sizeof(InsertState));
		state->row_context = AllocSetContextCreate(index_info->ii_Context, "ivfkm insert row",
												   ALLOCSET_DEFAULT_SIZES);
		index_info->ii_AmCache = state;
	}

	old_context = MemoryContextSwitchTo(state->row_context);
	ivfkm_index_open(&index, relation);
	row.x = palloc(sizeof(float) * index.lists.dims);
	if (ivfkm_row_read(&index, values, isnull, &row))
		insert_value(&index, &row, heap_tid);
	else
		insert_null(&index, heap_tid);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(state->row_context);
	return false;
}
