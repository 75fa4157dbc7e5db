/*-------------------------------------------------------------------------
 *
 * ivfkm_calibrate.h
 *	  Measuring, at build, how many rows a search has to look at.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_calibrate.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_CALIBRATE_H
#define IVFKM_CALIBRATE_H

#include "am/build/ivfkm_build_state.h"

extern Size ivfkm_calibrate_bytes(int dims, int nrows, int nlists);
extern Size ivfkm_calibrate_gap_bytes(int nrows);
extern int ivfkm_calibrate_queries(int nrows);
extern uint32 ivfkm_calibrate_bins(int nlists);
extern void ivfkm_calibrate(IvfkmBuild *build);
extern void ivfkm_calibrate_budgets(IvfkmBuild *build);
extern void ivfkm_calibrate_job(IvfkmBuild *build);

#endif /* IVFKM_CALIBRATE_H */
