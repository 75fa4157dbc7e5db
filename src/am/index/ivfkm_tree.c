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
 *	  b to be expected, the "lean", is measured at build; so e is at least the solution of that
 *	  equation for them.  With b = 1 this is the triangle inequality.  For inner products,
 *	  <target, c> is at most <target, m> + b s ||target||, with the cosine between target and c - m.
 *
 *	  Of two lists with the same product of target and centroid, the one whose rows lie farther
 *	  from the centroid holds the larger products: a few long rows may be all that is wanted.  So
 *	  the key of a list is -(<target, c> + b r ||target||), where r is its radius, and b the "list
 *	  lean": <target, row - c> / (r ||target||), on average for the nearest rows of the sample.
 *	  Radii of nodes have b r, divided by the lean, added: their keys are then still those of the
 *	  nearest list to be expected.  The list of far rows (see IvfkmMetaPageData) has a radius of its
 *	  own, and a search of products resolves it first, without the nodes above it.
 *
 *	  In a search by distance, the rows of a list are as far away in the mean as its centroid and
 *	  their spread r together, d^2 + r^2, r^2 the mean square of their distances to the centroid.
 *	  The nearest ones are nearer than that, more so the farther they spread.  So the key of a list
 *	  is d^2 + b r^2, b the list lean here too: the one of some with which the neighbours of sample
 *	  rows come first, or 0 where that is hardly better than no regard for r.  It matters where
 *	  lists differ in spread: sparse vectors and bit strings.  b is not negative, so keys of nodes
 *	  hold as they are.
 *
 *	  Among lists that are all about as far away, such a bound excludes few nodes.  So a
 *	  search opens no more of them than the build has measured to hold the neighbours'
 *	  lists.  What the first lists wanted do not need (further nodes, and children above as
 *	  many upper bounds as there are lists wanted) waits outside of the heap until the
 *	  caller wants more.
 *
 *	  A search with a filter leaves out lists by their summaries, as it opens the node above them.
 *	  It counts them when lists behind them are returned, by what their codes say of their distance:
 *	  their centroids are not read.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_tree.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <limits.h>
#include <math.h>

#include "port/pg_bitutils.h"
#include "utils/float.h"

#include "distance/dist.h"
#include "port/vdb_half.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_tree.h"

#define UNRESOLVED		   (-1)
#define PART(i)			   (-2 - (i))
#define IS_RESOLVED(entry) ((entry)->exact >= 0)

#define FIRST_ENTRIES (2 * QUANT_UNIT) /* that there is room for at first */
#define FIRST_EXACT	  16			   /* resolved children likewise */

/* A child of some node, by its bound or its distance. */
struct IvfkmTreeEntry
{
	float key;
	int32 exact; /* index into tree->exact, or UNRESOLVED, or PART(i): likewise, and only part i
							  * of the list is wanted */
	ItemPointerData pointer; /* record of the child */
	uint16 level;			 /* the child's level by its parent's */
};

#define HEAP_PREFIX		tree_heap
#define HEAP_TYPE		IvfkmTreeEntry
#define HEAP_LESS(a, b) ((a)->key < (b)->key)
#include "am/index/ivfkm_heap.h"

/* max-heap: keeps the lowest */
#define HEAP_PREFIX		bound_heap
#define HEAP_TYPE		float
#define HEAP_LESS(a, b) (*(a) > *(b))
#include "am/index/ivfkm_heap.h"

/* min-heap */
#define HEAP_PREFIX		left_heap
#define HEAP_TYPE		float
#define HEAP_LESS(a, b) (*(a) < *(b))
#include "am/index/ivfkm_heap.h"

/*
 * The key of a child: "key" is the distance of the target to its centroid in the order that the
 * caller asked for (squared, or minus the inner product), radius that of a node, 0 for a
 * list.  Uses by_dot, lean and, for inner products, target_norm.
 */
float
ivfkm_tree_key(const IvfkmTree *tree, float key, float radius)
{
	float along = tree->lean * radius;
	float across;

	if (radius == 0.0f)
		return key;
	if (tree->by_dot)
		return key - along * tree->target_norm;
	across = key - radius * radius;
	if (!(across > 0.0f))
		return 0.0f;
	across = sqrtf(along * along + across) - along;
	return across * across;
}

/*
 * The key of a list: "key" is the distance of the target to its centroid as above, radius its
 * radius.  Uses by_dot, list_lean and target_norm.
 */
float
ivfkm_tree_list_key(const IvfkmTree *tree, float key, float radius)
{
	if (tree->list_lean == 0.0f)
		return key;
	return tree->by_dot ? key - tree->list_lean * radius * tree->target_norm
						: key + tree->list_lean * radius * radius;
}

/*
 * The squared distance of a centroid of squared norm norm2 in the order that the caller asked for.
 */
static inline float
tree_order(const IvfkmTree *tree, float dist2, float norm2)
{
	return tree->by_dot ? 0.5f * (dist2 - tree->quant.norm2 - norm2) : dist2;
}

/* The key of a list or of a node. */
static inline float
tree_child_key(const IvfkmTree *tree, bool list, float key, float radius)
{
	return list ? ivfkm_tree_list_key(tree, key, radius) : ivfkm_tree_key(tree, key, radius);
}

/* Makes room for "more" entries in an array of *size that has n. */
static void
tree_reserve(IvfkmTreeEntry **entries, int n, int *size, int more)
{
	if (n + more > *size)
	{
		*size = Max(*size * 2, n + more);
		*entries = repalloc_huge(*entries, sizeof(IvfkmTreeEntry) * (Size) *size);
	}
}

/* Puts an entry aside until more lists are wanted. */
static void
tree_put_aside(IvfkmTree *tree, const IvfkmTreeEntry *entry)
{
	tree_reserve(&tree->later, tree->nlater, &tree->later_size, 1);
	tree->later[tree->nlater++] = *entry;
}

/* Offers the upper bound of a list's key to those that the horizon is made from. */
static inline void
tree_offer(IvfkmTree *tree, float key)
{
	if (tree->nbounds < tree->wanted)
	{
		tree->bounds[tree->nbounds++] = key;
		bound_heap_up(tree->bounds, tree->nbounds);
		if (tree->nbounds == tree->wanted)
			tree->horizon = tree->bounds[0];
	}
	else if (key < tree->bounds[0])
	{
		tree->bounds[0] = key;
		bound_heap_down(tree->bounds, tree->nbounds, 0);
		tree->horizon = tree->bounds[0];
	}
}

/* True if "record" is that of the list of far rows, in a search that knows of it. */
static inline bool
is_far(const IvfkmTree *tree, const ItemPointerData *record)
{
	return tree->far_id != 0 && ItemPointerEquals((ItemPointer) record, (ItemPointer) &tree->far);
}

/* Notes where the list of a slot may have rows that match: an IvfkmSummaryVisit. */
static void
note_match(uint32 ordinal, const IvfkmSummaryData *summary, void *arg)
{
	IvfkmTree *tree = arg;

	tree->matches[ordinal] = ivfkm_summary_matches(tree->filter, summary);
}

/* Remembers a node above lists, and finds out which of these may have rows that match. */
static void
tree_open_lists(IvfkmTree *tree, const IvfkmChildData *node)
{
	IvfkmSummaries summaries;

	if (tree->nparents == tree->parents_size)
	{
		tree->parents_size = Max(4, tree->parents_size * 2);
		tree->parents =
			tree->parents == NULL
				? palloc(sizeof(IvfkmChildData) * tree->parents_size)
				: repalloc_huge(tree->parents, sizeof(IvfkmChildData) * (Size) tree->parents_size);
	}
	tree->parents[tree->nparents++] = *node;
	if (tree->filter == NULL)
		return;
	page_summary_of(&summaries, tree->nattributes, node);
	tree->nmatches = TYPEALIGN(QUANT_UNIT, summaries.count);
	if (tree->nmatches > tree->matches_size)
	{
		tree->matches_size = tree->nmatches;
		if (tree->matches != NULL)
			pfree(tree->matches);
		tree->matches = palloc(sizeof(uint64) * tree->matches_size);
	}
	memset(tree->matches, 0xff, sizeof(uint64) * tree->nmatches); /* of slots without a summary */
	page_summary_visit(tree->index, &summaries, note_match, tree);
}

/* Leaves out a list, whose key is between two bounds. */
static void
tree_leave_out(IvfkmTree *tree, float key, float upper)
{
	if (tree->nleft_out == tree->left_out_size)
	{
		tree->left_out_size = Max(256, tree->left_out_size * 2);
		tree->left_out =
			tree->left_out == NULL
				? palloc(sizeof(float) * tree->left_out_size)
				: repalloc_huge(tree->left_out, sizeof(float) * (Size) tree->left_out_size);
	}
	if (isfinite(key) && isfinite(upper))
		key += 0.5f * (upper - key);
	tree->left_out[tree->nleft_out++] = key;
	left_heap_up(tree->left_out, tree->nleft_out);
}

/* Remembers that of a list only some groups are wanted; what its entry says then. */
static int32
tree_part(IvfkmTree *tree, uint64 groups)
{
	if (tree->nparts == tree->parts_size)
	{
		tree->parts_size = Max(64, tree->parts_size * 2);
		tree->parts = tree->parts == NULL
						  ? palloc(sizeof(uint64) * tree->parts_size)
						  : repalloc_huge(tree->parts, sizeof(uint64) * (Size) tree->parts_size);
	}
	tree->parts[tree->nparts] = groups;
	return PART(tree->nparts++);
}

/* The number of lists left out up to a key, which are forgotten. */
static uint32
tree_pass_by(IvfkmTree *tree, float key)
{
	uint32 n = 0;

	while (tree->nleft_out > 0 && tree->left_out[0] <= key)
	{
		left_heap_pop(tree->left_out, tree->nleft_out);
		tree->nleft_out--;
		n++;
	}
	return n;
}

/* Adds the children of a node; dist2 is the target's squared distance to its centroid. */
static void
tree_scan_node(IvfkmTree *tree, const IvfkmChildData *node, float dist2)
{
	bool lists = node->level == 1;
	bool offers = lists && tree->bounds != NULL;
	/* the key is the bound */
	bool plain = lists && !tree->by_dot && tree->list_lean == 0.0f;
	bool far = lists && tree->far_id != 0;
	IvfkmReader reader;
	QuantBound bound;

	if (lists && tree->nattributes > 0)
		tree_open_lists(tree, node);
	quant_bound_init(&bound, QUANT_L2, &tree->quant, dist2, dist2, tree->epsilon);
	ivfkm_reader_begin(&reader, tree->index, &tree->geometry, node, &tree->quant);
	while (ivfkm_reader_next(&reader))
	{
		for (int u = 0; u < tree->geometry.units; u++)
		{
			float lb[QUANT_UNIT];
			float ub[QUANT_UNIT];
			IvfkmUnit unit;
			uint32 mask =
				ivfkm_reader_scan(&reader, u, &bound, get_float4_infinity(), lb, ub, &unit);
			uint32 number = (reader.nvisited - 1) * (uint32) tree->geometry.units + (uint32) u;
			const uint64 *matches = NULL;

			if (lists && tree->filter != NULL && (number + 1) * QUANT_UNIT <= tree->nmatches)
				matches = tree->matches + number * QUANT_UNIT;
			tree_reserve(&tree->heap, tree->nheap, &tree->heap_size, QUANT_UNIT);
			tree_reserve(&tree->later, tree->nlater, &tree->later_size, QUANT_UNIT);
			while (mask != 0)
			{
				int lane = pg_rightmost_one_pos32(mask);
				float key = lb[lane];
				float upper = ub[lane];
				IvfkmTreeEntry *entry;
				bool later;

				mask &= mask - 1;
				if (far && is_far(tree, &unit.tid[lane]))
					continue;
				if (!plain)
				{
					float norm2 = vdb_half_to_float(unit.norm2[lane]);
					float radius = vdb_half_to_float(unit.radius[lane]);

					key = tree_child_key(tree, lists, tree_order(tree, key, norm2), radius);
					upper = tree_child_key(tree, lists, tree_order(tree, upper, norm2), radius);
				}
				if (matches != NULL && matches[lane] == 0)
				{
					tree_leave_out(tree, key, upper);
					continue;
				}
				if (offers)
					tree_offer(tree, upper);
				later = key > tree->horizon;
				entry = later ? &tree->later[tree->nlater++] : &tree->heap[tree->nheap++];
				entry->key = key;
				entry->exact = UNRESOLVED;
				if (matches != NULL && matches[lane] != IVFKM_ALL_GROUPS)
					entry->exact = tree_part(tree, matches[lane]);
				entry->pointer = unit.tid[lane];
				entry->level = node->level - 1;
				if (!later)
					tree_heap_up(tree->heap, tree->nheap);
			}
		}
	}
}

/* Asks the CPU for what the entries are read for that will likely be next at the heap's top. */
static void
tree_prefetch(const IvfkmTree *tree)
{
	for (int i = 1; i < Min(tree->nheap, 3); i++)
	{
		const IvfkmTreeEntry *entry = &tree->heap[i];

		if (!IS_RESOLVED(entry))
			page_child_prefetch(tree->index, tree->dims, &entry->pointer);
		else if (entry->level > 0)
			ivfkm_list_prefetch(tree->index, &tree->geometry, &tree->exact[entry->exact].child,
								NULL, NULL, false);
	}
}

/* The squared distance of a point in index space to the centroid that was read last. */
float
ivfkm_tree_distance2(const IvfkmTree *tree, const float *point)
{
	if (tree->wide == NULL)
		return vdb_dist->l2sq_f16(point, tree->centroid, (size_t) tree->dims);
	vdb_dist->half_to_float(tree->centroid, (size_t) tree->dims, tree->wide);
	return quant_distance2(tree->dims, point, tree->wide);
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
	probe = &tree->exact[tree->nexact];
	probe->groups = entry->exact == UNRESOLVED ? IVFKM_ALL_GROUPS : tree->parts[PART(entry->exact)];
	entry->exact = tree->nexact++;
	probe->pointer = entry->pointer;
	page_child_read(tree->index, tree->dims, &entry->pointer, &probe->child, tree->centroid);
	if (probe->child.level != entry->level)
		page_corrupted(tree->index, ItemPointerGetBlockNumberNoCheck(&entry->pointer),
					   "A child's level is %u instead of %u.", probe->child.level, entry->level);
	if (is_far(tree, &entry->pointer))
	{
		if (probe->child.id != tree->far_id)
			page_corrupted(tree->index, ItemPointerGetBlockNumberNoCheck(&entry->pointer),
						   "The list of far rows is %u instead of %u.", probe->child.id,
						   tree->far_id);
		probe->child.radius = Max(probe->child.radius, tree->far_radius);
	}
	dist2 = ivfkm_tree_distance2(tree, tree->target);
	probe->target_dist2 = dist2;
	probe->key = tree_order(tree, dist2, probe->child.norm2);
	probe->key = tree_child_key(tree, entry->level == 0, probe->key, probe->child.radius);
	if (tree->query != tree->target)
		dist2 = ivfkm_tree_distance2(tree, tree->query);
	probe->dist2 = dist2;
	entry->key = probe->key;
}

/* Nodes of a level that may be opened for the lists wanted. */
static uint32
tree_limit(const IvfkmTree *tree, uint16 level)
{
	double share = Max(1.0, (double) tree->wanted / tree->measured);

	if (level >= IVFKM_MAX_HEIGHT)
		return PG_UINT32_MAX;
	return (uint32) Min(ceil(tree->nodes[level - 1] * share), PG_UINT32_MAX);
}

/* Goes on after the lists wanted: as many again, without a horizon. */
static void
tree_widen(IvfkmTree *tree)
{
	tree->wanted = tree->wanted > INT_MAX / 2 ? INT_MAX : tree->wanted * 2;
	tree->bounds = NULL;
	tree->horizon = get_float4_infinity();
	tree_reserve(&tree->heap, tree->nheap, &tree->heap_size, tree->nlater);
	if (tree->nlater > 0)
		memcpy(tree->heap + tree->nheap, tree->later, sizeof(IvfkmTreeEntry) * tree->nlater);
	tree->nheap += tree->nlater;
	tree->nlater = 0;
	tree_heap_build(tree->heap, tree->nheap);
}

/*
 * Starts a search around "target", dims floats in index space; probes also carry the
 * distance of "query" (often the same pointer).  Both must stay valid, and so must "tables", the
 * target's, which may be NULL: then they are made.  kind: what for; lists
 * are ordered by the smallest distance or, in searches of an index on inner products, by the
 * largest product.  epsilon: width of the bounds for centroids.  wanted: lists that the caller is
 * sure to take, at least 1.  filter: lists of which no row can match it are left out; NULL: none.
 * It must stay valid.  Memory comes from the current context; the caller drops it.
 */
void
ivfkm_tree_begin(IvfkmTree *tree, Relation index, const IvfkmMetaPageData *meta,
				 IvfkmDescentKind kind, const float *target, const QuantQuery *tables,
				 const float *query, float epsilon, int wanted, const IvfkmSummaryFilter *filter)
{
	const IvfkmDescent *descent = &meta->descents[kind];
	IvfkmChildData root;

	memset(tree, 0, sizeof(*tree));
	tree->index = index;
	tree->dims = (int) meta->dimensions;
	tree->epsilon = epsilon;
	tree->by_dot = kind == IVFKM_DESCENT_SEARCH && meta->metric == IVFKM_METRIC_IP;
	tree->lean = descent->lean;
	tree->list_lean = descent->list_lean;
	memcpy(tree->nodes, descent->nodes, sizeof(tree->nodes));
	tree->wanted = wanted;
	tree->nattributes = meta->nattributes;
	tree->filter = filter;
	tree->measured = kind == IVFKM_DESCENT_INSERT
						 ? 1
						 : ivfkm_budget_probes(meta, IVFKM_FIRST_K, IVFKM_DEFAULT_TARGET);
	tree->target = target;
	tree->query = query;
	page_node_geometry(&tree->geometry, tree->dims);
	if (tables != NULL)
		tree->quant = *tables;
	else
		quant_query_init(&tree->quant, tree->dims, target,
						 palloc(quant_query_table_bytes(tree->dims)));
	tree->target_norm = sqrtf(tree->quant.norm2);
	tree->query_norm2 =
		query == target ? tree->quant.norm2 : vdb_dist->norm2(query, (size_t) tree->dims);
	tree->centroid = palloc(sizeof(uint16) * tree->dims);
	tree->heap_size = FIRST_ENTRIES;
	tree->heap = palloc(sizeof(IvfkmTreeEntry) * (Size) tree->heap_size);
	tree->later_size = FIRST_ENTRIES;
	tree->later = palloc(sizeof(IvfkmTreeEntry) * (Size) tree->later_size);
	tree->exact_size = FIRST_EXACT;
	tree->exact = palloc(sizeof(IvfkmProbe) * (Size) tree->exact_size);
	tree->horizon = get_float4_infinity();
	if ((uint32) wanted < meta->nlists)
		tree->bounds = palloc(sizeof(float) * wanted);

	if (tree->by_dot && meta->far_id != 0)
	{
		IvfkmTreeEntry *entry = &tree->heap[tree->nheap++];

		if (tree->list_lean == 0.0f) /* the lists of the build had equal rows only */
			tree->list_lean = 1.0f;
		tree->far_id = meta->far_id;
		tree->far_radius = meta->far_radius;
		tree->far = meta->far_record;
		entry->key = -get_float4_infinity();
		entry->exact = UNRESOLVED;
		entry->pointer = tree->far;
		entry->level = 0;
	}
	page_meta_root(meta, &root);
	tree_scan_node(tree, &root, tree->quant.norm2);
}

/*
 * To be called before the first list is asked for, by whoever writes what depends on the search:
 * distances to centroids, and so the order of lists, then have the same bits on every CPU.
 */
void
ivfkm_tree_pin(IvfkmTree *tree)
{
	tree->wide = palloc(sizeof(float) * tree->dims);
}

/*
 * Finds the summary of the list whose record is at "record", which the search has met; false if it
 * has not: it is the list of far rows.
 */
bool
ivfkm_tree_summary(const IvfkmTree *tree, const ItemPointerData *record, IvfkmSummaries *summaries,
				   uint32 *ordinal)
{
	for (int i = 0; i < tree->nparents; i++)
	{
		if (ivfkm_summary_find(&tree->geometry, tree->nattributes, &tree->parents[i], record,
							   summaries, ordinal))
			return true;
	}
	return false;
}

/* The next nearest list; false when there are no more. */
bool
ivfkm_tree_next(IvfkmTree *tree, IvfkmProbe *probe)
{
	while (tree->nheap > 0 || tree->nlater > 0)
	{
		IvfkmTreeEntry *top = &tree->heap[0];

		if (tree->nheap == 0 || (tree->nlater > 0 && tree->returned == tree->wanted))
		{
			tree_widen(tree);
			continue;
		}
		if (!IS_RESOLVED(top))
		{
			tree_prefetch(tree);
			tree_resolve(tree, top);
			tree_heap_down(tree->heap, tree->nheap, 0);
			continue;
		}
		*probe = tree->exact[top->exact];
		if (probe->child.level > 0 && tree->opened[Min(probe->child.level, IVFKM_MAX_HEIGHT) - 1] >=
										  tree_limit(tree, probe->child.level))
		{
			tree_put_aside(tree, top);
			tree_heap_pop(tree->heap, tree->nheap);
			tree->nheap--;
			continue;
		}
		tree_heap_pop(tree->heap, tree->nheap);
		tree->nheap--;
		if (probe->child.level == 0)
		{
			tree->returned++;
			probe->left_out = tree_pass_by(tree, probe->key);
			probe->dot = 0.5f * (tree->query_norm2 + probe->child.norm2 - probe->dist2);
			return true;
		}
		tree->opened[Min(probe->child.level, IVFKM_MAX_HEIGHT) - 1]++;
		tree_scan_node(tree, &probe->child, probe->target_dist2);
	}
	return false;
}
