/*-------------------------------------------------------------------------
 *
 * gemm_template.h
 *	  Bodies of the matrix kernels, compiled once per SIMD level.
 *
 * NOTES
 *	  Pure C.  The including file has included a vf_<level>.h of src/simd and defines:
 *
 *	  GEMM_ROWS, GEMM_ROW_LIST, GEMM_HALF_LIST	as gemm_tile.h wants them
 *
 *	  Packed points:  [tile][slice][row of tile][GEMM_DEPTH_STRIDE]
 *	  Packed panels:  [panel][dimension][GEMM_COLS]
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_template.h
 *
 *-------------------------------------------------------------------------
 */
#if !defined(VF_WIDTH) || !defined(GEMM_ROWS)
#error "include a vf_<level>.h and define the tile before gemm_template.h"
#endif

#include "cluster/gemm_tile.h"

/* Copies the points into slices of constant stride; rows that fill the last tile are zero. */
static VDB_TARGET void
VDB_FN(gemm_pack_rows)(const float *points, const uint32_t *index, size_t nrows, size_t dims,
					   float scale, float *packed)
{
	size_t slices = gemm_slices(dims);
	size_t depth = gemm_slice_depth(dims);
	size_t rounded = (nrows + GEMM_ROWS - 1) / GEMM_ROWS * GEMM_ROWS;
	vf32 factor = vf_set1(scale);

	for (size_t i = 0; i < rounded; i++)
	{
		float *tile = packed + i / GEMM_ROWS * slices * GEMM_SLICE;
		const float *x = NULL;

		if (i < nrows)
			x = points + (index ? (size_t) index[i] : i) * dims;
		for (size_t s = 0; s < slices; s++)
		{
			float *to = tile + s * GEMM_SLICE + i % GEMM_ROWS * GEMM_DEPTH_STRIDE;
			size_t n = s + 1 < slices ? depth : dims - s * depth;
			size_t k = 0;

			if (x == NULL)
				memset(to, 0, n * sizeof(float));
			else
			{
				for (; k + VF_WIDTH <= n; k += VF_WIDTH)
					vf_store(to + k, vf_mul(factor, vf_load(x + k)));
				for (; k < n; k++)
					to[k] = x[k] * scale;
				x += n;
			}
		}
	}
}

/* Interleaves the centroids of each panel and sums their squares in the order of the product. */
static VDB_TARGET void
VDB_FN(gemm_pack_cols)(const float *centroids, const uint32_t *index, size_t ncols, size_t dims,
					   float *panels, float *norms)
{
	size_t depth = gemm_slice_depth(dims);

	for (size_t j0 = 0; j0 < ncols; j0 += GEMM_COLS, panels += dims * GEMM_COLS, norms += GEMM_COLS)
	{
		vf32 norm0 = vf_zero();
		vf32 norm1 = vf_zero();
		size_t n = ncols - j0 < GEMM_COLS ? ncols - j0 : GEMM_COLS;

		for (size_t k0 = 0; k0 < dims; k0 += depth)
		{
			size_t k1 = k0 + depth < dims ? k0 + depth : dims;

			for (size_t j = 0; j < GEMM_COLS; j++)
			{
				const float *c;

				if (j >= n)
				{
					for (size_t k = k0; k < k1; k++)
						panels[k * GEMM_COLS + j] = 0.0f;
					continue;
				}
				c = centroids + (index ? (size_t) index[j0 + j] : j0 + j) * dims;
				for (size_t k = k0; k < k1; k++)
					panels[k * GEMM_COLS + j] = c[k];
			}
			for (size_t k = k0; k < k1; k++)
			{
				vf32 c0 = vf_load(panels + k * GEMM_COLS);
				vf32 c1 = vf_load(panels + k * GEMM_COLS + VF_WIDTH);

				norm0 = vf_fma(c0, c0, norm0);
				norm1 = vf_fma(c1, c1, norm1);
			}
		}
		vf_store(norms, norm0);
		vf_store(norms + VF_WIDTH, norm1);
		for (size_t j = n; j < GEMM_COLS; j++)
			norms[j] = INFINITY;
	}
}

/* See GemmOps.argmin. */
static VDB_TARGET void
VDB_FN(gemm_argmin)(const float *rows, size_t nrows, const float *panels, const float *norms,
					size_t ncols, size_t dims, uint32_t first, float *tiles, float *best,
					uint32_t *arg)
{
	size_t depth = gemm_slice_depth(dims);
	vf32 minus2 = vf_set1(-2.0f);

	for (size_t j = 0; j < ncols; j += GEMM_COLS)
	{
		vf32 norm0 = vf_load(norms + j);
		vf32 norm1 = vf_load(norms + j + VF_WIDTH);

		VDB_FN(gemm_panel)(rows, nrows, panels + j * dims, ncols - j, dims, depth, tiles);
		for (size_t i = 0; i < nrows; i++)
		{
			float *tile = tiles + i * GEMM_COLS;
			vf32 score0 = vf_fma(minus2, vf_load(tile), norm0);
			vf32 score1 = vf_fma(minus2, vf_load(tile + VF_WIDTH), norm1);
			float lowest = vf_min_lane(vf_min(score0, score1));

			if (lowest < best[i])
			{
				size_t lane = 0;

				vf_store(tile, score0);
				vf_store(tile + VF_WIDTH, score1);
				while (lane < GEMM_COLS - 1 && tile[lane] != lowest)
					lane++;
				best[i] = lowest;
				arg[i] = first + (uint32_t) (j + lane);
			}
		}
	}
}

/* See GemmOps.scores. */
static VDB_TARGET void
VDB_FN(gemm_scores)(const float *rows, size_t nrows, const float *panels, const float *norms,
					size_t ncols, size_t dims, float *tiles, float *out, size_t stride)
{
	size_t depth = gemm_slice_depth(dims);
	vf32 minus2 = vf_set1(-2.0f);

	for (size_t j = 0; j < ncols; j += GEMM_COLS)
	{
		vf32 norm0 = vf_load(norms + j);
		vf32 norm1 = vf_load(norms + j + VF_WIDTH);

		VDB_FN(gemm_panel)(rows, nrows, panels + j * dims, ncols - j, dims, depth, tiles);
		for (size_t i = 0; i < nrows; i++)
		{
			const float *tile = tiles + i * GEMM_COLS;
			float *to = out + i * stride + j;

			vf_store(to, vf_fma(minus2, vf_load(tile), norm0));
			vf_store(to + VF_WIDTH, vf_fma(minus2, vf_load(tile + VF_WIDTH), norm1));
		}
	}
}

/* See GemmOps.group_minima. */
static VDB_TARGET void
VDB_FN(gemm_group_minima)(const float *scores, size_t n, float *minima)
{
	for (size_t first = 0; first < n; first += GEMM_SCORES_STEP, minima += GEMM_GROUPS)
		for (size_t group = 0; group < GEMM_GROUPS; group += VF_WIDTH)
		{
			const float *from = scores + first + group;
			vf32 least = vf_load(from);

			for (size_t i = GEMM_GROUPS; i < GEMM_SCORES_STEP; i += GEMM_GROUPS)
				least = vf_min(least, vf_load(from + i));
			vf_store(minima + group, least);
		}
}

/* See GemmOps.dist2. */
static VDB_TARGET float
VDB_FN(gemm_dist2)(const float *x, float scale, const float *c, size_t dims)
{
	vf32 factor = vf_set1(scale);
	vf32 sum0 = vf_zero();
	vf32 sum1 = vf_zero();
	size_t k = 0;
	vf32 d;

	for (; k + 2 * VF_WIDTH <= dims; k += 2 * VF_WIDTH)
	{
		vf32 e = vf_sub(vf_mul(factor, vf_load(x + k + VF_WIDTH)), vf_load(c + k + VF_WIDTH));

		d = vf_sub(vf_mul(factor, vf_load(x + k)), vf_load(c + k));
		sum0 = vf_fma(d, d, sum0);
		sum1 = vf_fma(e, e, sum1);
	}
	for (; k < dims; k += VF_WIDTH)
	{
		size_t n = dims - k < VF_WIDTH ? dims - k : VF_WIDTH;

		d = vf_sub(vf_mul(factor, vf_load_partial(x + k, n)), vf_load_partial(c + k, n));
		sum0 = vf_fma(d, d, sum0);
	}
	return vf_sum(vf_add(sum0, sum1));
}

/*
 * See GemmOps.sum_rows.  Eight points are added in float32 as a tree, which is exact for
 * equal points, and their sum goes to the double.
 */
static VDB_TARGET void
VDB_FN(gemm_sum_rows)(const float *points, const uint32_t *index, size_t nrows, size_t dims,
					  float scale, double *sum)
{
	vf32 factor = vf_set1(scale);
	size_t i = 0;

	for (; i + 8 <= nrows; i += 8)
	{
		const float *x[8];

		VDB_UNROLL
		for (int r = 0; r < 8; r++)
			x[r] = points + (size_t) index[i + r] * dims;
		for (size_t k = 0; k < dims; k += VF_WIDTH)
		{
			size_t n = dims - k < VF_WIDTH ? dims - k : VF_WIDTH;
			float lanes[VF_WIDTH];
			vf32 v[8];

			VDB_UNROLL
			for (int r = 0; r < 8; r++)
				v[r] = vf_mul(factor,
							  n == VF_WIDTH ? vf_load(x[r] + k) : vf_load_partial(x[r] + k, n));
			vf_store(lanes, vf_add(vf_add(vf_add(v[0], v[1]), vf_add(v[2], v[3])),
								   vf_add(vf_add(v[4], v[5]), vf_add(v[6], v[7]))));
			for (size_t l = 0; l < n; l++)
				sum[k + l] += lanes[l];
		}
	}
	for (; i < nrows; i++)
	{
		const float *x = points + (size_t) index[i] * dims;

		for (size_t k = 0; k < dims; k++)
			sum[k] += (double) (x[k] * scale);
	}
}

const GemmOps VDB_FN(gemm_ops) = {
	.simd = VDB_SIMD,
	.rows = GEMM_ROWS,
	.cols = GEMM_COLS,
	.pack_rows = VDB_FN(gemm_pack_rows),
	.pack_cols = VDB_FN(gemm_pack_cols),
	.argmin = VDB_FN(gemm_argmin),
	.scores = VDB_FN(gemm_scores),
	.group_minima = VDB_FN(gemm_group_minima),
	.dist2 = VDB_FN(gemm_dist2),
	.sum_rows = VDB_FN(gemm_sum_rows),
};
