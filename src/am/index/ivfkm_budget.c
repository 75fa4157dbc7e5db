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

/*
 * Rows in the order of the lists that a search sees for the k nearest: those of as many lists
 * as it probes.  A search for rows that match a filter, a share s of them, asks for k / s.
 */
double
ivfkm_budget_rows(const IvfkmMetaPageData *meta, double k)
{
	return ivfkm_budget_probes(meta, k) * (meta->build_rows / meta->nlists);
}

/*
 * Rows that a pass prepares for: "before" are those of the pass before it, 0 for the first pass,
 * limit those that the query's LIMIT still wants, 0 if that is not known.
 */
double
ivfkm_budget_pass_k(double before, double limit)
{
	double k = before > 0.0 ? before * IVFKM_PASS_GROWTH : IVFKM_FIRST_K;

	if (limit > 0.0)
		k = Max(k, limit + floor(limit / IVFKM_LIMIT_INVISIBLE));
	return Min(k, IVFKM_MAX_PASS_K);
}
