/*-------------------------------------------------------------------------
 *
 * sparsevec_parse.c
 *	  Parsers of the text and binary forms of a sparsevec.
 *
 * NOTES
 *	  Pure C, no server headers.  Grammar and contract: sparsevec_parse.h.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_parse.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/sparsevec_parse.h"

#include <limits.h>

#include "types/text_parse.h"
#include "types/wire_parse.h"

/* ----- text ----- */

/*
 * Reads a decimal integer with an optional sign at p (no white space before it) into
 * *value, which becomes INT_MAX or -INT_MAX for what is beyond.  The first character after
 * it, or NULL if there is none.
 */
static const char *
parse_integer(const char *p, int *value)
{
	bool negative = *p == '-';
	int magnitude = 0;

	if (*p == '-' || *p == '+')
		p++;
	if (*p < '0' || *p > '9')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++)
	{
		int digit = *p - '0';

		if (magnitude > (INT_MAX - digit) / 10)
			magnitude = INT_MAX;
		else
			magnitude = magnitude * 10 + digit;
	}
	*value = negative ? -magnitude : magnitude;
	return p;
}

/*
 * Reads "index : number" at p (no white space before it) into *element.  Sets *at to the
 * first character after it, or to the error, whose length goes into *length.
 */
static SparsevecCode
parse_element(const char *p, SparsevecElement *element, const char **at, size_t *length)
{
	const char *end;
	int index;

	*at = p;
	p = parse_integer(p, &index);
	if (p == NULL)
		return SPARSEVEC_SYNTAX;
	element->index = index - 1;

	*at = p = text_skip_space(p);
	if (*p != ':')
		return SPARSEVEC_SYNTAX;
	*at = p = text_skip_space(p + 1);

	switch (text_parse_number(p, &element->value, &end))
	{
		case TEXT_NUMBER_OK:
			*at = end;
			return SPARSEVEC_OK;
		case TEXT_NUMBER_NONE:
			break;
		case TEXT_NUMBER_UNDERFLOW:
		case TEXT_NUMBER_RANGE:
			*length = (size_t) (end - p);
			return SPARSEVEC_RANGE;
		case TEXT_NUMBER_NAN:
			*length = (size_t) (end - p);
			return SPARSEVEC_NAN;
		case TEXT_NUMBER_INFINITE:
			*length = (size_t) (end - p);
			return SPARSEVEC_INFINITE;
	}
	return SPARSEVEC_SYNTAX;
}

/*
 * Reads the elements and the closing brace.  On entry *at points behind "{" and white
 * space; on return it points behind "}", or to the error.  Fills nnz and length of "result".
 */
static SparsevecCode
parse_elements(const char **at, SparsevecElement *elements, int max_elements,
			   SparsevecParseResult *result)
{
	const char *p = *at;

	if (*p == '}')
	{
		*at = p + 1;
		return SPARSEVEC_OK;
	}
	for (;;)
	{
		SparsevecElement element;
		SparsevecCode code = parse_element(text_skip_space(p), &element, at, &result->length);

		if (code != SPARSEVEC_OK)
			return code;
		if (element.value != 0.0f)
		{
			if (result->nnz == max_elements)
				return SPARSEVEC_TOO_MANY;
			elements[result->nnz++] = element;
		}
		*at = p = text_skip_space(*at);
		if (*p != ',' && *p != '}')
			return SPARSEVEC_SYNTAX;
		p++;
		if (p[-1] == '}')
		{
			*at = p;
			return SPARSEVEC_OK;
		}
	}
}

/*
 * Reads "/ dim" and white space up to the end of the text.  On entry *at points behind "}";
 * on return to the terminating zero, or to the error.
 */
static SparsevecCode
parse_dim(const char **at, int *dim)
{
	const char *p = text_skip_space(*at);
	const char *end;
	int value;

	*at = p;
	if (*p != '/')
		return SPARSEVEC_NO_SLASH;
	*at = p = text_skip_space(p + 1);
	end = parse_integer(p, &value);
	if (end == NULL)
		return SPARSEVEC_SYNTAX;
	*dim = value;
	*at = text_skip_space(end);
	return **at == '\0' ? SPARSEVEC_OK : SPARSEVEC_JUNK;
}

SparsevecCode
sparsevec_parse(const char *text, SparsevecElement *elements, int max_elements,
				SparsevecParseResult *result)
{
	const char *p = text_skip_space(text);
	SparsevecCode code = SPARSEVEC_NO_BRACE;
	int saved_errno = errno;

	result->nnz = 0;
	result->dim = 0;
	result->length = 0;

	if (*p == '{')
	{
		p = text_skip_space(p + 1);
		code = parse_elements(&p, elements, max_elements, result);
	}
	if (code == SPARSEVEC_OK)
		code = parse_dim(&p, &result->dim);

	result->position = (size_t) (p - text);
	errno = saved_errno;
	return code;
}

int
sparsevec_parse_bound(const char *text, int limit)
{
	int bound = 1;

	for (const char *p = text; *p != '\0' && bound <= limit; p++)
		bound += *p == ',';
	return bound;
}

/* ----- elements ----- */

/* Order by index, for qsort(). */
static int
compare_elements(const void *a, const void *b)
{
	int32_t x = ((const SparsevecElement *) a)->index;
	int32_t y = ((const SparsevecElement *) b)->index;

	return (x > y) - (x < y);
}

/* Checks that indices[nnz] lie in 0 .. dim - 1 and ascend. */
static SparsevecCode
check_indices(const int32_t *indices, int nnz, int dim)
{
	for (int i = 0; i < nnz; i++)
	{
		if (indices[i] < 0 || indices[i] >= dim)
			return SPARSEVEC_BOUNDS;
		if (i > 0 && indices[i] < indices[i - 1])
			return SPARSEVEC_ORDER;
		if (i > 0 && indices[i] == indices[i - 1])
			return SPARSEVEC_DUPLICATE;
	}
	return SPARSEVEC_OK;
}

SparsevecCode
sparsevec_arrange(SparsevecElement *elements, int nnz, int dim, int32_t *indices, float *values)
{
	for (int i = 1; i < nnz; i++)
		if (elements[i].index < elements[i - 1].index)
		{
			qsort(elements, (size_t) nnz, sizeof(SparsevecElement), compare_elements);
			break;
		}
	for (int i = 0; i < nnz; i++)
	{
		indices[i] = elements[i].index;
		values[i] = elements[i].value;
	}
	return check_indices(indices, nnz, dim);
}

/* ----- binary ----- */

SparsevecHeader
sparsevec_unpack_header(const void *bytes)
{
	const unsigned char *p = bytes;

	return (SparsevecHeader){.dim = (int32_t) wire_uint32(p),
							 .nnz = (int32_t) wire_uint32(p + 4),
							 .unused = (int32_t) wire_uint32(p + 8)};
}

SparsevecCode
sparsevec_unpack_elements(const void *bytes, int nnz, int dim, int32_t *indices, float *values)
{
	const unsigned char *p = bytes;
	SparsevecCode code;

	for (int i = 0; i < nnz; i++, p += 4)
		indices[i] = (int32_t) wire_uint32(p);
	code = check_indices(indices, nnz, dim);
	if (code != SPARSEVEC_OK)
		return code;
	for (int i = 0; i < nnz; i++, p += 4)
	{
		values[i] = wire_float(p);
		if (isnan(values[i]))
			return SPARSEVEC_NAN;
		if (isinf(values[i]))
			return SPARSEVEC_INFINITE;
		if (values[i] == 0.0f)
			return SPARSEVEC_ZERO;
	}
	return SPARSEVEC_OK;
}
