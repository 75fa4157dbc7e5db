/*-------------------------------------------------------------------------
 *
 * ivfkm_bands.h
 *	  Bands of rows of like length, for inner products.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_bands.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_BANDS_H
#define IVFKM_BANDS_H

#include "am/build/ivfkm_build_state.h"

extern void ivfkm_bands_make(IvfkmBuild *build);
extern void ivfkm_bands_list(IvfkmBuild *build);
extern void ivfkm_bands_assign(const IvfkmBuild *build, int n, uint32 *lists);

#endif /* IVFKM_BANDS_H */
