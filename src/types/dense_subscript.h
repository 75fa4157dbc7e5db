/*-------------------------------------------------------------------------
 *
 * dense_subscript.h
 *	  Subscripts of a dense type: v[1] is its first element, as real.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c.
 *
 *	  Elements can be read one at a time.  As with arrays, a subscript outside of the vector, or
 *	  NULL, gives NULL.  There are no slices (subvector() gives them), and elements cannot be
 *	  assigned to.
 *
 * IDENTIFICATION
 *	  src/types/dense_subscript.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_subscript.h"
#endif

/*
 * Turns what was written in brackets into one expression of type integer.  Raises
 * ERRCODE_FEATURE_NOT_SUPPORTED for slices, more than one subscript and assignments,
 * ERRCODE_DATATYPE_MISMATCH for a subscript that cannot be an integer.
 */
static void
DENSE_FN(subscript_transform)(SubscriptingRef *reference, List *indirection, ParseState *pstate,
							  bool is_slice, bool is_assignment)
{
	int location = exprLocation((Node *) indirection);
	A_Indices *indices = linitial_node(A_Indices, indirection);
	Node *written;
	Node *subscript;

	if (is_assignment)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot assign to an element of type %s", DENSE_NAME),
						errhint("Assign a whole value, such as an array."),
						parser_errposition(pstate, location)));
	if (is_slice)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("type %s does not support slices", DENSE_NAME),
						errhint("Use subvector(value, first, count)."),
						parser_errposition(pstate, location)));
	if (list_length(indirection) != 1)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("type %s allows only one subscript", DENSE_NAME),
						parser_errposition(pstate, location)));
	written = transformExpr(pstate, indices->uidx, pstate->p_expr_kind);
	subscript = coerce_to_target_type(pstate, written, exprType(written), INT4OID, -1,
									  COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	if (subscript == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("subscript of type %s must have type integer", DENSE_NAME),
						parser_errposition(pstate, exprLocation(written))));
	reference->refupperindexpr = list_make1(subscript);
	reference->reflowerindexpr = NIL;
	reference->refrestype = FLOAT4OID;
	reference->reftypmod = -1;
}

/* The element at the subscript, of a value that is not NULL; detoasts in the current context. */
static void
DENSE_FN(subscript_fetch)(ExprState *state, ExprEvalStep *op, ExprContext *context)
{
	SubscriptingRefState *reference = op->d.sbsref.state;
	DENSE *vector;
	float buffer[1];
	int32 i;

	*op->resnull = true;
	if (reference->upperindexnull[0])
		return;
	i = DatumGetInt32(reference->upperindex[0]);
	vector = (DENSE *) PG_DETOAST_DATUM(*op->resvalue);
	if (i < 1 || i > vector->dim)
		return;
	*op->resvalue = Float4GetDatum(*DENSE_FN(as_floats)(vector->x + i - 1, 1, buffer));
	*op->resnull = false;
}

/* Says how an expression with a subscript is executed. */
static void
DENSE_FN(subscript_setup)(const SubscriptingRef *reference, SubscriptingRefState *state,
						  SubscriptExecSteps *methods)
{
	methods->sbs_check_subscripts = NULL;
	methods->sbs_fetch = DENSE_FN(subscript_fetch);
	methods->sbs_assign = NULL;
	methods->sbs_fetch_old = NULL;
}

/* SQL: type_subscript(internal) returns internal: the subscripting handler. */
Datum
DENSE_FN(subscript)(PG_FUNCTION_ARGS)
{
	static const SubscriptRoutines routines = {
		.transform = DENSE_FN(subscript_transform),
		.exec_setup = DENSE_FN(subscript_setup),
		.fetch_strict = true,
		.fetch_leakproof = true,
		.store_leakproof = false,
	};

	PG_RETURN_POINTER(&routines);
}
