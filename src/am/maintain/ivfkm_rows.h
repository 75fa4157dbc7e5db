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

#include "am/ivfkm.h"

/* What is known of a row. */
typedef enum IvfkmRowState
{
	IVFKM_ROW_VALUE,  /* its value */
	IVFKM_ROW_NULL,	  /* that its value is NULL */
	IVFKM_ROW_FORCED, /* nothing; somebody may see it */
	IVFKM_ROW_GONE	  /* that nobody sees it, or ever will, here or on a replica */
} IvfkmRowState;

/* Access to rows by their addresses. */
typedef struct IvfkmRows
{
	Relation heap;
	Relation index;
	Snapshot snapshot; /* registered */
	IndexInfo *index_info;
	IndexFetchTableData *fetch;
	TupleTableSlot *slot;
	EState *estate;
	MemoryContext context; /* of the last row's value */
} IvfkmRows;

extern void ivfkm_rows_begin(IvfkmRows *rows, Relation heap, Relation index, Snapshot snapshot);
extern void ivfkm_rows_end(IvfkmRows *rows);
extern IvfkmRowState ivfkm_rows_get(IvfkmRows *rows, const ItemPointerData *tid, Datum *value);

#endif /* IVFKM_ROWS_H */
