/*-------------------------------------------------------------------------
 *
 * ivfkm_scan.h
 *	  What an ordered scan remembers.
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
#include "am/scan/ivfkm_given.h"
#include "am/scan/ivfkm_lists.h"
#include "am/scan/ivfkm_nulls.h"
#include "am/scan/ivfkm_order.h"
#include "am/scan/ivfkm_query.h"
#include "am/scan/ivfkm_rerank.h"

typedef struct IvfkmScan
{
	const IvfkmOps *ops;
	MemoryContext context; /* everything below but "rerank"; reset by rescan */
	IvfkmRerank *rerank;   /* NULL before the first search; kept over rescans */
	bool started;

	/* the same from the first row to the last */
	IvfkmMetaPageData meta;
	IvfkmSettings settings;
	IvfkmGeometry geometry; /* of the lists */
	IvfkmQuery query;

	/* the current pass */
	int pass; /* 0 before the first */
	int sweep;
	int64 k;	   /* rows that it prepares for */
	int64 total_k; /* of all passes: rows that may be given before the next one */
	float epsilon; /* of the sweep */

	IvfkmLists lists;
	IvfkmGiven given;
	IvfkmCandidates candidates;
	IvfkmOrder order;
	int64 ngiven;
	IvfkmNulls nulls; /* read when all else was given */
} IvfkmScan;

extern IndexScanDesc ivfkmbeginscan(Relation index, int nkeys, int norderbys);
extern void ivfkmrescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys,
						int norderbys);
extern bool ivfkmgettuple(IndexScanDesc scan, ScanDirection dir);
extern void ivfkmendscan(IndexScanDesc scan);

#endif /* IVFKM_SCAN_H */
