/*-------------------------------------------------------------------------
 *
 * page_ahead.c
 *	  Reading blocks in a known order, with more than one read under way.
 *
 * NOTES
 *	  Whoever reads supplies a function that tells the blocks one after the other.  From
 *	  PostgreSQL 17 on that is a read stream of the server: neighbouring blocks are read by
 *	  one call, and from 18 on reads are asynchronous.  Older servers are asked to prefetch
 *	  as many blocks ahead as the streams of version 17 look ahead.
 *
 *	  effective_io_concurrency of the tablespace says how many reads may be under way.
 *
 * IDENTIFICATION
 *	  src/page/page_ahead.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/spccache.h"
#if PG17_GE
#include "storage/read_stream.h"
#endif

#include "page/page.h"

#if PG17_GE

/* Callback of the stream: the next block. */
static BlockNumber
stream_next(ReadStream *stream, void *arg, void *per_buffer_data)
{
	IvfkmAhead *ahead = arg;

	return ahead->next(ahead->arg);
}

#else

/* Blocks for each read that may be under way, and the least number of them: as in version 17. */
#define BLOCKS_PER_READ 4
#define BLOCKS_AT_LEAST 16

/* Asks for blocks until "window" of them have been asked for and not been read. */
static void
ask_ahead(IvfkmAhead *ahead)
{
	while (ahead->nasked < ahead->window)
	{
		BlockNumber block = ahead->next(ahead->arg);

		if (!BlockNumberIsValid(block))
			break;
		page_read_ahead(ahead->index, block);
		ahead->nasked++;
	}
}

#endif

/*
 * Starts to read the blocks of the index that next(arg) returns, until it returns
 * InvalidBlockNumber; they must be inside the file.  It is called when no page is locked by
 * page_ahead_read(), and may itself read.  To be ended by page_ahead_end(), but for errors:
 * pins belong to the resource owner.
 */
void
page_ahead_begin(IvfkmAhead *ahead, Relation index, IvfkmNextBlock next, void *arg)
{
	ahead->index = index;
	ahead->next = next;
	ahead->arg = arg;
#if PG17_GE
	ahead->stream = read_stream_begin_relation(READ_STREAM_FULL, NULL, index, MAIN_FORKNUM,
											   stream_next, ahead, 0);
#else
	{
		int reads = get_tablespace_io_concurrency(index->rd_rel->reltablespace);

		ahead->window = reads > 0 ? Max(reads * BLOCKS_PER_READ, BLOCKS_AT_LEAST) : 0;
		ahead->nasked = 0;
	}
#endif
}

/*
 * Pins and locks the next block, which is "block" unless the file is damaged: any block is read.
 */
Buffer
page_ahead_read(IvfkmAhead *ahead, BlockNumber block, int lockmode)
{
#if PG17_GE
	if (ahead->stream != NULL)
	{
		Buffer buffer = read_stream_next_buffer(ahead->stream, NULL);

		if (!BufferIsValid(buffer))
		{
			/* it had come to an end, but there may be more now */
			read_stream_reset(ahead->stream);
			buffer = read_stream_next_buffer(ahead->stream, NULL);
		}
		if (BufferIsValid(buffer) && BufferGetBlockNumber(buffer) == block)
		{
			page_hint_set(ahead->index, block, buffer);
			LockBuffer(buffer, lockmode);
			return buffer;
		}
		/* another way through the file than foreseen */
		if (BufferIsValid(buffer))
			ReleaseBuffer(buffer);
		page_ahead_end(ahead);
	}
#else
	ask_ahead(ahead);
	if (ahead->nasked > 0)
		ahead->nasked--;
#endif
	return page_read(ahead->index, block, lockmode);
}

/* Ends reading; blocks that were asked for and not read are not pinned any more. */
void
page_ahead_end(IvfkmAhead *ahead)
{
#if PG17_GE
	if (ahead->stream != NULL)
		read_stream_end(ahead->stream);
	ahead->stream = NULL;
#endif
}
