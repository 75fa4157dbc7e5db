/*-------------------------------------------------------------------------
 *
 * kmeans_internal.h
 *	  What the files of this folder share: workspaces, progress, lists of points.
 *
 * NOTES
 *	  Pure C; for this folder only.  Points are named by their row number in the
 *	  sample (uint32), and a set of points is an array of row numbers.
 *
 * IDENTIFICATION
 *	  src/cluster/kmeans_internal.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef KMEANS_INTERNAL_H
#define KMEANS_INTERNAL_H

#include "cluster/gemm.h"
#include "cluster/gemm_bf16.h"
#include "cluster/kmeans.h"

/* Cells of the index are made by this many Lloyd iterations over the centroids. */
#define KMEANS_CELL_ITERATIONS 8

/* Multiply-adds between two calls of the callback: 0.2 ms with AVX2, 2 ms in plain C. */
#define KMEANS_WORK_QUANTUM 1e7

/* The coarse cells are trained on so many points per cell. */
#define KMEANS_COARSE_POINTS 256

/* Points of a block of a task. */
#define KMEANS_SHARE_POINTS 512

/* Cost of touching one coordinate of a point outside the matrix product, in multiply-adds. */
#define KMEANS_WORK_TOUCH 8.0

typedef struct KmeansProgress
{
	KmeansCallback callback; /* or NULL */
	void *arg;
	double total;	/* expected work in multiply-adds */
	double done;	/* work reported so far */
	double pending; /* work since the last report */
} KmeansProgress;

/* Hands out pieces of a workspace; with base NULL it only adds up their sizes. */
typedef struct KmeansArena
{
	char *base;
	size_t used;
} KmeansArena;

/* The next "bytes" bytes of the workspace, aligned to 64 bytes; NULL when only measuring. */
static inline void *
kmeans_carve(KmeansArena *arena, size_t bytes)
{
	void *piece = arena->base ? arena->base + arena->used : NULL;

	arena->used += (bytes + 63) & ~(size_t) 63;
	return piece;
}

/*
 * Columns that may be the nearest to a point, by their rounded scores; those of gemm_bf16.h
 * until float32 decides.
 */
#define KMEANS_CONTENDERS 8

typedef struct KmeansContest
{
	float limit; /* a contender whose lowest is above this has lost */
	uint32_t count;
	uint32_t list[KMEANS_CONTENDERS];
	float lowest[KMEANS_CONTENDERS];
} KmeansContest;

/* Scratch memory of comparing points with centroids. */
typedef struct KmeansScratch
{
	float *rows; /* a packed block of points, its partial products */
	float *tiles;
	float *best;			 /* [KMEANS_PACKED_MAX] */
	KmeansContest *contests; /* [KMEANS_PACKED_MAX] */
	GemmHit *hits;			 /* [block rows * GEMM_BF16_COLS] */
} KmeansScratch;

/* At most so many points are packed at once. */
#define KMEANS_PACKED_MAX 256

/* Points to compare, and by which kernels. */
typedef struct KmeansPoints
{
	const GemmOps *ops;
	const GemmBf16 *bf16; /* used for products if not NULL */
	size_t dims;
	const float *points; /* row-major */
	float scale;		 /* power of two that points are multiplied by */
} KmeansPoints;

/* Centroids to compare them with, packed by the same kernels. */
typedef struct KmeansColumns
{
	const float *panels;
	const float *norms;
	size_t ncols;
	const uint32_t *list;	/* [ncols] number of each centroid; NULL: that of the column */
	const float *centroids; /* scaled, by number */
} KmeansColumns;

/* Scratch memory of one clustering of up to npoints points into up to nlists lists. */
typedef struct KmeansSpace
{
	float *panels; /* packed centroids, their norms */
	float *norms;
	KmeansScratch scratch;
	float *dist;	   /* [npoints] squared distances */
	uint64_t *table;   /* hash table of centroids: tag and list + 1 */
	size_t table_size; /* a power of two, at least twice nlists */
	uint32_t *heap;	   /* [nlists] lists by size */
	double *sum;	   /* [dims] */
} KmeansSpace;

/* What all steps of a clustering need. */
typedef struct KmeansRun
{
	const GemmOps *ops;
	const GemmBf16 *bf16; /* or NULL */
	size_t dims;
	const float *points; /* row-major */
	float scale;		 /* power of two that points are multiplied by */
	uint64_t rng;		 /* state of the random numbers */
	int iterations;		 /* Lloyd iterations done */
	KmeansProgress *progress;
	const struct KmeansSteps *steps; /* of Lloyd iterations, shared with others; NULL: done here */
	KmeansTrainer *trainer;			 /* what they are tasks of */
	KmeansSpace space;
} KmeansRun;

/*
 * A set of points divided into lists.  The members of list j are
 * order[start[j]] ... order[start[j] + count[j] - 1].
 */
typedef struct KmeansLists
{
	int nlists;
	float *centroids; /* [nlists * dims] scaled */
	uint32_t *list;	  /* [npoints] list of rows[i]; not kept up by splits */
	uint32_t *order;  /* [npoints] row numbers by list */
	uint32_t *start;  /* [nlists] */
	uint32_t *count;  /* [nlists] */
} KmeansLists;

/* The two steps of a Lloyd iteration over all points of a training. */
typedef struct KmeansSteps
{
	/* nearest of the packed centroids for the first npoints of the workspace, into lists->order */
	void (*nearest)(const KmeansRun *run, size_t npoints, const KmeansLists *lists);

	/* means of the lists */
	void (*means)(const KmeansRun *run, const KmeansLists *lists);
} KmeansSteps;

/*
 * The workspace of kmeans_train(): the lists of all points and, for the hierarchical way, the
 * coarse cells.
 */
typedef struct KmeansTrainSpace
{
	uint32_t *rows; /* [npoints] all row numbers, rearranged as needed */
	KmeansLists lists;
	KmeansLists coarse;	  /* shares list and order with lists */
	uint32_t *seats;	  /* [coarse cells] lists to make in a cell, and the first of them */
	uint32_t *first_seat; /* [coarse cells] */
	uint32_t *by_size;	  /* [coarse cells] largest first */
	double *remainder;	  /* [coarse cells] */
	double *partial;	  /* a number for each list or block of points */
	void *index;		  /* index and assignment for the refinement; shares */
	void *assign;		  /* memory with the scratch of Lloyd iterations */
	KmeansSpace scratch;
} KmeansTrainSpace;

struct KmeansTrainer
{
	KmeansTrainSpace train;
	KmeansRun run; /* its space is this process's own */
	KmeansProgress progress;
	KmeansShare share;
	void *share_arg;
	int fine_iterations;
	void *assign; /* workspace of kmeans_assign_rows(), shares memory with run.space */
};

/* Kinds of tasks. */
typedef enum KmeansTaskKind
{
	KMEANS_TASK_LARGEST, /* largest magnitude of the points of each block */
	KMEANS_TASK_NEAREST, /* nearest of the packed centroids, into lists->order */
	KMEANS_TASK_COARSE,	 /* the same, into coarse->list */
	KMEANS_TASK_MEANS,	 /* means of lists */
	KMEANS_TASK_CELL,	 /* the lists of a coarse cell */
	KMEANS_TASK_ASSIGN,	 /* nearest list by the index, into lists->list */
	KMEANS_TASK_DIST	 /* squared distances of the points of a list to its centroid */
} KmeansTaskKind;

/* The points of a run and its kernels. */
static inline KmeansPoints
kmeans_points(const KmeansRun *run)
{
	return (KmeansPoints){.ops = run->ops,
						  .bf16 = run->bf16,
						  .dims = run->dims,
						  .points = run->points,
						  .scale = run->scale};
}

/* kmeans_plan.c */
extern size_t kmeans_point_blocks(size_t npoints);
extern void kmeans_train_carve(const KmeansParams *params, KmeansArena *arena,
							   KmeansTrainSpace *train);
extern size_t kmeans_lists_wanted(const KmeansParams *params);
extern size_t kmeans_coarse_cells(size_t nlists);

/* kmeans_share.c */
extern const KmeansSteps kmeans_shared_steps;
extern float kmeans_share_scale(KmeansTrainer *trainer, size_t npoints);
extern void kmeans_share_nearest(KmeansTrainer *trainer, KmeansTaskKind kind, size_t npoints,
								 const KmeansLists *lists);
extern void kmeans_share_means(KmeansTrainer *trainer, const KmeansLists *lists);
extern void kmeans_share_cells(KmeansTrainer *trainer, size_t npoints);
extern void kmeans_share_assign(KmeansTrainer *trainer, size_t npoints, int nlists);
extern double kmeans_share_distances(KmeansTrainer *trainer, const KmeansLists *lists);

/* kmeans_init.c */
extern uint64_t kmeans_random64(KmeansRun *run);
extern float kmeans_largest(const float *points, size_t npoints, size_t dims,
							KmeansProgress *progress);
extern float kmeans_scale_for(float largest);
extern uint32_t kmeans_random(KmeansRun *run, uint32_t bound);
extern double kmeans_uniform(KmeansRun *run);
extern void kmeans_table_clear(KmeansSpace *space);
extern int kmeans_table_find(KmeansSpace *space, const float *x, float scale,
							 const float *centroids, size_t dims, int candidate);
extern void kmeans_shuffle(KmeansRun *run, uint32_t *rows, size_t npoints, size_t from, size_t to);
extern void kmeans_copy_point(const KmeansRun *run, uint32_t row, float *centroid);
extern int kmeans_seed(KmeansRun *run, uint32_t *rows, size_t npoints, int nlists, float *centroids,
					   uint32_t *list);

/* kmeans_nearest.c */
extern size_t kmeans_block_rows(size_t dims);
extern size_t kmeans_block_rows_bf16(size_t dims);
extern void kmeans_scratch_carve(KmeansScratch *scratch, KmeansArena *arena, size_t dims);
extern void kmeans_pack_cols(const GemmOps *ops, const GemmBf16 *bf16, const float *centroids,
							 const uint32_t *index, size_t ncols, size_t dims, float *panels,
							 float *norms);
extern void kmeans_contests_begin(KmeansContest *contests, size_t n);
extern void kmeans_contend(const KmeansPoints *points, const uint32_t *rows, const float *packed,
						   const uint32_t *which, size_t nrows, const KmeansColumns *columns,
						   const KmeansScratch *scratch, KmeansContest *contests,
						   KmeansProgress *progress);
extern void kmeans_contests_end(const KmeansPoints *points, const uint32_t *rows,
								KmeansContest *contests, size_t n, const float *centroids,
								uint32_t *list, KmeansProgress *progress);
extern void kmeans_nearest_scores(const KmeansPoints *points, const uint32_t *rows, size_t npoints,
								  const KmeansColumns *columns, const KmeansScratch *scratch,
								  float *best, uint32_t *list, KmeansProgress *progress);
extern void kmeans_nearest(const KmeansPoints *points, const uint32_t *rows, size_t npoints,
						   const KmeansColumns *columns, const KmeansScratch *scratch,
						   uint32_t *list, KmeansProgress *progress);

/* kmeans_lloyd.c */
extern void kmeans_space_carve(KmeansSpace *space, KmeansArena *arena, size_t dims, size_t npoints,
							   size_t nlists);
extern void kmeans_group(const uint32_t *rows, size_t npoints, KmeansLists *lists);
extern void kmeans_means(KmeansRun *run, const KmeansLists *lists, int first, int end);
extern void kmeans_lloyd(KmeansRun *run, const uint32_t *rows, size_t npoints, KmeansLists *lists,
						 int iterations);

/* kmeans_split.c */
extern size_t kmeans_split(KmeansRun *run, uint32_t *members, size_t count, float *a, float *b);
extern int kmeans_repair(KmeansRun *run, KmeansLists *lists, size_t npoints, bool balance);

/* kmeans_assign.c */
extern KmeansIndex *kmeans_index_build(void *memory, const GemmOps *ops, const GemmBf16 *bf16,
									   size_t dims, size_t nlists, const float *centroids,
									   float scale, uint64_t seed, KmeansProgress *progress);
extern void kmeans_assign_rows(const KmeansIndex *index, const float *points, const uint32_t *rows,
							   size_t npoints, float scale, uint32_t *list, void *workspace,
							   KmeansProgress *progress);

/* Adds the pending work and calls the callback, which may not return. */
static inline void
kmeans_report(KmeansProgress *progress)
{
	progress->done += progress->pending;
	progress->pending = 0.0;
	if (progress->callback)
		progress->callback(progress->arg, progress->done < progress->total
											  ? progress->done / progress->total
											  : 1.0);
}

/* Adds work (multiply-adds) and calls the callback when enough has come together. */
static inline void
kmeans_work(KmeansProgress *progress, double work)
{
	progress->pending += work;
	if (progress->pending >= KMEANS_WORK_QUANTUM)
		kmeans_report(progress);
}

#endif /* KMEANS_INTERNAL_H */
