/*-------------------------------------------------------------------------
 *
 * ivfkm_attribute_numbers.c
 *	  Attributes of numbers, booleans, object identifiers and enums.
 *
 * NOTES
 *	  Integers of all sizes are one family, and so are float4 and float8: an operator between two
 *	  types of a family compares exact images.  A numeric's image is its nearest double.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_attribute_numbers.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "am/index/ivfkm_attribute.h"

PG_FUNCTION_INFO_V1(ivfkm_int2_support);
PG_FUNCTION_INFO_V1(ivfkm_int4_support);
PG_FUNCTION_INFO_V1(ivfkm_int8_support);
PG_FUNCTION_INFO_V1(ivfkm_bool_support);
PG_FUNCTION_INFO_V1(ivfkm_oid_support);
PG_FUNCTION_INFO_V1(ivfkm_enum_support);
PG_FUNCTION_INFO_V1(ivfkm_float4_support);
PG_FUNCTION_INFO_V1(ivfkm_float8_support);
PG_FUNCTION_INFO_V1(ivfkm_numeric_support);

/* ----- integers ----- */

/* An int2 is its own image. */
static int64
int2_image(Datum value, Oid collation)
{
	return DatumGetInt16(value);
}

/* An int4 is its own image. */
static int64
int4_image(Datum value, Oid collation)
{
	return DatumGetInt32(value);
}

/* An int8 is its own image. */
static int64
int8_image(Datum value, Oid collation)
{
	return DatumGetInt64(value);
}

/* Comparison with an integer of any size. */
static bool
integer_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype, Datum argument,
			 Oid collation, FilterTerm *term)
{
	int64 image;

	switch (subtype)
	{
		case INT2OID:
			image = int2_image(argument, collation);
			break;
		case INT4OID:
			image = int4_image(argument, collation);
			break;
		case INT8OID:
			image = int8_image(argument, collation);
			break;
		default:
			elog(ERROR, "unexpected argument type of an integer attribute: %u", subtype);
	}
	return ivfkm_attribute_range(term, strategy, image, true);
}

/* SQL: ivfkm_int2_support(internal) returns internal. */
Datum
ivfkm_int2_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {INT2OID, int2_image, integer_term, IVFKM_IMAGE_NUMBER,
										  true,	   false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_int4_support(internal) returns internal. */
Datum
ivfkm_int4_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {INT4OID, int4_image, integer_term, IVFKM_IMAGE_NUMBER,
										  true,	   false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_int8_support(internal) returns internal. */
Datum
ivfkm_int8_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {INT8OID, int8_image, integer_term, IVFKM_IMAGE_NUMBER,
										  false,   true};

	PG_RETURN_POINTER(&ops);
}

/* ----- types with one exact image and no other type in their family ----- */

/* false is 0, true is 1. */
static int64
bool_image(Datum value, Oid collation)
{
	return DatumGetBool(value) ? 1 : 0;
}

/*
 * The number of an object identifier, or that of an enum's label, whose order is another one; less
 * 2^31, so that it is within 32 bits.
 */
static int64
oid_image(Datum value, Oid collation)
{
	return (int64) DatumGetObjectId(value) + PG_INT32_MIN;
}

/* Comparison with a value of the same type, by exact images. */
static bool
same_type_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype, Datum argument,
			   Oid collation, FilterTerm *term)
{
	return ivfkm_attribute_range(term, strategy, ops->image(argument, collation), true);
}

/* SQL: ivfkm_bool_support(internal) returns internal. */
Datum
ivfkm_bool_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {BOOLOID, bool_image, same_type_term, IVFKM_IMAGE_NUMBER,
										  true,	   false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_oid_support(internal) returns internal. */
Datum
ivfkm_oid_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {OIDOID, oid_image, same_type_term, IVFKM_IMAGE_NUMBER,
										  true,	  false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_enum_support(internal) returns internal. */
Datum
ivfkm_enum_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {ANYENUMOID,		  oid_image, same_type_term,
										  IVFKM_IMAGE_NUMBER, true,		 false};

	PG_RETURN_POINTER(&ops);
}

/* ----- floating point and numeric ----- */

/*
 * The image of a double, in PostgreSQL's order: the bits of IEEE 754 numbers have the order of
 * their magnitudes.  -0 is 0, and every NaN the same, above infinity.
 */
static int64
double_image(double value)
{
	int64 bits;

	if (isnan(value))
		return PG_INT64_MAX;
	value += 0.0; /* of -0, 0 */
	memcpy(&bits, &value, sizeof(bits));
	return bits >= 0 ? bits : bits ^ PG_INT64_MAX;
}

/* Of a float4, that of the equal double. */
static int64
float4_image(Datum value, Oid collation)
{
	return double_image(DatumGetFloat4(value));
}

/* Of a float8. */
static int64
float8_image(Datum value, Oid collation)
{
	return double_image(DatumGetFloat8(value));
}

/* Comparison with a float4 or float8. */
static bool
float_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype, Datum argument,
		   Oid collation, FilterTerm *term)
{
	int64 image;

	switch (subtype)
	{
		case FLOAT4OID:
			image = float4_image(argument, collation);
			break;
		case FLOAT8OID:
			image = float8_image(argument, collation);
			break;
		default:
			elog(ERROR, "unexpected argument type of a floating-point attribute: %u", subtype);
	}
	return ivfkm_attribute_range(term, strategy, image, true);
}

/* SQL: ivfkm_float4_support(internal) returns internal. */
Datum
ivfkm_float4_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {FLOAT4OID,		  float4_image, float_term,
										  IVFKM_IMAGE_NUMBER, false,		true};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_float8_support(internal) returns internal. */
Datum
ivfkm_float8_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {FLOAT8OID,		  float8_image, float_term,
										  IVFKM_IMAGE_NUMBER, false,		true};

	PG_RETURN_POINTER(&ops);
}

/* Of a numeric, that of the nearest double: rounding keeps the order, but not every difference. */
static int64
numeric_image(Datum value, Oid collation)
{
	return double_image(DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)));
}

/* Comparison with a numeric; one with the same image may be less, equal or greater. */
static bool
numeric_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype, Datum argument,
			 Oid collation, FilterTerm *term)
{
	return ivfkm_attribute_range(term, strategy, numeric_image(argument, collation), false);
}

/* SQL: ivfkm_numeric_support(internal) returns internal. */
Datum
ivfkm_numeric_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {NUMERICOID,		  numeric_image, numeric_term,
										  IVFKM_IMAGE_NUMBER, false,		 true};

	PG_RETURN_POINTER(&ops);
}
