/*-------------------------------------------------------------------------
 *
 * page_child.c
 *	  Records of child nodes and lists, with their centroids.
 *
 * IDENTIFICATION
 *	  src/page/page_child.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>

#include "storage/bufmgr.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_child.h"
#include "page/page_hint.h"
#include "page/page_layout.h"
#include "vdb.h"

/* Bytes of one record: header and binary16 centroid, aligned for the next header. */
int
page_child_bytes(int dims)
{
	return TYPEALIGN(4, (int) (sizeof(IvfkmChildData) + dims * sizeof(uint16)));
}

/* Records on a page; 0 when a record is longer than a page. */
int
page_child_per_page(int dims)
{
	return IVFKM_PAYLOAD_BYTES / page_child_bytes(dims);
}

/* Pages that a record takes when it is longer than one page, else 1. */
int
page_child_stripes(int dims)
{
	return (page_child_bytes(dims) + IVFKM_PAYLOAD_BYTES - 1) / IVFKM_PAYLOAD_BYTES;
}

/* Pages that "count" records of one node's or level's children take. */
BlockNumber
page_child_blocks(int dims, uint32 count)
{
	uint32 per_page = (uint32) Max(page_child_per_page(dims), 1);

	return (count + per_page - 1) / per_page * page_child_stripes(dims);
}

/* Pointer to record "ordinal" of an array of records that starts at block "first". */
void
page_child_locate(BlockNumber first, int dims, uint32 ordinal, ItemPointerData *pointer)
{
	int per_page = page_child_per_page(dims);

	if (per_page > 0)
		ItemPointerSet(pointer, first + ordinal / per_page,
					   (OffsetNumber) (ordinal % per_page + FirstOffsetNumber));
	else
		ItemPointerSet(pointer, first + ordinal * page_child_stripes(dims), FirstOffsetNumber);
}

/* The number of the record at "pointer", not in front of block "first", where the array starts. */
uint32
page_child_ordinal(BlockNumber first, int dims, const ItemPointerData *pointer)
{
	BlockNumber blocks = ItemPointerGetBlockNumberNoCheck(pointer) - first;
	int per_page = page_child_per_page(dims);

	if (per_page == 0)
		return blocks / (uint32) page_child_stripes(dims);
	return blocks * (uint32) per_page +
		   (uint32) (ItemPointerGetOffsetNumberNoCheck(pointer) - FirstOffsetNumber);
}

/* Asks the CPU for a record that will be read soon, unless it is longer than a page. */
void
page_child_prefetch(Relation index, int dims, const ItemPointerData *pointer)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(pointer);
	int slot = (int) ItemPointerGetOffsetNumberNoCheck(pointer) - FirstOffsetNumber;

	if (slot < 0 || slot >= page_child_per_page(dims))
		return; /* damaged, or long */
	page_prefetch(index, block, 0, IVFKM_PAYLOAD_OFFSET);
	page_prefetch(index, block, IVFKM_PAYLOAD_OFFSET + slot * page_child_bytes(dims),
				  page_child_bytes(dims));
}

/*
 * Copies the record that a node's slot points to: the header, and the centroid as "dims"
 * binary16 numbers.  Takes and releases share locks on its page or pages.
 */
void
page_child_read(Relation index, int dims, const ItemPointerData *pointer, IvfkmChildData *child,
				uint16 *centroid)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(pointer);
	int slot = (int) ItemPointerGetOffsetNumberNoCheck(pointer) - FirstOffsetNumber;
	int per_page = page_child_per_page(dims);
	int stripes = page_child_stripes(dims);
	int left = page_child_bytes(dims);
	char *to = (char *) centroid;
	BlockNumber nblocks;

	for (int i = 0; i < stripes; i++)
	{
		Buffer buffer = page_read(index, block + i, BUFFER_LOCK_SHARE);
		const char *from = IvfkmPageGetPayload(BufferGetPage(buffer));
		int bytes = Min(left, IVFKM_PAYLOAD_BYTES);

		page_check(index, buffer, IVFKM_PAGE_CENTROID);
		if (slot < 0 || slot >= Max(per_page, 1))
			page_corrupted(index, block, "There is no centroid %d.", slot);
		if (per_page > 0)
			from += slot * page_child_bytes(dims);
		left -= bytes;
		if (i == 0)
		{
			memcpy(child, from, sizeof(IvfkmChildData));
			from += sizeof(IvfkmChildData);
			bytes -= (int) sizeof(IvfkmChildData);
		}
		bytes = Min(bytes, dims * (int) sizeof(uint16) - (int) (to - (char *) centroid));
		memcpy(to, from, bytes);
		to += bytes;
		UnlockReleaseBuffer(buffer);
	}
	if (child->id == 0 || child->nblocks == 0 || child->first_block == IVFKM_META_BLOCK ||
		!BlockNumberIsValid(child->first_block))
		page_corrupted(index, block, "Centroid %d points to no list.", slot);
	if (child->nblocks > MaxBlockNumber - child->first_block ||
		!page_in_file(index, child->first_block + child->nblocks - 1, &nblocks))
		page_corrupted(index, block, "Centroid %d points to blocks %u to %u, beyond the file.",
					   slot, child->first_block, child->first_block + child->nblocks - 1);
	if (!(child->radius >= 0.0f && child->radius <= FLT_MAX))
		page_corrupted(index, block, "The radius of centroid %d is not valid.", slot);
}

/*
 * Starts to write records of children from block "first" on, for the owner in that generation.
 * Allocates in the current memory context.
 */
void
page_child_begin(IvfkmChildWriter *children, IvfkmWriter *writer, int dims, uint32 owner,
				 uint32 generation, BlockNumber first)
{
	children->writer = writer;
	children->dims = dims;
	children->owner = owner;
	children->generation = generation;
	children->block = first;
	children->count = 0;
	children->record = palloc0(page_child_bytes(dims));
	for (int i = 0; i < page_child_stripes(dims); i++)
		children->pages[i] = (Page) palloc(BLCKSZ);
}

/* Writes the pages that were begun. */
static void
child_flush(IvfkmChildWriter *children)
{
	for (int i = 0; i < page_child_stripes(children->dims); i++)
		page_writer_add(children->writer, children->block++, (char *) children->pages[i]);
	children->count = 0;
}

/* Adds a record with its centroid, dims binary16 numbers. */
void
page_child_add(IvfkmChildWriter *children, const IvfkmChildData *child, const uint16 *centroid)
{
	int dims = children->dims;
	int bytes = page_child_bytes(dims);
	int stripes = page_child_stripes(dims);

	StaticAssertStmt(sizeof(IvfkmChildData) + VDB_MAX_DIM * sizeof(uint16) <=
						 IVFKM_CHILD_MAX_STRIPES * IVFKM_PAYLOAD_BYTES,
					 "the longest record fits");
	if (children->count == Max(page_child_per_page(dims), 1))
		child_flush(children);
	if (children->count == 0)
	{
		for (int i = 0; i < stripes; i++)
			page_init(children->pages[i], IVFKM_PAGE_CENTROID, children->owner,
					  children->generation);
	}
	memcpy(children->record, child, sizeof(IvfkmChildData));
	memcpy(children->record + sizeof(IvfkmChildData), centroid, sizeof(uint16) * dims);
	for (int i = 0; i < stripes; i++)
	{
		int offset = i * IVFKM_PAYLOAD_BYTES;

		memcpy(IvfkmPageGetPayload(children->pages[i]) + children->count * bytes,
			   children->record + offset, Min(bytes - offset, IVFKM_PAYLOAD_BYTES));
	}
	children->count++;
}

/* Writes what is left. */
void
page_child_end(IvfkmChildWriter *children)
{
	if (children->count > 0)
		child_flush(children);
	for (int i = 0; i < page_child_stripes(children->dims); i++)
		pfree(children->pages[i]);
	pfree(children->record);
}
