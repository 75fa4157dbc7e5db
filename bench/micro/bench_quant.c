/*-------------------------------------------------------------------------
 *
 * bench_quant.c
 *	  Times rotation, encoding, query tables, scan kernels and refine codes at every level.
 *
 * NOTES
 *	  Rotation, encoding and query tables work on one vector that stays in the first-level
 *	  cache; one operation is one vector.  The scan kernel goes over SCAN_BYTES of units,
 *	  which stay in the second-level cache; one operation is one vector of a unit, its
 *	  bytes are those of its code and factors; scan_unit_8bit does not use the coarse
 *	  table.  Refine codes are SCAN_BYTES of one code
 *	  after the other; one operation is one code.
 *
 * IDENTIFICATION
 *	  bench/micro/bench_quant.c
 *
 *-------------------------------------------------------------------------
 */
#include "bench_main.h"
#include "quant/quant.h"
#include "quant/quant_refine.h"
#include "port/vdb_half.h"

#define SCAN_BYTES (256 * 1024)

typedef struct QuantBench
{
	int dims;
	QuantRotation rotation;
	float *x;
	float *centroid;
	uint8_t *code;
	const uint8_t *codes[QUANT_UNIT];
	QuantQuery query;
	QuantBound bound;
	uint8_t *table;
	size_t unit_bytes;
	int nunits;
	uint8_t *units;
	float *add;
	uint16_t *mul;
	QuantRefineQuery refine_query;
	QuantRefineFactors refine_factors;
	int16_t *refine_values;
	int ncodes;
	uint8_t *refine_codes;
} QuantBench;

static void
bench_rotate(VdbSimd simd, void *arg, long rounds)
{
	QuantBench *b = arg;

	quant_select(simd);
	for (long i = 0; i < rounds; i++)
		quant_rotate(&b->rotation, b->x);
	bench_sink = b->x[0];
}

/* Encodes for one metric. */
static void
encode(VdbSimd simd, QuantMetric metric, QuantBench *b, long rounds)
{
	quant_select(simd);
	for (long i = 0; i < rounds; i++)
	{
		QuantFactors factors;

		quant_encode(metric, b->dims, b->x, b->centroid, b->centroid, b->code, &factors);
		bench_sink = factors.add;
	}
}

static void
bench_encode_l2(VdbSimd simd, void *arg, long rounds)
{
	encode(simd, QUANT_L2, arg, rounds);
}

static void
bench_encode_ip(VdbSimd simd, void *arg, long rounds)
{
	encode(simd, QUANT_IP, arg, rounds);
}

static void
bench_query_init(VdbSimd simd, void *arg, long rounds)
{
	QuantBench *b = arg;

	quant_select(simd);
	for (long i = 0; i < rounds; i++)
	{
		quant_query_init(&b->query, b->dims, b->x, b->table);
		bench_sink = b->query.delta;
	}
}

static void
bench_pack_unit(VdbSimd simd, void *arg, long rounds)
{
	QuantBench *b = arg;

	for (long i = 0; i < rounds; i++)
		quant_pack_unit(b->units + (size_t) (i % b->nunits) * b->unit_bytes, b->query.nchunks,
						b->codes);
}

static void
bench_scan_unit(VdbSimd simd, void *arg, long rounds)
{
	const QuantKernels *k = quant_kernels(simd);
	const QuantBench *b = arg;
	float lb[QUANT_UNIT];
	float ub[QUANT_UNIT];

	for (long i = 0; i < rounds; i++)
	{
		uint32_t found = 0;

		for (int u = 0; u < b->nunits; u++)
			found += k->scan_unit(&b->query, &b->bound, b->units + (size_t) u * b->unit_bytes,
								  b->add + u * QUANT_UNIT, b->mul + u * QUANT_UNIT, 0.5f, lb, ub);
		bench_sink = (float) found;
	}
}

static void
bench_refine_encode(VdbSimd simd, void *arg, long rounds)
{
	QuantBench *b = arg;

	quant_select(simd);
	for (long i = 0; i < rounds; i++)
	{
		quant_refine_encode(QUANT_L2, b->dims, b->refine_query.bits, b->x, b->centroid, NULL,
							b->refine_codes, &b->refine_factors);
		bench_sink = b->refine_factors.add;
	}
}

static void
bench_refine_query(VdbSimd simd, void *arg, long rounds)
{
	QuantBench *b = arg;

	quant_select(simd);
	for (long i = 0; i < rounds; i++)
	{
		quant_refine_query_init(&b->refine_query, b->dims, b->refine_query.bits, b->x,
								b->refine_values);
		bench_sink = b->refine_query.delta;
	}
}

static void
bench_refine_dot(VdbSimd simd, void *arg, long rounds)
{
	const QuantKernels *k = quant_kernels(simd);
	const QuantBench *b = arg;
	int bytes = b->refine_query.bytes;

	for (long i = 0; i < rounds; i++)
	{
		int32_t sum = 0;

		for (int j = 0; j < b->ncodes; j++)
		{
			const uint8_t *code = b->refine_codes + (size_t) j * (size_t) bytes;

			sum ^= b->refine_query.bits == 8 ? k->refine_dot8(b->refine_values, code, bytes)
											 : k->refine_dot4(b->refine_values, code, bytes);
		}
		bench_sink = (float) sum;
	}
}

static void
bench_refine_bounds(VdbSimd simd, void *arg, long rounds)
{
	const QuantBench *b = arg;
	float lb;
	float ub;

	quant_select(simd);
	for (long i = 0; i < rounds; i++)
	{
		float sum = 0.0f;

		for (int j = 0; j < b->ncodes; j++)
		{
			quant_refine_bounds(QUANT_L2, &b->refine_query, &b->refine_factors,
								b->refine_codes + (size_t) j * (size_t) b->refine_query.bytes, 1.0f,
								1.0f, 6.0f, INFINITY, &lb, &ub);
			sum += ub;
		}
		bench_sink = sum;
	}
}

/* Refine codes of "bits" bits; b has its vectors already. */
static void
bench_refine(QuantBench *b, int bits)
{
	double row = (double) b->dims * sizeof(float);
	size_t bytes = (size_t) quant_refine_bytes(b->dims, bits);
	size_t size;

	b->ncodes = (int) (SCAN_BYTES / bytes);
	size = (size_t) b->ncodes * bytes;
	b->refine_values = bench_alloc(quant_refine_query_values(b->dims, bits) * sizeof(int16_t));
	b->refine_codes = bench_alloc(size);
	for (size_t i = 0; i < size; i++)
		b->refine_codes[i] = (uint8_t) (i * 2654435761u >> 16);
	quant_refine_query_init(&b->refine_query, b->dims, bits, b->x, b->refine_values);

	bench_compare(bits == 8 ? "refine8_encode" : "refine4_encode", b->dims, 1, 2.0 * row,
				  bench_refine_encode, b);
	bench_compare(bits == 8 ? "refine8_query" : "refine4_query", b->dims, 1, row,
				  bench_refine_query, b);
	bench_compare(bits == 8 ? "refine8_dot" : "refine4_dot", b->dims, b->ncodes, (double) bytes,
				  bench_refine_dot, b);
	bench_compare(bits == 8 ? "refine8_bounds" : "refine4_bounds", b->dims, b->ncodes,
				  (double) bytes, bench_refine_bounds, b);

	free(b->refine_values);
	free(b->refine_codes);
}

/* All kernels at one number of dimensions. */
static void
bench_dims(int dims)
{
	size_t row = (size_t) dims * sizeof(float);
	QuantBench b = {.dims = dims};
	float *flips = bench_alloc(quant_rotation_floats(dims) * sizeof(float));
	size_t nslots;

	b.unit_bytes = (size_t) quant_chunks(dims) * QUANT_CHUNK;
	b.nunits = (int) (SCAN_BYTES / b.unit_bytes);
	nslots = (size_t) b.nunits * QUANT_UNIT;
	b.x = bench_alloc(row);
	b.centroid = bench_alloc(row);
	b.code = bench_alloc((size_t) quant_code_bytes(dims));
	b.table = bench_alloc(quant_query_table_bytes(dims));
	b.units = bench_alloc((size_t) b.nunits * b.unit_bytes);
	b.add = bench_alloc(nslots * sizeof(float));
	b.mul = bench_alloc(nslots * sizeof(uint16_t));
	for (int v = 0; v < QUANT_UNIT; v++)
		b.codes[v] = b.code;

	bench_fill(b.x, (size_t) dims, 1);
	bench_fill(b.centroid, (size_t) dims, 2);
	bench_fill(b.add, nslots, 3);
	for (size_t i = 0; i < nslots; i++)
		b.mul[i] = vdb_half_from_float(1.0f + b.add[i] * 0.125f);
	for (size_t i = 0; i < (size_t) b.nunits * b.unit_bytes; i++)
		b.units[i] = (uint8_t) (i * 2654435761u >> 16);
	quant_rotation_init(&b.rotation, dims, 1, flips);
	quant_query_init(&b.query, dims, b.x, b.table);
	quant_bound_init(&b.bound, QUANT_L2, &b.query, 1.0f, b.query.norm2, 1.5f);

	bench_compare("rotate", dims, 1, (double) row, bench_rotate, &b);
	bench_compare("encode_l2", dims, 1, 2.0 * (double) row, bench_encode_l2, &b);
	bench_compare("encode_ip", dims, 1, 3.0 * (double) row, bench_encode_ip, &b);
	bench_compare("query_init", dims, 1, (double) row, bench_query_init, &b);
	for (int coarse = 0; coarse < 2; coarse++)
	{
		b.bound.coarse = coarse;
		bench_compare(coarse ? "scan_unit" : "scan_unit_8bit", dims, (double) nslots,
					  (double) b.unit_bytes / QUANT_UNIT + 6, bench_scan_unit, &b);
	}
	bench_compare("pack_unit", dims, QUANT_UNIT, (double) b.unit_bytes / QUANT_UNIT,
				  bench_pack_unit, &b);
	bench_refine(&b, 4);
	bench_refine(&b, 8);

	free(flips);
	free(b.x);
	free(b.centroid);
	free(b.code);
	free(b.table);
	free(b.units);
	free(b.add);
	free(b.mul);
}

int
main(int argc, char **argv)
{
	static const int dims[] = {128, 256, 384, 512, 768, 1024, 1536, 2048};

	bench_begin(argc, argv, dims, (int) (sizeof(dims) / sizeof(dims[0])));
	for (int i = 0; i < bench_state.ndims; i++)
		bench_dims(bench_state.dims[i]);
	return 0;
}
