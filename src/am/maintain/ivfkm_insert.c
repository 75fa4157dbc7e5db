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
#include "am/index/ivfkm_ops.h"
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
	const IvfkmOps *ops;
	MemoryContext row_context; /* reset after every row */
} InsertState;

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
	IvfkmEntry entry;
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
	page_child_read(index, dims, &probe.pointer, &probe.child, tree.centroid);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(tree.centroid[i]);
	ivfkm_code_init(&code, dims, meta->refine_bits);
	(void) ivfkm_code_make(metric, dims, meta->refine_bits, x, ordinary, centroid, offset, &code);

	page_list_geometry(&geometry, dims, meta->refine_bits);
	page_point("insert-descended");
	ivfkm_code_entry(&code, tid, &entry);
	page_list_insert(index, &geometry, &probe.child, &entry);
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
