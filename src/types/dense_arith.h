/*-------------------------------------------------------------------------
 *
 * dense_arith.h
 *	  Arithmetic of a dense type, and functions that take vectors apart.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c; its macros are in dense_check.h.
 *
 * IDENTIFICATION
 *	  src/types/dense_arith.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_arith.h"
#endif

/* The operations of DENSE_FN(combine). */
#ifndef DENSE_OPERATIONS
#define DENSE_OPERATIONS
typedef enum DenseOperation
{
	DENSE_ADD,
	DENSE_SUB,
	DENSE_MUL
} DenseOperation;
#endif

/*
 * The vector of x + y, x - y or x * y, element by element, of the two arguments of an SQL
 * function; "operation" is a constant.  Computed in float and rounded to the nearest
 * element: a binary16 has less than half the digits, so that gives the same as rounding
 * once.  Raises ERRCODE_DATA_EXCEPTION for unequal dimensions,
 * ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE for a result beyond the range of the type and for a
 * product of nonzero elements that rounds to zero.
 */
static pg_attribute_always_inline Datum
DENSE_FN(combine_args)(FunctionCallInfo fcinfo, DenseOperation operation)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);
	float buffer_a[DENSE_CHUNK];
	float buffer_b[DENSE_CHUNK];
	float value[DENSE_CHUNK];
	DENSE *result;

	DENSE_FN(check_same_dims)(a, b);

	result = DENSE_FN(make)(a->dim);
	for (int i = 0; i < a->dim; i += DENSE_CHUNK)
	{
		int n = dense_chunk(a->dim - i);
		const float *x = DENSE_FN(as_floats)(a->x + i, n, buffer_a);
		const float *y = DENSE_FN(as_floats)(b->x + i, n, buffer_b);
		DENSE_ELEMENT *to = result->x + i;

		/* loops of their own, which the compiler can vectorise */
		for (int j = 0; j < n; j++)
			value[j] = operation == DENSE_ADD	? x[j] + y[j]
					   : operation == DENSE_SUB ? x[j] - y[j]
												: x[j] * y[j];
		DENSE_FN(round)(value, n, to);

		for (int j = 0; j < n; j++)
		{
			if (unlikely(fabsf(value[j]) >= DENSE_LIMIT))
				float_overflow_error();
			if (operation == DENSE_MUL && unlikely(fabsf(value[j]) < DENSE_LEAST) &&
				DENSE_TO_FLOAT(to[j]) == 0.0f && x[j] != 0.0f && y[j] != 0.0f)
				float_underflow_error();
		}
	}
	PG_RETURN_POINTER(result);
}

/* add(type, type), operator +. */
Datum
DENSE_FN(add)(PG_FUNCTION_ARGS)
{
	return DENSE_FN(combine_args)(fcinfo, DENSE_ADD);
}

/* sub(type, type), operator -. */
Datum
DENSE_FN(sub)(PG_FUNCTION_ARGS)
{
	return DENSE_FN(combine_args)(fcinfo, DENSE_SUB);
}

/* mul(type, type), operator *: the product element by element. */
Datum
DENSE_FN(mul)(PG_FUNCTION_ARGS)
{
	return DENSE_FN(combine_args)(fcinfo, DENSE_MUL);
}

/*
 * concat(type, type), operator ||: the elements of both.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED when they are too many.
 */
Datum
DENSE_FN(concat)(PG_FUNCTION_ARGS)
{
	DENSE *a = DENSE_ARG(0);
	DENSE *b = DENSE_ARG(1);
	DENSE *result;

	(void) DENSE_FN(check_dim)(a->dim + b->dim, NULL);

	result = DENSE_FN(make)(a->dim + b->dim);
	memcpy(result->x, a->x, sizeof(DENSE_ELEMENT) * (Size) a->dim);
	memcpy(result->x + a->dim, b->x, sizeof(DENSE_ELEMENT) * (Size) b->dim);

	PG_RETURN_POINTER(result);
}

/* vector_dims(type): the number of dimensions. */
Datum
DENSE_FN(dims)(PG_FUNCTION_ARGS)
{
	/* The header is enough: a value out of line is read no further. */
	DENSE *vector =
		(DENSE *) PG_DETOAST_DATUM_SLICE(PG_GETARG_DATUM(0), 0, offsetof(DENSE, x) - VARHDRSZ);

	PG_RETURN_INT32(vector->dim);
}

/*
 * subvector(type, integer start, integer count): the "count" elements from number "start"
 * on, counted from 1.  As with substring(), elements before the first or after the last
 * are left out.  Raises ERRCODE_DATA_EXCEPTION when none remains.
 */
Datum
DENSE_FN(subvector)(PG_FUNCTION_ARGS)
{
	DENSE *vector = DENSE_ARG(0);
	int64 start = PG_GETARG_INT32(1);
	int64 end = start + PG_GETARG_INT32(2); /* first element left out */
	DENSE *result;

	start = Max(start, 1);
	end = Min(end, vector->dim + 1);
	(void) DENSE_FN(check_dim)(end > start ? (int) (end - start) : 0, NULL);

	result = DENSE_FN(make)((int) (end - start));
	memcpy(result->x, vector->x + (start - 1), sizeof(DENSE_ELEMENT) * (Size) result->dim);

	PG_RETURN_POINTER(result);
}

/* binary_quantize(type): a bit string with a 1 for every element above 0. */
Datum
DENSE_FN(binary_quantize)(PG_FUNCTION_ARGS)
{
	DENSE *vector = DENSE_ARG(0);
	Size size = VARBITTOTALLEN(vector->dim);
	VarBit *result = (VarBit *) palloc0(size);
	bits8 *bits = VARBITS(result);
	float buffer[DENSE_CHUNK];

	SET_VARSIZE(result, size);
	VARBITLEN(result) = vector->dim;
	for (int i = 0; i < vector->dim; i += DENSE_CHUNK)
	{
		int n = dense_chunk(vector->dim - i);
		const float *x = DENSE_FN(as_floats)(vector->x + i, n, buffer);

		/* the first element of a byte is its highest bit; a chunk is whole bytes */
		for (int j = 0; j < n; j += BITS_PER_BYTE)
		{
			unsigned byte = 0;

			for (int k = j; k < j + BITS_PER_BYTE; k++)
				byte = byte << 1 | (k < n && x[k] > 0.0f);
			*bits++ = (bits8) byte;
		}
	}

	PG_RETURN_VARBIT_P(result);
}
