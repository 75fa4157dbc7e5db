/*-------------------------------------------------------------------------
 *
 * ivfkm_cost.c
 *	  What the planner is told about a scan.
 *
 * NOTES
 *	  An ivfkm index is useful for ORDER BY ... LIMIT only.  Before the first row a
 *	  scan reads the centroids and the first lists and looks at some rows of the
 *	  table; after that, every row costs a random access, which cost_index() adds.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_cost.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/genam.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/float.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_rights.h"
#include "am/index/ivfkm_settings.h"
#include "am/index/ivfkm_tree.h"
#include "am/sql/ivfkm_cost.h"

/* Cost of one row's 1-bit bounds, in units of cpu_operator_cost. */
#define CODE_COST 0.05

/* Candidates refined, and then looked at exactly, for each row that a pass prepares for. */
#define REFINED_PER_ROW 1.5
#define LOOKS_PER_ROW	0.125

/* amcostestimate */
void
ivfkmcostestimate(PlannerInfo *root, IndexPath *path, double loop_count, Cost *startup_cost,
				  Cost *total_cost, Selectivity *selectivity, double *correlation, double *pages)
{
	IndexOptInfo *info = path->indexinfo;
	IvfkmMetaPageData meta;
	IvfkmSettings settings;
	Relation index;
	double random_page;
	double seq_page;
	double probes;
	double share;
	double list_pages;
	double centroid_pages;
	double centroids;
	double all_list_pages;
	double refined;
	double looked_at;
	IvfkmGeometry geometry;

	*selectivity = 1.0;
	*correlation = 0.0;
	*pages = info->pages;
	index = index_open(info->indexoid, NoLock);
	if (path->indexorderbys == NIL || ivfkm_bypasses_policies(root, path, index))
	{
		/* never without order, nor where the scan would look at rows that policies hide */
		index_close(index, NoLock);
		*startup_cost = get_float8_infinity();
		*total_cost = get_float8_infinity();
#if PG18_GE
		path->path.disabled_nodes = 2;
#endif
		return;
	}

	page_meta_read(index, &meta);
	ivfkm_settings_get(index, &meta, &settings);
	index_close(index, NoLock);

	probes = settings.probes > 0 ? settings.probes : ivfkm_budget_probes(&meta, IVFKM_FIRST_K);
	if (settings.max_probes > 0)
		probes = Min(probes, settings.max_probes);
	probes = Min(probes, meta.nlists);
	share = probes / meta.nlists;
	centroids = meta.nlists;
	if (meta.height > 1) /* those of the nodes that the search opens */
		centroids = Min(
			centroids, (double) IVFKM_NODE_CHILDREN * meta.descents[IVFKM_DESCENT_SEARCH].nodes[0] *
						   Max(1.0, probes / ivfkm_budget_probes(&meta, IVFKM_FIRST_K)));
	centroid_pages = ceil(centroids * quant_code_bytes((int) meta.dimensions) / BLCKSZ);
	centroid_pages = Min(centroid_pages, info->pages);
	page_list_geometry(&geometry, (int) meta.dimensions, meta.refine_bits);
	all_list_pages = Max(meta.nlists, info->tuples / geometry.slots) * geometry.stripes;
	all_list_pages = Min(all_list_pages, info->pages - centroid_pages);
	list_pages = ceil(all_list_pages * share);
	refined = 0.0;
	looked_at = Min(info->tuples * share, IVFKM_FIRST_K);
	if (meta.refine_bits > 0)
	{
		refined = looked_at * REFINED_PER_ROW;
		looked_at = ceil(looked_at * LOOKS_PER_ROW);
	}

	get_tablespace_page_costs(info->reltablespace, &random_page, &seq_page);
	/* nodes are read through, each list starts somewhere else, records are near, rows anywhere */
	*startup_cost = seq_page * (centroid_pages + list_pages) +
					(random_page - seq_page) * Min(probes, list_pages) +
					(seq_page + cpu_operator_cost) * refined +
					(random_page + cpu_operator_cost) * looked_at +
					cpu_operator_cost * CODE_COST * (centroids + info->tuples * share) +
					cpu_operator_cost * (meta.dimensions / 16.0);
	*total_cost = *startup_cost + seq_page * (all_list_pages - list_pages) +
				  cpu_index_tuple_cost * info->tuples;
}
