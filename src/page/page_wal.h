/*-------------------------------------------------------------------------
 *
 * page_wal.h
 *	  Atomic, logged changes of up to PAGE_WAL_MAX pages.
 *
 * NOTES
 *	  The only door to GenericXLog, so that a resource manager of our own could take
 *	  its place.  Works for unlogged and temporary indexes too (nothing is logged).
 *
 * IDENTIFICATION
 *	  src/page/page_wal.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_WAL_H
#define IVFKM_PAGE_WAL_H

#include "compat.h"

#include "access/generic_xlog.h"
#include "access/transam.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#define PAGE_WAL_MAX MAX_GENERIC_XLOG_PAGES

typedef struct PageWal
{
	Relation index;
	GenericXLogState *state;
	int npages;
	Page pages[PAGE_WAL_MAX]; /* the copies that are being changed */
} PageWal;

extern void page_wal_begin(PageWal *wal, Relation index);
extern Page page_wal_register(PageWal *wal, Buffer buffer);
extern Page page_wal_register_new(PageWal *wal, Buffer buffer);
extern void page_wal_finish(PageWal *wal);
extern void page_wal_log_reuse(Relation index, Relation heap, FullTransactionId horizon);

#endif /* IVFKM_PAGE_WAL_H */
