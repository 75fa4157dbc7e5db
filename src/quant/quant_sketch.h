/*-------------------------------------------------------------------------
 *
 * quant_sketch.h
 *	  Sketches: vectors of any number of dimensions in a fixed, smaller number.
 *
 * NOTES
 *	  Pure C.  Kane and Nelson, "Sparser Johnson-Lindenstrauss transforms" (arXiv 1012.1577), in
 *	  its block form; with one block it is Weinberger et al., "Feature hashing for large scale
 *	  multitask learning" (arXiv 0902.2206).  Every dimension of the input goes to
 *	  QUANT_SKETCH_HASHES coordinates, one in each block of the sketch, with signs; which and
 *	  with what signs a hash of its number says.  The map is linear.  Inner products of
 *	  sketches are those of the vectors, with errors whose mean is 0; see src/am/index/NOTES.md.
 *
 *	  A sketch reaches disk: the hash and the order of sums are frozen and pinned by
 *	  test/golden, as codes are.
 *
 * IDENTIFICATION
 *	  src/quant/quant_sketch.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_SKETCH_H
#define QUANT_SKETCH_H

#include <stdint.h>

#define QUANT_SKETCH_HASHES 4

/*
 * Adds "value" in dimension "key" of a vector to its sketch, out[dims]; dims is a multiple of
 * QUANT_SKETCH_HASHES, at most 2^15 times as many.
 */
extern void quant_sketch_add(int dims, uint64_t key, float value, float *out);

/*
 * Standard deviation, at most, of the squared distance of two sketches of "dims" dimensions, as
 * a share of the squared distance of the vectors: sqrt(2 / dims).
 */
extern double quant_sketch_deviation(int dims);

#endif /* QUANT_SKETCH_H */
