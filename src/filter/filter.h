/*-------------------------------------------------------------------------
 *
 * filter.h
 *	  Conditions on the attributes of rows, tested on a unit of sixteen rows at once.
 *
 * NOTES
 *	  Pure C.  An attribute of a row is a signed 64-bit image, kept in 32 bits if it is narrow, and
 *	  a flag that says NULL.  A filter is a list of terms, each a condition on one attribute, all of
 *	  which must hold.  What images mean is the caller's business: numbers in order, hashes, or
 *	  signatures of 64 bits.
 *
 *	  No allocation, no state but the active kernels.  All levels give the same result.
 *
 * IDENTIFICATION
 *	  src/filter/filter.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "port/vdb_cpu.h"

#define FILTER_ROWS		 16		 /* rows of a unit */
#define FILTER_ALL_ROWS	 0xffffu /* the mask of all of them */
#define FILTER_SMALL_SET 8		 /* up to so many values are compared one by one */

/* What a term asks of an image.  Rows that are NULL meet FILTER_IS_NULL alone. */
typedef enum FilterKind
{
	FILTER_NOTHING = 0, /* met by no row */
	FILTER_IS_NULL,		/* the attribute is NULL */
	FILTER_NOT_NULL,	/* it is not */
	FILTER_RANGE,		/* low <= image <= high */
	FILTER_SET,			/* the image is one of the values of a set */
	FILTER_ANY_BIT,		/* image & bits is not 0 */
	FILTER_ALL_BITS		/* image & bits is bits */
} FilterKind;

/* The values of a FILTER_SET, and beyond FILTER_SMALL_SET of them a hash table. */
typedef struct FilterSet
{
	int nvalues;			 /* at least 1 */
	const int64_t *values;	 /* rising, each once */
	const int64_t *buckets;	 /* the values in the order of their buckets; NULL if there are few */
	const uint32_t *starts;	 /* where each bucket begins in "buckets", and where the last ends */
	const uint32_t *present; /* bitmap of hashes that occur */
	int bucket_shift;		 /* a hash of 32 bits, shifted right so far, is its bucket */
	int present_shift;		 /* and its bit in "present" */
} FilterSet;

typedef struct FilterTerm
{
	FilterKind kind;
	int attribute;
	int64_t low;  /* of a range and, filled in by filter_set_init(), of a set */
	int64_t high; /* not below "low" */
	int64_t bits; /* of FILTER_ANY_BIT and FILTER_ALL_BITS */
	FilterSet set;
} FilterTerm;

typedef struct Filter
{
	int nterms; /* 0 matches every row */
	FilterTerm *terms;
	uint32_t narrow; /* bit a: images of attribute a are int32_t */
} Filter;

typedef struct FilterKernels
{
	VdbSimd simd; /* instructions used */

	/* see filter_unit() */
	uint32_t (*unit)(const Filter *filter, const void *images, const uint16_t *nulls);
} FilterKernels;

/* The active kernels.  Valid before any call to filter_select() (scalar). */
extern const FilterKernels *vdb_filter;

/* The kernels to run at a level on this CPU, or NULL when the level is not compiled in. */
extern const FilterKernels *filter_kernels(VdbSimd simd);

/* Makes a level the active one; a level that cannot run here changes nothing. */
extern void filter_select(VdbSimd simd);

/*
 * The rows of a unit that meet every term: bit i is row i.  "images" has FILTER_ROWS images of
 * attribute 0, int64_t or int32_t, then those of attribute 1, ...; "nulls" a mask of the rows that
 * are NULL for each attribute.  Slots without a row are tested like any other: the caller leaves
 * them out.
 */
static inline uint32_t
filter_unit(const Filter *filter, const void *images, const uint16_t *nulls)
{
	return vdb_filter->unit(filter, images, nulls);
}

/* Bytes of memory that filter_set_init() needs for so many values; 0 if it needs none. */
extern size_t filter_set_bytes(int nvalues);

/*
 * Makes "term" a FILTER_SET of nvalues >= 1 values, which rise, each once.  They and "memory", of
 * filter_set_bytes(nvalues) bytes aligned to 8, must last as long as the term.
 */
extern void filter_set_init(FilterTerm *term, const int64_t *values, int nvalues, void *memory);

/*
 * Adds a term to a filter whose array has room for it.  A range joins an earlier range or set of
 * the same attribute, so that a term more costs no time: the filter may have fewer terms than were
 * added, and of one that no row can meet it has that term alone.
 */
extern void filter_add(Filter *filter, const FilterTerm *term);

/* True when no row can meet the filter. */
static inline bool
filter_is_empty(const Filter *filter)
{
	return filter->nterms == 1 && filter->terms[0].kind == FILTER_NOTHING;
}

#endif /* FILTER_H */
