/*-------------------------------------------------------------------------
 *
 * ivfkm_prewarm.c
 *	  ivfkm_prewarm(): reads an index, or its hot part, into shared buffers.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_prewarm.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/genam.h"
#include "access/relation.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_list.h"
#include "am/sql/ivfkm_utils.h"

PG_FUNCTION_INFO_V1(ivfkm_prewarm);

/* Blocks that are asked for ahead of the one being read. */
#define READ_AHEAD 64

/* Reads blocks first..end-1 in order, asking for READ_AHEAD of them ahead; returns their number. */
static int64
read_blocks(Relation index, BlockNumber first, BlockNumber end)
{
	BlockNumber asked = first;

	for (BlockNumber block = first; block < end; block++)
	{
		CHECK_FOR_INTERRUPTS();
		for (; asked < end && asked < block + READ_AHEAD; asked++)
			(void) PrefetchBuffer(index, MAIN_FORKNUM, asked);
		UnlockReleaseBuffer(page_read(index, block, BUFFER_LOCK_SHARE));
	}
	return (int64) end - first;
}

/* Reads the groups of a list; returns the number of its pages. */
static int64
read_list(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list)
{
	IvfkmReader reader;
	int64 pages = 0;

	ivfkm_reader_begin(&reader, index, geometry, list, NULL);
	while (ivfkm_reader_next(&reader))
	{
		for (int i = 0; i < geometry->stripes - 1; i++)
			UnlockReleaseBuffer(page_read(index, reader.block + i, BUFFER_LOCK_SHARE));
		pages += geometry->stripes;
	}
	return pages;
}

/* Reads the summaries of all lists; returns the number of their pages. */
static int64
read_summaries(const IvfkmIndex *index, const IvfkmWholeTree *tree)
{
	int64 pages = 0;

	for (int i = 0; i < tree->nnodes; i++)
	{
		IvfkmSummaries summaries;

		page_summary_of(&summaries, index->meta.nattributes, &tree->nodes[i].child);
		pages += read_blocks(index->relation, summaries.first, summaries.first + summaries.npages);
	}
	return pages;
}

/* What ivfkm_prewarm() is to read, and what it has read. */
typedef struct Prewarm
{
	bool all;	/* the whole index */
	bool codes; /* the 1-bit codes of the lists too */
	int64 blocks;
} Prewarm;

/* Reads one index. */
static void
prewarm_index(Relation index, Relation heap, void *arg)
{
	Prewarm *prewarm = arg;
	IvfkmIndex handle;
	const IvfkmMetaPageData *meta = &handle.meta;
	IvfkmWholeTree tree;
	BlockNumber mean_end;
	int asked = 0;

	ivfkm_index_open(&handle, index);
	if (prewarm->all)
	{
		prewarm->blocks += read_blocks(index, 0, meta->used_blocks);
		return;
	}
	mean_end = meta->mean_block + page_mean_pages((int) meta->dimensions);
	ivfkm_collect_tree(index, meta, &tree);
	prewarm->blocks += 1 + read_blocks(index, meta->mean_block, mean_end) + tree.pages.nodes +
					   tree.pages.centroids + read_summaries(&handle, &tree);
	for (int i = 0; prewarm->codes && i < tree.nlists; i++)
	{
		for (; asked < tree.nlists && asked < i + READ_AHEAD; asked++)
		{
			const IvfkmChildData *list = &tree.lists[asked].child;

			for (uint32 block = 0; block < list->nblocks; block++)
				(void) PrefetchBuffer(index, MAIN_FORKNUM, list->first_block + block);
		}
		prewarm->blocks += read_list(index, &handle.lists, &tree.lists[i].child);
	}
}

/*
 * SQL: ivfkm_prewarm(regclass, text) returns bigint: blocks read.  'tree': what every search
 * reads; 'codes': that and the 1-bit codes of all lists; 'all': the whole index.
 */
Datum
ivfkm_prewarm(PG_FUNCTION_ARGS)
{
	char *what = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Prewarm prewarm = {
		.all = strcmp(what, "all") == 0, .codes = strcmp(what, "codes") == 0, .blocks = 0};

	if (!prewarm.all && !prewarm.codes && strcmp(what, "tree") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid part of an index to prewarm: \"%s\"", what),
						errhint("Valid parts are \"tree\", \"codes\" and \"all\".")));
	ivfkm_each_index(PG_GETARG_OID(0), false, prewarm_index, &prewarm);
	PG_RETURN_INT64(prewarm.blocks);
}
