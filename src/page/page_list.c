/*-------------------------------------------------------------------------
 *
 * page_list.c
 *	  Posting lists as a whole: adding rows, groups and refine pages.
 *
 * NOTES
 *	  A list is filled from its insert_block on, a hint in its first group that inserts
 *	  move forward past full groups and VACUUM moves back.  One slot is one WAL record,
 *	  its refine record another before it; a crash in between leaves a record that no
 *	  slot leads to.  page_free.c has the steps in which pages are appended.
 *
 * IDENTIFICATION
 *	  src/page/page_list.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_free.h"
#include "page/page_group.h"
#include "page/page_list.h"
#include "page/page_point.h"
#include "page/page_refine.h"
#include "page/page_summary.h"

/* The list's last refine page, or invalid; "head_page" is the last page of its first group. */
BlockNumber
page_list_refine_block(Page head_page)
{
	return IvfkmPageGetGroupHeader(head_page)->refine_block;
}

/* Where an insert starts to look for a free slot, or invalid; "head_page" as above. */
BlockNumber
page_list_insert_block(Page head_page)
{
	return IvfkmPageGetGroupHeader(head_page)->insert_block;
}

/* Locks the first group of a list, which has its links. */
static void
lock_head(IvfkmGroup *head, Relation index, const IvfkmGeometry *geometry,
		  const IvfkmChildData *list, int lockmode)
{
	page_group_lock(head, index, geometry, list->id, list->generation, list->first_block, lockmode);
}

/*
 * Appends an empty group to the list, whose last group starts at "tail", unless somebody else has
 * done so meanwhile.  Returns the group behind "tail".
 *
 * The caller holds no buffer lock.  Takes the relation extension lock.
 */
static BlockNumber
append_group(Relation index, IvfkmReserve *reserve, const IvfkmGeometry *geometry,
			 const IvfkmChildData *list, BlockNumber tail)
{
	Buffer buffers[IVFKM_MAX_STRIPES];
	Page pages[IVFKM_MAX_STRIPES];
	IvfkmFreeBlocks blocks;
	IvfkmGroup group;
	BlockNumber next;
	PageWal wal;
	Page meta_page;

	page_free_begin(index, reserve, geometry->stripes);
	page_group_lock(&group, index, geometry, list->id, list->generation, tail, BUFFER_LOCK_SHARE);
	next = page_group_next(page_group_last(&group));
	page_group_unlock(&group);
	if (!BlockNumberIsValid(next))
	{
		/* the new group, not reachable yet */
		next = page_free_take(&blocks, index, reserve, geometry->stripes, buffers);
		page_wal_begin(&wal, index);
		for (int i = 0; i < geometry->stripes; i++)
			pages[i] = page_wal_register_new(&wal, buffers[i]);
		page_group_init(pages, geometry, list->id, list->generation, list->first_block);
		page_wal_finish(&wal);
		for (int i = 0; i < geometry->stripes; i++)
			UnlockReleaseBuffer(buffers[i]);
		page_point("append-unlinked");

		/* link it and account for it */
		page_free_lock_meta(&blocks);
		page_group_lock(&group, index, geometry, list->id, list->generation, tail,
						BUFFER_LOCK_EXCLUSIVE);
		page_wal_begin(&wal, index);
		meta_page = page_free_account(&blocks, &wal);
		if (reserve == NULL)
			IvfkmPageGetMeta(meta_page)->appended += geometry->slots;
		IvfkmPageGetOpaque(page_wal_register(&wal, group.buffers[geometry->stripes - 1]))->next =
			next;
		page_wal_finish(&wal);
		page_group_unlock(&group);
		page_free_release(&blocks);
	}
	page_free_end(index);
	return next;
}

/*
 * Gives the list an empty refine page, unless its last one is no longer "seen" (invalid: none).
 * Returns the list's last refine page.
 *
 * The caller holds no buffer lock.  Takes the relation extension lock.
 */
static BlockNumber
append_refine_page(Relation index, IvfkmReserve *reserve, const IvfkmGeometry *geometry,
				   const IvfkmChildData *list, BlockNumber seen)
{
	IvfkmFreeBlocks blocks;
	IvfkmGroup head;
	BlockNumber block;
	Buffer buffer;
	PageWal wal;

	page_free_begin(index, reserve, 1);
	lock_head(&head, index, geometry, list, BUFFER_LOCK_SHARE);
	block = page_list_refine_block(page_group_last(&head));
	page_group_unlock(&head);
	if (block == seen)
	{
		/* the new page, not reachable yet */
		block = page_free_take(&blocks, index, reserve, 1, &buffer);
		page_wal_begin(&wal, index);
		page_refine_init(page_wal_register_new(&wal, buffer), list->id, list->generation,
						 list->first_block, seen);
		page_wal_finish(&wal);
		UnlockReleaseBuffer(buffer);
		page_point("refine-append-unlinked");

		/* link it and account for it */
		page_free_lock_meta(&blocks);
		lock_head(&head, index, geometry, list, BUFFER_LOCK_EXCLUSIVE);
		page_wal_begin(&wal, index);
		(void) page_free_account(&blocks, &wal);
		IvfkmPageGetGroupHeader(page_wal_register(&wal, head.buffers[geometry->stripes - 1]))
			->refine_block = block;
		page_wal_finish(&wal);
		page_group_unlock(&head);
		page_free_release(&blocks);
	}
	page_free_end(index);
	return block;
}

/*
 * Writes the entry's refine record, into the one that the empty slot has ("address" is valid) or
 * else into a new one of the list's last refine page, "refine_block", and sets *address to it.
 * False if the list needs another refine page.  The caller holds the slot's page
 * exclusively, so nobody else can use the slot's record.
 */
static bool
write_refine_record(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
					ItemPointerData *address, BlockNumber refine_block, const IvfkmEntry *entry)
{
	Buffer buffer;
	PageWal wal;
	int record;

	if (ItemPointerIsValid(address))
	{
		(void) page_refine_lock(index, geometry, list->id, list->generation, address,
								BUFFER_LOCK_EXCLUSIVE, &buffer);
		record = ItemPointerGetOffsetNumberNoCheck(address) - 1;
	}
	else
	{
		if (!BlockNumberIsValid(refine_block))
			return false;
		buffer = page_read(index, refine_block, BUFFER_LOCK_EXCLUSIVE);
		page_check_refine(index, buffer, geometry, list->id, list->generation);
		record = page_refine_count(BufferGetPage(buffer));
		if (record == geometry->refine_slots)
		{
			UnlockReleaseBuffer(buffer);
			return false;
		}
		ItemPointerSet(address, refine_block, (OffsetNumber) (record + 1));
	}
	page_wal_begin(&wal, index);
	page_refine_set(page_wal_register(&wal, buffer), geometry, record, entry);
	page_wal_finish(&wal);
	UnlockReleaseBuffer(buffer);
	return true;
}

/*
 * Counts a row that an insert puts into the group with this last page, if the list has an edge, by
 * what is said of it.
 */
static void
count_entered(Page last_page, const IvfkmChildData *list, uint16 factor)
{
	IvfkmGroupHeader header = IvfkmPageGetGroupHeader(last_page);

	if (list->edge == 0 || header->entered == PG_UINT16_MAX)
		return;
	header->entered++;
	header->strays += page_list_is_stray(list, factor);
}

typedef enum InsertResult
{
	INSERT_DONE,
	INSERT_FULL,	  /* no free slot in the group */
	INSERT_REFUSED,	  /* there is one, but no row may be put into the group */
	INSERT_NEEDS_PAGE /* no free record on the list's last refine page */
} InsertResult;

/*
 * Tries to put an entry into the group at "block", if it is "allowed".  If the group is full, *next
 * is the group behind it, or invalid.
 */
static InsertResult
insert_into_group(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
				  BlockNumber block, BlockNumber refine_block, const IvfkmEntry *entry,
				  bool allowed, BlockNumber *next)
{
	IvfkmGroup group;
	ItemPointerData refine;
	PageWal wal;
	int slot;

	page_group_lock(&group, index, geometry, list->id, list->generation, block,
					BUFFER_LOCK_EXCLUSIVE);
	slot = page_slot_find_free(page_group_last(&group), geometry);
	if (slot < 0)
	{
		*next = page_group_next(page_group_last(&group));
		page_group_unlock(&group);
		return INSERT_FULL;
	}
	if (!allowed)
	{
		page_group_unlock(&group);
		return INSERT_REFUSED;
	}
	ItemPointerSetInvalid(&refine);
	if (geometry->refine_bits > 0)
	{
		IvfkmUnit unit;

		page_unit_get(page_group_last(&group), geometry, slot / QUANT_UNIT, &unit);
		refine = unit.refine[slot % QUANT_UNIT];
		if (!write_refine_record(index, geometry, list, &refine, refine_block, entry))
		{
			page_group_unlock(&group);
			return INSERT_NEEDS_PAGE;
		}
		page_point("insert-refined");
	}
	page_group_lock_codes(&group);
	page_wal_begin(&wal, index);
	page_group_change(&group, &wal);
	page_slot_set(group.pages, geometry, slot, entry, &refine);
	count_entered(page_group_last(&group), list, entry->factors.mul);
	page_wal_finish(&wal);
	page_group_unlock(&group);
	return INSERT_DONE;
}

/* Sets the hint where inserts start to look for a free slot, unless it is that already. */
static void
set_hint(IvfkmGroup *head, BlockNumber block)
{
	if (page_list_insert_block(page_group_last(head)) != block)
	{
		int last = head->geometry->stripes - 1;
		PageWal wal;

		page_wal_begin(&wal, head->index);
		IvfkmPageGetGroupHeader(page_wal_register(&wal, head->buffers[last]))->insert_block = block;
		page_wal_finish(&wal);
	}
}

/*
 * Writes an entry into the first free slot of a list from its hint on, appending a group or refine
 * page if there is no room, with blocks of the reserve if there is one.  The group counts the
 * row if the list has an edge.  groups: into which it may be put, a bit for each as in the list's
 * summary; if the one with the slot is none of them, nothing is written, and the group's bit is
 * returned, else -1.  *grown is set if a group was appended.  The caller holds no buffer lock.
 */
int
page_list_insert(Relation index, IvfkmReserve *reserve, const IvfkmGeometry *geometry,
				 const IvfkmChildData *list, const IvfkmEntry *entry, uint64 groups, bool *grown)
{
	IvfkmGroup head;
	BlockNumber hint;
	BlockNumber start;
	BlockNumber refine_block;
	BlockNumber block;
	BlockNumber nvisited = 0;
	int refused = -1;
	bool done = false;

	lock_head(&head, index, geometry, list, BUFFER_LOCK_SHARE);
	hint = page_list_insert_block(page_group_last(&head));
	refine_block = page_list_refine_block(page_group_last(&head));
	page_group_unlock(&head);
	start = BlockNumberIsValid(hint) ? hint : list->first_block;

	block = start;
	while (!done)
	{
		int group = page_summary_group(list, geometry->stripes, block);
		bool allowed = (groups >> group & 1) != 0;
		BlockNumber next;

		CHECK_FOR_INTERRUPTS();
		switch (
			insert_into_group(index, geometry, list, block, refine_block, entry, allowed, &next))
		{
			case INSERT_REFUSED:
				refused = group;
				done = true;
				break;
			case INSERT_DONE:
				done = true;
				break;
			case INSERT_FULL:
				if (!BlockNumberIsValid(next))
				{
					next = append_group(index, reserve, geometry, list, block);
					*grown = true;
				}
				block = next;
				if (++nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
					page_corrupted(index, block, "The chain of list %u is circular.", list->id);
				break;
			case INSERT_NEEDS_PAGE:
				refine_block = append_refine_page(index, reserve, geometry, list, refine_block);
				break;
		}
	}

	if (block != start)
	{
		page_point("insert-hint");
		lock_head(&head, index, geometry, list, BUFFER_LOCK_EXCLUSIVE);
		/* not if VACUUM has freed slots meanwhile, or another insert has moved it */
		if (page_list_insert_block(page_group_last(&head)) == hint)
			set_hint(&head, block);
		page_group_unlock(&head);
	}
	return refused;
}

/*
 * Lets inserts into the list whose first group is at "head" look for free slots from its
 * beginning.  The caller holds no buffer lock.
 */
void
page_list_reset_hint(Relation index, const IvfkmGeometry *geometry, uint32 owner, uint32 generation,
					 BlockNumber head)
{
	IvfkmGroup group;

	page_group_lock(&group, index, geometry, owner, generation, head, BUFFER_LOCK_EXCLUSIVE);
	set_hint(&group, InvalidBlockNumber);
	page_group_unlock(&group);
}

/* Adds the blocks of a list, its groups and refine pages; nobody may add any meanwhile. */
void
page_list_blocks(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
				 IvfkmBlocks *blocks)
{
	BlockNumber block = list->first_block;
	BlockNumber refine = InvalidBlockNumber;
	BlockNumber nvisited = 0;

	while (BlockNumberIsValid(block))
	{
		IvfkmGroup group;

		CHECK_FOR_INTERRUPTS();
		if (++nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
			page_corrupted(index, block, "The chain of list %u is circular.", list->id);
		page_group_lock(&group, index, geometry, list->id, list->generation, block,
						BUFFER_LOCK_SHARE);
		if (block == list->first_block)
			refine = page_list_refine_block(page_group_last(&group));
		page_blocks_add(blocks, block, (BlockNumber) geometry->stripes);
		block = page_group_next(page_group_last(&group));
		page_group_unlock(&group);
	}
	nvisited = 0;
	while (BlockNumberIsValid(refine))
	{
		Buffer buffer;

		CHECK_FOR_INTERRUPTS();
		if (++nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
			page_corrupted(index, refine, "The refine pages of list %u are circular.", list->id);
		buffer = page_read(index, refine, BUFFER_LOCK_SHARE);
		page_check_refine(index, buffer, geometry, list->id, list->generation);
		page_blocks_add(blocks, refine, 1);
		refine = page_refine_previous(BufferGetPage(buffer));
		UnlockReleaseBuffer(buffer);
	}
}
