/*-------------------------------------------------------------------------
 *
 * ivfkm_scan.h
 *	  What an ordered scan remembers, and the passes that it works in.
 *
 * NOTES
 *	  A scan works in passes.  A pass probes some number of lists and keeps, as
 *	  candidates, the rows whose lower bound is not above the "horizon", the k-th smallest
 *	  upper bound.  In the order of their lower bounds, candidates get the bounds of their
 *	  refine codes, and where these do not tell which row is nearer, they are looked at
 *	  exactly (in the heap, under the scan's snapshot).  A row is emitted as soon as nothing
 *	  else can be nearer.  When the executor wants more than a pass has, the next pass
 *	  takes more lists and a larger k.  README.md of this folder says how passes avoid
 *	  giving a row twice.
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

#include "am/index/ivfkm_refine.h"
#include "am/index/ivfkm_settings.h"
#include "am/index/ivfkm_tidhash.h"
#include "am/index/ivfkm_tree.h"
#include "am/scan/ivfkm_rerank.h"

/* A row that may be near enough; candidates are ordered by (lb, tid), a total order. */
typedef struct IvfkmCandidate
{
	float lb; /* lower bound of the distance, index space */
	ItemPointerData tid;
	ItemPointerData refine; /* its refine record, if there is such a tier */
	int list;				/* number of the list that it is in */
} IvfkmCandidate;

/* A candidate with the bounds of its refine code. */
typedef struct IvfkmRefinedRow
{
	float lb;
	float ub;
	ItemPointerData tid;
} IvfkmRefinedRow;

/* A row whose distance is known. */
typedef struct IvfkmKnownRow
{
	double distance; /* index space; NaN counts as infinity */
	ItemPointerData tid;
} IvfkmKnownRow;

typedef struct IvfkmScan
{
	const IvfkmOps *ops;
	MemoryContext context; /* everything below but "rerank"; reset by rescan */
	bool started;
	bool arbitrary_order; /* NULL query: rows come in any order */

	IvfkmMetaPageData meta;
	IvfkmSettings settings;
	IvfkmGeometry geometry;
	QuantMetric metric;
	double distance_scale;
	void *query_value;	 /* detoasted query, for exact distances */
	float *query;		 /* the same in index space */
	float ip_constant;	 /* -<offset, q> - <offset, offset>: part of every IP distance */
	QuantQuery ip_quant; /* for inner products, whose tree has another target */
	const QuantQuery *quant;
	bool refine;		  /* there is a tier, and exact distances are what it foresees */
	IvfkmRefiner refiner; /* if so */
	IvfkmTree tree;

	/*
	 * Lists, in the order in which they were reached, and for each the candidate up to which its
	 * rows were looked at: all of them if its bound is infinity.
	 */
	IvfkmProbe *probes;
	IvfkmCandidate *floors;
	int nprobes;  /* lists scanned */
	int nreached; /* those behind are to be scanned next */
	int probes_size;
	bool tree_done; /* there are no more */

	/* the current pass */
	int pass; /* 0 before the first */
	int64 k;
	int64 total_k; /* of all passes: rows that may be emitted before the next one */
	float epsilon;
	IvfkmCandidate *candidates; /* collected, then a heap */
	Size ncandidates;
	Size candidates_size;
	float *bounds; /* max-heap of the k smallest upper bounds */
	Size nbounds;
	IvfkmCandidate horizon;	 /* candidates above this were left out */
	bool truncated;			 /* some may have been */
	IvfkmCandidate consumed; /* candidate looked at last */
	double scanned;			 /* rows in the lists scanned so far */
	int target;				 /* lists that are to be scanned in all */
	int ahead_list;			 /* list and page of it that is read ahead next */
	uint32 ahead_page;
	int64 reads_before; /* blocks that this process had read from disk when the scan began */
	int64 nemitted;

	IvfkmRefinedRow *refined; /* min-heap of rows not looked at exactly yet, of all passes */
	Size nrefined;
	Size refined_size;
	IvfkmKnownRow *results; /* min-heap */
	Size nresults;
	Size results_size;
	double last_distance; /* of the row emitted last, or what it is not above */
	tidhash_hash *seen;	  /* rows that the first pass took from the candidates */

	IvfkmRerank *rerank; /* NULL before the first search; kept over rescans */
} IvfkmScan;

/* True when a comes before b. */
static inline bool
candidate_less(const IvfkmCandidate *a, const IvfkmCandidate *b)
{
	if (a->lb != b->lb)
		return a->lb < b->lb;
	return ItemPointerCompare((ItemPointer) &a->tid, (ItemPointer) &b->tid) < 0;
}

/* ----- callbacks (ivfkm_scan.c) ----- */

extern IndexScanDesc ivfkmbeginscan(Relation index, int nkeys, int norderbys);
extern void ivfkmrescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys,
						int norderbys);
extern bool ivfkmgettuple(IndexScanDesc scan, ScanDirection dir);
extern void ivfkmendscan(IndexScanDesc scan);

/* ----- passes (ivfkm_pass.c) ----- */

extern bool ivfkm_pass_next(IndexScanDesc scan, IvfkmScan *so);
extern bool ivfkm_pass_more_lists(const IvfkmScan *so);
extern int ivfkm_pass_probes(const IvfkmScan *so, int pass, int64 total_k);
extern float ivfkm_pass_list_constant(const IvfkmScan *so, const IvfkmProbe *probe);

#endif /* IVFKM_SCAN_H */
