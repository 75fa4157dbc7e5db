/*-------------------------------------------------------------------------
 *
 * fuzz_dense_binary.c
 *	  Fuzz target: the binary forms of a vector and a halfvec.
 *
 * NOTES
 *	  As the receive functions do, elements are read only if there are bytes for them.
 *
 * IDENTIFICATION
 *	  test/fuzz/fuzz_dense_binary.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <math.h>

#include "port/vdb_half.h"
#include "types/vector_parse.h"

/* An exact copy of the "bytes" bytes behind the header. */
static void *
copy_elements(const uint8_t *data, size_t bytes)
{
	void *elements = fuzz_alloc(bytes);

	if (bytes > 0)
		memcpy(elements, data + VECTOR_HEADER_BYTES, bytes);
	return elements;
}

FUZZ_TARGET(dense_binary)
{
	VectorHeader header;
	size_t dim;
	size_t left;

	if (size < VECTOR_HEADER_BYTES)
		return 0;
	header = vector_unpack_header(data);
	FUZZ_CHECK(header.dim >= 0 && header.dim <= 65535);
	FUZZ_CHECK(header.unused >= 0 && header.unused <= 65535);
	dim = (size_t) header.dim;
	left = size - VECTOR_HEADER_BYTES;

	if (dim * sizeof(float) <= left)
	{
		void *elements = copy_elements(data, dim * sizeof(float));
		float *x = fuzz_alloc(dim * sizeof(float));

		if (vector_unpack_elements(elements, header.dim, x) == VECTOR_PARSE_OK)
			for (size_t i = 0; i < dim; i++)
				FUZZ_CHECK(isfinite(x[i]));
		free(x);
		free(elements);
	}
	if (dim * sizeof(uint16_t) <= left)
	{
		void *elements = copy_elements(data, dim * sizeof(uint16_t));
		uint16_t *x = fuzz_alloc(dim * sizeof(uint16_t));

		if (halfvec_unpack_elements(elements, header.dim, x) == VECTOR_PARSE_OK)
			for (size_t i = 0; i < dim; i++)
				FUZZ_CHECK(isfinite(vdb_half_to_float(x[i])));
		free(x);
		free(elements);
	}
	return 0;
}
