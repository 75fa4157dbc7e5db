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
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* Digits that TEXT_FAST numbers may have, so that they fit into 64 bits. */
#define TEXT_FAST_DIGITS 19

/* The largest power of ten that a double holds exactly, and with it the most decimals. */
#define TEXT_FAST_POWER 22

/*
 * Reads digits with an optional "." between or beside them: the digits as a whole number,
 * *decimals of them behind the point.  Returns how many there are without leading zeros; 0
 * with *end = p if there is none at all.
 */
static inline int
text_parse_digits(const char *p, uint64_t *digits, int *decimals, const char **end)
{
	const char *start = p;
	const char *point = NULL;
	uint64_t w = 0;
	int count = 0;

	for (;; p++)
	{
		unsigned int digit = (unsigned int) ((unsigned char) *p - '0');

		if (digit <= 9)
		{
			w = w * 10 + digit; /* wraps around where the caller sees that count is too large */
			count += count > 0 || digit > 0;
		}
		else if (*p == '.' && point == NULL)
			point = p;
		else
			break;
	}
	*digits = w;
	*decimals = point != NULL ? (int) (p - point - 1) : 0;
	*end = p - start > (point != NULL) ? p : start;
	return count;
}

/*
 * Reads a number in plain decimal notation, without exponent, at most TEXT_FAST_DIGITS digits
 * from the first that is not zero and at most TEXT_FAST_POWER decimals, which is how programs
 * write the elements of vectors.  Returns false, with nothing changed, for every other text,
 * and for the few numbers whose rounding is in doubt (below); strtof() takes over then.  The
 * value is that of strtof().
 *
 * The digits as a double and the quotient by the power of ten, which is exact, are each off by
 * at most 2^-53 of the number: together, and rounded up, by less than three units in the last
 * place of the double.  Between two floats lies one point at which rounding turns, and it is a
 * double: the one whose 29 bits that a float lacks are 1000...  A double more than three units
 * away from it is on the same side as the number, so rounding the double rounds the number.
 * (Clinger, "How to read floating point numbers accurately", PLDI 1990, has the exact case.)
 */
static inline bool
text_parse_fast(const char *p, float *value, const char **end)
{
	static const double power[TEXT_FAST_POWER + 1] = {
		1e0,  1e1,	1e2,  1e3,	1e4,  1e5,	1e6,  1e7,	1e8,  1e9,	1e10, 1e11,
		1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	const uint64_t lost = (UINT64_C(1) << 29) - 1;
	const uint64_t turn = UINT64_C(1) << 28;
	bool negative = *p == '-';
	const char *start = p + (*p == '-' || *p == '+');
	const char *stop;
	uint64_t digits;
	uint64_t bits;
	int decimals;
	double x;

	if (FLT_EVAL_METHOD != 0 ||
		text_parse_digits(start, &digits, &decimals, &stop) > TEXT_FAST_DIGITS || stop == start ||
		decimals > TEXT_FAST_POWER || *stop == 'e' || *stop == 'E' || *stop == 'x' || *stop == 'X')
		return false;

	x = (double) digits / power[decimals];
	memcpy(&bits, &x, sizeof(bits));
	bits &= lost;
	/* the smallest floats have fewer bits */
	if ((x < 2.0 * FLT_MIN && digits != 0) || x > 0.5 * FLT_MAX ||
		(bits > turn - 4 && bits < turn + 4))
		return false;

	*value = (float) (negative ? -x : x);
	*end = stop;
	return true;
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

	if (text_parse_fast(p, value, end))
		return TEXT_NUMBER_OK;
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
