/*-------------------------------------------------------------------------
 *
 * test_quant.c
 *	  Rotation, encoding and packing of 1-bit codes, at every SIMD level.
 *
 * NOTES
 *	  What must be the same bits everywhere is compared with the scalar level by memcmp,
 *	  and with a reference in double precision within a tolerance.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include "test_main.h"
#include "port/vdb_half.h"
#include "quant/quant.h"

/* Numbers of dimensions with their own paths: tails, powers of two and their neighbours. */
static const int some_dims[] = {1,	 2,	  3,   4,	5,	 7,	  8,	15,	  16,	17,	 31,
								32,	 33,  47,  48,	63,	 64,  65,	96,	  100,	127, 128,
								129, 130, 255, 256, 384, 784, 1000, 1536, 2049, 4100};

#define NSOME ((int) (sizeof(some_dims) / sizeof(some_dims[0])))

/* Fills x[n] with standard normal numbers. */
static void
fill_normal(float *x, int n)
{
	for (int i = 0; i < n; i++)
		x[i] = test_random_normal();
}

/* A new vector of exactly n standard normal numbers that ends at an unreadable page. */
static float *
new_normal(int n)
{
	float *x = guard_alloc((size_t) n * sizeof(float));

	fill_normal(x, n);
	return x;
}

static void
release(float *x, int n)
{
	guard_free(x, (size_t) n * sizeof(float));
}

/* ----- input ----- */

/* Sum of squares in the canonical order: element i in lane i % 16, lanes folded in halves. */
static double
reference_norm2(int dims, const float *x)
{
	double lanes[16] = {0.0};

	for (int i = 0; i < dims; i++)
	{
		double square = (double) x[i] * (double) x[i];

		lanes[i % 16] += square;
	}
	for (int h = 8; h > 0; h /= 2)
		for (int i = 0; i < h; i++)
			lanes[i] += lanes[i + h];
	return lanes[0];
}

/* Every level gives the bits of plain C. */
static void
input_matches_reference(void)
{
	const float limit = 3.0f;

	for (int dims = 1; dims <= 1536; dims = dims < 70 ? dims + 1 : dims * 2 + 1)
	{
		float *x = new_normal(dims);
		float *mean = new_normal(dims);
		float *scaled = exact_alloc((size_t) dims * sizeof(float));
		float *centred = exact_alloc((size_t) dims * sizeof(float));
		double factor = 1e-3 + (double) (test_random_u64() % 1000);
		float largest = 0.0f;
		double norm2;

		x[dims - 1] *= 1e18f; /* its square is no float32 */
		norm2 = reference_norm2(dims, x);
		for (int i = 0; i < dims; i++)
		{
			float value = (x[i] - mean[i]) * 4.0f;

			largest = fmaxf(largest, fabsf(x[i]));
			scaled[i] = (float) (x[i] * factor);
			centred[i] = fmaxf(fminf(value, limit), -limit);
		}
		for (int s = 0; s < VDB_SIMD_COUNT; s++)
			if (test_simd(s))
			{
				float *y = guard_alloc((size_t) dims * sizeof(float));
				QuantInputStats stats;

				quant_select(s);
				memcpy(y, x, (size_t) dims * sizeof(float));
				quant_input_stats(dims, y, &stats);
				CHECK(stats.largest == largest && stats.norm2 == norm2,
					  "%s, %d dimensions: largest %g, norm2 %.17g, not %g, %.17g", vdb_simd_name(s),
					  dims, stats.largest, stats.norm2, largest, norm2);
				quant_input_scale(dims, factor, y);
				CHECK(memcmp(y, scaled, (size_t) dims * sizeof(float)) == 0,
					  "%s scales otherwise at %d dimensions", vdb_simd_name(s), dims);
				memcpy(y, x, (size_t) dims * sizeof(float));
				quant_input_centre(dims, mean, 4.0f, limit, y);
				CHECK(memcmp(y, centred, (size_t) dims * sizeof(float)) == 0,
					  "%s centres otherwise at %d dimensions", vdb_simd_name(s), dims);
				release(y, dims);
			}
		quant_select(VDB_SIMD_SCALAR);
		free(scaled);
		free(centred);
		release(mean, dims);
		release(x, dims);
	}
}

/* ----- rotation ----- */

/* True for the numbers of dimensions that the rotation is tested with. */
static bool
rotation_dims(int dims)
{
	return dims <= 70 || (dims >= 127 && dims <= 130) || dims == 384 || dims == 784 ||
		   dims == 1536 || dims == 16000;
}

/* The rotation as README.md of src/quant defines it, in double precision. */
static void
reference_rotate(int dims, uint64_t seed, double *x)
{
	uint64_t bits = 0;
	int pow2 = 1;

	while (2 * pow2 <= dims)
		pow2 *= 2;
	for (int round = 0; round < QUANT_ROUNDS; round++)
	{
		double *part = x + (round % 2 == 0 ? 0 : dims - pow2);
		int half = dims / 2;

		for (int i = 0; i < dims; i++)
		{
			int k = round * dims + i;

			if (k % 64 == 0)
				bits = test_splitmix64(&seed);
			if ((bits >> (k % 64)) & 1)
				x[i] = -x[i];
		}
		for (int h = 1; h < pow2; h *= 2)
			for (int i = 0; i < pow2; i++)
				if ((i & h) == 0)
				{
					double a = part[i];

					part[i] = (a + part[i + h]) / sqrt(2.0);
					part[i + h] = (a - part[i + h]) / sqrt(2.0);
				}
		for (int i = 0; pow2 != dims && round % 2 == 1 && i < half; i++)
		{
			double a = x[i];
			double b = x[dims - half + i];

			x[i] = (a + b) / sqrt(2.0);
			x[dims - half + i] = (a - b) / sqrt(2.0);
		}
	}
}

/* Every level gives the scalar level's bits, which are near the reference. */
static void
rotate_matches_reference(void)
{
	for (int dims = 1; dims <= 16000; dims++)
	{
		QuantRotation rotation;
		float *flips;
		float *x;
		float *scalar;
		double *expected;
		double norm = 0.0;
		uint64_t seed = test_random_u64();

		if (!rotation_dims(dims))
			continue;
		flips = exact_alloc(quant_rotation_floats(dims) * sizeof(float));
		x = new_normal(dims);
		scalar = exact_copy(x, (size_t) dims * sizeof(float));
		expected = exact_alloc((size_t) dims * sizeof(double));
		for (int i = 0; i < dims; i++)
		{
			expected[i] = x[i];
			norm += expected[i] * expected[i];
		}
		norm = sqrt(norm);
		quant_rotation_init(&rotation, dims, seed, flips);
		reference_rotate(dims, seed, expected);
		quant_select(VDB_SIMD_SCALAR);
		quant_rotate(&rotation, scalar);
		for (int i = 0; i < dims; i++)
			CHECK(fabs(scalar[i] - expected[i]) <= 1e-6 * norm, "dims %d, element %d: %g, not %g",
				  dims, i, scalar[i], expected[i]);

		for (int s = 0; s < VDB_SIMD_COUNT; s++)
			if (test_simd(s))
			{
				float *y = guard_alloc((size_t) dims * sizeof(float));

				memcpy(y, x, (size_t) dims * sizeof(float));
				quant_select(s);
				quant_rotate(&rotation, y);
				CHECK(memcmp(y, scalar, (size_t) dims * sizeof(float)) == 0,
					  "%s differs from scalar at %d dimensions", vdb_simd_name(s), dims);
				release(y, dims);
			}
		quant_select(VDB_SIMD_SCALAR);
		free(flips);
		free(scalar);
		free(expected);
		release(x, dims);
	}
}

/* Norms and inner products survive. */
static void
rotate_is_orthogonal(void)
{
	quant_select(vdb_simd_best());
	for (int dims = 1; dims <= 16000; dims++)
	{
		QuantRotation rotation;
		float *flips;
		float *x;
		float *y;
		double before[3] = {0.0};
		double after[3] = {0.0};
		double scale;

		if (!rotation_dims(dims))
			continue;
		flips = exact_alloc(quant_rotation_floats(dims) * sizeof(float));
		x = new_normal(dims);
		y = new_normal(dims);
		quant_rotation_init(&rotation, dims, 7, flips);
		for (int pass = 0; pass < 2; pass++)
		{
			double *sums = pass == 0 ? before : after;

			for (int i = 0; i < dims; i++)
			{
				sums[0] += (double) x[i] * x[i];
				sums[1] += (double) y[i] * y[i];
				sums[2] += (double) x[i] * y[i];
			}
			quant_rotate(&rotation, x);
			quant_rotate(&rotation, y);
		}
		scale = 2e-6 * sqrt(before[0] * before[1]);
		CHECK(fabs(after[0] / before[0] - 1.0) < 2e-6, "norm at %d dimensions", dims);
		CHECK(fabs(after[1] / before[1] - 1.0) < 2e-6, "norm at %d dimensions", dims);
		CHECK(fabs(after[2] - before[2]) < scale, "inner product at %d dimensions", dims);
		free(flips);
		release(x, dims);
		release(y, dims);
	}
	quant_select(VDB_SIMD_SCALAR);
}

/* A rotated unit vector has its weight spread over all coordinates. */
static void
rotate_spreads(void)
{
	quant_select(vdb_simd_best());
	for (int dims = 64; dims <= 2048; dims = dims * 3 / 2)
	{
		QuantRotation rotation;
		float *flips = exact_alloc(quant_rotation_floats(dims) * sizeof(float));
		float *x = exact_alloc((size_t) dims * sizeof(float));

		for (int which = 0; which < dims; which += dims / 7)
		{
			float largest = 0.0f;

			quant_rotation_init(&rotation, dims, test_random_u64(), flips);
			memset(x, 0, (size_t) dims * sizeof(float));
			x[which] = 1.0f;
			quant_rotate(&rotation, x);
			for (int i = 0; i < dims; i++)
				largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
			CHECK(largest < 7.0f / sqrtf((float) dims), "unit vector %d of %d: %g", which, dims,
				  largest);
		}
		free(flips);
		free(x);
	}
	quant_select(VDB_SIMD_SCALAR);
}

/* ----- codes ----- */

/* What one encoding gives. */
typedef struct Encoded
{
	float a2;
	QuantFactors factors;
	uint8_t code[2048];
} Encoded;

static Encoded
encode(VdbSimd simd, QuantMetric metric, int dims, const float *x, const float *c, const float *o)
{
	Encoded e;

	memset(&e, 0, sizeof(e));
	quant_select(simd);
	e.a2 = quant_encode(metric, dims, x, c, o, e.code, &e.factors);
	quant_select(VDB_SIMD_SCALAR);
	return e;
}

/* Every level gives the scalar level's bits. */
static bool
same(const Encoded *a, const Encoded *b)
{
	return memcmp(&a->a2, &b->a2, sizeof(float)) == 0 &&
		   memcmp(&a->factors.add, &b->factors.add, sizeof(float)) == 0 &&
		   a->factors.mul == b->factors.mul && memcmp(a->code, b->code, sizeof(a->code)) == 0;
}

/* Code and factors against their definition, and the same on every level. */
static void
encode_matches_reference(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		int dims = some_dims[k];
		float *x = new_normal(dims);
		float *c = new_normal(dims);
		float *o = new_normal(dims);

		for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
		{
			Encoded e = encode(VDB_SIMD_SCALAR, metric, dims, x, c, o);
			double a2 = 0.0;
			double a1 = 0.0;
			double sc = 0.0;
			double rc = 0.0;
			double xo = 0.0;
			double magnitude = 0.0;
			double f = vdb_half_to_float(e.factors.mul);
			double add;

			for (int i = 0; i < dims; i++)
			{
				double r = x[i] - c[i]; /* the float difference */
				int bit = (e.code[i / 8] >> (i % 8)) & 1;

				CHECK(bit == !(r < 0.0), "dims %d, bit %d", dims, i);
				a2 += r * r;
				a1 += fabs(r);
				sc += r < 0.0 ? -c[i] : c[i];
				rc += r * c[i];
				xo += (double) x[i] * o[i];
				magnitude += fabs(r * c[i]) + fabs((double) x[i] * o[i]) + 2.0 * f * fabs(c[i]);
			}
			for (int i = dims; i < 8 * quant_code_bytes(dims); i++)
				CHECK(((e.code[i / 8] >> (i % 8)) & 1) == 0, "dims %d, padding bit %d", dims, i);
			add = metric == QUANT_IP ? f * sc - rc - xo : a2 + 2.0 * f * sc;
			CHECK(fabs(e.a2 - a2) <= 1e-5 * a2, "dims %d: a2 %g, not %g", dims, e.a2, a2);
			CHECK(fabs(f - a2 / a1) <= 0x1p-11 * 1.001 * (a2 / a1), "dims %d: f %g, not %g", dims,
				  f, a2 / a1);
			CHECK(fabs(e.factors.add - add) <= 1e-5 * (a2 + magnitude), "dims %d: add %g, not %g",
				  dims, e.factors.add, add);

			for (int s = 0; s < VDB_SIMD_COUNT; s++)
				if (test_simd(s))
				{
					Encoded other = encode(s, metric, dims, x, c, o);
					float a2;

					CHECK(same(&e, &other), "%s differs from scalar at %d dimensions",
						  vdb_simd_name(s), dims);
					quant_select(s);
					a2 = quant_distance2(dims, x, c);
					quant_select(VDB_SIMD_SCALAR);
					CHECK(memcmp(&a2, &e.a2, sizeof(a2)) == 0,
						  "%s, %d dimensions: distance %.9g, not %.9g", vdb_simd_name(s), dims, a2,
						  e.a2);
				}
		}
		release(x, dims);
		release(c, dims);
		release(o, dims);
	}
}

/* A missing offset counts as zero. */
static void
encode_without_offset(void)
{
	float x[40];
	float c[40];
	float zero[40] = {0.0f};

	fill_normal(x, 40);
	fill_normal(c, 40);
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		if (test_simd(s))
		{
			Encoded with = encode(s, QUANT_IP, 40, x, c, zero);
			Encoded without = encode(s, QUANT_IP, 40, x, c, NULL);

			CHECK(same(&with, &without), "%s", vdb_simd_name(s));
		}
}

/* Residuals of zero, of either sign, of tiny and of huge numbers, and of NaN. */
static void
encode_special_values(void)
{
	enum
	{
		DIMS = 21
	};
	float x[DIMS];
	float c[DIMS];

	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		Encoded e;

		if (!test_simd(s))
			continue;

		/* the centroid itself: f = 0, all bits set */
		fill_normal(c, DIMS);
		memcpy(x, c, sizeof(x));
		e = encode(s, QUANT_L2, DIMS, x, c, NULL);
		CHECK(e.a2 == 0.0f && e.factors.add == 0.0f && e.factors.mul == 0, "zero residual");
		CHECK(e.code[0] == 0xff && e.code[1] == 0xff && e.code[2] == 0x1f && e.code[3] == 0,
			  "code of a zero residual");
		e = encode(s, QUANT_IP, DIMS, x, c, NULL);
		CHECK(e.factors.add == 0.0f && e.factors.mul == 0, "zero residual");

		/* -0 - +0 = -0: the bit is set, and no NaN arises */
		for (int i = 0; i < DIMS; i++)
		{
			x[i] = -0.0f;
			c[i] = 0.0f;
		}
		e = encode(s, QUANT_L2, DIMS, x, c, NULL);
		CHECK(e.code[0] == 0xff && e.factors.mul == 0 && e.factors.add == 0.0f, "minus zero");

		/* not zero, but f rounds to zero: the smallest factor instead */
		for (int i = 0; i < DIMS; i++)
			x[i] = 1e-12f;
		e = encode(s, QUANT_L2, DIMS, x, c, NULL);
		CHECK(e.factors.mul == 1 && e.factors.add > 0.0f, "tiny residual: %u", e.factors.mul);
		for (int i = 0; i < DIMS; i++)
			x[i] = FLT_TRUE_MIN;
		e = encode(s, QUANT_L2, DIMS, x, c, NULL);
		CHECK(e.factors.mul == 1 && e.factors.add == 0.0f, "subnormal residual");

		/* f does not fit into binary16 */
		for (int i = 0; i < DIMS; i++)
			x[i] = 1e6f;
		e = encode(s, QUANT_L2, DIMS, x, c, NULL);
		CHECK(e.factors.mul == 0 && e.factors.add == -FLT_MAX, "large residual");

		/* add does not fit, f would */
		for (int i = 0; i < DIMS; i++)
		{
			c[i] = 3e37f;
			x[i] = 3e37f;
		}
		x[3] = nextafterf(x[3], 0.0f);
		e = encode(s, QUANT_IP, DIMS, x, c, x);
		CHECK(e.factors.mul == 0 && e.factors.add == -FLT_MAX, "large inner product");

		/* sums overflow; NaN and infinity */
		for (int kind = 0; kind < 4; kind++)
			for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
			{
				static const float bad[] = {FLT_MAX, 1e25f, INFINITY, NAN};

				fill_normal(x, DIMS);
				fill_normal(c, DIMS);
				x[17] = bad[kind];
				e = encode(s, metric, DIMS, x, c, NULL);
				CHECK(e.factors.mul == 0 && e.factors.add == -FLT_MAX, "%g", bad[kind]);
				CHECK((e.code[2] >> 1) & 1, "bit of %g", bad[kind]);
			}
	}
}

/* ----- packing ----- */

/* Codes come back, and every byte is where quant.h says. */
static void
pack_round_trip(void)
{
	for (int k = 0; k < NSOME; k++)
	{
		int nchunks = quant_chunks(some_dims[k]);
		int nbytes = quant_code_bytes(some_dims[k]);
		uint8_t *rows = exact_alloc((size_t) nbytes * QUANT_UNIT);
		uint8_t *chunks = exact_alloc((size_t) nchunks * QUANT_CHUNK);
		uint8_t *again = exact_alloc((size_t) nchunks * QUANT_CHUNK);
		uint8_t *code = exact_alloc((size_t) nbytes);
		const uint8_t *codes[QUANT_UNIT];

		for (int i = 0; i < nbytes * QUANT_UNIT; i++)
			rows[i] = (uint8_t) test_random_u64();
		for (int v = 0; v < QUANT_UNIT; v++)
			codes[v] = rows + v * nbytes;
		memset(chunks, 0xaa, (size_t) nchunks * QUANT_CHUNK);
		memset(again, 0x55, (size_t) nchunks * QUANT_CHUNK);

		quant_pack_unit(chunks, nchunks, codes);
		for (int v = 0; v < QUANT_UNIT; v++)
		{
			for (int c = 0; c < nchunks; c++)
				for (int g = 0; g < QUANT_CHUNK_CODE; g++)
					CHECK(chunks[c * QUANT_CHUNK + g * QUANT_UNIT + v] == codes[v][4 * c + g],
						  "chunk %d, group %d, vector %d", c, g, v);
			quant_pack_get(chunks, nchunks, v, code);
			CHECK(memcmp(code, codes[v], (size_t) nbytes) == 0, "vector %d", v);
			quant_pack_set(again, nchunks, v, codes[v]);
		}
		CHECK(memcmp(chunks, again, (size_t) nchunks * QUANT_CHUNK) == 0, "%d chunks", nchunks);

		/* an empty slot has zero bytes; the others stay */
		codes[5] = NULL;
		quant_pack_unit(chunks, nchunks, codes);
		memset(code, 0, (size_t) nbytes);
		quant_pack_set(again, nchunks, 5, code);
		CHECK(memcmp(chunks, again, (size_t) nchunks * QUANT_CHUNK) == 0, "empty slot");

		free(rows);
		free(chunks);
		free(again);
		free(code);
	}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(input_matches_reference);
	TEST_RUN(rotate_matches_reference);
	TEST_RUN(rotate_is_orthogonal);
	TEST_RUN(rotate_spreads);
	TEST_RUN(encode_matches_reference);
	TEST_RUN(encode_without_offset);
	TEST_RUN(encode_special_values);
	TEST_RUN(pack_round_trip);
	return test_end();
}
