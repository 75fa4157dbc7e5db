/*-------------------------------------------------------------------------
 *
 * ivfkm_all_lists.c
 *	  All nodes and lists of an index.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_all_lists.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"

#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_all_lists.h"

/* A tree that is being collected. */
typedef struct Collection
{
	Relation index;
	IvfkmGeometry geometry; /* of nodes */
	int nattributes;
	IvfkmWholeTree *tree;
	int lists_size;
	int nodes_size;
} Collection;

/* Appends a node; returns its number.  Its record is at "pointer", which is NULL for the root. */
static int
add_node(Collection *all, const IvfkmChildData *child, const ItemPointerData *pointer, int parent)
{
	IvfkmWholeTree *tree = all->tree;
	IvfkmTreeNode *node;

	if (tree->nnodes == all->nodes_size)
	{
		all->nodes_size *= 2;
		tree->nodes = repalloc_huge(tree->nodes, sizeof(IvfkmTreeNode) * (Size) all->nodes_size);
	}
	node = &tree->nodes[tree->nnodes];
	node->child = *child;
	if (pointer != NULL)
		node->pointer = *pointer;
	else
		ItemPointerSetInvalid(&node->pointer);
	node->parent = parent;
	return tree->nnodes++;
}

/* Appends a list below a node. */
static void
add_list(Collection *all, const IvfkmChildData *child, const ItemPointerData *pointer, int parent)
{
	IvfkmWholeTree *tree = all->tree;
	IvfkmProbe *list;

	if (tree->nlists == all->lists_size)
	{
		all->lists_size *= 2;
		tree->lists = repalloc_huge(tree->lists, sizeof(IvfkmProbe) * (Size) all->lists_size);
		tree->parents = repalloc_huge(tree->parents, sizeof(int) * (Size) all->lists_size);
	}
	list = &tree->lists[tree->nlists];
	memset(list, 0, sizeof(IvfkmProbe));
	list->child = *child;
	list->pointer = *pointer;
	tree->parents[tree->nlists++] = parent;
}

/*
 * The records that the slots of a node point to, in order: a palloc'd array of *count.  Counts the
 * node's pages.
 */
static ItemPointerData *
node_pointers(Collection *all, const IvfkmChildData *node, int *count)
{
	const IvfkmGeometry *geometry = &all->geometry;
	ItemPointerData *pointers = NULL;
	IvfkmReader reader;

	*count = 0;
	ivfkm_reader_begin(&reader, all->index, geometry, node, NULL);
	while (ivfkm_reader_next(&reader))
	{
		Size bytes = sizeof(ItemPointerData) * (*count + geometry->slots);

		all->tree->pages.nodes += geometry->stripes;
		pointers = pointers == NULL ? palloc(bytes) : repalloc_huge(pointers, bytes);
		for (int slot = 0; slot < geometry->slots; slot++)
		{
			IvfkmUnit unit;

			page_unit_get(reader.page, geometry, slot / QUANT_UNIT, &unit);
			if (page_slot_used(reader.page, geometry, slot))
				pointers[(*count)++] = unit.tid[slot % QUANT_UNIT];
		}
	}
	return pointers;
}

/* Appends what is below node "number". */
static void
collect(Collection *all, int number)
{
	IvfkmTreePages *pages = &all->tree->pages;
	IvfkmChildData node = all->tree->nodes[number].child;
	int dims = all->geometry.dims;
	uint16 *centroid = palloc(sizeof(uint16) * dims);
	int npointers;
	ItemPointerData *pointers;

	check_stack_depth();
	pointers = node_pointers(all, &node, &npointers);
	pages->summaries += page_summary_blocks(all->nattributes, node.level, (uint32) npointers);
	all->tree->nodes[number].child.rows = (uint32) npointers; /* the root has no record */
	for (int i = 0; i < npointers; i++)
	{
		IvfkmChildData child;

		page_child_read(all->index, dims, &pointers[i], &child, centroid);
		/* centroid pages hold several records: count the page with its first one */
		if (ItemPointerGetOffsetNumberNoCheck(&pointers[i]) == FirstOffsetNumber)
			pages->centroids += page_child_stripes(dims);
		if (child.level != node.level - 1)
			page_corrupted(all->index, ItemPointerGetBlockNumberNoCheck(&pointers[i]),
						   "A child's level is %u instead of %u.", child.level, node.level - 1);
		if (child.level == 0)
			add_list(all, &child, &pointers[i], number);
		else
			collect(all, add_node(all, &child, &pointers[i], number));
	}
	if (pointers != NULL)
		pfree(pointers);
	pfree(centroid);
}

/*
 * Reads all nodes of the tree "meta", and their children's records.  The arrays are in the current
 * memory context: lists in the order of the tree, nodes before what is below them, the root first.
 */
void
ivfkm_collect_tree(Relation index, const IvfkmMetaPageData *meta, IvfkmWholeTree *tree)
{
	Collection all;
	IvfkmChildData root;

	memset(tree, 0, sizeof(*tree));
	all.index = index;
	all.nattributes = meta->nattributes;
	all.tree = tree;
	all.lists_size = 64;
	all.nodes_size = 16;
	tree->lists = palloc(sizeof(IvfkmProbe) * all.lists_size);
	tree->parents = palloc(sizeof(int) * all.lists_size);
	tree->nodes = palloc(sizeof(IvfkmTreeNode) * all.nodes_size);
	page_node_geometry(&all.geometry, (int) meta->dimensions);
	page_meta_root(meta, &root);
	collect(&all, add_node(&all, &root, NULL, -1));
}

/*
 * All posting lists of the index, in the order of the tree: a palloc'd array.  *pages (if not
 * NULL) counts the pages above the lists.
 */
IvfkmProbe *
ivfkm_collect_lists(Relation index, const IvfkmMetaPageData *meta, int *count,
					IvfkmTreePages *pages)
{
	IvfkmWholeTree tree;

	ivfkm_collect_tree(index, meta, &tree);
	*count = tree.nlists;
	if (pages != NULL)
		*pages = tree.pages;
	pfree(tree.nodes);
	pfree(tree.parents);
	return tree.lists;
}

/*
 * Some of the nodes at a height of the tree "meta", or of its lists (height 0), at most "most",
 * evenly spread over it: all of them if there are no more.  Returns how many; "nodes" has room for
 * "most".
 */
int
ivfkm_sample_nodes(Relation index, const IvfkmMetaPageData *meta, int height, int most,
				   IvfkmChildData *nodes)
{
	int dims = (int) meta->dimensions;
	uint16 *centroid = palloc(sizeof(uint16) * dims);
	IvfkmWholeTree tree = {0};
	Collection all = {.index = index, .nattributes = meta->nattributes, .tree = &tree};
	int n = 1;

	page_node_geometry(&all.geometry, dims);
	page_meta_root(meta, &nodes[0]);
	while (n > 0 && nodes[0].level > height)
	{
		ItemPointerData **pointers = palloc(sizeof(ItemPointerData *) * n);
		int *counts = palloc(sizeof(int) * n);
		uint16 level = nodes[0].level - 1;
		int each = most / n;
		int below = 0;

		for (int i = 0; i < n; i++)
			pointers[i] = node_pointers(&all, &nodes[i], &counts[i]);
		for (int i = 0; i < n; i++)
		{
			int picked = Min(each, counts[i]);

			for (int j = 0; j < picked; j++)
			{
				const ItemPointerData *pointer = &pointers[i][(int64) j * counts[i] / picked];
				IvfkmChildData *child = &nodes[below++];

				page_child_read(index, dims, pointer, child, centroid);
				if (child->level != level)
					page_corrupted(index, ItemPointerGetBlockNumberNoCheck(pointer),
								   "A child's level is %u instead of %u.", child->level, level);
			}
		}
		n = below;
	}
	pfree(centroid);
	return n;
}

/* Ascending owner ids. */
static int
compare_ids(const void *a, const void *b)
{
	uint32 x = *(const uint32 *) a;
	uint32 y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}

/* The owners of all pages of the tree "meta" but its mean: nodes, lists, and the list of NULLs. */
void
ivfkm_collect_owners(Relation index, const IvfkmMetaPageData *meta, IvfkmOwners *owners)
{
	IvfkmWholeTree tree;

	ivfkm_collect_tree(index, meta, &tree);
	owners->count = (Size) tree.nlists + tree.nnodes + 1;
	owners->ids = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * owners->count);
	for (int i = 0; i < tree.nlists; i++)
		owners->ids[i] = tree.lists[i].child.id;
	for (int i = 0; i < tree.nnodes; i++)
		owners->ids[tree.nlists + i] = tree.nodes[i].child.id;
	owners->ids[tree.nlists + tree.nnodes] = meta->null_id;
	qsort(owners->ids, owners->count, sizeof(uint32), compare_ids);
	pfree(tree.lists);
	pfree(tree.parents);
	pfree(tree.nodes);
}
