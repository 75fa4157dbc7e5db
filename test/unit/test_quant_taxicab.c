/*-------------------------------------------------------------------------
 *
 * test_quant_taxicab.c
 *	  Codes for taxicab distances, and rotations taken back, at every SIMD level.
 *
 * NOTES
 *	  What must be the same bits everywhere is compared with the scalar level.  Bounds are compared
 *	  with distances in double precision, of vectors of kinds for which the signs of a code's errors
 *	  might go together: with many zeros, with few values, equal, nearly equal.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_taxicab.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include "test_main.h"
#include "quant/quant.h"
#include "quant/quant_taxicab.h"

#define MAX_DIMS 16000
#define DIMS	 512 /* of the statistical cases */

static const int some_dims[] = {1,	2,	3,	5,	15,	 16,  17,  31,	32,	 33,   47,
								48, 63, 64, 65, 100, 127, 128, 513, 784, 4100, MAX_DIMS};

#define NSOME ((int) (sizeof(some_dims) / sizeof(some_dims[0])))

/* Kinds of vectors, for fill_kind(). */
enum
{
	KIND_NORMAL,
	KIND_ZEROS,	 /* nine of ten are 0, the others positive */
	KIND_WHOLE,	 /* 0, 1, 2 or 3 */
	KIND_SPIKED, /* one coordinate outweighs the others */
	KIND_COUNT
};

/* A vector of one kind; the spike of "spiked" is at the same place in all. */
static void
fill_kind(float *x, int n, int kind)
{
	for (int i = 0; i < n; i++)
	{
		float normal = test_random_normal();

		switch (kind)
		{
			case KIND_ZEROS:
				x[i] = test_random_below(10) == 0 ? fabsf(normal) : 0.0f;
				break;
			case KIND_WHOLE:
				x[i] = (float) test_random_below(4);
				break;
			default:
				x[i] = normal;
		}
	}
	if (kind == KIND_SPIKED)
		x[n / 2] += 100.0f;
}

/* A new vector of n floats that ends at an unreadable page. */
static float *
new_vector(int n)
{
	return guard_alloc((size_t) n * sizeof(float));
}

static void
release(float *x, int n)
{
	guard_free(x, (size_t) n * sizeof(float));
}

/* Taxicab distance in double. */
static double
taxicab(const float *a, const float *b, int n)
{
	double sum = 0.0;

	for (int i = 0; i < n; i++)
		sum += fabs((double) a[i] - b[i]);
	return sum;
}

/* ----- rotations ----- */

/* Rotating and unrotating gives the vector; every level has the bits of the scalar one. */
static void
rotations_are_taken_back(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		int dims = some_dims[k];
		float *flips = exact_alloc(quant_rotation_floats(dims) * sizeof(float));
		float *x = new_vector(dims);
		float *back = new_vector(dims);
		float *scalar = new_vector(dims);
		QuantRotation rotation;
		double norm2 = 0.0;
		double error2 = 0.0;

		quant_rotation_init(&rotation, dims, 77, flips);
		fill_kind(x, dims, KIND_NORMAL);
		for (int s = 0; s < VDB_SIMD_COUNT; s++)
		{
			if (!test_simd(s))
				continue;
			quant_select(s);
			memcpy(back, x, (size_t) dims * sizeof(float));
			quant_rotate(&rotation, back);
			quant_unrotate(&rotation, back);
			if (s == VDB_SIMD_SCALAR)
				memcpy(scalar, back, (size_t) dims * sizeof(float));
			CHECK(memcmp(scalar, back, (size_t) dims * sizeof(float)) == 0, "%s, %d dimensions",
				  vdb_simd_name(s), dims);
		}
		quant_select(VDB_SIMD_SCALAR);
		for (int i = 0; i < dims; i++)
		{
			norm2 += (double) x[i] * x[i];
			error2 += ((double) x[i] - scalar[i]) * ((double) x[i] - scalar[i]);
		}
		CHECK(sqrt(error2) <= 0x1p-21 * sqrt(norm2), "%d dimensions: %g of %g", dims, sqrt(error2),
			  sqrt(norm2));
		free(flips);
		release(x, dims);
		release(back, dims);
		release(scalar, dims);
	}
}

/* ----- codes and bounds ----- */

/* U_i of a code. */
static int
code_level(const uint8_t *code, int dims, int bits, int i)
{
	int bytes = quant_refine_bytes(dims, bits);

	return bits == 8 ? code[i] : (code[i % bytes] >> (i / bytes * 4)) & 15;
}

/*
 * A code is at most half a step from its vector in every dimension, with zeros as padding; code,
 * factors and bounds are the same at every level; distances are within certain bounds.
 */
static void
codes_are_near_and_equal(void)
{
	for (int k = 0; k < NSOME; k++)
		for (int bits = 4; bits <= 8; bits += 4)
			for (int kind = 0; kind < KIND_COUNT; kind++)
			{
				int dims = some_dims[k];
				size_t bytes = (size_t) quant_refine_bytes(dims, bits);
				float *x = new_vector(dims);
				float *q = new_vector(dims);
				float *dither = new_vector(dims);
				uint8_t *code = guard_alloc(bytes);
				uint8_t *scalar = exact_alloc(bytes);
				QuantRefineFactors first = {0};
				float first_bounds[2] = {0.0f, 0.0f};
				double exact;

				quant_taxicab_dither(dims, 99, dither);
				fill_kind(x, dims, kind);
				fill_kind(q, dims, kind);
				exact = taxicab(x, q, dims);
				for (int s = 0; s < VDB_SIMD_COUNT; s++)
				{
					QuantTaxicabQuery query;
					QuantRefineFactors factors;
					float bounds[2];

					if (!test_simd(s))
						continue;
					quant_select(s);
					memset(code, 0xa5, bytes);
					quant_taxicab_encode(dims, bits, x, dither, code, &factors);
					quant_taxicab_query_init(&query, dims, bits, q, dither);
					/* so many deviations that all errors fit */
					quant_taxicab_bounds(&query, &factors, code, 1e6f, &bounds[0], &bounds[1]);
					CHECK(bounds[0] >= 0.0f && bounds[0] <= exact && bounds[1] >= exact,
						  "%s, %d dimensions, %d bits, kind %d: %g not in %g to %g",
						  vdb_simd_name(s), dims, bits, kind, exact, bounds[0], bounds[1]);
					quant_taxicab_bounds(&query, &factors, code, 2.0f, &bounds[0], &bounds[1]);
					if (s == VDB_SIMD_SCALAR)
					{
						memcpy(scalar, code, bytes);
						first = factors;
						memcpy(first_bounds, bounds, sizeof(bounds));
					}
					CHECK(memcmp(scalar, code, bytes) == 0 &&
							  memcmp(&first, &factors, sizeof(first)) == 0 &&
							  memcmp(first_bounds, bounds, sizeof(bounds)) == 0,
						  "%s, %d dimensions, %d bits, kind %d", vdb_simd_name(s), dims, bits,
						  kind);
				}
				quant_select(VDB_SIMD_SCALAR);
				for (int i = 0; i < (int) bytes * (8 / bits); i++)
				{
					int level = code_level(scalar, dims, bits, i);

					if (i >= dims)
						CHECK(level == 0, "padding");
					else
						CHECK(fabs(x[i] - (double) first.mul *
											  (level - (bits == 8 ? 127.5 : 7.5) + dither[i])) <=
								  0.5 * first.mul * (1.0 + 0x1p-14),
							  "%d dimensions, %d bits, kind %d, number %d", dims, bits, kind, i);
				}
				release(x, dims);
				release(q, dims);
				release(dither, dims);
				guard_free(code, bytes);
				free(scalar);
			}
}

/* A pair of vectors: "apart" 0 for equal ones, 1 for nearly equal ones, else of one kind. */
static void
fill_pair(float *x, float *q, int kind, int apart)
{
	fill_kind(x, DIMS, kind);
	if (apart >= 2)
	{
		fill_kind(q, DIMS, kind);
		return;
	}
	for (int i = 0; i < DIMS; i++)
		q[i] = apart == 0 ? x[i] : x[i] + 0.002f * test_random_normal();
}

/* Bounds of five deviations hold, whatever the data; those of 8 bits are narrow. */
static void
bounds_hold(void)
{
	float *x = new_vector(DIMS);
	float *q = new_vector(DIMS);
	float *dither = new_vector(DIMS);
	uint8_t code[DIMS];

	for (int bits = 4; bits <= 8; bits += 4)
		for (int kind = 0; kind < KIND_COUNT; kind++)
			for (int apart = 0; apart < 3; apart++)
			{
				int outside = 0;
				double widest = 0.0;

				for (int round = 0; round < 2000; round++)
				{
					QuantTaxicabQuery query;
					QuantRefineFactors factors;
					float lb;
					float ub;
					double exact;

					/* a few dithers, as there is one for all rows of an index */
					if (round % 100 == 0)
						quant_taxicab_dither(DIMS, (uint64_t) round, dither);
					fill_pair(x, q, kind, apart);
					exact = taxicab(x, q, DIMS);
					quant_taxicab_encode(DIMS, bits, x, dither, code, &factors);
					quant_taxicab_query_init(&query, DIMS, bits, q, dither);
					quant_taxicab_bounds(&query, &factors, code, 5.0f, &lb, &ub);
					outside += !(lb <= exact && exact <= ub);
					widest = fmax(widest, (ub - lb) / fmax(exact, 1e-30));
				}
				CHECK(outside == 0, "%d bits, kind %d, apart %d: %d of 2000", bits, kind, apart,
					  outside);
				if (bits == 8 && kind == KIND_NORMAL && apart == 2)
					CHECK(widest < 0.015, "%g of the distance", widest);
			}
	release(x, DIMS);
	release(q, DIMS);
	release(dither, DIMS);
}

/* Errors are as large as sigma says, and no sum of them is biased. */
static void
sigma_is_the_deviation(void)
{
	float *x = new_vector(DIMS);
	float *q = new_vector(DIMS);
	float *dither = new_vector(DIMS);
	uint8_t code[DIMS];
	double sum = 0.0;
	double sum2 = 0.0;
	const int rounds = 4000;

	for (int round = 0; round < rounds; round++)
	{
		QuantTaxicabQuery query;
		QuantRefineFactors factors;
		float lb;
		float ub;
		double error;

		/* far apart in every dimension: there is no doubt about signs */
		quant_taxicab_dither(DIMS, (uint64_t) round, dither);
		fill_kind(x, DIMS, KIND_WHOLE);
		for (int i = 0; i < DIMS; i++)
			q[i] = i % 2 == 0 ? 10.0f : -10.0f;
		quant_taxicab_encode(DIMS, 8, x, dither, code, &factors);
		quant_taxicab_query_init(&query, DIMS, 8, q, dither);
		quant_taxicab_bounds(&query, &factors, code, 1.0f, &lb, &ub);
		error = (0.5 * ((double) lb + ub) - taxicab(x, q, DIMS)) / factors.sigma;
		sum += error;
		sum2 += error * error;
	}
	CHECK(fabs(sum / rounds) < 0.06, "mean %g", sum / rounds);
	CHECK(fabs(sqrt(sum2 / rounds) - 1.0) < 0.05, "deviation %g", sqrt(sum2 / rounds));
	release(x, DIMS);
	release(q, DIMS);
	release(dither, DIMS);
}

/* Of zeros all is known, of what does not fit nothing. */
static void
extremes(void)
{
	float x[40] = {0.0f};
	float q[40] = {0.0f};
	float dither[40];
	uint8_t code[48];
	QuantRefineFactors factors;
	QuantTaxicabQuery query;
	float lb;
	float ub;

	quant_taxicab_dither(40, 5, dither);
	q[3] = -2.5f;
	quant_taxicab_encode(40, 8, x, dither, code, &factors);
	CHECK(factors.mul == 0.0f && factors.sigma == 0.0f, "mul %g, sigma %g", factors.mul,
		  factors.sigma);
	quant_taxicab_query_init(&query, 40, 8, q, dither);
	quant_taxicab_bounds(&query, &factors, code, 5.0f, &lb, &ub);
	CHECK(lb <= 2.5f && ub >= 2.5f && ub - lb < 1e-3f, "%g to %g", lb, ub);

	for (int i = 0; i < 4; i++)
	{
		static const float values[] = {0x1p101f, 0x1p-101f, INFINITY, NAN};

		x[7] = values[i];
		quant_taxicab_encode(40, 8, x, dither, code, &factors);
		CHECK(factors.add == -FLT_MAX && factors.mul == 0.0f && factors.sigma == INFINITY,
			  "%g: add %g, mul %g, sigma %g", values[i], factors.add, factors.mul, factors.sigma);
		quant_taxicab_bounds(&query, &factors, code, 5.0f, &lb, &ub);
		CHECK(lb == -FLT_MAX && ub == INFINITY, "%g to %g", lb, ub);

		/* a query like that: no NaN */
		x[7] = 1.0f;
		q[7] = values[i];
		quant_taxicab_encode(40, 8, x, dither, code, &factors);
		quant_taxicab_query_init(&query, 40, 8, q, dither);
		quant_taxicab_bounds(&query, &factors, code, 5.0f, &lb, &ub);
		CHECK(lb <= ub, "%g: %g to %g", values[i], lb, ub);
		q[7] = 0.0f;
		quant_taxicab_query_init(&query, 40, 8, q, dither);
	}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(rotations_are_taken_back);
	TEST_RUN(codes_are_near_and_equal);
	TEST_RUN(bounds_hold);
	TEST_RUN(sigma_is_the_deviation);
	TEST_RUN(extremes);
	return test_end();
}
