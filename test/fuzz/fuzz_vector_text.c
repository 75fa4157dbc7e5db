/*-------------------------------------------------------------------------
 *
 * fuzz_vector_text.c
 *	  Fuzz target: the text form of a vector or halfvec.
 *
 * NOTES
 *	  The first byte tells how many elements there is room for, and which type's range
 *	  holds; the rest is the text.
 *
 * IDENTIFICATION
 *	  test/fuzz/fuzz_vector_text.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <math.h>

#include "types/vector_parse.h"

#define HALF_LIMIT 65520.0f /* the smallest number that rounds to infinity in binary16 */

FUZZ_TARGET(vector_text)
{
	int max_dim = 1 + (size > 0 ? data[0] % 32 : 0);
	float limit = size > 0 && (data[0] & 0x80) != 0 ? HALF_LIMIT : INFINITY;
	char *text = size > 0 ? fuzz_string(data + 1, size - 1) : fuzz_string(NULL, 0);
	float *x = fuzz_alloc(sizeof(float) * (size_t) max_dim);
	VectorParseResult result;
	VectorParseCode code = vector_parse(text, x, max_dim, limit, &result);
	int bound = vector_parse_bound(text, 1000000);

	FUZZ_CHECK(result.dim >= 0 && result.dim <= max_dim && result.dim <= bound);
	FUZZ_CHECK(result.position + result.length <= strlen(text));
	for (int i = 0; i < result.dim; i++)
		FUZZ_CHECK(isfinite(x[i]) && fabsf(x[i]) < limit);
	if (code == VECTOR_PARSE_OK)
		FUZZ_CHECK(result.dim >= 1 && result.dim == bound && result.position == strlen(text));
	free(x);
	free(text);
	return 0;
}
