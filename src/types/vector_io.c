/*-------------------------------------------------------------------------
 *
 * vector_io.c
 *	  Text and binary input and output of vectors, and the type modifier.
 *
 * NOTES
 *	  Errors of vector_in are soft on PostgreSQL 16 and newer (pg_input_is_valid(), COPY
 *	  ... ON_ERROR).  Binary format, in network byte order: int16 dim, int16 unused = 0,
 *	  dim * float4.
 *
 * IDENTIFICATION
 *	  src/types/vector_io.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/vector.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"
#include "types/vector_parse.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(vector_in);
PG_FUNCTION_INFO_V1(vector_out);
PG_FUNCTION_INFO_V1(vector_typmod_in);
PG_FUNCTION_INFO_V1(vector_recv);
PG_FUNCTION_INFO_V1(vector_send);

StaticAssertDecl(sizeof(float) == sizeof(uint32), "float is sent as four bytes");

/*
 * Turns an error of the parser into a PostgreSQL error, raised or saved.  "text" is the
 * whole input.
 */
static void
vector_in_error(VectorParseCode code, const char *text, const VectorParseResult *where,
				struct Node *escontext)
{
	float nonfinite = code == VECTOR_PARSE_NAN ? NAN : INFINITY;

	switch (code)
	{
		case VECTOR_PARSE_EMPTY:
			(void) vector_check_dim(0, escontext);
			break;
		case VECTOR_PARSE_TOO_MANY:
			(void) vector_check_dim(VDB_MAX_DIM + 1, escontext);
			break;
		case VECTOR_PARSE_NAN:
		case VECTOR_PARSE_INFINITE:
			(void) vector_check_elements(&nonfinite, 1, escontext);
			break;
		case VECTOR_PARSE_RANGE:
			errsave(escontext, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
								errmsg("\"%s\" is out of range for type vector",
									   pnstrdup(text + where->position, where->length))));
			break;
		case VECTOR_PARSE_OK:
		case VECTOR_PARSE_SYNTAX:
		case VECTOR_PARSE_NO_BRACKET:
		case VECTOR_PARSE_JUNK:
			Assert(code != VECTOR_PARSE_OK);
			errsave(escontext,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type vector: \"%s\"", text),
					 code == VECTOR_PARSE_NO_BRACKET
						 ? errdetail("Vector contents must start with \"[\".")
						 : 0,
					 code == VECTOR_PARSE_JUNK ? errdetail("Junk after closing right brace.") : 0));
			break;
	}
}

/*
 * vector_in(cstring, oid, integer): a vector from its text form.  The grammar is in
 * vector_parse.h.  Soft errors: bad syntax, number out of range, NaN or infinity, number
 * of dimensions outside 1..VDB_MAX_DIM or unlike the type modifier.
 */
Datum
vector_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	int32 typmod = PG_GETARG_INT32(2);
	struct Node *escontext = fcinfo->context;
	Vector *result = vector_make(vector_parse_bound(text, VDB_MAX_DIM));
	VectorParseResult parsed;
	VectorParseCode code = vector_parse(text, result->x, result->dim, &parsed);

	if (code != VECTOR_PARSE_OK)
	{
		vector_in_error(code, text, &parsed, escontext);
		PG_RETURN_NULL();
	}
	if (!vector_check_typmod(typmod, parsed.dim, escontext))
		PG_RETURN_NULL();

	Assert(parsed.dim == result->dim);
	PG_RETURN_VECTOR_P(result);
}

/*
 * vector_out(vector): the text form, each element as the shortest decimal that reads back
 * as the same float.
 */
Datum
vector_out(PG_FUNCTION_ARGS)
{
	Vector *vector = PG_GETARG_VECTOR_P(0);
	char *result;
	char *p;

	/*
	 * FLOAT_SHORTEST_DECIMAL_LEN counts a terminating zero, which leaves room for the
	 * comma behind each element; two brackets and the string's own zero come on top.
	 */
	result = p = palloc((Size) vector->dim * FLOAT_SHORTEST_DECIMAL_LEN + 3);
	*p++ = '[';
	for (int i = 0; i < vector->dim; i++)
	{
		if (i > 0)
			*p++ = ',';
		p += float_to_shortest_decimal_bufn(vector->x[i], p);
	}
	*p++ = ']';
	*p = '\0';

	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_CSTRING(result);
}

/*
 * vector_typmod_in(cstring[]): the type modifier of vector(n), which is n.  Raises
 * ERRCODE_INVALID_PARAMETER_VALUE unless there is one number, 1..VDB_MAX_DIM.
 */
Datum
vector_typmod_in(PG_FUNCTION_ARGS)
{
	ArrayType *modifiers = PG_GETARG_ARRAYTYPE_P(0);
	int32 *values;
	int count;

	values = ArrayGetIntegerTypmods(modifiers, &count);
	if (count != 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid type modifier")));
	if (values[0] < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("dimensions for type vector must be at least 1")));
	if (values[0] > VDB_MAX_DIM)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("dimensions for type vector cannot exceed %d", VDB_MAX_DIM)));

	PG_RETURN_INT32(values[0]);
}

/*
 * vector_recv(internal, oid, integer): a vector from its binary form.  Raises
 * ERRCODE_DATA_EXCEPTION for a bad number of dimensions (too many:
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED), one unlike the type modifier, a nonzero reserved field,
 * NaN or infinity, and ERRCODE_PROTOCOL_VIOLATION for a message that is too short.  The
 * caller of a receive function checks that nothing is left over.
 */
Datum
vector_recv(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int32 typmod = PG_GETARG_INT32(2);
	int dim = (int) pq_getmsgint(buf, sizeof(int16));
	int unused = (int) pq_getmsgint(buf, sizeof(int16));
	const char *elements;
	Vector *result;

	(void) vector_check_dim(dim, NULL);
	(void) vector_check_typmod(typmod, dim, NULL);
	if (unused != 0)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("expected unused to be 0, not %d", unused)));

	/* Errors out, before anything is allocated, if the message is too short. */
	elements = pq_getmsgbytes(buf, dim * (int) sizeof(float));

	result = vector_make(dim);
	for (int i = 0; i < dim; i++)
	{
		uint32 bits;

		memcpy(&bits, elements + (Size) i * sizeof(bits), sizeof(bits));
		bits = pg_ntoh32(bits);
		memcpy(&result->x[i], &bits, sizeof(bits));
	}
	(void) vector_check_elements(result->x, dim, NULL);

	PG_RETURN_VECTOR_P(result);
}

/* vector_send(vector): the binary form. */
Datum
vector_send(PG_FUNCTION_ARGS)
{
	Vector *vector = PG_GETARG_VECTOR_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	enlargeStringInfo(&buf, (int) (VECTOR_SIZE(vector->dim) - offsetof(Vector, dim)));
	pq_writeint16(&buf, (uint16) vector->dim);
	pq_writeint16(&buf, (uint16) vector->unused);
	for (int i = 0; i < vector->dim; i++)
	{
		uint32 bits;

		memcpy(&bits, &vector->x[i], sizeof(bits));
		pq_writeint32(&buf, bits);
	}

	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
