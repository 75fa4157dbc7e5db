/*-------------------------------------------------------------------------
 *
 * ivfkm_supplied.h
 *	  Centroids from a table of the user's, in the place of trained ones.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_supplied.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SUPPLIED_H
#define IVFKM_SUPPLIED_H

#include "am/build/ivfkm_build_state.h"

extern void ivfkm_supplied_read(IvfkmBuild *build);
extern void ivfkm_supplied_too_many(IvfkmBuild *build, Size wanted);
extern void ivfkm_supplied_mean(const IvfkmBuild *build, double *spread);
extern Size ivfkm_supplied_bytes(const IvfkmBuild *build);
extern int ivfkm_supplied_take(IvfkmBuild *build);

#endif /* IVFKM_SUPPLIED_H */
