/*-------------------------------------------------------------------------
 *
 * ivfkm_write.c
 *	  Writing a new index: metapage, mean, root node, centroids, lists.
 *
 * NOTES
 *	  Pages are filled in private memory and handed to the writer of page/page_writer.c one
 *	  after the other, so the file is written front to back.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_write.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "storage/buffile.h"

#include "port/vdb_half.h"

#include "am/build/ivfkm_write.h"

/* Refine pages of one list that are kept in memory; a longer list takes a temporary file. */
#define REFINE_PAGES_IN_MEMORY 512

/* The groups that n rows or children take: at least one. */
static BlockNumber
groups_for(const IvfkmGeometry *geometry, uint32 n)
{
	return n == 0 ? 1 : (n + geometry->slots - 1) / geometry->slots;
}

/* Blocks of the groups of a list or node of n rows or children. */
BlockNumber
ivfkm_extent_blocks(const IvfkmGeometry *geometry, uint32 n)
{
	return groups_for(geometry, n) * geometry->stripes;
}

/* Refine pages of a list of n rows; they follow its groups. */
BlockNumber
ivfkm_refine_blocks(const IvfkmGeometry *geometry, uint32 n)
{
	if (geometry->refine_bits == 0)
		return 0;
	return (n + geometry->refine_slots - 1) / geometry->refine_slots;
}

/* Makes the pages of a new group in memory. */
static void
extent_start_group(IvfkmExtent *extent)
{
	page_group_init(extent->pages, extent->geometry,
					extent->geometry->node ? IVFKM_PAGE_NODE : IVFKM_PAGE_POSTING, extent->owner, 1,
					extent->first);
	extent->slot = 0;
}

/*
 * Starts to write the extent of a list or node of n entries that begins at block "first".
 * The refine pages of a list are kept, in memory or in a temporary file, until its groups
 * have been written.
 */
void
ivfkm_extent_begin(IvfkmExtent *extent, IvfkmWriter *writer, const IvfkmGeometry *geometry,
				   uint32 owner, BlockNumber first, uint32 n)
{
	extent->writer = writer;
	extent->geometry = geometry;
	extent->owner = owner;
	extent->first = first;
	extent->block = first;
	extent->groups_left = groups_for(geometry, n);
	for (int i = 0; i < geometry->stripes; i++)
		extent->pages[i] = (Page) palloc(BLCKSZ);
	extent_start_group(extent);

	extent->refine_first = first + ivfkm_extent_blocks(geometry, n);
	extent->refine_count = ivfkm_refine_blocks(geometry, n);
	extent->nrefined = 0;
	extent->refine_pages = NULL;
	extent->refine_file = NULL;
	if (extent->refine_count > 0)
	{
		BlockNumber kept = extent->refine_count;

		if (kept > REFINE_PAGES_IN_MEMORY)
		{
			extent->refine_file = BufFileCreateTemp(false);
			kept = 1;
		}
		extent->refine_pages = palloc((Size) kept * BLCKSZ);
		IvfkmPageGetGroupHeader(extent->pages[geometry->stripes - 1])->refine_block =
			extent->refine_first + extent->refine_count - 1;
	}
}

/* The refine page in memory that is number "page" of the list. */
static Page
extent_refine_page(IvfkmExtent *extent, BlockNumber page)
{
	return (Page) (extent->refine_pages + (extent->refine_file != NULL ? 0 : (Size) page * BLCKSZ));
}

/* Adds a refine record and returns its address. */
static ItemPointerData
extent_add_refine(IvfkmExtent *extent, const IvfkmCode *code, const ItemPointerData *tid)
{
	const IvfkmGeometry *geometry = extent->geometry;
	BlockNumber number = extent->nrefined / geometry->refine_slots;
	int record = (int) (extent->nrefined % geometry->refine_slots);
	Page page = extent_refine_page(extent, number);
	ItemPointerData address;

	if (record == 0)
	{
		if (number > 0 && extent->refine_file != NULL)
			BufFileWrite(extent->refine_file, (void *) page, BLCKSZ);
		page_refine_init(page, extent->owner, 1, extent->first,
						 number == 0 ? InvalidBlockNumber : extent->refine_first + number - 1);
	}
	page_refine_set(page, geometry, record, &code->refine_factors, code->refine, tid);
	extent->nrefined++;
	ItemPointerSet(&address, extent->refine_first + number, (OffsetNumber) (record + 1));
	return address;
}

/* Writes the refine pages behind the groups. */
static void
extent_write_refine(IvfkmExtent *extent)
{
	Assert(extent->block == extent->refine_first);
	if (extent->refine_file != NULL)
	{
		BufFileWrite(extent->refine_file, (void *) extent->refine_pages, BLCKSZ);
		if (BufFileSeek(extent->refine_file, 0, 0, SEEK_SET) != 0)
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not rewind temporary file")));
	}
	for (BlockNumber i = 0; i < extent->refine_count; i++)
	{
		if (extent->refine_file != NULL)
			buffile_read_exact_compat(extent->refine_file, extent->refine_pages, BLCKSZ);
		page_writer_add(extent->writer, extent->block++, (char *) extent_refine_page(extent, i));
	}
	if (extent->refine_file != NULL)
		BufFileClose(extent->refine_file);
	pfree(extent->refine_pages);
}

/* Writes the current group and starts the next one, if any. */
static void
extent_flush(IvfkmExtent *extent)
{
	int stripes = extent->geometry->stripes;

	extent->groups_left--;
	if (extent->groups_left > 0)
		IvfkmPageGetOpaque(extent->pages[stripes - 1])->next = extent->block + stripes;
	for (int i = 0; i < stripes; i++)
		page_writer_add(extent->writer, extent->block++, extent->pages[i]);
	if (extent->groups_left > 0)
		extent_start_group(extent);
}

/*
 * Adds an entry, with its refine code where there is such a tier; never more than were
 * announced.
 */
void
ivfkm_extent_add(IvfkmExtent *extent, const IvfkmCode *code, const ItemPointerData *tid,
				 float norm2, float radius)
{
	const IvfkmGeometry *geometry = extent->geometry;
	IvfkmEntry entry;

	if (extent->slot == geometry->slots)
		extent_flush(extent);
	entry.code = code->bits;
	entry.factors = code->factors;
	entry.tid = *tid;
	entry.norm2 = norm2;
	entry.radius = radius;
	ItemPointerSetInvalid(&entry.refine);
	if (geometry->refine_bits > 0)
		entry.refine = extent_add_refine(extent, code, tid);
	page_slot_set(extent->pages, geometry, extent->slot++, &entry);
}

/* Writes what is left. */
void
ivfkm_extent_end(IvfkmExtent *extent)
{
	Assert(extent->groups_left == 1);
	extent_flush(extent);
	for (int i = 0; i < extent->geometry->stripes; i++)
		pfree(extent->pages[i]);
	if (extent->refine_count > 0)
		extent_write_refine(extent);
}

/* Writes the mean vector behind the metapage. */
static void
write_mean(IvfkmWriter *writer, const IvfkmPlan *plan)
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
		page_writer_add(writer, plan->meta.mean_block + i, page);
	}
	pfree(page);
}

/*
 * Writes a node whose children are "count" members of a level, from number "first" on: their centroids as 1-bit
 * codes relative to the node's centroid (dims floats).
 */
static void
write_node(IvfkmWriter *writer, const IvfkmPlan *plan, uint32 id, BlockNumber block,
		   const float *centroid, const IvfkmPlanLevel *level, uint32 first, uint32 count)
{
	int dims = plan->space->dims;
	IvfkmGeometry geometry;
	IvfkmExtent extent;
	float *x = palloc(sizeof(float) * dims);
	IvfkmCode code;

	ivfkm_code_init(&code, dims, 0);
	page_node_geometry(&geometry, dims);
	ivfkm_extent_begin(&extent, writer, &geometry, id, block, count);
	for (uint32 child = first; child < first + count; child++)
	{
		ItemPointerData pointer;

		for (int i = 0; i < dims; i++)
			x[i] = vdb_half_to_float(level->centroids[(Size) child * dims + i]);
		(void) ivfkm_code_make(QUANT_L2, dims, 0, x, true, centroid, NULL, &code);
		page_centroid_locate(level->first_record, dims, child, &pointer);
		ivfkm_extent_add(&extent, &code, &pointer, level->norms[child], level->radii[child]);
	}
	ivfkm_extent_end(&extent);
	pfree(x);
	pfree(code.bits);
}

/* Writes all nodes of level "number" of the plan, or the root if that is its height. */
static void
write_nodes(IvfkmWriter *writer, const IvfkmPlan *plan, uint32 number)
{
	const IvfkmPlanLevel *children = &plan->levels[number - 1];
	int dims = plan->space->dims;
	float *centroid = palloc0(sizeof(float) * dims);

	if (number == plan->meta.height)
		write_node(writer, plan, plan->meta.root_id, plan->meta.root_block, centroid, children, 0,
				   children->count);
	else
	{
		const IvfkmPlanLevel *nodes = &plan->levels[number];
		uint32 first = 0;

		for (uint32 node = 0; node < nodes->count; node++)
		{
			for (int i = 0; i < dims; i++)
				centroid[i] = vdb_half_to_float(nodes->centroids[(Size) node * dims + i]);
			write_node(writer, plan, nodes->first_id + node, nodes->first_blocks[node], centroid,
					   children, first, nodes->counts[node]);
			first += nodes->counts[node];
		}
	}
	pfree(centroid);
}

/* Writes the records of a level with their centroids, from block level->first_record on. */
static void
write_records(IvfkmWriter *writer, const IvfkmPlan *plan, uint32 number)
{
	const IvfkmPlanLevel *level = &plan->levels[number];
	int dims = plan->space->dims;
	int bytes = page_centroid_bytes(dims);
	int per_page = Max(page_centroid_per_page(dims), 1);
	int stripes = page_centroid_stripes(dims);
	BlockNumber block = level->first_record;
	IvfkmGeometry geometry;
	char *record = palloc0(bytes);
	char *page = palloc(BLCKSZ);

	if (number == 0)
		page_list_geometry(&geometry, dims, plan->meta.refine_bits);
	else
		page_node_geometry(&geometry, dims);
	for (uint32 first = 0; first < level->count; first += per_page)
	{
		int count = Min(per_page, (int) (level->count - first));

		for (int stripe = 0; stripe < stripes; stripe++)
		{
			page_init((Page) page, IVFKM_PAGE_CENTROID, plan->meta.root_id, 1);
			for (int i = 0; i < count; i++)
			{
				uint32 member = first + i;
				IvfkmChild child = (IvfkmChild) record;
				int offset = stripe * IVFKM_PAYLOAD_BYTES;

				memset(child, 0, sizeof(IvfkmChildData));
				child->id = level->first_id + member;
				child->generation = 1;
				child->first_block = level->first_blocks[member];
				child->nblocks = ivfkm_extent_blocks(&geometry, level->counts[member]);
				child->norm2 = level->norms[member];
				child->level = (uint16) number;
				child->rows = level->counts[member];
				child->radius = level->radii[member];
				memcpy(record + sizeof(IvfkmChildData), level->centroids + (Size) member * dims,
					   sizeof(uint16) * dims);
				memcpy(IvfkmPageGetPayload((Page) page) + i * bytes, record + offset,
					   Min(bytes - offset, IVFKM_PAYLOAD_BYTES));
			}
			page_writer_add(writer, block++, page);
		}
	}
	pfree(record);
	pfree(page);
}

/* Gives blocks to everything, in the order in which it is written. */
static void
place_all(IvfkmPlan *plan)
{
	IvfkmMetaPageData *meta = &plan->meta;
	int dims = (int) meta->dimensions;
	int per_page = Max(page_centroid_per_page(dims), 1);
	IvfkmGeometry node_geometry;
	IvfkmGeometry list_geometry;
	BlockNumber block;

	page_node_geometry(&node_geometry, dims);
	page_list_geometry(&list_geometry, dims, meta->refine_bits);
	meta->mean_block = IVFKM_META_BLOCK + 1;
	meta->root_block = meta->mean_block + page_mean_pages(dims);
	meta->root_nblocks = ivfkm_extent_blocks(&node_geometry, plan->levels[meta->height - 1].count);
	block = meta->root_block + meta->root_nblocks;
	for (int number = (int) meta->height - 1; number >= 0; number--)
	{
		IvfkmPlanLevel *level = &plan->levels[number];
		const IvfkmGeometry *geometry = number > 0 ? &node_geometry : &list_geometry;

		level->first_record = block;
		block += (level->count + per_page - 1) / per_page * page_centroid_stripes(dims);
		for (uint32 member = 0; member < level->count; member++)
		{
			level->first_blocks[member] = block;
			block += ivfkm_extent_blocks(geometry, level->counts[member]) +
					 ivfkm_refine_blocks(geometry, level->counts[member]);
		}
	}
	meta->used_blocks = block;
}

/*
 * Computes where everything goes from the counts of the plan, and writes all but the lists: they
 * follow at their first blocks, in order.
 */
void
ivfkm_write_head(IvfkmWriter *writer, IvfkmPlan *plan)
{
	char *page = palloc(BLCKSZ);

	place_all(plan);
	page_init((Page) page, IVFKM_PAGE_META, 0, 0);
	memcpy(IvfkmPageGetMeta((Page) page), &plan->meta, sizeof(IvfkmMetaPageData));
	page_writer_add(writer, IVFKM_META_BLOCK, page);
	pfree(page);
	write_mean(writer, plan);
	for (uint32 number = plan->meta.height; number > 0; number--)
	{
		write_nodes(writer, plan, number);
		write_records(writer, plan, number - 1);
	}
}
