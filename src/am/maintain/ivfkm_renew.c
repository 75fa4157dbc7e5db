/*-------------------------------------------------------------------------
 *
 * ivfkm_renew.c
 *	  Renewal: another tree is made beside the current one and takes its place.
 *
 * NOTES
 *	  What the new tree is to hold are the addresses that the current one holds, no more and no
 *	  fewer; the table only supplies values.  So whatever happens to rows meanwhile, none is
 *	  lost.  The steps, the locks, and why each interleaving is right, are in README.md of this
 *	  folder.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_renew.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "storage/lmgr.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "am/build/ivfkm_assign.h"
#include "am/build/ivfkm_build_state.h"
#include "am/build/ivfkm_progress.h"
#include "am/build/ivfkm_team.h"
#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_all_lists.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_rights.h"
#include "am/maintain/ivfkm_insert.h"
#include "am/maintain/ivfkm_lock.h"
#include "am/maintain/ivfkm_renew.h"
#include "am/maintain/ivfkm_request.h"
#include "am/maintain/ivfkm_rows.h"
#include "page/page_point.h"

/*
 * Addresses that may be left when inserts are kept out, and how often a moment without any is tried
 * for before.
 */
#define LATE_AT_MOST 64
#define QUIET_ROUNDS 10

/* Milliseconds that inserts are made to wait, at most. */
#define THROTTLE_MOST 64

/* One renewal at work. */
typedef struct Renewing
{
	IvfkmBuild build;
	IvfkmRows rows;
	bool yield; /* give up when somebody waits for the table */
	IvfkmRenewal *result;
	ItemPointerData *tids; /* addresses of the current tree, ascending */
	Size ntids;
	IvfkmReserve reserve;
	IvfkmPendingPosition position;
	IvfkmIndex next;		 /* the tree in the making */
	IvfkmChildData any_list; /* of it, for rows without a value */
} Renewing;

/* ----- tidying up ----- */

/* Adds a page of the pending list to the ranges: an IvfkmPendingVisit. */
static void
collect_pending(void *arg, BlockNumber block, BlockNumber from)
{
	(void) page_ranges_add(arg, block, block + 1);
}

/*
 * Gives back what a renewal that came to no end has left, and frees the blocks of earlier trees
 * that nobody can reach any more; returns their number.  The caller holds a lock on the table that
 * keeps renewals and VACUUM out.
 */
BlockNumber
ivfkm_renewal_tidy(Relation heap, Relation index)
{
	IvfkmFreeData *data = palloc(sizeof(IvfkmFreeData));
	IvfkmMetaPageData meta;
	BlockNumber freed = 0;

	page_meta_read(index, &meta);
	page_free_read(index, data);
	if (BlockNumberIsValid(meta.pending_block) || data->building.count > 0)
	{
		IvfkmRanges *pending = palloc0(sizeof(IvfkmRanges));

		ivfkm_lock_tree(index, ExclusiveLock);
		page_pending_walk(index, collect_pending, pending);
		page_free_abandoned(index, pending);
		page_point("tidy-abandoned");
		ivfkm_unlock_tree(index, ExclusiveLock);
		pfree(pending);
	}
	if (meta.retired_xid != 0)
	{
		FullTransactionId xid = FullTransactionIdFromU64(meta.retired_xid);

		/* the horizon of a temporary table leaves out the cursors of its own session */
		if (GlobalVisCheckRemovableFullXid(RELATION_IS_LOCAL(heap) ? NULL : heap, xid))
		{
			page_wal_log_reuse(index, heap, xid);
			page_point("tidy-conflict");
			page_free_retired(index);
			freed = page_ranges_total(&data->retired);
		}
	}
	pfree(data);
	return freed;
}

/* ----- addresses ----- */

/* Gives up if somebody waits for the table: DROP, ALTER, VACUUM by hand. */
static void
check_waiters(const Renewing *renewing)
{
	CHECK_FOR_INTERRUPTS();
	if (renewing->yield && LockHasWaitersRelation(renewing->build.heap, ShareUpdateExclusiveLock))
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("renewal of index \"%s\" gives way to another command",
							   RelationGetRelationName(renewing->build.index.relation))));
}

/* Ascending addresses. */
static int
compare_tids(const void *a, const void *b)
{
	return ItemPointerCompare((ItemPointer) a, (ItemPointer) b);
}

/*
 * Reads all addresses of the current tree: what was entered before the pending list was begun is
 * there.  A palloc'd array, sorted, each address once, those of NULLs marked.
 */
static void
read_addresses(Renewing *renewing, const IvfkmMetaPageData *meta)
{
	Relation index = renewing->build.index.relation;
	IvfkmChildData nulls;
	Size size = 1024;
	Size n = 0;
	ItemPointerData *tids = palloc(sizeof(ItemPointerData) * size);
	int nlists;
	IvfkmProbe *lists = ivfkm_collect_lists(index, meta, &nlists, NULL);

	page_meta_nulls(meta, &nulls);
	for (int i = 0; i <= nlists; i++)
	{
		const IvfkmGeometry *geometry =
			i < nlists ? &renewing->build.index.lists : &renewing->build.index.nulls;

		IvfkmReader reader;

		check_waiters(renewing);
		ivfkm_reader_begin(&reader, index, geometry, i < nlists ? &lists[i].child : &nulls, NULL);
		while (ivfkm_reader_next(&reader))
		{
			if (n + geometry->slots > size)
			{
				size *= 2;
				tids = repalloc_huge(tids, sizeof(ItemPointerData) * size);
			}
			for (int slot = 0; slot < geometry->slots; slot++)
			{
				IvfkmUnit unit;

				if (!page_slot_used(reader.page, geometry, slot))
					continue;
				page_unit_get(reader.page, geometry, slot / QUANT_UNIT, &unit);
				if (!ItemPointerIsValid(&unit.tid[slot % QUANT_UNIT]))
					page_corrupted(index, BufferGetBlockNumber(reader.buffer),
								   "Slot %d points to no row.", slot);
				tids[n++] = i < nlists ? unit.tid[slot % QUANT_UNIT]
									   : page_pending_mark(&unit.tid[slot % QUANT_UNIT]);
			}
		}
	}
	pfree(lists);
	qsort(tids, n, sizeof(ItemPointerData), compare_tids);
	renewing->tids = tids;
	renewing->ntids = 0;
	for (Size i = 0; i < n; i++)
	{
		if (i == 0 || !ItemPointerEquals(&tids[i], &tids[i - 1]))
			tids[renewing->ntids++] = tids[i];
	}
}

/* True if read_addresses() found the address. */
static bool
is_known(const Renewing *renewing, const ItemPointerData *tid)
{
	return bsearch(tid, renewing->tids, renewing->ntids, sizeof(ItemPointerData), compare_tids) !=
		   NULL;
}

/* ----- the new tree ----- */

/* True if the row itself is to be looked at; what is known of a row without a vector may do. */
static bool
needs_row(const Renewing *renewing, bool is_null)
{
	return !is_null || renewing->build.index.columns.nattributes > 0;
}

/* Assigns all rows of the current tree to lists of the new one. */
static void
assign_rows(Renewing *renewing)
{
	IvfkmBuild *build = &renewing->build;

	ivfkm_progress_phase(IVFKM_PHASE_ASSIGN, 0, (int64) renewing->ntids);
	ivfkm_assign_begin(build);
	for (Size i = 0; i < renewing->ntids; i++)
	{
		ItemPointerData tid;
		bool is_null = page_pending_is_null(&renewing->tids[i], &tid);
		IvfkmRowState state = IVFKM_ROW_FORCED;

		if (i % 64 == 0)
			check_waiters(renewing);
		if (needs_row(renewing, is_null))
			state = ivfkm_rows_get(&renewing->rows, &tid);
		switch (state)
		{
			case IVFKM_ROW_VALUE:
			case IVFKM_ROW_NULL:
				ivfkm_assign_row(build, &tid, renewing->rows.values, renewing->rows.isnull);
				break;
			case IVFKM_ROW_FORCED:
				if (is_null)
					ivfkm_assign_null(build, &tid);
				else
				{
					ivfkm_assign_forced(build, &tid);
					renewing->result->forced++;
				}
				break;
			case IVFKM_ROW_GONE:
				renewing->result->dropped++;
				break;
		}
	}
	ivfkm_progress_phase(IVFKM_PHASE_SORT, 0, (int64) build->rows);
	ivfkm_assign_end(build);
}

/* Writes the new tree beside the current one; nothing leads to it yet. */
static void
write_tree(Renewing *renewing)
{
	IvfkmBuild *build = &renewing->build;
	IvfkmPlan *plan = &build->plan;
	IvfkmWriter writer;
	BlockNumber first;

	ivfkm_progress_phase(IVFKM_PHASE_WRITE, 0, (int64) build->shared->rows);
	ivfkm_write_place(plan, IVFKM_META_BLOCK + 1);
	first = page_free_reserve(build->index.relation, plan->meta.tree_end - plan->meta.tree_first,
							  plan->meta.next_id);
	page_point("renew-reserved");
	ivfkm_write_place(plan, first);
	page_writer_begin_reserved(&writer, build->index.relation, first);
	ivfkm_write_head(&writer, plan);
	ivfkm_assign_write(build, &writer);
	page_writer_end(&writer);

	memset(&renewing->any_list, 0, sizeof(IvfkmChildData));
	renewing->any_list.id = plan->levels[0].first_id;
	renewing->any_list.generation = plan->meta.root_generation;
	renewing->any_list.first_block = plan->levels[0].first_blocks[0];
	renewing->next = build->index;
	renewing->next.meta = plan->meta;
	renewing->next.space = plan->space;
	renewing->any_list.nblocks = page_extent_blocks(&build->index.lists, plan->levels[0].counts[0]);
}

/*
 * Enters addresses of the pending list that are not in the new tree yet; without looking at the
 * table if "forced".
 */
static void
enter_late(Renewing *renewing, const ItemPointerData *tids, Size n, bool forced)
{
	for (Size i = 0; i < n; i++)
	{
		IvfkmRowState state = IVFKM_ROW_FORCED;
		ItemPointerData tid;
		bool is_null = page_pending_is_null(&tids[i], &tid);

		if (is_known(renewing, &tids[i]))
			continue;
		if (!forced && needs_row(renewing, is_null))
		{
			if (i % 64 == 0)
				check_waiters(renewing);
			state = ivfkm_rows_get(&renewing->rows, &tid);
		}
		if (state == IVFKM_ROW_GONE)
		{
			renewing->result->dropped++;
			continue;
		}
		if (state == IVFKM_ROW_FORCED && !is_null)
			renewing->result->forced++;
		ivfkm_insert_unreached(&renewing->next, &renewing->reserve,
							   state == IVFKM_ROW_FORCED ? NULL : renewing->rows.values,
							   renewing->rows.isnull, is_null, &renewing->any_list, &tid);
		renewing->result->late++;
	}
}

/* Takes over what the pending list has got since the last time; returns the number of addresses. */
static Size
catch_up(Renewing *renewing)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm catch-up", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	Size n;
	ItemPointerData *tids =
		page_pending_read(renewing->build.index.relation, &renewing->position, &n);

	/* these rows are newer than the snapshot; a later one sees most of them */
	UnregisterSnapshot(renewing->rows.snapshot);
	renewing->rows.snapshot = RegisterSnapshot(GetLatestSnapshot());
	qsort(tids, n, sizeof(ItemPointerData), compare_tids);
	for (Size i = 0; i < n; i += 256)
	{
		MemoryContext batch =
			AllocSetContextCreate(context, "ivfkm catch-up batch", ALLOCSET_DEFAULT_SIZES);

		MemoryContextSwitchTo(batch);
		enter_late(renewing, tids + i, Min(n - i, 256), false);
		MemoryContextSwitchTo(context);
		MemoryContextDelete(batch);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
	return n;
}

/* ----- taking its place ----- */

/*
 * Catches up until hardly anything is left.  Where inserts are about as fast as this process, they
 * are slowed down, more and more.
 */
static void
catch_up_all(Renewing *renewing)
{
	uint32 throttle = 0;
	Size before = 0;
	Size n;

	while ((n = catch_up(renewing)) > LATE_AT_MOST)
	{
		if (before > 0 && n > before / 2 && throttle < THROTTLE_MOST)
		{
			throttle = Max(1, throttle * 2);
			page_meta_set_throttle(renewing->build.index.relation, throttle);
		}
		before = n;
	}
}

/* Catches up until hardly anything is left, keeps inserts out, and replaces the tree. */
static void
take_place(Renewing *renewing)
{
	Relation index = renewing->build.index.relation;
	ItemPointerData *tids;
	instr_time start;
	instr_time end;
	Size n;

	for (int round = 0;; round++)
	{
		IvfkmPendingPosition position;

		catch_up_all(renewing);
		page_point("renew-caught-up");
		INSTR_TIME_SET_CURRENT(start);
		ivfkm_lock_tree(index, ExclusiveLock);
		position = renewing->position;
		pfree(page_pending_read(index, &position, &n));
		if (n == 0 || (n <= LATE_AT_MOST && round >= QUIET_ROUNDS))
			break;
		ivfkm_unlock_tree(index, ExclusiveLock);
	}
	tids = page_pending_read(index, &renewing->position, &n);
	enter_late(renewing, tids, n, true);
	page_point("renew-forced");
	renewing->build.plan.meta.build_rows += (double) renewing->result->late;
	page_meta_replace_tree(index, &renewing->build.plan.meta, &renewing->reserve);
	page_point("renew-replaced");
	ivfkm_unlock_tree(index, ExclusiveLock);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	renewing->result->lock_time = INSTR_TIME_GET_MILLISEC(end);
	pfree(tids);
}

/* Starts the pending list, and puts off the next try in case that this one fails. */
static void
begin_pending(Relation index)
{
	IvfkmMetaPageData meta;

	ivfkm_lock_tree(index, ExclusiveLock);
	page_pending_begin(index);
	ivfkm_unlock_tree(index, ExclusiveLock);
	page_meta_read(index, &meta);
	page_meta_set_retry(index, (meta.appended + meta.removed) * 5 / 4 + IVFKM_RENEWAL_MIN_ROWS);
}

/*
 * Makes a tree from the index's rows as they are now, beside inserts and scans, and puts it in the
 * place of the current one.  The caller holds ShareUpdateExclusiveLock on the table and
 * RowExclusiveLock on the index, and runs as the table's owner in a restricted context.  "yield":
 * raise an error when somebody waits for the lock on the table.
 */
void
ivfkm_renew(Relation heap, Relation index, bool yield, IvfkmRenewal *result)
{
	Renewing *renewing = palloc0(sizeof(Renewing));
	IvfkmBuild *build = &renewing->build;
	IndexInfo *index_info = ivfkm_index_info(index);
	IvfkmMetaPageData meta;
	MemoryContext old_context;

	memset(result, 0, sizeof(*result));
	result->freed = ivfkm_renewal_tidy(heap, index);
	pgstat_progress_start_command(PROGRESS_COMMAND_CREATE_INDEX, RelationGetRelid(heap));
	pgstat_progress_update_param(PROGRESS_CREATEIDX_INDEX_OID, RelationGetRelid(index));
	ivfkm_renewal_began(index);
	begin_pending(index);
	page_point("renew-barrier");

	index_info->ii_Concurrent = true; /* the sample is taken with a snapshot */
	index_info->ii_Unique = false;
	page_meta_read(index, &meta);
	ivfkm_build_begin(build, heap, index, index_info, (int) meta.column_dimensions);
	build->alone = true;
	renewing->yield = yield;
	renewing->result = result;
	renewing->position.block = InvalidBlockNumber;
	old_context = MemoryContextSwitchTo(build->context);
	build->plan.meta.refine_bits = meta.refine_bits;
	ivfkm_index_geometry(&build->index, &build->plan.meta);
	build->plan.meta.root_id = meta.next_id;

	ivfkm_build_plan(build);
	ivfkm_budget_keep(&build->plan.meta, &meta, build->table_rows);
	if (build->plan.meta.next_id < meta.next_id)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("index \"%s\" has no more numbers for its lists",
							   RelationGetRelationName(index)),
						errhint("Please REINDEX it.")));
	read_addresses(renewing, &meta);
	page_point("renew-addresses");
	ivfkm_rows_begin(&renewing->rows, heap, index, RegisterSnapshot(GetLatestSnapshot()));
	assign_rows(renewing);
	page_point("renew-assigned");
	write_tree(renewing);
	page_point("renew-written");
	take_place(renewing);

	/*
	 * an id behind the old tree's, so that its blocks can be freed even if nobody writes any more
	 */
	(void) GetTopTransactionId();
	result->renewed = true;
	result->rows = (int64) (build->shared->rows + build->shared->nulls) + result->late;
	result->lists = (int32) build->plan.meta.nlists;
	UnregisterSnapshot(renewing->rows.snapshot);
	ivfkm_rows_end(&renewing->rows);
	ivfkm_team_end(build);
	ivfkm_renewal_ended();
	pgstat_progress_end_command();
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(build->context);
	pfree(renewing);
}
