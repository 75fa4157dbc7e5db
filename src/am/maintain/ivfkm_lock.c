/*-------------------------------------------------------------------------
 *
 * ivfkm_lock.c
 *	  The lock of an index's current tree, that of its workers, and that of the database.
 *
 * NOTES
 *	  Who writes into the current tree holds it in ShareLock, from the moment when it sees that
 *	  the tree is still the current one until it has written; who replaces the tree, in
 *	  ExclusiveLock.  README.md of this folder tells the order of locks.
 *
 *	  It is a lock on an object of the catalog, with a sub-object that nothing else uses, and no
 *	  page lock: before their latest minor versions PostgreSQL 15 and 16 do not see deadlocks in
 *	  which page locks take part.
 *
 *	  Each worker of an index holds an advisory lock, of a kind that no SQL function takes, in
 *	  ShareLock: nobody waits for it, but it can be seen how many hold it.  It outlives errors.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_lock.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "catalog/pg_class_d.h"
#include "catalog/pg_database_d.h"
#include "miscadmin.h"
#include "storage/lmgr.h"

#include "am/maintain/ivfkm_lock.h"
#include "page/page_point.h"

/* The sub-object; columns of an index, which are locked nowhere, have positive numbers. */
#define TREE_SUBOBJECT 0xF1D

/* The kind of advisory lock that workers hold; SQL functions take kinds 1 and 2. */
#define WORKER_LOCK_KIND 0xF1D

/* How often a moment without inserts is looked for, and microseconds between two looks. */
#define ALONE_TRIES 100
#define ALONE_PAUSE 100

/* The tag of the tree's lock. */
static void
tree_tag(Relation index, LOCKTAG *tag)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, RelationRelationId, RelationGetRelid(index),
					   TREE_SUBOBJECT);
}

/* Waits for the lock.  The caller holds no buffer lock. */
void
ivfkm_lock_tree(Relation index, LOCKMODE mode)
{
	LOCKTAG tag;

	tree_tag(index, &tag);
	(void) LockAcquire(&tag, mode, false, false);
}

/*
 * Takes it in ExclusiveLock, if possible at a moment when nobody holds it: inserts that come while
 * this process waits for one of them would wait for that one, too.  *start receives the time from
 * which on inserts may have to wait.  As ivfkm_lock_tree().
 */
void
ivfkm_lock_tree_alone(Relation index, instr_time *start)
{
	LOCKTAG tag;

	tree_tag(index, &tag);
	for (int i = 0; i < ALONE_TRIES; i++)
	{
		CHECK_FOR_INTERRUPTS();
		INSTR_TIME_SET_CURRENT(*start);
		if (LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL)
			return;
		page_point("tree-lock-tried");
		pg_usleep(ALONE_PAUSE);
	}
	INSTR_TIME_SET_CURRENT(*start);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/* Releases it.  After an error the transaction does. */
void
ivfkm_unlock_tree(Relation index, LOCKMODE mode)
{
	LOCKTAG tag;

	tree_tag(index, &tag);
	(void) LockRelease(&tag, mode, false);
}

/* The tag of the lock that workers of an index hold. */
static void
worker_tag(Oid index, LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, index, 0, WORKER_LOCK_KIND);
}

/* Number of background workers that maintain an index or will do so.  Raises no error. */
int
ivfkm_count_workers(Oid index)
{
	LOCKTAG tag;

	worker_tag(index, &tag);
	return LockWaiterCount(&tag);
}

/*
 * Counts this process among them until it leaves or ends: while it is counted, it looks at the
 * index again for whoever asks for a worker.
 */
void
ivfkm_join_workers(Oid index)
{
	LOCKTAG tag;

	worker_tag(index, &tag);
	(void) LockAcquire(&tag, ShareLock, true, false);
}

/* Ends that. */
void
ivfkm_leave_workers(Oid index)
{
	LOCKTAG tag;

	worker_tag(index, &tag);
	(void) LockRelease(&tag, ShareLock, true);
}

/*
 * In a background worker: ends it if somebody wants the database for himself, to drop it, rename it
 * or copy it.  Those commands wait five seconds for others to leave, and then fail.
 */
void
ivfkm_check_database(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN),
						errmsg("terminating maintenance: another command wants the database")));
	(void) LockRelease(&tag, RowExclusiveLock, false);
}

/*
 * Where maintenance of an index can be ended.  "yield": raises an error when somebody waits for the
 * lock on its table, or wants to drop the database.
 */
void
ivfkm_check_waiters(Relation heap, Relation index, bool yield)
{
	CHECK_FOR_INTERRUPTS();
	if (!yield)
		return;
	ivfkm_check_database();
	if (LockHasWaitersRelation(heap, ShareUpdateExclusiveLock))
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("maintenance of index \"%s\" gives way to another command",
							   RelationGetRelationName(index))));
}
