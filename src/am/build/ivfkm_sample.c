/*-------------------------------------------------------------------------
 *
 * ivfkm_sample.c
 *	  Taking a sample of the rows to be indexed.
 *
 * NOTES
 *	  Blocks are chosen at random, and of their rows those whose address has the smallest
 *	  hashes: a uniform sample that depends neither on the order in which rows are seen nor on
 *	  which process sees them.  An estimate of the rows there are gives a limit of the hash, so
 *	  that hardly more rows are detoasted than stay in the sample.  If it was too high, slots
 *	  run out and the limit is lowered; if too low, the blocks are looked at again.
 *	  Expressions and the predicate of the index are evaluated by the table access
 *	  method, as in the build proper.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_sample.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "commands/progress.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/sampling.h"

#include "am/build/ivfkm_sample.h"
#include "am/build/ivfkm_team.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_row.h"

/* Blocks that ivfkm_sample_count() looks at; smaller tables are counted in full. */
#define COUNT_BLOCKS 64

/* Rows of the chosen blocks per row of the sample, so that single blocks do not dominate. */
#define BLOCK_OVERSAMPLING 2.0

/* Rows taken in the first pass per row wanted, in case the estimate was too high. */
#define ROW_OVERSAMPLING 1.05

/* Share of the rows wanted that is good enough to do without another pass. */
#define SUFFICIENT 0.9

/* Chosen blocks that a process takes at a time. */
#define BLOCKS_PER_STEP 16

#define SAMPLE_SEED 0x76646253414D50ULL

typedef struct CountState
{
	const IvfkmIndex *index;   /* what is known of it before it is made */
	MemoryContext context;	   /* of one row */
	double rows;			   /* vectors that could be indexed */
	void (*check)(void);	   /* as that of a build */
	IvfkmImageSample *samples; /* of the attributes, or NULL */
} CountState;

typedef struct SampleState
{
	IvfkmBuild *build;
	uint64 seen; /* vectors that could be indexed */
} SampleState;

/* A row that was taken, for sorting. */
typedef struct TakenRow
{
	uint64 hash;
	ItemPointerData tid;
	uint32 slot;
} TakenRow;

/* Callback of the table scan: counts the vectors of a row. */
static void
count_row(Relation index, ItemPointer tid, Datum *values, bool *isnull, bool tuple_is_alive,
		  void *arg)
{
	CountState *state = arg;

	CHECK_FOR_INTERRUPTS();
	if (state->check != NULL)
		state->check();
	if (state->samples != NULL)
		ivfkm_columns_note(&state->index->columns, values, isnull, state->samples);
	if (state->index->ops->array != NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(state->context);
		IvfkmValue value;

		state->rows += ivfkm_row_open(state->index, values, isnull, &value);
		MemoryContextSwitchTo(old_context);
		MemoryContextReset(state->context);
	}
	else if (ivfkm_row_has_value(state->index, isnull))
		state->rows += 1.0;
}

/* Calls the callback for the rows of nblocks blocks. */
static void
scan_range(Relation heap, Relation index, IndexInfo *index_info, BlockNumber first,
		   BlockNumber nblocks, IndexBuildCallback callback, void *state)
{
	/* rows being deleted are as good as any, but a concurrent build looks by snapshot */
	table_index_build_range_scan(heap, index, index_info, false, !index_info->ii_Concurrent, false,
								 first, nblocks, callback, state, NULL);
}

/*
 * Estimate of the vectors that the index will hold, exact for small tables.  check: called for each
 * row looked at, may raise an error; or NULL.  samples: of each attribute, to which what the rows
 * looked at have is added, in memory of the current context; or NULL.
 */
double
ivfkm_sample_count(Relation heap, const IvfkmIndex *index, IndexInfo *index_info,
				   void (*check)(void), IvfkmImageSample *samples)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(heap);
	BlockSamplerData sampler;
	BlockNumber chosen = BlockSampler_Init(&sampler, nblocks, COUNT_BLOCKS, (uint32) SAMPLE_SEED);
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm count", ALLOCSET_DEFAULT_SIZES);
	CountState state = {index, context, 0.0, check, samples};

	while (BlockSampler_HasMore(&sampler))
		scan_range(heap, index->relation, index_info, BlockSampler_Next(&sampler), 1, count_row,
				   &state);
	MemoryContextDelete(context);
	return chosen == 0 ? 0.0 : state.rows / chosen * nblocks;
}

/* Slots for a sample of max_rows: some more, so that the limit is lowered rarely. */
int
ivfkm_sample_capacity(int max_rows, int nparticipants)
{
	return max_rows + max_rows / 16 + nparticipants + 16;
}

/*
 * A number for the address of a row and one of its vectors, as good as random (murmur3's finalizer;
 * A. Appleby).
 */
static uint64
hash_vector(const ItemPointerData *tid, int vector)
{
	uint64 h = ((uint64) ItemPointerGetBlockNumberNoCheck(tid) << 16 |
				ItemPointerGetOffsetNumberNoCheck(tid)) +
			   SAMPLE_SEED + (uint64) vector * UINT64CONST(0x9e3779b97f4a7c15);

	h = (h ^ (h >> 33)) * UINT64CONST(0xff51afd7ed558ccd);
	h = (h ^ (h >> 33)) * UINT64CONST(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

/* Ascending hashes. */
static int
compare_hashes(const void *a, const void *b)
{
	uint64 x = ((const TakenRow *) a)->hash;
	uint64 y = ((const TakenRow *) b)->hash;

	return x < y ? -1 : x > y;
}

/* Ascending addresses; the vectors of a row by their hashes. */
static int
compare_tids(const void *a, const void *b)
{
	ItemPointerData x = ((const TakenRow *) a)->tid;
	ItemPointerData y = ((const TakenRow *) b)->tid;
	int order = ItemPointerCompare(&x, &y);

	return order != 0 ? order : compare_hashes(a, b);
}

/*
 * The slots in use with their rows; the caller pfrees the result.  The lock is held, or
 * nobody else is there.
 */
static TakenRow *
taken_rows(const IvfkmBuild *build, int *count)
{
	const IvfkmSampling *sampling = &build->shared->sampling;
	const IvfkmTraining *training = &build->training;
	TakenRow *taken = MemoryContextAllocHuge(build->training_context,
											 sizeof(TakenRow) * (Size) sampling->capacity);
	bool *is_free = MemoryContextAllocExtended(build->training_context, sampling->capacity,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int n = 0;

	for (int i = 0; i < sampling->nfree; i++)
		is_free[training->free_slots[i]] = true;
	for (int slot = 0; slot < sampling->capacity; slot++)
	{
		if (is_free[slot])
			continue;
		taken[n].hash = training->hashes[slot];
		taken[n].tid = training->tids[slot];
		taken[n].slot = slot;
		n++;
	}
	pfree(is_free);
	*count = n;
	return taken;
}

/*
 * Lowers the limit to what the rows seen so far allow, and frees the slots of complete rows
 * above it.  The lock is held.  The limit never falls below that of the final sample, because the
 * max_rows-th hash of all rows is not above that of some.
 */
static void
lower_limit(IvfkmBuild *build)
{
	IvfkmSampling *sampling = &build->shared->sampling;
	IvfkmTraining *training = &build->training;
	int count;
	TakenRow *taken = taken_rows(build, &count);

	qsort(taken, count, sizeof(TakenRow), compare_hashes);
	if (count > sampling->max_rows)
		pg_atomic_write_u64(&sampling->limit, taken[sampling->max_rows].hash);
	for (int i = sampling->max_rows; i < count; i++)
	{
		if (training->filled[taken[i].slot])
			training->free_slots[sampling->nfree++] = taken[i].slot;
	}
	pfree(taken);
}

/* A slot for the row with this hash, or -1 if it is above the limit. */
static int
take_slot(IvfkmBuild *build, uint64 hash, const ItemPointerData *tid)
{
	IvfkmSampling *sampling = &build->shared->sampling;
	int slot = -1;

	LWLockAcquire(&sampling->lock, LW_EXCLUSIVE);
	if (sampling->nfree == 0)
		lower_limit(build);
	if (hash < pg_atomic_read_u64(&sampling->limit))
	{
		if (sampling->nfree == 0)
			elog(ERROR, "no room in the sample for index \"%s\"",
				 RelationGetRelationName(build->index.relation));
		slot = (int) build->training.free_slots[--sampling->nfree];
		build->training.hashes[slot] = hash;
		build->training.tids[slot] = *tid;
		build->training.filled[slot] = false;
	}
	LWLockRelease(&sampling->lock);
	return slot;
}

/* Takes a vector of a row into the sample, if its hash is low enough. */
static void
sample_vector(IvfkmBuild *build, const ItemPointerData *tid, const IvfkmValue *value, int number)
{
	IvfkmSampling *sampling = &build->shared->sampling;
	uint64 hash = hash_vector(tid, number);
	IvfkmRow row;
	int slot;

	if (hash < sampling->low || hash >= pg_atomic_read_u64(&sampling->limit))
		return;
	slot = take_slot(build, hash, tid);
	if (slot < 0)
		return;
	row.x = build->training.rows + (Size) slot * build->dims;
	ivfkm_row_take(&build->index, value, number, &row);
	LWLockAcquire(&sampling->lock, LW_EXCLUSIVE);
	build->training.filled[slot] = true;
	LWLockRelease(&sampling->lock);
}

/* Callback of the table scan: counts the vectors of a row, and takes some into the sample. */
static void
sample_row(Relation index, ItemPointer tid, Datum *values, bool *isnull, bool tuple_is_alive,
		   void *arg)
{
	SampleState *state = arg;
	IvfkmBuild *build = state->build;
	IvfkmSampling *sampling = &build->shared->sampling;
	MemoryContext old_context;
	IvfkmValue value;

	CHECK_FOR_INTERRUPTS();
	if (build->check != NULL)
		build->check();
	if (!ivfkm_row_has_value(&build->index, isnull))
		return;
	if (build->index.ops->array == NULL)
	{
		uint64 hash = hash_vector(tid, 0);

		state->seen++;
		/* most are not detoasted */
		if (hash < sampling->low || hash >= pg_atomic_read_u64(&sampling->limit))
			return;
	}
	old_context = MemoryContextSwitchTo(build->row_context);
	(void) ivfkm_row_open(&build->index, values, isnull, &value);
	if (build->index.ops->array != NULL)
		state->seen += (uint64) value.count;
	for (int i = 0; i < value.count; i++)
		sample_vector(build, tid, &value, i);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(build->row_context);
}

/* Job: scans chosen blocks, BLOCKS_PER_STEP at a time. */
void
ivfkm_sample_job(IvfkmBuild *build)
{
	IvfkmSampling *sampling = &build->shared->sampling;
	SampleState state = {build, 0};
	BlockSamplerData sampler;
	uint64 walked = 0; /* chosen blocks that the sampler has given */
	uint64 step;

	/* every process makes the same choice */
	BlockSampler_Init(&sampler, sampling->nblocks, (int) sampling->wanted, sampling->seed);
	while (ivfkm_team_next(build, &step))
	{
		BlockNumber first = InvalidBlockNumber;
		BlockNumber count = 0;

		if (build->leader)
			pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_DONE, step * BLOCKS_PER_STEP);
		while (walked < (step + 1) * BLOCKS_PER_STEP && BlockSampler_HasMore(&sampler))
		{
			BlockNumber block = BlockSampler_Next(&sampler);

			if (walked++ < step * BLOCKS_PER_STEP)
				continue;
			if (count > 0 && block == first + count)
			{
				count++;
				continue;
			}
			if (count > 0)
				scan_range(build->heap, build->index.relation, build->index_info, first, count,
						   sample_row, &state);
			first = block;
			count = 1;
		}
		if (count > 0)
			scan_range(build->heap, build->index.relation, build->index_info, first, count,
					   sample_row, &state);
	}

	LWLockAcquire(&sampling->lock, LW_EXCLUSIVE);
	sampling->seen += state.seen;
	LWLockRelease(&sampling->lock);
}

/*
 * Moves the rows from[0 .. n - 1] (slots) to the slots 0 .. n - 1, in place: first along the
 * chains that end in a slot whose row is not wanted, then in circles.
 */
static void
move_rows(IvfkmBuild *build, TakenRow *taken, int n)
{
	Size bytes = sizeof(float) * build->dims;
	char *rows = (char *) build->training.rows;
	bool *wanted = MemoryContextAllocExtended(build->training_context, Max(n, 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	char *spare = palloc(bytes);

#define ROW(i) (rows + bytes * (i))
	for (int i = 0; i < n; i++)
	{
		if (taken[i].slot < (uint32) n)
			wanted[taken[i].slot] = true;
	}
	for (int i = 0; i < n; i++)
	{
		uint32 to = (uint32) i;

		if (wanted[i])
			continue;
		CHECK_FOR_INTERRUPTS();
		while (to < (uint32) n)
		{
			uint32 from = taken[to].slot;

			memcpy(ROW(to), ROW(from), bytes);
			taken[to].slot = to;
			to = from;
		}
	}
	for (int i = 0; i < n; i++)
	{
		uint32 to = (uint32) i;

		if (taken[i].slot == (uint32) i)
			continue;
		CHECK_FOR_INTERRUPTS();
		memcpy(spare, ROW(i), bytes);
		while (taken[to].slot != (uint32) i)
		{
			uint32 from = taken[to].slot;

			memcpy(ROW(to), ROW(from), bytes);
			taken[to].slot = to;
			to = from;
		}
		memcpy(ROW(to), spare, bytes);
		taken[to].slot = to;
	}
#undef ROW
	pfree(wanted);
	pfree(spare);
}

/* The share of all hashes that gives "rows" of "total" rows. */
static uint64
hash_limit(double rows, double total)
{
	double share = rows / Max(total, 1.0);

	return share >= 1.0 ? PG_UINT64_MAX : (uint64) (share * 18446744073709549568.0);
}

/*
 * Fills the sample of the training: shared->sampling.max_rows rows in the order of their
 * addresses, or as many as there are; sets shared->nrows.  total_rows: an estimate of the
 * indexable rows in the table; returns a better one.
 */
double
ivfkm_sample_take(IvfkmBuild *build, double total_rows)
{
	IvfkmBuildShared *shared = build->shared;
	IvfkmSampling *sampling = &shared->sampling;
	double share = BLOCK_OVERSAMPLING * sampling->max_rows / Max(total_rows, 1.0);
	double blocks_share;
	TakenRow *taken;
	int count;

	sampling->nblocks = RelationGetNumberOfBlocks(build->heap);
	sampling->wanted = sampling->nblocks;
	if (share < 1.0)
		sampling->wanted =
			Min(sampling->nblocks, (BlockNumber) (share * sampling->nblocks) + COUNT_BLOCKS);
	sampling->wanted = Min(sampling->wanted, (BlockNumber) INT_MAX);
	sampling->seed = (uint32) SAMPLE_SEED + 1;
	sampling->nfree = sampling->capacity;
	for (int slot = 0; slot < sampling->capacity; slot++)
		build->training.free_slots[slot] = sampling->capacity - 1 - slot;
	blocks_share = sampling->wanted / (double) Max(sampling->nblocks, (BlockNumber) 1);
	sampling->low = 0;
	pg_atomic_write_u64(&sampling->limit, hash_limit(ROW_OVERSAMPLING * sampling->max_rows,
													 total_rows * blocks_share));
	pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_TOTAL, sampling->wanted);
	for (;;)
	{
		uint64 limit;
		int nrows;

		sampling->seen = 0;
		ivfkm_team_run(build, IVFKM_JOB_SAMPLE,
					   (sampling->wanted + BLOCKS_PER_STEP - 1) / BLOCKS_PER_STEP);
		nrows = sampling->capacity - sampling->nfree;
		limit = pg_atomic_read_u64(&sampling->limit);
		if (nrows >= SUFFICIENT * Min((double) sampling->max_rows, (double) sampling->seen) ||
			limit == PG_UINT64_MAX)
			break;

		/* what lies between the old limit and one for the rows that there are */
		sampling->low = limit;
		limit = hash_limit(ROW_OVERSAMPLING * sampling->max_rows, (double) sampling->seen);
		if (limit <= sampling->low)
			break;
		pg_atomic_write_u64(&sampling->limit, limit);
	}
	pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_DONE, sampling->wanted);

	taken = taken_rows(build, &count);
	if (count > sampling->max_rows)
	{
		qsort(taken, count, sizeof(TakenRow), compare_hashes);
		count = sampling->max_rows;
	}
	qsort(taken, count, sizeof(TakenRow), compare_tids);
	move_rows(build, taken, count);
	pfree(taken);
	shared->nrows = count;
	return sampling->wanted > 0 ? (double) sampling->seen / sampling->wanted * sampling->nblocks
								: 0.0;
}
