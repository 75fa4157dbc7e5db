/*-------------------------------------------------------------------------
 *
 * ivfkm_survey.c
 *	  The state of all lists of an index, and what should be done about it.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_survey.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "distance/dist.h"
#include "port/vdb_half.h"

#include "am/build/ivfkm_nodes.h"
#include "am/build/ivfkm_sizes.h"
#include "am/build/ivfkm_write.h"
#include "am/index/ivfkm_index.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_options.h"
#include "am/maintain/ivfkm_request.h"
#include "am/maintain/ivfkm_survey.h"

/* A list with more rows is split, one with fewer has lost most of its rows. */
#define SPLIT_ROWS (2 * IVFKM_ROWS_PER_LIST)
#define MERGE_ROWS (IVFKM_ROWS_PER_LIST / 4)

/*
 * Lists that have lost most of their rows are merged when they are so many of all.  Fewer keep
 * their places: searches pass them at little cost, and rows that come back find them.
 */
#define MERGE_SHARE 0.25

/*
 * Of rows that are inserted STRAY_EXPECTED may lie beyond the edge of their list: what is more of
 * them are of another kind than those that the list was trained with.  When these are STRAY_SHARE
 * of its rows, it is made anew, with sisters of whose rows they are STRAY_SISTER_SHARE.
 */
#define STRAY_EXPECTED	   0.25
#define STRAY_SHARE		   (1.0 / 16)
#define STRAY_SISTER_SHARE (1.0 / 256)

/*
 * What a list calls for: the larger, the sooner.  A list with strays has up to one more, one that
 * is to be split, one for each of its rows.
 */
#define NEED_NONE	0.0
#define NEED_SHRINK 1.0
#define NEED_MERGE	2.0
#define NEED_STRAYS 3.0
#define NEED_SPLIT	4.0

/* Lists and rows of a region, unless one list alone has more. */
#define REGION_LISTS 16
#define REGION_ROWS	 8192

/*
 * While rows come, lists are split when they have this many times the rows, and the tree is renewed
 * when it has grown this many times more than it has to at rest.  Who waits moves each row less
 * often.
 */
#define PATIENCE 2

/* The same of a region for the sake of strays, which are spread over many lists. */
#define STRAY_REGION_LISTS (4 * REGION_LISTS)
#define STRAY_REGION_ROWS  (2 * REGION_ROWS)

/* Lists of such a region, even if others have no strays. */
#define STRAY_REGION_LEAST 4

/* Rows that are moved for each one that was inserted or removed, while others wait. */
#define MOVED_PER_CHANGE 3.0

/*
 * The whole tree is made anew when the index has this many times the rows that it was made with, or
 * this part of them.
 */
#define RENEW_GROWN	 4.0
#define RENEW_SHRUNK 0.5

/*
 * So it is when this part of them has gone and as many others have come, not counting those that
 * were only written again: that moves as many rows for each one that was replaced as regions may
 * move for each change.
 */
#define RENEW_REPLACED (1.0 / MOVED_PER_CHANGE)

/*
 * Rows that seem to have been replaced have come back if the squares of what lists have gained are
 * at most this part of what they are where other rows come by chance.  That is told by no fewer
 * lists, and if no smaller part of the rows has come and gone since the lists were made.
 */
#define BACK_SQUARES 0.25
#define BACK_LISTS	 16
#define BACK_KNOWN	 0.5

/*
 * Share of the energy of the rows in index space that their mean may have: 0 when it is made.  But
 * where rows differ by no more than the precision of their numbers, their mean is not a float: then
 * another tree would be no better, so this part of them must have come or gone as well.
 */
#define DRIFT_SHARE 0.25

/* An index is looked at again when this part of its rows has changed. */
#define LOOK_SHARE (1.0 / 32)

/*
 * Rows take what is free in the file of an index that grows and has this many times the rows that
 * it was made with: more than dead rows that wait for VACUUM make it seem to have.
 */
#define FILLING 1.25

/* Lists by which it is seen whether rows come, at most. */
#define SAMPLE_LISTS 64

/* Renewals that one piece of maintenance makes for the sake of the file's length, at most. */
#define MOST_RENEWED 2

/* Regions that may have got other places than was expected before no more are moved. */
#define MOST_MISSED 3

/* Starts without any knowledge; sizes are kept in a child of the context. */
void
ivfkm_survey_begin(IvfkmSizes *sizes, MemoryContext context)
{
	memset(sizes, 0, sizeof(*sizes));
	sizes->context = AllocSetContextCreate(context, "ivfkm survey", ALLOCSET_DEFAULT_SIZES);
}

/* Frees the memory. */
void
ivfkm_survey_end(IvfkmSizes *sizes)
{
	MemoryContextDelete(sizes->context);
}

/* From how many changes on an index of so many rows is looked at again. */
uint64
ivfkm_survey_retry(double rows)
{
	return (uint64) Max((double) IVFKM_RENEWAL_MIN_ROWS, rows * LOOK_SHARE);
}

/*
 * Counts the rows, groups and strays of a list.  What enters the list of far rows is meant to lie
 * beyond others: searches begin with it, and would find its rows later in lists of their own.
 */
static void
count_list(const IvfkmIndex *index, const IvfkmChildData *list, IvfkmListSize *size)
{
	IvfkmReader reader;

	size->id = list->id;
	size->rows = 0;
	size->groups = 0;
	size->entered = 0;
	size->strays = 0;
	ivfkm_reader_begin(&reader, index->relation, &index->lists, list, NULL);
	while (ivfkm_reader_next(&reader))
	{
		size->rows += (uint32) page_group_used(reader.page);
		size->groups++;
		if (list->id != index->meta.far_id)
			page_group_entered(reader.page, &size->entered, &size->strays);
	}
}

/*
 * The rows in some lists, which are the same ones as long as the tree is: whether they become more
 * is known sooner than by the metapage, which counts groups.
 */
double
ivfkm_survey_sample(Relation index)
{
	IvfkmIndex handle;
	IvfkmWholeTree tree;
	double rows = 0.0;

	ivfkm_index_open(&handle, index);
	ivfkm_collect_tree(index, &handle.meta, &tree);
	for (int i = 0; i < tree.nlists; i += tree.nlists / SAMPLE_LISTS + 1)
	{
		IvfkmListSize size;

		count_list(&handle, &tree.lists[i].child, &size);
		rows += size.rows;
	}
	return rows;
}

/* Ascending ids. */
static int
compare_sizes(const void *a, const void *b)
{
	uint32 x = ((const IvfkmListSize *) a)->id;
	uint32 y = ((const IvfkmListSize *) b)->id;

	return x < y ? -1 : x > y;
}

/* True if a list has lost most of the rows that it was made with. */
static bool
is_emptied(const IvfkmListSize *size, const IvfkmChildData *list)
{
	return size->rows < MERGE_ROWS && size->rows < 0.5 * list->rows;
}

/*
 * True if the index, which has so many rows now, has got more since all of it was made, and few of
 * them have gone: it may be being loaded.
 */
static bool
is_growing(const IvfkmMetaPageData *meta, double rows)
{
	return rows > meta->made_rows && (double) meta->made_removed <= (rows - meta->made_rows) / 2.0;
}

/*
 * Counts all lists, and finds out whether many have lost their rows, whether rows become more, and
 * whether the mean of the rows is far from the origin of index space, where it was when the space
 * was made.
 */
static void
count_lists(IvfkmSizes *sizes, const IvfkmIndex *index, const IvfkmWholeTree *tree)
{
	MemoryContext old_context = MemoryContextSwitchTo(sizes->context);
	int dims = (int) index->meta.dimensions;
	double *mean = palloc0(sizeof(double) * dims);
	uint16 *centroid = palloc(sizeof(uint16) * dims);
	double energy = 0.0;
	double mean2 = 0.0;
	int nemptied = 0;

	sizes->seen = index->meta;
	sizes->count = tree->nlists;
	sizes->lists =
		MemoryContextAllocHuge(sizes->context, sizeof(IvfkmListSize) * (Size) Max(tree->nlists, 1));
	sizes->rows = 0.0;
	for (int i = 0; i < tree->nlists; i++)
	{
		IvfkmListSize *size = &sizes->lists[i];
		IvfkmChildData child;

		CHECK_FOR_INTERRUPTS();
		count_list(index, &tree->lists[i].child, size);
		sizes->rows += size->rows;
		nemptied += is_emptied(size, &tree->lists[i].child);
		page_child_read(index->relation, dims, &tree->lists[i].pointer, &child, centroid);
		energy += (double) size->rows * child.norm2;
		for (int dim = 0; dim < dims; dim++)
			mean[dim] += (double) size->rows * vdb_half_to_float(centroid[dim]);
	}
	sizes->come_back = 0.0;
	energy += sizes->rows * index->meta.build_residual2;
	for (int dim = 0; dim < dims && sizes->rows > 0.0; dim++)
		mean2 += (mean[dim] / sizes->rows) * (mean[dim] / sizes->rows);
	sizes->growing |= is_growing(&index->meta, sizes->rows);
	sizes->merging = nemptied > MERGE_SHARE * tree->nlists;
	sizes->drifted = sizes->rows > 0.0 && mean2 > DRIFT_SHARE * (energy / sizes->rows);
	qsort(sizes->lists, sizes->count, sizeof(IvfkmListSize), compare_sizes);
	MemoryContextSwitchTo(old_context);
}

/* What is known of a list's size; *made_now: it has been made since the lists were counted. */
static IvfkmListSize
size_of(const IvfkmSizes *sizes, const IvfkmGeometry *geometry, const IvfkmChildData *list,
		bool *made_now)
{
	IvfkmListSize made = {list->id, list->rows, list->nblocks / geometry->stripes, 0, 0};
	const IvfkmListSize *found =
		bsearch(&made, sizes->lists, sizes->count, sizeof(IvfkmListSize), compare_sizes);

	*made_now = found == NULL;
	return found != NULL ? *found : made;
}

/* True if more than that part of a list's rows are of another kind than it was trained with. */
static bool
has_strays(const IvfkmListSize *size, double share)
{
	return size->strays - STRAY_EXPECTED * size->entered > share * Max(size->rows, MERGE_ROWS);
}

/* True if a list has so many rows that it is to be split, and more than it was made with. */
static bool
is_long(const IvfkmListSize *size, const IvfkmChildData *list, uint32 most)
{
	return size->rows > most && size->rows > 1.5 * list->rows;
}

/*
 * How much a list calls for work: one of the needs above.  A list that was made as large, or as
 * small, as it is cannot be helped: its rows are equal, or it has no sisters.
 */
static double
need_of(const IvfkmSizes *sizes, const IvfkmGeometry *geometry, const IvfkmListSize *size,
		const IvfkmChildData *list, bool alone)
{
	uint32 blocks = page_extent_blocks(geometry, size->rows) / geometry->stripes;

	if (is_long(size, list, sizes->patient ? PATIENCE * SPLIT_ROWS : SPLIT_ROWS))
		return NEED_SPLIT + size->rows;
	if (alone)
		return NEED_NONE;
	if (has_strays(size, STRAY_SHARE))
		return NEED_STRAYS + size->strays / (size->strays + 1.0);
	if (sizes->merging && is_emptied(size, list))
		return NEED_MERGE;
	/* emptied groups */
	return size->groups > 2 * blocks + 1 ? NEED_SHRINK : NEED_NONE;
}

/* A sister by its distance to the list that a region is made around. */
typedef struct Sister
{
	int rank; /* of a region for the sake of strays: see stray_rank() */
	float dist2;
	int list;
} Sister;

/* Ascending rank, distance, then number. */
static int
compare_sisters(const void *a, const void *b)
{
	const Sister *x = a;
	const Sister *y = b;

	if (x->rank != y->rank)
		return x->rank - y->rank;
	if (x->dist2 != y->dist2)
		return x->dist2 < y->dist2 ? -1 : 1;
	return x->list < y->list ? -1 : x->list > y->list;
}

#define STRAY_RANK_NONE 3

/*
 * Which lists come first into a region for the sake of strays: those that call for it, then those
 * that have some, then small ones, which have room.  Others are left alone.
 */
static int
stray_rank(const IvfkmListSize *size)
{
	if (has_strays(size, STRAY_SHARE))
		return 0;
	if (has_strays(size, STRAY_SISTER_SHARE))
		return 1;
	return size->rows < MERGE_ROWS ? 2 : STRAY_RANK_NONE;
}

/*
 * Makes a region around a list of it: the nearest sisters, as many as are worth one piece of work.
 * For the sake of strays, those that have some: rows of a new kind are spread over them.
 */
static void
choose_region(const IvfkmSizes *sizes, IvfkmRegion *region, int around, bool for_strays)
{
	Relation index = region->index.relation;
	const IvfkmGeometry *geometry = &region->index.lists;
	const IvfkmWholeTree *tree = &region->tree;
	int most_lists = for_strays ? STRAY_REGION_LISTS : REGION_LISTS;
	int most_rows = for_strays ? STRAY_REGION_ROWS : REGION_ROWS;
	int dims = geometry->dims;
	uint16 *stored = palloc(sizeof(uint16) * dims);
	float *centroid = palloc(sizeof(float) * dims);
	Sister *sisters = palloc(sizeof(Sister) * tree->nlists);
	IvfkmChildData child;
	int n = 0;

	page_child_read(index, dims, &tree->lists[around].pointer, &child, stored);
	for (int i = 0; i < dims; i++)
		centroid[i] = vdb_half_to_float(stored[i]);
	region->parent = tree->parents[around];
	for (int i = 0; i < tree->nlists; i++)
	{
		if (tree->parents[i] != region->parent)
			continue;
		page_child_read(index, dims, &tree->lists[i].pointer, &child, stored);
		sisters[n].rank = 0;
		if (for_strays && i != around)
		{
			bool made_now;
			IvfkmListSize size = size_of(sizes, geometry, &child, &made_now);

			sisters[n].rank = stray_rank(&size);
		}
		sisters[n].dist2 = i == around ? -1.0f : vdb_dist->l2sq_f16(centroid, stored, dims);
		sisters[n++].list = i;
	}
	qsort(sisters, n, sizeof(Sister), compare_sisters);
	region->lists = palloc(sizeof(int) * most_lists);
	region->nlists = 0;
	region->rows = 0.0;
	for (int i = 0; i < n && region->nlists < most_lists; i++)
	{
		bool made_now;
		IvfkmListSize size =
			size_of(sizes, geometry, &tree->lists[sisters[i].list].child, &made_now);

		if (sisters[i].rank == STRAY_RANK_NONE && region->nlists >= STRAY_REGION_LEAST)
			break;
		/* a small list has to join some other one */
		if (made_now && (region->nlists > 1 || region->rows > MERGE_ROWS))
			continue;
		/* others are looked at when the index is at rest */
		if (sizes->patient && !for_strays && i > 0 && size.rows <= SPLIT_ROWS)
			continue;
		if (i > 0 && region->rows + size.rows > most_rows)
			break;
		region->lists[region->nlists++] = sisters[i].list;
		region->rows += size.rows;
	}
	pfree(stored);
	pfree(centroid);
	pfree(sisters);
}

/*
 * Makes a region of lists below the node of one of them that have emptied groups: they keep their
 * centroids and rows, and get as many groups as these take.
 */
static void
choose_emptied(const IvfkmSizes *sizes, IvfkmRegion *region, int around)
{
	const IvfkmGeometry *geometry = &region->index.lists;
	const IvfkmWholeTree *tree = &region->tree;

	region->parent = tree->parents[around];
	region->lists = palloc(sizeof(int) * REGION_LISTS);
	region->keep = true;
	for (int i = 0; i < tree->nlists && region->nlists < REGION_LISTS; i++)
	{
		const IvfkmChildData *list = &tree->lists[i].child;
		bool made_now;
		IvfkmListSize size = size_of(sizes, geometry, list, &made_now);

		if (tree->parents[i] != region->parent ||
			need_of(sizes, geometry, &size, list, false) != NEED_SHRINK ||
			(region->nlists > 0 && region->rows + size.rows > REGION_ROWS))
			continue;
		region->lists[region->nlists++] = i;
		region->rows += size.rows;
	}
}

/*
 * False for an index whose lists are only made anew all at once: it has as many as the user wants,
 * or several entries of a row, which their address does not tell apart.
 */
bool
ivfkm_survey_has_regions(const IvfkmIndex *index)
{
	return ivfkm_options_lists(index->relation) == 0 && index->ops->array == NULL;
}

/*
 * Rows that have gone and come since all of the tree was made, *gone and *come, of an index that
 * has "rows", without those that were only written again.
 */
static void
count_changes(const IvfkmMetaPageData *meta, double rows, double *gone, double *come)
{
	double rewritten = (double) meta->made_rewritten;

	*gone = (double) meta->made_removed - rewritten;
	*come = rows - meta->made_rows + *gone;
}

/*
 * True if so many rows have come or gone since all of the tree was made that it may be made anew
 * for their places: it moves as many rows for each of them as regions may.
 */
bool
ivfkm_survey_changed(Relation index, const IvfkmMetaPageData *meta)
{
	IvfkmIndex handle;
	double gone;
	double come;

	ivfkm_index_open(&handle, index);
	count_changes(meta, meta->build_rows, &gone, &come);
	return ivfkm_survey_has_regions(&handle) && meta->build_rows >= IVFKM_RENEWAL_MIN_ROWS &&
		   Max(gone, 0.0) + Max(come, 0.0) >= RENEW_REPLACED * meta->made_rows;
}

/*
 * True if "others", so many rows that seem to have been replaced by others, have come back: the
 * lists have got as many as they have lost.  Other rows come to lists by chance, of whatever
 * distribution: then the squares of what lists have gained are as large as the numbers that have
 * come and gone.  All lists may have grown alike, by rows that are dead and not vacuumed yet.
 */
static bool
have_come_back(const IvfkmSizes *sizes, const IvfkmIndex *index, const IvfkmWholeTree *tree,
			   double others)
{
	double made = 0.0;
	double turned = 0.0;
	double squares = 0.0;

	for (int i = 0; i < tree->nlists; i++)
		made += tree->lists[i].child.rows;
	for (int i = 0; i < tree->nlists; i++)
	{
		const IvfkmChildData *list = &tree->lists[i].child;
		bool made_now;
		IvfkmListSize size = size_of(sizes, &index->lists, list, &made_now);
		double gone = (double) list->rows + size.entered - size.rows;
		double gained = size.rows - list->rows * (sizes->rows / Max(made, 1.0));

		turned += Max(Min(size.entered, gone), 0.0);
		squares += gained * gained;
	}
	turned = Min(turned, others); /* others had come back before */
	return tree->nlists >= BACK_LISTS && turned >= BACK_KNOWN * others &&
		   squares < BACK_SQUARES * 2.0 * turned;
}

/*
 * True if there are as many rows for each one that the tree was made with as call for a renewal.
 * Regions do while rows come, if there are some.
 */
static bool
has_grown_much(IvfkmSizes *sizes, const IvfkmIndex *index)
{
	double made = sizes->seen.made_rows;

	if (sizes->rows < RENEW_GROWN * made)
		return false;
	if (!sizes->patient || made < IVFKM_RENEWAL_MIN_ROWS || !ivfkm_survey_has_regions(index) ||
		sizes->rows >= PATIENCE * RENEW_GROWN * made)
		return true;
	sizes->postponed = true;
	return false;
}

/* True if the whole tree should be made anew. */
static bool
calls_for_renewal(IvfkmSizes *sizes, const IvfkmIndex *index, const IvfkmWholeTree *tree)
{
	const IvfkmMetaPageData *meta = &sizes->seen;
	double changes = (double) ivfkm_renewal_changes(meta);
	int below_root = 0;
	double gone;
	double come;

	if (sizes->rows < IVFKM_RENEWAL_MIN_ROWS && meta->made_rows < IVFKM_RENEWAL_MIN_ROWS)
		return false;
	count_changes(meta, sizes->rows, &gone, &come);
	if (has_grown_much(sizes, index) || sizes->rows <= RENEW_SHRUNK * meta->made_rows)
		return true;
	/* rows that have come have no larger part in the energy of the mean than in their number */
	if (sizes->drifted && Max(gone, 0.0) + Max(come, 0.0) >= DRIFT_SHARE * meta->made_rows)
		return true;
	if (Min(gone, come) >= RENEW_REPLACED * meta->made_rows)
	{
		if (!have_come_back(sizes, index, tree, Min(gone, come)))
			return true;
		sizes->come_back = Min(gone, come);
	}
	if (!ivfkm_survey_has_regions(index))
		return changes >= meta->made_rows || sizes->rows >= 2.0 * meta->made_rows;
	for (int i = 0; i < tree->nlists; i++)
		below_root += tree->parents[i] == 0;
	return below_root > ivfkm_nodes_root_children() * 3 / 2;
}

/* Rows to move for the changes that the index has seen. */
static double
most_rows(const IvfkmSizes *sizes)
{
	double changes = (double) ivfkm_renewal_changes(&sizes->seen);

	return Max(REGION_ROWS, sizes->owed + MOVED_PER_CHANGE * changes);
}

/* Forgets the sizes: the next survey counts again. */
void
ivfkm_survey_forget(IvfkmSizes *sizes)
{
	MemoryContextReset(sizes->context);
	sizes->lists = NULL;
	sizes->ends = NULL;
	sizes->moved = 0.0;
	sizes->nregions = 0;
}

/* The same after a renewal, which has measured budgets, too. */
void
ivfkm_survey_renewed(IvfkmSizes *sizes)
{
	ivfkm_survey_forget(sizes);
	sizes->unmeasured = 0.0;
	sizes->roughly = false;
	sizes->postponed = false;
	sizes->owed = 0.0;
}

/*
 * Notes on the metapage how many rows there are, and when to look again; forgets the sizes, but not
 * how many rows may be moved for the sake of what was postponed.
 */
void
ivfkm_survey_done(IvfkmSizes *sizes, Relation index)
{
	if (sizes->lists == NULL)
		return;
	sizes->owed = sizes->postponed ? Max(0.0, most_rows(sizes) - sizes->moved) : 0.0;
	page_meta_set_rows(index, &sizes->seen, sizes->rows, ivfkm_survey_retry(sizes->rows));
	ivfkm_survey_forget(sizes);
}

/*
 * Says what to do next about the index, and for IVFKM_TASK_REGION where, in *region, in the current
 * memory context.  Counts the lists if that has not been done.  Unless "all" is to be done, moves
 * no more than a few rows for each one that has changed.
 */
IvfkmTask
ivfkm_survey_next(IvfkmSizes *sizes, Relation index, bool all, IvfkmRegion *region)
{
	const IvfkmGeometry *geometry = &region->index.lists;
	double most = NEED_NONE;
	int around = -1;

	memset(region, 0, sizeof(*region));
	ivfkm_index_open(&region->index, index);
	ivfkm_collect_tree(index, &region->index.meta, &region->tree);
	if (sizes->lists == NULL)
	{
		count_lists(sizes, &region->index, &region->tree);
		sizes->patient = !all && sizes->growing && !sizes->at_rest;
		sizes->postponed = false;
		if (calls_for_renewal(sizes, &region->index, &region->tree))
			return IVFKM_TASK_RENEW;
		if (sizes->come_back > 0.0)
			page_meta_count_rewritten(index, (uint64) sizes->come_back);
	}
	if (!ivfkm_survey_has_regions(&region->index) || (!all && sizes->moved >= most_rows(sizes)))
		return IVFKM_TASK_NONE;
	for (int i = 0; i < region->tree.nlists; i++)
	{
		const IvfkmChildData *list = &region->tree.lists[i].child;
		bool made_now;
		IvfkmListSize size = size_of(sizes, geometry, list, &made_now);
		double need = need_of(sizes, geometry, &size, list, region->tree.nlists == 1);

		sizes->postponed |= sizes->patient && is_long(&size, list, SPLIT_ROWS);
		if (need > most)
		{
			most = need;
			around = i;
		}
	}
	if (around < 0)
		return IVFKM_TASK_NONE;
	if (most == NEED_SHRINK)
		choose_emptied(sizes, region, around);
	else
	{
		choose_region(sizes, region, around, most >= NEED_STRAYS && most < NEED_SPLIT);
		region->most_lists = most > NEED_MERGE ? INT_MAX : region->nlists;
	}
	return IVFKM_TASK_REGION;
}

/* Notes that a region that ivfkm_survey_next() has chosen was worked on. */
void
ivfkm_survey_worked(IvfkmSizes *sizes, const IvfkmRegion *region)
{
	sizes->nregions++;
	if (!region->keep)
	{
		sizes->moved += region->rows;
		sizes->unmeasured += region->rows;
	}
}

/* Ascending ids of lists. */
static int
compare_ends(const void *a, const void *b)
{
	uint32 x = ((const IvfkmListEnd *) a)->id;
	uint32 y = ((const IvfkmListEnd *) b)->id;

	return x < y ? -1 : x > y;
}

/* Finds the last block of every list, with what inserts have added, once: reads all of them. */
static void
find_ends(IvfkmSizes *sizes, const IvfkmRegion *region)
{
	const IvfkmWholeTree *tree = &region->tree;

	if (sizes->ends != NULL)
		return;
	sizes->ends =
		MemoryContextAllocHuge(sizes->context, sizeof(IvfkmListEnd) * (Size) tree->nlists);
	sizes->nends = tree->nlists;
	for (int i = 0; i < tree->nlists; i++)
	{
		IvfkmBlocks blocks;

		CHECK_FOR_INTERRUPTS();
		memset(&blocks, 0, sizeof(blocks));
		page_list_blocks(region->index.relation, &region->index.lists, &tree->lists[i].child,
						 &blocks);
		sizes->ends[i].id = tree->lists[i].child.id;
		sizes->ends[i].last = tree->lists[i].child.first_block;
		for (Size block = 0; block < blocks.count; block++)
			sizes->ends[i].last = Max(sizes->ends[i].last, blocks.blocks[block]);
		if (blocks.blocks != NULL)
			pfree(blocks.blocks);
	}
	qsort(sizes->ends, sizes->nends, sizeof(IvfkmListEnd), compare_ends);
}

/* The last block of each list of the tree, if that was found, else the first: a palloc'd array. */
static BlockNumber *
list_places(const IvfkmSizes *sizes, const IvfkmWholeTree *tree)
{
	BlockNumber *places = palloc(sizeof(BlockNumber) * tree->nlists);

	for (int i = 0; i < tree->nlists; i++)
	{
		IvfkmListEnd key = {tree->lists[i].child.id, 0};
		const IvfkmListEnd *found = NULL;

		if (sizes->ends != NULL)
			found = bsearch(&key, sizes->ends, sizes->nends, sizeof(key), compare_ends);
		places[i] = found != NULL ? found->last : tree->lists[i].child.first_block;
	}
	return places;
}

/* Orders lists by their places, the last one first. */
static int
compare_places(const void *a, const void *b, void *arg)
{
	const BlockNumber *places = arg;
	BlockNumber x = places[*(const int *) a];
	BlockNumber y = places[*(const int *) b];

	return x > y ? -1 : x < y;
}

/*
 * True if what a region will be written to finds places in front of a block; counts[]: rows of each
 * of its lists.  How the rows of lists that are made anew will spread is not known: those of a list
 * that is split are taken to be as many in each part, and so are all if there will be fewer lists.
 */
static bool
fits_in_front(const IvfkmRegion *region, const uint32 *counts, const IvfkmFreeData *data,
			  BlockNumber below)
{
	const IvfkmGeometry *geometry = &region->index.lists;
	const IvfkmWholeTree *tree = &region->tree;
	int nlists = region->keep ? region->nlists : ivfkm_sizes_auto_lists(region->rows);
	bool fewer = nlists < region->nlists;
	int most = nlists + region->nlists;
	BlockNumber *sizes = palloc(sizeof(BlockNumber) * (most + IVFKM_MAX_HEIGHT));
	bool fits;
	int n = 0;

	for (int i = 0; i < (fewer ? 1 : region->nlists); i++)
	{
		double all = fewer ? region->rows : counts[i];
		int parts = region->keep ? 1 : ivfkm_sizes_auto_lists(all);
		uint32 rows = (uint32) ceil(all / parts);

		for (int part = 0; part < parts && n < most; part++)
			sizes[n++] =
				page_extent_blocks(geometry, rows) + page_extent_refine_blocks(geometry, rows);
	}
	for (int number = region->parent; number >= 0; number = tree->nodes[number].parent)
		sizes[n++] = ivfkm_node_blocks(geometry->dims, region->index.meta.nattributes,
									   tree->nodes[number].child.level,
									   tree->nodes[number].child.rows + nlists);
	fits = page_free_fits(&data->free, sizes, n, below);
	pfree(sizes);
	return fits;
}

/*
 * Makes a region of lists of one node that reach to a block, the last ones, as many as find places
 * in front of the end of the last.  They stay as they are, or are made anew where smaller lists
 * find places and they do not.  False if there is none, or no room for it.
 */
static bool
last_region(const IvfkmSizes *sizes, IvfkmRegion *region, const IvfkmFreeData *data,
			BlockNumber from)
{
	const IvfkmWholeTree *tree = &region->tree;
	BlockNumber *places = list_places(sizes, tree);
	int *order = palloc(sizeof(int) * tree->nlists);
	uint32 counts[REGION_LISTS];
	bool fits = false;
	int last = 0;
	int n = 0;

	for (int i = 1; i < tree->nlists; i++)
	{
		if (places[i] > places[last])
			last = i;
	}
	region->parent = tree->parents[last];
	region->below = places[last];
	for (int i = 0; i < tree->nlists; i++)
	{
		if (tree->parents[i] == region->parent && places[i] >= from)
			order[n++] = i;
	}
	qsort_arg(order, n, sizeof(int), compare_places, places);
	n = Min(n, REGION_LISTS);
	for (int i = 0; i < n; i++)
	{
		IvfkmListSize size;

		count_list(&region->index, &tree->lists[order[i]].child, &size);
		counts[i] = size.rows;
	}
	region->lists = palloc(sizeof(int) * REGION_LISTS);
	region->most_lists = INT_MAX;
	for (int way = 0; way < 2 && !fits; way++)
	{
		region->keep = way == 0;
		for (int most = n; most > 0 && !fits; most /= 2)
		{
			region->nlists = 0;
			region->rows = 0.0;
			while (region->nlists < most &&
				   (region->nlists == 0 || region->rows + counts[region->nlists] <= REGION_ROWS))
			{
				region->rows += counts[region->nlists];
				region->lists[region->nlists] = order[region->nlists];
				region->nlists++;
			}
			fits = fits_in_front(region, counts, data, region->below);
		}
	}
	pfree(places);
	pfree(order);
	return fits;
}

/* True if what only a renewal moves lies at or behind a block: the mean, or the list of NULLs. */
static bool
fixed_behind(const IvfkmMetaPageData *meta, BlockNumber from)
{
	return meta->mean_block >= from || meta->null_block >= from;
}

/* True if a list reaches to a block, as far as that is known. */
static bool
list_behind(const IvfkmSizes *sizes, const IvfkmWholeTree *tree, BlockNumber from)
{
	BlockNumber *places = list_places(sizes, tree);
	bool behind = false;

	for (int i = 0; i < tree->nlists && !behind; i++)
		behind = places[i] >= from;
	pfree(places);
	return behind;
}

/*
 * If much of the file is free: says how what lies at its end is moved to the front, so that the
 * file can be cut off there.  As long as rows come that will take what is free, that waits, unless
 * it is more than three quarters.  A tree is written into one range: if it has to be moved as a
 * whole, because its mean or its list of NULLs is in the way, there must be one that is long
 * enough.  If nothing finds a place, because what is free is in pieces, and that is more than a
 * quarter of the file, a renewal goes to the end, so that all in front of it becomes free for the
 * next one.  By hand that one has to wait for another transaction: there it is more than half,
 * unless the mean or the list of NULLs is in the way.
 */
IvfkmTask
ivfkm_survey_compact(IvfkmSizes *sizes, Relation index, bool by_hand, IvfkmRegion *region)
{
	const IvfkmMetaPageData *meta = &region->index.meta;
	IvfkmFreeData *data = palloc(sizeof(IvfkmFreeData));
	bool fixed;
	BlockNumber waiting;
	BlockNumber in_use;
	BlockNumber whole;

	memset(region, 0, sizeof(*region));
	ivfkm_index_open(&region->index, index);
	page_free_read(index, data);
	if (!page_retired_is_sparse(index, data, meta->used_blocks, &waiting))
		return IVFKM_TASK_NONE;
	in_use = meta->used_blocks - page_ranges_total(&data->free) - waiting;
	if (!by_hand && sizes->growing && !sizes->at_rest &&
		meta->build_rows >= FILLING * meta->made_rows && in_use > meta->used_blocks / 4)
		return IVFKM_TASK_NONE;
	whole = in_use + in_use / 16;
	fixed = fixed_behind(meta, in_use);
	if (fixed && sizes->nrenewed < MOST_RENEWED &&
		page_free_fits(&data->free, &whole, 1, Min(meta->mean_block, meta->null_block)))
		return IVFKM_TASK_RENEW;
	ivfkm_collect_tree(index, meta, &region->tree);
	if (!list_behind(sizes, &region->tree, in_use)) /* but something is: what was added to them */
		find_ends(sizes, region);
	if (ivfkm_survey_has_regions(&region->index) && sizes->nmissed < MOST_MISSED &&
		last_region(sizes, region, data, in_use))
		return IVFKM_TASK_REGION;
	if (sizes->nrenewed == 0 && (fixed || list_behind(sizes, &region->tree, in_use)) &&
		page_ranges_total(&data->free) + waiting + data->lost >
			meta->used_blocks / (by_hand && !fixed ? 2 : 4))
		return IVFKM_TASK_RENEW;
	return IVFKM_TASK_NONE;
}
