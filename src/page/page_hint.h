/*-------------------------------------------------------------------------
 *
 * page_hint.h
 *	  Pins that remember where blocks were, and prefetches.
 *
 * IDENTIFICATION
 *	  src/page/page_hint.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_HINT_H
#define IVFKM_PAGE_HINT_H

#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/rel.h"

extern Buffer page_pin(Relation index, BlockNumber block);
extern Buffer page_pin_table(Relation table, BlockNumber block);
extern Buffer page_ask_table(Relation table, BlockNumber block);
extern void page_prefetch(Relation index, BlockNumber block, int offset, int bytes);
extern void page_prefetch_chunks(Relation index, BlockNumber block, int offset, const uint16 *which,
								 int n);
extern void page_read_ahead(Relation index, BlockNumber block);

#endif /* IVFKM_PAGE_HINT_H */
