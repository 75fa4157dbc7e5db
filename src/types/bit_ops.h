/*-------------------------------------------------------------------------
 *
 * bit_ops.h
 *	  Distances between values of the server's type "bit".
 *
 * IDENTIFICATION
 *	  src/types/bit_ops.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIT_OPS_H
#define BIT_OPS_H

#include "postgres.h"

#include "compat.h"
#include "utils/varbit.h"

/* The number of bits that differ between two values of equal length. */
extern double bit_hamming_distance_value(const VarBit *a, const VarBit *b);

/*
 * 1 - |a and b| / |a or b| of two values of equal length; 1 if no bit is set in both, so also
 * if none is set at all.
 */
extern double bit_jaccard_distance_value(const VarBit *a, const VarBit *b);

#endif /* BIT_OPS_H */
