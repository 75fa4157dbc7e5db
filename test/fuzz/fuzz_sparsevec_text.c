/*-------------------------------------------------------------------------
 *
 * fuzz_sparsevec_text.c
 *	  Fuzz target: the text form of a sparsevec.
 *
 * NOTES
 *	  The first byte tells how many elements there is room for; the rest is the text.
 *
 * IDENTIFICATION
 *	  test/fuzz/fuzz_sparsevec_text.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <math.h>

#include "types/sparsevec_parse.h"

FUZZ_TARGET(sparsevec_text)
{
	int max_elements = 1 + (size > 0 ? data[0] % 32 : 0);
	char *text = size > 0 ? fuzz_string(data + 1, size - 1) : fuzz_string(NULL, 0);
	SparsevecElement *elements = fuzz_alloc(sizeof(SparsevecElement) * (size_t) max_elements);
	SparsevecParseResult result;
	SparsevecCode code = sparsevec_parse(text, elements, max_elements, &result);

	FUZZ_CHECK(result.nnz >= 0 && result.nnz <= max_elements);
	FUZZ_CHECK(result.position + result.length <= strlen(text));
	FUZZ_CHECK(sparsevec_parse_bound(text, 1000000) >= result.nnz);
	for (int i = 0; i < result.nnz; i++)
		FUZZ_CHECK(isfinite(elements[i].value) && elements[i].value != 0.0f);
	if (code == SPARSEVEC_OK)
	{
		int32_t *indices = fuzz_alloc(sizeof(int32_t) * (size_t) result.nnz);
		float *values = fuzz_alloc(sizeof(float) * (size_t) result.nnz);

		FUZZ_CHECK(result.position == strlen(text));
		code = sparsevec_arrange(elements, result.nnz, result.dim, indices, values);
		for (int i = 0; code == SPARSEVEC_OK && i < result.nnz; i++)
			FUZZ_CHECK(indices[i] >= 0 && indices[i] < result.dim &&
					   (i == 0 || indices[i] > indices[i - 1]));
		free(indices);
		free(values);
	}
	free(elements);
	free(text);
	return 0;
}
