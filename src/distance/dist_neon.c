/*-------------------------------------------------------------------------
 *
 * dist_neon.c
 *	  Distance kernels in AArch64 Advanced SIMD.
 *
 * IDENTIFICATION
 *	  src/distance/dist_neon.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_NEON
#include "simd/vf_neon.h"
#include "distance/dist_template.h"
#endif
