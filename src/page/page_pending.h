/*-------------------------------------------------------------------------
 *
 * page_pending.h
 *	  The pending list: addresses of rows that a tree in the making has to catch up with.
 *
 * IDENTIFICATION
 *	  src/page/page_pending.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_PENDING_H
#define IVFKM_PAGE_PENDING_H

#include "compat.h"

#include "storage/itemptr.h"
#include "utils/rel.h"

#include "page/page_format.h"

/* Addresses on a page. */
#define IVFKM_PENDING_SLOTS (IVFKM_PAYLOAD_BYTES / (int) sizeof(ItemPointerData))

/* How far a reader has come; zero and an invalid block at the beginning. */
typedef struct IvfkmPendingPosition
{
	BlockNumber block; /* page read last */
	int count;		   /* addresses of it that were read */
} IvfkmPendingPosition;

/* A bit of the offset that no address of a row has: it marks those of rows without a value. */
#define IVFKM_PENDING_NULL 0x8000

/* The address, marked. */
static inline ItemPointerData
page_pending_mark(const ItemPointerData *tid)
{
	ItemPointerData marked;

	ItemPointerSet(&marked, ItemPointerGetBlockNumberNoCheck(tid),
				   ItemPointerGetOffsetNumberNoCheck(tid) | IVFKM_PENDING_NULL);
	return marked;
}

/* True if it is marked; *tid is the address itself. */
static inline bool
page_pending_is_null(const ItemPointerData *noted, ItemPointerData *tid)
{
	OffsetNumber offset = ItemPointerGetOffsetNumberNoCheck(noted);

	ItemPointerSet(tid, ItemPointerGetBlockNumberNoCheck(noted), offset & ~IVFKM_PENDING_NULL);
	return (offset & IVFKM_PENDING_NULL) != 0;
}

extern void page_pending_begin(Relation index);
extern void page_pending_add(Relation index, const ItemPointerData *tid, bool is_null);
extern ItemPointerData *page_pending_read(Relation index, IvfkmPendingPosition *position,
										  Size *count);
extern void page_pending_ranges(Relation index, IvfkmFreeData *free, IvfkmRanges *ranges);

#endif /* IVFKM_PAGE_PENDING_H */
