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

extern void ivfkm_rerank_begin(IvfkmRerank *rerank, Relation heap, Relation index,
							   const IvfkmOps *ops);
extern Buffer ivfkm_rerank_ask_page(const IvfkmRerank *rerank, BlockNumber block);
extern void ivfkm_rerank_ask_row(const IvfkmRerank *rerank, BlockNumber block, Buffer buffer,
								 OffsetNumber number);
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
