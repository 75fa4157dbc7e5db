/*-------------------------------------------------------------------------
 *
 * ivfkm_verify.h
 *	  What vdb_index_check() knows of an index while it checks it.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_verify.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_VERIFY_H
#define IVFKM_VERIFY_H

#include "utils/snapshot.h"

#include "am/index/ivfkm_all_lists.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_summary.h"
#include "am/index/ivfkm_tidhash.h"

#define IVFKM_CHECK_NULL_LIST PG_INT32_MAX /* number of the list of NULLs */

/* An entry of an index on arrays. */
typedef struct IvfkmCheckEntry
{
	TidHashEntry at;
	int64 next; /* of the same row, or -1 */
} IvfkmCheckEntry;

typedef struct IvfkmCheckState
{
	IvfkmIndex index;	  /* its index space is made from its pages */
	IvfkmFreeData *free;  /* before the walk */
	IvfkmRanges *pending; /* pages of the pending list, then */
	uint8 *retired;		  /* one byte per block of the chain of retired blocks, and on it, then */
	BlockNumber nretired;
	uint8 *visited; /* one byte per block */
	BlockNumber nvisited;
	IvfkmWholeTree tree;
	IvfkmSummaryData *groups; /* of the rows of each group of the list being checked, with marks: an
							   * array by the groups' bits */
	tidhash_hash *rows;		  /* where each is; of one with several entries, the first of them */
	IvfkmCheckEntry *entries; /* of an index on arrays: the entries, those of a row chained */
	int64 nentries;
	int64 entries_size;
	tidhash_hash *records; /* refine records of the list being checked: which slot has them */
	BlockNumber heap_blocks;
	int64 nrows;
	bool far_found; /* the list of far rows is a child of a node */
	MemoryContext row_context;
	MemoryContext vector_context; /* of one comparison of a vector */
	Page pages[IVFKM_MAX_STRIPES];
} IvfkmCheckState;

/* Copies a group of the owner. */
static inline void
ivfkm_check_copy_group(IvfkmCheckState *check, const IvfkmGeometry *geometry,
					   const IvfkmChildData *owner, BlockNumber block)
{
	page_group_copy(check->index.relation, geometry, owner->id, owner->generation, block,
					check->pages);
}

extern void ivfkm_verify_rows(IvfkmCheckState *check, Relation heap, Snapshot snapshot);

#endif /* IVFKM_VERIFY_H */
