/*-------------------------------------------------------------------------
 *
 * text_parse.h
 *	  White space and numbers, as the text parsers of all types read them.
 *
 * NOTES
 *	  Pure C, no server headers.  White space is any of space, \\t, \\n, \\v, \\f, \\r, in
 *	  any locale.
 *
 * IDENTIFICATION
 *	  src/types/text_parse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEXT_PARSE_H
#define TEXT_PARSE_H

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef enum TextNumberCode
{
	TEXT_NUMBER_OK = 0,
	TEXT_NUMBER_NONE,	   /* not a number */
	TEXT_NUMBER_UNDERFLOW, /* zero, though the text is not */
	TEXT_NUMBER_RANGE,	   /* infinity, though the text is not */
	TEXT_NUMBER_NAN,
	TEXT_NUMBER_INFINITE
} TextNumberCode;

/* True for white space. */
static inline bool
text_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The first character of p that is not white space. */
static inline const char *
text_skip_space(const char *p)
{
	while (text_is_space(*p))
		p++;
	return p;
}

/*
 * Reads one number at p (no white space before it) into *value, as strtof() does in the C
 * locale: rounded once, straight to float.  Sets *end to the first character after it, or to
 * p if there is no number.  Changes errno.
 */
static inline TextNumberCode
text_parse_number(const char *p, float *value, const char **end)
{
	char *stop;

	errno = 0;
	*value = strtof(p, &stop);
	*end = stop;
	if (stop == p)
		return TEXT_NUMBER_NONE;
	if (isnan(*value))
		return TEXT_NUMBER_NAN;
	if (isinf(*value))
		return errno == ERANGE ? TEXT_NUMBER_RANGE : TEXT_NUMBER_INFINITE;
	/* strtof() sets ERANGE for subnormal results too */
	return *value == 0.0f && errno == ERANGE ? TEXT_NUMBER_UNDERFLOW : TEXT_NUMBER_OK;
}

#endif /* TEXT_PARSE_H */
