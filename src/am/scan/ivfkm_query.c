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

#include <float.h>
#include <math.h>

#include "fmgr.h"
#include "utils/float.h"
#include "utils/varbit.h"

#include "am/index/ivfkm_gap.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_settings.h"
#include "am/scan/ivfkm_query.h"
#include "distance/dist.h"

/* Half-width of the bounds of heads: they exclude one in 4,000 of the rows that are wanted. */
#define HEAD_EPSILON 3.5f

/* A share of slack that leaves nothing of a bound. */
#define SLACK_ANY 1e6f

/*
 * The largest coordinate that the query of inner products has in index space, where those of rows
 * are about 1, is between these powers of two.
 */
#define LEAST_EXPONENT (-2)
#define MOST_EXPONENT  6

/*
 * Scales a query for inner products, whose order does not depend on its length, by a power of two
 * if it is much longer or shorter than rows are.  A product is made of squared distances, in
 * float32: the square of a long query would leave nothing of it, and of a short query the mean of
 * the rows would leave nothing.  Returns that power.
 */
static double
fit_length(float *x, int dims, float scale)
{
	QuantInputStats stats;
	int exponent;
	int wanted;

	quant_input_stats(dims, x, &stats);
	if (stats.largest == 0.0f)
		return 1.0;
	(void) frexp((double) stats.largest * scale, &exponent);
	wanted = Max(LEAST_EXPONENT, Min(exponent, MOST_EXPONENT));
	if (exponent == wanted)
		return 1.0;
	for (int i = 0; i < dims; i++)
		x[i] = (float) ldexp((double) x[i], wanted - exponent);
	return ldexp(1.0, wanted - exponent);
}

/*
 * How far exact distances are from those of index space.  Taxicab distances are at least
 * Euclidean ones, and those of sparsevecs at least squared ones between roots.  Jaccard's, as
 * Dice's, are at least cosine distances, as no set is smaller than what it has in common with
 * another.  All this holds for any rows, whatever was measured of those that the index was made of.
 */
static void
init_slack(IvfkmQuery *query, const IvfkmMetaPageData *meta, const IvfkmSpace *space)
{
	double norm2 = 0.0;
	double offset_norm2 = 0.0;

	query->approximate = query->bits == NULL && (meta->distance_deviation > 0.0f ||
												 query->ops->metric == IVFKM_METRIC_JACCARD ||
												 query->ops->metric == IVFKM_METRIC_L1);
	if (ivfkm_ops_taxicab(query->ops))
		query->least = 1.0f / (meta->distance_ratio * meta->distance_ratio);
	if (query->metric != QUANT_IP)
	{
		query->deviation = meta->distance_deviation;
		return;
	}
	for (int i = 0; i < space->dims; i++)
	{
		double whole = (double) query->point[i] + space->offset[i];

		norm2 += whole * whole;
		offset_norm2 += (double) space->offset[i] * space->offset[i];
	}
	/* that of a product is sqrt(1 / dims) of the norms: see quant_sketch.h */
	query->ip_deviation = meta->distance_deviation * (float) sqrt(norm2 / 2.0);
	query->row_norm2 = (float) meta->build_residual2;
	query->offset_norm = (float) sqrt(offset_norm2);
}

/* Prepares the query's bits for codes that are bits.  Allocates in the current memory context. */
static void
init_bits(IvfkmQuery *query)
{
	QuantBitsQuery *bits = palloc(sizeof(QuantBitsQuery));

	quant_bits_query_init(bits, query->dims, VARBITS((const VarBit *) query->value),
						  query->ops->form == IVFKM_FORM_DICE, query->distance_scale,
						  palloc(quant_bits_query_bytes(query->dims)));
	query->bits = bits;
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
	float *plain = NULL; /* the query in index space, but not rotated */

	memset(query, 0, sizeof(*query));
	query->ops = ops;
	query->dims = dims;
	query->column_dims = index->column_dims;
	query->point = palloc0(sizeof(float) * dims);
	if (!isnull)
	{
		query->value = PG_DETOAST_DATUM(value);
		ivfkm_ops_check_query(ops, query->value, query->column_dims);
		row.x = query->point;
		ivfkm_row_load(ops, query->value, dims, &row);
	}
	query->ordered = row.has_distance;
	query->refine = query->ordered && row.ordinary && index->meta.refine_bits > 0 && !exact;

	space = ivfkm_space_cached(index->relation, &index->meta);
	query->metric = space->quant_metric;
	query->distance_scale =
		space->distance_scale / ((double) index->meta.distance_ratio * index->meta.distance_ratio);
	if (query->metric == QUANT_IP)
		query->distance_scale *= fit_length(query->point, dims, space->scale);
	ivfkm_space_centre(space, query->point);
	if (query->refine && space->taxicab)
	{
		plain = palloc(sizeof(float) * dims);
		memcpy(plain, query->point, sizeof(float) * dims);
	}
	ivfkm_space_rotate(space, query->point);
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
	query->head_chunks = index->lists.head_chunks;
	if (query->ordered && index->lists.keeps_bits)
		init_bits(query);
	init_slack(query, &index->meta, space);
	if (query->refine)
		ivfkm_refine_query(&query->refiner, index->relation, &index->lists, space, query->point,
						   plain, query->distance_scale);
	query->narrow = query->refine && (!query->approximate || query->refiner.taxicab);
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
 * Makes the constants for bounds of the heads of a list's codes, at least "epsilon" standard
 * deviations wide; none for a query that is not ordered.  Codes that hold bits have the first ones.
 */
void
ivfkm_query_heads(const IvfkmQuery *query, const IvfkmProbe *list, float epsilon, QuantHeads *heads)
{
	heads->n = 0;
	if (query->ordered && (query->bits == NULL || query->head_chunks > 0))
		quant_heads_init(heads, query->metric, &query->quant, list_constant(query, list),
						 list->dist2, Max(epsilon, HEAD_EPSILON));
	while (query->bits != NULL && heads->n > 0 &&
		   heads->heads[heads->n - 1].nchunks > query->head_chunks)
		heads->n--;
}

/* The slack of a list's rows for bounds that are "epsilon" standard deviations wide. */
void
ivfkm_query_slack(const IvfkmQuery *query, const IvfkmProbe *list, float epsilon, IvfkmSlack *slack)
{
	slack->share = epsilon * query->deviation;
	if (query->least > 0.0f && epsilon >= IVFKM_EXACT_EPSILON)
		slack->share = SLACK_ANY; /* the least is certain, a deviation of some rows is not */
	slack->constant = 0.0f;
	slack->least = query->least;
	if (query->metric == QUANT_IP) /* the norm of a row: at most those of centroid and mean */
		slack->constant = epsilon * query->ip_deviation *
						  (sqrtf(list->child.norm2 + query->row_norm2) + query->offset_norm);
}

/* Prepares for refine records of a list, for bounds "epsilon" standard deviations wide. */
void
ivfkm_query_refine_bound(const IvfkmQuery *query, const IvfkmProbe *list, float epsilon,
						 QuantRefineBound *bound)
{
	const IvfkmRefiner *refiner = &query->refiner;

	if (!refiner->taxicab)
		quant_refine_bound_init(bound, refiner->metric, &refiner->query, list_constant(query, list),
								list->dist2, epsilon);
}

/*
 * Bounds of the exact distance to the row at "tid" from its refine record, "epsilon" standard
 * deviations wide; false if the snapshot does not see the row: see ivfkm_refine_bounds().  bound:
 * that of the list for this epsilon.  Bounds above "threshold" may be wider.  Only if
 * query->refine.  Where exact distances are not those of index space, both bounds are wider; those
 * of taxicab codes are of exact distances.
 */
bool
ivfkm_query_refine_of_list(const IvfkmQuery *query, const IvfkmProbe *list,
						   const QuantRefineBound *bound, IvfkmRefine record,
						   const ItemPointerData *tid, float epsilon, float threshold, float *lb,
						   float *ub)
{
	if (!ivfkm_refine_bounds(&query->refiner, &list->child, bound, record, tid, epsilon, threshold,
							 lb, ub))
		return false;
	if (query->approximate && !query->refiner.taxicab)
	{
		IvfkmSlack slack;
		float lower;

		ivfkm_query_slack(query, list, epsilon, &slack);
		lower = ivfkm_slack_lower(&slack, *lb, *ub);
		*ub = ivfkm_slack_upper(&slack, *lb, *ub);
		*lb = lower;
	}
	return true;
}

/* The same without preparation. */
bool
ivfkm_query_refine_record(const IvfkmQuery *query, const IvfkmProbe *list, IvfkmRefine record,
						  const ItemPointerData *tid, float epsilon, float threshold, float *lb,
						  float *ub)
{
	QuantRefineBound bound;

	ivfkm_query_refine_bound(query, list, epsilon, &bound);
	return ivfkm_query_refine_of_list(query, list, &bound, record, tid, epsilon, threshold, lb, ub);
}

/* The same from the address of the record, whose page is locked in share mode meanwhile. */
bool
ivfkm_query_refine(const IvfkmQuery *query, const IvfkmProbe *list, const ItemPointerData *record,
				   const ItemPointerData *tid, float epsilon, float threshold, float *lb, float *ub)
{
	const IvfkmRefiner *refiner = &query->refiner;
	Buffer buffer;
	IvfkmRefine refine =
		page_refine_lock(refiner->index, refiner->geometry, list->child.id, list->child.generation,
						 record, BUFFER_LOCK_SHARE, &buffer);
	bool same = ivfkm_query_refine_record(query, list, refine, tid, epsilon, threshold, lb, ub);

	UnlockReleaseBuffer(buffer);
	return same;
}

/*
 * The distance in index space that stands for "distance" as the operator has it (finite), rounded
 * up a little: what the operator finds to be at most that is at most this.  -infinity if nothing
 * is so near.  Operators add up float32 numbers, of which the smallest may vanish.
 */
double
ivfkm_query_distance(const IvfkmQuery *query, double distance)
{
	distance = ivfkm_ops_distance_form(query->ops, distance);
	if (!isinf(distance))
		distance += fabs(distance) * 1e-12 + (double) query->column_dims * FLT_MIN;
	return distance * query->distance_scale;
}

/* A number at most as large as the operator's distance, from one in index space. */
double
ivfkm_query_operator_distance(const IvfkmQuery *query, double distance)
{
	distance = ivfkm_ops_operator_form(query->ops, distance / query->distance_scale);
	return distance - fabs(distance) * 1e-12;
}

/* Length of the point that lists of inner products are ordered around; 1 if they are not such. */
static double
gap_norm(const IvfkmQuery *query)
{
	return query->metric == QUANT_IP ? sqrt(vdb_dist->norm2(query->target, (size_t) query->dims))
									 : 1.0;
}

/* The part of a gap that a list with that key in ivfkm_tree.c makes: see index/ivfkm_gap.h. */
double
ivfkm_query_gap_of_list(const IvfkmQuery *query, double key)
{
	return ivfkm_gap_part(query->metric == QUANT_IP, key, gap_norm(query));
}

/* The part of a gap that a row at "distance" in index space makes. */
double
ivfkm_query_gap_to_row(const IvfkmQuery *query, double distance)
{
	if (query->metric != QUANT_IP)
		return ivfkm_gap_part(false, distance, 1.0);
	return ivfkm_gap_part(true, distance - query->ip_constant, gap_norm(query));
}
