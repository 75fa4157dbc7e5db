/*-------------------------------------------------------------------------
 *
 * gemm_amx.c
 *	  bfloat16 products by AMX.
 *
 * NOTES
 *	  Pure C.  Contract in gemm_bf16.h, body in gemm_amx_template.h.  The tile registers
 *	  are released before the function returns, so that they are never saved with the
 *	  process.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_amx.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <string.h>
#include "cluster/gemm_bf16.h"
#include "port/vdb_target.h"

#ifdef VDB_ARCH_X86

#include <immintrin.h>

#define AMX_TARGET				   VDB_TARGET_AMX_BF16
#define AMX_CONFIG(config)		   _tile_loadconfig(config)
#define AMX_RELEASE()			   _tile_release()
#define AMX_ZERO(tile)			   _tile_zero(tile)
#define AMX_LOAD(tile, p, stride)  _tile_loadd(tile, p, stride)
#define AMX_STORE(tile, p, stride) _tile_stored(tile, p, stride)
#define AMX_DP(sum, rows, cols)	   _tile_dpbf16ps(sum, rows, cols)

#include "cluster/gemm_amx_template.h"

/* See GemmBf16Product. */
void
gemm_panel_amx(const float *rows, size_t nrows, const float *panel, size_t ncols, size_t pairs,
			   size_t depth, float *tiles)
{
	amx_product(rows, nrows, panel, ncols, pairs, depth, tiles);
}

#endif /* VDB_ARCH_X86 */
