/*-------------------------------------------------------------------------
 *
 * sparsevec_io.c
 *	  Text and binary input and output of sparsevecs, and the type modifier.
 *
 * NOTES
 *	  Both forms are described in sparsevec_parse.h.  Errors of sparsevec_in are soft on
 *	  PostgreSQL 16 and newer (pg_input_is_valid(), COPY ... ON_ERROR).
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_io.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/sparsevec.h"

#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(sparsevec_in);
PG_FUNCTION_INFO_V1(sparsevec_out);
PG_FUNCTION_INFO_V1(sparsevec_typmod_in);
PG_FUNCTION_INFO_V1(sparsevec_recv);
PG_FUNCTION_INFO_V1(sparsevec_send);

StaticAssertDecl(sizeof(float) == sizeof(uint32), "float is sent as four bytes");

/* Characters of an int4 in text, without the terminating zero. */
#define INT32_LEN 11

/*
 * Turns an error of the text parser into a PostgreSQL error, raised or saved.  "text" is
 * the whole input.
 */
static void
sparsevec_in_error(SparsevecCode code, const char *text, const SparsevecParseResult *where,
				   struct Node *escontext)
{
	switch (code)
	{
		case SPARSEVEC_TOO_MANY:
			(void) sparsevec_check_nnz(VDB_MAX_SPARSE_NNZ + 1, VDB_MAX_SPARSE_DIM, escontext);
			break;
		case SPARSEVEC_RANGE:
			errsave(escontext, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
								errmsg("\"%s\" is out of range for type sparsevec",
									   pnstrdup(text + where->position, where->length))));
			break;
		case SPARSEVEC_SYNTAX:
		case SPARSEVEC_NO_BRACE:
		case SPARSEVEC_NO_SLASH:
		case SPARSEVEC_JUNK:
			errsave(escontext,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type sparsevec: \"%s\"", text),
					 code == SPARSEVEC_NO_BRACE
						 ? errdetail("Vector contents must start with \"{\".")
						 : 0,
					 code == SPARSEVEC_NO_SLASH ? errdetail("Unexpected end of input.") : 0,
					 code == SPARSEVEC_JUNK ? errdetail("Junk after closing.") : 0));
			break;
		default:
			(void) sparsevec_check_code(code, escontext);
			break;
	}
}

/*
 * sparsevec_in(cstring, oid, integer): a sparsevec from its text form.  Soft errors: bad
 * syntax, number out of range, NaN or infinity, too many elements, number of dimensions
 * outside 1..VDB_MAX_SPARSE_DIM or unlike the type modifier, index out of bounds or given
 * twice.  Elements are counted by their commas before anything else is read, zeros too.
 */
Datum
sparsevec_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	int32 typmod = PG_GETARG_INT32(2);
	struct Node *escontext = fcinfo->context;
	int bound = sparsevec_parse_bound(text, VDB_MAX_SPARSE_NNZ);
	SparsevecElement *elements;
	SparsevecParseResult parsed;
	SparsevecCode code;
	SparseVector *result;

	if (bound > VDB_MAX_SPARSE_NNZ)
	{
		sparsevec_in_error(SPARSEVEC_TOO_MANY, text, NULL, escontext);
		PG_RETURN_NULL();
	}
	elements = palloc(sizeof(SparsevecElement) * (Size) bound);
	code = sparsevec_parse(text, elements, bound, &parsed);
	if (code != SPARSEVEC_OK)
	{
		sparsevec_in_error(code, text, &parsed, escontext);
		PG_RETURN_NULL();
	}
	if (!sparsevec_check_dim(parsed.dim, escontext) ||
		!sparsevec_check_typmod(typmod, parsed.dim, escontext))
		PG_RETURN_NULL();

	result = sparsevec_make(parsed.dim, parsed.nnz);
	code = sparsevec_arrange(elements, parsed.nnz, parsed.dim, result->indices,
							 SPARSEVEC_VALUES(result));
	if (!sparsevec_check_code(code, escontext))
		PG_RETURN_NULL();

	pfree(elements);
	PG_RETURN_SPARSEVEC_P(result);
}

/*
 * sparsevec_out(sparsevec): the text form, indices from 1, each value as the shortest
 * decimal that reads back as the same float.
 */
Datum
sparsevec_out(PG_FUNCTION_ARGS)
{
	SparseVector *vector = PG_GETARG_SPARSEVEC_P(0);
	const float *values = SPARSEVEC_VALUES(vector);
	char *result;
	char *p;

	/*
	 * Each element takes an index, a colon, a value and a comma, for which the constant's
	 * terminating zero stands; two braces, a slash, the dimensions and the string's own zero
	 * come on top.
	 */
	result = p =
		palloc((INT32_LEN + 1 + FLOAT_SHORTEST_DECIMAL_LEN) * (Size) vector->nnz + INT32_LEN + 4);
	*p++ = '{';
	for (int i = 0; i < vector->nnz; i++)
	{
		if (i > 0)
			*p++ = ',';
		p += pg_ltoa(vector->indices[i] + 1, p);
		*p++ = ':';
		p += float_to_shortest_decimal_bufn(values[i], p);
	}
	*p++ = '}';
	*p++ = '/';
	p += pg_ltoa(vector->dim, p);
	*p = '\0';

	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_CSTRING(result);
}

/*
 * sparsevec_typmod_in(cstring[]): the type modifier of sparsevec(n), which is n.  Raises
 * ERRCODE_INVALID_PARAMETER_VALUE unless there is one number, 1..VDB_MAX_SPARSE_DIM.
 */
Datum
sparsevec_typmod_in(PG_FUNCTION_ARGS)
{
	ArrayType *modifiers = PG_GETARG_ARRAYTYPE_P(0);
	int32 *values;
	int count;

	values = ArrayGetIntegerTypmods(modifiers, &count);
	if (count != 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid type modifier")));
	if (values[0] < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("dimensions for type sparsevec must be at least 1")));
	if (values[0] > VDB_MAX_SPARSE_DIM)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type sparsevec cannot exceed %d", VDB_MAX_SPARSE_DIM)));

	PG_RETURN_INT32(values[0]);
}

/*
 * sparsevec_recv(internal, oid, integer): a sparsevec from its binary form.  Raises
 * ERRCODE_DATA_EXCEPTION for a number of dimensions below 1 or unlike the type modifier, a
 * negative number of elements, a nonzero reserved field, indices that are out of bounds or
 * do not ascend, NaN, infinity and zero; ERRCODE_PROGRAM_LIMIT_EXCEEDED for too many
 * dimensions or elements; ERRCODE_PROTOCOL_VIOLATION for a message that is too short.  The
 * caller of a receive function checks that nothing is left over.
 */
Datum
sparsevec_recv(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int32 typmod = PG_GETARG_INT32(2);
	SparsevecHeader header = sparsevec_unpack_header(pq_getmsgbytes(buf, SPARSEVEC_HEADER_BYTES));
	const char *elements;
	SparseVector *result;
	SparsevecCode code;

	(void) sparsevec_check_dim(header.dim, NULL);
	(void) sparsevec_check_nnz(header.nnz, header.dim, NULL);
	(void) sparsevec_check_typmod(typmod, header.dim, NULL);
	if (header.unused != 0)
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("expected unused to be 0, not %d", header.unused)));

	/* Errors out, before anything is allocated, if the message is too short. */
	elements = pq_getmsgbytes(buf, header.nnz * SPARSEVEC_ELEMENT_BYTES);

	result = sparsevec_make(header.dim, header.nnz);
	code = sparsevec_unpack_elements(elements, header.nnz, header.dim, result->indices,
									 SPARSEVEC_VALUES(result));
	(void) sparsevec_check_code(code, NULL);

	PG_RETURN_SPARSEVEC_P(result);
}

/* sparsevec_send(sparsevec): the binary form. */
Datum
sparsevec_send(PG_FUNCTION_ARGS)
{
	SparseVector *vector = PG_GETARG_SPARSEVEC_P(0);
	const float *values = SPARSEVEC_VALUES(vector);
	StringInfoData buf;

	pq_begintypsend(&buf);
	enlargeStringInfo(&buf, SPARSEVEC_HEADER_BYTES + vector->nnz * SPARSEVEC_ELEMENT_BYTES);
	pq_writeint32(&buf, (uint32) vector->dim);
	pq_writeint32(&buf, (uint32) vector->nnz);
	pq_writeint32(&buf, (uint32) vector->unused);
	for (int i = 0; i < vector->nnz; i++)
		pq_writeint32(&buf, (uint32) vector->indices[i]);
	for (int i = 0; i < vector->nnz; i++)
	{
		uint32 bits;

		memcpy(&bits, &values[i], sizeof(bits));
		pq_writeint32(&buf, bits);
	}

	PG_FREE_IF_COPY(vector, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
