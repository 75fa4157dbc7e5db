/*-------------------------------------------------------------------------
 *
 * ivfkm_refine.h
 *	  Bounds of distances from refine records.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_refine.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_REFINE_H
#define IVFKM_REFINE_H

#include "am/index/ivfkm_space.h"
#include "quant/quant_taxicab.h"

/* A query prepared for refine records. */
typedef struct IvfkmRefiner
{
	Relation index;
	const IvfkmGeometry *geometry;
	QuantMetric metric;
	bool by_angle; /* cosine */
	bool taxicab;  /* codes are of quant_taxicab.h: they bound exact distances of that kind */
	QuantRefineQuery query;			 /* unless taxicab */
	QuantTaxicabQuery taxicab_query; /* if so */
	double square_scale;			 /* from squared taxicab distances of coordinates, if so */
	float query_norm;				 /* of the query with the mean, index space */
	float offset_norm;				 /* of the mean, index space */
	float rounding;					 /* relative error of a distance computed in float32 */
	float underflow;				 /* absolute error of it, index space */
	float angle_rounding;			 /* absolute error of a cosine distance, index space */
} IvfkmRefiner;

extern void ivfkm_refine_query(IvfkmRefiner *refiner, Relation index, const IvfkmGeometry *geometry,
							   const IvfkmSpace *space, const float *query, const float *plain,
							   double distance_scale);
extern bool ivfkm_refine_bounds(const IvfkmRefiner *refiner, const IvfkmChildData *list,
								const QuantRefineBound *bound, IvfkmRefine record,
								const ItemPointerData *tid, float epsilon, float threshold,
								float *lb, float *ub);

#endif /* IVFKM_REFINE_H */
