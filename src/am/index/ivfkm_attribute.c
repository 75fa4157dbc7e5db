/*-------------------------------------------------------------------------
 *
 * ivfkm_attribute.c
 *	  Attributes: what their operator class supplies, and terms of filters from scan keys.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_attribute.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/genam.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/typcache.h"

#include "am/index/ivfkm_attribute.h"
#include "am/index/ivfkm_squeeze.h"

/* The operations of the attribute in column "attno" (from 1) of an index. */
const IvfkmAttributeOps *
ivfkm_attribute_ops(Relation index, int attno)
{
	FmgrInfo *support = index_getprocinfo(index, attno, IVFKM_SUPPORT_ATTRIBUTE);

	return (const IvfkmAttributeOps *) DatumGetPointer(
		FunctionCall1(support, PointerGetDatum(NULL)));
}

/*
 * Called when an index is made: tells the user, in a NOTICE, when searches by the = of the column's
 * own type cannot use the attribute in column "attno".  That is so for a type that takes the
 * operator class of another one, but has operators of its own (citext).
 */
void
ivfkm_attribute_check(Relation index, int attno)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(index), attno - 1);
	Oid type = getBaseType(attribute->atttypid);
	Oid equal = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;

	if (OidIsValid(equal) && !op_in_opfamily(equal, index->rd_opfamily[attno - 1]))
		ereport(NOTICE,
				(errmsg("searches by operator %s cannot use column \"%s\" of index \"%s\"",
						format_operator(equal), NameStr(attribute->attname),
						RelationGetRelationName(index)),
				 errdetail("The column has type %s, and its operator class compares values as "
						   "type %s.",
						   format_type_be(type), format_type_be(index->rd_opcintype[attno - 1])),
				 errhint("Index an expression cast to a type with operator class of its own, and "
						 "use that expression in queries.")));
}

/*
 * Makes "term" the range of images that a value can have which compares to an argument as the
 * btree strategy says: the argument has this image.  "exact" where values are equal if and only if
 * their images are; else the range includes that of the argument, and the result is true: rows
 * must be checked again.
 */
bool
ivfkm_attribute_range(FilterTerm *term, StrategyNumber strategy, int64 image, bool exact)
{
	term->kind = FILTER_RANGE;
	term->low = PG_INT64_MIN;
	term->high = PG_INT64_MAX;
	switch (strategy)
	{
		case BTLessStrategyNumber:
			if (exact && image == PG_INT64_MIN)
				term->kind = FILTER_NOTHING;
			else
				term->high = exact ? image - 1 : image;
			break;
		case BTLessEqualStrategyNumber:
			term->high = image;
			break;
		case BTEqualStrategyNumber:
			term->low = image;
			term->high = image;
			break;
		case BTGreaterEqualStrategyNumber:
			term->low = image;
			break;
		case BTGreaterStrategyNumber:
			if (exact && image == PG_INT64_MAX)
				term->kind = FILTER_NOTHING;
			else
				term->low = exact ? image + 1 : image;
			break;
		default:
			elog(ERROR, "unrecognized strategy number of an attribute: %d", strategy);
	}
	return !exact;
}

/*
 * Makes a term of images one of squeezed images.  True if it then includes some that it did not:
 * rows must be checked again.
 */
static bool
squeeze_term(const IvfkmImageData *squeeze, FilterTerm *term)
{
	int64 low = ivfkm_squeeze(squeeze, term->low);
	int64 high = ivfkm_squeeze(squeeze, term->high);
	bool more;

	if (term->kind != FILTER_RANGE)
		return false;
	more = (term->low > PG_INT64_MIN && ivfkm_squeeze(squeeze, term->low - 1) == low) ||
		   (term->high < PG_INT64_MAX && ivfkm_squeeze(squeeze, term->high + 1) == high);
	term->low = low;
	term->high = high;
	return more;
}

/*
 * The term of "column operator argument", which is not NULL, of images or, unless "squeeze" is
 * NULL, of squeezed ones.  True when rows must be checked again.
 */
static bool
value_term(const IvfkmAttributeOps *ops, const IvfkmImageData *squeeze, ScanKey key, Datum argument,
		   FilterTerm *term)
{
	bool recheck =
		ops->term(ops, key->sk_strategy, key->sk_subtype, argument, key->sk_collation, term);

	if (squeeze != NULL)
		recheck |= squeeze_term(squeeze, term);
	return recheck;
}

/* By value, for qsort(). */
static int
compare_images(const void *a, const void *b)
{
	const int64 *x = a;
	const int64 *y = b;

	return (*x > *y) - (*x < *y);
}

/* Makes "term" the set of n >= 1 values, which are sorted in place. */
static void
set_term(FilterTerm *term, int64 *values, int n)
{
	int kept = 0;
	size_t bytes;

	qsort(values, n, sizeof(int64), compare_images);
	for (int i = 0; i < n; i++)
	{
		if (kept == 0 || values[kept - 1] != values[i])
			values[kept++] = values[i];
	}
	bytes = filter_set_bytes(kept);
	filter_set_init(term, values, kept,
					bytes > 0
						? MemoryContextAllocExtended(CurrentMemoryContext, bytes, MCXT_ALLOC_HUGE)
						: NULL);
}

/*
 * Widens "term" to what it or "other" matches; "exact" becomes false where that matches more.  One
 * that matches nothing leaves the other as it is.
 */
static void
unite_terms(FilterTerm *term, const FilterTerm *other, bool *exact)
{
	if (other->kind == FILTER_NOTHING)
		return;
	if (term->kind == FILTER_NOTHING)
		*term = *other;
	else if (term->kind == FILTER_RANGE && other->kind == FILTER_RANGE)
	{
		/* ranges open to the same side are one of the two */
		*exact = *exact && (term->low == other->low || term->high == other->high);
		term->low = Min(term->low, other->low);
		term->high = Max(term->high, other->high);
	}
	else if (term->kind == FILTER_ANY_BIT && other->kind == FILTER_ANY_BIT)
		term->bits |= other->bits;
	else if (term->kind != FILTER_NOT_NULL)
	{
		term->kind = FILTER_NOT_NULL;
		*exact = false;
	}
}

/*
 * The term of "column operator ANY (array)": a set where each element asks for one image, else the
 * widest of its terms.  NULL elements match nothing.  True when rows must be checked again.
 */
static bool
array_term(const IvfkmAttributeOps *ops, const IvfkmImageData *squeeze, ScanKey key,
		   FilterTerm *term)
{
	ArrayType *array = DatumGetArrayTypeP(key->sk_argument);
	int64 *values;
	int nvalues = 0;
	bool points = true;
	bool exact = true;
	bool recheck = false;
	int16 length;
	bool by_value;
	char align;
	Datum *elements;
	bool *nulls;
	int n;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &elements, &nulls, &n);
	values = palloc(sizeof(int64) * Max(n, 1));
	term->kind = FILTER_NOTHING;
	for (int i = 0; i < n; i++)
	{
		FilterTerm element = {.kind = FILTER_NOTHING};

		if (nulls[i])
			continue;
		recheck |= value_term(ops, squeeze, key, elements[i], &element);
		if (element.kind == FILTER_NOTHING)
			continue;
		if (element.kind == FILTER_RANGE && element.low == element.high)
			values[nvalues++] = element.low;
		else
			points = false;
		unite_terms(term, &element, &exact);
	}
	if (points && nvalues > 0)
	{
		set_term(term, values, nvalues);
		exact = true;
	}
	return recheck || !exact;
}

/*
 * Turns a scan key on an attribute into a term of a filter; "attribute" is its number among the
 * index's attributes, whose images may be squeezed.  Memory is allocated in the current context
 * and must last as long as the term.  True when rows that meet the term must be checked again by
 * the executor.
 */
bool
ivfkm_attribute_term(const IvfkmColumns *columns, int attribute, ScanKey key, FilterTerm *term)
{
	const IvfkmAttribute *of = &columns->attributes[attribute];
	const IvfkmImageData *squeeze = (columns->squeezed & (1 << attribute)) != 0 ? &of->image : NULL;
	bool recheck = false;

	memset(term, 0, sizeof(*term));
	if (key->sk_flags & SK_SEARCHNULL)
		term->kind = FILTER_IS_NULL;
	else if (key->sk_flags & SK_SEARCHNOTNULL)
		term->kind = FILTER_NOT_NULL;
	else if (key->sk_flags & SK_ISNULL)
		term->kind = FILTER_NOTHING;
	else if (key->sk_flags & SK_SEARCHARRAY)
		recheck = array_term(of->ops, squeeze, key, term);
	else
		recheck = value_term(of->ops, squeeze, key, key->sk_argument, term);
	term->attribute = attribute;
	return recheck;
}
