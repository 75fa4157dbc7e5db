/*-------------------------------------------------------------------------
 *
 * test_quant_golden.c
 *	  What reaches disk is what it always was, at every SIMD level.
 *
 * NOTES
 *	  Compares rotated vectors, codes, factors and packed units, and codes of 4 and 8 bits
 *	  with their factors, also for taxicab distances, and sketches, with test/golden/quant_*.txt.
 *	  The inputs are whole numbers times powers of two, so the files depend on nothing but
 *	  the format.  A difference means that existing indexes would be read wrongly: the code
 *	  is to be mended, not the file.  test/golden/README.md says when and how to rewrite.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_golden.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "quant/quant.h"
#include "quant/quant_refine.h"
#include "quant/quant_sketch.h"
#include "quant/quant_taxicab.h"

#ifndef VDB_TEST_ROOT
#define VDB_TEST_ROOT "."
#endif

#define WHOLE_DIMS 130 /* results up to this many dimensions are written in full */

static const int golden_dims[] = {1,  2,  3,   5,	16,	 17,  31,  32,	33,	  63,	64,
								  65, 96, 100, 127, 128, 130, 384, 784, 1536, 2048, 16000};

#define NGOLDEN ((int) (sizeof(golden_dims) / sizeof(golden_dims[0])))

/* Fills x[n] with multiples of 2^-20 in [-range, range), "range" a power of two up to 8. */
static void
fill_golden(float *x, int n, uint64_t seed, int range)
{
	for (int i = 0; i < n; i++)
	{
		int64_t number = (int64_t) (test_splitmix64(&seed) >> 41) - (INT64_C(1) << 22);

		x[i] = (float) number * (float) range * 0x1p-22f;
	}
}

/* The bits of a float. */
static uint32_t
float_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* 64-bit FNV-1a of bytes, going on from "hash"; start with 0xcbf29ce484222325. */
static uint64_t
fnv1a(uint64_t hash, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Writes n bytes in hexadecimal, 32 a line; of many bytes the first 32 and a hash of all. */
static void
write_bytes(FILE *out, const uint8_t *bytes, size_t n, bool whole)
{
	for (size_t i = 0; i < n && (whole || i < 32); i++)
		fprintf(out, "%02x%s", bytes[i], i % 32 == 31 || i + 1 == n ? "\n" : "");
	if (!whole)
		fprintf(out, "fnv1a %016" PRIx64 "\n", fnv1a(UINT64_C(0xcbf29ce484222325), bytes, n));
}

/* Writes n floats as the hexadecimal of their bits, 8 a line; of many the first 8 and a hash. */
static void
write_floats(FILE *out, const float *x, int n, bool whole)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (int i = 0; i < n && (whole || i < 8); i++)
		fprintf(out, "%08" PRIx32 "%s", float_bits(x[i]), i % 8 == 7 || i + 1 == n ? "\n" : " ");
	for (int i = 0; i < n; i++)
	{
		uint32_t bits = float_bits(x[i]);
		uint8_t bytes[4] = {(uint8_t) bits, (uint8_t) (bits >> 8), (uint8_t) (bits >> 16),
							(uint8_t) (bits >> 24)};

		hash = fnv1a(hash, bytes, 4);
	}
	if (!whole)
		fprintf(out, "fnv1a %016" PRIx64 "\n", hash);
}

/* Writes rotated vectors of the active level. */
static void
write_rotations(FILE *out)
{
	for (int k = 0; k < NGOLDEN; k++)
	{
		int dims = golden_dims[k];
		uint64_t seed = UINT64_C(0x1234567890abcdef) + (uint64_t) k;
		float *flips = exact_alloc(quant_rotation_floats(dims) * sizeof(float));
		float *x = exact_alloc((size_t) dims * sizeof(float));
		QuantRotation rotation;

		quant_rotation_init(&rotation, dims, seed, flips);
		fill_golden(x, dims, (uint64_t) dims, 2);
		quant_rotate(&rotation, x);
		fprintf(out, "rotation dims %d seed %016" PRIx64 "\n", dims, seed);
		write_floats(out, x, dims, dims <= WHOLE_DIMS);
		free(flips);
		free(x);
	}
}

/*
 * Writes codes, factors and packed units of the active level.  Slot 5 is the centroid
 * itself, slot 6 does not fit its factors, slot 7 is empty.
 */
static void
write_units(FILE *out)
{
	for (int k = 0; k < NGOLDEN; k++)
		for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
		{
			int dims = golden_dims[k];
			int nbytes = quant_code_bytes(dims);
			size_t row = (size_t) dims * sizeof(float);
			float *x = exact_alloc(row);
			float *c = exact_alloc(row);
			float *o = exact_alloc(row);
			uint8_t *rows = exact_alloc((size_t) nbytes * QUANT_UNIT);
			uint8_t *chunks = exact_alloc((size_t) nbytes * QUANT_UNIT);
			const uint8_t *codes[QUANT_UNIT];

			fill_golden(c, dims, 1000000u + (uint64_t) dims, 1);
			fill_golden(o, dims, 2000000u + (uint64_t) dims, 1);
			fprintf(out, "unit dims %d metric %s\n", dims, metric == QUANT_IP ? "ip" : "l2");
			for (int v = 0; v < QUANT_UNIT; v++)
			{
				QuantFactors factors;
				float a2;

				fill_golden(x, dims, 3000000u + (uint64_t) (dims * QUANT_UNIT + v), 1 << v % 4);
				if (v == 5)
					memcpy(x, c, row);
				if (v == 6)
					x[dims - 1] = 0x1p70f;
				codes[v] = v == 7 ? NULL : rows + v * nbytes;
				a2 = quant_encode(metric, dims, x, c, o, rows + v * nbytes, &factors);
				if (v == 6) /* not kept anywhere, and infinite or NaN for some */
					a2 = 0.0f;
				fprintf(out, "slot %d a2 %08" PRIx32 " add %08" PRIx32 " mul %04x\n", v,
						float_bits(a2), float_bits(factors.add), factors.mul);
			}
			quant_pack_unit(chunks, quant_chunks(dims), codes);
			write_bytes(out, chunks, (size_t) nbytes * QUANT_UNIT, dims <= WHOLE_DIMS);
			free(x);
			free(c);
			free(o);
			free(rows);
			free(chunks);
		}
}

/*
 * Writes codes of 4 and 8 bits with their factors.  Row 5 is the centroid itself, row 6
 * does not fit its factors, row 7 has one coordinate that outweighs the others.
 */
static void
write_refine(FILE *out)
{
	for (int k = 0; k < NGOLDEN; k++)
		for (int bits = 4; bits <= 8; bits += 4)
			for (int metric = QUANT_L2; metric <= QUANT_IP; metric++)
			{
				int dims = golden_dims[k];
				size_t nbytes = (size_t) quant_refine_bytes(dims, bits);
				size_t row = (size_t) dims * sizeof(float);
				float *x = exact_alloc(row);
				float *c = exact_alloc(row);
				float *o = exact_alloc(row);
				uint8_t *code = exact_alloc(nbytes);

				fill_golden(c, dims, 1000000u + (uint64_t) dims, 1);
				fill_golden(o, dims, 2000000u + (uint64_t) dims, 1);
				fprintf(out, "refine dims %d bits %d metric %s\n", dims, bits,
						metric == QUANT_IP ? "ip" : "l2");
				for (int v = 0; v < 8; v++)
				{
					QuantRefineFactors factors;

					fill_golden(x, dims, 4000000u + (uint64_t) (dims * 8 + v), 1 << v % 4);
					if (v == 5)
						memcpy(x, c, row);
					if (v == 6)
						x[dims - 1] = 0x1p101f;
					if (v == 7)
						x[dims / 2] = -100.0f;
					quant_refine_encode(metric, dims, bits, x, c, o, code, &factors);
					fprintf(out, "row %d add %08" PRIx32 " mul %08" PRIx32 " sigma %08" PRIx32 "\n",
							v, float_bits(factors.add), float_bits(factors.mul),
							float_bits(factors.sigma));
					write_bytes(out, code, nbytes, dims <= WHOLE_DIMS);
				}
				free(x);
				free(c);
				free(o);
				free(code);
			}
}

/*
 * Writes dither, and codes of 4 and 8 bits for taxicab distances with their factors.  Row 1 is 0,
 * row 2 does not fit its factors, row 3 has one coordinate that outweighs the others.
 */
static void
write_taxicab(FILE *out)
{
	for (int k = 0; k < NGOLDEN; k++)
		for (int bits = 4; bits <= 8; bits += 4)
		{
			int dims = golden_dims[k];
			size_t nbytes = (size_t) quant_refine_bytes(dims, bits);
			size_t row = (size_t) dims * sizeof(float);
			float *x = exact_alloc(row);
			float *dither = exact_alloc(row);
			uint8_t *code = exact_alloc(nbytes);

			quant_taxicab_dither(dims, 6000000u + (uint64_t) dims, dither);
			fprintf(out, "taxicab dims %d bits %d\n", dims, bits);
			write_floats(out, dither, dims, dims <= WHOLE_DIMS);
			for (int v = 0; v < 4; v++)
			{
				QuantRefineFactors factors;

				fill_golden(x, dims, 7000000u + (uint64_t) (dims * 4 + v), 1 << v);
				if (v == 1)
					memset(x, 0, row);
				if (v == 2)
					x[dims - 1] = 0x1p101f;
				if (v == 3)
					x[dims / 2] = -100.0f;
				quant_taxicab_encode(dims, bits, x, dither, code, &factors);
				fprintf(out, "row %d add %08" PRIx32 " mul %08" PRIx32 " sigma %08" PRIx32 "\n", v,
						float_bits(factors.add), float_bits(factors.mul),
						float_bits(factors.sigma));
				write_bytes(out, code, nbytes, dims <= WHOLE_DIMS);
			}
			free(x);
			free(dither);
			free(code);
		}
}

/* Writes sketches of 40 elements, of small and of large numbers of dimensions. */
static void
write_sketches(FILE *out)
{
	static const int sketch_dims[] = {4, 64, 1024, 8192};

	for (int k = 0; k < 4; k++)
	{
		int dims = sketch_dims[k];
		float *sketch = exact_alloc((size_t) dims * sizeof(float));
		float values[40];

		fill_golden(values, 40, 5000000u + (uint64_t) dims, 1);
		memset(sketch, 0, (size_t) dims * sizeof(float));
		for (int i = 0; i < 40; i++)
			quant_sketch_add(dims, (uint64_t) i * i * i * i * 977, values[i], sketch);
		fprintf(out, "sketch dims %d\n", dims);
		write_floats(out, sketch, dims, dims <= WHOLE_DIMS);
		free(sketch);
	}
}

/* Compares one level's text with a golden file, line by line. */
static void
compare(const char *path, const char *level, const char *text)
{
	FILE *file = fopen(path, "r");
	char expected[512];
	int line = 0;

	REQUIRE(file != NULL, "could not open %s", path);
	while (fgets(expected, sizeof(expected), file) != NULL)
	{
		size_t n = strlen(expected);

		line++;
		if (expected[0] == '#')
			continue;
		if (strncmp(text, expected, n) != 0)
		{
			CHECK(false, "%s differs from %s in line %d: %.*s", level, path, line,
				  (int) strcspn(text, "\n"), text);
			break;
		}
		text += n;
		CHECK(true, "line %d", line);
	}
	if (feof(file))
		CHECK(*text == '\0', "%s has more lines than %s", level, path);
	fclose(file);
}

/* Compares what "writer" writes with a golden file, or rewrites the file when told to. */
static void
check_golden(const char *name, void (*writer)(FILE *out))
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/test/golden/%s", VDB_TEST_ROOT, name);
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		char *text = NULL;
		size_t size = 0;
		FILE *out;

		if (!test_simd(s))
			continue;
		quant_select(s);
		out = open_memstream(&text, &size);
		REQUIRE(out != NULL, "out of memory");
		writer(out);
		fclose(out);
		if (s == VDB_SIMD_SCALAR && getenv("VDB_WRITE_GOLDEN") != NULL)
		{
			FILE *file = fopen(path, "w");

			REQUIRE(file != NULL, "could not create %s", path);
			fprintf(file, "# Written by test_quant_golden; see README.md before changing it.\n");
			fwrite(text, 1, size, file);
			fclose(file);
			printf("# wrote %s\n", path);
		}
		compare(path, vdb_simd_name(s), text);
		free(text);
	}
	quant_select(VDB_SIMD_SCALAR);
}

static void
golden_rotation(void)
{
	check_golden("quant_rotation.txt", write_rotations);
}

static void
golden_units(void)
{
	check_golden("quant_units.txt", write_units);
}

static void
golden_refine(void)
{
	check_golden("quant_refine.txt", write_refine);
}

static void
golden_taxicab(void)
{
	check_golden("quant_taxicab.txt", write_taxicab);
}

static void
golden_sketch(void)
{
	check_golden("quant_sketch.txt", write_sketches);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(golden_sketch);
	TEST_RUN(golden_rotation);
	TEST_RUN(golden_units);
	TEST_RUN(golden_refine);
	TEST_RUN(golden_taxicab);
	return test_end();
}
