/*-------------------------------------------------------------------------
 *
 * ivfkm_pass.c
 *	  A pass of a scan: how many lists, and which of their rows are candidates.
 *
 * NOTES
 *	  See README.md of this folder.  Decides what a pass wants; ivfkm_lists.c reaches and reads
 *	  the lists, ivfkm_candidates.c collects their rows.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_pass.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "utils/float.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_gap.h"
#include "am/scan/ivfkm_pass.h"
#include "am/scan/ivfkm_resolve.h"
#include "page/page_point.h"

/* Added to ivfkm.epsilon after the first sweep: rows are then worth more than bounds. */
#define LATER_EPSILON 1.5f

/* Of the rows within a bound, this part of a distance may be lost to float32 arithmetic. */
#define BOUND_SLACK 1e-5

/* With a filter, the budget is computed anew when so many times the rows were counted. */
#define BUDGET_AGAIN 1.125

/*
 * Rows that match and have so many times the rank of ones that are spread evenly are on one side of
 * the query: their lists, whose centroids lie further that way, come later in the order of lists
 * than those of other rows of their rank.  A search for them looks further, as for ranks so many
 * times as high at most.  What was measured says little of how many lists hold their nearest, so
 * behind the largest k of it their budget grows in proportion to k, or ends where so many times the
 * rows were seen behind which a nearer match was found last, if that is not less than for others.
 */
#define ONE_SIDED		2.0
#define ONE_SIDED_MOST	3.0
#define IMPROVING_AGAIN 2.0

/*
 * A search that goes on looks at its nearest rows again behind this part of its budget, and where
 * it has seen many, behind this part of those.
 */
#define REACH_STEP 0.5
#define REACH_PART 0.25

/*
 * The first pass is made wider until it has prepared for so many times the LIMIT, or for so many
 * rows: what would else be the second pass prepares for as many.
 */
#define WIDEST		 (1 + IVFKM_PASS_GROWTH)
#define LEAST_WIDEST IVFKM_FIRST_K

/* Its candidates are collected anew so often at most: each time all of its lists are read. */
#define MOST_COLLECTED 2

/* A horizon that was made wider leaves room for so many rows more, and a quarter. */
#define WIDER_RESERVE 4

/* True when lists with enough rows for max_scan_tuples were scanned. */
static bool
rows_used_up(const IvfkmScan *so)
{
	return so->settings.max_scan_tuples > 0 && so->lists.rows >= so->settings.max_scan_tuples;
}

/* True when a scan with iterative_scan = off may end: its visible rows are enough. */
static bool
off_is_over(const IvfkmScan *so)
{
	return so->settings.iterative_scan == IVFKM_ITERATIVE_OFF &&
		   so->nvisible >= so->settings.min_rows;
}

/*
 * The rank among all rows of the last of the k nearest rows that match: twice their mean rank, less
 * 1.  What does not match and is nearer is counted in the units that are looked at.  More, where
 * rows that match lie to one side of the query.  0 if candidates do not tell.  "met" rows have
 * matched so far, at least k.  The mean rank is remembered until another list is scanned.
 */
static double
match_rank(IvfkmScan *so, double k, double met)
{
	const IvfkmCandidates *candidates = &so->candidates;
	double rows = so->lists.rows + so->lists.left_out; /* that "met" and ranks are among */
	double even = k * rows / met;

	if (candidates->k == 0)
		return 0.0;
	if (so->ranked_lists != so->lists.nscanned)
	{
		so->mean_rank = ivfkm_filter_mean_rank(&so->filter, candidates->bounds, candidates->nbounds,
											   candidates->k, candidates->horizon.lb, rows);
		so->ranked_lists = so->lists.nscanned;
	}
	return (2.0 * so->mean_rank - 1.0) *
		   Max(1.0, Min((2.0 * so->mean_rank - 1.0) / even / ONE_SIDED, ONE_SIDED_MOST));
}

/*
 * The k for which a search of all rows has to look as far as this one has for the k nearest rows
 * that match its filter, by what was seen so far; infinite while that is fewer than k.  It is the
 * one whose nearest rows have the same mean rank, (k + 1) / 2, as those that match have among all
 * rows.  At least k / s, if a share s of the rows matches, and, where rows that match lie far from
 * the query, as many rows as it took to find k.  Not "ranked": that least number, which costs no
 * look at ranks.  Notes if matches are on one side.
 */
static double
unfiltered_k(IvfkmScan *so, double k, bool ranked)
{
	double met = (double) so->filter.nmet;
	double rank = 0.0;

	if (so->lists.filter == NULL)
		return k;
	if (met < k)
		return get_float8_infinity();
	if (so->match_rank > 0.0) /* candidates are not the nearest rows any more */
		rank = so->match_rank * k;
	else if (ranked)
		rank = match_rank(so, k, met);
	so->one_sided = Max(so->found_at, rank) > ONE_SIDED * k * so->lists.counted / met;
	return Max(Max(k, Max(so->found_at, rank)), k * so->lists.counted / met);
}

/*
 * True if the first pass of a scan is for a LIMIT, so that what its rows are tells how far it is to
 * scan.
 */
static bool
reaches(const IvfkmScan *so)
{
	int64 wanted = so->told.limit;

	return !so->exhaustive && !so->told.exhaustive && so->query.ordered && wanted >= 1 &&
		   wanted <= (so->pass == 0 ? ivfkm_pass_k(so) : so->total_k) && so->settings.probes == 0 &&
		   ivfkm_budget_first_k(&so->settings, (double) wanted) >= wanted;
}

/*
 * True if a pass that makes the first one wider asks how far the next list is: where upper bounds
 * of rows say little, or a setting ends the scan, it sees all of its budget, and no more.
 */
static bool
asks_for_gap(const IvfkmScan *so)
{
	return so->query.narrow && so->settings.iterative_scan != IVFKM_ITERATIVE_OFF;
}

/* True if it may end before it has seen its budget.  A bound of distances may leave few rows. */
static bool
ends_early(const IvfkmScan *so, double k)
{
	return reaches(so) && !so->told.bounded && ivfkm_budget_may_end_early(&so->settings, k) &&
		   (so->pass <= 1 || asks_for_gap(so));
}

/*
 * How far the first pass of a search for the k nearest rows is to scan, if there is no filter and
 * not all rows are wanted.  reaches: it looks at the gap then, and goes on if that is small.
 */
IvfkmListsPlan
ivfkm_pass_plan_first(const IvfkmSettings *settings, const IvfkmMetaPageData *meta, double k,
					  bool reaches)
{
	IvfkmListsPlan plan = {.least = settings->least, .most = (int) meta->nlists};

	plan.most_rows =
		settings->max_scan_tuples > 0 ? settings->max_scan_tuples : get_float8_infinity();
	if (settings->probes > 0)
		plan.least = settings->probes;
	else if (reaches && ivfkm_budget_may_end_early(settings, k))
		plan.budget = ivfkm_budget_least(meta, k, settings->target);
	else
		plan.budget = ivfkm_budget_rows(meta, ivfkm_budget_first_k(settings, k), settings->target) *
					  settings->scale;
	if (settings->max_probes > 0)
		plan.most = Min(plan.most, settings->max_probes);
	plan.least = Min(plan.least, plan.most);
	return plan;
}

/* About as many lists as a plan takes. */
int
ivfkm_pass_lists(const IvfkmListsPlan *plan, const IvfkmMetaPageData *meta)
{
	double rows_per_list = Max(meta->build_rows / meta->nlists, 1.0);

	return (int) Max(plan->least, Min(ceil(plan->budget / rows_per_list) + 1.0, plan->most));
}

/*
 * Rows in the order of the lists that a pass with "total_k" rows to give in all is to see.  wide:
 * it is the first one, or makes that wider.  With a filter, and not "ranked": at least so many.
 */
static double
pass_budget(IvfkmScan *so, bool wide, int64 total_k, bool ranked)
{
	const IvfkmSettings *settings = &so->settings;
	const IvfkmMetaPageData *meta = &so->index.meta;
	double k =
		unfiltered_k(so, wide ? ivfkm_budget_first_k(settings, (double) total_k) : total_k, ranked);
	double times = 1.0;
	double improving = get_float8_infinity();
	double rows;

	if (isinf(k))
		return k;
	if (so->one_sided)
	{
		times = Max(k / ivfkm_budget_largest_k(meta), 1.0);
		if (times > 1.0 && so->improved_at > 0.0)
			improving = Max(so->improved_at * IMPROVING_AGAIN,
							ivfkm_budget_rows(meta, k, settings->target));
		k /= times;
	}
	if (wide && ends_early(so, (double) total_k))
		rows = ivfkm_budget_least(meta, k, settings->target);
	else
		rows = ivfkm_budget_rows(meta, k, settings->target) * (wide ? settings->scale : 1.0);
	return Min(rows * times, improving);
}

/* How far a pass with "total_k" rows to give in all is to scan; wide: as in pass_budget(). */
static IvfkmListsPlan
pass_plan(IvfkmScan *so, int pass, bool wide, int64 total_k)
{
	const IvfkmSettings *settings = &so->settings;
	int scanned = so->lists.nscanned;
	IvfkmListsPlan plan = {.least = scanned, .most = (int) so->index.meta.nlists};
	double least = 1.0;

	plan.most_rows =
		settings->max_scan_tuples > 0 ? settings->max_scan_tuples : get_float8_infinity();
	if (pass > 1 && (so->lists.complete || off_is_over(so) || rows_used_up(so)))
	{
		plan.most = scanned;
		return plan;
	}
	if ((so->exhaustive || so->told.exhaustive) && settings->iterative_scan != IVFKM_ITERATIVE_OFF)
		least = so->index.meta.nlists;
	else if (wide)
	{
		plan = ivfkm_pass_plan_first(settings, &so->index.meta, (double) total_k,
									 ends_early(so, (double) total_k));
		least = plan.least;
		if (so->lists.filter != NULL && settings->probes == 0)
			plan.budget = pass_budget(so, true, total_k, true);
	}
	else
	{
		least = scanned * 2.0;
		plan.budget = pass_budget(so, false, total_k, true);
	}
	if (settings->max_probes > 0)
		plan.most = Min(plan.most, settings->max_probes);
	plan.most = Max(plan.most, scanned);
	plan.least = (int) Max(scanned, Min(least, plan.most));
	return plan;
}

/* About as many lists as the first pass is going to scan. */
int
ivfkm_pass_first(IvfkmScan *so)
{
	IvfkmListsPlan plan = pass_plan(so, 1, true, ivfkm_pass_k(so));

	return ivfkm_pass_lists(&plan, &so->index.meta);
}

/* k of the pass after the current one, if it does not make the first one wider. */
int64
ivfkm_pass_k(const IvfkmScan *so)
{
	double before = (double) (so->widens ? so->total_k : so->k);

	return (int64) ivfkm_budget_pass_k(so->pass == 0 ? 0.0 : before,
									   (double) (so->told.limit - so->ngiven));
}

/*
 * For how many further rows the first pass is to be made wider, as some of those that were given
 * were in vain: invisible, or filtered out by what the scan does not know.  For those that the
 * LIMIT still wants, and as many again as were in vain.  0 if another pass is due: the LIMIT is not
 * known or has grown, rows were in vain too often, or the lists have no row that was left out.
 * Rows that were looked at and not given count only in how often candidates were used up.
 */
static int64
widened_by(const IvfkmScan *so)
{
	int64 missing = so->told.limit - so->told.received;
	int64 more = missing + Max(so->ngiven - so->told.received, 0);

	if (!so->widens || !so->by_address || so->told.exhaustive || so->told.limit <= 0 ||
		so->told.limit != so->first_limit || missing <= 0 || more > IVFKM_MAX_PASS_K ||
		!so->candidates.truncated || so->collected >= MOST_COLLECTED ||
		so->ngiven + more > Max(so->told.limit * WIDEST, LEAST_WIDEST))
		return 0;
	return more;
}

/* True when the next pass, if it does not make the first wider, would scan further lists. */
static bool
has_lists(IvfkmScan *so)
{
	IvfkmListsPlan plan = pass_plan(so, so->pass + 1, false, so->total_k + ivfkm_pass_k(so));

	return !ivfkm_lists_enough(&plan, so->lists.nscanned, so->lists.counted);
}

/* True when all lists of the index were scanned. */
bool
ivfkm_pass_has_all(const IvfkmScan *so)
{
	return (uint32) so->lists.nscanned >= so->index.meta.nlists ||
		   (so->lists.complete && so->lists.nscanned == so->lists.nreached);
}

/*
 * True when so many rows were given that more should be prepared for before the next one, as there
 * may be nearer ones in lists not scanned.
 */
bool
ivfkm_pass_due(IvfkmScan *so)
{
	if (so->pass == 0 || so->ngiven < so->total_k ||
		so->settings.iterative_scan == IVFKM_ITERATIVE_OFF)
		return false;
	ivfkm_told_limit(so->told_cache, &so->told);
	return widened_by(so) > 0 ? !ivfkm_pass_has_all(so) : has_lists(so);
}

/*
 * True when the lists of the first pass hold fewer rows than it is to give, and it may take
 * more.  What is found later would come too late if it is nearer: with many equal rows that
 * would be nearly all there is.
 */
static bool
few_rows(const IvfkmScan *so)
{
	const IvfkmSettings *settings = &so->settings;
	double rows = so->candidates.nbounds;
	double enough = so->k;

	if (so->told.bounded) /* of which only those within the bound are candidates */
		rows = so->lists.filter != NULL ? (double) so->filter.nmet : so->lists.rows;
	if (settings->iterative_scan == IVFKM_ITERATIVE_OFF)
		enough = Min(enough, settings->min_rows);
	return so->pass == 1 && !so->exhaustive && rows < enough && !so->lists.complete &&
		   (settings->max_probes == 0 || so->lists.nscanned < settings->max_probes) &&
		   !rows_used_up(so);
}

/* The lower bound above which no row is wanted. */
float
ivfkm_pass_highest_bound(const IvfkmScan *so)
{
	double bound;

	if (!so->told.bounded)
		return get_float4_infinity();
	bound =
		so->order.bound + BOUND_SLACK * (fabs(so->order.bound) + so->index.meta.build_residual2 +
										 so->query.quant.norm2 + fabs(so->query.ip_constant));
	return bound < FLT_MAX ? nextafterf((float) bound, INFINITY) : get_float4_infinity();
}

/*
 * Forgets the candidates, to collect them anew.  By address: the horizon leaves room for the rows
 * of the pass, and, where some have been invisible, for others that may be.
 */
static void
begin_candidates(IvfkmScan *so)
{
	int64 k = so->by_address ? so->k : 0;

	if (so->pass > 1)
		k += k / 4 + WIDER_RESERVE;
	ivfkm_candidates_begin(&so->candidates, (Size) k, ivfkm_pass_highest_bound(so));
}

/* Starts a sweep: lists scanned before are scanned again for what was left out. */
static void
start_sweep(IvfkmScan *so)
{
	so->sweep++;
	so->epsilon = (float) so->settings.epsilon;
	if (so->exhaustive)
		so->epsilon = Max(so->epsilon, (float) IVFKM_EXACT_EPSILON);
	else if (so->sweep > 1)
		so->epsilon += LATER_EPSILON;
	so->by_address = so->sweep == 1 && !so->exhaustive;
	begin_candidates(so);
	ivfkm_lists_scan_again(&so->lists, 0, so->epsilon, &so->given, &so->candidates);
}

/*
 * With iterative_scan = off, counts the visible ones among the rows that were given and not
 * looked at, as far as is needed to know if they are enough.
 */
static void
count_visible(IvfkmScan *so)
{
	for (Size i = 0; i < so->nunlooked && !off_is_over(so); i++)
	{
		ItemPointerData tid = ivfkm_lists_tid(so->unlooked[i]);

		if (ivfkm_rerank_visible(so->rerank, so->lists.snapshot, &tid))
			so->nvisible++;
	}
	so->nunlooked = 0;
}

/* True when nothing is left to scan, or nothing that is wanted. */
static bool
nothing_left(IvfkmScan *so)
{
	const IvfkmCandidates *candidates = &so->candidates;

	/* whatever is left, has_lists() and the next plan go by what was visible */
	count_visible(so);
	if (candidates->n > 0 || candidates->truncated)
		return false;
	/* lists for so many rows hold fewer within the bound: there are no more */
	if (so->told.bounded && so->ngiven < so->total_k)
		return true;
	return !has_lists(so);
}

/* Scans the lists that a pass wants. */
static void
scan_lists(IvfkmScan *so)
{
	IvfkmLists *lists = &so->lists;
	IvfkmListsPlan plan;
	double known_at = 0.0; /* lists->counted when the budget was computed */

	so->found_at = (double) so->filter.nmet >= (double) so->total_k
					   ? so->lists.counted * (double) so->total_k / (double) so->filter.nmet
					   : 0.0;
	so->ranked_lists = -1;
	plan = pass_plan(so, so->pass, so->widens, so->total_k);

	/* the first pass scans its lists whatever max_scan_tuples is, if there is no filter */
	if (so->pass == 1 && so->settings.max_scan_tuples > 0 && lists->filter == NULL)
	{
		lists->plan = plan;
		lists->plan.most_rows = get_float8_infinity();
		if (so->exhaustive)
			lists->plan.least = lists->plan.most = Min(plan.least, Max(so->settings.probes, 1));
		while (ivfkm_lists_scan_next(lists, so->epsilon, &so->given, &so->candidates))
			;
	}
	lists->plan = plan;
	for (;;)
	{
		double counted = lists->counted; /* before the next list */
		double met = (double) so->filter.nmet;
		float horizon = so->candidates.horizon.lb;

		if (ivfkm_lists_enough(&lists->plan, lists->nscanned, lists->counted) && few_rows(so))
			lists->plan.least = lists->nscanned + 1;
		if (!ivfkm_lists_scan_next(lists, so->epsilon, &so->given, &so->candidates))
			break;
		if (lists->filter == NULL)
			continue;
		if (so->candidates.horizon.lb < horizon)
			so->improved_at = lists->counted;
		if (so->found_at == 0.0 && so->filter.nmet >= so->total_k)
			so->found_at = counted + (lists->counted - counted) * ((double) so->total_k - met) /
										 ((double) so->filter.nmet - met);
		if (plan.budget > 0.0 &&
			(lists->counted >= lists->plan.budget || lists->counted >= BUDGET_AGAIN * known_at))
		{
			/* ranks, which take time, are not asked for as long as there is too little anyway */
			lists->plan.budget = pass_budget(so, so->widens, so->total_k, false);
			if (lists->counted >= lists->plan.budget)
				lists->plan.budget = pass_budget(so, so->widens, so->total_k, true);
			known_at = lists->counted;
		}
	}
}

/* When the lists of a pass were scanned: refines what is wanted, and arranges other candidates. */
static void
end_pass(IvfkmScan *so)
{
	bool refined = ivfkm_resolve_many(so);

	ivfkm_candidates_arrange(&so->candidates);
	if (!refined)
		ivfkm_lists_end_pass(&so->lists, &so->candidates, (Size) so->k);
}

/*
 * How much farther a list of that key is than a row at "distance", both in index space: see
 * index/ivfkm_gap.h.
 */
double
ivfkm_pass_gap(const IvfkmQuery *query, double key, double distance)
{
	return ivfkm_query_gap_of_list(query, key) - ivfkm_query_gap_to_row(query, distance);
}

/*
 * The gap of the first list that is not near enough for a search that prepares for the k nearest
 * rows, if there is no filter: see ivfkm_pass_gap().  -infinity: no list is.
 */
double
ivfkm_pass_first_gap(const IvfkmSettings *settings, const IvfkmMetaPageData *meta, double k)
{
	if (settings->probes > 0 || k > ivfkm_budget_first_k(settings, k))
		return -get_float8_infinity();
	return ivfkm_budget_gap(meta, k, settings->target);
}

/*
 * How far the first pass of a search that prepares for the k nearest rows may go on, if there is no
 * filter.  False if it may not.
 */
bool
ivfkm_pass_first_reach(const IvfkmSettings *settings, const IvfkmMetaPageData *meta, double k,
					   IvfkmReach *reach)
{
	double budget = ivfkm_budget_rows(meta, ivfkm_budget_first_k(settings, k), settings->target);

	reach->gap = ivfkm_pass_first_gap(settings, meta, k);
	reach->step = budget * settings->scale * REACH_STEP;
	reach->most = budget * settings->scale * IVFKM_GAP_MOST;
	return !isinf(reach->gap) && !isinf(budget);
}

/* True if the next list is so near that a row at "farthest" ends no search. */
static bool
is_near(IvfkmScan *so, const IvfkmReach *reach, double farthest)
{
	const IvfkmProbe *next;

	if (so->lists.counted >= reach->most)
		return false;
	next = ivfkm_lists_next(&so->lists);
	return next != NULL && ivfkm_pass_gap(&so->query, next->key, farthest) < reach->gap;
}

/*
 * How far a first pass, or one that made it wider, may go on behind its budget if "wanted" rows are
 * to be given in all.  False if it may not: it does for a LIMIT that the budget is for, unless a
 * setting says how far it is to scan.
 */
static bool
get_reach(IvfkmScan *so, double wanted, IvfkmReach *reach)
{
	const IvfkmSettings *settings = &so->settings;
	double total_k = (double) so->total_k;
	double k;
	double budget;

	if (so->lists.complete || !reaches(so))
		return false;
	k = unfiltered_k(so, ivfkm_budget_first_k(settings, total_k), true);
	if (isinf(k))
		return false;
	budget = ivfkm_budget_rows(&so->index.meta, k, settings->target) * settings->scale;
	if (so->lists.filter != NULL)
		reach->gap =
			ivfkm_budget_gap(&so->index.meta, unfiltered_k(so, total_k, true), settings->target);
	else
		reach->gap = ivfkm_pass_first_gap(settings, &so->index.meta, wanted);
	if (isinf(reach->gap))
		return false;
	reach->step = budget * REACH_STEP;
	reach->most = Max(budget, so->lists.counted) * IVFKM_GAP_MOST;
	return true;
}

/*
 * Behind the first pass: true if the scan may go on to further lists, after its *wanted nearest
 * rows are known.  The horizon by 1-bit codes, which is farther than those rows, tells most scans
 * already that it need not.
 */
bool
ivfkm_pass_reach_begin(IvfkmScan *so, IvfkmReach *reach, int64 *wanted)
{
	*wanted = so->told.limit;
	return so->pass == 1 && get_reach(so, (double) *wanted, reach) &&
		   is_near(so, reach, so->candidates.horizon.lb);
}

/*
 * Goes on to further lists if the next one is near enough to the last of the rows wanted, whose
 * distance in index space is at most "farthest".  False if it is not, or there are none.
 */
bool
ivfkm_pass_reach(IvfkmScan *so, const IvfkmReach *reach, double farthest)
{
	IvfkmLists *lists = &so->lists;
	double step = Max(reach->step, lists->counted * REACH_PART);
	double until = Min(lists->counted + step, reach->most);
	int scanned = lists->nscanned;

	while (lists->counted < until && is_near(so, reach, farthest))
	{
		lists->plan.least = Min(lists->nscanned + 1, lists->plan.most);
		if (!ivfkm_lists_scan_next(lists, so->epsilon, &so->given, &so->candidates))
			break;
	}
	if (lists->nscanned == scanned)
		return false;
	end_pass(so);
	return true;
}

/*
 * Makes the first pass wider, so that it prepares for "more" rows beside those that were given: it
 * scans the lists that it would have scanned had it known.  Candidates below the horizon, which by
 * 1-bit codes is far behind the rows it was made for, mostly hold them; when they are used up (not
 * "due"), the rows beyond it are collected, those that are taken left out by address.
 */
static void
widen(IvfkmScan *so, int64 more, bool due)
{
	IvfkmReach reach;

	if (so->pass == 1 && so->lists.filter != NULL)
		so->match_rank = unfiltered_k(so, (double) so->total_k, true) / (double) so->total_k;
	so->k = more;
	so->total_k = so->ngiven + more;
	so->pass++;
	if (!due)
	{
		so->collected++;
		so->counts.sweeps++;
		begin_candidates(so);
		ivfkm_lists_scan_again(&so->lists, 0, so->epsilon, &so->given, &so->candidates);
	}
	scan_lists(so);
	end_pass(so);
	if (!asks_for_gap(so) ||
		!get_reach(so, (double) (so->ngiven + so->told.limit - so->told.received), &reach))
		return;
	while (ivfkm_pass_reach(so, &reach, so->farthest))
		;
}

/*
 * Prepares for more rows: scans further lists, and those scanned before if rows of them were
 * left out.  due: candidates are not used up.  False if there is nothing left.
 */
bool
ivfkm_pass_next(IvfkmScan *so, bool due)
{
	IvfkmCandidates *candidates = &so->candidates;
	int64 more;

	page_point("scan-pass");
	if (so->pass > 0)
	{
		ivfkm_told_limit(so->told_cache, &so->told);
		if (nothing_left(so))
			return false;
		more = widened_by(so);
		if (more > 0)
		{
			widen(so, more, due);
			return true;
		}
		if (!so->by_address)
			ivfkm_given_raise(&so->given,
							  candidates->n > 0 ? candidates->taken : candidates->horizon,
							  so->lists.nscanned);
	}
	so->k = ivfkm_pass_k(so);
	so->total_k += so->k;
	so->pass++;
	so->widens = so->pass == 1;
	if (so->widens)
		so->first_limit = so->told.limit;
	if (so->pass == 1 || (candidates->truncated && (so->by_address || candidates->n == 0)))
		start_sweep(so);
	else
		ivfkm_candidates_continue(candidates);
	scan_lists(so);
	end_pass(so);
	return true;
}
