/*-------------------------------------------------------------------------
 *
 * ivfkm_budget.c
 *	  How much a search looks at.
 *
 * NOTES
 *	  A search goes through the lists in their order and ends when it has seen its budget of rows.
 *	  Of a list no more rows count than it had when it was made: those that were added later lie
 *	  where rows were before, so the same lists are to be scanned.  Rows that were removed, and
 *	  lists that hold few, count for nothing, so further lists take their place.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_budget.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "utils/float.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_settings.h"

/*
 * However few rows were measured to be enough: a search sees so many, or those of so many lists
 * of average size.  Rows of the table as queries say little of queries that are unlike it, and
 * in a small index certainty is cheap.
 */
#define FLOOR_LISTS 4
#define FLOOR_ROWS	1024

/* What rows behind the largest k are over a straight line, in logarithms, to all rows. */
#define ABOVE_CHORD 1.25

/* Standard deviation, over the mean, of lengths that are about the same. */
#define EVEN_LENGTHS 0.02

/*
 * What lists may lose, of what a search may miss, by IvfkmListsLoss.  bench/budget.md has what was
 * measured.
 */
static const double lists_loss[] = {0.6, 0.25, 1.0};

const double ivfkm_budget_k[IVFKM_CALIBRATION_KS] = {1, 10, 32, 100, 320, 1000};
const double ivfkm_budget_targets[IVFKM_CALIBRATION_TARGETS] = {0.80, 0.90, 0.95,
																0.98, 0.99, 0.995};

/* 1 / (1 - target) of each target. */
static const double missed_one_in[IVFKM_CALIBRATION_TARGETS] = {5, 10, 20, 50, 100, 200};

/*
 * Width of bounds for each target: a normal error exceeds it in one direction half as often as
 * the target may be missed.
 */
static const double epsilons[IVFKM_CALIBRATION_TARGETS] = {1.282, 1.645, 1.960,
														   2.326, 2.576, 2.807};

/* Rows of a list, on average, when they were counted. */
static double
mean_rows(const IvfkmMetaPageData *meta)
{
	return meta->build_rows / meta->nlists;
}

/*
 * However few were measured, see above.  Lists that have lost their rows make the average no
 * smaller: searches pass them.
 */
static double
floor_rows(const IvfkmMetaPageData *meta)
{
	double rows = Max(meta->build_rows, meta->made_rows);

	return ivfkm_budget_floor(rows / meta->nlists);
}

/*
 * How far "x" lies between the entries of an ascending array: entry *i, and the share of the way
 * from there to the next one, on the scale of the logarithm.  0 <= *i <= n - 2; the share may be
 * below 0 or above 1.
 */
static double
locate(const double *array, int n, double x, int *i)
{
	for (*i = 0; *i < n - 2 && array[*i + 1] < x; (*i)++)
		;
	return log(x / array[*i]) / log(array[*i + 1] / array[*i]);
}

/* Accounts for a vector of that length. */
void
ivfkm_lengths_add(IvfkmLengths *lengths, double length)
{
	lengths->n++;
	lengths->sum += length;
	lengths->squares += length * length;
}

/*
 * True if vectors are about as long as each other, so that inner products order them as distances
 * do: the standard deviation of the lengths is at most EVEN_LENGTHS of their mean.
 */
bool
ivfkm_lengths_even(const IvfkmLengths *lengths)
{
	double mean = lengths->sum / Max(lengths->n, 1);
	double variance = lengths->squares / Max(lengths->n, 1) - mean * mean;

	return variance <= EVEN_LENGTHS * EVEN_LENGTHS * mean * mean;
}

/* Share of the nearest rows that lists are to hold so that a search finds the share "target". */
double
ivfkm_budget_lists_share(double target, IvfkmListsLoss loss)
{
	return 1.0 - (1.0 - target) * lists_loss[loss];
}

/* Width of the bounds of 1-bit codes for a target, in standard deviations. */
double
ivfkm_budget_epsilon(double target)
{
	double share;
	int i;

	if (target >= 1.0)
		return IVFKM_EXACT_EPSILON;
	share = locate(missed_one_in, IVFKM_CALIBRATION_TARGETS, 1.0 / (1.0 - target), &i);
	return Min(epsilons[i] + (epsilons[i + 1] - epsilons[i]) * Max(share, 0.0),
			   IVFKM_EXACT_EPSILON);
}

/* Rows that a search sees however few were measured to be enough. */
double
ivfkm_budget_floor(double rows_per_list)
{
	return Min(FLOOR_ROWS, FLOOR_LISTS * rows_per_list);
}

/* Where a k and a target lie in a calibration: behind its i-th k and j-th target. */
typedef struct Place
{
	int i;
	int j;
	double kshare; /* of the way to the next k: 0 to 1 */
	double tshare; /* of the way to target j + 1, or beyond the last one */
} Place;

/* See above; "meta" has a calibration, and target < 1. */
static Place
place_of(const IvfkmMetaPageData *meta, double k, double target)
{
	int nk = (int) meta->ncalibrations;
	Place place = {0};

	if (nk > 1)
		place.kshare = Min(locate(ivfkm_budget_k, nk, Max(k, ivfkm_budget_k[0]), &place.i), 1.0);
	place.tshare =
		Max(locate(missed_one_in, IVFKM_CALIBRATION_TARGETS, 1.0 / (1.0 - target), &place.j), 0.0);
	return place;
}

/* Numbers of rows that a calibration has for each k and target. */
typedef enum Rows
{
	ROWS_BUDGET,
	ROWS_LEAST,
	ROWS_MEAN
} Rows;

/* One of these of an entry, by the target. */
static const float *
rows_of(const IvfkmCalibration *entry, Rows which)
{
	if (which == ROWS_BUDGET)
		return entry->rows;
	return which == ROWS_LEAST ? entry->least : entry->means;
}

/*
 * How many times the rows of the largest k that was measured those of "times" as large a k are.
 * The k nearest of all rows, if k is all of them, are in all lists.  On a scale of logarithms the
 * curve that leads there from what was measured first is above its chord, where k outgrows what
 * lies close together, but not by more than a quarter; never more than in proportion.
 */
static double
growth_behind(const IvfkmMetaPageData *meta, double rows, double times)
{
	double all = meta->calibrated_rows;
	double left = all / ivfkm_budget_k[meta->ncalibrations - 1];
	double power;

	if (!(left > 1.0))
		return times;
	power = Max(log(all / rows) / log(left), 0.0);
	return Min(times, ABOVE_CHORD * pow(times, power));
}

/*
 * The budget of a search, its least rows, or those that it sees on average, for any k and target;
 * infinite if it was not measured.  Between what was measured: linear in the logarithms of k, the
 * share missed and the rows; behind the largest k: see growth_behind().
 */
static double
rows_at(const IvfkmMetaPageData *meta, double k, double target, Rows which)
{
	int nk = (int) meta->ncalibrations;
	double ends[2];
	Place place;
	double rows;

	if (nk == 0 || target >= 1.0)
		return get_float8_infinity();
	place = place_of(meta, k, target);
	if (place.tshare > 1.0) /* the gap of a higher target than was measured is not known */
		which = ROWS_BUDGET;
	for (int n = 0; n < 2; n++)
	{
		const IvfkmCalibration *entry = &meta->calibration[Min(place.i + n, nk - 1)];
		const float *row = rows_of(entry, which) + place.j;

		ends[n] = log(row[0]) + (log(row[1]) - log(row[0])) * place.tshare;
	}
	rows = exp(ends[0] + (ends[1] - ends[0]) * place.kshare);
	if (k > ivfkm_budget_k[nk - 1])
		rows *= growth_behind(meta, rows, k / ivfkm_budget_k[nk - 1]);
	return Max(rows, floor_rows(meta));
}

/* The largest k that was measured; infinite if none was. */
double
ivfkm_budget_largest_k(const IvfkmMetaPageData *meta)
{
	return meta->ncalibrations > 0 ? ivfkm_budget_k[meta->ncalibrations - 1]
								   : get_float8_infinity();
}

/*
 * Rows in the order of the lists that a search for the k nearest rows sees: as many as were
 * measured to hold the share "target" of them, or infinitely many.  A search for rows that match a
 * filter, a share s of them, asks for k / s.
 */
double
ivfkm_budget_rows(const IvfkmMetaPageData *meta, double k, double target)
{
	return rows_at(meta, k, target, ROWS_BUDGET);
}

/*
 * The rows behind which a search for the share "target" of the k nearest may end, where the next
 * list is as far as ivfkm_budget_gap() says; at most ivfkm_budget_rows().
 */
double
ivfkm_budget_least(const IvfkmMetaPageData *meta, double k, double target)
{
	return rows_at(meta, k, target, ROWS_LEAST);
}

/*
 * The rows that searches for the share "target" of the k nearest see on average, if they end by
 * the gap: it may be more than ivfkm_budget_rows().
 */
double
ivfkm_budget_mean(const IvfkmMetaPageData *meta, double k, double target)
{
	return rows_at(meta, k, target, ROWS_MEAN);
}

/*
 * How much farther than the k-th nearest row the next list has to be where a search for the share
 * "target" of the k nearest ends: see ivfkm_gap.h.  Between what was measured: linear in the
 * logarithms of k and of the share missed; for larger k it is that of the largest one.  -infinity:
 * nothing is known.
 */
double
ivfkm_budget_gap(const IvfkmMetaPageData *meta, double k, double target)
{
	int nk = (int) meta->ncalibrations;
	double ends[2];
	Place place;

	if (nk == 0 || target >= 1.0)
		return -get_float8_infinity();
	place = place_of(meta, k, target);
	for (int n = 0; n < 2; n++)
	{
		const float *gap = &meta->calibration[Min(place.i + n, nk - 1)].gaps[place.j];

		ends[n] = gap[0] + ((double) gap[1] - gap[0]) * Min(place.tshare, 1.0);
	}
	return ends[0] + (ends[1] - ends[0]) * place.kshare;
}

/*
 * Raises what is below that of a smaller k or target: more never needs fewer rows.  Means stay at
 * least the least rows.
 */
void
ivfkm_budget_order(IvfkmCalibration *calibration, int nk)
{
	for (int i = 0; i < nk; i++)
	{
		for (int j = 0; j < IVFKM_CALIBRATION_TARGETS; j++)
		{
			for (Rows which = ROWS_BUDGET; which <= ROWS_MEAN; which++)
			{
				float *rows = unconstify(float *, rows_of(&calibration[i], which)) + j;

				if (i > 0)
					*rows = Max(*rows, rows_of(&calibration[i - 1], which)[j]);
				if (j > 0)
					*rows = Max(*rows, rows[-1]);
			}
			calibration[i].means[j] = Max(calibration[i].means[j], calibration[i].least[j]);
		}
	}
}

/*
 * Gives "next", of an index of so many rows, the calibration of "old", of the rows that it was
 * measured among.  The k nearest of g times the rows are spread like the k / g nearest were, over g
 * times the rows.  Gaps stay what they were in input space.
 */
void
ivfkm_budget_scale(IvfkmMetaPageData *next, const IvfkmMetaPageData *old, double rows)
{
	double growth = rows / Max(old->calibrated_rows, 1.0);

	if (old->ncalibrations == 0 || !(growth > 0.0))
		return;
	next->ncalibrations = old->ncalibrations;
	next->calibrated_at = old->calibrated_at;
	next->calibrated_queries = old->calibrated_queries;
	memset(next->calibration, 0, sizeof(next->calibration));
	for (uint32 i = 0; i < next->ncalibrations; i++)
	{
		double k = ivfkm_budget_k[i] / growth;

		for (int j = 0; j < IVFKM_CALIBRATION_TARGETS; j++)
		{
			double target = ivfkm_budget_targets[j];
			double gap =
				ldexp(ivfkm_budget_gap(old, k, target), old->scale_exponent - next->scale_exponent);

			next->calibration[i].rows[j] = (float) (growth * ivfkm_budget_rows(old, k, target));
			next->calibration[i].least[j] = (float) (growth * ivfkm_budget_least(old, k, target));
			next->calibration[i].means[j] = (float) (growth * ivfkm_budget_mean(old, k, target));
			next->calibration[i].gaps[j] = (float) Max(-FLT_MAX, Min(gap, FLT_MAX));
		}
	}
	ivfkm_budget_order(next->calibration, (int) next->ncalibrations);
}

/*
 * Gives the tree "next", of so many rows, the calibration of the tree that it takes the place of,
 * if that is by a user's queries.
 */
void
ivfkm_budget_keep(IvfkmMetaPageData *next, const IvfkmMetaPageData *old, double rows)
{
	if (old->calibrated_queries)
		ivfkm_budget_scale(next, old, rows);
}

/* Lists that hold the budget of rows, on average, when they are as they were made. */
int
ivfkm_budget_probes(const IvfkmMetaPageData *meta, double k, double target)
{
	double lists = ceil(ivfkm_budget_rows(meta, k, target) / Max(mean_rows(meta), 1.0));

	return (int) Max(1, Min(lists, meta->nlists));
}

/* The k whose budget the first pass takes that prepares for "k" rows. */
double
ivfkm_budget_first_k(const IvfkmSettings *settings, double k)
{
	if (settings->k > 0)
		return settings->k;
	if (settings->iterative_scan == IVFKM_ITERATIVE_OFF)
		return IVFKM_FIRST_K; /* whatever LIMIT says */
	return k;
}

/*
 * True if the budget of the first pass is that for the k rows that it prepares for, and no setting
 * ends the scan where the gap would let it go on.
 */
bool
ivfkm_budget_may_end_early(const IvfkmSettings *settings, double k)
{
	return settings->probes == 0 && ivfkm_budget_first_k(settings, k) == k &&
		   settings->scale == 1.0 && settings->max_scan_tuples == 0;
}

/*
 * Rows that a pass prepares for: "before" are those of the pass before it, 0 for the first pass,
 * limit those that the query's LIMIT still wants, 0 if that is not known.
 */
double
ivfkm_budget_pass_k(double before, double limit)
{
	double wanted = limit > 0.0 ? limit + floor(limit / IVFKM_LIMIT_INVISIBLE) : IVFKM_FIRST_K;
	double k = Max(before * IVFKM_PASS_GROWTH, IVFKM_LEAST_K);

	return Min(Max(k, wanted), IVFKM_MAX_PASS_K);
}
