/*-------------------------------------------------------------------------
 *
 * ivfkm_measure.h
 *	  Searches that are made to measure an index.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_measure.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_MEASURE_H
#define IVFKM_MEASURE_H

#include "access/genam.h"

#include "am/scan/ivfkm_rerank.h"

struct IvfkmGapQuery;
struct IvfkmScan;

/* A row that a search has met, and the number of its list in the order of the search. */
typedef struct IvfkmMetRow
{
	uint64 row;
	int list;
} IvfkmMetRow;

/* What a search is asked in the place of what its query would tell, and what it notes. */
typedef struct IvfkmMeasure
{
	int64 limit;	  /* rows that will be taken */
	double target;	  /* recall wanted, whatever the settings say; 0: as they say */
	double scale;	  /* with "target": times the budget for it */
	IvfkmMetRow *met; /* rows met, or NULL if they are not to be noted */
	Size nmet;
	Size size;
} IvfkmMeasure;

/* Searches of one index, one after the other. */
typedef struct IvfkmMeasuring
{
	Relation index;
	Snapshot snapshot;
	IndexScanDesc scan;
	IvfkmRerank rerank;
	IvfkmMeasure measure;
	RegProcedure distance;
	int column; /* of the vector, from 0 */
	int column_dims;
} IvfkmMeasuring;

/* A row that a search has found. */
typedef struct IvfkmMeasuredRow
{
	double distance; /* as the operator class orders */
	double before;	 /* rows counted before its list; only if noted */
} IvfkmMeasuredRow;

extern void ivfkm_measuring_begin(IvfkmMeasuring *measuring, Relation heap, Relation index,
								  Snapshot snapshot);
extern void ivfkm_measuring_note(IvfkmMeasuring *measuring);
extern void ivfkm_measuring_end(IvfkmMeasuring *measuring);
extern void ivfkm_measuring_key(const IvfkmMeasuring *measuring, Datum query, ScanKey key);
extern int ivfkm_measuring_search(IvfkmMeasuring *measuring, Datum query, int k,
								  const ItemPointerData *self, IvfkmMeasuredRow *rows);
extern void ivfkm_measuring_gap(const IvfkmMeasuring *measuring, const IvfkmMeasuredRow *found,
								int n, double rows, double least, struct IvfkmGapQuery *gap);
extern void ivfkm_measuring_seen(const IvfkmMeasuring *measuring, double *lists, double *rows);
extern void ivfkm_measure_apply(struct IvfkmScan *so);
extern void ivfkm_measure_note(IvfkmMeasure *measure, uint64 row, int list);

#endif /* IVFKM_MEASURE_H */
