/*-------------------------------------------------------------------------
 *
 * page_ahead.c
 *	  Reading blocks in a known order, with more than one read under way.
 *
 * NOTES
 *	  Whoever reads supplies a function that tells the blocks one after the other; the
 *	  operating system is asked for as many of them ahead as the read streams of
 *	  PostgreSQL 17 look ahead.  bench/profile.md says why these are no read streams.
 *
 * IDENTIFICATION
 *	  src/page/page_ahead.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/spccache.h"

#include "page/page_ahead.h"
#include "page/page_check.h"
#include "page/page_hint.h"

/* Blocks for each read that may be under way, and the least number of them. */
#define BLOCKS_PER_READ 4
#define BLOCKS_AT_LEAST 16

/*
 * Starts to read the blocks of an index, or of its table, that next(arg) returns, until it returns
 * InvalidBlockNumber; it is called when no page is locked by page_ahead_read(), and may itself
 * read.  effective_io_concurrency of the tablespace says how many reads may be under way.
 */
void
page_ahead_begin(IvfkmAhead *ahead, Relation relation, IvfkmNextBlock next, void *arg)
{
	int reads = get_tablespace_io_concurrency(relation->rd_rel->reltablespace);

	ahead->relation = relation;
	ahead->next = next;
	ahead->arg = arg;
	ahead->window = reads > 0 ? Max(reads * BLOCKS_PER_READ, BLOCKS_AT_LEAST) : 0;
	ahead->nasked = 0;
}

/* Asks for further blocks.  To be called before each block is read. */
void
page_ahead_ask(IvfkmAhead *ahead)
{
	while (ahead->nasked < ahead->window)
	{
		BlockNumber asked = ahead->next(ahead->arg);

		if (!BlockNumberIsValid(asked))
			break;
		page_read_ahead(ahead->relation, asked);
		ahead->nasked++;
	}
	if (ahead->nasked > 0)
		ahead->nasked--;
}

/*
 * Asks for further blocks of an index, then pins and locks "block": the next one, but any block is
 * read.
 */
Buffer
page_ahead_read(IvfkmAhead *ahead, BlockNumber block, int lockmode)
{
	page_ahead_ask(ahead);
	return page_read(ahead->relation, block, lockmode);
}
