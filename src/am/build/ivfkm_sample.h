/*-------------------------------------------------------------------------
 *
 * ivfkm_sample.h
 *	  Taking a sample of the rows to be indexed.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_sample.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SAMPLE_H
#define IVFKM_SAMPLE_H

#include "am/build/ivfkm_build_state.h"
#include "am/index/ivfkm_squeeze.h"
#include "am/index/ivfkm_attribute.h"

extern double ivfkm_sample_count(Relation heap, const IvfkmIndex *index, IndexInfo *index_info,
								 void (*check)(void), IvfkmImageSample *samples);
extern int ivfkm_sample_capacity(int max_rows, int nparticipants);
extern double ivfkm_sample_take(IvfkmBuild *build, double total_rows);
extern void ivfkm_sample_job(IvfkmBuild *build);

#endif /* IVFKM_SAMPLE_H */
