/*-------------------------------------------------------------------------
 *
 * ivfkm_statistics.c
 *	  Values of a column, drawn from its statistics.
 *
 * NOTES
 *	  They are its most common values, and bounds of the histogram of the others.  The first that is
 *	  drawn stands for the most frequent ones, and so on, each for the same share of the rows.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_statistics.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "nodes/nodeFuncs.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "am/sql/ivfkm_statistics.h"

/*
 * Reads the statistics of an expression that the operator "opno" compares; false if there are none.
 * What the slots hold stays in the memory of the planner.
 */
bool
ivfkm_statistics_read(PlannerInfo *root, Node *expr, Oid opno, IvfkmStatistics *statistics)
{
	VariableStatData variable;
	bool is_default = true;
	double n;

	memset(statistics, 0, sizeof(*statistics));
	examine_variable(root, expr, 0, &variable);
	if (HeapTupleIsValid(variable.statsTuple))
	{
		n = get_variable_numdistinct(&variable, &is_default);
		statistics->values =
			1.0 - ((Form_pg_statistic) GETSTRUCT(variable.statsTuple))->stanullfrac;
		statistics->rest = statistics->values;
		statistics->may_use_values = statistic_proc_security_check(&variable, get_opcode(opno));
		(void) get_attstatsslot(&statistics->common, variable.statsTuple, STATISTIC_KIND_MCV,
								InvalidOid, ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS);
		(void) get_attstatsslot(&statistics->histogram, variable.statsTuple,
								STATISTIC_KIND_HISTOGRAM, InvalidOid, ATTSTATSSLOT_VALUES);
		for (int i = 0; i < statistics->common.nnumbers; i++)
			statistics->rest -= statistics->common.numbers[i];
		statistics->rest = Max(statistics->rest, 0.0);
		statistics->nrest = Max(n - statistics->common.nnumbers, 1.0);
	}
	ReleaseVariableStats(variable);
	return !is_default && statistics->values > 0.0;
}

/* Draws the n-th of IVFKM_DRAWN_VALUES values. */
IvfkmDrawnValue
ivfkm_statistics_draw(const IvfkmStatistics *statistics, int n)
{
	const AttStatsSlot *common = &statistics->common;
	const AttStatsSlot *histogram = &statistics->histogram;
	double at = (n + 0.5) / IVFKM_DRAWN_VALUES * statistics->values;
	double end = 0.0; /* share of the rows with common values so far */
	IvfkmDrawnValue drawn = {0};

	for (int i = 0; i < common->nnumbers; i++)
	{
		end += common->numbers[i];
		if (end <= at)
			continue;
		drawn.selectivity = common->numbers[i];
		drawn.known = statistics->may_use_values && i < common->nvalues;
		if (drawn.known)
			drawn.value = common->values[i];
		drawn.type = common->valuetype;
		return drawn;
	}
	drawn.selectivity = statistics->rest / statistics->nrest;
	drawn.known = statistics->may_use_values && histogram->nvalues > 0;
	drawn.type = histogram->valuetype;
	if (drawn.known)
	{
		double place = 1.0 - (statistics->values - at) / Max(statistics->rest, 1e-9);
		int bound = (int) (Max(place, 0.0) * histogram->nvalues);

		drawn.value = histogram->values[Min(bound, histogram->nvalues - 1)];
	}
	return drawn;
}

/*
 * Draws IVFKM_DRAWN_VALUES values of an expression, of whose type "values" are.  Returns how many;
 * 0 if there are no statistics of it.
 */
int
ivfkm_statistics_numbers(PlannerInfo *root, Node *expr, Datum *values)
{
	Oid type = exprType(expr);
	Oid less = lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr;
	IvfkmStatistics statistics;
	int n = 0;

	if (!OidIsValid(less) || !ivfkm_statistics_read(root, expr, less, &statistics))
		return 0;
	for (int i = 0; i < IVFKM_DRAWN_VALUES; i++)
	{
		IvfkmDrawnValue drawn = ivfkm_statistics_draw(&statistics, i);

		if (drawn.known && drawn.type == type)
			values[n++] = drawn.value;
	}
	return n;
}
