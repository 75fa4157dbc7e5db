/*-------------------------------------------------------------------------
 *
 * page_hint.c
 *	  Where blocks were in shared buffers when this process read them last.
 *
 * NOTES
 *	  Finding a block in the buffer mapping table costs a hash, a partition lock and
 *	  several cache misses, more than scanning a page of codes that is in the CPU's
 *	  cache.  A search reads the same nodes and, often, lists again and again, so each
 *	  process remembers the buffer of every block it reads, in a small table without
 *	  collision handling.  A remembered buffer is only a hint: ReadRecentBuffer() checks
 *	  that it still holds the block.  It also tells which memory to prefetch before the
 *	  block is needed; prefetching the wrong memory does no harm.
 *
 *	  ReadRecentBuffer() does not count as use of a buffer, so that buffers found only by
 *	  it would look unused to the replacement policy.  A buffer whose count is lower than
 *	  HINT_USAGE therefore is read in the ordinary way, which counts.
 *
 *	  Memory is prefetched into the second-level cache: the first level can wait for a few
 *	  dozen lines only, and the CPU stood still while more were asked for.  Searches of
 *	  1,000,000 rows of 1,024 dimensions took 0.84 of the time that they took with
 *	  prefetches into the first level, and 0.9 of that once hints of neighbouring blocks
 *	  were neighbours (Zen 4, medians).
 *
 *	  Blocks of tables have hints of their own: a search reads a few of very many, which would push
 *	  out those of the index.
 *
 * IDENTIFICATION
 *	  src/page/page_hint.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "common/hashfn.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"

#include "page/page_format.h"
#include "page/page_hint.h"

#define HINT_BITS  17 /* at most 512 kB a process, hints for 1 GB of pages */
#define HINT_USAGE 2

#define L2_CACHE 2 /* what __builtin_prefetch() calls the second level's locality */

static Buffer hints[1 << HINT_BITS];
static Buffer table_hints[1 << HINT_BITS];

/*
 * The hint of some for a block of a file.  Those of neighbouring blocks are neighbours, in one
 * cache line.
 */
static inline Buffer *
hint_of(Buffer *some, Relation relation, BlockNumber block)
{
	return &some[(block + murmurhash32(RelationGetFileNumber_compat(relation))) &
				 ((1 << HINT_BITS) - 1)];
}

/* The hint for a block of an index. */
static inline Buffer *
hint_for(Relation index, BlockNumber block)
{
	return hint_of(hints, index, block);
}

/*
 * Whether the replacement policy knows the buffer as one that is used.  Its count is read
 * without a lock: it may belong to another block by now, and then ReadRecentBuffer() says so.
 */
static inline bool
is_known_as_used(Buffer buffer)
{
	uint32 state = pg_atomic_read_u32(&GetBufferDescriptor(buffer - 1)->state);

	return BUF_STATE_GET_USAGECOUNT(state) >= HINT_USAGE;
}

/* Pins a block, which must be inside the file, with the hint for it. */
static inline Buffer
pin_with_hint(Relation relation, BlockNumber block, Buffer *hint)
{
	if (BufferIsValid(*hint) && is_known_as_used(*hint) &&
		ReadRecentBuffer(RelationGetLocator_compat(relation), MAIN_FORKNUM, block, *hint))
	{
		pgstat_count_buffer_read(relation);
		pgstat_count_buffer_hit(relation);
		return *hint;
	}
	return *hint = ReadBuffer(relation, block);
}

/* Pins a block of the index, which must be inside the file. */
Buffer
page_pin(Relation index, BlockNumber block)
{
	if (RelationUsesLocalBuffers(index))
		return ReadBuffer(index, block);
	return pin_with_hint(index, block, hint_for(index, block));
}

/* Pins a block of a table, which must be inside the file. */
Buffer
page_pin_table(Relation table, BlockNumber block)
{
	if (RelationUsesLocalBuffers(table))
		return ReadBuffer(table, block);
	return pin_with_hint(table, block, hint_of(table_hints, table, block));
}

/*
 * Asks for a block of a table that will be read soon: the operating system, if it is not in shared
 * buffers.  Returns the buffer that has it, most likely, or none.
 */
Buffer
page_ask_table(Relation table, BlockNumber block)
{
	Buffer *hint;

	if (RelationUsesLocalBuffers(table))
		return InvalidBuffer;
	hint = hint_of(table_hints, table, block);
	/* without a lock: whoever reads the block finds out */
	if (BufferIsValid(*hint) && GetBufferDescriptor(*hint - 1)->tag.blockNum == block)
		return *hint;
	return *hint = PrefetchBuffer(table, MAIN_FORKNUM, block).recent_buffer;
}

/*
 * Asks the CPU for "bytes" bytes from "offset" of a block and for what pinning it needs, if it is
 * known where the block is.  Does nothing else, and cannot fail.
 */
void
page_prefetch(Relation index, BlockNumber block, int offset, int bytes)
{
	Buffer hint;

	if (RelationUsesLocalBuffers(index))
		return;
	hint = *hint_for(index, block);
	if (BufferIsValid(hint))
	{
		const char *page = (const char *) BufferGetPage(hint);

		__builtin_prefetch(GetBufferDescriptor(hint - 1), 1, L2_CACHE);
		for (int at = offset; at < offset + bytes; at += QUANT_CHUNK)
			__builtin_prefetch(page + at, 0, L2_CACHE);
	}
}

/* The same for n of the chunks of QUANT_CHUNK bytes that begin at "offset". */
void
page_prefetch_chunks(Relation index, BlockNumber block, int offset, const uint16 *which, int n)
{
	Buffer hint;

	if (RelationUsesLocalBuffers(index))
		return;
	hint = *hint_for(index, block);
	if (BufferIsValid(hint))
	{
		const char *chunks = (const char *) BufferGetPage(hint) + offset;

		for (int i = 0; i < n; i++)
			__builtin_prefetch(chunks + (Size) which[i] * QUANT_CHUNK, 0, L2_CACHE);
	}
}

/* Asks the operating system for a block unless it is in shared buffers. */
void
page_read_ahead(Relation index, BlockNumber block)
{
	PrefetchBufferResult result = PrefetchBuffer(index, MAIN_FORKNUM, block);

	if (BufferIsValid(result.recent_buffer) && !RelationUsesLocalBuffers(index))
		*hint_for(index, block) = result.recent_buffer;
}
