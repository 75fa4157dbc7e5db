/*-------------------------------------------------------------------------
 *
 * ivfkm_train.h
 *	  Training the centroids of a new index.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_train.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_TRAIN_H
#define IVFKM_TRAIN_H

#include "am/build/ivfkm_build_state.h"

extern void ivfkm_train(IvfkmBuild *build);
extern void ivfkm_train_lists(IvfkmBuild *build);
extern void ivfkm_train_keep(IvfkmBuild *build, uint32 nlists, const float *radii,
							 const uint16 *edges);
extern void ivfkm_train_forget_radii(IvfkmBuild *build);
extern void ivfkm_train_job(IvfkmBuild *build);

#endif /* IVFKM_TRAIN_H */
