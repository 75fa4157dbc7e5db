/*-------------------------------------------------------------------------
 *
 * ivfkm_nodes.c
 *	  Building the tree above the lists: nodes, the order of lists, descents.
 *
 * NOTES
 *	  While a level has more than ROOT_CHILDREN members, its centroids are clustered into
 *	  nodes of about NODE_CHILDREN, whose centroids are the next level.  Members are then
 *	  reordered so that the children of a node are adjacent, from the highest level
 *	  down: that is their order in the file, so that lists that are probed together
 *	  lie together.  The leader does this alone: clustering the centroids of n lists takes
 *	  a thousandth of the work of clustering their sample.
 *
 *	  Nodes of all levels lie in one array, the lowest level first.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_nodes.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "am/build/ivfkm_nodes.h"
#include "am/build/ivfkm_rank.h"
#include "am/index/ivfkm_settings.h"
#include "am/index/ivfkm_tree.h"
#include "port/vdb_half.h"

#define ROOT_CHILDREN 1024 /* most children of the root of a new index */

/* Rows of the sample that the lean is measured with, and the share of them that it covers. */
#define LEAN_ROWS  1024
#define LEAN_SHARE 0.99

/* Share of the lists of neighbours, and of inserted rows, that the opened nodes are to hold. */
#define NODES_SHARE 0.998

/* The most children of the root of a new index. */
int
ivfkm_nodes_root_children(void)
{
	int debug = ivfkm_settings_node_children();

	return debug > 0 ? Max(2, debug) : ROOT_CHILDREN;
}

/* Numbers of nodes wanted on each level below the root for nlists lists; returns the levels. */
static int
wanted_nodes(int nlists, int *wanted)
{
	int root = ivfkm_nodes_root_children();
	int children = IVFKM_NODE_CHILDREN;
	int levels = 0;

	if (ivfkm_settings_node_children() > 0)
		children = root;
	for (int n = nlists; n > root && levels < IVFKM_MAX_HEIGHT - 1; levels++)
		n = wanted[levels] = (n + children - 1) / children;
	return levels;
}

/* Nodes of all levels below the root, at most. */
int
ivfkm_nodes_max(int nlists)
{
	int wanted[IVFKM_MAX_HEIGHT];
	int levels = wanted_nodes(nlists, wanted);
	int sum = 0;

	for (int level = 0; level < levels; level++)
		sum += wanted[level];
	return sum;
}

/* Parameters for clustering "count" centroids into nodes. */
static void
node_params(KmeansParams *params, int dims, uint32 count, int wanted)
{
	kmeans_params_init(params, dims, count, wanted);
	params->seed = IVFKM_CLUSTERING_SEED;
}

/* Bytes of workspace that clustering the centroids of nlists lists takes. */
Size
ivfkm_nodes_workspace_bytes(int dims, int nlists)
{
	int wanted[IVFKM_MAX_HEIGHT];
	int levels = wanted_nodes(nlists, wanted);
	uint32 count = (uint32) nlists;
	Size bytes = 0;

	for (int level = 0; level < levels; level++)
	{
		KmeansParams params;

		node_params(&params, dims, count, wanted[level]);
		bytes = Max(bytes, kmeans_train_bytes(&params));
		count = (uint32) wanted[level];
	}
	return bytes;
}

/* A KmeansCallback. */
static void
check_interrupts(void *arg, double done)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * Clusters "count" centroids (rows of dims floats) into at most "wanted" nodes; parent[i]
 * receives the node of each.  Returns the number of nodes: each has a child.
 */
static uint32
cluster_level(IvfkmBuild *build, const float *centroids, uint32 count, int wanted, float *nodes,
			  uint32 *parent)
{
	KmeansParams params;
	KmeansStats stats;
	uint32 *renumbered;
	uint32 used = 0;

	node_params(&params, build->dims, count, wanted);
	params.callback = check_interrupts;
	params.list = parent;
	kmeans_train(&params, centroids, nodes, build->training.workspace, &stats);

	/* a centroid may have lost its last point in the last assignment */
	renumbered = palloc0(sizeof(uint32) * stats.nlists);
	for (uint32 i = 0; i < count; i++)
		renumbered[parent[i]] = 1;
	for (int node = 0; node < stats.nlists; node++)
	{
		if (renumbered[node] == 0)
			continue;
		memmove(nodes + (Size) used * build->dims, nodes + (Size) node * build->dims,
				sizeof(float) * build->dims);
		renumbered[node] = used++;
	}
	for (uint32 i = 0; i < count; i++)
		parent[i] = renumbered[parent[i]];
	pfree(renumbered);
	return used;
}

/*
 * Sorts "count" rows of floats and their parents by parent, keeping the order among equals, and
 * returns the new place of each: a palloc'd array.
 */
static uint32 *
order_by_parent(float *rows, int dims, uint32 *parent, uint32 count, uint32 nparents)
{
	uint32 *place = palloc(sizeof(uint32) * count);
	uint32 *next = palloc0(sizeof(uint32) * (nparents + 1));
	uint32 *old_parent = palloc(sizeof(uint32) * count);
	bool *moved = palloc0(sizeof(bool) * count);
	float *taken = palloc(sizeof(float) * dims);
	float *swap = palloc(sizeof(float) * dims);

	for (uint32 i = 0; i < count; i++)
		next[parent[i] + 1]++;
	for (uint32 node = 0; node < nparents; node++)
		next[node + 1] += next[node];
	for (uint32 i = 0; i < count; i++)
		place[i] = next[parent[i]]++;

	memcpy(old_parent, parent, sizeof(uint32) * count);
	for (uint32 first = 0; first < count; first++)
	{
		uint32 from = first;

		CHECK_FOR_INTERRUPTS();
		if (moved[first])
			continue;
		memcpy(taken, rows + (Size) first * dims, sizeof(float) * dims);
		do
		{
			float *to = rows + (Size) place[from] * dims;

			memcpy(swap, to, sizeof(float) * dims);
			memcpy(to, taken, sizeof(float) * dims);
			memcpy(taken, swap, sizeof(float) * dims);
			parent[place[from]] = old_parent[from];
			moved[from] = true;
			from = place[from];
		} while (from != first);
	}
	pfree(next);
	pfree(old_parent);
	pfree(moved);
	pfree(taken);
	pfree(swap);
	return place;
}

/*
 * Builds the levels of nodes above training.centroids, and reorders those and the lists of the
 * sample's rows.  Sets shared->nlevels and shared->nnodes.
 */
void
ivfkm_nodes_train(IvfkmBuild *build, uint32 nlists)
{
	IvfkmTraining *training = &build->training;
	IvfkmBuildShared *shared = build->shared;
	int wanted[IVFKM_MAX_HEIGHT];
	int levels = wanted_nodes((int) nlists, wanted);
	uint32 *place = NULL;
	Size first = 0;

	shared->nlevels = levels;
	for (int level = 0; level < levels; level++)
	{
		bool lists = level == 0;
		uint32 count = lists ? nlists : shared->nnodes[level - 1];
		Size start = lists ? 0 : first - count;

		shared->nnodes[level] = cluster_level(
			build, lists ? training->centroids : training->nodes + start * build->dims, count,
			wanted[level], training->nodes + first * build->dims,
			lists ? training->parent : training->node_parent + start);
		first += shared->nnodes[level];
	}

	/* nodes of the highest level are in order; each level below follows the one above */
	for (int level = levels - 1; level >= 0; level--)
	{
		bool lists = level == 0;
		uint32 count = lists ? nlists : shared->nnodes[level - 1];
		uint32 nparents = shared->nnodes[level];
		uint32 *parent;

		first -= nparents;
		parent = lists ? training->parent : training->node_parent + (first - count);
		if (place != NULL)
		{
			for (uint32 i = 0; i < count; i++)
				parent[i] = place[parent[i]];
			pfree(place);
		}
		place = order_by_parent(lists ? training->centroids
									  : training->nodes + (first - count) * build->dims,
								build->dims, parent, count, nparents);
	}
	if (place != NULL)
	{
		for (int row = 0; row < shared->nrows; row++)
			training->lists[row] = place[training->lists[row]];
		pfree(place);
	}
}

/* Squared length of the difference of two vectors. */
static double
distance2(const float *a, const float *b, int dims)
{
	double sum = 0.0;

	for (int i = 0; i < dims; i++)
		sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
	return sum;
}

/* The node of each level above a list: nodes[level], counted from the first of all levels. */
static void
nodes_above(const IvfkmBuild *build, uint32 list, uint32 *nodes)
{
	const IvfkmTraining *training = &build->training;
	const IvfkmBuildShared *shared = build->shared;
	uint32 first = 0;

	for (int level = 0; level < shared->nlevels; level++)
	{
		nodes[level] =
			first + (level == 0 ? training->parent[list] : training->node_parent[nodes[level - 1]]);
		first += shared->nnodes[level];
	}
}

/*
 * The radii of all nodes; centroids are as stored by now.  list_share: this part of the radius of
 * a list is added to its distance.
 */
void
ivfkm_nodes_measure(IvfkmBuild *build, float list_share)
{
	IvfkmTraining *training = &build->training;
	const IvfkmBuildShared *shared = build->shared;
	float *radius = training->radii;
	uint32 total = 0;

	for (int level = 0; level < shared->nlevels; level++)
		total += shared->nnodes[level];
	memset(radius, 0, sizeof(float) * total);
	for (uint32 list = 0; list < shared->nlists; list++)
	{
		uint32 above[IVFKM_MAX_HEIGHT];

		CHECK_FOR_INTERRUPTS();
		nodes_above(build, list, above);
		for (int level = 0; level < shared->nlevels; level++)
		{
			float distance = ivfkm_space_distance(
				build->centroids + (Size) list * build->dims,
				training->nodes + (Size) above[level] * build->dims, build->dims);

			distance += list_share * build->list_radii[list];
			radius[above[level]] = Max(radius[above[level]], distance);
		}
	}
	for (int level = 0; level < shared->nlevels; level++)
	{
		memcpy(build->plan.levels[level + 1].radii, radius, sizeof(float) * shared->nnodes[level]);
		radius += shared->nnodes[level];
	}
}

/* A centroid of a level of the plan, as floats. */
static void
load_centroid(const IvfkmPlanLevel *level, uint32 member, int dims, float *centroid)
{
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(level->centroids[(Size) member * dims + i]);
}

/*
 * Widens the radii of all nodes of the plan of an index on inner products to those of its lists,
 * which are known when all rows have been assigned; see ivfkm_tree.c.
 */
void
ivfkm_nodes_widen(IvfkmPlan *plan)
{
	const IvfkmDescent *search = &plan->meta.descents[IVFKM_DESCENT_SEARCH];
	const IvfkmPlanLevel *lists = &plan->levels[0];
	float share = search->lean > 0.0f ? search->list_lean / search->lean : 0.0f;
	int dims = (int) plan->meta.dimensions;
	float *c = palloc(sizeof(float) * dims);
	float *m = palloc(sizeof(float) * dims);
	uint32 *node_of = palloc(sizeof(uint32) * lists->count);

	for (uint32 list = 0; list < lists->count; list++)
		node_of[list] = list;
	for (uint32 number = 1; number < plan->meta.height; number++)
	{
		IvfkmPlanLevel *level = &plan->levels[number];
		uint32 *parent = palloc(sizeof(uint32) * plan->levels[number - 1].count);
		uint32 member = 0;
		uint32 loaded = PG_UINT32_MAX;

		for (uint32 node = 0; node < level->count; node++)
		{
			for (uint32 i = 0; i < level->counts[node]; i++)
				parent[member++] = node;
		}
		for (uint32 list = 0; list < lists->count; list++)
		{
			uint32 node = node_of[list] = parent[node_of[list]];

			CHECK_FOR_INTERRUPTS();
			if (node != loaded)
				load_centroid(level, node, dims, m);
			loaded = node;
			load_centroid(lists, list, dims, c);
			level->radii[node] = Max(level->radii[node],
									 ivfkm_space_distance(c, m, dims) + share * lists->radii[list]);
		}
		pfree(parent);
	}
	pfree(node_of);
	pfree(c);
	pfree(m);
}

/* Ascending numbers. */
static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/*
 * The lean (see ivfkm_tree.c) that covers the wanted share of rows of the sample and their lists,
 * as queries of inner products (with the mean) or by distance.  1 if there are no nodes.
 */
float
ivfkm_nodes_lean(const IvfkmBuild *build, bool by_dot)
{
	const IvfkmTraining *training = &build->training;
	int nrows = build->shared->nrows;
	int nqueries = Min(LEAN_ROWS, nrows);
	int levels = build->shared->nlevels;
	int dims = build->dims;
	double *cosines = palloc(sizeof(double) * (Size) nqueries * Max(levels, 1));
	float *zero = palloc0(sizeof(float) * dims);
	float *x = palloc(sizeof(float) * dims);
	float lean = 1.0f;
	int n = 0;

	for (int q = 0; q < nqueries && levels > 0; q++)
	{
		int row = (int) ((double) q / nqueries * nrows);
		uint32 list = training->lists[row];
		const float *c = build->centroids + (Size) list * dims;
		uint32 above[IVFKM_MAX_HEIGHT];
		double length;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < dims; i++)
			x[i] = training->rows[(Size) row * dims + i] +
				   (by_dot ? build->plan.space->offset[i] : -c[i]);
		length = sqrt(distance2(x, zero, dims));
		nodes_above(build, list, above);
		for (int level = 0; level < levels; level++)
		{
			const float *m = training->nodes + (Size) above[level] * dims;
			double span = sqrt(distance2(c, m, dims));
			double dot = 0.0;

			for (int i = 0; i < dims; i++)
				dot += (double) x[i] * ((double) c[i] - m[i]);
			if (length * span > 0.0)
				cosines[n++] = dot / (length * span);
		}
	}
	if (n > 0)
	{
		qsort(cosines, n, sizeof(double), compare_doubles);
		lean = (float) Max(0.0, Min(cosines[(int) (LEAN_SHARE * (n - 1))], 1.0));
	}
	pfree(cosines);
	pfree(zero);
	pfree(x);
	return lean;
}

/* Counts the ranks of the nodes above a list. */
static void
count_ranks(IvfkmBuild *build, IvfkmDescentKind kind, uint32 list, const uint32 *rank_of)
{
	uint32 above[IVFKM_MAX_HEIGHT];

	nodes_above(build, list, above);
	for (int level = 0; level < build->shared->nlevels; level++)
		pg_atomic_fetch_add_u32(&ivfkm_nodes_ranks(build, kind, level)[rank_of[above[level]]], 1);
}

/*
 * Notes where in the order of nodes a search for the query's neighbours, rows[n] of the sample,
 * finds their nodes.  keys[node * KMEANS_TARGETS]: of all nodes, as kmeans_compare() gives them,
 * and changed here; norm: of the query.  order and rank_of are scratch for all nodes.
 */
void
ivfkm_nodes_search_ranks(IvfkmBuild *build, float *keys, double norm, const uint32 *lists, int n,
						 uint64 *order, uint32 *rank_of)
{
	const IvfkmBuildShared *shared = build->shared;
	IvfkmTree tree;
	uint32 first = 0;

	tree.by_dot = build->index.ops->metric == IVFKM_METRIC_IP;
	tree.target_norm = (float) norm;
	tree.lean = shared->descents[IVFKM_DESCENT_SEARCH].lean;
	for (int level = 0; level < shared->nlevels; level++)
	{
		for (uint32 node = first; node < first + shared->nnodes[level]; node++)
		{
			float *key = &keys[(Size) node * KMEANS_TARGETS];

			*key = ivfkm_tree_key(&tree, tree.by_dot ? 0.5f * *key : *key,
								  build->training.radii[node]);
		}
		ivfkm_rank(keys + (Size) first * KMEANS_TARGETS, KMEANS_TARGETS, shared->nnodes[level],
				   order, rank_of + first);
		first += shared->nnodes[level];
	}
	for (int i = 0; i < n; i++)
		count_ranks(build, IVFKM_DESCENT_SEARCH, lists[i], rank_of);
}

/*
 * Notes where an insert of a row of the sample finds the nodes above the row's list.  keys is
 * scratch for all nodes, and so are order and rank_of.
 */
void
ivfkm_nodes_insert_ranks(IvfkmBuild *build, int row, float *keys, uint64 *order, uint32 *rank_of)
{
	const IvfkmBuildShared *shared = build->shared;
	int dims = build->dims;
	IvfkmTree tree;
	uint32 first = 0;

	tree.by_dot = false;
	tree.lean = shared->descents[IVFKM_DESCENT_INSERT].lean;
	for (int level = 0; level < shared->nlevels; level++)
	{
		for (uint32 node = first; node < first + shared->nnodes[level]; node++)
			keys[node] =
				ivfkm_tree_key(&tree,
							   (float) distance2(build->training.rows + (Size) row * dims,
												 build->training.nodes + (Size) node * dims, dims),
							   build->training.radii[node]);
		ivfkm_rank(keys + first, 1, shared->nnodes[level], order, rank_of + first);
		first += shared->nnodes[level];
	}
	count_ranks(build, IVFKM_DESCENT_INSERT, build->training.lists[row], rank_of);
}

/*
 * Fills in how many nodes of each level descents open: as many as hold the wanted share of
 * the lists whose ranks were counted.
 */
void
ivfkm_nodes_calibrate(IvfkmBuild *build)
{
	IvfkmMetaPageData *meta = &build->plan.meta;

	for (int kind = 0; kind < IVFKM_NDESCENTS; kind++)
	{
		meta->descents[kind] = build->shared->descents[kind];
		for (int level = 0; level < build->shared->nlevels; level++)
		{
			pg_atomic_uint32 *ranks = ivfkm_nodes_ranks(build, kind, level);
			uint32 nnodes = build->shared->nnodes[level];
			double total = 0.0;

			for (uint32 rank = 0; rank < nnodes; rank++)
				total += pg_atomic_read_u32(&ranks[rank]);
			meta->descents[kind].nodes[level] =
				ivfkm_rank_quantile(ranks, nnodes, total, NODES_SHARE);
		}
	}
}
