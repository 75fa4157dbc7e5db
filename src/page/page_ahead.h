/*-------------------------------------------------------------------------
 *
 * page_ahead.h
 *	  Reading blocks in a known order, with several reads under way.
 *
 * IDENTIFICATION
 *	  src/page/page_ahead.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_AHEAD_H
#define IVFKM_PAGE_AHEAD_H

#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/rel.h"

/* Tells the blocks to be read, one after the other; InvalidBlockNumber if there are no more. */
typedef BlockNumber (*IvfkmNextBlock)(void *arg);

/* Blocks that are read in a known order. */
typedef struct IvfkmAhead
{
	Relation relation;
	IvfkmNextBlock next;
	void *arg;
	int window; /* blocks to be asked for ahead */
	int nasked; /* blocks asked for and not read yet */
} IvfkmAhead;

extern void page_ahead_begin(IvfkmAhead *ahead, Relation relation, IvfkmNextBlock next, void *arg);
extern void page_ahead_ask(IvfkmAhead *ahead);
extern Buffer page_ahead_read(IvfkmAhead *ahead, BlockNumber block, int lockmode);

#endif /* IVFKM_PAGE_AHEAD_H */
