/*-------------------------------------------------------------------------
 *
 * ivfkm_index.h
 *	  Opening an index for work: the handle.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_index.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_INDEX_H
#define IVFKM_INDEX_H

#include "am/ivfkm.h"

extern void ivfkm_index_use(IvfkmIndex *index, Relation relation, const IvfkmMetaPageData *meta);
extern void ivfkm_index_open(IvfkmIndex *index, Relation relation);
extern void ivfkm_index_geometry(IvfkmIndex *index, const IvfkmMetaPageData *meta);
extern const struct IvfkmSpace *ivfkm_index_space(IvfkmIndex *index);

#endif /* IVFKM_INDEX_H */
