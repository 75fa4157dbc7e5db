/*-------------------------------------------------------------------------
 *
 * gemm_scalar.c
 *	  Matrix kernels in plain C: a tile of 4 points by 2 centroids.
 *
 * NOTES
 *	  Pure C.  Contract in gemm.h, bodies in gemm_template.h.
 *
 * IDENTIFICATION
 *	  src/cluster/gemm_scalar.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "cluster/gemm.h"
#include "port/vdb_target.h"

#include "simd/vf_scalar.h"

#define GEMM_ROWS		  4
#define GEMM_HALF_LIST(M) M(0) M(1)
#define GEMM_ROW_LIST(M)  GEMM_HALF_LIST(M) M(2) M(3)

#include "cluster/gemm_template.h"
