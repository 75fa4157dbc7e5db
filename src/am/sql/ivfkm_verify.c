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

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "port/vdb_half.h"

#include "page/page_point.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_space.h"
#include "am/sql/ivfkm_utils.h"
#include "am/sql/ivfkm_verify.h"

PG_FUNCTION_INFO_V1(vdb_index_check);

/* Notes that a block was reached; twice is damage. */
static void
visit(IvfkmCheckState *check, BlockNumber block, BlockNumber from)
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
visit_framed(IvfkmCheckState *check, BlockNumber block, BlockNumber from, IvfkmPageKind kind,
			 uint32 owner, uint32 generation)
{
	Buffer buffer;

	visit(check, block, from);
	buffer = page_read(check->index.relation, block, BUFFER_LOCK_SHARE);
	page_check_owner(check->index.relation, buffer, kind, owner, generation);
	page_verify_frame(check->index.relation, block, BufferGetPage(buffer));
	UnlockReleaseBuffer(buffer);
}

/*
 * True when an entry is still where it was found: VACUUM may have removed it and a new row
 * with the same address may have been inserted elsewhere.
 */
static bool
still_there(IvfkmCheckState *check, const TidHashEntry *entry)
{
	const IvfkmGeometry *geometry =
		entry->list == IVFKM_CHECK_NULL_LIST ? &check->index.nulls : &check->index.lists;
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
note_entry(IvfkmCheckState *check, TidHashEntry *entry, bool found, BlockNumber block, int slot,
		   int number)
{
	IvfkmCheckEntry *noted;

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
										 sizeof(IvfkmCheckEntry) * check->entries_size)
				: repalloc_huge(check->entries, sizeof(IvfkmCheckEntry) * check->entries_size);
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
note_rows(IvfkmCheckState *check, const IvfkmGeometry *geometry, BlockNumber block, int number)
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
		if (geometry->nattributes > 0 && number != IVFKM_CHECK_NULL_LIST)
		{
			int group =
				page_summary_group(&check->tree.lists[number].child, geometry->stripes, block);
			IvfkmAttributes attributes;

			page_slot_attributes(&unit, geometry, slot % QUANT_UNIT, &attributes);
			ivfkm_summary_add(&check->index.columns,
							  page_summary_in(check->groups, geometry->nattributes, (Size) group),
							  &attributes);
		}
	}
}

/* Notes the refine records of a group of a list, which was copied: no two slots have the same. */
static void
note_records(IvfkmCheckState *check, BlockNumber block)
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
check_refine_pages(IvfkmCheckState *check, const IvfkmChildData *list)
{
	const IvfkmGeometry *geometry = &check->index.lists;
	BlockNumber from = list->first_block;
	BlockNumber block;
	Page page = check->pages[0];
	uint32 nmet = 0;

	/* inserts may have added refine pages since the head group was copied */
	ivfkm_check_copy_group(check, geometry, list, list->first_block);
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
check_chain(IvfkmCheckState *check, const IvfkmGeometry *geometry, const IvfkmChildData *owner,
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
		ivfkm_check_copy_group(check, geometry, owner, block);
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

/* Reads a centroid as floats, and its record. */
static void
read_centroid(IvfkmCheckState *check, const ItemPointerData *pointer, IvfkmChildData *child,
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
visit_record(IvfkmCheckState *check, const IvfkmChildData *node, const ItemPointerData *pointer,
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
check_child(IvfkmCheckState *check, BlockNumber block, int slot, const float *node_centroid,
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
	if (!isfinite(vdb_half_to_float(child->edge)) || (child->level > 0 && child->edge != 0))
		page_corrupted(check->index.relation, ItemPointerGetBlockNumberNoCheck(pointer),
					   "The edge of centroid %u is wrong.",
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
check_radii(IvfkmCheckState *check, const CheckNode *node, const float *centroid)
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
check_summaries(IvfkmCheckState *check, const IvfkmChildData *node, uint32 nlists)
{
	IvfkmSummaries summaries;

	page_summary_of(&summaries, check->index.meta.nattributes, node);
	for (BlockNumber i = 0; i < summaries.npages; i++)
	{
		visit(check, summaries.first + i, node->first_block);
		page_summary_verify(check->index.relation, &summaries, summaries.first + i, nlists);
	}
}

/* True if a summary holds the rows of the list that was walked last; of late groups, but marks. */
static bool
is_held(IvfkmCheckState *check, const IvfkmSummaryData *stored)
{
	const IvfkmColumns *columns = &check->index.columns;
	uint64 late = page_summary_late(stored);

	for (int group = 0; group <= IVFKM_LATE_LAST; group++)
	{
		IvfkmSummaryData *rows = page_summary_in(check->groups, columns->nattributes, (Size) group);

		for (int a = 0; a < columns->nattributes && (late >> group & 1) != 0; a++)
			memset(rows->of[a].marks, 0, sizeof(rows->of[a].marks));
		if (!ivfkm_summary_holds(columns, stored, rows))
			return false;
	}
	return true;
}

/*
 * The rows of list "number", which was walked, must be within its summary.  That is read after the
 * rows, as inserts widen it before they write a row.  Searches do not look at that of the list of
 * far rows, which may have become that meanwhile.
 */
static void
check_summary(IvfkmCheckState *check, int number)
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
	if (is_held(check, &stored))
		return;
	page_meta_read(check->index.relation, &meta);
	if (list->child.id != check->index.meta.far_id && list->child.id != meta.far_id)
		page_corrupted(check->index.relation, summaries.first,
					   "Rows of list %u are not within its summary, that of child %u.",
					   list->child.id, ordinal);
}

/* Walks a node and all nodes below it, but not the lists; node is NULL for the root. */
static void
check_node(IvfkmCheckState *check, const IvfkmChildData *record, const CheckNode *node)
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
		ivfkm_check_copy_group(check, geometry, record, block);
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
check_seals(IvfkmCheckState *check)
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
	IvfkmCheckState *check = arg;
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
check_blocks(IvfkmCheckState *check, BlockNumber used_before)
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
check_pages(IvfkmCheckState *check)
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
		memset(check->groups, 0, page_summary_bytes(meta->nattributes) * (IVFKM_LATE_LAST + 1));
		check_chain(check, &check->index.lists, &check->tree.lists[i].child, i);
		if (meta->nattributes > 0)
			check_summary(check, i);
	}
	page_meta_nulls(meta, &nulls);
	check_chain(check, &check->index.nulls, &nulls, IVFKM_CHECK_NULL_LIST);
	page_point("check-walked");
	check_blocks(check, used_before);
}

/* Checks one index; adds the number of its entries to the int64 at "arg". */
static void
check_index(Relation index, Relation heap, void *arg)
{
	IvfkmCheckState check;
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
	check.groups =
		palloc(page_summary_bytes(check.index.columns.nattributes) * (IVFKM_LATE_LAST + 1));
	check.row_context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm check row", ALLOCSET_DEFAULT_SIZES);
	check.vector_context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm check vector", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < IVFKM_MAX_STRIPES; i++)
		check.pages[i] = (Page) palloc(BLCKSZ);

	check_pages(&check);
	ivfkm_verify_rows(&check, heap, snapshot);

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
