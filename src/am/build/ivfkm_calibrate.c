/*-------------------------------------------------------------------------
 *
 * ivfkm_calibrate.c
 *	  Measuring, at build, how many lists a search has to probe.
 *
 * NOTES
 *	  Rows of the sample serve as queries.  Their nearest rows within the sample are
 *	  found exactly, and the rank of each one's list among all centroids is noted.  The
 *	  number of probes for k rows is the quantile of those ranks: with that many probes the
 *	  wanted share of neighbours is in the probed lists.  The k-th neighbour in the table is
 *	  about the (k * fraction)-th neighbour in a sample of that fraction.  Queries are
 *	  divided among the processes of the build.
 *
 *	  Where there are nodes above the lists, it is likewise noted where in the order of nodes those
 *	  of the neighbours' lists come.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_calibrate.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "commands/progress.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"

#include "am/build/ivfkm_calibrate.h"
#include "am/build/ivfkm_centre.h"
#include "am/build/ivfkm_nodes.h"
#include "am/build/ivfkm_progress.h"
#include "am/build/ivfkm_rank.h"
#include "am/build/ivfkm_team.h"

/*
 * Share of the neighbours that the probed lists are to hold: above the recall wanted of a
 * search, 0.95, because the centroids know the sample and bounds lose some too.
 */
#define CALIBRATION_RECALL 0.98

/*
 * The same for inner products, whose queries are seldom like the rows: a row as a query lies
 * nearer to its neighbours' lists than a query that is no row does.
 */
#define CALIBRATION_RECALL_IP 0.995

/*
 * Sample rows used as queries: so many that this number of pairs is compared, but within limits.
 * The smaller the sample, the fewer of a query's neighbours are in it, and the more queries are
 * needed to find the quantile.
 */
#define CALIBRATION_PAIRS		(64 * 1024 * 1024)
#define CALIBRATION_QUERIES_MIN 256
#define CALIBRATION_QUERIES_MAX 1024

#define ROW_BLOCK 256 /* rows compared at a time */

/* k of each entry of the table. */
static const uint32 calibration_k[IVFKM_CALIBRATION_SLOTS] = {1, 3, 10, 32, 100, 316, 1000, 3162};

/* The entry of the table whose neighbours tell how many nodes searches open. */
#define NODES_LEVEL 3

/* A sample row by its distance to the query. */
typedef struct Ranked
{
	float distance;
	uint32 number;
} Ranked;

/* max-heap: keeps the nearest */
#define HEAP_PREFIX		ranked_heap
#define HEAP_TYPE		Ranked
#define HEAP_LESS(a, b) ((a)->distance > (b)->distance)
#include "am/index/ivfkm_heap.h"

/* Ascending distance; ties by number. */
static int
ranked_compare(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return x->number < y->number ? -1 : (x->number > y->number);
}

/* Bytes that ivfkm_calibrate_job() takes at most. */
Size
ivfkm_calibrate_bytes(int dims, int nrows, int nlists)
{
	Size nearest = Min((Size) nrows / 4 + 1, calibration_k[IVFKM_CALIBRATION_SLOTS - 1]);

	return kmeans_targets_bytes(dims) +
		   sizeof(float) * KMEANS_TARGETS *
			   ((Size) dims + ROW_BLOCK + nlists + ivfkm_nodes_max(nlists)) +
		   sizeof(Ranked) * KMEANS_TARGETS * nearest + (sizeof(uint64) + sizeof(uint32)) * nlists;
}

/*
 * Levels of the table that the sample is large enough for, and how many of the nearest rows of
 * the sample stand for the k nearest rows of the table, m[level].
 */
static int
calibration_levels(int nrows, double sample_fraction, int *m)
{
	int levels = 0;

	for (; levels < IVFKM_CALIBRATION_SLOTS; levels++)
	{
		m[levels] = (int) Max(1.0, rint(calibration_k[levels] * sample_fraction));
		if (levels > 0 && m[levels] > nrows / 4)
			break;
	}
	return levels;
}

/* How many rows of a sample of nrows serve as queries. */
static int
calibration_queries(int nrows)
{
	int queries = Min(CALIBRATION_QUERIES_MAX, CALIBRATION_PAIRS / Max(nrows, 1));

	return Min(nrows, Max(queries, CALIBRATION_QUERIES_MIN));
}

/* The sample row that serves as query number q: they are spread over the sample. */
static int
query_row(int q, int nqueries, int nrows)
{
	return (int) ((double) q / nqueries * nrows);
}

/*
 * Offers a sample row to the m nearest rows of a query.  Returns the distance below which
 * another row would be one of them.
 */
static float
offer_row(Ranked *heap, int *n, int m, float distance, uint32 row)
{
	Ranked item = {distance, row};

	if (*n < m)
	{
		heap[(*n)++] = item;
		ranked_heap_up(heap, *n);
	}
	else if (distance < heap[0].distance)
	{
		heap[0] = item;
		ranked_heap_down(heap, *n, 0);
	}
	return *n < m ? INFINITY : heap[0].distance;
}

/* Compares the targets with many points: keys[i * KMEANS_TARGETS + target] of each point i. */
static void
compare_all(const KmeansTargets *targets, const float *points, int dims, uint32 count, float *keys)
{
	for (uint32 from = 0; from < count; from += ROW_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		kmeans_compare(targets, points + (Size) from * dims, Min(ROW_BLOCK, count - from),
					   keys + (Size) from * KMEANS_TARGETS);
	}
}

/* Length of a vector. */
static double
length(const float *x, int dims)
{
	double sum = 0.0;

	for (int i = 0; i < dims; i++)
		sum += (double) x[i] * x[i];
	return sqrt(sum);
}

/* Job: queries in groups of KMEANS_TARGETS; adds to the counts of the training. */
void
ivfkm_calibrate_job(IvfkmBuild *build)
{
	const IvfkmBuildShared *shared = build->shared;
	const float *rows = build->training.rows;
	int dims = build->dims;
	int nrows = shared->nrows;
	uint32 nlists = shared->nlists;
	bool by_dot = build->index.ops->metric == IVFKM_METRIC_IP;
	int nqueries = calibration_queries(nrows);
	MemoryContext old_context = MemoryContextSwitchTo(build->training_context);
	int m[IVFKM_CALIBRATION_SLOTS];
	int levels = calibration_levels(nrows, shared->sample_fraction, m);
	int most = m[levels - 1];
	void *memory = ivfkm_build_alloc(kmeans_targets_bytes(dims));
	float *targets = palloc(sizeof(float) * KMEANS_TARGETS * dims);
	float *scores = palloc(sizeof(float) * KMEANS_TARGETS * ROW_BLOCK);
	uint32 nnodes = 0;
	float *keys = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(float) * KMEANS_TARGETS * (Size) nlists);
	float *node_keys;
	float *row_keys;
	uint32 *lists = palloc(sizeof(uint32) * most);
	Ranked *nearest = palloc(sizeof(Ranked) * KMEANS_TARGETS * most);
	uint64 *order = palloc(sizeof(uint64) * nlists);
	uint32 *rank_of = palloc(sizeof(uint32) * nlists);
	uint64 block;

	ivfkm_centre_space(build);
	for (int level = 0; level < shared->nlevels; level++)
		nnodes += shared->nnodes[level];
	node_keys = palloc(sizeof(float) * KMEANS_TARGETS * nnodes);
	row_keys = palloc(sizeof(float) * nnodes);
	while (ivfkm_team_next(build, &block))
	{
		int first = (int) block * KMEANS_TARGETS;
		int count = Min(KMEANS_TARGETS, nqueries - first);
		int found[KMEANS_TARGETS] = {0};
		float limit[KMEANS_TARGETS];
		int self[KMEANS_TARGETS];
		KmeansTargets *queries;

		for (int q = 0; q < count; q++)
		{
			self[q] = query_row(first + q, nqueries, nrows);
			limit[q] = INFINITY;
			for (int i = 0; i < dims; i++)
				targets[(Size) q * dims + i] = rows[(Size) self[q] * dims + i] +
											   (by_dot ? build->plan.space->offset[i] : 0.0f);
		}
		if (build->leader)
			pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, first);
		queries = kmeans_targets_init(memory, dims, count, targets, by_dot);

		for (int from = 0; from < nrows; from += ROW_BLOCK)
		{
			int n = Min(ROW_BLOCK, nrows - from);

			CHECK_FOR_INTERRUPTS();
			kmeans_compare(queries, rows + (Size) from * dims, n, scores);
			for (int i = 0; i < n; i++)
			{
				for (int q = 0; q < count; q++)
				{
					float score = scores[i * KMEANS_TARGETS + q];

					if (score < limit[q] && from + i != self[q])
						limit[q] =
							offer_row(nearest + (Size) q * most, &found[q], most, score, from + i);
				}
			}
		}

		compare_all(queries, build->centroids, dims, nlists, keys);
		compare_all(queries, build->training.nodes, dims, nnodes, node_keys);
		for (int q = 0; q < count; q++)
		{
			Ranked *heap = nearest + (Size) q * most;
			int n;

			CHECK_FOR_INTERRUPTS();
			ivfkm_rank(keys + q, KMEANS_TARGETS, nlists, order, rank_of);
			qsort(heap, found[q], sizeof(Ranked), ranked_compare);
			for (int level = 0; level < levels; level++)
			{
				pg_atomic_uint32 *ranks = build->training.ranks + (Size) level * nlists;

				for (int i = 0; i < Min(found[q], m[level]); i++)
					pg_atomic_fetch_add_u32(&ranks[rank_of[build->training.lists[heap[i].number]]],
											1);
			}
			if (nnodes == 0)
				continue;
			n = Min(found[q], m[Min(NODES_LEVEL, levels - 1)]);
			for (int i = 0; i < n; i++)
				lists[i] = build->training.lists[heap[i].number];
			ivfkm_nodes_search_ranks(build, node_keys + q, length(targets + (Size) q * dims, dims),
									 lists, n, order, rank_of);
			ivfkm_nodes_insert_ranks(build, self[q], row_keys, order, rank_of);
		}
	}
	pfree(keys);
	pfree(node_keys);
	pfree(row_keys);
	pfree(lists);
	pfree(nearest);
	pfree(order);
	pfree(rank_of);
	pfree(scores);
	pfree(targets);
	MemoryContextSwitchTo(old_context);
}

/*
 * Fills in the calibration of the metapage, from the sample in index space, the lists that
 * its rows belong to, and the centroids as stored.
 */
void
ivfkm_calibrate(IvfkmBuild *build)
{
	IvfkmMetaPageData *meta = &build->plan.meta;
	int nrows = build->shared->nrows;
	uint32 nlists = meta->nlists;
	int nqueries = calibration_queries(nrows);
	int m[IVFKM_CALIBRATION_SLOTS];
	int levels = calibration_levels(nrows, build->shared->sample_fraction, m);
	Size nranks = (Size) levels * nlists;
	double recall = meta->metric == IVFKM_METRIC_IP ? CALIBRATION_RECALL_IP : CALIBRATION_RECALL;

	meta->ncalibrations = 0;
	if (nrows < 2)
		return;
	ivfkm_progress_phase(IVFKM_PHASE_CALIBRATE, 0, nqueries);
	for (Size i = 0; i < nranks; i++)
		pg_atomic_init_u32(&build->training.ranks[i], 0);
	for (int i = 0; i < IVFKM_NDESCENTS * ivfkm_nodes_max(build->shared->max_lists); i++)
		pg_atomic_init_u32(&build->training.node_ranks[i], 0);
	build->shared->descents[IVFKM_DESCENT_SEARCH].lean =
		ivfkm_nodes_lean(build, meta->metric == IVFKM_METRIC_IP);
	build->shared->descents[IVFKM_DESCENT_INSERT].lean = ivfkm_nodes_lean(build, false);
	ivfkm_team_run(build, IVFKM_JOB_CALIBRATE, (nqueries + KMEANS_TARGETS - 1) / KMEANS_TARGETS);

	for (int level = 0; level < levels; level++)
	{
		uint32 probes = ivfkm_rank_quantile(build->training.ranks + (Size) level * nlists, nlists,
											(double) nqueries * Min(m[level], nrows - 1), recall);

		if (level > 0) /* more rows never need fewer lists */
			probes = Max(probes, meta->calibration[level - 1].probes);
		meta->calibration[level].k = calibration_k[level];
		meta->calibration[level].probes = probes;
	}
	meta->ncalibrations = levels;
	ivfkm_nodes_calibrate(build);
}
