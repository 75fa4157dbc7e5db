/*-------------------------------------------------------------------------
 *
 * ivfkm_progress.h
 *	  What pg_stat_progress_create_index shows of a build.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_progress.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PROGRESS_H
#define IVFKM_PROGRESS_H

#include "am/ivfkm.h"

/* Phases of a build. */
#define IVFKM_PHASE_SAMPLE	  2 /* 1 is PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE */
#define IVFKM_PHASE_TRAIN	  3
#define IVFKM_PHASE_CALIBRATE 4
#define IVFKM_PHASE_ASSIGN	  5
#define IVFKM_PHASE_SORT	  6
#define IVFKM_PHASE_WRITE	  7

extern void ivfkm_progress_phase(int64 phase, int64 blocks, int64 tuples);
extern char *ivfkm_progress_name(int64 phase);

#endif /* IVFKM_PROGRESS_H */
