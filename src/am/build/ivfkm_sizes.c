/*-------------------------------------------------------------------------
 *
 * ivfkm_sizes.c
 *	  How large what a build makes is: lists, sample, codes, and the memory it takes.
 *
 * NOTES
 *	  All that is allocated at once stays within maintenance_work_mem.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_sizes.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "utils/guc.h"

#include "am/build/ivfkm_calibrate.h"
#include "am/build/ivfkm_nodes.h"
#include "am/build/ivfkm_sizes.h"
#include "am/build/ivfkm_supplied.h"
#include "am/build/ivfkm_team.h"
#include "am/build/ivfkm_training.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_options.h"

/*
 * Sample rows per list wanted, with few lists and with many, and the fewest accepted.  On
 * 1,000,000 rows of 1,024 dimensions in 7,813 lists, 64 and 32 gave the same recall at equal probes
 * (0.973 at 30), and the build took 69 and 50 seconds.
 */
#define POINTS_PER_LIST		 64
#define POINTS_PER_MANY_LIST 32
#define MIN_POINTS_PER_LIST	 16

/* The smallest sample beside centroids of the user: it calibrates, and trains nothing. */
#define LEAST_POINTS 4096

/*
 * Dimensions from which "auto" makes refine codes of 4 bits.  Longer codes rank better, shorter
 * ones cost less to fetch from memory.  Measured: with 784 dimensions and 60,000 rows, 8 bits were
 * 6 % faster; with 1,024 and 1,000,000, 4 bits were 7 % faster at half the size.
 */
#define SHORT_REFINE_DIMS 1000

/* Bits of the refine codes that "auto" makes, of at most max_bits that fit: 0, 4 or 8. */
int
ivfkm_sizes_auto_bits(const IvfkmOps *ops, int dims, int max_bits)
{
	return ops->small_values ? 0 : Min(max_bits, dims < SHORT_REFINE_DIMS ? 8 : 4);
}

/*
 * Bits of the refine codes that a new index of "dims" dimensions gets: 0, 4 or 8.  Fewer
 * than asked for, with a NOTICE, where they would not fit; see page_refine_max_bits().
 */
int
ivfkm_sizes_refine_bits(const IvfkmIndex *index, int dims)
{
	Relation relation = index->relation;
	int bits = ivfkm_options_refine_bits(relation);
	int max_bits = page_refine_max_bits(dims, index->columns.nattributes);

	if (bits == IVFKM_REFINE_AUTO)
		return ivfkm_sizes_auto_bits(index->ops, dims, max_bits);
	if (bits > 0 && ivfkm_ops_keeps_bits(index->ops, index->column_dims, dims))
	{
		ereport(NOTICE, (errmsg("index \"%s\" gets 0 refine bits instead of %d",
								RelationGetRelationName(relation), bits),
						 errdetail("Its codes are the bit strings themselves.")));
		return 0;
	}
	if (bits > max_bits)
	{
		ereport(NOTICE,
				(errmsg("index \"%s\" gets %d refine bits instead of %d",
						RelationGetRelationName(relation), max_bits, bits),
				 errdetail("Codes of %d bits for %d dimensions do not fit on pages.", bits, dims)));
		return max_bits;
	}
	return bits;
}

/* Bytes of the stored form of the centroids, and of what goes with a list, in the leader. */
static Size
centroid_bytes(int dims, int nlists)
{
	return ((Size) nlists + ivfkm_nodes_max(nlists)) * (dims * sizeof(uint16) + 64);
}

/* Bytes that planning takes at its peak with nrows sample rows, in all processes. */
static Size
planning_bytes(int dims, int nattributes, int nrows, int nlists, int nparticipants)
{
	KmeansParams params;
	Size training;
	Size calibration;

	kmeans_params_init(&params, dims, nrows, nlists);
	training = (nparticipants - 1) * kmeans_join_bytes(&params);
	calibration = nparticipants * ivfkm_calibrate_bytes(dims, nrows, nlists);
	return ivfkm_training_bytes(dims, nrows, nlists, nparticipants) +
		   ivfkm_team_bytes(dims, nattributes, nlists) + centroid_bytes(dims, nlists) +
		   Max(training, calibration);
}

/* Rows of the sample wanted for so many lists, of total_rows to be indexed. */
static double
sample_rows(double total_rows, int nlists)
{
	int points = nlists > KMEANS_FLAT_MAX ? POINTS_PER_MANY_LIST : POINTS_PER_LIST;
	double rows =
		Min(total_rows * 1.1 + 16,
			Max((double) nlists * points, (double) Min(nlists, KMEANS_FLAT_MAX) * POINTS_PER_LIST));

	return Max(1.0, Min(rows, INT_MAX / 2));
}

/* The number of lists of an index of so many rows whose option "lists" is 0. */
int
ivfkm_sizes_auto_lists(double total_rows)
{
	return (int) Max(1.0, Min(rint(total_rows / IVFKM_ROWS_PER_LIST), IVFKM_MAX_LISTS));
}

/*
 * The least maintenance_work_mem, in bytes, with which a build by so many processes makes all of
 * nlists lists from a whole sample.
 */
Size
ivfkm_sizes_wanted_memory(int dims, int nattributes, double total_rows, int nlists,
						  int nparticipants)
{
	return planning_bytes(dims, nattributes, (int) sample_rows(total_rows, nlists), nlists,
						  nparticipants);
}

/*
 * Reduces the number of lists and the size of the sample so that training stays within
 * the budget.  *nlists holds the number wanted and is reduced only if a list would get
 * fewer than MIN_POINTS_PER_LIST sample rows although the table has more.
 */
void
ivfkm_sizes_fit(const IvfkmBuild *build, double total_rows, int nparticipants, int *nlists,
				int *nrows)
{
	int lists = *nlists;
	double rows = sample_rows(total_rows, lists);

	while (planning_bytes(build->dims, build->index.columns.nattributes, (int) rows, lists,
						  nparticipants) > build->budget &&
		   (rows > 1.0 || lists > 1))
	{
		rows = Max(1.0, floor(rows * 0.95));
		if (rows < (double) lists * MIN_POINTS_PER_LIST && rows < total_rows)
			lists = Max(1, (int) (rows / MIN_POINTS_PER_LIST));
	}
	*nlists = lists;
	*nrows = (int) rows;
}

/*
 * The same for the user's centroids, none of which is left out: reduces the sample alone, to
 * LEAST_POINTS.  Returns the bytes that planning takes with it.
 */
static Size
fit_supplied(const IvfkmBuild *build, double total_rows, int nparticipants, int *nrows)
{
	int lists = build->nsupplied;
	double rows = sample_rows(total_rows, lists);
	double least = Min(rows, LEAST_POINTS);
	Size fixed = ivfkm_supplied_bytes(build) + kmeans_assign_bytes(build->dims, lists);
	Size bytes;

	for (;;)
	{
		bytes = fixed + planning_bytes(build->dims, build->index.columns.nattributes, (int) rows,
									   lists, nparticipants);
		if (bytes <= build->budget || rows <= least)
			break;
		rows = Max(least, floor(rows * 0.95));
	}
	*nrows = (int) rows;
	return bytes;
}

/* Chooses as ivfkm_sizes_choose() does; false if the user's centroids do not fit. */
static bool
choose_supplied(IvfkmBuild *build, double total_rows, int *nworkers, int *nlists, int *nrows)
{
	Size bytes;

	*nlists = build->nsupplied;
	while ((bytes = fit_supplied(build, total_rows, *nworkers + 1, nrows)) > build->budget)
	{
		if (*nworkers == 0)
		{
			ivfkm_supplied_too_many(build, bytes);
			return false;
		}
		(*nworkers)--;
	}
	return true;
}

/*
 * Chooses the number of lists of a new index and the rows of its sample: one list for each of the
 * user's centroids, what the option says, or one for every IVFKM_ROWS_PER_LIST rows, or fewer, with
 * a NOTICE, where training them would not fit into the budget.  Every process takes memory of its
 * own: *nworkers is reduced before lists are.  total_rows: an estimate of the rows to be indexed.
 */
void
ivfkm_sizes_choose(IvfkmBuild *build, double total_rows, int *nworkers, int *nlists, int *nrows)
{
	Relation relation = build->index.relation;
	int wanted = ivfkm_options_lists(relation);
	int most;

	if (build->nsupplied > 0 && choose_supplied(build, total_rows, nworkers, nlists, nrows))
		return;
	if (wanted == 0)
		wanted = ivfkm_sizes_auto_lists(total_rows);
	wanted = (int) Max(1.0, Min(wanted, total_rows));
	most = wanted;
	ivfkm_sizes_fit(build, total_rows, 1, &most, nrows);
	for (;; (*nworkers)--)
	{
		*nlists = wanted;
		ivfkm_sizes_fit(build, total_rows, *nworkers + 1, nlists, nrows);
		if (*nlists >= most || *nworkers == 0)
			break;
	}
	if (*nlists < wanted)
		ereport(NOTICE, (errmsg_plural("index \"%s\" gets %d list instead of %d",
									   "index \"%s\" gets %d lists instead of %d", *nlists,
									   RelationGetRelationName(relation), *nlists, wanted),
						 errdetail("Training them takes a larger sample than fits into "
								   "maintenance_work_mem."),
						 errhint("Increase maintenance_work_mem to speed up searches.")));
}

/* Memory of each process's sort, in kB: what the rest leaves, divided. */
int
ivfkm_sizes_sort_memory(const IvfkmBuild *build)
{
	int dims = build->dims;
	int nlists = (int) build->shared->nlists;
	int nattributes = build->index.columns.nattributes;
	Size fixed = ivfkm_team_bytes(dims, nattributes, build->shared->max_lists) +
				 centroid_bytes(dims, nlists);
	Size each = kmeans_assign_bytes(dims, nlists) +
				(Size) kmeans_assign_points(dims) *
					(sizeof(float) * dims + sizeof(IvfkmRow) + quant_code_bytes(dims) +
					 sizeof(ItemPointerData) + sizeof(int));
	Size left;

	if (nattributes > 0)
		each += page_summary_bytes(nattributes) * (Size) nlists;
	fixed += each * build->shared->nparticipants;
	left = build->budget > fixed ? build->budget - fixed : 0;
	return (int) Max(64, Min(left / build->shared->nparticipants / 1024, MAX_KILOBYTES));
}
