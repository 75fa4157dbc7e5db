/*-------------------------------------------------------------------------
 *
 * ivfkm_tree.c
 *	  Best-first search for the nearest posting lists.
 *
 * NOTES
 *	  Nodes are scanned with 1-bit codes; the lower bound of a child's distance is its
 *	  key in the heap.  A child that comes to the top is resolved once: its record is
 *	  read, its distance computed from the stored centroid, and it goes back into the
 *	  heap with that.  A resolved node that comes to the top is scanned, a resolved
 *	  list is the answer.  Works for any height of the tree.
 *
 *	  The key of a node is the distance of the nearest list to be expected below it.  Let
 *	  d be the target's distance to the node's centroid m, s that of a list's centroid c, and
 *	  e that of the target to the list.  Then d^2 = s^2 + e^2 + 2 s e b, where b is the
 *	  cosine of the angle between target - c and c - m.  In many dimensions they are
 *	  nearly at right angles.  s is at most the node's radius, which is stored, and the largest
 *	  b that occurs, the "lean", is measured at build; so e is at least the solution of that equation
 *	  for them.  With b = 1 this is the triangle inequality.  For inner products,
 *	  <target, c> is at most <target, m> + b s ||target||, with the cosine between target and c - m.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm_tree.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "port/pg_bitutils.h"
#include "utils/float.h"

#include "distance/dist.h"
#include "port/vdb_half.h"

#include "am/ivfkm.h"

#define UNRESOLVED (-1)

/* A child of some node, by its bound or its distance. */
struct IvfkmTreeEntry
{
	float key;
	int32 exact;			 /* index into tree->exact, or UNRESOLVED */
	ItemPointerData pointer; /* record of the child */
	uint16 level;			 /* the child's level by its parent's */
};

#define HEAP_PREFIX		tree_heap
#define HEAP_TYPE		IvfkmTreeEntry
#define HEAP_LESS(a, b) ((a)->key < (b)->key)
#include "am/ivfkm_heap.h"

/*
 * Key of a child whose centroid is at squared distance dist2 of the target and has the squared
 * norm norm2: its distance, in the order that the caller asked for, or for a node (radius
 * above 0) that of the nearest list to be expected below it.
 */
static float
tree_key(const IvfkmTree *tree, float dist2, float norm2, float radius)
{
	float along = tree->lean * radius;
	float across;

	if (tree->by_dot)
		return 0.5f * (dist2 - tree->quant.norm2 - norm2) - along * sqrtf(tree->quant.norm2);
	if (radius == 0.0f)
		return dist2;
	across = dist2 - radius * radius;
	if (!(across > 0.0f))
		return 0.0f;
	across = sqrtf(along * along + across) - along;
	return across * across;
}

/* Makes room in the heap for "more" entries. */
static void
tree_reserve(IvfkmTree *tree, int more)
{
	if (tree->nheap + more > tree->heap_size)
	{
		tree->heap_size = Max(tree->heap_size * 2, tree->nheap + more);
		tree->heap = repalloc_huge(tree->heap, sizeof(IvfkmTreeEntry) * (Size) tree->heap_size);
	}
}

/* Adds the children of a node; dist2 is the target's squared distance to its centroid. */
static void
tree_scan_node(IvfkmTree *tree, const IvfkmChildData *node, float dist2)
{
	IvfkmReader reader;
	QuantBound bound;
	int first = tree->nheap;

	quant_bound_init(&bound, QUANT_L2, &tree->quant, dist2, dist2, tree->epsilon);
	ivfkm_reader_begin(&reader, tree->index, &tree->geometry, node, &tree->quant);
	while (ivfkm_reader_next(&reader))
	{
		tree_reserve(tree, tree->geometry.slots);
		for (int u = 0; u < tree->geometry.units; u++)
		{
			float lb[QUANT_UNIT];
			float ub[QUANT_UNIT];
			IvfkmUnit unit;
			uint32 mask =
				ivfkm_reader_scan(&reader, u, &bound, get_float4_infinity(), lb, ub, &unit);

			while (mask != 0)
			{
				int lane = pg_rightmost_one_pos32(mask);
				IvfkmTreeEntry *entry = &tree->heap[tree->nheap++];

				mask &= mask - 1;
				entry->key = tree_key(tree, lb[lane], vdb_half_to_float(unit.norm2[lane]),
									  vdb_half_to_float(unit.radius[lane]));
				entry->exact = UNRESOLVED;
				entry->pointer = unit.tid[lane];
				entry->level = node->level - 1;
			}
		}
	}
	if (first == 0)
		tree_heap_build(tree->heap, tree->nheap);
	else
	{
		int count = tree->nheap;

		for (int n = first + 1; n <= count; n++)
			tree_heap_up(tree->heap, n);
	}
}

/* Reads a child's record and computes its distance. */
static void
tree_resolve(IvfkmTree *tree, IvfkmTreeEntry *entry)
{
	IvfkmProbe *probe;
	float dist2;

	if (tree->nexact == tree->exact_size)
	{
		tree->exact_size *= 2;
		tree->exact = repalloc_huge(tree->exact, sizeof(IvfkmProbe) * (Size) tree->exact_size);
	}
	entry->exact = tree->nexact++;
	probe = &tree->exact[entry->exact];
	probe->pointer = entry->pointer;
	page_centroid_read(tree->index, tree->dims, &entry->pointer, &probe->child, tree->centroid);
	if (probe->child.level != entry->level)
		page_corrupted(tree->index, ItemPointerGetBlockNumberNoCheck(&entry->pointer),
					   "A child's level is %u instead of %u.", probe->child.level, entry->level);
	dist2 = vdb_dist->l2sq_f16(tree->target, tree->centroid, tree->dims);
	probe->key = tree_key(tree, dist2, probe->child.norm2, probe->child.radius);
	probe->target_dist2 = dist2;
	if (tree->query != tree->target)
		dist2 = vdb_dist->l2sq_f16(tree->query, tree->centroid, tree->dims);
	probe->dist2 = dist2;
	entry->key = probe->key;
}

/*
 * Starts a search around "target", dims floats in index space; probes also carry the
 * distance of "query" (often the same pointer).  Both must stay valid.  by_dot: order by the
 * largest inner product with the target instead of the smallest distance.  epsilon: width of
 * the bounds for centroids.  lean: that of the metapage for what the search is for.
 * Memory comes from the current context; the caller drops it.
 */
void
ivfkm_tree_begin(IvfkmTree *tree, Relation index, const IvfkmMetaPageData *meta,
				 const float *target, const float *query, bool by_dot, float epsilon, float lean)
{
	IvfkmChildData root;

	tree->index = index;
	tree->dims = (int) meta->dimensions;
	tree->root_id = meta->root_id;
	tree->epsilon = epsilon;
	tree->lean = lean;
	tree->by_dot = by_dot;
	tree->target = target;
	tree->query = query;
	page_node_geometry(&tree->geometry, tree->dims);
	quant_query_init(&tree->quant, tree->dims, target, palloc(quant_query_table_bytes(tree->dims)));
	tree->query_norm2 =
		query == target ? tree->quant.norm2 : vdb_dist->norm2(query, (size_t) tree->dims);
	tree->centroid = palloc(sizeof(uint16) * tree->dims);
	tree->nheap = 0;
	tree->heap_size = Max(tree->geometry.slots, 256);
	tree->heap = palloc(sizeof(IvfkmTreeEntry) * (Size) tree->heap_size);
	tree->nexact = 0;
	tree->exact_size = 64;
	tree->exact = palloc(sizeof(IvfkmProbe) * (Size) tree->exact_size);

	memset(&root, 0, sizeof(root));
	root.id = meta->root_id;
	root.generation = meta->root_generation;
	root.first_block = meta->root_block;
	root.level = meta->height;
	tree_scan_node(tree, &root, tree->quant.norm2);
}

/* The next nearest list; false when there are no more. */
bool
ivfkm_tree_next(IvfkmTree *tree, IvfkmProbe *probe)
{
	while (tree->nheap > 0)
	{
		IvfkmTreeEntry *top = &tree->heap[0];

		if (top->exact == UNRESOLVED)
		{
			tree_resolve(tree, top);
			tree_heap_down(tree->heap, tree->nheap, 0);
			continue;
		}
		*probe = tree->exact[top->exact];
		tree_heap_pop(tree->heap, tree->nheap);
		tree->nheap--;
		if (probe->child.level == 0)
		{
			probe->dot = 0.5f * (tree->query_norm2 + probe->child.norm2 - probe->dist2);
			return true;
		}
		tree_scan_node(tree, &probe->child, probe->target_dist2);
	}
	return false;
}
