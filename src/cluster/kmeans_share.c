/*-------------------------------------------------------------------------
 *
 * kmeans_share.c
 *	  Steps of training that several processes share: tasks and their blocks.
 *
 * NOTES
 *	  Pure C.  The process that trains fills in a KmeansTask and has its blocks done, by
 *	  itself or also by helpers.  Whatever a block reads was complete before the task
 *	  began, and no two blocks write the same place, so the result depends neither on
 *	  the order of the blocks nor on who does them.  A helper finds the workspace by laying it
 *	  out again at its own address; what the scratch memory there holds during a task
 *	  (packed centroids) is only read, and helpers have scratch memory of their own.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_share.c
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include "cluster/kmeans_internal.h"

/* Lists of a block. */
#define SHARE_LISTS 8

/*
 * Helpers take cells of up to so many times the mean size; larger ones are left to the
 * process that trains, whose scratch memory has room for all points in one cell.
 */
#define SHARE_CELL_EXCESS 4

/* Blocks of "size" that n things take. */
static size_t
share_blocks(size_t n, size_t size)
{
	return (n + size - 1) / size;
}

/* Points and lists of the largest cell that helpers take. */
static size_t
share_cell_limit(size_t n, size_t ncells)
{
	size_t limit = share_blocks(n, ncells) * SHARE_CELL_EXCESS;

	return limit < n ? limit : n;
}

/* Counts work up to "done" multiply-adds, unless so much has been counted already. */
static void
share_progress(KmeansProgress *progress, double done)
{
	double counted = progress->done + progress->pending;

	if (counted < done)
		kmeans_work(progress, done - counted);
}

/* Has all blocks of a task done, and moves the progress to its end. */
static void
share_task(KmeansTrainer *trainer, KmeansTask *task, double work)
{
	KmeansProgress *progress = &trainer->progress;

	task->scale = trainer->run.scale;
	task->before = progress->done + progress->pending;
	task->work = work;
	if (trainer->share != NULL && task->nblocks > 1)
		trainer->share(trainer->share_arg, trainer, task);
	else
	{
		for (size_t block = 0; block < task->nblocks; block++)
			kmeans_train_block(trainer, task, block);
	}
	share_progress(progress, task->before + work);
}

/* The power of two that the points of the workspace are to be multiplied by. */
float
kmeans_share_scale(KmeansTrainer *trainer, size_t npoints)
{
	KmeansTask task = {
		.kind = KMEANS_TASK_LARGEST, .npoints = npoints, .nblocks = kmeans_point_blocks(npoints)};
	float largest = 0.0f;

	share_task(trainer, &task, (double) npoints * (double) trainer->run.dims);
	for (size_t block = 0; block < task.nblocks; block++)
	{
		float value = (float) trainer->train.partial[block];

		largest = value > largest ? value : largest;
	}
	return kmeans_scale_for(largest);
}

/*
 * Nearest of the centroids that are packed in the scratch memory of the workspace, for the
 * first npoints of train->rows; kind says where to.
 */
void
kmeans_share_nearest(KmeansTrainer *trainer, KmeansTaskKind kind, size_t npoints,
					 const KmeansLists *lists)
{
	KmeansTask task = {.kind = kind,
					   .coarse = lists == &trainer->train.coarse,
					   .nlists = lists->nlists,
					   .npoints = npoints,
					   .nblocks = kmeans_point_blocks(npoints)};

	share_task(trainer, &task,
			   (double) npoints * (double) lists->nlists * (double) trainer->run.dims);
}

/* Means of the lists, or of the coarse cells. */
void
kmeans_share_means(KmeansTrainer *trainer, const KmeansLists *lists)
{
	KmeansTask task = {.kind = KMEANS_TASK_MEANS,
					   .coarse = lists == &trainer->train.coarse,
					   .nlists = lists->nlists,
					   .nblocks = share_blocks((size_t) lists->nlists, SHARE_LISTS)};
	double members = 0.0;

	for (int j = 0; j < lists->nlists; j++)
		members += lists->count[j];
	share_task(trainer, &task, KMEANS_WORK_TOUCH * members * (double) trainer->run.dims);
}

/* See KmeansSteps. */
static void
share_lloyd_nearest(const KmeansRun *run, size_t npoints, const KmeansLists *lists)
{
	kmeans_share_nearest(run->trainer, KMEANS_TASK_NEAREST, npoints, lists);
}

/* See KmeansSteps. */
static void
share_lloyd_means(const KmeansRun *run, const KmeansLists *lists)
{
	kmeans_share_means(run->trainer, lists);
}

const KmeansSteps kmeans_shared_steps = {.nearest = share_lloyd_nearest,
										 .means = share_lloyd_means};

/* The lists of every coarse cell, largest cell first. */
void
kmeans_share_cells(KmeansTrainer *trainer, size_t npoints)
{
	KmeansTrainSpace *train = &trainer->train;
	const uint32_t *count = train->coarse.count;
	size_t ncells = (size_t) train->coarse.nlists;
	size_t wanted = kmeans_coarse_cells((size_t) train->lists.nlists);
	size_t point_limit = share_cell_limit(npoints, wanted);
	size_t list_limit = share_cell_limit((size_t) train->lists.nlists, wanted);
	KmeansTask task = {.kind = KMEANS_TASK_CELL,
					   .npoints = npoints,
					   .scale = trainer->run.scale,
					   .seed = kmeans_random64(&trainer->run)};
	double work = 0.0;

	for (size_t cell = 0; cell < ncells; cell++)
	{
		size_t i = cell;

		/* cells beyond a limit first, then by points */
		for (; i > 0; i--)
		{
			uint32_t before = train->by_size[i - 1];
			bool before_large = count[before] > point_limit || train->seats[before] > list_limit;
			bool large = count[cell] > point_limit || train->seats[cell] > list_limit;

			if (large == before_large ? count[before] >= count[cell] : before_large)
				break;
			train->by_size[i] = before;
		}
		train->by_size[i] = (uint32_t) cell;
		work += (double) trainer->fine_iterations * count[cell] *
				(train->seats[cell] + KMEANS_WORK_TOUCH) * (double) trainer->run.dims;
	}
	while (task.skip < ncells && (count[train->by_size[task.skip]] > point_limit ||
								  train->seats[train->by_size[task.skip]] > list_limit))
	{
		KmeansTask large = task;

		large.nblocks = 1;
		kmeans_train_block(trainer, &large, 0);
		task.skip++;
	}
	task.nblocks = ncells - task.skip;
	share_task(trainer, &task, work);
}

/* Nearest list of all points by the index that was built in the workspace. */
void
kmeans_share_assign(KmeansTrainer *trainer, size_t npoints, int nlists)
{
	KmeansTask task = {.kind = KMEANS_TASK_ASSIGN,
					   .nlists = nlists,
					   .npoints = npoints,
					   .nblocks = kmeans_point_blocks(npoints)};
	double ncells = (double) kmeans_coarse_cells((size_t) nlists);
	double compared = ncells > 0 ? ncells + KMEANS_BEAM * nlists / ncells : nlists;

	share_task(trainer, &task, compared * (double) npoints * (double) trainer->run.dims);
}

/* Sum of the squared distances of all points to the centroids of their lists. */
double
kmeans_share_distances(KmeansTrainer *trainer, const KmeansLists *lists)
{
	KmeansTask task = {.kind = KMEANS_TASK_DIST,
					   .nlists = lists->nlists,
					   .nblocks = share_blocks((size_t) lists->nlists, SHARE_LISTS)};
	double members = 0.0;
	double sum = 0.0;

	for (int j = 0; j < lists->nlists; j++)
		members += lists->count[j];
	share_task(trainer, &task, KMEANS_WORK_TOUCH * members * (double) trainer->run.dims);
	for (int j = 0; j < lists->nlists; j++)
		sum += trainer->train.partial[j];
	return sum;
}

/* Clusters the points of one coarse cell into the lists that start at its first seat. */
static void
share_cell(KmeansTrainer *trainer, const KmeansTask *task, uint32_t cell)
{
	KmeansTrainSpace *train = &trainer->train;
	KmeansLists *lists = &train->lists;
	KmeansRun run = trainer->run;
	size_t start = train->coarse.start[cell];
	size_t count = train->coarse.count[cell];
	uint32_t first = train->first_seat[cell];
	KmeansLists part = {.nlists = (int) train->seats[cell],
						.centroids = lists->centroids + (size_t) first * run.dims,
						.list = lists->list + start,
						.order = lists->order + start,
						.start = lists->start + first,
						.count = lists->count + first};

	run.steps = NULL;
	run.rng = task->seed + cell * UINT64_C(0xd1342543de82ef95);
	if (count > 0)
	{
		part.nlists =
			kmeans_seed(&run, train->rows + start, count, part.nlists, part.centroids, part.list);
		kmeans_lloyd(&run, train->rows + start, count, &part, trainer->fine_iterations);
	}
	else
		part.nlists = 0;
	for (int j = 0; j < part.nlists; j++)
		part.start[j] += (uint32_t) start;
	for (uint32_t j = (uint32_t) part.nlists; j < train->seats[cell]; j++)
	{
		part.start[j] = 0;
		part.count[j] = 0;
	}
}

/* The points "from" and following, n of them, for each kind of task over points. */
static void
share_points(KmeansTrainer *trainer, const KmeansTask *task, size_t from, size_t n)
{
	KmeansTrainSpace *train = &trainer->train;
	KmeansRun *run = &trainer->run;
	bool coarse = task->kind == KMEANS_TASK_COARSE;
	uint32_t *to = coarse ? train->coarse.list : train->lists.order;
	KmeansPoints points = kmeans_points(run);
	KmeansColumns columns = {.panels = train->scratch.panels,
							 .norms = train->scratch.norms,
							 .ncols = (size_t) task->nlists,
							 .centroids =
								 task->coarse ? train->coarse.centroids : train->lists.centroids};

	switch ((KmeansTaskKind) task->kind)
	{
		case KMEANS_TASK_LARGEST:
			train->partial[from / KMEANS_SHARE_POINTS] =
				kmeans_largest(run->points + from * run->dims, n, run->dims, run->progress);
			break;
		case KMEANS_TASK_ASSIGN:
			kmeans_assign_rows(train->index, run->points, train->rows + from, n, run->scale,
							   train->lists.list + from, trainer->assign, run->progress);
			break;
		default:
			kmeans_nearest(&points, train->rows + from, n, &columns, &run->space.scratch, to + from,
						   run->progress);
			break;
	}
}

/* Lists "from" to end - 1, for each kind of task over lists. */
static void
share_lists(KmeansTrainer *trainer, const KmeansTask *task, size_t from, size_t end)
{
	KmeansRun *run = &trainer->run;
	KmeansLists *lists = task->coarse ? &trainer->train.coarse : &trainer->train.lists;

	if (task->kind == KMEANS_TASK_MEANS)
	{
		kmeans_means(run, lists, (int) from, (int) end);
		return;
	}
	for (size_t j = from; j < end; j++)
	{
		const uint32_t *members = lists->order + lists->start[j];
		double sum = 0.0;

		for (uint32_t i = 0; i < lists->count[j]; i++)
		{
			sum += run->ops->dist2(run->points + (size_t) members[i] * run->dims, run->scale,
								   lists->centroids + j * run->dims, run->dims);
			kmeans_work(run->progress, KMEANS_WORK_TOUCH * (double) run->dims);
		}
		trainer->train.partial[j] = sum;
	}
}

/* See kmeans.h. */
void
kmeans_train_block(KmeansTrainer *trainer, const KmeansTask *task, size_t block)
{
	size_t from;
	size_t end;

	share_progress(&trainer->progress,
				   task->before + task->work * ((double) block / (double) task->nblocks));
	trainer->run.scale = task->scale;
	switch ((KmeansTaskKind) task->kind)
	{
		case KMEANS_TASK_LARGEST:
		case KMEANS_TASK_NEAREST:
		case KMEANS_TASK_COARSE:
		case KMEANS_TASK_ASSIGN:
			from = block * KMEANS_SHARE_POINTS;
			end = from + KMEANS_SHARE_POINTS < task->npoints ? from + KMEANS_SHARE_POINTS
															 : task->npoints;
			share_points(trainer, task, from, end - from);
			break;
		case KMEANS_TASK_MEANS:
		case KMEANS_TASK_DIST:
			from = block * SHARE_LISTS;
			end = from + SHARE_LISTS < (size_t) task->nlists ? from + SHARE_LISTS
															 : (size_t) task->nlists;
			share_lists(trainer, task, from, end);
			break;
		case KMEANS_TASK_CELL:
			share_cell(trainer, task, trainer->train.by_size[task->skip + block]);
			break;
	}
}

/* Lays out the private memory of a helper. */
static KmeansTrainer *
share_join_carve(const KmeansParams *params, KmeansArena *arena, KmeansSpace *space, void **assign)
{
	size_t dims = (size_t) params->dims;
	size_t nlists = kmeans_lists_wanted(params);
	size_t ncells = kmeans_coarse_cells(nlists);
	size_t points = KMEANS_SHARE_POINTS;
	size_t lists = 1;
	KmeansTrainer *trainer = kmeans_carve(arena, sizeof(KmeansTrainer));
	KmeansArena refine;

	if (ncells > 0)
	{
		size_t cell = share_cell_limit(params->npoints, ncells);

		points = cell > points ? cell : points;
		lists = share_cell_limit(nlists, ncells);
	}
	refine = *arena;
	kmeans_space_carve(space, arena, dims, points, lists);
	*assign = NULL;
	if (ncells > 0)
	{
		*assign = kmeans_carve(&refine, kmeans_assign_bytes((int) dims, (int) nlists));
		if (refine.used > arena->used)
			arena->used = refine.used;
	}
	return trainer;
}

/* See kmeans.h. */
size_t
kmeans_join_bytes(const KmeansParams *params)
{
	KmeansArena arena = {NULL, 0};
	KmeansSpace space;
	void *assign;

	(void) share_join_carve(params, &arena, &space, &assign);
	return arena.used;
}

/* See kmeans.h. */
KmeansTrainer *
kmeans_join(void *memory, const KmeansParams *params, const float *points, float *centroids,
			void *workspace)
{
	KmeansArena arena = {memory, 0};
	KmeansArena shared = {workspace, 0};
	KmeansSpace space;
	void *assign;
	KmeansTrainer *trainer = share_join_carve(params, &arena, &space, &assign);

	memset(trainer, 0, sizeof(*trainer));
	kmeans_train_carve(params, &shared, &trainer->train);
	trainer->train.lists.centroids = centroids;
	trainer->assign = assign;
	trainer->fine_iterations = params->fine_iterations > 1 ? params->fine_iterations : 1;
	trainer->progress.callback = params->callback;
	trainer->progress.arg = params->callback_arg;
	trainer->progress.total = kmeans_expected_work(params);
	trainer->run.ops = vdb_gemm;
	trainer->run.bf16 = gemm_bf16_for(vdb_gemm, (size_t) params->dims);
	trainer->run.dims = (size_t) params->dims;
	trainer->run.points = points;
	trainer->run.progress = &trainer->progress;
	trainer->run.space = space;
	return trainer;
}
