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

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_space.h"

/*
 * Fills in the handle of an index that the caller has opened, by a metapage that was read before.
 * Errors: a metapage that is not of the operator classes.
 */
void
ivfkm_index_use(IvfkmIndex *index, Relation relation, const IvfkmMetaPageData *meta)
{
	bool sketch;

	index->relation = relation;
	index->ops = ivfkm_ops_get(relation);
	index->space = NULL;
	index->meta = *meta;
	ivfkm_columns_get(relation, &index->columns);
	index->column_dims = (int) meta->column_dimensions;
	if (meta->metric != (uint32) index->ops->metric)
		page_corrupted(relation, IVFKM_META_BLOCK, "Metric %u is not that of the operator class.",
					   meta->metric);
	if (ivfkm_ops_input_dims(index->ops, index->column_dims, &sketch) != (int) meta->dimensions)
		page_corrupted(relation, IVFKM_META_BLOCK, "%u dimensions do not stand for %d of a column.",
					   meta->dimensions, index->column_dims);
	if (ivfkm_ops_keeps_bits(index->ops, index->column_dims, (int) meta->dimensions) !=
		meta->keeps_bits)
		page_corrupted(relation, IVFKM_META_BLOCK,
					   "Codes of rows are not what the operator class wants.");
	if (meta->nattributes != index->columns.nattributes)
		page_corrupted(relation, IVFKM_META_BLOCK, "It has %u attributes, the index has %d.",
					   meta->nattributes, index->columns.nattributes);
	if (!ivfkm_columns_set_images(&index->columns, meta->narrow, meta->images))
		page_corrupted(relation, IVFKM_META_BLOCK,
					   "It has other narrow attributes than the index.");
	ivfkm_index_geometry(index, meta);
}

/*
 * Fills in the handle of an index that the caller has opened and locked.  Reads the metapage.
 * Errors: a metapage that is damaged, or that is not of the operator classes.
 */
void
ivfkm_index_open(IvfkmIndex *index, Relation relation)
{
	IvfkmMetaPageData meta;

	page_meta_read(relation, &meta);
	ivfkm_index_use(index, relation, &meta);
}

/* Sets the geometries of an index with such a metapage. */
void
ivfkm_index_geometry(IvfkmIndex *index, const IvfkmMetaPageData *meta)
{
	page_node_geometry(&index->nodes, (int) meta->dimensions);
	page_list_geometry(&index->lists, (int) meta->dimensions, meta->refine_bits, meta->nattributes,
					   meta->narrow, meta->keeps_bits);
	page_null_geometry(&index->nulls, meta->nattributes, meta->narrow);
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
