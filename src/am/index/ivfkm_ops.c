/*-------------------------------------------------------------------------
 *
 * ivfkm_ops.c
 *	  What the operator class of an index supplies.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_ops.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/genam.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "utils/lsyscache.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_ops.h"

/* The name of the access method that the index was made with: ivfkm, or one of pgvector's. */
const char *
ivfkm_ops_method(Relation relation)
{
	const char *name = get_am_name(relation->rd_rel->relam);

	return name != NULL ? name : "ivfkm";
}

/* The operations of the index's operator class. */
const IvfkmOps *
ivfkm_ops_get(Relation relation)
{
	AttrNumber column = (AttrNumber) (ivfkm_columns_vector(relation) + 1);
	FmgrInfo *support = index_getprocinfo(relation, column, IVFKM_SUPPORT_OPS);

	return (const IvfkmOps *) DatumGetPointer(FunctionCall1(support, PointerGetDatum(NULL)));
}

/*
 * The type modifier of the indexed column or expression, -1 without one.  Of a domain, that of the
 * type below it, which *type becomes.
 */
int32
ivfkm_ops_column_typmod(Relation relation, Oid *type)
{
	Form_pg_attribute attribute =
		TupleDescAttr(RelationGetDescr(relation), ivfkm_columns_vector(relation));
	int32 typmod = attribute->atttypmod;

	*type = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
	return typmod;
}

/*
 * Dimensions of the indexed column or expression, from its type modifier.  Errors: a type
 * whose modifier is only a limit; none given; more than the operator class can index.
 */
int
ivfkm_ops_column_dims(Relation relation, const IvfkmOps *ops)
{
	Oid type;
	int dims = ivfkm_ops_column_typmod(relation, &type);
	int nattributes = ivfkm_columns_attributes(relation);

	/* the operator classes of bit take bit varying too */
	if (type == VARBITOID)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("type not supported for %s index", ivfkm_ops_method(relation)),
						errhint("Declare the column as %s(n), or index an expression cast to it.",
								ops->type_name)));
	if (dims < 1)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("column does not have dimensions"),
			 errhint("Declare it as %s(n), or index an expression cast to it.", ops->type_name)));
	if (dims > ops->max_dims)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("column cannot have more than %d dimensions for %s index",
							   ops->max_dims, ivfkm_ops_method(relation))));
	if (dims > page_attributes_max_dims(nattributes))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("column cannot have more than %d dimensions for %s index with %d "
							   "other columns",
							   page_attributes_max_dims(nattributes), ivfkm_ops_method(relation),
							   nattributes)));
	return dims;
}

/* Errors out unless a value has the index's dimensions. */
void
ivfkm_ops_check_value(const IvfkmOps *ops, Relation relation, const void *value, int dims)
{
	if (ops->dims(value) != dims)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("expected %d dimensions, not %d", dims, ops->dims(value)),
						errdetail("Index \"%s\" holds %ss of %d dimensions.",
								  RelationGetRelationName(relation), ops->type_name, dims)));
}

/* Errors out, as the operator would, unless a query has the index's dimensions. */
void
ivfkm_ops_check_query(const IvfkmOps *ops, const void *query, int dims)
{
	if (ops->dims(query) == dims)
		return;
	if (ops->bits)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("different bit lengths %d and %d", dims, ops->dims(query))));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("different %s dimensions %d and %d", ops->type_name, dims, ops->dims(query))));
}
