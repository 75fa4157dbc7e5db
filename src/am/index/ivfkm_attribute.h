/*-------------------------------------------------------------------------
 *
 * ivfkm_attribute.h
 *	  What the operator class of an attribute supplies.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_attribute.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_ATTRIBUTE_H
#define IVFKM_ATTRIBUTE_H

#include "access/stratnum.h"

#include "am/ivfkm.h"

struct FilterTerm;

/* What support function 2 of an operator class returns. */
typedef struct IvfkmAttributeOps
{
	const char *name;

	/* a value as a number; see IvfkmAttribute for the arguments */
	int64 (*image)(Datum value, Oid type, Oid collation, FmgrInfo *function);

	/* an equal image is an equal value, and the order of images that of values */
	bool exact;

	/*
	 * Makes a term of "attribute <operator> argument", where the operator has this strategy and
	 * "subtype" is the type of the argument (invalid: that of the operator class).  Sets *recheck if
	 * rows may match the term and not the operator.  False if nothing can be said of the rows that
	 * match: all may.  Allocates in the current memory context.
	 */
	bool (*term)(struct FilterTerm *term, StrategyNumber strategy, Oid subtype, Datum argument,
				 Oid type, Oid collation, FmgrInfo *function, bool *recheck);
} IvfkmAttributeOps;

#endif /* IVFKM_ATTRIBUTE_H */
