/*-------------------------------------------------------------------------
 *
 * ivfkm_batch_pages.h
 *	  Copies of the refine pages of a list that many queries want.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_batch_pages.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_BATCH_PAGES_H
#define IVFKM_BATCH_PAGES_H

#include "page/page_refine.h"

#define IVFKM_BATCH_PAGES 32 /* that are kept at once; they are to stay in the CPU's cache */

typedef struct IvfkmBatchPages
{
	Relation relation;
	const IvfkmGeometry *geometry;
	Page pages[IVFKM_BATCH_PAGES]; /* NULL until they are needed */
	BlockNumber blocks[IVFKM_BATCH_PAGES];
} IvfkmBatchPages;

extern void ivfkm_batch_pages_begin(IvfkmBatchPages *pages, Relation relation,
									const IvfkmGeometry *geometry);
extern bool ivfkm_batch_pages_pay(const IvfkmBatchPages *pages, Size nqueries);
extern void ivfkm_batch_pages_forget(IvfkmBatchPages *pages);
extern IvfkmRefine ivfkm_batch_pages_record(IvfkmBatchPages *pages, const IvfkmChildData *list,
											const ItemPointerData *address);

#endif /* IVFKM_BATCH_PAGES_H */
