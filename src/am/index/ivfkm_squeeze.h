/*-------------------------------------------------------------------------
 *
 * ivfkm_squeeze.h
 *	  Images of 64 bits in 32, in their order.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_squeeze.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SQUEEZE_H
#define IVFKM_SQUEEZE_H

#include "am/ivfkm.h"

/* Images of an attribute that a sample of the rows has, but those of infinite values. */
typedef struct IvfkmImageSample
{
	int64 *images;
	Size n;
	Size size;
} IvfkmImageSample;

extern int64 ivfkm_squeeze(const IvfkmImageData *how, int64 image);
extern bool ivfkm_squeeze_choose(const IvfkmImageSample *sample, double rows, IvfkmImageData *how);
extern void ivfkm_squeeze_note(IvfkmImageSample *sample, int64 image);
extern void ivfkm_squeeze_sort(IvfkmImageSample *sample);

#endif /* IVFKM_SQUEEZE_H */
