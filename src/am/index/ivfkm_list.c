/*-------------------------------------------------------------------------
 *
 * ivfkm_list.c
 *	  Reading the units of nodes and posting lists.
 *
 * NOTES
 *	  A group's last page stays pinned and share-locked while its units are looked at.
 *	  The code pages of a striped group are locked one after the other before it, or, if the
 *	  caller may not need them, behind it, in the order in which writers lock them.  A
 *	  row inserted in between was not committed when this scan's snapshot was taken,
 *	  so a torn view of its code does no harm.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_list.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"

#include "am/index/ivfkm_list.h"

/* Starts to walk a list or node.  query may be NULL if ivfkm_reader_scan() is not used. */
void
ivfkm_reader_begin(IvfkmReader *reader, Relation index, const IvfkmGeometry *geometry,
				   const IvfkmChildData *child, const QuantQuery *query)
{
	reader->index = index;
	reader->geometry = geometry;
	reader->query = query;
	reader->ahead = NULL;
	reader->lazy = false;
	reader->summed = false;
	reader->first = child->first_block;
	reader->extent_end = child->first_block + child->nblocks;
	reader->owner = child->id;
	reader->generation = child->generation;
	reader->next = child->first_block;
	reader->block = InvalidBlockNumber;
	reader->nvisited = 0;
	reader->buffer = InvalidBuffer;
	reader->page = NULL;
}

/* Pins and locks a page of a group in share mode. */
static Buffer
read_page(IvfkmReader *reader, BlockNumber block)
{
	if (reader->ahead != NULL && block >= reader->first && block < reader->extent_end)
		return page_ahead_read(reader->ahead, block, BUFFER_LOCK_SHARE);
	return page_read(reader->index, block, BUFFER_LOCK_SHARE);
}

/*
 * Adds up the codes of a striped unit on all pages of its group but the last one.  These are not
 * read ahead if the caller may not need them.
 */
static void
sum_codes(IvfkmReader *reader)
{
	const IvfkmGeometry *geometry = reader->geometry;

	memset(reader->acc, 0, sizeof(reader->acc));
	for (int i = 0; i < geometry->stripes - 1; i++)
	{
		Buffer buffer = reader->lazy
							? page_read(reader->index, reader->block + i, BUFFER_LOCK_SHARE)
							: read_page(reader, reader->block + i);

		page_check_group(reader->index, buffer, geometry, i, reader->owner, reader->generation);
		vdb_quant->accumulate(reader->query->table +
								  (Size) i * IVFKM_PAGE_CHUNKS * QUANT_CHUNK_TABLE,
							  page_group_chunks(BufferGetPage(buffer)),
							  ivfkm_stripe_chunks(geometry, i), reader->acc);
		UnlockReleaseBuffer(buffer);
	}
	reader->summed = true;
}

/*
 * Goes on to the next group and locks its last page in share mode; false (and nothing
 * locked) at the end of the chain.  A chain longer than the file is a loop: damage.
 */
bool
ivfkm_reader_next(IvfkmReader *reader)
{
	const IvfkmGeometry *geometry = reader->geometry;
	int last = geometry->stripes - 1;

	if (BufferIsValid(reader->buffer))
	{
		UnlockReleaseBuffer(reader->buffer);
		reader->buffer = InvalidBuffer;
	}
	if (!BlockNumberIsValid(reader->next))
		return false;
	CHECK_FOR_INTERRUPTS();

	reader->block = reader->next;
	if (++reader->nvisited % 1024 == 0 &&
		reader->nvisited > RelationGetNumberOfBlocks(reader->index))
		page_corrupted(reader->index, reader->block, "The chain of list %u is circular.",
					   reader->owner);

	reader->summed = false;
	if (last > 0 && reader->query != NULL && !reader->lazy)
		sum_codes(reader);
	reader->buffer = read_page(reader, reader->block + last);
	page_check_group(reader->index, reader->buffer, geometry, last, reader->owner,
					 reader->generation);
	reader->page = BufferGetPage(reader->buffer);
	reader->next = page_group_next(reader->page);
	if (BlockNumberIsValid(reader->next) && last == 0 && reader->query != NULL)
		page_prefetch(reader->index, reader->next, 0, IVFKM_PAYLOAD_OFFSET);
	return true;
}

/* Asks the CPU for the first page of a list or node that will be read soon. */
void
ivfkm_list_prefetch(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *child)
{
	page_prefetch(index, child->first_block, 0,
				  IVFKM_PAYLOAD_OFFSET +
					  Min(geometry->units * geometry->unit_bytes, IVFKM_PAYLOAD_BYTES));
	if (geometry->stripes == 1)
		page_prefetch(index, child->first_block, IVFKM_PAYLOAD_END, sizeof(IvfkmPageOpaqueData));
}

/*
 * The arrays of one unit of the current group, to look at its attributes, not at its codes.
 * *arrays points into the locked page.
 */
void
ivfkm_reader_unit(IvfkmReader *reader, int unit, IvfkmUnit *arrays)
{
	const IvfkmGeometry *geometry = reader->geometry;

	page_unit_get(reader->page, geometry, unit, arrays);
	/* the same of the next page, which is then in the cache when it is its turn */
	if (BlockNumberIsValid(reader->next))
		page_prefetch(reader->index, reader->next + (geometry->stripes - 1),
					  (int) ((char *) arrays->nulls - (char *) reader->page),
					  geometry->tail_bytes - geometry->masks);
}

/*
 * Bounds of the 16 slots of one unit of the current group: see QuantKernels.scan_unit.
 * *arrays points into the locked page.
 */
uint32
ivfkm_reader_scan(IvfkmReader *reader, int unit, const QuantBound *bound, float threshold,
				  float *lb, float *ub, IvfkmUnit *arrays)
{
	const IvfkmGeometry *geometry = reader->geometry;
	int last = geometry->stripes - 1;

	page_unit_get(reader->page, geometry, unit, arrays);
	if (last == 0)
	{
		/* the same unit of the next page, which is then in the cache when it is its turn */
		if (BlockNumberIsValid(reader->next))
			page_prefetch(reader->index, reader->next,
						  IVFKM_PAYLOAD_OFFSET + unit * geometry->unit_bytes, geometry->unit_bytes);
		return vdb_quant->scan_unit(reader->query, bound, arrays->chunks, arrays->add, arrays->mul,
									threshold, lb, ub);
	}
	if (!reader->summed)
		sum_codes(reader);
	vdb_quant->accumulate(
		reader->query->table + (Size) last * IVFKM_PAGE_CHUNKS * QUANT_CHUNK_TABLE,
		page_group_chunks(reader->page), ivfkm_stripe_chunks(geometry, last), reader->acc);
	return vdb_quant->bounds(bound, reader->acc, arrays->add, arrays->mul, threshold, lb, ub);
}
