/*-------------------------------------------------------------------------
 *
 * ivfkm_refine.c
 *	  Bounds of distances from refine records.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_refine.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "utils/float.h"

#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_refine.h"

/* ivfkm_refine_query() for taxicab distances. */
static void
taxicab_query(IvfkmRefiner *refiner, const IvfkmSpace *space, const float *plain,
			  double distance_scale)
{
	int dims = space->dims;

	quant_taxicab_query_init(&refiner->taxicab_query, dims, refiner->geometry->refine_bits, plain,
							 space->dither);
	refiner->square_scale = distance_scale / ((double) space->scale * space->scale);
	/* kernels add at least 8 sums of every so many terms; twice that for what differs */
	refiner->rounding = (dims / 8 + 16) * FLT_EPSILON;
	refiner->underflow = (float) Min((double) dims * FLT_MIN * space->scale, FLT_MAX);
}

/*
 * Prepares a query for refine records: "query" has dims floats in index space, "plain" the same
 * before the rotation (taxicab distances alone; it must stay).  Allocates in the current memory
 * context.
 */
void
ivfkm_refine_query(IvfkmRefiner *refiner, Relation index, const IvfkmGeometry *geometry,
				   const IvfkmSpace *space, const float *query, const float *plain,
				   double distance_scale)
{
	int dims = geometry->dims;
	double query_norm2 = 0.0;
	double offset_norm2 = 0.0;

	refiner->index = index;
	refiner->geometry = geometry;
	refiner->metric = space->quant_metric;
	refiner->by_angle = ivfkm_metric_by_angle(space->metric);
	refiner->taxicab = space->taxicab;
	if (space->taxicab)
	{
		taxicab_query(refiner, space, plain, distance_scale);
		return;
	}
	quant_refine_query_init(
		&refiner->query, dims, geometry->refine_bits, query,
		palloc(sizeof(int16) * quant_refine_query_values(dims, geometry->refine_bits)));
	for (int i = 0; i < dims; i++)
	{
		double whole = (double) query[i] + space->offset[i];

		query_norm2 += whole * whole;
		offset_norm2 += (double) space->offset[i] * space->offset[i];
	}
	refiner->query_norm = (float) sqrt(query_norm2);
	refiner->offset_norm = (float) sqrt(offset_norm2);
	/* kernels add at least 8 sums of every so many terms; twice that for what differs */
	refiner->rounding = (dims / 8 + 16) * FLT_EPSILON;
	refiner->underflow = (float) Min(dims * FLT_MIN * distance_scale, FLT_MAX);
	refiner->angle_rounding = (float) (refiner->rounding * distance_scale);
}

/*
 * Bounds of the exact distance, as the operator class has it: the square of the operator's, which
 * is computed in float32.
 */
static void
taxicab_bounds(const IvfkmRefiner *refiner, IvfkmRefine refine, float epsilon, float *lb, float *ub)
{
	double lower;
	double upper;
	double slack;

	quant_taxicab_bounds(&refiner->taxicab_query, &refine->factors, (const uint8 *) (refine + 1),
						 epsilon, lb, ub);
	if (!(*ub <= FLT_MAX)) /* nothing is known */
		return;
	slack = (double) refiner->rounding * *ub + refiner->underflow;
	lower = Max(*lb - slack, 0.0);
	upper = *ub + slack;
	/* the factors: for the squares as float32 */
	*lb = (float) (lower * lower * refiner->square_scale * (1.0 - FLT_EPSILON));
	*ub = (float) Min(upper * upper * refiner->square_scale * (1.0 + FLT_EPSILON) + FLT_MIN,
					  get_float4_infinity());
}

/*
 * Bounds of the exact distance, as the operator computes it in float32, between the query
 * and the row at "tid" from its refine record; epsilon and threshold as in quant_refine_bounds(),
 * bound: of the list, by quant_refine_bound_init() for the same epsilon, unless taxicab.
 * False if the record belongs to another row: then VACUUM has removed this one since its address
 * was read, and no snapshot that was taken before sees it.  The record's page is locked, or a copy.
 */
bool
ivfkm_refine_bounds(const IvfkmRefiner *refiner, const IvfkmChildData *list,
					const QuantRefineBound *bound, IvfkmRefine record, const ItemPointerData *tid,
					float epsilon, float threshold, float *lb, float *ub)
{
	float slack;

	if (!ItemPointerEquals(&record->tid, (ItemPointer) tid))
		return false;
	if (refiner->taxicab)
	{
		taxicab_bounds(refiner, record, epsilon, lb, ub);
		return true;
	}
	quant_refine_code_bounds(bound, &refiner->query, &record->factors, (const uint8 *) (record + 1),
							 threshold, lb, ub);
	if (refiner->by_angle)
		slack = refiner->angle_rounding;
	else if (refiner->metric == QUANT_L2)
		slack = refiner->rounding * *ub;
	else /* of the sum of products, which the norms bound */
		slack =
			refiner->rounding * refiner->query_norm *
			(sqrtf(list->norm2) + refiner->offset_norm + record->factors.mul * refiner->query.norm);
	slack += refiner->underflow;
	*lb = Max(*lb - slack, -FLT_MAX);
	*ub += slack;
	return true;
}
