/*-------------------------------------------------------------------------
 *
 * ivfkm_last_scan.c
 *	  What scans did, for SQL and, from PostgreSQL 18 on, for EXPLAIN (ANALYZE).
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_last_scan.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/htup_details.h"
#include "funcapi.h"

#include "am/scan/ivfkm_scan.h"
#include "am/sql/ivfkm_last_scan.h"

#if PG18_GE
#include "access/amapi.h"
#include "commands/explain.h"
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#include "nodes/execnodes.h"
#endif

PG_FUNCTION_INFO_V1(ivfkm_last_scan);

/* SQL: ivfkm_last_scan() returns record: counts of the scan that ended last in this session. */
Datum
ivfkm_last_scan(PG_FUNCTION_ARGS)
{
	TupleDesc description;
	IvfkmScanCounts counts;
	Oid index;
	Datum values[10];
	bool nulls[10] = {false};

	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (!ivfkm_scan_last(&index, &counts))
		PG_RETURN_NULL();
	values[0] = ObjectIdGetDatum(index);
	values[1] = Int64GetDatum(counts.searches);
	values[2] = Int64GetDatum(counts.passes);
	values[3] = Int64GetDatum(counts.sweeps - counts.searches);
	values[4] = Int64GetDatum(counts.lists);
	values[5] = Int64GetDatum(counts.rows);
	values[6] = Int64GetDatum(counts.candidates);
	values[7] = Int64GetDatum(counts.refined);
	values[8] = Int64GetDatum(counts.looked_at);
	values[9] = Int64GetDatum(counts.given);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(description, values, nulls)));
}

#if PG18_GE

static explain_per_node_hook_type previous_per_node;

/* explain_per_node_hook: adds what a scan of one of our indexes did. */
static void
explain_scan(PlanState *node, List *ancestors, const char *relationship, const char *plan_name,
			 ExplainState *es)
{
	IndexScanDesc scan;
	IvfkmScanCounts counts;

	if (previous_per_node != NULL)
		previous_per_node(node, ancestors, relationship, plan_name, es);
	if (!es->analyze || !IsA(node, IndexScanState))
		return;
	scan = ((IndexScanState *) node)->iss_ScanDesc;
	if (scan == NULL || scan->indexRelation->rd_indam->amgettuple != ivfkmgettuple)
		return;
	ivfkm_scan_counts(scan->opaque, &counts);
	ExplainPropertyInteger("Passes", NULL, counts.passes, es);
	ExplainPropertyInteger("Lists Scanned", NULL, counts.lists, es);
	ExplainPropertyInteger("Rows Scanned", NULL, counts.rows, es);
	ExplainPropertyInteger("Candidates", NULL, counts.candidates, es);
	ExplainPropertyInteger("Rows Refined", NULL, counts.refined, es);
	ExplainPropertyInteger("Rows Reranked", NULL, counts.looked_at, es);
}

#endif

/* Sets the hook up; called once when the library is loaded. */
void
ivfkm_last_scan_init(void)
{
#if PG18_GE
	previous_per_node = explain_per_node_hook;
	explain_per_node_hook = explain_scan;
#endif
}
