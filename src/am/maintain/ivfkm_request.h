/*-------------------------------------------------------------------------
 *
 * ivfkm_request.h
 *	  Asking for a background worker that renews an index.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_request.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_REQUEST_H
#define IVFKM_REQUEST_H

#include "am/ivfkm.h"

/* Changes from which on an index is renewed without being asked. */
#define IVFKM_RENEWAL_MIN_ROWS 1000

/* What a worker is told, in bgw_extra. */
typedef struct IvfkmWorkerTask
{
	Oid database;
	Oid index;
} IvfkmWorkerTask;

/*
 * A process launches no two workers for an index within so many milliseconds; a worker looks at the
 * index again when so much time has passed since it began.
 */
#define IVFKM_REQUEST_INTERVAL 1000

/* Workers of an index at a time: one is at work, the other looks at what comes meanwhile. */
#define IVFKM_MOST_WORKERS 2

extern void ivfkm_request_init(void);
extern uint64 ivfkm_renewal_changes(const IvfkmMetaPageData *meta);
extern bool ivfkm_renewal_due(const IvfkmMetaPageData *meta);
extern void ivfkm_renewal_put_off(Relation index);
extern void ivfkm_renewal_consider(Relation index, const IvfkmFreeData *free);
extern void ivfkm_renewal_request(Relation index);
extern void ivfkm_renewal_began(Relation index);
extern void ivfkm_renewal_ended(void);

#endif /* IVFKM_REQUEST_H */
