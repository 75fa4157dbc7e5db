/*-------------------------------------------------------------------------
 *
 * ivfkm_utils.c
 *	  Opening indexes from SQL functions, and listing their lists.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_utils.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/table.h"
#include "catalog/index.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "am/index/ivfkm_list.h"
#include "am/scan/ivfkm_scan.h"
#include "am/sql/ivfkm_utils.h"

/*
 * Opens the index and, if "heap" is not NULL, its table (locked first), in
 * AccessShareLock.  Errors: not an ivfkm index, another session's temporary index, not
 * valid, no right to read the table.
 */
Relation
ivfkm_open(Oid index_oid, Relation *heap)
{
	Oid heap_oid = IndexGetRelation(index_oid, true);
	Relation index;

	if (!OidIsValid(heap_oid))
	{
		char *name = get_rel_name(index_oid);

		if (name == NULL)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
							errmsg("relation with OID %u does not exist", index_oid)));
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not an index", name)));
	}
	if (pg_class_aclcheck(heap_oid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(heap_oid));
	if (heap != NULL)
		*heap = table_open(heap_oid, AccessShareLock);
	index = index_open(index_oid, AccessShareLock);
	if (index->rd_rel->relkind != RELKIND_INDEX || index->rd_indam->ambeginscan != ivfkmbeginscan)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is not an ivfkm index", RelationGetRelationName(index))));
	/* the index may have been dropped before its table was locked, and its OID used again */
	if (index->rd_index->indrelid != heap_oid)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("could not open parent table of index \"%s\"",
							   RelationGetRelationName(index))));
	if (RELATION_IS_OTHER_TEMP(index))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot access temporary indexes of other sessions")));
	if (!index->rd_index->indisvalid)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("index \"%s\" is not valid", RelationGetRelationName(index))));
	return index;
}

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
		page_centroid_read(index, dims, &pointers[i], &list->child, centroid);
		/* centroid pages hold several records: count the page with its first one */
		if (ItemPointerGetOffsetNumberNoCheck(&pointers[i]) == FirstOffsetNumber)
			all->pages.centroids += page_centroid_stripes(dims);
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
	memset(&root, 0, sizeof(root));
	root.id = meta->root_id;
	root.generation = meta->root_generation;
	root.first_block = meta->root_block;
	collect(&all, &root, meta->height);
	*count = all.count;
	if (pages != NULL)
		*pages = all.pages;
	return all.lists;
}
