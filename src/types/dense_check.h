/*-------------------------------------------------------------------------
 *
 * dense_check.h
 *	  Making a vector or halfvec, and the checks that every way into the type shares.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c.
 *
 *	  The messages and SQLSTATEs are those of pgvector: clients match them.
 *
 *	  A dense type defines before it includes the templates, and as functions of its own:
 *
 *	      DENSE, DENSE_NAME                 the struct; the SQL name of the type, a string literal
 *	      DENSE_FN(name)                    the C function of the type, such as halfvec_make
 *	      DENSE_ARG(n)                      argument n of an SQL function, detoasted
 *	      DENSE_ELEMENT, DENSE_BITS         C type of a stored element; unsigned type of its bits
 *	      DENSE_TO_FLOAT(x)                 the exact value of an element
 *	      DENSE_LEAST, DENSE_LIMIT          the smallest positive element; the smallest float whose
 *	                                        nearest element is infinity
 *	      DENSE_KERNEL(name)                the distance kernel of the type
 *	      DENSE_WRITE                       pq_writeint of the size of an element
 *	      DENSE_FN(as_floats)(x, n, buffer)
 *	                                        the exact values of n elements: in the buffer, or x
 *	                                        itself if they are floats
 *	      DENSE_FN(round)(values, n, x)     the elements nearest to n floats; infinity for those out
 *	                                        of range
 *	      DENSE_FN(from_floats)(values, n, x)
 *	                                        the same, but raises an error for finite floats out of
 *	                                        range
 *
 * IDENTIFICATION
 *	  src/types/dense_check.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_check.h"
#endif

/* A zeroed vector of "dim" dimensions (1..VDB_MAX_DIM) in the current memory context. */
DENSE *
DENSE_FN(make)(int dim)
{
	Size size = offsetof(DENSE, x) + sizeof(DENSE_ELEMENT) * (Size) dim;
	DENSE *result;

	Assert(dim >= 1 && dim <= VDB_MAX_DIM);

	result = (DENSE *) palloc0(size);
	SET_VARSIZE(result, size);
	result->dim = (int16) dim;

	return result;
}

/* Raises ERRCODE_DATA_EXCEPTION unless both vectors have the same number of dimensions. */
void
DENSE_FN(check_same_dims)(const DENSE *a, const DENSE *b)
{
	if (unlikely(a->dim != b->dim))
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("different " DENSE_NAME " dimensions %d and %d", a->dim, b->dim)));
}

/*
 * True when a vector may have "dim" dimensions: 1 to VDB_MAX_DIM.  Otherwise raises or
 * saves an error.
 */
bool
DENSE_FN(check_dim)(int dim, struct Node *escontext)
{
	if (dim < 1)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg(DENSE_NAME " must have at least 1 dimension")));
	if (dim > VDB_MAX_DIM)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg(DENSE_NAME " cannot have more than %d dimensions", VDB_MAX_DIM)));
	return true;
}

/*
 * True when a vector of "dim" dimensions fits the type modifier, which is -1 (anything)
 * or a number of dimensions.  Otherwise raises or saves an error.
 */
bool
DENSE_FN(check_typmod)(int32 typmod, int dim, struct Node *escontext)
{
	if (typmod != -1 && typmod != dim)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %d dimensions, not %d", typmod, dim)));
	return true;
}

/* Raises or saves the error about an element that is NaN or, if not "nan", infinity. */
static void
DENSE_FN(not_finite)(bool nan, struct Node *escontext)
{
	if (nan)
		errsave(escontext,
				(errcode(ERRCODE_DATA_EXCEPTION), errmsg("NaN not allowed in " DENSE_NAME)));
	else
		errsave(escontext, (errcode(ERRCODE_DATA_EXCEPTION),
							errmsg("infinite value not allowed in " DENSE_NAME)));
}

/* True when all of x[dim] is finite.  Otherwise raises or saves an error. */
bool
DENSE_FN(check_elements)(const DENSE_ELEMENT *x, int dim, struct Node *escontext)
{
	for (int i = 0; i < dim; i++)
	{
		float value = DENSE_TO_FLOAT(x[i]);

		if (likely(isfinite(value)))
			continue;
		DENSE_FN(not_finite)(isnan(value), escontext);
		return false;
	}
	return true;
}
