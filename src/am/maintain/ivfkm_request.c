/*-------------------------------------------------------------------------
 *
 * ivfkm_request.c
 *	  Asking for a background worker that renews an index.
 *
 * NOTES
 *	  Inserts that make a list grow, and VACUUM, ask for a worker when an index has changed much.
 *	  It is launched when their transaction has committed, so that it sees the rows.
 *
 *	  Nothing here is needed for an index to be right: when no worker can be launched, VACUUM or
 *	  the next insert asks again.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_request.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "utils/timestamp.h"

#include "am/index/ivfkm_settings.h"
#include "am/maintain/ivfkm_lock.h"
#include "am/maintain/ivfkm_request.h"

/* Indexes that a transaction can ask for. */
#define MAX_REQUESTS 16

/* Requests of this transaction; the index that is being renewed in it. */
static Oid requests[MAX_REQUESTS];
static int nrequests = 0;
static Oid renewing = InvalidOid;

/* The worker that this process launched last: for which index, and when. */
static Oid last_index = InvalidOid;
static TimestampTz last_launch = 0;

/* The changes of an index since its rows were counted last. */
uint64
ivfkm_renewal_changes(const IvfkmMetaPageData *meta)
{
	/* a row may be in a new group and beyond the edge of its list */
	return meta->removed + Max(meta->appended, meta->strays);
}

/* Whether an index has changed so much since it was looked at that it should be again. */
bool
ivfkm_renewal_due(const IvfkmMetaPageData *meta)
{
	return ivfkm_renewal_changes(meta) >= Max(meta->retry, IVFKM_RENEWAL_MIN_ROWS);
}

/* Puts off the next try, in case that the one which begins fails. */
void
ivfkm_renewal_put_off(Relation index)
{
	IvfkmMetaPageData meta;

	page_meta_read(index, &meta);
	page_meta_set_retry(index, ivfkm_renewal_changes(&meta) * 5 / 4 + IVFKM_RENEWAL_MIN_ROWS);
}

/* Launches a worker for an index, if not enough are there; quiet if there is no slot for it. */
static void
launch(Oid index)
{
	BackgroundWorker worker;
	IvfkmWorkerTask task = {MyDatabaseId, index};

	if (ivfkm_count_workers(index) >= IVFKM_MOST_WORKERS)
		return;
	memset(&worker, 0, sizeof(worker));
	snprintf(worker.bgw_name, BGW_MAXLEN, "vdb maintenance of index %u", index);
	snprintf(worker.bgw_type, BGW_MAXLEN, "vdb maintenance");
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "vdb");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "ivfkm_worker_main");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	memcpy(worker.bgw_extra, &task, sizeof(task));
	if (RegisterDynamicBackgroundWorker(&worker, NULL))
	{
		last_index = index;
		last_launch = GetCurrentTimestamp();
	}
}

/*
 * True if this process has just launched a worker for the index: that one looks at it again when
 * the interval is over, and sees what has been committed by now.
 */
static bool
is_launched(Oid index)
{
	return last_index == index &&
		   GetCurrentTimestamp() < TimestampTzPlusMilliseconds(last_launch, IVFKM_REQUEST_INTERVAL);
}

/* Launches a worker to tidy up after a renewal that was under way when an error ended it. */
static void
launch_for_failed(void)
{
	if (OidIsValid(renewing) && MyBackendType != B_BG_WORKER)
		launch(renewing);
}

/*
 * At the end of a transaction: launches workers for what was asked for, and for the index whose
 * renewal has failed in it, or in a subtransaction.
 */
static void
end_of_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			for (int i = 0; i < nrequests; i++)
			{
				if (!is_launched(requests[i]))
					launch(requests[i]);
			}
			launch_for_failed();
			break;
		case XACT_EVENT_ABORT:
			launch_for_failed();
			break;
		case XACT_EVENT_PREPARE:
			break;
		default:
			return;
	}
	nrequests = 0;
	renewing = InvalidOid;
}

/* Called once from _PG_init(). */
void
ivfkm_request_init(void)
{
	RegisterXactCallback(end_of_transaction, NULL);
}

/* Asks for a worker for the index when this transaction commits. */
void
ivfkm_renewal_request(Relation index)
{
	Oid oid = RelationGetRelid(index);

	for (int i = 0; i < nrequests; i++)
	{
		if (requests[i] == oid)
			return;
	}
	if (nrequests < MAX_REQUESTS)
		requests[nrequests++] = oid;
}

/*
 * Asks for a worker if the index needs one and may have one.  "free" are its free blocks, NULL if
 * it does not matter how many there are.
 */
void
ivfkm_renewal_consider(Relation index, const IvfkmFreeData *free)
{
	IvfkmMetaPageData meta;
	BlockNumber waiting;

	if (!ivfkm_settings_maintenance(index) || RelationUsesLocalBuffers(index) || IsParallelWorker())
		return;
	page_meta_read(index, &meta);
	if (!BlockNumberIsValid(meta.pending_block) &&
		(ivfkm_renewal_due(&meta) ||
		 (free != NULL && page_retired_is_sparse(index, free, meta.used_blocks, &waiting))))
		ivfkm_renewal_request(index);
}

/* Notes that a renewal is under way: if the transaction fails, somebody has to tidy up. */
void
ivfkm_renewal_began(Relation index)
{
	renewing = RelationUsesLocalBuffers(index) ? InvalidOid : RelationGetRelid(index);
}

/* Notes that it has ended well. */
void
ivfkm_renewal_ended(void)
{
	renewing = InvalidOid;
}
