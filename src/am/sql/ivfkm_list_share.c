/*-------------------------------------------------------------------------
 *
 * ivfkm_list_share.c
 *	  Which share of the lists may have rows that meet a path's conditions.
 *
 * NOTES
 *	  Scans leave out lists by their summaries.  Of how many they do, the summaries of some lists
 *	  tell, which the plan cache keeps.  Conditions whose values are not known when the query is
 *	  planned leave out none, but for those that ivfkm_unknown.c draws values for.
 *
 *	  Where row security or a security barrier hides rows, the index is not asked: what EXPLAIN
 *	  shows would tell of them.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_list_share.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/stratnum.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_summary.h"
#include "am/scan/ivfkm_filter.h"
#include "am/sql/ivfkm_list_share.h"
#include "am/sql/ivfkm_plan_cache.h"
#include "am/sql/ivfkm_unknown.h"

/* Makes a scan key of a condition on a column of the index; false if its value is not known. */
static bool
make_key(PlannerInfo *root, const IndexOptInfo *info, int column, Node *clause, ScanKey key)
{
	Oid family = info->opfamily[column];
	int flags = 0;
	Oid opno;
	Oid collation;
	Node *argument;
	int strategy;
	Oid left;
	Oid right;

	if (IsA(clause, NullTest))
	{
		bool null = ((NullTest *) clause)->nulltesttype == IS_NULL;

		ScanKeyEntryInitialize(key, SK_ISNULL | (null ? SK_SEARCHNULL : SK_SEARCHNOTNULL),
							   (AttrNumber) (column + 1), InvalidStrategy, InvalidOid, InvalidOid,
							   InvalidOid, (Datum) 0);
		return true;
	}
	if (IsA(clause, OpExpr))
	{
		opno = ((OpExpr *) clause)->opno;
		collation = ((OpExpr *) clause)->inputcollid;
		argument = lsecond(((OpExpr *) clause)->args);
	}
	else if (IsA(clause, ScalarArrayOpExpr))
	{
		opno = ((ScalarArrayOpExpr *) clause)->opno;
		collation = ((ScalarArrayOpExpr *) clause)->inputcollid;
		argument = lsecond(((ScalarArrayOpExpr *) clause)->args);
		flags = SK_SEARCHARRAY;
	}
	else
		return false;
	argument = estimate_expression_value(root, argument);
	if (!IsA(argument, Const) || !op_in_opfamily(opno, family))
		return false;
	if (((Const *) argument)->constisnull)
		flags |= SK_ISNULL;
	get_op_opfamily_properties(opno, family, false, &strategy, &left, &right);
	ScanKeyEntryInitialize(key, flags, (AttrNumber) (column + 1), (StrategyNumber) strategy, right,
						   collation, get_opcode(opno), ((Const *) argument)->constvalue);
	return true;
}

/* The column of the index, not its vector, that a condition beside the path is on. */
static int
column_of(IndexOptInfo *info, const ScalarArrayOpExpr *clause)
{
	for (int column = 0; column < info->nkeycolumns; column++)
	{
		if (op_in_opfamily(clause->opno, info->opfamily[column]) &&
			match_index_to_operand(linitial(clause->args), column, info))
			return column;
	}
	return -1;
}

/*
 * Makes scan keys of the conditions of a path, and of "told", those of lists of values that the
 * scan finds in its filter, with what "unknowns" are in a draw.  Returns how many; the rest has
 * values that are not known.
 */
static int
make_keys(PlannerInfo *root, const IndexPath *path, List *told, const List *unknowns, int draw,
		  ScanKey *keys)
{
	IndexOptInfo *info = path->indexinfo;
	int most = list_length(told);
	int n = 0;
	ListCell *cell;
	ListCell *qual;

	foreach (cell, path->indexclauses)
		most += list_length(lfirst_node(IndexClause, cell)->indexquals);
	*keys = palloc(sizeof(ScanKeyData) * Max(most, 1));
	foreach (cell, path->indexclauses)
	{
		const IndexClause *clause = lfirst_node(IndexClause, cell);

		foreach (qual, clause->indexquals)
		{
			Node *condition = (Node *) lfirst_node(RestrictInfo, qual)->clause;
			const IvfkmUnknownValue *value = ivfkm_unknown_value(unknowns, condition, draw);

			if (value == NULL)
				n += make_key(root, info, clause->indexcol, condition, &(*keys)[n]);
			else if (value->has_key)
				(*keys)[n++] = value->key;
		}
	}
	foreach (cell, told)
	{
		Node *condition = (Node *) lfirst_node(RestrictInfo, cell)->clause;
		int column = column_of(info, (const ScalarArrayOpExpr *) condition);

		if (column >= 0)
			n += make_key(root, info, column, condition, &(*keys)[n]);
	}
	return n;
}

/*
 * The share of the lists of an index that a scan along "path" looks into, by their summaries: above
 * 0, and 1 if that is not known.  "told", "unknowns", "draw": see make_keys().  "meta" is what
 * ivfkm_plan_cache_get() gave.
 */
double
ivfkm_list_share(PlannerInfo *root, const IndexPath *path, List *told, const List *unknowns,
				 int draw, Relation index, const IvfkmMetaPageData *meta)
{
	const RelOptInfo *rel = path->indexinfo->rel;
	const IvfkmSummarySample *sample;
	IvfkmColumns columns;
	IvfkmFilter filter;
	IvfkmSummaryFilter summary_filter = {&columns, &filter.terms};
	ScanKey keys;
	int nkeys;
	double matches = 0.0;

	if (rel->baserestrict_min_security < root->qual_security_level)
		return 1.0;
	nkeys = make_keys(root, path, told, unknowns, draw, &keys);
	ivfkm_columns_get(index, &columns);
	if (!ivfkm_columns_set_images(&columns, meta->narrow, meta->images))
		return 1.0; /* damage, which the scan reports */
	ivfkm_filter_init(&filter, nkeys);
	ivfkm_filter_add(&filter, &columns, keys, nkeys);
	if (!ivfkm_filter_has_terms(&filter))
		return 1.0;
	sample = ivfkm_plan_cache_summaries(index, meta);
	if (sample == NULL)
		return 1.0;
	for (int i = 0; i < sample->count; i++)
	{
		IvfkmSummaryData summary;

		memcpy(&summary, sample->images + sample->bytes * i, sample->bytes);
		matches += ivfkm_summary_matches(&summary_filter, &summary) != 0;
	}
	return Max(matches, 0.5) / sample->count;
}
