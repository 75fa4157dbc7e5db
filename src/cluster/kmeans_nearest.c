/*-------------------------------------------------------------------------
 *
 * kmeans_nearest.c
 *	  Nearest of packed centroids: float32 products, or bfloat16 ones settled in float32.
 *
 * NOTES
 *	  Pure C.  Float32 products give scores that are compared as they are.  bfloat16 products
 *	  (gemm_bf16.h) name for each point the centroids that may be the nearest; when
 *	  all have been seen, the squared distances decide among those that are left, which is
 *	  often a single one.  So the result is that of comparing all squared distances, on
 *	  any CPU with bfloat16 products.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_nearest.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include "cluster/kmeans_internal.h"

/* Packed points of a block should stay in the second-level cache next to a panel. */
#define KMEANS_BLOCK_BYTES	  (384 * 1024)
#define KMEANS_BLOCK_ROWS_MIN 64

/* Points that are assigned at once: the more there are, the more of them search the same cells. */
#define KMEANS_BLOCK_FLOATS (1024 * 1024)
#define KMEANS_BLOCK_MIN	256

/* Rows of so many floats that make a block, a number between bounds. */
static size_t
block_rows(size_t row_floats)
{
	size_t rows = KMEANS_BLOCK_BYTES / (row_floats * sizeof(float));

	if (rows < KMEANS_BLOCK_ROWS_MIN)
		rows = KMEANS_BLOCK_ROWS_MIN;
	return rows < KMEANS_PACKED_MAX ? rows : KMEANS_PACKED_MAX;
}

/* Points that are packed at once, for any level. */
size_t
kmeans_block_rows(size_t dims)
{
	return block_rows(gemm_slices(dims) * GEMM_DEPTH_STRIDE);
}

/* Points that are packed at once for bfloat16 products: whole tiles. */
size_t
kmeans_block_rows_bf16(size_t dims)
{
	size_t rows = block_rows(gemm_bf16_rows_floats(1, dims) / GEMM_BF16_ROWS);

	return rows - rows % GEMM_BF16_ROWS;
}

/* See kmeans.h. */
int
kmeans_assign_points(int dims)
{
	int points = KMEANS_BLOCK_FLOATS / dims;

	if (points < KMEANS_BLOCK_MIN)
		points = KMEANS_BLOCK_MIN;
	return points < KMEANS_BLOCK ? points : KMEANS_BLOCK;
}

/* Lays out the scratch memory for points of so many dimensions. */
void
kmeans_scratch_carve(KmeansScratch *scratch, KmeansArena *arena, size_t dims)
{
	size_t block = kmeans_block_rows(dims);
	size_t block_bf16 = kmeans_block_rows_bf16(dims);
	size_t floats = gemm_rows_floats(block, dims);
	size_t floats_bf16 = gemm_bf16_rows_floats(block_bf16, dims);

	scratch->rows =
		kmeans_carve(arena, (floats > floats_bf16 ? floats : floats_bf16) * sizeof(float));
	scratch->tiles = kmeans_carve(
		arena, gemm_tiles_floats(block > block_bf16 ? block : block_bf16) * sizeof(float));
	scratch->best = kmeans_carve(arena, KMEANS_PACKED_MAX * sizeof(float));
	scratch->contests = kmeans_carve(arena, KMEANS_PACKED_MAX * sizeof(KmeansContest));
	scratch->hits = kmeans_carve(arena, block_bf16 * GEMM_BF16_COLS * sizeof(GemmHit));
}

/* Packs centroids for float32 or bfloat16 products; see pack_cols of GemmOps. */
void
kmeans_pack_cols(const GemmOps *ops, const GemmBf16 *bf16, const float *centroids,
				 const uint32_t *index, size_t ncols, size_t dims, float *panels, float *norms)
{
	if (bf16 != NULL)
		bf16->pack_cols(centroids, index, ncols, dims, panels, norms);
	else
		ops->pack_cols(centroids, index, ncols, dims, panels, norms);
}

/* Contests in which nothing has been seen yet. */
void
kmeans_contests_begin(KmeansContest *contests, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		contests[i].limit = INFINITY;
		contests[i].count = 0;
	}
}

/* Drops the contenders that have lost. */
static void
contest_sift(KmeansContest *contest)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < contest->count; i++)
	{
		if (contest->lowest[i] > contest->limit)
			continue;
		contest->list[left] = contest->list[i];
		contest->lowest[left] = contest->lowest[i];
		left++;
	}
	contest->count = left;
}

/*
 * Leaves the contender with the smallest squared distance to x, of equal ones that with the
 * lowest number, if there is any.
 */
static void
contest_settle(const KmeansPoints *points, const float *x, const float *centroids,
			   KmeansContest *contest, KmeansProgress *progress)
{
	uint32_t winner = 0;
	float best = INFINITY;

	if (contest->count < 2)
		return;
	for (uint32_t i = 0; i < contest->count; i++)
	{
		float dist2 = points->ops->dist2(
			x, points->scale, centroids + (size_t) contest->list[i] * points->dims, points->dims);

		if (dist2 < best || (dist2 == best && contest->list[i] < contest->list[winner]))
		{
			best = dist2;
			winner = i;
		}
	}
	kmeans_work(progress, KMEANS_WORK_TOUCH * (double) contest->count * (double) points->dims);
	contest->list[0] = contest->list[winner];
	contest->lowest[0] = contest->lowest[winner];
	contest->count = 1;
}

/*
 * Compares nrows <= kmeans_block_rows_bf16() packed points with columns.  Packed point i is
 * that of contest which[i], or i when which is NULL; the point of contest j is row rows[j], or j
 * when rows is NULL.
 */
void
kmeans_contend(const KmeansPoints *points, const uint32_t *rows, const float *packed,
			   const uint32_t *which, size_t nrows, const KmeansColumns *columns,
			   const KmeansScratch *scratch, KmeansContest *contests, KmeansProgress *progress)
{
	const GemmBf16 *bf16 = points->bf16;
	float *limit = scratch->best;

	for (size_t i = 0; i < nrows; i++)
		limit[i] = contests[which ? which[i] : i].limit;
	for (size_t j = 0; j < columns->ncols; j += GEMM_BF16_COLS)
	{
		size_t cols = columns->ncols - j < GEMM_BF16_COLS ? columns->ncols - j : GEMM_BF16_COLS;
		size_t nhits = bf16->contenders(
			bf16->product, packed, nrows, columns->panels + j * points->dims, columns->norms + j,
			cols, points->dims, (uint32_t) j, scratch->tiles, limit, scratch->hits);

		for (size_t h = 0; h < nhits; h++)
		{
			const GemmHit *hit = &scratch->hits[h];
			size_t p = which ? which[hit->row] : hit->row;
			KmeansContest *contest = &contests[p];

			contest->limit = limit[hit->row];
			if (contest->count == KMEANS_CONTENDERS)
				contest_sift(contest);
			if (contest->count == KMEANS_CONTENDERS)
				contest_settle(points, points->points + (rows ? rows[p] : p) * points->dims,
							   columns->centroids, contest, progress);
			contest->list[contest->count] =
				columns->list ? columns->list[hit->column] : hit->column;
			contest->lowest[contest->count] = hit->lowest;
			contest->count++;
		}
		kmeans_work(progress, (double) nrows * (double) cols * (double) points->dims);
	}
}

/* Decides n contests: list[i] is the winner of contest i, 0 when nothing could be compared. */
void
kmeans_contests_end(const KmeansPoints *points, const uint32_t *rows, KmeansContest *contests,
					size_t n, const float *centroids, uint32_t *list, KmeansProgress *progress)
{
	for (size_t i = 0; i < n; i++)
	{
		KmeansContest *contest = &contests[i];

		contest_sift(contest);
		contest_settle(points, points->points + (rows ? rows[i] : i) * points->dims, centroids,
					   contest, progress);
		list[i] = contest->count > 0 ? contest->list[0] : 0;
	}
}

/*
 * By float32 products, as kmeans_nearest(), with the scores |c|^2 - 2 x.c of the columns found
 * in best[npoints].
 */
void
kmeans_nearest_scores(const KmeansPoints *points, const uint32_t *rows, size_t npoints,
					  const KmeansColumns *columns, const KmeansScratch *scratch, float *best,
					  uint32_t *list, KmeansProgress *progress)
{
	const GemmOps *ops = points->ops;
	size_t dims = points->dims;
	size_t block = kmeans_block_rows(dims);
	size_t step;

	block -= block % (size_t) ops->rows;

	/* so many columns at a time that the callback is due about once for each call */
	step = (size_t) (KMEANS_WORK_QUANTUM / ((double) block * (double) dims));
	step -= step % (size_t) ops->cols;
	if (step < (size_t) ops->cols)
		step = (size_t) ops->cols;

	for (size_t i = 0; i < npoints; i += block)
	{
		size_t n = npoints - i < block ? npoints - i : block;

		if (rows)
			ops->pack_rows(points->points, rows + i, n, dims, points->scale, scratch->rows);
		else
			ops->pack_rows(points->points + i * dims, NULL, n, dims, points->scale, scratch->rows);
		for (size_t r = i; r < i + n; r++)
		{
			best[r] = INFINITY;
			list[r] = 0;
		}
		for (size_t j = 0; j < columns->ncols; j += step)
		{
			size_t cols = columns->ncols - j < step ? columns->ncols - j : step;

			ops->argmin(scratch->rows, n, columns->panels + j * dims, columns->norms + j, cols,
						dims, (uint32_t) j, scratch->tiles, best + i, list + i);
			kmeans_work(progress, (double) n * (double) cols * (double) dims);
		}
	}
}

/*
 * list[i] = the column nearest to point i, of npoints points (those of rows, or the first ones
 * when rows is NULL); columns->list is NULL.
 */
void
kmeans_nearest(const KmeansPoints *points, const uint32_t *rows, size_t npoints,
			   const KmeansColumns *columns, const KmeansScratch *scratch, uint32_t *list,
			   KmeansProgress *progress)
{
	size_t block = points->bf16 ? kmeans_block_rows_bf16(points->dims) : KMEANS_PACKED_MAX;
	KmeansPoints part = *points;

	for (size_t i = 0; i < npoints; i += block)
	{
		size_t n = npoints - i < block ? npoints - i : block;
		const uint32_t *part_rows = rows ? rows + i : NULL;

		if (rows == NULL)
			part.points = points->points + i * points->dims;
		if (points->bf16 == NULL)
		{
			kmeans_nearest_scores(&part, part_rows, n, columns, scratch, scratch->best, list + i,
								  progress);
			continue;
		}
		points->bf16->pack_rows(part.points, part_rows, n, points->dims, points->scale,
								scratch->rows);
		kmeans_contests_begin(scratch->contests, n);
		kmeans_contend(&part, part_rows, scratch->rows, NULL, n, columns, scratch,
					   scratch->contests, progress);
		kmeans_contests_end(&part, part_rows, scratch->contests, n, columns->centroids, list + i,
							progress);
	}
}
