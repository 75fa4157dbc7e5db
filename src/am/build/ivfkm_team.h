/*-------------------------------------------------------------------------
 *
 * ivfkm_team.h
 *	  The team that builds an index: workers, jobs, shared memory.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_team.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_TEAM_H
#define IVFKM_TEAM_H

#include "am/build/ivfkm_build_state.h"

extern int ivfkm_team_workers(Relation heap, const IndexInfo *index_info);
extern void ivfkm_team_begin(IvfkmBuild *build, int nworkers, int max_lists, Size training_bytes);
extern void ivfkm_team_run(IvfkmBuild *build, IvfkmJob job, uint64 nblocks);
extern bool ivfkm_team_next(IvfkmBuild *build, uint64 *block);
extern void ivfkm_team_end(IvfkmBuild *build);
extern Size ivfkm_team_bytes(int dims, int nattributes, int max_lists);
extern void ivfkm_team_join(dsm_segment *segment, shm_toc *toc, const IvfkmJobFunction *jobs);

#endif /* IVFKM_TEAM_H */
