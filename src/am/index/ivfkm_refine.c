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

#include "am/index/ivfkm_refine.h"

/*
 * Prepares a query for refine records: "query" has dims floats in index space, "value" the
 * same in input space (normalised for cosine).  Allocates in the current memory context.
 */
void
ivfkm_refine_query(IvfkmRefiner *refiner, Relation index, const IvfkmGeometry *geometry,
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
