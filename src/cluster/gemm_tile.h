/*-------------------------------------------------------------------------
 *
 * gemm_tile.h
 *	  The innermost product of the matrix kernels: a tile of points by a panel of centroids.
 *
 * NOTES
 *	  Pure C, a template.  The including file has included a vf_<level>.h of src/simd and defines:
 *
 *	  GEMM_ROWS			points of a tile
 *	  GEMM_ROW_LIST(M)	M(0) M(1) ... M(GEMM_ROWS - 1)
 *	  GEMM_HALF_LIST(M)	M(0) M(1) ... M(GEMM_ROWS / 2 - 1)
 *	  GEMM_FMA(x, b, s)	s plus the product of a value of a point and those of the centroids;
 *						vf_fma() unless a float holds something else than a number
 *
 *	  A tile has GEMM_ROWS points and two vectors of centroids.  Its accumulators are
 *	  separate variables, made by the row lists, because an array of vectors would stay
 *	  in memory at -O2.
 *
 *	  Packed points:  [tile][slice][row of tile][GEMM_DEPTH_STRIDE]
 *	  A packed panel: [dimension][GEMM_COLS]
 *	  Partial tiles:  [tile][row of tile][GEMM_COLS]
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_tile.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GEMM_FMA
#define GEMM_FMA(x, b, sum) vf_fma(x, b, sum)
#endif

#define GEMM_COLS  (2 * VF_WIDTH)
#define GEMM_SLICE (GEMM_ROWS * GEMM_DEPTH_STRIDE) /* floats of a packed slice of a tile */

/* A tile of two vectors of centroids */
#define GEMM_ZERO(i) vf32 lo##i = vf_zero(), hi##i = vf_zero();
#define GEMM_LOAD(i)                                                                               \
	vf32 lo##i = vf_load(tile + GEMM_COLS * (i));                                                  \
	vf32 hi##i = vf_load(tile + GEMM_COLS * (i) + VF_WIDTH);
#define GEMM_STEP(i)                                                                               \
	x = vf_set1(a[GEMM_DEPTH_STRIDE * (i) + k]);                                                   \
	lo##i = GEMM_FMA(x, b0, lo##i);                                                                \
	hi##i = GEMM_FMA(x, b1, hi##i);
#define GEMM_STORE(i)                                                                              \
	vf_store(tile + GEMM_COLS * (i), lo##i);                                                       \
	vf_store(tile + GEMM_COLS * (i) + VF_WIDTH, hi##i);

/* A tile of the first vector only; the second half of the result is zero. */
#define GEMM_ZERO1(i) vf32 lo##i = vf_zero();
#define GEMM_LOAD1(i) vf32 lo##i = vf_load(tile + GEMM_COLS * (i));
#define GEMM_STEP1(i) lo##i = GEMM_FMA(vf_set1(a[GEMM_DEPTH_STRIDE * (i) + k]), b0, lo##i);
#define GEMM_STORE1(i)                                                                             \
	vf_store(tile + GEMM_COLS * (i), lo##i);                                                       \
	vf_store(tile + GEMM_COLS * (i) + VF_WIDTH, vf_zero());

/* Bodies: the first slice of dimensions begins at zero, those after it at the tile. */
#define GEMM_WIDE(LIST)                                                                            \
	if (first)                                                                                     \
	{                                                                                              \
		LIST(GEMM_ZERO)                                                                            \
		GEMM_WIDE_LOOP(LIST)                                                                       \
	}                                                                                              \
	else                                                                                           \
	{                                                                                              \
		LIST(GEMM_LOAD)                                                                            \
		GEMM_WIDE_LOOP(LIST)                                                                       \
	}
#define GEMM_WIDE_LOOP(LIST)                                                                       \
	for (size_t k = 0; k < depth; k++)                                                             \
	{                                                                                              \
		vf32 b0 = vf_load(b + k * GEMM_COLS);                                                      \
		vf32 b1 = vf_load(b + k * GEMM_COLS + VF_WIDTH);                                           \
		vf32 x;                                                                                    \
                                                                                                   \
		LIST(GEMM_STEP)                                                                            \
	}                                                                                              \
	LIST(GEMM_STORE)
#define GEMM_NARROW(LIST)                                                                          \
	if (first)                                                                                     \
	{                                                                                              \
		LIST(GEMM_ZERO1)                                                                           \
		GEMM_NARROW_LOOP(LIST)                                                                     \
	}                                                                                              \
	else                                                                                           \
	{                                                                                              \
		LIST(GEMM_LOAD1)                                                                           \
		GEMM_NARROW_LOOP(LIST)                                                                     \
	}
#define GEMM_NARROW_LOOP(LIST)                                                                     \
	for (size_t k = 0; k < depth; k++)                                                             \
	{                                                                                              \
		vf32 b0 = vf_load(b + k * GEMM_COLS);                                                      \
                                                                                                   \
		LIST(GEMM_STEP1)                                                                           \
	}                                                                                              \
	LIST(GEMM_STORE1)

/* tile[row][col] = sum over depth dimensions of a[row] * b[col], or += if not first */
static VDB_TARGET void
VDB_FN(gemm_full_wide)(const float *VDB_RESTRICT a, const float *VDB_RESTRICT b, size_t depth,
					   bool first, float *VDB_RESTRICT tile)
{
	GEMM_WIDE(GEMM_ROW_LIST)
}

/* The same for the first half of the rows: what is left of a block. */
static VDB_TARGET void
VDB_FN(gemm_half_wide)(const float *VDB_RESTRICT a, const float *VDB_RESTRICT b, size_t depth,
					   bool first, float *VDB_RESTRICT tile)
{
	GEMM_WIDE(GEMM_HALF_LIST)
}

/* The same for the first half of the columns: a panel that is half empty. */
static VDB_TARGET void
VDB_FN(gemm_full_narrow)(const float *VDB_RESTRICT a, const float *VDB_RESTRICT b, size_t depth,
						 bool first, float *VDB_RESTRICT tile)
{
	GEMM_NARROW(GEMM_ROW_LIST)
}

/* The same for the first half of both. */
static VDB_TARGET void
VDB_FN(gemm_half_narrow)(const float *VDB_RESTRICT a, const float *VDB_RESTRICT b, size_t depth,
						 bool first, float *VDB_RESTRICT tile)
{
	GEMM_NARROW(GEMM_HALF_LIST)
}

/*
 * The products of all packed points with a panel that holds ncols centroids, into tiles;
 * "depth" dimensions at a time.
 */
static VDB_TARGET void
VDB_FN(gemm_panel)(const float *rows, size_t nrows, const float *panel, size_t ncols, size_t dims,
				   size_t depth, float *tiles)
{
	size_t slices = (dims + depth - 1) / depth;
	bool narrow = ncols <= VF_WIDTH;

	for (size_t s = 0; s < slices; s++)
	{
		const float *b = panel + s * depth * GEMM_COLS;
		size_t n = s + 1 < slices ? depth : dims - s * depth;

		for (size_t i = 0; i < nrows; i += GEMM_ROWS)
		{
			const float *a = rows + (i / GEMM_ROWS * slices + s) * GEMM_SLICE;
			float *tile = tiles + i * GEMM_COLS;
			bool half = nrows - i <= GEMM_ROWS / 2;

			if (narrow && half)
				VDB_FN(gemm_half_narrow)(a, b, n, s == 0, tile);
			else if (narrow)
				VDB_FN(gemm_full_narrow)(a, b, n, s == 0, tile);
			else if (half)
				VDB_FN(gemm_half_wide)(a, b, n, s == 0, tile);
			else
				VDB_FN(gemm_full_wide)(a, b, n, s == 0, tile);
		}
	}
}
