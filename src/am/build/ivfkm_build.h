/*-------------------------------------------------------------------------
 *
 * ivfkm_build.h
 *	  Building an index: ambuild, ambuildempty.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_build.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_BUILD_H
#define IVFKM_BUILD_H

#include "access/amapi.h"
#include "nodes/execnodes.h"

#include "am/ivfkm.h"

extern IndexBuildResult *ivfkmbuild(Relation heap, Relation index, IndexInfo *index_info);
extern void ivfkmbuildempty(Relation index);

#endif /* IVFKM_BUILD_H */
