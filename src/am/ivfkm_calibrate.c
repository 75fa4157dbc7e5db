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
 *	  Where there are nodes, the cosines that ivfkm_tree.c needs of queries and the lists of
 *	  their neighbours are counted as well.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm_calibrate.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "commands/progress.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"

#include "am/ivfkm_build.h"

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

#define CALIBRATION_QUERIES 256 /* sample rows used as queries */
#define ROW_BLOCK			256 /* rows compared at a time */

/* k of each entry of the table. */
static const uint32 calibration_k[IVFKM_CALIBRATION_SLOTS] = {1, 3, 10, 32, 100, 316, 1000, 3162};

/* The entry of the table whose neighbours the lean of searches is measured with. */
#define LEAN_LEVEL 3

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
#include "am/ivfkm_heap.h"

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

/* A sort of unsigned numbers. */
#define ST_SORT			 sort_uint64
#define ST_ELEMENT_TYPE	 uint64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE		 static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Smallest number of probes that finds the share "recall" of "total" neighbours. */
static uint32
probes_for_recall(pg_atomic_uint32 *ranks, uint32 nlists, double total, double recall)
{
	double found = 0.0;

	for (uint32 rank = 0; rank < nlists; rank++)
	{
		found += pg_atomic_read_u32(&ranks[rank]);
		if (found >= recall * total)
			return rank + 1;
	}
	return nlists;
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

/* The sample row that serves as query number q: they are spread over the sample. */
static int
query_row(int q, int nqueries, int nrows)
{
	return (int) ((double) q / nqueries * nrows);
}

/* Offers a sample row to the m nearest rows of a query. */
static inline void
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
}

/*
 * rank_of[list]: how many lists come before it in a search from target number "target", by
 * keys[list * KMEANS_TARGETS + target].  order is scratch for nlists numbers.
 */
static void
rank_lists(const float *keys, int target, uint32 nlists, uint64 *order, uint32 *rank_of)
{
	for (uint32 list = 0; list < nlists; list++)
	{
		uint32 bits;

		/* floats in the order of unsigned numbers, with the list behind */
		memcpy(&bits, &keys[(Size) list * KMEANS_TARGETS + target], sizeof(bits));
		bits = bits & 0x80000000 ? ~bits : bits | 0x80000000;
		order[list] = (uint64) bits << 32 | list;
	}
	sort_uint64(order, nlists);
	for (uint32 rank = 0; rank < nlists; rank++)
		rank_of[(uint32) order[rank]] = rank;
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
	bool by_dot = build->ops->metric == IVFKM_METRIC_IP;
	int nqueries = Min(CALIBRATION_QUERIES, nrows);
	MemoryContext old_context = MemoryContextSwitchTo(build->training_context);
	int m[IVFKM_CALIBRATION_SLOTS];
	int levels = calibration_levels(nrows, shared->sample_fraction, m);
	int most = m[levels - 1];
	void *memory = ivfkm_alloc_aligned(kmeans_targets_bytes(dims));
	float *targets = palloc(sizeof(float) * KMEANS_TARGETS * dims);
	float *scores = palloc(sizeof(float) * KMEANS_TARGETS * ROW_BLOCK);
	uint32 nnodes = 0;
	float *keys = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(float) * KMEANS_TARGETS * (Size) nlists);
	float *node_keys;
	Ranked *nearest = palloc(sizeof(Ranked) * KMEANS_TARGETS * most);
	uint64 *order = palloc(sizeof(uint64) * nlists);
	uint32 *rank_of = palloc(sizeof(uint32) * nlists);
	uint64 block;

	ivfkm_make_space(build);
	for (int level = 0; level < shared->nlevels; level++)
		nnodes += shared->nnodes[level];
	node_keys = palloc(sizeof(float) * KMEANS_TARGETS * nnodes);
	while (ivfkm_team_next(build, &block))
	{
		int first = (int) block * KMEANS_TARGETS;
		int count = Min(KMEANS_TARGETS, nqueries - first);
		int found[KMEANS_TARGETS] = {0};
		int self[KMEANS_TARGETS];
		KmeansTargets *queries;

		for (int q = 0; q < count; q++)
		{
			self[q] = query_row(first + q, nqueries, nrows);
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
					if (from + i != self[q])
						offer_row(nearest + (Size) q * most, &found[q], most,
								  scores[i * KMEANS_TARGETS + q], from + i);
				}
			}
		}

		compare_all(queries, build->centroids, dims, nlists, keys);
		compare_all(queries, build->training.nodes, dims, nnodes, node_keys);
		for (int q = 0; q < count; q++)
		{
			Ranked *heap = nearest + (Size) q * most;

			CHECK_FOR_INTERRUPTS();
			rank_lists(keys, q, nlists, order, rank_of);
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
			for (int i = 0; i < Min(found[q], m[Min(LEAN_LEVEL, levels - 1)]); i++)
			{
				uint32 list = build->training.lists[heap[i].number];

				ivfkm_nodes_search_cosine(build, list, keys[(Size) list * KMEANS_TARGETS + q],
										  node_keys + q, length(targets + (Size) q * dims, dims));
			}
			ivfkm_nodes_insert_cosine(build, self[q]);
		}
	}
	pfree(keys);
	pfree(node_keys);
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
	int nqueries = Min(CALIBRATION_QUERIES, nrows);
	int m[IVFKM_CALIBRATION_SLOTS];
	int levels = calibration_levels(nrows, build->shared->sample_fraction, m);
	Size nranks = (Size) levels * nlists;
	double recall = meta->metric == IVFKM_METRIC_IP ? CALIBRATION_RECALL_IP : CALIBRATION_RECALL;

	meta->ncalibrations = 0;
	meta->search_lean = 1.0f;
	meta->insert_lean = 1.0f;
	if (nrows < 2)
		return;
	ivfkm_show_phase(IVFKM_PHASE_CALIBRATE, 0, nqueries);
	for (Size i = 0; i < nranks; i++)
		pg_atomic_init_u32(&build->training.ranks[i], 0);
	for (int i = 0; i < IVFKM_NLEANS * IVFKM_LEAN_BINS; i++)
		pg_atomic_init_u32(&build->training.cosines[i], 0);
	ivfkm_team_run(build, IVFKM_JOB_CALIBRATE, (nqueries + KMEANS_TARGETS - 1) / KMEANS_TARGETS);

	for (int level = 0; level < levels; level++)
	{
		uint32 probes = probes_for_recall(build->training.ranks + (Size) level * nlists, nlists,
										  (double) nqueries * Min(m[level], nrows - 1), recall);

		if (level > 0) /* more rows never need fewer lists */
			probes = Max(probes, meta->calibration[level - 1].probes);
		meta->calibration[level].k = calibration_k[level];
		meta->calibration[level].probes = probes;
	}
	meta->ncalibrations = levels;
	meta->search_lean = ivfkm_nodes_lean(build, IVFKM_LEAN_SEARCH);
	meta->insert_lean = ivfkm_nodes_lean(build, IVFKM_LEAN_INSERT);
}
