/*-------------------------------------------------------------------------
 *
 * gemm_avx2.c
 *	  Matrix kernels in AVX2: a tile of 6 points by 16 centroids: 12 accumulators of 16 registers.
 *
 * NOTES
 *	  Pure C.  Contract in gemm.h, bodies in gemm_template.h.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_avx2.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "cluster/gemm.h"
#include "port/vdb_target.h"

#ifdef VDB_ARCH_X86

#include "simd/vf_avx2.h"

#define GEMM_ROWS		  6
#define GEMM_HALF_LIST(M) M(0) M(1) M(2)
#define GEMM_ROW_LIST(M)  GEMM_HALF_LIST(M) M(3) M(4) M(5)

#include "cluster/gemm_template.h"

#endif /* VDB_ARCH_X86 */
