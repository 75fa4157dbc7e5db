/*-------------------------------------------------------------------------
 *
 * ivfkm_range_rows.c
 *	  How many rows are within a distance.
 *
 * NOTES
 *	  PostgreSQL has no statistics of a distance and takes a third of the rows to be within any
 *	  bound.  If the bound and what it is around are known when the query is planned, the index
 *	  knows better: in the nearest lists rows are counted by their 1-bit codes.  Of further lists
 *	  the share is taken that the distance of the centroid and the mean residual lead to expect, of
 *	  rows within the bound times what counting gave of it.
 *
 *	  In a join, or in a plan for any parameter, it is not known what the bound is around: then the
 *	  index is asked so of some of its own rows.  Where the bound is a column, values of it are
 *	  drawn from the statistics.  Where nothing tells of the bound, few rows are taken to be within:
 *	  whoever asks for rows within a distance wants few.
 *
 *	  A plan needs the answer for the number of rows and for the cost of each path.  The last few
 *	  answers are kept while a query is planned, in the planner's memory; those for rows that were
 *	  drawn also beside the metapage in the plan cache, as they take a millisecond.
 *
 *	  Where row security or a security barrier hides rows, the index is not asked: what EXPLAIN
 *	  shows would tell of them.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_range_rows.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/genam.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "port/pg_bitutils.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"

#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_settings.h"
#include "am/index/ivfkm_tree.h"
#include "am/scan/ivfkm_query.h"
#include "am/sql/ivfkm_plan_cache.h"
#include "am/sql/ivfkm_range_drawn.h"
#include "am/sql/ivfkm_range_rows.h"
#include "am/sql/ivfkm_statistics.h"

/*
 * Rows that an unknown bound lets through: the share that PostgreSQL takes of a range, and no more
 * than a search usually wants.
 */
#define UNKNOWN_SHARE DEFAULT_RANGE_INEQ_SEL
#define UNKNOWN_ROWS  10.0

/*
 * Lists whose rows are counted by their codes; lists that are asked for at most; and the share of a
 * list's rows at which no more are.
 */
#define COUNTED_LISTS 16
#define MOST_LISTS	  512
#define SMALL_SHARE	  1e-3

/* Draws for all partitions of a query together, if these are no more. */
#define MOST_DRAWS 64

/* Error of 1-bit codes, by the product of query and residual in one dimension of many. */
#define CODE_ERROR 0.75

/* Width of the bounds by which the tree is searched for them. */
#define TREE_EPSILON 2.0f

/* Dimensions in which rows spread around their centroid, at most. */
#define SPREAD_DIMS 24

/* Standard deviation of the squared residuals of rows, as a share of their mean. */
#define RESIDUAL_DEVIATION 0.4

static amcostestimate_function our_costestimate;

/* Called once when the library is loaded: indexes whose costs "costestimate" estimates are ours. */
void
ivfkm_range_rows_init(amcostestimate_function costestimate)
{
	our_costestimate = costestimate;
}

/* True for an index with our scans, under whichever name of an access method. */
bool
ivfkm_range_is_ours(const IndexOptInfo *index)
{
	return (amcostestimate_function) index->amcostestimate == our_costestimate;
}

/* True if an expression is the same for all rows of a table, and may be computed before a scan. */
static bool
is_fixed(PlannerInfo *root, const RelOptInfo *rel, Expr *expr)
{
	return !bms_is_member((int) rel->relid, pull_varnos(root, (Node *) expr)) &&
		   !contain_volatile_functions((Node *) expr) && !contain_subplans((Node *) expr);
}

/*
 * True if "distance" is that of an index, between its column and something else: sets *origin to
 * that.  Of several columns only the vector has distances.
 */
bool
ivfkm_range_index_origin(const IndexOptInfo *index, Expr *distance, Expr **origin)
{
	for (int column = 0; column < index->nkeycolumns; column++)
	{
		/* of arrays, no scan finds all within a distance without looking at all rows */
		if (!type_is_array(index->opcintype[column]) &&
			ivfkm_range_origin(distance,
							   list_nth_node(TargetEntry, index->indextlist, column)->expr,
							   index->opfamily[column], origin))
			return true;
	}
	return false;
}

/*
 * True if a condition bounds the distance of an index, from something that is known before the
 * scan: fills in *match.  Tables that are joined before may be part of it.
 */
bool
ivfkm_range_match(PlannerInfo *root, const IndexOptInfo *index, RestrictInfo *rinfo,
				  IvfkmRangeMatch *match)
{
	match->index = index;
	match->rinfo = rinfo;
	return !rinfo->pseudoconstant && ivfkm_range_split(rinfo->clause, &match->range) &&
		   ivfkm_range_index_origin(index, match->range.distance, &match->origin) &&
		   is_fixed(root, index->rel, match->origin) &&
		   is_fixed(root, index->rel, match->range.bound);
}

/* Answers that are kept: those for the indexes and conditions of one table are wanted together. */
#define KEPT_ANSWERS 8

/* What an index was asked, and its answer, negative if it had none. */
typedef struct Answer
{
	Oid index;	  /* invalid: no answer is here */
	Node *origin; /* of the distance, as far as it is known */
	Node *bound;  /* the same */
	double first; /* bound, as the distance has it */
	IvfkmRangeShares shares;
} Answer;

/* The planning that is going on, and the last answers in it; without a context there is none. */
static struct
{
	const PlannerGlobal *glob;
	MemoryContext context; /* of the planner, with the answers */
	Answer answers[KEPT_ANSWERS];
	int next; /* to be replaced */
} planning;

/* Callback: the memory that the answers are in goes. */
static void
forget_answers(void *context)
{
	if (planning.context == context)
		planning.context = NULL;
}

/*
 * Begins to keep answers for the planning that "root" is part of, if that is another one: several
 * may share a context.
 */
static void
begin_answers(const PlannerInfo *root)
{
	MemoryContextCallback *callback;

	if (planning.context == root->planner_cxt && planning.glob == root->glob)
		return;
	if (planning.context != root->planner_cxt)
	{
		callback = MemoryContextAlloc(root->planner_cxt, sizeof(MemoryContextCallback));
		callback->func = forget_answers;
		callback->arg = root->planner_cxt;
		MemoryContextRegisterResetCallback(root->planner_cxt, callback);
	}
	memset(&planning, 0, sizeof(planning));
	planning.context = root->planner_cxt;
	planning.glob = root->glob;
}

/* What the index is asked, and its answer. */
typedef struct Question
{
	const IndexOptInfo *index;
	Node *origin;					   /* of the distance, as far as it is known */
	Node *bound;					   /* the same */
	double bounds[IVFKM_DRAWN_VALUES]; /* as the operator has them, each as likely */
	int nbounds;
	int draws; /* of what is not known */
	IvfkmRangeShares shares;
} Question;

/* The answer to a question that was asked before; NULL if it was not, or if others came since. */
static const Answer *
find_answer(const Question *question)
{
	for (int i = 0; i < KEPT_ANSWERS; i++)
	{
		const Answer *answer = &planning.answers[i];

		if (answer->index == question->index->indexoid && answer->first == question->bounds[0] &&
			equal(answer->origin, question->origin) && equal(answer->bound, question->bound))
			return answer;
	}
	return NULL;
}

/* Keeps the answer to a question, after begin_answers(). */
static void
add_answer(const Question *question)
{
	Answer *answer = &planning.answers[planning.next];
	MemoryContext old_context = MemoryContextSwitchTo(planning.context);

	answer->index = InvalidOid; /* until all of it is there */
	answer->origin = copyObject(question->origin);
	answer->bound = copyObject(question->bound);
	answer->first = question->bounds[0];
	answer->shares = question->shares;
	answer->index = question->index->indexoid;
	planning.next = (planning.next + 1) % KEPT_ANSWERS;
	MemoryContextSwitchTo(old_context);
}

/*
 * The distance of a list's rows in index space, and its standard deviation: of rows with the mean
 * squared residual "residual2" in all directions around the centroid.  *error: standard deviation
 * of what 1-bit codes say of it.
 */
static double
distance_of_list(const IvfkmQuery *query, const IvfkmProbe *list, double residual2,
				 double *deviation, double *error)
{
	double dims = Min(query->dims, SPREAD_DIMS);
	double along2; /* squared deviation of twice the product of query and residual, or of once */

	if (query->metric == QUANT_IP)
	{
		along2 = query->quant.norm2 * residual2;
		*deviation = sqrt(along2 / dims);
		*error = CODE_ERROR * sqrt(along2 / query->dims);
		return query->ip_constant - list->dot;
	}
	along2 = 4.0 * list->dist2 * residual2;
	*deviation = sqrt(along2 / dims + pow(RESIDUAL_DEVIATION * residual2, 2.0));
	*error = CODE_ERROR * sqrt(along2 / query->dims);
	return list->dist2 + residual2;
}

/* Share of a normal distribution that is at most "bound". */
static double
normal_share(double mean, double deviation, double bound)
{
	if (!(deviation > 0.0))
		return mean <= bound ? 1.0 : 0.0;
	return 0.5 * erfc((mean - bound) / (M_SQRT2 * deviation));
}

/*
 * Counts the rows of a list that are within "bound" by the middle of their bounds, and those that
 * are candidates.  Takes share locks on its pages, one at a time.
 */
static void
count_list(const IvfkmIndex *index, const IvfkmQuery *query, const IvfkmProbe *list, double bound,
		   IvfkmRangeShares *shares)
{
	IvfkmReader reader;
	QuantBound bounds;
	double rows = 0.0;

	shares->within = shares->candidates = 0.0;
	ivfkm_query_bound(query, list, (float) IVFKM_EXACT_EPSILON, &bounds);
	ivfkm_reader_begin(&reader, index->relation, &index->lists, &list->child, &query->quant);
	reader.bits = query->bits;
	while (ivfkm_reader_next(&reader))
	{
		for (int u = 0; u < index->lists.units; u++)
		{
			float lb[QUANT_UNIT];
			float ub[QUANT_UNIT];
			IvfkmUnit unit;
			uint32 mask =
				ivfkm_reader_scan(&reader, u, &bounds, get_float4_infinity(), lb, ub, &unit);

			for (; mask != 0; mask &= mask - 1)
			{
				int lane = pg_rightmost_one_pos32(mask);

				rows += 1.0;
				shares->within += 0.5 * ((double) lb[lane] + ub[lane]) <= bound;
				shares->candidates += lb[lane] <= bound;
			}
		}
	}
	shares->within /= Max(rows, 1.0);
	shares->candidates /= Max(rows, 1.0);
}

/*
 * The shares of the rows of an index that are within "distance", as the operator has it, of
 * "origin".  False if there is no such distance.
 */
static bool
shares_around(const IvfkmIndex *index, struct varlena *origin, double distance,
			  IvfkmRangeShares *shares)
{
	const IvfkmMetaPageData *meta = &index->meta;
	IvfkmQuery query;
	IvfkmTree tree;
	IvfkmProbe list;
	IvfkmRangeShares sum = {0.0, 0.0};
	IvfkmRangeShares expected = {1.0, 1.0}; /* of the last list */
	double rows = 0.0;						/* of the lists so far */
	double expected_within = 0.0;			/* of the lists that were counted */
	double ratio = 1.0;
	double bound;

	if (index->ops->dims(origin) != index->column_dims)
		return false;
	ivfkm_query_init(&query, index, PointerGetDatum(origin), false, true);
	if (!query.ordered)
		return false;
	bound = ivfkm_query_distance(&query, distance);
	ivfkm_tree_begin(&tree, index->relation, meta, IVFKM_DESCENT_SEARCH, query.target,
					 query.target == query.point ? &query.quant : NULL, query.point, TREE_EPSILON,
					 (int) Min(meta->nlists, COUNTED_LISTS), NULL);
	for (int i = 0; i < MOST_LISTS && expected.candidates > SMALL_SHARE; i++)
	{
		double deviation;
		double error;
		double mean;
		IvfkmRangeShares own;

		if (!ivfkm_tree_next(&tree, &list))
			break;
		mean = distance_of_list(&query, &list, meta->build_residual2, &deviation, &error);
		expected.within = normal_share(mean, deviation, bound);
		expected.candidates = normal_share(mean, deviation, bound + IVFKM_EXACT_EPSILON * error);
		own = expected;
		if (i < COUNTED_LISTS)
		{
			count_list(index, &query, &list, bound, &own);
			expected_within += expected.within * list.child.rows;
		}
		else
			own.within *= ratio;
		sum.within += own.within * list.child.rows;
		sum.candidates += own.candidates * list.child.rows;
		rows += list.child.rows;
		if (i < COUNTED_LISTS && expected_within > 0.0)
			ratio = Min(sum.within / expected_within, 1.0);
	}
	/* of the others, which are farther away, from that share down to none */
	rows = Max(meta->build_rows - rows, 0.0) / 2.0;
	sum.within += rows * ratio * expected.within;
	sum.candidates += rows * expected.candidates;
	shares->within = Min(sum.within / meta->build_rows, 1.0);
	shares->candidates = Min(sum.candidates / meta->build_rows, 1.0);
	return true;
}

/* What the distance is from: what the question says, or rows that are drawn.  Returns how many. */
static int
find_origins(const IvfkmIndex *index, const Question *question, IvfkmDrawnRow *origins)
{
	if (!IsA(question->origin, Const))
		return ivfkm_drawn_rows(index, question->draws, origins);
	origins[0].value = ((Const *) question->origin)->constvalue;
	origins[0].weight = 1.0;
	return 1;
}

/* Asks an index; leaves the shares as they are if the question does not fit. */
static void
ask_index(Relation index, void *arg)
{
	Question *question = arg;
	IvfkmRangeShares sum = {0.0, 0.0};
	double weight = 0.0;
	IvfkmMetaPageData meta;
	IvfkmIndex handle;
	IvfkmDrawnRow origins[IVFKM_DRAWN_VALUES];
	int n;
	int asked;

	if (!ivfkm_plan_cache_get(index, question->index->pages, &meta) || meta.build_rows < 1.0)
		return;
	ivfkm_index_use(&handle, index, &meta);
	n = find_origins(&handle, question, origins);
	asked = Max(n, Min(question->nbounds, question->draws));
	for (int i = 0; n > 0 && i < asked; i++)
	{
		struct varlena *origin = PG_DETOAST_DATUM(origins[i % n].value);
		double bound = question->bounds[(2 * i + 1) * question->nbounds / (2 * asked)];
		IvfkmRangeShares own;

		if (!shares_around(&handle, origin, bound, &own))
			continue;
		weight += origins[i % n].weight;
		sum.within += origins[i % n].weight * own.within;
		sum.candidates += origins[i % n].weight * own.candidates;
	}
	if (weight <= 0.0)
		return;
	question->shares.within = sum.within / weight;
	question->shares.candidates = sum.candidates / weight;
}

/*
 * Asks the index of a question; the shares stay as they are if it is damaged.  Of a distance from
 * rows that are drawn the last answers of the session are kept.
 */
static void
ask(Question *question)
{
	Oid oid = question->index->indexoid;
	bool drawn = !IsA(question->origin, Const) && IsA(question->bound, Const);
	IvfkmRangeShares before = question->shares;
	MemoryContext context;
	MemoryContext old_context;
	Relation index;

	if (drawn && ivfkm_plan_cache_find_shares(oid, question->bounds[0], &question->shares))
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "ivfkm range", ALLOCSET_DEFAULT_SIZES);
	old_context = MemoryContextSwitchTo(context);
	index = index_open(oid, NoLock);
	if (!ivfkm_plan_cache_try(index, ask_index, question))
		question->shares = before;
	else if (drawn && question->shares.within >= 0.0)
		ivfkm_plan_cache_keep_shares(oid, question->bounds[0], &question->shares);
	index_close(index, NoLock);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
}

/*
 * Notes the bounds of a question that a condition may have, as far as they are numbers.  Returns
 * false if nothing is known of them.  *none: no row is within any of them.
 */
static bool
find_bounds(PlannerInfo *root, const IvfkmRangeBound *range, Question *question, bool *none)
{
	Datum values[IVFKM_DRAWN_VALUES];
	const Const *constant = (const Const *) question->bound;
	int n = 1;

	*none = true;
	if (IsA(constant, Const))
	{
		values[0] = constant->constvalue;
		if (constant->constisnull)
			return true;
	}
	else
		n = ivfkm_statistics_numbers(root, question->bound, values);
	for (int i = 0; i < n; i++)
	{
		double bound = ivfkm_range_bound(range, values[i], false);

		*none &= bound < 0.0 && isinf(bound);
		if (isfinite(bound))
			question->bounds[question->nbounds++] = bound;
	}
	return n > 0;
}

/* How much is drawn of what is not known: less where many partitions are asked, for their mean. */
static int
count_draws(const PlannerInfo *root)
{
	int draws = MOST_DRAWS / Max(list_length(root->append_rel_list), 1);

	return Max(1, Min(draws, IVFKM_DRAWN_VALUES));
}

/*
 * Finds out the share of the rows of an index that are within the bound of "match", and of those
 * that a scan without order takes for candidates.  False if the index has no answer: then both are
 * a guess.
 */
bool
ivfkm_range_shares(PlannerInfo *root, const IvfkmRangeMatch *match, IvfkmRangeShares *shares)
{
	const RelOptInfo *rel = match->index->rel;
	Question question = {.index = match->index, .shares = {-1.0, -1.0}};
	const Answer *answer;
	bool none;

	shares->within = shares->candidates =
		Min(UNKNOWN_SHARE, UNKNOWN_ROWS / Max(match->index->tuples, 1.0));
	if (rel->baserestrict_min_security < root->qual_security_level)
		return false;
	question.origin = estimate_expression_value(root, (Node *) match->origin);
	question.bound = estimate_expression_value(root, (Node *) match->range.bound);
	question.draws = count_draws(root);
	if (!find_bounds(root, &match->range, &question, &none))
		return false;
	none |= IsA(question.origin, Const) && ((Const *) question.origin)->constisnull;
	if (none || question.nbounds == 0)
	{
		shares->within = shares->candidates = none ? 0.0 : 1.0;
		return true;
	}

	begin_answers(root);
	answer = find_answer(&question);
	if (answer != NULL)
		question.shares = answer->shares;
	else
	{
		ask(&question);
		add_answer(&question);
	}
	if (question.shares.within < 0.0)
		return false;
	*shares = question.shares;
	return true;
}

/*
 * Counts anew how many rows a table gives, after the selectivity of conditions was corrected.
 * Paths made before keep their numbers; ivfkm_range_path.c corrects them.
 */
void
ivfkm_range_recount(PlannerInfo *root, RelOptInfo *rel)
{
	double before = rel->rows;
	ListCell *cell;

	rel->rows = clamp_row_est(
		rel->tuples * clauselist_selectivity(root, rel->baserestrictinfo, 0, JOIN_INNER, NULL));
	foreach (cell, rel->ppilist)
	{
		ParamPathInfo *info = lfirst(cell);

		info->ppi_rows = clamp_row_est(info->ppi_rows * rel->rows / before);
	}
}

/*
 * Corrects how many rows a table gives where PostgreSQL had nothing to go by but that a distance
 * is compared.
 */
void
ivfkm_range_correct(PlannerInfo *root, RelOptInfo *rel)
{
	bool changed = false;
	ListCell *cell;

	foreach (cell, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		ListCell *index_cell;

		/* the number that stands for no knowledge; corrected ones are different */
		if (rinfo->norm_selec != DEFAULT_INEQ_SEL)
			continue;
		foreach (index_cell, rel->indexlist)
		{
			const IndexOptInfo *index = lfirst(index_cell);
			IvfkmRangeMatch match;
			IvfkmRangeShares shares;

			if (!ivfkm_range_is_ours(index) || !ivfkm_range_match(root, index, rinfo, &match))
				continue;
			(void) ivfkm_range_shares(root, &match, &shares);
			rinfo->norm_selec = shares.within;
			changed = true;
			break;
		}
	}
	if (changed)
		ivfkm_range_recount(root, rel);
}
