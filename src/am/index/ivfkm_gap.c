/*-------------------------------------------------------------------------
 *
 * ivfkm_gap.c
 *	  How far a search's next list is behind its k-th nearest row.
 *
 * NOTES
 *	  See ivfkm_gap.h.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_gap.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "am/index/ivfkm_gap.h"

/*
 * Share of the calibration's queries that go on behind the first look: at most, which is what
 * searches take that need not see more rows at least, and at least, so that queries unlike the rows
 * are met by the rule.  What they cost and bring is in bench/budget.md.
 */
#define GOING_ON_MOST  0.25
#define GOING_ON_LEAST 0.03

/* Halvings of the range in which a number is looked for. */
#define HALVINGS 10

/* The queries of one k, and where they are in their curves. */
typedef struct Fit
{
	const IvfkmGapQuery *queries;
	int n;
	int level;
	double rows;  /* of the index */
	double least; /* that searches see */
	double *gaps; /* of all queries at a place, ascending */
	int ngaps;
} Fit;

/*
 * One part of a gap: a squared distance, or minus the inner product with a query of length
 * "norm", as a length.
 */
double
ivfkm_gap_part(bool by_dot, double key, double norm)
{
	if (by_dot)
		return norm > 0.0 ? key / norm : 0.0;
	return key > 0.0 ? sqrt(key) : 0.0;
}

/*
 * Rows that were seen at a place in the curves, a point or between two of them, of an index that
 * has "rows", of which searches see at least "least".
 */
double
ivfkm_gap_seen(double place, double rows, double least)
{
	double first = Max(least, 1.0);

	return first * pow(Max(rows / first, 2.0), place / (IVFKM_GAP_POINTS - 1));
}

/* The place in the curves where so many rows were seen. */
static double
place_of(double seen, double rows, double least)
{
	double first = Max(least, 1.0);
	double place = log(seen / first) / log(Max(rows / first, 2.0)) * (IVFKM_GAP_POINTS - 1);

	return Max(0.0, Min(place, IVFKM_GAP_POINTS - 1));
}

/* The curve of a query at a place. */
static double
on_curve(const IvfkmGapQuery *query, double place)
{
	int point = (int) Min(place, IVFKM_GAP_POINTS - 2);

	if (isinf(query->lists[point + 1])) /* there may be a list before that point */
		return query->lists[place > point ? point + 1 : point];
	return query->lists[point] + (query->lists[point + 1] - query->lists[point]) * (place - point);
}

/*
 * The place behind "place" and before "most" where a query comes to a list that is at least as far
 * as "far", or the last one.
 */
static double
place_reached(const IvfkmGapQuery *query, double place, double most, double far)
{
	int point = (int) place + 1;

	if (place >= most || on_curve(query, place) >= far)
		return place;
	while (point < IVFKM_GAP_POINTS - 1 && point < most && query->lists[point] < far)
		point++;
	if (query->lists[point] < far)
		return most;
	if (!isinf(query->lists[point]))
	{
		double before = query->lists[point - 1];

		place = Max(place, point - 1 + (far - before) / (query->lists[point] - before));
	}
	else
		place = point;
	return Min(place, most);
}

/* How many of the nearest rows of a query are in the lists that come before a place. */
static double
found_at(const IvfkmGapQuery *query, int level, double place)
{
	const uint16 *found = query->found[level];
	int point = (int) Min(place, IVFKM_GAP_POINTS - 2);

	return found[point] + ((double) found[point + 1] - found[point]) * (place - point);
}

/* Order of gaps for qsort. */
static int
compare_gaps(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* Sorts the gaps that the queries have at a place. */
static void
sort_gaps(Fit *fit, double place)
{
	fit->ngaps = 0;
	for (int q = 0; q < fit->n; q++)
	{
		double row = fit->queries[q].rows[fit->level];

		if (!isinf(row))
			fit->gaps[fit->ngaps++] = on_curve(&fit->queries[q], place) - row;
	}
	qsort(fit->gaps, fit->ngaps, sizeof(double), compare_gaps);
}

/*
 * The gap that a share of those sorted is below.  Where all lists were seen there is none, and no
 * list is near enough to go on.
 */
static double
gap_of_share(const Fit *fit, double share)
{
	double gap = fit->ngaps > 0 ? fit->gaps[(int) (share * (fit->ngaps - 1))] : -FLT_MAX;

	return gap <= FLT_MAX ? Max(gap, -FLT_MAX) : -FLT_MAX;
}

/*
 * Where a search ends that first looks at the gap at a place, and goes on while it is below "gap",
 * up to "most".
 */
static double
place_of_end(const Fit *fit, const IvfkmGapQuery *query, double place, double most, double gap)
{
	double row = query->rows[fit->level];

	return isinf(row) ? place : place_reached(query, place, most, row + gap);
}

/* Share of the nearest rows whose lists are seen by searches that end so. */
static double
share_found(const Fit *fit, double place, double most, double gap)
{
	double found = 0.0;
	double wanted = 0.0;

	for (int q = 0; q < fit->n; q++)
	{
		const IvfkmGapQuery *query = &fit->queries[q];
		double end = place_of_end(fit, query, place, most, gap);

		found += found_at(query, fit->level, end);
		wanted += query->found[fit->level][IVFKM_GAP_POINTS - 1];
	}
	return wanted > 0.0 ? found / wanted : 1.0;
}

/* Rows that searches which end so have seen on average. */
static double
mean_seen(const Fit *fit, double place, double most, double gap)
{
	double sum = 0.0;

	for (int q = 0; q < fit->n; q++)
		sum += ivfkm_gap_seen(place_of_end(fit, &fit->queries[q], place, most, gap), fit->rows,
							  fit->least);
	return sum / Max(fit->n, 1);
}

/*
 * Finds where searches that are to see the lists of the share "wanted" of their nearest rows look
 * at the gap first, and the gap that ends them: behind as few rows as that can be if at most
 * GOING_ON_MOST of the queries go on, and at most at "budget", where none need do.  Returns these
 * rows; *mean: rows that the queries see.
 */
static double
fit_one(Fit *fit, double budget, double wanted, float *gap, float *mean)
{
	double place = place_of(budget, fit->rows, fit->least);
	double most = place_of(Max(budget, fit->least) * IVFKM_GAP_MOST, fit->rows, fit->least);
	double low = 0.0;
	double share = GOING_ON_MOST;
	double low_share = GOING_ON_LEAST;
	double least;

	for (int i = 0; i <= HALVINGS && low < place; i++)
	{
		double at = i == 0 ? low : 0.5 * (low + place);

		sort_gaps(fit, at);
		if (share_found(fit, at, most, gap_of_share(fit, share)) >= wanted)
			place = at;
		else
			low = at;
	}
	/* fewer go on where that is enough, as where no fewer rows can be seen */
	sort_gaps(fit, place);
	for (int i = 0; i <= HALVINGS && low_share < share; i++)
	{
		double at = i == 0 ? low_share : 0.5 * (low_share + share);

		if (share_found(fit, place, most, gap_of_share(fit, at)) >= wanted)
			share = at;
		else
			low_share = at;
	}
	*gap = (float) gap_of_share(fit, share);
	least = Min(ivfkm_gap_seen(place, fit->rows, fit->least), budget);
	*mean = (float) Max(mean_seen(fit, place, most, *gap), least);
	return least;
}

/*
 * Fills in the rest of a calibration whose budgets are known, of nk values of k, from n queries of
 * an index that has "rows"; searches see at least "least" of them.  shares: of the nearest rows
 * whose lists are to be seen, for each target.
 */
void
ivfkm_gap_fit(const IvfkmGapQuery *queries, int n, double rows, double least, const double *shares,
			  IvfkmCalibration *calibration, int nk)
{
	Fit fit = {.queries = queries, .n = n, .rows = rows, .least = least};

	fit.gaps = palloc(sizeof(double) * Max(n, 1));
	for (fit.level = 0; fit.level < nk; fit.level++)
	{
		IvfkmCalibration *entry = &calibration[fit.level];

		for (int i = 0; i < IVFKM_CALIBRATION_TARGETS; i++)
		{
			CHECK_FOR_INTERRUPTS();
			entry->least[i] =
				(float) fit_one(&fit, entry->rows[i], shares[i], &entry->gaps[i], &entry->means[i]);
		}
	}
	pfree(fit.gaps);
}
