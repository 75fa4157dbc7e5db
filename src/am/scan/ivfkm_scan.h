/*-------------------------------------------------------------------------
 *
 * ivfkm_scan.h
 *	  What a scan remembers.
 *
 * NOTES
 *	  README.md of this folder says how a query goes through these parts.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_scan.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SCAN_H
#define IVFKM_SCAN_H

#include "access/genam.h"
#include "access/relscan.h"

#include "am/index/ivfkm_settings.h"
#include "am/scan/ivfkm_candidates.h"
#include "am/scan/ivfkm_filter.h"
#include "am/scan/ivfkm_given.h"
#include "am/scan/ivfkm_lists.h"
#include "am/scan/ivfkm_measure.h"
#include "am/scan/ivfkm_nulls.h"
#include "am/scan/ivfkm_order.h"
#include "am/scan/ivfkm_query.h"
#include "am/scan/ivfkm_rerank.h"
#include "am/scan/ivfkm_told.h"

/* What a scan has done, in all its searches (rescans). */
typedef struct IvfkmScanCounts
{
	int64 searches;
	int64 passes;
	int64 sweeps;	  /* passes that scanned all lists again are the sweeps beyond the searches */
	int64 lists;	  /* scanned, each once for a search */
	int64 rows;		  /* in those lists */
	int64 candidates; /* rows taken from the lists by their 1-bit codes */
	int64 refined;	  /* of these, compared by their refine codes */
	int64 looked_at;  /* rows whose exact distance was computed from the table */
	int64 given;	  /* to the executor */
} IvfkmScanCounts;

/* A row that was decided to be next. */
typedef struct IvfkmNextRow
{
	IvfkmAddress row;
	double distance; /* or the lower bound of it */
	double ub;		 /* upper bound */
	bool known;		 /* "distance" is exact */
} IvfkmNextRow;

typedef struct IvfkmScan
{
	MemoryContext context;			  /* everything below but "rerank"; reset by rescan */
	IvfkmRerank *rerank;			  /* NULL before the first search; kept over rescans */
	struct IvfkmToldScan *told_cache; /* likewise: where the notes about its query are */
	IvfkmMeasure *measure;			  /* likewise: what it is to measure; NULL in queries */
	IvfkmScanCounts counts; /* likewise; of the current search, without what its parts count */
	bool started;

	/* the same from the first row to the last */
	IvfkmTold told;	 /* but for its limit */
	bool unordered;	 /* all rows, or all within the bound, in any order */
	bool exhaustive; /* the same in exact order */
	bool none;		 /* no row is wanted */
	IvfkmIndex index;
	IvfkmSettings settings;
	IvfkmQuery query;
	struct IvfkmMaxsim *maxsim; /* of an index on arrays; else NULL */
	IvfkmFilter filter;			/* conditions on the columns of the index */

	/* the current pass */
	int pass; /* 0 before the first */
	int sweep;
	int64 k;			/* rows that it prepares for */
	int64 total_k;		/* of all passes: rows that may be given before the next one */
	bool widens;		/* it is the first pass, or one that made it wider */
	int64 first_limit;	/* that the first pass was told */
	int collected;		/* how often its candidates were collected anew */
	float farthest;		/* upper bound of the farthest row that it is wanted for; or infinity */
	double match_rank;	/* with a filter: in how many rows of all the first pass found one */
	double mean_rank;	/* with a filter: that of matches among all rows, by ranked_lists lists */
	int ranked_lists;	/* lists scanned when it was computed; -1: it was not, by this pass */
	float epsilon;		/* of the sweep */
	double improved_at; /* with a filter: rows seen when a nearer match was found last, or 0 */
	bool one_sided;		/* with a filter: matches are on one side of the query */
	double found_at;	/* with a filter: rows seen until total_k that match were found, or 0 */
	bool by_address;	/* its rows are noted by address, as the next one has wider bounds */
	int collected_from; /* without order: the first list whose rows are candidates */

	IvfkmLists lists;
	IvfkmGiven given;
	IvfkmCandidates candidates;
	IvfkmOrder order;
	int64 ngiven;
	int64 looked_until;		/* given rows up to which those that overlap were looked at */
	IvfkmNulls nulls;		/* read when all else was given */
	IvfkmAddress *unlooked; /* with iterative_scan off: rows given that may not be visible */
	Size nunlooked;
	Size unlooked_size;
	int64 nvisible; /* rows given that are */

	/* the rows that are next, decided on before lists were enough: see README.md */
	IvfkmNextRow *settled;
	int64 nsettled;
	int64 settled_given; /* of them */
	bool decided_all;	 /* nothing is left but late rows and those without a value */
} IvfkmScan;

/* IvfkmResize in the current memory context. */
static inline void *
ivfkm_scan_resize(void *memory, size_t bytes)
{
	if (bytes == 0)
	{
		pfree(memory);
		return NULL;
	}
	if (memory == NULL)
		return MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	return repalloc_huge(memory, bytes);
}

extern void ivfkm_scan_counts(const IvfkmScan *so, IvfkmScanCounts *counts);
extern bool ivfkm_scan_last(Oid *index, IvfkmScanCounts *counts);
extern IndexScanDesc ivfkmbeginscan(Relation index, int nkeys, int norderbys);
extern void ivfkmrescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys,
						int norderbys);
extern bool ivfkmgettuple(IndexScanDesc scan, ScanDirection dir);
extern void ivfkmendscan(IndexScanDesc scan);

#endif /* IVFKM_SCAN_H */
