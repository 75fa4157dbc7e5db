/*-------------------------------------------------------------------------
 *
 * ivfkm_query.c
 *	  The query of a scan in index space, prepared for codes and refine records.
 *
 * NOTES
 *	  Distances are in index space: squared L2, or negative inner products.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_query.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "fmgr.h"
#include "utils/float.h"

#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_row.h"
#include "am/scan/ivfkm_query.h"

/*
 * Scales a query for inner products, whose order does not depend on its length, down by a
 * power of two if index space would clamp it.  Returns that power.
 */
static double
shorten(float *x, int dims, float scale)
{
	const int max_exponent = 20;
	QuantInputStats stats;
	int exponent;

	quant_input_stats(dims, x, &stats);
	(void) frexp((double) stats.largest * scale, &exponent);
	if (exponent <= max_exponent)
		return 1.0;
	for (int i = 0; i < dims; i++)
		x[i] = ldexpf(x[i], max_exponent - exponent);
	return ldexp(1.0, max_exponent - exponent);
}

/*
 * Prepares a query: "value" is of the indexed type, perhaps toasted.  A NULL, and a zero vector
 * under cosine, are as far from every row: such a query is not ordered.  Allocates in the
 * current memory context; "index" must stay.  exact: the exact distance of each
 * row is wanted, not only the order.  Errors: wrong dimensions.
 */
void
ivfkm_query_init(IvfkmQuery *query, const IvfkmIndex *index, Datum value, bool isnull, bool exact)
{
	const IvfkmOps *ops = index->ops;
	const IvfkmSpace *space;
	int dims = index->lists.dims;
	IvfkmRow row = {0};

	memset(query, 0, sizeof(*query));
	query->ops = ops;
	query->dims = dims;
	query->point = palloc0(sizeof(float) * dims);
	if (!isnull)
	{
		query->value = PG_DETOAST_DATUM(value);
		ivfkm_ops_check_query(ops, query->value, dims);
		row.x = query->point;
		ivfkm_row_load(ops, query->value, dims, &row);
	}
	query->ordered = row.has_distance;
	query->refine = query->ordered && row.ordinary && index->meta.refine_bits > 0 && !exact;

	space = ivfkm_space_cached(index->relation, &index->meta);
	query->metric = space->quant_metric;
	query->distance_scale = space->distance_scale;
	if (query->metric == QUANT_IP)
		query->distance_scale *= shorten(query->point, dims, space->scale);
	ivfkm_space_apply(space, query->point);
	query->target = query->point;
	if (query->metric == QUANT_IP)
	{
		double sum = 0.0;

		query->target = palloc(sizeof(float) * dims);
		for (int i = 0; i < dims; i++)
		{
			query->target[i] = query->point[i] + space->offset[i];
			sum -= (double) space->offset[i] * query->target[i];
		}
		query->ip_constant = (float) sum;
	}
	if (query->refine)
		ivfkm_refine_query(&query->refiner, index->relation, &index->lists, space, query->point,
						   query->distance_scale);
	quant_query_init(&query->quant, dims, query->point, palloc(quant_query_table_bytes(dims)));
}

/*
 * What the distances to the rows of a list have in common, for quant_bound_init() and
 * quant_refine_bounds(): ||q - c||^2, or for inner products -<q, c> and the query's constant.
 */
static inline float
list_constant(const IvfkmQuery *query, const IvfkmProbe *list)
{
	return query->metric == QUANT_IP ? query->ip_constant - list->dot : list->dist2;
}

/* Makes the constants for bounds of a list's codes, "epsilon" standard deviations wide. */
void
ivfkm_query_bound(const IvfkmQuery *query, const IvfkmProbe *list, float epsilon, QuantBound *bound)
{
	if (query->ordered)
		quant_bound_init(bound, query->metric, &query->quant, list_constant(query, list),
						 list->dist2, epsilon);
	else
		quant_bound_none(bound);
}

/*
 * Bounds of the exact distance to the row at "tid" from its refine record, "epsilon" standard
 * deviations wide; false if the snapshot does not see the row: see ivfkm_refine_bounds().  Only if
 * query->refine.
 */
bool
ivfkm_query_refine(const IvfkmQuery *query, const IvfkmProbe *list, const ItemPointerData *record,
				   const ItemPointerData *tid, float epsilon, float *lb, float *ub)
{
	return ivfkm_refine_bounds(&query->refiner, &list->child, record, tid,
							   list_constant(query, list), list->dist2, epsilon, lb, ub);
}

/*
 * The distance in index space that stands for "distance" as the operator has it (finite), rounded
 * up a little: what the operator finds to be at most that is at most this.  -infinity if nothing
 * is so near.
 */
double
ivfkm_query_distance(const IvfkmQuery *query, double distance)
{
	if (query->ops->metric == IVFKM_METRIC_L2 && distance < 0.0)
		return -get_float8_infinity();
	if (query->ops->metric == IVFKM_METRIC_L2 && !query->ops->bits)
		distance *= distance;
	distance += fabs(distance) * 1e-12;
	return distance * query->distance_scale;
}

/* A number at most as large as the operator's distance, from one in index space. */
double
ivfkm_query_operator_distance(const IvfkmQuery *query, double distance)
{
	distance /= query->distance_scale;
	if (query->ops->metric == IVFKM_METRIC_L2 && !query->ops->bits)
		distance = sqrt(Max(distance, 0.0));
	return distance - fabs(distance) * 1e-12;
}
