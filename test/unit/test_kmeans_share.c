/*-------------------------------------------------------------------------
 *
 * test_kmeans_share.c
 *	  Tests of k-means training whose steps are shared out, on every level.
 *
 * NOTES
 *	  Helpers run in this process, but see points, centroids and workspace at other addresses:
 *	  the memory is mapped twice.  Private memory has exactly the size that the size
 *	  functions return, so that AddressSanitizer sees an overrun.
 *
 * IDENTIFICATION
 *	  test/unit/test_kmeans_share.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kmeans_data.h"

#define HELPERS 2

/* Memory that is seen at two addresses. */
typedef struct Twice
{
	size_t bytes;
	char *here;
	char *there;
} Twice;

/* Who takes part in a training, and what they did. */
typedef struct Team
{
	KmeansTrainer *helpers[HELPERS];
	long blocks[HELPERS + 1]; /* done by each helper and by the trainer itself */
	long tasks;
	long leave_at; /* leaves by longjmp in this task; 0 never */
	jmp_buf back;
} Team;

/* Maps "bytes" bytes twice. */
static Twice
map_twice(size_t bytes)
{
	Twice twice = {.bytes = bytes};
	FILE *file = tmpfile();

	if (file == NULL || ftruncate(fileno(file), (off_t) bytes) != 0)
		exit(2);
	twice.here = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
	twice.there = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
	if (twice.here == MAP_FAILED || twice.there == MAP_FAILED)
		exit(2);
	fclose(file);
	return twice;
}

/* Unmaps both. */
static void
unmap_twice(const Twice *twice)
{
	munmap(twice->here, twice->bytes);
	munmap(twice->there, twice->bytes);
}

/* A KmeansShare: blocks in random order, each by a random trainer, from a copy of the task. */
static void
share_at_random(void *arg, KmeansTrainer *trainer, const KmeansTask *task)
{
	Team *team = arg;
	KmeansTask copy = *task;
	size_t *order = exact_alloc(task->nblocks * sizeof(size_t));

	team->tasks++;
	if (team->tasks == team->leave_at)
	{
		free(order);
		longjmp(team->back, 1);
	}
	for (size_t i = 0; i < task->nblocks; i++)
	{
		size_t j = test_random_below((uint32_t) i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < task->nblocks; i++)
	{
		uint32_t who = test_random_below(HELPERS + 1);

		team->blocks[who]++;
		kmeans_train_block(who < HELPERS ? team->helpers[who] : trainer, &copy, order[i]);
	}
	free(order);
}

/*
 * Trains with and without helpers and compares every bit of the results.  leave_at: see Team;
 * then nothing is compared.
 */
static void
compare(const float *points, size_t n, int dims, int nlists, long leave_at, const char *what)
{
	size_t values = n * (size_t) dims;
	Twice shared = map_twice(values * sizeof(float));
	Twice centroids = map_twice((size_t) nlists * (size_t) dims * sizeof(float));
	KmeansParams params;
	Twice workspace;

	memcpy(shared.here, points, values * sizeof(float));
	kmeans_params_init(&params, dims, n, nlists);
	params.seed = test_random_u64();
	workspace = map_twice(kmeans_train_bytes(&params));
	FOR_EACH_LEVEL
	{
		Team team = {.leave_at = leave_at};
		KmeansStats alone;
		KmeansStats together;
		uint32_t *list_alone = exact_alloc(n * sizeof(uint32_t));
		uint32_t *list_together = exact_alloc(n * sizeof(uint32_t));
		float *result = exact_alloc((size_t) nlists * (size_t) dims * sizeof(float));
		void *memory[HELPERS];

		params.share = NULL;
		params.list = list_alone;
		kmeans_train(&params, points, result, workspace.here, &alone);
		for (size_t i = 0; i < n; i++)
			REQUIRE(list_alone[i] < (uint32_t) alone.nlists, "%s: list %u", what, list_alone[i]);

		memset(workspace.here, 0xff, workspace.bytes);
		params.share = share_at_random;
		params.share_arg = &team;
		params.list = list_together;
		for (int h = 0; h < HELPERS; h++)
		{
			memory[h] = aligned_bytes(kmeans_join_bytes(&params));
			team.helpers[h] = kmeans_join(memory[h], &params, (float *) shared.there,
										  (float *) centroids.there, workspace.there);
		}
		if (setjmp(team.back) == 0)
		{
			kmeans_train(&params, (float *) shared.here, (float *) centroids.here, workspace.here,
						 &together);
			CHECK(memcmp(&alone, &together, sizeof(alone)) == 0, "%s %s: statistics differ",
				  vdb_simd_name(level), what);
			CHECK(memcmp(result, centroids.here,
						 (size_t) alone.nlists * (size_t) dims * sizeof(float)) == 0,
				  "%s %s: centroids differ", vdb_simd_name(level), what);
			CHECK(memcmp(list_alone, list_together, n * sizeof(uint32_t)) == 0,
				  "%s %s: lists of points differ", vdb_simd_name(level), what);
			CHECK(leave_at == 0, "%s: training went on", what);
			CHECK(team.tasks >= 2, "%s: %ld tasks", what, team.tasks);
			for (int who = 0; who <= HELPERS; who++)
				CHECK(team.blocks[who] > 0, "%s: number %d did nothing", what, who);
		}
		else
			CHECK(team.tasks == leave_at, "%s: left in task %ld", what, team.tasks);
		for (int h = 0; h < HELPERS; h++)
			free(memory[h]);
		free(list_alone);
		free(list_together);
		free(result);
	}
	unmap_twice(&shared);
	unmap_twice(&centroids);
	unmap_twice(&workspace);
}

/* The result does not depend on who does the work: one level of lists and two. */
static void
same_result_with_helpers(void)
{
	static const struct
	{
		size_t n;
		int dims;
		int nlists;
	} cases[] = {
		{3000, 13, 7}, {3000, 40, 200}, {5000, 6, 1024}, {6000, 9, 1025}, {12000, 5, 1500}};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
	{
		float *points = mixture(cases[c].n, cases[c].dims, 60, 0.5f);

		compare(points, cases[c].n, cases[c].dims, cases[c].nlists, 0, "mixture");
		free(points);
	}
}

/* Nearly all points in one coarse cell, which has more than helpers have room for. */
static void
same_result_with_a_large_cell(void)
{
	enum
	{
		DIMS = 4,
		N = 12000
	};
	float *points = normal_points(N, DIMS);

	for (int i = 0; i < N; i++)
		for (int k = 0; k < DIMS; k++)
			points[i * DIMS + k] *= i % 10 == 0 ? 1000.0f : 1e-3f;
	compare(points, N, DIMS, 1100, 0, "a dense cluster");

	/* the same with copies, so that cells cannot fill their seats */
	for (int i = 0; i < N; i++)
	{
		if (i % 10 != 0 && i % 7 != 0)
			memcpy(points + i * DIMS, points + DIMS, DIMS * sizeof(float));
	}
	compare(points, N, DIMS, 1100, 0, "a dense cluster of copies");
	free(points);
}

/* Few distinct points: no task but the first and the last. */
static void
same_result_of_duplicates(void)
{
	enum
	{
		DIMS = 8,
		N = 2000
	};
	float *points = normal_points(N, DIMS);

	for (int i = 30; i < N; i++)
		memcpy(points + i * DIMS, points + i % 30 * DIMS, DIMS * sizeof(float));
	compare(points, N, DIMS, 1100, 0, "duplicates");
	free(points);
}

/* The function that shares out may leave by longjmp. */
static void
sharing_may_leave(void)
{
	float *points = mixture(6000, 7, 30, 0.5f);

	compare(points, 6000, 7, 100, 4, "one level");
	compare(points, 6000, 7, 1200, 19, "two levels");
	free(points);
}

/* An index serves at another address, read by byte. */
static void
index_has_no_addresses(void)
{
	static const int lists_of[] = {50, 1100};
	int dims = 11;
	size_t n = 200;
	float *points = normal_points(n, dims);

	FOR_EACH_LEVEL
	{
		for (int l = 0; l < 2; l++)
		{
			int nlists = lists_of[l];
			float *centroids = normal_points((size_t) nlists, dims);
			size_t bytes = kmeans_index_bytes(dims, nlists);
			void *memory = aligned_bytes(bytes);
			void *moved = aligned_bytes(bytes);
			void *workspace = aligned_bytes(kmeans_assign_bytes(dims, nlists));
			uint32_t list[200];
			uint32_t list_moved[200];
			float dist2[200];

			kmeans_assign(kmeans_index_init(memory, dims, nlists, centroids, 1, NULL, NULL), points,
						  n, list, dist2, workspace);
			memcpy(moved, memory, bytes);
			memset(memory, 0xff, bytes);
			kmeans_assign(moved, points, n, list_moved, dist2, workspace);
			CHECK(memcmp(list, list_moved, sizeof(list)) == 0, "%s, %d lists: moved, it differs",
				  vdb_simd_name(level), nlists);
			free(memory);
			free(moved);
			free(workspace);
			free(centroids);
		}
	}
	free(points);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(same_result_with_helpers);
	TEST_RUN(same_result_with_a_large_cell);
	TEST_RUN(same_result_of_duplicates);
	TEST_RUN(sharing_may_leave);
	TEST_RUN(index_has_no_addresses);
	return test_end();
}
