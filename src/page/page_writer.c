/*-------------------------------------------------------------------------
 *
 * page_writer.c
 *	  Writing the file of a new index, or a tree beside the current one, front to back.
 *
 * NOTES
 *	  From PostgreSQL 17 on, pages go to the file without shared buffers: the server's bulk
 *	  writer gives them checksums, logs them 32 at a time and sees to it that they are on
 *	  disk before the transaction commits.  After a build the index is in the operating
 *	  system's cache only.
 *
 *	  Older servers have nothing of the kind for extensions.  There, new buffers are taken,
 *	  and logged 32 pages at a time.  That is done as the file grows, so that the WAL writer
 *	  brings the log to disk meanwhile and the commit waits for its end only.
 *
 * IDENTIFICATION
 *	  src/page/page_writer.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/xloginsert.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#if PG17_GE
#include "storage/bulk_write.h"
#endif

#include "page/page_free.h"
#include "page/page_seal.h"
#include "page/page_writer.h"

#if !PG17_GE
/* Pages that are logged at a time, before anything evicts them. */
#define LOGGED_AT_A_TIME 256

/* Logs the pages that were written since the last time, if the fork needs that. */
static void
log_new_pages(IvfkmWriter *writer)
{
	if (writer->fork == INIT_FORKNUM || RelationNeedsWAL(writer->index))
		log_newpage_range(writer->index, writer->fork, writer->nlogged, writer->nblocks, true);
	writer->nlogged = writer->nblocks;
}
#endif

/*
 * Starts to write a fork of the index, which must be empty.  What the writer needs is allocated
 * in the current memory context, which must live until page_writer_end() and whose deletion is
 * all that an error asks for.
 */
void
page_writer_begin(IvfkmWriter *writer, Relation index, ForkNumber fork)
{
	writer->index = index;
	writer->fork = fork;
	writer->recycled = false;
	writer->nblocks = 0;
#if PG17_GE
	writer->bulk = smgr_bulk_start_rel(index, fork);
#else
	writer->nlogged = 0;
#endif
}

/*
 * Starts to write reserved blocks of an index in use, from block "first" on.  Pages go through
 * shared buffers, which may hold what the blocks held before, and are logged one by one.
 */
void
page_writer_begin_reserved(IvfkmWriter *writer, Relation index, BlockNumber first)
{
	memset(writer, 0, sizeof(*writer));
	writer->index = index;
	writer->fork = MAIN_FORKNUM;
	writer->nblocks = first;
	writer->recycled = true;
}

/* Goes on at another block, of a reservation in an index in use. */
void
page_writer_seek(IvfkmWriter *writer, BlockNumber block)
{
	Assert(writer->recycled || block == writer->nblocks);
	writer->nblocks = block;
}

/* Writes and logs a page of an index in use. */
static void
write_recycled(IvfkmWriter *writer, BlockNumber block, const char *image)
{
	Buffer buffer = page_free_buffer(writer->index, block);
	PageWal wal;

	page_wal_begin(&wal, writer->index);
	memcpy(page_wal_register_new(&wal, buffer), image, BLCKSZ);
	page_wal_finish(&wal);
	UnlockReleaseBuffer(buffer);
}

/*
 * Writes a copy of "image", sealed, as block number "block", which must be the one behind the block
 * written last.  May be interrupted.
 */
void
page_writer_add(IvfkmWriter *writer, BlockNumber block, const char *image)
{
	CHECK_FOR_INTERRUPTS();
	if (block != writer->nblocks)
		elog(ERROR, "expected to write block %u of index \"%s\", not %u", writer->nblocks,
			 RelationGetRelationName(writer->index), block);
	if (writer->recycled)
	{
		write_recycled(writer, block, image);
		writer->nblocks++;
		return;
	}
#if PG17_GE
	{
		BulkWriteBuffer buffer = smgr_bulk_get_buf(writer->bulk);

		memcpy(buffer, image, BLCKSZ);
		page_seal((Page) buffer);
		smgr_bulk_write(writer->bulk, block, buffer, true);
	}
#else
	{
		Buffer buffer = ReadBufferExtended(writer->index, writer->fork, P_NEW, RBM_NORMAL, NULL);

		if (BufferGetBlockNumber(buffer) != block)
			elog(ERROR, "block %u was added to index \"%s\" instead of block %u",
				 BufferGetBlockNumber(buffer), RelationGetRelationName(writer->index), block);
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		memcpy(BufferGetPage(buffer), image, BLCKSZ);
		page_seal(BufferGetPage(buffer));
		MarkBufferDirty(buffer);
		UnlockReleaseBuffer(buffer);
	}
#endif
	writer->nblocks++;
#if !PG17_GE
	if (writer->nblocks - writer->nlogged == LOGGED_AT_A_TIME)
		log_new_pages(writer);
#endif
}

/* Ends the file: what was written is logged, if the fork needs that. */
void
page_writer_end(IvfkmWriter *writer)
{
	if (writer->recycled)
		return;
#if PG17_GE
	smgr_bulk_finish(writer->bulk);
#else
	log_new_pages(writer);
#endif
}
