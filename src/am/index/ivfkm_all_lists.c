/*-------------------------------------------------------------------------
 *
 * ivfkm_all_lists.c
 *	  All lists of an index.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_all_lists.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_all_lists.h"

/* Lists that are being collected. */
typedef struct Collection
{
	Relation index;
	IvfkmGeometry geometry; /* of nodes */
	IvfkmProbe *lists;
	int count;
	int size;
	IvfkmTreePages pages;
} Collection;

/* Appends the lists below a node of level "height". */
static void
collect(Collection *all, const IvfkmChildData *node, uint32 height)
{
	Relation index = all->index;
	const IvfkmGeometry *geometry = &all->geometry;
	IvfkmReader reader;
	ItemPointerData *pointers = NULL;
	int npointers = 0;
	int dims = geometry->dims;
	uint16 *centroid = palloc(sizeof(uint16) * dims);

	ivfkm_reader_begin(&reader, index, geometry, node, NULL);
	while (ivfkm_reader_next(&reader))
	{
		Size bytes = sizeof(ItemPointerData) * (npointers + geometry->slots);

		all->pages.nodes += geometry->stripes;
		pointers = pointers == NULL ? palloc(bytes) : repalloc_huge(pointers, bytes);
		for (int slot = 0; slot < geometry->slots; slot++)
		{
			IvfkmUnit unit;

			page_unit_get(reader.page, geometry, slot / QUANT_UNIT, &unit);
			if (page_slot_used(reader.page, geometry, slot))
				pointers[npointers++] = unit.tid[slot % QUANT_UNIT];
		}
	}
	for (int i = 0; i < npointers; i++)
	{
		IvfkmProbe *list;

		if (all->count == all->size)
		{
			all->size *= 2;
			all->lists = repalloc_huge(all->lists, sizeof(IvfkmProbe) * (Size) all->size);
		}
		list = &all->lists[all->count];
		memset(list, 0, sizeof(IvfkmProbe));
		list->pointer = pointers[i];
		page_child_read(index, dims, &pointers[i], &list->child, centroid);
		/* centroid pages hold several records: count the page with its first one */
		if (ItemPointerGetOffsetNumberNoCheck(&pointers[i]) == FirstOffsetNumber)
			all->pages.centroids += page_child_stripes(dims);
		if (list->child.level != height - 1)
			page_corrupted(index, ItemPointerGetBlockNumberNoCheck(&pointers[i]),
						   "A child's level is %u instead of %u.", list->child.level, height - 1);
		if (list->child.level == 0)
			all->count++;
		else
		{
			IvfkmChildData child = list->child;

			collect(all, &child, child.level);
		}
	}
	if (pointers != NULL)
		pfree(pointers);
	pfree(centroid);
}

/*
 * All posting lists of the index, in the order of the tree: a palloc'd array.  *pages (if not
 * NULL) counts the pages above the lists.
 */
IvfkmProbe *
ivfkm_collect_lists(Relation index, const IvfkmMetaPageData *meta, int *count,
					IvfkmTreePages *pages)
{
	Collection all;
	IvfkmChildData root;

	memset(&all, 0, sizeof(all));
	all.index = index;
	all.size = 64;
	all.lists = palloc(sizeof(IvfkmProbe) * all.size);
	page_node_geometry(&all.geometry, (int) meta->dimensions);
	page_meta_root(meta, &root);
	collect(&all, &root, meta->height);
	*count = all.count;
	if (pages != NULL)
		*pages = all.pages;
	return all.lists;
}
