/*-------------------------------------------------------------------------
 *
 * ivfkm_sizes.h
 *	  How large what a build makes is: lists, sample, codes.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_sizes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SIZES_H
#define IVFKM_SIZES_H

#include "am/ivfkm.h"

extern int ivfkm_sizes_refine_bits(Relation relation, const IvfkmOps *ops, int dims);

#endif /* IVFKM_SIZES_H */
