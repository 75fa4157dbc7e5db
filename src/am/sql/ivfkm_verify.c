/*-------------------------------------------------------------------------
 *
 * ivfkm_verify.c
 *	  vdb_index_check(): verifies every invariant of an index.
 *
 * NOTES
 *	  First the seals of all pages.  Then the pages: the metapage, the mean, the nodes, the
 *	  centroids and all lists with their refine pages are walked, each block must be reached exactly
 *	  once, and each group is checked byte by byte.  Then the table: every row visible to a snapshot
 *	  taken before the walk must be in the index, with the code that encoding it anew gives.  Runs
 *	  in AccessShareLock beside writers; each group is copied under its lock and checked without.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_verify.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "distance/dist.h"
#include "port/vdb_half.h"

#include "page/page_point.h"

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_rights.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_all_lists.h"
#include "am/index/ivfkm_space.h"
#include "am/index/ivfkm_summary.h"
#include "am/index/ivfkm_tidhash.h"
#include "am/sql/ivfkm_utils.h"

PG_FUNCTION_INFO_V1(vdb_index_check);

#define NULL_LIST PG_INT32_MAX /* number of the list of NULLs */

/* An entry of an index on arrays. */
typedef struct CheckEntry
{
	TidHashEntry at;
	int64 next; /* of the same row, or -1 */
} CheckEntry;

typedef struct CheckState
{
	IvfkmIndex index;	  /* its index space is made from its pages */
	IvfkmFreeData *free;  /* before the walk */
	IvfkmRanges *pending; /* pages of the pending list, then */
	uint8 *retired;		  /* one byte per block of the chain of retired blocks, and on it, then */
	BlockNumber nretired;
	uint8 *visited; /* one byte per block */
	BlockNumber nvisited;
	IvfkmWholeTree tree;
	IvfkmSummaryData summary; /* of the rows of the list being checked */
	tidhash_hash *rows;		  /* where each is; of one with several entries, the first of them */
	CheckEntry *entries;	  /* of an index on arrays: the entries, those of a row chained */
	int64 nentries;
	int64 entries_size;
	tidhash_hash *records; /* refine records of the list being checked: which slot has them */
	BlockNumber heap_blocks;
	int64 nrows;
	bool far_found; /* the list of far rows is a child of a node */
	MemoryContext row_context;
	MemoryContext vector_context; /* of one comparison of a vector */
	Page pages[IVFKM_MAX_STRIPES];
} CheckState;

/* Notes that a block was reached; twice is damage. */
static void
visit(CheckState *check, BlockNumber block, BlockNumber from)
{
	if (block >= check->nvisited)
	{
		BlockNumber nblocks = RelationGetNumberOfBlocks(check->index.relation);

		/* the index grows while it is checked */
		if (block >= nblocks)
			page_corrupted(check->index.relation, from,
						   "It leads to block %u, but the file has %u.", block, nblocks);
		check->visited = repalloc_huge(check->visited, nblocks);
		memset(check->visited + check->nvisited, 0, nblocks - check->nvisited);
		check->nvisited = nblocks;
	}
	if (check->visited[block])
		page_corrupted(check->index.relation, block,
					   "It is reached twice, the second time from block %u.", from);
	check->visited[block] = 1;
}

/* Notes that a page that is not changed after the build was reached, and checks what frames it. */
static void
visit_framed(CheckState *check, BlockNumber block, BlockNumber from, IvfkmPageKind kind,
			 uint32 owner, uint32 generation)
{
	Buffer buffer;

	visit(check, block, from);
	buffer = page_read(check->index.relation, block, BUFFER_LOCK_SHARE);
	page_check_owner(check->index.relation, buffer, kind, owner, generation);
	page_verify_frame(check->index.relation, block, BufferGetPage(buffer));
	UnlockReleaseBuffer(buffer);
}

/* Copies a group of the owner. */
static void
copy_group(CheckState *check, const IvfkmGeometry *geometry, const IvfkmChildData *owner,
		   BlockNumber block)
{
	page_group_copy(check->index.relation, geometry, owner->id, owner->generation, block,
					check->pages);
}

/*
 * True when an entry is still where it was found: VACUUM may have removed it and a new row
 * with the same address may have been inserted elsewhere.
 */
static bool
still_there(CheckState *check, const TidHashEntry *entry)
{
	const IvfkmGeometry *geometry =
		entry->list == NULL_LIST ? &check->index.nulls : &check->index.lists;
	Buffer buffer =
		page_read(check->index.relation, entry->block + geometry->stripes - 1, BUFFER_LOCK_SHARE);
	IvfkmUnit unit;
	bool same;

	page_check(check->index.relation, buffer, geometry->kind);
	page_unit_get(BufferGetPage(buffer), geometry, entry->slot / QUANT_UNIT, &unit);
	same = page_slot_used(BufferGetPage(buffer), geometry, entry->slot) &&
		   ItemPointerEquals(&unit.tid[entry->slot % QUANT_UNIT], (ItemPointer) &entry->tid);
	UnlockReleaseBuffer(buffer);
	return same;
}

/*
 * Notes one of several entries of a row, whose first one, if it was found before, is entry->slot of
 * "entries".
 */
static void
note_entry(CheckState *check, TidHashEntry *entry, bool found, BlockNumber block, int slot,
		   int number)
{
	CheckEntry *noted;

	if (check->nentries >= PG_INT32_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("index \"%s\" has too many entries to be checked",
							   RelationGetRelationName(check->index.relation))));
	if (check->nentries == check->entries_size)
	{
		check->entries_size = Max(1024, check->entries_size * 2);
		check->entries =
			check->entries == NULL
				? MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(CheckEntry) * check->entries_size)
				: repalloc_huge(check->entries, sizeof(CheckEntry) * check->entries_size);
	}
	noted = &check->entries[check->nentries];
	noted->at = *entry;
	noted->at.block = block;
	noted->at.slot = slot;
	noted->at.list = number;
	noted->next = found ? entry->slot : -1;
	entry->slot = (int32) check->nentries++;
}

/* Adds the rows of a group of list "number", which was copied, to the table of rows. */
static void
note_rows(CheckState *check, const IvfkmGeometry *geometry, BlockNumber block, int number)
{
	Page last_page = check->pages[geometry->stripes - 1];

	for (int slot = 0; slot < geometry->slots; slot++)
	{
		IvfkmUnit unit;
		TidHashEntry *entry;
		bool found;

		if (!page_slot_used(last_page, geometry, slot))
			continue;
		page_unit_get(last_page, geometry, slot / QUANT_UNIT, &unit);
		page_check_row(check->index.relation, block, slot, &unit.tid[slot % QUANT_UNIT],
					   &check->heap_blocks);
		entry = tidhash_insert(check->rows, unit.tid[slot % QUANT_UNIT], &found);
		if (check->index.ops->array != NULL)
			note_entry(check, entry, found, block, slot, number);
		else
		{
			if (found && still_there(check, entry))
				page_corrupted(check->index.relation, block, "Row (%u,%u) is also in block %u.",
							   ItemPointerGetBlockNumberNoCheck(&entry->tid),
							   ItemPointerGetOffsetNumberNoCheck(&entry->tid), entry->block);
			entry->block = block;
			entry->slot = slot;
			entry->list = number;
		}
		check->nrows++;
		if (geometry->nattributes > 0)
		{
			IvfkmAttributes attributes;

			page_slot_attributes(&unit, geometry, slot % QUANT_UNIT, &attributes);
			ivfkm_summary_add(&check->index.columns, &check->summary, &attributes);
		}
	}
}

/* Notes the refine records of a group of a list, which was copied: no two slots have the same. */
static void
note_records(CheckState *check, BlockNumber block)
{
	const IvfkmGeometry *geometry = &check->index.lists;
	Page last_page = check->pages[geometry->stripes - 1];

	for (int slot = 0; slot < geometry->slots; slot++)
	{
		IvfkmUnit unit;
		const ItemPointerData *record;
		TidHashEntry *entry;
		bool found;

		page_unit_get(last_page, geometry, slot / QUANT_UNIT, &unit);
		record = &unit.refine[slot % QUANT_UNIT];
		if (!ItemPointerIsValid(record))
			continue;
		entry = tidhash_insert(check->records, *record, &found);
		if (found)
			page_corrupted(check->index.relation, block,
						   "Slot %d has refine record (%u,%u), as has slot %d of block %u.", slot,
						   ItemPointerGetBlockNumberNoCheck(record),
						   ItemPointerGetOffsetNumberNoCheck(record), entry->slot, entry->block);
		entry->block = block;
		entry->slot = slot;
		entry->list = 0; /* not met yet on a refine page */
	}
}

/*
 * Walks the refine pages of a list, from the last one back to the first.  The records that its
 * slots have, noted before, must all be there.
 */
static void
check_refine_pages(CheckState *check, const IvfkmChildData *list)
{
	const IvfkmGeometry *geometry = &check->index.lists;
	BlockNumber from = list->first_block;
	BlockNumber block;
	Page page = check->pages[0];
	uint32 nmet = 0;

	/* inserts may have added refine pages since the head group was copied */
	copy_group(check, geometry, list, list->first_block);
	block = page_list_refine_block(check->pages[geometry->stripes - 1]);
	while (BlockNumberIsValid(block))
	{
		Buffer buffer;

		CHECK_FOR_INTERRUPTS();
		visit(check, block, from);
		buffer = page_read(check->index.relation, block, BUFFER_LOCK_SHARE);
		page_check_refine(check->index.relation, buffer, geometry, list->id, list->generation);
		memcpy(page, BufferGetPage(buffer), BLCKSZ);
		UnlockReleaseBuffer(buffer);

		page_verify_refine(check->index.relation, geometry, list, block, page);
		for (int i = 0; i < page_refine_count(page); i++)
		{
			ItemPointerData address;
			TidHashEntry *entry;

			ItemPointerSet(&address, block, (OffsetNumber) (i + 1));
			entry = tidhash_lookup(check->records, address);
			if (entry != NULL)
			{
				entry->list = 1;
				nmet++;
			}
		}
		from = block;
		block = page_refine_previous(page);
	}
	if (nmet != check->records->members)
	{
		tidhash_iterator iterator;
		TidHashEntry *entry;

		tidhash_start_iterate(check->records, &iterator);
		while ((entry = tidhash_iterate(check->records, &iterator)) != NULL)
		{
			if (entry->list == 0)
				page_corrupted(check->index.relation, entry->block,
							   "Slot %d has refine record (%u,%u), which is none of list %u.",
							   entry->slot, ItemPointerGetBlockNumberNoCheck(&entry->tid),
							   ItemPointerGetOffsetNumberNoCheck(&entry->tid), list->id);
		}
	}
	tidhash_reset(check->records);
}

/*
 * Walks the chain of a node or list.  "number" is what rows remember as their list.  A hint
 * must lead to a group of the same chain.
 */
static void
check_chain(CheckState *check, const IvfkmGeometry *geometry, const IvfkmChildData *owner,
			int number)
{
	int last = geometry->stripes - 1;
	BlockNumber block = owner->first_block;
	BlockNumber from = IVFKM_META_BLOCK;
	BlockNumber hint = InvalidBlockNumber;
	BlockNumber refine_block = InvalidBlockNumber;
	BlockNumber extent_end = owner->first_block + owner->nblocks;
	bool hint_seen = false;

	while (BlockNumberIsValid(block))
	{
		BlockNumber next;

		CHECK_FOR_INTERRUPTS();
		for (int stripe = 0; stripe <= last; stripe++)
			visit(check, block + stripe, from);
		copy_group(check, geometry, owner, block);
		page_verify_group(check->index.relation, geometry, owner, block, check->pages);
		if (block == owner->first_block)
		{
			hint = page_list_insert_block(check->pages[last]);
			refine_block = page_list_refine_block(check->pages[last]);
		}
		if (hint == block)
			hint_seen = true;
		if (!geometry->node)
			note_rows(check, geometry, block, number);
		if (geometry->refine_bits > 0)
			note_records(check, block);
		next = page_group_next(check->pages[last]);
		if (block >= owner->first_block && block + geometry->stripes < extent_end &&
			next != block + geometry->stripes)
			page_corrupted(check->index.relation, block + last,
						   "The extent of list %u is not contiguous.", owner->id);
		from = block;
		block = next;
	}
	if (BlockNumberIsValid(hint) && !hint_seen)
		page_corrupted(check->index.relation, owner->first_block,
					   "Its insert position, block %u, is not in the list.", hint);
	if (geometry->refine_bits > 0)
		check_refine_pages(check, owner);
	else if (BlockNumberIsValid(refine_block))
		page_corrupted(check->index.relation, owner->first_block,
					   "It has a refine page at block %u.", refine_block);
}

/*
 * True if the refine record at "address" is that of the row.  The record is looked at before
 * anybody can give its slot to another row: the caller's snapshot sees the row.
 */
static bool
refine_record_is(CheckState *check, const IvfkmChildData *list, const ItemPointerData *address,
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

/* Reads a centroid as floats, and its record. */
static void
read_centroid(CheckState *check, const ItemPointerData *pointer, IvfkmChildData *child,
			  float *centroid)
{
	int dims = check->index.nodes.dims;
	uint16 *stored = palloc(sizeof(uint16) * dims);

	page_child_read(check->index.relation, dims, pointer, child, stored);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(stored[i]);
	pfree(stored);
}

/* Notes that the pages of a record of a node's child were reached; they hold several records. */
static void
visit_record(CheckState *check, const IvfkmChildData *node, const ItemPointerData *pointer,
			 BlockNumber from)
{
	int dims = check->index.nodes.dims;
	int stripes = page_child_per_page(dims) > 0 ? 1 : page_child_stripes(dims);

	if (ItemPointerGetOffsetNumberNoCheck(pointer) != FirstOffsetNumber)
		return;
	for (int stripe = 0; stripe < stripes; stripe++)
		visit_framed(check, ItemPointerGetBlockNumberNoCheck(pointer) + stripe, from,
					 IVFKM_PAGE_CENTROID, node->id, node->generation);
}

/*
 * One slot of the group of a node that was copied: its code, norm and radius must be those of the
 * child, and the record's norm that of its centroid.  *child receives the record, "centroid" the
 * centroid.
 */
static void
check_child(CheckState *check, BlockNumber block, int slot, const float *node_centroid,
			ItemPointerData *pointer, IvfkmChildData *child, float *centroid)
{
	const IvfkmGeometry *geometry = &check->index.nodes;
	int dims = geometry->dims;
	int lane = slot % QUANT_UNIT;
	uint8 *code = palloc(quant_code_bytes(dims));
	uint8 *found_code = palloc(quant_code_bytes(dims));
	QuantFactors factors;
	IvfkmUnit unit;
	double norm2 = 0.0;

	page_unit_get(check->pages[geometry->stripes - 1], geometry, slot / QUANT_UNIT, &unit);
	*pointer = unit.tid[lane];
	read_centroid(check, pointer, child, centroid);
	for (int i = 0; i < dims; i++)
		norm2 += (double) centroid[i] * centroid[i];
	if (child->norm2 != (float) norm2)
		page_corrupted(check->index.relation, ItemPointerGetBlockNumberNoCheck(pointer),
					   "The norm of centroid %u is wrong.",
					   ItemPointerGetOffsetNumberNoCheck(pointer));
	if (child->level == 0 && child->radius != 0.0f && check->index.meta.metric != IVFKM_METRIC_IP &&
		check->index.meta.descents[IVFKM_DESCENT_SEARCH].list_lean == 0.0f)
		page_corrupted(check->index.relation, ItemPointerGetBlockNumberNoCheck(pointer),
					   "Centroid %u of a list has a radius.",
					   ItemPointerGetOffsetNumberNoCheck(pointer));
	(void) quant_encode(QUANT_L2, dims, centroid, node_centroid, NULL, code, &factors);
	page_slot_code(check->pages, geometry, slot, found_code);
	if (unit.add[lane] != factors.add || unit.mul[lane] != factors.mul ||
		unit.norm2[lane] != page_half_up(child->norm2) ||
		unit.radius[lane] != page_half_up(child->radius) ||
		memcmp(code, found_code, quant_code_bytes(dims)) != 0)
		page_corrupted(check->index.relation, block, "The code in slot %d is not its centroid's.",
					   slot);
	pfree(code);
	pfree(found_code);
}

/* A node above the one that is being checked. */
typedef struct CheckNode
{
	const struct CheckNode *parent; /* NULL: the root's child */
	const ItemPointerData *pointer;
	const IvfkmChildData *record;
	const float *centroid;
} CheckNode;

/* A list must lie within the radius of every node above it. */
static void
check_radii(CheckState *check, const CheckNode *node, const float *centroid)
{
	for (; node != NULL; node = node->parent)
	{
		if (ivfkm_space_distance(centroid, node->centroid, check->index.nodes.dims) >
			node->record->radius)
			page_corrupted(check->index.relation, ItemPointerGetBlockNumberNoCheck(node->pointer),
						   "A list lies outside the radius of centroid %u.",
						   ItemPointerGetOffsetNumberNoCheck(node->pointer));
	}
}

/* Checks the pages with the summaries of a node of nlists lists, but not what they say of rows. */
static void
check_summaries(CheckState *check, const IvfkmChildData *node, uint32 nlists)
{
	IvfkmSummaries summaries;

	page_summary_of(&summaries, &check->index.nodes, check->index.meta.nattributes, node);
	for (BlockNumber i = 0; i < summaries.npages; i++)
	{
		visit(check, summaries.first + i, node->first_block);
		page_summary_verify(check->index.relation, &summaries, summaries.first + i, nlists);
	}
}

/*
 * The rows of list "number", which was walked, must be within its summary.  That is read after the
 * rows, as inserts widen it before they write a row.  Searches do not look at that of the list of
 * far rows, which may have become that meanwhile.
 */
static void
check_summary(CheckState *check, int number)
{
	const IvfkmChildData *node = &check->tree.nodes[check->tree.parents[number]].child;
	const IvfkmProbe *list = &check->tree.lists[number];
	IvfkmMetaPageData meta;
	IvfkmSummaries summaries;
	IvfkmSummaryData stored;
	uint32 ordinal;

	if (!ivfkm_summary_find(&check->index.nodes, check->index.meta.nattributes, node,
							&list->pointer, &summaries, &ordinal))
		page_corrupted(check->index.relation, ItemPointerGetBlockNumberNoCheck(&list->pointer),
					   "It is not where records below node %u are.", node->id);
	page_summary_read(check->index.relation, &summaries, ordinal, &stored);
	if (ivfkm_summary_holds(&check->index.columns, &stored, &check->summary))
		return;
	page_meta_read(check->index.relation, &meta);
	if (list->child.id != check->index.meta.far_id && list->child.id != meta.far_id)
		page_corrupted(check->index.relation, summaries.first,
					   "Rows of list %u are not within its summary, that of child %u.",
					   list->child.id, ordinal);
}

/* Walks a node and all nodes below it, but not the lists; node is NULL for the root. */
static void
check_node(CheckState *check, const IvfkmChildData *record, const CheckNode *node)
{
	const IvfkmGeometry *geometry = &check->index.nodes;
	int dims = geometry->dims;
	int last = geometry->stripes - 1;
	BlockNumber block = record->first_block;
	float *origin = palloc0(sizeof(float) * dims);
	const float *node_centroid = node != NULL ? node->centroid : origin;
	float *centroid = palloc(sizeof(float) * dims);
	ItemPointerData *nodes = NULL; /* children that are nodes */
	int nnodes = 0;
	uint32 nchildren = 0;

	check_stack_depth();
	check_chain(check, geometry, record, -1);
	while (BlockNumberIsValid(block))
	{
		BlockNumber next;
		Size bytes = sizeof(ItemPointerData) * (nnodes + geometry->slots);

		CHECK_FOR_INTERRUPTS();
		nodes = nodes == NULL ? palloc(bytes) : repalloc_huge(nodes, bytes);
		copy_group(check, geometry, record, block);
		next = page_group_next(check->pages[last]);
		for (int slot = 0; slot < geometry->slots; slot++)
		{
			ItemPointerData pointer;
			IvfkmChildData child;

			if (!page_slot_used(check->pages[last], geometry, slot))
				continue;
			check_child(check, block, slot, node_centroid, &pointer, &child, centroid);
			if (child.level != record->level - 1)
				page_corrupted(check->index.relation, ItemPointerGetBlockNumberNoCheck(&pointer),
							   "A child's level is %u instead of %u.", child.level,
							   record->level - 1);
			visit_record(check, record, &pointer, block);
			nchildren++;
			if (child.id == check->index.meta.far_id &&
				ItemPointerEquals(&pointer, &check->index.meta.far_record))
				check->far_found = true;
			if (child.level > 0)
				nodes[nnodes++] = pointer;
			else
				check_radii(check, node, centroid);
		}
		block = next;
	}
	check_summaries(check, record, nchildren);
	for (int i = 0; i < nnodes; i++)
	{
		IvfkmChildData child;
		CheckNode below = {node, &nodes[i], &child, centroid};

		read_centroid(check, &nodes[i], &child, centroid);
		check_node(check, &child, &below);
	}
	if (nodes != NULL)
		pfree(nodes);
	pfree(origin);
	pfree(centroid);
}

/* Every page in use must have its seal. */
static void
check_seals(CheckState *check)
{
	for (BlockNumber block = 0; block < check->index.meta.used_blocks; block++)
	{
		Buffer buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = page_read(check->index.relation, block, BUFFER_LOCK_SHARE);
		/* a renewal reserves blocks before it writes them */
		if (!PageIsNew(BufferGetPage(buffer)) ||
			(block >= check->index.meta.tree_first && block < check->index.meta.tree_end))
		{
			(void) page_check_any(check->index.relation, buffer);
			page_seal_check(check->index.relation, block, BufferGetPage(buffer));
		}
		UnlockReleaseBuffer(buffer);
	}
}

/* Notes a page of the chain of retired blocks, or the blocks of a range: an IvfkmRetiredVisit. */
static void
note_retired(void *arg, BlockNumber block, BlockNumber from, bool chain, const IvfkmRange *range)
{
	CheckState *check = arg;
	IvfkmRange own = {block, block + 1};

	if (chain)
		range = &own;
	if (range->first == IVFKM_META_BLOCK || range->first >= range->end ||
		range->end > RelationGetNumberOfBlocks(check->index.relation))
		page_corrupted(check->index.relation, block, "It says that blocks %u to %u are retired.",
					   range->first, range->end - 1);
	for (BlockNumber i = range->first; i < range->end && i < check->nretired; i++)
	{
		if (check->retired[i])
			page_corrupted(check->index.relation, block,
						   "It says that block %u is retired, for the second time.", i);
		check->retired[i] = 1;
	}
}

/*
 * Every block below used_blocks was reached, or is free, retired, in the making or of the pending
 * list, but for those that the metapage calls lost.  used_before: used_blocks before the walk.
 * Nothing that was reached can have become free: the check has a snapshot.
 */
static void
check_blocks(CheckState *check, BlockNumber used_before)
{
	Relation index = check->index.relation;
	IvfkmMetaPageData meta;
	IvfkmFreeData *after = palloc(sizeof(IvfkmFreeData));
	BlockNumber first_lost = InvalidBlockNumber;
	BlockNumber nlost = 0;
	bool same;

	page_free_read(index, after);
	/* the check goes on with the tree that it has walked, so this is a copy of its own */
	page_meta_read(index, &meta);
	same = meta.tree_version == check->index.meta.tree_version;
	for (BlockNumber block = 0; block < check->nvisited; block++)
	{
		if (check->visited[block])
		{
			if (block >= meta.used_blocks)
				page_corrupted(index, block, "It is reached, but only %u blocks are in use.",
							   meta.used_blocks);
			if (page_ranges_contain(&after->free, block) ||
				(same && (page_ranges_contain(&after->retired, block) ||
						  page_ranges_contain(&after->building, block) ||
						  (block < check->nretired && check->retired[block]))))
				page_corrupted(index, block, "It is reached, but the metapage says it is free.");
		}
		else if (same && block < used_before && !page_ranges_contain(&check->free->free, block) &&
				 !page_ranges_contain(&check->free->retired, block) &&
				 !page_ranges_contain(&check->free->building, block) &&
				 !page_ranges_contain(check->pending, block) &&
				 !(block < check->nretired && check->retired[block]))
		{
			if (nlost++ == 0)
				first_lost = block;
		}
	}
	if (nlost > check->free->lost && nlost > after->lost)
		page_corrupted(index, first_lost, "It is in use, but nothing leads to it.");
	pfree(after);
}

/* Walks the whole index. */
static void
check_pages(CheckState *check)
{
	Relation index = check->index.relation;
	IvfkmMetaPageData *meta = &check->index.meta;
	int dims = (int) meta->dimensions;
	BlockNumber used_before = meta->used_blocks;
	IvfkmChildData root;
	IvfkmChildData nulls;

	check_seals(check);

	/* in this order: a page that leaves one of them goes to what is looked at later */
	check->nretired = RelationGetNumberOfBlocks(index);
	check->retired = MemoryContextAllocExtended(CurrentMemoryContext, check->nretired,
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	page_retired_walk(index, note_retired, check);
	check->free = palloc(sizeof(IvfkmFreeData));
	check->pending = palloc0(sizeof(IvfkmRanges));
	page_pending_ranges(index, check->free, check->pending);

	visit_framed(check, IVFKM_META_BLOCK, IVFKM_META_BLOCK, IVFKM_PAGE_META, 0, 0);
	for (int i = 0; i < page_mean_pages(dims); i++)
		visit_framed(check, meta->mean_block + i, IVFKM_META_BLOCK, IVFKM_PAGE_MEAN,
					 meta->tree_first_id, meta->root_generation);

	page_meta_root(meta, &root);
	check_node(check, &root, NULL);
	if (meta->far_id != 0 && !check->far_found)
		page_corrupted(index, IVFKM_META_BLOCK,
					   "It says that list %u, which there is not, has far rows.", meta->far_id);

	ivfkm_collect_tree(index, meta, &check->tree);
	if ((uint32) check->tree.nlists != meta->nlists)
		page_corrupted(index, IVFKM_META_BLOCK, "It says %u lists, but there are %d.", meta->nlists,
					   check->tree.nlists);
	for (int i = 0; i < check->tree.nlists; i++)
	{
		memset(&check->summary, 0, sizeof(check->summary));
		check_chain(check, &check->index.lists, &check->tree.lists[i].child, i);
		if (meta->nattributes > 0)
			check_summary(check, i);
	}
	page_meta_nulls(meta, &nulls);
	check_chain(check, &check->index.nulls, &nulls, NULL_LIST);
	page_point("check-walked");
	check_blocks(check, used_before);
}

/* Whether the code in a slot, read into "found_code", is a certain one. */
static bool
slot_holds(const IvfkmUnit *unit, int lane, const uint8 *found_code, const IvfkmCode *code,
		   int dims)
{
	return unit->add[lane] == code->factors.add && unit->mul[lane] == code->factors.mul &&
		   memcmp(code->bits, found_code, quant_code_bytes(dims)) == 0;
}

/*
 * The slot of a row must have its attributes, unless it is one whose attributes are not known.
 * Allocates in the current memory context.
 */
static void
check_attributes(CheckState *check, const TidHashEntry *entry, const IvfkmAttributes *attributes)
{
	bool is_null = entry->list == NULL_LIST;
	const IvfkmGeometry *geometry = is_null ? &check->index.nulls : &check->index.lists;
	IvfkmChildData list;
	IvfkmUnit unit;
	IvfkmAttributes stored;

	if (geometry->nattributes == 0)
		return;
	page_meta_nulls(&check->index.meta, &list);
	if (!is_null)
		list = check->tree.lists[entry->list].child;
	copy_group(check, geometry, &list, entry->block);
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
report_missing(const CheckState *check, const ItemPointerData *tid)
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
	SLOT_FORCED, /* nothing: a renewal knew nothing of the row but its address */
	SLOT_OTHER	 /* other codes */
} SlotState;

/*
 * Compares a slot with a row that was mapped into index space.  Its refine record must be that of
 * its code.  Allocates in the current memory context.
 */
static SlotState
compare_slot(CheckState *check, const TidHashEntry *entry, const ItemPointerData *tid,
			 const IvfkmRow *row)
{
	Relation index = check->index.relation;
	int dims = (int) check->index.meta.dimensions;
	const IvfkmProbe *list = &check->tree.lists[entry->list];
	float *centroid = palloc(sizeof(float) * dims);
	uint16 *stored = palloc(sizeof(uint16) * dims);
	uint8 *found_code = palloc(quant_code_bytes(dims));
	int lane = entry->slot % QUANT_UNIT;
	SlotState state = SLOT_HOLDS;
	IvfkmChildData child;
	IvfkmCode code;
	IvfkmUnit unit;

	ivfkm_code_init(&code, dims, check->index.meta.refine_bits);
	page_child_read(index, dims, &list->pointer, &child, stored);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(stored[i]);
	(void) ivfkm_row_encode(check->index.space, check->index.lists.refine_bits, row, centroid,
							&code);

	copy_group(check, &check->index.lists, &child, entry->block);
	page_unit_get(check->pages[check->index.lists.stripes - 1], &check->index.lists,
				  entry->slot / QUANT_UNIT, &unit);
	page_slot_code(check->pages, &check->index.lists, entry->slot, found_code);
	if (!ItemPointerEquals(&unit.tid[lane], (ItemPointer) tid))
		page_corrupted(index, entry->block, "Slot %d is not that of row (%u,%u).", entry->slot,
					   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
	if (!slot_holds(&unit, lane, found_code, &code, dims))
	{
		/* a renewal may have known nothing of the row but its address */
		ivfkm_code_forced(dims, check->index.meta.refine_bits, &code);
		if (!slot_holds(&unit, lane, found_code, &code, dims))
			return SLOT_OTHER;
		state = SLOT_FORCED;
	}
	if (unit.refine != NULL && !refine_record_is(check, &child, &unit.refine[lane], tid, &code))
		page_corrupted(index, entry->block,
					   "The refine record of slot %d is not that of row (%u,%u).", entry->slot,
					   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
	return state;
}

/* Raises the error that a slot has a code that is not that of its row. */
static void
report_code(const CheckState *check, const TidHashEntry *entry, const ItemPointerData *tid)
{
	page_corrupted(check->index.relation, entry->block,
				   "The code in slot %d is not that of row (%u,%u).", entry->slot,
				   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
}

/* An entry of a row must be in the list of NULLs if, and only if, the row has no value. */
static void
check_place(const CheckState *check, const TidHashEntry *entry, const ItemPointerData *tid,
			bool has_value)
{
	if (has_value == (entry->list == NULL_LIST))
		page_corrupted(check->index.relation, entry->block,
					   has_value ? "Row (%u,%u) is in the list of NULLs, but has a value."
								 : "Row (%u,%u) has no value, but is not in the list of NULLs.",
					   ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
}

/* An entry of the row that is being checked. */
typedef struct RowEntry
{
	const TidHashEntry *at;
	uint16 *centroid; /* of its list, binary16 */
	float distance;	  /* of the centroid to the vector that is being looked for */
	bool met;		  /* it is that of a vector */
	bool tried;		  /* it is not that of the current one */
} RowEntry;

/* The entries of a row, in the current memory context; *n: how many. */
static RowEntry *
row_entries(CheckState *check, const TidHashEntry *first, int *n)
{
	int dims = (int) check->index.meta.dimensions;
	RowEntry *entries;

	*n = 0;
	for (int64 e = first->slot; e >= 0; e = check->entries[e].next)
		(*n)++;
	entries = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(RowEntry) * (Size) *n,
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	*n = 0;
	for (int64 e = first->slot; e >= 0; e = check->entries[e].next)
	{
		RowEntry *entry = &entries[(*n)++];
		IvfkmChildData child;

		CHECK_FOR_INTERRUPTS();
		entry->at = &check->entries[e].at;
		if (entry->at->list == NULL_LIST)
			continue;
		entry->centroid = palloc(sizeof(uint16) * dims);
		page_child_read(check->index.relation, dims, &check->tree.lists[entry->at->list].pointer,
						&child, entry->centroid);
	}
	return entries;
}

/*
 * Finds the entry of a vector, which was mapped into index space, among those of its row: likely
 * that of the list with the nearest centroid.  False if there is none.  *forced: it may be one of
 * which nothing is known.
 */
static bool
find_entry(CheckState *check, RowEntry *entries, int n, const ItemPointerData *tid,
		   const IvfkmRow *row, bool *forced)
{
	Size dims = check->index.meta.dimensions;

	for (int e = 0; e < n; e++)
	{
		entries[e].tried = entries[e].met;
		if (!entries[e].met)
			entries[e].distance = vdb_dist->l2sq_f16(row->x, entries[e].centroid, dims);
	}
	for (;;)
	{
		RowEntry *nearest = NULL;
		MemoryContext old_context;
		SlotState state;

		CHECK_FOR_INTERRUPTS();
		for (int e = 0; e < n; e++)
		{
			if (!entries[e].tried && (nearest == NULL || entries[e].distance < nearest->distance))
				nearest = &entries[e];
		}
		if (nearest == NULL)
			return false;
		nearest->tried = true;
		old_context = MemoryContextSwitchTo(check->vector_context);
		state = compare_slot(check, nearest->at, tid, row);
		MemoryContextSwitchTo(old_context);
		MemoryContextReset(check->vector_context);
		if (state == SLOT_OTHER)
			continue;
		nearest->met = true;
		*forced = state == SLOT_FORCED;
		return true;
	}
}

/*
 * The entries of a row with an array: one for each vector, or one of which nothing is known, or one
 * in the list of NULLs.
 */
static void
check_vectors(CheckState *check, const TidHashEntry *first, const ItemPointerData *tid,
			  const IvfkmValue *value, IvfkmRow *row)
{
	int n;
	RowEntry *entries = row_entries(check, first, &n);
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
		if (!find_entry(check, entries, n, tid, row, &forced))
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
	CheckState *check = arg;
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
			if (compare_slot(check, entry, tid, &row) == SLOT_OTHER)
				report_code(check, entry, tid);
		}
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(check->row_context);
}

/*
 * Compares the index with the rows of its table that the snapshot sees.  The expression and the
 * predicate of the index are run as the table's owner.
 */
static void
check_heap(CheckState *check, Relation heap, Snapshot snapshot)
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

/* Checks one index; adds the number of its entries to the int64 at "arg". */
static void
check_index(Relation index, Relation heap, void *arg)
{
	CheckState check;
	Snapshot snapshot;
	float *mean;
	int dims;
	int column_dims;
	Oid column_type;

	memset(&check, 0, sizeof(check));
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	/* rows that such a snapshot sees may be missing rightly: see amcheck */
	if (IsolationUsesXactSnapshot() && index->rd_index->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   snapshot->xmin))
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("index \"%s\" cannot be verified using transaction snapshot",
							   RelationGetRelationName(index))));
	ivfkm_index_open(&check.index, index);
	page_point("check-opened");
	dims = check.index.lists.dims;
	/* the column may have lost its type modifier since, which keeps the index */
	column_dims = ivfkm_ops_column_typmod(index, &column_type);
	if (column_dims > 0 && column_dims != check.index.column_dims)
		page_corrupted(index, IVFKM_META_BLOCK, "It has %d dimensions, the column has %d.",
					   check.index.column_dims, column_dims);
	mean = palloc(sizeof(float) * dims);
	page_mean_read(index, &check.index.meta, mean);
	check.index.space =
		ivfkm_space_init(palloc(ivfkm_space_bytes(dims)), dims, check.index.ops,
						 check.index.meta.seed, check.index.meta.scale_exponent, mean);
	check.nvisited = RelationGetNumberOfBlocks(index);
	check.visited = MemoryContextAllocExtended(CurrentMemoryContext, check.nvisited,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	check.rows = tidhash_create(CurrentMemoryContext, 1024, NULL);
	check.records = tidhash_create(CurrentMemoryContext, 1024, NULL);
	check.row_context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm check row", ALLOCSET_DEFAULT_SIZES);
	check.vector_context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm check vector", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < IVFKM_MAX_STRIPES; i++)
		check.pages[i] = (Page) palloc(BLCKSZ);

	check_pages(&check);
	check_heap(&check, heap, snapshot);

	*(int64 *) arg += check.nrows;
	UnregisterSnapshot(snapshot);
}

/*
 * SQL: vdb_index_check(regclass) returns bigint: entries in the index, or in those of all
 * partitions.  Errors out on damage.
 */
Datum
vdb_index_check(PG_FUNCTION_ARGS)
{
	int64 entries = 0;

	ivfkm_each_index(PG_GETARG_OID(0), false, check_index, &entries);
	PG_RETURN_INT64(entries);
}
