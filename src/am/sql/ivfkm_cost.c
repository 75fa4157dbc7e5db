/*-------------------------------------------------------------------------
 *
 * ivfkm_cost.c
 *	  What the planner is told about a scan.
 *
 * NOTES
 *	  COSTS.md of this folder has the formulas, and how their constants were measured.  A
 *	  scan works in passes, of which each prepares for so many rows.  What it costs to take m
 *	  rows is not linear in m, but a path has only two costs, before the first row and in
 *	  all, and whoever takes a part of the rows goes by the line between.  So the line is laid
 *	  through the point that matters: the rows that the query's LIMIT will take from this scan.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_cost.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/genam.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_options.h"
#include "am/index/ivfkm_rights.h"
#include "am/index/ivfkm_settings.h"
#include "am/index/ivfkm_tree.h"
#include "am/sql/ivfkm_cost.h"
#include "am/sql/ivfkm_list_share.h"
#include "am/sql/ivfkm_plan_cache.h"
#include "am/sql/ivfkm_range_rows.h"
#include "am/sql/ivfkm_unknown.h"

/* Rows that a LIMIT whose count is not known at planning is taken to want. */
#define UNKNOWN_LIMIT 100

/* Share of the rows that PostgreSQL takes such a LIMIT to want, see preprocess_limit(). */
#define UNKNOWN_LIMIT_SHARE 0.1

/* Vectors of a query for arrays that is not known at planning. */
#define USUAL_VECTORS 32.0

/* ----- the work of a scan, in units of cpu_operator_cost ----- */

#define START_COST		3000.0 /* beginning a search: memory, the root */
#define START_COST_DIM	3.4	   /* for each dimension: rotating the query, tables */
#define CODE_COST		1.6	   /* bounds of one row or centroid by its 1-bit code */
#define CODE_COST_DIM	0.0025
#define CANDIDATE_COST	9.0	 /* a row below the horizon of the first sweep */
#define KEPT_COST		3.5	 /* a row in the lists of the second sweep, which keeps all of them */
#define REFINE_COST		22.0 /* a candidate that is taken: its refine record */
#define REFINE_COST_DIM 0.08
#define ROW_COST		60.0 /* a row that is given, beside what cost_index() adds */
#define TEST_COST		0.2	 /* a row of a list whose attributes are tested, and for each */
#define TEST_COST_TERM	0.05 /* condition */

/*
 * A scan without order goes through all codes one after the other, and refines what it collected
 * without a thought of the order: that takes less.  So does beginning once more.
 */
#define AGAIN_COST		  300.0 /* beginning, if it is not the first scan of a join */
#define AGAIN_COST_DIM	  1.2	/* for each dimension */
#define ALL_CODES_COST	  0.35	/* a row by its code, beside what its dimensions cost */
#define EACH_REFINED_COST 5.0	/* a candidate, beside keeping it */
#define EACH_REFINED_DIM  0.01

/*
 * Rows of a scan without order are not fetched in the order in which they lie: what the distance
 * costs more than it does in a sequential scan.  Where values are not in TOAST tables it is nothing
 * to speak of.
 */
#define ELSEWHERE 0.5

/* Rows looked at exactly for each row given, by the bits of the refine codes. */
#define LOOKS_8_BITS 1.0
#define LOOKS_4_BITS 0.3

/*
 * Of arrays: entries that each query vector looks for, with which recall, see ivfkm_maxsim.c; lists
 * that are met for the first time, of those of each; rows looked at for each one wanted.  Measured
 * on 20,000 rows of 8 to 32 vectors of 128 dimensions, 32 to a query.
 */
#define VECTORS_PER_ROW	 4.0
#define LEAST_VECTORS	 64.0
#define ENTRIES_TARGET	 0.9
#define DISTINCT_LISTS	 0.4
#define ARRAYS_LOOKED_AT 35.0

/* Rows that cannot be told from the nearest k by their 1-bit codes: k (1.5 + 1600 / dims). */
#define SPREAD	   1.5
#define SPREAD_DIM 1600.0

/*
 * Lists for each row that passes below a filter are taken to scan from the third one on, divided by
 * the dimensions, and at most.  They scan fewer, but in few dimensions far more rows become
 * candidates than is reckoned with here: with what they scan, a bitmap scan of 0.4 ms lost to an
 * index scan of 4 ms (60,000 x 16, LIMIT 1).
 */
#define FILTER_LISTS_DIM	 512.0
#define FILTER_LISTS_PER_ROW 4.0

/* LIMIT above which it is taken for certain how many rows hold as many that pass the filter. */
#define CERTAIN_LIMIT 100.0

/* A pass that fewer searches need is not reckoned with. */
#define RARE_PASS 0.01

/* What the costs of a scan follow from. */
typedef struct ScanModel
{
	IvfkmMetaPageData meta;
	IvfkmSettings settings;
	IvfkmGeometry geometry;
	double rows;	/* in the index */
	double entries; /* of these: more, if they are arrays */
	bool arrays;
	double vectors;		 /* of the query, if they are arrays */
	double limit;		 /* rows that the scan is told to give; 0 if it is not told */
	double within;		 /* share of the rows within the bounds of the distance */
	double near;		 /* share that the codes of a scan in order do not exclude */
	int nconditions;	 /* on the index's other columns */
	double met;			 /* share that meets them */
	double test;		 /* of testing these for a row; 0: there are none */
	double lists;		 /* in which rows may meet them, by their summaries; or all */
	double dense;		 /* share of the rows of these lists that meets them */
	double looked;		 /* share of these in units where a row meets them */
	bool filtered;		 /* some are filtered out afterwards, but for those beyond the bounds */
	double passed;		 /* share of the rows given that these let through */
	bool few;			 /* fewer rows than the LIMIT pass: all are wanted */
	double list_rows;	 /* in a list */
	double list_pages;	 /* of a list, without refine pages */
	double centroids;	 /* that a search compares with */
	double row_distance; /* cost of the exact distance of a row */
	double row_test;	 /* of the conditions on a row's distance, in a scan without order */
	bool again;			 /* it is one of many scans of a join */
	double read;		 /* share of its pages that were not read by those before */
	Cost page;			 /* of reading a page of the index */
} ScanModel;

/*
 * Fills in the metapage of an index that has none that could be read: a search of it will
 * report that, and should cost what searches usually do.
 */
static void
guess_meta(const IndexOptInfo *info, IvfkmMetaPageData *meta)
{
	memset(meta, 0, sizeof(*meta));
	meta->dimensions = 1024;
	meta->height = 1;
	meta->nlists = (uint32) Max(1.0, Min(info->tuples / 256.0, IVFKM_MAX_LISTS));
	meta->build_rows = info->tuples;
	meta->ncalibrations = IVFKM_CALIBRATION_KS;
	for (int i = 0; i < IVFKM_CALIBRATION_KS; i++)
	{
		for (int j = 0; j < IVFKM_CALIBRATION_TARGETS; j++)
			meta->calibration[i].rows[j] = meta->calibration[i].least[j] =
				meta->calibration[i].means[j] = 4096.0f;
	}
}

/* Vectors of the query that an index on arrays is searched for; a usual number if not known. */
static double
query_vectors(const IndexPath *path)
{
	ListCell *cell;

	if (path->indexorderbys == NIL || !is_opclause(linitial(path->indexorderbys)))
		return USUAL_VECTORS;
	foreach (cell, ((OpExpr *) linitial(path->indexorderbys))->args)
	{
		Const *constant = lfirst(cell);

		if (IsA(constant, Const) && !constant->constisnull)
		{
			ArrayType *array = DatumGetArrayTypeP(constant->constvalue);

			return Max(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), 1);
		}
	}
	return USUAL_VECTORS;
}

/* Sets up the model of a scan of "index" along "path". */
static void
model_init(ScanModel *model, PlannerInfo *root, const IndexPath *path, Relation index)
{
	const IndexOptInfo *info = path->indexinfo;
	IvfkmMetaPageData *meta = &model->meta;
	QualCost distance;
	int dims;

	if (!ivfkm_plan_cache_get(index, info->pages, meta))
		guess_meta(info, meta);
	ivfkm_settings_get(index, meta, &model->settings);

	dims = (int) meta->dimensions;
	page_list_geometry(&model->geometry, dims, meta->refine_bits, meta->nattributes, meta->narrow,
					   meta->keeps_bits);
	model->rows = model->entries = Max(info->tuples, 1.0);
	model->arrays = ivfkm_ops_get(index)->array != NULL;
	if (model->arrays)
	{
		model->entries = Max(model->rows, meta->build_rows);
		model->vectors = query_vectors(path);
	}
	model->list_rows = model->entries / meta->nlists;
	model->list_pages = ceil(model->list_rows / model->geometry.slots) * model->geometry.stripes;
	model->centroids = meta->nlists;
	if (meta->height > 1) /* those of the nodes that the search opens */
		model->centroids = Min(model->centroids, (double) IVFKM_NODE_CHILDREN *
													 meta->descents[IVFKM_DESCENT_SEARCH].nodes[0]);
	cost_qual_eval(&distance, path->indexorderbys, root);
	model->row_distance = distance.per_tuple;
	get_tablespace_page_costs(info->reltablespace, NULL, &model->page);
}

/*
 * Conditions that an ordered path is not given, but that its scan finds in its filter, as
 * RestrictInfos: see note_condition() in ivfkm_told.c.
 */
static List *
told_conditions(const IndexPath *path)
{
	IndexOptInfo *info = path->indexinfo;
	List *found = NIL;
	ListCell *cell;
	ListCell *own;

	if (path->indexorderbys == NIL)
		return NIL;
	foreach (cell, info->indrestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		ScalarArrayOpExpr *clause = (ScalarArrayOpExpr *) rinfo->clause;
		bool known = false;

		if (!IsA(clause, ScalarArrayOpExpr) || !clause->useOr ||
			contain_var_clause(lsecond(clause->args)) ||
			contain_volatile_functions(lsecond(clause->args)))
			continue;
		foreach (own, path->indexclauses)
			known |= lfirst_node(IndexClause, own)->rinfo == rinfo;
		for (int column = 0; column < info->nkeycolumns && !known; column++)
		{
			if (!op_in_opfamily(clause->opno, info->opfamily[column]) ||
				!match_index_to_operand(linitial(clause->args), column, info))
				continue;
			found = lappend(found, rinfo);
			break;
		}
	}
	return found;
}

/*
 * Notes the conditions of a path on columns of the index.  Returns the share of the rows of the
 * table that a scan gives by them and by the predicate of the index.
 */
static Selectivity
model_conditions(ScanModel *model, PlannerInfo *root, const IndexPath *path, List *told)
{
	IndexOptInfo *info = path->indexinfo;
	double rows = Max(info->rel->tuples, 1.0);
	Selectivity given = Min(1.0, info->tuples / rows);
	List *quals;

	model->met = 1.0;
	model->test = 0.0;
	model->nconditions = list_length(path->indexclauses) + list_length(told);
	if (model->nconditions == 0)
		return given;
	quals = list_concat(get_quals_from_indexclauses(path->indexclauses), told);
	given = Min(given, clauselist_selectivity(root, add_predicate_to_index_quals(info, quals),
											  (int) info->rel->relid, JOIN_INNER, NULL));
	model->met = Max(1.0, given * rows) / Max(info->tuples, 1.0);
	model->met = Min(model->met, 1.0);
	model->test = TEST_COST + TEST_COST_TERM * model->nconditions;
	return given;
}

/*
 * Notes which lists a scan looks into for its conditions, with what "unknowns" are in a draw.  Uses
 * what the functions before noted.
 */
static void
model_lists(ScanModel *model, PlannerInfo *root, const IndexPath *path, List *told,
			const List *unknowns, int draw, Relation index)
{
	double share = 1.0;

	if (model->nconditions > 0)
		share = ivfkm_list_share(root, path, told, unknowns, draw, index, &model->meta);

	model->lists = Max(1.0, model->meta.nlists * share);
	model->dense = Min(1.0, model->met / share);
	model->looked = 1.0 - pow(1.0 - model->dense, QUANT_UNIT);
}

/* Cost of looking at a row of a list: its attributes, then perhaps its code. */
static double
cost_of_code(const ScanModel *model)
{
	return model->test + model->looked * (CODE_COST + CODE_COST_DIM * model->meta.dimensions);
}

/*
 * Lists that hold the budget for the k nearest rows that meet the conditions, which are spread as
 * the k / share nearest of all are, in the lists that are not left out: lists that have lost rows
 * since the build hold less.  by_gap: on average, of searches that end by the gap, which have seen
 * half of a list more than it took.
 */
static double
lists_of_budget(const ScanModel *model, double k, bool by_gap)
{
	double rows_per_list =
		Max(Min(model->list_rows, model->meta.build_rows / model->meta.nlists), 1.0);
	double target = model->settings.target;

	k /= model->dense;
	if (by_gap)
		return ivfkm_budget_mean(&model->meta, k, target) / rows_per_list + 0.5;
	return ceil(ivfkm_budget_rows(&model->meta, k, target) / rows_per_list);
}

/* True if the first pass of a scan ends by the gap: see ends_early() in ivfkm_pass.c. */
static bool
ends_early(const ScanModel *model, double k)
{
	return model->limit > 0.0 && model->limit <= k && model->within >= 1.0 &&
		   ivfkm_budget_may_end_early(&model->settings, k);
}

/* Lists that a scan has scanned after a pass; "before" after the pass before. */
static double
lists_of_pass(const ScanModel *model, int pass, double total_k, double before)
{
	const IvfkmSettings *settings = &model->settings;
	double lists;

	if (pass == 1 && settings->probes > 0)
		lists = settings->probes;
	else if (pass == 1)
	{
		lists = lists_of_budget(model, ivfkm_budget_first_k(settings, total_k),
								ends_early(model, total_k));
		lists = Max(settings->least, lists * settings->scale);
	}
	else
	{
		lists = Max(before * 2.0, lists_of_budget(model, total_k, false));
		if (pass > 2 && (model->limit <= 0.0 || model->filtered))
			lists =
				Max(lists,
					Min(FILTER_LISTS_PER_ROW, FILTER_LISTS_DIM / model->meta.dimensions) * total_k);
		if (settings->max_scan_tuples > 0)
			lists = Min(lists, ceil(settings->max_scan_tuples / model->list_rows));
	}
	if (settings->max_probes > 0)
		lists = Min(lists, settings->max_probes);
	return Max(before, Min(lists, model->lists));
}

/*
 * How likely it is that a scan which is to give "wanted" rows, on average, goes on behind passes
 * for "prepared" rows.  Where a filter lets some of them through, it is not certain how many it
 * takes for the LIMIT: rows that pass come like events of a Poisson process.
 */
static double
pass_needed(const ScanModel *model, double wanted, double prepared)
{
	double mean = prepared * model->limit / wanted; /* rows that pass, of those */
	double term = exp(-mean);
	double sum = 0.0;

	if (!model->filtered || model->few || model->limit <= 0.0 || model->limit > CERTAIN_LIMIT)
		return prepared < wanted ? 1.0 : 0.0;
	for (double n = 0.0; n < model->limit; n++)
	{
		sum += term;
		term *= mean / (n + 1.0);
	}
	return Min(sum, 1.0);
}

/* Rows of the index that meet the conditions on its columns and the bounds of the distance. */
static double
rows_within(const ScanModel *model)
{
	return Max(model->rows * model->within * model->met, 1.0);
}

/*
 * Cost of taking "wanted" rows from the scan, without what cost_index() adds for fetching
 * them.  *first: the part of it that comes before the first row.
 */
static Cost
cost_of_rows(const ScanModel *model, double wanted, Cost *first)
{
	double dims = model->meta.dimensions;
	double code = cost_of_code(model);
	double spread = SPREAD + SPREAD_DIM / dims;
	double near = model->near * model->rows * model->met;
	double k = ivfkm_budget_pass_k(0.0, model->limit);
	double total_k = k; /* rows that the passes so far prepare for */
	double lists = lists_of_pass(model, 1, k, 0.0);
	double expected = lists;				/* lists that are scanned, on average */
	double again = 0.0;						/* those of the second sweep */
	double rows = lists * model->list_rows; /* in the lists scanned so far */
	double pages = ceil(model->centroids * quant_code_bytes((int) dims) / BLCKSZ);
	double work = START_COST + START_COST_DIM * dims + code * rows +
				  (CODE_COST + CODE_COST_DIM * dims) * model->centroids +
				  CANDIDATE_COST * Min(Min(rows * model->dense, k * spread), near);
	double given;
	double taken;
	double looks;
	double needed = model->settings.iterative_scan != IVFKM_ITERATIVE_OFF
						? pass_needed(model, wanted, total_k)
						: 0.0;

	*first = work * cpu_operator_cost + (pages + lists * model->list_pages) * model->page;
	for (int pass = 2; needed > RARE_PASS; pass++)
	{
		double before = lists;

		k = ivfkm_budget_pass_k(k, model->limit - total_k);
		total_k += k;
		lists = lists_of_pass(model, pass, total_k, before);
		if (pass == 2)
			again = needed * before;
		again += needed * (lists - before);
		expected += needed * (lists - before);
		needed = lists > before ? pass_needed(model, wanted, total_k) : 0.0;
	}
	rows = lists * model->list_rows;
	work += again * model->list_rows * (code + KEPT_COST * model->dense);
	pages += expected * model->list_pages;

	rows *= model->dense;
	given = Min(wanted, rows);
	taken = Max(Min(Min(given * spread, rows), near), given);
	looks = taken;
	work += given * ROW_COST;
	if (model->meta.refine_bits > 0)
	{
		looks = given * (model->meta.refine_bits == 8 ? LOOKS_8_BITS : LOOKS_4_BITS);
		work += taken * (REFINE_COST + REFINE_COST_DIM * dims);
		pages += Min(taken, ceil(model->rows / model->geometry.refine_slots));
	}
	else if (model->geometry.keeps_bits) /* distances follow from codes */
		looks = 0.0;
	return work * cpu_operator_cost + pages * model->page + looks * model->row_distance;
}

/*
 * The same of an index on arrays: each query vector looks for its nearest entries; the rows that
 * were found are looked at, many for each one that is wanted.
 */
static Cost
cost_of_arrays(const ScanModel *model, double wanted, Cost *first)
{
	double dims = model->meta.dimensions;
	double k = Max(wanted, ivfkm_budget_pass_k(0.0, model->limit));
	double found = Max(k * VECTORS_PER_ROW, LEAST_VECTORS);
	double budget = ivfkm_budget_rows(&model->meta, found / model->dense, ENTRIES_TARGET) *
					model->settings.scale;
	double lists = Min(ceil(budget / Max(model->list_rows, 1.0)), model->lists);
	double distinct = Min(lists * model->vectors * DISTINCT_LISTS, model->lists);
	double looks = Min(k * ARRAYS_LOOKED_AT, model->rows * model->met);
	double pages = ceil(model->centroids * quant_code_bytes((int) dims) / BLCKSZ) +
				   distinct * model->list_pages + looks;
	double each = START_COST_DIM * dims + cost_of_code(model) * lists * model->list_rows +
				  (CODE_COST + CODE_COST_DIM * dims) * model->centroids;

	found = Min(found * 2.0, lists * model->list_rows);
	if (model->meta.refine_bits > 0)
	{
		each += found * (REFINE_COST + REFINE_COST_DIM * dims);
		pages += Min(found * model->vectors, ceil(model->entries / model->geometry.refine_slots));
	}
	*first = (START_COST + model->vectors * each) * cpu_operator_cost + pages * model->page +
			 looks * model->row_distance;
	return *first + wanted * ROW_COST * cpu_operator_cost;
}

/*
 * Least cost of all rows in order, beside what it costs to fetch them.  A sort of the table
 * gives every row in exact order, so it is to be the cheaper way: this is what the sort
 * costs, and the pages of lists and refine records.
 */
static Cost
cost_of_sort(const ScanModel *model)
{
	double rows = model->rows * model->met;
	double comparisons = rows * log2(Max(rows, 2.0));
	double pages = model->lists * model->list_pages;

	if (model->meta.refine_bits > 0)
		pages += rows / model->geometry.refine_slots;
	return pages * model->page + rows * model->row_distance + 2.0 * cpu_operator_cost * comparisons;
}

/*
 * Share of the pages of an index that each of "loops" scans of all lists reads on average: the
 * others are still there from the scan before.
 */
static double
share_read(PlannerInfo *root, const IndexOptInfo *info, double loops)
{
	double pages = Max((double) info->pages, 1.0);

	if (loops <= 1.0)
		return 1.0;
	return index_pages_fetched(pages * loops, info->pages, pages, root) / (pages * loops);
}

/*
 * Cost of a scan without order that gives "within" rows of so many candidates, without what
 * cost_index() adds for fetching them.  *first: the part of it that comes before the first row.
 */
static Cost
cost_of_range(const ScanModel *model, double within, double candidates, Cost *first)
{
	double dims = model->meta.dimensions;
	double code = ALL_CODES_COST + CODE_COST_DIM * dims;
	double taken = Max(candidates, within);
	double pages = ceil(model->centroids * quant_code_bytes((int) dims) / BLCKSZ);
	double work = code * model->centroids;
	double apart;

	if (model->again)
		work += AGAIN_COST + AGAIN_COST_DIM * dims;
	else
		work += START_COST + START_COST_DIM * dims;
	*first = work * cpu_operator_cost + pages * model->read * model->page;
	pages += model->lists * model->list_pages;
	work += (model->test + model->looked * code) * model->lists * model->list_rows +
			CODE_COST * model->lists + KEPT_COST * taken + ROW_COST * within;
	apart = ELSEWHERE * model->row_test * within;
	if (model->meta.refine_bits > 0 && model->within < 1.0)
	{
		work += taken * (EACH_REFINED_COST + EACH_REFINED_DIM * dims);
		pages += Min(taken, ceil(model->rows / model->geometry.refine_slots));
	}
	return work * cpu_operator_cost + pages * model->read * model->page + apart;
}

/*
 * The share of the rows of an index that a scan gives by the bounds of its distance; false if it
 * has none.  A scan in the order of a distance knows bounds of that one.  Also the share of
 * candidates, negative if it is not known, and, of a scan without order, what these conditions cost
 * for a row: *test grows by that.
 */
static bool
find_shares(PlannerInfo *root, const IndexPath *path, IvfkmRangeShares *shares, Cost *test)
{
	const IndexOptInfo *info = path->indexinfo;
	bool unordered = path->indexorderbys == NIL;
	Expr *origin = NULL;
	bool found = false;
	List *rinfos = info->indrestrictinfo;
	ListCell *cell;

	if (!unordered && !ivfkm_range_index_origin(info, linitial(path->indexorderbys), &origin))
		return false;
	if (path->path.param_info != NULL)
		rinfos = list_concat_copy(rinfos, path->path.param_info->ppi_clauses);
	foreach (cell, rinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		IvfkmRangeMatch match;
		IvfkmRangeShares own;
		QualCost cost;

		if (!ivfkm_range_match(root, info, rinfo, &match) ||
			(origin != NULL && !equal(match.origin, origin)))
			continue;
		origin = match.origin;
		if (unordered)
		{
			cost_qual_eval_node(&cost, (Node *) rinfo, root);
			*test += cost.per_tuple;
		}
		own.within = own.candidates = rinfo->norm_selec;
		if (!ivfkm_range_shares(root, &match, &own))
			own.candidates = -1.0;
		if (!found || own.within < shares->within)
			*shares = own;
		found = true;
	}
	return found;
}

/*
 * True for the query that the planner makes of an aggregate such as min(v <-> q) to find out
 * whether "ORDER BY v <-> q LIMIT 1" is cheaper.  What an aggregate says must be exact.  The
 * query is known by what build_minmax_path() gives it: the tables of the query with the
 * aggregate (partitions may have been added), one column of a certain name, a LIMIT of 1.
 */
static bool
replaces_aggregate(const PlannerInfo *root)
{
	const PlannerInfo *parent = root->parent_root;
	const Query *query = root->parse;
	ListCell *own;
	ListCell *of_parent;

	if (parent == NULL || !parent->parse->hasAggs || query->hasAggs || query->limitCount == NULL ||
		query->targetList == NIL || list_length(query->rtable) < list_length(parent->parse->rtable))
		return false;
	forboth (own, query->rtable, of_parent, parent->parse->rtable)
	{
		if (lfirst_node(RangeTblEntry, own)->rtekind !=
				lfirst_node(RangeTblEntry, of_parent)->rtekind ||
			lfirst_node(RangeTblEntry, own)->relid != lfirst_node(RangeTblEntry, of_parent)->relid)
			return false;
	}
	return linitial_node(TargetEntry, query->targetList)->resname != NULL &&
		   strcmp(linitial_node(TargetEntry, query->targetList)->resname, "agg_target") == 0;
}

/* True if each row of the query's tables is a row of its result: nothing is grouped. */
static bool
rows_are_results(const Query *query)
{
	return !query->hasAggs && !query->hasWindowFuncs && !query->hasTargetSRFs &&
		   query->groupClause == NIL && query->groupingSets == NIL &&
		   query->distinctClause == NIL && query->havingQual == NULL &&
		   query->setOperations == NULL;
}

/*
 * Notes in "model" what the scan will be told of the query, and what filters let through.  Returns
 * the share of the scan's rows that the planner will reckon with; 0 if the LIMIT is not known, or
 * there is none.
 */
static double
model_limit(ScanModel *model, const PlannerInfo *root, const IndexPath *path)
{
	const IndexOptInfo *info = path->indexinfo;
	double rows = rows_within(model);

	model->limit = 0.0;
	model->few = false;
	model->passed = Min(1.0, Max(info->rel->rows, 1.0) / rows);
	model->filtered = list_length(info->rel->baserestrictinfo) >
					  model->nconditions + (model->within < 1.0 ? 1 : 0);
	/* a join, too, takes rows away, or makes more of them */
	if (bms_membership(root->all_baserels) != BMS_SINGLETON)
		return 0.0;
	if (root->limit_tuples > 0.0)
	{
		model->limit = root->limit_tuples;
		return Min(1.0, root->limit_tuples / Max(info->rel->rows, 1.0));
	}
	if (root->parse->limitCount == NULL || root->tuple_fraction != UNKNOWN_LIMIT_SHARE ||
		!rows_are_results(root->parse))
		return 0.0;
	model->limit = UNKNOWN_LIMIT;
	return UNKNOWN_LIMIT_SHARE;
}

/*
 * Rows that the query takes from a scan with a LIMIT, until filters have let as many through.
 * Notes whether these are all.
 */
static double
rows_wanted(ScanModel *model)
{
	double rows = rows_within(model);

	model->few = model->limit / model->passed >= rows;
	return Min(rows, model->limit / model->passed);
}

/*
 * Cost of a scan in the order of a distance, of whose rows the planner will reckon with a share; 0:
 * with all.  *first: the part of it that comes before the first row.
 */
static Cost
cost_of_order(ScanModel *model, double share, Cost *first)
{
	double wanted = share > 0.0 ? rows_wanted(model) : model->rows;
	Cost cost =
		model->arrays ? cost_of_arrays(model, wanted, first) : cost_of_rows(model, wanted, first);

	if (share > 0.0)
		return *first + (cost - *first) / share;
	return Max(cost, *first + cost_of_sort(model));
}

/*
 * The correlation with which cost_index() takes a share of the rows of a table to cost that share
 * of what all rows cost.  It takes a few rows to be on as many pages, each of them read from disk,
 * but a LIMIT to want its share of the pages that all rows are on: a scan that ends at a distance
 * would cost many times one that ends at a LIMIT and gives as many rows.
 */
static double
correlation_of_share(PlannerInfo *root, const IndexOptInfo *info, Selectivity share)
{
	const RelOptInfo *rel = info->rel;
	double all = index_pages_fetched(rel->tuples, rel->pages, info->pages, root);
	double some =
		index_pages_fetched(clamp_row_est(share * rel->tuples), rel->pages, info->pages, root);
	double random_page;
	double sequential_page;
	double most;
	double least;

	get_tablespace_page_costs(rel->reltablespace, &random_page, &sequential_page);
	most = some * random_page;
	least = random_page + Max(ceil(share * rel->pages) - 1.0, 0.0) * sequential_page;
	if (most <= least)
		return 0.0;
	return sqrt(Max(0.0, Min((most - share * all * random_page) / (most - least), 1.0)));
}

/* amcostestimate */
void
ivfkmcostestimate(PlannerInfo *root, IndexPath *path, double loop_count, Cost *startup_cost,
				  Cost *total_cost, Selectivity *selectivity, double *correlation, double *pages)
{
	const IndexOptInfo *info = path->indexinfo;
	Relation index = index_open(info->indexoid, NoLock);
	ScanModel model;
	IvfkmRangeShares shares = {1.0, 1.0};
	bool bounded;
	double share;
	double met;
	double passed;
	Cost test = 0.0;
	List *told = told_conditions(path);
	List *unknowns = path->indexorderbys != NIL ? ivfkm_unknown_find(root, path, told) : NIL;
	int draws = unknowns != NIL ? IVFKM_DRAWN_VALUES : 1;

	*selectivity = model_conditions(&model, root, path, told);
	*correlation = 0.0;
	*pages = info->pages;
	/*
	 * One distance orders, or bounds; without any, or with more, there is no such scan, but for one
	 * by conditions on the other columns.  Nor may a scan look at rows that policies hide.
	 */
	ivfkm_range_correct(root, info->rel);
	bounded = find_shares(root, path, &shares, &test);
	if (list_length(path->indexorderbys) > 1 ||
		(path->indexorderbys == NIL && path->indexclauses == NIL && !bounded) ||
		replaces_aggregate(root) || ivfkm_bypasses_policies(root, path, index))
	{
		index_close(index, NoLock);
		*startup_cost = *total_cost = IVFKM_COST_NEVER;
#if PG18_GE
		path->path.disabled_nodes = 1000;
#endif
		return;
	}

	model_init(&model, root, path, index);
	model.within = shares.within;
	model.near = shares.candidates < 0.0 ? 1.0 : sqrt(shares.within * Min(shares.candidates, 1.0));
	model.row_test = test;
	*selectivity *= shares.within; /* of a scan in order, too: it ends at the bound */
	if (bounded && loop_count <= 1.0)
		*correlation = correlation_of_share(root, info, *selectivity);
	if (path->indexorderbys == NIL)
	{
		model_lists(&model, root, path, told, NIL, 0, index);
		index_close(index, NoLock);
		if (shares.candidates < 0.0) /* they were not counted */
			shares.candidates = shares.within * (SPREAD + SPREAD_DIM / model.meta.dimensions);
		model.again = loop_count > 1.0;
		model.read = share_read(root, info, loop_count);
		*total_cost =
			cost_of_range(&model, shares.within * model.met * model.rows,
						  Min(shares.candidates, 1.0) * model.met * model.rows, startup_cost);
		return;
	}
	share = model_limit(&model, root, path);
	met = model.met;
	passed = model.passed;
	*startup_cost = *total_cost = 0.0;
	for (int draw = 0; draw < draws; draw++)
	{
		Cost first;

		model.met = Min(1.0, met * ivfkm_unknown_ratio(unknowns, draw, true));
		model.passed = Min(1.0, passed * ivfkm_unknown_ratio(unknowns, draw, false));
		model_lists(&model, root, path, told, unknowns, draw, index);
		*total_cost += cost_of_order(&model, share, &first) / draws;
		*startup_cost += first / draws;
	}
	index_close(index, NoLock);
}
