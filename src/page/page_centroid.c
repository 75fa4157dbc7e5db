/*-------------------------------------------------------------------------
 *
 * page_centroid.c
 *	  Records of child nodes and lists, with their centroids.
 *
 * IDENTIFICATION
 *	  src/page/page_centroid.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>

#include "storage/bufmgr.h"

#include "page/page.h"

/* Bytes of one record: header and binary16 centroid, aligned for the next header. */
int
page_centroid_bytes(int dims)
{
	return TYPEALIGN(4, (int) (sizeof(IvfkmChildData) + dims * sizeof(uint16)));
}

/* Records on a page; 0 when a record is longer than a page. */
int
page_centroid_per_page(int dims)
{
	return IVFKM_PAYLOAD_BYTES / page_centroid_bytes(dims);
}

/* Pages that a record takes when it is longer than one page, else 1. */
int
page_centroid_stripes(int dims)
{
	return (page_centroid_bytes(dims) + IVFKM_PAYLOAD_BYTES - 1) / IVFKM_PAYLOAD_BYTES;
}

/* Pointer to record "ordinal" of an array of records that starts at block "first". */
void
page_centroid_locate(BlockNumber first, int dims, uint32 ordinal, ItemPointerData *pointer)
{
	int per_page = page_centroid_per_page(dims);

	if (per_page > 0)
		ItemPointerSet(pointer, first + ordinal / per_page,
					   (OffsetNumber) (ordinal % per_page + FirstOffsetNumber));
	else
		ItemPointerSet(pointer, first + ordinal * page_centroid_stripes(dims), FirstOffsetNumber);
}

/* Asks the CPU for a record that will be read soon, unless it is longer than a page. */
void
page_centroid_prefetch(Relation index, int dims, const ItemPointerData *pointer)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(pointer);
	int slot = (int) ItemPointerGetOffsetNumberNoCheck(pointer) - FirstOffsetNumber;

	if (slot < 0 || slot >= page_centroid_per_page(dims))
		return; /* damaged, or long */
	page_prefetch(index, block, 0, IVFKM_PAYLOAD_OFFSET);
	page_prefetch(index, block, IVFKM_PAYLOAD_OFFSET + slot * page_centroid_bytes(dims),
				  page_centroid_bytes(dims));
}

/*
 * Copies the record that a node's slot points to: the header, and the centroid as "dims"
 * binary16 numbers.  Takes and releases share locks on its page or pages.
 */
void
page_centroid_read(Relation index, int dims, const ItemPointerData *pointer, IvfkmChildData *child,
				   uint16 *centroid)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(pointer);
	int slot = (int) ItemPointerGetOffsetNumberNoCheck(pointer) - FirstOffsetNumber;
	int per_page = page_centroid_per_page(dims);
	int stripes = page_centroid_stripes(dims);
	int left = page_centroid_bytes(dims);
	char *to = (char *) centroid;

	for (int i = 0; i < stripes; i++)
	{
		Buffer buffer = page_read(index, block + i, BUFFER_LOCK_SHARE);
		const char *from = IvfkmPageGetPayload(BufferGetPage(buffer));
		int bytes = Min(left, IVFKM_PAYLOAD_BYTES);

		page_check(index, buffer, IVFKM_PAGE_CENTROID);
		if (slot < 0 || slot >= Max(per_page, 1))
			page_corrupted(index, block, "There is no centroid %d.", slot);
		if (per_page > 0)
			from += slot * page_centroid_bytes(dims);
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
	if (!(child->radius >= 0.0f && child->radius <= FLT_MAX) ||
		(child->level == 0 && child->radius != 0.0f))
		page_corrupted(index, block, "The radius of centroid %d is not valid.", slot);
}
