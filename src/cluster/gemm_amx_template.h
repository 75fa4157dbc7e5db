/*-------------------------------------------------------------------------
 *
 * gemm_amx_template.h
 *	  The bfloat16 product by the tile registers of AMX.
 *
 * NOTES
 *	  Pure C.  The including file defines AMX_TARGET, the target attribute, and these
 *	  instructions, for which a test has a software model:
 *
 *	  AMX_CONFIG(c)			ldtilecfg of an AmxConfig
 *	  AMX_RELEASE()			tilerelease
 *	  AMX_ZERO(t)			tilezero
 *	  AMX_LOAD(t, p, s)		tileloadd: rows of 64 bytes, s bytes apart
 *	  AMX_STORE(t, p, s)	tilestored
 *	  AMX_DP(t, a, b)		tdpbf16ps: t[m][n] += a[m][2k] b[k][2n] + a[m][2k+1] b[k][2n+1]
 *
 *	  Intel Architecture Instruction Set Extensions Programming Reference, chapter 3.  Two
 *	  tiles of points and the two halves of a panel take all eight registers: each tile that
 *	  is loaded serves two products.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_amx_template.h
 *
 *-------------------------------------------------------------------------
 */
#define AMX_PAIRS 16 /* pairs of dimensions in a row of a tile, and columns of a result */

/* Strides in bytes: of packed points, and of panels and of partial tiles. */
#define AMX_ROW_STRIDE (GEMM_DEPTH_STRIDE * sizeof(float))
#define AMX_COL_STRIDE (GEMM_BF16_COLS * sizeof(float))

/* The registers: sums of (first tile, half 0), (first, 1), (second, 0), (second, 1); operands. */
#define AMX_SUM00 0
#define AMX_SUM01 1
#define AMX_SUM10 2
#define AMX_SUM11 3
#define AMX_ROWS0 4
#define AMX_ROWS1 5
#define AMX_COLS0 6
#define AMX_COLS1 7

/* What ldtilecfg reads (palette 1). */
typedef struct AmxConfig
{
	uint8_t palette;
	uint8_t start_row;
	uint8_t reserved[14];
	uint16_t bytes[16]; /* of a row of each tile */
	uint8_t rows[16];
} AmxConfig;

/* See GemmBf16Product. */
static AMX_TARGET void
amx_product(const float *rows, size_t nrows, const float *panel, size_t ncols, size_t pairs,
			size_t depth, float *tiles)
{
	size_t slices = (pairs + depth - 1) / depth;
	size_t tile_floats = GEMM_BF16_ROWS * GEMM_DEPTH_STRIDE;
	AmxConfig config;

	(void) ncols; /* the empty columns of a panel cost no more than filled ones */
	memset(&config, 0, sizeof(config));
	config.palette = 1;
	for (int tile = 0; tile < 8; tile++)
	{
		config.bytes[tile] = AMX_PAIRS * sizeof(float);
		config.rows[tile] = tile < AMX_COLS0 ? GEMM_BF16_ROWS : AMX_PAIRS;
	}
	AMX_CONFIG(&config);
	for (size_t s = 0; s < slices; s++)
	{
		const float *b = panel + s * depth * GEMM_BF16_COLS;
		size_t n = s + 1 < slices ? depth : pairs - s * depth;

		for (size_t i = 0; i < nrows; i += 2 * GEMM_BF16_ROWS)
		{
			const float *a0 = rows + (i / GEMM_BF16_ROWS * slices + s) * tile_floats;
			const float *a1 = a0 + slices * tile_floats;
			float *tile0 = tiles + i * GEMM_BF16_COLS;
			float *tile1 = tile0 + GEMM_BF16_ROWS * GEMM_BF16_COLS;
			bool two = nrows - i > GEMM_BF16_ROWS;

			AMX_ZERO(AMX_SUM00);
			AMX_ZERO(AMX_SUM01);
			AMX_ZERO(AMX_SUM10);
			AMX_ZERO(AMX_SUM11);
			if (s > 0)
			{
				AMX_LOAD(AMX_SUM00, tile0, AMX_COL_STRIDE);
				AMX_LOAD(AMX_SUM01, tile0 + AMX_PAIRS, AMX_COL_STRIDE);
				if (two)
				{
					AMX_LOAD(AMX_SUM10, tile1, AMX_COL_STRIDE);
					AMX_LOAD(AMX_SUM11, tile1 + AMX_PAIRS, AMX_COL_STRIDE);
				}
			}
			for (size_t k = 0; k < n; k += AMX_PAIRS)
			{
				AMX_LOAD(AMX_COLS0, b + k * GEMM_BF16_COLS, AMX_COL_STRIDE);
				AMX_LOAD(AMX_COLS1, b + k * GEMM_BF16_COLS + AMX_PAIRS, AMX_COL_STRIDE);
				AMX_LOAD(AMX_ROWS0, a0 + k, AMX_ROW_STRIDE);
				AMX_DP(AMX_SUM00, AMX_ROWS0, AMX_COLS0);
				AMX_DP(AMX_SUM01, AMX_ROWS0, AMX_COLS1);
				if (two)
				{
					AMX_LOAD(AMX_ROWS1, a1 + k, AMX_ROW_STRIDE);
					AMX_DP(AMX_SUM10, AMX_ROWS1, AMX_COLS0);
					AMX_DP(AMX_SUM11, AMX_ROWS1, AMX_COLS1);
				}
			}
			AMX_STORE(AMX_SUM00, tile0, AMX_COL_STRIDE);
			AMX_STORE(AMX_SUM01, tile0 + AMX_PAIRS, AMX_COL_STRIDE);
			if (two)
			{
				AMX_STORE(AMX_SUM10, tile1, AMX_COL_STRIDE);
				AMX_STORE(AMX_SUM11, tile1 + AMX_PAIRS, AMX_COL_STRIDE);
			}
		}
	}
	AMX_RELEASE();
}
