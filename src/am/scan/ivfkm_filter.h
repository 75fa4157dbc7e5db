/*-------------------------------------------------------------------------
 *
 * ivfkm_filter.h
 *	  The conditions of a scan on the columns of its index.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_filter.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_FILTER_H
#define IVFKM_FILTER_H

#include "access/skey.h"

#include "am/ivfkm.h"
#include "filter/filter.h"

/* Rows that do not match, and how near to the query they are. */
typedef struct IvfkmFilterOthers
{
	int64 rows;	 /* that were looked at, in lists scanned for the first time */
	float *near; /* while k rows are looked for: upper bounds, of those not above the horizon */
	Size nnear;
	Size size;
} IvfkmFilterOthers;

typedef struct IvfkmFilter
{
	Filter terms; /* conditions on attributes */
	bool values;  /* rows with a vector are wanted */
	bool nulls;	  /* so are those whose vector is NULL */
	bool recheck; /* rows that do not match may be among those given */
	int64 nmet;	  /* slots in use that met the terms, in lists scanned for the first time */

	IvfkmFilterOthers beside; /* in units where some row matches */
	IvfkmFilterOthers apart;  /* in a sample of the units where none does */
	uint32 nskipped;		  /* such units, sampled or not */
} IvfkmFilter;

/* True if the filter leaves out some of the rows with a vector. */
static inline bool
ivfkm_filter_has_terms(const IvfkmFilter *filter)
{
	return filter->terms.nterms > 0;
}

/*
 * The rows of a unit that may match: bit i is row i.  Slots that are not in use may be among them.
 * The unit's page is locked.
 */
static inline uint32
ivfkm_filter_unit(IvfkmFilter *filter, const IvfkmUnit *unit)
{
	uint32 unknown = *unit->unknown;

	if (unlikely(unknown != 0))
		filter->recheck = true;
	return filter_unit(&filter->terms, unit->images, unit->nulls) | unknown;
}

extern void ivfkm_filter_note_near(IvfkmFilterOthers *others, float ub);
extern double ivfkm_filter_mean_rank(IvfkmFilter *filter, const float *bounds, Size n, Size k,
									 float horizon, double rows);
extern void ivfkm_filter_init(IvfkmFilter *filter, int most);
extern void ivfkm_filter_add(IvfkmFilter *filter, const IvfkmColumns *columns, ScanKey keys,
							 int nkeys);

#endif /* IVFKM_FILTER_H */
