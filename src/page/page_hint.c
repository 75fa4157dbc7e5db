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
 *	  it would look unused to the replacement policy.  Every HINT_PERIOD-th read therefore
 *	  takes the ordinary way.
 *
 * IDENTIFICATION
 *	  src/page/page_hint.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "common/hashfn.h"
#include "pgstat.h"
#include "storage/bufmgr.h"

#include "page/page.h"

#define HINT_BITS	17 /* at most 512 kB a process, hints for 1 GB of pages */
#define HINT_PERIOD 8

static Buffer hints[1 << HINT_BITS];

/* The hint for a block of a file. */
static inline Buffer *
hint_for(Relation index, BlockNumber block)
{
	return &hints[murmurhash32(block ^ ((uint32) RelationGetFileNumber_compat(index) << 20)) &
				  ((1 << HINT_BITS) - 1)];
}

/* Pins a block of the index, which must be inside the file. */
Buffer
page_pin(Relation index, BlockNumber block)
{
	static uint32 nreads = 0;
	Buffer *hint;

	if (RelationUsesLocalBuffers(index))
		return ReadBuffer(index, block);
	hint = hint_for(index, block);
	if (BufferIsValid(*hint) && ++nreads % HINT_PERIOD != 0 &&
		ReadRecentBuffer(RelationGetLocator_compat(index), MAIN_FORKNUM, block, *hint))
	{
		pgstat_count_buffer_read(index);
		pgstat_count_buffer_hit(index);
		return *hint;
	}
	return *hint = ReadBuffer(index, block);
}

/*
 * Asks the CPU for "bytes" bytes from "offset" of a block, if it is known where the block is.
 * Does nothing else, and cannot fail.
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

		for (int at = offset; at < offset + bytes; at += QUANT_CHUNK)
			__builtin_prefetch(page + at);
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
