/*-------------------------------------------------------------------------
 *
 * ivfkm_centre.h
 *	  The index space of a new index: mean and scale of the sample.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_centre.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_CENTRE_H
#define IVFKM_CENTRE_H

#include "am/build/ivfkm_build_state.h"

extern void ivfkm_centre(IvfkmBuild *build);
extern void ivfkm_centre_trim(IvfkmBuild *build);
extern void ivfkm_centre_take_back(IvfkmBuild *build);
extern void ivfkm_centre_job(IvfkmBuild *build);
extern void ivfkm_centre_map_job(IvfkmBuild *build);
extern void ivfkm_centre_space(IvfkmBuild *build);

#endif /* IVFKM_CENTRE_H */
