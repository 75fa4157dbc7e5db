/*-------------------------------------------------------------------------
 *
 * ivfkm_batch.c
 *	  Searches for the nearest rows of many queries at once.
 *
 * NOTES
 *	  NOTES.md of this folder, "Many queries at once".  What is shared is the first pass of a
 *	  search.  A query that this does not answer is searched for by itself, as a scan would.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_batch.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/relscan.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_bitutils.h"
#include "storage/predicate.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"
#include "am/scan/ivfkm_batch.h"
#include "am/scan/ivfkm_pass.h"
#include "port/vdb_pages.h"

/*
 * Rows that a query may have among the nearest, by bounds, at least and for each one wanted.  One
 * with more is searched for by itself, as is one for which there is no memory; see near_bytes().
 */
#define MOST_NEAR		1024
#define MOST_NEAR_PER_K 8

/* Bytes of a query's value that the CPU is asked for with a row that is to be looked at. */
#define VALUE_AHEAD 512

/* Memory for small pieces that is taken in one block, at most: memory contexts can do with that. */
#define MOST_PIECES ((Size) 512 * 1024 * 1024)

/* A row to be looked at exactly for a query. */
typedef struct Look
{
	IvfkmAddress row;
	int query;
} Look;

/* What looks need of a query. */
typedef struct LookQuery
{
	const void *value;
	IvfkmFoundRow *found; /* room for its looks */
	int nfound;
} LookQuery;

/* The place of a query among those of a batch. */
typedef struct Place
{
	int list;  /* that is nearest */
	int query; /* number that the caller has for it */
	IvfkmBatchNearest nearest;
} Place;

/*
 * Prepares to search an index, which the caller has open, as its table, for the k nearest rows of
 * queries, under a registered snapshot and with the rights that its expression is to run with.
 */
void
ivfkm_batch_begin(IvfkmBatch *batch, Relation heap, Relation index, Snapshot snapshot, int k)
{
	const IvfkmSettings *settings = &batch->settings;

	memset(batch, 0, sizeof(*batch));
	batch->relation = index;
	batch->snapshot = snapshot;
	batch->k = k;
	batch->prepare_k = (int) ivfkm_budget_pass_k(0.0, k);
	ivfkm_index_open(&batch->index, index);
	ivfkm_settings_get(index, &batch->index.meta, &batch->settings);
	/* a limit of rows ends a search in the middle of its pass, a pass prepares for so many rows */
	batch->shared = settings->max_scan_tuples == 0 && batch->prepare_k >= k;
	batch->reaches =
		ivfkm_pass_first_reach(settings, &batch->index.meta, batch->prepare_k, &batch->reach);
	batch->plan =
		ivfkm_pass_plan_first(settings, &batch->index.meta, batch->prepare_k, batch->reaches);
	batch->wanted = ivfkm_pass_lists(&batch->plan, &batch->index.meta);
	PredicateLockRelation(index, snapshot);
	ivfkm_measuring_begin(&batch->measuring, heap, index, snapshot);
	batch->measuring.measure.limit = k;
}

/* Frees everything. */
void
ivfkm_batch_end(IvfkmBatch *batch)
{
	ivfkm_measuring_end(&batch->measuring);
}

/*
 * Memory for the rows near a query, by bounds, in a call of ivfkm_batch_search(): what queries have
 * on average at most, not each of them.
 */
static Size
near_bytes(const IvfkmBatch *batch)
{
	return pg_nextpower2_size_t(Max(2 * (Size) batch->prepare_k, 64)) * sizeof(IvfkmCandidate);
}

/* Memory that a query takes for itself, in small pieces, in a call of ivfkm_batch_search(). */
static Size
piece_bytes(const IvfkmBatch *batch)
{
	Size dims = batch->index.meta.dimensions;
	Size k = (Size) batch->prepare_k;
	Size point = dims * (2 * sizeof(float) + 2 * sizeof(int16));

	if (batch->index.ops->bits)
		point += sizeof(QuantBitsQuery) + quant_bits_query_bytes((int) dims);
	return point + quant_query_table_bytes((int) dims) + near_bytes(batch) + k * sizeof(float) +
		   2 * k * sizeof(IvfkmFoundRow);
}

/* The same with its part of what all queries have together. */
Size
ivfkm_batch_query_bytes(const IvfkmBatch *batch)
{
	/* the array of pairs doubles in size, and is copied as it is sorted */
	Size lists = 3 * (Size) batch->wanted * sizeof(IvfkmBatchPair);
	Size looks = 2 * (Size) batch->prepare_k * 2 * sizeof(Look);

	Size nearest =
		(Size) ivfkm_centroids_most(batch->index.meta.nlists, batch->wanted) * sizeof(int);

	return sizeof(IvfkmBatchQuery) + sizeof(Place) + sizeof(LookQuery) + sizeof(int) +
		   piece_bytes(batch) + lists + looks + nearest;
}

/*
 * The memory context of a call for n queries.  Its first block is to hold what these have in small
 * pieces, in huge pages: all of it is used, again and again.
 */
static MemoryContext
begin_context(const IvfkmBatch *batch, int n)
{
	Size bytes = MAXALIGN(Min(Max((Size) n, 1) * piece_bytes(batch), MOST_PIECES));
	MemoryContext context;

	bytes = Max(bytes, ALLOCSET_DEFAULT_INITSIZE);
	context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm batch", bytes, ALLOCSET_DEFAULT_INITSIZE,
							  Max(bytes, ALLOCSET_DEFAULT_MAXSIZE));
	/* which the context is the beginning of */
	vdb_pages_huge(context, bytes);
	return context;
}

/*
 * Memory for the rows near n queries, of all together: near_bytes() of each, and what work_mem has
 * left.
 */
static Size
all_near_bytes(const IvfkmBatch *batch, int n)
{
	Size room = (Size) work_mem * 1024;
	Size counted = (Size) n * ivfkm_batch_query_bytes(batch);

	return (Size) n * near_bytes(batch) + (room > counted ? room - counted : 0);
}

/* Does with the first n queries what is to be done with a block: see each_block(). */
typedef void (*BlockWork)(IvfkmBatchLists *lists, IvfkmBatchQuery *queries, int first, int n,
						  void *arg);

/*
 * Maps n queries into index space, a block at a time, and gives these to "work", with the number of
 * the first one.  They go when it returns, and have no tables for refine codes.
 */
static void
each_block(IvfkmBatch *batch, IvfkmBatchLists *lists, const Datum *values, int n, BlockWork work,
		   void *arg)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm batch block", ALLOCSET_DEFAULT_SIZES);
	IvfkmBatchQuery *queries = palloc(sizeof(IvfkmBatchQuery) * IVFKM_CENTROIDS_BLOCK);
	int block;

	for (int first = 0; first < n; first += block)
	{
		MemoryContext old_context = MemoryContextSwitchTo(context);

		block = Min(n - first, IVFKM_CENTROIDS_BLOCK);
		memset(queries, 0, sizeof(IvfkmBatchQuery) * block);
		for (int i = 0; i < block; i++)
		{
			/* all but the refine codes' part */
			ivfkm_query_init(&queries[i].query, &batch->index, values[first + i], false, true);
			queries[i].alone = !queries[i].query.ordered;
		}
		MemoryContextSwitchTo(old_context);
		work(lists, queries, first, block, arg);
		MemoryContextReset(context);
	}
	pfree(queries);
	MemoryContextDelete(context);
}

/* Finds the places of a block: a BlockWork. */
static void
find_places(IvfkmBatchLists *lists, IvfkmBatchQuery *queries, int first, int n, void *arg)
{
	ivfkm_batch_lists_places(lists, queries, n, (BlockNumber *) arg + first);
}

/*
 * Gives each of n queries a number that is like those of queries which are near it: the block at
 * which its nearest list begins.
 */
void
ivfkm_batch_places(IvfkmBatch *batch, const Datum *values, int n, BlockNumber *places)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm batch places", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	IvfkmBatchLists lists;

	ivfkm_batch_lists_begin(&lists, &batch->index, batch->snapshot, (float) batch->settings.epsilon,
							1, NULL, n);
	each_block(batch, &lists, values, n, find_places, places);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
}

/* Where the queries of a batch are, and how many lists each is likely to take. */
typedef struct Places
{
	Place *places;
	int wanted;
} Places;

/* Notes the nearest lists of a block: a BlockWork. */
static void
note_nearest(IvfkmBatchLists *lists, IvfkmBatchQuery *queries, int first, int n, void *arg)
{
	const Places *all = arg;

	ivfkm_batch_lists_nearest(lists, queries, n, all->wanted);
	for (int i = 0; i < n; i++)
	{
		Place *place = &all->places[first + i];

		place->nearest = queries[i].nearest;
		place->list = place->nearest.n > 0 ? place->nearest.lists[0] : -1;
		place->query = first + i;
	}
}

/* Order of queries by their nearest list. */
static int
compare_places(const void *a, const void *b)
{
	const Place *x = a;
	const Place *y = b;

	if (x->list != y->list)
		return x->list < y->list ? -1 : 1;
	return x->query < y->query ? -1 : x->query > y->query;
}

/*
 * The order in which n queries are searched for: those that share lists together, so that what they
 * have in memory is, too.  Lists are in the order of the tree, near ones together.  Where centroids
 * are not at hand, it is the caller's order.
 */
static Place *
order_queries(IvfkmBatch *batch, IvfkmBatchLists *lists, const Datum *values, int n)
{
	Places all = {
		.places = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Place) * (Size) Max(n, 1)),
		.wanted = batch->wanted};

	if (lists->centroids != NULL)
	{
		each_block(batch, lists, values, n, note_nearest, &all);
		qsort(all.places, n, sizeof(Place), compare_places);
		return all.places;
	}
	memset(all.places, 0, sizeof(Place) * (Size) n);
	for (int i = 0; i < n; i++)
		all.places[i].query = i;
	return all.places;
}

/* Prepares the queries, and finds the lists of those that share them. */
static void
begin_queries(IvfkmBatch *batch, const Datum *values, const Place *order, int n,
			  IvfkmBatchQuery *queries, IvfkmBatchLists *lists)
{
	Size limit = pg_nextpower2_size_t(Max((Size) batch->prepare_k * MOST_NEAR_PER_K, MOST_NEAR));
	int block;

	for (int first = 0; first < n; first += block)
	{
		block = Min(n - first, IVFKM_CENTROIDS_BLOCK);
		for (int i = first; i < first + block; i++)
		{
			IvfkmBatchQuery *asked = &queries[i];

			ivfkm_query_init(&asked->query, &batch->index, values[order[i].query], false, false);
			asked->nearest = order[i].nearest;
			/* by bounds that are wide, too many rows would be among the nearest */
			asked->alone = !batch->shared || !asked->query.ordered || asked->query.approximate;
			if (asked->alone)
				continue;
			ivfkm_candidates_init(&asked->near, limit, ivfkm_scan_resize);
			ivfkm_candidates_begin(&asked->near, (size_t) batch->prepare_k, get_float4_infinity());
		}
		ivfkm_batch_lists_reach(lists, first, block, &batch->plan, batch->wanted);
	}
}

/*
 * Sorts looks by row, those of a row as they are now: a radix sort by the bytes in which rows
 * differ.  Frees "looks", or returns it.
 */
static Look *
sort_looks(Look *looks, Size n)
{
	Look *other = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Look) * Max(n, 1));
	IvfkmAddress differ = 0;

	for (Size i = 1; i < n; i++)
		differ |= looks[i].row ^ looks[0].row;
	for (int shift = 0; shift < 64 && differ >> shift != 0; shift += 8)
	{
		Size next[257] = {0};
		Look *swap = looks;

		CHECK_FOR_INTERRUPTS();
		if ((differ >> shift & 0xFF) == 0)
			continue;
		for (Size i = 0; i < n; i++)
			next[(looks[i].row >> shift & 0xFF) + 1]++;
		for (int byte = 1; byte < 256; byte++)
			next[byte + 1] += next[byte];
		for (Size i = 0; i < n; i++)
			other[next[looks[i].row >> shift & 0xFF]++] = looks[i];
		looks = other;
		other = swap;
	}
	pfree(other);
	return looks;
}

/* The rows that are to be looked at, in their order and that of the queries; none twice. */
static Look *
collect_looks(IvfkmBatchQuery *queries, int n, Size *nlooks)
{
	Look *looks;
	Size size = 0;

	*nlooks = 0;
	for (int i = 0; i < n; i++)
	{
		IvfkmCandidates *near = &queries[i].near;

		if (queries[i].alone)
			continue;
		ivfkm_candidates_prune(near);
		/* it is the limit that left rows out, not their bounds */
		queries[i].alone = near->truncated && near->horizon.lb < near->bounds[0];
		if (!queries[i].alone)
			size += near->n;
	}
	looks = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Look) * Max(size, 1));
	for (int i = 0; i < n; i++)
	{
		const IvfkmCandidates *near = &queries[i].near;

		for (Size j = 0; j < near->n && !queries[i].alone; j++)
		{
			looks[*nlooks].row = near->items[j].at.row;
			looks[(*nlooks)++].query = i;
		}
		queries[i].found = palloc(sizeof(IvfkmFoundRow) * Max(near->n, 1));
	}
	return sort_looks(looks, *nlooks);
}

/* Asks for what looks need that come soon after number "i": rows, and of their queries. */
static void
ask_ahead(IvfkmRowsAhead *ahead, const IvfkmRerank *rerank, const Look *looks,
		  const LookQuery *queries, Size i)
{
	Size asked = ahead->rows;

	ivfkm_rerank_ask(rerank, ahead, i);
	for (; asked < ahead->rows; asked++)
	{
		const LookQuery *query = &queries[looks[asked].query];
		const char *value = query->value;

		for (int at = 0; at < VALUE_AHEAD; at += PG_CACHE_LINE_SIZE / 2)
			__builtin_prefetch(value + at);
		__builtin_prefetch(query->found + query->nfound, 1);
	}
}

/* What looks need of each query. */
static LookQuery *
look_queries(const IvfkmBatchQuery *queries, int n)
{
	LookQuery *all = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(LookQuery) * (Size) n);

	for (int i = 0; i < n; i++)
	{
		all[i].value = queries[i].query.value;
		all[i].found = queries[i].found;
		all[i].nfound = 0;
	}
	return all;
}

/* Looks at rows exactly, in the order of the table, each once for all queries. */
static void
look_exactly(IvfkmBatch *batch, IvfkmBatchQuery *queries, int n)
{
	Size nlooks;
	Look *looks = collect_looks(queries, n, &nlooks);
	LookQuery *asked = look_queries(queries, n);
	const void **values = palloc(sizeof(void *) * n);
	double *distances = palloc(sizeof(double) * n);
	IvfkmRowsAhead ahead = {
		.addresses = (const char *) &looks->row, .stride = sizeof(Look), .n = nlooks};
	Size next;

	for (Size first = 0; first < nlooks; first = next)
	{
		ItemPointerData tid = ivfkm_lists_tid(looks[first].row);
		int m = 0;

		CHECK_FOR_INTERRUPTS();
		ask_ahead(&ahead, &batch->measuring.rerank, looks, asked, first);
		for (next = first; next < nlooks && looks[next].row == looks[first].row; next++)
		{
			/* a row that is twice in the index: vdb_index_check() reports it */
			if (next > first && looks[next].query == looks[next - 1].query)
				continue;
			looks[first + m].query = looks[next].query;
			values[m++] = asked[looks[next].query].value;
		}
		if (!ivfkm_rerank_distances(&batch->measuring.rerank, batch->snapshot,
									batch->index.column_dims, &tid, m, values, distances))
			continue;
		for (int i = 0; i < m; i++)
		{
			LookQuery *query = &asked[looks[first + i].query];

			query->found[query->nfound].distance = distances[i];
			query->found[query->nfound++].tid = tid;
		}
	}
	for (int i = 0; i < n; i++)
		queries[i].nfound = asked[i].nfound;
	pfree(looks);
	pfree(asked);
	pfree(values);
	pfree(distances);
}

/* Order of rows found: by distance, NaN last, then by address. */
static inline int
compare_found(const IvfkmFoundRow *x, const IvfkmFoundRow *y)
{
	if (x->distance < y->distance)
		return -1;
	if (x->distance > y->distance)
		return 1;
	if (isnan(x->distance) != isnan(y->distance))
		return isnan(x->distance) ? 1 : -1;
	return ItemPointerCompare(unconstify(ItemPointerData *, &x->tid),
							  unconstify(ItemPointerData *, &y->tid));
}

/* A sort of rows found. */
#define ST_SORT			 sort_found
#define ST_ELEMENT_TYPE	 IvfkmFoundRow
#define ST_COMPARE(a, b) compare_found(a, b)
#define ST_SCOPE		 static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * True if the rows that were found for a query are its k nearest among those of its lists, or all
 * that there are.  A row that was left out has a lower bound above the horizon.
 */
static bool
is_answered(const IvfkmBatch *batch, const IvfkmBatchQuery *asked)
{
	double scale = asked->query.distance_scale;
	int sure = 0;

	if (!asked->near.truncated)
		return asked->complete || asked->nfound >= batch->k;
	while (sure < asked->nfound && sure < batch->k &&
		   asked->found[sure].distance * scale <= asked->near.horizon.lb)
		sure++;
	return sure >= batch->k;
}

/* Searches for one query by itself, and puts what is found into asked->found. */
static void
search_alone(IvfkmBatch *batch, IvfkmBatchQuery *asked)
{
	IvfkmMeasuring *measuring = &batch->measuring;
	const void *value = asked->query.value;
	int size = 0;
	ScanKeyData key;
	ItemPointer next;

	asked->found = NULL;
	asked->nfound = 0;
	ivfkm_measuring_key(measuring, PointerGetDatum(value), &key);
	index_rescan(measuring->scan, NULL, 0, &key, 1);
	while (asked->nfound < batch->k &&
		   (next = index_getnext_tid(measuring->scan, ForwardScanDirection)) != NULL)
	{
		IvfkmFoundRow row = {.tid = *next};

		CHECK_FOR_INTERRUPTS();
		if (!ivfkm_rerank_distances(&measuring->rerank, batch->snapshot, batch->index.column_dims,
									&row.tid, 1, &value, &row.distance))
			continue;
		if (asked->nfound == size)
		{
			size = size == 0 ? 64 : size * 2;
			asked->found = ivfkm_scan_resize(asked->found, sizeof(IvfkmFoundRow) * size);
		}
		asked->found[asked->nfound++] = row;
	}
	sort_found(asked->found, (size_t) asked->nfound);
}

/*
 * Searches for the k nearest rows of n queries, detoasted values or not, that are not NULL, and
 * hands them out in the order of the queries.  Returns how many queries were searched for by
 * themselves.  Errors: wrong dimensions.
 */
int
ivfkm_batch_search(IvfkmBatch *batch, const Datum *values, int n, IvfkmBatchGive give, void *arg)
{
	Size query_bytes = sizeof(IvfkmBatchQuery) * (Size) Max(n, 1);
	MemoryContext context = begin_context(batch, n);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	IvfkmBatchQuery *queries = MemoryContextAllocHuge(context, query_bytes);
	int *numbers = MemoryContextAllocHuge(context, sizeof(int) * (Size) Max(n, 1));
	IvfkmBatchLists lists;
	Place *order;
	int nalone = 0;

	vdb_pages_huge(queries, query_bytes);
	memset(queries, 0, query_bytes);
	ivfkm_batch_lists_begin(&lists, &batch->index, batch->snapshot, (float) batch->settings.epsilon,
							batch->prepare_k, queries, n);
	lists.near_left = all_near_bytes(batch, n);
	lists.next_wanted = batch->reaches;
	order = order_queries(batch, &lists, values, n);
	for (int i = 0; i < n; i++)
		numbers[order[i].query] = i;
	begin_queries(batch, values, order, n, queries, &lists);
	ivfkm_batch_lists_scan(&lists);
	if (lists.next_wanted)
		ivfkm_batch_lists_go_on(&lists, n, &batch->reach);
	look_exactly(batch, queries, n);
	for (int i = 0; i < n; i++)
	{
		IvfkmBatchQuery *asked = &queries[numbers[i]];

		if (!asked->alone)
		{
			sort_found(asked->found, (size_t) asked->nfound);
			asked->alone = !is_answered(batch, asked);
			if (!asked->alone)
				pgstat_count_index_scan(batch->relation);
		}
		if (asked->alone)
		{
			search_alone(batch, asked);
			nalone++;
		}
		give(arg, i, asked->found, Min(asked->nfound, batch->k));
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
	return nalone;
}
