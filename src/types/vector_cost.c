/*-------------------------------------------------------------------------
 *
 * vector_cost.c
 *	  What the planner is told about a distance: its cost, and which operator it is.
 *
 * NOTES
 *	  Without this a distance of two vectors costs as much as the comparison of two integers,
 *	  and the planner prefers thousands of them to a search of an index.  A call costs
 *
 *		cpu_operator_cost * (CALL_COST + bytes * BYTE_COST
 *							 + for each toasted argument FETCH_COST + chunks * CHUNK_COST)
 *
 *	  Bytes are those of a constant, or follow from the type modifier, also through a domain; both
 *	  arguments have the same dimensions, so one tells about the other.  The average width of a
 *	  column tells the share of its values that are out of line (18 bytes stand in their place);
 *	  before ANALYZE its storage and the size of a value do.  bench/kernels.md says how the
 *	  constants were measured.
 *	  MaxSim costs the bytes of all vectors of the row, for each vector of the query.
 *
 *	  A request to simplify is answered with the operator that calls the function, so that
 *	  ORDER BY l2_distance(v, q) finds an index.
 *
 *	  The planner asks for filters, target lists and orders, with or without a PlannerInfo and
 *	  with or without the node of the call.
 *
 * IDENTIFICATION
 *	  src/types/vector_cost.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/detoast.h"
#include "access/heaptoast.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "types/halfvec.h"
#include "types/vector.h"

PG_FUNCTION_INFO_V1(distance_support);
PG_FUNCTION_INFO_V1(max_sim_support);

/* In units of cpu_operator_cost: a call, and each byte of an argument. */
#define CALL_COST 1.0
#define BYTE_COST 0.0004

/*
 * Also in these units: fetching a value from a TOAST table, and each of its chunks, where values
 * of rows that pass a filter are fetched (of all rows they take two thirds of that).
 */
#define FETCH_COST 200.0
#define CHUNK_COST 140.0

/* Bytes of an argument about which nothing is known: a vector of 512 dimensions. */
#define UNKNOWN_BYTES 2048.0

/* Vectors of an array about which nothing is known: what a model makes of a passage or a query. */
#define UNKNOWN_VECTORS 32.0

/* Width up to which the values of a column are taken to be pointers to TOAST tables. */
#define POINTER_WIDTH ((double) (VARHDRSZ_EXTERNAL + sizeof(varatt_external)))

/* What is known about an argument. */
typedef struct DistanceArgument
{
	double bytes;	/* of the value in memory; 0: not known */
	double toasted; /* share of the values that are in a TOAST table, 0 to 1 */
} DistanceArgument;

/* The bytes that every value of a type with that modifier has; 0 if it does not tell. */
static double
typmod_bytes(Oid type, int32 typmod)
{
	const char *name;
	double bytes = 0.0;
	HeapTuple tuple;

	type = getBaseTypeAndTypmod(type, &typmod);
	if (typmod <= 0)
		return 0.0;
	if (type == BITOID)
		return typmod / 8.0;
	if (type == VARBITOID)
		return 0.0;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		return 0.0;
	name = NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname);
	if (strcmp(name, "vector") == 0)
		bytes = (double) VECTOR_SIZE(typmod);
	else if (strcmp(name, "halfvec") == 0)
		bytes = (double) HALFVEC_SIZE(typmod);
	ReleaseSysCache(tuple);
	return bytes; /* a sparsevec has as many bytes as elements, whatever its dimensions */
}

/* The bytes of each vector of an array, which an expression gives; 0 if nothing tells. */
static double
array_vector_bytes(Node *node)
{
	Oid type = exprType(node);
	int32 typmod = exprTypmod(node);

	type = getBaseTypeAndTypmod(type, &typmod);
	return OidIsValid(get_element_type(type)) ? typmod_bytes(get_element_type(type), typmod) : 0.0;
}

/*
 * What a column of a table tells: how wide its values are where they stand, by ANALYZE, and
 * where values of that size would stand if there is nothing from ANALYZE.
 */
static void
column_argument(Oid relid, AttrNumber attnum, DistanceArgument *argument)
{
	double width = get_attavgwidth(relid, attnum);

	if (width > POINTER_WIDTH)
	{
		if (argument->bytes == 0.0)
			argument->bytes = width; /* none of them toasted, as far as we know */
		/* short values have a short header in the table */
		else if (width + VARHDRSZ - VARHDRSZ_SHORT < argument->bytes)
			argument->toasted = (argument->bytes - width) / (argument->bytes - POINTER_WIDTH);
	}
	else if (width > 0.0)
		argument->toasted = argument->bytes == 0.0 || argument->bytes > POINTER_WIDTH ? 1.0 : 0.0;
	else
	{
		HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum));

		if (!HeapTupleIsValid(tuple))
			return;
		switch (((Form_pg_attribute) GETSTRUCT(tuple))->attstorage)
		{
			case TYPSTORAGE_EXTERNAL:
			case TYPSTORAGE_EXTENDED:
				argument->toasted = argument->bytes > TOAST_TUPLE_TARGET ? 1.0 : 0.0;
				break;
			case TYPSTORAGE_MAIN:
				argument->toasted = argument->bytes > TOAST_TUPLE_TARGET_MAIN ? 1.0 : 0.0;
				break;
			default:
				break;
		}
		ReleaseSysCache(tuple);
	}
}

/* Looks at an argument of a distance; root may be NULL. */
static DistanceArgument
look_at_argument(PlannerInfo *root, Node *node)
{
	DistanceArgument argument = {typmod_bytes(exprType(node), exprTypmod(node)), 0.0};

	/* a domain over a type is that type relabelled */
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (argument.bytes == 0.0)
		argument.bytes = typmod_bytes(exprType(node), exprTypmod(node));
	if (IsA(node, Const) && !((Const *) node)->constisnull)
		argument.bytes = (double) toast_raw_datum_size(((Const *) node)->constvalue);
	else if (IsA(node, Var) && root != NULL && ((Var *) node)->varlevelsup == 0 &&
			 ((Var *) node)->varattno > 0 && ((Var *) node)->varno > 0 &&
			 (int) ((Var *) node)->varno < root->simple_rel_array_size)
	{
		RangeTblEntry *rte = planner_rt_fetch(((Var *) node)->varno, root);

		if (rte != NULL && rte->rtekind == RTE_RELATION)
			column_argument(rte->relid, ((Var *) node)->varattno, &argument);
	}
	return argument;
}

/* Cost of fetching an argument of so many bytes, in units of cpu_operator_cost. */
static double
fetch_cost(const DistanceArgument *argument, double bytes)
{
	return argument->toasted *
		   (FETCH_COST + CHUNK_COST * ceil(bytes / (double) TOAST_MAX_CHUNK_SIZE));
}

/*
 * The operator that a call of a distance function stands for, as a node; NULL if there is none.
 * Indexes know operators alone, so that ORDER BY l2_distance(v, q) would not use one.  The operator
 * is in the schema of the function, as both are of one extension, and calls it, so nothing else
 * changes.  A call by the operator becomes the same call again.
 */
static OpExpr *
operator_call(const FuncExpr *call)
{
	static const char *const names[] = {"<->", "<#>", "<=>", "<+>", "<~>", "<%>"};
	Oid namespace = get_func_namespace(call->funcid);
	Oid *types;
	int ntypes;
	OpExpr *result = NULL;

	if (list_length(call->args) != 2)
		return NULL;
	(void) get_func_signature(call->funcid, &types, &ntypes);
	for (int i = 0; i < (int) lengthof(names) && result == NULL; i++)
	{
		Oid operator= GetSysCacheOid4(OPERNAMENSP, Anum_pg_operator_oid, CStringGetDatum(names[i]),
									  ObjectIdGetDatum(types[0]), ObjectIdGetDatum(types[1]),
									  ObjectIdGetDatum(namespace));

		if (!OidIsValid(operator) || get_opcode(operator) != call->funcid)
			continue;
		result = makeNode(OpExpr);
		result->opno = operator;
		result->opfuncid = call->funcid;
		result->opresulttype = call->funcresulttype;
		result->opcollid = call->funccollid;
		result->inputcollid = call->inputcollid;
		result->args = call->args;
		result->location = call->location;
	}
	pfree(types);
	return result;
}

/* Arguments of the call that a cost is asked for; none if the node is not known. */
static List *
arguments_of(Node *node)
{
	if (node != NULL && IsA(node, OpExpr))
		return ((OpExpr *) node)->args;
	if (node != NULL && IsA(node, FuncExpr))
		return ((FuncExpr *) node)->args;
	return NIL;
}

/*
 * distance_support(internal): planner support function of the distances.  Answers
 * SupportRequestCost and SupportRequestSimplify, and no other request.
 */
Datum
distance_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);
	SupportRequestCost *cost;
	List *args;
	double bytes = 0.0;
	double fetch = 0.0;

	if (IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(operator_call(((SupportRequestSimplify *) request)->fcall));
	if (!IsA(request, SupportRequestCost))
		PG_RETURN_POINTER(NULL);
	cost = (SupportRequestCost *) request;
	args = arguments_of(cost->node);
	if (list_length(args) == 2)
	{
		/* both vectors have the same dimensions, so that one tells about the other */
		DistanceArgument left = look_at_argument(cost->root, linitial(args));
		DistanceArgument right = look_at_argument(cost->root, lsecond(args));

		bytes = Max(left.bytes, right.bytes);
		if (bytes == 0.0)
			bytes = UNKNOWN_BYTES;
		fetch = fetch_cost(&left, bytes) + fetch_cost(&right, bytes);
	}
	else
		bytes = UNKNOWN_BYTES;

	cost->startup = 0.0;
	cost->per_tuple = cpu_operator_cost * (CALL_COST + BYTE_COST * bytes + fetch);
	PG_RETURN_POINTER(cost);
}

/* Vectors of an array, which an expression gives. */
static double
vectors_of(Node *node, const DistanceArgument *argument, double vector_bytes)
{
	double count = UNKNOWN_VECTORS;

	if (IsA(node, Const) && !((Const *) node)->constisnull)
	{
		ArrayType *array = DatumGetArrayTypeP(((Const *) node)->constvalue);

		count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	}
	else if (IsA(node, ArrayExpr))
		count = list_length(((ArrayExpr *) node)->elements);
	else if (argument->bytes > 0.0)
		count = argument->bytes / vector_bytes;
	return Max(count, 1.0);
}

/*
 * max_sim_support(internal): planner support function of max_sim().  Answers SupportRequestCost,
 * and no other request: the products of all vectors of the row with all of the query, and what it
 * takes to fetch both.
 */
Datum
max_sim_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);
	SupportRequestCost *cost;
	List *args;
	double fetch = 0.0;
	double bytes = UNKNOWN_BYTES * UNKNOWN_VECTORS * UNKNOWN_VECTORS;

	if (!IsA(request, SupportRequestCost))
		PG_RETURN_POINTER(NULL);
	cost = (SupportRequestCost *) request;
	args = arguments_of(cost->node);
	if (list_length(args) == 2)
	{
		DistanceArgument row = look_at_argument(cost->root, linitial(args));
		DistanceArgument query = look_at_argument(cost->root, lsecond(args));
		double vector_bytes = array_vector_bytes(linitial(args));
		double row_vectors;
		double query_vectors;

		if (vector_bytes == 0.0)
			vector_bytes = array_vector_bytes(lsecond(args));
		if (vector_bytes == 0.0)
			vector_bytes = UNKNOWN_BYTES;
		row_vectors = vectors_of(linitial(args), &row, vector_bytes);
		query_vectors = vectors_of(lsecond(args), &query, vector_bytes);
		bytes = row_vectors * query_vectors * vector_bytes;
		fetch = fetch_cost(&row, row_vectors * vector_bytes) +
				fetch_cost(&query, query_vectors * vector_bytes);
	}

	cost->startup = 0.0;
	cost->per_tuple = cpu_operator_cost * (CALL_COST + BYTE_COST * bytes + fetch);
	PG_RETURN_POINTER(cost);
}
