/*-------------------------------------------------------------------------
 *
 * ivfkm_build.c
 *	  Building an index: plan, scan of the table, sort, write.
 *
 * NOTES
 *	  The steps, and what bounds their memory, are described in README.md of this folder.
 *	  Everything is allocated in one context that an error drops; nothing is visible
 *	  before the transaction commits.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_build.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"

#include "am/build/ivfkm_assign.h"
#include "am/build/ivfkm_build.h"
#include "am/build/ivfkm_build_state.h"
#include "am/build/ivfkm_calibrate.h"
#include "am/build/ivfkm_centre.h"
#include "am/build/ivfkm_jobs.h"
#include "am/build/ivfkm_progress.h"
#include "am/build/ivfkm_sample.h"
#include "am/build/ivfkm_sizes.h"
#include "am/build/ivfkm_supplied.h"
#include "am/build/ivfkm_team.h"
#include "am/build/ivfkm_train.h"
#include "am/build/ivfkm_training.h"
#include "am/index/ivfkm_attribute.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_ops.h"
#include "page/page_point.h"
#include "quant/quant_sketch.h"

/*
 * What a build, an empty index and a renewal have in common.  The table and what is known of the
 * index are NULL for an empty one.
 */
void
ivfkm_build_begin(IvfkmBuild *build, Relation heap, Relation index, IndexInfo *index_info,
				  int column_dims)
{
	IvfkmMetaPageData *meta = &build->plan.meta;
	bool sketch;

	memset(build, 0, sizeof(*build));
	build->heap = heap;
	build->index.relation = index;
	build->index_info = index_info;
	build->index.ops = ivfkm_ops_get(index);
	ivfkm_columns_get(index, &build->index.columns);
	build->index.column_dims = column_dims;
	build->dims = ivfkm_ops_input_dims(build->index.ops, column_dims, &sketch);
	build->context =
		AllocSetContextCreate(CurrentMemoryContext, "ivfkm build", ALLOCSET_DEFAULT_SIZES);
	build->row_context =
		AllocSetContextCreate(build->context, "ivfkm build row", ALLOCSET_DEFAULT_SIZES);
	build->budget = (Size) maintenance_work_mem * 1024;

	meta->magic = IVFKM_MAGIC;
	meta->version = IVFKM_FORMAT_VERSION;
	meta->dimensions = build->dims;
	meta->column_dimensions = column_dims;
	meta->distance_ratio = 1.0f;
	meta->distance_deviation = sketch ? (float) quant_sketch_deviation(build->dims) : 0.0f;
	meta->metric = build->index.ops->metric;
	meta->root_id = IVFKM_ROOT_ID;
	meta->root_generation = 1;
	meta->nattributes = (uint8) build->index.columns.nattributes;
	meta->narrow = build->index.columns.narrow;
	meta->keeps_bits = ivfkm_ops_keeps_bits(build->index.ops, column_dims, build->dims);
	meta->refine_bits = (uint8) ivfkm_sizes_refine_bits(&build->index, build->dims);
	ivfkm_index_geometry(&build->index, meta);
	build->jobs = ivfkm_jobs;
}

/*
 * Decides, by a sample of the rows and before workers start, which attributes of a new index are
 * squeezed, and how far marks reach in the summaries of the lists; returns an estimate of how many
 * rows there are.
 */
static double
choose_images(IvfkmBuild *build)
{
	IvfkmMetaPageData *meta = &build->plan.meta;
	IvfkmColumns *columns = &build->index.columns;
	IvfkmImageSample samples[IVFKM_MAX_ATTRIBUTES] = {0};
	double rows =
		ivfkm_sample_count(build->heap, &build->index, build->index_info, build->check, samples);

	for (int a = 0; a < columns->nattributes; a++)
		ivfkm_squeeze_sort(&samples[a]);
	if (build->fresh)
	{
		meta->narrow = ivfkm_columns_choose(columns, samples, rows, meta->images);
		(void) ivfkm_columns_set_images(columns, meta->narrow, meta->images);
		ivfkm_index_geometry(&build->index, meta);
	}
	ivfkm_columns_choose_marks(columns, samples, meta->images);
	(void) ivfkm_columns_set_images(columns, meta->narrow, meta->images);
	for (int a = 0; a < columns->nattributes; a++)
	{
		if (samples[a].images != NULL)
			pfree(samples[a].images);
	}
	return rows;
}

/*
 * Samples the table, trains the centroids and calibrates: fills in the plan, and starts the
 * workers, if there may be any, which stay for the scan of the table.
 */
void
ivfkm_build_plan(IvfkmBuild *build)
{
	int nworkers = 0;
	double total_rows = 0.0;
	int max_rows;
	int nlists;

	ivfkm_progress_phase(IVFKM_PHASE_SAMPLE, 0, 0);
	if (build->heap != NULL)
	{
		ivfkm_supplied_read(build);
		total_rows = choose_images(build);
		if (!build->alone)
			nworkers = ivfkm_team_workers(build->heap, build->index_info);
	}
	ivfkm_sizes_choose(build, total_rows, &nworkers, &nlists, &max_rows);

	ivfkm_team_begin(build, nworkers, nlists,
					 ivfkm_training_bytes(build->dims, max_rows, nlists, nworkers + 1));
	ivfkm_training_begin(build, nlists, max_rows);
	if (build->heap != NULL)
	{
		total_rows = ivfkm_sample_take(build, total_rows);
		ivfkm_centre_trim(build);
	}

	ivfkm_progress_phase(IVFKM_PHASE_TRAIN, 0, build->shared->nrows);
	ivfkm_centre(build);
	ivfkm_train(build);

	build->shared->sample_fraction =
		build->shared->nrows / Max(total_rows, (double) Max(build->shared->nrows, 1));
	build->table_rows = total_rows;
	ivfkm_calibrate(build);
	ivfkm_team_run(build, IVFKM_JOB_FORGET, 0);
}

/* ambuild */
IndexBuildResult *
ivfkmbuild(Relation heap, Relation index, IndexInfo *index_info)
{
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	IvfkmBuild build;
	IvfkmWriter writer;
	MemoryContext old_context;

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));

	ivfkm_build_begin(&build, heap, index, index_info,
					  ivfkm_ops_column_dims(index, ivfkm_ops_get(index)));
	for (int a = 0; a < build.index.columns.nattributes; a++)
		ivfkm_attribute_check(index, build.index.columns.attributes[a].column + 1);
	build.fresh = true;
	old_context = MemoryContextSwitchTo(build.context);
	ivfkm_build_plan(&build);
	page_point("build-planned");
	ivfkm_assign(&build);
	result->heap_tuples = build.shared->scanned;
	result->index_tuples = (double) (build.shared->rows + build.shared->nulls);

	ivfkm_progress_phase(IVFKM_PHASE_WRITE, 0, (int64) result->index_tuples);
	page_writer_begin(&writer, index, MAIN_FORKNUM);
	ivfkm_write_place(&build.plan, IVFKM_META_BLOCK + 1,
					  IVFKM_META_BLOCK + 1 + page_mean_pages(build.dims), InvalidBlockNumber);
	ivfkm_write_meta(&writer, &build.plan);
	ivfkm_write_head(&writer, &build.plan);
	ivfkm_assign_write(&build, &writer);
	page_writer_end(&writer);

	ivfkm_team_end(&build);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(build.context);
	return result;
}

/* ambuildempty: the init fork of an unlogged index, one empty list. */
void
ivfkmbuildempty(Relation index)
{
	IvfkmBuild build;
	IvfkmWriter writer;
	MemoryContext old_context;
	IvfkmExtent extent;

	ivfkm_build_begin(&build, NULL, index, NULL,
					  ivfkm_ops_column_dims(index, ivfkm_ops_get(index)));
	old_context = MemoryContextSwitchTo(build.context);
	ivfkm_build_plan(&build);
	page_writer_begin(&writer, index, INIT_FORKNUM);
	ivfkm_write_place(&build.plan, IVFKM_META_BLOCK + 1,
					  IVFKM_META_BLOCK + 1 + page_mean_pages(build.dims), InvalidBlockNumber);
	ivfkm_write_meta(&writer, &build.plan);
	ivfkm_write_head(&writer, &build.plan);
	page_extent_begin(&extent, &writer, &build.index.lists, build.plan.levels[0].first_id,
					  build.plan.meta.root_generation, build.plan.levels[0].first_blocks[0], 0);
	page_extent_end(&extent);
	page_extent_begin(&extent, &writer, &build.index.nulls, build.plan.meta.null_id,
					  build.plan.meta.null_generation, build.plan.meta.null_block, 0);
	page_extent_end(&extent);
	page_writer_end(&writer);
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(build.context);
}
