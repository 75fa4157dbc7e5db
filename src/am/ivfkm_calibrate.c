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
 *	  about the (k * fraction)-th neighbour in a sample of that fraction.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm_calibrate.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "distance/dist.h"

#include "am/ivfkm.h"

/*
 * Share of the neighbours that the probed lists are to hold: above the recall wanted of a
 * search, 0.95, because the centroids know the sample and bounds lose some too.
 */
#define CALIBRATION_RECALL 0.98

#define CALIBRATION_QUERIES 256 /* sample rows used as queries */
#define QUERY_BLOCK			16	/* of them at a time */
#define ROW_BLOCK			256 /* rows that stay in the cache meanwhile */

/* k of each entry of the table. */
static const uint32 calibration_k[IVFKM_CALIBRATION_SLOTS] = {1, 3, 10, 32, 100, 316, 1000, 3162};

/* A sample row by its distance to the query, or a list by its centroid's. */
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

/* The m nearest sample rows to query "self", itself not counted, in ascending order. */
static int
nearest_rows(const float *distances, int nrows, int self, int m, Ranked *heap)
{
	int n = 0;

	for (int i = 0; i < nrows; i++)
	{
		Ranked item = {distances[i], (uint32) i};

		if (i == self)
			continue;
		if (n < m)
		{
			heap[n++] = item;
			ranked_heap_up(heap, n);
		}
		else if (item.distance < heap[0].distance)
		{
			heap[0] = item;
			ranked_heap_down(heap, n, 0);
		}
	}
	qsort(heap, n, sizeof(Ranked), ranked_compare);
	return n;
}

/* Distances of one target to rows[n * dims]: squared L2 or negative inner product. */
static void
measure(bool by_dot, const float *target, const float *rows, int n, int dims, float *out)
{
	if (!by_dot)
	{
		vdb_dist->l2sq_batch(target, rows, dims, n, dims, out);
		return;
	}
	vdb_dist->dot_batch(target, rows, dims, n, dims, out);
	for (int i = 0; i < n; i++)
		out[i] = -out[i];
}

/* Smallest number of probes that finds CALIBRATION_RECALL of "total" neighbours. */
static uint32
probes_for_recall(const uint32 *rank_counts, uint32 nlists, double total)
{
	double found = 0.0;

	for (uint32 rank = 0; rank < nlists; rank++)
	{
		found += rank_counts[rank];
		if (found >= CALIBRATION_RECALL * total)
			return rank + 1;
	}
	return nlists;
}

/* Bytes that ivfkm_calibrate() takes at most. */
Size
ivfkm_calibrate_bytes(int dims, int nrows, int nlists)
{
	Size per_list = sizeof(uint32) * (IVFKM_CALIBRATION_SLOTS + 1) + sizeof(Ranked) + sizeof(float);

	return per_list * nlists + sizeof(Ranked) * nrows / 4 +
		   sizeof(float) * QUERY_BLOCK * ((Size) dims + nrows);
}

/*
 * Fills in meta->calibration.  sample: rows in index space with the lists they belong to;
 * centroids: meta->nlists rows; offset: P(mean) * scale; sample_fraction: share of the
 * table's rows in the sample.
 */
void
ivfkm_calibrate(IvfkmMetaPageData *meta, const IvfkmSample *sample, const float *centroids,
				const uint32 *lists, const float *offset, double sample_fraction)
{
	int dims = sample->dims;
	int nrows = sample->nrows;
	uint32 nlists = meta->nlists;
	bool by_dot = meta->metric == IVFKM_METRIC_IP;
	int nqueries = Min(CALIBRATION_QUERIES, nrows);
	int levels = 0;
	int m[IVFKM_CALIBRATION_SLOTS];
	double totals[IVFKM_CALIBRATION_SLOTS] = {0};
	uint32 *rank_counts;
	uint32 *rank_of;
	Ranked *order;
	Ranked *nearest;
	float *targets;
	float *distances;
	float *keys;

	meta->ncalibrations = 0;
	for (; levels < IVFKM_CALIBRATION_SLOTS; levels++)
	{
		m[levels] = (int) Max(1.0, rint(calibration_k[levels] * sample_fraction));
		if (levels > 0 && m[levels] > nrows / 4)
			break;
	}
	if (nrows < 2)
		return;

	rank_counts = palloc0(sizeof(uint32) * nlists * levels);
	rank_of = palloc(sizeof(uint32) * nlists);
	order = palloc(sizeof(Ranked) * nlists);
	keys = palloc(sizeof(float) * nlists);
	nearest = palloc(sizeof(Ranked) * m[levels - 1]);
	targets = palloc(sizeof(float) * QUERY_BLOCK * dims);
	distances =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * QUERY_BLOCK * (Size) nrows);

	for (int first = 0; first < nqueries; first += QUERY_BLOCK)
	{
		int count = Min(QUERY_BLOCK, nqueries - first);

		CHECK_FOR_INTERRUPTS();
		for (int q = 0; q < count; q++)
		{
			/* spread over the sample */
			Size self = (Size) ((double) (first + q) / nqueries * nrows);

			for (int i = 0; i < dims; i++)
				targets[(Size) q * dims + i] =
					sample->rows[self * dims + i] + (by_dot ? offset[i] : 0.0f);
		}
		for (int row = 0; row < nrows; row += ROW_BLOCK)
		{
			for (int q = 0; q < count; q++)
				measure(by_dot, targets + (Size) q * dims, sample->rows + (Size) row * dims,
						Min(ROW_BLOCK, nrows - row), dims, distances + (Size) q * nrows + row);
		}
		for (int q = 0; q < count; q++)
		{
			int self = (int) ((double) (first + q) / nqueries * nrows);
			int found;

			measure(by_dot, targets + (Size) q * dims, centroids, (int) nlists, dims, keys);
			for (uint32 i = 0; i < nlists; i++)
			{
				order[i].distance = keys[i];
				order[i].number = i;
			}
			qsort(order, nlists, sizeof(Ranked), ranked_compare);
			for (uint32 i = 0; i < nlists; i++)
				rank_of[order[i].number] = i;

			found = nearest_rows(distances + (Size) q * nrows, nrows, self, m[levels - 1], nearest);
			for (int level = 0; level < levels; level++)
			{
				for (int i = 0; i < Min(found, m[level]); i++)
				{
					rank_counts[(Size) level * nlists + rank_of[lists[nearest[i].number]]]++;
					totals[level] += 1.0;
				}
			}
		}
	}

	for (int level = 0; level < levels; level++)
	{
		uint32 probes =
			probes_for_recall(rank_counts + (Size) level * nlists, nlists, totals[level]);

		if (level > 0) /* more rows never need fewer lists */
			probes = Max(probes, meta->calibration[level - 1].probes);
		meta->calibration[level].k = calibration_k[level];
		meta->calibration[level].probes = probes;
	}
	meta->ncalibrations = levels;

	pfree(rank_counts);
	pfree(rank_of);
	pfree(order);
	pfree(keys);
	pfree(nearest);
	pfree(targets);
	pfree(distances);
}
