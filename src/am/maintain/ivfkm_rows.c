/*-------------------------------------------------------------------------
 *
 * ivfkm_rows.c
 *	  The rows behind addresses of an index, with their values.
 *
 * NOTES
 *	  The caller holds a lock on the table that keeps VACUUM out, so an address stays that of the
 *	  row it was entered for.  All members of a HOT chain have the same value.
 *
 *	  A row that the snapshot sees keeps its long value while the snapshot is registered.  That of
 *	  any other row may vanish at any time, when its transaction aborts or the last snapshot that
 *	  sees it goes away.  Then the value is fetched in a subtransaction, and a row whose value is
 *	  not there stays without a code.  That goes for rows that are dead and not vacuumed, too: a
 *	  slot without a code is looked at by each search of its list.
 *
 *	  An address is given up only if its line pointer is dead, or the row's transaction has
 *	  aborted: no snapshot of this server or of a replica sees the row, or will.  A deleted row may
 *	  still be seen on a replica; VACUUM deals with that.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_rows.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "am/index/ivfkm_all_lists.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_rights.h"
#include "am/maintain/ivfkm_rows.h"

/* Lists, and rows of them, that ivfkm_rows_share_seen() looks at: at most so many. */
#define SHARE_LISTS 64
#define SHARE_ROWS	1024

/* Sets up access to the table; the snapshot is registered. */
void
ivfkm_rows_begin(IvfkmRows *rows, Relation heap, Relation index, Snapshot snapshot)
{
	rows->heap = heap;
	rows->index = index;
	rows->snapshot = snapshot;
	rows->vector = ivfkm_columns_vector(index);
	rows->index_info = ivfkm_index_info(index);
	rows->fetch = table_index_fetch_begin(heap);
	rows->slot = table_slot_create(heap, NULL);
	rows->toast = ivfkm_toast_begin(heap);
	rows->estate = CreateExecutorState();
	rows->context = AllocSetContextCreate(CurrentMemoryContext, "ivfkm maintenance row",
										  ALLOCSET_DEFAULT_SIZES);
}

/* Frees everything. */
void
ivfkm_rows_end(IvfkmRows *rows)
{
	table_index_fetch_end(rows->fetch);
	ExecDropSingleTupleTableSlot(rows->slot);
	ivfkm_toast_end(rows->toast);
	FreeExecutorState(rows->estate);
	MemoryContextDelete(rows->context);
}

/*
 * Fetches a member of the row's chain that the snapshot sees into the slot; false if none is seen.
 */
static bool
fetch(IvfkmRows *rows, const ItemPointerData *tid, Snapshot snapshot)
{
	ItemPointerData version = *tid; /* the fetch overwrites it */
	bool call_again = false;
	bool all_dead = false;

	ExecClearTuple(rows->slot);
	return table_index_fetch_tuple(rows->fetch, &version, snapshot, rows->slot, &call_again,
								   &all_dead);
}

/*
 * The indexed values of the row in the slot: long ones detoasted, in rows->context; the vector by
 * "toast" if that is not NULL.
 */
static IvfkmRowState
evaluate(IvfkmRows *rows, IvfkmToast *toast)
{
	MemoryContext old_context = MemoryContextSwitchTo(rows->context);
	TupleDesc desc = RelationGetDescr(rows->index);

	ResetPerTupleExprContext(rows->estate);
	GetPerTupleExprContext(rows->estate)->ecxt_scantuple = rows->slot;
	FormIndexDatum(rows->index_info, rows->slot, rows->estate, rows->values, rows->isnull);
	for (int column = 0; column < desc->natts; column++)
	{
		if (rows->isnull[column] || TupleDescAttr(desc, column)->attlen != -1)
			continue;
		if (toast != NULL && column == rows->vector)
			rows->values[column] = PointerGetDatum(ivfkm_toast_fetch(toast, rows->values[column]));
		else
			rows->values[column] = PointerGetDatum(PG_DETOAST_DATUM_COPY(rows->values[column]));
	}
	MemoryContextSwitchTo(old_context);
	return rows->isnull[rows->vector] ? IVFKM_ROW_NULL : IVFKM_ROW_VALUE;
}

/*
 * True if an error says that the row in the slot has no value any more: data of a long one are
 * missing.  Of a dead row an expression may say anything, as nobody can mend that.
 */
static bool
says_no_value(const IvfkmRows *rows, const ErrorData *error)
{
	int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	if (error->sqlerrcode == ERRCODE_DATA_CORRUPTED)
		return true;
	return rows->dead && category != ERRCODE_OPERATOR_INTERVENTION &&
		   category != ERRCODE_INSUFFICIENT_RESOURCES;
}

/* The same in a subtransaction: IVFKM_ROW_FORCED if there is no value.  Other errors are raised. */
static IvfkmRowState
evaluate_carefully(IvfkmRows *rows)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile IvfkmRowState state = IVFKM_ROW_FORCED;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		state = evaluate(rows, NULL); /* what rows->toast opened would be closed with it */
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (!says_no_value(rows, error))
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		FreeErrorData(error);
	}
	PG_END_TRY();
	return state;
}

/* True if the row in the slot was inserted by a transaction that has aborted. */
static bool
is_aborted(const IvfkmRows *rows)
{
	HeapTupleHeader header;
	TransactionId xmin;

	if (!TTS_IS_BUFFERTUPLE(rows->slot))
		return false;
	header = ((HeapTupleTableSlot *) rows->slot)->tuple->t_data;
	if (HeapTupleHeaderXminInvalid(header))
		return true;
	if (HeapTupleHeaderXminCommitted(header)) /* or frozen */
		return false;
	xmin = HeapTupleHeaderGetRawXmin(header);
	return TransactionIdIsNormal(xmin) && !TransactionIdIsCurrentTransactionId(xmin) &&
		   !TransactionIdIsInProgress(xmin) && TransactionIdDidAbort(xmin);
}

/*
 * The state of the row with this address; its values, if they are known, are in rows->values and
 * rows->isnull until the next call.  Sets rows->dead.  May raise what the index's expressions
 * raise.
 */
IvfkmRowState
ivfkm_rows_get(IvfkmRows *rows, const ItemPointerData *tid)
{
	SnapshotData not_dead;
	IvfkmRowState state;

	MemoryContextReset(rows->context);
	rows->dead = false;
	if (fetch(rows, tid, rows->snapshot))
		return evaluate(rows, rows->toast);

	InitNonVacuumableSnapshot(not_dead, GlobalVisTestFor(rows->heap));
	if (fetch(rows, tid, &not_dead))
		state = evaluate_carefully(rows);
	else if (!fetch(rows, tid, SnapshotAny) || is_aborted(rows))
		state = IVFKM_ROW_GONE;
	else
	{
		rows->dead = true;
		state = evaluate_carefully(rows);
	}
	return state;
}

/* Rows in lists of an index, of which some may be dead. */
static double
count_rows(const IvfkmIndex *index, const IvfkmProbe *lists, int nlists, void (*check)(void))
{
	double rows = 0.0;

	for (int i = 0; i < nlists; i++)
	{
		IvfkmReader reader;

		CHECK_FOR_INTERRUPTS();
		if (check != NULL)
			check();
		ivfkm_reader_begin(&reader, index->relation, &index->lists, &lists[i].child, NULL);
		while (ivfkm_reader_next(&reader))
			rows += page_group_used(reader.page);
	}
	return rows;
}

/*
 * Addresses of *n rows of the index, or fewer, spread over its lists, or over most_lists of these
 * that are spread evenly themselves: a palloc'd array.  *rows: how many rows these lists have.
 * check: called for each list, may raise an error; or NULL.
 */
ItemPointerData *
ivfkm_rows_spread(Relation relation, int most_lists, int *n, double *rows, void (*check)(void))
{
	ItemPointerData *tids = palloc(sizeof(ItemPointerData) * Max(*n, 1));
	IvfkmIndex index;
	IvfkmProbe *lists;
	double step;
	double next;
	double seen = 0.0;
	int nlists;
	int found = 0;

	ivfkm_index_open(&index, relation);
	lists = ivfkm_collect_lists(relation, &index.meta, &nlists, NULL);
	if (nlists > most_lists)
	{
		for (int i = 0; i < most_lists; i++)
			lists[i] = lists[(int64) (2 * i + 1) * nlists / (2 * most_lists)];
		nlists = most_lists;
	}
	*rows = count_rows(&index, lists, nlists, check);
	step = Max(1.0, *rows / Max(*n, 1));
	next = step / 2;
	for (int i = 0; i < nlists && found < *n; i++)
	{
		IvfkmReader reader;

		CHECK_FOR_INTERRUPTS();
		ivfkm_reader_begin(&reader, relation, &index.lists, &lists[i].child, NULL);
		while (ivfkm_reader_next(&reader))
		{
			for (int slot = 0; slot < index.lists.slots; slot++)
			{
				IvfkmUnit unit;

				if (!page_slot_used(reader.page, &index.lists, slot))
					continue;
				seen += 1.0;
				if (seen < next || found == *n)
					continue;
				page_unit_get(reader.page, &index.lists, slot / QUANT_UNIT, &unit);
				if (!ItemPointerIsValid(&unit.tid[slot % QUANT_UNIT]))
					page_corrupted(relation, BufferGetBlockNumber(reader.buffer),
								   "Slot %d points to no row.", slot);
				tids[found++] = unit.tid[slot % QUANT_UNIT];
				next += step;
			}
		}
	}
	pfree(lists);
	*n = found;
	return tids;
}

/*
 * Share of the rows in lists of an index that a snapshot taken now sees; 1 if there are none.  It
 * is estimated by a sample of the index's addresses, not of the table's blocks, as few of these may
 * have all the rows.  check: as that of ivfkm_rows_spread().
 */
double
ivfkm_rows_share_seen(Relation heap, Relation index, void (*check)(void))
{
	Snapshot snapshot;
	IvfkmRows rows;
	double all;
	int count = SHARE_ROWS;
	int seen = 0;
	ItemPointerData *tids = ivfkm_rows_spread(index, SHARE_LISTS, &count, &all, check);

	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ivfkm_rows_begin(&rows, heap, index, snapshot);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		seen += fetch(&rows, &tids[i], snapshot);
	}
	ivfkm_rows_end(&rows);
	UnregisterSnapshot(snapshot);
	pfree(tids);
	return count == 0 ? 1.0 : (double) seen / count;
}
