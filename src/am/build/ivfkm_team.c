/*-------------------------------------------------------------------------
 *
 * ivfkm_team.c
 *	  The team of processes that builds an index: workers, jobs, shared memory.
 *
 * NOTES
 *	  Workers are started once and stay until the table has been scanned.  They wait at a
 *	  barrier for the next job.  A worker that starts late joins the job that is running, and
 *	  one that never starts is not missed.  An error in a worker reaches the leader while
 *	  it waits, or at its next interrupt check, and ends the statement; an error in the
 *	  leader ends the workers.
 *
 *	  Shared memory is the parallel context's segment, and one more while centroids are trained
 *	  (ivfkm_training.c).  Without workers both are local memory.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_team.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>
#include <sys/statvfs.h>

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "pgstat.h"
#include "storage/dsm_impl.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "am/build/ivfkm_team.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"

/* What is in the parallel context's segment. */
#define KEY_SHARED		 UINT64CONST(0x7664620000000001)
#define KEY_SCAN		 UINT64CONST(0x7664620000000002)
#define KEY_SORT		 UINT64CONST(0x7664620000000003)
#define KEY_ARRAYS		 UINT64CONST(0x7664620000000004)
#define KEY_BUFFER_USAGE UINT64CONST(0x7664620000000005)
#define KEY_WAL_USAGE	 UINT64CONST(0x7664620000000006)
#define KEY_QUERY		 UINT64CONST(0x7664620000000007)

/* As PostgreSQL does for sorting: no worker that would leave a process less than this, in kB. */
#define MIN_MEMORY_PER_PROCESS (32 * 1024)

/* Lays out the arrays that all processes share at "base" (or NULL); returns their size. */
static Size
arrays_carve(char *base, int dims, int nattributes, int max_lists, IvfkmBuild *build)
{
	Size used = 0;

	build->mean = (float *) (base + used);
	used += TYPEALIGN(64, sizeof(float) * dims);
	build->counts = (uint32 *) (base + used);
	used += TYPEALIGN(64, sizeof(uint32) * (Size) max_lists);
	build->list_radii = (float *) (base + used);
	used += TYPEALIGN(64, sizeof(float) * (Size) max_lists);
	build->list_summaries = nattributes > 0 ? (IvfkmSummaryData *) (base + used) : NULL;
	if (nattributes > 0)
		used += TYPEALIGN(64, page_summary_bytes(nattributes) * (Size) max_lists);
	build->band_lists = (uint32 *) (base + used);
	used += TYPEALIGN(64, sizeof(uint32) * (Size) max_lists);
	build->centroids = (float *) (base + used);
	used += TYPEALIGN(64, sizeof(float) * (Size) max_lists * dims);
	build->lists = (KmeansIndex *) (base + used);
	return used + kmeans_index_bytes(dims, max_lists);
}

/* Bytes of those arrays, with room to align them. */
Size
ivfkm_team_bytes(int dims, int nattributes, int max_lists)
{
	IvfkmBuild build;

	return 64 + arrays_carve(NULL, dims, nattributes, max_lists, &build);
}

/* Blocks of a table and of the long values behind it. */
static double
table_blocks(Relation heap)
{
	double blocks = RelationGetNumberOfBlocks(heap);

	if (OidIsValid(heap->rd_rel->reltoastrelid))
	{
		Relation toast = table_open(heap->rd_rel->reltoastrelid, AccessShareLock);

		blocks += RelationGetNumberOfBlocks(toast);
		table_close(toast, AccessShareLock);
	}
	return blocks;
}

/* True if workers may evaluate the expressions and the predicate of an index. */
static bool
is_parallel_safe_index(const IndexInfo *index_info)
{
	Query *query;

	if (index_info->ii_Expressions == NIL && index_info->ii_Predicate == NIL)
		return true;
	query = makeNode(Query);
	query->targetList = list_concat_copy(index_info->ii_Expressions, index_info->ii_Predicate);
	return max_parallel_hazard(query) == PROPARALLEL_SAFE;
}

/*
 * Workers that a build of an index on the table should ask for: the table's
 * parallel_workers or, without that, by the rules of PostgreSQL's btree builds: one from
 * min_parallel_table_scan_size on, one more each time the table is three times as large, and
 * each process gets 32 MB of maintenance_work_mem.  Unlike there, long values that are stored
 * out of line count.
 */
int
ivfkm_team_workers(Relation heap, const IndexInfo *index_info)
{
	int workers = RelationGetParallelWorkers(heap, -1);
	double blocks;

	if (!IsUnderPostmaster || max_parallel_maintenance_workers <= 0 ||
		heap->rd_rel->relpersistence == RELPERSISTENCE_TEMP || !is_parallel_safe_index(index_info))
		return 0;
	if (workers >= 0)
		return Min(workers, max_parallel_maintenance_workers);

	workers = 0;
	blocks = table_blocks(heap);
	for (double least = Max(min_parallel_table_scan_size, 1);
		 blocks >= least && workers < max_parallel_maintenance_workers; least *= 3.0)
		workers++;
	while (workers > 0 && maintenance_work_mem / (workers + 1) < MIN_MEMORY_PER_PROCESS)
		workers--;
	return workers;
}

/*
 * True if shared memory of "bytes" bytes can be had.  PostgreSQL would raise an error for POSIX
 * shared memory that is too small, as it is in many containers.
 */
static bool
shared_memory_fits(Relation index, Size bytes)
{
	struct statvfs fs;
	double room;

	if (dynamic_shared_memory_type != DSM_IMPL_POSIX || statvfs("/dev/shm", &fs) != 0)
		return true;
	room = (double) fs.f_bavail * (double) fs.f_frsize;
	if ((double) bytes <= room)
		return true;
	ereport(
		NOTICE,
		(errmsg("index \"%s\" is built without parallel workers", RelationGetRelationName(index)),
		 errdetail("Sharing memory with them takes %.0f MB, and /dev/shm has %.0f MB left.",
				   ceil((double) bytes / (1024 * 1024)), floor(room / (1024 * 1024))),
		 errhint("Enlarge /dev/shm or reduce maintenance_work_mem.")));
	return false;
}

/* Fills in what is set before workers start. */
static void
shared_init(IvfkmBuild *build, int nworkers, int max_lists)
{
	IvfkmBuildShared *shared = build->shared;

	memset(shared, 0, sizeof(*shared));
	if (build->heap != NULL)
	{
		shared->heap_oid = RelationGetRelid(build->heap);
		shared->concurrent = build->index_info->ii_Concurrent;
	}
	shared->index_oid = RelationGetRelid(build->index.relation);
	shared->dims = build->dims;
	shared->column_dims = build->index.column_dims;
	shared->refine_bits = build->plan.meta.refine_bits;
	shared->narrow = build->plan.meta.narrow;
	memcpy(shared->images, build->plan.meta.images, sizeof(shared->images));
	shared->nparticipants = nworkers + 1;
	shared->max_lists = max_lists;
	shared->roughly = build->roughly;
	BarrierInit(&shared->barrier, 0);
	pg_atomic_init_u64(&shared->next_block, 0);
	pg_atomic_init_u64(&shared->sampling.limit, 0);
	pg_atomic_init_u64(&shared->assigned, 0);

	/* a tranche of our own would have to be given back, which is impossible */
	LWLockInitialize(&shared->sampling.lock, LWTRANCHE_SHARED_TUPLESTORE);
	LWLockInitialize(&shared->lock, LWTRANCHE_SHARED_TUPLESTORE);
}

/* Copies the statement for the workers to show, if there is one. */
static void
store_query(shm_toc *toc)
{
	char *query;

	if (debug_query_string == NULL)
		return;
	query = shm_toc_allocate(toc, strlen(debug_query_string) + 1);
	strcpy(query, debug_query_string);
	shm_toc_insert(toc, KEY_QUERY, query);
}

/* Starts workers; returns false, with nothing left behind, if there can be none. */
static bool
start_workers(IvfkmBuild *build, int nworkers, int max_lists)
{
	ParallelContext *parallel;
	Size scan_bytes;
	Size arrays_bytes = ivfkm_team_bytes(build->dims, build->index.columns.nattributes, max_lists);
	char *arrays;

	EnterParallelMode();
	parallel = CreateParallelContext("vdb", "ivfkm_jobs_main", nworkers);
	build->snapshot =
		build->index_info->ii_Concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;

	scan_bytes = table_parallelscan_estimate(build->heap, build->snapshot);
	shm_toc_estimate_chunk(&parallel->estimator, sizeof(IvfkmBuildShared));
	shm_toc_estimate_chunk(&parallel->estimator, scan_bytes);
	shm_toc_estimate_chunk(&parallel->estimator, tuplesort_estimate_shared(nworkers + 1));
	shm_toc_estimate_chunk(&parallel->estimator, arrays_bytes);
	shm_toc_estimate_chunk(&parallel->estimator, mul_size(sizeof(BufferUsage), nworkers));
	shm_toc_estimate_chunk(&parallel->estimator, mul_size(sizeof(WalUsage), nworkers));
	if (debug_query_string != NULL)
		shm_toc_estimate_chunk(&parallel->estimator, strlen(debug_query_string) + 1);
	shm_toc_estimate_keys(&parallel->estimator, 7);

	InitializeParallelDSM(parallel);
	if (parallel->seg == NULL)
	{
		if (IsMVCCSnapshot(build->snapshot))
			UnregisterSnapshot(build->snapshot);
		build->snapshot = NULL;
		DestroyParallelContext(parallel);
		ExitParallelMode();
		return false;
	}

	build->parallel = parallel;
	build->shared = shm_toc_allocate(parallel->toc, sizeof(IvfkmBuildShared));
	shared_init(build, nworkers, max_lists);
	build->scan = shm_toc_allocate(parallel->toc, scan_bytes);
	table_parallelscan_initialize(build->heap, build->scan, build->snapshot);
	build->shared_sort = shm_toc_allocate(parallel->toc, tuplesort_estimate_shared(nworkers + 1));
	tuplesort_initialize_shared(build->shared_sort, nworkers + 1, parallel->seg);
	arrays = shm_toc_allocate(parallel->toc, arrays_bytes);
	(void) arrays_carve((char *) TYPEALIGN(64, arrays), build->dims,
						build->index.columns.nattributes, max_lists, build);
	build->buffer_usage = shm_toc_allocate(parallel->toc, mul_size(sizeof(BufferUsage), nworkers));
	build->wal_usage = shm_toc_allocate(parallel->toc, mul_size(sizeof(WalUsage), nworkers));
	memset(build->buffer_usage, 0, sizeof(BufferUsage) * nworkers);
	memset(build->wal_usage, 0, sizeof(WalUsage) * nworkers);
	shm_toc_insert(parallel->toc, KEY_SHARED, build->shared);
	shm_toc_insert(parallel->toc, KEY_SCAN, build->scan);
	shm_toc_insert(parallel->toc, KEY_SORT, build->shared_sort);
	shm_toc_insert(parallel->toc, KEY_ARRAYS, arrays);
	shm_toc_insert(parallel->toc, KEY_BUFFER_USAGE, build->buffer_usage);
	shm_toc_insert(parallel->toc, KEY_WAL_USAGE, build->wal_usage);
	store_query(parallel->toc);

	BarrierAttach(&build->shared->barrier);
	LaunchParallelWorkers(parallel);
	ereport(DEBUG1, (errmsg_internal("index \"%s\" is built with %d of %d parallel workers",
									 RelationGetRelationName(build->index.relation),
									 parallel->nworkers_launched, nworkers)));
	return true;
}

/*
 * Makes a team of this process and up to nworkers others, with shared arrays for max_lists
 * lists; training_bytes more will be shared later.
 */
void
ivfkm_team_begin(IvfkmBuild *build, int nworkers, int max_lists, Size training_bytes)
{
	Size bytes = ivfkm_team_bytes(build->dims, build->index.columns.nattributes, max_lists);
	char *arrays;

	build->leader = true;
	if (nworkers > 0 && shared_memory_fits(build->index.relation, bytes + training_bytes) &&
		start_workers(build, nworkers, max_lists))
		return;
	build->shared = palloc(sizeof(IvfkmBuildShared));
	shared_init(build, 0, max_lists);
	arrays = MemoryContextAllocHuge(build->context, bytes);
	(void) arrays_carve((char *) TYPEALIGN(64, arrays), build->dims,
						build->index.columns.nattributes, max_lists, build);
}

/* Does this process's part of the current job. */
static void
do_job(IvfkmBuild *build)
{
	if (build->shared->job != IVFKM_JOB_END)
		build->jobs[build->shared->job](build);
}

/* In the leader: has the team do a job of nblocks blocks, and returns when it is done. */
void
ivfkm_team_run(IvfkmBuild *build, IvfkmJob job, uint64 nblocks)
{
	IvfkmBuildShared *shared = build->shared;

	CHECK_FOR_INTERRUPTS();
	shared->job = job;
	shared->nblocks = nblocks;
	pg_atomic_write_u64(&shared->next_block, 0);
	if (build->parallel != NULL)
		BarrierArriveAndWait(&shared->barrier, PG_WAIT_EXTENSION);
	do_job(build);
	if (build->parallel != NULL && job != IVFKM_JOB_END)
		BarrierArriveAndWait(&shared->barrier, PG_WAIT_EXTENSION);
}

/* Takes the next block of the job; false when none is left. */
bool
ivfkm_team_next(IvfkmBuild *build, uint64 *block)
{
	*block = pg_atomic_fetch_add_u64(&build->shared->next_block, 1);
	return *block < build->shared->nblocks;
}

/* Sends the workers home; nothing in shared memory is needed any more. */
void
ivfkm_team_end(IvfkmBuild *build)
{
	ParallelContext *parallel = build->parallel;

	if (parallel == NULL)
		return;
	ivfkm_team_run(build, IVFKM_JOB_END, 0);
	WaitForParallelWorkersToFinish(parallel);
	for (int i = 0; i < parallel->nworkers_launched; i++)
		InstrAccumParallelQuery(&build->buffer_usage[i], &build->wal_usage[i]);
	if (IsMVCCSnapshot(build->snapshot))
		UnregisterSnapshot(build->snapshot);
	DestroyParallelContext(parallel);
	ExitParallelMode();
	build->parallel = NULL;
}

/* The jobs of a worker, until the last one. */
static void
worker_loop(IvfkmBuild *build)
{
	Barrier *barrier = &build->shared->barrier;

	/* join the running job, or wait for the next one */
	if (BarrierAttach(barrier) % 2 == 0)
		BarrierArriveAndWait(barrier, PG_WAIT_EXTENSION);
	while (build->shared->job != IVFKM_JOB_END)
	{
		do_job(build);
		BarrierArriveAndWait(barrier, PG_WAIT_EXTENSION);
		BarrierArriveAndWait(barrier, PG_WAIT_EXTENSION);
	}
	BarrierDetach(barrier);
}

/* In a worker: joins the team and does its part of all jobs. */
void
ivfkm_team_join(dsm_segment *segment, shm_toc *toc, const IvfkmJobFunction *jobs)
{
	IvfkmBuildShared *shared = shm_toc_lookup(toc, KEY_SHARED, false);
	LOCKMODE heap_lock = shared->concurrent ? ShareUpdateExclusiveLock : ShareLock;
	LOCKMODE index_lock = shared->concurrent ? RowExclusiveLock : AccessExclusiveLock;
	BufferUsage *buffer_usage = shm_toc_lookup(toc, KEY_BUFFER_USAGE, false);
	WalUsage *wal_usage = shm_toc_lookup(toc, KEY_WAL_USAGE, false);
	char *arrays = shm_toc_lookup(toc, KEY_ARRAYS, false);
	IvfkmBuild build;

	debug_query_string = shm_toc_lookup(toc, KEY_QUERY, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);

	/* the locks that the leader holds, which do not conflict within its group */
	memset(&build, 0, sizeof(build));
	build.shared = shared;
	build.heap = table_open(shared->heap_oid, heap_lock);
	build.jobs = jobs;
	build.index.relation = index_open(shared->index_oid, index_lock);
	build.index_info = BuildIndexInfo(build.index.relation);
	build.index_info->ii_Concurrent = shared->concurrent;
	build.index.ops = ivfkm_ops_get(build.index.relation);
	ivfkm_columns_get(build.index.relation, &build.index.columns);
	(void) ivfkm_columns_set_images(&build.index.columns, shared->narrow, shared->images);
	build.dims = shared->dims;
	build.plan.meta.dimensions = shared->dims;
	build.index.column_dims = shared->column_dims;
	build.plan.meta.refine_bits = (uint8) shared->refine_bits;
	build.plan.meta.keeps_bits =
		ivfkm_ops_keeps_bits(build.index.ops, shared->column_dims, shared->dims);
	build.plan.meta.nattributes = (uint8) build.index.columns.nattributes;
	build.plan.meta.narrow = build.index.columns.narrow;
	ivfkm_index_geometry(&build.index, &build.plan.meta);
	build.context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm build", ALLOCSET_DEFAULT_SIZES);
	build.row_context =
		AllocSetContextCreate(build.context, "ivfkm build row", ALLOCSET_DEFAULT_SIZES);
	build.scan = shm_toc_lookup(toc, KEY_SCAN, false);
	build.shared_sort = shm_toc_lookup(toc, KEY_SORT, false);
	tuplesort_attach_shared(build.shared_sort, segment);
	(void) arrays_carve((char *) TYPEALIGN(64, arrays), build.dims, build.index.columns.nattributes,
						shared->max_lists, &build);
	MemoryContextSwitchTo(build.context);

	InstrStartParallelQuery();
	worker_loop(&build);
	InstrEndParallelQuery(&buffer_usage[ParallelWorkerNumber], &wal_usage[ParallelWorkerNumber]);

	index_close(build.index.relation, index_lock);
	table_close(build.heap, heap_lock);
}
