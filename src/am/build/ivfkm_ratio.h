/*-------------------------------------------------------------------------
 *
 * ivfkm_ratio.h
 *	  How the operator's distance follows from that in index space.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_ratio.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RATIO_H
#define IVFKM_RATIO_H

#include "am/build/ivfkm_build_state.h"

extern void ivfkm_ratio_measure(IvfkmBuild *build);

#endif /* IVFKM_RATIO_H */
