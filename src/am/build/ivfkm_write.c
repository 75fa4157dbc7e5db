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

/* Blocks of a node of "count" children, with their summaries, if they are lists, and records. */
BlockNumber
ivfkm_node_blocks(int dims, int nattributes, int level, uint32 count)
{
	IvfkmGeometry geometry;

	BlockNumber nblocks;

	page_node_geometry(&geometry, dims);
	nblocks = page_extent_blocks(&geometry, count);
	return nblocks + page_summary_blocks(nattributes, level, count) +
		   page_child_blocks(dims, count);
}

/* The 1-bit codes of a node's children, relative to its centroid, and where their records are. */
static void
write_groups(IvfkmWriter *writer, const IvfkmNode *node, int dims, const IvfkmGeometry *geometry,
			 BlockNumber first_record)
{
	IvfkmExtent extent;
	float *x = palloc(sizeof(float) * dims);
	float *origin = palloc0(sizeof(float) * dims);
	IvfkmCode code;

	ivfkm_code_init(&code, geometry);
	page_extent_begin(&extent, writer, geometry, node->id, node->generation, node->block,
					  node->count);
	for (uint32 i = 0; i < node->count; i++)
	{
		ItemPointerData pointer;
		IvfkmEntry entry;

		for (int dim = 0; dim < dims; dim++)
			x[dim] = vdb_half_to_float(node->centroids[(Size) i * dims + dim]);
		(void) ivfkm_code_make(QUANT_L2, dims, 0, x, true,
							   node->centroid != NULL ? node->centroid : origin, NULL, &code);
		page_child_locate(first_record, dims, i, &pointer);
		ivfkm_code_entry(&code, NULL, &pointer, &entry);
		entry.norm2 = node->children[i].norm2;
		entry.radius = node->children[i].radius;
		page_extent_add(&extent, &entry);
	}
	page_extent_end(&extent);
	pfree(x);
	pfree(origin);
	pfree(code.bits);
}

/* Where the summaries of the children of a node in the making are. */
void
ivfkm_write_summaries_of(IvfkmSummaries *summaries, int dims, int nattributes,
						 const IvfkmNode *node)
{
	IvfkmGeometry geometry;
	IvfkmChildData record = {0};

	page_node_geometry(&geometry, dims);
	record.id = node->id;
	record.generation = node->generation;
	record.first_block = node->block;
	record.nblocks = page_extent_blocks(&geometry, node->count);
	record.level = (uint16) node->level;
	record.rows = node->count;
	page_summary_of(summaries, nattributes, &record);
}

/*
 * Writes a node, and behind it the summaries of its children, if they are lists, and their records
 * with their centroids.
 */
void
ivfkm_write_node(IvfkmWriter *writer, int dims, int nattributes, const IvfkmNode *node)
{
	IvfkmGeometry geometry;
	IvfkmChildWriter children;
	IvfkmSummaries summaries;
	BlockNumber first_record;

	page_node_geometry(&geometry, dims);
	ivfkm_write_summaries_of(&summaries, dims, nattributes, node);
	first_record = summaries.first + summaries.npages;
	write_groups(writer, node, dims, &geometry, first_record);
	page_summary_write(writer, &summaries, node->summaries, node->count);
	page_child_begin(&children, writer, dims, node->id, node->generation, first_record);
	for (uint32 i = 0; i < node->count; i++)
		page_child_add(&children, &node->children[i], node->centroids + (Size) i * dims);
	page_child_end(&children);
}

/*
 * What the records of the members of a level say: an array of "count" members from number "first"
 * on.
 */
static IvfkmChildData *
child_records(const IvfkmPlan *plan, uint32 number, uint32 first, uint32 count)
{
	const IvfkmPlanLevel *level = &plan->levels[number];
	IvfkmChildData *children = palloc0(sizeof(IvfkmChildData) * Max(count, 1));
	IvfkmGeometry geometry;

	if (number == 0)
		page_list_geometry(&geometry, plan->space->dims, plan->meta.refine_bits,
						   plan->meta.nattributes, plan->meta.narrow, plan->meta.keeps_bits);
	else
		page_node_geometry(&geometry, plan->space->dims);
	for (uint32 i = 0; i < count; i++)
	{
		uint32 member = first + i;

		children[i].id = level->first_id + member;
		children[i].generation = plan->meta.root_generation;
		children[i].first_block = level->first_blocks[member];
		children[i].nblocks = page_extent_blocks(&geometry, level->counts[member]);
		children[i].norm2 = level->norms[member];
		children[i].level = (uint16) number;
		children[i].rows = level->counts[member];
		children[i].radius = level->radii[member];
		children[i].edge = level->edges[member];
	}
	return children;
}

/* Writes all nodes of level "number" of the plan, or the root if that is its height. */
static void
write_nodes(IvfkmWriter *writer, const IvfkmPlan *plan, uint32 number)
{
	const IvfkmPlanLevel *members = &plan->levels[number - 1];
	const IvfkmPlanLevel *nodes = number < plan->meta.height ? &plan->levels[number] : NULL;
	uint32 nnodes = nodes != NULL ? nodes->count : 1;
	int dims = plan->space->dims;
	float *centroid = palloc(sizeof(float) * dims);
	uint32 first = 0;

	for (uint32 i = 0; i < nnodes; i++)
	{
		IvfkmNode node;
		IvfkmChildData *children;

		node.id = plan->meta.root_id;
		node.block = plan->meta.root_block;
		node.centroid = NULL;
		node.level = (int) number;
		node.count = members->count;
		if (nodes != NULL)
		{
			for (int dim = 0; dim < dims; dim++)
				centroid[dim] = vdb_half_to_float(nodes->centroids[(Size) i * dims + dim]);
			node.id = nodes->first_id + i;
			node.block = nodes->first_blocks[i];
			node.centroid = centroid;
			node.count = nodes->counts[i];
		}
		children = child_records(plan, number - 1, first, node.count);
		node.generation = plan->meta.root_generation;
		node.children = children;
		node.centroids = members->centroids + (Size) first * dims;
		node.summaries = members->summaries == NULL
							 ? NULL
							 : page_summary_in(members->summaries, plan->meta.nattributes, first);
		ivfkm_write_node(writer, dims, plan->meta.nattributes, &node);
		pfree(children);
		first += node.count;
	}
	pfree(centroid);
}

/*
 * Gives blocks to everything but the metapage by the counts of the plan: the mean from block "mean"
 * on, nodes and lists from "first" on, and the list of NULLs from "nulls" on, or behind the lists
 * if that is invalid.
 */
void
ivfkm_write_place(IvfkmPlan *plan, BlockNumber mean, BlockNumber first, BlockNumber nulls)
{
	IvfkmMetaPageData *meta = &plan->meta;
	int dims = (int) meta->dimensions;
	IvfkmGeometry list_geometry;
	IvfkmGeometry null_geometry;
	IvfkmGeometry node_geometry;
	uint32 nroot = plan->levels[meta->height - 1].count;
	BlockNumber block;

	page_node_geometry(&node_geometry, dims);
	page_list_geometry(&list_geometry, dims, meta->refine_bits, meta->nattributes, meta->narrow,
					   meta->keeps_bits);
	meta->tree_first = first;
	meta->mean_block = mean;
	meta->root_block = first;
	meta->root_nblocks = page_extent_blocks(&node_geometry, nroot);
	block =
		meta->root_block + ivfkm_node_blocks(dims, meta->nattributes, (int) meta->height, nroot);
	for (int number = (int) meta->height - 1; number >= 0; number--)
	{
		IvfkmPlanLevel *level = &plan->levels[number];

		for (uint32 member = 0; member < level->count; member++)
		{
			uint32 n = level->counts[member];

			level->first_blocks[member] = block;
			block += number > 0 ? ivfkm_node_blocks(dims, meta->nattributes, number, n)
								: page_extent_blocks(&list_geometry, n) +
									  page_extent_refine_blocks(&list_geometry, n);
		}
	}
	page_null_geometry(&null_geometry, meta->nattributes, meta->narrow);
	if (meta->null_id == 0)
		meta->null_id = meta->next_id++;
	meta->null_generation = meta->root_generation;
	meta->null_nblocks = page_extent_blocks(&null_geometry, plan->nulls);
	meta->null_block = nulls;
	meta->tree_end = block;
	if (!BlockNumberIsValid(nulls))
	{
		meta->null_block = block;
		meta->tree_end += meta->null_nblocks;
	}
	meta->tree_first_id = meta->root_id;
	meta->tree_end_id = meta->next_id;
}

/* Where the summary of the first list of a tree that has been placed is, with those behind it. */
void
ivfkm_write_first_summaries(const IvfkmPlan *plan, IvfkmSummaries *summaries)
{
	const IvfkmMetaPageData *meta = &plan->meta;
	const IvfkmPlanLevel *nodes = &plan->levels[1];
	IvfkmNode node = {0};

	node.generation = meta->root_generation;
	node.level = 1;
	node.id = meta->height == 1 ? meta->root_id : nodes->first_id;
	node.block = meta->height == 1 ? meta->root_block : nodes->first_blocks[0];
	node.count = meta->height == 1 ? plan->levels[0].count : nodes->counts[0];
	ivfkm_write_summaries_of(summaries, (int) meta->dimensions, meta->nattributes, &node);
}

/* Writes the metapage of a new index, whose tree has been placed behind it. */
void
ivfkm_write_meta(IvfkmWriter *writer, IvfkmPlan *plan)
{
	plan->meta.used_blocks = plan->meta.tree_end;
	plan->meta.tree_version = 1;
	plan->meta.space_version = 1;
	plan->meta.pending_block = InvalidBlockNumber;
	plan->meta.retired_block = InvalidBlockNumber;
	page_meta_write(writer, &plan->meta);
}

/*
 * Writes all of a tree that has been placed but its lists: they follow at their first blocks, in
 * order, and then the list of NULLs.
 */
void
ivfkm_write_head(IvfkmWriter *writer, const IvfkmPlan *plan)
{
	page_writer_seek(writer, plan->meta.mean_block);
	page_mean_write(writer, &plan->meta, plan->space->mean);
	page_writer_seek(writer, plan->meta.root_block);
	for (uint32 number = plan->meta.height; number > 0; number--)
		write_nodes(writer, plan, number);
}
