/*-------------------------------------------------------------------------
 *
 * vector_parse.c
 *	  Parser of the text form of a vector: "[1,2.5,-3e4]".
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

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* True for the white space allowed around brackets, commas and numbers, in any locale. */
static inline bool
parse_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The first character of p that is not white space. */
static inline const char *
parse_skip_space(const char *p)
{
	while (parse_is_space(*p))
		p++;
	return p;
}

/*
 * Reads one number at p (no white space before it) into *value.  Sets *end to the first
 * character after it, or to p if there is no number.  Returns OK, SYNTAX, RANGE, NAN or
 * INFINITE.  strtof() also sets ERANGE for a number that underflows; that is no error.
 */
static VectorParseCode
parse_number(const char *p, float limit, float *value, const char **end)
{
	char *stop;

	errno = 0;
	*value = strtof(p, &stop);
	*end = stop;
	if (stop == p)
		return VECTOR_PARSE_SYNTAX;
	if (isnan(*value))
		return VECTOR_PARSE_NAN;
	if (isinf(*value))
		return errno == ERANGE ? VECTOR_PARSE_RANGE : VECTOR_PARSE_INFINITE;
	if (fabsf(*value) >= limit)
		return VECTOR_PARSE_RANGE;
	return VECTOR_PARSE_OK;
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

		*at = p = parse_skip_space(p);
		if (result->dim == max_dim)
			return VECTOR_PARSE_TOO_MANY;

		code = parse_number(p, limit, &value, &end);
		if (code != VECTOR_PARSE_OK)
		{
			result->length = (size_t) (end - p);
			return code;
		}
		x[result->dim++] = value;

		*at = p = parse_skip_space(end);
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
	const char *p = parse_skip_space(text);
	VectorParseCode code = VECTOR_PARSE_NO_BRACKET;
	int saved_errno = errno;

	result->dim = 0;
	result->length = 0;

	if (*p == '[')
	{
		p = parse_skip_space(p + 1);
		code = parse_elements(&p, x, max_dim, limit, result);
	}
	if (code == VECTOR_PARSE_OK)
	{
		p = parse_skip_space(p);
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
