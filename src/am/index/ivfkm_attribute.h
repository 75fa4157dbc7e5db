/*-------------------------------------------------------------------------
 *
 * ivfkm_attribute.h
 *	  Attributes: images of their values, and terms of filters from scan keys.
 *
 * NOTES
 *	  An attribute is a key column of an index that is not the vector.  Its operator class has
 *	  support function 2, which returns a pointer to a constant IvfkmAttributeOps.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_attribute.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_ATTRIBUTE_H
#define IVFKM_ATTRIBUTE_H

#include "compat.h"

#include "access/skey.h"
#include "access/stratnum.h"
#include "utils/rel.h"

#include "filter/filter.h"

/* Strategies of attributes beyond btree's five. */
#define IVFKM_STRATEGY_OVERLAP	6 /* arrays: && */
#define IVFKM_STRATEGY_CONTAINS 7 /* arrays: @> */

/* What images of an attribute are. */
typedef enum IvfkmImageKind
{
	IVFKM_IMAGE_NUMBER = 0, /* in the order of values, or few */
	IVFKM_IMAGE_HASH,		/* scattered; terms ask for single images */
	IVFKM_IMAGE_SIGNATURE	/* sets of bits */
} IvfkmImageKind;

/*
 * How an index may keep images of 64 bits in 32: *squeezed*, in their order, so that unequal ones
 * may become equal.  Rows found by them are checked again where that matters.
 */
typedef struct IvfkmSqueeze
{
	/* the squeezed image, within 32 bits; of a larger image never a smaller one */
	int64 (*image)(int64 image);

	/* true if images from "low" to "high" are told apart well enough when squeezed */
	bool (*suits)(int64 low, int64 high);
} IvfkmSqueeze;

/* What the operator class of an attribute tells the access method. */
typedef struct IvfkmAttributeOps
{
	Oid type; /* that of the operator class */

	/*
	 * The image of a value, toasted or not, under the column's collation: 64 bits that are equal
	 * for equal values.  Where the operator class has < and >, images have the order of the values,
	 * but unequal values may share one.
	 */
	int64 (*image)(Datum value, Oid collation);

	/*
	 * The images that a value may have which stands in the operator's relation to an argument that
	 * is not NULL, of type "subtype": a term without its attribute.  True when rows of the term
	 * must be checked again, because others than the operator's may be among them.
	 */
	bool (*term)(const struct IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype,
				 Datum argument, Oid collation, FilterTerm *term);

	IvfkmImageKind kind;
	bool narrow;				 /* images are within 32 bits, and take no more on pages of lists */
	const IvfkmSqueeze *squeeze; /* how to make others so; NULL: not at all */
} IvfkmAttributeOps;

/* What a sample of the values of an attribute says of their images. */
typedef struct IvfkmImageRange
{
	int64 count; /* images but those of infinite values */
	int64 low;	 /* the lowest of these */
	int64 high;
} IvfkmImageRange;

extern const IvfkmAttributeOps *ivfkm_attribute_ops(Relation index, int attno);
extern void ivfkm_attribute_check(Relation index, int attno);
extern bool ivfkm_attribute_term(const IvfkmAttributeOps *ops, int attribute, bool squeezed,
								 ScanKey key, FilterTerm *term);
extern bool ivfkm_attribute_range(FilterTerm *term, StrategyNumber strategy, int64 image,
								  bool exact);

#endif /* IVFKM_ATTRIBUTE_H */
