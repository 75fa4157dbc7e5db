/*-------------------------------------------------------------------------
 *
 * ivfkm_jobs.c
 *	  What the processes of a build can be asked to do.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_jobs.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/build/ivfkm_assign.h"
#include "am/build/ivfkm_calibrate.h"
#include "am/build/ivfkm_centre.h"
#include "am/build/ivfkm_jobs.h"
#include "am/build/ivfkm_sample.h"
#include "am/build/ivfkm_team.h"
#include "am/build/ivfkm_train.h"
#include "am/build/ivfkm_training.h"

/* Does a job in the memory of the training, which a worker finds when it does the first one. */
#define IN_TRAINING(job)                                                                           \
	static void in_training_##job(IvfkmBuild *build)                                               \
	{                                                                                              \
		ivfkm_training_attach(build);                                                              \
		ivfkm_##job(build);                                                                        \
	}

IN_TRAINING(sample_job)
IN_TRAINING(centre_job)
IN_TRAINING(centre_map_job)
IN_TRAINING(train_job)
IN_TRAINING(calibrate_job)

/* clang-format off */
const IvfkmJobFunction ivfkm_jobs[IVFKM_JOB_END] = {
	[IVFKM_JOB_SAMPLE] = in_training_sample_job,
	[IVFKM_JOB_CENTRE] = in_training_centre_job,
	[IVFKM_JOB_MAP] = in_training_centre_map_job,
	[IVFKM_JOB_TRAIN] = in_training_train_job,
	[IVFKM_JOB_CALIBRATE] = in_training_calibrate_job,
	[IVFKM_JOB_FORGET] = ivfkm_training_forget,
	[IVFKM_JOB_ASSIGN] = ivfkm_assign_job,
};
/* clang-format on */

/* Entry point of a worker. */
void
ivfkm_jobs_main(dsm_segment *segment, shm_toc *toc)
{
	ivfkm_team_join(segment, toc, ivfkm_jobs);
}
