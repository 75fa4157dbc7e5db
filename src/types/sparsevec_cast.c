/*-------------------------------------------------------------------------
 *
 * sparsevec_cast.c
 *	  Casts: sparsevec to sparsevec (type modifier), and between sparsevec and arrays,
 *	  vectors and halfvecs.
 *
 * NOTES
 *	  All of them have the signature of a cast function with type modifier: (value,
 *	  integer typmod, boolean explicit).  The third argument makes no difference here.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_cast.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/sparsevec.h"

#include <math.h>

#include "distance/dist.h"
#include "types/dense.h"
#include "types/halfvec.h"
#include "types/vector.h"

PG_FUNCTION_INFO_V1(sparsevec);
PG_FUNCTION_INFO_V1(vector_to_sparsevec);
PG_FUNCTION_INFO_V1(halfvec_to_sparsevec);
PG_FUNCTION_INFO_V1(array_to_sparsevec);
PG_FUNCTION_INFO_V1(sparsevec_to_vector);
PG_FUNCTION_INFO_V1(sparsevec_to_halfvec);

/*
 * sparsevec(sparsevec, integer, boolean): the same sparsevec.  Raises
 * ERRCODE_DATA_EXCEPTION unless it fits the type modifier.
 */
Datum
sparsevec(PG_FUNCTION_ARGS)
{
	SparseVector *value = PG_GETARG_SPARSEVEC_P(0);

	(void) sparsevec_check_typmod(PG_GETARG_INT32(1), value->dim, NULL);

	PG_RETURN_SPARSEVEC_P(value);
}

/*
 * A sparsevec with the elements of x[dim] that are not zero.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED for too many of them, ERRCODE_DATA_EXCEPTION for NaN and
 * infinity.
 */
static SparseVector *
sparsevec_from_floats(const float *x, int dim)
{
	SparseVector *result;
	float *values;
	int nnz = 0;

	for (int i = 0; i < dim; i++)
		nnz += x[i] != 0.0f;
	(void) sparsevec_check_nnz(nnz, dim, NULL);

	result = sparsevec_make(dim, nnz);
	values = SPARSEVEC_VALUES(result);
	for (int i = 0, to = 0; to < nnz; i++)
	{
		if (x[i] == 0.0f)
			continue;
		if (unlikely(!isfinite(x[i])))
			(void) sparsevec_check_code(isnan(x[i]) ? SPARSEVEC_NAN : SPARSEVEC_INFINITE, NULL);
		result->indices[to] = i;
		values[to++] = x[i];
	}
	return result;
}

/*
 * vector_to_sparsevec(vector, integer, boolean): the elements that are not zero.  Raises
 * ERRCODE_DATA_EXCEPTION unless it fits the type modifier.
 */
Datum
vector_to_sparsevec(PG_FUNCTION_ARGS)
{
	Vector *vector = PG_GETARG_VECTOR_P(0);

	(void) sparsevec_check_typmod(PG_GETARG_INT32(1), vector->dim, NULL);

	PG_RETURN_SPARSEVEC_P(sparsevec_from_floats(vector->x, vector->dim));
}

/*
 * halfvec_to_sparsevec(halfvec, integer, boolean): the elements that are not zero.  Raises
 * ERRCODE_DATA_EXCEPTION unless it fits the type modifier.
 */
Datum
halfvec_to_sparsevec(PG_FUNCTION_ARGS)
{
	HalfVector *vector = PG_GETARG_HALFVEC_P(0);
	float *x;

	(void) sparsevec_check_typmod(PG_GETARG_INT32(1), vector->dim, NULL);

	x = palloc(sizeof(float) * (Size) vector->dim);
	vdb_dist->half_to_float(vector->x, (size_t) vector->dim, x);

	PG_RETURN_SPARSEVEC_P(sparsevec_from_floats(x, vector->dim));
}

/*
 * array_to_sparsevec(integer[] | real[] | double precision[] | numeric[], integer,
 * boolean): the array's elements that are not zero when rounded to the nearest float.  Raises
 * ERRCODE_DATA_EXCEPTION for an array of more than one dimension, a number of elements
 * that the type modifier does not allow or of zero, NaN, infinity and doubles beyond the
 * range of float; ERRCODE_PROGRAM_LIMIT_EXCEEDED for too many elements that are not zero;
 * ERRCODE_NULL_VALUE_NOT_ALLOWED for nulls; and what numeric_float4() raises.
 */
Datum
array_to_sparsevec(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	int dim = dense_array_count(array);
	SparseVector *result;
	float *x;

	(void) sparsevec_check_dim(dim, NULL);
	(void) sparsevec_check_typmod(PG_GETARG_INT32(1), dim, NULL);

	x = dense_array_floats(array, dim);
	result = sparsevec_from_floats(x, dim);
	pfree(x);

	PG_RETURN_SPARSEVEC_P(result);
}

/*
 * sparsevec_to_vector(sparsevec, integer, boolean): a vector with zeros where no element
 * is stored.  Raises ERRCODE_PROGRAM_LIMIT_EXCEEDED for more than VDB_MAX_DIM dimensions,
 * ERRCODE_DATA_EXCEPTION unless it fits the type modifier.
 */
Datum
sparsevec_to_vector(PG_FUNCTION_ARGS)
{
	SparseVector *sparse = PG_GETARG_SPARSEVEC_P(0);
	const float *values = SPARSEVEC_VALUES(sparse);
	Vector *result;

	(void) vector_check_dim(sparse->dim, NULL);
	(void) vector_check_typmod(PG_GETARG_INT32(1), sparse->dim, NULL);

	result = vector_make(sparse->dim);
	for (int i = 0; i < sparse->nnz; i++)
		result->x[sparse->indices[i]] = values[i];

	PG_RETURN_VECTOR_P(result);
}

/*
 * sparsevec_to_halfvec(sparsevec, integer, boolean): a halfvec with zeros where no element
 * is stored, the others rounded to the nearest binary16.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED for more than VDB_MAX_DIM dimensions,
 * ERRCODE_DATA_EXCEPTION unless it fits the type modifier, and
 * ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE for a value beyond the range of binary16.
 */
Datum
sparsevec_to_halfvec(PG_FUNCTION_ARGS)
{
	SparseVector *sparse = PG_GETARG_SPARSEVEC_P(0);
	const float *values = SPARSEVEC_VALUES(sparse);
	HalfVector *result;

	(void) halfvec_check_dim(sparse->dim, NULL);
	(void) halfvec_check_typmod(PG_GETARG_INT32(1), sparse->dim, NULL);

	result = halfvec_make(sparse->dim);
	for (int i = 0; i < sparse->nnz; i++)
		result->x[sparse->indices[i]] = halfvec_element_from_float(values[i]);

	PG_RETURN_HALFVEC_P(result);
}
