/*-------------------------------------------------------------------------
 *
 * ivfkm_rerank.h
 *	  Exact distances of single rows, read from the table.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_rerank.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RERANK_H
#define IVFKM_RERANK_H

#include "access/relscan.h"
#include "nodes/execnodes.h"

#include "am/index/ivfkm_toast.h"
#include "am/ivfkm.h"
#include "am/scan/ivfkm_candidates.h"

/* How many rows ahead a page of the table is asked for, and then the row. */
#define IVFKM_PAGES_AHEAD 24
#define IVFKM_ROWS_AHEAD  8

/* Access to the rows of the table behind a scan. */
typedef struct IvfkmRerank
{
	Relation index;
	const IvfkmOps *ops;
	IndexFetchTableData *fetch;
	TupleTableSlot *slot;
	IvfkmToast *toast;		   /* long values of the table */
	AttrNumber column;		   /* of the table, with the vector; 0: it is an expression */
	EState *estate;			   /* of that, else NULL */
	ExprState *expression;	   /* likewise */
	MemoryContext row_context; /* detoasted values; reset after every row */
} IvfkmRerank;

/* Rows that will be read one after the other, in the order of the table. */
typedef struct IvfkmRowsAhead
{
	const char *addresses; /* an IvfkmAddress, and the next one "stride" bytes behind it */
	Size stride;
	Size n;
	Size pages;						   /* rows whose page was asked for */
	Size rows;						   /* rows that were */
	Buffer buffers[IVFKM_PAGES_AHEAD]; /* of the pages of the last ones */
} IvfkmRowsAhead;

extern void ivfkm_rerank_begin(IvfkmRerank *rerank, Relation heap, Relation index,
							   const IvfkmOps *ops);
extern void ivfkm_rerank_ask(const IvfkmRerank *rerank, IvfkmRowsAhead *ahead, Size i);
extern void ivfkm_rerank_pin(IndexFetchTableData *fetch, const ItemPointerData *tid);
extern void ivfkm_rerank_reset(IvfkmRerank *rerank);
extern void ivfkm_rerank_end(IvfkmRerank *rerank);
extern bool ivfkm_rerank_distances(IvfkmRerank *rerank, Snapshot snapshot, int dims,
								   ItemPointerData *tid, int n, const void *const *queries,
								   double *distances);
extern bool ivfkm_rerank_distance(IvfkmRerank *rerank, Snapshot snapshot, const void *query,
								  int dims, const ItemPointerData *tid, double *distance);
extern bool ivfkm_rerank_visible(IvfkmRerank *rerank, Snapshot snapshot,
								 const ItemPointerData *tid);

#endif /* IVFKM_RERANK_H */
