/*-------------------------------------------------------------------------
 *
 * ivfkm_batch.h
 *	  Searches for the nearest rows of many queries at once.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_batch.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_BATCH_H
#define IVFKM_BATCH_H

#include "am/index/ivfkm_settings.h"
#include "am/scan/ivfkm_batch_lists.h"
#include "am/scan/ivfkm_measure.h"

/* Searches of one index. */
typedef struct IvfkmBatch
{
	Relation relation;
	Snapshot snapshot;
	int k;		   /* rows wanted for each query */
	int prepare_k; /* rows that a search prepares for: some may be invisible */
	IvfkmIndex index;
	IvfkmSettings settings;
	IvfkmListsPlan plan; /* of every search */
	int wanted;			 /* lists that it is likely to take */
	bool reaches;		 /* it may go on to further lists: */
	IvfkmReach reach;	 /* how far */
	bool shared;		 /* searches can share their lists */
	IvfkmMeasuring measuring;
} IvfkmBatch;

/*
 * Is given the rows found for query number "query" (from 0), at most k, the nearest first.  They go
 * when it returns.
 */
typedef void (*IvfkmBatchGive)(void *arg, int query, const IvfkmFoundRow *rows, int nrows);

extern void ivfkm_batch_begin(IvfkmBatch *batch, Relation heap, Relation index, Snapshot snapshot,
							  int k);
extern void ivfkm_batch_end(IvfkmBatch *batch);
extern Size ivfkm_batch_query_bytes(const IvfkmBatch *batch);
extern void ivfkm_batch_places(IvfkmBatch *batch, const Datum *values, int n, BlockNumber *places);
extern int ivfkm_batch_search(IvfkmBatch *batch, const Datum *values, int n, IvfkmBatchGive give,
							  void *arg);

#endif /* IVFKM_BATCH_H */
