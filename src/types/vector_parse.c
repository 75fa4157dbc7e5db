/*-------------------------------------------------------------------------
 *
 * vector_parse.c
 *	  Parsers of the text form of a vector, "[1,2.5,-3e4]", and of its binary form.
 *
 * NOTES
 *	  Pure C, no server headers.  Grammar and contract: vector_parse.h.
 *
 * IDENTIFICATION
 *	  src/types/vector_parse.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/vector_parse.h"

#include "types/text_parse.h"
#include "types/wire_parse.h"

/*
 * Reads one number at p (no white space before it) into *value.  Sets *end to the first
 * character after it, or to p if there is no number.  Returns OK, SYNTAX, RANGE, NAN or
 * INFINITE.  Zero or a subnormal may well be the nearest float; that is no error.
 */
static VectorParseCode
parse_element(const char *p, float limit, float *value, const char **end)
{
	switch (text_parse_number(p, value, end))
	{
		case TEXT_NUMBER_OK:
		case TEXT_NUMBER_UNDERFLOW:
			return fabsf(*value) < limit ? VECTOR_PARSE_OK : VECTOR_PARSE_RANGE;
		case TEXT_NUMBER_RANGE:
			return VECTOR_PARSE_RANGE;
		case TEXT_NUMBER_NAN:
			return VECTOR_PARSE_NAN;
		case TEXT_NUMBER_INFINITE:
			return VECTOR_PARSE_INFINITE;
		case TEXT_NUMBER_NONE:
			break;
	}
	return VECTOR_PARSE_SYNTAX;
}

/*
 * Reads the elements and the closing bracket.  On entry *at points behind "[" and white
 * space; on return it points behind "]", or to the error.  Fills dim and length of
 * "result".
 */
static VectorParseCode
parse_elements(const char **at, float *x, int max_dim, float limit, VectorParseResult *result)
{
	const char *p = *at;

	if (*p == ']')
		return VECTOR_PARSE_EMPTY;

	for (;;)
	{
		VectorParseCode code;
		const char *end;
		float value;

		*at = p = text_skip_space(p);
		if (result->dim == max_dim)
			return VECTOR_PARSE_TOO_MANY;

		code = parse_element(p, limit, &value, &end);
		if (code != VECTOR_PARSE_OK)
		{
			result->length = (size_t) (end - p);
			return code;
		}
		x[result->dim++] = value;

		*at = p = text_skip_space(end);
		if (*p != ',' && *p != ']')
			return VECTOR_PARSE_SYNTAX;
		p++;
		if (p[-1] == ']')
		{
			*at = p;
			return VECTOR_PARSE_OK;
		}
	}
}

VectorParseCode
vector_parse(const char *text, float *x, int max_dim, float limit, VectorParseResult *result)
{
	const char *p = text_skip_space(text);
	VectorParseCode code = VECTOR_PARSE_NO_BRACKET;
	int saved_errno = errno;

	result->dim = 0;
	result->length = 0;

	if (*p == '[')
	{
		p = text_skip_space(p + 1);
		code = parse_elements(&p, x, max_dim, limit, result);
	}
	if (code == VECTOR_PARSE_OK)
	{
		p = text_skip_space(p);
		if (*p != '\0')
			code = VECTOR_PARSE_JUNK;
	}

	result->position = (size_t) (p - text);
	errno = saved_errno;
	return code;
}

int
vector_parse_bound(const char *text, int max_dim)
{
	int bound = 1;

	for (const char *p = text; *p != '\0' && bound < max_dim; p++)
		bound += *p == ',';
	return bound;
}

VectorHeader
vector_unpack_header(const void *bytes)
{
	const unsigned char *p = bytes;

	return (VectorHeader){.dim = wire_uint16(p), .unused = wire_uint16(p + 2)};
}

VectorParseCode
vector_unpack_elements(const void *bytes, int dim, float *x)
{
	const unsigned char *p = bytes;

	for (int i = 0; i < dim; i++)
	{
		x[i] = wire_float(p + 4 * (size_t) i);
		if (!isfinite(x[i]))
			return isnan(x[i]) ? VECTOR_PARSE_NAN : VECTOR_PARSE_INFINITE;
	}
	return VECTOR_PARSE_OK;
}

VectorParseCode
halfvec_unpack_elements(const void *bytes, int dim, uint16_t *x)
{
	const unsigned char *p = bytes;

	for (int i = 0; i < dim; i++)
	{
		x[i] = wire_uint16(p + 2 * (size_t) i);
		/* all bits of the exponent set: infinity, or NaN if the fraction is not zero */
		if ((x[i] & 0x7c00) == 0x7c00)
			return (x[i] & 0x03ff) != 0 ? VECTOR_PARSE_NAN : VECTOR_PARSE_INFINITE;
	}
	return VECTOR_PARSE_OK;
}
