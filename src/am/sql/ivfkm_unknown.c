/*-------------------------------------------------------------------------
 *
 * ivfkm_unknown.c
 *	  Values of columns that are not known when a query is planned.
 *
 * NOTES
 *	  A generic plan of "tenant = $1", or the inner side of a join, serves all values.  PostgreSQL
 *	  takes each of them to be asked for as often as any other, and so to let 1/n of the rows
 *	  through, if there are n.  But who has more rows usually asks more often: we take a value to
 *	  be asked for as often as it occurs.  A value that a share f of the rows has then lets through
 *	  the sum of all f^2, which for few large values and many small ones is many times 1/n.
 *
 *	  What fetches and sorts the rows that pass costs in proportion to them, so the share is all
 *	  that its cost needs; it is put in the place of PostgreSQL's, for all paths of the table.  A
 *	  scan of our index is not in proportion, so its cost is the mean of its costs for some values.
 *	  They are drawn from the column's statistics, each for as many rows.
 *
 *	  How much of a column a range has that somebody asks for is not known either, and statistics do
 *	  not tell.  PostgreSQL takes a third of the rows to be above a value, and one in 200 between
 *	  two.  We take a few rows to be as likely as many: shares from one row to all of them are
 *	  drawn, evenly by their logarithm.
 *
 *	  This is for queries in the order of a distance, and any column of a table with such an index.
 *	  Our indexes are put before the others of their table, whose paths are then made from what was
 *	  corrected.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_unknown.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "parser/parse_coerce.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "am/sql/ivfkm_range_rows.h"
#include "am/sql/ivfkm_unknown.h"

/* Values of an array of which nothing is known, as PostgreSQL reckons. */
#define UNKNOWN_ELEMENTS 10.0

static get_relation_info_hook_type previous_relation_info;

/* Sets the key that asks for a value of a type, if the condition is on a column of the index. */
static void
set_key(const IndexOptInfo *info, const IvfkmUnknown *unknown, Datum datum, Oid type,
		IvfkmUnknownValue *value)
{
	const OpExpr *clause = (const OpExpr *) unknown->clause;
	Oid family;
	Oid opno;
	int strategy;
	Oid left;
	Oid right;

	if (clause == NULL)
		return;
	family = info->opfamily[unknown->column];
	opno = clause->opno;
	get_op_opfamily_properties(opno, family, false, &strategy, &left, &right);
	if (right != left)
		opno = get_opfamily_member(family, left, left, (int16) strategy);
	if (!OidIsValid(opno) || !IsBinaryCoercible(type, left))
		return;
	ScanKeyEntryInitialize(&value->key, 0, (AttrNumber) (unknown->column + 1),
						   (StrategyNumber) strategy, left, clause->inputcollid, get_opcode(opno),
						   datum);
	value->has_key = true;
}

/* How a condition compares something of the table with a value. */
typedef enum Kind
{
	KIND_EQUAL,
	KIND_BELOW, /* or equal */
	KIND_ABOVE
} Kind;

/* What a condition compares with a value, or with any of several. */
typedef struct Comparison
{
	Node *compared; /* what of the table */
	Oid opno;
	Kind kind;
	double elements; /* that it may be equal to */
	bool unknown;	 /* nothing is known of the values */
} Comparison;

/*
 * Draws values for a condition with unknown ones.  Notes the share of the rows that it lets through
 * on average.  Of several values one is drawn, and the others are as on average.
 */
static void
draw_values(const IndexOptInfo *info, const IvfkmStatistics *statistics,
			const Comparison *comparison, IvfkmUnknown *unknown)
{
	const AttStatsSlot *common = &statistics->common;
	double sum2 = statistics->rest * statistics->rest / statistics->nrest;
	double mean;

	for (int j = 0; j < common->nnumbers; j++)
		sum2 += (double) common->numbers[j] * common->numbers[j];
	mean = sum2 / statistics->values;
	for (int n = 0; n < IVFKM_DRAWN_VALUES; n++)
	{
		IvfkmDrawnValue drawn = ivfkm_statistics_draw(statistics, n);

		unknown->values[n].selectivity =
			Min(drawn.selectivity + (comparison->elements - 1.0) * mean, statistics->values);
		if (drawn.known && unknown->clause != NULL && IsA(unknown->clause, OpExpr))
			set_key(info, unknown, drawn.value, drawn.type, &unknown->values[n]);
	}
	unknown->selectivity = Min(comparison->elements * mean, statistics->values);
}

/*
 * Draws shares of the rows of a table for a range of which nothing is known: a few are as likely as
 * many.  Of values that are NULL no range has any.
 */
static void
draw_ranges(const IndexOptInfo *info, const IvfkmStatistics *statistics, IvfkmUnknown *unknown)
{
	double magnitudes = log(Max(info->rel->tuples * statistics->values, 1.0));

	for (int n = 0; n < IVFKM_DRAWN_VALUES; n++)
	{
		double share = exp(-magnitudes * (n + 0.5) / IVFKM_DRAWN_VALUES);

		unknown->values[n].selectivity = share * statistics->values;
		unknown->selectivity += unknown->values[n].selectivity / IVFKM_DRAWN_VALUES;
	}
}

/* True if nothing is known of an expression when the query is planned. */
static bool
is_unknown(PlannerInfo *root, const RelOptInfo *rel, Node *expr)
{
	return !bms_is_member((int) rel->relid, pull_varnos(root, expr)) &&
		   !IsA(estimate_expression_value(root, expr), Const);
}

/*
 * How many values an array has that is not known, or not all of it: as PostgreSQL reckons, which
 * takes 10 for one of which nothing is known.
 */
static double
count_elements(Node *array)
{
	if (IsA(array, ArrayExpr) && !((ArrayExpr *) array)->multidims)
		return Max(list_length(((ArrayExpr *) array)->elements), 1);
	return UNKNOWN_ELEMENTS;
}

/* Notes how an operator compares what is on its left with what is on its right; false: neither. */
static bool
find_kind(Oid opno, Kind *kind)
{
	switch (get_oprrest(opno))
	{
		case F_EQSEL:
			*kind = KIND_EQUAL;
			return true;
		case F_SCALARLTSEL:
		case F_SCALARLESEL:
			*kind = KIND_BELOW;
			return true;
		case F_SCALARGTSEL:
		case F_SCALARGESEL:
			*kind = KIND_ABOVE;
			return true;
		default:
			return false;
	}
}

/*
 * True if a condition compares something of the table with a value, or says that it equals any
 * value of an array: fills in *comparison.
 */
static bool
compares(PlannerInfo *root, const RelOptInfo *rel, Expr *clause, Comparison *comparison)
{
	List *args;
	Node *sides[2];
	bool any = IsA(clause, ScalarArrayOpExpr);

	if (any && ((ScalarArrayOpExpr *) clause)->useOr)
	{
		comparison->opno = ((ScalarArrayOpExpr *) clause)->opno;
		args = ((ScalarArrayOpExpr *) clause)->args;
	}
	else if (IsA(clause, OpExpr))
	{
		comparison->opno = ((OpExpr *) clause)->opno;
		args = ((OpExpr *) clause)->args;
	}
	else
		return false;
	if (list_length(args) != 2 || !find_kind(comparison->opno, &comparison->kind) ||
		(any && comparison->kind != KIND_EQUAL))
		return false;
	sides[0] = linitial(args);
	sides[1] = lsecond(args);
	comparison->elements = any ? count_elements(sides[1]) : 1.0;
	for (int i = 0; i < (any ? 1 : 2); i++)
	{
		if (!bms_is_member((int) rel->relid, pull_varnos(root, sides[i])))
			continue;
		if (i == 1 && comparison->kind != KIND_EQUAL)
			comparison->kind = comparison->kind == KIND_BELOW ? KIND_ABOVE : KIND_BELOW;
		comparison->compared = sides[i];
		comparison->unknown = is_unknown(root, rel, sides[1 - i]);
		return true;
	}
	return false;
}

/* What bounds the same values of a table as a condition does. */
typedef struct Others
{
	bool known;	   /* some bound is known */
	bool before;   /* a condition before this one has a bound that is not */
	bool opposite; /* some bound that is not known is on the other side */
} Others;

/* Finds the other conditions of the table that bound what one of them does. */
static Others
find_others(PlannerInfo *root, const RelOptInfo *rel, const RestrictInfo *rinfo,
			const Comparison *comparison)
{
	Others others = {false, false, false};
	bool before = true;
	ListCell *cell;

	foreach (cell, rel->baserestrictinfo)
	{
		const RestrictInfo *other = lfirst_node(RestrictInfo, cell);
		Comparison own;

		if (other == rinfo)
			before = false;
		else if (compares(root, rel, other->clause, &own) && own.kind != KIND_EQUAL &&
				 equal(own.compared, comparison->compared))
		{
			others.known |= !own.unknown;
			others.before |= own.unknown && before;
			others.opposite |= own.unknown && own.kind != comparison->kind;
		}
	}
	return others;
}

/*
 * Notes which column of the index a path uses a condition of the query for, and as which clause.
 * "told": conditions that its scan finds in its filter.
 */
static void
find_column(const IndexPath *path, List *told, const RestrictInfo *rinfo, IvfkmUnknown *unknown)
{
	const IndexOptInfo *info = path->indexinfo;
	ListCell *cell;

	if (list_member_ptr(told, rinfo))
		unknown->clause = (Node *) rinfo->clause;

	foreach (cell, path->indexclauses)
	{
		const IndexClause *clause = lfirst_node(IndexClause, cell);
		const RestrictInfo *qual;
		Oid opno;

		if (clause->rinfo != rinfo || clause->lossy || list_length(clause->indexquals) != 1)
			continue;
		qual = linitial_node(RestrictInfo, clause->indexquals);
		if (IsA(qual->clause, OpExpr))
			opno = ((OpExpr *) qual->clause)->opno;
		else if (IsA(qual->clause, ScalarArrayOpExpr))
			opno = ((ScalarArrayOpExpr *) qual->clause)->opno;
		else
			continue;
		if (!op_in_opfamily(opno, info->opfamily[clause->indexcol]))
			continue;
		unknown->clause = (Node *) qual->clause;
		unknown->column = clause->indexcol;
		return;
	}
}

/* Sets the selectivity of a condition, where a path has changed its form as well. */
static void
set_selectivity(const IndexPath *path, RestrictInfo *rinfo, double selectivity)
{
	ListCell *cell;
	ListCell *qual;

	rinfo->norm_selec = selectivity;
	foreach (cell, path->indexclauses)
	{
		const IndexClause *clause = lfirst_node(IndexClause, cell);

		if (clause->rinfo != rinfo)
			continue;
		foreach (qual, clause->indexquals)
			lfirst_node(RestrictInfo, qual)->norm_selec = selectivity;
	}
}

/*
 * The conditions on the table of a path that compare something with a value that is not known, or
 * with any of several: IvfkmUnknowns, one for both ends of a range.  "told": RestrictInfos that its
 * scan finds in its filter.  Corrects how many rows these conditions, and so the table, are taken
 * to give.
 */
List *
ivfkm_unknown_find(PlannerInfo *root, const IndexPath *path, List *told)
{
	RelOptInfo *rel = path->indexinfo->rel;
	List *unknowns = NIL;
	bool changed = false;
	ListCell *cell;

	foreach (cell, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		Others others = {false, false, false};
		Comparison comparison;
		IvfkmStatistics statistics;
		IvfkmUnknown *unknown;
		double selectivity;

		if (!compares(root, rel, rinfo->clause, &comparison) || !comparison.unknown ||
			!ivfkm_statistics_read(root, comparison.compared, comparison.opno, &statistics))
			continue;
		if (comparison.kind != KIND_EQUAL)
			others = find_others(root, rel, rinfo, &comparison);
		if (others.known)
			continue;
		unknown = palloc0(sizeof(IvfkmUnknown));
		find_column(path, told, rinfo, unknown);
		if (comparison.kind == KIND_EQUAL)
			draw_values(path->indexinfo, &statistics, &comparison, unknown);
		else
			draw_ranges(path->indexinfo, &statistics, unknown);
		selectivity = unknown->selectivity;
		if (others.opposite) /* what two such let through is their sum less all values */
			selectivity = 0.5 * (statistics.values + selectivity);
		if (!others.before)
			unknowns = lappend(unknowns, unknown);
		changed |= rinfo->norm_selec != selectivity;
		set_selectivity(path, rinfo, selectivity);
	}
	if (changed)
		ivfkm_range_recount(root, rel);
	return unknowns;
}

/*
 * The value of an unknown in a draw of all of them, 0 to IVFKM_DRAWN_VALUES - 1: the k-th moves
 * on 2 k + 1 values with each draw, so that all values of two come together in some order.
 */
static const IvfkmUnknownValue *
value_of(const List *unknowns, int k, int draw)
{
	const IvfkmUnknown *unknown = list_nth(unknowns, k);

	return &unknown->values[draw * (2 * k + 1) % IVFKM_DRAWN_VALUES];
}

/* The value that a condition asks for in a draw; NULL if it is none of the unknowns. */
const IvfkmUnknownValue *
ivfkm_unknown_value(const List *unknowns, const Node *clause, int draw)
{
	for (int k = 0; k < list_length(unknowns); k++)
	{
		if (((const IvfkmUnknown *) list_nth(unknowns, k))->clause == clause)
			return value_of(unknowns, k, draw);
	}
	return NULL;
}

/*
 * How many times the rows that are expected on average meet the conditions in a draw; "columns":
 * those on columns of the index, or the others.
 */
double
ivfkm_unknown_ratio(const List *unknowns, int draw, bool columns)
{
	double ratio = 1.0;

	for (int k = 0; k < list_length(unknowns); k++)
	{
		const IvfkmUnknown *unknown = list_nth(unknowns, k);

		if ((unknown->clause != NULL) == columns)
			ratio *= value_of(unknowns, k, draw)->selectivity / unknown->selectivity;
	}
	return ratio;
}

/* get_relation_info_hook: puts our indexes before others. */
static void
put_first(PlannerInfo *root, Oid relation, bool parent, RelOptInfo *rel)
{
	List *first = NIL;
	List *others = NIL;
	ListCell *cell;

	if (previous_relation_info != NULL)
		previous_relation_info(root, relation, parent, rel);
	foreach (cell, rel->indexlist)
	{
		IndexOptInfo *info = lfirst(cell);

		if (ivfkm_range_is_ours(info))
			first = lappend(first, info);
		else
			others = lappend(others, info);
	}
	if (first != NIL)
		rel->indexlist = list_concat(first, others);
}

/* Sets the hook up; called once when the library is loaded. */
void
ivfkm_unknown_init(void)
{
	previous_relation_info = get_relation_info_hook;
	get_relation_info_hook = put_first;
}
