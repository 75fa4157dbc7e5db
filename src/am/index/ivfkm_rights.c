/*-------------------------------------------------------------------------
 *
 * ivfkm_rights.c
 *	  With whose rights the functions of an index run, and on which rows.
 *
 * NOTES
 *	  The expression and the predicate of an index are code of the table's owner.  Builds run it
 *	  as PostgreSQL's index_build() does: as the owner, in a security-restricted operation.  A
 *	  function that is called on an index has to do the same, or the owner's code runs with the
 *	  caller's rights.  The caller, on the other hand, must not make the owner's code call his
 *	  own: search_path is restricted, and expressions come from the catalog, not from the
 *	  relation cache, which holds them as SQL functions were expanded along some earlier
 *	  search_path of this session.
 *
 *	  A search evaluates the expression with the rights of the query, whose ORDER BY says the same
 *	  expression.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_rights.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/index.h"
#include "catalog/pg_index.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_rights.h"

/*
 * Goes on as the owner of the table, in a security-restricted operation and with a safe
 * search_path, until ivfkm_owner_end().  Check the caller's privileges before.  An error ends it
 * with the transaction or subtransaction.
 */
void
ivfkm_owner_begin(IvfkmOwnerRights *rights, Relation heap)
{
	GetUserIdAndSecContext(&rights->user, &rights->security_context);
	SetUserIdAndSecContext(heap->rd_rel->relowner,
						   rights->security_context | SECURITY_RESTRICTED_OPERATION);
	rights->guc_level = NewGUCNestLevel();
	restrict_search_path_compat();
}

/* Goes on as the caller. */
void
ivfkm_owner_end(const IvfkmOwnerRights *rights)
{
	AtEOXact_GUC(false, rights->guc_level);
	SetUserIdAndSecContext(rights->user, rights->security_context);
}

/* An expression of pg_index as it was written, or NULL if there is none. */
static Node *
catalog_expression(Relation index, AttrNumber attribute)
{
	HeapTuple tuple;
	Datum value;
	bool isnull;
	Node *expression = NULL;

	if (heap_attisnull(index->rd_indextuple, attribute, NULL))
		return NULL;
	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(RelationGetRelid(index)));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", RelationGetRelid(index));
	value = SysCacheGetAttr(INDEXRELID, tuple, attribute, &isnull);
	if (!isnull)
	{
		char *string = TextDatumGetCString(value);

		expression = stringToNode(string);
		pfree(string);
	}
	ReleaseSysCache(tuple);
	return expression;
}

/*
 * The expression of an index column (from 0) that is one, as it was written.  The caller evaluates
 * it with the rights of whoever may see it.
 */
Node *
ivfkm_index_expression(Relation index, int column)
{
	List *expressions = (List *) catalog_expression(index, Anum_pg_index_indexprs);
	int n = 0;

	for (int i = 0; i < column; i++)
		n += index->rd_index->indkey.values[i] == InvalidAttrNumber;
	return list_nth(expressions, n);
}

/*
 * As BuildIndexInfo(), but functions in the expression and the predicate are as they were
 * written: expanded, if at all, with the rights and the search_path with which they are run.
 */
IndexInfo *
ivfkm_index_info(Relation index)
{
	IndexInfo *info = BuildIndexInfo(index);

	info->ii_Expressions = (List *) catalog_expression(index, Anum_pg_index_indexprs);
	info->ii_Predicate =
		make_ands_implicit((Expr *) catalog_expression(index, Anum_pg_index_indpred));
	return info;
}

/* For check_functions_in_node(): true for functions that may run other users' code. */
static bool
may_run_other_code(Oid function, void *context)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	result =
		!form->proleakproof && form->prolang != INTERNALlanguageId && form->prolang != ClanguageId;
	ReleaseSysCache(tuple);
	return result;
}

/* expression_tree_walker: true for an expression that may run other users' code. */
static bool
contains_other_code(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CoerceToDomain) || check_functions_in_node(node, may_run_other_code, context))
		return true;
	return expression_tree_walker(node, contains_other_code, context);
}

/* True if the index has an expression that may run other users' code. */
bool
ivfkm_runs_other_code(Relation index)
{
	return contains_other_code(catalog_expression(index, Anum_pg_index_indexprs), NULL);
}

/*
 * True if a scan would show rows that the query must not see to somebody's functions.  A scan
 * evaluates the expression of the index before the policies of row security are applied.  Built-in
 * functions and those in C do nothing with a row but compute, without errors, as they did when the
 * row was inserted; what a function in another language calls is up to the query's search_path.
 */
bool
ivfkm_bypasses_policies(PlannerInfo *root, const IndexPath *path, Relation index)
{
	int vector = ivfkm_columns_vector(index);

	if (path->path.parent->baserestrict_min_security >= root->qual_security_level)
		return false; /* no condition on the table goes before those of the query */
	return index->rd_index->indkey.values[vector] == InvalidAttrNumber &&
		   contains_other_code(ivfkm_index_expression(index, vector), NULL);
}
