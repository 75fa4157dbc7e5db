/*-------------------------------------------------------------------------
 *
 * ivfkm_renew.c
 *	  Renewal: another tree is made beside the current one and takes its place.
 *
 * NOTES
 *	  What the new tree is to hold are the addresses that the current one holds, no more and no
 *	  fewer; the table only supplies values.  So whatever happens to rows meanwhile, none is
 *	  lost.  The steps and the locks are in README.md of this folder, why each interleaving is
 *	  right, in NOTES.md.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_renew.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/storage.h"
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
#include "am/maintain/ivfkm_move.h"
#include "am/maintain/ivfkm_renew.h"
#include "am/maintain/ivfkm_request.h"
#include "am/maintain/ivfkm_survey.h"
#include "page/page_point.h"

/* Milliseconds that inserts are made to wait, at most. */
#define THROTTLE_MOST 64

/* Free blocks at the end of a file that are worth to be cut off. */
#define CUT_OFF_LEAST 16

/* One renewal at work. */
typedef struct Renewing
{
	IvfkmMove move;
	IvfkmPendingPosition position;
	IvfkmIndex next;			  /* the tree in the making */
	IvfkmChildData any_list;	  /* of it, for rows without a value */
	IvfkmSummaries any_summaries; /* of the node whose first child that is */
} Renewing;

/* ----- tidying up ----- */

/* An index and its table. */
typedef struct Relations
{
	Relation heap;
	Relation index;
} Relations;

/*
 * True if nobody can reach what was retired at that transaction id: an IvfkmRetiredIsFree.
 * Replicas are told.
 */
static bool
may_be_used_again(void *arg, FullTransactionId xid)
{
	const Relations *relations = arg;
	Relation heap = relations->heap;

	/* the horizon of a temporary table leaves out the cursors of its own session */
	if (!GlobalVisCheckRemovableFullXid(RELATION_IS_LOCAL(heap) ? NULL : heap, xid))
		return false;
	page_wal_log_reuse(relations->index, heap, xid);
	page_point("tidy-conflict");
	return true;
}

/*
 * Makes the file shorter if much of its end is free.  Nobody else may have the index open
 * meanwhile: if somebody has, it stays as it is.
 */
static void
cut_off(Relation index)
{
	BlockNumber least = Max(CUT_OFF_LEAST, RelationGetNumberOfBlocks(index) / 16);
	BlockNumber left;

	/* the lock takes a transaction id, which there is none of in parallel mode */
	if (!page_free_is_tail(index, least) || IsInParallelMode() ||
		!ConditionalLockRelation(index, AccessExclusiveLock))
		return;
	left = page_free_shrink(index, least);
	page_point("tidy-shrunk");
	if (BlockNumberIsValid(left))
		RelationTruncate(index, left);
	UnlockRelation(index, AccessExclusiveLock);
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
	Relations relations = {heap, index};
	IvfkmMetaPageData meta;
	BlockNumber freed = 0;

	page_meta_read(index, &meta);
	page_free_read(index, data);
	if (BlockNumberIsValid(meta.pending_block) || data->building.count > 0)
	{
		IvfkmRanges *pending = palloc0(sizeof(IvfkmRanges));

		ivfkm_lock_tree(index, ExclusiveLock);
		page_pending_ranges(index, NULL, pending);
		page_free_abandoned(index, pending);
		page_point("tidy-abandoned");
		ivfkm_unlock_tree(index, ExclusiveLock);
		pfree(pending);
	}
	if (meta.retired_xid != 0 &&
		may_be_used_again(&relations, FullTransactionIdFromU64(meta.retired_xid)))
	{
		page_free_retired(index);
		freed = page_ranges_total(&data->retired);
	}
	freed += page_retired_release(index, may_be_used_again, &relations);
	cut_off(index);
	pfree(data);
	return freed;
}

/*
 * Reads all addresses of the current tree: what was entered before the pending list was begun is
 * there.
 */
static void
read_addresses(Renewing *renewing, const IvfkmMetaPageData *meta)
{
	IvfkmMove *move = &renewing->move;
	int nlists;
	IvfkmProbe *lists = ivfkm_collect_lists(move->build.index.relation, meta, &nlists, NULL);
	IvfkmChildData *children = palloc(sizeof(IvfkmChildData) * Max(nlists, 1));
	IvfkmChildData nulls;

	for (int i = 0; i < nlists; i++)
		children[i] = lists[i].child;
	page_meta_nulls(meta, &nulls);
	move->tids = ivfkm_move_read(move, children, nlists, &nulls, &move->ntids);
	pfree(lists);
	pfree(children);
}

/* ----- the new tree ----- */

/* Writes the new tree beside the current one; nothing leads to it yet. */
static void
write_tree(Renewing *renewing)
{
	IvfkmBuild *build = &renewing->move.build;
	IvfkmPlan *plan = &build->plan;
	IvfkmWriter writer;
	BlockNumber sizes[3];
	BlockNumber firsts[3];

	/* what no region moves comes first: so it takes the lowest blocks */
	ivfkm_progress_phase(IVFKM_PHASE_WRITE, 0, (int64) build->shared->rows);
	ivfkm_write_place(plan, 0, IVFKM_META_BLOCK + 1, 0);
	sizes[0] = (BlockNumber) page_mean_pages(build->dims);
	sizes[1] = plan->meta.null_nblocks;
	sizes[2] = plan->meta.tree_end - plan->meta.tree_first;
	page_free_reserve_many(build->index.relation, sizes, 3, plan->meta.next_id, firsts);
	page_point("renew-reserved");
	ivfkm_write_place(plan, firsts[0], firsts[2], firsts[1]);
	page_writer_begin_reserved(&writer, build->index.relation, firsts[0]);
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
	ivfkm_write_first_summaries(plan, &renewing->any_summaries);
	renewing->any_list.nblocks = page_extent_blocks(&build->index.lists, plan->levels[0].counts[0]);
}

/*
 * Enters addresses of the pending list that are not in the new tree yet; without looking at the
 * table if "forced".
 */
static void
enter_late(Renewing *renewing, const ItemPointerData *tids, Size n, bool forced)
{
	IvfkmMove *move = &renewing->move;

	for (Size i = 0; i < n; i++)
	{
		IvfkmRowState state = IVFKM_ROW_FORCED;
		ItemPointerData tid;
		bool is_null = page_pending_is_null(&tids[i], &tid);

		if (ivfkm_move_is_known(move, &tids[i]))
			continue;
		if (!forced)
		{
			if (i % 64 == 0)
				ivfkm_move_check(move);
			state = ivfkm_move_row(move, &tids[i], &tid);
		}
		if (state == IVFKM_ROW_GONE)
		{
			move->result->dropped++;
			continue;
		}
		if (state == IVFKM_ROW_FORCED && !is_null)
			move->result->forced++;
		move->result->late += ivfkm_insert_unreached(
			&renewing->next, &move->reserve, state == IVFKM_ROW_FORCED ? NULL : move->rows.values,
			move->rows.isnull, is_null, &renewing->any_list, &renewing->any_summaries, &tid);
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
		page_pending_read(renewing->move.build.index.relation, &renewing->position, &n);

	/* these rows are newer than the snapshot; a later one sees most of them */
	ivfkm_move_snapshot(&renewing->move);
	ivfkm_move_sort(tids, n);
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

	while ((n = catch_up(renewing)) > IVFKM_LATE_AT_MOST)
	{
		if (before > 0 && n > before / 2 && throttle < THROTTLE_MOST)
		{
			throttle = Max(1, throttle * 2);
			page_meta_set_throttle(renewing->move.build.index.relation, throttle);
		}
		before = n;
	}
}

/* Catches up until hardly anything is left, keeps inserts out, and replaces the tree. */
static void
take_place(Renewing *renewing)
{
	IvfkmMove *move = &renewing->move;
	IvfkmMetaPageData *plan_meta = &move->build.plan.meta;
	Relation index = move->build.index.relation;
	ItemPointerData *tids;
	instr_time start;
	instr_time end;
	Size n;

	for (int round = 0;; round++)
	{
		IvfkmPendingPosition position;

		catch_up_all(renewing);
		page_point("renew-caught-up");
		ivfkm_lock_tree_alone(index, &start);
		position = renewing->position;
		pfree(page_pending_read(index, &position, &n));
		if (n == 0 || (n <= IVFKM_LATE_AT_MOST && round >= IVFKM_QUIET_ROUNDS))
			break;
		ivfkm_unlock_tree(index, ExclusiveLock);
	}
	tids = page_pending_read(index, &renewing->position, &n);
	enter_late(renewing, tids, n, true);
	page_point("renew-forced");
	page_meta_set_far(plan_meta, renewing->next.meta.far_id, &renewing->next.meta.far_record,
					  renewing->next.meta.far_radius);
	/* lists and budgets were made without the rows that came late: these count as changes */
	plan_meta->made_rows = plan_meta->build_rows;
	plan_meta->calibrated_rows = move->build.table_rows;
	plan_meta->build_rows += (double) move->result->late;
	plan_meta->appended = (uint64) move->result->late;
	plan_meta->retry = ivfkm_survey_retry(plan_meta->build_rows);
	page_meta_replace_tree(index, plan_meta, &renewing->move.reserve);
	page_point("renew-replaced");
	ivfkm_unlock_tree(index, ExclusiveLock);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	renewing->move.result->lock_time = INSTR_TIME_GET_MILLISEC(end);
	pfree(tids);
}

/* Starts the pending list, and puts off the next try in case that this one fails. */
static void
begin_pending(Relation index)
{
	ivfkm_lock_tree(index, ExclusiveLock);
	page_pending_begin(index);
	ivfkm_unlock_tree(index, ExclusiveLock);
	ivfkm_renewal_put_off(index);
}

/* Adds to "sum" what another renewal did; of the times of locks, the longest counts. */
void
ivfkm_renewal_add(IvfkmRenewal *sum, const IvfkmRenewal *other)
{
	sum->renewed |= other->renewed;
	sum->rows += other->rows;
	sum->late += other->late;
	sum->forced += other->forced;
	sum->dropped += other->dropped;
	sum->lists += other->lists;
	sum->lock_time = Max(sum->lock_time, other->lock_time);
	sum->freed += other->freed;
}

/*
 * Makes a tree from the index's rows as they are now, beside inserts and scans, and puts it in the
 * place of the current one.  The caller holds ShareUpdateExclusiveLock on the table and
 * RowExclusiveLock on the index, and runs as the table's owner in a restricted context.  "yield":
 * raise an error when somebody waits for the lock on the table.  "roughly": budgets will be
 * measured again soon.
 */
void
ivfkm_renew(Relation heap, Relation index, bool yield, bool roughly, IvfkmRenewal *result)
{
	Renewing *renewing = palloc0(sizeof(Renewing));
	IvfkmMove *move = &renewing->move;
	IvfkmBuild *build = &move->build;
	IvfkmMetaPageData meta;
	MemoryContext old_context;

	memset(result, 0, sizeof(*result));
	result->freed = ivfkm_renewal_tidy(heap, index);
	pgstat_progress_start_command(PROGRESS_COMMAND_CREATE_INDEX, RelationGetRelid(heap));
	pgstat_progress_update_param(PROGRESS_CREATEIDX_INDEX_OID, RelationGetRelid(index));
	ivfkm_renewal_began(index);
	begin_pending(index);
	page_point("renew-barrier");

	page_meta_read(index, &meta);
	ivfkm_move_begin(move, heap, index, &meta, yield, result);
	build->roughly = roughly;
	renewing->position.block = InvalidBlockNumber;
	old_context = MemoryContextSwitchTo(build->context);
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
	ivfkm_move_snapshot(move);
	ivfkm_move_assign(move, true);
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
	ivfkm_move_end(move);
	ivfkm_team_end(build);
	ivfkm_renewal_ended();
	pgstat_progress_end_command();
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(build->context);
	pfree(renewing);
}
