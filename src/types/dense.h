/*-------------------------------------------------------------------------
 *
 * dense.h
 *	  What the dense types (vector, halfvec) share and no template is needed for.
 *
 * NOTES
 *	  The state of avg() is a one-dimensional array of float8 without nulls: the number of
 *	  vectors, then the sum of each element; {0} before the first vector.
 *
 * IDENTIFICATION
 *	  src/types/dense.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_H
#define DENSE_H

#include "postgres.h"

#include "utils/array.h"

/* dense.c */

/*
 * The elements of an integer[], real[], double precision[] or numeric[] of at most one
 * dimension and "dim" elements without nulls, each rounded to the nearest float (infinity
 * if there is none), in memory of the current context.
 */
extern float *dense_array_floats(ArrayType *array, int dim);

/* A state of avg() for "dim" dimensions, all zeros, in the current memory context. */
extern ArrayType *dense_state_make(int dim);

/*
 * The numbers of a state.  Errors out if it is none ("%s: expected state array", with the
 * name of the SQL function that was called).
 */
extern float8 *dense_state_values(ArrayType *state, const char *caller);

/* Dimensions of the vectors that a state sums up; 0 before the first. */
static inline int
dense_state_dim(ArrayType *state)
{
	return ARR_DIMS(state)[0] - 1;
}

#endif /* DENSE_H */
