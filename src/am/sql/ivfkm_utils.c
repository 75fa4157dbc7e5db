/*-------------------------------------------------------------------------
 *
 * ivfkm_utils.c
 *	  Opening indexes from SQL functions.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_utils.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/index.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "am/scan/ivfkm_scan.h"
#include "am/sql/ivfkm_utils.h"

/* Raises an error unless the index, or partitioned index, has our scans, under whichever name. */
static void
check_is_ours(Relation index)
{
	char relkind = index->rd_rel->relkind;

	if ((relkind != RELKIND_INDEX && relkind != RELKIND_PARTITIONED_INDEX) ||
		index->rd_indam->ambeginscan != ivfkmbeginscan)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is not an ivfkm index", RelationGetRelationName(index))));
}

/*
 * The indexes that "index_oid" stands for, a list of OIDs in their order: itself, or those of
 * the partitions if it is a partitioned index, whose table is locked in AccessShareLock until the
 * end of the transaction; none if missing_ok and there is no such relation.  Errors: not an ivfkm
 * index, no right to read its table; that of a partitioned table holds for its partitions.
 */
static List *
expand_index(Oid index_oid, bool missing_ok)
{
	Oid heap_oid = IndexGetRelation(index_oid, true);
	List *indexes = NIL;
	List *all;
	ListCell *cell;
	Relation index;

	if (!OidIsValid(heap_oid))
	{
		char *name = get_rel_name(index_oid);

		if (name == NULL && missing_ok)
			return NIL;
		if (name == NULL)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
							errmsg("relation with OID %u does not exist", index_oid)));
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not an index", name)));
	}
	if (pg_class_aclcheck(heap_oid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(heap_oid));
	if (get_rel_relkind(index_oid) != RELKIND_PARTITIONED_INDEX)
		return list_make1_oid(index_oid);

	LockRelationOid(heap_oid, AccessShareLock);
	index = index_open(index_oid, AccessShareLock);
	check_is_ours(index);
	index_close(index, NoLock);
	all = find_all_inheritors(index_oid, NoLock, NULL);
	foreach (cell, all)
	{
		if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_INDEX)
			indexes = lappend_oid(indexes, lfirst_oid(cell));
	}
	list_free(all);
	return indexes;
}

/*
 * Opens an index of expand_index() and its table (locked first), in AccessShareLock.  NULL if
 * missing_ok and it has been dropped meanwhile.  Errors: not an ivfkm index, another session's
 * temporary index, an unlogged one during recovery, not valid.
 */
static Relation
open_index(Oid index_oid, bool missing_ok, Relation *heap)
{
	Oid heap_oid = IndexGetRelation(index_oid, missing_ok);
	Relation index;

	*heap = missing_ok ? try_table_open(heap_oid, AccessShareLock)
					   : table_open(heap_oid, AccessShareLock);
	if (*heap == NULL)
		return NULL;
	index = missing_ok ? try_index_open(index_oid, AccessShareLock)
					   : index_open(index_oid, AccessShareLock);
	if (index == NULL)
	{
		table_close(*heap, AccessShareLock);
		return NULL;
	}
	check_is_ours(index);
	/* the index may have been dropped before its table was locked, and its OID used again */
	if (index->rd_index->indrelid != heap_oid)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("could not open parent table of index \"%s\"",
							   RelationGetRelationName(index))));
	if (RELATION_IS_OTHER_TEMP(index))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot access temporary indexes of other sessions")));
	/* in the words of the planner */
	if (!RelationIsPermanent(index) && RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot access temporary or unlogged relations during recovery")));
	if (!index->rd_index->indisvalid)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("index \"%s\" is not valid", RelationGetRelationName(index))));
	return index;
}

/*
 * Calls "work" with the index that a user has named or, if it is a partitioned index, with that
 * of every partition, and with its table, in AccessShareLock and a memory context that is reset
 * after each.  With missing_ok an index that does not exist, or no longer, is left out.  Errors:
 * see expand_index() and open_index().
 */
void
ivfkm_each_index(Oid index_oid, bool missing_ok, IvfkmIndexWork work, void *arg)
{
	List *indexes = expand_index(index_oid, missing_ok);
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm index", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation heap;
		Relation index = open_index(lfirst_oid(cell), missing_ok, &heap);

		if (index == NULL)
			continue;
		work(index, heap, arg);
		index_close(index, AccessShareLock);
		table_close(heap, AccessShareLock);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
	list_free(indexes);
}

/* Raises an error unless the user may maintain the index: as owner, or by MAINTAIN of the table. */
void
ivfkm_check_maintain(Relation index)
{
	if (!may_maintain_compat(index->rd_index->indrelid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_INDEX, RelationGetRelationName(index));
}
