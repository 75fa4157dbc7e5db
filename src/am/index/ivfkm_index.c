/*-------------------------------------------------------------------------
 *
 * ivfkm_index.c
 *	  Opening an index for work: the handle.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_index.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_space.h"

/*
 * Fills in the handle of an index that the caller has opened and locked.  Reads the
 * metapage.  Errors: a metapage that is damaged, or that is not of the operator class.
 */
void
ivfkm_index_open(IvfkmIndex *index, Relation relation)
{
	index->relation = relation;
	index->ops = ivfkm_ops_get(relation);
	index->space = NULL;
	page_meta_read(relation, &index->meta);
	if (index->meta.metric != (uint32) index->ops->metric)
		page_corrupted(relation, IVFKM_META_BLOCK, "Metric %u is not that of the operator class.",
					   index->meta.metric);
	page_node_geometry(&index->nodes, (int) index->meta.dimensions);
	page_list_geometry(&index->lists, (int) index->meta.dimensions, index->meta.refine_bits);
	page_null_geometry(&index->nulls);
}

/*
 * The index space, in memory of the current context from the first call on: it stays as long
 * as the handle, whatever happens to the relation cache.
 */
const IvfkmSpace *
ivfkm_index_space(IvfkmIndex *index)
{
	if (index->space == NULL)
		index->space = ivfkm_space_copy(ivfkm_space_cached(index->relation, &index->meta));
	return index->space;
}
