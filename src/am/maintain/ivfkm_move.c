/*-------------------------------------------------------------------------
 *
 * ivfkm_move.c
 *	  Rows of lists on their way into other lists.
 *
 * NOTES
 *	  What the new lists are to hold are the addresses that the old ones hold, no more and no
 *	  fewer; the table only supplies values.  So whatever happens to rows meanwhile, none is
 *	  lost.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_move.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/build/ivfkm_assign.h"
#include "am/build/ivfkm_centre.h"
#include "am/build/ivfkm_progress.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_rights.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_space.h"
#include "am/maintain/ivfkm_lock.h"
#include "am/maintain/ivfkm_move.h"

/*
 * Sets up what makes new lists of the rows of the index "meta"; see ivfkm_renew() for what the
 * caller holds.  "yield": raise an error when somebody waits for the lock on the table.
 */
void
ivfkm_move_begin(IvfkmMove *move, Relation heap, Relation index, const IvfkmMetaPageData *meta,
				 bool yield, IvfkmRenewal *result)
{
	IvfkmBuild *build = &move->build;
	IndexInfo *index_info = ivfkm_index_info(index);

	memset(move, 0, sizeof(*move));
	index_info->ii_Concurrent = true; /* the table is looked at with a snapshot */
	index_info->ii_Unique = false;
	ivfkm_build_begin(build, heap, index, index_info, (int) meta->column_dimensions);
	build->alone = true;
	build->plan.meta.refine_bits = meta->refine_bits;
	build->plan.meta.narrow = meta->narrow;
	memcpy(build->plan.meta.images, meta->images, sizeof(meta->images));
	(void) ivfkm_columns_set_images(&build->index.columns, meta->narrow, meta->images);
	ivfkm_index_geometry(&build->index, &build->plan.meta);
	move->yield = yield;
	build->check = yield ? ivfkm_check_database : NULL;
	move->result = result;
}

/* Takes a snapshot to look at rows with, or a later one. */
void
ivfkm_move_snapshot(IvfkmMove *move)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());

	if (move->rows.snapshot == NULL)
		ivfkm_rows_begin(&move->rows, move->build.heap, move->build.index.relation, snapshot);
	else
	{
		UnregisterSnapshot(move->rows.snapshot);
		move->rows.snapshot = snapshot;
	}
}

/* Gives everything back but the build's memory. */
void
ivfkm_move_end(IvfkmMove *move)
{
	UnregisterSnapshot(move->rows.snapshot);
	ivfkm_rows_end(&move->rows);
}

/* Gives up if somebody waits for the table: DROP, ALTER, VACUUM by hand. */
void
ivfkm_move_check(const IvfkmMove *move)
{
	ivfkm_check_waiters(move->build.heap, move->build.index.relation, move->yield);
}

/* An address as a number: ascending as addresses are. */
static inline uint64
tid_number(const ItemPointerData *tid)
{
	return (uint64) ItemPointerGetBlockNumberNoCheck(tid) << 16 |
		   ItemPointerGetOffsetNumberNoCheck(tid);
}

/* Ascending addresses. */
static inline int
compare_tids(const ItemPointerData *a, const ItemPointerData *b)
{
	uint64 x = tid_number(a);
	uint64 y = tid_number(b);

	return (x > y) - (x < y);
}

#define ST_SORT			 sort_tids
#define ST_ELEMENT_TYPE	 ItemPointerData
#define ST_COMPARE(a, b) compare_tids(a, b)
#define ST_SCOPE		 static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Sorts addresses. */
void
ivfkm_move_sort(ItemPointerData *tids, Size n)
{
	sort_tids(tids, n);
}

/* Sorts addresses, and leaves each once; returns how many are left. */
static Size
sort_distinct(ItemPointerData *tids, Size n)
{
	Size count = 0;

	sort_tids(tids, n);
	for (Size i = 0; i < n; i++)
	{
		if (i == 0 || tid_number(&tids[i]) != tid_number(&tids[i - 1]))
			tids[count++] = tids[i];
	}
	return count;
}

/* Adds the addresses on the last page of a group; marked, if they are of rows without a value. */
static void
add_addresses(const IvfkmReader *reader, bool are_nulls, ItemPointerData *tids, Size *n)
{
	const IvfkmGeometry *geometry = reader->geometry;

	for (int slot = 0; slot < geometry->slots; slot++)
	{
		IvfkmUnit unit;
		const ItemPointerData *tid;

		if (!page_slot_used(reader->page, geometry, slot))
			continue;
		page_unit_get(reader->page, geometry, slot / QUANT_UNIT, &unit);
		tid = &unit.tid[slot % QUANT_UNIT];
		if (!ItemPointerIsValid(tid))
			page_corrupted(reader->index, BufferGetBlockNumber(reader->buffer),
						   "Slot %d points to no row.", slot);
		tids[(*n)++] = are_nulls ? page_pending_mark(tid) : *tid;
	}
}

/* Makes room for the addresses of one more group behind the n that there are. */
static void
make_room(ItemPointerData **tids, Size *size, Size n, const IvfkmGeometry *geometry)
{
	if (n + geometry->slots <= *size)
		return;
	*size = Max(*size * 2, n + geometry->slots);
	*tids = repalloc_huge(*tids, sizeof(ItemPointerData) * *size);
}

/*
 * Reads all addresses of some lists, and of the list of NULLs if it is given: a palloc'd array of
 * *count, sorted, each address once, those of NULLs marked.
 */
ItemPointerData *
ivfkm_move_read(IvfkmMove *move, const IvfkmChildData *lists, int nlists,
				const IvfkmChildData *nulls, Size *count)
{
	const IvfkmIndex *index = &move->build.index;
	Size size = 1024;
	Size n = 0;
	ItemPointerData *tids = palloc(sizeof(ItemPointerData) * size);

	for (int i = 0; i < nlists + (nulls != NULL); i++)
	{
		bool are_nulls = i == nlists;
		const IvfkmGeometry *geometry = are_nulls ? &index->nulls : &index->lists;
		IvfkmReader reader;

		ivfkm_move_check(move);
		ivfkm_reader_begin(&reader, index->relation, geometry, are_nulls ? nulls : &lists[i], NULL);
		while (ivfkm_reader_next(&reader))
		{
			make_room(&tids, &size, n, geometry);
			add_addresses(&reader, are_nulls, tids, &n);
		}
	}
	*count = sort_distinct(tids, n);
	return tids;
}

/*
 * True if the group at the reader has got rows since move->groups was noted, where *at is the first
 * of these that was not met yet.  Without VACUUM rows are only added, and groups only behind the
 * others of their list.
 */
static bool
has_grown(const IvfkmMove *move, const IvfkmReader *reader, Size *at)
{
	const IvfkmGroupSeen *seen = &move->groups[*at];

	if (*at == move->ngroups || seen->block != reader->block)
		return true; /* it is a new one */
	(*at)++;
	return seen->used != (uint32) page_group_used(reader->page);
}

/* True if some lists have got rows since ivfkm_move_add_late() noted what they have. */
bool
ivfkm_move_has_late(const IvfkmMove *move, const IvfkmChildData *lists, int nlists)
{
	const IvfkmIndex *index = &move->build.index;
	bool grown = false;
	Size at = 0;

	for (int i = 0; i < nlists && !grown; i++)
	{
		IvfkmReader reader;

		ivfkm_reader_begin(&reader, index->relation, &index->lists, &lists[i], NULL);
		while (!grown && ivfkm_reader_next(&reader))
			grown = has_grown(move, &reader, &at);
		if (BufferIsValid(reader.buffer))
			UnlockReleaseBuffer(reader.buffer);
	}
	return grown;
}

/*
 * Reads the addresses that some lists have got since ivfkm_move_add_late() noted what they had, all
 * of them at first: those are late->tids, sorted, each once.  Only groups that have got rows are
 * looked at.
 */
void
ivfkm_move_read_late(IvfkmMove *move, const IvfkmChildData *lists, int nlists, IvfkmLate *late)
{
	const IvfkmIndex *index = &move->build.index;
	Size size = 1024;
	Size most_groups = move->ngroups + 64;
	Size n = 0;
	Size at = 0;

	late->tids = palloc(sizeof(ItemPointerData) * size);
	late->groups =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(IvfkmGroupSeen) * most_groups);
	late->ngroups = 0;
	for (int i = 0; i < nlists; i++)
	{
		IvfkmReader reader;

		ivfkm_move_check(move);
		ivfkm_reader_begin(&reader, index->relation, &index->lists, &lists[i], NULL);
		while (ivfkm_reader_next(&reader))
		{
			IvfkmGroupSeen seen = {reader.block, (uint32) page_group_used(reader.page)};

			if (late->ngroups == most_groups)
			{
				most_groups *= 2;
				late->groups = repalloc_huge(late->groups, sizeof(IvfkmGroupSeen) * most_groups);
			}
			late->groups[late->ngroups++] = seen;
			if (!has_grown(move, &reader, &at))
				continue;
			make_room(&late->tids, &size, n, &index->lists);
			add_addresses(&reader, false, late->tids, &n);
		}
	}
	n = sort_distinct(late->tids, n);
	late->ntids = 0;
	for (Size i = 0; i < n; i++)
	{
		if (!ivfkm_move_is_known(move, &late->tids[i]))
			late->tids[late->ntids++] = late->tids[i];
	}
}

/*
 * Adds addresses that came late to move->tids, and notes how many rows the lists had when they were
 * read.
 */
void
ivfkm_move_add_late(IvfkmMove *move, IvfkmLate *late)
{
	Size n = move->ntids + late->ntids;
	ItemPointerData *tids =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(ItemPointerData) * Max(n, 1));
	Size at = 0;
	Size next = 0;

	for (Size i = 0; i < n; i++)
	{
		if (next == late->ntids ||
			(at < move->ntids && compare_tids(&move->tids[at], &late->tids[next]) < 0))
			tids[i] = move->tids[at++];
		else
			tids[i] = late->tids[next++];
	}
	if (move->tids != NULL)
		pfree(move->tids);
	if (move->groups != NULL)
		pfree(move->groups);
	pfree(late->tids);
	move->tids = tids;
	move->ntids = n;
	move->groups = late->groups;
	move->ngroups = late->ngroups;
}

/* Frees what ivfkm_move_read_late() has read, instead. */
void
ivfkm_move_forget_late(IvfkmLate *late)
{
	pfree(late->tids);
	pfree(late->groups);
}

/*
 * Notes for each address at move->tids which of the lists it was read from holds it: its new list
 * is the one of that number.  Addresses that came since are left alone.
 */
void
ivfkm_move_note_lists(IvfkmMove *move, const IvfkmChildData *lists, int nlists)
{
	move->tid_lists =
		MemoryContextAllocExtended(CurrentMemoryContext, sizeof(uint32) * Max(move->ntids, 1),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < nlists; i++)
	{
		Size n;
		ItemPointerData *tids = ivfkm_move_read(move, &lists[i], 1, NULL, &n);
		Size at = 0;

		for (Size j = 0; j < n; j++)
		{
			while (at < move->ntids && compare_tids(&move->tids[at], &tids[j]) < 0)
				at++;
			if (at < move->ntids && compare_tids(&move->tids[at], &tids[j]) == 0)
				move->tid_lists[at] = (uint32) i;
		}
		pfree(tids);
	}
}

/* True if the address is among move->tids. */
bool
ivfkm_move_is_known(const IvfkmMove *move, const ItemPointerData *noted)
{
	Size from = 0;
	Size to = move->ntids;

	while (from < to)
	{
		Size middle = from + (to - from) / 2;

		if (compare_tids(&move->tids[middle], noted) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < move->ntids && compare_tids(&move->tids[from], noted) == 0;
}

/*
 * What is known of the row at a noted address, *tid: see ivfkm_rows_get().  A row that was marked
 * is not looked at if there is nothing else to know of it than that its value is NULL: then it is
 * one of which nothing is known.
 */
IvfkmRowState
ivfkm_move_row(IvfkmMove *move, const ItemPointerData *noted, ItemPointerData *tid)
{
	if (page_pending_is_null(noted, tid) && move->build.index.columns.nattributes == 0)
		return IVFKM_ROW_FORCED;
	return ivfkm_rows_get(&move->rows, tid);
}

/*
 * Reads the vector of the row at a noted address into the memory of the training, as row number n
 * of the sample; false if there is none, or the row is dead.  Of no index on arrays.
 */
bool
ivfkm_move_sample_row(IvfkmMove *move, const ItemPointerData *noted, int n)
{
	IvfkmBuild *build = &move->build;
	MemoryContext old_context = MemoryContextSwitchTo(build->row_context);
	ItemPointerData tid;
	IvfkmRow row;
	bool found;

	row.x = build->training.rows + (Size) n * build->dims;
	found = ivfkm_move_row(move, noted, &tid) == IVFKM_ROW_VALUE && !move->rows.dead &&
			ivfkm_row_read_vector(&build->index, move->rows.values, move->rows.isnull, &row);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(build->row_context);
	return found;
}

/* Leaves the outliers out of a sample of n rows, and maps the others into index space. */
void
ivfkm_move_sample_done(IvfkmMove *move, int n)
{
	IvfkmBuild *build = &move->build;

	build->shared->nrows = n;
	ivfkm_centre_trim(build);
	ivfkm_centre_take_back(build);
	for (int i = 0; i < build->shared->nrows; i++)
		ivfkm_space_apply(build->plan.space, build->training.rows + (Size) i * build->dims);
}

/*
 * Assigns the rows at move->tids to the new lists, to the nearest ones or, if there are
 * move->tid_lists, to those, encodes and sorts them.  "with_nulls": there is a new list of NULLs;
 * else a row whose value turns out to be NULL is one of which nothing is known.  Such a row is
 * forced; if its address is marked it joins the NULLs, its attributes unknown.  Addresses that lead
 * to no row any more are left out.
 */
void
ivfkm_move_assign(IvfkmMove *move, bool with_nulls)
{
	IvfkmBuild *build = &move->build;

	ivfkm_progress_phase(IVFKM_PHASE_ASSIGN, 0, (int64) move->ntids);
	ivfkm_assign_begin(build);
	for (Size i = 0; i < move->ntids; i++)
	{
		ItemPointerData tid;
		bool is_null = page_pending_is_null(&move->tids[i], &tid);
		IvfkmRowState state;

		if (i % 64 == 0)
			ivfkm_move_check(move);
		if (move->tid_lists != NULL)
			build->row_list = &move->tid_lists[i];
		state = ivfkm_move_row(move, &move->tids[i], &tid);
		if (state == IVFKM_ROW_NULL && !with_nulls)
			state = IVFKM_ROW_FORCED;
		switch (state)
		{
			case IVFKM_ROW_VALUE:
			case IVFKM_ROW_NULL:
				ivfkm_assign_row(build, &tid, move->rows.values, move->rows.isnull);
				break;
			case IVFKM_ROW_FORCED:
				if (is_null)
					ivfkm_assign_null(build, &tid);
				else
				{
					ivfkm_assign_forced(build, &tid);
					move->result->forced++;
				}
				break;
			case IVFKM_ROW_GONE:
				move->result->dropped++;
				break;
		}
	}
	ivfkm_progress_phase(IVFKM_PHASE_SORT, 0, (int64) build->rows);
	ivfkm_assign_end(build);
}
