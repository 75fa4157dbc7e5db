/*-------------------------------------------------------------------------
 *
 * vector.h
 *	  The "vector" type: layout on disk and in memory, access macros.
 *
 * NOTES
 *	  The layout is pgvector's, so that dumps, COPY BINARY and pg_upgrade-style moves
 *	  keep working:
 *
 *	  | varlena header 4 | dim int16 | unused int16 = 0 | x[0] float4 | ... | x[dim-1] |
 *
 *	  Small values may carry a 1-byte varlena header on disk: always detoast.
 *
 * IDENTIFICATION
 *	  src/types/vector.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTOR_H
#define VECTOR_H

#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "types/dense.h"
#include "vdb.h"

typedef struct Vector
{
	int32 vl_len_; /* varlena header (do not touch directly!) */
	int16 dim;	   /* number of dimensions, 1..VDB_MAX_DIM */
	int16 unused;  /* always 0 */
	float x[FLEXIBLE_ARRAY_MEMBER];
} Vector;

StaticAssertDecl(offsetof(Vector, x) == 8, "vector payload starts at byte 8");

#define VECTOR_SIZE(dim)	  (offsetof(Vector, x) + sizeof(float) * (Size) (dim))
#define DatumGetVector(d)	  ((Vector *) PG_DETOAST_DATUM(d))
#define PG_GETARG_VECTOR_P(n) DatumGetVector(PG_GETARG_DATUM(n))
#define PG_RETURN_VECTOR_P(p) PG_RETURN_POINTER(p)

/* dense_check.h */

/* A zeroed vector of "dim" dimensions in the current memory context. */
extern Vector *vector_make(int dim);

/* Errors out unless the two dimensions are equal ("different vector dimensions %d and %d"). */
extern void vector_check_same_dims(const Vector *a, const Vector *b);

/*
 * Is the value fit for a vector?  Otherwise an error is raised, or saved in "escontext"
 * if that is an ErrorSaveContext (PostgreSQL 16 and newer), and the result is false.
 */
extern bool vector_check_dim(int dim, struct Node *escontext);
extern bool vector_check_typmod(int32 typmod, int dim, struct Node *escontext);
extern bool vector_check_elements(const float *x, int dim, struct Node *escontext);

/* dense_distance.h */

/* Distances between vectors of equal dimensions, as the SQL operators return them. */
extern double vector_l2_squared_value(const Vector *a, const Vector *b);
extern double vector_inner_product_value(const Vector *a, const Vector *b);
extern double vector_cosine_distance_value(const Vector *a, const Vector *b);
extern double vector_l1_distance_value(const Vector *a, const Vector *b);

/* dense_max_sim.h */

/* Vectors of an array.  Errors out for nulls, several dimensions, vectors of other dimensions. */
extern void vector_array_view(ArrayType *array, DenseArray *view);

/* MaxSim of two arrays whose vectors have the same dimensions. */
extern double vector_max_sim_value(const DenseArray *row, const DenseArray *query);

/* dense_compare.h */

/* Order of the btree operators: negative, 0 or positive; the dimensions may differ. */
extern int vector_compare(const Vector *a, const Vector *b);

#endif /* VECTOR_H */
