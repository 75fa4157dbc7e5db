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

#include "am/ivfkm.h"
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
	bool narrow;   /* images are within 32 bits, and take no more on pages of lists */
	bool squeezes; /* others, which are numbers, may be squeezed */
} IvfkmAttributeOps;

extern const IvfkmAttributeOps *ivfkm_attribute_ops(Relation index, int attno);
extern void ivfkm_attribute_check(Relation index, int attno);
extern bool ivfkm_attribute_term(const IvfkmColumns *columns, int attribute, ScanKey key,
								 FilterTerm *term);
extern bool ivfkm_attribute_range(FilterTerm *term, StrategyNumber strategy, int64 image,
								  bool exact);

#endif /* IVFKM_ATTRIBUTE_H */
