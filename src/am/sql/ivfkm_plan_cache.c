/*-------------------------------------------------------------------------
 *
 * ivfkm_plan_cache.c
 *	  What the planner knows of indexes: their metapages, beside the relation cache.
 *
 * NOTES
 *	  Costs need the metapage of every index that could order a query, and a query over a
 *	  thousand partitions has a thousand.  A copy is kept for each index of the session until
 *	  the relation cache is told that the index has changed, or until the index has twice or
 *	  half as many pages.  A copy may be old: nothing but costs may depend on it.
 *
 *	  A metapage that cannot be read is no reason to refuse a plan that may not even use the
 *	  index.  It is read in a subtransaction, and that it was damaged is kept as well.  A scan
 *	  of the index will report it.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_plan_cache.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"

#include "am/sql/ivfkm_plan_cache.h"

/* One index of this session. */
typedef struct PlanCacheEntry
{
	Oid index; /* key */
	bool damaged;
	BlockNumber npages; /* of the index when it was read */
	IvfkmMetaPageData meta;
} PlanCacheEntry;

/* Entries by the index's OID, in CacheMemoryContext; NULL until the first one. */
static HTAB *plan_cache;

/* Relation cache callback: forgets the index, or all of them if "relation" is invalid. */
static void
forget_index(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS status;
	PlanCacheEntry *entry;

	if (OidIsValid(relation))
	{
		(void) hash_search(plan_cache, &relation, HASH_REMOVE, NULL);
		return;
	}
	hash_seq_init(&status, plan_cache);
	while ((entry = hash_seq_search(&status)) != NULL)
		(void) hash_search(plan_cache, &entry->index, HASH_REMOVE, NULL);
}

/* Makes the table and asks to be told of changes; both last as long as the session. */
static void
open_plan_cache(void)
{
	HASHCTL control = {
		.keysize = sizeof(Oid), .entrysize = sizeof(PlanCacheEntry), .hcxt = CacheMemoryContext};

	plan_cache =
		hash_create("ivfkm metapages", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(forget_index, (Datum) 0);
}

/*
 * Calls "read" with an open index and "arg"; false if what it read is damaged or could not be read.
 * Other errors, such as a cancelled query, are raised; so are all in a parallel operation, where
 * there are no subtransactions.
 */
bool
ivfkm_plan_cache_try(Relation index, void (*read)(Relation index, void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool valid = true;

	if (IsInParallelMode())
	{
		read(index, arg);
		return true;
	}
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		read(index, arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;
		int category;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
		if (category != ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR) &&
			category != ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR))
			ReThrowError(error);
		FreeErrorData(error);
		valid = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return valid;
}

/* Reads a metapage into "arg". */
static void
read_metapage(Relation index, void *arg)
{
	page_meta_read(index, arg);
}

/*
 * Copies the metapage of an index of "npages" pages, as it is or was not long ago.  False, and
 * "meta" undefined, if it is damaged.  The index must be open and locked.
 */
bool
ivfkm_plan_cache_get(Relation index, BlockNumber npages, IvfkmMetaPageData *meta)
{
	Oid oid = RelationGetRelid(index);
	PlanCacheEntry *entry;
	bool damaged;

	npages = Max(npages, 1);
	if (plan_cache == NULL)
		open_plan_cache();
	entry = hash_search(plan_cache, &oid, HASH_FIND, NULL);
	if (entry == NULL || npages / 2 >= entry->npages || npages <= entry->npages / 2)
	{
		damaged = !ivfkm_plan_cache_try(index, read_metapage, meta);
		entry = hash_search(plan_cache, &oid, HASH_ENTER, NULL);
		entry->damaged = damaged;
		entry->npages = npages;
		if (!damaged)
			entry->meta = *meta;
	}
	else if (!entry->damaged)
		*meta = entry->meta;
	return !entry->damaged;
}
