/*-------------------------------------------------------------------------
 *
 * ivfkm_build_time.c
 *	  How long a build would take, by doing a little of it.
 *
 * NOTES
 *	  Some rows of random blocks of the table are read, mapped into index space, assigned to
 *	  others of them as centroids, and encoded, by the code of a build, each step for
 *	  some hundredths of a second.  The multiply-adds of the training and of the calibration are
 *	  counted, and go at the speed of the assignment.  What compares and moves numbers instead
 *	  (ranking the calibration's pairs, sorting and writing rows) is counted too, in
 *	  elements sorted, whose speed is measured.  Disks are not.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_build_time.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/tableam.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/float.h"
#include "utils/sampling.h"
#include "utils/snapmgr.h"

#include "am/build/ivfkm_calibrate.h"
#include "am/build/ivfkm_sizes.h"
#include "am/build/ivfkm_team.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_row.h"
#include "am/sql/ivfkm_build_time.h"

#define SAMPLE_BLOCKS 256  /* at most so many blocks are read */
#define SAMPLE_ROWS	  2048 /* and so many rows of them */
#define SAMPLE_BYTES  (16 * 1024 * 1024)
#define READ_SECONDS  0.2  /* after which reading ends early */
#define STEP_SECONDS  0.03 /* the least that a step is measured for */

/*
 * Work that is no product, in elements of SORT_ELEMENTS sorted by qsort().  Fitted to what builds
 * of six tables of 10,000 to 200,000 rows and 64 to 784 dimensions took beyond what is measured.
 */
#define SORT_ELEMENTS	1024
#define SORTED_BY_QUERY 1350.0 /* a query of the calibration: its neighbours, ranks and gaps */
#define SORTED_BY_PAIR	0.09   /* keeping its nearest rows */
#define SORTED_BY_BYTE	0.1	   /* of the index: sorting, filling pages, logging, writing */

/* What was read. */
typedef struct TimeSample
{
	const IvfkmPlannedIndex *planned;
	Relation table;
	MemoryContext row_context; /* reset after every row */
	int max_rows;
	int nrows;
	float *x; /* [nrows * dims] */
	IvfkmRow *rows;
	BlockNumber *blocks;
	int nblocks;
} TimeSample;

/* Seconds since "start". */
static double
seconds_since(instr_time start)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return INSTR_TIME_GET_DOUBLE(now);
}

/*
 * Reads the rows of a block into the sample from row "n" on, as a build does, with the space
 * or, if that is NULL, no further than input space; returns the number of rows then.
 */
static int
read_block(TimeSample *sample, BlockNumber block, TupleTableSlot *slot, const IvfkmSpace *space,
		   int n)
{
	const IvfkmPlannedIndex *planned = sample->planned;
	ItemPointerData low;
	ItemPointerData high;
	TableScanDesc scan;

	ItemPointerSet(&low, block, FirstOffsetNumber);
	ItemPointerSet(&high, block, MaxOffsetNumber);
	scan = table_beginscan_tidrange(sample->table, GetActiveSnapshot(), &low, &high);
	while (n < sample->max_rows &&
		   table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
	{
		MemoryContext old_context;
		bool isnull;
		Datum value = slot_getattr(slot, planned->column, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		old_context = MemoryContextSwitchTo(sample->row_context);
		{
			const void *vector = PG_DETOAST_DATUM(value);

			if (planned->ops->dims(vector) == planned->column_dims)
			{
				IvfkmRow *row = &sample->rows[n];

				row->x = sample->x + (Size) n * planned->dims;
				row->bits = NULL;
				ivfkm_row_load(planned->ops, vector, planned->dims, row);
				if (space != NULL)
					ivfkm_row_map(space, row);
				n++;
			}
		}
		MemoryContextSwitchTo(old_context);
		MemoryContextReset(sample->row_context);
	}
	table_endscan(scan);
	return n;
}

/* Reads rows of random blocks into the sample, in input space, until there are enough. */
static void
take_sample(TimeSample *sample, TupleTableSlot *slot)
{
	BlockSamplerData sampler;
	instr_time start;

	INSTR_TIME_SET_CURRENT(start);
	BlockSampler_Init(&sampler, RelationGetNumberOfBlocks(sample->table), SAMPLE_BLOCKS, 1);
	while (BlockSampler_HasMore(&sampler) && sample->nrows < sample->max_rows &&
		   (sample->nrows < 2 || seconds_since(start) < READ_SECONDS))
	{
		BlockNumber block = BlockSampler_Next(&sampler);

		sample->nrows = read_block(sample, block, slot, NULL, sample->nrows);
		sample->blocks[sample->nblocks++] = block;
	}
}

/* The map into the space of the sample's rows. */
static IvfkmSpace *
make_space(const TimeSample *sample)
{
	int dims = sample->planned->dims;
	float *mean = palloc0(sizeof(float) * dims);

	for (int i = 0; i < sample->nrows; i++)
		for (int d = 0; d < dims; d++)
			mean[d] += sample->x[(Size) i * dims + d] / (float) sample->nrows;
	return ivfkm_space_init(ivfkm_build_alloc(ivfkm_space_bytes(dims)), dims, sample->planned->ops,
							1, 0, mean);
}

/* Seconds to read a row and map it. */
static double
time_reading(TimeSample *sample, TupleTableSlot *slot, const IvfkmSpace *space)
{
	instr_time start;
	double rows = 0.0;

	INSTR_TIME_SET_CURRENT(start);
	do
	{
		int n = 0;

		for (int b = 0; b < sample->nblocks; b++)
			n = read_block(sample, sample->blocks[b], slot, space, n);
		rows += n;
	} while (rows > 0.0 && seconds_since(start) < STEP_SECONDS);
	return seconds_since(start) / Max(rows, 1.0);
}

/* Seconds of a multiply-add of the products with centroids, and what goes with them. */
static double
time_products(const TimeSample *sample, int nlists)
{
	int dims = sample->planned->dims;
	int ncentroids = Max(1, Min(sample->nrows / 2, nlists));
	int npoints = Min(sample->nrows - ncentroids, kmeans_assign_points(dims));
	const float *points = sample->x + (Size) ncentroids * dims;
	void *workspace = ivfkm_build_alloc(kmeans_assign_bytes(dims, ncentroids));
	KmeansIndex *index = kmeans_index_init(ivfkm_build_alloc(kmeans_index_bytes(dims, ncentroids)),
										   dims, ncentroids, sample->x, 1, NULL, NULL);
	uint32 lists[KMEANS_BLOCK];
	float dist2[KMEANS_BLOCK];
	instr_time start;
	double work = 0.0;

	INSTR_TIME_SET_CURRENT(start);
	do
	{
		CHECK_FOR_INTERRUPTS();
		kmeans_assign(index, points, npoints, lists, dist2, workspace);
		work += kmeans_assign_work(dims, npoints, ncentroids);
	} while (seconds_since(start) < STEP_SECONDS);
	return seconds_since(start) / work;
}

/* Seconds to encode a row; bits that are kept as they are count as rows of other types. */
static double
time_encoding(const TimeSample *sample, const IvfkmSpace *space)
{
	const IvfkmPlannedIndex *planned = sample->planned;
	MemoryContext old_context = MemoryContextSwitchTo(sample->row_context);
	IvfkmGeometry geometry;
	instr_time start;
	double rows = 0.0;
	uint8 *memory;

	page_list_geometry(&geometry, planned->dims, planned->refine_bits, planned->nattributes, 0,
					   false);
	memory = palloc0(ivfkm_code_bytes(&geometry) +
					 quant_refine_bytes(planned->dims, Max(planned->refine_bits, 4)));
	INSTR_TIME_SET_CURRENT(start);
	do
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 1; i < sample->nrows; i++)
		{
			IvfkmCode code;

			ivfkm_code_place(&code, &geometry, memory);
			(void) ivfkm_row_encode(space, planned->refine_bits, &sample->rows[i], sample->x,
									&code);
		}
		rows += sample->nrows - 1;
	} while (seconds_since(start) < STEP_SECONDS);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(sample->row_context);
	return seconds_since(start) / rows;
}

/* Ascending numbers. */
static int
compare_numbers(const void *a, const void *b)
{
	uint64 x = *(const uint64 *) a;
	uint64 y = *(const uint64 *) b;

	return x < y ? -1 : x > y;
}

/* Seconds for each of SORT_ELEMENTS numbers that are sorted. */
static double
time_sorting(void)
{
	uint64 numbers[SORT_ELEMENTS];
	uint64 state = 1;
	instr_time start;
	double sorted = 0.0;

	INSTR_TIME_SET_CURRENT(start);
	do
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < SORT_ELEMENTS; i++)
		{
			/* Knuth's linear congruential generator of 64 bits */
			state = state * UINT64CONST(6364136223846793005) + UINT64CONST(1442695040888963407);
			numbers[i] = state;
		}
		qsort(numbers, SORT_ELEMENTS, sizeof(uint64), compare_numbers);
		sorted += SORT_ELEMENTS;
	} while (seconds_since(start) < STEP_SECONDS);
	return seconds_since(start) / sorted;
}

/* The processes that a build would have, its lists and the rows of its sample. */
static int
plan_processes(Relation table, const IvfkmPlannedIndex *planned, int *nlists, int *nsample)
{
	IvfkmBuild *build = palloc0(sizeof(IvfkmBuild));
	int nworkers = ivfkm_team_workers(table, makeNode(IndexInfo));
	int most = ivfkm_sizes_auto_lists(planned->rows);

	build->dims = planned->dims;
	build->index.columns.nattributes = planned->nattributes;
	build->budget = (Size) maintenance_work_mem * 1024;
	ivfkm_sizes_fit(build, planned->rows, 1, &most, nsample);
	for (;; nworkers--)
	{
		*nlists = most;
		ivfkm_sizes_fit(build, planned->rows, nworkers + 1, nlists, nsample);
		if (*nlists == most || nworkers == 0)
			break;
	}
	pfree(build);
	return nworkers + 1;
}

/*
 * Seconds that CREATE INDEX would take now, with a warm table; NaN if that cannot be told,
 * because there are too few rows.  Takes some tenths of a second.  The caller may read the column,
 * and has a lock on the table.
 */
double
ivfkm_build_time(Relation table, const IvfkmPlannedIndex *planned)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm build time", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	TimeSample sample = {.planned = planned, .table = table};
	Size row_bytes = sizeof(float) * planned->dims;
	double seconds = get_float8_nan();

	sample.row_context = AllocSetContextCreate(context, "ivfkm row", ALLOCSET_DEFAULT_SIZES);
	sample.max_rows = (int) Min(SAMPLE_ROWS, SAMPLE_BYTES / row_bytes);
	sample.x = ivfkm_build_alloc(row_bytes * sample.max_rows);
	sample.rows = palloc(sizeof(IvfkmRow) * sample.max_rows);
	sample.blocks = palloc(sizeof(BlockNumber) * SAMPLE_BLOCKS);
	take_sample(&sample, slot);
	if (sample.nrows >= 2)
	{
		IvfkmSpace *space = make_space(&sample);
		int nlists;
		int nsample;
		int nprocesses = plan_processes(table, planned, &nlists, &nsample);
		double reading = time_reading(&sample, slot, space);
		double product = time_products(&sample, nlists);
		double sorting = time_sorting();
		double queries = ivfkm_calibrate_queries(nsample);
		double rows = time_encoding(&sample, space) * planned->rows;
		double work = kmeans_assign_work(planned->dims, planned->rows, nlists);
		double pairs = queries * ((double) nsample + nlists);
		KmeansParams params;

		kmeans_params_init(&params, planned->dims, nsample, nlists);
		work += kmeans_expected_work(&params) + pairs * planned->dims;
		rows += reading * (planned->rows + nsample);
		/* the team's, and the leader's */
		seconds = (rows + work * product + pairs * SORTED_BY_PAIR * sorting) / nprocesses;
		seconds += (queries * SORTED_BY_QUERY + planned->bytes * SORTED_BY_BYTE) * sorting;
	}
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
	return seconds;
}
