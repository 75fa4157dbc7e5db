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
#include "access/xlog.h"
#include "catalog/index.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "am/index/ivfkm_list.h"
#include "am/scan/ivfkm_scan.h"
#include "am/sql/ivfkm_utils.h"

/* Raises an error unless the index, or partitioned index, has our scans, under whichever name. */
static void
check_is_ours(Relation index)
{
	char relkind = index->rd_rel->relkind;

	if ((relkind != RELKIND_INDEX && relkind != RELKIND_PARTITIONED_INDEX) ||
		index->rd_indam->ambeginscan != ivfkmbeginscan)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is not an ivfkm index", RelationGetRelationName(index))));
}

/*
 * The indexes that "index_oid" stands for, a list of OIDs in their order: itself, or those of
 * the partitions if it is a partitioned index, whose table is locked in AccessShareLock until the
 * end of the transaction.  Errors: not an ivfkm index, no
 * right to read its table; that of a partitioned table holds for its partitions.
 */
static List *
expand_index(Oid index_oid)
{
	Oid heap_oid = IndexGetRelation(index_oid, true);
	List *indexes = NIL;
	List *all;
	ListCell *cell;
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
	if (get_rel_relkind(index_oid) != RELKIND_PARTITIONED_INDEX)
		return list_make1_oid(index_oid);

	LockRelationOid(heap_oid, AccessShareLock);
	index = index_open(index_oid, AccessShareLock);
	check_is_ours(index);
	index_close(index, NoLock);
	all = find_all_inheritors(index_oid, NoLock, NULL);
	foreach (cell, all)
	{
		if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_INDEX)
			indexes = lappend_oid(indexes, lfirst_oid(cell));
	}
	list_free(all);
	return indexes;
}

/*
 * Opens an index of expand_index() and its table (locked first), in AccessShareLock.  Errors: not an ivfkm index, another session's temporary index, an unlogged one
 * during recovery, not valid.
 */
static Relation
open_index(Oid index_oid, Relation *heap)
{
	Oid heap_oid = IndexGetRelation(index_oid, false);
	Relation index;

	*heap = table_open(heap_oid, AccessShareLock);
	index = index_open(index_oid, AccessShareLock);
	check_is_ours(index);
	/* the index may have been dropped before its table was locked, and its OID used again */
	if (index->rd_index->indrelid != heap_oid)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("could not open parent table of index \"%s\"",
							   RelationGetRelationName(index))));
	if (RELATION_IS_OTHER_TEMP(index))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot access temporary indexes of other sessions")));
	/* in the words of the planner */
	if (!RelationIsPermanent(index) && RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot access temporary or unlogged relations during recovery")));
	if (!index->rd_index->indisvalid)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("index \"%s\" is not valid", RelationGetRelationName(index))));
	return index;
}

/*
 * Calls "work" with the index that a user has named or, if it is a partitioned index, with that
 * of every partition, and with its table, in AccessShareLock and a memory context that is reset
 * after each.  Errors: see expand_index() and open_index().
 */
void
ivfkm_each_index(Oid index_oid, IvfkmIndexWork work, void *arg)
{
	List *indexes = expand_index(index_oid);
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm index", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation heap;
		Relation index = open_index(lfirst_oid(cell), &heap);

		work(index, heap, arg);
		index_close(index, AccessShareLock);
		table_close(heap, AccessShareLock);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
	list_free(indexes);
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
