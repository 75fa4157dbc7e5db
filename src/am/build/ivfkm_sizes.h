/*-------------------------------------------------------------------------
 *
 * ivfkm_sizes.h
 *	  How large what a build makes is: lists, sample, codes, and the memory it takes.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_sizes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SIZES_H
#define IVFKM_SIZES_H

#include "am/build/ivfkm_build_state.h"

/*
 * Rows that a list is meant to have.  On 1,000,000 rows of 1,024 dimensions, 256 a list made
 * searches 10 to 20 % faster than 128 at recalls of 0.95 and 0.99, and the build by a third; on
 * 60,000 of 784 and 512 dimensions it was equal and up to 17 % faster.  Among 60,000 strings of
 * 2,048 bits, 150 a list made searches 19 % faster at a recall of 0.95, but builds took twice as
 * long, and recall was lower by default: 0.9945 instead of 0.9970.
 */
#define IVFKM_ROWS_PER_LIST 256

extern int ivfkm_sizes_auto_bits(const IvfkmOps *ops, int dims, int max_bits);
extern int ivfkm_sizes_auto_lists(double total_rows);
extern Size ivfkm_sizes_wanted_memory(int dims, int nattributes, double total_rows, int nlists,
									  int nparticipants);
extern int ivfkm_sizes_refine_bits(const IvfkmIndex *index, int dims);
extern void ivfkm_sizes_choose(IvfkmBuild *build, double total_rows, int *nworkers, int *nlists,
							   int *nrows);
extern void ivfkm_sizes_fit(const IvfkmBuild *build, double total_rows, int nparticipants,
							int *nlists, int *nrows);
extern int ivfkm_sizes_sort_memory(const IvfkmBuild *build);

#endif /* IVFKM_SIZES_H */
