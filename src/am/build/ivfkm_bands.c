/*-------------------------------------------------------------------------
 *
 * ivfkm_bands.c
 *	  Bands of rows of like length, for inner products.
 *
 * NOTES
 *	  The largest products are those with the longest rows.  k-means by L2 gives each of a few
 *	  long rows a centroid of its own, and those that are not in the sample go to whatever list is
 *	  nearest: then any list may hold what a query wants.  So rows that are much longer than the
 *	  median, in index space, have lists of their own, as many as their share of the sample.  Most
 *	  tables have one band.
 *
 *	  Band i + 1 begins at BAND_FACTOR times the length at which band i does, band 1 at so many
 *	  medians.  A band without rows of the sample belongs to the next longer one that has some, or
 *	  to the longest.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_bands.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "am/build/ivfkm_bands.h"
#include "distance/dist.h"

#define BAND_FACTOR 4.0f

/* An index that is to have fewer lists has one band. */
#define FEWEST_LISTS (2 * IVFKM_MAX_BANDS)

/* Ascending numbers. */
static int
compare_norms(const void *a, const void *b)
{
	float x = *(const float *) a;
	float y = *(const float *) b;

	return x < y ? -1 : x > y;
}

/* Row "row" of the sample. */
static float *
sample_row(const IvfkmBuild *build, int row)
{
	return build->training.rows + (Size) row * build->dims;
}

/* The band of a row of squared length "norm2". */
static int
band_of(const IvfkmBands *bands, float norm2)
{
	int band = 0;

	while (band < bands->count - 1 && norm2 > bands->limits[band])
		band++;
	return band;
}

/* Sorts the sample, and its squared lengths, by band. */
static void
sort_sample(IvfkmBuild *build, float *norms)
{
	const IvfkmBands *bands = &build->shared->bands;
	Size bytes = sizeof(float) * build->dims;
	float *other = palloc(bytes);
	int next[IVFKM_MAX_BANDS];
	int end[IVFKM_MAX_BANDS];
	int total = 0;

	for (int band = 0; band < bands->count; band++)
	{
		next[band] = total;
		end[band] = total += bands->rows[band];
	}
	for (int band = 0; band < bands->count; band++)
	{
		while (next[band] < end[band])
		{
			int row = next[band];
			int to = band_of(bands, norms[row]);
			float norm = norms[row];

			CHECK_FOR_INTERRUPTS();
			if (to != band)
			{
				memcpy(other, sample_row(build, next[to]), bytes);
				memcpy(sample_row(build, next[to]), sample_row(build, row), bytes);
				memcpy(sample_row(build, row), other, bytes);
				norms[row] = norms[next[to]];
				norms[next[to]] = norm;
			}
			next[to]++;
		}
	}
	pfree(other);
}

/*
 * Finds the bands of the sample, which is in index space, sorts it by band, and divides the lists
 * among them.  Lists of the user's centroids are one band.
 */
void
ivfkm_bands_make(IvfkmBuild *build)
{
	IvfkmBands *bands = &build->shared->bands;
	int nrows = build->shared->nrows;
	int nlists = build->shared->max_lists;
	int counts[IVFKM_MAX_BANDS] = {0};
	float edges[IVFKM_MAX_BANDS];
	float *norms;
	float *sorted;
	float edge;
	int lists = 0;

	memset(bands, 0, sizeof(*bands));
	bands->count = 1;
	bands->rows[0] = nrows;
	bands->wanted[0] = nlists;
	if (build->index.ops->metric != IVFKM_METRIC_IP || nlists < FEWEST_LISTS || nrows < nlists ||
		build->nsupplied > 0)
		return;

	norms = MemoryContextAllocHuge(build->training_context, sizeof(float) * nrows);
	sorted = MemoryContextAllocHuge(build->training_context, sizeof(float) * nrows);
	for (int row = 0; row < nrows; row++)
		norms[row] = vdb_dist->norm2(sample_row(build, row), (size_t) build->dims);
	memcpy(sorted, norms, sizeof(float) * nrows);
	qsort(sorted, nrows, sizeof(float), compare_norms);
	edge = sorted[nrows / 2];
	for (int i = 0; i < IVFKM_MAX_BANDS; i++)
		edges[i] = edge *= BAND_FACTOR * BAND_FACTOR;
	for (int row = 0; row < nrows; row++)
	{
		int i = 0;

		while (i < IVFKM_MAX_BANDS - 1 && norms[row] > edges[i])
			i++;
		counts[i]++;
	}

	bands->count = 0;
	for (int i = 0, last = 0; i < IVFKM_MAX_BANDS; i++)
	{
		if (counts[i] == 0)
			continue;
		if (bands->count > 0)
		{
			bands->limits[bands->count - 1] = edges[last];
			bands->wanted[bands->count] = (int) Max(1.0, rint((double) nlists * counts[i] / nrows));
			lists += bands->wanted[bands->count];
		}
		bands->rows[bands->count++] = counts[i];
		last = i;
	}
	bands->wanted[0] = nlists - lists;
	if (bands->count > 1)
		sort_sample(build, norms);
	pfree(norms);
	pfree(sorted);
}

/*
 * Notes the lists of each band, whatever order they are in now, by the rows of the sample: those of
 * band i are build->band_lists[bands->first[i]], ....
 */
void
ivfkm_bands_list(IvfkmBuild *build)
{
	IvfkmBands *bands = &build->shared->bands;
	uint32 nlists = build->shared->nlists;
	uint8 *band_of_list = palloc0(nlists);
	uint32 n = 0;
	int row = bands->rows[0];

	for (int band = 1; band < bands->count; band++)
	{
		for (int i = 0; i < bands->rows[band]; i++)
			band_of_list[build->training.lists[row++]] = (uint8) band;
	}
	for (int band = 0; band < bands->count; band++)
	{
		bands->first[band] = n;
		for (uint32 list = 0; list < nlists; list++)
		{
			if (band_of_list[list] == band)
				build->band_lists[n++] = list;
		}
	}
	bands->first[bands->count] = n;
	pfree(band_of_list);
}

/*
 * The lists of the first n rows of the batch.  On entry lists[i] is the nearest one of the first
 * band, in the order of its lists.
 */
void
ivfkm_bands_assign(const IvfkmBuild *build, int n, uint32 *lists)
{
	const IvfkmBands *bands = &build->shared->bands;
	int dims = build->dims;

	for (int i = 0; i < n; i++)
	{
		const float *x = build->batch + (Size) i * dims;
		int band = band_of(bands, vdb_dist->norm2(x, (size_t) dims));
		float least = INFINITY;

		lists[i] = build->band_lists[lists[i]];
		if (band == 0)
			continue;
		for (uint32 j = bands->first[band]; j < bands->first[band + 1]; j++)
		{
			uint32 list = build->band_lists[j];
			float dist2 = vdb_dist->l2sq(x, build->centroids + (Size) list * dims, (size_t) dims);

			if (j == bands->first[band] || dist2 < least)
			{
				least = dist2;
				lists[i] = list;
			}
		}
	}
}
