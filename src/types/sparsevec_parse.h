/*-------------------------------------------------------------------------
 *
 * sparsevec_parse.h
 *	  Parsers of the text and binary forms of a sparsevec: "{1:1.5,3:2}/5".
 *
 * NOTES
 *	  Pure C, no server headers: unit tests and fuzzers link it alone.  It allocates
 *	  nothing, reads the text up to its terminating zero or the bytes that it was given,
 *	  and writes at most as many elements as there is room for.
 *
 *	  Grammar, where ws is any run of space, \\t, \\n, \\r, \\v, \\f:
 *
 *		sparsevec = ws "{" ws [ element { "," element } ] "}" ws "/" ws integer ws
 *		element   = ws integer ws ":" ws number ws
 *
 *	  An integer is decimal with an optional sign; one beyond the range of int counts as
 *	  the nearest int.  A number is what strtof() reads in the C locale; here one too
 *	  small for a float is an error, because it would become a zero.  Elements that are
 *	  zero are left out whatever their index is.  Elements may come in any order.
 *
 *	  Binary form, in network byte order: int32 dim, int32 nnz, int32 unused = 0,
 *	  nnz * int32 index, nnz * float4 value.  Indices count from 0.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_parse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef SPARSEVEC_PARSE_H
#define SPARSEVEC_PARSE_H

#include <stddef.h>
#include <stdint.h>

typedef enum SparsevecCode
{
	SPARSEVEC_OK = 0,

	/* text only */
	SPARSEVEC_NO_BRACE, /* the first character is not "{" */
	SPARSEVEC_TOO_MANY, /* an element after max_elements of them */
	SPARSEVEC_SYNTAX,	/* not what the grammar has */
	SPARSEVEC_RANGE,	/* a number beyond the range of float */
	SPARSEVEC_NO_SLASH, /* no "/" behind "}" */
	SPARSEVEC_JUNK,		/* text after the number of dimensions */

	/* text and binary */
	SPARSEVEC_NAN,
	SPARSEVEC_INFINITE,
	SPARSEVEC_BOUNDS,	 /* an index that is negative, or not below dim */
	SPARSEVEC_DUPLICATE, /* an index twice */

	/* binary only */
	SPARSEVEC_ORDER, /* an index lower than the one before */
	SPARSEVEC_ZERO	 /* a stored element that is zero */
} SparsevecCode;

typedef struct SparsevecElement
{
	int32_t index; /* from 0; -INT_MAX - 1 .. INT_MAX - 1 until it was checked */
	float value;
} SparsevecElement;

typedef struct SparsevecParseResult
{
	int nnz;		 /* elements written, also after an error */
	int dim;		 /* as written in the text, 0 after an error before it */
	size_t position; /* byte of the text where the error is, or the text's length if none */
	size_t length;	 /* bytes of the offending number (RANGE, NAN, INFINITE), else 0 */
} SparsevecParseResult;

/*
 * Reads a zero-terminated text into elements[0 .. max_elements - 1], in the order of the
 * text, max_elements >= 1.  "result" is always filled.  The caller's locale for LC_NUMERIC
 * must be "C".  Leaves errno as it was.
 */
extern SparsevecCode sparsevec_parse(const char *text, SparsevecElement *elements, int max_elements,
									 SparsevecParseResult *result);

/*
 * An upper bound, >= 1, on the number of elements that the text can have, zeros counted; at
 * most limit + 1.
 */
extern int sparsevec_parse_bound(const char *text, int limit);

/*
 * Sorts elements[nnz] by index and splits them into indices[nnz] and values[nnz].  Gives
 * OK, BOUNDS or DUPLICATE, whichever a walk over the sorted indices meets first.
 */
extern SparsevecCode sparsevec_arrange(SparsevecElement *elements, int nnz, int dim,
									   int32_t *indices, float *values);

#define SPARSEVEC_HEADER_BYTES	12 /* of the binary form before the elements */
#define SPARSEVEC_ELEMENT_BYTES 8  /* of the binary form for each element */

typedef struct SparsevecHeader
{
	int32_t dim;
	int32_t nnz;
	int32_t unused;
} SparsevecHeader;

/* Reads the first SPARSEVEC_HEADER_BYTES of the binary form; checks nothing. */
extern SparsevecHeader sparsevec_unpack_header(const void *bytes);

/*
 * Reads the nnz * SPARSEVEC_ELEMENT_BYTES behind the header into indices[nnz] and
 * values[nnz].  Gives OK, BOUNDS, ORDER, DUPLICATE, NAN, INFINITE or ZERO, indices first.
 */
extern SparsevecCode sparsevec_unpack_elements(const void *bytes, int nnz, int dim,
											   int32_t *indices, float *values);

#endif /* SPARSEVEC_PARSE_H */
