/*-------------------------------------------------------------------------
 *
 * ivfkm_training.c
 *	  The memory of the training, which all processes of a build share.
 *
 * NOTES
 *	  What is needed only while centroids are trained lies in a segment of its own, which is
 *	  given back before the table is scanned.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_training.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/build/ivfkm_calibrate.h"
#include "am/build/ivfkm_nodes.h"
#include "am/build/ivfkm_sample.h"
#include "am/build/ivfkm_training.h"

/*
 * Lays out the segment of the training at "base", for a sample of max_rows in capacity
 * slots, and returns its size; base may be NULL.
 */
static Size
training_carve(char *base, int dims, int max_rows, int capacity, int nlists,
			   IvfkmTraining *training)
{
	KmeansParams params;
	Size used = 0;
	Size sampling;
	Size end;
	int max_nodes = ivfkm_nodes_max(nlists);

#define CARVE(member, bytes)                                                                       \
	(training->member = (void *) (base + used), used += TYPEALIGN(64, (Size) (bytes)))
	CARVE(rows, sizeof(float) * (Size) capacity * dims);
	CARVE(spread, sizeof(double) * ivfkm_training_slices(dims));
	CARVE(centroids, sizeof(float) * (Size) nlists * dims);
	CARVE(lists, sizeof(uint32) * (Size) max_rows);
	CARVE(nodes, sizeof(float) * (Size) max_nodes * dims);
	CARVE(parent, sizeof(uint32) * (Size) nlists);
	CARVE(node_parent, sizeof(uint32) * (Size) max_nodes);
	CARVE(radii, sizeof(float) * (Size) max_nodes);
	CARVE(node_ranks, sizeof(pg_atomic_uint32) * IVFKM_NDESCENTS * (Size) max_nodes);
	CARVE(ranks,
		  sizeof(pg_atomic_uint32) * IVFKM_CALIBRATION_KS * (Size) ivfkm_calibrate_bins(nlists));
	CARVE(gaps, ivfkm_calibrate_gap_bytes(max_rows));
	sampling = used;
	CARVE(hashes, sizeof(uint64) * (Size) capacity);
	CARVE(tids, sizeof(ItemPointerData) * (Size) capacity);
	CARVE(free_slots, sizeof(uint32) * (Size) capacity);
	CARVE(filled, sizeof(bool) * (Size) capacity);
	end = used;
	used = sampling;
	kmeans_params_init(&params, dims, max_rows, nlists);
	CARVE(workspace, Max(kmeans_train_bytes(&params), ivfkm_nodes_workspace_bytes(dims, nlists)));
#undef CARVE
	return Max(end, used);
}

/* Bytes of the segment of the training, with room to align it. */
Size
ivfkm_training_bytes(int dims, int nrows, int nlists, int nparticipants)
{
	IvfkmTraining training;

	return 64 + training_carve(NULL, dims, nrows, ivfkm_sample_capacity(nrows, nparticipants),
							   nlists, &training);
}

/* Makes the memory of the training, seen by all processes. */
void
ivfkm_training_begin(IvfkmBuild *build, int nlists, int max_rows)
{
	IvfkmBuildShared *shared = build->shared;
	IvfkmSampling *sampling = &shared->sampling;
	Size bytes = ivfkm_training_bytes(build->dims, max_rows, nlists, shared->nparticipants);
	char *base;

	sampling->max_rows = max_rows;
	sampling->capacity = ivfkm_sample_capacity(max_rows, shared->nparticipants);
	build->training_context =
		AllocSetContextCreate(build->context, "ivfkm training", ALLOCSET_DEFAULT_SIZES);
	if (build->parallel != NULL)
	{
		build->training_segment = dsm_create(bytes, 0);
		shared->training_segment = dsm_segment_handle(build->training_segment);
		base = dsm_segment_address(build->training_segment);
	}
	else
		base = MemoryContextAllocHuge(build->training_context, bytes);
	(void) training_carve((char *) TYPEALIGN(64, base), build->dims, max_rows, sampling->capacity,
						  nlists, &build->training);
}

/* In a worker: finds the memory of the training, unless it has it already. */
void
ivfkm_training_attach(IvfkmBuild *build)
{
	const IvfkmBuildShared *shared = build->shared;

	if (build->training_context != NULL)
		return;
	build->training_context =
		AllocSetContextCreate(build->context, "ivfkm training", ALLOCSET_DEFAULT_SIZES);
	build->training_segment = dsm_attach(shared->training_segment);
	if (build->training_segment == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("could not map dynamic shared memory segment")));
	(void) training_carve((char *) TYPEALIGN(64, dsm_segment_address(build->training_segment)),
						  build->dims, shared->sampling.max_rows, shared->sampling.capacity,
						  shared->max_lists, &build->training);
}

/* Job: gives the memory of the training back, for a process. */
void
ivfkm_training_forget(IvfkmBuild *build)
{
	if (build->training_segment != NULL)
		dsm_detach(build->training_segment);
	build->training_segment = NULL;
	if (build->training_context != NULL)
		MemoryContextDelete(build->training_context);
	build->training_context = NULL;
	build->trainer = NULL;
}
