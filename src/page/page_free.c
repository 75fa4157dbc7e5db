/*-------------------------------------------------------------------------
 *
 * page_free.c
 *	  Blocks that belong to nothing, and handing them out.
 *
 * NOTES
 *	  A tree is written into a few contiguous ranges, and what inserts add to it comes from the
 *	  lowest free blocks or from the end of the file.  When another tree takes its place, all
 *	  of it is retired at once.  So the blocks below used_blocks that belong to no tree are
 *	  ranges, which the metapage holds: no page is touched when a tree is freed.  Where only
 *	  some lists are replaced, see page_retired.c.
 *
 *	  A tree in the making reserves its blocks beforehand: they are in "building" until the
 *	  tree takes its place, and what a crash leaves there is given back as it is, because
 *	  nothing has ever led to it.
 *
 *	  The relation extension lock serialises who takes some, and is held over these steps:
 *
 *	  1. page_free_begin()		takes the extension lock; the caller looks again whether it
 *								still needs pages
 *	  2. page_free_take()		finds or makes the blocks and locks them
 *	  3.						the caller writes and logs the new pages and unlocks them
 *	  4. page_free_lock_meta()	locks the metapage; the caller locks the page that is to
 *								lead to the new ones
 *	  5. page_free_account()	adds the metapage to the record that links the new pages
 *	  6. page_free_release(), page_free_end()
 *
 *	  Every change is one record of the metapage, and of the page that leads to what was handed
 *	  out, so a crash never leaves a block in two places or in none.
 *
 * IDENTIFICATION
 *	  src/page/page_free.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "storage/lmgr.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_free.h"
#include "page/page_layout.h"
#include "page/page_ranges.h"

/* So few free blocks are not worth to be cut off. */
#define SPARSE_BLOCKS 16

/* Blocks by which the file grows while the extension lock is held, for a reservation. */
#define EXTEND_AT_A_TIME 256

/*
 * Blocks of the first reservation of a tree that grows before it takes its place, and of later
 * ones.
 */
#define RESERVE_FIRST 16
#define RESERVE_MOST  4096

/* Makes sure that the reserve has "npages" blocks.  As page_free_reserve_many(). */
void
page_free_prepare(Relation index, IvfkmReserve *reserve, BlockNumber npages)
{
	if (reserve->end - reserve->next >= npages)
		return;
	(void) page_ranges_add(&reserve->unused, reserve->next, reserve->end);
	reserve->chunk = Max(npages, Min(Max(reserve->chunk * 2, RESERVE_FIRST), RESERVE_MOST));
	page_free_reserve_many(index, &reserve->chunk, 1, 0, &reserve->next);
	reserve->end = reserve->next + reserve->chunk;
}

/*
 * Starts to hand out "count" blocks, of the reserve if there is one: takes the relation extension
 * lock.  The caller holds no buffer lock.
 */
void
page_free_begin(Relation index, IvfkmReserve *reserve, int count)
{
	if (reserve != NULL)
		page_free_prepare(index, reserve, (BlockNumber) count);
	LockRelationForExtension(index, ExclusiveLock);
}

/* Ends what page_free_begin() started. */
void
page_free_end(Relation index)
{
	UnlockRelationForExtension(index, ExclusiveLock);
}

/* Checks the ranges of a locked metapage. */
void
page_free_check(Relation index, Page meta_page)
{
	const IvfkmFreeData *data = IvfkmPageGetFree(meta_page);
	BlockNumber used_blocks = IvfkmPageGetMeta(meta_page)->used_blocks;

	if (!page_ranges_valid(&data->free, used_blocks) ||
		!page_ranges_valid(&data->retired, used_blocks) ||
		!page_ranges_valid(&data->building, used_blocks))
		page_corrupted(index, IVFKM_META_BLOCK, "The ranges of free blocks are not valid.");
}

/* Locks the metapage, its ranges checked. */
static Buffer
read_ranges(Relation index, int lockmode)
{
	Buffer buffer = page_read(index, IVFKM_META_BLOCK, lockmode);

	page_check(index, buffer, IVFKM_PAGE_META);
	page_free_check(index, BufferGetPage(buffer));
	return buffer;
}

/*
 * Takes the relation extension lock and locks the metapage exclusively, its ranges checked, to
 * change them.  The caller holds no buffer lock.
 */
Buffer
page_free_lock(Relation index)
{
	LockRelationForExtension(index, ExclusiveLock);
	return read_ranges(index, BUFFER_LOCK_EXCLUSIVE);
}

/* Releases what page_free_lock() took. */
void
page_free_unlock(Relation index, Buffer meta_buffer)
{
	UnlockReleaseBuffer(meta_buffer);
	UnlockRelationForExtension(index, ExclusiveLock);
}

/* Copies the ranges, checked.  Takes and releases a share lock on the metapage. */
void
page_free_read(Relation index, IvfkmFreeData *data)
{
	Buffer buffer = read_ranges(index, BUFFER_LOCK_SHARE);

	memcpy(data, IvfkmPageGetFree(BufferGetPage(buffer)), sizeof(IvfkmFreeData));
	UnlockReleaseBuffer(buffer);
}

/* The first block of the lowest range of at least "npages", or invalid. */
static BlockNumber
first_fit(const IvfkmRanges *ranges, BlockNumber npages)
{
	for (uint32 i = 0; i < ranges->count; i++)
	{
		if (ranges->ranges[i].end - ranges->ranges[i].first >= npages)
			return ranges->ranges[i].first;
	}
	return InvalidBlockNumber;
}

/* Reports that the file cannot have more blocks. */
static void
report_full(Relation index)
{
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("cannot extend index \"%s\" beyond %u blocks",
						   RelationGetRelationName(index), MaxBlockNumber)));
}

/*
 * The first of "npages" consecutive blocks to hand out: of the lowest free range that is long
 * enough, or behind the blocks in use.  The caller holds the extension lock and a lock on the
 * metapage.
 */
static BlockNumber
find_blocks(Relation index, Page meta_page, BlockNumber npages)
{
	BlockNumber used_blocks = IvfkmPageGetMeta(meta_page)->used_blocks;
	BlockNumber first;

	page_free_check(index, meta_page);
	first = first_fit(&IvfkmPageGetFree(meta_page)->free, npages);
	if (BlockNumberIsValid(first))
		return first;
	if (used_blocks > MaxBlockNumber - npages)
		report_full(index);
	return used_blocks;
}

/*
 * Pins and exclusively locks a block that is handed out; it may lie one behind the end of the
 * file.  Its content is not looked at.  The caller holds the extension lock, or has reserved it.
 */
Buffer
page_free_buffer(Relation index, BlockNumber block)
{
	BlockNumber nblocks;
	Buffer buffer;

	if (page_in_file(index, block, &nblocks))
		return ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_ZERO_AND_LOCK, NULL);
	buffer = ReadBufferExtended(index, MAIN_FORKNUM, P_NEW, RBM_NORMAL, NULL);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	if (BufferGetBlockNumber(buffer) != block)
		page_corrupted(index, BufferGetBlockNumber(buffer), "Expected to extend to block %u.",
					   block);
	return buffer;
}

/*
 * Takes "count" consecutive blocks, free ones or of the reserve, pinned and exclusively locked in
 * buffers[], and returns the first.  Free ones stay free until page_free_account().
 */
BlockNumber
page_free_take(IvfkmFreeBlocks *blocks, Relation index, IvfkmReserve *reserve, int count,
			   Buffer *buffers)
{
	Buffer meta_buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);

	page_check(index, meta_buffer, IVFKM_PAGE_META);
	blocks->index = index;
	blocks->reserve = reserve;
	blocks->count = count;
	blocks->meta_buffer = meta_buffer;
	if (reserve != NULL)
	{
		Assert(reserve->end - reserve->next >= (BlockNumber) count);
		blocks->first = reserve->next;
		reserve->next += count;
	}
	else
		blocks->first = find_blocks(index, BufferGetPage(meta_buffer), (BlockNumber) count);
	LockBuffer(meta_buffer, BUFFER_LOCK_UNLOCK);
	for (int i = 0; i < count; i++)
		buffers[i] = page_free_buffer(index, blocks->first + i);
	return blocks->first;
}

/* Locks the metapage exclusively; pages of lists are locked after it. */
void
page_free_lock_meta(IvfkmFreeBlocks *blocks)
{
	LockBuffer(blocks->meta_buffer, BUFFER_LOCK_EXCLUSIVE);
}

/*
 * Adds to a change, as its first page, that the blocks are in use; those of a reserve are already.
 * Returns the copy of the metapage.
 */
Page
page_free_account(IvfkmFreeBlocks *blocks, PageWal *wal)
{
	Page page = page_wal_register(wal, blocks->meta_buffer);

	if (blocks->reserve != NULL)
		return page;
	if (blocks->first == IvfkmPageGetMeta(page)->used_blocks)
		IvfkmPageGetMeta(page)->used_blocks += blocks->count;
	else
		page_ranges_take(&IvfkmPageGetFree(page)->free, blocks->first, blocks->count);
	return page;
}

/* Unlocks and unpins the metapage. */
void
page_free_release(IvfkmFreeBlocks *blocks)
{
	UnlockReleaseBuffer(blocks->meta_buffer);
}

/* ----- reserving ----- */

/* Adds up to EXTEND_AT_A_TIME blocks to a file of "nblocks" that is to have "wanted". */
static void
extend_file(Relation index, BlockNumber nblocks, BlockNumber wanted)
{
	for (int i = 0; i < EXTEND_AT_A_TIME && nblocks < wanted; i++, nblocks++)
		ReleaseBuffer(ReadBufferExtended(index, MAIN_FORKNUM, P_NEW, RBM_NORMAL, NULL));
}

/* Logs an empty page at the last block of a range, so that a replica's file has all of it. */
static void
log_last_block(Relation index, BlockNumber block)
{
	Buffer buffer = page_free_buffer(index, block);
	PageWal wal;

	page_wal_begin(&wal, index);
	page_init(page_wal_register_new(&wal, buffer), IVFKM_PAGE_FREE, 0, 0);
	page_wal_finish(&wal);
	UnlockReleaseBuffer(buffer);
}

/*
 * Where an object of "size" blocks goes: into the lowest free range, or behind *end, which grows.
 */
static BlockNumber
place_object(IvfkmRanges *free, BlockNumber size, BlockNumber *end)
{
	BlockNumber first = first_fit(free, size);

	if (BlockNumberIsValid(first))
	{
		page_ranges_take(free, first, size);
		return first;
	}
	if (*end > MaxBlockNumber - size)
		return InvalidBlockNumber;
	*end += size;
	return *end - size;
}

/*
 * Reserves blocks for n objects that each need consecutive ones: firsts[i] receives the first of
 * the sizes[i] blocks of an object.  Owner ids below next_id are taken from now on.  The file has
 * all blocks.
 *
 * The caller holds no buffer lock.  Takes the extension lock, and lets go of it now and then.
 */
void
page_free_reserve_many(Relation index, const BlockNumber *sizes, int n, uint32 next_id,
					   BlockNumber *firsts)
{
	IvfkmFreeData *data = palloc(sizeof(IvfkmFreeData));

	for (;;)
	{
		Buffer buffer;
		BlockNumber used;
		BlockNumber end;
		BlockNumber nblocks;
		PageWal wal;
		Page page;

		CHECK_FOR_INTERRUPTS();
		LockRelationForExtension(index, ExclusiveLock);
		buffer = read_ranges(index, BUFFER_LOCK_SHARE);
		memcpy(data, IvfkmPageGetFree(BufferGetPage(buffer)), sizeof(IvfkmFreeData));
		used = end = IvfkmPageGetMeta(BufferGetPage(buffer))->used_blocks;
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		for (int i = 0; i < n; i++)
		{
			firsts[i] = place_object(&data->free, sizes[i], &end);
			if (!BlockNumberIsValid(firsts[i]))
				report_full(index);
			data->lost += page_ranges_add(&data->building, firsts[i], firsts[i] + sizes[i]);
		}
		nblocks = RelationGetNumberOfBlocks(index);
		if (nblocks < end)
		{
			ReleaseBuffer(buffer);
			extend_file(index, nblocks, end);
			UnlockRelationForExtension(index, ExclusiveLock);
			continue;
		}
		if (end > used)
			log_last_block(index, end - 1);

		/* all who change the ranges hold the extension lock */
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		page_wal_begin(&wal, index);
		page = page_wal_register(&wal, buffer);
		memcpy(IvfkmPageGetFree(page), data, sizeof(IvfkmFreeData));
		IvfkmPageGetMeta(page)->used_blocks = end;
		IvfkmPageGetMeta(page)->next_id = Max(IvfkmPageGetMeta(page)->next_id, next_id);
		page_wal_finish(&wal);
		page_free_unlock(index, buffer);
		pfree(data);
		return;
	}
}

/* True if all objects find places in free ranges below a block; see page_free_reserve_many(). */
bool
page_free_fits(const IvfkmRanges *free, const BlockNumber *sizes, int n, BlockNumber below)
{
	IvfkmRanges *left = palloc(sizeof(IvfkmRanges));
	BlockNumber end = below;
	bool fits = true;

	*left = *free;
	while (left->count > 0 && left->ranges[left->count - 1].end > below)
	{
		const IvfkmRange *last = &left->ranges[left->count - 1];

		page_ranges_take(left, last->first, last->end - last->first);
	}
	for (int i = 0; i < n && fits; i++)
		fits = place_object(left, sizes[i], &end) < below;
	pfree(left);
	return fits;
}

/* True if so much of the file is free that what lies at its end should be moved to the front. */
bool
page_free_is_sparse(BlockNumber nfree, BlockNumber used_blocks)
{
	return nfree > Max(used_blocks / 5, SPARSE_BLOCKS);
}

/* Takes "npages" consecutive blocks of a reserve; returns the first. */
BlockNumber
page_free_from_reserve(Relation index, IvfkmReserve *reserve, BlockNumber npages)
{
	BlockNumber first;

	if (npages == 0)
		return InvalidBlockNumber;
	page_free_prepare(index, reserve, npages);
	first = reserve->next;
	reserve->next += npages;
	return first;
}

/* ----- taking back ----- */

/* Moves a range from the blocks in the making to the free ones. */
static void
give_back(IvfkmFree data, BlockNumber first, BlockNumber end)
{
	if (first < end)
		data->lost += page_ranges_add(&data->free, first, end);
}

/*
 * On a copy of the metapage, when the tree in the making takes its place: whatever is neither
 * free nor part of that tree is retired.
 */
void
page_free_retire(Page meta_page, const IvfkmReserve *reserve)
{
	IvfkmFree data = IvfkmPageGetFree(meta_page);
	BlockNumber used_blocks = IvfkmPageGetMeta(meta_page)->used_blocks;
	IvfkmRanges kept = data->building;
	BlockNumber lost = page_ranges_add_all(&kept, &data->free);
	BlockNumber from = IVFKM_META_BLOCK + 1;

	memset(&data->retired, 0, sizeof(IvfkmRanges));
	if (lost > 0)
	{
		/* too many ranges to tell what is whose: retire nothing, it is lost until next time */
		data->lost = used_blocks - from - page_ranges_total(&data->free) -
					 page_ranges_total(&data->building);
	}
	else
	{
		data->lost = 0;
		for (uint32 i = 0; i <= kept.count; i++)
		{
			BlockNumber end = i < kept.count ? kept.ranges[i].first : used_blocks;

			data->lost += page_ranges_add(&data->retired, from, end);
			if (i < kept.count)
				from = kept.ranges[i].end;
		}
	}
	page_free_keep_built(meta_page, reserve);
	IvfkmPageGetMeta(meta_page)->retired_block =
		InvalidBlockNumber; /* in the ranges, as all else */
}

/*
 * On a copy of the metapage: what was in the making belongs to the tree, and what is left of the
 * reserve is free.
 */
void
page_free_keep_built(Page meta_page, const IvfkmReserve *reserve)
{
	IvfkmFree data = IvfkmPageGetFree(meta_page);

	for (uint32 i = 0; i < reserve->unused.count; i++)
		give_back(data, reserve->unused.ranges[i].first, reserve->unused.ranges[i].end);
	give_back(data, reserve->next, reserve->end);
	memset(&data->building, 0, sizeof(IvfkmRanges));
}

/*
 * The first of the free blocks at the end of those in use, if they are "least" or more, or invalid.
 */
static BlockNumber
find_tail(Page meta_page, BlockNumber least)
{
	const IvfkmRanges *free = &IvfkmPageGetFree(meta_page)->free;
	BlockNumber used_blocks = IvfkmPageGetMeta(meta_page)->used_blocks;

	if (free->count > 0)
	{
		const IvfkmRange *last = &free->ranges[free->count - 1];

		if (last->end == used_blocks && last->end - last->first >= least)
			return last->first;
	}
	return InvalidBlockNumber;
}

/* True if page_free_shrink() would do something. */
bool
page_free_is_tail(Relation index, BlockNumber least)
{
	Buffer buffer = read_ranges(index, BUFFER_LOCK_SHARE);
	bool is_tail = BlockNumberIsValid(find_tail(BufferGetPage(buffer), least));

	UnlockReleaseBuffer(buffer);
	return is_tail;
}

/*
 * Takes free blocks at the end of the blocks in use, if there are at least as many as "least", out
 * of them.  Returns how many blocks remain in use, invalid if nothing has changed.
 */
BlockNumber
page_free_shrink(Relation index, BlockNumber least)
{
	Buffer buffer = page_free_lock(index);
	BlockNumber first = find_tail(BufferGetPage(buffer), least);

	if (BlockNumberIsValid(first))
	{
		IvfkmMetaPage meta;
		PageWal wal;
		Page page;

		page_wal_begin(&wal, index);
		page = page_wal_register(&wal, buffer);
		meta = IvfkmPageGetMeta(page);
		page_ranges_take(&IvfkmPageGetFree(page)->free, first, meta->used_blocks - first);
		meta->used_blocks = first;
		meta->tree_end = Min(meta->tree_end, first);
		meta->tree_first = Min(meta->tree_first, meta->tree_end - 1);
		page_wal_finish(&wal);
	}
	page_free_unlock(index, buffer);
	return first;
}

/*
 * Gives back what a tree in the making that never took its place has reserved, and the blocks of
 * "more".  The caller sees to it that nobody is making a tree.  True if there was anything.
 */
bool
page_free_abandoned(Relation index, const IvfkmRanges *more)
{
	Buffer buffer = page_free_lock(index);
	IvfkmFree data = IvfkmPageGetFree(BufferGetPage(buffer));
	PageWal wal;
	bool any;

	any = data->building.count > 0 || more->count > 0 ||
		  BlockNumberIsValid(IvfkmPageGetMeta(BufferGetPage(buffer))->pending_block);
	if (any)
	{
		Page page;

		page_wal_begin(&wal, index);
		page = page_wal_register(&wal, buffer);
		data = IvfkmPageGetFree(page);
		IvfkmPageGetMeta(page)->pending_block = InvalidBlockNumber;
		IvfkmPageGetMeta(page)->throttle = 0;
		data->lost += page_ranges_add_all(&data->free, &data->building);
		data->lost += page_ranges_add_all(&data->free, more);
		memset(&data->building, 0, sizeof(IvfkmRanges));
		page_wal_finish(&wal);
	}
	page_free_unlock(index, buffer);
	return any;
}

/* Makes retired blocks free.  The caller knows that nobody can reach them, here or on a replica. */
void
page_free_retired(Relation index)
{
	Buffer buffer = page_free_lock(index);
	IvfkmFree data;
	PageWal wal;
	Page page;

	page_wal_begin(&wal, index);
	page = page_wal_register(&wal, buffer);
	data = IvfkmPageGetFree(page);
	IvfkmPageGetMeta(page)->retired_xid = 0;
	data->lost += page_ranges_add_all(&data->free, &data->retired);
	memset(&data->retired, 0, sizeof(IvfkmRanges));
	page_wal_finish(&wal);
	page_free_unlock(index, buffer);
}
