/*-------------------------------------------------------------------------
 *
 * halfvec.h
 *	  The "halfvec" type: layout on disk and in memory, access macros.
 *
 * NOTES
 *	  The layout is pgvector's.  Elements are IEEE 754 binary16, kept as their bits:
 *
 *	  | varlena header 4 | dim int16 | unused int16 = 0 | x[0] binary16 | ... | x[dim-1] |
 *
 *	  Small values may carry a 1-byte varlena header on disk: always detoast.  Conversion
 *	  of single elements: port/vdb_half.h; many at a time: distance/dist.h.
 *
 * IDENTIFICATION
 *	  src/types/halfvec.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef HALFVEC_H
#define HALFVEC_H

#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "types/dense.h"
#include "vdb.h"

typedef struct HalfVector
{
	int32 vl_len_; /* varlena header (do not touch directly!) */
	int16 dim;	   /* number of dimensions, 1..VDB_MAX_DIM */
	int16 unused;  /* always 0 */
	uint16 x[FLEXIBLE_ARRAY_MEMBER];
} HalfVector;

StaticAssertDecl(offsetof(HalfVector, x) == 8, "halfvec payload starts at byte 8");

#define HALFVEC_SIZE(dim)	   (offsetof(HalfVector, x) + sizeof(uint16) * (Size) (dim))
#define DatumGetHalfVector(d)  ((HalfVector *) PG_DETOAST_DATUM(d))
#define PG_GETARG_HALFVEC_P(n) DatumGetHalfVector(PG_GETARG_DATUM(n))
#define PG_RETURN_HALFVEC_P(p) PG_RETURN_POINTER(p)

/* dense_check.h */

/* A zeroed halfvec of "dim" dimensions in the current memory context. */
extern HalfVector *halfvec_make(int dim);

/* Errors out unless the two dimensions are equal ("different halfvec dimensions %d and %d"). */
extern void halfvec_check_same_dims(const HalfVector *a, const HalfVector *b);

/*
 * Is the value fit for a halfvec?  Otherwise an error is raised, or saved in "escontext"
 * if that is an ErrorSaveContext (PostgreSQL 16 and newer), and the result is false.
 */
extern bool halfvec_check_dim(int dim, struct Node *escontext);
extern bool halfvec_check_typmod(int32 typmod, int dim, struct Node *escontext);
extern bool halfvec_check_elements(const uint16 *x, int dim, struct Node *escontext);

/* halfvec.c */

/*
 * The binary16 nearest to a float, ties to even.  Errors out if that is infinity and the
 * float is not ("\"%s\" is out of range for type halfvec").  NaN and infinity stay.
 */
extern uint16 halfvec_element_from_float(float value);

/* dense_distance.h */

/* Distances between halfvecs of equal dimensions, as the SQL operators return them. */
extern double halfvec_l2_squared_value(const HalfVector *a, const HalfVector *b);
extern double halfvec_inner_product_value(const HalfVector *a, const HalfVector *b);
extern double halfvec_cosine_distance_value(const HalfVector *a, const HalfVector *b);
extern double halfvec_l1_distance_value(const HalfVector *a, const HalfVector *b);

/* dense_max_sim.h */

/* Vectors of an array.  Errors out for nulls, several dimensions, vectors of other dimensions. */
extern void halfvec_array_view(ArrayType *array, DenseArray *view);

/* MaxSim of two arrays whose vectors have the same dimensions. */
extern double halfvec_max_sim_value(const DenseArray *row, const DenseArray *query);

/* dense_compare.h */

/* Order of the btree operators: negative, 0 or positive; the dimensions may differ. */
extern int halfvec_compare(const HalfVector *a, const HalfVector *b);

#endif /* HALFVEC_H */
