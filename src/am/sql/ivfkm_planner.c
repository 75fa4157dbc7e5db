/*-------------------------------------------------------------------------
 *
 * ivfkm_planner.c
 *	  A planner hook: scans that come in the order of a distance do not compute it again.
 *
 * NOTES
 *	  For "SELECT id FROM t ORDER BY v <-> $1 LIMIT 10" PostgreSQL plans a column v <-> $1,
 *	  marked as junk, for whoever sorts.  An index scan has sorted already, nobody reads the
 *	  column, and computing it detoasts every row: a third of the time of a search among
 *	  60,000 rows.  The hook puts NULL in its place, in scans of ivfkm indexes alone, and only
 *	  where the scan, or a LIMIT upon it, is the top of its query: whatever is above such a
 *	  node (the junk filter of the executor, a subquery scan, the evaluation of a subplan)
 *	  takes no junk columns.  LIMIT ... WITH TIES compares the column, FOR UPDATE puts
 *	  another node in between: they stay as they are.
 *
 *	  Rights to execute the distance function are checked as ever: the executor also
 *	  initialises the scan's order-by expressions, which stay.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_planner.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/amapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/clauses.h"
#include "optimizer/planner.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "am/scan/ivfkm_scan.h"
#include "am/scan/ivfkm_told.h"
#include "am/sql/ivfkm_planner.h"

/* The planner as it was when the library was loaded; NULL for PostgreSQL's own. */
static planner_hook_type previous_planner;

/* True for an index with our scans, under whichever name of an access method. */
static bool
is_ivfkm_index(Oid index_oid)
{
	Relation index = RelationIdGetRelation(index_oid);
	bool ours;

	if (index == NULL)
		return false;
	ours = index->rd_indam != NULL && index->rd_indam->amgettuple == ivfkmgettuple;
	RelationClose(index);
	return ours;
}

/* True if "scan" comes in the order of "expr" or of the same with its sides exchanged. */
static bool
comes_in_order_of(const IndexScan *scan, Expr *expr)
{
	return list_member(scan->indexorderbyorig, expr) ||
		   list_member(scan->indexorderbyorig, ivfkm_told_exchanged(expr));
}

/*
 * Replaces the distances that "scan" is ordered by, where column by column "output", the
 * target list of the top of the query, says that they are junk.
 */
static void
leave_out_distances(List *output, IndexScan *scan)
{
	ListCell *above;
	ListCell *below;

	if (scan->indexorderbyorig == NIL || !is_ivfkm_index(scan->indexid))
		return;
	Assert(list_length(output) == list_length(scan->scan.plan.targetlist));
	forboth (above, output, below, scan->scan.plan.targetlist)
	{
		TargetEntry *column = lfirst_node(TargetEntry, below);

		if (lfirst_node(TargetEntry, above)->resjunk && comes_in_order_of(scan, column->expr))
			column->expr = (Expr *) makeNullConst(exprType((Node *) column->expr),
												  exprTypmod((Node *) column->expr),
												  exprCollation((Node *) column->expr));
	}
}

/* Looks through a plan; "top" if nothing of its query is above the node. */
static void
visit_plan(Plan *plan, bool top)
{
	List *children = NIL;
	ListCell *cell;

	if (plan == NULL)
		return;
	check_stack_depth();
	if (IsA(plan, Limit) && ((Limit *) plan)->limitOption == LIMIT_OPTION_COUNT &&
		IsA(outerPlan(plan), IndexScan))
		leave_out_distances(plan->targetlist, (IndexScan *) outerPlan(plan));
	else if (top && IsA(plan, IndexScan))
		leave_out_distances(plan->targetlist, (IndexScan *) plan);

	visit_plan(outerPlan(plan), false);
	visit_plan(innerPlan(plan), false);
	if (IsA(plan, SubqueryScan))
		visit_plan(((SubqueryScan *) plan)->subplan, true);
	else if (IsA(plan, Append))
		children = ((Append *) plan)->appendplans;
	else if (IsA(plan, MergeAppend))
		children = ((MergeAppend *) plan)->mergeplans;
	foreach (cell, children)
		visit_plan((Plan *) lfirst(cell), false);
}

/* planner_hook */
static PlannedStmt *
plan_without_distances(Query *parse, const char *query_string, int cursor_options,
					   ParamListInfo params)
{
	planner_hook_type planner = previous_planner != NULL ? previous_planner : standard_planner;
	PlannedStmt *stmt = planner(parse, query_string, cursor_options, params);
	ListCell *cell;

	visit_plan(stmt->planTree, true);
	foreach (cell, stmt->subplans)
		visit_plan((Plan *) lfirst(cell), true);
	return stmt;
}

/*
 * Sets the hook up; called once when the library is loaded.  That may be while a statement that is
 * to be kept is being planned, too late for the hook: such statements are planned anew.
 */
void
ivfkm_planner_init(void)
{
	previous_planner = planner_hook;
	planner_hook = plan_without_distances;
	ResetPlanCache();
}
