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

#include <float.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_summary.h"

/* Of units whose heads do not pay, those of one in so many are looked at all the same. */
#define HEADS_SAMPLED 16

/* So many units are remembered: then what is known counts half. */
#define HEADS_MEMORY 128

/* Starts to walk a list or node.  query may be NULL if ivfkm_reader_scan() is not used. */
void
ivfkm_reader_begin(IvfkmReader *reader, Relation index, const IvfkmGeometry *geometry,
				   const IvfkmChildData *child, const QuantQuery *query)
{
	reader->index = index;
	reader->geometry = geometry;
	reader->query = query;
	reader->bits = NULL;
	reader->heads = NULL;
	reader->ahead = NULL;
	reader->groups = IVFKM_ALL_GROUPS;
	reader->lazy = false;
	reader->sparse = false;
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
 * Adds the codes on one page of a striped group to sums: of the query's table, or, if "bits" is
 * not NULL, bits in common.
 */
void
ivfkm_list_add_codes(const QuantQuery *query, const QuantBitsQuery *bits,
					 const IvfkmGeometry *geometry, int stripe, const uint8 *chunks, uint32 *acc)
{
	Size first = (Size) stripe * IVFKM_PAGE_CHUNKS;
	int nchunks = ivfkm_stripe_chunks(geometry, stripe);

	if (bits != NULL)
		vdb_quant->common(bits->bytes + first * QUANT_CHUNK, chunks, nchunks, acc);
	else
		vdb_quant->accumulate(query->table + first * QUANT_CHUNK_TABLE, chunks, nchunks, acc);
}

/*
 * Bounds of the slots of a unit whose codes hold bits, of those in the mask that is returned: see
 * QuantKernels.bits_within.  found->common has the sums already if the unit is striped.
 */
uint32
ivfkm_list_scan_bits(const QuantBitsQuery *bits, const IvfkmGeometry *geometry,
					 const IvfkmUnit *arrays, IvfkmUnitBits *found, float threshold, float *lb,
					 float *ub)
{
	int head = geometry->head_chunks;
	uint32 within;

	if (geometry->stripes == 1)
	{
		memset(found->common, 0, sizeof(found->common));
		if (quant_bits_sparse(bits))
			vdb_quant->common_of(bits->bytes, arrays->chunks + head * QUANT_CHUNK, bits->used,
								 bits->nused, found->common);
		else
			vdb_quant->common(bits->bytes, arrays->chunks + head * QUANT_CHUNK, bits->nchunks,
							  found->common);
	}
	quant_bits_counts(geometry->dims, head, arrays->chunks, arrays->add, found->counts);
	within = vdb_quant->bits_within(bits, found->common, found->counts, threshold);
	for (uint32 rest = within; rest != 0; rest &= rest - 1)
	{
		int lane = pg_rightmost_one_pos32(rest);

		quant_bits_bounds(bits, found->counts[lane], found->common[lane], &lb[lane], &ub[lane]);
	}
	return within;
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
		ivfkm_list_add_codes(reader->query, reader->bits, geometry, i,
							 page_group_chunks(BufferGetPage(buffer)), reader->acc);
		UnlockReleaseBuffer(buffer);
	}
	reader->summed = true;
}

/* Asks the CPU for the attributes of all units of a group, whose last page is given. */
static void
prefetch_attributes(Relation index, BlockNumber last_page, const IvfkmGeometry *geometry)
{
	int offset = geometry->stripes > 1 ? geometry->tail
									   : IVFKM_PAYLOAD_OFFSET + geometry->nchunks * QUANT_CHUNK;

	page_prefetch(index, last_page, 0, IVFKM_PAYLOAD_OFFSET);
	for (int u = 0; u < geometry->units; u++)
		page_prefetch(index, last_page, offset + u * geometry->unit_bytes + geometry->masks,
					  geometry->tail_bytes - geometry->masks);
	page_prefetch(index, last_page, IVFKM_PAYLOAD_END, sizeof(IvfkmPageOpaqueData));
}

/*
 * Leaves out groups of the extent, which follow each other, that the reader's bits do not ask for.
 * Those behind the extent are asked for by the last bit, and reached from its last group alone,
 * which is then read as well.
 */
static void
skip_groups(IvfkmReader *reader)
{
	BlockNumber stripes = (BlockNumber) reader->geometry->stripes;

	if (reader->groups == IVFKM_ALL_GROUPS)
		return;
	while (reader->next >= reader->first && reader->next < reader->extent_end)
	{
		BlockNumber group = (reader->next - reader->first) / stripes;
		bool ends = reader->next + stripes >= reader->extent_end;

		if ((reader->groups >> Min(group, IVFKM_LATE_LAST) & 1) != 0 ||
			(ends && (reader->groups >> IVFKM_LATE_LAST & 1) != 0))
			return;
		reader->next = ends ? InvalidBlockNumber : reader->next + stripes;
	}
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
	if (reader->nvisited == 0)
		skip_groups(reader);
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
	skip_groups(reader);
	if (BlockNumberIsValid(reader->next))
	{
		if (reader->lazy)
			prefetch_attributes(reader->index, reader->next + last, geometry);
		else if (last == 0 && reader->query != NULL)
		{
			/* what is checked as it is locked: both ends, which long codes leave apart */
			page_prefetch(reader->index, reader->next, 0, IVFKM_PAYLOAD_OFFSET);
			page_prefetch(reader->index, reader->next, IVFKM_PAYLOAD_END,
						  sizeof(IvfkmPageOpaqueData));
		}
	}
	return true;
}

/* Chunks of a unit that most units need; all if it is not known. */
static inline int
needed_chunks(const IvfkmHeads *heads, const IvfkmGeometry *geometry)
{
	uint32 excluded = 0;

	if (heads != NULL)
	{
		for (int h = 0; h < heads->bounds.n; h++)
		{
			excluded += heads->excluded[h];
			if (excluded * 4 > heads->tried * 3)
				return heads->bounds.heads[h].nchunks;
		}
	}
	return geometry->nchunks;
}

/*
 * True if looking at the heads of units' codes pays: of late it saved at least as many chunks as
 * were looked at twice.  nchunks: that are looked at without them.
 */
static inline bool
heads_pay(const IvfkmHeads *heads, int nchunks)
{
	const QuantHeads *bounds = &heads->bounds;
	int saved = 0;
	int in_vain = (int) heads->tried;

	for (int h = 0; h < bounds->n; h++)
	{
		saved += (int) heads->excluded[h] * (nchunks - bounds->heads[h].nchunks);
		in_vain -= (int) heads->excluded[h];
	}
	return saved >= in_vain * bounds->heads[bounds->n - 1].nchunks;
}

/* Chunks of a unit that are looked at without its head. */
static inline int
looked_at_chunks(const QuantQuery *query, const QuantBitsQuery *bits)
{
	if (bits == NULL)
		return query->nchunks;
	return quant_bits_sparse(bits) ? bits->nused : bits->nchunks;
}

/*
 * Asks the CPU for a unit of a group of one page whose codes hold bits: chunks where the query has
 * none are not looked at, nor are heads that do not pay.
 */
static void
prefetch_bits(Relation index, BlockNumber block, const IvfkmGeometry *geometry, int start,
			  const QuantBitsQuery *bits, const IvfkmHeads *heads)
{
	int first = start + geometry->head_chunks * QUANT_CHUNK;
	int last = first + bits->nchunks * QUANT_CHUNK;

	if (heads != NULL && heads->bounds.n > 0 && heads_pay(heads, looked_at_chunks(NULL, bits)))
		page_prefetch(index, block, start, geometry->head_chunks * QUANT_CHUNK);
	if (quant_bits_sparse(bits))
		page_prefetch_chunks(index, block, first, bits->used, bits->nused);
	else
		page_prefetch(index, block, first, bits->nchunks * QUANT_CHUNK);
	/* how many are set, and the arrays */
	page_prefetch(index, block, last, start + geometry->unit_bytes - last);
}

/*
 * Asks the CPU for what most units of a group of one page are looked at for: all of one, or so many
 * chunks and the factors behind them.  bits, heads: the query's, as IvfkmReader has them.
 */
static inline void
prefetch_unit(Relation index, BlockNumber block, const IvfkmGeometry *geometry, int unit,
			  const QuantBitsQuery *bits, const IvfkmHeads *heads)
{
	int start = IVFKM_PAYLOAD_OFFSET + unit * geometry->unit_bytes;
	int nchunks = needed_chunks(heads, geometry);

	if (nchunks < geometry->nchunks)
	{
		page_prefetch(index, block, start, nchunks * QUANT_CHUNK);
		page_prefetch(index, block, start + geometry->nchunks * QUANT_CHUNK,
					  QUANT_UNIT * (int) (sizeof(float) + sizeof(uint16)));
	}
	else if (bits != NULL)
		prefetch_bits(index, block, geometry, start, bits, heads);
	else
		page_prefetch(index, block, start, geometry->unit_bytes);
}

/*
 * True if the heads of a unit's codes tell that none has a bound at or below the threshold: then
 * the rest need not be looked at.
 */
static inline bool
heads_exclude(IvfkmHeads *heads, const QuantQuery *query, const QuantBitsQuery *bits,
			  const IvfkmUnit *arrays, float threshold)
{
	int needed;

	if (heads == NULL || heads->bounds.n == 0 || !(threshold <= FLT_MAX) ||
		(!heads_pay(heads, looked_at_chunks(query, bits)) && heads->left++ % HEADS_SAMPLED != 0))
		return false;
	if (heads->tried == HEADS_MEMORY)
	{
		heads->tried /= 2;
		for (int h = 0; h < QUANT_HEADS; h++)
			heads->excluded[h] /= 2;
	}
	heads->tried++;
	needed = vdb_quant->scan_heads(query, &heads->bounds, arrays->chunks, arrays->add, arrays->mul,
								   threshold);
	if (needed == 0)
		return false;
	heads->excluded[needed - 1]++;
	return true;
}

/*
 * Asks the CPU for the first page of a list or node that will be read soon; bits (or NULL) and
 * heads (NULL: all of it is needed) are those of the search.  With "sparse" for the attributes
 * alone, of the first group.
 */
void
ivfkm_list_prefetch(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *child,
					const QuantBitsQuery *bits, const IvfkmHeads *heads, bool sparse)
{
	if (sparse)
	{
		prefetch_attributes(index, child->first_block + geometry->stripes - 1, geometry);
		return;
	}
	if (geometry->stripes > 1 ||
		(bits == NULL && needed_chunks(heads, geometry) == geometry->nchunks))
		page_prefetch(index, child->first_block, 0,
					  IVFKM_PAYLOAD_OFFSET +
						  Min(geometry->units * geometry->unit_bytes, IVFKM_PAYLOAD_BYTES));
	else
	{
		page_prefetch(index, child->first_block, 0, IVFKM_PAYLOAD_OFFSET);
		for (int u = 0; u < geometry->units; u++)
			prefetch_unit(index, child->first_block, geometry, u, bits, heads);
	}
	page_prefetch(index, child->first_block, IVFKM_PAYLOAD_END, sizeof(IvfkmPageOpaqueData));
}

/* Asks the CPU for a unit of the current group, whose bounds will be asked for soon. */
void
ivfkm_reader_want(const IvfkmReader *reader, int unit)
{
	const IvfkmGeometry *geometry = reader->geometry;
	IvfkmUnit arrays;

	if (geometry->stripes > 1)
		return;
	page_unit_get(reader->page, geometry, unit, &arrays);
	for (const char *at = (const char *) arrays.chunks;
		 at < (const char *) arrays.chunks + geometry->unit_bytes; at += QUANT_CHUNK)
		__builtin_prefetch(at, 0);
}

/*
 * Bounds of the 16 slots of one unit of the current group: see QuantKernels.scan_unit.
 * *arrays points into the locked page.  Where reader->heads excludes the unit, there are none, and
 * the mask is 0.  Where reader->bits is set, lb and ub are only of the slots in the mask, and
 * reader->unit_bits tells more of them.
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
		if (BlockNumberIsValid(reader->next) && !reader->sparse)
			prefetch_unit(reader->index, reader->next, geometry, unit, reader->bits, reader->heads);
		if (heads_exclude(reader->heads, reader->query, reader->bits, arrays, threshold))
			return 0;
		if (reader->bits != NULL)
			return ivfkm_list_scan_bits(reader->bits, geometry, arrays, &reader->unit_bits,
										threshold, lb, ub);
		return vdb_quant->scan_unit(reader->query, bound, arrays->chunks, arrays->add, arrays->mul,
									threshold, lb, ub);
	}
	if (!reader->summed)
		sum_codes(reader);
	ivfkm_list_add_codes(reader->query, reader->bits, geometry, last,
						 page_group_chunks(reader->page), reader->acc);
	if (reader->bits != NULL)
	{
		memcpy(reader->unit_bits.common, reader->acc, sizeof(reader->acc));
		return ivfkm_list_scan_bits(reader->bits, geometry, arrays, &reader->unit_bits, threshold,
									lb, ub);
	}
	return vdb_quant->bounds(bound, reader->acc, arrays->add, arrays->mul, threshold, lb, ub);
}
