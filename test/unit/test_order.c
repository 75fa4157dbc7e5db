/*-------------------------------------------------------------------------
 *
 * test_order.c
 *	  The order of a scan: candidates, horizon, floors and steps, against simple models.
 *
 * IDENTIFICATION
 *	  test/unit/test_order.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "test_main.h"

#include "am/scan/ivfkm_candidates.h"
#include "am/scan/ivfkm_given.h"
#include "am/scan/ivfkm_order.h"
#include "am/scan/ivfkm_slack.h"

/* IvfkmResize of the tests. */
static void *
resize(void *memory, size_t bytes)
{
	if (bytes == 0)
	{
		free(memory);
		return NULL;
	}
	memory = realloc(memory, bytes);
	if (memory == NULL)
		abort();
	return memory;
}

/* Frees what the parts of a scan have allocated. */
static void
free_all(IvfkmCandidates *candidates, IvfkmGiven *given, IvfkmOrder *order)
{
	if (candidates != NULL)
	{
		free(candidates->items);
		free(candidates->bounds);
	}
	if (given != NULL)
	{
		free(given->rows);
		free(given->floors);
	}
	if (order != NULL)
	{
		free(order->refined);
		free(order->known);
		free(order->late);
	}
}

/* Order of floats for qsort. */
static int
compare_floats(const void *a, const void *b)
{
	float x = *(const float *) a;
	float y = *(const float *) b;

	return x < y ? -1 : x > y;
}

/* A number of few values, so that there are ties. */
static float
coarse(int values)
{
	return (float) test_random_below((uint64_t) values);
}

/* ----- candidates ----- */

/*
 * The horizon is the k-th smallest upper bound; what is kept, in order, are the rows at or
 * below it.
 */
static void
candidates_horizon(void)
{
	enum
	{
		ROWS = 600
	};

	for (int turn = 0; turn < 60; turn++)
	{
		size_t k = (size_t) test_random_below(50);
		int values = turn % 2 == 0 ? 8 : 100000;
		float highest = turn % 3 == 0 ? (float) values / 2 : INFINITY;
		float lb[ROWS];
		float ub[ROWS];
		float sorted[ROWS];
		size_t nsorted = 0;
		size_t expected = 0;
		float horizon = highest;
		float kth;
		IvfkmPosition last = ivfkm_position_first(-INFINITY);
		IvfkmCandidates candidates;

		ivfkm_candidates_init(&candidates, 100000, resize);
		ivfkm_candidates_begin(&candidates, k, highest);
		for (int i = 0; i < ROWS; i++)
		{
			IvfkmCandidate candidate = {.at = {.row = (IvfkmAddress) i + 1}, .list = i % 7};

			lb[i] = coarse(values);
			ub[i] = lb[i] + coarse(values);
			candidate.at.lb = lb[i];
			if (i % IVFKM_CANDIDATES_STEP == 0)
				ivfkm_candidates_reserve(&candidates);
			if (ivfkm_position_less(&candidates.horizon, &candidate.at))
				continue;
			ivfkm_candidates_add(&candidates, &candidate, ub[i]);
			sorted[nsorted++] = ub[i];
		}
		/* what the horizon has kept out could not have lowered it */
		qsort(sorted, nsorted, sizeof(float), compare_floats);
		if (k > 0 && nsorted >= k && sorted[k - 1] < horizon)
			horizon = sorted[k - 1];
		CHECK(candidates.horizon.lb == horizon, "%g, not %g", candidates.horizon.lb, horizon);
		CHECK(candidates.truncated == (horizon < highest), "truncated");
		for (int i = 0; i < ROWS; i++)
			expected += lb[i] <= horizon;
		ivfkm_candidates_arrange(&candidates);
		CHECK(candidates.n == expected, "%zu rows, not %zu", candidates.n, expected);
		kth = ivfkm_candidates_kth(&candidates);
		CHECK((k > 0 && expected >= k) || kth == INFINITY, "there is no row number k");
		while (candidates.n > 0)
		{
			float lowest = ivfkm_candidates_lowest(&candidates);
			IvfkmCandidate candidate = ivfkm_candidates_take(&candidates);

			CHECK(candidate.at.lb == lowest, "the lowest is taken");
			CHECK(candidate.at.lb == lb[candidate.at.row - 1], "bound of its row");
			CHECK(ivfkm_position_less(&last, &candidate.at), "in order");
			last = candidate.at;
			if (expected - candidates.n == k)
				CHECK(lowest == kth, "%g is row number k, not %g", lowest, kth);
		}
		CHECK(ivfkm_candidates_lowest(&candidates) == INFINITY, "none left");
		free_all(&candidates, NULL, NULL);
	}
}

/* At the limit the farther half is left out, and the horizon says so. */
static void
candidates_limit(void)
{
	IvfkmCandidates candidates;
	size_t limit = 256;

	ivfkm_candidates_init(&candidates, limit, resize);
	for (int turn = 0; turn < 20; turn++)
	{
		float lb[4000];
		size_t below = 0;

		ivfkm_candidates_begin(&candidates, 0, INFINITY);
		for (int i = 0; i < 4000; i++)
		{
			IvfkmCandidate candidate = {.at = {.lb = lb[i] = coarse(turn % 2 == 0 ? 3 : 1000),
											   .row = (IvfkmAddress) i + 1}};

			ivfkm_candidates_reserve(&candidates);
			if (!ivfkm_position_less(&candidates.horizon, &candidate.at))
				ivfkm_candidates_add(&candidates, &candidate, INFINITY);
			REQUIRE(candidates.n <= limit, "%zu rows", candidates.n);
		}
		ivfkm_candidates_arrange(&candidates);
		for (int i = 0; i < 4000; i++)
		{
			IvfkmPosition at = {.lb = lb[i], .row = (IvfkmAddress) i + 1};

			below += !ivfkm_position_less(&candidates.horizon, &at);
		}
		CHECK(candidates.truncated, "truncated");
		CHECK(candidates.n == below, "%zu rows, %zu at or below the horizon", candidates.n, below);
		CHECK(candidates.n >= limit / 2, "half of the limit is kept");
	}
	free_all(&candidates, NULL, NULL);
}

/* ----- given already ----- */

/* Addresses: a set. */
static void
given_addresses(void)
{
	enum
	{
		SPACE = 5000
	};
	static bool there[SPACE];
	IvfkmGiven given;

	memset(there, 0, sizeof(there));
	ivfkm_given_init(&given, resize);
	for (int i = 0; i < 20000; i++)
	{
		size_t n = (size_t) test_random_below(SPACE);
		/* neighbouring lines of pages, like heap addresses */
		IvfkmAddress row = (IvfkmAddress) (n / 50) << 16 | (n % 50 + 1);

		CHECK(ivfkm_given_has_row(&given, row) == there[n], "row %zu", n);
		ivfkm_given_prefetch(&given, row);
		if (test_random_below(500) == 0)
		{
			size_t more = (size_t) test_random_below(100);

			ivfkm_given_reserve(&given, more);
			CHECK(given.size >= 2 * (given.nrows + more), "room for %zu rows", more);
		}
		if (test_random_below(3) == 0)
		{
			CHECK(ivfkm_given_add(&given, row) == !there[n], "adding row %zu", n);
			there[n] = true;
		}
	}
	free_all(NULL, &given, NULL);
}

/* Floors: the highest that a list was raised to. */
static void
given_floors(void)
{
	enum
	{
		LISTS = 100
	};

	for (int turn = 0; turn < 100; turn++)
	{
		IvfkmPosition floors[LISTS];
		int nlists = 0;
		IvfkmGiven given;

		for (int i = 0; i < LISTS; i++)
			floors[i] = ivfkm_position_first(-INFINITY);
		ivfkm_given_init(&given, resize);
		for (int i = 0; i < 20; i++)
		{
			IvfkmPosition floor = {.lb = coarse(20), .row = 1 + test_random_below(5)};

			nlists += (int) test_random_below((uint64_t) (LISTS - nlists + 1)) / 2;
			ivfkm_given_raise(&given, floor, nlists);
			for (int list = 0; list < nlists; list++)
			{
				if (ivfkm_position_less(&floors[list], &floor))
					floors[list] = floor;
			}
			for (int list = 0; list < LISTS; list++)
			{
				IvfkmPosition at = {.lb = coarse(20), .row = 1 + test_random_below(5)};

				CHECK(ivfkm_given_has(&given, list, &at) ==
						  !ivfkm_position_less(&floors[list], &at),
					  "list %d of %d", list, nlists);
			}
		}
		free_all(NULL, &given, NULL);
	}
}

/* ----- a whole scan of made-up lists ----- */

#define LISTS	 40
#define MAX_ROWS 60 /* of a list */

/* A row of a made-up index. */
typedef struct TestRow
{
	double distance;
	float lb;
	float ub;
	float refined_lb;
	float refined_ub;
	bool given;
} TestRow;

typedef struct TestIndex
{
	int rows[LISTS];
	TestRow row[LISTS][MAX_ROWS];
	int count;
} TestIndex;

/* Makes rows whose bounds hold; later lists are farther, but for "mixed" in many. */
static void
make_index(TestIndex *index, int mixed)
{
	memset(index, 0, sizeof(*index));
	for (int list = 0; list < LISTS; list++)
	{
		index->rows[list] = (int) test_random_below(MAX_ROWS + 1);
		index->count += index->rows[list];
		for (int i = 0; i < index->rows[list]; i++)
		{
			TestRow *row = &index->row[list][i];
			float width = (float) (1 + test_random_below(20));
			float near_width = width / 8;

			row->distance = 2 * list + coarse(20 + mixed);
			row->refined_lb = (float) row->distance - coarse(3) * near_width / 2;
			row->refined_ub = (float) row->distance + coarse(3) * near_width / 2;
			row->lb = (float) row->distance - coarse(3) * width / 2;
			row->ub = (float) row->distance + coarse(3) * width / 2;
		}
	}
}

/* Collects the rows of one list, as ivfkm_lists.c does. */
static void
collect_list(const TestIndex *index, int list, const IvfkmGiven *given, IvfkmCandidates *candidates)
{
	for (int i = 0; i < index->rows[list]; i++)
	{
		IvfkmCandidate candidate = {
			.at = {.lb = index->row[list][i].lb,
				   .row = (IvfkmAddress) list << 16 | (IvfkmAddress) (i + 1)},
			.list = list};

		if (i % IVFKM_CANDIDATES_STEP == 0)
			ivfkm_candidates_reserve(candidates);
		if (!ivfkm_position_less(&candidates->horizon, &candidate.at) &&
			!ivfkm_given_has(given, list, &candidate.at))
			ivfkm_candidates_add(candidates, &candidate, index->row[list][i].ub);
	}
}

/* The row at an address. */
static TestRow *
row_at(TestIndex *index, IvfkmAddress row)
{
	return &index->row[row >> 16][(row & 0xFFFF) - 1];
}

/* Refines some of the best candidates, of the first sweep, before any is decided on. */
static void
refine_many(TestIndex *index, bool addresses, IvfkmCandidates *candidates, IvfkmGiven *given,
			IvfkmOrder *order)
{
	for (uint64_t n = test_random_below(100); n > 0 && candidates->n > 0; n--)
	{
		IvfkmCandidate candidate = ivfkm_candidates_take(candidates);
		const TestRow *row = row_at(index, candidate.at.row);
		IvfkmRefinedRow refined = {
			.lb = row->refined_lb, .ub = row->refined_ub, .row = candidate.at.row};

		if (addresses)
			CHECK(ivfkm_given_add(given, candidate.at.row), "taken once");
		ivfkm_order_append_refined(order, &refined);
	}
	ivfkm_order_arrange(order);
}

/*
 * Passes as in ivfkm_pass.c, with lists added at random: every row is given once; with all
 * lists in the first pass, in the order of distance.
 */
static void
scan_gives_every_row_once(void)
{
	static TestIndex index;

	for (int turn = 0; turn < 400; turn++)
	{
		bool all_at_once = turn % 4 == 0;
		bool addresses = turn % 2 == 0; /* in the first sweep, which then has a horizon */
		size_t limit = turn % 3 == 0 ? 64 : 100000;
		int nscanned = all_at_once ? LISTS : 1 + (int) test_random_below(LISTS);
		int sweep = 1;
		int total = 0;
		int until = 1 + (int) test_random_below(60); /* rows of the pass */
		IvfkmCandidates candidates;
		IvfkmGiven given;
		IvfkmOrder order;

		make_index(&index, turn % 5 == 0 ? 100 : 0);
		ivfkm_candidates_init(&candidates, limit, resize);
		ivfkm_given_init(&given, resize);
		ivfkm_order_init(&order, INFINITY, resize);
		ivfkm_candidates_begin(&candidates, addresses ? 20 : 0, INFINITY);
		for (int list = 0; list < nscanned; list++)
			collect_list(&index, list, &given, &candidates);
		ivfkm_candidates_arrange(&candidates);
		if (turn % 3 == 1)
			refine_many(&index, addresses, &candidates, &given, &order);

		for (;;)
		{
			IvfkmStep step = ivfkm_order_step(&order, ivfkm_candidates_lowest(&candidates),
											  ivfkm_candidates_horizon(&candidates));
			IvfkmAddress given_row = 0;

			if (total >= until && nscanned < LISTS)
				step = IVFKM_STEP_SCAN;
			if (step == IVFKM_STEP_SCAN)
			{
				if (candidates.n == 0 && !candidates.truncated && nscanned == LISTS)
				{
					if (order.nlate == 0)
						break;
					given_row = ivfkm_order_take_late(&order).row;
				}
				else
				{
					int more = (int) test_random_below((uint64_t) (LISTS - nscanned + 1));

					if (sweep > 1 || !addresses)
						ivfkm_given_raise(&given,
										  candidates.n > 0 ? candidates.taken : candidates.horizon,
										  nscanned);
					if (candidates.truncated && ((sweep == 1 && addresses) || candidates.n == 0))
					{
						sweep++;
						ivfkm_candidates_begin(&candidates, 0, INFINITY);
						for (int list = 0; list < nscanned; list++)
							collect_list(&index, list, &given, &candidates);
					}
					else
						ivfkm_candidates_continue(&candidates);
					for (; more > 0; more--)
						collect_list(&index, nscanned++, &given, &candidates);
					ivfkm_candidates_arrange(&candidates);
					until = total + 1 + (int) test_random_below(60);
					continue;
				}
			}
			else if (step == IVFKM_STEP_RESOLVE)
			{
				IvfkmCandidate candidate = ivfkm_candidates_take(&candidates);
				const TestRow *row = row_at(&index, candidate.at.row);
				IvfkmRefinedRow refined = {
					.lb = row->refined_lb, .ub = row->refined_ub, .row = candidate.at.row};

				if (sweep == 1 && addresses)
					CHECK(ivfkm_given_add(&given, candidate.at.row), "taken once");
				ivfkm_order_add_refined(&order, &refined);
			}
			else if (step == IVFKM_STEP_LOOK)
			{
				IvfkmRefinedRow refined = ivfkm_order_take_refined(&order);
				IvfkmKnownRow known = {.distance = row_at(&index, refined.row)->distance,
									   .row = refined.row};

				ivfkm_order_add_known(&order, &known);
			}
			else if (step == IVFKM_STEP_GIVE_REFINED)
			{
				IvfkmRefinedRow refined = ivfkm_order_take_refined(&order);

				CHECK(refined.lb >= order.last, "not late");
				order.last = refined.ub;
				given_row = refined.row;
			}
			else
			{
				IvfkmKnownRow known = ivfkm_order_take_known(&order);

				if (known.distance < order.last)
				{
					CHECK(!all_at_once, "no row is late if all lists were scanned");
					ivfkm_order_add_late(&order, &known);
					continue;
				}
				order.last = known.distance;
				given_row = known.row;
			}
			if (given_row != 0)
			{
				TestRow *row = row_at(&index, given_row);

				REQUIRE(!row->given, "row %" PRIu64 " comes twice, turn %d", given_row, turn);
				row->given = true;
				total++;
			}
		}
		CHECK(total == index.count, "%d of %d rows, turn %d", total, index.count, turn);
		free_all(&candidates, &given, &order);
	}
}

/* The cases of a step, one by one. */
static void
steps(void)
{
	IvfkmOrder order;
	IvfkmRefinedRow a = {.lb = 1.0f, .ub = 2.0f, .row = 1};
	IvfkmRefinedRow b = {.lb = 1.5f, .ub = 3.0f, .row = 2};
	IvfkmKnownRow known = {.distance = 1.25, .row = 3};

	ivfkm_order_init(&order, INFINITY, resize);
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_SCAN, "nothing there");
	CHECK(ivfkm_order_step(&order, 1.0f, INFINITY) == IVFKM_STEP_RESOLVE, "a candidate");
	ivfkm_order_add_refined(&order, &a);
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_GIVE_REFINED, "one row");
	CHECK(ivfkm_order_step(&order, 2.0f, 2.0f) == IVFKM_STEP_GIVE_REFINED, "touching bounds");
	CHECK(ivfkm_order_step(&order, 1.9f, INFINITY) == IVFKM_STEP_RESOLVE, "candidate overlaps");
	CHECK(ivfkm_order_step(&order, 0.5f, INFINITY) == IVFKM_STEP_RESOLVE, "candidate is lower");
	CHECK(ivfkm_order_step(&order, INFINITY, 1.5f) == IVFKM_STEP_LOOK, "horizon overlaps");
	CHECK(ivfkm_order_step(&order, INFINITY, 0.5f) == IVFKM_STEP_SCAN, "horizon is lower");
	order.last = 1.1;
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_LOOK, "perhaps late");
	order.last = -INFINITY;
	ivfkm_order_add_refined(&order, &b);
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_LOOK, "rows overlap");
	(void) ivfkm_order_take_refined(&order);
	ivfkm_order_add_known(&order, &known);
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_GIVE_KNOWN, "known is lower");
	CHECK(ivfkm_order_step(&order, 1.0f, INFINITY) == IVFKM_STEP_RESOLVE, "candidate before it");
	known.distance = INFINITY;
	(void) ivfkm_order_take_known(&order);
	(void) ivfkm_order_take_refined(&order);
	ivfkm_order_add_known(&order, &known);
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_GIVE_KNOWN, "no distance");
	CHECK(ivfkm_order_step(&order, INFINITY, 5.0f) == IVFKM_STEP_SCAN, "others before it");
	order.bound = 1e30;
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_END, "known beyond the bound");
	(void) ivfkm_order_take_known(&order);
	ivfkm_order_add_refined(&order, &a);
	order.bound = 0.5;
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_END, "lower bound beyond it");
	order.bound = 1.0;
	CHECK(ivfkm_order_step(&order, INFINITY, INFINITY) == IVFKM_STEP_GIVE_REFINED, "touching it");
	free_all(NULL, NULL, &order);
}

/* A row at or below the horizon is within what the threshold lets through, to the last bit. */
static void
slack_thresholds(void)
{
	for (int i = 0; i < 200000; i++)
	{
		float epsilon = (float) (1 + test_random_below(7));
		IvfkmSlack slack = {.share = epsilon * test_random_float(0.0f, 0.3f)};
		float size = ldexpf(1.0f, (int) test_random_below(120) - 90);
		float lb = size * test_random_float(-1.0f, 3.0f);
		float ub = lb + size * test_random_float(0.0f, 2.0f);
		float widened;

		if (test_random_below(2) == 0)
			slack.constant = size * test_random_float(0.0f, 1.0f);
		if (test_random_below(2) == 0)
		{
			slack.least = test_random_float(0.05f, 1.0f);
			if (test_random_below(2) == 0)
				slack.share = 1e6f;
		}
		widened = ivfkm_slack_lower(&slack, lb, ub);
		CHECK(lb <= ivfkm_slack_threshold(&slack, widened),
			  "%.9g becomes %.9g: share %.9g, constant %.9g, least %.9g", lb, widened, slack.share,
			  slack.constant, slack.least);
	}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(candidates_horizon);
	TEST_RUN(candidates_limit);
	TEST_RUN(given_addresses);
	TEST_RUN(given_floors);
	TEST_RUN(slack_thresholds);
	TEST_RUN(steps);
	TEST_RUN(scan_gives_every_row_once);
	return test_end();
}
