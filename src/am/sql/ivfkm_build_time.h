/*-------------------------------------------------------------------------
 *
 * ivfkm_build_time.h
 *	  How long a build would take.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_build_time.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_BUILD_TIME_H
#define IVFKM_BUILD_TIME_H

#include "am/ivfkm.h"

/* An index that is not there yet. */
typedef struct IvfkmPlannedIndex
{
	const IvfkmOps *ops;
	AttrNumber column; /* of the table */
	int column_dims;
	int dims; /* of input space, to which the codes belong */
	int refine_bits;
	int nattributes; /* taken to have 8 bytes each */
	double rows;
	double bytes; /* of the index, by estimate */
} IvfkmPlannedIndex;

extern double ivfkm_build_time(Relation table, const IvfkmPlannedIndex *planned);

#endif /* IVFKM_BUILD_TIME_H */
