/*-------------------------------------------------------------------------
 *
 * ivfkm_nodes.h
 *	  Building the tree above the lists: nodes, the order of lists, descents.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_nodes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_NODES_H
#define IVFKM_NODES_H

#include "am/build/ivfkm_build_state.h"

extern int ivfkm_nodes_root_children(void);
extern int ivfkm_nodes_max(int nlists);
extern Size ivfkm_nodes_workspace_bytes(int dims, int nlists);
extern void ivfkm_nodes_train(IvfkmBuild *build, uint32 nlists);
extern void ivfkm_nodes_measure(IvfkmBuild *build, float list_share);
extern void ivfkm_nodes_widen(IvfkmPlan *plan);
extern float ivfkm_nodes_lean(const IvfkmBuild *build, bool by_dot);
extern void ivfkm_nodes_search_ranks(IvfkmBuild *build, float *keys, double norm,
									 const uint32 *lists, int n, uint64 *order, uint32 *rank_of);
extern void ivfkm_nodes_insert_ranks(IvfkmBuild *build, int row, float *keys, uint64 *order,
									 uint32 *rank_of);
extern void ivfkm_nodes_calibrate(IvfkmBuild *build);

/* Counts of the ranks that nodes of a level had in descents of a kind: one for each node. */
static inline pg_atomic_uint32 *
ivfkm_nodes_ranks(const IvfkmBuild *build, int kind, int level)
{
	const uint32 *nnodes = build->shared->nnodes;

	return build->training.node_ranks + (Size) kind * ivfkm_nodes_max(build->shared->max_lists) +
		   (level > 0 ? nnodes[0] : 0);
}

#endif /* IVFKM_NODES_H */
