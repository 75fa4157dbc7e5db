/*-------------------------------------------------------------------------
 *
 * dist_scalar.c
 *	  Distance kernels in plain C.
 *
 * IDENTIFICATION
 *	  src/distance/dist_scalar.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#include "simd/vf_scalar.h"
#include "distance/dist_template.h"
