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
 *	  Summaries of some lists are kept beside it, once a query has conditions on the index's other
 *	  columns: 35 kB for each of these.  So are the shares of the rows that are within some
 *	  distances of others, once a join has asked for them.
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

#include "am/index/ivfkm_all_lists.h"
#include "am/sql/ivfkm_plan_cache.h"
#include "page/page_summary.h"

/* Summaries that are kept of an index, and nodes that these are taken from, at most. */
#define KEPT_SUMMARIES 128
#define SAMPLED_NODES  8

/* Distances for which shares of an index's rows are kept. */
#define KEPT_SHARES 8

/* Shares of the rows within a distance of others. */
typedef struct KeptShares
{
	double bound;
	IvfkmRangeShares shares;
} KeptShares;

/* One index of this session. */
typedef struct PlanCacheEntry
{
	Oid index; /* key */
	bool damaged;
	BlockNumber npages; /* of the index when it was read */
	IvfkmMetaPageData meta;
	bool has_summaries; /* they were read */
	IvfkmSummarySample summaries;
	KeptShares shares[KEPT_SHARES];
	uint32 nshares; /* that were ever kept; the last ones are */
} PlanCacheEntry;

/* Entries by the index's OID, in CacheMemoryContext; NULL until the first one. */
static HTAB *plan_cache;

/* Forgets the summaries of an entry. */
static void
forget_summaries(PlanCacheEntry *entry)
{
	if (entry->has_summaries && entry->summaries.images != NULL)
		pfree(entry->summaries.images);
	entry->has_summaries = false;
}

/* Relation cache callback: forgets the index, or all of them if "relation" is invalid. */
static void
forget_index(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS status;
	PlanCacheEntry *entry;

	if (OidIsValid(relation))
	{
		entry = hash_search(plan_cache, &relation, HASH_FIND, NULL);
		if (entry == NULL)
			return;
		forget_summaries(entry);
		(void) hash_search(plan_cache, &relation, HASH_REMOVE, NULL);
		return;
	}
	hash_seq_init(&status, plan_cache);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		forget_summaries(entry);
		(void) hash_search(plan_cache, &entry->index, HASH_REMOVE, NULL);
	}
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
	bool found;

	npages = Max(npages, 1);
	if (plan_cache == NULL)
		open_plan_cache();
	entry = hash_search(plan_cache, &oid, HASH_FIND, NULL);
	if (entry == NULL || npages / 2 >= entry->npages || npages <= entry->npages / 2)
	{
		damaged = !ivfkm_plan_cache_try(index, read_metapage, meta);
		entry = hash_search(plan_cache, &oid, HASH_ENTER, &found);
		if (found)
			forget_summaries(entry);
		entry->has_summaries = false;
		entry->nshares = 0;
		entry->damaged = damaged;
		entry->npages = npages;
		if (!damaged)
			entry->meta = *meta;
	}
	else if (!entry->damaged)
		*meta = entry->meta;
	return !entry->damaged;
}

/* Summaries that are being read; "meta" is the index's. */
typedef struct SummaryReading
{
	const IvfkmMetaPageData *meta;
	uint32 seen; /* summaries of lists with rows */
	uint32 step; /* of so many one is kept */
	IvfkmSummarySample sample;
} SummaryReading;

/* Keeps one in "step" summaries of lists that have rows: an IvfkmSummaryVisit. */
static void
keep_summary(uint32 ordinal, const IvfkmSummaryData *summary, void *arg)
{
	SummaryReading *reading = arg;
	IvfkmSummarySample *sample = &reading->sample;

	if (summary->unknown == 0 && summary->nulls == 0 && summary->values == 0)
		return;
	if (reading->seen++ % reading->step == 0 && sample->count < KEPT_SUMMARIES)
		memcpy(sample->images + sample->bytes * sample->count++, summary, sample->bytes);
}

/* Reads summaries of an index into "arg", a SummaryReading. */
static void
read_summaries(Relation index, void *arg)
{
	SummaryReading *reading = arg;
	const IvfkmMetaPageData *meta = reading->meta;
	IvfkmChildData nodes[SAMPLED_NODES];
	IvfkmGeometry geometry;
	int n = ivfkm_sample_nodes(index, meta, 1, SAMPLED_NODES, nodes);
	uint32 slots = 0;

	page_node_geometry(&geometry, (int) meta->dimensions);
	for (int pass = 0; pass < 2; pass++)
	{
		for (int i = 0; i < n; i++)
		{
			IvfkmSummaries summaries;

			page_summary_of(&summaries, meta->nattributes, &nodes[i]);
			if (pass == 0)
				slots += summaries.count;
			else
				page_summary_visit(index, &summaries, keep_summary, reading);
		}
		reading->step = Max(1, (slots + KEPT_SUMMARIES - 1) / KEPT_SUMMARIES);
	}
}

/*
 * Summaries of lists of an index, evenly spread over its tree, as they are or were not long ago.
 * "meta" is what ivfkm_plan_cache_get() gave just before.  NULL if there are none, if they are
 * damaged, or if they were to be read in a parallel operation.  What is returned lasts until the
 * next catalog access.
 */
const IvfkmSummarySample *
ivfkm_plan_cache_summaries(Relation index, const IvfkmMetaPageData *meta)
{
	Oid oid = RelationGetRelid(index);
	PlanCacheEntry *entry = hash_search(plan_cache, &oid, HASH_FIND, NULL);

	if (meta->nattributes == 0 || entry == NULL)
		return NULL;
	if (!entry->has_summaries)
	{
		SummaryReading reading = {.meta = meta};
		IvfkmSummarySample *sample = &reading.sample;

		if (IsInParallelMode())
			return NULL;
		sample->bytes = page_summary_bytes(meta->nattributes);
		sample->images = palloc(sample->bytes * KEPT_SUMMARIES);
		if (!ivfkm_plan_cache_try(index, read_summaries, &reading))
			sample->count = 0;
		entry = hash_search(plan_cache, &oid, HASH_FIND, NULL);
		if (entry == NULL || entry->has_summaries) /* somebody has changed the index meanwhile */
			return NULL;
		entry->summaries = *sample;
		entry->summaries.images = NULL;
		if (sample->count > 0)
		{
			Size bytes = sample->bytes * sample->count;

			entry->summaries.images = MemoryContextAlloc(CacheMemoryContext, bytes);
			memcpy(entry->summaries.images, sample->images, bytes);
		}
		entry->has_summaries = true;
		pfree(sample->images);
	}
	return entry->summaries.count > 0 ? &entry->summaries : NULL;
}

/*
 * Finds the shares of the rows that are within "bound" of others: false if they are not kept.
 * ivfkm_plan_cache_get() came before.
 */
bool
ivfkm_plan_cache_find_shares(Oid index, double bound, IvfkmRangeShares *shares)
{
	const PlanCacheEntry *entry =
		plan_cache != NULL ? hash_search(plan_cache, &index, HASH_FIND, NULL) : NULL;

	for (uint32 i = 0; entry != NULL && i < Min(entry->nshares, KEPT_SHARES); i++)
	{
		if (entry->shares[i].bound != bound)
			continue;
		*shares = entry->shares[i].shares;
		return true;
	}
	return false;
}

/* Keeps such shares in the place of those that were kept first. */
void
ivfkm_plan_cache_keep_shares(Oid index, double bound, const IvfkmRangeShares *shares)
{
	PlanCacheEntry *entry =
		plan_cache != NULL ? hash_search(plan_cache, &index, HASH_FIND, NULL) : NULL;

	if (entry == NULL)
		return;
	entry->shares[entry->nshares % KEPT_SHARES].bound = bound;
	entry->shares[entry->nshares % KEPT_SHARES].shares = *shares;
	entry->nshares++;
}
