/*-------------------------------------------------------------------------
 *
 * ivfkm_scan.c
 *	  Ordered scans: probe lists, bound, refine, look exactly, emit.
 *
 * NOTES
 *	  A scan works in passes.  A pass probes some number of lists and keeps, as
 *	  candidates, the rows whose lower bound is not above the "horizon", the k-th smallest
 *	  upper bound.  In the order of their lower bounds, candidates get the bounds of their
 *	  refine codes, and where these do not tell which row is nearer, they are looked at
 *	  exactly (in the heap, under the scan's snapshot).  A row is emitted as soon as nothing
 *	  else can be nearer.  When the executor wants more than a pass has, the next pass
 *	  takes more lists and a larger k.  README.md of this folder says how passes avoid
 *	  giving a row twice.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm_scan.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <limits.h>
#include <math.h>

#include "access/relscan.h"
#include "executor/instrument.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_bitutils.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "am/ivfkm.h"
#include "am/ivfkm_tidhash.h"

/* Added to ivfkm.epsilon after the first pass: rows are then worth more than bounds. */
#define LATER_EPSILON 1.5f

/*
 * Half-width of the bounds of refine codes, in standard deviations.  Two rows whose bounds do
 * not overlap are in order but for one pair in 10^12.
 */
#define REFINE_EPSILON 5.0f

/* Lists that cost about as much to scan as one row to fetch from the heap. */
#define LISTS_PER_ROW 4

/* Rows that a pass prepares for at most, and candidates that it keeps at most. */
#define MAX_PASS_K			16384
#define MAX_PASS_CANDIDATES (8 * MAX_PASS_K)

/* A row that may be near enough; candidates are ordered by (lb, tid), a total order. */
typedef struct Candidate
{
	float lb; /* lower bound of the distance, index space */
	ItemPointerData tid;
	ItemPointerData refine; /* its refine record, if there is such a tier */
	int list;				/* number of the list that it is in */
} Candidate;

/* A candidate with the bounds of its refine code. */
typedef struct RefinedRow
{
	float lb;
	float ub;
	ItemPointerData tid;
} RefinedRow;

/* A row whose distance is known. */
typedef struct KnownRow
{
	double distance; /* index space; NaN counts as infinity */
	ItemPointerData tid;
} KnownRow;

/* True when a comes before b. */
static inline bool
candidate_less(const Candidate *a, const Candidate *b)
{
	if (a->lb != b->lb)
		return a->lb < b->lb;
	return ItemPointerCompare((ItemPointer) &a->tid, (ItemPointer) &b->tid) < 0;
}

/* Makes a floor that every candidate is above, one bounded by -infinity included. */
static inline void
candidate_set_lowest(Candidate *candidate)
{
	candidate->lb = -get_float4_infinity();
	ItemPointerSet(&candidate->tid, 0, InvalidOffsetNumber);
	ItemPointerSetInvalid(&candidate->refine);
	candidate->list = -1;
}

/* Makes a horizon that no candidate with a bound of "lb" or less is above. */
static inline void
candidate_set_highest(Candidate *candidate, float lb)
{
	candidate->lb = lb;
	ItemPointerSet(&candidate->tid, MaxBlockNumber, PG_UINT16_MAX);
	ItemPointerSetInvalid(&candidate->refine);
	candidate->list = -1;
}

#define HEAP_PREFIX		candidate_heap
#define HEAP_TYPE		Candidate
#define HEAP_LESS(a, b) candidate_less(a, b)
#include "am/ivfkm_heap.h"

#define HEAP_PREFIX		refined_heap
#define HEAP_TYPE		RefinedRow
#define HEAP_LESS(a, b) ((a)->lb < (b)->lb)
#include "am/ivfkm_heap.h"

#define HEAP_PREFIX		result_heap
#define HEAP_TYPE		KnownRow
#define HEAP_LESS(a, b) ((a)->distance < (b)->distance)
#include "am/ivfkm_heap.h"

/* the k smallest upper bounds, largest on top */
#define HEAP_PREFIX		bound_heap
#define HEAP_TYPE		float
#define HEAP_LESS(a, b) (*(a) > *(b))
#include "am/ivfkm_heap.h"

typedef struct IvfkmScan
{
	const IvfkmOps *ops;
	MemoryContext context; /* everything below but "rerank"; reset by rescan */
	bool started;
	bool arbitrary_order; /* NULL query: rows come in any order */

	IvfkmMetaPageData meta;
	IvfkmSettings settings;
	IvfkmGeometry geometry;
	QuantMetric metric;
	double distance_scale;
	void *query_value;	 /* detoasted query, for exact distances */
	float *query;		 /* the same in index space */
	float ip_constant;	 /* -<offset, q> - <offset, offset>: part of every IP distance */
	QuantQuery ip_quant; /* for inner products, whose tree has another target */
	const QuantQuery *quant;
	bool refine;		  /* there is a tier, and exact distances are what it foresees */
	IvfkmRefiner refiner; /* if so */
	IvfkmTree tree;

	/*
	 * Lists, in the order in which they were reached, and for each the candidate up to which its
	 * rows were looked at: all of them if its bound is infinity.
	 */
	IvfkmProbe *probes;
	Candidate *floors;
	int nprobes;  /* lists scanned */
	int nreached; /* those behind are to be scanned next */
	int probes_size;
	bool tree_done; /* there are no more */

	/* the current pass */
	int pass; /* 0 before the first */
	int64 k;
	int64 total_k; /* of all passes: rows that may be emitted before the next one */
	float epsilon;
	Candidate *candidates; /* collected, then a heap */
	Size ncandidates;
	Size candidates_size;
	float *bounds; /* max-heap of the k smallest upper bounds */
	Size nbounds;
	Candidate horizon;	/* candidates above this were left out */
	bool truncated;		/* some may have been */
	Candidate consumed; /* candidate looked at last */
	double scanned;		/* rows in the lists scanned so far */
	int target;			/* lists that are to be scanned in all */
	int ahead_list;		/* list and page of it that is read ahead next */
	uint32 ahead_page;
	int64 reads_before; /* blocks that this process had read from disk when the scan began */
	int64 nemitted;

	RefinedRow *refined; /* min-heap of rows not looked at exactly yet, of all passes */
	Size nrefined;
	Size refined_size;
	KnownRow *results; /* min-heap */
	Size nresults;
	Size results_size;
	double last_distance; /* of the row emitted last, or what it is not above */
	tidhash_hash *seen;	  /* rows that the first pass took from the candidates */

	IvfkmRerank *rerank; /* NULL before the first search; kept over rescans */
} IvfkmScan;

/* ----- candidates ----- */

/* Drops the candidates behind the horizon. */
static void
prune_candidates(IvfkmScan *so)
{
	Size kept = 0;

	for (Size i = 0; i < so->ncandidates; i++)
	{
		if (!candidate_less(&so->horizon, &so->candidates[i]))
			so->candidates[kept++] = so->candidates[i];
	}
	so->ncandidates = kept;
}

/* Order of candidates for qsort. */
static int
candidate_compare(const void *a, const void *b)
{
	if (candidate_less(a, b))
		return -1;
	return candidate_less(b, a) ? 1 : 0;
}

/*
 * Makes room for one unit's candidates.  When there are too many, as with many equal
 * vectors, the farther half is left to a later pass.
 */
static void
reserve_candidates(IvfkmScan *so)
{
	if (so->ncandidates + QUANT_UNIT <= so->candidates_size)
		return;
	prune_candidates(so);
	if (so->ncandidates >= MAX_PASS_CANDIDATES)
	{
		Size keep = MAX_PASS_CANDIDATES / 2;

		qsort(so->candidates, so->ncandidates, sizeof(Candidate), candidate_compare);
		so->ncandidates = keep;
		so->horizon = so->candidates[keep - 1];
		so->truncated = true;
	}
	else if (so->ncandidates * 2 > so->candidates_size)
	{
		so->candidates_size *= 2;
		so->candidates = repalloc_huge(so->candidates, so->candidates_size * sizeof(Candidate));
	}
}

/* Accounts for an upper bound; the k-th smallest one is the horizon. */
static void
add_upper_bound(IvfkmScan *so, float ub)
{
	if (so->nbounds < (Size) so->k)
	{
		so->bounds[so->nbounds++] = ub;
		bound_heap_up(so->bounds, so->nbounds);
		if (so->nbounds < (Size) so->k)
			return;
	}
	else if (ub < so->bounds[0])
	{
		so->bounds[0] = ub;
		bound_heap_down(so->bounds, so->nbounds, 0);
	}
	else
		return;
	if (so->bounds[0] < so->horizon.lb)
	{
		candidate_set_highest(&so->horizon, so->bounds[0]);
		so->truncated = true;
	}
}

/*
 * What the distances to the rows of a list have in common, for quant_bound_init() and
 * quant_refine_bounds(): ||q - c||^2, or for inner products -<q, c> and the scan's constant.
 */
static float
list_constant(const IvfkmScan *so, const IvfkmProbe *probe)
{
	return so->metric == QUANT_IP ? so->ip_constant - probe->dot : probe->dist2;
}

/*
 * Scans one posting list and collects its candidates above the list's floor.  With "ahead",
 * the list is read through it, and further lists may be reached meanwhile.
 */
static void
scan_list(IndexScanDesc scan, IvfkmScan *so, int number, bool first_time, IvfkmAhead *ahead)
{
	const IvfkmProbe probe = so->probes[number];
	const Candidate floor = so->floors[number];
	bool use_seen = so->pass > 1 && so->seen->members > 0;
	IvfkmReader reader;
	QuantBound bound;

	/* with NaN every row survives */
	quant_bound_init(&bound, so->metric, so->quant,
					 so->arbitrary_order ? get_float4_nan() : list_constant(so, &probe),
					 probe.dist2, so->epsilon);

	ivfkm_reader_begin(&reader, scan->indexRelation, &so->geometry, &probe.child, so->quant);
	reader.ahead = ahead;
	while (ivfkm_reader_next(&reader))
	{
		if (first_time)
			so->scanned += IvfkmPageGetGroupHeader(reader.page)->nused;
		for (int u = 0; u < so->geometry.units; u++)
		{
			float lb[QUANT_UNIT];
			float ub[QUANT_UNIT];
			IvfkmUnit unit;
			uint32 mask = ivfkm_reader_scan(&reader, u, &bound, so->horizon.lb, lb, ub, &unit);

			if (mask == 0)
				continue;
			reserve_candidates(so);
			while (mask != 0)
			{
				int lane = pg_rightmost_one_pos32(mask);
				Candidate *candidate = &so->candidates[so->ncandidates];

				mask &= mask - 1;
				candidate->lb = lb[lane];
				candidate->tid = unit.tid[lane];
				if (unit.refine != NULL)
					candidate->refine = unit.refine[lane];
				candidate->list = number;
				if (unlikely(!ItemPointerIsValid(&candidate->tid)))
					page_corrupted(scan->indexRelation, BufferGetBlockNumber(reader.buffer),
								   "Slot %d points to no row.", u * QUANT_UNIT + lane);
				if (candidate_less(&so->horizon, candidate) || !candidate_less(&floor, candidate) ||
					(use_seen && tidhash_lookup(so->seen, candidate->tid) != NULL))
					continue;
				so->ncandidates++;
				add_upper_bound(so, ub[lane]);
			}
		}
	}
}

/* ----- passes ----- */

/* Lists to probe for the k nearest rows, by the measurements of the build. */
int
ivfkm_auto_probes(const IvfkmMetaPageData *meta, double k)
{
	uint32 n = meta->ncalibrations;
	const IvfkmCalibration *table = meta->calibration;
	double probes;
	uint32 i;

	if (n == 0)
		return (int) meta->nlists;
	for (i = 0; i < n && table[i].k < k; i++)
		;
	if (i == 0)
		probes = table[0].probes;
	else if (i == n) /* behind the table: in proportion to k */
		probes = table[n - 1].probes * (k / table[n - 1].k);
	else /* linear in log k */
		probes = table[i - 1].probes + ((double) table[i].probes - table[i - 1].probes) *
										   log(k / table[i - 1].k) /
										   log((double) table[i].k / table[i - 1].k);
	probes = ceil(probes);
	return (int) Max(1, Min(probes, meta->nlists));
}

/* How many lists a pass with "total_k" rows to give in all is to have scanned in all. */
static int
pass_probes(const IvfkmScan *so, int pass, int64 total_k)
{
	double probes;

	if (pass == 1)
		probes =
			so->settings.probes > 0 ? so->settings.probes : ivfkm_auto_probes(&so->meta, total_k);
	else if (so->tree_done || so->settings.iterative_scan == IVFKM_ITERATIVE_OFF ||
			 (so->settings.max_scan_tuples > 0 && so->scanned >= so->settings.max_scan_tuples))
		return so->nprobes;
	else
	{
		probes = Max(so->nprobes * 2.0, ivfkm_auto_probes(&so->meta, total_k));
		if (pass > 2) /* a filter is at work */
			probes = Max(probes, (double) LISTS_PER_ROW * total_k);
	}
	if (so->settings.max_probes > 0)
		probes = Min(probes, so->settings.max_probes);
	return (int) Max(so->nprobes, Min(probes, so->meta.nlists));
}

/* k of the pass after the current one. */
static int64
next_k(const IvfkmScan *so)
{
	return so->pass == 0 ? IVFKM_FIRST_K : Min(so->k * 4, MAX_PASS_K);
}

/* True when the next pass would scan lists that were not scanned yet. */
static bool
more_lists(const IvfkmScan *so)
{
	return pass_probes(so, so->pass + 1, so->total_k + next_k(so)) > so->nprobes;
}

/* Adds the next nearest list to those to scan; false if there is none. */
static bool
reach_list(IvfkmScan *so)
{
	if (so->nreached == so->probes_size)
	{
		so->probes_size *= 2;
		so->probes = repalloc_huge(so->probes, sizeof(IvfkmProbe) * (Size) so->probes_size);
		so->floors = repalloc_huge(so->floors, sizeof(Candidate) * (Size) so->probes_size);
	}
	if (!ivfkm_tree_next(&so->tree, &so->probes[so->nreached]))
	{
		so->tree_done = true;
		return false;
	}
	candidate_set_lowest(&so->floors[so->nreached]);
	so->nreached++;
	return true;
}

/*
 * Notes, at the end of a pass, what of each list has been looked at.  Candidates are looked
 * at in their order, so it is everything up to the last one, or up to the horizon if
 * none is left.  After the first pass, whose bounds were narrower, addresses in "seen"
 * take the place of floors.
 */
static void
raise_floors(IvfkmScan *so)
{
	Candidate limit = so->ncandidates > 0 ? so->consumed : so->horizon;

	if (so->ncandidates == 0 && !so->truncated)
		limit.lb = get_float4_infinity();
	if (so->pass == 1 && limit.lb < get_float4_infinity())
		return;
	for (int i = 0; i < so->nprobes; i++)
	{
		if (candidate_less(&so->floors[i], &limit))
			so->floors[i] = limit;
	}
}

/* True if this scan has met blocks that were not in shared buffers: there may be more. */
static bool
reads_from_disk(const IvfkmScan *so)
{
	return pgBufferUsage.shared_blks_read != so->reads_before;
}

/* True when the pass may not go on to further lists. */
static bool
rows_used_up(const IvfkmScan *so)
{
	return so->pass > 1 && so->settings.max_scan_tuples > 0 &&
		   so->scanned >= so->settings.max_scan_tuples;
}

/*
 * The next page to be read ahead: those of each list that were written together, list by list.
 * Reaches further lists, and so reads pages of the tree.
 */
static BlockNumber
next_list_page(void *arg)
{
	IvfkmScan *so = arg;

	while (so->ahead_list < so->nreached ||
		   (so->nreached < so->target && !rows_used_up(so) && reach_list(so)))
	{
		const IvfkmChildData *list = &so->probes[so->ahead_list].child;
		BlockNumber block = list->first_block + so->ahead_page;
		BlockNumber nblocks;

		if (so->ahead_page++ < list->nblocks && page_in_file(so->tree.index, block, &nblocks))
			return block;
		so->ahead_list++;
		so->ahead_page = 0;
	}
	return InvalidBlockNumber;
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

/* Reads the refine pages of the best candidates, more than one at a time. */
static void
read_refine_pages(Relation index, const IvfkmScan *so)
{
	Size count = Min(so->ncandidates, (Size) so->k);
	BlockList list = {.blocks = palloc(sizeof(BlockNumber) * Max(count, 1))};
	IvfkmAhead ahead;
	BlockNumber nblocks;

	for (Size i = 0; i < count; i++)
	{
		BlockNumber block = ItemPointerGetBlockNumberNoCheck(&so->candidates[i].refine);

		if (page_in_file(index, block, &nblocks))
			list.blocks[list.nblocks++] = block;
	}
	qsort(list.blocks, list.nblocks, sizeof(BlockNumber), block_compare);
	list.nblocks = qunique(list.blocks, list.nblocks, sizeof(BlockNumber), block_compare);
	page_ahead_begin(&ahead, index, next_listed_page, &list);
	for (Size i = 0; i < list.nblocks; i++)
		UnlockReleaseBuffer(page_ahead_read(&ahead, list.blocks[i], BUFFER_LOCK_SHARE));
	pfree(list.blocks);
}

/*
 * True when the lists of the first pass hold fewer rows than it is to give, and it may take
 * more.  What is found later would come too late for strict order if it is nearer: with many
 * equal rows that would be nearly all there is.
 */
static bool
few_rows(const IvfkmScan *so)
{
	return so->pass == 1 && so->nbounds < (Size) so->k && !so->tree_done &&
		   so->settings.iterative_scan != IVFKM_ITERATIVE_OFF &&
		   (so->settings.max_probes == 0 || so->nprobes < so->settings.max_probes) &&
		   (so->settings.max_scan_tuples == 0 || so->scanned < so->settings.max_scan_tuples);
}

/* Scans the lists of the next pass; false if there is nothing left to scan. */
static bool
next_pass(IndexScanDesc scan, IvfkmScan *so)
{
	IvfkmAhead ahead;
	bool reading_ahead = false;

	if (so->pass > 0)
	{
		if (so->ncandidates == 0 && !so->truncated && !more_lists(so))
			return false;
		raise_floors(so);
	}
	so->k = next_k(so);
	so->total_k += so->k;
	so->pass++;
	so->target = pass_probes(so, so->pass, so->total_k);
	so->epsilon = (float) so->settings.epsilon + (so->pass > 1 ? LATER_EPSILON : 0.0f);
	candidate_set_highest(&so->horizon, get_float4_infinity());
	candidate_set_lowest(&so->consumed);
	so->truncated = false;
	so->ncandidates = 0;
	so->nbounds = 0;
	if (so->pass > 1)
		so->bounds = repalloc(so->bounds, sizeof(float) * so->k);

	for (int i = 0; i < so->nprobes; i++)
	{
		if (so->floors[i].lb < get_float4_infinity())
			scan_list(scan, so, i, false, NULL);
	}
	for (;;)
	{
		int next = so->nprobes;

		if (next == so->target && few_rows(so))
			so->target++;
		if (next >= so->target || rows_used_up(so))
			break;
		/* the list behind the next one is reached, too, to be asked for */
		while (so->nreached < so->target && so->nreached < next + 2 && reach_list(so))
			;
		if (next == so->nreached)
			break;
		if (!reading_ahead && reads_from_disk(so))
		{
			so->ahead_list = next;
			so->ahead_page = 0;
			page_ahead_begin(&ahead, scan->indexRelation, next_list_page, so);
			reading_ahead = true;
		}
		if (next + 1 < so->nreached)
			ivfkm_list_prefetch(scan->indexRelation, &so->geometry, &so->probes[next + 1].child);
		scan_list(scan, so, next, true, reading_ahead ? &ahead : NULL);
		so->nprobes++;
	}
	prune_candidates(so);
	candidate_heap_build(so->candidates, so->ncandidates);
	if (so->refine && reads_from_disk(so))
		read_refine_pages(scan->indexRelation, so);
	return true;
}

/* ----- the scan ----- */

/*
 * Scales a query for inner products, whose order does not depend on its length, down by a
 * power of two if index space would clamp it.  Returns that power.
 */
static double
shorten_query(float *query, int dims, float scale)
{
	const int max_exponent = 20;
	float largest = 0.0f;
	int exponent;

	for (int i = 0; i < dims; i++)
		largest = Max(largest, fabsf(query[i]));
	(void) frexp((double) largest * scale, &exponent);
	if (exponent <= max_exponent)
		return 1.0;
	for (int i = 0; i < dims; i++)
		query[i] = ldexpf(query[i], max_exponent - exponent);
	return ldexp(1.0, max_exponent - exponent);
}

/* Prepares the query and the search; called by the first gettuple after a rescan. */
static void
scan_begin(IndexScanDesc scan, IvfkmScan *so)
{
	Relation index = scan->indexRelation;
	ScanKey orderby = &scan->orderByData[0];
	const IvfkmSpace *space;
	float *target;
	int dims;

	so->reads_before = pgBufferUsage.shared_blks_read;
	page_meta_read(index, &so->meta);
	ivfkm_settings_get(index, &so->meta, &so->settings);
	dims = (int) so->meta.dimensions;
	page_list_geometry(&so->geometry, dims, so->meta.refine_bits);
	if (so->meta.metric != (uint32) so->ops->metric)
		page_corrupted(index, IVFKM_META_BLOCK, "Metric %u is not that of the operator class.",
					   so->meta.metric);

	so->query = palloc0(sizeof(float) * dims);
	if (orderby->sk_flags & SK_ISNULL)
		so->arbitrary_order = true;
	else
	{
		so->query_value = PG_DETOAST_DATUM(orderby->sk_argument);
		ivfkm_check_query_dims(so->ops, so->query_value, dims);
		so->arbitrary_order = !ivfkm_load(so->ops, so->query_value, dims, so->query, &so->refine);
	}
	if (so->arbitrary_order || so->meta.refine_bits == 0)
		so->refine = false;

	space = ivfkm_space_get(index, &so->meta);
	so->metric = space->quant_metric;
	so->distance_scale = space->distance_scale;
	if (so->metric == QUANT_IP)
		so->distance_scale *= shorten_query(so->query, dims, space->scale);
	ivfkm_space_apply(space, so->query);
	target = so->query;
	if (so->metric == QUANT_IP)
	{
		double sum = 0.0;

		target = palloc(sizeof(float) * dims);
		for (int i = 0; i < dims; i++)
		{
			target[i] = so->query[i] + space->offset[i];
			sum -= (double) space->offset[i] * target[i];
		}
		so->ip_constant = (float) sum;
	}
	if (so->refine)
		ivfkm_refiner_init(&so->refiner, index, &so->geometry, space, so->query,
						   so->distance_scale);
	ivfkm_tree_begin(&so->tree, index, &so->meta, IVFKM_DESCENT_SEARCH, target, so->query,
					 (float) so->settings.epsilon, pass_probes(so, 1, IVFKM_FIRST_K));
	so->quant = &so->tree.quant;
	if (so->metric == QUANT_IP)
	{
		quant_query_init(&so->ip_quant, dims, so->query, palloc(quant_query_table_bytes(dims)));
		so->quant = &so->ip_quant;
	}

	so->probes_size = 64;
	so->probes = palloc(sizeof(IvfkmProbe) * so->probes_size);
	so->floors = palloc(sizeof(Candidate) * so->probes_size);
	so->candidates_size = 1024;
	so->candidates = palloc(sizeof(Candidate) * so->candidates_size);
	so->refined_size = 64;
	so->refined = palloc(sizeof(RefinedRow) * so->refined_size);
	so->results_size = 64;
	so->results = palloc(sizeof(KnownRow) * so->results_size);
	so->bounds = palloc(sizeof(float) * IVFKM_FIRST_K);
	so->seen = tidhash_create(so->context, 64, NULL);
	so->last_distance = -get_float8_infinity();
	so->started = true;
}

/* ambeginscan */
IndexScanDesc
ivfkmbeginscan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	IvfkmScan *so = palloc0(sizeof(IvfkmScan));

	so->ops = ivfkm_ops(index);
	so->context = AllocSetContextCreate(CurrentMemoryContext, "ivfkm scan", ALLOCSET_DEFAULT_SIZES);
	scan->opaque = so;
	return scan;
}

/* amrescan: forgets the search; keys other than the order-by operator do not exist. */
void
ivfkmrescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys)
{
	IvfkmScan *so = scan->opaque;
	IvfkmScan fresh;

	if (so->rerank != NULL)
		ivfkm_rerank_reset(so->rerank);
	MemoryContextReset(so->context);
	memset(&fresh, 0, sizeof(fresh));
	fresh.ops = so->ops;
	fresh.context = so->context;
	fresh.rerank = so->rerank;
	*so = fresh;

	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));
	if (orderbys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys, scan->numberOfOrderBys * sizeof(ScanKeyData));
}

/* Looks at a row exactly and, if the snapshot sees it, adds it to the results. */
static void
look_exactly(IndexScanDesc scan, IvfkmScan *so, const ItemPointerData *tid)
{
	double distance = 0.0;

	if (so->arbitrary_order)
		distance = -get_float8_infinity(); /* no reason to look, and none to wait */
	else if (ivfkm_rerank_distance(so->rerank, scan->xs_snapshot, so->query_value,
								   (int) so->meta.dimensions, tid, &distance))
		distance *= so->distance_scale;
	else
		return;
	if (so->nresults == so->results_size)
	{
		so->results_size *= 2;
		so->results = repalloc_huge(so->results, so->results_size * sizeof(KnownRow));
	}
	so->results[so->nresults].distance = distance;
	so->results[so->nresults].tid = *tid;
	so->nresults++;
	result_heap_up(so->results, so->nresults);
}

/* Takes the best candidate and refines it, or looks at it exactly if there is no such tier. */
static void
resolve_candidate(IndexScanDesc scan, IvfkmScan *so)
{
	Candidate candidate = so->candidates[0];
	const IvfkmProbe *probe = &so->probes[candidate.list];
	RefinedRow *row;

	so->consumed = candidate;
	candidate_heap_pop(so->candidates, so->ncandidates);
	so->ncandidates--;
	if (so->pass == 1)
	{
		bool found;

		(void) tidhash_insert(so->seen, candidate.tid, &found);
		if (found) /* twice in the index; vdb_index_check() reports it */
			return;
	}
	if (!so->refine)
	{
		look_exactly(scan, so, &candidate.tid);
		return;
	}
	if (so->nrefined == so->refined_size)
	{
		so->refined_size *= 2;
		so->refined = repalloc_huge(so->refined, so->refined_size * sizeof(RefinedRow));
	}
	/* the children of the root of the heap are likely the next ones */
	for (Size i = 0; i < Min(so->ncandidates, 3); i++)
		ivfkm_refine_prefetch(&so->refiner, &so->candidates[i].refine);
	row = &so->refined[so->nrefined];
	row->tid = candidate.tid;
	if (ivfkm_refine_bounds(&so->refiner, &probe->child, &candidate.refine, &candidate.tid,
							list_constant(so, probe), probe->dist2, REFINE_EPSILON, &row->lb,
							&row->ub))
	{
		so->nrefined++;
		refined_heap_up(so->refined, so->nrefined);
	}
}

/* Removes the best refined row and returns it. */
static RefinedRow
pop_refined(IvfkmScan *so)
{
	RefinedRow row = so->refined[0];

	refined_heap_pop(so->refined, so->nrefined);
	so->nrefined--;
	return row;
}

typedef enum ScanStep
{
	STEP_EMIT_RESULT,  /* the best result is next */
	STEP_EMIT_REFINED, /* the best refined row is next, its exact distance not needed */
	STEP_LOOK,		   /* look at the best refined row exactly */
	STEP_RESOLVE,	   /* take the best candidate */
	STEP_PASS		   /* scan more */
} ScanStep;

/*
 * Decides what to do next.  A row is next if its distance, or the upper bound of it, is not
 * above the lower bound of anything else, nor above the horizon of what was left out.
 */
static ScanStep
next_step(const IvfkmScan *so)
{
	float candidate = so->ncandidates > 0 ? so->candidates[0].lb : get_float4_infinity();
	float horizon = so->truncated ? so->horizon.lb : get_float4_infinity();
	float waiting = Min(candidate, horizon); /* nothing but refined rows and results is below */
	const RefinedRow *row = so->refined;
	float second = get_float4_infinity();

	if (so->nresults > 0 && so->results[0].distance <= waiting &&
		(so->nrefined == 0 || so->results[0].distance <= row->lb))
		return STEP_EMIT_RESULT;
	if (so->ncandidates > 0 && (so->nrefined == 0 || candidate <= row->lb))
		return STEP_RESOLVE;
	if (so->nrefined == 0 || row->lb > horizon)
		return STEP_PASS;

	/* the best refined row is the lowest of all */
	if (so->nrefined > 1)
		second = row[1].lb;
	if (so->nrefined > 2)
		second = Min(second, row[2].lb);
	if (so->nresults > 0)
		second = Min(second, so->results[0].distance);
	if (row->ub > second || row->lb < so->last_distance)
		return STEP_LOOK;
	if (row->ub <= waiting)
		return STEP_EMIT_REFINED;
	return so->ncandidates > 0 && candidate <= horizon ? STEP_RESOLVE : STEP_LOOK;
}

/* amgettuple: the next nearest row. */
bool
ivfkmgettuple(IndexScanDesc scan, ScanDirection dir)
{
	IvfkmScan *so = scan->opaque;
	MemoryContext old_context;
	bool found = false;

	Assert(ScanDirectionIsForward(dir));
	if (!so->started)
	{
		if (scan->numberOfOrderBys == 0)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("cannot scan ivfkm index \"%s\" without order",
								   RelationGetRelationName(scan->indexRelation))));
		/* pins are not kept, see ivfkm_vacuum.c */
		if (!IsMVCCSnapshot(scan->xs_snapshot))
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("non-MVCC snapshots are not supported by ivfkm index \"%s\"",
								   RelationGetRelationName(scan->indexRelation))));
		pgstat_count_index_scan(scan->indexRelation);
#if PG18_GE
		if (scan->instrument)
			scan->instrument->nsearches++;
#endif
		if (so->rerank == NULL)
		{
			old_context = MemoryContextSwitchTo(MemoryContextGetParent(so->context));
			so->rerank = palloc(sizeof(IvfkmRerank));
			ivfkm_rerank_begin(so->rerank, scan->heapRelation, scan->indexRelation, so->ops);
			MemoryContextSwitchTo(old_context);
		}
		old_context = MemoryContextSwitchTo(so->context);
		scan_begin(scan, so);
	}
	else
		old_context = MemoryContextSwitchTo(so->context);

	while (!found)
	{
		CHECK_FOR_INTERRUPTS();
		/* this many rows want more lists than were scanned */
		if (so->pass > 0 && so->nemitted >= so->total_k && more_lists(so))
			(void) next_pass(scan, so);
		switch (next_step(so))
		{
			case STEP_EMIT_RESULT:
			{
				KnownRow result = so->results[0];

				result_heap_pop(so->results, so->nresults);
				so->nresults--;
				if (result.distance < so->last_distance &&
					so->settings.iterative_scan != IVFKM_ITERATIVE_RELAXED)
					break; /* found too late to keep the order */
				so->last_distance = Max(so->last_distance, result.distance);
				scan->xs_heaptid = result.tid;
				found = true;
				break;
			}
			case STEP_EMIT_REFINED:
			{
				RefinedRow row = pop_refined(so);

				so->last_distance = row.ub;
				scan->xs_heaptid = row.tid;
				found = true;
				break;
			}
			case STEP_LOOK:
			{
				RefinedRow row = pop_refined(so);

				look_exactly(scan, so, &row.tid);
				break;
			}
			case STEP_RESOLVE:
				resolve_candidate(scan, so);
				break;
			case STEP_PASS:
				if (!next_pass(scan, so))
				{
					MemoryContextSwitchTo(old_context);
					return false;
				}
				break;
		}
	}
	so->nemitted++;
	scan->xs_recheck = false;
	scan->xs_recheckorderby = false;
	MemoryContextSwitchTo(old_context);
	return true;
}

/* amendscan */
void
ivfkmendscan(IndexScanDesc scan)
{
	IvfkmScan *so = scan->opaque;

	if (so->rerank != NULL)
	{
		ivfkm_rerank_end(so->rerank);
		pfree(so->rerank);
	}
	MemoryContextDelete(so->context);
	pfree(so);
	scan->opaque = NULL;
}
