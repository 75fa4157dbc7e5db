/*-------------------------------------------------------------------------
 *
 * ivfkm_region.c
 *	  A region: some lists below one node, made anew.
 *
 * NOTES
 *	  Splitting, merging, reassigning, reclaiming and re-centring are one operation: the rows of
 *	  some neighbouring lists are clustered again, by the code of the build, into as many lists as
 *	  their number calls for.  These are written beside the old ones, with the nodes above them,
 *	  and take their place by one record.  Lists that are only to lie elsewhere keep centroids and
 *	  rows.  README.md of this folder has the steps, NOTES.md why each interleaving is right.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_region.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/memutils.h"

#include "port/vdb_half.h"

#include "am/build/ivfkm_assign.h"
#include "am/build/ivfkm_sizes.h"
#include "am/build/ivfkm_team.h"
#include "am/build/ivfkm_train.h"
#include "am/build/ivfkm_training.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_space.h"
#include "am/index/ivfkm_summary.h"
#include "am/maintain/ivfkm_insert.h"
#include "am/maintain/ivfkm_lock.h"
#include "am/maintain/ivfkm_move.h"
#include "am/maintain/ivfkm_path.h"
#include "am/maintain/ivfkm_region.h"
#include "am/maintain/ivfkm_request.h"
#include "page/page_point.h"

/* With more new lists they are written one behind the other. */
#define SCATTER_LISTS 64

/* Rounds of catching up, after which inserts are too fast for this process. */
#define CATCH_UP_ROUNDS 1000

/* One region at work. */
typedef struct Regioning
{
	IvfkmMove move;
	const IvfkmRegion *region;
	IvfkmChildData *old; /* the lists that are replaced */
	bool *replaced;		 /* of all lists of the tree */
	IvfkmPath path;

	/* of inner products: the new list of rows that came late and that no radius reaches to */
	int far_list; /* or -1 */
	float far_radius;
} Regioning;

/* ----- training ----- */

/*
 * Takes a sample of the rows of the region, evenly over their addresses, into the memory of the
 * training, in index space.  Outliers are left out.
 */
static void
take_sample(Regioning *regioning, int wanted)
{
	IvfkmMove *move = &regioning->move;
	double step = Max(1.0, (double) move->ntids / Max(wanted, 1));
	int n = 0;

	for (int i = 0; i < wanted && (Size) (i * step) < move->ntids; i++)
	{
		if (i % 64 == 0)
			ivfkm_move_check(move);
		if (ivfkm_move_sample_row(move, &move->tids[(Size) (i * step)], n))
			n++;
	}
	ivfkm_move_sample_done(move, n);
}

/* If no row has a value, the region's one list keeps the centroid of an old one. */
static void
take_old_centroid(Regioning *regioning)
{
	IvfkmBuild *build = &regioning->move.build;
	const IvfkmRegion *region = regioning->region;
	uint16 *stored = palloc(sizeof(uint16) * build->dims);
	IvfkmChildData child;

	page_child_read(build->index.relation, build->dims,
					&region->tree.lists[region->lists[0]].pointer, &child, stored);
	for (int i = 0; i < build->dims; i++)
		build->training.rows[i] = vdb_half_to_float(stored[i]);
	build->shared->nrows = 1;
	pfree(stored);
}

/* Keeps the lists of the region as they are: their centroids, radii, edges and rows. */
static void
keep_lists(Regioning *regioning)
{
	IvfkmMove *move = &regioning->move;
	IvfkmBuild *build = &move->build;
	const IvfkmRegion *region = regioning->region;
	int nlists = region->nlists;
	int dims = build->dims;
	uint16 *stored = palloc(sizeof(uint16) * dims);
	float *radii = palloc0(sizeof(float) * nlists);
	uint16 *edges = palloc(sizeof(uint16) * nlists);
	uint32 *made = palloc(sizeof(uint32) * nlists);

	ivfkm_team_begin(build, 0, nlists, 0);
	ivfkm_training_begin(build, nlists, 1);
	for (int i = 0; i < nlists; i++)
	{
		IvfkmChildData child;

		page_child_read(build->index.relation, dims, &region->tree.lists[region->lists[i]].pointer,
						&child, stored);
		for (int dim = 0; dim < dims; dim++)
			build->training.centroids[(Size) i * dims + dim] = vdb_half_to_float(stored[dim]);
		made[i] = child.rows;
		edges[i] = child.edge;
		if (build->index.ops->metric != IVFKM_METRIC_IP) /* these are measured with all rows */
			radii[i] = child.radius;
	}
	build->plan.meta.next_id = region->index.meta.next_id;
	ivfkm_train_keep(build, (uint32) nlists, radii, edges);
	build->plan.levels[0].made = made;
	ivfkm_training_forget(build);
	ivfkm_move_note_lists(move, regioning->old, nlists);
	pfree(stored);
	pfree(radii);
	pfree(edges);
}

/* Trains centroids for as many lists as the rows call for. */
static void
train_lists(Regioning *regioning)
{
	IvfkmMove *move = &regioning->move;
	IvfkmBuild *build = &move->build;
	int nlists = ivfkm_sizes_auto_lists((double) move->ntids);
	int nrows;

	nlists = Min(nlists, regioning->region->most_lists);
	ivfkm_sizes_fit(build, (double) move->ntids, 1, &nlists, &nrows);
	ivfkm_team_begin(build, 0, nlists, 0);
	ivfkm_training_begin(build, nlists, Max(nrows, 1));
	take_sample(regioning, nrows);
	if (build->shared->nrows == 0)
		take_old_centroid(regioning);
	build->plan.meta.next_id = regioning->region->index.meta.next_id;
	ivfkm_train_lists(build);
	if (build->index.ops->metric != IVFKM_METRIC_IP &&
		regioning->region->index.meta.descents[IVFKM_DESCENT_SEARCH].list_lean == 0.0f)
		ivfkm_train_forget_radii(build);
	ivfkm_training_forget(build);
}

/* ----- writing ----- */

/* Reserves blocks and owner ids for the new lists and nodes, and writes them. */
static void
write_region(Regioning *regioning)
{
	IvfkmBuild *build = &regioning->move.build;
	IvfkmPlan *plan = &build->plan;
	IvfkmPlanLevel *lists = &plan->levels[0];
	IvfkmPath *path = &regioning->path;
	bool scatter = lists->count <= SCATTER_LISTS;
	int nodes = ivfkm_path_nodes(path);
	int nlists = (int) lists->count;
	BlockNumber *sizes = palloc(sizeof(BlockNumber) * (nlists + nodes));
	BlockNumber *firsts = palloc(sizeof(BlockNumber) * (nlists + nodes));
	BlockNumber total = 0;
	IvfkmWriter writer;

	for (int i = 0; i < nlists; i++)
	{
		sizes[i] = page_extent_blocks(&build->index.lists, lists->counts[i]) +
				   page_extent_refine_blocks(&build->index.lists, lists->counts[i]);
		total += sizes[i];
	}
	ivfkm_path_sizes(path, sizes + nlists);
	if (scatter)
		page_free_reserve_many(build->index.relation, sizes, nlists + nodes, plan->meta.next_id,
							   firsts);
	else
	{
		BlockNumber first_size = sizes[nlists - 1];
		BlockNumber next;

		sizes[nlists - 1] = total;
		page_free_reserve_many(build->index.relation, sizes + nlists - 1, nodes + 1,
							   plan->meta.next_id, firsts + nlists - 1);
		sizes[nlists - 1] = first_size;
		next = firsts[nlists - 1];
		for (int i = 0; i < nlists; i++)
		{
			firsts[i] = next;
			next += sizes[i];
		}
	}
	page_point("region-reserved");
	for (int i = 0; i < nlists + nodes; i++)
		regioning->move.result->end = Max(regioning->move.result->end, firsts[i] + sizes[i]);
	memcpy(lists->first_blocks, firsts, sizeof(BlockNumber) * nlists);
	ivfkm_path_place(path, firsts, firsts + nlists);
	page_writer_begin_reserved(&writer, build->index.relation, firsts[0]);
	ivfkm_assign_write_lists(build, &writer);
	ivfkm_path_write(path, &writer);
	page_writer_end(&writer);
	page_point("region-written");
	pfree(sizes);
	pfree(firsts);
}

/* ----- taking their place ----- */

/* What the record of new list "number" says. */
static void
new_list(const Regioning *regioning, uint32 number, IvfkmChildData *list)
{
	const IvfkmBuild *build = &regioning->move.build;
	const IvfkmPlanLevel *lists = &build->plan.levels[0];

	memset(list, 0, sizeof(*list));
	list->id = lists->first_id + number;
	list->generation = build->plan.meta.root_generation;
	list->first_block = lists->first_blocks[number];
	list->nblocks = page_extent_blocks(&build->index.lists, lists->counts[number]);
}

/*
 * Of inner products: where a row that is to enter list *number lies outside of its radius, which
 * was written before, makes that list the one of far rows, or takes the one that is.
 */
static void
take_far(Regioning *regioning, const float *x, uint32 *number)
{
	const IvfkmBuild *build = &regioning->move.build;
	int dims = build->dims;
	float distance = sqrtf(quant_distance2(dims, x, build->centroids + (Size) *number * dims));

	if (distance <= build->plan.levels[0].radii[*number])
		return;
	if (regioning->far_list >= 0)
	{
		*number = (uint32) regioning->far_list;
		distance = sqrtf(quant_distance2(dims, x, build->centroids + (Size) *number * dims));
	}
	regioning->far_list = (int) *number;
	regioning->far_radius = Max(regioning->far_radius, nextafterf(distance, FLT_MAX));
}

/* Enters an address into its new list; without looking at the table if "forced". */
static void
enter_row(Regioning *regioning, const ItemPointerData *tid, bool forced)
{
	IvfkmMove *move = &regioning->move;
	IvfkmBuild *build = &move->build;
	IvfkmRowState state = IVFKM_ROW_FORCED;
	ItemPointerData plain;
	IvfkmChildData list;
	IvfkmRow row;
	uint32 number = 0;

	if (!forced)
		state = ivfkm_move_row(move, tid, &plain);
	if (state == IVFKM_ROW_GONE)
	{
		move->result->dropped++;
		return;
	}
	row.x = build->batch;
	if (state == IVFKM_ROW_VALUE &&
		ivfkm_row_read(&build->index, move->rows.values, move->rows.isnull, &row))
	{
		ivfkm_row_map(build->plan.space, &row);
		ivfkm_assign_lists(build, 1, &number);
		if (build->index.ops->metric == IVFKM_METRIC_IP)
			take_far(regioning, row.x, &number);
		new_list(regioning, number, &list);
		ivfkm_insert_listed(&build->index, &move->reserve, &row,
							build->centroids + (Size) number * build->dims, &list, tid);
	}
	else
	{
		new_list(regioning, number, &list);
		row.attributes = ivfkm_row_unknown;
		ivfkm_insert_listed(&build->index, &move->reserve, NULL, NULL, &list, tid);
		move->result->forced++;
	}
	if (build->plan.levels[0].summaries != NULL)
		ivfkm_summary_add(&build->index.columns,
						  page_summary_in(build->plan.levels[0].summaries,
										  build->index.columns.nattributes, number),
						  &row.attributes);
	move->result->late++;
}

/*
 * Enters the addresses that the old lists have got since they were read last.  Returns how many
 * there were; none is entered, and nothing noted, if there are more than "most".  If there may be
 * none, they are not counted, as inserts may wait meanwhile: 1 stands for any.
 */
static Size
catch_up(Regioning *regioning, bool forced, Size most)
{
	IvfkmMove *move = &regioning->move;
	int nlists = regioning->region->nlists;
	MemoryContext context;
	MemoryContext old_context = CurrentMemoryContext;
	IvfkmLate late;
	Size n;

	if (most == 0)
		return ivfkm_move_has_late(move, regioning->old, nlists) ? 1 : 0;
	ivfkm_move_read_late(move, regioning->old, nlists, &late);
	n = late.ntids;
	if (n > most)
	{
		ivfkm_move_forget_late(&late);
		return n;
	}
	if (!forced && n > 0)
		ivfkm_move_snapshot(move);
	context = AllocSetContextCreate(CurrentMemoryContext, "ivfkm catch-up", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	for (Size i = 0; i < n; i++)
	{
		if (!forced)
			ivfkm_move_check(move);
		enter_row(regioning, &late.tids[i], forced);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
	ivfkm_move_add_late(move, &late);
	return n;
}

/* The blocks of what is replaced: a palloc'd array.  Nobody may add to the lists meanwhile. */
static void
old_blocks(Regioning *regioning, IvfkmBlocks *blocks)
{
	const IvfkmRegion *region = regioning->region;
	const IvfkmBuild *build = &regioning->move.build;

	memset(blocks, 0, sizeof(*blocks));
	for (int i = 0; i < region->nlists; i++)
		page_list_blocks(build->index.relation, &build->index.lists, &regioning->old[i], blocks);
	ivfkm_path_old_blocks(&regioning->path, &region->tree, region->parent, blocks);
}

/*
 * Says in "next" which list is that of far rows: the current one, wherever its record is now, or
 * one of the new lists if that is replaced or there is none.  Nobody may insert meanwhile.
 */
static void
place_far(const Regioning *regioning, IvfkmMetaPageData *next)
{
	const IvfkmBuild *build = &regioning->move.build;
	IvfkmMetaPageData current;
	ItemPointerData record;
	uint32 list;
	bool replaced = false;

	page_meta_read(build->index.relation, &current);
	for (int i = 0; i < regioning->region->nlists; i++)
		replaced |= regioning->old[i].id == current.far_id;
	page_meta_set_far(next, current.far_id, &current.far_record, current.far_radius);
	if (current.far_id != 0 && !replaced)
	{
		if (ivfkm_path_find(&regioning->path, current.far_id, &record))
			next->far_record = record;
		return;
	}
	memset(&record, 0, sizeof(record));
	page_meta_set_far(next, 0, &record, 0.0f);
	if (regioning->far_list < 0)
		return;
	list = build->plan.levels[0].first_id + (uint32) regioning->far_list;
	if (ivfkm_path_find(&regioning->path, list, &record))
		page_meta_set_far(next, list, &record, regioning->far_radius);
}

/* Catches up until nothing is left, keeps inserts out, and replaces the lists and nodes. */
static void
take_place(Regioning *regioning)
{
	IvfkmMove *move = &regioning->move;
	IvfkmBuild *build = &move->build;
	Relation index = build->index.relation;
	IvfkmMetaPageData next = regioning->region->index.meta;
	IvfkmBlocks blocks;
	BlockNumber npages;
	instr_time start;
	instr_time end;

	/* into shared buffers, before anybody waits for it */
	old_blocks(regioning, &blocks);
	npages = page_retired_pages(blocks.count) + 1;
	pfree(blocks.blocks);
	ivfkm_path_root(&regioning->path, &next);
	ivfkm_path_descents(&regioning->path, &regioning->region->tree, &next);
	next.nlists += build->plan.levels[0].count - (uint32) regioning->region->nlists;
	for (int round = 0;; round++)
	{
		Size most = round < IVFKM_QUIET_ROUNDS ? 0 : IVFKM_LATE_AT_MOST;

		if (round == CATCH_UP_ROUNDS)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("inserts into index \"%s\" are faster than its maintenance",
								   RelationGetRelationName(index))));
		(void) catch_up(regioning, false, SIZE_MAX);
		page_free_prepare(index, &move->reserve, npages);
		page_point("region-caught-up");
		ivfkm_lock_tree_alone(index, &start);
		if (catch_up(regioning, true, most) <= most)
			break;
		ivfkm_unlock_tree(index, ExclusiveLock);
	}
	old_blocks(regioning, &blocks);
	page_point("region-forced");
	place_far(regioning, &next);
	ivfkm_path_summarise(&regioning->path, &regioning->region->tree, regioning->region->parent,
						 &build->plan);
	page_retired_replace(index, &next, &move->reserve, &blocks);
	ivfkm_unlock_tree(index, ExclusiveLock);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	move->result->lock_time = INSTR_TIME_GET_MILLISEC(end);
	pfree(blocks.blocks);
}

/*
 * Makes the lists of a region anew, beside inserts and scans.  The caller holds what ivfkm_renew()
 * asks for, has held it since the region was chosen, and has tidied up.
 */
void
ivfkm_region_renew(Relation heap, Relation index, bool yield, const IvfkmRegion *region,
				   IvfkmRenewal *result)
{
	Regioning *regioning = palloc0(sizeof(Regioning));
	IvfkmMove *move = &regioning->move;
	IvfkmBuild *build = &move->build;
	MemoryContext old_context;
	IvfkmLate all;

	memset(result, 0, sizeof(*result));
	ivfkm_move_begin(move, heap, index, &region->index.meta, yield, result);
	regioning->region = region;
	regioning->far_list = -1;
	ivfkm_renewal_began(index);
	ivfkm_renewal_put_off(index);
	old_context = MemoryContextSwitchTo(build->context);
	build->index.meta = region->index.meta;
	build->index.space = build->plan.space =
		ivfkm_space_copy(ivfkm_space_cached(index, &region->index.meta));
	regioning->old = palloc(sizeof(IvfkmChildData) * region->nlists);
	regioning->replaced = palloc0(sizeof(bool) * region->tree.nlists);
	for (int i = 0; i < region->nlists; i++)
	{
		regioning->old[i] = region->tree.lists[region->lists[i]].child;
		regioning->replaced[region->lists[i]] = true;
	}
	ivfkm_move_read_late(move, regioning->old, region->nlists, &all);
	ivfkm_move_add_late(move, &all);
	page_point("region-addresses");
	ivfkm_move_snapshot(move);
	if (region->keep)
		keep_lists(regioning);
	else
		train_lists(regioning);
	ivfkm_move_assign(move, false);
	page_point("region-assigned");
	ivfkm_path_make(&regioning->path, &region->index, &region->tree, region->parent,
					regioning->replaced, &build->plan);
	write_region(regioning);
	take_place(regioning);

	/*
	 * an id behind the old lists', so that their blocks can be freed even if nobody writes any more
	 */
	(void) GetTopTransactionId();
	page_meta_set_retry(index, region->index.meta.retry); /* it has not failed */
	result->renewed = true;
	result->rows = (int64) build->shared->rows + result->late;
	result->lists = (int32) build->plan.levels[0].count;
	ivfkm_move_end(move);
	ivfkm_renewal_ended();
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(build->context);
	pfree(regioning);
}
