/*-------------------------------------------------------------------------
 *
 * ivfkm_range_path.h
 *	  Ways to a table for conditions that a distance is below a bound.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_range_path.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RANGE_PATH_H
#define IVFKM_RANGE_PATH_H

#include "am/ivfkm.h"

extern void ivfkm_range_path_init(void);

#endif /* IVFKM_RANGE_PATH_H */
