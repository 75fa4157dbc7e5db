/*-------------------------------------------------------------------------
 *
 * ivfkm_maxsim.c
 *	  Scans of indexes on arrays of vectors, in the order of MaxSim.
 *
 * NOTES
 *	  MAXSIM.md of this folder.  Each vector of a row has an entry of its own.  Each query vector
 *	  finds its nearest entries, by the code that ivfkm_knn() has for many queries; the rows that
 *	  were found are looked at exactly in the order of a bound of their distance, as long as the
 *	  next ones are likely enough to be among the nearest.
 *
 *	  Distances are the operator's here, not those of index space.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_maxsim.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_tidhash.h"
#include "am/scan/ivfkm_batch_lists.h"
#include "am/scan/ivfkm_maxsim.h"
#include "am/scan/ivfkm_pass.h"
#include "am/scan/ivfkm_unordered.h"
#include "page/page_point.h"

/* max-heap of the n smallest */
#define HEAP_PREFIX		distance_heap
#define HEAP_TYPE		double
#define HEAP_LESS(a, b) (*(a) > *(b))
#include "am/index/ivfkm_heap.h"

/*
 * Vectors that each query vector looks for: so many for each row wanted, and at least.  With a
 * filter, so many times what the share that met it calls for, if that share was small.
 */
#define VECTORS_PER_ROW 4
#define LEAST_VECTORS	64
#define SMALL_SHARE		0.5

/* When rows run out, so many times as many are looked for. */
#define MORE_VECTORS 4

/* Rows that a query vector finds are at least one for so many vectors that it looks for. */
#define FEWER_ROWS 4

/* Rows looked at before it is asked again if they are enough: at least, and of those known. */
#define LOOKS_AT_LEAST 16
#define LOOKS_SHARE	   8

/* Rows looked at from which on it is known how far they are from their bounds. */
#define ENOUGH_LOOKS 16

/*
 * An entry that is not found makes a bound a little too low, no more.  So the lists of a query
 * vector may miss so many times the share of rows that a search may, and at most this share.
 */
#define MISSED_ENTRIES 5.0
#define MOST_MISSED	   0.2

/* Below this, a bound says nothing: some entry of the row has a code that says nothing. */
#define NO_BOUND (-1e30)

/*
 * Prepares the scan, instead of ivfkm_query_init() for vectors: "value" is the query, perhaps
 * toasted.  Errors: vectors of wrong dimensions; what the type's arrays must not be.
 */
void
ivfkm_maxsim_begin(IndexScanDesc scan, IvfkmScan *so, Datum value, bool isnull)
{
	const IvfkmArrayOps *array = so->index.ops->array;
	IvfkmMaxsim *maxsim = palloc0(sizeof(IvfkmMaxsim));

	so->maxsim = maxsim;
	/* for all that has no order, and for scans of all rows */
	ivfkm_query_init(&so->query, &so->index, (Datum) 0, true, false);
	maxsim->bound = so->told.bounded ? so->told.bound : get_float8_infinity();
	so->told.bounded = false;
	maxsim->ordered = !isnull;
	maxsim->times = 1;
	/* the list of NULLs has arrays without vectors, too */
	maxsim->not_null = !so->filter.nulls;
	if (so->filter.values != so->filter.nulls)
		so->filter.recheck = true;
	so->filter.nulls = true;
	if (isnull)
		return;
	so->query.value = PG_DETOAST_DATUM(value);
	array->view(so->query.value, &maxsim->vectors);
	if (maxsim->vectors.count == 0) /* from which all rows, those without vectors too, are 0 away */
		maxsim->bound = get_float8_infinity();
	else
		ivfkm_ops_check_query(so->index.ops, dense_array_get(&maxsim->vectors, 0),
							  so->index.column_dims);
	maxsim->context = AllocSetContextCreate(so->context, "ivfkm maxsim", ALLOCSET_DEFAULT_SIZES);
}

/* ----- finding rows ----- */

/* The most entries that are kept of those that a query vector finds on its way to "wanted". */
static Size
most_candidates(Size wanted)
{
	return pg_nextpower2_size_t(4 * wanted);
}

/* Query vectors that are searched for at once, by the memory that each may take. */
static int
block_size(const IvfkmScan *so, Size wanted)
{
	Size dims = so->index.meta.dimensions;
	Size bytes = sizeof(IvfkmBatchQuery) + dims * 4 * sizeof(float) +
				 quant_query_table_bytes((int) dims) +
				 most_candidates(wanted) * sizeof(IvfkmCandidate) + wanted * sizeof(float);
	Size fits = (Size) work_mem * 1024 / bytes;

	return (int) Max(1, Min(fits, (Size) so->maxsim->vectors.count));
}

/* The most vectors that a query vector looks for: beyond, all rows are looked at. */
static Size
most_wanted(void)
{
	return Max((Size) work_mem * 1024 / (16 * sizeof(IvfkmCandidate)), LEAST_VECTORS);
}

/* How far each query vector is to scan for its "wanted" nearest ones of the share that match. */
static IvfkmListsPlan
plan_lists(const IvfkmScan *so, double wanted, double share)
{
	IvfkmListsPlan plan = ivfkm_pass_plan_first(&so->settings, &so->index.meta, wanted, false);
	double missed = Min(MISSED_ENTRIES * (1.0 - so->settings.target), MOST_MISSED);

	if (so->settings.probes == 0)
		plan.budget = ivfkm_budget_rows(&so->index.meta, wanted / share,
										Max(1.0 - missed, ivfkm_budget_targets[0])) *
					  so->settings.scale;
	return plan;
}

/*
 * Counts what query vector "number" has found: the entries of asked->near.  Returns the lower bound
 * of its distance to a row that it has not found.
 */
static double
note_found(IvfkmScan *so, const IvfkmBatchQuery *asked, int number, tidhash_hash *numbers,
		   Size *size)
{
	IvfkmMaxsim *maxsim = so->maxsim;
	const IvfkmCandidates *near = &asked->near;
	double scale = asked->query.distance_scale;
	double frontier = 0.0;

	if (near->truncated)
		frontier = near->horizon.lb / scale;
	else if (near->n > 0)
	{
		frontier = -get_float8_infinity();
		for (Size i = 0; i < near->n; i++)
			frontier = Max(frontier, near->items[i].at.lb / scale);
	}
	for (Size i = 0; i < near->n; i++)
	{
		IvfkmAddress address = near->items[i].at.row;
		double more = near->items[i].at.lb / scale - frontier;
		IvfkmMaxsimRow *row;
		TidHashEntry *entry;
		bool found;

		entry = tidhash_insert(numbers, ivfkm_lists_tid(address), &found);
		if (!found)
		{
			if (maxsim->nrows == *size)
			{
				*size *= 2;
				maxsim->rows = repalloc_huge(maxsim->rows, sizeof(IvfkmMaxsimRow) * *size);
			}
			entry->list = (uint32) maxsim->nrows;
			row = &maxsim->rows[maxsim->nrows++];
			memset(row, 0, sizeof(*row));
			row->row = address;
			row->last = -1;
		}
		row = &maxsim->rows[entry->list];
		if (row->last != number)
		{
			row->last = number;
			row->best = 0.0;
			row->found++;
		}
		if (more < row->best)
		{
			row->bound += more - row->best;
			row->best = more;
		}
	}
	return frontier;
}

/*
 * Searches for n query vectors from number "first" on.  Returns the sum of what note_found() does;
 * adds to *met the entries that met the filter.
 */
static double
find_block(IvfkmScan *so, Snapshot snapshot, int first, int n, Size wanted,
		   const IvfkmListsPlan *plan, tidhash_hash *numbers, Size *size, double *met)
{
	IvfkmMaxsim *maxsim = so->maxsim;
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm maxsim block", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	IvfkmBatchQuery *queries = palloc0(sizeof(IvfkmBatchQuery) * n);
	int lists_wanted = ivfkm_pass_lists(plan, &so->index.meta);
	double frontiers = 0.0;
	IvfkmBatchLists lists;

	ivfkm_batch_lists_begin(&lists, &so->index, snapshot, (float) so->settings.epsilon,
							(int) wanted, queries, n);
	if (ivfkm_filter_has_terms(&so->filter))
		lists.filter = &so->filter;
	for (int from = 0; from < n; from += IVFKM_CENTROIDS_BLOCK)
	{
		int count = Min(n - from, IVFKM_CENTROIDS_BLOCK);

		for (int i = from; i < from + count; i++)
		{
			ivfkm_query_init(&queries[i].query, &so->index,
							 PointerGetDatum(dense_array_get(&maxsim->vectors, first + i)), false,
							 false);
			ivfkm_candidates_init(&queries[i].near, most_candidates(wanted), ivfkm_scan_resize);
			ivfkm_candidates_begin(&queries[i].near, wanted, get_float4_infinity());
		}
		ivfkm_batch_lists_reach(&lists, from, count, plan, lists_wanted);
	}
	ivfkm_batch_lists_scan(&lists);
	maxsim->nlists += lists.nlists;
	maxsim->seen += lists.rows;
	*met += lists.rows_met;
	for (int i = 0; i < n; i++)
	{
		IvfkmBatchQuery *asked = &queries[i];

		ivfkm_candidates_arrange(&asked->near);
		so->counts.candidates += (int64) asked->near.n;
		maxsim->complete &= asked->complete && !asked->near.truncated;
		frontiers += note_found(so, asked, first + i, numbers, size);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
	return frontiers;
}

/* Ascending addresses of rows found. */
static int
compare_found(const void *a, const void *b)
{
	const IvfkmMaxsimFound *x = a;
	const IvfkmMaxsimFound *y = b;

	return (x->row > y->row) - (x->row < y->row);
}

/* Remembers how often each row was found, and leaves out those that were looked at. */
static void
keep_found(const IvfkmScan *so)
{
	IvfkmMaxsim *maxsim = so->maxsim;
	Size left = 0;

	maxsim->found =
		MemoryContextAllocHuge(maxsim->context, sizeof(IvfkmMaxsimFound) * Max(maxsim->nrows, 1));
	maxsim->nfound = maxsim->nrows;
	for (Size i = 0; i < maxsim->nrows; i++)
	{
		maxsim->found[i].row = maxsim->rows[i].row;
		maxsim->found[i].count = maxsim->rows[i].found;
		if (!ivfkm_given_has_row(&so->given, maxsim->rows[i].row))
			maxsim->rows[left++] = maxsim->rows[i];
	}
	maxsim->nrows = left;
	qsort(maxsim->found, maxsim->nfound, sizeof(IvfkmMaxsimFound), compare_found);
}

/* Ascending bounds. */
static int
compare_rows(const void *a, const void *b)
{
	const IvfkmMaxsimRow *x = a;
	const IvfkmMaxsimRow *y = b;

	if (x->bound != y->bound)
		return x->bound < y->bound ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* Finds rows with a vector among the "wanted" nearest ones of some query vector. */
static void
find_rows(IvfkmScan *so, Snapshot snapshot, Size wanted)
{
	IvfkmMaxsim *maxsim = so->maxsim;
	int n = maxsim->vectors.count;
	int block = block_size(so, wanted);
	double share = 1.0;

	page_point("scan-pass");
	maxsim->wanted = wanted;
	for (;;)
	{
		IvfkmListsPlan plan = plan_lists(so, (double) wanted, share);
		double seen = maxsim->seen;
		double met = 0.0;
		double frontiers = 0.0;
		Size size = 1024;
		tidhash_hash *numbers;

		MemoryContextReset(maxsim->context);
		numbers = tidhash_create(maxsim->context, 1024, NULL);
		maxsim->rows = MemoryContextAlloc(maxsim->context, sizeof(IvfkmMaxsimRow) * size);
		maxsim->nrows = maxsim->next = 0;
		maxsim->complete = true;
		memset(&maxsim->excess, 0, sizeof(maxsim->excess));
		for (int first = 0; first < n; first += block)
			frontiers += find_block(so, snapshot, first, Min(block, n - first), wanted, &plan,
									numbers, &size, &met);
		tidhash_destroy(numbers);
		maxsim->unfound = frontiers;
		for (Size i = 0; i < maxsim->nrows; i++)
			maxsim->rows[i].bound += frontiers;
		seen = maxsim->seen - seen;
		/* where few match, lists for so many were too few */
		if (share < 1.0 || maxsim->complete || met >= SMALL_SHARE * seen || so->settings.probes > 0)
			break;
		share = Max(met, 1.0) / seen;
	}
	keep_found(so);
	qsort(maxsim->rows, maxsim->nrows, sizeof(IvfkmMaxsimRow), compare_rows);
}

/* ----- looking at rows ----- */

/* Looks at a row exactly and, if the snapshot sees it, adds it to the known ones. */
static bool
look(IndexScanDesc scan, IvfkmScan *so, IvfkmAddress row, double *distance)
{
	IvfkmKnownRow known = {.row = row};
	ItemPointerData tid = ivfkm_lists_tid(row);

	CHECK_FOR_INTERRUPTS();
	page_point("scan-look");
	so->counts.looked_at++;
	if (!ivfkm_rerank_distance(so->rerank, scan->xs_snapshot, so->query.value,
							   so->index.column_dims, &tid, &known.distance))
		return false;
	ivfkm_order_add_known(&so->order, &known);
	*distance = known.distance;
	return true;
}

/* Notes how far a row is from its bound. */
static void
note_excess(IvfkmMaxsim *maxsim, const IvfkmMaxsimRow *row, double distance)
{
	IvfkmMaxsimExcess *excess = &maxsim->excess;
	int missing = maxsim->vectors.count - row->found;
	double each;
	double difference;

	if (missing == 0 || row->bound < NO_BOUND || isinf(distance))
		return;
	each = (distance - row->bound) / missing;
	excess->n++;
	difference = each - excess->mean;
	excess->mean += difference / (double) excess->n;
	excess->sum2 += difference * (each - excess->mean);
}

/* Ascending addresses. */
static int
compare_addresses(const void *a, const void *b)
{
	const IvfkmMaxsimRow *x = a;
	const IvfkmMaxsimRow *y = b;

	return (x->row > y->row) - (x->row < y->row);
}

/* Looks at the next rows, at most "n", in the order of the table. */
static void
look_at_next(IndexScanDesc scan, IvfkmScan *so, Size n)
{
	IvfkmMaxsim *maxsim = so->maxsim;

	n = Min(n, maxsim->nrows - maxsim->next);
	qsort(&maxsim->rows[maxsim->next], n, sizeof(IvfkmMaxsimRow), compare_addresses);
	for (; n > 0; n--)
	{
		const IvfkmMaxsimRow *row = &maxsim->rows[maxsim->next++];
		double distance;

		if (ivfkm_given_add(&so->given, row->row) && look(scan, so, row->row, &distance))
			note_excess(maxsim, row, distance);
	}
}

/* The distance of the n-th nearest known row that was not given; infinity if there are fewer. */
static double
nth_distance(const IvfkmOrder *order, int64 n)
{
	double *nearest;
	double result;

	if (n > (int64) order->nknown)
		return get_float8_infinity();
	nearest = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * n);
	for (Size i = 0; i < (Size) n; i++)
		nearest[i] = order->known[i].distance;
	distance_heap_build(nearest, (Size) n);
	for (Size i = (Size) n; i < order->nknown; i++)
	{
		if (order->known[i].distance >= nearest[0])
			continue;
		nearest[0] = order->known[i].distance;
		distance_heap_down(nearest, (Size) n, 0);
	}
	result = nearest[0];
	pfree(nearest);
	return result;
}

/*
 * How many of the so->total_k nearest rows no query vector has found, by how many of those known
 * were found by one alone and by two: the estimate of unseen species by Chao (1984, "Nonparametric
 * estimation of the number of classes in a population"), in its form without bias.
 */
static double
expect_unfound(const IvfkmScan *so)
{
	const IvfkmMaxsim *maxsim = so->maxsim;
	double farthest = nth_distance(&so->order, Max(so->total_k - so->ngiven, 1));
	double once = 0.0;
	double twice = 0.0;

	for (Size i = 0; i < so->order.nknown; i++)
	{
		const IvfkmKnownRow *known = &so->order.known[i];
		IvfkmMaxsimFound key = {.row = known->row};
		const IvfkmMaxsimFound *found;

		if (known->distance > farthest)
			continue;
		found = bsearch(&key, maxsim->found, maxsim->nfound, sizeof(key), compare_found);
		once += found != NULL && found->count == 1;
		twice += found != NULL && found->count == 2;
	}
	return once * (once - 1.0) / (2.0 * (twice + 1.0));
}

/*
 * True if the rows not looked at are unlikely to be among the so->total_k nearest.  How much
 * farther than its bound a row is, for each query vector that has not found it, is taken to be
 * normally distributed, as it was among those looked at.
 */
static bool
is_settled(const IvfkmScan *so)
{
	const IvfkmMaxsim *maxsim = so->maxsim;
	const IvfkmMaxsimExcess *excess = &maxsim->excess;
	double allowed = (1.0 - so->settings.target) * (double) so->total_k;
	double missed = 0.0;
	double deviation;
	double farthest;

	if (maxsim->next == maxsim->nrows)
		return false;
	farthest = nth_distance(&so->order, Max(so->total_k - so->ngiven, 1));
	farthest = Min(farthest, maxsim->bound);
	if (maxsim->rows[maxsim->next].bound > farthest)
		return true;
	if (excess->n < ENOUGH_LOOKS || isinf(farthest))
		return false;
	deviation = Max(sqrt(excess->sum2 / (double) (excess->n - 1)), 1e-30);
	for (Size i = maxsim->next; i < maxsim->nrows && missed <= allowed; i++)
	{
		const IvfkmMaxsimRow *row = &maxsim->rows[i];
		int missing = maxsim->vectors.count - row->found;
		double room = farthest - row->bound;

		if (room < 0.0)
			break;
		if (missing == 0)
			missed += 1.0;
		else
			missed += 0.5 * erfc((excess->mean - room / missing) / (deviation * M_SQRT2));
	}
	return missed <= allowed;
}

/* Looks at all rows of the index that were not looked at yet. */
static void
look_at_everything(IndexScanDesc scan, IvfkmScan *so)
{
	IvfkmAddress row;
	double distance;

	ivfkm_lists_begin(&so->lists, &so->index, scan->xs_snapshot, &so->query,
					  ivfkm_filter_has_terms(&so->filter) ? &so->filter : NULL,
					  (float) so->settings.epsilon, (int) so->index.meta.nlists);
	ivfkm_unordered_begin(so);
	while (ivfkm_unordered_next_value(so, scan->indexRelation, &row))
	{
		if (ivfkm_given_add(&so->given, row))
			(void) look(scan, so, row, &distance);
	}
	so->maxsim->everything = so->maxsim->exhausted = true;
}

/* True if a setting limits how much of the index the scan may look at. */
static bool
is_limited(const IvfkmScan *so)
{
	const IvfkmSettings *settings = &so->settings;

	return settings->iterative_scan == IVFKM_ITERATIVE_OFF || settings->max_probes > 0 ||
		   settings->max_scan_tuples > 0;
}

/* True if a setting ends the scan when the rows that were found have been looked at. */
static bool
is_over(const IvfkmScan *so)
{
	const IvfkmSettings *settings = &so->settings;
	int64 visible = so->nvisible + (int64) so->order.nknown;

	if (settings->iterative_scan == IVFKM_ITERATIVE_OFF && visible >= settings->min_rows)
		return true;
	return settings->max_scan_tuples > 0 && so->maxsim->seen >= settings->max_scan_tuples;
}

/* Vectors that each query vector looks for, for so->total_k rows. */
static Size
vectors_wanted(const IvfkmScan *so)
{
	const IvfkmSettings *settings = &so->settings;
	int64 k = Max(so->total_k, settings->k);

	if (settings->iterative_scan == IVFKM_ITERATIVE_OFF) /* whatever LIMIT says */
		k = Max(IVFKM_FIRST_K, settings->k);
	return Min(Max((Size) k * VECTORS_PER_ROW, LEAST_VECTORS) * so->maxsim->times, most_wanted());
}

/*
 * Finds rows.  Where some rows have many vectors that are near, these are all that is found: then
 * so many more vectors are looked for, now and later, that there are as many rows as usual.
 */
static void
find_enough_rows(IvfkmScan *so, Snapshot snapshot)
{
	IvfkmMaxsim *maxsim = so->maxsim;

	for (;;)
	{
		Size wanted = vectors_wanted(so);
		int64 found = 0;

		find_rows(so, snapshot, wanted);
		if (so->given.nrows > 0 || maxsim->complete || wanted >= most_wanted())
			return;
		for (Size i = 0; i < maxsim->nrows; i++)
			found += maxsim->rows[i].found;
		if (found >= (int64) (wanted / maxsim->times / FEWER_ROWS) * maxsim->vectors.count)
			return;
		maxsim->times *= MORE_VECTORS;
	}
}

/* True if too many of the so->total_k nearest rows are likely not to have been found. */
static bool
wants_more(const IvfkmScan *so)
{
	const IvfkmMaxsim *maxsim = so->maxsim;

	return !maxsim->complete && !is_limited(so) && isinf(maxsim->bound) &&
		   maxsim->wanted < most_wanted() &&
		   expect_unfound(so) > (1.0 - so->settings.target) * (double) so->total_k;
}

/*
 * Prepares for more rows: looks at as many as settle which ones are the so->total_k nearest.  Sets
 * maxsim->exhausted if there are no more to look at.
 */
static void
prepare(IndexScanDesc scan, IvfkmScan *so)
{
	IvfkmMaxsim *maxsim = so->maxsim;
	bool first = maxsim->wanted == 0;
	bool all = (so->told.exhaustive || (so->settings.target >= 1.0 && so->settings.probes == 0)) &&
			   so->settings.iterative_scan != IVFKM_ITERATIVE_OFF;
	Size wanted;

	if (!first)
		ivfkm_told_limit(so->told_cache, &so->told);
	so->k = ivfkm_pass_k(so);
	so->total_k += so->k;
	so->counts.passes++;
	if ((all && !is_limited(so)) || maxsim->vectors.count == 0)
	{
		look_at_everything(scan, so);
		return;
	}
	wanted = vectors_wanted(so);
	if (first || (wanted > maxsim->wanted && !maxsim->complete && !is_over(so)))
		find_enough_rows(so, scan->xs_snapshot);
	for (;;)
	{
		bool known = (int64) so->order.nknown >= so->total_k - so->ngiven;

		if (is_settled(so) || (maxsim->next == maxsim->nrows && known))
		{
			if (known && wants_more(so))
			{
				find_rows(so, scan->xs_snapshot, Min(maxsim->wanted * MORE_VECTORS, most_wanted()));
				continue;
			}
			break;
		}
		if (maxsim->next < maxsim->nrows)
		{
			look_at_next(scan, so, Max(LOOKS_AT_LEAST, so->order.nknown / LOOKS_SHARE));
			continue;
		}
		if (maxsim->complete)
		{
			maxsim->everything = maxsim->exhausted = true;
			return;
		}
		/* rows that were not found are beyond the bound */
		if (is_over(so) || maxsim->unfound > maxsim->bound ||
			(is_limited(so) && maxsim->wanted >= most_wanted()))
		{
			maxsim->exhausted = true;
			return;
		}
		if (maxsim->wanted >= most_wanted())
		{
			look_at_everything(scan, so);
			return;
		}
		find_rows(so, scan->xs_snapshot, Min(maxsim->wanted * MORE_VECTORS, most_wanted()));
	}
	/* what is known is all there is within the bound */
	if ((int64) so->order.nknown < so->total_k - so->ngiven)
		maxsim->exhausted = true;
}

/* ----- giving rows ----- */

/*
 * The next row of the list of NULLs; false if there are no more.  Those whose value is an array
 * without vectors, which is infinitely far from every query, come before those without a value.
 */
static bool
next_null(IndexScanDesc scan, IvfkmScan *so, IvfkmKnownRow *next)
{
	IvfkmMaxsim *maxsim = so->maxsim;
	ItemPointerData tid;

	for (; maxsim->null_round < (maxsim->not_null ? 1 : 2); maxsim->null_round++)
	{
		while (ivfkm_nulls_next(&so->nulls, scan->xs_snapshot, &tid))
		{
			bool has_value;

			CHECK_FOR_INTERRUPTS();
			has_value = ivfkm_rerank_distance(so->rerank, scan->xs_snapshot, so->query.value,
											  so->index.column_dims, &tid, &next->distance);
			if (has_value != (maxsim->null_round == 0))
				continue;
			next->row = ivfkm_lists_address(&tid);
			if (!has_value)
				next->distance = get_float8_infinity();
			return true;
		}
		ivfkm_nulls_begin(&so->nulls, &so->index, so->nulls.filter);
	}
	return false;
}

/*
 * Finds the next row in order; false if there are no more.  *next has its distance.  In the scan's
 * memory context.
 */
bool
ivfkm_maxsim_next(IndexScanDesc scan, IvfkmScan *so, IvfkmKnownRow *next)
{
	IvfkmMaxsim *maxsim = so->maxsim;
	IvfkmOrder *order = &so->order;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (order->nknown > 0 && (maxsim->exhausted || so->ngiven < so->total_k))
		{
			*next = ivfkm_order_take_known(order);
			if (next->distance > maxsim->bound)
				continue;
			if (next->distance < order->last &&
				so->settings.iterative_scan != IVFKM_ITERATIVE_RELAXED)
			{
				ivfkm_order_add_late(order, next);
				continue;
			}
			order->last = Max(order->last, next->distance);
			so->nvisible++;
			return true;
		}
		if (!maxsim->exhausted)
			prepare(scan, so);
		else if (order->nlate > 0)
		{
			*next = ivfkm_order_take_late(order);
			so->nvisible++;
			return true;
		}
		else
			return isinf(maxsim->bound) && maxsim->everything && next_null(scan, so, next);
	}
}
