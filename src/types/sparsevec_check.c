/*-------------------------------------------------------------------------
 *
 * sparsevec_check.c
 *	  Making a sparsevec, and the checks that every way into the type shares.
 *
 * NOTES
 *	  The messages and SQLSTATEs are those of pgvector: clients match them.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_check.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/sparsevec.h"

/*
 * A zeroed sparsevec of "dim" dimensions (1..VDB_MAX_SPARSE_DIM) with room for nnz elements
 * (0..VDB_MAX_SPARSE_NNZ) in the current memory context.
 */
SparseVector *
sparsevec_make(int dim, int nnz)
{
	Size size = SPARSEVEC_SIZE(nnz);
	SparseVector *result;

	Assert(dim >= 1 && dim <= VDB_MAX_SPARSE_DIM);
	Assert(nnz >= 0 && nnz <= VDB_MAX_SPARSE_NNZ);

	result = (SparseVector *) palloc0(size);
	SET_VARSIZE(result, size);
	result->dim = dim;
	result->nnz = nnz;

	return result;
}

/* Raises ERRCODE_DATA_EXCEPTION unless both have the same number of dimensions. */
void
sparsevec_check_same_dims(const SparseVector *a, const SparseVector *b)
{
	if (unlikely(a->dim != b->dim))
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("different sparsevec dimensions %d and %d", a->dim, b->dim)));
}

/*
 * True when a sparsevec may have "dim" dimensions: 1 to VDB_MAX_SPARSE_DIM.  Otherwise
 * raises or saves an error.
 */
bool
sparsevec_check_dim(int dim, struct Node *escontext)
{
	if (dim < 1)
		ereturn(
			escontext, false,
			(errcode(ERRCODE_DATA_EXCEPTION), errmsg("sparsevec must have at least 1 dimension")));
	if (dim > VDB_MAX_SPARSE_DIM)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more than %d dimensions", VDB_MAX_SPARSE_DIM)));
	return true;
}

/*
 * True when a sparsevec of "dim" dimensions may have nnz elements that are not zero: 0 to
 * VDB_MAX_SPARSE_NNZ, and not more than dimensions.  Otherwise raises or saves an error.
 */
bool
sparsevec_check_nnz(int nnz, int dim, struct Node *escontext)
{
	if (nnz < 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec cannot have negative number of elements")));
	if (nnz > VDB_MAX_SPARSE_NNZ)
		ereturn(
			escontext, false,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("sparsevec cannot have more than %d non-zero elements", VDB_MAX_SPARSE_NNZ)));
	if (nnz > dim)
		ereturn(escontext, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more elements than dimensions")));
	return true;
}

/*
 * True when a sparsevec of "dim" dimensions fits the type modifier, which is -1 (anything)
 * or a number of dimensions.  Otherwise raises or saves an error.
 */
bool
sparsevec_check_typmod(int32 typmod, int dim, struct Node *escontext)
{
	if (typmod != -1 && typmod != dim)
		ereturn(escontext, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %d dimensions, not %d", typmod, dim)));
	return true;
}

/*
 * True for SPARSEVEC_OK.  Raises or saves the error of a code that both forms share or that
 * only the binary form has; those of the text alone need the text and are not for here.
 */
bool
sparsevec_check_code(SparsevecCode code, struct Node *escontext)
{
	const char *message = NULL;

	switch (code)
	{
		case SPARSEVEC_OK:
			return true;
		case SPARSEVEC_NAN:
			message = "NaN not allowed in sparsevec";
			break;
		case SPARSEVEC_INFINITE:
			message = "infinite value not allowed in sparsevec";
			break;
		case SPARSEVEC_BOUNDS:
			message = "sparsevec index out of bounds";
			break;
		case SPARSEVEC_DUPLICATE:
			message = "sparsevec indices must not contain duplicates";
			break;
		case SPARSEVEC_ORDER:
			message = "sparsevec indices must be in ascending order";
			break;
		case SPARSEVEC_ZERO:
			message = "binary representation of sparsevec cannot contain zero values";
			break;
		case SPARSEVEC_NO_BRACE:
		case SPARSEVEC_TOO_MANY:
		case SPARSEVEC_SYNTAX:
		case SPARSEVEC_RANGE:
		case SPARSEVEC_NO_SLASH:
		case SPARSEVEC_JUNK:
			elog(ERROR, "unexpected result %d of the sparsevec parser", (int) code);
	}
	ereturn(escontext, false, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("%s", message)));
}
