/*-------------------------------------------------------------------------
 *
 * test_sketch.c
 *	  Sketches keep distances and inner products as quant_sketch.h says.
 *
 * IDENTIFICATION
 *	  test/unit/test_sketch.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "test_main.h"
#include "quant/quant_sketch.h"

#define NELEMENTS 30   /* of a vector, of which some are common to both */
#define NPAIRS	  2000 /* of vectors compared */

/* A number in [-1, 1). */
static float
signed_number(uint64_t *seed)
{
	return (float) ((int64_t) (test_splitmix64(seed) >> 40) - (1 << 23)) * 0x1p-23f;
}

/* The inner product of sketches. */
static double
product(const float *a, const float *b, int dims)
{
	double sum = 0.0;

	for (int i = 0; i < dims; i++)
		sum += (double) a[i] * b[i];
	return sum;
}

/* The errors of inner products and squared distances have no bias, and the deviation foreseen. */
static void
errors(void)
{
	static const int sketch_dims[] = {64, 1024, 8192};

	for (int k = 0; k < 3; k++)
	{
		int dims = sketch_dims[k];
		float *a = exact_alloc((size_t) dims * sizeof(float));
		float *b = exact_alloc((size_t) dims * sizeof(float));
		double product_sum = 0.0;
		double product_sum2 = 0.0;
		double distance_sum = 0.0;
		double distance_sum2 = 0.0;
		uint64_t seed = 42;

		for (int pair = 0; pair < NPAIRS; pair++)
		{
			double ab = 0.0;
			double aa = 0.0;
			double bb = 0.0;
			double error;
			double distance;

			memset(a, 0, (size_t) dims * sizeof(float));
			memset(b, 0, (size_t) dims * sizeof(float));
			for (int i = 0; i < NELEMENTS; i++)
			{
				uint64_t key = test_splitmix64(&seed) % 1000000000;
				float x = signed_number(&seed);
				float y = i % 3 == 0 ? x * 0.5f : signed_number(&seed);

				quant_sketch_add(dims, key, x, a);
				quant_sketch_add(dims, i % 3 == 0 ? key : key + 1, y, b);
				ab += i % 3 == 0 ? (double) x * y : 0.0;
				aa += (double) x * x;
				bb += (double) y * y;
			}
			error = (product(a, b, dims) - ab) / sqrt(aa * bb);
			product_sum += error;
			product_sum2 += error * error;
			distance = product(a, a, dims) + product(b, b, dims) - 2.0 * product(a, b, dims);
			error = distance / (aa + bb - 2.0 * ab) - 1.0;
			distance_sum += error;
			distance_sum2 += error * error;
		}
		CHECK(fabs(product_sum / NPAIRS) < 4.0 / sqrt((double) dims * NPAIRS), "dims %d bias %g",
			  dims, product_sum / NPAIRS);
		CHECK(sqrt(product_sum2 / NPAIRS) < 1.1 / sqrt(dims), "dims %d deviation %g", dims,
			  sqrt(product_sum2 / NPAIRS));
		CHECK(fabs(distance_sum / NPAIRS) < 4.0 * quant_sketch_deviation(dims) / sqrt(NPAIRS),
			  "dims %d bias of distances %g", dims, distance_sum / NPAIRS);
		CHECK(sqrt(distance_sum2 / NPAIRS) < 1.1 * quant_sketch_deviation(dims),
			  "dims %d deviation of distances %g", dims, sqrt(distance_sum2 / NPAIRS));
		CHECK(sqrt(distance_sum2 / NPAIRS) > 0.7 * quant_sketch_deviation(dims),
			  "dims %d deviation of distances %g is smaller", dims, sqrt(distance_sum2 / NPAIRS));
		free(a);
		free(b);
	}
}

/* A sketch is linear, and of one element it has that element's norm. */
static void
linear(void)
{
	float a[64] = {0};
	float b[64] = {0};

	quant_sketch_add(64, 7, 3.0f, a);
	CHECK(product(a, a, 64) == 9.0, "norm %g", product(a, a, 64));
	quant_sketch_add(64, 7, -1.0f, a);
	quant_sketch_add(64, 7, 2.0f, b);
	for (int i = 0; i < 64; i++)
		CHECK(a[i] == b[i], "coordinate %d", i);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(errors);
	TEST_RUN(linear);
	return test_end();
}
