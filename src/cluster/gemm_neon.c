/*-------------------------------------------------------------------------
 *
 * gemm_neon.c
 *	  Matrix kernels in NEON: a tile of 12 points by 8 centroids: 24 accumulators of 32 registers.
 *
 * NOTES
 *	  Pure C.  Contract in gemm.h, bodies in gemm_template.h.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_neon.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "cluster/gemm.h"
#include "port/vdb_target.h"

#ifdef VDB_ARCH_NEON

#include "simd/vf_neon.h"

#define GEMM_ROWS		  12
#define GEMM_HALF_LIST(M) M(0) M(1) M(2) M(3) M(4) M(5)
#define GEMM_ROW_LIST(M)  GEMM_HALF_LIST(M) M(6) M(7) M(8) M(9) M(10) M(11)

#include "cluster/gemm_template.h"

#endif /* VDB_ARCH_NEON */
