/*-------------------------------------------------------------------------
 *
 * ivfkm_space.c
 *	  The map from input vectors into index space.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_space.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "distance/dist.h"

#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_space.h"
#include "quant/quant_taxicab.h"

/*
 * Coordinates are clamped to this in index space, where they are about 1: squares of
 * 16,000 of them stay far from overflow.  Codes of such vectors do not fit their factors
 * and are stored as "always look at the row" (see QuantFactors).
 */
#define SPACE_LIMIT 1e12f

/* Bytes of an IvfkmSpace with its arrays. */
Size
ivfkm_space_bytes(int dims)
{
	return MAXALIGN(sizeof(IvfkmSpace)) +
		   sizeof(float) * (3 * (Size) dims + quant_rotation_floats(dims));
}

/* Sets up a space in "memory" of ivfkm_space_bytes(dims); mean: dims floats, copied. */
IvfkmSpace *
ivfkm_space_init(void *memory, int dims, const IvfkmOps *ops, uint64 seed, int scale_exponent,
				 const float *mean)
{
	IvfkmSpace *space = memory;
	float *arrays = (float *) ((char *) memory + MAXALIGN(sizeof(IvfkmSpace)));

	space->dims = dims;
	space->version = 0;
	space->metric = ops->metric;
	space->taxicab = ivfkm_ops_taxicab(ops);
	space->quant_metric = ops->metric == IVFKM_METRIC_IP ? QUANT_IP : QUANT_L2;
	space->scale = ldexpf(1.0f, -scale_exponent);
	space->distance_scale = (double) space->scale * space->scale;
	if (ivfkm_metric_by_angle(ops->metric)) /* |a - b|^2 = 2 (1 - cos) for unit vectors */
		space->distance_scale *= 2.0;
	space->mean = arrays;
	space->offset = arrays + dims;
	memcpy(space->mean, mean, sizeof(float) * dims);
	space->dither = space->taxicab ? arrays + 2 * (Size) dims : NULL;
	quant_rotation_init(&space->rotation, dims, seed, arrays + 3 * (Size) dims);
	if (space->taxicab)
		quant_taxicab_dither(dims, seed, space->dither);

	for (int i = 0; i < dims; i++)
		space->offset[i] = mean[i] * space->scale;
	quant_rotate(&space->rotation, space->offset);
	return space;
}

/* A copy in the current memory context. */
IvfkmSpace *
ivfkm_space_copy(const IvfkmSpace *space)
{
	Size bytes = ivfkm_space_bytes(space->dims);
	IvfkmSpace *copy = palloc(bytes);
	ptrdiff_t moved = (char *) copy - (const char *) space;

	memcpy(copy, space, bytes);
	copy->mean = (float *) ((char *) copy->mean + moved);
	copy->offset = (float *) ((char *) copy->offset + moved);
	if (copy->dither != NULL)
		copy->dither = (float *) ((char *) copy->dither + moved);
	copy->rotation.flips = (float *) ((char *) copy->rotation.flips + moved);
	return copy;
}

/*
 * The space of the index's tree "meta", from the relation cache or, the first time after another
 * tree took its place, from its pages.  Use it at once: whatever may process invalidations may free
 * it.
 */
const IvfkmSpace *
ivfkm_space_cached(Relation index, const IvfkmMetaPageData *meta)
{
	IvfkmSpace *space = index->rd_amcache;

	if (space != NULL && space->version != meta->space_version)
	{
		index->rd_amcache = NULL;
		pfree(space);
	}
	if (index->rd_amcache == NULL)
	{
		int dims = (int) meta->dimensions;
		const IvfkmOps *ops = ivfkm_ops_get(index);
		float *mean = palloc(sizeof(float) * dims);
		void *memory;

		page_mean_read(index, meta, mean);
		memory = MemoryContextAlloc(index->rd_indexcxt, ivfkm_space_bytes(dims));
		space = ivfkm_space_init(memory, dims, ops, meta->seed, meta->scale_exponent, mean);
		space->version = meta->space_version;
		index->rd_amcache = space;
		pfree(mean);
	}
	return index->rd_amcache;
}

/* The first half of ivfkm_space_apply(): all but the rotation. */
void
ivfkm_space_centre(const IvfkmSpace *space, float *x)
{
	quant_input_centre(space->dims, space->mean, space->scale, SPACE_LIMIT, x);
}

/* The other half. */
void
ivfkm_space_rotate(const IvfkmSpace *space, float *x)
{
	quant_rotate(&space->rotation, x);
}

/* Maps x[dims] (a unit vector for cosine) into index space, in place; bit-exact. */
void
ivfkm_space_apply(const IvfkmSpace *space, float *x)
{
	ivfkm_space_centre(space, x);
	ivfkm_space_rotate(space, x);
}

/*
 * A copy of x[dims], which is in index space, without the rotation; allocated in the current
 * memory context.
 */
float *
ivfkm_space_unrotated(const IvfkmSpace *space, const float *x)
{
	float *copy = palloc(sizeof(float) * space->dims);

	memcpy(copy, x, sizeof(float) * space->dims);
	quant_unrotate(&space->rotation, copy);
	return copy;
}

/* Distance of two centroids as stored.  The sum has one order: the same on every CPU. */
float
ivfkm_space_distance(const float *a, const float *b, int dims)
{
	double sum = 0.0;

	for (int i = 0; i < dims; i++)
		sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
	return (float) sqrt(sum);
}
