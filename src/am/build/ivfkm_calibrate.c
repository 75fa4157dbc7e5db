/*-------------------------------------------------------------------------
 *
 * ivfkm_calibrate.c
 *	  Measuring, at build, how many rows a search has to look at.
 *
 * NOTES
 *	  Rows of the sample serve as queries.  Their nearest rows within the sample are
 *	  found exactly, and it is noted behind how many rows each one's list comes, in the order
 *	  of a search.  The budget for k rows is the quantile of those numbers: with that many rows
 *	  the wanted share of neighbours is in the lists that are scanned.  The k-th neighbour in
 *	  the table is about the (k * fraction)-th neighbour in a sample of that fraction.  Queries
 *	  are divided among the processes of the build.
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
#include "am/build/ivfkm_train.h"
#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_gap.h"
#include "am/index/ivfkm_tree.h"

/*
 * Sample rows used as queries: so many that this number of pairs is compared, but within limits.
 * The smaller the sample, the fewer of a query's neighbours are in it, and the more queries are
 * needed to find the quantile.
 */
#define CALIBRATION_PAIRS		(64 * 1024 * 1024)
#define CALIBRATION_QUERIES_MIN 256
#define CALIBRATION_QUERIES_MAX 1024

#define ROW_BLOCK 256 /* rows compared at a time */

#define LEAN_NEIGHBOURS 10 /* of each query that the list lean is measured by */

/* How a list lean by distance is chosen. */
#define SPREAD_QUERIES 256	/* a multiple of KMEANS_TARGETS */
#define SPREAD_SHARE   0.95 /* of the neighbours that are to be found */
#define SPREAD_GAIN	   0.75 /* at most so many of the rows are to be seen, or it is not worth it */

#define BINS_PER_LIST 4 /* in which the rows before the lists of neighbours are counted */

/* The entry of the table whose neighbours tell how many nodes searches open: of 32 rows. */
#define NODES_LEVEL 2

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
	Size nearest = Min((Size) nrows / 4 + 1, (Size) ivfkm_budget_k[IVFKM_CALIBRATION_KS - 1]);

	return kmeans_targets_bytes(dims) +
		   sizeof(float) * KMEANS_TARGETS *
			   ((Size) dims + ROW_BLOCK + nlists + ivfkm_nodes_max(nlists)) +
		   sizeof(Ranked) * KMEANS_TARGETS * nearest +
		   (sizeof(uint64) + 3 * sizeof(uint32)) * nlists;
}

/* Bytes of what is noted of the queries of a sample of at most nrows. */
Size
ivfkm_calibrate_gap_bytes(int nrows)
{
	return sizeof(IvfkmGapQuery) * (Size) Min(Max(nrows, 1), CALIBRATION_QUERIES_MAX);
}

/* Number of bins for each k in which the neighbours of all queries are counted. */
uint32
ivfkm_calibrate_bins(int nlists)
{
	return BINS_PER_LIST * (uint32) nlists;
}

/*
 * Levels of the table that the sample is large enough for, and how many of the nearest rows of
 * the sample stand for the k nearest rows of the table, m[level].  The i-th nearest row of a sample
 * is about the (i / fraction)-th one of the table: on average over m rows, as over k.
 */
static int
calibration_levels(int nrows, double sample_fraction, int *m)
{
	int levels = 0;

	for (; levels < IVFKM_CALIBRATION_KS; levels++)
	{
		m[levels] = (int) Max(1.0, rint((ivfkm_budget_k[levels] + 1.0) * sample_fraction - 1.0));
		if (levels > 0 && m[levels] > nrows / 4)
			break;
	}
	return levels;
}

/* How many rows of a sample of nrows serve as queries; roughly: as few as are of use. */
static int
calibration_queries(int nrows, bool roughly)
{
	int queries = Min(CALIBRATION_QUERIES_MAX, CALIBRATION_PAIRS / Max(nrows, 1));

	if (roughly)
		queries = CALIBRATION_QUERIES_MIN;
	return Min(nrows, Max(queries, CALIBRATION_QUERIES_MIN));
}

/* Queries compared with a sample of nrows: the calibration's, and of the weight of spread. */
int
ivfkm_calibrate_queries(int nrows)
{
	return calibration_queries(nrows, false) + Min(SPREAD_QUERIES, nrows);
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

/*
 * bin_of[list]: the bin of how many rows of the sample come before the list, in the order of a
 * query's lists.  order: the lists in that order, in their lower halves; size_of: rows of each.
 */
static void
rows_before(const uint64 *order, const uint32 *size_of, uint32 nlists, int nrows, uint32 nbins,
			uint32 *bin_of)
{
	uint64 rows = 0;

	for (uint32 rank = 0; rank < nlists; rank++)
	{
		uint32 list = (uint32) order[rank];

		bin_of[list] = (uint32) Min(rows * nbins / (uint64) nrows, nbins - 1);
		rows += size_of[list];
	}
}

/* Rows that the sample stands for: in workers too, which do not know build->table_rows. */
static double
sampled_rows(const IvfkmBuildShared *shared)
{
	return shared->nrows > 0 ? shared->nrows / shared->sample_fraction : 0.0;
}

/* Rows that searches of the index see at least, by the sample. */
static double
least_rows(const IvfkmBuildShared *shared)
{
	return ivfkm_budget_floor(sampled_rows(shared) / shared->nlists);
}

/*
 * Notes the curve of a query: see ivfkm_gap.h.  order: the lists in their order, in the lower
 * halves; keys: as ivfkm_tree.c has them, of each list at [list * KMEANS_TARGETS].  before[point]:
 * lists before the one that the curve has there.
 */
static void
note_curve(const IvfkmBuild *build, const uint64 *order, const uint32 *size_of, const float *keys,
		   double norm, uint32 *before, IvfkmGapQuery *gap)
{
	bool by_dot = build->index.ops->metric == IVFKM_METRIC_IP;
	uint32 nlists = build->shared->nlists;
	double table_rows = sampled_rows(build->shared);
	double least = least_rows(build->shared);
	double scale = table_rows / build->shared->nrows;
	double seen = 0.0; /* by the sample, of the table's */
	uint32 rank = 0;

	for (int point = 0; point < IVFKM_GAP_POINTS; point++)
	{
		double rows = ivfkm_gap_seen(point, table_rows, least);

		for (; rank < nlists && (seen < rows || point == IVFKM_GAP_POINTS - 1); rank++)
			seen += size_of[(uint32) order[rank]] * scale;
		before[point] = rank;
		gap->lists[point] =
			rank < nlists
				? (float) ivfkm_gap_part(by_dot, keys[(uint32) order[rank] * KMEANS_TARGETS], norm)
				: INFINITY;
	}
}

/*
 * Notes how far the k-th nearest row of a query is, for each k of which m[] nearest rows of the
 * sample stand, and how many of these are in the lists before each point of the curve: nearest[]
 * has n of them in their order.  rank_of: of each list in the order of the query's.
 */
static void
note_neighbours(const IvfkmBuild *build, const Ranked *nearest, int n, const int *m, int levels,
				double norm, const uint32 *rank_of, const uint32 *before, IvfkmGapQuery *gap)
{
	bool by_dot = build->index.ops->metric == IVFKM_METRIC_IP;
	uint32 counts[IVFKM_GAP_POINTS] = {0}; /* in the lists between a point and the one before */
	int next = 0;

	for (int level = 0; level < IVFKM_CALIBRATION_KS; level++)
	{
		uint32 sum = 0;

		for (; level < levels && next < Min(m[level], n); next++)
		{
			uint32 rank = rank_of[build->training.lists[nearest[next].number]];
			int point = 0;

			while (before[point] <= rank)
				point++;
			counts[point]++;
		}
		for (int point = 0; point < IVFKM_GAP_POINTS; point++)
		{
			sum += counts[point];
			gap->found[level][point] = (uint16) sum;
		}
		gap->rows[level] = INFINITY;
		if (level < levels && m[level] <= n)
		{
			double key = nearest[m[level] - 1].distance;

			gap->rows[level] = (float) ivfkm_gap_part(by_dot, by_dot ? 0.5 * key : key, norm);
		}
	}
}

/*
 * Copies "count" rows of the sample as targets of searches: numbers first to first + count - 1 of
 * nqueries, whose rows are noted in self[].  Inner products are those of the rows with the mean.
 */
static void
make_targets(const IvfkmBuild *build, int first, int count, int nqueries, float *targets, int *self)
{
	bool by_dot = build->index.ops->metric == IVFKM_METRIC_IP;
	int dims = build->dims;

	for (int q = 0; q < count; q++)
	{
		self[q] = query_row(first + q, nqueries, build->shared->nrows);
		for (int i = 0; i < dims; i++)
			targets[(Size) q * dims + i] = build->training.rows[(Size) self[q] * dims + i] +
										   (by_dot ? build->plan.space->offset[i] : 0.0f);
	}
}

/*
 * True if a row of the sample is no neighbour of the query that is row "self": it is that row, or a
 * copy of it.  Copies are in one list, and where there are many, they are all of a row's
 * neighbours; a query that is no row has none.  *copy_score: score of the last copy found, NAN at
 * first; rows with that score are not compared again.
 */
static bool
is_copy(const IvfkmBuild *build, int row, int self, float score, float *copy_score)
{
	Size dims = build->dims;
	const float *rows = build->training.rows;

	if (row == self || score == *copy_score)
		return true;
	if (memcmp(rows + row * dims, rows + self * dims, sizeof(float) * dims) != 0)
		return false;
	*copy_score = score;
	return true;
}

/* True if one of KMEANS_TARGETS scores is below its limit: without branches, as hardly any is. */
static inline bool
any_below(const float *scores, const float *limits)
{
	int found = 0;

	for (int i = 0; i < KMEANS_TARGETS; i++)
		found |= scores[i] < limits[i];
	return found != 0;
}

/*
 * Finds the "most" nearest rows of the sample for "count" targets, which are its rows self[]:
 * heaps of found[q] rows in nearest[q * most], fewer where too many are copies of the target.
 * scores: scratch for KMEANS_TARGETS * ROW_BLOCK.
 */
static void
find_nearest(const IvfkmBuild *build, const KmeansTargets *queries, int count, const int *self,
			 int most, float *scores, Ranked *nearest, int *found)
{
	int nrows = build->shared->nrows;
	int dims = build->dims;
	float limit[KMEANS_TARGETS];
	float copy_score[KMEANS_TARGETS];

	for (int q = 0; q < count; q++)
	{
		limit[q] = INFINITY;
		copy_score[q] = NAN;
		found[q] = 0;
	}
	for (int from = 0; from < nrows; from += ROW_BLOCK)
	{
		int n = Min(ROW_BLOCK, nrows - from);

		CHECK_FOR_INTERRUPTS();
		kmeans_compare(queries, build->training.rows + (Size) from * dims, n, scores);
		for (int i = 0; i < n; i++)
		{
			if (count == KMEANS_TARGETS && !any_below(scores + (Size) i * KMEANS_TARGETS, limit))
				continue;
			for (int q = 0; q < count; q++)
			{
				float score = scores[i * KMEANS_TARGETS + q];

				if (score < limit[q] && !is_copy(build, from + i, self[q], score, &copy_score[q]))
					limit[q] =
						offer_row(nearest + (Size) q * most, &found[q], most, score, from + i);
			}
		}
	}
}

/* True if rows of the sample are about as long as each other, where the mean is not taken off. */
static bool
rows_are_even(const IvfkmBuild *build)
{
	int dims = build->dims;
	float *target = palloc(sizeof(float) * dims);
	int nqueries = calibration_queries(build->shared->nrows, build->shared->roughly);
	IvfkmLengths lengths = {0};
	int self;

	for (int q = 0; q < nqueries; q++)
	{
		make_targets(build, q, 1, nqueries, target, &self);
		ivfkm_lengths_add(&lengths, length(target, dims));
	}
	pfree(target);
	return ivfkm_lengths_even(&lengths);
}

/* <target, row - c>, the product of a target with a row's residual. */
static double
residual_product(const float *target, const float *row, const float *c, int dims)
{
	double dot = 0.0;

	for (int i = 0; i < dims; i++)
		dot += (double) target[i] * ((double) row[i] - c[i]);
	return dot;
}

/*
 * The list lean (see ivfkm_tree.c) of an index on inner products, from some queries and their
 * nearest rows in the sample: the mean of these rows' shares of the radius.  Where rows are about
 * as long as each other it is a standard deviation more, as a query that is no row has its nearest
 * rows farther from their centroids (bench/budget.md).
 */
static float
measure_list_lean(IvfkmBuild *build)
{
	const IvfkmTraining *training = &build->training;
	int dims = build->dims;
	int count = Min(KMEANS_TARGETS, build->shared->nrows);
	MemoryContext old_context = MemoryContextSwitchTo(build->training_context);
	void *memory = ivfkm_build_alloc(kmeans_targets_bytes(dims));
	float *targets = palloc(sizeof(float) * KMEANS_TARGETS * dims);
	float *scores = palloc(sizeof(float) * KMEANS_TARGETS * ROW_BLOCK);
	Ranked *nearest = palloc(sizeof(Ranked) * KMEANS_TARGETS * LEAN_NEIGHBOURS);
	int self[KMEANS_TARGETS];
	int found[KMEANS_TARGETS];
	double sum = 0.0;
	double squares = 0.0;
	double mean;
	double lean;
	int n = 0;

	make_targets(build, 0, count, count, targets, self);
	find_nearest(build, kmeans_targets_init(memory, dims, count, targets, true), count, self,
				 LEAN_NEIGHBOURS, scores, nearest, found);
	for (int q = 0; q < count; q++)
	{
		const float *target = targets + (Size) q * dims;
		Ranked *heap = nearest + (Size) q * LEAN_NEIGHBOURS;
		double norm = length(target, dims);

		qsort(heap, found[q], sizeof(Ranked), ranked_compare);
		for (int i = 0; i < found[q]; i++)
		{
			uint32 row = heap[i].number;
			uint32 list = training->lists[row];
			double share = residual_product(target, training->rows + (Size) row * dims,
											build->centroids + (Size) list * dims, dims) /
						   (norm * build->list_radii[list]);

			if (!isfinite(share)) /* of a list of equal rows */
				continue;
			sum += share;
			squares += share * share;
			n++;
		}
	}
	pfree(targets);
	pfree(scores);
	pfree(nearest);
	MemoryContextSwitchTo(old_context);
	mean = sum / Max(n, 1);
	lean = mean;
	if (rows_are_even(build))
		lean += sqrt(Max(0.0, squares / Max(n, 1) - mean * mean));
	return (float) Max(0.0, Min(lean, 1.0));
}

/*
 * Makes the keys by which searches take lists of keys[list * KMEANS_TARGETS], as kmeans_compare()
 * gives them, for a query of length "norm".
 */
static void
make_list_keys(const IvfkmBuild *build, float list_lean, float *keys, double norm)
{
	bool by_dot = build->index.ops->metric == IVFKM_METRIC_IP;
	IvfkmTree tree;

	tree.by_dot = by_dot;
	tree.target_norm = (float) norm;
	tree.list_lean = list_lean;
	for (uint32 list = 0; list < build->shared->nlists; list++)
	{
		float *key = &keys[(Size) list * KMEANS_TARGETS];

		*key = ivfkm_tree_list_key(&tree, by_dot ? 0.5f * *key : *key, build->list_radii[list]);
	}
}

/* Ascending order of numbers, for qsort. */
static int
compare_counts(const void *a, const void *b)
{
	uint32 x = *(const uint32 *) a;
	uint32 y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}

/*
 * Looks where the lists of some queries' nearest rows come, if lists are in the order of their
 * distance and "weights" times their squared radius: of the rows of the sample, how many a search
 * sees until it has seen those of SPREAD_SHARE of them.  rows[] receives that for each weight.
 */
static void
try_weights(const IvfkmBuild *build, const float *weights, int nweights, uint32 *rows)
{
	const IvfkmTraining *training = &build->training;
	int dims = build->dims;
	int nrows = build->shared->nrows;
	uint32 nlists = build->shared->nlists;
	int nqueries = Min(SPREAD_QUERIES, nrows);
	void *memory = ivfkm_build_alloc(kmeans_targets_bytes(dims));
	float *targets = palloc(sizeof(float) * KMEANS_TARGETS * dims);
	float *scores = palloc(sizeof(float) * KMEANS_TARGETS * ROW_BLOCK);
	Ranked *nearest = palloc(sizeof(Ranked) * KMEANS_TARGETS * LEAN_NEIGHBOURS);
	Size key_bytes = sizeof(float) * KMEANS_TARGETS * (Size) nlists;
	float *distances = MemoryContextAllocHuge(CurrentMemoryContext, key_bytes);
	float *keys = MemoryContextAllocHuge(CurrentMemoryContext, key_bytes);
	uint64 *order = palloc(sizeof(uint64) * nlists);
	uint32 *rank_of = palloc(sizeof(uint32) * nlists);
	uint32 *size_of = palloc0(sizeof(uint32) * nlists);
	uint32 *seen = palloc(sizeof(uint32) * nlists); /* with the list and those before it */
	uint32 *counts = palloc(sizeof(uint32) * nweights * SPREAD_QUERIES * LEAN_NEIGHBOURS);
	int ncounts = 0;

	for (int row = 0; row < nrows; row++)
		size_of[training->lists[row]]++;
	for (int first = 0; first < nqueries; first += KMEANS_TARGETS)
	{
		int count = Min(KMEANS_TARGETS, nqueries - first);
		int self[KMEANS_TARGETS];
		int found[KMEANS_TARGETS];
		KmeansTargets *queries;

		make_targets(build, first, count, nqueries, targets, self);
		queries = kmeans_targets_init(memory, dims, count, targets, false);
		find_nearest(build, queries, count, self, LEAN_NEIGHBOURS, scores, nearest, found);
		compare_all(queries, build->centroids, dims, nlists, distances);
		for (int q = 0; q < count; q++)
		{
			const Ranked *heap = nearest + (Size) q * LEAN_NEIGHBOURS;

			for (int w = 0; w < nweights; w++)
			{
				uint32 *out = counts + w * SPREAD_QUERIES * LEAN_NEIGHBOURS + ncounts;
				uint32 sum = 0;

				CHECK_FOR_INTERRUPTS();
				memcpy(keys, distances, key_bytes);
				make_list_keys(build, weights[w], keys + q, 0.0);
				ivfkm_rank(keys + q, KMEANS_TARGETS, nlists, order, rank_of);
				for (uint32 rank = 0; rank < nlists; rank++)
				{
					uint32 list = (uint32) order[rank];

					sum += size_of[list];
					seen[list] = sum;
				}
				for (int i = 0; i < found[q]; i++)
					out[i] = seen[training->lists[heap[i].number]];
			}
			ncounts += found[q];
		}
	}
	for (int w = 0; w < nweights; w++)
	{
		uint32 *all = counts + (Size) w * SPREAD_QUERIES * LEAN_NEIGHBOURS;

		qsort(all, ncounts, sizeof(uint32), compare_counts);
		rows[w] = ncounts > 0 ? all[(int) (SPREAD_SHARE * (ncounts - 1))] : 0;
	}
	pfree(targets);
	pfree(scores);
	pfree(nearest);
	pfree(distances);
	pfree(keys);
	pfree(order);
	pfree(rank_of);
	pfree(size_of);
	pfree(seen);
	pfree(counts);
}

/*
 * The list lean of an index whose lists are in the order of distances: 0 unless another makes
 * searches see far fewer rows.  Below nodes it is 0.
 */
static float
choose_list_weight(IvfkmBuild *build)
{
	static const float weights[] = {0.0f, 0.25f, 0.5f, 0.75f, 1.0f};
	uint32 rows[lengthof(weights)];
	MemoryContext old_context;
	int best = 0;

	if (build->shared->nlevels > 0)
		return 0.0f;
	old_context = MemoryContextSwitchTo(build->training_context);
	try_weights(build, weights, lengthof(weights), rows);
	MemoryContextSwitchTo(old_context);
	for (int w = 1; w < (int) lengthof(weights); w++)
	{
		if (rows[w] < rows[best])
			best = w;
	}
	return rows[best] < SPREAD_GAIN * rows[0] ? weights[best] : 0.0f;
}

/* Measures the leans; radii of nodes take in those of lists of inner products. */
static void
measure_leans(IvfkmBuild *build)
{
	IvfkmDescent *search = &build->shared->descents[IVFKM_DESCENT_SEARCH];
	IvfkmDescent *insert = &build->shared->descents[IVFKM_DESCENT_INSERT];
	bool by_dot = build->index.ops->metric == IVFKM_METRIC_IP;

	search->lean = ivfkm_nodes_lean(build, by_dot);
	search->list_lean = by_dot ? measure_list_lean(build) : choose_list_weight(build);
	insert->lean = ivfkm_nodes_lean(build, false);
	insert->list_lean = 0.0f;
	if (!by_dot && search->list_lean == 0.0f)
		ivfkm_train_forget_radii(build);
	if (by_dot && search->list_lean > 0.0f && search->lean > 0.0f)
		ivfkm_nodes_measure(build, search->list_lean / search->lean);
}

/* Job: queries in groups of KMEANS_TARGETS; adds to the counts of the training. */
void
ivfkm_calibrate_job(IvfkmBuild *build)
{
	const IvfkmBuildShared *shared = build->shared;
	int dims = build->dims;
	int nrows = shared->nrows;
	uint32 nlists = shared->nlists;
	bool by_dot = build->index.ops->metric == IVFKM_METRIC_IP;
	float list_lean = shared->descents[IVFKM_DESCENT_SEARCH].list_lean;
	int nqueries = calibration_queries(nrows, shared->roughly);
	MemoryContext old_context = MemoryContextSwitchTo(build->training_context);
	int m[IVFKM_CALIBRATION_KS];
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
	uint32 *size_of = palloc0(sizeof(uint32) * nlists);
	uint32 *bin_of = palloc(sizeof(uint32) * nlists);
	uint32 nbins = ivfkm_calibrate_bins((int) nlists);
	uint64 block;

	ivfkm_centre_space(build);
	for (int level = 0; level < shared->nlevels; level++)
		nnodes += shared->nnodes[level];
	for (int row = 0; row < nrows; row++)
		size_of[build->training.lists[row]]++;
	node_keys = palloc(sizeof(float) * KMEANS_TARGETS * nnodes);
	row_keys = palloc(sizeof(float) * nnodes);
	while (ivfkm_team_next(build, &block))
	{
		int first = (int) block * KMEANS_TARGETS;
		int count = Min(KMEANS_TARGETS, nqueries - first);
		int found[KMEANS_TARGETS];
		int self[KMEANS_TARGETS];
		KmeansTargets *queries;

		make_targets(build, first, count, nqueries, targets, self);
		if (build->leader)
			pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, first);
		queries = kmeans_targets_init(memory, dims, count, targets, by_dot);
		find_nearest(build, queries, count, self, most, scores, nearest, found);

		compare_all(queries, build->centroids, dims, nlists, keys);
		compare_all(queries, build->training.nodes, dims, nnodes, node_keys);
		for (int q = 0; q < count; q++)
		{
			Ranked *heap = nearest + (Size) q * most;
			double norm = length(targets + (Size) q * dims, dims);
			IvfkmGapQuery *gap = &build->training.gaps[first + q];
			uint32 before[IVFKM_GAP_POINTS];
			int n;

			CHECK_FOR_INTERRUPTS();
			if (by_dot || list_lean > 0.0f)
				make_list_keys(build, list_lean, keys + q, norm);
			ivfkm_rank(keys + q, KMEANS_TARGETS, nlists, order, rank_of);
			rows_before(order, size_of, nlists, nrows, nbins, bin_of);
			qsort(heap, found[q], sizeof(Ranked), ranked_compare);
			note_curve(build, order, size_of, keys + q, norm, before, gap);
			note_neighbours(build, heap, found[q], m, levels, norm, rank_of, before, gap);
			for (int level = 0; level < levels; level++)
			{
				pg_atomic_uint32 *bins = build->training.ranks + (Size) level * nbins;

				for (int i = 0; i < Min(found[q], m[level]); i++)
				{
					uint32 list = build->training.lists[heap[i].number];

					pg_atomic_fetch_add_u32(&bins[bin_of[list]], 1);
				}
			}
			if (nnodes == 0)
				continue;
			n = Min(found[q], m[Min(NODES_LEVEL, levels - 1)]);
			for (int i = 0; i < n; i++)
				lists[i] = build->training.lists[heap[i].number];
			ivfkm_nodes_search_ranks(build, node_keys + q, norm, lists, n, order, rank_of);
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
	pfree(size_of);
	pfree(bin_of);
	pfree(scores);
	pfree(targets);
	MemoryContextSwitchTo(old_context);
}

/* For how many of the nearest rows of the table m of the sample stand: see calibration_levels(). */
static double
stand_for(int m, double sample_fraction)
{
	return (m + 1.0) / sample_fraction - 1.0;
}

/*
 * Corrects the rows of each k that is too small for the sample, whose nearest row is a farther one
 * of the table.  Rows follow a power of k, at small k about half of that between the k that was
 * measured in its place and one more than twice as large.
 */
static void
reach_small_k(IvfkmMetaPageData *meta, int levels, const int *m, double sample_fraction)
{
	for (int level = 0; level < levels; level++)
	{
		IvfkmCalibration *entry = &meta->calibration[level];
		double k = stand_for(m[level], sample_fraction);
		int other = level + 1;

		while (other < levels && m[other] <= 2 * m[level])
			other++;
		if (k <= ivfkm_budget_k[level] * 1.5 || other == levels)
			break;
		for (int i = 0; i < IVFKM_CALIBRATION_TARGETS; i++)
		{
			double power = 0.4 * log(meta->calibration[other].rows[i] / entry->rows[i]) /
						   log(stand_for(m[other], sample_fraction) / k);
			double factor = pow(ivfkm_budget_k[level] / k, Max(0.0, Min(power, 1.0)));

			entry->rows[i] *= factor;
			entry->least[i] *= factor;
			entry->means[i] *= factor;
		}
	}
}

/*
 * Fills in the budgets of the metapage, from the sample in index space, the lists that its rows
 * belong to, the centroids as stored, and how searches descend.  None if the sample is too small.
 */
void
ivfkm_calibrate_budgets(IvfkmBuild *build)
{
	IvfkmMetaPageData *meta = &build->plan.meta;
	int nrows = build->shared->nrows;
	uint32 nlists = meta->nlists;
	int nqueries = calibration_queries(nrows, build->shared->roughly);
	int m[IVFKM_CALIBRATION_KS];
	int levels = calibration_levels(nrows, build->shared->sample_fraction, m);
	uint32 nbins = ivfkm_calibrate_bins((int) nlists);
	Size nranks = (Size) levels * nbins;
	bool by_dot = meta->metric == IVFKM_METRIC_IP;
	double shares[IVFKM_CALIBRATION_TARGETS];
	IvfkmListsLoss loss = IVFKM_LOSS_USUAL;

	if (meta->keeps_bits)
		loss = IVFKM_LOSS_ALL;
	else if (meta->metric == IVFKM_METRIC_JACCARD || meta->distance_deviation > 0.0f ||
			 (by_dot && !(build->index.ops->array == NULL && rows_are_even(build))))
		loss = IVFKM_LOSS_SMALL;
	meta->ncalibrations = 0;
	if (nrows < 2)
		return;
	ivfkm_progress_phase(IVFKM_PHASE_CALIBRATE, 0, nqueries);
	for (Size i = 0; i < nranks; i++)
		pg_atomic_init_u32(&build->training.ranks[i], 0);
	for (int i = 0; i < IVFKM_NDESCENTS * ivfkm_nodes_max(build->shared->max_lists); i++)
		pg_atomic_init_u32(&build->training.node_ranks[i], 0);
	ivfkm_team_run(build, IVFKM_JOB_CALIBRATE, (nqueries + KMEANS_TARGETS - 1) / KMEANS_TARGETS);

	for (int level = 0; level < levels; level++)
	{
		float *rows = meta->calibration[level].rows;
		pg_atomic_uint32 *counts = build->training.ranks + (Size) level * nbins;
		double total = 0.0;

		for (uint32 bin = 0; bin < nbins; bin++)
			total += pg_atomic_read_u32(&counts[bin]);
		for (int i = 0; i < IVFKM_CALIBRATION_TARGETS; i++)
		{
			uint32 bins;

			shares[i] = ivfkm_budget_lists_share(ivfkm_budget_targets[i], loss);
			bins = ivfkm_rank_quantile(counts, nbins, total, shares[i]);
			rows[i] = (float) (build->table_rows * bins / nbins);
		}
	}
	ivfkm_gap_fit(build->training.gaps, nqueries, sampled_rows(build->shared),
				  least_rows(build->shared), shares, meta->calibration, levels);
	reach_small_k(meta, levels, m, build->shared->sample_fraction);
	ivfkm_budget_order(meta->calibration, levels);
	meta->ncalibrations = levels;
}

/* Fills in the calibration of the metapage: how searches descend, and their budgets. */
void
ivfkm_calibrate(IvfkmBuild *build)
{
	if (build->shared->nlevels > 0) /* nothing but this measures how to descend */
		build->shared->roughly = false;
	if (build->shared->nrows >= 2)
		measure_leans(build);
	else if (build->plan.meta.metric != IVFKM_METRIC_IP)
		ivfkm_train_forget_radii(build);
	ivfkm_calibrate_budgets(build);
	if (build->shared->nrows >= 2)
		ivfkm_nodes_calibrate(build);
}
