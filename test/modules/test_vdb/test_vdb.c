/*-------------------------------------------------------------------------
 *
 * test_vdb.c
 *	  Index scans as no SQL statement makes them, settings as another library's, stops at
 *	  the points of src/page/page_point.h, and flipped bits.
 *
 * IDENTIFICATION
 *	  test/modules/test_vdb/test_vdb.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(test_vdb_define_settings);
PG_FUNCTION_INFO_V1(test_vdb_scan);
PG_FUNCTION_INFO_V1(test_vdb_recv);
PG_FUNCTION_INFO_V1(test_vdb_stop);
PG_FUNCTION_INFO_V1(test_vdb_fail);
PG_FUNCTION_INFO_V1(test_vdb_go);
PG_FUNCTION_INFO_V1(test_vdb_flip);

/* Points that this session is to stop at. */
typedef struct Stop
{
	char point[NAMEDATALEN];
	int arrivals; /* left until it stops */
	int64 key;	  /* of the advisory lock to wait for */
	int level;	  /* of the error to raise, or 0 to wait */
} Stop;

static Stop stops[8];
static int nstops = 0;

/* The snapshot of a name; "dirty" is room for one that is not static. */
static Snapshot
snapshot_of(const char *name, SnapshotData *dirty)
{
	if (strcmp(name, "mvcc") == 0)
		return GetActiveSnapshot();
	if (strcmp(name, "any") == 0)
		return SnapshotAny;
	if (strcmp(name, "self") == 0)
		return SnapshotSelf;
	if (strcmp(name, "dirty") == 0)
	{
		InitDirtySnapshot(*dirty);
		return dirty;
	}
	elog(ERROR, "unknown snapshot \"%s\"", name);
}

/*
 * SQL: test_vdb_scan(index regclass, query anyelement, snapshot text, ordered boolean)
 * returns bigint: rows that a scan gives, ordered by the first operator of the index's
 * operator family, or without order.
 */
Datum
test_vdb_scan(PG_FUNCTION_ARGS)
{
	Oid index_oid = PG_GETARG_OID(0);
	bool ordered = PG_GETARG_BOOL(3);
	Relation heap = table_open(IndexGetRelation(index_oid, false), AccessShareLock);
	Relation index = index_open(index_oid, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	SnapshotData dirty;
	Snapshot snapshot = snapshot_of(text_to_cstring(PG_GETARG_TEXT_PP(2)), &dirty);
	IndexScanDesc scan;
	ScanKeyData orderby;
	int64 rows = 0;

	if (ordered)
	{
		Oid type = index->rd_opcintype[0];
		Oid op = get_opfamily_member(index->rd_opfamily[0], type, type, 1);

		ScanKeyInit(&orderby, 1, 1, get_opcode(op), PG_GETARG_DATUM(1));
	}
#if PG_VERSION_NUM >= 180000
	scan = index_beginscan(heap, index, snapshot, NULL, 0, ordered ? 1 : 0);
#else
	scan = index_beginscan(heap, index, snapshot, 0, ordered ? 1 : 0);
#endif
	index_rescan(scan, NULL, 0, ordered ? &orderby : NULL, ordered ? 1 : 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
		rows++;
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	PG_RETURN_INT64(rows);
}

/*
 * SQL: test_vdb_define_settings(prefix text) returns void: the settings PREFIX.ef_search and
 * PREFIX.probes, integers of 1 to 1000 with the default 7, and reserves the prefix.
 */
Datum
test_vdb_define_settings(PG_FUNCTION_ARGS)
{
	static int values[16];
	static int count = 0;
	char *prefix = MemoryContextStrdup(TopMemoryContext, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	const char *names[] = {"ef_search", "probes"};

	for (int i = 0; i < 2; i++)
	{
		MemoryContext old_context = MemoryContextSwitchTo(TopMemoryContext);
		char *name = psprintf("%s.%s", prefix, names[i]);

		MemoryContextSwitchTo(old_context);
		if (count == lengthof(values))
			elog(ERROR, "too many settings");
		DefineCustomIntVariable(name, "Belongs to another library.", NULL, &values[count++], 7, 1,
								1000, PGC_USERSET, 0, NULL, NULL, NULL);
	}
	MarkGUCPrefixReserved(prefix);
	PG_RETURN_VOID();
}

/*
 * SQL: test_vdb_recv(type regtype, typmod integer, message bytea) returns text: a value from
 * its binary form, as COPY and a bind message read it, in its text form.
 */
Datum
test_vdb_recv(PG_FUNCTION_ARGS)
{
	Oid type = PG_GETARG_OID(0);
	bytea *message = PG_GETARG_BYTEA_PP(2);
	StringInfoData buf;
	Oid receive;
	Oid output;
	Oid typioparam;
	bool is_varlena;
	Datum value;

	getTypeBinaryInputInfo(type, &receive, &typioparam);
	getTypeOutputInfo(type, &output, &is_varlena);
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, VARDATA_ANY(message), VARSIZE_ANY_EXHDR(message));
	value = OidReceiveFunctionCall(receive, &buf, typioparam, PG_GETARG_INT32(1));
	if (buf.cursor != buf.len)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("incorrect binary data format")));
	PG_RETURN_TEXT_P(cstring_to_text(OidOutputFunctionCall(output, value)));
}

/* Waits until nobody has the advisory lock "key". */
static void
wait_for_lock(int64 key)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (key >> 32), (uint32) key, 1);
	(void) LockAcquire(&tag, ShareLock, false, false);
	(void) LockRelease(&tag, ShareLock, false);
}

/* The hook of page_point(). */
static void
stop_at_point(const char *name)
{
	for (int i = 0; i < nstops; i++)
	{
		Stop stop = stops[i];

		if (strcmp(stop.point, name) != 0 || --stops[i].arrivals > 0)
			continue;
		stops[i] = stops[--nstops]; /* it stops once */
		if (stop.level != 0)
			elog(stop.level, "stopped at point \"%s\"", name);
		wait_for_lock(stop.key);
		return;
	}
}

/* Has this session stop at a point. */
static void
add_stop(const char *point, int arrivals, int64 key, int level)
{
	Stop *stop = &stops[nstops];

	if (nstops == lengthof(stops) || strlen(point) >= sizeof(stop->point))
		elog(ERROR, "no room for point \"%s\"", point);
	strcpy(stop->point, point);
	stop->arrivals = arrivals;
	stop->key = key;
	stop->level = level;
	nstops++;
	*find_rendezvous_variable("vdb_point") = (void *) stop_at_point;
}

/*
 * SQL: test_vdb_stop(point text, arrivals integer, key bigint) returns void: the arrivals-th time
 * that this session comes to the point, it waits until nobody has the advisory lock.
 */
Datum
test_vdb_stop(PG_FUNCTION_ARGS)
{
	add_stop(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1), PG_GETARG_INT64(2), 0);
	PG_RETURN_VOID();
}

/*
 * SQL: test_vdb_fail(point text, arrivals integer, panic boolean) returns void: the arrivals-th
 * time that this session comes to the point, it raises an error, or takes the server down.
 */
Datum
test_vdb_fail(PG_FUNCTION_ARGS)
{
	add_stop(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1), 0,
			 PG_GETARG_BOOL(2) ? PANIC : ERROR);
	PG_RETURN_VOID();
}

/* SQL: test_vdb_go() returns void: this session stops at no point any more. */
Datum
test_vdb_go(PG_FUNCTION_ARGS)
{
	nstops = 0;
	*find_rendezvous_variable("vdb_point") = NULL;
	PG_RETURN_VOID();
}

/*
 * SQL: test_vdb_flip(index regclass, block bigint, position bigint) returns void: flips a bit of a
 * page in shared buffers, number "position" from its first byte.  The page is not marked dirty.
 */
Datum
test_vdb_flip(PG_FUNCTION_ARGS)
{
	int64 position = PG_GETARG_INT64(2);
	Relation index = index_open(PG_GETARG_OID(0), AccessShareLock);
	Buffer buffer = ReadBuffer(index, (BlockNumber) PG_GETARG_INT64(1));

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	BufferGetPage(buffer)[position / 8] ^= (char) (1 << (position % 8));
	UnlockReleaseBuffer(buffer);
	index_close(index, AccessShareLock);
	PG_RETURN_VOID();
}
