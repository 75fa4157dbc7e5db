/*-------------------------------------------------------------------------
 *
 * ivfkm_maxsim.h
 *	  Scans of indexes on arrays of vectors, in the order of MaxSim.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_maxsim.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_MAXSIM_H
#define IVFKM_MAXSIM_H

#include "am/scan/ivfkm_scan.h"

/* A row of which some query vectors have found a vector. */
typedef struct IvfkmMaxsimRow
{
	IvfkmAddress row;
	double bound; /* its distance is not less, if nothing nearer was missed */
	double best;  /* of query vector number "last": what it has added to the bound */
	int last;
	int found; /* query vectors that have found it */
} IvfkmMaxsimRow;

/* How many query vectors have found a row. */
typedef struct IvfkmMaxsimFound
{
	IvfkmAddress row;
	int count;
} IvfkmMaxsimFound;

/* How much farther than their bounds rows were, for each query vector that had not found them. */
typedef struct IvfkmMaxsimExcess
{
	int64 n;
	double mean;
	double sum2; /* of squared differences from the mean */
} IvfkmMaxsimExcess;

/* What such a scan remembers beside what all scans do. */
typedef struct IvfkmMaxsim
{
	DenseArray vectors; /* of the query, so->query.value */
	double bound;		/* rows that are farther are not wanted */
	bool ordered;		/* false: a NULL query, to which no row is nearer than another */
	bool not_null;		/* rows whose value is NULL are not wanted */

	/* rows found and not looked at yet, in the order of their bounds from "next" on */
	MemoryContext context; /* of the rows and of "found" */
	IvfkmMaxsimRow *rows;
	Size nrows;
	Size next;
	Size wanted;			  /* vectors that each query vector has looked for; 0: none yet */
	Size times;				  /* so many times the usual number are looked for */
	bool complete;			  /* nothing was left out */
	double unfound;			  /* rows not found are at least so far, but for entries missed */
	IvfkmMaxsimExcess excess; /* of the rows looked at */
	IvfkmMaxsimFound *found;  /* all rows found, those looked at too, by their addresses */
	Size nfound;

	bool everything; /* all rows of the index were looked at */
	bool exhausted;	 /* no more rows will be looked at */
	int null_round;	 /* of the list of NULLs: arrays without vectors first */

	/* counts, of all rounds */
	int64 nlists;
	double seen; /* vectors in these lists */
} IvfkmMaxsim;

extern void ivfkm_maxsim_begin(IndexScanDesc scan, IvfkmScan *so, Datum value, bool isnull);
extern bool ivfkm_maxsim_next(IndexScanDesc scan, IvfkmScan *so, IvfkmKnownRow *next);

#endif /* IVFKM_MAXSIM_H */
