/*-------------------------------------------------------------------------
 *
 * ivfkm_recalibrate.c
 *	  Measuring again how many rows searches have to see.
 *
 * NOTES
 *	  The budgets of searches are for the number of rows that the index had when they were
 *	  measured.  Of an index that has grown by regions, lists are as large as they were, but there
 *	  are more of them, and more rows lie between a query and its neighbours.
 *
 *	  This is the calibration of the build (ivfkm_calibrate.c), with the lists that are there: it
 *	  costs about as much as to compare 64 million pairs of rows.  Searches that find what is true
 *	  would cost about a hundred times that in a small index.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_recalibrate.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "port/vdb_half.h"

#include "am/build/ivfkm_calibrate.h"
#include "am/build/ivfkm_sizes.h"
#include "am/build/ivfkm_team.h"
#include "am/build/ivfkm_training.h"
#include "am/index/ivfkm_all_lists.h"
#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_space.h"
#include "am/maintain/ivfkm_move.h"
#include "am/maintain/ivfkm_recalibrate.h"
#include "am/maintain/ivfkm_request.h"

/* An index is measured again when it has this many times the rows: by hand, and by a worker. */
#define GROWN		 1.5
#define GROWN_WORKER 2.0

/* So is one at rest that has this many times the rows, or the rows this many times less. */
#define CHANGED_AT_REST 1.1

/*
 * So is one if this part of its rows has come into other lists.  Of a small index one region is as
 * many rows, and most of what has been measured still holds: it waits until it is at rest.
 */
#define MOVED_SHARE 0.5
#define MOVED_ROWS	32768

/*
 * A row is misplaced if the square of its distance to another list is smaller by this part of it;
 * rows of a sample that tell how many are, and centroids that these are compared with at a time.
 */
#define NEARER			 0.01f
#define MISPLACED_SAMPLE 4096
#define LIST_BLOCK		 256

/* Rows that budgets are measured among while other work is left, at most. */
#define ROUGH_SAMPLE 16384

/* A row of the sample, before it is read. */
typedef struct Chosen
{
	ItemPointerData tid;
	uint32 list; /* its number in the tree */
} Chosen;

/* True if so many rows of an index that has so many call for measuring. */
static bool
is_moved(double moved, double rows)
{
	return moved >= MOVED_SHARE * rows;
}

/*
 * True if an index that has so many rows now, "moved" of which have come into other lists, should
 * be measured again, by hand or while rows may be coming.
 */
bool
ivfkm_recalibration_due(Relation index, double rows, double moved, bool by_hand)
{
	IvfkmMetaPageData meta;

	page_meta_read(index, &meta);
	return rows >= IVFKM_RENEWAL_MIN_ROWS &&
		   (rows >= (by_hand ? GROWN : GROWN_WORKER) * meta.calibrated_rows ||
			(is_moved(moved, rows) && (by_hand || rows >= MOVED_ROWS)));
}

/* The same for an index that does not change any more. */
bool
ivfkm_recalibration_at_rest(const IvfkmMetaPageData *meta, double moved)
{
	double more = Max(meta->build_rows, meta->calibrated_rows);
	double less = Min(meta->build_rows, meta->calibrated_rows);

	return meta->build_rows >= IVFKM_RENEWAL_MIN_ROWS &&
		   (more >= CHANGED_AT_REST * less || is_moved(moved, meta->build_rows));
}

/* Ascending addresses, then lists. */
static int
compare_chosen(const void *a, const void *b)
{
	const Chosen *x = a;
	const Chosen *y = b;
	int order = ItemPointerCompare(unconstify(ItemPointerData *, &x->tid),
								   unconstify(ItemPointerData *, &y->tid));

	return order != 0 ? order : (x->list > y->list) - (x->list < y->list);
}

/*
 * Chooses at most *n of the index's rows, of which there are about "rows", evenly over its lists: a
 * palloc'd array in the order of addresses.
 */
static Chosen *
choose_rows(const IvfkmMove *move, const IvfkmWholeTree *tree, double rows, int *n)
{
	const IvfkmIndex *index = &move->build.index;
	Chosen *chosen = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Chosen) * (Size) *n);
	double step = Max(1.0, rows / *n);
	double next = step / 2;
	double seen = 0.0;
	int count = 0;

	for (int i = 0; i < tree->nlists; i++)
	{
		IvfkmReader reader;

		ivfkm_move_check(move);
		ivfkm_reader_begin(&reader, index->relation, &index->lists, &tree->lists[i].child, NULL);
		while (ivfkm_reader_next(&reader))
		{
			for (int slot = 0; slot < index->lists.slots; slot++)
			{
				IvfkmUnit unit;

				if (!page_slot_used(reader.page, &index->lists, slot))
					continue;
				seen += 1.0;
				if (seen < next || count == *n)
					continue;
				page_unit_get(reader.page, &index->lists, slot / QUANT_UNIT, &unit);
				chosen[count].tid = unit.tid[slot % QUANT_UNIT];
				chosen[count++].list = (uint32) i;
				next += step;
			}
		}
	}
	qsort(chosen, count, sizeof(Chosen), compare_chosen);
	*n = count;
	return chosen;
}

/*
 * Reads at most n rows of the index, with their lists, into the memory of the training, in index
 * space.  Outliers are left out, as at a build.  Of no index on arrays: a slot does not say which
 * vector of its row it is.
 */
static void
take_sample(IvfkmMove *move, const IvfkmWholeTree *tree, double rows, int n)
{
	IvfkmBuild *build = &move->build;
	Chosen *chosen = choose_rows(move, tree, rows, &n);
	int count = 0;

	Assert(build->index.ops->array == NULL);
	for (int i = 0; i < n; i++)
	{
		if (i % 64 == 0)
			ivfkm_move_check(move);
		if (ivfkm_move_sample_row(move, &chosen[i].tid, count))
			build->training.lists[count++] = chosen[i].list;
	}
	pfree(chosen);
	ivfkm_move_sample_done(move, count);
}

/* The centroids and radii of all lists, as they are stored. */
static void
load_lists(IvfkmBuild *build, const IvfkmWholeTree *tree)
{
	int dims = build->dims;
	uint16 *stored = palloc(sizeof(uint16) * dims);

	for (int i = 0; i < tree->nlists; i++)
	{
		IvfkmChildData child;

		CHECK_FOR_INTERRUPTS();
		page_child_read(build->index.relation, dims, &tree->lists[i].pointer, &child, stored);
		for (int dim = 0; dim < dims; dim++)
			build->centroids[(Size) i * dims + dim] = vdb_half_to_float(stored[dim]);
		build->list_radii[i] = child.radius;
	}
	pfree(stored);
}

/*
 * Reads the lists and a sample of the index's rows, of which there are so many, at most "most" of
 * them.  False if that does not fit into maintenance_work_mem.
 */
static bool
load(IvfkmMove *move, const IvfkmWholeTree *tree, double rows, int most)
{
	IvfkmBuild *build = &move->build;
	int nlists = tree->nlists;
	int nrows;

	ivfkm_sizes_fit(build, rows, 1, &nlists, &nrows);
	if (nlists < tree->nlists)
		return false;
	nrows = Max(Min(nrows, most), 1);
	ivfkm_team_begin(build, 0, nlists, 0);
	ivfkm_training_begin(build, nlists, nrows);
	ivfkm_move_snapshot(move);
	take_sample(move, tree, rows, nrows);
	load_lists(build, tree);
	return true;
}

/*
 * Measures with a sample of the index's rows, of which there are so many: fills in the calibration
 * of the plan, of no k if nothing could be measured.  "roughly": among fewer of the rows, and with
 * few of them as queries.
 * False if that does not fit into maintenance_work_mem.
 */
static bool
measure(IvfkmMove *move, const IvfkmWholeTree *tree, double rows, bool roughly)
{
	IvfkmBuild *build = &move->build;
	int nlists = tree->nlists;

	if (!load(move, tree, rows, roughly ? ROUGH_SAMPLE : INT_MAX))
		return false;
	build->shared->nlevels = 0; /* lists are ranked without nodes: how to descend stays */
	build->shared->nlists = (uint32) nlists;
	build->shared->roughly = roughly;
	build->shared->sample_fraction = build->shared->nrows / Max(rows, 1.0);
	build->plan.meta.nlists = (uint32) nlists;
	build->table_rows = rows;
	memcpy(build->shared->descents, build->index.meta.descents, sizeof(build->shared->descents));
	ivfkm_calibrate_budgets(build);
	ivfkm_training_forget(build);
	ivfkm_move_end(move);
	return true;
}

/* Starts to look at an index's rows, in a memory context of its own. */
static void
begin_move(IvfkmMove *move, Relation heap, IvfkmIndex *handle, bool yield, IvfkmRenewal *unused,
		   IvfkmWholeTree *tree)
{
	IvfkmBuild *build = &move->build;

	ivfkm_move_begin(move, heap, handle->relation, &handle->meta, yield, unused);
	MemoryContextSwitchTo(build->context);
	build->index.meta = handle->meta;
	build->index.space = build->plan.space =
		ivfkm_space_copy(ivfkm_space_cached(handle->relation, &handle->meta));
	ivfkm_collect_tree(handle->relation, &handle->meta, tree);
}

/* How many rows of a sample would be nearer to another list below the node of their list. */
static int
count_misplaced(const IvfkmBuild *build, const IvfkmWholeTree *tree)
{
	int dims = build->dims;
	int nrows = build->shared->nrows;
	void *memory = ivfkm_build_alloc(kmeans_targets_bytes(dims));
	float *keys = palloc(sizeof(float) * KMEANS_TARGETS * tree->nlists);
	int n = 0;

	for (int first = 0; first < nrows; first += KMEANS_TARGETS)
	{
		int count = Min(KMEANS_TARGETS, nrows - first);
		KmeansTargets *rows = kmeans_targets_init(
			memory, dims, count, build->training.rows + (Size) first * dims, false);

		for (int list = 0; list < tree->nlists; list += LIST_BLOCK)
		{
			CHECK_FOR_INTERRUPTS();
			kmeans_compare(rows, build->centroids + (Size) list * dims,
						   Min(LIST_BLOCK, tree->nlists - list),
						   keys + (Size) list * KMEANS_TARGETS);
		}
		for (int i = 0; i < count; i++)
		{
			uint32 own = build->training.lists[first + i];
			float limit = keys[own * KMEANS_TARGETS + i] * (1.0f - NEARER);
			bool found = false;

			for (int list = 0; list < tree->nlists && !found; list++)
				found = tree->parents[list] == tree->parents[own] &&
						keys[list * KMEANS_TARGETS + i] < limit;
			n += found;
		}
	}
	return n;
}

/*
 * The share of an index's rows, of which there are so many, that would be nearer to another list
 * below the node of their list, by a sample; 0 if that is not known.  Not of inner products, whose
 * rows have lists by their length, too.  As ivfkm_recalibrate().
 */
double
ivfkm_share_misplaced(Relation heap, Relation index, double rows, bool yield)
{
	IvfkmMove *move = palloc0(sizeof(IvfkmMove));
	IvfkmBuild *build = &move->build;
	MemoryContext old_context = CurrentMemoryContext;
	double share = 0.0;
	IvfkmRenewal unused;
	IvfkmIndex handle;
	IvfkmWholeTree tree;

	ivfkm_index_open(&handle, index);
	if (handle.ops->array == NULL && handle.ops->metric != IVFKM_METRIC_IP)
	{
		begin_move(move, heap, &handle, yield, &unused, &tree);
		if (load(move, &tree, rows, MISPLACED_SAMPLE))
		{
			if (build->shared->nrows > 0)
				share = (double) count_misplaced(build, &tree) / build->shared->nrows;
			ivfkm_training_forget(build);
			ivfkm_move_end(move);
		}
		MemoryContextSwitchTo(old_context);
		MemoryContextDelete(build->context);
	}
	pfree(move);
	return share;
}

/*
 * Measures again with rows of the index, of which it has so many.  What a user's queries have shown
 * is kept, for that number of rows; so is what the build has measured, where memory is short or the
 * rows are arrays.  "roughly": as long as rows come, with fewer queries.  The caller holds what
 * ivfkm_renew() asks for.
 */
void
ivfkm_recalibrate(Relation heap, Relation index, double rows, bool yield, bool roughly)
{
	IvfkmMove *move = palloc0(sizeof(IvfkmMove));
	IvfkmBuild *build = &move->build;
	IvfkmRenewal unused;
	IvfkmIndex handle;
	IvfkmMetaPageData next;
	IvfkmWholeTree tree;
	MemoryContext old_context = CurrentMemoryContext;

	ivfkm_index_open(&handle, index);
	next = handle.meta;
	begin_move(move, heap, &handle, yield, &unused, &tree);
	if (handle.meta.calibrated_queries || handle.ops->array != NULL ||
		!measure(move, &tree, rows, roughly))
		ivfkm_budget_scale(&next, &handle.meta, rows);
	else if (build->plan.meta.ncalibrations > 0)
	{
		memcpy(next.calibration, build->plan.meta.calibration, sizeof(next.calibration));
		next.ncalibrations = build->plan.meta.ncalibrations;
		next.calibrated_at = GetCurrentTimestamp();
	}
	page_meta_calibrate(index, next.calibration, next.ncalibrations, rows, next.calibrated_at,
						next.calibrated_queries != 0);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(build->context);
	pfree(move);
}
