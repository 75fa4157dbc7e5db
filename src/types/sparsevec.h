/*-------------------------------------------------------------------------
 *
 * sparsevec.h
 *	  The "sparsevec" type: layout on disk and in memory, access macros.
 *
 * NOTES
 *	  The layout is pgvector's.  Only elements that are not zero are stored, in
 *	  ascending order of their indices, which count from 0 (in text from 1):
 *
 *	  | varlena header 4 | dim int32 | nnz int32 | unused int32 = 0 |
 *	  | indices[0] int32 | ... | indices[nnz-1] | values[0] float4 | ... | values[nnz-1] |
 *
 *	  Small values may carry a 1-byte varlena header on disk: always detoast.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef SPARSEVEC_H
#define SPARSEVEC_H

#include "postgres.h"

#include "compat.h"
#include "distance/sparse.h"
#include "fmgr.h"
#include "types/sparsevec_parse.h"
#include "vdb.h"

typedef struct SparseVector
{
	int32 vl_len_; /* varlena header (do not touch directly!) */
	int32 dim;	   /* number of dimensions, 1..VDB_MAX_SPARSE_DIM */
	int32 nnz;	   /* number of stored elements, 0..VDB_MAX_SPARSE_NNZ */
	int32 unused;  /* always 0 */
	int32 indices[FLEXIBLE_ARRAY_MEMBER];
} SparseVector;

StaticAssertDecl(offsetof(SparseVector, indices) == 16, "sparsevec payload starts at byte 16");
StaticAssertDecl(VDB_MAX_SPARSE_DIM - 1 <= SPARSE_MAX_INDEX, "kernels can take every index");

#define SPARSEVEC_SIZE(nnz)                                                                        \
	(offsetof(SparseVector, indices) + (sizeof(int32) + sizeof(float)) * (Size) (nnz))
#define SPARSEVEC_VALUES(v)		 ((float *) ((v)->indices + (v)->nnz))
#define DatumGetSparseVector(d)	 ((SparseVector *) PG_DETOAST_DATUM(d))
#define PG_GETARG_SPARSEVEC_P(n) DatumGetSparseVector(PG_GETARG_DATUM(n))
#define PG_RETURN_SPARSEVEC_P(p) PG_RETURN_POINTER(p)

/* sparsevec_check.c */

/* A zeroed sparsevec with room for nnz elements in the current memory context. */
extern SparseVector *sparsevec_make(int dim, int nnz);

/* Errors out unless the two dimensions are equal ("different sparsevec dimensions %d and %d"). */
extern void sparsevec_check_same_dims(const SparseVector *a, const SparseVector *b);

/*
 * Is the value fit for a sparsevec?  Otherwise an error is raised, or saved in "escontext"
 * if that is an ErrorSaveContext (PostgreSQL 16 and newer), and the result is false.
 */
extern bool sparsevec_check_dim(int dim, struct Node *escontext);
extern bool sparsevec_check_nnz(int nnz, int dim, struct Node *escontext);
extern bool sparsevec_check_typmod(int32 typmod, int dim, struct Node *escontext);

/* What sparsevec_parse.h says about elements, as an error in the same way. */
extern bool sparsevec_check_code(SparsevecCode code, struct Node *escontext);

/* sparsevec_ops.c */

/* Distances between sparsevecs of equal dimensions, as the SQL operators return them. */
extern double sparsevec_l2_squared_value(const SparseVector *a, const SparseVector *b);
extern double sparsevec_inner_product_value(const SparseVector *a, const SparseVector *b);
extern double sparsevec_cosine_distance_value(const SparseVector *a, const SparseVector *b);
extern double sparsevec_l1_distance_value(const SparseVector *a, const SparseVector *b);

/* sparsevec_compare.c */

/* Order of the btree operators: negative, 0 or positive; the dimensions may differ. */
extern int sparsevec_compare(const SparseVector *a, const SparseVector *b);

#endif /* SPARSEVEC_H */
