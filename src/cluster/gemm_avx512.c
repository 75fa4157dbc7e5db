/*-------------------------------------------------------------------------
 *
 * gemm_avx512.c
 *	  Matrix kernels in AVX-512: a tile of 14 points by 32 centroids: 28 accumulators of 32
 *	  registers.
 *
 * NOTES
 *	  Pure C.  Contract in gemm.h, bodies in gemm_template.h.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_avx512.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "cluster/gemm.h"
#include "port/vdb_target.h"

#ifdef VDB_ARCH_X86

#include "simd/vf_avx512.h"

#define GEMM_ROWS		  14
#define GEMM_HALF_LIST(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6)
#define GEMM_ROW_LIST(M)  GEMM_HALF_LIST(M) M(7) M(8) M(9) M(10) M(11) M(12) M(13)

#include "cluster/gemm_template.h"

#endif /* VDB_ARCH_X86 */
