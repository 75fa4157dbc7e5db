/*-------------------------------------------------------------------------
 *
 * ivfkm_lists.c
 *	  Reaching lists and collecting their rows.
 *
 * NOTES
 *	  Lists are reached in the order of their centroids' distance and scanned one after the
 *	  other; the list behind the next one is reached, too, to be asked for in time.  A scan
 *	  that has met blocks outside of shared buffers reads further pages ahead.
 *
 *	  Lists that the tree leaves out, because no row of them can match the filter, are neither
 *	  reached nor scanned.  Their rows are counted as those of lists without a match are, as many as
 *	  a list has on average: budgets are by the rank of matches among all rows.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_lists.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "executor/instrument.h"
#include "lib/qunique.h"
#include "port/pg_bitutils.h"

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_space.h"
#include "am/scan/ivfkm_lists.h"
#include "page/page_point.h"
#include "port/vdb_half.h"

#define FIRST_SIZE 16 /* lists that there is room for at first */

/*
 * Of so many units without a match, the codes of one are looked at.  Which ones follows from their
 * number times the golden ratio, so that they have no period: rows of a list are sorted.
 */
#define SAMPLED_UNITS 16
#define GOLDEN_RATIO  UINT32_C(2654435769)

StaticAssertDecl(IVFKM_CANDIDATES_STEP == QUANT_UNIT, "room is made for one unit at a time");

/*
 * Starts at the root.  epsilon: width of the bounds for centroids; wanted: lists that the caller
 * is sure to take.  "index", "query" and "filter" (NULL: every row matches) must stay.  Memory
 * comes from the current context.
 */
void
ivfkm_lists_begin(IvfkmLists *lists, const IvfkmIndex *index, Snapshot snapshot,
				  const IvfkmQuery *query, IvfkmFilter *filter, float epsilon, int wanted)
{
	memset(lists, 0, sizeof(*lists));
	lists->index = index->relation;
	lists->snapshot = snapshot;
	lists->query = query;
	lists->geometry = &index->lists;
	lists->filter = filter;
	lists->mean_rows = index->meta.build_rows / Max(index->meta.nlists, 1);
	if (filter != NULL)
	{
		lists->summary_filter.columns = &index->columns;
		lists->summary_filter.terms = &filter->terms;
	}
	lists->reads_before = pgBufferUsage.shared_blks_read;
	ivfkm_tree_begin(&lists->tree, index->relation, &index->meta, IVFKM_DESCENT_SEARCH,
					 query->target, query->target == query->point ? &query->quant : NULL,
					 query->point, epsilon, wanted, filter != NULL ? &lists->summary_filter : NULL);
	lists->size = FIRST_SIZE;
	lists->items = palloc(sizeof(IvfkmProbe) * lists->size);
}

/* From now on notes for each list how many rows were counted before it. */
void
ivfkm_lists_note(IvfkmLists *lists)
{
	lists->before = palloc(sizeof(double) * lists->size);
}

/*
 * From now on zero vectors of cosine are rows of which nothing is known, wherever codes say they
 * are: their distance to every query is NaN.  "index" must stay.  Memory comes from the current
 * context.
 */
void
ivfkm_lists_want_zero(IvfkmLists *lists, const IvfkmIndex *index)
{
	lists->zero_index = index;
	lists->zero = palloc0(sizeof(float) * lists->geometry->dims);
	ivfkm_space_apply(ivfkm_space_cached(index->relation, &index->meta), lists->zero);
}

/*
 * The factors that the code of a zero vector has in a list: there, a row has these if it is one, or
 * is as far from the centroid to the last bit.
 */
static QuantFactors
zero_factors(const IvfkmLists *lists, const IvfkmProbe *list)
{
	int dims = lists->geometry->dims;
	uint16 *stored = palloc(sizeof(uint16) * dims);
	float *centroid = palloc(sizeof(float) * dims);
	const IvfkmSpace *space;
	IvfkmChildData child;
	IvfkmCode code;

	page_child_read(lists->index, dims, &list->pointer, &child, stored);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(stored[i]);
	ivfkm_code_init(&code, lists->geometry);
	space = ivfkm_space_cached(lists->index, &lists->zero_index->meta);
	(void) ivfkm_code_make(space->quant_metric, dims, 0, lists->zero, true, centroid, space->offset,
						   &code);
	pfree(stored);
	pfree(centroid);
	pfree(code.bits);
	if (code.refine != NULL)
		pfree(code.refine);
	return code.factors;
}

/* The rows of a unit that have such factors. */
static uint32
find_zeros(const IvfkmUnit *unit, const QuantFactors *zero)
{
	uint32 mask = 0;

	for (int lane = 0; lane < QUANT_UNIT; lane++)
		mask |= (uint32) (unit->add[lane] == zero->add && unit->mul[lane] == zero->mul) << lane;
	return mask & page_unit_used(unit);
}

/* Adds the next nearest list to those to scan; false if there is none. */
static bool
reach_list(IvfkmLists *lists)
{
	if (lists->nreached == lists->size)
	{
		lists->size *= 2;
		lists->items = repalloc_huge(lists->items, sizeof(IvfkmProbe) * (Size) lists->size);
		if (lists->before != NULL)
			lists->before = repalloc_huge(lists->before, sizeof(double) * (Size) lists->size);
	}
	if (!ivfkm_tree_next(&lists->tree, &lists->items[lists->nreached]))
	{
		lists->complete = true;
		return false;
	}
	lists->expected += lists->items[lists->nreached].child.rows;
	lists->nreached++;
	return true;
}

/* True if the plan wants further lists even if those that were reached hold what they once had. */
static bool
expects_more(const IvfkmLists *lists)
{
	return !ivfkm_lists_enough(&lists->plan, lists->nreached, lists->counted + lists->expected);
}

/* True if the codes of a unit without a match, the number-th of a scan, are looked at. */
static inline bool
is_sampled(uint32 number)
{
	return number * GOLDEN_RATIO < PG_UINT32_MAX / SAMPLED_UNITS;
}

/* What a filter says of the units of a group. */
typedef struct GroupMatches
{
	uint32 rows[IVFKM_PAGE_CHUNKS];				  /* that are there and may match, of each unit */
	IvfkmFilterOthers *others[IVFKM_PAGE_CHUNKS]; /* where those of the unit belong that do not
												   * match; NULL: the unit can be left out */
} GroupMatches;

/*
 * Tests the rows of all units of the current group, and, where they are in few units, asks the CPU
 * for the codes that will be looked at.  Most units of a list have no row that matches: then their
 * codes are left out, but for those of a sample, if it is wanted.
 */
static void
match_group(const IvfkmLists *lists, IvfkmReader *reader, bool first_time, bool sampling,
			GroupMatches *matches)
{
	const IvfkmGeometry *geometry = lists->geometry;
	IvfkmFilter *filter = lists->filter;
	bool full = page_group_used(reader->page) == geometry->slots;
	int wanted = 0;

	for (int u = 0; u < geometry->units; u++)
	{
		IvfkmFilterOthers *others = NULL;
		IvfkmUnit unit;
		uint32 used = FILTER_ALL_ROWS;
		uint32 mask;

		page_unit_get(reader->page, geometry, u, &unit);
		mask = ivfkm_filter_unit(filter, &unit);
		if (mask != 0 && !full)
		{
			used = page_unit_used(&unit);
			mask &= used;
		}
		if (mask != 0)
			others = &filter->beside;
		else if (sampling && is_sampled(filter->nskipped++))
		{
			others = &filter->apart;
			if (!full)
				used = page_unit_used(&unit);
		}
		matches->rows[u] = mask;
		matches->others[u] = others;
		if (others == NULL)
			continue;
		wanted++;
		if (reader->sparse)
			ivfkm_reader_want(reader, u);
		if (first_time)
			filter->nmet += pg_popcount32(mask);
		if (sampling)
			others->rows += pg_popcount32(used & ~mask);
	}
	reader->sparse = wanted * 2 < geometry->units;
}

/*
 * True while units are looked at by their heads first: in the first sweep.  Floors, which later
 * ones have, rely on a row's position being the same each time.
 */
static inline bool
looks_at_heads(const IvfkmCandidates *candidates)
{
	return candidates->k > 0;
}

/*
 * Scans one posting list: collects its rows that were not given and are not above the horizon.
 * The list is read ahead if the scan does that, and further lists may be reached meanwhile.
 */
static void
scan_list(IvfkmLists *lists, int number, bool first_time, float epsilon, const IvfkmGiven *given,
		  IvfkmCandidates *candidates)
{
	const IvfkmProbe list = lists->items[number];
	const IvfkmGeometry *geometry = lists->geometry;
	bool approximate = lists->query->approximate;
	bool part = list.groups != IVFKM_ALL_GROUPS;
	/* ivfkm_pass.c asks for rows that do not match only while k are looked for that do */
	bool sampling = first_time && candidates->k > 0;
	GroupMatches matches;
	IvfkmReader reader;
	QuantBound bound;
	IvfkmSlack slack;
	QuantFactors zero = {0};
	float horizon = NAN; /* the last one, and the threshold that belongs to it */
	float beyond = NAN;
	double rows = 0.0;

	page_point("scan-list");
	if (lists->zero != NULL)
		zero = zero_factors(lists, &list);
	ivfkm_query_bound(lists->query, &list, epsilon, &bound);
	if (approximate)
		ivfkm_query_slack(lists->query, &list, epsilon, &slack);
	ivfkm_reader_begin(&reader, lists->index, geometry, &list.child, &lists->query->quant);
	reader.bits = lists->query->bits;
	reader.groups = list.groups;
	reader.ahead = first_time && lists->reading_ahead && !part ? &lists->ahead : NULL;
	reader.lazy = lists->filter != NULL;
	reader.sparse = lists->sparse;
	if (looks_at_heads(candidates))
	{
		ivfkm_query_heads(lists->query, &list, epsilon, &lists->heads.bounds);
		reader.heads = &lists->heads;
	}
	while (ivfkm_reader_next(&reader))
	{
		test_old_snapshot_compat(lists->snapshot, lists->index, reader.page);
		rows += page_group_used(reader.page);
		if (lists->filter != NULL)
			match_group(lists, &reader, first_time, sampling, &matches);
		for (int u = 0; u < geometry->units; u++)
		{
			float lb[QUANT_UNIT];
			float ub[QUANT_UNIT];
			IvfkmUnit unit;
			float threshold = candidates->horizon.lb;
			uint32 mask = PG_UINT32_MAX;
			uint32 within;
			uint32 rest = 0;
			uint32 zeros = 0;
			IvfkmFilterOthers *others = NULL;

			if (lists->filter != NULL)
			{
				mask = matches.rows[u];
				others = matches.others[u];
				if (others == NULL)
					continue;
			}
			if (approximate)
			{
				if (threshold != horizon)
				{
					horizon = threshold;
					beyond = ivfkm_slack_threshold(&slack, horizon);
				}
				threshold = beyond;
			}
			within = ivfkm_reader_scan(&reader, u, &bound, threshold, lb, ub, &unit);
			if (sampling)
				rest = within & ~mask;
			for (; rest != 0; rest &= rest - 1)
			{
				int lane = pg_rightmost_one_pos32(rest);

				if (approximate)
					ub[lane] = ivfkm_slack_upper(&slack, lb[lane], ub[lane]);
				if (ub[lane] <= candidates->horizon.lb)
					ivfkm_filter_note_near(others, ub[lane]);
			}
			if (lists->zero != NULL)
				zeros = find_zeros(&unit, &zero);
			mask &= within | zeros;
			if (mask == 0)
				continue;
			ivfkm_candidates_reserve(candidates);
			while (mask != 0)
			{
				int lane = pg_rightmost_one_pos32(mask);
				IvfkmCandidate candidate;

				mask &= mask - 1;
				if (unlikely(!page_row_in_table(&unit.tid[lane], lists->heap_blocks)))
					page_check_row(lists->index, BufferGetBlockNumber(reader.buffer),
								   u * QUANT_UNIT + lane, &unit.tid[lane], &lists->heap_blocks);
				if ((zeros >> lane & 1) != 0)
				{
					lb[lane] = -FLT_MAX;
					ub[lane] = INFINITY;
				}
				candidate.at.lb = lb[lane];
				if (approximate)
					candidate.at.lb = ivfkm_slack_lower(&slack, lb[lane], ub[lane]);
				candidate.at.row = ivfkm_lists_address(&unit.tid[lane]);
				if (ivfkm_position_less(&candidates->horizon, &candidate.at) ||
					ivfkm_given_has(given, number, &candidate.at))
					continue;
				if (reader.bits != NULL)
					candidate.refine = ivfkm_candidate_counts(reader.unit_bits.counts[lane],
															  reader.unit_bits.common[lane]);
				else
					candidate.refine =
						unit.refine != NULL ? ivfkm_lists_address(&unit.refine[lane]) : 0;
				candidate.list = number;
				if (approximate && ivfkm_candidates_heed(candidates, ub[lane]))
					ub[lane] = ivfkm_slack_upper(&slack, lb[lane], ub[lane]);
				ivfkm_candidates_add(candidates, &candidate, ub[lane]);
			}
		}
	}
	lists->sparse = reader.sparse;
	if (first_time)
	{
		double left_out = list.left_out * lists->mean_rows;

		if (part) /* the others cannot match, but count */
			rows = Max(rows, (double) list.child.rows);
		lists->rows += rows;
		lists->left_out += left_out;
		lists->counted += Min(rows, (double) list.child.rows) + left_out;
	}
}

/* True if this scan has met blocks that were not in shared buffers: there may be more. */
bool
ivfkm_lists_read_from_disk(const IvfkmLists *lists)
{
	return pgBufferUsage.shared_blks_read != lists->reads_before;
}

/*
 * The next page to be read ahead: those of each list that were written together, list by list; with
 * a filter, only the last page of each group, which has the attributes, and none of lists that are
 * wanted in part.  Reaches further lists, and so reads pages of the tree.
 */
static BlockNumber
next_list_page(void *arg)
{
	IvfkmLists *lists = arg;
	uint32 step = lists->filter != NULL ? (uint32) lists->geometry->stripes : 1;

	while (lists->ahead_list < lists->nreached ||
		   (lists->rows < lists->plan.most_rows && expects_more(lists) && reach_list(lists)))
	{
		const IvfkmChildData *list = &lists->items[lists->ahead_list].child;
		BlockNumber block = list->first_block + lists->ahead_page + step - 1;
		BlockNumber nblocks;
		bool more = lists->ahead_page < list->nblocks &&
					lists->items[lists->ahead_list].groups == IVFKM_ALL_GROUPS;

		lists->ahead_page += step;
		if (more && page_in_file(lists->index, block, &nblocks))
			return block;
		lists->ahead_list++;
		lists->ahead_page = 0;
	}
	return InvalidBlockNumber;
}

/* Scans the next list that the plan wants; false if there is none, or rows are enough. */
bool
ivfkm_lists_scan_next(IvfkmLists *lists, float epsilon, const IvfkmGiven *given,
					  IvfkmCandidates *candidates)
{
	int next = lists->nscanned;

	if (ivfkm_lists_enough(&lists->plan, next, lists->counted) ||
		lists->rows >= lists->plan.most_rows)
		return false;
	/* the list behind the next one is reached, too, to be asked for */
	while (lists->nreached < next + 2 && (next == lists->nreached || expects_more(lists)) &&
		   reach_list(lists))
		;
	if (next == lists->nreached)
		return false;
	if (!lists->reading_ahead && ivfkm_lists_read_from_disk(lists))
	{
		lists->ahead_list = next;
		lists->ahead_page = 0;
		page_ahead_begin(&lists->ahead, lists->index, next_list_page, lists);
		lists->reading_ahead = true;
	}
	if (next + 1 < lists->nreached && lists->items[next + 1].groups == IVFKM_ALL_GROUPS)
		ivfkm_list_prefetch(lists->index, lists->geometry, &lists->items[next + 1].child,
							lists->query->bits, looks_at_heads(candidates) ? &lists->heads : NULL,
							lists->sparse);
	if (lists->before != NULL)
		lists->before[next] = lists->counted;
	scan_list(lists, next, true, epsilon, given, candidates);
	lists->nscanned++;
	lists->expected -= lists->items[next].child.rows;
	return true;
}

/* The list that would be scanned next, or NULL; reaches it, and so may read pages of the tree. */
const IvfkmProbe *
ivfkm_lists_next(IvfkmLists *lists)
{
	if (lists->nscanned == lists->nreached && !reach_list(lists))
		return NULL;
	return &lists->items[lists->nscanned];
}

/* Scans all lists that were scanned before, from number "first" on. */
void
ivfkm_lists_scan_again(IvfkmLists *lists, int first, float epsilon, const IvfkmGiven *given,
					   IvfkmCandidates *candidates)
{
	for (int i = first; i < lists->nscanned; i++)
		scan_list(lists, i, false, epsilon, given, candidates);
}

/* Pages to be read, in ascending order. */
typedef struct BlockList
{
	BlockNumber *blocks;
	Size nblocks;
	Size next;
} BlockList;

/* The next page of a BlockList. */
static BlockNumber
next_listed_page(void *arg)
{
	BlockList *list = arg;

	return list->next < list->nblocks ? list->blocks[list->next++] : InvalidBlockNumber;
}

/* Order of block numbers for qsort. */
static int
block_compare(const void *a, const void *b)
{
	BlockNumber x = *(const BlockNumber *) a;
	BlockNumber y = *(const BlockNumber *) b;

	return x < y ? -1 : x > y;
}

/* Notes the refine page of a candidate in a list that has room for it. */
static void
add_block(const IvfkmLists *lists, const IvfkmCandidate *candidate, BlockList *list)
{
	BlockNumber block = (BlockNumber) (candidate->refine >> 16);
	BlockNumber nblocks;

	if ((list->nblocks == 0 || list->blocks[list->nblocks - 1] != block) &&
		page_in_file(lists->index, block, &nblocks))
		list->blocks[list->nblocks++] = block;
}

/* Reads the pages of a list, more than one at a time. */
static void
read_blocks(const IvfkmLists *lists, BlockList *list)
{
	IvfkmAhead ahead;

	qsort(list->blocks, list->nblocks, sizeof(BlockNumber), block_compare);
	list->nblocks = qunique(list->blocks, list->nblocks, sizeof(BlockNumber), block_compare);
	page_ahead_begin(&ahead, lists->index, next_listed_page, list);
	for (Size i = 0; i < list->nblocks; i++)
		UnlockReleaseBuffer(page_ahead_read(&ahead, list->blocks[i], BUFFER_LOCK_SHARE));
}

/*
 * Ends a pass; what reads lists ahead goes on with the next one.  If the scan read from disk, reads
 * the refine pages of the first "count" of the arranged candidates, more than one at a time.
 */
void
ivfkm_lists_end_pass(IvfkmLists *lists, const IvfkmCandidates *candidates, Size count)
{
	BlockList list = {0};

	if (!lists->query->refine || !ivfkm_lists_read_from_disk(lists))
		return;
	count = Min(count, candidates->n);
	list.blocks = palloc(sizeof(BlockNumber) * Max(count, 1));
	for (Size i = 0; i < count; i++)
		add_block(lists, &candidates->items[i], &list);
	read_blocks(lists, &list);
	pfree(list.blocks);
}

/*
 * If the scan read from disk, reads the refine pages of the candidates at or below a lower bound,
 * more than one at a time.
 */
void
ivfkm_lists_read_refine(const IvfkmLists *lists, const IvfkmCandidates *candidates, float lb)
{
	BlockList list = {0};

	if (!ivfkm_lists_read_from_disk(lists))
		return;
	list.blocks =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(BlockNumber) * Max(candidates->n, 1));
	for (Size i = 0; i < candidates->n; i++)
	{
		if (candidates->items[i].at.lb <= lb)
			add_block(lists, &candidates->items[i], &list);
	}
	read_blocks(lists, &list);
	pfree(list.blocks);
}
