/*-------------------------------------------------------------------------
 *
 * page_meta.c
 *	  The metapage.
 *
 * IDENTIFICATION
 *	  src/page/page_meta.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "storage/bufmgr.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_layout.h"
#include "page/page_mean.h"
#include "page/page_meta.h"
#include "page/page_seal.h"
#include "page/page_wal.h"
#include "vdb.h"

/* Metapages that this session has checked, the last of each index, by the index's OID. */
#define CHECKED_SIZE 8

typedef struct CheckedMeta
{
	Oid index;
	IvfkmMetaPageData meta;
} CheckedMeta;

static CheckedMeta checked[CHECKED_SIZE];

/* Checks the fields of a metapage: whether they can be true. */
static void
check_fields(Relation index, const IvfkmMetaPageData *meta)
{
	if (meta->dimensions < 1 || meta->dimensions > VDB_MAX_DIM)
		page_corrupted(index, IVFKM_META_BLOCK, "Number of dimensions is %u.", meta->dimensions);
	if (meta->metric < IVFKM_METRIC_L2 || meta->metric > IVFKM_METRIC_JACCARD)
		page_corrupted(index, IVFKM_META_BLOCK, "Metric is %u.", meta->metric);
	if (meta->nattributes > IVFKM_MAX_ATTRIBUTES ||
		(int) meta->dimensions > page_attributes_max_dims(meta->nattributes))
		page_corrupted(index, IVFKM_META_BLOCK, "It has %u attributes.", meta->nattributes);
	if (meta->narrow >> meta->nattributes != 0)
		page_corrupted(index, IVFKM_META_BLOCK,
					   "Of %u attributes, those of mask 0x%02X are narrow.", meta->nattributes,
					   meta->narrow);
	for (int a = 0; a < IVFKM_MAX_ATTRIBUTES; a++)
	{
		const IvfkmImageData *image = &meta->images[a];

		if (image->mark_shift > IVFKM_MAX_SHIFT)
			page_corrupted(index, IVFKM_META_BLOCK, "Marks of attribute %d are shifted by %u.", a,
						   image->mark_shift);
		if (image->shift > IVFKM_MAX_STEP ||
			((meta->narrow >> a & 1) == 0 && (image->shift != 0 || image->base != 0)))
			page_corrupted(index, IVFKM_META_BLOCK,
						   "Images of attribute %d count steps of %u bits from " INT64_FORMAT ".",
						   a, image->shift, image->base);
	}
	if (meta->column_dimensions < 1 || !(meta->distance_ratio > 0.0f) ||
		!(meta->distance_ratio <= FLT_MAX) || !(meta->distance_deviation >= 0.0f) ||
		!(meta->distance_deviation <= FLT_MAX))
		page_corrupted(index, IVFKM_META_BLOCK,
					   "The distances of a column of %u dimensions are not described well.",
					   meta->column_dimensions);
	if (meta->height < 1 || meta->height > PG_UINT16_MAX || meta->nlists < 1 ||
		meta->keeps_bits > 1 || (meta->keeps_bits == 1 && meta->refine_bits != 0) ||
		(meta->refine_bits != 0 && meta->refine_bits != 4 && meta->refine_bits != 8) ||
		meta->refine_bits > page_refine_max_bits((int) meta->dimensions, meta->nattributes) ||
		meta->ncalibrations > IVFKM_CALIBRATION_KS || meta->scale_exponent < -126 ||
		meta->scale_exponent > 126 || meta->root_nblocks < 1)
		page_corrupted(index, IVFKM_META_BLOCK, "Metapage is not valid.");
	for (int kind = 0; kind < IVFKM_NDESCENTS; kind++)
	{
		if (!(meta->descents[kind].lean >= 0.0f && meta->descents[kind].lean <= 1.0f) ||
			!(meta->descents[kind].list_lean >= 0.0f && meta->descents[kind].list_lean <= 1.0f))
			page_corrupted(index, IVFKM_META_BLOCK, "The lean is not a cosine.");
		for (uint32 level = 1; level < Min(meta->height, IVFKM_MAX_HEIGHT); level++)
		{
			if (meta->descents[kind].nodes[level - 1] < 1)
				page_corrupted(index, IVFKM_META_BLOCK, "No node of level %u is to be opened.",
							   level);
		}
	}
	for (uint32 i = 0; i < meta->ncalibrations; i++)
	{
		for (int j = 0; j < IVFKM_CALIBRATION_TARGETS; j++)
		{
			const float *rows = &meta->calibration[i].rows[j];
			const float *least = &meta->calibration[i].least[j];

			if (!(*rows > 0.0f && *rows <= FLT_MAX) || (j > 0 && *rows < rows[-1]) ||
				(i > 0 && *rows < meta->calibration[i - 1].rows[j]))
				page_corrupted(index, IVFKM_META_BLOCK, "Budget %u, %d is %g rows.", i, j, *rows);
			if (!(*least > 0.0f && *least <= *rows) || (j > 0 && *least < least[-1]) ||
				(i > 0 && *least < meta->calibration[i - 1].least[j]))
				page_corrupted(index, IVFKM_META_BLOCK, "Budget %u, %d begins at %g rows.", i, j,
							   *least);
			if (!(fabsf(meta->calibration[i].gaps[j]) <= FLT_MAX))
				page_corrupted(index, IVFKM_META_BLOCK, "Gap %u, %d is %g.", i, j,
							   meta->calibration[i].gaps[j]);
			if (!(meta->calibration[i].means[j] >= *least &&
				  meta->calibration[i].means[j] <= FLT_MAX))
				page_corrupted(index, IVFKM_META_BLOCK, "Budget %u, %d is %g rows on average.", i,
							   j, meta->calibration[i].means[j]);
		}
	}
	if (meta->far_id != 0 &&
		(meta->metric != IVFKM_METRIC_IP || meta->far_id >= meta->next_id ||
		 !(meta->far_radius >= 0.0f && meta->far_radius <= FLT_MAX) ||
		 ItemPointerGetBlockNumberNoCheck(&meta->far_record) >= meta->used_blocks))
		page_corrupted(index, IVFKM_META_BLOCK, "The list of far rows is not described well.");
	if (meta->calibrated_queries > 1 ||
		!(meta->calibrated_rows >= 0.0 && meta->calibrated_rows <= DBL_MAX))
		page_corrupted(index, IVFKM_META_BLOCK, "The calibration is of no known kind.");
	if (meta->mean_block == IVFKM_META_BLOCK || meta->mean_block >= meta->used_blocks ||
		meta->root_block == IVFKM_META_BLOCK || meta->root_block >= meta->used_blocks)
		page_corrupted(index, IVFKM_META_BLOCK, "The mean or the root is at no block in use.");
	if (meta->null_block == IVFKM_META_BLOCK || meta->null_nblocks < 1 ||
		meta->null_block >= meta->used_blocks ||
		meta->null_nblocks > meta->used_blocks - meta->null_block)
		page_corrupted(index, IVFKM_META_BLOCK, "The list of NULLs is at no block in use.");
	if ((BlockNumber) page_mean_pages((int) meta->dimensions) >
			meta->used_blocks - meta->mean_block ||
		meta->root_nblocks > meta->used_blocks - meta->root_block)
		page_corrupted(index, IVFKM_META_BLOCK, "The mean or the root ends behind block %u.",
					   meta->used_blocks);
	if (meta->root_id < meta->tree_first_id || meta->root_id >= meta->tree_end_id ||
		meta->tree_end_id > meta->next_id || meta->tree_first == IVFKM_META_BLOCK ||
		meta->tree_end <= meta->tree_first || meta->tree_end > meta->used_blocks ||
		meta->tree_version == 0 || meta->space_version > meta->tree_version)
		page_corrupted(index, IVFKM_META_BLOCK, "The current tree is not described well.");
}

/*
 * Copies the metapage, checked: magic, format version, seal, fields, and that the file is as long
 * as it says.  Its ranges of free blocks are checked by page_free_check().  Fields that are those
 * of an earlier call, bit for bit, are not checked again, and need no seal: a search would spend
 * one part in a hundred of its time on it.  Takes and releases a share lock on the metapage.
 */
void
page_meta_read(Relation index, IvfkmMetaPageData *meta)
{
	CheckedMeta *before = &checked[RelationGetRelid(index) % CHECKED_SIZE];
	Buffer buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	BlockNumber nblocks;
	bool known;
	bool sealed;

	page_check(index, buffer, IVFKM_PAGE_META);
	memcpy(meta, IvfkmPageGetMeta(BufferGetPage(buffer)), sizeof(IvfkmMetaPageData));
	known = before->index == RelationGetRelid(index) &&
			memcmp(&before->meta, meta, sizeof(IvfkmMetaPageData)) == 0;
	sealed = known || page_seal_holds(BufferGetPage(buffer));
	UnlockReleaseBuffer(buffer);

	if (!known)
	{
		if (meta->magic != IVFKM_MAGIC)
			page_corrupted(index, IVFKM_META_BLOCK, "Magic number is 0x%08X instead of 0x%08X.",
						   meta->magic, IVFKM_MAGIC);
		if (meta->version != IVFKM_FORMAT_VERSION)
			ereport(ERROR,
					(errcode(ERRCODE_INDEX_CORRUPTED),
					 errmsg("index \"%s\" has format version %u, but this build supports %u",
							RelationGetRelationName(index), meta->version, IVFKM_FORMAT_VERSION),
					 errhint("Please REINDEX it.")));
		if (!sealed)
			page_seal_report(index, IVFKM_META_BLOCK);
		check_fields(index, meta);
		before->index = RelationGetRelid(index);
		memcpy(&before->meta, meta, sizeof(IvfkmMetaPageData));
	}
	nblocks = RelationGetNumberOfBlocks(index);
	if (nblocks < meta->used_blocks)
		page_corrupted(index, nblocks, "The file has %u blocks, but %u are in use.", nblocks,
					   meta->used_blocks);
}

/*
 * What a child's record would say of the root node, which has none; without its number of children,
 * unless these are lists.
 */
void
page_meta_root(const IvfkmMetaPageData *meta, IvfkmChildData *root)
{
	memset(root, 0, sizeof(*root));
	root->id = meta->root_id;
	root->generation = meta->root_generation;
	root->first_block = meta->root_block;
	root->nblocks = meta->root_nblocks;
	root->level = (uint16) meta->height;
	if (meta->height == 1)
		root->rows = meta->nlists;
}

/* The same of the list of rows whose value is NULL. */
void
page_meta_nulls(const IvfkmMetaPageData *meta, IvfkmChildData *nulls)
{
	memset(nulls, 0, sizeof(*nulls));
	nulls->id = meta->null_id;
	nulls->generation = meta->null_generation;
	nulls->first_block = meta->null_block;
	nulls->nblocks = meta->null_nblocks;
}

/* Writes the metapage of a new index. */
void
page_meta_write(IvfkmWriter *writer, const IvfkmMetaPageData *meta)
{
	char *page = palloc(BLCKSZ);

	page_init((Page) page, IVFKM_PAGE_META, 0, 0);
	memcpy(IvfkmPageGetMeta((Page) page), meta, sizeof(IvfkmMetaPageData));
	page_writer_add(writer, IVFKM_META_BLOCK, page);
	pfree(page);
}

/*
 * The version of the current tree; *pending_block is where the pending list ends, invalid if
 * there is none, *throttle how many milliseconds an insert is to wait.  Takes and releases a share
 * lock on the metapage.
 */
uint64
page_meta_version(Relation index, BlockNumber *pending_block, uint32 *throttle)
{
	Buffer buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	const IvfkmMetaPageData *meta;
	uint64 version;

	page_check(index, buffer, IVFKM_PAGE_META);
	meta = IvfkmPageGetMeta(BufferGetPage(buffer));
	version = meta->tree_version;
	*pending_block = meta->pending_block;
	*throttle = meta->throttle;
	UnlockReleaseBuffer(buffer);
	return version;
}

/* Locks the metapage exclusively and returns the copy of it to change. */
static IvfkmMetaPage
begin_change(Relation index, PageWal *wal, Buffer *buffer)
{
	*buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_EXCLUSIVE);
	page_check(index, *buffer, IVFKM_PAGE_META);
	page_wal_begin(wal, index);
	return IvfkmPageGetMeta(page_wal_register(wal, *buffer));
}

/* Logs the change and unlocks the metapage. */
static void
end_change(PageWal *wal, Buffer buffer)
{
	page_wal_finish(wal);
	UnlockReleaseBuffer(buffer);
}

/* Makes every insert wait so many milliseconds. */
void
page_meta_set_throttle(Relation index, uint32 throttle)
{
	PageWal wal;
	Buffer buffer;

	begin_change(index, &wal, &buffer)->throttle = throttle;
	end_change(&wal, buffer);
}

/* Makes "list", whose record is at "record", the list of far rows, up to that distance. */
void
page_meta_set_far(IvfkmMetaPageData *meta, uint32 list, const ItemPointerData *record, float radius)
{
	meta->far_id = list;
	meta->far_radius = radius;
	meta->far_record = *record;
}

/*
 * Makes a list the one of far rows, or lets its rows be as far as "radius".  False if there is
 * another such list: then nothing was changed.  Takes and releases an exclusive lock on the
 * metapage; the caller keeps others from replacing lists.
 */
bool
page_meta_widen(Relation index, uint32 list, const ItemPointerData *record, float radius)
{
	Buffer buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_EXCLUSIVE);
	const IvfkmMetaPageData *found;
	PageWal wal;

	page_check(index, buffer, IVFKM_PAGE_META);
	found = IvfkmPageGetMeta(BufferGetPage(buffer));
	if (found->far_id != 0 && (found->far_id != list || found->far_radius >= radius))
	{
		bool same = found->far_id == list;

		UnlockReleaseBuffer(buffer);
		return same;
	}
	page_wal_begin(&wal, index);
	page_meta_set_far(IvfkmPageGetMeta(page_wal_register(&wal, buffer)), list, record, radius);
	end_change(&wal, buffer);
	return true;
}

/* Adds to the counts of rows that were removed. */
void
page_meta_count_removed(Relation index, uint64 removed)
{
	PageWal wal;
	Buffer buffer;
	IvfkmMetaPage meta = begin_change(index, &wal, &buffer);

	meta->removed += removed;
	meta->made_removed += removed;
	end_change(&wal, buffer);
}

/* Adds to the count of rows that came beyond the edge of their list. */
void
page_meta_count_strays(Relation index, uint64 strays)
{
	PageWal wal;
	Buffer buffer;

	begin_change(index, &wal, &buffer)->strays += strays;
	end_change(&wal, buffer);
}

/* Adds to the count of rows that were written again with the value that they had. */
void
page_meta_count_rewritten(Relation index, uint64 rewritten)
{
	PageWal wal;
	Buffer buffer;

	begin_change(index, &wal, &buffer)->made_rewritten += rewritten;
	end_change(&wal, buffer);
}

/* Sets from how many changes on another renewal is worth a try. */
void
page_meta_set_retry(Relation index, uint64 retry)
{
	PageWal wal;
	Buffer buffer;

	begin_change(index, &wal, &buffer)->retry = retry;
	end_change(&wal, buffer);
}

/*
 * Sets the calibration: of the nk smallest k, measured among so many rows at "when", by a user's
 * queries or not.
 */
void
page_meta_calibrate(Relation index, const IvfkmCalibration *calibration, uint32 nk, double rows,
					int64 when, bool by_queries)
{
	PageWal wal;
	Buffer buffer;
	IvfkmMetaPage meta = begin_change(index, &wal, &buffer);

	memset(meta->calibration, 0, sizeof(meta->calibration));
	memcpy(meta->calibration, calibration, sizeof(IvfkmCalibration) * nk);
	meta->ncalibrations = nk;
	meta->calibrated_rows = rows;
	meta->calibrated_at = when;
	meta->calibrated_queries = by_queries;
	end_change(&wal, buffer);
}

/*
 * Makes the tree "next", whose blocks come from a first reservation and from "reserve", the current
 * one, and retires all that is not part of it: one record.  "next" says what came late, as
 * appended.  The caller keeps inserts out, and holds no buffer lock.  Takes the extension lock.
 */
void
page_meta_replace_tree(Relation index, const IvfkmMetaPageData *next, const IvfkmReserve *reserve)
{
	IvfkmMetaPageData meta = *next;
	PageWal wal;
	Buffer buffer = page_free_lock(index);
	IvfkmMetaPage old;
	Page page;

	page_wal_begin(&wal, index);
	page = page_wal_register(&wal, buffer);
	old = IvfkmPageGetMeta(page);
	meta.used_blocks = old->used_blocks;
	meta.next_id = old->next_id;
	meta.tree_version = old->tree_version + 1;
	meta.space_version = meta.tree_version;
	meta.pending_block = InvalidBlockNumber;
	meta.throttle = 0;
	meta.removed = 0;
	meta.made_removed = 0;
	meta.made_rewritten = 0;
	meta.strays = 0;

	/*
	 * Whoever has read the metapage before has a snapshot or a transaction id from before this
	 * one; nobody reads it while it is locked.
	 */
	meta.retired_xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	page_free_retire(page, reserve);
	meta.retired_block = old->retired_block; /* invalid by now */
	*old = meta;
	page_wal_finish(&wal);
	page_free_unlock(index, buffer);
}

/*
 * On a copy of the metapage: makes the nodes that "next" leads to the current ones.  What does not
 * belong to them stays as it is.
 */
void
page_meta_set_nodes(IvfkmMetaPage meta, const IvfkmMetaPageData *next)
{
	meta->root_block = next->root_block;
	meta->root_nblocks = next->root_nblocks;
	meta->root_id = next->root_id;
	meta->nlists = next->nlists;
	memcpy(meta->descents, next->descents, sizeof(meta->descents));
	page_meta_set_far(meta, next->far_id, &next->far_record, next->far_radius);
	meta->tree_version++;
	meta->tree_end_id = meta->next_id;
}

/*
 * Notes how many rows the index has, and from how many changes since on it is looked at again.
 * "seen" is a copy of the metapage from before they were counted.
 */
void
page_meta_set_rows(Relation index, const IvfkmMetaPageData *seen, double rows, uint64 retry)
{
	PageWal wal;
	Buffer buffer;
	IvfkmMetaPage meta = begin_change(index, &wal, &buffer);

	meta->build_rows = rows;
	meta->appended -= Min(meta->appended, seen->appended);
	meta->removed -= Min(meta->removed, seen->removed);
	meta->strays -= Min(meta->strays, seen->strays);
	meta->retry = retry;
	end_change(&wal, buffer);
}
