/*-------------------------------------------------------------------------
 *
 * test_fuzz_corpus.c
 *	  Replays the corpus of each fuzz target, and its truncations.
 *
 * NOTES
 *	  The targets are those of test/fuzz, linked without libFuzzer.  What they find wrong
 *	  ends the program, which its runner reports.
 *
 * IDENTIFICATION
 *	  test/unit/test_fuzz_corpus.c
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>

#include "test_main.h"
#include "../fuzz/fuzz.h"

/* A fuzz target. */
typedef int (*FuzzTarget)(const uint8_t *data, size_t size);

/* Runs a target on the first "size" bytes of an input, in memory of exactly that size. */
static void
run_exact(FuzzTarget target, const uint8_t *input, size_t size)
{
	uint8_t *copy = exact_copy(input, size);

	CHECK(target(copy, size) == 0, "a target does not return 0");
	free(copy);
}

/* Runs a target on every file of its corpus, whole and cut off behind every byte. */
static void
replay(const char *name, FuzzTarget target)
{
	static uint8_t input[1 << 16];
	char folder[1024];
	DIR *dir;
	struct dirent *entry;
	int files = 0;

	snprintf(folder, sizeof(folder), "%s/test/fuzz/corpus/%s", VDB_TEST_ROOT, name);
	dir = opendir(folder);
	REQUIRE(dir != NULL, "no folder %s", folder);
	while ((entry = readdir(dir)) != NULL)
	{
		char path[2048];
		FILE *file;
		size_t size;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = fopen(path, "rb");
		CHECK(file != NULL, "cannot read %s", path);
		if (file == NULL)
			continue;
		size = fread(input, 1, sizeof(input), file);
		fclose(file);
		for (size_t cut = 0; cut <= size; cut++)
			run_exact(target, input, cut);
		files++;
	}
	closedir(dir);
	CHECK(files >= 5, "only %d files in %s", files, folder);
}

static void
vector_text(void)
{
	replay("vector_text", fuzz_vector_text);
}

static void
sparsevec_text(void)
{
	replay("sparsevec_text", fuzz_sparsevec_text);
}

static void
dense_binary(void)
{
	replay("dense_binary", fuzz_dense_binary);
}

static void
sparsevec_binary(void)
{
	replay("sparsevec_binary", fuzz_sparsevec_binary);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(vector_text);
	TEST_RUN(sparsevec_text);
	TEST_RUN(dense_binary);
	TEST_RUN(sparsevec_binary);
	return test_end();
}
