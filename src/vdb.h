/*-------------------------------------------------------------------------
 *
 * vdb.h
 *	  Limits and facts that hold for the whole extension.
 *
 * NOTES
 *	  VDB_VERSION comes from vdb.control by way of the Makefile.
 *
 * IDENTIFICATION
 *	  src/vdb.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VDB_H
#define VDB_H

#define VDB_MAX_DIM		   16000	  /* dimensions of a vector, as in pgvector */
#define VDB_MAX_SPARSE_DIM 1000000000 /* dimensions of a sparsevec */
#define VDB_MAX_SPARSE_NNZ 16000	  /* elements of a sparsevec that are not zero */

#endif /* VDB_H */
