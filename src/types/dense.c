/*-------------------------------------------------------------------------
 *
 * dense.c
 *	  What the dense types (vector, halfvec) share and no template is needed for.
 *
 * IDENTIFICATION
 *	  src/types/dense.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/dense.h"

#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* Where the elements of an array begin: ARR_DATA_PTR() without its warnings. */
char *
dense_array_data(ArrayType *array)
{
	return (char *) array +
		   (ARR_HASNULL(array) ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(ARR_NDIM(array)));
}

/*
 * The number of elements of an array.  Raises ERRCODE_DATA_EXCEPTION for one of more than
 * one dimension, ERRCODE_NULL_VALUE_NOT_ALLOWED for nulls.
 */
int
dense_array_count(ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("array must be 1-D")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("array must not contain nulls")));
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

/* Narrows the numeric elements of a one-dimensional array without nulls to x[dim]. */
static void
numeric_array_to_floats(ArrayType *array, float *x, int dim)
{
	Datum *elements;
	int count;

	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	Assert(count == dim);
	for (int i = 0; i < dim; i++)
		x[i] = DatumGetFloat4(DirectFunctionCall1(numeric_float4, elements[i]));
	pfree(elements);
}

/*
 * The elements of an array with dense_array_count() = "count", each rounded to the nearest float,
 * in memory of the current context.  Raises what numeric_float4() raises.
 */
float *
dense_array_floats(ArrayType *array, int count)
{
	/* without nulls, elements of fixed length lie side by side */
	const char *data = dense_array_data(array);
	float *x = palloc(sizeof(float) * (Size) count);

	switch (ARR_ELEMTYPE(array))
	{
		case INT4OID:
			for (int i = 0; i < count; i++)
				x[i] = (float) ((const int32 *) data)[i];
			break;
		case FLOAT4OID:
			memcpy(x, data, sizeof(float) * (Size) count);
			break;
		case FLOAT8OID:
			for (int i = 0; i < count; i++)
				x[i] = (float) ((const float8 *) data)[i];
			break;
		case NUMERICOID:
			numeric_array_to_floats(array, x, count);
			break;
		default:
			elog(ERROR, "unsupported array element type %u", ARR_ELEMTYPE(array));
	}
	return x;
}

/* The number of elements of a JSON array; errors out for any other JSON.  "type": for errors. */
int
dense_json_count(Jsonb *json, const char *type)
{
	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("cannot cast jsonb to type %s unless it is an array", type)));
	return (int) JB_ROOT_COUNT(json);
}

/*
 * The numbers of a JSON array of "count" elements, each rounded to the nearest float, in memory of
 * the current context.  Errors: an element that is no number, and what numeric_float4() raises.
 */
float *
dense_json_floats(Jsonb *json, int count, const char *type)
{
	float *x = palloc(sizeof(float) * (Size) count);

	for (int i = 0; i < count; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&json->root, (uint32) i);

		if (value->type == jbvNull)
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("array must not contain nulls")));
		if (value->type != jbvNumeric)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cannot cast jsonb to type %s unless all elements are numbers", type)));
		x[i] = DatumGetFloat4(
			DirectFunctionCall1(numeric_float4, NumericGetDatum(value->val.numeric)));
		pfree(value);
	}
	return x;
}

/* A state of avg() for "dim" dimensions, all zeros, in the current memory context. */
ArrayType *
dense_state_make(int dim)
{
	Size size = ARR_OVERHEAD_NONULLS(1) + sizeof(float8) * ((Size) dim + 1);
	ArrayType *state = (ArrayType *) palloc0(size);

	SET_VARSIZE(state, size);
	state->ndim = 1;
	state->elemtype = FLOAT8OID;
	ARR_DIMS(state)[0] = dim + 1;
	ARR_LBOUND(state)[0] = 1;
	return state;
}

/* The numbers of a state; errors out if it is none.  "caller" is an SQL function. */
float8 *
dense_state_values(ArrayType *state, const char *caller)
{
	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] < 1 || ARR_HASNULL(state) ||
		ARR_ELEMTYPE(state) != FLOAT8OID)
		elog(ERROR, "%s: expected state array", caller);
	return (float8 *) dense_array_data(state);
}
