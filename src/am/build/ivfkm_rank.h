/*-------------------------------------------------------------------------
 *
 * ivfkm_rank.h
 *	  Ranks of keys, and what share of a count the lowest ranks hold.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_rank.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RANK_H
#define IVFKM_RANK_H

#include "compat.h"

#include "port/atomics.h"

extern void ivfkm_rank(const float *keys, Size stride, uint32 n, uint64 *order, uint32 *rank_of);
extern uint32 ivfkm_rank_quantile(pg_atomic_uint32 *ranks, uint32 n, double total, double share);

#endif /* IVFKM_RANK_H */
