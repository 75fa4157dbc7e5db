/*-------------------------------------------------------------------------
 *
 * gemm_bf16.c
 *	  bfloat16 products: packed form, bound, and the kernels of AVX512_BF16.
 *
 * NOTES
 *	  Pure C.  Contract and bound in gemm_bf16.h, the product in gemm_tile.h: two dimensions
 *	  take the place of one, a pair of bfloat16 numbers that of a float.
 *
 *	  Packed points:  as in gemm_tile.h; behind the values of a row in the first slice
 *					  stand a, b and r of the bound
 *	  Packed panels:  [panel][dims][GEMM_BF16_COLS] floats, of which are used
 *					  [pair][GEMM_BF16_COLS] values and then C, E and z of each column
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_bf16.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "cluster/gemm_bf16.h"
#include "port/vdb_target.h"

#ifdef VDB_ARCH_X86

#include "simd/vf_avx512.h"

/* These functions need more than the primitives of the level. */
#undef VDB_TARGET
#undef VDB_FN
#define VDB_TARGET	 VDB_TARGET_AVX512_BF16
#define VDB_FN(name) name##_bf16

#define GEMM_ROWS		  GEMM_BF16_ROWS
#define GEMM_HALF_LIST(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6)
#define GEMM_ROW_LIST(M)  GEMM_HALF_LIST(M) M(7) M(8) M(9) M(10) M(11) M(12) M(13)
#define GEMM_FMA(x, b, sum)                                                                        \
	_mm512_dpbf16_ps(sum, (__m512bh) _mm512_castps_si512(x), (__m512bh) _mm512_castps_si512(b))

#include "cluster/gemm_tile.h"

/* Points to fetch ahead of the one being packed. */
#define PREFETCH_ROWS 4

#define UNIT 0x1p-24f

/* Where the terms of a row stand, behind its values in the first slice. */
#define ROW_TERMS GEMM_DEPTH

/* Sums of squares of a vector and of what its rounding took away. */
typedef struct Squares
{
	vf32 whole0;
	vf32 whole1;
	vf32 lost0;
	vf32 lost1;
} Squares;

/* Rounds 32 floats to 16 pairs and adds to their squares. */
VDB_INLINE VDB_TARGET vf32
round_pairs(vf32 x0, vf32 x1, Squares *squares)
{
	__m512i pairs = (__m512i) _mm512_cvtne2ps_pbh(x1, x0);
	__m512i low = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(pairs));
	__m512i high = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(pairs, 1));
	vf32 lost0 = vf_sub(x0, _mm512_castsi512_ps(_mm512_slli_epi32(low, 16)));
	vf32 lost1 = vf_sub(x1, _mm512_castsi512_ps(_mm512_slli_epi32(high, 16)));

	squares->whole0 = vf_fma(x0, x0, squares->whole0);
	squares->whole1 = vf_fma(x1, x1, squares->whole1);
	squares->lost0 = vf_fma(lost0, lost0, squares->lost0);
	squares->lost1 = vf_fma(lost1, lost1, squares->lost1);
	return _mm512_castsi512_ps(pairs);
}

/* The 32 floats x[k] and following, zero from x[dims] on. */
VDB_INLINE VDB_TARGET void
load_pairs(const float *x, size_t k, size_t dims, vf32 *x0, vf32 *x1)
{
	size_t left = dims > k ? dims - k : 0;

	*x0 = left >= VF_WIDTH ? vf_load(x + k) : vf_load_partial(x + k, left);
	left = left > VF_WIDTH ? left - VF_WIDTH : 0;
	if (left >= VF_WIDTH)
		*x1 = vf_load(x + k + VF_WIDTH);
	else
		*x1 = left > 0 ? vf_load_partial(x + k + VF_WIDTH, left) : vf_zero();
}

/* A norm rounded up, from a sum of squares. */
static float
raised_norm(float squares)
{
	return sqrtf(squares) * (1.0f + 0x1p-12f) + 0x1p-50f;
}

/* See GemmBf16. */
static VDB_TARGET void
bf16_pack_rows(const float *points, const uint32_t *index, size_t nrows, size_t dims, float scale,
			   float *packed)
{
	size_t pairs = gemm_bf16_pairs(dims);
	size_t depth = gemm_bf16_depth(pairs);
	size_t slices = (pairs + depth - 1) / depth;
	vf32 factor = vf_set1(scale);

	for (size_t i = 0; i < nrows; i++)
	{
		const float *x = points + (index ? (size_t) index[i] : i) * dims;
		size_t ahead = i + PREFETCH_ROWS < nrows ? i + PREFETCH_ROWS : i;
		const float *next = points + (index ? (size_t) index[ahead] : ahead) * dims;
		float *row =
			packed + i / GEMM_ROWS * slices * GEMM_SLICE + i % GEMM_ROWS * GEMM_DEPTH_STRIDE;
		Squares squares = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
		float norm;
		float lost;

		for (size_t k = 0; k < pairs; k += VF_WIDTH)
		{
			vf32 x0;
			vf32 x1;

			/* points by index come from memory, where no hardware foresees the next one */
			if (2 * k + 2 * VF_WIDTH <= dims)
			{
				_mm_prefetch((const char *) (next + 2 * k), _MM_HINT_T0);
				_mm_prefetch((const char *) (next + 2 * k + VF_WIDTH), _MM_HINT_T0);
			}
			load_pairs(x, 2 * k, dims, &x0, &x1);
			vf_store(row + k / depth * GEMM_SLICE + k % depth,
					 round_pairs(vf_mul(factor, x0), vf_mul(factor, x1), &squares));
		}
		norm = raised_norm(vf_sum(vf_add(squares.whole0, squares.whole1)));
		lost = raised_norm(vf_sum(vf_add(squares.lost0, squares.lost1)));
		row[ROW_TERMS] = 2.0f * lost + 5.0f * UNIT * (float) dims * norm;
		row[ROW_TERMS + 1] = 2.0f * (norm + lost);
		row[ROW_TERMS + 2] = 4.0f * UNIT * ((float) dims / 32.0f + 16.0f) * norm * norm;
	}

	/* rows that fill the last tile are zero */
	for (size_t i = nrows; i % GEMM_ROWS != 0; i++)
	{
		float *row =
			packed + i / GEMM_ROWS * slices * GEMM_SLICE + i % GEMM_ROWS * GEMM_DEPTH_STRIDE;

		for (size_t s = 0; s < slices; s++)
			memset(row + s * GEMM_SLICE, 0, depth * sizeof(float));
	}
}

/* See GemmBf16. */
static VDB_TARGET void
bf16_gather_rows(const float *packed, const uint32_t *index, size_t nrows, size_t dims, float *to)
{
	size_t pairs = gemm_bf16_pairs(dims);
	size_t depth = gemm_bf16_depth(pairs);
	size_t slices = (pairs + depth - 1) / depth;
	size_t rounded = (nrows + GEMM_ROWS - 1) / GEMM_ROWS * GEMM_ROWS;

	for (size_t i = 0; i < rounded; i++)
	{
		float *row = to + i / GEMM_ROWS * slices * GEMM_SLICE + i % GEMM_ROWS * GEMM_DEPTH_STRIDE;
		const float *from;

		if (i >= nrows)
		{
			for (size_t s = 0; s < slices; s++)
				memset(row + s * GEMM_SLICE, 0, depth * sizeof(float));
			continue;
		}
		from = packed + index[i] / GEMM_ROWS * slices * GEMM_SLICE +
			   index[i] % GEMM_ROWS * GEMM_DEPTH_STRIDE;
		for (size_t s = 0; s < slices; s++)
		{
			for (size_t k = 0; k < depth && s * depth + k < pairs; k += VF_WIDTH)
				vf_store(row + s * GEMM_SLICE + k, vf_load(from + s * GEMM_SLICE + k));
		}
		memcpy(row + ROW_TERMS, from + ROW_TERMS, 3 * sizeof(float));
	}
}

/* See GemmBf16. */
static VDB_TARGET void
bf16_pack_cols(const float *centroids, const uint32_t *index, size_t ncols, size_t dims,
			   float *panels, float *norms)
{
	size_t pairs = gemm_bf16_pairs(dims);

	for (size_t j0 = 0; j0 < ncols; j0 += GEMM_COLS, panels += dims * GEMM_COLS, norms += GEMM_COLS)
	{
		float *terms = panels + pairs * GEMM_COLS;

		for (size_t j = 0; j < GEMM_COLS; j++)
		{
			Squares squares = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
			const float *c;
			float lanes[VF_WIDTH];
			float square;

			if (j0 + j >= ncols)
			{
				for (size_t k = 0; k < pairs; k++)
					panels[k * GEMM_COLS + j] = 0.0f;
				norms[j] = INFINITY;
				terms[j] = terms[GEMM_COLS + j] = terms[2 * GEMM_COLS + j] = 0.0f;
				continue;
			}
			c = centroids + (index ? (size_t) index[j0 + j] : j0 + j) * dims;
			for (size_t k = 0; k < pairs; k += VF_WIDTH)
			{
				vf32 c0;
				vf32 c1;

				load_pairs(c, 2 * k, dims, &c0, &c1);
				vf_store(lanes, round_pairs(c0, c1, &squares));
				for (size_t l = 0; l < VF_WIDTH; l++)
					memcpy(panels + (k + l) * GEMM_COLS + j, lanes + l, sizeof(float));
			}
			square = vf_sum(vf_add(squares.whole0, squares.whole1));
			norms[j] = square;
			terms[j] = raised_norm(square);
			terms[GEMM_COLS + j] = raised_norm(vf_sum(vf_add(squares.lost0, squares.lost1)));
			terms[2 * GEMM_COLS + j] = UNIT * ((float) dims / 8.0f + 64.0f) * square;
		}
	}
}

/* See GemmBf16. */
static VDB_TARGET size_t
bf16_contenders(GemmBf16Product product, const float *rows, size_t nrows, const float *panel,
				const float *norms, size_t ncols, size_t dims, uint32_t first, float *tiles,
				float *limit, GemmHit *hits)
{
	size_t pairs = gemm_bf16_pairs(dims);
	size_t depth = gemm_bf16_depth(pairs);
	size_t slices = (pairs + depth - 1) / depth;
	const float *terms = panel + pairs * GEMM_COLS;
	uint32_t columns = ncols < GEMM_COLS ? (1u << ncols) - 1u : UINT32_MAX;
	vf32 minus2 = vf_set1(-2.0f);
	vf32 norm0 = vf_load(norms);
	vf32 norm1 = vf_load(norms + VF_WIDTH);
	vf32 whole0 = vf_load(terms);
	vf32 whole1 = vf_load(terms + VF_WIDTH);
	vf32 lost0 = vf_load(terms + GEMM_COLS);
	vf32 lost1 = vf_load(terms + GEMM_COLS + VF_WIDTH);
	vf32 z0 = vf_load(terms + 2 * GEMM_COLS);
	vf32 z1 = vf_load(terms + 2 * GEMM_COLS + VF_WIDTH);
	size_t nhits = 0;

	product(rows, nrows, panel, ncols, pairs, depth, tiles);
	for (size_t i = 0; i < nrows; i++)
	{
		const float *row = rows + i / GEMM_ROWS * slices * GEMM_SLICE +
						   i % GEMM_ROWS * GEMM_DEPTH_STRIDE + ROW_TERMS;
		vf32 a = vf_set1(row[0]);
		vf32 b = vf_set1(row[1]);
		vf32 score0 = vf_fma(minus2, vf_load(tiles + i * GEMM_COLS), norm0);
		vf32 score1 = vf_fma(minus2, vf_load(tiles + i * GEMM_COLS + VF_WIDTH), norm1);
		vf32 bound0 = vf_fma(a, whole0, vf_fma(b, lost0, z0));
		vf32 bound1 = vf_fma(a, whole1, vf_fma(b, lost1, z1));
		vf32 low0 = vf_sub(score0, bound0);
		vf32 low1 = vf_sub(score1, bound1);
		vf32 most = vf_set1(limit[i] + row[2]);
		uint32_t below = _mm512_cmp_ps_mask(low0, most, _CMP_LE_OQ) |
						 (uint32_t) _mm512_cmp_ps_mask(low1, most, _CMP_LE_OQ) << VF_WIDTH;
		float low[GEMM_COLS];
		float least;

		below &= columns;
		if (below == 0)
			continue;
		least = _mm512_reduce_min_ps(
			_mm512_min_ps(_mm512_mask_add_ps(vf_set1(INFINITY), (__mmask16) below, score0, bound0),
						  _mm512_mask_add_ps(vf_set1(INFINITY), (__mmask16) (below >> VF_WIDTH),
											 score1, bound1)));
		if (least < limit[i])
			limit[i] = least;
		most = vf_set1(limit[i] + row[2]);
		below &= _mm512_cmp_ps_mask(low0, most, _CMP_LE_OQ) |
				 (uint32_t) _mm512_cmp_ps_mask(low1, most, _CMP_LE_OQ) << VF_WIDTH;
		vf_store(low, low0);
		vf_store(low + VF_WIDTH, low1);
		for (; below != 0; below &= below - 1)
		{
			uint32_t j = (uint32_t) __builtin_ctz(below);

			hits[nhits].row = (uint32_t) i;
			hits[nhits].column = first + j;
			hits[nhits].lowest = low[j] - row[2];
			nhits++;
		}
	}
	return nhits;
}

/* See GemmBf16. */
static VDB_TARGET void
bf16_scores(GemmBf16Product product, const float *rows, size_t nrows, const float *panels,
			const float *norms, size_t ncols, size_t dims, float *tiles, float *out, size_t stride)
{
	size_t pairs = gemm_bf16_pairs(dims);
	size_t depth = gemm_bf16_depth(pairs);
	vf32 minus2 = vf_set1(-2.0f);

	for (size_t j = 0; j < ncols; j += GEMM_COLS)
	{
		vf32 norm0 = vf_load(norms + j);
		vf32 norm1 = vf_load(norms + j + VF_WIDTH);

		product(rows, nrows, panels + j * dims, ncols - j, pairs, depth, tiles);
		for (size_t i = 0; i < nrows; i++)
		{
			const float *tile = tiles + i * GEMM_COLS;
			float *to = out + i * stride + j;

			vf_store(to, vf_fma(minus2, vf_load(tile), norm0));
			vf_store(to + VF_WIDTH, vf_fma(minus2, vf_load(tile + VF_WIDTH), norm1));
		}
	}
}

#define TABLE(kernel_name, kernel)                                                                 \
	{                                                                                              \
		.name = (kernel_name), .product = (kernel), .pack_rows = bf16_pack_rows,                   \
		.pack_cols = bf16_pack_cols, .gather_rows = bf16_gather_rows,                              \
		.contenders = bf16_contenders, .scores = bf16_scores                                       \
	}

const GemmBf16 gemm_bf16_avx512 = TABLE("avx512_bf16", gemm_panel_bf16);
const GemmBf16 gemm_bf16_amx = TABLE("amx_bf16", gemm_panel_amx);

#endif /* VDB_ARCH_X86 */
