/*-------------------------------------------------------------------------
 *
 * ivfkm_query.h
 *	  What a scan looks for: the same from the first row to the last.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_query.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_QUERY_H
#define IVFKM_QUERY_H

#include <float.h>
#include <math.h>

#include "am/index/ivfkm_refine.h"
#include "am/index/ivfkm_tree.h"
#include "am/scan/ivfkm_slack.h"
#include "quant/quant_bits.h"

/*
 * Half-width of the bounds of refine codes, in standard deviations.  Two rows whose bounds do
 * not overlap are in order but for one pair in 10^12.
 */
#define IVFKM_REFINE_EPSILON 5.0f

typedef struct IvfkmQuery
{
	const IvfkmOps *ops;
	int dims;		 /* of index space */
	int column_dims; /* of values */
	bool ordered;	 /* false: no row is nearer than another; see ivfkm_query_init() */
	void *value;	 /* detoasted, for exact distances; NULL if there is none */
	QuantMetric metric;
	double distance_scale;		/* exact distance * this = distance in index space */
	float *point;				/* the query in index space */
	float *target;				/* what lists are ordered around: "point", but for inner products */
	float ip_constant;			/* -<offset, q> - <offset, offset>: part of every inner product */
	QuantQuery quant;			/* tables of "point" */
	const QuantBitsQuery *bits; /* codes of lists are bits, and so this is the query; or NULL */
	int head_chunks;			/* of the heads of such codes */
	bool refine;		  /* refine codes bound exact distances: there are some, and no extremes */
	IvfkmRefiner refiner; /* if so */
	bool narrow;		  /* if so, their bounds need no other look */
	bool approximate;	  /* exact distances are not quite those of index space: */
	float deviation;	  /* standard deviation of what they differ by, as a share of them */
	float ip_deviation;	  /* the same for inner products, as a share of the norms' product */
	float row_norm2;	  /* of a row around its centroid, mean of the build's */
	float offset_norm;	  /* of the mean, index space */
	float least; /* exact distances are never below this share of index space's; 0 or more */
} IvfkmQuery;

extern void ivfkm_query_init(IvfkmQuery *query, const IvfkmIndex *index, Datum value, bool isnull,
							 bool exact);
extern double ivfkm_query_distance(const IvfkmQuery *query, double distance);
extern double ivfkm_query_operator_distance(const IvfkmQuery *query, double distance);
extern double ivfkm_query_gap_of_list(const IvfkmQuery *query, double key);
extern double ivfkm_query_gap_to_row(const IvfkmQuery *query, double distance);
extern void ivfkm_query_bound(const IvfkmQuery *query, const IvfkmProbe *list, float epsilon,
							  QuantBound *bound);
extern void ivfkm_query_heads(const IvfkmQuery *query, const IvfkmProbe *list, float epsilon,
							  QuantHeads *heads);
extern void ivfkm_query_slack(const IvfkmQuery *query, const IvfkmProbe *list, float epsilon,
							  IvfkmSlack *slack);
extern void ivfkm_query_refine_bound(const IvfkmQuery *query, const IvfkmProbe *list, float epsilon,
									 QuantRefineBound *bound);
extern bool ivfkm_query_refine_of_list(const IvfkmQuery *query, const IvfkmProbe *list,
									   const QuantRefineBound *bound, IvfkmRefine record,
									   const ItemPointerData *tid, float epsilon, float threshold,
									   float *lb, float *ub);
extern bool ivfkm_query_refine_record(const IvfkmQuery *query, const IvfkmProbe *list,
									  IvfkmRefine record, const ItemPointerData *tid, float epsilon,
									  float threshold, float *lb, float *ub);
extern bool ivfkm_query_refine(const IvfkmQuery *query, const IvfkmProbe *list,
							   const ItemPointerData *record, const ItemPointerData *tid,
							   float epsilon, float threshold, float *lb, float *ub);

#endif /* IVFKM_QUERY_H */
