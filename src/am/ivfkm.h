/*-------------------------------------------------------------------------
 *
 * ivfkm.h
 *	  The ivfkm access method: what all of its files know.
 *
 * NOTES
 *	  Every other file has a header of its own, with what it offers.  README.md of this folder
 *	  has the algorithm and the locks, sql/COSTS.md the costs, page/page_format.h what is on disk.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_H
#define IVFKM_H

#include "compat.h"

#include "fmgr.h"
#include "utils/rel.h"

#include "page/page.h"
#include "quant/quant.h"
#include "types/dense.h"

#define IVFKM_SUPPORT_OPS		1 /* of vectors: returns a const IvfkmOps * */
#define IVFKM_SUPPORT_ATTRIBUTE 2 /* of attributes: returns a const IvfkmAttributeOps * */
#define IVFKM_NSUPPORT			2
#define IVFKM_STRATEGY_DISTANCE 1

/* How the distance that an operator class gives follows from that of its operator. */
typedef enum IvfkmForm
{
	IVFKM_FORM_SAME,
	IVFKM_FORM_SQUARE, /* the square */
	IVFKM_FORM_DICE	   /* d / (2 - d): of Jaccard's the Dice distance, (a xor b) / (|a| + |b|) */
} IvfkmForm;

/*
 * What an operator class of arrays of vectors tells, whose operator is MaxSim.  Each vector of a
 * row has an entry of its own in the index.
 */
typedef struct IvfkmArrayOps
{
	/* looks at a detoasted array, which must stay; errors out for one that cannot be indexed */
	void (*view)(ArrayType *array, DenseArray *view);

	/* the operator's distance of a row to a query, of as many dimensions; never NaN */
	double (*distance)(const DenseArray *row, const DenseArray *query);
} IvfkmArrayOps;

/*
 * What an operator class tells the access method.  Resolved once per scan or build; hot
 * loops never go through the function manager.
 */
typedef struct IvfkmOps
{
	const char *type_name; /* SQL name of the indexed type */
	IvfkmMetric metric;
	IvfkmForm form; /* of "distance" */
	int max_dims;	/* of a column */

	/* dimensions of a detoasted value */
	int (*dims)(const void *value);

	/*
	 * Dimensions of input space for a column of "dims"; NULL: as many.  At most VDB_MAX_DIM.
	 * *sketch: they are those of a sketch (quant_sketch.h).
	 */
	int (*input_dims)(int dims, bool *sketch);

	/* a detoasted value in input space, out[dims] */
	void (*load)(const void *value, int dims, float *out);

	/*
	 * Exact distance between two detoasted values of equal dimensions, in the order of the
	 * operator class's operator and comparable to the distance of index space: squared L2,
	 * negative inner product, cosine distance, and so on.
	 */
	double (*distance)(const void *a, const void *b);

	bool small_values; /* smaller than their refine codes would be: "auto" makes none */
	bool bits;		   /* bit strings, which the operator calls by another name in errors */

	/* if the column has arrays: all above, but for "form", is said of their vectors; else NULL */
	const IvfkmArrayOps *array;
} IvfkmOps;

/* A column of an index beside the vector. */
typedef struct IvfkmAttribute
{
	int column;							 /* of the index, from 0 */
	const struct IvfkmAttributeOps *ops; /* what its operator class supplies */
	Oid collation;
	IvfkmImageData image; /* how the index keeps its images */
} IvfkmAttribute;

/* The columns of an index; see ivfkm_columns.c. */
typedef struct IvfkmColumns
{
	int vector; /* the column of the vector, from 0 */
	int nattributes;
	uint8 narrow;	/* bit a: images of attribute a are within 32 bits */
	uint8 squeezed; /* because they are squeezed */
	IvfkmAttribute attributes[IVFKM_MAX_ATTRIBUTES]; /* in the order of the columns */
} IvfkmColumns;

/*
 * An index at work: what its functions need to know of it.  Opened by ivfkm_index_open()
 * for a scan, a statement's inserts, a vacuum or a function call.  "meta" is the metapage as
 * it was then; what changes in it meanwhile is read again by who needs it.
 */
typedef struct IvfkmIndex
{
	Relation relation;
	const IvfkmOps *ops;
	IvfkmColumns columns;
	int column_dims; /* of the column: those of values */
	IvfkmMetaPageData meta;
	IvfkmGeometry nodes;	  /* of the groups of nodes */
	IvfkmGeometry lists;	  /* of the groups of posting lists */
	IvfkmGeometry nulls;	  /* of the groups of the list of NULLs */
	struct IvfkmSpace *space; /* NULL until ivfkm_index_space() is called */
} IvfkmIndex;

#endif /* IVFKM_H */
