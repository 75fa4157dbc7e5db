/*-------------------------------------------------------------------------
 *
 * ivfkm_sample.c
 *	  Taking a sample of the rows to be indexed.
 *
 * NOTES
 *	  Blocks are chosen at random, and rows of them by reservoir sampling, so only the rows
 *	  that enter the sample are detoasted.  Expressions and the predicate of the index
 *	  are evaluated by the table access method, as in the build proper.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm_sample.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/tableam.h"
#include "commands/progress.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/sampling.h"

#include "am/ivfkm.h"

/* Blocks that ivfkm_sample_count() looks at; smaller tables are counted in full. */
#define COUNT_BLOCKS 64

/* Rows of the chosen blocks per row of the sample, so that single blocks do not dominate. */
#define BLOCK_OVERSAMPLING 2.0

#define SAMPLE_SEED 0x76646253414D50ULL

typedef struct SampleState
{
	const IvfkmOps *ops;
	IvfkmSample *sample; /* NULL: only count */
	MemoryContext row_context;
	pg_prng_state prng;
	double seen; /* rows that could be indexed */
} SampleState;

/* Callback of the table scan: counts a row, and takes it into the reservoir by chance. */
static void
sample_row(Relation index, ItemPointer tid, Datum *values, bool *isnull, bool tuple_is_alive,
		   void *arg)
{
	SampleState *state = arg;
	IvfkmSample *sample = state->sample;
	bool ordinary;
	MemoryContext old_context;
	float *to;
	void *value;

	CHECK_FOR_INTERRUPTS();
	if (isnull[0])
		return;
	state->seen += 1.0;
	if (sample == NULL)
		return;
	if (sample->nrows < sample->max_rows)
		to = sample->rows + (Size) sample->nrows * sample->dims;
	else
	{
		double at = pg_prng_double(&state->prng) * state->seen;

		if (at >= sample->max_rows)
			return;
		to = sample->rows + (Size) at * sample->dims;
	}

	old_context = MemoryContextSwitchTo(state->row_context);
	value = PG_DETOAST_DATUM(values[0]);
	ivfkm_check_dims(state->ops, index, value, sample->dims);
	(void) ivfkm_load(state->ops, value, sample->dims, to, &ordinary);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(state->row_context);
	if (sample->nrows < sample->max_rows)
		sample->nrows++;
}

/* Scans "wanted" random blocks of the table; returns how many there were to scan. */
static BlockNumber
scan_blocks(Relation heap, Relation index, IndexInfo *index_info, BlockNumber wanted,
			SampleState *state)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(heap);
	BlockSamplerData sampler;
	BlockNumber done = 0;
	BlockNumber total;

	total = BlockSampler_Init(&sampler, nblocks, (int) Min(wanted, (BlockNumber) INT_MAX),
							  pg_prng_uint32(&state->prng));
	pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_TOTAL, total);
	while (BlockSampler_HasMore(&sampler))
	{
		BlockNumber block = BlockSampler_Next(&sampler);

		/* rows being deleted are as good as any, but a concurrent build looks by snapshot */
		table_index_build_range_scan(heap, index, index_info, false, !index_info->ii_Concurrent,
									 false, block, 1, sample_row, state, NULL);
		pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_DONE, ++done);
	}
	return total;
}

/* Estimate of the rows that the index will hold, exact for small tables. */
double
ivfkm_sample_count(Relation heap, Relation index, IndexInfo *index_info)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(heap);
	BlockNumber scanned;
	SampleState state;

	memset(&state, 0, sizeof(state));
	pg_prng_seed(&state.prng, SAMPLE_SEED);
	scanned = scan_blocks(heap, index, index_info, COUNT_BLOCKS, &state);
	return scanned == 0 ? 0.0 : state.seen / scanned * nblocks;
}

/*
 * Fills the sample: up to sample->max_rows rows of sample->dims floats.
 * sample->total_rows must hold an estimate and is made more precise.
 */
void
ivfkm_sample_rows(Relation heap, Relation index, IndexInfo *index_info, const IvfkmOps *ops,
				  IvfkmSample *sample)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(heap);
	double share = BLOCK_OVERSAMPLING * sample->max_rows / Max(sample->total_rows, 1.0);
	BlockNumber wanted = share >= 1.0 ? nblocks : (BlockNumber) (share * nblocks) + COUNT_BLOCKS;
	BlockNumber scanned;
	SampleState state;

	memset(&state, 0, sizeof(state));
	state.ops = ops;
	state.sample = sample;
	state.row_context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm sample row", ALLOCSET_DEFAULT_SIZES);
	pg_prng_seed(&state.prng, SAMPLE_SEED + 1);
	sample->nrows = 0;
	scanned = scan_blocks(heap, index, index_info, wanted, &state);
	if (scanned > 0)
		sample->total_rows = state.seen / scanned * nblocks;
	MemoryContextDelete(state.row_context);
}
