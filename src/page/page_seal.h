/*-------------------------------------------------------------------------
 *
 * page_seal.h
 *	  The seal of every page: a checksum of all of its bytes.
 *
 * IDENTIFICATION
 *	  src/page/page_seal.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_SEAL_H
#define IVFKM_PAGE_SEAL_H

#include "compat.h"

#include "storage/bufpage.h"
#include "utils/rel.h"

extern void page_seal(Page page);
extern bool page_seal_holds(Page page);
VDB_NORETURN extern void page_seal_report(Relation index, BlockNumber block);
extern void page_seal_check(Relation index, BlockNumber block, Page page);

#endif /* IVFKM_PAGE_SEAL_H */
