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

#include "utils/float.h"

#include "am/index/ivfkm_gap.h"

/* Rows that were seen at the first point of a curve. */
#define FIRST_ROWS 64.0

/*
 * Share of the calibration's queries that would go on behind their budget.  What it costs and
 * brings is in bench/budget.md.
 */
#define GOING_ON 0.03

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

/* Rows that were seen at a point of the curves of an index that has "rows". */
double
ivfkm_gap_point(int point, double rows)
{
	double most = Max(rows, 2.0 * FIRST_ROWS);

	return FIRST_ROWS * pow(most / FIRST_ROWS, (double) point / (IVFKM_GAP_POINTS - 1));
}

/* The curve of a query where so many rows were seen: linear in their logarithm. */
static double
on_curve(const IvfkmGapQuery *query, double seen, double rows)
{
	double most = Max(rows, 2.0 * FIRST_ROWS);
	double place = log(seen / FIRST_ROWS) / log(most / FIRST_ROWS) * (IVFKM_GAP_POINTS - 1);
	int point;

	place = Max(0.0, Min(place, IVFKM_GAP_POINTS - 1));
	point = (int) Min(place, IVFKM_GAP_POINTS - 2);
	if (isinf(query->lists[point + 1])) /* there may be a list before that point */
		return query->lists[place > point ? point + 1 : point];
	return query->lists[point] + (query->lists[point + 1] - query->lists[point]) * (place - point);
}

/* Order of gaps for qsort. */
static int
compare_gaps(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/*
 * Fills in the gaps of a calibration whose budgets are known, of nk values of k, from n queries of
 * an index that has "rows"; searches see at least "least" of them.  Where searches for k see all
 * lists, no list is near enough to go on.
 */
void
ivfkm_gap_quantiles(const IvfkmGapQuery *queries, int n, double rows, double least,
					IvfkmCalibration *calibration, int nk)
{
	double *gaps = palloc(sizeof(double) * Max(n, 1));

	for (int level = 0; level < nk; level++)
	{
		for (int i = 0; i < IVFKM_CALIBRATION_TARGETS; i++)
		{
			double seen = Max(calibration[level].rows[i], least);
			double gap = -FLT_MAX;
			int count = 0;

			for (int q = 0; q < n; q++)
			{
				if (isinf(queries[q].rows[level]))
					continue;
				gaps[count++] = on_curve(&queries[q], seen, rows) - queries[q].rows[level];
			}
			if (count > 0)
			{
				qsort(gaps, count, sizeof(double), compare_gaps);
				gap = gaps[(int) (GOING_ON * (count - 1))];
			}
			calibration[level].gaps[i] = gap <= FLT_MAX ? (float) Max(gap, -FLT_MAX) : -FLT_MAX;
		}
	}
	pfree(gaps);
}
