/*-------------------------------------------------------------------------
 *
 * ivfkm_jobs.h
 *	  What the processes of a build can be asked to do.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_jobs.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_JOBS_H
#define IVFKM_JOBS_H

#include "am/build/ivfkm_build_state.h"

extern const IvfkmJobFunction ivfkm_jobs[IVFKM_JOB_END];
PGDLLEXPORT extern void ivfkm_jobs_main(dsm_segment *segment, shm_toc *toc);

#endif /* IVFKM_JOBS_H */
