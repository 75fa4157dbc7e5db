/*-------------------------------------------------------------------------
 *
 * dist_avx2.c
 *	  Distance kernels in AVX2 + FMA + F16C.
 *
 * IDENTIFICATION
 *	  src/distance/dist_avx2.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_X86
#include "simd/vf_avx2.h"
#include "distance/dist_template.h"
#endif
