/*-------------------------------------------------------------------------
 *
 * vector_parse.h
 *	  Parsers of the text form of a vector, "[1,2.5,-3e4]", and of its binary form.
 *
 * NOTES
 *	  Pure C, no server headers: unit tests and fuzzers link it alone.  It allocates
 *	  nothing, reads the text up to its terminating zero and not one byte past it, and
 *	  writes at most "max_dim" elements.
 *
 *	  Grammar, where ws is any run of space, \\t, \\n, \\r, \\v, \\f:
 *
 *		vector  = ws "[" ws element { ws "," ws element } ws "]" ws
 *		element = a number as strtof() reads it in the C locale
 *
 *	  strtof() rounds the decimal straight to float, as float4 input does; reading a
 *	  double and narrowing it would round twice.  A number too small for a float becomes
 *	  a subnormal or zero; one too large for the type, whose range may be smaller than
 *	  that of float, is an error.
 *
 * IDENTIFICATION
 *	  src/types/vector_parse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTOR_PARSE_H
#define VECTOR_PARSE_H

#include <stddef.h>
#include <stdint.h>

typedef enum VectorParseCode
{
	VECTOR_PARSE_OK = 0,
	VECTOR_PARSE_NO_BRACKET, /* the first character is not "[" */
	VECTOR_PARSE_EMPTY,		 /* "[]" */
	VECTOR_PARSE_TOO_MANY,	 /* an element after max_dim of them */
	VECTOR_PARSE_SYNTAX,	 /* not a number, or no "," or "]" after one */
	VECTOR_PARSE_RANGE,		 /* a number beyond the range of float, or not below the limit */
	VECTOR_PARSE_NAN,		 /* "nan" as an element */
	VECTOR_PARSE_INFINITE,	 /* "inf" or "infinity" as an element */
	VECTOR_PARSE_JUNK		 /* text after "]" */
} VectorParseCode;

typedef struct VectorParseResult
{
	int dim;		 /* elements written to x, also after an error */
	size_t position; /* byte of the text where the error is, or the text's length if none */
	size_t length;	 /* bytes of the offending number (RANGE, NAN, INFINITE), else 0 */
} VectorParseResult;

/*
 * Reads a zero-terminated text into x[0 .. max_dim - 1], max_dim >= 1.  "limit" is the
 * smallest absolute value, as a float, that is beyond the range of the type; INFINITY for
 * the range of float.  "result" is always filled.  All elements of an accepted vector are
 * finite and below the limit.  The caller's locale for LC_NUMERIC must be "C".  Leaves
 * errno as it was.
 */
extern VectorParseCode vector_parse(const char *text, float *x, int max_dim, float limit,
									VectorParseResult *result);

/*
 * An upper bound, >= 1, on the number of elements that vector_parse() finds in the text,
 * exact for an accepted one; at most max_dim.  For sizing x.
 */
extern int vector_parse_bound(const char *text, int max_dim);

/*
 * Binary form, in network byte order: int16 dim, int16 unused = 0, dim elements of 4 bytes
 * (halfvec: 2).
 */
#define VECTOR_HEADER_BYTES 4

typedef struct VectorHeader
{
	int dim;	/* 0 .. 65535 until it was checked */
	int unused; /* 0 .. 65535 */
} VectorHeader;

/* Reads the first VECTOR_HEADER_BYTES of the binary form; checks nothing. */
extern VectorHeader vector_unpack_header(const void *bytes);

/* Reads the elements behind the header into x[dim].  Gives OK, NAN or INFINITE. */
extern VectorParseCode vector_unpack_elements(const void *bytes, int dim, float *x);
extern VectorParseCode halfvec_unpack_elements(const void *bytes, int dim, uint16_t *x);

#endif /* VECTOR_PARSE_H */
