/*-------------------------------------------------------------------------
 *
 * ivfkm_worker.c
 *	  The background worker that maintains an index, and the order of its work.
 *
 * NOTES
 *	  A worker maintains one index and exits.  It never waits for a lock on a table: a waiting
 *	  worker would make the deadlock detector cancel autovacuum.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_worker.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "access/amapi.h"

#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_rights.h"
#include "am/index/ivfkm_settings.h"
#include "am/maintain/ivfkm_insert.h"
#include "am/maintain/ivfkm_lock.h"
#include "am/maintain/ivfkm_recalibrate.h"
#include "am/maintain/ivfkm_region.h"
#include "am/maintain/ivfkm_renew.h"
#include "am/maintain/ivfkm_request.h"
#include "am/maintain/ivfkm_rows.h"

/* Tries to get the locks, one a second, and tries to free the blocks of the old tree. */
#define LOCK_TRIES 60
#define TIDY_TRIES 10

/* Times that a worker tries again what it has given up for another command, 1, 2, 4 ... s later. */
#define YIELD_TRIES 5

/*
 * When what an index calls for has to wait for a transaction, a worker looks again so many
 * milliseconds later, and so many times as long as it has looked, but not more than a minute later.
 */
#define REFUSED_MIN_PAUSE (2 * IVFKM_REQUEST_INTERVAL)
#define REFUSED_PAUSE	  32
#define REFUSED_MAX_PAUSE 60000

/*
 * An index that has grown so many times is renewed, however much of its file is kept by a
 * transaction.
 */
#define KEPT_GROWN 4.0

/* Share of the rows that may be nearer to other lists than theirs, of an index that has changed. */
#define MOST_MISPLACED (1.0 / 256)

/* Regions that a worker moves to the front of a file, at most. */
#define MOST_COMPACTED 1000

/*
 * Opens an index and its table for a renewal without waiting for a lock: ShareUpdateExclusiveLock
 * on the table keeps out VACUUM, other renewals, CREATE INDEX and other changes of the schema.
 * False if somebody else holds a lock; *heap is NULL if there is no such index any more.
 */
bool
ivfkm_renewal_open(Oid index_oid, Relation *heap, Relation *index)
{
	Oid heap_oid = IndexGetRelation(index_oid, true);

	*heap = NULL;
	*index = NULL;
	if (!OidIsValid(heap_oid))
		return true;
	if (!ConditionalLockRelationOid(heap_oid, ShareUpdateExclusiveLock))
		return false;
	if (!ConditionalLockRelationOid(index_oid, RowExclusiveLock))
	{
		UnlockRelationOid(heap_oid, ShareUpdateExclusiveLock);
		return false;
	}
	*heap = try_relation_open(heap_oid, NoLock);
	if (*heap == NULL)
		return true;
	*index = try_relation_open(index_oid, NoLock);
	if (*index == NULL || (*index)->rd_rel->relkind != RELKIND_INDEX ||
		(*index)->rd_indam->aminsert != ivfkminsert)
	{
		if (*index != NULL)
			relation_close(*index, NoLock);
		relation_close(*heap, NoLock);
		*heap = NULL;
	}
	return true;
}

/*
 * True if all that the index holds can be seen in it: it is complete, and of no row that this
 * transaction's snapshots see it lacks the address.
 */
bool
ivfkm_renewal_possible(Relation index)
{
	if (!index->rd_index->indisvalid || !index->rd_index->indisready || !index->rd_index->indislive)
		return false;
	return !index->rd_index->indcheckxmin ||
		   TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
								 TransactionXmin);
}

/* True if too much of the file waits for a long transaction, to be used again. */
static bool
is_kept(Relation index)
{
	IvfkmMetaPageData meta;

	page_meta_read(index, &meta);
	return page_retired_kept(index) > meta.used_blocks / 4;
}

/*
 * True if most rows of the index are there for all to see: else a renewal would have to be
 * repeated.
 */
static bool
is_seen(Relation heap, Relation index)
{
	return ivfkm_rows_share_seen(heap, index, ivfkm_check_database) >= 0.5;
}

/*
 * True if nothing of what the changes of an index may call for can be done before a transaction
 * has ended that keeps its blocks, so that its lists need not be counted: budgets are not to be
 * measured again, and there are not four times as many rows as it was made with.  Of the rows that
 * the metapage knows of there are too many rather than too few.
 */
static bool
is_blocked(Relation index)
{
	IvfkmMetaPageData meta;
	double rows;

	page_meta_read(index, &meta);
	rows = meta.build_rows + (double) meta.appended;
	return rows + (double) meta.made_removed < KEPT_GROWN * meta.made_rows &&
		   !ivfkm_recalibration_due(index, rows, 0.0, false) && is_kept(index);
}

/*
 * Leaves undone what the changes of an index call for: they stay counted, so that who makes others,
 * or VACUUM, finds that a worker is needed.
 */
static void
refuse(Relation index, IvfkmSizes *sizes, const char *reason)
{
	double moved = sizes->moved;

	ereport(DEBUG1, (errmsg_internal("maintenance of index \"%s\" waits: %s",
									 RelationGetRelationName(index), reason)));
	ivfkm_survey_forget(sizes);
	sizes->moved = moved; /* for the changes that stay counted */
	sizes->refused = true;
}

/*
 * Measures the index's budgets again, if that is due; so many rows have come into other lists since
 * it was done last.
 */
static void
recalibrate(Relation heap, Relation index, double rows, bool by_hand, IvfkmSizes *sizes)
{
	if (!ivfkm_recalibration_due(index, rows, sizes->unmeasured, by_hand))
		return;
	ivfkm_recalibrate(heap, index, rows, !by_hand, !by_hand);
	sizes->unmeasured = 0.0;
	sizes->roughly = !by_hand;
	ereport(DEBUG1, (errmsg_internal("calibrated index \"%s\" for %.0f rows",
									 RelationGetRelationName(index), rows)));
}

/*
 * Renews an index of which many rows have come or gone since all of it was made, if regions have
 * left many rows in other lists than their nearest; true if it did.  As work_on().
 */
static bool
renew_misplaced(Relation heap, Relation index, bool by_hand, IvfkmSizes *sizes,
				IvfkmRenewal *result)
{
	IvfkmMetaPageData meta;
	double share;

	page_meta_read(index, &meta);
	if (!ivfkm_survey_changed(index, &meta) ||
		(!by_hand && (is_kept(index) || !is_seen(heap, index))))
		return false;
	share = ivfkm_share_misplaced(heap, index, meta.build_rows, !by_hand);
	ereport(DEBUG1, (errmsg_internal("index \"%s\": a share of %.4f of the rows is misplaced",
									 RelationGetRelationName(index), share)));
	if (share < MOST_MISPLACED)
		return false;
	ivfkm_renew(heap, index, !by_hand, result);
	ereport(LOG,
			(errmsg("renewed index \"%s\" for misplaced rows: " INT64_FORMAT " rows in %d lists",
					RelationGetRelationName(index), result->rows, result->lists)));
	ivfkm_survey_renewed(sizes);
	return true;
}

/*
 * If much of the file is free, moves some of what lies at its end to the front; true if it did.  As
 * work_on().
 */
static bool
compact(Relation heap, Relation index, bool by_hand, IvfkmSizes *sizes, IvfkmRenewal *result)
{
	IvfkmRegion region;

	switch (ivfkm_survey_compact(sizes, index, by_hand, &region))
	{
		case IVFKM_TASK_NONE:
			return false;
		case IVFKM_TASK_REGION:
			ivfkm_region_renew(heap, index, !by_hand, &region, result);
			sizes->nmissed += result->end > region.below;
			ereport(DEBUG1, (errmsg_internal("moved %d lists to the front of index \"%s\"",
											 region.nlists, RelationGetRelationName(index))));
			break;
		case IVFKM_TASK_RENEW:
			if (!by_hand && !is_seen(heap, index))
				return false;
			ivfkm_renew(heap, index, !by_hand, result);
			ereport(LOG,
					(errmsg("renewed index \"%s\" for space: " INT64_FORMAT " rows in %d lists",
							RelationGetRelationName(index), result->rows, result->lists)));
			ivfkm_survey_renewed(sizes); /* all lists have other ids */
			sizes->nrenewed++;
			break;
	}
	sizes->ncompacted++;
	return true;
}

/*
 * Does the next piece of work on an index, if there is one; true if it did.  The caller holds what
 * ivfkm_renew() asks for.  "by_hand": all that can be done, whoever waits; else no more than what
 * pays.
 */
static bool
work_on(Relation heap, Relation index, bool by_hand, IvfkmSizes *sizes, IvfkmRenewal *result)
{
	IvfkmTask task = IVFKM_TASK_NONE;
	IvfkmRegion region;
	bool kept = false;
	double rows;

	/* lists are moved when nothing else is left to do: all are not counted again for each move */
	if (sizes->ncompacted == 0)
		task = ivfkm_survey_next(sizes, index, by_hand, &region);
	switch (task)
	{
		case IVFKM_TASK_RENEW:
			kept = !by_hand && sizes->rows < KEPT_GROWN * sizes->seen.made_rows && is_kept(index);
			if (by_hand || (!kept && is_seen(heap, index)))
			{
				ivfkm_renew(heap, index, !by_hand, result);
				ereport(LOG, (errmsg("renewed index \"%s\": " INT64_FORMAT " rows in %d lists",
									 RelationGetRelationName(index), result->rows, result->lists)));
				ivfkm_survey_renewed(sizes);
				return true;
			}
			/* in an index that has not doubled, most rows are dead: VACUUM asks for a worker */
			if (!kept && sizes->rows >= 2.0 * sizes->seen.made_rows)
			{
				refuse(index, sizes, "most rows cannot be seen yet");
				return false;
			}
			if (!kept)
			{
				ivfkm_survey_done(sizes, index);
				return false;
			}
			break;
		case IVFKM_TASK_REGION:
			kept = !by_hand && is_kept(index);
			if (!kept)
			{
				ivfkm_region_renew(heap, index, !by_hand, &region, result);
				ivfkm_survey_worked(sizes, &region);
				ereport(DEBUG1,
						(errmsg_internal("region of index \"%s\": " INT64_FORMAT
										 " rows, from %d lists to %d, inserts kept out for %.1f ms",
										 RelationGetRelationName(index), result->rows,
										 region.nlists, result->lists, result->lock_time)));
				return true;
			}
			break;
		case IVFKM_TASK_NONE:
			break;
	}
	if (sizes->nregions > 0)
		ereport(LOG, (errmsg("maintained index \"%s\": %.0f of %.0f rows in %d regions",
							 RelationGetRelationName(index), sizes->moved, sizes->rows,
							 sizes->nregions)));
	rows = sizes->lists != NULL ? sizes->rows : 0.0;
	if (kept)
	{
		/* searches are to find the rows in the lists that there are */
		recalibrate(heap, index, rows, by_hand, sizes);
		refuse(index, sizes, "a transaction keeps too much of the file");
		return false;
	}
	ivfkm_survey_done(sizes, index);
	if (by_hand && sizes->unmeasured > 0.0 && renew_misplaced(heap, index, true, sizes, result))
		return true;
	recalibrate(heap, index, rows, by_hand, sizes);
	return sizes->ncompacted < MOST_COMPACTED && compact(heap, index, by_hand, sizes, result);
}

/*
 * All that is due in an index, in one transaction; adds up in *result.  As for ivfkm_renew().
 */
void
ivfkm_maintain_all(Relation heap, Relation index, IvfkmRenewal *result)
{
	IvfkmSizes sizes;
	IvfkmRenewal one;

	memset(result, 0, sizeof(*result));
	ivfkm_survey_begin(&sizes, CurrentMemoryContext);
	result->freed = ivfkm_renewal_tidy(heap, index);
	while (work_on(heap, index, true, &sizes, &one))
	{
		ivfkm_renewal_add(result, &one);
		CHECK_FOR_INTERRUPTS();
	}
	ivfkm_survey_end(&sizes);
}

/* True if much of the file is free. */
static bool
is_sparse(Relation index)
{
	IvfkmFreeData *data = palloc(sizeof(IvfkmFreeData));
	IvfkmMetaPageData meta;
	BlockNumber waiting;
	bool sparse;

	page_meta_read(index, &meta);
	page_free_read(index, data);
	sparse = page_retired_is_sparse(index, data, meta.used_blocks, &waiting);
	pfree(data);
	return sparse;
}

/* One transaction of a worker: the index and its table, both NULL if it has not got them. */
typedef struct WorkerTransaction
{
	Relation heap;
	Relation index;
	IvfkmOwnerRights rights;
} WorkerTransaction;

/*
 * Starts a transaction, opens an index and its table as ivfkm_renewal_open() does, and takes the
 * rights of the table's owner.  False if somebody else holds a lock.
 */
static bool
begin_transaction(Oid index_oid, WorkerTransaction *transaction)
{
	bool opened;

	StartTransactionCommand();
	ivfkm_check_database();
	PushActiveSnapshot(GetTransactionSnapshot());
	opened = ivfkm_renewal_open(index_oid, &transaction->heap, &transaction->index);
	if (transaction->heap != NULL)
		ivfkm_owner_begin(&transaction->rights, transaction->heap);
	return opened;
}

/* Takes all of that back, and commits. */
static void
end_transaction(WorkerTransaction *transaction)
{
	if (transaction->heap != NULL)
	{
		ivfkm_owner_end(&transaction->rights);
		relation_close(transaction->index, NoLock);
		relation_close(transaction->heap, NoLock);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, NULL);
}

typedef enum WorkResult
{
	WORK_LOCKED, /* somebody holds a lock */
	WORK_DONE,	 /* nothing is left to do */
	WORK_SOME,
	WORK_KEPT /* blocks wait to be freed */
} WorkResult;

/*
 * One transaction of a worker.  Unless it "may_renew" it only tidies up; "again": there is work
 * that was begun before, so it is done, however few changes there are.
 */
static WorkResult
work(Oid index_oid, bool may_renew, bool again, IvfkmSizes *sizes)
{
	WorkResult result = WORK_DONE;
	WorkerTransaction transaction;

	sizes->refused = false;
	if (!begin_transaction(index_oid, &transaction))
		result = WORK_LOCKED;
	else if (transaction.heap != NULL && ivfkm_renewal_possible(transaction.index))
	{
		Relation heap = transaction.heap;
		Relation index = transaction.index;
		IvfkmRenewal renewal;
		IvfkmMetaPageData meta;

		(void) ivfkm_renewal_tidy(heap, index);
		page_meta_read(index, &meta);
		if (may_renew && ivfkm_settings_maintenance(index) &&
			(again || sizes->lists != NULL || ivfkm_renewal_due(&meta) || is_sparse(index)))
		{
			pgstat_report_activity(STATE_RUNNING, "maintaining an index");
			if (ivfkm_renewal_due(&meta))
			{
				/* rows have come since: count again before more is moved */
				sizes->ncompacted = 0;
				sizes->at_rest = false;
			}
			if (sizes->lists == NULL && ivfkm_renewal_due(&meta) && is_blocked(index))
				refuse(index, sizes, "a transaction keeps too much of the file");
			else if (work_on(heap, index, false, sizes, &renewal))
				result = WORK_SOME;
		}
		if (result == WORK_DONE)
		{
			page_meta_read(index, &meta);
			if (meta.retired_xid != 0 || page_retired_kept(index) > 0)
			{
				/* if nobody else takes an id, the horizon does not pass that of the blocks */
				(void) GetTopTransactionId();
				result = WORK_KEPT;
			}
		}
	}
	end_transaction(&transaction);
	return result;
}

/*
 * One transaction of a worker that has nothing else to do.  Returns true if the index has changed
 * since its budgets were measured, or if its file is to be made shorter, which was left because
 * rows came; *before receives the metapage.  If that is "known" from before and nothing has changed
 * since, measures now, or renews the index, and notes that it is at rest: under way that would be
 * done too often.
 */
static bool
look_at_rest(Oid index_oid, bool known, IvfkmSizes *sizes, IvfkmMetaPageData *before)
{
	bool due = false;
	WorkerTransaction transaction;

	if (begin_transaction(index_oid, &transaction) && transaction.heap != NULL)
	{
		Relation heap = transaction.heap;
		Relation index = transaction.index;
		IvfkmMetaPageData meta;
		IvfkmRenewal unused;
		bool measure;
		bool compact;

		page_meta_read(index, &meta);
		measure = sizes->roughly || ivfkm_recalibration_at_rest(&meta, sizes->unmeasured);
		compact = sizes->growing && is_sparse(index);
		due = (measure || compact) && ivfkm_renewal_possible(index) &&
			  ivfkm_settings_maintenance(index);
		known = due && known && meta.tree_version == before->tree_version &&
				meta.appended == before->appended && meta.removed == before->removed &&
				meta.strays == before->strays;
		sizes->at_rest = known && compact;
		if (known)
			ereport(DEBUG1,
					(errmsg_internal("index \"%s\" is at rest", RelationGetRelationName(index))));
		if (known && measure)
		{
			pgstat_report_activity(STATE_RUNNING, "calibrating an index");
			if (renew_misplaced(heap, index, false, sizes, &unused))
				sizes->at_rest = true; /* it is to be moved to the front, if need be */
			else
			{
				ivfkm_recalibrate(heap, index, meta.build_rows, true, false);
				sizes->unmeasured = 0.0;
				sizes->roughly = false;
				ereport(DEBUG1, (errmsg_internal("calibrated index \"%s\" at rest for %.0f rows",
												 RelationGetRelationName(index), meta.build_rows)));
			}
		}
		*before = meta;
	}
	end_transaction(&transaction);
	return due;
}

/* Waits a second, or until the postmaster or a signal ends this process. */
static void
pause_a_second(void)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1000,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* Leaves the table to others for some seconds, and the database to who wants it. */
static void
stand_back(int seconds)
{
	for (int i = 0; i < seconds; i++)
	{
		pause_a_second();
		StartTransactionCommand();
		ivfkm_check_database();
		CommitTransactionCommand();
	}
}

/*
 * The end of a worker that may still renew: measures an index that has come to rest, and says in
 * *sizes whether its file is to be made shorter now.
 */
static void
come_to_rest(Oid index, IvfkmSizes *sizes)
{
	IvfkmMetaPageData meta;

	if (!look_at_rest(index, false, sizes, &meta))
		return;
	stand_back(1);
	(void) look_at_rest(index, true, sizes, &meta);
}

/*
 * Counts this worker among those that will look at the index again, or no longer, as "wanted".
 * Whoever asks for a worker while two are counted launches none.
 */
static void
be_counted(Oid index, bool wanted, volatile bool *counted)
{
	if (wanted && !*counted)
		ivfkm_join_workers(index);
	else if (!wanted && *counted)
		ivfkm_leave_workers(index);
	*counted = wanted;
}

/* The end of a worker's turn that has looked since "began" and was refused what is called for. */
static void
leave_refused(TimestampTz began)
{
	TimestampTz now = GetCurrentTimestamp();
	int64 pause = REFUSED_MIN_PAUSE + REFUSED_PAUSE * TimestampDifferenceMilliseconds(began, now);
	TimestampTz until = TimestampTzPlusMilliseconds(now, Min(pause, REFUSED_MAX_PAUSE));

	do
		stand_back(1);
	while (GetCurrentTimestamp() < until);
}

/* Entry point of the worker. */
void
ivfkm_worker_main(Datum arg)
{
	/* what a database or role may set, and what would disturb */
	static const char *const settings[][2] = {{"default_transaction_isolation", "read committed"},
											  {"default_transaction_read_only", "off"},
											  {"statement_timeout", "0"},
											  {"lock_timeout", "0"},
											  {"idle_in_transaction_session_timeout", "0"},
											  {"zero_damaged_pages", "off"}};
	IvfkmWorkerTask task;
	volatile int lock_tries = 0;
	volatile int tidy_tries = 0;
	volatile int yields = 0;
	volatile bool may_renew = true;
	volatile bool yielded = false;
	volatile bool again = false;
	volatile bool counted = false;
	volatile bool refused = false;
	static IvfkmSizes sizes; /* it changes before an error leads back here */
	TimestampTz started;
	sigjmp_buf failed;

	started = GetCurrentTimestamp();
	ivfkm_survey_begin(&sizes, TopMemoryContext);
	memcpy(&task, MyBgworkerEntry->bgw_extra, sizeof(task));
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(task.database, InvalidOid, 0);
	/* several sessions may have asked at once */
	if (ivfkm_count_workers(task.index) >= IVFKM_MOST_WORKERS)
		proc_exit(0);
	be_counted(task.index, true, &counted);
	for (Size i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);

	if (sigsetjmp(failed, 1) != 0)
	{
		/* tidy up once, then leave; or try again, if another command was in the way */
		error_context_stack = NULL;
		HOLD_INTERRUPTS();
		yielded = geterrcode() == ERRCODE_LOCK_NOT_AVAILABLE;
		EmitErrorReport();
		AbortCurrentTransaction();
		FlushErrorState();
		be_counted(task.index, false, &counted);
		RESUME_INTERRUPTS();
		if (!may_renew)
			proc_exit(1);
		may_renew = false;
		ivfkm_survey_forget(&sizes);
	}
	PG_exception_stack = &failed;
	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		WorkResult result = work(task.index, may_renew, again, &sizes);

		if (!may_renew && yielded && yields < YIELD_TRIES && result != WORK_LOCKED)
		{
			stand_back(1 << yields++);
			be_counted(task.index, true, &counted);
			may_renew = true;
			again = true;
			continue;
		}
		if (result != WORK_LOCKED)
			again = false;
		if (sizes.refused && counted)
		{
			/* stays counted meanwhile: this limits how often an index is looked at in vain */
			leave_refused(now);
			be_counted(task.index, false, &counted);
			continue;
		}
		if (sizes.refused)
		{
			/*
			 * tidies up at most, unless this frees all that is kept: who commits from now on
			 * launches another
			 */
			may_renew = false;
			yielded = false;
			refused = true;
		}
		switch (result)
		{
			case WORK_SOME:
				lock_tries = 0;
				tidy_tries = 0;
				continue;
			case WORK_LOCKED:
				if (++lock_tries >= LOCK_TRIES)
					proc_exit(0);
				if (lock_tries == LOCK_TRIES / 2) /* who asks from now on needs one that stays */
					be_counted(task.index, false, &counted);
				break;
			case WORK_KEPT:
				if (++tidy_tries >= TIDY_TRIES)
					proc_exit(0);
				break;
			case WORK_DONE:
				if (refused && tidy_tries > 0)
				{
					refused = false;
					may_renew = true;
					continue;
				}
				/* until then, who launched this one launches no other */
				if (may_renew && now < TimestampTzPlusMilliseconds(started, IVFKM_REQUEST_INTERVAL))
				{
					stand_back(1);
					continue;
				}
				if (counted)
				{
					/* once more, for those who have asked until now */
					be_counted(task.index, false, &counted);
					continue;
				}
				if (may_renew && !sizes.at_rest)
				{
					come_to_rest(task.index, &sizes);
					if (sizes.at_rest)
						continue;
				}
				proc_exit(0);
		}
		pause_a_second();
	}
}
