/*-------------------------------------------------------------------------
 *
 * ivfkm_columns.h
 *	  Which column of an index is the vector, and what the others are.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_columns.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_COLUMNS_H
#define IVFKM_COLUMNS_H

#include "am/index/ivfkm_attribute.h"
#include "am/index/ivfkm_squeeze.h"
#include "am/ivfkm.h"

extern int ivfkm_columns_vector(Relation relation);
extern int ivfkm_columns_attributes(Relation relation);
extern void ivfkm_columns_get(Relation relation, IvfkmColumns *columns);
extern bool ivfkm_columns_set_images(IvfkmColumns *columns, uint8 narrow,
									 const IvfkmImageData *images);
extern void ivfkm_columns_note(const IvfkmColumns *columns, const Datum *values, const bool *isnull,
							   IvfkmImageSample *samples);
extern uint8 ivfkm_columns_choose(const IvfkmColumns *columns, const IvfkmImageSample *samples,
								  double rows, IvfkmImageData *images);
extern void ivfkm_columns_choose_marks(const IvfkmColumns *columns, const IvfkmImageSample *samples,
									   IvfkmImageData *images);
extern void ivfkm_columns_read(const IvfkmColumns *columns, const Datum *values, const bool *isnull,
							   IvfkmAttributes *attributes);

#endif /* IVFKM_COLUMNS_H */
