/*-------------------------------------------------------------------------
 *
 * ivfkm_code.c
 *	  A row's codes: how they are made, and bounds from its refine record.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_code.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "am/ivfkm.h"

/*
 * Numbers beyond these overflow or underflow when a float32 kernel squares and sums them, so
 * that exact distances are not what the codes foresee.
 */
#define ORDINARY_MAX	  1e15f
#define ORDINARY_MIN_NORM 1e-15f

/*
 * True if the metric's exact distances to a vector with this largest coordinate (input space)
 * are close to the true ones: it is not huge, and for cosine the vector has a length to divide
 * by.
 */
static bool
is_ordinary(IvfkmMetric metric, float largest)
{
	return largest <= ORDINARY_MAX &&
		   (metric != IVFKM_METRIC_COSINE || largest >= ORDINARY_MIN_NORM);
}

/*
 * Loads a detoasted value of "dims" dimensions into x[dims], normalised for cosine.
 * *ordinary: see is_ordinary().  False if the metric gives the value no distance to
 * anything (cosine: a zero vector).
 */
bool
ivfkm_load(const IvfkmOps *ops, const void *value, int dims, float *x, bool *ordinary)
{
	QuantInputStats stats;

	ops->load(value, dims, x);
	quant_input_stats(dims, x, &stats);
	*ordinary = is_ordinary(ops->metric, stats.largest);
	if (ops->metric != IVFKM_METRIC_COSINE)
		return true;
	if (stats.norm2 == 0.0)
		return false;
	quant_input_scale(dims, 1.0 / sqrt(stats.norm2), x);
	return true;
}

/* Allocates the codes of one row in the current memory context, all zero. */
void
ivfkm_code_init(IvfkmCode *code, int dims, int refine_bits)
{
	code->bits = palloc0(quant_code_bytes(dims));
	code->refine = refine_bits > 0 ? palloc0(quant_refine_bytes(dims, refine_bits)) : NULL;
	memset(&code->factors, 0, sizeof(code->factors));
	memset(&code->refine_factors, 0, sizeof(code->refine_factors));
}

/*
 * Encodes a row relative to its list's centroid; x, centroid and offset have dims floats
 * in index space.  The refine record of a row that is not ordinary says that nothing is
 * known about it.  Returns ||x - centroid||^2.
 */
float
ivfkm_encode(QuantMetric metric, int dims, int refine_bits, const float *x, bool ordinary,
			 const float *centroid, const float *offset, IvfkmCode *code)
{
	if (refine_bits > 0)
	{
		if (ordinary)
			quant_refine_encode(metric, dims, refine_bits, x, centroid, offset, code->refine,
								&code->refine_factors);
		else
		{
			memset(code->refine, 0, quant_refine_bytes(dims, refine_bits));
			code->refine_factors.add = -FLT_MAX;
			code->refine_factors.mul = 0.0f;
			code->refine_factors.sigma = INFINITY;
		}
	}
	return quant_encode(metric, dims, x, centroid, offset, code->bits, &code->factors);
}

/*
 * Prepares a query for refine records: "query" has dims floats in index space, "value" the
 * same in input space (normalised for cosine).  Allocates in the current memory context.
 */
void
ivfkm_refiner_init(IvfkmRefiner *refiner, Relation index, const IvfkmGeometry *geometry,
				   const IvfkmSpace *space, const float *query, double distance_scale)
{
	int dims = geometry->dims;
	double query_norm2 = 0.0;
	double offset_norm2 = 0.0;

	refiner->index = index;
	refiner->geometry = geometry;
	refiner->metric = space->quant_metric;
	refiner->by_angle = space->metric == IVFKM_METRIC_COSINE;
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
 * Bounds of the exact distance, as the operator computes it in float32, between the query
 * and the row at "tid" from its refine record at "record"; g, dist2 and epsilon as in
 * quant_bound_init().  False if the record belongs to another row: then VACUUM has removed
 * this one since its address was read, and no snapshot that was taken before sees it.
 * Takes a share lock on the refine page.
 */
bool
ivfkm_refine_bounds(const IvfkmRefiner *refiner, const IvfkmChildData *list,
					const ItemPointerData *record, const ItemPointerData *tid, float g, float dist2,
					float epsilon, float *lb, float *ub)
{
	Relation index = refiner->index;
	Buffer buffer = page_read(index, ItemPointerGetBlockNumberNoCheck(record), BUFFER_LOCK_SHARE);
	Page page = BufferGetPage(buffer);
	int number = ItemPointerGetOffsetNumberNoCheck(record) - 1;
	IvfkmRefine refine;
	bool same;

	page_check_refine(index, buffer, refiner->geometry, list->id, list->generation);
	if (number < 0 || number >= IvfkmPageGetGroupHeader(page)->nused)
		page_corrupted(index, BufferGetBlockNumber(buffer),
					   "Record %d is not in use, but a slot leads to it.", number + 1);
	refine = page_refine_record(page, refiner->geometry, number);
	same = ItemPointerEquals(&refine->tid, (ItemPointer) tid);
	if (same)
	{
		float slack;

		quant_refine_bounds(refiner->metric, &refiner->query, &refine->factors,
							(const uint8 *) (refine + 1), g, dist2, epsilon, lb, ub);
		if (refiner->by_angle)
			slack = refiner->angle_rounding;
		else if (refiner->metric == QUANT_L2)
			slack = refiner->rounding * *ub;
		else /* of the sum of products, which the norms bound */
			slack = refiner->rounding * refiner->query_norm *
					(sqrtf(list->norm2) + refiner->offset_norm +
					 refine->factors.mul * refiner->query.norm);
		slack += refiner->underflow;
		*lb = Max(*lb - slack, -FLT_MAX);
		*ub += slack;
	}
	UnlockReleaseBuffer(buffer);
	return same;
}

/* Asks the CPU for a refine record that will be read soon. */
void
ivfkm_refine_prefetch(const IvfkmRefiner *refiner, const ItemPointerData *record)
{
	const IvfkmGeometry *geometry = refiner->geometry;
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(record);
	int number = ItemPointerGetOffsetNumberNoCheck(record) - 1;

	if (number < 0 || number >= geometry->refine_slots)
		return; /* damaged; found when it is read */
	page_prefetch(refiner->index, block, 0, IVFKM_PAYLOAD_OFFSET);
	page_prefetch(refiner->index, block, IVFKM_PAYLOAD_OFFSET + number * geometry->refine_bytes,
				  geometry->refine_bytes);
}
