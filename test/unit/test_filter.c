/*-------------------------------------------------------------------------
 *
 * test_filter.c
 *	  Tests of filters: every level and kind of term, against row by row comparisons.
 *
 * IDENTIFICATION
 *	  test/unit/test_filter.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "filter/filter.h"

#define ATTRIBUTES 3
#define MAX_TERMS  6

/* Calls the statement for each level that runs here; k is its table. */
#define FOR_EACH_LEVEL(k)                                                                          \
	for (int level = 0; level < VDB_SIMD_COUNT; level++)                                           \
		for (const FilterKernels *k = test_simd((VdbSimd) level) ? filter_kernels((VdbSimd) level) \
																 : NULL;                           \
			 k != NULL; k = NULL)

/* Images that are often equal, often near each other, and now and then as far apart as they go. */
static int64_t
random_image(void)
{
	static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};

	switch (test_random_below(4))
	{
		case 0:
			return edges[test_random_below(7)];
		case 1:
			return (int64_t) test_random_u64();
		case 2:
			/* halves that are equal in turn */
			return (int64_t) ((uint64_t) test_random_below(3) << 32 | test_random_below(3));
		default:
			return (int64_t) test_random_below(20) - 10;
	}
}

/* By value, for qsort(). */
static int
compare_images(const void *a, const void *b)
{
	const int64_t *x = a;
	const int64_t *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts n values and drops repetitions; how many are left. */
static int
sort_unique(int64_t *values, int n)
{
	int kept = 0;

	qsort(values, (size_t) n, sizeof(int64_t), compare_images);
	for (int i = 0; i < n; i++)
	{
		if (kept == 0 || values[kept - 1] != values[i])
			values[kept++] = values[i];
	}
	return kept;
}

/* A set of the n values, in memory of its own that free_term() releases. */
static void
make_set(FilterTerm *term, int attribute, int64_t *values, int n)
{
	size_t bytes;

	memset(term, 0, sizeof(*term));
	term->attribute = attribute;
	n = sort_unique(values, n);
	bytes = filter_set_bytes(n);
	filter_set_init(term, exact_copy(values, (size_t) n * sizeof(int64_t)), n,
					bytes > 0 ? exact_alloc(bytes) : NULL);
}

/* Releases the memory of a set; other terms have none. */
static void
free_term(FilterTerm *term)
{
	if (term->kind != FILTER_SET)
		return;
	free((void *) term->set.values);
	free((void *) term->set.buckets);
}

/* A term of any kind on any attribute. */
static void
random_term(FilterTerm *term)
{
	int64_t values[300];
	int n;

	memset(term, 0, sizeof(*term));
	term->kind = (FilterKind) (1 + test_random_below(FILTER_ALL_BITS));
	term->attribute = (int) test_random_below(ATTRIBUTES);
	term->low = random_image();
	term->high = random_image();
	if (term->low > term->high)
		term->high = term->low;
	term->bits = random_image() & random_image();
	if (term->kind != FILTER_SET)
		return;
	n = 1 + (int) test_random_below(test_random_below(2) == 0 ? 10 : 300);
	for (int i = 0; i < n; i++)
		values[i] = random_image();
	make_set(term, term->attribute, values, n);
}

/* True when one row meets a term as it was made: the definition of the kinds. */
static bool
row_meets(const FilterTerm *term, int64_t image, bool null)
{
	if (term->kind == FILTER_IS_NULL)
		return null;
	if (null || term->kind == FILTER_NOTHING)
		return false;
	switch (term->kind)
	{
		case FILTER_RANGE:
			return image >= term->low && image <= term->high;
		case FILTER_SET:
			for (int i = 0; i < term->set.nvalues; i++)
			{
				if (term->set.values[i] == image)
					return true;
			}
			return false;
		case FILTER_ANY_BIT:
			return (image & term->bits) != 0;
		case FILTER_ALL_BITS:
			return (~image & term->bits) == 0;
		default:
			return true;
	}
}

/* The rows of a unit that meet all terms, one by one. */
static uint32_t
reference(const FilterTerm *terms, int nterms, const int64_t *images, const uint16_t *nulls)
{
	uint32_t rows = 0;

	for (int row = 0; row < FILTER_ROWS; row++)
	{
		bool met = true;

		for (int i = 0; i < nterms; i++)
		{
			int a = terms[i].attribute;

			met = met &&
				  row_meets(&terms[i], images[a * FILTER_ROWS + row], (nulls[a] >> row & 1) != 0);
		}
		rows |= (uint32_t) met << row;
	}
	return rows;
}

/*
 * Fills a unit: images that some of the terms know, and others; about one in "rarity" is NULL, none
 * if that is 0.
 */
static void
random_unit(const FilterTerm *terms, int nterms, uint32_t rarity, int64_t *images, uint16_t *nulls)
{
	for (int i = 0; i < ATTRIBUTES * FILTER_ROWS; i++)
	{
		const FilterTerm *term = &terms[test_random_below((uint32_t) nterms)];

		images[i] = random_image();
		if (term->kind == FILTER_SET && test_random_below(2) == 0)
			images[i] = term->set.values[test_random_below((uint32_t) term->set.nvalues)];
		else if (term->kind == FILTER_RANGE && test_random_below(4) == 0)
			images[i] = (int64_t) ((uint64_t) term->high + test_random_below(2));
		else if (term->kind == FILTER_RANGE && test_random_below(4) == 0)
			images[i] = (int64_t) ((uint64_t) term->low - test_random_below(2));
		else if (term->kind == FILTER_ALL_BITS && test_random_below(2) == 0)
			images[i] |= term->bits;
		if (rarity > 0 && test_random_below(rarity) == 0)
			nulls[i / FILTER_ROWS] |= (uint16_t) (1 << (i % FILTER_ROWS));
	}
}

/*
 * A unit as it is kept: the images of attributes in "narrow" have 32 bits, and are made such that
 * they fit.  It ends where the room for "kept", of all images, ends.
 */
static const void *
keep_unit(uint32_t narrow, int64_t *images, char *kept)
{
	char *end = kept + ATTRIBUTES * FILTER_ROWS * sizeof(int64_t);

	for (int i = ATTRIBUTES * FILTER_ROWS; i-- > 0;)
	{
		int32_t image = (int32_t) images[i];

		if (narrow >> (i / FILTER_ROWS) & 1)
		{
			images[i] = image;
			end -= sizeof(image);
			memcpy(end, &image, sizeof(image));
		}
		else
		{
			end -= sizeof(images[i]);
			memcpy(end, &images[i], sizeof(images[i]));
		}
	}
	return end;
}

/* Runs the terms, as they are and joined, on some units at every level. */
static void
check_terms(FilterTerm *terms, int nterms, int nunits)
{
	FilterTerm *joined = exact_alloc(MAX_TERMS * sizeof(FilterTerm));
	Filter plain = {nterms, terms, 0};
	Filter filter = {0, joined, 0};
	int64_t images[ATTRIBUTES * FILTER_ROWS];
	char *kept = guard_alloc(sizeof(images));
	uint16_t *nulls = guard_alloc(ATTRIBUTES * sizeof(uint16_t));

	for (int i = 0; i < nterms; i++)
		filter_add(&filter, &terms[i]);
	for (int u = 0; u < nunits; u++)
	{
		const void *unit;
		uint32_t expected;

		memset(nulls, 0, ATTRIBUTES * sizeof(uint16_t));
		random_unit(terms, nterms, (uint32_t) (u % 3) * 8, images, nulls);
		plain.narrow = filter.narrow = test_random_below(1 << ATTRIBUTES);
		unit = keep_unit(plain.narrow, images, kept);
		expected = reference(terms, nterms, images, nulls);
		CHECK(!filter_is_empty(&filter) || expected == 0, "nothing, but rows %x", expected);
		FOR_EACH_LEVEL(k)
		{
			uint32_t rows = k->unit(&plain, unit, nulls);

			CHECK(k->simd == (VdbSimd) level && rows == expected, "%s: rows %x, not %x, %d terms",
				  vdb_simd_name((VdbSimd) level), rows, expected, nterms);
			rows = k->unit(&filter, unit, nulls);
			CHECK(rows == expected, "%s, joined: rows %x, not %x, %d terms",
				  vdb_simd_name((VdbSimd) level), rows, expected, nterms);
		}
	}
	free(joined);
	guard_free(kept, sizeof(images));
	guard_free(nulls, ATTRIBUTES * sizeof(uint16_t));
}

/* One term and several, of every kind. */
static void
random_filters(void)
{
	for (int i = 0; i < 3000; i++)
	{
		FilterTerm terms[MAX_TERMS];
		int nterms = 1 + (int) test_random_below(i % 2 == 0 ? 1 : MAX_TERMS);

		for (int t = 0; t < nterms; t++)
			random_term(&terms[t]);
		check_terms(terms, nterms, 6);
		for (int t = 0; t < nterms; t++)
			free_term(&terms[t]);
	}
}

/* The ends of ranges belong to them, at the ends of the numbers too. */
static void
range_ends(void)
{
	static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -2,		-1, 0, 1,
									2,		   INT64_MAX - 1, INT64_MAX};
	int64_t images[FILTER_ROWS] = {0};
	uint16_t null = 0;
	FilterTerm term = {.kind = FILTER_RANGE};
	Filter filter = {1, &term, 0};

	for (int i = 0; i < 9; i++)
		images[i + 7] = edges[i];
	for (int low = 0; low < 9; low++)
	{
		for (int high = low; high < 9; high++)
		{
			uint32_t expected;

			term.low = edges[low];
			term.high = edges[high];
			expected = reference(&term, 1, images, &null);
			CHECK((expected >> 7) == ((UINT32_C(1) << (high + 1)) - (UINT32_C(1) << low)),
				  "reference %x", expected);
			FOR_EACH_LEVEL(k)
			{
				CHECK(k->unit(&filter, images, &null) == expected, "%s, %d to %d",
					  vdb_simd_name((VdbSimd) level), low, high);
			}
		}
	}
}

/* Sets of every small size and of thousands, of numbers in sequence and at random. */
static void
sets(void)
{
	static const int sizes[] = {1, 2, 3, 7, 8, 9, 10, 16, 17, 100, 1000, 5000, 70000};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
	{
		for (int sequence = 0; sequence < 3; sequence++)
		{
			int64_t *values = exact_alloc((size_t) sizes[s] * sizeof(int64_t));
			FilterTerm term;

			for (int i = 0; i < sizes[s]; i++)
				values[i] = sequence == 0	? i * 3
							: sequence == 1 ? (int64_t) test_random_u64()
											: (int64_t) i * (INT64_C(1) << 32);
			make_set(&term, (int) test_random_below(ATTRIBUTES), values, sizes[s]);
			CHECK(term.low == term.set.values[0] &&
					  term.high == term.set.values[term.set.nvalues - 1],
				  "ends of %d values", sizes[s]);
			check_terms(&term, 1, 200);
			free_term(&term);
			free(values);
		}
	}
}

/* Ranges of one attribute become one term, and nothing where they have no number in common. */
static void
joined_terms(void)
{
	FilterTerm terms[4];
	Filter filter = {0, terms, 0};
	FilterTerm a = {.kind = FILTER_RANGE, .attribute = 1, .low = -5, .high = 10};
	FilterTerm b = {.kind = FILTER_RANGE, .attribute = 1, .low = 3, .high = INT64_MAX};
	FilterTerm c = {.kind = FILTER_RANGE, .attribute = 0, .low = 0, .high = 0};
	FilterTerm d = {.kind = FILTER_RANGE, .attribute = 1, .low = 11, .high = 12};

	filter_add(&filter, &a);
	filter_add(&filter, &b);
	filter_add(&filter, &c);
	CHECK(filter.nterms == 2 && terms[0].low == 3 && terms[0].high == 10 && terms[1].high == 0,
		  "%d terms, %" PRId64 " to %" PRId64, filter.nterms, terms[0].low, terms[0].high);
	CHECK(!filter_is_empty(&filter), "empty");
	filter_add(&filter, &d);
	CHECK(filter_is_empty(&filter), "%d terms", filter.nterms);
	filter_add(&filter, &a);
	CHECK(filter_is_empty(&filter) && filter.nterms == 1, "%d terms", filter.nterms);
}

/* A filter without terms matches every row; the active kernels are those chosen. */
static void
choice(void)
{
	int64_t images[FILTER_ROWS] = {0};
	uint16_t nulls = 0x00f0;
	Filter none = {0, NULL, 0};
	FilterTerm term = {.kind = FILTER_NOT_NULL};
	Filter filter = {1, &term, 0};

	for (int level = 0; level < VDB_SIMD_COUNT; level++)
	{
		if (!test_simd((VdbSimd) level))
			continue;
		filter_select((VdbSimd) level);
		CHECK(vdb_filter == filter_kernels((VdbSimd) level), "%d", level);
		CHECK(filter_unit(&none, images, &nulls) == FILTER_ALL_ROWS, "%d", level);
		CHECK(filter_unit(&filter, images, &nulls) == 0xff0f, "%d", level);
	}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(random_filters);
	TEST_RUN(range_ends);
	TEST_RUN(sets);
	TEST_RUN(joined_terms);
	TEST_RUN(choice);
	return test_end();
}
