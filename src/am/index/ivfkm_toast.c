/*-------------------------------------------------------------------------
 *
 * ivfkm_toast.c
 *	  Long values of a table, fetched one after the other.
 *
 * NOTES
 *	  PostgreSQL fetches a value from a TOAST table by opening the table and its indexes, starting
 *	  a scan of the index, and closing all of it again.  Here they stay open from the first value
 *	  on, and so does the memory that a value is put into.  Between two values no page is pinned:
 *	  a scan of the index that has come to its end lets go of its pages.
 *
 *	  Whatever is not as expected (another TOAST table, as while a table is rewritten; chunks that
 *	  are not there) is left to PostgreSQL's own function, which says what is wrong.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_toast.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/heaptoast.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/toast_internals.h"
#include "catalog/pg_am_d.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "am/index/ivfkm_toast.h"

/* Memory for values up to so many bytes stays; longer ones are left to PostgreSQL. */
#define KEPT_BYTES (1024 * 1024)

/* Columns of a TOAST table: the value's number, the chunk's from 0 on, and its bytes. */
enum
{
	TOAST_VALUE = 1,
	TOAST_CHUNK,
	TOAST_BYTES
};

struct IvfkmToast
{
	Oid relid;			   /* of the TOAST table; invalid: there is none that we read */
	MemoryContext context; /* that all of this is in */
	Relation relation;	   /* the TOAST table, or NULL: not opened yet */
	Relation *indexes;	   /* its indexes: one, or more while it is being reindexed */
	int n_indexes;
	IndexScanDesc scan;	   /* of the valid one */
	TupleTableSlot *slot;  /* a chunk */
	SnapshotData snapshot; /* of the scan */
	void *value;		   /* the last value, of up to "space" bytes */
	Size space;
};

/*
 * Sets up access to the values of a table in the current memory context, where all of it stays.
 * Opens nothing yet.
 */
IvfkmToast *
ivfkm_toast_begin(Relation heap)
{
	IvfkmToast *toast = palloc0(sizeof(IvfkmToast));

	toast->context = CurrentMemoryContext;
	if (heap->rd_rel->relam == HEAP_TABLE_AM_OID)
		toast->relid = heap->rd_rel->reltoastrelid;
	return toast;
}

/* Opens the TOAST table and a scan of its index; the locks on them stay until the end. */
static void
open_table(IvfkmToast *toast)
{
	MemoryContext old_context = MemoryContextSwitchTo(toast->context);
	int valid;

	toast->relation = table_open(toast->relid, AccessShareLock);
	valid =
		toast_open_indexes(toast->relation, AccessShareLock, &toast->indexes, &toast->n_indexes);
	init_toast_snapshot_compat(&toast->snapshot);
	toast->scan =
		index_beginscan_compat(toast->relation, toast->indexes[valid], &toast->snapshot, 1, 0);
	toast->slot = table_slot_create(toast->relation, NULL);
	MemoryContextSwitchTo(old_context);
}

/*
 * Reads the chunks of value "id", "size" bytes in all, to "to".  False if they are not all there,
 * in order; then bytes may have been written.
 */
static bool
read_chunks(IvfkmToast *toast, Oid id, Size size, char *to)
{
	ScanKeyData key;
	Size done = 0;
	int32 n = 0;
	bool good = true;

	init_toast_snapshot_compat(&toast->snapshot);
	ScanKeyInit(&key, TOAST_VALUE, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(id));
	index_rescan(toast->scan, &key, 1, NULL, 0);
	/* to the end: then the scan pins no page */
	while (index_getnext_slot(toast->scan, ForwardScanDirection, toast->slot))
	{
		bool chunk_isnull;
		bool bytes_isnull;
		int32 chunk = DatumGetInt32(slot_getattr(toast->slot, TOAST_CHUNK, &chunk_isnull));
		Datum bytes = slot_getattr(toast->slot, TOAST_BYTES, &bytes_isnull);
		Size length = Min(size - done, TOAST_MAX_CHUNK_SIZE);

		good = good && !chunk_isnull && !bytes_isnull && chunk == n && length > 0 &&
			   (VARATT_IS_SHORT(DatumGetPointer(bytes)) ||
				!VARATT_IS_EXTENDED(DatumGetPointer(bytes))) &&
			   VARSIZE_ANY_EXHDR(DatumGetPointer(bytes)) == length;
		if (!good)
			continue;
		memcpy(to + done, VARDATA_ANY(DatumGetPointer(bytes)), length);
		done += length;
		n++;
	}
	ExecClearTuple(toast->slot);
	return good && done == size;
}

/*
 * The value, with a plain header, of a column of the table: the value itself, one in the current
 * memory context, or one that stays until the next call.  Needs a snapshot that is registered or
 * active and sees the row.  Errors: PostgreSQL's, of values that are not there.
 */
void *
ivfkm_toast_fetch(IvfkmToast *toast, Datum value)
{
	struct varlena *pointer = (struct varlena *) DatumGetPointer(value);
	struct varatt_external external;
	Size size;

	if (!OidIsValid(toast->relid) || !VARATT_IS_EXTERNAL_ONDISK(pointer))
		return PG_DETOAST_DATUM(value);
	VARATT_EXTERNAL_GET_POINTER(external, pointer);
	size = VARATT_EXTERNAL_GET_EXTSIZE(external);
	if (external.va_toastrelid != toast->relid || size > KEPT_BYTES)
		return PG_DETOAST_DATUM(value);

	if (toast->space < VARHDRSZ + size)
	{
		void *longer = MemoryContextAlloc(toast->context, VARHDRSZ + size);

		if (toast->value != NULL)
			pfree(toast->value);
		toast->value = longer;
		toast->space = VARHDRSZ + size;
	}
	if (toast->relation == NULL)
		open_table(toast);
	if (!read_chunks(toast, external.va_valueid, size, VARDATA(toast->value)))
		return PG_DETOAST_DATUM(value);
	if ((int32) size >= external.va_rawsize - VARHDRSZ) /* else it is compressed */
	{
		SET_VARSIZE(toast->value, VARHDRSZ + size);
		return toast->value;
	}
	SET_VARSIZE_COMPRESSED(toast->value, VARHDRSZ + size);
	return PG_DETOAST_DATUM(PointerGetDatum(toast->value));
}

/* Closes and frees everything. */
void
ivfkm_toast_end(IvfkmToast *toast)
{
	if (toast->relation != NULL)
	{
		index_endscan(toast->scan);
		ExecDropSingleTupleTableSlot(toast->slot);
		toast_close_indexes(toast->indexes, toast->n_indexes, AccessShareLock);
		table_close(toast->relation, AccessShareLock);
	}
	if (toast->value != NULL)
		pfree(toast->value);
	pfree(toast);
}
