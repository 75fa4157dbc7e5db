/*-------------------------------------------------------------------------
 *
 * ivfkm_budget.c
 *	  How much a search looks at.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_budget.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "am/index/ivfkm_budget.h"

/*
 * However few lists were measured to be enough: so many are probed, or those that hold so many
 * rows on average.  Rows of the table as queries say little of queries that are unlike it, and
 * in a small index certainty is cheap.
 */
#define FLOOR_LISTS 4
#define FLOOR_ROWS	1024

/* The fewest lists that a search probes. */
static double
floor_probes(const IvfkmMetaPageData *meta)
{
	double rows_per_list = meta->build_rows / meta->nlists;

	return Max(1.0, Min(FLOOR_LISTS, ceil(FLOOR_ROWS / Max(rows_per_list, 1.0))));
}

/* Lists to probe for the k nearest rows, by the measurements of the build. */
int
ivfkm_budget_probes(const IvfkmMetaPageData *meta, double k)
{
	uint32 n = meta->ncalibrations;
	const IvfkmCalibration *table = meta->calibration;
	double probes;
	uint32 i;

	if (n == 0)
		return (int) meta->nlists;
	for (i = 0; i < n && table[i].k < k; i++)
		;
	if (i == 0)
		probes = table[0].probes;
	else if (i == n) /* behind the table: in proportion to k */
		probes = table[n - 1].probes * (k / table[n - 1].k);
	else /* linear in log k */
		probes = table[i - 1].probes + ((double) table[i].probes - table[i - 1].probes) *
										   log(k / table[i - 1].k) /
										   log((double) table[i].k / table[i - 1].k);
	probes = Max(ceil(probes), floor_probes(meta));
	return (int) Max(1, Min(probes, meta->nlists));
}
