/*-------------------------------------------------------------------------
 *
 * page_extent.c
 *	  Writing the extents of lists and nodes of a new index, group by group.
 *
 * NOTES
 *	  An extent is the contiguous blocks that a build writes for a list or node: its groups,
 *	  and behind those of a list its refine pages.
 *
 * IDENTIFICATION
 *	  src/page/page_extent.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "storage/buffile.h"

#include "page/page_bytes.h"
#include "page/page_extent.h"
#include "page/page_refine.h"

/* Refine pages of one list that are kept in memory; a longer list takes a temporary file. */
#define REFINE_PAGES_IN_MEMORY 512

/* The groups that n rows or children take: at least one. */
static BlockNumber
groups_for(const IvfkmGeometry *geometry, uint32 n)
{
	return n == 0 ? 1 : (n + geometry->slots - 1) / geometry->slots;
}

/* Blocks of the groups of a list or node of n rows or children. */
BlockNumber
page_extent_blocks(const IvfkmGeometry *geometry, uint32 n)
{
	return groups_for(geometry, n) * geometry->stripes;
}

/* Refine pages of a list of n rows; they follow its groups. */
BlockNumber
page_extent_refine_blocks(const IvfkmGeometry *geometry, uint32 n)
{
	if (geometry->refine_bits == 0)
		return 0;
	return (n + geometry->refine_slots - 1) / geometry->refine_slots;
}

/* Makes the pages of a new group in memory. */
static void
extent_start_group(IvfkmExtent *extent)
{
	page_group_init(extent->pages, extent->geometry, extent->owner, extent->generation,
					extent->first);
	extent->slot = 0;
}

/*
 * Starts to write the extent of a list or node of n entries that begins at block "first".
 * The refine pages of a list are kept, in memory or in a temporary file, until its groups
 * have been written.
 */
void
page_extent_begin(IvfkmExtent *extent, IvfkmWriter *writer, const IvfkmGeometry *geometry,
				  uint32 owner, uint32 generation, BlockNumber first, uint32 n)
{
	extent->writer = writer;
	extent->geometry = geometry;
	extent->owner = owner;
	extent->generation = generation;
	extent->first = first;
	extent->block = first;
	extent->groups_left = groups_for(geometry, n);
	for (int i = 0; i < geometry->stripes; i++)
		extent->pages[i] = (Page) palloc(BLCKSZ);
	extent_start_group(extent);

	extent->refine_first = first + page_extent_blocks(geometry, n);
	extent->refine_count = page_extent_refine_blocks(geometry, n);
	extent->nrefined = 0;
	extent->refine_pages = NULL;
	extent->refine_file = NULL;
	if (extent->refine_count > 0)
	{
		BlockNumber kept = extent->refine_count;

		if (kept > REFINE_PAGES_IN_MEMORY)
		{
			extent->refine_file = BufFileCreateTemp(false);
			kept = 1;
		}
		extent->refine_pages = palloc((Size) kept * BLCKSZ);
		IvfkmPageGetGroupHeader(extent->pages[geometry->stripes - 1])->refine_block =
			extent->refine_first + extent->refine_count - 1;
	}
}

/* The refine page in memory that is number "page" of the list. */
static Page
extent_refine_page(IvfkmExtent *extent, BlockNumber page)
{
	return (Page) (extent->refine_pages + (extent->refine_file != NULL ? 0 : (Size) page * BLCKSZ));
}

/* Adds a refine record and returns its address. */
static ItemPointerData
extent_add_refine(IvfkmExtent *extent, const IvfkmEntry *entry)
{
	const IvfkmGeometry *geometry = extent->geometry;
	BlockNumber number = extent->nrefined / geometry->refine_slots;
	int record = (int) (extent->nrefined % geometry->refine_slots);
	Page page = extent_refine_page(extent, number);
	ItemPointerData address;

	if (record == 0)
	{
		if (number > 0 && extent->refine_file != NULL)
			BufFileWrite(extent->refine_file, (void *) page, BLCKSZ);
		page_refine_init(page, extent->owner, extent->generation, extent->first,
						 number == 0 ? InvalidBlockNumber : extent->refine_first + number - 1);
	}
	page_refine_set(page, geometry, record, entry);
	extent->nrefined++;
	ItemPointerSet(&address, extent->refine_first + number, (OffsetNumber) (record + 1));
	return address;
}

/* Writes the refine pages behind the groups. */
static void
extent_write_refine(IvfkmExtent *extent)
{
	Assert(extent->block == extent->refine_first);
	if (extent->refine_file != NULL)
	{
		BufFileWrite(extent->refine_file, (void *) extent->refine_pages, BLCKSZ);
		if (BufFileSeek(extent->refine_file, 0, 0, SEEK_SET) != 0)
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not rewind temporary file")));
	}
	for (BlockNumber i = 0; i < extent->refine_count; i++)
	{
		if (extent->refine_file != NULL)
			buffile_read_exact_compat(extent->refine_file, extent->refine_pages, BLCKSZ);
		page_writer_add(extent->writer, extent->block++, (char *) extent_refine_page(extent, i));
	}
	if (extent->refine_file != NULL)
		BufFileClose(extent->refine_file);
	pfree(extent->refine_pages);
}

/* Writes the current group and starts the next one, if any. */
static void
extent_flush(IvfkmExtent *extent)
{
	int stripes = extent->geometry->stripes;

	extent->groups_left--;
	if (extent->groups_left > 0)
		IvfkmPageGetOpaque(extent->pages[stripes - 1])->next = extent->block + stripes;
	for (int i = 0; i < stripes; i++)
		page_writer_add(extent->writer, extent->block++, extent->pages[i]);
	if (extent->groups_left > 0)
		extent_start_group(extent);
}

/*
 * Adds an entry, with its refine code where there is such a tier; never more than were
 * announced.
 */
void
page_extent_add(IvfkmExtent *extent, const IvfkmEntry *entry)
{
	const IvfkmGeometry *geometry = extent->geometry;
	ItemPointerData refine;

	if (extent->slot == geometry->slots)
		extent_flush(extent);
	ItemPointerSetInvalid(&refine);
	if (geometry->refine_bits > 0)
		refine = extent_add_refine(extent, entry);
	page_slot_set(extent->pages, geometry, extent->slot++, entry, &refine);
}

/* Writes what is left. */
void
page_extent_end(IvfkmExtent *extent)
{
	Assert(extent->groups_left == 1);
	extent_flush(extent);
	for (int i = 0; i < extent->geometry->stripes; i++)
		pfree(extent->pages[i]);
	if (extent->refine_count > 0)
		extent_write_refine(extent);
}
