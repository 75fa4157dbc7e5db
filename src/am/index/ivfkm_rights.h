/*-------------------------------------------------------------------------
 *
 * ivfkm_rights.h
 *	  With whose rights the functions of an index run, and on which rows.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_rights.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RIGHTS_H
#define IVFKM_RIGHTS_H

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

#include "am/ivfkm.h"

/* Who called, while the table owner's code runs. */
typedef struct IvfkmOwnerRights
{
	Oid user;
	int security_context;
	int guc_level;
} IvfkmOwnerRights;

extern void ivfkm_owner_begin(IvfkmOwnerRights *rights, Relation heap);
extern void ivfkm_owner_end(const IvfkmOwnerRights *rights);
extern IndexInfo *ivfkm_index_info(Relation index);
extern Node *ivfkm_index_expression(Relation index, int column);
extern bool ivfkm_runs_other_code(Relation index);
extern bool ivfkm_bypasses_policies(PlannerInfo *root, const IndexPath *path, Relation index);

#endif /* IVFKM_RIGHTS_H */
