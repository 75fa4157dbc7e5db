/*-------------------------------------------------------------------------
 *
 * ivfkm_inspect.c
 *	  SQL functions that describe an index.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_inspect.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "port/vdb_half.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_list.h"
#include "am/maintain/ivfkm_request.h"
#include "am/sql/ivfkm_utils.h"

PG_FUNCTION_INFO_V1(ivfkm_info);
PG_FUNCTION_INFO_V1(ivfkm_condition);
PG_FUNCTION_INFO_V1(ivfkm_lists);

/* Totals of one posting list. */
typedef struct ListTotals
{
	int64 rows;
	int64 dead; /* empty slots with a row behind them: freed by VACUUM */
	int64 pages;
	int64 refine_pages;
	double residual; /* sum of the estimated distances to the centroid, index space */
} ListTotals;

/* Adds up the blocks of the chain of retired blocks: an IvfkmRetiredVisit. */
static void
add_retired(void *arg, BlockNumber block, BlockNumber from, bool chain, const IvfkmRange *range)
{
	*(int64 *) arg += chain ? 1 : range->end - range->first;
}

/* Blocks in use that belong to no tree, or to one that is no longer or not yet the current one. */
static int64
count_unused_pages(Relation index)
{
	IvfkmFreeData *data = palloc(sizeof(IvfkmFreeData));
	int64 pages;

	page_free_read(index, data);
	pages = (int64) page_ranges_total(&data->free) + page_ranges_total(&data->retired) +
			page_ranges_total(&data->building) + data->lost;
	page_retired_walk(index, add_retired, &pages);
	pfree(data);
	return pages;
}

/* Name of a metric as users know it. */
static const char *
metric_name(uint32 metric)
{
	switch (metric)
	{
		case IVFKM_METRIC_L2:
			return "l2";
		case IVFKM_METRIC_IP:
			return "ip";
		case IVFKM_METRIC_COSINE:
			return "cosine";
		case IVFKM_METRIC_L1:
			return "l1";
		default:
			return "jaccard";
	}
}

/* Number of a list's refine pages, which end with block "block". */
static int64
count_refine_pages(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
				   BlockNumber block)
{
	int64 pages = 0;

	while (BlockNumberIsValid(block))
	{
		Buffer buffer;

		CHECK_FOR_INTERRUPTS();
		if (++pages % 1024 == 0 && pages > RelationGetNumberOfBlocks(index))
			page_corrupted(index, block, "The refine pages of list %u are circular.", list->id);
		buffer = page_read(index, block, BUFFER_LOCK_SHARE);
		page_check_refine(index, buffer, geometry, list->id, list->generation);
		block = page_refine_previous(BufferGetPage(buffer));
		UnlockReleaseBuffer(buffer);
	}
	return pages;
}

/* Walks one list.  A row's residual is sqrt(2 D / pi) times its factor f, within 2 %. */
static void
measure_list(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
			 ListTotals *totals)
{
	IvfkmReader reader;
	BlockNumber refine_block = InvalidBlockNumber;
	int64 empty = 0;
	double factor = sqrt(geometry->dims * 2.0 / M_PI);

	memset(totals, 0, sizeof(*totals));
	ivfkm_reader_begin(&reader, index, geometry, list, NULL);
	while (ivfkm_reader_next(&reader))
	{
		if (reader.block == list->first_block)
			refine_block = page_list_refine_block(reader.page);
		totals->pages += geometry->stripes;
		for (int slot = 0; slot < geometry->slots; slot++)
		{
			IvfkmUnit unit;

			if (!page_slot_used(reader.page, geometry, slot))
			{
				empty++;
				continue;
			}
			page_unit_get(reader.page, geometry, slot / QUANT_UNIT, &unit);
			totals->rows++;
			totals->dead += empty;
			empty = 0;
			totals->residual += factor * vdb_half_to_float(unit.mul[slot % QUANT_UNIT]);
		}
	}
	totals->refine_pages = count_refine_pages(index, geometry, list, refine_block);
}

/* Appends the row of ivfkm_info() for one index. */
static void
describe_index(Relation index, Relation heap, void *arg)
{
	ReturnSetInfo *result = arg;
	IvfkmIndex handle;
	IvfkmMetaPageData *meta = &handle.meta;
	IvfkmChildData null_list;
	ListTotals totals;
	ListTotals sum;
	IvfkmProbe *lists;
	int nlists;
	IvfkmTreePages tree;
	int64 mean_pages;
	int64 file_pages;
	Datum values[19];
	bool nulls[19];
	int n = 0;

	ivfkm_index_open(&handle, index);
	lists = ivfkm_collect_lists(index, meta, &nlists, &tree);
	memset(&sum, 0, sizeof(sum));
	for (int i = 0; i < nlists; i++)
	{
		measure_list(index, &handle.lists, &lists[i].child, &totals);
		sum.rows += totals.rows;
		sum.dead += totals.dead;
		sum.pages += totals.pages;
		sum.refine_pages += totals.refine_pages;
	}
	page_meta_nulls(meta, &null_list);
	measure_list(index, &handle.nulls, &null_list, &totals);
	sum.dead += totals.dead;
	mean_pages = page_mean_pages((int) meta->dimensions);
	file_pages = RelationGetNumberOfBlocks(index);
	page_meta_read(index, meta); /* lists may have grown meanwhile */

	memset(nulls, 0, sizeof(nulls));
	values[n++] = ObjectIdGetDatum(RelationGetRelid(index));
	values[n++] = Int32GetDatum((int32) meta->version);
	values[n++] = CStringGetTextDatum(metric_name(meta->metric));
	values[n++] = Int32GetDatum((int32) meta->column_dimensions);
	values[n++] = Int32GetDatum((int32) meta->height);
	values[n++] = Int32GetDatum((int32) meta->nlists);
	values[n++] = Int64GetDatum(sum.rows);
	values[n++] = Int64GetDatum(totals.rows);
	values[n++] = Int64GetDatum(sum.dead);
	values[n++] = Int32GetDatum(ivfkm_budget_probes(meta, IVFKM_FIRST_K, IVFKM_DEFAULT_TARGET));
	values[n++] = Int32GetDatum(meta->refine_bits);
	values[n++] = Int64GetDatum((1 + mean_pages) * BLCKSZ);
	values[n++] = Int64GetDatum((tree.nodes + tree.summaries) * BLCKSZ);
	values[n++] = Int64GetDatum(tree.centroids * BLCKSZ);
	values[n++] = Int64GetDatum(sum.pages * BLCKSZ);
	values[n++] = Int64GetDatum(sum.refine_pages * BLCKSZ);
	values[n++] = Int64GetDatum(totals.pages * BLCKSZ);
	values[n++] = Int64GetDatum(
		(count_unused_pages(index) + file_pages - (int64) meta->used_blocks) * BLCKSZ);
	values[n++] = Int64GetDatum(file_pages * BLCKSZ);
	Assert(n == lengthof(values));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Appends the rows of ivfkm_lists() for one index, in the order of its tree. */
static void
describe_lists(Relation index, Relation heap, void *arg)
{
	ReturnSetInfo *result = arg;
	IvfkmIndex handle;
	IvfkmProbe *lists;
	int nlists;
	double scale;

	ivfkm_index_open(&handle, index);
	lists = ivfkm_collect_lists(index, &handle.meta, &nlists, NULL);
	scale = ldexp(1.0, handle.meta.scale_exponent);
	for (int i = 0; i < nlists; i++)
	{
		ListTotals totals;
		Datum values[6];
		bool nulls[6] = {false, false, false, false, false, false};

		measure_list(index, &handle.lists, &lists[i].child, &totals);
		values[0] = ObjectIdGetDatum(RelationGetRelid(index));
		values[1] = Int64GetDatum((int64) i + 1);
		values[2] = Int64GetDatum(totals.rows);
		values[3] = Int64GetDatum(totals.dead);
		values[4] = Int64GetDatum(totals.pages);
		nulls[5] = totals.rows == 0;
		values[5] = Float8GetDatum(nulls[5] ? 0.0 : totals.residual / totals.rows * scale);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* Appends the row of ivfkm_condition() for one index. */
static void
describe_condition(Relation index, Relation heap, void *arg)
{
	ReturnSetInfo *result = arg;
	IvfkmIndex handle;
	const IvfkmMetaPageData *meta = &handle.meta;
	IvfkmProbe *lists;
	ListTotals sum;
	int64 largest = 0;
	int nlists;
	Datum values[15];
	bool nulls[15] = {false};
	int n = 0;

	ivfkm_index_open(&handle, index);
	lists = ivfkm_collect_lists(index, meta, &nlists, NULL);
	memset(&sum, 0, sizeof(sum));
	for (int i = 0; i < nlists; i++)
	{
		ListTotals totals;

		measure_list(index, &handle.lists, &lists[i].child, &totals);
		sum.rows += totals.rows;
		sum.dead += totals.dead;
		sum.residual += totals.residual;
		largest = Max(largest, totals.rows);
	}
	values[n++] = ObjectIdGetDatum(RelationGetRelid(index));
	values[n++] = Int64GetDatum(sum.rows);
	values[n++] = Int32GetDatum(nlists);
	values[n++] = Int64GetDatum(sum.dead);
	values[n++] = Int64GetDatum(largest);
	values[n++] = Int64GetDatum((int64) meta->build_rows);
	values[n++] = Int64GetDatum(sum.rows + (int64) meta->removed - (int64) meta->build_rows);
	values[n++] = Int64GetDatum((int64) meta->removed);
	nulls[n] = sum.rows == 0 || !(meta->build_residual2 > 0.0);
	values[n] = Float8GetDatum(
		nulls[n] ? 0.0 : sum.residual / (double) sum.rows / sqrt(meta->build_residual2));
	n++;
	nulls[n] = nulls[n + 1] = meta->ncalibrations == 0;
	values[n++] = Float8GetDatum(
		meta->ncalibrations == 0 ? 0.0 : ivfkm_budget_rows(meta, 10.0, IVFKM_DEFAULT_TARGET));
	values[n++] = Float8GetDatum(
		meta->ncalibrations == 0 ? 0.0 : ivfkm_budget_rows(meta, 100.0, IVFKM_DEFAULT_TARGET));
	nulls[n] = meta->calibrated_at == 0;
	values[n++] = TimestampTzGetDatum(meta->calibrated_at);
	values[n++] = BoolGetDatum(meta->calibrated_queries != 0);
	values[n++] = Int64GetDatum((int64) RelationGetNumberOfBlocks(index) * BLCKSZ);
	nulls[n] = !ivfkm_renewal_due(meta);
	values[n] = nulls[n] ? (Datum) 0 : CStringGetTextDatum("renewal");
	n++;
	Assert(n == lengthof(values));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * SQL: ivfkm_condition(regclass): how an index, or those of its partitions, has fared.  No row for
 * an index that does not exist, so that one dropped meanwhile is none of the view's.
 */
Datum
ivfkm_condition(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	ivfkm_each_index(PG_GETARG_OID(0), true, describe_condition, fcinfo->resultinfo);
	return (Datum) 0;
}

/* SQL: ivfkm_info(regclass): one row about the index, or about that of each partition. */
Datum
ivfkm_info(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	ivfkm_each_index(PG_GETARG_OID(0), false, describe_index, fcinfo->resultinfo);
	return (Datum) 0;
}

/* SQL: ivfkm_lists(regclass): one row for each posting list of the index, or of its partitions. */
Datum
ivfkm_lists(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	ivfkm_each_index(PG_GETARG_OID(0), false, describe_lists, fcinfo->resultinfo);
	return (Datum) 0;
}
