/*-------------------------------------------------------------------------
 *
 * ivfkm_told.c
 *	  Executor hooks that tell a scan about its query.
 *
 * NOTES
 *	  The access method sees neither LIMIT nor the filter.  When a query starts, its tree of
 *	  plan states is looked through for scans of our indexes, and what is above each of them
 *	  is noted: a stack of the nodes that limit, filter or want all rows, down from the top.
 *	  The numbers are read when the scan asks, at its first row and at each pass: LIMIT and
 *	  bounds may be parameters, and FETCH says anew how many rows it wants.
 *
 *	  A query's notes are in its es_query_cxt.  A reset callback takes them off the list, on
 *	  every way out.  Scans that are not in a list (of EvalPlanQual, of catalog code, of
 *	  queries started before the library was loaded) are told nothing; all works, only slower.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_told.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/amapi.h"
#include "access/relscan.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"
#include "utils/datum.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_range.h"
#include "am/scan/ivfkm_told.h"

/* What a LIMIT or OFFSET counts for at most: more rows than a table has, and sums fit. */
#define MOST_ROWS (INT64CONST(1) << 48)

/* A node between a scan and the top of its plan that changes which rows are wanted. */
typedef struct Above
{
	const struct Above *outer; /* the next one upwards; NULL: the top of the plan */
	LimitState *limit;		   /* a LIMIT or OFFSET, or NULL */
	bool wants_all;			   /* takes all rows, or relies on their order */
} Above;

/* A bound of the distance in the scan's filter. */
typedef struct Bound
{
	IvfkmRangeBound range;
	ExprState *expr; /* of range.bound */
	ExprState
		*origin; /* the bound holds if the scan is ordered by the distance from this; or NULL */
} Bound;

/* A condition of the scan's filter on another column of its index. */
typedef struct Condition
{
	ScanKeyData key;	 /* without its argument */
	ExprState *argument; /* which is this */
} Condition;

/* A scan of one of our indexes. */
typedef struct IvfkmToldScan
{
	IndexScanState *state;
	const struct ToldQuery *query;
	const Above *above;
	int nbounds;
	Bound *bounds;
	int nconditions;
	Condition *conditions;
	ExprState *origin; /* of a scan without order: the query of the distance */
} IvfkmToldScan;

/* A running query with such scans. */
typedef struct ToldQuery
{
	struct ToldQuery *outer; /* started before it */
	EState *estate;
	bool wants_all; /* ExecutorRun() was asked for all rows */
	uint64 wanted;	/* or else for so many, all calls together */
	uint64 before;	/* of these, in the calls before the current one */
	List *scans;	/* of IvfkmToldScan */
	int last_found; /* where in the list the last scan was found */
	MemoryContextCallback callback;
} ToldQuery;

/* Innermost first. */
static ToldQuery *queries;

static amgettuple_function our_gettuple;

static ExecutorStart_hook_type previous_start;
static ExecutorRun_hook_type previous_run;

/* A tree of plan states that is being looked through. */
typedef struct Visit
{
	EState *estate;
	ToldQuery *query; /* made with the first scan */
} Visit;

static void visit_node(Visit *visit, PlanState *node, const Above *above);

/* Reset callback of es_query_cxt: the query is no more. */
static void
forget_query(void *arg)
{
	for (ToldQuery **link = &queries; *link != NULL; link = &(*link)->outer)
	{
		if (*link == arg)
		{
			*link = (*link)->outer;
			break;
		}
	}
}

/* The note of the query, made when it is first asked for. */
static ToldQuery *
noted_query(Visit *visit)
{
	ToldQuery *query = visit->query;

	if (query != NULL)
		return query;
	query = palloc0(sizeof(ToldQuery));
	query->estate = visit->estate;
	query->callback.func = forget_query;
	query->callback.arg = query;
	MemoryContextRegisterResetCallback(visit->estate->es_query_cxt, &query->callback);
	query->outer = queries;
	queries = query;
	visit->query = query;
	return query;
}

/* The same operation with its sides exchanged, as a copy; NULL if there is none. */
Expr *
ivfkm_told_exchanged(Expr *expr)
{
	OpExpr *exchanged;

	if (!is_opclause(expr) || list_length(((OpExpr *) expr)->args) != 2 ||
		!OidIsValid(get_commutator(((OpExpr *) expr)->opno)))
		return NULL;
	exchanged = copyObject((OpExpr *) expr);
	CommuteOpExpr(exchanged);
	return (Expr *) exchanged;
}

/* True if "expr" is "distance", or the same with its sides exchanged. */
static bool
is_distance(Expr *expr, Expr *distance)
{
	return equal(expr, distance) || equal(ivfkm_told_exchanged(expr), distance);
}

/* True if an expression has one value for all rows of a scan, and may be computed before them. */
static bool
is_fixed(Expr *expr)
{
	return !contain_var_clause((Node *) expr) && !contain_volatile_functions((Node *) expr) &&
		   !contain_subplans((Node *) expr);
}

/* What is in a column (from 0) of the index, as the plan of the scan names it. */
static Expr *
indexed_expression(Relation index, int column, Index scanrelid)
{
	AttrNumber attribute = index->rd_index->indkey.values[column];
	Oid type;
	int32 typmod;
	Oid collation;
	Node *expr;

	if (attribute == 0)
	{
		int n = 0; /* expressions in the columns before */

		for (int i = 0; i < column; i++)
			n += index->rd_index->indkey.values[i] == InvalidAttrNumber;
		expr = copyObject(list_nth(RelationGetIndexExpressions(index), n));
		ChangeVarNodes(expr, 1, (int) scanrelid, 0);
		return (Expr *) expr;
	}
	get_atttypetypmodcoll(index->rd_index->indrelid, attribute, &type, &typmod, &collation);
	return (Expr *) makeVar((int) scanrelid, attribute, type, typmod, collation, 0);
}

/*
 * Takes "clause" apart if it says operand = ANY (argument), or the same with another operator, or
 * that a boolean is true or false.
 */
static bool
split_clause(Expr *clause, Expr **operand, Oid *opno, Oid *collation, Expr **argument)
{
	ScalarArrayOpExpr *any = (ScalarArrayOpExpr *) clause;
	bool value = !is_notclause(clause);

	if (IsA(clause, ScalarArrayOpExpr) && any->useOr)
	{
		*operand = linitial(any->args);
		*argument = lsecond(any->args);
		*opno = any->opno;
		*collation = any->inputcollid;
		return true;
	}
	*operand = value ? clause : get_notclausearg(clause);
	if (IsA(*operand, BoolExpr) || IsA(*operand, ScalarArrayOpExpr) || is_opclause(*operand) ||
		exprType((Node *) *operand) != BOOLOID)
		return false;
	*argument = (Expr *) makeBoolConst(value, false);
	*opno = BooleanEqualOperator;
	*collation = InvalidOid;
	return true;
}

/*
 * Notes "clause" if it is a condition on a column of the index beside the vector that PostgreSQL
 * does not hand over in scans with an order: IN lists on other columns than the first, before
 * version 17, and boolean columns, before 16.  The clause stays in the filter, which decides.
 */
static void
note_condition(IvfkmToldScan *scan, Expr *clause)
{
	IndexScan *plan = (IndexScan *) scan->state->ss.ps.plan;
	Relation index = scan->state->iss_RelationDesc;
	Condition *condition = &scan->conditions[scan->nconditions];
	int vector = ivfkm_columns_vector(index);
	Expr *operand;
	Expr *argument;
	Oid opno;
	Oid collation;

	if (!split_clause(clause, &operand, &opno, &collation, &argument) || !is_fixed(argument))
		return;
	while (IsA(operand, RelabelType))
		operand = ((RelabelType *) operand)->arg;
	for (int column = 0; column < IndexRelationGetNumberOfKeyAttributes(index); column++)
	{
		Oid indexed_collation = index->rd_indcollation[column];
		int strategy;
		Oid left;
		Oid right;

		if (column == vector || !op_in_opfamily(opno, index->rd_opfamily[column]) ||
			(OidIsValid(indexed_collation) && collation != indexed_collation) ||
			!equal(operand, indexed_expression(index, column, plan->scan.scanrelid)))
			continue;
		get_op_opfamily_properties(opno, index->rd_opfamily[column], false, &strategy, &left,
								   &right);
		ScanKeyEntryInitialize(&condition->key, IsA(clause, ScalarArrayOpExpr) ? SK_SEARCHARRAY : 0,
							   (AttrNumber) (column + 1), (StrategyNumber) strategy, right,
							   collation, get_opcode(opno), (Datum) 0);
		condition->argument = ExecInitExpr(argument, &scan->state->ss.ps);
		scan->nconditions++;
		return;
	}
}

/* Notes a scan of one of our indexes, and the bounds and conditions that its filter has. */
static void
note_scan(Visit *visit, IndexScanState *state, const Above *above)
{
	IndexScan *plan = (IndexScan *) state->ss.ps.plan;
	ToldQuery *query = noted_query(visit);
	IvfkmToldScan *scan = palloc0(sizeof(IvfkmToldScan));
	List *quals = plan->scan.plan.qual;
	Expr *distance = NULL;
	ListCell *cell;

	scan->state = state;
	scan->query = query;
	scan->above = above;
	scan->bounds = palloc(sizeof(Bound) * Max(list_length(quals), 1));
	scan->conditions = palloc(sizeof(Condition) * Max(list_length(quals), 1));
	if (list_length(plan->indexorderbyorig) == 1)
		distance = linitial(plan->indexorderbyorig);
	foreach (cell, quals)
	{
		Bound *bound = &scan->bounds[scan->nbounds];

		if (!ivfkm_range_split(lfirst(cell), &bound->range) || !is_fixed(bound->range.bound))
		{
			note_condition(scan, lfirst(cell));
			continue;
		}
		bound->origin = NULL;
		if (distance == NULL || !is_distance(bound->range.distance, distance))
		{
			Relation index = state->iss_RelationDesc;
			Oid family = index->rd_opfamily[ivfkm_columns_vector(index)];
			Expr *column =
				indexed_expression(index, ivfkm_columns_vector(index), plan->scan.scanrelid);
			Expr *origin;

			if ((distance != NULL && plan->indexorderbyorig == NIL) ||
				list_length(plan->indexorderbyorig) > 1 ||
				!ivfkm_range_origin(bound->range.distance, column, family, &origin) ||
				!is_fixed(origin))
				continue;
			if (plan->indexorderbyorig == NIL)
			{
				distance = bound->range.distance;
				scan->origin = ExecInitExpr(origin, &state->ss.ps);
			}
			else
				bound->origin = ExecInitExpr(origin, &state->ss.ps);
		}
		bound->expr = ExecInitExpr(bound->range.bound, &state->ss.ps);
		scan->nbounds++;
	}
	query->scans = lappend(query->scans, scan);
}

/* A new node above whatever is visited next. */
static const Above *
make_above(const Above *outer, LimitState *limit, bool wants_all)
{
	Above *above = palloc(sizeof(Above));

	above->outer = outer;
	above->limit = limit;
	above->wants_all = wants_all;
	return above;
}

/* Visits some plan states that have the same node above them. */
static void
visit_array(Visit *visit, PlanState **nodes, int n, const Above *above)
{
	for (int i = 0; i < n; i++)
		visit_node(visit, nodes[i], above);
}

/* Visits the plans of subqueries, which are read to their end. */
static void
visit_subplans(Visit *visit, List *subplans)
{
	ListCell *cell;

	foreach (cell, subplans)
		visit_node(visit, lfirst_node(SubPlanState, cell)->planstate, make_above(NULL, NULL, true));
}

/* Looks through a plan state and what is below it. */
static void
visit_node(Visit *visit, PlanState *node, const Above *above)
{
	const Above *below;
	ListCell *cell;

	if (node == NULL)
		return;
	check_stack_depth();
	visit_subplans(visit, node->initPlan);
	visit_subplans(visit, node->subPlan);
	switch (nodeTag(node))
	{
		case T_IndexScanState:
		{
			Relation index = ((IndexScanState *) node)->iss_RelationDesc;

			if (index != NULL && index->rd_indam->amgettuple == our_gettuple)
				note_scan(visit, (IndexScanState *) node, above);
			break;
		}
		case T_LimitState:
			visit_node(visit, outerPlanState(node), make_above(above, (LimitState *) node, false));
			break;
		case T_ResultState:
		case T_ProjectSetState:
		case T_LockRowsState:
		case T_GatherState:
		case T_GatherMergeState:
		case T_IncrementalSortState: /* takes more rows than it gives, in groups */
			visit_node(visit, outerPlanState(node), above);
			break;
		case T_SubqueryScanState:
			visit_node(visit, ((SubqueryScanState *) node)->subplan, above);
			break;
		case T_AppendState:
			visit_array(visit, ((AppendState *) node)->appendplans,
						((AppendState *) node)->as_nplans, above);
			break;
		case T_MergeAppendState:
			visit_array(visit, ((MergeAppendState *) node)->mergeplans,
						((MergeAppendState *) node)->ms_nplans, above);
			break;
		case T_NestLoopState:
		case T_HashJoinState:
			/* the outer side streams through; the inner side is read for each row, or at once */
			visit_node(visit, outerPlanState(node), above);
			visit_node(visit, innerPlanState(node), make_above(NULL, NULL, true));
			break;
		default:
			below = make_above(NULL, NULL, true);
			visit_node(visit, outerPlanState(node), below);
			visit_node(visit, innerPlanState(node), below);
			if (IsA(node, CustomScanState))
			{
				foreach (cell, ((CustomScanState *) node)->custom_ps)
					visit_node(visit, lfirst(cell), below);
			}
			break;
	}
}

/* ExecutorStart_hook */
static void
tell_at_start(QueryDesc *desc, int eflags)
{
	if (previous_start != NULL)
		previous_start(desc, eflags);
	else
		standard_ExecutorStart(desc, eflags);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 && desc->planstate != NULL)
	{
		Visit visit = {.estate = desc->estate};
		MemoryContext old_context = MemoryContextSwitchTo(desc->estate->es_query_cxt);

		visit_node(&visit, desc->planstate, NULL);
		MemoryContextSwitchTo(old_context);
	}
}

/* Notes how many rows ExecutorRun() is asked for; 0 stands for all. */
static void
note_count(const QueryDesc *desc, ScanDirection direction, uint64 count)
{
	for (ToldQuery *query = queries; query != NULL; query = query->outer)
	{
		if (query->estate != desc->estate)
			continue;
		if (ScanDirectionIsNoMovement(direction))
			return;
		query->before = query->wanted;
		if (count == 0)
			query->wants_all = true;
		else
			query->wanted += count;
		return;
	}
}

/* ExecutorRun_hook */
static void
tell_at_run(EXECUTOR_RUN_PARAMETERS_compat)
{
	note_count(desc, direction, count);
	if (previous_run != NULL)
		previous_run(EXECUTOR_RUN_ARGUMENTS_compat);
	else
		standard_ExecutorRun(EXECUTOR_RUN_ARGUMENTS_compat);
}

/*
 * Sets the hooks up; called once when the library is loaded.  Indexes whose amgettuple is
 * "gettuple" are ours, under whichever name of an access method.
 */
void
ivfkm_told_init(amgettuple_function gettuple)
{
	our_gettuple = gettuple;
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = tell_at_start;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = tell_at_run;
}

/* Finds the notes of a scan, or NULL.  Scans mostly ask in the order in which they were noted. */
static IvfkmToldScan *
find_scan(IndexScanDesc scan)
{
	for (ToldQuery *query = queries; query != NULL; query = query->outer)
	{
		int n = list_length(query->scans);

		for (int i = 0; i < n; i++)
		{
			int at = (query->last_found + i) % n;
			IvfkmToldScan *told = list_nth(query->scans, at);

			if (told->state->iss_ScanDesc == scan)
			{
				query->last_found = at;
				return told;
			}
		}
	}
	return NULL;
}

/*
 * Tells how many rows the nodes above a scan want, as far as is known now: sets "exhaustive", or
 * "limit" and how many have come to where that is counted, "received".  The innermost LIMIT or
 * OFFSET has pulled them all.  scan may be NULL, if nothing is known.
 */
void
ivfkm_told_limit(const IvfkmToldScan *scan, IvfkmTold *told)
{
	int64 offset = 0;
	int64 received = -1;

	if (scan == NULL)
		return;
	for (const Above *above = scan->above; above != NULL; above = above->outer)
	{
		const LimitState *limit = above->limit;

		if (above->wants_all)
		{
			told->exhaustive = true;
			return;
		}
		if (limit == NULL || limit->lstate == LIMIT_INITIAL)
			continue;
		if (received < 0)
			received = limit->position;
		if (!limit->noCount)
		{
			told->received = received;
			told->limit = offset + Min(limit->offset, MOST_ROWS) + Min(limit->count, MOST_ROWS);
			if (limit->limitOption == LIMIT_OPTION_WITH_TIES)
				told->limit++;
			told->limit = Max(told->limit, 1);
			return;
		}
		offset += Min(limit->offset, MOST_ROWS);
	}
	if (scan->query->wants_all || scan->query->wanted == 0)
		told->exhaustive = true;
	else
	{
		told->limit = offset + (int64) Min(scan->query->wanted, MOST_ROWS);
		if (received < 0)
			received = (int64) (scan->query->before + scan->query->estate->es_processed);
		told->received = received;
	}
}

/* True if a bound is one of the distance that "scan" is ordered by.  May evaluate an expression. */
static bool
is_of_order(const Bound *bound, IndexScanDesc scan, ExprContext *context)
{
	const ScanKeyData *key = scan->orderByData;
	bool isnull;
	Datum origin;

	if (bound->origin == NULL)
		return true;
	origin = ExecEvalExprSwitchContext(bound->origin, context, &isnull);
	return !isnull && (key->sk_flags & SK_ISNULL) == 0 &&
		   datum_image_eq(origin, key->sk_argument, false, -1);
}

/*
 * The lowest bound of the distance of "index_scan"; NULL excludes all rows, NaN (the greatest
 * number) none.  A similarity that is NaN is above every bound of similarities.
 */
static void
get_bound(IvfkmToldScan *scan, IndexScanDesc index_scan, IvfkmTold *told)
{
	ExprContext *context = scan->state->ss.ps.ps_ExprContext;

	told->bound = get_float8_infinity();
	told->or_nan = true;
	for (int i = 0; i < scan->nbounds; i++)
	{
		bool isnull;
		Datum value;
		double bound;

		if (!is_of_order(&scan->bounds[i], index_scan, context))
			continue;
		value = ExecEvalExprSwitchContext(scan->bounds[i].expr, context, &isnull);
		bound = ivfkm_range_bound(&scan->bounds[i].range, value, isnull);
		if (bound < told->bound)
			told->bound = bound;
		told->or_nan &= !isnull && ivfkm_range_lets_nan(&scan->bounds[i].range, bound);
	}
	told->bounded = told->bound < get_float8_infinity();
	if (scan->origin != NULL)
	{
		told->range = true;
		told->query = ExecEvalExprSwitchContext(scan->origin, context, &told->query_null);
	}
}

/* The conditions of the filter as scan keys, in the current memory context. */
static void
get_conditions(const IvfkmToldScan *scan, IvfkmTold *told)
{
	ExprContext *context = scan->state->ss.ps.ps_ExprContext;

	told->nkeys = scan->nconditions;
	told->keys = scan->nconditions > 0 ? palloc(sizeof(ScanKeyData) * scan->nconditions) : NULL;
	for (int i = 0; i < scan->nconditions; i++)
	{
		ScanKey key = &told->keys[i];
		bool isnull;

		*key = scan->conditions[i].key;
		key->sk_argument =
			ExecEvalExprSwitchContext(scan->conditions[i].argument, context, &isnull);
		if (isnull)
			key->sk_flags |= SK_ISNULL;
	}
}

/*
 * Tells what is known of a scan when its rows are wanted.  *cache: NULL at first; remembers
 * where the notes are as long as the scan's descriptor lives.  May run functions of the query:
 * nothing must be locked.  Errors: those of the expressions.
 */
void
ivfkm_told_get(IndexScanDesc scan, struct IvfkmToldScan **cache, IvfkmTold *told)
{
	memset(told, 0, sizeof(*told));
	if (*cache == NULL)
		*cache = find_scan(scan);
	if (*cache == NULL)
		return;
	get_bound(*cache, scan, told);
	get_conditions(*cache, told);
	ivfkm_told_limit(*cache, told);
}
