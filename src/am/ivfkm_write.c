/*-------------------------------------------------------------------------
 *
 * ivfkm_write.c
 *	  Writing a new index: metapage, mean, root node, centroids, lists.
 *
 * NOTES
 *	  Pages are filled in private memory and copied into new buffers one after the other,
 *	  so the file is written front to back.  Nothing is logged page by page: the caller
 *	  logs the whole file, or, for the init fork, each page is logged as it is written.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm_write.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/xloginsert.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"

#include "port/vdb_half.h"

#include "am/ivfkm.h"

/* Appends a page to the fork, which must be "block" blocks long. */
void
ivfkm_write_page(Relation index, ForkNumber fork, BlockNumber block, const char *image)
{
	Buffer buffer = ReadBufferExtended(index, fork, P_NEW, RBM_NORMAL, NULL);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	if (BufferGetBlockNumber(buffer) != block)
		elog(ERROR, "expected to write block %u of index \"%s\", not %u", block,
			 RelationGetRelationName(index), BufferGetBlockNumber(buffer));
	START_CRIT_SECTION();
	memcpy(BufferGetPage(buffer), image, BLCKSZ);
	MarkBufferDirty(buffer);
	if (fork == INIT_FORKNUM)
		log_newpage_buffer(buffer, true);
	END_CRIT_SECTION();
	UnlockReleaseBuffer(buffer);
}

/* The groups that n rows or children take: at least one. */
static BlockNumber
groups_for(const IvfkmGeometry *geometry, uint32 n)
{
	return n == 0 ? 1 : (n + geometry->slots - 1) / geometry->slots;
}

/* Blocks of the extent of a list of n rows. */
BlockNumber
ivfkm_extent_blocks(const IvfkmGeometry *geometry, uint32 n)
{
	return groups_for(geometry, n) * geometry->stripes;
}

/* Starts to write the extent of a list or node that begins at block "first". */
void
ivfkm_extent_begin(IvfkmExtent *extent, Relation index, ForkNumber fork,
				   const IvfkmGeometry *geometry, uint32 owner, BlockNumber first, uint32 n)
{
	extent->index = index;
	extent->fork = fork;
	extent->geometry = geometry;
	extent->owner = owner;
	extent->first = first;
	extent->block = first;
	extent->groups_left = groups_for(geometry, n);
	extent->slot = 0;
	for (int i = 0; i < geometry->stripes; i++)
		extent->pages[i] = (Page) palloc(BLCKSZ);
	page_group_init(extent->pages, geometry, geometry->node ? IVFKM_PAGE_NODE : IVFKM_PAGE_POSTING,
					owner, 1, first);
}

/* Writes the current group and starts the next one, if any. */
static void
extent_flush(IvfkmExtent *extent)
{
	const IvfkmGeometry *geometry = extent->geometry;
	int stripes = geometry->stripes;

	extent->groups_left--;
	if (extent->groups_left > 0)
		IvfkmPageGetOpaque(extent->pages[stripes - 1])->next = extent->block + stripes;
	for (int i = 0; i < stripes; i++)
		ivfkm_write_page(extent->index, extent->fork, extent->block++, extent->pages[i]);
	if (extent->groups_left > 0)
	{
		page_group_init(extent->pages, geometry,
						geometry->node ? IVFKM_PAGE_NODE : IVFKM_PAGE_POSTING, extent->owner, 1,
						extent->first);
		extent->slot = 0;
	}
}

/* Adds an entry; never more than were announced. */
void
ivfkm_extent_add(IvfkmExtent *extent, const uint8 *code, const QuantFactors *factors,
				 const ItemPointerData *tid, float norm2)
{
	if (extent->slot == extent->geometry->slots)
		extent_flush(extent);
	page_slot_set(extent->pages, extent->geometry, extent->slot++, code, factors, tid, norm2);
}

/* Writes what is left. */
void
ivfkm_extent_end(IvfkmExtent *extent)
{
	Assert(extent->groups_left == 1);
	extent_flush(extent);
	for (int i = 0; i < extent->geometry->stripes; i++)
		pfree(extent->pages[i]);
}

/* Writes the mean vector behind the metapage. */
static void
write_mean(Relation index, ForkNumber fork, const IvfkmPlan *plan)
{
	int dims = plan->space->dims;
	int per_page = IVFKM_PAYLOAD_BYTES / (int) sizeof(float);
	char *page = palloc(BLCKSZ);

	for (int i = 0; i < page_mean_pages(dims); i++)
	{
		int count = Min(per_page, dims - i * per_page);

		page_init((Page) page, IVFKM_PAGE_MEAN, 0, 0);
		memcpy(IvfkmPageGetPayload((Page) page), plan->space->mean + i * per_page,
			   sizeof(float) * count);
		ivfkm_write_page(index, fork, plan->meta.mean_block + i, page);
	}
	pfree(page);
}

/* Writes the root node: the lists' centroids as 1-bit codes relative to the origin. */
static void
write_root(Relation index, ForkNumber fork, const IvfkmPlan *plan, BlockNumber first_centroid)
{
	int dims = plan->space->dims;
	IvfkmGeometry geometry;
	IvfkmExtent extent;
	float *x = palloc(sizeof(float) * dims);
	float *origin = palloc0(sizeof(float) * dims);
	uint8 *code = palloc(quant_code_bytes(dims));

	page_geometry_init(&geometry, dims, true);
	ivfkm_extent_begin(&extent, index, fork, &geometry, plan->meta.root_id, plan->meta.root_block,
					   plan->meta.nlists);
	for (uint32 list = 0; list < plan->meta.nlists; list++)
	{
		QuantFactors factors;
		ItemPointerData pointer;

		for (int i = 0; i < dims; i++)
			x[i] = vdb_half_to_float(plan->centroids[(Size) list * dims + i]);
		(void) quant_encode(QUANT_L2, dims, x, origin, NULL, code, &factors);
		page_centroid_locate(first_centroid, dims, list, &pointer);
		ivfkm_extent_add(&extent, code, &factors, &pointer, plan->norms[list]);
	}
	ivfkm_extent_end(&extent);
	pfree(x);
	pfree(origin);
	pfree(code);
}

/* Writes the records of the lists with their centroids. */
static void
write_centroids(Relation index, ForkNumber fork, const IvfkmPlan *plan, BlockNumber block)
{
	int dims = plan->space->dims;
	int bytes = page_centroid_bytes(dims);
	int per_page = Max(page_centroid_per_page(dims), 1);
	int stripes = page_centroid_stripes(dims);
	IvfkmGeometry geometry;
	char *record = palloc0(bytes);
	char *page = palloc(BLCKSZ);

	page_geometry_init(&geometry, dims, false);
	for (uint32 first = 0; first < plan->meta.nlists; first += per_page)
	{
		int count = Min(per_page, (int) (plan->meta.nlists - first));

		for (int stripe = 0; stripe < stripes; stripe++)
		{
			page_init((Page) page, IVFKM_PAGE_CENTROID, plan->meta.root_id, 1);
			for (int i = 0; i < count; i++)
			{
				uint32 list = first + i;
				IvfkmChild child = (IvfkmChild) record;
				int offset = stripe * IVFKM_PAYLOAD_BYTES;

				memset(child, 0, sizeof(IvfkmChildData));
				child->id = IVFKM_FIRST_LIST_ID + list;
				child->generation = 1;
				child->first_block = plan->first_blocks[list];
				child->nblocks = ivfkm_extent_blocks(&geometry, plan->counts[list]);
				child->norm2 = plan->norms[list];
				child->rows = plan->counts[list];
				memcpy(record + sizeof(IvfkmChildData), plan->centroids + (Size) list * dims,
					   sizeof(uint16) * dims);
				memcpy(IvfkmPageGetPayload((Page) page) + i * bytes, record + offset,
					   Min(bytes - offset, IVFKM_PAYLOAD_BYTES));
			}
			ivfkm_write_page(index, fork, block++, page);
		}
	}
	pfree(record);
	pfree(page);
}

/*
 * Computes where everything goes from plan->counts, and writes all but the lists: they
 * follow at plan->first_blocks, in order.
 */
void
ivfkm_write_head(Relation index, ForkNumber fork, IvfkmPlan *plan)
{
	IvfkmMetaPageData *meta = &plan->meta;
	int dims = (int) meta->dimensions;
	int per_page = Max(page_centroid_per_page(dims), 1);
	IvfkmGeometry node_geometry;
	IvfkmGeometry list_geometry;
	BlockNumber first_centroid;
	BlockNumber block;
	char *page;

	page_geometry_init(&node_geometry, dims, true);
	page_geometry_init(&list_geometry, dims, false);
	meta->mean_block = IVFKM_META_BLOCK + 1;
	meta->root_block = meta->mean_block + page_mean_pages(dims);
	first_centroid = meta->root_block + ivfkm_extent_blocks(&node_geometry, meta->nlists);
	block = first_centroid + (meta->nlists + per_page - 1) / per_page * page_centroid_stripes(dims);
	for (uint32 list = 0; list < meta->nlists; list++)
	{
		plan->first_blocks[list] = block;
		block += ivfkm_extent_blocks(&list_geometry, plan->counts[list]);
	}
	meta->used_blocks = block;

	page = palloc(BLCKSZ);
	page_init((Page) page, IVFKM_PAGE_META, 0, 0);
	memcpy(IvfkmPageGetMeta((Page) page), meta, sizeof(IvfkmMetaPageData));
	ivfkm_write_page(index, fork, IVFKM_META_BLOCK, page);
	pfree(page);
	write_mean(index, fork, plan);
	write_root(index, fork, plan, first_centroid);
	write_centroids(index, fork, plan, first_centroid);
}
