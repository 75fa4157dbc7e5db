/*-------------------------------------------------------------------------
 *
 * vector_check.c
 *	  Making a vector, and the checks that every way into the type shares.
 *
 * NOTES
 *	  The messages and SQLSTATEs are those of pgvector: clients match them.
 *
 * IDENTIFICATION
 *	  src/types/vector_check.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/vector.h"

#include <math.h>

/* A zeroed vector of "dim" dimensions (1..VDB_MAX_DIM) in the current memory context. */
Vector *
vector_make(int dim)
{
	Size size = VECTOR_SIZE(dim);
	Vector *result;

	Assert(dim >= 1 && dim <= VDB_MAX_DIM);

	result = (Vector *) palloc0(size);
	SET_VARSIZE(result, size);
	result->dim = (int16) dim;

	return result;
}

/* Raises ERRCODE_DATA_EXCEPTION unless both vectors have the same number of dimensions. */
void
vector_check_same_dims(const Vector *a, const Vector *b)
{
	if (unlikely(a->dim != b->dim))
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("different vector dimensions %d and %d", a->dim, b->dim)));
}

/*
 * True when a vector may have "dim" dimensions: 1 to VDB_MAX_DIM.  Otherwise raises or
 * saves an error.
 */
bool
vector_check_dim(int dim, struct Node *escontext)
{
	if (dim < 1)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION), errmsg("vector must have at least 1 dimension")));
	if (dim > VDB_MAX_DIM)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("vector cannot have more than %d dimensions", VDB_MAX_DIM)));
	return true;
}

/*
 * True when a vector of "dim" dimensions fits the type modifier, which is -1 (anything)
 * or a number of dimensions.  Otherwise raises or saves an error.
 */
bool
vector_check_typmod(int32 typmod, int dim, struct Node *escontext)
{
	if (typmod != -1 && typmod != dim)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %d dimensions, not %d", typmod, dim)));
	return true;
}

/* True when all of x[dim] is finite.  Otherwise raises or saves an error. */
bool
vector_check_elements(const float *x, int dim, struct Node *escontext)
{
	for (int i = 0; i < dim; i++)
	{
		if (likely(isfinite(x[i])))
			continue;
		if (isnan(x[i]))
			ereturn(escontext, false,
					(errcode(ERRCODE_DATA_EXCEPTION), errmsg("NaN not allowed in vector")));
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION), errmsg("infinite value not allowed in vector")));
	}
	return true;
}
