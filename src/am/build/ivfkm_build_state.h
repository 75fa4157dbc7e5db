/*-------------------------------------------------------------------------
 *
 * ivfkm_build_state.h
 *	  What the files that build an index share: the processes, their jobs, their memory.
 *
 * NOTES
 *	  A build is led by the process that runs CREATE INDEX.  It gives out jobs; every process
 *	  of the team, the leader too, does blocks of a job until none is left, and the
 *	  next one begins when all have ended.  Without workers the leader is alone and
 *	  the same code runs in local memory.  Whatever a job leaves behind does not depend on who did
 *	  which block, so an index is the same file for any number of workers.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_build_state.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_BUILD_STATE_H
#define IVFKM_BUILD_STATE_H

#include "compat.h"

#include "access/amapi.h"
#include "access/parallel.h"
#include "access/tableam.h"
#include "executor/instrument.h"
#include "nodes/execnodes.h"
#include "port/atomics.h"
#include "storage/barrier.h"
#include "storage/dsm.h"
#include "storage/lwlock.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

#include "am/index/ivfkm_code.h"
#include "am/index/ivfkm_row.h"
#include "am/index/ivfkm_space.h"
#include "am/build/ivfkm_write.h"
#include "cluster/kmeans.h"

/* What the team does next. */
typedef enum IvfkmJob
{
	IVFKM_JOB_SAMPLE,	 /* blocks of the table: rows enter the sample */
	IVFKM_JOB_CENTRE,	 /* slices of dimensions: mean and spread of the sample */
	IVFKM_JOB_MAP,		 /* rows of the sample into index space */
	IVFKM_JOB_TRAIN,	 /* a KmeansTask */
	IVFKM_JOB_CALIBRATE, /* queries of the calibration */
	IVFKM_JOB_FORGET,	 /* gives the memory of the training back */
	IVFKM_JOB_ASSIGN,	 /* the table: rows into the sort */
	IVFKM_JOB_END
} IvfkmJob;

/* The sample while it is taken; see ivfkm_sample.c. */
typedef struct IvfkmSampling
{
	BlockNumber nblocks;	/* of the table */
	BlockNumber wanted;		/* of them to look at, chosen at random */
	uint32 seed;			/* of that choice */
	int max_rows;			/* rows wanted */
	int capacity;			/* slots for rows, a few more */
	uint64 low;				/* rows with hashes from low to below limit are taken */
	pg_atomic_uint64 limit; /* falls when slots run out */
	LWLock lock;			/* protects the slots and what follows */
	int nfree;				/* free slots */
	uint64 seen;			/* rows that could be indexed in the blocks looked at */
} IvfkmSampling;

#define IVFKM_MAX_BANDS 4

/* Bands of rows of like length; see ivfkm_bands.c. */
typedef struct IvfkmBands
{
	int count;
	float limits[IVFKM_MAX_BANDS - 1]; /* squared length up to which a row is in a band */
	int rows[IVFKM_MAX_BANDS];		   /* of the sample, which is in the order of bands */
	int wanted[IVFKM_MAX_BANDS];	   /* lists to be trained */
	uint32 first[IVFKM_MAX_BANDS + 1]; /* of each in build->band_lists, and the end */
} IvfkmBands;

struct IvfkmBuild;

/* A process's part of a job. */
typedef void (*IvfkmJobFunction)(struct IvfkmBuild *build);

/* What all processes of a build see, in the segment of the parallel context. */
typedef struct IvfkmBuildShared
{
	/* set before workers start */
	Oid heap_oid;
	Oid index_oid;
	bool concurrent;
	int dims;
	int column_dims;
	int refine_bits;
	uint8 narrow; /* bit a: images of attribute a are within 32 bits */
	IvfkmImageData images[IVFKM_MAX_ATTRIBUTES];
	int nparticipants; /* processes that memory was divided among, with the leader */
	int max_lists;	   /* room for so many */

	/* the current job; a phase of the barrier is even between jobs, odd in one */
	Barrier barrier;
	IvfkmJob job;
	uint64 nblocks;
	pg_atomic_uint64 next_block;

	/* training */
	dsm_handle training_segment;
	IvfkmSampling sampling;
	int nrows;	/* rows of the finished sample */
	int nouter; /* outliers behind them; see ivfkm_centre_trim() */
	IvfkmBands bands;
	int nlevels; /* levels of nodes below the root, and the nodes of each, the lowest first */
	uint32 nnodes[IVFKM_MAX_HEIGHT - 1];
	IvfkmDescent descents[IVFKM_NDESCENTS]; /* the leans, before the calibration */
	int scale_exponent;
	KmeansTask task;
	double sample_fraction;
	bool roughly; /* budgets are measured with few queries */

	/* the table scan */
	uint32 nlists;
	int sort_memory;		   /* of each process, kB */
	pg_atomic_uint64 assigned; /* rows so far, for the progress */
	LWLock lock;			   /* protects what follows, and the counts of the lists */
	int nsorted;			   /* processes that took part in the sort */
	double scanned;
	uint64 rows;
	uint64 nulls;		  /* rows whose value is NULL */
	uint64 residual_high; /* sum of the squared residuals, see ivfkm_assign.c */
	uint64 residual_low;
	bool broken_hot_chain;
} IvfkmBuildShared;

/* Seed of all clusterings: the same table gives the same index. */
#define IVFKM_CLUSTERING_SEED 0x7664622D4B4D4E53ULL

/* Arrays that live while centroids are trained, at this process's address. */
typedef struct IvfkmTraining
{
	float *rows;			 /* capacity * dims: the sample, in input space, then in index space */
	double *spread;			 /* of each slice of dimensions */
	float *centroids;		 /* max_lists * dims, as trained */
	uint32 *lists;			 /* list of each row */
	float *nodes;			 /* centroids of nodes of all levels, the lowest first */
	uint32 *parent;			 /* of each list: its node, counted in its level */
	uint32 *node_parent;	 /* the same of each node but those of the highest level */
	float *radii;			 /* of each node */
	pg_atomic_uint32 *ranks; /* of the calibration */
	pg_atomic_uint32 *node_ranks; /* likewise; see ivfkm_nodes_ranks() */
	struct IvfkmGapQuery *gaps;	  /* likewise, of each query */
	/* while the sample is taken, in the place of the workspace */
	uint64 *hashes; /* of the row in each slot */
	ItemPointerData *tids;
	uint32 *free_slots;
	bool *filled; /* the row in a slot is complete */
	void *workspace;
} IvfkmTraining;

/* One process's state of a build. */
typedef struct IvfkmBuild
{
	Relation heap;	  /* NULL: an empty index */
	IvfkmIndex index; /* its metapage is that of the plan */
	IndexInfo *index_info;
	int dims; /* of index space */
	bool leader;
	bool alone;			 /* without workers, whatever the table's size */
	bool roughly;		 /* budgets are measured with few queries, unless there are nodes */
	bool fresh;			 /* decides which images are squeezed */
	void (*check)(void); /* called often; may raise an error; or NULL */
	MemoryContext context;
	MemoryContext row_context; /* reset after every row */
	Size budget;			   /* bytes of maintenance_work_mem, of all processes */

	/* the team */
	const IvfkmJobFunction *jobs; /* by IvfkmJob, for all but the last */
	ParallelContext *parallel;	  /* of the leader, if there are workers */
	Snapshot snapshot;
	BufferUsage *buffer_usage; /* of each worker */
	WalUsage *wal_usage;
	IvfkmBuildShared *shared;
	ParallelTableScanDesc scan; /* NULL without workers */
	Sharedsort *shared_sort;

	/* shared arrays, at this process's address */
	float *mean;		/* dims floats, input space */
	float *centroids;	/* nlists * dims, as stored, in float32 */
	uint32 *counts;		/* rows of each list */
	uint32 *band_lists; /* lists by band, if there is more than one */
	float *list_radii;	/* of each list: see IvfkmChildData; of the sample's rows, then of all */
	IvfkmSummaryData *list_summaries; /* of each list; NULL without attributes */
	KmeansIndex *lists;

	/* centroids of the user's, until they are in the place of trained ones; see ivfkm_supplied.c */
	float *supplied; /* dims floats each, in input space; NULL without */
	int nsupplied;

	/* training */
	double table_rows; /* estimate of the rows to be indexed */
	MemoryContext training_context;
	dsm_segment *training_segment;
	IvfkmTraining training;
	KmeansTrainer *trainer;

	/* the table scan */
	IvfkmPlan plan;	 /* complete in the leader, the space and own counts in workers */
	void *workspace; /* of kmeans_assign() */
	float *batch;	 /* rows waiting to be assigned */
	IvfkmRow *batch_rows;
	uint8 *batch_bits; /* quant_code_bytes() of each, if their codes are to be bits */
	ItemPointerData *batch_tids;
	int *batch_vectors;		/* which of the row's vectors each is */
	uint32 *batch_lists;	/* the list that each is of, with row_list */
	const uint32 *row_list; /* where the list of the next row stands; NULL: it is the nearest one */
	int batch_size;			/* rows that it has room for */
	int nbatch;
	Tuplesortstate *sort;
	TupleTableSlot *sort_slot;
	struct SortedCode *sorted_code;
	bytea *sorted_attributes;
	uint64 rows;
	uint64 nulls;
	uint64 residual_high;
	uint64 residual_low;
} IvfkmBuild;

extern void ivfkm_build_begin(IvfkmBuild *build, Relation heap, Relation index,
							  IndexInfo *index_info, int column_dims);
extern void ivfkm_build_plan(IvfkmBuild *build);

/* Memory of "size" bytes aligned for the SIMD kernels; freed with its context. */
static inline void *
ivfkm_build_alloc(Size size)
{
	char *memory = MemoryContextAllocHuge(CurrentMemoryContext, size + 64);

	return (void *) TYPEALIGN(64, memory);
}

#endif /* IVFKM_BUILD_STATE_H */
