/*-------------------------------------------------------------------------
 *
 * test_sparse.c
 *	  Tests of the sparse kernels: every level, all shapes of overlap, against doubles.
 *
 * NOTES
 *	  The tolerance is the one that src/distance/README.md promises:
 *	  (steps + 8) * 2^-24 * sum |terms|, where steps = na + nb + 2, the additions of the
 *	  longest chain at any level, plus the smallest denormal for each product that underflows.
 *
 * IDENTIFICATION
 *	  test/unit/test_sparse.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>

#include "test_main.h"
#include "distance/sparse.h"

#define MAX_ROW 16000

/* Calls "body" for each level that runs here; k is its table. */
#define FOR_EACH_LEVEL(k)                                                                          \
	for (int level = 0; level < VDB_SIMD_COUNT; level++)                                           \
		for (const SparseKernels *k = test_simd((VdbSimd) level) ? sparse_kernels((VdbSimd) level) \
																 : NULL;                           \
			 k != NULL; k = NULL)

/* A row whose arrays end at guard pages. */
static SparseRow
row_alloc(size_t n)
{
	return (SparseRow){guard_alloc(n * sizeof(int32_t)), guard_alloc(n * sizeof(float)), n};
}

static void
row_free(SparseRow row)
{
	guard_free((void *) row.indices, row.n * sizeof(int32_t));
	guard_free((void *) row.values, row.n * sizeof(float));
}

/* Puts an element into a row of row_alloc(). */
static void
row_set(SparseRow row, size_t i, int32_t index, float value)
{
	((int32_t *) row.indices)[i] = index;
	((float *) row.values)[i] = value;
}

/* n random elements whose indices grow by 1 to "gap". */
static SparseRow
row_random(size_t n, uint32_t gap)
{
	SparseRow row = row_alloc(n);
	int32_t at = -1;

	for (size_t i = 0; i < n; i++)
	{
		at += 1 + (int32_t) test_random_below(gap);
		row_set(row, i, at, test_random_normal());
	}
	return row;
}

/* Checks one result against a sum in double of terms whose absolute values add to "size". */
static void
check_close(int level, const char *kernel, SparseRow a, SparseRow b, float result, double sum,
			double size)
{
	double steps = (double) (a.n + b.n + 10);
	double tolerance = steps * (0x1p-24 * size + 0x1p-149);

	CHECK(fabs((double) result - sum) <= tolerance, "%s %s, %zu and %zu: %.9g, not %.9g +- %.3g",
		  vdb_simd_name((VdbSimd) level), kernel, a.n, b.n, (double) result, sum, tolerance);
}

/* All kernels at all levels on two rows, both ways round, against doubles. */
static void
check_rows(SparseRow a, SparseRow b)
{
	double dot = 0;
	double dot_size = 0;
	double l2sq = 0;
	double l1 = 0;
	size_t i = 0;
	size_t j = 0;

	while (i < a.n || j < b.n)
	{
		int32_t next_a = i < a.n ? a.indices[i] : INT32_MAX;
		int32_t next_b = j < b.n ? b.indices[j] : INT32_MAX;
		double x = next_a <= next_b ? (double) a.values[i++] : 0;
		double y = next_b <= next_a ? (double) b.values[j++] : 0;

		dot += x * y;
		dot_size += fabs(x * y);
		l2sq += (x - y) * (x - y);
		l1 += fabs(x - y);
	}
	FOR_EACH_LEVEL(k)
	{
		check_close(level, "dot", a, b, k->dot(a, b), dot, dot_size);
		check_close(level, "dot", b, a, k->dot(b, a), dot, dot_size);
		check_close(level, "l2sq", a, b, k->l2sq(a, b), l2sq, l2sq);
		check_close(level, "l2sq", b, a, k->l2sq(b, a), l2sq, l2sq);
		check_close(level, "l1", a, b, k->l1(a, b), l1, l1);
		check_close(level, "l1", b, a, k->l1(b, a), l1, l1);
		CHECK(k->l2sq(a, a) == 0.0f && k->l1(a, a) == 0.0f, "%s, %zu: distance to itself is not 0",
			  vdb_simd_name((VdbSimd) level), a.n);
	}
}

/* All pairs of short lengths, at several densities. */
static void
short_rows(void)
{
	static const uint32_t gaps[] = {1, 2, 3, 20};

	for (size_t na = 0; na <= 35; na++)
		for (size_t nb = 0; nb <= 35; nb++)
			for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
			{
				SparseRow a = row_random(na, gaps[g]);
				SparseRow b = row_random(nb, gaps[test_random_below(4)]);

				check_rows(a, b);
				row_free(a);
				row_free(b);
			}
}

/* Random lengths up to the limit of the type, equal and very different. */
static void
long_rows(void)
{
	for (int round = 0; round < 60; round++)
	{
		size_t na = 1 + test_random_below(round < 50 ? 700 : MAX_ROW);
		size_t nb = 1 + test_random_below(round < 50 ? 700 : MAX_ROW);
		uint32_t gap = 1 + test_random_below(60);
		SparseRow a = row_random(na, gap);
		SparseRow b =
			row_random(nb, round % 2 == 0 ? gap : 1 + (uint32_t) ((uint64_t) gap * na / nb));

		check_rows(a, b);
		row_free(a);
		row_free(b);
	}
}

/*
 * Every subset of 12 indices against every tenth one: all ways in which blocks can
 * meet.  Values are powers of two whose sums are exact, so every level gives the same bits.
 */
static void
all_subsets(void)
{
	const int places = 12;

	for (unsigned sa = 0; sa < 1u << places; sa++)
		for (unsigned sb = sa % 10; sb < 1u << places; sb += 10)
		{
			int32_t index_a[12];
			int32_t index_b[12];
			float value_a[12];
			float value_b[12];
			SparseRow a = {index_a, value_a, 0};
			SparseRow b = {index_b, value_b, 0};
			float dot = 0;
			float l1 = 0;

			for (int p = 0; p < places; p++)
			{
				float x = 0;
				float y = 0;

				if (sa >> p & 1)
				{
					index_a[a.n] = p * 3;
					value_a[a.n++] = x = (float) (1 << p);
				}
				if (sb >> p & 1)
				{
					index_b[b.n] = p * 3;
					value_b[b.n++] = y = -1.0f;
				}
				dot += x * y;
				l1 += x - y;
			}
			FOR_EACH_LEVEL(k)
			CHECK(k->dot(a, b) == dot && k->l1(a, b) == l1, "%s, sets %x and %x",
				  vdb_simd_name((VdbSimd) level), sa, sb);
		}
}

/* The largest indices, overflow, and values next to those that overflow. */
static void
extremes(void)
{
	for (size_t n = 1; n <= 20; n++)
	{
		SparseRow a = row_alloc(n);
		SparseRow b = row_alloc(n);

		for (size_t i = 0; i < n; i++)
		{
			row_set(a, i, SPARSE_MAX_INDEX - (int32_t) (n - 1 - i), 1.0f);
			row_set(b, i, SPARSE_MAX_INDEX - 2 * (int32_t) (n - 1 - i), 2.0f);
		}
		check_rows(a, b);
		check_rows(a, a);

		/* one huge element without a partner in the other row */
		for (size_t i = 0; i < n; i++)
		{
			row_set(a, i, 2 * (int32_t) i, 3e38f);
			row_set(b, i, 2 * (int32_t) i + 1, -3e38f);
		}
		FOR_EACH_LEVEL(k)
		{
			const char *name = vdb_simd_name((VdbSimd) level);

			CHECK(k->dot(a, b) == 0.0f, "%s dot, %zu: huge values without partners", name, n);
			CHECK(k->dot(a, a) == INFINITY && k->l2sq(a, b) == INFINITY && k->l1(a, b) == INFINITY,
				  "%s, %zu: no overflow", name, n);
			CHECK(k->l2sq(a, a) == 0.0f, "%s l2sq, %zu: huge values differ from themselves", name,
				  n);
		}
		row_free(a);
		row_free(b);
	}
}

/* The choice of a level keeps to what can run, and no table asks for more than its level. */
static void
dispatch(void)
{
	CHECK(vdb_sparse == sparse_kernels(VDB_SIMD_SCALAR), "scalar is not the first choice");
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		VdbSimd simd = (VdbSimd) s;
		const SparseKernels *k = sparse_kernels(simd);
		const SparseKernels *before = vdb_sparse;

		CHECK((k != NULL) == vdb_simd_compiled(simd), "table of %s", vdb_simd_name(simd));
		sparse_select(simd);
		CHECK(vdb_sparse == (vdb_simd_supported(simd) ? k : before), "choice of %s",
			  vdb_simd_name(simd));
		if (k != NULL)
			CHECK(k->simd <= simd && k->dot && k->l2sq && k->l1, "table of %s",
				  vdb_simd_name(simd));
	}
	CHECK(sparse_kernels((VdbSimd) VDB_SIMD_COUNT) == NULL, "a table past the last level");
	sparse_select(VDB_SIMD_SCALAR);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(dispatch);
	TEST_RUN(short_rows);
	TEST_RUN(long_rows);
	TEST_RUN(all_subsets);
	TEST_RUN(extremes);
	return test_end();
}
