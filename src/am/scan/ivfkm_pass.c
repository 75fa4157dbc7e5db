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

#include "utils/float.h"

#include "am/index/ivfkm_budget.h"
#include "am/scan/ivfkm_pass.h"
#include "page/page_point.h"

/* Added to ivfkm.epsilon after the first pass: rows are then worth more than bounds. */
#define LATER_EPSILON 1.5f

/* Lists that cost about as much to scan as one row to fetch from the heap. */
#define LISTS_PER_ROW 4

/* Rows that a pass prepares for at most. */
#define MAX_PASS_K 16384

/* True when lists with enough rows for max_scan_tuples were scanned. */
static bool
rows_used_up(const IvfkmScan *so)
{
	return so->settings.max_scan_tuples > 0 && so->lists.rows >= so->settings.max_scan_tuples;
}

/* True when the settings end the scan with the lists that it has; they hold min_rows rows. */
static bool
ended(const IvfkmScan *so)
{
	return so->settings.iterative_scan == IVFKM_ITERATIVE_OFF &&
		   so->lists.rows >= so->settings.min_rows;
}

/* How many lists a pass with "total_k" rows to give in all is to have scanned in all. */
int
ivfkm_pass_lists(const IvfkmScan *so, int pass, int64 total_k)
{
	const IvfkmSettings *settings = &so->settings;
	int scanned = so->lists.nscanned;
	double wanted;

	if (pass == 1)
		wanted = settings->probes > 0 ? settings->probes : ivfkm_budget_probes(&so->meta, total_k);
	else if (so->lists.complete || ended(so) || rows_used_up(so))
		return scanned;
	else
	{
		wanted = Max(scanned * 2.0, ivfkm_budget_probes(&so->meta, total_k));
		if (pass > 2) /* a filter is at work */
			wanted = Max(wanted, (double) LISTS_PER_ROW * total_k);
	}
	if (settings->max_probes > 0)
		wanted = Min(wanted, settings->max_probes);
	return (int) Max(scanned, Min(wanted, so->meta.nlists));
}

/* k of the pass after the current one. */
static int64
next_k(const IvfkmScan *so)
{
	return so->pass == 0 ? IVFKM_FIRST_K : Min(so->k * 4, MAX_PASS_K);
}

/* True when the next pass would scan lists that were not scanned yet. */
bool
ivfkm_pass_has_lists(const IvfkmScan *so)
{
	return ivfkm_pass_lists(so, so->pass + 1, so->total_k + next_k(so)) > so->lists.nscanned;
}

/* True when all lists of the index were scanned. */
bool
ivfkm_pass_has_all(const IvfkmScan *so)
{
	return (uint32) so->lists.nscanned >= so->meta.nlists ||
		   (so->lists.complete && so->lists.nscanned == so->lists.nreached);
}

/*
 * True when the lists of the first pass hold fewer rows than it is to give, and it may take
 * more.  What is found later would come too late if it is nearer: with many equal rows that
 * would be nearly all there is.
 */
static bool
few_rows(const IvfkmScan *so)
{
	return so->pass == 1 && so->candidates.nbounds < so->candidates.k && !so->lists.complete &&
		   !ended(so) &&
		   (so->settings.max_probes == 0 || so->lists.nscanned < so->settings.max_probes) &&
		   !rows_used_up(so);
}

/*
 * Notes what was taken from the lists scanned so far: all up to the last candidate, or up to the
 * horizon if none is left.  The rows of the first sweep are noted by address instead: its
 * bounds are narrower than those of the next one.
 */
static void
note_taken(IvfkmScan *so)
{
	const IvfkmCandidates *candidates = &so->candidates;

	if (so->sweep > 1)
		ivfkm_given_raise(&so->given, candidates->n > 0 ? candidates->taken : candidates->horizon,
						  so->lists.nscanned);
}

/* Starts a sweep: lists scanned before are scanned again for what was left out. */
static void
start_sweep(IvfkmScan *so)
{
	so->sweep++;
	so->epsilon = (float) so->settings.epsilon + LATER_EPSILON;
	ivfkm_candidates_begin(&so->candidates, 0, get_float4_infinity());
	ivfkm_lists_scan_again(&so->lists, so->epsilon, &so->given, &so->candidates);
}

/*
 * Prepares for more rows: scans further lists, and those scanned before if rows of them were
 * left out.  False if there is nothing left.
 */
bool
ivfkm_pass_next(IvfkmScan *so)
{
	IvfkmCandidates *candidates = &so->candidates;
	int wanted;

	page_point("scan-pass");
	if (so->pass > 0 && candidates->n == 0 && !candidates->truncated && !ivfkm_pass_has_lists(so))
		return false;
	if (so->pass > 0)
		note_taken(so);
	so->k = next_k(so);
	so->total_k += so->k;
	so->pass++;
	wanted = ivfkm_pass_lists(so, so->pass, so->total_k);
	if (so->pass == 1)
	{
		so->sweep = 1;
		so->epsilon = (float) so->settings.epsilon;
		ivfkm_candidates_begin(candidates, (Size) so->k, get_float4_infinity());
	}
	else if (candidates->truncated && (so->sweep == 1 || candidates->n == 0))
		start_sweep(so);
	else
		ivfkm_candidates_continue(candidates);

	ivfkm_lists_plan(&so->lists, wanted,
					 so->pass > 1 && so->settings.max_scan_tuples > 0 ? so->settings.max_scan_tuples
																	  : get_float8_infinity());
	for (;;)
	{
		if (so->lists.nscanned == wanted && few_rows(so))
			ivfkm_lists_plan(&so->lists, ++wanted, so->lists.rows_wanted);
		if (!ivfkm_lists_scan_next(&so->lists, so->epsilon, &so->given, candidates))
			break;
	}
	ivfkm_candidates_arrange(candidates);
	ivfkm_lists_end_pass(&so->lists, candidates, (Size) so->k);
	return true;
}
