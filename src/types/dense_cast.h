/*-------------------------------------------------------------------------
 *
 * dense_cast.h
 *	  Casts of a dense type: to itself (type modifier), from arrays, to real[].
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c; its macros are in dense_check.h.
 *
 *	  All of them have the signature of a cast function with type modifier: (value,
 *	  integer typmod, boolean explicit).  The third argument makes no difference here.
 *
 * IDENTIFICATION
 *	  src/types/dense_cast.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_cast.h"
#endif

/*
 * type(type, integer, boolean): the same vector.  Raises ERRCODE_DATA_EXCEPTION unless it
 * fits the type modifier.
 */
Datum
DENSE_FN(cast)(PG_FUNCTION_ARGS)
{
	DENSE *value = DENSE_ARG(0);

	(void) DENSE_FN(check_typmod)(PG_GETARG_INT32(1), value->dim, NULL);

	PG_RETURN_POINTER(value);
}

/*
 * The vector of "dim" floats, which are freed.  Raises ERRCODE_DATA_EXCEPTION for NaN and infinity,
 * ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE for floats beyond the range of an element.
 */
static DENSE *
DENSE_FN(take_floats)(float *values, int dim)
{
	DENSE *result = DENSE_FN(make)(dim);

	DENSE_FN(from_floats)(values, dim, result->x);
	(void) DENSE_FN(check_elements)(result->x, dim, NULL);
	pfree(values);
	return result;
}

/*
 * from_array(integer[] | real[] | double precision[] | numeric[], integer, boolean): a
 * vector of the array's elements, each rounded to the nearest float and then to the
 * nearest element.  Raises ERRCODE_DATA_EXCEPTION for an array of more than one dimension,
 * a number of elements that the type or its modifier does not allow (too many:
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED), NaN, infinity and doubles beyond the range of float;
 * ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE for floats beyond the range of an element;
 * ERRCODE_NULL_VALUE_NOT_ALLOWED for nulls; and what numeric_float4() raises.
 */
Datum
DENSE_FN(from_array)(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	int32 typmod = PG_GETARG_INT32(1);
	int dim = dense_array_count(array);

	(void) DENSE_FN(check_dim)(dim, NULL);
	(void) DENSE_FN(check_typmod)(typmod, dim, NULL);

	PG_RETURN_POINTER(DENSE_FN(take_floats)(dense_array_floats(array, dim), dim));
}

/*
 * jsonb_to_type(jsonb, integer, boolean): the vector of a JSON array of numbers, as from_array()
 * makes it of numeric[].  Raises what that raises, and ERRCODE_INVALID_PARAMETER_VALUE for anything
 * but an array of numbers.
 */
Datum
DENSE_FN(from_jsonb)(PG_FUNCTION_ARGS)
{
	Jsonb *json = PG_GETARG_JSONB_P(0);
	int32 typmod = PG_GETARG_INT32(1);
	int dim = dense_json_count(json, DENSE_NAME);

	(void) DENSE_FN(check_dim)(dim, NULL);
	(void) DENSE_FN(check_typmod)(typmod, dim, NULL);

	PG_RETURN_POINTER(DENSE_FN(take_floats)(dense_json_floats(json, dim, DENSE_NAME), dim));
}

/* to_float4(type, integer, boolean): a real[] with the vector's elements. */
Datum
DENSE_FN(to_float4)(PG_FUNCTION_ARGS)
{
	DENSE *vector = DENSE_ARG(0);
	Size header = ARR_OVERHEAD_NONULLS(1);
	Size size = header + sizeof(float4) * (Size) vector->dim;
	ArrayType *result = (ArrayType *) palloc0(size);
	float *to = (float *) ((char *) result + header);
	const float *values = DENSE_FN(as_floats)(vector->x, vector->dim, to);

	SET_VARSIZE(result, size);
	result->ndim = 1;
	result->elemtype = FLOAT4OID;
	ARR_DIMS(result)[0] = vector->dim;
	ARR_LBOUND(result)[0] = 1;
	if (values != to)
		memcpy(to, values, size - header);

	PG_RETURN_ARRAYTYPE_P(result);
}
