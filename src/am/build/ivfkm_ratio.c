/*-------------------------------------------------------------------------
 *
 * ivfkm_ratio.c
 *	  Measuring, at build, how the operator's distance follows from that in index space.
 *
 * NOTES
 *	  Lists and codes go by Euclidean distances.  The taxicab distance of two rows is some
 *	  multiple of it, between 1 and sqrt(dims) times as large, and of vectors from one source
 *	  always about the same one: sqrt(2 dims / pi) if differences are normally distributed.
 *	  Rows of the sample serve as queries, and the multiple is that of their nearest rows, as
 *	  it is these that searches have to find.
 *
 *	  The result goes to disk: sums have one order, in one process.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_ratio.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "am/build/ivfkm_ratio.h"

#define RATIO_QUERIES	 64
#define RATIO_ROWS		 4096	   /* rows of the sample that each is compared with */
#define RATIO_WORK		 (1 << 27) /* pairs times dimensions at most */
#define RATIO_NEIGHBOURS 8		   /* of each query */
#define RATIO_DEVIATION	 0.25f	   /* where nothing can be measured */
#define RATIO_LEAST		 64		   /* pairs that tell more of others than that */

/* The distances of two rows. */
typedef struct RatioPair
{
	double l1;
	double l2; /* squared */
} RatioPair;

/* Distances of x and y in "dims" dimensions. */
static RatioPair
compare(const float *x, const float *y, int dims)
{
	RatioPair sums[2] = {{0.0, 0.0}, {0.0, 0.0}};

	for (int i = 0; i < dims; i++)
	{
		double difference = (double) x[i] - y[i];

		sums[i % 2].l1 += fabs(difference);
		sums[i % 2].l2 += difference * difference;
	}
	sums[0].l1 += sums[1].l1;
	sums[0].l2 += sums[1].l2;
	return sums[0];
}

/*
 * Fills in distance_ratio and distance_deviation of the plan for taxicab distances, from the
 * sample in input space.  The leader alone.
 */
void
ivfkm_ratio_measure(IvfkmBuild *build)
{
	IvfkmMetaPageData *meta = &build->plan.meta;
	int dims = build->dims;
	int nrows = build->shared->nrows;
	int nqueries = Min(nrows, RATIO_QUERIES);
	int ncompared = (int) Min(Min(nrows, RATIO_ROWS), RATIO_WORK / RATIO_QUERIES / dims + 64);
	double sum = 0.0;
	double sum2 = 0.0;
	int64 count = 0;

	meta->distance_ratio = (float) sqrt(2.0 * dims / M_PI);
	meta->distance_deviation = RATIO_DEVIATION;
	for (int q = 0; q < nqueries; q++)
	{
		const float *query = build->training.rows + (Size) ((int64) q * nrows / nqueries) * dims;
		RatioPair nearest[RATIO_NEIGHBOURS];
		int n = 0;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < ncompared; i++)
		{
			Size row = (Size) ((int64) i * nrows / ncompared);
			RatioPair pair = compare(query, build->training.rows + row * dims, dims);
			int at;

			if (!(pair.l2 > 0.0) || !(pair.l2 <= DBL_MAX))
				continue; /* the same vector, or nothing to be learned */
			if (n < RATIO_NEIGHBOURS)
				at = n++;
			else if (pair.l1 < nearest[n - 1].l1)
				at = n - 1;
			else
				continue;
			for (; at > 0 && pair.l1 < nearest[at - 1].l1; at--)
				nearest[at] = nearest[at - 1];
			nearest[at] = pair;
		}
		for (int i = 0; i < n; i++)
		{
			double ratio = nearest[i].l1 / sqrt(nearest[i].l2);

			sum += ratio;
			sum2 += ratio * ratio;
			count++;
		}
	}
	if (count > 1)
	{
		double mean = sum / count;
		double variance = Max(sum2 / count - mean * mean, 0.0);

		/* squares vary twice as much */
		meta->distance_ratio = (float) mean;
		meta->distance_deviation = (float) (2.0 * sqrt(variance) / mean);
		if (count < RATIO_LEAST)
			meta->distance_deviation = Max(meta->distance_deviation, RATIO_DEVIATION);
	}
}
