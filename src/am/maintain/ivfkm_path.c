/*-------------------------------------------------------------------------
 *
 * ivfkm_path.c
 *	  The nodes above some lists, written anew.
 *
 * NOTES
 *	  A node is never changed.  When lists take the place of others, the node above them is
 *	  written anew with their records, and so are all nodes up to the root, on which the metapage
 *	  hangs.  A scan that has read the metapage sees one version of all nodes.
 *
 *	  A node, but for the root, that has got too many children becomes several.  A higher root is
 *	  made by a renewal only.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_path.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"

#include "cluster/kmeans.h"
#include "port/vdb_half.h"

#include "am/build/ivfkm_build_state.h"
#include "am/index/ivfkm_settings.h"
#include "am/index/ivfkm_space.h"
#include "am/index/ivfkm_summary.h"
#include "am/maintain/ivfkm_path.h"

/* Children that a node has on average, and from which on it is split. */
static int
usual_children(void)
{
	return ivfkm_settings_node_children() > 0 ? Max(2, ivfkm_settings_node_children())
											  : IVFKM_NODE_CHILDREN;
}

#define SPLIT_AT(children) ((children) *8 / 5)

/* Makes room for "count" members, with summaries of so many attributes. */
static void
members_init(IvfkmMembers *members, int dims, int nattributes, uint32 count)
{
	members->count = 0;
	members->nattributes = nattributes;
	members->children = palloc0(sizeof(IvfkmChildData) * Max(count, 1));
	members->centroids =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint16) * (Size) Max(count, 1) * dims);
	members->made = palloc(sizeof(int) * Max(count, 1));
	members->summaries = palloc0(page_summary_bytes(nattributes) * Max(count, 1));
	members->records = palloc0(sizeof(ItemPointerData) * Max(count, 1));
}

/* The summary of a member. */
static IvfkmSummaryData *
summary_of(const IvfkmMembers *members, uint32 number)
{
	return page_summary_in(members->summaries, members->nattributes, number);
}

/* Adds a member that is made now; there is room.  summary: of a list with attributes, or NULL. */
static void
members_add(IvfkmMembers *members, int dims, const IvfkmChildData *child, const uint16 *centroid,
			int made, const IvfkmSummaryData *summary)
{
	if (summary != NULL)
		memcpy(summary_of(members, members->count), summary,
			   page_summary_bytes(members->nattributes));
	members->children[members->count] = *child;
	memcpy(members->centroids + (Size) members->count * dims, centroid, sizeof(uint16) * dims);
	members->made[members->count++] = made;
}

/* Adds a member that stays as it is, by its record. */
static void
members_add_old(IvfkmMembers *members, Relation index, int dims, const ItemPointerData *pointer)
{
	IvfkmChildData child;

	page_child_read(index, dims, pointer, &child,
					members->centroids + (Size) members->count * dims);
	members->children[members->count] = child;
	members->records[members->count] = *pointer;
	members->made[members->count++] = -1;
}

/* Adds a member of another node. */
static void
members_take(IvfkmMembers *members, int dims, const IvfkmMembers *from, uint32 number)
{
	members->records[members->count] = from->records[number];
	members_add(members, dims, &from->children[number], from->centroids + (Size) number * dims,
				from->made[number], summary_of(from, number));
}

/* A centroid as floats. */
static void
load_centroid(const uint16 *stored, int dims, float *centroid)
{
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(stored[i]);
}

/*
 * The largest distance from a point to the centroid of a member, with a share of its own radius.
 */
static float
reach(const IvfkmMembers *members, int dims, const float *centroid, float share)
{
	float *other = palloc(sizeof(float) * dims);
	float largest = 0.0f;

	for (uint32 i = 0; i < members->count; i++)
	{
		float radius = share * members->children[i].radius;
		float distance;

		load_centroid(members->centroids + (Size) i * dims, dims, other);
		distance = ivfkm_space_distance(other, centroid, dims);
		if (radius > 0.0f) /* rounded up: the sum bounds the distances to all lists below */
			distance = nextafterf((distance + radius) * 1.000001f, FLT_MAX);
		largest = Max(largest, distance);
	}
	pfree(other);
	return Min(largest, FLT_MAX);
}

/* Fills in a node in the making: its id, and what its members say of it. */
static void
init_node(IvfkmPathNode *node, const IvfkmGeometry *geometry, int level, IvfkmPlan *plan)
{
	node->record.id = plan->meta.next_id++;
	node->record.generation = plan->meta.root_generation;
	node->record.nblocks = page_extent_blocks(geometry, node->members.count);
	node->record.level = (uint16) level;
	node->record.rows = node->members.count;
}

/* Stores a centroid that was computed, for a node of its own. */
static void
store_centroid(IvfkmPathNode *node, int dims, const float *computed)
{
	double norm2 = 0.0;

	node->stored = palloc(sizeof(uint16) * dims);
	node->centroid = palloc(sizeof(float) * dims);
	for (int i = 0; i < dims; i++)
	{
		float value = vdb_half_to_float(
			node->stored[i] = vdb_half_from_float(Max(-65504.0f, Min(computed[i], 65504.0f))));

		node->centroid[i] = value;
		norm2 += (double) value * value;
	}
	node->record.norm2 = (float) norm2;
}

/* A KmeansCallback. */
static void
check_interrupts(void *arg, double done)
{
	CHECK_FOR_INTERRUPTS();
}

/* Makes nodes of about "children" members each. */
static void
split_node(IvfkmPathLevel *out, const IvfkmPath *path, const IvfkmMembers *members, int level,
		   int children, IvfkmPlan *plan)
{
	int dims = path->dims;
	int wanted = ((int) members->count + children - 1) / children;
	float *points = ivfkm_build_alloc(sizeof(float) * (Size) members->count * dims);
	float *centroids = ivfkm_build_alloc(sizeof(float) * (Size) wanted * dims);
	uint32 *node_of = palloc(sizeof(uint32) * members->count);
	KmeansParams params;
	KmeansStats stats;

	for (uint32 i = 0; i < members->count; i++)
		load_centroid(members->centroids + (Size) i * dims, dims, points + (Size) i * dims);
	kmeans_params_init(&params, dims, members->count, wanted);
	params.seed = IVFKM_CLUSTERING_SEED;
	params.callback = check_interrupts;
	params.list = node_of;
	kmeans_train(&params, points, centroids, ivfkm_build_alloc(kmeans_train_bytes(&params)),
				 &stats);
	out->nodes = palloc0(sizeof(IvfkmPathNode) * stats.nlists);
	out->count = 0;
	for (int n = 0; n < stats.nlists; n++)
	{
		IvfkmPathNode *node = &out->nodes[out->count];

		members_init(&node->members, dims, members->nattributes, members->count);
		for (uint32 i = 0; i < members->count; i++)
		{
			if (node_of[i] == (uint32) n)
				members_take(&node->members, dims, members, i);
		}
		if (node->members.count == 0)
			continue;
		init_node(node, &path->index->nodes, level, plan);
		store_centroid(node, dims, centroids + (Size) n * dims);
		node->record.radius =
			reach(&node->members, dims, node->centroid, level == 1 ? path->list_share : 1.0f);
		out->count++;
	}
}

/* As reach(), from the new lists, with their share of their radii. */
static float
new_lists_reach(const IvfkmPlanLevel *lists, const IvfkmPath *path, const float *centroid)
{
	int dims = path->dims;
	float *other = palloc(sizeof(float) * dims);
	float largest = 0.0f;

	for (uint32 i = 0; i < lists->count; i++)
	{
		load_centroid(lists->centroids + (Size) i * dims, dims, other);
		largest = Max(largest, ivfkm_space_distance(other, centroid, dims) +
								   path->list_share * lists->radii[i]);
	}
	pfree(other);
	return Min(largest, FLT_MAX);
}

/* Makes the node that takes the place of node "old" alone, with the same centroid. */
static void
replace_node(IvfkmPathLevel *out, const IvfkmPath *path, const IvfkmMembers *members,
			 const IvfkmTreeNode *old, int level, IvfkmPlan *plan)
{
	IvfkmPathNode *node = palloc0(sizeof(IvfkmPathNode));
	int dims = path->dims;

	out->nodes = node;
	out->count = 1;
	node->members = *members;
	init_node(node, &path->index->nodes, level, plan);
	if (old->parent >= 0)
	{
		IvfkmChildData record;

		node->stored = palloc(sizeof(uint16) * dims);
		node->centroid = palloc(sizeof(float) * dims);
		page_child_read(path->index->relation, dims, &old->pointer, &record, node->stored);
		load_centroid(node->stored, dims, node->centroid);
		node->record.norm2 = record.norm2;
		node->record.radius =
			level == 1
				? reach(members, dims, node->centroid, path->list_share)
				: Max(record.radius, new_lists_reach(&plan->levels[0], path, node->centroid));
	}
}

/* Lists or nodes right below a node. */
static uint32
count_children(const IvfkmWholeTree *tree, int number)
{
	uint32 count = 0;

	if (tree->nodes[number].child.level == 1)
	{
		for (int i = 0; i < tree->nlists; i++)
			count += tree->parents[i] == number;
	}
	else
	{
		for (int i = 0; i < tree->nnodes; i++)
			count += tree->nodes[i].parent == number;
	}
	return count;
}

/* Reads the summary of a list below a node of the current tree, by its record. */
static void
read_summary(const IvfkmPath *path, const IvfkmChildData *node, const ItemPointerData *record,
			 IvfkmSummaryData *summary)
{
	const IvfkmIndex *index = path->index;
	IvfkmSummaries summaries;
	uint32 ordinal;

	if (index->meta.nattributes == 0)
		return;
	if (!ivfkm_summary_find(&index->nodes, index->meta.nattributes, node, record, &summaries,
							&ordinal))
		page_corrupted(index->relation, ItemPointerGetBlockNumberNoCheck(record),
					   "It is not where records below node %u are.", node->id);
	page_summary_read(index->relation, &summaries, ordinal, summary);
}

/* The members of a level's node that stay: lists below "number" that are not replaced. */
static void
keep_lists(IvfkmMembers *members, const IvfkmPath *path, const IvfkmWholeTree *tree, int number,
		   const bool *replaced)
{
	for (int i = 0; i < tree->nlists; i++)
	{
		if (tree->parents[i] != number || replaced[i])
			continue;
		members_add_old(members, path->index->relation, path->dims, &tree->lists[i].pointer);
		read_summary(path, &tree->nodes[number].child, &tree->lists[i].pointer,
					 summary_of(members, members->count - 1));
	}
}

/* The same for nodes: all below "number" but one. */
static void
keep_nodes(IvfkmMembers *members, const IvfkmPath *path, const IvfkmWholeTree *tree, int number,
		   int replaced)
{
	for (int i = 0; i < tree->nnodes; i++)
	{
		if (tree->nodes[i].parent == number && i != replaced)
			members_add_old(members, path->index->relation, path->dims, &tree->nodes[i].pointer);
	}
}

/* Adds the new lists of the plan to the members of the node above them. */
static void
add_new_lists(IvfkmMembers *members, const IvfkmPath *path, const IvfkmPlan *plan)
{
	const IvfkmPlanLevel *lists = &plan->levels[0];

	for (uint32 i = 0; i < lists->count; i++)
	{
		IvfkmChildData child;

		memset(&child, 0, sizeof(child));
		child.id = lists->first_id + i;
		child.generation = plan->meta.root_generation;
		child.nblocks = page_extent_blocks(&path->index->lists, lists->counts[i]);
		child.norm2 = lists->norms[i];
		child.rows = lists->made != NULL ? lists->made[i] : lists->counts[i];
		child.radius = lists->radii[i];
		child.edge = lists->edges[i];
		members_add(members, path->dims, &child, lists->centroids + (Size) i * path->dims, (int) i,
					lists->summaries == NULL
						? NULL
						: page_summary_in(lists->summaries, members->nattributes, i));
	}
}

/*
 * Makes the nodes from number "parent" of the tree up to the root, with the lists of the plan in
 * the place of those that are replaced, all of which are below that node.  Takes owner ids from the
 * plan.  Memory comes from the current context.
 */
void
ivfkm_path_make(IvfkmPath *path, const IvfkmIndex *index, const IvfkmWholeTree *tree, int parent,
				const bool *replaced, IvfkmPlan *plan)
{
	const IvfkmDescent *search = &index->meta.descents[IVFKM_DESCENT_SEARCH];
	int dims = plan->space->dims;
	int children = usual_children();
	int below = -1;
	int number = parent;

	path->index = index;
	path->dims = dims;
	path->list_share = 0.0f;
	if (index->meta.metric == IVFKM_METRIC_IP && search->lean > 0.0f)
		path->list_share = search->list_lean / search->lean;
	path->height = tree->nodes[0].child.level;
	for (int level = 1; level <= path->height; level++)
	{
		const IvfkmTreeNode *old = &tree->nodes[number];
		IvfkmPathLevel *out = &path->levels[level - 1];
		IvfkmMembers members;

		if (level == 1)
		{
			members_init(&members, dims, index->meta.nattributes,
						 count_children(tree, number) + plan->levels[0].count);
			keep_lists(&members, path, tree, number, replaced);
			add_new_lists(&members, path, plan);
		}
		else
		{
			const IvfkmPathLevel *made = &path->levels[level - 2];

			members_init(&members, dims, index->meta.nattributes,
						 count_children(tree, number) + made->count);
			keep_nodes(&members, path, tree, number, below);
			for (int i = 0; i < made->count; i++)
				members_add(&members, dims, &made->nodes[i].record, made->nodes[i].stored, i, NULL);
		}
		if (old->parent >= 0 && members.count > (uint32) SPLIT_AT(children))
			split_node(out, path, &members, level, children, plan);
		else
			replace_node(out, path, &members, old, level, plan);
		below = number;
		number = old->parent;
	}
}

/* Number of nodes in the making. */
int
ivfkm_path_nodes(const IvfkmPath *path)
{
	int n = 0;

	for (int level = 0; level < path->height; level++)
		n += path->levels[level].count;
	return n;
}

/* The blocks that each of them takes, the lowest level first. */
void
ivfkm_path_sizes(const IvfkmPath *path, BlockNumber *sizes)
{
	for (int level = 0; level < path->height; level++)
	{
		for (int i = 0; i < path->levels[level].count; i++)
			*sizes++ = ivfkm_node_blocks(path->dims, path->index->meta.nattributes, level + 1,
										 path->levels[level].nodes[i].members.count);
	}
}

/* Says where the new lists and nodes go. */
void
ivfkm_path_place(IvfkmPath *path, const BlockNumber *list_firsts, const BlockNumber *node_firsts)
{
	const BlockNumber *below = list_firsts;

	for (int level = 0; level < path->height; level++)
	{
		const IvfkmPathLevel *nodes = &path->levels[level];

		for (int i = 0; i < nodes->count; i++)
		{
			IvfkmMembers *members = &nodes->nodes[i].members;

			nodes->nodes[i].record.first_block = node_firsts[i];
			for (uint32 m = 0; m < members->count; m++)
			{
				if (members->made[m] >= 0)
					members->children[m].first_block = below[members->made[m]];
			}
		}
		below = node_firsts;
		node_firsts += nodes->count;
	}
}

/* Writes the nodes where they were placed. */
void
ivfkm_path_write(const IvfkmPath *path, IvfkmWriter *writer)
{
	for (int level = 0; level < path->height; level++)
	{
		for (int i = 0; i < path->levels[level].count; i++)
		{
			const IvfkmPathNode *made = &path->levels[level].nodes[i];
			IvfkmNode node;

			node.id = made->record.id;
			node.generation = made->record.generation;
			node.block = made->record.first_block;
			node.centroid = made->centroid;
			node.level = level + 1;
			node.count = made->members.count;
			node.summaries = made->members.summaries;
			node.children = made->members.children;
			node.centroids = made->members.centroids;
			page_writer_seek(writer, node.block);
			ivfkm_write_node(writer, path->dims, path->index->meta.nattributes, &node);
		}
	}
}

/*
 * Widens the summaries of the nodes in the making, which were written before, to what has become of
 * them since: those of lists that stay by inserts, which still go to the node "parent" of the
 * current tree, those of new lists by late rows, as the plan says.  Nobody may insert meanwhile.
 */
void
ivfkm_path_summarise(const IvfkmPath *path, const IvfkmWholeTree *tree, int parent,
					 const IvfkmPlan *plan)
{
	const IvfkmPathLevel *nodes = &path->levels[0];
	const IvfkmIndex *index = path->index;

	for (int i = 0; i < nodes->count && index->meta.nattributes > 0; i++)
	{
		const IvfkmMembers *members = &nodes->nodes[i].members;
		IvfkmSummaries summaries;

		page_summary_of(&summaries, index->meta.nattributes, &nodes->nodes[i].record);
		for (uint32 m = 0; m < members->count; m++)
		{
			const IvfkmSummaryData *now;
			IvfkmSummaryData current;

			if (members->made[m] >= 0)
				now = page_summary_in(plan->levels[0].summaries, members->nattributes,
									  (Size) members->made[m]);
			else
			{
				read_summary(path, &tree->nodes[parent].child, &members->records[m], &current);
				now = &current;
			}
			ivfkm_summary_extend(index, &summaries, m, now);
		}
	}
}

/* What the metapage will say of the root. */
void
ivfkm_path_root(const IvfkmPath *path, IvfkmMetaPageData *meta)
{
	const IvfkmChildData *root = &path->levels[path->height - 1].nodes[0].record;

	meta->root_id = root->id;
	meta->root_block = root->first_block;
	meta->root_nblocks = root->nblocks;
}

/*
 * Says on the metapage how many nodes descents open: the same part of a level's nodes as before,
 * where some have become more.  A number is rounded up or down, up with the probability of its
 * fraction, so that many small steps add up to the right one.
 */
void
ivfkm_path_descents(const IvfkmPath *path, const IvfkmWholeTree *tree, IvfkmMetaPageData *meta)
{
	double chance = hash_bytes_uint32(meta->next_id) / 4294967296.0;

	for (int level = 1; level < path->height; level++)
	{
		uint32 more = (uint32) path->levels[level - 1].count - 1;
		uint32 before = 0;

		for (int i = 0; i < tree->nnodes; i++)
			before += tree->nodes[i].child.level == level;
		for (int kind = 0; kind < IVFKM_NDESCENTS && more > 0; kind++)
		{
			uint32 *nodes = &meta->descents[kind].nodes[level - 1];
			double part = Min(1.0, (double) *nodes / before);

			*nodes += (uint32) (more * part + chance);
		}
	}
}

/* Where the record of the list with that owner id is, if a node in the making leads to it. */
bool
ivfkm_path_find(const IvfkmPath *path, uint32 list, ItemPointerData *record)
{
	const IvfkmPathLevel *nodes = &path->levels[0];
	for (int i = 0; i < nodes->count; i++)
	{
		const IvfkmMembers *members = &nodes->nodes[i].members;
		IvfkmSummaries summaries;
		BlockNumber first_record;

		page_summary_of(&summaries, path->index->meta.nattributes, &nodes->nodes[i].record);
		first_record = summaries.first + summaries.npages;
		for (uint32 m = 0; m < members->count; m++)
		{
			if (members->children[m].id == list)
			{
				page_child_locate(first_record, path->dims, m, record);
				return true;
			}
		}
	}
	return false;
}

/*
 * Adds the blocks of the nodes from number "parent" of the tree up to the root, with their
 * summaries and records.
 */
void
ivfkm_path_old_blocks(const IvfkmPath *path, const IvfkmWholeTree *tree, int parent,
					  IvfkmBlocks *blocks)
{
	for (int number = parent; number >= 0; number = tree->nodes[number].parent)
	{
		const IvfkmChildData *node = &tree->nodes[number].child;

		page_blocks_add(blocks, node->first_block,
						ivfkm_node_blocks(path->dims, path->index->meta.nattributes, node->level,
										  count_children(tree, number)));
	}
}
