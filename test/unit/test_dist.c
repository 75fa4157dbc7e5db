/*-------------------------------------------------------------------------
 *
 * test_dist.c
 *	  Tests of the distance kernels: every level, every tail, against doubles.
 *
 * NOTES
 *	  The tolerance is the one that src/distance/README.md promises, a bound and not a
 *	  guess: (ceil(n / L) + 8) * 2^-24 * sum |terms|, L the level's number of parallel
 *	  sums, plus n times the smallest denormal for products that underflow.
 *
 * IDENTIFICATION
 *	  test/unit/test_dist.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include <float.h>
#include "distance/dist.h"
#include "port/vdb_half.h"
#include "vdb.h"

/* Calls "body" for each level that runs here; k is its table. */
#define FOR_EACH_LEVEL(k)                                                                          \
	for (int level = 0; level < VDB_SIMD_COUNT; level++)                                           \
		for (const DistKernels *k = test_simd((VdbSimd) level) ? dist_kernels((VdbSimd) level)     \
															   : NULL;                             \
			 k != NULL; k = NULL)

/* Numbers of dimensions that the tests go through. */
static const size_t long_dims[] = {127, 128, 129, 255, 256, 257, 1536, VDB_MAX_DIM};

#define SHORT_DIMS 70
#define DIM_CASES  (SHORT_DIMS + sizeof(long_dims) / sizeof(long_dims[0]))

/* The i-th number of dimensions: 1..70, then long_dims. */
static size_t
dim_case(size_t i)
{
	return i < SHORT_DIMS ? i + 1 : long_dims[i - SHORT_DIMS];
}

/* Kinds of numbers to fill vectors with. */
typedef enum Fill
{
	FILL_NORMAL,   /* standard normal */
	FILL_POSITIVE, /* [0, 1): no cancellation */
	FILL_WIDE,	   /* exponents from -30 to 30 */
	FILL_LARGE,	   /* near 2^55: sums of squares stay finite up to 16,000 elements */
	FILL_DENORMAL, /* below the smallest normal number */
	FILL_COUNT
} Fill;

static const char *const fill_names[] = {"normal", "positive", "wide", "large", "denormal"};

/* One number of a kind. */
static float
fill_value(Fill fill)
{
	switch (fill)
	{
		case FILL_POSITIVE:
			return test_random_float(0.0f, 1.0f);
		case FILL_WIDE:
			return ldexpf(test_random_float(-1.0f, 1.0f), (int) test_random_below(61) - 30);
		case FILL_LARGE:
			return ldexpf(test_random_float(-1.0f, 1.0f), 55);
		case FILL_DENORMAL:
			return test_random_float(-1.0f, 1.0f) * FLT_MIN;
		default:
			return test_random_normal();
	}
}

/* Fills x[n] with numbers of a kind. */
static void
fill_vector(float *x, size_t n, Fill fill)
{
	for (size_t i = 0; i < n; i++)
		x[i] = fill_value(fill);
}

/* A sum in double and the sum of its terms' absolute values. */
typedef struct Reference
{
	double sum;
	double absolute;
} Reference;

/* Adds a term. */
static void
reference_add(Reference *ref, double term)
{
	ref->sum += term;
	ref->absolute += fabs(term);
}

/* References of all one-to-one kernels. */
typedef struct References
{
	Reference l2sq;
	Reference dot;
	Reference l1;
	Reference norm2a;
	Reference norm2b;
} References;

/* Computes the references of a[n] and b[n]. */
static References
reference_all(const float *a, const float *b, size_t n)
{
	References ref;

	memset(&ref, 0, sizeof(ref));
	for (size_t i = 0; i < n; i++)
	{
		double x = a[i];
		double y = b[i];

		reference_add(&ref.l2sq, (x - y) * (x - y));
		reference_add(&ref.dot, x * y);
		reference_add(&ref.l1, fabs(x - y));
		reference_add(&ref.norm2a, x * x);
		reference_add(&ref.norm2b, y * y);
	}
	return ref;
}

/* Parallel sums of a level: VF_WIDTH * VF_UNROLL. */
static size_t
level_lanes(VdbSimd simd)
{
	switch (simd)
	{
		case VDB_SIMD_AVX2:
			return 32;
		case VDB_SIMD_AVX512:
			return 64;
		case VDB_SIMD_NEON:
			return 16;
		default:
			return 1;
	}
}

/* Checks one result against its reference. */
static void
check_close(VdbSimd simd, const char *kernel, const char *what, size_t n, float result,
			Reference ref)
{
	size_t lanes = level_lanes(simd);
	double steps = (double) ((n + lanes - 1) / lanes + 8);
	double tolerance = steps * 0x1p-24 * ref.absolute + (double) n * 0x1p-149;

	CHECK(fabs((double) result - ref.sum) <= tolerance,
		  "%s %s, %s, n = %zu: %.9g, not %.9g +- %.3g", vdb_simd_name(simd), kernel, what, n,
		  result, ref.sum, tolerance);
}

/* True when two floats have the same bits. */
static bool
same_bits(float x, float y)
{
	return memcmp(&x, &y, sizeof(float)) == 0;
}

/* Runs the one-to-one kernels of a level on a[n] and b[n] against the references. */
static void
check_pair(const DistKernels *k, const char *what, const float *a, const float *b, size_t n,
		   const References *ref)
{
	DistCosineParts parts = k->cosine(a, b, n);
	float dot = k->dot(a, b, n);
	float norm2a = k->norm2(a, n);
	float norm2b = k->norm2(b, n);

	check_close(k->simd, "l2sq", what, n, k->l2sq(a, b, n), ref->l2sq);
	check_close(k->simd, "dot", what, n, dot, ref->dot);
	check_close(k->simd, "l1", what, n, k->l1(a, b, n), ref->l1);
	check_close(k->simd, "norm2", what, n, norm2a, ref->norm2a);
	check_close(k->simd, "norm2", what, n, norm2b, ref->norm2b);
	CHECK(same_bits(parts.dot, dot) && same_bits(parts.norm2a, norm2a) &&
			  same_bits(parts.norm2b, norm2b),
		  "%s cosine, %s, n = %zu: parts differ from dot and norm2", vdb_simd_name(k->simd), what,
		  n);
}

/*
 * Every kernel on every kind of numbers, from three kinds of memory: of exactly the
 * length, misaligned by one float, and ending at a guard page.
 */
static void
pairs_accurate(void)
{
	for (size_t c = 0; c < DIM_CASES; c++)
	{
		size_t n = dim_case(c);
		size_t bytes = n * sizeof(float);
		float *exact_a = exact_alloc(bytes);
		float *exact_b = exact_alloc(bytes);
		float *odd_a = exact_alloc(bytes + sizeof(float));
		float *odd_b = exact_alloc(bytes + sizeof(float));
		float *guard_a = guard_alloc(bytes);
		float *guard_b = guard_alloc(bytes);

		for (int fill = 0; fill < FILL_COUNT; fill++)
		{
			References ref;

			fill_vector(exact_a, n, (Fill) fill);
			fill_vector(exact_b, n, (Fill) fill);
			memcpy(odd_a + 1, exact_a, bytes);
			memcpy(odd_b + 1, exact_b, bytes);
			memcpy(guard_a, exact_a, bytes);
			memcpy(guard_b, exact_b, bytes);
			ref = reference_all(exact_a, exact_b, n);
			FOR_EACH_LEVEL(k)
			{
				check_pair(k, fill_names[fill], exact_a, exact_b, n, &ref);
				check_pair(k, fill_names[fill], odd_a + 1, odd_b + 1, n, &ref);
				check_pair(k, fill_names[fill], guard_a, guard_b, n, &ref);
				CHECK(same_bits(k->l2sq(exact_a, exact_b, n), k->l2sq(odd_a + 1, guard_b, n)),
					  "%s l2sq, n = %zu depends on the alignment", vdb_simd_name(k->simd), n);
				CHECK(same_bits(k->l2sq(exact_a, exact_b, n), k->l2sq(exact_b, exact_a, n)),
					  "%s l2sq, n = %zu is not symmetric", vdb_simd_name(k->simd), n);
				CHECK(k->l2sq(exact_a, guard_a, n) == 0.0f && k->l1(exact_a, guard_a, n) == 0.0f,
					  "%s, n = %zu: distance to itself is not 0", vdb_simd_name(k->simd), n);
			}
		}
		free(exact_a);
		free(exact_b);
		free(odd_a);
		free(odd_b);
		guard_free(guard_a, bytes);
		guard_free(guard_b, bytes);
	}
}

/* Whole numbers so small that every sum is exact: all levels agree to the bit. */
static void
integers_exact(void)
{
	for (size_t c = 0; c < DIM_CASES; c++)
	{
		size_t n = dim_case(c);
		float *a = exact_alloc(n * sizeof(float));
		float *b = exact_alloc(n * sizeof(float));
		References ref;

		for (size_t i = 0; i < n; i++)
		{
			a[i] = (float) test_random_below(31) - 15.0f;
			b[i] = (float) test_random_below(31) - 15.0f;
		}
		ref = reference_all(a, b, n);
		FOR_EACH_LEVEL(k)
		{
			const char *name = vdb_simd_name(k->simd);

			CHECK((double) k->l2sq(a, b, n) == ref.l2sq.sum, "%s l2sq, n = %zu", name, n);
			CHECK((double) k->dot(a, b, n) == ref.dot.sum, "%s dot, n = %zu", name, n);
			CHECK((double) k->l1(a, b, n) == ref.l1.sum, "%s l1, n = %zu", name, n);
			CHECK((double) k->norm2(a, n) == ref.norm2a.sum, "%s norm2, n = %zu", name, n);
		}
		free(a);
		free(b);
	}
}

/* NaN, infinity and overflow at every place of short vectors and some of long ones. */
static void
special_values(void)
{
	for (size_t c = 0; c < DIM_CASES; c++)
	{
		size_t n = dim_case(c);
		size_t step = n <= SHORT_DIMS ? 1 : n / 7 + 1;
		float *a = exact_alloc(n * sizeof(float));
		float *b = exact_alloc(n * sizeof(float));

		for (size_t i = 0; i < n; i++)
		{
			a[i] = test_random_float(0.5f, 1.0f);
			b[i] = test_random_float(1.5f, 2.0f);
		}
		for (size_t at = n - 1; at < n; at -= step)
		{
			float keep_a = a[at];
			float keep_b = b[at];

			FOR_EACH_LEVEL(k)
			{
				const char *name = vdb_simd_name(k->simd);
				DistCosineParts parts;

				a[at] = NAN;
				parts = k->cosine(a, b, n);
				CHECK(isnan(k->l2sq(a, b, n)) && isnan(k->dot(a, b, n)) && isnan(k->l1(a, b, n)) &&
						  isnan(k->norm2(a, n)),
					  "%s, n = %zu: NaN at %zu lost", name, n, at);
				CHECK(isnan(parts.dot) && isnan(parts.norm2a) && isfinite(parts.norm2b),
					  "%s cosine, n = %zu: NaN at %zu", name, n, at);

				a[at] = -INFINITY;
				parts = k->cosine(a, b, n);
				CHECK(k->l2sq(a, b, n) == INFINITY && k->dot(a, b, n) == -INFINITY &&
						  k->l1(a, b, n) == INFINITY && k->norm2(a, n) == INFINITY,
					  "%s, n = %zu: infinity at %zu lost", name, n, at);
				CHECK(parts.dot == -INFINITY && parts.norm2a == INFINITY && isfinite(parts.norm2b),
					  "%s cosine, n = %zu: infinity at %zu", name, n, at);

				b[at] = -INFINITY;
				CHECK(isnan(k->l2sq(a, b, n)) && k->dot(a, b, n) == INFINITY &&
						  isnan(k->l1(a, b, n)),
					  "%s, n = %zu: two infinities at %zu", name, n, at);

				a[at] = FLT_MAX;
				b[at] = -FLT_MAX;
				CHECK(k->l2sq(a, b, n) == INFINITY && k->dot(a, b, n) == -INFINITY &&
						  k->l1(a, b, n) == INFINITY && k->norm2(a, n) == INFINITY,
					  "%s, n = %zu: no overflow at %zu", name, n, at);
				a[at] = keep_a;
				b[at] = keep_b;
			}
			if (at < step)
				break;
		}
		free(a);
		free(b);
	}
}

/*
 * Batches of 0 to 9 rows give each row the bits of the one-to-one kernel, read nothing
 * past the last row and write nothing past the last result.
 */
static void
batches_equal_pairs(void)
{
	for (size_t c = 0; c < DIM_CASES; c++)
	{
		size_t n = dim_case(c);
		float *query = guard_alloc(n * sizeof(float));

		fill_vector(query, n, FILL_NORMAL);
		for (size_t nrows = 0; nrows <= 9; nrows++)
		{
			size_t stride = n + test_random_below(2) * 3;
			size_t floats = nrows == 0 ? 0 : (nrows - 1) * stride + n;
			float *rows = guard_alloc(floats * sizeof(float));
			float *out = guard_alloc(nrows * sizeof(float));
			DistCosineParts *parts = guard_alloc(nrows * sizeof(DistCosineParts));

			fill_vector(rows, floats, FILL_NORMAL);
			FOR_EACH_LEVEL(k)
			{
				const char *name = vdb_simd_name(k->simd);

				k->l2sq_batch(query, rows, stride, nrows, n, out);
				for (size_t r = 0; r < nrows; r++)
					CHECK(same_bits(out[r], k->l2sq(query, rows + r * stride, n)),
						  "%s l2sq_batch, n = %zu, row %zu of %zu", name, n, r, nrows);
				k->dot_batch(query, rows, stride, nrows, n, out);
				for (size_t r = 0; r < nrows; r++)
					CHECK(same_bits(out[r], k->dot(query, rows + r * stride, n)),
						  "%s dot_batch, n = %zu, row %zu of %zu", name, n, r, nrows);
				k->l1_batch(query, rows, stride, nrows, n, out);
				for (size_t r = 0; r < nrows; r++)
					CHECK(same_bits(out[r], k->l1(query, rows + r * stride, n)),
						  "%s l1_batch, n = %zu, row %zu of %zu", name, n, r, nrows);
				k->cosine_batch(query, rows, stride, nrows, n, parts);
				for (size_t r = 0; r < nrows; r++)
				{
					DistCosineParts one = k->cosine(query, rows + r * stride, n);

					CHECK(same_bits(parts[r].dot, one.dot) &&
							  same_bits(parts[r].norm2a, one.norm2a) &&
							  same_bits(parts[r].norm2b, one.norm2b),
						  "%s cosine_batch, n = %zu, row %zu of %zu", name, n, r, nrows);
				}
			}
			guard_free(rows, floats * sizeof(float));
			guard_free(out, nrows * sizeof(float));
			guard_free(parts, nrows * sizeof(DistCosineParts));
		}
		guard_free(query, n * sizeof(float));
	}
}

/* Any finite binary16, subnormals included. */
static uint16_t
random_half(void)
{
	return (uint16_t) (test_random_below(0x7c00u) | test_random_below(2) << 15);
}

/*
 * Kernels of binary16 vectors give the bits of the binary32 kernels on the widened
 * vectors, which other cases measure.  From exact, misaligned and guarded memory.
 */
static void
half_equals_float(void)
{
	for (size_t c = 0; c < DIM_CASES; c++)
	{
		size_t n = dim_case(c);
		size_t bytes = n * sizeof(uint16_t);
		float *f = guard_alloc(n * sizeof(float));
		float *a = exact_alloc(n * sizeof(float));
		float *b = exact_alloc(n * sizeof(float));
		uint16_t *ha = exact_alloc(bytes);
		uint16_t *hb = guard_alloc(bytes);
		uint16_t *odd = exact_alloc(bytes + sizeof(uint16_t));

		fill_vector(f, n, FILL_NORMAL);
		for (size_t i = 0; i < n; i++)
		{
			ha[i] = random_half();
			hb[i] = odd[i + 1] = random_half();
			a[i] = vdb_half_to_float(ha[i]);
			b[i] = vdb_half_to_float(hb[i]);
		}
		FOR_EACH_LEVEL(k)
		{
			const char *name = vdb_simd_name(k->simd);
			DistCosineParts parts = k->half_cosine(ha, hb, n);
			DistCosineParts wide = k->cosine(a, b, n);

			CHECK(same_bits(k->half_l2sq(ha, hb, n), k->l2sq(a, b, n)), "%s half_l2sq, n = %zu",
				  name, n);
			CHECK(same_bits(k->half_l2sq(hb, ha, n), k->half_l2sq(ha, odd + 1, n)),
				  "%s half_l2sq, n = %zu depends on the order or the alignment", name, n);
			CHECK(same_bits(k->half_dot(ha, hb, n), k->dot(a, b, n)), "%s half_dot, n = %zu", name,
				  n);
			CHECK(same_bits(k->half_l1(ha, odd + 1, n), k->l1(a, b, n)), "%s half_l1, n = %zu",
				  name, n);
			CHECK(same_bits(k->half_norm2(hb, n), k->norm2(b, n)), "%s half_norm2, n = %zu", name,
				  n);
			CHECK(same_bits(parts.dot, wide.dot) && same_bits(parts.norm2a, wide.norm2a) &&
					  same_bits(parts.norm2b, wide.norm2b),
				  "%s half_cosine, n = %zu", name, n);
			CHECK(same_bits(k->l2sq_f16(f, hb, n), k->l2sq(f, b, n)) &&
					  same_bits(k->l2sq_f16(f, odd + 1, n), k->l2sq(f, b, n)),
				  "%s l2sq_f16, n = %zu", name, n);
		}
		guard_free(f, n * sizeof(float));
		free(a);
		free(b);
		free(ha);
		guard_free(hb, bytes);
		free(odd);
	}
}

/* NaN and infinity of binary16 reach the result from every place. */
static void
half_special_values(void)
{
	for (size_t n = 1; n <= SHORT_DIMS; n++)
	{
		float *f = exact_alloc(n * sizeof(float));
		uint16_t *a = exact_alloc(n * sizeof(uint16_t));
		uint16_t *b = exact_alloc(n * sizeof(uint16_t));

		fill_vector(f, n, FILL_NORMAL);
		for (size_t i = 0; i < n; i++)
		{
			a[i] = vdb_half_from_float(test_random_float(0.5f, 1.0f));
			b[i] = vdb_half_from_float(test_random_float(1.5f, 2.0f));
		}
		for (size_t at = 0; at < n; at++)
		{
			uint16_t keep = a[at];

			FOR_EACH_LEVEL(k)
			{
				const char *name = vdb_simd_name(k->simd);

				a[at] = 0x7e00; /* NaN */
				CHECK(isnan(k->half_l2sq(a, b, n)) && isnan(k->half_dot(b, a, n)) &&
						  isnan(k->half_l1(a, b, n)) && isnan(k->half_norm2(a, n)) &&
						  isnan(k->half_cosine(a, b, n).norm2a) && isnan(k->l2sq_f16(f, a, n)),
					  "%s, n = %zu: NaN at %zu lost", name, n, at);
				a[at] = 0xfc00; /* -infinity */
				CHECK(k->half_l2sq(b, a, n) == INFINITY && k->half_dot(a, b, n) == -INFINITY &&
						  k->half_l1(a, b, n) == INFINITY && k->half_norm2(a, n) == INFINITY &&
						  k->half_cosine(b, a, n).norm2b == INFINITY &&
						  k->l2sq_f16(f, a, n) == INFINITY,
					  "%s, n = %zu: infinity at %zu lost", name, n, at);
			}
			a[at] = keep;
		}
		free(f);
		free(a);
		free(b);
	}
}

/* Batches of binary16 rows, as batches_equal_pairs(). */
static void
half_batches_equal_pairs(void)
{
	for (size_t c = 0; c < DIM_CASES; c++)
	{
		size_t n = dim_case(c);
		uint16_t *query = guard_alloc(n * sizeof(uint16_t));

		for (size_t i = 0; i < n; i++)
			query[i] = random_half();
		for (size_t nrows = 0; nrows <= 9; nrows++)
		{
			size_t stride = n + test_random_below(2) * 3;
			size_t count = nrows == 0 ? 0 : (nrows - 1) * stride + n;
			uint16_t *rows = guard_alloc(count * sizeof(uint16_t));
			float *out = guard_alloc(nrows * sizeof(float));
			DistCosineParts *parts = guard_alloc(nrows * sizeof(DistCosineParts));

			for (size_t i = 0; i < count; i++)
				rows[i] = random_half();
			FOR_EACH_LEVEL(k)
			{
				const char *name = vdb_simd_name(k->simd);

				k->half_l2sq_batch(query, rows, stride, nrows, n, out);
				for (size_t r = 0; r < nrows; r++)
					CHECK(same_bits(out[r], k->half_l2sq(query, rows + r * stride, n)),
						  "%s half_l2sq_batch, n = %zu, row %zu of %zu", name, n, r, nrows);
				k->half_dot_batch(query, rows, stride, nrows, n, out);
				for (size_t r = 0; r < nrows; r++)
					CHECK(same_bits(out[r], k->half_dot(query, rows + r * stride, n)),
						  "%s half_dot_batch, n = %zu, row %zu of %zu", name, n, r, nrows);
				k->half_l1_batch(query, rows, stride, nrows, n, out);
				for (size_t r = 0; r < nrows; r++)
					CHECK(same_bits(out[r], k->half_l1(query, rows + r * stride, n)),
						  "%s half_l1_batch, n = %zu, row %zu of %zu", name, n, r, nrows);
				k->half_cosine_batch(query, rows, stride, nrows, n, parts);
				for (size_t r = 0; r < nrows; r++)
				{
					DistCosineParts one = k->half_cosine(query, rows + r * stride, n);

					CHECK(same_bits(parts[r].dot, one.dot) &&
							  same_bits(parts[r].norm2a, one.norm2a) &&
							  same_bits(parts[r].norm2b, one.norm2b),
						  "%s half_cosine_batch, n = %zu, row %zu of %zu", name, n, r, nrows);
				}
			}
			guard_free(rows, count * sizeof(uint16_t));
			guard_free(out, nrows * sizeof(float));
			guard_free(parts, nrows * sizeof(DistCosineParts));
		}
		guard_free(query, n * sizeof(uint16_t));
	}
}

/*
 * Conversions of 0 to many elements have the bits of port/vdb_half.h, which test_half.c
 * proves, on all binary16 and on binary32 of every kind, ties and overflow among them.
 */
static void
half_conversions(void)
{
	for (size_t c = 0; c <= DIM_CASES; c++)
	{
		size_t n = c == 0 ? 0 : dim_case(c - 1);
		float *wide = guard_alloc(n * sizeof(float));
		uint16_t *half = guard_alloc(n * sizeof(uint16_t));
		float *x = guard_alloc(n * sizeof(float));
		uint16_t *h = guard_alloc(n * sizeof(uint16_t));

		for (size_t i = 0; i < n; i++)
		{
			h[i] = (uint16_t) test_random_below(0x10000u);
			if ((h[i] & 0x7c00) == 0x7c00)
				h[i] &= 0xfc00; /* no NaN, whose bits need not be the same */
			if (i % 3 == 0)
				x[i] = vdb_half_to_float(h[i]);
			else if (i % 3 == 1) /* half way between two neighbours */
				x[i] = 0.5f * (vdb_half_to_float(h[i] & 0xfbfe) +
							   vdb_half_to_float((uint16_t) ((h[i] & 0xfbfe) + 1)));
			else
				x[i] = ldexpf(test_random_normal(), (int) test_random_below(50) - 30);
		}
		FOR_EACH_LEVEL(k)
		{
			k->half_to_float(h, n, wide);
			k->half_from_float(x, n, half);
			for (size_t i = 0; i < n; i++)
			{
				CHECK(same_bits(wide[i], vdb_half_to_float(h[i])),
					  "%s half_to_float, %zu of %zu: %04x to %a", vdb_simd_name(k->simd), i, n,
					  h[i], (double) wide[i]);
				CHECK(half[i] == vdb_half_from_float(x[i]),
					  "%s half_from_float, %zu of %zu: %a to %04x", vdb_simd_name(k->simd), i, n,
					  (double) x[i], half[i]);
			}
		}
		guard_free(wide, n * sizeof(float));
		guard_free(half, n * sizeof(uint16_t));
		guard_free(x, n * sizeof(float));
		guard_free(h, n * sizeof(uint16_t));
	}
}

/* The tables are complete, and the choice of a level keeps to what can run. */
static void
dispatch(void)
{
	CHECK(vdb_dist == dist_kernels(VDB_SIMD_SCALAR), "scalar is not the first choice");
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		VdbSimd simd = (VdbSimd) s;
		const DistKernels *k = dist_kernels(simd);
		const DistKernels *before = vdb_dist;

		CHECK((k != NULL) == vdb_simd_compiled(simd), "table of %s", vdb_simd_name(simd));
		dist_select(simd);
		CHECK(vdb_dist == (vdb_simd_supported(simd) ? k : before), "choice of %s",
			  vdb_simd_name(simd));
		if (k == NULL)
			continue;
		CHECK(k->simd == simd, "table of %s is that of %s", vdb_simd_name(simd),
			  vdb_simd_name(k->simd));
		CHECK(k->l2sq && k->dot && k->l1 && k->norm2 && k->cosine && k->l2sq_f16 && k->l2sq_batch &&
				  k->dot_batch && k->l1_batch && k->cosine_batch && k->half_l2sq && k->half_dot &&
				  k->half_l1 && k->half_norm2 && k->half_cosine && k->half_l2sq_batch &&
				  k->half_dot_batch && k->half_l1_batch && k->half_cosine_batch &&
				  k->half_to_float && k->half_from_float,
			  "table of %s has holes", vdb_simd_name(simd));
	}
	CHECK(dist_kernels((VdbSimd) VDB_SIMD_COUNT) == NULL, "a table past the last level");
	dist_select(VDB_SIMD_SCALAR);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(dispatch);
	TEST_RUN(pairs_accurate);
	TEST_RUN(integers_exact);
	TEST_RUN(special_values);
	TEST_RUN(batches_equal_pairs);
	TEST_RUN(half_equals_float);
	TEST_RUN(half_special_values);
	TEST_RUN(half_batches_equal_pairs);
	TEST_RUN(half_conversions);
	return test_end();
}
