/*-------------------------------------------------------------------------
 *
 * test_quant_bits.c
 *	  Codes that are bit strings: counts, bounds and masks at every SIMD level.
 *
 * NOTES
 *	  Counts are compared with a count bit by bit, bounds with distances in double precision.
 *	  Chunks end at an unreadable page.
 *
 * IDENTIFICATION
 *	  test/unit/test_quant_bits.c
 *
 *-------------------------------------------------------------------------
 */
#include <float.h>
#include <math.h>
#include "test_main.h"
#include "quant/quant.h"
#include "quant/quant_bits.h"

#define MAX_BITS 16000

static const int some_bits[] = {1,	7,	8,	 9,	   31,	 32,   33,		63,
								64, 65, 200, 1024, 2048, 4160, MAX_BITS};

#define NSOME ((int) (sizeof(some_bits) / sizeof(some_bits[0])))

/* A bit string in which "share" of 100 bits are set. */
static void
random_bits(uint8_t *bytes, int nbits, int share)
{
	memset(bytes, 0, (size_t) (nbits + 7) / 8);
	for (int i = 0; i < nbits; i++)
	{
		if ((int) test_random_below(100) < share)
			bytes[i / 8] |= (uint8_t) (0x80 >> i % 8);
	}
}

/* Bits set in both, one by one. */
static uint32_t
count_common(const uint8_t *a, const uint8_t *b, int nbits)
{
	uint32_t count = 0;

	for (int i = 0; i < (nbits + 7) / 8 * 8; i++)
		count += a[i / 8] >> i % 8 & b[i / 8] >> i % 8 & 1;
	return count;
}

/* Compares what the kernels say of a unit with single rows. */
static void
check_unit(const QuantKernels *kernels, int nbits, int head, int share, bool dice, double scale)
{
	static uint8_t rows[QUANT_UNIT][MAX_BITS / 8 + 8];
	static uint8_t query_bits[MAX_BITS / 8 + 8];
	static uint8_t rotated[MAX_BITS / 8 + 8];
	static uint8_t code[MAX_BITS / 4 + 16];
	size_t table = quant_bits_query_bytes(nbits);
	uint8_t *bytes = guard_alloc(table);
	int nchunks = quant_bits_chunks(nbits, head);
	size_t size = (size_t) nchunks * QUANT_CHUNK;
	uint8_t *chunks = guard_alloc(size);
	const uint8_t *bits = chunks + (size_t) head * QUANT_CHUNK;
	float counts[QUANT_UNIT];
	int split = quant_chunks(nbits) / 3;
	uint32_t acc[QUANT_UNIT] = {0};
	uint32_t some[QUANT_UNIT] = {0};
	float add[QUANT_UNIT];
	QuantBitsQuery query;
	QuantFactors factors;
	const char *name = vdb_simd_name(kernels->simd);

	random_bits(query_bits, nbits, share);
	query_bits[0] |= 0x80;
	quant_bits_query_init(&query, nbits, query_bits, dice, scale, bytes);
	CHECK(query.count == (float) count_common(query_bits, query_bits, nbits),
		  "%s, %d bits, dice %d, row %d", name, nbits, dice, -1);
	memset(chunks, 0, size);
	for (int v = 0; v < QUANT_UNIT; v++)
	{
		random_bits(rows[v], nbits, v == 3 ? 0 : share);
		if (v == 5)
			memcpy(rows[v], query_bits, (size_t) (nbits + 7) / 8);
		random_bits(rotated, nbits, 50);
		factors.add = -3.0f; /* with a head, they are those of the head */
		factors.mul = 7;
		quant_bits_encode(nbits, rows[v], head, rotated, code, &factors);
		CHECK(head > 0 || factors.add == (float) count_common(rows[v], rows[v], nbits),
			  "%s, %d bits, row %d", name, nbits, v);
		CHECK(head == 0 || (factors.add == -3.0f && factors.mul == 7 &&
							memcmp(code, rotated, (size_t) head * QUANT_CHUNK_CODE) == 0),
			  "%s, %d bits, row %d", name, nbits, v);
		CHECK(factors.mul == (head > 0 ? 7 : 0), "%s, %d bits, dice %d, row %d", name, nbits, dice,
			  v);
		add[v] = factors.add;
		quant_pack_set(chunks, nchunks, v, code);
	}
	add[14] = -FLT_MAX;
	add[15] = INFINITY;

	/* in two parts, as where units are striped */
	quant_bits_counts(nbits, head, chunks, add, counts);
	kernels->common(query.bytes, bits, split, acc);
	kernels->common(query.bytes + (size_t) split * QUANT_CHUNK, bits + (size_t) split * QUANT_CHUNK,
					quant_chunks(nbits) - split, acc);
	kernels->common_of(query.bytes, bits, query.used, query.nused, some);
	CHECK(memcmp(some, acc, sizeof(acc)) == 0, "%s, %d bits, %d of %d chunks", name, nbits,
		  query.nused, query.nchunks);
	for (int v = 0; v < QUANT_UNIT; v++)
	{
		uint32_t common = count_common(query_bits, rows[v], nbits);
		double distance = quant_bits_distance(&query, (double) counts[v], (double) common);
		float lower;
		float upper;

		CHECK(acc[v] == common, "%s, %d bits, dice %d, row %d", name, nbits, dice, v);
		if (v == 15)
			continue;
		quant_bits_bounds(&query, counts[v], acc[v], &lower, &upper);
		if (v == 14)
		{
			CHECK(lower == -FLT_MAX && upper == INFINITY, "%s, %d bits, dice %d, row %d", name,
				  nbits, dice, v);
			continue;
		}
		if (v == 5)
			CHECK(distance == 0.0, "%s, %d bits, dice %d, row %d", name, nbits, dice, v);
		CHECK((double) lower <= distance && distance <= (double) upper,
			  "%s, %d bits, dice %d, row %d", name, nbits, dice, v);
		CHECK((double) upper - (double) lower <= distance * 0x1p-22, "%s, %d bits, dice %d, row %d",
			  name, nbits, dice, v);
		/* thresholds at the row, just below and far above */
		CHECK((kernels->bits_within(&query, acc, counts, lower) >> v & 1) == 1,
			  "%s, %d bits, dice %d, row %d", name, nbits, dice, v);
		CHECK((kernels->bits_within(&query, acc, counts, upper) >> v & 1) == 1,
			  "%s, %d bits, dice %d, row %d", name, nbits, dice, v);
		CHECK((kernels->bits_within(&query, acc, counts, INFINITY) >> v & 1) == 1,
			  "%s, %d bits, dice %d, row %d", name, nbits, dice, v);
		if (distance > 0.0)
			CHECK((kernels->bits_within(&query, acc, counts, lower * 0.9999f) >> v & 1) == 0,
				  "%s, %d bits, dice %d, row %d", name, nbits, dice, v);
	}
	CHECK(kernels->bits_within(&query, acc, counts, INFINITY) == 0x7fff,
		  "%s, %d bits, dice %d, row %d", name, nbits, dice, -1);
	CHECK(kernels->bits_within(&query, acc, counts, -1.0f) == 1 << 14,
		  "%s, %d bits, dice %d, row %d", name, nbits, dice, -1);
	CHECK(kernels->bits_within(&query, acc, counts, -FLT_MAX) == 1 << 14,
		  "%s, %d bits, dice %d, row %d", name, nbits, dice, -1);
	guard_free(bytes, table);
	guard_free(chunks, size);
}

static void
units_are_counted_exactly(void)
{
	for (VdbSimd s = 0; s < VDB_SIMD_COUNT; s++)
	{
		if (!test_simd(s))
			continue;
		for (int i = 0; i < NSOME; i++)
		{
			for (int share = 5; share <= 100; share += 45)
			{
				int head = quant_chunks(some_bits[i]) / 4 & ~1;

				check_unit(quant_kernels(s), some_bits[i], 0, share, false, 1.0);
				check_unit(quant_kernels(s), some_bits[i], head, share, false, 0x1p-9);
				check_unit(quant_kernels(s), some_bits[i], 0, share, true, 2.0);
				check_unit(quant_kernels(s), some_bits[i], head, share, true, 0x1p7);
			}
		}
	}
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(units_are_counted_exactly);
	return test_end();
}
