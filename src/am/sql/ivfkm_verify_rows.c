/*-------------------------------------------------------------------------
 *
 * ivfkm_verify_rows.c
 *	  vdb_index_check(): compares an index with the rows of its table.
 *
 * NOTES
 *	  Every row that the snapshot sees must be where the walk of the index noted it, in each slot
 *	  with the code, the refine record and the attributes that making them anew gives.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_verify_rows.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "distance/dist.h"
#include "port/vdb_half.h"

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_rights.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_space.h"
#include "am/sql/ivfkm_verify.h"

/*
 * True if the refine record at "address" is that of the row.  The record is looked at before
 * anybody can give its slot to another row: the caller's snapshot sees the row.
 */
static bool
refine_record_is(IvfkmCheckState *check, const IvfkmChildData *list, const ItemPointerData *address,
				 const ItemPointerData *tid, const IvfkmCode *code)
{
	const IvfkmGeometry *geometry = &check->index.lists;
	Buffer buffer;
	IvfkmRefine record = page_refine_lock(check->index.relation, geometry, list->id,
										  list->generation, address, BUFFER_LOCK_SHARE, &buffer);
	bool same = ItemPointerEquals(&record->tid, (ItemPointer) tid) &&
				memcmp(&record->factors, &code->refine_factors, sizeof(QuantRefineFactors)) == 0 &&
				memcmp(record + 1, code->refine,
					   quant_refine_bytes(geometry->dims, geometry->refine_bits)) == 0;

	UnlockReleaseBuffer(buffer);
	return same;
}

/* Whether the code in a slot, read into "found_code", is a certain one. */
static bool
slot_holds(const IvfkmUnit *unit, int lane, const uint8 *found_code, const IvfkmCode *code)
{
	return unit->add[lane] == code->factors.add && unit->mul[lane] == code->factors.mul &&
		   memcmp(code->bits, found_code, code->bytes) == 0;
}

/*
 * The slot of a row must have its attributes, unless it is one whose attributes are not known.
 * Allocates in the current memory context.
 */
static void
check_attributes(IvfkmCheckState *check, const TidHashEntry *entry,
				 const IvfkmAttributes *attributes)
{
	bool is_null = entry->list == IVFKM_CHECK_NULL_LIST;
	const IvfkmGeometry *geometry = is_null ? &check->index.nulls : &check->index.lists;
	IvfkmChildData list;
	IvfkmUnit unit;
	IvfkmAttributes stored;

	if (geometry->nattributes == 0)
		return;
	page_meta_nulls(&check->index.meta, &list);
	if (!is_null)
		list = check->tree.lists[entry->list].child;
	ivfkm_check_copy_group(check, geometry, &list, entry->block);
	page_unit_get(check->pages[geometry->stripes - 1], geometry, entry->slot / QUANT_UNIT, &unit);
	page_slot_attributes(&unit, geometry, entry->slot % QUANT_UNIT, &stored);
	if (!stored.unknown && !page_attributes_equal(&stored, attributes, geometry->nattributes))
		page_corrupted(check->index.relation, entry->block,
					   "The attributes in slot %d are not those of row (%u,%u).", entry->slot,
					   ItemPointerGetBlockNumberNoCheck(&entry->tid),
					   ItemPointerGetOffsetNumberNoCheck(&entry->tid));
}

/* Raises the error that a row of the table is not in the index. */
static void
report_missing(const IvfkmCheckState *check, const ItemPointerData *tid)
{
	ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
					errmsg("index \"%s\" lacks row (%u,%u) of its table",
						   RelationGetRelationName(check->index.relation),
						   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid)),
					errhint("Please REINDEX it.")));
}

/* What a slot says of a row. */
typedef enum SlotState
{
	SLOT_HOLDS,	 /* the codes of the vector that was asked about */
	SLOT_FORCED, /* nothing: a renewal knew nothing of the row but its address; its only entry */
	SLOT_OTHER	 /* other codes */
} SlotState;

/*
 * The codes of a row that was mapped into index space, or of one of its vectors, in a list with
 * this centroid.  Allocates in the current memory context.
 */
static void
encode(const IvfkmCheckState *check, const IvfkmRow *row, const uint16 *stored, IvfkmCode *code)
{
	int dims = (int) check->index.meta.dimensions;
	float *centroid = palloc(sizeof(float) * dims);

	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(stored[i]);
	ivfkm_code_init(code, &check->index.lists);
	(void) ivfkm_row_encode(check->index.space, check->index.lists.refine_bits, row, centroid,
							code);
	pfree(centroid);
}

/*
 * Compares a slot with the codes of a row in its list, or with those of one of its vectors if it
 * has several entries (not "only").  Its refine record must be that of its code.  Changes *code.
 * Allocates in the current memory context.
 */
static SlotState
compare_slot(IvfkmCheckState *check, const TidHashEntry *entry, const IvfkmChildData *list,
			 bool only, const ItemPointerData *tid, IvfkmCode *code)
{
	Relation index = check->index.relation;
	uint8 *found_code = palloc(ivfkm_code_bytes(&check->index.lists));
	int lane = entry->slot % QUANT_UNIT;
	SlotState state = SLOT_HOLDS;
	IvfkmUnit unit;

	ivfkm_check_copy_group(check, &check->index.lists, list, entry->block);
	page_unit_get(check->pages[check->index.lists.stripes - 1], &check->index.lists,
				  entry->slot / QUANT_UNIT, &unit);
	page_slot_code(check->pages, &check->index.lists, entry->slot, found_code);
	if (!ItemPointerEquals(&unit.tid[lane], (ItemPointer) tid))
		page_corrupted(index, entry->block, "Slot %d is not that of row (%u,%u).", entry->slot,
					   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
	if (!slot_holds(&unit, lane, found_code, code))
	{
		if (!only)
			return SLOT_OTHER;
		/* a renewal may have known nothing of the row but its address */
		ivfkm_code_forced((int) check->index.meta.dimensions, check->index.meta.refine_bits, code);
		if (!slot_holds(&unit, lane, found_code, code))
			return SLOT_OTHER;
		state = SLOT_FORCED;
	}
	if (unit.refine != NULL && !refine_record_is(check, list, &unit.refine[lane], tid, code))
	{
		/* another vector of the row may differ in nothing but that */
		if (!only)
			return SLOT_OTHER;
		page_corrupted(index, entry->block,
					   "The refine record of slot %d is not that of row (%u,%u).", entry->slot,
					   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
	}
	return state;
}

/* Raises the error that a slot has a code that is not that of its row. */
static void
report_code(const IvfkmCheckState *check, const TidHashEntry *entry, const ItemPointerData *tid)
{
	page_corrupted(check->index.relation, entry->block,
				   "The code in slot %d is not that of row (%u,%u).", entry->slot,
				   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
}

/* The slot of a row must have its codes, or nothing but its address. */
static void
check_code(IvfkmCheckState *check, const TidHashEntry *entry, const ItemPointerData *tid,
		   const IvfkmRow *row)
{
	int dims = (int) check->index.meta.dimensions;
	uint16 *centroid = palloc(sizeof(uint16) * dims);
	IvfkmChildData list;
	IvfkmCode code;

	page_child_read(check->index.relation, dims, &check->tree.lists[entry->list].pointer, &list,
					centroid);
	encode(check, row, centroid, &code);
	if (compare_slot(check, entry, &list, true, tid, &code) == SLOT_OTHER)
		report_code(check, entry, tid);
}

/* An entry of a row must be in the list of NULLs if, and only if, the row has no value. */
static void
check_place(const IvfkmCheckState *check, const TidHashEntry *entry, const ItemPointerData *tid,
			bool has_value)
{
	if (has_value == (entry->list == IVFKM_CHECK_NULL_LIST))
		page_corrupted(check->index.relation, entry->block,
					   has_value ? "Row (%u,%u) is in the list of NULLs, but has a value."
								 : "Row (%u,%u) has no value, but is not in the list of NULLs.",
					   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
}

/* An entry of the row that is being checked. */
typedef struct RowEntry
{
	const TidHashEntry *at;
	uint32 hash; /* of its code */
	bool met;	 /* it is that of a vector */
} RowEntry;

/* A list with entries of that row. */
typedef struct RowList
{
	IvfkmChildData list;
	uint16 *centroid; /* binary16 */
	RowEntry *entries;
	int n;
	float distance; /* of the centroid to the vector that is being looked for */
	bool tried;		/* it does not have that vector */
} RowList;

/* The hash of the code in a slot. */
static uint32
slot_hash(IvfkmCheckState *check, const IvfkmChildData *list, const TidHashEntry *entry,
		  uint8 *code)
{
	ivfkm_check_copy_group(check, &check->index.lists, list, entry->block);
	page_slot_code(check->pages, &check->index.lists, entry->slot, code);
	return hash_bytes(code, ivfkm_code_bytes(&check->index.lists));
}

/*
 * The entries of a row, in the current memory context; *n: how many.  *lists: the lists they are
 * in, *nlists of them, without that of NULLs.
 */
static RowEntry *
row_entries(IvfkmCheckState *check, const TidHashEntry *first, int *n, RowList **lists, int *nlists)
{
	int dims = (int) check->index.meta.dimensions;
	uint8 *code = palloc(ivfkm_code_bytes(&check->index.lists));
	RowEntry *entries;
	RowList *list = NULL;

	*n = 0;
	for (int64 e = first->slot; e >= 0; e = check->entries[e].next)
		(*n)++;
	entries = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(RowEntry) * (Size) *n,
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	/* the walk went list by list, so those of a list follow each other */
	*lists = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(RowList) * (Size) *n,
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	*n = *nlists = 0;
	for (int64 e = first->slot; e >= 0; e = check->entries[e].next)
	{
		RowEntry *entry = &entries[(*n)++];

		CHECK_FOR_INTERRUPTS();
		entry->at = &check->entries[e].at;
		if (entry->at->list == IVFKM_CHECK_NULL_LIST)
			continue;
		if (list == NULL || list->entries->at->list != entry->at->list)
		{
			list = &(*lists)[(*nlists)++];
			list->entries = entry;
			list->centroid = palloc(sizeof(uint16) * dims);
			page_child_read(check->index.relation, dims,
							&check->tree.lists[entry->at->list].pointer, &list->list,
							list->centroid);
		}
		list->n++;
		entry->hash = slot_hash(check, &list->list, entry->at, code);
	}
	return entries;
}

/*
 * Finds the entry of a vector, which was mapped into index space, in one list with entries of its
 * row, "only" if that has no other entry.  False if there is none.  *forced: it may be one of which
 * nothing is known.
 */
static bool
find_entry_in(IvfkmCheckState *check, RowList *list, bool only, const ItemPointerData *tid,
			  const IvfkmRow *row, bool *forced)
{
	MemoryContext old_context = MemoryContextSwitchTo(check->vector_context);
	SlotState state = SLOT_OTHER;
	IvfkmCode code;
	uint32 hash;

	encode(check, row, list->centroid, &code);
	hash = hash_bytes(code.bits, code.bytes);
	for (int e = 0; e < list->n && state == SLOT_OTHER; e++)
	{
		RowEntry *entry = &list->entries[e];

		if (entry->met || (entry->hash != hash && !only))
			continue;
		CHECK_FOR_INTERRUPTS();
		state = compare_slot(check, entry->at, &list->list, only, tid, &code);
		entry->met = state != SLOT_OTHER;
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(check->vector_context);
	*forced = state == SLOT_FORCED;
	return state != SLOT_OTHER;
}

/*
 * Finds the entry of a vector as find_entry_in() does, among all lists with entries of its row:
 * likely in that with the nearest centroid.
 */
static bool
find_entry(IvfkmCheckState *check, RowList *lists, int nlists, bool only,
		   const ItemPointerData *tid, const IvfkmRow *row, bool *forced)
{
	Size dims = check->index.meta.dimensions;

	for (int i = 0; i < nlists; i++)
	{
		lists[i].tried = false;
		lists[i].distance = vdb_dist->l2sq_f16(row->x, lists[i].centroid, dims);
	}
	for (;;)
	{
		RowList *nearest = NULL;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < nlists; i++)
		{
			if (!lists[i].tried && (nearest == NULL || lists[i].distance < nearest->distance))
				nearest = &lists[i];
		}
		if (nearest == NULL)
			return false;
		nearest->tried = true;
		if (find_entry_in(check, nearest, only, tid, row, forced))
			return true;
	}
}

/*
 * The entries of a row with an array: one for each vector, or one of which nothing is known, or one
 * in the list of NULLs.
 */
static void
check_vectors(IvfkmCheckState *check, const TidHashEntry *first, const ItemPointerData *tid,
			  const IvfkmValue *value, IvfkmRow *row)
{
	int n;
	int nlists;
	RowList *lists;
	RowEntry *entries = row_entries(check, first, &n, &lists, &nlists);
	bool forced = false;

	for (int e = 0; e < n; e++)
	{
		check_place(check, entries[e].at, tid, value->count > 0);
		check_attributes(check, entries[e].at, &row->attributes);
	}
	for (int i = 0; i < value->count && !forced; i++)
	{
		ivfkm_row_take(&check->index, value, i, row);
		ivfkm_row_map(check->index.space, row);
		if (!find_entry(check, lists, nlists, n == 1, tid, row, &forced))
			report_missing(check, tid);
	}
	if (value->count == 0)
		entries[0].met = true;
	for (int e = 0; e < n; e++)
	{
		if (!entries[e].met)
			page_corrupted(check->index.relation, entries[e].at->block,
						   "Slot %d is not that of a vector of row (%u,%u).", entries[e].at->slot,
						   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
	}
}

/* Callback of the table scan: a visible row must be in the index with the right codes. */
static void
check_row(Relation index, ItemPointer tid, Datum *values, bool *isnull, bool tuple_is_alive,
		  void *arg)
{
	IvfkmCheckState *check = arg;
	MemoryContext old_context;
	TidHashEntry *entry;
	IvfkmValue value;
	IvfkmRow row;

	CHECK_FOR_INTERRUPTS();
	entry = tidhash_lookup(check->rows, *tid);
	if (entry == NULL)
		report_missing(check, tid);
	old_context = MemoryContextSwitchTo(check->row_context);
	row.x = palloc(sizeof(float) * check->index.meta.dimensions);
	if (check->index.ops->array == NULL)
		check_place(check, entry, tid, ivfkm_row_has_value(&check->index, isnull));
	(void) ivfkm_row_open(&check->index, values, isnull, &value);
	ivfkm_columns_read(&check->index.columns, values, isnull, &row.attributes);
	if (check->index.ops->array != NULL)
		check_vectors(check, entry, tid, &value, &row);
	else
	{
		check_attributes(check, entry, &row.attributes);
		if (value.count > 0)
		{
			ivfkm_row_take(&check->index, &value, 0, &row);
			ivfkm_row_map(check->index.space, &row);
			check_code(check, entry, tid, &row);
		}
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(check->row_context);
}

/*
 * Compares the index with the rows of its table that the snapshot sees.  The expression and the
 * predicate of the index are run as the table's owner.
 */
void
ivfkm_verify_rows(IvfkmCheckState *check, Relation heap, Snapshot snapshot)
{
	IvfkmOwnerRights rights;
	IndexInfo *index_info;
	TableScanDesc scan;

	ivfkm_owner_begin(&rights, heap);
	index_info = ivfkm_index_info(check->index.relation);
	index_info->ii_Concurrent = true; /* look with the scan's snapshot */
	index_info->ii_Unique = false;
	scan = table_beginscan_strat(heap, snapshot, 0, NULL, true, true);
	table_index_build_scan(heap, check->index.relation, index_info, true, false, check_row, check,
						   scan);
	ivfkm_owner_end(&rights);
}
