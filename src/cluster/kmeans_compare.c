/*-------------------------------------------------------------------------
 *
 * kmeans_compare.c
 *	  Distances of a few targets to many points, as a matrix product.
 *
 * NOTES
 *	  Pure C.  For ranking: a squared distance is computed as |x|^2 + |t|^2 - 2 x.t, with
 *	  the rounding error of its terms.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_compare.c
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include "cluster/kmeans_internal.h"

struct KmeansTargets
{
	const GemmOps *ops;
	size_t dims;
	bool dot;
	float *panels; /* packed targets, their norms */
	float *norms;
	float *zero; /* [dims] */
	float *rows; /* a packed block of points, its partial products */
	float *tiles;
};

/* Lays out the memory of targets. */
static KmeansTargets *
kmeans_targets_carve(KmeansArena *arena, size_t dims, KmeansTargets *layout)
{
	size_t block = kmeans_block_rows(dims);
	KmeansTargets *targets = kmeans_carve(arena, sizeof(KmeansTargets));

	layout->panels = kmeans_carve(arena, gemm_cols_floats(KMEANS_TARGETS, dims) * sizeof(float));
	layout->norms = kmeans_carve(arena, gemm_round_cols(KMEANS_TARGETS) * sizeof(float));
	layout->zero = kmeans_carve(arena, dims * sizeof(float));
	layout->rows = kmeans_carve(arena, gemm_rows_floats(block, dims) * sizeof(float));
	layout->tiles = kmeans_carve(arena, gemm_tiles_floats(block) * sizeof(float));
	return targets;
}

/* See kmeans.h. */
size_t
kmeans_targets_bytes(int dims)
{
	KmeansArena arena = {NULL, 0};
	KmeansTargets layout;

	(void) kmeans_targets_carve(&arena, (size_t) dims, &layout);
	return arena.used;
}

/* See kmeans.h. */
KmeansTargets *
kmeans_targets_init(void *memory, int dims, int ntargets, const float *points, bool dot)
{
	KmeansArena arena = {memory, 0};
	KmeansTargets layout = {.ops = vdb_gemm, .dims = (size_t) dims, .dot = dot};
	KmeansTargets *targets = kmeans_targets_carve(&arena, (size_t) dims, &layout);

	*targets = layout;
	memset(targets->panels, 0, gemm_cols_floats(KMEANS_TARGETS, targets->dims) * sizeof(float));
	memset(targets->norms, 0, gemm_round_cols(KMEANS_TARGETS) * sizeof(float));
	memset(targets->zero, 0, targets->dims * sizeof(float));
	targets->ops->pack_cols(points, NULL, (size_t) ntargets, targets->dims, targets->panels,
							targets->norms);
	if (dot)
		memset(targets->norms, 0, gemm_round_cols(KMEANS_TARGETS) * sizeof(float));
	return targets;
}

/* See kmeans.h. */
void
kmeans_compare(const KmeansTargets *targets, const float *points, size_t npoints, float *out)
{
	const GemmOps *ops = targets->ops;
	size_t dims = targets->dims;
	size_t block = kmeans_block_rows(dims);

	block -= block % (size_t) ops->rows;
	for (size_t i = 0; i < npoints; i += block)
	{
		size_t n = npoints - i < block ? npoints - i : block;

		ops->pack_rows(points + i * dims, NULL, n, dims, 1.0f, targets->rows);
		ops->scores(targets->rows, n, targets->panels, targets->norms, KMEANS_TARGETS, dims,
					targets->tiles, out + i * KMEANS_TARGETS, KMEANS_TARGETS);
	}
	for (size_t i = 0; i < npoints && !targets->dot; i++)
	{
		float norm2 = ops->dist2(points + i * dims, 1.0f, targets->zero, dims);

		for (size_t t = 0; t < KMEANS_TARGETS; t++)
			out[i * KMEANS_TARGETS + t] += norm2;
	}
}
