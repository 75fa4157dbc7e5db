/*-------------------------------------------------------------------------
 *
 * page_retired.c
 *	  Blocks of nodes and lists whose place others took, until they are free.
 *
 * NOTES
 *	  When all of the tree is replaced, what becomes free are a few long ranges, which fit on the
 *	  metapage.  When some lists are, it is many short ones: groups that inserts have added lie
 *	  anywhere.  They are kept on pages of their own, a chain that starts at the metapage, each
 *	  with the transaction id that was next when its blocks were retired.
 *
 *	  When the horizon has passed that id, the ranges move to the free ones of the metapage, as many
 *	  as there is room for; an empty page becomes free itself.  The others wait on their page, whose
 *	  id is 0 from then on, until there is room or they touch a free range; longer ones change
 *	  places with the shortest free ones, of which there is less use.  Each step is one record of
 *	  the metapage and of the pages that change with it, so a block is always in one place.
 *
 *	  The newest page comes first.  While a long transaction keeps blocks, each region adds a page,
 *	  and none becomes free: so as not to walk along all of them each time, a process remembers what
 *	  it saw of the chain, and looks whether its oldest page can be freed.  What is remembered of a
 *	  chain that another process has changed since may be older than the chain; then it is walked.
 *
 *	  Only who keeps all maintenance of the index away (README.md of am/maintain) changes the chain.
 *
 * IDENTIFICATION
 *	  src/page/page_retired.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_layout.h"
#include "page/page_meta.h"
#include "page/page_point.h"
#include "page/page_ranges.h"
#include "page/page_retired.h"
#include "page/page_wal.h"

/* What this process saw last of a chain. */
typedef struct SeenChain
{
	Oid index; /* invalid: nothing was seen */
	Oid file;  /* its relfilenode, which another index in another tablespace may have, too */
	BlockNumber first;
	uint64 oldest;		 /* full transaction id of the last page that is not free */
	BlockNumber blocks;	 /* of pages that are not free, with those of the pages themselves */
	BlockNumber waiting; /* of pages that are, likewise */
} SeenChain;

static SeenChain seen;

/* True if a chain that begins at a block, or an empty one, is that which was seen. */
static inline bool
is_seen(Relation index, BlockNumber first)
{
	return seen.index == RelationGetRelid(index) && seen.file == index->rd_rel->relfilenode &&
		   seen.first == first;
}

/* The ranges on a page. */
static inline IvfkmRetired
retired_data(Page page)
{
	return (IvfkmRetired) IvfkmPageGetPayload(page);
}

/* Reads a page of the chain, checked. */
static Buffer
retired_page_read(Relation index, BlockNumber block, int lockmode)
{
	Buffer buffer = page_read(index, block, lockmode);

	page_check(index, buffer, IVFKM_PAGE_RETIRED);
	if (retired_data(BufferGetPage(buffer))->count > IVFKM_RETIRED_RANGES)
		page_corrupted(index, block, "%u of %d ranges are in use.",
					   retired_data(BufferGetPage(buffer))->count, IVFKM_RETIRED_RANGES);
	return buffer;
}

/* ----- blocks in memory ----- */

/* Adds consecutive blocks; allocates in the current memory context at first. */
void
page_blocks_add(IvfkmBlocks *blocks, BlockNumber first, BlockNumber count)
{
	if (blocks->count + count > blocks->size)
	{
		blocks->size = Max(blocks->size * 2, blocks->count + count + 64);
		blocks->blocks =
			blocks->blocks == NULL
				? MemoryContextAllocHuge(CurrentMemoryContext, sizeof(BlockNumber) * blocks->size)
				: repalloc_huge(blocks->blocks, sizeof(BlockNumber) * blocks->size);
	}
	for (BlockNumber i = 0; i < count; i++)
		blocks->blocks[blocks->count++] = first + i;
}

/* Ascending blocks. */
static int
compare_blocks(const void *a, const void *b)
{
	BlockNumber x = *(const BlockNumber *) a;
	BlockNumber y = *(const BlockNumber *) b;

	return x < y ? -1 : x > y;
}

/* Sorts blocks, and makes ranges of them: a palloc'd array of *count. */
static IvfkmRange *
make_ranges(IvfkmBlocks *blocks, Size *count)
{
	IvfkmRange *ranges =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(IvfkmRange) * Max(blocks->count, 1));

	*count = 0;
	if (blocks->count > 0)
		qsort(blocks->blocks, blocks->count, sizeof(BlockNumber), compare_blocks);
	for (Size i = 0; i < blocks->count; i++)
	{
		if (*count > 0 && ranges[*count - 1].end == blocks->blocks[i])
			ranges[*count - 1].end++;
		else
		{
			ranges[*count].first = blocks->blocks[i];
			ranges[(*count)++].end = blocks->blocks[i] + 1;
		}
	}
	return ranges;
}

/* Blocks in some ranges. */
static BlockNumber
count_blocks(const IvfkmRange *ranges, Size n)
{
	BlockNumber sum = 0;

	for (Size i = 0; i < n; i++)
		sum += ranges[i].end - ranges[i].first;
	return sum;
}

/* ----- retiring ----- */

/*
 * In a change of the metapage, whose copy is "meta_page": puts a page with ranges, written to a
 * block of the reserve, before the chain.  Returns the page's buffer, locked.
 */
static Buffer
add_page(PageWal *wal, Page meta_page, BlockNumber block, const IvfkmRange *ranges, Size n)
{
	IvfkmMetaPage meta = IvfkmPageGetMeta(meta_page);
	Buffer buffer = page_free_buffer(wal->index, block);
	Page page = page_wal_register_new(wal, buffer);
	IvfkmRetired data;

	page_init(page, IVFKM_PAGE_RETIRED, 0, 0);
	IvfkmPageGetOpaque(page)->next = meta->retired_block;
	data = retired_data(page);
	/* nobody reads the metapage while it is locked, so who has read it before is older than this */
	data->xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	data->count = (uint32) n;
	memcpy(data->ranges, ranges, sizeof(IvfkmRange) * n);
	if (is_seen(wal->index, meta->retired_block))
	{
		if (seen.blocks == 0)
			seen.oldest = data->xid;
		seen.first = block;
		seen.blocks += count_blocks(ranges, n) + 1;
	}
	meta->retired_block = block;
	return buffer;
}

/* The pages that at most take the ranges of so many blocks: no more than one for each block. */
BlockNumber
page_retired_pages(Size nblocks)
{
	return (BlockNumber) ((nblocks + IVFKM_RETIRED_RANGES - 1) / IVFKM_RETIRED_RANGES);
}

/*
 * Makes nodes that were written, and lead to all lists of the index, the current ones: "next" says
 * where the root is and what else changes.  Retires the blocks that are not of the tree any more,
 * and gives back what is left of the reserve.  One record, and more where there are very many
 * ranges: until they are written the metapage counts those blocks as lost.
 *
 * The caller keeps inserts and all maintenance out, and holds no buffer lock.  So that inserts need
 * not wait for a longer file, the reserve should have page_retired_pages() blocks before.
 */
void
page_retired_replace(Relation index, const IvfkmMetaPageData *next, IvfkmReserve *reserve,
					 IvfkmBlocks *retired)
{
	Size nranges;
	IvfkmRange *ranges = make_ranges(retired, &nranges);
	Size done = Min(nranges, IVFKM_RETIRED_RANGES);
	BlockNumber npages = page_retired_pages(nranges);
	BlockNumber chain = page_free_from_reserve(index, reserve, npages);
	Buffer buffer = page_free_lock(index);
	Buffer chain_buffer = InvalidBuffer;
	PageWal wal;
	Page page;

	page_wal_begin(&wal, index);
	page = page_wal_register(&wal, buffer);
	page_meta_set_nodes(IvfkmPageGetMeta(page), next);
	page_free_keep_built(page, reserve);
	if (npages > 0)
		chain_buffer = add_page(&wal, page, chain, ranges, done);
	if (npages > 1) /* with the pages that will name them */
		IvfkmPageGetFree(page)->lost += count_blocks(ranges + done, nranges - done) + npages - 1;
	page_wal_finish(&wal);
	if (BufferIsValid(chain_buffer))
		UnlockReleaseBuffer(chain_buffer);
	page_free_unlock(index, buffer);
	page_point("region-replaced");

	for (BlockNumber i = 1; i < npages; i++)
	{
		Size n = Min(nranges - done, IVFKM_RETIRED_RANGES);

		buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_EXCLUSIVE);
		page_check(index, buffer, IVFKM_PAGE_META);
		page_wal_begin(&wal, index);
		page = page_wal_register(&wal, buffer);
		chain_buffer = add_page(&wal, page, chain + i, ranges + done, n);
		IvfkmPageGetFree(page)->lost -= count_blocks(ranges + done, n) + 1;
		page_wal_finish(&wal);
		UnlockReleaseBuffer(chain_buffer);
		UnlockReleaseBuffer(buffer);
		done += n;
	}
	pfree(ranges);
}

/* ----- making free ----- */

/* Places among the free ranges for pages of the chain, and for what reservations give back. */
#define KEPT_PLACES 16

/* Whether free ranges have room for one more. */
static inline bool
has_room(const IvfkmRanges *free)
{
	return free->count < IVFKM_MAX_RANGES - KEPT_PLACES;
}

/* True if a range can become one of the free ones, or change places with one. */
static bool
is_placeable(const IvfkmRanges *free, const IvfkmRange *range)
{
	const IvfkmRange *shortest;

	if (has_room(free) || page_ranges_touch(free, range->first, range->end))
		return true;
	shortest = page_ranges_shortest(free);
	return range->end - range->first > shortest->end - shortest->first;
}

/* Moves ranges of a page to the free ones, as many as can be; see is_placeable(). */
static void
place_ranges(IvfkmRanges *free, IvfkmRetired data)
{
	for (uint32 i = data->count; i-- > 0;)
	{
		IvfkmRange *range = &data->ranges[i];

		if (has_room(free) || page_ranges_touch(free, range->first, range->end))
		{
			(void) page_ranges_add(free, range->first, range->end);
			data->count--;
			*range = data->ranges[data->count];
			memset(&data->ranges[data->count], 0, sizeof(IvfkmRange));
		}
		else
			(void) page_ranges_exchange(free, range);
	}
}

/*
 * Moves ranges of the page at *block, which nobody can reach any more, to the free ones, and takes
 * the page out of the chain if none is left; "from" is the page that leads to it, or invalid.
 * Returns the number of blocks that became free, and in *block the page behind it; *from is moved
 * on if the page stays, and its blocks are added to *waiting.  Takes the extension lock.
 */
static BlockNumber
release_page(Relation index, BlockNumber *block, BlockNumber *from, BlockNumber *waiting)
{
	Buffer meta_buffer = page_free_lock(index);
	Buffer buffer = retired_page_read(index, *block, BUFFER_LOCK_EXCLUSIVE);
	Buffer from_buffer = InvalidBuffer;
	PageWal wal;
	Page meta_page;
	Page page;
	IvfkmFree free;
	IvfkmRetired data;
	BlockNumber before;
	BlockNumber freed;
	BlockNumber next;

	page_wal_begin(&wal, index);
	meta_page = page_wal_register(&wal, meta_buffer);
	page = page_wal_register(&wal, buffer);
	free = IvfkmPageGetFree(meta_page);
	data = retired_data(page);
	next = IvfkmPageGetOpaque(page)->next;
	before = page_ranges_total(&free->free);
	place_ranges(&free->free, data);
	data->xid = 0;
	if (data->count == 0)
	{
		/* its links are of no interest any more, but the page keeps them until it is written */
		free->lost += page_ranges_add(&free->free, *block, *block + 1);
		if (BlockNumberIsValid(*from))
		{
			from_buffer = retired_page_read(index, *from, BUFFER_LOCK_EXCLUSIVE);
			IvfkmPageGetOpaque(page_wal_register(&wal, from_buffer))->next = next;
		}
		else
			IvfkmPageGetMeta(meta_page)->retired_block = next;
	}
	else
	{
		*from = *block;
		*waiting += count_blocks(data->ranges, data->count) + 1;
	}
	freed = page_ranges_total(&free->free) - before;
	page_wal_finish(&wal);
	if (BufferIsValid(from_buffer))
		UnlockReleaseBuffer(from_buffer);
	UnlockReleaseBuffer(buffer);
	page_free_unlock(index, meta_buffer);
	*block = next;
	return freed;
}

/* What is to be known of a page of the chain. */
typedef struct RetiredPage
{
	uint64 xid; /* 0: nobody can reach its blocks any more */
	BlockNumber next;
	BlockNumber blocks; /* that it names, with its own */
	bool placeable;		/* one of its ranges at least: see is_placeable() */
} RetiredPage;

/* Reads that of a page; "free" are the free ranges, or NULL if nothing is to be placed. */
static void
read_chain_page(Relation index, BlockNumber block, const IvfkmRanges *free, RetiredPage *page)
{
	Buffer buffer = retired_page_read(index, block, BUFFER_LOCK_SHARE);
	IvfkmRetired data = retired_data(BufferGetPage(buffer));

	page->xid = data->xid;
	page->next = IvfkmPageGetOpaque(BufferGetPage(buffer))->next;
	page->blocks = count_blocks(data->ranges, data->count) + 1;
	page->placeable = false;
	for (uint32 i = 0; i < data->count && free != NULL && !page->placeable; i++)
		page->placeable = is_placeable(free, &data->ranges[i]);
	UnlockReleaseBuffer(buffer);
}

/* The first page of the chain, or invalid. */
static BlockNumber
chain_begin(Relation index)
{
	Buffer buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	BlockNumber block;

	page_check(index, buffer, IVFKM_PAGE_META);
	block = IvfkmPageGetMeta(BufferGetPage(buffer))->retired_block;
	UnlockReleaseBuffer(buffer);
	return block;
}

/* Raises an error if more pages were visited, the last one at "block", than there are. */
static void
check_visited(Relation index, BlockNumber block, BlockNumber nvisited)
{
	CHECK_FOR_INTERRUPTS();
	if (nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
		page_corrupted(index, block, "The chain of retired blocks is circular.");
}

/*
 * Makes blocks free that nobody can reach any more, as is_free() says.  Returns their number.  The
 * caller keeps all maintenance of the index away.
 */
BlockNumber
page_retired_release(Relation index, IvfkmRetiredIsFree is_free, void *arg)
{
	BlockNumber block = chain_begin(index);
	BlockNumber from = InvalidBlockNumber;
	BlockNumber freed = 0;
	BlockNumber nvisited = 0;
	IvfkmFreeData *data;
	SeenChain now = {InvalidOid, InvalidOid, InvalidBlockNumber, 0, 0, 0};

	if (BlockNumberIsValid(block) && is_seen(index, block) && seen.blocks > 0 &&
		seen.waiting == 0 && !is_free(arg, FullTransactionIdFromU64(seen.oldest)))
		return 0;
	seen.index = InvalidOid;
	data = palloc(sizeof(IvfkmFreeData));
	page_free_read(index, data);
	while (BlockNumberIsValid(block))
	{
		RetiredPage page;

		read_chain_page(index, block, &data->free, &page);
		check_visited(index, block, ++nvisited);
		if (page.xid == 0 ? page.placeable : is_free(arg, FullTransactionIdFromU64(page.xid)))
		{
			freed += release_page(index, &block, &from, &now.waiting);
			page_free_read(index, data);
			continue;
		}
		if (page.xid == 0)
			now.waiting += page.blocks;
		else
		{
			now.oldest = page.xid;
			now.blocks += page.blocks;
		}
		from = block;
		block = page.next;
	}
	now.index = RelationGetRelid(index);
	now.file = index->rd_rel->relfilenode;
	now.first = chain_begin(index);
	seen = now;
	pfree(data);
	return freed;
}

/*
 * Counts the blocks of the chain: those that somebody may still reach, and those that are free, but
 * for which the metapage has no room.  The caller keeps all maintenance of the index away.
 */
static void
count_chain(Relation index, BlockNumber *kept, BlockNumber *waiting)
{
	BlockNumber block = chain_begin(index);
	BlockNumber nvisited = 0;

	*kept = 0;
	*waiting = 0;
	if (is_seen(index, block))
	{
		*kept = seen.blocks;
		*waiting = seen.waiting;
		return;
	}
	while (BlockNumberIsValid(block))
	{
		RetiredPage page;

		read_chain_page(index, block, NULL, &page);
		check_visited(index, block, ++nvisited);
		if (page.xid == 0)
			*waiting += page.blocks;
		else
			*kept += page.blocks;
		block = page.next;
	}
}

/*
 * Calls back for every page of the chain, with the block that led to it, and for each range on it.
 * The metapage is locked meanwhile, so the chain stays as it is.
 */
void
page_retired_walk(Relation index, IvfkmRetiredVisit visit, void *arg)
{
	Buffer meta_buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	BlockNumber from = IVFKM_META_BLOCK;
	BlockNumber nvisited = 0;
	BlockNumber block;

	page_check(index, meta_buffer, IVFKM_PAGE_META);
	block = IvfkmPageGetMeta(BufferGetPage(meta_buffer))->retired_block;
	while (BlockNumberIsValid(block))
	{
		Buffer buffer;
		IvfkmRetired data;

		if (++nvisited % 1024 == 0 && nvisited > RelationGetNumberOfBlocks(index))
			page_corrupted(index, block, "The chain of retired blocks is circular.");
		buffer = retired_page_read(index, block, BUFFER_LOCK_SHARE);
		visit(arg, block, from, true, NULL);
		data = retired_data(BufferGetPage(buffer));
		for (uint32 i = 0; i < data->count; i++)
			visit(arg, block, from, false, &data->ranges[i]);
		from = block;
		block = IvfkmPageGetOpaque(BufferGetPage(buffer))->next;
		UnlockReleaseBuffer(buffer);
	}
	UnlockReleaseBuffer(meta_buffer);
}

/*
 * Blocks that are retired, and that somebody may still reach.  The caller keeps all maintenance of
 * the index away.
 */
BlockNumber
page_retired_kept(Relation index)
{
	IvfkmFreeData *data = palloc(sizeof(IvfkmFreeData));
	BlockNumber total;
	BlockNumber kept;
	BlockNumber waiting;

	page_free_read(index, data);
	total = page_ranges_total(&data->retired);
	pfree(data);
	count_chain(index, &kept, &waiting);
	return total + kept;
}

/*
 * True if so much of the file is free that what lies at its end should be moved to the front.  Of
 * what is retired, that counts which only waits for room on the metapage.  *waiting receives that.
 * The caller keeps all maintenance of the index away.
 */
bool
page_retired_is_sparse(Relation index, const IvfkmFreeData *data, BlockNumber used_blocks,
					   BlockNumber *waiting)
{
	BlockNumber kept;

	count_chain(index, &kept, waiting);
	return page_free_is_sparse(page_ranges_total(&data->free) + *waiting, used_blocks);
}
