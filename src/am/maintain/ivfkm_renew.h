/*-------------------------------------------------------------------------
 *
 * ivfkm_renew.h
 *	  Another tree for an index in use, and who makes it when.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_renew.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RENEW_H
#define IVFKM_RENEW_H

#include "am/ivfkm.h"
#include "page/page_free.h"

/* What ivfkm_renew() did. */
typedef struct IvfkmRenewal
{
	bool renewed;	  /* another tree took the current one's place */
	int64 rows;		  /* addresses in it */
	int64 late;		  /* of them inserted while it was made */
	int64 forced;	  /* of them without a code */
	int64 dropped;	  /* addresses of dead rows that it does not have */
	int32 lists;	  /* that it has */
	double lock_time; /* milliseconds for which inserts waited at the end */
	int64 freed;	  /* blocks of earlier trees that were freed */
	BlockNumber end;  /* of a region: behind all blocks that it was written to */
} IvfkmRenewal;

/* ----- ivfkm_renew.c ----- */

extern void ivfkm_renew(Relation heap, Relation index, bool yield, bool roughly,
						IvfkmRenewal *result);
extern void ivfkm_renewal_add(IvfkmRenewal *sum, const IvfkmRenewal *other);
extern BlockNumber ivfkm_renewal_tidy(Relation heap, Relation index);

/* ----- ivfkm_worker.c ----- */

extern bool ivfkm_renewal_open(Oid index_oid, Relation *heap, Relation *index);
extern bool ivfkm_renewal_possible(Relation index);
extern void ivfkm_maintain_all(Relation heap, Relation index, IvfkmRenewal *result);
PGDLLEXPORT extern void ivfkm_worker_main(Datum arg);

#endif /* IVFKM_RENEW_H */
