/*-------------------------------------------------------------------------
 *
 * ivfkm_nodes.c
 *	  Building the tree above the lists: nodes, the order of lists, lean.
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
 *	  src/am/ivfkm_nodes.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "am/ivfkm_build.h"

#define ROOT_CHILDREN 1024 /* most children of the root of a new index */
#define NODE_CHILDREN 100  /* children that a node has on average */

/* Share of the cosines that are counted which a lean is to cover. */
#define LEAN_SHARE 0.998

/* Numbers of nodes wanted on each level below the root for nlists lists; returns the levels. */
static int
wanted_nodes(int nlists, int *wanted)
{
	int root = ROOT_CHILDREN;
	int children = NODE_CHILDREN;
	int levels = 0;

	if (ivfkm_option_node_children() > 0)
		root = children = Max(2, ivfkm_option_node_children());
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
	params.callback = ivfkm_report_preparing;
	params.callback_arg = build;
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

/* Distance of two centroids as stored.  The sum has one order: the same on every CPU. */
float
ivfkm_centroid_distance(const float *a, const float *b, int dims)
{
	double sum = 0.0;

	for (int i = 0; i < dims; i++)
		sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
	return (float) sqrt(sum);
}

/*
 * Distances of all lists to the nodes above them, and the radii of those; centroids are as
 * stored by now.
 */
void
ivfkm_nodes_measure(IvfkmBuild *build)
{
	IvfkmTraining *training = &build->training;
	const IvfkmBuildShared *shared = build->shared;
	uint32 nlists = shared->nlists;

	for (uint32 list = 0; list < nlists; list++)
	{
		uint32 node = list;
		Size first = 0;

		CHECK_FOR_INTERRUPTS();
		for (int level = 0; level < shared->nlevels; level++)
		{
			IvfkmPlanLevel *above = &build->plan.levels[level + 1];
			float distance;

			node = level == 0 ? training->parent[list]
							  : training->node_parent[first - shared->nnodes[level - 1] + node];
			distance = ivfkm_centroid_distance(build->centroids + (Size) list * build->dims,
											   training->nodes + (first + node) * build->dims,
											   build->dims);
			training->spans[(Size) level * nlists + list] = distance;
			above->radii[node] = Max(above->radii[node], distance);
			first += shared->nnodes[level];
		}
	}
}

/* Counts a cosine for one of the leans. */
static void
count_cosine(IvfkmBuild *build, IvfkmLean which, double cosine)
{
	int bin = (int) (Max(0.0, Min(cosine, 1.0)) * (IVFKM_LEAN_BINS - 1));

	pg_atomic_fetch_add_u32(&build->training.cosines[which * IVFKM_LEAN_BINS + bin], 1);
}

/*
 * Counts the cosines of ivfkm_tree.c for a query and a list that it was looking for, for all nodes
 * above the list.  key: of the list; node_keys[node * KMEANS_TARGETS]: of all nodes; both as
 * kmeans_compare() gives them.  norm: of the query.
 */
void
ivfkm_nodes_search_cosine(IvfkmBuild *build, uint32 list, float key, const float *node_keys,
						  double norm)
{
	const IvfkmTraining *training = &build->training;
	const IvfkmBuildShared *shared = build->shared;
	bool by_dot = build->ops->metric == IVFKM_METRIC_IP;
	uint32 node = list;
	Size first = 0;

	for (int level = 0; level < shared->nlevels; level++)
	{
		double span = training->spans[(Size) level * shared->nlists + list];
		double node_key;

		node = level == 0 ? training->parent[list]
						  : training->node_parent[first - shared->nnodes[level - 1] + node];
		node_key = node_keys[(first + node) * KMEANS_TARGETS];
		first += shared->nnodes[level];
		if (by_dot && norm * span > 0.0)
			count_cosine(build, IVFKM_LEAN_SEARCH, (node_key - key) / (2.0 * norm * span));
		else if (!by_dot && key > 0.0 && span > 0.0)
			count_cosine(build, IVFKM_LEAN_SEARCH,
						 (node_key - span * span - key) / (2.0 * sqrt(key) * span));
	}
}

/* Counts the cosines of a row of the sample with its list, for the nodes above that. */
void
ivfkm_nodes_insert_cosine(IvfkmBuild *build, int row)
{
	const IvfkmTraining *training = &build->training;
	const IvfkmBuildShared *shared = build->shared;
	int dims = build->dims;
	const float *x = training->rows + (Size) row * dims;
	uint32 list = training->lists[row];
	const float *c = build->centroids + (Size) list * dims;
	uint32 node = list;
	Size first = 0;

	for (int level = 0; level < shared->nlevels; level++)
	{
		const float *m;
		double dot = 0.0;
		double e2 = 0.0;
		double s2 = 0.0;

		node = level == 0 ? training->parent[list]
						  : training->node_parent[first - shared->nnodes[level - 1] + node];
		m = training->nodes + (first + node) * dims;
		first += shared->nnodes[level];
		for (int i = 0; i < dims; i++)
		{
			dot += ((double) x[i] - c[i]) * ((double) c[i] - m[i]);
			e2 += ((double) x[i] - c[i]) * ((double) x[i] - c[i]);
			s2 += ((double) c[i] - m[i]) * ((double) c[i] - m[i]);
		}
		if (e2 > 0.0 && s2 > 0.0)
			count_cosine(build, IVFKM_LEAN_INSERT, dot / sqrt(e2 * s2));
	}
}

/* The cosine that covers the wanted share of those that were counted; 1 if there are none. */
float
ivfkm_nodes_lean(const IvfkmBuild *build, IvfkmLean which)
{
	pg_atomic_uint32 *bins = &build->training.cosines[which * IVFKM_LEAN_BINS];
	double total = 0.0;
	double covered = 0.0;

	for (int bin = 0; bin < IVFKM_LEAN_BINS; bin++)
		total += pg_atomic_read_u32(&bins[bin]);
	for (int bin = 0; bin < IVFKM_LEAN_BINS - 1 && total > 0.0; bin++)
	{
		covered += pg_atomic_read_u32(&bins[bin]);
		if (covered >= LEAN_SHARE * total)
			return (float) (bin + 1) / (IVFKM_LEAN_BINS - 1);
	}
	return 1.0f;
}
