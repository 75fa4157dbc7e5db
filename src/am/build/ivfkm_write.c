/*-------------------------------------------------------------------------
 *
 * ivfkm_write.c
 *	  Writing a new index: metapage, mean, root node, centroids, lists.
 *
 * NOTES
 *	  Decides where everything goes and in which order; the pages are made by page/.  The
 *	  file is written front to back.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_write.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "port/vdb_half.h"

#include "am/build/ivfkm_write.h"

/*
 * Writes a node whose children are "count" members of a level, from number "first" on: their
 * centroids as 1-bit codes relative to the node's centroid (dims floats).
 */
static void
write_node(IvfkmWriter *writer, const IvfkmPlan *plan, uint32 id, BlockNumber block,
		   const float *centroid, const IvfkmPlanLevel *level, uint32 first, uint32 count)
{
	int dims = plan->space->dims;
	IvfkmGeometry geometry;
	IvfkmExtent extent;
	float *x = palloc(sizeof(float) * dims);
	IvfkmCode code;

	ivfkm_code_init(&code, dims, 0);
	page_node_geometry(&geometry, dims);
	page_extent_begin(&extent, writer, &geometry, id, plan->meta.root_generation, block, count);
	for (uint32 child = first; child < first + count; child++)
	{
		ItemPointerData pointer;
		IvfkmEntry entry;

		for (int i = 0; i < dims; i++)
			x[i] = vdb_half_to_float(level->centroids[(Size) child * dims + i]);
		(void) ivfkm_code_make(QUANT_L2, dims, 0, x, true, centroid, NULL, &code);
		page_child_locate(level->first_record, dims, child, &pointer);
		ivfkm_code_entry(&code, NULL, &pointer, &entry);
		entry.norm2 = level->norms[child];
		entry.radius = level->radii[child];
		page_extent_add(&extent, &entry);
	}
	page_extent_end(&extent);
	pfree(x);
	pfree(code.bits);
}

/* Writes all nodes of level "number" of the plan, or the root if that is its height. */
static void
write_nodes(IvfkmWriter *writer, const IvfkmPlan *plan, uint32 number)
{
	const IvfkmPlanLevel *children = &plan->levels[number - 1];
	int dims = plan->space->dims;
	float *centroid = palloc0(sizeof(float) * dims);

	if (number == plan->meta.height)
		write_node(writer, plan, plan->meta.root_id, plan->meta.root_block, centroid, children, 0,
				   children->count);
	else
	{
		const IvfkmPlanLevel *nodes = &plan->levels[number];
		uint32 first = 0;

		for (uint32 node = 0; node < nodes->count; node++)
		{
			for (int i = 0; i < dims; i++)
				centroid[i] = vdb_half_to_float(nodes->centroids[(Size) node * dims + i]);
			write_node(writer, plan, nodes->first_id + node, nodes->first_blocks[node], centroid,
					   children, first, nodes->counts[node]);
			first += nodes->counts[node];
		}
	}
	pfree(centroid);
}

/* Writes the records of a level with their centroids, from block level->first_record on. */
static void
write_records(IvfkmWriter *writer, const IvfkmPlan *plan, uint32 number)
{
	const IvfkmPlanLevel *level = &plan->levels[number];
	int dims = plan->space->dims;
	IvfkmGeometry geometry;
	IvfkmChildWriter children;

	if (number == 0)
		page_list_geometry(&geometry, dims, plan->meta.refine_bits, plan->meta.nattributes);
	else
		page_node_geometry(&geometry, dims);
	page_child_begin(&children, writer, dims, plan->meta.root_id, plan->meta.root_generation,
					 level->first_record);
	for (uint32 member = 0; member < level->count; member++)
	{
		IvfkmChildData child;

		memset(&child, 0, sizeof(child));
		child.id = level->first_id + member;
		child.generation = plan->meta.root_generation;
		child.first_block = level->first_blocks[member];
		child.nblocks = page_extent_blocks(&geometry, level->counts[member]);
		child.norm2 = level->norms[member];
		child.level = (uint16) number;
		child.rows = level->counts[member];
		child.radius = level->radii[member];
		page_child_add(&children, &child, level->centroids + (Size) member * dims);
	}
	page_child_end(&children);
}

/*
 * Gives blocks from "first" on to everything but the metapage, in the order in which it is written,
 * by the counts of the plan.
 */
void
ivfkm_write_place(IvfkmPlan *plan, BlockNumber first)
{
	IvfkmMetaPageData *meta = &plan->meta;
	int dims = (int) meta->dimensions;
	IvfkmGeometry node_geometry;
	IvfkmGeometry list_geometry;
	IvfkmGeometry null_geometry;
	BlockNumber block;

	page_node_geometry(&node_geometry, dims);
	page_list_geometry(&list_geometry, dims, meta->refine_bits, meta->nattributes);
	meta->tree_first = first;
	meta->mean_block = first;
	meta->root_block = meta->mean_block + page_mean_pages(dims);
	meta->root_nblocks = page_extent_blocks(&node_geometry, plan->levels[meta->height - 1].count);
	block = meta->root_block + meta->root_nblocks;
	for (int number = (int) meta->height - 1; number >= 0; number--)
	{
		IvfkmPlanLevel *level = &plan->levels[number];
		const IvfkmGeometry *geometry = number > 0 ? &node_geometry : &list_geometry;

		level->first_record = block;
		block += page_child_blocks(dims, level->count);
		for (uint32 member = 0; member < level->count; member++)
		{
			level->first_blocks[member] = block;
			block += page_extent_blocks(geometry, level->counts[member]) +
					 page_extent_refine_blocks(geometry, level->counts[member]);
		}
	}
	page_null_geometry(&null_geometry, meta->nattributes);
	if (meta->null_id == 0)
		meta->null_id = meta->next_id++;
	meta->null_generation = meta->root_generation;
	meta->null_block = block;
	meta->null_nblocks = page_extent_blocks(&null_geometry, plan->nulls);
	meta->tree_end = block + meta->null_nblocks;
	meta->tree_first_id = meta->root_id;
	meta->tree_end_id = meta->next_id;
}

/* Writes the metapage of a new index, whose tree has been placed behind it. */
void
ivfkm_write_meta(IvfkmWriter *writer, IvfkmPlan *plan)
{
	plan->meta.used_blocks = plan->meta.tree_end;
	plan->meta.tree_version = 1;
	plan->meta.pending_block = InvalidBlockNumber;
	page_meta_write(writer, &plan->meta);
}

/*
 * Writes all of a tree that has been placed but its lists: they follow at their first blocks, in
 * order, and then the list of NULLs.
 */
void
ivfkm_write_head(IvfkmWriter *writer, const IvfkmPlan *plan)
{
	page_mean_write(writer, &plan->meta, plan->space->mean);
	for (uint32 number = plan->meta.height; number > 0; number--)
	{
		write_nodes(writer, plan, number);
		write_records(writer, plan, number - 1);
	}
}
