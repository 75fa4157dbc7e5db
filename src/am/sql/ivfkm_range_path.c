/*-------------------------------------------------------------------------
 *
 * ivfkm_range_path.c
 *	  Ways to a table for conditions that a distance is below a bound.
 *
 * NOTES
 *	  To PostgreSQL a distance is nothing to search by: no operator class could say v <-> q < r.
 *	  This hook adds scans without keys and without order of indexes whose distance a condition
 *	  bounds, with the bound known when the scan starts: a constant, a parameter, or columns of
 *	  tables that are joined before.  The condition stays in the filter, which decides.  When the
 *	  scan starts it finds the condition there (scan/ivfkm_told.c); one that does not find it
 *	  gives all rows.
 *
 *	  ORDER BY 1 - (v <=> q) DESC gets no path, though it is the order of a distance: NULL comes
 *	  first there, and so does NaN, the similarity to a zero vector.  A scan gives them last, and no
 *	  index knows that it will never have any.
 *
 *	  As with conditions of other indexes, one of the query must not go before those of row
 *	  security: the distance functions are not leakproof.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_range_path.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/selfuncs.h"

#include "am/sql/ivfkm_cost.h"
#include "am/sql/ivfkm_range_path.h"
#include "am/sql/ivfkm_range_rows.h"

static set_rel_pathlist_hook_type previous_pathlist;

/*
 * True if one of the conditions bounds the distance of the index and may be looked at before row
 * security hides rows.
 */
static bool
has_range(PlannerInfo *root, const IndexOptInfo *index, List *rinfos)
{
	ListCell *cell;

	foreach (cell, rinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		IvfkmRangeMatch match;

		if (restriction_is_securely_promotable(rinfo, index->rel) &&
			ivfkm_range_match(root, index, rinfo, &match))
			return true;
	}
	return false;
}

/*
 * True if a query wants the nearest rows within a bound of which nothing is known, and a path gives
 * them in order: that ends at the LIMIT or at the bound, however many rows are within.
 */
static bool
order_will_do(PlannerInfo *root, const RelOptInfo *rel, const IndexOptInfo *index)
{
	ListCell *cell;

	if (root->parse->limitCount == NULL || root->query_pathkeys == NIL)
		return false;
	foreach (cell, index->indrestrictinfo)
	{
		IvfkmRangeMatch match;
		IvfkmRangeShares shares;

		if (ivfkm_range_match(root, index, lfirst_node(RestrictInfo, cell), &match) &&
			ivfkm_range_shares(root, &match, &shares))
			return false;
	}
	foreach (cell, rel->pathlist)
	{
		const IndexPath *path = lfirst(cell);

		if (IsA(path, IndexPath) && path->indexorderbys != NIL && path->indexinfo == index &&
			path->path.param_info == NULL && path->path.total_cost < IVFKM_COST_NEVER &&
			pathkeys_contained_in(root->query_pathkeys, path->path.pathkeys))
			return true;
	}
	return false;
}

/* Adds a scan of the index for each row, or row of joined rows, of the tables "outer". */
static void
add_path_of(PlannerInfo *root, RelOptInfo *rel, IndexOptInfo *index, Relids outer, double loops)
{
	add_path(rel, (Path *) create_index_path(root, index, NIL, NIL, NIL, NIL, ForwardScanDirection,
											 false, outer, loops, false));
}

/*
 * Corrects how many rows a scan with the tables "outer" joined before gives: PostgreSQL takes a
 * third of them to be within each bound.
 */
static void
correct_joined_rows(PlannerInfo *root, RelOptInfo *rel, const IndexOptInfo *index, Relids outer)
{
	ParamPathInfo *info = get_baserel_parampathinfo(root, rel, outer);
	double rows = info->ppi_rows;
	ListCell *cell;

	foreach (cell, info->ppi_clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		IvfkmRangeMatch match;
		IvfkmRangeShares shares;

		if (!ivfkm_range_match(root, index, rinfo, &match))
			continue;
		(void) ivfkm_range_shares(root, &match, &shares);
		rows *= shares.within / DEFAULT_INEQ_SEL;
	}
	info->ppi_rows = clamp_row_est(rows);
}

/* How often a scan will be repeated at least: the fewest rows of the tables "outer". */
static double
count_loops(const PlannerInfo *root, Relids outer)
{
	double loops = 0.0;
	int relid = -1;

	while ((relid = bms_next_member(outer, relid)) >= 0)
	{
		const RelOptInfo *rel;

		/* other joins' tables may not have been planned yet, and outer joins are no tables */
		if (relid >= root->simple_rel_array_size || root->simple_rel_array[relid] == NULL)
			continue;
		rel = root->simple_rel_array[relid];
		if (rel->rows > 0.0)
			loops = loops == 0.0 ? rel->rows : Min(loops, rel->rows);
	}
	return Max(loops, 1.0);
}

/* True if a set of tables is in a list of such sets. */
static bool
has_set(const List *sets, Relids set)
{
	ListCell *cell;

	foreach (cell, sets)
	{
		if (bms_equal(lfirst(cell), set))
			return true;
	}
	return false;
}

/*
 * Adds scans for conditions that join the table to others.  *corrected: sets of outer tables for
 * which the number of rows was corrected.
 */
static void
add_joined_paths(PlannerInfo *root, RelOptInfo *rel, IndexOptInfo *index, List **corrected)
{
	List *sets = NIL;
	ListCell *cell;

	foreach (cell, rel->joininfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
		IvfkmRangeMatch match;
		IvfkmRangeShares shares;
		Relids outer;

		if (!join_clause_is_movable_to(rinfo, rel) ||
			!restriction_is_securely_promotable(rinfo, rel) ||
			!ivfkm_range_match(root, index, rinfo, &match))
			continue;
		/* of the join itself, too: a third of all pairs would be too many */
		if (rinfo->norm_selec < 0.0 || rinfo->norm_selec == DEFAULT_INEQ_SEL)
		{
			(void) ivfkm_range_shares(root, &match, &shares);
			rinfo->norm_selec = shares.within;
		}
		outer = bms_union(rinfo->clause_relids, rel->lateral_relids);
		outer = bms_del_member(outer, (int) rel->relid);
		if (bms_is_empty(outer) || has_set(sets, outer))
			continue;
		sets = lappend(sets, outer);
		if (!has_set(*corrected, outer))
		{
			correct_joined_rows(root, rel, index, outer);
			*corrected = lappend(*corrected, outer);
		}
		add_path_of(root, rel, index, outer, count_loops(root, outer));
	}
}

/* Among how many processes the rows of a partial path are shared, as PostgreSQL reckons. */
static double
count_processes(const Path *path)
{
	double processes = path->parallel_workers;

	if (parallel_leader_participation)
		processes += Max(1.0 - 0.3 * path->parallel_workers, 0.0);
	return processes;
}

/* Takes over how many rows the table gives into paths that were made before that was corrected. */
static void
correct_paths(const RelOptInfo *rel)
{
	ListCell *cell;

	foreach (cell, rel->pathlist)
	{
		Path *path = lfirst(cell);

		if (!IsA(path, CustomPath))
			path->rows = path->param_info != NULL ? path->param_info->ppi_rows : rel->rows;
	}
	foreach (cell, rel->partial_pathlist)
	{
		Path *path = lfirst(cell);

		if (!IsA(path, CustomPath) && path->parallel_workers > 0)
			path->rows = clamp_row_est(rel->rows / count_processes(path));
	}
}

/*
 * Adds up what a partition says of the join clauses of its parent, of which it has its own copies
 * in the same order: shares[i] grows by the share that the i-th lets through, times its rows.
 */
static void
add_shares(const RelOptInfo *parent, const RelOptInfo *child, double *shares)
{
	int n = list_length(parent->joininfo);

	for (int i = 0; i < n; i++)
	{
		double share = DEFAULT_INEQ_SEL;

		if (list_length(child->joininfo) == n)
		{
			const RestrictInfo *rinfo = list_nth_node(RestrictInfo, child->joininfo, i);

			if (rinfo->norm_selec >= 0.0)
				share = rinfo->norm_selec;
		}
		shares[i] += share * child->rows;
	}
}

/*
 * Corrects how many rows a table with partitions gives, and which share its join clauses let
 * through, from what is known of the partitions.
 */
static void
correct_parent(PlannerInfo *root, RelOptInfo *rel, Index rti)
{
	double *shares = palloc0(sizeof(double) * Max(list_length(rel->joininfo), 1));
	double rows = 0.0;
	bool ours = false;
	ListCell *cell;

	foreach (cell, root->append_rel_list)
	{
		const AppendRelInfo *info = lfirst_node(AppendRelInfo, cell);
		RelOptInfo *child;
		ListCell *index_cell;

		if (info->parent_relid != rti)
			continue;
		child = root->simple_rel_array[info->child_relid];
		if (child == NULL || IS_DUMMY_REL(child))
			continue;
		rows += child->rows;
		add_shares(rel, child, shares);
		foreach (index_cell, child->indexlist)
			ours |= ivfkm_range_is_ours(lfirst(index_cell));
	}
	if (ours && rows > 0.0)
	{
		rel->rows = clamp_row_est(rows);
		foreach (cell, rel->joininfo)
		{
			RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);
			IvfkmRangeBound range;

			if ((rinfo->norm_selec < 0.0 || rinfo->norm_selec == DEFAULT_INEQ_SEL) &&
				ivfkm_range_split(rinfo->clause, &range))
				rinfo->norm_selec = shares[foreach_current_index(cell)] / rows;
		}
	}
	pfree(shares);
}

/* set_rel_pathlist_hook */
static void
add_range_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	List *corrected = NIL;
	bool ours = false;
	ListCell *cell;

	if (previous_pathlist != NULL)
		previous_pathlist(root, rel, rti, rte);
	if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL || IS_DUMMY_REL(rel))
		return;
	if (rte->inh)
	{
		correct_parent(root, rel, rti);
		return;
	}
	foreach (cell, rel->indexlist)
		ours |= ivfkm_range_is_ours(lfirst(cell));
	if (!ours)
		return;
	ivfkm_range_correct(root, rel);
	correct_paths(rel);
	foreach (cell, rel->indexlist)
	{
		IndexOptInfo *index = lfirst(cell);

		if (!ivfkm_range_is_ours(index) || index->hypothetical ||
			(index->indpred != NIL && !index->predOK))
			continue;
		if (has_range(root, index, index->indrestrictinfo) && !order_will_do(root, rel, index))
			add_path_of(root, rel, index, bms_copy(rel->lateral_relids), 1.0);
		add_joined_paths(root, rel, index, &corrected);
	}
	if (corrected != NIL)
		correct_paths(rel);
}

/* Sets the hook up; called once when the library is loaded. */
void
ivfkm_range_path_init(void)
{
	ivfkm_range_rows_init(ivfkmcostestimate);
	previous_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = add_range_paths;
}
