/*-------------------------------------------------------------------------
 *
 * quant_data.h
 *	  What the tests of the scans of src/quant share: random numbers, and a unit of random codes.
 *
 * NOTES
 *	  Pure C.  Included once by a program, after test_main.h.
 *
 * IDENTIFICATION
 *	  test/unit/quant_data.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_DATA_H
#define QUANT_DATA_H

#include "port/vdb_half.h"
#include "quant/quant.h"

/* Fills x[n] with standard normal numbers. */
static inline void
fill_normal(float *x, int n)
{
	for (int i = 0; i < n; i++)
		x[i] = test_random_normal();
}

/* Fills n bytes with random ones. */
static inline void
fill_bytes(uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t) test_random_u64();
}

/* A random query, and a unit of random codes and factors. */
typedef struct RandomUnit
{
	int dims;
	int nchunks;
	float *q;
	uint8_t *table;
	QuantQuery query;
	uint8_t *memory; /* nchunks * QUANT_CHUNK + 1 bytes, from an odd address to a guard page */
	uint8_t *chunks; /* all but the first of them */
	float *add;
	uint16_t *mul;
} RandomUnit;

/* Bytes of the memory of a unit's codes. */
static inline size_t
random_unit_bytes(const RandomUnit *unit)
{
	return (size_t) unit->nchunks * QUANT_CHUNK + 1;
}

/* Makes a unit for codes of so many dimensions, with tables by the active kernels. */
static inline void
random_unit_init(RandomUnit *unit, int dims)
{
	unit->dims = dims;
	unit->nchunks = quant_chunks(dims);
	unit->q = exact_alloc((size_t) dims * sizeof(float));
	unit->table = exact_alloc(quant_query_table_bytes(dims));
	unit->memory = guard_alloc(random_unit_bytes(unit));
	unit->chunks = unit->memory + 1;
	unit->add = exact_alloc(QUANT_UNIT * sizeof(float));
	unit->mul = exact_alloc(QUANT_UNIT * sizeof(uint16_t));
	fill_normal(unit->q, dims);
	fill_bytes(unit->memory, random_unit_bytes(unit));
	for (int v = 0; v < QUANT_UNIT; v++)
	{
		unit->add[v] = test_random_float(0.0f, 2.0f);
		unit->mul[v] = vdb_half_from_float(test_random_float(0.0f, 0.1f));
	}
	quant_query_init(&unit->query, dims, unit->q, unit->table);
}

/* Releases its memory. */
static inline void
random_unit_free(RandomUnit *unit)
{
	free(unit->q);
	free(unit->table);
	guard_free(unit->memory, random_unit_bytes(unit));
	free(unit->add);
	free(unit->mul);
}

#endif /* QUANT_DATA_H */
