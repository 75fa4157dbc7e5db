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

#include <math.h>

#include "access/genam.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "utils/float.h"
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
	bool sketch;

	/* the operator classes of bit take bit varying too */
	if (type == VARBITOID)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("type not supported for %s index", ivfkm_ops_method(relation)),
						errhint("Declare the column as %s(n), or index an expression cast to it.",
								ops->type_name)));
	if (dims < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("column does not have dimensions"),
						errhint("Declare it as %s(n)%s, or index an expression cast to it.",
								ops->type_name, ops->array != NULL ? "[]" : "")));
	if (dims > ops->max_dims)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("column cannot have more than %d dimensions for %s index",
							   ops->max_dims, ivfkm_ops_method(relation))));
	if (ivfkm_ops_input_dims(ops, dims, &sketch) > page_attributes_max_dims(nattributes))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("column cannot have more than %d dimensions for %s index with %d "
							   "other columns",
							   page_attributes_max_dims(nattributes), ivfkm_ops_method(relation),
							   nattributes)));
	return dims;
}

/* Dimensions of input space for a column; *sketch: they are those of a sketch. */
int
ivfkm_ops_input_dims(const IvfkmOps *ops, int column_dims, bool *sketch)
{
	*sketch = false;
	return ops->input_dims != NULL ? ops->input_dims(column_dims, sketch) : column_dims;
}

/* True if vectors are normalised to unit length on their way into index space. */
bool
ivfkm_metric_by_angle(IvfkmMetric metric)
{
	return metric == IVFKM_METRIC_COSINE || metric == IVFKM_METRIC_JACCARD;
}

/* True for taxicab distances of vectors that are in input space as they are, not as their roots. */
bool
ivfkm_ops_taxicab(const IvfkmOps *ops)
{
	return ops->metric == IVFKM_METRIC_L1 && ops->form == IVFKM_FORM_SQUARE;
}

/*
 * True if the codes of an index of "dims" dimensions are the values themselves: bit strings that
 * are not sketched (quant_bits.h).
 */
bool
ivfkm_ops_keeps_bits(const IvfkmOps *ops, int column_dims, int dims)
{
	return ops->bits && column_dims == dims;
}

/* What ops->distance gives where the operator gives "distance" (not NaN), in the same order. */
double
ivfkm_ops_distance_form(const IvfkmOps *ops, double distance)
{
	switch (ops->form)
	{
		case IVFKM_FORM_SQUARE:
			return distance < 0.0 ? -get_float8_infinity() : distance * distance;
		case IVFKM_FORM_DICE:
			if (distance < 0.0)
				return -get_float8_infinity();
			return distance < 1.0 ? distance / (2.0 - distance) : get_float8_infinity();
		default:
			return distance;
	}
}

/* The operator's distance where ops->distance gives "distance", or is at least that. */
double
ivfkm_ops_operator_form(const IvfkmOps *ops, double distance)
{
	switch (ops->form)
	{
		case IVFKM_FORM_SQUARE:
			return sqrt(Max(distance, 0.0));
		case IVFKM_FORM_DICE:
			distance = Max(distance, 0.0);
			return 2.0 * Min(distance, 1.0) / (1.0 + Min(distance, 1.0));
		default:
			return distance;
	}
}

/* Errors out unless a value has the dimensions of the index's column. */
void
ivfkm_ops_check_value(const IvfkmOps *ops, Relation relation, const void *value, int column_dims)
{
	if (ops->dims(value) != column_dims)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("expected %d dimensions, not %d", column_dims, ops->dims(value)),
						errdetail("Index \"%s\" holds %ss of %d dimensions.",
								  RelationGetRelationName(relation), ops->type_name, column_dims)));
}

/* Errors out, as the operator would, unless a query has the dimensions of the column. */
void
ivfkm_ops_check_query(const IvfkmOps *ops, const void *query, int column_dims)
{
	if (ops->dims(query) == column_dims)
		return;
	if (ops->bits)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("different bit lengths %d and %d", column_dims, ops->dims(query))));
	ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
					errmsg("different %s dimensions %d and %d", ops->type_name, column_dims,
						   ops->dims(query))));
}
