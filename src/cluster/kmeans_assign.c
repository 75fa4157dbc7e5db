/*-------------------------------------------------------------------------
 *
 * kmeans_assign.c
 *	  Nearest centroid of given points, through packed centroids or two levels of them.
 *
 * NOTES
 *	  Pure C.  With many lists the centroids are clustered into about sqrt(nlists)
 *	  cells, and a point is compared with the centroids of the KMEANS_BEAM cells
 *	  nearest to it.  The points of a block are regrouped by cell, so that this too is a
 *	  matrix product.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_assign.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include <string.h>
#include "cluster/kmeans_internal.h"

/*
 * A squared distance above this, in units of the scaled centroids, says that the point is
 * so much larger than the centroids that the products may have overflowed.
 */
#define KMEANS_FAR 0x1p80f

/* What begins the memory of an index; its arrays follow. */
struct KmeansIndex
{
	VdbSimd simd; /* the level that packed the centroids */
	bool bf16;	  /* packed for bfloat16 products, of any kernel */
	int ncells;	  /* 0: no cells, one set of panels for all lists */
	size_t dims;
	size_t nlists;
	float scale;
};

/* The arrays of an index at this process's address. */
typedef struct KmeansIndexView
{
	const GemmOps *ops;
	const GemmBf16 *bf16; /* or NULL */
	size_t dims;
	size_t nlists;
	size_t ncells;
	float scale;
	float *centroids;	/* [nlists * dims] scaled */
	float *cell_panels; /* packed means of the cells */
	float *cell_norms;
	uint32_t *members; /* [nlists] lists by cell, ascending within a cell */
	uint32_t *start;   /* [ncells] first of a cell's members, and their number */
	uint32_t *count;
	uint32_t *column; /* [ncells] first column of a cell in panels and norms */
	float *panels;	  /* packed centroids; each cell begins a panel */
	float *norms;
} KmeansIndexView;

/* Pieces of the workspace of kmeans_assign(). */
typedef struct KmeansAssignSpace
{
	KmeansScratch scratch;
	float *scores;			 /* [block rows * rounded cells] */
	float *converted;		 /* a block of points packed for bfloat16 products */
	KmeansContest *contests; /* [block] */
	float *best;			 /* [block] */
	uint32_t *cells;		 /* [block * KMEANS_BEAM] nearest cells of each point */
	uint32_t *pairs;		 /* [block * KMEANS_BEAM] points by cell */
	uint32_t *cell_end;		 /* [ncells + 1] where the points of a cell end in pairs */
	uint32_t *cell_rows;	 /* [block] */
	float *cell_best;		 /* [block] */
	uint32_t *cell_arg;		 /* [block] */
} KmeansAssignSpace;

/* Cells wanted for nlists lists; 0 when all centroids are compared. */
static size_t
kmeans_cells(size_t nlists)
{
	return nlists > KMEANS_FLAT_MAX ? (size_t) lround(sqrt((double) nlists)) : 0;
}

/* Lays out an index; what is needed only while it is made shares memory with the panels. */
static KmeansIndex *
kmeans_index_carve(KmeansArena *arena, size_t dims, size_t nlists, KmeansIndexView *layout,
				   KmeansSpace *space, uint32_t **rows, KmeansLists *cells)
{
	size_t ncells = kmeans_cells(nlists);
	KmeansIndex *index = kmeans_carve(arena, sizeof(KmeansIndex));
	KmeansArena temporary;
	size_t columns = nlists;

	layout->centroids = kmeans_carve(arena, nlists * dims * sizeof(float));
	if (ncells > 0)
	{
		columns += ncells * (GEMM_MAX_COLS - 1);
		layout->cell_panels = kmeans_carve(arena, gemm_cols_floats(ncells, dims) * sizeof(float));
		layout->cell_norms = kmeans_carve(arena, gemm_round_cols(ncells) * sizeof(float));
		layout->members = kmeans_carve(arena, nlists * sizeof(uint32_t));
		layout->start = kmeans_carve(arena, ncells * sizeof(uint32_t));
		layout->count = kmeans_carve(arena, ncells * sizeof(uint32_t));
		layout->column = kmeans_carve(arena, ncells * sizeof(uint32_t));
	}

	temporary = *arena;
	layout->panels = kmeans_carve(arena, gemm_cols_floats(columns, dims) * sizeof(float));
	layout->norms = kmeans_carve(arena, gemm_round_cols(columns) * sizeof(float));
	if (ncells > 0)
	{
		*rows = kmeans_carve(&temporary, nlists * sizeof(uint32_t));
		cells->nlists = (int) ncells;
		cells->order = layout->members;
		cells->start = layout->start;
		cells->count = layout->count;
		cells->list = kmeans_carve(&temporary, nlists * sizeof(uint32_t));
		cells->centroids = kmeans_carve(&temporary, ncells * dims * sizeof(float));
		kmeans_space_carve(space, &temporary, dims, nlists, ncells);
		if (temporary.used > arena->used)
			arena->used = temporary.used;
	}
	return index;
}

/* See kmeans.h. */
size_t
kmeans_index_bytes(int dims, int nlists)
{
	KmeansArena arena = {NULL, 0};
	KmeansIndexView layout;
	KmeansSpace space;
	KmeansLists cells;
	uint32_t *rows;

	(void) kmeans_index_carve(&arena, (size_t) dims, (size_t) nlists, &layout, &space, &rows,
							  &cells);
	return arena.used;
}

/* The arrays of a finished index. */
static KmeansIndexView
kmeans_index_view(const KmeansIndex *index)
{
	KmeansArena arena = {(char *) index, 0};
	KmeansIndexView view;
	KmeansSpace space;
	KmeansLists cells;
	uint32_t *rows;

	(void) kmeans_index_carve(&arena, index->dims, index->nlists, &view, &space, &rows, &cells);
	view.ops = gemm_ops(index->simd);
	view.bf16 = index->bf16 ? gemm_bf16_for(view.ops, index->dims) : NULL;
	view.dims = index->dims;
	view.nlists = index->nlists;
	view.ncells = (size_t) index->ncells;
	view.scale = index->scale;
	return view;
}

/* Clusters the scaled centroids of an index into cells and packs each cell. */
static void
kmeans_index_cells(KmeansIndexView *index, const KmeansSpace *space, uint32_t *rows,
				   KmeansLists *cells, uint64_t seed, KmeansProgress *progress)
{
	KmeansRun run = {.ops = index->ops,
					 .bf16 = index->bf16,
					 .dims = index->dims,
					 .points = index->centroids,
					 .scale = 1.0f,
					 .rng = seed,
					 .progress = progress,
					 .space = *space};
	uint32_t column = 0;

	for (size_t i = 0; i < index->nlists; i++)
		rows[i] = (uint32_t) i;
	cells->nlists =
		kmeans_seed(&run, rows, index->nlists, cells->nlists, cells->centroids, cells->list);
	kmeans_lloyd(&run, rows, index->nlists, cells, KMEANS_CELL_ITERATIONS);

	/*
	 * Ties go to the lower list number: sort the members of each cell, by way of the cell
	 * of each list.  "rows" serves for that.  Empty cells are left out.
	 */
	index->ncells = 0;
	for (int cell = 0; cell < cells->nlists; cell++)
	{
		float *centroid = cells->centroids + (size_t) cell * index->dims;

		if (cells->count[cell] == 0)
			continue;
		for (uint32_t i = 0; i < cells->count[cell]; i++)
			rows[cells->order[cells->start[cell] + i]] = (uint32_t) index->ncells;
		memmove(cells->centroids + index->ncells * index->dims, centroid,
				index->dims * sizeof(float));
		index->ncells++;
	}
	cells->list = rows;
	cells->nlists = (int) index->ncells;
	kmeans_group(NULL, index->nlists, cells);
	kmeans_pack_cols(index->ops, index->bf16, cells->centroids, NULL, index->ncells, index->dims,
					 index->cell_panels, index->cell_norms);

	/* from here on the temporary memory is overwritten */
	for (size_t cell = 0; cell < index->ncells; cell++)
	{
		uint32_t cols = (uint32_t) (index->bf16 ? GEMM_BF16_COLS : index->ops->cols);

		index->column[cell] = column;
		kmeans_pack_cols(index->ops, index->bf16, index->centroids,
						 index->members + index->start[cell], index->count[cell], index->dims,
						 index->panels + (size_t) column * index->dims, index->norms + column);
		column += (index->count[cell] + cols - 1) / cols * cols;
		kmeans_work(progress,
					KMEANS_WORK_TOUCH * (double) index->count[cell] * (double) index->dims);
	}
}

/*
 * kmeans_index_init() with given kernels, as part of a larger task.  The centroids, and later
 * the points, are multiplied by scale.
 */
KmeansIndex *
kmeans_index_build(void *memory, const GemmOps *ops, const GemmBf16 *bf16, size_t dims,
				   size_t nlists, const float *centroids, float scale, uint64_t seed,
				   KmeansProgress *progress)
{
	KmeansArena arena = {memory, 0};
	KmeansIndexView view;
	KmeansSpace space;
	KmeansLists cells;
	uint32_t *rows;
	KmeansIndex *index = kmeans_index_carve(&arena, dims, nlists, &view, &space, &rows, &cells);

	view.ops = ops;
	view.bf16 = bf16;
	view.dims = dims;
	view.nlists = nlists;
	view.ncells = 0;
	for (size_t i = 0; i < nlists; i++)
	{
		for (size_t k = 0; k < dims; k++)
			view.centroids[i * dims + k] = centroids[i * dims + k] * scale;
		kmeans_work(progress, KMEANS_WORK_TOUCH * (double) dims);
	}
	if (kmeans_cells(nlists) > 0)
		kmeans_index_cells(&view, &space, rows, &cells, seed, progress);
	else
		kmeans_pack_cols(ops, bf16, view.centroids, NULL, nlists, dims, view.panels, view.norms);
	index->simd = ops->simd;
	index->bf16 = bf16 != NULL;
	index->ncells = (int) view.ncells;
	index->dims = dims;
	index->nlists = nlists;
	index->scale = scale;
	return index;
}

/* See kmeans.h. */
KmeansIndex *
kmeans_index_init(void *memory, int dims, int nlists, const float *centroids, uint64_t seed,
				  KmeansCallback callback, void *callback_arg)
{
	KmeansProgress progress = {.callback = callback, .arg = callback_arg};
	float scale;

	progress.total =
		(double) nlists * dims *
		(2.0 * KMEANS_WORK_TOUCH +
		 KMEANS_CELL_ITERATIONS * (KMEANS_WORK_TOUCH + (double) kmeans_cells((size_t) nlists)));
	scale = kmeans_scale_for(kmeans_largest(centroids, (size_t) nlists, (size_t) dims, &progress));
	return kmeans_index_build(memory, vdb_gemm, gemm_bf16_for(vdb_gemm, (size_t) dims),
							  (size_t) dims, (size_t) nlists, centroids, scale, seed, &progress);
}

/* Lays out the workspace of kmeans_assign(). */
static void
kmeans_assign_carve(KmeansAssignSpace *space, KmeansArena *arena, size_t dims, size_t nlists)
{
	size_t rows = kmeans_block_rows(dims);
	size_t rows_bf16 = kmeans_block_rows_bf16(dims);
	size_t block = kmeans_assign_points((int) dims);
	size_t ncells = kmeans_cells(nlists);

	kmeans_scratch_carve(&space->scratch, arena, dims);
	if (ncells > 0)
	{
		if (rows < rows_bf16)
			rows = rows_bf16;
		space->scores = kmeans_carve(arena, rows * gemm_round_cols(ncells) * sizeof(float));
		space->converted = kmeans_carve(arena, gemm_bf16_rows_floats(block, dims) * sizeof(float));
		space->contests = kmeans_carve(arena, block * sizeof(KmeansContest));
		space->best = kmeans_carve(arena, block * sizeof(float));
		space->cells = kmeans_carve(arena, block * KMEANS_BEAM * sizeof(uint32_t));
		space->pairs = kmeans_carve(arena, block * KMEANS_BEAM * sizeof(uint32_t));
		space->cell_end = kmeans_carve(arena, (ncells + 1) * sizeof(uint32_t));
		space->cell_rows = kmeans_carve(arena, block * sizeof(uint32_t));
		space->cell_best = kmeans_carve(arena, block * sizeof(float));
		space->cell_arg = kmeans_carve(arena, block * sizeof(uint32_t));
	}
}

/* See kmeans.h. */
size_t
kmeans_assign_bytes(int dims, int nlists)
{
	KmeansArena arena = {NULL, 0};
	KmeansAssignSpace space;

	kmeans_assign_carve(&space, &arena, (size_t) dims, (size_t) nlists);
	return arena.used;
}

/*
 * The "beam" lowest of scores[ncells] into cells, best first; returns how many there are.
 * Scores that are not numbers are passed over.
 */
static size_t
kmeans_beam(const float *scores, size_t ncells, size_t beam, uint32_t *cells)
{
	float lowest[KMEANS_BEAM];
	size_t found = 0;

	for (size_t j = 0; j < ncells; j++)
	{
		float score = scores[j];
		size_t i;

		if (found == beam ? !(score < lowest[beam - 1]) : isnan(score))
			continue;
		i = found < beam ? found++ : beam - 1;
		for (; i > 0 && lowest[i - 1] > score; i--)
		{
			lowest[i] = lowest[i - 1];
			cells[i] = cells[i - 1];
		}
		lowest[i] = score;
		cells[i] = (uint32_t) j;
	}
	return found;
}

/*
 * Scores of m points and all cells into space->scores: the points "first" and following, of
 * rows if that is not NULL.
 */
static void
kmeans_score_cells(const KmeansIndexView *index, const KmeansPoints *points, const uint32_t *rows,
				   size_t first, size_t m, const KmeansAssignSpace *space)
{
	const KmeansScratch *scratch = &space->scratch;
	size_t stride = gemm_round_cols(index->ncells);

	if (index->bf16 != NULL)
	{
		index->bf16->scores(index->bf16->product,
							space->converted + gemm_bf16_rows_floats(first, index->dims), m,
							index->cell_panels, index->cell_norms, index->ncells, index->dims,
							scratch->tiles, space->scores, stride);
		return;
	}
	if (rows)
		index->ops->pack_rows(points->points, rows + first, m, index->dims, points->scale,
							  scratch->rows);
	else
		index->ops->pack_rows(points->points + first * index->dims, NULL, m, index->dims,
							  points->scale, scratch->rows);
	index->ops->scores(scratch->rows, m, index->cell_panels, index->cell_norms, index->ncells,
					   index->dims, scratch->tiles, space->scores, stride);
}

/*
 * Writes the cells to search for each of n <= kmeans_assign_points() points into space->cells
 * and the points by cell into space->pairs and space->cell_end.
 */
static void
kmeans_choose_cells(const KmeansIndexView *index, const KmeansPoints *points, const uint32_t *rows,
					size_t n, KmeansAssignSpace *space, KmeansProgress *progress)
{
	size_t stride = gemm_round_cols(index->ncells);
	size_t beam = index->ncells < KMEANS_BEAM ? index->ncells : KMEANS_BEAM;
	size_t block = kmeans_block_rows(index->dims);
	uint32_t *end = space->cell_end + 1;
	uint8_t found[KMEANS_BLOCK];

	block -= block % (size_t) index->ops->rows;
	if (index->bf16 != NULL)
	{
		block = kmeans_block_rows_bf16(index->dims);
		index->bf16->pack_rows(points->points, rows, n, index->dims, points->scale,
							   space->converted);
	}
	memset(space->cell_end, 0, (index->ncells + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < n; i += block)
	{
		size_t m = n - i < block ? n - i : block;

		kmeans_score_cells(index, points, rows, i, m, space);
		for (size_t r = 0; r < m; r++)
		{
			uint32_t *cells = space->cells + (i + r) * KMEANS_BEAM;

			found[i + r] =
				(uint8_t) kmeans_beam(space->scores + r * stride, index->ncells, beam, cells);
			for (size_t c = 0; c < found[i + r]; c++)
				end[cells[c]]++;
		}
		kmeans_work(progress, (double) m * (double) index->ncells * (double) index->dims);
	}

	/* counting sort: end[c - 1] runs from the start of cell c to its end */
	for (size_t c = 0; c < index->ncells; c++)
		space->cell_end[c + 1] += space->cell_end[c];
	end = space->cell_end;
	for (size_t i = 0; i < n; i++)
	{
		for (size_t c = 0; c < found[i]; c++)
			space->pairs[end[space->cells[i * KMEANS_BEAM + c]]++] = (uint32_t) i;
	}
}

/* The lists of a cell as columns. */
static KmeansColumns
kmeans_cell_columns(const KmeansIndexView *index, size_t cell)
{
	return (KmeansColumns){.panels = index->panels + (size_t) index->column[cell] * index->dims,
						   .norms = index->norms + index->column[cell],
						   .ncols = index->count[cell],
						   .list = index->members + index->start[cell],
						   .centroids = index->centroids};
}

/* Compares the points pairs[m] with the lists of a cell by bfloat16 products. */
static void
kmeans_search_cell_bf16(const KmeansIndexView *index, const KmeansPoints *points,
						const uint32_t *rows, const uint32_t *pairs, size_t m,
						const KmeansColumns *columns, KmeansAssignSpace *space,
						KmeansProgress *progress)
{
	size_t block = kmeans_block_rows_bf16(index->dims);

	for (size_t i = 0; i < m; i += block)
	{
		size_t n = m - i < block ? m - i : block;

		index->bf16->gather_rows(space->converted, pairs + i, n, index->dims, space->scratch.rows);
		kmeans_contend(points, rows, space->scratch.rows, pairs + i, n, columns, &space->scratch,
					   space->contests, progress);
	}
}

/* The same by float32 products, keeping the best scores in space->best and their lists. */
static void
kmeans_search_cell(const KmeansPoints *points, const uint32_t *rows, const uint32_t *pairs,
				   size_t m, const KmeansColumns *columns, KmeansAssignSpace *space, uint32_t *list,
				   KmeansProgress *progress)
{
	for (size_t i = 0; i < m; i++)
		space->cell_rows[i] = rows ? rows[pairs[i]] : pairs[i];
	kmeans_nearest_scores(points, space->cell_rows, m, columns, &space->scratch, space->cell_best,
						  space->cell_arg, progress);
	for (size_t i = 0; i < m; i++)
	{
		uint32_t nearest = columns->list[space->cell_arg[i]];
		float score = space->cell_best[i];

		if (score < space->best[pairs[i]] ||
			(score == space->best[pairs[i]] && nearest < list[pairs[i]]))
		{
			space->best[pairs[i]] = score;
			list[pairs[i]] = nearest;
		}
	}
}

/*
 * Nearest list of up to kmeans_assign_points() points (those of rows, or the first ones when
 * rows is NULL), multiplied by scale.
 */
static void
kmeans_search(const KmeansIndexView *index, const float *points_of, const uint32_t *rows, size_t n,
			  float scale, uint32_t *list, KmeansAssignSpace *space, KmeansProgress *progress)
{
	KmeansPoints points = {.ops = index->ops,
						   .bf16 = index->bf16,
						   .dims = index->dims,
						   .points = points_of,
						   .scale = scale};
	uint32_t begin = 0;

	if (index->ncells == 0)
	{
		KmeansColumns columns = {.panels = index->panels,
								 .norms = index->norms,
								 .ncols = index->nlists,
								 .centroids = index->centroids};

		kmeans_nearest(&points, rows, n, &columns, &space->scratch, list, progress);
		return;
	}

	kmeans_choose_cells(index, &points, rows, n, space, progress);
	kmeans_contests_begin(space->contests, n);
	for (size_t i = 0; i < n; i++)
	{
		space->best[i] = INFINITY;
		list[i] = 0;
	}
	for (size_t cell = 0; cell < index->ncells; cell++)
	{
		const uint32_t *pairs = space->pairs + begin;
		KmeansColumns columns = kmeans_cell_columns(index, cell);
		size_t m = space->cell_end[cell] - begin;

		begin = space->cell_end[cell];
		if (index->bf16 != NULL)
			kmeans_search_cell_bf16(index, &points, rows, pairs, m, &columns, space, progress);
		else if (m > 0)
			kmeans_search_cell(&points, rows, pairs, m, &columns, space, list, progress);
	}
	if (index->bf16 != NULL)
		kmeans_contests_end(&points, rows, space->contests, n, index->centroids, list, progress);
}

/*
 * kmeans_assign() for any number of points given by row number, without distances.  The
 * points are multiplied by scale, and the index was built from centroids so multiplied.
 */
void
kmeans_assign_rows(const KmeansIndex *index, const float *points, const uint32_t *rows,
				   size_t npoints, float scale, uint32_t *list, void *workspace,
				   KmeansProgress *progress)
{
	KmeansArena arena = {workspace, 0};
	KmeansIndexView view = kmeans_index_view(index);
	size_t block = kmeans_assign_points((int) view.dims);
	KmeansAssignSpace space;

	kmeans_assign_carve(&space, &arena, view.dims, view.nlists);
	for (size_t i = 0; i < npoints; i += block)
	{
		size_t n = npoints - i < block ? npoints - i : block;

		kmeans_search(&view, points, rows + i, n, scale, list + i, &space, progress);
	}
}

/* Compares one point with all centroids in float64; for points far out of their scale. */
static float
kmeans_assign_far(const KmeansIndexView *index, const float *x, double unscale, uint32_t *list)
{
	double best = INFINITY;

	for (size_t j = 0; j < index->nlists; j++)
	{
		const float *c = index->centroids + j * index->dims;
		double sum = 0.0;

		for (size_t k = 0; k < index->dims; k++)
		{
			double d = (double) x[k] * index->scale - c[k];

			sum += d * d;
		}
		if (sum < best)
		{
			best = sum;
			*list = (uint32_t) j;
		}
	}
	best *= unscale;
	return best < FLT_MAX ? (float) best : FLT_MAX;
}

/* See kmeans.h. */
void
kmeans_assign(const KmeansIndex *index, const float *points, size_t npoints, uint32_t *list,
			  float *dist2, void *workspace)
{
	KmeansProgress progress = {0};
	KmeansArena arena = {workspace, 0};
	KmeansIndexView view = kmeans_index_view(index);
	KmeansAssignSpace space;
	double unscale = 1.0 / ((double) view.scale * view.scale);

	kmeans_assign_carve(&space, &arena, view.dims, view.nlists);
	kmeans_search(&view, points, NULL, npoints, view.scale, list, &space, &progress);
	for (size_t i = 0; i < npoints; i++)
	{
		const float *x = points + i * view.dims;
		float d = view.ops->dist2(x, view.scale, view.centroids + list[i] * view.dims, view.dims);

		if (d < KMEANS_FAR)
		{
			double distance = d * unscale;

			dist2[i] = distance < FLT_MAX ? (float) distance : FLT_MAX;
		}
		else
			dist2[i] = kmeans_assign_far(&view, x, unscale, &list[i]);
	}
}
