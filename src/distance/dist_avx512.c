/*-------------------------------------------------------------------------
 *
 * dist_avx512.c
 *	  Distance kernels in AVX-512.
 *
 * IDENTIFICATION
 *	  src/distance/dist_avx512.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_X86
#include "simd/vf_avx512.h"
#include "distance/dist_template.h"
#endif
