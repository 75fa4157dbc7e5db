/*-------------------------------------------------------------------------
 *
 * ivfkm_progress.c
 *	  What pg_stat_progress_create_index shows of a build.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_progress.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "commands/progress.h"
#include "pgstat.h"
#include "utils/backend_progress.h"

#include "am/build/ivfkm_progress.h"

/* Shows a phase of the build; totals of 0 are not known. */
void
ivfkm_progress_phase(int64 phase, int64 blocks, int64 tuples)
{
	const int index[] = {PROGRESS_CREATEIDX_SUBPHASE, PROGRESS_SCAN_BLOCKS_TOTAL,
						 PROGRESS_SCAN_BLOCKS_DONE, PROGRESS_CREATEIDX_TUPLES_TOTAL,
						 PROGRESS_CREATEIDX_TUPLES_DONE};
	const int64 values[] = {phase, blocks, 0, tuples, 0};

	pgstat_progress_update_multi_param(lengthof(index), index, values);
}

/* ambuildphasename: the name of a phase. */
char *
ivfkm_progress_name(int64 phase)
{
	switch (phase)
	{
		case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
			return "initializing";
		case IVFKM_PHASE_SAMPLE:
			return "sampling rows";
		case IVFKM_PHASE_TRAIN:
			return "training centroids";
		case IVFKM_PHASE_CALIBRATE:
			return "measuring probes";
		case IVFKM_PHASE_ASSIGN:
			return "assigning rows to lists";
		case IVFKM_PHASE_SORT:
			return "sorting rows by list";
		case IVFKM_PHASE_WRITE:
			return "writing lists";
		default:
			return NULL;
	}
}
