/*-------------------------------------------------------------------------
 *
 * page_meta.c
 *	  The metapage and the mean vector.
 *
 * IDENTIFICATION
 *	  src/page/page_meta.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "storage/bufmgr.h"

#include "page/page.h"
#include "vdb.h"

/*
 * Copies the metapage, checked: magic, format version, ranges, and that the file is as
 * long as it says.  Takes and releases a share lock on the metapage.
 */
void
page_meta_read(Relation index, IvfkmMetaPageData *meta)
{
	Buffer buffer = page_read(index, IVFKM_META_BLOCK, BUFFER_LOCK_SHARE);
	BlockNumber nblocks;

	page_check(index, buffer, IVFKM_PAGE_META);
	memcpy(meta, IvfkmPageGetMeta(BufferGetPage(buffer)), sizeof(IvfkmMetaPageData));
	UnlockReleaseBuffer(buffer);

	if (meta->magic != IVFKM_MAGIC)
		page_corrupted(index, IVFKM_META_BLOCK, "Magic number is 0x%08X instead of 0x%08X.",
					   meta->magic, IVFKM_MAGIC);
	if (meta->version != IVFKM_FORMAT_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
						errmsg("index \"%s\" has format version %u, but this build supports %u",
							   RelationGetRelationName(index), meta->version, IVFKM_FORMAT_VERSION),
						errhint("Please REINDEX it.")));
	if (meta->dimensions < 1 || meta->dimensions > VDB_MAX_DIM)
		page_corrupted(index, IVFKM_META_BLOCK, "Number of dimensions is %u.", meta->dimensions);
	if (meta->metric < IVFKM_METRIC_L2 || meta->metric > IVFKM_METRIC_COSINE)
		page_corrupted(index, IVFKM_META_BLOCK, "Metric is %u.", meta->metric);
	if (meta->height < 1 || meta->height > PG_UINT16_MAX || meta->nlists < 1 ||
		(meta->refine_bits != 0 && meta->refine_bits != 4 && meta->refine_bits != 8) ||
		meta->refine_bits > page_refine_max_bits((int) meta->dimensions) ||
		meta->ncalibrations > IVFKM_CALIBRATION_SLOTS || meta->scale_exponent < -126 ||
		meta->scale_exponent > 126 || meta->root_nblocks < 1)
		page_corrupted(index, IVFKM_META_BLOCK, "Metapage is not valid.");
	for (int kind = 0; kind < IVFKM_NDESCENTS; kind++)
	{
		if (!(meta->descents[kind].lean >= 0.0f && meta->descents[kind].lean <= 1.0f))
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
		const IvfkmCalibration *entry = &meta->calibration[i];

		if (entry->k < 1 || (i > 0 && entry->k <= entry[-1].k) || entry->probes < 1 ||
			entry->probes > meta->nlists)
			page_corrupted(index, IVFKM_META_BLOCK, "Probes for %u rows are %u.", entry->k,
						   entry->probes);
	}
	if (meta->mean_block == IVFKM_META_BLOCK || meta->mean_block >= meta->used_blocks ||
		meta->root_block == IVFKM_META_BLOCK || meta->root_block >= meta->used_blocks)
		page_corrupted(index, IVFKM_META_BLOCK, "The mean or the root is at no block in use.");
	nblocks = RelationGetNumberOfBlocks(index);
	if (nblocks < meta->used_blocks)
		page_corrupted(index, nblocks, "The file has %u blocks, but %u are in use.", nblocks,
					   meta->used_blocks);
}

/* Pages that the mean vector takes. */
int
page_mean_pages(int dims)
{
	int per_page = IVFKM_PAYLOAD_BYTES / (int) sizeof(float);

	return (dims + per_page - 1) / per_page;
}

/* Reads the mean of the indexed vectors: meta->dimensions floats, input space. */
void
page_mean_read(Relation index, const IvfkmMetaPageData *meta, float *mean)
{
	int per_page = IVFKM_PAYLOAD_BYTES / (int) sizeof(float);
	int dims = (int) meta->dimensions;

	for (int i = 0; i < page_mean_pages(dims); i++)
	{
		Buffer buffer = page_read(index, meta->mean_block + i, BUFFER_LOCK_SHARE);
		int count = Min(per_page, dims - i * per_page);

		page_check(index, buffer, IVFKM_PAGE_MEAN);
		memcpy(mean + i * per_page, IvfkmPageGetPayload(BufferGetPage(buffer)),
			   count * sizeof(float));
		UnlockReleaseBuffer(buffer);
	}
}
