/*-------------------------------------------------------------------------
 *
 * amx_emulation.h
 *	  The instructions of AMX that vdb uses, in plain C.
 *
 * NOTES
 *	  Pure C.  Defines what src/cluster/gemm_amx_template.h wants, for CPUs without AMX.
 *	  Included once by a program, after test_main.h.  What the CPU would answer with a fault
 *	  fails the running case.
 *
 * IDENTIFICATION
 *	  test/unit/amx_emulation.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef AMX_EMULATION_H
#define AMX_EMULATION_H

#define AMX_TARGET
#define AMX_CONFIG(config)		   amx_config(config)
#define AMX_RELEASE()			   ((void) (amx_state.configured = false))
#define AMX_ZERO(tile)			   amx_zero(tile)
#define AMX_LOAD(tile, p, stride)  amx_load(tile, p, stride)
#define AMX_STORE(tile, p, stride) amx_store(tile, p, stride)
#define AMX_DP(sum, rows, cols)	   amx_dp(sum, rows, cols)

/* The tile registers and their shapes. */
typedef struct AmxState
{
	bool configured;
	int rows[8];
	int bytes[8];
	unsigned char tile[8][16][64];
	uint64_t products; /* tdpbf16ps executed so far */
} AmxState;

static AmxState amx_state;

/* ldtilecfg: 64 bytes, of which palette, bytes of a row and rows of each tile count. */
static void
amx_config(const void *config)
{
	const unsigned char *bytes = config;

	CHECK(bytes[0] == 1 && bytes[1] == 0, "palette %d, start row %d", bytes[0], bytes[1]);
	for (int t = 0; t < 8; t++)
	{
		amx_state.bytes[t] = bytes[16 + 2 * t] + 256 * bytes[17 + 2 * t];
		amx_state.rows[t] = bytes[48 + t];
		CHECK(amx_state.bytes[t] >= 1 && amx_state.bytes[t] <= 64 && amx_state.rows[t] >= 1 &&
				  amx_state.rows[t] <= 16,
			  "tile %d: %d rows of %d bytes", t, amx_state.rows[t], amx_state.bytes[t]);
	}
	for (int i = 2; i < 64; i++)
	{
		bool used = (i >= 16 && i < 32) || (i >= 48 && i < 56);

		CHECK(used || bytes[i] == 0, "byte %d of the configuration is %d", i, bytes[i]);
	}
	memset(amx_state.tile, 0, sizeof(amx_state.tile));
	amx_state.configured = true;
}

/* tilezero */
static void
amx_zero(int tile)
{
	CHECK(amx_state.configured, "tile %d without configuration", tile);
	memset(amx_state.tile[tile], 0, sizeof(amx_state.tile[tile]));
}

/* tileloadd */
static void
amx_load(int tile, const void *p, size_t stride)
{
	amx_zero(tile);
	for (int row = 0; row < amx_state.rows[tile]; row++)
		memcpy(amx_state.tile[tile][row], (const char *) p + (size_t) row * stride,
			   (size_t) amx_state.bytes[tile]);
}

/* tilestored */
static void
amx_store(int tile, void *p, size_t stride)
{
	CHECK(amx_state.configured, "tile %d without configuration", tile);
	for (int row = 0; row < amx_state.rows[tile]; row++)
		memcpy((char *) p + (size_t) row * stride, amx_state.tile[tile][row],
			   (size_t) amx_state.bytes[tile]);
}

/* A bfloat16 number of a tile, subnormal ones as zero. */
static float
amx_number(int tile, int row, int i)
{
	uint16_t half;
	uint32_t bits;
	float value;

	memcpy(&half, &amx_state.tile[tile][row][2 * i], sizeof(half));
	bits = (uint32_t) half << 16;
	memcpy(&value, &bits, sizeof(value));
	return fabsf(value) < 0x1p-126f ? 0.0f : value;
}

/* tdpbf16ps: even and odd products are summed apart, then added to the tile. */
static void
amx_dp(int sum, int rows, int cols)
{
	int pairs = amx_state.bytes[rows] / 4;

	CHECK(amx_state.configured, "product without configuration");
	CHECK(amx_state.rows[sum] == amx_state.rows[rows] && amx_state.rows[cols] == pairs &&
			  amx_state.bytes[sum] == amx_state.bytes[cols],
		  "shapes of tiles %d, %d, %d", sum, rows, cols);
	for (int m = 0; m < amx_state.rows[sum]; m++)
		for (int n = 0; n < amx_state.bytes[sum] / 4; n++)
		{
			float even = 0.0f;
			float odd = 0.0f;
			float value;

			for (int k = 0; k < pairs; k++)
			{
				even = fmaf(amx_number(rows, m, 2 * k), amx_number(cols, k, 2 * n), even);
				odd = fmaf(amx_number(rows, m, 2 * k + 1), amx_number(cols, k, 2 * n + 1), odd);
			}
			memcpy(&value, &amx_state.tile[sum][m][4 * n], sizeof(value));
			value += even + odd;
			memcpy(&amx_state.tile[sum][m][4 * n], &value, sizeof(value));
		}
	amx_state.products++;
}

#endif /* AMX_EMULATION_H */
