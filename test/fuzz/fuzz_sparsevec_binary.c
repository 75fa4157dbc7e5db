/*-------------------------------------------------------------------------
 *
 * fuzz_sparsevec_binary.c
 *	  Fuzz target: the binary form of a sparsevec.
 *
 * NOTES
 *	  As sparsevec_recv() does, elements are read only if there are bytes for them.
 *
 * IDENTIFICATION
 *	  test/fuzz/fuzz_sparsevec_binary.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <math.h>

#include "types/sparsevec_parse.h"

FUZZ_TARGET(sparsevec_binary)
{
	SparsevecHeader header;
	uint8_t *elements;
	size_t bytes;
	int32_t *indices;
	float *values;
	SparsevecCode code;

	if (size < SPARSEVEC_HEADER_BYTES)
		return 0;
	header = sparsevec_unpack_header(data);
	if (header.nnz < 0 ||
		(size_t) header.nnz > (size - SPARSEVEC_HEADER_BYTES) / SPARSEVEC_ELEMENT_BYTES)
		return 0;

	bytes = (size_t) header.nnz * SPARSEVEC_ELEMENT_BYTES;
	elements = fuzz_alloc(bytes);
	memcpy(elements, data + SPARSEVEC_HEADER_BYTES, bytes);
	indices = fuzz_alloc(sizeof(int32_t) * (size_t) header.nnz);
	values = fuzz_alloc(sizeof(float) * (size_t) header.nnz);
	code = sparsevec_unpack_elements(elements, header.nnz, header.dim, indices, values);
	for (int i = 0; code == SPARSEVEC_OK && i < header.nnz; i++)
	{
		FUZZ_CHECK(indices[i] >= 0 && indices[i] < header.dim);
		FUZZ_CHECK(i == 0 || indices[i] > indices[i - 1]);
		FUZZ_CHECK(isfinite(values[i]) && values[i] != 0.0f);
	}
	free(indices);
	free(values);
	free(elements);
	return 0;
}
