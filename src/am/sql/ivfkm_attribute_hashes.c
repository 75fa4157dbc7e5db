/*-------------------------------------------------------------------------
 *
 * ivfkm_attribute_hashes.c
 *	  Attributes that are found by a hash: strings, uuid, and the elements of arrays.
 *
 * NOTES
 *	  The hash is the one of 32 bits that hash joins use, under the column's collation.  Rows of an
 *	  equal hash are checked again.  An array's image is a signature: each element that is not NULL
 *	  sets one of 64 bits.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_attribute_hashes.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/typcache.h"

#include "am/index/ivfkm_attribute.h"

PG_FUNCTION_INFO_V1(ivfkm_text_support);
PG_FUNCTION_INFO_V1(ivfkm_bpchar_support);
PG_FUNCTION_INFO_V1(ivfkm_uuid_support);
PG_FUNCTION_INFO_V1(ivfkm_bytea_support);
PG_FUNCTION_INFO_V1(ivfkm_array_support);

/* ----- one value ----- */

/* The hash of a value by one of the server's functions. */
static int64
hash_image(PGFunction function, Datum value, Oid collation)
{
	return (int32) DatumGetUInt32(DirectFunctionCall1Coll(function, collation, value));
}

/* Of text; strings that the collation calls equal have one hash. */
static int64
text_image(Datum value, Oid collation)
{
	return hash_image(hashtext, value, collation);
}

/* Of character(n), without the blanks at its end. */
static int64
bpchar_image(Datum value, Oid collation)
{
	return hash_image(hashbpchar, value, collation);
}

/* Of uuid. */
static int64
uuid_image(Datum value, Oid collation)
{
	return hash_image(uuid_hash, value, collation);
}

/* Of bytea. */
static int64
bytea_image(Datum value, Oid collation)
{
	return hash_image(hashvarlena, value, collation);
}

/* Equality with a value of the same type. */
static bool
hash_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype, Datum argument,
		  Oid collation, FilterTerm *term)
{
	if (strategy != BTEqualStrategyNumber)
		elog(ERROR, "unrecognized strategy number of a hashed attribute: %d", strategy);
	return ivfkm_attribute_range(term, strategy, ops->image(argument, collation), false);
}

/* SQL: ivfkm_text_support(internal) returns internal. */
Datum
ivfkm_text_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {TEXTOID,			text_image, hash_term,
										  IVFKM_IMAGE_HASH, true,		false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_bpchar_support(internal) returns internal. */
Datum
ivfkm_bpchar_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {BPCHAROID,		bpchar_image, hash_term,
										  IVFKM_IMAGE_HASH, true,		  false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_uuid_support(internal) returns internal. */
Datum
ivfkm_uuid_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {UUIDOID,			uuid_image, hash_term,
										  IVFKM_IMAGE_HASH, true,		false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_bytea_support(internal) returns internal. */
Datum
ivfkm_bytea_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {BYTEAOID,			bytea_image, hash_term,
										  IVFKM_IMAGE_HASH, true,		 false};

	PG_RETURN_POINTER(&ops);
}

/* ----- arrays ----- */

/*
 * The signature of an array's elements; *has_null tells if one of them is NULL.  Errors out if
 * their type has no hash function.
 */
static int64
array_signature(Datum value, Oid collation, bool *has_null)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	TypeCacheEntry *type =
		lookup_type_cache(ARR_ELEMTYPE(array), TYPECACHE_HASH_EXTENDED_PROC_FINFO);
	ArrayIterator iterator;
	uint64 signature = 0;
	Datum element;
	bool null;

	if (!OidIsValid(type->hash_extended_proc_finfo.fn_oid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("could not identify an extended hash function for type %s",
							   format_type_be(ARR_ELEMTYPE(array)))));
	*has_null = false;
	iterator = array_create_iterator(array, 0, NULL);
	while (array_iterate(iterator, &element, &null))
	{
		uint64 hash;

		if (null)
		{
			*has_null = true;
			continue;
		}
		hash = DatumGetUInt64(FunctionCall2Coll(&type->hash_extended_proc_finfo, collation, element,
												UInt64GetDatum(0)));
		signature |= UINT64CONST(1) << (hash >> 58);
	}
	array_free_iterator(iterator);
	if ((Pointer) array != DatumGetPointer(value))
		pfree(array);
	return (int64) signature;
}

/* The signature of an array. */
static int64
array_image(Datum value, Oid collation)
{
	bool has_null;

	return array_signature(value, collation, &has_null);
}

/* Comparison with an array: equal, with an element in common, or containing it. */
static bool
array_argument_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype,
					Datum argument, Oid collation, FilterTerm *term)
{
	bool has_null;
	int64 signature = array_signature(argument, collation, &has_null);

	term->bits = signature;
	switch (strategy)
	{
		case BTEqualStrategyNumber:
			return ivfkm_attribute_range(term, strategy, signature, false);
		case IVFKM_STRATEGY_OVERLAP:
			/* no element is equal to NULL, or to one of an empty array */
			term->kind = signature != 0 ? FILTER_ANY_BIT : FILTER_NOTHING;
			return true;
		case IVFKM_STRATEGY_CONTAINS:
			if (has_null)
				term->kind = FILTER_NOTHING;
			else
				term->kind = signature != 0 ? FILTER_ALL_BITS : FILTER_NOT_NULL;
			return signature != 0;
		default:
			elog(ERROR, "unrecognized strategy number of an array attribute: %d", strategy);
	}
}

/* SQL: ivfkm_array_support(internal) returns internal. */
Datum
ivfkm_array_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {ANYARRAYOID,			 array_image, array_argument_term,
										  IVFKM_IMAGE_SIGNATURE, false,		  false};

	PG_RETURN_POINTER(&ops);
}
