/*-------------------------------------------------------------------------
 *
 * ivfkm_assign.h
 *	  The rows of the table: to their lists, into the sort, into the file.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_assign.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_ASSIGN_H
#define IVFKM_ASSIGN_H

#include "am/build/ivfkm_build_state.h"

extern void ivfkm_assign_begin(IvfkmBuild *build);
extern void ivfkm_assign_row(IvfkmBuild *build, const ItemPointerData *tid, const Datum *values,
							 const bool *isnull);
extern void ivfkm_assign_null(IvfkmBuild *build, const ItemPointerData *tid);
extern void ivfkm_assign_forced(IvfkmBuild *build, const ItemPointerData *tid);
extern void ivfkm_assign_lists(IvfkmBuild *build, int n, uint32 *lists);
extern void ivfkm_assign_end(IvfkmBuild *build);
extern void ivfkm_assign(IvfkmBuild *build);
extern void ivfkm_assign_job(IvfkmBuild *build);
extern void ivfkm_assign_write(IvfkmBuild *build, IvfkmWriter *writer);
extern void ivfkm_assign_write_lists(IvfkmBuild *build, IvfkmWriter *writer);

#endif /* IVFKM_ASSIGN_H */
