/*-------------------------------------------------------------------------
 *
 * ivfkm_training.h
 *	  The memory of the training, which all processes of a build share.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_training.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_TRAINING_H
#define IVFKM_TRAINING_H

#include "am/build/ivfkm_build_state.h"

/* Dimensions that a process takes at a time, for the mean and the spread of the sample. */
#define IVFKM_SLICE_DIMS 64

/* Slices of that many dimensions. */
static inline int
ivfkm_training_slices(int dims)
{
	return (dims + IVFKM_SLICE_DIMS - 1) / IVFKM_SLICE_DIMS;
}

extern Size ivfkm_training_bytes(int dims, int nrows, int nlists, int nparticipants);
extern void ivfkm_training_begin(IvfkmBuild *build, int nlists, int max_rows);
extern void ivfkm_training_attach(IvfkmBuild *build);
extern void ivfkm_training_forget(IvfkmBuild *build);

#endif /* IVFKM_TRAINING_H */
