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

#include <math.h>

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

/* An index is at rest when at most this part of its rows changes within a second. */
#define REST_SHARE (1.0 / 1024)

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

/* True if the budgets of an index that is at rest should be measured with all queries. */
static bool
is_unmeasured(const IvfkmMetaPageData *meta, const IvfkmSizes *sizes)
{
	if (sizes->roughly && meta->calibrated_at == sizes->roughly_at)
		return true; /* nobody has done it since */
	return ivfkm_recalibration_at_rest(meta, sizes->unmeasured);
}

/* Notes that budgets were measured, with few queries if that was "roughly". */
static void
note_measured(Relation index, bool roughly, IvfkmSizes *sizes)
{
	IvfkmMetaPageData meta;

	page_meta_read(index, &meta);
	sizes->unmeasured = 0.0;
	sizes->roughly = roughly;
	sizes->roughly_at = meta.calibrated_at;
}

/* Measures the budgets of an index that is at rest and has so many rows. */
static void
measure_at_rest(Relation heap, Relation index, double rows, IvfkmSizes *sizes)
{
	ivfkm_recalibrate(heap, index, rows, true, false);
	note_measured(index, false, sizes);
	ereport(DEBUG1, (errmsg_internal("calibrated index \"%s\" at rest for %.0f rows",
									 RelationGetRelationName(index), rows)));
}

/*
 * Measures the index's budgets again, if that is due; so many rows have come into other lists since
 * it was done last.
 */
static void
recalibrate(Relation heap, Relation index, double rows, bool by_hand, IvfkmSizes *sizes)
{
	IvfkmMetaPageData meta;

	page_meta_read(index, &meta);
	if (sizes->at_rest)
	{
		if (is_unmeasured(&meta, sizes))
			measure_at_rest(heap, index, meta.build_rows, sizes);
		return;
	}
	if (!ivfkm_recalibration_due(index, rows, sizes->unmeasured, by_hand))
		return;
	ivfkm_recalibrate(heap, index, rows, !by_hand, !by_hand);
	note_measured(index, !by_hand, sizes);
	ereport(DEBUG1, (errmsg_internal("calibrated index \"%s\" for %.0f rows",
									 RelationGetRelationName(index), rows)));
}

/* Renews an index; while rows come, its budgets are measured roughly.  As work_on(). */
static void
renew(Relation heap, Relation index, bool by_hand, IvfkmSizes *sizes, IvfkmRenewal *result)
{
	bool roughly = !by_hand && sizes->growing && !sizes->at_rest;

	ivfkm_renew(heap, index, !by_hand, roughly, result);
	ivfkm_survey_renewed(sizes); /* all lists have other ids */
	note_measured(index, roughly, sizes);
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
	renew(heap, index, by_hand, sizes, result);
	ereport(LOG,
			(errmsg("renewed index \"%s\" for misplaced rows: " INT64_FORMAT " rows in %d lists",
					RelationGetRelationName(index), result->rows, result->lists)));
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
			renew(heap, index, by_hand, sizes, result);
			ereport(LOG,
					(errmsg("renewed index \"%s\" for space: " INT64_FORMAT " rows in %d lists",
							RelationGetRelationName(index), result->rows, result->lists)));
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
	/* where regions cannot be made, a renewal that could wait cannot */
	if (task == IVFKM_TASK_REGION && !by_hand &&
		sizes->rows >= KEPT_GROWN * sizes->seen.made_rows && is_kept(index))
		task = IVFKM_TASK_RENEW;
	switch (task)
	{
		case IVFKM_TASK_RENEW:
			kept = !by_hand && sizes->rows < KEPT_GROWN * sizes->seen.made_rows && is_kept(index);
			if (by_hand || (!kept && is_seen(heap, index)))
			{
				renew(heap, index, by_hand, sizes, result);
				ereport(LOG, (errmsg("renewed index \"%s\": " INT64_FORMAT " rows in %d lists",
									 RelationGetRelationName(index), result->rows, result->lists)));
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
			(again || sizes->lists != NULL || ivfkm_renewal_due(&meta) || is_sparse(index) ||
			 (sizes->at_rest && sizes->postponed)))
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

/* What a worker that has nothing else to do has found. */
typedef enum RestResult
{
	REST_NOTHING, /* there is nothing to do at rest either */
	REST_CHANGES, /* there is, but rows come or go */
	REST_LOCKED,  /* somebody holds a lock */
	REST_DONE	  /* what can be done in one transaction is done */
} RestResult;

/* What tells whether an index changes. */
typedef struct RestLook
{
	IvfkmMetaPageData meta;
	double rows; /* in some lists */
} RestLook;

/* True if hardly anything has changed in an index between two looks. */
static bool
is_at_rest(const RestLook *before, const RestLook *now)
{
	uint64 changes = ivfkm_renewal_changes(&now->meta);
	uint64 seen = ivfkm_renewal_changes(&before->meta);

	return now->meta.tree_version == before->meta.tree_version && changes >= seen &&
		   (double) (changes - seen) <= now->meta.build_rows * REST_SHARE &&
		   fabs(now->rows - before->rows) <= now->rows * REST_SHARE;
}

/*
 * One transaction of a worker that has nothing else to do.  If the index has changed since its
 * budgets were measured, or work was left because rows came, sees whether it is at rest: *before
 * is what was seen a second ago, if that is "known", and is set.  Then renews it or measures now,
 * or says in *sizes that what was left can be done: under way all that would be done too often.
 */
static RestResult
look_at_rest(Oid index_oid, bool known, IvfkmSizes *sizes, RestLook *before)
{
	RestResult result = REST_NOTHING;
	WorkerTransaction transaction;

	if (!begin_transaction(index_oid, &transaction))
		result = REST_LOCKED;
	else if (transaction.heap != NULL && ivfkm_renewal_possible(transaction.index) &&
			 ivfkm_settings_maintenance(transaction.index))
	{
		Relation heap = transaction.heap;
		Relation index = transaction.index;
		IvfkmRenewal unused;
		RestLook now;
		bool unmeasured;
		bool compact;

		page_meta_read(index, &now.meta);
		unmeasured = is_unmeasured(&now.meta, sizes);
		compact = sizes->growing && is_sparse(index);
		if (unmeasured || compact || sizes->postponed)
		{
			now.rows = ivfkm_survey_sample(index);
			result = known && is_at_rest(before, &now) ? REST_DONE : REST_CHANGES;
			*before = now;
		}
		if (result == REST_DONE)
		{
			ereport(DEBUG1,
					(errmsg_internal("index \"%s\" is at rest", RelationGetRelationName(index))));
			pgstat_report_activity(STATE_RUNNING, "maintaining an index at rest");
			sizes->at_rest = compact || sizes->postponed;
			if (sizes->postponed)
				sizes->ncompacted = 0; /* lists are counted again */
			if ((unmeasured || sizes->postponed) &&
				renew_misplaced(heap, index, false, sizes, &unused))
				sizes->at_rest = true; /* it is to be moved to the front, if need be */
			else if (unmeasured && !sizes->postponed)
				measure_at_rest(heap, index, now.meta.build_rows, sizes);
		}
	}
	end_transaction(&transaction);
	return result;
}

/*
 * Waits a second, however often others set the latch meanwhile, or until the postmaster or a signal
 * ends this process.
 */
static void
pause_a_second(void)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), 1000);
	long left;

	while ((left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until)) > 0)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
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

/*
 * The end of a worker that may still renew: as long as something waits for the index to come to
 * rest, looks each second whether it has, and does it or says in *sizes that it can be done.
 * Meanwhile the worker is counted, so it leaves when there is other work.
 */
static void
come_to_rest(Oid index, IvfkmSizes *sizes, volatile bool *counted)
{
	RestLook seen;
	RestResult result = look_at_rest(index, false, sizes, &seen);
	int tries = 0;

	while (result == REST_CHANGES || (result == REST_LOCKED && *counted && tries < LOCK_TRIES))
	{
		be_counted(index, true, counted);
		stand_back(1);
		tries = result == REST_LOCKED ? tries + 1 : 0;
		result = look_at_rest(index, true, sizes, &seen);
		if (result == REST_CHANGES && ivfkm_renewal_due(&seen.meta))
			return;
	}
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
					come_to_rest(task.index, &sizes, &counted);
					if (sizes.at_rest || counted)
						continue;
				}
				proc_exit(0);
		}
		pause_a_second();
	}
}
