/*-------------------------------------------------------------------------
 *
 * ivfkm_rows.h
 *	  The rows behind addresses of an index, with their values.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_rows.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_ROWS_H
#define IVFKM_ROWS_H

#include "compat.h"

#include "access/tableam.h"
#include "nodes/execnodes.h"
#include "utils/snapmgr.h"

#include "am/index/ivfkm_toast.h"
#include "am/ivfkm.h"

/* What is known of a row. */
typedef enum IvfkmRowState
{
	IVFKM_ROW_VALUE,  /* its values */
	IVFKM_ROW_NULL,	  /* its values, of which the vector is NULL */
	IVFKM_ROW_FORCED, /* nothing; somebody may see it */
	IVFKM_ROW_GONE	  /* that nobody sees it, or ever will, here or on a replica */
} IvfkmRowState;

/* Access to rows by their addresses. */
typedef struct IvfkmRows
{
	Relation heap;
	Relation index;
	Snapshot snapshot; /* registered */
	bool dead;		   /* nobody sees the row that was asked for last but maybe on a replica */
	IndexInfo *index_info;
	IndexFetchTableData *fetch;
	TupleTableSlot *slot;
	IvfkmToast *toast; /* long values that the snapshot sees */
	EState *estate;
	MemoryContext context;		  /* of the last row's values */
	int vector;					  /* column of the vector */
	Datum values[INDEX_MAX_KEYS]; /* of the last row, detoasted */
	bool isnull[INDEX_MAX_KEYS];
} IvfkmRows;

extern void ivfkm_rows_begin(IvfkmRows *rows, Relation heap, Relation index, Snapshot snapshot);
extern void ivfkm_rows_end(IvfkmRows *rows);
extern IvfkmRowState ivfkm_rows_get(IvfkmRows *rows, const ItemPointerData *tid);
extern ItemPointerData *ivfkm_rows_spread(Relation relation, int most_lists, int *n, double *rows,
										  void (*check)(void));
extern double ivfkm_rows_share_seen(Relation heap, Relation index, void (*check)(void));

#endif /* IVFKM_ROWS_H */
