/*-------------------------------------------------------------------------
 *
 * vector_cast.c
 *	  Casts: vector to vector (type modifier), arrays to vector, vector to real[].
 *
 * NOTES
 *	  All of them have the signature of a cast function with type modifier: (value,
 *	  integer typmod, boolean explicit).  The third argument makes no difference here.
 *
 * IDENTIFICATION
 *	  src/types/vector_cast.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/vector.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(vector);
PG_FUNCTION_INFO_V1(array_to_vector);
PG_FUNCTION_INFO_V1(vector_to_float4);

/*
 * vector(vector, integer, boolean): the same vector.  Raises ERRCODE_DATA_EXCEPTION unless
 * it fits the type modifier.
 */
Datum
vector(PG_FUNCTION_ARGS)
{
	Vector *value = PG_GETARG_VECTOR_P(0);

	(void) vector_check_typmod(PG_GETARG_INT32(1), value->dim, NULL);

	PG_RETURN_VECTOR_P(value);
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
 * array_to_vector(integer[] | real[] | double precision[] | numeric[], integer, boolean):
 * a vector of the array's elements, each rounded to the nearest float.  Raises
 * ERRCODE_DATA_EXCEPTION for an array of more than one dimension, a number of elements
 * that a vector or the type modifier does not allow (too many:
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED), NaN, infinity and doubles beyond the range of float;
 * ERRCODE_NULL_VALUE_NOT_ALLOWED for nulls; and what numeric_float4() raises.
 */
Datum
array_to_vector(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	int32 typmod = PG_GETARG_INT32(1);
	Vector *result;
	const char *data;
	int dim;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("array must be 1-D")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("array must not contain nulls")));

	dim = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	(void) vector_check_dim(dim, NULL);
	(void) vector_check_typmod(typmod, dim, NULL);
	result = vector_make(dim);

	/*
	 * Without nulls the fixed-length elements lie side by side.  This is ARR_DATA_PTR(),
	 * which compares signed with unsigned.
	 */
	data = (const char *) array +
		   (ARR_HASNULL(array) ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(1));
	switch (ARR_ELEMTYPE(array))
	{
		case INT4OID:
			for (int i = 0; i < dim; i++)
				result->x[i] = (float) ((const int32 *) data)[i];
			break;
		case FLOAT4OID:
			memcpy(result->x, data, sizeof(float) * (Size) dim);
			break;
		case FLOAT8OID:
			for (int i = 0; i < dim; i++)
				result->x[i] = (float) ((const float8 *) data)[i];
			break;
		case NUMERICOID:
			numeric_array_to_floats(array, result->x, dim);
			break;
		default:
			elog(ERROR, "unsupported array element type %u", ARR_ELEMTYPE(array));
	}
	(void) vector_check_elements(result->x, dim, NULL);

	PG_RETURN_VECTOR_P(result);
}

/* vector_to_float4(vector, integer, boolean): a real[] with the vector's elements. */
Datum
vector_to_float4(PG_FUNCTION_ARGS)
{
	Vector *vector = PG_GETARG_VECTOR_P(0);
	Size header = ARR_OVERHEAD_NONULLS(1);
	Size size = header + sizeof(float4) * (Size) vector->dim;
	ArrayType *result = (ArrayType *) palloc0(size);

	SET_VARSIZE(result, size);
	result->ndim = 1;
	result->elemtype = FLOAT4OID;
	ARR_DIMS(result)[0] = vector->dim;
	ARR_LBOUND(result)[0] = 1;
	memcpy((char *) result + header, vector->x, size - header);

	PG_RETURN_ARRAYTYPE_P(result);
}
