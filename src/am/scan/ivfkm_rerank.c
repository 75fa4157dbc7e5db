/*-------------------------------------------------------------------------
 *
 * ivfkm_rerank.c
 *	  Exact distances of single rows, read from the table.
 *
 * NOTES
 *	  Rows are read through the table access method under the scan's snapshot, following
 *	  update chains; what is not visible has no distance.  Set up once per scan and kept
 *	  over rescans.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_rerank.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/heapam.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "storage/bufmgr.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_rights.h"
#include "am/scan/ivfkm_rerank.h"
#include "page/page_hint.h"

/* Bytes of a row that the CPU is asked for, at most. */
#define ASKED_BYTES 1024

/* Sets up access to the table in the current memory context; pins buffers until the end. */
void
ivfkm_rerank_begin(IvfkmRerank *rerank, Relation heap, Relation index, const IvfkmOps *ops)
{
	rerank->index = index;
	rerank->ops = ops;
	rerank->fetch = table_index_fetch_begin(heap);
	rerank->slot = table_slot_create(heap, NULL);
	rerank->toast = ivfkm_toast_begin(heap);
	rerank->column = index->rd_index->indkey.values[ivfkm_columns_vector(index)];
	rerank->estate = NULL;
	rerank->expression = NULL;
	if (rerank->column == InvalidAttrNumber)
	{
		rerank->estate = CreateExecutorState();
		rerank->expression = ExecPrepareExpr(
			(Expr *) ivfkm_index_expression(index, ivfkm_columns_vector(index)), rerank->estate);
	}
	rerank->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm rerank row", ALLOCSET_SMALL_SIZES);
}

/* True if a table is a heap, whose addresses have blocks of its file. */
static inline bool
is_heap(Relation table)
{
	return table->rd_tableam == GetHeapamTableAmRoutine();
}

/*
 * Asks for a block of the table that will be read soon: the operating system, or the CPU for what
 * reading a row of it needs first.  Returns the buffer that has it, as a hint: it is not pinned; or
 * none.
 */
static Buffer
ask_page(const IvfkmRerank *rerank, BlockNumber block)
{
	Buffer buffer;

	if (!is_heap(rerank->fetch->rel))
		return InvalidBuffer;
	buffer = page_ask_table(rerank->fetch->rel, block);
	if (BufferIsValid(buffer))
	{
		const char *page = (const char *) BufferGetPage(buffer);

		for (int at = 0; at < 2 * PG_CACHE_LINE_SIZE; at += PG_CACHE_LINE_SIZE / 2)
			__builtin_prefetch(page + at);
	}
	return buffer;
}

/*
 * Asks the CPU for a row of a block that ask_page() has found a buffer for, some time after that,
 * if the block is still there.  The page is pinned and not locked: its line pointer says what to
 * prefetch, and no more.
 */
static void
ask_row(const IvfkmRerank *rerank, BlockNumber block, Buffer buffer, OffsetNumber number)
{
	Relation heap = rerank->fetch->rel;
	const char *page;
	ItemIdData item;
	Size from;

	if (!BufferIsValid(buffer) || number < FirstOffsetNumber || number > MaxHeapTuplesPerPage ||
		!ReadRecentBuffer(RelationGetLocator_compat(heap), MAIN_FORKNUM, block, buffer))
		return;
	page = (const char *) BufferGetPage(buffer);
	item = *PageGetItemId((Page) page, number);
	from = Min(item.lp_off, BLCKSZ);
	for (Size at = from; at < Min(from + Min(item.lp_len, ASKED_BYTES), BLCKSZ);
		 at += PG_CACHE_LINE_SIZE / 2)
		__builtin_prefetch(page + at);
	ReleaseBuffer(buffer);
}

/* Address number "i" of the rows. */
static inline IvfkmAddress
address_of(const IvfkmRowsAhead *ahead, Size i)
{
	return *(const IvfkmAddress *) (ahead->addresses + i * ahead->stride);
}

/* Asks for what reading the rows from number "i" on needs soon. */
void
ivfkm_rerank_ask(const IvfkmRerank *rerank, IvfkmRowsAhead *ahead, Size i)
{
	for (; ahead->pages < Min(i + IVFKM_PAGES_AHEAD, ahead->n); ahead->pages++)
	{
		Buffer *buffer = &ahead->buffers[ahead->pages % IVFKM_PAGES_AHEAD];
		BlockNumber block = (BlockNumber) (address_of(ahead, ahead->pages) >> 16);

		if (ahead->pages > 0 && (BlockNumber) (address_of(ahead, ahead->pages - 1) >> 16) == block)
			*buffer = ahead->buffers[(ahead->pages - 1) % IVFKM_PAGES_AHEAD];
		else
			*buffer = ask_page(rerank, block);
	}
	for (; ahead->rows < Min(i + IVFKM_ROWS_AHEAD, ahead->n); ahead->rows++)
	{
		IvfkmAddress row = address_of(ahead, ahead->rows);

		ask_row(rerank, (BlockNumber) (row >> 16), ahead->buffers[ahead->rows % IVFKM_PAGES_AHEAD],
				(OffsetNumber) (row & 0xFFFF));
	}
}

/*
 * Pins the block of a row that "fetch" is about to read, if its table is a heap: it finds it there
 * and need not look for it.  Where the block was is remembered, and a row that was looked at is
 * mostly read again as it is given.
 */
void
ivfkm_rerank_pin(IndexFetchTableData *fetch, const ItemPointerData *tid)
{
	IndexFetchHeapData *heap = (IndexFetchHeapData *) fetch;
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(tid);
	Buffer buffer;

	if (!is_heap(fetch->rel) ||
		(BufferIsValid(heap->xs_cbuf) && BufferGetBlockNumber(heap->xs_cbuf) == block))
		return;
	buffer = page_pin_table(fetch->rel, block);
	if (BufferIsValid(heap->xs_cbuf))
		ReleaseBuffer(heap->xs_cbuf);
	heap->xs_cbuf = buffer;
	heap_page_prune_opt(fetch->rel, buffer); /* as it would, of a block that it has not pinned */
}

/* Lets go of the row that was read last. */
void
ivfkm_rerank_reset(IvfkmRerank *rerank)
{
	table_index_fetch_reset(rerank->fetch);
	ExecClearTuple(rerank->slot);
}

/* Frees everything. */
void
ivfkm_rerank_end(IvfkmRerank *rerank)
{
	table_index_fetch_end(rerank->fetch);
	ExecDropSingleTupleTableSlot(rerank->slot);
	ivfkm_toast_end(rerank->toast);
	if (rerank->estate != NULL)
		FreeExecutorState(rerank->estate);
	MemoryContextDelete(rerank->row_context);
}

/* Exact distances between a detoasted value of a row and n queries. */
static void
compare(const IvfkmRerank *rerank, void *row, int dims, int n, const void *const *queries,
		double *distances)
{
	const IvfkmOps *ops = rerank->ops;
	DenseArray vectors;

	if (ops->array == NULL)
	{
		ivfkm_ops_check_value(ops, rerank->index, row, dims);
		for (int i = 0; i < n; i++)
			distances[i] = ops->distance(queries[i], row);
		return;
	}
	ops->array->view(row, &vectors);
	if (vectors.count > 0)
		ivfkm_ops_check_value(ops, rerank->index, dense_array_get(&vectors, 0), dims);
	for (int i = 0; i < n; i++)
	{
		DenseArray query;

		ops->array->view(unconstify(void *, queries[i]), &query);
		distances[i] = ops->array->distance(&vectors, &query);
	}
}

/*
 * Exact distances between the row at *tid and n queries, detoasted values of "dims" dimensions of
 * the column, as the operator class orders; one may be NaN.  False if the snapshot sees no version
 * of the row, or its value is NULL.  *tid becomes that of the version.
 */
bool
ivfkm_rerank_distances(IvfkmRerank *rerank, Snapshot snapshot, int dims, ItemPointerData *tid,
					   int n, const void *const *queries, double *distances)
{
	bool call_again = false;
	bool all_dead = false;
	MemoryContext old_context;
	Datum value;
	bool isnull;

	ivfkm_rerank_pin(rerank->fetch, tid);
	if (!table_index_fetch_tuple(rerank->fetch, tid, snapshot, rerank->slot, &call_again,
								 &all_dead))
		return false;

	old_context = MemoryContextSwitchTo(rerank->row_context);
	if (rerank->estate == NULL)
		value = slot_getattr(rerank->slot, rerank->column, &isnull);
	else
	{
		ExprContext *context = GetPerTupleExprContext(rerank->estate);

		context->ecxt_scantuple = rerank->slot;
		value = ExecEvalExprSwitchContext(rerank->expression, context, &isnull);
	}
	if (!isnull)
		compare(rerank, ivfkm_toast_fetch(rerank->toast, value), dims, n, queries, distances);
	MemoryContextSwitchTo(old_context);
	ExecClearTuple(rerank->slot);
	MemoryContextReset(rerank->row_context);
	if (rerank->estate != NULL)
		ResetPerTupleExprContext(rerank->estate);
	return !isnull;
}

/*
 * Exact distance between the row at "tid" and "query", as ivfkm_rerank_distances() has it, but NaN
 * as infinity.  False if there is none.
 */
bool
ivfkm_rerank_distance(IvfkmRerank *rerank, Snapshot snapshot, const void *query, int dims,
					  const ItemPointerData *tid, double *distance)
{
	ItemPointerData version = *tid;

	if (!ivfkm_rerank_distances(rerank, snapshot, dims, &version, 1, &query, distance))
		return false;
	if (isnan(*distance))
		*distance = get_float8_infinity();
	return true;
}

/* True if the snapshot sees a version of the row at "tid". */
bool
ivfkm_rerank_visible(IvfkmRerank *rerank, Snapshot snapshot, const ItemPointerData *tid)
{
	ItemPointerData version = *tid; /* the fetch overwrites it */
	bool call_again = false;
	bool all_dead = false;
	bool visible = table_index_fetch_tuple(rerank->fetch, &version, snapshot, rerank->slot,
										   &call_again, &all_dead);

	ExecClearTuple(rerank->slot);
	return visible;
}
