/*-------------------------------------------------------------------------
 *
 * ivfkm_space.h
 *	  The map from input vectors into index space.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_space.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SPACE_H
#define IVFKM_SPACE_H

#include "am/ivfkm.h"

/*
 * The map from input space into index space, P(x - mean) * scale, after normalisation for
 * cosine.  One chunk of memory.
 */
typedef struct IvfkmSpace
{
	int dims;
	uint64 version; /* space_version of the metapage */
	IvfkmMetric metric;
	bool taxicab;			  /* refine codes are of quant_taxicab.h */
	QuantMetric quant_metric; /* of the posting lists: cosine is L2 of unit vectors */
	float scale;			  /* 2^-scale_exponent */
	double distance_scale;	  /* exact distance * this = distance in index space */
	QuantRotation rotation;
	float *mean;   /* dims floats, input space */
	float *offset; /* dims floats: P(mean) * scale */
	float *dither; /* dims floats, of taxicab codes; else NULL */
} IvfkmSpace;

extern Size ivfkm_space_bytes(int dims);
extern IvfkmSpace *ivfkm_space_init(void *memory, int dims, const IvfkmOps *ops, uint64 seed,
									int scale_exponent, const float *mean);
extern const IvfkmSpace *ivfkm_space_cached(Relation index, const IvfkmMetaPageData *meta);
extern IvfkmSpace *ivfkm_space_copy(const IvfkmSpace *space);
extern void ivfkm_space_centre(const IvfkmSpace *space, float *x);
extern void ivfkm_space_rotate(const IvfkmSpace *space, float *x);
extern void ivfkm_space_apply(const IvfkmSpace *space, float *x);
extern float *ivfkm_space_unrotated(const IvfkmSpace *space, const float *x);
extern float ivfkm_space_distance(const float *a, const float *b, int dims);

#endif /* IVFKM_SPACE_H */
