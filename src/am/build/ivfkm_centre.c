/*-------------------------------------------------------------------------
 *
 * ivfkm_centre.c
 *	  The index space of a new index: mean and scale of the sample.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_centre.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "am/build/ivfkm_centre.h"
#include "am/build/ivfkm_ratio.h"
#include "am/build/ivfkm_supplied.h"
#include "am/build/ivfkm_team.h"
#include "am/build/ivfkm_training.h"
#include "am/index/ivfkm_ops.h"

/* Seed of the rotation: the same table gives the same index. */
#define ROTATION_SEED 0x7664622D50524F54ULL

#define MAP_ROWS 256 /* rows that a process maps at a time */

/*
 * Rows that are so many times as long as the median are outliers, if they are at most this share
 * of the sample: more of them are another kind of rows.
 */
#define OUTLIER_MEDIANS 100.0f
#define OUTLIER_SHARE	0.01

/* Ascending numbers. */
static int
compare_lengths(const void *a, const void *b)
{
	float x = *(const float *) a;
	float y = *(const float *) b;

	return x < y ? -1 : x > y;
}

/* Length of row "row" of the sample, in input space. */
static float
row_length(const IvfkmBuild *build, int row)
{
	const float *x = build->training.rows + (Size) row * build->dims;
	double sum = 0.0;

	for (int i = 0; i < build->dims; i++)
		sum += (double) x[i] * x[i];
	return (float) sqrt(sum);
}

/* Exchanges two rows of the sample, in input space, with what is noted as their lists. */
static void
swap_rows(const IvfkmBuild *build, int a, int b)
{
	float *x = build->training.rows + (Size) a * build->dims;
	float *y = build->training.rows + (Size) b * build->dims;
	uint32 list = build->training.lists[a];

	build->training.lists[a] = build->training.lists[b];
	build->training.lists[b] = list;
	for (int i = 0; i < build->dims; i++)
	{
		float other = x[i];

		x[i] = y[i];
		y[i] = other;
	}
}

/*
 * Takes outliers out of the sample, before it is mapped: no centroid is to go after them, and
 * they are not to stretch the scale so that all other rows are alike.  They are indexed like all
 * rows, with bounds of their own, or without where these do not fit.  Those of inner products are
 * what is looked for: they stay behind the others, for ivfkm_centre_take_back().
 */
void
ivfkm_centre_trim(IvfkmBuild *build)
{
	int nrows = build->shared->nrows;
	float *lengths;
	float limit = INFINITY;
	int first = 0;
	int kept = 0;

	if (nrows == 0 || build->index.ops->metric == IVFKM_METRIC_COSINE) /* all are of length 1 */
		return;
	lengths = MemoryContextAllocHuge(build->training_context, sizeof(float) * nrows);
	for (int row = 0; row < nrows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		lengths[row] = row_length(build, row);
	}
	qsort(lengths, nrows, sizeof(float), compare_lengths);
	while (first < nrows && lengths[first] == 0.0f) /* zero vectors say nothing of the others */
		first++;
	if (first < nrows)
		limit = OUTLIER_MEDIANS * lengths[first + (nrows - first) / 2];
	if (lengths[nrows - 1] > limit && lengths[nrows - 1 - (int) (OUTLIER_SHARE * nrows)] <= limit)
	{
		for (int row = 0; row < nrows; row++)
		{
			CHECK_FOR_INTERRUPTS();
			if (row_length(build, row) > limit)
				continue;
			if (kept < row)
				swap_rows(build, kept, row);
			kept++;
		}
		build->shared->nrows = kept;
		if (build->index.ops->metric == IVFKM_METRIC_IP)
			build->shared->nouter = nrows - kept;
	}
	pfree(lengths);
}

/* When mean and scale are known, makes outliers of inner products rows of the sample again. */
void
ivfkm_centre_take_back(IvfkmBuild *build)
{
	build->shared->nrows += build->shared->nouter;
	build->shared->nouter = 0;
}

/*
 * Job: mean of the sample, and its spread around it, in slices of IVFKM_SLICE_DIMS dimensions.
 * Every dimension is summed by one process, in the order of the rows.
 */
void
ivfkm_centre_job(IvfkmBuild *build)
{
	int dims = build->dims;
	int nrows = build->shared->nrows;
	uint64 slice;

	while (ivfkm_team_next(build, &slice))
	{
		int first = (int) slice * IVFKM_SLICE_DIMS;
		int n = Min(IVFKM_SLICE_DIMS, dims - first);
		const float *from = build->training.rows + first;
		float *mean = build->mean + first;
		double sums[IVFKM_SLICE_DIMS] = {0};
		double spread[IVFKM_SLICE_DIMS] = {0};
		double total = 0.0;

		CHECK_FOR_INTERRUPTS();
		for (int row = 0; row < nrows; row++)
		{
			const float *x = from + (Size) row * dims;

			for (int i = 0; i < n; i++)
				sums[i] += x[i];
		}
		for (int i = 0; i < n; i++)
			mean[i] = (float) (sums[i] / Max(nrows, 1));
		CHECK_FOR_INTERRUPTS();
		for (int row = 0; row < nrows; row++)
		{
			const float *x = from + (Size) row * dims;

			for (int i = 0; i < n; i++)
				spread[i] += ((double) x[i] - mean[i]) * ((double) x[i] - mean[i]);
		}
		for (int i = 0; i < n; i++)
			total += spread[i];
		build->training.spread[slice] = total;
	}
}

/* The index space, from the mean and scale that are shared; in every process. */
void
ivfkm_centre_space(IvfkmBuild *build)
{
	if (build->plan.space == NULL)
		build->index.space = build->plan.space = ivfkm_space_init(
			MemoryContextAlloc(build->context, ivfkm_space_bytes(build->dims)), build->dims,
			build->index.ops, ROTATION_SEED, build->shared->scale_exponent, build->mean);
}

/* Job: maps the sample into index space. */
void
ivfkm_centre_map_job(IvfkmBuild *build)
{
	int nrows = build->shared->nrows;
	uint64 block;

	ivfkm_centre_space(build);
	while (ivfkm_team_next(build, &block))
	{
		int first = (int) block * MAP_ROWS;

		CHECK_FOR_INTERRUPTS();
		for (int row = first; row < Min(first + MAP_ROWS, nrows); row++)
			ivfkm_space_apply(build->plan.space, build->training.rows + (Size) row * build->dims);
	}
}

/*
 * Mean and scale of the sample, and from them the index space; maps the sample into it.  Without a
 * sample they are those of the user's centroids, if there are some.
 */
void
ivfkm_centre(IvfkmBuild *build)
{
	IvfkmBuildShared *shared = build->shared;
	int nslices = ivfkm_training_slices(build->dims);
	int nvectors = shared->nrows;
	double spread = 0.0;
	int exponent = 0;

	if (shared->nrows > 0)
	{
		ivfkm_team_run(build, IVFKM_JOB_CENTRE, nslices);
		for (int slice = 0; slice < nslices; slice++)
			spread += build->training.spread[slice];
	}
	else if (build->nsupplied > 0)
	{
		nvectors = build->nsupplied;
		ivfkm_supplied_mean(build, &spread);
	}
	else
		memset(build->mean, 0, sizeof(float) * build->dims);
	if (spread > 0.0)
		(void) frexp(sqrt(spread / ((double) nvectors * build->dims)), &exponent);
	shared->scale_exponent = Max(-126, Min(exponent, 126));
	build->plan.meta.scale_exponent = shared->scale_exponent;
	build->plan.meta.seed = ROTATION_SEED;
	if (ivfkm_ops_taxicab(build->index.ops))
		ivfkm_ratio_measure(build);
	ivfkm_centre_space(build);
	ivfkm_centre_take_back(build);
	if (shared->nrows > 0)
		ivfkm_team_run(build, IVFKM_JOB_MAP, (shared->nrows + MAP_ROWS - 1) / MAP_ROWS);
}
