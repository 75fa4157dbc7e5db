/*-------------------------------------------------------------------------
 *
 * dense.h
 *	  What the dense types (vector, halfvec) share and no template is needed for; elements of
 *	  arrays for sparsevec too.
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
#include "utils/jsonb.h"

/* Elements that are widened at a time, in a buffer on the stack. */
#define DENSE_CHUNK 256

/* How many elements to take next of so many that are left. */
static inline int
dense_chunk(int left)
{
	/* unsigned: gcc 12 would warn of a copy of less than nothing */
	return (int) Min((unsigned) left, DENSE_CHUNK);
}

/* The vectors of an array, which lie side by side; they all have the same dimensions. */
typedef struct DenseArray
{
	const char *first; /* the first one; NULL if there are none */
	Size step;		   /* bytes from one to the next */
	int count;
	int dim;
} DenseArray;

/* A vector of a view, from 0. */
static inline const void *
dense_array_get(const DenseArray *view, int i)
{
	return view->first + view->step * (Size) i;
}

/* dense.c */

/* Where the elements of an array begin. */
extern char *dense_array_data(ArrayType *array);

/*
 * The number of elements of an array.  Errors out for more than one dimension ("array must be
 * 1-D") and for nulls ("array must not contain nulls").
 */
extern int dense_array_count(ArrayType *array);

/*
 * The elements of an integer[], real[], double precision[] or numeric[] with
 * dense_array_count() = "count", each rounded to the nearest float (infinity
 * if there is none), in memory of the current context.
 */
extern float *dense_array_floats(ArrayType *array, int count);

/* The number of elements of a JSON array; errors out for any other JSON.  "type": for errors. */
extern int dense_json_count(Jsonb *json, const char *type);

/*
 * The numbers of a JSON array of "count" elements, each rounded to the nearest float, in memory of
 * the current context.  Errors: an element that is no number, and what numeric_float4() raises.
 */
extern float *dense_json_floats(Jsonb *json, int count, const char *type);

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
