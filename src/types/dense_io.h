/*-------------------------------------------------------------------------
 *
 * dense_io.h
 *	  Text and binary input and output of a dense type, and the type modifier.
 *
 * NOTES
 *	  A template, included by vector.c and halfvec.c; its macros are in dense_check.h.
 *
 *	  Errors of the text input are soft on PostgreSQL 16 and newer (pg_input_is_valid(),
 *	  COPY ... ON_ERROR).  Binary format, in network byte order: int16 dim, int16
 *	  unused = 0, dim elements.
 *
 * IDENTIFICATION
 *	  src/types/dense_io.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef DENSE_FN
#error "describe the type before including dense_io.h"
#endif

StaticAssertDecl(sizeof(DENSE_ELEMENT) == sizeof(DENSE_BITS), "elements are sent as their bits");

/*
 * Turns an error of the parser into a PostgreSQL error, raised or saved.  "text" is the
 * whole input.
 */
static void
DENSE_FN(in_error)(VectorParseCode code, const char *text, const VectorParseResult *where,
				   struct Node *escontext)
{
	switch (code)
	{
		case VECTOR_PARSE_EMPTY:
			(void) DENSE_FN(check_dim)(0, escontext);
			break;
		case VECTOR_PARSE_TOO_MANY:
			(void) DENSE_FN(check_dim)(VDB_MAX_DIM + 1, escontext);
			break;
		case VECTOR_PARSE_NAN:
		case VECTOR_PARSE_INFINITE:
			DENSE_FN(not_finite)(code == VECTOR_PARSE_NAN, escontext);
			break;
		case VECTOR_PARSE_RANGE:
			errsave(escontext, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
								errmsg("\"%s\" is out of range for type " DENSE_NAME,
									   pnstrdup(text + where->position, where->length))));
			break;
		case VECTOR_PARSE_OK:
		case VECTOR_PARSE_SYNTAX:
		case VECTOR_PARSE_NO_BRACKET:
		case VECTOR_PARSE_JUNK:
			Assert(code != VECTOR_PARSE_OK);
			errsave(escontext,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type " DENSE_NAME ": \"%s\"", text),
					 code == VECTOR_PARSE_NO_BRACKET
						 ? errdetail("Vector contents must start with \"[\".")
						 : 0,
					 code == VECTOR_PARSE_JUNK ? errdetail("Junk after closing right brace.") : 0));
			break;
	}
}

/*
 * in(cstring, oid, integer): a vector from its text form.  The grammar is in
 * vector_parse.h.  Soft errors: bad syntax, number out of range, NaN or infinity, number
 * of dimensions outside 1..VDB_MAX_DIM or unlike the type modifier.
 */
Datum
DENSE_FN(in)(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	int32 typmod = PG_GETARG_INT32(2);
	struct Node *escontext = fcinfo->context;
	int bound = vector_parse_bound(text, VDB_MAX_DIM);
	float *values = palloc(sizeof(float) * (Size) bound);
	VectorParseResult parsed;
	VectorParseCode code = vector_parse(text, values, bound, DENSE_LIMIT, &parsed);
	DENSE *result;

	if (code != VECTOR_PARSE_OK)
	{
		DENSE_FN(in_error)(code, text, &parsed, escontext);
		PG_RETURN_NULL();
	}
	if (!DENSE_FN(check_typmod)(typmod, parsed.dim, escontext))
		PG_RETURN_NULL();

	result = DENSE_FN(make)(parsed.dim);
	DENSE_FN(from_floats)(values, parsed.dim, result->x);
	pfree(values);

	PG_RETURN_POINTER(result);
}

/*
 * out(type): the text form, each element as the shortest decimal that reads back as the
 * same float.
 */
Datum
DENSE_FN(out)(PG_FUNCTION_ARGS)
{
	DENSE *vector = DENSE_ARG(0);
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
		p += float_to_shortest_decimal_bufn(DENSE_TO_FLOAT(vector->x[i]), p);
	}
	*p++ = ']';
	*p = '\0';

	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_CSTRING(result);
}

/*
 * typmod_in(cstring[]): the type modifier of type(n), which is n.  Raises
 * ERRCODE_INVALID_PARAMETER_VALUE unless there is one number, 1..VDB_MAX_DIM.
 */
Datum
DENSE_FN(typmod_in)(PG_FUNCTION_ARGS)
{
	ArrayType *modifiers = PG_GETARG_ARRAYTYPE_P(0);
	int32 *values;
	int count;

	values = ArrayGetIntegerTypmods(modifiers, &count);
	if (count != 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid type modifier")));
	if (values[0] < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("dimensions for type " DENSE_NAME " must be at least 1")));
	if (values[0] > VDB_MAX_DIM)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type " DENSE_NAME " cannot exceed %d", VDB_MAX_DIM)));

	PG_RETURN_INT32(values[0]);
}

/*
 * recv(internal, oid, integer): a vector from its binary form.  Raises
 * ERRCODE_DATA_EXCEPTION for a bad number of dimensions (too many:
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED), one unlike the type modifier, a nonzero reserved field,
 * NaN or infinity, and ERRCODE_PROTOCOL_VIOLATION for a message that is too short.  The
 * caller of a receive function checks that nothing is left over.
 */
Datum
DENSE_FN(recv)(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int32 typmod = PG_GETARG_INT32(2);
	VectorHeader header = vector_unpack_header(pq_getmsgbytes(buf, VECTOR_HEADER_BYTES));
	const char *elements;
	VectorParseCode code;
	DENSE *result;

	(void) DENSE_FN(check_dim)(header.dim, NULL);
	(void) DENSE_FN(check_typmod)(typmod, header.dim, NULL);
	if (header.unused != 0)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("expected unused to be 0, not %d", header.unused)));

	/* Errors out, before anything is allocated, if the message is too short. */
	elements = pq_getmsgbytes(buf, header.dim * (int) sizeof(DENSE_ELEMENT));

	result = DENSE_FN(make)(header.dim);
	code = DENSE_FN(unpack_elements)(elements, header.dim, result->x);
	if (code != VECTOR_PARSE_OK)
		DENSE_FN(not_finite)(code == VECTOR_PARSE_NAN, NULL);

	PG_RETURN_POINTER(result);
}

/* send(type): the binary form. */
Datum
DENSE_FN(send)(PG_FUNCTION_ARGS)
{
	DENSE *vector = DENSE_ARG(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	enlargeStringInfo(&buf, (int) (VARSIZE(vector) - offsetof(DENSE, dim)));
	pq_writeint16(&buf, (uint16) vector->dim);
	pq_writeint16(&buf, (uint16) vector->unused);
	for (int i = 0; i < vector->dim; i++)
	{
		DENSE_BITS bits;

		memcpy(&bits, &vector->x[i], sizeof(bits));
		DENSE_WRITE(&buf, bits);
	}

	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
