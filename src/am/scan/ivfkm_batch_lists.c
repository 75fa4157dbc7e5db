/*-------------------------------------------------------------------------
 *
 * ivfkm_batch_lists.c
 *	  Scanning lists for all queries of a batch that want them.
 *
 * NOTES
 *	  NOTES.md of this folder, "Many queries at once".  A part of a list is copied under share
 *	  locks, and then looked at for one query after the other without any lock.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_batch_lists.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "executor/instrument.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "am/index/ivfkm_list.h"
#include "am/scan/ivfkm_batch_lists.h"
#include "am/scan/ivfkm_scan.h"
#include "page/page_group.h"

#define FIRST_LISTS 64 /* that there is room for at first */
#define FIRST_PAIRS 1024

/* Pages of a list in memory at once, at most: they are to stay in the CPU's cache. */
#define PART_PAGES 32

/*
 * A query's first round ends when it has seen so many rows for each one that it prepares for, the
 * second one when it has seen this part of all.
 */
#define FIRST_ROUND_ROWS   2
#define SECOND_ROUND_SHARE 8
#define LAST_ROUND		   (IVFKM_BATCH_ROUNDS - 1)

/*
 * A product with so many floats of centroids takes about as long as a search of the tree, and so
 * does reading so many centroids.
 */
#define MOST_CENTROID_FLOATS 1e6
#define LISTS_FOR_A_DESCENT	 32

/* Chunks of a query's table that the CPU is asked for before its turn. */
#define ASKED_CHUNKS 8

/* Candidates of a part of a list, a power of two: none is ever left out for want of room. */
#define MOST_CODES (1 << 24)

/*
 * True if n queries are better compared with all centroids than taken down the tree one by one:
 * reading the centroids, and comparing one with a query, must take less time than a descent, and
 * they must fit into half of work_mem.
 */
static bool
wants_centroids(const IvfkmMetaPageData *meta, int n)
{
	return (double) meta->nlists * meta->dimensions <= MOST_CENTROID_FLOATS &&
		   (uint32) n >= meta->nlists / LISTS_FOR_A_DESCENT &&
		   ivfkm_centroids_bytes(meta) <= (Size) work_mem * 1024 / 2;
}

/*
 * Prepares for n queries that are filled in later; "index" and "queries" must stay.  epsilon: width
 * of the bounds of 1-bit codes; k: rows that a search prepares for.  Memory comes from the current
 * context; the caller may set lists->near_left.
 */
void
ivfkm_batch_lists_begin(IvfkmBatchLists *lists, const IvfkmIndex *index, Snapshot snapshot,
						float epsilon, int k, IvfkmBatchQuery *queries, int n)
{
	HASHCTL control = {.keysize = sizeof(((IvfkmBatchList *) 0)->key),
					   .entrysize = sizeof(IvfkmBatchList),
					   .hcxt = CurrentMemoryContext};
	const IvfkmGeometry *geometry = &index->lists;

	memset(lists, 0, sizeof(*lists));
	lists->context = CurrentMemoryContext;
	lists->relation = index->relation;
	lists->snapshot = snapshot;
	lists->index = index;
	lists->epsilon = epsilon;
	lists->k = k;
	lists->queries = queries;
	lists->near_left = SIZE_MAX;
	lists->table =
		hash_create("ivfkm batch lists", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	lists->lists_size = FIRST_LISTS;
	lists->lists = palloc(sizeof(IvfkmBatchList *) * lists->lists_size);
	lists->pairs_size = FIRST_PAIRS;
	lists->pairs = palloc(sizeof(IvfkmBatchPair) * lists->pairs_size);
	lists->ngroups = Max(PART_PAGES / geometry->stripes, 1);
	lists->pages = palloc(sizeof(Page) * lists->ngroups * geometry->stripes);
	for (int i = 0; i < lists->ngroups * geometry->stripes; i++)
		lists->pages[i] = palloc(BLCKSZ);
	lists->units = palloc(sizeof(IvfkmBatchUnit) * lists->ngroups * geometry->units);
	ivfkm_candidates_init(&lists->codes, MOST_CODES, ivfkm_scan_resize);
	ivfkm_batch_pages_begin(&lists->refine_pages, index->relation, geometry);
	lists->tree_context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm batch tree", ALLOCSET_DEFAULT_SIZES);
	if (wants_centroids(&index->meta, n))
	{
		lists->centroids = palloc(sizeof(IvfkmCentroids));
		ivfkm_centroids_read(lists->centroids, index->relation, &index->meta);
		lists->met = palloc0(sizeof(IvfkmBatchList *) * Max(lists->centroids->nlists, 1));
	}
}

/* Rows in a list, living or not. */
static double
count_rows(const IvfkmBatchLists *lists, const IvfkmChildData *child)
{
	IvfkmReader reader;
	double rows = 0.0;

	ivfkm_reader_begin(&reader, lists->relation, &lists->index->lists, child, NULL);
	while (ivfkm_reader_next(&reader))
		rows += page_group_used(reader.page);
	return rows;
}

/* The list of a probe; counts its rows when it is met first. */
static IvfkmBatchList *
find_list(IvfkmBatchLists *lists, const IvfkmChildData *child)
{
	IvfkmBatchList *list;
	IvfkmBatchList key;
	bool found;

	key.key.id = child->id;
	key.key.generation = child->generation;
	list = hash_search(lists->table, &key.key, HASH_ENTER, &found);
	if (found)
		return list;
	list->child = *child;
	list->counted = Min(count_rows(lists, child), (double) child->rows);
	list->scanned = false;
	if (lists->nlists == lists->lists_size)
	{
		lists->lists_size *= 2;
		lists->lists =
			repalloc_huge(lists->lists, sizeof(IvfkmBatchList *) * (Size) lists->lists_size);
	}
	list->number = lists->nlists;
	lists->lists[lists->nlists++] = list;
	return list;
}

/*
 * Starts with the lists of a query.  Without centroids it switches to lists->tree_context, until
 * end_query().
 */
static void
begin_query(IvfkmBatchLists *lists, const IvfkmBatchQuery *asked, int wanted)
{
	const IvfkmQuery *query = &asked->query;

	if (lists->centroids != NULL)
	{
		ivfkm_centroids_begin(lists->centroids, query, asked->nearest.lists, asked->nearest.n);
		return;
	}
	MemoryContextSwitchTo(lists->tree_context);
	ivfkm_tree_begin(&lists->tree, lists->relation, &lists->index->meta, IVFKM_DESCENT_SEARCH,
					 query->target, query->target == query->point ? &query->quant : NULL,
					 query->point, lists->epsilon, wanted, NULL);
}

/*
 * The next nearest list of the query; false if there is none.  *number: that of the centroid, or
 * -1.
 */
static bool
next_probe(IvfkmBatchLists *lists, IvfkmProbe *probe, int *number)
{
	*number = -1;
	if (lists->centroids == NULL)
		return ivfkm_tree_next(&lists->tree, probe);
	*number = ivfkm_centroids_next(lists->centroids, probe);
	return *number >= 0;
}

/* Ends with a query; goes on in "context". */
static void
end_query(IvfkmBatchLists *lists, MemoryContext context)
{
	MemoryContextSwitchTo(context);
	MemoryContextReset(lists->tree_context);
}

/* The list of a probe from next_probe(). */
static IvfkmBatchList *
probed_list(IvfkmBatchLists *lists, const IvfkmProbe *probe, int number)
{
	if (number < 0)
		return find_list(lists, &probe->child);
	if (lists->met[number] == NULL)
		lists->met[number] = find_list(lists, &probe->child);
	return lists->met[number];
}

/* Adds a list to those that a query scans, in a round. */
static void
add_pair(IvfkmBatchLists *lists, int number, const IvfkmProbe *probe, int centroid, int round)
{
	IvfkmBatchQuery *asked = &lists->queries[number];
	const IvfkmBatchList *list = probed_list(lists, probe, centroid);
	IvfkmBatchPair *pair;

	if (lists->npairs == lists->pairs_size)
	{
		lists->pairs_size *= 2;
		lists->pairs = repalloc_huge(lists->pairs, sizeof(IvfkmBatchPair) * lists->pairs_size);
	}
	pair = &lists->pairs[lists->npairs++];
	pair->query = number;
	pair->list = list->number;
	pair->dist2 = probe->dist2;
	pair->dot = probe->dot;
	pair->round = round;
	asked->counted += list->counted;
	asked->nlists++;
	if ((uint32) asked->nlists >= lists->index->meta.nlists)
		asked->complete = true;
}

/* Finds the lists that query "number" scans. */
static void
reach_for(IvfkmBatchLists *lists, int number, const IvfkmListsPlan *plan)
{
	IvfkmBatchQuery *asked = &lists->queries[number];
	MemoryContext old_context = CurrentMemoryContext;
	IvfkmProbe probe;
	int centroid;

	begin_query(lists, asked, lists->wanted);
	while (!asked->complete && !ivfkm_lists_enough(plan, asked->nlists, asked->counted))
	{
		int round = LAST_ROUND;

		if (!next_probe(lists, &probe, &centroid))
		{
			asked->complete = true;
			break;
		}
		if (asked->counted < (double) FIRST_ROUND_ROWS * lists->k)
			round = 0;
		else if (asked->counted < plan->budget / SECOND_ROUND_SHARE)
			round = 1;
		add_pair(lists, number, &probe, centroid, round);
	}
	if (lists->next_wanted && !asked->complete)
	{
		if (next_probe(lists, &probe, &centroid))
			asked->next_key = probe.key;
		else
			asked->complete = true;
	}
	end_query(lists, old_context);
}

/*
 * True if the list behind those that a query has scanned is so near that a search would go on to
 * it: see "Where a search ends" in am/index/NOTES.md.
 */
static bool
goes_on(const IvfkmBatchLists *lists, const IvfkmBatchQuery *asked, const IvfkmReach *reach)
{
	return !asked->alone && !asked->complete && asked->nlists < lists->most &&
		   asked->counted < reach->most &&
		   ivfkm_pass_gap(&asked->query, asked->next_key, asked->near.horizon.lb) < reach->gap;
}

/*
 * Finds the further lists of query "number", which goes on: behind those that it has scanned, up to
 * one that is far enough, or a step of rows.  The tree gives the same lists again, unless
 * maintenance has replaced some meanwhile: should a row be met twice by that, the horizon is too
 * low, the query is not answered, and is searched for by itself.
 */
static void
go_on_for(IvfkmBatchLists *lists, int number, const IvfkmReach *reach)
{
	IvfkmBatchQuery *asked = &lists->queries[number];
	MemoryContext old_context = CurrentMemoryContext;
	int scanned = asked->nlists;
	double until = asked->counted + reach->step;
	IvfkmProbe probe;
	int centroid;

	begin_query(lists, asked, lists->wanted);
	for (int i = 0; i < scanned; i++)
	{
		if (!next_probe(lists, &probe, &centroid))
			asked->complete = true; /* not so when they were reached; whatever it is, it ends */
	}
	while (!asked->complete)
	{
		if (!next_probe(lists, &probe, &centroid))
		{
			asked->complete = true;
			break;
		}
		asked->next_key = probe.key;
		if (asked->counted >= until || !goes_on(lists, asked, reach))
			break;
		add_pair(lists, number, &probe, centroid, LAST_ROUND);
	}
	end_query(lists, old_context);
}

/*
 * Finds the nearest lists of n queries, of which "wanted" are sure to be taken, by their centroids
 * if these are at hand; not of those that are searched for by themselves, nor of those that have
 * some.  At most IVFKM_CENTROIDS_BLOCK queries.
 */
void
ivfkm_batch_lists_nearest(IvfkmBatchLists *lists, IvfkmBatchQuery *queries, int n, int wanted)
{
	const IvfkmQuery *compared[IVFKM_CENTROIDS_BLOCK];
	int numbers[IVFKM_CENTROIDS_BLOCK];
	int nnearest[IVFKM_CENTROIDS_BLOCK];
	int ncompared = 0;
	int *nearest;
	int most;

	if (lists->centroids == NULL)
		return;
	for (int i = 0; i < n; i++)
	{
		if (queries[i].alone || queries[i].nearest.n > 0)
			continue;
		numbers[ncompared] = i;
		compared[ncompared++] = &queries[i].query;
	}
	if (ncompared == 0)
		return;
	most = ivfkm_centroids_most((uint32) lists->centroids->nlists, wanted);
	nearest = MemoryContextAllocHuge(lists->context, sizeof(int) * (Size) ncompared * most);
	ivfkm_centroids_compare(lists->centroids, compared, ncompared, wanted, nearest, nnearest);
	for (int i = 0; i < ncompared; i++)
	{
		queries[numbers[i]].nearest.lists = nearest + (Size) i * most;
		queries[numbers[i]].nearest.n = nnearest[i];
	}
}

/*
 * Finds the lists that n queries from number "first" on scan, but for those that are searched for
 * by themselves: the lists that "plan" wants in the order of their centroids, of which "wanted" are
 * sure to be taken.  At most IVFKM_CENTROIDS_BLOCK queries.
 */
void
ivfkm_batch_lists_reach(IvfkmBatchLists *lists, int first, int n, const IvfkmListsPlan *plan,
						int wanted)
{
	lists->wanted = wanted;
	lists->most = plan->most;
	ivfkm_batch_lists_nearest(lists, lists->queries + first, n, wanted);
	for (int i = first; i < first + n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!lists->queries[i].alone)
			reach_for(lists, i, plan);
	}
}

/*
 * The first block of the nearest list of each of n queries, at most IVFKM_CENTROIDS_BLOCK; 0 for
 * those that are searched for by themselves.
 */
void
ivfkm_batch_lists_places(IvfkmBatchLists *lists, IvfkmBatchQuery *queries, int n,
						 BlockNumber *places)
{
	MemoryContext old_context = CurrentMemoryContext;

	memset(places, 0, sizeof(BlockNumber) * n);
	ivfkm_batch_lists_nearest(lists, queries, n, 1);
	for (int i = 0; i < n; i++)
	{
		IvfkmProbe probe;
		int centroid;

		if (queries[i].alone)
			continue;
		CHECK_FOR_INTERRUPTS();
		begin_query(lists, &queries[i], 1);
		if (next_probe(lists, &probe, &centroid))
			places[i] = probe.child.first_block;
		end_query(lists, old_context);
	}
}

/* Order of lists by their first block, for qsort. */
static int
compare_lists(const void *a, const void *b)
{
	BlockNumber x = (*(IvfkmBatchList *const *) a)->child.first_block;
	BlockNumber y = (*(IvfkmBatchList *const *) b)->child.first_block;

	return x < y ? -1 : x > y;
}

/*
 * Sorts the pairs by round and by the first block of their list: a counting sort.  Returns where
 * those of each round and list begin in the new order: starts[round * nlists + list], with one more
 * entry for the end.
 */
static Size *
sort_pairs(IvfkmBatchLists *lists)
{
	Size nstarts = (Size) IVFKM_BATCH_ROUNDS * lists->nlists;
	Size *starts = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Size) * (nstarts + 2));
	IvfkmBatchPair *sorted = MemoryContextAllocHuge(CurrentMemoryContext,
													sizeof(IvfkmBatchPair) * Max(lists->npairs, 1));
	int *numbers = palloc(sizeof(int) * Max(lists->nlists, 1));

	qsort(lists->lists, lists->nlists, sizeof(IvfkmBatchList *), compare_lists);
	for (int i = 0; i < lists->nlists; i++)
	{
		numbers[lists->lists[i]->number] = i;
		lists->lists[i]->number = i;
	}
	/*
	 * starts[s + 1] is where the next pair of s goes, and so in the end where those of s + 1 begin
	 */
	memset(starts, 0, sizeof(Size) * (nstarts + 2));
	for (Size i = 0; i < lists->npairs; i++)
	{
		IvfkmBatchPair *pair = &lists->pairs[i];

		pair->list = numbers[pair->list];
		starts[(Size) pair->round * lists->nlists + pair->list + 2]++;
	}
	for (Size s = 1; s <= nstarts; s++)
		starts[s + 1] += starts[s];
	for (Size i = 0; i < lists->npairs; i++)
	{
		const IvfkmBatchPair *pair = &lists->pairs[i];

		sorted[starts[(Size) pair->round * lists->nlists + pair->list + 1]++] = *pair;
	}
	pfree(lists->pairs);
	pfree(numbers);
	lists->pairs = sorted;
	lists->pairs_size = Max(lists->npairs, 1);
	return starts;
}

/*
 * Copies groups of a list from *block on, as many as there is room for, and finds their units in
 * which there are rows that may meet the conditions.  *block: the group behind them, or invalid.
 * *nvisited counts groups: a chain longer than the file is a loop.
 */
static void
copy_part(IvfkmBatchLists *lists, const IvfkmBatchList *list, BlockNumber *block,
		  BlockNumber *nvisited)
{
	const IvfkmGeometry *geometry = &lists->index->lists;
	const IvfkmChildData *child = &list->child;

	lists->nunits = 0;
	for (int g = 0; g < lists->ngroups && BlockNumberIsValid(*block); g++)
	{
		Page *pages = lists->pages + (Size) g * geometry->stripes;
		Page last = pages[geometry->stripes - 1];

		if (++*nvisited % 1024 == 0 && *nvisited > RelationGetNumberOfBlocks(lists->relation))
			page_corrupted(lists->relation, *block, "The chain of list %u is circular.", child->id);
		page_group_copy(lists->relation, geometry, child->id, child->generation, *block, pages);
		test_old_snapshot_compat(lists->snapshot, lists->relation, last);
		for (int u = 0; u < geometry->units; u++)
		{
			IvfkmBatchUnit *unit = &lists->units[lists->nunits];
			uint32 used;

			page_unit_get(last, geometry, u, &unit->unit);
			used = unit->rows = page_unit_used(&unit->unit);
			if (used != 0 && lists->filter != NULL)
				unit->rows &= ivfkm_filter_unit(lists->filter, &unit->unit);
			if (!list->scanned)
			{
				lists->rows += pg_popcount32(used);
				lists->rows_met += pg_popcount32(unit->rows);
			}
			if (unit->rows == 0)
				continue;
			unit->pages = pages;
			unit->block = *block + (geometry->stripes - 1);
			unit->number = u;
			lists->nunits++;
		}
		*block = page_group_next(last);
	}
}

/* Bounds of the rows of a unit in memory: see QuantKernels.scan_unit. */
static inline uint32
scan_unit(const IvfkmBatchUnit *unit, const IvfkmGeometry *geometry, const QuantQuery *query,
		  const QuantBitsQuery *bits, const QuantBound *bound, float threshold, float *lb,
		  float *ub)
{
	const IvfkmUnit *arrays = &unit->unit;
	uint32 acc[QUANT_UNIT] = {0};
	IvfkmUnitBits found;

	if (geometry->stripes == 1 && bits == NULL)
		return vdb_quant->scan_unit(query, bound, arrays->chunks, arrays->add, arrays->mul,
									threshold, lb, ub);
	for (int stripe = 0; geometry->stripes > 1 && stripe < geometry->stripes; stripe++)
		ivfkm_list_add_codes(query, bits, geometry, stripe, page_group_chunks(unit->pages[stripe]),
							 acc);
	if (bits != NULL)
	{
		memcpy(found.common, acc, sizeof(acc));
		return ivfkm_list_scan_bits(bits, geometry, arrays, &found, threshold, lb, ub);
	}
	return vdb_quant->bounds(bound, acc, arrays->add, arrays->mul, threshold, lb, ub);
}

/* Row "lane" of a unit, by the lower bound of its code. */
static inline IvfkmCandidate
unit_row(IvfkmBatchLists *lists, const IvfkmBatchUnit *unit, int lane, float lb)
{
	const ItemPointerData *tid = &unit->unit.tid[lane];
	IvfkmCandidate candidate = {.at.lb = lb, .at.row = ivfkm_lists_address(tid)};

	if (unlikely(!page_row_in_table(tid, lists->heap_blocks)))
		page_check_row(lists->relation, unit->block, unit->number * QUANT_UNIT + lane, tid,
					   &lists->heap_blocks);
	if (unit->unit.refine != NULL)
		candidate.refine = ivfkm_lists_address(&unit->unit.refine[lane]);
	return candidate;
}

/*
 * Makes room for another row in "near" of a query.  Where the memory of all queries together is
 * used up, "near" grows no further: if that is not enough, rows are left out, and the query is
 * searched for by itself.
 */
static inline void
reserve_near(IvfkmBatchLists *lists, IvfkmCandidates *near)
{
	size_t size = near->size;
	Size more;

	if (near->n < size)
		return;
	if (lists->near_left < size * sizeof(IvfkmCandidate))
		near->limit = Min(near->limit, size);
	ivfkm_candidates_reserve_one(near);
	more = (near->size - size) * sizeof(IvfkmCandidate);
	lists->near_left -= Min(lists->near_left, more);
}

/* Adds a row to those near a query, unless it is above the horizon. */
static inline void
add_near(IvfkmBatchLists *lists, IvfkmCandidates *near, const IvfkmCandidate *candidate, float ub)
{
	reserve_near(lists, near);
	if (!ivfkm_position_less(&near->horizon, &candidate->at))
		ivfkm_candidates_add(near, candidate, ub);
}

/*
 * Bounds of a candidate's distance from its refine record; false if the snapshot does not see the
 * row.  See ivfkm_query_refine().
 */
static bool
refine_one(IvfkmBatchLists *lists, const IvfkmBatchQuery *asked, const IvfkmProbe *probe,
		   IvfkmCandidate *candidate, float *ub)
{
	ItemPointerData record = ivfkm_lists_tid(candidate->refine);
	ItemPointerData tid = ivfkm_lists_tid(candidate->at.row);

	float horizon = asked->near.horizon.lb;

	if (lists->copies_pay)
		return ivfkm_query_refine_of_list(
			&asked->query, probe, &lists->refine_bound,
			ivfkm_batch_pages_record(&lists->refine_pages, &probe->child, &record), &tid,
			IVFKM_REFINE_EPSILON, horizon, &candidate->at.lb, ub);
	for (Size i = 0; i < Min(lists->codes.n, 3); i++)
	{
		ItemPointerData next = ivfkm_lists_tid(lists->codes.items[i].refine);

		page_refine_prefetch(lists->relation, &lists->index->lists, &next);
	}
	return ivfkm_query_refine(&asked->query, probe, &record, &tid, IVFKM_REFINE_EPSILON, horizon,
							  &candidate->at.lb, ub);
}

/* Refines a row and adds it to the nearest, if it may be one of them. */
static void
refine_into_near(IvfkmBatchLists *lists, IvfkmBatchQuery *asked, const IvfkmProbe *probe,
				 IvfkmCandidate candidate)
{
	float ub;

	if (refine_one(lists, asked, probe, &candidate, &ub))
		add_near(lists, &asked->near, &candidate, ub);
}

/*
 * Refines the rows of lists->codes that may be among the nearest: the best ones first, so that the
 * horizon falls before others are looked at.  Where records are at hand, a row that is refined in
 * vain costs less than an order does: then the k best ones come before the others, and that is all.
 */
static void
refine(IvfkmBatchLists *lists, IvfkmBatchQuery *asked, const IvfkmProbe *probe)
{
	IvfkmCandidates *codes = &lists->codes;
	const float *horizon = &asked->near.horizon.lb;
	float kth;

	if (!lists->copies_pay)
	{
		ivfkm_candidates_arrange(codes);
		while (codes->n > 0 && ivfkm_candidates_lowest(codes) <= *horizon)
			refine_into_near(lists, asked, probe, ivfkm_candidates_take(codes));
		return;
	}
	kth = ivfkm_candidates_kth(codes);
	for (Size i = 0; i < codes->n; i++)
	{
		if (codes->items[i].at.lb <= Min(kth, *horizon))
			refine_into_near(lists, asked, probe, codes->items[i]);
	}
	for (Size i = 0; i < codes->n; i++)
	{
		if (codes->items[i].at.lb > kth && codes->items[i].at.lb <= *horizon)
			refine_into_near(lists, asked, probe, codes->items[i]);
	}
}

/*
 * Looks at the part of a list that is in memory for one query.  Rows below the query's horizon are
 * refined at once where it will hardly fall any more and records are at hand; else they are
 * collected before, for the best ones to come first.
 */
static void
scan_for(IvfkmBatchLists *lists, const IvfkmBatchList *list, const IvfkmBatchPair *pair)
{
	IvfkmBatchQuery *asked = &lists->queries[pair->query];
	const IvfkmGeometry *geometry = &lists->index->lists;
	const QuantQuery *query = &asked->query.quant;
	IvfkmCandidates *near = &asked->near;
	IvfkmCandidates *codes = &lists->codes;
	bool at_once = asked->query.refine && pair->round > 0 && lists->copies_pay;
	bool later = asked->query.refine && !at_once;
	const float *horizon = later ? &codes->horizon.lb : &near->horizon.lb;
	IvfkmProbe probe = {.child = list->child, .dist2 = pair->dist2, .dot = pair->dot};
	QuantBound bound;

	ivfkm_query_bound(&asked->query, &probe, lists->epsilon, &bound);
	if (asked->query.refine)
		ivfkm_query_refine_bound(&asked->query, &probe, IVFKM_REFINE_EPSILON, &lists->refine_bound);
	if (later)
		ivfkm_candidates_begin(codes, (size_t) lists->k, near->horizon.lb);
	for (int u = 0; u < lists->nunits; u++)
	{
		const IvfkmBatchUnit *unit = &lists->units[u];
		float lb[QUANT_UNIT];
		float ub[QUANT_UNIT];
		uint32 mask = scan_unit(unit, geometry, query, asked->query.bits, &bound, *horizon, lb, ub);

		mask &= unit->rows;
		if (mask == 0)
			continue;
		if (later)
			ivfkm_candidates_reserve(codes);
		for (; mask != 0; mask &= mask - 1)
		{
			int lane = pg_rightmost_one_pos32(mask);
			IvfkmCandidate candidate;

			if (lb[lane] > *horizon)
				continue;
			candidate = unit_row(lists, unit, lane, lb[lane]);
			if (at_once)
				refine_into_near(lists, asked, &probe, candidate);
			else if (later)
				ivfkm_candidates_add(codes, &candidate, ub[lane]);
			else
				add_near(lists, near, &candidate, ub[lane]);
		}
	}
	if (later && codes->n > 0)
		refine(lists, asked, &probe);
}

/* Asks the CPU for "bytes" bytes. */
static inline void
ask_memory(const void *from, Size bytes)
{
	for (Size at = 0; at < bytes; at += PG_CACHE_LINE_SIZE / 2)
		__builtin_prefetch((const char *) from + at);
}

/*
 * Asks the CPU for what scan_for() needs of the queries of the next pairs: those of a batch do not
 * fit into its cache.
 */
static inline void
ask_queries(const IvfkmBatchLists *lists, Size pair, Size end)
{
	if (pair + 2 < end)
		ask_memory(&lists->queries[lists->pairs[pair + 2].query], sizeof(IvfkmBatchQuery));
	if (pair + 1 < end)
	{
		const IvfkmBatchQuery *next = &lists->queries[lists->pairs[pair + 1].query];
		const QuantQuery *query = &next->query.quant;

		ask_memory(query->table, Min(query->nchunks, ASKED_CHUNKS) * (Size) QUANT_CHUNK_TABLE);
	}
}

/* Asks the operating system for the pages of a list that will be read soon. */
static void
ask_for(const IvfkmBatchLists *lists, const IvfkmChildData *child)
{
	for (uint32 i = 0; i < child->nblocks; i++)
	{
		BlockNumber nblocks;

		if (page_in_file(lists->relation, child->first_block + i, &nblocks))
			(void) PrefetchBuffer(lists->relation, MAIN_FORKNUM, child->first_block + i);
	}
}

/*
 * Scans the lists that were reached for the queries: their rows among the nearest, by bounds, are
 * then in "near".
 */
void
ivfkm_batch_lists_scan(IvfkmBatchLists *lists)
{
	Size *starts = sort_pairs(lists);
	int nlists = lists->nlists;

	for (Size s = 0; s < (Size) IVFKM_BATCH_ROUNDS * nlists; s++)
	{
		IvfkmBatchList *list = lists->lists[s % nlists];
		BlockNumber block = list->child.first_block;
		BlockNumber nvisited = 0;
		int64 reads_before = pgBufferUsage.shared_blks_read;

		if (starts[s] == starts[s + 1])
			continue;
		CHECK_FOR_INTERRUPTS();
		if (lists->reads && s % nlists + 1 < (Size) nlists)
			ask_for(lists, &lists->lists[s % nlists + 1]->child);
		while (BlockNumberIsValid(block))
		{
			copy_part(lists, list, &block, &nvisited);
			ivfkm_batch_pages_forget(&lists->refine_pages);
			lists->copies_pay =
				ivfkm_batch_pages_pay(&lists->refine_pages, starts[s + 1] - starts[s]);
			for (Size i = starts[s]; i < starts[s + 1]; i++)
			{
				CHECK_FOR_INTERRUPTS();
				ask_queries(lists, i, starts[s + 1]);
				scan_for(lists, list, &lists->pairs[i]);
			}
		}
		list->scanned = true;
		lists->reads = pgBufferUsage.shared_blks_read != reads_before;
	}
	pfree(starts);
}

/*
 * Behind ivfkm_batch_lists_scan(), of n queries: goes on to further lists for those whose next list
 * is near enough, again and again until there are none.
 */
void
ivfkm_batch_lists_go_on(IvfkmBatchLists *lists, int n, const IvfkmReach *reach)
{
	do
	{
		lists->npairs = 0;
		for (int i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (goes_on(lists, &lists->queries[i], reach))
				go_on_for(lists, i, reach);
		}
		if (lists->npairs > 0)
			ivfkm_batch_lists_scan(lists);
	} while (lists->npairs > 0);
}
