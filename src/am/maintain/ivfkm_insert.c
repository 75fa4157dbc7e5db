/*-------------------------------------------------------------------------
 *
 * ivfkm_insert.c
 *	  Adding one row: find the nearest list and encode; page/page_list.c writes it.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_insert.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "port/vdb_half.h"

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_space.h"
#include "am/index/ivfkm_tree.h"
#include "am/maintain/ivfkm_insert.h"
#include "am/maintain/ivfkm_lock.h"
#include "am/maintain/ivfkm_request.h"
#include "am/maintain/ivfkm_survey.h"
#include "page/page_point.h"

/* Width of the bounds when looking for the nearest centroid: practically exact. */
#define INSERT_EPSILON 4.0f

/*
 * Lists that are looked at for one whose radius reaches to the row: the nearest ones, and those
 * that a search would scan first.
 */
#define COVER_NEAREST 8
#define COVER_FIRST	  16

/* The longest time, in milliseconds, that an insert lets a renewal catch up. */
#define MAX_THROTTLE 100

/*
 * Of rows beyond the edge of their list one in so many is counted, for all of them; so it is of
 * rows that are written again with the value that they had.
 */
#define STRAYS_PER_COUNTED	  16
#define REWRITTEN_PER_COUNTED 16

/* Kept in IndexInfo.ii_AmCache for the rows of one statement. */
typedef struct InsertState
{
	MemoryContext row_context; /* reset after every row */
} InsertState;

/* The place of a vector of a row, or of a row without any, in one tree. */
typedef struct InsertPlace
{
	IvfkmChildData list;
	const IvfkmGeometry *geometry; /* of the list */
	IvfkmEntry entry;			   /* points to the attributes of the row */

	/*
	 * Of inner products: how far the row is from the centroid if the list's radius does not reach
	 * to it, and the list's record; else 0.
	 */
	float far_radius;
	ItemPointerData record;

	bool summarised; /* the list's summary is to hold the row; else nobody looks at that */
	IvfkmSummaries summaries;
	uint32 ordinal;
} InsertPlace;

/* The places of a row. */
typedef struct RowPlaces
{
	InsertPlace *places;
	int count;
	bool has_value; /* they are those of its vectors */
} RowPlaces;

/* The codes of a row, mapped into index space, in a list with that centroid; "row" must stay. */
static void
place_in_list(const IvfkmIndex *index, const IvfkmSpace *space, const IvfkmRow *row,
			  const float *centroid, const IvfkmChildData *list, const ItemPointerData *tid,
			  InsertPlace *place)
{
	IvfkmCode code;

	ivfkm_code_init(&code, &index->lists);
	(void) ivfkm_row_encode(space, index->lists.refine_bits, row, centroid, &code);
	ivfkm_code_entry(&code, &row->attributes, tid, &place->entry);
	place->list = *list;
	place->geometry = &index->lists;
	place->far_radius = 0.0f;
	place->summarised = false;
}

/* Starts a descent for the lists of a point, of which at least "wanted" will be looked at. */
static void
begin_descent(IvfkmTree *tree, const IvfkmIndex *index, IvfkmDescentKind kind, const float *point,
			  const float *row, int wanted)
{
	ivfkm_tree_begin(tree, index->relation, &index->meta, kind, point, NULL, row, INSERT_EPSILON,
					 wanted, NULL);
	ivfkm_tree_pin(tree);
}

/* True if the radius of a list of inner products reaches to the row that it was found for. */
static bool
covers(const IvfkmProbe *probe)
{
	return sqrtf(probe->dist2) <= probe->child.radius;
}

/* The list of far rows, as "search" finds it for a row. */
static void
find_far(const IvfkmIndex *index, const IvfkmRow *row, const IvfkmTree *search, IvfkmProbe *probe)
{
	const IvfkmMetaPageData *meta = &index->meta;

	page_child_read(index->relation, index->lists.dims, &meta->far_record, &probe->child,
					search->centroid);
	probe->pointer = meta->far_record;
	probe->child.radius = Max(probe->child.radius, meta->far_radius);
	probe->dist2 = ivfkm_tree_distance2(search, row->x);
}

/*
 * Finds a list of an index on inner products for a row that the nearest one, found by "tree", does
 * not reach to: a search would take that list for one with shorter rows.  That is the nearest list
 * that does; or the one that a search in the direction of the row would scan first and that does.
 * If there is none, it is the list of far rows, or is to become that.  "search" is a tree to search
 * with.
 */
static void
find_cover(const IvfkmIndex *index, const IvfkmSpace *space, const IvfkmRow *row, IvfkmTree *tree,
		   IvfkmTree *search, IvfkmProbe *probe)
{
	int dims = index->lists.dims;
	float *direction = palloc(sizeof(float) * dims);
	IvfkmProbe first = *probe;

	for (int i = 1; i < COVER_NEAREST && ivfkm_tree_next(tree, probe); i++)
	{
		if (covers(probe))
			return;
	}
	for (int i = 0; i < dims; i++)
		direction[i] = row->x[i] + space->offset[i];
	begin_descent(search, index, IVFKM_DESCENT_SEARCH, direction, row->x, COVER_FIRST);
	for (int i = 0; i < COVER_FIRST && ivfkm_tree_next(search, probe); i++)
	{
		if (i == 0)
			first = *probe;
		if (covers(probe))
			return;
	}
	*probe = first;
	if (index->meta.far_id != 0)
		find_far(index, row, search, probe);
}

/*
 * Finds the summary of the list at "record", which one of two descents has met.  That of the list
 * of far rows may be met by none, and then nobody looks at its summary: searches scan that list
 * first, whatever they are for.
 */
static void
find_summary(const IvfkmIndex *index, const IvfkmTree *tree, const IvfkmTree *search,
			 const ItemPointerData *record, InsertPlace *place)
{
	if (index->meta.nattributes == 0)
		return;
	place->summarised = ivfkm_tree_summary(tree, record, &place->summaries, &place->ordinal) ||
						ivfkm_tree_summary(search, record, &place->summaries, &place->ordinal);
	if (!place->summarised && place->list.id != index->meta.far_id)
		page_corrupted(index->relation, ItemPointerGetBlockNumberNoCheck(record),
					   "List %u is not below the node that led to it.", place->list.id);
}

/*
 * Finds the list of a row whose value was read into "row", and its codes there.  Allocates the
 * codes in the current memory context, all else in "scratch"; "row" must stay.
 */
static void
place_value(IvfkmIndex *index, IvfkmRow *row, const ItemPointerData *tid, MemoryContext scratch,
			InsertPlace *place)
{
	MemoryContext old_context;
	Relation relation = index->relation;
	int dims = index->lists.dims;
	const IvfkmSpace *space = ivfkm_index_space(index);
	IvfkmTree tree;
	IvfkmTree search = {0};
	IvfkmProbe probe;
	float *centroid;
	bool far = false;

	ivfkm_row_map(space, row);
	old_context = MemoryContextSwitchTo(scratch);
	centroid = palloc(sizeof(float) * dims);
	begin_descent(&tree, index, IVFKM_DESCENT_INSERT, row->x, row->x, 1);
	if (!ivfkm_tree_next(&tree, &probe))
		page_corrupted(relation, index->meta.root_block, "The root has no children.");
	if (index->meta.metric == IVFKM_METRIC_IP && !covers(&probe))
	{
		find_cover(index, space, row, &tree, &search, &probe);
		far = !covers(&probe);
	}
	page_child_read(relation, dims, &probe.pointer, &probe.child, tree.centroid);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(tree.centroid[i]);
	MemoryContextSwitchTo(old_context);
	place_in_list(index, space, row, centroid, &probe.child, tid, place);
	find_summary(index, &tree, &search, &probe.pointer, place);
	if (far)
	{
		place->far_radius = nextafterf(sqrtf(probe.dist2), FLT_MAX);
		place->record = probe.pointer;
	}
}

/* The place of a row without a value. */
static void
place_null(const IvfkmIndex *index, const IvfkmAttributes *attributes, const ItemPointerData *tid,
		   InsertPlace *place)
{
	page_meta_nulls(&index->meta, &place->list);
	place->geometry = &index->nulls;
	place->far_radius = 0.0f;
	place->summarised = false;
	ivfkm_row_null_entry(attributes, tid, &place->entry);
}

/* The place of a row of which nothing but the address is known: any list. */
static void
place_forced(const IvfkmIndex *index, const IvfkmChildData *any_list, const ItemPointerData *tid,
			 InsertPlace *place)
{
	IvfkmCode code;

	place->list = *any_list;
	place->geometry = &index->lists;
	place->far_radius = 0.0f;
	place->summarised = false;
	ivfkm_code_init(&code, &index->lists);
	ivfkm_code_forced(index->lists.dims, index->lists.refine_bits, &code);
	ivfkm_code_entry(&code, &ivfkm_row_unknown, tid, &place->entry);
}

/*
 * Writes a row where it was placed, with further pages from "reserve": first the list's summary, so
 * that no row is outside of it at any time.  Returns true if a group was appended.
 */
static bool
write_row(const IvfkmIndex *index, IvfkmReserve *reserve, const InsertPlace *place)
{
	uint64 groups = PAGE_LIST_ANY_GROUP;
	bool grown = false;

	if (place->summarised)
	{
		groups =
			ivfkm_summary_widen(index, &place->summaries, place->ordinal, place->entry.attributes);
		page_point("insert-summarised");
	}
	for (;;)
	{
		int refused = page_list_insert(index->relation, reserve, place->geometry, &place->list,
									   &place->entry, groups, &grown);

		if (refused < 0)
			return grown;
		groups |= UINT64CONST(1) << refused;
		ivfkm_summary_note_late(index, &place->summaries, place->ordinal, refused);
	}
}

/*
 * Puts a row into a list in the making, whose further pages come from "reserve": its value, mapped
 * into index space, and the list's centroid are given; or nothing is known of it (row is NULL).
 * The caller minds the list's summary.  Allocates in the current memory context.
 */
void
ivfkm_insert_listed(const IvfkmIndex *index, IvfkmReserve *reserve, const IvfkmRow *row,
					const float *centroid, const IvfkmChildData *list, const ItemPointerData *tid)
{
	InsertPlace place;

	if (row != NULL)
		place_in_list(index, index->space, row, centroid, list, tid, &place);
	else
		place_forced(index, list, tid, &place);
	(void) write_row(index, reserve, &place);
}

/*
 * Reads and places a row, whatever it is.  The handle's metapage learns of the list of far rows, so
 * that all vectors of the row take the same.  Allocates in the current memory context.
 */
static void
place_row(IvfkmIndex *index, const Datum *values, const bool *isnull, const ItemPointerData *tid,
		  RowPlaces *row_places)
{
	IvfkmRow *row = palloc(sizeof(IvfkmRow));
	MemoryContext scratch = CurrentMemoryContext;
	IvfkmValue value;
	int count;

	ivfkm_columns_read(&index->columns, values, isnull, &row->attributes);
	count = ivfkm_row_open(index, values, isnull, &value);
	row_places->has_value = count > 0;
	row_places->count = Max(count, 1);
	row_places->places = MemoryContextAllocHuge(CurrentMemoryContext,
												sizeof(InsertPlace) * (Size) row_places->count);
	row->x = palloc(sizeof(float) * index->lists.dims);
	if (count > 1)
		scratch = AllocSetContextCreate(CurrentMemoryContext, "ivfkm insert vector",
										ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < count; i++)
	{
		InsertPlace *place = &row_places->places[i];

		CHECK_FOR_INTERRUPTS();
		ivfkm_row_take(index, &value, i, row);
		place_value(index, row, tid, scratch, place);
		if (place->far_radius > 0.0f)
			page_meta_set_far(&index->meta, place->list.id, &place->record, place->far_radius);
		if (count > 1)
			MemoryContextReset(scratch);
	}
	if (count == 0)
		place_null(index, &row->attributes, tid, &row_places->places[0]);
}

/*
 * Puts a row into a tree in the making, "index", whose pages come from "reserve": with its values,
 * or without (values is NULL); then searches will look at the row itself, those of "any_list", the
 * first child of the node with "any_summaries", or, if is_null, of the list of NULLs.  The handle's
 * metapage learns of far rows.  Returns the number of entries.  Allocates in the current memory
 * context.
 */
int
ivfkm_insert_unreached(IvfkmIndex *index, IvfkmReserve *reserve, const Datum *values,
					   const bool *isnull, bool is_null, const IvfkmChildData *any_list,
					   const IvfkmSummaries *any_summaries, const ItemPointerData *tid)
{
	InsertPlace single;
	RowPlaces row = {.places = &single, .count = 1};

	if (values != NULL)
		place_row(index, values, isnull, tid, &row);
	else if (is_null)
		place_null(index, &ivfkm_row_unknown, tid, &single);
	else
	{
		place_forced(index, any_list, tid, &single);
		single.summarised = index->meta.nattributes > 0;
		single.summaries = *any_summaries;
		single.ordinal = 0;
	}
	for (int i = 0; i < row.count; i++)
		(void) write_row(index, reserve, &row.places[i]);
	return row.count;
}

/*
 * Lets the metapage know of the vectors of a row that no list's radius reaches to; false if another
 * list than theirs has become that of far rows.
 */
static bool
widen(Relation relation, const RowPlaces *row)
{
	for (int i = 0; i < row->count; i++)
	{
		const InsertPlace *place = &row->places[i];

		if (place->far_radius > 0.0f &&
			!page_meta_widen(relation, place->list.id, &place->record, place->far_radius))
			return false;
	}
	return true;
}

/*
 * Counts a row that lies beyond the edge of its list, as some of these are, chosen by their
 * addresses; true if it did.  Inserts into other groups than new ones are not counted else.  The
 * caller holds no buffer lock.
 */
static bool
count_stray(const IvfkmIndex *index, const RowPlaces *row, const ItemPointerData *tid)
{
	uint32 hash = murmurhash32(ItemPointerGetBlockNumberNoCheck(tid) * MaxHeapTuplesPerPage +
							   ItemPointerGetOffsetNumberNoCheck(tid));

	if (hash % STRAYS_PER_COUNTED != 0 || !row->has_value ||
		!page_list_is_stray(&row->places[0].list, row->places[0].entry.factors.mul) ||
		!ivfkm_survey_has_regions(index))
		return false;
	page_meta_count_strays(index->relation, STRAYS_PER_COUNTED);
	return true;
}

/*
 * Counts a row that is written again with the value that it had, as some of these are.  They are
 * chosen at random: the same addresses come again and again.  The caller holds no buffer lock.
 */
static void
count_rewritten(Relation relation, const RowPlaces *row)
{
	if (row->has_value && pg_prng_uint32(&pg_global_prng_state) % REWRITTEN_PER_COUNTED == 0)
		page_meta_count_rewritten(relation, (uint64) REWRITTEN_PER_COUNTED * row->count);
}

/*
 * Puts a row into the current tree.  When another tree has taken its place since the row's lists
 * were found, or another list has become that of far rows, finds the lists again; see NOTES.md of
 * this folder.  All vectors of a row enter the same tree.  Returns true if the metapage
 * has counted something: a list has grown by a group, or the row lies beyond the edge of its list.
 * "unchanged": it is written again with the value that it had, which says nothing about lists.
 */
static bool
insert_row(Relation relation, const Datum *values, const bool *isnull, const ItemPointerData *tid,
		   bool unchanged)
{
	for (;;)
	{
		IvfkmIndex index;
		RowPlaces row;
		BlockNumber pending_block;
		uint32 throttle;
		bool grown = false;

		ivfkm_index_open(&index, relation);
		place_row(&index, values, isnull, tid, &row);
		for (int i = 0; unchanged && i < row.count; i++)
			row.places[i].list.edge = 0;
		page_point("insert-descended");
		ivfkm_lock_tree(relation, ShareLock);
		/* the list's radius is to reach to the row before anybody can miss it */
		if (page_meta_version(relation, &pending_block, &throttle) != index.meta.tree_version ||
			!widen(relation, &row))
		{
			ivfkm_unlock_tree(relation, ShareLock);
			CHECK_FOR_INTERRUPTS();
			continue;
		}
		if (BlockNumberIsValid(pending_block))
			page_pending_add(relation, tid, !row.has_value);
		for (int i = 0; i < row.count; i++)
			grown |= write_row(&index, NULL, &row.places[i]);
		ivfkm_unlock_tree(relation, ShareLock);
		if (unchanged)
			count_rewritten(relation, &row);
		else
			grown |= count_stray(&index, &row, tid);
		if (throttle > 0 && BlockNumberIsValid(pending_block))
			pg_usleep(Min(throttle, MAX_THROTTLE) * 1000L);
		return grown;
	}
}

/* aminsert: always returns false (no uniqueness). */
bool
ivfkminsert(Relation relation, Datum *values, bool *isnull, ItemPointer heap_tid, Relation heap,
			IndexUniqueCheck check_unique, bool index_unchanged, IndexInfo *index_info)
{
	InsertState *state = index_info->ii_AmCache;
	MemoryContext old_context;

	if (state == NULL)
	{
		state = MemoryContextAlloc(index_info->ii_Context, sizeof(InsertState));
		state->row_context = AllocSetContextCreate(index_info->ii_Context, "ivfkm insert row",
												   ALLOCSET_DEFAULT_SIZES);
		index_info->ii_AmCache = state;
	}

	old_context = MemoryContextSwitchTo(state->row_context);
	if (insert_row(relation, values, isnull, heap_tid, index_unchanged))
		ivfkm_renewal_consider(relation, NULL);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(state->row_context);
	return false;
}
